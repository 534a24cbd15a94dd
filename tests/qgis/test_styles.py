"""Styles: split at exactly 6, told by shape and hatch as well as colour, in two languages."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine import texts, words
from dgo_twin_plugin.store.labels import CODES, key
from dgo_twin_plugin.store.scale import CLASSES, class_of


@pytest.fixture
def styles(qgis_app):
    from dgo_twin_plugin.layers import styles

    return styles


def memory(kind, rows):
    """A layer with a field ``mark`` and a feature per value."""
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(f"{kind}?crs=EPSG:28992&field=mark:double", "x", "memory")
    wkt = {"Polygon": "POLYGON((0 0,1 0,1 1,0 0))", "Point": "POINT(0 0)",
           "LineString": "LINESTRING(0 0,1 1)"}[kind]  # fmt: skip
    made = []
    for value in rows:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        feature.setAttribute("mark", value)
        made.append(feature)
    assert layer.dataProvider().addFeatures(made)[0]
    return layer


def labels_of(layer, renderer):
    """The legend label under which each feature is drawn."""
    from qgis.core import QgsExpressionContext, QgsExpressionContextUtils, QgsRenderContext

    context = QgsRenderContext()
    expressions = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setExpressionContext(expressions)
    renderer.startRender(context, layer.fields())
    legend = {item.ruleKey(): item.label() for item in renderer.legendSymbolItems()}
    found = []
    for feature in layer.getFeatures():
        context.expressionContext().setFeature(feature)
        keys = renderer.legendKeysForFeature(feature, context)
        keys.discard(renderer.rootRule().ruleKey())  # the root has no symbol
        found.append([legend[key] for key in keys])
    renderer.stopRender(context)
    return found


def properties(symbol):
    """Of its first layer; the symbol must live as long as its layer is asked."""
    return symbol.symbolLayer(0).properties()


def test_each_mark_is_drawn_once_and_six_passes(styles):
    values = [1.0, 3.99, 4.0, 5.999, 5.9999999999, 6.0, 7.0, 8.0, 9.0, 10.0, None]
    layer = memory("Polygon", values)
    found = labels_of(layer, styles.marks_renderer(layer.geometryType(), "mark", "nl"))
    assert [len(each) for each in found] == [1] * len(values)
    shown = [each[0] for each in found]
    below, minimum = "5,0 – 6 (net onder het minimum)", "6 – 7 (minimum)"
    assert shown[3] == below and shown[4] == minimum and shown[5] == minimum
    assert shown[0] == shown[1] and shown[2] != shown[1]
    assert shown[8] == shown[9] == "9 – 10 (optimum)"
    assert shown[10] == "n.b. – geen cijfer"


def test_english_legend(styles):
    renderer = styles.marks_renderer(memory("Point", []).geometryType(), "mark", "en")
    labels = [item.label() for item in renderer.legendSymbolItems()]
    assert labels[0] == "9 – 10 (optimum)" and labels[-1] == "n/a – no mark"
    assert len(labels) == len(CLASSES) + 1


@pytest.mark.parametrize("each", CLASSES, ids=lambda c: c.key)
def test_below_six_differs_in_shape_and_hatch(styles, each):
    from qgis.core import QgsLinePatternFillSymbolLayer

    area = styles.mark_symbol(styles._POLYGON, each)
    hatched = any(isinstance(layer, QgsLinePatternFillSymbolLayer) for layer in area.symbolLayers())
    assert hatched == (each.high <= 6)
    point = properties(styles.mark_symbol(styles._POINT, each))
    assert point["name"] == ("square" if each.high <= 6 else "circle")
    line = properties(styles.mark_symbol(styles._LINE, each))
    assert line["line_style"] == ("dash" if each.high <= 6 else "solid")


def test_no_mark_is_a_dashed_outline_without_fill(styles):
    area = properties(styles.mark_symbol(styles._POLYGON, None))
    assert area["style"] == "no" and area["outline_style"] == "dash"


def luminance(colour):
    """Relative luminance of sRGB (WCAG 2.1)."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def deuteranopia(colour):
    """sRGB as a deuteranope sees it (Vienot, Brettel and Mollon 1999, linear RGB)."""
    r, g, b = ((int(colour[i:i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5))
    return (0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b)


def test_text_on_every_colour_is_readable():
    for each in CLASSES:
        light, dark = sorted((luminance(each.colour), luminance(each.ink)), reverse=True)
        # 3:1 holds for bold badges (WCAG 2.1, large text); hatching keeps a halo of the ground
        assert (light + 0.05) / (dark + 0.05) >= 3.0, each.key


def test_neighbouring_classes_differ_for_the_colour_blind():
    seen = [deuteranopia(each.colour) for each in CLASSES]
    for one, other in zip(seen, seen[1:]):
        assert sum((a - b) ** 2 for a, b in zip(one, other)) ** 0.5 > 0.05


@pytest.mark.parametrize("value,lang,shown", [
    (5.96, "nl", "5,9"), (6.0, "nl", "6,0"), (5.9999999999, "nl", "6,0"), (6.05, "en", "6.1"),
    (7.249, "en", "7.2"), (4.9, "nl", "4,9"), (None, "nl", "n.b."), (None, "en", "n/a"),
])  # fmt: skip
def test_labels_show_marks_as_the_rules_say(styles, value, lang, shown):
    """One decimal, truncated below 6 (indicators G10)."""
    from qgis.core import QgsExpression, QgsExpressionContext, QgsExpressionContextUtils

    layer = memory("Point", [value])
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(next(layer.getFeatures()))
    expression = QgsExpression(styles.shown_mark_expression("mark", lang))
    assert expression.evaluate(context) == shown, expression.evalErrorString()


def test_report_and_layers_share_one_scale():
    assert class_of(5.96).key == "fails_near" and class_of(6.0).key == "minimum"


@pytest.mark.parametrize("field,count", [("legal_check", 6), ("severity", 4)])
def test_findings_have_a_symbol_for_every_code(styles, field, count):
    codes = words.LEGAL_CHECKS if field == "legal_check" else words.SEVERITIES
    assert set(CODES[field]) == set(codes) and len(codes) == count
    renderer = styles.findings_renderer(styles._POLYGON, field, "en")
    assert len(renderer.legendSymbolItems()) == count


def test_value_maps_cover_the_words_of_the_engine(styles):
    assert set(CODES["status"]) == set(words.STATUSES)
    assert set(CODES["theme"]) == {*words.THEMES, "total"}
    for lang in texts.LANGUAGES:
        for values, codes in CODES.items():
            for code in codes:
                assert texts.has_text(key(values, code), lang), (values, code, lang)
