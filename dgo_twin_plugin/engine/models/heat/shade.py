"""Shadows of buildings, crowns and relief for one position of the sun."""

from __future__ import annotations

import math

import numpy as np

from .march import Solid, towards
from .sun import Sun

LIT, CROWN, SOLID = 0, 1, 2  # what stands between a place and the sun
LOWEST_SUN = 3.0  # degrees: below it everything lies in the shade


def shadow(solid: Solid, sun: Sun, reach: float, first: int, last: int) -> np.ndarray:
    """(last - first, columns) uint8 of LIT, CROWN, SOLID for the ground of these rows.

    From the foot of every place a ray goes to the sun; it meets a building where a roof on its way
    is higher than the ray, and a crown where it passes between base and top. Light passes below a
    crown. Shadows longer than ``reach`` m are cut off there.
    """
    if sun.altitude < LOWEST_SUN:
        return np.full((last - first, solid.shape[1]), SOLID, np.uint8)
    rise = math.tan(math.radians(sun.altitude))
    long = max(abs(math.sin(math.radians(sun.azimuth))), abs(math.cos(math.radians(sun.azimuth))))
    cells = int(reach / solid.cell * long)
    ground = solid.level(first, last)
    foot = 0.0 if ground is None else float(ground.min())
    highest, highest_crown = (most - foot for most in solid.highest(first, last, cells))
    steps = towards(sun.azimuth, list(range(1, cells + 1)), solid.cell)
    size = (last - first) * solid.wide
    over, some = np.full(size, -np.inf, np.float32), np.empty(size, np.float32)
    blocked = np.zeros(size, bool)
    above, below = np.empty_like(blocked), np.empty_like(blocked)
    for step in steps:
        lift = np.float32(step.near * rise)
        if lift >= max(highest, highest_crown):
            break
        if lift < highest:
            np.subtract(solid.view(solid.top, first, last, step), lift, out=some)
            np.maximum(over, some, out=over)
        if lift < highest_crown:
            end = np.float32(step.far * rise)
            crown, base = (solid.view(a, first, last, step) for a in (solid.crown, solid.base))
            if ground is None:
                np.greater(crown, lift, out=above)
                np.less(base, end, out=below)
            else:
                np.greater(crown, np.add(ground, lift, out=some), out=above)
                np.less(base, np.add(ground, end, out=some), out=below)
            above &= below
            blocked |= above
    out = np.where(blocked, np.uint8(CROWN), np.uint8(LIT))
    np.copyto(out, SOLID, where=over > (np.float32(0.0) if ground is None else ground))
    return solid.cells(out)
