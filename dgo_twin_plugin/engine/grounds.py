"""What places have apart from their values: zone, weight, feature, and what is known at all.

Many parts of a plan stand on the same places, those of its dwellings for one: sums of their weights
and their order by zone are worked out once for all of them.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .kept import Kept, whole
from .marks import plain

if TYPE_CHECKING:
    from .indicators.spec import Places

QUANTILE = 0.90  # indicators G4
FEW = 10.0  # weight (dwellings) below which the maximum stands for the P90 (indicators G4)
_DUST = 1e-9  # relative: sums of binary floats


@dataclass(frozen=True)
class Standing:
    """In which zones places stand, and of which features; an edit hardly ever changes it."""

    n_features: np.ndarray  # (n_zones + 1,) int64
    present: np.ndarray  # (z,) zones with a place
    first: np.ndarray  # (z,) of each in ``order``
    last: np.ndarray  # (z,)
    order: np.ndarray  # (k,) by zone, within a zone as they stood
    small: np.ndarray  # (k,) zone: small numbers are put in order several times as quickly

    @classmethod
    def of(cls, zone: np.ndarray, feature: np.ndarray, n_zones: int) -> Standing:
        many = np.bincount(zone, minlength=n_zones + 1)
        present = many.nonzero()[0]
        last = many.cumsum()[present] - 1
        small = zone.astype(np.int16) if n_zones < 2**15 else zone
        return cls(_counts(zone, feature, n_zones), present, last - many[present] + 1, last,
                   small.argsort(kind="stable"), small)  # fmt: skip


class Weights(NamedTuple):
    """Sums over the places of a ground, as in :class:`~.reduce.ReducedPart`; (n_zones + 1,)."""

    total: np.ndarray
    any_known: np.ndarray
    coverage: np.ndarray
    assumed: np.ndarray


class Ground:
    """The places (k,) that say something: ``known`` of a part. All answers are (n_zones + 1,),
    index 0 the plan."""

    def __init__(self, places: Places, known: np.ndarray, n_zones: int, kept: Kept | None = None,
                 name: Hashable = None) -> None:  # fmt: skip
        assert places.assumed is not None and places.feature is not None  # set by Places itself
        self.n, self.kept, self.zone, self.known = n_zones, kept, places.zone, known
        if len(known) and (self.zone.min() < 1 or self.zone.max() > n_zones):
            raise ValueError(f"zone ids must be 1..{n_zones}")
        self.w, self.assumed = _positive(places.weight), places.assumed
        self.all_known = bool(known.all())
        self.used = known & (self.w > 0)
        self.all_used = bool(self.used.all())
        self.used_zone, self.used_w = self.of_used(self.zone), self.of_used(self.w)
        feature = self.of_used(places.feature)
        self.standing = whole(kept, ("standing", name), (self.used_zone, feature, n_zones),
                              lambda: Standing.of(self.used_zone, feature, n_zones))  # fmt: skip
        self._weights: Weights | None = None

    def weights(self) -> Weights:
        """Made when first asked for."""
        if self._weights is None:
            w, zone, n = self.w, self.zone, self.n
            total = known = sums_of(zone, w, n)
            if not self.all_known:
                w = np.where(self.known, w, 0.0)
                known = sums_of(zone, w, n)
            coverage, any_known = _share(known, total), known > 0
            assumed = np.where(any_known, 0.0, np.nan)
            if self.assumed.any():
                assumed = _share(sums_of(zone, w * plain(self.assumed), n), known)
            self._weights = Weights(total, any_known, coverage, assumed)
        return self._weights

    def of_used(self, column: np.ndarray) -> np.ndarray:
        """The rows of places that are known and have a weight."""
        return column if self.all_used else column[self.used]

    def of_known(self, column: np.ndarray) -> np.ndarray:
        return column if self.all_known else column[self.known]

    def extremes(self, value: np.ndarray, highest: bool) -> np.ndarray:
        """The highest or lowest of the values of places in use; NaN where there is none."""
        out, at = np.full(self.n + 1, np.nan), self.standing
        if len(value):
            most = np.maximum if highest else np.minimum
            out[at.present] = most.reduceat(value[at.order], at.first)
            out[0] = most.reduce(value)
        return out

    def quantiles(self, value: np.ndarray, name: Hashable = None) -> np.ndarray:
        """:func:`weighted_quantile` of the values of places in use, of all zones at once."""
        out, at = np.full(self.n + 1, np.nan), self.standing
        if not len(value):
            return out
        order = _in_order(value, self.kept, name)
        out[0] = _quantile(value, self.used_w, order)
        order = order[at.small[order].argsort(kind="stable")]
        reached = self.used_w[order].cumsum()
        before = reached[at.first - 1]
        before[0] = 0.0
        total = reached[at.last] - before
        rank = reached.searchsorted(before + QUANTILE * total * (1.0 - _DUST))
        rank = np.minimum(np.maximum(rank, at.first), at.last)
        rank = np.where(total < FEW * (1.0 - _DUST), at.last, rank)
        out[at.present] = value[order[rank]]
        return out


class Grounds:
    """The grounds of many parts, each made once."""

    def __init__(self, n_zones: int, kept: Kept | None = None) -> None:
        self.n, self.kept = n_zones, kept
        self._made: dict[tuple[int, ...], list[tuple[Places, Ground]]] = {}

    def of(self, places: Places, known: np.ndarray, name: Hashable = None) -> Ground:
        """``known`` (k,) bool; ``name`` by which the ground is found in the next run. Places of a
        part hold the very arrays of those of another where they are the same."""
        arrays = (places.zone, places.weight, places.feature, places.assumed)
        same = self._made.setdefault(tuple(map(id, arrays)), [])
        for _, ground in same:
            if (known == ground.known).all():
                return ground
        ground = Ground(places, known, self.n, self.kept, name)
        same.append((places, ground))  # as long as they are held, no other has their addresses
        return ground


def weighted_quantile(
    value: np.ndarray, weight: np.ndarray, q: float = QUANTILE, few: float = FEW
) -> float:
    """The smallest value whose cumulative weight reaches q of the total, without interpolation;
    the maximum where the total is below ``few`` (indicators G4). NaN where no weight counts."""
    use = (weight > 0) & ~np.isnan(value)
    if not use.any():
        return float("nan")
    x, w = value[use], weight[use]
    return _quantile(x, w, np.argsort(x, kind="stable"), q, few)


def _quantile(
    x: np.ndarray, w: np.ndarray, order: np.ndarray, q: float = QUANTILE, few: float = FEW
) -> float:
    """The same of known values and weights that count, of which the order is known."""
    total = float(w.sum())
    if total < few * (1.0 - _DUST):
        return float(x.max())
    at = w[order].cumsum().searchsorted(q * total * (1.0 - _DUST))
    return float(x[order[at]])


def _in_order(value: np.ndarray, kept: Kept | None, name: Hashable) -> np.ndarray:
    """(k,) rows by value, equal ones as they stand. From the order of the last run, of which an
    edit leaves nearly all, they are put in order several times as quickly."""
    before = None if kept is None else kept.found(("order", name))
    found = None
    if before is not None and len(before) == len(value):
        found = before[value[before].argsort(kind="stable")]
        ordered = value[found]
        if ((ordered[1:] == ordered[:-1]) & (found[1:] < found[:-1])).any():
            found = None  # equal values, but not as they stand
    if found is None:
        found = value.argsort(kind="stable")
    return found if kept is None else kept.put(("order", name), (), found)


def sums_of(groups: np.ndarray, amount: np.ndarray, n_zones: int) -> np.ndarray:
    """Sums per zone, with the sum over everything at index 0."""
    out = np.bincount(groups, amount, n_zones + 1)
    out[0] = amount.sum()
    return out


def _positive(weight: np.ndarray) -> np.ndarray:
    """Weights as finite numbers, never below 0; the weights themselves where they are, as nearly
    always."""
    if len(weight) and weight.min() > 0 and weight.max() < np.inf:
        return weight
    return np.asarray(np.maximum(plain(weight), 0.0))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """0-1; NaN where there is no whole."""
    return np.where(whole > 0, np.minimum(part / whole, 1.0), np.nan)


def _counts(groups: np.ndarray, feature: np.ndarray, n_zones: int) -> np.ndarray:
    """Different features per zone and in the plan; a place without a feature counts for itself."""
    if not len(feature):
        return np.zeros(n_zones + 1, np.int64)
    if feature.min() < 0:
        feature = np.where(feature < 0, -1 - np.arange(len(feature)), feature)
    pairs = feature * (n_zones + 1) + groups
    if not (pairs[1:] > pairs[:-1]).all():  # as a rule each comes once, by feature and zone
        pairs = np.unique(pairs)
        feature = pairs // (n_zones + 1)
        groups = pairs - feature * (n_zones + 1)
    out = np.bincount(groups, minlength=n_zones + 1)
    out[0] = 1 + np.count_nonzero(feature[1:] != feature[:-1])
    return out.astype(np.int64, copy=False)
