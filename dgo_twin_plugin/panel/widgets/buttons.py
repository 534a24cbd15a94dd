"""Small buttons of a row, drawn from the palette: a switch, a lock, and "why"."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QPainter, QPainterPath, QPen
from qgis.PyQt.QtWidgets import QAbstractButton, QCheckBox, QWidget

from .. import paint
from .tints import tints

_PEN, _BRUSH = Qt.PenStyle, Qt.BrushStyle


def focus_ring(painter: QPainter, box: QRectF, widget: QWidget) -> None:
    """A ring where the keyboard is."""
    if widget.hasFocus():
        painter.setPen(QPen(tints(widget.palette()).accent, 1.4))
        painter.setBrush(_BRUSH.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.7, 0.7, -0.7, -0.7), 4.0, 4.0)


class Switch(QCheckBox):
    """On or off: a knob right with a filled bar, or left with an empty one. To a screen reader a
    check box."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(34, 22)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def hitButton(self, place: Any) -> bool:  # noqa: N802
        return bool(self.rect().contains(place))

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, on = tints(self.palette()), self.isChecked()
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        y = self.height() / 2
        box = QRectF(4.0, y - 6.5, 26.0, 13.0)
        painter.setPen(QPen(colours.accent if on else colours.line, 1.4))
        painter.setBrush(colours.accent if on else _BRUSH.NoBrush)
        painter.drawRoundedRect(box, 6.5, 6.5)
        painter.setPen(_PEN.NoPen)
        painter.setBrush(colours.paper if on else colours.line)
        painter.drawEllipse(QPointF(box.right() - 6.5 if on else box.left() + 6.5, y), 4.0, 4.0)
        focus_ring(painter, QRectF(self.rect()), self)


class _Icon(QAbstractButton):
    """A button that draws its own sign."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(24, 22)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, box = tints(self.palette()), QRectF(self.rect())
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        if self.underMouse() and self.isEnabled():
            shape = QPainterPath()
            shape.addRoundedRect(box.adjusted(1, 1, -1, -1), 4.0, 4.0)
            painter.fillPath(shape, colours.faint)
        self.sign(painter, box, colours)
        focus_ring(painter, box, self)

    def sign(self, painter: QPainter, box: QRectF, colours: Any) -> None:
        """Draw the sign."""


class LockButton(_Icon):
    """A padlock, closed and filled where the handle is held, else open."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)

    def sign(self, painter: QPainter, box: QRectF, colours: Any) -> None:
        draw_lock(painter, box.center(), self.isChecked(),
                  colours.accent if self.isChecked() else colours.soft)  # fmt: skip


def draw_lock(painter: QPainter, centre: QPointF, closed: bool, colour: Any) -> None:
    """A padlock of 10 by 13 px."""
    x, y = centre.x(), centre.y()
    body = QRectF(x - 5.0, y - 1.0, 10.0, 7.5)
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(colour if closed else _BRUSH.NoBrush)
    painter.drawRoundedRect(body, 1.5, 1.5)
    painter.setBrush(_BRUSH.NoBrush)
    left = x - 3.2 if closed else x + 1.2
    bow = QPainterPath(QPointF(left, y - 1.0))
    bow.lineTo(left, y - 3.2)
    bow.arcTo(QRectF(left, y - 6.6, 6.4, 6.8), 180.0, -180.0)
    bow.lineTo(left + 6.4, y - (1.0 if closed else 2.6))
    painter.drawPath(bow)


class WhyButton(_Icon):
    """A question mark in a ring."""

    def sign(self, painter: QPainter, box: QRectF, colours: Any) -> None:
        centre = box.center()
        painter.setPen(QPen(colours.accent, 1.4))
        painter.setBrush(_BRUSH.NoBrush)
        painter.drawEllipse(centre, 7.2, 7.2)
        painter.setFont(paint.small(self.font(), 0.88, bold=True))
        painter.drawText(box, paint.flags(Qt.AlignmentFlag.AlignCenter), "?")


def draw_status(painter: QPainter, centre: QPointF, status: str, colours: Any) -> None:
    """The sign of a status, 10 px: a tick, a hollow triangle down (below the ambition), a filled
    one (below the minimum), a section sign is written by whoever draws a breach, a dashed ring
    (not assessed), a dash (not applicable)."""
    x, y = centre.x(), centre.y()
    painter.setBrush(_BRUSH.NoBrush)
    if status == "ok":
        painter.setPen(QPen(colours.line, 1.7))
        painter.drawLine(QLineF(x - 4.0, y + 0.5, x - 1.2, y + 3.4))
        painter.drawLine(QLineF(x - 1.2, y + 3.4, x + 4.4, y - 3.6))
    elif status in ("below_ambition", "below_minimum", "legal_breach"):
        shape = QPainterPath(QPointF(x - 4.8, y - 3.6))
        shape.lineTo(x + 4.8, y - 3.6)
        shape.lineTo(x, y + 4.4)
        shape.closeSubpath()
        painter.setPen(QPen(colours.warning, 1.4))
        if status != "below_ambition":
            painter.setBrush(colours.warning)
        painter.drawPath(shape)
    elif status == "not_assessed":
        painter.setPen(QPen(colours.soft, 1.4, _PEN.DotLine))
        painter.drawEllipse(centre, 4.2, 4.2)
    else:
        painter.setPen(QPen(colours.soft, 1.6))
        painter.drawLine(QLineF(x - 4.0, y, x + 4.0, y))
