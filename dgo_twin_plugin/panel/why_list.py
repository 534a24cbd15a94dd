"""A short list in which every row has a bar: features or zones by what they count for.

To the keyboard and a screen reader an ordinary list: arrows move, Enter or Space shows the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.PyQt.QtCore import QModelIndex, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ..store.scale import class_of
from . import paint
from .widgets.tints import FADED

BAR = Qt.ItemDataRole.UserRole
HIGH, GAP, PAD = 6.0, 3.0, 6.0  # px: above and below the words, between rows, beside the words
_RIGHT = paint.flags(Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter)
_LEFT = paint.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class Bar:
    """One row: what it is, what stands small behind it, how much of the whole it has."""

    name: str
    about: str
    share: float  # 0-1
    share_text: str
    mark: float | None = None
    spoken: str = ""
    tip: str = ""


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        del index
        return QSize(60, round(QFontMetricsF(option.font).height() + HIGH + GAP))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        bar: Bar | None = index.data(BAR)
        if bar is None:
            return
        view: BarList = self.parent()
        palette = view.palette()
        box = QRectF(option.rect).adjusted(1.0, 0.0, -1.0, -GAP)
        ink = paint.ink(palette, "Window")
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(FADED if view.faded else 1.0)
        well = QPainterPath()
        well.addRoundedRect(box, 3.0, 3.0)
        painter.fillPath(well, paint.blend(palette, 0.05, "Window"))
        found = class_of(bar.mark)
        tint = QColor("#35978f" if found is None or not found.fails else "#bf812d")
        tint.setAlpha(95 if paint.is_dark(palette) else 85)
        filled = QPainterPath()
        filled.addRect(QRectF(box.left(), box.top(), max(3.0, box.width() * min(bar.share, 1.0)),
                              box.height()))  # fmt: skip
        filled = filled.intersected(well)
        painter.fillPath(filled, tint)
        if found is not None and found.fails:  # below 6 also hatched: never colour alone
            line = QColor(ink)
            line.setAlpha(28)
            paint.hatch(painter, filled, line, 6.0)
        words = box.adjusted(PAD, 0.0, -PAD, 0.0)
        metrics = QFontMetricsF(option.font)
        painter.setFont(option.font)
        painter.setPen(ink)
        painter.drawText(words, _RIGHT, bar.share_text)
        words.setRight(words.right() - metrics.boundingRect(bar.share_text).width() - 10.0)
        name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, _LEFT, name)
        words.setLeft(words.left() + metrics.boundingRect(name + "x").width() + 4.0)
        if words.width() > 40.0 and bar.about:
            small = paint.small(option.font, 0.9)
            painter.setFont(small)
            painter.setPen(paint.blend(palette, 0.82, "Window"))
            painter.drawText(words, _LEFT, QFontMetricsF(small).elidedText(
                bar.about, Qt.TextElideMode.ElideRight, words.width()))  # fmt: skip
        state = option.state
        if view.hasFocus() and index == view.currentIndex():
            painter.setPen(QPen(paint.accent(palette), 1.6))
            painter.drawPath(well)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(paint.blend(palette, 0.4, "Window"), 1.0))
            painter.drawPath(well)
        painter.restore()


class BarList(QListWidget):
    """The list; as high as its rows. ``asked`` carries the number of the row."""

    asked = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.faded = False
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setItemDelegate(_Painter(self))
        self.itemClicked.connect(self._ask)

    def show_bars(self, bars: list[Bar]) -> None:
        """Fill the list; the place of the keyboard stays where it was."""
        row = self.currentRow()
        while self.count() > len(bars):
            self.takeItem(self.count() - 1)
        while self.count() < len(bars):
            self.addItem(QListWidgetItem())
        for k, bar in enumerate(bars):
            item = self.item(k)
            item.setData(BAR, bar)
            item.setText("")
            item.setToolTip(bar.tip)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, bar.spoken or bar.name)
        if bars:
            self.setCurrentRow(min(max(row, 0), len(bars) - 1))
        self.setVisible(bool(bars))
        self.setFixedHeight(self._tall())

    def _tall(self) -> int:
        return max(1, self.sizeHintForRow(0) * self.count() + 2) if self.count() else 0

    def fade(self, on: bool) -> None:
        """Grey what no longer holds."""
        if on != self.faded:
            self.faded = on
            self.viewport().update()

    def _ask(self, item: QListWidgetItem) -> None:
        self.asked.emit(self.row(item))

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self.currentRow() >= 0:
                self.asked.emit(self.currentRow())
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: Any) -> None:  # noqa: N802
        event.ignore()  # the panel scrolls, not the list
