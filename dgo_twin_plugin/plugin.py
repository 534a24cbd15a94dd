"""The one place that hooks the parts into QGIS, and unhooks them."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction

from .engine import resources_path
from .engine.texts import set_language, text


class DgoTwinPlugin:
    """Provider, menu entry, tool button and dock; each may be absent and is taken away once.

    Nothing of the engine is imported before somebody opens the dock or runs an algorithm: QGIS
    starts as fast as without the plugin.
    """

    def __init__(self, iface: Any) -> None:  # noqa: QGS105 - QGIS hands it to us
        self.iface = iface  # None in qgis_process and in scripts
        self.provider: Any = None
        self.action: Any = None
        self.start_action: Any = None
        self.dock: Any = None
        self.expressions: Any = None

    # --- hooks that QGIS calls --------------------------------------------------------------
    def initProcessing(self) -> None:  # noqa: N802 - the name is QGIS's
        """Add the provider; all that qgis_process calls."""
        if self.provider is not None:
            return
        set_language(QgsApplication.locale())
        from .processing.provider import DgoProvider

        provider = DgoProvider()
        if QgsApplication.processingRegistry().addProvider(provider):
            self.provider = provider
        from . import expressions

        self.expressions = expressions.register()

    def initGui(self) -> None:  # noqa: N802 - the name is QGIS's
        """Add provider, menu entry and tool button."""
        self.initProcessing()
        if self.iface is None or self.action is not None:
            return
        icon = QIcon(str(resources_path.resources() / "icon.svg"))
        self.action = QAction(icon, text("plugin.action"), self.iface.mainWindow())
        self.action.setObjectName("dgo_twin_panel")
        self.action.setToolTip(text("plugin.tip"))
        self.action.setCheckable(True)
        self.action.toggled.connect(self._show_dock)
        self.iface.addPluginToMenu(text("plugin.menu"), self.action)
        self.iface.addToolBarIcon(self.action)
        self.start_action = QAction(icon, text("wizard.action"), self.iface.mainWindow())
        self.start_action.setObjectName("dgo_twin_start_plan")
        self.start_action.setToolTip(text("wizard.action_tip"))
        self.start_action.triggered.connect(self._start_plan)
        self.iface.addPluginToMenu(text("plugin.menu"), self.start_action)

    def unload(self) -> None:
        """Take everything away again; harmless when called twice or half-way."""
        if self.dock is not None:
            dock, self.dock = self.dock, None
            if not sip.isdeleted(dock):
                dock.visibilityChanged.disconnect(self._dock_shown)
                self.iface.removeDockWidget(dock)
                dock.close()
                dock.deleteLater()
        if self.start_action is not None:
            from .panel import close_wizard

            close_wizard()
            action, self.start_action = self.start_action, None
            if not sip.isdeleted(action):
                action.triggered.disconnect(self._start_plan)
                self.iface.removePluginMenu(text("plugin.menu"), action)
                action.deleteLater()
        if self.action is not None:
            action, self.action = self.action, None
            if not sip.isdeleted(action):
                action.toggled.disconnect(self._show_dock)
                self.iface.removePluginMenu(text("plugin.menu"), action)
                self.iface.removeToolBarIcon(action)
                action.deleteLater()
        if self.expressions is not None:
            from . import expressions

            registration, self.expressions = self.expressions, None
            expressions.unregister(registration)
        if self.provider is not None:
            provider, self.provider = self.provider, None
            # QGIS deletes its providers itself when it closes, before it unloads the plugins.
            if not sip.isdeleted(provider):
                QgsApplication.processingRegistry().removeProvider(provider)

    def _start_plan(self) -> None:
        """Open the wizard that starts a plan."""
        from .panel import open_wizard

        open_wizard(self.iface)

    # --- the dock ---------------------------------------------------------------------------
    def _show_dock(self, shown: bool) -> None:
        """Show or hide the dock; the first time it is made."""
        if self.dock is None:
            if not shown:
                return
            from .panel import create_dock

            self.dock = create_dock(self.iface)
            self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
            self.dock.visibilityChanged.connect(self._dock_shown)
        self.dock.setUserVisible(shown)

    def _dock_shown(self, _visible: bool) -> None:
        """Keep the button in step when the dock is closed by its own cross."""
        if self.action is None or self.dock is None or sip.isdeleted(self.dock):
            return
        # A dock behind another tab is invisible but not closed: only the cross unchecks.
        self.action.blockSignals(True)
        self.action.setChecked(not self.dock.isHidden())
        self.action.blockSignals(False)
