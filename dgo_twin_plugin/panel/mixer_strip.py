"""The strip below the total: what the law and the alerts say, each with its place on the map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QRectF, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPainter, QPalette, QPen
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ..engine.texts import text
from . import paint
from .findings import Findings
from .guard import guarded
from .overview import Found, Overview
from .widgets.labels import LineLabel

LIST_HEIGHT = 168  # px of the opened list


class Strip(QFrame):
    """One line with counts and one with a finding; it opens into the whole list. ``asked``
    carries the :class:`~.overview.Found` that is to be shown on the map."""

    asked = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dgo_strip")
        self.over: Overview | None = None
        self._list_of: Callable[[], list[Found]] = list
        self._listed: list[Found] | None = None
        self._at = 0
        self._laws = ("", "")
        self.law = LineLabel(self, strong=True)
        self.said = LineLabel(self, strong=True)
        self.first = LineLabel(self)
        snug = QSizePolicy.Policy.Maximum  # as wide as its words, less where there is no room
        for label in (self.law, self.first):
            label.setSizePolicy(snug, QSizePolicy.Policy.Fixed)
        self.open = self._button("mixer.findings", Qt.ArrowType.RightArrow)
        self.open.setCheckable(True)
        self.show_one = self._button("mixer.finding_show")
        self.show_one.setIcon(QgsApplication.getThemeIcon("/mActionZoomToSelected.svg"))
        self.next_one = self._button("mixer.finding_next")
        self.next_one.setArrowType(Qt.ArrowType.RightArrow)
        self.list = Findings(text("mixer.findings"), text("mixer.findings_none"), self)
        self.list.setFixedHeight(LIST_HEIGHT)
        self.list.hide()
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.open)
        head.addWidget(self.law)
        head.addWidget(self.said, 1)
        below = QHBoxLayout()
        below.setSpacing(2)
        below.addSpacing(22)
        below.addWidget(self.first)
        below.addWidget(self.show_one)
        below.addWidget(self.next_one)
        below.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(6, 4, 6, 4)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addLayout(below)
        whole.addWidget(self.list)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.open.toggled.connect(self._opened)
        self.show_one.clicked.connect(self._show_one)
        self.next_one.clicked.connect(self._next_one)
        self.list.asked.connect(self.asked)
        self.list.itemClicked.connect(self._clicked)

    def _button(self, key: str, arrow: Any = None) -> QToolButton:
        button = QToolButton(self)
        button.setAutoRaise(True)
        button.setToolTip(text(key))
        button.setAccessibleName(text(key))
        if arrow is not None:
            button.setArrowType(arrow)
        return button

    def show_found(self, over: Overview, findings: Callable[[], list[Found]]) -> None:
        """Show the counts; ``findings`` gives the list when somebody looks at it."""
        self._list_of = findings
        self._listed = None
        if over != self.over:
            self.over = over
            sign = "▲ " if over.n_breach else ""
            said = " · ".join(over.counts())
            brief = over.brief_counts()
            self._laws = (sign + brief[0], sign + text("mixer.brief.law_short", n=over.n_breach)
                          if over.n_breach else brief[0])  # fmt: skip
            self.law.warn(bool(over.n_breach))
            self.said.setText("".join(f"· {words} " for words in brief[1:]))
            self._fit()
            for label in (self.law, self.said):
                label.setToolTip(said)
                label.setAccessibleName(said)
            self.setAccessibleName(said)
        some = bool(over.n_breach or over.n_perhaps or over.n_alerts)
        self.open.setEnabled(some)
        if not some and self.open.isChecked():
            self.open.setChecked(False)
        self._refresh(some)
        self.update()

    def forget(self) -> None:
        """Hold nothing of what was found: its places hold the plan."""
        self._list_of, self._listed = list, None
        self.list.clear()

    def _fit(self) -> None:
        """The long words about the law where all counts fit beside them, else the short."""
        room = self.width() - self.open.sizeHint().width() - self.said.sizeHint().width() - 18
        self.law.setText(self._laws[0])
        if self.law.sizeHint().width() > room:
            self.law.setText(self._laws[1])

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _found(self) -> list[Found]:
        if self._listed is None:
            self._listed = self._list_of()
            self._at = min(self._at, max(0, len(self._listed) - 1))
        return self._listed

    def _refresh(self, some: bool) -> None:
        opened = self.open.isChecked()
        for widget in (self.first, self.show_one, self.next_one):
            widget.setVisible(some and not opened)
        if not some:
            return
        found = self._found()
        if not found:
            self.first.setText("")
            return
        if opened:
            current = self.list.currentRow()
            self.list.show_found(found)
            self.list.setCurrentRow(min(current, self.list.count() - 1))
            return
        one = found[self._at]
        self.first.setText(one.title)
        self.first.setToolTip("<br>".join(t for t in (one.title, one.about, one.tip) if t))
        self.show_one.setEnabled(one.place is not None)
        self.next_one.setVisible(len(found) > 1)

    @guarded
    def _opened(self, on: bool) -> None:
        self.open.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.list.setVisible(on)
        self._refresh(self.open.isEnabled())

    @guarded
    def _show_one(self) -> None:
        found = self._found()
        if found:
            self.asked.emit(found[self._at])

    @guarded
    def _next_one(self) -> None:
        found = self._found()
        if found:
            self._at = (self._at + 1) % len(found)
            self._refresh(True)
            self.asked.emit(found[self._at])

    @guarded
    def _clicked(self, item: Any) -> None:
        found = item.data(Qt.ItemDataRole.UserRole)
        if found is not None:
            self.asked.emit(found)

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        """A click on the words opens the list or shows the finding."""
        if self.first.isVisible() and self.first.geometry().contains(event.pos()):
            self._show_one()
        elif event.pos().y() < self.open.geometry().bottom() and self.open.isEnabled():
            self.open.toggle()

    def fade(self, on: bool) -> None:
        """Grey what no longer holds."""
        self.list.fade(on)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """A frame in the colour of a breach where there is one."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        warn = self.over is not None and bool(self.over.n_breach)
        painter.setPen(QPen(paint.warning_colour(palette) if warn
                            else paint.blend(palette, 0.18, "Window"), 1.4 if warn else 1.0))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.8, 0.8, -0.8, -0.8), 6.0, 6.0)
