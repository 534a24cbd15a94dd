"""I15 air quality: yearly mean NO2, PM10 and PM2.5 at the buildings, dwelling-weighted.

Each substance is a part with a mark of its own; the lowest counts and names itself (indicators
15). Maps (roles ``no2``, ``pm10``, ``pm25``) are sampled at the building's centre of gravity: the
nearest cell with data within two cells. A map may say what it holds by ``contribution``:

    total (also where nothing is said), background, road, plan

Concentration = total map, else background + road; plus the contribution of the plan, which a map
of today cannot hold. Of several total maps (sheets) the first with data counts; contributions of
one kind add. The parts are shown apart beside the mark. The law: 40/40/25 ug/m3 per building where
people live, learn or are cared for (Bkl 2.2.1.1 (V)), the directive of the Union from 2030.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import legal
from ..words import say
from ._levels import (
    MapValues,
    Weighed,
    dwelling_weight,
    field_value,
    law_numbers,
    legal_tests,
    map_values,
    noise_weight,
    outcomes,
    sums,
)
from .spec import MEAN, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

SUBSTANCES = ("no2", "pm10", "pm25")
CONTRIBUTIONS = ("background", "road", "plan")
VARIANT = "yearly_mean"  # of the law
UNIT = "ug/m3"
NOT_ABOUT_PLAN = 0.05  # share below which "the plan hardly influences this" (indicators, attack 5)


def first_known(maps: list[MapValues], m: int) -> tuple[np.ndarray, np.ndarray]:
    """(m,) value of the first map with data, and whether that one has a legal basis."""
    value, fit = np.full(m, np.nan), np.zeros(m, bool)
    for found in maps:
        use = np.isnan(value) & ~np.isnan(found.value)
        value[use], fit[use] = found.value[use], found.legal[use]
    return value, fit


def added(maps: list[MapValues], m: int) -> tuple[np.ndarray, np.ndarray]:
    """(m,) sum of what is known (NaN where nothing is), and whether all of it is legal."""
    value, fit, known = np.zeros(m), np.ones(m, bool), np.zeros(m, bool)
    for found in maps:
        here = ~np.isnan(found.value)
        value[here] += found.value[here]
        fit[here] &= found.legal[here]
        known |= here
    return np.where(known, value, np.nan), fit & known


def concentration(
    maps: list[MapValues], m: int
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """(m,) ug/m3, whether it rests on legal input alone, and the contributions that were given."""
    by_kind: dict[str, list[MapValues]] = {}
    for found in maps:
        kind = found.said("contribution")
        by_kind.setdefault(kind if kind in CONTRIBUTIONS else "total", []).append(found)
    shares = {kind: added(by_kind[kind], m) for kind in CONTRIBUTIONS if kind in by_kind}
    value, fit = first_known(by_kind.get("total", []), m)
    if "background" in shares:  # the road alone is no concentration
        base, base_fit = shares["background"]
        road, road_fit = shares.get("road", (np.zeros(m), np.ones(m, bool)))
        use = np.isnan(value)
        value[use] = (base + np.nan_to_num(road))[use]
        fit[use] = (base_fit & (road_fit | np.isnan(road)))[use]
    if "plan" in shares:
        plan, plan_fit = shares["plan"]
        value = value + np.nan_to_num(plan)
        fit &= plan_fit | np.isnan(plan)
    return value, fit, {kind: share for kind, (share, _) in shares.items()}


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure air quality from the maps of the three substances.

    A substance without a map has no mark; ``notes['plan_share']`` gives per substance the part of
    the mean that the plan itself adds, per zone (NaN where no such map was given).
    """
    given = [s for s in SUBSTANCES if scene.has(s)]
    if not given:
        return Measurement(missing=say("indicators.air_quality.no_map"))
    objects = dwelling_weight(scene)
    stay = noise_weight(scene)  # the law asks for all places where people stay
    rows = np.union1d(objects.rows, stay.rows)
    where = scene.surfaces.footprints.take(rows).centroids()
    result = Measurement(notes={"plan_share": {}})
    lived = sums(objects.zone, objects.weight, scene.n_zones)
    for zone in np.flatnonzero(~(lived > 0)):
        result.not_applicable[int(zone)] = say("indicators.air_quality.no_dwelling")
    for substance in given:
        maps = map_values(scene, substance, where, field_value(substance))
        at_rows, fit, shares = concentration(maps, len(rows))
        value = _spread(scene, rows, at_rows)
        result.parts[substance] = objects.places(value)
        for kind, share in shares.items():
            result.parts[f"{substance}_{kind}"] = objects.places(_spread(scene, rows, share))
        if "plan" in shares:
            result.notes["plan_share"][substance] = plan_share(
                scene, objects, _spread(scene, rows, shares["plan"]), value)  # fmt: skip
        _test(result, scene, profile, substance, stay, value,
              _spread(scene, rows, np.where(fit, at_rows, np.nan)))  # fmt: skip
    if not any("plan" in name for name in result.parts):
        result.notes["autonomous"] = say("indicators.air_quality.autonomous")
    elif all(np.nanmax(s, initial=0.0) < NOT_ABOUT_PLAN
             for s in result.notes["plan_share"].values()):  # fmt: skip
        result.notes["autonomous"] = say("indicators.air_quality.plan_small")
    return result


def _spread(scene: Scene, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    out = np.full(scene.surfaces.n, np.nan)
    out[rows] = values
    return out


def plan_share(
    scene: Scene, objects: Weighed, plan: np.ndarray, value: np.ndarray
) -> np.ndarray:
    """(n_zones + 1,) part 0-1 of the dwelling-weighted mean that the plan adds."""
    own, whole = np.nan_to_num(plan[objects.feature]), value[objects.feature]
    known = ~np.isnan(whole)
    top = sums(objects.zone[known], (objects.weight * own)[known], scene.n_zones)
    total = sums(objects.zone[known], (objects.weight * whole)[known], scene.n_zones)
    return np.divide(top, total, out=np.full(len(top), np.nan), where=total > 0)


def _test(
    result: Measurement, scene: Scene, profile: Profile, substance: str, objects: Weighed,
    value: np.ndarray, fit: np.ndarray,
) -> None:  # fmt: skip
    limit, standard = law_numbers(profile, SPEC.id, scene.date, VARIANT, substance)
    here = value[objects.rows]
    scope = legal.noise_sensitive(scene.surfaces)[objects.rows]
    found = outcomes(here, fit[objects.rows], limit, scope)
    result.legal += legal_tests(objects, VARIANT, here, limit, found, standard, substance)


SPEC = Indicator(
    id="air_quality",
    code="I15",
    theme="environment",
    parts=(
        *(Part(s, MEAN, UNIT) for s in SUBSTANCES),
        *(Part(f"{s}_{kind}", MEAN, UNIT, informative=True)
          for s in SUBSTANCES for kind in CONTRIBUTIONS),
    ),
    weight="dwellings",
    compute=compute,
    inputs=(
        *(Input(s, "role", needed=True, group="air") for s in SUBSTANCES),
        Input("dwellings", "field"),
        Input("use_class", "field"),
    ),
    method="map-building-1",
    standard="Bkl 2.2.1.1; directive (EU) 2024/2881",
    combine="lowest",
    radius=0.0,
    sigma=(0.15, "relative"),
)  # fmt: skip
