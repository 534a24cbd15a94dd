"""A window that stands in for QGIS's own and remembers what a plugin put into it."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtCore import QCoreApplication, QEvent
from qgis.PyQt.QtWidgets import QApplication, QMainWindow


class FakeInterface:
    """The part of QgisInterface that the plugin uses, with the same manners."""

    def __init__(self) -> None:
        self.window = QMainWindow()
        self.canvas = QgsMapCanvas(self.window)
        self.window.setCentralWidget(self.canvas)
        self.bar = QgsMessageBar(self.window)
        self.menu: list[Any] = []
        self.icons: list[Any] = []
        self.docks: list[Any] = []
        self.options: list[Any] = []
        self.options_shown: list[str] = []
        self.window.show()

    def gone(self) -> None:
        """Delete the window now: a canvas that outlives the application takes the process along."""
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()

    def mainWindow(self) -> QMainWindow:  # noqa: N802
        return self.window

    def mapCanvas(self) -> QgsMapCanvas:  # noqa: N802
        return self.canvas

    def messageBar(self) -> QgsMessageBar:  # noqa: N802
        return self.bar

    def activeLayer(self) -> Any:  # noqa: N802
        return next(iter(QgsProject.instance().mapLayers().values()), None)

    def addPluginToMenu(self, _name: str, action: Any) -> None:  # noqa: N802
        self.menu.append(action)

    def removePluginMenu(self, _name: str, action: Any) -> None:  # noqa: N802
        self.menu.remove(action)

    def addToolBarIcon(self, action: Any) -> int:  # noqa: N802
        self.icons.append(action)
        return 0

    def removeToolBarIcon(self, action: Any) -> None:  # noqa: N802
        self.icons.remove(action)

    def addDockWidget(self, area: Any, dock: Any) -> None:  # noqa: N802
        self.window.addDockWidget(area, dock)
        self.docks.append(dock)

    def removeDockWidget(self, dock: Any) -> None:  # noqa: N802
        self.window.removeDockWidget(dock)
        self.docks.remove(dock)

    def registerOptionsWidgetFactory(self, factory: Any) -> None:  # noqa: N802
        self.options.append(factory)

    def unregisterOptionsWidgetFactory(self, factory: Any) -> None:  # noqa: N802
        self.options.remove(factory)

    def showOptionsDialog(self, _parent: Any = None, page: str = "") -> None:  # noqa: N802
        self.options_shown.append(page)

    def process(self) -> None:
        """Let Qt do what it has put off."""
        for _ in range(3):
            QApplication.processEvents()
