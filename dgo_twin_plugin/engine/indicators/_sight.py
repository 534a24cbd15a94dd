"""Line of sight in plan between points, screened by buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..counts import nth, owners, ranges

if TYPE_CHECKING:
    from ..scene import Scene

CELL = 8.0  # m: side of a cell of the index
_CHUNK = 200_000  # rays worked on at once
_FEW = 500_000  # rays times walls up to which the walls need no index
EPSILON = 1e-9
SLACK = 1e-6  # m about a box that a line may pass


class Walls:
    """Boundary segments of buildings, of which many lines find theirs by cell of a square grid.

    ``x0, y0, x1, y1`` (k,) in local metres.
    """

    def __init__(self, x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> None:
        self.x0, self.y0, self.x1, self.y1 = x0, y0, x1, y1
        self.columns = self.rows = 0

    def _index(self) -> None:
        self.left = float(min(self.x0.min(), self.x1.min()))
        self.low = float(min(self.y0.min(), self.y1.min()))
        self.columns = int((max(self.x0.max(), self.x1.max()) - self.left) // CELL) + 1
        self.rows = int((max(self.y0.max(), self.y1.max()) - self.low) // CELL) + 1
        c0, c1 = self._column(np.minimum(self.x0, self.x1)), self._column(
            np.maximum(self.x0, self.x1))  # fmt: skip
        r0, r1 = self._row(np.minimum(self.y0, self.y1)), self._row(np.maximum(self.y0, self.y1))
        wide, tall = c1 - c0 + 1, r1 - r0 + 1
        segment = owners(wide * tall)
        up, along = np.divmod(nth(wide * tall, segment), wide[segment])
        cell = (r0[segment] + up) * self.columns + c0[segment] + along
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
        if len(a) * len(self.x0) <= _FEW:
            ray, wall = bbox_pairs(_boxes(*a.T, *b.T),
                                   _boxes(self.x0, self.y0, self.x1, self.y1), SLACK)  # fmt: skip
            blocked[ray[self._met(ray, wall, *a.T, *b.T)]] = True
            return blocked
        if not self.columns:
            self._index()
        for first in range(0, len(a), _CHUNK):
            part = slice(first, first + _CHUNK)
            blocked[part] = self._walk(a[part], b[part])
        return blocked

    def _walk(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Follow all rays from ``b`` (at the facade, where most obstacles are) to ``a`` at once, a
        cell's length a step; rays that are blocked stop."""
        blocked = np.zeros(len(a), bool)
        ax, ay, bx, by = a[:, 0].copy(), a[:, 1].copy(), b[:, 0].copy(), b[:, 1].copy()
        steps = np.maximum(np.ceil(np.hypot(ax - bx, ay - by) / CELL), 1.0)
        alive = np.arange(len(a))
        step = 0
        while len(alive):
            hit = self._crossed(step, steps, ax, ay, bx, by)
            blocked[alive[hit]] = True
            step += 1
            go = np.flatnonzero(~hit & (steps > step))
            alive, steps, ax, ay, bx, by = (v.take(go) for v in (alive, steps, ax, ay, bx, by))
        return blocked

    def _crossed(
        self, step: int, steps: np.ndarray, ax: np.ndarray, ay: np.ndarray, bx: np.ndarray,
        by: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """Whether a wall in the cells that this step of the way from b to a touches crosses the
        line a-b."""
        t0, t1 = step / steps, (step + 1) / steps
        px, py, qx, qy = (from_ + t * (to - from_) for t in (t0, t1)
                          for from_, to in ((bx, ax), (by, ay)))  # fmt: skip
        c0, c1 = self._column(np.minimum(px, qx)), self._column(np.maximum(px, qx))
        r0, r1 = self._row(np.minimum(py, qy)), self._row(np.maximum(py, qy))
        wide = c1 - c0 + 1
        count = wide * (r1 - r0 + 1)
        ray = owners(count)
        down, along = np.divmod(nth(count, ray), wide.take(ray))
        cell = (r0.take(ray) + down) * self.columns + c0.take(ray) + along
        at, owner = ranges(self.start.take(cell), self.start.take(cell + 1))
        ray = ray.take(owner)
        hit = np.zeros(len(px), bool)
        hit[ray[self._met(ray, self.member.take(at), ax, ay, bx, by)]] = True
        return hit

    def _met(self, ray: np.ndarray, wall: np.ndarray, *line: np.ndarray) -> np.ndarray:
        """(k,) whether rays meet walls, by number; ``line`` the rays' ax, ay, bx and by."""
        return _meet(*(v.take(ray) for v in line),
                     *(v.take(wall) for v in (self.x0, self.y0, self.x1, self.y1)))  # fmt: skip


def _meet(
    ax: np.ndarray, ay: np.ndarray, bx: np.ndarray, by: np.ndarray,
    x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """(k,) True where the segments cross or touch, ends of a-b excepted."""
    dx, dy = bx - ax, by - ay
    side0 = dx * (y0 - ay) - dy * (x0 - ax)
    side1 = dx * (y1 - ay) - dy * (x1 - ax)
    crossing: np.ndarray = np.zeros(len(ax), bool)
    some = np.flatnonzero(side0 * side1 <= 0)  # few walls have an end on either side of the line
    ax, ay, bx, by, x0, y0, x1, y1 = (v.take(some) for v in (ax, ay, bx, by, x0, y0, x1, y1))
    ex, ey = x1 - x0, y1 - y0
    end_a = ex * (ay - y0) - ey * (ax - x0)
    end_b = ex * (by - y0) - ey * (bx - x0)
    tiny = EPSILON * (np.abs(ex) + np.abs(ey))  # an end that stands on the wall itself
    crossing[some] = ((end_a > tiny) & (end_b < -tiny)) | ((end_a < -tiny) & (end_b > tiny))
    return crossing


def _boxes(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> np.ndarray:
    """(k, 4) about segments."""
    return np.column_stack([np.minimum(x0, x1), np.minimum(y0, y1),
                            np.maximum(x0, x1), np.maximum(y0, y1)])  # fmt: skip


def passing(a: np.ndarray, b: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(m,) whether the line from ``a`` to ``b`` (m, 2 each) comes through any of the boxes."""
    line, box = bbox_pairs(_boxes(*a.T, *b.T), boxes, SLACK)
    middle, size = 0.5 * (boxes[:, :2] + boxes[:, 2:]), 0.5 * (boxes[:, 2:] - boxes[:, :2]) + SLACK
    along, off = (b - a)[line], middle[box] - a[line]
    # a line whose own box meets the other stays out of it only if all of that lies on one side
    aside = np.abs(along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0])
    through = aside <= size[box, 0] * np.abs(along[:, 1]) + size[box, 1] * np.abs(along[:, 0])
    found = np.zeros(len(a), bool)
    found[line[through]] = True
    return found


def walls(scene: Scene, within: np.ndarray | None = None) -> Walls:
    """The walls of all buildings of the scene, design and current situation; of those that meet a
    box (4,) where one is given."""
    surfaces = scene.surfaces
    rows = np.flatnonzero(surfaces.where("buildings"))
    if within is not None:
        rows = rows[bbox_pairs(surfaces.polygons.bounds()[rows], within)[0]]
    s = surfaces.polygons.take(rows).segments
    return Walls(s.x0, s.y0, s.x1, s.y1)
