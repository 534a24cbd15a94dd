"""A bar per theme with its ambition and its former mark; a click or Enter chooses the theme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.PyQt.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QSizePolicy, QToolTip, QWidget

from ...engine.texts import text
from .. import paint
from ..overview import MarkView
from .tints import FADED, tints

SMALL = 0.82  # of the font
LEAST = 0.62  # of that, where names would not fit
WIDEST = 132.0  # px of one bar


class ThemeBars(QWidget):
    """``chosen`` carries the theme."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: tuple[MarkView, ...] = ()
        self.faded = False
        self.current = 0  # the bar that the keyboard is on
        self._over = -1
        self._names = SMALL
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text("report.section.themes"))

    def show_views(self, views: Sequence[MarkView]) -> None:
        """Show the themes; repaints only those that differ."""
        views = tuple(views)
        if views == self.views:
            return
        before, self.views = self.views, views
        self.current = min(self.current, max(0, len(views) - 1))
        self.setAccessibleDescription("; ".join(view.spoken for view in views))
        if [(v.key, v.name, v.short) for v in before] != [
                (v.key, v.name, v.short) for v in views]:  # fmt: skip
            self.update()  # other names: another size of letters for all
            return
        for index, (was, view) in enumerate(zip(before, views)):
            if was != view:
                self.update(self._reach(index).toAlignedRect())

    def fade(self, on: bool) -> None:
        """Grey the numbers that no longer hold."""
        if on != self.faded:
            self.faded = on
            self.update()

    # --- places -------------------------------------------------------------------------------
    def _tall(self) -> float:
        return QFontMetricsF(paint.small(self.font(), SMALL)).height()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(280, int(2 * self._tall() + 46))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(150, self.sizeHint().height())

    def slot(self, index: int) -> QRectF:
        """The column of a theme, name and mark included."""
        wide = min(WIDEST, self.width() / max(1, len(self.views)))
        return QRectF(index * wide, 0.0, wide, float(self.height()))

    def _reach(self, index: int) -> QRectF:
        """The slot, and what the drawing of it may touch beside it."""
        return self.slot(index).adjusted(-10.0, 0.0, 10.0, 0.0)

    def _at(self, point: Any) -> int:
        spot = QPointF(float(point.x()), float(point.y()))
        return next((i for i in range(len(self.views)) if self.slot(i).contains(spot)), -1)

    # --- mouse and keyboard -------------------------------------------------------------------
    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            at = self._at(event.pos())
            QToolTip.showText(event.globalPos(), self.views[at].tip if at >= 0 else "", self)
            return True
        return bool(super().event(event))

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802
        over = self._at(event.pos())
        if over != self._over:
            self._over = over
            self.update()

    def leaveEvent(self, event: Any) -> None:  # noqa: N802
        del event
        self._over = -1
        self.update()

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        at = self._at(event.pos())
        if at >= 0:
            self.current = at
            self.chosen.emit(self.views[at].key)
            self.update()

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        key, last = event.key(), len(self.views) - 1
        moves = {Qt.Key.Key_Left: self.current - 1, Qt.Key.Key_Right: self.current + 1,
                 Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}  # fmt: skip
        if last < 0:
            super().keyPressEvent(event)
        elif key in moves:
            self.current = min(max(moves[key], 0), last)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.views[self.current].key)
        else:
            super().keyPressEvent(event)

    # --- drawing --------------------------------------------------------------------------------
    def paintEvent(self, event: Any) -> None:  # noqa: N802
        asked = QRectF(event.rect())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tall = self._tall()
        # one sort of name for all: when one does not fit, all are short
        metrics = QFontMetricsF(paint.small(self.font(), SMALL))
        room = self.slot(0).width() - 3
        full = all(metrics.boundingRect(v.name).width() <= room for v in self.views)
        self._names = SMALL
        if not full:  # a little smaller rather than cut off
            need = max((metrics.boundingRect(v.short).width() for v in self.views), default=1.0)
            self._names = SMALL * min(1.0, max(LEAST, (room + 2) / max(need + 1.0, 1.0)))
        for index, view in enumerate(self.views):
            if not self._reach(index).intersects(asked):
                continue
            painter.setOpacity(FADED if self.faded else 1.0)
            self._draw(painter, self.slot(index), view, tall, view.name if full else view.short)
            if index == self._over or (index == self.current and self.hasFocus()):
                painter.setOpacity(1.0)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                line = 1.6 if self.hasFocus() and index == self.current else 1.0
                painter.setPen(QPen(tints(self.palette()).accent, line))
                painter.drawRoundedRect(self.slot(index).adjusted(1, 1, -1, -1), 4, 4)

    def _draw(self, painter: QPainter, slot: QRectF, view: MarkView, tall: float,
              name: str) -> None:  # fmt: skip
        palette = self.palette()
        gap = 3.0 if slot.width() < 60 else 6.0
        box = QRectF(slot.left() + gap, tall + 3, slot.width() - 2 * gap,
                     slot.height() - 2 * tall - 7)  # fmt: skip
        paint.draw_bar(painter, box, view.mark, palette)

        def y(mark: float) -> float:
            return box.bottom() - box.height() * min(max(mark, 0.0), 10.0) / 10.0

        if view.former is not None and view.mark is not None and abs(
                view.former - view.mark) >= 0.05:  # fmt: skip
            at = QPointF(box.left() - gap + 1.0, y(view.former))
            painter.setPen(QPen(paint.soft(palette, 0.7), 1.0))
            painter.setBrush(paint.paper(palette, "Base"))
            painter.drawPolygon(QPolygonF([at + QPointF(0, -3.5), at + QPointF(0, 3.5),
                                           at + QPointF(5.5, 0)]))  # fmt: skip
        if view.ambition is not None:
            at_y = y(view.ambition)
            line = QLineF(box.left() + 1, at_y, box.right() - 1, at_y)
            flat = Qt.PenCapStyle.FlatCap
            painter.setPen(QPen(paint.paper(palette, "Base"), 4.0, Qt.PenStyle.SolidLine, flat))
            painter.drawLine(line)  # a halo: seen on every colour
            painter.setPen(QPen(tints(palette).accent, 2.0, Qt.PenStyle.SolidLine, flat))
            painter.drawLine(line)
        ink = paint.soft(palette, 0.85)
        centre = Qt.AlignmentFlag.AlignCenter
        bold = paint.small(self.font(), SMALL, bold=True)
        painter.setFont(bold)
        painter.setPen(paint.warning_colour(palette) if view.n_breach else ink)
        shown = view.badge
        if QFontMetricsF(bold).boundingRect(shown).width() > slot.width():
            shown = shown.replace(" §", "§")  # the count of breaches is never what is cut off
        painter.drawText(QRectF(slot.left() - 4, 0, slot.width() + 8, tall), centre, shown)
        font = paint.small(self.font(), self._names)
        painter.setFont(font)
        painter.setPen(ink)
        under = QRectF(slot.left(), slot.height() - tall - 1, slot.width(), tall)
        painter.drawText(under, centre, QFontMetricsF(font).elidedText(
            name, Qt.TextElideMode.ElideRight, slot.width()))  # fmt: skip
