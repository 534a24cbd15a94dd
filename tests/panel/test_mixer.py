"""The mixing panel: what is always in view, what a move does, what is repainted; a session that
computes nothing stands in for the real one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dgo_twin_plugin.engine.texts import LANGUAGES

pytest.importorskip("qgis.core", reason="QGIS is not installed for this Python")
from tests.panel.conftest import wait  # noqa: E402
from tests.panel.mixer_case import FakeSession, case  # noqa: E402


@pytest.fixture
def mixer(qgis_app: Any, qgis_project: Any, language: str) -> Iterator[Any]:
    from qgis.PyQt.QtCore import QCoreApplication, QEvent

    from dgo_twin_plugin.engine.mix_history import History
    from dgo_twin_plugin.panel import guard
    from dgo_twin_plugin.panel.mixer import Mixer
    from dgo_twin_plugin.panel.moves import Moves

    errors: list[Exception] = []

    def hear(error: Exception, _where: str) -> None:
        errors.append(error)

    guard.listeners.append(hear)
    moves, session = Moves(History()), FakeSession()
    made = Mixer(session, moves)
    made.resize(360, 800)
    made.show()
    session.give(case())
    settle()
    yield made
    guard.listeners.remove(hear)
    made.end()
    moves.end()
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not errors, errors


def settle() -> None:
    from qgis.PyQt.QtWidgets import QApplication

    for _ in range(4):
        QApplication.processEvents()


def kept(mixer: Any) -> str:
    return str(mixer.moves.project.readEntry("dgo_twin", "mix", "")[0])


# --- always in view -----------------------------------------------------------------------------
def test_a_total_is_never_without_its_breaches(mixer: Any) -> None:
    # one certain breach, in zone 1, an indicator of the theme environment
    assert mixer.card.badge.view.badge.endswith(" §1")
    shown = {view.key: view.badge for view in mixer.card.bars.views}
    assert shown["environment"].endswith(" §1")
    assert not any("§" in badge for key, badge in shown.items() if key != "environment")
    assert "1" in mixer.strip.law.text() and "▲" in mixer.strip.law.text()
    assert "1 alert" in mixer.strip.said.text()
    mixer.show_place("zone 3", 3)
    assert "§" not in mixer.card.badge.view.badge
    assert "alert" not in mixer.strip.said.text()  # that one lies in zone 2


def test_every_indicator_has_a_row_in_its_theme(mixer: Any) -> None:
    assert len(mixer.rows.rows) == 33 and len(mixer.rows.sections) == 8
    assert sum(len(section.rows) for section in mixer.rows.sections.values()) == 33
    assert [view.key for view in mixer.card.bars.views] == list(mixer.rows.sections)


def test_plan_types_and_zones_can_be_chosen(mixer: Any) -> None:
    # GT04 has two zones and is shown as their means (zone 0); GT07 is zone 3
    assert [name[:2] for name in mixer._names] == [
        ("all", 0), ("GT04", 0), ("GT07", 3), ("zone 1", 1), ("zone 2", 2), ("zone 3", 3)]
    assert mixer.scope.count() == 6
    assert mixer.rows.rows["shade"].view.track.marks  # two types: one handle speaks in marks
    mixer.scope.setCurrentIndex(2)
    mixer.scope.activated.emit(2)
    row = mixer.rows.rows["shade"].view
    assert row.track.area_type == "GT07" and row.value == 55.0
    assert mixer.over.title == mixer.scope.itemText(2)


def test_a_type_of_several_zones_has_a_total_of_those_zones(mixer: Any) -> None:
    mixer.show_place("GT04", 0)
    # shade is 45 and 50 in the two zones of GT04, which weigh the same: 47.5
    assert mixer.rows.rows["shade"].view.value == pytest.approx(47.5)
    marks = [mixer.rows.rows[k].view.mark for k in mixer.rows.sections["access"].rows]
    head = next(v for v in mixer.over.themes if v.key == "access")
    assert head.mark == pytest.approx(sum(marks) / len(marks))  # every weight is 1
    assert mixer.over.n_breach == 1


# --- moves ------------------------------------------------------------------------------------
def test_a_drag_is_one_step_and_kept_when_it_is_done(mixer: Any) -> None:
    mixer.show_place("zone 1", 1)
    view = mixer.rows.rows["shade"].view
    before = view.ambition
    for value in (51.0, 52.0, 53.0):
        mixer.rows.ambition_moved.emit(view, value, False)
    assert mixer.rows.rows["shade"].view.ambition == 53.0 and kept(mixer) == ""
    mixer.rows.ambition_moved.emit(view, 54.0, True)
    assert mixer.moves.mix.ambitions == {"zone 1": {"shade": 54.0}}
    assert mixer.moves.project.isDirty()  # at once; the text follows when the hand rests
    wait(lambda: "54" in kept(mixer), 5)
    mixer.moves.undo()
    assert mixer.rows.rows["shade"].view.ambition == before
    assert not mixer.moves.history.can_undo()
    mixer.moves.redo()
    assert mixer.rows.rows["shade"].view.ambition == 54.0


def test_a_move_touches_only_the_row_that_moved(mixer: Any) -> None:
    mixer.show_place("zone 1", 1)
    view = mixer.rows.rows["shade"].view
    untouched = {k: row.view for k, row in mixer.rows.rows.items() if k != "shade"}
    listed = mixer.strip._listed
    mixer.rows.ambition_moved.emit(view, view.track.snapped(view.ambition + 3), False)
    assert mixer.rows.painted == 1
    assert all(mixer.rows.rows[k].view is v for k, v in untouched.items())
    assert mixer.strip._listed is listed  # a slider finds nothing new


def test_in_the_plan_a_handle_sets_every_type_to_its_own_value(mixer: Any) -> None:
    view = mixer.rows.rows["shade"].view
    mixer.rows.ambition_moved.emit(view, 9.0, True)
    found = mixer.moves.mix.ambitions
    assert set(found) == {"GT04", "GT07"}
    for kind, wanted in found.items():
        norm = mixer.assessment.profile.norm("shade", kind)
        assert wanted["shade"] == pytest.approx((norm.basis + norm.optimum) / 2)  # mark 9
    assert mixer.rows.rows["shade"].view.ambition == pytest.approx(9.0)
    mixer.rows.ambition_moved.emit(view, None, True)  # back to the norm
    assert mixer.moves.mix.ambitions == {}


def test_switch_weight_and_lock(mixer: Any) -> None:
    row = mixer.rows.rows["shade"]
    climate = next(v.mark for v in mixer.over.themes if v.key == row.view.theme)
    mixer.rows.switched.emit(row.view, True)
    assert row.view.off
    there = mixer.rows.sections[row.view.theme].rows
    rest = [r.view.mark for k, r in there.items() if k != "shade"]
    now = next(v.mark for v in mixer.over.themes if v.key == row.view.theme)
    assert now == pytest.approx(sum(rest) / len(rest)) and now != pytest.approx(climate)
    mixer.rows.switched.emit(row.view, False)
    mixer.rows.weight_moved.emit(row.view, 3.0)
    assert row.view.weight == 3.0
    mixer.rows.lock_asked.emit(row.view, True)
    before = mixer.moves.mix
    mixer.rows.ambition_moved.emit(row.view, 9.0, True)
    assert row.view.locked and mixer.moves.mix == before
    mixer.moves.do(lambda mix: mix.with_mode("test"), "toets")
    assert all(not each.view.movable for each in mixer.rows.rows.values())
    assert row.view.weight == mixer.assessment.profile.indicators["shade"].weight


def test_a_theme_may_weigh_more_in_the_total(mixer: Any) -> None:
    marks = {v.key: v.mark for v in mixer.over.themes}
    head = mixer.rows.sections["climate"].head
    action = next(a for a in head.make_menu().actions() if a.text() == "3")
    action.trigger()
    n = len(marks)
    expected = (sum(marks.values()) + 2 * marks["climate"]) / (n + 2)
    assert mixer.over.total.mark == pytest.approx(expected)
    assert head.weight == 3.0


# --- stale, former ----------------------------------------------------------------------------
def test_greyed_the_instant_something_changes(mixer: Any) -> None:
    assert not mixer.card.badge.faded
    mixer.session.tell("stale", unsaved=1)
    assert mixer.card.badge.faded and mixer.card.bars.faded
    assert all(row.view.stale for row in mixer.rows.rows.values())
    assert all(section.head.faded for section in mixer.rows.sections.values())
    row = mixer.rows.rows["shade"].view
    mixer.rows.ambition_moved.emit(row, 9.0, True)  # judged at once, of the old values
    assert mixer.card.badge.faded and mixer.rows.rows["shade"].view.stale
    mixer.session.give(case(48.0))
    assert not mixer.card.badge.faded and not mixer.rows.rows["shade"].view.stale


def test_the_state_before_the_last_edit_is_the_ghost(mixer: Any) -> None:
    mixer.show_place("zone 1", 1)
    assert mixer.rows.rows["shade"].view.former_at is None
    mixer.session.give(case(48.0))
    view = mixer.rows.rows["shade"].view
    assert (view.value, view.former, view.former_at) == (48.0, 45.0, 45.0)
    assert mixer.rows.rows["green"].view.former_at is None  # it did not move
    mixer.rows.ambition_moved.emit(view, 55.0, True)  # a slider is no edit
    assert mixer.rows.rows["shade"].view.former == 45.0
    mixer.session.give(case(48.0))  # nor is an edit that moves nothing
    assert mixer.rows.rows["shade"].view.former == 45.0


def test_a_named_state_goes_before_it(mixer: Any) -> None:
    from dgo_twin_plugin.engine.compare import of_assessment

    mixer.show_place("zone 1", 1)
    state = of_assessment(case(41.0), "raad", "2026-11-01T10:00:00Z")
    mixer.session.give(case(48.0))
    mixer.set_ghost(state, "raad")
    assert mixer.rows.rows["shade"].view.former == pytest.approx(41.0)
    assert mixer.ghost_name == "raad"
    mixer.set_ghost(None)
    assert mixer.rows.rows["shade"].view.former == 45.0


def test_a_closed_project_empties_the_panel(mixer: Any) -> None:
    mixer.session.assessment = None
    mixer.session.tell("off")
    assert mixer.assessment is None and mixer.former is None
    assert mixer.empty.isVisible() and mixer.plan_button.isVisible()
    assert not mixer.card.isVisible() and not mixer.splitter.isVisible()


# --- going there --------------------------------------------------------------------------------
def test_a_theme_in_the_card_brings_its_rows(mixer: Any) -> None:
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtTest import QTest

    mixer.rows.sections["climate"].head.fold(True)
    bars = mixer.card.bars
    bars.setFocus()
    QTest.keyClick(bars, Qt.Key.Key_End)
    assert bars.views[bars.current].key == "climate"
    QTest.keyClick(bars, Qt.Key.Key_Return)
    settle()
    section = mixer.rows.sections["climate"]
    assert not section.head.is_folded and section.body.isVisible()
    top = section.mapTo(mixer.rows.viewport(), section.rect().topLeft()).y()
    bar = mixer.rows.verticalScrollBar()
    assert top == 0 or bar.value() == bar.maximum()


def test_a_finding_asks_for_its_place(mixer: Any) -> None:
    asked: list[Any] = []
    mixer.place_asked.connect(lambda wkb, crs: asked.append((wkb, crs)))
    mixer.strip.show_one.click()
    (wkb, crs), = asked
    assert wkb and crs == mixer.assessment.scene.crs
    assert mixer.rows.current == "industrial_noise"  # and its row comes along
    mixer.strip.open.click()
    assert mixer.strip.list.isVisible() and mixer.strip.list.count() == 2


def test_folds_and_place_survive_another_design(mixer: Any) -> None:
    mixer.rows.sections["water"].head.fold(True)
    mixer.show_place("zone 2", 2)
    mixer.session.give(case(50.0))
    settle()
    assert mixer.place == ("zone 2", 2) and mixer.scope.currentIndex() == 4
    assert mixer.rows.sections["water"].head.is_folded


# --- width, words -------------------------------------------------------------------------------
@pytest.mark.parametrize("width, columns", [(320, 1), (700, 2), (1366, 3)])
def test_columns_for_the_width_there_is(mixer: Any, width: int, columns: int) -> None:
    from qgis.PyQt.QtWidgets import QApplication

    font = QApplication.font()
    font.setPixelSize(12)
    mixer.setFont(font)
    mixer.resize(width, 700)
    settle()
    assert mixer.minimumSizeHint().width() <= 320 and mixer.width() == width
    assert len(mixer.rows.columns.counts) == columns
    assert sum(mixer.rows.columns.counts) == 8
    for row in mixer.rows.rows.values():
        right = row.mapTo(mixer, row.rect().topRight()).x()
        assert right <= width


def test_blocks_are_split_where_the_tallest_column_is_lowest() -> None:
    from dgo_twin_plugin.panel.columns import split

    assert split([3, 3, 3, 3, 3, 3], 3) == [2, 2, 2]
    assert split([5, 1, 1, 1, 1, 1], 2) == [1, 5]
    assert split([1, 1, 1, 9], 2) == [3, 1]
    assert split([4, 2], 3) == [1, 1] and split([], 2) == []


@pytest.mark.parametrize("language", LANGUAGES, indirect=True)
def test_every_text_is_translated_and_every_control_has_a_name(mixer: Any) -> None:
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QWidget

    from tests.panel.test_dock import KEY

    mixer.show_radar()
    mixer.rows.make_current("shade")
    settle()
    said = []
    for each in mixer.findChildren(QWidget):
        said += [each.toolTip(), each.accessibleName(), each.accessibleDescription()]
        for name in ("text", "placeholderText", "windowTitle"):
            if hasattr(each, name):
                said.append(str(getattr(each, name)()))
        focus = each.focusPolicy() & Qt.FocusPolicy.TabFocus
        if focus and each.isVisible() and type(each).__module__.startswith("dgo_"):
            assert each.accessibleName() or getattr(each, "text", str)(), each
    texts = [words for words in said if words]
    assert len(texts) > 150
    left = sorted({t for t in texts if KEY.search(t) or "{" in t or "mixer." in t})
    assert not left, left
