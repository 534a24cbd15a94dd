"""The result of every importer: one GeoPackage that is there whole, or not at all.

    with Package(path, reference("EPSG:..."), tick) as package:
        package.surfaces(rows)          # any number of times, any iterable of Row
        package.unmapped("wegdeel", "functie", "zweefbaan", 3)
        outcome = package.commit()

Layers ``surfaces`` (MultiPolygon), ``points``, ``lines`` (only where there are any), tables
``unmapped`` and ``about``. A column is made when a row first has that field. Rows go to SQLite in
batches through bound values; OGR makes the file and the spatial indexes. Until ``commit`` all
stands in a sibling ``<stem>.part.gpkg``, which goes when the block is left in any other way.
"""

from __future__ import annotations

import datetime
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from osgeo import gdal, ogr, osr

from ..engine.clean import quiet
from ..engine.geometry import Polygons
from ..engine.scene import BOOL_FIELDS, NUMERIC_FIELDS, TEXT_FIELDS
from ..engine.words import DgoError, Message
from ..store.blobs import blobs
from ._shapes import flat, polygonal_wkb

BATCH = 5_000  # rows written at once
MAX_FEATURES = 2_000_000  # unless the user says otherwise
SURFACES, POINTS, LINES = "surfaces", "points", "lines"
_KINDS = {SURFACES: "MULTIPOLYGON", POINTS: "POINT", LINES: "MULTILINESTRING"}
_TYPES = {
    **dict.fromkeys(NUMERIC_FIELDS, "DOUBLE"),
    **dict.fromkeys(TEXT_FIELDS, "TEXT"),
    **dict.fromkeys(BOOL_FIELDS, "BOOLEAN"),
}
_PLAIN = {int, str, bool, type(None), float}
_FIXED = ("function", "source_layer", "source_id")

Tick = Callable[[], None]  # called between batches; raises engine.words.Cancelled


class Row(NamedTuple):
    """One feature: its function (None = unknown, kept for the user to choose), WKB in the CRS of
    the package (any dialect, arcs too), canonical and other fields, and where it comes from."""

    function: str | None
    wkb: bytes
    fields: Mapping[str, Any]
    source_layer: str
    source_id: str


@dataclass
class Request:
    """What a user asks of an importer."""

    inputs: list[str]  # files or folders
    output: Path
    area: ogr.Geometry | None = None  # plan area with its CRS assigned; None = everything
    mapping: str | None = None  # a mapping file; None = the shipped one of the source
    max_features: int = MAX_FEATURES
    options: dict[str, Any] = field(default_factory=dict)  # of one source
    tick: Tick = lambda: None
    progress: Callable[[float], None] = lambda share: None  # 0-1

    def files(self, *suffixes: str) -> list[Path]:
        """The files named, folders opened up (files with one of these suffixes, sorted).
        Raises DgoError where one does not exist, a folder holds none, or one is the output."""
        found: list[Path] = []
        for word in self.inputs:
            path = Path(word)
            if path.is_dir():
                inside = sorted(p for p in path.iterdir()
                                if p.is_file() and p.suffix.lower() in suffixes)  # fmt: skip
                if not inside:
                    raise DgoError("errors.import.empty_folder", path=str(path),
                                   suffixes=", ".join(suffixes))  # fmt: skip
                found += inside
            elif path.is_file():
                found.append(path)
            else:
                raise DgoError("errors.import.not_found", path=str(path))
        if not found:
            raise DgoError("errors.import.no_input")
        for path in found:
            if path.resolve() == Path(self.output).resolve():
                raise DgoError("errors.import.same_file", path=str(path))
        return found

    def box(self, srs: osr.SpatialReference) -> tuple[float, float, float, float] | None:
        """xmin, ymin, xmax, ymax of the plan area in ``srs``; None where there is none."""
        if self.area is None:
            return None
        shape = self.area.Clone()
        own = shape.GetSpatialReference()
        if own is not None and not own.IsSame(srs):
            own = own.Clone()
            own.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
            shape.Segmentize(max(1e-9, max(np.ptp(np.reshape(shape.GetEnvelope(), (2, 2)), axis=1))
                                 / 50.0))  # fmt: skip
            with quiet():
                try:
                    bad = shape.Transform(osr.CoordinateTransformation(own, srs))
                except RuntimeError:
                    bad = 1
            if bad:
                raise DgoError("errors.import.area_crs")
        x0, x1, y0, y1 = shape.GetEnvelope()
        return x0, y0, x1, y1

    def too_many(self, count: int) -> None:
        """Raises DgoError where ``count`` features are more than were allowed."""
        if count > self.max_features:
            raise DgoError("errors.import.too_many", limit=self.max_features)


