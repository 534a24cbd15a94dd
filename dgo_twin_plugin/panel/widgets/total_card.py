"""The card that is always in view: the total with its breaches, and a bar per theme."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QRectF, QSize, Qt
from qgis.PyQt.QtGui import QFontMetricsF, QPainter, QPalette
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from .. import paint
from ..overview import MarkView, Overview
from .labels import MutedLabel
from .theme_bars import ThemeBars
from .tints import FADED

BESIDE = 640  # px from which the bars stand beside the total instead of below it
LEAST = 270  # px


class BigBadge(QWidget):
    """One large mark, with the count of breaches in it."""

    def __init__(self, parent: QWidget | None = None, factor: float = 1.6) -> None:
        super().__init__(parent)
        self.view: MarkView | None = None
        self.faded = False
        self.factor = factor
        self.over = "Base"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_view(self, view: MarkView) -> None:
        """Show a mark."""
        if view == self.view:
            return
        before, self.view = self.view, view
        self.setToolTip(view.tip)
        self.setAccessibleName(f"{view.name}: {view.badge}")
        self.setAccessibleDescription(view.spoken)
        if before is None or len(before.badge) != len(view.badge):
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        font = paint.small(self.font(), self.factor, bold=True)
        metrics = QFontMetricsF(font)
        # wide digits and the breaches of now: a moving mark must not push the rest about
        shown = self.view.badge if self.view else ""
        wide = max(metrics.boundingRect(shown).width(), metrics.boundingRect("0,0").width())
        return QSize(int(wide + metrics.height()), int(metrics.height() * 1.4))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        if self.view is None:
            return
        painter = QPainter(self)
        painter.setOpacity(FADED if self.faded else 1.0)
        paint.draw_badge(painter, QRectF(self.rect()), self.view.badge, self.view.mark,
                         self.palette(), paint.small(self.font(), self.factor, bold=True),
                         self.over)  # fmt: skip


class TotalCard(QFrame):
    """Total and themes of a scope. The chooser of the scope is put in by whoever owns it."""

    def __init__(self, chooser: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dgo_total_card")
        self.chooser = chooser
        self.badge = BigBadge(self)
        self.facts = MutedLabel(self, strong=True)
        self.bars = ThemeBars(self)
        self.over: Overview | None = None
        right = QVBoxLayout()
        right.setSpacing(3)
        right.addWidget(chooser)
        right.addWidget(self.facts)
        self._head = QWidget(self)
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(10)
        head.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addLayout(right, 1)
        self._grid = QHBoxLayout(self)
        self._grid.setContentsMargins(10, 8, 10, 7)
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        self._column.addWidget(self._head)
        self._column.addWidget(self.bars)
        self._grid.addLayout(self._column, 1)
        self._wide = False

    def show_overview(self, over: Overview) -> None:
        """Show it; parts that did not change are not painted again."""
        if over == self.over:
            return
        self.over = over
        self.badge.show_view(over.total)
        # wrap between the facts, not in them
        facts = " · ".join(fact.replace(" ", "\u00a0") for fact in over.total.facts)
        if facts != self.facts.text():
            self.facts.setText(facts)
        self.facts.setVisible(bool(facts))
        self.facts.setToolTip(over.total.tip)
        self.bars.show_views(over.themes)
        self.setAccessibleName(f"{over.title}: {over.total.badge}")
        self.setAccessibleDescription("; ".join(over.counts()))

    def fade(self, on: bool) -> None:
        """Grey the numbers that no longer hold."""
        if self.badge.faded != on:
            self.badge.faded = on
            self.badge.update()
        self.bars.fade(on)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As narrow as it is with the bars below, so that a wide panel can be made narrow at
        once."""
        return QSize(LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        wide = self.width() >= BESIDE
        if wide == self._wide:
            return
        self._wide = wide
        if wide:
            self._column.removeWidget(self.bars)
            self._grid.addWidget(self.bars, 2)
        else:
            self._grid.removeWidget(self.bars)
            self._column.addWidget(self.bars)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """A card in the colours of the palette."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        painter.setPen(paint.blend(palette, 0.18, "Window"))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6.0, 6.0)
