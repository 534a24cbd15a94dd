"""Opening a schema of a PostGIS database through OGR, its locks and its errors.

Locks are advisory, per schema, and end with their transaction: who writes a run holds it shared,
so runs are written side by side; who makes or changes tables holds it alone. Messages of the
server may be in any language, so what a user must be told apart is asked, not read from them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from osgeo import gdal

from ..engine.words import DgoError
from . import access, schema
from .target import Postgres, conninfo, quoted, without_secrets

WAIT_SECONDS = 60.0  # for others who write: they queue, nothing hangs
POLL_SECONDS = 0.05
_STRUCTURE, _IDS = 0x44474F, 0x444750  # keys of the locks: tables, and blocks of ids
META = "dgo_meta"
DRIVER = "PostgreSQL"

Tick = Callable[[], None]


@dataclass(frozen=True)
class State:
    """What a schema holds. ``version`` 0: no results yet; ``owner`` '' where there is no schema."""

    version: int = 0
    owner: str = ""
    foreign: bool = False  # tables of our names that are not ours
    srid: int = 0
    crs: str = ""


def is_postgis(ds: gdal.Dataset) -> bool:
    """Whether an open dataset is a database."""
    return bool(ds.GetDriver().ShortName == DRIVER)


def connect(target: Postgres, update: bool = False) -> gdal.Dataset:
    """A connection of its own, whatever the schema holds. Raises ``DgoError`` where the server
    cannot be reached, refuses, or has no PostGIS."""
    if gdal.GetDriverByName(DRIVER) is None:
        raise DgoError("results.error.pg_driver", path=target.text)
    given = dict(target.values)
    extra = [f"{key}={quoted(value)}" for key, value in
             (("application_name", "dgo_twin"), ("connect_timeout", "10")) if key not in given]
    text = f"PG:{conninfo(target)} {' '.join(extra)}"
    flags = gdal.OF_VECTOR | (gdal.OF_UPDATE if update else gdal.OF_READONLY)
    ds, message = None, ""
    with access.quiet():
        gdal.ErrorReset()
        try:
            # one schema: OGR lists no others, and looks there first for names
            ds = gdal.OpenEx(text, flags, [DRIVER], [f"SCHEMAS={target.schema}"])
            message = gdal.GetLastErrorMsg()
        except RuntimeError as problem:
            message = str(problem)
    if ds is None:
        raise DgoError("results.error.pg_connect", path=target.text, detail=first_line(message))
    try:
        rows = access.query(ds, "SELECT n.nspname AS name FROM pg_extension e JOIN pg_namespace n "
                                "ON n.oid = e.extnamespace WHERE e.extname = 'postgis'")
        if not rows:
            raise DgoError("results.error.pg_postgis", path=target.text)
        names = ", ".join(schema.quoted(name) for name in dict.fromkeys((target.schema,
                                                                         rows[0][0])))
        access.sql(ds, f"SET search_path TO {names}")
        access.sql(ds, "SET standard_conforming_strings = on")
        access.sql(ds, "SET extra_float_digits = 3")  # before version 12 floats came rounded
        if not update:
            access.sql(ds, "SET default_transaction_read_only = on")
    except access.SqlError as problem:
        raise translated(problem, target) from problem
    return ds


def state(ds: gdal.Dataset, target: Postgres) -> State:
    """What the schema holds now. Raises :class:`access.SqlError`."""
    name = schema.literal(target.schema)
    rows = access.query(ds, "SELECT r.rolname AS owner FROM pg_namespace n "
                            f"JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = {name}")
    if not rows:
        return State()
    listed = ", ".join(schema.literal(t) for t in (*schema.BY_NAME, schema.PLACE_VALUES, META))
    found = {row[0] for row in access.query(
        ds, "SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = "
            f"c.relnamespace WHERE n.nspname = {name} AND c.relname IN ({listed})")}  # fmt: skip
    if META not in found:
        return State(owner=rows[0][0], foreign=bool(found))
    kept = dict(access.query(ds, f"SELECT key, value FROM {META}"))
    return State(int(kept.get("version") or 0), rows[0][0], "version" not in kept,
                 int(kept.get("srid") or 0), kept.get("crs") or "")  # fmt: skip


def refuse(found: State, target: Postgres) -> None:
    """Raise ``DgoError`` where a schema is of something else, or of a newer plugin."""
    if found.foreign:
        raise DgoError("results.error.pg_foreign", path=target.text, schema=target.schema)
    if found.version > schema.VERSION:
        raise DgoError("results.error.newer", path=target.text, found=found.version,
                       known=schema.VERSION)  # fmt: skip


def begin(ds: gdal.Dataset, target: Postgres, alone: bool, tick: Tick) -> None:
    """Start a transaction and take the lock of the schema, waiting at most :data:`WAIT_SECONDS`.

    Where the schema belongs to a role of which the user is a member, the work is done as that
    role: so every member may write, upgrade and delete, and whoever was first owns nothing alone.
    Raises ``DgoError`` and ``Cancelled``; no transaction is open then.
    """
    access._call(ds.StartTransaction)
    try:
        _writable(ds, target)
        kind = "" if alone else "_shared"
        ask = (f"SELECT pg_try_advisory_xact_lock{kind}({_STRUCTURE}, "
               f"hashtext({schema.literal(target.schema)}))")  # fmt: skip
        end = time.monotonic() + WAIT_SECONDS
        while not access.query(ds, ask)[0][0]:
            tick()
            if time.monotonic() > end:
                raise DgoError("results.error.pg_locked", path=target.text, s=WAIT_SECONDS)
            time.sleep(POLL_SECONDS)
        _become(ds, target)
    except access.SqlError as problem:
        access.transaction_undo(ds)
        raise translated(problem, target) from problem
    except BaseException:
        access.transaction_undo(ds)
        raise


@contextlib.contextmanager
def acting(ds: gdal.Dataset, target: Postgres) -> Iterator[None]:
    """Inside, questions are asked as the role that would write; nothing stays of it."""
    access._call(ds.StartTransaction)
    try:
        _writable(ds, target)
        _become(ds, target)
        yield
    finally:
        access.transaction_undo(ds)


def _writable(ds: gdal.Dataset, target: Postgres) -> None:
    if access.query(ds, "SHOW transaction_read_only")[0][0] == "on":
        raise DgoError("results.error.pg_rights", path=target.text, schema=target.schema)


def _become(ds: gdal.Dataset, target: Postgres) -> None:
    rows = access.query(ds, "SELECT r.rolname AS owner, r.rolname = current_user AS mine, "
                            "current_setting('server_version_num') AS version FROM pg_namespace n "
                            "JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = "
                            f"{schema.literal(target.schema)}")  # fmt: skip
    if not rows or rows[0][1] or rows[0][0].startswith("pg_"):
        return
    # from 16 on a membership says whether one may act as the role
    right = "SET" if int(rows[0][2]) >= 160000 else "MEMBER"
    owner = rows[0][0]
    if access.query(ds, f"SELECT pg_has_role({schema.literal(owner)}, '{right}')")[0][0]:
        access.sql(ds, f"SET LOCAL ROLE {schema.quoted(owner)}")


def hold(ds: gdal.Dataset, target: Postgres, tables: list[str], mode: str) -> None:
    """Take the tables now instead of halfway. Raises ``DgoError`` where somebody keeps one longer
    than :data:`access.BUSY_SECONDS`, or where the user may not write them."""
    named = ", ".join(schema.quoted(name) for name in tables)
    access.sql(ds, f"SET LOCAL lock_timeout = {int(access.BUSY_SECONDS * 1000)}")
    access.sql(ds, f"DO $$ BEGIN LOCK TABLE {named} IN {mode} MODE; "
                   "EXCEPTION WHEN lock_not_available THEN "
                   "PERFORM set_config('dgo.held', 'locked', true); "
                   "WHEN insufficient_privilege THEN "
                   "PERFORM set_config('dgo.held', 'rights', true); END $$")  # fmt: skip
    held = access.query(ds, "SELECT current_setting('dgo.held', true)")[0][0]
    if held:
        raise DgoError(f"results.error.pg_{held}", path=target.text, schema=target.schema,
                       s=access.BUSY_SECONDS)  # fmt: skip


def block(ds: gdal.Dataset, target: Postgres, table: str, count: int) -> int:
    """Ids for ``count`` rows that follow each other, for whoever writes at the same time too;
    gives the last id before them. Held for milliseconds; ids of a run that fails stay unused."""
    key = f"{_IDS}, hashtext({schema.literal(target.schema)})"
    name = schema.literal(f"{schema.quoted(target.schema)}.{schema.quoted(table)}")
    access.query(ds, f"SELECT pg_advisory_lock({key})::text")
    try:
        rows = access.query(
            ds, f"SELECT setval(s, nextval(s) + {int(count)} - 1) - {int(count)} "
                f"FROM (SELECT pg_get_serial_sequence({name}, 'id')::regclass AS s) q"
        )
    finally:
        access.query(ds, f"SELECT pg_advisory_unlock({key})::text")
    return int(rows[0][0])


def first_line(message: str) -> str:
    """The first line of what a server says, without any secret."""
    lines = [line.strip() for line in str(message).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("PQconnectdb"):  # what libpq says comes after it
        lines.pop(0)
    return without_secrets(lines[0].replace("ERROR:", "").strip()) if lines else "–"


def translated(problem: access.SqlError, target: Postgres) -> DgoError:
    """The error that a user sees."""
    message = str(problem)
    if "no space left" in message.lower():
        return DgoError("results.error.full", path=target.text)
    return DgoError("results.error.failed", path=target.text, detail=first_line(message))


def rows_of(ds: gdal.Dataset, statement: str) -> list[Any]:
    """The first column of a query."""
    return [row[0] for row in access.query(ds, statement)]
