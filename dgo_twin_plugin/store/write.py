"""Writing one run into the results file: all of it, or nothing.

Rasters go before the tables, to :func:`runs.files_folder`; a run whose rasters are there but whose
rows are not does not exist for the product.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from osgeo import gdal, osr

from ..engine.pulse import beat
from ..engine.words import Cancelled, DgoError
from . import access, maps, postgis_write, schema, upgrade
from .blobs import Bounds, Move
from .record import Ground, PlaceSet, RunRecord
from .rows import Row
from .stage import Staged, stage
from .target import Postgres, Where, place


def write_run(path: Where, run: RunRecord, tables: Mapping[str, Iterable[Row]], *, crs: str,
              origin: tuple[float, float] = (0.0, 0.0), ground: Ground | None = None,
              places: Sequence[PlaceSet] = (), indicators: Sequence[str] = (),
              fields: Sequence[maps.MapOfRun] = (),
              cancel: Callable[[], bool] | None = None,
              progress: Callable[[float], None] | None = None,
              folder: Path | None = None) -> Path | Postgres:  # fmt: skip
    """Add a run to a results file or database, made where it is not there; earlier runs stay.

    ``tables`` maps table names of :mod:`schema` to rows: dataclasses or dictionaries with the
    table's columns and ``wkb``, the geometry in metres local to ``origin``; run_id and scenario
    are filled in, and so are the marks in ``zones``. ``crs`` is the plane of the run; a file whose
    first run had another keeps its own and the geometry is transformed. ``indicators``: those that
    get a layer ``ind_<id>`` even without places. ``fields``: maps that models make, written
    before the tables. ``progress`` gets 0-1. ``folder``: of a database, where rasters go unless
    its text names another, and a run that the database would not take; without it there are none.

    Returns the path. Raises ``Cancelled``, and ``DgoError`` where the file is locked, read-only,
    newer, something else, or the disk is full: what it held stays as it was. Where it is locked
    the run is kept in a sibling file, named in the error as ``kept``.
    """
    path = place(path)
    tables = {name: list(rows) for name, rows in tables.items()}
    unknown = set(tables) - set(schema.BY_NAME)
    if unknown:
        raise ValueError(f"no such table: {', '.join(sorted(unknown))}")
    job = _Job(run, tables, crs, origin, ground, places, indicators, fields, cancel, progress)
    if isinstance(path, Postgres):
        _into_database(job, path, folder)
        return path
    try:
        job.write(path)
    except DgoError as problem:
        if problem.message.key != "results.error.locked":
            raise
        sibling = path.with_name(f"{path.stem}_{run.run_id[:8]}.gpkg")
        try:
            job.write(sibling)
        except DgoError:
            raise problem from None
        raise DgoError("results.error.locked_kept", path=str(path), kept=str(sibling)) from problem
    return path


_NOT_KEPT = ("results.error.crs",)  # a GeoPackage would refuse these as well


def _into_database(job: _Job, target: Postgres, folder: Path | None) -> None:
    """Write to a database; what it would not take is kept in a GeoPackage of its own."""
    try:
        job.write_database(target if folder is None else target.with_files(folder))
    except DgoError as problem:
        if folder is None or problem.message.key in _NOT_KEPT:
            raise
        sibling = folder / f"{target.schema}_{job.run.run_id[:8]}.gpkg"
        try:
            job.write(sibling)
        except DgoError:
            raise problem from None
        raise DgoError("results.error.pg_kept", why=problem.message,
                       kept=str(sibling)) from problem  # fmt: skip


class _Job:
    def __init__(self, run: RunRecord, tables: Mapping[str, list[Row]], crs: str,
                 origin: tuple[float, float], ground: Ground | None, places: Sequence[PlaceSet],
                 indicators: Sequence[str], fields: Sequence[maps.MapOfRun],
                 cancel: Callable[[], bool] | None,
                 progress: Callable[[float], None] | None) -> None:  # fmt: skip
        self.fields = fields
        self.run, self.tables, self.crs, self.origin = run, tables, crs, origin
        self.ground, self.places = ground, places
        named = [*indicators, *run.indicators, *(s.indicator for s in places)]
        for row in tables.get("scores", ()):
            named.append(row["indicator"] if isinstance(row, Mapping) else row.indicator)
        self.indicators = list(dict.fromkeys(named))
        self.cancel, self.progress = cancel, progress
        self.steps = 0

    def tick(self) -> None:
        """Between two steps: stop where asked, say how far."""
        if self.cancel is not None and self.cancel():
            raise Cancelled
        self.steps += 1
        if self.progress is not None:
            self.progress(min(1.0, self.steps / (24 + len(self.fields) + len(self.places))))

    def write(self, path: Path) -> None:
        self.tables["maps"] = maps.write_maps(
            path, self.run.run_id, self.fields, self.crs, self.origin, self.tick
        )
        try:
            self._write(path)
        except BaseException:
            maps.remove(path, self.run.run_id)
            raise

    def write_database(self, target: Postgres) -> None:
        fields = self.fields if target.files else ()
        self.tables["maps"] = maps.write_maps(
            target, self.run.run_id, fields, self.crs, self.origin, self.tick
        )

        def mover(there: str) -> Move:
            return _mover(upgrade.reference(there), self.crs, self.origin)

        def stager(file: Path, move: Move, srid: int) -> Staged:
            return stage(file, self.run, self.tables, self.ground, self.places, move, srid,
                         self.indicators, self.tick)  # fmt: skip

        try:
            postgis_write.write(target, self.indicators, self.crs, mover, stager, self.tick)
        except BaseException as problem:
            access.let_go(problem)
            maps.remove(target, self.run.run_id)
            raise

    def _write(self, path: Path) -> None:
        if path.exists():
            try:
                self._fill(upgrade.open_results(path, update=True), path)
            except BaseException as problem:
                access.let_go(problem)
                raise
            return
        if not path.parent.is_dir():
            raise DgoError("results.error.folder", path=str(path))
        # a new file appears only when it is complete
        fresh = path.with_name(f"{path.stem}.{self.run.run_id[:8]}.part.gpkg")
        try:
            self._fill(upgrade.create(fresh, upgrade.reference(self.crs)), path)
            try:
                os.replace(fresh, path)
            except OSError as problem:
                raise DgoError("results.error.folder", path=str(path)) from problem
        except BaseException as problem:
            access.let_go(problem)
            raise
        finally:
            for left in (fresh, fresh.with_name(fresh.name + "-journal")):
                with contextlib.suppress(OSError):
                    left.unlink()

    def _fill(self, ds: gdal.Dataset, path: Path) -> None:
        """Stage, then copy in one transaction."""
        folder = Path(tempfile.mkdtemp(prefix="dgo_run_"))
        try:
            there = ds.GetLayerByName(schema.ZONES.name).GetSpatialRef()
            move = _mover(there, self.crs, self.origin)
            try:
                staged = stage(folder / "run.db", self.run, self.tables, self.ground, self.places,
                               move, upgrade.srs_id_of(ds), self.indicators, self.tick)  # fmt: skip
            except OSError as problem:
                raise DgoError("results.error.full", path=str(folder)) from problem
            try:
                self._copy(ds, staged)
            except access.SqlError as problem:
                raise access.translated(problem, path) from problem
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _copy(self, ds: gdal.Dataset, staged: Staged) -> None:
        access.sql(ds, f"ATTACH DATABASE {schema.literal(str(staged.path))} AS staged")
        try:
            access.transaction_begin(ds)
            try:
                upgrade.add_indicators(ds, self.indicators)
                for name, columns in staged.columns.items():
                    self.tick()
                    copy_table(ds, name, columns)
                if staged.n_values:
                    self.tick()
                    copy_places(ds)
                    _declare_kinds(ds, staged.kinds)
                self.tick()
                _declare_bounds(ds, staged)
                access.transaction_commit(ds)
            except BaseException:
                access.transaction_undo(ds)
                raise
        finally:
            with contextlib.suppress(access.SqlError):
                access.sql(ds, "DETACH DATABASE staged")


def _mover(there: osr.SpatialReference | None, crs: str,
           origin: tuple[float, float]) -> Move:  # fmt: skip
    """Local coordinates to those of the file."""
    shift = np.asarray(origin, float)
    here = upgrade.reference(crs)
    if there is None or here is None:
        return lambda xy: xy + shift
    there = there.Clone()
    there.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    if there.IsSame(here):
        return lambda xy: xy + shift
    transformation = osr.CoordinateTransformation(here, there)

    def move(xy: np.ndarray) -> np.ndarray:
        moved = np.array(transformation.TransformPoints((xy + shift).tolist()))
        return moved[:, :2]

    return move


PIECE = 10_000  # rows copied by one statement


def copy_table(ds: gdal.Dataset, name: str, columns: Sequence[str]) -> None:
    """One staged table into the results file."""
    listed = ", ".join(schema.quoted(c) for c in columns)
    table = schema.quoted(name)
    rows = access.query(ds, f"SELECT max(rowid) FROM staged.{table}")[0][0] or 0
    for at in range(0, int(rows), PIECE):  # one statement cannot be stopped halfway
        beat()
        access.sql(ds, f"INSERT INTO main.{table} ({listed}) SELECT {listed} FROM staged.{table} "
                       f"WHERE rowid > {at} AND rowid <= {at + PIECE}")  # fmt: skip


def copy_places(ds: gdal.Dataset) -> None:
    """Places, their values and the sets, with ids after those that are there."""
    ids = access.query(ds, "SELECT (SELECT coalesce(max(id), 0) FROM main.places), "
                           "(SELECT coalesce(max(id), 0) FROM main.place_values)")  # fmt: skip
    place, value = int(ids[0][0]), int(ids[0][1])
    names = ", ".join(schema.quoted(c) for c in (schema.GEOMETRY, *schema.PLACES.names))
    access.sql(ds, f"INSERT INTO main.places (id, {names}) "
                   f"SELECT id + {place}, {names} FROM staged.places")  # fmt: skip
    access.sql(ds, "INSERT INTO main.place_values (id, place, value, mark, assumed) "
                   f"SELECT id + {value}, place + {place}, value, mark, assumed "
                   "FROM staged.place_values")  # fmt: skip
    access.sql(ds, "INSERT INTO main.place_sets (run_id, scenario, indicator, part, first_id, "
                   "last_id) SELECT run_id, scenario, indicator, part, "
                   f"first_id + {value}, last_id + {value} FROM staged.place_sets")  # fmt: skip


def _declare_kinds(ds: gdal.Dataset, kinds: Mapping[str, set[str]]) -> None:
    """Each view says what geometry it holds; different kinds over the runs make it general."""
    for indicator, found in kinds.items():
        if not found:
            continue
        view = schema.view_name(indicator)
        kind = next(iter(found)) if len(found) == 1 else "GEOMETRY"
        sets = access.query(ds, "SELECT count(DISTINCT run_id) FROM place_sets "
                                f"WHERE indicator = {schema.literal(indicator)}")  # fmt: skip
        where = f"WHERE table_name = {schema.literal(view)}"
        now = access.query(ds, f"SELECT geometry_type_name FROM gpkg_geometry_columns {where}")
        if sets[0][0] > 1 and now and now[0][0] != kind:
            kind = "GEOMETRY"
        access.sql(ds, f"UPDATE gpkg_geometry_columns SET geometry_type_name = '{kind}' {where}")


def _declare_bounds(ds: gdal.Dataset, staged: Staged) -> None:
    """Extents in ``gpkg_contents``, grown by this run, and the time of change."""
    places = staged.bounds.get("places")
    bounds: dict[str, Bounds | None] = {name: None for name in staged.columns}
    bounds.update(staged.bounds)
    bounds.update({schema.view_name(i): places for i in staged.kinds})
    for name, box in bounds.items():
        where = f"WHERE table_name = {schema.literal(name)}"
        grown = ""
        if box is not None:
            x0, y0, x1, y1 = (repr(v) for v in box)
            grown = (f", min_x = min(coalesce(min_x, {x0}), {x0}), "
                     f"min_y = min(coalesce(min_y, {y0}), {y0}), "
                     f"max_x = max(coalesce(max_x, {x1}), {x1}), "
                     f"max_y = max(coalesce(max_y, {y1}), {y1})")  # fmt: skip
        access.sql(ds, "UPDATE gpkg_contents SET last_change = "
                       f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now'){grown} {where}")  # fmt: skip
