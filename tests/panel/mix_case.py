"""An assessment of all indicators without a design: values per zone are given, so that tests and
measurements of the panel have every state at hand. No Qt here."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dgo_twin_plugin.engine.assessment import Assessment
from dgo_twin_plugin.engine.density import zone_stats
from dgo_twin_plugin.engine.indicators import all_indicators
from dgo_twin_plugin.engine.indicators.spec import (
    Indicator,
    LegalTest,
    Measurement,
    ZoneValues,
)
from dgo_twin_plugin.engine.norms import Profile
from dgo_twin_plugin.engine.prepare import Prepared, prepare
from dgo_twin_plugin.engine.scores import rejudge
from dgo_twin_plugin.engine.totals import Weights
from tests.engine import factory

DATE = datetime.date(2026, 11, 21)
Values = Mapping[str, Mapping[str, Sequence[float]]]  # indicator -> part -> value per zone


def zone_values(values: Sequence[float], coverage: float, assumed: float) -> ZoneValues:
    """The same number of places in every zone; the plan is their mean."""
    found = np.array([np.nanmean(values) if np.isfinite(values).any() else np.nan, *values], float)
    n = len(found)
    return ZoneValues(found, np.full(n, 10.0), np.full(n, coverage), np.full(n, assumed),
                      np.full(n, 10))  # fmt: skip


def measured(
    spec: Indicator, profile: Profile, types: Sequence[str], random: np.random.Generator,
    given: Mapping[str, Sequence[float]] | None = None,
) -> Measurement:  # fmt: skip
    """Values between mark 4 and mark 10 of each zone's own type, or those given."""
    coverage, assumed = (1.0, 0.0) if given else (random.uniform(0.6, 1.0), random.uniform(0, 0.5))
    parts: dict[str, Any] = {}
    for part in spec.parts:
        if part.informative:
            continue
        values = []
        for kind in types:
            norm = profile.norm(spec.id, kind, part.id)
            share = random.uniform(-0.5, 1.2)
            values.append(1.0 if norm is None
                          else abs(norm.minimum + share * (norm.optimum - norm.minimum))
                          * (1 if norm.minimum >= 0 else -1))  # fmt: skip
        if given and part.id in given:
            values = list(given[part.id])
        parts[part.id] = zone_values(values, coverage, assumed)
    return Measurement(parts)


def assessment(
    profile: Profile, types: Sequence[str], values: Values | None = None, seed: int = 1,
    legal: Mapping[str, Sequence[LegalTest]] | None = None,
    missing: Mapping[str, Any] | None = None,
) -> Assessment:  # fmt: skip
    """All 33 indicators in zones of these types, side by side from west to east."""
    boxes = [(kind, factory.box(200 * i, 0, 200 * i + 100, 100)) for i, kind in enumerate(types)]
    scene = factory.scene(zones=boxes, surfaces=[("road", wkt) for _, wkt in boxes],
                          date=DATE.isoformat())  # fmt: skip
    random = np.random.default_rng(seed)
    kinds = [str(kind) for kind in scene.zones.area_type]
    measurements: dict[str, Measurement] = {}
    prepared: dict[str, Prepared] = {}
    for spec in all_indicators():
        found = measured(spec, profile, kinds, random, (values or {}).get(spec.id))
        if missing and spec.id in missing:
            found = Measurement(missing=missing[spec.id])
        found.legal = list((legal or {}).get(spec.id, ()))
        measurements[spec.id] = found
        prepared[spec.id] = prepare(scene, profile, spec, found)
    again = rejudge(prepared.values(), None, Weights.of(profile))
    return Assessment(scene, profile, measurements, prepared, again.rows, again.parts,
                      again.totals, zone_stats(scene), [], [], [])  # fmt: skip
