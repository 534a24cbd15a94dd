"""The result group: one per run, found again, reloaded and never replaced."""

from __future__ import annotations

import datetime
import threading

import pytest

from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.store import runs

from . import results_sample as sample
from .test_results import put


@pytest.fixture
def project(qgis_app):
    from qgis.core import QgsProject

    made = QgsProject()
    yield made
    made.clear()


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "plan.gpkg"
    return path, put(path)


def show(project, path, run_id="", lang="nl"):
    from dgo_twin_plugin.layers import group

    return group.add_results(project, path, run_id, lang, {"GT04": "Groenstedelijk"})


def layers_by_key(project):
    return {layer.customProperty("dgo/result"): layer for layer in project.mapLayers().values()}


def test_one_group_with_findings_zones_indicators_and_tables(project, results):
    path, run = results
    group = show(project, path)
    assert group.customProperty("dgo/run") == run.run_id
    # stored in UTC, shown in the time of here
    local = datetime.datetime.fromisoformat(run.started).astimezone()
    assert group.name() == f"DGO Variant B · {local:%d-%m-%Y %H:%M}"
    assert project.layerTreeRoot().children()[0] is group or (
        project.layerTreeRoot().children()[0] == group)  # fmt: skip
    layers = layers_by_key(project)
    assert set(layers) == {
        "breaches|MULTIPOLYGON", "alerts|MULTIPOLYGON", "alerts", "checks|POINT", "checks",
        "zones|MULTIPOLYGON", "ind_open_water|MULTIPOLYGON", "ind_green|MULTIPOLYGON",
        "ind_traffic_noise|POINT", "scores", "score_parts", "totals", "runs"}  # fmt: skip
    assert {key: layer.featureCount() for key, layer in layers.items()} == {
        "breaches|MULTIPOLYGON": 2, "alerts|MULTIPOLYGON": 1, "alerts": 1, "checks|POINT": 1,
        "checks": 1, "zones|MULTIPOLYGON": 2, "ind_open_water|MULTIPOLYGON": 5,
        "ind_green|MULTIPOLYGON": 2, "ind_traffic_noise|POINT": 2, "scores": 9, "score_parts": 2,
        "totals": 9, "runs": 1}  # fmt: skip
    assert all(layer.isValid() and layer.readOnly() for layer in layers.values())
    visible = {node.layer().customProperty("dgo/result") for node in group.findLayers()
               if node.isVisible()}  # fmt: skip
    assert visible == {"breaches|MULTIPOLYGON", "alerts|MULTIPOLYGON", "zones|MULTIPOLYGON"}


def test_a_second_call_keeps_the_layers_and_the_users_styling(project, results):
    path, run = results
    group = show(project, path)
    before = {k: layer.id() for k, layer in layers_by_key(project).items()}
    zones = layers_by_key(project)["zones|MULTIPOLYGON"]
    zones.setOpacity(0.123)
    group.setName("mijn groep")
    again = show(project, path, run.run_id)
    assert again.name() == "mijn groep"
    assert {k: layer.id() for k, layer in layers_by_key(project).items()} == before
    assert zones.opacity() == 0.123
    assert len(project.layerTreeRoot().findGroups()) == 1
    assert len(project.relationManager().relations()) == 2


def test_a_layer_the_user_removed_comes_back(project, results):
    path, run = results
    show(project, path)
    project.removeMapLayer(layers_by_key(project)["scores"].id())
    show(project, path, run.run_id)
    assert layers_by_key(project)["scores"].featureCount() == 9


def test_a_new_run_gets_its_own_group_while_the_first_is_open(project, results):
    path, first = results
    show(project, path)
    open_layers = dict(project.mapLayers())
    rows = list(layers_by_key(project)["scores"].getFeatures())
    second = put(path, sample.record("Variant C"))  # written while QGIS has the file open
    show(project, path, second.run_id)
    assert len(project.layerTreeRoot().findGroups()) == 2
    for layer_id, layer in open_layers.items():
        assert project.mapLayer(layer_id) is layer or project.mapLayer(layer_id) == layer
        ids = {f["run_id"] for f in layer.getFeatures()}
        assert ids == {first.run_id}, layer.name()
    assert len(rows) == 9
    assert len(project.mapLayers()) == 26


def test_reload_shows_what_changed_in_the_file(project, results):
    from dgo_twin_plugin.layers import group

    path, run = results
    show(project, path)
    zones = layers_by_key(project)["zones|MULTIPOLYGON"]
    assert zones.featureCount() == 2
    runs.delete_runs(path, [run.run_id])
    assert group.reload_results(project, path) == 13
    assert zones.featureCount() == 0
    group.remove_run(project, path, run.run_id)
    assert project.mapLayers() == {} and project.layerTreeRoot().findGroups() == []


