"""N02 shade: share of routes and places to stay in the shade at the highest sun of 21 June."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..grid import Raster
from ..models.heat.bridge import noon_shade_of, site_of
from ..models.heat.shade import CROWN, LIT, SOLID
from ..models.tables import constants
from ..words import NOT_IN_SCOPE, say
from ._climate import MAP, findings, from_map, no_map, nowhere, outside_of, shade_spreads
from .spec import RATIO, Field, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

CLASSES = (0.25, 0.5, 0.75)


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x ground in the shade / ground, over public unbuilt ground to walk, cycle and stay on,
    with the crowns of the design's own trees after ten years (indicators N02)."""
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    content = constants("heat")
    limit, through = content["crowns"]["shaded_below"], content["crowns"]["transmissivity"]
    if scene.method(SPEC.id) == MAP:
        site = site_of(scene)
        mapped, measurement.checks = from_map(scene, "shadow", site)
        if mapped is None:
            return no_map("shadow")
        outside = outside_of(scene, site)
        dark = mapped
        shade = mapped.ravel()[outside.cell]
        measurement.method = "shadow-map-1"
    else:
        site, between = noon_shade_of(scene)
        outside = outside_of(scene, site)
        dark = (1.0 - np.array([1.0, through, 0.0]))[between]
        dark[site.grids.building > 0] = np.nan
        what = between.ravel()[outside.cell]
        light = np.array([1.0, through, 0.0])[what]
        shade = (light < limit).astype(float)
        measurement.checks = findings(scene, site)
        measurement.spreads = shade_spreads(scene, outside, what == SOLID, what == CROWN)
        assert LIT < CROWN < SOLID
    measurement.parts[""] = outside.places(100.0 * outside.share(shade))
    nowhere(measurement, outside, say("indicators.shade.no_ground"))
    name = "shadow" if measurement.method else "model"
    spread = np.full(scene.n_zones + 1, float(content["spreads"]["share_model"]))
    measurement.spreads[name] = spread

    def raster() -> Raster:
        return site.frame.raster(dark)

    measurement.fields["shade"] = Field("", raster, CLASSES)
    return measurement


SPEC = Indicator(
    id="shade",
    code="N02",
    theme="climate",
    parts=(Part("", RATIO, "%", scale=100.0),),
    weight="walking_and_stay_area",
    compute=compute,
    inputs=(
        Input("shadow", "role"),
        Input("current", "role"),
        Input("trees", "role"),
        Input("dtm", "role"),
        Input("height", "field"),
        Input("canopy_diameter", "field"),
        Input("public", "field"),
    ),
    method="shadow-casting-1",
    standard="Bouwadaptief Zuid-Holland, hittestress; Maatlat groene klimaatadaptieve omgeving",
    radius=150.0,
    sigma=(5.0, "absolute"),
    decimals=0,
    places="surfaces",
)
