"""I04 open water: surface water as a share of the ground of which something is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..words import NOT_IN_SCOPE, say
from ._ground import known_ground, unknown_ground
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
    cut = scene.cut
    dry = np.zeros(scene.n_zones + 1, bool)
    flagged = scene.zones.flags.get(FLAG)
    if flagged is not None:
        dry[1:] = np.asarray(flagged, float) == 1.0
    known = known_ground(scene)[cut.feature]
    water = scene.surfaces.where("water")[cut.feature]
    zone, area = unknown_ground(scene)
    none = np.full(len(zone), np.nan)
    keep = ~dry[np.concatenate([cut.zone, zone])]
    share = np.where(known, 100.0 * water, np.nan)
    measurement.parts[""] = Places(
        zone=np.concatenate([cut.zone, zone])[keep],
        weight=np.concatenate([cut.area, area])[keep],
        # a single field of grass is not "without water": only the zone has a value
        value=np.full(int(keep.sum()), np.nan),
        feature=np.concatenate([cut.feature, np.full(len(zone), -1)])[keep].astype(np.int64),
        num=np.concatenate([share / 100.0 * cut.area, none])[keep],
        den=np.concatenate([np.where(known, cut.area, np.nan), none])[keep],
    )
    for number in np.flatnonzero(dry):
        measurement.not_applicable[int(number)] = say("indicators.open_water.sandy")
    if scene.n_zones and dry[1:].all():
        measurement.not_applicable[0] = say("indicators.open_water.sandy")
    return measurement


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
