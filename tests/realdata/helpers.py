"""Runs of the public algorithm on real data."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import yaml
from osgeo import ogr, osr


def rd() -> osr.SpatialReference:
    """The national grid."""
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(28992)
    return reference


def write(
    path: Path,
    layer: str,
    rows: list[tuple[str | ogr.Geometry, dict[str, Any]]],
    kind: int = ogr.wkbMultiPolygon,
    srs: osr.SpatialReference | None = None,
) -> str:
    """A small GeoPackage layer; returns 'file|layer'."""
    driver = ogr.GetDriverByName("GPKG")
    data = ogr.Open(str(path), 1) if path.exists() else driver.CreateDataSource(str(path))
    made = data.CreateLayer(layer, srs or rd(), kind)
    names = sorted({key for _, values in rows for key in values})
    for name in names:
        value = next(v[name] for _, v in rows if name in v)
        field = ogr.OFTReal if isinstance(value, (int, float)) else ogr.OFTString
        made.CreateField(ogr.FieldDefn(name, field))
    for shape, values in rows:
        feature = ogr.Feature(made.GetLayerDefn())
        geometry = ogr.CreateGeometryFromWkt(shape) if isinstance(shape, str) else shape
        feature.SetGeometry(
            ogr.ForceToMultiPolygon(geometry.Clone()) if kind == ogr.wkbMultiPolygon else geometry
        )
        for name, value in values.items():
            if value is not None:
                feature.SetField(name, value)
        made.CreateFeature(feature)
    del made, data
    return f"{path}|{layer}"


def box(x0: float, y0: float, x1: float, y1: float) -> str:
    return f"POLYGON(({x0} {y0},{x1} {y0},{x1} {y1},{x0} {y1},{x0} {y0}))"


def score(folder: Path, twin: dict[str, Any], name: str = "twin", **more: Any) -> Path:
    """Run dgo:scoredesign on a twin; returns the results file."""
    from qgis import processing
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    file = folder / f"{name}.yml"
    file.write_text(yaml.safe_dump(twin, sort_keys=False), encoding="utf-8")
    output = folder / f"{name}_result.gpkg"
    if output.exists():
        os.remove(output)
    processing.run(
        "dgo:scoredesign",
        {"TWIN": str(file), "OUTPUT": str(output), **more},
        context=QgsProcessingContext(),
        feedback=QgsProcessingFeedback(),
    )
    return output


def sql(path: Path, query: str) -> list[tuple]:
    """Rows of a query on a results file."""
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()
