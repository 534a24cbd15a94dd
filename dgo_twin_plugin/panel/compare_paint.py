"""Pictures of a comparison: the marks of the themes then and now, and a line from then to now."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QEvent, QLineF, QModelIndex, QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFontMetricsF, QPainter, QPalette, QPen, QPolygonF
from qgis.PyQt.QtWidgets import (
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from ..engine.compare import BETTER, WORSE
from ..engine.compare_text import Line
from ..engine.texts import text
from ..store.scale import class_of
from . import paint

LINE_ROLE = Qt.ItemDataRole.UserRole + 1
_ALIGN = Qt.AlignmentFlag


def move_colour(palette: QPalette, move: str, over: str = "Base") -> QColor:
    """Colour of a move; the arrow and the sign before the number say it too."""
    if move == WORSE:
        return paint.warning_colour(palette)
    if move == BETTER:
        return QColor("#5cc2b6" if paint.is_dark(palette) else "#01665e")
    return paint.soft(palette, 0.7, over)


def draw_arrow(painter: QPainter, centre: QPointF, move: str, colour: QColor) -> None:
    """Up = better, down = worse, a dot = neither."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if move in (BETTER, WORSE):
        up = -1 if move == BETTER else 1
        painter.drawPolygon(QPolygonF([centre + QPointF(-4.5, -up * 3.5),
                                       centre + QPointF(4.5, -up * 3.5),
                                       centre + QPointF(0, up * 4.5)]))  # fmt: skip
    else:
        painter.drawEllipse(centre, 1.8, 1.8)
    painter.restore()


