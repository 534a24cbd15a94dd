"""What the indicators of walking share: percentages of dwellings within a distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..models.access.reach import (
    Homes,
    Sites,
    Walk,
    distance_spreads,
    homes_of,
    horizon,
    missing_spread,
    network_checks,
    reaches_out,
    walk,
    within,
)
from ..words import NOT_IN_SCOPE, say
from .spec import Measurement, Places

if TYPE_CHECKING:
    from ..scene import Scene


def places(homes: Homes, value: np.ndarray) -> Places:
    """Percentages (k,) of the homes as places."""
    return Places(zone=homes.zone, weight=homes.weight, value=np.where(homes.known, value, np.nan),
                  feature=homes.feature, assumed=homes.assumed)  # fmt: skip


def near(scene: Scene, sites: Sites, limit: float, surveyed: bool,
         loose: bool = True) -> tuple[Walk, np.ndarray]:  # fmt: skip
    """The walk of each home, searched far enough for the spreads, and the percentage (k,) of its
    doors within ``limit``. Where what lies around the plan was not given (``surveyed`` False) a
    home near the edge that finds nothing is unknown, not without."""
    homes = homes_of(scene)
    found = walk(scene, homes, sites, horizon(limit), loose)
    value = within(homes, scene, found.metres, limit)
    if not surveyed:
        short = np.flatnonzero(value < 100.0)
        if len(short):
            value[short[reaches_out(scene, homes, limit)[short]]] = np.nan
    return found, value


def measured(scene: Scene, indicator: str, found: Walk, value: np.ndarray, limit: float,
             role: str, sites: Sites | None) -> Measurement:  # fmt: skip
    """The measurement with its first part, its flags, spreads and checks. ``sites``: what may be
    incomplete in the layer of ``role``."""
    homes = homes_of(scene)
    result = Measurement(parts={"": places(homes, value)}, legal_default=NOT_IN_SCOPE)
    result.spreads = distance_spreads(scene, homes, found, limit)
    if sites is not None:
        result.spreads[role] = missing_spread(scene, homes, sites, limit, value)
    # a straight line decided: it stood for a walk, and something was found or could have been
    by_line = homes.by_building(scene, found.straight.astype(float)) > 0
    proxy = np.zeros(scene.n_zones + 1, bool)
    proxy[homes.zone[by_line]] = True
    proxy[0] = proxy.any()
    result.proxy = proxy
    result.checks += network_checks(scene)
    nobody(scene, result, indicator, homes.zone, homes.weight)
    return result


def nobody(scene: Scene, result: Measurement, indicator: str, zone: np.ndarray,
           weight: np.ndarray) -> None:  # fmt: skip
    """Zones without dwellings: the indicator does not apply."""
    present = np.bincount(zone, weight, scene.n_zones + 1) > 0
    present[0] = present.any()
    for z in np.flatnonzero(~present):
        result.not_applicable[int(z)] = say(f"indicators.{indicator}.no_dwellings")
