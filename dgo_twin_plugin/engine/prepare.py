"""What norms and law decide about one measurement, before any ambition (indicators G5-G11).

Step 1 of :mod:`.scores`: values, marks, intervals, legal checks, the cap, the reasons why a zone
has no mark; kept in a :class:`Prepared`, over which ambitions are laid again and again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from operator import eq
from typing import TYPE_CHECKING, Any

import numpy as np

from . import marks as m
from . import words
from .band import Band, lowest
from .by_zone import by_zone
from .draft import Draft, mark_all
from .indicators.spec import Indicator, Measurement, Part
from .kept import Kept, whole
from .legal import Verdicts, Worst, describe
from .obstacles import Obstacles
from .pulse import beat
from .reduce import ReducedIndicator, ReducedPart, extremes, reduced, sums_of
from .rough import shares as rough_shares
from .rough import undrawn
from .score_row import COLUMNS as COLUMNS
from .score_row import ScoreRow as ScoreRow
from .score_row import rows_of
from .spread import Budget
from .spread import budget as make_budget
from .words import say
from .zone_norms import Asked, ZoneNorms, zone_norms

if TYPE_CHECKING:
    from .norms import Profile
    from .scene import Scene

_serials = itertools.count(1)


@dataclass
class PreparedPart:
    """A part with its norms laid beside it; arrays (n_zones + 1,), index 0 the plan."""

    part: Part
    up: bool
    log: bool
    anchors: np.ndarray  # (n_zones + 1, 3) minimum, basis, optimum; NaN where no norm
    marks: np.ndarray  # before the legal cap
    weight: np.ndarray
    band: Band  # 90 % intervals of the marks, before the legal cap
    rows: list[ScoreRow]  # by zone id, without ambition, gap; status not final


@dataclass
class Prepared:
    """All that a slider cannot change of one indicator."""

    spec: Indicator
    area_types: list[str | None]  # by zone id; [0] the plan: None unless one type only
    parts: dict[str, PreparedPart]
    scored: list[str]  # ids of the parts that can decide the mark
    deciding: list[str]  # part id by zone id
    weight: np.ndarray  # (n_zones + 1,) w to the plan
    rows: list[ScoreRow]  # by zone id, without ambition and gap
    # for :func:`.scores.rejudge`: a number that no other has, and what was last laid over this or
    # over what this takes the place of
    serial: int = field(default_factory=_serials.__next__, init=False, compare=False, repr=False)
    laid: Any = field(default=None, init=False, compare=False, repr=False)


def _number(value: float) -> float | None:
    """A float for a column, or None for NaN."""
    return None if value != value else float(value)


def over_zones(values: np.ndarray, weight: np.ndarray, use: np.ndarray) -> float:
    """Sum w x / sum w over the zones in use (G5); index 0, the plan itself, never counts. NaN
    where no zone is left."""
    use = use & ~np.isnan(values) & (weight > 0)
    use[0] = False
    if not use.any():
        return float("nan")
    w, x = weight[use], values[use]
    least, most = float(x.min()), float(x.max())
    if least == most:
        return least
    # never beyond the values themselves, by the dust of binary floats: a 10 is a 10
    return min(max(float((w * x).sum() / w.sum()), least), most)


class _Judge:
    """Works out one :class:`Prepared`; a class only to share its many inputs."""

    def __init__(self, scene: Scene, profile: Profile, norms: ZoneNorms, spec: Indicator,
                 measurement: Measurement) -> None:  # fmt: skip
        self.scene, self.profile, self.norms = scene, profile, norms
        self.spec, self.measurement = spec, measurement
        self.n = scene.n_zones
        reuse = getattr(scene, "reuse", None)
        self.kept: Kept | None = None if reuse is None else reuse.kept
        self.data: ReducedIndicator = reduced(measurement, spec, self.n)
        self.proxy = self.data.proxy
        bare = undrawn(scene, spec, 1.0 - float(profile.min_coverage))
        self.obstacles = Obstacles(norms, spec, measurement, self.n, bare)
        self.nothing = np.full(self.n + 1, np.nan)
        self.drafts = [self._draft(part) for part in spec.parts if not self._unmeasured(part)]

    # - one part -------------------------------------------------------------------------

    def _draft(self, part: Part) -> Draft:
        data, asked = self.data.parts.get(part.id), self.norms.of(self.spec, part)
        obstacles = self.obstacles.of(part, asked, data)
        if data is None:
            none = self.nothing
            return Draft(part, asked, data, Budget(self.n + 1, {}), obstacles, np.zeros(self.n + 1),
                         none, none.copy(), none, none, none)  # fmt: skip
        assumed, rough = data.assumed, rough_shares(self.scene, self.spec, part, data)
        if rough is not None:
            assumed = np.where(data.weight > 0, rough[1], assumed)
        return Draft(part, asked, data, self._budget(part, asked), obstacles, data.weight,
                     data.value, data.coverage.copy(), assumed,
                     *self._places(data, part, asked))  # fmt: skip

    def _budget(self, part: Part, asked: Asked) -> Budget:
        if part.informative:
            return Budget(self.n + 1, {})
        number, kind = asked.sigma
        sigma, known = np.full(self.n + 1, number), self.measurement.sigma
        if known is not None:  # what the measurement knows itself goes before, in the same kind
            sigma = np.where(np.isnan(np.asarray(known, float)), sigma, known)
        return make_budget(self.scene, self.profile, self.spec, self.measurement, part,
                           self.data.parts, (sigma, kind), asked.anchors, asked.log)  # fmt: skip

    def _places(
        self, data: ReducedPart, part: Part, asked: Asked
    ) -> tuple[np.ndarray, np.ndarray]:
        """Share (0-1, by w) of the known places with a mark below 6, and the worst value: the
        worst dwelling stays in sight beside any average. NaN where no place or no norm."""
        n, places = self.n, data.places
        if places is None or part.informative or self.spec.id not in self.profile.indicators:
            return self.nothing, self.nothing
        zone, x, w = places.zone, places.value, places.weight
        counts = ~np.isnan(x) & (w > 0)
        if not counts.all():
            zone, x, w = zone[counts], x[counts], w[counts]
        if not len(zone):
            return self.nothing, self.nothing
        low, middle, _ = asked.anchors.T
        normed = ~np.isnan(low)
        if not normed[1:].all():
            w = w * normed[zone]
        bad = m.fails(x, low[zone], middle[zone], asked.up, asked.log)
        below, total = self.nothing.copy(), sums_of(zone, w, n)
        np.divide(sums_of(zone, w * bad, n), total, out=below, where=total > 0)
        return below, extremes(zone, x, n, highest=not asked.up)

    def _plan(self, draft: Draft) -> None:
        """What the plan has of its zones (G5)."""
        if draft.part.informative:
            return
        marked, weight, found = draft.marked, draft.weight, draft.obstacles
        draft.coverage[0] = self.obstacles.plan_coverage(found, draft.coverage, weight)
        found[0] = self.obstacles.of_plan(found, float(draft.coverage[0]))
        draft.mark[0] = over_zones(draft.mark, weight, marked) if found[0] is None else np.nan
        draft.band.plan(weight, marked)
        low, high = draft.band.low[0, 0], draft.band.high[0, 0]
        draft.chance[0] = m.chance_of_mark(draft.mark[0], low, high)

    def _rows(self, draft: Draft) -> list[ScoreRow]:
        """By zone id, before the law. A zone of which no number and no reason has changed keeps
        its row of the last run."""
        method = self.measurement.method or self.spec.method
        columns, band = draft.columns(), draft.band
        numbers = np.array([*columns.values(), self.proxy], float)

        def make(zones: list[int]) -> list[ScoreRow]:
            alike = {"indicator": self.spec.id, "code": self.spec.code, "part": draft.part.id,
                     "theme": self.spec.theme, "unit": draft.part.unit, "method": method}
            of_zones = dict(zip((*columns, "proxy"), numbers[:, zones].tolist()))
            return rows_of(zones, alike, self.norms.area_types, draft.asked.norms, draft.obstacles,
                           [band.next(zone) for zone in zones], of_zones)  # fmt: skip

        # to the last bit, also of that from which follows what to know next
        every = np.concatenate([numbers, band.low[1:], band.high[1:]])
        raw, size = every.T.tobytes(), 8 * len(every)
        bits = [raw[at : at + size] for at in range(0, len(raw), size)]
        return by_zone(self.kept, ("rows", self.spec.id, draft.part.id),
                       (self.norms, method, band.names), (bits, draft.obstacles), make, eq)

    def _part(self, draft: Draft) -> PreparedPart:
        self._plan(draft)
        asked = draft.asked
        return PreparedPart(draft.part, asked.up, asked.log, asked.anchors, draft.mark,
                            draft.weight, draft.band, self._rows(draft))  # fmt: skip

    def _unmeasured(self, part: Part) -> bool:
        return part.informative and part.id not in self.data.parts

    def _beside(self) -> dict[str, PreparedPart]:
        """Parts that say nothing here, neither a mark nor a value; many indicators have some, for
        what other plans have. They stay as long as the reason does."""
        def make() -> dict[str, PreparedPart]:
            drafts = [self._draft(part) for part in self.spec.parts if self._unmeasured(part)]
            mark_all(drafts)
            return {draft.part.id: self._part(draft) for draft in drafts}

        said = self.measurement
        found = whole(self.kept, ("beside", self.spec.id),
                      (self.norms, said.missing, said.method, self.proxy, sorted(said.parts)),
                      make)  # fmt: skip
        return {id_: copy(part) for id_, part in found.items()}  # for each its own law

    # - all together ---------------------------------------------------------------------

    def prepared(self) -> Prepared:
        made = {draft.part.id: self._part(draft) for draft in self.drafts} | self._beside()
        parts = {part.id: made[part.id] for part in self.spec.parts}
        main = [parts[p.id] for p in self.spec.parts if not p.informative]
        if self.spec.combine != "lowest":
            main = main[:1]
        law = self._verdicts()
        default = self.measurement.legal_default
        one = main[0]
        deciding, out, weight, band = main * (self.n + 1), one.rows, one.weight, one.band
        if len(main) > 1:
            deciding, out, weight, band = self._lowest(main)
        for id_, part in parts.items():
            untested = words.NOT_TESTED if part.part.informative else default
            mine = law.by_zone(untested, None if len(parts) == 1 else id_)
            part.rows = self._under_law(id_, id_, part.rows, mine, part.band, part.rows)
        if len(parts) == 1:
            out = one.rows
        else:
            name = one.part.id if len(main) == 1 else ""
            of_part = [p.rows[zone] for zone, p in enumerate(deciding)]
            out = self._under_law(None, name, out, law.by_zone(default), band, of_part)
        ids = [p.part.id for p in main]
        chosen_ids = [c.part.id for c in deciding]
        return Prepared(self.spec, self.norms.area_types, parts, ids, chosen_ids, weight, out)

    # - the law --------------------------------------------------------------------------

    def _verdicts(self) -> Verdicts:
        """Of all tests of this measurement; those that are new are given their text."""
        tests, name = self.measurement.legal, ("law", self.spec.id)
        before: Verdicts | None = None if self.kept is None else self.kept.found(name)
        law = before
        if law is None or not law.hold(tests, self.n):
            law = Verdicts(tests, self.n, before)
            describe(law.new, self.spec.id)
        return law if self.kept is None else self.kept.put(name, (), law)

    def _under_law(self, name: str | None, part: str, rows: list[ScoreRow], verdicts: list[Worst],
                   band: Band, of_part: list[ScoreRow]) -> list[ScoreRow]:  # fmt: skip
        """The rows of a part (name None: of the indicator) with legal check, count and limit, where
        no test met one that of ``part`` or of the rows ``of_part``; the cap comes last of all
        (indicators, "The law"). A row on which the law says nothing new stays the same."""
        one_limit = self.norms.limit(self.spec.id, part, self.scene.date)

        def told(zone: int) -> ScoreRow:
            row, verdict = rows[zone], verdicts[zone]
            limit = one_limit if math.isnan(verdict.limit) else float(verdict.limit)
            limit = of_part[zone].legal_limit if limit is None else limit
            said = verdict.outcome, verdict.n_breach, limit
            if said != (row.legal_check, row.n_breach, row.legal_limit):
                row = row.copy(legal_check=said[0], n_breach=said[1], legal_limit=limit)
            if verdict.outcome == words.EXCEEDS:
                _cap(row, band)
            return row

        return by_zone(self.kept, ("under law", self.spec.id, name), (one_limit,),
                       (rows, verdicts, of_part),
                       lambda zones: [told(zone) for zone in zones])  # fmt: skip

    # - the lowest of several parts ------------------------------------------------------

    def _lowest(
        self, main: list[PreparedPart]
    ) -> tuple[list[PreparedPart], list[ScoreRow], np.ndarray, Band]:
        """The part with the lowest mark counts and names itself (indicators 12, 15). A part
        without a mark is named in the reason; only when no part has one has the zone none. The
        interval is that of the lowest mark: another part may turn out to be lower."""
        for p in main:
            p.band.drop(np.isnan(p.marks))
        band = lowest(p.band for p in main)
        weight = np.max([p.weight for p in main], axis=0)
        marks = np.array([p.marks for p in main])
        least = np.argmin(np.where(np.isnan(marks), np.inf, marks), axis=0)
        deciding = [main[k] for k in least.tolist()]
        for zone in np.flatnonzero(np.isnan(marks).all(axis=0)).tolist():
            states = [p.rows[zone].status for p in main]
            if words.NOT_ASSESSED in states:
                deciding[zone] = main[states.index(words.NOT_ASSESSED)]

        def row_of(zone: int) -> ScoreRow:
            found: ScoreRow = deciding[zone].rows[zone].copy()
            if not math.isnan(deciding[zone].marks[zone]):
                absent = [p.part.id for p in main if p.rows[zone].status == words.NOT_ASSESSED]
                found.reason = None
                if absent:
                    found.reason = say("reasons.parts_missing", parts=", ".join(absent))
                _of_band(found, band)
                # every part must reach a 6: apart, which is the careful side where they err alike
                chances = (p.rows[zone].chance6 for p in main if not math.isnan(p.marks[zone]))
                found.chance6 = math.prod(c for c in chances if c is not None)
            if found.weight is not None:
                found.weight = float(weight[zone])
            return found

        rows = by_zone(self.kept, ("lowest", self.spec.id), (), tuple(p.rows for p in main),
                       lambda zones: [row_of(zone) for zone in zones])  # fmt: skip
        # what the plan has follows from all zones, so that its row is always made anew
        rows = [self._plan_of_lowest(row_of(0), rows[1:], weight, band), *rows[1:]]
        return deciding, rows, weight, band

    @staticmethod
    def _plan_of_lowest(plan: ScoreRow, zones: list[ScoreRow], weight: np.ndarray,
                        band: Band) -> ScoreRow:  # fmt: skip
        """The plan's mark is the weighted mean of the zones' lowest marks (G5), not the lowest of
        the parts' means."""
        if plan.mark is None:
            return plan
        marks = np.array([np.nan if r.mark is None else r.mark for r in (plan, *zones)], float)
        use = ~np.isnan(marks)
        plan.mark = _number(over_zones(marks, weight, use))
        band.plan(weight, use)
        _of_band(plan, band)
        if plan.mark is not None and plan.mark_low is not None and plan.mark_high is not None:
            plan.chance6 = m.chance_of_mark(plan.mark, plan.mark_low, plan.mark_high)
        return plan


