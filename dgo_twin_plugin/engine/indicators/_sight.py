"""Line of sight in plan between points, screened by buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geometry import _ranges

if TYPE_CHECKING:
    from ..scene import Scene

CELL = 8.0  # m: side of a cell of the index
_CHUNK = 200_000  # rays worked on at once
EPSILON = 1e-9


class Walls:
    """Boundary segments of buildings, found by cell of a square grid.

    ``x0, y0, x1, y1`` (k,) in local metres.
    """

    def __init__(self, x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> None:
        self.x0, self.y0, self.x1, self.y1 = x0, y0, x1, y1
        self.columns = self.rows = 0
        self.start = np.zeros(1, np.int64)
        self.member = np.zeros(0, np.int64)
        if len(x0):
            self._index()

    def _index(self) -> None:
        self.left = float(min(self.x0.min(), self.x1.min()))
        self.low = float(min(self.y0.min(), self.y1.min()))
        self.columns = int((max(self.x0.max(), self.x1.max()) - self.left) // CELL) + 1
        self.rows = int((max(self.y0.max(), self.y1.max()) - self.low) // CELL) + 1
        c0, c1 = self._column(np.minimum(self.x0, self.x1)), self._column(
            np.maximum(self.x0, self.x1))  # fmt: skip
        r0, r1 = self._row(np.minimum(self.y0, self.y1)), self._row(np.maximum(self.y0, self.y1))
        wide, tall = c1 - c0 + 1, r1 - r0 + 1
        nth, count = _ranges(np.zeros(len(wide), np.int64), wide * tall)
        segment = np.repeat(np.arange(len(wide)), count)
        cell = (r0[segment] + nth // wide[segment]) * self.columns + (
            c0[segment] + nth % wide[segment])  # fmt: skip
        order = np.argsort(cell, kind="stable")
        self.member = segment[order]
        self.start = np.searchsorted(cell[order], np.arange(self.columns * self.rows + 1))

    def _column(self, x: np.ndarray) -> np.ndarray:
        column: np.ndarray = np.floor((x - self.left) / CELL).astype(np.int64)
        return np.clip(column, 0, self.columns - 1)

    def _row(self, y: np.ndarray) -> np.ndarray:
        row: np.ndarray = np.floor((y - self.low) / CELL).astype(np.int64)
        return np.clip(row, 0, self.rows - 1)

    def between(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(m,) True where a wall crosses the open line from ``a`` to ``b`` (m, 2 each)."""
        blocked = np.zeros(len(a), bool)
        if not len(self.member):
            return blocked
        for first in range(0, len(a), _CHUNK):
            part = slice(first, first + _CHUNK)
            blocked[part] = self._walk(a[part], b[part])
        return blocked

    def _walk(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Follow all rays from ``b`` (at the facade, where most obstacles are) to ``a`` at once, a
        cell's length a step; rays that are blocked stop."""
        blocked = np.zeros(len(a), bool)
        length = np.hypot(*(a - b).T)
        steps = np.maximum(np.ceil(length / CELL), 1.0)
        alive = np.arange(len(a))
        step = 0
        while len(alive):
            t0 = step / steps[alive]
            t1 = (step + 1) / steps[alive]
            p = b[alive] + t0[:, None] * (a - b)[alive]
            q = b[alive] + t1[:, None] * (a - b)[alive]
            hit = self._crossed(p, q, a[alive], b[alive])
            blocked[alive[hit]] = True
            step += 1
            alive = alive[~hit & (steps[alive] > step)]
        return blocked

    def _crossed(
        self, p: np.ndarray, q: np.ndarray, a: np.ndarray, b: np.ndarray
    ) -> np.ndarray:
        """Whether a wall in the cells that the stretch p-q touches crosses the line a-b."""
        low, high = np.minimum(p, q), np.maximum(p, q)
        c0, c1 = self._column(low[:, 0]), self._column(high[:, 0])
        r0, r1 = self._row(low[:, 1]), self._row(high[:, 1])
        wide = c1 - c0 + 1
        nth, count = _ranges(np.zeros(len(p), np.int64), wide * (r1 - r0 + 1))
        ray = np.repeat(np.arange(len(p)), count)
        cell = (r0[ray] + nth // wide[ray]) * self.columns + c0[ray] + nth % wide[ray]
        at, count = _ranges(self.start[cell], self.start[cell + 1])
        ray = np.repeat(ray, count)
        s = self.member[at]
        hit = np.zeros(len(p), bool)
        hit[ray[_meet(a[ray], b[ray], self.x0[s], self.y0[s], self.x1[s], self.y1[s])]] = True
        return hit


def _meet(
    a: np.ndarray, b: np.ndarray, x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray
) -> np.ndarray:
    """(k,) True where the segments cross or touch, ends of a-b excepted."""
    dx, dy = b[:, 0] - a[:, 0], b[:, 1] - a[:, 1]
    side0 = dx * (y0 - a[:, 1]) - dy * (x0 - a[:, 0])
    side1 = dx * (y1 - a[:, 1]) - dy * (x1 - a[:, 0])
    ex, ey = x1 - x0, y1 - y0
    end_a = ex * (a[:, 1] - y0) - ey * (a[:, 0] - x0)
    end_b = ex * (b[:, 1] - y0) - ey * (b[:, 0] - x0)
    tiny = EPSILON * (np.abs(ex) + np.abs(ey))  # an end that stands on the wall itself
    apart = ((end_a > tiny) & (end_b < -tiny)) | ((end_a < -tiny) & (end_b > tiny))
    crossing: np.ndarray = (side0 * side1 <= 0) & apart
    return crossing


def walls(scene: Scene) -> Walls:
    """The walls of all buildings of the scene, design and current situation."""
    surfaces = scene.surfaces
    rows = np.flatnonzero(surfaces.where("buildings"))
    s = surfaces.polygons.take(rows).segments
    return Walls(s.x0, s.y0, s.x1, s.y1)
