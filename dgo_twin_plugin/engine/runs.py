"""Polygons of which most stay: put together of whole runs, with all that is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .geometry import Polygons, Segments

    Run = tuple[Polygons, int, int]  # features [first, last) of one

MOST_RUNS = 48  # runs of rows up to which they are taken slice by slice


def runs_of(rows: np.ndarray, most: int, end: int = -1) -> list[tuple[int, int]]:
    """``rows`` (k,) as runs [first, last) of numbers that follow each other, of which none passes
    ``end``; nothing where they are more than ``most``."""
    new = np.ones(len(rows), bool)
    np.not_equal(rows[1:], rows[:-1] + 1, out=new[1:])
    first = np.flatnonzero(new | (rows == end))
    if not 0 < len(first) <= most:
        return []
    last = np.append(first[1:], len(rows)) - 1
    return list(zip(rows[first].tolist(), (rows[last] + 1).tolist()))


def spliced(runs: Sequence[Run]) -> Polygons:
    """The features [first, last) of each, one run after the other."""
    found: list[list[np.ndarray]] = [[] for _ in range(8)]
    n = parts = rings = vertices = 0  # so far
    for polygons, a, b in runs:
        part, part_end = polygons.feature_part_start[[a, b]].tolist()
        ring, ring_end = polygons.part_ring_start[[part, part_end]].tolist()
        vertex, vertex_end = polygons.ring_start[[ring, ring_end]].tolist()
        for values, new in zip(found, (
            polygons.xy[vertex:vertex_end],
            polygons.ring_start[ring:ring_end] + (vertices - vertex),
            polygons.ring_part[ring:ring_end] + (parts - part),
            polygons.part_feature[part:part_end] + (n - a),
            polygons.feature_part_start[a:b] + (parts - part),
            polygons.part_ring_start[part:part_end] + (rings - ring),
            polygons._ring_area[ring:ring_end], polygons._boxes[a:b],
        )):  # fmt: skip
            values.append(new)
        n, parts, rings = n + b - a, parts + part_end - part, rings + ring_end - ring
        vertices += vertex_end - vertex
    for values, end in ((found[1], vertices), (found[4], parts), (found[5], rings)):
        values.append(np.array([end]))
    xy, ring_start, ring_part, part_feature, *known = (np.concatenate(each) for each in found)
    made = type(runs[0][0])(xy, ring_start, ring_part, part_feature, n)
    made.feature_part_start, made.part_ring_start, made._ring_area, made._boxes = known
    made._boxes.setflags(write=False)
    return made


def spliced_segments(runs: Sequence[Run]) -> Segments:
    """The segments of :func:`spliced`, from those of each."""
    found: list[list[np.ndarray]] = [[] for _ in range(6)]
    n = count = 0  # so far
    for polygons, a, b in runs:
        s = polygons.segments
        first, last = s.start[[a, b]].tolist()
        for values, new in zip(found, (
            s.feature[first:last] + (n - a), s.x0[first:last], s.y0[first:last],
            s.x1[first:last], s.y1[first:last], s.start[a:b] + (count - first),
        )):  # fmt: skip
            values.append(new)
        n, count = n + b - a, count + last - first
    found[5].append(np.array([count]))
    return type(runs[0][0].segments)(*map(np.concatenate, found))
