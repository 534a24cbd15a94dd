"""Polygons as flat arrays, and exact plane geometry on them, vectorised.

Overlap areas follow from the boundaries alone: with interiors on the left, a polygon is the signed
sum of the regions below its edges, so area(A and B) = sum over edge pairs of
s_e * s_f * integral(min(y_e, y_f)) over their common x range. That is exact (no grid, no
tolerance), needs no overlay geometry, and runs over all pairs of edges at once. The edge algebra
is the trapezoid ("shoelace") formula applied twice; tests hold it against GEOS.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .counts import nth, owners, portions, ranges
from .pulse import beat
from .runs import MOST_RUNS, runs_of, spliced, spliced_segments
from .wkb import geometry_from_wkb, moved_wkb, polygonal, rings_of

__all__ = ["Polygons", "Segments", "bbox_pairs", "geometry_from_wkb", "overlap_areas",
           "containing", "first_containing", "moved_wkb", "nearest_segment",
           "polygonal"]  # fmt: skip

_LARGE = 4_000  # pairs of edges beyond which GEOS is quicker
_RING = 64  # edges of a polygon beyond which those above a point are looked up
AT_ONCE = 100_000  # edge pairs worked on at once: they stay in the caches of a processor


@dataclass(frozen=True)
class Segments:
    """Directed boundary segments, interior on the left; arrays (k,), sorted by ``feature``."""

    feature: np.ndarray
    x0: np.ndarray
    y0: np.ndarray
    x1: np.ndarray
    y1: np.ndarray
    start: np.ndarray  # (n + 1,) first segment of each feature

    def bounds(self) -> np.ndarray:
        """(k, 4) xmin, ymin, xmax, ymax. Worked out once: do not write in it."""
        return self._boxes

    @cached_property
    def _boxes(self) -> np.ndarray:
        box = np.column_stack([
            np.minimum(self.x0, self.x1), np.minimum(self.y0, self.y1),
            np.maximum(self.x0, self.x1), np.maximum(self.y0, self.y1),
        ])  # fmt: skip
        box.setflags(write=False)
        return box

    @cached_property
    def slope(self) -> np.ndarray:
        """(k,) dy / dx; infinite where upright."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found: np.ndarray = (self.y1 - self.y0) / (self.x1 - self.x0)
        return found

    @property
    def length(self) -> np.ndarray:
        length: np.ndarray = np.hypot(self.x1 - self.x0, self.y1 - self.y0)
        return length


