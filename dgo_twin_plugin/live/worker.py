"""One thread that works out one thing at a time; a newer request stops the older."""

from __future__ import annotations

import gc
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from qgis.PyQt.QtCore import QObject, Qt, QTimer, pyqtSignal

from ..engine.pulse import heard_by
from ..engine.words import Cancelled

Tick = Callable[[], None]
Progress = Callable[[float, str], None]
Work = Callable[[Tick, Progress], Any]

MUCH = 10_000  # new objects that take a turn of the window to look through

_sweeping = threading.Lock()
_unswept = 0  # jobs at work
_swept = True  # whether Python was to look for circles, before the first of them


@contextmanager
def unswept() -> Iterator[None]:
    """Python does not look for circles of references meanwhile: it would look through everything
    that is known of the plan, time and again, and the window stands still each time."""
    global _unswept, _swept
    with _sweeping:
        if not _unswept:
            _swept = gc.isenabled()
            gc.disable()
        _unswept += 1
    try:
        yield
    finally:
        with _sweeping:
            _unswept -= 1
            if not _unswept and _swept:
                gc.enable()


class Job:
    """A piece of work and what came of it. ``fraction`` may be read while it runs."""

    def __init__(self, work: Work) -> None:
        self.work: Work | None = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.trace = ""
        self.then: Callable[[Any], None] | None = None  # for whoever started it
        self.fraction = 0.0
        self.ms = 0.0
        self.made = 0  # objects that are there now and were not, of those that can stand in circles
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Ask it to stop; from any thread."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def tick(self) -> None:
        """Raises Cancelled where it was asked to stop."""
        if self._stop.is_set():
            raise Cancelled

    def progress(self, done: float, _what: str = "") -> None:
        """How far it is, 0-1."""
        self.tick()
        self.fraction = float(done)

    def carry_out(self) -> None:
        """Do it, in the thread of the worker. Whatever goes wrong is kept, not raised."""
        work, self.work = self.work, None
        started = time.perf_counter()
        try:
            with heard_by(self.tick), unswept():
                self.tick()
                assert work is not None
                self.result = work(self.tick, self.progress)
                self.made = gc.get_count()[0]
        except Cancelled:
            self.cancel()
        except BaseException as error:  # also MemoryError: the panel says it and lives on
            self.trace = traceback.format_exc()
            self.error = error.with_traceback(None)  # frames would keep layers alive
        self.ms = 1e3 * (time.perf_counter() - started)


class _Loop:
    """The thread itself. Knows nothing of Qt but the ``post`` it is given, so that it may outlive
    the object that started it, be it for a moment."""

    def __init__(self, post: Callable[[Job], None]) -> None:
        self._post: Callable[[Job], None] | None = post
        self._turn = threading.Condition()
        self._next: Job | None = None
        self._now: Job | None = None
        self._thread: threading.Thread | None = None

    def start(self, job: Job) -> None:
        with self._turn:
            if self._post is None:
                return
            for older in (self._now, self._next):
                if older is not None:
                    older.cancel()
            self._next = job
            if self._thread is None:
                # a daemon: should it hang in a library, the process can still end
                self._thread = threading.Thread(target=self._run, name="dgo-live", daemon=True)
                self._thread.start()
            self._turn.notify()

    def cancel(self) -> None:
        with self._turn:
            for job in (self._now, self._next):
                if job is not None:
                    job.cancel()

    def end(self, seconds: float) -> bool:
        with self._turn:
            self._post = None
            for job in (self._now, self._next):
                if job is not None:
                    job.cancel()
            self._next = None
            thread, self._thread = self._thread, None
            self._turn.notify()
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(seconds)
        return not thread.is_alive()

    def gone(self, *_: Any) -> None:
        """Who started it is deleted without a word: stop as soon as it can."""
        self.end(0.0)

    def _run(self) -> None:
        while True:
            with self._turn:
                while self._next is None and self._post is not None:
                    self._turn.wait()
                if self._post is None:
                    return
                self._now, self._next = self._next, None
            assert self._now is not None
            self._now.carry_out()
            with self._turn:
                job, self._now = self._now, None
                if self._post is not None and job is not None:
                    self._post(job)  # inside the lock: the receiver cannot go in the meantime
                del job


class Worker(QObject):
    """Hands jobs to its thread; ``done`` brings each back to the thread of this object, also one
    that was cancelled or failed. The thread starts with the first job and ends with :meth:`end`."""

    done = pyqtSignal(object)
    _posted = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._last: Job | None = None  # what a job holds of QGIS is let go in this thread
        self._back: list[Job] = []  # what came back, and is not told yet
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._deliver)
        self._loop = _Loop(self._posted.emit)
        self._posted.connect(self._came, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(self._loop.gone)

    def start(self, job: Job) -> None:
        """Do this next; what runs or waits is cancelled."""
        self._loop.start(job)

    def cancel(self) -> None:
        """Stop what runs or waits; ``done`` follows for what runs."""
        self._loop.cancel()

    def end(self, seconds: float = 20.0) -> bool:
        """Stop the thread and wait for it; whether it ended in time. Nothing follows."""
        ended = self._loop.end(seconds)
        self._turn.stop()
        self._back, self._last = [], None
        return ended

    def _came(self, job: Job) -> None:
        """Where the job made much, that is looked through for circles now, in a turn of its own:
        else Python does it while the numbers are painted, and the window stands still for both."""
        self._back.append(job)
        if gc.isenabled() and job.made > MUCH:
            gc.collect(1)  # not the oldest: that is all of QGIS
        self._turn.start(0)

    def _deliver(self) -> None:
        came, self._back = self._back, []
        for job in came:
            self._last = job
            self.done.emit(job)
