"""Depressions of a terrain and the order in which they join: the depression hierarchy.

After Barnes, Callaghan and Wickert (2020), "Computing water flow through complex landscapes",
parts 2 and 3 (Fill-Spill-Merge), Earth Surface Dynamics 8 and 9. Every cell drains to the steepest
of its eight neighbours (D8), so every local minimum has a basin. Where two basins meet, the lowest
passage joins them; the minimum spanning tree of all passages, taken from low to high, gives a
binary tree of depressions that grow into each other. All of it is exact: no pit is left out.

Cells of equal height are told apart by their place in the grid (the earlier one is the lower), so
flat ground needs no special care: it falls apart in basins without depth that join at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...pulse import beat
from ..patched import MOST, about, joined

OUT = 0  # the basin, and the node, of all water that leaves
_TILE = 32  # cells: changes in one tile are taken together
_AT_ONCE = 2**15  # cells: what is made on the way stays in the cache
_EVERY = 4096  # turns of a loop between two beats
_DIAGONAL = float(np.sqrt(0.5))
# row, column: the first four stand earlier in the grid than the cell itself
AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


@dataclass(frozen=True)
class Hierarchy:
    """``n`` basins are the nodes 1..n; higher numbers are joined depressions, children before
    parents; node 0 is :data:`OUT`. Arrays per node (m,); heights in the unit of the terrain,
    volumes in that unit times cells."""

    label: np.ndarray  # (cells,) basin of each cell; OUT where water leaves, -1 where no ground
    n: int
    parent: np.ndarray  # OUT where it spills into what leaves; -1 where nothing lets it out
    left: np.ndarray  # children; -1 for basins
    right: np.ndarray
    spill: np.ndarray  # height at which it spills; inf where nothing lets it out
    target: np.ndarray  # basin beyond the passage it spills over
    sibling: np.ndarray  # node it joins when both are full; OUT
    capacity: np.ndarray  # volume from where its children are full to where it spills
    cell: np.ndarray  # (k,) cells that can be under water, by height
    height: np.ndarray  # (k,) of those cells

    @property
    def top(self) -> np.ndarray:
        """(m,) the largest depression that each node belongs to."""
        return jumped(np.where(self.parent > OUT, self.parent, np.arange(len(self.parent))))


def hierarchy(z: np.ndarray, receiver: np.ndarray | None = None) -> Hierarchy:
    """The depressions of a terrain (rows, columns): heights; ``inf`` = wall, ``-inf`` = water
    leaves there. Cells on the edge of the grid let water out. ``receiver``: :func:`downhill` of
    the same terrain, where known."""
    z = bounded(z)
    to = jumped(downhill(z) if receiver is None else receiver)
    flat = z.ravel()
    ground = np.isfinite(flat)
    pit = np.flatnonzero((to == np.arange(len(to))) & ground)
    number = np.where(flat == np.inf, -1, OUT).astype(np.int32)
    number[pit] = np.arange(1, len(pit) + 1)
    label = number[to]
    beat()
    a, b, height = _passages(z, label)
    order = np.argsort(height, kind="stable")
    a, b, height = a[order], b[order], height[order]
    beat()
    kept = _spanning(len(pit) + 1, a, b)
    tree = _tree(len(pit), a[kept].tolist(), b[kept].tolist(), height[kept].tolist())
    return _measured(flat, label, len(pit), *tree)


def bounded(z: np.ndarray) -> np.ndarray:
    """A copy in which the edge of the grid lets water out; walls stay."""
    z = np.array(z, float)
    for edge in (z[0], z[-1], z[:, 0], z[:, -1]):
        edge[edge < np.inf] = -np.inf
    return z


def jumped(to: np.ndarray) -> np.ndarray:
    """Where each chain of pointers ends."""
    while True:
        beyond = np.take(to, to, mode="clip")  # none lies outside: quicker than to ask
        if np.array_equal(beyond, to):
            return to
        to = beyond


def downhill(z: np.ndarray) -> np.ndarray:
    """(cells,) the neighbour to which each cell of a bounded terrain drains: the steepest way
    down, on flat ground an earlier cell; itself where there is none. Water does not slip between
    two walls that touch at a corner."""
    columns, flat = z.shape[1], np.ascontiguousarray(z).ravel()
    to, shut, wall = np.arange(z.size), _corners(z), flat == np.inf
    steps = [dr * columns + dc for dr, dc in AROUND]
    leads = np.array([0, *steps])
    # all of the terrain as one line, but for the first and the last row: what would run on beyond
    # the end of a row starts from the edge, and stays there
    lowest = []
    for first in range(columns + 1, z.size - columns - 1, _AT_ONCE):
        last = min(first + _AT_ONCE, z.size - columns - 1)
        here = flat[first:last]
        steepest, move = np.zeros(len(here)), np.zeros(len(here), np.int8)
        drop, steeper = np.empty(len(here)), np.empty(len(here), bool)
        with np.errstate(invalid="ignore"):
            for k, ((dr, dc), step) in enumerate(zip(AROUND, steps)):
                np.subtract(here, flat[first + step : last + step], out=drop)
                if dr and dc:
                    drop *= _DIAGONAL
                    drop[_met(shut, dr, dc, columns, first, last)] = -1.0
                np.greater(drop, steepest, out=steeper)
                np.copyto(move, k + 1, where=steeper)
                np.fmax(steepest, drop, out=steepest)
        move[wall[first:last]] = 0
        to[first:last] += leads[move]
        lowest.append(first + np.flatnonzero((move == 0) & np.isfinite(here)))
    cell = np.concatenate([np.zeros(0, np.int64), *lowest])
    for (dr, dc), step in zip(AROUND[:4], steps):
        level = (flat[cell + step] == flat[cell]) & (to[cell] == cell)
        if dr and dc:
            level &= ~(wall[cell + dr * columns] & wall[cell + dc])
        to[cell[level]] += step
    return to


def downhill_after(before: np.ndarray, receiver: np.ndarray, z: np.ndarray) -> np.ndarray:
    """:func:`downhill` of ``z``, from the ``receiver`` of a terrain of the same shape: only cells
    at or beside one that changed are looked at again."""
    rows, columns = z.shape
    windows = joined([(max(r0 - 1, 0), min(r1 + 1, rows), max(c0 - 1, 0), min(c1 + 1, columns))
                      for r0, r1, c0, c1 in about(z != before, _TILE)])  # fmt: skip
    if sum((b[1] - b[0]) * (b[3] - b[2]) for b in windows) > MOST * z.size:
        return downhill(z)
    to = receiver.copy()
    for r0, r1, c0, c1 in windows:
        a, b, x, y = max(r0 - 1, 0), min(r1 + 1, rows), max(c0 - 1, 0), min(c1 + 1, columns)
        found = downhill(z[a:b, x:y])
        r, c = np.divmod(found, y - x)
        part = ((r + a) * columns + c + x).reshape(b - a, y - x)
        to.reshape(z.shape)[r0:r1, c0:c1] = part[r0 - a : r1 - a, c0 - x : c1 - x]
    return to


def _corners(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(cells,) of every cell (r, c): whether the way between it and (r + 1, c + 1), and between
    (r, c + 1) and (r + 1, c), is shut by two walls that touch at that corner."""
    wall = np.zeros((z.shape[0] + 1, z.shape[1] + 1), bool)
    wall[:-1, :-1] = z == np.inf
    one, other = wall[:-1, 1:] & wall[1:, :-1], wall[:-1, :-1] & wall[1:, 1:]
    return one.ravel(), other.ravel()


