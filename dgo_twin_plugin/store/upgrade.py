"""Making the tables, and bringing an older results file up to date."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from osgeo import gdal, ogr, osr

from ..engine.words import DgoError
from . import access, postgis_schema, schema
from .target import Postgres, Where, place

_TYPES = {
    schema.TEXT: (ogr.OFTString, ogr.OFSTNone),
    schema.REAL: (ogr.OFTReal, ogr.OFSTNone),
    schema.INTEGER: (ogr.OFTInteger64, ogr.OFSTNone),
    schema.BOOLEAN: (ogr.OFTInteger, ogr.OFSTBoolean),
}
_GEOMETRIES = {"": ogr.wkbNone, "GEOMETRY": ogr.wkbUnknown, "MULTIPOLYGON": ogr.wkbMultiPolygon}


def reference(crs: str) -> osr.SpatialReference | None:
    """The CRS of an authority code, WKT or PROJ text, x before y; None for an empty text.

    Raises ``DgoError`` where it is not understood.
    """
    if not crs:
        return None
    srs = osr.SpatialReference()
    with access.quiet():
        try:
            failed = srs.SetFromUserInput(crs)
        except RuntimeError:
            failed = 1
    if failed:
        raise DgoError("results.error.crs", crs=crs[:60])
    srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return srs


def create(path: Path, srs: osr.SpatialReference | None) -> gdal.Dataset:
    """A new, empty results file, open for update. The caller gives a path that is free."""
    driver = gdal.GetDriverByName("GPKG")
    with access.quiet():
        gdal.ErrorReset()
        try:
            # 1.1: from 1.2 on GeoPackage claims PRAGMA user_version for itself
            ds = driver.Create(str(path), 0, 0, 0, gdal.GDT_Unknown, ["VERSION=1.1"])
            message = gdal.GetLastErrorMsg()
        except RuntimeError as problem:
            ds, message = None, str(problem)
    if ds is None:
        full = "full" in message.lower()
        raise DgoError(f"results.error.{'full' if full else 'folder'}", path=str(path))
    try:
        access.transaction_begin(ds)
        _complete(ds, srs)
        access.transaction_commit(ds)
    except access.SqlError as problem:
        access.transaction_undo(ds)
        raise access.translated(problem, path) from problem
    return ds


def _complete(ds: gdal.Dataset, srs: osr.SpatialReference | None) -> None:
    """Add every table and column that is missing, then write the version."""
    for table in schema.TABLES:
        layer = _layer(ds, table.name)
        if layer is None:
            layer = _new_layer(ds, table, srs)
        for column in table.columns:
            add_column(layer, column)
        layer.SyncToDisk()
        if table.unique:
            access.sql(ds, schema.unique_sql(table))
    access.sql(ds, schema.PLACE_VALUES_SQL)
    access.sql(ds, f"PRAGMA user_version = {schema.VERSION}")


def _layer(ds: gdal.Dataset, name: str) -> ogr.Layer | None:
    with access.quiet():
        try:
            return ds.GetLayerByName(name)
        except RuntimeError:
            return None


def _new_layer(ds: gdal.Dataset, table: schema.Table,
               srs: osr.SpatialReference | None) -> ogr.Layer:  # fmt: skip
    options = [f"FID={schema.KEY}"]
    if table.geometry:
        index = "YES" if table.index else "NO"
        options += [f"GEOMETRY_NAME={schema.GEOMETRY}", f"SPATIAL_INDEX={index}"]
    kind = _GEOMETRIES[table.geometry]
    with access.quiet():
        gdal.ErrorReset()
        try:
            layer = ds.CreateLayer(table.name, srs if table.geometry else None, kind, options)
        except RuntimeError as problem:
            raise access.SqlError(str(problem)) from problem
    if layer is None:
        raise access.SqlError(gdal.GetLastErrorMsg())
    return layer


def add_column(layer: ogr.Layer, column: schema.Column) -> None:
    """Add a column where it is missing. Raises :class:`access.SqlError`."""
    if layer.GetLayerDefn().GetFieldIndex(column.name) >= 0:
        return
    kind, subtype = _TYPES[column.type]
    field = ogr.FieldDefn(column.name, kind)
    field.SetSubType(subtype)
    with access.quiet():
        gdal.ErrorReset()
        try:
            code = layer.CreateField(field)
        except RuntimeError as problem:
            raise access.SqlError(str(problem)) from problem
    if code:
        raise access.SqlError(gdal.GetLastErrorMsg() or f"column {column.name}")


def add_indicators(ds: gdal.Dataset, indicators: Iterable[str]) -> None:
    """Give every indicator its column in ``zones`` and its view ``ind_<id>``."""
    known = {row[0] for row in access.query(ds, "SELECT name FROM sqlite_master")}
    srs_id = srs_id_of(ds)
    zones = _layer(ds, schema.ZONES.name)
    for indicator in indicators:
        add_column(zones, schema.mark_column(indicator))
        name = schema.view_name(indicator)
        if name in known:
            continue
        shown = schema.literal(name)
        access.sql(ds, schema.view_sql(indicator))
        access.sql(ds, "INSERT INTO gpkg_contents (table_name, identifier, data_type, srs_id) "
                   f"VALUES ({shown}, {shown}, 'features', {srs_id})")  # fmt: skip
        access.sql(ds, "INSERT INTO gpkg_geometry_columns (table_name, column_name, "
                   "geometry_type_name, srs_id, z, m) "
                   f"VALUES ({shown}, '{schema.GEOMETRY}', 'MULTIPOLYGON', {srs_id}, 0, 0)")
    zones.SyncToDisk()


def srs_id_of(ds: gdal.Dataset) -> int:
    """The id of the file's CRS, as geometries carry it."""
    rows = access.query(ds, "SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = 'zones'")
    return int(rows[0][0]) if rows else 0


