"""The live panel: one feature edited among thousands, from new sources to an assessment."""

from __future__ import annotations

import datetime
import time
from typing import Any

import numpy as np

from . import case

FEATURES = 5_000
BLOCKS = 20  # 100 m blocks each way: 4 km2
DATE = datetime.date(2026, 11, 21)


def town_sources(features: int = FEATURES, blocks: int = BLOCKS, border: int = 40) -> Any:
    """The town of :mod:`.case`, drawn larger so that so many features fill ``blocks`` by
    ``blocks`` of 100 m, as if read: sources in the work plane. ``border``: vertices of the sides
    of an area type."""
    from dgo_twin_plugin.engine.build import Sources
    from dgo_twin_plugin.engine.grid import Raster
    from dgo_twin_plugin.engine.scene import RasterContext, RawLayer

    small, town = case.Town.of(features), case.Town(blocks, blocks)
    stretch = np.array([town.columns / small.columns, town.rows / small.rows])

    def raw(name: str, layer: case.Layer, scale: Any, entry: dict[str, Any]) -> RawLayer:
        data = [case.wkb(layer.kind, town.world(xy * scale)) for xy in layer.xy]
        names = dict.fromkeys(k for fields in layer.fields for k in fields)
        low, high = (f([town.world(xy * scale) for xy in layer.xy]) for f in (_low, _high))
        return RawLayer(name, np.arange(1, len(data) + 1), list(data),
                        {k: [f.get(k) for f in layer.fields] for k in names}, entry,
                        covers=(*low, *high))  # fmt: skip

    one = np.ones(2)
    drawn = case.design(small, features)
    made = Sources(crs="EPSG:28992", methods={"all": "map"})
    made.design = [raw("ground", drawn["ground"], stretch, {"function": "function"}),
                   raw("trees", drawn["trees"], stretch, {"functions": "tree"}),
                   raw("lamps", drawn["lamps"], stretch, {"functions": "luminaire"})]
    made.area_types = [raw("area_types", case.area_types(town, border), one, {"type": "type"})]
    made.current = [raw("current", case.current(town), one, {"function": "function"})]
    made.vectors = {role: [raw(f"role_{role}", layer, one, dict(entry))]
                    for role, (layer, entry) in case.context(town).items()}
    x0, _, _, y1 = town.window()
    for name, role, values, entry in case.rasters(town):
        grid = Raster(np.array(values, np.float64), x0, y1, case.CELL, case.CELL)
        made.rasters.setdefault(role, []).append(RasterContext(role, name, grid, entry))
    return made


def _low(many: list[np.ndarray]) -> np.ndarray:
    return np.min([xy.min(axis=0) for xy in many], axis=0)


def _high(many: list[np.ndarray]) -> np.ndarray:
    return np.max([xy.max(axis=0) for xy in many], axis=0)


# ---------------------------------------------------------------------------- edits
KINDS = ("move", "move", "reshape", "value", "function", "add", "remove")


def edited(sources: Any, random: np.random.Generator,
           kinds: tuple[str, ...] | None = None) -> tuple[str, Any]:  # fmt: skip
    """One feature of the first design layer moved, reshaped, changed, added or removed."""
    import dataclasses

    from dgo_twin_plugin.engine.scene import RawLayer

    layer = sources.design[0]
    row, kind = int(random.integers(len(layer.fid))), str(random.choice(kinds or KINDS))
    wkb, columns, fid = list(layer.wkb), dict(layer.columns), layer.fid
    if kind in ("move", "reshape", "add"):
        xy = np.frombuffer(wkb[row] or b"", "<f8", -1, 13).reshape(-1, 2)
        size = random.uniform(0.8, 1.2) if kind == "reshape" else 1.0
        new = case.wkb("surface", xy.mean(axis=0) + size * (xy - xy.mean(axis=0))
                       + (random.uniform(-8, 8, 2) if kind != "reshape" else 0.0))  # fmt: skip
    if kind in ("move", "reshape"):
        wkb[row] = new
    elif kind == "add":
        wkb.append(new)
        columns = {k: [*v, v[row]] for k, v in columns.items()}
        fid = np.append(fid, fid.max() + 1)
    elif kind == "remove":
        del wkb[row]
        columns = {k: [*v[:row], *v[row + 1 :]] for k, v in columns.items()}
        fid = np.delete(fid, row)
    else:
        name = "function" if kind == "function" else "floors"
        new_value = str(random.choice(["dwelling", "grass", "square", "water", "office"]))
        column = list(columns[name])
        column[row] = new_value if kind == "function" else float(random.integers(1, 6))
        columns[name] = column
    other = RawLayer(layer.name, fid, wkb, columns, layer.entry, layer.note, layer.covers)
    return kind, dataclasses.replace(sources, design=[other, *sources.design[1:]])


