"""The sign of the state line: each state has a shape of its own, not a colour alone."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QPainter, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from ...store.scale import CLASSES
from .. import paint
from .tints import tints

OFF, WAITING, COMPUTING, LIVE, STALE, FAILED = (
    "off", "waiting", "computing", "live", "stale", "failed")  # fmt: skip
_GOOD = CLASSES[5].colour


class StateDot(QWidget):
    """A filled disc is live, a ring waits, a pie counts, a triangle is stale, a cross failed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = OFF
        self.fraction = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_state(self, kind: str, fraction: float = 0.0) -> None:
        """Show a state; ``fraction`` (0-1) is how far the computing is."""
        fraction = min(max(fraction, 0.0), 1.0)
        if (kind, fraction) != (self.kind, self.fraction):
            self.kind, self.fraction = kind, fraction
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(14, 14)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        box = QRectF(2, (self.height() - 10) / 2, 10, 10)
        grey, warn = paint.soft(palette, 0.6, "Window"), paint.warning_colour(palette)
        if self.kind == LIVE:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(paint.QColor(_GOOD))
            painter.drawEllipse(box)
        elif self.kind in (WAITING, COMPUTING):
            colour = tints(palette).accent
            painter.setPen(QPen(colour, 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(box)
            if self.kind == COMPUTING:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                share = max(0.06, self.fraction)
                painter.drawPie(box.adjusted(1, 1, -1, -1), 90 * 16, -round(360 * 16 * share))
        elif self.kind == STALE:
            painter.setPen(QPen(warn, 1.2))
            painter.setBrush(warn)
            middle = box.center()
            painter.drawPolygon(QPolygonF([middle + QPointF(-5, 4.5), middle + QPointF(5, 4.5),
                                           middle + QPointF(0, -5)]))  # fmt: skip
        elif self.kind == FAILED:
            painter.setPen(QPen(warn, 2.2))
            painter.drawLine(box.topLeft(), box.bottomRight())
            painter.drawLine(box.topRight(), box.bottomLeft())
        else:
            painter.setPen(QPen(grey, 2.0))
            painter.drawLine(QPointF(box.left(), box.center().y()),
                             QPointF(box.right(), box.center().y()))  # fmt: skip
