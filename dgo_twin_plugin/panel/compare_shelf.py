"""The shelf of named states: kept in the project, restored with it; one of them is the ghost."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..engine import compare
from ..engine.compare import State
from ..engine.texts import text
from ..engine.words import DgoError
from ..project import states as kept
from .guard import guarded


class StateShelf(QObject):
    """``changed``: other states, or another present. ``ghost_changed``: the rows show another
    former state; :meth:`ghost` gives it as ``row_views(former=...)`` takes it."""

    changed = pyqtSignal()
    ghost_changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = QgsProject.instance()
        self.states: list[State] = []
        self.present: State | None = None
        self.former: State | None = None  # the ghost
        self.problem: DgoError | None = None  # what the project holds cannot be read
        self._assessment: Any = None
        self._mix: Any = None
        self._scenario = ""
        self.results_file: Any = ""  # where stored runs are; set by the dock
        self._ended = False
        self.project.readProject.connect(self.restore)
        self.project.cleared.connect(self.restore)
        self.restore()

    def end(self) -> None:
        """Hear nothing more."""
        if not self._ended:
            self._ended = True
            self.project.readProject.disconnect(self.restore)
            self.project.cleared.disconnect(self.restore)
            self._assessment = None

    # --- the project ------------------------------------------------------------------------------
    @guarded
    def restore(self, *_: Any) -> None:
        """What the project keeps."""
        self.problem = None
        self._assessment = self.present = None
        try:
            self.states = kept.read_states(self.project)
        except DgoError as error:
            self.states, self.problem = [], error
        self.former = self._find(*kept.read_ghost(self.project))
        self.changed.emit()
        self.ghost_changed.emit()

    def _find(self, kind: str, name: str) -> State | None:
        if kind == "kept":
            return next((s for s in self.states if s.name == name), None)
        if kind == "run" and self.results_file:
            try:
                return kept.state_of_run(self.results_file, name)
            except DgoError:
                return None  # the run went; the ghost goes with it
        return None

    def set_results_file(self, path: Any) -> None:
        """Where stored runs are; a ghost that is one of them comes back."""
        if path == self.results_file:
            return
        self.results_file = path
        if self.former is None:
            kind, name = kept.read_ghost(self.project)
            if kind == "run":
                self.former = self._find(kind, name)
                self.ghost_changed.emit()
        self.changed.emit()

    # --- the present ------------------------------------------------------------------------------
    def set_present(self, assessment: Any, mix: Any = None, scenario: str = "") -> None:
        """The live assessment and its mix. Cheap: a state is made of it when somebody asks."""
        self._assessment, self._mix, self._scenario = assessment, mix, scenario
        self.present = None
        self.changed.emit()

    def now(self) -> State | None:
        """The present as a state, made when first asked; None where nothing was assessed."""
        if self.present is None and self._assessment is not None:
            self.present = self._state("")
        return self.present

    @property
    def has_present(self) -> bool:
        """Whether anything was assessed."""
        return self._assessment is not None

    def _state(self, name: str) -> State:
        from ..engine.mix import to_text

        moment = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        mix = to_text(self._mix) if self._mix is not None else ""
        return compare.of_assessment(self._assessment, name, moment, mix, self._scenario,
                                     "kept" if name else "now")  # fmt: skip

    # --- what somebody does -----------------------------------------------------------------------
    def keep(self, name: str) -> State:
        """Keep the present under a name; a number behind it where the name is taken."""
        if self._assessment is None:
            raise DgoError("compare.error.nothing")
        wanted = name.strip() or text("compare.default_name", n=len(self.states) + 1)
        state = self._state(compare.free_name(wanted, [s.name for s in self.states]))
        self._set([*self.states, state])
        return state

    def rename(self, state: State, name: str) -> State:
        """Another name for a kept state."""
        others = [s.name for s in self.states if s is not state]
        if not name.strip():
            return state
        made = compare.renamed(state, compare.free_name(name, others))
        was_ghost = self.former is state
        if was_ghost:
            self.former = made
            kept.keep_ghost(self.project, "kept", made.name)
        self._set([made if s is state else s for s in self.states])
        return made

    def delete(self, state: State) -> None:
        """Forget a kept state."""
        if self.former is state:
            self.set_ghost(None)
        self._set([s for s in self.states if s is not state])

    def put_back(self, states: list[State]) -> None:
        """The states as they were before."""
        self._set(list(states))

    def _set(self, states: list[State]) -> None:
        self.states = states
        kept.keep_states(self.project, states)
        self.changed.emit()

    # --- the ghost --------------------------------------------------------------------------------
    def set_ghost(self, state: State | None, run_id: str = "") -> None:
        """Show a state as ghost in the rows; None = no ghost."""
        self.former = state
        if state is None:
            kept.keep_ghost(self.project, "", "")
        else:
            kept.keep_ghost(self.project, "run" if run_id else "kept", run_id or state.name)
        self.ghost_changed.emit()

    def ghost(self, scope: str = "all", zone: int = 0
              ) -> Mapping[str, tuple[float | None, float | None]]:  # fmt: skip
        """Indicator -> (value, mark) of the former state, for what the rows show."""
        zones = None
        if self._assessment is not None:
            types = self._assessment.scene.zones.area_type
            zones = {i + 1: str(t or "") for i, t in enumerate(types)}
        return compare.ghost(self.former, scope, zone, zones)
