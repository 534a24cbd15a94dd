"""I02 renewable generation: electricity made in the zone as a share of what its buildings use.

Panels on roofs, solar fields, and installations of known yield (role ``generation``: wind
turbines and the like). Demand by key figures, of existing buildings by their label; no transport,
no process. All figures stand in the profile's rates ``pv.*`` and ``demand.*`` and in
``models/energy.yml``.

Where a surface model is given (role ``dsm``), or where the twin file asks for the model, every
roof gets its own yield by slope, direction and shade; else all roofs have one yield.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..geometry import Polygons, first_containing, geometry_from_wkb, overlap_areas
from ..kept import whole_of
from ..models.energy.demand import of_labels
from ..models.energy.yields import Roofs, roofs_of
from ..models.tables import constants
from ..people import people_of
from ..scene import MAP, MODEL
from ..words import NOT_IN_SCOPE, say
from ._buildings import Buildings, buildings
from ._spreads import default, ratio, shared
from .spec import RATIO, Field, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene, VectorContext, Zones

BY_ROOF = "pv-roof-1"  # method where each roof has its own yield
BY = ("dwellings", "gfa", "label")  # what a demand is counted by
DWELLINGS, GFA, LABEL = range(3)
CLASSES = (60.0, 90.0, 110.0, 130.0, 150.0, 170.0)  # kWh per m2 of panel a year, of the map


@dataclass(frozen=True)
class _Told:
    """What buildings (n,) say of what they make and use."""

    pv: np.ndarray  # part of the roof below panels, 0-1; NaN unknown
    pv_assumed: np.ndarray
    used: np.ndarray  # kWh a year, NaN unknown
    known: np.ndarray  # bool: both
    assumed: np.ndarray  # bool: the panels, or what the demand is counted by, by default
    by: np.ndarray  # which of BY the demand rests on
    off: np.ndarray  # part of the demand that it may be off


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x kWh generated / kWh used, a yearly balance (indicators 2).

    Made on a roof: roof area x ``pv`` x kWp per m2 x kWh per kWp (domain 4.8), with the model also
    x the yield of that roof against the best plane, panels lying on its best part. Demand of a
    building: dwellings x rate + gross floor that is not lived in x rate of its function. Assumed
    where the panels are, or what the demand is counted by (dwellings, else floor area).
    """
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    b = buildings(scene)
    panel = profile.rate("pv.kwp_m2") * profile.rate("pv.yield")  # kWh per m2 of panel a year
    told = _told(scene, profile, b)
    pv = told.pv
    roofs = _roofs(scene, b)
    per_ground = np.full(len(b.row), panel)  # kWh a year per m2 of ground that is roof with panels
    if roofs is not None:
        measurement.method = BY_ROOF
        factor = roofs.yields(pv)
        # a roof too small for a cell of its own: the mean of all
        typical = float(np.nanmean(factor)) if np.isfinite(factor).any() else 1.0
        factor = np.where(np.isfinite(factor), factor, typical)
        per_ground = panel * roofs.wide * factor
        measurement.fields["roof_yield"] = Field(
            "kWh/m²", lambda: roofs.raster(panel), CLASSES)  # fmt: skip
    k = (b.share > 0).nonzero()[0]
    of, zone, share, area = b.of[k], b.zone[k], b.share[k], b.area[k]
    known, pv_assumed = told.known[of], told.pv_assumed[of]
    made = per_ground[of] * pv[of] * area
    used = told.used[of] * share
    # of a building whose demand is unknown the roof area tells at least that it is there
    least = profile.rate("demand.other_building") * area
    weight = np.where(np.isfinite(used), used, least)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(used > 0, 100.0 * made / used, np.nan)
    field_zone, field_made, field_row = _fields(scene, profile)
    plant_zone, plant_made = _plants(scene)
    zero = np.zeros(len(field_zone) + len(plant_zone))
    extra_row = np.concatenate([field_row, np.full(len(plant_zone), -1)])
    zones = np.concatenate([zone, field_zone, plant_zone])
    made = np.where(known, made, np.nan)
    used = np.where(known, used, np.nan)
    generated = np.concatenate([made, field_made, plant_made])
    measurement.parts[""] = Places(
        zone=zones,
        weight=np.concatenate([weight, zero]),
        value=np.concatenate([value, np.full(len(zero), np.nan)]),
        feature=np.concatenate([b.row[of], extra_row]).astype(np.int64),
        num=generated,
        den=np.concatenate([used, zero]),
        assumed=np.concatenate([told.assumed[of].astype(float), zero]),
    )
    n = scene.n_zones
    present = np.bincount(zone, weight, n + 1) > 0
    present[0] = present.any()
    for without in (~present).nonzero()[0].tolist():
        measurement.not_applicable[without] = say("indicators.renewable_generation.no_demand")

    table = constants("energy")["spread"]
    total = shared(zone, used, n)
    percent = 100.0 * ratio(shared(zones, generated, n), total)

    def yielded(deviation: np.ndarray) -> np.ndarray:
        return np.asarray(100.0 * ratio(shared(zone, deviation, n), total))

    rests_on, off = told.by[of], used * told.off[of]

    def counted(by: int) -> np.ndarray:
        part = np.where(rests_on == by, off, 0.0)
        return np.asarray(percent * ratio(shared(zone, part, n), total))

    doubt = np.where(pv_assumed, default("pv") * per_ground[of] * area, table["pv_given"] * made)
    doubt = np.where(known, doubt, 0.0)
    found = [("pv", yielded(doubt)), *((name, counted(by)) for by, name in enumerate(BY))]
    if roofs is None:
        found.append(("model", percent * table["model_flat_rate"]))
    else:
        seen = roofs.measured[of]
        found.append(("dsm", yielded(np.where(seen, table["roof_measured"] * made, 0.0))))
        found.append(("roof", yielded(np.where(seen, 0.0, table["roof_assumed"] * made))))
        found.append(("model", percent * table["model"]))
    measurement.spreads = dict(found)
    return measurement


