"""Neighbours that nearly touch made to share their vertices, before anything is joined.

Two features drawn against each other leave gaps of some 1e-12 m between them as soon as a plan is
turned by an angle or moved to another plane. Whether GEOS passes through such a gap depends on all
that it joins, so a plan would hang together or fall apart by chance. Where both have the same
vertices along their common edge there is no gap to pass through.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .clean import quiet
from .geometry import Polygons, polygonal
from .pulse import beat

GAP = 1e-5  # m: what lies nearer together than this is meant to touch


def jointed(polygons: Polygons, gap: float = GAP) -> list[ogr.Geometry]:
    """The features as :func:`bent`, valid."""
    made, changed = bent(polygons, gap)
    return geometries(made, changed, range(polygons.n))


def geometries(made: Polygons, changed: np.ndarray, rows: Iterable[int]) -> list[ogr.Geometry]:
    """These rows of what :func:`bent` gives, valid."""
    found = []
    with quiet():
        for row in rows:
            geometry = made.geometry(row)
            if changed[row] and not geometry.IsValid():  # what was thinner than the gap
                geometry = polygonal(geometry.Buffer(0))
            found.append(geometry)
    return found


def bent(polygons: Polygons, gap: float = GAP) -> tuple[Polygons, np.ndarray]:
    """The features, of which vertices within ``gap`` m of each other stand at one place (that of
    the most western), and of which an edge bends over each vertex that comes as near to it; and
    which of them changed (n,). Nothing moves by more than a few ``gap``; what shares its vertices
    already stays to the bit. Depends on the features together, not on their order."""
    changed = np.zeros(polygons.n, bool)
    xy, of = _together(polygons.xy, gap)
    place = xy[of]
    first, at = _on_edges(polygons, xy, of, gap)
    if not len(first) and np.array_equal(place, polygons.xy):
        return polygons, changed
    count = np.ones(len(place), np.int64)
    np.add.at(count, first, 1)
    start = np.cumsum(count) - count
    joined = np.empty((int(count.sum()), 2))
    joined[start] = place
    nth = np.arange(len(first)) - np.searchsorted(first, first)  # of its edge, in order
    joined[start[first] + 1 + nth] = xy[at]
    ends = np.append(start, len(joined))[polygons.ring_start]
    made = Polygons(joined, ends, polygons.ring_part, polygons.part_feature, polygons.n)
    touched = np.zeros(len(place), bool)
    touched[first] = True
    touched |= (place != polygons.xy).any(axis=1)
    ring = np.repeat(polygons.ring_feature, np.diff(polygons.ring_start))
    changed[ring[touched]] = True
    return made, changed


def _together(xy: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Places (m, 2) of vertices (v, 2), and the place of each (v,)."""
    order = np.lexsort(xy.T[::-1])
    new = np.ones(len(xy), bool)
    new[1:] = (xy[order[1:]] != xy[order[:-1]]).any(axis=1)
    places = xy[order[new]]
    of = np.empty(len(xy), np.int64)
    of[order] = np.cumsum(new) - 1
    same = np.arange(len(places))
    near_a, near_b = [], []
    # two that lie within the gap share a cell of twice its size in one of four grids at least
    for shift in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)):
        cell = np.floor(places / (2.0 * gap) + shift).astype(np.int64)
        key = cell[:, 0] * np.int64(4_294_967_291) + cell[:, 1]  # a clash is told by the distance
        by_key = np.argsort(key, kind="stable")
        sorted_key = key[by_key]
        for step in range(1, 9):
            a, b = by_key[:-step], by_key[step:]
            pair = sorted_key[:-step] == sorted_key[step:]
            if not pair.any():
                break
            near_a.append(a[pair])
            near_b.append(b[pair])
    if not near_a:
        return places, of
    a, b = np.concatenate(near_a), np.concatenate(near_b)
    close = np.hypot(*(places[a] - places[b]).T) <= gap
    a, b = a[close], b[close]
    while True:
        least = np.minimum(same[a], same[b])
        if (same[a] == least).all() and (same[b] == least).all():
            break
        np.minimum.at(same, a, least)
        np.minimum.at(same, b, least)
    return places, same[of]


def _on_edges(polygons: Polygons, xy: np.ndarray, of: np.ndarray,
              gap: float) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Edges (by their first vertex) that have a place within the gap, and that place; sorted along
    each edge."""
    last = np.ones(len(of), bool)
    last[polygons.ring_start[1:] - 1] = False
    edge = np.flatnonzero(last)
    edge = edge[of[edge] != of[edge + 1]]
    a, b = xy[of[edge]], xy[of[edge + 1]]
    used = np.unique(of)
    points = xy[used]
    beat()
    p, e = bbox_pairs(np.hstack([points, points]),
                      np.hstack([np.minimum(a, b), np.maximum(a, b)]), gap)  # fmt: skip
    own = (used[p] == of[edge[e]]) | (used[p] == of[edge[e] + 1])
    p, e = p[~own], e[~own]
    along = b[e] - a[e]
    length = np.hypot(*along.T)
    off = points[p] - a[e]
    far = np.abs(along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0]) / length
    t = (off * along).sum(axis=1) / length
    on = (far <= gap) & (t > 0.0) & (t < length)
    p, e, t = p[on], e[on], t[on]
    order = np.lexsort((t, e))
    return edge[e[order]], used[p[order]]
