"""Roles kept in the project and on its layers.

A project keeps a whole twin (YAML text, paths relative to the project) under the entry
``dgo_twin/twin``. A layer may carry the custom property ``dgo/role``, and ``dgo/entry`` with the
rest of its block as JSON. The project's twin goes before the properties (design 6).
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProject

from ..engine.roles import roles
from ..engine.twin import LayerEntry, Twin, dump, parse_twin
from ..engine.words import DgoError

SCOPE, KEY = "dgo_twin", "twin"
ROLE, ENTRY = "dgo/role", "dgo/entry"


def project_folder(project: QgsProject) -> Path | None:
    """The folder of a saved project."""
    home = project.absolutePath()
    return Path(home) if home else None


@dataclass(frozen=True)
class Told:
    """What project and layers say of a twin, as it stands there: quick to take, in the main
    thread; to be read anywhere by :func:`twin_told`."""

    text: str = ""
    folder: Path | None = None
    marked: dict[str, list[LayerEntry]] = field(default_factory=dict)


def told(project: QgsProject) -> Told:
    """What a project says now."""
    text, _ = project.readEntry(SCOPE, KEY, "")
    return Told(text, project_folder(project), _marked(project))


def twin_told(said: Told) -> Twin:
    """That as a twin; empty where nothing is said."""
    kept = parse_twin(said.text, said.folder) if said.text.strip() else Twin()
    marked = said.marked
    return dataclasses.replace(
        kept,
        design=kept.design or tuple(marked.get("design", ())),
        area_types=kept.area_types or next(iter(marked.get("area_types", ())), None),
        plan_area=kept.plan_area or next(iter(marked.get("plan_area", ())), None),
        context={**{r: tuple(e) for r, e in marked.items() if r in roles()}, **kept.context},
    )


def project_twin(project: QgsProject) -> Twin:
    """What project and layers say, as a twin; empty where they say nothing."""
    return twin_told(told(project))


def keep_twin(project: QgsProject, twin: Twin) -> None:
    """Store a twin in the project; the project becomes dirty."""
    project.writeEntry(SCOPE, KEY, dump(twin, project_folder(project)))


def set_role(layer: QgsMapLayer, role: str, **entry: Any) -> None:
    """Give a layer a role (``design``, ``area_types``, ``plan_area`` or a role of the context)."""
    layer.setCustomProperty(ROLE, role)
    layer.setCustomProperty(ENTRY, json.dumps(entry, ensure_ascii=False, sort_keys=True))


def _marked(project: QgsProject) -> dict[str, list[LayerEntry]]:
    found: dict[str, list[LayerEntry]] = {}
    names = {f.name for f in dataclasses.fields(LayerEntry)} - {"layer", "extra", "line"}
    for layer in sorted(project.mapLayers().values(), key=lambda item: item.id()):
        role = layer.customProperty(ROLE)
        if not role:
            continue
        block = _entry_of(layer)
        own = {k: v for k, v in block.items() if k in names}
        extra = {k: v for k, v in block.items() if k not in names}
        found.setdefault(str(role), []).append(LayerEntry(layer.id(), extra=extra, **own))
    return found


def _entry_of(layer: QgsMapLayer) -> dict[str, Any]:
    """What a layer says about how to read it. Raises ``DgoError`` where that is no JSON block."""
    said = str(layer.customProperty(ENTRY) or "{}")
    try:
        block = json.loads(said)
    except ValueError:
        block = None
    if not isinstance(block, dict):
        raise DgoError("problems.bad_entry", layer=layer.name(), name=ENTRY, value=said)
    return block
