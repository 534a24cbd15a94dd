"""Registrations as chunks of raw features: from GeoPackage and the like, and from GML and zips.

A chunk holds features of one layer with plain 2D WKB, and those columns that were asked for, under
the names asked for: names are compared without case, underscores, hyphens and points, so that
``plus-fysiekVoorkomen``, ``plus_fysiekvoorkomen`` and ``plus_fysiek_voorkomen`` are one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
from osgeo import gdal, ogr, osr

from ..engine.clean import quiet
from ..engine.geometry import Polygons
from ..engine.wkb import dimension
from ..engine.words import DgoError
from . import _gml
from ._archive import Archive, head, is_zip, looks_like_html, open_archive, read_root
from ._package import Request, reference
from ._shapes import linear

CHUNK = 5_000  # features handed on at once
XML = (".gml", ".xml", ".citygml")
TABLES = (".gpkg", ".sqlite", ".db", ".geojson", ".json", ".shp", ".fgb")
FILES = (*TABLES, *XML, ".zip")
_DRIVERS = ["GPKG", "SQLite", "GeoJSON", "ESRI Shapefile", "FlatGeobuf"]
Box = tuple[float, float, float, float]


@dataclass
class Chunk:
    """Features of one layer, in the CRS asked for."""

    layer: str  # as :meth:`Wanted.layer` calls it
    wkb: list[bytes | None] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)  # every name asked for
    fid: list[Any] = field(default_factory=list)  # of the source; where it has no id of its own

    def __len__(self) -> int:
        return len(self.wkb)


class Wanted:
    """What an importer wants to know. Subclasses say it per source."""

    def layer(self, name: str) -> str | None:
        """The importer's own name of a layer or element; None: not wanted, told as unknown."""
        raise NotImplementedError

    def guess(self, name: str, have: Mapping[str, str]) -> str | None:
        """As :meth:`layer`, of a table whose name says nothing, by its columns."""
        return None

    def skip(self, layer: str) -> bool:
        """Whether a layer that is known is not wanted this time."""
        return False

    def columns(self, layer: str) -> list[str]:
        """Names of the columns to read."""
        raise NotImplementedError

    def filters(self, layer: str, have: Mapping[str, str]) -> list[tuple[str, str]]:
        """(reason, SQL) per kind of rows that stay out; ``have``: fold of column -> column."""
        return []

    def unknown(self, layer: str, count: int) -> None:
        """A layer that is not wanted holds so many features."""

    def left_out(self, layer: str, reason: str, count: int) -> None:
        """Rows that stayed out at the source."""


def fold(name: str) -> str:
    """A column's name to compare by."""
    return name.lower().replace("_", "").replace("-", "").replace(".", "")


def read(request: Request, wanted: Wanted, srs: osr.SpatialReference) -> Iterator[Chunk]:
    """All chunks of the files of a request. Raises DgoError on files that cannot be trusted or
    read, and where there is more than the request allows."""
    files = request.files(*FILES)
    box = request.box(srs)
    share = 1.0 / len(files)
    count = 0
    for index, path in enumerate(files):

        def progress(done: float, index: int = index) -> None:
            request.progress((index + min(1.0, done)) * share)

        for chunk in _one(path, request, wanted, srs, box, progress):
            count += len(chunk)
            request.too_many(count)
            yield chunk
        progress(1.0)


def _one(path: Path, request: Request, wanted: Wanted, srs: osr.SpatialReference,
         box: Box | None, progress: Callable[[float], None]) -> Iterator[Chunk]:  # fmt: skip
    start = head(path)
    if looks_like_html(start):
        raise DgoError("errors.import.html", path=str(path))
    if not start.strip():
        raise DgoError("errors.import.unreadable", path=str(path), why="0 bytes")
    if is_zip(path) or path.suffix.lower() == ".zip":
        with open_archive(path) as archive:
            yield from _zipped(archive, request, wanted, srs, box, progress)
    elif path.suffix.lower() in XML or start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        size = max(1, path.stat().st_size)

        @contextmanager
        def opened() -> Iterator[IO[bytes]]:
            with path.open("rb") as stream:
                yield stream

        yield from _xml(opened, path.name, size, request, wanted, srs, box, progress)
    else:
        yield from _table(path, request, wanted, srs, progress)


