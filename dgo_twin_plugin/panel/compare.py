"""Comparing states: keep the present under a name, see what moved, show a former state as ghost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ..engine import compare
from ..engine.compare import Difference, State
from ..engine.compare_text import as_csv, as_text, lines, state_name
from ..engine.texts import language, moment, text
from ..engine.words import DgoError
from ..project.states import state_of_run
from ..store.runs import list_runs
from ..store.target import is_database
from .compare_model import AMOUNT, BEFORE, MARKS, NAME, NOW, STEP, DifferenceFilter, DifferenceModel
from .compare_paint import HeadView, MoveDelegate, StepDelegate, ThemesView
from .compare_shelf import StateShelf
from .guard import guarded
from .summary import MutedLabel

PRESENT = ("now", "")
MOST_RUNS = 50  # of a results file; the newest


class CompareDialog(QDialog):
    """Two states beside each other. ``ask_name`` and ``ask_file`` may be replaced."""

    def __init__(self, shelf: StateShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dgo_compare")
        self.setWindowTitle(text("compare.title"))
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.shelf = shelf
        self.ask_name: Any = self._ask_name
        self.ask_file: Any = self._ask_file
        self._runs: dict[str, State] = {}
        self._before_delete: list[State] = []
        self._quiet = 0
        self._ended = self._spread = False
        self._make()
        self._lay_out()
        self._connect()
        self.resize(1000, 700)
        self._fill()
        self._show()

    # --- making -----------------------------------------------------------------------------------
    def _make(self) -> None:
        self.before, self.now, self.zone = (QComboBox(self) for _ in range(3))
        for box, key in ((self.before, "before"), (self.now, "now"), (self.zone, "zone")):
            box.setAccessibleName(text(f"compare.{key}"))
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(14)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.swap = QToolButton(self)
        self.swap.setText("⇄")
        self.swap.setToolTip(text("compare.swap"))
        self.swap.setAccessibleName(text("compare.swap"))
        self.keep = self._button("keep")
        self.keep.setToolTip(text("compare.keep.tip"))
        self.more = QToolButton(self)
        self.more.setText("⋯")
        self.more.setToolTip(text("compare.more"))
        self.more.setAccessibleName(text("compare.more"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        self.rename_action = menu.addAction(text("compare.rename"))
        self.delete_action = menu.addAction(text("compare.delete"))
        self.back_action = menu.addAction(text("compare.put_back"))
        self.more.setMenu(menu)
        self.ghost = QCheckBox(text("compare.ghost"), self)
        self.ghost.setToolTip(text("compare.ghost.tip"))
        self.head = HeadView(self)
        self.counts = QLabel(self)
        self.counts.setWordWrap(True)
        self.notes = MutedLabel(self)
        self.themes = ThemesView(self)
        self.only_moved = QCheckBox(text("compare.only_moved"), self)
        self.model = DifferenceModel(self)
        self.filter = DifferenceFilter(self)
        self.filter.setSourceModel(self.model)
        self.table = QTreeView(self)
        self.table.setModel(self.filter)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setAllColumnsShowFocus(True)
        self.table.setSortingEnabled(True)
        self.table.setAccessibleName(text("compare.table"))
        self.table.setItemDelegateForColumn(STEP, StepDelegate(self.table))
        self.table.setItemDelegateForColumn(MARKS, MoveDelegate(self.table))
        self.table.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
        self.table.header().setStretchLastSection(True)
        self.empty = MutedLabel(self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.copy, self.csv = self._button("copy"), self._button("csv")
        self.close_button = self._button("close")
        self.outcome = MutedLabel(self)

    def _button(self, key: str) -> QPushButton:
        made = QPushButton(text(f"compare.{key}"), self)
        made.setObjectName(f"dgo_compare_{key}")
        made.setAutoDefault(False)
        return made

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 12, 16, 12)
        whole.setSpacing(10)
        top = QGridLayout()
        top.setHorizontalSpacing(8)
        top.setVerticalSpacing(4)
        for column, key, box in ((0, "before", self.before), (2, "now", self.now),
                                 (3, "zone", self.zone)):  # fmt: skip
            label = QLabel(text(f"compare.{key}"), self)
            label.setBuddy(box)
            top.addWidget(label, 0, column)
            top.addWidget(box, 1, column)
        top.addWidget(self.swap, 1, 1)
        top.setColumnStretch(0, 4)
        top.setColumnStretch(2, 4)
        top.setColumnStretch(3, 3)
        whole.addLayout(top)
        row = QHBoxLayout()
        row.addWidget(self.keep)
        row.addWidget(self.more)
        row.addStretch(1)
        row.addWidget(self.ghost)
        whole.addLayout(row)
        card = QHBoxLayout()
        card.setSpacing(16)
        card.addWidget(self.head, 0, Qt.AlignmentFlag.AlignVCenter)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(self.counts)
        said.addWidget(self.notes)
        card.addLayout(said, 1)
        whole.addLayout(card)
        whole.addWidget(self.themes)
        whole.addWidget(self.only_moved)
        whole.addWidget(self.table, 1)
        whole.addWidget(self.empty, 1)
        row = QHBoxLayout()
        row.addWidget(self.outcome, 1)
        for button in (self.copy, self.csv, self.close_button):
            row.addWidget(button)
        whole.addLayout(row)

    def _connect(self) -> None:
        for box in (self.before, self.now):
            box.activated.connect(self._chosen)
        self.zone.activated.connect(self._chosen)
        self.swap.clicked.connect(self._swap)
        self.keep.clicked.connect(self._keep)
        self.rename_action.triggered.connect(self._rename)
        self.delete_action.triggered.connect(self._delete)
        self.back_action.triggered.connect(self._put_back)
        self.ghost.clicked.connect(self._ghost)
        self.only_moved.toggled.connect(self._filtered)
        self.copy.clicked.connect(self._copy)
        self.csv.clicked.connect(self._csv)
        self.close_button.clicked.connect(self.reject)
        self.shelf.changed.connect(self._shelf_changed)
        self.shelf.ghost_changed.connect(self._show)

    def end(self) -> None:
        """Hear nothing more."""
        if not self._ended:
            self._ended = True
            self.shelf.changed.disconnect(self._shelf_changed)
            self.shelf.ghost_changed.disconnect(self._show)

    def done(self, result: int) -> None:
        """Closed."""
        self.end()
        super().done(result)
        self.deleteLater()

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Shown first: the columns share the room there is."""
        super().showEvent(event)
        if not self._spread:
            self._spread = True
            header, room = self.table.header(), self.width() - 60
            for at, part in ((NAME, 0.22), (BEFORE, 0.07), (NOW, 0.14), (AMOUNT, 0.09),
                             (STEP, 0.27), (MARKS, 0.08)):  # fmt: skip
                header.resizeSection(at, round(room * part))

    # --- what can be chosen -----------------------------------------------------------------------
    def _fill(self) -> None:
        """List the present, the kept states and the stored runs."""
        kept = [(self.before.currentData(), self.before), (self.now.currentData(), self.now)]
        runs = self._listed_runs()
        self._quiet += 1
        try:
            for chosen, box in kept:
                box.clear()
                box.addItem(text("compare.present"), PRESENT)
                if self.shelf.states:
                    box.insertSeparator(box.count())
                for state in self.shelf.states:
                    box.addItem(state_name(state), ("kept", state.name))
                if runs:
                    box.insertSeparator(box.count())
                for run_id, name in runs:
                    box.addItem(name, ("run", run_id))
                self._choose(box, chosen)
            if kept[0][0] is None:  # opened: then = the ghost, else the newest that was kept
                self._choose(self.before, self._first())
        finally:
            self._quiet -= 1

    def _first(self) -> tuple[str, str]:
        former = self.shelf.former
        if former is not None and former in self.shelf.states:
            return "kept", former.name
        if self.shelf.states:
            return "kept", self.shelf.states[-1].name
        return PRESENT

    @staticmethod
    def _choose(box: QComboBox, key: Any) -> None:
        at = next((i for i in range(box.count()) if key and box.itemData(i) == key), 0)
        box.setCurrentIndex(at)

    def _listed_runs(self) -> list[tuple[str, str]]:
        path = self.shelf.results_file
        if not path or (not is_database(str(path)) and not Path(path).exists()):
            return []
        try:
            found = list_runs(path)[:MOST_RUNS]
        except DgoError:
            return []  # the dock says what is wrong with the file
        return [(r["run_id"], text("compare.run", name=r["scenario"] or text("panel.no_scenario"),
                                   when=moment(r["started"]))) for r in found]  # fmt: skip

    def state(self, box: QComboBox) -> State | None:
        """The state that a list shows."""
        kind, name = box.currentData() or PRESENT
        if kind == "kept":
            return next((s for s in self.shelf.states if s.name == name), None)
        if kind == "run":
            if name not in self._runs:
                self._runs[name] = state_of_run(self.shelf.results_file, name)
            return self._runs[name]
        return self.shelf.now()

    @guarded
    def _chosen(self, _: int) -> None:
        self._show()

    @guarded
    def _shelf_changed(self) -> None:
        self._fill()
        self._show()

    @guarded
    def _swap(self) -> None:
        one, other = self.before.currentData(), self.now.currentData()
        self._choose(self.before, other)
        self._choose(self.now, one)
        self._show()

    # --- what is shown ----------------------------------------------------------------------------
    def found(self) -> list[Difference]:
        """The differences that are shown; none where a side is missing."""
        before, now = self.state(self.before), self.state(self.now)
        if before is None or now is None:
            return []
        return compare.differences(before, now, int(self.zone.currentData() or 0))

    @guarded
    def _show(self) -> None:
        if self._ended:
            return
        before, now = self.state(self.before), self.state(self.now)
        self._zones(before, now)
        found = self.found()
        said = lines(found)
        total = next((x for x in said if x.difference.kind == "total"), None)
        self.head.show_line(total)
        self.themes.show_lines([x for x in said if x.difference.kind == "theme"])
        self.model.show_lines([x for x in said if x.difference.kind == "indicator"])
        self._say(before, now, found)
        same = self.before.currentData() == self.now.currentData()
        for widget in (self.table, self.only_moved):
            widget.setVisible(bool(found) and not same)
        self.empty.setVisible(not found or same)
        self.head.setVisible(total is not None and not same)
        self.themes.setVisible(bool(self.themes.lines) and not same)
        kind, name = self.before.currentData() or PRESENT
        former = self.shelf.former
        is_ghost = former is not None and (
            (kind == "kept" and former.name == name and former in self.shelf.states)
            or (kind == "run" and former is self._runs.get(name))
            or (kind == "run" and former.origin == "run" and before is not None
                and former.moment == before.moment))  # fmt: skip
        self.ghost.setChecked(is_ghost)
        self.ghost.setEnabled(kind != "now")
        self.keep.setEnabled(self.shelf.has_present)
        for action in (self.rename_action, self.delete_action):
            action.setEnabled(kind == "kept")
        self.back_action.setEnabled(bool(self._before_delete))
        self.more.setEnabled(kind == "kept" or bool(self._before_delete))
        for button in (self.copy, self.csv):
            button.setEnabled(bool(found) and not same)

    def _zones(self, before: State | None, now: State | None) -> None:
        """Plan and zones; a zone that is of another type now says so in the notes."""
        chosen = self.zone.currentData()
        ids: dict[int, str] = {}
        for state in (before, now):
            ids.update(state.zones if state is not None else {})
        wanted = [(0, text("report.plan"))]
        wanted += [(i, text("compare.zone_name", id=i, type=t)) for i, t in sorted(ids.items())]
        shown = [(self.zone.itemData(i), self.zone.itemText(i)) for i in range(self.zone.count())]
        if shown == wanted:
            return
        self.zone.clear()
        for id_, name in wanted:
            self.zone.addItem(name, id_)
        self.zone.setCurrentIndex(max(0, self.zone.findData(chosen)))

    def _say(self, before: State | None, now: State | None, found: list[Difference]) -> None:
        notes: list[str] = []
        if self.shelf.problem is not None:
            notes.append(text(self.shelf.problem.message))
        if before is None or now is None:
            self.counts.setText(text("compare.no_present" if self.shelf.states
                                     else "compare.nothing"))  # fmt: skip
        elif self.before.currentData() == self.now.currentData():
            several = self.before.count() > 1
            self.counts.setText(text("compare.choose_two" if several
                                     else "compare.nothing_kept"))  # fmt: skip
        else:
            n = compare.counted(found)
            order = ("better", "worse", "changed", "appeared", "gone", "same")
            parts = [text(f"compare.count.{move}", n=n[move]) for move in order if n[move]]
            self.counts.setText(" · ".join(parts))
            total = found[0] if found and found[0].kind == "total" else None
            if total is not None and total.breaches:
                key = "more" if total.breaches > 0 else "fewer"
                notes.append(text(f"compare.breaches.{key}", n=abs(total.breaches)))
            notes += [text(f"compare.asked.{key}") for key in compare.asked(before, now)]
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))

    @guarded
    def _filtered(self) -> None:
        self.filter.ask(self.only_moved.isChecked())

    # --- what somebody does -----------------------------------------------------------------------
    def _ask_name(self, title: str, name: str) -> str:
        made, good = QInputDialog.getText(self, title, text("compare.name"), text=name)
        return str(made) if good else ""

    def _ask_file(self, name: str) -> str:
        path, _ = QFileDialog.getSaveFileName(self, text("compare.csv"), name, "CSV (*.csv)")
        return str(path)

    @guarded
    def _keep(self) -> None:
        default = text("compare.default_name", n=len(self.shelf.states) + 1)
        name = self.ask_name(text("compare.keep"), default)
        if not name.strip():
            return
        state = self.shelf.keep(name)
        self._choose(self.before, ("kept", state.name))
        self._said(text("compare.kept", name=state.name))
        self._show()

    @guarded
    def _rename(self) -> None:
        state = self.state(self.before)
        if state is None or state not in self.shelf.states:
            return
        name = self.ask_name(text("compare.rename"), state.name)
        if name.strip():
            made = self.shelf.rename(state, name)
            self._choose(self.before, ("kept", made.name))
            self._show()

    @guarded
    def _delete(self) -> None:
        state = self.state(self.before)
        if state is None or state not in self.shelf.states:
            return
        self._before_delete = list(self.shelf.states)
        self.shelf.delete(state)
        self._said(text("compare.deleted", name=state.name))
        self._show()

    @guarded
    def _put_back(self) -> None:
        """Undo the last delete."""
        names = {s.name for s in self.shelf.states}
        back = [s for s in self._before_delete if s.name not in names]
        self._before_delete = []
        self.shelf.put_back([*self.shelf.states, *back])

    @guarded
    def _ghost(self) -> None:
        kind, name = self.before.currentData() or PRESENT
        state = self.state(self.before) if self.ghost.isChecked() else None
        self.shelf.set_ghost(state, name if kind == "run" else "")

    def _shown_lines(self) -> list[Any]:
        return lines(self.found())

    @guarded
    def _copy(self) -> None:
        before, now = self.state(self.before), self.state(self.now)
        if before is None or now is None:
            return
        said = as_text(self._shown_lines(), self._named(before), self._named(now),
                       self.zone.currentText())  # fmt: skip
        QApplication.clipboard().setText(said)
        self._said(text("compare.copied"))

    def _named(self, state: State) -> State:
        """The present has no name of its own."""
        return state if state.name else compare.renamed(state, text("compare.present"))

    @guarded
    def _csv(self) -> None:
        before, now = self.state(self.before), self.state(self.now)
        if before is None or now is None:
            return
        path = self.ask_file(text("compare.csv.file"))
        if not path:
            return
        made = as_csv(self._shown_lines(), self._named(before), self._named(now), language())
        file = Path(path if Path(path).suffix else f"{path}.csv")
        try:
            # with a mark at its start a spreadsheet reads the accents right
            file.write_text(made, encoding="utf-8-sig", newline="")
        except OSError as error:
            self._said(text("compare.csv.failed", file=file.name, why=error.strerror or str(error)),
                       True)  # fmt: skip
            return
        self._said(text("compare.csv.done", file=file.name))

    def _said(self, said: str, warn: bool = False) -> None:
        self.outcome.setText(said)
        self.outcome.warn(warn)
        self.outcome.setAccessibleName(said)


