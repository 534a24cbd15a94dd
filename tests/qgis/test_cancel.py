"""Stopping a run: soon, whole and clean.

A timing decides nothing here. What is tested is that work is cut into pieces between which the
run asks whether it should stop; how long the longest piece took is printed (target: 0.3 s).
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from . import plans as p
from .plans import box, design, one, run, write

SIDE = 45  # 2,025 features; beats are counted per feature, so a larger plan is cut as finely
FUNCTIONS = ("dwelling", "road", "grass", "water", "garden", "office", "wood", "parking")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Parameters of a run on 2,025 blocks that all overlap their neighbours by 1.2 m."""
    folder = tmp_path_factory.mktemp("large")
    chance = random.Random(20)
    rows = [
        (
            box(20 * i - 0.6, 20 * j - 0.6, 20 * i + 20.6, 20 * j + 20.6),
            {"function": chance.choice(FUNCTIONS)},
        )
        for i in range(SIDE)
        for j in range(SIDE)
    ]
    kinds = [
        (box(300 * k - 50, -50, 300 * k + 250, 1000), {"type": f"GT0{k + 1}"}) for k in range(4)
    ]
    return {
        "DESIGN": p.uri(design(folder / "d.gpkg", rows)),
        "AREA_TYPES": p.uri(write(folder / "t.gpkg", "types", kinds)),
    }


Moment = tuple[str, int]  # the n-th, counted from 1, question that is asked from inside a function


def feedback(stop_at: Moment | None = None) -> Any:
    """A feedback that notes by whom it is asked, and says stop from ``stop_at`` on.

    Who waits for the work of a thread asks now and then, so the number of a question in the whole
    run says little; within one function the questions follow the work.
    """
    from qgis.core import QgsProcessingFeedback

    class Asked(QgsProcessingFeedback):
        def __init__(self) -> None:
            super().__init__(False)
            self.times: list[float] = []
            self.where: list[str] = []
            self.infos: list[str] = []
            self.stopped: int | None = None  # how often it was asked before it said stop

        def isCanceled(self) -> bool:  # noqa: N802
            frame = sys._getframe(1)
            names = []
            while frame is not None and len(names) < 6:
                names.append(frame.f_code.co_name)
                frame = frame.f_back
            self.where.append(" ".join(names))
            self.times.append(time.perf_counter())
            if stop_at is not None and self.stopped is None:
                if sum(stop_at[0] in w for w in self.where) >= stop_at[1]:
                    self.stopped = len(self.times)
            return self.stopped is not None

        def pushInfo(self, info: str) -> None:  # noqa: N802
            self.infos.append(info)

    return Asked()


def start(parameters: dict[str, Any], said: Any) -> tuple[dict, bool]:
    """Run with a feedback of our own, past the wrapper of the toolbox."""
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProject

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("dgo:scoredesign")
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    assert algorithm.prepare(parameters, context, said)
    try:
        return algorithm.runPrepared(parameters, context, said), True
    except Exception as error:  # noqa: BLE001 - shown in the assertion
        return {"error": str(error)}, False


@pytest.fixture(scope="module")
def whole(
    dgo: Any, plan: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Path]:
    """A run to the end: how often it asked, and its results."""
    output = tmp_path_factory.mktemp("whole") / "r.gpkg"
    said = feedback()
    results, good = start({**plan, "OUTPUT": str(output)}, said)
    assert good and results["OUTPUT"] == str(output)
    return said, output


def test_every_long_loop_asks(whole: tuple[Any, Path], capsys: pytest.CaptureFixture) -> None:
    said, output = whole
    features = SIDE * SIDE
    # dividing the ground asks per feature (nearly all lose some ground to a neighbour); contested
    # pairs become checks in a thread beside, which stops with whoever waits for it
    # (tests/engine/test_ahead.py); reading and laying rows ready ask every 500 or 2,000
    assert asked(said, "divide") >= 0.9 * features
    assert asked(said, "read_vector") >= features // 500
    assert asked(said, "prepare") >= one(output, "SELECT count(*) FROM checks") // 500
    assert asked(said, "plan_of") >= 1
    assert asked(said, "named") >= 20  # before each indicator
    gaps = [b - a for a, b in zip(said.times, said.times[1:])]
    with capsys.disabled():
        print(
            f"\n  longest piece between two questions: {max(gaps):.3f} s (target 0.3 s, "
            f"{features} features, {len(said.times)} questions)"
        )


