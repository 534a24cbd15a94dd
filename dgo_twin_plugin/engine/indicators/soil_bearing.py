"""I11 soil bearing: the settlement that public ground still has to come, in thirty years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..kept import whole_of
from ..words import NOT_IN_SCOPE, say
from ..zonal import zonal
from ._weights import PAVING, WAYS, public_ground
from .spec import MEAN, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ROLE = "settlement"
LEAST = -50.0  # cm: the range of the role in roles.yml


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Area-weighted mean residual settlement, cm in 30 years, over unbuilt public ground, roads
    and paving (indicators 11).

    Polygons (field ``cm30``) or a raster; where polygons overlap the highest settlement holds.
    Ground may rise a little; what is below -50 cm is a sign for nodata, so missing. Public:
    ``public`` yes, or empty on what is public green.
    """
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.soil_bearing.no_map"))
    cut = scene.cut
    ground, assumed = counted_ground(scene)
    found = zonal(scene, ROLE, "cm30", ground, highest=True, sensible=_settlement)
    n = len(cut.area)
    known = np.bincount(found.row, found.area, n)
    sums = np.bincount(found.row, found.area * found.value, n)
    here = ground[cut.feature]
    unknown = np.where(here, cut.area - known, 0.0)
    unknown[unknown < np.maximum(1e-4, 1e-9 * cut.area)] = 0.0
    row, lost = (known > 0).nonzero()[0], (unknown > 0).nonzero()[0]
    both = np.concatenate([row, lost])
    feature = cut.feature[both]
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    measurement.parts[""] = Places(
        zone=cut.zone[both],
        weight=np.concatenate([known[row], unknown[lost]]),
        value=np.concatenate([sums[row] / known[row], np.full(len(lost), np.nan)]),
        feature=feature,
        assumed=assumed[feature].astype(float),
    )
    present = np.bincount(cut.zone, cut.area * here, scene.n_zones + 1) > 0
    present[0] = present.any()
    for zone in np.flatnonzero(~present):
        measurement.not_applicable[int(zone)] = say("indicators.soil_bearing.no_public_ground")
    return measurement


def counted_ground(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """(n,) bool ground that counts, and bool whether that it is public was assumed."""
    surfaces = scene.surfaces

    def make() -> tuple[np.ndarray, np.ndarray]:
        open_land = (np.nan_to_num(surfaces.share("land")) > 0) & ~surfaces.where("buildings")
        public, assumed = public_ground(scene, open_land)
        hard = surfaces.where(*WAYS, *PAVING)
        return hard | public, assumed & ~hard

    made_from = (surfaces.functions, surfaces.codes, surfaces.fields["public"],
                 surfaces.assumed["public"])  # fmt: skip
    return whole_of(scene, "counted_ground", made_from, make)


def _settlement(raw: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(raw >= LEAST, raw, np.nan)


SPEC = Indicator(
    id="soil_bearing",
    code="I11",
    theme="soil",
    parts=(Part("", MEAN, "cm per 30 yr"),),
    weight="public_ground",
    compute=compute,
    inputs=(Input(ROLE, "role", needed=True), Input("public", "field")),
    method="settlement-overlay-1",
    standard="bouwadaptief.nl, doelen en eisen bodemdaling (10 cm in 30 jaar)",
    sigma=(0.5, "relative"),
    decimals=1,
    places="surfaces",
)
