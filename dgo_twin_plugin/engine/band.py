"""The 90 % interval of marks, and which input would narrow it most (docs/uncertainty.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import marks as m

if TYPE_CHECKING:
    from .spread import Budget


@dataclass
class Band:
    """90 % intervals of marks: row 0 with everything, row k without the contribution
    ``names[k - 1]``; (1 + len(names), n_zones + 1)."""

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, budget: Budget, value: np.ndarray, anchors: np.ndarray, up: bool,
           log: bool) -> Band:  # fmt: skip
        """Marks at value +- 1.645 sigma, once with and once without each contribution."""
        names = tuple(budget.sigma)
        norms = anchors[:, 0], anchors[:, 1], anchors[:, 2]
        if not names:
            mark = m.mark(value, *norms, up, log)
            return cls((), mark[None, :], mark[None, :].copy())
        sigma = np.array([budget.total(), *(budget.total(name) for name in names)])
        ends = m.spread(value[None, :], sigma, "decades" if log else "absolute", log)
        marks = m.mark(np.stack(ends), *norms, up, log)
        return cls(names, marks.min(axis=0), marks.max(axis=0))

    def row(self, name: str) -> int:
        return self.names.index(name) + 1 if name in self.names else 0

    def drop(self, gone: np.ndarray) -> None:
        """No interval where there is no mark."""
        self.low[:, gone] = self.high[:, gone] = np.nan

    def plan(self, weight: np.ndarray, use: np.ndarray) -> None:
        """Fill the plan (column 0): the weighted mean of the zones, for the same input errs the
        same way in every zone. NaN where no zone is in use."""
        use = use & (weight > 0)
        use[0] = False
        for ends in (self.low, self.high):
            here = use & ~np.isnan(ends[0])
            if not here.any():
                ends[:, 0] = np.nan
                continue
            w, own = weight[here], ends[:, here]
            mean = (own * w).sum(axis=1) / w.sum()
            # rounding adds nothing
            ends[:, 0] = np.minimum(np.maximum(mean, own.min(axis=1)), own.max(axis=1))

    def next(self, zone: int, cap: float = m.OPTIMUM) -> tuple[str | None, float | None]:
        """The contribution without which the interval narrows most, and by how many mark points;
        ``cap`` is the highest mark that the law leaves. (None, None) where nothing narrows."""
        return self.nexts(cap, slice(zone, zone + 1))[0]

    def nexts(self, cap: float = m.OPTIMUM,
              zones: slice = slice(None)) -> list[tuple[str | None, float | None]]:  # fmt: skip
        """:meth:`next` of many zones at once."""
        low, high = self.low[:, zones], self.high[:, zones]
        if not self.names:
            return [(None, None)] * low.shape[1]
        width = np.minimum(high, cap) - np.minimum(low, cap)
        with np.errstate(invalid="ignore"):
            gain = width[0] - width[1:]
        best = np.argmax(gain, axis=0)
        most = gain[best, np.arange(gain.shape[1])]
        narrows = np.isfinite(width[0]) & (most > 1e-9)
        return [(self.names[k], by) if use else (None, None)
                for k, by, use in zip(best.tolist(), most.tolist(), narrows.tolist())]  # fmt: skip


def lowest(bands: Iterable[Band]) -> Band:
    """The band of the lowest of several marks: as low as the lowest end, as high as the lowest
    high end."""
    many = list(bands)
    names = tuple(dict.fromkeys(name for band in many for name in band.names))

    def least(ends: Callable[[Band], np.ndarray]) -> np.ndarray:
        rows = [[ends(b)[b.row(name)] for name in ("", *names)] for b in many]
        return np.asarray(np.fmin.reduce(np.array(rows), axis=0))

    return Band(names, least(lambda b: b.low), least(lambda b: b.high))
