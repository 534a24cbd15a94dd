"""Presets in the menu: those of the profile, and one's own, which the project keeps."""

from __future__ import annotations

from functools import partial
from typing import Any

from qgis.PyQt.QtWidgets import QInputDialog, QMenu

from ..engine.mix_presets import presets
from ..engine.row_view import area_types
from ..engine.texts import text
from ..project import mix as kept
from .guard import guarded


class PresetsMenu:
    """Adds its entries to a menu. ``ask`` asks for a name; tests put their own there."""

    def __init__(self, dock: Any, menu: QMenu) -> None:
        self.dock = dock
        self.menu = menu
        self.ask = self._ask

    def fill(self, menu: QMenu) -> None:
        """A submenu with the presets for the area types of the plan."""
        sub = menu.addMenu(text("mixer.menu.presets"))
        sub.setObjectName("mixer.menu.presets")
        dock = self.dock
        assessment, testing = dock.mixer.assessment, dock.moves.mix.testing
        own, _ = kept.presets(dock.project)
        if assessment is None:
            sub.setEnabled(False)
            return
        found = presets(assessment.profile, area_types(assessment), assessment.scene.date,
                        own=own)  # fmt: skip
        for preset in found:
            if preset.own and not sub.property("own"):
                sub.addSeparator()
                sub.setProperty("own", True)
            name = preset.name if preset.own else text(preset.name)
            action = sub.addAction(name)
            action.setObjectName(preset.id)
            action.setEnabled(not testing)
            action.triggered.connect(partial(self._take, preset.mix, name))
        sub.addSeparator()
        sub.addAction(text("mixer.preset.keep")).triggered.connect(self._keep)
        if own:
            less = sub.addMenu(text("mixer.preset.drop"))
            for name in own:
                less.addAction(name).triggered.connect(partial(self._drop, name))

    @guarded
    def _take(self, mix: Any, name: str, *_: Any) -> None:
        self.dock.moves.take(mix, name)

    @guarded
    def _keep(self, *_: Any) -> None:
        """Keep the sliders as they stand, under a name."""
        name, good = self.ask()
        if good and name.strip():
            kept.keep_preset(self.dock.project, name, self.dock.moves.mix)

    @guarded
    def _drop(self, name: str, *_: Any) -> None:
        kept.drop_preset(self.dock.project, name)

    def _ask(self) -> tuple[str, bool]:
        name, good = QInputDialog.getText(self.dock, text("mixer.preset.keep"),
                                          text("mixer.preset.name"))  # fmt: skip
        return str(name), bool(good)
