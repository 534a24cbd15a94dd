"""How the maps of models look: classes or a ramp, readable with red-green blindness."""

from __future__ import annotations

from qgis.core import (
    QgsColorRampShader,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsRasterBandStats,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

# From the low to the high end. ColorBrewer YlOrRd with a dark end (noise), RdYlBu turned round
# (heat), Blues (water), Greys (shade), viridis for the rest; the lowest class of noise and water
# is see-through, so that the plan stays in sight where nothing is the matter.
_RAMPS = {
    "noise_lden": ("#00ffffb2", "#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026", "#54278f"),
    "pet": ("#313695", "#74add1", "#e0f3f8", "#fee090", "#f46d43", "#a50026"),
    "water_depth": ("#00deebf7", "#c6dbef", "#6baed6", "#2171b5", "#08306b"),
    "shade": ("#fff7d6", "#bdbdbd", "#404040"),
}
_OTHER = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
OPACITY = 0.8  # the plan shows through, and the colours are still those of the legend


def apply(layer: QgsRasterLayer, name: str, unit: str, classes: str) -> None:
    """Give a map its legend. ``classes``: edges joined by ';', '' for a ramp over its values."""
    ramp = _ramp(_RAMPS.get(name, _OTHER))
    edges = [float(edge) for edge in classes.split(";") if edge]
    stats = layer.dataProvider().bandStatistics(
        1, QgsRasterBandStats.Stats.Min | QgsRasterBandStats.Stats.Max
    )
    shader = QgsColorRampShader(stats.minimumValue, stats.maximumValue)
    if edges:
        shader.setColorRampType(QgsColorRampShader.Type.Discrete)
        shader.setColorRampItemList(_classes(ramp, edges, unit))
    else:
        shader.setColorRampType(QgsColorRampShader.Type.Interpolated)
        low, high = stats.minimumValue, max(stats.maximumValue, stats.minimumValue + 1e-6)
        shader.setColorRampItemList([
            QgsColorRampShader.ColorRampItem(low + (high - low) * k / 4, ramp.color(k / 4),
                                             f"{low + (high - low) * k / 4:.3g} {unit}")
            for k in range(5)
        ])  # fmt: skip
    held = QgsRasterShader()
    held.setRasterShaderFunction(shader)
    layer.setRenderer(QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, held))
    layer.setOpacity(OPACITY)


def _classes(
    ramp: QgsGradientColorRamp, edges: list[float], unit: str
) -> list[QgsColorRampShader.ColorRampItem]:
    """A class below the first edge, between every two, and above the last. A discrete item holds
    up to and with its value, so an edge belongs to the class below it."""
    items = []
    for k in range(len(edges) + 1):
        if k == 0:
            label = f"≤ {edges[0]:g} {unit}"
        elif k == len(edges):
            label = f"> {edges[-1]:g} {unit}"
        else:
            label = f"{edges[k - 1]:g} – {edges[k]:g} {unit}"
        value = edges[k] if k < len(edges) else float("inf")
        items.append(QgsColorRampShader.ColorRampItem(value, ramp.color(k / len(edges)), label))
    return items


def _ramp(colours: tuple[str, ...]) -> QgsGradientColorRamp:
    last = len(colours) - 1
    stops = [QgsGradientStop(k / last, QColor(colours[k])) for k in range(1, last)]
    return QgsGradientColorRamp(QColor(colours[0]), QColor(colours[-1]), False, stops)
