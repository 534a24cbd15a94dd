"""The shortest way over what stands between receiver and source, in their vertical plane.

The way is the upper hull of the edges, a rubber band from receiver to source (ISO/TR 17534-3
section 5.2). Paths and edges are flat arrays: the edges of path i stand at ``start[i]:stop[i]``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SAME = np.float32(1e-6)  # difference of slopes below which edges lie in one line
_SLANT = np.float32(2e-7)  # 1/m: raises what is far by millimetres, so that it comes first


@dataclass(frozen=True)
class Detours:
    """Screened paths only; arrays (j,)."""

    path: np.ndarray  # which path
    detour: np.ndarray  # m: way over the edges minus straight way, >= 0
    between: np.ndarray  # m: first to last edge, along the way; 0 for one edge
    to_source: np.ndarray  # m: last edge to source
    to_receiver: np.ndarray  # m


def edges_of(start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(path, edge) of all edges of all paths, path after path."""
    count = stop - start
    path = np.repeat(np.arange(len(start)), count)
    ends = np.cumsum(count)
    return path, (start - (ends - count))[path] + np.arange(len(path))


def detours(
    path: np.ndarray, far: np.ndarray, top: np.ndarray,
    reach: np.ndarray, zr: np.ndarray, zs: np.ndarray,
) -> Detours:  # fmt: skip
    """Which paths are screened, and by how much detour.

    Per edge: ``path`` it belongs to (ascending), ``far`` from the receiver, less than the source,
    and height of its ``top``. Per path: ``reach``, distance of the source on the map; ``zr``,
    ``zs``, heights of receiver and source.
    """
    if not len(path):
        return _none()
    # the steepest edge seen from the receiver
    steep = (top - zr.take(path)) / far
    head = _heads(path)
    highest = np.maximum.reduceat(steep, head)
    some = path[head]
    hit = highest > (zs[some] - zr[some]) / reach[some] + _SAME
    if not hit.any():
        return _none()
    screened = np.zeros(len(reach), bool)
    screened[some[hit]] = True
    keep = np.flatnonzero(screened.take(path))
    path, far, top, steep = path.take(keep), far.take(keep), top.take(keep), steep.take(keep)
    some, highest = some[hit], highest[hit]
    number = np.zeros(len(reach), np.int64)
    number[some] = np.arange(len(some))
    owner = number.take(path)
    head = _heads(owner)
    near = _best(steep, owner, highest, head)
    # the steepest edge seen from the source
    back = (top - zs.take(path)) / (reach.take(path) - far)
    end = _best(back, owner, np.maximum.reduceat(back, head), head)
    end = np.where(far[end] < far[near], near, end)  # rounding, where edges lie in one line
    between = _between(owner, far, top, near, end)
    d, a, b = (v[some].astype(float) for v in (reach, zr, zs))
    fn, tn, fe, te = (v.astype(float) for v in (far[near], top[near], far[end], top[end]))
    to_receiver, to_source = np.hypot(fn, tn - a), np.hypot(d - fe, te - b)
    detour = to_receiver + between + to_source - np.hypot(d, a - b)
    return Detours(some, np.maximum(detour, 0.0), between, to_source, to_receiver)


def _none() -> Detours:
    zero = np.zeros(0)
    return Detours(np.zeros(0, np.int64), zero, zero, zero, zero)


def _heads(path: np.ndarray) -> np.ndarray:
    """Where each path begins."""
    found: np.ndarray = np.flatnonzero(np.concatenate([[True], path[1:] != path[:-1]]))
    return found


def _best(value: np.ndarray, owner: np.ndarray, best: np.ndarray, head: np.ndarray) -> np.ndarray:
    """The last edge of each path that has its ``best`` value; every path has one."""
    at = np.flatnonzero(value >= best.take(owner))
    found = head.copy()
    found[owner[at]] = at
    return found


def _between(
    owner: np.ndarray, far: np.ndarray, top: np.ndarray, near: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """Length along the hull from the first edge ``near`` to the last, ``end``, m."""
    length = np.zeros(len(near))
    f, t, last = far[near], top[near], far[end]
    if not np.any(last > f):
        return length
    x, y = far, top
    while True:
        # of the edges beyond the present corner, up to the last: the steepest is the next corner
        keep = np.flatnonzero((x > f.take(owner)) & (x <= last.take(owner)))
        if not len(keep):
            return length
        owner, x, y = owner.take(keep), x.take(keep), y.take(keep)
        steep = (y - t.take(owner)) / (x - f.take(owner))
        steep += _SLANT * x  # of edges in one line the farthest
        head = _heads(owner)
        who = owner[head]
        best = np.zeros_like(f)
        best[who] = np.maximum.reduceat(steep, head)
        at = np.flatnonzero(steep >= best.take(owner))
        at = at[np.append(np.diff(owner[at]) > 0, True)]
        length[who] += np.hypot(x[at] - f[who], y[at] - t[who])
        f[who], t[who] = x[at], y[at]