def test_dissolve_never_joins_too_much_at_once() -> None:
    """One call of GEOS cannot be stopped, so thousands are joined in strips; same outcome."""
    from osgeo import ogr

    from dgo_twin_plugin.engine import overlap, pulse

    n = overlap.AT_ONCE * 3
    blocks = [
        ogr.CreateGeometryFromWkt(box(k % 60, k // 60, k % 60 + 1, k // 60 + 1)) for k in range(n)
    ]
    beats = []
    with pulse.heard_by(lambda: beats.append(1)):
        joined = overlap.dissolve(blocks)
    assert len(beats) >= 3
    assert joined.Area() == pytest.approx(float(n), abs=1e-6)
    assert joined.GetGeometryName() == "POLYGON" or joined.GetGeometryCount() == 1


def test_nobody_listening_costs_nothing() -> None:
    from dgo_twin_plugin.engine import pulse
    from dgo_twin_plugin.engine.words import Cancelled

    pulse.beat()

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled), pulse.heard_by(stop):
        pulse.beat()
    pulse.beat()  # forgotten when the block ends, also by an error


def test_a_run_stops_at_any_moment_and_leaves_nothing(
    whole: tuple[Any, Path], plan: dict[str, Any], tmp_path: Path
) -> None:
    """At a dozen moments, spread over the whole run and in each of its phases."""
    said, _ = whole
    chance = random.Random(4)
    phases = ("read_vector", "divide", "plan_of", "named", "prepare", "stage", "_copy")
    moments: list[Moment] = [("", 1), ("", 2)]  # any function: before anything is done
    for word in phases:
        count = asked(said, word)
        moments += [(word, 1), (word, count), (word, chance.randint(1, count))]
    for moment in dict.fromkeys(moments):
        output = tmp_path / f"{moment[0]}{moment[1]}.gpkg"
        stopped = feedback(moment)
        results, good = start({**plan, "OUTPUT": str(output)}, stopped)
        assert good and results == {}, moment
        # it went no further than the question that was answered with yes (and the ending: the
        # base of all algorithms may ask once more)
        assert len(stopped.times) <= stopped.stopped + 2, moment
        assert any("Stopped" in line for line in stopped.infos)
        assert not output.exists(), moment
        assert list(tmp_path.iterdir()) == [], moment


def asked(said: Any, word: str) -> int:
    """How many questions came from inside a function."""
    return sum(word in w for w in said.where)


def test_earlier_runs_stay(whole: tuple[Any, Path], plan: dict[str, Any], tmp_path: Path) -> None:
    """Also when the stop comes in the middle of writing."""
    import shutil

    said, output = whole
    file = tmp_path / "r.gpkg"
    shutil.copyfile(output, file)
    before = p.tables(file)
    for word in ("named", "stage", "_copy"):
        results, good = start({**plan, "OUTPUT": str(file)}, feedback((word, 1)))
        assert good and results == {}
        assert p.tables(file) == before
    start({**plan, "OUTPUT": str(file)}, feedback(("_copy", asked(said, "_copy"))))
    assert p.tables(file) == before
    assert [f.name for f in tmp_path.iterdir()] == ["r.gpkg"]
    # and a run afterwards works
    run("scoredesign", {**plan, "OUTPUT": str(file), "INDICATORS": ["open_water"]})
    assert one(file, "SELECT count(*) FROM runs") == 2


def test_checkdesign_stops_too(dgo: Any, plan: dict[str, Any]) -> None:
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProject

    for moment in (("", 1), ("divide", 50), ("plan_of", 1)):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("dgo:checkdesign")
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        said = feedback(moment)
        given = {"DESIGN": plan["DESIGN"], "AREA_TYPES": plan["AREA_TYPES"]}
        assert algorithm.prepare(given, context, said)
        assert algorithm.runPrepared(given, context, said) == {}
        assert said.stopped is not None and len(said.times) <= said.stopped + 2


def test_a_task_in_the_background_stops(dgo: Any, plan: dict[str, Any], tmp_path: Path) -> None:
    """As the dock cancels: from the main thread, while the worker works."""
    from qgis.core import (
        QgsApplication,
        QgsProcessingAlgRunnerTask,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProject,
    )
    from qgis.PyQt.QtCore import QCoreApplication

    latency = []
    for wait in (0.02, 0.3, 0.6):
        output = tmp_path / f"{wait}.gpkg"
        context, said = QgsProcessingContext(), QgsProcessingFeedback(False)
        context.setProject(QgsProject.instance())
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("dgo:scoredesign")
        task = QgsProcessingAlgRunnerTask(algorithm, {**plan, "OUTPUT": str(output)}, context, said)
        ended: list[bool] = []
        task.executed.connect(lambda good, _: ended.append(good))  # noqa: B023
        QgsApplication.taskManager().addTask(task)
        until = time.monotonic() + wait
        while time.monotonic() < until and not ended:
            QCoreApplication.processEvents()
            time.sleep(0.005)
        asked = time.monotonic()
        early = bool(ended)
        task.cancel()
        while not ended and time.monotonic() < asked + 30:
            QCoreApplication.processEvents()
            time.sleep(0.001)
        assert ended
        if not early:
            latency.append(time.monotonic() - asked)
            assert not output.exists()
    print("seconds from cancel to end:", [f"{x:.3f}" for x in latency])
