"""The own terms of a layer as a table: term, count, function, why; with a list to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.PyQt.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    pyqtSignal,
)
from qgis.PyQt.QtGui import (
    QColor,
    QFont,
    QIcon,
    QPainter,
    QPixmap,
    QStandardItem,
    QStandardItemModel,
)
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QCompleter,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ..engine.functions import Functions, load_functions
from ..engine.mapping_guess import Proposal
from ..engine.texts import language, text
from . import paint

TERM, COUNT, FUNCTION, WHY = range(4)
COLUMNS = ("term", "count", "function", "why")
OWN, PROPOSED, SHARED, KNOWN, UNKNOWN = "own", "proposed", "shared", "known", "unknown"
_ROLE = Qt.ItemDataRole
_ALIGN = Qt.AlignmentFlag


@dataclass(frozen=True)
class TermRow:
    """One term. ``function`` is what a run will take; ``how`` says by what."""

    term: str
    label: str  # of the layer's value map
    count: int
    function: str  # '' = unknown
    how: str
    why: str
    proposal: Proposal | None = None


def thousands(value: int) -> str:
    """A count as people write it: 12.345 or 12,345."""
    return f"{value:,}".replace(",", "." if language() == "nl" else ",")


def reasons(proposal: Proposal) -> str:
    """Why something is proposed, in one line."""
    return "; ".join(text(reason) for reason in proposal.reasons)


class TermModel(QAbstractTableModel):
    """The rows as they are; ``chosen`` says that somebody wants another function for a term."""

    chosen = pyqtSignal(str, str)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: list[TermRow] = []
        self.functions: Functions = load_functions()

    def show_rows(self, rows: list[TermRow]) -> None:
        """Show other rows; where the terms are the same the view keeps its place."""
        same = [r.term for r in rows] == [r.term for r in self.rows]
        if same and rows:
            self.rows = rows
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, WHY))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    # --- what Qt asks ---------------------------------------------------------------------------
    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802,B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802,B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:  # noqa: N802
        if orientation == Qt.Orientation.Horizontal and role == _ROLE.DisplayRole:
            return text(f"mapping.column.{COLUMNS[section]}")
        if orientation == Qt.Orientation.Horizontal and role == _ROLE.TextAlignmentRole:
            side = _ALIGN.AlignRight if section == COUNT else _ALIGN.AlignLeft
            return paint.flags(side, _ALIGN.AlignVCenter)
        return None

    def flags(self, index: QModelIndex) -> Any:
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return base | Qt.ItemFlag.ItemIsEditable if index.column() == FUNCTION else base

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == _ROLE.DisplayRole:
            return (self._term(row), thousands(row.count), self.named(row), row.why)[column]
        if role == _ROLE.UserRole:  # for sorting
            return (row.term.casefold(), row.count, self.named(row).casefold(), row.why)[column]
        if role == _ROLE.EditRole:
            return row.function
        if role == _ROLE.TextAlignmentRole and column == COUNT:
            return paint.flags(_ALIGN.AlignRight, _ALIGN.AlignVCenter)
        if role == _ROLE.ToolTipRole:
            return row.why if column == WHY else self._term(row) if column == TERM else self.named(
                row)  # fmt: skip
        if role == _ROLE.AccessibleTextRole:
            return text("mapping.say.term", term=row.term, count=row.count,
                        function=self.named(row)) + f". {row.why}"  # fmt: skip
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = 0) -> bool:  # noqa: N802
        if role != _ROLE.EditRole or index.column() != FUNCTION:
            return False
        row = self.rows[index.row()]
        if str(value or "") != row.function:
            self.chosen.emit(row.term, str(value or ""))
        return True

    def _term(self, row: TermRow) -> str:
        return f"{row.term} ({row.label})" if row.label and row.label != row.term else row.term

    def named(self, row: TermRow) -> str:
        """The function in words; of an unknown term what it may be."""
        if row.function:
            return self.functions.label(row.function, language())
        if row.proposal is not None:
            label = self.functions.label(row.proposal.source, language())
            return text("mapping.unknown_maybe", function=label)
        return text("mapping.unknown")


class TermFilter(QSortFilterProxyModel):
    """Terms with a word in term, label or function; or the unknown ones only."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.word, self.only_unknown = "", False
        self.setSortRole(_ROLE.UserRole)

    def ask(self, word: str, only_unknown: bool) -> None:
        """Show other rows."""
        self.word, self.only_unknown = word.strip().casefold(), only_unknown
        self.invalidateFilter()

    def filterAcceptsRow(self, at: int, parent: QModelIndex) -> bool:  # noqa: N802
        del parent
        model: TermModel = self.sourceModel()
        row = model.rows[at]
        if self.only_unknown and row.function:
            return False
        said = f"{row.term} {row.label} {model.named(row)}".casefold()
        return self.word in said