class Polygons:
    """n features, each a (multi)polygon that may be empty.

    ``xy`` (v, 2) closed rings one after another, exteriors counter-clockwise, holes clockwise;
    ``ring_start`` (r + 1,); ``ring_part`` (r,); ``part_feature`` (p,). The first ring of a part
    is its exterior.
    """

    def __init__(self, xy: np.ndarray, ring_start: np.ndarray, ring_part: np.ndarray,
                 part_feature: np.ndarray, n: int) -> None:  # fmt: skip
        self.xy, self.ring_start, self.ring_part = xy, ring_start, ring_part
        self.part_feature, self.n = part_feature, n

    # ------------------------------------------------------------------ making
    @classmethod
    def from_wkb(cls, wkb: Sequence[bytes | None],
                 origin: tuple[float, float] = (0.0, 0.0)) -> Polygons:  # fmt: skip
        """Parse WKB, subtract ``origin``, orient the rings."""
        xy, start, parts, features = rings_of(wkb)
        return cls._turned(xy, start, parts, features, len(wkb), origin)

    @classmethod
    def _turned(cls, xy: np.ndarray, start: np.ndarray, parts: np.ndarray, features: np.ndarray,
                n: int, origin: tuple[float, float]) -> Polygons:  # fmt: skip
        """Moved by ``origin``, exteriors anticlockwise and holes clockwise."""
        xy, lengths = xy - np.asarray(origin), np.diff(start)
        exterior = np.ones(len(lengths), bool)
        exterior[1:] = parts[1:] != parts[:-1]
        flip = (_ring_areas(xy, start) > 0) != exterior
        if flip.any():
            ring_of = owners(lengths)
            index = np.arange(len(xy))
            mirrored = start[ring_of] + start[ring_of + 1] - 1 - index
            xy = xy[np.where(flip[ring_of], mirrored, index)]
        return cls(xy, start, parts, features, n)

    @classmethod
    def from_geometries(cls, geometries: Iterable[ogr.Geometry | None]) -> Polygons:
        """From OGR geometries; what is not polygonal is left out."""
        return cls.from_wkb([
            None if g is None or g.IsEmpty() else bytes(g.ExportToWkb(ogr.wkbNDR))
            for g in geometries
        ])  # fmt: skip

    def take(self, rows: np.ndarray) -> Polygons:
        """The features of these rows, in this order."""
        rows = np.asarray(rows, np.int64)
        if len(rows) > MOST_RUNS**2:
            runs = runs_of(rows, MOST_RUNS)
            if runs == [(0, self.n)]:
                return self
            if runs:
                return spliced([(self, first, last) for first, last in runs])
        parts, part_feature = ranges(self.feature_part_start[rows],
                                     self.feature_part_start[rows + 1])  # fmt: skip
        rings, ring_part = ranges(self.part_ring_start[parts], self.part_ring_start[parts + 1])
        first, last = self.ring_start[rings], self.ring_start[rings + 1]
        vertex, _ = ranges(first, last)
        start = np.concatenate([[0], np.cumsum(last - first)]).astype(np.int64)
        return Polygons(self.xy[vertex], start, ring_part, part_feature, len(rows))

    def replaced(self, rows: Sequence[int], geometries: Sequence[ogr.Geometry | None]) -> Polygons:
        """A copy in which some features have another geometry."""
        if not len(rows):
            return self
        order = np.argsort(rows, kind="stable").tolist()
        new = Polygons.from_geometries([geometries[k] for k in order])
        beat()
        source = np.arange(self.n)
        source[np.asarray(rows, np.int64)] = -1
        return self.patched(source, new)

    def patched(self, source: np.ndarray, new: Polygons, edges: bool = False) -> Polygons:
        """The features ``source`` (k,) of these and, where that is -1, the next of ``new``. With
        ``edges`` what is known of their segments goes along."""
        fresh = np.flatnonzero(source < 0)
        index = source.copy()
        index[fresh] = self.n + np.arange(len(fresh))
        runs = runs_of(index, MOST_RUNS, self.n)
        if runs == [(0, self.n)]:
            return self
        if not runs:
            return self.joined(new).take(index)
        pieces = [(new, a - self.n, b - self.n) if a >= self.n else (self, a, b)
                  for a, b in runs]  # fmt: skip
        made = spliced(pieces)
        if edges and "segments" in self.__dict__:
            made.segments = spliced_segments(pieces)
        return made

    def joined(self, other: Polygons) -> Polygons:
        """The features of both, one after the other."""
        if not self.n or not other.n:
            return other if not self.n else self
        return spliced([(self, 0, self.n), (other, 0, other.n)])

    # ------------------------------------------------------------------ structure
    @cached_property
    def feature_part_start(self) -> np.ndarray:
        return np.searchsorted(self.part_feature, np.arange(self.n + 1)).astype(np.int64)

    @cached_property
    def part_ring_start(self) -> np.ndarray:
        return np.searchsorted(self.ring_part, np.arange(len(self.part_feature) + 1)).astype(
            np.int64
        )

    @cached_property
    def ring_feature(self) -> np.ndarray:
        """(r,) feature of each ring."""
        return self.part_feature[self.ring_part] if len(self.ring_part) else self.ring_part

    # ------------------------------------------------------------------ measures
    @cached_property
    def _ring_area(self) -> np.ndarray:
        return _ring_areas(self.xy, self.ring_start)

    def area(self) -> np.ndarray:
        """(n,) m2. Worked out once: do not write in it."""
        return self._area

    @cached_property
    def _area(self) -> np.ndarray:
        area = np.bincount(self.ring_feature, self._ring_area, self.n)[: self.n]
        area.setflags(write=False)
        return area

    def bounds(self) -> np.ndarray:
        """(n, 4) xmin, ymin, xmax, ymax; an empty feature has an inverted (inf, -inf) box.
        Worked out once: do not write in it."""
        return self._boxes

    @cached_property
    def _boxes(self) -> np.ndarray:
        box = np.empty((self.n, 4))
        box[:, :2], box[:, 2:] = np.inf, -np.inf
        if len(self.ring_part):
            # the rings of a feature stand together
            first = np.flatnonzero(np.diff(self.ring_feature, prepend=-1))
            rows, at = self.ring_feature[first], self.ring_start[first]
            box[rows, :2] = np.minimum.reduceat(self.xy, at)
            box[rows, 2:] = np.maximum.reduceat(self.xy, at)
        box.setflags(write=False)
        return box

    def centroids(self) -> np.ndarray:
        """(n, 2) centres of gravity; NaN where empty or without area."""
        s = self.segments
        # relative to a vertex of the own feature, so that far origins cost no digits
        base = np.full((self.n, 2), np.nan)
        base[self.ring_feature[::-1]] = self.xy[self.ring_start[:-1][::-1]]
        bx, by = base[s.feature, 0], base[s.feature, 1]
        x0, y0, x1, y1 = s.x0 - bx, s.y0 - by, s.x1 - bx, s.y1 - by
        cross = x0 * y1 - x1 * y0
        twice = np.bincount(s.feature, cross, self.n)
        with np.errstate(divide="ignore", invalid="ignore"):
            cx = np.bincount(s.feature, cross * (x0 + x1), self.n) / (3 * twice)
            cy = np.bincount(s.feature, cross * (y0 + y1), self.n) / (3 * twice)
        centre: np.ndarray = base + np.column_stack([cx, cy])
        return centre

    @cached_property
    def segments(self) -> Segments:
        """Boundary segments of all features; segments of no length are left out."""
        if not len(self.xy):
            none = np.zeros(0)
            return Segments(none.astype(np.int64), none, none, none, none,
                            np.zeros(self.n + 1, np.int64))  # fmt: skip
        x, y = self.xy.T.copy()
        keep = np.zeros(len(x), bool)
        np.logical_or(x[1:] != x[:-1], y[1:] != y[:-1], out=keep[:-1])
        keep[self.ring_start[1:] - 1] = False
        at = np.flatnonzero(keep)
        feature = self.ring_feature.take(owners(np.diff(self.ring_start)).take(at))
        start = np.zeros(self.n + 1, np.int64)
        np.cumsum(np.bincount(feature, minlength=self.n), out=start[1:])
        return Segments(feature, x.take(at), y.take(at), x.take(at + 1), y.take(at + 1), start)

    # ------------------------------------------------------------------ leaving
    def wkb(self, row: int, origin: tuple[float, float] = (0.0, 0.0)) -> bytes:
        """Little-endian WKB: polygon for one part, multipolygon otherwise. ``origin`` is added."""
        first, last = self.feature_part_start[row], self.feature_part_start[row + 1]
        moved = any(origin)
        parts = []
        for part in range(first, last):
            rings = range(self.part_ring_start[part], self.part_ring_start[part + 1])
            data = [struct.pack("<BII", 1, 3, len(rings))]
            for ring in rings:
                xy = self.xy[self.ring_start[ring] : self.ring_start[ring + 1]]
                xy = xy + origin if moved else xy
                data.append(struct.pack("<I", len(xy)) + np.asarray(xy, "<f8").tobytes())
            parts.append(b"".join(data))
        if len(parts) == 1:
            return parts[0]
        return struct.pack("<BII", 1, 6, len(parts)) + b"".join(parts)

    def geometry(self, row: int) -> ogr.Geometry:
        """A fresh OGR geometry of one feature."""
        return ogr.CreateGeometryFromWkb(self.wkb(row))


