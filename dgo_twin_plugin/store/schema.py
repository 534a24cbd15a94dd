"""The tables of the results file, declared once (design 6, the public contract).

The writer, the upgrade, the layers in QGIS, the report and the exports all follow these
declarations. Every table has ``id`` as its key, then ``run_id`` and ``scenario``. Names and
explanations for people: ``results.field.<column>`` and ``results.table.<table>`` in ``i18n``.

The file is a GeoPackage of version 1.1, because from 1.2 on that standard uses
``PRAGMA user_version`` for its own number; here it carries :data:`VERSION`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Of the schema, in PRAGMA user_version. 1: before the first release; 3: what an interval rests on.
VERSION = 3
KEY, GEOMETRY = "id", "geom"
TOTAL = "total"  # in totals.theme: the mark over all themes

TEXT, REAL, INTEGER, BOOLEAN = "TEXT", "REAL", "INTEGER", "BOOLEAN"


@dataclass(frozen=True)
class Column:
    """One column. ``values`` names the list of words behind a code, for value maps: keys
    ``results.value.<values>.<code>``. ``since`` is the schema version that brought it."""

    name: str
    type: str = TEXT
    values: str = ""
    since: int = 1


@dataclass(frozen=True)
class Table:
    """One table: ``geometry`` is '' (attributes only) or a GeoPackage geometry type; ``unique``
    the columns that identify a row, ``index`` whether it gets a spatial index."""

    name: str
    columns: tuple[Column, ...]
    geometry: str = ""
    unique: tuple[str, ...] = ()
    index: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def _columns(*declared: str | Column) -> tuple[Column, ...]:
    """Columns from 'name', 'name:TYPE' or 'name:TYPE:values'; run_id and scenario come first."""
    made = [Column("run_id"), Column("scenario")]
    for item in declared:
        if isinstance(item, Column):
            made.append(item)
        else:
            name, kind, values = (item.split(":") + ["", ""])[:3]
            made.append(Column(name, kind or TEXT, values))
    return tuple(made)


_SCORES = _columns(
    "zone_id:INTEGER", "area_type::area_type", "indicator::indicator", "code", "part",
    "theme::theme", "value:REAL", "unit", "mark:REAL", "mark_low:REAL", "mark_high:REAL",
    "chance6:REAL", "ambition:REAL", "gap:REAL", "status::status", "legal_check::legal_check",
    "n_breach:INTEGER", "legal_limit:REAL", "minimum:REAL", "basis:REAL", "optimum:REAL",
    "weight:REAL", "norm_source", "norm_status::norm_status", "norm_confidence::confidence",
    "coverage:REAL", "assumed:REAL", "share_below_6:REAL", "worst_value:REAL",
    Column("n_features", INTEGER, since=2), "method", Column("proxy", BOOLEAN, since=2), "reason",
    Column("spread", REAL, since=3), Column("next_data", since=3),
    Column("next_gain", REAL, since=3),
)  # fmt: skip

SCORES = Table("scores", _SCORES, unique=("run_id", "zone_id", "indicator"))
SCORE_PARTS = Table("score_parts", _SCORES, unique=("run_id", "zone_id", "indicator", "part"))
TOTALS = Table("totals", _columns(
    "zone_id:INTEGER", "theme::theme", "mark:REAL", "mark_low:REAL", "mark_high:REAL",
    "coverage:REAL", Column("assumed", REAL, since=2), "indicators:INTEGER", "missing:INTEGER",
    "n_breach:INTEGER", Column("chance6", REAL, since=3),
), unique=("run_id", "zone_id", "theme"))  # fmt: skip
ZONES = Table("zones", _columns(
    "zone_id:INTEGER", "area_type::area_type", "area_m2:REAL", "dwellings:REAL", "fsi:REAL",
    "gsi:REAL", "osr:REAL", "mxi:REAL", Column("mark_total", REAL, since=2),
    Column("n_breach", INTEGER, since=2),
), "MULTIPOLYGON", ("run_id", "zone_id"))  # fmt: skip
BREACHES = Table("breaches", _columns(
    "zone_id:INTEGER", "indicator::indicator", Column("part", since=2),
    Column("source_layer", since=2), "object_fid:INTEGER", "source_kind::source_kind",
    "value:REAL", "limit:REAL", Column("standard", REAL, since=2), "legal_check::legal_check",
    "text",
), "GEOMETRY")  # fmt: skip
ALERTS = Table("alerts", _columns(
    "rule::rule", "severity::severity", "role::role", "source_layer", "source_fid:INTEGER",
    "design_fid:INTEGER", "zone_id:INTEGER", "area_m2:REAL", "text",
), "GEOMETRY")  # fmt: skip
CHECKS = Table("checks", _columns(
    "code", "severity::severity", "level::level", "layer", "fid:INTEGER", "field", "value",
    Column("title", since=2), "advice",
), "GEOMETRY")  # fmt: skip
RUNS = Table("runs", _columns(
    "started", "finished", "who", "versions", "profile_id", "profile_version",
    "profile_hash", "profile_title", Column("profile_status", values="norm_status"),
    Column("adopted_by", since=2), Column("adopted_on", since=2),
    "assessment_date", "work_crs", "inputs", Column("notes", since=2), "parameters",
    "plan_mark:REAL", "coverage:REAL", "breaches:INTEGER", "alerts:INTEGER",
    Column("language", since=2), Column("indicators", since=2),
), unique=("run_id",))  # fmt: skip

# Geometry of places once, values per indicator beside it; the views `ind_<id>` join them. A set
# is the values of one run and indicator: a range of ids, so a view reads them without an index.
PLACES = Table("places", _columns("source_layer", "source_fid:INTEGER", "zone_id:INTEGER"),
               "GEOMETRY", index=False)  # fmt: skip
PLACE_SETS = Table("place_sets", _columns(
    "indicator::indicator", "part", "first_id:INTEGER", "last_id:INTEGER"))  # fmt: skip

# Rasters of models: they stand beside the file, `file` tells where from the folder of this file.
MAPS = Table("maps", _columns("indicator::indicator", "name", "unit", "classes", "file"),
             unique=("run_id", "name"))  # fmt: skip

CONTRIBUTIONS = Table("contributions", _columns(
    "zone_id:INTEGER", "indicator::indicator", "part", "unit", "value:REAL", "autonomous:REAL",
    "plan:REAL", "measures:REAL", "influence:BOOLEAN",
), unique=("run_id", "zone_id", "indicator", "part"))  # fmt: skip

TABLES = (RUNS, SCORES, SCORE_PARTS, TOTALS, ZONES, BREACHES, ALERTS, CHECKS, PLACES, PLACE_SETS,
          MAPS, CONTRIBUTIONS)  # fmt: skip
BY_NAME = {table.name: table for table in TABLES}

# Not a table of rows for people, so not registered as one: 800,000 rows without triggers.
PLACE_VALUES = "place_values"
PLACE_VALUES_SQL = (
    f'CREATE TABLE IF NOT EXISTS "{PLACE_VALUES}" (id INTEGER PRIMARY KEY, '
    "place INTEGER NOT NULL, value REAL, mark REAL, assumed REAL)"
)

# The columns that a view `ind_<id>` shows, after its key and geometry.
IND_COLUMNS = _columns(
    "part", "source_layer", "source_fid:INTEGER", "zone_id:INTEGER", "value:REAL", "mark:REAL",
    "assumed:REAL",
)  # fmt: skip


def view_name(indicator: str) -> str:
    """Name of the layer of an indicator."""
    return f"ind_{indicator}"


def mark_column(indicator: str) -> Column:
    """The column of ``zones`` with the mark of an indicator."""
    return Column(f"mark_{indicator}", REAL)


def quoted(name: str) -> str:
    """An SQL identifier; one column of the contract is called ``limit``."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """An SQL literal of a text or whole number."""
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def view_sql(indicator: str) -> str:
    """The spatial view of an indicator. ``OGC_FID`` comes first, as OGR asks of a view; the cross
    joins fix the order: the few sets, then a range of values, then each value's place."""
    return (
        f"CREATE VIEW {quoted(view_name(indicator))} AS SELECT v.id AS OGC_FID, p.geom AS geom, "
        "s.run_id AS run_id, s.scenario AS scenario, s.part AS part, "
        "p.source_layer AS source_layer, p.source_fid AS source_fid, p.zone_id AS zone_id, "
        "v.value AS value, v.mark AS mark, v.assumed AS assumed "
        "FROM place_sets s CROSS JOIN place_values v CROSS JOIN places p "
        f"WHERE s.indicator = {literal(indicator)} AND v.id BETWEEN s.first_id AND s.last_id "
        "AND p.id = v.place"
    )


def unique_sql(table: Table) -> str:
    """The index that keeps rows unique."""
    columns = ", ".join(quoted(name) for name in table.unique)
    name = quoted(f"{table.name}_unique")
    return f"CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {quoted(table.name)} ({columns})"


def indicators_of(names: Iterable[str]) -> list[str]:
    """The indicators among the layer names of a results file."""
    return [name[4:] for name in names if name.startswith("ind_")]