def _met(shut: tuple[np.ndarray, np.ndarray], dr: int, dc: int, columns: int, first: int,
         last: int) -> np.ndarray:  # fmt: skip
    """Which of the cells from first to last meet a shut corner in this direction."""
    back = (columns if dr < 0 else 0) + (1 if dc < 0 else 0)
    return np.flatnonzero(shut[0 if dr == dc else 1][first - back : last - back])


def _passages(z: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neighbouring cells of two basins: (basin, other basin, height of the higher cell)."""
    columns, flat = z.shape[1], z.ravel()
    shut, found = _corners(z), []
    # from a cell to the one beside it, below it, and below at either side
    for k, (start, step) in enumerate(((0, 1), (0, columns), (0, columns + 1), (1, columns - 1))):
        one = start + np.flatnonzero(label[start : len(label) - step] != label[start + step :])
        if step != columns:  # a row does not go on in the next
            one = one[one % columns != (0 if start else columns - 1)]
        other = one + step
        a, b = label[one], label[other]
        met = (a >= 0) & (b >= 0)
        if k >= 2:
            met &= ~shut[k - 2][one - start]
        one, other, a, b = one[met], other[met], a[met], b[met]
        found.append((a, b, np.maximum(flat[one], flat[other])))
    a, b, height = (np.concatenate(part) for part in zip(*found))
    return a, b, height


def _spanning(n: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rows, in order, of the minimum spanning forest of n nodes; the edges come in order of weight
    and that order breaks ties (Boruvka: every component takes its cheapest edge, all at once)."""
    row, kept = np.arange(len(a)), [np.zeros(0, np.int64)]
    while len(row):
        beat()
        place = np.arange(len(row))[::-1]
        cheapest = np.full(n, len(row))
        cheapest[a[place]] = place  # of repeated indices the last value stays: the cheapest edge
        other = np.full(n, len(row))
        other[b[place]] = place
        cheapest = np.minimum(cheapest, other)
        node = np.flatnonzero(cheapest < len(row))
        edge = cheapest[node]
        to = np.arange(n)
        to[node] = np.where(a[edge] == node, b[edge], a[edge])
        # two that chose each other chose the same edge: the lower number leads
        pair = (to[to] == np.arange(n)) & (to > np.arange(n))
        to[pair] = np.flatnonzero(pair)
        kept.append(row[np.unique(edge)])
        to = jumped(to)
        a, b = to[a], to[b]
        apart = a != b
        row, a, b = row[apart], a[apart], b[apart]
    return np.sort(np.concatenate(kept))


Tree = tuple[list[int], list[int], list[int], list[float], list[int], list[int]]


def _tree(n: int, a: list[int], b: list[int], height: list[float]) -> Tree:
    """Join basins along the passages of the spanning tree, from low to high: (parent, left, right,
    spill, target, sibling) per node."""
    most = 2 * n + 1
    up, parent = list(range(most)), [-1] * most
    left, right, target, sibling = [-1] * most, [-1] * most, [OUT] * most, [OUT] * most
    spill = [float("inf")] * most
    new = n + 1
    for k, (one, other, level) in enumerate(zip(a, b, height)):
        if not k % _EVERY:
            beat()
        p, q = one, other
        while up[p] != p:
            up[p] = p = up[up[p]]
        while up[q] != q:
            up[q] = q = up[up[q]]
        if p != OUT and q != OUT:
            node, new = new, new + 1
            left[node], right[node] = p, q
        else:
            node = OUT
        for child, beyond, brother in ((p, other, q), (q, one, p)):
            if child != OUT:
                up[child] = parent[child] = node
                spill[child], target[child], sibling[child] = level, beyond, brother
    return (parent[:new], left[:new], right[:new], spill[:new], target[:new], sibling[:new])


def _measured(flat: np.ndarray, label: np.ndarray, n: int, parent: list[int], left: list[int],
              right: list[int], spill_: list[float], target: list[int],
              sibling: list[int]) -> Hierarchy:  # fmt: skip
    """What every node holds: its cells below its spill height, counted where they are flooded
    first, and summed up the tree."""
    m = len(parent)
    spill, above = np.array(spill_), np.array(parent)
    climb = np.where(above > OUT, above, np.arange(m))
    top = jumped(climb)
    cell = np.flatnonzero(label > OUT)
    cell = cell[flat[cell] < spill[top[label[cell]]]]
    cell = cell[np.argsort(flat[cell], kind="stable")]
    z = flat[cell]
    beat()
    # the first node up the tree that spills above the cell: by leaps of 2^k parents
    node = label[cell].astype(np.int64)
    leaps = [climb]
    while not np.array_equal(leaps[-1], top):
        leaps.append(leaps[-1][leaps[-1]])
    high = np.flatnonzero(spill[node] <= z)
    at = node[high]
    for leap in leaps[::-1]:
        beat()
        beyond = leap[at]
        at = np.where(spill[beyond] <= z[high], beyond, at)
    node[high] = climb[at]
    base = float(z.min()) if len(z) else 0.0  # small numbers lose fewer digits
    count = np.bincount(node, minlength=m).astype(float).tolist()
    total = np.bincount(node, z - base, m).tolist()
    whole, capacity = [0.0] * m, [0.0] * m
    for k in range(1, m):
        within = 0.0
        if left[k] > 0:
            p, q = left[k], right[k]
            count[k] += count[p] + count[q]
            total[k] += total[p] + total[q]
            within = whole[p] + whole[q]
        whole[k] = max((spill_[k] - base) * count[k] - total[k], within)
        capacity[k] = whole[k] - within
    capacity[OUT] = float("inf")
    return Hierarchy(label, n, above, np.array(left), np.array(right), spill, np.array(target),
                     np.array(sibling), np.array(capacity), cell, z)  # fmt: skip
