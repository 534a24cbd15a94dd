"""The differences between two states as a table that can be sorted."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt

from ..engine.compare import SAME
from ..engine.compare_text import Line
from ..engine.texts import text
from . import paint
from .compare_paint import LINE_ROLE

NAME, BEFORE, NOW, AMOUNT, STEP, MARKS, STATUS = range(7)
COLUMNS = ("name", "before_value", "now_value", "amount", "step", "marks", "now_status")
_ROLE = Qt.ItemDataRole
_RIGHT = (BEFORE, NOW, AMOUNT, MARKS)


class DifferenceModel(QAbstractTableModel):
    """One row per indicator."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.lines: list[Line] = []

    def show_lines(self, found: list[Line]) -> None:
        """Show other differences."""
        self.beginResetModel()
        self.lines = found
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802,B008
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802,B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:  # noqa: N802
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == _ROLE.DisplayRole:
            return text(f"compare.column.{COLUMNS[section]}")
        if role == _ROLE.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return paint.flags(side, Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        line, column = self.lines[index.row()], index.column()
        if role == _ROLE.DisplayRole:
            unit = f" {line.unit}" if line.unit and line.now_value != "–" else ""
            return (f"{line.code} {line.name}", line.before_value, line.now_value + unit,
                    line.amount, f"{line.before_mark} → {line.now_mark}", line.marks,
                    line.now_status)[column]  # fmt: skip
        if role == LINE_ROLE:
            return line
        if role == _ROLE.UserRole:
            return self.key(line, column)
        if role == _ROLE.TextAlignmentRole and column in _RIGHT:
            return paint.flags(Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter)
        if role == _ROLE.ToolTipRole:
            return text("compare.tip", name=f"{line.code} {line.name}", before=line.before_mark,
                        now=line.now_mark, before_value=line.before_value, now_value=line.now_value,
                        unit=line.unit, before_status=line.before_status,
                        now_status=line.now_status)  # fmt: skip
        if role == _ROLE.AccessibleTextRole:
            return line.spoken()
        return None

    @staticmethod
    def key(line: Line, column: int) -> tuple[int, float]:
        """What a column is sorted by; what is missing stands behind."""
        d = line.difference
        found: float | None
        if column == NAME:
            return 0, float(line.order)
        if column == STATUS:
            from ..engine.words import STATUSES

            code = d.now.status if d.now else ""
            return 0, float(STATUSES.index(code) if code in STATUSES else len(STATUSES))
        if column == BEFORE:
            found = d.before.mark if d.before else None
        elif column in (NOW, STEP):
            found = d.now.mark if d.now else None
        else:
            found = d.marks
        return (1, 0.0) if found is None else (0, found)


class DifferenceFilter(QSortFilterProxyModel):
    """All indicators, or those that moved."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.only_moved = False

    def ask(self, only_moved: bool) -> None:
        """Show other rows."""
        self.only_moved = only_moved
        self.invalidateFilter()

    def filterAcceptsRow(self, at: int, parent: QModelIndex) -> bool:  # noqa: N802
        del parent
        return not self.only_moved or self.sourceModel().lines[at].difference.move != SAME

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:  # noqa: N802
        model: DifferenceModel = self.sourceModel()
        a, b = model.lines[left.row()], model.lines[right.row()]
        one, other = model.key(a, left.column()), model.key(b, right.column())
        if one[0] != other[0]:  # what is missing stands behind, whichever way it is sorted
            return (one[0] < other[0]) == (self.sortOrder() == Qt.SortOrder.AscendingOrder)
        return (one, a.order) < (other, b.order)
