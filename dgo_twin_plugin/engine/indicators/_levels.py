"""What the indicators that read maps share: sampling maps, weighing buildings, testing objects.

Sampling rules are those of indicators G2: a raster gives the nearest cell with data within two
cells, a contour polygon its upper bound, where several polygons of one map lie over each other
the highest counts, and what no map covers is missing, never zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from .. import levels, words
from ..counts import ranges
from ..facades import SAME_FACADE, Facades, facades_of
from ..geometry import Polygons, bbox_pairs, containing, geometry_from_wkb
from ..kept import by_row, each_alike, whole_of
from ..legal import test_limits, whole_db
from ..overlay import number
from ..people import people_of
from ..wkb import dimension
from ..words import BASIS_LEGAL
from .spec import LegalTest, Places

if TYPE_CHECKING:
    import datetime

    from ..norms import Profile
    from ..scene import Scene, VectorContext

MAP_DISTANCE = 2.0  # m outside the facade at which maps are sampled (indicators G2)
POINT_REACH = 5.0  # m from a receiver point of somebody's calculation within which it speaks
REACH = 2  # cells within which the nearest cell with data counts (indicators G2)
DISTANCE_CLASS = "distance_class"  # kind of a polygon that is a rule of thumb, not a map
WORDS = ("owner", "quantity", "kind", "source", "contribution")

T = TypeVar("T")
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


@cache
def field_value(name: str) -> PolygonValues:
    """The value of a polygon as one of its fields says it; for one field always the same."""
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
    if scene.vectors(role) is not None:
        maps += _polygon_maps(scene, role, xy, of_polygons)
    return maps


def _text(value: Any) -> str | None:
    if value is None or value != value or str(value).strip() == "":
        return None
    return str(value).strip().lower()


class _Drawn(NamedTuple):
    """The polygons and receiver points of a role (n,), and which map each belongs to."""

    maps: list[tuple[str, dict[str, str | None]]]  # layer, and what it or its features say
    group: np.ndarray  # index into ``maps``
    level: np.ndarray
    legal: np.ndarray  # bool
    receivers: np.ndarray  # rows that are points
    at: np.ndarray  # (receivers, 2) where these are


def _drawn(vectors: VectorContext, of_polygons: PolygonValues) -> _Drawn:
    columns = [[_text(v) for v in vectors.texts(word)] for word in WORDS]
    keys = list(zip(map(str, vectors.layer), *columns))
    groups = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    rows = [k for k, w in enumerate(vectors.wkb) if dimension(w) == 0]
    middles = [geometry_from_wkb(vectors.wkb[k]).Centroid() for k in rows]
    return _Drawn(
        [(layer, dict(zip(WORDS, said))) for layer, *said in groups],
        np.fromiter((groups[key] for key in keys), np.int64, vectors.n),
        of_polygons(vectors),
        np.fromiter((b == BASIS_LEGAL for b in vectors.texts("basis")), bool, vectors.n),
        np.array(rows, np.int64),
        np.array([(m.GetX(), m.GetY()) for m in middles]).reshape(-1, 2),
    )


def _polygon_maps(
    scene: Scene, role: str, xy: np.ndarray, of_polygons: PolygonValues
) -> list[MapValues]:
    vectors = scene.vectors(role)
    assert vectors is not None
    drawn = whole_of(scene, ("drawn", role), (vectors, of_polygons),
                     lambda: _drawn(vectors, of_polygons))  # fmt: skip
    level = drawn.level
    point, row = containing(context_polygons(scene, role), xy)
    if len(drawn.receivers):
        near, at = _receivers(drawn, xy)
        point, row = np.concatenate([point, near]), np.concatenate([row, at])
    known = np.isfinite(level[row])
    point, row = point[known], row[known]
    order = level[row].argsort(kind="stable")  # the highest is written last
    point, row = point[order], row[order]
    maps = []
    for index, (layer, said) in enumerate(drawn.maps):
        mine = drawn.group[row] == index
        value, fit = np.full(len(xy), np.nan), np.zeros(len(xy), bool)
        value[point[mine]] = level[row[mine]]
        fit[point[mine]] = drawn.legal[row[mine]]
        maps.append(MapValues(layer, said, value, fit))
    return maps


def _receivers(drawn: _Drawn, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (point, row) of places and the receiver points of a map within :data:`POINT_REACH`:
    a calculation by points speaks for the facade beside it and for nothing further away."""
    at = drawn.at
    i, j = bbox_pairs(np.hstack([xy, xy]), np.hstack([at, at]), POINT_REACH)
    close = np.hypot(*(xy[i] - at[j]).T) <= POINT_REACH
    return i[close], drawn.receivers[j[close]]


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

    def only(self, wanted: np.ndarray) -> Weighed:
        """Those of the surfaces (n,) bool."""
        k, some = (wanted.take(at).nonzero()[0] for at in (self.feature, self.rows))
        lines = (self.cut, self.zone, self.feature, self.weight, self.assumed)
        return Weighed(*(a.take(k) for a in lines), *(a.take(some)
                       for a in (self.rows, self.main_zone)))  # fmt: skip

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
    """Share a weight per surface, NaN where it has none, over the zones by ground (indicators
    G1)."""
    cut = scene.cut
    w = weight.take(cut.feature) * cut.share
    keep = (w > 0).nonzero()[0]
    zone, feature, share = (a.take(keep) for a in (cut.zone, cut.feature, cut.share))
    first = starts(feature)  # the parts of a building stand together
    rows, main = feature.take(first), zone.take(first)
    many = np.diff(first, append=len(keep))
    divided = (many > 1).nonzero()[0]
    if len(divided):  # its main zone is that of its largest part
        at, of = ranges(first[divided], first[divided] + many[divided])
        most = np.maximum.reduceat(share[at], starts(of))
        largest = share[at] == most[of]
        main[divided[of[largest]]] = zone[at[largest]]
    return Weighed(keep, zone, feature, w.take(keep), assumed.take(feature).astype(float), rows,
                   main)  # fmt: skip


