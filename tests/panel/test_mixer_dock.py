"""The dock around the mixing panel: menu, modes, keys, presets, norm file, language, coming and
going. The session is real; only what is worked out is given by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("qgis.core", reason="QGIS is not installed for this Python")
from tests.panel.mixer_case import case  # noqa: E402


@pytest.fixture
def full(dock: Any, window: Any) -> Any:
    """A dock that shows an assessment."""
    dock.mixer._assessed(case())
    window.process()
    return dock


def entries(menu: Any) -> list[str]:
    menu.aboutToShow.emit()
    return [action.objectName() for action in menu.actions() if action.objectName()]


def entry(dock: Any, key: str) -> Any:
    dock.head.menu.aboutToShow.emit()
    return next(a for a in dock.head.menu.actions() if a.objectName() == key)


def test_the_menu_offers_everything_that_there_is(full: Any) -> None:
    found = entries(full.head.menu)
    assert set(found) == {
        "mixer.menu.reset", "mixer.undo", "mixer.redo", "mixer.menu.norm_file",
        "mixer.menu.mapping", "mixer.menu.compare", "mixer.menu.radar", "mixer.menu.presenter",
        "mixer.menu.map", "mixer.menu.why_here", "mixer.menu.refresh", "settings.action",
        "settings.help.action", "settings.about.action", "settings.log.action"}  # fmt: skip
    assert full.head.menu.actions()[0].menu() is not None  # presets
    assert all(a.text() and "." not in a.text().rstrip("….")
               for a in full.head.menu.actions() if not a.isSeparator())  # fmt: skip


@pytest.mark.parametrize("key, opens", [("settings.help.action", "dgo_guide"),
                                        ("settings.log.action", "dgo_log"),
                                        ("settings.about.action", "dgo_about")])  # fmt: skip
def test_the_entries_open_their_windows(full: Any, window: Any, key: str, opens: str) -> None:
    from qgis.PyQt.QtWidgets import QDialog

    from dgo_twin_plugin.panel import close_windows

    entry(full, key).trigger()
    window.process()
    (shown,) = window.window.findChildren(QDialog, opens)
    assert shown.isVisible() and shown.windowTitle()
    close_windows()


def test_without_an_assessment_nothing_that_needs_one(dock: Any) -> None:
    for key in ("mixer.menu.norm_file", "mixer.menu.radar", "mixer.menu.presenter"):
        assert not entry(dock, key).isEnabled()
    assert entry(dock, "settings.help.action").isEnabled()


def test_undo_by_key_only_inside_the_panel(full: Any, window: Any) -> None:
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtTest import QTest

    full.mixer.show_place("zone 1", 1)
    view = full.mixer.rows.rows["shade"].view
    full.mixer.rows.ambition_moved.emit(view, 54.0, True)
    assert full.head.undo.isEnabled() and view.name in full.head.undo.toolTip()
    window.window.activateWindow()
    window.canvas.setFocus()
    window.process()
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert full.moves.history.can_undo()  # that key was for the map
    contexts = {a.shortcutContext() for a in full.inside.actions()}
    assert contexts == {Qt.ShortcutContext.WidgetWithChildrenShortcut}
    full.mixer.rows.rows["shade"].track.setFocus()
    window.process()
    QTest.keyClick(full.mixer.rows.rows["shade"].track, Qt.Key.Key_Z,
                   Qt.KeyboardModifier.ControlModifier)  # fmt: skip
    assert not full.moves.history.can_undo() and full.moves.mix.ambitions == {}
    assert not full.head.undo.isEnabled() and full.head.redo.isEnabled()


def test_mode_is_shown_kept_and_locks(full: Any, qgis_project: Any) -> None:
    full.head.mode.setCurrentIndex(1)
    full.head.mode.activated.emit(1)
    assert full.moves.mix.testing
    assert all(not row.view.movable for row in full.mixer.rows.rows.values())
    full.moves.keep()
    assert "test" in qgis_project.readEntry("dgo_twin", "mix", "")[0]
    full.undo()
    assert full.head.mode.currentIndex() == 0 and not full.moves.mix.testing


def test_presets_of_the_profile_and_ones_own(full: Any) -> None:
    full.head.menu.aboutToShow.emit()
    sub = full.head.menu.actions()[0].menu()
    optimum = next(a for a in sub.actions() if a.objectName() == "optimum")
    optimum.trigger()
    profile = full.mixer.assessment.profile
    assert full.moves.mix.ambitions["GT04"]["shade"] == profile.norm("shade", "GT04").optimum
    assert full.mixer.rows.rows["shade"].view.ambition == pytest.approx(10.0)
    full.menu.presets.ask = lambda: ("raad 2026", True)
    next(a for a in sub.actions() if not a.objectName() and not a.isSeparator()
         and a.menu() is None).trigger()  # fmt: skip
    entry(full, "mixer.menu.reset").trigger()
    assert full.moves.mix.ambitions == {}
    full.head.menu.aboutToShow.emit()
    sub = full.head.menu.actions()[0].menu()
    own = next(a for a in sub.actions() if a.objectName() == "own:raad 2026")
    own.trigger()
    assert full.moves.mix.ambitions["GT04"]["shade"] == profile.norm("shade", "GT04").optimum


def test_the_mix_becomes_a_norm_file(full: Any, tmp_path: Path) -> None:
    from dgo_twin_plugin.engine.norms import load_profile
    from dgo_twin_plugin.panel.norm_file_dialog import NormFileDialog

    dialog = NormFileDialog(full, full)
    dialog.write()
    assert dialog.written is None and dialog.problem.text()  # no file yet
    dialog.title.setText("Demostad 2026")
    dialog.file.setFilePath(str(tmp_path / "demostad"))
    dialog.write()
    assert dialog.written is None and dialog.problem.text()  # nothing differs from the profile
    full.mixer.show_place("GT07", 3)
    view = full.mixer.rows.rows["shade"].view
    wanted = view.track.snapped(view.ambition + 4)
    full.mixer.rows.ambition_moved.emit(view, wanted, True)
    dialog.write()
    made = load_profile(str(tmp_path / "demostad.yml"))
    assert made.norm("shade", "GT07").basis == wanted and made.status == "proposal"
    dialog.deleteLater()


def test_another_language_makes_the_inside_anew(full: Any, window: Any) -> None:
    from dgo_twin_plugin.engine import texts

    view = full.mixer.rows.rows["shade"].view
    full.mixer.rows.ambition_moved.emit(view, 9.0, True)
    session, mix = full.session, full.moves.mix
    try:
        full.retranslate("en_GB")
        window.process()
        assert full.session is session and full.moves.mix == mix
        assert full.head.page_buttons[0].text() == "Mixing panel"
        assert full.foot.run_button.text() == "Score"
        full.mixer._assessed(case())
        assert full.mixer.rows.rows["shade"].view.lang == "en"
    finally:
        texts.set_language("nl")


def test_nothing_is_computed_while_nobody_looks(full: Any, window: Any) -> None:
    from tests.panel.conftest import stored_runs, wait

    wait(lambda: full.session.active)
    stored_runs(full)
    wait(lambda: not full.session.active)
    full.head.page_buttons[0].click()
    wait(lambda: full.session.active)
    full.hide()
    wait(lambda: not full.session.active)


def test_presenter_follows_and_leaves_with_escape(full: Any, window: Any) -> None:
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtTest import QTest

    full.menu.present()
    window.process()
    show = full.menu.presenter
    assert show.isVisible() and "§1" in show.view.accessibleDescription()
    assert "voorstel, niet vastgesteld" in show.view.accessibleDescription()
    assert 5 <= len(show.view.numbers) <= 8
    assert show.view.numbers[0].badge.endswith("§1")  # a breach comes first
    marks = [n.mark for n in show.view.numbers]
    best = sorted((r.view.mark for r in full.mixer.rows.rows.values() if r.view.mark is not None),
                  reverse=True)[:3]  # fmt: skip
    assert sorted(marks[-3:], reverse=True) == best
    QTest.keyClick(show.view, Qt.Key.Key_Escape)
    assert not show.isVisible()


def test_a_run_gets_the_mix(full: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    given: list[Any] = []
    monkeypatch.setattr(full.runner, "start", lambda name, p: given.append((name, p)) or "")
    full.mixer.show_place("zone 1", 1)
    view = full.mixer.rows.rows["shade"].view
    full.mixer.rows.ambition_moved.emit(view, 54.0, True)
    full.mixer.rows.switched.emit(full.mixer.rows.rows["green"].view, True)
    full.score()
    (name, parameters), = given
    assert name == "scoredesign"
    assert json.loads(parameters["AMBITIONS"]) == {"zone 1": {"shade": 54.0}}
    assert json.loads(parameters["WEIGHTS"])["green"] == 0.0


def test_the_map_keeps_its_tool_and_the_active_layer(full: Any, window: Any) -> None:
    from qgis.gui import QgsMapToolPan

    tool = QgsMapToolPan(window.canvas)
    window.canvas.setMapTool(tool)
    before = window.activeLayer()
    full.mixer.strip.show_one.click()
    full.mixer.show_place("zone 2", 2)
    full.menu.show_why("shade", 2)
    full.menu.radar()
    window.process()
    assert window.canvas.mapTool() is tool and window.activeLayer() is before
    assert full.mixer.side.shows(full.mixer.radar)
    assert full.menu.why.panel.found.indicator == "shade"


def test_plan_area_is_found_by_role_and_given(make_dock: Callable[[], Any], qgis_project: Any,
                                              ) -> None:  # fmt: skip
    from qgis.core import QgsVectorLayer

    from dgo_twin_plugin.project.roles import set_role

    for name in ("rand", "other"):
        layer = QgsVectorLayer("Polygon?crs=EPSG:28992", name, "memory")
        qgis_project.addMapLayer(layer)
        if name == "rand":
            set_role(layer, "plan_area")
            wanted = layer
    dock = make_dock()
    assert dock.inputs.plan_area.currentLayer() is wanted
    assert dock.inputs.parameters()["PLAN_AREA"] == wanted.id()
    assert dock.head.fold.isChecked()  # no design yet: the form stays open


def test_a_move_just_before_saving_is_in_the_file(full: Any, qgis_project: Any,
                                                  tmp_path: Path) -> None:  # fmt: skip
    from qgis.core import QgsProject

    view = full.mixer.rows.rows["shade"].view
    qgis_project.setDirty(False)
    full.mixer.rows.ambition_moved.emit(view, 9.0, True)
    assert qgis_project.isDirty()
    assert qgis_project.write(str(tmp_path / "plan.qgz"))  # before the text was due
    other = QgsProject()
    assert other.read(str(tmp_path / "plan.qgz"))
    assert "shade" in other.readEntry("dgo_twin", "mix", "")[0]
