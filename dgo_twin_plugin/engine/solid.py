"""The union of many polygons that do not overlap, without asking GEOS about its inside."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .counts import ranges
from .geometry import Polygons
from .joints import jointed
from .overlap import TOLERANCE, dissolve
from .pulse import beat

FEW = 2_000  # features below which GEOS is quick enough
PER_CELL = 8.0  # features that a cell holds on average
AT_ONCE = 50_000  # features and squares of which the edges are looked at together


Covers = Callable[[Polygons, Polygons], tuple[np.ndarray, np.ndarray, np.ndarray]]


def covers(polygons: Polygons, squares: Polygons) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(feature, square, common m2), wherever their boxes meet. ``squares`` stand upright."""
    i, j = bbox_pairs(polygons.bounds(), squares.bounds())
    s, box = polygons.segments, squares.bounds()
    area = np.zeros(len(i))
    for part in np.array_split(np.arange(len(i)), len(i) // AT_ONCE + 1):
        beat()
        edge, owner = ranges(s.start[i[part]], s.start[i[part] + 1])
        pair = part[owner]
        x0, y0, x1, y1 = box[j[pair]].T
        left = np.maximum(np.minimum(s.x0[edge], s.x1[edge]), x0)
        right = np.minimum(np.maximum(s.x0[edge], s.x1[edge]), x1)
        use = right > left
        edge, pair, left, right, y0, y1 = (k[use] for k in (edge, pair, left, right, y0, y1))
        slope = s.slope[edge]
        first = s.y0[edge] + (left - s.x0[edge]) * slope - y0
        last = s.y0[edge] + (right - s.x0[edge]) * slope - y0
        high = y1 - y0
        # below the edge and above the bottom, less what of it lies above the top
        below = _above(first, last) - _above(first - high, last - high)
        sign = np.where(s.x1[edge] < s.x0[edge], 1.0, -1.0)
        area += np.bincount(pair, sign * (right - left) * below, len(i))
    return i, j, np.maximum(area, 0.0)


def _above(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The mean of what lies above 0 of a line that runs from one height to another."""
    up, down = np.maximum(first, 0.0), np.maximum(last, 0.0)
    whole: np.ndarray = 0.5 * (up + down)
    part = first * last < 0
    # it passes 0: a triangle is left
    height = (up + down)[part]
    whole[part] = 0.5 * height * height / (np.abs(first[part]) + np.abs(last[part]))
    return whole


def union_of_disjoint(polygons: Polygons, holes: bool = True,
                      measured: Covers = covers) -> ogr.Geometry:  # fmt: skip
    """The union of features that share no ground with each other. Without ``holes`` those that
    whole squares lie about on all sides are filled. ``measured`` may know of :func:`covers` what
    it has measured before.

    Over them lies a coarse grid of squares. A square whose ground is theirs to the last
    :data:`overlap.TOLERANCE` m2 stands for all that lies in such squares as a whole; GEOS joins
    the squares and the features that are left, which are those along the edges. These are first
    made to share their vertices (:mod:`.joints`), so no hairline between them counts.
    """
    area, box = polygons.area(), polygons.bounds()
    real = np.flatnonzero(area > 0)
    if len(real) < FEW:
        return dissolve(jointed(polygons.take(real)))
    low, high = box[real, :2].min(axis=0), box[real, 2:].max(axis=0)
    # the same squares whatever few features come and go: of 2^k m, counted from the origin
    size = float(2.0 ** np.round(0.5 * np.log2(area[real].sum() / len(real) * PER_CELL)))
    low = np.floor(low / size) * size
    columns, rows = np.maximum(1, np.ceil((high - low) / size)).astype(int)
    r, c = (k.ravel() for k in np.indices((rows, columns)))
    x, y = low[0] + c * size, low[1] + r * size
    squares = _boxes(x, y, x + size, y + size)
    i, j, common = measured(polygons, squares)
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    shared = np.bincount(j, common[order], rows * columns)
    solid = (shared >= squares.area() - TOLERANCE).reshape(rows, columns)
    if not holes:
        solid |= ~_from_outside(~solid)
    # a feature whose box meets solid squares only adds nothing to them
    open_ = (np.bincount(i, ~solid.ravel()[j], polygons.n) > 0) & (area > 0)
    joined = _runs(solid, low, size)
    rest = jointed(polygons.take(np.flatnonzero(open_)))
    return dissolve([*(joined.geometry(k) for k in range(joined.n)), *rest])


def _from_outside(open_: np.ndarray) -> np.ndarray:
    """Open squares that hang together, be it by a corner, with one on the rim."""
    wide = np.pad(open_, 1, constant_values=True)
    found = np.zeros_like(wide)
    found[0], found[-1], found[:, 0], found[:, -1] = True, True, True, True
    count = 0
    while count != found.sum():
        count = int(found.sum())
        found[1:] |= found[:-1]
        found[:-1] |= found[1:]
        found[:, 1:] |= found[:, :-1]
        found[:, :-1] |= found[:, 1:]
        found &= wide
    return found[1:-1, 1:-1]


def _boxes(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> Polygons:
    xy = np.stack([x0, y0, x1, y0, x1, y1, x0, y1, x0, y0], axis=-1).reshape(-1, 2)
    each = np.arange(len(x0))
    return Polygons(xy, np.arange(len(x0) + 1) * 5, each, each, len(x0))


def _runs(solid: np.ndarray, low: np.ndarray, size: float) -> Polygons:
    """Solid squares beside each other as one rectangle, row by row."""
    edge = np.diff(np.pad(solid, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(edge == 1)
    _, last = np.nonzero(edge == -1)
    # corners as those of the squares: neighbours must share their vertices to the bit
    return _boxes(low[0] + first * size, low[1] + row * size,
                  low[0] + last * size, low[1] + (row + 1) * size)  # fmt: skip
