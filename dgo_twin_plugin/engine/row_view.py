"""Rows of the mixing panel as plain data: one :class:`RowView` per indicator, ready to be drawn.

Widgets get these and nothing else, so that they know neither the engine nor QGIS. All that a text
costs is asked for when it is drawn: a slider that moves makes 33 of these.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from . import marks as m
from . import words
from .bandwidth import Track, mark_track, track, unit_name
from .mix import ALL, Mix, part_key
from .row_memory import RowMemory
from .texts import has_text, language, number, text

if TYPE_CHECKING:
    from .assessment import Assessment
    from .prepare import Prepared
    from .score_row import ScoreRow

_ORDER = {theme: i for i, theme in enumerate(words.THEMES)}
_WHOLE = 0.9995  # a coverage from here on is the whole
_SOME = 0.0005  # an assumed share below this is none

Former = Mapping[str, tuple[Any, Any]]  # indicator -> (value, mark) of an earlier state


@dataclass(frozen=True)
class RowView:
    """One indicator in one place (plan, area type or zone) under one mix. None = not there."""

    indicator: str
    code: str
    name: str
    theme: str
    part: str  # the part shown; '' where there is one
    part_name: str
    track: Track | None  # None: the profile has no norm here
    value: float | None
    unit: str
    mark: float | None
    mark_low: float | None
    mark_high: float | None
    chance6: float | None
    low: float | None  # 90 % interval on the scale of the track
    high: float | None
    ambition: float | None  # on the scale of the track
    ambition_mark: float | None
    own: bool  # whether somebody set the ambition; else it is the profile's basis
    former: float | None  # value of an earlier state
    former_mark: float | None
    status: str
    legal_check: str
    n_breach: int
    coverage: float | None
    assumed: float | None
    proxy: bool
    reason: str
    weight: float  # in force where switched on
    off: bool
    locked: bool
    testing: bool  # mode toets: nothing may be moved
    stale: bool
    parts: tuple[tuple[str, str], ...]  # (id, name) of the parts, where there is a choice
    norm: str  # source, status and confidence of the norm
    lang: str

    # --- where things stand on the track ------------------------------------------------------
    @property
    def key(self) -> str:
        """The part key that an ambition is set by (:mod:`.mix`)."""
        return part_key(self.indicator, self.part)

    @property
    def short(self) -> str:
        """The name where there is no room for the whole of it."""
        key = f"indicators.{self.indicator}.short"
        return text(key, self.lang) if has_text(key, self.lang) else self.name

    @property
    def movable(self) -> bool:
        """Whether the handle may be moved."""
        return self.track is not None and not self.locked and not self.testing

    @property
    def at(self) -> float | None:
        """The plan's own marker, on the scale of the track."""
        return self._on_track(self.value, self.mark)

    @property
    def former_at(self) -> float | None:
        """The marker of the earlier state; None where it is the same."""
        found = self._on_track(self.former, self.former_mark)
        return None if found == self.at else found

    def _on_track(self, value: float | None, mark: float | None) -> float | None:
        if self.track is None:
            return None
        return mark if self.track.marks else value

    # --- words --------------------------------------------------------------------------------
    @property
    def figure(self) -> str:
        """The value alone: ``57,8``; empty where there is none."""
        if self.value is None:
            return ""
        if self.value in (float("inf"), -float("inf")):
            return "∞" if self.value > 0 else "\u2212∞"
        if self.track is None or self.track.marks:
            return _rounded(self.value, self.lang)
        return self.track.shown(self.value, self.lang)

    @property
    def unit_text(self) -> str:
        """The unit in full, with the part: ``µg/m³ NO₂``."""
        unit = unit_name(self.unit, self.lang)
        return f"{unit} {self.part_name}".strip() if self.part_name else unit

    @property
    def unit_short(self) -> str:
        """The unit where there is little room: ``dB``, ``%``."""
        key = f"mix.unit.{self.unit}"
        unit = text(key, self.lang) if has_text(key, self.lang) else unit_name(self.unit, self.lang)
        return f"{unit} {self.part_name}".strip() if self._substance else unit

    @property
    def _substance(self) -> bool:
        return len(self.part_name) <= 5

    @property
    def value_text(self) -> str:
        """The value with its unit; why there is none where there is none."""
        if self.value is None:
            return text("mix.no_value", self.lang)
        return f"{self.figure} {self.unit_text}"

    @property
    def badge(self) -> str:
        """The mark as it may be shown, never without its breaches: ``4,9 §3``."""
        breach = f" §{self.n_breach}" if self.n_breach else ""
        if self.mark is None:
            none = "na" if self.status == words.NOT_APPLICABLE else "none"
            return text(f"mix.badge.{none}", self.lang) + breach
        return m.shown(self.mark, self.lang) + breach

    @property
    def sure(self) -> bool:
        """Whether the interval does not straddle the 6."""
        return (self.mark_low is None or self.mark_high is None
                or not self.mark_low < m.MINIMUM <= self.mark_high)  # fmt: skip

    @property
    def status_text(self) -> str:
        """The status as a word."""
        return text(f"words.status.{self.status}", self.lang)

    @property
    def shares(self) -> str:
        """Coverage and assumed share, as far as they say something."""
        said = []
        if self.coverage is not None and self.coverage < _WHOLE:
            said.append(text("mix.coverage", self.lang, share=_percent(self.coverage, True)))
        if self.assumed is not None and self.assumed >= _SOME:
            said.append(text("mix.assumed", self.lang, share=_percent(self.assumed, False)))
        return " · ".join(said)

    @property
    def notes(self) -> str:
        """The line under the track: what is special, else the status."""
        if self.off:
            first = text("mix.off", self.lang)
        elif self.mark is None and self.reason:
            first = self.reason
        elif self.legal_check in words.FOUND:
            first = text(f"words.legal_check.{self.legal_check}", self.lang)
        else:
            first = self.status_text
        unsure = "" if self.sure or self.mark is None else text("mix.unsure", self.lang)
        proxy = text("mix.proxy", self.lang) if self.proxy and self.mark is not None else ""
        part = "" if self._substance else self.part_name  # a long one does not fit at the value
        return " · ".join(t for t in (part, first, unsure, self.shares, proxy) if t)

    def on_track(self, value: float) -> str:
        """A number on the track with its unit: ``50 dB Lden``, or ``mark 7,0``."""
        if self.track is None:
            return ""
        if self.track.marks:
            return text("mix.mark", self.lang, mark=m.shown(value, self.lang))
        return f"{self.track.exact(value, self.lang)} {unit_name(self.unit, self.lang)}"

    @property
    def ambition_text(self) -> str:
        """The ambition in words, with its mark."""
        if self.ambition is None or self.track is None:
            return ""
        if self.track.marks or self.ambition_mark is None:
            return self.on_track(self.ambition)
        mark = m.shown(self.ambition_mark, self.lang)
        return text("mix.ambition_mark", self.lang, value=self.on_track(self.ambition), mark=mark)

    def spoken(self) -> str:
        """The row for a screen reader."""
        parts = [f"{self.name}: {self.badge}", self.value_text, self.notes]
        if self.ambition is not None:
            parts.append(text("mix.spoken.ambition", self.lang, ambition=self.ambition_text))
        if self.locked:
            parts.append(text("mix.locked", self.lang))
        return ", ".join(p for p in parts if p)

    @property
    def tip(self) -> str:
        """All there is to say, as the rich text of a tooltip."""
        lines = [f"<b>{html.escape(self.name)} ({self.code}): {html.escape(self.badge)}</b>"]

        def add(key: str, value: str) -> None:
            if value:
                lines.append(html.escape(f"{text(key, self.lang)}: {value}"))

        add("mix.tip.value", self.value_text)
        if self.mark_low is not None and self.mark_high is not None:
            low, high = (m.shown(v, self.lang) for v in (self.mark_low, self.mark_high))
            add("mix.tip.interval", f"{low} – {high}")
        if self.chance6 is not None:
            add("mix.tip.chance", _chance(self.chance6))
        add("mix.tip.status", self.status_text)
        add("mix.tip.reason", self.reason)
        add("mix.tip.law", text(f"words.legal_check.{self.legal_check}", self.lang))
        add("mix.tip.ambition", self.ambition_text)
        if self.former is not None or self.former_mark is not None:
            was = [] if self.former is None or self.track is None or self.track.marks else [
                self.on_track(self.former)]  # fmt: skip
            was += [] if self.former_mark is None else [m.shown(self.former_mark, self.lang)]
            add("mix.tip.former", " · ".join(was))
        if self.track is not None and not self.track.marks:
            add("mix.tip.norm", " · ".join(
                self.track.exact(v, self.lang) for _, v in self.track.stops))  # fmt: skip
            add("mix.tip.source", self.norm)
            lines += [html.escape(t) for t in self.track.article[self.lang].splitlines()]
        add("mix.tip.shares", self.shares)
        add("mix.tip.weight", number(self.weight, self.lang))
        if self.parts:
            add("mix.tip.part", self.part_name)
            lines.append(html.escape(text("mix.tip.other_part", self.lang)))
        if self.proxy:
            lines.append(html.escape(text("mix.tip.proxy", self.lang)))
        return "<br>".join(lines)


