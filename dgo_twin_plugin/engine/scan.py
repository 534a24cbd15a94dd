"""Which cells of a raster lie in which polygons: by scan lines, and away from boundaries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .counts import begins, nth, owners, ranges
from .geometry import Polygons
from .grid import Raster

Span = tuple[int, int]  # first and one past the last


def cells_inside(polygons: Polygons, raster: Raster, rows: Span,
                 columns: Span) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """(feature, row, column) of every cell centre inside a feature, of the cells in a window, in
    that order. See :func:`spans_inside`."""
    feature, row, start, end = spans_inside(polygons, raster, rows, columns)
    column, run = ranges(start, end)
    return feature.take(run), row.take(run), column


def spans_inside(
    polygons: Polygons, raster: Raster, rows: Span, columns: Span
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(feature, row, first column, one past the last) of every run of cell centres inside a
    feature, of the cells in a window, in that order; runs may be empty.

    Every row of centres is a scan line: the boundaries that cross it, sorted along it, open and
    close the inside in turn. So the work goes with boundaries and with cells found, not with the
    cells of the window times the features. A centre on a boundary may fall on either side.
    """
    s = polygons.segments
    # rows and columns counted in centres: the centre of cell (r, c) is at (r, c)
    r0, r1 = _rows(raster, s.y0), _rows(raster, s.y1)
    # half-open, so that a line through a vertex crosses one of the two edges that meet there
    first = _within(np.floor(np.minimum(r0, r1)) + 1, rows)
    last = _within(np.floor(np.maximum(r0, r1)) + 1, rows)
    met = (last > first).nonzero()[0]
    if not len(met):
        none = np.zeros(0, np.int64)
        return none, none, none, none
    first, last, r0, r1, feature = (v.take(met) for v in (first, last, r0, r1, s.feature))
    c0 = _columns(raster, s.x0.take(met))
    row, edge = ranges(first, last)
    along = (row - r0.take(edge)) / (r1 - r0).take(edge)
    at = c0.take(edge) + along * (_columns(raster, s.x1.take(met)) - c0).take(edge)
    # the rows of a feature, from its lowest to its highest, are lines with numbers of their own
    own = begins(feature)
    low, high = np.minimum.reduceat(first, own), np.maximum.reduceat(last, own)
    tall = high - low
    before = tall.cumsum() - high  # less the number of the line: its row
    step = np.zeros(len(met), np.int64)
    step[own[1:]] = 1  # from the boundaries of a feature to those of the next
    line = row + before.take(step.cumsum()).take(edge)
    times = np.bincount(line)
    # most lines meet one boundary that goes up and one that goes down: nothing is to be sorted
    ends = np.empty((2, len(times)))
    ends.ravel()[line + ((r1 > r0) * len(times))[edge]] = at
    number = (times == 2).nonzero()[0]
    down, up = ends.take(number, axis=1)
    start, end = np.minimum(down, up), np.maximum(down, up)
    more = (times > 2).take(line).nonzero()[0]
    if len(more):
        more = more[np.lexsort((at[more], line[more]))]
        number = np.concatenate([number, line[more[0::2]]])
        order = np.argsort(number, kind="stable")
        number = number[order]
        start = np.concatenate([start, at[more[0::2]]])[order]
        end = np.concatenate([end, at[more[1::2]]])[order]
    start, end = (_within(np.ceil(v), columns) for v in (start, end))
    which = owners(tall).take(number)
    return feature.take(own.take(which)), number - before.take(which), start, end


def _within(at: np.ndarray, span: Span) -> np.ndarray:
    """Whole numbers, those outside the span brought to the nearer of its two numbers."""
    return np.minimum(np.maximum(at, span[0]), span[1]).astype(np.int64)


def _rows(raster: Raster, y: np.ndarray) -> np.ndarray:
    return (raster.y0 - y) / raster.dy - 0.5


def _columns(raster: Raster, x: np.ndarray) -> np.ndarray:
    return (x - raster.x0) / raster.dx - 0.5


