"""Drawing of marks: badges, theme bars and the scale under an indicator.

A mark below 6 differs in shape and hatching as well as colour; what has no mark is dashed. Colours
of marks are those of the layers and the report (store/scale.py); all others come from the palette.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qgis.PyQt.QtCore import QLineF, QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QFont, QPainter, QPainterPath, QPalette, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QApplication

from ..store.scale import CLASSES, LAW, class_of

if TYPE_CHECKING:
    from .view import Line

LOWEST, HIGHEST, PASS = 1.0, 10.0, 6.0
READABLE, VISIBLE = 4.5, 3.0  # contrast of text and of signs (WCAG 2.1, 1.4.3 and 1.4.11)
_LINES = Qt.PenStyle
_TEAL = [c.colour for c in CLASSES if not c.fails]


@lru_cache(maxsize=1024)  # a handful of colours, asked for with every stroke
def _luminance(rgb: int) -> float:
    """Relative luminance (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
              for c in ((rgb >> shift & 255) / 255.0 for shift in (16, 8, 0))]  # fmt: skip
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    low, high = sorted((_luminance(one.rgb()), _luminance(other.rgb())))
    return (high + 0.05) / (low + 0.05)


def paper(palette: QPalette, over: str) -> QColor:
    """The colour of a background role; a style sheet may have made it transparent."""
    role = getattr(QPalette.ColorRole, over)
    found = palette.color(role)
    return found if found.alpha() == 255 else QApplication.palette().color(role)


def ink(palette: QPalette, over: str = "Base") -> QColor:
    """The text colour on a background role. Where a theme sets its text by a style sheet and
    leaves the palette unreadable (QGIS's Night Mapping does), black or white instead."""
    role = QPalette.ColorRole
    below = paper(palette, over)
    first = role.Text if over == "Base" else role.WindowText
    for each in (first, role.Text, role.WindowText):
        if contrast(palette.color(each), below) >= VISIBLE:
            return palette.color(each)
    return max((QColor("#1d1d1d"), QColor("#e6e6e6")), key=lambda c: contrast(c, below))


def blend(palette: QPalette, share: float, over: str = "Base") -> QColor:
    """The text colour laid over the background: 0 is background, 1 is text."""
    text, below = ink(palette, over), paper(palette, over)
    mixed = [round(share * a + (1 - share) * b) for a, b in (
        (text.red(), below.red()), (text.green(), below.green()), (text.blue(), below.blue()))]
    return QColor(*mixed)


def soft(palette: QPalette, share: float, over: str = "Base") -> QColor:
    """A softer text colour, but never so soft that it cannot be read."""
    below = paper(palette, over)
    while share < 1.0 and contrast(blend(palette, share, over), below) < READABLE:
        share += 0.05
    return blend(palette, min(share, 1.0), over)


def is_dark(palette: QPalette) -> bool:
    """Whether text is lighter than its background."""
    return ink(palette).lightness() > paper(palette, "Base").lightness()


def flags(*given: Any) -> int:
    """Flags of Qt together as the whole number that ``drawText`` takes (Qt 5 and Qt 6)."""
    made = 0
    for each in given:
        made |= int(getattr(each, "value", each))
    return made


def warning_colour(palette: QPalette) -> QColor:
    """The colour of a breach of the law, readable on a light and on a dark background."""
    return QColor("#f0a35e") if is_dark(palette) else QColor(LAW)


def accent(palette: QPalette) -> QColor:
    """The colour of interval and ambition: the highlight, where it stands out."""
    found = palette.color(QPalette.ColorRole.Highlight)
    if contrast(found, paper(palette, "Base")) >= VISIBLE:
        return found
    return QColor("#6cb0f0" if is_dark(palette) else "#1f6fb2")


def small(font: QFont, factor: float = 0.88, bold: bool = False) -> QFont:
    """A font of another size, in points or pixels as the original."""
    made = QFont(font)
    if font.pointSizeF() > 0:
        made.setPointSizeF(font.pointSizeF() * factor)
    else:
        made.setPixelSize(max(8, round(font.pixelSize() * factor)))
    made.setBold(bold)
    return made


def hatch(painter: QPainter, shape: QPainterPath, colour: QColor, step: float = 5.0) -> None:
    """Diagonal lines inside a shape."""
    box = shape.boundingRect()
    painter.save()
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(colour, 1.2))
    x = box.left() - box.height()
    while x < box.right():
        painter.drawLine(QLineF(x, box.bottom(), x + box.height(), box.top()))
        x += step
    painter.restore()


