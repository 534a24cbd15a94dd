"""Long work started beside the rest: the models run in a thread while lighter indicators are worked
out, for NumPy and GEOS let go of the interpreter. What they make is kept as a product of the scene,
the same whoever makes it, so the order of things changes no figure.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from .hands import busy, lent
from .pulse import beat, heard_by
from .words import Cancelled

if TYPE_CHECKING:
    from .indicators.spec import Indicator
    from .scene import Scene

T = TypeVar("T")
_LISTEN = 0.05  # s: how often who waits asks whether to stop


class Making:
    """Which products are being made: who asks for one meanwhile waits for it. Products rest on each
    other in one direction only, so nobody waits in a circle."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Hashable, threading.RLock] = {}

    def once(self, made: dict[Any, Any], name: Hashable, make: Callable[[], Any]) -> Any:
        """``made[name]``, made where it is not there yet: by one thread, the first that asks."""
        with self._lock:
            own = self._made.setdefault(name, threading.RLock())
        if not own.acquire(blocking=False):
            with lent():
                while not own.acquire(timeout=_LISTEN):
                    beat()
        try:
            if name not in made:
                made[name] = make()
            return made[name]
        finally:
            own.release()


def in_turn(
    specs: Sequence[Indicator], possible: Collection[str],
) -> tuple[list[Indicator], list[Callable[[Scene], object]]]:
    """The order to measure in, those that rest on long work last, and that work, each once: what
    one thread alone can do first, what divides over all hands last, for then both are free.
    ``possible``: ids of those that may have such work."""
    long = {s.ahead: s.divides for s in specs if s.ahead is not None and s.id in possible}
    work = sorted(long, key=lambda each: long[each])
    nth: dict[object, int] = {each: k for k, each in enumerate(work, 1)}
    return sorted(specs, key=lambda s: nth.get(s.ahead, 0)), work


@contextmanager
def beside(work: Callable[[], T], apart: bool = True) -> Iterator[Callable[[], T]]:
    """``work`` in a thread beside the block, which gets a call that waits for the answer, or meets
    the error; what is left of it at the end is stopped. Not ``apart``: it is done when that is
    first called."""
    if not apart:
        yield cache(work)
        return
    stop = threading.Event()
    found: Future[T] = Future()

    def told() -> None:
        if stop.is_set():
            raise Cancelled

    def run() -> None:
        with heard_by(told), busy():
            try:
                found.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised again where it is asked for
                found.set_exception(error)

    def answer() -> T:
        with lent():
            while not wait([found], _LISTEN).done:
                beat()
        return found.result()

    # the context comes along: whether noise remembers its last answers (models/noise/memory.py)
    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="dgo-ahead")
    thread.start()
    try:
        yield answer
    finally:
        stop.set()
        thread.join()


@contextmanager
def started(scene: Scene, work: Sequence[Callable[[Scene], object]]) -> Iterator[None]:
    """Each work in turn in a thread beside the block; what is left at its end is stopped. An error
    is not lost: whoever asks for the product makes it again, and meets the same error."""

    def run() -> None:
        for each in work:
            try:
                beat()
                each(scene)
            except Cancelled:
                return
            except Exception:  # noqa: BLE001, S112 - raised again where it can be told
                continue

    with beside(run, bool(work)), busy():
        yield
