"""Yields of roofs on a synthetic town with a surface model. ``python3 -m bench.energy``."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

from dgo_twin_plugin.engine.indicators.renewable_generation import SPEC
from tests.engine.factory import box, profile, scene

STEP = 33  # m from house to house


def town(side: float, with_model: bool) -> Any:
    """``side`` m square: a house of 10 x 12 m every 33 m, half of them there already; a surface
    model of 0.5 m with gables of 45 degrees and 5 cm of noise."""
    steps = np.arange(5.0, side - 12, STEP)
    places = [(x, y) for x in steps for y in steps]
    houses = [("dwelling", box(x, y, x + 10, y + 12),
               {"dwellings": 1, "pv": 0.3, "existing": k % 2, "height": 8.0})
              for k, (x, y) in enumerate(places)]  # fmt: skip
    rasters = None
    if with_model:
        edge = np.arange(-100.0, side + 100.0, 0.5) + 0.25
        u, v = (edge - 5.0) % STEP, (edge - 5.0) % STEP
        roof = np.where(v < 12, 5.0 + 6.0 - np.abs(v - 6.0), 0.0)[::-1, None] * (u < 10)[None, :]
        ground = np.random.default_rng(1).normal(2.0, 0.05, roof.shape)
        place = (-100.0, side + 100.0)
        rasters = {"dsm": [(ground + roof, place, 0.5)], "dtm": [(ground, place, 0.5)]}
    whole = box(0, 0, side, side)
    return scene([("GT04", whole)], [*houses, ("grass", whole)], plan=whole, rasters=rasters)


def roofs(side: str = "2000", times: int = 3) -> dict[str, Any]:
    """The indicator as a whole, with the model and without, s."""
    found: dict[str, Any] = {"km2": (float(side) / 1000.0) ** 2}
    for name, with_model in (("roofs", True), ("flat_rate", False)):
        made, best = town(float(side), with_model), float("inf")
        for _ in range(times):
            made.cache.clear()
            started = time.perf_counter()
            SPEC.compute(made, profile())
            best = min(best, time.perf_counter() - started)
        found[name] = round(best, 3)
        found["buildings"] = int(made.surfaces.where("buildings").sum())
    return found


if __name__ == "__main__":
    for size in ("1000", "2000"):
        print(json.dumps(roofs(size)))