def moves(count: str = "200") -> dict[str, Any]:
    """I01-I20 from maps: milliseconds of so many moves of one feature, and of full runs."""
    return _run(int(count), True, kinds=("move",))


def maps(count: str = "200") -> dict[str, Any]:
    """The same with edits of every kind."""
    return _run(int(count), True)


def models(count: str = "30") -> dict[str, Any]:
    """The same with the product's own models where the sources allow."""
    return _run(int(count), False)


def every(count: str = "20") -> dict[str, Any]:
    """All thirty-three, each with its own model where the sources allow."""
    return _run(int(count), False, False)


def _run(count: int, by_map: bool, twenty: bool = True,
         kinds: tuple[str, ...] | None = None) -> dict[str, Any]:  # fmt: skip
    from dgo_twin_plugin.engine.assessment import assess
    from dgo_twin_plugin.engine.build import build_scene
    from dgo_twin_plugin.engine.functions import load_functions
    from dgo_twin_plugin.engine.live import LiveAssessor
    from dgo_twin_plugin.engine.norms import load_profile
    from dgo_twin_plugin.engine.twin import DEFAULT_PROFILE
    from dgo_twin_plugin.engine.words import INDICATORS, TWENTY

    profile, functions = load_profile(DEFAULT_PROFILE), load_functions()
    sources = town_sources()
    sources.methods = {"all": "map"} if by_map else {}
    chosen = TWENTY if twenty else INDICATORS
    live = LiveAssessor(profile, DATE, indicators=chosen)
    live.assess(sources)
    random = np.random.default_rng(1)
    wall, cpu, steps, by_kind = [], [], [], {}
    for _ in range(count):
        kind, sources = edited(sources, random, kinds)
        before, busy = time.perf_counter(), time.process_time()
        live.assess(sources)
        wall.append(1e3 * (time.perf_counter() - before))
        cpu.append(1e3 * (time.process_time() - busy))
        steps.append(live.last.ms)
        by_kind.setdefault(kind, []).append(cpu[-1])
    full = []
    for _ in range(3):
        before = time.process_time()
        assess(build_scene(sources, profile, functions, DATE), profile, chosen)
        full.append(1e3 * (time.process_time() - before))

    def spread(values: list[float]) -> dict[str, float]:
        return {f"p{q}": float(np.quantile(values, q / 100)) for q in (50, 95, 99)} | {
            "max": max(values)}  # fmt: skip

    return {"edits": count, "wall": spread(wall), "cpu": spread(cpu), "full": min(full),
            "ratio": min(full) / float(np.median(cpu)),
            "steps": {k: float(np.median([s[k] for s in steps])) for k in steps[0]},
            "kinds": {k: float(np.median(v)) for k, v in sorted(by_kind.items())}}  # fmt: skip


if __name__ == "__main__":
    import sys

    parts = {"maps": maps, "models": models, "every": every, "moves": moves}
    print(parts[sys.argv[1]](*sys.argv[2:]))
