"""Opening the results file and running SQL on it, with errors that a user can act upon.

GDAL may or may not raise exceptions in this process; both are handled, neither is changed.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from osgeo import gdal

from ..engine.words import DgoError

BUSY_SECONDS = 5.0  # design 5: how long to wait for another program to let go of the file


class SqlError(Exception):
    """SQLite or OGR refused a statement; the text says why."""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """GDAL prints nothing inside this block (this thread only); errors can still be asked."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()


def _failure() -> str:
    return gdal.GetLastErrorMsg() if gdal.GetLastErrorType() >= gdal.CE_Failure else ""


def sql(ds: gdal.Dataset, statement: str) -> None:
    """Run a statement that gives no rows. Raises :class:`SqlError`."""
    with quiet():
        gdal.ErrorReset()
        try:
            layer = ds.ExecuteSQL(statement)
        except RuntimeError as problem:
            raise SqlError(str(problem)) from problem
        message = _failure()
        if layer is not None:
            ds.ReleaseResultSet(layer)
    if message:
        raise SqlError(message)


def query(ds: gdal.Dataset, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a SELECT or PRAGMA. Raises :class:`SqlError`."""
    with quiet():
        gdal.ErrorReset()
        try:
            layer = ds.ExecuteSQL(statement)
        except RuntimeError as problem:
            raise SqlError(str(problem)) from problem
        if layer is None:
            message = _failure()
            if message:
                raise SqlError(message)
            return []
        count = layer.GetLayerDefn().GetFieldCount()
        rows = [tuple(f.GetField(i) for i in range(count)) for f in layer]
        message = _failure()
        ds.ReleaseResultSet(layer)
    if message:
        raise SqlError(message)
    return rows


def transaction_begin(ds: gdal.Dataset) -> None:
    """Start a transaction and take the write lock at once, waiting at most :data:`BUSY_SECONDS`.

    Raises :class:`SqlError` where another program holds the file.
    """
    sql(ds, f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    _call(ds.StartTransaction)
    try:
        # changes nothing, but is a write: it takes the lock now instead of halfway
        sql(ds, "UPDATE gpkg_contents SET identifier = identifier WHERE 0")
    except SqlError:
        transaction_undo(ds)
        raise


def transaction_commit(ds: gdal.Dataset) -> None:
    """Commit. Raises :class:`SqlError`; the caller then undoes."""
    _call(ds.CommitTransaction)


def transaction_undo(ds: gdal.Dataset) -> None:
    """Roll back, whatever the state: nothing of the transaction stays."""
    with contextlib.suppress(SqlError):
        _call(ds.RollbackTransaction)


def _call(action: Any) -> None:
    with quiet():
        gdal.ErrorReset()
        try:
            code = action()
        except RuntimeError as problem:
            raise SqlError(str(problem)) from problem
        if code:
            raise SqlError(_failure() or f"OGR error {code}")


def is_lock(message: str) -> bool:
    """Whether a message means that another program holds the file."""
    return "locked" in message.lower() or "busy" in message.lower()


def translated(problem: SqlError, path: Path) -> DgoError:
    """The error that a user sees: thing, cause and remedy."""
    message = str(problem).lower()
    if is_lock(message):
        return DgoError("results.error.locked", path=str(path))
    if "readonly" in message or "read-only" in message:
        return DgoError("results.error.readonly", path=str(path))
    if "disk is full" in message or "no space" in message or "disk i/o" in message:
        return DgoError("results.error.full", path=str(path))
    return DgoError("results.error.failed", path=str(path), detail=str(problem))


def let_go(problem: BaseException | None) -> None:
    """Close what an error on its way up still holds open: its traceback keeps the frames, these
    keep the dataset, and Windows deletes no open file. Frames that still run are left alone."""
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        traceback.clear_frames(problem.__traceback__)
        problem = problem.__cause__ or problem.__context__


def open_file(path: str | Path, update: bool = False) -> gdal.Dataset:
    """Open an existing results file as it is, whatever its version.

    Raises ``DgoError`` where it is not there, cannot be read or written, or is something else.
    """
    path = Path(path)
    if not path.is_file():
        raise DgoError("results.error.absent", path=str(path))
    if update and not path.stat().st_mode & 0o200:
        raise DgoError("results.error.readonly", path=str(path))
    flags = gdal.OF_VECTOR | (gdal.OF_UPDATE if update else gdal.OF_READONLY)
    ds, message = None, ""
    with quiet():
        gdal.ErrorReset()
        try:
            ds = gdal.OpenEx(str(path), flags, ["GPKG"])
            message = gdal.GetLastErrorMsg()
        except RuntimeError as problem:
            message = str(problem)
    if ds is None:
        if is_lock(message):
            raise DgoError("results.error.locked", path=str(path))
        if update and "read" in message and "only" in message:
            raise DgoError("results.error.readonly", path=str(path))
        raise DgoError("results.error.foreign", path=str(path))
    try:
        ours = query(ds, "SELECT count(*) FROM sqlite_master WHERE name IN ('runs', 'scores')")
    except SqlError as problem:
        raise translated(problem, path) from problem
    if not ours or ours[0][0] != 2:
        raise DgoError("results.error.foreign", path=str(path))
    return ds
