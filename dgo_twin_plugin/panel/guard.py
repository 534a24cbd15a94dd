"""No error of ours ends in a slot: it ends in the message bar with a remedy, and in the log.

An exception that leaves a slot of Qt reaches nobody, and may end QGIS. Every slot of the panel is
``@guarded``; a function that is no method may be wrapped as well: ``signal.connect(guarded(f))``.
"""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import qgis.utils
from qgis.core import Qgis
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QThread
from qgis.PyQt.QtWidgets import QPushButton

from ..engine.texts import text
from ..engine.words import Cancelled, DgoError
from . import log

Slot = TypeVar("Slot", bound=Callable[..., Any])
# who else wants to hear of what was caught: (error, name of the slot); the tests do
listeners: list[Callable[[Exception, str], None]] = []


def guarded(method: Slot) -> Slot:
    """A slot that never raises; it gives None where something went wrong.

    Qt may hand over more than the slot takes (``clicked`` says whether the button is down); what
    is too much is left off, as PyQt does for a slot that is not wrapped.
    """
    takes = _takes(method)

    @functools.wraps(method)
    def run(*given: Any, **named: Any) -> Any:
        try:
            return method(*given[:takes], **named)
        except Cancelled:
            return None
        except Exception as error:  # noqa: BLE001 - this is the place that may
            caught(error, given[0] if given else None, getattr(method, "__qualname__", "?"))
            return None

    return run  # type: ignore[return-value]


def _takes(method: Callable[..., Any]) -> int | None:
    """How many positional arguments a function takes; None = any number."""
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def sentence(error: BaseException) -> str:
    """What a user is told: the sentence of an error of ours, else that this was not foreseen and
    where to read on."""
    if isinstance(error, DgoError):
        return text(error.message)
    if isinstance(error, MemoryError):
        return text("algorithms.no_memory")
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    return text("settings.unexpected", error=said, file=str(log.log_file()))


def caught(error: Exception, owner: Any = None, where: str = "") -> None:
    """Tell the user and write it down. ``owner``: the object whose slot it was. Never raises."""
    for listener in list(listeners):
        listener(error, where)
    try:
        said = sentence(error)
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        ours = isinstance(error, DgoError)
        log.write("warning" if ours else "error", f"{where}: {said}" if where else said, trace)
        if _gone(owner) or not _main_thread():
            return  # nobody to tell: the window went, or a worker said it; the log has it
        level = Qgis.MessageLevel.Warning if ours else Qgis.MessageLevel.Critical
        tell(said, owner, level, with_log=not ours)
    except Exception:  # noqa: BLE001 - a message bar that is just going away
        traceback.print_exc()


def tell(said: str, owner: Any = None, level: Any = None, with_log: bool = False) -> None:
    """Put a sentence in the message bar, unless it still stands there. Without a window: nothing
    but the log."""
    bar = _bar(owner)
    if bar is None:
        return
    if any(said in shown.text() for shown in bar.items()):
        return
    level = Qgis.MessageLevel.Warning if level is None else level
    item = bar.createMessage(text("panel.title"), said)
    if with_log:
        button = QPushButton(text("settings.log.show"), item)
        button.clicked.connect(_show_log)
        item.layout().addWidget(button)
    bar.pushWidget(item, level, 0)


def _show_log(*_: Any) -> None:
    try:
        from .log_window import show_log

        show_log(qgis.utils.iface)
    except Exception:  # noqa: BLE001 - an error about an error helps nobody
        traceback.print_exc()


def _gone(owner: Any) -> bool:
    return isinstance(owner, sip.simplewrapper) and sip.isdeleted(owner)


def _main_thread() -> bool:
    application = QCoreApplication.instance()
    return application is not None and QThread.currentThread() == application.thread()


def _bar(owner: Any) -> Any:
    """The message bar of the window an object belongs to, else QGIS's; None without a window."""
    found = None
    while owner is not None and found is None and not _gone(owner):
        found = getattr(owner, "iface", None)
        parent = getattr(owner, "parent", None)
        owner = parent() if callable(parent) else None
    found = found or qgis.utils.iface
    bar = found.messageBar() if found is not None else None
    return None if bar is None or _gone(bar) else bar
