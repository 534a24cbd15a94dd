"""What did not change stays the same object; what changed is read by the rules of a full run."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from .plan import COLUMNS, INDICATORS, Plan, X, Y, assert_same, feature, live, settled, square


def reader(session: Any) -> Any:
    return session._assessing.get().reader


def layers(session: Any) -> dict[str, Any]:
    """Name -> RawLayer as it was last read."""
    return {kept.raw.name: kept.raw for kept in reader(session)._kept.values()
            if hasattr(kept.raw, "wkb")}  # fmt: skip


def test_only_what_changed_is_read(session: Any, plan: Plan) -> None:
    assert sorted(reader(session).reread) == ["bomen", "haltes", "kaart", "ontwerp", "risico"]
    before = layers(session)
    plan.design.startEditing()
    field = plan.design.fields().indexOf("function")
    plan.design.changeAttributeValue(2, field, "water")
    settled(session)
    assert reader(session).reread == [] and reader(session).patched == {"ontwerp": 1}
    after = layers(session)
    assert {name for name in after if after[name] is not before[name]} == {"ontwerp"}
    old, new = before["ontwerp"], after["ontwerp"]
    assert new.wkb is old.wkb and new.fid is old.fid
    assert new.columns["height"] is old.columns["height"]
    changed = [k for k, (a, b) in enumerate(zip(old.columns["function"], new.columns["function"]))
               if a != b]  # fmt: skip
    assert changed == [1] and old.columns["function"][1] == "grass"  # what was read stays as it was

    # a square in the middle: the border of the plan stays, so no other layer is asked
    middle = 1 + COLUMNS + 2
    plan.design.changeGeometry(middle, square(2.2, 1.2, 5.0))
    settled(session)
    newer = layers(session)["ontwerp"]
    same = [a is b for a, b in zip(new.wkb, newer.wkb)]
    assert same == [k != middle - 1 for k in range(len(same))]
    assert reader(session).reread == []
    plan.design.undoStack().undo()
    settled(session)
    assert layers(session)["ontwerp"].wkb[middle - 1] == new.wkb[middle - 1]


def test_order_of_added_features_is_that_of_a_full_read(session: Any, plan: Plan) -> None:
    plan.design.startEditing()
    for k in range(3):
        plan.design.addFeature(feature(plan.design, square(k, 4), function="water"))
        settled(session)
    plan.design.deleteFeature(4)
    settled(session)
    plan.design.undoStack().undo()
    settled(session)
    wanted = [f.id() for f in plan.design.getFeatures()]
    assert len(wanted) == 23 and min(wanted) < 0
    assert layers(session)["ontwerp"].fid.tolist() == wanted
    assert plan.design.commitChanges()
    settled(session)
    assert layers(session)["ontwerp"].fid.tolist() == [f.id() for f in plan.design.getFeatures()]


def test_a_border_that_moves_reads_what_depends_on_it(session: Any, plan: Plan) -> None:
    before = layers(session)
    plan.design.startEditing()
    plan.design.changeGeometry(1, square(-30, 0))
    settled(session)
    assert set(reader(session).reread) == {"haltes", "kaart", "risico"}
    # read again, found the same: the same object
    assert layers(session)["kaart"] is before["kaart"]
    assert_same(session, plan.parameters())


def test_untransformable_features_are_told_as_in_a_full_run(
    make_session: Any, plan: Plan
) -> None:
    from qgis.core import QgsGeometry, QgsVectorLayer

    far = QgsVectorLayer("Point?crs=EPSG:4326&field=function:string", "ver", "memory")
    plan.project.addMapLayer(far)
    points = ("Point(5.4 52.1)", "Point(5.5 95.0)", "Point(5.41 52.1)")  # no latitude of 95
    plan._fill(far, [feature(far, QgsGeometry.fromWkt(p), function="tree") for p in points])
    given = plan.parameters(DESIGN_EXTRA=[far.id()])
    session = make_session(given)
    assert_same(session, given)
    told = [c for c in session.assessment.checks if c.code == "untransformable"]
    assert [c.fid for c in told] == [2]
    far.startEditing()
    far.changeGeometry(1, QgsGeometry.fromWkt("Point(5.4 99.0)"))
    assert_same(session, given)
    assert [c.fid for c in session.assessment.checks if c.code == "untransformable"] == [1, 2]
    far.changeGeometry(2, QgsGeometry.fromWkt("Point(5.4 52.1)"))
    assert_same(session, given)
    assert [c.fid for c in session.assessment.checks if c.code == "untransformable"] == [1]


# --- files --------------------------------------------------------------------------------------
@pytest.fixture
def filed(plan: Plan, tmp_path: Path) -> dict[str, Any]:
    """The plan in files, and a twin file that names them; nothing in the project."""
    import numpy as np
    from qgis.core import QgsVectorFileWriter

    from tests.qgis.plans import raster

    options = QgsVectorFileWriter.SaveVectorOptions()
    for layer in (plan.design, plan.types, plan.stops, plan.risk):
        options.layerName = layer.name()
        QgsVectorFileWriter.writeAsVectorFormatV3(
            layer, str(tmp_path / "plan.gpkg"), plan.project.transformContext(), options)
        options.actionOnExistingFile = (
            QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
        )
    raster(tmp_path / "geur.tif", np.full((60, 60), 2.0), X - 150_000 - 200, Y - 450_000 + 400, 10)
    twin = {
        "design": [{"layer": "plan.gpkg|ontwerp", "function": "function"}],
        "area_types": {"layer": "plan.gpkg|kaart", "type": "type"},
        "context": {"stops": {"layer": "plan.gpkg|haltes"},
                    "risk_contours": {"layer": "plan.gpkg|risico"}},
    }  # fmt: skip
    plan.project.clear()
    file = tmp_path / "twin.yml"
    file.write_text(yaml.safe_dump(twin), encoding="utf-8")
    return {"TWIN": str(file), "ASSESSMENT_DATE": "2026-11-21", "INDICATORS": INDICATORS}


def changes(session: Any, seconds: float = 20.0) -> None:
    """Wait until the session hears of a change on disk."""
    from qgis.PyQt.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while session.state.kind == "live":
        assert time.monotonic() < end, "nothing was heard"
        QApplication.processEvents()
        time.sleep(0.005)


def newer(path: Path) -> None:
    """A file system may keep whole seconds only."""
    at = path.stat().st_mtime + 2
    os.utime(path, (at, at))


def test_the_twin_file_is_followed(make_session: Any, filed: dict[str, Any]) -> None:
    session = make_session(filed)
    assert_same(session, filed)
    before = session.assessment.plan_mark()
    file = Path(filed["TWIN"])
    twin = yaml.safe_load(file.read_text(encoding="utf-8"))
    twin["weights"] = {"open_water": 5.0, "green": 0.0}
    file.write_text(yaml.safe_dump(twin), encoding="utf-8")
    newer(file)
    changes(session)
    assert_same(session, filed)
    assert session.assessment.plan_mark() != before
    assert session.mix.weights == {"open_water": 5.0, "green": 0.0}
    # as editors save: another file in its place
    other = file.with_suffix(".new")
    other.write_text("design: [", encoding="utf-8")
    newer(other)
    os.replace(other, file)
    changes(session)
    live(session)
    assert session.state.kind == "failed" and "twin.yml" in session.state.message
    twin["weights"] = {"open_water": 1.0}
    file.write_text(yaml.safe_dump(twin), encoding="utf-8")
    newer(file)
    newer(file)
    end = time.monotonic() + 20
    while session.state.kind == "failed":
        assert time.monotonic() < end
        live(session)
    assert_same(session, filed)


def test_the_norm_file_is_followed(make_session: Any, filed: dict[str, Any]) -> None:
    norms = Path(filed["TWIN"]).with_name("gemeente.yml")
    text = ("base: utrecht-proposal-2026\nid: gemeente\nversion: 1\ntitle: Gemeente\n"
            "norms: {open_water: {weight: %s}}\n")  # fmt: skip
    norms.write_text(text % 1.0, encoding="utf-8")
    given = {**filed, "PROFILE": str(norms)}
    session = make_session(given)
    assert_same(session, given)
    before = session.assessment.plan_mark()
    norms.write_text(text % 4.0, encoding="utf-8")
    newer(norms)
    changes(session)
    assert_same(session, given)
    assert session.assessment.plan_mark() != before


def test_a_layer_saved_into_a_file_of_the_twin(
    make_session: Any, filed: dict[str, Any], qgis_project: Any
) -> None:
    from qgis.core import QgsVectorLayer

    session = make_session(filed)
    settled(session)
    file = Path(filed["TWIN"]).with_name("plan.gpkg")
    shown = QgsVectorLayer(f"{file}|layername=ontwerp", "in beeld", "ogr")
    qgis_project.addMapLayer(shown)
    live(session)
    session.refresh()  # a layer that came plays no part yet; this looks again at what is shown
    settled(session)
    shown.startEditing()
    shown.changeAttributeValue(2, shown.fields().indexOf("function"), "water")
    assert shown.commitChanges()
    assert session.state.kind == "stale"
    assert_same(session, filed)


# --- the worker ---------------------------------------------------------------------------------
def test_worker_does_one_thing_at_a_time(qgis_app: Any) -> None:
    from qgis.PyQt.QtCore import QCoreApplication

    from dgo_twin_plugin.live.worker import Job, Worker

    worker, back = Worker(), []
    worker.done.connect(lambda job: back.append((job, threading.current_thread())))
    begun = threading.Event()

    def endless(tick: Any, _progress: Any) -> None:
        begun.set()
        while True:
            tick()
            time.sleep(0.001)

    first, second, third = Job(endless), Job(endless), Job(lambda _t, _p: 42)
    worker.start(first)
    assert begun.wait(10)
    worker.start(second)  # never begins: the third comes before its turn
    worker.start(third)
    end = time.monotonic() + 10
    while len(back) < 2 and time.monotonic() < end:
        QCoreApplication.processEvents()
    assert [job for job, _ in back] == [first, third]
    assert all(thread is threading.main_thread() for _, thread in back)
    assert first.cancelled and second.cancelled and third.result == 42
    assert worker.end() and not [t for t in threading.enumerate() if t.name == "dgo-live"]
    worker.start(Job(lambda _t, _p: 1))  # too late
    QCoreApplication.processEvents()
    assert len(back) == 2


def test_the_collector_works_again_afterwards(qgis_app: Any) -> None:
    import gc

    from dgo_twin_plugin.live.worker import unswept

    assert gc.isenabled()
    with unswept():
        with unswept():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with unswept():
            pass
        assert not gc.isenabled()  # whoever switched it off keeps it off
    finally:
        gc.enable()


@pytest.mark.parametrize(("made", "looked"), [(50_000, [1]), (1_000, [])])
def test_what_a_job_made_is_looked_through_before_it_is_told(
    qgis_app: Any, monkeypatch: pytest.MonkeyPatch, made: int, looked: list[int]
) -> None:
    """Python's collector looks at many young objects in a turn before ``done``, so painting the
    first numbers does not pay for it; what came back when the worker ends is not told."""
    from qgis.PyQt.QtCore import QCoreApplication

    from dgo_twin_plugin.live import worker as module

    said: list[Any] = []
    monkeypatch.setattr(module.gc, "collect", lambda generation: said.append(generation))
    worker = module.Worker()
    worker.done.connect(lambda _job: said.append("done"))
    worker.start(module.Job(lambda _t, _p: [[] for _ in range(made)]))
    end = time.monotonic() + 10
    while "done" not in said and time.monotonic() < end:
        QCoreApplication.processEvents()
    assert said == [*looked, "done"]
    worker._came(worker._last)
    assert said == [*looked, "done", *looked]  # not told in the same turn
    worker.end()
    QCoreApplication.processEvents()
    assert said == [*looked, "done", *looked]


class Stumbles:
    """A source that ends half-way the first times, as a file does that is being saved."""

    def __init__(self, source: Any, times: int) -> None:
        self.source, self.times, self.asked = source, times, 0

    def getFeatures(self, request: Any) -> Any:  # noqa: N802
        self.asked += 1
        found = list(self.source.getFeatures(request))
        return iter(found if self.asked > self.times else found[: len(found) // 2])


@pytest.mark.parametrize(("times", "read"), [(0, 20), (1, 20), (2, 20), (3, 10)])
def test_a_read_that_ends_half_way_is_done_again(plan: Plan, times: int, read: int) -> None:
    from qgis.core import QgsProject

    from dgo_twin_plugin.engine.twin import Twin
    from dgo_twin_plugin.layers.gather import Reader, gather
    from dgo_twin_plugin.layers.plane import Plane, choose_plane
    from dgo_twin_plugin.layers.read import snapshot

    given = snapshot(plan.design, {"function": "function"})
    given.source = source = Stumbles(given.source, times)
    inputs = gather(Twin(), QgsProject.instance(), {"design": [given]})
    plane: Plane = choose_plane(given.crs, given.extent, inputs.project_crs, inputs.transforms)
    raw = Reader(inputs).vector("design", inputs.design[0], {}, plane, None, [], lambda: None)
    assert len(raw.fid) == read and source.asked == min(times + 1, 3)
