"""The wizard that starts a plan: its steps, the drawing of the area, and a whole start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dgo_twin_plugin.engine.texts import LANGUAGES, set_language
from tests.panel.conftest import wait
from tests.qgis import plans as p
from tests.qgis.plans import box, write

KEY = re.compile(r"\b(wizard|startsheet|panel|words|algorithms|errors)\.[a-z_]+")


@pytest.fixture
def material(tmp_path: Path) -> Path:
    """What is there now, an area-type map and a nature area, around a plan of 200 x 100 m."""
    folder = tmp_path / "bron"
    folder.mkdir()
    write(folder / "plan.gpkg", "area", [(box(0, 0, 200, 100), {"naam": "Veld"}),
                                         (box(300, 0, 400, 100), {"naam": "Ander"})])  # fmt: skip
    write(folder / "nu.gpkg", "nu", [(box(-200, -200, 400, 300), {"function": "grass"})])
    write(folder / "typen.gpkg", "kaart", [(box(-500, -500, 150, 500), {"gebiedstype": "GT04"}),
                                           (box(150, -500, 700, 500), {"gebiedstype": "Weide"})])
    write(folder / "natuur.gpkg", "natuur", [(box(150, 0, 300, 100), {"name": "Veen"})])
    return folder


@pytest.fixture
def project(qgis_project: Any, material: Path) -> Any:
    """A project with those layers; the nature area has its role."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsVectorLayer

    from dgo_twin_plugin.project.roles import set_role

    qgis_project.setCrs(QgsCoordinateReferenceSystem("EPSG:28992"))
    for file, name in (("plan", "area"), ("nu", "nu"), ("typen", "kaart"), ("natuur", "natuur")):
        layer = QgsVectorLayer(f"{material / file}.gpkg|layername={name}", name, "ogr")
        assert layer.isValid()
        if name == "natuur":
            set_role(layer, "natura2000")
        qgis_project.addMapLayer(layer)
    return qgis_project


@pytest.fixture
def make_wizard(window: Any, language: str, provider: None, project: Any,
                ) -> Iterator[Callable[[], Any]]:  # fmt: skip
    """Opens the wizard as the plugin does, and closes it."""
    from qgis.core import QgsSettings
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.panel import close_wizard, open_wizard

    set_language(language)  # the plugin took that of QGIS when it made its provider
    QgsSettings().remove("dgo_twin/start")
    window.canvas.setDestinationCrs(project.crs())

    def make() -> Any:
        wizard = open_wizard(window)
        window.process()
        return wizard

    yield make
    close_wizard()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QgsSettings().remove("dgo_twin/start")


@pytest.fixture
def wizard(make_wizard: Callable[[], Any]) -> Any:
    return make_wizard()


def layer_named(project: Any, name: str) -> Any:
    return project.mapLayersByName(name)[0]


def area_of(wizard: Any, project: Any, feature: int = 1) -> None:
    """Choose the plan area: one feature of a layer, selected."""
    layer = layer_named(project, "area")
    layer.selectByIds([feature])
    wizard.area.by_layer.setChecked(True)
    wizard.area.layer.setLayer(layer)
    wizard.area._refresh()
    wizard.area.selected.setChecked(True)
    wizard.area.name.setText("Veld")


def add_role(wizard: Any, project: Any, role: str, name: str) -> None:
    wizard.sources.role.setCurrentIndex(wizard.sources.role.findData(role))
    wizard.sources.layer.setLayer(layer_named(project, name))
    wizard.sources.add.click()


# --- steps ----------------------------------------------------------------------------------------
def test_a_step_is_left_only_when_it_is_complete(wizard: Any, project: Any) -> None:
    assert wizard.step == 0 and not wizard.problem.isVisible()
    wizard.next.click()
    assert wizard.step == 0 and "naam" in wizard.problem.text() and wizard.problem.isVisible()
    wizard.area.name.setText("Veld")
    assert not wizard.problem.isVisible()  # gone as soon as something is done about it
    wizard.area.by_drawing.setChecked(True)
    wizard.next.click()
    assert wizard.step == 0 and "Teken het plangebied" in wizard.problem.text()
    area_of(wizard, project)
    assert wizard.area.hectares() == 2.0  # 200 x 100 m; the other polygon is not selected
    wizard.next.click()
    assert wizard.step == 1
    wizard.back.click()
    assert wizard.step == 0 and wizard.area.name.text() == "Veld"


