"""The shortest way over what stands between receiver and source, in their vertical plane.

The way is the upper hull of the edges, a rubber band from receiver to source (ISO/TR 17534-3
section 5.2). Many sources share a ray, so the bands are kept per ray: every edge knows the corner
before it on the band from the receiver to that edge. The band to a source begins at the last edge
before it and drops the corners that lie below, as Andrew's monotone chain does.

A detour is a small difference of long ways. Every stretch of a band therefore tells by how much it
is longer than on the map; there all ways are equally long, so only these are added up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SAME = np.float32(1e-6)  # difference of slopes below which edges lie in one line
_TINY = np.float32(1e-9)  # m: between edges on one place
_FEW = 24  # levels in which an edge is held against all before it, rather than followed back


@dataclass(frozen=True)
class Detours:
    """Of paths; arrays (k,), lengths in m. Where nothing screens they have no meaning."""

    screened: np.ndarray  # whether anything stands above the sight line
    detour: np.ndarray  # way over the edges minus straight way, >= 0
    between: np.ndarray  # first to last edge, along the way; 0 for one edge
    to_source: np.ndarray  # last edge to source
    to_receiver: np.ndarray


@dataclass(frozen=True)
class Bands:
    """Rays from receivers with what they meet, level by level: all receivers (level 0, at distance
    0), the first edges of all rays, all second edges ... Within a level the rays with the most
    edges come first, so that a ray has the same rank in all its levels. Arrays (k,)."""

    rank: np.ndarray  # (rays,)
    offset: np.ndarray  # (levels + 1,) where each level begins
    far: np.ndarray  # m from the receiver
    top: np.ndarray  # m above the ground
    before: np.ndarray  # the corner before this one on the band to it
    steep: np.ndarray  # slope of the first stretch of that band; 0 at receivers, as what follows
    to_first: np.ndarray  # m: length of that stretch
    between: np.ndarray  # m: of the others together
    longer: np.ndarray  # m: how much longer the band is than on the map
    facade: np.ndarray  # m: the next wall beyond this one that reflects, inf where there is none


def bands(
    start: np.ndarray, count: np.ndarray, far: np.ndarray, top: np.ndarray, mirror: np.ndarray,
    zr: np.ndarray,
) -> Bands:  # fmt: skip
    """The bands of rays that meet ``count`` edges each, outward from the ``start``-th on: their
    distance ``far`` and height ``top``; ``mirror``: the same distance, inf where they do not
    reflect. Rays may share their edges. ``zr`` height of each ray's receiver."""
    most = int(count.max(initial=0))
    small = np.int16 if most < 2**15 else np.int64  # sorts in no time
    order = np.argsort((-count).astype(small), kind="stable")
    rays = len(order)
    rank = np.empty_like(order)
    rank[order] = np.arange(rays)
    many = np.searchsorted(-count.take(order), -np.arange(most + 1), side="right")
    offset = np.append(0, np.cumsum(many))
    start = start.take(order)
    at = np.concatenate([start[:0], *(start[:k] + nth for nth, k in enumerate(many[1:].tolist()))])
    n = rays + len(at)
    x, y = np.zeros(n, np.float32), np.empty(n, np.float32)
    x[rays:], y[:rays], y[rays:] = far.take(at), zr.take(order), top.take(at)
    made = Bands(rank, offset, x, y, np.arange(n), *np.zeros((5, n), np.float32))
    for level in range(1, most + 1):
        _fasten(made, level)
    # inward: the nearest that reflects beyond what was looked at
    mirror = mirror.take(at)
    nearest = np.full(rays, np.inf, np.float32)
    for level in range(most, 0, -1):
        begin, k = int(offset[level]), int(many[level])
        made.facade[begin : begin + k] = nearest[:k]
        np.minimum(nearest[:k], mirror[begin - rays : begin - rays + k], out=nearest[:k])
    made.facade[:rays] = nearest
    return made


