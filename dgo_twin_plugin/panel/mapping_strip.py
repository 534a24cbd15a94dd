"""A bar that says how many features have a known function."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QRectF, QSize, Qt
from qgis.PyQt.QtGui import QFontMetricsF, QPainter, QPainterPath
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from . import paint


class CoverageStrip(QWidget):
    """A sentence over a thin bar; what is missing is hatched."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.known, self.total, self.said = 0, 0, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_coverage(self, known: int, total: int, said: str, more: str = "") -> None:
        """Features with a known function, all features, the sentence, and what more the tip
        says."""
        self.known, self.total, self.said = known, total, said
        self.setAccessibleName(f"{said} {more}".strip())
        self.setToolTip(f"{said} {more}".strip())
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(240, int(QFontMetricsF(self.font()).height() + 13))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        lost = self.total > self.known
        painter.setPen(paint.warning_colour(self.palette()) if lost
                       else paint.ink(self.palette(), "Window"))  # fmt: skip
        metrics = QFontMetricsF(self.font())
        shown = metrics.elidedText(self.said, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box.adjusted(0, 0, 0, -9), paint.flags(
            Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter), shown)  # fmt: skip
        bar = QRectF(0.5, box.bottom() - 7, box.width() - 1, 6)
        well = QPainterPath()
        well.addRoundedRect(bar, 3, 3)
        painter.fillPath(well, paint.blend(self.palette(), 0.12, "Window"))
        if not self.total:
            return
        if lost:
            paint.hatch(painter, well, paint.warning_colour(self.palette()), 4.0)
        full = QPainterPath()
        full.addRect(QRectF(bar.left(), bar.top(), bar.width() * self.known / self.total, 6))
        painter.fillPath(full.intersected(well), paint.accent(self.palette()))