def test_layers_with_a_role_are_listed_and_can_be_left_out(wizard: Any, project: Any) -> None:
    import yaml
    from qgis.PyQt.QtCore import Qt

    assert [i.text(0) for i in wizard.sources._items()] == ["Natura 2000"]
    assert [i.text(1) for i in wizard.sources._items()] == ["natuur"]
    assert "huidige situatie" in wizard.sources.said.text()  # nothing to assess yet
    add_role(wizard, project, "current", "nu")
    assert wizard.sources.has_current()
    (nature, now) = wizard.sources._items()
    nature.setCheckState(0, Qt.CheckState.Unchecked)
    said = yaml.safe_load(wizard.sources.parameters()["CONTEXT"])
    assert said["natura2000"] == []
    assert said["current"] == [{"layer": layer_named(project, "nu").id(), "function": "function"}]


def test_a_layer_that_cannot_play_the_part_is_refused(wizard: Any, project: Any) -> None:
    add_role(wizard, project, "no2", "nu")  # asks for a raster
    assert "raster" in wizard.sources.problem() and len(wizard.sources._items()) == 1
    add_role(wizard, project, "current", "kaart")  # does not say what is there
    assert "function" in wizard.sources.problem()


def test_types_of_the_map_can_be_overruled(wizard: Any, project: Any) -> None:
    """GT04 covers x 0-150: 1.5 ha; 'Weide' is no type of the profile: 0.5 ha."""
    import yaml

    area_of(wizard, project)
    wizard.go(2)
    wizard.types.layer.setLayer(layer_named(project, "kaart"))
    assert wizard.types.kind() == "map" and wizard.types.field.currentField() == "gebiedstype"
    table = wizard.types.table
    shown = [[table.topLevelItem(i).text(k) for k in (0, 1)]
             for i in range(table.topLevelItemCount())]  # fmt: skip
    assert shown == [["GT04", "1,5 ha"], ["Weide", "0,5 ha"]]
    assert "Niet elk woord" in wizard.types.said.text()
    box_ = table.itemWidget(table.topLevelItem(1), 2)
    assert box_.currentText() == "onbekend"
    box_.setCurrentIndex(box_.findData("GT10"))
    made = wizard.types.parameters()
    assert yaml.safe_load(made["OVERRULE"]) == {"Weide": "GT10"}
    assert made["AREA_TYPES"] == layer_named(project, "kaart").id()


def test_one_type_leaves_the_map_of_the_project_aside(wizard: Any, project: Any) -> None:
    area_of(wizard, project)
    wizard.go(2)
    wizard.types.how["one"].setChecked(True)
    wizard.types.one.setCurrentIndex(wizard.types.one.findData("GT04"))
    assert wizard.types.parameters() == {"CLASSIFY": False, "TWIN_MAP": False, "AREA_TYPE": "GT04"}


# --- drawing --------------------------------------------------------------------------------------
def clicks(tool: Any, points: list[tuple[float, float]]) -> None:
    """Corners, as map coordinates."""
    from qgis.core import QgsPointXY

    for x, y in points:
        tool.points.append(QgsPointXY(p.X + x, p.Y + y))
        tool._draw()


def test_the_former_tool_comes_back_after_drawing(wizard: Any, window: Any) -> None:
    from qgis.gui import QgsMapToolPan

    pan = QgsMapToolPan(window.canvas)
    window.canvas.setMapTool(pan)
    wizard.area.draw.click()
    assert window.canvas.mapTool() is wizard.area.tool and not wizard.isVisible()
    clicks(wizard.area.tool, [(0, 0), (200, 0), (200, 100), (0, 100)])
    wizard.area.tool.finish()
    assert window.canvas.mapTool() is pan and wizard.isVisible()
    assert wizard.area.hectares() == 2.0 and "2 ha" in wizard.area.drawn.text()
    # Escape: nothing changes, the tool comes back
    wizard.area.draw.click()
    clicks(wizard.area.tool, [(0, 0)])
    wizard.area.tool.stop()
    assert window.canvas.mapTool() is pan and wizard.isVisible()
    assert wizard.area.hectares() == 2.0


