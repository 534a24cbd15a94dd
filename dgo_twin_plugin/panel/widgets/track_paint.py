"""How a track is drawn. Apart from the widget, so that reports and tests can draw one as well."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.PyQt.QtCore import QLineF, QPointF, QRectF, Qt
from qgis.PyQt.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QPolygonF,
)

from ...engine.bandwidth import Track
from ...engine.row_view import RowView
from ...engine.words import NOT_APPLICABLE
from .. import paint
from .tints import FADED, Tints, tints

PAD = 10.0  # px left and right, so that a handle at the end is whole
HANDLE = 6.5  # px, radius of the ring
GROOVE = 6.0  # px
BAND = 4.0
ROOMY = 240.0  # px from which the ticks say their values too
_PEN, _BRUSH = Qt.PenStyle, Qt.BrushStyle


@dataclass(frozen=True)
class Geometry:
    """Places on a widget of this size; ``label``: height of the small font."""

    width: float
    height: float
    label: float

    @property
    def middle(self) -> float:
        """y of the groove."""
        return self.height - self.label - 9.0

    @property
    def length(self) -> float:
        return max(1.0, self.width - 2 * PAD)

    def x(self, share: float) -> float:
        """px of a position 0-1."""
        return PAD + share * self.length

    def share(self, x: float) -> float:
        """Position 0-1 of a px."""
        return min(max((x - PAD) / self.length, 0.0), 1.0)


def draw(
    painter: QPainter, at: Geometry, view: RowView, ambition: float | None, palette: QPalette,
    font: QFont, focus: bool = False, hot: bool = False, down: bool = False,
) -> None:  # fmt: skip
    """Draw a row's track with all that stands on it."""
    colours = tints(palette)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(FADED if view.stale or view.off else 1.0)
    track = view.track
    if track is None:
        _absent(painter, at, colours)
    else:
        _groove(painter, at, track, colours, view.mark is None and view.status == NOT_APPLICABLE)
        _interval(painter, at, view, colours)
        _law(painter, at, track, colours, font)
        _ticks(painter, at, track, colours, font, view.lang)
        _gap(painter, at, view, ambition, colours)
        _former(painter, at, view, colours)
        _value(painter, at, view, colours)
        painter.setOpacity(FADED if view.off else 1.0)  # a handle holds while numbers do not
        _handle(painter, at, view, ambition, colours, focus, hot, down)
    painter.restore()


def _rounded(box: QRectF, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(box, radius, radius)
    return path


def _absent(painter: QPainter, at: Geometry, colours: Tints) -> None:
    """No norm here: a dashed line, no slider."""
    painter.setPen(QPen(colours.edge, 1.0, _PEN.DashLine))
    painter.drawLine(QLineF(at.x(0.0), at.middle, at.x(1.0), at.middle))


def _groove(painter: QPainter, at: Geometry, track: Track, colours: Tints, pale: bool) -> None:
    """The whole track, and on it the band from 6 to 10 in the colours of the marks."""
    y = at.middle
    painter.fillPath(_rounded(QRectF(at.x(0.0), y - GROOVE / 2, at.length, GROOVE), GROOVE / 2),
                     colours.faint)  # fmt: skip
    edges = [track.position(track.value_at_mark(float(g))) for g in (6, 7, 8, 9, 10)]
    for low, high, colour in zip(edges, edges[1:], colours.bands):
        box = QRectF(at.x(low), y - BAND / 2, at.x(high) - at.x(low), BAND)
        shade = QColor(colour)
        shade.setAlpha(110 if pale else 255)
        painter.fillRect(box, shade)
    if not colours.dark:  # the palest colours stand out by their edge
        painter.setPen(QPen(colours.edge, 0.8))
        x6, x10 = at.x(edges[0]), at.x(edges[-1])
        painter.drawLine(QLineF(x6, y + BAND / 2 + 0.4, x10, y + BAND / 2 + 0.4))


def _law(painter: QPainter, at: Geometry, track: Track, colours: Tints, font: QFont) -> None:
    """Beyond the limit hatched, a strong line with a section sign on it; the standard value as
    dots. Where the limit depends on the kind of source: thin lines, each with its sign."""
    y = at.middle
    if track.limit is not None:
        x = at.x(track.position(track.limit))
        beyond = _rounded(QRectF(at.x(0.0), y - 6.0, max(0.0, x - at.x(0.0)), 12.0), 2.0)
        painter.fillPath(beyond, colours.faint)
        paint.hatch(painter, beyond, colours.hatching, 4.5)
        painter.setPen(QPen(colours.warning, 2.0))
        painter.drawLine(QLineF(x, y - 9.0, x, y + 8.0))
        _sign(painter, x, y, colours, font)
    for value in sorted({v for _, v in track.limits if track.inside(v)}):
        x = at.x(track.position(value))
        painter.setPen(QPen(colours.warning, 1.2))
        painter.drawLine(QLineF(x, y - 8.0, x, y + 5.0))
        _sign(painter, x, y, colours, font)
    if track.standard is not None and track.inside(track.standard):
        x = at.x(track.position(track.standard))
        painter.setPen(QPen(colours.ink, 1.3, _PEN.DotLine))
        painter.drawLine(QLineF(x, y - 9.0, x, y + 8.0))


def _sign(painter: QPainter, x: float, y: float, colours: Tints, font: QFont) -> None:
    bold = QFont(font)
    bold.setBold(True)
    metrics = QFontMetricsF(bold)
    wide = metrics.horizontalAdvance("§")
    left = min(max(x - wide / 2, 0.0), 1e9)
    painter.setFont(bold)
    painter.setPen(colours.warning)
    painter.drawText(QRectF(left, y + 9.0, wide + 2, metrics.height() + 2.0),
                     paint.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignTop),
                     "§")  # fmt: skip


