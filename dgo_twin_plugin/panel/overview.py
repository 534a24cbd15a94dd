"""What stands above the rows of the mixing panel: the total, the themes and what was found.

Worked out of an :class:`~..engine.assessment.Assessment`; no Qt and no QGIS, so that the widgets
that draw it can be tested without either. All marks are 1-10, shares 0-1.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..engine.texts import has_text, language, text
from ..engine.words import EXCEEDS, FOUND, NOT_ASSESSED, SEVERITIES, THEMES
from ..reports.shown import NOTHING, badge, chance, figure, indicator, unsure, word

if TYPE_CHECKING:
    from ..engine.assessment import Assessment
    from ..engine.score_row import ScoreRow
    from ..engine.totals import TotalRow, Weights

TOTAL = "total"
_PASS = 6 - 1e-9  # a mark this little below 6 is a 6 (binary floats)


@dataclass(frozen=True)
class MarkView:
    """The mark of a theme, or of all themes together, ready to be shown."""

    key: str  # a theme, or 'total'
    name: str
    short: str
    mark: float | None
    badge: str  # "7,2", "7,2 §1", "n.b."
    low: float | None = None
    high: float | None = None
    ambition: float | None = None  # the mark if every indicator met its ambition
    former: float | None = None  # in the state before
    n_breach: int = 0
    facts: tuple[str, ...] = ()  # interval, coverage, assumed share: sentences
    tip: str = ""
    spoken: str = ""


@dataclass(frozen=True)
class Found:
    """One breach or alert, with its place in work-plane coordinates."""

    title: str
    about: str
    severity: str  # certain | strong | normal
    place: Callable[[], bytes | None] | None = None  # WKB; worked out when somebody looks
    indicator: str = ""  # whose breach it is; '' for an alert
    tip: str = ""


@dataclass(frozen=True)
class Overview:
    """A plan, or one zone of it, at a glance."""

    title: str
    total: MarkView
    themes: tuple[MarkView, ...]
    n_breach: int = 0
    n_perhaps: int = 0
    n_alerts: int = 0
    n_below: int = 0
    n_missing: int = 0

    def counts(self) -> list[str]:
        """Sentences for what was found, the gravest first; only what there is."""
        said = [counted("law", self.n_breach) if self.n_breach else text("panel.count.law_none")]
        for key, n in (("perhaps", self.n_perhaps), ("alerts", self.n_alerts),
                       ("below", self.n_below), ("missing", self.n_missing)):  # fmt: skip
            if n:
                said.append(counted(key, n))
        return said

    def numbers(self) -> tuple[int, ...]:
        """What the sentences count; the same numbers make the same sentences."""
        return self.n_breach, self.n_perhaps, self.n_alerts, self.n_below, self.n_missing

    def brief_counts(self) -> list[str]:
        """The same in as few words as can be."""
        said = [text("mixer.brief.law", n=self.n_breach) if self.n_breach
                else text("mixer.brief.law_none")]  # fmt: skip
        for key, n in (("perhaps", self.n_perhaps), ("alerts", self.n_alerts),
                       ("below", self.n_below), ("missing", self.n_missing)):  # fmt: skip
            if n:
                said.append(text(f"mixer.brief.{key}_one" if n == 1 else f"mixer.brief.{key}", n=n))
        return said


def counted(key: str, n: int) -> str:
    """A counted thing, in the singular where it is one."""
    return text(f"panel.count.{key}_one" if n == 1 else f"panel.count.{key}", n=n)


def numbered(mark: float | None, n_breach: int, lang: str) -> str:
    """A mark is never shown without its count of breaches: ``7,2 §1`` (indicators G9)."""
    shown = badge(mark, lang, n_breach).text
    return f"{shown}{n_breach}" if n_breach else shown


def mark_range(low: float | None, high: float | None, lang: str) -> str:
    """The interval of a mark: ``6,8 – 7,5``; '' where there is none."""
    if low is None or high is None:
        return ""
    return f"{badge(low, lang).text} – {badge(high, lang).text}"


def whole(value: float | None) -> str:
    """A share in whole percents, for where there is little room: ``91 %``; '' for none."""
    if value is None or value != value:
        return ""
    # never rounded up to 100 %: that would say that nothing is left out
    percent = 99 if 0.99 <= value < 0.9995 else round(100.0 * value)
    return f"{percent} %"


def overview(assessment: Assessment, title: str, scope: str = "all", zone: int = 0,
             weights: Weights | None = None,
             former: Mapping[str, float | None] | None = None,
             kept: Kept | None = None) -> Overview:  # fmt: skip
    """The overview of the plan, of an area type (``scope`` a type and ``zone`` 0: its zones
    together) or of a zone. ``weights`` must be those in force;
    ``former``: theme or 'total' -> mark in the state before. ``kept``: what the last overview was
    made of; a theme that has the same numbers is not put into words again."""
    from ..engine.totals import ambition_marks

    lang = language()
    rows, of_theme = _place(assessment, scope, zone, weights)
    aims = {theme: mark for (_, theme), mark in ambition_marks(rows, weights).items()}
    was = former or {}
    kept = kept if kept is not None else Kept()

    def view(key: str) -> MarkView:
        row = of_theme.get(key)
        rests_on = (lang, row, aims.get(key), was.get(key))
        found = kept.marks.get(key)
        if found is None or found[0] != rests_on:
            found = kept.marks[key] = (rests_on, made(key, row))
        return found[1]

    def made(key: str, row: TotalRow | None) -> MarkView:
        name = text("mixer.total") if key == TOTAL else word("theme", key, lang)
        short = text(f"panel.theme_short.{key}")
        if row is None:
            return MarkView(key, name, short, None, numbered(None, 0, lang))
        shown = numbered(row.mark, row.n_breach, lang)
        facts = []
        if row.mark is not None:
            facts = [text("panel.interval", range=mark_range(row.mark_low, row.mark_high, lang)),
                     unsure(row.__dict__, lang),
                     text("report.coverage", share=whole(row.coverage)),
                     text("report.assumed", share=whole(row.assumed))]  # fmt: skip
            facts = [fact for fact in facts if fact]
        aim = aims.get(key)
        more = [*facts]
        if aim is not None:
            more.append(text("mixer.ambition_mark", mark=badge(aim, lang).text))
        if row.chance6 is not None:
            more.append(text("report.chance", share=chance(row.chance6, lang)))
        if row.missing:
            more.append(text("report.missing_count", n=row.missing))
        tip = "<br>".join([f"<b>{html.escape(name)}: {shown}</b>", *map(html.escape, more)])
        return MarkView(key, name, short, row.mark, shown, row.mark_low, row.mark_high, aim,
                        was.get(key), row.n_breach, tuple(facts), tip,
                        ", ".join([f"{name} {shown}", *more]))  # fmt: skip

    n_here, certain, n_alerts = kept.count(assessment, zones_of(assessment, scope, zone))
    return Overview(
        title, view(TOTAL), tuple(view(key) for key in THEMES if key in of_theme),
        n_breach=of_theme[TOTAL].n_breach if TOTAL in of_theme else certain,
        n_perhaps=max(0, n_here - certain),
        n_alerts=n_alerts,
        n_below=sum(r.mark is not None and r.mark < _PASS for r in rows),
        n_missing=sum(r.status == NOT_ASSESSED for r in rows),
    )  # fmt: skip


class Kept:
    """What the last overview was made of, so that a slider puts only into words what it moved."""

    def __init__(self) -> None:
        self.marks: dict[str, tuple[tuple[object, ...], MarkView]] = {}
        self._of: tuple[object, ...] = ()
        self._counts = (0, 0, 0)

    def count(self, assessment: Assessment, zones: set[int] | None) -> tuple[int, int, int]:
        """How many findings of the law there are in these zones, how many of them certain, and
        how many alerts. There may be thousands, and a slider adds none."""
        of = (assessment.breaches, assessment.alerts, zones)
        if len(self._of) != 3 or self._of[0] is not of[0] or self._of[1] is not of[1] or (
                self._of[2] != zones):  # fmt: skip
            here = [t for _, t in assessment.breaches if zones is None or t.zone in zones]
            alerts = sum(zones is None or a.zone_id in zones for a in assessment.alerts)
            self._of = of
            self._counts = len(here), sum(t.outcome == EXCEEDS for t in here), alerts
        return self._counts


def zones_of(assessment: Assessment, scope: str, zone: int) -> set[int] | None:
    """Zones that a place consists of, the plan's own rows (0) with them; None = all."""
    if zone:
        return {0, zone}
    if scope == "all":
        return None
    types = assessment.scene.zones.area_type
    return {0, *(i for i, kind in enumerate(types, 1) if kind == scope)}


