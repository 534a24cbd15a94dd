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
from .words import Message

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
    def missing(self) -> Message | None:
        return self.measurement.missing

    @property
    def proxy(self) -> np.ndarray:
        """(n_zones + 1,) bool."""
        return np.broadcast_to(np.asarray(self.measurement.proxy, bool), (self.n_zones + 1,))


def weighted_quantile(
    value: np.ndarray, weight: np.ndarray, q: float = QUANTILE, few: float = FEW
) -> float:
    """The smallest value whose cumulative weight reaches q of the total, without interpolation;
    the maximum where the total is below ``few`` (indicators G4). NaN where no weight counts."""
    use = (weight > 0) & ~np.isnan(value)
    if not use.any():
        return float("nan")
    x, w = value[use], weight[use]
    total = float(w.sum())
    if total < few * (1.0 - _DUST):
        return float(x.max())
    order = np.argsort(x, kind="stable")
    reached = np.cumsum(w[order]) >= q * total * (1.0 - _DUST)
    return float(x[order][int(np.argmax(reached))])


def _sums(groups: np.ndarray, amount: np.ndarray, n_zones: int) -> np.ndarray:
    """Sums per zone, with the sum over everything at index 0."""
    out = np.bincount(groups, weights=amount, minlength=n_zones + 1)
    out[0] = amount.sum()
    return out


def extremes(groups: np.ndarray, value: np.ndarray, n_zones: int, highest: bool) -> np.ndarray:
    """The highest or lowest value per zone, of all at index 0; NaN where there is none."""
    out = np.full(n_zones + 1, np.nan)
    if len(value):
        order = np.argsort(groups, kind="stable")
        among = groups[order]
        first = np.flatnonzero(among[1:] != among[:-1]) + 1
        first = np.concatenate([[0], first])
        most = np.maximum if highest else np.minimum
        out[among[first]] = most.reduceat(value[order], first)
        out[0] = most.reduce(value)
    return out


def _quantiles(
    groups: np.ndarray, value: np.ndarray, weight: np.ndarray, n_zones: int
) -> np.ndarray:
    """:func:`weighted_quantile` of each zone, all at once; of the plan at index 0."""
    out = np.full(n_zones + 1, np.nan)
    out[0] = weighted_quantile(value, weight)
    use = (weight > 0) & ~np.isnan(value)
    groups, value, weight = groups[use], value[use], weight[use]
    if not len(value):
        return out
    order = np.lexsort((value, groups))
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
    ids = np.where(feature < 0, -1 - np.arange(len(feature)), feature)
    low = ids.min()
    span = ids.max() - low + 1
    pairs = np.unique(groups * span + (ids - low))
    out = np.bincount(pairs // span, minlength=n_zones + 1)
    out[0] = len(np.unique(pairs % span))
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


def reduce_places(part: Part, places: Places, n_zones: int) -> ReducedPart:
    """Reduce one part of an indicator (the formulas: :class:`~.indicators.spec.Part`).

    Unknown places leave numerator and denominator (G6). Raises ValueError for an unknown
    reduction or a zone id outside 1..n_zones.
    """
    zone = places.zone
    if len(zone) and (zone.min() < 1 or zone.max() > n_zones):
        raise ValueError(f"part {part.id!r}: zone ids must be 1..{n_zones}")
    weight = np.maximum(plain(places.weight), 0.0)
    known = _known(part, places)
    total = _sums(zone, weight, n_zones)
    known_total = _sums(zone, np.where(known, weight, 0.0), n_zones)
    assert places.assumed is not None and places.feature is not None  # set by Places itself
    assumed = plain(places.assumed)
    assumed_total = _sums(zone, np.where(known, weight * assumed, 0.0), n_zones)

    if part.reduce in (RATIO, MEAN, LOG_MEAN):
        den = weight if places.den is None else np.asarray(places.den, float)
        counts = known & (den > 0)
        groups, d = zone[counts], den[counts]
        denominator = _sums(groups, d, n_zones)
        if part.reduce == RATIO:
            # a numerator without a denominator still counts: 100 * sum / sum
            top = _sums(zone[known], np.asarray(places.num, float)[known], n_zones)
        else:
            x = places.value[counts]
            with np.errstate(divide="ignore", invalid="ignore"):
                if part.reduce == LOG_MEAN:
                    x = np.where(x > 0, np.log10(x), -np.inf)
                top = _sums(groups, d * x, n_zones)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = np.where(denominator > 0, top / denominator, np.nan)
            value = 10.0**value if part.reduce == LOG_MEAN else value
        value = part.scale * value
        no_ground = denominator <= 0
    elif part.reduce in (P90, MAX, MIN):
        counts = known & (weight > 0)
        groups, x = zone[counts], places.value[counts]
        if part.reduce == P90:
            value = _quantiles(groups, x, weight[counts], n_zones)
        else:
            value = extremes(groups, x, n_zones, part.reduce == MAX)
        value = part.scale * value
        no_ground = np.zeros(n_zones + 1, bool)
    elif part.reduce == GIVEN:
        raise ValueError(f"part {part.id!r}: hand over ZoneValues, not Places")
    else:
        raise ValueError(f"part {part.id!r}: unknown reduction {part.reduce!r}")

    any_known = known_total > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        coverage = np.where(total > 0, np.minimum(known_total / total, 1.0), np.nan)
        assumed_share = np.where(any_known, np.minimum(assumed_total / known_total, 1.0), np.nan)
    used = known & (weight > 0)
    return ReducedPart(
        part=part,
        value=value,
        weight=total,
        coverage=coverage,
        assumed=assumed_share,
        n_features=_counts(zone[used], places.feature[used], n_zones),
        empty=(total <= 0) | (any_known & no_ground),
        places=places,
        known=known,
    )


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


def reduce_part(part: Part, measured: Places | ZoneValues, n_zones: int) -> ReducedPart:
    """Places are reduced by the part's formula; values per zone are taken as they are."""
    if isinstance(measured, ZoneValues):
        return _given(part, measured, n_zones)
    return reduce_places(part, measured, n_zones)


def reduce(measurement: Measurement, spec: Indicator, n_zones: int) -> dict[str, ReducedPart]:
    """Every part of the specification that was measured: part id -> :class:`ReducedPart`.

    A measured part that the specification does not declare is a programming error: ValueError.
    """
    declared = {part.id: part for part in spec.parts}
    strange = set(measurement.parts) - set(declared)
    if strange:
        raise ValueError(f"{spec.id}: undeclared parts {sorted(strange)}")
    return {
        id_: reduce_part(declared[id_], measurement.parts[id_], n_zones)
        for id_ in declared
        if id_ in measurement.parts
    }


def reduced(measurement: Measurement, spec: Indicator, n_zones: int) -> ReducedIndicator:
    """The same, together with what the indicator itself said about its zones."""
    return ReducedIndicator(spec, n_zones, reduce(measurement, spec, n_zones), measurement)