class HeadView(QWidget):
    """The total then and now, as two badges with what moved between them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line: Line | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_line(self, line: Line | None) -> None:
        """Show the total."""
        self.line = line
        self.setAccessibleName(line.spoken() if line is not None else "")
        self.setToolTip(line.spoken() if line is not None else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        tall = QFontMetricsF(paint.small(self.font(), 1.45, bold=True)).height()
        return QSize(int(self._wide() * 2 + 96), int(tall + 14))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def _wide(self) -> float:
        metrics = QFontMetricsF(paint.small(self.font(), 1.45, bold=True))
        shown = [self.line.before_mark, self.line.now_mark] if self.line else []
        return max([58.0, *(metrics.boundingRect(s).width() + 26 for s in shown)])

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        if self.line is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        d, wide, tall = self.line.difference, self._wide(), float(self.height())
        font = paint.small(self.font(), 1.45, bold=True)
        before, now = d.before, d.now
        painter.setOpacity(0.6)
        paint.draw_badge(painter, QRectF(0, 0, wide, tall), self.line.before_mark,
                         before.mark if before else None, self.palette(), font, "Window")
        painter.setOpacity(1.0)
        paint.draw_badge(painter, QRectF(self.width() - wide, 0, wide, tall), self.line.now_mark,
                         now.mark if now else None, self.palette(), font, "Window")  # fmt: skip
        colour = move_colour(self.palette(), d.move, "Window")
        middle = QRectF(wide + 6, 0, self.width() - 2 * wide - 12, tall)
        painter.setFont(paint.small(self.font(), 1.05, bold=True))
        painter.setPen(colour)
        painter.drawText(middle.adjusted(0, 2, 0, -tall / 2), _ALIGN.AlignCenter, self.line.marks)
        y = tall * 0.68
        painter.setPen(QPen(colour, 1.6))
        painter.drawLine(QLineF(middle.left() + 4, y, middle.right() - 8, y))
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        tip = QPointF(middle.right() - 2, y)
        painter.drawPolygon(QPolygonF([tip, tip + QPointF(-8, -4.5), tip + QPointF(-8, 4.5)]))


class ThemesView(QWidget):
    """A column per theme: the mark now, the mark then as a dashed line across, the step above."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[Line] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def show_lines(self, found: list[Line]) -> None:
        """Show the themes."""
        self.lines = found
        self.setAccessibleName(text("report.section.themes"))
        self.setAccessibleDescription("; ".join(line.spoken() for line in found))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(300, int(2 * QFontMetricsF(paint.small(self.font(), 0.85)).height() + 66))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(200, self.sizeHint().height())

    def _slots(self) -> list[QRectF]:
        n = max(1, len(self.lines))
        wide = min(120.0, self.width() / n)
        return [QRectF(i * wide, 0, wide, float(self.height())) for i in range(n)]

    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            at = event.pos()
            tip = next((line.spoken() for line, slot in zip(self.lines, self._slots())
                        if slot.contains(float(at.x()), float(at.y()))), "")  # fmt: skip
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return bool(super().event(event))

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = paint.small(self.font(), 0.85)
        metrics = QFontMetricsF(font)
        tall = metrics.height()
        for line, slot in zip(self.lines, self._slots()):
            d = line.difference
            bar = QRectF(slot.left() + 4, tall + 3, slot.width() - 8, slot.height() - 2 * tall - 6)
            now, before = d.now.mark if d.now else None, d.before.mark if d.before else None
            paint.draw_bar(painter, bar, now, self.palette(), "Window")
            if before is not None:
                y = bar.bottom() - bar.height() * min(before, 10.0) / 10.0
                inside = now is not None and before <= now
                found = class_of(now) if inside else None
                colour = (QColor(found.ink) if found is not None
                          else paint.ink(self.palette(), "Window"))  # fmt: skip
                painter.setPen(QPen(colour, 1.8, Qt.PenStyle.DashLine))
                painter.drawLine(QLineF(bar.left(), y, bar.right(), y))
            self._head(painter, line, QRectF(slot.left(), 0, slot.width(), tall))
            painter.setFont(font)
            painter.setPen(paint.soft(self.palette(), 0.85, "Window"))
            name = line.name
            if metrics.boundingRect(name).width() > slot.width() - 4:
                name = text(f"panel.theme_short.{d.key}")
            painter.drawText(QRectF(slot.left(), slot.height() - tall, slot.width(), tall),
                             _ALIGN.AlignCenter, name)  # fmt: skip


    def _head(self, painter: QPainter, line: Line, box: QRectF) -> None:
        """The mark now, and the step towards it: ``8,4 ▲ +2,3``; where there is no room the step
        alone, the mark stands in the tip."""
        d = line.difference
        bold = paint.small(self.font(), 0.85, bold=True)
        metrics = QFontMetricsF(bold)
        colour = move_colour(self.palette(), d.move, "Window")
        mark, step = metrics.boundingRect(line.now_mark).width(), metrics.boundingRect(
            line.marks).width()  # fmt: skip
        whole = mark + 20 + step
        painter.setFont(bold)
        left = box.center().x() - whole / 2
        if whole <= box.width():
            painter.setPen(paint.ink(self.palette(), "Window"))
            painter.drawText(QRectF(left, 0, mark + 4, box.height()), paint.flags(
                _ALIGN.AlignLeft, _ALIGN.AlignVCenter), line.now_mark)  # fmt: skip
        else:
            left = box.center().x() - (20 + step) / 2 - mark
        draw_arrow(painter, QPointF(left + mark + 12, box.height() / 2 + 1), d.move, colour)
        painter.setPen(colour)
        painter.drawText(QRectF(left + mark + 19, 0, step + 6, box.height()), paint.flags(
            _ALIGN.AlignLeft, _ALIGN.AlignVCenter), line.marks)  # fmt: skip


