"""I08 flood safety: the return period of water deeper than 0.5 m at the buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..words import NOT_IN_SCOPE, say
from ..zonal import zonal
from ._weights import dwelling_weights
from .spec import LOG_MEAN, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ROLE = "flood_return_period"
SHORTEST, LONGEST = 10.0, 100_000.0  # yr (indicators 8)
REACH = 2  # cells (indicators G2): such maps often leave out the buildings themselves


def compute(scene: Scene, profile: Profile) -> Measurement:
    """10^(sum d log10 T / sum d) over the buildings, d = dwellings else gfa / 110 m2, T in years
    clipped to 10-100,000 (indicators 8).

    T is the lower edge of the class that the map (raster or polygons, field ``years``) gives at
    the building: over classes on one footprint the mean of log10 T by ground area, where polygons
    overlap the shortest. Zero and negative periods mean nothing and are missing.
    """
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.flood_safety.no_map"))
    cut, surfaces = scene.cut, scene.surfaces
    built = surfaces.where("buildings")
    found = zonal(scene, ROLE, "years", built, highest=False, reach=REACH, sensible=_years)
    row = built[cut.feature].nonzero()[0]
    feature, zone, at = cut.feature[row], cut.zone[row], row.searchsorted(found.row)
    area = np.bincount(at, found.area, len(row))
    logs = np.bincount(at, found.area * np.log10(found.value), len(row))
    with np.errstate(divide="ignore", invalid="ignore"):
        years = np.where(area > 0, 10.0 ** (logs / area), np.nan)
    weights = dwelling_weights(scene, feature)
    weight = weights.weight * cut.share[row]
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    measurement.parts[""] = Places(
        zone=zone, weight=weight, value=np.where(weights.known, years, np.nan), feature=feature,
        den=weight, assumed=weights.assumed,
    )  # fmt: skip
    present = np.bincount(zone, weight, scene.n_zones + 1) > 0
    present[0] = present.any()
    for without in (~present).nonzero()[0].tolist():
        measurement.not_applicable[without] = say("indicators.flood_safety.no_building")
    return measurement


def _years(raw: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(raw > 0, np.clip(raw, SHORTEST, LONGEST), np.nan)


SPEC = Indicator(
    id="flood_safety",
    code="I08",
    theme="water",
    parts=(Part("", LOG_MEAN, "yr"),),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input(ROLE, "role", needed=True),
        Input("dwellings", "field"),
        Input("gfa", "field"),
    ),
    method="return-period-map-1",
    standard="Klimaateffectatlas, plaatsgebonden overstromingskans (> 0,5 m)",
    sigma=(1.0, "decades"),
    decimals=0,
    places="surfaces",
)
