"""The foot of the dock: the buttons of a full run, what the numbers are, and whose norms."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QFont
from qgis.PyQt.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import text
from .widgets.labels import LineLabel, MutedLabel
from .widgets.state_dot import StateDot

BESIDE = 640  # px from which buttons and state line share a line
LEAST = 290  # px


class Foot(QWidget):
    """Buttons and state line. The owner connects the buttons."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run_button = self._button("run")
        self.check_button = self._button("check")
        self.report_button = self._button("report")
        self.cancel_button = self._button("cancel")
        self.run_button.setDefault(True)
        bold = QFont()  # says only how heavy it is: the size stays that of the panel
        bold.setBold(True)
        self.run_button.setFont(bold)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 100)
        self.progress.setFormat("%p %")
        self.progress.setAccessibleName(text("panel.progress"))
        self.dot = StateDot(self)
        self.state = MutedLabel(self, strong=True)
        self.legal = LineLabel(self)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.run_button, 2)
        buttons.addWidget(self.check_button, 1)
        buttons.addWidget(self.report_button, 1)
        buttons.addWidget(self.progress, 3)
        buttons.addWidget(self.cancel_button)
        line = QHBoxLayout()
        line.setSpacing(5)
        line.addWidget(self.dot)
        line.addWidget(self.state, 1)
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._box.setSpacing(3)
        self._box.addLayout(line, 1)
        self._box.addLayout(buttons, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 0, 8, 6)
        whole.setSpacing(3)
        whole.addLayout(self._box)
        whole.addWidget(self.legal)
        self.busy(False)

    def _button(self, key: str) -> QPushButton:
        button = QPushButton(text(f"panel.{key}"), self)
        button.setObjectName(f"dgo_{key}")
        button.setToolTip(text(f"panel.{key}.tip"))
        button.setAccessibleDescription(text(f"panel.{key}.tip"))
        return button

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As narrow as it is when it turns, so that a wide panel can be made narrow at once."""
        return QSize(LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        turned = (QBoxLayout.Direction.LeftToRight if self.width() >= BESIDE
                  else QBoxLayout.Direction.TopToBottom)  # fmt: skip
        if self._box.direction() != turned:
            self._box.setDirection(turned)

    def buttons(self) -> tuple[QPushButton, ...]:
        """All of them."""
        return self.run_button, self.check_button, self.report_button, self.cancel_button

    def busy(self, on: bool) -> None:
        """While something runs its progress stands in the place of the buttons."""
        for widget in (self.run_button, self.check_button, self.report_button):
            widget.setVisible(not on)
        for widget in (self.progress, self.cancel_button):
            widget.setVisible(on)
        if on:
            self.cancel_button.setFocus()

    def show_progress(self, said: str) -> None:
        """What the run does now."""
        self.progress.setAccessibleDescription(said)
        self.show_state(said, False)

    def show_state(self, said: str, warn: bool, kind: str = "", fraction: float = 0.0) -> None:
        """The line that says what the numbers are; ``kind`` is a state of the live session, '' on
        the page of stored runs."""
        self.dot.setVisible(bool(kind))
        if kind:
            self.dot.show_state(kind, fraction)
        if said != self.state.text():
            self.state.setText(said)
            self.state.setAccessibleName(said)
        self.state.warn(warn)

    def show_profile(self, profile: str, status: str) -> None:
        """Whether anybody adopted the norms: always in view, so it comes first."""
        self.legal.setText(text("panel.legal", status=status, line=text("legal.disclaimer")))
        self.legal.setToolTip(text("report.status", profile=profile, status=status) + "\n"
                              + text("legal.disclaimer"))
