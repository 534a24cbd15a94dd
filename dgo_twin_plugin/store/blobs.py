"""GeoPackage geometries from WKB, moved to world coordinates, for many features at once.

Layout of the blob: OGC 12-128, "GeoPackageBinary": 'GP', version, flags, srs_id, envelope
(min x, max x, min y, max y), then ISO WKB.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import numpy as np
from osgeo import ogr

from ..engine.pulse import beat

Move = Callable[[np.ndarray], np.ndarray]
Bounds = tuple[float, float, float, float]

_POINT, _LINE, _POLYGON = 1, 2, 3
_MULTI = {_LINE: 5, _POLYGON: 6}  # single lines and polygons are stored as multi
_CLASSES = {1: "POINT", 4: "MULTIPOINT", 5: "MULTILINESTRING", 6: "MULTIPOLYGON"}
_BATCH = 250_000  # points moved at once: bounds memory to some 50 MB


def _runs(wkb: bytes, at: int, found: list[tuple[int, int]]) -> int:
    """Collect (byte offset, number of points) of every run of coordinates; give the end."""
    if wkb[at] != 1:
        raise ValueError("not little-endian")
    kind, count = struct.unpack_from("<II", wkb, at + 1) if len(wkb) >= at + 9 else (0, 0)
    if kind == _POINT:
        found.append((at + 5, 1))
        return at + 21
    at += 9
    if kind == _LINE:
        found.append((at, count))
        return at + 16 * count
    if kind == _POLYGON:
        for _ in range(count):
            (points,) = struct.unpack_from("<I", wkb, at)
            found.append((at + 4, points))
            at += 4 + 16 * points
        return at
    if 4 <= kind <= 7:
        for _ in range(count):
            at = _runs(wkb, at, found)
        return at
    raise ValueError("not a plain two-dimensional geometry")


def _plain(wkb: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """WKB as little-endian 2D without arcs, lines and polygons as multi, and its runs. Without
    any coordinates the list is empty."""
    wkb = bytes(wkb)
    found: list[tuple[int, int]] = []
    try:
        _runs(wkb, 0, found)
    except (ValueError, struct.error, IndexError):
        geometry = ogr.CreateGeometryFromWkb(wkb)
        if geometry is None or geometry.IsEmpty():
            return b"", []
        if geometry.HasCurveGeometry(True):
            geometry = geometry.GetLinearGeometry()
        geometry.FlattenTo2D()
        wkb, found = bytes(geometry.ExportToIsoWkb(ogr.wkbNDR)), []
        _runs(wkb, 0, found)
    kind = wkb[1]
    if kind in _MULTI:
        wkb = struct.pack("<BII", 1, _MULTI[kind], 1) + wkb
        found = [(offset + 9, count) for offset, count in found]
    return wkb, [run for run in found if run[1]]


def blobs(geometries: Sequence[bytes | None], move: Move,
          srs_id: int) -> tuple[list[bytes | None], Bounds | None, set[str]]:  # fmt: skip
    """GeoPackage blobs (None for absent and empty geometries), the bounds over all of them and
    the geometry types met. ``move`` takes and gives (n, 2) float64 coordinates."""
    made: list[bytes | None] = []
    bounds: list[Bounds] = []
    kinds: set[str] = set()
    batch: list[tuple[bytes, list[tuple[int, int]]]] = []
    points = 0

    def flush() -> None:
        nonlocal points
        beat()
        if not any(runs for _, runs in batch):
            made.extend(None for _ in batch)
        else:
            made.extend(_moved(batch, move, srs_id, bounds))
        batch.clear()
        points = 0

    for wkb in geometries:
        plain = _plain(wkb) if wkb else (b"", [])
        if plain[1]:
            kinds.add(_CLASSES.get(plain[0][1], "GEOMETRY"))
        batch.append(plain)
        points += sum(count for _, count in plain[1])
        if points > _BATCH:
            flush()
    flush()
    if not bounds:
        return made, None, kinds
    every = np.array(bounds)
    low, high = every[:, :2].min(axis=0), every[:, 2:].max(axis=0)
    return made, (float(low[0]), float(low[1]), float(high[0]), float(high[1])), kinds


def _moved(batch: list[tuple[bytes, list[tuple[int, int]]]], move: Move, srs_id: int,
           bounds: list[Bounds]) -> list[bytes | None]:  # fmt: skip
    buffer = np.frombuffer(b"".join(wkb for wkb, _ in batch), np.uint8).copy()
    size = np.array([len(wkb) for wkb, _ in batch])
    base = np.concatenate(([0], np.cumsum(size)))
    offset = np.array([base[i] + at for i, (_, runs) in enumerate(batch) for at, _ in runs])
    count = np.array([n for _, runs in batch for _, n in runs])
    per_feature = np.array([sum(n for _, n in runs) for _, runs in batch])
    first = np.concatenate(([0], np.cumsum(count)[:-1]))
    at = np.repeat(offset - 16 * first, count) + 16 * np.arange(count.sum())
    cells = at[:, None] + np.arange(16)
    xy = move(buffer[cells].view("<f8"))
    buffer[cells] = np.ascontiguousarray(xy, "<f8").view(np.uint8)
    data = buffer.tobytes()
    here = per_feature > 0
    starts = (np.cumsum(per_feature) - per_feature)[here]
    box = np.full((len(batch), 4), np.nan)
    box[here, :2] = np.minimum.reduceat(xy, starts)
    box[here, 2:] = np.maximum.reduceat(xy, starts)
    made: list[bytes | None] = []
    for i, (x0, y0, x1, y1) in enumerate(box.tolist()):
        if not here[i]:
            made.append(None)
            continue
        bounds.append((x0, y0, x1, y1))
        wkb = data[base[i]:base[i + 1]]
        if wkb[1] == _POINT:
            made.append(struct.pack("<2sBBi", b"GP", 0, 1, srs_id) + wkb)
        else:
            made.append(struct.pack("<2sBBi4d", b"GP", 0, 3, srs_id, x0, x1, y0, y1) + wkb)
    return made


def wkb_of(blob: bytes | None) -> bytes | None:
    """The WKB inside a GeoPackage blob."""
    if not blob:
        return None
    envelope = (blob[3] >> 1) & 7
    return bytes(blob[8 + {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[envelope]:])
