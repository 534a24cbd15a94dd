"""N10 parking pressure: occupied share of the parking spaces in the busiest period of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..models.access.parking import PERIODS, balance
from ..models.tables import constants
from ..words import NOT_IN_SCOPE, say
from .spec import GIVEN, Indicator, Input, Measurement, Part, ZoneValues

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ID = "parking_pressure"


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x demand / capacity in the busiest of eight periods (indicators N10). Demand = dwellings
    and floor area x our own proposed rates x presence; capacity = spaces drawn, else parking
    ground / m2 per space. Weight = demand in the busiest period."""
    found = balance(scene)
    if not found.drawn:
        return Measurement(missing=say("indicators.parking_pressure.no_parking"))
    spread = constants("parking")["spread"]
    peak = found.demand.max(axis=1)
    have = found.capacity > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(have[:, None], 100.0 * found.demand / found.capacity[:, None], np.nan)
    applies = peak > 0
    assumed = np.where(applies, np.maximum(found.assumed_demand, found.assumed_capacity), np.nan)

    def part(values: np.ndarray) -> ZoneValues:
        return ZoneValues(np.where(applies, values, np.nan), peak,
                          np.where(have, 1.0 - found.unknown, 0.0), assumed,
                          found.features)  # fmt: skip

    value = share.max(axis=1)
    result = Measurement(parts={"": part(value)}, legal_default=NOT_IN_SCOPE, checks=found.checks)
    for k, period in enumerate(PERIODS):
        result.parts[period] = part(share[:, k])
    for zone in np.flatnonzero(~applies):
        result.not_applicable[int(zone)] = say("indicators.parking_pressure.no_demand")
    for zone in np.flatnonzero(applies & ~have):
        result.not_assessed[int(zone)] = say("indicators.parking_pressure.no_spaces_here")
    sure = np.nan_to_num(value)
    result.spreads = {
        "model": float(spread["rates"]) * sure,
        "parking_spaces": float(spread["area_per_space"]) * found.assumed_capacity * sure,
        "dwellings": float(spread["dwellings"]) * found.assumed_demand * sure,
    }
    result.notes["busiest"] = [PERIODS[k] for k in found.demand.argmax(axis=1)]
    return result


SPEC = Indicator(
    id=ID,
    code="N10",
    theme="access",
    parts=(
        Part("", GIVEN, "%"),
        *(Part(period, GIVEN, "%", informative=True) for period in PERIODS),
    ),
    weight="spaces",
    compute=compute,
    inputs=(
        Input("parking", "role"),
        Input("parking_spaces", "field"),
        Input("dwellings", "field"),
        Input("dwelling_type", "field"),
        Input("gfa", "field"),
    ),
    method="balance-own-rates-1",
    standard="parkeerbalans over acht perioden; eigen kencijfers (voorstel)",
    sigma=(0.2, "relative"),
    decimals=0,
    places="zones",
)
