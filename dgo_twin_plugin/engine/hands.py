"""How many threads work at once: as many as there are hands. More only stand in each other's way:
what lies in the caches of the processor is pushed out, and the interpreter changes hands for
nothing.

Who carries out an assessment holds a hand while it works and lends it while it waits; the helpers
of a model (threads of a pool) work while a hand is free. So a model takes all hands where nobody
else has work, and leaves them where somebody has. Which thread makes what changes no figure.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HANDS = min(2, os.cpu_count() or 1)
_PATIENCE = 5.0  # s: then a helper goes on without a hand: nobody waits for ever

_changed = threading.Condition()
_held = 0
_own = threading.local()


@contextmanager
def busy() -> Iterator[None]:
    """This thread works: it holds a hand for the block. Never waits for one."""
    before = holds()
    _hold(True)
    try:
        yield
    finally:
        _hold(before)


@contextmanager
def lent() -> Iterator[None]:
    """This thread waits for others: its hand, if it holds one, is free for the block."""
    before = holds()
    _hold(False)
    try:
        yield
    finally:
        _hold(before)


def helping(work: Callable[[], None]) -> None:
    """``work`` by a helper, when a hand is free."""
    with _changed:
        _changed.wait_for(lambda: _held < HANDS, _PATIENCE)
        _add(1)
    try:
        work()
    finally:
        with _changed:
            _add(-1)


def holds() -> bool:
    """Whether this thread holds a hand."""
    return bool(getattr(_own, "holds", False))


def _hold(wanted: bool) -> None:
    if wanted != holds():
        with _changed:
            _add(1 if wanted else -1)
        _own.holds = wanted


def _add(number: int) -> None:
    global _held
    _held += number
    if number < 0:
        _changed.notify_all()
