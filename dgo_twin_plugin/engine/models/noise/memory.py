"""The last answers of the noise model, so that the next scene of the same plan is only corrected.

A scene is made anew after every edit; what it shares with the one before is found by comparing
sources, walls and ground (:mod:`.change`). Whoever follows a design while it is drawn asks for it
(:func:`remembering`); a run that is written starts from nothing, so that the same inputs give the
same figures to the last bit, whatever was scored before.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

MOST = 4  # answers kept: facades and field of two variants

_lock = threading.Lock()
_kept: OrderedDict[Hashable, Any] = OrderedDict()
_on: ContextVar[bool] = ContextVar("_on", default=False)  # per thread; comes along with its helpers


@contextmanager
def remembering() -> Iterator[None]:
    """In this thread answers are kept, and answers kept earlier are corrected."""
    before = _on.set(True)
    try:
        yield
    finally:
        _on.reset(before)


def recall(key: Hashable) -> Any:
    """What was last kept under this key; None where nothing was, or nobody is remembering."""
    if not _on.get():
        return None
    with _lock:
        return _kept.get(key)


def keep(key: Hashable, answer: Any) -> None:
    """Keep the answer where somebody is remembering; the one kept longest ago goes."""
    if not _on.get():
        return
    with _lock:
        _kept[key] = answer
        _kept.move_to_end(key)
        while len(_kept) > MOST:
            _kept.popitem(last=False)


def forget() -> None:
    """Forget all."""
    with _lock:
        _kept.clear()