def test_keys_and_mouse_draw(wizard: Any, window: Any) -> None:
    from qgis.gui import QgsMapMouseEvent
    from qgis.PyQt.QtCore import QEvent, QPoint, Qt
    from qgis.PyQt.QtGui import QKeyEvent

    window.canvas.resize(400, 400)
    wizard.area.draw.click()
    tool = wizard.area.tool
    button = Qt.MouseButton

    def mouse(x: int, y: int, which: Any) -> None:
        tool.canvasReleaseEvent(QgsMapMouseEvent(window.canvas, QEvent.Type.MouseButtonRelease,
                                                 QPoint(x, y), which))  # fmt: skip

    def key(which: Any) -> None:
        tool.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, which, Qt.KeyboardModifier.NoModifier))

    mouse(10, 10, button.LeftButton)
    mouse(100, 10, button.LeftButton)
    key(Qt.Key.Key_Return)
    assert tool.busy  # two corners are no area yet
    mouse(300, 300, button.LeftButton)
    key(Qt.Key.Key_Backspace)
    assert len(tool.points) == 2
    mouse(100, 100, button.LeftButton)
    mouse(0, 0, button.RightButton)
    assert not tool.busy and wizard.area.shape is not None
    assert len(wizard.area.shape.asPolygon()[0]) == 4  # three corners, closed


def test_a_tool_that_the_user_takes_stays(wizard: Any, window: Any) -> None:
    from qgis.gui import QgsMapToolPan, QgsMapToolZoom

    pan, zoom = QgsMapToolPan(window.canvas), QgsMapToolZoom(window.canvas, False)
    window.canvas.setMapTool(pan)
    wizard.area.draw.click()
    clicks(wizard.area.tool, [(0, 0), (10, 0)])
    window.canvas.setMapTool(zoom)
    assert window.canvas.mapTool() is zoom and wizard.isVisible()
    assert wizard.area.tool.band is None and not wizard.area.tool.busy


def test_a_crossing_outline_is_named(wizard: Any) -> None:
    from qgis.core import QgsGeometry

    wizard.area.name.setText("Strik")
    wizard.area.by_drawing.setChecked(True)
    bow = f"POLYGON(({p.X} {p.Y},{p.X + 9} {p.Y + 9},{p.X + 9} {p.Y},{p.X} {p.Y + 9},{p.X} {p.Y}))"
    wizard.area.set_shape(QgsGeometry.fromWkt(bow))
    assert "kruist zichzelf" in wizard.area.problem()


def test_closing_leaves_canvas_and_tool_alone(wizard: Any, window: Any) -> None:
    from qgis.gui import QgsMapToolPan

    pan = QgsMapToolPan(window.canvas)
    window.canvas.setMapTool(pan)
    items = len(window.canvas.scene().items())
    wizard.area.draw.click()
    clicks(wizard.area.tool, [(0, 0), (10, 0), (10, 10)])
    wizard.reject()
    assert window.canvas.mapTool() is pan
    assert len(window.canvas.scene().items()) == items - 1  # its own outline is gone too


# --- the whole ------------------------------------------------------------------------------------
def ready(wizard: Any, project: Any, tmp_path: Path) -> None:
    """Everything chosen, at the last step."""
    area_of(wizard, project)
    add_role(wizard, project, "current", "nu")
    wizard.go(2)
    wizard.types.layer.setLayer(layer_named(project, "kaart"))
    wizard.go(3)
    wizard.parent_folder.setFilePath(str(tmp_path / "plannen"))
    assert str(tmp_path / "plannen" / "Veld") in wizard.target.text()


def test_a_plan_is_made_and_opened(wizard: Any, project: Any, tmp_path: Path) -> None:
    ready(wizard, project, tmp_path)
    wizard.next.click()
    assert wizard.runner.busy, wizard.problem.text()
    assert wizard.progress.isVisible() and not wizard.pages.isEnabled()
    wait(lambda: not wizard.runner.busy)
    assert wizard.made, wizard.problem.text()
    folder = tmp_path / "plannen" / "Veld"
    assert Path(wizard.made["PROJECT"]) == folder / "plan.qgz" and (folder / "plan.qgz").is_file()
    assert wizard.open_button.isVisible() and not wizard.back.isVisible()
    asked: list[Any] = []
    wizard.open_url = lambda url: not asked.append(url)
    wizard.sheet_button.click()
    assert Path(asked[0].toLocalFile()) == folder / "startblad.html"
    opened: list[str] = []
    wizard.open_project = opened.append
    wizard.open_button.click()
    assert opened == [str(folder / "plan.qgz")]


