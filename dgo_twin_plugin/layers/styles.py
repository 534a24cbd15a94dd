"""How results look in QGIS: the scale of marks, aliases, value maps, labels, metadata."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsEditorWidgetSetup,
    QgsFeatureRenderer,
    QgsFillSymbol,
    QgsLayerMetadata,
    QgsLinePatternFillSymbolLayer,
    QgsLineSymbol,
    QgsMapLayerStyle,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsRuleBasedRenderer,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QColor

from ..engine.texts import has_text, text
from ..store import schema
from ..store.labels import CODES
from ..store.labels import label as words_of
from ..store.runs import profile_status
from ..store.scale import CLASSES, INK, LAW, NONE_COLOUR, MarkClass, condition

_POINT = QgsWkbTypes.GeometryType.PointGeometry
_LINE = QgsWkbTypes.GeometryType.LineGeometry
_POLYGON = QgsWkbTypes.GeometryType.PolygonGeometry
_ZONE_EDGE = 0.5  # mm
_HIDDEN = (schema.KEY, "OGC_FID", "ogc_fid", schema.GEOMETRY, "run_id")  # columns


def _hatch(colour: str, angle: float = 45.0, distance: float = 2.2,
           width: float = 0.35) -> QgsLinePatternFillSymbolLayer:  # fmt: skip
    hatch = QgsLinePatternFillSymbolLayer()
    hatch.setLineAngle(angle)
    hatch.setDistance(distance)
    hatch.setSubSymbol(QgsLineSymbol.createSimple({"color": colour, "width": str(width)}))
    return hatch


def _fill(colour: str, outline: str, hatch: str = "", style: str = "solid", width: float = 0.2,
          dashed: bool = False) -> QgsFillSymbol:  # fmt: skip
    symbol = QgsFillSymbol.createSimple({
        "color": colour, "style": style, "outline_color": outline, "outline_width": str(width),
        "outline_style": "dash" if dashed else "solid"})  # fmt: skip
    if hatch:
        symbol.appendSymbolLayer(_hatch(hatch))
    return symbol


def mark_symbol(kind: Any, each: MarkClass | None, edge: float = 0.2) -> QgsSymbol:
    """The symbol of a class of marks (None: no mark) for a geometry type. Below 6: hatched area,
    square point, dashed line; no mark: dashed grey outline, hollow point. ``edge``: width of the
    outline of an area, mm; a wide one is drawn in ink."""
    if kind == _POINT:
        if each is None:
            return QgsMarkerSymbol.createSimple({
                "name": "circle", "color": "255,255,255,0", "outline_color": NONE_COLOUR,
                "outline_style": "dash", "outline_width": "0.3", "size": "2.2"})  # fmt: skip
        return QgsMarkerSymbol.createSimple({
            "name": "square" if each.fails else "circle", "color": each.colour,
            "outline_color": INK, "outline_width": "0.2", "size": "2.6"})  # fmt: skip
    if kind == _LINE:
        colour = NONE_COLOUR if each is None else each.colour
        style = "dot" if each is None else "dash" if each.fails else "solid"
        return QgsLineSymbol.createSimple({
            "color": colour, "width": "0.4" if each is None else "0.9", "line_style": style,
            "capstyle": "flat"})  # fmt: skip
    if each is None:
        return _fill("255,255,255,0", NONE_COLOUR, style="no", dashed=True, width=max(0.3, edge))
    hatch = "" if not each.fails else ("#ffffff" if each.ink == "#ffffff" else "#5a3206")
    return _fill(each.colour, "#6a7278" if edge < 0.4 else INK, hatch, width=edge)


def marks_renderer(kind: Any, field: str, lang: str, edge: float = 0.2) -> QgsFeatureRenderer:
    """Rules for the scale of marks on a field; what has no mark comes last in the legend."""
    root = QgsRuleBasedRenderer.Rule(None)
    for each in reversed(CLASSES):
        root.appendChild(QgsRuleBasedRenderer.Rule(
            mark_symbol(kind, each, edge), filterExp=condition(each, field),
            label=text(f"results.class.{each.key}", lang)))  # fmt: skip
    root.appendChild(QgsRuleBasedRenderer.Rule(
        mark_symbol(kind, None, edge), filterExp=f'"{field}" IS NULL',
        label=text("results.class.none", lang)))  # fmt: skip
    return QgsRuleBasedRenderer(root)


def _finding_symbol(kind: Any, colour: str, strong: bool) -> QgsSymbol:
    if kind == _POINT:
        return QgsMarkerSymbol.createSimple({
            "name": "triangle" if strong else "diamond", "color": colour if strong else "white",
            "outline_color": colour, "outline_width": "0.5", "size": "3.4"})  # fmt: skip
    if kind == _LINE:
        return QgsLineSymbol.createSimple({
            "color": colour, "width": "0.9", "line_style": "solid" if strong else "dash"})
    symbol = _fill("255,255,255,0", colour, style="no", width=0.7, dashed=not strong)
    if strong:  # the rest is only outlined, so that the marks beneath stay readable
        symbol.appendSymbolLayer(_hatch(colour, -45.0, 4.0))
    return symbol


# code -> (colour, strong); the order is that of the legend
_FINDINGS = {
    "legal_check": {
        "exceeds": (LAW, True), "exceeds_exception_possible": (LAW, False),
        "indicative": ("#bf812d", False), "not_tested": (NONE_COLOUR, False),
        "complies": ("#35978f", False), "not_in_scope": (NONE_COLOUR, False),
    },
    "severity": {
        "blocking": (LAW, True), "important": ("#bf5b17", False), "normal": ("#bf812d", False),
        "low": (NONE_COLOUR, False),
    },
}  # fmt: skip


def findings_renderer(kind: Any, field: str, lang: str) -> QgsFeatureRenderer:
    """Rules for ``legal_check`` or ``severity``: colour, and full or dashed for what is certain."""
    root = QgsRuleBasedRenderer.Rule(None)
    for code, (colour, strong) in _FINDINGS[field].items():
        root.appendChild(QgsRuleBasedRenderer.Rule(
            _finding_symbol(kind, colour, strong), filterExp=f"\"{field}\" = '{code}'",
            label=words_of(field, code, lang)))  # fmt: skip
    return QgsRuleBasedRenderer(root)


def shown_mark_expression(field: str, lang: str) -> str:
    """A mark as it may be shown (indicators G10): one decimal, truncated below 6, half up from 6
    (6.05 is 6.0499... in binary: hence the dust), as :func:`engine.marks.shown`."""
    truncated = f'floor("{field}" * 10 + 1e-8) / 10'
    rounded = f'floor("{field}" * 10 + 0.5 + 1e-8) / 10'
    none = text("results.none_short", lang)
    return (f"CASE WHEN \"{field}\" IS NULL THEN '{none}' WHEN \"{field}\" < 6 - 1e-9 "
            f"THEN format_number({truncated}, 1, '{lang}') "
            f"ELSE format_number({rounded}, 1, '{lang}') END")  # fmt: skip


def zone_label_expression(lang: str) -> str:
    """Zone number, total mark and the section sign where the law is broken (indicators G9)."""
    return (f"'zone ' || \"zone_id\" || '\\n' || {shown_mark_expression('mark_total', lang)}"
            " || CASE WHEN \"n_breach\" > 0 THEN ' §' ELSE '' END")  # fmt: skip


def _label(layer: QgsVectorLayer, expression: str) -> None:
    settings = QgsPalLayerSettings()
    settings.fieldName, settings.isExpression = expression, True
    # inside the polygon, also where its middle lies in another zone
    settings.placement = QgsPalLayerSettings.Placement.Horizontal
    form = QgsTextFormat()
    form.setSize(9)
    form.setColor(QColor(INK))
    buffer = QgsTextBufferSettings()
    buffer.setEnabled(True)
    buffer.setSize(0.9)
    buffer.setColor(QColor("#ffffff"))
    form.setBuffer(buffer)
    settings.setFormat(form)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)


def indicator_name(indicator: str, lang: str) -> str:
    """The name of an indicator for people; its id where there is no text."""
    return words_of("indicator", indicator, lang)


def alias(column: str, lang: str) -> str:
    """The name of a column for people; '' where it has none."""
    if column.startswith("mark_") and column not in ("mark_low", "mark_high", "mark_total"):
        return text("results.field.mark_of", lang, indicator=indicator_name(column[5:], lang))
    key = f"results.field.{column}"
    return text(key, lang) if has_text(key, lang) else ""


def value_map(values: str, lang: str, codes: dict[str, str] | None = None) -> list[dict[str, str]]:
    """Words behind the codes of a column, as the ValueMap widget takes them."""
    if codes is None:
        codes = {code: words_of(values, code, lang) for code in CODES[values]}
    return [{shown: code} for code, shown in codes.items()]


def describe(layer: QgsVectorLayer, table: schema.Table | None, indicators: list[str], lang: str,
             area_types: dict[str, str] | None = None) -> None:  # fmt: skip
    """Aliases, value maps and hidden bookkeeping columns. ``area_types``: code -> name."""
    columns = table.columns if table is not None else schema.IND_COLUMNS
    declared = {column.name: column for column in columns}
    for index, field in enumerate(layer.fields()):
        shown = alias(field.name(), lang)
        if shown:
            layer.setFieldAlias(index, shown)
        column = declared.get(field.name())
        codes = None
        if column is None or not column.values:
            if field.name() in _HIDDEN:
                layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("Hidden", {}))
            continue
        if column.values == "indicator":
            codes = {i: indicator_name(i, lang) for i in indicators}
        elif column.values == "area_type":
            codes = {code: f"{code} {name}" for code, name in (area_types or {}).items()}
        elif column.values not in CODES:
            continue
        if codes is None or codes:
            entries = value_map(column.values, lang, codes)
            layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("ValueMap", {"map": entries}))
    config = layer.attributeTableConfig()
    config.update(layer.fields())
    for index, shown in enumerate(config.columns()):
        if shown.name in _HIDDEN:
            config.setColumnHidden(index, True)
    layer.setAttributeTableConfig(config)


def apply(layer: QgsVectorLayer, name: str, marks: list[str], lang: str) -> None:
    """Give a result layer its look. ``name`` is the table or view; ``marks`` the indicators with
    a mark in this run: ``zones`` gets a named style for each."""
    kind = layer.geometryType()
    if not layer.isSpatial():
        return
    if name == schema.ZONES.name:
        _apply_zones(layer, marks, lang)
    elif name.startswith("ind_"):
        layer.setRenderer(marks_renderer(kind, "mark", lang))
    elif name == schema.BREACHES.name:
        layer.setRenderer(findings_renderer(kind, "legal_check", lang))
    elif name in (schema.ALERTS.name, schema.CHECKS.name):
        layer.setRenderer(findings_renderer(kind, "severity", lang))
    else:
        layer.setRenderer(QgsSingleSymbolRenderer(QgsSymbol.defaultSymbol(kind)))


def _apply_zones(layer: QgsVectorLayer, marks: list[str], lang: str) -> None:
    kind = layer.geometryType()
    manager = layer.styleManager()
    for indicator in marks:
        field = schema.mark_column(indicator).name
        layer.setRenderer(marks_renderer(kind, field, lang, _ZONE_EDGE))
        _label(layer, shown_mark_expression(field, lang))
        style = QgsMapLayerStyle()
        style.readFromLayer(layer)
        named = indicator_name(indicator, lang)
        if named not in manager.styles():
            manager.addStyle(named, style)
    layer.setRenderer(marks_renderer(kind, "mark_total", lang, _ZONE_EDGE))
    layer.setOpacity(0.85)
    _label(layer, zone_label_expression(lang))
    total = text("results.style.total", lang)
    if total not in manager.styles():
        manager.renameStyle(manager.currentStyle(), total)


def metadata(layer: QgsVectorLayer, title: str, about: str, run: dict[str, Any], path: str,
             lang: str) -> None:  # fmt: skip
    """Title, abstract with the status of the profile, inputs with their fingerprints, history."""
    status = profile_status(run, lang)
    made = QgsLayerMetadata()
    made.setIdentifier(f"{run['run_id']}/{layer.name()}")
    made.setParentIdentifier(str(run["run_id"]))
    made.setType("dataset")
    made.setLanguage("NLD" if lang == "nl" else "ENG")
    made.setTitle(f"{title} – {run['scenario']} ({status})")
    made.setAbstract(text("results.meta.abstract", lang, about=about,
                          profile=run["profile_title"] or run["profile_id"] or "–",
                          status=status))  # fmt: skip
    made.addLink(QgsLayerMetadata.Link(text("results.meta.link", lang), "FILE", path))
    made.setCrs(layer.crs())
    versions = run.get("versions") or {}
    shown = ", ".join(f"{k} {v}" for k, v in versions.items()) if isinstance(versions, dict) else ""
    made.addHistoryItem(text(
        "results.meta.history", lang, run=run["run_id"], date=run["started"] or "–",
        scenario=run["scenario"] or "–", profile=run["profile_id"] or "–",
        version=run["profile_version"] or "", hash=(run["profile_hash"] or "")[:12] or "–",
        versions=shown or "–"))  # fmt: skip
    for entry in run.get("inputs") or []:
        made.addHistoryItem(text(
            "results.meta.source", lang, layer=entry.get("layer") or entry.get("role") or "–",
            fingerprint=str(entry.get("fingerprint") or entry.get("hash") or "–")[:23]))
    layer.setMetadata(made)

