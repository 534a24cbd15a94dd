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

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..changed import changed_ground
from ..facades import BESIDE, SAME_FACADE, Facades, facades_of
from ..geometry import bbox_pairs
from ..kept import by_row, whole_of
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
)
from ._sight import Walls, passing, walls
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

    @cached_property
    def box(self) -> np.ndarray:
        """(n, 4) about all that each is followed to."""
        return np.column_stack([self.xy - self.reach[:, None], self.xy + self.reach[:, None]])

    def take(self, rows: np.ndarray) -> _Lamps:
        return _Lamps(*(getattr(self, column.name)[rows] for column in fields(self)))


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
    top = np.maximum(floors, 1.0) - 1.0
    storey = np.minimum(np.maximum(np.rint((height - FIRST) / STOREY), 0.0), top)
    rise = height - (FIRST + STOREY * storey)
    r2 = (to * to).sum(axis=1) + rise * rise
    with np.errstate(divide="ignore", invalid="ignore"):
        lux = intensity * front / r2**1.5
    return np.where(front > 0, lux, 0.0)


def _lamps(scene: Scene) -> _Lamps | None:
    items = scene.items
    height, intensity = items.fields["height"], items.fields["luminous_intensity"]

    def make() -> np.ndarray:
        rows = items.where("luminaire") & np.isfinite(items.xy).all(axis=1)
        found: np.ndarray = np.column_stack([items.xy, height, intensity])[rows]
        return found

    said = whole_of(scene, "lamps_said", (items.function, items.xy, height, intensity), make)
    if not len(said):
        return None
    default = scene.surfaces.functions["luminaire"].defaults.get("height", MOUNTING)
    return whole_of(scene, "lamps", (said, default), lambda: _lamps_of(said, float(default)))


def _lamps_of(said: np.ndarray, default: float) -> _Lamps:
    """``said`` (n, 4): x, y, height and intensity; ``default`` the height where none is said."""
    # an exact copy of a luminaire is no second one
    first = np.unique(np.nan_to_num(said, nan=-1.0), axis=0, return_index=True)[1]
    x, y, height, intensity = said[np.sort(first)].T
    # E <= I / r^2, so beyond sqrt(I / least) a luminaire stays below the least that counts
    reach = np.minimum(np.sqrt(np.maximum(np.nan_to_num(intensity), 0.0) / LEAST), FARTHEST)
    reach[np.isnan(intensity)] = UNKNOWN_REACH
    lost = ~np.isfinite(height)
    return _Lamps(np.column_stack([x, y]), np.where(lost, default, height), lost, intensity, reach)


@dataclass
class _Rays:
    """Pairs of a luminaire and a facade point that matter as long as nothing stands between them;
    arrays (m,)."""

    lamp: np.ndarray
    point: np.ndarray
    start: np.ndarray  # (m, 2) the luminaire
    end: np.ndarray  # (m, 2) the point
    lux: np.ndarray
    dark: np.ndarray  # True where the intensity is unknown

    def take(self, rows: np.ndarray) -> _Rays:
        return _Rays(*(values[rows] for values in vars(self).values()))


def _rays(scene: Scene, lamps: _Lamps, points: Facades, lamp: np.ndarray,
          point: np.ndarray) -> _Rays:  # fmt: skip
    """Those of the pairs ``lamp`` and ``point`` (m,) that give light enough."""
    floors = np.nan_to_num(np.asarray(scene.surfaces.fields["floors"], float)[
        points.building[point]], nan=1.0)  # fmt: skip
    start, end, intensity = lamps.xy[lamp], points.xy[point], lamps.intensity[lamp]
    dark = np.isnan(intensity)
    lux = illuminance(np.where(dark, 1.0, intensity), lamps.height[lamp], start - end,
                      points.normal[point], floors)  # fmt: skip
    keep = np.where(dark, lux > 0, lux >= LEAST).nonzero()[0]
    return _Rays(lamp, point, start, end, lux, dark).take(keep)


