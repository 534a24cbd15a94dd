"""I19 light nuisance: lux on the facade between 23 and 07 h, P90 over dwellings.

    E = I cos(theta) / r^2

vertical illuminance of one installation (indicators 19, domain 2.2 (K)): I the luminous intensity
of the luminaire (cd), taken the same in every direction and burning all night, r the distance in
space and theta the angle with the facade's normal. The receiver stands on each storey (1.5 + 3 k
m, indicators G2); the highest counts. A building between luminaire and facade point screens it
(line of sight in plan). The value is the largest single installation, the sum stands beside it.

Maps of role ``light`` (lux, raster or polygons ``lux_night``) are sampled 2 m outside the facade;
each counts as one installation more. A luminaire without an intensity makes the facades that see
it within 50 m unknown. Contributions below 0.05 lux, half of the strictest optimum, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..facades import Facades, facades_of
from ..geometry import bbox_pairs
from ..kept import by_row
from ..pulse import beat
from ..reduce import reduce_places
from ..spread import layer_sigma
from ..words import NOT_IN_SCOPE, say
from ._levels import (
    MAP_DISTANCE,
    dwelling_weight,
    field_value,
    highest,
    map_values,
    per_building,
)
from ._sight import Walls, walls
from ._spreads import numbers, ratio, shared
from .spec import P90, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ROLE = "light"
LEAST = 0.05  # lux: smaller contributions are left out
FARTHEST = 200.0  # m: no luminaire is followed further
UNKNOWN_REACH = 50.0  # m around a luminaire of unknown intensity where nothing can be said (P)
MOUNTING = 5.0  # m: where neither the luminaire nor functions.yml gives a height (P)
AT_ONCE = 20_000  # lines of sight
FIRST, STOREY = 1.5, 3.0  # m: receivers at 1.5 + 3 k (indicators G2)


@dataclass
class _Lamps:
    """Luminaires (n,): place (n, 2), height m and whether it is a default, intensity cd (NaN
    unknown), and how far each is followed, m."""

    xy: np.ndarray
    height: np.ndarray
    assumed: np.ndarray
    intensity: np.ndarray
    reach: np.ndarray


def illuminance(
    intensity: np.ndarray, height: np.ndarray, to: np.ndarray, normal: np.ndarray,
    floors: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """(k,) lux on a vertical wall, at the storey where it is highest.

    ``to`` (k, 2) vector in plan from the receiver to the luminaire, m; ``normal`` (k, 2) outward
    unit vector; ``height`` of the luminaire m. Zero behind the wall. cos(theta) = n . to / r, so
    E = I (n . to) / r^3.
    """
    front = np.maximum((to * normal).sum(axis=1), 0.0)
    storey = np.clip(np.rint((height - FIRST) / STOREY), 0, np.maximum(floors, 1.0) - 1.0)
    rise = height - (FIRST + STOREY * storey)
    r2 = (to * to).sum(axis=1) + rise * rise
    with np.errstate(divide="ignore", invalid="ignore"):
        lux = intensity * front / r2**1.5
    return np.where(front > 0, lux, 0.0)


def _lamps(scene: Scene) -> _Lamps | None:
    items = scene.items
    rows = np.flatnonzero(items.where("luminaire") & np.isfinite(items.xy).all(axis=1))
    if not len(rows):
        return None
    # an exact copy of a luminaire is no second one
    said = np.column_stack([items.xy, items.fields["height"], items.fields["luminous_intensity"]])
    rows = rows[np.sort(np.unique(np.nan_to_num(said[rows], nan=-1.0), axis=0,
                                  return_index=True)[1])]  # fmt: skip
    height = np.asarray(items.fields["height"], float)[rows]
    intensity = np.asarray(items.fields["luminous_intensity"], float)[rows]
    # E <= I / r^2, so beyond sqrt(I / least) a luminaire stays below the least that counts
    reach = np.minimum(np.sqrt(np.maximum(np.nan_to_num(intensity), 0.0) / LEAST), FARTHEST)
    reach[np.isnan(intensity)] = UNKNOWN_REACH
    default = scene.surfaces.functions["luminaire"].defaults.get("height", MOUNTING)
    lost = ~np.isfinite(height)
    return _Lamps(items.xy[rows], np.where(lost, float(default), height), lost, intensity, reach)


def _at_facades(
    scene: Scene, lamps: _Lamps, building: np.ndarray, xy: np.ndarray, normal: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per facade point the largest single illuminance, the sum, lux, and whether the largest has
    an assumed height. NaN where a luminaire of unknown intensity is in sight."""
    floors = np.nan_to_num(np.asarray(scene.surfaces.fields["floors"], float), nan=1.0)[building]
    lamp, point = near(lamps.xy, lamps.reach, xy)
    to = lamps.xy[lamp] - xy[point]
    dark = np.isnan(lamps.intensity[lamp])
    lux = illuminance(np.where(dark, 1.0, lamps.intensity[lamp]), lamps.height[lamp], to,
                      normal[point], floors[point])  # fmt: skip
    keep = np.flatnonzero(np.where(dark, lux > 0, lux >= LEAST))
    lamp, point, lux, dark = lamp[keep], point[keep], lux[keep], dark[keep]
    obstacles = _walls(scene, xy, float(lamps.reach.max(initial=0.0)))
    clear = np.zeros(len(lamp), bool)
    for first in range(0, len(lamp), AT_ONCE):
        beat()
        part = slice(first, first + AT_ONCE)
        clear[part] = ~obstacles.between(lamps.xy[lamp[part]], xy[point[part]])
    seen = np.flatnonzero(clear)
    lamp, point, lux, dark = lamp[seen], point[seen], lux[seen], dark[seen]
    single, total = np.zeros(len(xy)), np.zeros(len(xy))
    rough = np.zeros(len(xy), bool)
    order = np.flatnonzero(~dark)[np.argsort(lux[~dark], kind="stable")]
    single[point[order]] = lux[order]  # the largest is written last
    rough[point[order]] = lamps.assumed[lamp[order]]
    np.add.at(total, point[~dark], lux[~dark])
    single[point[dark]], total[point[dark]] = np.nan, np.nan
    return single, total, rough


