"""How a reduced value moves when its places do: first order, per zone and for the plan.

The linear reductions (ratio, mean, log_mean) are T / B with T = scale x sum(num), B = sum(den);
the others (p90, max, min) stand at a rank of the places, and what moves the rank moves the value.
Worked out in docs/uncertainty.md, tested against seeded sampling (:func:`sampled`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from . import marks as m
from .grounds import FEW, QUANTILE
from .indicators.spec import GIVEN, LOG_MEAN, MAX, MEAN, MIN, P90, RATIO
from .reduce import reduce_places

if TYPE_CHECKING:
    from .indicators.spec import Part, Places
    from .reduce import ReducedPart

_DUST = 1e-9
_LN10 = float(np.log(10.0))


def movable(part: Part, data: ReducedPart) -> bool:
    """False for values that an indicator worked out per zone itself: of these no place is known."""
    return part.reduce != GIVEN and data.places is not None and data.known is not None


class Moved:
    """The known places of one part that is :func:`movable`. All answers are (n_zones + 1,) on the
    scale of the mark (decades where ``log``)."""

    def __init__(self, part: Part, data: ReducedPart, log: bool) -> None:
        self.part, self.data, self.log = part, data, log
        self.n = len(data.value)
        assert data.places is not None and data.known is not None
        self.places: Places = data.places
        self.linear = part.reduce in (RATIO, MEAN, LOG_MEAN)
        if self.linear:
            self._linear()
        else:
            self._ranked()

    # - sums over places ------------------------------------------------------------------

    def _sum(self, amount: np.ndarray) -> np.ndarray:
        out = np.bincount(self.zone, weights=amount, minlength=self.n)
        out[0] = amount.sum()
        return out

    def _squares(self, x: Callable[[np.ndarray], np.ndarray], value: np.ndarray) -> np.ndarray:
        """Sums of ``x(value of the zone)``; the plan with its own value."""
        out = np.bincount(self.zone, weights=x(value[self.zone]), minlength=self.n)
        out[0] = x(np.full(len(self.zone), value[0])).sum()
        return out

    def _linear(self) -> None:
        places, part = self.places, self.part
        known = np.asarray(self.data.known)
        weight = np.maximum(m.plain(places.weight), 0.0)
        den = weight if places.den is None else np.asarray(places.den, float)
        if part.reduce == RATIO:
            top = part.scale * np.asarray(places.num, float)
            self.keep = np.flatnonzero(known)
        else:
            x = places.value
            if part.reduce == LOG_MEAN:
                known = known & (x > 0) & np.isfinite(x)
                x = np.log10(np.where(known, x, 1.0))
            known = known & (den > 0) & np.isfinite(x)
            self.keep = np.flatnonzero(known)
            top = den * x if part.reduce == LOG_MEAN else part.scale * den * x
        self.zone = np.asarray(places.zone)[self.keep]
        self.top, self.den = top[self.keep], m.plain(den[self.keep])
        self.bottom = self._sum(self.den)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.mean = self._sum(self.top) / self.bottom

    def _ranked(self) -> None:
        places = self.places
        weight = np.maximum(m.plain(places.weight), 0.0)
        self.keep = np.flatnonzero(np.asarray(self.data.known) & (weight > 0))
        self.zone = np.asarray(places.zone)[self.keep]
        self.den = weight[self.keep]
        self.x = m.scaled(self.part.scale * places.value[self.keep], self.log)
        self.bottom = self._sum(self.den)
        few = self.bottom < FEW * (1.0 - _DUST)
        rank = {P90: np.where(few, 1.0, QUANTILE), MAX: np.ones(self.n), MIN: np.zeros(self.n)}
        self.rank = rank[self.part.reduce]

    def _scaled(self, sigma: np.ndarray) -> np.ndarray:
        """From the space of the reduction to the scale of the mark."""
        decades = self.part.reduce == LOG_MEAN
        with np.errstate(divide="ignore", invalid="ignore"):
            if decades and not self.log:
                return np.asarray(sigma * np.abs(self.data.value) * _LN10)
            if self.log and not decades:
                return np.asarray(sigma / (np.abs(self.data.value) * _LN10))
        return sigma

    def _part(self, share: np.ndarray) -> np.ndarray:
        """Of the places that count."""
        return m.plain(np.asarray(share, float)[self.keep])

    def _over(self, amount: np.ndarray) -> np.ndarray:
        return np.divide(amount, self.bottom, out=np.zeros(self.n), where=self.bottom > 0)

    # - what may move ---------------------------------------------------------------------

    def values(self, share: np.ndarray) -> np.ndarray:
        """All values together by the same relative step: sum(a |num|) / B per unit of step."""
        a = self._part(share)
        if self.part.reduce == LOG_MEAN:
            return self._scaled(self._over(self._sum(a * self.den)) / _LN10)
        if self.linear:
            return self._scaled(self._over(self._sum(a * np.abs(self.top))))
        assumed = self._over(self._sum(a * self.den))
        return assumed / _LN10 if self.log else assumed * np.abs(self.data.value)

    def share(self, share: np.ndarray) -> np.ndarray:
        """All values together by the same absolute step: sum(a den) / B per unit."""
        found = self._over(self._sum(self._part(share) * self.den))
        if self.part.reduce == LOG_MEAN or (self.log and not self.linear):
            with np.errstate(divide="ignore", invalid="ignore"):
                step = found / (np.abs(self.data.value) * _LN10)
            return step if self.log else found
        return self._scaled(found)

    def above(self, amount: np.ndarray) -> np.ndarray:
        """An amount added to the numerators: scale x sum(amount) / B. Ratios only."""
        if not self.linear:
            return np.zeros(self.n)
        return self._scaled(self._over(abs(self.part.scale) * self._sum(self._part(amount))))

    def below(self, share: np.ndarray) -> np.ndarray:
        """Denominators together by the same relative step: |value| x their share of B."""
        if not self.linear:
            return np.zeros(self.n)
        found = self._over(self._sum(self._part(share) * self.den))
        return self._scaled(np.abs(m.plain(self.mean)) * found)

    def weights(self, step: np.ndarray) -> np.ndarray:
        """Weights by a relative step each (k,): the same error in all of them, and as much again
        of each one's own. Linear: r sqrt((sum e)^2 + sum e^2) / B with e = num - value x den."""
        r = self._part(step)
        if self.linear:
            value = m.plain(self.mean)
            shared = self._squares(lambda v: r * (self.top - v * self.den), value)
            own = self._squares(lambda v: (r * (self.top - v * self.den)) ** 2, value)
            return self._scaled(self._over(np.sqrt(shared**2 + own)))
        value = self._at(self.rank)
        below = self._squares(lambda v: self.den * (self.x <= v), value)
        reached = self._over(below)
        rank = reached[self.zone]
        first = (self.x <= value[self.zone]) - rank
        shared, own = self._sum(r * self.den * first), self._sum((r * self.den * first) ** 2)
        plan = r * self.den * ((self.x <= value[0]) - reached[0])
        shared[0], own[0] = plan.sum(), (plan**2).sum()
        return self._around(self._over(np.sqrt(shared**2 + own)))

    def unlike(self, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What an unknown share (n_zones + 1,) may do as one block that is like any known place:
        share x their standard deviation; and how many places are known."""
        count = np.bincount(self.zone, minlength=self.n).astype(float)
        count[0] = len(self.zone)
        if not self.linear:
            return self._around(unknown * np.sqrt(QUANTILE * (1.0 - QUANTILE))), count
        with np.errstate(divide="ignore", invalid="ignore"):
            per = np.where(self.den > 0, 1.0 / self.den, 0.0)
        value = m.plain(self.mean)
        squares = self._squares(lambda v: per * (self.top - v * self.den) ** 2, value)
        return self._scaled(unknown * np.sqrt(self._over(squares))), count

    # - ranks -----------------------------------------------------------------------------

    def _around(self, step: np.ndarray) -> np.ndarray:
        """Half the distance between the values at rank - step and rank + step."""
        moved = step > 1e-12
        if not moved.any():
            return np.zeros(self.n)
        with np.errstate(invalid="ignore"):
            wide = self._at(np.minimum(self.rank + step, 1.0)) - self._at(
                np.maximum(self.rank - step, 0.0))  # fmt: skip
        return np.where(moved & ~np.isnan(wide), wide / 2.0, 0.0)

    def _at(self, rank: np.ndarray) -> np.ndarray:
        """(n_zones + 1,) the smallest value whose cumulative weight reaches the rank."""
        if not hasattr(self, "_sorted"):
            by_value = np.argsort(self.x, kind="stable")
            by_zone = by_value[np.argsort(self.zone[by_value], kind="stable")]
            self._sorted = by_value, by_zone
        out = np.full(self.n, np.nan)
        if not len(self.x):
            return out
        by_value, by_zone = self._sorted
        total = np.cumsum(self.den[by_zone])
        last = np.cumsum(np.bincount(self.zone, minlength=self.n))
        first = np.concatenate([[0], last[:-1]])
        before = np.concatenate([[0.0], total])[first]
        at = np.searchsorted(total, before + rank * self.bottom * (1.0 - _DUST))
        present = last > first
        at = np.clip(at, first, np.maximum(last - 1, first))
        out[present] = self.x[by_zone[at[present]]]
        whole = np.cumsum(self.den[by_value])
        k = int(np.searchsorted(whole, rank[0] * whole[-1] * (1.0 - _DUST)))
        out[0] = self.x[by_value[min(k, len(by_value) - 1)]]
        return out


def sampled(
    part: Part,
    places: Places,
    n_zones: int,
    disturb: Callable[[np.random.Generator, Places], Places],
    times: int = 2000,
    seed: int = 20260301,
) -> np.ndarray:
    """(times, n_zones + 1) values of a part whose places ``disturb`` draws anew each time: seeded
    sampling, to check the propagation above or to replace it where a threshold breaks it."""
    rng = np.random.default_rng(seed)
    return np.array([reduce_places(part, disturb(rng, places), n_zones).value
                     for _ in range(times)])  # fmt: skip
