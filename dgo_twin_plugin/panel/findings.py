"""Lists of breaches, alerts and checks; Enter or a double click shows the place on the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.PyQt.QtCore import QModelIndex, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetricsF, QPainter, QPalette
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ..engine.texts import text
from . import paint
from .summary import FADED
from .view import MOST_ROWS, Finding

FOUND = Qt.ItemDataRole.UserRole
_WRAP = paint.flags(Qt.TextFlag.TextWordWrap, Qt.AlignmentFlag.AlignLeft,
                    Qt.AlignmentFlag.AlignTop)  # fmt: skip
SIGN, PAD = 22.0, 5.0


class _Painter(QStyledItemDelegate):
    """A sign, a sentence that may wrap, and a smaller line below."""

    def __init__(self, view: Findings) -> None:
        super().__init__(view)
        self.view = view

    def _heights(self, option: QStyleOptionViewItem, index: QModelIndex) -> tuple[float, float]:
        found: Finding | None = index.data(FOUND)
        wide = self.view.viewport().width() - SIGN - PAD
        room = QRectF(0, 0, max(80.0, wide), 10000.0)
        title = QFontMetricsF(option.font).boundingRect(
            room, _WRAP, found.title if found else index.data())  # fmt: skip
        about = QFontMetricsF(paint.small(option.font)).boundingRect(
            room, _WRAP, found.about if found else "")  # fmt: skip
        return title.height(), about.height() if found and found.about else 0.0

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        title, about = self._heights(option, index)
        return QSize(60, int(title + about + 3 * PAD))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        found: Finding | None = index.data(FOUND)
        style = QStyleOptionViewItem(option)
        self.initStyleOption(style, index)
        style.text = ""
        style.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, style, painter,
                                         style.widget)  # fmt: skip
        palette = QPalette(option.palette)
        if option.state & QStyle.StateFlag.State_Selected:
            role = QPalette.ColorRole
            palette.setColor(role.Text, palette.color(role.HighlightedText))
            palette.setColor(role.Base, palette.color(role.Highlight))
        title, about = self._heights(option, index)
        box = QRectF(option.rect)
        painter.save()
        painter.setOpacity(FADED if self.view.faded else 1.0)
        line = QFontMetricsF(option.font).height()
        words = QRectF(box.left() + SIGN, box.top() + PAD, box.width() - SIGN - PAD, title)
        painter.setFont(option.font)
        painter.setPen(paint.ink(palette) if found else paint.soft(palette, 0.6))
        painter.drawText(words, _WRAP, found.title if found else index.data())
        if found:
            paint.draw_sign(painter, QRectF(box.left() + 4, box.top() + PAD, 14, line),
                            found.severity, palette)  # fmt: skip
            painter.setFont(paint.small(option.font))
            painter.setPen(paint.soft(palette, 0.7))
            painter.drawText(words.translated(0, title + 2).adjusted(0, 0, 0, about - title),
                             _WRAP, found.about)  # fmt: skip
        painter.restore()


class Findings(QListWidget):
    """One list. ``asked`` carries the finding that is to be shown on the map."""

    asked = pyqtSignal(object)

    def __init__(self, name: str, none: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._none = none
        self.faded = False
        self.setAccessibleName(name)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setWordWrap(True)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_Painter(self))
        self.itemActivated.connect(self._ask)

    def _ask(self, item: QListWidgetItem) -> None:
        found = item.data(FOUND)
        if found is not None:
            self.asked.emit(found)

    def show_found(self, found: Sequence[Finding]) -> None:
        """Fill the list; at most ``MOST_ROWS``, and it says so."""
        self.clear()
        for each in found[:MOST_ROWS]:
            item = QListWidgetItem(each.title, self)
            item.setData(FOUND, each)
            tip = f"{each.tip}<br>" if each.tip else ""
            item.setToolTip(f"{tip}<i>{text('panel.zoom')}</i>")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{each.title}. {each.about}")
        rest = len(found) - MOST_ROWS
        if rest > 0 or not found:
            note = QListWidgetItem(text("report.more", n=rest) if rest > 0 else self._none, self)
            note.setFlags(Qt.ItemFlag.ItemIsEnabled)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def fade(self, on: bool) -> None:
        """Grey what no longer holds."""
        self.faded = on
        self.viewport().update()
