"""How the project of a new plan looks: findings, outline, area types, context, snapping.

Obstacles are hatched in the colours of alerts, chances are flat and teal; both carry the number
that they have in the sheet. Form and hatching differ as well as colour (design 8).
"""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsLinePatternFillSymbolLayer,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsProject,
    QgsProperty,
    QgsRasterLayer,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsSnappingConfig,
    QgsSymbol,
    QgsSymbolLayer,
    QgsTextBackgroundSettings,
    QgsTextFormat,
    QgsTolerance,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSizeF
from qgis.PyQt.QtGui import QColor

from ..engine.start_rules import BENEFITS
from ..engine.texts import text
from ..engine.words import SEVERITIES
from ..store.scale import INK, LAW

# level -> (colour, width of the outline mm, distance of the hatching mm or 0, dashed)
OBSTACLES = {
    "blocking": (LAW, 0.9, 1.8, False),
    "important": ("#bf5b17", 0.6, 3.4, False),
    "normal": ("#bf812d", 0.45, 0.0, True),
    "low": ("#8b9398", 0.35, 0.0, True),
}
# level -> (colour, opacity of the fill, width of the outline mm)
CHANCES = {
    "large": ("#01665e", 0.30, 0.6),
    "medium": ("#35978f", 0.18, 0.45),
    "small": ("#80cdc1", 0.0, 0.4),
}
WIDE, WIDE_TINT = 0.4, 10  # share of the plan above which a chance is only just tinted (of 255)
SNAP = 12.0  # pixels


def obstacle_symbol(level: str) -> QgsFillSymbol:
    """Hatched where it weighs, outlined where it does not."""
    colour, width, hatch, dashed = OBSTACLES[level]
    symbol = QgsFillSymbol.createSimple({
        "style": "no", "outline_color": colour, "outline_width": str(width),
        "outline_style": "dash" if dashed else "solid", "joinstyle": "round"})  # fmt: skip
    if hatch:
        lines = QgsLinePatternFillSymbolLayer()
        lines.setLineAngle(45.0)
        lines.setDistance(hatch)
        lines.setSubSymbol(QgsLineSymbol.createSimple({"color": colour, "width": "0.3"}))
        symbol.appendSymbolLayer(lines)
    return symbol


def chance_symbol(level: str) -> QgsFillSymbol:
    """A flat tint, so that obstacles stay readable above it; next to nothing where a chance takes
    much of the plan, or the map would drown in it."""
    colour, fill, width = CHANCES[level]
    inside = QColor(colour)
    inside.setAlphaF(fill)
    parts = f"{inside.red()},{inside.green()},{inside.blue()}"
    symbol = QgsFillSymbol.createSimple({
        "color": f"{parts},{inside.alpha()}",
        "outline_color": colour, "outline_width": str(width), "joinstyle": "round"})  # fmt: skip
    known = QgsSymbolLayer.Property
    place = known.FillColor if hasattr(known, "FillColor") else known.PropertyFillColor
    symbol.symbolLayer(0).setDataDefinedProperty(place, QgsProperty.fromExpression(
        f'color_rgba({parts}, if("share" > {WIDE}, {min(WIDE_TINT, inside.alpha())}, '
        f"{inside.alpha()}))"))  # fmt: skip
    return symbol


def findings(layer: QgsVectorLayer, table: str) -> None:
    """Obstacles or chances by level, the lightest drawn first; the number of the sheet on it."""
    obstacles = table == "obstacles"
    levels = SEVERITIES if obstacles else BENEFITS
    make = obstacle_symbol if obstacles else chance_symbol
    categories = []
    for place, level in enumerate(levels):
        symbol = make(level)
        for index in range(symbol.symbolLayerCount()):
            symbol.symbolLayer(index).setRenderingPass(len(levels) - place)
        label = text(f"startsheet.level.{level}")
        categories.append(QgsRendererCategory(level, symbol, label))
    renderer = QgsCategorizedSymbolRenderer("level", categories)
    renderer.setUsingSymbolLevels(True)
    layer.setRenderer(renderer)
    letters = '"number"' if obstacles else "char(64 + \"number\")"
    layer.setLabeling(QgsVectorLayerSimpleLabeling(_numbers(letters, obstacles)))
    layer.setLabelsEnabled(True)


def _numbers(expression: str, square: bool) -> QgsPalLayerSettings:
    """The number of a finding in a small badge: square for obstacles, round for chances."""
    label = QgsPalLayerSettings()
    label.fieldName, label.isExpression = expression, True
    format_ = QgsTextFormat()
    format_.setSize(8.5)
    font = format_.font()
    font.setBold(True)
    format_.setFont(font)
    format_.setColor(QColor("#ffffff"))
    back = QgsTextBackgroundSettings()
    back.setEnabled(True)
    shape = QgsTextBackgroundSettings.ShapeType
    back.setType(shape.ShapeSquare if square else shape.ShapeCircle)
    back.setSizeType(QgsTextBackgroundSettings.SizeType.SizeBuffer)
    back.setSize(QSizeF(0.7, 0.7))
    back.setFillColor(QColor(LAW if square else "#01665e"))
    back.setStrokeColor(QColor("#ffffff"))
    back.setStrokeWidth(0.3)
    format_.setBackground(back)
    label.setFormat(format_)
    placing = getattr(Qgis, "LabelPlacement", None)
    if placing is not None and hasattr(placing, "Horizontal"):
        label.placement = placing.Horizontal
    else:
        label.placement = QgsPalLayerSettings.Placement.Horizontal
    label.priority = 10
    return label


