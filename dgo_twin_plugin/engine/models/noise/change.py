"""What changed between two states of sources and obstacles, and which sectors that touches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...counts import nth, owners
from .lines import Lines
from .obstacles import Obstacles

MANY = 40  # boxes beyond which nothing is saved
TILE = 40.0  # m: changes whose middles lie in one tile are taken together


@dataclass(frozen=True, eq=False)
class Change:
    """Rows of lines that went, came and stayed (in the old and the new lines), and boxes (b, 5)
    around walls and ground that differ: xmin, ymin, xmax, ymax, and from how far it is seen, m."""

    removed: np.ndarray
    added: np.ndarray
    kept_old: np.ndarray
    kept: np.ndarray
    boxes: np.ndarray
    old: Lines
    new: Lines

    @property
    def nothing(self) -> bool:
        return not (len(self.removed) or len(self.added) or len(self.boxes))

    @property
    def much(self) -> bool:
        """So much that a full run is quicker."""
        lines = len(self.removed) + len(self.added)
        return len(self.boxes) > MANY or 4 * lines > len(self.kept) + lines

    def reached(self, xy: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
        """Rows of the places (m, 2+) that any of it may touch. ``old``, ``new``: how far each line
        counts, m."""
        hit = np.zeros(len(xy), bool)
        boxes = [(self.boxes[:, :4], self.boxes[:, 4])]
        for lines, rows, reach in ((self.old, self.removed, old), (self.new, self.added, new)):
            boxes.append((_boxes(lines.x0[rows], lines.y0[rows], lines.x1[rows], lines.y1[rows]),
                          reach[rows]))  # fmt: skip
        for box, reach in boxes:
            for (west, south, east, north), r in zip(box, reach):
                dx = np.maximum(np.maximum(west - xy[:, 0], xy[:, 0] - east), 0.0)
                dy = np.maximum(np.maximum(south - xy[:, 1], xy[:, 1] - north), 0.0)
                hit |= dx * dx + dy * dy <= r * r
        return np.flatnonzero(hit)


def change(
    old: Lines, old_group: np.ndarray, before: Obstacles,
    new: Lines, new_group: np.ndarray, now: Obstacles, seen: float, far: float,
) -> Change:  # fmt: skip
    """Compare two states. Order does not matter; a thing that is there twice counts twice.
    ``seen`` m: how far a wall counts; ``far`` m: how far the ground of any source counts."""
    rows_old, rows_new = same_rows(_line_rows(old, old_group), _line_rows(new, new_group))
    gone, come = np.ones(old.n, bool), np.ones(new.n, bool)
    gone[rows_old], come[rows_new] = False, False
    walls = [np.column_stack([o.x0, o.y0, o.x1, o.y1, o.height, o.reflects])
             for o in (before, now)]  # fmt: skip
    same_old, same_new = same_rows(*walls)
    differ = [np.delete(w, s, axis=0) for w, s in zip(walls, (same_old, same_new))]
    moved = np.concatenate(differ)
    boxes = np.concatenate([
        _reaching(_tiled(_boxes(*moved[:, :4].T)), seen),
        _reaching(_tiled(_ground_boxes(before, now)), far)])  # fmt: skip
    return Change(np.flatnonzero(gone), np.flatnonzero(come), rows_old, rows_new, boxes, old, new)


def _line_rows(lines: Lines, group: np.ndarray) -> np.ndarray:
    power = np.nan_to_num(lines.power.reshape(lines.n, -1), nan=-999.0, neginf=-999.0)
    return np.column_stack([lines.x0, lines.y0, lines.x1, lines.y1, lines.height, group, power])


def same_rows(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (i, j) with equal content, each used once."""
    a, b = (np.ascontiguousarray(np.asarray(v, float) + 0.0) for v in (a, b))  # -0.0 is 0.0
    kind = np.dtype((np.void, 8 * a.shape[1]))
    keys = np.concatenate([a.view(kind).ravel(), b.view(kind).ravel()])
    code = np.unique(keys, return_inverse=True)[1].ravel()
    ia, ib = code[: len(a)], code[len(a) :]
    oa, ob = np.argsort(ia, kind="stable"), np.argsort(ib, kind="stable")
    ka, kb = (code * 2**32 + _nth(code) for code in (ia[oa], ib[ob]))
    _, i, j = np.intersect1d(ka, kb, assume_unique=True, return_indices=True)
    return oa[i], ob[j]


