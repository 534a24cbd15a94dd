"""I02 renewable generation: electricity made in the zone as a share of what its buildings use.

Panels on roofs, solar fields, and installations of known yield (role ``generation``: wind
turbines and the like). Demand by key figures; no transport, no process. All figures stand in the
profile's rates ``pv.*`` and ``demand.*``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..geometry import Polygons, first_containing, geometry_from_wkb, overlap_areas
from ..people import people_of
from ..words import NOT_IN_SCOPE, say
from ._buildings import Buildings, buildings
from .spec import RATIO, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x kWh generated / kWh used, a yearly balance (indicators 2).

    Made on a roof: roof area x ``pv`` x kWp per m2 x kWh per kWp (domain 4.8). Demand of a
    building: dwellings x rate + gross floor that is not lived in x rate of its function. Assumed
    where the panels are, or what the demand is counted by (dwellings, else floor area).
    """
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    b = buildings(scene)
    panel = profile.rate("pv.kwp_m2") * profile.rate("pv.yield")  # kWh per m2 of panel a year
    demand, demand_assumed = _demand(scene, profile, b)
    surfaces = scene.surfaces
    pv = np.clip(surfaces.fields["pv"][b.row], 0.0, 1.0)
    assumed = surfaces.assumed["pv"][b.row] | demand_assumed
    known = np.isfinite(pv) & np.isfinite(demand)
    k = np.flatnonzero(b.share > 0)
    of = b.of[k]
    made = panel * pv[of] * b.area[k]
    used = demand[of] * b.share[k]
    # of a building whose demand is unknown the roof area tells at least that it is there
    least = profile.rate("demand.other_building") * b.area[k]
    weight = np.where(np.isfinite(used), used, least)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(used > 0, 100.0 * made / used, np.nan)
    field_zone, field_made, field_row = _fields(scene, profile)
    plant_zone, plant_made = _plants(scene)
    zero = np.zeros(len(field_zone) + len(plant_zone))
    extra_row = np.concatenate([field_row, np.full(len(plant_zone), -1)])
    measurement.parts[""] = Places(
        zone=np.concatenate([b.zone[k], field_zone, plant_zone]),
        weight=np.concatenate([weight, zero]),
        value=np.concatenate([value, np.full(len(zero), np.nan)]),
        feature=np.concatenate([b.row[of], extra_row]).astype(np.int64),
        num=np.concatenate([np.where(known[of], made, np.nan), field_made, plant_made]),
        den=np.concatenate([np.where(known[of], used, np.nan), zero]),
        assumed=np.concatenate([assumed[of].astype(float), zero]),
    )
    present = np.bincount(b.zone[k], weight, scene.n_zones + 1) > 0
    present[0] = present.any()
    for zone in np.flatnonzero(~present):
        measurement.not_applicable[int(zone)] = say("indicators.renewable_generation.no_demand")
    return measurement


def _demand(scene: Scene, profile: Profile, b: Buildings) -> tuple[np.ndarray, np.ndarray]:
    """(n,) kWh a year of each whole building, NaN where floor area or dwellings are unknown, and
    whether dwellings or, without them, floor area came from a default."""
    surfaces = scene.surfaces
    inhabitants = people_of(scene)
    function = surfaces.function[b.row]
    share = surfaces.fields["residential_share"][b.row]
    share = np.clip(np.where(np.isnan(share), function == "dwelling", share), 0.0, 1.0)
    dwellings = inhabitants.dwellings[b.row]
    per_floor = np.zeros(len(function))
    for name in set(function.tolist()):
        # the part of a dwelling block that is not lived in has no use of its own in the data
        use = "other_building" if name == "dwelling" else str(name)
        per_floor[function == name] = profile.rate(f"demand.{use}")
    living = np.where((share > 0) | (dwellings > 0), profile.rate("demand.dwelling") * dwellings, 0)
    other = np.where(share < 1, per_floor * b.gfa * (1.0 - share), 0.0)
    default = np.where(share > 0, inhabitants.dwellings_assumed[b.row],
                       surfaces.assumed["gfa"][b.row])  # fmt: skip
    return living + other, default.astype(bool)


def _fields(scene: Scene, profile: Profile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solar fields by zone: (zone, kWh a year, surface row). ``pv`` is the share of the ground
    below panels; without it the power per m2 of field is the profile's rate."""
    surfaces, cut = scene.surfaces, scene.cut
    k = np.flatnonzero(surfaces.where("solar_field")[cut.feature])
    row = cut.feature[k]
    cover = surfaces.fields["pv"][row]
    unknown = np.isnan(cover) | surfaces.assumed["pv"][row]
    power = np.where(unknown, profile.rate("pv.field_kwp_m2"), profile.rate("pv.kwp_m2") * cover)
    return cut.zone[k], power * profile.rate("pv.yield") * cut.area[k], row


def _plants(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Installations of known yield (role ``generation``, field ``kwh`` a year): (zone, kWh).
    Surfaces are divided by zone; points and lines stand where their middle is."""
    source = scene.vectors("generation")
    if source is None:
        return np.zeros(0, np.int64), np.zeros(0)
    made = source.number("kwh")
    use = np.flatnonzero(np.isfinite(made) & (made > 0))
    polygons = Polygons.from_wkb([source.wkb[k] for k in use])
    area = polygons.area()
    i, j = bbox_pairs(polygons.bounds(), scene.zones.polygons.bounds())
    common = overlap_areas(polygons, scene.zones.polygons, i, j)
    keep = common > 0
    i, zone, common = i[keep], j[keep] + 1, common[keep]
    point = np.flatnonzero(area <= 0)
    xy = np.array([_middle(source.wkb[use[k]]) for k in point]).reshape(-1, 2)
    at = first_containing(scene.zones.polygons, xy) + 1
    point, at = point[at > 0], at[at > 0]
    return (
        np.concatenate([zone, at]).astype(np.int64),
        np.concatenate([made[use][i] * common / area[i], made[use][point]]),
    )


def _middle(wkb: bytes) -> tuple[float, float]:
    middle = geometry_from_wkb(wkb).Centroid()
    return middle.GetX(), middle.GetY()


SPEC = Indicator(
    id="renewable_generation",
    code="I02",
    theme="energy",
    parts=(Part("", RATIO, "%", scale=100.0),),
    weight="demand",
    compute=compute,
    inputs=(
        Input("pv", "field"),
        Input("gfa", "field"),
        Input("dwellings", "field"),
        Input("residential_share", "field"),
        Input("existing", "field"),
        Input("generation", "role"),
    ),
    method="pv-balance-1",
    sigma=(0.20, "relative"),
    decimals=0,
    places="surfaces",
)
