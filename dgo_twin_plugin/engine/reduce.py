"""From places to one value per zone and for the plan (indicators G4-G6).

Every array per zone has length ``n_zones + 1``; index 0 is the same formula over all places of
the plan. A reduction never invents a number: NaN is "nothing known here", and ``empty`` says that
there was nothing to measure, so the indicator does not apply.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .indicators.spec import (
    GIVEN,
    LOG_MEAN,
    MAX,
    MEAN,
    MIN,
    P90,
    RATIO,
    Indicator,
    Measurement,
    Part,
    Places,
    ZoneValues,
)
from .marks import plain

QUANTILE = 0.90  # indicators G4
FEW = 10.0  # weight (dwellings) below which the maximum stands for the P90 (indicators G4)
_DUST = 1e-9  # relative: sums of binary floats


@dataclass
class ReducedPart:
    """One quantity per zone; every array has length n_zones + 1, index 0 the plan."""

    part: Part
    value: np.ndarray  # float64, NaN = nothing known
    weight: np.ndarray  # sum of w over applicable places, known or not
    coverage: np.ndarray  # sum w known / sum w, 0-1; NaN where there is no weight
    assumed: np.ndarray  # share of the known w that rests on a default, 0-1; NaN where none
    n_features: np.ndarray  # int64: different features (or places without one) that were counted
    empty: np.ndarray  # bool: empty denominator, so not applicable (G6)
    places: Places | None = None
    known: np.ndarray | None = None  # (k,) bool, rows of places that counted


@dataclass
class ReducedIndicator:
    """All parts of one measurement, and what the indicator itself said about zones."""

    spec: Indicator
    n_zones: int
    parts: dict[str, ReducedPart] = field(default_factory=dict)
    measurement: Measurement = field(default_factory=Measurement)

    @property
    def proxy(self) -> np.ndarray:
        """(n_zones + 1,) bool."""
        proxy = np.zeros(self.n_zones + 1, bool)
        proxy[:] = self.measurement.proxy
        return proxy


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
    reached = np.cumsum(w[order]) >= q * total * (1.0 - _DUST)
    return float(x[order[int(np.argmax(reached))]])


def sums_of(groups: np.ndarray, amount: np.ndarray, n_zones: int) -> np.ndarray:
    """Sums per zone, with the sum over everything at index 0."""
    out = np.bincount(groups, weights=amount, minlength=n_zones + 1)
    out[0] = amount.sum()
    return out


def zone_order(groups: np.ndarray, n_zones: int) -> np.ndarray:
    """(k,) rows in the order of their zones, within a zone as they stood. Small numbers are put in
    order several times as fast."""
    return np.argsort(groups.astype(np.int16) if n_zones < 2**15 else groups, kind="stable")


def extremes(groups: np.ndarray, value: np.ndarray, n_zones: int, highest: bool) -> np.ndarray:
    """The highest or lowest value per zone, of all at index 0; NaN where there is none."""
    out = np.full(n_zones + 1, np.nan)
    if len(value):
        order = zone_order(groups, n_zones)
        among = groups[order]
        first = np.append(0, np.flatnonzero(among[1:] != among[:-1]) + 1)
        most = np.maximum if highest else np.minimum
        out[among[first]] = most.reduceat(value[order], first)
        out[0] = most.reduce(value)
    return out


def _quantiles(
    groups: np.ndarray, value: np.ndarray, weight: np.ndarray, n_zones: int
) -> np.ndarray:
    """:func:`weighted_quantile` of each zone, all at once; of the plan at index 0. All values are
    known and all weights count."""
    out = np.full(n_zones + 1, np.nan)
    if not len(value):
        return out
    order = np.argsort(value, kind="stable")
    out[0] = _quantile(value, weight, order)
    order = order[zone_order(groups[order], n_zones)]
    value, reached = value[order], np.cumsum(weight[order])
    ends = np.cumsum(np.bincount(groups, minlength=n_zones + 1))
    first, last = np.append(0, ends[:-1]), ends - 1
    before = np.append(0.0, reached)[first]
    total = reached[np.maximum(last, 0)] - before
    at = np.searchsorted(reached, before + QUANTILE * total * (1.0 - _DUST))
    at = np.where(total < FEW * (1.0 - _DUST), last, np.minimum(np.maximum(at, first), last))
    present = np.flatnonzero(last[1:] >= first[1:]) + 1
    out[present] = value[at[present]]
    return out


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
    return out.astype(np.int64)


def _known(part: Part, places: Places) -> np.ndarray:
    """Rows that have what the reduction needs. An infinite *value* is known (indicators G10); an
    infinite amount is not."""
    if part.reduce == RATIO:
        if places.num is None or places.den is None:
            raise ValueError(f"part {part.id!r}: a ratio needs num and den")
        known: np.ndarray = np.isfinite(places.num) & np.isfinite(places.den)
        return known
    known = ~np.isnan(places.value)
    if places.den is not None and part.reduce in (MEAN, LOG_MEAN):
        known = known & np.isfinite(places.den)
    return known


@dataclass
class _Ground:
    """What the places of a part have apart from their values; parts of one measurement often stand
    on the same. Arrays (k,), and (n_zones + 1,) as in :class:`ReducedPart`."""

    w: np.ndarray  # weight, never below 0
    known: np.ndarray
    used: np.ndarray  # known, and with a weight
    weight: np.ndarray
    coverage: np.ndarray
    assumed: np.ndarray
    any_known: np.ndarray
    n_features: np.ndarray


def _ground(places: Places, known: np.ndarray, n_zones: int) -> _Ground:
    zone, w = places.zone, np.maximum(plain(places.weight), 0.0)
    total = known_total = sums_of(zone, w, n_zones)
    of_known = w
    if not known.all():
        of_known = np.where(known, w, 0.0)
        known_total = sums_of(zone, of_known, n_zones)
    assert places.assumed is not None and places.feature is not None  # set by Places itself
    assumed_total = np.zeros(n_zones + 1)
    if places.assumed.any():
        assumed_total = sums_of(zone, of_known * plain(places.assumed), n_zones)
    used, any_known = known & (w > 0), known_total > 0
    groups, feature = _of(used, zone, places.feature)
    return _Ground(
        w, known, used, total,
        coverage=np.where(total > 0, np.minimum(known_total / total, 1.0), np.nan),
        assumed=np.where(any_known, np.minimum(assumed_total / known_total, 1.0), np.nan),
        any_known=any_known,
        n_features=_counts(groups, feature, n_zones),
    )  # fmt: skip


def _of(use: np.ndarray, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """The rows in use of each array; the arrays themselves where that is all of them."""
    return arrays if use.all() else tuple(array[use] for array in arrays)


def reduce_places(part: Part, places: Places, n_zones: int) -> ReducedPart:
    """Reduce one part of an indicator (the formulas: :class:`~.indicators.spec.Part`).

    Unknown places leave numerator and denominator (G6). Raises ValueError for an unknown
    reduction or a zone id outside 1..n_zones.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _reduced_places(part, places, n_zones, [])