def _zipped(archive: Archive, request: Request, wanted: Wanted, srs: osr.SpatialReference,
            box: Box | None, progress: Callable[[float], None]) -> Iterator[Chunk]:  # fmt: skip
    names = archive.names(*XML)
    tables = [] if names else archive.names(*TABLES)
    if not names and not tables:
        raise DgoError("errors.import.zip_empty", path=str(archive.path), suffixes=", ".join(FILES))
    whole = max(1, sum(archive.size(name) for name in names or tables))
    done = 0
    for name in names:
        size = archive.size(name)

        def part(share: float, done: int = done, size: int = size) -> None:
            progress((done + share * size) / whole)

        def opened(name: str = name) -> Any:
            return archive.open(name)

        yield from _xml(opened, PurePosixPath(name).name, size, request, wanted, srs, box, part)
        done += size
    if tables:
        import tempfile

        # SQLite cannot read from a stream
        with tempfile.TemporaryDirectory(prefix="dgo-import-") as folder:
            for name in tables:
                path = archive.extract(name, Path(folder), request.tick)
                yield from _table(path, request, wanted, srs, progress)


# ---------------------------------------------------------------------------- GML
def _xml(opened: Callable[[], Any], name: str, size: int, request: Request, wanted: Wanted,
         srs: osr.SpatialReference, box: Box | None,
         progress: Callable[[float], None]) -> Iterator[Chunk]:  # fmt: skip
    with opened() as stream:
        read_root(stream, name)
    read_bytes = 0

    def told(count: int) -> None:
        nonlocal read_bytes
        read_bytes += count
        progress(read_bytes / size)

    waiting: dict[str, _Filling] = {}
    plane = _PlaneOfGml(srs, name)
    with opened() as stream:
        for element in _gml.objects(stream, name, request.tick, told):
            word = _gml.local(element.tag)
            filling = waiting.get(word)
            if filling is None:
                layer = wanted.layer(word)
                if layer is None:
                    if not _gml.is_gml(element):
                        wanted.unknown(word, 1)
                    continue
                filling = waiting[word] = _Filling(layer, wanted.columns(layer))
                filling.skip = wanted.skip(layer)
            if filling.skip:
                continue
            filling.take(element, plane)
            if len(filling.chunk) >= CHUNK:
                yield from _inside(filling.out(), plane, box, wanted)
    for filling in waiting.values():
        yield from _inside(filling.out(), plane, box, wanted)


class _Filling:
    """A chunk that is being filled from GML objects of one name."""

    def __init__(self, layer: str, columns: list[str]) -> None:
        self.layer, self.names, self.skip = layer, columns, False
        self.by_fold: dict[str, list[str]] = {}
        for column in columns:
            self.by_fold.setdefault(fold(column), []).append(column)
        self.role: dict[str, str | None] = {}  # tag -> fold of a wanted column, else None
        self.chunk = Chunk(layer, columns={n: [] for n in columns})

    def out(self) -> Chunk:
        full, self.chunk = self.chunk, Chunk(self.layer, columns={n: [] for n in self.names})
        return full

    def take(self, element: Any, plane: _PlaneOfGml) -> None:
        found: dict[str, Any] = {}
        shape = second = None
        for child in element:
            tag = child.tag
            role = self.role.get(tag, "")
            if role == "":
                role = self.role[tag] = self._role(tag)
            if len(child):
                if _gml.is_gml(child[0]):
                    word = _gml.local(tag).lower()
                    if word.startswith(("geom", "the_geom", "shape", "wkb_geom")):
                        shape = child[0] if shape is None else shape
                    elif word not in ("boundedby", "plaatsingspunt") and "kruinlijn" not in word:
                        second = child[0] if second is None else second
                    continue
                for leaf in child.iter():  # identificatie / NEN3610ID / lokaalID
                    if leaf.text and not len(leaf):
                        inner = self._role(leaf.tag)
                        if inner is not None and leaf.text.strip():
                            _more(found, inner, leaf.text.strip())
            elif role is not None and child.text:
                _more(found, role, child.text.strip() or None)
            elif role is not None:
                for word, value in child.attrib.items():  # a reference: <x:ligtAan xlink:href=>
                    if word.endswith("}href"):
                        _more(found, role, value.rpartition("#")[2])
        shape = second if shape is None else shape
        self.chunk.wkb.append(None if shape is None else plane.wkb(shape))
        self.chunk.fid.append(
            element.get("{http://www.opengis.net/gml}id")
            or element.get("{http://www.opengis.net/gml/3.2}id")
            or ""
        )
        for name, column in self.chunk.columns.items():
            column.append(found.get(fold(name)))

    def _role(self, tag: str) -> str | None:
        word = _gml.local(tag)
        folded = fold(word)
        if folded not in self.by_fold:
            folded = fold(word.rpartition(".")[2])  # identificatie.lokaalID of GML-light
        return folded if folded in self.by_fold else None


def _more(found: dict[str, Any], name: str, value: Any) -> None:
    """A second value of the same name is added after a comma: several uses of one object."""
    found[name] = value if found.get(name) is None else f"{found[name]},{value}"


