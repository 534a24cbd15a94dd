"""From places to one value per zone and for the plan (indicators G4-G6).

Every array per zone has length ``n_zones + 1``; index 0 is the same formula over all places of
the plan. A reduction never invents a number: NaN is "nothing known here", and ``empty`` says that
there was nothing to measure, so the indicator does not apply.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from .grounds import Ground, Grounds, sums_of
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
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _reduced_places(part, places, Grounds(n_zones), part.id)


def _reduced_places(
    part: Part, places: Places, grounds: Grounds, name: Hashable
) -> ReducedPart:
    known = _known(part, places)
    try:
        ground = grounds.of(places, known, name)
    except ValueError as problem:
        raise ValueError(f"part {part.id!r}: {problem}") from None
    weights = ground.weights()
    empty = weights.total <= 0

    if part.reduce in (RATIO, MEAN, LOG_MEAN):
        value, denominator = _mean(part, places, ground)
        value = part.scale * (10.0**value if part.reduce == LOG_MEAN else value)
        empty |= weights.any_known & (denominator <= 0)
    elif part.reduce == P90:
        value = part.scale * ground.quantiles(ground.of_used(places.value), name)
    elif part.reduce in (MAX, MIN):
        found = ground.extremes(ground.of_used(places.value), part.reduce == MAX)
        value = part.scale * found
    elif part.reduce == GIVEN:
        raise ValueError(f"part {part.id!r}: hand over ZoneValues, not Places")
    else:
        raise ValueError(f"part {part.id!r}: unknown reduction {part.reduce!r}")
    return ReducedPart(part, value, weights.total, weights.coverage, weights.assumed,
                       ground.standing.n_features, empty, places, known)  # fmt: skip


def _mean(part: Part, places: Places, ground: Ground) -> tuple[np.ndarray, np.ndarray]:
    """(n_zones + 1,) sum of numerators / sum of denominators, and the latter."""
    den, counts, full = ground.w, ground.used, ground.all_used
    own = places.den is not None and not np.array_equal(places.den, places.weight)
    if own:
        den = np.asarray(places.den, float)
        counts = ground.known & (den > 0)
        full = bool(counts.all())
    zone, d = _of(full, counts, places.zone), _of(full, counts, den)
    bottom = ground.weights().total if full and not own else sums_of(zone, d, ground.n)
    if part.reduce == RATIO:
        # a numerator without a denominator still counts: 100 * sum / sum
        num, known = np.asarray(places.num, float), ground.known
        top = sums_of(_of(ground.all_known, known, places.zone),
                      _of(ground.all_known, known, num), ground.n)  # fmt: skip
    else:
        x = _of(full, counts, places.value)
        if part.reduce == LOG_MEAN:
            x = np.where(x > 0, np.log10(x), -np.inf)
        top = sums_of(zone, d * x, ground.n)
    return np.where(bottom > 0, top / bottom, np.nan), bottom


def _of(full: bool, use: np.ndarray, column: np.ndarray) -> np.ndarray:
    """The rows in use; the column itself where that is all of them."""
    return column if full else column[use]


def _given(part: Part, values: ZoneValues, n_zones: int) -> ReducedPart:
    names = ("value", "weight", "coverage", "assumed", "n_features")
    arrays = [np.asarray(getattr(values, name), float) for name in names]
    for name, array in zip(names, arrays):
        if array.shape != (n_zones + 1,):
            raise ValueError(f"part {part.id!r}: {name} must have length {n_zones + 1}")
    value, weight, coverage, assumed, n_features = arrays
    known = None if values.places is None else ~np.isnan(values.places.value)
    return ReducedPart(part, value, plain(weight), coverage, assumed,
                       plain(n_features).astype(np.int64), ~(weight > 0), values.places,
                       known)  # fmt: skip


def reduce(
    measurement: Measurement, spec: Indicator, n_zones: int, grounds: Grounds | None = None
) -> dict[str, ReducedPart]:
    """Every part of the specification that was measured: part id -> :class:`ReducedPart`.
    ``grounds``: those of other measurements of the same zones, to which new ones are added.

    A measured part that the specification does not declare is a programming error: ValueError.
    """
    strange = set(measurement.parts).difference([part.id for part in spec.parts])
    if strange:
        raise ValueError(f"{spec.id}: undeclared parts {sorted(strange)}")
    grounds = grounds or Grounds(n_zones)
    found: dict[str, ReducedPart] = {}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for part in spec.parts:
            measured = measurement.parts.get(part.id)
            if isinstance(measured, ZoneValues):
                found[part.id] = _given(part, measured, n_zones)
            elif measured is not None:
                found[part.id] = _reduced_places(part, measured, grounds, (spec.id, part.id))
    return found


def reduced(
    measurement: Measurement, spec: Indicator, n_zones: int, grounds: Grounds | None = None
) -> ReducedIndicator:
    """The same, together with what the indicator itself said about its zones."""
    found = reduce(measurement, spec, n_zones, grounds)
    return ReducedIndicator(spec, n_zones, found, measurement)
