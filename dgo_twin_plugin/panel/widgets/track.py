"""The slider whose track is the bandwidth of an area type (design 8).

Left is worst, right is best. Hatched: beyond the law, impassable. Ticks 6, 8 and 10; dots: the
standard value; haze: the 90 % interval; triangle: the plan's value, hollow where it was before;
ring: the ambition. Arrows move it by a step, PageUp and PageDown by a mark, Home and End to the
ends, Delete takes it back to the norm.
"""

from __future__ import annotations

import html
from typing import Any

from qgis.PyQt.QtCore import QEvent, QPoint, QRect, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence, QPainter
from qgis.PyQt.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip, QWidget

from ...engine.bandwidth import Track
from ...engine.row_view import RowView
from ...engine.texts import text
from .. import paint
from .measure import line_height
from .track_paint import Geometry, draw

GRIP = 12.0  # px round the handle that take hold of it


class TrackView(QAbstractSlider):
    """Shows a :class:`RowView` on its track. ``moved(value, final)``: the ambition in the unit of
    the track; final when the mouse or the key is released. ``cleared``: back to the norm.

    It is a QAbstractSlider, so that a screen reader meets a slider with a value; that value counts
    steps from the worst end, the words are in its description.
    """

    moved = pyqtSignal(float, bool)
    cleared = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: RowView | None = None
        self.track: Track | None = None
        self.ambition: float | None = None
        self.hot = False  # under the mouse
        self._dragging = False
        self._typing = False  # a key is down: its release is the final move
        self._grip = 0.0
        self._last = 0.0  # px of the mouse
        self._turned = 0  # of the wheel, in eighths of a degree
        self.small = paint.small(self.font(), 0.8)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    # --- showing ------------------------------------------------------------------------------
    def show_view(self, view: RowView) -> None:
        """Show a row; repaints only where something on the track differs. While the hand is on
        the handle its ambition is the hand's."""
        before = self.view
        self.view = view
        ambition = self.ambition if self._dragging else view.ambition
        if before is None or before.track is not view.track:
            self.track = view.track
            self._range()
        elif ambition == self.ambition and _drawn(before) == _drawn(view):
            return
        self._take(ambition)
        if before is None or before.name != view.name or before.lang != view.lang:
            self.setAccessibleName(text("mix.spoken.track", view.lang, name=view.name))
        if before is None or before.movable != view.movable:
            self.setCursor(Qt.CursorShape.PointingHandCursor if view.movable
                           else Qt.CursorShape.ArrowCursor)  # fmt: skip
        self.update()

    def _range(self) -> None:
        self.blockSignals(True)
        steps = 100 if self.track is None else self._count(self.track.end)
        self.setRange(0, max(1, steps))
        self.setSingleStep(1)
        self.blockSignals(False)

    def _count(self, value: float) -> int:
        """Steps from the worst end, for the screen reader."""
        track = self.track
        if track is None:
            return 0
        if track.log:
            first, end = track.position(track.first), track.position(track.end)
            return round((track.position(value) - first) / (end - first) * 40)
        return round(abs(value - track.first) / track.step)

    def _take(self, ambition: float | None) -> None:
        self.ambition = ambition
        if ambition is not None:
            self.blockSignals(True)  # the value follows, it does not lead
            self.setValue(self._count(ambition))
            self.blockSignals(False)
        if self.view is not None:
            self.setAccessibleDescription(self.view.spoken())

    # --- places -------------------------------------------------------------------------------
    def geometry_of(self) -> Geometry:
        """Where things are drawn."""
        return Geometry(float(self.width()), float(self.height()),
                        line_height(self.small))  # fmt: skip

    def x_of(self, value: float) -> float:
        """px from the left where a value is drawn."""
        return self.geometry_of().x(self.track.position(value)) if self.track else 0.0

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(220, int(line_height(self.small) + 24))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(110, self.sizeHint().height())

    def _handle(self) -> QRect:
        x = round(self.x_of(self.ambition)) if self.ambition is not None else 0
        return QRect(x - round(GRIP), 0, round(2 * GRIP), self.height())

    # --- moving -------------------------------------------------------------------------------
    def _set(self, value: float, final: bool) -> None:
        if self.track is None or self.view is None or not self.view.movable:
            return
        value = self.track.clamp(value)
        changed = self.ambition is None or abs(value - self.ambition) > 1e-12
        if changed:
            self._take(value)
            self.update()
        if changed or final:
            self.moved.emit(value, final)

    def step_by(self, steps: float, final: bool = True) -> None:
        """Move the handle by steps, towards better where positive."""
        if self.track is not None and self.ambition is not None:
            self._set(self.track.moved(self.ambition, steps), final)

    def mark_by(self, marks: float, final: bool = True) -> None:
        """Move the handle by whole marks."""
        if self.track is not None and self.ambition is not None:
            now = self.track.mark(self.ambition)
            aim = self.track.value_at_mark(min(10.0, max(1.0, round(now, 6) + marks)))
            self._set(aim, final)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        keys, view, track = Qt.Key, self.view, self.track
        if view is None or track is None or not view.movable:
            QWidget.keyPressEvent(self, event)
            return
        key = event.key()
        steps = {keys.Key_Right: 1, keys.Key_Up: 1, keys.Key_Left: -1, keys.Key_Down: -1}.get(key)
        if steps is not None:
            self.step_by(steps, False)
        elif key in (keys.Key_PageUp, keys.Key_PageDown):
            self.mark_by(1.0 if key == keys.Key_PageUp else -1.0, False)
        elif key == keys.Key_Home:
            self._set(track.first, False)
        elif key == keys.Key_End:
            self._set(track.end, False)
        elif key in (keys.Key_Delete, keys.Key_Backspace):
            self.cleared.emit()
            event.accept()
            return
        elif event.matches(QKeySequence.StandardKey.Cancel) and self._dragging:
            self._dragging = False
        else:
            QWidget.keyPressEvent(self, event)
            return
        self._typing = True
        event.accept()

    def keyReleaseEvent(self, event: Any) -> None:  # noqa: N802
        if self._typing and not event.isAutoRepeat():
            self._finish_keys()
            event.accept()
            return
        QWidget.keyReleaseEvent(self, event)

    def _finish_keys(self) -> None:
        self._typing = False
        if self.ambition is not None:
            self._set(self.ambition, True)

    def focusOutEvent(self, event: Any) -> None:  # noqa: N802
        if self._typing:
            self._finish_keys()
        super().focusOutEvent(event)
        self.update()

    def focusInEvent(self, event: Any) -> None:  # noqa: N802
        super().focusInEvent(event)
        self.update()

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        if event.button() != Qt.MouseButton.LeftButton or self.track is None:
            event.ignore()
            return
        if self.view is None or not self.view.movable:
            return  # taken, so that the row becomes the current one, and nothing moves
        x = self._last = _x(event)
        at = None if self.ambition is None else self.x_of(self.ambition)
        self._dragging = True
        self.setSliderDown(True)
        if at is not None and abs(x - at) <= GRIP:
            self._grip = x - at
        else:
            self._grip = 0.0
            self._drag(x)
        self.update()

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802
        if self._dragging and _x(event) != self._last:
            self._last = _x(event)
            self._drag(self._last)

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        if self._dragging and event.button() == Qt.MouseButton.LeftButton:
            self.mouseMoveEvent(event)  # where it is let go, though no move was told
            self._dragging = False
            self.setSliderDown(False)
            if self.ambition is not None:
                self._set(self.ambition, True)
            self.update()

    def _drag(self, x: float) -> None:
        assert self.track is not None
        places = self.geometry_of()
        share = places.share(x - self._grip)
        for _, value in self.track.stops:  # a stop holds the handle for a few px
            if abs(places.x(self.track.position(value)) - (x - self._grip)) <= 2.5:
                self._set(value, False)
                return
        self._set(self.track.snapped(self.track.value(share)), False)

    def wheelEvent(self, event: Any) -> None:  # noqa: N802
        if not self.hasFocus() or self.view is None or not self.view.movable:
            event.ignore()  # the list scrolls
            return
        self._turned += event.angleDelta().y()
        steps = int(self._turned / 120)
        if steps:
            self._turned -= steps * 120
            self.step_by(steps)
        event.accept()

    # --- events -------------------------------------------------------------------------------
    def enterEvent(self, event: Any) -> None:  # noqa: N802
        self.hot = True
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: Any) -> None:  # noqa: N802
        self.hot = False
        self.update()
        super().leaveEvent(event)

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        if event.type() == QEvent.Type.FontChange:
            self.small = paint.small(self.font(), 0.8)
            self.updateGeometry()
        self.update()

    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.ToolTip and self.view is not None:
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return bool(super().event(event))

    def tip_at(self, place: QPoint) -> str:
        """What a tooltip says here: the ambition, the law with its article, else the whole row."""
        view, track = self.view, self.track
        if view is None or track is None:
            return "" if view is None else view.tip
        article = track.article[view.lang]
        x = place.x()
        if track.limit is not None and x <= self.x_of(track.limit) + 4 and article:
            head = text("mix.tip.impassable", view.lang, limit=view.on_track(track.limit))
            return "<br>".join(html.escape(t) for t in (head, *article.splitlines()))
        if self.ambition is not None and self._handle().contains(place):
            said = [text("mix.spoken.ambition", view.lang, ambition=view.ambition_text)]
            said.append(text("mix.tip.keys" if view.movable else "mix.tip.held", view.lang))
            return "<br>".join(html.escape(t) for t in said)
        return view.tip

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        if self.view is None:
            return
        painter = QPainter(self)
        draw(painter, self.geometry_of(), self.view, self.ambition, self.palette(), self.small,
             self.hasFocus(), self.hot, self._dragging)  # fmt: skip


def _x(event: Any) -> float:
    """px from the left (Qt 5 and Qt 6)."""
    if hasattr(event, "position"):
        return float(event.position().x())
    return float(event.localPos().x())


def _drawn(view: RowView) -> tuple[Any, ...]:
    """All of a row that the track shows or says."""
    return (view.at, view.low, view.high, view.former_at, view.stale, view.off, view.movable,
            view.own, view.mark, view.status, view.lang, view.n_breach, view.reason, view.part,
            view.locked, view.value, view.coverage, view.assumed, view.legal_check, view.proxy,
            view.name)  # fmt: skip
