"""The side of the mixing panel: why a mark is what it is, or the radar; one at a time."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import text
from . import paint


class Side(QWidget):
    """A page with a title and a cross. ``closed`` is told when somebody closes it."""

    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(150)
        self.setMinimumWidth(280)
        self.title = QLabel(self)
        self.title.setFont(paint.small(self.font(), 1.0, bold=True))
        self.close_button = QToolButton(self)
        self.close_button.setText("✕")
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip(text("mixer.close"))
        self.close_button.setAccessibleName(text("mixer.close"))
        self.close_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.pages = QStackedWidget(self)
        head = QHBoxLayout()
        head.setContentsMargins(10, 2, 4, 0)
        head.addWidget(self.title, 1)
        head.addWidget(self.close_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(2)
        whole.addLayout(head)
        whole.addWidget(self.pages, 1)
        self.close_button.clicked.connect(self.close_page)
        self.hide()

    def open_page(self, page: QWidget, title: str, head: bool = True) -> None:
        """Show a page; it is added the first time. ``head=False``: it has a head of its own."""
        if self.pages.indexOf(page) < 0:
            self.pages.addWidget(page)
        self.pages.setCurrentWidget(page)
        self.title.setText(title)
        self.title.setVisible(head)
        self.close_button.setVisible(head)
        self.setAccessibleName(title)
        self.show()

    def shows(self, page: QWidget | None) -> bool:
        """Whether a page is in view."""
        return page is not None and not self.isHidden() and self.pages.currentWidget() is page

    def close_page(self) -> None:
        """Close whatever is open."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()