def _percent(share: float, down: bool) -> str:
    """A share as a whole percentage that is neither 0 nor 100 where it is not that itself."""
    shown = round(100.0 * share)
    shown = min(shown, 99) if down and share < 1.0 else shown
    return str(max(shown, 1) if share > 0 else shown)


def _chance(share: float) -> str:
    percent = round(100.0 * share)
    return "< 1 %" if percent < 1 else "> 99 %" if percent > 99 else f"{percent} %"


def _rounded(value: float, lang: str) -> str:
    """A value without a norm to say its decimals: three figures that count."""
    found = float(f"{value:.3g}")
    return number(found, lang).replace("-", "\u2212")


@lru_cache(maxsize=512)
def _part_name(indicator: str, part: str, lang: str) -> str:
    if not part:
        return ""
    for key in (f"words.part.{indicator}.{part}", f"mix.part.{indicator}.{part}"):
        if has_text(key, lang):
            return text(key, lang)
    return part


@lru_cache(maxsize=512)
def _norm_words(source: str, status: str, confidence: str, lang: str) -> str:
    said = [source]
    for key in (f"results.value.norm_status.{status}", f"norms.confidence.{confidence}"):
        if has_text(key, lang):
            said.append(text(key, lang))
    rest = [word for word in said[1:] if word.lower() not in source.lower()]
    return " – ".join((source, ", ".join(rest))) if rest else source


