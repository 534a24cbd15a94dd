"""Helpers of the tests with a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dgo_twin_plugin.store import read, runs, schema, write
from dgo_twin_plugin.store.record import RunRecord
from tests.qgis import results_sample as sample


def put(where: Any, run: RunRecord | None = None, **more: Any) -> RunRecord:
    """Write the sample run."""
    run = run or sample.record()
    given = {"crs": sample.CRS, "origin": sample.ORIGIN, "ground": sample.ground(),
             "places": sample.places(), **more}  # fmt: skip
    write.write_run(where, run, given.pop("tables", None) or sample.tables(), **given)
    return run


def key(problem: Any) -> str:
    return str(problem.value.message.key)


def everything(where: str | Path, run_id: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of a run, geometry too; without the ids of rows and of the run, which differ."""
    found: dict[str, list[dict[str, Any]]] = {}
    names = [t.name for t in schema.TABLES if t is not schema.PLACE_SETS]
    for name in [*names, *sorted(f"ind_{i}" for i in read.indicators(where))]:
        spatial = name.startswith("ind_") or bool(schema.BY_NAME[name].geometry)
        rows = read.rows(where, name, run_id, geometry=spatial)
        found[name] = [{k: v for k, v in row.items() if k not in ("id", "run_id")} for row in rows]
    return found


def whole(where: str, run_id: str) -> bool:
    """Whether a run is there with all that belongs to it."""
    counts = {name: len(rows) for name, rows in everything(where, run_id).items() if rows}
    wanted = {"runs": 1, "scores": 9, "score_parts": 2, "totals": 9, "zones": 2, "breaches": 2,
              "alerts": 2, "checks": 2, "places": 9, "ind_open_water": 5, "ind_green": 2,
              "ind_traffic_noise": 2}  # fmt: skip
    return counts == wanted and len(runs.list_runs(where)) >= 1
