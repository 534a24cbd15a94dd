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
