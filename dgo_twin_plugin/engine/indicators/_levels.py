"""What the indicators that read maps share: sampling maps, weighing buildings, testing objects.

Sampling rules are those of indicators G2: a raster gives the nearest cell with data within two
cells, a contour polygon its upper bound, where several polygons of one map lie over each other
the highest counts, and what no map covers is missing, never zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import levels, words
from ..facades import BESIDE
from ..geometry import Polygons, bbox_pairs, containing, geometry_from_wkb
from ..kept import by_row, each_alike, whole_of
from ..legal import test_limits
from ..overlay import number
from ..people import people_of
from ..wkb import dimension
from ..words import BASIS_LEGAL
from .spec import LegalTest, Places

if TYPE_CHECKING:
    import datetime

    from ..facades import Facades
    from ..norms import Profile
    from ..scene import Scene, VectorContext

MAP_DISTANCE = 2.0  # m outside the facade at which maps are sampled (indicators G2)
POINT_REACH = 5.0  # m from a receiver point of somebody's calculation within which it speaks
REACH = 2  # cells within which the nearest cell with data counts (indicators G2)
DISTANCE_CLASS = "distance_class"  # kind of a polygon that is a rule of thumb, not a map
WORDS = ("owner", "quantity", "kind", "source", "contribution")

PolygonValues = Callable[["VectorContext"], np.ndarray]


@dataclass(frozen=True, eq=False)
class MapValues:
    """One map (one layer of one owner, quantity, kind ...) at m points.

    ``words`` what the layer or its features say of themselves (:data:`WORDS`, lower case, None
    where nothing); ``value`` (m,) NaN where the map says nothing; ``legal`` (m,) True where the
    value comes from an input declared fit for a legal test (``basis: legal``).
    """

    layer: str
    words: dict[str, str | None]
    value: np.ndarray
    legal: np.ndarray

    def said(self, word: str) -> str | None:
        return self.words.get(word)


def context_polygons(scene: Scene, role: str) -> Polygons:
    """The polygons of a role, parsed once. The role must hold vectors."""
    vectors = scene.vectors(role)
    assert vectors is not None
    found: Polygons = scene.product(("polygons", role), lambda _: whole_of(
        scene, ("polygons", role), (vectors,), lambda: Polygons.from_wkb(vectors.wkb)))  # fmt: skip
    return found


def noise_level(vectors: VectorContext) -> np.ndarray:
    """(n,) dB of noise contours: the upper bound, an open top its lower bound + 5 (G2); by their
    bounds, else by their class as a text (``50-55``), else by a level itself (receiver points)."""
    level = levels.upper_bound(vectors, "lden_to", "lden_from")
    for other in (levels.class_bound(vectors, "lden_class"), number(vectors, "lden")):
        level = np.where(np.isnan(level), other, level)
    return level


def field_value(name: str) -> PolygonValues:
    """The value of a polygon as one of its fields says it."""
    return lambda vectors: number(vectors, name)


def map_values(
    scene: Scene, role: str, xy: np.ndarray, of_polygons: PolygonValues
) -> list[MapValues]:
    """Every map of a role at points ``xy`` (m, 2), local metres; rasters first, in their order."""
    xy = np.asarray(xy, float).reshape(-1, 2)
    maps = []
    rasters = scene.rasters(role)
    for item, value in zip(rasters, levels.sampled(rasters, xy, REACH)):
        value = np.where(np.isfinite(value), value, np.nan)
        said = {word: _text(item.attributes.get(word)) for word in WORDS}
        fit = np.full(len(xy), item.basis == BASIS_LEGAL)
        maps.append(MapValues(item.layer, said, value, fit))
    vectors = scene.vectors(role)
    if vectors is not None:
        maps += _polygon_maps(scene, vectors, xy, of_polygons(vectors))
    return maps


def _text(value: Any) -> str | None:
    if value is None or value != value or str(value).strip() == "":
        return None
    return str(value).strip().lower()


def _polygon_maps(
    scene: Scene, vectors: VectorContext, xy: np.ndarray, level: np.ndarray
) -> list[MapValues]:
    columns = [[_text(v) for v in vectors.texts(word)] for word in WORDS]
    keys = list(zip(map(str, vectors.layer), *columns))
    groups = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    group = np.fromiter((groups[key] for key in keys), np.int64, vectors.n)
    legal = np.fromiter((b == BASIS_LEGAL for b in vectors.texts("basis")), bool, vectors.n)
    point, row = containing(context_polygons(scene, vectors.role), xy)
    near, at = _receivers(vectors, xy)
    point, row = np.concatenate([point, near]), np.concatenate([row, at])
    known = np.isfinite(level[row])
    point, row = point[known], row[known]
    order = np.argsort(level[row], kind="stable")  # the highest is written last
    point, row = point[order], row[order]
    maps = []
    for key, index in groups.items():
        mine = group[row] == index
        value, fit = np.full(len(xy), np.nan), np.zeros(len(xy), bool)
        value[point[mine]] = level[row[mine]]
        fit[point[mine]] = legal[row[mine]]
        maps.append(MapValues(key[0], dict(zip(WORDS, key[1:])), value, fit))
    return maps


def _receivers(vectors: VectorContext, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (point, row) of places and the receiver points of a map within :data:`POINT_REACH`:
    a calculation by points speaks for the facade beside it and for nothing further away."""
    rows = np.array([k for k, w in enumerate(vectors.wkb) if dimension(w) == 0], np.int64)
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    middles = [geometry_from_wkb(vectors.wkb[k]).Centroid() for k in rows]
    at = np.array([(m.GetX(), m.GetY()) for m in middles])
    i, j = bbox_pairs(np.hstack([xy, xy]), np.hstack([at, at]), POINT_REACH)
    close = np.hypot(*(xy[i] - at[j]).T) <= POINT_REACH
    return i[close], rows[j[close]]