def _nth(code: np.ndarray) -> np.ndarray:
    """The how-manieth of its kind each is, in a sorted array."""
    return np.arange(len(code)) - np.searchsorted(code, code)


def _boxes(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> np.ndarray:
    return np.column_stack([np.minimum(x0, x1), np.minimum(y0, y1),
                            np.maximum(x0, x1), np.maximum(y0, y1)]).reshape(-1, 4)  # fmt: skip


def _reaching(boxes: np.ndarray, far: float) -> np.ndarray:
    return np.column_stack([boxes, np.full(len(boxes), far)]).reshape(-1, 5)


def _ground_boxes(before: Obstacles, now: Obstacles) -> np.ndarray:
    """The cells (b, 4) of either grid of softness where the two states differ."""
    made: list[np.ndarray] = []
    grids = [] if before.soft is now.soft else [x for x in (before.soft, now.soft) if x is not None]
    if len(grids) == 2 and len({(x.values.shape, x.x0, x.y0, x.dx, x.dy) for x in grids}) == 1:
        grids.pop()  # cell for cell the same
    for grid in grids:
        rows, columns = grid.values.shape
        x = grid.x0 + (np.arange(columns) + 0.5) * grid.dx
        y = grid.y0 - (np.arange(rows) + 0.5) * grid.dy
        gx, gy = np.meshgrid(x, y)
        differ = np.abs(before.softness(gx, gy) - now.softness(gx, gy)) > 1e-6
        r, c = np.nonzero(differ)
        made.append(np.column_stack([x[c] - grid.dx, y[r] - grid.dy, x[c] + grid.dx,
                                     y[r] + grid.dy]))  # fmt: skip
    if before.soft is None and now.soft is None and before.level != now.level:
        made.append(np.array([[-1e9, -1e9, 1e9, 1e9]]))
    return np.concatenate([np.zeros((0, 4)), *made])


def _tiled(boxes: np.ndarray) -> np.ndarray:
    """One box for all whose middles share a tile."""
    if not len(boxes):
        return boxes
    middle = np.floor((boxes[:, :2] + boxes[:, 2:]) / (2.0 * TILE))
    _, tile = np.unique(middle, axis=0, return_inverse=True)
    tile = tile.ravel()
    order = np.argsort(tile, kind="stable")
    begin = np.flatnonzero(np.diff(tile[order], prepend=-1))
    return np.hstack([np.minimum.reduceat(boxes[order, :2], begin),
                      np.maximum.reduceat(boxes[order, 2:], begin)])  # fmt: skip


def sectors_over(xy: np.ndarray, boxes: np.ndarray, sectors: int) -> np.ndarray:
    """(m, sectors) whether a sector lies over a box (b, 5), no farther than that is seen."""
    found = np.zeros((len(xy), sectors), bool)
    step = 2.0 * np.pi / sectors
    for west, south, east, north, reach in boxes:
        gap = np.hypot(np.maximum(np.maximum(west - xy[:, 0], xy[:, 0] - east), 0.0),
                       np.maximum(np.maximum(south - xy[:, 1], xy[:, 1] - north), 0.0))  # fmt: skip
        rows = np.flatnonzero(gap <= reach)
        x, y = xy[rows, 0], xy[rows, 1]
        cx, cy = (west + east) / 2 - x, (south + north) / 2 - y
        low, high = np.zeros(len(rows)), np.zeros(len(rows))
        for bx, by in ((west, south), (west, north), (east, south), (east, north)):
            dx, dy = bx - x, by - y
            turn = np.arctan2(cx * dy - cy * dx, cx * dx + cy * dy)
            low, high = np.minimum(low, turn), np.maximum(high, turn)
        middle = np.arctan2(cy, cx)
        k0 = np.floor((middle + low) / step - 1e-6).astype(np.int64)
        count = np.floor((middle + high) / step + 1e-6).astype(np.int64) - k0 + 1
        around = (gap[rows] < 1e-6) | (count >= sectors)
        k0, count = np.where(around, 0, k0), np.where(around, sectors, count)
        pair = owners(count)
        found[rows[pair], (k0[pair] + nth(count, pair)) % sectors] = True
    return found
