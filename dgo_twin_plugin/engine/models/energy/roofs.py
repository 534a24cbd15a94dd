"""Roofs as cells: slope, direction, horizon. Pure functions of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...geometry import Segments

_AT_ONCE = 8_000  # points worked out together: what is made on the way stays in the cache


def slopes(z: np.ndarray, owner: np.ndarray, cell: float) -> tuple[np.ndarray, np.ndarray]:
    """(rows, columns) tilt and aspect, degrees, of the cells that have an owner (>= 0).

    Differences are taken between cells of the same owner only, so that no roof slopes down to the
    street: over both neighbours where both are there, else over one; NaN where a direction has
    none. ``z`` m, rows running south. The aspect is where the slope looks, clockwise from north.
    """
    east = _difference(z, owner, 1, cell)
    north = -_difference(z, owner, 0, cell)  # rows run south
    tilt = np.degrees(np.arctan(np.hypot(east, north)))
    return tilt, np.degrees(np.arctan2(-east, -north)) % 360.0


def _difference(z: np.ndarray, owner: np.ndarray, axis: int, cell: float) -> np.ndarray:
    """dz per m towards higher indices along an axis."""
    pad = [(0, 0), (0, 0)]
    pad[axis] = (1, 1)
    wide = np.pad(z, pad, constant_values=np.nan)
    mine = np.pad(owner, pad, constant_values=-2)
    low: list[Any] = [slice(None), slice(None)]
    high = list(low)
    low[axis], high[axis] = slice(None, -2), slice(2, None)
    before = np.where(mine[tuple(low)] == owner, z - wide[tuple(low)], np.nan)
    after = np.where(mine[tuple(high)] == owner, wide[tuple(high)] - z, np.nan)
    both = 0.5 * (before + after)
    found = np.where(np.isfinite(both), both, np.where(np.isfinite(before), before, after))
    found = np.where(owner >= 0, found, np.nan)
    return np.asarray(found / cell)


def horizon(
    z: np.ndarray, row: np.ndarray, column: np.ndarray, height: np.ndarray, cell: float,
    directions: int, distances: list[float], pulse: Any = None,
) -> np.ndarray:  # fmt: skip
    """(n, directions) tangent of the height of the horizon seen from points of a grid, clockwise
    from north; 0 where nothing stands above the point. ``height`` (n,) m of the points in the
    datum of ``z``; unknown cells (NaN) hide nothing."""
    out = np.zeros((len(row), directions))
    pad = int(np.ceil(max(distances, default=0.0) / cell)) + 1
    wide = np.pad(z, pad, constant_values=np.nan)  # beyond the grid nothing is known
    step, flat = wide.shape[1], wide.ravel()
    for first in range(0, len(row), _AT_ONCE):
        if pulse is not None:
            pulse()
        some = slice(first, first + _AT_ONCE)
        place, foot = (row[some] + pad) * step + column[some] + pad, height[some]
        for k in range(directions):
            turn, highest = 2.0 * np.pi * k / directions, np.zeros(len(place))
            for far in distances:
                away = (int(round(np.sin(turn) * far / cell))
                        - int(round(np.cos(turn) * far / cell)) * step)  # fmt: skip
                np.fmax(highest, (flat.take(place + away) - foot) / far, out=highest)
            out[some, k] = highest
    return out


def ridge(edges: Segments, n: int) -> np.ndarray:
    """(n,) direction of the longest side of each polygon, degrees clockwise from north in [0, 180):
    the way a ridge runs. Sides that lie in line (within 5 degrees) count together; NaN where a
    polygon has no side."""
    dx, dy = edges.x1 - edges.x0, edges.y1 - edges.y0
    length = np.hypot(dx, dy)
    along = np.degrees(np.arctan2(dx, dy)) % 180.0
    bins = np.rint(along / 5.0).astype(np.int64) % 36
    total = np.bincount(edges.feature * 36 + bins, length, n * 36).reshape(n, 36)
    best = total.argmax(axis=1)
    # the mean of the sides in that bin, as vectors of the doubled angle
    mine = bins == best[edges.feature]
    double = np.radians(2.0 * along)
    x = np.bincount(edges.feature[mine], (length * np.cos(double))[mine], n)
    y = np.bincount(edges.feature[mine], (length * np.sin(double))[mine], n)
    found = np.degrees(np.arctan2(y, x)) / 2.0 % 180.0
    return np.where(total.sum(axis=1) > 0, found, np.nan)


def best_share(
    of: np.ndarray, area: np.ndarray, value: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """(n,) mean value over the best ``share`` (n,) of the area of each of n roofs: panels go where
    they give most. ``of`` (k,) the roof of each cell, ``area`` and ``value`` (k,). A share of 0
    gives the best cell; NaN where a roof has no cell."""
    n = len(share)
    order = np.lexsort((-value, of))
    of, area, value = of[order], area[order], value[order]
    total = np.bincount(of, area, n)
    start = np.searchsorted(of, np.arange(n))
    run = np.cumsum(area)
    before = run - area - np.concatenate([[0.0], run])[start[of]]
    wanted = np.maximum(np.nan_to_num(share), 0.0) * total
    first = np.zeros(len(of), bool)
    there = np.bincount(of, minlength=n) > 0
    first[start[there]] = True
    least = np.where(first, np.minimum(area, 1e-9), 0.0)  # of nothing: the best cell
    taken = np.clip(wanted[of] - before, least, area)
    amount = np.bincount(of, taken, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.bincount(of, taken * value, n) / amount)
