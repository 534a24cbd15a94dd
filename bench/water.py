"""Cloudburst on a synthetic town: one full run, and one edit. ``python3 -m bench.water``."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import numpy as np

from dgo_twin_plugin.engine.models.frame import Frame
from dgo_twin_plugin.engine.models.water.cloudburst import (
    BUILDING,
    GROUND,
    WATER,
    Land,
    flood,
    flow_of,
    updated,
)

CELL = 2.0  # m
EVENTS = ((70.0, 1.0), (90.0, 1.0), (160.0, 2.0))


def town(side: int) -> Land:
    """``side`` x ``side`` cells: a gentle slope, hollows of 10 to 200 m, 2 cm of noise; streets
    0.12 m below the plots every 50 and 80 m, rows of houses, gardens, a canal, swales."""
    random = np.random.default_rng(11)
    y, x = np.mgrid[:side, :side] * CELL
    z = 0.0005 * x + random.normal(0.0, 0.02, (side, side))
    for metres, high in ((10.0, 0.04), (50.0, 0.10), (200.0, 0.20)):
        knots = int(side * CELL / metres) + 3
        z += _smooth(random.normal(0.0, high, (knots, knots)), x / metres, y / metres)
    street = (x % 80 < 8) | (y % 50 < 7)
    z -= 0.12 * street
    house = (x % 80 > 14) & (x % 80 < 74) & (x % 12 < 10) & ((y % 50 > 13) & (y % 50 < 23))
    house |= (x % 80 > 14) & (x % 80 < 74) & (x % 12 < 10) & ((y % 50 > 34) & (y % 50 < 44))
    canal = (x > 0.6 * side * CELL) & (x < 0.6 * side * CELL + 12)
    kind = np.where(canal, WATER, np.where(house, BUILDING, GROUND))
    storage = np.where((kind == GROUND) & ~street & (x % 80 > 70) & (y % 50 < 13), 0.35, 0.0)
    share = np.where(house & (x % 240 < 80), 0.5, 0.0)
    flat = np.zeros(z.shape)
    return Land(Frame(0.0, 0.0, CELL, side, side), z, kind, np.where(street, 1.0, 0.4), flat + 0.5,
                flat, storage, ((share, 0.01),), flat + np.nan)  # fmt: skip


def _smooth(knots: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Bilinear between knots."""
    i, j = v.astype(int), u.astype(int)
    b, a = v - i, u - j
    return ((1 - b) * ((1 - a) * knots[i, j] + a * knots[i, j + 1])
            + b * ((1 - a) * knots[i + 1, j] + a * knots[i + 1, j + 1]))  # fmt: skip


def cloudburst(side: str = "500", times: int = 3) -> dict[str, Any]:
    """A full run: depressions and one shower; and with the two others of the indicator."""
    land = town(int(side))
    one, three, balance = [], [], 0.0
    basins = 0
    for _ in range(times):
        started = time.perf_counter()
        flow = flow_of(land)
        first = flood(land, flow, *EVENTS[0])
        one.append(time.perf_counter() - started)
        for event in EVENTS[1:]:
            flood(land, flow, *event)
        three.append(time.perf_counter() - started)
        basins, balance = flow.tree.n, abs(first.balance) / first.rain
    return {"cells": land.kind.size, "km2": land.kind.size * CELL**2 / 1e6, "basins": basins,
            "one_shower": min(one), "three_showers": min(three), "balance": balance}  # fmt: skip


def edit(side: str = "500", edits: int = 40) -> dict[str, Any]:
    """A building set down, ground raised or a roof made green, somewhere; then the flood anew."""
    land = town(int(side))
    flow = flow_of(land)
    random = np.random.default_rng(3)
    took: dict[str, list[float]] = {"building": [], "ground": [], "roof": []}
    same = True
    for k in range(edits):
        what = tuple(took)[k % 3]
        r, c = (int(random.integers(0, land.kind.shape[0] - 8)) for _ in range(2))
        box = np.s_[r : r + 6, c : c + 6]
        kind, z, share = land.kind.copy(), land.surface.copy(), land.roofs[0][0].copy()
        if what == "building":
            kind[box] = BUILDING
        elif what == "ground":
            z[box] += 0.2
        else:
            share[box] = 1.0
        after = replace(land, kind=kind, surface=z, roofs=((share, 0.01),))
        started = time.perf_counter()
        flow_after = updated(after, land, flow)
        found = flood(after, flow_after, *EVENTS[0])
        took[what].append(time.perf_counter() - started)
        if k < 6:
            same &= bool(np.array_equal(
                found.depth, flood(after, flow_of(after), *EVENTS[0]).depth, equal_nan=True))
    everything = [t for each in took.values() for t in each]
    return {"cells": land.kind.size, "p95": float(np.quantile(everything, 0.95)),
            **{f"p95_{name}": float(np.quantile(each, 0.95)) for name, each in took.items()},
            "equals_full_run": same}  # fmt: skip


if __name__ == "__main__":
    for length in ("500", "1000"):
        for part in (cloudburst, edit):
            print(part.__name__, json.dumps(part(length)))
