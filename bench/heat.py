"""Heat: the whole field on 1 and 4 km2, an edit, and the error of the quick sky view.

    python3 -m bench.heat NAME ...      one measurement, as JSON

The case: streets every 40-44 m with rows of houses, crowns and green; numbers from a fixed seed;
cells of 2 m, 150 m of surroundings on every side.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace

import numpy as np

from dgo_twin_plugin.engine.models.heat.field import Grids, changed, heat, solid_of, update
from dgo_twin_plugin.engine.models.heat.march import HERE
from dgo_twin_plugin.engine.models.heat.sky import compass, sky_view
from dgo_twin_plugin.engine.models.tables import constants

from .parts import Answer, timed

CELL = 2.0
MARGIN = 150.0  # m
EDITS = 20
DIRECTIONS = int(constants("heat")["sky"]["directions"])


def town(metres: float) -> Grids:
    """A square plan of so many metres with its surroundings."""
    n = int((metres + 2 * MARGIN) / CELL)
    random = np.random.default_rng(11)
    building, crown, green = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    for row in range(0, n, 20):
        for column in range(0, n, 22):
            height = random.choice([0, 6, 9, 12, 20], p=[0.1, 0.3, 0.3, 0.2, 0.1])
            building[row + 3 : row + 9, column + 2 : column + 18] = height
            green[row + 9 : row + 14, column + 2 : column + 18] = 1.0
    y, x = np.mgrid[-3:4, -3:4]
    disc = x * x + y * y <= 6
    for row, column in random.integers(3, n - 3, (n * n // 300, 2)):
        at = (slice(row - 3, row + 4), slice(column - 3, column + 4))
        crown[at] = np.maximum(crown[at], disc * random.uniform(6, 16))
    return Grids.of(building, crown, 0.25 * crown, green, np.zeros((n, n), bool), CELL)


def field(metres: str) -> Answer:
    """Sky view, shade of six hours, wind and PET."""
    grids = town(float(metres))
    took, found = timed(lambda: heat(grids), 5)
    return {"seconds": took, "cells": grids.building.size, "km2": float(metres) ** 2 / 1e6,
            "hot": float(np.nanmean(found.pet > 41))}  # fmt: skip


def edit(metres: str) -> Answer:
    """A block drawn somewhere: only what lies within 150 m is worked out again."""
    grids = town(float(metres))
    found = heat(grids)
    random = np.random.default_rng(5)
    took = []
    worst = 0.0
    for k in range(EDITS):
        row, column = random.integers(75, grids.shape[0] - 95, 2)
        building = grids.building.copy()
        building[row : row + 10, column : column + 20] = 1500
        after = replace(grids, building=building)
        started = time.perf_counter()
        part = update(found, after, changed(grids, after))
        took.append(time.perf_counter() - started)
        if k == 0:
            whole = heat(after)
            worst = max(float(np.nanmax(np.abs(getattr(part, n) - getattr(whole, n))))
                        for n in ("pet", "sky", "wind", "solid", "leaf"))  # fmt: skip
    return {"p95": float(np.quantile(took, 0.95)), "median": float(np.median(took)),
            "worst": worst}  # fmt: skip


def sky(metres: str) -> Answer:
    """The quick sky view factor against 128 directions at every cell."""
    solid = solid_of(town(float(metres)))
    rows = solid.shape[0]
    quick, fast = timed(lambda: sky_view(solid, compass(DIRECTIONS, 100, CELL), 0.1, 0, rows), 1)
    full, exact = timed(lambda: sky_view(solid, compass(128, 150, CELL, True), 0.1, 0, rows), 1)
    inside = solid.cells(solid.view(solid.top, 0, rows, HERE)) <= 0
    off = (fast - exact)[inside]
    return {"ratio": full / quick, "bias": float(off.mean()),
            "rms": float(np.sqrt((off**2).mean()))}  # fmt: skip


NAMES = {f.__name__: f for f in (field, edit, sky)}

if __name__ == "__main__":
    print("BENCH " + json.dumps(NAMES[sys.argv[1]](*sys.argv[2:])), flush=True)
