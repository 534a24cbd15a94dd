"""The Ambitieweb: theme marks on a wheel, against ambitions, the former state and the 6.

Marks run from 1 in the hub to 10 at the rim. What has no mark has no corner: a line is never drawn
through a theme that nobody assessed. Each line has a style of its own, so grey print tells them
apart too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from qgis.PyQt.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QSizePolicy, QToolTip, QWidget

from ...engine.texts import text
from ...store.scale import CLASSES
from .. import paint
from ..overview import MarkView
from .tints import FADED, tints

RINGS = (2.0, 4.0, 6.0, 8.0, 10.0)
_FILL, _EDGE_LIGHT, _EDGE_DARK = CLASSES[5].colour, CLASSES[6].colour, CLASSES[4].colour


class Radar(QWidget):
    """A wheel with a spoke per theme."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: tuple[MarkView, ...] = ()
        self.former_name = ""
        self.faded = False
        self.over = "Base"  # the palette's role behind it
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(text("mixer.radar"))
        self.setMouseTracking(True)

    def show_views(self, views: Sequence[MarkView], former_name: str = "") -> None:
        """Show the themes; ``former_name`` says what the dotted line is."""
        views = tuple(views)
        if (views, former_name) == (self.views, self.former_name):
            return
        self.views, self.former_name = views, former_name
        self.setAccessibleDescription("; ".join(view.spoken for view in views))
        self.update()

    def fade(self, on: bool) -> None:
        """Grey the numbers that no longer hold."""
        if on != self.faded:
            self.faded = on
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(420, 380)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(240, 220)

    # --- places ---------------------------------------------------------------------------------
    def _frame(self) -> tuple[QPointF, float, float]:
        """Centre, radius of the rim, height of a line of text."""
        tall = QFontMetricsF(self.font()).height()
        legend = 2 * tall + 6 if self.width() < 420 else tall + 8
        metrics = QFontMetricsF(paint.small(self.font(), 0.95, bold=True))
        beside = max([metrics.boundingRect(f"{v.short} {v.badge}").width()
                      for v in self.views] or [60.0])  # fmt: skip
        high = self.height() - legend - 2 * tall - 16
        radius = max(30.0, min(high / 2, (self.width() - 2 * beside - 24) / 2))
        return QPointF(self.width() / 2, (self.height() - legend) / 2), radius, tall

    def corner(self, index: int, mark: float) -> QPointF:
        """Where a mark lies on the spoke of a theme; the first spoke points up."""
        centre, radius, _ = self._frame()
        return self._corner(centre, radius, index, mark)

    def _corner(self, centre: QPointF, radius: float, index: int, mark: float) -> QPointF:
        angle = 2 * math.pi * index / max(1, len(self.views)) - math.pi / 2
        length = radius * (min(max(mark, 1.0), 10.0) - 1.0) / 9.0
        return centre + QPointF(math.cos(angle) * length, math.sin(angle) * length)

    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.ToolTip and self.views:
            centre, _, _ = self._frame()
            away = QPointF(event.pos()) - centre
            angle = math.atan2(away.y(), away.x()) + math.pi / 2
            index = round(angle / (2 * math.pi) * len(self.views)) % len(self.views)
            QToolTip.showText(event.globalPos(), self.views[index].tip, self)
            return True
        return bool(super().event(event))

    # --- drawing --------------------------------------------------------------------------------
    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        if len(self.views) < 3:  # no wheel with fewer than three spokes
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        centre, radius, tall = self._frame()
        self._wheel(painter, centre, radius)
        painter.setOpacity(FADED if self.faded else 1.0)
        edge = QColor(_EDGE_DARK if paint.is_dark(palette) else _EDGE_LIGHT)
        fill = QColor(_FILL)
        fill.setAlpha(70)
        styles = self._styles(edge)
        self._shape(painter, centre, radius, [v.mark for v in self.views], styles[0], fill)
        if any(v.former is not None for v in self.views):
            self._shape(painter, centre, radius, [v.former for v in self.views], styles[1])
        self._shape(painter, centre, radius, [v.ambition for v in self.views], styles[2])
        painter.setOpacity(1.0)
        self._names(painter, centre, radius, tall)
        self._legend(painter, styles, tall)

    def _styles(self, edge: QColor) -> list[QPen]:
        palette = self.palette()
        styles = Qt.PenStyle
        return [QPen(edge, 2.2), QPen(paint.soft(palette, 0.7, self.over), 1.5, styles.DotLine),
                QPen(tints(palette).accent, 1.8, styles.DashLine),
                QPen(paint.warning_colour(palette), 1.4)]  # fmt: skip

    def _wheel(self, painter: QPainter, centre: QPointF, radius: float) -> None:
        palette, n = self.palette(), len(self.views)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for ring in RINGS:
            colour = (paint.warning_colour(palette) if ring == 6.0
                      else paint.blend(palette, 0.16, self.over))  # fmt: skip
            painter.setPen(QPen(colour, 1.4 if ring == 6.0 else 1.0))
            painter.drawPolygon(QPolygonF([self._corner(centre, radius, i, ring)
                                           for i in range(n)]))  # fmt: skip
        painter.setPen(QPen(paint.blend(palette, 0.12, self.over), 1.0))
        for index in range(n):
            painter.drawLine(QLineF(centre, self._corner(centre, radius, index, 10.0)))
        painter.setFont(paint.small(self.font(), 0.75))
        painter.setPen(paint.soft(palette, 0.6, self.over))
        half = math.pi / n  # between the first two spokes, where no line runs
        for ring in (6.0, 8.0, 10.0):
            length = radius * (ring - 1.0) / 9.0 * math.cos(half)
            at = centre + QPointF(math.sin(half) * length, -math.cos(half) * length)
            painter.drawText(QRectF(at.x() - 10, at.y() - 8, 20, 16),
                             Qt.AlignmentFlag.AlignCenter, f"{ring:.0f}")  # fmt: skip

    def _shape(self, painter: QPainter, centre: QPointF, radius: float,
               marks: list[float | None], pen: QPen,
               fill: QColor | None = None) -> None:  # fmt: skip
        n = len(marks)
        corners = [None if m is None else self._corner(centre, radius, i, m)
                   for i, m in enumerate(marks)]  # fmt: skip
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for i in range(n):
            one, other = corners[i], corners[(i + 1) % n]
            if one is not None and other is not None:
                if fill is not None:
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(fill)
                    painter.drawPolygon(QPolygonF([centre, one, other]))
                    painter.setPen(pen)
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawLine(QLineF(one, other))
        if fill is None:
            return
        painter.setBrush(pen.color())
        painter.setPen(QPen(paint.paper(self.palette(), self.over), 1.0))
        for i, each in enumerate(corners):
            if each is None:
                continue
            mark = marks[i]
            if mark is not None and mark < 6 - 1e-9:  # below 6 it is square, as the badges are
                painter.drawRect(QRectF(each.x() - 4, each.y() - 4, 8, 8))
            else:
                painter.drawEllipse(each, 4, 4)

    def _names(self, painter: QPainter, centre: QPointF, radius: float, tall: float) -> None:
        palette = self.palette()
        light, bold = self.font(), paint.small(self.font(), 1.0, bold=True)
        for index, view in enumerate(self.views):
            spot = self._corner(centre, radius, index, 10.0)
            name, mark = f"{view.name} ", view.badge
            room = (self.width() - abs(spot.x() - centre.x()) * 2) / 2 - 8
            if index and 2 * index != len(self.views):
                whole = (QFontMetricsF(light).boundingRect(name).width()
                         + QFontMetricsF(bold).boundingRect(mark).width() + 12)  # fmt: skip
                if whole > room:
                    name = f"{view.short} "
            first = QFontMetricsF(light).size(0, name).width()
            second = QFontMetricsF(bold).size(0, mark).width()
            side = spot.x() - centre.x()
            left = (spot.x() - (first + second) / 2 if abs(side) < 2 else
                    spot.x() + 8 if side > 0 else spot.x() - 8 - first - second)  # fmt: skip
            left = min(max(2.0, left), self.width() - first - second - 2)
            top = spot.y() - tall / 2
            if abs(side) < 2:
                top += -tall * 0.7 - 2 if spot.y() < centre.y() else tall * 0.7 + 2
            painter.setFont(light)
            painter.setPen(paint.soft(palette, 0.85, self.over))
            at_left = paint.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(QRectF(left, top, first + 2, tall), at_left, name)
            painter.setFont(bold)
            painter.setPen(paint.warning_colour(palette) if view.n_breach
                           else paint.ink(palette, self.over))  # fmt: skip
            painter.drawText(QRectF(left + first, top, second + 2, tall), at_left, mark)

    def _legend(self, painter: QPainter, styles: list[QPen], tall: float) -> None:
        keys = ["mixer.now", "mixer.former", "mixer.ambition", "mixer.six"]
        said = [text(key) for key in keys]
        if any(v.former is not None for v in self.views):
            said[1] = self.former_name or said[1]
        else:
            said[1] = ""
        font = paint.small(self.font(), 0.88)
        metrics = QFontMetricsF(font)
        items = [(words, pen) for words, pen in zip(said, styles) if words]
        rows: list[list[tuple[str, QPen]]] = [[]]
        used = 0.0
        for words, pen in items:
            wide = metrics.size(0, words).width() + 40
            if rows[-1] and used + wide > self.width() - 8:
                rows.append([])
                used = 0.0
            rows[-1].append((words, pen))
            used += wide
        painter.setFont(font)
        y = self.height() - len(rows) * tall - 2
        for row in rows:
            total = sum(metrics.size(0, words).width() + 40 for words, _ in row) - 14
            x = (self.width() - total) / 2
            for words, pen in row:
                painter.setPen(pen)
                painter.drawLine(QLineF(x, y + tall / 2, x + 20, y + tall / 2))
                painter.setPen(paint.soft(self.palette(), 0.8, self.over))
                wide = metrics.size(0, words).width()
                painter.drawText(QRectF(x + 25, y, wide + 4, tall), paint.flags(
                    Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter), words)  # fmt: skip
                x += wide + 40
            y += tall
