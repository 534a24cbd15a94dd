"""Writing the demo: GeoPackages in one transaction each, small GeoTIFFs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal, ogr, osr

from ..engine.words import DgoError
from . import shapes
from .fields import Grid
from .settings import EPSG, ORIGIN
from .shapes import Feature

YES_NO = ("bestaand", "openbaar", "hoge_zandgrond", "maatregel")
WHOLE = ("woningen", "lagen", "personen", "klasse")
NODATA = -9999.0


def reference() -> osr.SpatialReference:
    made = osr.SpatialReference()
    made.ImportFromEPSG(EPSG)
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


def stored(geometry: ogr.Geometry) -> ogr.Geometry:
    """The geometry as the layers hold it: surfaces and lines as multi-geometries."""
    flat = ogr.GT_Flatten(geometry.GetGeometryType())
    if flat in (ogr.wkbPolygon, ogr.wkbMultiPolygon, ogr.wkbGeometryCollection):
        return shapes.multi(geometry)
    if flat == ogr.wkbLineString:
        many = ogr.Geometry(ogr.wkbMultiLineString)
        many.AddGeometry(geometry)
        return many
    return geometry.Clone()


KINDS = {"surface": ogr.wkbMultiPolygon, "line": ogr.wkbMultiLineString, "point": ogr.wkbPoint}


def write_package(
    path: Path, layers: Sequence[tuple[str, str, str, Sequence[Feature], str]]
) -> None:
    """A GeoPackage with layers (name, kind, field of the own term, features, description)."""
    try:
        _package(path, layers)
    except RuntimeError as error:  # where some other code made GDAL raise
        raise DgoError("demo.cannot_write", path=str(path)) from error


def _package(
    path: Path, layers: Sequence[tuple[str, str, str, Sequence[Feature], str]]
) -> None:
    driver = ogr.GetDriverByName("GPKG")
    if path.exists() and driver.DeleteDataSource(str(path)):
        raise DgoError("demo.cannot_write", path=str(path))
    source = driver.CreateDataSource(str(path))
    if source is None:
        raise DgoError("demo.cannot_write", path=str(path))
    source.StartTransaction()
    for name, kind, term, features, about in layers:
        layer = source.CreateLayer(
            name, reference(), KINDS[kind],
            ["GEOMETRY_NAME=geom", f"DESCRIPTION={about}", "SPATIAL_INDEX=YES"],
        )  # fmt: skip
        names = _fields(layer, term, features)
        definition = layer.GetLayerDefn()
        for feature in features:
            row = ogr.Feature(definition)
            row.SetGeometryDirectly(stored(feature.geometry))
            if term:
                row.SetField(term, feature.term)
            for field in names:
                value = feature.fields.get(field)
                if value is not None:
                    row.SetField(field, int(value) if field in YES_NO + WHOLE else value)
            if layer.CreateFeature(row):
                raise DgoError("demo.cannot_write", path=str(path))
    if source.CommitTransaction():
        raise DgoError("demo.cannot_write", path=str(path))
    del source


def _fields(layer: ogr.Layer, term: str, features: Sequence[Feature]) -> list[str]:
    if term:
        layer.CreateField(ogr.FieldDefn(term, ogr.OFTString))
    names: dict[str, Any] = {}
    for feature in features:
        for name, value in feature.fields.items():
            if name not in names or names[name] is None:
                names[name] = value
    for name, value in names.items():
        kind = ogr.OFTString if isinstance(value, str) else ogr.OFTReal
        defined = ogr.FieldDefn(name, ogr.OFTInteger if name in YES_NO + WHOLE else kind)
        if name in YES_NO:
            defined.SetSubType(ogr.OFSTBoolean)
        layer.CreateField(defined)
    return list(names)


def write_raster(path: Path, values: np.ndarray, grid: Grid, about: str) -> None:
    """A float32 GeoTIFF, compressed, with what it is in its metadata."""
    source = None
    with contextlib.suppress(RuntimeError):  # where some other code made GDAL raise
        source = gdal.GetDriverByName("GTiff").Create(
            str(path), grid.columns, grid.rows, 1, gdal.GDT_Float32,
            ["COMPRESS=DEFLATE", "PREDICTOR=3", "TILED=NO"],
        )  # fmt: skip
    if source is None:
        raise DgoError("demo.cannot_write", path=str(path))
    x0, _, _, y1 = grid.window
    source.SetGeoTransform((x0 + ORIGIN[0], grid.cell, 0.0, y1 + ORIGIN[1], 0.0, -grid.cell))
    source.SetProjection(reference().ExportToWkt())
    source.SetMetadataItem("TIFFTAG_IMAGEDESCRIPTION", about)
    band = source.GetRasterBand(1)
    band.SetNoDataValue(NODATA)
    band.WriteArray(np.round(values, 3).astype(np.float32))
    del band, source
