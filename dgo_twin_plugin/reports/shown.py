"""How figures are shown in reports: marks, shares, numbers; '–' for what is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..engine.marks import shown
from ..engine.texts import number, text
from ..store.labels import label
from ..store.scale import class_of

NOTHING = "–"


@dataclass(frozen=True)
class Badge:
    """A mark as a coloured shape; ``css`` says whether it fails, passes or is not there."""

    text: str
    css: str
    colour: str
    ink: str
    status: str


def badge(mark: float | None, lang: str, breaches: int = 0, status: str = "") -> Badge:
    """The badge of a mark, with the section sign where the law is broken (indicators G9, G10)."""
    found = class_of(mark)
    if found is None:
        none = text("results.none_short", lang) + (" §" if breaches else "")
        return Badge(none, "none", "", "", status)
    css = "fails" if found.fails else "passes"
    return Badge(shown(mark, lang, breaches), css, found.colour, found.ink, status)


def figure(value: Any, lang: str, unit: str = "") -> str:
    """A number with its unit."""
    if value is None or value != value:
        return NOTHING
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    return f"{number(float(value), lang)} {unit}".rstrip()


def share(value: float | None, lang: str) -> str:
    """A share 0-1 as a percentage."""
    if value is None or value != value:
        return NOTHING
    return f"{figure(round(100.0 * value, 1), lang)} %"


def word(values: str, code: Any, lang: str) -> str:
    """The word behind a code; the code itself where the catalogue does not know it."""
    if code in (None, ""):
        return NOTHING
    return label(values, str(code), lang)


def indicator(name: str, lang: str) -> str:
    """The name of an indicator."""
    return label("indicator", name, lang)
