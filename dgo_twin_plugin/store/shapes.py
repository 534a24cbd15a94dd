"""Which kinds of geometry a layer of the results holds: 'POINT', 'MULTIPOLYGON' ..., '' = none."""

from __future__ import annotations

from osgeo import gdal

from . import access, postgis, schema


def met(ds: gdal.Dataset, table: str, run_id: str, none: bool = True) -> list[str]:
    """The kinds of a run's rows, sorted; with ``none`` also '' for rows without a geometry."""
    ask = "GeometryType(geom)" if postgis.is_postgis(ds) else "ST_GeometryType(geom)"
    where = f"WHERE run_id = {schema.literal(run_id)}"
    rows = access.query(ds, f"SELECT DISTINCT coalesce({ask}, '') AS kind "
                            f"FROM {schema.quoted(table)} {where}")  # fmt: skip
    return sorted(row[0] for row in rows if row[0] or none)


def declared(ds: gdal.Dataset) -> dict[str, str]:
    """The kind that each layer says it holds; 'GEOMETRY' = any. A database says so of no view."""
    if postgis.is_postgis(ds):
        views = postgis.rows_of(ds, "SELECT viewname FROM pg_views "
                                    "WHERE schemaname = current_schema()")  # fmt: skip
        return {**{t.name: t.geometry for t in schema.TABLES if t.geometry},
                **{view: "GEOMETRY" for view in views}}  # fmt: skip
    return dict(access.query(ds, "SELECT table_name, geometry_type_name "
                                 "FROM gpkg_geometry_columns"))  # fmt: skip
