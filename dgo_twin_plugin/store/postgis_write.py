"""Writing one run into a database: staged first, as for a GeoPackage, then sent in one
transaction. So both hold the same values, and nobody waits for what is worked out here."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from osgeo import gdal

from ..engine.pulse import beat
from ..engine.words import DgoError
from . import access, schema
from .blobs import Move, wkb_of
from .postgis import State, begin, block, connect, hold, refuse, state, translated
from .postgis_schema import add_indicators, column_type, complete, lacking, srid_of
from .stage import Staged
from .target import Postgres

ROWS, VALUES = 2_000, 20_000  # rows and numbers sent by one statement
_SRID = 0x20000000  # PostGIS: this WKB is followed by an id of its CRS

# what the writer of runs does for a target: it stages with a mover and an id of the CRS
Stager = Callable[[Path, Move, int], Staged]
MakeMove = Callable[[str], Move]


def write(target: Postgres, indicators: Sequence[str], crs: str, mover: MakeMove, stager: Stager,
          tick: Callable[[], None]) -> None:  # fmt: skip
    """Add a run. ``mover(crs of the schema)`` makes the transformation of geometry. Raises
    ``Cancelled`` and ``DgoError``: the schema is as it was then."""
    ds = connect(target, update=True)
    folder = Path(tempfile.mkdtemp(prefix="dgo_run_"))
    try:
        for attempt in range(3):
            found = state(ds, target)
            refuse(found, target)
            if 0 < found.version < schema.VERSION:
                from .postgis_schema import upgrade

                upgrade(target)
                continue
            there = found if found.version else State(srid=srid_of(ds, crs), crs=crs)
            try:
                staged = stager(folder / f"run{attempt}.db", mover(there.crs), there.srid)
            except OSError as problem:
                raise DgoError("results.error.full", path=str(folder)) from problem
            if _send(ds, target, staged, indicators, found, there, tick):
                return
        raise DgoError("results.error.pg_locked", path=target.text, s=0)
    except access.SqlError as problem:
        raise translated(problem, target) from problem
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _send(ds: gdal.Dataset, target: Postgres, staged: Staged, indicators: Sequence[str],
          found: State, there: State, tick: Callable[[], None]) -> bool:  # fmt: skip
    """One transaction; False where the schema was made or changed since it was looked at."""
    wanted = lacking(ds, target, indicators) if found.version else list(indicators)
    begin(ds, target, bool(wanted) or not found.version, tick)
    try:
        now = state(ds, target)
        if (now.version, now.srid, now.crs) != (found.version, found.srid, found.crs):
            access.transaction_undo(ds)
            return False
        if not now.version:
            complete(ds, target, now, there.crs)
        else:
            if wanted:
                hold(ds, target, [schema.ZONES.name], "ACCESS EXCLUSIVE")
            hold(ds, target, [*schema.BY_NAME, schema.PLACE_VALUES], "ROW EXCLUSIVE")
        add_indicators(ds, lacking(ds, target, indicators))
        with contextlib.closing(sqlite3.connect(str(staged.path))) as base:
            for name, names in staged.columns.items():
                tick()
                table = schema.BY_NAME[name]
                send_rows(ds, table, names, _staged(base, name, names), there.srid)
            if staged.n_values:
                tick()
                send_places(ds, target, base, staged, there.srid)
        tick()
        access.transaction_commit(ds)
    except BaseException:
        access.transaction_undo(ds)
        raise
    return True


def _staged(base: sqlite3.Connection, table: str, names: Sequence[str]) -> Iterator[tuple]:
    listed = ", ".join(schema.quoted(n) for n in names)
    yield from base.execute(f"SELECT {listed} FROM {schema.quoted(table)} ORDER BY rowid")


def _batches(rows: Iterable[tuple], size: int) -> Iterator[list[tuple]]:
    batch: list[tuple] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def send_rows(ds: gdal.Dataset, table: schema.Table, names: Sequence[str], rows: Iterable[tuple],
              srid: int) -> None:  # fmt: skip
    """Rows into a table. They travel as one JSON text a statement: read by the server's own
    input functions, so a float arrives with the very bits it had."""
    types = [_type(table, name) for name in names]
    listed = ", ".join(schema.quoted(n) for n in names)
    shape = ", ".join(f"{schema.quoted(n)} {t}" for n, t in zip(names, types))
    for batch in _batches(rows, ROWS):
        beat()
        sent = [{n: _json(v, t, srid) for n, v, t in zip(names, row, types) if v is not None}
                for row in batch]  # fmt: skip
        # PostgreSQL knows no NUL in a text
        body = json.dumps(sent, ensure_ascii=False, allow_nan=False).replace("\\u0000", "")
        access.sql(ds, f"INSERT INTO {schema.quoted(table.name)} ({listed}) SELECT {listed} "
                       f"FROM json_to_recordset({schema.literal(body)}) AS r({shape})")  # fmt: skip


def _type(table: schema.Table, name: str) -> str:
    if name == schema.GEOMETRY:
        return "geometry"
    if name == schema.KEY:
        return "bigint"
    known = {c.name: c.type for c in table.columns}
    return column_type(known.get(name, schema.REAL))  # the marks in zones


def _json(value: Any, kind: str, srid: int) -> Any:
    if kind == "geometry":
        return ewkb(value, srid)
    if kind == "boolean":
        return bool(value)
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def ewkb(blob: bytes | None, srid: int) -> str | None:
    """A GeoPackage blob as PostGIS reads geometry: WKB with the id of its CRS, hexadecimal."""
    wkb = wkb_of(blob)
    if wkb is None or not srid:
        return wkb.hex() if wkb else None
    (kind,) = struct.unpack_from("<I", wkb, 1)  # blobs are little-endian
    return (struct.pack("<BII", 1, kind | _SRID, srid) + wkb[5:]).hex()


def send_places(ds: gdal.Dataset, target: Postgres, base: sqlite3.Connection, staged: Staged,
                srid: int) -> None:  # fmt: skip
    """Places, their values and the sets, with blocks of ids of their own."""
    place = block(ds, target, schema.PLACES.name, staged.n_places)
    value = block(ds, target, schema.PLACE_VALUES, staged.n_values)
    names = (schema.KEY, schema.GEOMETRY, *schema.PLACES.names)
    moved = ((row[0] + place, *row[1:]) for row in _staged(base, "places", names))
    send_rows(ds, schema.PLACES, names, moved, srid)
    found = base.execute("SELECT id, place, value, mark, assumed FROM place_values ORDER BY id")
    while batch := found.fetchmany(VALUES):
        beat()
        first = batch[0][0] + value  # ids of a run follow each other
        arrays = [_array(column) for column in list(zip(*batch))[1:]]
        access.sql(ds, "INSERT INTO place_values (id, place, value, mark, assumed) "
                       f"SELECT {first - 1} + n, {place} + p, v, m, a FROM unnest("
                       f"'{arrays[0]}'::bigint[], '{arrays[1]}'::float8[], "
                       f"'{arrays[2]}'::float8[], '{arrays[3]}'::float8[]) "
                       "WITH ORDINALITY AS r(p, v, m, a, n)")  # fmt: skip
    sets = [(*row[:-2], row[-2] + value, row[-1] + value)
            for row in _staged(base, "place_sets", schema.PLACE_SETS.names)]  # fmt: skip
    send_rows(ds, schema.PLACE_SETS, schema.PLACE_SETS.names, sets, srid)


def _array(values: Sequence[Any]) -> str:
    """An array as PostgreSQL reads it. JSON writes numbers with all their bits, null and Infinity
    as they are known there, and is the fastest that Python has."""
    return "{" + json.dumps(values)[1:-1] + "}"