def _ticks(
    painter: QPainter, at: Geometry, track: Track, colours: Tints, font: QFont, lang: str
) -> None:
    """6, 8 and 10 with their figures, and with their values where there is room. A figure that
    would run into another is left out, the 8 first."""
    y, strong = at.middle, QFont(font)
    strong.setBold(True)
    metrics, bold = QFontMetricsF(font), QFontMetricsF(strong)
    flags = paint.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignTop)
    law = {track.limit, *(v for _, v in track.limits if track.inside(v))} - {None}
    busy = [(at.x(track.position(v or 0.0)) - 6.0, at.x(track.position(v or 0.0)) + 6.0)
            for v in law]  # fmt: skip
    for mark, value in sorted(track.stops, key=lambda s: {6.0: 0, 10.0: 1}.get(s[0], 2)):
        x = at.x(track.position(value))
        painter.setPen(QPen(colours.line, 1.2))
        painter.drawLine(QLineF(x, y - 4.5, x, y + 5.5))
        for head, tail in _labels(track, mark, value, at.length >= ROOMY, lang):
            first = bold.horizontalAdvance(head)
            wide = first + metrics.horizontalAdvance(tail)
            left = min(max(x - first / 2, 0.0), at.width - wide - 1.0)  # the mark under its tick
            if all(left > b + 4.0 or left + wide < a - 4.0 for a, b in busy):
                busy.append((left, left + wide))
                for words, kind, tint, begin in ((head, strong, colours.ink, left),
                                                 (tail, font, colours.soft, left + first)):
                    painter.setFont(kind)
                    painter.setPen(tint)
                    box = QRectF(begin, y + 9.0, wide + 2, metrics.height() + 2.0)
                    painter.drawText(box, flags, words)
                break


def _labels(
    track: Track, mark: float, value: float, roomy: bool, lang: str
) -> list[tuple[str, str]]:
    """(mark, value behind it) as long as there is room, then the mark alone."""
    short = f"{mark:.0f}"
    if track.marks or not roomy:
        return [(short, "")]
    shown = f"{value:.6g}".replace("-", "\u2212")
    return [(short, f" {shown.replace('.', ',') if lang == 'nl' else shown}"), (short, "")]


def _interval(painter: QPainter, at: Geometry, view: RowView, colours: Tints) -> None:
    track = view.track
    if track is None or view.low is None or view.high is None or view.mark is None:
        return
    a, b = sorted((at.x(track.position(view.low)), at.x(track.position(view.high))))
    box = QRectF(a - 1.5, at.middle - 7.0, max(3.0, b - a + 3.0), 14.0)
    painter.fillPath(_rounded(box, 4.0), colours.haze)


