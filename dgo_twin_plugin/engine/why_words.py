"""Numbers and words of the explanation of a mark, in Dutch or English.

A printed number keeps as many decimals as its sum needs, so these differ from the short numbers of
:func:`.texts.number`: whoever recomputes a printed formula must find the printed result.
"""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from .functions import load_functions
from .roles import role_label, roles
from .texts import has_text, text
from .why_told import NONE as NONE
from .why_told import percent as percent
from .words import Message, say

if TYPE_CHECKING:
    from .indicators.spec import Indicator

MINUS, TIMES = "\u2212", "\u00b7"
MOST_DECIMALS = 15  # of a binary float there is nothing behind that
LN_SMALL = 3  # significant digits of a value that is smaller than its decimals can show


def plain(value: float, decimals: int, lang: str) -> str:
    """A number with at most so many decimals, without zeros behind them; a true minus sign."""
    if not math.isfinite(value):
        return ("" if value > 0 else MINUS) + "\u221e"
    shown = f"{value:.{min(decimals, MOST_DECIMALS)}f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    if shown in ("-0", ""):
        shown = "0"
    shown = shown.replace("-", MINUS)
    return shown.replace(".", ",") if lang == "nl" else shown


def exact(value: float, lang: str) -> str:
    """A norm or limit as the profile has it."""
    for decimals in range(MOST_DECIMALS + 1):
        if float(f"{value:.{decimals}f}") == value:
            return plain(value, decimals, lang)
    return plain(value, MOST_DECIMALS, lang)


def least_decimals(value: float, decimals: int) -> int:
    """``decimals``, or as many as a small value needs to show three digits, or fewer for a large
    one."""
    size = abs(value)
    if not math.isfinite(size) or size == 0.0:
        return decimals
    if size >= 1000.0:
        return 0
    return max(decimals, LN_SMALL - 1 - math.floor(math.log10(size))) if size < 1.0 else decimals


def quantity(value: float | None, decimals: int, lang: str) -> str:
    """A value as a sentence shows it."""
    if value is None or value != value:
        return NONE
    return plain(value, least_decimals(value, decimals), lang)


def mark2(mark: float) -> Decimal:
    """A mark to two decimals: truncated below 6, so that 5.998 is no pass, half up from 6."""
    snapped = Decimal(repr(round(float(mark), 9)))
    return snapped.quantize(Decimal("0.01"), rounding=ROUND_DOWN if snapped < 6 else ROUND_HALF_UP)


def shown2(mark: float, lang: str) -> str:
    """:func:`mark2` in words."""
    shown = str(mark2(mark)).replace("-", MINUS)
    return shown.replace(".", ",") if lang == "nl" else shown


def signed(points: float, lang: str, decimals: int = 1) -> str:
    """A difference with its sign; two decimals where one would hide it."""
    if 0 < abs(points) < 0.5 * 10.0**-decimals:
        decimals += 1
    shown = f"{abs(points):.{decimals}f}"
    sign = "\u00b1" if not float(shown) else ("+" if points > 0 else MINUS)
    return sign + (shown.replace(".", ",") if lang == "nl" else shown)


def unit(name: str, lang: str) -> str:
    """A unit for people, '' for a quantity that has none."""
    if name in ("", "-"):
        return ""
    key = f"words.unit.{name}"
    return text(key, lang) if has_text(key, lang) else name


def with_unit(shown: str, name: str, lang: str) -> str:
    """A number and its unit."""
    return f"{shown} {unit(name, lang)}".rstrip()


def part_name(spec: Indicator, part: str, lang: str) -> str:
    """The name of a quantity of an indicator, '' for the one without a name."""
    if not part:
        return ""
    for key in (f"indicators.{spec.id}.part.{part}", f"words.part.{spec.id}.{part}"):
        if has_text(key, lang):
            return text(key, lang)
    return part


def weight_name(spec: Indicator, lang: str) -> str:
    """What a zone weighs with: dwellings, area."""
    key = f"cards.weight.{spec.weight}"
    return text(key, lang) if has_text(key, lang) else spec.weight


def _word(lang: str, code: str, *keys: str) -> str:
    for key in keys:
        if has_text(key, lang):
            return text(key, lang)
    return code


def status_word(code: str, lang: str) -> str:
    """The word of a status."""
    return _word(lang, code, f"words.status.{code}")


def outcome_word(code: str, lang: str) -> str:
    """The word of the outcome of a legal check."""
    return _word(lang, code, f"words.legal_check.{code}")


def norm_status(code: str | None, lang: str) -> str:
    """The word of the status of a norm."""
    return _word(lang, code or NONE, f"results.value.norm_status.{code}")


def confidence(code: str | None, lang: str) -> str:
    """The word of the confidence of a number."""
    return _word(lang, code or NONE, f"norms.confidence.{code}")


def variant(code: str, lang: str) -> str:
    """The word of a kind of source or use; '' where the law makes no difference."""
    return _word(lang, code, f"norms.variant.{code}") if code else ""


def input_word(code: str, lang: str) -> str:
    """A role, a field of the design or the method in words."""
    if code in roles():
        found: Message | str = role_label(code)
        return text(found, lang)
    return _word(lang, code, f"results.input.{code}", f"fields.{code}")


def function_word(name: str | None, lang: str) -> str:
    """The label of a function of the design."""
    if name is None:
        return NONE
    found = load_functions().by_name.get(name)
    return name if found is None else found.label.get(lang, name)


def zone_word(zone: int, area_type: str, lang: str) -> str:
    """``Groenstedelijk, zone 2``, or the plan as a whole."""
    if zone == 0:
        return text("why.plan", lang)
    place = text(say("why.zone", zone=zone), lang)
    return f"{area_type} {chr(0xB7)} {place}" if area_type else place
