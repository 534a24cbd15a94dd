"""How the dock opens: at once with its head and foot, the rest step by step.

What takes long and needs no window (imports, reading profiles and texts) is done by a thread; the
widgets are made in slices of the event loop, so that the window of QGIS never stands still.
Nothing is imported here that takes long.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Generator, Iterable
from typing import Any, Optional

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..live.worker import Job, Progress, Tick, Worker
from .guard import guarded

SLICE = 0.012  # s of the main thread at a time
PATIENCE = 5.0  # s that whoever closes the dock waits for the thread: one import

Aside = Callable[[Callable[[], None]], Any]  # asks now and then whether it may go on
Steps = Generator[Optional[Aside], None, None]


class Opening(QObject):
    """Takes the steps of a generator. A step that yields a function has that carried out by the
    thread before the next step; any other gives the window its turn, at the latest when a slice is
    full. ``done`` tells that all is there, ``failed`` why it is not."""

    done = pyqtSignal()
    failed = pyqtSignal(object)

    def __init__(self, steps: Steps, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: Steps | None = steps
        self._aside: Aside | None = None  # what the thread does
        self._job: Job | None = None
        self._taking = False
        self.slices = 0  # for tests and measurements
        self._worker = Worker(self)
        self._worker.done.connect(self._worked)
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._slice)

    @property
    def over(self) -> bool:
        """Whether there is no step left."""
        return self._steps is None

    @property
    def taking(self) -> bool:
        """Whether a step is being taken at this moment."""
        return self._taking

    def start(self) -> None:
        """Begin with the next turn of the event loop."""
        self._turn.start()

    def finish(self) -> None:
        """Take all steps here and now: somebody cannot wait. Raises what a step raises."""
        self._turn.stop()
        self._worker.cancel()
        aside, self._aside, self._job = self._aside, None, None
        try:
            if aside is not None:
                aside(_never)
            while self._steps is not None:
                aside = self._next()
                if aside is not None:
                    aside(_never)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Take no further step. Twice is once."""
        self._turn.stop()
        steps, self._steps = self._steps, None
        self._aside = self._job = None
        if steps is not None and not self._taking:
            steps.close()
        self._worker.end(PATIENCE)

    def _next(self) -> Aside | None:
        """Take one step."""
        steps = self._steps
        assert steps is not None
        self._taking = True
        try:
            return next(steps)
        except StopIteration:
            self._taking = False
            if self._steps is not None:  # not ended by its own last step
                self._steps = None
                self._worker.end(0.0)
                self.done.emit()
            return None
        finally:
            self._taking = False

    @guarded
    def _slice(self) -> None:
        until = time.perf_counter() + SLICE
        self.slices += 1
        while self._steps is not None:
            try:
                aside = self._next()
            except Exception as error:  # noqa: BLE001 - told by whoever opens
                self._fail(error)
                return
            if aside is not None:
                self._ask(aside)
                return
            if time.perf_counter() > until:
                self._turn.start()
                return

    def _ask(self, aside: Aside) -> None:
        self._aside = aside

        def work(tick: Tick, _progress: Progress) -> Any:
            return aside(tick)

        self._job = Job(work)
        self._worker.start(self._job)

    @guarded
    def _worked(self, job: Job) -> None:
        if job is not self._job or job.cancelled:
            return
        self._job = self._aside = None
        if isinstance(job.error, Exception):
            self._fail(job.error)
        else:
            self._turn.start()

    def _fail(self, error: Exception) -> None:
        self.end()
        self.failed.emit(error)


def _never() -> None:
    """Nobody stops what is done here and now."""


def imported(names: Iterable[str]) -> Aside:
    """Imports modules of the plugin, one after the other."""
    package = __package__.rpartition(".")[0]

    def work(tick: Callable[[], None]) -> None:
        for name in names:
            tick()
            importlib.import_module(f"{package}.{name}")

    return work


def warmed(profiles: Iterable[str]) -> Aside:
    """Reads what every panel asks for: the indicators, all sentences of the language in force,
    these profiles. What is wrong with a profile is said by whoever shows it."""

    def work(tick: Callable[[], None]) -> None:
        from ..engine.functions import load_functions
        from ..engine.indicators import all_indicators
        from ..engine.norms import shared_profile
        from ..engine.roles import roles
        from ..engine.texts import FOLDER, has_text, language
        from ..engine.words import DgoError

        lang = language()
        load_functions()
        roles()
        all_indicators()
        for file in (FOLDER / lang).rglob("*.json"):
            tick()  # a catalogue is read when one of its keys is asked for
            has_text(".".join((*file.relative_to(FOLDER / lang).with_suffix("").parts, "-")), lang)
        for name in profiles:
            tick()
            try:
                shared_profile(name)
            except DgoError:
                continue

    return work
