"""Named states for comparing, kept in the project as compact JSON under ``dgo_twin/states``.

Reading never writes. What cannot be read is put aside before anything takes its place, so that
nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from qgis.core import QgsProject

from ..engine.compare import State, from_json, of_rows, to_json
from ..engine.words import DgoError
from ..store import read, runs
from ..store.target import Where
from .roles import SCOPE

KEY, GHOST, DAMAGED = "states", "states_ghost", "damaged/states"


def read_states(project: QgsProject) -> list[State]:
    """The states of the project. Raises ``DgoError`` where they cannot be read."""
    return from_json(_entry(project, KEY))


def keep_states(project: QgsProject, states: Iterable[State]) -> bool:
    """Keep states; whether anything changed. Only then the project becomes dirty."""
    before = _entry(project, KEY)
    kept = list(states)
    made = to_json(kept) if kept else ""
    if made == before:
        return False
    try:
        from_json(before)
    except DgoError:
        project.writeEntry(SCOPE, DAMAGED, before)
    if made:
        project.writeEntry(SCOPE, KEY, made)
    else:
        project.removeEntry(SCOPE, KEY)
    return True


def read_ghost(project: QgsProject) -> tuple[str, str]:
    """Which state is shown as ghost: kind (``kept`` or ``run``) and name or run id; ('', '') =
    none."""
    try:
        found: Any = json.loads(_entry(project, GHOST) or "[]")
    except ValueError:
        found = []
    if isinstance(found, list) and len(found) == 2 and found[0] in ("kept", "run"):
        return str(found[0]), str(found[1])
    return "", ""


def keep_ghost(project: QgsProject, kind: str, name: str) -> None:
    """Keep which state is shown as ghost."""
    made = json.dumps([kind, name], ensure_ascii=False) if kind else ""
    if made == _entry(project, GHOST):
        return
    if made:
        project.writeEntry(SCOPE, GHOST, made)
    else:
        project.removeEntry(SCOPE, GHOST)


def state_of_run(path: Where, run_id: str) -> State:
    """A stored run as a state. Raises ``DgoError`` as :mod:`..store.read`."""
    run = runs.find_run(path, run_id)
    return of_rows(run, read.rows(path, "scores", run["run_id"]),
                   read.rows(path, "totals", run["run_id"]))  # fmt: skip


def _entry(project: QgsProject, key: str) -> str:
    found, _ = project.readEntry(SCOPE, key, "")
    return str(found)
