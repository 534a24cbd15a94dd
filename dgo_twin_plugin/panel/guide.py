"""The user guide in a window of its own: shipped with the plugin, in the language in force.

The same window shows the method card of an indicator, the changes per version and the licence.
Nothing is fetched: a link to the web opens in the browser of the system.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QImage, QTextCursor, QTextDocument
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
)

from ..engine.resources_path import PLUGIN, folder
from ..engine.texts import language, text
from ..engine.words import DgoError
from .guard import guarded

GUIDE = {"nl": "guide.nl.md", "en": "guide.md"}
_WIDEST = 900  # px of a picture
_open: list[Any] = []  # the one window that may be open


def guide_file(lang: str = "") -> Path:
    """The guide in a language. Raises DgoError where the installation lacks it."""
    try:
        path = folder("docs") / GUIDE[lang or language()]
    except DgoError:
        raise DgoError("settings.help.missing") from None
    if not path.is_file():
        raise DgoError("settings.help.missing")
    return path


def shipped_text(name: str) -> Path:
    """A text at the top of the package (LICENSE, CHANGELOG.md), beside it in the repository."""
    for parent in (PLUGIN, PLUGIN.parent):
        if (parent / name).is_file():
            return parent / name
    raise DgoError("settings.help.missing")


class Page(QTextBrowser):
    """Markdown with pictures that fit the width of the page."""

    def loadResource(self, kind: int, name: QUrl) -> Any:  # noqa: N802 - the name is Qt's
        found = super().loadResource(kind, name)
        wanted = QTextDocument.ResourceType.ImageResource
        if kind not in (wanted, getattr(wanted, "value", wanted)):  # Qt 6 says it as a number
            return found
        image = QImage(self._picture(name))
        most = max(240, min(_WIDEST, self.viewport().width() - 40))
        if image.isNull() or image.width() <= most:
            return image if not image.isNull() else found
        return image.scaledToWidth(most, Qt.TransformationMode.SmoothTransformation)

    def _picture(self, name: QUrl) -> str:
        local = name.toLocalFile() or name.toString()
        for place in ("", *self.searchPaths()):
            path = Path(place) / local
            if path.is_file():
                return str(path)
        return ""


class GuideWindow(QDialog):
    """``open_url`` opens what is not in the package; tests put their own there."""

    def __init__(self, iface: Any) -> None:  # noqa: QGS105 - QGIS hands it to the plugin
        super().__init__(iface.mainWindow() if iface is not None else None)
        self.iface = iface
        self.setObjectName("dgo_guide")
        self.setWindowTitle(text("settings.help.title"))
        self.open_url: Any = QDesktopServices.openUrl
        self.file = Path()
        self.contents = QComboBox(self)
        self.contents.setAccessibleName(text("settings.help.contents"))
        self.contents.setToolTip(text("settings.help.contents.tip"))
        self.page = Page(self)
        self.page.setOpenLinks(False)
        self.page.setAccessibleName(text("settings.help.title"))
        self.shut = QPushButton(text("settings.close"), self)
        head = QHBoxLayout()
        head.addWidget(self.contents, 1)
        head.addWidget(self.shut)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addWidget(self.page, 1)
        self.shut.clicked.connect(self.close)
        self.contents.activated.connect(self._chapter)
        self.page.anchorClicked.connect(self._follow)
        self.resize(880, 720)

    def show_file(self, path: Path) -> None:
        """Show a text of the package; Markdown by its suffix."""
        content = path.read_text(encoding="utf-8")
        self.file = path
        self.page.setSearchPaths([str(path.parent)])
        if path.suffix == ".md":
            self._markdown(content)
        else:
            self.page.setPlainText(content)
            self.contents.clear()

    def show_card(self, indicator: str) -> None:
        """Show the method card of an indicator, in the language in force."""
        from ..reports.cards import markdown

        self.file = Path()
        self._markdown(markdown(indicator, language()))

    def _markdown(self, content: str) -> None:
        self.page.document().setMarkdown(content, QTextDocument.MarkdownFeature.
                                         MarkdownDialectGitHub)  # fmt: skip
        self.page.moveCursor(QTextCursor.MoveOperation.Start)
        self.contents.clear()
        block = self.page.document().begin()
        while block.isValid():
            level = block.blockFormat().headingLevel()
            if level in (1, 2, 3):
                self.contents.addItem("  " * (level - 1) + block.text(), block.position())
            block = block.next()

    @guarded
    def _chapter(self, index: int) -> None:
        cursor = self.page.textCursor()
        cursor.setPosition(int(self.contents.itemData(index)))
        bar = self.page.verticalScrollBar()
        self.page.setTextCursor(cursor)
        bar.setValue(bar.value() + self.page.cursorRect().top())

    @guarded
    def _follow(self, url: QUrl) -> None:
        """A chapter of this page, another text of the package, or a page of the web."""
        if url.scheme() in ("http", "https"):
            self.open_url(url)
            return
        if url.path():
            path = (self.file.parent / url.path()).resolve()
            if not path.is_file():
                raise DgoError("settings.help.absent", name=url.path())
            if path.suffix != ".md":
                self.open_url(QUrl.fromLocalFile(str(path)))
                return
            self.show_file(path)
        if url.fragment():
            for index in range(self.contents.count()):
                if anchor(self.contents.itemText(index)) == url.fragment():
                    self.contents.setCurrentIndex(index)
                    self._chapter(index)
                    return

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 - the name is Qt's
        super().resizeEvent(event)
        self.page.document().markContentsDirty(0, self.page.document().characterCount())


def anchor(heading: str) -> str:
    """The name by which Markdown pages refer to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _window(iface: Any) -> GuideWindow:
    if _open and not sip.isdeleted(_open[0]):
        return _open[0]
    window = GuideWindow(iface)
    _open[:] = [window]
    return window


def _front(window: GuideWindow) -> GuideWindow:
    window.show()
    window.raise_()
    window.activateWindow()
    return window


def open_guide(iface: Any, path: Path | None = None) -> GuideWindow:  # noqa: QGS105
    """Show the guide, or another text of the package; one window at a time. Raises DgoError
    where the installation lacks it."""
    found = path or guide_file()
    window = _front(_window(iface))
    window.show_file(found)
    return window


def open_card(iface: Any, indicator: str) -> GuideWindow:  # noqa: QGS105
    """Show the method card of an indicator."""
    window = _front(_window(iface))
    window.show_card(indicator)
    return window


def close_guide() -> None:
    """Take the window away: the plugin goes."""
    windows, _open[:] = list(_open), []
    for window in windows:
        if not sip.isdeleted(window):
            window.close()
            window.deleteLater()
