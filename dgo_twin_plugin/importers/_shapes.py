"""Geometry of other people's files: flat and without arcs.

Arcs become the chords that OGR makes of them (steps of at most 4 degrees, through the points given,
the same from either side). NLExtract, QGIS and GDAL's own readers do the same, so that areas agree
with everybody's to a thousandth of a square metre; finer chords would be truer by some 0.01 % of
a road's verge and agree with nobody.
"""

from __future__ import annotations

from osgeo import ogr

from ..engine.wkb import geometry_from_wkb, polygonal

_POLYGON = (b"\x01\x03\x00\x00\x00", b"\x01\x06\x00\x00\x00")
_FLAT = (b"\x01\x01\x00\x00\x00", b"\x01\x02\x00\x00\x00", b"\x01\x05\x00\x00\x00")
linear = geometry_from_wkb  # 2D, arcs as chords; ValueError where it is no geometry


def polygonal_wkb(wkb: bytes | None) -> bytes | None:
    """Plain 2D (multi)polygon WKB; None where there is nothing polygonal in it."""
    if wkb is None or len(wkb) < 9:
        return None
    if wkb[:5] in _POLYGON:
        return wkb if wkb[5:9] != b"\0\0\0\0" else None
    try:
        shape = polygonal(linear(wkb))
    except (ValueError, RuntimeError):
        return None
    return None if shape.IsEmpty() else bytes(shape.ExportToWkb(ogr.wkbNDR))


def flat(wkb: bytes | None) -> bytes | None:
    """Plain 2D WKB without arcs; None where empty or unreadable."""
    if wkb is None or len(wkb) < 9:
        return None
    if wkb[:5] in _FLAT:
        return wkb
    try:
        shape = linear(wkb)
    except (ValueError, RuntimeError):
        return None
    return None if shape.IsEmpty() else bytes(shape.ExportToWkb(ogr.wkbNDR))


def arc(a: tuple[float, ...], b: tuple[float, ...],
        c: tuple[float, ...]) -> list[tuple[float, float]]:  # fmt: skip
    """The arc from a by b to c as points on it, both ends included; a whole circle where a = c."""
    curve = ogr.Geometry(ogr.wkbCircularString)
    for point in (a, b, c):
        curve.AddPoint_2D(point[0], point[1])
    points: list[tuple[float, float]] = curve.GetLinearGeometry().GetPoints(2)
    # the ends as they were given, so that rings close and neighbours meet
    return [(a[0], a[1]), *[(p[0], p[1]) for p in points[1:-1]], (c[0], c[1])]
