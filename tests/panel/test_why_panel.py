"""The why panel: shows, asks for places and cards, copies, works with the keyboard, fits 320 px."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.town import box, town

pytest.importorskip("qgis.core", reason="QGIS is not installed for this Python")


@pytest.fixture(scope="module")
def plan() -> Any:
    return town().assess()


@pytest.fixture(scope="module")
def former() -> Any:
    made = town()
    rows = list(made.surfaces)
    rows[2] = (rows[2][0], box(74, 76, 94, 90), rows[2][2])
    made.surfaces = rows
    return made.assess()


@pytest.fixture
def panel(qgis_app: Any, language: str) -> Iterator[Any]:
    from qgis.PyQt.QtCore import QCoreApplication, QEvent

    from dgo_twin_plugin.panel.why import WhyPanel

    made = WhyPanel()
    made.resize(480, 700)
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def settle() -> None:
    from qgis.PyQt.QtWidgets import QApplication

    for _ in range(4):
        QApplication.processEvents()


def words(panel: Any) -> str:
    from qgis.PyQt.QtWidgets import QLabel

    return "\n".join(x.text() for x in panel.findChildren(QLabel) if x.isVisible()).replace(
        "\u00a0", " ").replace("\u2060", "")  # fmt: skip


def key(widget: Any, code: Any) -> None:
    from qgis.PyQt.QtTest import QTest

    QTest.keyClick(widget, code)


def test_it_shows_what_the_engine_says(panel: Any, plan: Any, former: Any) -> None:
    panel.show(plan, None, 2, "traffic_noise", former)
    settle()
    shown, why = words(panel), panel.found
    assert panel.isVisible() and why.title in shown
    assert why.sum.expression in shown.replace("<b>", "").replace("</b>", "")
    assert f"<b>{why.sum.result}</b>" in shown  # the outcome stands out
    for label in ("Gemeten", "Norm", "Rekenregel", "Zekerheid", "Wet", "Bron norm", "Dekking",
                  "Sinds de vorige stand"):  # fmt: skip
        assert label in shown, label
    assert "niet vastgesteld" in shown and why.changes[0] in shown
    assert panel.counts.count() == len(why.counts.rows) > 0
    assert panel.badge.words == why.badge


def test_before_anything_is_chosen(panel: Any) -> None:
    panel.show()
    settle()
    assert "Kies een indicator" in words(panel)
    for button in (panel.map, panel.card, panel.copy):
        assert not button.isVisible()


@pytest.mark.parametrize("language", ["nl", "en"], indirect=True)
def test_every_indicator_and_zone_in_both_languages(panel: Any, plan: Any, language: str) -> None:
    panel.show()
    for indicator in plan.prepared:
        for zone in (0, 1):
            panel.explain(plan, None, zone, indicator)
            settle()
            assert panel.found.lang == language
            assert "why." not in words(panel)


def test_a_feature_is_asked_with_mouse_and_keyboard(panel: Any, plan: Any) -> None:
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtTest import QTest

    asked: list[tuple] = []
    panel.place_asked.connect(lambda *given: asked.append(given))
    panel.show(plan, None, 1, "energy_use")
    settle()
    rows = panel.found.counts.rows
    assert len(rows) > 1
    spot = panel.counts.visualItemRect(panel.counts.item(1)).center()
    QTest.mouseClick(panel.counts.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert asked == [(rows[1].layer, [rows[1].fid], rows[1].wkb)]
    panel.counts.setFocus()
    key(panel.counts, Qt.Key.Key_Up)
    key(panel.counts, Qt.Key.Key_Return)
    key(panel.counts, Qt.Key.Key_Space)
    assert asked[1:] == [(rows[0].layer, [rows[0].fid], rows[0].wkb)] * 2


def test_all_features_at_once_layer_by_layer(panel: Any, plan: Any) -> None:
    from qgis.core import QgsGeometry

    asked: list[tuple] = []
    panel.place_asked.connect(lambda *given: asked.append(given))
    panel.show(plan, None, 1, "green")
    panel.map.click()
    rows = panel.found.counts.rows
    assert {name for name, _, _ in asked} == {r.layer for r in rows} == {"design", "current"}
    assert sorted(f for _, fids, _ in asked for f in fids) == sorted(r.fid for r in rows)
    whole = QgsGeometry()
    whole.fromWkb(asked[0][2])
    for row in rows:
        each = QgsGeometry()
        each.fromWkb(row.wkb)
        assert whole.boundingBox().contains(each.boundingBox())


def test_zones_of_the_plan_are_asked_without_a_layer(panel: Any, plan: Any) -> None:
    asked: list[tuple] = []
    panel.place_asked.connect(lambda *given: asked.append(given))
    panel.show(plan, None, 0, "traffic_noise")
    settle()
    assert panel.zones.count() == 2
    panel.zones.asked.emit(0)
    assert asked == [(None, [], panel.found.pulls[0].wkb)]


def test_card_copy_and_back(panel: Any, plan: Any) -> None:
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QApplication

    cards: list[str] = []
    closed: list[int] = []
    panel.card_asked.connect(cards.append)
    panel.closed.connect(lambda: closed.append(1))
    panel.show(plan, None, 1, "shade")
    panel.card.click()
    panel.copy.click()
    assert cards == ["shade"] and QApplication.clipboard().text() == panel.found.to_text()
    assert "Gekopieerd" in panel.copy.text()
    panel.back.click()
    key(panel, Qt.Key.Key_Escape)
    assert closed == [1, 1]


def test_more_opens_and_stays_open(panel: Any, plan: Any) -> None:
    panel.show(plan, None, 1, "green")
    settle()
    assert "Methode" not in words(panel)
    panel.more.click()
    settle()
    assert "Methode" in words(panel) and panel.found.says_not in words(panel)
    panel.explain(plan, None, 2, "traffic_noise")
    settle()
    assert "Weegt mee" in words(panel)
    panel.more.click()
    settle()
    assert "Weegt mee" not in words(panel)


@pytest.mark.parametrize("wide", [320, 480, 1000])
def test_nothing_is_cut_off(panel: Any, plan: Any, former: Any, wide: int) -> None:
    from qgis.PyQt.QtWidgets import QLabel

    panel.resize(wide, 600)
    panel.show(plan, None, 2, "traffic_noise", former)
    settle()
    assert panel.page.width() <= wide
    for label in panel.findChildren(QLabel):
        if label.isVisible():
            assert label.height() >= label.heightForWidth(label.width()) - 1, label.text()
            right = label.mapTo(panel, label.rect().topRight()).x()
            assert right <= wide, label.text()
    label, said = panel._labels["sum"]
    assert (label.y() < said.y() - 5) == (wide < 430)  # above it, or beside it


def test_stale_is_said_in_words_and_goes_away(panel: Any, plan: Any) -> None:
    panel.show(plan, None, 1, "green")
    panel.set_stale(True)
    settle()
    assert "verouderd" in words(panel) and panel.badge.faded and panel.counts.faded
    panel.explain(plan, None, 1, "green")
    settle()
    assert "verouderd" not in words(panel) and not panel.badge.faded


def test_everything_has_a_name_and_the_keyboard_reaches_it(panel: Any, plan: Any) -> None:
    from qgis.PyQt.QtCore import Qt

    panel.show(plan, None, 0, "traffic_noise")
    settle()
    for widget in (panel.back, panel.map, panel.card, panel.copy, panel.more, panel.zones,
                   panel.counts):  # fmt: skip
        assert widget.accessibleName(), widget.objectName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert panel.accessibleName() == panel.found.title
    role = Qt.ItemDataRole.AccessibleTextRole
    assert all("%" in panel.counts.item(k).data(role) for k in range(panel.counts.count()))
    assert panel._labels["sum"][1].accessibleName().startswith("Rekenregel: ")


@pytest.mark.parametrize("dark", [False, True])
def test_all_words_can_be_read_on_any_palette(panel: Any, plan: Any, dark: bool) -> None:
    from qgis.PyQt.QtGui import QColor, QPalette
    from qgis.PyQt.QtWidgets import QLabel

    from dgo_twin_plugin.panel import paint
    from dgo_twin_plugin.panel.why_parts import link_colour

    role = QPalette.ColorRole
    palette = QPalette()
    below, above = ("#2a2d30", "#e6e8ea") if dark else ("#f3f4f4", "#1f2326")
    for each, colour in ((role.Window, below), (role.Base, below), (role.WindowText, above),
                         (role.Text, above)):  # fmt: skip
        palette.setColor(each, QColor(colour))
    panel.show(plan, None, 1, "green")
    panel.setPalette(palette)
    settle()
    for label in panel.findChildren(QLabel):
        if label.isVisible():
            ink = label.palette().color(role.WindowText)
            assert paint.contrast(ink, QColor(below)) >= paint.READABLE, label.text()
    assert paint.contrast(link_colour(panel.palette()), QColor(below)) >= paint.READABLE


def test_a_refresh_keeps_scroll_and_choice(panel: Any, plan: Any, former: Any) -> None:
    panel.resize(320, 300)
    panel.show(plan, None, 1, "green")
    settle()
    panel.counts.setCurrentRow(3)
    panel.area.verticalScrollBar().setValue(120)
    panel.explain(former, None, 1, "green")
    settle()
    assert panel.counts.currentRow() == 3 and panel.area.verticalScrollBar().value() == 120
    panel.explain(former, None, 2, "green")
    settle()
    assert panel.area.verticalScrollBar().value() == 0


def test_it_follows_new_numbers_a_moment_later_and_only_in_sight(panel: Any, plan: Any,
                                                                 former: Any) -> None:  # fmt: skip
    from tests.panel.conftest import wait

    panel.follow(plan, None)  # nothing chosen: nothing to follow
    panel.show(former, None, 2, "traffic_noise")
    first = panel.found
    panel.follow(plan, None, former)
    assert panel.found is first  # not in the call itself
    wait(lambda: panel.found is not first, 10)
    assert panel.found.change is not None and panel.found.zone == 2
    panel.hide()
    hidden = panel.found
    panel.follow(former, None, plan)
    settle()
    assert panel.found is hidden
    panel.show()
    wait(lambda: panel.found is not hidden, 10)
    assert panel.found.mark == first.mark
    panel.explain(plan, None, 2, "traffic_noise")
    panel.follow(town().assess(["green"]), None)
    wait(lambda: panel.found is None, 10)  # it is in the run no more
    assert "Kies een indicator" in words(panel)


def test_it_needs_only_qt(repo: Any) -> None:
    # from some version on QGIS's own PyQt brings more along: that is not ours
    code = ("import sys; from qgis.PyQt import QtCore, QtGui, QtWidgets; before = set(sys.modules);"
            " import dgo_twin_plugin.panel.why; "
            "print([m for m in ('qgis.core', 'numpy', 'osgeo') if m in {*sys.modules} - before])")
    done = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True)
    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr


# --- places and cards -----------------------------------------------------------------------------
def test_features_are_selected_and_shown(qgis_project: Any, window: Any, plan: Any) -> None:
    from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsVectorLayer

    from dgo_twin_plugin.engine.why import why
    from dgo_twin_plugin.panel.why_places import show_place

    layer = QgsVectorLayer("Polygon?crs=EPSG:28992&field=a:integer", "design", "memory")
    for _, wkt, *_ in town().surfaces:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        layer.dataProvider().addFeatures([feature])
    qgis_project.addMapLayer(layer)
    window.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:28992"))
    tool = window.canvas.mapTool()
    row = why(plan, None, 1, "energy_use").counts.rows[0]
    assert show_place(window.canvas, row.layer, [row.fid], row.wkb, "EPSG:28992") == ""
    assert layer.selectedFeatureIds() == [row.fid]
    shape = layer.getFeature(row.fid).geometry().boundingBox()
    assert window.canvas.extent().contains(shape)
    assert window.canvas.mapTool() is tool and not layer.isEditable()
    said = show_place(window.canvas, "weg", [1], row.wkb, "EPSG:28992")
    assert "weg" in said


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_method_card_is_a_page_in_the_language(lang: str) -> None:
    from dgo_twin_plugin.engine.texts import text
    from dgo_twin_plugin.panel.why_places import card_file

    page = card_file("traffic_noise", lang=lang)
    shown = page.read_text(encoding="utf-8")
    assert text("indicators.traffic_noise.name", lang) in shown and page.suffix == ".html"
    assert text("indicators.green.name", lang) not in shown.split("<h2")[0]
