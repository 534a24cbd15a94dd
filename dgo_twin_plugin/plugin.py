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
        self.more: list[Any] = []  # guide, settings, log, about
        self.options: Any = None  # our page in QGIS's options
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
        for key, slot in (("help", self.open_guide), ("", self.open_settings),
                          ("log", self.open_log), ("about", self.open_about)):  # fmt: skip
            stem = f"settings.{key}." if key else "settings."
            action = QAction(text(f"{stem}action"), self.iface.mainWindow())
            action.setObjectName(f"dgo_twin_{key or 'settings'}")
            action.setToolTip(text(f"{stem}tip" if key else "settings.action.tip"))
            action.triggered.connect(slot)
            self.iface.addPluginToMenu(text("plugin.menu"), action)
            self.more.append((action, slot))
        from .panel.settings import SettingsFactory

        self.options = SettingsFactory()
        self.iface.registerOptionsWidgetFactory(self.options)

    def unload(self) -> None:
        """Take everything away again; harmless when called twice or half-way."""
        if self.dock is not None:
            dock, self.dock = self.dock, None
            if not sip.isdeleted(dock):
                dock.visibilityChanged.disconnect(self._dock_shown)
                self.iface.removeDockWidget(dock)
                dock.close()
                dock.deleteLater()
        if self.options is not None:
            factory, self.options = self.options, None
            self.iface.unregisterOptionsWidgetFactory(factory)
        if self.more:
            from .panel import close_windows

            close_windows()
            actions, self.more = self.more, []
            for action, slot in actions:
                if not sip.isdeleted(action):
                    action.triggered.disconnect(slot)
                    self.iface.removePluginMenu(text("plugin.menu"), action)
                    action.deleteLater()
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

        self._guarded(open_wizard, self.iface)

    def open_guide(self) -> None:
        """Open the user guide."""
        from .panel.guide import open_guide

        self._guarded(open_guide, self.iface)

    def open_settings(self) -> None:
        """Open our page of QGIS's options."""
        from .panel.settings import open_settings

        self._guarded(open_settings, self.iface)

    def open_log(self) -> None:
        """Show the log."""
        from .panel.log_window import show_log

        self._guarded(show_log, self.iface)

    def open_about(self) -> None:
        """Show version, licence and the status of the norms."""
        from .panel.about import show_about

        self._guarded(show_about, self.iface)

    def _guarded(self, step: Any, *given: Any) -> Any:
        """Do a step that a user asked for; what goes wrong is told, with a remedy."""
        from .panel.guard import caught

        try:
            return step(*given)
        except Exception as error:  # noqa: BLE001 - told in the message bar, kept in the log
            caught(error, self, getattr(step, "__name__", ""))
            return None

    # --- the dock ---------------------------------------------------------------------------
    def _show_dock(self, shown: bool) -> None:
        """Show or hide the dock; the first time it is made."""
        if self.dock is None:
            if not shown:
                return
            from .panel import create_dock

            self.dock = self._guarded(create_dock, self.iface)
            if self.dock is None:  # said why; the button must not look pressed
                self.action.setChecked(False)
                return
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
