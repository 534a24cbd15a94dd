"""What norms and law decide about one measurement, before any ambition (indicators G5-G11).

Step 1 of :mod:`.scores`: values, marks, intervals, legal checks, the cap, the reasons why a zone
has no mark; kept in a :class:`Prepared`, over which ambitions are laid again and again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import marks as m
from . import words
from .band import Band, lowest
from .indicators.spec import Indicator, LegalTest, Measurement, Part
from .legal import Worst, describe, worst_by_zone
from .reduce import ReducedIndicator, ReducedPart, extremes, reduced
from .rough import shares as rough_shares
from .rough import undrawn
from .score_row import COLUMNS as COLUMNS
from .score_row import ScoreRow as ScoreRow
from .score_row import rows_of
from .spread import Budget
from .spread import budget as make_budget
from .words import Message, say

if TYPE_CHECKING:
    from .norms import Norm, Profile
    from .scene import Scene

_DUST = 1e-9
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

    def fresh(self) -> PreparedPart:
        """The same, for one measurement: of what is kept nobody changes anything."""
        band = Band(self.band.names, self.band.low.copy(), self.band.high.copy())
        return PreparedPart(self.part, self.up, self.log, self.anchors, self.marks, self.weight,
                            band, self.rows)  # fmt: skip


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
    # for :func:`.scores.rejudge`: a number that no other has, and what was last laid over this
    serial: int = field(default_factory=_serials.__next__, init=False, compare=False, repr=False)
    laid: Any = field(default=None, init=False, compare=False, repr=False)


def _number(value: float) -> float | None:
    """A float for a column, or None for NaN."""
    return None if value != value else float(value)


def _told(messages: dict[int, Message]) -> str:
    return repr(messages) if messages else ""


def _floats(values: Iterable[Any]) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in values], float)


def over_zones(values: np.ndarray, weight: np.ndarray, use: np.ndarray) -> float:
    """Sum w x / sum w over the zones in use (G5); index 0, the plan itself, never counts. NaN
    where no zone is left."""
    use = use & ~np.isnan(values) & (weight > 0)
    use[0] = False
    if not use.any():
        return float("nan")
    w, x = weight[use], values[use]
    # never beyond the values themselves, by the dust of binary floats: a 10 is a 10
    return min(max(float((w * x).sum() / w.sum()), float(x.min())), float(x.max()))


class _Judge:
    """Works out one :class:`Prepared`; a class only to share its many inputs."""

    def __init__(
        self, scene: Scene, profile: Profile, spec: Indicator, measurement: Measurement
    ) -> None:
        self.scene, self.profile = scene, profile
        self.spec, self.measurement = spec, measurement
        self.n = scene.n_zones
        self.types: list[str | None] = [None, *[t or None for t in scene.zones.area_type]]
        named = {t for t in self.types[1:] if t is not None}
        self.types[0] = next(iter(named)) if len(named) == 1 else None
        self.date = scene.date
        self.norms = profile.indicators.get(spec.id)
        self.data: ReducedIndicator = reduced(measurement, spec, self.n)
        self._worst: tuple[list[LegalTest], str, list[Worst]] | None = None  # the last asked for
        self.undrawn = undrawn(scene, spec, 1.0 - float(profile.min_coverage))
        self.scored = [p for p in spec.parts if not p.informative]
        if spec.combine != "lowest":
            self.scored = self.scored[:1]

    # - what the profile says ------------------------------------------------------------

    def _attribute(self, part: Part, name: str, default: Any) -> Any:
        """An attribute of the norms of a part, else of the indicator, else the default."""
        for holder in ((getattr(self.norms, "parts", None) or {}).get(part.id), self.norms):
            found = getattr(holder, name, None)
            if found is not None and found != "":
                return found
        return default

    def _sigma(self, part: Part) -> tuple[np.ndarray, str]:
        """Spread per zone and its kind: from the profile, else the specification; a spread that
        the measurement knows itself goes before, in the same kind."""
        number, kind = self._attribute(part, "sigma", None) or self.spec.sigma
        sigma = np.full(self.n + 1, float(number))
        known = self.measurement.sigma
        if known is not None:
            sigma = np.where(np.isnan(np.asarray(known, float)), sigma, known)
        return sigma, str(kind)

    def _budget(self, part: Part, anchors: np.ndarray, log: bool) -> Budget:
        if part.informative or part.id not in self.data.parts:
            return Budget(self.n + 1, {})
        return make_budget(self.scene, self.profile, self.spec, self.measurement, part,
                           self.data.parts, self._sigma(part), anchors, log)  # fmt: skip

    # - why a zone has no mark -----------------------------------------------------------

    def _obstacle(self, zone: int, part: Part, norm: Any) -> tuple[str, Message] | None:
        """(status, reason) of a zone without a mark, None where it has one (G7 order)."""
        said = self.measurement
        area_type = self.types[zone]
        unknown = area_type is None or area_type not in self.profile.area_types
        data = self.data.parts.get(part.id)
        if zone in said.not_applicable:
            return words.NOT_APPLICABLE, said.not_applicable[zone]
        if self.profile.not_applicable(self.spec.id, area_type, part.id):
            return words.NOT_APPLICABLE, say("reasons.nvt", area_type=area_type)
        if data is not None and said.missing is None and bool(data.empty[zone]):
            if zone not in said.not_assessed:
                return words.NOT_APPLICABLE, say("reasons.nothing_to_judge")
        if said.missing is not None:
            return words.NOT_ASSESSED, said.missing
        if zone in said.not_assessed:
            return words.NOT_ASSESSED, said.not_assessed[zone]
        if zone in self.undrawn:
            return words.NOT_ASSESSED, say("reasons.no_trees_yet")
        if area_type is None:
            return words.NOT_ASSESSED, say("reasons.no_area_type")
        if unknown:
            return words.NOT_ASSESSED, say("reasons.unknown_area_type", area_type=area_type)
        if norm is None:
            return words.NOT_ASSESSED, say("reasons.no_norm", area_type=area_type)
        if data is None:
            return words.NOT_ASSESSED, say("reasons.not_measured")
        short = self._too_little(float(data.coverage[zone]))
        if short is not None:
            return words.NOT_ASSESSED, short
        if math.isnan(float(data.value[zone])):
            return words.NOT_ASSESSED, say("reasons.no_value")
        return None

    def _too_little(self, coverage: float) -> Message | None:
        least = float(self.profile.min_coverage)
        if coverage >= least - _DUST:
            return None
        share = 0.0 if math.isnan(coverage) else 100.0 * coverage
        return say("reasons.coverage", coverage=share, least=100.0 * least)

    # - one part -------------------------------------------------------------------------

    def part(self, part: Part) -> PreparedPart:
        data = self.data.parts.get(part.id)
        up = self._attribute(part, "direction", words.UP) == words.UP
        log = self._attribute(part, "scale", words.LINEAR) == words.LOG
        norms = [
            None if part.informative or t is None else self.profile.norm(self.spec.id, t, part.id)
            for t in self.types
        ]
        anchors = np.array(
            [[x.minimum, x.basis, x.optimum] if x else [np.nan] * 3 for x in norms], float
        )
        budget = self._budget(part, anchors, log)
        below, worst = self._places(data, part, up, log, anchors)
        rough = None if data is None else rough_shares(self.scene, self.spec, part, data)

        def make() -> PreparedPart:
            return self._made(part, up, log, norms, anchors, budget, below, worst, rough)

        reuse = getattr(self.scene, "reuse", None) if rough is None else None
        if reuse is None:
            return make()
        said = self.measurement
        arrays = () if data is None else (data.weight, data.value, data.coverage, data.assumed,
                                          data.n_features, data.empty)  # fmt: skip
        # what is judged here follows from this alone: zones, norms, and what was reduced of places
        made_from = (
            b"".join(a.tobytes() for a in (*arrays, *budget.sigma.values(), below, worst,
                                           self.data.proxy)),
            len(arrays), tuple(budget.sigma), budget.together, self.types, self.profile,
            _told({0: said.missing} if said.missing else {}), _told(said.not_applicable),
            _told(said.not_assessed), said.method, sorted(self.undrawn),
        )  # fmt: skip
        found: PreparedPart = reuse.kept.whole(("judged", self.spec.id, part.id), made_from, make)
        return found.fresh()

    def _made(self, part: Part, up: bool, log: bool, norms: list[Norm | None], anchors: np.ndarray,
              budget: Budget, below: np.ndarray, worst: np.ndarray,
              rough: tuple[np.ndarray, np.ndarray] | None) -> PreparedPart:  # fmt: skip
        n, data = self.n, self.data.parts.get(part.id)
        obstacles: list[tuple[str, Message] | None]
        if part.informative:
            obstacles = [self._beside(zone, data) for zone in range(n + 1)]
        else:
            obstacles = [self._obstacle(zone, part, norms[zone]) for zone in range(n + 1)]
        value = np.full(n + 1, np.nan) if data is None else data.value
        has_mark = np.array([o is None for o in obstacles])
        lo, mid, hi = anchors.T
        sigma = budget.total()
        if part.informative:  # no norm: no mark, no interval, no chance
            mark, chance = np.full(n + 1, np.nan), np.full(n + 1, np.nan)
            band = Band((), mark[None, :].copy(), mark[None, :].copy())
        else:
            mark = np.where(has_mark, m.mark(value, lo, mid, hi, up, log), np.nan)
            band = Band.of(budget, value, anchors, up, log)
            chance = m.chance6(value, sigma, "decades" if log else "absolute", lo, up)
        coverage = np.full(n + 1, np.nan) if data is None else data.coverage.copy()
        weight = np.zeros(n + 1) if data is None else data.weight

        if not part.informative:
            applies = np.array([o is None or o[0] != words.NOT_APPLICABLE for o in obstacles])
            typed = np.array([t is not None and t in self.profile.area_types for t in self.types])
            coverage[0] = self._plan_coverage(coverage, weight, applies, typed)
            obstacles[0] = self._plan_obstacle(obstacles, coverage[0])
            mark[0] = over_zones(mark, weight, has_mark) if obstacles[0] is None else np.nan
            band.plan(weight, has_mark)
            chance[0] = m.chance_of_mark(mark[0], band.low[0, 0], band.high[0, 0])

        assumed = None if data is None else data.assumed
        if rough is not None and data is not None:
            assumed = np.where(data.weight > 0, rough[1], data.assumed)
        rows = rows_of(
            {"indicator": self.spec.id, "code": self.spec.code, "part": part.id,
             "theme": self.spec.theme, "unit": part.unit,
             "method": self.measurement.method or self.spec.method},
            self.types, norms, obstacles, band.nexts(),
            {"value": value, "mark": mark, "mark_low": band.low[0], "mark_high": band.high[0],
             "chance6": chance, "minimum": lo, "basis": mid, "optimum": hi,
             "weight": None if data is None else weight, "coverage": coverage,
             "assumed": assumed, "share_below_6": below, "worst_value": worst, "spread": sigma},
            [0] * (n + 1) if data is None else [int(c) for c in data.n_features.tolist()],
            self.data.proxy.tolist(),
        )  # fmt: skip
        return PreparedPart(part, up, log, anchors, mark, weight, band, rows)

    def _beside(self, zone: int, data: ReducedPart | None) -> tuple[str, Message]:
        """Informative parts carry a value and no mark."""
        if data is not None and not math.isnan(float(data.value[zone])):
            return words.NOT_APPLICABLE, say("reasons.informative")
        missing = self.measurement.missing or say("reasons.no_value")
        return words.NOT_ASSESSED, missing

    # - the plan row ---------------------------------------------------------------------

    def _plan_coverage(
        self, coverage: np.ndarray, weight: np.ndarray, applies: np.ndarray, typed: np.ndarray
    ) -> float:
        """Sum w known / sum w applicable (G5). Zones where the indicator does not apply leave
        both sums; ground without an area type is applicable but cannot be judged, so it only
        stands in the denominator (G1)."""
        zones = np.arange(self.n + 1) > 0
        if self.n and bool((applies & typed)[1:].all()) and weight[1:].sum() > 0:
            return float(coverage[0])
        w = weight * (zones & applies)
        if w.sum() <= 0:
            return float("nan")
        return float((w * typed * np.nan_to_num(coverage, nan=0.0)).sum() / w.sum())

    def _plan_obstacle(
        self, obstacles: list[tuple[str, Message] | None], coverage: float
    ) -> tuple[str, Message] | None:
        said = self.measurement
        if 0 in said.not_applicable:
            return words.NOT_APPLICABLE, said.not_applicable[0]
        zones = obstacles[1:]
        if zones and all(o is not None and o[0] == words.NOT_APPLICABLE for o in zones):
            return next(o for o in zones if o is not None)
        if said.missing is not None:
            return words.NOT_ASSESSED, said.missing
        if 0 in said.not_assessed:
            return words.NOT_ASSESSED, said.not_assessed[0]
        if not any(o is None for o in zones):
            first = (o for o in zones if o is not None and o[0] == words.NOT_ASSESSED)
            return next(first, (words.NOT_ASSESSED, say("reasons.no_zones")))
        short = self._too_little(coverage)
        return None if short is None else (words.NOT_ASSESSED, short)

    # - places: share below 6, worst value -------------------------------------------------

    def _places(
        self, data: ReducedPart | None, part: Part, up: bool, log: bool, anchors: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Share (0-1, by w) of the known places with a mark below 6, and the worst value: the
        worst dwelling stays in sight beside any average. NaN where no place or no norm."""
        n = self.n
        below, worst = np.full(n + 1, np.nan), np.full(n + 1, np.nan)
        places = None if data is None else data.places
        if places is None or part.informative or self.norms is None:
            return below, worst
        counts = ~np.isnan(places.value) & (places.weight > 0)
        zone, x, w = places.zone[counts], places.value[counts], places.weight[counts]
        if not len(zone):
            return below, worst
        lo, mid, hi = anchors[zone].T
        marks = m.mark(x, lo, mid, hi, up, log)
        judged = ~np.isnan(marks)
        bad = judged & (np.round(marks, 9) < m.MINIMUM)
        total = np.bincount(zone, weights=w * judged, minlength=n + 1)
        low = np.bincount(zone, weights=w * bad, minlength=n + 1)
        total[0], low[0] = (w * judged).sum(), (w * bad).sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            below = np.where(total > 0, low / total, np.nan)
        return below, extremes(zone, x, n, highest=not up)

    # - the law --------------------------------------------------------------------------

    def _law(
        self, rows: list[ScoreRow], tests: list[LegalTest], part: str, default: str, band: Band
    ) -> list[ScoreRow]:
        """The rows with legal check, count and limit; the cap comes last of all (indicators, "The
        law"). A row on which the law says nothing new stays the same."""
        if self._worst is None or self._worst[0] is not tests or self._worst[1] != default:
            self._worst = tests, default, worst_by_zone(tests, self.n, default)
        by_zone = self._worst[2]
        limit = self._one_limit(part)
        told = []
        for row in rows:
            result = by_zone[row.zone_id]
            least = _number(result.limit) if result.limit == result.limit else limit
            said = result.outcome, result.n_breach, least
            if said != (row.legal_check, row.n_breach, row.legal_limit):
                row = row.copy(legal_check=said[0], n_breach=said[1], legal_limit=least)
            if result.outcome == words.EXCEEDS:
                _cap(row, band)
            told.append(row)
        return told

    def _one_limit(self, part: str) -> float | None:
        """The legal limit where the law has just one number for this part at the date."""
        laws = self.profile.law(self.spec.id, self.date, None, part) or ()
        limits = {x.limit for x in laws if x.limit is not None and not math.isnan(x.limit)}
        return float(limits.pop()) if len(limits) == 1 else None

    # - all together ---------------------------------------------------------------------

    def run(self) -> Prepared:
        parts = {p.id: self.part(p) for p in self.spec.parts}
        main = [parts[p.id] for p in self.scored]
        legal, default = self.measurement.legal, self.measurement.legal_default
        describe(legal, self.spec.id)
        if len(main) == 1:
            deciding = main * (self.n + 1)
            out = main[0].rows
            weight, band = main[0].weight, main[0].band
        else:
            deciding, out, weight, band = self._lowest(main)
        out = self._law(out, legal, main[0].part.id if len(main) == 1 else "", default, band)
        by_part: dict[str, list[LegalTest]] = {}
        alone = len(self.spec.parts) == 1
        for test in () if alone else legal:
            by_part.setdefault(test.part, []).append(test)
        for part in parts.values():
            mine = legal if alone else by_part.get(part.part.id, [])
            own = words.NOT_TESTED if part.part.informative else default
            part.rows = self._law(part.rows, mine, part.part.id, own, part.band)
        for zone, (row, chosen) in enumerate(zip(out, deciding)):
            least = chosen.rows[zone].legal_limit
            if row.legal_limit is None and least is not None:
                out[zone] = row.copy(legal_limit=least)
        ids = [p.part.id for p in main]
        chosen_ids = [c.part.id for c in deciding]
        return Prepared(self.spec, self.types, parts, ids, chosen_ids, weight, out)

    def _lowest(
        self, main: list[PreparedPart]
    ) -> tuple[list[PreparedPart], list[ScoreRow], np.ndarray, Band]:
        """The part with the lowest mark counts and names itself (indicators 12, 15). A part
        without a mark is named in the reason; only when no part has one has the zone none. The
        interval is that of the lowest mark: another part may turn out to be lower."""
        deciding: list[PreparedPart] = []
        rows: list[ScoreRow] = []
        table = np.array([p.marks for p in main])
        for p in main:
            p.band.drop(np.isnan(p.marks))
        band = lowest(p.band for p in main)
        weight = np.max([p.weight for p in main], axis=0)
        for zone in range(self.n + 1):
            column = table[:, zone]
            if np.isnan(column).all():
                states = [p.rows[zone].status for p in main]
                where = states.index(words.NOT_ASSESSED) if words.NOT_ASSESSED in states else 0
                chosen = main[where]
                row = chosen.rows[zone].copy()
            else:
                chosen = main[int(np.nanargmin(column))]
                absent = [p.part.id for p in main if p.rows[zone].status == words.NOT_ASSESSED]
                reason = say("reasons.parts_missing", parts=", ".join(absent)) if absent else None
                row = chosen.rows[zone].copy(reason=reason)
                self._of_band(row, band)
                # every part must reach a 6: apart, which is the careful side where they err alike
                chances = (p.rows[zone].chance6 for p in main if not math.isnan(p.marks[zone]))
                row.chance6 = math.prod(c for c in chances if c is not None)
            if row.weight is not None:
                row.weight = float(weight[zone])
            rows.append(row)
            deciding.append(chosen)
        self._plan_of_lowest(rows, weight, band)
        return deciding, rows, weight, band

    @staticmethod
    def _of_band(row: ScoreRow, band: Band) -> None:
        zone = row.zone_id
        row.mark_low, row.mark_high = _number(band.low[0, zone]), _number(band.high[0, zone])
        row.next_data, row.next_gain = band.next(zone)

    def _plan_of_lowest(self, rows: list[ScoreRow], weight: np.ndarray, band: Band) -> None:
        """The plan's mark is the weighted mean of the zones' lowest marks (G5), not the lowest of
        the parts' means."""
        plan = rows[0]
        if plan.mark is None:
            return
        use = np.array([r.mark is not None for r in rows])
        plan.mark = _number(over_zones(_floats(r.mark for r in rows), weight, use))
        band.plan(weight, use)
        self._of_band(plan, band)
        if plan.mark is not None and plan.mark_low is not None and plan.mark_high is not None:
            plan.chance6 = m.chance_of_mark(plan.mark, plan.mark_low, plan.mark_high)


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
    return _Judge(scene, profile, spec, measurement).run()
