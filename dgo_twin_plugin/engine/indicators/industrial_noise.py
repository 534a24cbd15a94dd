"""I14 industrial noise: dB Lden of industrial estates, dwelling-weighted P90 at the facade.

Levels come from maps of the estates at full ceiling (role ``noise_industry``), sampled 2 m outside
the facade (indicators 14, G2); several estates add energetically. Polygons of kind
``distance_class`` are a rule of thumb (domain 2.1, VNG distances): they count only where no map
speaks, flag the zone as proxy and can never be a certain breach. They carry the level that the
data set gives them, or, as the outline of a business with a ``category`` (VNG), that of
:mod:`._industry_class`. LAr,LT of single activities is another quantity and is never mixed in: a
map that declares any quantity but ``lden`` or ``lnight`` is left out; where nothing else is given
the indicator says so and is not assessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import legal
from ..facades import facades_of
from ..words import say
from ._industry_class import by_class, settings
from ._levels import (
    DISTANCE_CLASS,
    MAP_DISTANCE,
    MapValues,
    Weighed,
    energetic,
    facade_maps,
    fit_values,
    highest,
    law_numbers,
    legal_tests,
    noise_level,
    noise_weight,
    outcomes,
    per_building,
    proxy_zones,
)
from .spec import P90, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ROLE = "noise_industry"
KIND = "industry"  # variant of the law
NIGHT = "lnight"


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure industrial noise from the maps of role ``noise_industry``."""
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.industrial_noise.no_map"))
    objects = noise_weight(scene)
    points = facades_of(scene)
    building, maps = facade_maps(scene, points, objects.rows, ROLE, noise_level)
    rule = by_class(scene, ROLE, points.at(MAP_DISTANCE)[np.isin(points.building, objects.rows)])
    maps += [] if rule is None else [rule]
    kept = [x for x in maps if x.said("quantity") in (None, "lden", NIGHT)]
    if maps and not kept:
        return Measurement(missing=say("indicators.industrial_noise.other_quantity",
                                       quantity=str(maps[0].said("quantity"))))  # fmt: skip
    result = Measurement()
    scope = legal.noise_scope(scene.surfaces)[objects.rows]
    for part, own in (
        ("", [m for m in kept if m.said("quantity") != NIGHT]),
        (NIGHT, [m for m in kept if m.said("quantity") == NIGHT]),
    ):
        if part and not own:
            continue
        level, fit, rough = _combined(own, len(building))
        top = per_building(scene, building, level)
        result.parts[part] = objects.places(top)
        if not part:
            result.proxy = proxy_zones(scene, objects, building, rough)
            if rule is not None:
                width = float(settings()["spread"])
                result.spreads[ROLE] = np.where(result.proxy, width, SPEC.sigma[0])
                result.spreads["model"] = np.zeros(scene.n_zones + 1)
        sure = per_building(scene, building, fit)
        _test(result, scene, profile, objects, part, top, sure, scope)
    return result


def _combined(maps: list[MapValues], m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level, level by what is fit for a legal test, and where only a distance class speaks."""
    real = [x for x in maps if x.said("kind") != DISTANCE_CLASS]
    rules = [x for x in maps if x.said("kind") == DISTANCE_CLASS]
    level = energetic([x.value for x in real], m)
    rule = highest([x.value for x in rules], m)
    rough = np.isnan(level) & ~np.isnan(rule)
    return np.where(rough, rule, level), energetic(fit_values(real), m), rough


def _test(
    result: Measurement, scene: Scene, profile: Profile, objects: Weighed, part: str,
    top: np.ndarray, sure: np.ndarray, scope: np.ndarray,
) -> None:  # fmt: skip
    limit, standard = law_numbers(profile, SPEC.id, scene.date, KIND, part)
    value = top[objects.rows]
    found = outcomes(value, sure[objects.rows], limit, scope, whole=True)
    result.legal += legal_tests(objects, KIND, legal.whole_db(value), limit, found, standard, part,
                                told=(scene, SPEC.id))  # fmt: skip


SPEC = Indicator(
    id="industrial_noise",
    code="I14",
    theme="environment",
    parts=(Part("", P90, "dB Lden"), Part(NIGHT, P90, "dB Lnight", informative=True)),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input(ROLE, "role", needed=True),
        Input("dwellings", "field"),
        Input("gfa", "field"),
        Input("existing", "field"),
        Input("use_class", "field"),
    ),
    method="map-facade-1",
    standard="Bkl 5.78t, 5.78u; tables 3.35",
    radius=10.0,
    sigma=(2.0, "absolute"),
)
