"""Water into a depression hierarchy: fill, spill and merge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...counts import nth, owners
from ...pulse import beat
from .hierarchy import _EVERY, OUT, Hierarchy, jumped


@dataclass(frozen=True)
class Poured:
    """``cell`` (k,): the cells that may be under water, each once; ``level`` (k,): height at which
    it stands there; ``left``: volume that left (terrain unit x cells)."""

    cell: np.ndarray
    level: np.ndarray
    left: float

    def deep(self, z: np.ndarray) -> np.ndarray:
        """(k,) water above a terrain of the same grid on ``cell``."""
        return np.asarray(np.maximum(self.level - z.ravel()[self.cell], 0.0))

    def depth(self, z: np.ndarray) -> np.ndarray:
        """Water above a terrain of the same grid, 0 where dry."""
        depth = np.zeros(z.size)
        depth[self.cell] = self.deep(z)
        return depth.reshape(z.shape)


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
    return Poured(*_levels(tree, np.array(water), np.array(joined)), water[OUT])


def _levels(tree: Hierarchy, water: np.ndarray,
            joined: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(cell, level): the height at which the volume of every largest joined depression stands
    level, on the cells it may reach."""
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
    own = owners(size)
    base, rank = z[first][own], nth(size, own)
    rise = z - base
    below = np.cumsum(rise) - rise
    below -= below[first][own]  # sum over the lower cells of the same depression
    under = rank * rise - below < held[node]
    cells = np.bincount(node[under], minlength=m)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (held + np.bincount(node[under], rise[under], m)) / cells
    level[node[first]] = z[first] + mean[node[first]]
    level[full & (held > 0)] = tree.spill[full & (held > 0)]
    return tree.cell[order], level[node]
