"""Named states beside the mixing panel: the shelf that keeps them, and the window that compares."""

from __future__ import annotations

from typing import Any

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject

from ..engine.compare_text import state_name
from .compare_shelf import StateShelf
from .guard import guarded


class Comparing(QObject):
    """Lives as long as the dock's inside; the state that is chosen as ghost comes back with the
    project."""

    def __init__(self, dock: Any, parent: QObject) -> None:
        super().__init__(parent)
        self.dock = dock
        self.window: Any = None
        self.shelf = StateShelf(self)
        self.shelf.ghost_changed.connect(self._ghost)
        self.shelf.set_results_file(dock.inputs.results_file())
        self._ghost()

    def end(self) -> None:
        """Close the window and hear nothing more."""
        self.shelf.end()
        window, self.window = self.window, None
        if window is not None and not sip.isdeleted(window):
            window.end()
            window.hide()
            window.deleteLater()

    def open(self) -> None:
        """Show the window; there is one."""
        self.follow()
        if self.window is None or sip.isdeleted(self.window):
            from .compare import CompareDialog

            self.window = CompareDialog(self.shelf, self.dock)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def follow(self) -> None:
        """The panel shows another present."""
        dock = self.dock
        self.shelf.set_results_file(dock.inputs.results_file())
        if not dock.mixer.stale:
            self.shelf.set_present(dock.mixer.assessment, dock.moves.mix,
                                   dock.inputs.value("scenario"))  # fmt: skip

    @guarded
    def _ghost(self) -> None:
        former = self.shelf.former
        self.dock.mixer.set_ghost(former, "" if former is None else state_name(former))