class _PlaneOfGml:
    """From the CRS that a file names to the one asked for; without a name it is the latter."""

    def __init__(self, srs: osr.SpatialReference, name: str) -> None:
        self.srs, self.name = srs, name
        self.known: dict[str, tuple[bool, Any]] = {}
        self.asked = False
        self.swap, self.way = False, None

    def wkb(self, shape: Any) -> bytes | None:
        word = shape.get("srsName")
        if word is None and not self.asked:
            word = _gml.srs_name(shape)
        if word is not None and word not in self.known:
            self.known[word] = self._learn(word)
        if word is not None:
            self.asked = True
            self.swap, self.way = self.known[word]
        made = _gml.wkb_of(shape, self.swap)
        return made if made is None or self.way is None else _moved(made, self.way)

    def _learn(self, word: str) -> tuple[bool, Any]:
        own = reference(word)
        northing = bool(own.EPSGTreatsAsLatLong()) or bool(own.EPSGTreatsAsNorthingEasting())
        # the short form "EPSG:4326" stands for x, y in practice; the URN for the official order
        swap = northing and not word.upper().startswith("EPSG:")
        return swap, way(own, self.srs)


def way(own: osr.SpatialReference, srs: osr.SpatialReference) -> Any:
    """The transformation between two systems; None where they are the same."""
    code = own.GetAuthorityCode(None)
    if own.IsSame(srs) or (code is not None and code == srs.GetAuthorityCode(None)):
        return None
    return osr.CoordinateTransformation(own, srs)


def _moved(wkb: bytes, transform: Any) -> bytes | None:
    geometry = linear(wkb)
    with quiet():
        try:
            if geometry.Transform(transform) != 0:
                return None
        except RuntimeError:
            return None
    made = bytes(geometry.ExportToWkb(ogr.wkbNDR))
    return None if "inf" in geometry.ExportToWkt() else made


def _inside(chunk: Chunk, plane: Any, box: Box | None, wanted: Wanted) -> Iterator[Chunk]:
    """What meets the box; nothing is yielded where that is nothing."""
    if box is not None and len(chunk):
        boxes = bounds(chunk.wkb)
        keep = ((boxes[:, 0] <= box[2]) & (boxes[:, 2] >= box[0])
                & (boxes[:, 1] <= box[3]) & (boxes[:, 3] >= box[1]))  # fmt: skip
        keep |= np.isnan(boxes[:, 0])
        wanted.left_out(chunk.layer, "outside", int((~keep).sum()))
        chunk = taken(chunk, np.flatnonzero(keep))
    if len(chunk):
        yield chunk


def taken(chunk: Chunk, rows: Iterable[int]) -> Chunk:
    """The features of these rows."""
    rows = [int(r) for r in rows]
    return Chunk(chunk.layer, [chunk.wkb[r] for r in rows],
                 {n: [c[r] for r in rows] for n, c in chunk.columns.items()},
                 [chunk.fid[r] for r in rows])  # fmt: skip


def bounds(wkb: list[bytes | None]) -> np.ndarray:
    """(n, 4) xmin, ymin, xmax, ymax of plain 2D WKB; NaN where there is none (an object without
    geometry, such as an address without its point, is for the importer to judge)."""
    found = np.full((len(wkb), 4), np.nan)
    flat = [w if dimension(w) == 2 else None for w in wkb]
    polygons = Polygons.from_wkb(flat).bounds()
    for row, data in enumerate(wkb):
        if data is None:
            continue
        if flat[row] is not None:
            found[row] = polygons[row]
        elif data[1] == 1:
            x, y = struct.unpack_from("<2d", data, 5)
            found[row] = x, y, x, y
        else:
            x0, x1, y0, y1 = linear(data).GetEnvelope()
            found[row] = x0, y0, x1, y1
    return found


# ---------------------------------------------------------------------------- tables
def _table(path: Path, request: Request, wanted: Wanted, srs: osr.SpatialReference,
           progress: Callable[[float], None]) -> Iterator[Chunk]:  # fmt: skip
    whole_sqlite(path)
    with quiet():
        try:
            data = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_READONLY, _DRIVERS)
            why = gdal.GetLastErrorMsg()
        except RuntimeError as error:
            data, why = None, str(error)
    if data is None:
        raise DgoError("errors.import.unreadable", path=str(path), why=why or path.suffix)
    layers = [data.GetLayer(i) for i in range(data.GetLayerCount())]
    for index, layer in enumerate(layers):
        name = wanted.layer(layer.GetName())
        if name is None and len(layers) == 1:
            name = wanted.layer(path.stem)
        if name is None:
            name = wanted.guess(layer.GetName(), _have(layer))
        if name is None:
            wanted.unknown(layer.GetName(), max(0, layer.GetFeatureCount()))
            continue
        if wanted.skip(name):
            continue

        def part(done: float, index: int = index) -> None:
            progress((index + done) / len(layers))

        yield from _layer(path, layer, name, request, wanted, srs, part)


