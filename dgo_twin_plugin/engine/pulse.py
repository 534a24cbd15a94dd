"""Long work that can be stopped: loops say that they live, whoever started them may answer 'stop'.

    with pulse.heard_by(tick):      # tick() raises words.Cancelled where the user asked to stop
        ...                         # every long loop inside calls pulse.beat()

Per thread, so two runs at the same moment do not hear each other. Nobody listening costs nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Listener(threading.local):
    call: Callable[[], None] | None = None


_listener = _Listener()


def beat() -> None:
    """Once in every turn of a loop that may last. May raise :class:`words.Cancelled`."""
    call = _listener.call
    if call is not None:
        call()


@contextmanager
def heard_by(call: Callable[[], None]) -> Iterator[None]:
    """``call`` hears the beats of this thread until the end of the block."""
    before = _listener.call
    _listener.call = call
    try:
        yield
    finally:
        _listener.call = before
