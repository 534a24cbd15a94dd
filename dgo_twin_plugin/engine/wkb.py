"""Well-known binary: reading, flattening and moving geometries."""

from __future__ import annotations

import struct

import numpy as np
from osgeo import ogr


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
