"""The line above the rows of a theme: its name, its ambition and its mark; it folds the rows."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QLineF, QPointF, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QMenu, QSizePolicy, QWidget

from ...engine.marks import shown
from ...engine.texts import language, number, text
from .. import paint
from ..overview import MarkView
from .tints import FADED, tints

WEIGHTS = (0.0, 0.5, 1.0, 2.0, 3.0)  # offered in the menu of a theme


class ThemeHead(QWidget):
    """``folded``: theme, whether its rows are hidden; ``weighed``: theme, its weight in the
    total."""

    folded = pyqtSignal(str, bool)
    weighed = pyqtSignal(str, float)

    def __init__(self, view: MarkView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.weight = 1.0
        self.movable = True
        self.is_folded = False
        self.faded = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._say()

    def show_view(self, view: MarkView, weight: float = 1.0, movable: bool = True) -> None:
        """Show the theme; repaints only where something differs."""
        if (view, weight, movable) == (self.view, self.weight, self.movable):
            return
        self.view, self.weight, self.movable = view, weight, movable
        self._say()
        self.update()

    def _say(self) -> None:
        self.setToolTip(self.view.tip)
        self.setAccessibleName(f"{self.view.name}: {self.view.badge}")
        self.setAccessibleDescription(self.view.spoken)

    def fade(self, on: bool) -> None:
        """Grey the numbers that no longer hold."""
        if on != self.faded:
            self.faded = on
            self.update()

    def fold(self, on: bool) -> None:
        """Hide the rows, or show them."""
        if on != self.is_folded:
            self.is_folded = on
            self.update()
            self.folded.emit(self.view.key, on)

    # --- mouse and keyboard -----------------------------------------------------------------
    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.fold(not self.is_folded)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        keys = Qt.Key
        if event.key() in (keys.Key_Return, keys.Key_Enter, keys.Key_Space):
            self.fold(not self.is_folded)
        elif event.key() == keys.Key_Left:
            self.fold(True)
        elif event.key() == keys.Key_Right:
            self.fold(False)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: Any) -> None:  # noqa: N802
        menu = self.make_menu()
        menu.exec(event.globalPos())
        menu.deleteLater()

    def make_menu(self) -> QMenu:
        """The weights that the theme may have in the total."""
        menu = QMenu(self)
        menu.addSection(text("mixer.theme_weight", theme=self.view.name))
        for weight in WEIGHTS:
            action = menu.addAction(text("mixer.weight_none") if not weight else number(weight))
            action.setCheckable(True)
            action.setChecked(abs(weight - self.weight) < 1e-9)
            action.setEnabled(self.movable)
            action.triggered.connect(
                lambda _=False, chosen=weight: self.weighed.emit(self.view.key, chosen))
        return menu

    # --- drawing --------------------------------------------------------------------------------
    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(200, int(QFontMetricsF(self.font()).height() * 1.5 + 6))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(120, self.sizeHint().height())

    def focusInEvent(self, event: Any) -> None:  # noqa: N802
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: Any) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, view = self.palette(), self.view
        box = QRectF(self.rect()).adjusted(0, 4, 0, -1)
        ink = paint.soft(palette, 0.8, "Window")
        middle = box.center().y()
        size = 3.6
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        at = QPointF(8, middle)
        points = ([(-size, -size / 1.6), (size, -size / 1.6), (0, size)] if not self.is_folded
                  else [(-size / 1.6, -size), (-size / 1.6, size), (size, 0)])
        painter.drawPolygon(QPolygonF([at + QPointF(x, y) for x, y in points]))
        bold = paint.small(self.font(), 0.92, bold=True)
        metrics = QFontMetricsF(bold)
        left = paint.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(bold)
        painter.setPen(ink)
        name = view.name.upper()
        wide = metrics.size(0, name).width() + 4
        painter.drawText(QRectF(18, box.top(), wide, box.height()), left, name)
        badge_wide = max(metrics.height() * 2.1, metrics.size(0, view.badge).width() + 14)
        badge = QRectF(box.right() - badge_wide, middle - metrics.height() * 0.6, badge_wide,
                       metrics.height() * 1.2)  # fmt: skip
        painter.setOpacity(FADED if self.faded else 1.0)
        paint.draw_badge(painter, badge, view.badge, view.mark, palette, bold, "Window")
        painter.setOpacity(1.0)
        said = []
        if abs(self.weight - 1.0) > 1e-9:
            said.append(text("mixer.times", weight=number(self.weight)))
        if view.ambition is not None:
            said.append(text("mixer.ambition_short", mark=shown(view.ambition, language())))
        words = " · ".join(said)
        small = paint.small(self.font(), 0.85)
        need = QFontMetricsF(small).size(0, words).width() + 8
        right = badge.left() - 6
        if words and right - need > 18 + wide:
            painter.setFont(small)
            painter.setPen(paint.soft(palette, 0.65, "Window"))
            painter.drawText(QRectF(right - need, box.top(), need, box.height()), paint.flags(
                Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter), words)  # fmt: skip
            right -= need
        painter.setPen(QPen(paint.blend(palette, 0.18, "Window"), 1.0))
        if right - 8 > 18 + wide + 6:
            painter.drawLine(QLineF(18 + wide + 6, middle, right - 4, middle))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tints(palette).accent, 1.4))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.8, 2.8, -0.8, -0.8), 4, 4)
