"""Water into a depression hierarchy: fill, spill and merge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...pulse import beat
from .hierarchy import _EVERY, OUT, Hierarchy, jumped


@dataclass(frozen=True)
class Poured:
    """``level`` (cells,): height of the water standing on a cell, NaN where it is dry; ``left``:
    volume that left (terrain unit x cells)."""

    level: np.ndarray
    left: float

    def depth(self, z: np.ndarray) -> np.ndarray:
        """Water above a terrain of the same cells, 0 where dry."""
        deep: np.ndarray = np.nan_to_num(np.maximum(self.level.reshape(z.shape) - z, 0.0), nan=0.0,
                                         posinf=0.0, neginf=0.0)  # fmt: skip
        return deep


def poured(tree: Hierarchy, volume: np.ndarray) -> Poured:
    """Where ``volume`` (n + 1,) of water that runs into each basin comes to rest; entry 0 leaves.

    What a depression cannot hold spills over its lowest passage into the basin beyond; where that
    is full too and spills back, the two join. The outcome does not depend on the order in which
    basins are taken. Every full depression points on to where its water goes, and chains of such
    pointers are shortened on the way, so the work hardly grows faster than the number of basins.
    """
    m = len(tree.parent)
    parent, sibling, target = (x.tolist() for x in (tree.parent, tree.sibling, tree.target))
    capacity = tree.capacity.tolist()
    water, full, joined = [0.0] * m, [False] * m, [False] * m
    up = list(range(m))
    amounts = volume.tolist()
    water[OUT] = amounts[OUT]
    for basin in range(1, tree.n + 1):
        if not basin % _EVERY:
            beat()
        extra = amounts[basin]
        if extra <= 0.0:
            continue
        node = basin
        while True:
            while up[node] != node:
                up[node] = node = up[up[node]]
            room = capacity[node] - water[node]
            if extra <= room:
                water[node] += extra
                break
            water[node] = capacity[node]
            extra -= room
            full[node] = True
            brother = sibling[node]
            if full[brother]:
                joined[node] = joined[brother] = True
                up[node] = up[brother] = node = parent[node]
            else:
                up[node] = node = target[node]
    return Poured(_levels(tree, np.array(water), np.array(joined)), water[OUT])


def _levels(tree: Hierarchy, water: np.ndarray, joined: np.ndarray) -> np.ndarray:
    """The height at which the volume of every largest joined depression stands level."""
    m = len(water)
    top = jumped(np.where(joined, tree.parent, np.arange(m)))
    held = np.bincount(top[1:], water[1:], m)
    full = water >= tree.capacity  # exactly: then the level is the height of the passage
    level = np.full(m, np.nan)
    here = top[np.maximum(tree.label[tree.cell], 0)]
    wet = np.flatnonzero((held[here] > 0) & (tree.height < tree.spill[here]))
    order = wet[np.argsort(here[wet], kind="stable")]  # per depression, and by height within it
    node, z = here[order], tree.height[order]
    first = np.flatnonzero(np.r_[True, node[1:] != node[:-1]]) if len(node) else node
    size = np.diff(np.r_[first, len(node)])
    base = np.repeat(z[first], size)
    rank = np.arange(len(node)) - np.repeat(first, size)
    rise = z - base
    below = np.cumsum(rise) - rise
    below -= np.repeat(below[first], size)  # sum over the lower cells of the same depression
    under = rank * rise - below < held[node]
    cells = np.bincount(node[under], minlength=m)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (held + np.bincount(node[under], rise[under], m)) / cells
    level[node[first]] = z[first] + mean[node[first]]
    level[full & (held > 0)] = tree.spill[full & (held > 0)]
    found = np.full(len(tree.label), np.nan)
    found[tree.cell[order]] = level[node]
    return found