def _fields(layer: Any) -> list[str]:
    definition = layer.GetLayerDefn()
    return [definition.GetFieldDefn(i).GetName() for i in range(definition.GetFieldCount())]


def _have(layer: Any) -> dict[str, str]:
    """Fold of a column's name -> the column; of two alike the first."""
    return {fold(name): name for name in reversed(_fields(layer))}


def _layer(
    path: Path,
    layer: Any,
    name: str,
    request: Request,
    wanted: Wanted,
    srs: osr.SpatialReference,
    progress: Callable[[float], None],
) -> Iterator[Chunk]:
    have = _have(layer)
    fields = _fields(layer)
    names = wanted.columns(name)
    index = {n: fields.index(have[fold(n)]) for n in names if fold(n) in have}
    own = layer.GetSpatialRef() or srs
    own = own.Clone()
    own.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    transform = way(own, srs)
    with quiet():
        gdal.ErrorReset()
        try:
            layer.SetAttributeFilter(None)
            box = request.box(own)
            if box is not None:
                everything = layer.GetFeatureCount()
                layer.SetSpatialFilterRect(*box)
                wanted.left_out(name, "outside", everything - layer.GetFeatureCount())
            total = layer.GetFeatureCount()
            clauses: list[str] = []
            for reason, clause in wanted.filters(name, have):
                clauses.append(f"NOT ({clause})")
                layer.SetAttributeFilter(" AND ".join(clauses))
                left = layer.GetFeatureCount()
                wanted.left_out(name, reason, total - left)
                total = left
            request.too_many(total)
            layer.SetIgnoredFields(
                [f for f in fields if fields.index(f) not in set(index.values())]
            )
        except RuntimeError as error:
            raise _damaged(path, error) from error
        if gdal.GetLastErrorType() >= gdal.CE_Failure:
            raise _damaged(path, gdal.GetLastErrorMsg())
        layer.ResetReading()
        chunk = Chunk(name, columns={n: [] for n in names})
        done = 0
        while True:
            try:
                feature = layer.GetNextFeature()
            except RuntimeError as error:
                raise _damaged(path, error) from error
            if feature is None:
                break
            shape = feature.GetGeometryRef()
            wkb: bytes | None = None
            if shape is not None and not shape.IsEmpty():
                wkb = bytes(shape.ExportToIsoWkb(ogr.wkbNDR))
                if wkb[1:5] not in _SIMPLE:
                    wkb = _straight(wkb)
                if transform is not None and wkb is not None:
                    wkb = _moved(wkb, transform)
            chunk.wkb.append(wkb)
            chunk.fid.append(feature.GetFID())
            for n, column in chunk.columns.items():
                at = index.get(n)
                column.append(None if at is None else feature.GetField(at))
            if len(chunk) >= CHUNK:
                request.tick()
                done += len(chunk)
                progress(done / max(1, total))
                yield chunk
                chunk = Chunk(name, columns={n: [] for n in names})
        if gdal.GetLastErrorType() >= gdal.CE_Failure:
            raise _damaged(path, gdal.GetLastErrorMsg())
    if len(chunk):
        yield chunk


_SIMPLE = {struct.pack("<I", k) for k in (1, 2, 3, 4, 5, 6)}


def _straight(wkb: bytes) -> bytes | None:
    """Two dimensions and no arcs; None where OGR cannot make that of it."""
    try:
        return bytes(linear(wkb).ExportToWkb(ogr.wkbNDR))
    except (ValueError, RuntimeError):
        return None


def _damaged(path: Path, why: object) -> DgoError:
    return DgoError("errors.import.unreadable", path=str(path), why=str(why).strip())


def whole_sqlite(path: Path) -> None:
    """Raises DgoError where a GeoPackage or SQLite file is shorter than its own header says."""
    start = head(path, 100)
    if len(start) < 100 or start[:16] != b"SQLite format 3\0":
        return
    (page,) = struct.unpack_from(">H", start, 16)
    changed, pages = struct.unpack_from(">II", start, 24)
    (valid_for,) = struct.unpack_from(">I", start, 92)
    if changed == valid_for and path.stat().st_size < pages * (65536 if page == 1 else page):
        raise DgoError("errors.import.sqlite_half", path=str(path))
