"""N08 green access: dwellings within 300 m on foot of at least 1 ha of public green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..models.access.doors import doors_of
from ..models.access.greens import greens_of
from ..models.access.reach import homes_of, nearest_point, walk, within
from ..models.tables import constants
from ._access import measured, near, places
from ._weights import GREEN, public_ground
from .spec import MEAN, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ID = "green_access"


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x dwellings within 300 m along the network of connected public green of at least 1 ha /
    dwellings (indicators N08). Beside it 0.5 ha, and both distances as the crow flies.

    Green is ground that is public by its field, or by its function where the field is empty, and
    the role ``public_green``; pieces at most 3 m apart hang together. One enters it where its edge
    lies within 50 m of a road or path.
    """
    rule, rate = constants("access")[ID], constants("access")["spread"]
    limit, least = float(rule["distance"]), float(rule["area"])
    surfaces = scene.surfaces
    public, _ = public_ground(scene, surfaces.where(*GREEN))
    greens = greens_of(scene, public)
    surveyed = scene.has("public_green") or bool(surfaces.current.any())
    homes, doors = homes_of(scene), doors_of(scene)
    found, value = near(scene, greens.larger(least), limit, surveyed, loose=False)
    result = measured(scene, ID, found, value, limit, "public_green", None)
    _, small = near(scene, greens.larger(float(rule["small"])), limit, surveyed, loose=False)
    result.parts["small"] = places(homes, small)
    xy = doors.xy[homes.door]
    for part, area in (("straight", least), ("straight_small", float(rule["small"]))):
        line = nearest_point(xy, greens.larger(area).xy, limit)
        direct = within(homes, scene, line, limit)
        lost = np.isnan(value) & (direct < 100.0)
        result.parts[part] = places(homes, np.where(lost, np.nan, direct))
    share = float(rate["green_area"])
    more, fewer = (
        within(homes, scene, walk(scene, homes, greens.larger(a), limit, False).metres, limit)
        for a in (least * (1.0 - share), least * (1.0 + share))
    )
    result.spreads["public_green"] = 0.5 * homes.mean(more - fewer)
    return result


SPEC = Indicator(
    id=ID,
    code="N08",
    theme="green",
    parts=(
        Part("", MEAN, "%"),
        Part("small", MEAN, "%", informative=True),
        Part("straight", MEAN, "%", informative=True),
        Part("straight_small", MEAN, "%", informative=True),
    ),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input("current", "role"),
        Input("public_green", "role"),
        Input("paths", "role"),
        Input("roads", "role"),
        Input("entrances", "role"),
        Input("public", "field"),
        Input("dwellings", "field"),
    ),
    method="network-1",
    standard="3-30-300 (Konijnendijk 2023); WHO",
    radius=1_000.0,  # a green may be long: what happens at one end counts at the other
    sigma=(5.0, "absolute"),
    decimals=0,
)
