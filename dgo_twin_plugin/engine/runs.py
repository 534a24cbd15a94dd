"""Polygons of which most stay: taken in whole slices, with all that is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .geometry import Polygons

MOST_RUNS = 48  # runs of rows up to which they are taken slice by slice


def sliced(polygons: Polygons, first: np.ndarray, last: np.ndarray) -> Polygons:
    """:meth:`Polygons.take` of a few long runs [first, last) of features."""
    if len(first) == 1 and first[0] == 0 and last[0] == polygons.n:
        return polygons
    levels = [(first, last)]  # of features, parts, rings, vertices
    for start in (polygons.feature_part_start, polygons.part_ring_start, polygons.ring_start):
        levels.append((start[levels[-1][0]], start[levels[-1][1]]))

    def cut(values: np.ndarray, on: int, to: int | None = None) -> np.ndarray:
        """Slices of what stands at one level; numbers of level ``to`` begin anew."""
        found = [values[a:b] for a, b in zip(*(k.tolist() for k in levels[on]))]
        if to is not None:
            a, b = levels[to]
            moved = (np.cumsum(b - a) - (b - a) - a).tolist()
            found = [part + by for part, by in zip(found, moved)]
        return np.concatenate(found)

    def starts(values: np.ndarray, on: int) -> np.ndarray:
        below = levels[on + 1]
        return np.append(cut(values, on, on + 1), (below[1] - below[0]).sum())

    made = type(polygons)(cut(polygons.xy, 3), starts(polygons.ring_start, 2),
                          cut(polygons.ring_part, 2, 1), cut(polygons.part_feature, 1, 0),
                          int((last - first).sum()))  # fmt: skip
    made.feature_part_start = starts(polygons.feature_part_start, 0)
    made.part_ring_start = starts(polygons.part_ring_start, 1)
    _measured(made, cut(polygons._ring_area, 2), cut(polygons._boxes, 0))
    return made


def carry(one: Polygons, other: Polygons, both: Polygons) -> None:
    """Let ``both``, one after the other, know what is known of each."""
    for name, offset in (("feature_part_start", len(one.part_feature)),
                         ("part_ring_start", len(one.ring_part))):  # fmt: skip
        first, second = getattr(one, name), getattr(other, name)
        setattr(both, name, np.concatenate([first, second[1:] + offset]))
    _measured(both, np.concatenate([one._ring_area, other._ring_area]),
              np.concatenate([one._boxes, other._boxes]))  # fmt: skip


def _measured(polygons: Polygons, ring_area: np.ndarray, boxes: np.ndarray) -> None:
    boxes.setflags(write=False)
    polygons._ring_area, polygons._boxes = ring_area, boxes
