"""Fewer walls that screen the same: no walls between equal neighbours, one wall along a row.

Exact for what a path meets: behind the outer walls of a row an inner wall of the same height lies
on the flat top of the hull, and a lower one beside a higher one below it.
"""

from __future__ import annotations

import numpy as np

_GRID = 1e-3  # m: corners nearer than this are one


def outline(walls: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(walls (k, 4), height (k,)) of buildings without inner walls, rows of walls joined."""
    return _joined(*_without_inner(walls, height))


def _without_inner(walls: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of walls on one place the highest stays; none where two buildings of one height touch."""
    if not len(walls):
        return walls, height
    ends = np.round(walls / _GRID).astype(np.int64)
    turned = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ends = np.where(turned[:, None], ends[:, [2, 3, 0, 1]], ends)
    order = np.lexsort((-height, *ends.T))
    same = np.all(ends[order[1:]] == ends[order[:-1]], axis=1)
    level = same & (np.abs(height[order[1:]] - height[order[:-1]]) < 1e-6)
    # two that touch look opposite ways; the same wall drawn twice does not
    level &= turned[order[1:]] != turned[order[:-1]]
    keep = np.ones(len(order), bool)
    keep[1:][same] = False  # the lower ones
    keep[:-1][level & np.concatenate([[True], ~same[:-1]])] = False  # and the highest pair
    rows = np.sort(order[keep])
    return walls[rows], height[rows]


def _joined(walls: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Walls in one line that touch and are as high become one wall."""
    if not len(walls):
        return walls, height
    x0, y0, x1, y1 = walls.T
    turned = (x0 > x1) | ((x0 == x1) & (y0 > y1))
    x0, x1, y0, y1 = (np.where(turned, b, a) for a, b in ((x0, x1), (x1, x0), (y0, y1), (y1, y0)))
    length = np.hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    angle, offset = np.arctan2(uy, ux), ux * y0 - uy * x0
    along = ux * x0 + uy * y0
    order = np.lexsort((along, np.round(offset / 0.01), np.round(angle / 1e-4), height))
    a, b = order[:-1], order[1:]
    touch = np.hypot(x1[a] - x0[b], y1[a] - y0[b]) < _GRID
    straight = np.abs(ux[a] * uy[b] - uy[a] * ux[b]) < 1e-4
    touch &= straight & (np.abs(height[a] - height[b]) < 1e-6)
    first = np.flatnonzero(np.concatenate([[True], ~touch]))
    last = np.append(first[1:], len(order)) - 1
    start, end = order[first], order[last]
    return np.column_stack([x0[start], y0[start], x1[end], y1[end]]), height[start]
