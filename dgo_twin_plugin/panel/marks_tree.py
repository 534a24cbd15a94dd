"""Themes and their indicators: two lines and a scale each when narrow, columns when wide."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QModelIndex, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetricsF, QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from ..engine.texts import text
from . import paint
from .summary import FADED
from .view import Line, RunView

NAME, VALUE, STATUS, LAW, COVERAGE, RANGE, SCALE, MARK = range(8)
HEADS = ("results.field.indicator", "results.field.value", "results.field.status",
         "results.field.legal_check", "panel.coverage", "panel.interval_head", "panel.scale",
         "results.field.mark")  # fmt: skip
WIDE, SCALED = 620, 900  # px from which the columns, and among them the scale, are shown
LINE, HEAD = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_LEFT = paint.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter)


class _Painter(QStyledItemDelegate):
    """Draws a row: name and badge, and when narrow the other figures below the name."""

    def __init__(self, tree: MarksTree) -> None:
        super().__init__(tree)
        self.tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        tall = QFontMetricsF(option.font).height()
        if index.data(HEAD):
            return QSize(60, int(tall + 14))
        less = QFontMetricsF(paint.small(option.font)).height()
        return QSize(60, int(tall + 12 if self.tree.wide else tall + less + 22))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        line: Line = index.data(LINE)
        column = index.column()
        style = QStyleOptionViewItem(option)
        self.initStyleOption(style, index)
        style.text = ""
        widget = style.widget
        widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, style, painter, widget)
        palette = QPalette(option.palette)
        if option.state & QStyle.StateFlag.State_Selected:
            # the row's own colours: text and background swap roles for everything drawn on it
            palette.setColor(QPalette.ColorRole.Text,
                             palette.color(QPalette.ColorRole.HighlightedText))  # fmt: skip
            palette.setColor(QPalette.ColorRole.Base, palette.color(QPalette.ColorRole.Highlight))
        painter.save()
        painter.setClipRect(option.rect)
        painter.setOpacity(FADED if self.tree.faded else 1.0)
        box = QRectF(option.rect).adjusted(4, 0, -4, 0)
        if index.data(HEAD):  # a band that keeps the themes apart
            painter.fillRect(option.rect.adjusted(0, 2, 0, -2), paint.blend(palette, 0.06))
        if column == MARK:
            self._badge(painter, box, line, palette, option.font, bool(index.data(HEAD)))
        elif index.data(HEAD):
            if column == NAME:
                painter.setFont(paint.small(option.font, 0.95, bold=True))
                painter.setPen(paint.soft(palette, 0.9))
                self._write(painter, box, line.name)
            elif column in (RANGE, COVERAGE):
                self._cell(painter, box, line, column, palette, option.font)
        elif column == NAME:
            self._name(painter, box, line, palette, option.font)
        elif column == SCALE:
            middle = QRectF(box.left(), box.center().y() - 8.0, box.width(), 13.0)
            self._scale(painter, middle, line, palette)
        else:
            self._cell(painter, box, line, column, palette, option.font)
        painter.restore()

    @staticmethod
    def _badge(painter: QPainter, box: QRectF, line: Line, palette: QPalette, font: Any,
               head: bool) -> None:  # fmt: skip
        bold = paint.small(font, 0.95, bold=True)
        metrics = QFontMetricsF(bold)
        wide = min(box.width(), max(44.0, metrics.boundingRect(line.badge).width() + 16))
        tall = metrics.height() + 6
        place = QRectF(box.right() - wide, box.center().y() - tall / 2, wide, tall)
        if head:
            place = place.adjusted(0, 2, 0, -2)
        paint.draw_badge(painter, place, line.badge, line.mark, palette, bold)

    @staticmethod
    def _write(painter: QPainter, box: QRectF, words: str, flags: Any = _LEFT) -> None:
        shown = QFontMetricsF(painter.font()).elidedText(
            words, Qt.TextElideMode.ElideRight, box.width())  # fmt: skip
        painter.drawText(box, flags, shown)

    def _cell(self, painter: QPainter, box: QRectF, line: Line, column: int, palette: QPalette,
              font: Any) -> None:  # fmt: skip
        sure = " · ".join(t for t in (line.unsure, line.status) if t)
        words = {VALUE: line.value, RANGE: line.interval, STATUS: sure,
                 LAW: f"§ {line.law}" if line.law else "", COVERAGE: line.coverage}[column]
        painter.setFont(font)
        painter.setPen(paint.warning_colour(palette) if column == LAW
                       else paint.soft(palette, 0.85))  # fmt: skip
        self._write(painter, box, words)

    def _name(self, painter: QPainter, box: QRectF, line: Line, palette: QPalette,
              font: Any) -> None:  # fmt: skip
        painter.setFont(font)
        painter.setPen(paint.ink(palette))
        if self.tree.wide:
            self._write(painter, box, line.name)
            return
        tall = QFontMetricsF(font).height()
        self._write(painter, QRectF(box.left(), box.top() + 4, box.width(), tall), line.name)
        less = paint.small(font)
        height = QFontMetricsF(less).height()
        below = QRectF(box.left(), box.top() + 5 + tall, box.width(), height)
        painter.setFont(less)
        if line.law:
            sign = "§ "
            painter.setFont(paint.small(font, bold=True))
            painter.setPen(paint.warning_colour(palette))
            painter.drawText(below, _LEFT, sign)
            below.setLeft(below.left() + QFontMetricsF(painter.font()).boundingRect("§§").width())
            painter.setFont(less)
        painter.setPen(paint.soft(palette, 0.7))
        self._write(painter, below, line.reason if line.mark is None else " · ".join(
            t for t in (line.value, line.unsure, line.status,
                        text("report.coverage", share=line.coverage) if line.partial else "")
            if t))  # fmt: skip
        wide = min(box.width(), 420.0)
        self._scale(painter, QRectF(box.left(), below.bottom(), wide, 13.0), line, palette)

    @staticmethod
    def _scale(painter: QPainter, box: QRectF, line: Line, palette: QPalette) -> None:
        if line.mark is not None:
            paint.draw_scale(painter, box, line, palette)
            return
        painter.setPen(QPen(paint.blend(palette, 0.3), 1.0, Qt.PenStyle.DashLine))
        y = round(box.center().y() + 2.0)
        painter.drawLine(round(box.left()) + 4, y, round(box.right()) - 4, y)


class MarksTree(QTreeWidget):
    """The marks of the plan or of a zone. ``asked`` names the indicator that Enter or a double
    click picks."""

    asked = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wide = False
        self.faded = False
        self.setColumnCount(len(HEADS))
        self.setHeaderLabels([text(key) for key in HEADS])
        self.headerItem().setTextAlignment(MARK, Qt.AlignmentFlag.AlignRight)
        self.headerItem().setToolTip(SCALE, text("panel.scale.tip"))
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Painter(self))
        self.setAccessibleName(text("report.section.marks"))
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.itemActivated.connect(self._ask)
        self._arrange()

    def _ask(self, item: QTreeWidgetItem, _column: int) -> None:
        if not item.data(NAME, HEAD):
            self.asked.emit(item.data(NAME, LINE).key)

    def show_marks(self, view: RunView, zone: int) -> None:
        """Fill the tree; the row that was current stays current."""
        current = self.currentItem()
        kept = current.data(NAME, LINE).key if current is not None else ""
        self.clear()
        for head, lines in view.indicators(zone):
            top = self._item(head, True)
            self.addTopLevelItem(top)
            top.addChildren([self._item(line, False) for line in lines])
            top.setExpanded(True)
        self._arrange()
        self.choose(kept)

    @staticmethod
    def _item(line: Line, head: bool) -> QTreeWidgetItem:
        item = QTreeWidgetItem()
        for column in range(len(HEADS)):
            item.setData(column, LINE, line)
            item.setData(column, HEAD, head)
            item.setToolTip(column, line.tip)
        item.setData(NAME, Qt.ItemDataRole.AccessibleTextRole, line.spoken())
        item.setText(NAME, line.name)  # for searching by typing; the painter draws it itself
        item.setText(MARK, line.badge)
        return item

    def choose(self, key: str) -> None:
        """Make the row of an indicator or theme current and bring it into view."""
        for i in range(self.topLevelItemCount()):
            top = self.topLevelItem(i)
            for item in (top, *(top.child(k) for k in range(top.childCount()))):
                if key and item.data(NAME, LINE).key == key:
                    self.setCurrentItem(item)
                    self.scrollToItem(item, QAbstractItemView.ScrollHint.PositionAtTop)
                    return

    def fade(self, on: bool) -> None:
        """Grey the numbers that no longer hold."""
        self.faded = on
        self.viewport().update()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        wide = self.viewport().width() >= WIDE
        if wide != self.wide:
            self.wide = wide
            self.scheduleDelayedItemsLayout()
        self._arrange()

    def _arrange(self) -> None:
        """Columns for the width there is."""
        self.setHeaderHidden(not self.wide)
        metrics = QFontMetricsF(self.font())
        room = self.viewport().width()
        for column in (VALUE, STATUS, LAW, COVERAGE, RANGE):
            self.setColumnHidden(column, not self.wide)
        self.setColumnHidden(SCALE, room < SCALED)
        rows = (self.topLevelItem(i) for i in range(self.topLevelItemCount()))
        shown = [item.text(MARK) for top in rows
                 for item in (top, *(top.child(k) for k in range(top.childCount())))]  # fmt: skip
        badges = max([metrics.boundingRect(words).width() for words in shown] or [0.0])
        self.setColumnWidth(MARK, int(max(58.0, badges + 34)))
        if self.wide:
            unit = metrics.averageCharWidth()
            for column, share, most in ((VALUE, 0.14, 28), (STATUS, 0.165, 28), (LAW, 0.14, 50),
                                        (COVERAGE, 0.08, 12), (RANGE, 0.09, 14),
                                        (SCALE, 0.13, 40)):  # fmt: skip
                self.setColumnWidth(column, int(min(room * share, unit * most)))