def energetic(levels: list[np.ndarray], m: int) -> np.ndarray:
    """(m,) 10 lg sum 10^(L/10), dB, over the levels that are known; NaN where none is."""
    total, any_known = np.zeros(m), np.zeros(m, bool)
    for level in levels:
        known = np.isfinite(level)
        total += np.where(known, 10.0 ** (np.where(known, level, 0.0) / 10.0), 0.0)
        any_known |= known
    out = np.full(m, np.nan)
    out[any_known] = 10.0 * np.log10(total[any_known])
    return out


def highest(levels: list[np.ndarray], m: int) -> np.ndarray:
    """(m,) the highest of the known values, NaN where none is."""
    out = np.full(m, np.nan)
    for level in levels:
        out = np.fmax(out, level)
    return out


@dataclass(frozen=True)
class Weighed:
    """Buildings that weigh, one row per building and zone (k,)."""

    cut: np.ndarray  # row in scene.cut
    zone: np.ndarray
    feature: np.ndarray  # row in scene.surfaces
    weight: np.ndarray
    assumed: np.ndarray  # 1.0 where the deciding field came from a default
    rows: np.ndarray  # the different buildings, sorted
    main_zone: np.ndarray  # zone that holds most of each of ``rows``

    def places(self, per_surface: np.ndarray) -> Places:
        """Places with a value per surface row."""
        return Places(self.zone, self.weight, per_surface[self.feature], self.feature,
                      assumed=self.assumed)  # fmt: skip

    def ratio(self, yes: np.ndarray) -> Places:
        """Places for a share: ``yes`` per surface row is 1, 0 or NaN (unknown)."""
        flag = yes[self.feature]
        return Places(self.zone, self.weight, 100.0 * flag, self.feature, num=self.weight * flag,
                      den=np.where(np.isfinite(flag), self.weight, np.nan),
                      assumed=self.assumed)  # fmt: skip