def theme_marks(assessment: Assessment, scope: str, zone: int,
                weights: Weights | None) -> dict[str, float | None]:  # fmt: skip
    """The marks of a place by theme, and 'total'."""
    return {k: t.mark for k, t in _place(assessment, scope, zone, weights)[1].items()}


def _place(assessment: Assessment, scope: str, zone: int, weights: Weights | None
           ) -> tuple[list[ScoreRow], dict[str, TotalRow]]:  # fmt: skip
    """Rows of a place, and its totals by theme."""
    if zone or scope == "all":
        return ([r for r in assessment.scores if r.zone_id == zone],
                {t.theme: t for t in assessment.totals if t.zone_id == zone})  # fmt: skip
    from ..engine.row_view import joined
    from ..engine.totals import totals

    several: dict[str, list[ScoreRow]] = {}
    for row in assessment.scores:
        if row.zone_id and row.area_type == scope:
            several.setdefault(row.indicator, []).append(row)
    rows = [joined(each).copy(zone_id=0) for each in several.values()]
    return rows, {t.theme: t for t in totals(rows, weights)}


def titles(assessment: Assessment) -> list[tuple[str, int, str]]:
    """(scope, zone, name) of all that may be shown: the plan, area types, zones."""
    from ..engine.row_view import scopes

    lang, types = language(), assessment.profile.area_types
    kinds = assessment.scene.zones.area_type
    made = []
    for scope, zone in scopes(assessment):
        kind = scope if scope in types else str(kinds[zone - 1] or "") if zone else ""
        name = types[kind].name.get(lang, kind) if kind in types else kind or NOTHING
        if scope == "all":
            made.append((scope, zone, text("report.plan")))
        elif scope.startswith("zone "):
            made.append((scope, zone, text("panel.zone", zone=zone, type=name)))
        else:
            n = sum(each == scope for each in kinds)
            key = "mixer.scope.type_one" if n == 1 else "mixer.scope.type"
            made.append((scope, zone, text(key, type=name, n=n)))
    return made