def _fasten(b: Bands, level: int) -> None:
    """The bands to all edges of a level, when those to the levels before are known."""
    here = slice(b.offset[level], b.offset[level + 1])
    x, y = b.far[here], b.top[here]
    if level <= _FEW:
        corner = b.offset.take(_steepest(b, level, x, y)) + np.arange(len(x))
    else:
        corner = _taut(b, np.arange(b.offset[level - 1], b.offset[level - 1] + len(x)), x, y)
    dx, dy = np.maximum(x - b.far.take(corner), _TINY), y - b.top.take(corner)
    square = dy * dy
    length = np.sqrt(dx * dx + square)
    first = corner < b.offset[1]
    b.before[here] = corner
    b.steep[here] = b.steep.take(corner) + first * (dy / dx)
    b.to_first[here] = b.to_first.take(corner) + first * length
    b.between[here] = b.between.take(corner) + ~first * length
    b.longer[here] = b.longer.take(corner) + square / (length + dx)


def _steepest(b: Bands, level: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The level, before this one, of the point that is seen highest from each point (x, y) on the
    way back: the corner before it on the band. Of points in one line that nearest the receiver."""
    k = len(x)
    best, slope, gap = (b.top[:k] - y) / x, np.empty_like(x), np.empty_like(x)
    higher = np.empty(k, bool)
    found, number = np.zeros(k, np.int8), np.empty(k, np.int8)
    for nth in range(1, level):
        back = slice(b.offset[nth], b.offset[nth] + k)
        np.maximum(np.subtract(x, b.far[back], out=gap), _TINY, out=gap)
        np.divide(np.subtract(b.top[back], y, out=slope), gap, out=slope)
        np.greater(slope, best, out=higher)
        np.maximum(best, slope, out=best)
        np.multiply(higher, np.int8(nth), out=number)
        np.maximum(found, number, out=found)
    return found


def _taut(b: Bands, corner: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The last corner of the band from the receiver to a point (x, y) beyond ``corner``, which is
    the last edge before it: corners below the straight way from the one before go."""
    corner = corner.copy()
    at = np.flatnonzero(corner >= b.offset[1])
    here, x, y = corner.take(at), x.take(at), y.take(at)
    while len(at):
        back = b.before.take(here)
        bx, by = b.far.take(back), b.top.take(back)
        low = (b.top.take(here) - by) * (x - bx) <= (y - by) * (b.far.take(here) - bx)
        low = np.flatnonzero(low)
        at, here = at.take(low), back.take(low)
        corner[at] = here
        on = np.flatnonzero(here >= b.offset[1])
        low = low.take(on)
        at, here, x, y = at.take(on), here.take(on), x.take(low), y.take(low)
    return corner


def edge_of(b: Bands, ray: np.ndarray, nth: np.ndarray) -> np.ndarray:
    """Where the ``nth`` edge of each ``ray`` stands, from 1; its receiver for 0."""
    found: np.ndarray = b.offset.take(nth) + b.rank.take(ray)
    return found


def mirrored(b: Bands, last: np.ndarray, reach: np.ndarray, within: float) -> np.ndarray:
    """Whether each source has a wall that reflects at most ``within`` m behind it."""
    wall = b.facade.take(last)
    own = np.flatnonzero(wall <= reach)  # the source stands on that wall
    at = last.take(own)
    level = np.searchsorted(b.offset, at, side="right")
    wall[own] = b.facade.take(at - b.offset.take(level - 1) + b.offset.take(level))
    found: np.ndarray = (wall > reach) & (wall - reach <= np.float32(within))
    return found


def detours(
    b: Bands, last: np.ndarray, reach: np.ndarray, zs: np.ndarray, zr: np.ndarray
) -> Detours:
    """Which paths are screened, and by how much detour.

    Per path: the ``last`` edge before the source, or the receiver; ``reach``, distance of the
    source on the map; its height ``zs`` and that of the receiver ``zr``.
    """
    end = _taut(b, last, reach, zs)
    screened = (end >= b.offset[1]) & (b.steep.take(end) > (zs - zr) / reach + _SAME)
    dx, dy, rise = reach - b.far.take(end), b.top.take(end) - zs, zr - zs
    dy, rise = dy * dy, rise * rise
    to_source = np.sqrt(dx * dx + dy)
    straight = rise / (np.sqrt(reach * reach + rise) + reach)
    detour = b.longer.take(end) + dy / (to_source + dx) - straight
    return Detours(screened, np.maximum(detour, np.float32(0.0)), b.between.take(end), to_source,
                   b.to_first.take(end))  # fmt: skip
