"""Marks of themes and the total, per zone and for the plan (indicators G9).

Theme mark = mean of its marks by indicator weight; total = mean of the theme marks by theme
weight; every weight is 1 unless the profile or the user says otherwise. Neither is capped, and
both carry the number of breaches, without which they are never shown: ``7,2 §``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import TYPE_CHECKING, Any

from . import marks as m
from . import words
from .words import DgoError

if TYPE_CHECKING:
    from .norms import Profile
    from .score_row import ScoreRow

TOTAL = "total"


@dataclass(frozen=True)
class Weights:
    """Weights of indicators (inside their theme) and of themes (inside the total); 1 where not
    named, 0 switches off."""

    indicators: Mapping[str, float] = field(default_factory=dict)
    themes: Mapping[str, float] = field(default_factory=dict)

    def indicator(self, id_: str) -> float:
        return self.indicators.get(id_, 1.0)

    def theme(self, name: str) -> float:
        return self.themes.get(name, 1.0)

    @classmethod
    def of(cls, profile: Profile, given: Mapping[str, Any] | None = None) -> Weights:
        """The profile's weights with the user's laid over them.

        ``given`` may be flat or have blocks ``indicators`` and ``themes``. In the flat form a name
        that is an indicator means the indicator (``green``); ``theme green`` means the theme.
        Raises DgoError for an unknown name, a negative weight or no number.
        """
        indicators = {i: float(n.weight) for i, n in profile.indicators.items()}
        themes = {t: float(w) for t, w in dict(profile.theme_weights or {}).items()}
        flat: dict[str, Any] = {}
        for name, value in (given or {}).items():
            if name == "indicators" and isinstance(value, Mapping):
                flat.update({str(k): v for k, v in value.items()})
            elif name == "themes" and isinstance(value, Mapping):
                flat.update({f"theme {k}": v for k, v in value.items()})
            else:
                flat[str(name)] = value
        for name, value in flat.items():
            weight = _weight(name, value)
            theme = name[6:].strip() if name.startswith("theme ") else name
            if name in indicators:
                indicators[name] = weight
            elif theme in words.THEMES:
                themes[theme] = weight
            else:
                raise DgoError("reasons.unknown_weight", name=name)
        return cls(indicators, themes)


def _weight(name: str, value: Any) -> float:
    try:
        weight = float(value)
    except (TypeError, ValueError):
        weight = float("nan")
    if not math.isfinite(weight) or weight < 0:
        raise DgoError("reasons.bad_weight", name=name, value=str(value))
    return weight


@dataclass
class TotalRow:
    """One row of ``totals``: the columns of design 6, without run_id and scenario."""

    zone_id: int
    theme: str  # one of words.THEMES, or 'total'
    mark: float | None
    mark_low: float | None
    mark_high: float | None
    coverage: float | None
    assumed: float | None
    indicators: int  # how many have a mark
    missing: int  # how many apply but could not be assessed
    n_breach: int
    chance6: float | None = None

    def shown(self, lang: str = "nl") -> str:
        """The mark as it may be shown: one decimal, never without its breaches (G9)."""
        return m.shown(self.mark, lang, self.n_breach)


class _Mean:
    """A weighted mean that grows; None as long as it has no weight."""

    __slots__ = ("top", "weight")

    def __init__(self) -> None:
        self.top = self.weight = 0.0

    def add(self, value: float | None, weight: float) -> None:
        if value is not None and weight > 0:
            self.top += weight * value
            self.weight += weight

    def value(self) -> float | None:
        return self.top / self.weight if self.weight > 0 else None


class _Sum:
    """What a theme or the total gathers."""

    __slots__ = ("mark", "low", "high", "coverage", "assumed", "indicators", "missing", "breaches")

    def __init__(self) -> None:
        self.mark, self.low, self.high = _Mean(), _Mean(), _Mean()
        self.coverage, self.assumed = _Mean(), _Mean()
        self.indicators = self.missing = self.breaches = 0

    def add_score(self, row: ScoreRow, weight: float) -> None:
        # a breach counts whatever its weight and its mark: no weight may hide it
        self.breaches += row.n_breach
        if row.status == words.NOT_APPLICABLE:
            return
        self.coverage.add(row.coverage or 0.0, weight)
        if row.mark is None:
            self.missing += 1
            return
        if weight > 0:
            self.indicators += 1
        self.mark.add(row.mark, weight)
        self.low.add(row.mark if row.mark_low is None else row.mark_low, weight)
        self.high.add(row.mark if row.mark_high is None else row.mark_high, weight)
        self.assumed.add(row.assumed, weight)

    def add_theme(self, row: TotalRow, weight: float) -> None:
        self.breaches += row.n_breach
        self.indicators += row.indicators if weight > 0 else 0
        self.missing += row.missing
        self.mark.add(row.mark, weight)
        self.low.add(row.mark_low, weight)
        self.high.add(row.mark_high, weight)
        self.coverage.add(row.coverage, weight)
        self.assumed.add(row.assumed, weight)

    def row(self, zone: int, theme: str) -> TotalRow:
        mark, low, high = self.mark.value(), self.low.value(), self.high.value()
        return TotalRow(
            zone_id=zone,
            theme=theme,
            mark=mark,
            mark_low=low,
            mark_high=high,
            coverage=self.coverage.value(),
            assumed=self.assumed.value(),
            indicators=self.indicators,
            missing=self.missing,
            n_breach=self.breaches,
            chance6=None if mark is None or low is None or high is None
            else m.chance_of_mark(mark, low, high),
        )


def totals(rows: Iterable[ScoreRow], weights: Weights | None = None) -> list[TotalRow]:
    """Rows of ``totals``: per zone (the plan first) the themes that have rows, in the order of
    words.THEMES, then ``total``. The interval of a mean is the mean of the intervals: errors are
    taken to go together, which is the careful side. Coverage is the mean over the indicators that
    apply, an unassessed one with what it had."""
    weights = weights or Weights()
    themes: dict[tuple[int, str], _Sum] = {}
    zones: set[int] = set()
    for row in rows:
        zones.add(row.zone_id)
        key = (row.zone_id, row.theme)
        if key not in themes:
            themes[key] = _Sum()
        themes[key].add_score(row, weights.indicator(row.indicator))
    out: list[TotalRow] = []
    for zone in sorted(zones):
        total = _Sum()
        for theme in words.THEMES:
            if (zone, theme) in themes:
                row_ = themes[zone, theme].row(zone, theme)
                out.append(row_)
                total.add_theme(row_, weights.theme(theme))
        out.append(total.row(zone, TOTAL))
    return out


_Made = tuple[Sequence[Any], Sequence[float], TotalRow]  # rows, their weights, what they add up to
_kept: dict[tuple[str, int], _Made] = {}  # by theme and zone, for totals_of


def totals_of(
    groups: Iterable[Sequence[ScoreRow]], weights: Weights | None = None
) -> list[TotalRow]:
    """:func:`totals` of the rows of several indicators, each by zone id: only a theme of a zone of
    which a row or a weight is another one is added up again. The same numbers to the last bit, for
    rows are added in the same order. Rows may be shared between results; nobody changes them."""
    weights = weights or Weights()
    by_theme: dict[str, list[Sequence[ScoreRow]]] = {}
    for rows in groups:
        if rows:
            by_theme.setdefault(rows[0].theme, []).append(rows)
    themes = [t for t in words.THEMES if t in by_theme]
    of_themes = [weights.theme(t) for t in themes]
    of_rows = {t: [weights.indicator(rows[0].indicator) for rows in by_theme[t]] for t in themes}
    out: list[TotalRow] = []
    for zone in range(len(by_theme[themes[0]][0]) if themes else 0):
        found = [_added(theme, zone, [rows[zone] for rows in by_theme[theme]], of_rows[theme],
                        _Sum.add_score) for theme in themes]  # fmt: skip
        out += [*found, _added(TOTAL, zone, found, of_themes, _Sum.add_theme)]
    return out


def _added(theme: str, zone: int, rows: Sequence[Any], weights: Sequence[float],
           add: Callable[[_Sum, Any, float], None]) -> TotalRow:  # fmt: skip
    last = _kept.get((theme, zone))
    if last is not None and len(last[0]) == len(rows) and weights == last[1]:
        if all(map(is_, rows, last[0])):
            return last[2]
    total = _Sum()
    for row, weight in zip(rows, weights):
        add(total, row, weight)
    made = total.row(zone, theme)
    _kept[theme, zone] = rows, weights, made
    return made


def ambition_marks(
    rows: Iterable[ScoreRow], weights: Weights | None = None
) -> dict[tuple[int, str], float]:
    """What the themes and the total would be if every assessed indicator met its ambition exactly:
    (zone, theme or 'total') -> mean of the ambition marks (G8), by the same weights as the marks
    themselves, so that the two can be compared."""
    aimed = [
        row.copy(mark=row.mark - row.gap, mark_low=None, mark_high=None)
        for row in rows
        if row.mark is not None and row.gap is not None
    ]
    return {
        (row.zone_id, row.theme): row.mark for row in totals(aimed, weights) if row.mark is not None
    }
