"""dgo_mark, dgo_value and dgo_status in real expressions, on a sample run."""

from __future__ import annotations

import threading

import pytest

from tests.qgis.test_results import put


@pytest.fixture
def shown(qgis_app, tmp_path):
    from qgis.core import QgsProject

    from dgo_twin_plugin import expressions
    from dgo_twin_plugin.layers import group

    project = QgsProject.instance()
    project.clear()
    path = tmp_path / "plan.gpkg"
    run = put(path)
    group.add_results(project, path, run.run_id, "nl")
    registration = expressions.register()
    yield project, path, run
    expressions.unregister(registration)
    project.clear()


def evaluate(expression: str, layer=None, feature=None):
    from qgis.core import (
        QgsExpression,
        QgsExpressionContext,
        QgsExpressionContextUtils,
    )

    made = QgsExpression(expression)
    assert not made.hasParserError(), made.parserErrorString()
    context = QgsExpressionContext()
    if layer is not None:
        context.appendScope(QgsExpressionContextUtils.layerScope(layer))
    if feature is not None:
        context.setFeature(feature)
    found = made.evaluate(context)
    assert not made.hasEvalError(), made.evalErrorString()
    return found


def rows(path, table, run):
    from dgo_twin_plugin.store import read

    return read.rows(path, table, run.run_id)


def test_the_plan_and_a_zone(shown):
    _, path, run = shown
    scores = {(s["indicator"], s["zone_id"]): s for s in rows(path, "scores", run)}
    for indicator, zone in (("open_water", 0), ("open_water", 2), ("traffic_noise", 1)):
        row = scores[indicator, zone]
        argument = f"'{indicator}'" + (f", {zone}" if zone else "")
        assert evaluate(f"dgo_mark({argument})") == row["mark"]
        assert evaluate(f"dgo_value({argument})") == row["value"]
        assert evaluate(f"dgo_status({argument})") == row["status"]


def test_theme_and_total(shown):
    _, path, run = shown
    totals = {(t["theme"], t["zone_id"]): t["mark"] for t in rows(path, "totals", run)}
    assert evaluate("dgo_mark('total')") == totals["total", 0]
    assert evaluate("dgo_mark('water', 1)") == totals["water", 1]
    assert evaluate("dgo_value('total')") is None


def test_the_zone_of_the_feature_at_hand(shown):
    project, path, run = shown
    zones = next(x for x in project.mapLayers().values()
                 if str(x.customProperty("dgo/result")).startswith("zones"))  # fmt: skip
    scores = {(s["indicator"], s["zone_id"]): s for s in rows(path, "scores", run)}
    found = {f["zone_id"]: evaluate("dgo_mark('open_water', 'zone')", zones, f)
             for f in zones.getFeatures()}  # fmt: skip
    assert found == {z: scores["open_water", z]["mark"] for z in (1, 2)}


def test_the_feature_itself(shown):
    project, path, run = shown
    layer = next(x for x in project.mapLayers().values()
                 if str(x.customProperty("dgo/result")).startswith("ind_open_water"))  # fmt: skip
    for feature in layer.getFeatures():
        assert evaluate("dgo_mark('open_water', 'feature')", layer, feature) == feature["mark"]
        assert evaluate("dgo_value('open_water', 'feature')", layer, feature) == feature["value"]


def test_usable_in_a_filter_and_a_label(shown):
    from qgis.core import QgsFeatureRequest

    project, path, run = shown
    zones = next(x for x in project.mapLayers().values()
                 if str(x.customProperty("dgo/result")).startswith("zones"))  # fmt: skip
    scores = {(s["indicator"], s["zone_id"]): s for s in rows(path, "scores", run)}
    low = [z for z in (1, 2) if (scores["open_water", z]["mark"] or 10) < 6]
    request = QgsFeatureRequest().setFilterExpression("dgo_mark('open_water', 'zone') < 6")
    assert sorted(f["zone_id"] for f in zones.getFeatures(request)) == low
    label = evaluate("format_number(dgo_mark('open_water', 2), 2, 'en')")
    assert label == f"{scores['open_water', 2]['mark']:.2f}"


@pytest.mark.parametrize(("expression", "word"), [
    ("dgo_mark('open_watr')", "open_watr"), ("dgo_mark('open_water', 'street')", "street"),
])  # fmt: skip
def test_a_mistake_is_told_with_its_remedy(shown, expression, word):
    from qgis.core import QgsExpression, QgsExpressionContext

    made = QgsExpression(expression)
    assert made.evaluate(QgsExpressionContext()) is None
    assert made.hasEvalError() and word in made.evalErrorString()


def test_no_run_no_mark(qgis_app):
    from qgis.core import QgsProject

    from dgo_twin_plugin import expressions

    QgsProject.instance().clear()
    registration = expressions.register()
    try:
        assert evaluate("dgo_mark('open_water')") is None
    finally:
        expressions.unregister(registration)


