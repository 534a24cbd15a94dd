"""Which boxes meet: a packed R-tree in NumPy, asked for all boxes at once."""

from __future__ import annotations

import weakref

import numpy as np

from .pulse import beat

_NODE = 8  # children of a node: measured to be quickest for boxes of houses and for points
MANY, MOST_KEPT = 64, 20_000  # boxes of which a tree is worth keeping, and not too large
_Tree = tuple[np.ndarray, list[np.ndarray]]
_trees: dict[int, tuple[weakref.ref[np.ndarray], _Tree]] = {}


def bbox_pairs(a: np.ndarray, b: np.ndarray, reach: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Index pairs (i, j) of boxes ``a`` (n, 4) and ``b`` (m, 4) that meet or touch, or lie within
    ``reach`` of each other along both axes. Inverted (empty) and NaN boxes meet nothing.

    A sort-tile-recursive tree over ``b`` (Leutenegger et al. 1997); the whole frontier of
    (query, node) pairs goes down one level at a time.
    """
    a = np.asarray(a, float).reshape(-1, 4)
    b = np.asarray(b, float)
    b = b if b.ndim == 2 else b.reshape(-1, 4)  # the very array, of which a tree may be known
    good_a = np.flatnonzero((a[:, 0] <= a[:, 2]) & (a[:, 1] <= a[:, 3]))
    good_b = np.flatnonzero((b[:, 0] <= b[:, 2]) & (b[:, 1] <= b[:, 3]))
    none = np.zeros(0, np.int64)
    if not len(good_a) or not len(good_b):
        return none, none
    order, levels = _tree_of(b, good_b)
    query = a[good_a].copy()
    query[:, :2] -= reach
    query[:, 2:] += reach
    q = np.repeat(np.arange(len(query)), len(levels[-1]))
    node = np.tile(np.arange(len(levels[-1])), len(query))
    for depth in range(len(levels) - 1, -1, -1):
        beat()
        boxes = levels[depth]
        hit = (
            (query[q, 0] <= boxes[node, 2]) & (query[q, 2] >= boxes[node, 0])
            & (query[q, 1] <= boxes[node, 3]) & (query[q, 3] >= boxes[node, 1])
        )  # fmt: skip
        q, node = q[hit], node[hit]
        if depth:
            below = len(levels[depth - 1])
            count = np.minimum(_NODE, below - node * _NODE)
            q = np.repeat(q, count)
            first = np.repeat(node * _NODE, count)
            node = first + np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return good_a[q], good_b[order[node]]


def _tree_of(boxes: np.ndarray, good: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """:func:`_tree`, kept for as long as boxes live that nobody can write in: those of context,
    zones and rings are asked again and again while somebody draws."""
    if boxes.flags.writeable or not MANY <= len(boxes) <= MOST_KEPT:
        return _tree(boxes[good])
    entry = _trees.get(id(boxes))
    if entry is None or entry[0]() is not boxes:
        number = id(boxes)
        gone = weakref.ref(boxes, lambda ref: _forget(number, ref))
        entry = _trees[number] = gone, _tree(boxes[good])
    return entry[1]


def _forget(number: int, ref: weakref.ref[np.ndarray]) -> None:
    """The number of what is gone may be that of something new already."""
    entry = _trees.get(number)
    if entry is not None and entry[0] is ref:
        del _trees[number]


def _tree(boxes: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Leaf order, and the boxes of each level from the leaves up."""
    n = len(boxes)
    centre = boxes[:, :2] + boxes[:, 2:]
    slabs = max(1, int(np.ceil(np.sqrt(n / _NODE))))
    by_x = np.argsort(centre[:, 0], kind="stable")
    slab = np.empty(n, np.int64)
    slab[by_x] = np.arange(n) * slabs // n
    order = np.lexsort((centre[:, 1], slab))
    levels = [boxes[order]]
    while len(levels[-1]) > _NODE:
        below = levels[-1]
        at = np.arange(0, len(below), _NODE)
        levels.append(np.hstack([np.minimum.reduceat(below[:, :2], at),
                                 np.maximum.reduceat(below[:, 2:], at)]))  # fmt: skip
    return order, levels