def findings(assessment: Assessment, scope: str = "all", zone: int = 0) -> list[Found]:
    """Breaches of the law, the certain ones first, and then the alerts, the gravest first; those
    of a zone, or all. Places in work-plane coordinates."""
    lang = language()
    units = {row.indicator: row.unit for row in assessment.scores}
    order = {code: i for i, code in enumerate(FOUND)}
    made: list[Found] = []
    zones = zones_of(assessment, scope, zone)
    tests = [(i, t) for i, t in assessment.breaches if zones is None or t.zone in zones]
    for id_, test in sorted(tests, key=lambda x: (order.get(x[1].outcome, 9), x[0])):
        unit = unit_name(units.get(id_, ""))
        title = text("panel.over", indicator=indicator(id_, lang), value=figure(test.value, lang),
                     limit=figure(test.limit, lang, unit))  # fmt: skip
        outcome = word("legal_check", test.outcome, lang)
        where = text("report.map.label", zone=test.zone) if test.zone else ""
        said = text(test.text, lang) if test.text else ""
        kind = word("source_kind", test.source_kind, lang)
        made.append(Found(title, " · ".join(t for t in (outcome, where) if t),
                          "certain" if test.outcome == EXCEEDS else "strong",
                          _world(assessment, test.wkb, test.feature), id_,
                          "<br>".join(html.escape(t) for t in (said, kind)
                                      if t and t != NOTHING)))  # fmt: skip
    alerts = [a for a in assessment.alerts if zones is None or a.zone_id in zones]
    for alert in sorted(alerts, key=lambda a: _rank(a.severity)):
        about = [word("severity", alert.severity, lang), alert.source_layer]
        made.append(Found(text(alert.text, lang), " · ".join(t for t in about if t),
                          {0: "certain", 1: "strong"}.get(_rank(alert.severity), "normal"),
                          _world(assessment, alert.wkb, -1)))  # fmt: skip
    return made


def unit_name(unit: str | None) -> str:
    """A unit in the language of the panel."""
    key = f"words.unit.{unit}"
    return text(key) if unit and has_text(key, language()) else unit or ""


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _world(assessment: Assessment, wkb: bytes | None,
           surface: int) -> Callable[[], bytes | None] | None:  # fmt: skip
    """The place of a finding, from local metres back to the work plane; None where it has none.
    A function, for thousands are listed and few are looked at."""
    if wkb is None and surface < 0:
        return None
    scene = assessment.scene

    def shape() -> bytes | None:
        from ..engine.wkb import moved_wkb

        local = wkb if wkb is not None else scene.surfaces.footprints.wkb(surface)
        return moved_wkb(local, (-scene.origin[0], -scene.origin[1])) if local else None

    return shape
