"""The rows of the mixing panel: sections by theme, each with its head, in columns."""

from __future__ import annotations

import time
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

SLICE = 0.012  # s of the main thread at a time, while rows are made


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
    hand asks for. Rows are made in slices of the event loop and come into view together; whoever
    asks for :attr:`rows` before that has them made at once."""

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
        self._sections: dict[str, Section] = {}
        self._rows: dict[str, IndicatorRow] = {}
        self._views: dict[str, RowView] = {}  # what the rows show, or will when they are made
        self._marks: dict[str, MarkView] = {}  # of the themes
        self._weights: tuple[dict[str, float], bool] = ({}, True)
        self._faded = False
        self._unmade: list[str] = []  # indicators whose row is still to be made, the last first
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._slice)
        self.building = False  # whether rows are on their way
        self.slices = 0  # of the event loop that rows were made in; for tests and measurements
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
        order = [(view.theme, view.indicator) for view in views]
        other = order != [(view.theme, key) for key, view in self._views.items()]
        self._views = {view.indicator: view for view in views}
        self._marks = {view.key: view for view in over.themes}
        if other:
            for section in self._sections.values() if self.building else ():
                section.deleteLater()  # never came into view
            self._rows, self._sections = {}, {}
            self.building = True
            self._unmade = list(reversed(self._views))
            self._turn.start()
        self.painted = 0
        for key, row in self._rows.items():
            view = self._views[key]
            if row.view is not view and row.view != view:
                row.show_view(view)
                self.painted += 1

    def show_heads(self, over: Overview, weights: dict[str, float], movable: bool) -> None:
        """Show the marks of the themes."""
        self._marks = {view.key: view for view in over.themes}
        self._weights = (weights, movable)
        for section in self._sections.values():
            self._show_head(section)

    def _show_head(self, section: Section) -> None:
        view = self._marks.get(section.theme)
        if view is not None:
            weights, movable = self._weights
            section.head.show_view(view, weights.get(view.key, 1.0), movable)

    # --- making ---------------------------------------------------------------------------------
    @property
    def rows(self) -> dict[str, IndicatorRow]:
        """The row of each indicator."""
        self.complete()
        return self._rows

    @property
    def sections(self) -> dict[str, Section]:
        """The section of each theme."""
        self.complete()
        return self._sections

    def complete(self) -> None:
        """Make all rows that are still to be made, here and now."""
        if self.building:
            self._turn.stop()
            while self._unmade:
                self._make(self._unmade.pop())
            self._made()

    @guarded
    def _slice(self) -> None:
        """Some rows more, and then the window gets its turn."""
        if not self.building:
            return
        self.slices += 1
        until = time.perf_counter() + SLICE
        while self._unmade:
            self._make(self._unmade.pop())
            if time.perf_counter() > until:
                break
        if self._unmade:
            self._turn.start()
        else:
            self._made()

    def _make(self, indicator: str) -> None:
        view = self._views[indicator]
        section = self._sections.get(view.theme)
        if section is None:
            head = self._marks.get(view.theme) or MarkView(view.theme, view.theme, view.theme,
                                                           None, "")  # fmt: skip
            section = self._sections[view.theme] = Section(head, self.columns)
            section.head.folded.connect(self._remember)
            section.head.weighed.connect(self.theme_weighed)
            self._show_head(section)
            section.head.fade(self._faded)
            if view.theme in self._folded:
                section.head.fold(True)
        row = IndicatorRow(view, self.columns)
        self._hook(row)
        section.add(row)
        self._rows[indicator] = row

    def _made(self) -> None:
        """All rows are there: into view with them."""
        self.building = False
        place = self.verticalScrollBar().value()
        if self.current in self._rows:
            self._rows[self.current].set_current(True)
        self.columns.set_blocks(list(self._sections.values()))
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
        if key in self._views:  # a row that is being replaced may still be touched
            self.ambition_moved.emit(self._views[key], value, final)

    @guarded
    def _cleared(self, key: str) -> None:
        if key in self._views:
            self.ambition_moved.emit(self._views[key], None, True)

    @guarded
    def _weight(self, key: str, weight: float) -> None:
        if key in self._views:
            self.weight_moved.emit(self._views[key], weight)

    @guarded
    def _switched(self, key: str, on: bool) -> None:
        if key in self._views:
            self.switched.emit(self._views[key], not on)

    @guarded
    def _locked(self, key: str, held: bool) -> None:
        if key in self._views:
            self.lock_asked.emit(self._views[key], held)

    @guarded
    def _why(self, key: str) -> None:
        if key in self._views:
            self.why_asked.emit(self._views[key])

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
            if name in self._rows:
                self._rows[name].set_current(name == key)
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
        self._faded = on
        for section in self._sections.values():
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
        # first: as one wide column every row would put out controls that the next moment hides
        self.columns.arrange(self.viewport().width())
        super().resizeEvent(event)
        self.columns.arrange()