@dataclass
class Outcome:
    """What an importer made of its files."""

    path: Path
    features: int = 0
    count: Counter[str] = field(default_factory=Counter)  # function -> features
    area: Counter[str] = field(default_factory=Counter)  # function -> m2, as delivered
    by_layer: Counter[str] = field(default_factory=Counter)  # source layer -> m2, as delivered
    unmapped: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)  # (layer, reason) -> n
    others: Counter[str] = field(default_factory=Counter)  # layer that is no design -> features
    notes: list[Message] = field(default_factory=list)  # further sentences for the log


def reference(word: str) -> osr.SpatialReference:
    """A coordinate system by authority code, URN or WKT, x before y. Raises DgoError."""
    made = osr.SpatialReference()
    with quiet():
        try:
            bad = made.SetFromUserInput(str(word))
        except RuntimeError:
            bad = 1
    if bad:
        raise DgoError("errors.import.crs", crs=str(word))
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


class Package:
    """A GeoPackage in the making. ``srs``: CRS of all rows."""

    def __init__(self, path: str | Path, srs: osr.SpatialReference,
                 tick: Tick | None = None) -> None:  # fmt: skip
        self.path = Path(path)
        self.part = self.path.with_name(self.path.stem + ".part.gpkg")
        self.srs, self.tick = srs, tick or (lambda: None)
        self.outcome = Outcome(self.path)
        self._base: sqlite3.Connection | None = None
        self._srs_id = 0
        self._kinds = dict(_KINDS)
        self._columns: dict[str, dict[str, str]] = {}
        self._bounds: dict[str, tuple[float, float, float, float]] = {}
        self._about: dict[str, str] = {}

    # ------------------------------------------------------------------ life
    def __enter__(self) -> Package:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._remove()
        except OSError as error:
            raise self._no_write(error) from error
        driver = ogr.GetDriverByName("GPKG")
        with quiet():
            try:
                data = driver.CreateDataSource(str(self.part),
                                               options=["ADD_GPKG_OGR_CONTENTS=NO"])  # fmt: skip
                layer = None if data is None else data.CreateLayer(
                    SURFACES, self.srs, ogr.wkbMultiPolygon,
                    ["GEOMETRY_NAME=geom", "FID=fid", "SPATIAL_INDEX=NO"])  # fmt: skip
            except RuntimeError:
                data = layer = None
        if layer is None:
            self._remove()
            raise self._no_write(gdal.GetLastErrorMsg())
        del layer, data
        base = self._base = sqlite3.connect(str(self.part), isolation_level=None)
        base.execute("PRAGMA journal_mode = OFF")
        base.execute("PRAGMA synchronous = OFF")
        base.execute("BEGIN")
        (self._srs_id,) = base.execute("SELECT srs_id FROM gpkg_geometry_columns").fetchone()
        self._columns[SURFACES] = {}
        for name in _FIXED:
            self._column(SURFACES, name, "")
        self.attributes("unmapped", ("layer", "field", "value", "count"), ())
        self.attributes("about", ("key", "value"), ())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        if self._base is not None:
            self._base.close()
            self._base = None
            try:
                self._remove()
            except OSError:
                pass  # the reason why the block was left matters more
        if isinstance(error, (sqlite3.OperationalError, sqlite3.DatabaseError)):
            raise self._no_write(error) from error

    def _remove(self) -> None:
        for end in ("", "-journal", "-wal", "-shm"):
            Path(str(self.part) + end).unlink(missing_ok=True)

    def _no_write(self, why: object) -> DgoError:
        return DgoError("errors.import.no_write", path=str(self.path), why=str(why))

    # ------------------------------------------------------------------ filling
    def surfaces(self, rows: Iterable[Row]) -> None:
        """Ground features, written as MultiPolygon; what is not polygonal is left out and told."""
        self._write(SURFACES, rows)

    def points(self, rows: Iterable[Row]) -> None:
        """Point features (trees, luminaires, ...)."""
        self._write(POINTS, rows)

    def lines(self, rows: Iterable[Row]) -> None:
        """Line features, written as MultiLineString."""
        self._write(LINES, rows)

    def others(self, layer: str, kind: str, rows: Iterable[Row]) -> None:
        """A layer of another name that is no part of a design; ``kind`` is POINT,
        MULTILINESTRING or MULTIPOLYGON. Its features do not count as imported."""
        self._kinds[layer] = kind
        self._write(layer, rows)

    def unmapped(self, layer: str, field: str, value: str, count: int = 1) -> None:
        """A value that the mapping does not know; counts of the same value add up."""
        self.outcome.unmapped[layer, field, str(value)[:200]] += int(count)

    def left_out(self, layer: str, reason: str, count: int = 1) -> None:
        """Features that do not belong in the result: ``reason`` is a key of ``errors.json`` below
        ``import.left_out.`` (ended, level, twice, geometry, ...)."""
        if count:
            self.outcome.left_out[layer, reason] += int(count)

    def about(self, key: str, value: object) -> None:
        """A line of the table ``about``: source, mapping, date of the data, ..."""
        self._about[key] = str(value)

    def attributes(self, table: str, columns: Iterable[str],
                   rows: Iterable[tuple[Any, ...]]) -> None:  # fmt: skip
        """A table without geometry; made when first named."""
        base, names = self._open(), tuple(columns)
        if table not in self._columns:
            base.execute(f"CREATE TABLE {_q(table)} (fid INTEGER PRIMARY KEY AUTOINCREMENT, "
                         + ", ".join(f"{_q(n)} {'INTEGER' if n == 'count' else 'TEXT'}"
                                     for n in names) + ")")  # fmt: skip
            base.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
                         "VALUES (?, 'attributes', ?, 0)", (table, table))  # fmt: skip
            self._columns[table] = dict.fromkeys(names, "")
        base.executemany(
            f"INSERT INTO {_q(table)} ({', '.join(map(_q, names))}) "
            f"VALUES ({', '.join('?' * len(names))})", rows)  # fmt: skip

    def _write(self, layer: str, rows: Iterable[Row]) -> None:
        rows = iter(rows)
        while batch := list(islice(rows, BATCH)):
            self.tick()
            self._batch(layer, batch)

    def _batch(self, layer: str, batch: list[Row]) -> None:
        base = self._open()
        if layer not in self._columns:
            self._make(layer)
        make = polygonal_wkb if self._kinds[layer] == "MULTIPOLYGON" else flat
        wkb = [make(row.wkb) for row in batch]
        for row, shape in zip(batch, wkb):
            if shape is None:
                self.left_out(row.source_layer, "geometry")
        batch = [row for row, shape in zip(batch, wkb) if shape is not None]
        shapes = [shape for shape in wkb if shape is not None]
        if not batch:
            return
        names: list[str] = []
        for fields in {tuple(row.fields): row.fields for row in batch}.values():
            names += [n for n in fields if n not in names]
        for name in names:
            if name not in self._columns[layer]:
                sample = next((r.fields[name] for r in batch
                               if r.fields.get(name) is not None), None)  # fmt: skip
                if sample is None and name not in _TYPES:
                    continue
                self._column(layer, name, sample)
        names = [n for n in names if n in self._columns[layer]]
        made, bounds, _ = blobs(shapes, _stay, self._srs_id)
        columns = ["geom", *_FIXED, *names]
        base.executemany(
            f"INSERT INTO {_q(layer)} ({', '.join(map(_q, columns))}) "
            f"VALUES ({', '.join('?' * len(columns))})",
            ((blob, row.function, row.source_layer, row.source_id,
              *[_plain(row.fields.get(n)) for n in names])
             for blob, row in zip(made, batch)))  # fmt: skip
        self._grow(layer, bounds)
        self._count(layer, batch, shapes)

    def _count(self, layer: str, batch: list[Row], wkb: list[bytes]) -> None:
        out = self.outcome
        if layer not in _KINDS:
            out.others[layer] += len(batch)
            return
        out.features += len(batch)
        out.count.update(row.function or "" for row in batch)
        if layer == SURFACES:
            for row, area in zip(batch, Polygons.from_wkb(wkb).area().tolist()):
                out.area[row.function or ""] += area
                out.by_layer[row.source_layer] += area

    def _grow(self, layer: str, bounds: tuple[float, float, float, float] | None) -> None:
        if bounds is not None:
            a, b = self._bounds.get(layer, bounds), bounds
            self._bounds[layer] = (min(a[0], b[0]), min(a[1], b[1]),
                                   max(a[2], b[2]), max(a[3], b[3]))  # fmt: skip

    def _make(self, layer: str) -> None:
        base = self._open()
        base.execute(f"CREATE TABLE {_q(layer)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "
                     f"geom {self._kinds[layer]})")  # fmt: skip
        base.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
                     "VALUES (?, 'features', ?, ?)", (layer, layer, self._srs_id))  # fmt: skip
        base.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)",
                     (layer, self._kinds[layer], self._srs_id))  # fmt: skip
        self._columns[layer] = {}
        for name in _FIXED:
            self._column(layer, name, "")

    def _column(self, layer: str, name: str, sample: Any) -> None:
        sample = _plain(sample)
        kind = _TYPES.get(name) or {bool: "BOOLEAN", int: "INTEGER", float: "DOUBLE"}.get(
            type(sample), "TEXT")  # fmt: skip
        self._open().execute(f"ALTER TABLE {_q(layer)} ADD COLUMN {_q(name)} {kind}")
        self._columns[layer][name] = kind

    def _open(self) -> sqlite3.Connection:
        if self._base is None:
            raise ValueError("the package is not open")
        return self._base

    # ------------------------------------------------------------------ the end
    def commit(self) -> Outcome:
        """Write the tables, index, and put the file in its place. Raises DgoError where nothing
        was imported at all, or the file is in use."""
        base, out = self._open(), self.outcome
        if not out.features and not sum(out.others.values()):
            raise DgoError("errors.import.nothing")
        self.attributes("unmapped", ("layer", "field", "value", "count"),
                        ((*key, n) for key, n in sorted(out.unmapped.items())))  # fmt: skip
        moment = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        self.about("imported", moment)
        self.attributes("about", ("key", "value"), self._about.items())
        for layer, (x0, y0, x1, y1) in self._bounds.items():
            base.execute("UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? "
                         "WHERE table_name = ?", (x0, y0, x1, y1, layer))  # fmt: skip
        base.execute("COMMIT")
        self.tick()
        base.close()
        with quiet():
            data = ogr.Open(str(self.part), 1)
            for layer in self._kinds:
                if layer in self._columns:
                    self.tick()
                    done = data.ExecuteSQL(f"SELECT CreateSpatialIndex('{layer}', 'geom')")
                    if done is not None:
                        data.ReleaseResultSet(done)
            del data
        self.tick()
        try:
            os.replace(self.part, self.path)
        except OSError as error:
            raise self._no_write(error) from error
        self._base = None
        return out


def _stay(xy: np.ndarray) -> np.ndarray:
    return xy


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(value: Any) -> Any:
    """What SQLite stores: NumPy's numbers as Python's, NaN as NULL (SQLite does that itself)."""
    if type(value) in _PLAIN:
        return value
    return value.item() if isinstance(value, np.generic) else str(value)