def area_types(assessment: Assessment) -> list[str]:
    """The area types present in the plan that the profile knows, each once."""
    known = assessment.profile.area_types
    return [t for t in dict.fromkeys(str(t) for t in assessment.scene.zones.area_type if t)
            if t in known]  # fmt: skip


def scopes(assessment: Assessment) -> list[tuple[str, int]]:
    """What a panel may show: (scope, zone) of the plan, of each area type, of each zone."""
    of_types: dict[str, list[int]] = {}
    for zone, kind in enumerate(assessment.scene.zones.area_type, 1):
        of_types.setdefault(str(kind or ""), []).append(zone)
    kinds = [(t, of_types[t][0] if len(of_types[t]) == 1 else 0) for t in area_types(assessment)]
    zones = [(f"zone {z}", z) for z in range(1, len(assessment.scene.zones.area_type) + 1)]
    return [(ALL, 0), *(kinds if len(kinds) > 1 else []), *zones]


def row_views(
    assessment: Assessment,
    mix: Mix,
    scope: str = ALL,
    zone: int = 0,
    former: Assessment | Former | None = None,
    lang: str | None = None,
    stale: bool = False,
    parts: Mapping[str, str] | None = None,
    memory: RowMemory | None = None,
) -> list[RowView]:
    """One row per indicator, by theme, then code.

    ``scope`` is what the handles set: ``all``, an area type or ``zone 2``. In the plan as a whole
    with several area types the tracks are in marks. ``zone`` is whose figures are shown; an area
    type of several zones (``zone=0``) shows their means by weight. ``former``: the earlier state,
    as an assessment or as indicator -> (value, mark). ``parts``: indicator -> the part to show,
    else the one that decides. ``memory``: rows that rest on the same as the last time are the same
    objects.
    """
    lang = lang or language()
    types = _types(assessment, scope, zone)
    memory = memory if memory is not None else RowMemory()
    memory.begin(assessment.profile, mix, (assessment.scene.date, scope, zone, types, lang, stale))
    found = _found(assessment.scores, scope, zone)
    chosen = _found(assessment.parts, scope, zone, parts) if parts else {}
    before = _former(former, scope, zone, parts, memory)
    at = zone if zone else _zone(scope)

    def make(prepared: Prepared, own: list[ScoreRow], was: tuple[Any, Any] | None) -> RowView:
        return _view(assessment, mix, prepared, _one(own), types, at, was, lang, stale)

    made = []
    for indicator, prepared in assessment.prepared.items():
        own = chosen.get(indicator) or found.get(indicator)
        if own:
            was = before.get(indicator)
            made.append(memory.row(indicator, (prepared, *own), was,
                                   partial(make, prepared, own, was)))  # fmt: skip
    made.sort(key=lambda view: (_ORDER.get(view.theme, 99), view.code))
    return made