def weighed(scene: Scene, weight: np.ndarray, assumed: np.ndarray) -> Weighed:
    """Share a weight per surface over the zones by ground (indicators G1)."""
    cut = scene.cut
    per_surface = np.nan_to_num(np.asarray(weight, float), nan=0.0)
    w = per_surface[cut.feature] * cut.share
    keep = np.flatnonzero(w > 0)
    zone, feature = np.asarray(cut.zone)[keep], np.asarray(cut.feature)[keep]
    order = np.argsort(np.asarray(cut.share)[keep], kind="stable")  # the largest last
    main = np.zeros(scene.surfaces.n, np.int64)
    main[feature[order]] = zone[order]
    rows = np.unique(feature)
    default = np.asarray(assumed, float)[feature]
    return Weighed(keep, zone, feature, w[keep], default, rows, main[rows])


def dwelling_weight(scene: Scene) -> Weighed:
    """w = dwellings."""
    crowd = people_of(scene)
    return weighed(scene, crowd.dwellings, crowd.dwellings_assumed)


def noise_weight(scene: Scene) -> Weighed:
    """w = dwellings; of education and care gfa / 110 m2 (indicators 13, 14)."""
    crowd, surfaces = people_of(scene), scene.surfaces
    by_floor = surfaces.where("education", "care") & (np.nan_to_num(crowd.dwellings) == 0)
    assumed = np.where(by_floor, surfaces.assumed["gfa"], crowd.dwellings_assumed)
    return weighed(scene, crowd.homes, assumed)


def facade_maps(
    scene: Scene, points: Facades, rows: np.ndarray, role: str, of_polygons: PolygonValues
) -> tuple[np.ndarray, list[MapValues]]:
    """The maps of a role at the facade points of the buildings ``rows``: the building (surface
    row) of each of those points, and the maps sampled 2 m outside (indicators G2)."""
    known = map_values(scene, role, np.zeros((0, 2)), of_polygons)  # which maps there are

    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        wanted = np.zeros(scene.surfaces.n, bool)
        wanted[some] = True
        index = np.flatnonzero(wanted[points.building])
        maps = map_values(scene, role, points.at(MAP_DISTANCE)[index], of_polygons)
        return (points.building[index], *(m.value for m in maps), *(m.legal for m in maps))

    held = scene.context.get(role)
    made_from = (held.vectors, held.rasters) if held is not None else ()
    building, *columns = by_row(scene, ("facade_maps", role), made_from, rows, make,
                                BESIDE)  # fmt: skip
    n = len(known)
    # who has them may write in them (a value that cannot be), so not in what is kept
    return building, [MapValues(m.layer, m.words, value.copy(), legal.copy())
                      for m, value, legal in zip(known, columns[:n], columns[n:])]  # fmt: skip


