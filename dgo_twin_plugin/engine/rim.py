"""Which of many features that share no ground lie at the outer edge of all of them together."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .counts import nth, owners, ranges
from .geometry import Polygons
from .joints import GAP
from .overlap import TOLERANCE
from .pulse import beat

FEW = 2_000  # features below which it is quicker not to ask
PER_CELL = 2.0  # features that a square holds on average
# m: a gap wider than joints.GAP does not go deeper into a square that counts as covered
NEAR = 2 * TOLERANCE / GAP + 0.05
AT_ONCE = 50_000  # features and squares of which the edges are looked at together


class Squares(NamedTuple):
    """``rows`` by ``columns`` squares of ``size`` m from the lower left corner (``x``, ``y``), the
    second to the right of the first."""

    x: float
    y: float
    size: float
    rows: int
    columns: int

    def meeting(self, boxes: np.ndarray, within: float = 0.0) -> tuple[np.ndarray, ...]:
        """(k,) first column, first row, last column, last row that boxes (k, 4) come ``within``
        some m of; these may lie beside all squares."""
        low = np.array([self.x + within, self.y + within, self.x - within, self.y - within])
        return tuple(np.floor((boxes - low) / self.size).astype(np.int64).T)


Covers = Callable[[Polygons, Squares], tuple[np.ndarray, np.ndarray, np.ndarray]]


def covers(polygons: Polygons, squares: Squares) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(feature, square, common m2), wherever their boxes meet; the features lie in the squares."""
    (real,) = (polygons.area() > 0).nonzero()
    left, low, right, high = squares.meeting(polygons.bounds().take(real, axis=0))
    # what ends where the squares do has no part in any beside them
    wide = np.minimum(right, squares.columns - 1) - left + 1
    count = wide * (np.minimum(high, squares.rows - 1) - low + 1)
    of = owners(count)
    row, column = np.divmod(nth(count, of), wide.take(of))
    row, column = row + low.take(of), column + left.take(of)
    i, s = real.take(of), polygons.segments
    area = np.zeros(len(i))
    for part in np.array_split(np.arange(len(i)), len(i) // AT_ONCE + 1):
        beat()
        edge, owner = ranges(s.start[i[part]], s.start[i[part] + 1])
        pair = part[owner]
        x0, y0 = squares.x + column[pair] * squares.size, squares.y + row[pair] * squares.size
        xa, xb = s.x0[edge], s.x1[edge]
        left = np.maximum(np.minimum(xa, xb), x0)
        right = np.minimum(np.maximum(xa, xb), x0 + squares.size)
        (use,) = (right > left).nonzero()
        edge, pair, left, right, y0 = (k.take(use) for k in (edge, pair, left, right, y0))
        slope, xa, ya = s.slope[edge], s.x0[edge], s.y0[edge] - y0
        first, last = ya + (left - xa) * slope, ya + (right - xa) * slope
        # below the edge and above the bottom, less what of it lies above the top
        below = _above(first, last) - _above(first - squares.size, last - squares.size)
        sign = np.where(s.x1[edge] < xa, 1.0, -1.0)
        area += np.bincount(pair, sign * (right - left) * below, len(i))
    return i, row * squares.columns + column, np.maximum(area, 0.0)


def _above(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The mean of what lies above 0 of a line that runs from one height to another."""
    up, down = np.maximum(first, 0.0), np.maximum(last, 0.0)
    whole: np.ndarray = 0.5 * (up + down)
    part = first * last < 0
    # it passes 0: a triangle is left
    height = (up + down)[part]
    whole[part] = 0.5 * height * height / (np.abs(first[part]) + np.abs(last[part]))
    return whole


def at_rim(polygons: Polygons, measured: Covers = covers) -> np.ndarray:
    """Rows of features among which are all that have a part in the outer edge of the ground that
    they cover together; they share none with each other. ``measured`` may know of :func:`covers`
    what it has measured before.

    Over them lies a coarse grid of squares. A square whose ground is theirs to the last
    :data:`overlap.TOLERANCE` m2 lets nothing from outside pass. What no square that can be reached
    from outside comes near has no part in the edge.
    """
    area, box = polygons.area(), polygons.bounds()
    (real,) = (area > 0).nonzero()
    if len(real) < FEW:
        return real
    box = box.take(real, axis=0)
    low, high = box[:, :2].min(axis=0), box[:, 2:].max(axis=0)
    # the same squares whatever few features come and go: of 2^k m, counted from the origin, half a
    # square off, for plans like to end at round coordinates
    size = float(2.0 ** np.round(0.5 * np.log2(area[real].sum() / len(real) * PER_CELL)))
    low = (np.floor(low / size - 0.5) + 0.5) * size
    columns, rows = np.ceil((high - low) / size).astype(int).tolist()
    squares = Squares(float(low[0]), float(low[1]), size, rows, columns)
    _, j, common = measured(polygons, squares)
    shared = np.bincount(j, common, rows * columns).reshape(rows, columns)
    open_ = _from_outside(shared < size * size - TOLERANCE)
    # how many open squares there are to the lower left of each corner tells those in any rectangle
    count = np.zeros((rows + 3, columns + 3), np.int64)
    count[1:, 1:] = open_.cumsum(axis=0).cumsum(axis=1)
    x0, y0, x1, y1 = (k + 1 for k in squares.meeting(box, NEAR))
    found = count[y1 + 1, x1 + 1] - count[y0, x1 + 1] - count[y1 + 1, x0] + count[y0, x0]
    rim: np.ndarray = real[found > 0]
    return rim


def _from_outside(open_: np.ndarray) -> np.ndarray:
    """Open squares (rows, columns) that hang together, be it by a corner, with what lies about all
    squares; and that, one square wide: (rows + 2, columns + 2)."""
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
    return found