def test_the_made_project_shows_its_marks_in_the_panel(
    make_wizard: Callable[[], Any], make_dock: Callable[[], Any], project: Any, tmp_path: Path
) -> None:
    wizard = make_wizard()
    ready(wizard, project, tmp_path)
    wizard.start()
    wait(lambda: not wizard.runner.busy)
    project.setDirty(False)
    wizard.open_button.click()  # by the project of QGIS itself
    assert project.fileName().endswith("plan.qgz")
    dock = make_dock()
    assert dock.results.view is not None  # the current situation, scored
    assert not dock.mixer.plan_button.isVisible()


def test_stopping_leaves_nothing(wizard: Any, project: Any, tmp_path: Path) -> None:
    ready(wizard, project, tmp_path)
    wizard.start()
    wizard.cancel.click()
    wait(lambda: not wizard.runner.busy)
    assert not wizard.made and "Gestopt" in wizard.problem.text()
    assert wizard.next.isVisible() and wizard.pages.isEnabled()  # it can be started again
    import gc

    wizard.runner._kept = None  # what a next run would let go of
    gc.collect()
    folder = tmp_path / "plannen"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_full_folder_is_refused_with_a_remedy(wizard: Any, project: Any, tmp_path: Path) -> None:
    full = tmp_path / "plannen" / "Veld"
    full.mkdir(parents=True)
    (full / "brief.txt").write_text("van mij")
    ready(wizard, project, tmp_path)
    wizard.start()
    assert "niet leeg" in wizard.problem.text() and not wizard.runner.busy
    assert [f.name for f in full.iterdir()] == ["brief.txt"]


def test_choices_are_remembered(make_wizard: Callable[[], Any], project: Any,
                                tmp_path: Path) -> None:  # fmt: skip
    from dgo_twin_plugin.panel import close_wizard

    first = make_wizard()
    ready(first, project, tmp_path)
    first.sources.services.setChecked(True)
    first._remember()
    close_wizard()
    again = make_wizard()
    assert again is not first
    assert again.parent_folder.filePath() == str(tmp_path / "plannen")
    assert again.sources.services.isChecked()


def test_there_is_one_wizard_at_a_time(make_wizard: Callable[[], Any]) -> None:
    assert make_wizard() is make_wizard()


def test_the_panel_opens_it(dock: Any, make_wizard: Callable[[], Any], window: Any) -> None:
    from dgo_twin_plugin import panel

    assert dock.mixer.plan_button.isVisible()
    dock.mixer.plan_button.click()
    assert panel._open and panel._open[0].isVisible()


# --- words and keys -------------------------------------------------------------------------------
def said(widget: Any) -> Iterator[str]:
    """Every text that it shows or tells a screen reader."""
    from qgis.PyQt.QtWidgets import QTreeWidget, QWidget

    for each in [widget, *widget.findChildren(QWidget)]:
        yield each.toolTip()
        yield each.accessibleName()
        for name in ("text", "placeholderText", "windowTitle", "format"):
            if hasattr(each, name):
                yield str(getattr(each, name)())
        if isinstance(each, QTreeWidget):
            head = each.headerItem()
            yield from (head.text(i) for i in range(head.columnCount()))


@pytest.mark.parametrize("language", LANGUAGES, indirect=True)
def test_every_text_is_translated(wizard: Any, project: Any, tmp_path: Path) -> None:
    ready(wizard, project, tmp_path)
    texts = [text for text in said(wizard) if text]
    assert len(texts) > 60
    left = sorted({text for text in texts if KEY.search(text) or "{" in text})
    assert not left, left


def test_it_works_by_keyboard(wizard: Any, project: Any) -> None:
    from qgis.PyQt.QtCore import Qt

    assert wizard.next.isDefault() and not wizard.cancel.autoDefault()
    for step in range(4):
        wizard.pages.setCurrentIndex(step)
        wizard._busy(False)
        for widget in (wizard.next, wizard.cancel):
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus and "&" in widget.text() \
                or widget is wizard.cancel
    for widget in (wizard.area.name, wizard.area.layer, wizard.sources.list, wizard.types.one):
        assert widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.accessibleName()


def test_the_view_can_be_used_without_a_mouse(wizard: Any, window: Any) -> None:
    from qgis.core import QgsRectangle

    window.canvas.setExtent(QgsRectangle(p.X, p.Y, p.X + 1000, p.Y + 1000))
    wizard.area.name.setText("Beeld")
    wizard.area.by_drawing.setChecked(True)
    wizard.area.view.click()
    assert wizard.area.hectares() > 0 and wizard.area.problem() == ""
