"""What the panel remembers in the project: the choices of its form, as entries of ``dgo_twin``."""

from __future__ import annotations

from qgis.core import QgsProject

from ..project.roles import SCOPE
from ..store.target import is_database

LAYERS = ("design", "area_types", "plan_area")
FILES = ("twin", "output")
NAMES = (*LAYERS, "field", *FILES, "profile", "scenario")
OUTDATED = "outdated"  # id of the run that the design has moved away from


def _key(name: str) -> str:
    return f"panel/{name}"


def _is_path(name: str, value: str) -> bool:
    if is_database(value):
        return False
    return name in FILES or (name == "profile" and value.lower().endswith((".yml", ".yaml")))


def recall(project: QgsProject, name: str) -> str | None:
    """A remembered value, files made absolute; None where nothing was ever chosen."""
    value, known = project.readEntry(SCOPE, _key(name), "")
    if not known:
        return None
    return project.readPath(value) if value and _is_path(name, value) else value


def remember(project: QgsProject, name: str, value: str) -> None:
    """Keep a value, files relative to the project where it says so. The project becomes dirty
    only where something changes."""
    stored = project.writePath(value) if value and _is_path(name, value) else value
    if project.readEntry(SCOPE, _key(name), "") != (stored, True):
        project.writeEntry(SCOPE, _key(name), stored)