def _zone(scope: str) -> int:
    word = scope[5:].strip() if scope.startswith("zone ") else ""
    return int(word) if word.isdigit() else 0


def _types(assessment: Assessment, scope: str, zone: int) -> list[str]:
    """The area types that a handle in this scope is about."""
    if scope == ALL and not zone:
        return area_types(assessment)
    at = _zone(scope) or (zone if scope == ALL else 0)
    if at:
        kinds = assessment.scene.zones.area_type
        found = kinds[at - 1] if at <= len(kinds) else None
        return [str(found)] if found else []
    return [scope]


def _found(
    rows: Iterable[ScoreRow], scope: str, zone: int, parts: Mapping[str, str] | None = None
) -> dict[str, list[ScoreRow]]:
    """The rows of each indicator in a place: one, or in an area type one per zone; with ``parts``
    those of its chosen part."""
    at = zone or _zone(scope)
    asked = rows if parts is None else [r for r in rows if parts.get(r.indicator) == r.part]
    if at or scope == ALL:
        return {r.indicator: [r] for r in asked if r.zone_id == at}
    several: dict[str, list[ScoreRow]] = {}
    for row in asked:
        if row.zone_id and row.area_type == scope:
            several.setdefault(row.indicator, []).append(row)
    return several


def _one(rows: list[ScoreRow]) -> ScoreRow:
    return rows[0] if len(rows) == 1 else joined(rows)


def joined(rows: list[ScoreRow]) -> ScoreRow:
    """The zones of one area type together: value, mark, interval, coverage and assumed share are
    means by the weight to the plan (G5), the status is the worst, breaches add up. The parts that
    decide may differ; the first of the lowest mark is shown."""
    marked = [r for r in rows if r.mark is not None]
    if not marked:
        return min(rows, key=lambda r: words.STATUSES.index(r.status) != 1)
    lowest = min(marked, key=lambda r: r.mark if r.mark is not None else 11.0)
    same = [r for r in marked if r.part == lowest.part]

    def mean(name: str, of: list[ScoreRow]) -> float | None:
        pairs = [(getattr(r, name), r.weight or 0.0) for r in of if getattr(r, name) is not None]
        total = sum(w for _, w in pairs)
        return sum(v * w for v, w in pairs) / total if total > 0 else None

    mark, low, high = (mean(n, marked) for n in ("mark", "mark_low", "mark_high"))
    chance = None
    if mark is not None and low is not None and high is not None:
        chance = m.chance_of_mark(mark, low, high)
    return lowest.copy(
        zone_id=0, value=mean("value", same), mark=mark, mark_low=low, mark_high=high,
        chance6=chance, gap=mean("gap", marked), coverage=mean("coverage", rows),
        assumed=mean("assumed", marked), n_breach=sum(r.n_breach for r in rows), spread=None,
        status=min((r.status for r in marked), key=words.STATUSES.index),
        legal_check=min((r.legal_check for r in rows), key=words.LEGAL_CHECKS.index),
    )  # fmt: skip


