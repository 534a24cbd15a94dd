"""A GeoPackage with layers of polygons: the area-type map of the classification, the synthetic
design of a programme. It is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal, ogr, osr

from .clean import quiet
from .pulse import beat
from .words import DgoError


@dataclass(frozen=True)
class Table:
    """One layer: ``fields`` name -> text | number | whole | flag, rows (WKB, values). Values that
    are None or NaN are written as NULL."""

    name: str
    fields: Mapping[str, str]
    rows: Iterable[tuple[bytes, Mapping[str, Any]]]


_KINDS = {"text": ogr.OFTString, "number": ogr.OFTReal, "whole": ogr.OFTInteger64,
          "flag": ogr.OFTInteger}  # fmt: skip


def write_map(path: str | Path, crs: str, tables: Iterable[Table]) -> Path:
    """Write the layers (MultiPolygon, in ``crs``: authority code or WKT) and put the file in its
    place. Raises DgoError where the CRS or the place is of no use; nothing is left behind then."""
    path = Path(path)
    part = path.with_name(path.stem + ".part.gpkg")
    srs = osr.SpatialReference()
    with quiet():
        try:
            bad = srs.SetFromUserInput(crs)
        except RuntimeError:
            bad = 1
    if bad:
        raise DgoError("errors.programme.crs", crs=crs)
    srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with quiet():
            _write(part, srs, tables)
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        raise DgoError("errors.programme.no_write", path=str(path), why=str(error)) from error
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            Path(str(part) + end).unlink(missing_ok=True)
    return path


def _write(part: Path, srs: osr.SpatialReference, tables: Iterable[Table]) -> None:
    data = ogr.GetDriverByName("GPKG").CreateDataSource(str(part))
    if data is None:
        raise OSError(gdal.GetLastErrorMsg() or str(part))
    for table in tables:
        layer = data.CreateLayer(table.name, srs, ogr.wkbMultiPolygon, ["GEOMETRY_NAME=geom"])
        for name, kind in table.fields.items():
            definition = ogr.FieldDefn(name, _KINDS[kind])
            if kind == "flag":
                definition.SetSubType(ogr.OFSTBoolean)
            layer.CreateField(definition)
        layer.StartTransaction()
        for wkb, values in table.rows:
            beat()
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(ogr.ForceToMultiPolygon(ogr.CreateGeometryFromWkb(bytes(wkb))))
            for name, kind in table.fields.items():
                _set(feature, name, kind, values.get(name))
            if layer.CreateFeature(feature) != 0:
                raise OSError(gdal.GetLastErrorMsg())
        if layer.CommitTransaction() != 0:
            raise OSError(gdal.GetLastErrorMsg())
    del data


def _set(feature: ogr.Feature, name: str, kind: str, value: Any) -> None:
    if value is None or (isinstance(value, (float, np.floating)) and not np.isfinite(value)):
        return
    if kind == "text":
        feature.SetField(name, str(value))
    elif kind == "number":
        feature.SetField(name, float(value))
    else:
        feature.SetField(name, int(value))
