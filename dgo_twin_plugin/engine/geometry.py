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
from .counts import AT_ONCE, begins, nth, owners, portions, ranges
from .inside import LONG, containing, first_containing, nearest_segment
from .pulse import beat
from .runs import MOST_RUNS, patched, runs_of, spliced
from .wkb import geometry_from_wkb, moved_wkb, polygonal, rings_of

__all__ = ["Polygons", "Segments", "bbox_pairs", "geometry_from_wkb", "overlap_areas",
           "containing", "first_containing", "moved_wkb", "nearest_segment",
           "polygonal"]  # fmt: skip

_LARGE = 4_000  # pairs of edges beyond which GEOS is quicker


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
    def none(cls) -> Polygons:
        """No features."""
        nothing = np.zeros(0, np.int64)
        return cls(np.zeros((0, 2)), np.zeros(1, np.int64), nothing, nothing, 0)

    @classmethod
    def from_wkb(cls, wkb: Sequence[bytes | None],
                 origin: tuple[float, float] = (0.0, 0.0)) -> Polygons:  # fmt: skip
        """Parse WKB, subtract ``origin``, orient the rings."""
        if not len(wkb):
            return cls.none()
        xy, start, parts, features = rings_of(wkb)
        return cls._turned(xy, start, parts, features, len(wkb), origin)

    @classmethod
    def _turned(cls, xy: np.ndarray, start: np.ndarray, parts: np.ndarray, features: np.ndarray,
                n: int, origin: tuple[float, float]) -> Polygons:  # fmt: skip
        """Moved by ``origin``, exteriors anticlockwise and holes clockwise."""
        xy, lengths = xy - np.asarray(origin), start[1:] - start[:-1]
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
        if not len(rows):
            return Polygons.none()
        if len(rows) > MOST_RUNS**2:
            runs = runs_of(rows, MOST_RUNS)
            if runs == [(0, self.n)]:
                return self
            if runs:
                return spliced([(self, first, last) for first, last in runs])
        part, part_end = (self.feature_part_start.take(k) for k in (rows, rows + 1))
        ring, ring_end = self.part_ring_start.take(part), self.part_ring_start.take(part_end)
        first, last = self.ring_start.take(ring), self.ring_start.take(ring_end)
        known: dict[str, np.ndarray] = {}
        if len(rows) <= MOST_RUNS:
            xy = np.concatenate([self.xy[a:b] for a, b in zip(first.tolist(), last.tolist())])
        else:
            xy = self.xy.take(ranges(first, last)[0], axis=0)
        if (ring_end - ring == 1).all():  # one ring each, as nearly all have
            ends = np.arange(len(rows) + 1, dtype=np.int64)
            known = {"feature_part_start": ends, "part_ring_start": ends}
            ring_part = part_feature = ends[:-1]
        else:
            parts, part_feature = ranges(part, part_end)
            ring, ring_part = ranges(self.part_ring_start.take(parts),
                                     self.part_ring_start.take(parts + 1))  # fmt: skip
            first, last = self.ring_start.take(ring), self.ring_start.take(ring + 1)
        made = Polygons(xy, _starts(last - first), ring_part, part_feature, len(rows))
        # what is known of these goes along
        for name, at in (("_ring_area", ring), ("_area", rows), ("_boxes", rows)):
            if name in self.__dict__:
                known[name] = self.__dict__[name].take(at, axis=0)
                known[name].setflags(write=False)
        made.__dict__.update(known)
        return made

    def replaced(self, rows: Sequence[int], geometries: Sequence[ogr.Geometry | None]) -> Polygons:
        """A copy in which some features have another geometry."""
        if not len(rows):
            return self
        order = np.argsort(rows, kind="stable").tolist()
        new = Polygons.from_geometries([geometries[k] for k in order])
        beat()
        if len(rows) == self.n:
            return new
        source = np.arange(self.n)
        source[np.asarray(rows, np.int64)] = -1
        return self.patched(source, new)

    def patched(self, source: np.ndarray, new: Polygons) -> Polygons:
        """The features ``source`` (k,) of these and, where that is -1, the next of ``new``."""
        return patched(self, source, new)

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
            first = begins(self.ring_feature)  # the rings of a feature stand together
            rows, at = self.ring_feature.take(first), self.ring_start.take(first)
            box[rows, :2] = np.minimum.reduceat(self.xy, at)
            box[rows, 2:] = np.maximum.reduceat(self.xy, at)
        box.setflags(write=False)
        return box

    def centroids(self) -> np.ndarray:
        """(n, 2) centres of gravity; NaN where empty or without area."""
        s = self.segments
        # relative to a vertex of the own feature, so that far origins cost no digits
        base = np.full((self.n, 2), np.nan)
        base[self.ring_feature[::-1]] = self.xy.take(self.ring_start[-2::-1], axis=0)
        bx, by = base.T.take(s.feature, axis=1)
        x0, y0, x1, y1 = s.x0 - bx, s.y0 - by, s.x1 - bx, s.y1 - by
        cross = x0 * y1 - x1 * y0
        twice = np.bincount(s.feature, cross, self.n)
        with np.errstate(divide="ignore", invalid="ignore"):
            base[:, 0] += np.bincount(s.feature, cross * (x0 + x1), self.n) / (3 * twice)
            base[:, 1] += np.bincount(s.feature, cross * (y0 + y1), self.n) / (3 * twice)
        return base

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
        at = keep.nonzero()[0]
        after = at + 1
        ring = owners(self.ring_start[1:] - self.ring_start[:-1])
        feature = self.ring_feature.take(ring.take(at))
        start = _starts(np.bincount(feature, minlength=self.n))
        return Segments(feature, x.take(at), y.take(at), x.take(after), y.take(after), start)

    # ------------------------------------------------------------------ leaving
    def wkb(self, row: int, origin: tuple[float, float] = (0.0, 0.0)) -> bytes:
        """Little-endian WKB: polygon for one part, multipolygon otherwise. ``origin`` is added."""
        first, last = (self.feature_part_start.item(k) for k in (row, row + 1))
        parts = self._wkb(range(first, last), origin)
        return parts[0] if len(parts) == 1 else struct.pack("<BII", 1, 6, len(parts)) + b"".join(
            parts)  # fmt: skip

    def _wkb(self, parts: Iterable[int], origin: tuple[float, float] = (0.0, 0.0)) -> list[bytes]:
        moved, found = any(origin), []
        for part in parts:
            first, last = (self.part_ring_start.item(k) for k in (part, part + 1))
            limits = self.ring_start[first : last + 1].tolist()
            data = [struct.pack("<BII", 1, 3, last - first)]
            for begin, end in zip(limits, limits[1:]):
                xy = self.xy[begin:end] + origin if moved else self.xy[begin:end]
                data += struct.pack("<I", end - begin), np.asarray(xy, "<f8").tobytes()
            found.append(b"".join(data))
        return found

    def geometry(self, row: int) -> ogr.Geometry:
        """A fresh OGR geometry of one feature."""
        return ogr.CreateGeometryFromWkb(self.wkb(row))

    def collected(self, rows: np.ndarray) -> ogr.Geometry:
        """One OGR multipolygon of the parts of several features."""
        start = self.feature_part_start
        parts = self._wkb([part for row in rows.tolist()
                           for part in range(start.item(row), start.item(row + 1))])
        return ogr.CreateGeometryFromWkb(struct.pack("<BII", 1, 6, len(parts)) + b"".join(parts))


