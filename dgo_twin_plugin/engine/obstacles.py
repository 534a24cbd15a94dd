"""Why a zone, or the plan, has no mark (indicators G5-G7)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Optional

import numpy as np

from . import words
from .words import Message, say

if TYPE_CHECKING:
    from .indicators.spec import Indicator, Measurement, Part
    from .reduce import ReducedPart
    from .zone_norms import Asked, ZoneNorms

_DUST = 1e-9
Obstacle = Optional[tuple[str, Message]]  # status and reason; None where there is a mark

_INFORMATIVE = words.NOT_APPLICABLE, say("reasons.informative")
_NO_VALUE = words.NOT_ASSESSED, say("reasons.no_value")


class Obstacles:
    """Those of one measurement. ``undrawn``: zones of which too little is drawn to say anything."""

    def __init__(self, norms: ZoneNorms, spec: Indicator, said: Measurement, n_zones: int,
                 undrawn: set[int]) -> None:  # fmt: skip
        self.profile, self.types, self.typed = norms.profile, norms.area_types, norms.typed
        self.spec, self.said, self.n, self.undrawn = spec, said, n_zones, undrawn
        self.zones = set(range(1, n_zones + 1))
        self.named = self.zones & {*said.not_applicable, *said.not_assessed, *undrawn}
        self.all_typed = bool(self.typed[1:].all())
        self.least = float(norms.profile.min_coverage)

    def of(self, part: Part, asked: Asked, data: ReducedPart | None) -> list[Obstacle]:
        """By zone id; that of the plan waits for :meth:`of_plan`, but for informative parts."""
        if part.informative:
            return self._beside(data)
        found: list[Obstacle] = [None] * (self.n + 1)
        unclear = self.zones
        if data is not None and self.said.missing is None:
            clear = asked.there & ~data.empty & (data.value == data.value)
            clear &= data.coverage >= self.least - _DUST
            clear[0] = True
            unclear = self.named.union((~clear).nonzero()[0].tolist())
        for zone in unclear:
            found[zone] = self._of_zone(zone, part, asked, data)
        return found

    def _of_zone(self, zone: int, part: Part, asked: Asked, data: ReducedPart | None) -> Obstacle:
        """In the order of G7."""
        said, area_type = self.said, self.types[zone]
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
        if not self.typed[zone]:
            return words.NOT_ASSESSED, say("reasons.unknown_area_type", area_type=area_type)
        if asked.norms[zone] is None:
            return words.NOT_ASSESSED, say("reasons.no_norm", area_type=area_type)
        if data is None:
            return words.NOT_ASSESSED, say("reasons.not_measured")
        short = self._too_little(float(data.coverage[zone]))
        if short is not None:
            return words.NOT_ASSESSED, short
        if math.isnan(float(data.value[zone])):
            return _NO_VALUE
        return None

    def _too_little(self, coverage: float) -> Message | None:
        if coverage >= self.least - _DUST:
            return None
        share = 0.0 if math.isnan(coverage) else 100.0 * coverage
        return say("reasons.coverage", coverage=share, least=100.0 * self.least)

    def _beside(self, data: ReducedPart | None) -> list[Obstacle]:
        """Informative parts carry a value and no mark."""
        missing = _NO_VALUE
        if self.said.missing is not None:
            missing = words.NOT_ASSESSED, self.said.missing
        if data is None:
            return [missing] * (self.n + 1)
        return [missing if none else _INFORMATIVE for none in np.isnan(data.value).tolist()]

    # - the plan row -----------------------------------------------------------------------

    def plan_coverage(
        self, found: list[Obstacle], coverage: np.ndarray, weight: np.ndarray
    ) -> float:
        """Sum w known / sum w applicable (G5). Zones where the indicator does not apply leave
        both sums; ground without an area type is applicable but cannot be judged, so it only
        stands in the denominator (G1)."""
        applies = np.array([o is None or o[0] != words.NOT_APPLICABLE for o in found])
        applies[0] = True
        if self.n and self.all_typed and applies.all() and weight[1:].sum() > 0:
            return float(coverage[0])
        applies[0] = False
        w = weight * applies
        if w.sum() <= 0:
            return float("nan")
        known = np.where(np.isnan(coverage), 0.0, coverage)
        return float((w * self.typed * known).sum() / w.sum())

    def of_plan(self, found: list[Obstacle], coverage: float) -> Obstacle:
        """That of the plan, which the zones decide."""
        said, zones = self.said, found[1:]
        if 0 in said.not_applicable:
            return words.NOT_APPLICABLE, said.not_applicable[0]
        if zones and all(o is not None and o[0] == words.NOT_APPLICABLE for o in zones):
            return zones[0]
        if said.missing is not None:
            return words.NOT_ASSESSED, said.missing
        if 0 in said.not_assessed:
            return words.NOT_ASSESSED, said.not_assessed[0]
        if not any(o is None for o in zones):
            first = (o for o in zones if o is not None and o[0] == words.NOT_ASSESSED)
            return next(first, (words.NOT_ASSESSED, say("reasons.no_zones")))
        short = self._too_little(coverage)
        return None if short is None else (words.NOT_ASSESSED, short)
