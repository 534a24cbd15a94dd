"""What a start hands over: findings in a file, the sheet, and the project to sketch in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    QgsEditorWidgetSetup,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsLayerTreeGroup,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..engine.assessment import Assessment
from ..engine.directions import Direction
from ..engine.functions import load_functions
from ..engine.norms import Profile
from ..engine.roles import role_label
from ..engine.scene import Scene
from ..engine.start_rules import load_start_rules
from ..engine.start_scan import Found, Scan
from ..engine.texts import language, text
from ..engine.twin import LayerEntry, Twin
from ..engine.words import DgoError
from ..layers import start_styles
from ..layers.fields import number_field, text_field, whole_field
from ..layers.template import LAYERS
from . import start
from .demo_project import _TYPE_COLOURS, style_by_function
from .roles import SCOPE, keep_twin, set_role

RESULT = "dgo/start"  # custom property of layers that the start made


@dataclass
class Sheets:
    """All that is known when the files are there. ``run_id`` '' = nothing could be scored."""

    name: str
    area: start.Area
    types: list[start.TypeArea]
    twin: Twin
    profile: Profile
    scene: Scene
    found: Scan
    directions: list[Direction]
    assessment: Assessment | None
    run_id: str


# --------------------------------------------------------------------------------- the file
COLUMNS: tuple[tuple[str, Callable[[str], QgsField]], ...] = (
    ("number", whole_field), ("title", text_field), ("level", text_field), ("place", text_field),
    ("area_m2", number_field), ("share", number_field), ("distance_m", number_field),
    ("value", number_field), ("bound", text_field), ("unit", text_field), ("names", text_field),
    ("advice", text_field), ("source", text_field), ("norm_status", text_field),
    ("role", text_field), ("source_layer", text_field), ("rule", text_field),
)  # fmt: skip
ASKED: tuple[tuple[str, Callable[[str], QgsField]], ...] = (
    ("indicator", text_field), ("title", text_field), ("area_type", text_field),
    ("state", text_field), ("value", number_field), ("unit", text_field), ("mark", number_field),
    ("minimum", number_field), ("basis", number_field), ("optimum", number_field),
    ("weight", number_field), ("share", number_field), ("pull", number_field),
    ("reason", text_field),
)  # fmt: skip


def _fields(columns: tuple[tuple[str, Callable[[str], QgsField]], ...]) -> QgsFields:
    fields = QgsFields()
    for name, make in columns:
        fields.append(make(name))
    return fields


def write_findings(folder: Path, sheets: Sheets) -> None:
    """``start.gpkg`` gets obstacles, chances and directions beside the run; and the sheet."""
    from ..reports.startsheet import write_sheet

    target = folder / start.RESULTS
    origin = sheets.scene.origin
    for table, found in (("obstacles", sheets.found.obstacles), ("chances", sheets.found.chances)):
        rows = [(_shape(f, origin), _row(number, f, sheets.profile))
                for number, f in enumerate(found, 1)]  # fmt: skip
        start.write(target, table, _fields(COLUMNS), sheets.area, rows)
    asked = [(QgsGeometry(), [
        d.indicator, text(f"indicators.{d.indicator}.name"), d.area_type, d.state, d.value, d.unit,
        d.mark, d.minimum, d.basis, d.optimum, d.weight, d.share, d.pull,
        text(d.reason) if d.reason is not None else None,
    ]) for d in sheets.directions]  # fmt: skip
    start.write(target, "directions", _fields(ASKED), sheets.area, asked,
                QgsWkbTypes.Type.NoGeometry)  # fmt: skip
    write_sheet(folder / start.SHEET, sheets)


def _shape(found: Found, origin: tuple[float, float]) -> QgsGeometry:
    geometry = QgsGeometry()
    geometry.fromWkb(found.wkb)
    geometry.translate(*origin)
    return geometry


def source_title(found: Found, profile: Profile) -> str:
    """What a finding rests on, for people."""
    own = load_start_rules().sources.get(found.source)
    if own is not None:
        return own.get(language(), found.source)
    return profile.source_text(found.source, language())


def _row(number: int, found: Found, profile: Profile) -> list[object]:
    return [
        number, text(found.title()), found.level, text(found.where()),
        found.area if found.inside else 0.0, found.share, found.distance, found.value,
        " · ".join(f"{v:g}" for v in found.limits) or None, found.unit or None,
        ", ".join(found.names) or None, text(found.advice()), source_title(found, profile),
        found.status or None, found.role or None, ", ".join(found.layers) or None, found.rule,
    ]  # fmt: skip


# --------------------------------------------------------------------------------- the project
def write_project(folder: Path, sheets: Sheets) -> Path:
    """``plan.qgz``: ready to sketch in, every path relative, the twin remembered."""
    project = QgsProject()
    target = folder / start.PROJECT
    project.setFileName(str(target))
    project.setCrs(sheets.area.crs)
    project.setTitle(sheets.name)
    root = project.layerTreeRoot()

    def group(key: str, shown: bool = True, opened: bool = True) -> QgsLayerTreeGroup:
        made = root.addGroup(text(f"startsheet.group.{key}"))
        made.setItemVisibilityChecked(shown)
        made.setExpanded(opened)
        return made

    drawn = _design(project, group("design"), folder, sheets)
    _area(project, root, folder, sheets)
    _findings(project, group("obstacles"), folder, "obstacles")
    _findings(project, group("chances"), folder, "chances")
    _types(project, group("types"), folder, sheets)
    _context(project, group("context", opened=False), folder, sheets)
    start_styles.snap(project, drawn)
    box = QgsRectangle(sheets.area.geometry.boundingBox())
    box.scale(1.25)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(box, sheets.area.crs))
    keep_twin(project, sheets.twin)
    # the panel shows the marks of the current situation at once, and adds its runs there
    project.writeEntry(SCOPE, "panel/output", project.writePath(str(folder / start.RESULTS)))
    if not project.write(str(target)):
        raise DgoError("errors.start.project", file=str(target), detail=project.error())
    project.clear()  # lets go of the files, which are about to move
    return target


def _vector(file: Path, table: str, name: str) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{file}|layername={table}", name, "ogr")
    if not layer.isValid():
        raise DgoError("problems.layer_not_readable", layer=f"{file}|{table}")
    return layer


def _put(
    project: QgsProject, group: QgsLayerTreeGroup, layer: QgsMapLayer, shown: bool = True,
    opened: bool = False,
) -> None:  # fmt: skip
    project.addMapLayer(layer, False)
    node = group.addLayer(layer)
    node.setItemVisibilityChecked(shown)
    node.setExpanded(opened)


def _design(
    project: QgsProject, group: QgsLayerTreeGroup, folder: Path, sheets: Sheets
) -> list[QgsVectorLayer]:
    """The empty layers, points above surfaces; their style stands in the file."""
    made = []
    by_table = {entry.sublayer: entry for entry in sheets.twin.design}
    for name in ("points", "trees", "lines", "surfaces"):
        assert name in LAYERS
        layer = _vector(folder / start.DESIGN, name, text(f"startsheet.design.{name}"))
        set_role(layer, "design", **_block(by_table[name]))
        _put(project, group, layer)
        made.append(layer)
    return made


def _block(entry: LayerEntry) -> dict[str, object]:
    block = entry.entry()
    block.pop("layer", None)
    return block


def _findings(
    project: QgsProject, group: QgsLayerTreeGroup, folder: Path, table: str
) -> None:
    layer = _vector(folder / start.RESULTS, table, text(f"startsheet.layer.{table}"))
    layer.setCustomProperty(RESULT, table)
    start_styles.findings(layer, table)
    for index, field in enumerate(layer.fields()):
        if field.name() == "fid":
            layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("Hidden", {}))
        else:
            layer.setFieldAlias(index, text(f"startsheet.column.{field.name()}"))
    layer.setReadOnly(True)
    layer.setDisplayExpression('"number" || \'. \' || "title"')
    layer.setMapTipTemplate('<b>[% "title" %]</b><br>[% "place" %]<br>[% "advice" %]')
    _put(project, group, layer, opened=True)


def _area(
    project: QgsProject, root: QgsLayerTreeGroup, folder: Path, sheets: Sheets
) -> None:
    layer = _vector(folder / start.PLAN, start.PLAN_TABLE, text("startsheet.layer.plan"))
    set_role(layer, "plan_area")
    start_styles.outline(layer)
    _put(project, root, layer)


def _types(
    project: QgsProject, group: QgsLayerTreeGroup, folder: Path, sheets: Sheets
) -> None:
    """The area types, to be changed in a form: a list of types, and the reason."""
    layer = _vector(folder / start.TYPES, start.TYPE_TABLE, text("startsheet.layer.types"))
    entry = sheets.twin.area_types
    assert entry is not None
    set_role(layer, "area_types", **_block(entry))
    lang = language()
    types = {t.id: f"{t.id} {t.name.get(lang, t.id)}" for t in sheets.profile.area_types.values()}
    used = [t for t in types if any(each.type == t for each in sheets.types)]
    start_styles.area_types(layer, types, used, _TYPE_COLOURS)
    lists = {"type": {label: id_ for id_, label in types.items()},
             "how": {text(f"startsheet.how.{h}"): h for h in ("map", "proposal", "chosen")}}
    for index, field in enumerate(layer.fields()):
        name = field.name()
        if name == "fid":
            layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("Hidden", {}))
            continue
        layer.setFieldAlias(index, text(f"startsheet.column.{name}"))
        if name in lists:
            shown = [{label: value} for label, value in lists[name].items()]
            layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("ValueMap", {"map": shown}))
    _put(project, group, layer)


def _context(
    project: QgsProject, group: QgsLayerTreeGroup, folder: Path, sheets: Sheets
) -> None:
    """Every layer by its role; the current situation in view, pale, as the ground to draw on."""
    functions = load_functions()
    for role, entries in sheets.twin.context.items():
        label = text(role_label(role))
        for number, entry in enumerate(entries, 1):
            name = label if len(entries) == 1 else f"{label} {number}"
            path = entry.resolved(folder)
            file, _, table = path.partition("|")
            layer: QgsMapLayer
            if file.lower().endswith((".tif", ".tiff")):
                layer = QgsRasterLayer(path, name)
            else:
                table = table.replace("layername=", "")
                layer = QgsVectorLayer(f"{file}|layername={table}" if table else file, name, "ogr")
            set_role(layer, role, **_block(entry))
            if isinstance(layer, QgsRasterLayer):
                start_styles.raster(layer, role)
            elif role == "current":
                own = LayerEntry(layer.name(), function=entry.function, functions=entry.functions)
                if entry.function:
                    style_by_function(layer, own, sheets.twin, functions, 0.4)
                else:
                    start_styles.ground(layer)
            else:
                start_styles.context(layer, role)
            _put(project, group, layer, shown=role == "current")
