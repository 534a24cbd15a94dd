"""Polygons of which most stay: put together of whole runs, with all that is known of them. What is
the same is shared between the old and the new, so nobody may write in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .counts import ranges

if TYPE_CHECKING:
    from .geometry import Polygons

    Run = tuple[Polygons, int, int]  # features [first, last) of one

MOST_RUNS = 48  # runs of rows up to which they are taken slice by slice


def runs_of(rows: np.ndarray, most: int) -> list[tuple[int, int]]:
    """``rows`` (k,) as runs [first, last) of numbers that follow each other; nothing where they
    are more than ``most``."""
    breaks = (rows[1:] - rows[:-1] != 1).nonzero()[0]
    if not len(rows) or len(breaks) >= most:
        return []
    begin = [0, *(breaks + 1).tolist(), len(rows)]
    return [(rows.item(a), rows.item(b - 1) + 1) for a, b in zip(begin, begin[1:])]


def spliced(runs: Sequence[Run]) -> Polygons:
    """The features [first, last) of each, one run after the other."""
    found: list[list[np.ndarray]] = [[] for _ in range(9)]
    n = parts = rings = vertices = 0  # so far
    for nth, (polygons, a, b) in enumerate(runs, 1):
        part_start, ring_start = polygons.part_ring_start, polygons.ring_start
        part, part_end = (polygons.feature_part_start.item(k) for k in (a, b))
        ring, ring_end = part_start.item(part), part_start.item(part_end)
        vertex, vertex_end = ring_start.item(ring), ring_start.item(ring_end)
        end = int(nth == len(runs))  # the last says where it ends, too
        for values, new in zip(found, (
            polygons.xy[vertex:vertex_end],
            _raised(ring_start[ring : ring_end + end], vertices - vertex),
            _raised(polygons.ring_part[ring:ring_end], parts - part),
            _raised(polygons.part_feature[part:part_end], n - a),
            _raised(polygons.feature_part_start[a : b + end], parts - part),
            _raised(part_start[part : part_end + end], rings - ring),
            polygons._ring_area[ring:ring_end], polygons._boxes[a:b], polygons._area[a:b],
        )):  # fmt: skip
            values.append(new)
        n, parts, rings = n + b - a, parts + part_end - part, rings + ring_end - ring
        vertices += vertex_end - vertex
    xy, ring_start, ring_part, part_feature, *known = (
        each[0] if len(each) == 1 else np.concatenate(each) for each in found)  # fmt: skip
    return _with(type(runs[0][0])(xy, ring_start, ring_part, part_feature, n), *known)


def _raised(values: np.ndarray, by: int) -> np.ndarray:
    return values + by if by else values


def patched(polygons: Polygons, source: np.ndarray, new: Polygons) -> Polygons:
    """The features ``source`` (k,) of these and, where that is -1, the next of ``new``."""
    n = polygons.n
    fresh = (source < 0).nonzero()[0]
    if len(fresh) == len(source) == new.n:
        return new
    if len(source) == n and np.count_nonzero(source == np.arange(n)) == n - len(fresh):
        found = _written_over(polygons, fresh, new) if len(fresh) else polygons
        if found is not None:
            return found
    index = source.copy()
    index[fresh] = np.arange(n + 1, n + 1 + len(fresh))  # no run leads into these
    runs = runs_of(index, MOST_RUNS)
    if not runs:
        index[fresh] -= 1
        return polygons.joined(new).take(index)
    return spliced([(polygons, a, b) if a < n else (new, a - n - 1, b - n - 1) for a, b in runs])


def _written_over(polygons: Polygons, rows: np.ndarray, new: Polygons) -> Polygons | None:
    """The same with ``new`` in the place of these rows, which ascend; None where they have not as
    many parts and rings, in the same order."""
    was = polygons.take(rows)
    if not (np.array_equal(was.ring_part, new.ring_part)
            and np.array_equal(was.part_feature, new.part_feature)):  # fmt: skip
        return None
    ring, ring_end = (polygons.part_ring_start[polygons.feature_part_start[k]]
                      for k in (rows, rows + 1))  # fmt: skip
    rings, _ = ranges(ring, ring_end)
    ring_start = polygons.ring_start
    first, last = ring_start[ring].tolist(), ring_start[ring_end].tolist()
    of_new = new.ring_start[new.part_ring_start[new.feature_part_start]].tolist()
    pieces = [polygons.xy[: first[0]]]
    for a, b, end, then in zip(of_new, of_new[1:], last, [*first[1:], len(polygons.xy)]):
        pieces += new.xy[a:b], polygons.xy[end:then]
    if not np.array_equal(was.ring_start, new.ring_start):
        count = ring_start[1:] - ring_start[:-1]
        count[rings] = new.ring_start[1:] - new.ring_start[:-1]
        ring_start = np.zeros(len(ring_start), np.int64)
        count.cumsum(out=ring_start[1:])
    ring_area = polygons._ring_area.copy()
    boxes, area = polygons._boxes.copy(), polygons._area.copy()
    ring_area[rings], boxes[rows], area[rows] = new._ring_area, new._boxes, new._area
    made = type(polygons)(np.concatenate(pieces), ring_start, polygons.ring_part,
                          polygons.part_feature, polygons.n)  # fmt: skip
    return _with(made, polygons.feature_part_start, polygons.part_ring_start, ring_area, boxes,
                 area)  # fmt: skip


def _with(made: Polygons, feature_part_start: np.ndarray, part_ring_start: np.ndarray,
          ring_area: np.ndarray, boxes: np.ndarray, area: np.ndarray) -> Polygons:  # fmt: skip
    """Tell of polygons what is known of them."""
    made.feature_part_start, made.part_ring_start = feature_part_start, part_ring_start
    made._ring_area, made._boxes, made._area = ring_area, boxes, area
    made._boxes.setflags(write=False)
    made._area.setflags(write=False)
    return made
