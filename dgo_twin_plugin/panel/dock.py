"""The dock: the mixing panel and the stored runs, one form above them, one run at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsApplication, QgsProject
from qgis.gui import QgsDockWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent, Qt, QTimer, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices, QKeySequence
from qgis.PyQt.QtWidgets import (
    QAction,
    QFrame,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import language, set_language, text
from ..expressions import set_live
from ..project import options
from .dock_foot import Foot
from .dock_head import MIXER, RESULTS, Head
from .guard import guarded, sentence
from .opening import Opening, Steps, imported, warmed
from .zoom import zoom_to

if TYPE_CHECKING:
    from ..engine.mix import Mix

LEAST_WIDTH = 300
OUTPUTS = ("OUTPUT", "SCENARIO")  # parameters that no number depends on
# what the dock is made of, and what that rests on: imported by a thread
HEAVY = ("engine.norms", "engine.twin", "engine.profile_read", "engine.assessment",
         "live.session", "live.prepare", "panel.moves", "panel.runner", "panel.watch",
         "panel.inputs", "panel.results_page", "panel.mixer", "panel.menu",
         "panel.state_words")  # fmt: skip
# parts that are there when the dock is open; who asks for one earlier need not wait
PARTS = ("moves", "session", "runner", "watch", "inputs", "results", "mixer", "pages", "menu",
         "form")  # fmt: skip


class Dock(QgsDockWidget):
    """The dock ``dgo_twin_dock``. ``open_url`` opens a report; tests put their own there.

    It opens at once with its head and foot; the rest follows in steps (:mod:`.opening`), and
    ``opened`` tells that it is there. Whoever asks for a part before that has it made at once.
    """

    opened = pyqtSignal()

    def __init__(self, iface: Any) -> None:  # noqa: QGS105 - QGIS hands it to the plugin
        super().__init__(text("mixer.title"), iface.mainWindow() if iface else None)
        self.setObjectName("dgo_twin_dock")
        self.iface = iface
        self.project = QgsProject.instance()
        self.open_url: Any = QDesktopServices.openUrl
        self._ended = False
        self._asked = False  # to work it out once, where it is not to be live
        self._given: Any = ()  # what the session was last given
        self.inside: Any = None
        self._seen = QTimer(self)  # a tab that is switched away hides and shows at once
        self._seen.setSingleShot(True)
        self._seen.setInterval(0)
        self._seen.timeout.connect(self._follow_view)
        self.visibilityChanged.connect(self.follow_view)
        self._frame()
        self.foot.show_state(text("mixer.opening"), False, "waiting")
        for part in (self.head, *self.foot.buttons()):
            part.setEnabled(False)
        self.opening = Opening(self._open(), self)
        self.opening.done.connect(self._opened)
        self.opening.failed.connect(self._not_opened)
        self.opening.start()

    # --- opening --------------------------------------------------------------------------------
    def _open(self) -> Steps:
        """All that makes the dock, in steps."""
        yield imported(HEAVY)
        from ..engine.norms import shipped_profiles
        from ..engine.twin import DEFAULT_PROFILE
        from . import memory

        named = [memory.recall(self.project, "profile"), str(options.get(options.PROFILE))]
        yield warmed(dict.fromkeys(
            [DEFAULT_PROFILE, *shipped_profiles(), *(name for name in named if name)]))  # fmt: skip
        from ..engine.mix import Mix
        from ..engine.mix_history import History
        from ..live.session import LiveSession
        from .moves import Moves
        from .runner import Runner
        from .watch import Watch

        self.moves = Moves(History(Mix()), self, self._twin)
        self.session = LiveSession(self)
        set_live(self._live_numbers)
        self.runner = Runner(self)
        self.watch = Watch(self)
        self.runner.said.connect(self._progress_text)
        self.runner.progressed.connect(self._progressed)
        self.runner.ended.connect(self._run_ended)
        self.watch.changed.connect(self._design_changed)
        self.moves.moved.connect(self._mix_moved)
        yield
        yield from self._build()

    def __getattr__(self, name: str) -> Any:
        """A part that is not there yet: whoever asks for it cannot wait until it is."""
        if name in PARTS and not self._ended and not self.opening.over and not self.opening.taking:
            self.complete()
            return object.__getattribute__(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def complete(self) -> None:
        """Open all of it here and now. Raises what stands in the way."""
        if self.opening.over:
            return
        try:
            self.opening.finish()
        except Exception as error:
            self.foot.show_state(sentence(error), True, "failed")
            raise

    @guarded
    def _opened(self) -> None:
        for part in (self.head, *self.foot.buttons()):
            part.setEnabled(True)
        self._results_shown()
        self.opened.emit()

    @guarded
    def _not_opened(self, error: Exception) -> None:
        """What was made stays as it is; the state line and the message bar say why."""
        self.foot.show_state(sentence(error), True, "failed")
        raise error

    @property
    def _is_open(self) -> bool:
        return not self._ended and self.opening.over and "menu" in self.__dict__

    # --- making ---------------------------------------------------------------------------------
    def _frame(self) -> None:
        """Head and foot, in the language in force: what is there at once."""
        self.language = language()
        self.setWindowTitle(text("mixer.title"))
        self.inside = QWidget(self)
        self.head = Head(self.inside)
        self.foot = Foot(self.inside)
        self.whole = QVBoxLayout(self.inside)
        self.whole.setContentsMargins(0, 0, 0, 0)
        self.whole.setSpacing(5)
        self.whole.addWidget(self.head)
        self.whole.addStretch(1)
        self.whole.addWidget(self.foot)
        self.inside.setMinimumWidth(LEAST_WIDTH)
        self.setWidget(self.inside)

    def _build(self) -> Steps:
        """What stands between head and foot; each part is known when it is whole."""
        from .inputs import Inputs
        from .menu import Menu
        from .mixer import Mixer
        from .results_page import ResultsPage

        self.inputs = Inputs(self.inside)
        yield
        self.results = ResultsPage(self.inside)
        yield
        self.mixer = Mixer(self.session, self.moves, self.inside)
        yield
        self.pages = QStackedWidget(self.inside)
        self.pages.addWidget(self.mixer)
        self.pages.addWidget(self.results)
        self._lay_out()
        yield
        self.menu = Menu(self, self.head.menu)
        self._keys()
        self._connect()
        self.moves.load()
        yield
        self._form_changed("")
        yield
        self.head.fold.setChecked(not self.inputs.filled())
        self.head.fold.toggled.emit(self.head.fold.isChecked())
        self._page_chosen(MIXER)

    def _lay_out(self) -> None:
        self.form = QScrollArea(self.inside)
        self.form.setWidgetResizable(True)
        self.form.setFrameShape(QFrame.Shape.NoFrame)
        self.form.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        holder = QWidget(self.form)
        column = QVBoxLayout(holder)
        column.setContentsMargins(8, 0, 8, 0)
        column.addWidget(self.inputs)
        column.addStretch(1)
        self.form.setWidget(holder)
        self.form.setMinimumHeight(70)
        self.form.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.pages.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.whole.takeAt(1)  # the room that was kept for these
        self.whole.insertWidget(1, self.form)
        self.whole.insertWidget(2, self.pages, 1)

    def _keys(self) -> None:
        """Undo and redo of slider moves, only while the keyboard is in the panel: outside it the
        same keys are those of the layer that is edited."""
        for keys, slot in ((QKeySequence.StandardKey.Undo, self.undo),
                           (QKeySequence.StandardKey.Redo, self.redo)):  # fmt: skip
            action = QAction(self.inside)
            action.setShortcuts(keys)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(slot)
            self.inside.addAction(action)

    def _connect(self) -> None:
        head, foot, results, mixer = self.head, self.foot, self.results, self.mixer
        head.page_chosen.connect(self._page_chosen)
        head.mode_chosen.connect(self._mode_chosen)
        head.folded.connect(self.form.setVisible)
        head.undo.clicked.connect(self.undo)
        head.redo.clicked.connect(self.redo)
        foot.run_button.clicked.connect(self.score)
        foot.check_button.clicked.connect(self.check)
        foot.report_button.clicked.connect(self.report)
        foot.cancel_button.clicked.connect(self.runner.cancel)
        self.inputs.changed.connect(self._form_changed)
        results.shown.connect(self._results_shown)
        results.place_asked.connect(self.zoom)
        results.layer_asked.connect(self._layer_asked)
        results.said.connect(self.warn)
        results.plan_asked.connect(self._start_plan)
        mixer.plan_asked.connect(self._start_plan)
        mixer.place_asked.connect(self.zoom)
        mixer.why_asked.connect(self.menu.show_why)
        mixer.shown.connect(self._mixer_shown)
        mixer.state_changed.connect(self._live_changed)

    # --- coming and going -----------------------------------------------------------------------
    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.DeferredDelete:  # the plugin is unloaded
            self.end()
        return bool(super().event(event))

    def end(self) -> None:
        """Stop what runs and hear nothing more from project and layers."""
        if not self._ended:
            self._ended = True
            set_live(None)
            self._seen.stop()
            self.opening.end()
            made = self.__dict__  # half-way some parts are not there
            if "runner" in made:
                self.runner.end()
            if "watch" in made:
                self.watch.follow(())
            self._tear_down()
            for name in ("moves", "session"):
                if name in made:
                    made[name].end()

    def _live_numbers(self) -> Any:
        """What expressions answer from; called in the threads that draw. None where the panel
        shows nothing of now: then they answer from the stored run."""
        session = self.session
        return session.assessment if session.active and not session.ended else None

    def _tear_down(self) -> None:
        for name in ("menu", "mixer", "inputs"):
            if name in self.__dict__:
                self.__dict__[name].end()

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() in (QEvent.Type.LanguageChange, QEvent.Type.LocaleChange):
            QTimer.singleShot(0, self._speak)

    @guarded
    def _speak(self) -> None:
        if not sip.isdeleted(self):
            self.retranslate(QgsApplication.locale())

    def retranslate(self, lang: str) -> None:
        """Speak another language: everything inside is made anew, what it showed stays."""
        set_language(lang)
        if self._ended or language() == self.language:
            return
        if not self._is_open:
            self.complete()
        page, place, run = self.head.page(), self.mixer.place, self.results.view
        self.moves.keep()
        self._tear_down()
        old = self.inside
        self._frame()
        for _ in self._build():
            pass
        old.deleteLater()
        if run is not None:
            self.results.load(str(run.path), run.run_id)
        if self.mixer.assessment is not None:
            self.mixer.show_place(*place)
        self.head.show_page(page)
        self._page_chosen(page)
        self.foot.busy(self.runner.busy)

    @guarded
    def follow_view(self) -> None:
        """Soon look whether anybody looks."""
        if not self._ended:
            self._seen.start()

    @guarded
    def _follow_view(self) -> None:
        """Nobody looks: nothing is computed."""
        if not self._is_open:
            return  # when it is, somebody looks again
        seen = (self.isUserVisible() and self.head.page() == MIXER) or self.menu.watched()
        self.session.set_active(seen and (options.get(options.LIVE) or self._asked))

    @guarded
    def refresh(self) -> None:
        """Read and work out everything again, also where the panel is not to follow by itself."""
        self._asked = True
        if self._is_open:
            self._follow_view()
            self.session.refresh()

    # --- pages and form -------------------------------------------------------------------------
    @guarded
    def _page_chosen(self, page: int) -> None:
        self.head.show_page(page)
        self.pages.setCurrentIndex(page)
        if page == RESULTS and self.results.view is not None:
            self.head.fold.setChecked(False)  # the answer comes first
        self.follow_view()
        self._state()

    @guarded
    def _form_changed(self, name: str) -> None:
        """What follows from a change of the form; '' = the project filled it."""
        self.head.show_brief(self.inputs.brief())
        if name == "scenario":
            return
        self.inputs.explain()
        self.watch.follow(self.inputs.layers())
        if name in ("", "output"):
            self.load()
        if name == "twin":
            self.moves.keep()
            self.moves.load()
        self._ask_session()
        self._state(self.results.problem if name in ("", "output") else "")

    def _ask_session(self) -> None:
        """Let the session assess what the form names, where that is anything new."""
        wanted = None
        if self.inputs.filled():
            given = self.inputs.parameters()
            wanted = {k: v for k, v in given.items() if k not in OUTPUTS}
            if options.get(options.CELL):
                wanted["CELL_SIZE"] = options.get(options.CELL)
        if wanted != self._given:
            self._given = wanted
            self.session.set_inputs(wanted)

    def _twin(self) -> Any:
        return self.inputs.twin_file() if "inputs" in self.__dict__ else None

    # --- moves ----------------------------------------------------------------------------------
    @guarded
    def undo(self) -> None:
        """Take the last move of a slider back."""
        if self.head.page() == MIXER:
            self.moves.undo()

    @guarded
    def redo(self) -> None:
        """Do it again."""
        if self.head.page() == MIXER:
            self.moves.redo()

    @guarded
    def _mode_chosen(self, mode: str) -> None:
        self.moves.do(lambda mix: mix.with_mode(mode), text(f"mixer.mode.{mode}"))

    @guarded
    def _mix_moved(self, mix: Mix, _final: bool) -> None:
        self._show_steps(mix)

    def _show_steps(self, mix: Mix) -> None:
        history = self.moves.history
        self.head.show_mode(mix.mode)
        self.head.show_steps(history.undo_label() if history.can_undo() else None,
                             history.redo_label() if history.can_redo() else None)  # fmt: skip

    # --- runs -----------------------------------------------------------------------------------
    @guarded
    def score(self) -> None:
        """Score the design with the mix in force, by ``dgo:scoredesign``."""
        from ..project.mix import run_parameters

        self._start("scoredesign", {**self.inputs.parameters(), **run_parameters(self.moves.mix)})

    @guarded
    def check(self) -> None:
        """Check the design without a run, by ``dgo:checkdesign``."""
        given = self.inputs.parameters()
        kept = {k: v for k, v in given.items() if k not in OUTPUTS}
        self._start("checkdesign", {**kept, "CHECKS": "memory:"})

    @guarded
    def report(self) -> None:
        """Make the report of the run that is shown and open it, by ``dgo:exportreport``."""
        view = self.results.view
        if view is None:
            return
        file = view.path
        target = file.with_name(f"{file.stem}_{view.run_id[:8]}.html")
        self._start("exportreport", {"RESULTS": str(file), "RUN": view.run_id,
                                     "OUTPUT": str(target)})  # fmt: skip

    @guarded
    def _start_plan(self) -> None:
        """Open the wizard that starts a plan."""
        from . import open_wizard

        open_wizard(self.iface)

    def _start(self, name: str, parameters: dict[str, Any]) -> None:
        problem = self.runner.start(name, parameters)
        if problem:
            self.warn(problem)
            return
        self.foot.progress.setValue(0)
        self._progress_text(text("panel.started"))
        self.foot.busy(True)

    @guarded
    def _progress_text(self, said: str) -> None:
        self.foot.show_progress(said)

    @guarded
    def _progressed(self, done: float) -> None:
        self.foot.progress.setValue(round(done))

    @guarded
    def _run_ended(self, name: str, good: bool, results: dict[str, Any],
                   errors: list[str]) -> None:  # fmt: skip
        self.foot.busy(False)
        if errors:
            self.warn(" ".join(errors))
        elif not good:
            self._state(text("panel.cancelled"))
        elif name == "scoredesign":
            from . import memory

            memory.remember(self.project, memory.OUTDATED, "")
            self.results.checked = None
            self.load("", results.get("OUTPUT", ""))
            self.head.fold.setChecked(False)
            self.menu.run_written()
        elif name == "checkdesign":
            n = self.results.show_checks(self.runner.context.getMapLayer(results["CHECKS"]))
            self.head.show_page(RESULTS)
            self._page_chosen(RESULTS)
            self._state(text("panel.checked", n=n))
        elif not self.open_url(QUrl.fromLocalFile(results["OUTPUT"])):
            self.tell(text("panel.report.made", file=results["OUTPUT"]))

    def load(self, run_id: str = "", path: str = "") -> None:
        """Show a run of the results file: the newest where none is named."""
        self.results.load(path or self.inputs.results_file(), run_id)

    @guarded
    def _results_shown(self) -> None:
        self.foot.report_button.setEnabled(self.results.view is not None)
        self._state(self.results.problem)

    @guarded
    def _design_changed(self) -> None:
        """A layer that the run read is edited: its numbers no longer hold."""
        if not self.session.active:
            self.mixer.outdate()
        if self.results.outdate():
            self._state()

    # --- what the numbers are -------------------------------------------------------------------
    @guarded
    def _mixer_shown(self) -> None:
        self._show_steps(self.moves.mix)
        self.menu.follow()

    @guarded
    def _live_changed(self, state: Any) -> None:
        if state.kind in ("live", "failed") and self._asked:
            self._asked = False
            self.follow_view()
        if self.head.page() == MIXER and not self.runner.busy:
            self._state()

    def _state(self, message: str = "") -> None:
        """The line that says what the numbers are, and whose norms they follow."""
        if self.head.page() == MIXER:
            from .state_words import state_words

            live = self.session.state
            said, warn = state_words(live)
            self.foot.show_state(message or said, warn and not message, live.kind, live.fraction)
            self.foot.show_profile(*self.profile_words())
            return
        results = self.results
        self.foot.show_state(message or results.state(), results.outdated and not message)
        self.foot.show_profile(*(results.view.profile() if results.view
                                 else self.inputs.chosen_profile()))  # fmt: skip

    def profile_words(self) -> tuple[str, str]:
        """The profile of the live numbers and its status, else that of the form."""
        from .inputs import profile_words

        assessment = self.mixer.assessment
        if assessment is not None:
            return profile_words(assessment.profile)
        return self.inputs.chosen_profile()

    @guarded
    def warn(self, message: str) -> None:
        """Say what went wrong, in the message bar and the state line."""
        self._push(message, Qgis.MessageLevel.Warning)
        self._state(message)

    def tell(self, message: str) -> None:
        """Say something in the message bar."""
        self._push(message, Qgis.MessageLevel.Info)

    def _push(self, message: str, level: Any) -> None:
        bar = self.iface.messageBar() if self.iface else None
        if bar is not None:
            bar.pushMessage(text("panel.title"), message, level, 0)

    # --- the map --------------------------------------------------------------------------------
    @guarded
    def _layer_asked(self, indicator: str) -> None:
        """Show the layer of an indicator in the project, where it is loaded."""
        from ..layers.group import result_layers
        from ..layers.properties import LAYER_PROPERTY

        view = self.results.view
        if view is None:
            return
        name = f"ind_{indicator}"
        for layer in result_layers(self.project, view.path, view.run_id):
            if str(layer.customProperty(LAYER_PROPERTY)).split("|")[0] == name:
                node = self.project.layerTreeRoot().findLayer(layer.id())
                node.setItemVisibilityCheckedParentRecursive(True)
                return
        self.tell(text("panel.no_layer"))

    @guarded
    def zoom(self, wkb: bytes | None, crs: str) -> None:
        """Zoom the map to a place."""
        canvas = self.iface.mapCanvas() if self.iface else None
        if wkb is None or canvas is None or not zoom_to(canvas, wkb, crs):
            self.tell(text("panel.no_place"))
