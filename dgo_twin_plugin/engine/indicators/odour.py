"""I18 odour: 98-percentile of the hourly mean concentration, ouE/m3, P90 over dwellings.

Value = the background (all sources together, role ``odour``) at the facade, sampled 2 m outside
(indicators 18, G2); of several background maps the highest counts. A layer says by ``kind`` what
it is:

    background (also where nothing is said), foreground, distance_class

Foreground is the load of one source: it takes no part in the value and is what the law is tested
on, per source. Its layer names the ``source``: livestock, livestock_concentration (in a
concentration area), sewage_new or sewage_existing. Whether the place is built up follows the area
type (P). Without a source the test is ``not_tested``. A distance class is a proxy: it counts only
where no background map speaks, and flags the zone. It is a polygon of that kind, or a source with a
``category`` (VNG, or livestock), from which the load follows by distance (:mod:`._distance`).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .. import legal
from ..geometry import first_containing
from ..words import say
from ._distance import any_category, load_by_class
from ._levels import (
    DISTANCE_CLASS,
    MAP_DISTANCE,
    MapValues,
    Weighed,
    at_buildings,
    dwelling_weight,
    field_value,
    fit_values,
    given_by,
    highest,
    law_numbers,
    legal_tests,
    map_values,
    noise_weight,
    outcomes,
    zones_with,
)
from ._spreads import numbers
from .spec import P90, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..facades import Facades
    from ..norms import Profile
    from ..scene import Scene

ROLE = "odour"
FOREGROUND = "foreground"
FIT, ROUGH = "fit", "rough"
RURAL_TYPES = ("GT07", "GT10", "GT11")  # outside the built-up area (P)
DENSE = "_concentration"  # of a source: livestock in a concentration area


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure odour from the maps of role ``odour`` (field ``ou_p98`` of polygons)."""
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.odour.no_map"))
    objects, stay = dwelling_weight(scene), noise_weight(scene)
    by_distance = any_category(scene, ROLE)
    made_from = (*given_by(scene, ROLE), scene.zones if by_distance else None)
    # all dwellings are among the places where people stay
    found = at_buildings(scene, SPEC.id, made_from, stay.rows,
                         lambda points: _levels(scene, points, by_distance))  # fmt: skip
    result = Measurement()
    result.parts[""] = objects.places(found[""])
    result.proxy = zones_with(scene, objects, found[ROUGH] > 0)
    table, some = numbers(SPEC.id), np.ones(scene.n_zones + 1)
    by_class = np.where(result.proxy, table["odour_class"], table["odour"])
    result.spreads = {ROLE: by_class, "model": some * table["model"]}
    for name, top in found.items():
        if isinstance(name, _Source):
            _test(result, scene, profile, stay, name.source, top, found[FIT, name])
    return result


class _Source(NamedTuple):
    """What the foreground of one source is told by."""

    layer: str
    source: str | None


def _levels(scene: Scene, points: Facades, by_distance: bool) -> dict[Hashable, np.ndarray]:
    """(m,) ouE/m3 at facade points: the value by ``''``; 1 where it rests on a distance class
    (:data:`ROUGH`), NaN elsewhere; the foreground by source, and what of it is fit for a legal test
    (:data:`FIT`). ``by_distance``: there are sources by category."""
    maps = map_values(scene, ROLE, points.at(MAP_DISTANCE), field_value("ou_p98"))
    m = len(points.building)
    rules = [x.value for x in maps if x.said("kind") == DISTANCE_CLASS]
    level = highest([x.value for x in maps if x.said("kind") not in (FOREGROUND, DISTANCE_CLASS)],
                    m)  # fmt: skip
    rule = highest(rules + ([_by_distance(scene, points.xy)] if by_distance else []), m)
    rough = np.isnan(level) & ~np.isnan(rule)
    found: dict[Hashable, np.ndarray] = {"": np.where(rough, rule, level),
                                         ROUGH: np.where(rough, 1.0, np.nan)}  # fmt: skip
    foreground: dict[_Source, list[MapValues]] = {}
    for one in maps:
        if one.said("kind") == FOREGROUND:
            foreground.setdefault(_Source(one.layer, one.said("source")), []).append(one)
    for source, own in foreground.items():
        found[source] = highest([x.value for x in own], m)
        found[FIT, source] = highest(fit_values(own), m)
    return found


def _by_distance(scene: Scene, xy: np.ndarray) -> np.ndarray:
    """(m,) load by distance class at points (m, 2)."""
    vectors = scene.vectors(ROLE)
    assert vectors is not None
    zone = first_containing(scene.zones.polygons, xy)
    types = np.array([*scene.zones.area_type, ""], object)  # outside every zone: the last
    rural = np.isin(types[zone].astype(str), RURAL_TYPES)
    return load_by_class(vectors, xy, ~rural)


def variant(source: str | None, built_up: bool) -> str:
    """Variant of the law of one source at one place, as the profile spells it."""
    if source is None:
        return "unknown_source"
    name = source.removesuffix(DENSE)
    place = "built_up" if built_up else "rural"
    return f"{name}_{place}" + (DENSE if source.endswith(DENSE) else "")


def _test(
    result: Measurement, scene: Scene, profile: Profile, objects: Weighed, source: str | None,
    top: np.ndarray, fit: np.ndarray,
) -> None:  # fmt: skip
    rows = objects.rows
    type_of = np.asarray(scene.zones.area_type, object)[objects.main_zone - 1]
    built_up = np.array([t is not None and t not in RURAL_TYPES for t in type_of], bool)
    # without an area type nobody knows which column of the law holds
    unknown = np.array([t is None for t in type_of], bool)
    kinds = np.array([variant(None if u else source, b)
                      for u, b in zip(unknown, built_up)], object)  # fmt: skip
    numbers = {k: law_numbers(profile, SPEC.id, scene.date, k) for k in set(kinds)}
    limit = np.array([numbers[k][0] for k in kinds], float)
    standard = np.array([numbers[k][1] for k in kinds], float)
    scope = legal.noise_sensitive(scene)[rows]
    found = outcomes(top[rows], fit[rows], limit, scope)
    result.legal += legal_tests(objects, kinds, top[rows], limit, found, standard)


SPEC = Indicator(
    id="odour",
    code="I18",
    theme="environment",
    parts=(Part("", P90, "ouE/m3 P98"),),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input(ROLE, "role", needed=True),
        Input("dwellings", "field"),
        Input("use_class", "field"),
    ),
    method="map-facade-1",
    standard="Bkl 5.3.6 (5.92, 5.109)",
    radius=10.0,
    sigma=(0.3, "decades"),
)
