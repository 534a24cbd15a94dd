"""Connected public green: what belongs together, how large it is, where one enters it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...boxes import bbox_pairs
from ...counts import AT_ONCE, portions, ranges
from ...geometry import Polygons, Segments, _expand, overlap_areas
from ...network import _parts
from ...overlap import uncovered
from ...overlay import LEAST, disjoint
from ..tables import constants
from .doors import doors_of, network_of
from .places import edge_sites
from .reach import Sites

if TYPE_CHECKING:
    from ...scene import Scene


@dataclass(frozen=True)
class Greens:
    """Patches of green: polygons (n,) and the patch of each; ``area`` (patches,) m2."""

    polygons: Polygons
    patch: np.ndarray
    area: np.ndarray
    sites: Sites  # points on the outlines of patches that may matter; owner = patch

    def larger(self, least: float) -> Sites:
        """Entries of the patches of at least ``least`` m2."""
        return self.sites.take(self.area[self.sites.owner] >= least)


def connected(polygons: Polygons, gap: float) -> np.ndarray:
    """(n,) label of the patch of each polygon: those less than ``gap`` m apart hang together.

    The distance of two polygons that do not overlap is that of a corner of one to an edge of the
    other, so corners and edges close to each other are all that is looked at.
    """
    box = polygons.bounds()
    i, j = bbox_pairs(box, box, gap)
    once = i < j
    i, j = i[once], j[once]
    # an overlap may cross without a corner near an edge
    near = overlap_areas(polygons, polygons, i, j) > LEAST
    for a, b in ((i, j), (j, i)):
        open_ = np.flatnonzero(~near)
        near[open_] = _close(polygons.segments, box, a[open_], b[open_], gap)
    label: np.ndarray = _parts(i[near], j[near], polygons.n)
    return label


def _close(s: Segments, box: np.ndarray, a: np.ndarray, b: np.ndarray,
           gap: float) -> np.ndarray:  # fmt: skip
    """(pairs,) whether a corner of polygon ``a`` lies within ``gap`` m of an edge of ``b``."""
    low = np.maximum(box[a, :2], box[b, :2]) - gap
    high = np.minimum(box[a, 2:], box[b, 2:]) + gap

    def near(row: np.ndarray, corners: bool) -> tuple[np.ndarray, np.ndarray]:
        index, pair = ranges(s.start[row], s.start[row + 1])
        x1, y1 = (s.x0, s.y0) if corners else (s.x1, s.y1)
        keep = (np.maximum(s.x0[index], x1[index]) >= low[pair, 0]) & (
            np.minimum(s.x0[index], x1[index]) <= high[pair, 0]) & (
            np.maximum(s.y0[index], y1[index]) >= low[pair, 1]) & (
            np.minimum(s.y0[index], y1[index]) <= high[pair, 1])  # fmt: skip
        return index[keep], np.bincount(pair[keep], minlength=len(row))

    found = np.zeros(len(a), bool)
    corner, many = near(a, True)
    edge, most = near(b, False)
    first, start = np.cumsum(many) - many, np.cumsum(most) - most
    for chunk in portions(many * most, AT_ONCE):
        pair, p, q = _expand(many[chunk], most[chunk])
        pair += chunk.start
        c, e = corner[first[pair] + p], edge[start[pair] + q]
        dx, dy = (s.x1 - s.x0)[e], (s.y1 - s.y0)[e]
        x, y = s.x0[c] - s.x0[e], s.y0[c] - s.y0[e]
        t = np.clip((x * dx + y * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        found[pair[np.hypot(x - t * dx, y - t * dy) <= gap]] = True
    return found


def greens_of(scene: Scene, public: np.ndarray) -> Greens:
    """The public green of the scene: surfaces (bool (n,)) and the role ``public_green``; found
    once. Ground that the design draws is what the design says; under a polygon of the role the
    current situation does not count a second time."""
    found: Greens = scene.product("greens", lambda s: _greens(s, public))
    return found


def _greens(scene: Scene, public: np.ndarray) -> Greens:
    rule = constants("access")["green_access"]
    surfaces, vectors = scene.surfaces, scene.vectors("public_green")
    rows = np.flatnonzero(public & (surfaces.area > LEAST))
    polygons = surfaces.polygons.take(rows)
    area = polygons.area()
    if vectors is not None:
        mapped = disjoint(Polygons.from_wkb(vectors.wkb)).polygons
        mapped = uncovered(mapped, surfaces.polygons.take(np.flatnonzero(~surfaces.current)))
        mapped = mapped.take(np.flatnonzero(mapped.area() > LEAST))
        there = np.flatnonzero(surfaces.current[rows])
        i, j = bbox_pairs(polygons.bounds()[there], mapped.bounds())
        shared = overlap_areas(polygons, mapped, there[i], j)
        area = np.maximum(area - np.bincount(there[i], shared, polygons.n), 0.0)
        polygons, area = polygons.joined(mapped), np.concatenate([area, mapped.area()])
    gap, spread = float(rule["gap"]), float(constants("access")["spread"]["green_area"])
    least = float(rule["small"]) * (1.0 - spread)  # smaller patches cannot matter
    i, j = bbox_pairs(polygons.bounds(), polygons.bounds(), gap)
    patch = _parts(i, j, polygons.n)  # by boxes alone: never less connected than it is
    ask = np.flatnonzero(np.bincount(patch, area, polygons.n)[patch] >= least)
    patch[ask] = polygons.n + connected(polygons.take(ask), gap)
    patch = np.unique(patch, return_inverse=True)[1].reshape(-1)
    total = np.bincount(patch, area)
    large = ask[total[patch[ask]] >= least]
    doors = doors_of(scene).xy
    reach = 1.5 * float(rule["distance"])
    near = None
    if len(doors):
        box = scene.plan.bounds()
        near = np.concatenate([box[:, :2].min(axis=0) - reach, box[:, 2:].max(axis=0) + reach])
    sites = edge_sites(polygons.take(large), patch[large], network_of(scene), float(rule["step"]),
                       float(rule["entry_reach"]), near)  # fmt: skip
    return Greens(polygons, patch, total, sites)