def _of_band(row: ScoreRow, band: Band) -> None:
    zone = row.zone_id
    row.mark_low, row.mark_high = _number(band.low[0, zone]), _number(band.high[0, zone])
    row.next_data, row.next_gain = band.next(zone)


def _cap(row: ScoreRow, band: Band) -> None:
    """A certain breach: the mark is at most 5.0, whatever the value (indicators, "The law")."""
    if row.mark is None:
        return
    row.mark = min(row.mark, m.LEGAL_CAP)
    row.mark_low = None if row.mark_low is None else min(row.mark_low, m.LEGAL_CAP)
    row.mark_high = None if row.mark_high is None else min(row.mark_high, m.LEGAL_CAP)
    row.chance6 = 0.0
    row.next_data, row.next_gain = band.next(row.zone_id, m.LEGAL_CAP)


def prepare(scene: Scene, profile: Profile, spec: Indicator, measurement: Measurement) -> Prepared:
    """Everything that norms and law decide about one indicator; no ambition yet. Uses of the
    scene ``n_zones``, ``zones.area_type`` and ``date``; for the spread also what its layers say of
    themselves and which fields came from a default."""
    return prepare_all(scene, profile, [(spec, measurement)])[0]


def prepare_all(
    scene: Scene, profile: Profile, measured: Sequence[tuple[Indicator, Measurement]]
) -> list[Prepared]:
    """:func:`prepare` of many indicators, of which all marks are worked out at once."""
    norms = zone_norms(scene, profile)
    judges = []
    for spec, measurement in measured:
        beat()
        judges.append(_Judge(scene, profile, norms, spec, measurement))
    mark_all([draft for judge in judges for draft in judge.drafts])
    return [judge.prepared() for judge in judges]
