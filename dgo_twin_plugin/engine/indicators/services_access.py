"""N09 services circle: dwellings within walking distance of daily services or care."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..models.access.places import facilities_of
from ..models.access.reach import homes_of
from ..models.tables import constants
from ..words import say
from ._access import measured, near, places
from .spec import MEAN, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ID = "services_access"
ROLE = "facilities"
GROUPS = ("adults", "frail", "children")  # the first gets the mark
KINDS = ("daily", "care", "meeting", "school")


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x dwellings within the distance of a user group of a service that the group needs /
    dwellings, entrance to entrance over the network. Groups, distances and words for kinds stand
    in ``models/access.yml``. Beside the mark: the other groups, and each kind for the first."""
    rule = constants("access")[ID]
    facilities, homes = facilities_of(scene), homes_of(scene)
    surfaces = scene.surfaces
    served = surfaces.where(*rule["functions"])
    surveyed = scene.has(ROLE) or bool((surfaces.current & served).any())
    if not surveyed and not len(facilities.sites.owner):
        return Measurement(missing=say("indicators.services_access.no_facilities"))
    first = rule["groups"][GROUPS[0]]
    limit, sites = float(first["distance"]), facilities.of(*first["kinds"])
    found, value = near(scene, sites, limit, surveyed)
    result = measured(scene, ID, found, value, limit, ROLE, sites)
    for group in GROUPS[1:]:
        asked = rule["groups"][group]
        _, share = near(scene, facilities.of(*asked["kinds"]), float(asked["distance"]), surveyed)
        result.parts[group] = places(homes, share)
    for kind in KINDS:
        _, share = near(scene, facilities.of(kind), limit, surveyed)
        result.parts[f"kind_{kind}"] = places(homes, share)
    result.checks += facilities.checks
    return result


SPEC = Indicator(
    id=ID,
    code="N09",
    theme="access",
    parts=(
        Part("", MEAN, "%"),
        *(Part(group, MEAN, "%", informative=True) for group in GROUPS[1:]),
        *(Part(f"kind_{kind}", MEAN, "%", informative=True) for kind in KINDS),
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
    standard="zorgcirkel (300 m)",
    radius=400.0,
    sigma=(8.0, "absolute"),
    decimals=0,
)
