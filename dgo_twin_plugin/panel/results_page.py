"""The page that shows a stored run: its marks, what was found, and the findings of a check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QFrame,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import moment, text
from ..engine.words import DgoError
from ..store.runs import list_runs
from ..store.target import is_database
from . import memory
from .findings import Findings
from .guard import guarded
from .marks_tree import MarksTree
from .summary import Summary
from .view import Finding, RunView, check_findings
from .widgets.labels import MutedLabel


class ResultsPage(QWidget):
    """A run of a results file. ``shown`` is told when another run is shown, or none;
    ``place_asked`` carries a geometry (WKB or None) and its CRS; ``layer_asked`` an indicator."""

    shown = pyqtSignal()
    place_asked = pyqtSignal(object, str)
    layer_asked = pyqtSignal(str)
    said = pyqtSignal(str)  # something that went wrong
    plan_asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.project = QgsProject.instance()
        self.view: RunView | None = None
        self.zone = 0
        self.outdated = False
        self.problem = ""  # why there is nothing to be shown
        self.checked: tuple[list[Finding], str] | None = None  # of the last check, with its CRS
        self._make()
        self._lay_out()
        self._connect()

    # --- making ---------------------------------------------------------------------------------
    def _make(self) -> None:
        self.summary = Summary(self)
        self.marks = MarksTree(self)
        self.breaches = Findings(text("report.section.breaches"), text("report.breaches.none"))
        self.alerts = Findings(text("report.section.alerts"), text("report.alerts.none"))
        self.checks = Findings(text("report.section.checks"), text("report.checks.none"))
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for page, key in self._pages():
            self.tabs.addTab(self._with_legend(page) if page is self.marks else page,
                             text(f"panel.tab.{key}"))  # fmt: skip
        self.tabs.setMinimumHeight(230)
        self.empty = MutedLabel(self)
        self.empty.setText(text("panel.empty"))
        self.plan_button = QPushButton(text("wizard.action"), self)
        self.plan_button.setObjectName("dgo_start_plan")
        self.plan_button.setToolTip(text("wizard.action_tip"))
        self.plan_button.setAccessibleDescription(text("wizard.action_tip"))

    def _with_legend(self, page: QWidget) -> QWidget:
        """The marks with, below them, what the signs of the scale mean."""
        both = QWidget(self.tabs)
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(page, 1)
        legend = MutedLabel(both)
        legend.setText(text("panel.scale.tip"))
        column.addWidget(legend)
        return both

    def _pages(self) -> tuple[tuple[QWidget, str], ...]:
        return ((self.marks, "marks"), (self.breaches, "breaches"), (self.alerts, "alerts"),
                (self.checks, "checks"))  # fmt: skip

    def _lay_out(self) -> None:
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(8, 0, 8, 0)
        column.setSpacing(4)
        column.addWidget(self.empty)
        column.addWidget(self.plan_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.tabs, 1)
        column.addStretch(0)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        scroll.setWidget(middle)
        scroll.setMinimumHeight(90)
        card = QVBoxLayout()
        card.setContentsMargins(8, 0, 8, 0)
        card.addWidget(self.summary)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addLayout(card)
        whole.addWidget(scroll, 1)

    def _connect(self) -> None:
        self.plan_button.clicked.connect(self.plan_asked)
        self.summary.run_chosen.connect(self._run_chosen)
        self.summary.zone_chosen.connect(self._zone_chosen)
        self.summary.bars.chosen.connect(self._theme_chosen)
        self.marks.asked.connect(self.layer_asked)
        for page in (self.breaches, self.alerts, self.checks):
            page.asked.connect(self._show_place)

    # --- results --------------------------------------------------------------------------------
    def load(self, file: str, run_id: str = "") -> None:
        """Show a run of a results file: the newest where none is named, nothing where there is no
        file yet."""
        self.file = file
        self.problem = ""
        view = None
        if is_database(file) or Path(file).is_file():
            try:
                if list_runs(file):
                    view = RunView(file, run_id)
            except DgoError as error:
                self.problem = text(error.message)
        self.view = view
        self.outdated = view is not None and memory.recall(
            self.project, memory.OUTDATED) == view.run_id  # fmt: skip
        self.summary.setVisible(view is not None)
        if view is not None:
            self.summary.fill_runs(view)
            self.zone = self.summary.fill_zones(view, self.zone)
        self._show()
        self.shown.emit()

    def outdate(self) -> bool:
        """A layer that the run read is edited: its numbers no longer hold. Whether that is new."""
        if self.view is None or self.outdated:
            return False
        memory.remember(self.project, memory.OUTDATED, self.view.run_id)
        self.outdated = True
        self._fade()
        return True

    def show_checks(self, layer: Any) -> int:
        """The findings of a check, out of the layer that the algorithm made; their number.
        Raises ``DgoError`` where there is no layer."""
        if not isinstance(layer, QgsVectorLayer):
            raise DgoError("panel.error.unknown")
        names = [field.name() for field in layer.fields()]
        rows = []
        for feature in layer.getFeatures():
            row = dict(zip(names, (v if isinstance(v, (str, int)) else None
                                   for v in feature.attributes())))  # fmt: skip
            shape = feature.geometry()
            row["wkb"] = None if shape.isNull() else shape.asWkb().data()
            rows.append(row)
        crs = layer.crs().authid() or layer.crs().toWkt()
        self.checked = (check_findings(rows), crs)
        self._show()
        self.tabs.setCurrentWidget(self.checks)
        return len(rows)

    def state(self) -> str:
        """What the numbers are, for the state line."""
        if self.view is None:
            return text("panel.state.none")
        said = text("panel.state.run", time=moment(self.view.run["started"]))
        said += " · " + text("panel.state.outdated" if self.outdated else "panel.state.current")
        return f"▲ {said}" if self.outdated else said

    def _show(self) -> None:
        view = self.view
        was = self.tabs.isTabVisible(0) and not self.tabs.isHidden()
        self.empty.setVisible(view is None)
        self.plan_button.setVisible(view is None)
        self.tabs.setVisible(view is not None or self.checked is not None)
        for index in range(3):
            self.tabs.setTabVisible(index, view is not None)
        if view is not None and not was:
            self.tabs.setCurrentIndex(0)
        if view is not None:
            self.summary.show_zone(view, self.zone)
            self.marks.show_marks(view, self.zone)
            self._list(self.breaches, "breaches", view.breaches(self.zone))
            self._list(self.alerts, "alerts", view.alerts(self.zone))
        if self.checked is not None:
            self._list(self.checks, "checks", self.checked[0])
        elif view is not None:
            self._list(self.checks, "checks", view.checks())
        self._fade()

    def _fade(self) -> None:
        for each in (self.summary, self.marks, self.breaches, self.alerts):
            each.fade(self.outdated)

    def _list(self, page: Findings, key: str, found: list[Finding]) -> None:
        page.show_found(found)
        name = text(f"panel.tab.{key}")
        self.tabs.setTabText(self.tabs.indexOf(page), f"{name} {len(found)}" if found else name)

    # --- asked ------------------------------------------------------------------------------
    @guarded
    def _run_chosen(self, run_id: str) -> None:
        self.load(self.file, run_id)

    @guarded
    def _zone_chosen(self, zone: int) -> None:
        self.zone = zone
        self._show()
        if self.view is not None and zone:
            crs = self.view.place(Finding("", "", ""))[1]
            self.place_asked.emit(self.view.zone_shape(zone), crs)

    @guarded
    def _theme_chosen(self, theme: str) -> None:
        self.tabs.setCurrentIndex(0)
        self.marks.choose(theme)

    @guarded
    def _show_place(self, found: Finding) -> None:
        if not found.table and self.checked is not None:
            self.place_asked.emit(found.wkb, self.checked[1])
        elif self.view is not None:
            try:
                wkb, crs = self.view.place(found)
            except DgoError as error:
                self.said.emit(text(error.message))
                return
            self.place_asked.emit(wkb, crs)