def outline(layer: QgsVectorLayer) -> None:
    """The plan area: a dashed line in ink."""
    layer.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple({
        "style": "no", "outline_color": INK, "outline_width": "0.7",
        "outline_style": "dash", "joinstyle": "round"})))  # fmt: skip


def area_types(
    layer: QgsVectorLayer, names: dict[str, str], used: list[str], colours: dict[str, str]
) -> None:
    """A light tint per type, those in the plan first; what has none is outlined."""
    categories = []
    for id_ in [*used, *(t for t in names if t not in used)]:
        fill = QgsFillSymbol.createSimple({
            "color": colours.get(id_, "#cccccc"), "outline_color": "#5b6468",
            "outline_width": "0.3"})  # fmt: skip
        fill.setOpacity(0.35)
        category = QgsRendererCategory(id_, fill, names[id_])
        categories.append(category)
    nothing = QgsFillSymbol.createSimple({
        "style": "no", "outline_color": LAW, "outline_width": "0.5", "outline_style": "dot"})
    categories.append(QgsRendererCategory(None, nothing, text("startsheet.no_type")))
    layer.setRenderer(QgsCategorizedSymbolRenderer("type", categories))


def ground(layer: QgsVectorLayer) -> None:
    """The current situation in one quiet grey, whatever its terms."""
    layer.setRenderer(QgsSingleSymbolRenderer(_plain(layer, "#d7dadb", "#9aa1a5", 0.7)))


def context(layer: QgsVectorLayer, role: str) -> None:
    """A context layer: its own hue, light, the same hue for a role wherever it is."""
    hue = sum(ord(c) * (k + 3) for k, c in enumerate(role)) % 360
    colour = QColor.fromHsl(hue, 110, 130).name()
    layer.setRenderer(QgsSingleSymbolRenderer(_plain(layer, colour, colour, 0.45)))


def _plain(layer: QgsVectorLayer, colour: str, edge: str, opacity: float) -> QgsSymbol:
    kind = QgsWkbTypes.GeometryType
    symbol: QgsSymbol
    if layer.geometryType() == kind.PointGeometry:
        symbol = QgsMarkerSymbol.createSimple({"color": colour, "outline_color": "#ffffff",
                                               "outline_width": "0.2", "size": "2.4"})  # fmt: skip
        return symbol
    if layer.geometryType() == kind.LineGeometry:
        return QgsLineSymbol.createSimple({"color": colour, "width": "0.6"})
    symbol = QgsFillSymbol.createSimple({"color": colour, "outline_color": edge,
                                         "outline_width": "0.15"})  # fmt: skip
    symbol.setOpacity(opacity)
    return symbol


def raster(layer: QgsRasterLayer, role: str) -> None:
    """A map of levels: the ramp of the results; heights and other maps keep QGIS's greys."""
    from . import map_styles

    known = {"noise_road": "noise_lden", "noise_rail": "noise_lden", "noise_industry": "noise_lden",
             "pet": "pet", "water_depth": "water_depth", "shadow": "shade"}  # fmt: skip
    if not layer.isValid() or role in ("dsm", "dtm"):
        return
    classes = "45;50;55;60;65;70" if known.get(role) == "noise_lden" else ""
    map_styles.apply(layer, known.get(role, role), "", classes)
    layer.setOpacity(0.6)


def snap(project: QgsProject, layers: list[QgsVectorLayer]) -> None:
    """Snapping to vertices and segments of all layers, and shared borders move together."""
    config = QgsSnappingConfig(project)
    config.setEnabled(True)
    mode = getattr(Qgis, "SnappingMode", None) or QgsSnappingConfig.SnappingMode
    config.setMode(mode.AllLayers)
    kind = getattr(Qgis, "SnappingType", None)
    if kind is not None:
        config.setTypeFlag(kind.Vertex | kind.Segment)
    else:  # before QGIS 3.26
        old = QgsSnappingConfig.SnappingTypes
        config.setTypeFlag(old(old.VertexFlag | old.SegmentFlag))
    config.setTolerance(SNAP)
    units = getattr(Qgis, "MapToolUnit", None)
    config.setUnits(units.Pixels if units is not None else QgsTolerance.UnitType.Pixels)
    config.setIntersectionSnapping(True)
    project.setSnappingConfig(config)
    project.setTopologicalEditing(bool(layers))
