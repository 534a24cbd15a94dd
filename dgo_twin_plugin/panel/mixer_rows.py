"""The rows of the mixing panel: sections by theme, each with its head, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ..engine.row_view import RowView
from .columns import Columns
from .guard import guarded
from .overview import MarkView, Overview
from .widgets.row import IndicatorRow
from .widgets.theme_head import ThemeHead


class Section(QWidget):
    """A theme: its head and its rows."""

    def __init__(self, view: MarkView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = view.key
        self.head = ThemeHead(view, self)
        self.body = QWidget(self)
        self.rows: dict[str, IndicatorRow] = {}
        self._column = QVBoxLayout(self.body)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 4)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self.body)
        self.head.folded.connect(self._folded)

    def add(self, row: IndicatorRow) -> None:
        """A row more, at the end."""
        self.rows[row.view.indicator] = row
        self._column.addWidget(row)

    def _folded(self, _theme: str, folded: bool) -> None:
        self.body.setVisible(not folded)


class Rows(QScrollArea):
    """All rows. Signals carry the row as it is (:class:`~..engine.row_view.RowView`) and what the
    hand asks for."""

    ambition_moved = pyqtSignal(object, object, bool)  # row, value or None, final
    weight_moved = pyqtSignal(object, float)
    switched = pyqtSignal(object, bool)  # row, off
    lock_asked = pyqtSignal(object, bool)  # row, locked
    why_asked = pyqtSignal(object)
    hovered = pyqtSignal(str)  # the indicator under the mouse, '' for none
    chosen = pyqtSignal(str)  # the indicator that the user works in
    part_chosen = pyqtSignal(str, str)  # indicator, part
    theme_weighed = pyqtSignal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(110)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.columns = Columns(self)
        self.setWidget(self.columns)
        self.sections: dict[str, Section] = {}
        self.rows: dict[str, IndicatorRow] = {}
        self.painted = 0  # rows that the last state changed; for tests and measurements
        self.current = ""
        self._folded: set[str] = set()
        self._goal: tuple[QWidget, int] | None = None  # what is to stand on top
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._arrange)

    # --- showing --------------------------------------------------------------------------------
    def show_rows(self, views: Sequence[RowView], over: Overview) -> None:
        """Show these rows; only those that differ are touched."""
        heads = {view.key: view for view in over.themes}
        order = [(view.theme, view.indicator) for view in views]
        if order != [(row.view.theme, key) for key, row in self.rows.items()]:
            self._build(views, heads)
        self.painted = 0
        for view in views:
            row = self.rows[view.indicator]
            if row.view != view:
                row.show_view(view)
                self.painted += 1

    def show_heads(self, over: Overview, weights: dict[str, float], movable: bool) -> None:
        """Show the marks of the themes."""
        for view in over.themes:
            section = self.sections.get(view.key)
            if section is not None:
                section.head.show_view(view, weights.get(view.key, 1.0), movable)

    def _build(self, views: Sequence[RowView], heads: dict[str, MarkView]) -> None:
        place = self.verticalScrollBar().value()
        self.rows, self.sections = {}, {}
        for view in views:
            if view.theme not in self.sections:
                head = heads.get(view.theme) or MarkView(view.theme, view.theme, view.theme, None,
                                                         "")  # fmt: skip
                section = self.sections[view.theme] = Section(head, self.columns)
                section.head.folded.connect(self._remember)
                section.head.weighed.connect(self.theme_weighed)
                if view.theme in self._folded:
                    section.head.fold(True)
            row = IndicatorRow(view, self.columns)
            self._hook(row)
            self.sections[view.theme].add(row)
            self.rows[view.indicator] = row
        if self.current in self.rows:
            self.rows[self.current].set_current(True)
        self.columns.set_blocks(list(self.sections.values()))
        self.verticalScrollBar().setValue(place)

    def _hook(self, row: IndicatorRow) -> None:
        key = row.view.indicator  # a name, not the row: rows come and go
        row.ambition_changed.connect(partial(self._ambition, key))
        row.ambition_cleared.connect(partial(self._cleared, key))
        row.weight_changed.connect(partial(self._weight, key))
        row.switched.connect(partial(self._switched, key))
        row.locked.connect(partial(self._locked, key))
        row.why_asked.connect(partial(self._why, key))
        row.hovered.connect(partial(self._hovered, key))
        row.chosen.connect(partial(self._chosen, key))
        row.part_asked.connect(partial(self._part, key))

    @guarded
    def _ambition(self, key: str, value: float, final: bool) -> None:
        self.ambition_moved.emit(self.rows[key].view, value, final)

    @guarded
    def _cleared(self, key: str) -> None:
        self.ambition_moved.emit(self.rows[key].view, None, True)

    @guarded
    def _weight(self, key: str, weight: float) -> None:
        self.weight_moved.emit(self.rows[key].view, weight)

    @guarded
    def _switched(self, key: str, on: bool) -> None:
        self.switched.emit(self.rows[key].view, not on)

    @guarded
    def _locked(self, key: str, held: bool) -> None:
        self.lock_asked.emit(self.rows[key].view, held)

    @guarded
    def _why(self, key: str) -> None:
        self.why_asked.emit(self.rows[key].view)

    @guarded
    def _hovered(self, key: str, inside: bool) -> None:
        self.hovered.emit(key if inside else "")

    @guarded
    def _chosen(self, key: str) -> None:
        self.make_current(key)
        self.chosen.emit(key)

    @guarded
    def _part(self, key: str, part: str) -> None:
        self.part_chosen.emit(key, part)

    def make_current(self, key: str) -> None:
        """Let one row stand out; its controls come out."""
        if key == self.current:
            return
        for name in (self.current, key):
            if name in self.rows:
                self.rows[name].set_current(name == key)
        self.current = key

    @guarded
    def _remember(self, theme: str, folded: bool) -> None:
        (self._folded.add if folded else self._folded.discard)(theme)
        self._later.start()

    def _arrange(self) -> None:
        self.columns.arrange()
        self._scroll()
        self._goal = None

    def fade(self, on: bool) -> None:
        """Grey the theme marks that no longer hold; rows know it themselves."""
        for section in self.sections.values():
            section.head.fade(on)

    # --- going there ----------------------------------------------------------------------------
    def show_theme(self, theme: str) -> None:
        """Bring a theme into view, unfolded, and put the keyboard there."""
        section = self.sections.get(theme)
        if section is not None:
            section.head.fold(False)
            self._to(section)
            section.head.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_indicator(self, indicator: str) -> bool:
        """Bring a row into view; whether it is there."""
        row = self.rows.get(indicator)
        if row is None:
            return False
        self.sections[row.view.theme].head.fold(False)
        self.make_current(indicator)
        self._to(row, 40)
        row.track.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _to(self, widget: QWidget, above: int = 0) -> None:
        """Scroll so that a widget stands on top, now and when the rows have their places: the
        current row is taller, and a fresh panel has not been laid out yet."""
        self._goal = (widget, above)
        self._scroll()
        self._later.start()

    def _scroll(self) -> None:
        if self._goal is None or sip.isdeleted(self._goal[0]):
            return
        widget, above = self._goal
        self.columns.layout().activate()
        top = widget.mapTo(self.columns, QPoint(0, 0)).y()
        self.verticalScrollBar().setValue(max(0, top - above))

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.columns.arrange()
