"""What the hand does to the mix: every move with its undo, kept in the project when it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..engine.mix import Mix
from ..engine.mix_history import History
from ..engine.twin import Twin
from ..engine.words import DgoError
from ..project.mix import keep_mix, starting_mix
from .guard import caught, guarded

REST = 200  # ms after a move before the project's text of it is written: the hand goes first


class Moves(QObject):
    """The one place that changes the mix. ``moved`` carries the mix in force and whether the move
    is done: a drag that goes on is not, and is not yet kept."""

    moved = pyqtSignal(object, bool)

    def __init__(self, history: History, parent: QObject | None = None,
                 twin: Callable[[], Twin | None] = lambda: None) -> None:  # fmt: skip
        super().__init__(parent)
        self.history = history
        self.project = QgsProject.instance()
        self._twin = twin
        self._kept = history.mix  # what the project has, or what it follows from
        self._told = ""  # the damage that was told; once is enough
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REST)
        self._later.timeout.connect(self.keep)
        self.project.writeProject.connect(self.keep)
        self.project.readProject.connect(self.load)
        self.project.cleared.connect(self.load)

    def end(self) -> None:
        """Hear nothing more from the project."""
        self.keep()
        self.project.writeProject.disconnect(self.keep)
        self.project.readProject.disconnect(self.load)
        self.project.cleared.disconnect(self.load)

    @property
    def mix(self) -> Mix:
        """The mix in force."""
        return self.history.mix

    @guarded
    def load(self) -> None:
        """Begin with what the project keeps, else with the twin; nothing to undo."""
        self._later.stop()
        try:
            twin = self._twin()
        except DgoError:
            twin = None  # the form says what is wrong with the file
        found = starting_mix(self.project, twin)
        self.history.clear(found.mix or Mix())
        self._kept = self.mix
        said = str(found.problem or "")
        if found.problem is not None and said != self._told:
            caught(found.problem, self.parent(), "Moves.load")
        self._told = said
        self.moved.emit(self.mix, True)

    def do(self, change: Callable[[Mix], Mix], label: str, final: bool = True) -> None:
        """A move: ``change`` makes the new mix of the old. ``label`` is what undo calls it; moves
        with the same label up to and with the final one are one step."""
        self.history.push(change(self.mix), label, final)
        self._after(final)

    def undo(self) -> None:
        """One step back."""
        if self.history.can_undo():
            self.history.undo()
            self._after(True)

    def redo(self) -> None:
        """One step on."""
        if self.history.can_redo():
            self.history.redo()
            self._after(True)

    def _after(self, final: bool) -> None:
        if final and self.mix != self._kept:
            self.project.setDirty(True)  # at once; its text is written when the hand rests
            self._later.start()
        self.moved.emit(self.mix, final)

    @guarded
    def keep(self) -> None:
        """Write what is in force into the project, where a move was not written yet."""
        self._later.stop()
        if self.mix != self._kept:
            keep_mix(self.project, self.mix)
            self._kept = self.mix

    def take(self, other: Any, label: str) -> None:
        """The ambitions and weights of a preset; locks and mode stay."""
        self.do(lambda mix: mix.taking(other), label)
