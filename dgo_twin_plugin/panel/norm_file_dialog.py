"""Asks what a municipality's norm file needs: its title, who it is for, why, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ..engine.norm_file import to_norm_file
from ..engine.row_view import area_types
from ..engine.texts import text
from ..engine.words import DgoError
from .guard import guarded


class NormFileDialog(QDialog):
    """The form. It writes when accepted and stays open where that goes wrong."""

    def __init__(self, dock: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.dock = dock
        self.written: Any = None
        self.setObjectName("dgo_norm_file")
        self.setWindowTitle(text("mixer.menu.norm_file"))
        about = QLabel(text("mixer.norm_file.about"), self)
        about.setWordWrap(True)
        self.title, self.municipality, self.reason = (QLineEdit(self) for _ in range(3))
        self.file = QgsFileWidget(self)
        self.file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.file.setFilter(text("algorithms.yaml_filter"))
        self.file.setDialogTitle(text("mixer.norm_file.file"))
        home = dock.project.absolutePath()
        self.file.setDefaultRoot(home or str(Path.home()))
        self.problem = QLabel(self)
        self.problem.setWordWrap(True)
        self.problem.hide()
        form = QFormLayout()
        for key in ("title", "municipality", "reason", "file"):
            widget = getattr(self, key)
            label = QLabel(text(f"mixer.norm_file.{key}"), self)
            label.setBuddy(widget)
            widget.setAccessibleName(text(f"mixer.norm_file.{key}"))
            form.addRow(label, widget)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save
                                   | QDialogButtonBox.StandardButton.Cancel, self)  # fmt: skip
        buttons.button(QDialogButtonBox.StandardButton.Save).setText(text("mixer.norm_file.save"))
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(text("mixer.cancel"))
        buttons.accepted.connect(self.write)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        for each in (about, self.problem):
            whole.addWidget(each)
        whole.insertLayout(1, form)
        whole.addWidget(buttons)
        self.resize(480, self.sizeHint().height())

    @guarded
    def write(self) -> None:
        """Write the file; where that cannot be done, say why and stay."""
        assessment = self.dock.mixer.assessment
        path = str(self.file.filePath()).strip()
        try:
            if not path:
                raise DgoError("mixer.norm_file.no_file")
            if not path.lower().endswith((".yml", ".yaml")):
                path += ".yml"
            self.written = to_norm_file(
                self.dock.moves.mix, assessment.profile, area_types(assessment),
                self.title.text(), path, self.municipality.text().strip(),
                reason=self.reason.text().strip(), date=assessment.scene.date,
            )  # fmt: skip
        except DgoError as error:
            self.problem.setText(text(error.message))
            self.problem.show()
            return
        said = [text("mixer.norm_file.written", file=Path(path).name,
                     n=len(self.written.changed))]  # fmt: skip
        if self.written.left_out:
            said.append(text("mixer.norm_file.left_out", zones=", ".join(self.written.left_out)))
        self.dock.tell(" ".join(said))
        self.accept()


def save_norm_file(dock: Any) -> None:
    """Ask and write."""
    dialog = NormFileDialog(dock, dock)
    dialog.setModal(True)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
