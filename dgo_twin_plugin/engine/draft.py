"""The marks, intervals and chances of the parts of many indicators at once.

A part comes as a :class:`Draft`, with all that says what its marks are; :func:`mark_all` adds
these. One call of the mark function for all parts: one for each would cost a live edit more than
the numbers themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import marks as m
from .band import Band
from .indicators.spec import Part
from .obstacles import Obstacle
from .reduce import ReducedPart
from .spread import Budget
from .zone_norms import Asked


@dataclass
class Draft:
    """A part before and after it has marks; arrays (n_zones + 1,), index 0 the plan."""

    part: Part
    asked: Asked
    data: ReducedPart | None  # None where it was not measured
    budget: Budget
    obstacles: list[Obstacle]
    weight: np.ndarray
    value: np.ndarray
    coverage: np.ndarray
    assumed: np.ndarray
    below: np.ndarray  # share of the places with a mark below 6
    worst: np.ndarray  # the worst value of a place
    mark: np.ndarray = field(init=False)  # without the plan's, before the legal cap
    chance: np.ndarray = field(init=False)
    spread: np.ndarray = field(init=False)
    band: Band = field(init=False)
    marked: np.ndarray = field(init=False)  # bool

    def __post_init__(self) -> None:
        # where nothing stands in the way of a mark, but in the plan, of which the zones decide
        self.marked = np.array([obstacle is None for obstacle in self.obstacles])

    def columns(self) -> dict[str, np.ndarray]:
        """What a row shows of them."""
        low, middle, high = self.asked.anchors.T
        return {
            "value": self.value, "mark": self.mark, "mark_low": self.band.low[0],
            "mark_high": self.band.high[0], "chance6": self.chance, "minimum": low,
            "basis": middle, "optimum": high,
            "weight": self.value if self.data is None else self.weight,  # nothing: not 0
            "coverage": self.coverage, "assumed": self.assumed, "share_below_6": self.below,
            "worst_value": self.worst, "spread": self.spread,
            "n_features": self.weight if self.data is None else self.data.n_features,
        }  # fmt: skip


def mark_all(drafts: list[Draft]) -> None:
    """Give every draft its marks; informative parts have none."""
    for draft in drafts:
        if draft.part.informative:
            nothing = np.full(len(draft.value), np.nan)
            draft.mark = draft.chance = draft.spread = nothing
            draft.band = Band((), nothing[None, :], nothing[None, :])
    for log in (False, True):
        _mark([d for d in drafts if d.asked.log == log and not d.part.informative], log)


def _mark(drafts: list[Draft], log: bool) -> None:
    """Of parts on the same scale."""
    if not drafts:
        return
    kind = "decades" if log else "absolute"
    value = np.array([d.value for d in drafts])
    low, middle, high = np.moveaxis(np.array([d.asked.anchors for d in drafts]), 2, 0)
    up = np.array([[d.asked.up] for d in drafts])
    totals = [d.budget.totals() for d in drafts]
    mark = np.where([d.marked for d in drafts], m.mark(value, low, middle, high, up, log), np.nan)
    spread = np.array([total[0] for total in totals])
    chance = m.chance6(value, spread, kind, low, up)
    sizes = [len(total) for total in totals]
    of = np.repeat(np.arange(len(drafts)), sizes)
    ends = np.stack(m.spread(value[of], np.concatenate(totals), kind, log))
    ends = m.mark(ends, low[of], middle[of], high[of], up[of], log)
    least, most = ends.min(axis=0), ends.max(axis=0)
    first = 0
    for k, (draft, size) in enumerate(zip(drafts, sizes)):
        draft.mark, draft.chance, draft.spread = mark[k], chance[k], spread[k]
        own = slice(first, first + size)
        draft.band = Band(tuple(draft.budget.sigma), least[own], most[own])
        first += size
