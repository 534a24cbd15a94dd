"""How a layer's own fields and terms are read, kept in the project and in a twin file.

In the project it stands in its twin (:mod:`.roles`), as an entry of the design. In a twin file only
the block ``design:`` is written again; all other lines, comments included, stay as they are.
"""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

from qgis.core import QgsProject, QgsProviderRegistry, QgsVectorLayer

from ..engine.mapping_choice import Choice, laid, merged, of_entry
from ..engine.twin import LayerEntry, Twin, dump, load_twin, parse_twin
from ..engine.words import DgoError
from ..layers.read import public_source
from .roles import KEY, ROLE, SCOPE, keep_twin, project_folder, project_twin, set_role


def entry_at(twin: Twin, layer: QgsVectorLayer, project: QgsProject) -> int | None:
    """Which entry of the design is this layer: by its id, its source or its name."""
    own = _place(public_source(layer))
    for at, entry in enumerate(twin.design):
        if entry.layer == layer.id() or _place(entry.resolved(twin.folder)) == own:
            return at
    for at, entry in enumerate(twin.design):
        if entry.layer == layer.name() and project.mapLayer(entry.layer) is None:
            return at
    return None


def in_force(project: QgsProject, layer: QgsVectorLayer,
             twin_file: str = "") -> tuple[Choice, dict[str, str], bool]:  # fmt: skip
    """How a run reads the layer now: the choice, the terms that the plan shares, and whether
    anybody said so. A twin file goes before the project. Raises ``DgoError``."""
    names = [f.name() for f in layer.fields()]
    kept = project_twin(project)
    terms = dict(kept.functions)
    twins = [kept]
    if twin_file:
        file = load_twin(twin_file, check_files=False)
        terms.update(file.functions)
        twins.insert(0, file)
    for twin in twins:
        at = entry_at(twin, layer, project)
        if at is not None:
            return of_entry(twin.design[at], names), terms, True
    return of_entry(None, names), terms, False


def keep(project: QgsProject, layer: QgsVectorLayer, choice: Choice) -> None:
    """Keep a choice in the project, which becomes dirty; the layer is not written to. A layer that
    carries its role itself keeps it, and says the same."""
    names = [f.name() for f in layer.fields()]
    twin = project_twin(project)
    at = entry_at(twin, layer, project)
    entry = twin.design[at] if at is not None else LayerEntry(layer.id())
    new = laid(choice, entry, names)
    said = _said(project)
    if not said.design and layer.customProperty(ROLE) == "design":
        set_role(layer, "design", **{k: v for k, v in new.entry().items() if k != "layer"})
        project.setDirty(True)  # a property of a layer alone does not do that
        return
    # what other layers say of themselves must not be hidden by a design that names this one only
    keep_twin(project, merged(dataclasses.replace(said, design=twin.design), new, at))


def _said(project: QgsProject) -> Twin:
    """The twin that the project itself holds, without what its layers say."""
    text, _ = project.readEntry(SCOPE, KEY, "")
    return parse_twin(text, project_folder(project)) if text.strip() else Twin(
        folder=project_folder(project))


def save_file(path: str | Path, project: QgsProject, layer: QgsVectorLayer,
              choice: Choice) -> None:  # fmt: skip
    """Write a choice into a twin file, or make one. Raises ``DgoError`` where the file is there but
    cannot be read, and ``OSError`` where it cannot be written; then it is as it was."""
    path = Path(path)
    names = [f.name() for f in layer.fields()]
    content = path.read_text(encoding="utf-8") if path.exists() else ""
    folder = path.resolve().parent
    twin = parse_twin(content, folder) if content.strip() else Twin(folder=folder)
    at = entry_at(twin, layer, project)
    entry = twin.design[at] if at is not None else LayerEntry(source_of(layer))
    wanted = merged(twin, laid(choice, entry, names), at)
    if at is None and not twin.design and not content.strip():
        wanted = _with_the_rest(wanted, project)
    made = with_design(content, wanted, folder)
    beside = path.with_name(path.name + ".new")
    beside.write_text(made, encoding="utf-8", newline="\n")
    os.replace(beside, path)


def _with_the_rest(twin: Twin, project: QgsProject) -> Twin:
    """A new file beside a project says what the project says of the other layers, where that is
    files: a file that named one layer only would leave the others out of a run."""
    kept = project_twin(project)

    def at(entry: LayerEntry) -> LayerEntry:
        layer = project.mapLayer(entry.layer)
        place = source_of(layer) if layer is not None else entry.resolved(kept.folder)
        return dataclasses.replace(entry, layer=place)

    own = {e.resolved(twin.folder) for e in twin.design}
    others = tuple(e for e in map(at, kept.design) if e.layer not in own)
    return dataclasses.replace(
        twin, design=(*twin.design, *others), functions=dict(kept.functions), profile=kept.profile,
        area_types=at(kept.area_types) if kept.area_types else None,
        plan_area=at(kept.plan_area) if kept.plan_area else None,
        context={r: tuple(map(at, entries)) for r, entries in kept.context.items()},
        ambitions=kept.ambitions, weights=kept.weights, theme_weights=kept.theme_weights,
    )  # fmt: skip


def source_of(layer: QgsVectorLayer) -> str:
    """A layer as a twin file names it: ``file|layer``, else its name in the project."""
    if layer.providerType() != "ogr":
        return str(layer.name())
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    path, name = str(parts.get("path") or ""), str(parts.get("layerName") or "")
    if not path:
        return str(layer.name())
    return f"{path}|{name}" if name else path


_TOP = re.compile(r"^(\w+)\s*:")


def with_design(content: str, wanted: Twin, folder: Path) -> str:
    """The text of a twin file with its block ``design:`` as in ``wanted``. The other lines stay;
    where the file is written in a way that this cannot keep, the whole file is written anew."""
    block = dump(dataclasses.replace(Twin(folder=wanted.folder), design=wanted.design), folder)
    lines = content.splitlines(keepends=True)
    start = next((i for i, line in enumerate(lines)
                  if (m := _TOP.match(line)) and m[1] == "design"), None)  # fmt: skip
    if start is None:
        made = block + content if not content or content.startswith(("\n", "#")) else (
            block + "\n" + content)
        if content.lstrip().startswith("#"):  # a heading of the file stays its heading
            head = 0
            while head < len(lines) and (lines[head].startswith("#") or not lines[head].strip()):
                head += 1
            made = "".join(lines[:head]) + block + "".join(lines[head:])
    else:
        end = start + 1
        while end < len(lines) and not _TOP.match(lines[end]):
            end += 1
        while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
            end -= 1
        made = "".join(lines[:start]) + block + "".join(lines[end:])
    full = dump(wanted, folder)
    try:
        if dump(parse_twin(made, folder), folder) == full:
            return made
    except DgoError:
        pass
    return full


def _place(source: str) -> str:
    return os.path.normcase(source.replace("layername=", "").replace("\\", "/"))
