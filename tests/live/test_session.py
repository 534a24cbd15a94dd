"""The live session follows every edit, tells what its numbers are, and equals the full run."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest

from .plan import (
    COLUMNS,
    INDICATORS,
    ROWS,
    SIDE,
    Plan,
    assert_same,
    feature,
    full,
    go,
    live,
    settled,
    square,
    written,
)


def water(assessment: Any) -> float | None:
    """The share of open water of the plan."""
    return next(r.value for r in assessment.scores
                if r.indicator == "open_water" and r.zone_id == 0)  # fmt: skip


def of(plan: Plan, function: str) -> int:
    """The first feature with this function."""
    return next(f.id() for f in plan.design.getFeatures() if f["function"] == function)


def function_field(plan: Plan) -> int:
    return plan.design.fields().indexOf("function")


def kinds(session: Any) -> list[str]:
    """Collects the states that are told."""
    found: list[str] = []
    session.state_changed.connect(lambda state: found.append(state.kind))
    return found


# --- what is followed ---------------------------------------------------------------------------
def test_opens_equal_to_a_full_run(session: Any, plan: Plan) -> None:
    # of twenty squares every eighth from the third is water: 2, 10 and 18, 3 of 20 = 15 %
    assert water(session.assessment) == pytest.approx(15.0, abs=1e-9)
    assert {row.indicator for row in session.assessment.scores} == set(INDICATORS)
    assert_same(session, plan.parameters())


def test_attribute_undo_redo(session: Any, plan: Plan) -> None:
    plan.design.startEditing()
    plan.design.changeAttributeValue(of(plan, "grass"), function_field(plan), "water")
    assert session.state.kind == "stale"  # before anything else happens
    assert water(settled(session)) == pytest.approx(20.0, abs=1e-9)
    assert session.state.unsaved == 1
    assert_same(session, plan.parameters())
    plan.design.undoStack().undo()
    assert session.state.kind == "stale"
    assert water(settled(session)) == pytest.approx(15.0, abs=1e-9)
    assert session.state.unsaved == 0
    plan.design.undoStack().redo()
    assert water(settled(session)) == pytest.approx(20.0, abs=1e-9)
    assert_same(session, plan.parameters())
    plan.design.rollBack()
    assert water(settled(session)) == pytest.approx(15.0, abs=1e-9)


def test_geometry_moves(session: Any, plan: Plan) -> None:
    plan.design.startEditing()
    # half a square of water becomes no man's land at the side: 2.5 of 20 squares of water
    fid = of(plan, "water")
    from qgis.core import QgsGeometry, QgsRectangle

    box = plan.design.getFeature(fid).geometry().boundingBox()
    half = QgsRectangle(box.xMinimum(), box.yMinimum(), box.xMinimum() + SIDE / 2, box.yMaximum())
    plan.design.changeGeometry(fid, QgsGeometry.fromRect(half))
    settled(session)
    assert_same(session, plan.parameters())
    before = water(session.assessment)
    assert before is not None and before < 15.0
    # and out of the plan altogether: the border of the plan moves along
    plan.design.changeGeometry(fid, square(COLUMNS + 2, 0))
    assert_same(session, plan.parameters())
    assert water(session.assessment) != before


def test_added_removed_and_saved(session: Any, plan: Plan) -> None:
    plan.design.startEditing()
    for column in range(COLUMNS):
        assert plan.design.addFeature(feature(plan.design, square(column, ROWS), function="water"))
    # five more squares of water: 8 of 25 = 32 %
    assert water(settled(session)) == pytest.approx(32.0, abs=1e-9)
    assert session.state.unsaved == 5
    assert_same(session, plan.parameters())
    plan.design.deleteFeatures([of(plan, "dwelling"), plan.fids()[-1]])
    assert_same(session, plan.parameters())
    plan.design.undoStack().undo()  # the deleted come back, at their own place in the order
    assert_same(session, plan.parameters())
    assert plan.design.commitChanges()
    assert water(settled(session)) is not None
    assert session.state.unsaved == 0
    assert_same(session, plan.parameters())


def test_a_command_that_is_broken_off(session: Any, plan: Plan) -> None:
    before = written(session.assessment)
    plan.design.startEditing()
    plan.design.beginEditCommand("half")
    plan.design.changeAttributeValue(of(plan, "grass"), function_field(plan), "water")
    plan.design.deleteFeature(of(plan, "road"))
    assert written(settled(session)) != before
    plan.design.destroyEditCommand()
    assert written(settled(session)) == before


def test_saving_changes_no_number(session: Any, plan: Plan) -> None:
    plan.design.startEditing()
    plan.design.addFeature(feature(plan.design, square(0, ROWS), function="water"))
    before = [row for row in written(settled(session))["scores"]]
    assert plan.design.commitChanges()
    assert session.state.kind == "stale"
    assert written(settled(session))["scores"] == before


def test_rest_between_edits_is_a_setting(session: Any, plan: Plan) -> None:
    from dgo_twin_plugin.project import options

    plan.design.startEditing()
    try:
        for rest in (30, 700):
            options.put(options.DEBOUNCE, rest)
            for function in ("water", "grass", "water"):  # a burst: all in one turn of Qt
                plan.design.changeAttributeValue(plan.fids()[0], function_field(plan), function)
            assert session._timer.isActive() and session._timer.interval() in (0, rest)
            plan.design.changeAttributeValue(plan.fids()[0], function_field(plan), "grass")
            session._timer.stop()
            plan.design.changeAttributeValue(plan.fids()[0], function_field(plan), "road")
            assert session._timer.interval() == rest
    finally:
        options.put(options.DEBOUNCE, options.OPTIONS[options.DEBOUNCE].default)
    assert_same(session, plan.parameters())


def test_other_layers_are_followed(session: Any, plan: Plan) -> None:
    first = written(session.assessment)
    plan.types.startEditing()
    plan.types.changeAttributeValue(1, 0, "GT09")
    assert written(settled(session)) != first
    assert_same(session, plan.parameters())
    plan.stops.startEditing()
    plan.stops.deleteFeature(1)
    assert_same(session, plan.parameters())
    plan.risk.startEditing()
    plan.risk.changeGeometry(1, square(0, 0, 60.0))
    assert_same(session, plan.parameters())
    plan.trees.startEditing()
    plan.trees.addFeature(feature(plan.trees, square(0, 0).centroid(), function="tree"))
    assert_same(session, plan.parameters())


def test_filter_rename_and_fields(session: Any, plan: Plan) -> None:
    assert plan.design.setSubsetString("") and session.state.kind == "live"
    assert plan.design.setSubsetString("\"function\" <> 'road'")
    assert session.state.kind == "stale"
    assert_same(session, plan.parameters())
    assert plan.design.setSubsetString("")
    assert_same(session, plan.parameters())
    plan.design.setName("Het nieuwe ontwerp")
    assert session.state.kind == "stale"
    assert_same(session, plan.parameters())
    from qgis.core import QgsField
    from qgis.PyQt.QtCore import QVariant

    plan.design.startEditing()
    plan.design.addAttribute(QgsField("green_roof", QVariant.Double))
    plan.design.changeAttributeValue(of(plan, "office"), plan.design.fields().count() - 1, 1.0)
    assert_same(session, plan.parameters())
    plan.design.rollBack()
    assert_same(session, plan.parameters())


def test_a_joined_layer(session: Any, plan: Plan) -> None:
    from qgis.core import QgsVectorLayer, QgsVectorLayerJoinInfo

    table = QgsVectorLayer("None?field=note:string&field=function:string", "tabel", "memory")
    plan.project.addMapLayer(table)
    plan._fill(table, [feature(table, square(0, 0), note="x", function="water")])
    plan.design.startEditing()
    note = plan.design.fields().indexOf("note")
    plan.design.changeAttributeValue(of(plan, "grass"), note, "x")
    assert plan.design.commitChanges()
    settled(session)
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(table)
    join.setJoinFieldName("note")
    join.setTargetFieldName("note")
    join.setPrefix("t_")
    assert plan.design.addJoin(join)
    assert session.state.kind == "stale"
    assert_same(session, plan.parameters())
    assert table.id() in session.watch.followed()


def test_roles_are_followed(session: Any, plan: Plan) -> None:
    def risk() -> Any:
        return [(r.value, r.status) for r in session.assessment.scores
                if r.indicator == "individual_risk"]  # fmt: skip

    before = risk()
    plan.risk.removeCustomProperty("dgo/role")
    assert session.state.kind == "stale"
    assert_same(session, plan.parameters())
    assert risk() != before
    from dgo_twin_plugin.project.roles import set_role

    set_role(plan.risk, "risk_contours")
    assert session.state.kind == "stale"
    assert_same(session, plan.parameters())
    assert risk() == before


def test_a_role_for_a_layer_that_comes(session: Any, plan: Plan) -> None:
    from qgis.core import QgsVectorLayer

    from dgo_twin_plugin.project.roles import set_role

    other = QgsVectorLayer("Polygon?crs=EPSG:28992", "los", "memory")
    plan.project.addMapLayer(other)
    live(session)
    assert session.state.kind == "live"  # it plays no part
    more = QgsVectorLayer("Polygon?crs=EPSG:28992&field=function:string", "huidig", "memory")
    plan._fill(more, [feature(more, square(-10, -10, 900.0), function="agriculture")])
    set_role(more, "current")
    plan.project.addMapLayer(more)
    assert session.state.kind == "stale"
    assert_same(session, plan.parameters())
    more.startEditing()
    more.changeAttributeValue(1, 0, "water")
    assert_same(session, plan.parameters())


# --- what goes ------------------------------------------------------------------------------------
def test_a_layer_goes_and_comes_back(session: Any, plan: Plan) -> None:
    before = written(session.assessment)
    connections = session.connections()
    taken = plan.project.takeMapLayer(plan.design)
    live(session)
    assert session.state.kind == "failed"
    assert plan.design.id() in session.state.message or "ontwerp" in session.state.message.lower()
    plan.project.addMapLayer(taken)
    assert written(settled(session)) == before
    assert session.connections() == connections


def test_a_context_layer_is_deleted_while_it_is_read(session: Any, plan: Plan) -> None:
    plan.design.startEditing()
    plan.design.changeAttributeValue(of(plan, "grass"), function_field(plan), "water")
    go(session)  # the worker is at it
    plan.project.removeMapLayer(plan.stops.id())
    assert_same(session, plan.parameters())
    plan.project.removeMapLayer(plan.design.id())
    live(session)
    assert session.state.kind == "failed" and session.state.message


def test_the_project_is_closed_and_read_again(session: Any, plan: Plan, tmp_path: Path) -> None:
    from qgis.core import QgsVectorFileWriter

    options = QgsVectorFileWriter.SaveVectorOptions()
    file, parameters = tmp_path / "plan.gpkg", plan.parameters()
    for layer in (plan.design, plan.trees, plan.types, plan.stops, plan.risk):
        options.layerName = layer.name()
        QgsVectorFileWriter.writeAsVectorFormatV3(
            layer, str(file), plan.project.transformContext(), options)  # fmt: skip
        options.actionOnExistingFile = (
            QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
        )
        layer.setDataSource(f"{file}|layername={layer.name()}", layer.name(), "ogr")
    assert_same(session, parameters)
    before = written(session.assessment)["scores"]
    assert plan.project.write(str(tmp_path / "plan.qgs"))
    plan.project.clear()
    assert session.state.kind == "off" and session.assessment is None
    assert len(session.watch.followed()) == 0
    assert plan.project.read(str(tmp_path / "plan.qgs"))
    assert written(settled(session))["scores"] == before
    layer = plan.project.mapLayer(parameters["DESIGN"])
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures()).id())
    assert session.state.kind == "stale"
    assert_same(session, parameters)


def test_closed_in_the_middle(make_session: Any, plan: Plan) -> None:
    session = make_session(plan.parameters())
    go(session)
    plan.project.clear()
    live(session)
    assert session.state.kind == "off" and session.assessment is None


@pytest.mark.parametrize("moment", ["asked", "reading", "deleted"])
def test_ended_in_the_middle(make_session: Any, plan: Plan, moment: str) -> None:
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QCoreApplication

    threads = threading.active_count()
    session = make_session(plan.parameters())
    if moment != "asked":
        settled(session)
        plan.design.startEditing()
        plan.design.deleteFeature(plan.fids()[0])
        QCoreApplication.processEvents()
    else:
        go(session)
    if moment == "deleted":
        thread = next(t for t in threading.enumerate() if t.name == "dgo-live")
        sip.delete(session)
        thread.join(20)
        assert not thread.is_alive()
    else:
        session.end()
        session.end()
        assert session.connections() == 0
    assert threading.active_count() == threads
    QCoreApplication.processEvents()


# --- what somebody wants --------------------------------------------------------------------------
def test_a_mix_is_judged_at_once(session: Any, plan: Plan) -> None:
    heard: list[Any] = []
    session.assessed.connect(heard.append)
    before = session.assessment
    mix = session.mix.with_weight("open_water", 5.0).with_ambition("all", "open_water", 40.0)
    session.set_mix(mix)
    assert len(heard) == 1 and heard[0] is session.assessment and session._job is None
    assert session.assessment.measurements is before.measurements
    assert session.assessment.plan_mark() != before.plan_mark()
    assert session.state.kind == "live"
    assert_same(session, plan.parameters())
    session.set_mix(mix.with_off("open_water"))
    assert_same(session, plan.parameters())
    session.set_mix(mix.with_mode("test"))
    assert_same(session, plan.parameters())


def test_a_mix_while_it_computes(session: Any, plan: Plan) -> None:
    plan.design.startEditing()
    plan.design.changeAttributeValue(of(plan, "grass"), function_field(plan), "water")
    go(session)
    assert session.state.kind == "computing"
    session.set_mix(session.mix.with_off("green"))
    assert session.state.kind == "computing"  # the worker goes on
    assert_same(session, plan.parameters())


def test_hidden_nothing_is_computed(session: Any, plan: Plan) -> None:
    from qgis.PyQt.QtCore import QCoreApplication

    shown = session.assessment
    session.set_active(False)
    assert session.state.kind == "off"
    plan.design.startEditing()
    plan.design.changeAttributeValue(of(plan, "grass"), function_field(plan), "water")
    for _ in range(20):
        QCoreApplication.processEvents()
    assert not session.busy and session.assessment is shown and session.state.kind == "off"
    session.set_active(True)
    assert session.state.kind == "stale"
    assert water(settled(session)) == pytest.approx(20.0, abs=1e-9)
    session.set_active(False)
    session.set_active(True)
    assert session.state.kind == "live" and not session.busy


def test_a_newer_edit_stops_the_older(session: Any, plan: Plan) -> None:
    heard: list[Any] = []
    session.assessed.connect(heard.append)
    plan.design.startEditing()
    jobs = []
    for fid in plan.fids()[:6]:
        plan.design.changeAttributeValue(fid, function_field(plan), "water")
        go(session)
        jobs.append(session._job)
    settled(session)
    assert [job.cancelled for job in jobs] == [True] * 5 + [False]
    assert len(heard) == 1
    assert_same(session, plan.parameters())


def test_states_in_their_order(session: Any, plan: Plan) -> None:
    found = kinds(session)
    plan.design.startEditing()
    plan.design.changeAttributeValue(of(plan, "grass"), function_field(plan), "water")
    settled(session)
    assert list(dict.fromkeys(found)) == ["stale", "computing", "live"]
    assert session.state.ms is not None and session.state.ms > 0


def test_what_cannot_be_scored_is_said_and_mended(session: Any, plan: Plan) -> None:
    plan.design.startEditing()
    plan.design.deleteFeatures(plan.fids())
    live(session)
    assert session.state.kind == "failed"
    from dgo_twin_plugin.engine.words import DgoError

    with pytest.raises(DgoError) as refused:
        full(plan.parameters())
    from dgo_twin_plugin.engine.texts import text

    assert session.state.message == text(refused.value.message)
    plan.design.undoStack().undo()
    assert_same(session, plan.parameters())


def test_nothing_to_score(make_session: Any, qgis_project: Any) -> None:
    session = make_session({})
    live(session)
    assert session.state.kind == "failed" and len(session.state.message) > 20
    session.set_inputs(None)
    assert session.state.kind == "off"


def test_an_unexpected_error_is_a_sentence(session: Any, plan: Plan, monkeypatch: Any) -> None:
    assessor = session._assessing.get().assessor

    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr(type(assessor), "assess", broken)
    plan.design.startEditing()
    plan.design.changeAttributeValue(of(plan, "grass"), function_field(plan), "water")
    live(session)
    assert session.state.kind == "failed" and "no such luck" in session.state.message
    monkeypatch.undo()
    plan.design.changeAttributeValue(of(plan, "grass"), function_field(plan), "water")
    assert_same(session, plan.parameters())


# --- leaks --------------------------------------------------------------------------------------
def test_no_connection_is_left(make_session: Any, plan: Plan) -> None:
    layers = (plan.design, plan.types, plan.trees, plan.stops, plan.risk)

    def receivers() -> list[int]:
        found = [layer.receivers(layer.geometryChanged) for layer in layers]
        found += [layer.receivers(layer.nameChanged) for layer in layers]
        found += [plan.project.receivers(plan.project.dirtySet),
                  plan.project.receivers(plan.project.cleared)]  # fmt: skip
        return found

    before = receivers()
    session = make_session(plan.parameters())
    settled(session)
    first = session.connections()
    assert first > 50 and receivers() != before
    for _ in range(3):  # asked for again, nothing is heard twice
        session.set_inputs(plan.parameters())
        settled(session)
    assert session.connections() == first
    session.end()
    assert session.connections() == 0
    assert receivers() == before


def test_the_active_layer_and_the_tool_stay(session: Any, plan: Plan, window: Any) -> None:
    from qgis.gui import QgsMapToolPan

    tool = QgsMapToolPan(window.canvas)
    window.canvas.setMapTool(tool)
    window.canvas.setCurrentLayer(plan.types)
    extent = window.canvas.extent()
    plan.design.startEditing()
    plan.design.deleteFeature(plan.fids()[0])
    settled(session)
    assert window.canvas.mapTool() is tool
    assert window.canvas.currentLayer() is plan.types
    assert window.canvas.extent() == extent


# --- equal to the full run ----------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(3))
def test_random_edits(session: Any, plan: Plan, seed: int) -> None:
    """Forty edits of all kinds in bursts; after each burst the numbers are those of a full run."""
    from .edits import edit

    chance = random.Random(seed)
    for _ in range(8):
        for _ in range(5):
            edit(plan.design, chance)
            if chance.random() < 0.3:
                live(session)
        assert_same(session, plan.parameters())
    assert session._assessing.get().reader is not None
