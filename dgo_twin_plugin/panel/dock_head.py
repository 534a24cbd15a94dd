"""The head of the dock: which page, which mode, the menu, and the form folded to a line."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFont
from qgis.PyQt.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..engine.mix import DESIGN, MODES
from ..engine.texts import text
from .guard import guarded
from .widgets.labels import LineLabel

MIXER, RESULTS = 0, 1
BESIDE = 640  # px from which the head is one line
LEAST = 290  # px


class Head(QWidget):
    """``page_chosen``: MIXER or RESULTS; ``mode_chosen``: a mode of the mix; ``folded``: whether
    the form is to be seen."""

    page_chosen = pyqtSignal(int)
    mode_chosen = pyqtSignal(str)
    folded = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pages = QButtonGroup(self)
        self.pages.setExclusive(True)
        self.page_buttons = []
        for number, key in ((MIXER, "mixer.page.mixer"), (RESULTS, "mixer.page.results")):
            button = QToolButton(self)
            button.setText(text(key))
            button.setToolTip(text(f"{key}.tip"))
            button.setAccessibleDescription(text(f"{key}.tip"))
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.pages.addButton(button, number)
            self.page_buttons.append(button)
        self.mode = QComboBox(self)
        for mode in MODES:
            self.mode.addItem(text(f"mixer.mode.{mode}"), mode)
            self.mode.setItemData(self.mode.count() - 1, text(f"mixer.mode.{mode}.tip"),
                                  Qt.ItemDataRole.ToolTipRole)  # fmt: skip
        self.mode.setAccessibleName(text("mixer.mode"))
        self.mode.setToolTip(text("mixer.mode.tip"))
        self.mode.setAccessibleDescription(text("mixer.mode.tip"))
        self.undo = self._arrow("Undo", "mixer.undo")
        self.redo = self._arrow("Redo", "mixer.redo")
        self.menu_button = QToolButton(self)
        self.menu_button.setObjectName("dgo_menu")
        self.menu_button.setText("⋯")
        self.menu_button.setAutoRaise(True)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setToolTip(text("mixer.menu"))
        self.menu_button.setAccessibleName(text("mixer.menu"))
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.menu_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.menu = QMenu(self.menu_button)
        self.menu.setToolTipsVisible(True)
        self.menu_button.setMenu(self.menu)
        self.fold = QToolButton(self)
        self.fold.setText(text("panel.inputs"))
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setToolTip(text("panel.inputs.tip"))
        self.fold.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.brief = LineLabel(self)
        self._lay_out()
        self.pages.idClicked.connect(self._page_clicked)
        self.mode.activated.connect(self._mode_activated)
        self.fold.toggled.connect(self._folded)
        self.show_page(MIXER)

    def _arrow(self, icon: str, key: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(QgsApplication.getThemeIcon(f"/mAction{icon}.svg"))
        button.setAutoRaise(True)
        button.setEnabled(False)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolTip(text(key))
        button.setAccessibleName(text(key))
        return button

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setContentsMargins(8, 4, 6, 0)
        first.setSpacing(2)
        for button in self.page_buttons:
            first.addWidget(button)
        first.addStretch(1)
        first.addWidget(self.undo)
        first.addWidget(self.redo)
        first.addWidget(self.menu_button)
        second = QHBoxLayout()
        second.setContentsMargins(8, 0, 8, 0)
        second.setSpacing(6)
        second.addWidget(self.fold)
        second.addWidget(self.brief, 1)
        second.addStretch(0)
        second.addWidget(self.mode)
        self._first, self._second = first, second
        self._whole = QVBoxLayout(self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.setSpacing(3)
        self._whole.addLayout(first)
        self._whole.addLayout(second)
        self._wide = False

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As narrow as it is when it turns, so that a wide panel can be made narrow at once."""
        return QSize(LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        wide = self.width() >= BESIDE
        if wide == self._wide:
            return
        self._wide = wide
        if wide:  # one line is enough
            self._whole.removeItem(self._second)
            self._first.insertLayout(len(self.page_buttons), self._second, 1)
            self._first.setStretch(self._first.count() - 4, 0)
        else:
            self._first.removeItem(self._second)
            self._second.setParent(None)
            self._whole.addLayout(self._second)

    # --- showing --------------------------------------------------------------------------------
    def page(self) -> int:
        """The page that is chosen."""
        return self.pages.checkedId()

    def show_page(self, number: int) -> None:
        """Mark a page as the one in view; the other is written lighter."""
        for each, button in enumerate(self.page_buttons):
            button.setChecked(each == number)
            button.setFont(_weight(each == number))
        for widget in (self.mode, self.undo, self.redo):
            widget.setVisible(number == MIXER)

    def show_mode(self, mode: str) -> None:
        """Show the mode in force."""
        self.mode.setCurrentIndex(max(0, self.mode.findData(mode)))
        self.mode.setFont(_weight(mode != DESIGN))

    def show_steps(self, undo: str | None, redo: str | None) -> None:
        """What can be undone and redone; None = nothing."""
        for button, key, label in ((self.undo, "mixer.undo", undo),
                                   (self.redo, "mixer.redo", redo)):  # fmt: skip
            button.setEnabled(label is not None)
            said = text(key) if not label else f"{text(key)}: {label}"
            button.setToolTip(said)
            button.setAccessibleName(said)

    @guarded
    def _page_clicked(self, number: int) -> None:
        self.show_page(number)
        self.page_chosen.emit(number)

    @guarded
    def _mode_activated(self, _index: int) -> None:
        self.mode_chosen.emit(str(self.mode.currentData()))

    @guarded
    def _folded(self, opened: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.brief.setVisible(not opened)
        self.folded.emit(opened)

    def show_brief(self, words: str) -> None:
        """The form in a few words, for when it is folded."""
        self.brief.setText(words)
        self.brief.setToolTip(words)


def _weight(bold: bool) -> QFont:
    """A font that says only how heavy it is: the size stays that of the panel."""
    made = QFont()
    made.setBold(bold)
    return made
