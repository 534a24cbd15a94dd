"""Labels that stay readable in any palette: small wrapped text, and one line cut off with dots."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QRectF, QSize, Qt
from qgis.PyQt.QtGui import QFontMetricsF, QPainter
from qgis.PyQt.QtWidgets import QLabel, QSizePolicy, QWidget

from .. import paint


class MutedLabel(QLabel):
    """A small wrapped text in a softer shade of whatever palette is in force."""

    def __init__(self, parent: QWidget | None = None, strong: bool = False) -> None:
        super().__init__(parent)
        self._strong = strong
        self._warn = False
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(paint.small(self.font(), 0.9))

    def warn(self, on: bool) -> None:
        """Show the text as a warning: bold and in the colour of a breach."""
        self._warn = on
        self.setFont(paint.small(self.parentWidget().font() if self.parentWidget()
                                 else self.font(), 0.9, bold=on))  # fmt: skip
        self.update()

    def _colour(self) -> Any:
        palette = self.palette()
        if self._warn:
            return paint.warning_colour(palette)
        return paint.soft(palette, 0.9 if self._strong else 0.72, "Window")

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setPen(self._colour())
        painter.drawText(self.contentsRect(), paint.flags(
            Qt.TextFlag.TextWordWrap, Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter,
        ), self.text())  # fmt: skip


class LineLabel(MutedLabel):
    """One line, cut off with dots where there is no room; the whole stands in the tooltip."""

    def __init__(self, parent: QWidget | None = None, strong: bool = False) -> None:
        super().__init__(parent, strong)
        self.setWordWrap(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = QFontMetricsF(self.font())
        return QSize(int(metrics.boundingRect(self.text()).width()) + 4,
                     int(metrics.height()) + 2)  # fmt: skip

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(30, self.sizeHint().height())

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setPen(self._colour())
        box = QRectF(self.contentsRect())
        words = QFontMetricsF(self.font()).elidedText(
            self.text(), Qt.TextElideMode.ElideRight, box.width())  # fmt: skip
        painter.setFont(self.font())
        painter.drawText(box, paint.flags(Qt.AlignmentFlag.AlignLeft,
                                          Qt.AlignmentFlag.AlignVCenter), words)  # fmt: skip
