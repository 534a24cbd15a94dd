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
    if not before.polygons.n:
        return divide(polygons, priority)
    if np.array_equal(pair, np.arange(before.polygons.n)) and (priority == before.priority).all():
        return replace(before, polygons=polygons, source=pair)
    pair = np.where((pair >= 0) & (priority == before.priority[pair]), pair, -1)
    back = np.full(before.polygons.n, -1, np.int64)
    old = np.flatnonzero(pair >= 0)
    back[pair[old]] = old
    i, j = back[before.winner], back[before.loser]
    stays = (i >= 0) & (j >= 0)
    i, j, area = np.minimum(i, j)[stays], np.maximum(i, j)[stays], before.area[stays]
    # a feature that lost ground to what is no longer there, or changed, is cut again
    again = np.zeros(polygons.n, bool)
    again[back[before.loser[~stays]][back[before.loser[~stays]] >= 0]] = True
    fresh = np.flatnonzero(pair < 0)
    k, other = meeting(polygons.bounds(), fresh)
    once = (k != other) & ((pair[other] >= 0) | (k < other))
    k, other = k[once], other[once]
    new_i, new_j, new_area = _overlapping(polygons, np.minimum(k, other), np.maximum(k, other))
    again[fresh] = True
    again[new_i], again[new_j] = True, True
    return _given(polygons, priority, np.concatenate([i, new_i]), np.concatenate([j, new_j]),
                  np.concatenate([area, new_area]), before, np.where(again, -1, pair))  # fmt: skip