def _gap(
    painter: QPainter, at: Geometry, view: RowView, ambition: float | None, colours: Tints
) -> None:
    """What is short of the ambition: a dashed line from the value to the handle."""
    track, here = view.track, view.at
    if track is None or here is None or ambition is None or view.mark is None or view.off:
        return
    a, b = at.x(track.position(here)), at.x(track.position(ambition))
    if b - a > HANDLE + 5.0:
        painter.setPen(QPen(colours.warning, 1.4, _PEN.DotLine))
        y = at.middle - 10.0
        painter.drawLine(QLineF(a + 6.0, y, b, y))
        painter.drawLine(QLineF(b, y, b, at.middle - HANDLE - 1.0))


def _triangle(x: float, y: float) -> QPolygonF:
    return QPolygonF([QPointF(x - 5.0, y - 13.5), QPointF(x + 5.0, y - 13.5), QPointF(x, y - 5.0)])


def _outside(x: float, y: float, right: bool) -> QPolygonF:
    """A triangle that points off the track: the value lies further on."""
    tip = 6.0 if right else -6.0
    return QPolygonF([QPointF(x, y - 14.0), QPointF(x, y - 5.0), QPointF(x + tip, y - 9.5)])


def _former(painter: QPainter, at: Geometry, view: RowView, colours: Tints) -> None:
    track, here = view.track, view.former_at
    if track is None or here is None:
        return
    x = at.x(track.position(here))
    shape = _triangle(x, at.middle)
    if not track.inside(here):
        now = view.at
        if now is not None and not track.inside(now) and at.x(track.position(now)) == x:
            return  # both lie off the same end: two signs on one place are a smudge
        shape = _outside(x, at.middle, x > at.width / 2)
    painter.setPen(QPen(colours.soft, 1.2))
    painter.setBrush(_BRUSH.NoBrush)
    painter.drawPolygon(shape)


def _value(painter: QPainter, at: Geometry, view: RowView, colours: Tints) -> None:
    """The plan's value: filled where it has a mark, hollow and dashed where it has none."""
    track, here = view.track, view.at
    if track is None or here is None:
        return
    x = at.x(track.position(here))
    shape = _triangle(x, at.middle)
    if not track.inside(here):
        shape = _outside(x, at.middle, x > at.width / 2)
    if view.mark is None:
        painter.setPen(QPen(colours.soft, 1.2, _PEN.DotLine))
        painter.setBrush(_BRUSH.NoBrush)
    else:
        painter.setPen(QPen(colours.paper, 1.2))
        painter.setBrush(colours.ink)
    painter.drawPolygon(shape)


def _handle(
    painter: QPainter, at: Geometry, view: RowView, ambition: float | None, colours: Tints,
    focus: bool, hot: bool, down: bool,
) -> None:  # fmt: skip
    """The ambition: a ring that can be moved; filled with a dot where somebody set it; a bar with
    a cap where it is held (locked, or the mode toets)."""
    track = view.track
    if track is None or ambition is None:
        return
    centre = QPointF(at.x(track.position(ambition)), at.middle)
    if not view.movable:
        painter.setPen(QPen(colours.paper, 3.6))
        painter.drawLine(QLineF(centre.x(), at.middle - 8.0, centre.x(), at.middle + 8.0))
        painter.setPen(QPen(colours.accent, 2.0))
        painter.drawLine(QLineF(centre.x(), at.middle - 8.0, centre.x(), at.middle + 8.0))
        for y in (at.middle - 8.0, at.middle + 8.0):
            painter.drawLine(QLineF(centre.x() - 3.0, y, centre.x() + 3.0, y))
        return
    if focus or down:
        halo = QColor(colours.accent)
        halo.setAlpha(70)
        painter.setPen(_PEN.NoPen)
        painter.setBrush(halo)
        painter.drawEllipse(centre, HANDLE + 5.0, HANDLE + 5.0)
    radius = HANDLE + (0.8 if hot or down else 0.0)
    painter.setPen(QPen(colours.accent, 2.4))
    painter.setBrush(colours.paper)
    painter.drawEllipse(centre, radius, radius)
    if view.own:
        painter.setPen(_PEN.NoPen)
        painter.setBrush(colours.accent)
        painter.drawEllipse(centre, 2.6, 2.6)
