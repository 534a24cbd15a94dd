"""N11 play: dwellings within 200 m on foot of a public place to play."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..models.access.places import play_of
from ..models.access.reach import homes_of
from ..models.tables import constants
from ..words import say
from ._access import measured, near, places
from .spec import MEAN, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ID = "play_access"
ROLE = "play_spots"
AGES = ("young", "children", "youth")


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x dwellings within 200 m along the network of a play spot / dwellings (RIVM rule of
    thumb). Play spots are the role, unless its field ``public`` says no, and ground with function
    play. Per age group, at its own distance, where spots say for whom they are."""
    rule = constants("access")[ID]
    spots, homes = play_of(scene), homes_of(scene)
    surfaces, limit = scene.surfaces, float(rule["distance"])
    surveyed = scene.has(ROLE) or bool((surfaces.current & surfaces.where("play")).any())
    if not surveyed and not len(spots.sites.owner):
        return Measurement(missing=say("indicators.play_access.no_spots"))
    found, value = near(scene, spots.sites, limit, surveyed)
    result = measured(scene, ID, found, value, limit, ROLE, spots.sites)
    for age in AGES:
        sites = spots.of(age)
        if len(sites.owner):
            _, share = near(scene, sites, float(rule["ages"][age]["distance"]), surveyed)
            result.parts[age] = places(homes, share)
    result.checks += spots.checks
    return result


SPEC = Indicator(
    id=ID,
    code="N11",
    theme="access",
    parts=(
        Part("", MEAN, "%"),
        *(Part(age, MEAN, "%", informative=True) for age in AGES),
    ),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input(ROLE, "role"),
        Input("current", "role"),
        Input("paths", "role"),
        Input("roads", "role"),
        Input("entrances", "role"),
        Input("dwellings", "field"),
    ),
    method="network-1",
    standard="RIVM vuistregels gezonde leefomgeving (200 m)",
    radius=800.0,
    sigma=(5.0, "absolute"),
    decimals=0,
)
