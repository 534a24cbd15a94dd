"""N01 heat: share of the ground where people walk and stay with severe heat stress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..models.heat.bridge import heat_of, site_of
from ..models.tables import constants
from ..words import NOT_IN_SCOPE, say
from ._climate import (
    MAP,
    findings,
    from_map,
    limits,
    map_doubt,
    no_map,
    nowhere,
    outside_of,
    shade_spreads,
)
from .spec import RATIO, Field, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..models.heat.field import Heat
    from ..norms import Profile
    from ..scene import Scene

CLASSES = (29.0, 35.0, 38.0, 41.0, 44.0)  # degrees C (domain 3.1: 35 moderate, 41 severe)


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x ground with mean PET over 12-18 h above 41 degrees C / ground, over public unbuilt
    ground to walk, cycle and stay on, on the reference day (indicators N01)."""
    site = site_of(scene)
    outside, heat_limit = outside_of(scene, site), float(limits("heat"))
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    found: Heat | None = None
    if scene.method(SPEC.id) == MAP:
        mapped, checks = from_map(scene, "pet", site)
        if mapped is None:
            return no_map("pet")
        field, measurement.checks, measurement.method = mapped, checks, "pet-map-1"
    else:
        found = heat_of(scene)
        field, measurement.checks = found.pet, findings(scene, site)
    pet = field.ravel()[outside.cell]
    measurement.parts[""] = outside.places(100.0 * outside.share(_above(pet, heat_limit)))
    nowhere(measurement, outside, say("indicators.heat_pet.no_ground"))
    if found is None:
        doubt = np.full(len(pet), map_doubt(scene))
    else:
        solid, leaf = (a.ravel()[outside.cell] for a in (found.solid, found.leaf))
        doubt = _doubt(found, 1.0 - solid - leaf)
        measurement.spreads = shade_spreads(scene, outside, solid, leaf)
    low, high = (outside.zone_share(_above(pet + s * doubt, heat_limit)) for s in (-1.0, 1.0))
    measurement.spreads["pet" if found is None else "model"] = 50.0 * (high - low)
    measurement.fields["pet"] = Field("°C", lambda: site.frame.raster(field), CLASSES)
    return measurement


def _model(scene: Scene) -> Heat | None:
    """The field, where the model is to make it."""
    return None if scene.method(SPEC.id) == MAP else heat_of(scene)


def _above(pet: np.ndarray, limit: float) -> np.ndarray:
    return np.where(np.isnan(pet), np.nan, pet > limit)


def _doubt(found: Heat, lit: np.ndarray) -> np.ndarray:
    """(c,) standard deviation of PET, degrees C: of the regression, of the air and of the wind.

    By the terms of the regression: air counts 1.25 plus its part in the long-wave term, wind by
    its logarithm at the sun and radiation of the hours, in the sun and in the shade.
    """
    content = constants("heat")
    rate, c = content["spreads"], content["pet"]
    sun = c["sun"]
    gust = np.mean([sun["ln_u"] + (sun["q_ln_u"] + sun["q_ln_u_sin"] * h.sun.sine) * h.q
                    for h in found.day.hours])  # fmt: skip
    by_wind = rate["wind"] * np.abs(lit * gust + (1.0 - lit) * c["shade"]["ln_u"])
    by_air = rate["air"] * (sun["ta"] + sun["tw"])
    return np.asarray(np.sqrt(rate["model"] ** 2 + by_air**2 + by_wind**2))


SPEC = Indicator(
    id="heat_pet",
    code="N01",
    theme="climate",
    parts=(Part("", RATIO, "%", scale=100.0),),
    weight="walking_and_stay_area",
    compute=compute,
    inputs=(
        Input("pet", "role"),
        Input("current", "role"),
        Input("trees", "role"),
        Input("dtm", "role"),
        Input("height", "field"),
        Input("canopy_diameter", "field"),
        Input("public", "field"),
    ),
    method="pet-regression-1",
    standard="Koopmans e.a. 2020; RIVM 2019-0008 (gestandaardiseerde stresstest hitte)",
    radius=150.0,
    sigma=(10.0, "absolute"),
    decimals=0,
    places="surfaces",
    ahead=_model,
    divides=0.5,
)
