"""The design template: layers with every canonical field, forms, value lists and styles.

The styles (with form, aliases, constraints and value maps) are kept inside the GeoPackage as its
default styles, so the layers open ready for use in any project.
"""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDefaultValue,
    QgsEditorWidgetSetup,
    QgsField,
    QgsFieldConstraints,
    QgsFields,
    QgsFillSymbol,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsRendererCategory,
    QgsSymbol,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..engine.functions import Functions, load_functions
from ..engine.scene import BOOL_FIELDS, FIELDS, NUMERIC_FIELDS
from ..engine.texts import language, text
from ..engine.twin import DEFAULT_PROFILE, LayerEntry, Twin, dump
from ..engine.words import DgoError
from .fields import number_field, text_field, yes_no_field
from .plane import is_plane

# layer -> geometry, kinds of function it holds, fields
LAYERS = {
    "surfaces": (QgsWkbTypes.Type.MultiPolygon, ("surface", "underground"), FIELDS),
    "trees": (QgsWkbTypes.Type.Point, ("canopy",), ("name", "height", "canopy_diameter", "public")),
    "lines": (QgsWkbTypes.Type.LineString, ("line",), ("name", "height")),
    "points": (QgsWkbTypes.Type.Point, ("point",), ("name", "height", "luminous_intensity")),
}
# Limits of a value in a form: the same that reading holds (engine.mapping)
SHARES = {"residential_share", "green_roof", "blue_roof", "pv", "disconnected"}
LISTS = {
    "dwelling_type": ("ground", "apartment"),
    "roof": ("flat", "pitched"),
    "bank": ("natural", "hard"),
}
WALKED = ("road", "cycleway", "footway")  # may be drawn as lines too: the walking network


def create_template(
    path: Path, crs: QgsCoordinateReferenceSystem, transforms: QgsCoordinateTransformContext
) -> Path:
    """Write the GeoPackage and, beside it, a twin file; returns the path of the twin file.

    Raises ``DgoError`` where the CRS is not a plane in metres or the file cannot be written.
    """
    if not is_plane(crs):
        raise DgoError("problems.template_crs", crs=crs.authid() or crs.description())
    functions = load_functions()
    for name, (geometry, kinds, columns) in LAYERS.items():
        _write(path, name, geometry, columns, crs, transforms)
        layer = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
        if not layer.isValid():
            raise DgoError("problems.layer_not_readable", layer=f"{path}|{name}")
        chosen = [f.name for f in functions.by_name.values() if f.kind in kinds]
        if name == "lines":
            chosen += list(WALKED)
        dress(layer, functions, chosen)
        layer.saveStyleToDatabase(name, text("fields.style"), True, "")
    twin = Twin(
        design=tuple(LayerEntry(f"{path.name}|{name}", function="function") for name in LAYERS),
        profile=DEFAULT_PROFILE,
        scenario=path.stem,
    )
    beside = path.with_suffix(".yml")
    beside.write_text(dump(twin), encoding="utf-8")
    return beside


def _write(
    path: Path,
    name: str,
    geometry: QgsWkbTypes.Type,
    columns: tuple[str, ...],
    crs: QgsCoordinateReferenceSystem,
    transforms: QgsCoordinateTransformContext,
) -> None:
    fields = QgsFields()
    for column in ("function", *columns):
        fields.append(_field(column))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", name
    action = QgsVectorFileWriter.ActionOnExistingFile
    options.actionOnExistingFile = (
        action.CreateOrOverwriteLayer if path.exists() else action.CreateOrOverwriteFile
    )
    writer = QgsVectorFileWriter.create(str(path), fields, geometry, crs, transforms, options)
    error = writer.errorMessage()
    failed = writer.hasError()
    del writer  # closes the file
    if failed:
        raise DgoError("problems.template_write", file=str(path), detail=error)


def _field(name: str) -> QgsField:
    if name in NUMERIC_FIELDS:
        return number_field(name)
    return yes_no_field(name) if name in BOOL_FIELDS else text_field(name)


def dress(layer: QgsVectorLayer, functions: Functions, chosen: list[str]) -> None:
    """Aliases, value lists, constraints and a symbol per function."""
    lang = language()
    labels = {functions.label(f, lang): f for f in chosen}
    for index, field in enumerate(layer.fields()):
        name = field.name()
        if name == "fid":
            layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("Hidden", {}))
            continue
        layer.setFieldAlias(index, text(f"fields.{name}", lang))
        if name == "function":
            _list(layer, index, labels)
            kind = QgsFieldConstraints.Constraint.ConstraintNotNull
            hard = QgsFieldConstraints.ConstraintStrength.ConstraintStrengthHard
            layer.setFieldConstraint(index, kind, hard)
            if len(chosen) == 1:
                layer.setDefaultValueDefinition(index, QgsDefaultValue(f"'{chosen[0]}'"))
        elif name in LISTS:
            _list(layer, index, {text(f"fields.{name}.{v}", lang): v for v in LISTS[name]})
        elif name in BOOL_FIELDS:
            layer.setEditorWidgetSetup(
                index, QgsEditorWidgetSetup("CheckBox", {"AllowNullState": True})
            )
        elif name in NUMERIC_FIELDS:
            top = 1 if name in SHARES else None
            limit = (
                f'"{name}" IS NULL OR "{name}" >= 0' if name not in ("floor_level", "beng2") else ""
            )
            if top is not None:
                limit = f'"{name}" IS NULL OR ("{name}" >= 0 AND "{name}" <= {top})'
            if limit:
                layer.setConstraintExpression(index, limit, text("fields.range", lang))
    layer.setRenderer(_renderer(layer, functions, labels))


def _list(layer: QgsVectorLayer, index: int, labels: dict[str, str]) -> None:
    shown = [{label: value} for label, value in labels.items()]
    layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("ValueMap", {"map": shown}))


def _renderer(
    layer: QgsVectorLayer, functions: Functions, labels: dict[str, str]
) -> QgsCategorizedSymbolRenderer:
    categories = [
        QgsRendererCategory(value, symbol(layer, functions[value].colour), label)
        for label, value in labels.items()
    ]
    categories.append(
        QgsRendererCategory(None, symbol(layer, "#c0392b"), text("fields.no_function"))
    )
    return QgsCategorizedSymbolRenderer("function", categories)


def symbol(layer: QgsVectorLayer, colour: str) -> QgsSymbol:
    """The plain symbol of a function on a layer of any geometry."""
    kind = QgsWkbTypes.GeometryType
    if layer.geometryType() == kind.PolygonGeometry:
        return QgsFillSymbol.createSimple(
            {"color": colour, "outline_color": "#5b6468", "outline_width": "0.12"}
        )
    if layer.geometryType() == kind.LineGeometry:
        return QgsLineSymbol.createSimple({"color": colour, "width": "0.5"})
    return QgsMarkerSymbol.createSimple(
        {"color": colour, "outline_color": "#5b6468", "outline_width": "0.1", "size": "1.8"}
    )
