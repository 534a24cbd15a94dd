"""One assessment three ways: toolbox, background task (as the dock runs it), qgis_process.

``scores`` must be equal in every column but ``run_id``, floats bit for bit (issue of the contract,
design 6). Two runs with a changed input between them must differ.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPO

sys.path.insert(0, str(REPO / "scripts"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo plan."""
    from dgo_twin_plugin.demo import create

    folder = tmp_path_factory.mktemp("demo")
    create(folder)
    return folder


def table(path: Path, name: str = "scores") -> list[tuple[Any, ...]]:
    """All rows without id and run_id, in the order of their keys."""
    with sqlite3.connect(path) as store:
        columns = [r[1] for r in store.execute(f"PRAGMA table_info({name})")]
        kept = ", ".join(f'"{c}"' for c in columns if c not in ("id", "run_id"))
        rows = store.execute(f"SELECT {kept} FROM {name}").fetchall()
    # repr keeps every bit of a float; sorting needs one type per column
    return sorted(tuple(repr(v) for v in row) for row in rows)


def toolbox(twin: Path, output: Path) -> None:
    from qgis import processing

    processing.run("dgo:scoredesign", {"TWIN": str(twin), "SCENARIO": "x", "OUTPUT": str(output)})


def in_background(twin: Path, output: Path) -> None:
    """As the dock does, by the dock's own runner: a task in another thread."""
    from qgis.core import QgsApplication
    from qgis.PyQt.QtCore import QCoreApplication, QEvent

    from dgo_twin_plugin.panel.runner import Runner

    runner = Runner()
    ended: list[tuple[Any, ...]] = []
    runner.ended.connect(lambda *found: ended.append(found))
    parameters = {"TWIN": str(twin), "SCENARIO": "x", "OUTPUT": str(output)}
    assert runner.start("scoredesign", parameters) == ""
    until = time.monotonic() + 120
    while (not ended or QgsApplication.taskManager().count()) and time.monotonic() < until:
        QCoreApplication.processEvents()
        time.sleep(0.01)
    assert [found[1] for found in ended] == [True]
    # the task is deleted before what it refers to
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def by_process(twin: Path, output: Path, folder: Path) -> None:
    from headless import Headless
    from link import link

    link(folder / "plugins")
    qgis = Headless(folder / "profile", folder / "plugins")
    qgis.run("dgo:scoredesign", TWIN=twin, SCENARIO="x", OUTPUT=output)


def test_scores_are_equal_bit_for_bit(dgo: Any, demo: Path, tmp_path: Path) -> None:
    twin = demo / "twin-a.yml"
    outputs = [tmp_path / f"{way}.gpkg" for way in ("toolbox", "task", "process")]
    toolbox(twin, outputs[0])
    in_background(twin, outputs[1])
    by_process(twin, outputs[2], tmp_path)
    first = table(outputs[0])
    assert len(first) == 33 * 6  # thirty-three indicators, five zones and the plan
    for other in outputs[1:]:
        assert table(other) == first
        assert table(other, "totals") == table(outputs[0], "totals")


def test_a_changed_input_changes_what_it_must(dgo: Any, demo: Path, tmp_path: Path) -> None:
    """All water of the plan becomes grass: open water falls to 0, noise stays bit-equal."""
    copy = tmp_path / "demo"
    shutil.copytree(demo, copy)
    output = tmp_path / "out.gpkg"
    toolbox(copy / "twin-b.yml", output)
    with sqlite3.connect(copy / "ontwerp_b.gpkg") as store:
        # without the triggers of the spatial index, which plain SQLite cannot run
        for (name,) in store.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            store.execute(f'DROP TRIGGER "{name}"')
        changed = store.execute("UPDATE vlakken SET functie = 'Gazon' WHERE functie = 'Water'")
        assert changed.rowcount > 0
    toolbox(copy / "twin-b.yml", output)
    with sqlite3.connect(output) as store:
        values = {}
        for indicator in ("open_water", "material_use", "public_transport"):
            values[indicator] = [
                r[0]
                for r in store.execute(
                    "SELECT value FROM scores WHERE zone_id = 0 AND indicator = ? ORDER BY id",
                    (indicator,),
                )
            ]
        inputs = [json.loads(r[0]) for r in store.execute("SELECT inputs FROM runs ORDER BY id")]
    before, after = values["open_water"]
    assert before > 0 and after == 0.0
    assert values["material_use"][0] == values["material_use"][1]
    assert values["public_transport"][0] == values["public_transport"][1]
    prints = [
        {i["layer"]: i["fingerprint"] for i in run if i["role"] == "design"} for run in inputs
    ]
    assert prints[0]["vlakken"] != prints[1]["vlakken"]
    assert prints[0]["bomen"] == prints[1]["bomen"]
