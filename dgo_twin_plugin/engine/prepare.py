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
from operator import ne
from typing import TYPE_CHECKING, Any

import numpy as np

from . import marks as m
from . import words
from .band import Band, lowest, over_zones
from .by_zone import by_zone
from .draft import SHOWN, Draft, mark_all
from .grounds import Grounds, sums_of
from .indicators.spec import Indicator, Measurement, Part
from .kept import Kept, whole
from .legal import Verdicts, Worst, describe
from .obstacles import Obstacle, Obstacles
from .pulse import beat
from .reduce import ReducedIndicator, ReducedPart, reduced
from .rough import is_rough, undrawn
from .rough import shares as rough_shares
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
    found: list[int]  # which of the legal tests found something, ascending
    # for :func:`.scores.rejudge`: a number that no other has, and what was last laid over this or
    # over what this takes the place of
    serial: int = field(default_factory=_serials.__next__, init=False, compare=False, repr=False)
    laid: Any = field(default=None, init=False, compare=False, repr=False)


def _number(value: float) -> float | None:
    """A float for a column, or None for NaN."""
    return None if value != value else float(value)


class _Judge:
    """Works out one :class:`Prepared`; a class only to share its many inputs."""

    def __init__(self, scene: Scene, profile: Profile, norms: ZoneNorms, grounds: Grounds,
                 spec: Indicator, measurement: Measurement) -> None:  # fmt: skip
        self.scene, self.profile, self.norms = scene, profile, norms
        self.grounds, self.spec, self.measurement = grounds, spec, measurement
        self.n = scene.n_zones
        reuse = getattr(scene, "reuse", None)
        self.kept: Kept | None = None if reuse is None else reuse.kept
        self.data: ReducedIndicator = reduced(measurement, spec, self.n, grounds)
        self.proxy = self.data.proxy
        bare = undrawn(scene, spec, 1.0 - float(profile.min_coverage))
        self.obstacles = Obstacles(norms, spec, measurement, self.n, bare)
        self.rough = is_rough(scene)
        self.nothing = np.full(self.n + 1, np.nan)
        self.drafts = [self._draft(part) for part in spec.parts if not self._unmeasured(part)]

    # - one part -------------------------------------------------------------------------

    def _draft(self, part: Part) -> Draft:
        data, asked = self.data.parts.get(part.id), self.norms.of(self.spec, part)
        obstacles = self.obstacles.of(part, asked, data)
        if data is None:
            none, zero = self.nothing, np.zeros(self.n + 1)
            return Draft(part, asked, data, Budget(self.n + 1, {}), obstacles, zero, none,
                         self._coverage(part, zero, none, obstacles), none, none, none)  # fmt: skip
        assumed, ground = data.assumed, None
        rough = rough_shares(self.scene, self.spec, part, data) if self.rough else None
        if rough is not None:
            ground, either = rough
            assumed = np.where(data.weight > 0, either, assumed)
        coverage = self._coverage(part, data.weight, data.coverage, obstacles)
        return Draft(part, asked, data, self._budget(part, asked, ground), obstacles, data.weight,
                     data.value, coverage, assumed,
                     *self._places(data, part, asked))  # fmt: skip

    def _budget(self, part: Part, asked: Asked, rough: np.ndarray | None) -> Budget:
        if part.informative:
            return Budget(self.n + 1, {})
        number, kind = asked.sigma
        sigma, known = np.full(self.n + 1, number), self.measurement.sigma
        if known is not None:  # what the measurement knows itself goes before, in the same kind
            sigma = np.where(np.isnan(np.asarray(known, float)), sigma, known)
        return make_budget(self.scene, self.profile, self.spec, self.measurement, part,
                           self.data.parts, (sigma, kind), asked.anchors, asked.log,
                           rough)  # fmt: skip

    def _places(
        self, data: ReducedPart, part: Part, asked: Asked
    ) -> tuple[np.ndarray, np.ndarray]:
        """Share (0-1, by w) of the known places with a mark below 6, and the worst value: the
        worst dwelling stays in sight beside any average. NaN where no place or no norm."""
        places = data.places
        if places is None or part.informative or self.spec.id not in self.profile.indicators:
            return self.nothing, self.nothing
        known = ~np.isnan(places.value)
        if not known.any():
            return self.nothing, self.nothing
        ground = self.grounds.of(places, known, (self.spec.id, part.id, "value"))
        zone, x, w = ground.used_zone, ground.of_used(places.value), ground.used_w
        if not len(zone):
            return self.nothing, self.nothing
        worst = ground.extremes(x, highest=not asked.up)
        low, middle, _ = asked.anchors.T
        normed = ~np.isnan(low)
        total = ground.weights().total if ground.all_used and normed[1:].all() else None
        if total is None:
            w = w * normed[zone]
            total = sums_of(zone, w, self.n)
        below = np.where(total > 0, 0.0, np.nan)
        if m.fails(worst, low, middle, asked.up, asked.log)[1:].any():  # else no other place does
            bad = m.fails(x, low[zone], middle[zone], asked.up, asked.log)
            np.divide(sums_of(zone, w * bad, self.n), total, out=below, where=total > 0)
        return below, worst

    def _coverage(self, part: Part, weight: np.ndarray, coverage: np.ndarray,
                  found: list[Obstacle]) -> np.ndarray:  # fmt: skip
        """With the plan's, which its zones decide (G5), as they do what stands in its way."""
        if part.informative:
            return coverage
        coverage = coverage.copy()
        coverage[0] = self.obstacles.plan_coverage(found, coverage, weight)
        found[0] = self.obstacles.of_plan(found, float(coverage[0]))
        return coverage

    def _rows(self, drafts: list[Draft], name: str) -> list[list[ScoreRow]]:
        """Of each draft by zone id, before the law. A zone of which no number and no reason has
        changed keeps its row of the last run."""
        method, n = self.measurement.method or self.spec.method, self.n + 1
        columns = [column for draft in drafts for column in (*draft.columns(), self.proxy)]
        numbers = np.concatenate(columns, dtype=float).reshape(len(drafts), -1, n)
        bits: list[bytes] = []
        obstacles: list[Obstacle] = []
        for draft, own in zip(drafts, numbers):
            # to the last bit, also of that from which follows what to know next
            every = np.concatenate([own, draft.band.low[1:], draft.band.high[1:]])
            raw, size = every.T.tobytes(), 8 * len(every)
            bits += [raw[at : at + size] for at in range(0, len(raw), size)]
            obstacles += draft.obstacles

        def make(places: list[int]) -> list[ScoreRow]:
            made: list[ScoreRow] = []
            for k, group in itertools.groupby(places, lambda place: place // n):
                draft, zones = drafts[k], [place % n for place in group]
                alike = {"indicator": self.spec.id, "code": self.spec.code, "part": draft.part.id,
                         "theme": self.spec.theme, "unit": draft.part.unit, "method": method}
                of_zones = dict(zip((*SHOWN, "proxy"), numbers[k][:, zones].tolist()))
                made += rows_of(zones, alike, self.norms.area_types, draft.asked.norms,
                                draft.obstacles, [draft.band.next(zone) for zone in zones],
                                of_zones)  # fmt: skip
            return made

        said = self.norms, method, [(draft.part.id, draft.band.names) for draft in drafts]
        rows = by_zone(self.kept, (name, self.spec.id), said, (bits, obstacles), make, ne)
        return [rows[first : first + n] for first in range(0, len(rows), n)]

    def _parts(self, drafts: list[Draft], name: str) -> dict[str, PreparedPart]:
        return {
            draft.part.id: PreparedPart(draft.part, draft.asked.up, draft.asked.log,
                                        draft.asked.anchors, draft.mark, draft.weight, draft.band,
                                        rows)
            for draft, rows in zip(drafts, self._rows(drafts, name) if drafts else ())
        }  # fmt: skip

    def _unmeasured(self, part: Part) -> bool:
        return part.informative and part.id not in self.data.parts

    def _beside(self) -> dict[str, PreparedPart]:
        """Parts that say nothing here, neither a mark nor a value; many indicators have some, for
        what other plans have. They stay as long as the reason does."""
        def make() -> dict[str, PreparedPart]:
            drafts = [self._draft(part) for part in self.spec.parts if self._unmeasured(part)]
            mark_all(drafts)
            return self._parts(drafts, "rows beside")

        said = self.measurement
        found = whole(self.kept, ("beside", self.spec.id),
                      (self.norms, said.missing, said.method, self.proxy, sorted(said.parts)),
                      make)  # fmt: skip
        return {id_: copy(part) for id_, part in found.items()}  # for each its own law

    # - all together ---------------------------------------------------------------------

    def prepared(self) -> Prepared:
        made = self._parts(self.drafts, "rows") | self._beside()
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
        verdicts: list[Worst] = []
        for id_, part in parts.items():
            untested = words.NOT_TESTED if part.part.informative else default
            verdicts += law.by_zone(untested, None if len(parts) == 1 else id_)
        rows = [row for part in parts.values() for row in part.rows]
        bands = [(id_, part.band) for id_, part in parts.items()]
        rows = self._under_law("law of parts", bands, rows, verdicts, rows)
        for k, part in enumerate(parts.values()):
            part.rows = rows[k * (self.n + 1) : (k + 1) * (self.n + 1)]
        if len(parts) == 1:
            out = one.rows
        else:
            name = one.part.id if len(main) == 1 else ""
            of_part = [p.rows[zone] for zone, p in enumerate(deciding)]
            out = self._under_law("law of all", [(name, band)], out, law.by_zone(default), of_part)
        ids = [p.part.id for p in main]
        chosen_ids = [c.part.id for c in deciding]
        return Prepared(self.spec, self.norms.area_types, parts, ids, chosen_ids, weight, out,
                        law.found())  # fmt: skip

    # - the law --------------------------------------------------------------------------

    def _verdicts(self) -> Verdicts:
        """Of all tests of this measurement; those that are new are given their text."""
        tests, name = self.measurement.legal, ("law", self.spec.id)
        before: Verdicts | None = None if self.kept is None else self.kept.found(name)
        law = Verdicts(tests, self.n, before)
        describe(law.new, self.spec.id)
        return law if self.kept is None else self.kept.put(name, (), law)

    def _under_law(self, name: str, parts: list[tuple[str, Band]], rows: list[ScoreRow],
                   verdicts: list[Worst], of_part: list[ScoreRow]) -> list[ScoreRow]:  # fmt: skip
        """The rows of ``parts``, one after the other, with legal check, count and limit, where no
        test met one that of the part or of the rows ``of_part``; the cap comes last of all
        (indicators, "The law"). A row on which the law says nothing new stays the same."""
        date, n = self.scene.date, self.n + 1
        limits = [self.norms.limit(self.spec.id, part, date) for part, _ in parts]

        def told(place: int) -> ScoreRow:
            row, verdict, limit = rows[place], verdicts[place], limits[place // n]
            limit = limit if math.isnan(verdict.limit) else float(verdict.limit)
            limit = of_part[place].legal_limit if limit is None else limit
            said = verdict.outcome, verdict.n_breach, limit
            if said != (row.legal_check, row.n_breach, row.legal_limit):
                row = row.copy(legal_check=said[0], n_breach=said[1], legal_limit=limit)
            if verdict.outcome == words.EXCEEDS:
                _cap(row, parts[place // n][1])
            return row

        sources = (rows, verdicts) if of_part is rows else (rows, verdicts, of_part)
        return by_zone(self.kept, (name, self.spec.id), (limits,), sources,
                       lambda places: [told(place) for place in places])  # fmt: skip

    # - the lowest of several parts ------------------------------------------------------

    def _lowest(
        self, main: list[PreparedPart]
    ) -> tuple[list[PreparedPart], list[ScoreRow], np.ndarray, Band]:
        """The part with the lowest mark counts and names itself (indicators 12, 15). A part
        without a mark is named in the reason; only when no part has one has the zone none. The
        interval is that of the lowest mark: another part may turn out to be lower."""
        marks = np.array([p.marks for p in main])
        unmarked = np.isnan(marks)
        for p, gone in zip(main, unmarked):
            p.band.drop(gone)
        band = lowest([p.band for p in main])
        weight = np.array([p.weight for p in main]).max(axis=0)
        least = np.where(unmarked, np.inf, marks).argmin(axis=0)
        deciding = [main[k] for k in least.tolist()]
        for zone in unmarked.all(axis=0).nonzero()[0].tolist():
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
    norms, reuse = zone_norms(scene, profile), getattr(scene, "reuse", None)
    grounds = Grounds(scene.n_zones, None if reuse is None else reuse.kept)
    judges = []
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for spec, measurement in measured:
            beat()
            judges.append(_Judge(scene, profile, norms, grounds, spec, measurement))
    mark_all([draft for judge in judges for draft in judge.drafts])
    return [judge.prepared() for judge in judges]
