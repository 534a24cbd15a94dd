"""Which cells hang together: connected parts of a grid, edge to edge, in NumPy alone."""

from __future__ import annotations

import numpy as np

from ...counts import ranges
from ...network import _parts


def patches(inside: np.ndarray) -> np.ndarray:
    """(rows, columns) int64 number of the connected part of each cell, from 0; -1 outside.

    Cells touch by an edge, not by a corner. Runs of cells in a row are joined where they meet runs
    of the next row.
    """
    rows, columns = inside.shape
    out = np.full(inside.shape, -1, np.int64)
    wide = columns + 1  # a gap between rows, so that no run goes on in the next
    line = np.zeros((rows, wide + 1), np.int8)
    line[:, 1 : columns + 1] = inside
    turn = np.diff(line, axis=1)[:, :wide].ravel()
    start, end = np.flatnonzero(turn == 1), np.flatnonzero(turn == -1)
    if not len(start):
        return out
    above, below = start + wide, end + wide  # each run moved down a row
    first = np.searchsorted(end, above, "right")
    last = np.searchsorted(start, below, "left")
    other, run = ranges(first, np.maximum(last, first))
    label = np.unique(_parts(run, other, len(start)), return_inverse=True)[1].reshape(-1)
    out[inside] = np.repeat(label, end - start)
    return out


def edges(label: np.ndarray) -> np.ndarray:
    """(rows, columns) bool: cells of a part that have a neighbour outside it. Two parts of
    :func:`patches` never lie side by side: what is outside a part is in none."""
    inside = np.pad(label >= 0, 1)
    amid = inside[:-2, 1:-1] & inside[2:, 1:-1]
    amid &= inside[1:-1, :-2]
    amid &= inside[1:-1, 2:]
    return inside[1:-1, 1:-1] & ~amid
