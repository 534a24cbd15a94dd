"""The mapping assistant on a layer of somebody's own: what it proposes, keeps and leaves alone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.panel.conftest import wait

ROWS = [  # functie, hoogte_cm, lagen, dak
    ("Woonblok laag", 900, 3, "plat"), ("Woonblok laag", 600, 2, "zadeldak"),
    ("Wadi", None, None, None), ("asfalt", None, None, None), ("Xyz", None, None, None),
    (None, None, None, None),
]  # fmt: skip


@pytest.fixture
def layer(tmp_path: Path, qgis_project: Any) -> Any:
    """A design with its own words in a GeoPackage, in a saved project."""
    from qgis.core import (
        QgsCoordinateTransformContext,
        QgsFeature,
        QgsGeometry,
        QgsVectorFileWriter,
        QgsVectorLayer,
    )

    made = QgsVectorLayer(
        "Polygon?crs=EPSG:28992&field=functie:string&field=hoogte_cm:integer&field=lagen:integer"
        "&field=dak:string", "vlakken", "memory")  # fmt: skip
    for i, values in enumerate(ROWS):
        feature = QgsFeature(made.fields())
        feature.setAttributes(list(values))
        x = 1000 * 135 + 20 * i
        feature.setGeometry(QgsGeometry.fromWkt(
            f"POLYGON(({x} 455000,{x + 10} 455000,{x + 10} 455010,{x} 455010,{x} 455000))"))
        made.dataProvider().addFeature(feature)
    path = tmp_path / "plan" / "ontwerp.gpkg"
    path.parent.mkdir()
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", "vlakken"
    QgsVectorFileWriter.writeAsVectorFormatV3(
        made, str(path), QgsCoordinateTransformContext(), options)  # fmt: skip
    found = QgsVectorLayer(f"{path}|layername=vlakken", "vlakken", "ogr")
    assert found.isValid()
    qgis_project.addMapLayer(found)
    assert qgis_project.write(str(path.with_name("plan.qgz")))
    return found


@pytest.fixture
def open_dialog(window: Any, language: str) -> Iterator[Any]:
    """Opens assistants and ends them."""
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.panel.mapping import MappingDialog

    made = []

    def make(layer: Any, twin_file: str = "") -> Any:
        dialog = MappingDialog(window.window, layer, twin_file)
        dialog.ask_leave = lambda name: "leave"
        dialog.show()
        settled(dialog)
        made.append(dialog)
        return dialog

    yield make
    for dialog in made:
        if not sip.isdeleted(dialog):
            dialog.reject()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def settled(dialog: Any) -> None:
    """Wait until all is counted, also the expressions of the proposals."""
    wait(lambda: not dialog.state.busy and not dialog._later.isActive()
         and not (dialog.state.is_counted and dialog.state.uncounted()))  # fmt: skip


def rows_of(dialog: Any) -> dict[str, tuple[int, str]]:
    return {r.term: (r.count, r.function) for r in dialog.state.terms.rows}


def test_it_opens_with_a_proposal(layer: Any, open_dialog: Any) -> None:
    dialog = open_dialog(layer)
    choice = dialog.state.choice
    assert choice.function == "functie"
    assert rows_of(dialog) == {"Woonblok laag": (2, "dwelling"), "Wadi": (1, "swale"),
                               "asfalt": (1, "road"), "Xyz": (1, "")}  # fmt: skip
    # Wadi is in the list of functions: it needs no entry of its own
    assert dict(choice.terms) == {"Woonblok laag": "dwelling", "asfalt": "road"}
    assert choice.fields["height"] == '="hoogte_cm" * 0.01'
    assert choice.fields["floors"] == "lagen"
    assert choice.fields["roof"].startswith('=CASE WHEN "dak"')
    # 4 of 6 features: Xyz is unknown, one has no term
    assert dialog.state.coverage()[:2] == (4, 6)
    height = next(r for r in dialog.state.field_rows() if r.canonical == "height")
    assert height.share == pytest.approx(2 / 6) and not height.warn


def test_what_is_saved_is_what_a_run_reads(layer: Any, open_dialog: Any, qgis_project: Any) -> None:
    from dgo_twin_plugin.engine.functions import load_functions
    from dgo_twin_plugin.engine.mapping import canonical
    from dgo_twin_plugin.layers.gather import gather, read_all
    from dgo_twin_plugin.project.roles import project_twin

    file = Path(layer.source().partition("|")[0])
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    dialog = open_dialog(layer)
    dialog.state.set_term("Xyz", "wood")
    dialog.save.click()
    assert not dialog.state.is_dirty
    assert qgis_project.isDirty()
    assert not layer.isEditable() and layer.customPropertyKeys() == []
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    twin = project_twin(qgis_project)
    reading = read_all(gather(twin, qgis_project), lambda: None, lambda done: None)
    raw = reading.sources.design[0]
    checks: list[Any] = []
    found = canonical(raw, load_functions(), reading.sources.terms, None, checks)
    assert found.function.tolist() == ["dwelling", "dwelling", "swale", "road", "wood", None]
    assert found.fields["height"][:2].tolist() == [9.0, 6.0]
    assert found.fields["roof"][:2].tolist() == ["flat", "pitched"]
    assert [c.code for c in checks] == ["empty_function"]


def test_it_opens_again_with_what_is_in_force(layer: Any, open_dialog: Any,
                                              qgis_project: Any) -> None:  # fmt: skip
    first = open_dialog(layer)
    first.state.set_term("Xyz", "wood")
    first.state.set_field("height", "")
    first.save.click()
    kept = first.state.choice
    file = qgis_project.fileName()
    assert qgis_project.write()
    first.reject()
    assert qgis_project.read(file)  # as on another computer: layers are new objects
    again = next(iter(qgis_project.mapLayers().values()))
    second = open_dialog(again)
    assert second.state.choice == kept
    assert not second.state.is_dirty and second.state.offers() >= 1  # the height, once more
    assert next(r for r in second.state.terms.rows if r.term == "Xyz").why == "Zo is het bewaard"


def test_undo_goes_step_by_step(layer: Any, open_dialog: Any) -> None:
    dialog = open_dialog(layer)
    start = dialog.state.choice
    dialog.state.set_term("Xyz", "wood")
    dialog.none.click()
    assert not dialog.state.choice.terms and not dialog.state.choice.fields
    assert dialog.state.choice.function == "functie"
    dialog.undo.click()
    assert dialog.state.choice.terms["Xyz"] == "wood"
    dialog.undo.click()
    assert dialog.state.choice == start and not dialog.undo.isEnabled()
    dialog.redo.click()
    assert dialog.state.choice.terms["Xyz"] == "wood"


def test_all_and_none(layer: Any, open_dialog: Any) -> None:
    dialog = open_dialog(layer)
    start = dialog.state.choice
    dialog.none.click()
    assert dialog.accept_all.isEnabled()
    dialog.accept_all.click()
    assert dialog.state.choice == start  # nothing was left below likely here
    assert dialog.state.offers() == 0 and not dialog.accept_all.isEnabled()


def test_a_twin_file_keeps_its_other_blocks_and_comments(layer: Any, open_dialog: Any,
                                                         tmp_path: Path) -> None:  # fmt: skip
    from dgo_twin_plugin.engine.twin import load_twin

    file = tmp_path / "plan" / "plan.yml"
    file.write_text(
        "# Plan Zuidrand\nscenario: A\n\n# the drawing\ndesign:\n"
        "  - layer: ontwerp.gpkg|vlakken\n    filter: '\"lagen\" > 0'\n"
        "    function: functie\n  - {layer: bomen.gpkg, functions: tree}\n\n"
        "# what counts\nambitions:\n  all: {traffic_noise: 50}   # agreed in March\n",
        encoding="utf-8")  # fmt: skip
    dialog = open_dialog(layer, str(file))
    assert dialog.file_on.isChecked()  # the file goes before the project
    dialog.accept_all.click()
    dialog.save.click()
    said = file.read_text(encoding="utf-8")
    for kept in ("# Plan Zuidrand", "# the drawing", "# what counts", "# agreed in March"):
        assert kept in said
    twin = load_twin(file, check_files=False)
    assert twin.scenario == "A" and twin.ambitions == {"all": {"traffic_noise": 50.0}}
    first, second = twin.design
    assert (first.layer, first.filter) == ("ontwerp.gpkg|vlakken", '"lagen" > 0')
    assert first.functions == dict(dialog.state.choice.terms)
    assert first.fields["height"] == '="hoogte_cm" * 0.01'
    assert (second.layer, second.functions) == ("bomen.gpkg", "tree")
    assert not list(file.parent.glob("*.new"))


def test_a_new_twin_file_is_relative(layer: Any, open_dialog: Any, tmp_path: Path) -> None:
    from dgo_twin_plugin.engine.twin import load_twin

    file = tmp_path / "plan" / "nieuw"
    dialog = open_dialog(layer)
    dialog.file_on.setChecked(True)
    dialog.file.setFilePath(str(file))
    dialog.save.click()
    twin = load_twin(file.with_suffix(".yml"))  # the file of the layer is found from there
    assert twin.design[0].layer == "ontwerp.gpkg|vlakken"


def test_a_file_that_cannot_be_read_is_not_touched(layer: Any, open_dialog: Any, tmp_path: Path,
                                                   qgis_project: Any) -> None:  # fmt: skip
    from dgo_twin_plugin.project.roles import project_twin

    file = tmp_path / "bad.yml"
    file.write_text("design: {layer: [\n", encoding="utf-8")
    dialog = open_dialog(layer)
    dialog.file_on.setChecked(True)
    dialog.file.setFilePath(str(file))
    dialog.save.click()
    assert file.read_text(encoding="utf-8") == "design: {layer: [\n"
    assert "bad.yml" in dialog.outcome.text() and dialog.outcome._warn
    assert project_twin(qgis_project).design  # the project has it all the same


def test_roles_that_layers_carry_are_not_hidden(layer: Any, open_dialog: Any,
                                                qgis_project: Any) -> None:  # fmt: skip
    from qgis.core import QgsVectorLayer

    from dgo_twin_plugin.project.roles import project_twin, set_role

    trees = QgsVectorLayer("Point?crs=EPSG:28992&field=h:double", "bomen", "memory")
    qgis_project.addMapLayer(trees)
    set_role(trees, "design", functions="tree")
    dialog = open_dialog(layer)
    dialog.save.click()
    assert {e.layer for e in project_twin(qgis_project).design} == {trees.id(), layer.id()}
    # a layer that carries its own reading keeps it there
    qgis_project.removeEntry("dgo_twin", "twin")
    set_role(layer, "design", function="functie", date="2025")
    other = open_dialog(layer)
    other.state.set_term("Xyz", "wood")
    other.save.click()
    entry = next(e for e in project_twin(qgis_project).design if e.layer == layer.id())
    assert entry.functions["Xyz"] == "wood" and entry.date == "2025"


@pytest.mark.parametrize(("expression", "says"), [
    ('"hoogte_cm" * ', "syntax"), ('"bestaat_niet" * 3', "bestaat_niet"),
    ("aggregate('vlakken', 'max', \"lagen\")", "aggregate"), ("sum(\"lagen\")", "sum"),
])  # fmt: skip
def test_an_expression_that_does_not_work_is_a_check(
    layer: Any, qgis_project: Any, expression: str, says: str
) -> None:
    from dgo_twin_plugin.engine.texts import text
    from dgo_twin_plugin.engine.twin import LayerEntry, Twin
    from dgo_twin_plugin.layers.gather import gather, read_all

    twin = Twin(design=(LayerEntry(layer.id(), function="functie",
                                   fields={"height": f"={expression}"}),))  # fmt: skip
    reading = read_all(gather(twin, qgis_project), lambda: None, lambda done: None)
    found = [c for c in reading.sources.checks if c.code == "bad_expression"]
    assert len(found) == 1
    title = text(found[0].title(), "nl")
    assert says in title and "vlakken" in title and "height" in title and str(len(ROWS)) in title
    assert reading.sources.design[0].columns[f"={expression}"] == [None] * len(ROWS)


def test_an_expression_may_ask_the_geometry_in_metres(layer: Any, qgis_project: Any) -> None:
    from dgo_twin_plugin.engine.twin import LayerEntry, Twin
    from dgo_twin_plugin.layers.gather import gather, read_all

    twin = Twin(design=(LayerEntry(layer.id(), function="=coalesce(\"functie\", 'leeg')",
                                   fields={"gfa": '=$area * "lagen"'}),))  # fmt: skip
    reading = read_all(gather(twin, qgis_project), lambda: None, lambda done: None)
    columns = reading.sources.design[0].columns
    assert columns['=$area * "lagen"'][:3] == [pytest.approx(300), pytest.approx(200), None]
    assert columns["=coalesce(\"functie\", 'leeg')"][-1] == "leeg"
    assert reading.sources.checks == []


def test_an_error_shows_with_the_field(layer: Any, open_dialog: Any) -> None:
    dialog = open_dialog(layer)
    dialog.state.set_field("height", '="hoogte_cm" * 0.01 || nietes')
    dialog._count_new()
    settled(dialog)
    row = next(r for r in dialog.state.field_rows() if r.canonical == "height")
    assert row.warn and "nietes" in row.why
    dialog.state.set_field("height", '="hoogte_cm" * 0.01 - 100')  # below the ground
    dialog._count_new()
    settled(dialog)
    row = next(r for r in dialog.state.field_rows() if r.canonical == "height")
    assert row.warn and row.why.startswith("2 ") and row.share == 0


def test_one_field_for_two_is_said(layer: Any, open_dialog: Any) -> None:
    dialog = open_dialog(layer)
    dialog.state.set_field("population", "lagen")
    rows = {r.canonical: r for r in dialog.state.field_rows()}
    assert rows["population"].warn and "Bouwlagen" in rows["population"].why


def test_counting_can_be_stopped(layer: Any, open_dialog: Any,
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    from dgo_twin_plugin.layers import counts

    def endless(given: Any, names: Any, expressions: Any, tick: Any) -> Any:
        while True:  # ends only where the tick says so
            tick(1)
            time.sleep(0.002)

    dialog = open_dialog(layer)
    with monkeypatch.context() as patched:
        patched.setattr(counts, "count", endless)
        dialog.recount.click()
        assert dialog.stop.isVisibleTo(dialog) and not dialog.strip.isVisibleTo(dialog)
        wait(lambda: dialog.progress.value() > 0)
        dialog.stop.click()
        wait(lambda: not dialog.state.busy)
    assert "gestopt" in dialog.outcome.text() and dialog.state.terms.rows == []
    dialog.recount.click()
    settled(dialog)
    assert len(dialog.state.terms.rows) == 4


def test_counting_sees_unsaved_edits(layer: Any, open_dialog: Any) -> None:
    layer.startEditing()
    feature = next(layer.getFeatures())
    column = layer.fields().indexFromName("functie")
    layer.changeAttributeValue(feature.id(), column, "Vijver groot")
    dialog = open_dialog(layer)
    assert rows_of(dialog)["Vijver groot"] == (1, "water")
    layer.rollBack()


def test_a_layer_that_goes_leaves_an_empty_window(layer: Any, open_dialog: Any,
                                                  qgis_project: Any) -> None:  # fmt: skip
    dialog = open_dialog(layer)
    dialog.recount.click()  # counting while it goes
    qgis_project.removeMapLayer(layer.id())
    wait(lambda: not dialog.state.busy)
    assert dialog.state.layer is None and not dialog.save.isEnabled()
    assert dialog.state.terms.rows == []


def test_unsaved_choices_are_asked_about(layer: Any, open_dialog: Any, qgis_project: Any) -> None:
    from dgo_twin_plugin.project.roles import project_twin

    dialog = open_dialog(layer)
    asked: list[str] = []
    dialog.ask_leave = lambda name: asked.append(name) or "stay"
    dialog.reject()
    assert asked == ["vlakken"] and dialog.isVisible()
    dialog.ask_leave = lambda name: "save"
    dialog.reject()
    assert not dialog.isVisible() and project_twin(qgis_project).design


def test_the_list_of_functions_is_found_by_typing(layer: Any, open_dialog: Any) -> None:
    from dgo_twin_plugin.panel.mapping_model import FunctionBox

    dialog = open_dialog(layer)
    box = FunctionBox(dialog, "–")
    for typed, expected in (("woongebouw", "dwelling"), ("Wadi", "swale"), ("wonen", "dwelling"),
                            ("–", ""), ("bestaat niet", "")):  # fmt: skip
        box.setEditText(typed)
        assert box.function() == expected, typed
    box.choose("tree")
    assert box.function() == "tree"


@pytest.mark.parametrize("language", ["en", "nl"], indirect=True)
def test_every_widget_has_a_name(layer: Any, open_dialog: Any, language: str) -> None:
    dialog = open_dialog(layer)
    for widget in (dialog.layer, dialog.function, dialog.whole, dialog.terms, dialog.find,
                   dialog.strip, *dialog.fields.boxes.values()):  # fmt: skip
        assert widget.accessibleName(), widget
    shown = [dialog.windowTitle(), dialog.tabs.tabText(0), dialog.save.text(), dialog.strip.said]
    assert not any("mapping." in s or "{" in s for s in shown)
    assert dialog.windowTitle() == ("Map fields and terms" if language == "en"
                                    else "Velden en begrippen koppelen")  # fmt: skip
