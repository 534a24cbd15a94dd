"""A run laid ready in a file of its own, so that the results file is locked only for the copying.

Rows go through Python's ``sqlite3`` with bound values (no quoting, four times as fast as SQL
texts through OGR), into a temporary file that nobody else has open. The results file itself is
touched by OGR alone, in one transaction that copies from there (docs/decisions/0020).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.pulse import beat
from . import rows as make
from . import schema
from .blobs import Bounds, Move, blobs
from .record import Ground, PlaceSet, RunRecord
from .rows import Row

Tick = Any  # called between steps; raises Cancelled


class Staged:
    """What the temporary file holds: columns per table, bounds and geometry types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: dict[str, list[str]] = {}
        self.bounds: dict[str, Bounds] = {}
        self.kinds: dict[str, set[str]] = {}  # per indicator, of its places
        self.n_places = 0
        self.n_values = 0


def stage(path: Path, run: RunRecord, tables: Mapping[str, Iterable[Row]], ground: Ground | None,
          places: Sequence[PlaceSet], move: Move, srs_id: int, indicators: Sequence[str],
          tick: Tick) -> Staged:  # fmt: skip
    """Fill the temporary file. ``tick()`` is called between steps."""
    staged = Staged(path)
    base = sqlite3.connect(str(path), isolation_level=None)
    try:
        base.execute("PRAGMA journal_mode = OFF")
        base.execute("PRAGMA synchronous = OFF")
        base.execute("BEGIN")
        tables = {name: list(rows) for name, rows in tables.items()}
        marks = make.zone_marks(tables)
        record = asdict(run)
        record["notes"] = json.dumps(run.notes, ensure_ascii=False)
        tables["runs"] = [record]
        for table in schema.TABLES:
            tick()
            if table in (schema.PLACES, schema.PLACE_SETS) or not tables.get(table.name):
                continue
            extra = [schema.mark_column(i).name for i in indicators]
            extra = extra if table is schema.ZONES else []
            names, values, wkb = make.prepare(table, tables[table.name], extra,
                                              run.run_id, run.scenario)  # fmt: skip
            if table is schema.ZONES:
                _fill_zones(names, values, marks)
            if table.geometry:
                made, bounds, _ = blobs(wkb, move, srs_id)
                names = [*names, schema.GEOMETRY]
                for line, blob in zip(values, made):
                    line.append(blob)
                if bounds:
                    staged.bounds[table.name] = bounds
            beat()
            _insert(base, table.name, names, values)
            staged.columns[table.name] = names
        if places:
            zone_wkb = {int(z["zone_id"]): z.get("wkb") for z in
                        (make.getter(row, frozenset({"zone_id", "wkb"}) | set(_zone_columns(row)),
                                     "zones") for row in tables.get("zones", ()))}  # fmt: skip
            _stage_places(base, staged, run, ground, places, zone_wkb, move, srs_id, tick)
        base.execute("COMMIT")
    finally:
        base.close()
    return staged


def _zone_columns(row: Row) -> Iterable[str]:
    return row.keys() if isinstance(row, Mapping) else ()


def _fill_zones(names: list[str], values: list[list[Any]],
                marks: dict[int, dict[str, Any]]) -> None:  # fmt: skip
    zone = names.index("zone_id")
    for line in values:
        for name, value in marks.get(line[zone], {}).items():
            if name in names and line[names.index(name)] is None:
                line[names.index(name)] = make.plain(value)


def _insert(base: sqlite3.Connection, table: str, names: Sequence[str],
            values: Iterable[Sequence[Any]]) -> None:  # fmt: skip
    columns = ", ".join(schema.quoted(name) for name in names)
    base.execute(f"CREATE TABLE IF NOT EXISTS {schema.quoted(table)} ({columns})")
    marks = ", ".join("?" for _ in names)
    base.executemany(f"INSERT INTO {schema.quoted(table)} ({columns}) VALUES ({marks})", values)


def _numbers(values: Any) -> list[float | None]:
    """Floats for SQLite, which stores NaN as NULL of itself."""
    return np.asarray(values, float).tolist()