class FunctionBox(QComboBox):
    """All functions in their groups; typing looks for a word in them. The items are made when the
    list is first opened or asked: a table has hundreds of these nowhere."""

    def __init__(self, parent: QWidget | None, first: str) -> None:
        super().__init__(parent)
        functions, lang = load_functions(), language()
        items = QStandardItemModel(self)
        nothing = QStandardItem(first)
        nothing.setData("", _ROLE.UserRole)
        items.appendRow(nothing)
        for group, label in functions.groups.items():
            names = [f for f in functions.by_name.values() if f.group == group]
            if not names:
                continue
            head = QStandardItem(label[lang])
            head.setFlags(Qt.ItemFlag.NoItemFlags)
            bold = head.font()
            bold.setBold(True)
            head.setFont(bold)
            items.appendRow(head)
            for each in names:
                item = QStandardItem(swatch(each.colour), each.label[lang])
                item.setData(each.name, _ROLE.UserRole)
                item.setToolTip(", ".join(each.aliases))
                items.appendRow(item)
        self.setModel(items)
        self.setMaxVisibleItems(18)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        finder = QCompleter(self)
        finder.setModel(items)
        finder.setFilterMode(Qt.MatchFlag.MatchContains)
        finder.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        finder.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(finder)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)

    def choose(self, function: str) -> None:
        """Show a function; '' = the first entry."""
        at = self.findData(function, _ROLE.UserRole)
        self.setCurrentIndex(max(0, at))
        self.lineEdit().setCursorPosition(0)

    def function(self) -> str:
        """The function that is shown; what was typed counts where it names one."""
        typed = self.currentText().strip()
        at = self.currentIndex()
        if at >= 0 and self.itemText(at) == typed:
            return str(self.itemData(at, _ROLE.UserRole) or "")
        found = self.findText(typed, Qt.MatchFlag.MatchFixedString)
        if found >= 0:
            return str(self.itemData(found, _ROLE.UserRole) or "")
        return load_functions().resolve(typed) or ""


class FunctionDelegate(QStyledItemDelegate):
    """Paints a function with its colour and how it came about; edits it with a list."""

    def paint(self, painter: QPainter, option: Any, index: QModelIndex) -> None:
        source = index.model()
        at = source.mapToSource(index) if isinstance(source, QSortFilterProxyModel) else index
        model: TermModel = at.model()
        row = model.rows[at.row()]
        option = QStyleOptionViewItem(option)  # the view hands the same one to the next column
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect)
        chosen = bool(option.state & style.StateFlag.State_Selected)
        palette = option.palette
        letters = palette.color(palette.ColorRole.HighlightedText) if chosen else (
            paint.ink(palette) if row.function else paint.warning_colour(palette))
        side = 13.0
        sign = QRectF(box.left() + 6, box.center().y() - side / 2, side, side)
        if row.function:
            painter.setPen(paint.blend(palette, 0.5))
            painter.setBrush(QColor(model.functions[row.function].colour))
            painter.drawRoundedRect(sign.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        else:
            paint.draw_sign(painter, sign, "important", palette)
        font = QFont(option.font)
        font.setItalic(not row.function or row.how == PROPOSED)
        painter.setFont(font)
        painter.setPen(letters)
        rest = box.adjusted(side + 13, 0, -16, 0)
        painter.drawText(rest, paint.flags(_ALIGN.AlignLeft, _ALIGN.AlignVCenter),
                         option.fontMetrics.elidedText(
                             model.named(row), Qt.TextElideMode.ElideRight, int(rest.width())))
        # a small arrow: this can be changed
        pen = QColor(letters)
        pen.setAlpha(150)
        painter.setPen(pen)
        x, y = box.right() - 11, box.center().y() - 1
        painter.drawPolyline(*_chevron(x, y))
        painter.restore()

    def sizeHint(self, option: Any, index: QModelIndex) -> QSize:  # noqa: N802
        found = super().sizeHint(option, index)
        return QSize(found.width(), max(found.height(), option.fontMetrics.height() + 10))

    def createEditor(self, parent: QWidget, option: Any, index: QModelIndex) -> QWidget:  # noqa: N802
        del option, index
        box = FunctionBox(parent, text("mapping.no_function"))
        box.activated.connect(lambda _: self._picked(box))
        return box

    def _picked(self, box: FunctionBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box, QStyledItemDelegate.EndEditHint.NoHint)

    def setEditorData(self, editor: FunctionBox, index: QModelIndex) -> None:  # noqa: N802
        editor.choose(str(index.data(_ROLE.EditRole) or ""))
        editor.lineEdit().selectAll()

    def setModelData(self, editor: FunctionBox, model: Any, index: QModelIndex) -> None:  # noqa: N802
        typed = editor.currentText().strip()
        function = editor.function()
        if function or not typed or typed == editor.itemText(0):
            model.setData(index, function, _ROLE.EditRole)


def _chevron(x: float, y: float) -> tuple[Any, ...]:
    from qgis.PyQt.QtCore import QPointF
    from qgis.PyQt.QtGui import QPolygonF

    return (QPolygonF([QPointF(x - 3.5, y - 1), QPointF(x, y + 2.5), QPointF(x + 3.5, y - 1)]),)


def swatch(colour: str) -> QIcon:
    """A small square in the colour of a function."""
    made = QPixmap(12, 12)
    made.fill(QColor(colour))
    return QIcon(made)
