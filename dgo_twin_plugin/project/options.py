"""The settings of the plugin in the profile of the user: ``dgo_twin/...`` of QgsSettings.

No widgets here: what works without a window may read them. A value that cannot be read, or lies
outside its range, counts as not set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsSettings

SCOPE = "dgo_twin/"
LIVE, DEBOUNCE, CELL = "live", "debounce", "live_cell"
PROFILE, LOG_LEVEL = "profile", "log_level"
LEVELS = ("error", "warning", "info", "debug")  # of the log, the fewest lines first


@dataclass(frozen=True)
class Option:
    """One setting: its default, and how a stored text becomes a value (None = no value)."""

    default: Any
    read: Callable[[Any], Any]
    low: float = 0.0
    high: float = 0.0


def _flag(value: Any) -> bool | None:
    word = str(value).strip().lower()
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(word)


def _number(low: float, high: float, whole: bool = False) -> Callable[[Any], float | None]:
    def read(value: Any) -> float | None:
        try:
            found = float(value)
        except (TypeError, ValueError):
            return None
        if not low <= found <= high:
            return None
        return int(found) if whole else found

    return read


def _level(value: Any) -> str | None:
    return str(value) if str(value) in LEVELS else None


OPTIONS: dict[str, Option] = {
    LIVE: Option(True, _flag),
    # ms of rest after a change before anything is worked out
    DEBOUNCE: Option(120, _number(0, 5000, True), 0, 5000),
    # m, of the fields in the live panel; 0 = as the twin file says, else 2 m, like a full run
    CELL: Option(0.0, _number(0.0, 100.0), 0.0, 100.0),
    PROFILE: Option("", str),  # id or path; '' = the shipped proposal
    LOG_LEVEL: Option("info", _level),
}


# called after the user changed settings; whoever listens takes himself off the list again
listeners: list[Callable[[], None]] = []


def changed() -> None:
    """Tell those who work with settings that they are other ones now."""
    for listener in list(listeners):
        listener()


def get(name: str) -> Any:
    """The value of a setting, its default where it is not set or cannot be read."""
    option = OPTIONS[name]
    stored = QgsSettings().value(SCOPE + name, None)
    if stored is None:
        return option.default
    found = option.read(stored)
    return option.default if found is None else found


def put(name: str, value: Any) -> None:
    """Keep a setting; the default is not stored, so that a later default holds."""
    if value == OPTIONS[name].default:
        QgsSettings().remove(SCOPE + name)
    else:
        QgsSettings().setValue(SCOPE + name, value)