def meeting(box: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (row of ``rows``, other row) of boxes that meet: for few rows, without a tree."""
    asked = box[rows]
    if len(rows) > _FEW:
        i, j = bbox_pairs(asked, box)
        return rows[i], j
    none = np.zeros(0, np.int64)
    if not len(rows):
        return none, none

    def meet(boxes: np.ndarray, one: np.ndarray) -> np.ndarray:
        return np.flatnonzero((boxes[:, 0] <= one[2]) & (boxes[:, 2] >= one[0])
                              & (boxes[:, 1] <= one[3]) & (boxes[:, 3] >= one[1]))  # fmt: skip

    # what was drawn at one moment lies together: most boxes are told from all of them at once
    near = meet(box, np.concatenate([asked[:, :2].min(axis=0), asked[:, 2:].max(axis=0)]))
    boxes = box[near]
    found = [near[meet(boxes, one)] for one in asked]
    return np.repeat(rows, [len(f) for f in found]), np.concatenate([none, *found])


_FEW = 60  # boxes for which looking at all others is quicker than a tree


def _given(polygons: Polygons, priority: np.ndarray, i: np.ndarray, j: np.ndarray,
           area: np.ndarray, before: Divided | None = None,
           pair: np.ndarray | None = None) -> Divided:  # fmt: skip
    """Cut the losers of the contests. ``pair`` (n,): the row of ``before`` whose visible ground a
    feature still has, -1 where it is cut anew."""
    swap = priority[j] < priority[i]
    winner, loser = np.where(swap, j, i), np.where(swap, i, j)
    order = np.lexsort((winner, loser))
    winner, loser, area = winner[order], loser[order], area[order]
    own = polygons.area()
    rows: list[int] = []
    geometries: list[ogr.Geometry | None] = []
    edges = np.flatnonzero(np.diff(loser, prepend=-1, append=-1))
    with quiet():
        for at, end in zip(edges[:-1], edges[1:]):
            beat()
            row = int(loser[at])
            above = winner[at:end]
            if pair is not None and pair[row] >= 0:
                continue
            rows.append(row)
            if (area[at:end] >= own[row] - TOLERANCE).any():
                geometries.append(None)  # wholly below one other feature
                continue
            geometries.append(_difference(polygons, row, above))
    beat()
    if before is None or pair is None:
        visible = polygons.replaced(rows, geometries)
    else:
        fresh = np.flatnonzero(pair < 0)
        visible = before.visible.patched(pair, polygons.take(fresh).replaced(
            np.searchsorted(fresh, rows).tolist(), geometries))  # fmt: skip
    beat()
    return Divided(polygons, priority, visible, loser, winner, area, pair)


def uncovered(polygons: Polygons, cover: Polygons) -> Polygons:
    """What ``cover``, features that share no ground with each other, leaves of each polygon."""
    if polygons.n <= _FEW:
        near = np.concatenate([polygons.bounds(), cover.bounds()])
        i, j = meeting(near, np.arange(polygons.n))
        i, j = i[j >= polygons.n], j[j >= polygons.n] - polygons.n
    else:
        i, j = bbox_pairs(polygons.bounds(), cover.bounds())
    area = overlap_areas(polygons, cover, i, j)
    real = area > TOLERANCE
    i, j, area = i[real], j[real], area[real]
    order = np.argsort(i, kind="stable")
    i, j = i[order], j[order]
    # the areas add up, for they are disjoint: most features are seen to be gone without GEOS
    gone = np.bincount(i, area[order], polygons.n) >= polygons.area() - TOLERANCE
    rows: list[int] = []
    geometries: list[ogr.Geometry | None] = []
    edges = np.flatnonzero(np.diff(i, prepend=-1, append=-1))
    with quiet():
        for at, end in zip(edges[:-1], edges[1:]):
            beat()
            row = int(i[at])
            rows.append(row)
            geometries.append(None if gone[row] else _difference(polygons, row, j[at:end], cover))
    return polygons.replaced(rows, geometries)


def _difference(polygons: Polygons, row: int, above: np.ndarray,
                others: Polygons | None = None) -> ogr.Geometry | None:  # fmt: skip
    """A polygon less the rows ``above`` of ``others`` (of its own set where None)."""
    others = others or polygons
    geometry = polygons.geometry(row)
    if len(above) == 1:
        cover = others.geometry(int(above[0]))
    else:
        cover = dissolve([others.geometry(int(k)) for k in above])
    left = geometry.Difference(cover)
    if left is None:  # GEOS gave up on a near-coincident edge: a tenth of a micrometre settles it
        left = geometry.Buffer(0).Difference(cover.Buffer(0))
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
    if collection.IsEmpty():
        return collection
    return polygonal(collection.UnionCascaded())


def zone_areas(polygons: Polygons, zones: Polygons, rows: np.ndarray | None = None,
               coarse: Coarse | None = None,
               ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Feature x zone: rows of ``polygons``, rows of ``zones`` (which do not overlap each other),
    and exact common area in m2, for all pairs that share ground. Sorted by feature, zone.

    A feature whose box no zone boundary enters lies in one zone or in none; a coarse grid decides
    that for most, one point for the others. Only those that are left are measured edge by edge.
    ``rows``: only of these; ``coarse``: that grid, where it was made before.
    """
    box, area = polygons.bounds(), polygons.area()
    asked = np.arange(polygons.n) if rows is None else rows
    coarse = coarse or Coarse.of(zones, polygons.n)
    sure, home = np.zeros(polygons.n, bool), np.full(polygons.n, -1, np.int64)
    sure[asked], home[asked] = coarse.homes(box[asked])
    ask = asked[~sure[asked] & np.isfinite(box[asked, 0])]
    near = np.zeros(len(ask), bool)
    near[bbox_pairs(box[ask], zones.segments.bounds())[0]] = True
    whole, crossed = ask[~near], ask[near]
    home[whole] = _home(zones, 0.5 * (box[whole, :2] + box[whole, 2:]))
    i, j = bbox_pairs(box[crossed], zones.bounds())
    i = crossed[i]
    common = overlap_areas(polygons, zones, i, j)
    real = common > TOLERANCE * 0.01
    inside = np.flatnonzero(home >= 0)
    feature = np.concatenate([inside, i[real]])
    zone = np.concatenate([home[inside], j[real]])
    measured = np.concatenate([area[inside], common[real]])
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
