"""Which boxes meet: rows of boxes in NumPy, asked for all boxes at once."""

from __future__ import annotations

import numpy as np

from .counts import nth, owners, portions
from .pulse import beat

_AT_ONCE = 1_000_000  # pairs that are tested at once: some 30 MB
# so many tests per box, and so many besides, cost no more than setting out the rows: measured
_CHEAP, _CHEAP_TOO = 50, 150_000
_STEP = 4.0  # from the size of boxes in one set of rows to that in the next
_MOST = 4096  # rows of the smallest boxes
Pairs = tuple[np.ndarray, np.ndarray]
Sides = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def bbox_pairs(a: np.ndarray, b: np.ndarray, reach: float = 0.0) -> Pairs:
    """Index pairs (i, j) of boxes ``a`` (n, 4) and ``b`` (m, 4) that meet or touch, or lie within
    ``reach`` of each other along both axes; i ascends. Inverted (empty) and NaN boxes meet nothing.
    """
    a, b = (np.asarray(v, float).reshape(-1, 4) for v in (a, b))
    (good_a, of_a), (good_b, of_b) = _sides(a), _sides(b)
    n, m = len(good_a), len(good_b)
    if not n or not m:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    of_a = of_a[0] - reach, of_a[1] - reach, of_a[2] + reach, of_a[3] + reach
    if n * m <= _CHEAP * (n + m) + _CHEAP_TOO or not np.isfinite(of_b).all():
        i, j = _each_with_each(of_a, of_b)
    else:
        x0, y0, x1, y1 = of_a
        if (y1 - y0).sum() > (x1 - x0).sum():  # rows along the longer side of what is asked
            of_a, of_b = ((v[1], v[0], v[3], v[2]) for v in (of_a, of_b))
        i, j = _by_rows(of_a, of_b)
    return (i if n == len(a) else good_a.take(i)), (j if m == len(b) else good_b.take(j))


def _sides(boxes: np.ndarray) -> tuple[np.ndarray, Sides]:
    """The rows of boxes that are some, and their low x, low y, high x and high y."""
    x0, y0, x1, y1 = boxes.T.copy()
    good = np.flatnonzero((x0 <= x1) & (y0 <= y1))
    if len(good) < len(boxes):
        x0, y0, x1, y1 = (v.take(good) for v in (x0, y0, x1, y1))
    return good, (x0, y0, x1, y1)


def _each_with_each(a: Sides, b: Sides) -> Pairs:
    """Every box against every other: of few boxes the quickest way."""
    ax0, ay0, ax1, ay1 = (v[:, None] for v in a)
    bx0, by0, bx1, by1 = b
    m = len(bx0)
    step = max(_AT_ONCE // m, 1)
    found = []
    for k in range(0, len(ax0), step):
        beat()
        some = slice(k, k + step)
        hit = ax0[some] <= bx1
        hit &= ax1[some] >= bx0
        hit &= ay0[some] <= by1
        hit &= ay1[some] >= by0
        i, j = np.divmod(np.flatnonzero(hit.ravel()), m)
        found.append((i + k, j))
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
