"""The presenter: a window in large type that follows the mixing panel."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from ..engine.row_view import RowView, row_views
from ..engine.texts import text
from .guard import guarded
from .widgets.presenter import KeyNumber, Presenter

MOST, BEST = 8, 3  # numbers, of which the best


def key_numbers(views: list[RowView], most: int = MOST) -> list[KeyNumber]:
    """The numbers that deserve the room: breaches and what is furthest below its ambition first,
    and then what is best, for a room wants to know both. What is switched off or has no mark is
    left out."""

    def gap(view: RowView) -> float:
        aim = 8.0 if view.ambition_mark is None else view.ambition_mark
        return ((view.mark or 0.0) - aim) * max(view.weight, 0.1)

    told = [v for v in views if (v.mark is not None and not v.off) or v.n_breach]
    told.sort(key=lambda v: (not v.n_breach, gap(v), v.code))
    if len(told) > most:
        best = sorted(told[most - BEST :], key=lambda v: (-(v.mark or 0.0), v.code))[:BEST]
        told = told[: most - BEST] + best
    return [KeyNumber(v.name, f"{v.figure} {v.unit_short}".strip(), v.mark, v.badge)
            for v in told]  # fmt: skip


class PresenterWindow(QWidget):
    """Full screen; Escape closes it."""

    def __init__(self, dock: Any) -> None:
        super().__init__(dock, Qt.WindowType.Window)
        self.dock = dock
        self.setWindowTitle(text("mixer.presenter"))
        self.view = Presenter(self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.view)
        self.view.left.connect(self.close)

    def open(self) -> None:
        """Show it on the whole screen."""
        self.showFullScreen()
        self.raise_()
        self.activateWindow()
        self.view.setFocus()

    @guarded
    def follow(self) -> None:
        """Show what the panel shows."""
        dock = self.dock
        mixer = dock.mixer
        if mixer.assessment is None or mixer.over is None:
            return
        views = row_views(mixer.assessment, dock.moves.mix, *mixer.place)
        title = dock.inputs.brief().split(" · ")[:1]
        title.insert(0, dock.project.title() or dock.project.baseName())
        _, status = dock.profile_words()
        self.view.show_all(" · ".join(t for t in title if t), status, mixer.over,
                           key_numbers(views))  # fmt: skip
        self.view.fade(mixer.stale)

    def closeEvent(self, event: Any) -> None:  # noqa: N802
        super().closeEvent(event)
        self.dock.follow_view()
