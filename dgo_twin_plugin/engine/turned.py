"""Boxes along the features themselves: neighbours in a row that runs askew have boxes that overlap
widely and hardly any ground in common, and nearly all pairs of a drawn plan are such neighbours."""

from __future__ import annotations

import numpy as np

from .counts import owners
from .geometry import Polygons


def may_share(polygons: Polygons, i: np.ndarray, j: np.ndarray, least: float) -> np.ndarray:
    """(k,) False for pairs of features that are sure to have less than ``least`` m2 in common."""
    boxes = _along(polygons)
    one, other = boxes[i], boxes[j]
    dx, dy = (other[:, :2] - one[:, :2]).T
    cos = np.abs(one[:, 2] * other[:, 2] + one[:, 3] * other[:, 3])
    sin = np.abs(one[:, 2] * other[:, 3] - one[:, 3] * other[:, 2])
    found = np.ones(len(i), bool)
    for a, b in ((one, other), (other, one)):
        # how deep the box about the other, drawn along this one, reaches into this one
        wide = a[:, 4] + b[:, 4] * cos + b[:, 5] * sin - np.abs(dx * a[:, 2] + dy * a[:, 3])
        high = a[:, 5] + b[:, 4] * sin + b[:, 5] * cos - np.abs(dx * a[:, 3] - dy * a[:, 2])
        found &= (wide > 0) & (high > 0) & (wide * high > least)
    return found


def _along(polygons: Polygons) -> np.ndarray:
    """(n, 6) the box along the longest edge of each feature: its centre, the direction of that edge
    (length 1) and half its size along and across it. NaN where there is none."""
    s = polygons.segments
    boxes = np.full((polygons.n, 6), np.nan)
    if not len(s.x0):
        return boxes
    order = np.argsort(s.length, kind="stable")
    longest = np.zeros(polygons.n, np.int64)
    longest[s.feature[order]] = order
    size = s.length[longest]
    ux, uy = (s.x1 - s.x0)[longest] / size, (s.y1 - s.y0)[longest] / size
    # the rings of a feature stand together; from its first vertex, so that far is as exact as near
    first = np.flatnonzero(np.diff(polygons.ring_feature, prepend=-1))
    rows, at = polygons.ring_feature[first], polygons.ring_start[first]
    own = owners(np.diff(np.append(at, len(polygons.xy))))
    ux, uy = ux[rows], uy[rows]
    x, y = (polygons.xy - polygons.xy[at][own]).T
    along, across = x * ux[own] + y * uy[own], y * ux[own] - x * uy[own]
    a0, a1 = np.minimum.reduceat(along, at), np.maximum.reduceat(along, at)
    c0, c1 = np.minimum.reduceat(across, at), np.maximum.reduceat(across, at)
    a, c = 0.5 * (a0 + a1), 0.5 * (c0 + c1)
    boxes[rows] = np.column_stack([polygons.xy[at, 0] + a * ux - c * uy,
                                   polygons.xy[at, 1] + a * uy + c * ux,
                                   ux, uy, 0.5 * (a1 - a0), 0.5 * (c1 - c0)])  # fmt: skip
    return boxes
