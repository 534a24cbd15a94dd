"""The shortest way over what stands between receiver and source, in their vertical plane.

The way is the upper hull of the edges, a rubber band from receiver to source (ISO/TR 17534-3
section 5.2). Many sources share a ray, so the bands are kept per ray: every edge knows the corner
before it on the band from the receiver to that edge. The band to a source begins at the last edge
before it and drops the corners that lie below, as Andrew's monotone chain does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SAME = np.float32(1e-6)  # difference of slopes below which edges lie in one line
_TOUCH = np.float32(1e-4)  # m: an edge so near to the source is the source's own
_SPAN = 4096.0  # m: more than any ray is long; keeps the rays apart in one sorted key


@dataclass(frozen=True)
class Detours:
    """Screened paths only; arrays (j,)."""

    path: np.ndarray  # which path
    detour: np.ndarray  # m: way over the edges minus straight way, >= 0
    between: np.ndarray  # m: first to last edge, along the way; 0 for one edge
    to_source: np.ndarray  # m: last edge to source
    to_receiver: np.ndarray  # m


@dataclass(frozen=True)
class Bands:
    """Rays from receivers with what they meet, ray after ray and outward; arrays (k,). Every ray
    begins with its receiver, at distance 0."""

    start: np.ndarray  # (rays,) the receiver of each ray
    key: np.ndarray  # ascending: number of the ray, then distance
    far: np.ndarray  # m from the receiver
    top: np.ndarray  # m above the ground
    before: np.ndarray  # the corner before this one on the band to it
    first: np.ndarray  # the first corner of that band
    length: np.ndarray  # m along the band from its first corner to this one
    facade: np.ndarray  # m: the next wall beyond this one that reflects, inf where there is none


def edges_of(start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(path, edge) of all edges of all paths, path after path, that stand at start:stop."""
    count = stop - start
    path = np.repeat(np.arange(len(start)), count)
    ends = np.cumsum(count)
    return path, (start - (ends - count))[path] + np.arange(len(path))


def bands(
    count: np.ndarray, far: np.ndarray, top: np.ndarray, reflects: np.ndarray, zr: np.ndarray
) -> Bands:
    """The bands of rays that meet ``count`` edges each, ray after ray in any order: their distance
    ``far`` and height ``top``, and whether they reflect. ``zr`` height of each ray's receiver."""
    n = len(far) + len(count)
    start = np.cumsum(count) - count + np.arange(len(count))
    own = np.repeat(np.arange(len(count)), count + 1)
    edge = np.ones(n, bool)
    edge[start] = False
    at = np.flatnonzero(edge)
    order = _outward(own.take(at), far)
    if order is not None:
        far, top, reflects = far.take(order), top.take(order), reflects.take(order)
    x, y = np.zeros(n, np.float32), zr.astype(np.float32).take(own)
    x[at], y[at] = far, top
    mirror = np.full(n, n)
    mirror[at[reflects]] = at[reflects]
    after = np.append(np.minimum.accumulate(mirror[::-1])[::-1][1:], n)
    ends = (start + count).take(own)  # the last edge of the ray
    facade = np.where(after <= ends, x.take(after, mode="clip"), np.float32(np.inf))
    before, first, length = start.take(own), np.arange(n), np.zeros(n)
    made = Bands(start, own * _SPAN + x, x, y, before, first, length, facade)
    # all first edges, all second edges ...: the longest rays first, so that those left are in front
    longest = np.argsort(-count, kind="stable")
    left = np.searchsorted(-count[longest], -np.arange(1, count.max(initial=0) + 1), side="right")
    for nth, many in enumerate(left.tolist(), 1):
        root = start.take(longest[:many])
        new = root + nth
        corner = new - 1
        if nth > 1:
            corner = _taut(made, corner, root, x.take(new), y.take(new))
            more = np.flatnonzero(corner > root)
            a, b = corner.take(more), new.take(more)
            first[b] = first.take(a)
            length[b] = length.take(a) + np.hypot(x.take(b) - x.take(a), y.take(b) - y.take(a))
        before[new] = corner
    return made


def _outward(ray: np.ndarray, far: np.ndarray) -> np.ndarray | None:
    """The order by distance on each ray; None where they stand so. Most do: only the rays with
    edges out of order are sorted."""
    wrong = np.flatnonzero((far[1:] < far[:-1]) & (ray[1:] == ray[:-1]))
    if not len(wrong):
        return None
    mixed = np.zeros(ray[-1] + 1, bool)
    mixed[ray[wrong]] = True
    some = np.flatnonzero(mixed[ray])
    order = np.arange(len(ray))
    order[some] = some[np.argsort(ray[some] * _SPAN + far[some])]
    return order


def _taut(
    b: Bands, corner: np.ndarray, root: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """The last corner of the band from the receiver ``root`` to a point (x, y) beyond ``corner``,
    which is the last edge before it: corners below the straight way from the one before go."""
    corner = corner.copy()
    at = np.flatnonzero(corner > root)
    here, root, x, y = corner[at], root[at], x[at], y[at]
    while len(at):
        back = b.before.take(here)
        bx, by = b.far.take(back), b.top.take(back)
        low = (b.top.take(here) - by) * (x - bx) <= (y - by) * (b.far.take(here) - bx)
        low = np.flatnonzero(low)
        at, here = at.take(low), back.take(low)
        corner[at] = here
        on = np.flatnonzero(here > root.take(low))
        low = low.take(on)
        at, here, root, x, y = at.take(on), here.take(on), root.take(low), x.take(low), y.take(low)
    return corner


def last_before(b: Bands, ray: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """The last edge, or the receiver, on the ``ray`` before a source at the distance ``reach``."""
    found: np.ndarray = np.searchsorted(b.key, ray * _SPAN + (reach - _TOUCH)) - 1
    return np.maximum(found, b.start.take(ray))


def mirrored(b: Bands, last: np.ndarray, reach: np.ndarray, within: float) -> np.ndarray:
    """Whether each source has a wall that reflects at most ``within`` m behind it."""
    wall = b.facade.take(last)
    own = np.flatnonzero(wall <= reach)  # the source stands on that wall
    wall[own] = b.facade[last[own] + 1]
    found: np.ndarray = (wall > reach) & (wall - reach <= np.float32(within))
    return found


def detours(
    b: Bands, ray: np.ndarray, last: np.ndarray, reach: np.ndarray, zs: np.ndarray
) -> Detours:
    """Which paths are screened, and by how much detour.

    Per path: the ``ray`` it follows, the ``last`` edge before the source, ``reach``, distance of
    the source on the map, and its height ``zs``.
    """
    root = b.start.take(ray)
    end = _taut(b, last, root, reach, zs)
    path = np.flatnonzero(end > root)
    end, root, reach, zs = end.take(path), root.take(path), reach.take(path), zs.take(path)
    near, zr = b.first.take(end), b.top.take(root)
    steep = (b.top.take(near) - zr) / b.far.take(near)
    hit = np.flatnonzero(steep > (zs - zr) / reach + _SAME)
    path, end, near = path.take(hit), end.take(hit), near.take(hit)
    d, z, a = (v.take(hit).astype(float) for v in (reach, zs, zr))
    fn, tn, fe, te = (v.take(k).astype(float) for k in (near, end) for v in (b.far, b.top))
    to_receiver, to_source = np.hypot(fn, tn - a), np.hypot(d - fe, te - z)
    between = b.length.take(end)
    detour = to_receiver + between + to_source - np.hypot(d, a - z)
    return Detours(path, np.maximum(detour, 0.0), between, to_source, to_receiver)