class StepDelegate(QStyledItemDelegate):
    """Then and now on the scale from 1 to 10: a hollow ring = then, a filled dot = now."""

    def paint(self, painter: QPainter, option: Any, index: QModelIndex) -> None:
        option = QStyleOptionViewItem(option)  # the view hands the same one to the next column
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        line: Line | None = index.data(LINE_ROLE)
        if line is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        d, palette = line.difference, option.palette
        box = QRectF(option.rect).adjusted(6, 0, -6, 0)
        y = box.center().y()
        role = option.palette.ColorRole.HighlightedText
        chosen = bool(option.state & style.StateFlag.State_Selected)
        ink = palette.color(role) if chosen else paint.ink(palette)
        wide = QFontMetricsF(option.font).boundingRect("8,8 §8").width() + 4
        painter.setFont(option.font)
        painter.setPen(ink if chosen else paint.soft(palette, 0.8))
        painter.drawText(QRectF(box.left(), box.top(), wide, box.height()), paint.flags(
            _ALIGN.AlignRight, _ALIGN.AlignVCenter), line.before_mark)  # fmt: skip
        painter.setFont(paint.small(option.font, 1.0, bold=True))
        painter.setPen(ink)
        painter.drawText(QRectF(box.right() - wide, box.top(), wide, box.height()), paint.flags(
            _ALIGN.AlignLeft, _ALIGN.AlignVCenter), line.now_mark)  # fmt: skip
        box = box.adjusted(wide + 10, 0, -wide - 10, 0)
        if box.width() < 40:
            painter.restore()
            return

        def x(mark: float) -> float:
            return box.left() + (min(max(mark, 1.0), 10.0) - 1.0) / 9.0 * box.width()

        painter.setPen(QPen(paint.blend(palette, 0.22), 2.0))
        painter.drawLine(QLineF(x(1), y, x(10), y))
        painter.setPen(QPen(paint.blend(palette, 0.45), 1.0))
        for tick in (6.0, 8.0, 10.0):
            painter.drawLine(QLineF(x(tick), y - 5, x(tick), y + 5))
        before = d.before.mark if d.before else None
        now = d.now.mark if d.now else None
        colour = move_colour(palette, d.move)
        if before is not None and now is not None and abs(x(now) - x(before)) > 1:
            painter.setPen(QPen(colour, 3.0))
            painter.drawLine(QLineF(x(before), y, x(now), y))
        if before is not None:
            painter.setPen(QPen(paint.soft(palette, 0.8), 1.6))
            painter.setBrush(paint.paper(palette, "Base"))
            painter.drawEllipse(QPointF(x(before), y), 4.2, 4.2)
        if now is not None:
            found = class_of(now)
            painter.setPen(QPen(paint.ink(palette), 1.0))
            painter.setBrush(QColor(found.colour) if found is not None else colour)
            at = QPointF(x(now), y)
            if found is not None and found.fails:
                painter.drawRect(QRectF(at.x() - 4.6, at.y() - 4.6, 9.2, 9.2))
            else:
                painter.drawEllipse(at, 5.2, 5.2)
        painter.restore()


class MoveDelegate(QStyledItemDelegate):
    """Mark points gained, with an arrow in front."""

    def paint(self, painter: QPainter, option: Any, index: QModelIndex) -> None:
        option = QStyleOptionViewItem(option)  # the view hands the same one to the next column
        self.initStyleOption(option, index)
        shown, option.text = option.text, ""
        style = option.widget.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        line: Line | None = index.data(LINE_ROLE)
        if line is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(option.state & style.StateFlag.State_Selected)
        role = option.palette.ColorRole.HighlightedText
        colour = (option.palette.color(role) if selected
                  else move_colour(option.palette, line.difference.move))  # fmt: skip
        box = QRectF(option.rect).adjusted(6, 0, -8, 0)
        draw_arrow(painter, QPointF(box.left() + 5, box.center().y()), line.difference.move, colour)
        painter.setPen(colour)
        painter.setFont(paint.small(option.font, 1.0, bold=line.difference.move in (BETTER, WORSE)))
        painter.drawText(box, paint.flags(_ALIGN.AlignRight, _ALIGN.AlignVCenter), shown)
        painter.restore()
