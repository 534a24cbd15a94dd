"""The bandwidth under a slider: from the legal limit to beyond the optimum (design 8).

The track of a quantity in an area type runs, worst first, from the legal limit - else from the
value of mark 4 - to 10 % beyond the optimum, straight on the scale of the norm (logarithmic where
the norm is). Beyond the limit a margin is drawn hatched: values may lie there, a handle may not.

The limit is the one of ``prepare``: a number of its own only where the law has just one for the
quantity on the day. Where it depends on the kind of source (a municipal road 70 dB, a provincial
road 60) there is no one limit; the numbers stand on the track as signs, and in the article.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from .texts import LANGUAGES, has_text, number, text

if TYPE_CHECKING:
    from .norms import Law, Norm, PartNorms, Profile

LOWEST, PASS, BASIS, OPTIMUM = 4.0, 6.0, 8.0, 10.0
BEYOND = 0.10  # of the band, past the optimum (design 8)
MARGIN = 0.12  # of the band, hatched, past the legal limit
_STEPS = 20  # steps of a handle between mark 6 and mark 10, about


@dataclass(frozen=True)
class Track:
    """One slider's scale. ``start`` is drawn left and worst, ``end`` right and best; a handle may
    be anywhere from ``first`` to ``end``. Positions are shares 0-1 of the drawn length."""

    indicator: str
    part: str
    area_type: str
    unit: str
    start: float
    end: float
    log: bool
    up: bool
    minimum: float
    basis: float
    optimum: float
    limit: float | None
    standard: float | None
    article: dict[str, str]  # per language, for a tooltip; '' where no law speaks
    stops: tuple[tuple[float, float], ...]  # (mark, value) of the ticks 6, 8 and 10
    step: float
    decimals: int
    first: float  # the worst value a handle may have
    limits: tuple[tuple[str, float], ...] = ()  # (kind, limit) where it depends on the kind
    marks: bool = False  # the scale is that of marks: several area types at once

    # --- along the track -----------------------------------------------------------------
    def _t(self, value: float) -> float:
        if not self.log:
            return value
        return math.log10(value) if value > 0 else -math.inf

    def position(self, value: float) -> float:
        """Where a value lies, 0 (left, worst) to 1 (right, best); what lies outside, at the end."""
        a, b, t = self._t(self.start), self._t(self.end), self._t(value)
        share = (t - a) / (b - a) if b != a else 0.0
        return min(max(share, 0.0), 1.0) if share == share else 0.0

    def inside(self, value: float) -> bool:
        """Whether a value lies on the drawn track."""
        low, high = sorted((self.start, self.end))
        return low <= value <= high

    def value(self, position: float) -> float:
        """The value at a position; the inverse of :meth:`position` on the track."""
        a, b = self._t(self.start), self._t(self.end)
        t = a + min(max(position, 0.0), 1.0) * (b - a)
        return float(10.0**t) if self.log else t

    def clamp(self, value: float) -> float:
        """The nearest value that a handle may have: the law is impassable."""
        low, high = sorted((self.first, self.end))
        return min(max(value, low), high)

    def snapped(self, value: float) -> float:
        """The nearest value in whole steps that a handle may have."""
        return self.clamp(round(self._whole(value), self.decimals + 3))

    def _whole(self, value: float) -> float:
        if not self.log:
            return round(value / self.step) * self.step
        if value <= 0:
            return self.first
        digits = 2 - math.floor(math.log10(value))  # three figures that count
        return round(value, digits)

    def moved(self, value: float, steps: float) -> float:
        """The value so many steps further, towards better where positive."""
        sign = 1.0 if self.up else -1.0
        if not self.log:
            return self.snapped(value + sign * steps * self.step)
        moved = self.snapped(value * 10.0 ** (sign * steps * self._log_step()))
        return moved

    def _log_step(self) -> float:
        return abs(self._t(self.end) - self._t(self.first)) / 40.0

    # --- marks ---------------------------------------------------------------------------
    def mark(self, value: float) -> float:
        """The mark of a value, as :func:`.marks.mark` gives it, without NumPy."""
        if self.marks:
            return min(max(value, 1.0), 10.0)
        t, m, b, o = (self._t(v) for v in (value, self.minimum, self.basis, self.optimum))
        sign = 1.0 if self.up else -1.0
        if math.isinf(t):
            return OPTIMUM if sign * t > 0 else 1.0
        if sign * t >= sign * o:
            return OPTIMUM
        if sign * t >= sign * b:
            found = BASIS + 2.0 * ((t - b) / (o - b))
        else:
            found = PASS + 2.0 * ((t - m) / (b - m))
        return min(max(found, 1.0), 10.0)

    def value_at_mark(self, mark: float) -> float:
        """The value that gets a mark, as :func:`.marks.value_at_mark` gives it."""
        if self.marks:
            return mark
        for at, value in self.stops:  # a stop is its norm to the last bit
            if mark == at:
                return value
        g = min(max(mark, 1.0), 10.0)
        m, b, o = (self._t(v) for v in (self.minimum, self.basis, self.optimum))
        t = b + (o - b) * (g - BASIS) / 2.0 if g >= BASIS else m + (b - m) * (g - PASS) / 2.0
        return float(10.0**t) if self.log else t

    # --- words ---------------------------------------------------------------------------
    def shown(self, value: float, lang: str | None = None) -> str:
        """A value of this quantity as people read it: the decimals of its unit, a decimal comma
        in Dutch; on a log scale three figures that count."""
        if self.log and value > 0:
            return number(float(f"{value:.3g}"), lang)
        figure = f"{value:.{self.decimals}f}"
        if float(figure) == 0.0:
            figure = figure.replace("-", "")
        return _comma(figure.replace("-", "\u2212"), lang)

    def exact(self, value: float, lang: str | None = None) -> str:
        """The same for a number somebody set: with as many decimals as it has, up to two more."""
        if self.log:
            return self.shown(value, lang)
        for more in range(3):
            if abs(round(value, self.decimals + more) - value) < 1e-9:
                break
        figure = f"{value:.{self.decimals + more}f}"
        return _comma(figure.replace("-", "\u2212"), lang)


def _comma(figure: str, lang: str | None) -> str:
    from .texts import language

    return figure.replace(".", ",") if (lang or language()) == "nl" else figure


def unit_name(unit: str, lang: str | None = None) -> str:
    """A unit in a language."""
    from .texts import language

    key = f"words.unit.{unit}"
    return text(key, lang) if unit and has_text(key, lang or language()) else unit


def track(
    profile: Profile, spec_id: str, area_type: str | None, date: datetime.date | None,
    part: str = "",
) -> Track | None:  # fmt: skip
    """The track of a quantity in an area type on a day; None where the profile has no norm. No
    date: the law is left out. ``part=''`` is the first part."""
    norms = profile.indicators.get(spec_id)
    if norms is None or area_type is None:
        return None
    if part == "" and "" not in norms.parts:
        part = norms.first.id
    quantity, norm = norms.parts.get(part), profile.norm(spec_id, area_type, part)
    if quantity is None or norm is None:
        return None
    laws = () if date is None else profile.law(spec_id, date, None, part)
    return _made(_Key(profile.hash, spec_id, part, area_type, str(date)), quantity, norm, laws)


@dataclass(frozen=True)
class _Key:
    """What a track depends on; the hash of a profile covers everything that can move it."""

    profile: str
    indicator: str
    part: str
    area_type: str
    date: str


_kept: dict[_Key, Track] = {}


def _made(key: _Key, quantity: PartNorms, norm: Norm, laws: tuple[Law, ...]) -> Track:
    found = _kept.get(key) if key.profile else None
    if found is None:
        found = _track(key, quantity, norm, laws)
        if len(_kept) > 4000:
            _kept.clear()
        _kept[key] = found
    return found


def _track(key: _Key, quantity: PartNorms, norm: Norm, laws: tuple[Law, ...]) -> Track:
    up, log, unit = quantity.up, quantity.log, quantity.unit
    m, b, o = norm.minimum, norm.basis, norm.optimum
    to = math.log10 if log else float
    back = (lambda t: float(10.0**t)) if log else float
    sign = 1.0 if up else -1.0

    here = [x for x in laws if x.unit == unit]
    numbers = {x.limit for x in here if x.limit == x.limit}
    limit = float(next(iter(numbers))) if len(numbers) == 1 else None
    if log and limit is not None and limit <= 0:
        limit = None
    standards = {x.standard for x in here if x.standard == x.standard}
    standard = float(next(iter(standards))) if len(standards) == 1 else None
    limits = tuple((x.variant, float(x.limit)) for x in here if x.limit == x.limit)

    floor, ceiling = _ends(unit, m, b, o)
    fourth = to(m) - (to(b) - to(m))  # the slope of 6-8 goes on: mark 4
    first = back(fourth) if limit is None else limit
    if limit is None:
        first = min(max(first, floor), ceiling)
    band = abs(to(o) - to(first))
    end = min(max(back(to(o) + sign * BEYOND * band), floor), ceiling)
    start = first if limit is None else back(to(limit) - sign * MARGIN * band)
    if sign * to(start) > sign * to(m):  # a law stricter than the minimum: the 6 is still shown
        start = back(to(m) - sign * 0.02 * band)
    if not log:
        start = min(max(start, floor), ceiling)
        if limit is not None and sign * start > sign * limit:
            start = limit
    step, decimals = _step(m, o, log)
    return Track(
        key.indicator, key.part, key.area_type, unit, start, end, log, up, m, b, o, limit, standard,
        {lang: _article(laws, unit, limit, lang) for lang in LANGUAGES},
        ((PASS, m), (BASIS, b), (OPTIMUM, o)), step, decimals, first,
        () if limit is not None else limits,
    )  # fmt: skip


def _ends(unit: str, *anchors: float) -> tuple[float, float]:
    """The least and the most that a quantity can be: no share above 100 %, nothing below zero."""
    low = 0.0 if min(anchors) >= 0 else -math.inf
    whole = unit in ("%", "% of persons") and max(anchors) <= 100
    return low, 100.0 if whole else math.inf


def _step(minimum: float, optimum: float, log: bool) -> tuple[float, int]:
    """(step, decimals) of a handle: 1, 2 or 5 times a power of ten, about a twentieth of the way
    from mark 6 to mark 10, and at most 1."""
    if log:
        least = min(minimum, optimum)
        return 10.0 ** math.floor(math.log10(least) - 1), max(0, 1 - math.floor(math.log10(least)))
    raw = min(abs(optimum - minimum) / _STEPS, 1.0)
    power = math.floor(math.log10(raw) + 1e-9)
    lead = next(k for k in (5, 2, 1) if k <= raw / 10.0**power + 1e-9)
    return round(lead * 10.0**power, 9), max(0, -power)


def _article(laws: tuple[Law, ...], unit: str, limit: float | None, lang: str) -> str:
    """What the law says here, in a sentence or a few: the numbers with their article; where they
    depend on the kind of source or use, all of them, and that they do."""
    if not laws:
        return ""
    titles = list(dict.fromkeys(x.text.get(lang, x.source) for x in laws))
    lines = list(titles)
    pairs = list(dict.fromkeys((x.limit, x.standard) for x in laws))
    numbers = {x.limit for x in laws if x.limit == x.limit}
    if len(numbers) > 1 or any(x.unit != unit for x in laws):
        lines.append(text("mix.law.depends", lang))
    for low, normal in pairs:
        kinds = [x for x in laws if _same(x.limit, low) and _same(x.standard, normal)]
        named = ", ".join(dict.fromkeys(_kind(x.variant, lang) for x in kinds))
        said = []
        if low == low:
            said.append(text("mix.law.limit", lang, limit=number(low, lang)))
        if normal == normal:
            said.append(text("mix.law.standard", lang, standard=number(normal, lang)))
        shown = unit_name(kinds[0].unit, lang) if kinds else ""
        lines.append(f"{named}: {', '.join(said)} {shown}".strip())
    return "\n".join(dict.fromkeys(lines))


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def _kind(variant: str, lang: str) -> str:
    key = f"norms.variant.{variant}"
    return text(key, lang) if has_text(key, lang) else variant


@lru_cache(maxsize=64)
def mark_track(indicator: str = "", part: str = "") -> Track:
    """The track in marks 4 to 10, for several area types at once: one slider sets every type to
    its own value for that mark."""
    return Track(
        indicator, part, "", "", LOWEST, OPTIMUM, False, True, PASS, BASIS, OPTIMUM, None, None,
        dict.fromkeys(LANGUAGES, ""), ((PASS, PASS), (BASIS, BASIS), (OPTIMUM, OPTIMUM)), 0.1, 1,
        LOWEST, (), True,
    )  # fmt: skip
