"""The frame of cells in which fields are worked out, and burning polygons into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..counts import ranges
from ..geometry import Polygons
from ..grid import Raster
from ..scan import spans_inside

_BAND = 64  # rows worked on at once
_RUNS = 10_000  # of cells in a row, burned at once
MOST_CELLS = 16_000_000  # beyond it cells are made larger: 64 km2 at 2 m


@dataclass(frozen=True)
class Frame:
    """A north-up frame of square cells. ``x0``, ``y0``: upper left corner, local metres."""

    x0: float
    y0: float
    cell: float  # m
    rows: int
    columns: int

    @classmethod
    def around(cls, box: tuple[float, float, float, float], cell: float) -> Frame:
        """The smallest frame on whole multiples of ``cell`` that holds ``box`` (xmin, ymin, xmax,
        ymax). So frames of neighbouring boxes share their cells: a part worked out again fits."""
        west, south = np.floor(box[0] / cell), np.floor(box[1] / cell)
        east, north = np.ceil(box[2] / cell), np.ceil(box[3] / cell)
        rows, columns = int(max(north - south, 1)), int(max(east - west, 1))
        while rows * columns > MOST_CELLS:
            return cls.around(box, cell * 2)
        return cls(float(west * cell), float(north * cell), cell, rows, columns)

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def box(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax."""
        return (self.x0, self.y0 - self.rows * self.cell,
                self.x0 + self.columns * self.cell, self.y0)  # fmt: skip

    def raster(self, values: np.ndarray) -> Raster:
        """``values`` (rows, columns) as a raster that can be sampled."""
        return Raster(np.asarray(values, float), self.x0, self.y0, self.cell, self.cell)

    def centres(self) -> np.ndarray:
        """(rows * columns, 2) the middle of every cell, row by row."""
        x = self.x0 + (np.arange(self.columns) + 0.5) * self.cell
        y = self.y0 - (np.arange(self.rows) + 0.5) * self.cell
        return np.column_stack([np.tile(x, self.rows), np.repeat(y, self.columns)])

    def cells(self, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row and column of each point (m, 2), clipped to the frame, and (m,) whether inside."""
        xy = np.asarray(xy, float).reshape(-1, 2)
        column = np.floor((xy[:, 0] - self.x0) / self.cell)
        row = np.floor((self.y0 - xy[:, 1]) / self.cell)
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        row = np.where(np.isfinite(row), np.clip(row, 0, self.rows - 1), 0).astype(np.int64)
        column = np.where(np.isfinite(column), np.clip(column, 0, self.columns - 1), 0)
        return row, column.astype(np.int64), inside

    def resampled(self, raster: Raster) -> np.ndarray:
        """(rows, columns) a raster at the cell centres, bilinear between its own centres where all
        four know a value, else the cell the centre lies in; NaN where that has none."""
        x = self.x0 + (np.arange(self.columns) + 0.5) * self.cell
        y = self.y0 - (np.arange(self.rows) + 0.5) * self.cell
        fx = (x - raster.x0) / raster.dx - 0.5
        fy = (raster.y0 - y) / raster.dy - 0.5
        rows, columns = raster.values.shape
        c0, r0 = np.floor(fx).astype(np.int64), np.floor(fy).astype(np.int64)
        u, v = fx - c0, (fy - r0)[:, None]
        left, right = (np.clip(c, 0, columns - 1) for c in (c0, c0 + 1))
        upper, lower = (np.clip(r, 0, rows - 1) for r in (r0, r0 + 1))
        near_c = np.floor((x - raster.x0) / raster.dx).astype(np.int64)
        near_r = np.floor((raster.y0 - y) / raster.dy).astype(np.int64)
        column = (near_c >= 0) & (near_c < columns)
        row = (near_r >= 0) & (near_r < rows)
        near_c, near_r = np.clip(near_c, 0, columns - 1), np.clip(near_r, 0, rows - 1)
        found = np.empty(self.shape)
        for first in range(0, self.rows, _BAND):  # what is made on the way stays in the cache
            at = slice(first, first + _BAND)
            # every row of the raster is read once: it lies below one row of cells, above the next
            used, place = np.unique(np.r_[upper[at], lower[at]], return_inverse=True)
            lines = np.asarray(raster.values[used], float)
            lines = (1 - u) * lines.take(left, axis=1) + u * lines.take(right, axis=1)
            w, above, below = v[at], *np.split(place, 2)
            part = (1 - w) * lines[above] + w * lines[below]
            r, c = np.nonzero(~np.isfinite(part))
            part[r, c] = raster.values[near_r[at][r], near_c[c]]
            part[~(row[at, None] & column)] = np.nan
            found[at] = part
        return found

    def burned(
        self, polygons: Polygons, values: np.ndarray, into: np.ndarray, highest: bool = False
    ) -> np.ndarray:
        """Write ``values[k]`` into the cells of ``into`` (rows, columns), all of them in one piece
        of memory, whose centre lies in polygon k; later rows overwrite earlier ones, or with
        ``highest`` the largest value stays. Returns ``into``."""
        bare = self.raster(np.zeros((1, 1)))  # only where its cells lie is asked
        feature, row, start, end = spans_inside(polygons, bare, (0, self.rows), (0, self.columns))
        found = np.asarray(values)[feature]
        start, end = row * self.columns + start, row * self.columns + end
        if highest:
            order = np.argsort(found, kind="stable")  # the highest is written last
            found, start, end = found[order], start[order], end[order]
        assert into.flags.c_contiguous  # or what is written goes into a copy
        flat = into.reshape(-1)
        for first in range(0, len(found), _RUNS):  # what is made on the way stays in the cache
            part = slice(first, first + _RUNS)
            cell, run = ranges(start[part], end[part])
            value = found[part][run]
            flat[cell] = np.maximum(flat[cell], value) if highest else value
        return into
