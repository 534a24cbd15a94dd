"""I13 traffic noise: dB Lden, dwelling-weighted P90 of the highest facade Lcum of road and rail.

Levels come from maps (roles ``noise_road`` and ``noise_rail``), sampled 2 m outside the facade
(indicators G2). At each facade point the maps of one source kind add energetically, then

    L*VL = LVL            L*RL = 0.95 LRL - 1.40            Lcum = 10 lg sum 10^(L*/10)

(annoyance-equivalent cumulation, RMG2012 annex I ch. 2, domain 4.1 (V)). LVL is the energetic sum
of all roads. A building's value is the highest of its points. Beside the mark stand Lden per
source kind, the joint (energetic) Lden, Lnight where a map declares it, and the share of dwellings
above each standard. The law is tested per building and source kind, in whole dB (indicators, "The
law"); it needs the owner of the road, so a map without one counts as road but is not tested.

Levels of own propagation models would enter in :func:`_levels` beside the maps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import legal
from ..facades import facades_of
from ..words import say
from ._levels import (
    MapValues,
    Weighed,
    energetic,
    facade_maps,
    fit_values,
    law_numbers,
    legal_tests,
    noise_level,
    noise_weight,
    outcomes,
    per_building,
)
from .spec import P90, RATIO, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..facades import Facades
    from ..norms import Profile
    from ..scene import Scene
    from .spec import LegalTest

OWNERS = ("municipal", "water_board", "provincial", "state")
ROAD_KINDS = tuple(f"road_{owner}" for owner in OWNERS)
UNOWNED = "road"  # roads of which the map does not tell the owner
RAIL = "rail"
KINDS = (*ROAD_KINDS, UNOWNED, RAIL)
NIGHT = "lnight"


def cumulated(road: np.ndarray, rail: np.ndarray) -> np.ndarray:
    """(m,) Lcum, dB, of road and rail Lden (NaN: that source is not known here)."""
    return energetic([road, 0.95 * rail - 1.40], len(road))


def kind_of(role: str, owner: str | None) -> str:
    """Source kind of a map: the variant of the law, ``road`` where the owner is not known."""
    if role == "noise_rail":
        return RAIL
    return f"road_{owner}" if owner in OWNERS else UNOWNED


def _levels(
    scene: Scene, points: Facades, rows: np.ndarray
) -> tuple[np.ndarray, dict[str, list[MapValues]], list[MapValues]]:
    """Building of each facade point, the Lden maps by source kind, and the Lnight maps."""
    building = np.zeros(0, np.int64)
    day: dict[str, list[MapValues]] = {}
    night: list[MapValues] = []
    for role in ("noise_road", "noise_rail"):
        building, maps = facade_maps(scene, points, rows, role, noise_level)
        for found in maps:
            if found.said("quantity") == NIGHT:
                night.append(found)
            else:
                day.setdefault(kind_of(role, found.said("owner")), []).append(found)
    return building, day, night


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure traffic noise from the maps of road and rail noise.

    Without any map of the two roles: ``missing``. A building whose facade no map covers is
    unknown; where one of the sources is silent, the other is taken as all there is.
    """
    objects = noise_weight(scene)
    if not scene.has("noise_road") and not scene.has("noise_rail"):
        return Measurement(missing=say("indicators.traffic_noise.no_map"))
    building, day, night = _levels(scene, facades_of(scene), objects.rows)
    m = len(building)
    level = {kind: energetic([x.value for x in day[kind]], m) for kind in KINDS if kind in day}
    road = energetic([level[kind] for kind in (*ROAD_KINDS, UNOWNED) if kind in level], m)
    rail = level.get(RAIL, np.full(m, np.nan))

    def highest(values: np.ndarray) -> np.ndarray:
        return per_building(scene, building, values)

    result = Measurement()
    result.parts[""] = objects.places(highest(cumulated(road, rail)))
    result.parts["joint"] = objects.places(highest(energetic([road, rail], m)))
    if night:
        result.parts[NIGHT] = objects.places(highest(energetic([x.value for x in night], m)))
    scope = legal.noise_scope(scene.surfaces)[objects.rows]
    for kind, values in level.items():
        top = highest(values)
        result.parts[f"lden_{kind}"] = objects.places(top)
        fit = highest(energetic(fit_values(day[kind]), m))
        limit, standard = law_numbers(profile, SPEC.id, scene.date, kind)
        if np.isfinite(standard):
            result.parts[f"above_{kind}"] = _above(objects, top, standard)
        result.legal += _tested(objects, kind, top, fit, limit, standard, scope)
    return result


def _above(objects: Weighed, top: np.ndarray, standard: float) -> Places:
    over = np.where(np.isnan(top), np.nan, legal.whole_db(top) > standard)
    return objects.ratio(over)


def _tested(
    objects: Weighed, kind: str, top: np.ndarray, fit: np.ndarray, limit: float, standard: float,
    scope: np.ndarray,
) -> list[LegalTest]:  # fmt: skip
    rows = objects.rows
    found = outcomes(top[rows], fit[rows], limit, scope, whole=True)
    return legal_tests(objects, kind, legal.whole_db(top[rows]), limit, found, standard)


_SHOWN = (
    Part("joint", P90, "dB Lden", informative=True),
    *(Part(f"lden_{kind}", P90, "dB Lden", informative=True) for kind in KINDS),
    Part(NIGHT, P90, "dB Lnight", informative=True),
    *(Part(f"above_{kind}", RATIO, "%", 100.0, informative=True) for kind in KINDS),
)

SPEC = Indicator(
    id="traffic_noise",
    code="I13",
    theme="environment",
    parts=(Part("", P90, "dB Lden"), *_SHOWN),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input("noise_road", "role", needed=True, group="noise"),
        Input("noise_rail", "role", needed=True, group="noise"),
        Input("dwellings", "field"),
        Input("gfa", "field"),
        Input("existing", "field"),
        Input("use_class", "field"),
    ),
    method="map-facade-1",
    standard="RMG2012 annex I ch. 2 (cumulation); Bkl 5.78t, 5.78u (law)",
    radius=10.0,
    sigma=(2.0, "absolute"),
)
