"""The mixing panel: total and themes always in view, a row per indicator, live while one draws.

It shows what a live session assesses and turns what the hand does into moves of the mix. It knows
no layers: what is to be shown on the map is asked for by signals.
"""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from ..engine.assessment import Assessment
from ..engine.mix import ALL
from ..engine.row_memory import RowMemory
from ..engine.row_view import RowView, area_types, row_views
from ..engine.texts import text
from .guard import guarded
from .mixer_rows import Rows
from .mixer_side import Side
from .mixer_strip import Strip
from .moves import Moves
from .overview import Found, Kept, Overview, findings, overview, theme_marks, titles
from .widgets.labels import MutedLabel
from .widgets.radar import Radar
from .widgets.total_card import TotalCard

BESIDE = 860  # px from which the side stands beside the rows instead of below
STALE = ("waiting", "stale", "computing", "failed")  # states in which the numbers do not hold


class Mixer(QWidget):
    """``why_asked``: indicator, zone; ``place_asked``: geometry (WKB) and its CRS; ``shown``:
    something of what is in view changed; ``hovered``: the indicator under the mouse, or ''."""

    why_asked = pyqtSignal(str, int)
    place_asked = pyqtSignal(object, str)
    score_asked = pyqtSignal()
    plan_asked = pyqtSignal()
    shown = pyqtSignal()
    hovered = pyqtSignal(str)
    chosen = pyqtSignal(str)
    state_changed = pyqtSignal(object)  # of the session

    def __init__(self, session: Any, moves: Moves, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.moves = session, moves
        self.assessment: Assessment | None = None
        self.over: Overview | None = None
        self.place: tuple[str, int] = (ALL, 0)  # scope and zone in view
        self.former: Assessment | None = None  # before the last change of the design
        self.ghost: Any = None  # a named state that takes its place
        self.ghost_name = ""
        self.live: Any = None  # state of the session
        self.stale = False
        self.parts: dict[str, str] = {}  # indicator -> the part to be shown
        self._memory, self._kept = RowMemory(), Kept()  # what is shown was made of
        self._names: list[tuple[str, int, str]] = []
        self._named: Any = None  # the zones that they are of
        self._listed: tuple[Any, ...] = ()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.refresh)
        self._make()
        self._lay_out()
        self._connect()
        if session.assessment is not None:
            self._assessed(session.assessment)
        self._show_empty()

    # --- making -----------------------------------------------------------------------------
    def _make(self) -> None:
        self.scope = QComboBox(self)
        self.scope.setAccessibleName(text("mixer.scope"))
        self.scope.setToolTip(text("mixer.scope.tip"))
        self.scope.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.scope.setMinimumContentsLength(8)
        self.scope.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.card = TotalCard(self.scope, self)
        self.strip = Strip(self)
        self.rows = Rows(self)
        self.side = Side(self)
        self.radar: Radar | None = None
        self.why: Any = None
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.rows)
        self.splitter.addWidget(self.side)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.empty = MutedLabel(self)
        self.empty.setText(text("mixer.empty"))
        self.plan_button = QPushButton(text("wizard.action"), self)
        self.plan_button.setToolTip(text("wizard.action_tip"))
        self.plan_button.setAccessibleDescription(text("wizard.action_tip"))

    def _lay_out(self) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.setSpacing(5)
        top.addWidget(self.card)
        top.addWidget(self.strip)
        top.addWidget(self.empty)
        top.addWidget(self.plan_button, 0, Qt.AlignmentFlag.AlignLeft)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addLayout(top)
        whole.addWidget(self.splitter, 1)
        whole.addStretch(0)

    def _connect(self) -> None:
        self.session.assessed.connect(self._assessed)
        self.session.state_changed.connect(self._state_changed)
        self.moves.moved.connect(self._moved)
        self.scope.activated.connect(self._scope_chosen)
        self.card.bars.chosen.connect(self.rows.show_theme)
        self.strip.asked.connect(self._found_asked)
        self.plan_button.clicked.connect(self.plan_asked)
        self.side.closed.connect(self.shown)
        rows = self.rows
        rows.ambition_moved.connect(self._ambition)
        rows.weight_moved.connect(self._weight)
        rows.switched.connect(self._switch)
        rows.lock_asked.connect(self._lock)
        rows.theme_weighed.connect(self._theme_weight)
        rows.part_chosen.connect(self._part)
        rows.why_asked.connect(self._why)
        rows.hovered.connect(self.hovered)
        rows.chosen.connect(self.chosen)

    def end(self) -> None:
        """Hear nothing more from the session."""
        self.session.assessed.disconnect(self._assessed)
        self.session.state_changed.disconnect(self._state_changed)
        self.moves.moved.disconnect(self._moved)
        self.assessment = self.former = self.over = self.ghost = None
        self._let_go()

    def _let_go(self) -> None:
        """Hold nothing of what was shown."""
        self._listed, self._named, self._kept = (), None, Kept()
        self._memory.forget()
        self.strip.forget()

    # --- what the session says ------------------------------------------------------------------
    @guarded
    def _assessed(self, assessment: Assessment | None) -> None:
        self._later.stop()
        before, self.assessment = self.assessment, assessment
        if assessment is None:
            self.former = None
            self._let_go()
        elif before is not None and _moved_on(before, assessment):
            self.former = before if _same_zones(before, assessment) else None
        self._fill_scopes()
        self.refresh()

    @guarded
    def _state_changed(self, state: Any) -> None:
        self.live = state
        if self.assessment is not None and self.session.assessment is None:
            self._assessed(None)
        stale = state.kind in STALE
        if stale and not self.stale:
            self.stale = True
            self.refresh()  # greyed at once
        elif self.stale and not stale:
            self.stale = False
            self._later.start()  # the new numbers come in the same call; else the old ones hold
        self._show_empty()
        self.state_changed.emit(state)

    @guarded
    def _moved(self, mix: Any, _final: bool) -> None:
        before = self.assessment
        self.session.set_mix(mix)  # its assessment comes back in the same call
        if self.assessment is None:
            self.shown.emit()
        elif self.assessment is before:  # the session rests, or has let go of what is shown
            self._assessed(before.judged(*mix.laid(before.profile)))

    def outdate(self) -> None:
        """A layer changed while the session does not follow: the numbers do not hold."""
        if self.assessment is not None and not self.stale:
            self.stale = True
            self.refresh()

    # --- showing --------------------------------------------------------------------------------
    def refresh(self) -> None:
        """Show the state in force; what did not change is not painted again."""
        self._show_empty()
        assessment = self.assessment
        if assessment is None:
            self.over = None
            self.shown.emit()
            return
        scope, zone = self.place
        mix = self.moves.mix
        weights = mix.laid(assessment.profile)[1]
        ghost_rows, ghost_themes = self._ghost(weights)
        self.over = over = overview(assessment, self._title(), scope, zone, weights, ghost_themes,
                                    self._kept)  # fmt: skip
        self.card.show_overview(self.over)
        views = row_views(assessment, mix, scope, zone, ghost_rows, None, self.stale,
                          self.parts or None, self._memory)  # fmt: skip
        self.rows.show_rows(views, over)
        self.rows.show_heads(over, dict(weights.themes), not mix.testing)
        listed = (assessment.breaches, assessment.alerts, self.place, over.numbers())
        if not _same(listed, self._listed):  # a slider finds nothing new
            self._listed = listed
            self.strip.show_found(over, lambda: findings(assessment, scope, zone))
        for each in (self.card, self.strip, self.rows):
            each.fade(self.stale)
        if self.radar is not None and self.side.shows(self.radar):
            self.radar.show_views(over.themes, self.ghost_name)
            self.radar.fade(self.stale)
        self.shown.emit()

    def _ghost(self, weights: Any) -> tuple[Any, dict[str, float | None]]:
        """What was: for the rows, and the marks of the themes. A named state goes before the state
        before the last change."""
        scope, zone = self.place
        if self.ghost is not None:
            from ..engine.compare import ghost

            kinds = self.assessment.scene.zones.area_type if self.assessment else ()
            rows = ghost(self.ghost, scope, zone, {i: str(t or "") for i, t in enumerate(kinds, 1)})
            if scope != ALL and not zone:
                return rows, {}  # it has no totals of several zones together
            return rows, {theme: total.mark for (at, theme), total in self.ghost.totals.items()
                          if at == zone}  # fmt: skip
        if self.former is None:
            return None, {}
        return self.former, theme_marks(self.former, scope, zone, weights)

    def _show_empty(self) -> None:
        """Say what to do where nothing is assessed yet."""
        none = self.assessment is None
        for widget in (self.card, self.strip, self.splitter):
            widget.setVisible(not none)
        kind = getattr(self.live, "kind", "off")
        self.empty.setVisible(none)
        self.empty.setText(text("mixer.computing" if kind in ("computing", "waiting")
                                else "mixer.empty"))  # fmt: skip
        self.plan_button.setVisible(none and kind not in ("computing", "waiting"))

    def _title(self) -> str:
        return next((name for s, z, name in self._names if (s, z) == self.place),
                    text("report.plan"))  # fmt: skip

    def _fill_scopes(self) -> None:
        """Plan, area types and zones of now; the place in view stays where it still is."""
        if self.assessment is not None and self.assessment.scene.zones is self._named:
            return  # a slider leaves the zones be
        self._named = None if self.assessment is None else self.assessment.scene.zones
        names = titles(self.assessment) if self.assessment is not None else []
        if names == self._names:
            return
        self._names = names
        self.scope.clear()
        for scope, zone, name in names:
            self.scope.addItem(name, (scope, zone))
        at = next((i for i, (s, z, _) in enumerate(names) if (s, z) == self.place), 0)
        self.scope.setCurrentIndex(at)
        if names:
            self.place = names[at][:2]

    @guarded
    def _scope_chosen(self, index: int) -> None:
        self.show_place(*self._names[index][:2])

    def show_place(self, scope: str, zone: int) -> None:
        """Show the plan, an area type or a zone."""
        self.place = (scope, zone)
        self.scope.setCurrentIndex(next(
            (i for i, n in enumerate(self._names) if n[:2] == self.place), 0))  # fmt: skip
        self.refresh()
        if self.side.shows(self.why) and self.rows.current:
            self._show_why(self.rows.current)

    def set_ghost(self, state: Any, name: str = "") -> None:
        """The state that is shown as former; None: that before the last change of the design."""
        if state is not self.ghost:
            self.ghost, self.ghost_name = state, name if state is not None else ""
            self.refresh()

    # --- what the hand does ---------------------------------------------------------------------
    @guarded
    def _ambition(self, row: RowView, value: float | None, final: bool) -> None:
        assessment, scope = self.assessment, self.place[0]
        if assessment is None or row.track is None:
            return
        key, track = row.key, row.track
        label = text("mixer.move.ambition", name=row.name)
        if track.marks:  # several area types at once: each gets its own value for the mark
            types = area_types(assessment) if scope == ALL else [scope]
            profile, date = assessment.profile, assessment.scene.date
            self.moves.do(lambda mix: mix.with_mark(profile, types, key, value, date), label, final)
            return
        where = scope if scope != ALL else track.area_type
        if value is None:  # as the norm has it, also under a wish for all types
            profile = assessment.profile
            self.moves.do(lambda mix: mix.at_norm(profile, where, key, track.area_type), label,
                          final)  # fmt: skip
            return
        self.moves.do(lambda mix: mix.with_ambition(where, key, value), label, final)

    @guarded
    def _weight(self, row: RowView, weight: float) -> None:
        label = text("mixer.move.weight", name=row.name)
        self.moves.do(lambda mix: mix.with_weight(row.indicator, weight), label)

    @guarded
    def _theme_weight(self, theme: str, weight: float) -> None:
        label = text("mixer.move.weight", name=text(f"words.theme.{theme}"))
        self.moves.do(lambda mix: mix.with_theme_weight(theme, weight), label)

    @guarded
    def _switch(self, row: RowView, off: bool) -> None:
        label = text("mixer.move.off" if off else "mixer.move.on", name=row.name)
        self.moves.do(lambda mix: mix.with_off(row.indicator, off), label)

    @guarded
    def _lock(self, row: RowView, locked: bool) -> None:
        label = text("mixer.move.lock" if locked else "mixer.move.free", name=row.name)
        self.moves.do(lambda mix: mix.with_lock(row.indicator, locked), label)

    @guarded
    def _part(self, indicator: str, part: str) -> None:
        self.parts[indicator] = part
        self.refresh()

    # --- the side -------------------------------------------------------------------------------
    @guarded
    def _why(self, row: RowView) -> None:
        self.rows.make_current(row.indicator)
        self._show_why(row.indicator)

    def _show_why(self, indicator: str) -> None:
        self.why_asked.emit(indicator, self.place[1])

    def open_side(self, page: QWidget, title: str, head: bool = True) -> None:
        """Show a page beside (or below) the rows; ``head=False`` where it has one of its own."""
        first = self.side.isHidden()
        self.side.open_page(page, title, head)
        self._turn()
        if first:
            whole = max(self.splitter.width(), 2) if self.width() >= BESIDE else max(
                self.splitter.height(), 2)  # fmt: skip
            share = 0.55 if self.width() >= BESIDE else 0.48
            self.splitter.setSizes([round(whole * share), round(whole * (1 - share))])

    def show_radar(self, on: bool = True) -> None:
        """Show the radar, or close it."""
        if not on:
            if self.side.shows(self.radar):
                self.side.close_page()
            return
        if self.radar is None:
            self.radar = Radar(self.side)
            self.radar.over = "Window"
        self.open_side(self.radar, text("mixer.radar"))
        self.refresh()

    @guarded
    def _found_asked(self, found: Found) -> None:
        wkb = found.place() if found.place is not None else None
        crs = self.assessment.scene.crs if self.assessment is not None else ""
        self.place_asked.emit(wkb, crs)
        if found.indicator:
            self.rows.show_indicator(found.indicator)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        """The side beside the rows where there is room, below them where there is not."""
        turned = (Qt.Orientation.Horizontal if self.width() >= BESIDE
                  else Qt.Orientation.Vertical)  # fmt: skip
        if self.splitter.orientation() != turned:
            self.splitter.setOrientation(turned)


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two listings are about the very same lists and say the same."""
    return len(one) == len(other) and all(a is b for a, b in zip(one[:2], other[:2])) and (
        one[2:] == other[2:])  # fmt: skip


def _moved_on(before: Assessment, now: Assessment) -> bool:
    """Whether the design moved between two assessments: a slider leaves values and marks be."""
    if before.measurements is now.measurements:
        return False
    return [(r.value, r.mark) for r in before.scores] != [(r.value, r.mark) for r in now.scores]


def _same_zones(before: Assessment, now: Assessment) -> bool:
    return list(before.scene.zones.area_type) == list(now.scene.zones.area_type)
