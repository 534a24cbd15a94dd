"""Rasters in the work plane: sampling that says 'missing' instead of zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Raster:
    """A north-up grid. ``values`` (rows, columns) float64, NaN where there is no data;
    ``x0``, ``y0`` the upper left corner, ``dx``, ``dy`` > 0 the cell size, m."""

    values: np.ndarray
    x0: float
    y0: float
    dx: float
    dy: float

    def shifted(self, origin: tuple[float, float]) -> Raster:
        """The same grid in local coordinates."""
        return Raster(self.values, self.x0 - origin[0], self.y0 - origin[1], self.dx, self.dy)

    def bounds(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax."""
        rows, columns = self.values.shape
        return self.x0, self.y0 - rows * self.dy, self.x0 + columns * self.dx, self.y0

    def cells(self, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of the cell that holds each point (m, 2); may lie outside the grid."""
        x, y = np.asarray(xy, float).reshape(-1, 2).T
        at = np.empty((2, len(x)))
        np.floor((self.y0 - y) / self.dy, out=at[0])
        np.floor((x - self.x0) / self.dx, out=at[1])
        known = np.isfinite(at)
        if not known.all():
            at[:, ~(known[0] & known[1])] = -(10**6)
        limit = 2.0**31
        row, column = np.minimum(np.maximum(at, -limit), limit).astype(np.int64)
        return row, column

    def _at(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        rows, columns = self.values.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        found = np.full(len(row), np.nan)
        found[inside] = self.values[row[inside], column[inside]]
        return found

    def sample(self, xy: np.ndarray, reach: int = 2) -> np.ndarray:
        """(m,) value of the nearest cell with data within ``reach`` cells (indicators G2), else
        NaN. Nearest is by the distance from the point to the cell's centre."""
        xy = np.asarray(xy, float).reshape(-1, 2)
        row, column = self.cells(xy)
        found = self._at(row, column)
        lost = np.isnan(found).nonzero()[0]
        if not len(lost) or reach < 1:
            return found
        best = np.full(len(lost), np.inf)
        for down in range(-reach, reach + 1):
            for right in range(-reach, reach + 1):
                r, c = row[lost] + down, column[lost] + right
                value = self._at(r, c)
                distance = np.hypot(self.x0 + (c + 0.5) * self.dx - xy[lost, 0],
                                    self.y0 - (r + 0.5) * self.dy - xy[lost, 1])  # fmt: skip
                nearer = np.isfinite(value) & (distance < best)
                best[nearer] = distance[nearer]
                found[lost[nearer]] = value[nearer]
        return found
