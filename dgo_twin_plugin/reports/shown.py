"""How figures are shown in reports: marks, shares, numbers; '–' for what is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..engine.marks import shown, uncertain
from ..engine.roles import role_label, roles
from ..engine.texts import has_text, number, text
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


def unsure(row: dict[str, Any], lang: str) -> str:
    """``± uncertain`` where the interval of a mark straddles the 6 (domain 2.4), else ''. A sign
    and a word, so that no colour is needed to see it."""
    low, high = row.get("mark_low"), row.get("mark_high")
    if low is None or high is None or not uncertain(low, high):
        return ""
    return text("results.uncertain", lang)


def chance(value: float | None, lang: str) -> str:
    """A chance in whole percents; never 0 or 100, for nothing is that certain."""
    if value is None or value != value:
        return NOTHING
    percent = round(100.0 * value)
    return "< 1 %" if percent < 1 else "> 99 %" if percent > 99 else f"{percent} %"


def input_name(code: str | None, lang: str) -> str:
    """What ``next_data`` names: a role, a field of the design, the method, what is not known."""
    if not code:
        return NOTHING
    if code in roles():
        return text(role_label(code), lang)
    for key in (f"results.input.{code}", f"fields.{code}"):
        if has_text(key, lang):
            return text(key, lang)
    return code


def gain(value: float | None, lang: str) -> str:
    """Mark points, one decimal, two where it is small."""
    if value is None or value != value:
        return NOTHING
    shown_ = f"{value:.1f}" if value >= 0.095 else f"{value:.2f}"
    return shown_.replace(".", ",") if lang == "nl" else shown_


def indicator(name: str, lang: str) -> str:
    """The name of an indicator."""
    return label("indicator", name, lang)
