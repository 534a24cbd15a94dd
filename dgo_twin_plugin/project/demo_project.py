"""A QGIS project for the demo: design, map and surroundings, styled, each layer with its role."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsLayerTreeGroup,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsRendererCategory,
    QgsVectorLayer,
)

from ..engine.functions import Functions, load_functions
from ..engine.texts import language, text
from ..engine.twin import LayerEntry, Twin, load_twin
from ..layers.template import symbol
from .roles import keep_twin, set_role

# Types of area, from built (warm) to open (cool); light, so that the design stays readable on top
_TYPE_COLOURS = {
    "GT01": "#b35806",
    "GT02": "#d98032",
    "GT03": "#e8a864",
    "GT04": "#b8d7a3",
    "GT05": "#f0c987",
    "GT06": "#dbe3b1",
    "GT07": "#9cc59a",
    "GT08": "#b9a6c9",
    "GT09": "#a89cab",
    "GT10": "#e6e2b8",
    "GT11": "#7fb08a",
}


def write_demo_project(folder: Path, variants: dict[str, Path], target: Path) -> Path:
    """Write ``target`` (.qgz): the first variant in view, the second beside it, and everything
    that surrounds them. The project remembers the twin of the first variant."""
    project = QgsProject()
    functions = load_functions()
    twins = {name: load_twin(path) for name, path in variants.items()}
    first = next(iter(twins.values()))
    root = project.layerTreeRoot()
    for count, (name, twin) in enumerate(twins.items()):
        group = root.addGroup(text("results.demo.variant", name=name.upper()))
        for entry in reversed(twin.design):
            layer = _add(project, group, entry, folder, "design" if not count else "")
            if isinstance(layer, QgsVectorLayer):
                style_by_function(layer, entry, twin, functions)
        group.setItemVisibilityChecked(not count)
        group.setExpanded(not count)
    around = root.addGroup(text("results.demo.around"))
    for role, entries in first.context.items():
        for entry in entries:
            layer = _add(project, around, entry, folder, role)
            if role == "current" and isinstance(layer, QgsVectorLayer):
                style_by_function(layer, entry, first, functions, 0.45)
            node = around.findLayer(layer.id())
            node.setItemVisibilityChecked(role == "current")
            node.setExpanded(False)
    around.setExpanded(False)
    if first.area_types is not None:
        layer = _add(project, root, first.area_types, folder, "area_types")
        _style_types(layer, first)
    if first.plan_area is not None:
        layer = _add(project, root, first.plan_area, folder, "plan_area")
        layer.renderer().setSymbol(
            QgsFillSymbol.createSimple(
                {
                    "style": "no",
                    "outline_color": "#1f2326",
                    "outline_width": "0.5",
                    "outline_style": "dash",
                }
            )
        )
        project.setCrs(layer.crs())
        box = QgsRectangle(layer.extent())
        box.scale(1.15)
        project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(box, layer.crs()))
    else:
        project.setCrs(QgsCoordinateReferenceSystem())
    project.setTitle(text("results.demo.title"))
    project.setFileName(str(target))  # paths of what it remembers count from here
    keep_twin(project, first)
    project.write(str(target))
    return target


def _add(
    project: QgsProject, group: QgsLayerTreeGroup, entry: LayerEntry, folder: Path, role: str
) -> QgsVectorLayer | QgsRasterLayer:
    path = entry.resolved(folder)
    if path.lower().endswith(".tif"):
        layer: QgsVectorLayer | QgsRasterLayer = QgsRasterLayer(path, Path(path).stem)
    else:
        file, _, name = path.partition("|")
        layer = QgsVectorLayer(f"{file}|layername={name}", name or Path(file).stem, "ogr")
    if role:
        block = entry.entry()
        block.pop("layer", None)
        set_role(layer, role, **block)
    project.addMapLayer(layer, False)
    group.addLayer(layer)
    return layer


def style_by_function(
    layer: QgsVectorLayer, entry: LayerEntry, twin: Twin, functions: Functions, opacity: float = 1.0
) -> None:
    """A symbol per own term, in the colour of its function."""
    if not entry.function:
        one = entry.functions if isinstance(entry.functions, str) else ""
        if one in functions:
            layer.renderer().setSymbol(symbol(layer, functions[one].colour))
        return
    index = layer.fields().indexOf(entry.function)
    terms = {**twin.functions, **(entry.functions if isinstance(entry.functions, dict) else {})}
    categories = []
    for value in sorted(layer.uniqueValues(index), key=str):
        name = functions.resolve(terms.get(str(value), value))
        if name is not None:
            mark = symbol(layer, functions[name].colour)
            mark.setOpacity(opacity)
            categories.append(QgsRendererCategory(value, mark, str(value)))
    layer.setRenderer(QgsCategorizedSymbolRenderer(entry.function, categories))


def _style_types(layer: QgsVectorLayer, twin: Twin) -> None:
    from ..engine.norms import load_profile

    entry = twin.area_types
    if entry is None:
        return
    profile = load_profile(twin.profile)
    categories = []
    for value in sorted(layer.uniqueValues(layer.fields().indexOf(entry.type)), key=str):
        found = profile.resolve_type(entry.types.get(str(value), value))
        if found is not None:
            fill = QgsFillSymbol.createSimple(
                {
                    "color": _TYPE_COLOURS.get(found, "#cccccc"),
                    "outline_color": "#5b6468",
                    "outline_width": "0.2",
                }
            )
            fill.setOpacity(0.55)
            label = f"{found} {profile.area_types[found].name[language()]}"
            categories.append(QgsRendererCategory(value, fill, label))
    layer.setRenderer(QgsCategorizedSymbolRenderer(entry.type, categories))
