"""Text and links of the why panel, readable on any palette. Needs only Qt."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPalette
from qgis.PyQt.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QWidget

from . import paint
from .widgets.buttons import focus_ring


class Text(QLabel):
    """Wrapped text in a shade of the palette in force that can always be read."""

    def __init__(self, parent: QWidget, like: QWidget, share: float = 1.0, factor: float = 1.0,
                 bold: bool = False) -> None:  # fmt: skip
        super().__init__(parent)
        self._like = like  # whose palette and font it follows
        self._share, self._factor, self._bold = share, factor, bold
        self._busy = False
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.restyle()

    def shade(self, share: float) -> None:
        """Another strength of the ink, 0-1."""
        if share != self._share:
            self._share = share
            self.restyle()

    def restyle(self) -> None:
        """Take font and ink anew from the panel."""
        if self._busy:
            return
        self._busy = True
        like = self._like
        self.setFont(paint.small(like.font(), self._factor, bold=self._bold))
        palette = QPalette(like.palette())
        ink = paint.soft(palette, self._share, "Window")
        palette.setColor(QPalette.ColorRole.WindowText, ink)
        palette.setColor(QPalette.ColorRole.Text, ink)
        self.setPalette(palette)
        self._busy = False




class Link(QAbstractButton):
    """A word that does something: in the accent colour, underlined under the mouse, a ring where
    the keyboard is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = QFontMetricsF(self.font())
        return QSize(round(metrics.boundingRect(self.text()).width()) + 9,
                     round(metrics.height()) + 8)  # fmt: skip

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        font = QFont(self.font())
        font.setUnderline(self.underMouse())
        painter.setFont(font)
        painter.setPen(link_colour(self.palette()))
        painter.drawText(QRectF(self.rect()).adjusted(3, 0, 0, 0), paint.flags(
            Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter), self.text())  # fmt: skip
        focus_ring(painter, QRectF(self.rect()), self)


def link_colour(palette: QPalette) -> QColor:
    """The accent, as long as it can be read as text."""
    below = paint.paper(palette, "Window")
    dark = paint.ink(palette, "Window").lightness() > below.lightness()
    for name in ("#6cb0f0" if dark else "#1b66a6",
                 palette.color(QPalette.ColorRole.Link).name()):  # fmt: skip
        if paint.contrast(QColor(name), below) >= paint.READABLE:
            return QColor(name)
    return paint.ink(palette, "Window")
