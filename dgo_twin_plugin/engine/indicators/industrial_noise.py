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
from ..kept import whole_of
from ..words import say
from ._industry_class import by_class, settings
from ._levels import (
    DISTANCE_CLASS,
    MAP_DISTANCE,
    MapValues,
    Tested,
    at_buildings,
    energetic,
    fit_values,
    given_by,
    highest,
    law_numbers,
    map_values,
    noise_level,
    noise_weight,
    tests_of,
    zones_with,
)
from .spec import P90, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..facades import Facades
    from ..norms import Profile
    from ..scene import Scene

ROLE = "noise_industry"
KIND = "industry"  # variant of the law
NIGHT = "lnight"
FIT, ROUGH = "fit_", "rough"


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure industrial noise from the maps of role ``noise_industry``."""
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.industrial_noise.no_map"))
    given = given_by(scene, ROLE)
    # which maps there are, whatever they say at which place
    maps, ruled = whole_of(scene, ("maps", ROLE), given, lambda: _maps(scene, np.zeros((0, 2))))
    if maps and not any(map(_counts, maps)):
        return Measurement(missing=say("indicators.industrial_noise.other_quantity",
                                       quantity=str(maps[0].said("quantity"))))  # fmt: skip
    objects, result = noise_weight(scene), Measurement()
    found = at_buildings(scene, SPEC.id, given, objects.rows, lambda points: _levels(scene, points))
    parts = [part for part in ("", NIGHT) if part in found]
    for part in parts:
        result.parts[part] = objects.places(found[part])
    result.proxy = zones_with(scene, objects, found[ROUGH] > 0)
    if ruled:
        width = float(settings()["spread"])
        result.spreads[ROLE] = np.where(result.proxy, width, SPEC.sigma[0])
        result.spreads["model"] = np.zeros(scene.n_zones + 1)
    laws = [Tested(KIND, part, *law_numbers(profile, SPEC.id, scene.date, KIND, part))
            for part in parts]  # fmt: skip
    rows = objects.rows
    top, fit = (np.array([found[name + part].take(rows) for part in parts]) for name in ("", FIT))
    result.legal += tests_of(scene, SPEC.id, objects, laws, top, fit,
                             legal.noise_scope(scene).take(rows), whole=True)  # fmt: skip
    return result


def _maps(scene: Scene, xy: np.ndarray) -> tuple[list[MapValues], bool]:
    """The maps of estates at points (m, 2), and whether the last is a rule of thumb by the category
    of businesses."""
    maps, rule = map_values(scene, ROLE, xy, noise_level), by_class(scene, ROLE, xy)
    return (maps, False) if rule is None else ([*maps, rule], True)


def _counts(one: MapValues) -> bool:
    return one.said("quantity") in (None, "lden", NIGHT)


def _levels(scene: Scene, points: Facades) -> dict[str, np.ndarray]:
    """(m,) dB at facade points by part, and what of it is fit for a legal test (:data:`FIT`); 1
    where Lden rests on a distance class (:data:`ROUGH`), NaN elsewhere."""
    maps = [x for x in _maps(scene, points.at(MAP_DISTANCE))[0] if _counts(x)]
    night = [x for x in maps if x.said("quantity") == NIGHT]
    m, found = len(points.building), {}
    found[""], found[FIT], rough = _combined([x for x in maps if x not in night], m)
    found[ROUGH] = np.where(rough, 1.0, np.nan)
    if night:
        found[NIGHT], found[FIT + NIGHT], _ = _combined(night, m)
    return found


def _combined(maps: list[MapValues], m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level, level by what is fit for a legal test, and where only a distance class speaks."""
    real = [x for x in maps if x.said("kind") != DISTANCE_CLASS]
    rules = [x for x in maps if x.said("kind") == DISTANCE_CLASS]
    level = energetic([x.value for x in real], m)
    rule = highest([x.value for x in rules], m)
    rough = np.isnan(level) & ~np.isnan(rule)
    return np.where(rough, rule, level), energetic(fit_values(real), m), rough


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