def starts(ids: np.ndarray) -> np.ndarray:
    """Where another one begins in ``ids`` (k,), of which the same stand together."""
    other = np.ones(len(ids), bool)
    np.not_equal(ids[1:], ids[:-1], out=other[1:])
    return other.nonzero()[0]


def dwelling_weight(scene: Scene) -> Weighed:
    """w = dwellings; worked out once."""
    def make(scene: Scene) -> Weighed:  # what holds dwellings weighs by these for noise too
        return noise_weight(scene).only(people_of(scene).dwellings > 0)

    found: Weighed = scene.product("dwelling_weight", make)
    return found


def noise_weight(scene: Scene) -> Weighed:
    """w = dwellings; of education and care gfa / 110 m2 (indicators 13, 14); worked out once."""
    def make(scene: Scene) -> Weighed:
        crowd, surfaces = people_of(scene), scene.surfaces
        by_floor = surfaces.where("education", "care") & ~(np.abs(crowd.dwellings) > 0)
        assumed = np.where(by_floor, surfaces.assumed["gfa"], crowd.dwellings_assumed)
        return weighed(scene, crowd.homes, assumed)

    found: Weighed = scene.product("noise_weight", make)
    return found


def facade_maps(
    scene: Scene, points: Facades, rows: np.ndarray, role: str, of_polygons: PolygonValues
) -> tuple[np.ndarray, list[MapValues]]:
    """The maps of a role at the facade points of the buildings ``rows``: the building (surface
    row) of each of those points, and the maps sampled 2 m outside (indicators G2)."""
    known = map_values(scene, role, np.zeros((0, 2)), of_polygons)  # which maps there are

    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        own = points.of(some)
        maps = map_values(scene, role, own.at(MAP_DISTANCE), of_polygons)
        return (own.building, *(m.value for m in maps), *(m.legal for m in maps))

    building, *columns = by_row(scene, ("facade_maps", role), given_by(scene, role), rows, make,
                                SAME_FACADE)  # fmt: skip
    n = len(known)
    # who has them may write in them (a value that cannot be), so not in what is kept
    return building, [MapValues(m.layer, m.words, value.copy(), legal.copy())
                      for m, value, legal in zip(known, columns[:n], columns[n:])]  # fmt: skip


def given_by(scene: Scene, *roles: str) -> tuple[Any, ...]:
    """All that stands in the maps of some roles, to tell whether they are those of before."""
    return tuple((held.vectors, held.rasters) if held is not None else None
                 for held in map(scene.context.get, roles))  # fmt: skip


def at_buildings(
    scene: Scene, name: str, made_from: tuple[Any, ...], rows: np.ndarray,
    levels: Callable[[Facades], dict[T, np.ndarray]],
) -> dict[T, np.ndarray]:  # fmt: skip
    """(n_surfaces,) by name, what :func:`highest_at` finds at the buildings ``rows``, ascending, of
    the ``levels`` (m,) at their facade points. These rest on the points and on ``made_from`` alone,
    so of a building about which nothing changed they are not asked again."""
    names = whole_of(scene, ("levels", name), made_from, lambda: tuple(levels(Facades.none())))

    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        points = facades_of(scene).of(some)
        found = levels(points)
        return some, highest_at(points.building, some, [found[name] for name in names]).T

    row, top = by_row(scene, ("at_buildings", name), made_from, rows, make, SAME_FACADE)
    return dict(zip(names, spread_out(scene, row, top.T)))


