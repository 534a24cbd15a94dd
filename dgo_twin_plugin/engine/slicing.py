"""Cutting a polygon into parts of exact area by straight cuts along an axis.

The area to the left of a line is worked out from the boundary itself, so the place of a cut is
found without GEOS; GEOS only makes the two halves. Deterministic: the same polygon gives the same
parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from osgeo import ogr

from .clean import quiet
from .geometry import Polygons, polygonal
from .pulse import beat

_STEPS, _PARTS = 60, 32


def box(x0: float, y0: float, x1: float, y1: float) -> ogr.Geometry:
    """A rectangle."""
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)):
        ring.AddPoint_2D(x, y)
    made = ogr.Geometry(ogr.wkbPolygon)
    made.AddGeometry(ring)
    return made


def area_below(geometry: ogr.Geometry, axis: int, at: float | np.ndarray) -> np.ndarray:
    """(m,) m2 of a polygon where coordinate ``axis`` (0 = x, 1 = y) is less than ``at``."""
    return _below(_edges(geometry, axis), axis, at)


def _edges(geometry: ogr.Geometry, axis: int) -> np.ndarray:
    """(4, k) u0, v0, u1, v1 of the boundary, u along the axis."""
    s = Polygons.from_geometries([geometry]).segments
    ends = np.array([s.x0, s.y0, s.x1, s.y1])
    return ends if axis == 0 else ends[[1, 0, 3, 2]]


def _below(edges: np.ndarray, axis: int, at: float | np.ndarray) -> np.ndarray:
    u0, v0, u1, v1 = edges
    limit = np.atleast_1d(np.asarray(at, float))[:, None]
    a, b = np.minimum(u0, limit), np.minimum(u1, limit)
    run = u1 - u0
    # an edge as steep as this spans no area
    slope = np.divide(v1 - v0, run, out=np.zeros(len(run)), where=np.abs(run) > 1e-12)
    # boundary integral of v du, edge by edge, as far as it lies below the limit
    part = (b - a) * (v0 + slope * (0.5 * (a + b) - u0))
    # where the limit cuts the polygon, the chords along it have du = 0 and add nothing
    total = part.sum(axis=1)
    result: np.ndarray = total if axis == 1 else -total
    return result


def split(geometry: ogr.Geometry, share: float,
          axis: int | None = None) -> tuple[ogr.Geometry, ogr.Geometry]:  # fmt: skip
    """Two parts, the first with ``share`` (0-1) of the area, by a cut across ``axis`` (the longer
    side of the box where None). A share of 0 or 1 leaves one part empty."""
    empty = ogr.Geometry(ogr.wkbMultiPolygon)
    x0, x1, y0, y1 = geometry.GetEnvelope()
    if geometry.IsEmpty() or share >= 1.0:
        return geometry.Clone(), empty
    if share <= 0.0:
        return empty, geometry.Clone()
    if axis is None:
        axis = 0 if x1 - x0 >= y1 - y0 else 1
    low, high = (x0, x1) if axis == 0 else (y0, y1)
    wanted = share * geometry.GetArea()
    at = _place(geometry, axis, low, high, wanted)
    if axis == 0:
        boxes = box(x0 - 1, y0 - 1, at, y1 + 1), box(at, y0 - 1, x1 + 1, y1 + 1)
    else:
        boxes = box(x0 - 1, y0 - 1, x1 + 1, at), box(x0 - 1, at, x1 + 1, y1 + 1)
    with quiet():
        first, second = (geometry.Intersection(b) for b in boxes)
        if first is None or second is None:  # GEOS gave up: a hair settles it
            sound = geometry.Buffer(0)
            first, second = (sound.Intersection(b) for b in boxes)
    return polygonal(first), polygonal(second)


def _place(geometry: ogr.Geometry, axis: int, low: float, high: float, wanted: float) -> float:
    """Where the cut must lie: the interval is divided again and again."""
    edges = _edges(geometry, axis)
    beat()
    for _ in range(_STEPS):
        at = np.linspace(low, high, _PARTS + 1)
        below = _below(edges, axis, at)
        k = int(np.clip(np.searchsorted(below, wanted) - 1, 0, _PARTS - 1))
        if high - low <= 1e-12 * max(1.0, abs(high)):
            break
        low, high = float(at[k]), float(at[k + 1])
    return 0.5 * (low + high)


def cells(geometry: ogr.Geometry, n: int) -> list[ogr.Geometry]:
    """``n`` parts of equal area, by halving along the longer side again and again."""
    if n <= 1 or geometry.IsEmpty():
        return [geometry.Clone()]
    first = n // 2
    a, b = split(geometry, first / n)
    return cells(a, first) + cells(b, n - first)


def strips(geometry: ogr.Geometry, shares: Sequence[float],
           axis: int | None = None) -> list[ogr.Geometry]:  # fmt: skip
    """Parallel strips with these shares of the area (they sum to 1), in their order. A share of
    zero gives an empty strip."""
    x0, x1, y0, y1 = geometry.GetEnvelope()
    if axis is None:
        axis = 0 if x1 - x0 >= y1 - y0 else 1
    found: list[ogr.Geometry] = []
    rest, left = geometry, float(sum(shares))
    for k, share in enumerate(shares):
        last = not any(s > 0 for s in shares[k + 1 :])
        part, rest = split(rest, 1.0 if last and share > 0 else share / left if left > 0 else 0.0,
                           axis)  # fmt: skip
        found.append(part)
        left -= share
    return found
