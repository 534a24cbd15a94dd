"""The marks, intervals and chances of the parts of many indicators at once.

A part comes as a :class:`Draft`, with all that says what its marks are; :func:`mark_all` adds
these. One call of the mark function for all parts: one for each would cost a live edit more than
the numbers themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from . import marks as m
from .band import Band, of_plans
from .indicators.spec import Part
from .obstacles import Obstacle
from .reduce import ReducedPart
from .spread import Budget
from .zone_norms import Asked

SHOWN = ("value", "mark", "mark_low", "mark_high", "chance6", "minimum", "basis", "optimum",
         "weight", "coverage", "assumed", "share_below_6", "worst_value", "spread",
         "n_features")  # fmt: skip


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
    mark: np.ndarray = field(init=False)  # before the legal cap
    chance: np.ndarray = field(init=False)
    spread: np.ndarray = field(init=False)
    band: Band = field(init=False)
    marked: np.ndarray = field(init=False)  # bool

    def __post_init__(self) -> None:
        # where nothing stands in the way of a mark, but in the plan, of which the zones decide
        self.marked = np.array([obstacle is None for obstacle in self.obstacles])

    def columns(self) -> tuple[np.ndarray, ...]:
        """What a row shows of them, as in :data:`SHOWN`."""
        data = self.data
        return (
            self.value, self.mark, self.band.low[0], self.band.high[0], self.chance,
            *self.asked.anchors.T, self.value if data is None else self.weight,  # nothing: not 0
            self.coverage, self.assumed, self.below, self.worst, self.spread,
            self.weight if data is None else data.n_features,
        )  # fmt: skip


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
    kind, many = "decades" if log else "absolute", len(drafts)
    value = np.array([d.value for d in drafts])
    low, middle, high = np.array([d.asked.anchors for d in drafts]).transpose(2, 0, 1)
    up = np.array([[d.asked.up] for d in drafts])
    totals = [d.budget.totals() for d in drafts]
    sizes = [len(total) for total in totals]
    of = np.arange(many).repeat(sizes)
    ends = m.spread(value[of], np.concatenate(totals), kind, log)
    # of the values, and of both ends of each of their intervals
    row = np.concatenate([np.arange(many), of, of])
    marks = m.mark(np.concatenate([value, *ends]), low[row], middle[row], high[row], up[row], log)
    mark = np.where([d.marked for d in drafts], marks[:many], np.nan)
    one, other = marks[many:].reshape(2, len(of), -1)
    least, most = np.minimum(one, other), np.maximum(one, other)
    spread = np.array([total[0] for total in totals])
    chance = m.chance6(value, spread, kind, low, up)
    first = 0
    for k, (draft, size) in enumerate(zip(drafts, sizes)):
        draft.mark, draft.chance, draft.spread = mark[k], chance[k], spread[k]
        own = slice(first, first + size)
        draft.band = Band(tuple(draft.budget.sigma), least[own], most[own])
        first += size
    _plans(drafts)


def _plans(drafts: list[Draft]) -> None:
    """What the plan has of its zones (G5)."""
    marks = of_plans([d.band for d in drafts], np.array([d.mark for d in drafts]),
                     np.array([d.weight for d in drafts]),
                     np.array([d.marked for d in drafts]))  # fmt: skip
    for draft, mark in zip(drafts, marks):
        plan = mark if draft.obstacles[0] is None else math.nan
        draft.mark[0] = plan
        draft.chance[0] = m.chance_of_mark(plan, draft.band.low[0, 0], draft.band.high[0, 0])
