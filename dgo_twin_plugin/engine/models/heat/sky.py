"""The sky view factor: how much of the sky a place sees, weighted by the cosine of the zenith.

SVF = mean over directions of cos2(h), h the angle of the horizon of buildings and relief (Oke 1987;
Zaksek et al. 2011), less the band of crowns above it that lets only part of the light through
(Lindberg and Grimmond 2011).
"""

from __future__ import annotations

import math

import numpy as np

from .march import HERE, NONE_BASE, Solid, Step, towards


def distances(cells: int) -> list[int]:
    """Steps of one cell near by, wider further on: an eighth of the distance."""
    found, k = [], 1
    while k <= cells:
        found.append(k)
        k += max(1, round(k / 8))
    return found


def compass(directions: int, reach: float, cell: float, every: bool = False) -> list[list[Step]]:
    """The steps in every direction; ``every``: at every cell. Directions start half a turn off the
    axes, for streets and grids often run along them."""
    cells = reach / cell
    ways = []
    for k in range(directions):
        azimuth = (k + 0.5) * 360.0 / directions
        long = max(abs(math.sin(math.radians(azimuth))), abs(math.cos(math.radians(azimuth))))
        most = int(cells * long)
        ways.append(towards(azimuth, list(range(1, most + 1)) if every else distances(most), cell))
    return ways


def sky_view(solid: Solid, steps: list[list[Step]], transmissivity: float, first: int,
             last: int) -> np.ndarray:  # fmt: skip
    """(last - first, columns) float32: SVF of the ground of these rows, 0-1."""
    size = (last - first) * solid.wide
    reach = max(max(abs(s.rows), abs(s.columns)) for way in steps for s in way)
    highest, highest_crown = solid.highest(first, last, reach)
    crowned = highest_crown > -NONE_BASE
    ground = solid.level(first, last)
    some, wall, leaf, gap = (np.empty(size, np.float32) for _ in range(4))
    seen = np.zeros(size, np.float32)
    own = (solid.view(solid.crown, first, last, HERE) > -NONE_BASE).astype(np.float32)
    edge = solid.view(solid.base, first, last, HERE)
    if ground is not None:
        edge = edge - ground
    edge = edge * np.float32(2.0 / solid.cell)  # seen from the middle of a crown of one cell
    flat = ground is None and highest <= 0.0  # nothing to see but perhaps crowns

    def slope(values: np.ndarray, step: Step, distance: float) -> np.ndarray:
        """Tangent of the angle at which the values at a step are seen, in ``some``."""
        view, per_m = solid.view(values, first, last, step), np.float32(1.0 / distance)
        if ground is None:
            return np.multiply(view, per_m, out=some)
        np.subtract(view, ground, out=some)
        return np.multiply(some, per_m, out=some)

    def hidden(tangent: np.ndarray) -> np.ndarray:
        """sin2 of the angle with this tangent, in place."""
        np.multiply(tangent, tangent, out=tangent)
        np.add(tangent, np.float32(1.0), out=some)
        np.divide(tangent, some, out=tangent)
        return tangent

    for way in steps:
        wall.fill(0.0)
        if not flat:
            for step in way:
                np.maximum(wall, slope(solid.top, step, step.near), out=wall)
        if crowned:
            leaf.fill(0.0)
            np.copyto(gap, edge)
            for step in way:
                np.maximum(leaf, slope(solid.crown, step, step.near), out=leaf)
                np.minimum(gap, slope(solid.base, step, step.far), out=gap)
            np.maximum(gap, wall, out=gap)
            hidden(gap)
            hidden(leaf)
            np.maximum(leaf, own, out=leaf)  # a crown overhead
            hidden(wall)
            np.subtract(leaf, gap, out=leaf)
            np.maximum(leaf, np.float32(0.0), out=leaf)
            np.multiply(leaf, np.float32(1.0 - transmissivity), out=leaf)
            np.add(wall, leaf, out=wall)
        else:
            hidden(wall)
        np.subtract(np.float32(1.0), wall, out=wall)
        np.add(seen, wall, out=seen)
    np.multiply(seen, np.float32(1.0 / len(steps)), out=seen)
    return np.clip(solid.cells(seen), 0.0, 1.0)
