"""The state of the live session in words."""

from __future__ import annotations

from typing import Any

from ..engine.texts import text


def state_words(state: Any) -> tuple[str, bool]:
    """(words, whether it is a warning) of a LiveState."""
    kind = state.kind
    parts = []
    if kind == "live":
        parts.append(text("mixer.state.live"))
        if state.ms:
            parts.append(_time(state.ms))
    elif kind == "computing":
        parts.append(text("mixer.state.computing"))
        if state.fraction > 0:
            parts.append(f"{round(100 * state.fraction)} %")
    else:
        parts.append(text(f"mixer.state.{kind}"))
    if state.message:
        parts.append(state.message)
    if state.unsaved:
        key = "mixer.unsaved_one" if state.unsaved == 1 else "mixer.unsaved"
        parts.append(text(key, n=state.unsaved))
    return " · ".join(parts), kind in ("stale", "failed")


def _time(ms: float) -> str:
    """A duration: milliseconds, from a second on in seconds."""
    if ms < 1000:
        return text("mixer.ms", n=round(ms))
    return text("mixer.seconds", n=float(round(ms / 1000, 1)))
