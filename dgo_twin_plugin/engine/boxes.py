"""Which boxes meet: rows of boxes in NumPy, asked for all boxes at once."""

from __future__ import annotations

import numpy as np

from .counts import nth, owners, portions
from .pulse import beat

_AT_ONCE = 1_000_000  # pairs that are tested at once: some 30 MB
# so many tests per box, and so many besides, cost no more than setting out the rows: measured
_CHEAP, _CHEAP_TOO = 50, 150_000
_WORTH = 10_000  # pairs beyond which a look at what lies about all of one side is worth it
_STEP = 4.0  # from the size of boxes in one set of rows to that in the next
_MOST = 4096  # rows of the smallest boxes
Pairs = tuple[np.ndarray, np.ndarray]
Sides = np.ndarray  # (4, n) low x, low y, high x and high y


def bbox_pairs(a: np.ndarray, b: np.ndarray, reach: float = 0.0) -> Pairs:
    """Index pairs (i, j) of boxes ``a`` (n, 4) and ``b`` (m, 4) that meet or touch, or lie within
    ``reach`` of each other along both axes; i ascends. Inverted (empty) and NaN boxes meet nothing.
    """
    if not len(a) or not len(b):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    (good_a, of_a), (good_b, of_b) = _sides(a), _sides(b)
    if reach:
        of_a[:2] -= reach
        of_a[2:] += reach
    n, m = of_a.shape[1], of_b.shape[1]
    if n * m <= _CHEAP * (n + m) + _CHEAP_TOO or not np.isfinite(of_b).all():
        i, j = _each_with_each(of_a, of_b)
    else:
        x0, y0, x1, y1 = of_a
        if (y1 - y0).sum() > (x1 - x0).sum():  # rows along the longer side of what is asked
            of_a, of_b = of_a[[1, 0, 3, 2]], of_b[[1, 0, 3, 2]]
        i, j = _by_rows(of_a, of_b)
    return (i if good_a is None else good_a.take(i)), (j if good_b is None else good_b.take(j))


def _sides(boxes: np.ndarray) -> tuple[np.ndarray | None, Sides]:
    """The rows of boxes that are some, None where all are, and their sides."""
    sides = np.asarray(boxes, float).reshape(-1, 4).T.copy()
    good = sides[:2] <= sides[2:]
    if good.all():
        return None, sides
    rows = (good[0] & good[1]).nonzero()[0]
    return rows, sides.take(rows, axis=1)


