"""The outer edge of ground that many features cover together, without asking GEOS to join them.

Where neighbours share their vertices (:mod:`.joints`), an edge between two of them is there twice,
once each way. What is left when these are struck out against each other are the rings about all
of them, the ground always to the left.
"""

from __future__ import annotations

import math

import numpy as np
from osgeo import ogr

from .clean import quiet
from .geometry import Polygons
from .joints import bent, geometries
from .overlap import dissolve
from .pulse import beat
from .zones import fill_holes


def outline(polygons: Polygons) -> ogr.Geometry:
    """The union of features that share no ground with each other, its holes filled; to the bit the
    same whatever the order of the features, and whoever else lies inside."""
    made, changed = bent(polygons)
    shells = _shells(made)
    if shells is None:  # some cross each other after all: GEOS knows what to do
        shells = [dissolve(geometries(made, changed, range(made.n)))]
    if len(shells) != 1 or shells[0].GetGeometryCount() != 1:
        shells = [fill_holes(dissolve(shells))]  # one may lie in a hole of another
    return begun_alike(shells[0])


def _shells(polygons: Polygons) -> list[ogr.Geometry] | None:
    """The filled polygons about the features; None where rings cross or features overlap."""
    at, begin, end = _single(polygons)
    if at is None:
        return None
    found = []
    with quiet():
        for ring in rings(begin, end, at):
            xy = at[ring]
            beat()
            if _area(xy) > 0:
                found.append(_polygon(xy))
                if not found[-1].IsValid():
                    return None
    return found


def _single(polygons: Polygons) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Places (m, 2), and the places at which the edges (k,) begin and end that have none of the
    opposite way beside them. No places where one edge is there twice the same way."""
    xy = polygons.xy
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    sorted_ = xy.take(order, axis=0)
    new = np.ones(len(xy), bool)
    new[1:] = (sorted_[1:] != sorted_[:-1]).any(axis=1)
    place = np.empty(len(xy), np.int64)
    place[order] = new.cumsum() - 1
    at = sorted_[new]
    edge = np.ones(len(xy), bool)
    edge[polygons.ring_start[1:] - 1] = False  # none from one ring into the next
    edge[:-1] &= place[:-1] != place[1:]
    (first,) = edge.nonzero()
    begin, end = place.take(first), place.take(first + 1)
    key = np.minimum(begin, end) * len(at) + np.maximum(begin, end)
    order = key.argsort(kind="stable")
    key = key.take(order)
    run = np.ones(len(key), bool)
    run[1:] = key[1:] != key[:-1]
    (starts,) = run.nonzero()
    if not len(starts):
        return at, begin, end
    way = np.where(begin < end, 1, -1).take(order)
    left = np.add.reduceat(way, starts)
    if (np.abs(left) > 1).any():
        return None, begin, end
    kept = key.take(starts)
    low, high = np.divmod(kept[left != 0], len(at))
    forth = left[left != 0] > 0
    return at, np.where(forth, low, high), np.where(forth, high, low)


def rings(begin: np.ndarray, end: np.ndarray, at: np.ndarray) -> list[list[int]]:
    """Edges (k,) between places ``at`` (m, 2) as closed rings of places, none of which is twice in
    one ring. Where rings touch each other, each goes as far to the left as can be, about its own
    ground."""
    after: dict[int, list[int]] = {}
    for a, b in zip(begin.tolist(), end.tolist()):
        after.setdefault(a, []).append(b)
    found: list[list[int]] = []
    for start in after:
        path, nth = [start], {start: 0}
        while ways := after[path[-1]]:  # as many come as go, so it ends where it started
            turn = _leftmost(at, path[-2], path[-1], ways) if len(ways) > 1 < len(path) else 0
            there = ways.pop(turn)
            if there not in nth:
                nth[there] = len(path)
                path.append(there)
                continue
            first = nth[there]
            found.append(path[first:])
            for place in path[first + 1 :]:
                del nth[place]
            del path[first + 1 :]
    return found


def _leftmost(at: np.ndarray, before: int, here: int, ways: list[int]) -> int:
    """Which of the ways on from a place turns most to the left, coming from ``before``."""
    x, y = (at[here] - at[before]).tolist()

    def turn(there: int) -> float:
        dx, dy = (at[there] - at[here]).tolist()
        return math.atan2(x * dy - y * dx, x * dx + y * dy)

    return max(range(len(ways)), key=lambda k: turn(ways[k]))


def _area(xy: np.ndarray) -> float:
    """m2 within a ring (v, 2) that is not closed, above 0 where it goes anticlockwise."""
    x, y = (xy - xy[0]).T
    return 0.5 * float(x[:-1] @ y[1:] - x[1:] @ y[:-1])


def begun_alike(geometry: ogr.Geometry) -> ogr.Geometry:
    """The same polygons without holes, each ring begun at its most western vertex and the polygons
    in order of that: what a ring begins with depends on all that was joined."""
    polygons = Polygons.from_geometries([geometry])
    ends = polygons.ring_start
    found = [polygons.xy[a : b - 1] for a, b in zip(ends[:-1], ends[1:])]
    found = [np.roll(xy, -int(np.lexsort(xy.T[::-1])[0]), axis=0) for xy in found]
    found.sort(key=lambda xy: tuple(xy[0]))
    made = ogr.Geometry(ogr.wkbMultiPolygon)
    for xy in found:
        made.AddGeometry(_polygon(xy))
    return made if len(found) != 1 else _polygon(found[0])


def _polygon(xy: np.ndarray) -> ogr.Geometry:
    each = np.arange(1)
    closed = np.concatenate([xy, xy[:1]])
    return Polygons(closed, np.array([0, len(closed)]), each, each, 1).geometry(0)
