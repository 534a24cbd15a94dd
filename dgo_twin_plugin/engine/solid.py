"""The union of many polygons that do not overlap, without asking GEOS about its inside."""

from __future__ import annotations

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .geometry import Polygons, overlap_areas
from .joints import jointed
from .overlap import TOLERANCE, dissolve

FEW = 2_000  # features below which GEOS is quick enough
PER_CELL = 8.0  # features that a cell holds on average


def union_of_disjoint(polygons: Polygons) -> ogr.Geometry:
    """The union of features that share no ground with each other.

    Over them lies a coarse grid of squares. A square whose ground is theirs to the last
    :data:`overlap.TOLERANCE` m2 stands for all that lies in such squares as a whole; GEOS joins
    the squares and the features that are left, which are those along the edges. These are first
    made to share their vertices (:mod:`.joints`), so no hairline between them counts.
    """
    area, box = polygons.area(), polygons.bounds()
    real = np.flatnonzero(area > 0)
    if len(real) < FEW:
        return dissolve(jointed(polygons.take(real)))
    polygons, area, box = polygons.take(real), area[real], box[real]
    low, high = box[:, :2].min(axis=0), box[:, 2:].max(axis=0)
    # the same squares whatever few features come and go: of 2^k m, counted from the origin
    size = float(2.0 ** np.round(0.5 * np.log2(area.sum() / len(real) * PER_CELL)))
    low = np.floor(low / size) * size
    columns, rows = np.maximum(1, np.ceil((high - low) / size)).astype(int)
    r, c = (k.ravel() for k in np.indices((rows, columns)))
    x, y = low[0] + c * size, low[1] + r * size
    squares = _boxes(x, y, x + size, y + size)
    i, j = bbox_pairs(box, squares.bounds())
    shared = np.bincount(j, overlap_areas(polygons, squares, i, j), rows * columns)
    solid = (shared >= squares.area() - TOLERANCE).reshape(rows, columns)
    # a feature whose box meets solid squares only adds nothing to them
    open_ = np.bincount(i, ~solid.ravel()[j], len(real)) > 0
    joined = _runs(solid, low, size)
    rest = jointed(polygons.take(np.flatnonzero(open_)))
    return dissolve([*(joined.geometry(k) for k in range(joined.n)), *rest])


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
