"""The whole way in one process: files -> scene -> marks -> results file, with its peak memory."""

from __future__ import annotations

import datetime
import sys
import time
from pathlib import Path
from typing import Any


def memory() -> float | None:
    """Peak resident memory of this process, MiB; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0 * 1024.0 if sys.platform == "darwin" else 1024.0)


def run(twin: Path, target: Path | None, profiler: Any = None,
        maps_only: bool = False) -> dict[str, Any]:  # fmt: skip
    """Seconds per step, counts and memory of one run on the files that ``twin`` names;
    ``maps_only``: I01-I20 without a model."""
    from . import headless

    headless.start()
    from qgis.core import QgsProject

    from dgo_twin_plugin.engine.assessment import assess
    from dgo_twin_plugin.engine.build import build_scene
    from dgo_twin_plugin.engine.functions import load_functions
    from dgo_twin_plugin.engine.norms import load_profile
    from dgo_twin_plugin.engine.twin import DEFAULT_PROFILE, load_twin
    from dgo_twin_plugin.engine.words import TWENTY
    from dgo_twin_plugin.layers.gather import gather, read_all
    from dgo_twin_plugin.store import outcome
    from dgo_twin_plugin.store.record import RunRecord
    from dgo_twin_plugin.store.write import write_run

    before = memory()
    profile, functions = load_profile(DEFAULT_PROFILE), load_functions()
    inputs = gather(load_twin(twin), QgsProject.instance())
    clock = [time.perf_counter()]
    if profiler is not None:
        profiler.enable()
    reading = read_all(inputs, lambda: None, lambda _done: None)
    clock.append(time.perf_counter())
    scene = build_scene(reading.sources, profile, functions, datetime.date(2026, 11, 21))
    clock.append(time.perf_counter())
    if maps_only:
        scene.methods["all"] = "map"
    result = assess(scene, profile, TWENTY if maps_only else None)
    clock.append(time.perf_counter())
    if target is not None:
        target.unlink(missing_ok=True)
        write_run(target, RunRecord(scenario="bench", inputs=reading.inputs),
                  outcome.tables(result), crs=reading.plane.label, origin=scene.origin,
                  ground=outcome.ground(result), places=outcome.place_sets(result),
                  indicators=list(result.prepared))  # fmt: skip
    clock.append(time.perf_counter())
    if profiler is not None:
        profiler.disable()
    read, build, measure, write = (b - a for a, b in zip(clock, clock[1:]))
    return {
        "features": int((~scene.surfaces.current).sum() + (~scene.items.current).sum()),
        "surfaces": scene.surfaces.n, "zones": scene.n_zones,
        "km2": float(scene.zones.area.sum()) / 1e6,
        "assessed": sum(r.mark is not None for r in result.scores if r.zone_id == 0),
        "not_assessed": [r.indicator for r in result.scores if r.zone_id == 0 and r.mark is None],
        "mark": result.plan_mark(), "checks": len(result.checks),
        "places": sum(len(t.zone) for t in result.places()),
        "read": read, "scene": build, "assess": measure, "write": write,
        "marks": read + build + measure, "memory": memory(), "memory_before": before,
    }  # fmt: skip