def _stage_places(base: sqlite3.Connection, staged: Staged, run: RunRecord, ground: Ground | None,
                  places: Sequence[PlaceSet], zone_wkb: Mapping[int, bytes | None], move: Move,
                  srs_id: int, tick: Tick) -> None:  # fmt: skip
    """Each geometry once: a place is (feature, zone), (zone) or (its own geometry, zone)."""
    span = 1 + max((int(np.max(s.zone)) if len(s.zone) else 0) for s in places)
    shared: list[np.ndarray] = []  # keys of places on the ground or in a zone, per set
    for each in places:
        k = len(each.zone)
        feature = np.full(k, -1) if each.feature is None else np.asarray(each.feature, np.int64)
        shared.append((feature + 1) * span + np.asarray(each.zone, np.int64))
    own = [each.wkb is not None for each in places]
    keys = [k for k, is_own in zip(shared, own) if not is_own]
    unique = np.unique(np.concatenate(keys)) if keys else np.zeros(0, np.int64)
    _stage_shared(base, staged, run, ground, unique, span, zone_wkb, move, srs_id)
    kind_of: dict[tuple[int, bytes], tuple[int, set[str]]] = {}  # list, zones -> first id, types
    first = len(unique) + 1
    ground_kind = {"MULTIPOLYGON"}
    value_id = 1
    lines = []
    base.execute("CREATE TABLE place_values (id INTEGER PRIMARY KEY, place, value, mark, assumed)")
    for each, key, is_own in zip(places, shared, own):
        tick()
        k = len(key)
        if is_own:
            same = (id(each.wkb), key.tobytes())  # the key holds feature and zone
            if same not in kind_of:
                found = _stage_own(base, staged, run, ground, each, first, move, srs_id)
                kind_of[same] = (first, found)
                first += k
            start, kinds = kind_of[same]
            place = np.arange(start, start + k)
        else:
            place, kinds = np.searchsorted(unique, key) + 1, ground_kind
        staged.kinds.setdefault(each.indicator, set()).update(kinds)
        assumed = np.zeros(k) if each.assumed is None else each.assumed
        base.executemany(
            "INSERT INTO place_values VALUES (?, ?, ?, ?, ?)",
            zip(range(value_id, value_id + k), place.tolist(), _numbers(each.value),
                _numbers(each.mark), _numbers(assumed)))  # fmt: skip
        if k:
            lines.append([run.run_id, run.scenario, each.indicator, each.part,
                          value_id, value_id + k - 1])  # fmt: skip
        value_id += k
    _insert(base, "place_sets", schema.PLACE_SETS.names, lines)
    staged.n_places, staged.n_values = first - 1, value_id - 1


_PLACE_COLUMNS = ("id", schema.GEOMETRY, *schema.PLACES.names)


def _stage_shared(base: sqlite3.Connection, staged: Staged, run: RunRecord, ground: Ground | None,
                  unique: np.ndarray, span: int, zone_wkb: Mapping[int, bytes | None], move: Move,
                  srs_id: int) -> None:  # fmt: skip
    feature, zone = (unique // span - 1).tolist(), (unique % span).tolist()
    wkb: list[bytes | None] = []
    layer: list[str | None] = []
    fid: list[int | None] = []
    last, data = -2, None
    for count, (f, z) in enumerate(zip(feature, zone)):
        if count % 2000 == 0:
            beat()
        if f < 0 or ground is None:
            wkb.append(zone_wkb.get(z))
            layer.append(None)
            fid.append(None)
            continue
        if f != last:
            last, data = f, ground.wkb(f)
        wkb.append(data)
        layer.append(str(ground.layer[f]))
        fid.append(int(ground.fid[f]))
    made, bounds, _ = blobs(wkb, move, srs_id)
    beat()
    _insert(base, "places", _PLACE_COLUMNS,
            ((i + 1, made[i], run.run_id, run.scenario, layer[i], fid[i], zone[i])
             for i in range(len(unique))))  # fmt: skip
    if bounds:
        staged.bounds["places"] = bounds


def _stage_own(base: sqlite3.Connection, staged: Staged, run: RunRecord, ground: Ground | None,
               each: PlaceSet, first: int, move: Move, srs_id: int) -> set[str]:  # fmt: skip
    """Places with a geometry of their own; the feature still says which object it belongs to."""
    made, bounds, kinds = blobs(each.wkb or [], move, srs_id)
    zone = np.asarray(each.zone, np.int64).tolist()
    feature = [-1] * len(zone) if each.feature is None else np.asarray(each.feature).tolist()

    def source(row: int) -> tuple[str | None, int | None]:
        if row < 0 or ground is None:
            return None, None
        return str(ground.layer[row]), int(ground.fid[row])

    _insert(base, "places", _PLACE_COLUMNS,
            ((first + i, made[i], run.run_id, run.scenario, *source(feature[i]), zone[i])
             for i in range(len(zone))))  # fmt: skip
    if bounds:
        known = staged.bounds.get("places", bounds)
        staged.bounds["places"] = (min(known[0], bounds[0]), min(known[1], bounds[1]),
                                   max(known[2], bounds[2]), max(known[3], bounds[3]))  # fmt: skip
    return kinds
