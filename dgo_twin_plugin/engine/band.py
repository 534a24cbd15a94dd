"""The 90 % interval of marks, and which input would narrow it most (docs/uncertainty.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from . import marks as m


@dataclass
class Band:
    """90 % intervals of marks: row 0 with everything, row k without the contribution
    ``names[k - 1]``; (1 + len(names), n_zones + 1)."""

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray

    def row(self, name: str) -> int:
        return self.names.index(name) + 1 if name in self.names else 0

    def drop(self, gone: np.ndarray) -> None:
        """No interval where there is no mark."""
        self.low[:, gone] = self.high[:, gone] = np.nan

    def plan(self, weight: np.ndarray, use: np.ndarray) -> None:
        """Fill the plan (column 0): the weighted mean of the zones, for the same input errs the
        same way in every zone. NaN where no zone is in use."""
        use = use & (weight > 0) & ~np.isnan(self.low[0])
        use[0] = False
        w = weight[use]
        if not len(w):
            self.low[:, 0] = self.high[:, 0] = np.nan
            return
        whole = w.sum()
        for ends in (self.low, self.high):
            own = ends[:, use]
            mean = (own * w).sum(axis=1) / whole
            # rounding adds nothing
            ends[:, 0] = np.minimum(np.maximum(mean, own.min(axis=1)), own.max(axis=1))

    def next(self, zone: int, cap: float = m.OPTIMUM) -> tuple[str | None, float | None]:
        """The contribution without which the interval narrows most, and by how many mark points;
        ``cap`` is the highest mark that the law leaves. (None, None) where nothing narrows."""
        width = [min(high, cap) - min(low, cap) for low, high in
                 zip(self.low[:, zone].tolist(), self.high[:, zone].tolist())]  # fmt: skip
        gains = [width[0] - other for other in width[1:]]
        most = max(gains, default=0.0)
        if not most > 1e-9:  # also where there is no interval
            return None, None
        return self.names[gains.index(most)], most


def lowest(bands: Iterable[Band]) -> Band:
    """The band of the lowest of several marks: as low as the lowest end, as high as the lowest
    high end."""
    many = list(bands)
    names = tuple(dict.fromkeys(name for band in many for name in band.names))

    def least(ends: Callable[[Band], np.ndarray]) -> np.ndarray:
        rows = [[ends(b)[b.row(name)] for name in ("", *names)] for b in many]
        return np.asarray(np.fmin.reduce(np.array(rows), axis=0))

    return Band(names, least(lambda b: b.low), least(lambda b: b.high))