def _reduced_places(
    part: Part, places: Places, n_zones: int, grounds: list[tuple[Places, _Ground]]
) -> ReducedPart:
    """``grounds``: those of the parts before, to which a new one is added."""
    zone, known = places.zone, _known(part, places)
    ground = next((g for other, g in grounds if _same_ground(places, other)
                   and np.array_equal(known, g.known)), None)  # fmt: skip
    if ground is None:
        if len(zone) and (zone.min() < 1 or zone.max() > n_zones):
            raise ValueError(f"part {part.id!r}: zone ids must be 1..{n_zones}")
        ground = _ground(places, known, n_zones)
        grounds.append((places, ground))
    no_ground = np.zeros(n_zones + 1, bool)

    if part.reduce in (RATIO, MEAN, LOG_MEAN):
        den = ground.w if places.den is None else np.asarray(places.den, float)
        counts = ground.used if den is ground.w else known & (den > 0)
        if part.reduce == RATIO:
            groups, d = _of(counts, zone, den)
            denominator = sums_of(groups, d, n_zones)
            # a numerator without a denominator still counts: 100 * sum / sum
            groups, num = _of(known, zone, np.asarray(places.num, float))
            top = sums_of(groups, num, n_zones)
        else:
            groups, d, x = _of(counts, zone, den, places.value)
            denominator = ground.weight if d is ground.w else sums_of(groups, d, n_zones)
            if part.reduce == LOG_MEAN:
                x = np.where(x > 0, np.log10(x), -np.inf)
            top = sums_of(groups, d * x, n_zones)
        value = np.where(denominator > 0, top / denominator, np.nan)
        value = part.scale * (10.0**value if part.reduce == LOG_MEAN else value)
        no_ground = denominator <= 0
    elif part.reduce in (P90, MAX, MIN):
        groups, x, w = _of(ground.used, zone, places.value, ground.w)
        if part.reduce == P90:
            value = _quantiles(groups, x, w, n_zones)
        else:
            value = extremes(groups, x, n_zones, part.reduce == MAX)
        value = part.scale * value
    elif part.reduce == GIVEN:
        raise ValueError(f"part {part.id!r}: hand over ZoneValues, not Places")
    else:
        raise ValueError(f"part {part.id!r}: unknown reduction {part.reduce!r}")

    return ReducedPart(
        part=part,
        value=value,
        weight=ground.weight,
        coverage=ground.coverage,
        assumed=ground.assumed,
        n_features=ground.n_features,
        empty=(ground.weight <= 0) | (ground.any_known & no_ground),
        places=places,
        known=known,
    )


