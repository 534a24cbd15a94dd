"""Who owns the ground: order, overlaps, and exact areas per zone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .clean import quiet
from .geometry import Polygons, overlap_areas, polygonal
from .pulse import beat
from .scan import Coarse
from .turned import may_share

TOLERANCE = 1e-6  # m2 of common ground below which two features merely touch
_MANY = 2_000  # pairs for which a box along each feature is worth its while


def overlapping_pairs(polygons: Polygons) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (i < j) with more than :data:`TOLERANCE` common ground, and that area, m2."""
    box = polygons.bounds()
    i, j = bbox_pairs(box, box)
    once = i < j
    return _overlapping(polygons, i[once], j[once])


def _overlapping(polygons: Polygons, i: np.ndarray,
                 j: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Those of the pairs (i < j) that overlap, with their common area."""
    box = polygons.bounds()
    wide = np.minimum(box[i, 2], box[j, 2]) - np.maximum(box[i, 0], box[j, 0])
    high = np.minimum(box[i, 3], box[j, 3]) - np.maximum(box[i, 1], box[j, 1])
    deep = (wide * high > TOLERANCE) & (wide > 0) & (high > 0)
    i, j = i[deep], j[deep]
    if len(i) > _MANY:
        near = may_share(polygons, i, j, 0.5 * TOLERANCE)
        i, j = i[near], j[near]
    area = overlap_areas(polygons, polygons, i, j)
    real = area > TOLERANCE
    return i[real], j[real], area[real]


@dataclass(frozen=True)
class Divided:
    """Ground given to one owner each, and what is needed to do so again after a change."""

    polygons: Polygons  # as drawn
    priority: np.ndarray
    visible: Polygons
    loser: np.ndarray  # contests (k,), sorted by loser and winner
    winner: np.ndarray
    area: np.ndarray  # m2
    # (n,) the row before of which each has the very visible ground, -1 none; None: not known
    source: np.ndarray | None = None

    @property
    def contests(self) -> list[tuple[int, int, float]]:
        return list(zip(self.loser.tolist(), self.winner.tolist(), self.area.tolist()))


def resolve(
    polygons: Polygons, priority: np.ndarray, skip: np.ndarray | None = None
) -> tuple[Polygons, list[tuple[int, int, float]]]:
    """Give common ground to one owner: the lower ``priority`` (n,) keeps it, ties the lower row.

    ``skip`` (n,): pairs of equal non-negative ``skip`` do not contest. Returns the visible polygons
    and the contests (loser, winner, m2).
    """
    made = divide(polygons, priority, skip)
    return made.visible, made.contests


def divide(polygons: Polygons, priority: np.ndarray, skip: np.ndarray | None = None) -> Divided:
    """:func:`resolve`, with all that :func:`divide_again` needs."""
    i, j, area = overlapping_pairs(polygons)
    if skip is not None and len(i):
        contest = (skip[i] != skip[j]) | (skip[i] < 0)
        i, j, area = i[contest], j[contest], area[contest]
    return _given(polygons, priority, i, j, area)


def divide_again(polygons: Polygons, priority: np.ndarray, before: Divided,
                 pair: np.ndarray) -> Divided:  # fmt: skip
    """:func:`divide` of polygons of which most were divided ``before``: ``pair`` (n,) the row of
    each there, ascending, -1 where it is new or changed. Only what meets these is done again."""
    n = before.polygons.n
    if not n:
        return divide(polygons, priority)
    pair = pair.copy()
    pair[priority != before.priority.take(pair)] = -1
    if len(pair) == n and (pair == np.arange(n)).all():
        return replace(before, polygons=polygons, priority=priority, source=pair)
    back = back_of(pair, n)
    i, j = back.take(before.winner), back.take(before.loser)
    stays = (i >= 0) & (j >= 0)
    # a feature that lost ground to what is no longer there, or changed, is cut again
    again = pair < 0
    lost = j[~stays]
    again[lost[lost >= 0]] = True
    fresh = (pair < 0).nonzero()[0]
    k, other = meeting(polygons.bounds()[fresh], polygons.bounds())
    k = fresh[k]
    once = (k != other) & ((pair[other] >= 0) | (k < other))
    k, other = k[once], other[once]
    new_i, new_j, new_area = _overlapping(polygons, np.minimum(k, other), np.maximum(k, other))
    again[new_i], again[new_j] = True, True
    pair[again] = -1
    return _given(polygons, priority, np.concatenate([i[stays], new_i]),
                  np.concatenate([j[stays], new_j]),
                  np.concatenate([before.area[stays], new_area]), before, pair)  # fmt: skip


def back_of(pair: np.ndarray, n: int) -> np.ndarray:
    """(n,) the row of which ``pair`` says that it was each row of before; -1 where there is none,
    and a last -1 for what was nowhere before."""
    back = np.full(n + 1, -1, np.int64)
    back[pair] = np.arange(len(pair))
    back[n] = -1
    return back


def meeting(asked: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """:func:`boxes.bbox_pairs`, in order of both; where few are asked, without setting all in
    rows."""
    none = np.zeros(0, np.int64)
    if len(asked) > _FEW:
        i, j = bbox_pairs(asked, box)
        order = (i * len(box) + j).argsort(kind="stable")
        return i[order], j[order]
    if not len(asked):
        return none, none

    def meet(boxes: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
        beside = ((boxes[:, 0] <= x1) & (boxes[:, 2] >= x0)).nonzero()[0]
        boxes = boxes.take(beside, axis=0)
        return beside[(boxes[:, 1] <= y1) & (boxes[:, 3] >= y0)]

    # what was drawn at one moment lies together: most boxes are told from all of them at once
    near = meet(box, *asked[:, :2].min(axis=0).tolist(), *asked[:, 2:].max(axis=0).tolist())
    boxes = box.take(near, axis=0)
    found = [near[meet(boxes, *one)] for one in asked.tolist()]
    return np.arange(len(asked)).repeat([len(f) for f in found]), np.concatenate(found)


_FEW = 60  # boxes for which looking at all others is quicker than setting these in rows


def _given(polygons: Polygons, priority: np.ndarray, i: np.ndarray, j: np.ndarray,
           area: np.ndarray, before: Divided | None = None,
           pair: np.ndarray | None = None) -> Divided:  # fmt: skip
    """Cut the losers of the contests. ``pair`` (n,): the row of ``before`` whose visible ground a
    feature still has, -1 where it is cut anew."""
    swap = priority[j] < priority[i]
    winner, loser = np.where(swap, j, i), np.where(swap, i, j)
    order = (loser * polygons.n + winner).argsort(kind="stable")
    winner, loser, area = winner[order], loser[order], area[order]
    gone = np.zeros(polygons.n, bool)
    gone[loser[area >= polygons.area()[loser] - TOLERANCE]] = True  # below one other feature
    if before is None or pair is None:
        visible = polygons.replaced(*_cut(polygons, polygons, loser, winner, gone))
    else:
        fresh = (pair < 0).nonzero()[0]
        rows, geometries = _cut(polygons, polygons, loser, winner, gone, fresh)
        new = polygons.take(fresh).replaced(fresh.searchsorted(rows).tolist(), geometries)
        visible = before.visible.patched(pair, new)
    beat()
    return Divided(polygons, priority, visible, loser, winner, area, pair)


def _cut(polygons: Polygons, cover: Polygons, row: np.ndarray, above: np.ndarray,
         gone: np.ndarray, asked: np.ndarray | None = None,
         ) -> tuple[list[int], list[ogr.Geometry | None]]:  # fmt: skip
    """What is left of polygons below rows ``above`` of ``cover``; pairs (row, above) are sorted.
    ``gone`` (n,): of these it is known that nothing is; ``asked``: only these rows, ascending."""
    if asked is None:
        asked = np.arange(polygons.n)
    first, last = row.searchsorted(asked), row.searchsorted(asked, "right")
    some = (first < last).nonzero()[0]
    rows: list[int] = asked[some].tolist()
    geometries: list[ogr.Geometry | None] = []
    with quiet():
        for k, a, b in zip(rows, first[some].tolist(), last[some].tolist()):
            beat()
            geometries.append(None if gone[k] else _difference(polygons, k, above[a:b], cover))
    beat()
    return rows, geometries


@dataclass(frozen=True)
class Uncovered:
    """What a cover leaves of polygons, and what is needed to do so again after a change."""

    left: Polygons
    row: np.ndarray  # what lies below what (k,), sorted by both
    above: np.ndarray
    area: np.ndarray  # m2
    source: np.ndarray | None = None  # as in :class:`Divided`


def uncovered(polygons: Polygons, cover: Polygons) -> Polygons:
    """What ``cover``, features that share no ground with each other, leaves of each polygon."""
    return uncover(polygons, cover).left


def uncover(polygons: Polygons, cover: Polygons) -> Uncovered:
    """:func:`uncovered`, with all that :func:`uncover_again` needs."""
    row, above = meeting(polygons.bounds(), cover.bounds())
    area = overlap_areas(polygons, cover, row, above)
    real = area > TOLERANCE
    row, above, area = row[real], above[real], area[real]
    rows, geometries = _cut(polygons, cover, row, above, _below(polygons, row, area))
    return Uncovered(polygons.replaced(rows, geometries), row, above, area)


def uncover_again(polygons: Polygons, cover: Polygons, before: Uncovered, pair: np.ndarray,
                  pair_above: np.ndarray, n_above: int) -> Uncovered:  # fmt: skip
    """:func:`uncover` where most was there ``before``: ``pair`` (n,) and ``pair_above``, of the
    cover, say where, -1 where it is new or changed; ``n_above``: features of the cover then."""
    was, was_above = back_of(pair, before.left.n), back_of(pair_above, n_above)
    i, j = was.take(before.row), was_above.take(before.above)
    away = (np.minimum(i, j) < 0).nonzero()[0]
    again = pair < 0
    fresh, fresh_above = again.nonzero()[0], (pair_above < 0).nonzero()[0]
    lost = i[away]  # what lay above these is not there any more, or changed
    again[lost[lost >= 0]] = True
    above, row = meeting(cover.bounds()[fresh_above], polygons.bounds())
    known = pair[row] >= 0
    own, other = meeting(polygons.bounds()[fresh], cover.bounds())
    row = np.concatenate([row[known], fresh[own]])
    above = np.concatenate([fresh_above[above[known]], other])
    area = overlap_areas(polygons, cover, row, above)
    real = area > TOLERANCE
    again[row[real]] = True
    row, above, area = (np.concatenate([np.delete(then, away), now[real]]) for then, now in (
        (i, row), (j, above), (before.area, area)))  # fmt: skip
    order = (row * cover.n + above).argsort(kind="stable")
    row, above, area = row[order], above[order], area[order]
    asked = again.nonzero()[0]
    rows, geometries = _cut(polygons, cover, row, above, _below(polygons, row, area), asked)
    new = polygons.take(asked).replaced(asked.searchsorted(rows).tolist(), geometries)
    source = pair.copy()
    source[asked] = -1
    return Uncovered(before.left.patched(source, new), row, above, area, source)


def _below(polygons: Polygons, row: np.ndarray, area: np.ndarray) -> np.ndarray:
    """(n,) whether nothing is left: the areas add up, for what lies above shares no ground with
    each other, so most features are seen to be gone without GEOS."""
    found: np.ndarray = np.bincount(row, area, polygons.n) >= polygons.area() - TOLERANCE
    return found


def _difference(polygons: Polygons, row: int, above: np.ndarray,
                cover: Polygons) -> ogr.Geometry | None:  # fmt: skip
    """A polygon less the rows ``above`` of ``cover``."""
    geometry = polygons.geometry(row)
    if len(above) == 1:
        over = cover.geometry(int(above[0]))
    elif len(above) <= AT_ONCE:
        over = _joined(cover.collected(above))
    else:
        over = dissolve([cover.geometry(k) for k in above.tolist()])
    left = geometry.Difference(over)
    if left is None:  # GEOS gave up on a near-coincident edge: a tenth of a micrometre settles it
        left = geometry.Buffer(0).Difference(over.Buffer(0))
    return polygonal(left)


AT_ONCE = 1000  # polygons that GEOS joins in one call, which nothing can stop


def dissolve(geometries: list[ogr.Geometry]) -> ogr.Geometry:
    """The union of polygons, polygonal."""
    beat()
    if len(geometries) > AT_ONCE:  # strip by strip, so that what is joined lies together
        west = np.array([g.GetEnvelope()[0] for g in geometries])
        order = np.argsort(west, kind="stable").tolist()
        return dissolve([dissolve([geometries[k] for k in order[at : at + AT_ONCE]])
                         for at in range(0, len(order), AT_ONCE)])  # fmt: skip
    collection = ogr.Geometry(ogr.wkbMultiPolygon)
    for geometry in geometries:
        if ogr.GT_Flatten(geometry.GetGeometryType()) == ogr.wkbPolygon:
            collection.AddGeometry(geometry)
        else:
            for part in range(geometry.GetGeometryCount()):
                collection.AddGeometry(geometry.GetGeometryRef(part))
    return _joined(collection)


def _joined(collection: ogr.Geometry) -> ogr.Geometry:
    """The union of the polygons of one multipolygon, polygonal."""
    return collection if collection.IsEmpty() else polygonal(collection.UnionCascaded())


def zone_areas(polygons: Polygons, zones: Polygons, rows: np.ndarray | None = None,
               coarse: Coarse | None = None,
               ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Feature x zone: rows of ``polygons``, rows of ``zones`` (which do not overlap each other),
    and exact common area in m2, for all pairs that share ground. Sorted by feature, zone.

    A feature whose box no zone boundary enters lies in one zone or in none; a coarse grid decides
    that for most, one point for the others. Only those that are left are measured edge by edge.
    ``rows``: only of these; ``coarse``: that grid, where it was made before.
    """
    rows = np.arange(polygons.n) if rows is None else rows
    coarse = coarse or Coarse.of(zones, polygons.n)
    box = polygons.bounds()[rows]
    sure, home = coarse.homes(box)
    ask = (~sure & np.isfinite(box[:, 0])).nonzero()[0]
    near = np.zeros(len(ask), bool)
    near[meeting(box[ask], zones.segments.bounds())[0]] = True
    whole, crossed = ask[~near], ask[near]
    home[whole] = _home(zones, 0.5 * (box[whole, :2] + box[whole, 2:]))
    i, j = meeting(box[crossed], zones.bounds())
    i = rows[crossed[i]]
    common = overlap_areas(polygons, zones, i, j)
    real = common > TOLERANCE * 0.01
    inside = (home >= 0).nonzero()[0]
    feature = np.concatenate([rows[inside], i[real]])
    zone = np.concatenate([home[inside], j[real]])
    measured = np.concatenate([polygons.area()[rows[inside]], common[real]])
    order = np.lexsort((zone, feature))
    return feature[order], zone[order], measured[order]


def _home(zones: Polygons, xy: np.ndarray) -> np.ndarray:
    """(m,) zone row of each point, -1 for none: ray casting."""
    found = np.full(len(xy), -1, np.int64)
    if not len(xy) or not zones.n:
        return found
    s = zones.segments
    top = s.bounds()[:, 3].max() + 1.0
    rays = np.column_stack([xy, xy[:, 0], np.full(len(xy), top)])
    p, e = bbox_pairs(rays, s.bounds())
    x = xy[p, 0]
    spans = (s.x0[e] <= x) != (s.x1[e] <= x)
    p, e, x = p[spans], e[spans], x[spans]
    y = s.y0[e] + (x - s.x0[e]) / (s.x1[e] - s.x0[e]) * (s.y1[e] - s.y0[e])
    above = y > xy[p, 1]
    p, e, y = p[above], e[above], y[above]
    # the nearest boundary above: its zone is ours where its interior lies below it
    order = np.lexsort((y, p))
    p, e, y = p[order], e[order], y[order]
    lead = np.diff(p, prepend=-1) > 0
    lowest = np.repeat(y[lead], np.diff(np.append(np.flatnonzero(lead), len(p))))
    down = (s.x1[e] < s.x0[e]) & (y <= lowest + 1e-9)  # runs right to left: interior below
    found[p[down]] = s.feature[e[down]]
    return found
