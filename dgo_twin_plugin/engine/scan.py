"""Which cells of a raster have their centre in which polygons, by scan lines."""

from __future__ import annotations

import numpy as np

from .geometry import Polygons, _ranges
from .grid import Raster

Span = tuple[int, int]  # first and one past the last


def cells_inside(polygons: Polygons, raster: Raster, rows: Span,
                 columns: Span) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """(feature, row, column) of every cell centre inside a feature, of the cells in a window.

    Every row of centres is a scan line: the boundaries that cross it, sorted along it, open and
    close the inside in turn. So the work goes with boundaries and with cells found, not with the
    cells of the window times the features. A centre on a boundary may fall on either side.
    """
    s = polygons.segments
    # rows and columns counted in centres: the centre of cell (r, c) is at (r, c)
    r0, r1 = _rows(raster, s.y0), _rows(raster, s.y1)
    # half-open, so that a line through a vertex crosses one of the two edges that meet there
    first = np.clip(np.floor(np.minimum(r0, r1)) + 1, *rows).astype(np.int64)
    last = np.clip(np.floor(np.maximum(r0, r1)) + 1, *rows).astype(np.int64)
    row, count = _ranges(first, last)
    edge = np.repeat(np.arange(len(count)), count)
    c0, c1 = _columns(raster, s.x0), _columns(raster, s.x1)
    at = c0[edge] + (row - r0[edge]) / (r1 - r0)[edge] * (c1 - c0)[edge]
    feature = s.feature[edge]
    order = np.lexsort((at, feature * np.int64(rows[1] + 1) + row))
    opens, closes = order[0::2], order[1::2]
    start = np.clip(np.ceil(at[opens]), *columns).astype(np.int64)
    end = np.clip(np.ceil(at[closes]), *columns).astype(np.int64)
    column, count = _ranges(start, end)
    return np.repeat(feature[opens], count), np.repeat(row[opens], count), column


def _rows(raster: Raster, y: np.ndarray) -> np.ndarray:
    return (raster.y0 - y) / raster.dy - 0.5


def _columns(raster: Raster, x: np.ndarray) -> np.ndarray:
    return (x - raster.x0) / raster.dx - 0.5
