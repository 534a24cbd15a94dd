"""The panel in large type, for a room full of people: total, themes, breaches, a few numbers.

Everything scales with the window. Totals are never without their breaches and the status of the
norms is always in view, here as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qgis.PyQt.QtCore import QLineF, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFont, QFontMetricsF, QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import QWidget

from ...engine.texts import text
from .. import paint
from ..overview import Overview
from .tints import FADED, tints

MOST = 8  # numbers on the screen
_LEFT = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class KeyNumber:
    """One indicator as it is told to a room."""

    name: str
    value: str
    mark: float | None
    badge: str


class Presenter(QWidget):
    """``left`` is told when somebody presses Escape."""

    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ""
        self.status = ""
        self.over: Overview | None = None
        self.numbers: tuple[KeyNumber, ...] = ()
        self.faded = False
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(text("mixer.presenter"))

    def show_all(self, title: str, status: str, over: Overview,
                 numbers: Sequence[KeyNumber]) -> None:  # fmt: skip
        """Show a state of the plan."""
        given = (title, status, over, tuple(numbers)[:MOST])
        if given == (self.title, self.status, self.over, self.numbers):
            return
        self.title, self.status, self.over, self.numbers = given
        said = [over.title, over.total.spoken, *over.counts(),
                *(view.spoken for view in over.themes),
                *(f"{n.name}: {n.value}, {n.badge}" for n in self.numbers), status]  # fmt: skip
        self.setAccessibleDescription(". ".join(said))
        self.update()

    def fade(self, on: bool) -> None:
        """Grey the numbers that no longer hold."""
        if on != self.faded:
            self.faded = on
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(1280, 720)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    # --- drawing --------------------------------------------------------------------------------
    def _font(self, share: float, bold: bool = False) -> QFont:
        """A font whose size is a share of the window's height (a narrow window counts as low)."""
        made = QFont(self.font())
        made.setPixelSize(max(9, round(min(self.height(), self.width() * 0.58) * share)))
        made.setBold(bold)
        return made

    def _write(self, painter: QPainter, box: QRectF, font: QFont, words: str, pen: Any,
               *align: Any) -> None:  # fmt: skip
        painter.setFont(font)
        painter.setPen(pen)
        painter.drawText(box, paint.flags(*(align or _LEFT)), QFontMetricsF(font).elidedText(
            words, Qt.TextElideMode.ElideRight, box.width() + 2))  # fmt: skip

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        if self.over is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide, high = float(self.width()), float(self.height())
        edge = min(wide, high) * 0.05
        palette = self.palette()
        ink, mild = paint.ink(palette), paint.soft(palette, 0.7)
        head = self._font(0.034)
        tall = QFontMetricsF(head).height()
        self._write(painter, QRectF(edge, edge * 0.7, wide * 0.6, tall), self._font(0.034, True),
                    self.title, ink)  # fmt: skip
        self._write(painter, QRectF(wide * 0.6, edge * 0.7, wide * 0.4 - edge, tall),
                    self._font(0.026), text("mixer.norms", status=self.status), mild,
                    Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter)  # fmt: skip
        top = edge * 0.7 + tall + edge * 0.7
        middle = high * 0.50
        self._total(painter, QRectF(edge, top, wide * 0.34, middle - top), ink, mild)
        self._themes(painter, QRectF(edge + wide * 0.37, top + tall * 0.4, wide * 0.63 - 2 * edge,
                                     middle - top - tall * 0.4), ink)  # fmt: skip
        self._legend(painter, wide - edge, edge * 0.7 + tall)
        painter.setPen(QPen(paint.blend(palette, 0.15), 1.0))
        line = middle + edge * 0.5
        painter.drawLine(QLineF(edge, line, wide - edge, line))
        self._numbers(painter, QRectF(edge, line + edge * 0.4, wide - 2 * edge,
                                      high - line - edge * 1.1), ink, mild)  # fmt: skip

    def _legend(self, painter: QPainter, right: float, y: float) -> None:
        """What the lines across the bars are."""
        palette, font = self.palette(), self._font(0.02)
        metrics = QFontMetricsF(font)
        tall = metrics.height()
        for key, pen in (("mixer.six", QPen(paint.soft(palette, 0.8), 1.5, Qt.PenStyle.DotLine)),
                         ("mixer.ambition", QPen(tints(palette).accent, 3.5))):  # fmt: skip
            words = text(key)
            wide = metrics.size(0, words).width()
            self._write(painter, QRectF(right - wide, y, wide, tall), font, words,
                        paint.soft(palette, 0.7))  # fmt: skip
            painter.setPen(pen)
            middle = y + tall / 2
            end = right - wide - 8
            painter.drawLine(QLineF(end - tall * 1.4, middle, end, middle))
            right = end - tall * 1.4 - 20

    def _total(self, painter: QPainter, box: QRectF, ink: Any, mild: Any) -> None:
        over = self.over
        assert over is not None
        name = self._font(0.036, True)
        tall = QFontMetricsF(name).height()
        title = QRectF(box.left(), box.top(), box.width(), tall)
        self._write(painter, title, name, over.title, ink)
        big = self._font(0.12, True)
        metrics = QFontMetricsF(big)
        width = min(box.width(), metrics.size(0, over.total.badge).width() + metrics.height() * 0.8)
        badge = QRectF(box.left(), box.top() + tall * 1.25, width, metrics.height() * 1.15)
        painter.setOpacity(FADED if self.faded else 1.0)
        paint.draw_badge(painter, badge, over.total.badge, over.total.mark, self.palette(), big)
        painter.setOpacity(1.0)
        said = over.brief_counts()
        strong = self._font(0.034, True)
        y = badge.bottom() + tall * 0.35
        pen = paint.warning_colour(self.palette()) if over.n_breach else ink
        self._write(painter, QRectF(box.left(), y, box.width(), tall), strong, said[0], pen)
        less = self._font(0.026)
        row = QFontMetricsF(less).height() * 1.15
        y += tall * 1.05
        facts = over.total.facts
        for words in (" · ".join(said[1:]), " · ".join(facts[:-2]), " · ".join(facts[-2:])):
            if words:
                self._write(painter, QRectF(box.left(), y, box.width(), row), less, words, mild)
                y += row

    def _themes(self, painter: QPainter, box: QRectF, ink: Any) -> None:
        assert self.over is not None
        views = self.over.themes
        if not views:
            return
        mark_font, name_font = self._font(0.038, True), self._font(0.026)
        mark_tall = QFontMetricsF(mark_font).height()
        name_tall = QFontMetricsF(name_font).height()
        wide = box.width() / len(views)
        full = all(QFontMetricsF(name_font).size(0, v.name).width() < wide - 6 for v in views)
        for index, view in enumerate(views):
            slot = QRectF(box.left() + index * wide, box.top(), wide, box.height())
            bar = slot.adjusted(wide * 0.12, mark_tall + 6, -wide * 0.12, -name_tall - 6)
            painter.setOpacity(FADED if self.faded else 1.0)
            paint.draw_bar(painter, bar, view.mark, self.palette())
            if view.ambition is not None:
                y = bar.bottom() - bar.height() * view.ambition / 10.0
                for colour, thick in ((paint.paper(self.palette(), "Base"), 7.0),
                                      (tints(self.palette()).accent, 3.5)):  # fmt: skip
                    painter.setPen(QPen(colour, thick))
                    painter.drawLine(QLineF(bar.left() - 4, y, bar.right() + 4, y))
            pen = paint.warning_colour(self.palette()) if view.n_breach else ink
            centre = (Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignVCenter)
            fitting = self._fitting(mark_font, view.badge, wide)
            self._write(painter, QRectF(slot.left(), slot.top(), wide, mark_tall), fitting,
                        view.badge, pen, *centre)  # fmt: skip
            painter.setOpacity(1.0)
            self._write(painter, QRectF(slot.left(), slot.bottom() - name_tall, wide, name_tall),
                        name_font, view.name if full else view.short, ink, *centre)  # fmt: skip

    @staticmethod
    def _fitting(font: QFont, words: str, wide: float) -> QFont:
        """A smaller font where the words would not fit: nothing may be cut off."""
        made = QFont(font)
        need = QFontMetricsF(font).size(0, words).width()
        if need > wide - 2:
            made.setPixelSize(max(9, int(font.pixelSize() * (wide - 2) / need)))
        return made

    def _numbers(self, painter: QPainter, box: QRectF, ink: Any, mild: Any) -> None:
        n = len(self.numbers)
        if not n:
            return
        columns = 2 if box.width() < 700 else 3 if n in (5, 6) else 4
        columns = min(columns, n)
        lines = -(-n // columns)
        wide, high = box.width() / columns, box.height() / lines
        value_font, name_font = self._font(0.042, True), self._font(0.027)
        badge_font = self._font(0.034, True)
        value_tall = QFontMetricsF(value_font).height()
        name_tall = QFontMetricsF(name_font).height()
        metrics = QFontMetricsF(badge_font)
        badges = metrics.height() * 0.8 + max(
            metrics.size(0, k.badge).width() for k in self.numbers)  # fmt: skip
        gap = wide * 0.06
        for index, each in enumerate(self.numbers):
            left = box.left() + (index % columns) * wide
            top = box.top() + (index // columns + 0.5) * high - (value_tall + name_tall) / 2
            painter.setOpacity(FADED if self.faded else 1.0)
            paint.draw_badge(painter, QRectF(left, top + value_tall / 2 - metrics.height() * 0.6,
                                             badges, metrics.height() * 1.2), each.badge, each.mark,
                             self.palette(), badge_font)  # fmt: skip
            room = wide - badges - 14 - gap
            self._write(painter, QRectF(left + badges + 14, top, room, value_tall),
                        self._fitting(value_font, each.value, room), each.value, ink)  # fmt: skip
            painter.setOpacity(1.0)
            self._write(painter, QRectF(left, top + value_tall * 1.08, wide - gap, name_tall),
                        self._fitting(name_font, each.name, wide - gap), each.name,
                        mild)  # fmt: skip