def _ring_areas(xy: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(r,) signed areas, each ring taken relative to its own first vertex."""
    count = len(start) - 1
    if count < 1:
        return np.zeros(0)
    base = xy[start[:-1]].take(owners(np.diff(start)), axis=0)
    local = xy - base
    cross = np.zeros(len(xy))
    cross[:-1] = local[:-1, 0] * local[1:, 1] - local[1:, 0] * local[:-1, 1]
    cross[start[1:] - 1] = 0.0  # no edge from one ring into the next
    return 0.5 * np.add.reduceat(cross, start[:-1])


def _expand(count_a: np.ndarray, count_b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pair with (a, b) members: pair index, member of a, member of b, all combinations."""
    total = count_a * count_b
    pair = owners(total)
    of_a, of_b = np.divmod(nth(total, pair), count_b.take(pair))
    return pair, of_a, of_b


def overlap_areas(a: Polygons, b: Polygons, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Exact area of ``a[i] and b[j]`` for each pair, m2, (k,).

    Both must be valid (rings do not cross). Work is proportional to the edges that share an x
    range inside the common box of the pair.
    """
    i, j = np.asarray(i, np.int64), np.asarray(j, np.int64)
    result = np.zeros(len(i))
    if not len(i):
        return result
    (a, i), (b, j) = _few(a, i), _few(b, j)
    sa, sb = a.segments, b.segments
    # of many edges only the few that matter are looked up
    weight = sum(np.minimum(s.start[k + 1] - s.start[k], 4 * _RING) for s, k in ((sa, i), (sb, j)))
    box_a, box_b = a.bounds(), b.bounds()
    for chunk in portions(weight, AT_ONCE):
        _overlap_chunk(a, b, i[chunk], j[chunk], box_a, box_b, result[chunk])
    return result


def _few(polygons: Polygons, rows: np.ndarray) -> tuple[Polygons, np.ndarray]:
    """The same features alone, where they are few of many of which no edges are known yet."""
    if 8 * len(rows) > polygons.n or "segments" in polygons.__dict__:
        return polygons, rows
    used, index = np.unique(rows, return_inverse=True)
    return polygons.take(used), index.reshape(-1)


def _overlap_chunk(a: Polygons, b: Polygons, i: np.ndarray, j: np.ndarray, box_a: np.ndarray,
                   box_b: np.ndarray, result: np.ndarray) -> None:  # fmt: skip
    """Fill ``result`` (k,). Pairs with many edges on both sides go to GEOS, which sorts them
    first: all pairs of edges would be quicker to write down than to work through."""
    sa, sb = a.segments, b.segments
    low = np.maximum(box_a[i, 0], box_b[j, 0])
    high = np.minimum(box_a[i, 2], box_b[j, 2])
    base = np.maximum(box_a[i, 1], box_b[j, 1])  # any level does: it cancels; near is exact
    ea, ca = _members(sa, i, low, high, base)
    eb, cb = _members(sb, j, low, high, base)
    start_a, start_b = np.cumsum(ca) - ca, np.cumsum(cb) - cb
    large = np.flatnonzero(ca * cb > _LARGE)
    for k in large:
        common = a.geometry(int(i[k])).Intersection(b.geometry(int(j[k])))
        if common is not None:
            result[k] = common.Area() if common.GetDimension() == 2 else 0.0
            ca[k] = 0  # done; where GEOS gave up the pair stays for the edges
    for chunk in portions(ca * cb, AT_ONCE):
        pair, ka, kb = _expand(ca[chunk], cb[chunk])
        pair += chunk.start
        ka += start_a.take(pair)
        kb += start_b.take(pair)
        area = _below_both(sa, sb, ea.take(ka), eb.take(kb), base.take(pair))
        result += np.bincount(pair, area, len(i))
    np.maximum(result, 0.0, out=result)


def _members(s: Segments, row: np.ndarray, low: np.ndarray, high: np.ndarray,
             base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Segments of each row that are not upright and reach into [low, high] in x and above
    ``base``, the higher of both bottoms: (segments, pair after pair; how many each). Those of
    one side that lie below all of the other cancel out: over every x the other's rings go forth
    as often as back."""
    count = s.start[row + 1] - s.start[row]
    many = count > _RING
    few = np.flatnonzero(~many)
    index, owner = ranges(s.start[row[few]], s.start[row[few] + 1])
    pair = few.take(owner)
    if many.any():
        # of a long boundary only the few segments near; most are far away
        asked = np.flatnonzero(many)
        rows = np.unique(row[asked])
        those, _ = ranges(s.start[rows], s.start[rows + 1])
        boxes = s.bounds()[those]
        top = np.full(len(asked), boxes[:, 3].max())
        k, found = bbox_pairs(np.column_stack([low[asked], base[asked], high[asked], top]), boxes)
        k, found = asked[k], those[found]
        own = s.feature[found] == row[k]
        index, pair = np.concatenate([index, found[own]]), np.concatenate([pair, k[own]])
        order = np.lexsort((index, pair))  # by what is there, not by how it was found
        index, pair = index[order], pair[order]
    x0, x1 = s.x0.take(index), s.x1.take(index)
    keep = np.maximum(x0, x1) > low.take(pair)
    keep &= np.minimum(x0, x1) < high.take(pair)
    keep &= x0 != x1
    keep &= np.maximum(s.y0.take(index), s.y1.take(index)) >= base.take(pair)
    some = np.flatnonzero(keep)
    return index.take(some), np.bincount(pair.take(some), minlength=len(row))


def _below_both(sa: Segments, sb: Segments, ea: np.ndarray, eb: np.ndarray,
                y_base: np.ndarray) -> np.ndarray:  # fmt: skip
    """Signed area below both segments of each pair, above ``y_base``."""
    ax0, ax1, bx0, bx1 = sa.x0.take(ea), sa.x1.take(ea), sb.x0.take(eb), sb.x1.take(eb)
    left = np.maximum(np.minimum(ax0, ax1), np.minimum(bx0, bx1))
    right = np.minimum(np.maximum(ax0, ax1), np.maximum(bx0, bx1))
    keep = np.flatnonzero(right > left)
    area = np.zeros(len(ea))
    if not len(keep):
        return area
    sign = np.where((ax1 < ax0) == (bx1 < bx0), 0.5, -0.5).take(keep)
    ea, eb, left, right = ea.take(keep), eb.take(keep), left.take(keep), right.take(keep)
    y_base, ax0, bx0 = y_base.take(keep), ax0.take(keep), bx0.take(keep)
    al, ar = _height(sa, ea, ax0, left, right, y_base)
    bl, br = _height(sb, eb, bx0, left, right, y_base)
    width = right - left
    dl, dr = al - bl, ar - br
    value = (np.minimum(al, bl) + np.minimum(ar, br)) * width
    crossing = np.flatnonzero(dl * dr < 0)
    if len(crossing):
        # the lower of two crossing lines: take off the triangle the chord of minima adds or lacks
        dl, dr, width, al, ar, bl, br = (v.take(crossing) for v in (dl, dr, width, al, ar, bl, br))
        t = dl / (dl - dr)
        meet = al + t * (ar - al)
        value[crossing] = ((np.minimum(al, bl) + meet) * t
                           + (np.minimum(ar, br) + meet) * (1 - t)) * width  # fmt: skip
    area[keep] = sign * value
    return area


def _height(s: Segments, e: np.ndarray, x0: np.ndarray, left: np.ndarray, right: np.ndarray,
            base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Height above ``base`` of each segment, which begins at ``x0``, at ``left`` and ``right``."""
    y0, slope = s.y0.take(e) - base, s.slope.take(e)
    return y0 + (left - x0) * slope, y0 + (right - x0) * slope


def containing(polygons: Polygons, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (point, row) of points (m, 2) and the polygons that contain them, sorted by both.

    Ray casting upward; a point on a boundary may fall on either side.
    """
    xy = np.asarray(xy, float).reshape(-1, 2)
    points = np.flatnonzero(np.isfinite(xy).all(axis=1))
    large = np.diff(polygons.segments.start) > _RING
    found = [_inside(polygons, np.flatnonzero(~large), xy[points]),
             _below(polygons, np.flatnonzero(large), xy[points])]  # fmt: skip
    p, row = points[np.concatenate([f[0] for f in found])], np.concatenate([f[1] for f in found])
    order = np.lexsort((row, p))
    return p[order], row[order]


def _inside(polygons: Polygons, rows: np.ndarray,
            xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """:func:`containing` for polygons of few edges: all of them for every point in their box."""
    p, row = bbox_pairs(np.hstack([xy, xy]), polygons.bounds()[rows])
    row, (x, y) = rows[row], xy.T.copy()
    s = polygons.segments
    inside = np.zeros(len(p), bool)
    for chunk in portions(s.start[row + 1] - s.start[row], AT_ONCE):
        index, pair = ranges(s.start[row[chunk]], s.start[row[chunk] + 1])
        own = p[chunk].take(pair)
        above = _above(s, index, x.take(own), y.take(own))
        inside[chunk] = np.bincount(pair[above], minlength=len(row[chunk])) % 2 > 0
    return p[inside], row[inside]


def _below(polygons: Polygons, rows: np.ndarray,
           xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """:func:`containing` for polygons of many edges: only those that a ray upward can meet."""
    s = polygons.segments
    edges, _ = ranges(s.start[rows], s.start[rows + 1])
    boxes = s.bounds()[edges]
    rays = np.column_stack([xy, xy[:, 0], np.full(len(xy), boxes[:, 3].max(initial=-np.inf))])
    p, edge = bbox_pairs(rays, boxes)
    edge = edges[edge]
    above = _above(s, edge, xy[p, 0], xy[p, 1])
    p, edge = p[above], edge[above]
    pair, met = np.unique(p * np.int64(polygons.n) + s.feature[edge], return_counts=True)
    pair = pair[met % 2 > 0]
    return pair // polygons.n, pair % polygons.n


def _above(s: Segments, edge: np.ndarray, px: np.ndarray, py: np.ndarray) -> np.ndarray:
    """Whether each edge runs above the point at the same place in the list."""
    x0, x1 = s.x0.take(edge), s.x1.take(edge)
    with np.errstate(invalid="ignore"):
        y = s.y0.take(edge) + (px - x0) * s.slope.take(edge)
    found: np.ndarray = ((x0 <= px) != (x1 <= px)) & (y > py)
    return found


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
    boxes = np.column_stack([np.minimum(x0, x1), np.minimum(y0, y1),
                             np.maximum(x0, x1), np.maximum(y0, y1)])  # fmt: skip
    p, s = bbox_pairs(np.hstack([xy, xy]), boxes, reach)
    dx, dy = (x1 - x0)[s], (y1 - y0)[s]
    length2 = dx * dx + dy * dy
    px, py = xy[p, 0] - x0[s], xy[p, 1] - y0[s]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.clip(np.where(length2 > 0, (px * dx + py * dy) / length2, 0.0), 0.0, 1.0)
    distance = np.hypot(px - t * dx, py - t * dy)
    best = np.full(len(xy), np.inf)
    index = np.full(len(xy), -1, np.int64)
    order = np.lexsort((s, distance))[::-1]  # the nearest is written last
    index[p[order]] = s[order]
    best[p[order]] = distance[order]
    far = best > reach
    best[far], index[far] = np.inf, -1
    return best, index