@pytest.mark.parametrize("lang,mark,status", [
    ("nl", "Cijfer", "grenswaarde overschreden"), ("en", "Mark", "legal limit exceeded")])
def test_aliases_and_value_maps_in_both_languages(project, results, lang, mark, status):
    path, _ = results
    show(project, path, lang=lang)
    scores = layers_by_key(project)["scores"]
    fields = scores.fields()
    assert scores.attributeAlias(fields.indexOf("mark")) == mark
    widget = scores.editorWidgetSetup(fields.indexOf("status"))
    assert widget.type() == "ValueMap"
    assert {status: "legal_breach"} in widget.config()["map"]
    types = scores.editorWidgetSetup(fields.indexOf("area_type")).config()["map"]
    assert types == [{"GT04 Groenstedelijk": "GT04"}]
    assert scores.editorWidgetSetup(fields.indexOf("run_id")).type() == "Hidden"
    unnamed = [(key, field.name()) for key, layer in layers_by_key(project).items()
               for i, field in enumerate(layer.fields()) if not layer.attributeAlias(i)]
    assert unnamed == []


def test_relations_lead_from_zone_to_scores_to_parts(project, results):
    path, run = results
    show(project, path)
    layers = layers_by_key(project)
    relations = project.relationManager().relations()
    first = relations[f"dgo_scores_{run.run_id}"]
    second = relations[f"dgo_parts_{run.run_id}"]
    assert first.isValid() and second.isValid()
    zone = next(f for f in layers["zones|MULTIPOLYGON"].getFeatures() if f["zone_id"] == 1)
    scores = list(first.getRelatedFeatures(zone))
    assert sorted(s["indicator"] for s in scores) == ["green", "open_water", "traffic_noise"]
    green = next(s for s in scores if s["indicator"] == "green")
    assert sorted(p["part"] for p in second.getRelatedFeatures(green)) == ["a", "b"]


def test_metadata_says_status_source_and_history(project, results):
    path, run = results
    show(project, path)
    for key, layer in layers_by_key(project).items():
        metadata = layer.metadata()
        assert "voorstel, niet vastgesteld" in metadata.abstract(), key
        assert "Variant B" in metadata.title()
        history = " ".join(metadata.history())
        assert run.run_id in history and "sha256:0123" in history and "2026-11-21" in history


def test_zones_offer_a_style_per_mark(project, results):
    path, _ = results
    show(project, path)
    zones = layers_by_key(project)["zones|MULTIPOLYGON"]
    names = zones.styleManager().styles()
    assert zones.styleManager().currentStyle() == "Totaalcijfer"
    assert len(names) == 3  # total, and the two of three indicators that have a mark
    assert "mark_total" in zones.renderer().rootRule().children()[0].filterExpression()
    other = next(n for n in names if n != "Totaalcijfer")
    zones.styleManager().setCurrentStyle(other)
    used = zones.renderer().rootRule().children()[0].filterExpression()
    assert "mark_open_water" in used or "mark_traffic_noise" in used


def test_zone_labels_never_show_a_total_without_its_breaches(project, results):
    from qgis.core import QgsExpression, QgsExpressionContext, QgsExpressionContextUtils

    path, _ = results
    show(project, path)
    zones = layers_by_key(project)["zones|MULTIPOLYGON"]
    expression = QgsExpression(zones.labeling().settings().fieldName)
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(zones))
    shown = []
    for feature in zones.getFeatures():
        context.setFeature(feature)
        shown.append(expression.evaluate(context))
    # zone 1: total 6.05 with a breach; zone 2: 6.98 without
    assert shown == ["zone 1\n6,1 §", "zone 2\n7,0"]


def test_it_draws(project, results, tmp_path):
    """The zones are drawn in the colours of their class: the picture holds teal, not just white."""
    from qgis.core import QgsMapRendererParallelJob, QgsMapSettings
    from qgis.PyQt.QtCore import QSize

    path, _ = results
    show(project, path)
    zones = layers_by_key(project)["zones|MULTIPOLYGON"]
    settings = QgsMapSettings()
    settings.setLayers([zones])
    settings.setExtent(zones.extent())
    settings.setOutputSize(QSize(200, 100))
    settings.setDestinationCrs(zones.crs())
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    left = image.pixelColor(12, 90)  # zone 1, total 6.05: class 6-7, a light teal
    assert left.green() > left.red() and left.blue() > left.red()


def test_only_from_the_main_thread(project, results):
    path, _ = results
    caught = []

    def other():
        try:
            show(project, path)
        except RuntimeError as problem:
            caught.append(problem)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert len(caught) == 1 and project.mapLayers() == {}


def test_no_such_run_is_told(project, results):
    path, _ = results
    with pytest.raises(DgoError) as problem:
        show(project, path, "nope")
    assert problem.value.message.key == "results.error.run"