def _at_facades(scene: Scene, lamps: _Lamps,
                points: Facades) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Per facade point the largest single illuminance, the sum, lux, and whether the largest has
    an assumed height. NaN where a luminaire of unknown intensity is in sight."""
    rays, m = _rays(scene, lamps, points, *near(lamps, points.xy)), len(points.building)
    obstacles = _walls(scene, rays)
    clear = np.zeros(len(rays.lamp), bool)
    for first in range(0, len(clear), AT_ONCE):
        beat()
        part = slice(first, first + AT_ONCE)
        clear[part] = ~obstacles.between(rays.start[part], rays.end[part])
    rays = rays.take(clear.nonzero()[0])
    single, total, rough = np.zeros(m), np.zeros(m), np.zeros(m, bool)
    known = (~rays.dark).nonzero()[0]
    order = known[rays.lux[known].argsort(kind="stable")]
    single[rays.point[order]] = rays.lux[order]  # the largest is written last
    rough[rays.point[order]] = lamps.assumed[rays.lamp[order]]
    np.add.at(total, rays.point[known], rays.lux[known])
    lost = rays.point[rays.dark]
    single[lost], total[lost] = np.nan, np.nan
    return single, total, rough


@dataclass
class _Lit:
    """What falls on buildings, of all their facade points together; arrays (n_surfaces,)."""

    single: np.ndarray  # lux: the largest of one installation, NaN unknown
    total: np.ndarray  # lux of all installations
    by_height: np.ndarray  # 1 where the height of that largest one is assumed
    by_map: np.ndarray  # 1 where it was read off a map


def _lit(scene: Scene, lamps: _Lamps | None, rows: np.ndarray) -> _Lit:
    """Of the buildings ``rows``; of others NaN and 0. Told again of a building that changed or has
    other facade points, and of those between which and a luminaire a wall came or went
    (:func:`_lit_anew`)."""
    facades = facades_of(scene)

    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        return some, *_brightest(scene, lamps, facades.of(some), some)

    held = scene.context.get(ROLE)
    made_from = (lamps, *(() if held is None else (held.vectors, held.rasters)))
    again = None if scene.reuse is None else _lit_anew(scene, lamps, facades, rows)
    floors = np.asarray(scene.surfaces.fields["floors"], float)
    row, *columns = by_row(scene, "light", made_from, rows, make, SAME_FACADE, (floors,), again)
    found = _Lit(*(np.full(scene.surfaces.n, value) for value in (np.nan, np.nan, 0.0, 0.0)))
    for name, column in zip(vars(found), columns):
        getattr(found, name)[row] = column
    return found


def _brightest(scene: Scene, lamps: _Lamps | None, points: Facades,
               rows: np.ndarray) -> tuple[np.ndarray, ...]:  # fmt: skip
    """The four of :class:`_Lit`, arrays (k,), of the buildings ``rows``, all of whose facade points
    these are."""
    m, home = len(points.building), np.searchsorted(rows, points.building)
    maps = map_values(scene, ROLE, points.at(MAP_DISTANCE), field_value("lux_night"))
    mapped = [x.value for x in maps]
    rough = np.zeros(m, bool)
    by_map = np.ones(m, bool)  # whether the highest is read off a map
    if lamps is None:
        single = highest(mapped, m)
        total = np.where(np.isnan(single), np.nan, sum(np.nan_to_num(v) for v in mapped))
    else:
        single, total, rough = _at_facades(scene, lamps, points)
        on_map = highest(mapped, m)
        by_map = on_map > single
        rough &= ~by_map
        single = np.where(np.isnan(single), np.nan, np.fmax(single, on_map))
        total = total + sum((np.nan_to_num(v) for v in mapped), np.zeros(m))
    top = _worst(home, single, len(rows))
    best = single == top[home]
    flags = np.zeros((2, len(rows)))
    for flag, which in zip(flags, (rough & best & (single > 0), by_map & best)):
        flag[home[which]] = 1.0
    return top, _worst(home, total, len(rows)), flags[0], flags[1]


def _lit_anew(scene: Scene, lamps: _Lamps | None, facades: Facades,
              rows: np.ndarray) -> np.ndarray:  # fmt: skip
    """(n_surfaces,) which of the buildings ``rows`` may see more or less of a luminaire, because a
    wall came or went in between."""
    again = np.zeros(scene.surfaces.n, bool)
    boxes = changed_ground(scene, "light", ("buildings",))
    if boxes is None:
        again[rows] = True
    elif len(boxes) and lamps is not None:
        lamps = lamps.take(np.unique(bbox_pairs(lamps.box, boxes)[0]))
        lit = bbox_pairs(scene.surfaces.polygons.bounds()[rows], lamps.box, BESIDE)[0]
        points = facades.of(rows[np.unique(lit)])
        lamp, point = near(lamps, points.xy)
        through = passing(lamps.xy[lamp], points.xy[point], boxes).nonzero()[0]
        rays = _rays(scene, lamps, points, lamp[through], point[through])
        again[points.building[rays.point]] = True
    return again


def _walls(scene: Scene, rays: _Rays) -> Walls:
    """The walls that may stand on some lines of sight; all, where there are many."""
    if scene.reuse is None or not len(rays.lamp) or "walls" in scene.cache:
        found: Walls = scene.product("walls", walls)
        return found
    both = np.concatenate([rays.start, rays.end])
    return walls(scene, np.concatenate([both.min(axis=0), both.max(axis=0)]))


def near(lamps: _Lamps, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (luminaire, point) no further apart in plan than the luminaire is followed."""
    i, j = bbox_pairs(lamps.box, np.hstack([xy, xy]))
    close = np.hypot(*(lamps.xy[i] - xy[j]).T) <= lamps.reach[i]
    return i[close], j[close]


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure light from the design's luminaires and the maps of role ``light``."""
    del profile  # no legal number: a guideline (NSVV) and a duty of care
    lamps = _lamps(scene)
    if lamps is None and not scene.has(ROLE):
        return Measurement(missing=say("indicators.light_nuisance.no_light"),
                           legal_default=NOT_IN_SCOPE)  # fmt: skip
    objects = dwelling_weight(scene)
    lit = _lit(scene, lamps, objects.rows)
    result = Measurement(legal_default=NOT_IN_SCOPE)
    places = objects.places(lit.single)
    places.assumed = np.maximum(objects.assumed, lit.by_height[objects.feature])
    result.parts[""] = places
    result.parts["sum"] = objects.places(lit.total)
    result.spreads = _spreads(scene, places, lit.by_height, lit.by_map)
    return result


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


def _worst(home: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """(n,) the highest of the points of each, where ``home`` ascends; unknown where any point is,
    for it may be the highest, and where there is none."""
    out: np.ndarray = np.full(n, np.nan)
    if len(home):
        first = np.diff(home, prepend=-1).nonzero()[0]
        out[home[first]] = np.maximum.reduceat(values, first)
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
