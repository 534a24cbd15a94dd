"""Where zones, or other large polygons, are not what they were: in strips along their edge."""

from __future__ import annotations

import numpy as np

from .geometry import Polygons

MOST = 400  # boxes beyond which one is taken about them all


def strips(new: Polygons, old: Polygons, rows: np.ndarray) -> np.ndarray:
    """Boxes (k, 4) that hold all ground which lies in a feature of ``rows`` before and not after,
    or the other way about; both have the same features, in the same order.

    What two polygons do not share is bounded by edges that only one of them has: these run around
    it in closed lines. So boxes about edges that hang together hold all of it.
    """
    found = [merged(_other_edges(new.take(np.array([row])), old.take(np.array([row]))))
             for row in rows.tolist()]  # fmt: skip
    return np.concatenate([np.zeros((0, 4)), *found])


def _other_edges(a: Polygons, b: Polygons) -> np.ndarray:
    """Boxes of the edges that only one of the two has, however often it has them."""
    lines = []
    for polygons in (a, b):
        s = polygons.segments
        lines.append(list(zip(s.x0.tolist(), s.y0.tolist(), s.x1.tolist(), s.y1.tolist())))
    one, other = set(lines[0]), set(lines[1])
    if len(one) < len(lines[0]) or len(other) < len(lines[1]):  # an edge twice: take no risk
        return np.concatenate([a.bounds(), b.bounds()])
    edges: np.ndarray = np.array(list(one ^ other), float).reshape(-1, 4)
    boxes: np.ndarray = np.hstack([np.minimum(edges[:, :2], edges[:, 2:]),
                                   np.maximum(edges[:, :2], edges[:, 2:])])  # fmt: skip
    return boxes


def merged(boxes: np.ndarray) -> np.ndarray:
    """Boxes that touch each other as one, until none do."""
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if len(boxes) > MOST:
        boxes = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])[None, :]
    apart: list[np.ndarray] = []
    for box in boxes:
        grown = True
        while grown:
            grown, rest = False, []
            for other in apart:
                if (box[:2] <= other[2:]).all() and (other[:2] <= box[2:]).all():
                    box = np.concatenate([np.minimum(box[:2], other[:2]),
                                          np.maximum(box[2:], other[2:])])  # fmt: skip
                    grown = True
                else:
                    rest.append(other)
            apart = rest
        apart.append(box)
    return np.array(apart).reshape(-1, 4)