def _each_with_each(a: Sides, b: Sides) -> Pairs:
    """Every box against every other: of few boxes the quickest way. Each of the fewer is held
    against all of the others at once."""
    (n, m), near = (a.shape[1], b.shape[1]), None
    if n > m:
        j, i = _each_with_each(b, a)
        order = i.argsort(kind="stable")
        return i.take(order), j.take(order)
    if n > 1 and n * m > _WORTH:  # what lies away from all of a need not be held against each
        about = np.concatenate([a[:2].min(axis=1), a[2:].max(axis=1)])
        near = _each_with_each(about[:, None], b)[1]
        b, m = b.take(near, axis=1), len(near)
    step = max(_AT_ONCE // max(m, 1), 1)
    found = []
    for k in range(0, n, step):
        beat()
        low, high = a[:2, k : k + step, None], a[2:, k : k + step, None]
        hit = low <= b[2:, None]
        hit &= high >= b[:2, None]
        i, j = np.divmod((hit[0] & hit[1]).ravel().nonzero()[0], m)
        found.append((i + k if k else i, j if near is None else near.take(j)))
    return _joined(found)


def _by_rows(a: Sides, b: Sides) -> Pairs:
    """Boxes ``b`` of about one size stand in rows of that height, in the row of their low y and in
    order of their low x. What meets a box of ``a`` then stands in a few rows, together."""
    cell = _cell(b)
    size = np.maximum(b[2] - b[0], b[3] - b[1])
    level = np.ceil(np.log(np.maximum(size / cell, 1.0)) / np.log(_STEP)).astype(np.int64)
    low = b[1].min()
    ordered: list[np.ndarray] = []
    ranges: list[tuple[np.ndarray, ...]] = []
    base = 0
    for k in np.flatnonzero(np.bincount(level)).tolist():
        beat()
        own = np.flatnonzero(level == k)
        rows, count, first, behind = _stands(a, [v.take(own) for v in b], low, cell * _STEP**k)
        ordered.append(own.take(rows))
        ranges.append((count, base + first, base + behind))
        base += len(own)
    order = np.concatenate(ordered)
    # the ranges of the first box of a, of the second ...
    total = np.sum([count for count, _, _ in ranges], axis=0)
    slot = np.cumsum(total) - total
    begin, end = np.empty((2, int(total.sum())), np.int64)
    for count, first, behind in ranges:
        owner = owners(count)
        at = slot.take(owner) + nth(count, owner)
        begin[at], end[at] = first, behind
        slot = slot + count
    return _tested(a, [v.take(order) for v in b], owners(total), begin, end,
                   order)  # fmt: skip


def _cell(boxes: Sides) -> float:
    """Side of a square with about one box, where they lie evenly."""
    wide, tall = (float(boxes[k + 2].max() - boxes[k].min()) for k in (0, 1))
    return max(float(np.sqrt(wide * tall / len(boxes[0]))), tall / _MOST, 1e-9)


def _stands(a: Sides, b: list[np.ndarray], low: float, height: float) -> tuple[np.ndarray, ...]:
    """The order of ``b`` in rows of ``height`` from ``low``; how many of these rows each box of
    ``a`` may meet, and for each such row the first and the last but one that it may meet there."""
    row = ((b[1] - low) / height).astype(np.int64)
    order = np.lexsort((b[0], row))
    x, last = b[0], int(row.max())
    widest, tallest = (b[2] - b[0]).max(), (b[3] - b[1]).max()
    from_ = np.clip(np.floor((a[1] - tallest - low) / height), 0, last + 1).astype(np.int64)
    to = np.clip(np.floor((a[3] - low) / height), -1, last).astype(np.int64)
    count = np.maximum(to - from_ + 1, 0)
    owner = owners(count)
    asked = from_.take(owner) + nth(count, owner)
    # one key that ascends: the row, then x. What lies outside it stands at its ends.
    left, span = x.min(), x.max() - x.min() + 1.0
    key = (row * (4.0 * span) + (x - left)).take(order)
    slack = 8.0 * np.finfo(float).eps * 4.0 * span * (last + 2.0)
    x0 = np.clip(a[0] - widest - left - slack, -span, 2.0 * span).take(owner)
    x1 = np.clip(a[2] - left + slack, -span, 2.0 * span).take(owner)
    asked = asked * (4.0 * span)
    first, behind = np.searchsorted(key, asked + x0), np.searchsorted(key, asked + x1, "right")
    return order, count, first, behind


def _tested(
    a: Sides, b: list[np.ndarray], owner: np.ndarray, begin: np.ndarray, end: np.ndarray,
    order: np.ndarray,
) -> Pairs:  # fmt: skip
    """Of the ranges ``begin:end`` of ``b``, each for the box ``owner`` of ``a``, what meets it;
    ``order`` gives the numbers of ``b``."""
    many = end - begin
    some = np.flatnonzero(many > 0)
    owner, begin, many = owner.take(some), begin.take(some), many.take(some)
    found = []
    for part in portions(many, _AT_ONCE):
        of = owners(many[part])
        i = owner[part].take(of)
        j = begin[part].take(of) + nth(many[part], of)
        hit = a[0].take(i) <= b[2].take(j)
        hit &= a[2].take(i) >= b[0].take(j)
        hit &= a[1].take(i) <= b[3].take(j)
        hit &= a[3].take(i) >= b[1].take(j)
        some = np.flatnonzero(hit)
        found.append((i.take(some), order.take(j.take(some))))
    return _joined(found)


def _joined(found: list[Pairs]) -> Pairs:
    if len(found) == 1:
        return found[0]
    i, j = zip(*found) if found else ((np.zeros(0, np.int64),),) * 2
    return np.concatenate(i), np.concatenate(j)