def version(ds: gdal.Dataset) -> int:
    """The schema version of a file."""
    return int(access.query(ds, "PRAGMA user_version")[0][0])


def open_results(path: Where, update: bool = False) -> gdal.Dataset:
    """Open a results file or database; an older one is upgraded first, in one transaction.

    Raises ``DgoError`` where it is newer than this plugin, older and not writable, or is not a
    results file at all.
    """
    path = place(path)
    if isinstance(path, Postgres):
        return postgis_schema.open_results(path, update)
    ds = access.open_file(path, update)
    try:
        found = version(ds)
        if found > schema.VERSION or found < 1:
            key = "newer" if found < 10000 and found > 0 else "foreign"
            raise DgoError(f"results.error.{key}", path=str(path), found=found,
                           known=schema.VERSION)  # fmt: skip
        if found == schema.VERSION:
            return ds
        ds = None
        _upgrade(path)
        return access.open_file(path, update)
    except access.SqlError as problem:
        raise access.translated(problem, path) from problem


def _upgrade(path: Path) -> None:
    ds = access.open_file(path, update=True)
    zones = _layer(ds, schema.ZONES.name)
    srs = zones.GetSpatialRef() if zones is not None else None
    if srs is not None:
        srs = srs.Clone()
    try:
        access.transaction_begin(ds)
        _complete(ds, srs)
        found = [c.name for c in schema.ZONES.columns]
        layer = _layer(ds, schema.ZONES.name)
        names = [layer.GetLayerDefn().GetFieldDefn(i).GetName()
                 for i in range(layer.GetLayerDefn().GetFieldCount())]  # fmt: skip
        marks = [n[5:] for n in names if n.startswith("mark_") and n not in found]
        add_indicators(ds, marks)
        access.transaction_commit(ds)
    except access.SqlError:
        access.transaction_undo(ds)
        raise
    finally:
        with contextlib.suppress(RuntimeError):
            ds.FlushCache()
