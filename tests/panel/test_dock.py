"""The dock filled from a results file: what is shown, in which language, in which palette."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dgo_twin_plugin.engine.texts import LANGUAGES
from tests.panel.conftest import stored_runs, wait

KEY = re.compile(r"\b(panel|report|results|words|algorithms|legal|indicators)\.[a-z_]+")


@pytest.fixture
def filled(dock: Any, results: Path, window: Any) -> Any:
    dock.inputs.output.setFilePath(str(results))
    stored_runs(dock)
    window.process()
    return dock


def said(widget: Any) -> Iterator[str]:
    """Every text that a widget and what is in it shows or tells a screen reader."""
    from qgis.PyQt.QtWidgets import QWidget

    for each in [widget, *widget.findChildren(QWidget)]:
        yield each.toolTip()
        yield each.accessibleName()
        yield each.accessibleDescription()
        for name in ("text", "placeholderText", "windowTitle", "format"):
            if hasattr(each, name):
                yield str(getattr(each, name)())
        if hasattr(each, "itemText"):
            yield from (each.itemText(i) for i in range(each.count()))
        if hasattr(each, "tabText"):
            yield from (each.tabText(i) for i in range(each.count()))
    page = widget.results
    for i in range(page.marks.topLevelItemCount()):
        item = page.marks.topLevelItem(i)
        for k in range(item.childCount()):
            yield item.child(k).toolTip(0)
            yield item.child(k).text(0)
    for found in (page.breaches, page.alerts, page.checks):
        yield from (found.item(i).text() + found.item(i).toolTip() for i in range(found.count()))
    header = page.marks.headerItem()
    yield from (header.text(i) for i in range(header.columnCount()))


def test_opens_empty_and_says_what_to_do(dock: Any) -> None:
    assert dock.objectName() == "dgo_twin_dock"
    assert dock.results.view is None and not dock.foot.report_button.isEnabled()
    page = stored_runs(dock)
    assert page.empty.isVisible() and not page.tabs.isVisible() and not page.summary.isVisible()
    assert "voorstel, niet vastgesteld" in dock.foot.legal.text()
    assert "NTA 8800" in dock.foot.legal.text()


def test_shows_the_newest_run_of_the_output(filled: Any) -> None:
    assert filled.results.summary.badge.line.badge == "6,1 §1"
    assert filled.results.summary.law.text().startswith("§ 1")
    tabs = filled.results.tabs
    assert tabs.tabText(1).endswith("1") and tabs.tabText(2).endswith("2")
    assert filled.results.marks.topLevelItemCount() == 3
    assert filled.results.tabs.currentIndex() == 0 and filled.foot.report_button.isEnabled()
    assert "voorstel, niet vastgesteld" in filled.foot.legal.text()
    assert not filled.inputs.isVisible()  # folded: the answer comes first


def test_a_zone_changes_marks_lists_and_map(filled: Any, window: Any) -> None:
    from qgis.core import QgsCoordinateReferenceSystem

    window.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:28992"))
    filled.results.summary.zones.setCurrentIndex(2)
    filled.results.summary.zones.activated.emit(2)
    window.process()
    assert filled.results.summary.badge.line.badge == "7,0"
    assert filled.results.tabs.tabText(1) == "Wet"  # nothing broken here
    assert filled.results.breaches.count() == 1  # the row that says so
    assert window.canvas.extent().contains(window.canvas.extent().center())
    assert abs(window.canvas.extent().center().x() - 150150) < 1
    filled.results.summary.zones.activated.emit(0)
    assert filled.results.summary.badge.line.badge == "6,1 §1"


def test_a_breach_is_shown_on_the_map(filled: Any, window: Any) -> None:
    from qgis.core import QgsCoordinateReferenceSystem

    window.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    filled.results.breaches.itemActivated.emit(filled.results.breaches.item(0))
    window.process()
    # building at 150015, 450015 in Rijksdriehoek: about 5.314 E, 52.038 N
    centre = window.canvas.extent().center()
    assert centre.x() == pytest.approx(5.314, abs=0.002)
    assert centre.y() == pytest.approx(52.038, abs=0.002)


def test_a_finding_without_a_place_says_so(filled: Any, window: Any) -> None:
    before = window.canvas.extent()
    unknown = next(filled.results.checks.item(i) for i in range(filled.results.checks.count())
                   if filled.results.checks.item(i).text() == "Onbekende functie")  # fmt: skip
    filled.results.checks.itemActivated.emit(unknown)
    assert window.canvas.extent() == before
    assert "geen plek" in window.bar.currentItem().text()


def test_a_click_on_a_theme_chooses_its_row(filled: Any) -> None:
    filled.results.summary.bars.chosen.emit("environment")
    assert filled.results.marks.currentItem().text(0) == "Milieu"


@pytest.mark.parametrize("language", LANGUAGES, indirect=True)
def test_every_text_is_translated(filled: Any) -> None:
    filled.head.fold.setChecked(True)
    texts = [text for text in said(filled) if text]
    assert len(texts) > 80  # the test does see them
    left = sorted({text for text in texts if KEY.search(text) or "{" in text})
    assert not left, left


def test_controls_have_names_and_take_the_keyboard(filled: Any) -> None:
    from qgis.PyQt.QtCore import Qt

    filled.head.fold.setChecked(True)
    page, inputs = filled.results, filled.inputs
    for widget in (page.summary.runs, page.summary.zones, inputs.design, inputs.area_types,
                   inputs.field, inputs.profile, inputs.plan_area, inputs.scenario, page.marks,
                   page.breaches, page.alerts, page.checks, filled.foot.progress):  # fmt: skip
        assert widget.accessibleName(), widget
    for widget in (filled.head.fold, filled.foot.run_button, page.marks, page.breaches,
                   page.summary.zones, inputs.scenario):  # fmt: skip
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget


def test_enter_on_a_breach_zooms(filled: Any, window: Any) -> None:
    from qgis.PyQt.QtCore import QEvent, Qt
    from qgis.PyQt.QtGui import QKeyEvent
    from qgis.PyQt.QtWidgets import QApplication

    asked: list[Any] = []
    filled.results.breaches.asked.connect(asked.append)
    filled.results.breaches.setCurrentRow(0)
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(filled.results.breaches, QKeyEvent(
            kind, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier))  # fmt: skip
    assert len(asked) == 1


@pytest.fixture
def palette(request: pytest.FixtureRequest, qgis_app: Any) -> Iterator[str]:
    """The palette of the application: as it is, or dark."""
    from qgis.PyQt.QtGui import QColor, QPalette
    from qgis.PyQt.QtWidgets import QApplication

    before = QPalette(QApplication.palette())
    if request.param == "dark":
        dark = QPalette()
        role = QPalette.ColorRole
        for each, colour in ((role.Window, "#2b2f33"), (role.Base, "#1f2326"),
                             (role.Text, "#f0f0f0"), (role.WindowText, "#f0f0f0"),
                             (role.Button, "#3a3f44"), (role.ButtonText, "#f0f0f0")):  # fmt: skip
            dark.setColor(each, QColor(colour))
        QApplication.setPalette(dark)
    yield request.param
    QApplication.setPalette(before)


@pytest.mark.parametrize("palette", ["light", "dark"], indirect=True)
def test_paints_in_light_and_dark(palette: str, make_dock: Callable[[], Any], results: Path,
                                  window: Any) -> None:  # fmt: skip
    from qgis.PyQt.QtGui import QColor

    dock = make_dock()
    dock.inputs.output.setFilePath(str(results))
    stored_runs(dock)
    dock.resize(340, 800)
    window.process()
    picture = dock.grab().toImage()
    seen = {picture.pixel(x, y) for x in range(0, picture.width(), 2)
            for y in range(0, picture.height(), 2)}  # fmt: skip
    assert len(seen) > 40
    badge = dock.results.summary.badge
    card = badge.grab().toImage()
    # 6.05: class 6-7, #c7eae5 of the scale; looked at near the rounded left edge, clear of the text
    assert QColor(card.pixel(8, card.height() // 2)).name() == "#c7eae5"
    whole = dock.results.summary.grab().toImage()
    lightness = QColor(whole.pixel(whole.width() // 2, 4)).lightness()
    assert (lightness < 100) is (palette == "dark")


@pytest.mark.parametrize("text, base", [("#111111", "#222222"), ("#aaaaaa", "#222222"),
                                        ("#000000", "#ffffff"), ("#eeeeee", "#ffffff")])
def test_text_is_readable_whatever_the_theme_says(qgis_app: Any, text: str, base: str) -> None:
    """QGIS's Night Mapping has black text on a black base in its palette."""
    from qgis.PyQt.QtGui import QColor, QPalette

    from dgo_twin_plugin.panel import paint

    role, palette = QPalette.ColorRole, QPalette()
    for each in (role.Text, role.WindowText):
        palette.setColor(each, QColor(text))
    palette.setColor(role.Base, QColor(base))
    below = QColor(base)
    assert paint.contrast(paint.soft(palette, 0.7), below) >= 4.5
    assert paint.contrast(paint.accent(palette), below) >= 3.0
    assert paint.is_dark(palette) is (base == "#222222")
    # black on white is 21 to 1 by definition (1.05 / 0.05)
    assert paint.contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21.0)