def per_building(scene: Scene, building: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n_surfaces,) the highest known value of the points of each building, NaN where none."""
    out = np.full(scene.surfaces.n, -np.inf)
    known = ~np.isnan(values)
    at, value = building[known], values[known]
    if len(at) and (np.diff(at) >= 0).all():
        first = np.flatnonzero(np.diff(at, prepend=-1))
        out[at[first]] = np.maximum.reduceat(value, first)
    else:
        np.maximum.at(out, at, value)
    out[np.isneginf(out)] = np.nan
    return out


def sums(zone: np.ndarray, amount: np.ndarray, n_zones: int) -> np.ndarray:
    """(n_zones + 1,) sums per zone, the plan at 0."""
    out = np.bincount(zone, amount, n_zones + 1)
    out[0] = amount.sum()
    return out


def zone_mean(scene: Scene, objects: Weighed, values: np.ndarray) -> np.ndarray:
    """(n_zones + 1,) weighted mean over the places where ``values`` (n_surfaces,) is known."""
    x = values[objects.feature]
    known = ~np.isnan(x)
    zone, w = objects.zone[known], objects.weight[known]
    top, total = sums(zone, w * x[known], scene.n_zones), sums(zone, w, scene.n_zones)
    mean: np.ndarray = np.divide(top, total, out=np.full(len(top), np.nan), where=total > 0)
    return mean


def law_numbers(
    profile: Profile, indicator: str, date: datetime.date, variant: str | None = None,
    part: str = "",
) -> tuple[float, float]:  # fmt: skip
    """(limit, standard) in force at a date for one variant and part; NaN where the profile knows
    none. Of several the strictest holds (all these quantities are better when lower)."""
    laws = [law for law in profile.law(indicator, date, variant, part)
            if variant is None or law.variant == variant]  # fmt: skip

    def lowest(values: list[float | None]) -> float:
        known = [float(v) for v in values if v is not None and np.isfinite(v)]
        return min(known) if known else float("nan")

    return lowest([law.limit for law in laws]), lowest([law.standard for law in laws])


def fit_values(maps: list[MapValues]) -> list[np.ndarray]:
    """The values of maps that were declared fit for a legal test, NaN elsewhere."""
    return [np.where(m.legal, m.value, np.nan) for m in maps]


def outcomes(
    value: np.ndarray, fit: np.ndarray, limit: np.ndarray | float, in_scope: np.ndarray,
    whole: bool = False,
) -> np.ndarray:  # fmt: skip
    """Outcome of the law per object (object array of :data:`words.LEGAL_CHECKS`).

    ``value`` is what all inputs say, ``fit`` what those with a legal basis say by themselves
    (NaN: none). Only ``fit`` can exceed; beyond that an excess is indicative (indicators, "The
    law"). ``whole``: noise, compared in whole dB.
    """
    found = test_limits(value, limit, False, in_scope, whole=whole)
    certain = test_limits(fit, limit, True, in_scope, whole=whole) == words.EXCEEDS
    found[certain] = words.EXCEEDS
    return found


def legal_tests(
    objects: Weighed, source_kind: str | np.ndarray, value: np.ndarray,
    limit: np.ndarray | float, outcome: np.ndarray, standard: np.ndarray | float = np.nan,
    part: str = "", told: tuple[Scene, str] | None = None,
) -> list[LegalTest]:  # fmt: skip
    """One :class:`LegalTest` per building of ``objects.rows`` whose value is known. ``value``,
    ``outcome``, ``limit`` and ``standard`` go with the rows. ``told``: the scene and the indicator,
    where tests of the last scene that came out the same may be taken over."""
    limits = np.broadcast_to(np.asarray(limit, float), value.shape)
    standards = np.broadcast_to(np.asarray(standard, float), value.shape)
    kinds = np.broadcast_to(np.asarray(source_kind, object), value.shape)
    known = np.flatnonzero(~np.isnan(value))
    columns = tuple(a[known] for a in (objects.rows, objects.main_zone, kinds, value, limits,
                                       outcome, standards))  # fmt: skip

    def make(rows: np.ndarray) -> list[LegalTest]:
        return [LegalTest(row, zone, str(kind), top, least, str(found), part, aim)
                for row, zone, kind, top, least, found, aim
                in zip(*(a[rows].tolist() for a in columns))]  # fmt: skip

    if told is None:
        return make(np.arange(len(known)))
    source = str(source_kind) if isinstance(source_kind, str) else ""
    return each_alike(told[0], ("tests", told[1], source, part), columns, make)


def proxy_zones(
    scene: Scene, objects: Weighed, building: np.ndarray, rough: np.ndarray
) -> np.ndarray:
    """(n_zones + 1,) True where a point that rests on a rule of thumb (``rough``, one per facade
    point) belongs to a building that weighs in that zone; index 0 where any does."""
    flag = np.zeros(scene.surfaces.n, bool)
    flag[building[rough]] = True
    out = np.zeros(scene.n_zones + 1, bool)
    out[objects.zone[flag[objects.feature]]] = True
    out[0] = out[1:].any()
    return out
