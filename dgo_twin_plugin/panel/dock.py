"""The dock: form, run, marks, findings; one run at a time, in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsProject, QgsVectorLayer
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QEvent, Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QFontMetrics
from qgis.PyQt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import moment, text
from ..engine.words import DgoError
from ..store.runs import list_runs
from ..store.target import is_database
from . import memory
from .findings import Findings
from .inputs import Inputs
from .marks_tree import MarksTree
from .runner import Runner
from .summary import MutedLabel, Summary
from .view import Finding, RunView, check_findings
from .watch import Watch
from .zoom import zoom_to

LEAST_WIDTH = 300


class Dock(QgsDockWidget):
    """The dock ``dgo_twin_dock``. ``open_url`` opens a report; tests put their own there."""

    def __init__(self, iface: Any) -> None:  # noqa: QGS105 - QGIS hands it to the plugin
        super().__init__(text("panel.title"), iface.mainWindow() if iface else None)
        self.setObjectName("dgo_twin_dock")
        self.iface = iface
        self.project = QgsProject.instance()
        self.open_url: Any = QDesktopServices.openUrl
        self.view: RunView | None = None
        self.zone = 0
        self.outdated = False
        self._ended = False
        self._checked: tuple[list[Finding], str] | None = None  # of the last check, with its CRS
        self._make()
        self._lay_out()
        self._connect()
        self._form_changed("")
        self.load()

    # --- making -------------------------------------------------------------------------------
    def _make(self) -> None:
        self.inside = QWidget(self)
        self.summary = Summary(self.inside)
        self.fold = QToolButton(self.inside)
        self.fold.setText(text("panel.inputs"))
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setToolTip(text("panel.inputs.tip"))
        self.brief = QLabel(self.inside)
        self.brief.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.inputs = Inputs(self.inside)
        self.marks = MarksTree(self.inside)
        self.breaches = Findings(text("report.section.breaches"), text("report.breaches.none"))
        self.alerts = Findings(text("report.section.alerts"), text("report.alerts.none"))
        self.checks = Findings(text("report.section.checks"), text("report.checks.none"))
        self.tabs = QTabWidget(self.inside)
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for page, key in self._pages():
            self.tabs.addTab(self._with_legend(page) if page is self.marks else page,
                             text(f"panel.tab.{key}"))  # fmt: skip
        self.tabs.setMinimumHeight(230)
        self.empty = MutedLabel(self.inside)
        self.empty.setText(text("panel.empty"))
        self.plan_button = QPushButton(text("wizard.action"), self.inside)
        self.plan_button.setObjectName("dgo_start_plan")
        self.plan_button.setToolTip(text("wizard.action_tip"))
        self.plan_button.setAccessibleDescription(text("wizard.action_tip"))
        self.run_button = self._button("run")
        self.check_button = self._button("check")
        self.report_button = self._button("report")
        self.cancel_button = self._button("cancel")
        self.run_button.setDefault(True)
        bold = self.run_button.font()
        bold.setBold(True)
        self.run_button.setFont(bold)
        self.progress = QProgressBar(self.inside)
        self.progress.setRange(0, 100)
        self.progress.setFormat("%p %")
        self.progress.setAccessibleName(text("panel.progress"))
        self.state = MutedLabel(self.inside, strong=True)
        self.legal = MutedLabel(self.inside)

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

    def _button(self, key: str) -> QPushButton:
        button = QPushButton(text(f"panel.{key}"), self.inside)
        button.setObjectName(f"dgo_{key}")
        button.setToolTip(text(f"panel.{key}.tip"))
        button.setAccessibleDescription(text(f"panel.{key}.tip"))
        return button

    def _lay_out(self) -> None:
        middle = QWidget(self.inside)
        column = QVBoxLayout(middle)
        column.setContentsMargins(8, 0, 8, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.fold)
        head.addWidget(self.brief, 1)
        head.addStretch(0)
        column.addLayout(head)
        column.addWidget(self.inputs)
        column.addWidget(self.empty)
        column.addWidget(self.plan_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.tabs, 1)
        column.addStretch(0)
        scroll = QScrollArea(self.inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        scroll.setWidget(middle)
        scroll.setMinimumHeight(90)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(8, 0, 8, 0)
        buttons.setSpacing(6)
        buttons.addWidget(self.run_button, 2)
        buttons.addWidget(self.check_button, 1)
        buttons.addWidget(self.report_button, 1)
        buttons.addWidget(self.progress, 3)
        buttons.addWidget(self.cancel_button)
        foot = QVBoxLayout()
        foot.setContentsMargins(8, 0, 8, 6)
        foot.setSpacing(2)
        foot.addWidget(self.state)
        foot.addWidget(self.legal)
        card = QVBoxLayout()
        card.setContentsMargins(8, 6, 8, 0)
        card.addWidget(self.summary)
        whole = QVBoxLayout(self.inside)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addLayout(card)
        whole.addWidget(scroll, 1)
        whole.addLayout(buttons)
        whole.addLayout(foot)
        self.inside.setMinimumWidth(LEAST_WIDTH)
        self.setWidget(self.inside)

    def _connect(self) -> None:
        self.runner = Runner(self)
        self.watch = Watch(self)
        self.run_button.clicked.connect(self.score)
        self.plan_button.clicked.connect(self._start_plan)
        self.check_button.clicked.connect(self.check)
        self.report_button.clicked.connect(self.report)
        self.cancel_button.clicked.connect(self.runner.cancel)
        self.runner.said.connect(self._progress_text)
        self.runner.progressed.connect(lambda done: self.progress.setValue(round(done)))
        self.runner.ended.connect(self._run_ended)
        self.watch.changed.connect(self._design_changed)
        self.inputs.changed.connect(self._form_changed)
        self.fold.toggled.connect(self._folded)
        self.summary.run_chosen.connect(self.load)
        self.summary.zone_chosen.connect(self._zone_chosen)
        self.summary.bars.chosen.connect(self._theme_chosen)
        self.marks.asked.connect(self._indicator_asked)
        for page in (self.breaches, self.alerts, self.checks):
            page.asked.connect(self._show_place)
        self.fold.setChecked(True)
        self._busy(False)

    # --- coming and going ---------------------------------------------------------------------
    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.DeferredDelete:  # the plugin is unloaded
            self.end()
        return bool(super().event(event))

    def end(self) -> None:
        """Stop what runs and hear nothing more from project and layers."""
        if not self._ended:
            self._ended = True
            self.runner.end()
            self.watch.follow(())
            self.inputs.end()

    def _folded(self, opened: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.inputs.setVisible(opened)
        self.brief.setVisible(not opened)

    # --- the form -----------------------------------------------------------------------------
    def _form_changed(self, name: str) -> None:
        """What follows from a change of the form; '' = the project filled it."""
        if name == "scenario":
            self._brief()
            return
        self.inputs.explain()
        self.watch.follow(self.inputs.layers())
        self._brief()
        if name in ("", "output"):
            self.load()
        else:
            self._state()

    def _brief(self) -> None:
        words = self.inputs.brief()
        room = max(60, self.inside.width() - self.fold.sizeHint().width() - 40)
        metrics = QFontMetrics(self.brief.font())
        self.brief.setText(metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room))
        self.brief.setToolTip(words)

    # --- runs ---------------------------------------------------------------------------------
    def score(self) -> None:
        """Score the design, by ``dgo:scoredesign``."""
        self._start("scoredesign", self.inputs.parameters())

    def check(self) -> None:
        """Check the design without a run, by ``dgo:checkdesign``."""
        given = self.inputs.parameters()
        kept = {k: v for k, v in given.items() if k not in ("OUTPUT", "SCENARIO")}
        self._start("checkdesign", {**kept, "CHECKS": "memory:"})

    def report(self) -> None:
        """Make the report of the run that is shown and open it, by ``dgo:exportreport``."""
        if self.view is None:
            return
        file = self.view.path
        target = file.with_name(f"{file.stem}_{self.view.run_id[:8]}.html")
        self._start("exportreport", {"RESULTS": str(file), "RUN": self.view.run_id,
                                     "OUTPUT": str(target)})  # fmt: skip

    def _start_plan(self) -> None:
        """Open the wizard that starts a plan."""
        from . import open_wizard

        open_wizard(self.iface)

    def _start(self, name: str, parameters: dict[str, Any]) -> None:
        problem = self.runner.start(name, parameters)
        if problem:
            self._warn(problem)
            return
        self.progress.setValue(0)
        self._progress_text(text("panel.started"))
        self._busy(True)

    def _progress_text(self, said: str) -> None:
        self.progress.setAccessibleDescription(said)
        self._state(said)

    def _busy(self, on: bool) -> None:
        for widget in (self.run_button, self.check_button, self.report_button):
            widget.setVisible(not on)
        for widget in (self.progress, self.cancel_button):
            widget.setVisible(on)
        if on:
            self.cancel_button.setFocus()
        self.report_button.setEnabled(self.view is not None)

    def _run_ended(self, name: str, good: bool, results: dict[str, Any],
                   errors: list[str]) -> None:  # fmt: skip
        self._busy(False)
        if errors:
            self._warn(" ".join(errors))
        elif not good:
            self._state(text("panel.cancelled"))
        elif name == "scoredesign":
            memory.remember(self.project, memory.OUTDATED, "")
            self._checked = None
            self.load("", results.get("OUTPUT", ""))
            self.fold.setChecked(False)
        elif name == "checkdesign":
            self._show_checks(results)
        elif not self.open_url(QUrl.fromLocalFile(results["OUTPUT"])):
            self._tell(text("panel.report.made", file=results["OUTPUT"]))

    def _warn(self, message: str) -> None:
        self._push(message, Qgis.MessageLevel.Warning)
        self._state(message)

    def _tell(self, message: str) -> None:
        self._push(message, Qgis.MessageLevel.Info)

    def _push(self, message: str, level: Any) -> None:
        bar = self.iface.messageBar() if self.iface else None
        if bar is not None:
            bar.pushMessage(text("panel.title"), message, level, 0)

    # --- results ------------------------------------------------------------------------------
    def load(self, run_id: str = "", path: str = "") -> None:
        """Show a run of the results file: the newest where none is named, nothing where there is
        no file yet."""
        file = path or self.inputs.results_file()
        problem = ""
        view = None
        if is_database(file) or Path(file).is_file():
            try:
                if list_runs(file):
                    view = RunView(file, run_id)
            except DgoError as error:
                problem = text(error.message)
        self.view = view
        self.outdated = view is not None and memory.recall(
            self.project, memory.OUTDATED) == view.run_id  # fmt: skip
        has = view is not None
        self.summary.setVisible(has)
        self.report_button.setEnabled(has)
        if view is not None:
            self.fold.setChecked(False)
            self.summary.fill_runs(view)
            self.zone = self.summary.fill_zones(view, self.zone)
        self._show()
        self._state(problem)

    def _show(self) -> None:
        view = self.view
        was = self.tabs.isTabVisible(0) and not self.tabs.isHidden()
        self.empty.setVisible(view is None)
        self.plan_button.setVisible(view is None)
        self.tabs.setVisible(view is not None or self._checked is not None)
        for index, on in enumerate((view is not None,) * 3):
            self.tabs.setTabVisible(index, on)
        if view is not None and not was:
            self.tabs.setCurrentIndex(0)
        if view is not None:
            self.summary.show_zone(view, self.zone)
            self.marks.show_marks(view, self.zone)
            self._list(self.breaches, "breaches", view.breaches(self.zone))
            self._list(self.alerts, "alerts", view.alerts(self.zone))
        if self._checked is not None:
            self._list(self.checks, "checks", self._checked[0])
        elif view is not None:
            self._list(self.checks, "checks", view.checks())
        for each in (self.summary, self.marks, self.breaches, self.alerts):
            each.fade(self.outdated)

    def _list(self, page: Findings, key: str, found: list[Finding]) -> None:
        page.show_found(found)
        name = text(f"panel.tab.{key}")
        self.tabs.setTabText(self.tabs.indexOf(page), f"{name} {len(found)}" if found else name)

    def _state(self, message: str = "") -> None:
        """The line that says what the numbers are."""
        if message:
            said = message
        elif self.view is None:
            said = text("panel.state.none")
        else:
            said = text("panel.state.run", time=moment(self.view.run["started"]))
            said += " · " + text("panel.state.outdated" if self.outdated else "panel.state.current")
            if self.outdated:
                said = f"▲ {said}"
        self.state.setText(said)
        self.state.warn(self.outdated and not message)
        profile, status = self.view.profile() if self.view else self.inputs.chosen_profile()
        self.legal.setText(text("panel.legal", status=status, line=text("legal.disclaimer")))
        self.legal.setToolTip(text("report.status", profile=profile, status=status))

    def _design_changed(self) -> None:
        """A layer that the run read is edited: its numbers no longer hold."""
        if self.view is None or self.outdated:
            return
        memory.remember(self.project, memory.OUTDATED, self.view.run_id)
        self.outdated = True
        for each in (self.summary, self.marks, self.breaches, self.alerts):
            each.fade(True)
        self._state()

    def _zone_chosen(self, zone: int) -> None:
        self.zone = zone
        self._show()
        if self.view is not None and zone:
            self._zoom(self.view.zone_shape(zone), self.view.place(Finding("", "", ""))[1])

    def _theme_chosen(self, theme: str) -> None:
        self.tabs.setCurrentIndex(0)
        self.marks.choose(theme)

    def _indicator_asked(self, indicator: str) -> None:
        """Show the layer of an indicator in the project, where it is loaded."""
        from ..layers.group import result_layers
        from ..layers.properties import LAYER_PROPERTY

        if self.view is None:
            return
        name = f"ind_{indicator}"
        for layer in result_layers(self.project, self.view.path, self.view.run_id):
            if str(layer.customProperty(LAYER_PROPERTY)).split("|")[0] == name:
                node = self.project.layerTreeRoot().findLayer(layer.id())
                node.setItemVisibilityCheckedParentRecursive(True)
                self.iface.setActiveLayer(layer) if hasattr(self.iface, "setActiveLayer") else None
                return
        self._tell(text("panel.no_layer"))

    # --- checks -------------------------------------------------------------------------------
    def _show_checks(self, results: dict[str, Any]) -> None:
        """The findings of a check, out of the layer that the algorithm made."""
        layer = self.runner.context.getMapLayer(results["CHECKS"])
        if not isinstance(layer, QgsVectorLayer):
            self._warn(text("panel.error.unknown"))
            return
        names = [field.name() for field in layer.fields()]
        rows = []
        for feature in layer.getFeatures():
            row = dict(zip(names, (v if isinstance(v, (str, int)) else None
                                   for v in feature.attributes())))  # fmt: skip
            shape = feature.geometry()
            row["wkb"] = None if shape.isNull() else shape.asWkb().data()
            rows.append(row)
        crs = layer.crs().authid() or layer.crs().toWkt()
        self._checked = (check_findings(rows), crs)
        self._show()
        self.tabs.setCurrentWidget(self.checks)
        self._state(text("panel.checked", n=len(rows)))

    # --- the map --------------------------------------------------------------------------------
    def _show_place(self, found: Finding) -> None:
        if not found.table and self._checked is not None:
            wkb, crs = found.wkb, self._checked[1]
        elif self.view is not None:
            try:
                wkb, crs = self.view.place(found)
            except DgoError as error:
                self._warn(text(error.message))
                return
        else:
            return
        self._zoom(wkb, crs)

    def _zoom(self, wkb: bytes | None, crs: str) -> None:
        canvas = self.iface.mapCanvas() if self.iface else None
        if wkb is None or canvas is None or not zoom_to(canvas, wkb, crs):
            self._tell(text("panel.no_place"))

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._brief()
