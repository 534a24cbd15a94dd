"""Well-known binary: reading, flattening and moving geometries."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from osgeo import ogr

POINT = 21  # bytes of a point
_RING = 13  # bytes before the coordinates of a polygon of one ring
_FEW = 12  # geometries that are read one by one sooner than all at once


def geometry_from_wkb(wkb: bytes) -> ogr.Geometry:
    """OGR geometry of WKB, flattened to two dimensions and without arcs. Raises ValueError."""
    try:
        geometry = ogr.CreateGeometryFromWkb(bytes(wkb))
    except RuntimeError:  # GDAL raises or gives None, as whoever shares the process has set it
        geometry = None
    if geometry is None:
        raise ValueError("not a geometry")
    if geometry.HasCurveGeometry(True):
        geometry = geometry.GetLinearGeometry()
    geometry.FlattenTo2D()
    return geometry


def polygonal(geometry: ogr.Geometry | None) -> ogr.Geometry:
    """The polygonal part of any geometry, as polygon or multipolygon (empty where none)."""
    result = ogr.Geometry(ogr.wkbMultiPolygon)
    if geometry is None or geometry.IsEmpty():
        return result
    kind = ogr.GT_Flatten(geometry.GetGeometryType())
    if kind in (ogr.wkbPolygon, ogr.wkbMultiPolygon):
        return geometry
    if geometry.GetGeometryCount() and kind not in (ogr.wkbMultiPoint, ogr.wkbMultiLineString):
        for index in range(geometry.GetGeometryCount()):
            part = polygonal(geometry.GetGeometryRef(index))
            if ogr.GT_Flatten(part.GetGeometryType()) == ogr.wkbPolygon:
                result.AddGeometry(part)
            else:
                for inner in range(part.GetGeometryCount()):
                    result.AddGeometry(part.GetGeometryRef(inner))
    return result


def made_valid(geometry: ogr.Geometry) -> ogr.Geometry | None:
    """A valid copy; None where nothing can be made of it, whether GDAL raises or not."""
    try:
        return geometry.MakeValid()
    except RuntimeError:
        return None


def moved_wkb(wkb: bytes, origin: tuple[float, float]) -> bytes:
    """Any geometry flattened to plain little-endian 2D WKB, minus ``origin``."""
    if len(wkb) == POINT and bytes(wkb[:5]) == b"\x01\x01\0\0\0":  # most that stands is a point
        x, y = struct.unpack_from("<dd", wkb, 5)
        return struct.pack("<BIdd", 1, 1, x - origin[0], y - origin[1])
    plain = bytearray(geometry_from_wkb(wkb).ExportToWkb(ogr.wkbNDR))

    def points(at: int, count: int) -> int:
        end = at + 16 * count
        plain[at:end] = (np.frombuffer(plain, "<f8", 2 * count, at).reshape(-1, 2)
                         - np.asarray(origin)).astype("<f8").tobytes()  # fmt: skip
        return end

    def walk(at: int) -> int:
        (kind,) = struct.unpack_from("<I", plain, at + 1)
        at += 5
        if kind == 1:
            return points(at, 1)
        (count,) = struct.unpack_from("<I", plain, at)
        at += 4
        if kind == 2:
            return points(at, count)
        for _ in range(count):
            if kind == 3:
                (size,) = struct.unpack_from("<I", plain, at)
                at = points(at + 4, size)
            else:
                at = walk(at)
        return at

    walk(0)
    return bytes(plain)


def polygon_parts(wkb: bytes) -> list[list[np.ndarray]]:
    """Parts of rings of (n, 2) coordinates, of plain little-endian 2D polygon WKB."""
    if wkb[0] == 1:
        (kind,) = struct.unpack_from("<I", wkb, 1)
        if kind == 3:
            return [_polygon_rings(wkb, 5)[0]]
        if kind == 6:
            (count,) = struct.unpack_from("<I", wkb, 5)
            parts, at = [], 9
            for _ in range(count):
                rings, at = _polygon_rings(wkb, at + 5)
                parts.append(rings)
            return parts
    geometry = polygonal(geometry_from_wkb(wkb))
    if geometry.IsEmpty():
        return []
    return polygon_parts(bytes(geometry.ExportToWkb(ogr.wkbNDR)))


def rings_of(wkb: Sequence[bytes | None]) -> tuple[np.ndarray, ...]:
    """The rings of polygons: points (v, 2), (r + 1,) where each ring begins, (r,) the part that it
    belongs to and (p,) the feature of each part. What is not polygonal has none."""
    rows = [row for row, data in enumerate(wkb) if data is not None]
    given = [data for data in wkb if data is not None]
    if len(given) > _FEW:
        plain, xy, ends = _one_ring_each(given)
    else:
        plain, xy, ends = np.zeros(len(given), bool), np.zeros((0, 2)), np.zeros(1, np.int64)
    if len(given) and plain.all():  # nearly every layer: one ring per feature
        return xy, ends, np.arange(len(rows)), np.array(rows, np.int64)
    rings: list[np.ndarray] = []
    ring_part: list[int] = []
    part_feature: list[int] = []
    nth, limits = 0, ends.tolist()
    for row, data, alone in zip(rows, given, plain.tolist()):
        if alone:
            parts = [[xy[limits[nth] : limits[nth + 1]]]]
            nth += 1
        else:
            parts = polygon_parts(data)
        for part in parts:
            if not part:
                continue
            for ring in part:
                rings.append(ring)
                ring_part.append(len(part_feature))
            part_feature.append(row)
    start = np.zeros(len(rings) + 1, np.int64)
    np.fromiter(map(len, rings), np.int64, len(rings)).cumsum(out=start[1:])
    return (np.concatenate(rings) if rings else np.zeros((0, 2)), start,
            np.asarray(ring_part, np.int64), np.asarray(part_feature, np.int64))


def _one_ring_each(wkb: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of many WKB: (n,) whether each is a plain little-endian 2D polygon of one ring of four points
    or more; the points (v, 2) of those, and (k + 1,) where the ring of each begins."""
    size = np.fromiter(map(len, wkb), np.int64, len(wkb))
    first = np.cumsum(size) - size
    data = np.frombuffer(b"".join(wkb), np.uint8)
    plain = size >= _RING + 4 * 16
    at = np.flatnonzero(plain)
    head = data[first[at][:, None] + np.arange(_RING)]
    points = head[:, 9:].copy().view("<u4")[:, 0].astype(np.int64)
    same = (head[:, :9] == np.frombuffer(struct.pack("<BII", 1, 3, 1), np.uint8)).all(axis=1)
    plain[at] = same & (points >= 4) & (size[at] == _RING + 16 * points)
    rest = np.repeat(plain, size)  # the bytes of coordinates
    heads = (first[plain][:, None] + np.arange(_RING)).ravel()
    rest[heads] = False
    xy = data[rest].view("<f8").reshape(-1, 2)
    ends = np.concatenate([[0], np.cumsum((size[plain] - _RING) // 16)]).astype(np.int64)
    return plain, xy, ends


def _polygon_rings(wkb: bytes, at: int) -> tuple[list[np.ndarray], int]:
    (count,) = struct.unpack_from("<I", wkb, at)
    at += 4
    rings = []
    for _ in range(count):
        (points,) = struct.unpack_from("<I", wkb, at)
        at += 4
        rings.append(np.frombuffer(wkb, "<f8", 2 * points, at).reshape(points, 2))
        at += 16 * points
    return [r for r in rings if len(r) >= 4], at


def dimension(wkb: bytes | None) -> int:
    """0 point, 1 line, 2 surface, -1 none or a collection without surfaces."""
    if wkb is None or len(wkb) < 5:
        return -1
    kind = int.from_bytes(wkb[1:5] if wkb[0] == 1 else wkb[4:0:-1], "little") & 0x0FFFFFFF
    kind %= 1000
    if kind in (1, 4):
        return 0
    if kind in (2, 5, 8, 9, 11):
        return 1
    return 2 if kind in (3, 6, 7, 10, 12, 15, 16, 17) else -1
