"""The canonical fields as a table: what it is, field or expression, how well filled, why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import QgsVectorLayer
from qgis.gui import QgsFieldExpressionWidget
from qgis.PyQt.QtCore import QPoint, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPainter, QPen, QPolygon
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from ..engine.scene import FIELDS
from ..engine.texts import text
from ..engine.twin import is_expression
from . import paint
from .guard import guarded

NAME, SOURCE, FILLED, WHY = range(4)
COLUMNS = ("field", "source", "filled", "why")
_SHARE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class FieldRow:
    """One canonical field. ``share``: part of the features with a usable value, None = unknown."""

    canonical: str
    source: str = ""
    share: float | None = None
    filled: str = ""
    why: str = ""
    warn: bool = False
    offered: str = ""  # a proposal that was not taken


class SourceBox(QgsFieldExpressionWidget):
    """A field or an expression; ``picked`` says what somebody chose, as the twin writes it."""

    picked = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAllowEmptyFieldName(True)
        self._shown = ""
        self._quiet = 0
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.fieldChanged[str].connect(self._changed)

    def show_source(self, source: str) -> None:
        """Show a field, an expression or nothing."""
        if source == self._shown:
            return
        self._quiet += 1
        try:
            self.setField(source[1:].strip() if is_expression(source) else source)
            self._shown = source
            line = self.findChild(QLineEdit)
            if line is not None:
                line.setCursorPosition(0)  # the beginning of a long expression tells most
        finally:
            self._quiet -= 1
        self.setToolTip(source)

    def set_layer(self, layer: QgsVectorLayer | None) -> None:
        """The layer whose fields are listed."""
        self._quiet += 1
        try:
            self.setLayer(layer)
            self.setField("")
            self._shown = ""
        finally:
            self._quiet -= 1

    def source(self) -> str:
        """What is shown, as the twin writes it."""
        word, expression, _valid = self.currentField()
        word = str(word or "").strip()
        return f"={word}" if word and expression else word

    @guarded
    def _changed(self, _: str) -> None:
        if self._quiet:
            return
        found = self.source()
        if found != self._shown:
            self._shown = found
            self.setToolTip(found)
            self.picked.emit(found)


class ShareDelegate(QStyledItemDelegate):
    """A share as a small bar with its number; the number is there without the colour."""

    def paint(self, painter: QPainter, option: Any, index: Any) -> None:
        option = QStyleOptionViewItem(option)  # the view hands the same one to the next column
        self.initStyleOption(option, index)
        shown, option.text = option.text, ""
        style = option.widget.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        share = index.data(_SHARE)
        painter.save()
        box = QRectF(option.rect).adjusted(4, 4, -6, -4)
        if share is not None:
            well = QRectF(box.left(), box.bottom() - 3, box.width(), 3)
            painter.fillRect(well, paint.blend(option.palette, 0.15))
            well.setWidth(max(1.0 if share > 0 else 0.0, box.width() * float(share)))
            painter.fillRect(well, paint.accent(option.palette))
        painter.setPen(paint.soft(option.palette, 0.85))
        painter.setFont(option.font)
        painter.drawText(box.adjusted(0, -2, 0, -4), paint.flags(
            Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter), shown)  # fmt: skip
        painter.restore()


class OfferButton(QToolButton):
    """Takes the proposal of one row: a small tick."""

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(24, 24)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(paint.accent(self.palette()), 2.0))
        c = self.rect().center()
        painter.drawPolyline(QPolygon([c + QPoint(-5, 0), c + QPoint(-1, 4), c + QPoint(6, -5)]))


class FieldTable(QTreeWidget):
    """A row per canonical field. ``picked``: canonical field, source. ``taken``: its proposal."""

    picked = pyqtSignal(str, str)
    taken = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels([text(f"mapping.column.{key}") for key in COLUMNS])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAccessibleName(text("mapping.column.field"))
        self.setItemDelegateForColumn(FILLED, ShareDelegate(self))
        self.setVerticalScrollMode(self.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(self.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes from box to box
        self.items: dict[str, QTreeWidgetItem] = {}
        self.boxes: dict[str, SourceBox] = {}
        self.ticks: dict[str, OfferButton] = {}
        for name in FIELDS:
            item = QTreeWidgetItem(self, [text(f"fields.{name}"), "", "", ""])
            box = SourceBox(self)
            box.setAccessibleName(text(f"fields.{name}"))
            box.picked.connect(lambda source, name=name: self.picked.emit(name, source))
            self.setItemWidget(item, SOURCE, box)
            item.setSizeHint(SOURCE, QSize(100, box.sizeHint().height() + 3))
            self.items[name], self.boxes[name] = item, box
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(SOURCE, QHeaderView.ResizeMode.Interactive)

    def spread(self, room: int) -> None:
        """Share a width (pixels) among the columns."""
        for at, part in ((NAME, 0.25), (SOURCE, 0.29), (FILLED, 0.1)):
            self.header().resizeSection(at, round(room * part))

    def set_layer(self, layer: QgsVectorLayer | None) -> None:
        """The layer whose fields are listed."""
        for box in self.boxes.values():
            box.set_layer(layer)

    def show_rows(self, rows: list[FieldRow]) -> None:
        """Show how each field is read."""
        for row in rows:
            item, box = self.items[row.canonical], self.boxes[row.canonical]
            box.show_source(row.source)
            item.setText(FILLED, row.filled)
            item.setData(FILLED, _SHARE, row.share)
            item.setText(WHY, row.why)
            item.setToolTip(WHY, row.why)
            bold = self.font()
            bold.setBold(bool(row.source))
            item.setFont(NAME, bold)
            base = paint.ink(self.palette()) if row.source else paint.soft(self.palette(), 0.75)
            item.setForeground(NAME, base)
            item.setForeground(WHY, paint.warning_colour(self.palette()) if row.warn
                               else paint.soft(self.palette(), 0.75))  # fmt: skip
            box.setAccessibleDescription(row.why)
            self._tick(row)

    def _tick(self, row: FieldRow) -> None:
        """A button to take the proposal, in front of the reason, where one stands open."""
        item = self.items[row.canonical]
        tick = self.ticks.get(row.canonical)
        if row.offered and tick is None:
            tick = OfferButton(self)
            tick.setAutoRaise(True)
            tick.clicked.connect(lambda _=False, name=row.canonical: self.taken.emit(name))
            holder = _Right(self, tick)
            self.ticks[row.canonical] = tick
            self.setItemWidget(item, WHY, holder)
        if tick is not None:
            tick.setVisible(bool(row.offered))
            said = text("mapping.is", field=text(f"fields.{row.canonical}"), source=row.offered)
            tick.setToolTip(said)
            tick.setAccessibleName(said)


class _Right(QWidget):
    """Puts a button at the right end of a cell and lets the text of the cell through."""

    def __init__(self, parent: QWidget, button: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 2, 0)
        row.addStretch(1)
        row.addWidget(button)
