"""A mark as number and shape: round from 6, square and hatched below it, dashed where there is
none; a section sign where the law is broken."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QEvent, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QFontMetricsF, QPainter
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from ...engine.texts import text
from .. import paint
from .measure import line_height
from .tints import FADED

LEAST = 42.0  # px


class Badge(QWidget):
    """The mark of one row. Colour is never alone: the number stands in it and the shape says
    whether it passes."""

    def __init__(self, parent: QWidget | None = None, factor: float = 0.98) -> None:
        super().__init__(parent)
        self._factor = factor
        self.mark: float | None = None
        self.words = "\u2013"
        self.faded = False
        self._font = paint.small(self.font(), factor, bold=True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_mark(self, mark: float | None, words: str, faded: bool = False) -> bool:
        """Show a mark; ``words`` as it may be shown. Whether its size changed."""
        if (mark, words, faded) == (self.mark, self.words, self.faded):
            return False
        wider = words != self.words
        self.mark, self.words, self.faded = mark, words, faded
        if wider:
            self.setAccessibleName(text("mix.spoken.mark", mark=words))
            self.updateGeometry()
        self.update()
        return wider

    def wide(self) -> float:
        """px that the words need."""
        return max(LEAST, QFontMetricsF(self._font).boundingRect(self.words).width() + 18.0)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(int(self.wide()), int(line_height(self._font) + 8))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._font = paint.small(self.font(), self._factor, bold=True)
            self.updateGeometry()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setOpacity(FADED if self.faded else 1.0)
        paint.draw_badge(painter, QRectF(self.rect()), self.words, self.mark, self.palette(),
                         self._font, "Window")  # fmt: skip