def _lit(scene: Scene, lamps: _Lamps, facades: Facades,
         rows: np.ndarray) -> tuple[np.ndarray, ...]:  # fmt: skip
    """:func:`_at_facades` at the points of these buildings."""
    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        wanted = np.zeros(scene.surfaces.n, bool)
        wanted[some] = True
        index = np.flatnonzero(wanted[facades.building])
        building = facades.building[index]
        return building, *_at_facades(scene, lamps, building, facades.xy[index],
                                      facades.normal[index])  # fmt: skip

    # what stands between a luminaire and a point lies within reach of both
    reach = float(lamps.reach.max(initial=0.0)) + MAP_DISTANCE
    floors = np.asarray(scene.surfaces.fields["floors"], float)
    made_from = (lamps.xy, lamps.height, lamps.assumed, lamps.intensity, lamps.reach)
    _, single, total, rough = by_row(scene, "light", made_from, rows, make,
                                     reach, (floors,))  # fmt: skip
    return single.copy(), total, rough.copy()


def _walls(scene: Scene, xy: np.ndarray, reach: float) -> Walls:
    """The walls that may stand within ``reach`` of some points; all, where there are many."""
    if scene.reuse is None or not len(xy) or "walls" in scene.cache:
        found: Walls = scene.product("walls", walls)
        return found
    low, high = xy.min(axis=0) - reach, xy.max(axis=0) + reach
    return walls(scene, np.concatenate([low, high]))


