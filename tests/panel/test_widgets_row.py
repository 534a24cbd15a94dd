"""Rows of the mixing panel: what they tell, what repaints, where things stand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("qgis.PyQt", reason="Qt is not installed for this Python")

from dgo_twin_plugin.engine import texts  # noqa: E402
from dgo_twin_plugin.engine.mix import Mix  # noqa: E402
from dgo_twin_plugin.engine.norms import load_profile  # noqa: E402
from dgo_twin_plugin.engine.row_view import RowView, row_views  # noqa: E402
from dgo_twin_plugin.engine.words import say  # noqa: E402
from tests.panel.mix_case import assessment  # noqa: E402

VALUES = {"traffic_noise": {"": [57.8, 50]}, "shade": {"": [45, 50]},
          "industrial_noise": {"": [52.5, 50]}, "flood_safety": {"": [2200, 300]}}  # fmt: skip


@pytest.fixture(scope="module")
def case() -> Any:
    profile = load_profile("utrecht-proposal-2026")
    return assessment(profile, ["GT04", "GT08"], VALUES,
                      missing={"energy_use": say("reasons.no_value")})  # fmt: skip


@pytest.fixture(autouse=True)
def dutch(qgis_app: Any) -> Iterator[None]:
    before = texts.language()
    texts.set_language("nl")
    yield
    texts.set_language(before)


def view(case: Any, indicator: str = "traffic_noise", mix: Mix | None = None,
         scope: str = "GT04", zone: int = 1, **more: Any) -> RowView:  # fmt: skip
    mix = mix or Mix()
    found = row_views(case.judged(*mix.laid(case.profile)), mix, scope, zone, lang="nl", **more)
    return next(v for v in found if v.indicator == indicator)


@pytest.fixture
def make(case: Any) -> Iterator[Any]:
    """Makes rows of a width, shown in a window, and takes them away."""
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication, QVBoxLayout, QWidget

    from dgo_twin_plugin.panel.widgets.row import IndicatorRow

    made: list[Any] = []

    def one(found: RowView | None = None, width: int = 320) -> Any:
        holder = QWidget()
        holder.move(500, 500)
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        row = IndicatorRow(found or view(case))
        layout.addWidget(row)
        layout.addStretch(1)
        holder.setFixedWidth(width)
        holder.show()
        for _ in range(3):
            QApplication.processEvents()
        made.append(holder)
        return row

    yield one
    for holder in made:
        holder.close()
        holder.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


class Painted:
    """Counts the paint events of widgets."""

    def __new__(cls, *widgets: Any) -> Any:
        from qgis.PyQt.QtCore import QEvent, QObject

        class Filter(QObject):
            def __init__(self) -> None:
                super().__init__()
                self.count = dict.fromkeys(map(id, widgets), 0)

            def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
                if event.type() == QEvent.Type.Paint and id(watched) in self.count:
                    self.count[id(watched)] += 1
                return False

            def of(self, widget: Any) -> int:
                return self.count[id(widget)]

        made = Filter()
        for widget in widgets:
            widget.installEventFilter(made)
        return made


def settle() -> None:
    from qgis.PyQt.QtWidgets import QApplication

    for _ in range(3):
        QApplication.processEvents()


def key(widget: Any, name: str, release: bool = True) -> None:
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtTest import QTest

    QTest.keyPress(widget, getattr(Qt.Key, name))
    if release:
        QTest.keyRelease(widget, getattr(Qt.Key, name))


def test_a_slider_that_moves_paints_its_track_once_and_nothing_else(make: Any, case: Any) -> None:
    row, other = make(), make(view(case, "shade"))
    settle()
    seen = Painted(row.track, row.badge, other, other.track, other.badge)
    # 50 -> 48: the value of 57.8 was short and still is; no word of the row changes
    mix = Mix().with_ambition("GT04", "traffic_noise", 48)
    row.show_view(view(case, "traffic_noise", mix))
    other.show_view(view(case, "shade", mix))
    settle()
    assert (seen.of(row.track), seen.of(row.badge)) == (1, 0)
    assert (seen.of(other), seen.of(other.track), seen.of(other.badge)) == (0, 0, 0)


def test_the_same_state_paints_nothing(make: Any, case: Any) -> None:
    row = make()
    settle()
    seen = Painted(row, row.track, row.badge)
    row.show_view(view(case))
    settle()
    assert (seen.of(row), seen.of(row.track), seen.of(row.badge)) == (0, 0, 0)
    # the eye of the test: another mark does paint
    row.show_view(dataclasses.replace(view(case), mark=7.0, value=52.5))
    settle()
    assert seen.of(row.badge) == 1 and seen.of(row) >= 1 and seen.of(row.track) == 1


def test_keys_move_by_a_step_and_the_release_is_final(make: Any) -> None:
    row = make()
    told: list[Any] = []
    row.ambition_changed.connect(lambda value, final: told.append((value, final)))
    key(row.track, "Key_Right", release=False)
    key(row.track, "Key_Right")
    # 50 dB, lower is better: 49.5 and 49, which the release makes final
    assert told == [(49.5, False), (49.0, False), (49.0, True)]


def test_a_locked_handle_and_the_mode_test_do_not_move(make: Any, case: Any) -> None:
    from qgis.PyQt.QtCore import QPoint, Qt
    from qgis.PyQt.QtTest import QTest

    for mix in (Mix().with_lock("traffic_noise"), Mix().with_mode("test")):
        row = make(view(case, "traffic_noise", mix))
        told: list[Any] = []
        row.ambition_changed.connect(lambda *words, told=told: told.append(words))
        key(row.track, "Key_Right")
        QTest.mouseClick(row.track, Qt.MouseButton.LeftButton,
                         Qt.KeyboardModifier.NoModifier, QPoint(300, 15))  # fmt: skip
        assert told == [] and row.track.ambition == 50
        row.set_current(True)
        settle()
        assert not row.spin.isEnabled()
        assert row.lock.isEnabled() == (mix.mode == "design")


def test_the_law_is_impassable_by_key_mouse_and_box(make: Any, case: Any) -> None:
    from qgis.PyQt.QtCore import QPoint, Qt
    from qgis.PyQt.QtTest import QTest

    # industry: limit 55, hatched to 56.8
    row = make(view(case, "industrial_noise"))
    key(row.track, "Key_Home")
    assert row.track.ambition == 55
    key(row.track, "Key_Left")
    assert row.track.ambition == 55
    key(row.track, "Key_End")
    QTest.mouseClick(row.track, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
                     QPoint(2, 15))  # fmt: skip
    assert row.track.ambition == 55
    row.set_current(True)
    settle()
    assert row.spin.maximum() == 55 and row.spin.minimum() == pytest.approx(38.5)
    hatched = QPoint(round(row.track.x_of(56)), 15)
    assert "5.78t" in row.track.tip_at(hatched) and "55,0 dB Lden" in row.track.tip_at(hatched)
    # elsewhere the tip is that of the row
    assert "5.78t" not in row.track.tip_at(QPoint(300, 15)).split("<br>")[0]


def test_a_drag_takes_hold_where_it_grips_and_ends_final(make: Any) -> None:
    from qgis.PyQt.QtCore import QPoint, Qt
    from qgis.PyQt.QtTest import QTest

    row = make()
    track = row.track
    told: list[Any] = []
    row.ambition_changed.connect(lambda value, final: told.append((value, final)))
    button, free = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    start = QPoint(round(track.x_of(50)) + 6, 15)  # beside the middle of the handle
    QTest.mousePress(track, button, free, start)
    assert told == []  # taking hold moves nothing
    QTest.mouseMove(track, QPoint(round(track.x_of(45)) + 6, 15))
    QTest.mouseRelease(track, button, free, QPoint(round(track.x_of(45)) + 6, 15))
    assert told[-1] == (45.0, True) and all(not final for _, final in told[:-1])


def test_what_the_hand_holds_is_not_moved_by_an_answer(make: Any, case: Any) -> None:
    from qgis.PyQt.QtCore import QPoint, Qt
    from qgis.PyQt.QtTest import QTest

    row = make()
    button, free = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(row.track, button, free, QPoint(round(row.track.x_of(45)), 15))
    assert row.track.ambition == 45
    row.show_view(dataclasses.replace(view(case), mark=5.0))  # an older answer, still at 50
    assert row.track.ambition == 45
    QTest.mouseRelease(row.track, button, free, QPoint(round(row.track.x_of(45)), 15))
    row.show_view(view(case, "traffic_noise", Mix().with_ambition("GT04", "traffic_noise", 47)))
    assert row.track.ambition == 47


def test_the_wheel_moves_only_where_the_keyboard_is(make: Any) -> None:
    from qgis.PyQt.QtCore import QPoint, QPointF, Qt
    from qgis.PyQt.QtGui import QWheelEvent
    from qgis.PyQt.QtWidgets import QApplication

    row = make()
    told: list[Any] = []
    row.ambition_changed.connect(lambda *words: told.append(words))

    def turn() -> bool:
        place = QPointF(100, 10)
        event = QWheelEvent(place, QPointF(row.track.mapToGlobal(place.toPoint())), QPoint(0, 0),
                            QPoint(0, 120), Qt.MouseButton.NoButton,
                            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
                            False)  # fmt: skip
        QApplication.sendEvent(row.track, event)
        return bool(event.isAccepted())

    row.track.clearFocus()
    assert not turn() and told == []  # the list scrolls
    row.track.window().activateWindow()
    row.track.setFocus()
    settle()
    if row.track.hasFocus():
        assert turn() and told == [(49.5, True)]


def test_narrow_rows_have_controls_only_when_current(make: Any) -> None:
    row = make()
    assert row.spin is None
    tall = row.height()
    row.set_current(True)
    settle()
    assert row.spin is not None and row.spin.isVisible() and row.height() > tall
    row.set_current(False)
    settle()
    assert not row.spin.isVisible() and row.height() == tall
    wide = make(width=1000)
    assert wide.spin is not None and wide.spin.isVisible() and wide.height() < tall


@pytest.mark.parametrize("width", [320, 400, 560, 640, 860, 1400])
@pytest.mark.parametrize("current", [False, True])
def test_nothing_overlaps_or_falls_off(make: Any, width: int, current: bool, case: Any) -> None:
    row = make(view(case, "industrial_noise"), width)
    row.set_current(current)
    settle()
    boxes = [w.geometry() for w in (row.track, row.badge, row.spin, row.weight, row.switch,
                                    row.lock, row.why) if w is not None and w.isVisible()]
    boxes += [row._places[n].toAlignedRect().adjusted(1, 1, -1, -1)
              for n in ("name", "value", "notes")]  # fmt: skip
    assert len(boxes) == (10 if current or width >= 860 else 5)
    for i, one in enumerate(boxes):
        assert row.rect().contains(one), (i, one, row.rect())
        assert not any(one.intersects(other) for other in boxes[:i]), (i, one, boxes)
    assert row._places["name"].width() >= 60


def test_the_box_speaks_the_language_of_the_panel(make: Any, case: Any) -> None:
    row = make(view(case, "traffic_noise", Mix().with_ambition("GT04", "traffic_noise", 48.5)))
    row.set_current(True)
    settle()
    assert row.spin.text() == "48,5"
    told: list[Any] = []
    row.ambition_changed.connect(lambda value, final: told.append((value, final)))
    for words, value in (("47,25", 47.25), ("46.5", 46.5)):
        row.spin.lineEdit().setText(words)
        row.spin.interpretText()
        assert told[-1] == (value, True) and row.spin.value() == value
    texts.set_language("en")
    english = row_views(case, Mix(), "GT04", 1, lang="en")
    row.show_view(next(v for v in english if v.indicator == "traffic_noise"))
    assert row.spin.text() == "50.0"


def test_switch_weight_lock_and_why_tell(make: Any) -> None:
    row = make(width=1000)
    told: list[Any] = []
    row.switched.connect(lambda on: told.append(("on", on)))
    row.weight_changed.connect(lambda weight: told.append(("weight", weight)))
    row.locked.connect(lambda held: told.append(("held", held)))
    row.why_asked.connect(lambda: told.append("why"))
    row.switch.click()
    row.weight.stepBy(1)
    row.lock.click()
    row.why.click()
    assert told == [("on", False), ("weight", 1.5), ("held", True), "why"]
    assert row.weight.text() == "× 1,5" and row.weight.maximum() == 5


def test_showing_a_state_tells_nobody(make: Any, case: Any) -> None:
    row = make(width=1000)
    told: list[Any] = []
    for signal in (row.ambition_changed, row.weight_changed, row.switched, row.locked,
                   row.ambition_cleared):  # fmt: skip
        signal.connect(lambda *words: told.append(words))
    mix = Mix().with_ambition("GT04", "traffic_noise", 47).with_weight("traffic_noise", 3)
    row.show_view(view(case, "traffic_noise", mix.with_off("traffic_noise")))
    row.show_view(view(case, "traffic_noise", mix.with_lock("traffic_noise")))
    assert told == [] and row.spin.value() == 47 and row.weight.value() == 3
    assert row.lock.isChecked() and row.switch.isChecked()


def test_every_control_has_a_name_and_the_tab_goes_through_them(make: Any, case: Any) -> None:

    row = make(width=1000)
    chain, one = [], row.track
    while one not in chain:
        chain.append(one)
        one = one.nextInFocusChain()
    wanted = [row.track, row.spin, row.weight, row.switch, row.lock, row.why]
    assert [w for w in chain if w in wanted] == wanted
    for widget in wanted:
        assert "Geluidhinder verkeer" in widget.accessibleName(), widget
    assert "57,8 dB Lden" in row.track.accessibleDescription()
    assert row.badge.accessibleName() == "rapportcijfer 4,8"


def test_a_slider_for_a_screen_reader(make: Any) -> None:
    row = make()
    # from the worst, 60 dB, in steps of half a dB: 50 is the 20th of 33
    assert (row.track.minimum(), row.track.value(), row.track.maximum()) == (0, 20, 33)
    assert row.track.inherits("QAbstractSlider")
    key(row.track, "Key_Right")
    assert row.track.value() == 21


def test_signs_differ_without_colour(qgis_app: Any) -> None:
    """Every status as a sign of its own: the pictures differ when all is drawn in one colour."""
    from qgis.PyQt.QtCore import QPointF
    from qgis.PyQt.QtGui import QColor, QImage, QPainter

    from dgo_twin_plugin.panel.widgets.buttons import draw_status

    class One:
        line = soft = warning = QColor("black")

    drawn = set()
    states = ("ok", "below_ambition", "below_minimum", "not_assessed", "not_applicable")
    for status in states:
        image = QImage(14, 14, QImage.Format.Format_ARGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        draw_status(painter, QPointF(7, 7), status, One)
        painter.end()
        drawn.add(tuple(image.pixel(x, y) for x in range(14) for y in range(14)))
    assert len(drawn) == len(states)


@pytest.mark.parametrize("dark", [False, True])
def test_words_can_be_read_on_light_and_dark(qgis_app: Any, dark: bool) -> None:
    from dgo_twin_plugin.panel import paint
    from dgo_twin_plugin.panel.widgets.tints import tints
    from tests.panel.qt6.scene import palette

    found = tints(palette(dark))
    assert found.dark == dark
    for colour in (found.ink, found.soft, found.warning):
        assert paint.contrast(colour, found.paper) >= paint.READABLE
    assert paint.contrast(found.accent, found.paper) >= paint.VISIBLE
    assert tints(palette(not dark)).dark != dark  # not the one of before
    assert tints(palette(dark)) is found  # another palette of the same colours


def test_a_row_of_the_whole_plan_speaks_in_marks(make: Any, case: Any) -> None:
    row = make(view(case, "shade", scope="all", zone=0))
    told: list[Any] = []
    row.ambition_changed.connect(lambda value, final: told.append((value, final)))
    key(row.track, "Key_PageDown")
    assert told == [(7.0, False), (7.0, True)]
    row.set_current(True)
    settle()
    assert row.spin.text() == "8,0" and row.spin.minimum() == 4


def test_without_a_norm_there_is_no_handle(make: Any, case: Any) -> None:
    found = dataclasses.replace(view(case), track=None, ambition=None, mark=None)
    row = make(found)
    key(row.track, "Key_Right")
    row.set_current(True)
    settle()
    assert not row.spin.isEnabled() and row.track.ambition is None


def test_another_part_can_be_asked_by_key_and_mouse(make: Any, case: Any) -> None:
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtTest import QTest
    from qgis.PyQt.QtWidgets import QMenu

    row = make(view(case, "air_quality"))
    told: list[Any] = []
    row.part_asked.connect(told.append)

    def menus() -> list[Any]:
        return [m for m in row.findChildren(QMenu) if m.isVisible()]

    key(row, "Key_P")
    (menu,) = menus()
    assert [a.text() for a in menu.actions()] == [
        "Het onderdeel dat het cijfer bepaalt", "NO₂", "PM10", "PM2,5"]  # fmt: skip
    menu.actions()[3].trigger()
    menu.actions()[0].trigger()
    assert told == ["pm25", ""]
    menu.close()
    settle()
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
                     row._places["value"].center().toPoint())  # fmt: skip
    (menu,) = menus()
    menu.close()
    single = make()
    key(single, "Key_P")
    assert not single.findChildren(QMenu)
