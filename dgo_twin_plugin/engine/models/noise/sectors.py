"""Plane geometry of the paths: sources cut by the sectors around a receiver, and walls on its rays.

Around every place the plane is cut in equal sectors with the same azimuths everywhere. A source is
cut exactly by the edges of the sectors; what screens a sector is what its middle ray meets. Because
the azimuths are shared, the walls on all rays of one azimuth follow from one sort.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...boxes import bbox_pairs
from ...counts import nth, owners

TINY = 1e-9
NEAR = 75.0  # m: nearer sources are cut by single sectors, others by FAR of them together
FAR, FAINT = 3, 9  # odd, so that they share the middle ray


@dataclass(frozen=True)
class Pieces:
    """Straight parts of sources, at most so long; arrays (k,). ``reach`` m: how far each counts."""

    x0: np.ndarray
    y0: np.ndarray
    x1: np.ndarray
    y1: np.ndarray
    line: np.ndarray  # row of the line
    reach: np.ndarray
    weak: np.ndarray  # m2: beyond this squared distance the whole piece is hardly heard

    def bounds(self) -> np.ndarray:
        """(k, 4) xmin, ymin, xmax, ymax with the reach around."""
        return np.column_stack([
            np.minimum(self.x0, self.x1) - self.reach, np.minimum(self.y0, self.y1) - self.reach,
            np.maximum(self.x0, self.x1) + self.reach, np.maximum(self.y0, self.y1) + self.reach,
        ])  # fmt: skip

    def take(self, rows: np.ndarray) -> Pieces:
        return Pieces(self.x0[rows], self.y0[rows], self.x1[rows], self.y1[rows],
                      self.line[rows], self.reach[rows], self.weak[rows])  # fmt: skip


def pieces_of(
    x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray, reach: np.ndarray,
    longest: float, faint: np.ndarray,
) -> Pieces:  # fmt: skip
    """Lines cut in equal parts; those without length, place or reach are left out. ``faint`` (k,)
    m: a piece of a line is hardly heard beyond the squared distance of its length times this."""
    length = np.hypot(x1 - x0, y1 - y0)
    rows = np.flatnonzero(np.isfinite(length) & (length > TINY) & (reach > 0))
    count = np.ceil(length[rows] / longest).astype(np.int64)
    nth_of = owners(count)
    line, k, many = rows[nth_of], nth(count, nth_of), count[nth_of]
    a, b = k / many, (k + 1) / many
    dx, dy = (x1 - x0)[line], (y1 - y0)[line]
    return Pieces(x0[line] + a * dx, y0[line] + a * dy, x0[line] + b * dx, y0[line] + b * dy,
                  line, reach[line], (length[rows] / count)[nth_of] * faint[line])  # fmt: skip


@lru_cache(maxsize=8)
def directions(sectors: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (sectors, 2) of the edges, edge k where sector k begins, and of the middles."""
    step = 2.0 * np.pi / sectors
    angle = np.arange(sectors) * step
    return (np.column_stack([np.cos(angle), np.sin(angle)]),
            np.column_stack([np.cos(angle + step / 2), np.sin(angle + step / 2)]))  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """Sources cut by sectors, sorted by sector; arrays (k,)."""

    start: np.ndarray  # (sectors + 1,) first part of each sector
    site: np.ndarray  # row of the place
    line: np.ndarray  # row of the line
    along0: np.ndarray  # m along the line from the foot of the place to the ends
    along1: np.ndarray
    square: np.ndarray  # m2: squared distance of place and line on the map
    distance: np.ndarray  # m on the map to the point that stands for the part
    dx: np.ndarray  # towards that point, m
    dy: np.ndarray


