"""The sums behind a mark, with the numbers of this plan filled in.

A printed sum is a sum: whoever works it out on paper finds the printed result. Operands therefore
get as many decimals as that takes. ``lg`` is the logarithm to base 10.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import marks as m
from .grounds import FEW, QUANTILE
from .indicators.spec import LOG_MEAN, MAX, MEAN, MIN, P90, RATIO, Part, Places
from .texts import text
from .why_words import (
    MINUS,
    MOST_DECIMALS,
    TIMES,
    exact,
    least_decimals,
    mark2,
    plain,
    shown2,
    with_unit,
)
from .words import say

if TYPE_CHECKING:
    from .indicators.spec import Indicator

ZONES_IN_FULL = 3  # so many zones stand in the sum of the plan by themselves


@dataclass(frozen=True)
class Sum:
    """One worked sum. ``expression`` = ``result``; '' where there is nothing to work out, and
    ``text`` says why. ``value`` is what the expression gives, unrounded."""

    text: str
    expression: str = ""
    result: str = ""
    value: float = math.nan
    branch: str = ""  # below | between | above | bottom | top | mean | one


def _operand(value: float, log: bool, shown: str) -> str:
    if log:
        return f"lg {shown}"
    return f"({shown})" if value < 0 else shown


def mark_sum(
    value: float, minimum: float, basis: float, optimum: float, up: bool, log: bool,
    decimals: int, lang: str,
) -> Sum:  # fmt: skip
    """The mark of a value, as :func:`marks.mark` works it out (domain 2.4)."""
    mark = float(m.mark(value, minimum, basis, optimum, up, log))
    if math.isnan(mark):
        return Sum("")
    sign = 1.0 if up else -1.0
    if sign * value >= sign * optimum:
        shown = exact(optimum, lang)
        return Sum(text(say("why.sum.top", optimum=shown), lang), value=mark, branch="top")
    if not math.isfinite(value) or (log and value <= 0):
        return Sum(text(say("why.sum.bottom", mark=shown2(mark, lang)), lang), value=mark,
                   branch="bottom")  # fmt: skip
    if sign * value >= sign * basis:
        base, start, branch, ends = "8", basis, "above", (basis, optimum)
    else:
        base, start, ends = "6", minimum, (minimum, basis)
        branch = "between" if sign * value >= sign * minimum else "below"

    def worked(number: float) -> float:
        t, s, a, b = (float(x) for x in m.scaled([number, start, *ends], log))
        return float(base) + 2.0 * (t - s) / (b - a)

    true, shown_value = worked(value), ""
    first = least_decimals(value, decimals)
    for digits in range(first, MOST_DECIMALS + 1):
        shown_value = plain(value, digits, lang)
        if mark2(worked(float(f"{value:.{digits}f}"))) == mark2(true):
            break
    shown_value = _operand(value, log, shown_value)
    s, low, high = (_operand(x, log, exact(x, lang)) for x in (start, *ends))
    # both differences as positive numbers: what is far from the norm reads as far
    above = float(m.scaled(value, log)) >= float(m.scaled(start, log))
    part = (shown_value, s) if above else (s, shown_value)
    whole = (high, low) if ends[1] > ends[0] else (low, high)
    join = MINUS if branch == "below" else "+"
    expression = (f"{base} {join} 2 {TIMES} ({part[0]} {MINUS} {part[1]}) / "
                  f"({whole[0]} {MINUS} {whole[1]})")  # fmt: skip
    result = shown2(true, lang)
    line = f"{text(f'why.sum.{branch}', lang)}: {expression} = {result}"
    if mark > true:
        line += text(say("why.sum.not_below", mark=shown2(mark, lang)), lang)
    return Sum(line, expression, result, true, branch)


def mean_sum(
    marks: np.ndarray, weight: np.ndarray, zones: Sequence[int], word: str, lang: str
) -> Sum:
    """The mark of the plan: the mean of its zones by weight (indicators G5)."""
    if not len(zones):
        return Sum("")
    if len(zones) == 1:
        only = zones[0]
        return Sum(text(say("why.sum.one", zone=only, mark=shown2(marks[only], lang)), lang),
                   value=float(marks[only]), branch="one")  # fmt: skip
    x, w = marks[list(zones)], weight[list(zones)]
    true = float((x * w).sum() / w.sum())
    full = len(zones) <= ZONES_IN_FULL
    shown = mark2(true)
    first = 2 if full else 0
    expression = ""
    for digits in range(first, MOST_DECIMALS + 1):
        d = max(digits, 2)
        wr = [float(f"{v:.{digits - first}f}") for v in w]
        xr = [float(f"{v:.{d}f}") for v in x]
        if full:
            got = sum(a * b for a, b in zip(wr, xr)) / sum(wr) if sum(wr) else math.nan
            tops = (f"{plain(a, digits - first, lang)} {TIMES} {plain(b, d, lang)}"
                    for a, b in zip(w, x))  # fmt: skip
            below = " + ".join(plain(a, digits - first, lang) for a in w)
            expression = f"({' + '.join(tops)}) / ({below})"
        else:
            top, bottom = float((x * w).sum()), float(w.sum())
            got = (float(f"{top:.{digits}f}") / float(f"{bottom:.{digits}f}")
                   if float(f"{bottom:.{digits}f}") else math.nan)  # fmt: skip
            expression = f"{plain(top, digits, lang)} / {plain(bottom, digits, lang)}"
        if math.isfinite(got) and mark2(got) == shown:
            break
    key = "why.sum.mean" if full else "why.sum.mean_many"
    said = text(say(key, word=word, n=len(zones)), lang)
    result = shown2(true, lang)
    return Sum(f"{said}: {expression} = {result}", expression, result, true, "mean")


# --- the quantity itself --------------------------------------------------------------------------
def quantity_sum(
    spec: Indicator, part: Part, places: Places | None, zone: int, value: float, decimals: int,
    weight: str, lang: str,
) -> Sum:  # fmt: skip
    """How the places give the value (:mod:`.reduce`), as a sum where it is one."""
    if places is None or math.isnan(value) or part.reduce not in _WORKED:
        return Sum("")
    here = np.ones(len(places.zone), bool) if zone == 0 else places.zone == zone
    found = _WORKED[part.reduce](part, places, here, value, decimals, weight, lang)
    return found


def _settled(
    numbers: Sequence[float], work: Callable[[Sequence[float]], float], value: float,
    decimals: int, lang: str,
) -> list[str]:  # fmt: skip
    """The numbers with so many decimals that what is worked out of them rounds to the value."""
    digits = 0
    for digits in range(MOST_DECIMALS + 1):
        rounded = [float(f"{x:.{digits}f}") for x in numbers]
        try:
            got = work(rounded)
        except (ZeroDivisionError, OverflowError):
            continue
        if math.isfinite(got) and plain(got, decimals, lang) == plain(value, decimals, lang):
            break
    return [plain(x, digits, lang) for x in numbers]


def _ratio(
    part: Part, places: Places, here: np.ndarray, value: float, decimals: int, weight: str,
    lang: str,
) -> Sum:  # fmt: skip
    num, den = np.asarray(places.num, float), np.asarray(places.den, float)
    known = here & np.isfinite(num) & np.isfinite(den)
    top, bottom = float(num[known].sum()), float(den[known & (den > 0)].sum())
    decimals = least_decimals(value, decimals)
    a, b = _settled((top, bottom), lambda x: part.scale * x[0] / x[1], value, decimals, lang)
    front = "" if part.scale == 1.0 else f"{exact(part.scale, lang)} {TIMES} "
    expression = f"{front}{a} / {b}"
    return _told("ratio", part, expression, value, decimals, int(known.sum()), weight, lang)


def _mean(
    part: Part, places: Places, here: np.ndarray, value: float, decimals: int, weight: str,
    lang: str,
) -> Sum:  # fmt: skip
    den = places.weight if places.den is None else np.asarray(places.den, float)
    counts = here & ~np.isnan(places.value) & np.isfinite(den) & (den > 0)
    x, log = places.value[counts], part.reduce == LOG_MEAN
    if log and not (x > 0).all():
        return Sum("")
    top = float((den[counts] * (np.log10(x) if log else x)).sum())
    bottom = float(den[counts].sum())
    if not math.isfinite(top):
        return Sum("")
    decimals = least_decimals(value, decimals)

    def work(numbers: Sequence[float]) -> float:
        mean = numbers[0] / numbers[1]
        return part.scale * (10.0**mean if log else mean)

    a, b = _settled((top, bottom), work, value, decimals, lang)
    front = "" if part.scale == 1.0 else f"{exact(part.scale, lang)} {TIMES} "
    expression = f"{front}10^({a} / {b})" if log else f"{front}{a} / {b}"
    key = "log_mean" if log else "mean"
    return _told(key, part, expression, value, decimals, int(counts.sum()), weight, lang)


def _told(key: str, part: Part, expression: str, value: float, decimals: int, n: int, weight: str,
          lang: str) -> Sum:  # fmt: skip
    result = plain(value, decimals, lang)
    shown = with_unit(result, part.unit, lang)
    said = text(say(f"why.quantity.{key}", weight=weight, n=n), lang)
    return Sum(f"{expression} = {shown} ({said})", expression, result, value, key)


def _p90(
    part: Part, places: Places, here: np.ndarray, value: float, decimals: int, weight: str,
    lang: str,
) -> Sum:  # fmt: skip
    w = np.maximum(np.nan_to_num(places.weight), 0.0)
    counts = here & ~np.isnan(places.value) & (w > 0)
    total = float(w[counts].sum())
    shown = with_unit(plain(value, least_decimals(value, decimals), lang), part.unit, lang)
    n = int(counts.sum())
    if total < FEW * (1.0 - 1e-9):
        said = say("why.quantity.few", value=shown, n=n, total=plain(total, 1, lang), word=weight)
        return Sum(text(said, lang), value=value, branch="few")
    below = counts & (part.scale * places.value <= value * (1.0 + 1e-12) + 1e-12)
    under = float(w[below].sum())
    said = say("why.quantity.p90", value=shown, total=plain(total, 1, lang), word=weight,
               under=plain(under, 1, lang), share=plain(100.0 * under / total, 1, lang),
               quantile=round(100 * QUANTILE))  # fmt: skip
    return Sum(text(said, lang), value=value, branch="p90")


def _extreme(
    part: Part, places: Places, here: np.ndarray, value: float, decimals: int, weight: str,
    lang: str,
) -> Sum:  # fmt: skip
    counts = here & ~np.isnan(places.value) & (places.weight > 0)
    shown = with_unit(plain(value, least_decimals(value, decimals), lang), part.unit, lang)
    said = say(f"why.quantity.{part.reduce}", value=shown, n=int(counts.sum()))
    return Sum(text(said, lang), value=value, branch=part.reduce)


_WORKED = {RATIO: _ratio, MEAN: _mean, LOG_MEAN: _mean, P90: _p90, MAX: _extreme, MIN: _extreme}