def _starts(count: np.ndarray) -> np.ndarray:
    """(n + 1,) where each begins of so many, and where the last ends."""
    start = np.zeros(len(count) + 1, np.int64)
    count.cumsum(out=start[1:])
    return start


def _ring_areas(xy: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(r,) signed areas, each ring taken relative to its own first vertex."""
    first, last = start[:-1], start[1:]
    if not len(first):
        return np.zeros(0)
    local = xy - xy.take(first, axis=0).take(owners(last - first), axis=0)
    cross = np.zeros(len(xy))
    cross[:-1] = local[:-1, 0] * local[1:, 1] - local[1:, 0] * local[:-1, 1]
    cross[last - 1] = 0.0  # no edge from one ring into the next
    return 0.5 * np.add.reduceat(cross, first)


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
    most = 4 * LONG
    if 2 * most * len(i) < AT_ONCE:
        _overlap_chunk(a, b, i, j, result)
        return result
    weight = sum(np.minimum(s.start.take(k + 1) - s.start.take(k), most)
                 for s, k in ((sa, i), (sb, j)))  # fmt: skip
    for chunk in portions(weight, AT_ONCE):
        _overlap_chunk(a, b, i[chunk], j[chunk], result[chunk])
    return result


def _few(polygons: Polygons, rows: np.ndarray) -> tuple[Polygons, np.ndarray]:
    """The same features alone, where they are few of many of which no edges are known yet."""
    if 8 * len(rows) > polygons.n or "segments" in polygons.__dict__:
        return polygons, rows
    used = np.unique(rows)
    return polygons.take(used), used.searchsorted(rows)


def _overlap_chunk(a: Polygons, b: Polygons, i: np.ndarray, j: np.ndarray,
                   result: np.ndarray) -> None:  # fmt: skip
    """Fill ``result`` (k,). Pairs with many edges on both sides go to GEOS, which sorts them
    first: all pairs of edges would be quicker to write down than to work through."""
    sa, sb = a.segments, b.segments
    box_a, box_b = (p.bounds().take(k, axis=0).T.copy() for p, k in ((a, i), (b, j)))
    # heights are taken from any level: it cancels; near is exact
    low, base = np.maximum(box_a[:2], box_b[:2])
    high = np.minimum(box_a[2], box_b[2])
    ea, ca = _members(sa, i, low, high, base)
    eb, cb = _members(sb, j, low, high, base)
    start_a, start_b = ca.cumsum() - ca, cb.cumsum() - cb
    for k in (ca * cb > _LARGE).nonzero()[0]:
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
    first, last = s.start.take(row), s.start.take(row + 1)
    many = last - first > LONG
    if not many.any():
        index, pair = ranges(first, last)
    else:
        few = (~many).nonzero()[0]
        index, owner = ranges(first[few], last[few])
        pair = few.take(owner)
        # of a long boundary only the few segments near; most are far away
        asked = many.nonzero()[0]
        rows = np.unique(row[asked])
        those, _ = ranges(s.start[rows], s.start[rows + 1])
        boxes = s.bounds().take(those, axis=0)
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
    some = keep.nonzero()[0]
    return index.take(some), np.bincount(pair.take(some), minlength=len(row))


def _below_both(sa: Segments, sb: Segments, ea: np.ndarray, eb: np.ndarray,
                y_base: np.ndarray) -> np.ndarray:  # fmt: skip
    """Signed area below both segments of each pair, none of them upright, above ``y_base``."""
    ax0, ax1, bx0, bx1 = sa.x0.take(ea), sa.x1.take(ea), sb.x0.take(eb), sb.x1.take(eb)
    left = np.maximum(np.minimum(ax0, ax1), np.minimum(bx0, bx1))
    right = np.minimum(np.maximum(ax0, ax1), np.maximum(bx0, bx1))
    keep = (right > left).nonzero()[0]
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
    crossing = (dl * dr < 0).nonzero()[0]
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
    y0 = s.y0.take(e)
    if len(e) > len(s.x0):  # each several times
        slope = s.slope.take(e)
    else:
        slope = (s.y1.take(e) - y0) / (s.x1.take(e) - x0)
    y0 -= base
    return y0 + (left - x0) * slope, y0 + (right - x0) * slope
