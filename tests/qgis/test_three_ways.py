"""One assessment three ways: toolbox, the button of the dock, qgis_process; and the live numbers.

``scores`` must be equal in every column but ``run_id``, floats bit for bit (design 6), also with
the sliders, weights and switches of the mixing panel moved. Two runs with a changed input between
them must differ.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
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


def by_process(twin: Path | str, output: Path, folder: Path, **more: Any) -> None:
    from headless import Headless
    from link import link

    link(folder / "plugins")
    qgis = Headless(folder / "profile", folder / "plugins")
    given = {"SCENARIO": "x", **more}
    qgis.run("dgo:scoredesign", TWIN=twin, OUTPUT=output, **given)


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


# Sliders of a type, of a zone and of the whole plan, on values that no decimal text holds exactly;
# two weights, a weight of a theme, one indicator off.
AMBITIONS = {"GT04": {"traffic_noise": 50 + 1 / 3, "rain_retention": 0.1 + 0.2 + 60},
             "zone 2": {"open_water": 2 / 3}, "all": {"public_transport": 7 / 9}}  # fmt: skip


def mixed() -> Any:
    """The state of the panel that all ways get."""
    from dgo_twin_plugin.engine.mix import Mix

    return Mix(AMBITIONS, {"traffic_noise": 1 / 3, "open_water": 2.7}, {"water": 0.7},
               frozenset({"odour"}), frozenset({"light_nuisance"}))  # fmt: skip


@pytest.fixture
def dock(dgo: Any, demo: Path, qgis_project: Any) -> Iterator[Any]:
    """The dock on the demo plan, its live session awake."""
    from qgis.PyQt.QtCore import QEvent, Qt
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.panel import create_dock
    from dgo_twin_plugin.project.demo_project import write_demo_project
    from tests.structure.window import FakeInterface

    file = write_demo_project(demo, {n: demo / f"twin-{n}.yml" for n in ("a", "b")},
                              demo / "demo.qgz")  # fmt: skip
    window = FakeInterface()
    assert qgis_project.read(str(file))
    shown = create_dock(window)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, shown)
    shown.show()
    window.process()
    yield shown
    window.removeDockWidget(shown)
    shown.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window.gone()


def wait(until: Any, seconds: float = 240.0) -> None:
    from qgis.PyQt.QtCore import QCoreApplication

    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited in vain"
        QCoreApplication.processEvents()
        time.sleep(0.005)
    QCoreApplication.processEvents()


def test_the_mix_of_the_panel_is_equal_bit_for_bit(
    dgo: Any, dock: Any, demo: Path, tmp_path: Path
) -> None:
    """The dock's own button, the toolbox, and qgis_process, with sliders and weights moved. And
    what the panel shows live is what the run writes."""
    from qgis import processing

    from dgo_twin_plugin.project.mix import run_parameters
    from dgo_twin_plugin.store import outcome
    from dgo_twin_plugin.store.write import write_run
    from tests.qgis import results_sample

    mix = mixed()
    outputs = {way: tmp_path / f"{way}.gpkg" for way in ("dock", "toolbox", "process", "live")}
    dock.inputs.output.setFilePath(str(outputs["dock"]))
    dock.inputs.scenario.setText("x")
    dock.inputs.scenario.textEdited.emit("x")
    dock.moves.do(lambda _: mix, "test")
    wait(lambda: dock.session.state.kind == "live" and dock.session.assessment is not None)
    live = dock.session.assessment
    ended: list[Any] = []
    dock.runner.ended.connect(lambda *found: ended.append(found))
    dock.foot.run_button.click()
    wait(lambda: ended)
    assert [found[1] for found in ended] == [True], ended

    given = {"TWIN": str(demo / "twin-a.yml"), "SCENARIO": "x", **run_parameters(mix)}
    processing.run("dgo:scoredesign", {**given, "OUTPUT": str(outputs["toolbox"])})
    by_process(given.pop("TWIN"), outputs["process"], tmp_path, **given)
    record = results_sample.record()
    record.scenario = "x"
    write_run(outputs["live"], record, outcome.tables(live), crs=record.work_crs,
              origin=live.scene.origin, ground=outcome.ground(live),
              places=outcome.place_sets(live), indicators=list(live.prepared))  # fmt: skip

    first = table(outputs["dock"])
    assert len(first) == 33 * 6
    for way in ("toolbox", "process", "live"):
        for name in ("scores", "score_parts", "totals"):
            assert table(outputs[way], name) == table(outputs["dock"], name), (way, name)
    # the mix did arrive: ambitions as they were set, and a total that is not the plain one
    with sqlite3.connect(outputs["dock"]) as store:
        aims = {repr(r[0]) for r in store.execute(
            "SELECT ambition FROM scores WHERE indicator = 'traffic_noise' AND area_type = 'GT04'")}
        (total,) = store.execute("SELECT mark FROM totals WHERE zone_id = 0 AND theme = 'total'"
                                 ).fetchone()  # fmt: skip
        parameters = json.loads(store.execute("SELECT parameters FROM runs").fetchone()[0])
    assert aims == {repr(50 + 1 / 3)}
    assert parameters["AMBITIONS"] == run_parameters(mix)["AMBITIONS"]
    plain = tmp_path / "plain.gpkg"
    processing.run("dgo:scoredesign", {"TWIN": str(demo / "twin-a.yml"), "OUTPUT": str(plain),
                                       "AMBITIONS": "{}", "WEIGHTS": "{}"})  # fmt: skip
    with sqlite3.connect(plain) as store:
        (other,) = store.execute("SELECT mark FROM totals WHERE zone_id = 0 AND theme = 'total'"
                                 ).fetchone()  # fmt: skip
    assert abs(total - other) > 1e-3


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