def _rounded(box: QRectF, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(box, radius, radius)
    return path


def draw_badge(painter: QPainter, box: QRectF, shown: str, mark: float | None, palette: QPalette,
               font: QFont, over: str = "Base") -> None:  # fmt: skip
    """A mark as a shape: round from 6, square and hatched below it, dashed where there is none."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    found = class_of(mark)
    box = box.adjusted(0.5, 0.5, -0.5, -0.5)
    if found is None:
        painter.setPen(QPen(blend(palette, 0.45, over), 1.0, _LINES.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 4.0, 4.0)
        letters = soft(palette, 0.72, over)
    else:
        shape = _rounded(box, 2.5 if found.fails else min(box.height() / 2, 14.0))
        painter.fillPath(shape, QColor(found.colour))
        letters = QColor(found.ink)
        if found.fails:
            line = QColor(letters)
            line.setAlpha(48)
            hatch(painter, shape, line)
    painter.setFont(font)
    painter.setPen(letters)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
    painter.restore()


def draw_bar(painter: QPainter, box: QRectF, mark: float | None, palette: QPalette,
             over: str = "Base") -> None:  # fmt: skip
    """A mark as a column in a well from 0 to 10, with the line of 6 across."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    found = class_of(mark)
    well = _rounded(box, 2.5)
    if found is None or mark is None:
        painter.setPen(QPen(blend(palette, 0.4, over), 1.0, _LINES.DashLine))
        painter.drawPath(_rounded(box.adjusted(0.5, 0.5, -0.5, -0.5), 2.5))
    else:
        painter.fillPath(well, blend(palette, 0.1, over))
        height = box.height() * min(mark, HIGHEST) / HIGHEST
        filled = QRectF(box.left(), box.bottom() - height, box.width(), height)
        column = QPainterPath()
        column.addRect(filled)
        column = column.intersected(well)
        painter.fillPath(column, QColor(found.colour))
        if found.fails:
            line = QColor(found.ink)
            line.setAlpha(80)
            hatch(painter, column, line)
        painter.setPen(QPen(QColor(found.colour).darker(140), 1.2))  # light on light has an edge
        painter.drawLine(QLineF(filled.left() + 1, filled.top(), filled.right() - 1, filled.top()))
    covered = found is not None and not found.fails  # the line of 6 runs over the column
    line = QColor(found.ink) if found is not None and covered else blend(palette, 0.75, over)
    painter.setPen(QPen(line, 1.0, _LINES.DotLine))
    y = box.bottom() - box.height() * PASS / HIGHEST
    painter.drawLine(QLineF(box.left(), y, box.right(), y))
    painter.restore()


def draw_scale(painter: QPainter, box: QRectF, line: Line, palette: QPalette) -> None:
    """The scale from 1 to 10 with ticks at 6, 8 and 10: haze = interval, triangle = mark, ring =
    ambition. Below 6 the scale is hatched."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def x(mark: float) -> float:
        share = (min(max(mark, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
        return box.left() + 4.0 + share * (box.width() - 8.0)

    middle, thick = box.center().y() + 2.0, 4.0
    below = _rounded(QRectF(x(LOWEST), middle - thick / 2, x(PASS) - x(LOWEST), thick), 2.0)
    painter.fillPath(below, blend(palette, 0.12))
    hatch(painter, below, blend(palette, 0.3), 4.0)
    edges = (6.0, 7.0, 8.0, 9.0, 10.0)
    for low, high, colour in zip(edges, edges[1:], _TEAL):
        painter.fillRect(QRectF(x(low), middle - thick / 2, x(high) - x(low), thick),
                         QColor(colour))  # fmt: skip
    painter.setPen(QPen(blend(palette, 0.7), 1.0))
    for tick in (6.0, 8.0, 10.0):
        painter.drawLine(QLineF(x(tick), middle - 4.5, x(tick), middle + 4.5))
    if line.low is not None and line.high is not None:
        haze = accent(palette)
        haze.setAlpha(90)
        wide = QRectF(x(line.low), middle - 4.0, max(3.0, x(line.high) - x(line.low)), 8.0)
        painter.fillPath(_rounded(wide, 3.0), haze)
    if line.ambition is not None:
        painter.setPen(QPen(accent(palette), 1.6))
        painter.setBrush(paper(palette, "Base"))
        painter.drawEllipse(QPointF(x(line.ambition), middle), 3.6, 3.6)
    if line.mark is not None:
        at = x(line.mark)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Base), 1.0))
        painter.setBrush(ink(palette))
        painter.drawPolygon(QPolygonF([QPointF(at - 4.5, middle - 7.5),
                                       QPointF(at + 4.5, middle - 7.5),
                                       QPointF(at, middle - 0.5)]))  # fmt: skip
    painter.restore()


def draw_sign(painter: QPainter, box: QRectF, severity: str, palette: QPalette) -> None:
    """The sign before a finding: filled triangle = certain or blocking, hollow = important, dot."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour, centre = warning_colour(palette), box.center()
    if severity == "normal":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(palette, 0.5))
        painter.drawEllipse(centre, 2.6, 2.6)
    else:
        painter.setPen(QPen(colour, 1.6))
        painter.setBrush(colour if severity == "certain" else Qt.BrushStyle.NoBrush)
        painter.drawPolygon(QPolygonF([centre + QPointF(-5, 4.5), centre + QPointF(5, 4.5),
                                       centre + QPointF(0, -5)]))  # fmt: skip
    painter.restore()
