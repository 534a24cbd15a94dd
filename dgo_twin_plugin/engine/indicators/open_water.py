"""I04 open water: surface water as a share of the ground of which something is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..kept import whole_of
from ..words import NOT_IN_SCOPE, say
from ._ground import all_ground, known_ground
from .spec import RATIO, Indicator, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

FLAG = "high_sandy_ground"


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x area of ``water`` / known area (indicators 4); banks and swales are no open water.

    Ground without a known function counts in the coverage only. Zones on high sandy ground have
    no open water to ask for: they leave both the marks and the plan's value.
    """
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    dry = np.zeros(scene.n_zones + 1, bool)
    flagged = scene.zones.flags.get(FLAG)
    if flagged is not None:
        dry[1:] = np.asarray(flagged, float) == 1.0
    surfaces, ground = scene.surfaces, all_ground(scene)
    known, wet = whole_of(scene, "wet", (surfaces.functions, surfaces.codes), lambda: _wet(scene))
    keep = ~dry[ground.zone]
    zone, feature, area = ((v if keep.all() else v[keep]) for v in (
        ground.zone, ground.feature, ground.area))  # fmt: skip
    measurement.parts[""] = Places(
        zone=zone,
        weight=area,
        # a single field of grass is not "without water": only the zone has a value
        value=np.full(len(zone), np.nan),
        feature=feature,
        num=wet[feature] * area,
        den=np.where(known[feature], area, np.nan),
    )
    for number in np.flatnonzero(dry):
        measurement.not_applicable[int(number)] = say("indicators.open_water.sandy")
    if scene.n_zones and dry[1:].all():
        measurement.not_applicable[0] = say("indicators.open_water.sandy")
    return measurement


def _wet(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """(n_surfaces + 1,) whether the function is known, and the share of open water, NaN where not;
    the last is ground without a surface."""
    known = np.append(known_ground(scene), False)
    return known, np.where(known, np.append(scene.surfaces.where("water"), False), np.nan)


SPEC = Indicator(
    id="open_water",
    code="I04",
    theme="water",
    parts=(Part("", RATIO, "%", scale=100.0),),
    weight="area",
    compute=compute,
    method="ground-share-1",
    sigma=(0.05, "relative"),
    decimals=1,
    places="zones",
)