def _former(
    former: Assessment | Former | None, scope: str, zone: int, parts: Mapping[str, str] | None,
    memory: RowMemory,
) -> Former:  # fmt: skip
    if former is None:
        return {}
    if isinstance(former, Mapping):
        return former

    def make() -> Former:
        found = _found(former.scores, scope, zone)
        if parts:
            found.update(_found(former.parts, scope, zone, parts))
        return {k: (r.value, r.mark) for k, r in ((k, _one(own)) for k, own in found.items())}

    made: Former = memory.former(former.scores, (scope, zone, dict(parts or {})), make)
    return made


def _view(
    assessment: Assessment, mix: Mix, prepared: Prepared, row: ScoreRow, types: list[str],
    zone: int, before: tuple[Any, Any] | None, lang: str, stale: bool,
) -> RowView:  # fmt: skip
    profile, spec = assessment.profile, prepared.spec
    id_, part = spec.id, row.part
    key = part_key(id_, part)
    date = assessment.scene.date
    found: Track | None
    aim = aim_mark = None
    if len(types) == 1:
        found = track(profile, id_, types[0], date, part)
        aim = mix.ambition(profile, key, types[0], zone)
        aim_mark = None if aim is None or found is None else found.mark(aim)
        own = not mix.testing and mix.wish(key, types[0], zone) is not None
    else:
        tracks = [t for t in (track(profile, id_, k, date, part) for k in types) if t is not None]
        found = mark_track(id_, part) if tracks else None
        aims = [t.mark(mix.ambition(profile, key, t.area_type) or 0.0) for t in tracks]
        aim_mark = _common(aims, row)
        aim = aim_mark
        own = not mix.testing and any(mix.wish(key, k) is not None for k in types)
    low, high = _interval(row, found)
    ids = prepared.scored if len(prepared.scored) > 1 else []
    unit = row.unit if found is None or found.marks else found.unit
    norms = profile.part(id_, part)
    return RowView(
        indicator=id_, code=spec.code, name=_name(id_, lang), theme=spec.theme, part=part,
        part_name=_part_name(id_, part, lang), track=found, value=row.value,
        unit=norms.unit if norms is not None else unit,
        mark=row.mark, mark_low=row.mark_low, mark_high=row.mark_high, chance6=row.chance6,
        low=low, high=high, ambition=aim, ambition_mark=aim_mark, own=own,
        former=None if before is None else before[0],
        former_mark=None if before is None else before[1],
        status=row.status, legal_check=row.legal_check, n_breach=row.n_breach,
        coverage=row.coverage, assumed=row.assumed, proxy=row.proxy,
        reason="" if row.reason is None else text(row.reason, lang),
        weight=mix.weight(profile, id_), off=id_ in mix.off and not mix.testing,
        locked=id_ in mix.locked, testing=mix.testing, stale=stale,
        parts=tuple((p, _part_name(id_, p, lang)) for p in ids),
        norm="" if not row.norm_source else _norm_words(
            profile.source_text(row.norm_source, lang), row.norm_status or "",
            row.norm_confidence or "", lang),
        lang=lang,
    )  # fmt: skip


def _common(aims: list[float], row: ScoreRow) -> float | None:
    """The one mark of several types: theirs where they agree, else the plan's own mean (G8)."""
    if not aims:
        return None
    if max(aims) - min(aims) < 1e-9:
        return aims[0]
    if row.mark is not None and row.gap is not None:
        return row.mark - row.gap
    return sum(aims) / len(aims)


def _interval(row: ScoreRow, found: Track | None) -> tuple[float | None, float | None]:
    """The 90 % interval on the scale of the track (indicators G10)."""
    if found is None or row.mark is None:
        return None, None
    if found.marks:
        return row.mark_low, row.mark_high
    if row.value is None or row.spread is None or not row.spread > 0:
        return None, None
    half = m.Z90 * row.spread
    if found.log:
        return row.value * 10.0**-half, row.value * 10.0**half
    return row.value - half, row.value + half


@lru_cache(maxsize=256)
def _name(indicator: str, lang: str) -> str:
    return text(f"indicators.{indicator}.name", lang)