def test_below_six_is_square_and_round_above(qgis_app: Any) -> None:
    """Shape tells it too: the corner of a failing badge is filled, that of a passing one is not."""
    from qgis.PyQt.QtCore import QRectF
    from qgis.PyQt.QtGui import QColor, QFont, QImage, QPainter, QPalette

    from dgo_twin_plugin.panel import paint

    corners = {}
    for mark in (5.9, 6.0, None):
        image = QImage(60, 24, QImage.Format.Format_ARGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        paint.draw_badge(painter, QRectF(0, 0, 60, 24), "", mark, QPalette(), QFont())
        painter.end()
        corners[mark] = QColor(image.pixel(2, 2)).lightness() < 230, len(
            {image.pixel(x, y) for x in range(15, 45) for y in range(6, 18)})  # fmt: skip
    assert corners[5.9][0] and corners[5.9][1] > 1  # square, and hatched: more than one colour
    assert not corners[6.0][0] and corners[6.0][1] == 1  # round, and plain
    assert corners[None][1] == 1  # nothing inside: only a dashed edge


@pytest.mark.parametrize("width", [320, 700, 1300])
def test_fits_from_320_pixels_to_the_full_screen(filled: Any, window: Any, width: int) -> None:
    from qgis.PyQt.QtWidgets import QApplication

    font = QApplication.font()
    font.setPixelSize(12)  # what QGIS has on a common screen; offscreen it would be larger
    filled.setFont(font)
    filled.setFloating(True)
    filled.head.fold.setChecked(True)
    filled.resize(width, 700)
    window.process()
    assert filled.inside.minimumSizeHint().width() <= 320
    assert filled.minimumSizeHint().height() <= 600  # a window of 768 px has room to spare
    wide = filled.results.marks.viewport().width() >= 620
    assert filled.results.marks.wide is wide and wide is (width > 650)
    assert filled.results.marks.isColumnHidden(1) is not wide
    assert not filled.results.marks.isColumnHidden(0)


def test_outdated_when_a_followed_layer_is_edited(dock: Any, qgis_project: Any, results: Path,
                                                  window: Any) -> None:  # fmt: skip
    from qgis.core import QgsFeature, QgsVectorLayer

    layer = QgsVectorLayer("Polygon?crs=EPSG:28992&field=function:string", "ontwerp", "memory")
    other = QgsVectorLayer("Polygon?crs=EPSG:28992", "other", "memory")
    qgis_project.addMapLayers([layer, other])
    dock.inputs.design.setLayer(layer)
    dock.inputs.output.setFilePath(str(results))
    window.process()
    for _ in range(3):  # following again is following once
        dock.watch.follow(dock.inputs.layers())
    assert dock.watch.followed() == {layer.id()}
    stored_runs(dock)
    assert not dock.results.outdated and "ongewijzigd" in dock.foot.state.text()
    heard: list[int] = []
    dock.watch.changed.connect(lambda: heard.append(1))
    other.startEditing()
    other.addFeature(QgsFeature(other.fields()))
    assert not heard and not dock.results.outdated
    layer.startEditing()
    layer.addFeature(QgsFeature(layer.fields()))
    assert heard == [1]
    assert dock.results.outdated and dock.results.marks.faded
    assert "verouderd" in dock.foot.state.text()
    dock.load()  # as on reopening the project: it stays outdated
    assert dock.results.outdated
    layer.rollBack()
    other.rollBack()


def test_hears_nothing_after_it_is_gone(make_dock: Callable[[], Any], qgis_project: Any,
                                        window: Any) -> None:  # fmt: skip
    from qgis.core import QgsVectorLayer
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    dock = make_dock()
    layer = QgsVectorLayer("Polygon?crs=EPSG:28992", "ontwerp", "memory")
    qgis_project.addMapLayer(layer)
    dock.inputs.design.setLayer(layer)
    assert dock.watch.followed() == {layer.id()}
    watch, inputs = dock.watch, dock.inputs
    window.removeDockWidget(dock)
    dock.close()
    dock.deleteLater()
    QApplication.sendPostedEvents(dock, QEvent.Type.DeferredDelete)
    assert sip.isdeleted(dock) and sip.isdeleted(inputs) and not watch.followed()
    layer.startEditing()
    layer.rollBack()
    qgis_project.clear()  # an error in a slot would fail the test


def test_a_file_that_is_no_result_is_said(dock: Any, tmp_path: Path, window: Any) -> None:
    bad = tmp_path / "bad.gpkg"
    bad.write_text("no database")
    dock.inputs.output.setFilePath(str(bad))
    wait(lambda: dock.results.view is None)
    assert str(bad.name) in dock.foot.state.text()
    assert bad.read_text() == "no database"
