"""Which polygons points lie in, and which boundary is the nearest: for all points at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .boxes import bbox_pairs
from .counts import AT_ONCE, portions, ranges

if TYPE_CHECKING:
    from .geometry import Polygons, Segments

LONG = 64  # edges of a polygon beyond which only those near, or above a point, are looked at


def containing(polygons: Polygons, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (point, row) of points (m, 2) and the polygons that contain them, sorted by both.

    Ray casting upward; a point on a boundary may fall on either side.
    """
    xy = np.asarray(xy, float).reshape(-1, 2)
    points = np.isfinite(xy).all(axis=1).nonzero()[0]
    start = polygons.segments.start
    large = start[1:] - start[:-1] > LONG
    found = [
        ask(polygons, rows, xy.take(points, axis=0))
        for ask, rows in ((_inside, (~large).nonzero()[0]), (_below, large.nonzero()[0]))
        if len(rows) and len(points)
    ]  # fmt: skip
    if not found:
        return points[:0], points[:0]
    p, row = (np.concatenate(each) for each in zip(*found))
    p, order = points.take(p), np.lexsort((row, p))
    return p.take(order), row.take(order)


def _inside(polygons: Polygons, rows: np.ndarray,
            xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """:func:`containing` for polygons of few edges: all of them for every point in their box."""
    p, row = bbox_pairs(np.hstack([xy, xy]), polygons.bounds().take(rows, axis=0))
    row, (x, y) = rows.take(row), xy.T.copy()
    s = polygons.segments
    first, last = s.start.take(row), s.start.take(row + 1)
    inside = np.zeros(len(p), bool)
    for chunk in portions(last - first, AT_ONCE):
        index, pair = ranges(first[chunk], last[chunk])
        own = p[chunk].take(pair)
        above = pair.take(_above(s, index, x.take(own), y.take(own)))
        inside[chunk] = np.bincount(above, minlength=len(first[chunk])) % 2 > 0
    return p[inside], row[inside]


def _below(polygons: Polygons, rows: np.ndarray,
           xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """:func:`containing` for polygons of many edges: only those that a ray upward can meet."""
    s = polygons.segments
    # the rays of points that lie together meet few of the polygons
    about = np.concatenate([xy.min(axis=0), [xy[:, 0].max(), np.inf]])
    rows = rows.take(bbox_pairs(about, polygons.bounds().take(rows, axis=0))[1])
    edges, _ = ranges(s.start.take(rows), s.start.take(rows + 1))
    boxes = s.bounds().take(edges, axis=0)
    rays = np.column_stack([xy, xy[:, 0], np.full(len(xy), boxes[:, 3].max(initial=-np.inf))])
    p, edge = bbox_pairs(rays, boxes)
    edge = edges.take(edge)
    above = _above(s, edge, xy[:, 0].take(p), xy[:, 1].take(p))
    p, edge = p.take(above), edge.take(above)
    pair, met = np.unique(p * np.int64(polygons.n) + s.feature.take(edge), return_counts=True)
    pair = pair[met % 2 > 0]
    return pair // polygons.n, pair % polygons.n


def _above(s: Segments, edge: np.ndarray, px: np.ndarray, py: np.ndarray) -> np.ndarray:
    """Places in the list of the edges that run above the point there."""
    x0, x1 = s.x0.take(edge), s.x1.take(edge)
    spans = ((x0 <= px) != (x1 <= px)).nonzero()[0]  # no upright ones
    edge, x0, x1, px, py = (v.take(spans) for v in (edge, x0, x1, px, py))
    y0, y1 = s.y0.take(edge), s.y1.take(edge)
    above: np.ndarray = spans[y0 + (px - x0) * ((y1 - y0) / (x1 - x0)) > py]
    return above


def first_containing(polygons: Polygons, xy: np.ndarray) -> np.ndarray:
    """(m,) lowest row that contains each point, -1 where none does."""
    found = np.full(len(np.asarray(xy).reshape(-1, 2)), -1, np.int64)
    point, row = containing(polygons, xy)
    found[point[::-1]] = row[::-1]
    return found


def nearest_segment(xy: np.ndarray, x0: np.ndarray, y0: np.ndarray, x1: np.ndarray,
                    y1: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """For each point (m, 2): distance to and index of the nearest segment within ``reach`` m;
    inf and -1 where there is none."""
    xy = np.asarray(xy, float).reshape(-1, 2)
    boxes = np.empty((len(x0), 4))
    for k, (least, most) in enumerate(((x0, x1), (y0, y1))):
        np.minimum(least, most, out=boxes[:, k])
        np.maximum(least, most, out=boxes[:, k + 2])
    p, s = bbox_pairs(np.hstack([xy, xy]), boxes, reach)
    x0, y0, x1, y1 = (v.take(s) for v in (x0, y0, x1, y1))
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy
    px, py = xy[:, 0].take(p) - x0, xy[:, 1].take(p) - y0
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(length2 > 0, (px * dx + py * dy) / length2, 0.0)
    t = np.minimum(np.maximum(t, 0.0), 1.0)
    distance = np.hypot(px - t * dx, py - t * dy)
    best = np.full(len(xy), np.inf)
    index = np.full(len(xy), -1, np.int64)
    order = np.lexsort((s, distance))[::-1]  # the nearest is written last
    p = p.take(order)
    index[p], best[p] = s.take(order), distance.take(order)
    far = best > reach
    best[far], index[far] = np.inf, -1
    return best, index
