"""One indicator of the mixing panel: name, value, mark, slider, and what can be set.

Narrow (from 320 px): name, value and mark, the track below, notes under it. From 560 px the words
stand left of the track, from 860 px the controls right of it. Where there is no room for them, the
controls come out when the row is the current one (clicked, or the keyboard is in it). The row draws
its own words, so that 33 of them are made at once and a move repaints what it changes.
"""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QEvent, QLineF, QPoint, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetricsF, QPainter, QPen
from qgis.PyQt.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from ...engine.row_view import RowView
from ...engine.texts import text
from ...engine.words import FOUND
from .. import paint
from .badge import Badge
from .buttons import LockButton, Switch, WhyButton, draw_lock, draw_status
from .measure import line_height
from .spin import AmbitionBox, WeightBox
from .tints import FADED, tints
from .track import TrackView

BESIDE = 560  # px from which words, track and mark stand beside each other
WIDE = 860  # px from which the controls do as well
BADGES = 76.0  # px of the column of marks
TALL = 24  # px of the controls
SIDE = 10  # px left and right
_LEFT = paint.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter)
_RIGHT = paint.flags(Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter)


class IndicatorRow(QWidget):
    """Shows a :class:`RowView`. Signals carry no scope: whoever holds the row knows it.

    ``ambition_changed(value, final)`` in the unit of the track; ``ambition_cleared`` back to the
    norm; ``weight_changed(weight)``; ``switched(on)``; ``locked(held)``; ``why_asked``;
    ``hovered(inside)``; ``chosen``: the row wants to be the current one; ``part_asked(part)``: show
    another part of the indicator, '' for the one that decides.
    """

    ambition_changed = pyqtSignal(float, bool)
    ambition_cleared = pyqtSignal()
    weight_changed = pyqtSignal(float)
    switched = pyqtSignal(bool)
    locked = pyqtSignal(bool)
    why_asked = pyqtSignal()
    hovered = pyqtSignal(bool)
    chosen = pyqtSignal()
    part_asked = pyqtSignal(str)

    def __init__(self, view: RowView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.current = False
        self.beside = self.wide = False
        self._hot = False
        self._words: dict[str, Any] = {}
        self._places: dict[str, QRectF] = {}
        self._measure()
        self.track = TrackView(self)
        self.badge = Badge(self)
        self.spin: AmbitionBox | None = None
        self.weight: WeightBox | None = None
        self.switch: Switch | None = None
        self.lock: LockButton | None = None
        self.why: WhyButton | None = None
        self.track.moved.connect(self._moved)
        self.track.cleared.connect(self.ambition_cleared)
        self.track.installEventFilter(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._laid_out = False  # until it is given a size: a size of before is nobody's
        self._fill(view, None)
        self.setFixedHeight(self.height_for(320))

    # --- showing ------------------------------------------------------------------------------
    def show_view(self, view: RowView) -> None:
        """Show another state of the same indicator; repaints only what differs."""
        if view == self.view:
            return
        before, self.view = self.view, view
        self._fill(view, before)

    def _fill(self, view: RowView, before: RowView | None) -> None:
        self.track.show_view(view)
        wider = self.badge.show_mark(view.mark, view.badge, view.stale or view.off)
        self._fill_controls(view, before)
        told = (view.name, view.figure, view.unit_text, view.notes, view.status, view.off,
                view.stale, view.locked, view.testing, view.weight)  # fmt: skip
        self.setAccessibleName(view.name)
        self.setAccessibleDescription(view.spoken())  # tells the ambition, which is not written
        if told == self._words.get("told"):
            return
        earlier, self._words["told"] = self._words.get("told"), told
        if wider or earlier is None or earlier[:3] != told[:3]:
            self._arrange()
            self.update()
        else:
            for name in ("name", "value", "notes"):
                if name in self._places:
                    self.update(self._places[name].toAlignedRect().adjusted(-20, -2, 2, 2))

    def set_current(self, on: bool) -> None:
        """Make the row the current one: it stands out, and when narrow its controls come out."""
        if on == self.current:
            return
        self.current = on
        self._arrange()
        self.update()

    def _measure(self) -> None:
        self._small = paint.small(self.font(), 0.86)
        self._line = line_height(self.font())
        self._less = line_height(self._small)

    # --- controls -----------------------------------------------------------------------------
    def _controls(self) -> None:
        """Make the controls; only rows that show them have them."""
        if self.spin is not None:
            return
        self.spin, self.weight = AmbitionBox(self), WeightBox(self)
        self.switch, self.lock, self.why = Switch(self), LockButton(self), WhyButton(self)
        for box in (self.spin, self.weight):
            box.setFont(self._small)
        self.spin.typed.connect(self.ambition_changed)
        self.weight.typed.connect(lambda value, _final: self.weight_changed.emit(value))
        self.switch.clicked.connect(self.switched)
        self.lock.clicked.connect(self.locked)
        self.why.clicked.connect(self.why_asked)
        for one, after in zip((self.track, self.spin, self.weight, self.switch, self.lock),
                              (self.spin, self.weight, self.switch, self.lock, self.why)):
            QWidget.setTabOrder(one, after)
            after.installEventFilter(self)
        self._fill_controls(self.view, None)

    def _fill_controls(self, view: RowView, before: RowView | None) -> None:
        spin, weight, switch, lock, why = (self.spin, self.weight, self.switch, self.lock, self.why)
        if spin is None or weight is None or switch is None or lock is None or why is None:
            return
        if view.track is not None and view.ambition is not None:
            unit = view.unit_text if not view.track.marks else text("mix.marks", view.lang)
            if spin.track is not view.track or spin.lang != view.lang:
                spin.set_track(view.track, unit, view.lang)
            spin.fill(view.ambition)
        weight.lang = view.lang
        weight.fill(view.weight)
        spin.setEnabled(view.movable and view.ambition is not None)
        weight.setEnabled(not view.testing and not view.off)
        switch.setEnabled(not view.testing)
        lock.setEnabled(not view.testing and view.track is not None)
        switch.setChecked(not view.off)
        lock.setChecked(view.locked)
        if before is None or before.lang != view.lang or before.locked != view.locked:
            said = {"name": view.name}
            for widget, key in ((spin, "ambition"), (weight, "weight"), (switch, "switch"),
                                (why, "why")):  # fmt: skip
                widget.setAccessibleName(text(f"mix.control.{key}", view.lang, **said))
                if widget is not spin:
                    widget.setToolTip(text(f"mix.control.{key}", view.lang, **said))
            held = text("mix.control.free" if view.locked else "mix.control.lock", view.lang,
                        name=view.name)  # fmt: skip
            lock.setToolTip(held)
            lock.setAccessibleName(held)

    def _moved(self, value: float, final: bool) -> None:
        if self.spin is not None:
            self.spin.fill(value)
        self.ambition_changed.emit(value, final)

    def ask_part(self) -> QMenu:
        """A menu of the parts; it goes when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        view = self.view
        for part, name in (("", text("mix.part.deciding", view.lang)), *view.parts):
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(part == view.part)
            action.triggered.connect(lambda _on, part=part: self.part_asked.emit(part))
        place = self._places["value"].bottomLeft().toPoint() if self._places else QPoint()
        menu.popup(self.mapToGlobal(place))
        return menu

    # --- places -------------------------------------------------------------------------------
    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(300, self.height_for(self.width()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(240, self.minimumHeight())

    def height_for(self, width: int) -> int:
        """px that the row needs at a width."""
        track = self.track.sizeHint().height()
        if width >= BESIDE:
            tall = max(track + 8.0, self._line + self._less + 14.0)
        else:
            tall = self._top() + track + self._less + 6.0
        return int(tall + (TALL + 6 if self.current and width < WIDE else 0))

    def _top(self) -> float:
        return max(self._line, self.badge.sizeHint().height()) + 6.0

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._laid_out = True
        self._arrange()

    def _arrange(self) -> None:
        """Put everything where it belongs for the width there is."""
        if not self._laid_out:
            return
        width = self.width()
        tall = self.height_for(width)
        if self.minimumHeight() != tall or self.maximumHeight() != tall:
            self.setFixedHeight(tall)
        self.beside, self.wide = width >= BESIDE, width >= WIDE
        shown = self.wide or self.current
        if shown:
            self._controls()
        self._places.clear()
        (self._arrange_beside if self.beside else self._arrange_narrow)(float(width))
        for widget in (self.spin, self.weight, self.switch, self.lock, self.why):
            if widget is not None:
                widget.setVisible(shown)

    def _arrange_narrow(self, width: float) -> None:
        top, right, badge = self._top(), width - SIDE, self.badge.sizeHint()
        y = round(top / 2 - badge.height() / 2 + 2)
        self.badge.setGeometry(round(right - badge.width()), y, badge.width(), badge.height())
        self._share(QRectF(SIDE, 4.0, right - badge.width() - 8.0 - SIDE, top - 4.0),
                    self.view.unit_short if width < 400 else self.view.unit_text)  # fmt: skip
        tall = self.track.sizeHint().height()
        self.track.setGeometry(0, round(top), round(width), tall)
        below = top + tall
        self._places["notes"] = QRectF(SIDE + 14.0, below, right - SIDE - 14.0, self._less + 2)
        if self.current:
            self._below(round(below + self._less + 5), right)

    def _arrange_beside(self, width: float) -> None:
        line = self.height_for(round(width))
        line -= TALL + 6 if self.current and not self.wide else 0
        middle, right, badge = line / 2, width - SIDE, self.badge.sizeHint()
        if self.wide:
            right = self._inline(right, middle)
        self.badge.setGeometry(round(right - badge.width()), round(middle - badge.height() / 2),
                               badge.width(), badge.height())  # fmt: skip
        right -= max(BADGES, float(badge.width())) + 4.0
        left = min(max(230.0, width * 0.36), 400.0)
        tall = self.track.sizeHint().height()
        self.track.setGeometry(round(left), round(middle - tall / 2),
                               round(max(110.0, right - left)), tall)  # fmt: skip
        block = (line - self._line - self._less - 2) / 2
        self._share(QRectF(SIDE, block, left - SIDE - 2, self._line), self.view.unit_short)
        self._places["notes"] = QRectF(SIDE + 14.0, block + self._line + 2, left - SIDE - 16.0,
                                       self._less)  # fmt: skip
        if self.current and not self.wide:
            self._below(round(line - 2), width - SIDE)

    def _below(self, y: int, right: float) -> None:
        """The controls on a line of their own."""
        assert self.spin is not None and self.weight is not None and self.switch is not None
        assert self.lock is not None and self.why is not None
        self.spin.setGeometry(SIDE, y, 78, TALL)
        x = round(right)
        for widget, wide in ((self.why, 28), (self.lock, 28), (self.switch, 38), (self.weight, 66)):
            x -= wide
            widget.setGeometry(x, y, wide - 4, TALL)
        self._places["unit"] = QRectF(SIDE + 83.0, y, max(0.0, x - SIDE - 88.0), TALL)

    def _inline(self, right: float, middle: float) -> float:
        """The controls right of the mark; where they begin."""
        assert self.spin is not None and self.weight is not None and self.switch is not None
        assert self.lock is not None and self.why is not None
        x = right
        for widget, wide, gap in ((self.why, 26, 2), (self.lock, 26, 4), (self.switch, 36, 8),
                                  (self.weight, 66, 6), (self.spin, 80, 14)):  # fmt: skip
            x -= wide
            widget.setGeometry(round(x), round(middle - TALL / 2), wide, TALL)
            x -= gap
        return x

    def _unit_words(self) -> str:
        track = self.view.track
        if track is None:
            return ""
        if track.marks:
            return text("mix.mark_short", self.view.lang)
        room, unit = self._places.get("unit"), self.view.unit_text
        wide = QFontMetricsF(self._small).horizontalAdvance(unit)
        return unit if room is not None and wide < room.width() else self.view.unit_short

    def _share(self, line: QRectF, unit: str) -> None:
        """The first line: the value keeps its room, the name takes what is left."""
        value = f"{self.view.figure} {unit}".strip() if self.view.value is not None else ""
        metrics = QFontMetricsF(self.font())
        wide = min(metrics.horizontalAdvance(value) + 2, line.width() * 0.6)
        self._words["value"] = value
        self._places["value"] = QRectF(line.right() - wide, line.top(), wide, line.height())
        self._places["name"] = QRectF(line.left(), line.top(), line.width() - wide - 8.0,
                                      line.height())  # fmt: skip

    # --- painting -----------------------------------------------------------------------------
    def paintEvent(self, event: Any) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, view, asked = tints(self.palette()), self.view, event.rect()
        box = QRectF(self.rect()).adjusted(2.0, 1.0, -2.0, -1.0)
        if self.current:
            painter.setPen(QPen(colours.accent, 1.6))
            painter.setBrush(colours.hover)
            painter.drawRoundedRect(box, 6.0, 6.0)
        elif self._hot:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.hover)
            painter.drawRoundedRect(box, 6.0, 6.0)
        painter.setOpacity(FADED if view.off else 1.0)
        if self._meets(asked, "name"):
            painter.setFont(self.font())
            painter.setPen(colours.ink)
            place = self._places["name"]
            fits = QFontMetricsF(self.font()).horizontalAdvance(view.name) <= place.width() + 0.5
            self._write(painter, place, view.name if fits else view.short, _LEFT)
        painter.setOpacity(FADED if view.off or view.stale else 1.0)
        if self._meets(asked, "value"):
            painter.setFont(self.font())
            painter.setPen(colours.soft)
            self._value(painter, colours)
        if self._meets(asked, "notes"):
            self._notes(painter, colours)
        if "unit" in self._places and self.current and not self.wide:
            painter.setOpacity(1.0)
            painter.setFont(self._small)
            painter.setPen(colours.soft)
            self._write(painter, self._places["unit"], self._unit_words(), _LEFT)

    def _value(self, painter: QPainter, colours: Any) -> None:
        """The value; a dotted line under it where a click gives the choice of another part."""
        place, words = self._places["value"], self._words.get("value", "")
        self._write(painter, place, words, _RIGHT)
        if self.view.parts and words:
            painter.setPen(QPen(colours.line, 1.0, Qt.PenStyle.DotLine))
            y = place.center().y() + self._line / 2 - 1.0
            painter.drawLine(QLineF(place.left() + 2, y, place.right(), y))

    def _meets(self, asked: QRect, name: str) -> bool:
        place = self._places.get(name)
        return place is not None and place.adjusted(-20, 0, 0, 0).intersects(QRectF(asked))

    def _notes(self, painter: QPainter, colours: Any) -> None:
        view, place = self.view, self._places["notes"]
        law = view.legal_check in FOUND and not view.off
        centre = QPointF(place.left() - 8.5, place.center().y())
        if law:
            painter.setFont(paint.small(self._small, 1.0, bold=True))
            painter.setPen(colours.warning)
            painter.drawText(QRectF(centre.x() - 6, place.top(), 12, place.height()),
                             paint.flags(Qt.AlignmentFlag.AlignCenter), "§")  # fmt: skip
        else:
            draw_status(painter, centre, "" if view.off else view.status, colours)
        painter.setFont(self._small)
        painter.setPen(colours.warning if law else colours.soft)
        right = self._state(painter, place, colours)
        self._write(painter, place.adjusted(0, 0, -right, 0), view.notes, _LEFT)

    def _state(self, painter: QPainter, place: QRectF, colours: Any) -> float:
        """Lock and weight at the end of the line, where the controls do not show them; the px
        they take."""
        view, room = self.view, 0.0
        if self.wide or self.current:
            return 0.0
        pen = painter.pen()
        if view.weight != 1.0 and not view.off:
            shown = f"× {view.weight:g}"
            shown = shown.replace(".", ",") if view.lang == "nl" else shown
            wide = QFontMetricsF(self._small).horizontalAdvance(shown)
            painter.setPen(colours.ink)
            painter.drawText(place, _RIGHT, shown)
            room += wide + 6
        if view.locked:
            draw_lock(painter, QPointF(place.right() - room - 6, place.center().y()), True,
                      colours.accent)  # fmt: skip
            room += 16
        painter.setPen(pen)
        return room

    @staticmethod
    def _write(painter: QPainter, box: QRectF, words: str, flags: int) -> None:
        shown = QFontMetricsF(painter.font()).elidedText(
            words, Qt.TextElideMode.ElideRight, box.width() + 0.5)  # fmt: skip
        painter.drawText(box, flags, shown)

    # --- events -------------------------------------------------------------------------------
    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        kind = event.type()
        if kind == QEvent.Type.FocusIn or (watched is self.track
                                           and kind == QEvent.Type.MouseButtonPress):
            self.chosen.emit()
        return bool(super().eventFilter(watched, event))

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()
            self.track.setFocus(Qt.FocusReason.MouseFocusReason)
            if self.view.parts and self._places["value"].contains(QPointF(event.pos())):
                self.ask_part()
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: Any) -> None:  # noqa: N802
        del event
        self.why_asked.emit()

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        keys = Qt.Key
        if event.key() in (keys.Key_Return, keys.Key_Enter, keys.Key_Question):
            self.why_asked.emit()
        elif event.key() == keys.Key_P and self.view.parts:
            self.ask_part()
        elif event.key() == keys.Key_Space and not self.view.testing:
            self.switched.emit(self.view.off)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: Any) -> None:  # noqa: N802
        self._hot = True
        self.update()
        self.hovered.emit(True)
        super().enterEvent(event)

    def leaveEvent(self, event: Any) -> None:  # noqa: N802
        self._hot = False
        self.update()
        self.hovered.emit(False)
        super().leaveEvent(event)

    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.view.tip, self)
            return True
        return bool(super().event(event))

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "track"):
            self._measure()
            self._arrange()
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