def _roofs(scene: Scene, b: Buildings) -> Roofs | None:
    """The roofs, where they are worked out: with a surface model, or where the model is asked for.
    """
    asked = scene.method("renewable_generation")
    if asked == MAP or not len(b.row) or (asked != MODEL and not scene.rasters("dsm")):
        return None
    return roofs_of(scene, b.row)


def _told(scene: Scene, profile: Profile, b: Buildings) -> _Told:
    """The very same as long as no building says anything else."""
    fields, assumed, crowd = scene.surfaces.fields, scene.surfaces.assumed, people_of(scene)

    def make() -> _Told:
        pv, pv_assumed = np.clip(fields["pv"][b.row], 0.0, 1.0), assumed["pv"][b.row]
        used, guessed, by = _demand(scene, profile, b)
        table = constants("energy")["spread"]
        guess = np.array([default("dwellings"), default("gfa"), 0.0])
        given = float(table["demand_given"])
        rates = np.stack([np.full(3, given), np.hypot(given, guess)])  # by whether it was assumed
        rates[:, LABEL] = table["demand_label"]
        return _Told(pv, pv_assumed, used, np.isfinite(pv) & np.isfinite(used),
                     pv_assumed | guessed, by, rates[guessed.astype(np.int64), by])  # fmt: skip

    made_from = (crowd, profile, scene.surfaces.codes, b.row, b.new, b.gfa,
                 *map(fields.get, ("pv", "residential_share", "label")),
                 *map(assumed.get, ("pv", "gfa")))  # fmt: skip
    return whole_of(scene, "told_of_energy", made_from, make)


def _demand(scene: Scene, profile: Profile,
            b: Buildings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """kWh a year of each whole building, NaN where floor area or dwellings are unknown; of existing
    buildings by their label where they have one (``models/energy.yml``). Whether what it is counted
    by came from a default, and which of ``BY`` that is."""
    surfaces = scene.surfaces
    inhabitants = people_of(scene)
    share = surfaces.fields["residential_share"][b.row]
    share = np.clip(np.where(np.isnan(share), b.dwelling, share), 0.0, 1.0)
    dwellings = inhabitants.dwellings[b.row]
    code = surfaces.codes[b.row]
    rates = np.zeros(len(surfaces.functions.names))
    for which in set(code.tolist()):
        # the part of a dwelling block that is not lived in has no use of its own in the data
        name = surfaces.functions.names[which]
        use = "other_building" if name == "dwelling" else name
        rates[which] = profile.rate(f"demand.{use}")
    per_floor = rates[code]
    table = constants("energy")["demand"]
    stands = np.flatnonzero(~b.new)
    label = surfaces.fields["label"][b.row[stands]]
    home, factor = (np.full(len(code), np.nan) for _ in range(2))
    home[stands] = of_labels(label, table["dwelling"])
    factor[stands] = of_labels(label, table["other"])
    labelled = np.isfinite(home)
    home = np.where(labelled, home, profile.rate("demand.dwelling"))
    per_floor = per_floor * np.where(labelled, factor, 1.0)
    living = np.where((share > 0) | (dwellings > 0), home * dwellings, 0)
    other = np.where(share < 1, per_floor * b.gfa * (1.0 - share), 0.0)
    guessed = np.where(share > 0, inhabitants.dwellings_assumed[b.row],
                       surfaces.assumed["gfa"][b.row])  # fmt: skip
    by = np.where(labelled, LABEL, np.where(share > 0, DWELLINGS, GFA))
    return living + other, guessed.astype(bool), by


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
    return whole_of(scene, "plants", (source, scene.zones), partial(_by_zone, source, scene.zones))


def _by_zone(source: VectorContext, zones: Zones) -> tuple[np.ndarray, np.ndarray]:
    made = source.number("kwh")
    use = np.flatnonzero(np.isfinite(made) & (made > 0))
    polygons = Polygons.from_wkb([source.wkb[k] for k in use])
    area = polygons.area()
    i, j = bbox_pairs(polygons.bounds(), zones.polygons.bounds())
    common = overlap_areas(polygons, zones.polygons, i, j)
    keep = common > 0
    i, zone, common = i[keep], j[keep] + 1, common[keep]
    point = np.flatnonzero(area <= 0)
    xy = np.array([_middle(source.wkb[use[k]]) for k in point]).reshape(-1, 2)
    at = first_containing(zones.polygons, xy) + 1
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
        Input("dsm", "role"),
        Input("dtm", "role"),
        Input("roof", "field"),
        Input("height", "field"),
        Input("label", "field"),
    ),
    method="pv-balance-1",
    radius=90.0,  # m: how far a building shades (models/energy.yml)
    sigma=(0.20, "relative"),
    decimals=0,
    places="surfaces",
)
