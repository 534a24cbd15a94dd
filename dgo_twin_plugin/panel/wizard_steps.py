"""The bar on top of the start of a plan: which steps there are and where one is."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from ..engine.texts import text
from . import paint

DOT = 9.0  # radius


class StepBar(QWidget):
    """A row of numbered dots: filled and ticked where done, filled where one is, hollow ahead."""

    def __init__(self, names: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names = names
        self.at = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(self.sizeHint().height())
        self.show_step(0)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(480, int(2 * DOT + self.fontMetrics().height() + 12))

    def show_step(self, at: int) -> None:
        """The step that is on; one past the last: all are done."""
        self.at = at
        if at < len(self.names):
            self.setAccessibleName(
                text("wizard.step_of", n=at + 1, of=len(self.names), name=self.names[at])
            )
        self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        accent = palette.color(QPalette.ColorRole.Highlight)
        inside = palette.color(QPalette.ColorRole.HighlightedText)
        soft = paint.soft(palette, 0.35, "Window")
        ink = palette.color(QPalette.ColorRole.WindowText)
        wide = self.width() / len(self.names)
        middle = DOT + 2
        spots = [QPointF(wide * (k + 0.5), middle) for k in range(len(self.names))]
        for k in range(len(spots) - 1):
            painter.setPen(QPen(accent if k < self.at else soft, 2))
            painter.drawLine(QPointF(spots[k].x() + DOT + 4, middle),
                             QPointF(spots[k + 1].x() - DOT - 4, middle))  # fmt: skip
        for k, (spot, name) in enumerate(zip(spots, self.names)):
            reached = k <= self.at
            painter.setPen(QPen(accent if reached else soft, 2))
            painter.setBrush(accent if reached else palette.color(QPalette.ColorRole.Window))
            painter.drawEllipse(spot, DOT, DOT)
            painter.setPen(inside if reached else ink)
            sign = "✓" if k < self.at else str(k + 1)
            box = QRectF(spot.x() - DOT, spot.y() - DOT, 2 * DOT, 2 * DOT)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, sign)
            font = self.font()
            font.setBold(k == self.at)
            painter.setFont(font)
            painter.setPen(ink if reached else paint.soft(palette, 0.72, "Window"))
            high = self.fontMetrics().height() + 4
            below = QRectF(spot.x() - wide / 2, middle + DOT + 3, wide, high)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, name)
            painter.setFont(self.font())
