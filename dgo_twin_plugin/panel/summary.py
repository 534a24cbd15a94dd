"""The card on top: mark of the plan or a zone with its breaches, and a bar per theme."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetricsF, QPainter, QPalette
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import moment, text
from ..store.runs import list_runs
from . import paint
from .view import Line, RunView
from .widgets.labels import MutedLabel

FADED = 0.45  # opacity of numbers that are outdated


class BadgeView(QWidget):
    """One large mark."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line: Line | None = None
        self.faded = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_line(self, line: Line) -> None:
        """Show a total."""
        self.line = line
        self.setToolTip(line.tip)
        self.setAccessibleName(f"{line.name}: {line.badge}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = QFontMetricsF(paint.small(self.font(), 1.55, bold=True))
        wide = metrics.boundingRect(self.line.badge if self.line else "10,0").width()
        return QSize(int(max(64.0, wide + 28)), int(metrics.height() + 14))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        if self.line is None:
            return
        painter = QPainter(self)
        painter.setOpacity(FADED if self.faded else 1.0)
        paint.draw_badge(painter, QRectF(self.rect()), self.line.badge, self.line.mark,
                         self.palette(), paint.small(self.font(), 1.55, bold=True))  # fmt: skip


class ThemeBars(QWidget):
    """A bar per theme, with its mark above and its name below. A click chooses the theme."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[Line] = []
        self.faded = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def show_lines(self, lines: list[Line]) -> None:
        """Show the themes of a zone."""
        self.lines = lines
        self.setAccessibleName(text("report.section.themes"))
        self.setAccessibleDescription("; ".join(f"{x.name} {x.badge}" for x in lines))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        line = QFontMetricsF(paint.small(self.font(), 0.8)).height()
        return QSize(280, int(2 * line + 44))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(120, self.sizeHint().height())

    def _slots(self) -> list[QRectF]:
        """The column of each theme, name and mark included."""
        n = max(1, len(self.lines))
        wide = min(110.0, self.width() / n)
        return [QRectF(i * wide, 0.0, wide, float(self.height())) for i in range(n)]

    def _at(self, point: Any) -> Line | None:
        for line, slot in zip(self.lines, self._slots()):
            if slot.contains(float(point.x()), float(point.y())):
                return line
        return None

    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            found = self._at(event.pos())
            QToolTip.showText(event.globalPos(), found.tip if found else "", self)
            return True
        return bool(super().event(event))

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        found = self._at(event.pos())
        if found is not None:
            self.chosen.emit(found.key)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setOpacity(FADED if self.faded else 1.0)
        font = paint.small(self.font(), 0.8)
        metrics = QFontMetricsF(font)
        tall = metrics.height()
        ink = paint.soft(self.palette(), 0.85)
        for line, slot in zip(self.lines, self._slots()):
            bar = QRectF(slot.left() + 2, tall + 2, slot.width() - 4, slot.height() - 2 * tall - 4)
            paint.draw_bar(painter, bar, line.mark, self.palette())
            painter.setFont(paint.small(self.font(), 0.8, bold=bool(line.n_breach)))
            painter.setPen(paint.warning_colour(self.palette()) if line.n_breach else ink)
            centre = Qt.AlignmentFlag.AlignCenter
            painter.drawText(QRectF(slot.left(), 0, slot.width(), tall), centre, line.badge)
            painter.setFont(font)
            painter.setPen(ink)
            name = line.name
            if metrics.boundingRect(name).width() > slot.width() - 2:
                name = text(f"panel.theme_short.{line.key}")
            under = QRectF(slot.left(), slot.height() - tall, slot.width(), tall)
            painter.drawText(under, centre, metrics.elidedText(
                name, Qt.TextElideMode.ElideRight, slot.width()))  # fmt: skip


class Summary(QFrame):
    """Which run, which zone, its mark, its themes, what was found."""

    run_chosen = pyqtSignal(str)
    zone_chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dgo_summary")
        self.runs = QComboBox(self)
        self.zones = QComboBox(self)
        for box, key in ((self.runs, "runs"), (self.zones, "zones")):
            box.setAccessibleName(text(f"panel.{key}"))
            box.setToolTip(text(f"panel.{key}.tip"))
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.badge = BadgeView(self)
        self.facts = MutedLabel(self)
        self.bars = ThemeBars(self)
        self.law = MutedLabel(self, strong=True)
        self.found = MutedLabel(self)
        head = QHBoxLayout()
        head.setSpacing(10)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self.zones)
        right.addWidget(self.facts)
        head.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(right, 1)
        said = QVBoxLayout()
        said.setSpacing(1)
        said.addWidget(self.law)
        said.addWidget(self.found)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(10, 8, 10, 8)
        whole.setSpacing(7)
        whole.addWidget(self.runs)
        whole.addLayout(head)
        whole.addLayout(said)
        whole.addWidget(self.bars)
        self.runs.activated.connect(lambda i: self.run_chosen.emit(self.runs.itemData(i)))
        self.zones.activated.connect(lambda i: self.zone_chosen.emit(int(self.zones.itemData(i))))

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """A card in the colours of the palette."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(paint.blend(self.palette(), 0.18, "Window"))
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6.0, 6.0)

    def fill_runs(self, view: RunView) -> None:
        """List the runs of the file, the newest first."""
        self.runs.clear()
        for run in list_runs(view.path):
            name = run["scenario"] or text("panel.no_scenario")
            self.runs.addItem(f"{name} · {moment(run['started'])}", run["run_id"])
        self.runs.setCurrentIndex(self.runs.findData(view.run_id))

    def fill_zones(self, view: RunView, zone: int) -> int:
        """List plan and zones; gives the zone that is chosen, the plan where it is not there."""
        self.zones.clear()
        for key, name in view.zone_names():
            self.zones.addItem(name, key)
        self.zones.setCurrentIndex(max(0, self.zones.findData(zone)))
        return int(self.zones.currentData())

    def show_zone(self, view: RunView, zone: int) -> None:
        """Show the marks of the plan (0) or a zone."""
        total = view.total(zone)
        self.badge.show_line(total)
        facts = [fact.replace(" ", "\u00a0") for fact in view.facts(total)]  # wrap between, not in
        self.facts.setText(" · ".join(facts) or text("report.no_total"))
        self.bars.show_lines(view.themes(zone))
        law, counts = view.law_count(zone), view.counts(zone)
        self.law.setText(law)
        self.law.warn(bool(total.n_breach))
        self.found.setText(counts)
        self.found.setVisible(bool(counts))
        self.setAccessibleName(f"{self.zones.currentText()}: {total.badge}. {law}. {counts}")

    def fade(self, on: bool) -> None:
        """Grey the numbers that no longer hold."""
        self.badge.faded = self.bars.faded = on
        self.badge.update()
        self.bars.update()