@dataclass(frozen=True)
class Coarse:
    """A coarse grid over zones that do not overlap: a cell that no boundary enters lies in one
    zone or in none as a whole. ``grid`` is None where there are no zones."""

    grid: Raster | None
    held: np.ndarray  # zone of each cell, -1 for none
    total: np.ndarray  # how many cells a boundary enters, summed from the corner

    @classmethod
    def of(cls, zones: Polygons, many: int) -> Coarse:
        """A grid that suits so many boxes."""
        bounds = zones.bounds()
        bounds = bounds[np.isfinite(bounds[:, 0])]
        if not len(bounds) or not many:
            return cls(None, np.zeros(0), np.zeros(0))
        low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
        side = cls.side(many)
        dx, dy = (high - low) / side
        grid = Raster(np.zeros((side, side)), float(low[0]), float(high[1]), float(dx), float(dy))
        entered = _entered(zones, grid, side)
        held = np.full((side, side), -1, np.int64)
        zone, row, column = cells_inside(zones, grid, (0, side), (0, side))
        held[row, column] = zone
        total = np.pad(np.cumsum(np.cumsum(entered, axis=0), axis=1), ((1, 0), (1, 0)))
        return cls(grid, held, total)

    @staticmethod
    def side(many: int) -> int:
        return int(np.clip(np.sqrt(many), 16, 256))

    def homes(self, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For boxes (n, 4): (n,) whether one is seen to lie clear of all boundaries, and (n,) the
        zone it lies in then, -1 for none. Boxes that touch other cells are not decided here."""
        sure, home = np.zeros(len(boxes), bool), np.full(len(boxes), -1, np.int64)
        if self.grid is None:
            return sure, home
        x0, y0, x1, y1 = self.grid.bounds()
        side, total = len(self.held), self.total
        inside = np.flatnonzero((boxes[:, :2] > (x0, y0)).all(axis=1)
                                & (boxes[:, 2:] < (x1, y1)).all(axis=1))  # fmt: skip
        r0, c0 = self.grid.cells(boxes[inside][:, [0, 3]] + (-_NEAR, _NEAR))
        r1, c1 = self.grid.cells(boxes[inside][:, [2, 1]] + (_NEAR, -_NEAR))
        r0, c0, r1, c1 = (_within(k, (0, side - 1)) for k in (r0, c0, r1, c1))
        count = total[r1 + 1, c1 + 1] - total[r0, c1 + 1] - total[r1 + 1, c0] + total[r0, c0]
        clear = count == 0
        sure[inside[clear]] = True
        home[inside[clear]] = self.held[r0[clear], c0[clear]]
        return sure, home


def homes(boxes: np.ndarray, zones: Polygons) -> tuple[np.ndarray, np.ndarray]:
    """:meth:`Coarse.homes` by a grid made for these boxes."""
    return Coarse.of(zones, len(boxes)).homes(boxes)


_NEAR = 1e-6  # m around a box: what a rounding could bring into another cell


def _entered(zones: Polygons, grid: Raster, side: int) -> np.ndarray:
    """(side, side) whether a boundary enters a cell: long segments in pieces of a cell at most."""
    s = zones.segments
    pieces = np.ceil(s.length / min(grid.dx, grid.dy)).astype(np.int64) + 1
    edge = owners(pieces)
    k = nth(pieces, edge)
    found = np.zeros((side, side), np.int64)
    first = np.column_stack([s.x0, s.y0])[edge]
    along = np.column_stack([s.x1 - s.x0, s.y1 - s.y0])[edge]
    ends = (k / pieces[edge], (k + 1) / pieces[edge])
    (r0, c0), (r1, c1) = (grid.cells(first + t[:, None] * along) for t in ends)
    for r in (r0, r1):  # a piece meets no more cells than those of its ends, and beside them
        for c in (c0, c1):
            found[np.clip(r, 0, side - 1), np.clip(c, 0, side - 1)] = 1
    return found