def test_the_run_on_top_counts_and_is_gone_when_removed(shown, tmp_path):
    from dgo_twin_plugin.layers import group
    from tests.qgis import results_sample as sample

    project, path, run = shown
    tables = sample.tables()
    for row in tables["scores"]:
        if isinstance(row, dict):
            row["mark"] = 9.5
        else:
            row.mark = 9.5
    second = put(tmp_path / "b.gpkg", sample.record(), tables=tables)
    group.add_results(project, tmp_path / "b.gpkg", second.run_id, "nl")
    assert evaluate("dgo_mark('open_water')") == 9.5
    group.remove_run(project, tmp_path / "b.gpkg", second.run_id)
    scores = {(s["indicator"], s["zone_id"]): s for s in rows(path, "scores", run)}
    assert evaluate("dgo_mark('open_water')") == scores["open_water", 0]["mark"]


def test_many_threads_get_one_answer(shown):
    found, wrong = [], []

    def ask():
        try:
            found.append(evaluate("dgo_mark('open_water', 2)"))
        except Exception as error:  # noqa: BLE001 - told below
            wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(set(found)) == 1


def test_help_names_every_indicator(qgis_app):
    from dgo_twin_plugin.engine.indicators import indicator_ids
    from dgo_twin_plugin.expressions.functions import COLUMNS, help_text

    for name in COLUMNS:
        shown = help_text(name)
        assert all(i in shown for i in indicator_ids())


# --- live -----------------------------------------------------------------------------------------
@pytest.fixture
def live(qgis_app):
    """Expressions with a live session: a town, its layer ``design`` in the project."""
    from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer

    from dgo_twin_plugin import expressions
    from tests.engine.town import town

    QgsProject.instance().clear()
    made = town().assess()
    layer = QgsVectorLayer("Polygon?field=a:integer", "design", "memory")
    for _, wkt, *_ in town().surfaces:  # ids 1, 2, ... as the scene of the town has them
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        assert layer.dataProvider().addFeatures([feature])[0]
    QgsProject.instance().addMapLayer(layer)
    registration = expressions.register()
    held = [made]
    expressions.set_live(lambda: held[0])
    yield held, layer
    expressions.set_live(None)
    expressions.unregister(registration)
    QgsProject.instance().clear()


def test_live_values_answer_by_plan_zone_and_theme(live):
    held, _ = live
    for r in held[0].scores:
        assert evaluate(f"dgo_mark('{r.indicator}', {r.zone_id})") == r.mark
    total = next(t for t in held[0].totals if (t.zone_id, t.theme) == (0, "total"))
    assert evaluate("dgo_mark('total')") == total.mark
    green = next(t for t in held[0].totals if (t.zone_id, t.theme) == (0, "green"))
    assert evaluate("dgo_mark('theme green')") == green.mark  # 'green' itself is the indicator
    noise = next(r for r in held[0].scores if (r.indicator, r.zone_id) == ("traffic_noise", 0))
    assert evaluate("dgo_status('traffic_noise')") == noise.status == "below_minimum"
    assert evaluate("dgo_value('traffic_noise')") == noise.value


def test_live_features_of_the_design_answer_for_themselves_and_their_zone(live):
    held, layer = live
    table = next(t for t in held[0].places() if t.indicator == "traffic_noise")
    surfaces = held[0].scene.surfaces
    want = {int(surfaces.fid[row]): (mark, zone)
            for row, mark, zone in zip(table.feature, table.mark, table.zone)}  # fmt: skip
    assert len(want) > 5
    for feature in layer.getFeatures():
        mark, zone = want.get(feature.id(), (None, None))
        assert evaluate("dgo_mark('traffic_noise', 'feature')", layer, feature) == mark
        if zone is not None:
            row = held[0].prepared["traffic_noise"].rows[zone]
            assert evaluate("dgo_mark('traffic_noise', 'zone')", layer, feature) == row.mark


def test_live_answers_follow_the_session_and_a_slider(live):
    held, layer = live
    aim = held[0].prepared["shade"].rows[0]
    assert evaluate("dgo_status('open_water', 1)") in ("below_minimum", "ok", "below_ambition")
    held[0] = held[0].judged({"all": {"shade": 0.0}}, None)
    rows = {r.zone_id: r for r in held[0].scores if r.indicator == "shade"}
    assert evaluate("dgo_status('shade', 1)") == rows[1].status
    # an edit: the lamps are gone, so the light on the façade of feature 3 is another
    from tests.engine.town import town

    feature = layer.getFeature(3)
    first = evaluate("dgo_value('light_nuisance', 'feature')", layer, feature)
    made = town()
    made.items = [row for row in made.items if row[0] != "luminaire"]
    held[0] = made.assess(["light_nuisance"])
    second = evaluate("dgo_value('light_nuisance', 'feature')", layer, feature)
    assert first is not None and second != first
    held[0] = None
    assert aim.mark is not None and evaluate("dgo_mark('shade')") is None


