"""The 90 % interval of marks, and which input would narrow it most (docs/uncertainty.md)."""

from __future__ import annotations

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
        low, high = self.low[:, zone], self.high[:, zone]
        if cap < m.OPTIMUM:
            low, high = np.minimum(low, cap), np.minimum(high, cap)
        width = (high - low).tolist()
        gains = [width[0] - other for other in width[1:]]
        most = max(gains, default=0.0)
        if not most > 1e-9:  # also where there is no interval
            return None, None
        return self.names[gains.index(most)], most


def over_zones(values: np.ndarray, weight: np.ndarray, use: np.ndarray) -> float:
    """Sum w x / sum w over the zones in use (G5); index 0, the plan itself, never counts. NaN
    where no zone is left."""
    at = in_use(values, weight, use).nonzero()[0]
    return _mean(values[at], weight[at])


def in_use(values: np.ndarray, weight: np.ndarray, use: np.ndarray) -> np.ndarray:
    """(..., n_zones + 1) bool: zones that count for the plan."""
    use = use & (values == values) & (weight > 0)
    use[..., 0] = False
    return use


def _mean(x: np.ndarray, w: np.ndarray) -> float:
    if not len(x):
        return float("nan")
    least, most = float(x.min()), float(x.max())
    if least == most:
        return least
    # never beyond the values themselves, by the dust of binary floats: a 10 is a 10
    return min(max(float((w * x).sum() / w.sum()), least), most)


def of_plans(bands: list[Band], marks: np.ndarray, weight: np.ndarray,
             use: np.ndarray) -> list[float]:  # fmt: skip
    """:func:`over_zones` of the marks of many parts, and :meth:`Band.plan` of their bands; arrays
    (parts, n_zones + 1)."""
    use = in_use(marks, weight, use)
    ends = np.concatenate([rows for band in bands for rows in (band.low, band.high)])
    sizes = [2 * len(band.low) for band in bands]
    of = np.arange(len(bands)).repeat(sizes)
    used, w = use[of], np.where(use, weight, 0.0)[of]
    # zone after zone, as plan() adds them, for which a zone out of use is a 0
    top = (np.where(used, ends, 0.0) * w).T.copy().sum(axis=0)
    low, high = np.where(used, ends, np.inf).min(axis=1), np.where(used, ends, -np.inf).max(axis=1)
    found, first = [], 0
    for k, (band, size) in enumerate(zip(bands, sizes)):
        at = use[k].nonzero()[0]
        own = weight[k, at]
        found.append(_mean(marks[k, at], own))
        if size == 2 or not len(at):  # NumPy adds a single row in another order
            band.plan(weight[k], use[k])
        else:
            rows, half = slice(first, first + size), size // 2
            mean = np.minimum(np.maximum(top[rows] / own.sum(), low[rows]), high[rows])
            band.low[:, 0], band.high[:, 0] = mean[:half], mean[half:]
        first += size
    return found


def lowest(bands: list[Band]) -> Band:
    """The band of the lowest of several marks: as low as the lowest end, as high as the lowest
    high end."""
    names = tuple(dict.fromkeys(name for band in bands for name in band.names))
    rows = [[band.row(name) for name in ("", *names)] for band in bands]
    low = np.fmin.reduce([band.low[own] for band, own in zip(bands, rows)])
    high = np.fmin.reduce([band.high[own] for band, own in zip(bands, rows)])
    return Band(names, low, high)