def near(
    centre: np.ndarray, reach: np.ndarray, xy: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (centre, point) no further apart in plan than the reach of the centre."""
    box = np.column_stack([centre - reach[:, None], centre + reach[:, None]])
    i, j = bbox_pairs(box, np.hstack([xy, xy]))
    close = np.hypot(*(centre[i] - xy[j]).T) <= reach[i]
    return i[close], j[close]


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure light from the design's luminaires and the maps of role ``light``."""
    del profile  # no legal number: a guideline (NSVV) and a duty of care
    lamps = _lamps(scene)
    if lamps is None and not scene.has(ROLE):
        return Measurement(missing=say("indicators.light_nuisance.no_light"),
                           legal_default=NOT_IN_SCOPE)  # fmt: skip
    objects = dwelling_weight(scene)
    facades = facades_of(scene)
    wanted = np.zeros(scene.surfaces.n, bool)
    wanted[objects.rows] = True
    index = np.flatnonzero(wanted[facades.building])
    building, m = facades.building[index], len(index)
    maps = map_values(scene, ROLE, facades.at(MAP_DISTANCE)[index], field_value("lux_night"))
    mapped = [x.value for x in maps]
    rough = np.zeros(m, bool)
    by_map = np.ones(m, bool)  # whether the highest is read off a map
    if lamps is None:
        single = highest(mapped, m)
        total = np.where(np.isnan(single), np.nan, sum(np.nan_to_num(v) for v in mapped))
    else:
        single, total, rough = _lit(scene, lamps, facades, objects.rows)
        on_map = highest(mapped, m)
        by_map = on_map > single
        rough &= ~by_map
        single = np.where(np.isnan(single), np.nan, np.fmax(single, on_map))
        total = total + sum((np.nan_to_num(v) for v in mapped), np.zeros(m))
    result = Measurement(legal_default=NOT_IN_SCOPE)
    top = _worst(scene, building, single)
    places = objects.places(top)
    flag = np.zeros(scene.surfaces.n)
    flag[building[rough & (single == top[building]) & (single > 0)]] = 1.0
    places.assumed = np.maximum(objects.assumed, flag[objects.feature])
    result.parts[""] = places
    result.parts["sum"] = objects.places(_worst(scene, building, total))
    result.spreads = _spreads(scene, places, flag, _flags(scene, building, by_map, single, top))
    return result


def _flags(scene: Scene, building: np.ndarray, wanted: np.ndarray, values: np.ndarray,
           top: np.ndarray) -> np.ndarray:  # fmt: skip
    """(n_surfaces,) 1 where the highest point of a building is one of ``wanted``."""
    out = np.zeros(scene.surfaces.n)
    out[building[wanted & (values == top[building])]] = 1.0
    return out


def _spreads(scene: Scene, places: Places, by_height: np.ndarray,
             by_map: np.ndarray) -> dict[str, np.ndarray]:  # fmt: skip
    """Deviations of the value, lux: each input counts by the share of the dwellings for which it
    gives the highest illuminance."""
    table, n = numbers(SPEC.id), scene.n_zones
    assert places.feature is not None
    weight = shared(places.zone, places.weight, n)
    value = np.nan_to_num(reduce_places(SPEC.parts[0], places, n).value)

    def part(flag: np.ndarray) -> np.ndarray:
        return ratio(shared(places.zone, places.weight * flag[places.feature], n), weight)

    mapped, said = part(by_map), layer_sigma(scene, ROLE)  # lux
    return {
        ROLE: mapped * (value * table["light"] if said is None else said),
        "luminous_intensity": value * (1.0 - mapped) * table["luminous_intensity"],
        "height": value * part(by_height) * table["height_assumed"],
        "model": value * (1.0 - mapped) * table["model"],
    }


def _worst(scene: Scene, building: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n_surfaces,) the highest point; unknown where any point is, for it may be the highest."""
    out = per_building(scene, building, values)
    out[building[np.isnan(values)]] = np.nan
    return out


SPEC = Indicator(
    id="light_nuisance",
    code="I19",
    theme="environment",
    parts=(Part("", P90, "lux"), Part("sum", P90, "lux", informative=True)),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input(ROLE, "role"),
        Input("luminous_intensity", "field"),
        Input("height", "field"),
        Input("dwellings", "field"),
    ),
    method="point-source-1",
    standard="NSVV (guideline)",
    radius=FARTHEST,
    sigma=(0.3, "relative"),
    decimals=2,
)