def test_a_stored_run_keeps_its_own_marks_beside_the_live_ones(shown):
    from dgo_twin_plugin import expressions
    from tests.engine.town import town

    project, path, run = shown
    made = town().assess(["open_water"])
    stored = {(s["indicator"], s["zone_id"]): s for s in rows(path, "scores", run)}
    zones = next(x for x in project.mapLayers().values()
                 if str(x.customProperty("dgo/result")).startswith("zones"))  # fmt: skip
    now = made.prepared["open_water"].rows[0].mark
    assert now != stored["open_water", 0]["mark"]
    expressions.set_live(lambda: made)
    try:
        assert evaluate("dgo_mark('open_water')") == now
        assert evaluate("dgo_mark('open_water')", zones) == stored["open_water", 0]["mark"]
    finally:
        expressions.set_live(None)
    assert evaluate("dgo_mark('open_water')") == stored["open_water", 0]["mark"]


def test_a_stored_run_knows_the_zone_of_a_scored_feature(shown):
    from qgis.core import QgsFeature, QgsProject, QgsVectorLayer

    project, path, run = shown
    places = [p for p in rows(path, "places", run) if p["source_fid"] is not None]
    assert places
    name, fid = places[0]["source_layer"], int(places[0]["source_fid"])
    zone = min(p["zone_id"] for p in places
               if (p["source_layer"], int(p["source_fid"])) == (name, fid))  # fmt: skip
    layer = QgsVectorLayer("Polygon?field=a:integer", name, "memory")
    QgsProject.instance().addMapLayer(layer)
    feature = QgsFeature(layer.fields())
    feature.setId(fid)
    feature.setValid(True)
    stored = {(s["indicator"], s["zone_id"]): s for s in rows(path, "scores", run)}
    found = evaluate("dgo_mark('open_water', 'zone')", layer, feature)
    assert found == stored["open_water", zone]["mark"]


def test_in_a_label_a_layout_and_a_form(live):
    """The three places where people put them, evaluated as QGIS does there."""
    from qgis.core import (
        QgsExpression,
        QgsExpressionContextUtils,
        QgsLayoutItemLabel,
        QgsPalLayerSettings,
        QgsPrintLayout,
        QgsProject,
    )

    held, layer = live
    mark = held[0].prepared["traffic_noise"].rows[0].mark
    layout = QgsPrintLayout(QgsProject.instance())
    layout.initializeDefaults()
    label = QgsLayoutItemLabel(layout)
    label.setText("[% format_number(dgo_mark('traffic_noise'), 3, 'en') %]")
    assert label.currentText() == f"{mark:.3f}"
    settings = QgsPalLayerSettings()
    settings.fieldName, settings.isExpression = "dgo_mark('traffic_noise', 'feature')", True
    context = layer.createExpressionContext()
    feature = layer.getFeature(3)
    context.setFeature(feature)
    assert settings.getLabelExpression().prepare(context)
    own = evaluate("dgo_mark('traffic_noise', 'feature')", layer, feature)
    assert own is not None and settings.getLabelExpression().evaluate(context) == own
    form = QgsExpression("dgo_status('traffic_noise', 'feature')")
    scopes = QgsExpressionContextUtils.globalProjectLayerScopes(layer)
    from qgis.core import QgsExpressionContext

    context = QgsExpressionContext(scopes)
    context.appendScope(QgsExpressionContextUtils.formScope(feature))
    context.setFeature(feature)
    assert form.evaluate(context) == ("ok" if own >= 6 else "below_minimum")


def test_help_says_where_and_when(qgis_app):
    from dgo_twin_plugin.engine.texts import language, set_language
    from dgo_twin_plugin.expressions.functions import help_text

    before = language()
    try:
        for lang, words in (("nl", ("lay-outs", "live")), ("en", ("layouts", "live"))):
            set_language(lang)
            assert all(word in help_text("dgo_mark") for word in words)
    finally:
        set_language(before)


def test_only_layers_that_ask_for_marks_are_drawn_again(live):
    from qgis.core import (
        QgsPalLayerSettings,
        QgsProject,
        QgsVectorLayer,
        QgsVectorLayerSimpleLabeling,
    )

    from dgo_twin_plugin.expressions.uses import Users

    _, layer = live
    other = QgsVectorLayer("Point?field=a:integer", "ander", "memory")
    QgsProject.instance().addMapLayer(other)
    drawn = []
    layer.repaintRequested.connect(lambda *_: drawn.append("design"))
    other.repaintRequested.connect(lambda *_: drawn.append("ander"))
    users = Users(QgsProject.instance())
    assert users.repaint() == 0 and not drawn
    settings = QgsPalLayerSettings()
    settings.fieldName, settings.isExpression = "dgo_mark('green', 'zone')", True
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)
    layer.emitStyleChanged()  # as the dialogue of QGIS does
    drawn.clear()
    assert users.repaint() == 1 and drawn == ["design"]
    QgsProject.instance().removeMapLayer(layer.id())
    assert users.repaint() == 0
    users.end()
    other.emitStyleChanged()
