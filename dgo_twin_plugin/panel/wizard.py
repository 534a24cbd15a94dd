"""The start of a plan in four calm steps: area, sources, area types, make.

The window does not block QGIS: the area is drawn on the map. All work is that of
``dgo:startplan``, in the background.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProject, QgsSettings
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import (
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import number, text
from ..project.start import slug
from .runner import Runner
from .summary import MutedLabel
from .wizard_area import AreaStep
from .wizard_sources import SourcesStep
from .wizard_steps import StepBar
from .wizard_types import TypesStep

SETTINGS = "dgo_twin/start"
STEPS = ("area", "sources", "types", "make")


class StartWizard(QDialog):
    """``open_url`` and ``open_project`` may be replaced; ``runner`` does the work."""

    def __init__(self, iface: Any, parent: QWidget | None = None) -> None:  # noqa: QGS105
        super().__init__(parent or (iface.mainWindow() if iface else None))
        self.iface = iface
        self.setObjectName("dgo_start_wizard")
        self.setWindowTitle(text("wizard.title"))
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.open_url: Any = QDesktopServices.openUrl
        self.open_project: Any = self._open_in_qgis
        self.made: dict[str, Any] = {}
        self._ended = False
        self.runner = Runner(self)
        self._make()
        self._lay_out()
        self._connect()
        self._remembered()
        self.go(0)
        self.resize(640, 640)

    # --- making -----------------------------------------------------------------------------------
    def _make(self) -> None:
        canvas = self.iface.mapCanvas() if self.iface else None
        self.bar = StepBar([text(f"wizard.step.{name}") for name in STEPS], self)
        self.heading = QLabel(self)
        bold = self.heading.font()
        bold.setBold(True)
        bold.setPointSizeF(bold.pointSizeF() * 1.25)
        self.heading.setFont(bold)
        self.intro = MutedLabel(self)
        self.area = AreaStep(canvas, self)
        self.sources = SourcesStep(self)
        self.types = TypesStep(self)
        self.last = QWidget(self)
        self.pages = QStackedWidget(self)
        for page in (self.area, self.sources, self.types, self.last):
            self.pages.addWidget(self._scrolled(page))
        self.parent_folder = QgsFileWidget(self.last)
        self.parent_folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.parent_folder.setDialogTitle(text("wizard.make.folder"))
        self.parent_folder.lineEdit().setAccessibleName(text("wizard.make.folder"))
        self.lines = QLabel(self.last)
        self.lines.setWordWrap(True)
        self.lines.setTextFormat(Qt.TextFormat.RichText)
        self.target = MutedLabel(self.last)
        self.open_button = self._button("open")
        self.sheet_button = self._button("sheet")
        self.problem = MutedLabel(self)
        self.problem.setObjectName("dgo_start_problem")
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 100)
        self.progress.setAccessibleName(text("panel.progress"))
        self.back = self._button("back")
        self.next = self._button("next")
        self.cancel = self._button("cancel")
        for button in (self.back, self.cancel, self.open_button, self.sheet_button):
            button.setAutoDefault(False)
        self.next.setDefault(True)

    def _button(self, key: str) -> QPushButton:
        made = QPushButton(text(f"wizard.button.{key}"), self)
        made.setObjectName(f"dgo_start_{key}")
        return made

    def _scrolled(self, page: QWidget) -> QScrollArea:
        """A page that may be smaller than what it holds, on a low screen."""
        scroll = QScrollArea(self.pages)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(page)
        return scroll

    def _lay_out(self) -> None:
        column = QVBoxLayout(self.last)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        form = QFormLayout()
        form.addRow(text("wizard.make.folder"), self.parent_folder)
        column.addLayout(form)
        column.addWidget(self.target)
        column.addWidget(self.lines)
        row = QHBoxLayout()
        row.addWidget(self.open_button)
        row.addWidget(self.sheet_button)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(18, 14, 18, 14)
        whole.setSpacing(10)
        whole.addWidget(self.bar)
        whole.addWidget(self.heading)
        whole.addWidget(self.intro)
        whole.addWidget(self.pages, 1)
        whole.addWidget(self.problem)
        whole.addWidget(self.progress)
        row = QHBoxLayout()
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.next)
        whole.addLayout(row)

    def _connect(self) -> None:
        self.back.clicked.connect(lambda: self.go(self.step - 1))
        self.next.clicked.connect(self._forward)
        self.cancel.clicked.connect(self._stop_or_close)
        self.area.drawing.connect(self._drawing)
        for page in (self.area, self.sources, self.types):
            page.changed.connect(self._clear_problem)
        self.parent_folder.fileChanged.connect(lambda _: self._summary())
        self.open_button.clicked.connect(lambda: self.open_project(self.made.get("PROJECT", "")))
        self.sheet_button.clicked.connect(self._open_sheet)
        self.runner.said.connect(self.progress.setFormat)
        self.runner.progressed.connect(lambda done: self.progress.setValue(round(done)))
        self.runner.ended.connect(self._run_ended)
        QgsProject.instance().readProject.connect(self._project_changed)
        QgsProject.instance().cleared.connect(self._project_changed)

    # --- coming and going -------------------------------------------------------------------------
    def _remembered(self) -> None:
        """What was chosen last time, on this computer."""
        settings = QgsSettings()
        home = QgsProject.instance().absolutePath()
        folder = str(settings.value(f"{SETTINGS}/folder", "") or "")
        self.parent_folder.setFilePath(folder or (str(Path(home).parent) if home else ""))
        self.sources.services.setChecked(settings.value(f"{SETTINGS}/services", False, bool))

    def _remember(self) -> None:
        settings = QgsSettings()
        settings.setValue(f"{SETTINGS}/folder", self.parent_folder.filePath().strip())
        settings.setValue(f"{SETTINGS}/services", self.sources.services.isChecked())

    def _project_changed(self, *_: Any) -> None:
        if not self._ended:
            self.sources.load()

    def end(self) -> None:
        """Stop what runs, give the canvas back, hear nothing more."""
        if self._ended:
            return
        self._ended = True
        project = QgsProject.instance()
        project.readProject.disconnect(self._project_changed)
        project.cleared.disconnect(self._project_changed)
        self.runner.end()
        self.area.end()

    def done(self, result: int) -> None:
        """Closed by whatever: everything ends here."""
        self.end()
        super().done(result)
        self.deleteLater()

    def closeEvent(self, event: Any) -> None:  # noqa: N802
        self.end()
        super().closeEvent(event)

    def _drawing(self, on: bool) -> None:
        """Out of sight while the canvas is drawn on."""
        if self._ended:
            return
        bar = self.iface.messageBar() if self.iface else None
        if on:
            self.hide()
            if bar is not None:
                bar.pushMessage(text("wizard.title"), text("wizard.area.how"))
        else:
            if bar is not None:
                bar.popWidget()
            self.show()
            self.raise_()
            self.activateWindow()

    # --- steps ------------------------------------------------------------------------------------
    @property
    def step(self) -> int:
        """The page that is shown, from 0."""
        return int(self.pages.currentIndex())

    def _page(self) -> Any:
        return (self.area, self.sources, self.types, None)[self.step]

    def go(self, step: int) -> None:
        """Show a step."""
        step = max(0, min(step, len(STEPS) - 1))
        if STEPS[step] == "types":
            found = self.area.geometry()
            shape, crs = found if found is not None else (None, None)
            self.types.show_for(self.sources.twin, shape, crs, self.sources.has_current())
        self.pages.setCurrentIndex(step)
        self.bar.show_step(step)
        name = STEPS[step]
        self.heading.setText(text(f"wizard.heading.{name}"))
        self.intro.setText(text(f"wizard.intro.{name}"))
        self._clear_problem()
        if name == "make":
            self._summary()
        self._busy(False)

    def _forward(self) -> None:
        page = self._page()
        if page is not None:
            said = page.problem()
            if said:
                self._warn(said)
                return
            self.go(self.step + 1)
            self.next.setFocus()
        elif self.made:
            self.accept()
        else:
            self.start()

    def _warn(self, said: str) -> None:
        self.problem.setText(said)
        self.problem.setVisible(bool(said))
        self.problem.warn(bool(said))
        self.problem.setAccessibleName(said)

    def _clear_problem(self) -> None:
        self._warn("")

    # --- the last step ----------------------------------------------------------------------------
    def folder(self) -> str:
        """The folder that will be made: the name of the plan inside the folder that was chosen."""
        parent = self.parent_folder.filePath().strip()
        name = slug(self.area.name.text())
        return str(Path(parent) / name) if parent and name else ""

    def _summary(self) -> None:
        if self.made:
            return
        folder = self.folder()
        self.target.setText(text("wizard.make.target", folder=folder) if folder
                            else text("wizard.problem.folder"))  # fmt: skip
        chosen = self.sources.chosen()
        layers = sum(len(e) for e in chosen.values())
        now = ("bgt" if self.sources.bgt.filePath().strip()
               else "layers" if self.sources.has_current() else "nothing")  # fmt: skip
        rows = [
            ("area", f"{self.area.name.text().strip()} · {number(self.area.hectares())} ha"),
            ("maps", text("wizard.make.maps_n", n=layers)
             + (" · " + text("wizard.make.services") if self.sources.services.isChecked()
                and self.sources.services.isVisibleTo(self.sources) else "")),
            ("current", text(f"wizard.make.{now}")),
            ("types", self.types.brief()),
        ]  # fmt: skip
        self._table(rows, text("wizard.make.result"))

    def _table(self, rows: list[tuple[str, str]], below: str) -> None:
        from html import escape

        cells = "".join(
            f"<tr><td style='padding:2px 14px 2px 0'>{escape(text(f'wizard.make.{key}'))}</td>"
            f"<td style='padding:2px 0'><b>{escape(value)}</b></td></tr>" for key, value in rows)
        self.lines.setText(f"<table>{cells}</table><p>{escape(below)}</p>")

    def parameters(self) -> dict[str, Any]:
        """Parameters of ``dgo:startplan``."""
        made = {**self.area.parameters(), **self.sources.parameters(), **self.types.parameters()}
        return {**made, "FOLDER": self.folder()}

    def start(self) -> None:
        """Make the plan, in the background."""
        if not self.folder():
            self._warn(text("wizard.problem.folder"))
            return
        for number_, page in enumerate((self.area, self.sources, self.types)):
            said = page.problem()
            if said:
                self.go(number_)
                self._warn(said)
                return
        self._remember()
        said = self.runner.start("startplan", self.parameters())
        if said:
            self._warn(said)
            return
        self._clear_problem()
        self.progress.setValue(0)
        self.progress.setFormat(text("panel.started"))
        self._busy(True)

    def _busy(self, on: bool) -> None:
        finished = bool(self.made)
        self.progress.setVisible(on)
        self.pages.setEnabled(not on)
        self.back.setVisible(not on and not finished and self.step > 0)
        self.next.setVisible(not on)
        last = self.step == len(STEPS) - 1
        key = "close" if finished else "make" if last else "next"
        self.next.setText(text(f"wizard.button.{key}"))
        self.cancel.setVisible(not finished)
        self.cancel.setText(text("wizard.button.stop" if on else "wizard.button.cancel"))
        for button in (self.open_button, self.sheet_button):
            button.setVisible(finished)
        self.parent_folder.setEnabled(not finished)
        if on:
            self.cancel.setFocus()

    def _stop_or_close(self) -> None:
        if self.runner.busy:
            self.runner.cancel()
        else:
            self.reject()

    def _run_ended(self, name: str, good: bool, results: dict[str, Any],
                   errors: list[str]) -> None:  # fmt: skip
        del name
        good = good and Path(str(results.get("PROJECT", ""))).is_file()
        if good:
            self.made = results
            self.heading.setText(text("wizard.heading.made"))
            self.intro.setText(text("wizard.intro.made"))
            self.target.setText(text("wizard.make.made", folder=results["FOLDER"]))
            rows = [("obstacles", str(results.get("OBSTACLES", 0))),
                    ("chances", str(results.get("CHANCES", 0)))]  # fmt: skip
            self._table(rows, text("wizard.make.then"))
            self.bar.show_step(len(STEPS))
        self._busy(False)
        if good:
            self.open_button.setFocus()
        else:
            self._warn(" ".join(errors) or text("panel.cancelled"))

    # --- what was made ----------------------------------------------------------------------------
    def _open_sheet(self) -> None:
        sheet = str(self.made.get("SHEET", ""))
        if not self.open_url(QUrl.fromLocalFile(sheet)):
            self._warn(text("wizard.make.sheet_at", file=sheet))

    def _open_in_qgis(self, path: str) -> None:
        """Open the project, after asking about one that is not saved."""
        project = QgsProject.instance()
        if project.isDirty() and not self._may_leave(project):
            return
        opener = getattr(self.iface, "addProject", None)
        opened = opener(path) if opener is not None else project.read(path)
        if opened:
            self.accept()
        else:
            self._warn(text("wizard.problem.open", file=path))

    def _may_leave(self, project: QgsProject) -> bool:
        button = QMessageBox.StandardButton
        choices = button.Discard | button.Cancel
        if project.fileName():
            choices |= button.Save
        answer = QMessageBox.question(
            self, text("wizard.title"), text("wizard.make.unsaved"), choices, button.Cancel)
        if answer == button.Save:
            return bool(project.write())
        return bool(answer == button.Discard)
