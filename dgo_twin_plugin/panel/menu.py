"""The menu of the mixing panel, and the windows that it opens."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtWidgets import QMenu

from ..engine.texts import text
from ..expressions.uses import Users
from .comparing import Comparing
from .guard import guarded
from .norm_file_dialog import save_norm_file
from .on_map import OnMap
from .presenting import PresenterWindow
from .presets_menu import PresetsMenu
from .why_side import WhySide

WAIT = 90  # ms of rest before windows beside the panel follow a slider


class Menu(QObject):
    """Fills a menu each time it is opened, and keeps what it opened in step with the panel."""

    def __init__(self, dock: Any, menu: QMenu) -> None:
        super().__init__(menu)
        self.dock = dock
        self.menu = menu
        self.presets = PresetsMenu(dock, menu)
        self.presenter: PresenterWindow | None = None
        self.mapping: Any = None
        self.why = WhySide(dock)
        self.map = OnMap(dock, self)
        self.comparing = Comparing(dock, self)
        self.users = Users(dock.project, self)  # layers whose style asks for marks
        self._drawn: Any = None  # the assessment that they were last drawn for
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(WAIT)
        self._later.timeout.connect(self._follow)
        self.menu.aboutToShow.connect(self.fill)

    def end(self) -> None:
        """Close the windows that this opened."""
        self._later.stop()
        self.why.end()
        self.map.end()
        self.comparing.end()
        self.users.end()
        self._drawn = None
        if self.mapping is not None and not sip.isdeleted(self.mapping):
            self.mapping.end()  # it asks nothing more
        for window in (self.presenter, self.mapping):
            if window is not None and not sip.isdeleted(window):
                window.hide()
                window.deleteLater()
        self.presenter = self.mapping = None

    # --- filling --------------------------------------------------------------------------------
    @guarded
    def fill(self) -> None:
        """The entries that make sense now."""
        menu, dock = self.menu, self.dock
        menu.clear()
        mixer, mix = dock.mixer, dock.moves.mix
        known = mixer.assessment is not None
        self.presets.fill(menu)
        self._add("mixer.menu.reset", self.reset, enabled=known and not mix.testing)
        history = dock.moves.history
        self._add("mixer.undo", dock.undo, enabled=history.can_undo(),
                  more=history.undo_label())  # fmt: skip
        self._add("mixer.redo", dock.redo, enabled=history.can_redo(),
                  more=history.redo_label())  # fmt: skip
        self._add("mixer.menu.norm_file", self.norm_file, enabled=known)
        menu.addSeparator()
        self._add("mixer.menu.mapping", self.open_mapping)
        self._add("mixer.menu.compare", self.open_compare, enabled=known)
        self._add("mixer.menu.radar", self.radar, enabled=known,
                  checked=mixer.side.shows(mixer.radar))  # fmt: skip
        self._add("mixer.menu.presenter", self.present, enabled=known)
        self._add("mixer.menu.map", self.show_on_map, enabled=known, checked=self.map.on)
        self._add("mixer.menu.why_here", self.point, enabled=known,
                  checked=self.map.pointing())  # fmt: skip
        self._add("mixer.menu.refresh", dock.refresh)
        menu.addSeparator()
        for module, name, key in (("settings", "open_settings", "settings.action"),
                                  ("guide", "open_guide", "settings.help.action"),
                                  ("about", "show_about", "settings.about.action"),
                                  ("log_window", "show_log", "settings.log.action")):  # fmt: skip
            self._add(key, self._opening(module, name))

    def _add(self, key: str, slot: Callable[[], Any], enabled: bool = True,
             checked: bool | None = None, more: str = "") -> Any:  # fmt: skip
        words = text(key) if not more else f"{text(key)}: {more}"
        action = self.menu.addAction(words)
        action.setObjectName(key)
        action.setEnabled(enabled)
        if checked is not None:
            action.setCheckable(True)
            action.setChecked(checked)
        action.triggered.connect(lambda _=False: slot())
        return action

    def _opening(self, module: str, name: str) -> Callable[[], Any]:
        iface = self.dock.iface

        def opened() -> None:
            getattr(importlib.import_module(f"{__package__}.{module}"), name)(iface)

        return guarded(opened)

    # --- entries --------------------------------------------------------------------------------
    @guarded
    def reset(self) -> None:
        """Everything as the profile has it, but what is locked."""
        self.dock.moves.do(lambda mix: mix.reset(), text("mixer.menu.reset"))

    @guarded
    def norm_file(self) -> None:
        """Write the mix as the norm file of a municipality."""
        save_norm_file(self.dock)

    @guarded
    def radar(self) -> None:
        """Show the radar, or close it."""
        mixer = self.dock.mixer
        mixer.show_radar(not mixer.side.shows(mixer.radar))

    @guarded
    def present(self) -> None:
        """Large type on the whole screen."""
        if self.presenter is None or sip.isdeleted(self.presenter):
            self.presenter = PresenterWindow(self.dock)
        self._follow()
        self.presenter.open()
        self.dock.follow_view()

    @guarded
    def open_mapping(self) -> None:
        """The assistant that ties terms of a layer to functions."""
        dock = self.dock
        if self.mapping is None or sip.isdeleted(self.mapping):
            from .mapping import MappingDialog

            self.mapping = MappingDialog(dock, dock.inputs.design.currentLayer(),
                                         dock.inputs.value("twin"))  # fmt: skip
            self.mapping.saved.connect(self._mapped)
        self.mapping.show()
        self.mapping.raise_()
        self.mapping.activateWindow()

    @guarded
    def _mapped(self, _layer: str) -> None:
        self.dock.session.refresh()

    @guarded
    def show_on_map(self) -> None:
        """The indicator of the current row as a layer that follows, or no longer."""
        self.map.switch(not self.map.on)

    @guarded
    def point(self) -> None:
        """A tool that asks why on the map, or no longer."""
        self.map.point(not self.map.pointing())

    @guarded
    def open_compare(self) -> None:
        """States beside each other."""
        self.comparing.open()

    @guarded
    def show_why(self, indicator: str, zone: int) -> None:
        """Explain a mark, beside the rows."""
        self.why.explain(indicator, zone)

    # --- keeping in step --------------------------------------------------------------------------
    def watched(self) -> bool:
        """Whether a window of this needs live numbers though the dock is not in view."""
        window = self.presenter
        return window is not None and not sip.isdeleted(window) and window.isVisible()

    def follow(self) -> None:
        """The panel shows something else: what stands beside it follows soon."""
        self.why.fade()
        self.map.fade()
        self._later.start()

    def run_written(self) -> None:
        """A run was written."""
        self._later.start()

    @guarded
    def _follow(self) -> None:
        self.why.follow()
        self.map.follow()
        self.comparing.follow()
        if not self.dock.mixer.stale and self.dock.mixer.assessment is not self._drawn:
            self._drawn = self.dock.mixer.assessment
            self.users.repaint()
        if self.presenter is not None and not sip.isdeleted(self.presenter):
            self.presenter.follow()