def highest_at(
    building: np.ndarray, rows: np.ndarray, levels: list[np.ndarray]
) -> np.ndarray:  # fmt: skip
    """(levels, rows) the highest known level at the points of each building of ``rows``, NaN where
    none is; ``building``, the row of each point, and ``rows`` ascend."""
    out = np.full((len(levels), len(rows)), np.nan)
    if levels and len(building):
        first = starts(building)
        top = np.fmax.reduceat(np.array(levels), first, axis=1)
        top[top == -np.inf] = np.nan
        out[:, rows.searchsorted(building[first])] = top
    return out


def spread_out(scene: Scene, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(..., n_surfaces): ``values`` (..., k) at ``rows`` (k,) of the surfaces, NaN elsewhere."""
    out = np.full((*values.shape[:-1], scene.surfaces.n), np.nan)
    out[..., rows] = values
    return out


def per_building(scene: Scene, building: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n_surfaces,) the highest known value of the points of each building, NaN where none."""
    out = np.full(scene.surfaces.n, -np.inf)
    known = ~np.isnan(values)
    at, value = building[known], values[known]
    if len(at) and (np.diff(at) >= 0).all():
        first = starts(at)
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


class Tested(NamedTuple):
    """One quantity as the law sees it, and the numbers of :func:`law_numbers`."""

    kind: str  # variant of the law
    part: str
    limit: float
    standard: float


def law_numbers(
    profile: Profile, indicator: str, date: datetime.date, variant: str | None = None,
    part: str = "",
) -> tuple[float, float]:  # fmt: skip
    """(limit, standard) in force at a date for one variant and part; NaN where the profile knows
    none. Of several the strictest holds (all these quantities are better when lower)."""
    laws = [law for law in profile.law(indicator, date, variant, part)
            if variant is None or law.variant == variant]  # fmt: skip

    def lowest(values: list[float | None]) -> float:
        known = [float(v) for v in values if v is not None and isfinite(v)]
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
    both = test_limits([value, fit], limit, [[False], [True]], in_scope, whole=whole)
    found: np.ndarray = both[0]
    found[both[1] == words.EXCEEDS] = words.EXCEEDS
    return found


def legal_tests(
    objects: Weighed, source_kind: str | np.ndarray, value: np.ndarray,
    limit: np.ndarray | float, outcome: np.ndarray, standard: np.ndarray | float = np.nan,
    part: str = "",
) -> list[LegalTest]:  # fmt: skip
    """One :class:`LegalTest` per building of ``objects.rows`` whose value is known. ``value``,
    ``outcome``, ``limit`` and ``standard`` go with the rows."""
    limits = np.broadcast_to(np.asarray(limit, float), value.shape)
    standards = np.broadcast_to(np.asarray(standard, float), value.shape)
    kinds = np.broadcast_to(np.asarray(source_kind, object), value.shape)
    known = np.flatnonzero(~np.isnan(value))
    columns = (objects.rows, objects.main_zone, kinds, value, limits, outcome, standards)
    return [LegalTest(row, zone, str(kind), top, least, str(found), part, aim)
            for row, zone, kind, top, least, found, aim
            in zip(*(a[known].tolist() for a in columns))]  # fmt: skip


def tests_of(
    scene: Scene, indicator: str, objects: Weighed, laws: list[Tested], value: np.ndarray,
    fit: np.ndarray, in_scope: np.ndarray, whole: bool = False,
) -> list[LegalTest]:  # fmt: skip
    """One :class:`LegalTest` per law and building whose value is known: ``value`` and ``fit``
    (laws, rows) as in :func:`outcomes`, ``in_scope`` (rows,) bool, of ``objects.rows``. What is
    tested on the same figures as in the last scene keeps its test."""
    rows, zones = objects.rows, objects.main_zone
    limit, standard = np.array([(x.limit, x.standard) for x in laws]).reshape(-1, 2).T

    def make(cells: np.ndarray) -> list[Any]:
        law, at = np.divmod(cells, len(rows))
        top, most = value[law, at], limit[law]
        found = outcomes(top, fit[law, at], most, in_scope[at], whole)
        top = whole_db(top) if whole else top
        return [LegalTest(row, zone, laws[k].kind, high, bound, outcome, laws[k].part, aim)
                if high == high else None
                for k, row, zone, high, bound, outcome, aim
                in zip(*(c.tolist() for c in (law, rows[at], zones[at], top, most, found,
                                              standard[law])))]  # fmt: skip

    name = "tests", indicator, *((x.kind, x.part) for x in laws)
    columns = value, fit, limit[:, None], standard[:, None], rows, zones, in_scope
    found = each_alike(scene, name, columns, make)
    return [test for test in found if test is not None] if np.isnan(value).any() else found


def zones_with(scene: Scene, objects: Weighed, flag: np.ndarray) -> np.ndarray:
    """(n_zones + 1,) True where a building with ``flag`` (n_surfaces,) weighs in that zone; index 0
    where any does."""
    out = np.zeros(scene.n_zones + 1, bool)
    out[objects.zone[flag[objects.feature]]] = True
    out[0] = out[1:].any()
    return out
