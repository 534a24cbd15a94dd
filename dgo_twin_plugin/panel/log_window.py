"""A window that shows the log of the plugin, to read and to send along."""

from __future__ import annotations

from typing import Any

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices, QFontDatabase, QTextCursor
from qgis.PyQt.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
)

from ..engine.texts import text
from . import log
from .guard import guarded

_open: list[Any] = []  # the one window that may be open


class LogWindow(QDialog):
    """The end of the log. ``open_url`` opens the folder; tests put their own there."""

    def __init__(self, iface: Any) -> None:  # noqa: QGS105 - QGIS hands it to the plugin
        super().__init__(iface.mainWindow() if iface is not None else None)
        self.iface = iface
        self.setObjectName("dgo_log")
        self.setWindowTitle(text("settings.log.title"))
        self.open_url: Any = QDesktopServices.openUrl
        self.page = QPlainTextEdit(self)
        self.page.setReadOnly(True)
        self.page.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.page.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.page.setAccessibleName(text("settings.log.title"))
        self.page.setPlaceholderText(text("settings.log.empty"))
        where = QLabel(text("settings.log.file", file=str(log.log_file())), self)
        where.setWordWrap(True)
        self.copy = self._button("log.copy", self._copy)
        self.folder = self._button("log.folder", self._folder)
        self.shut = self._button("close", self.accept)
        self.shut.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addWidget(self.folder)
        buttons.addStretch(1)
        buttons.addWidget(self.shut)
        column = QVBoxLayout(self)
        column.addWidget(where)
        column.addWidget(self.page, 1)
        column.addLayout(buttons)
        self.resize(760, 460)
        self.refresh()

    def _button(self, key: str, slot: Any) -> QPushButton:
        button = QPushButton(text(f"settings.{key}"), self)
        if key != "close":
            button.setToolTip(text(f"settings.{key}.tip"))
            button.setAccessibleDescription(text(f"settings.{key}.tip"))
        button.clicked.connect(slot)
        return button

    def refresh(self) -> None:
        """Read the log again and show its end."""
        self.page.setPlainText(log.tail())
        self.page.moveCursor(QTextCursor.MoveOperation.End)

    @guarded
    def _copy(self) -> None:
        QApplication.clipboard().setText(self.page.toPlainText())

    @guarded
    def _folder(self) -> None:
        log.log_file().parent.mkdir(parents=True, exist_ok=True)
        self.open_url(QUrl.fromLocalFile(str(log.log_file().parent)))


def show_log(iface: Any) -> LogWindow:  # noqa: QGS105 - QGIS hands it to the plugin
    """Open the window, or bring it to the front; one at a time."""
    if _open and not sip.isdeleted(_open[0]):
        window = _open[0]
        window.refresh()
    else:
        window = LogWindow(iface)
        _open[:] = [window]
    window.show()
    window.raise_()
    window.activateWindow()
    return window


def close_log() -> None:
    """Take the window away: the plugin goes."""
    windows, _open[:] = list(_open), []
    for window in windows:
        if not sip.isdeleted(window):
            window.close()
            window.deleteLater()
