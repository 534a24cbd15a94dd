"""Reading a run back, for the report, the exports and the panel."""

from __future__ import annotations

import json
from typing import Any

from osgeo import gdal, ogr

from ..engine.words import DgoError
from . import access, postgis, schema, upgrade
from .target import Where

JSON_COLUMNS = ("versions", "inputs", "notes", "parameters", "indicators")


def rows(path: Where, table: str, run_id: str = "", where: str = "",
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
    if postgis.is_postgis(ds):
        _as_in_a_file(found, table, "run_id" in " ".join(conditions))
    return found


def _as_in_a_file(found: list[dict[str, Any]], table: str, by_run: bool) -> None:
    """A database keeps no order of its own: that of a GeoPackage, where SQLite finds the rows of a
    run by the unique columns, is given to it, so that exports and reports are the same."""
    found.sort(key=lambda row: row[schema.KEY])
    declared = schema.BY_NAME.get(table)
    if by_run and declared is not None:
        found.sort(key=lambda row: [(row[c] is not None, row[c] if row[c] is not None else 0)
                                    for c in declared.unique])  # fmt: skip


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


def crs_of(path: Where) -> str:
    """The CRS of the layers: an authority code where there is one, else WKT, else ''."""
    ds = upgrade.open_results(path)
    if postgis.is_postgis(ds):
        return str(access.query(ds, f"SELECT value FROM {postgis.META} WHERE key = 'crs'")[0][0])
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


def indicators(path: Where) -> list[str]:
    """The indicators that have a layer in the file."""
    ds = upgrade.open_results(path)
    if postgis.is_postgis(ds):
        known = access.query(ds, "SELECT c.relname AS name FROM pg_class c WHERE c.relkind = 'v' "
                                 "AND c.relnamespace = current_schema()::regnamespace "
                                 "ORDER BY c.oid")  # fmt: skip
    else:
        known = access.query(ds, "SELECT table_name FROM gpkg_contents ORDER BY rowid")
    return schema.indicators_of(row[0] for row in known)
