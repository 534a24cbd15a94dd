"""I15 air quality: yearly mean NO2, PM10 and PM2.5 at the buildings, dwelling-weighted.

Each substance is a part with a mark of its own; the lowest counts and names itself (indicators
15). Maps (roles ``no2``, ``pm10``, ``pm25``) are sampled at the building's centre of gravity: the
nearest cell with data within two cells. A map may say what it holds by ``contribution``:

    total (also where nothing is said), background, road, plan

What roads add is worked out by SRM1 at the facades where their traffic is given (domain 4.2 (V));
what counts where, so that nothing counts twice, stands in :mod:`._air`. Background, roads and plan
are shown apart beside the mark, and the days with much PM10. The law: 40/40/25 ug/m3 per building
where people live, learn or are cared for (Bkl 2.2.1.1 (V)), the directive of the Union from 2030.
A concentration with a modelled part can only be indicative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import legal
from ..models.air.srm1 import pm10_days
from ..models.tables import constants
from ..scene import MODEL
from ..words import say
from ._air import CONTRIBUTIONS, OF_PLAN, SUBSTANCES, Air, Substance, air_of
from ._levels import (
    Tested,
    Weighed,
    dwelling_weight,
    law_numbers,
    noise_weight,
    sums,
    tests_of,
    zone_mean,
)
from .spec import MEAN, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

VARIANT = "yearly_mean"  # of the law
UNIT = "ug/m3"
DAYS = "pm10_days"
NOT_ABOUT_PLAN = 0.05  # share below which "the plan hardly influences this" (indicators, attack 5)
METHOD = "srm1-1"


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure air quality from maps of the three substances and from traffic.

    A substance without a map has no mark; ``notes['plan_share']`` gives per substance the part of
    the mean that the plan itself adds, per zone (NaN where nothing says it).
    """
    objects = dwelling_weight(scene)
    stay = noise_weight(scene)  # the law asks for all places where people stay
    method, air = scene.method(SPEC.id), air_of(scene)
    if not air.substances:
        why = "no_background" if method == MODEL and any(map(scene.has, SUBSTANCES)) else "no_map"
        return Measurement(missing=say(f"indicators.air_quality.{why}"), checks=air.checks)
    if method == MODEL and air.roads is None:
        return Measurement(missing=say("indicators.air_quality.no_traffic"), checks=air.checks)
    result = Measurement(notes={"plan_share": {}}, checks=air.checks)
    if air.roads is not None:
        result.method = METHOD
    lived = sums(objects.zone, objects.weight, scene.n_zones)
    for zone in np.flatnonzero(~(lived > 0)):
        result.not_applicable[int(zone)] = say("indicators.air_quality.no_dwelling")
    for name, found in air.substances.items():
        result.parts[name] = objects.places(found.value)
        for kind, share in found.shares.items():
            result.parts[f"{name}_{kind}"] = objects.places(share)
        if OF_PLAN in found.shares:
            alone = found.value - np.nan_to_num(found.shares[OF_PLAN])
            result.notes.setdefault("contributions", {})[name] = {
                "autonomous": zone_mean(scene, objects, alone)}  # fmt: skip
            result.notes["plan_share"][name] = plan_share(
                scene, objects, found.shares[OF_PLAN], found.value)  # fmt: skip
    laws = [Tested(VARIANT, name, *law_numbers(profile, SPEC.id, scene.date, VARIANT, name))
            for name in air.substances]  # fmt: skip
    value, fit = (np.array([getattr(found, what).take(stay.rows)
                            for found in air.substances.values()])
                  for what in ("value", "fit"))  # fmt: skip
    result.legal += tests_of(scene, SPEC.id, stay, laws, value, fit,
                             legal.noise_sensitive(scene).take(stay.rows))  # fmt: skip
    if "pm10" in air.substances:
        days = np.full(scene.surfaces.n, np.nan)
        days[objects.rows] = pm10_days(air.substances["pm10"].value[objects.rows])
        result.parts[DAYS] = objects.places(days)
    if not any(name.endswith(f"_{OF_PLAN}") for name in result.parts):
        result.notes["autonomous"] = say("indicators.air_quality.autonomous")
    elif all(np.nanmax(s, initial=0.0) < NOT_ABOUT_PLAN
             for s in result.notes["plan_share"].values()):  # fmt: skip
        result.notes["autonomous"] = say("indicators.air_quality.plan_small")
    result.spreads = _spreads(scene, objects, air)
    return result


def plan_share(scene: Scene, objects: Weighed, plan: np.ndarray, value: np.ndarray) -> np.ndarray:
    """(n_zones + 1,) part 0-1 of the dwelling-weighted mean that the plan adds."""
    known = np.where(np.isnan(value), np.nan, np.nan_to_num(plan))
    top, total = zone_mean(scene, objects, known), zone_mean(scene, objects, value)
    return np.divide(top, total, out=np.full(len(top), np.nan), where=total > 0)


# --- spreads ------------------------------------------------------------------------------------
def _spreads(scene: Scene, objects: Weighed, air: Air) -> dict[str, np.ndarray]:
    """Standard deviations by substance and input, where roads were modelled; of maps alone the
    profile says it. A map is off by as much at all its buildings, and so is the traffic: within a
    zone nothing averages out."""
    return {
        f"{name}.{key}": zone_mean(scene, objects, sd)
        for name, found in air.substances.items()
        for key, sd in _inputs(name, found, air).items()
    }


def _inputs(name: str, found: Substance, air: Air) -> dict[str, np.ndarray]:
    own, roads = found.modelled, air.roads
    if own is None or roads is None or roads.table is None or found.from_map is None:
        return {}
    rule = constants("air")["spreads"]
    out = {name: np.where(np.isnan(found.value), np.nan, found.from_map)}
    whole = roads.added[name]["autonomous"] + roads.added[name]["plan"]
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(whole > 0, own / whole, 0.0)  # over a total map only what the plan adds
    out["roads"] = used * roads.traffic[name]
    out["street_type"] = used * roads.street[name]
    factors = rule["factors"] + rule["factors_per_year"] * roads.table.years_off
    out["emission_factors"], out["wind"] = own * factors, own * rule["wind"]
    if name == "no2" and roads.ozone is not None:
        out["o3"] = used * roads.ozone * rule["ozone_assumed" if roads.ozone_assumed else "ozone"]
    out["model"] = own * rule["model"]
    return out


SPEC = Indicator(
    id="air_quality",
    code="I15",
    theme="environment",
    parts=(
        *(Part(s, MEAN, UNIT) for s in SUBSTANCES),
        *(Part(f"{s}_{kind}", MEAN, UNIT, informative=True)
          for s in SUBSTANCES for kind in CONTRIBUTIONS),
        Part(DAYS, MEAN, "days per yr", informative=True),
    ),
    weight="dwellings",
    compute=compute,
    inputs=(
        *(Input(s, "role", needed=True, group="air") for s in SUBSTANCES),
        Input("roads", "role"),
        Input("o3", "role"),
        Input("trees", "role"),
        Input("dwellings", "field"),
        Input("use_class", "field"),
        Input("height", "field"),
    ),
    method="map-building-1",
    standard="Bkl 2.2.1.1; directive (EU) 2024/2881; SRM1 (RBL 2007 annex 1)",
    combine="lowest",
    radius=110.0,
    sigma=(0.15, "relative"),
)  # fmt: skip
