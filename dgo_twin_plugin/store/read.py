"""Reading a run back, for the report, the exports and the panel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from osgeo import gdal, ogr

from ..engine.words import DgoError
from . import access, schema, upgrade

JSON_COLUMNS = ("versions", "inputs", "notes", "parameters", "indicators")


def rows(path: str | Path, table: str, run_id: str = "", where: str = "",
         geometry: bool = False) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of a table or of a layer ``ind_<id>``, as dictionaries; NULL is None, yes/no is a bool.

    ``run_id`` and ``where`` (SQL) narrow them down; with ``geometry`` each row has ``wkb`` in the
    CRS of the file. Raises ``DgoError``.
    """
    ds = upgrade.open_results(path)
    with access.quiet():
        try:
            layer = ds.GetLayerByName(table)
        except RuntimeError:
            layer = None
        if layer is None:
            raise DgoError("results.error.table", path=str(path), table=table)
        conditions = [f"run_id = {schema.literal(run_id)}"] if run_id else []
        conditions += [f"({where})"] if where else []
        gdal.ErrorReset()
        try:
            failed = layer.SetAttributeFilter(" AND ".join(conditions) or None)
            found = [] if failed else [_row(feature, layer, geometry) for feature in layer]
        except RuntimeError as problem:
            raise DgoError("results.error.failed", path=str(path), detail=str(problem)) from problem
        # without exceptions OGR tells a broken condition only here
        if failed or gdal.GetLastErrorType() >= gdal.CE_Failure:
            raise DgoError("results.error.failed", path=str(path),
                           detail=gdal.GetLastErrorMsg())  # fmt: skip
        return found


def _row(feature: ogr.Feature, layer: ogr.Layer, geometry: bool) -> dict[str, Any]:
    row: dict[str, Any] = {schema.KEY: feature.GetFID()}
    definition = layer.GetLayerDefn()
    for index in range(definition.GetFieldCount()):
        field = definition.GetFieldDefn(index)
        value = feature.GetField(index)
        if value is not None and field.GetSubType() == ogr.OFSTBoolean:
            value = bool(value)
        row[field.GetName()] = value
    if geometry:
        found = feature.GetGeometryRef()
        row["wkb"] = None if found is None else bytes(found.ExportToIsoWkb(ogr.wkbNDR))
    return row


def crs_of(path: str | Path) -> str:
    """The CRS of the layers: an authority code where there is one, else WKT, else ''."""
    ds = upgrade.open_results(path)
    srs = ds.GetLayerByName(schema.ZONES.name).GetSpatialRef()
    if srs is None:
        return ""
    name, code = srs.GetAuthorityName(None), srs.GetAuthorityCode(None)
    return f"{name}:{code}" if name and code else srs.ExportToWkt()


def parsed(run: dict[str, Any]) -> dict[str, Any]:
    """A row of ``runs`` with its JSON columns read; what is not JSON stays text."""
    made = dict(run)
    for name in JSON_COLUMNS:
        try:
            made[name] = json.loads(run.get(name) or "null")
        except ValueError:
            made[name] = run[name]
    return made


def indicators(path: str | Path) -> list[str]:
    """The indicators that have a layer in the file."""
    ds = upgrade.open_results(path)
    known = access.query(ds, "SELECT table_name FROM gpkg_contents ORDER BY rowid")
    return schema.indicators_of(row[0] for row in known)