def _same_ground(a: Places, b: Places) -> bool:
    return (a.zone is b.zone and a.weight is b.weight and a.feature is b.feature
            and a.assumed is b.assumed)  # fmt: skip


def _given(part: Part, values: ZoneValues, n_zones: int) -> ReducedPart:
    arrays = {
        name: np.asarray(getattr(values, name), float)
        for name in ("value", "weight", "coverage", "assumed", "n_features")
    }
    for name, array in arrays.items():
        if array.shape != (n_zones + 1,):
            raise ValueError(f"part {part.id!r}: {name} must have length {n_zones + 1}")
    known = None if values.places is None else ~np.isnan(values.places.value)
    return ReducedPart(
        part=part,
        value=arrays["value"],
        weight=np.nan_to_num(arrays["weight"], nan=0.0),
        coverage=arrays["coverage"],
        assumed=arrays["assumed"],
        n_features=np.nan_to_num(arrays["n_features"], nan=0.0).astype(np.int64),
        empty=~(arrays["weight"] > 0),
        places=values.places,
        known=known,
    )


def reduce(measurement: Measurement, spec: Indicator, n_zones: int) -> dict[str, ReducedPart]:
    """Every part of the specification that was measured: part id -> :class:`ReducedPart`.

    A measured part that the specification does not declare is a programming error: ValueError.
    """
    declared = {part.id: part for part in spec.parts}
    strange = set(measurement.parts) - set(declared)
    if strange:
        raise ValueError(f"{spec.id}: undeclared parts {sorted(strange)}")
    found: dict[str, ReducedPart] = {}
    grounds: list[tuple[Places, _Ground]] = []
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for part in spec.parts:
            measured = measurement.parts.get(part.id)
            if isinstance(measured, ZoneValues):
                found[part.id] = _given(part, measured, n_zones)
            elif measured is not None:
                found[part.id] = _reduced_places(part, measured, n_zones, grounds)
    return found


def reduced(measurement: Measurement, spec: Indicator, n_zones: int) -> ReducedIndicator:
    """The same, together with what the indicator itself said about its zones."""
    return ReducedIndicator(spec, n_zones, reduce(measurement, spec, n_zones), measurement)
