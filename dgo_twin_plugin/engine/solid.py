"""The union of many polygons that do not overlap, without asking GEOS about its inside."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .counts import ranges
from .geometry import Polygons
from .joints import bent, geometries, jointed
from .kept import Kept, whole
from .overlap import TOLERANCE, dissolve
from .pulse import beat

FEW = 2_000  # features below which GEOS is quick enough
PER_CELL = 8.0  # features that a cell holds on average
TILE = 4  # squares along the side of what is joined first
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


def union_of_disjoint(polygons: Polygons, holes: bool = True, measured: Covers = covers,
                      kept: Kept | None = None) -> ogr.Geometry:  # fmt: skip
    """The union of features that share no ground with each other. Without ``holes`` those that
    whole squares lie about on all sides are filled. ``measured`` may know of :func:`covers` what
    it has measured before, ``kept`` what was joined.

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
    # and the same tiles; half a tile off, for plans like to end at round coordinates
    low = np.floor(low / (size * TILE) - 0.5) * size * TILE
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
    return _by_quarters(polygons.take(np.flatnonzero(open_)), solid, low, size, kept)


def _by_quarters(polygons: Polygons, solid: np.ndarray, low: np.ndarray, size: float,
                 kept: Kept | None) -> ogr.Geometry:  # fmt: skip
    """The union of features and ``solid`` squares (rows, columns) of ``size`` m from ``low``: of
    those on one tile of some squares, then of four tiles, of sixteen and so on. With ``kept`` only
    tiles on which something changed are joined again."""
    box, side = polygons.bounds(), size * TILE
    x, y = ((0.5 * (box[:, :2] + box[:, 2:]) - low) / side).astype(np.int64).T
    east, north = np.round(low / side).astype(int).tolist()  # tiles from the origin
    high, wide = (-(-k // TILE) for k in solid.shape)
    tile = y * wide + x
    order = np.argsort(tile, kind="stable")
    made, changed = bent(polygons.take(order))
    # where each tile begins, among the features, their parts, rings and vertices
    begins = [np.searchsorted(tile[order], np.arange(high * wide + 1))]
    for start in (made.feature_part_start, made.part_ring_start, made.ring_start):
        begins.append(start[begins[-1]])
    first, last = (np.stack(begins, axis=-1)[k:].tolist() for k in (0, 1))
    found: dict[tuple[int, int], ogr.Geometry] = {}
    for (i, j), (f, p, r, v), (f1, p1, r1, v1) in zip(np.ndindex(high, wide), first, last):
        squares = solid[i * TILE : (i + 1) * TILE, j * TILE : (j + 1) * TILE]
        if f == f1 and not squares.any():
            continue
        corner = low + side * np.array([j, i])
        made_from = [each.tobytes() for each in (
            made.xy[v:v1], made.ring_start[r:r1] - v, made.ring_part[r:r1] - p,
            made.part_feature[p:p1] - f, changed[f:f1], squares, corner)]  # fmt: skip
        at = north + i, east + j
        found[at] = whole(kept, ("joined", 0, *at), (size, *made_from), partial(
            _joined, made, changed, range(f, f1), squares, corner, size))  # fmt: skip
    level = 0
    while len(found) > 1:
        level += 1
        four: dict[tuple[int, int], list[ogr.Geometry]] = {}
        for (i, j), geometry in found.items():
            four.setdefault((i // 2, j // 2), []).append(geometry)
        if four.keys() == found.keys():  # on all sides of the origin: no halving brings them closer
            four = {(0, 0): list(found.values())}
        found = {at: whole(kept, ("joined", level, *at), tuple(some), partial(dissolve, some))
                 for at, some in four.items()}  # fmt: skip
    return found.popitem()[1] if found else dissolve([])


def _joined(made: Polygons, changed: np.ndarray, rows: range, solid: np.ndarray, low: np.ndarray,
            size: float) -> ogr.Geometry:  # fmt: skip
    """The union of the squares and of some rows of what :func:`joints.bent` gave."""
    squares = _runs(solid, low, size)
    return dissolve([*(squares.geometry(k) for k in range(squares.n)),
                     *geometries(made, changed, rows)])  # fmt: skip


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