def parts_of(
    xy: np.ndarray, pieces: Pieces, sectors: int, mask: np.ndarray | None = None
) -> Parts:
    """The parts of all sources within reach of the places ``xy`` (s, 2).

    ``mask`` (s, sectors) leaves out sectors of places. The point that stands for a part halves the
    angle under which it is seen, so as much energy comes from before it as from behind it.
    """
    site, piece = bbox_pairs(np.hstack([xy, xy]), pieces.bounds())  # site after site
    x, y = xy[:, 0].take(site), xy[:, 1].take(site)
    ax, ay, bx, by = (end.take(piece) - here for end, here in
                      ((pieces.x0, x), (pieces.y0, y), (pieces.x1, x), (pieces.y1, y)))  # fmt: skip
    # the stretch within reach
    dx, dy = bx - ax, by - ay
    length = np.hypot(dx, dy)
    ux, uy = dx / length, dy / length
    along = ax * ux + ay * uy
    cross = ux * ay - uy * ax
    half = (pieces.reach**2).take(piece) - cross * cross
    keep = half > 0
    half = np.sqrt(np.maximum(half, 0.0))
    first, last = np.maximum(along, -half), np.minimum(along + length, half)
    keep &= last > first + TINY
    kept = np.flatnonzero(keep)
    site, piece, ux, uy, cross, first, last = (
        v.take(kept) for v in (site, piece, ux, uy, cross, first, last))  # fmt: skip
    weak = pieces.weak.take(piece)
    # walk anticlockwise around the place: then the sectors come in order
    back = cross > 0
    ux, uy, cross = np.where(back, -ux, ux), np.where(back, -uy, uy), np.abs(cross)
    first, last = np.where(back, -last, first), np.where(back, -first, last)
    footx, footy = uy * cross, -ux * cross  # the line's point nearest to the place
    ax, ay, bx, by = (footx + first * ux, footy + first * uy, footx + last * ux, footy + last * uy)
    # fine sectors for what is near, some taken together for what is far or hardly heard
    nearest = np.maximum(np.maximum(first, -last), 0.0) ** 2 + cross**2
    wide = np.where(nearest < NEAR**2, 1, FAR)
    wide[nearest > weak] = FAINT
    step = 2.0 * np.pi / sectors * wide
    from_ = np.arctan2(ay, ax) / step
    turn = np.abs(np.arctan2(ax * by - ay * bx, ax * bx + ay * by)) / step  # half a turn: no sign
    k0 = np.floor(from_).astype(np.int64)
    count = np.floor(from_ + turn).astype(np.int64) - k0 + 1
    if mask is not None:  # sources of which no sector is wanted
        some = np.flatnonzero(_wanted(mask, site, k0 * wide, count * wide))
        site, piece, ux, uy, cross, first, last, ax, ay, footx, footy, wide, k0, count = (
            v[some] for v in (site, piece, ux, uy, cross, first, last, ax, ay, footx, footy, wide,
                              k0, count))  # fmt: skip
    # which sectors is decided; what follows is single precision, half the memory to move
    ux, uy, cross, first, last, ax, ay, footx, footy = (
        v.astype(np.float32) for v in (ux, uy, cross, first, last, ax, ay, footx, footy))
    pair = np.repeat(np.arange(len(count)), count)
    begin = np.cumsum(count) - count
    k = (k0 - begin).take(pair) + np.arange(len(pair))
    w = wide.take(pair)
    k = (k * w) % sectors
    # ends along the line: of the stretch, or where the edge of a sector meets it
    l0 = _met(directions(sectors)[0], k, pair, ax, ay, first, last, ux, uy)
    l0[begin] = first
    l1 = np.append(l0[1:], np.float32(0.0))
    l1[begin + count - 1] = last
    l1 = np.maximum(l1, l0)
    ray = (k + w // 2).astype(np.int16)
    order = np.argsort(ray, kind="stable")
    if mask is not None:
        order = order[_wanted(mask, site[pair[order]], k[order], w[order])]
    pair, l0, l1, ray = (v.take(order) for v in (pair, l0, l1, ray))
    square = (cross * cross).take(pair)
    r0, r1 = np.sqrt(square + l0 * l0 + 1.0), np.sqrt(square + l1 * l1 + 1.0)
    middle = l0 + (l1 - l0) * r0 / (r0 + r1)
    px = footx.take(pair) + middle * ux.take(pair)
    py = footy.take(pair) + middle * uy.take(pair)
    return Parts(
        np.searchsorted(ray, np.arange(sectors + 1)), site.take(pair),
        pieces.line.take(piece).take(pair), l0, l1, square, np.hypot(px, py), px, py,
    )  # fmt: skip


def _wanted(mask: np.ndarray, site: np.ndarray, k0: np.ndarray, count: np.ndarray) -> np.ndarray:
    """(k,) whether any of ``count`` sectors from ``k0`` round a place is in the mask."""
    n = mask.shape[1]
    total = np.zeros((len(mask), 2 * n + 1), np.int32)
    np.cumsum(np.hstack([mask, mask]), axis=1, out=total[:, 1:])
    from_ = k0 % n
    found: np.ndarray = total[site, from_ + np.minimum(count, n)] > total[site, from_]
    return found


def _met(
    edges: np.ndarray, k: np.ndarray, pair: np.ndarray, ax: np.ndarray, ay: np.ndarray,
    first: np.ndarray, last: np.ndarray, ux: np.ndarray, uy: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Where along its line each stretch meets the edge ``k`` of a sector between its ends."""
    ex, ey = (edge.take(k) for edge in edges.T.astype(np.float32))
    side = ex * ay.take(pair) - ey * ax.take(pair)
    slope = ex * uy.take(pair) - ey * ux.take(pair)
    with np.errstate(divide="ignore", invalid="ignore"):
        go = -side / slope
    go[~np.isfinite(go)] = 0.0
    from_ = first.take(pair)
    found: np.ndarray = np.clip(from_ + go, from_, last.take(pair))
    return found


# --- walls on rays ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Walls:
    """Walls with their tops; arrays (k,)."""

    x0: np.ndarray
    y0: np.ndarray
    x1: np.ndarray
    y1: np.ndarray
    height: np.ndarray
    reflects: np.ndarray

    def near(self, box: tuple[float, float, float, float], reach: float) -> Walls:
        """Those within ``reach`` of a box."""
        keep = (
            (np.maximum(self.x0, self.x1) >= box[0] - reach)
            & (np.minimum(self.x0, self.x1) <= box[2] + reach)
            & (np.maximum(self.y0, self.y1) >= box[1] - reach)
            & (np.minimum(self.y0, self.y1) <= box[3] + reach)
        )
        return Walls(*(getattr(self, n)[keep] for n in
                       ("x0", "y0", "x1", "y1", "height", "reflects")))  # fmt: skip


@dataclass(frozen=True)
class Met:
    """Walls met on rays; arrays (k,), ray after ray."""

    start: np.ndarray  # (rays + 1,)
    far: np.ndarray  # m from the place
    top: np.ndarray  # m above the ground
    wall: np.ndarray  # row of the wall


def met_walls(
    xy: np.ndarray, walls: Walls, ray: np.ndarray, reach: float | np.ndarray,
    rows: np.ndarray | None = None,
) -> Met:  # fmt: skip
    """The walls that the ray (unit vector) from each place crosses within ``reach`` m; where
    ``rows`` are given, only from those places, the others meet nothing, and the reach may be
    one for each."""
    at_ = xy if rows is None else xy[rows]
    v = ray[0] * at_[:, 1] - ray[1] * at_[:, 0]
    u = ray[0] * at_[:, 0] + ray[1] * at_[:, 1]
    order = np.argsort(v, kind="stable")
    v = v[order]
    v0, v1 = (ray[0] * y - ray[1] * x for x, y in ((walls.x0, walls.y0), (walls.x1, walls.y1)))
    u0, u1 = (ray[0] * x + ray[1] * y for x, y in ((walls.x0, walls.y0), (walls.x1, walls.y1)))
    low_v, high_v = np.minimum(v0, v1), np.maximum(v0, v1)
    # most walls lie beside or behind all rays: that is seen without a search
    ahead = np.flatnonzero((high_v > v[0]) & (low_v <= v[-1]) & (np.maximum(u0, u1) > u.min()))
    low = np.searchsorted(v, low_v.take(ahead))
    high = np.searchsorted(v, high_v.take(ahead))
    some = np.flatnonzero(high > low)
    hit, low, high = ahead.take(some), low.take(some), high.take(some)
    u0, u1, v0, v1 = (w.take(hit) for w in (u0, u1, v0, v1))
    slope = (u1 - u0) / (v1 - v0)
    count = high - low
    owner = np.repeat(np.arange(len(hit)), count)
    at = (low - (np.cumsum(count) - count)).take(owner) + np.arange(len(owner))
    site = order.take(at)
    far = (u0 - v0 * slope).take(owner) + slope.take(owner) * v.take(at) - u.take(site)
    limit = reach.take(site) if isinstance(reach, np.ndarray) else reach
    keep = np.flatnonzero((far > 1e-6) & (far <= limit))
    site = site[keep]
    sort = np.argsort(site.astype(np.int16) if len(at_) < 32_000 else site, kind="stable")
    keep = keep[sort]
    wall = hit[owner[keep]]
    many = np.bincount(site, minlength=len(at_))
    if rows is not None:
        all_ = np.zeros(len(xy), np.int64)
        all_[rows] = many
        many = all_
    return Met(np.concatenate([[0], np.cumsum(many)]), far[keep].astype(np.float32),
               walls.height[wall].astype(np.float32), wall)  # fmt: skip


def joined(met: list[Met]) -> Met:
    """The rays of the first, then those of the next."""
    if len(met) == 1:
        return met[0]
    base = np.cumsum([0] + [len(m.far) for m in met])
    start = np.concatenate([m.start[:-1] + b for m, b in zip(met, base)])
    return Met(np.append(start, base[-1]), *(np.concatenate([getattr(m, n) for m in met])
                                             for n in ("far", "top", "wall")))  # fmt: skip
