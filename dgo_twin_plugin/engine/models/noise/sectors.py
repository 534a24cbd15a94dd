"""Plane geometry of the paths: sources cut by the sectors around a receiver, and walls on its rays.

Around every place the plane is cut in equal sectors with the same azimuths everywhere. A source is
cut exactly by the edges of the sectors; what screens a sector is what its middle ray meets. Because
the azimuths are shared, the walls on all rays of one azimuth follow from one sort.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...counts import nth, owners, ranges

TINY = 1e-9
TOUCH = 1e-4  # m: a wall so near to a source is the source's own
SPAN = 4096.0  # m: more than any ray is long; keeps the rays apart in one sorted key
NEAR = 75.0  # m: nearer sources are cut by single sectors, others by FAR of them together
PAIRS = 100_000  # places times pieces held against each other at once
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
    """Sources cut by sectors, place after place; arrays (k,)."""

    ray: np.ndarray  # row of the place times sectors, plus the sector whose middle it follows
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
    """The parts of all sources within reach of the places ``xy`` (s, 2), which lie together.

    ``mask`` (s, sectors) leaves out sectors of places. The point that stands for a part halves the
    angle under which it is seen, so as much energy comes from before it as from behind it.
    """
    site, piece, ux, uy, cross, first, last = _stretches(xy, pieces)
    # walk anticlockwise around the place: then the sectors come in order
    sign = 1.0 - 2.0 * (cross > 0)
    ux, uy, cross, first, last = ux * sign, uy * sign, np.abs(cross), first * sign, last * sign
    first, last = np.minimum(first, last), np.maximum(first, last)
    square = cross * cross
    # fine sectors for what is near, some taken together for what is far or hardly heard
    nearest = np.maximum(np.maximum(first, -last), 0.0) ** 2 + square
    kind = np.maximum(nearest >= NEAR**2, 2 * (nearest > pieces.weak.take(piece)))
    wide = np.array([1, FAR, FAINT]).take(kind)
    step = 2.0 * np.pi / sectors * wide
    # the foot of the place is at cross * (uy, -ux)
    from_ = np.arctan2(first * uy - cross * ux, first * ux + cross * uy) / step
    turn = np.arctan2(cross * (last - first), square + first * last) / step
    k0 = np.floor(from_).astype(np.int64)
    count = np.floor(from_ + turn).astype(np.int64) - k0 + 1
    if mask is not None:  # sources of which no sector is wanted
        some = np.flatnonzero(_wanted(mask, site, k0 * wide, count * wide))
        site, piece, ux, uy, cross, first, last, wide, k0, count = (
            v[some] for v in (site, piece, ux, uy, cross, first, last, wide, k0, count))
    # which sectors is decided; what follows is single precision, half the memory to move
    ux, uy, cross, first, last = (v.astype(np.float32) for v in (ux, uy, cross, first, last))
    pair, begin = owners(count), np.cumsum(count) - count
    w = wide.take(pair)
    k = (k0.take(pair) + nth(count, pair)) * w + sectors  # sectors begin at -half
    uxs, uys, away, from_, to = (v.take(pair) for v in (ux, uy, cross, first, last))
    # ends along the line: of the stretch, or where the edge of a sector meets it
    ex, ey = (edge.take(k, mode="wrap") for edge in directions(sectors)[0].T.astype(np.float32))
    with np.errstate(divide="ignore", invalid="ignore"):
        l0 = away * (ex * uxs + ey * uys) / (ex * uys - ey * uxs)
    l0 = np.minimum(np.fmax(l0, from_), to)
    l0[begin] = first
    l1 = np.append(l0[1:], np.float32(0.0))
    l1[begin + count - 1] = last
    l1 = np.maximum(l1, l0)
    around = (np.arange(4 * sectors) % sectors).take(k + w // 2)
    site_ = site.take(pair)
    ray, line = site_ * sectors + around, pieces.line.take(piece).take(pair)
    if mask is not None:
        some = np.flatnonzero(_wanted(mask, site_, k, w))
        ray, site_, line, uxs, uys, away, l0, l1 = (
            v.take(some) for v in (ray, site_, line, uxs, uys, away, l0, l1))
    square = away * away
    r0, r1 = np.sqrt(square + l0 * l0 + 1.0), np.sqrt(square + l1 * l1 + 1.0)
    middle = l0 + (l1 - l0) * r0 / (r0 + r1)
    return Parts(ray, site_, line, l0, l1, square, np.sqrt(square + middle * middle),
                 away * uys + middle * uxs, middle * uys - away * uxs)  # fmt: skip


def _stretches(xy: np.ndarray, pieces: Pieces) -> tuple[np.ndarray, ...]:
    """(place, piece, direction x and y of its line, how far the line passes at the right, first and
    last m along it from the foot of the place) of all pieces within their reach, place after
    place. Every place is held against every piece near them all: they lie together."""
    low, high, bounds = xy.min(axis=0), xy.max(axis=0), pieces.bounds()
    near = np.flatnonzero((bounds[:, 0] <= high[0]) & (bounds[:, 1] <= high[1])
                          & (bounds[:, 2] >= low[0]) & (bounds[:, 3] >= low[1]))  # fmt: skip
    p = pieces.take(near)
    ux, uy, length = p.x1 - p.x0, p.y1 - p.y0, np.hypot(p.x1 - p.x0, p.y1 - p.y0)
    ux, uy = ux / length, uy / length
    step = max(PAIRS // max(len(near), 1), 1)
    made = []
    for begin in range(0, len(xy), step):
        ax, ay = (end - xy[begin : begin + step, k, None] for k, end in enumerate((p.x0, p.y0)))
        along, cross = ax * ux + ay * uy, ux * ay - uy * ax
        half = np.sqrt(np.maximum(p.reach**2 - cross * cross, 0.0))
        first, last = np.maximum(along, -half), np.minimum(along + length, half)
        at = np.flatnonzero(last > first + TINY)
        site, own = np.divmod(at, max(len(near), 1))
        made.append((site + begin, near.take(own), ux.take(own), uy.take(own),
                     *(v.ravel().take(at) for v in (cross, first, last))))  # fmt: skip
    return made[0] if len(made) == 1 else tuple(np.concatenate(v) for v in zip(*made))


def _wanted(mask: np.ndarray, site: np.ndarray, k0: np.ndarray, count: np.ndarray) -> np.ndarray:
    """(k,) whether any of ``count`` sectors from ``k0`` round a place is in the mask."""
    n = mask.shape[1]
    total = np.zeros((len(mask), 2 * n + 1), np.int32)
    np.cumsum(np.hstack([mask, mask]), axis=1, out=total[:, 1:])
    from_ = k0 % n
    found: np.ndarray = total[site, from_ + np.minimum(count, n)] > total[site, from_]
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
    """Walls met on rays; arrays (k,), ray after ray and outward."""

    start: np.ndarray  # (rays + 1,)
    far: np.ndarray  # m from the place, float32
    wall: np.ndarray  # row of the wall
    key: np.ndarray  # (k + 1,) ascending: number of the ray, then distance; inf at the end

    def passed(self, ray: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """How many walls stand on each ``ray`` before a source at the distance ``reach``."""
        begin, before = self.start.take(ray), ray * SPAN + (reach - TOUCH)
        found: np.ndarray = begin - 1
        step = 1 << int(np.diff(self.start).max(initial=0)).bit_length() >> 1
        while step:  # halving, from the first wall of the ray; those of other rays lie beyond
            found += step * (self.key.take(found + step, mode="clip") < before)
            step >>= 1
        found += 1 - begin
        return found


def met_walls(xy: np.ndarray, walls: Walls, limit: np.ndarray) -> Met:
    """The walls that the middle rays of all sectors cross, place after place; ``limit`` (s,
    sectors) m: how far each ray is followed, 0 for not at all.

    Two opposite rays lie on one line, so there are half as many azimuths as sectors: for each, one
    sort of the places across it, in which a wall covers a run of places.
    """
    n, sectors = limit.shape
    half = sectors // 2
    dx, dy = directions(sectors)[1][:half].T[:, :, None]
    line = np.arange(half)[:, None]
    u, v = dx * xy[:, 0] + dy * xy[:, 1], dx * xy[:, 1] - dy * xy[:, 0]
    # places that ask nothing stand beyond the edge; one key for all lines keeps them apart
    edge = np.abs(v).max(initial=0.0) + 1.0
    v = np.where(np.maximum(limit[:, :half], limit[:, half:]).T > 0, v, edge)
    order = np.argsort(v, axis=1)
    sort = (order + n * line).ravel()
    u, v = u.ravel().take(sort), v.ravel().take(sort)
    apart = 3.0 * edge * line
    key = (v.reshape(half, n) + apart).ravel()
    u0, u1 = dx * walls.x0 + dy * walls.y0, dx * walls.x1 + dy * walls.y1
    v0, v1 = dx * walls.y0 - dy * walls.x0, dx * walls.y1 - dy * walls.x1
    low, high = np.maximum(np.minimum(v0, v1), -edge), np.minimum(np.maximum(v0, v1), edge)
    # most walls lie beside all places: that is seen without a search
    some = np.flatnonzero((high > v[::n, None]) & (low <= v[n - 1 :: n, None]))
    from_, to = (key.searchsorted((w + apart).ravel().take(some)) for w in (low, high))
    hit = np.flatnonzero(to > from_)
    some, from_, count = some.take(hit), from_.take(hit), (to - from_).take(hit)
    wall = some % max(len(walls.x0), 1)
    u0, u1, v0, v1 = (w.ravel().take(some) for w in (u0, u1, v0, v1))
    slope = (u1 - u0) / (v1 - v0)
    at, owner = ranges(from_, from_ + count)
    far = (u0 - v0 * slope).take(owner) + slope.take(owner) * v.take(at) - u.take(at)
    ray = (order * sectors + line).ravel().take(at) + half * (far < 0)
    np.abs(far, out=far)
    keep = np.flatnonzero((far > 1e-6) & (far <= limit.ravel().take(ray)))
    ray, far, wall = ray.take(keep), far.take(keep).astype(np.float32), wall.take(owner.take(keep))
    sort = _outward(ray, far, n * sectors)
    start = np.append(0, np.cumsum(np.bincount(ray, minlength=n * sectors)))
    ray, far = ray.take(sort), far.take(sort)
    return Met(start, far, wall.take(sort), np.append(ray * SPAN + far, np.inf))


def _outward(ray: np.ndarray, far: np.ndarray, rays: int) -> np.ndarray:
    """The order by ray, then distance. Both as whole numbers of two bytes, which sort in no time;
    the few that are nearer to each other than these tell are put right."""
    small = np.uint16 if rays <= 65_536 else np.int64
    order = np.argsort((far * (65_000.0 / far.max(initial=1.0))).astype(np.uint16), kind="stable")
    order = order.take(np.argsort(ray.astype(small).take(order), kind="stable"))
    ray, far = ray.take(order), far.take(order)
    wrong = np.flatnonzero((far[1:] < far[:-1]) & (ray[1:] == ray[:-1]))
    if len(wrong):
        mixed = np.zeros(rays, bool)
        mixed[ray[wrong]] = True
        some = np.flatnonzero(mixed[ray])
        order[some] = order[some[np.lexsort((far[some], ray[some]))]]
    return order
