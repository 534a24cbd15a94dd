"""From a scene to what its roads add at the facades: the bridge to :mod:`.srm1`.

Receivers are the facade points (indicators G2). At a point the nearest piece of each street counts;
streets add. SRM1 does not hold behind buildings: a facade from which the nearest point of the axis
is not seen gets nothing from that street. Roads of the plan (``origin: plan``) are kept apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ...boxes import bbox_pairs
from ...facades import facades_of
from ...geometry import geometry_from_wkb
from ...network import _collect
from ...overlay import number
from ...pulse import beat
from ..ground import building_heights, crowns_of
from ..tables import constants
from . import srm1, streets
from .factors import ROADS, Factors, road_class, table_for

if TYPE_CHECKING:
    from ...scene import Scene, VectorContext

_AT_ONCE = 20_000  # lines of sight
AUTONOMOUS, PLAN = ORIGINS = ("autonomous", "plan")
SUBSTANCES = ("no2", "pm10", "pm25")


@dataclass(frozen=True, eq=False)
class Traffic:
    """Roads with their traffic, arrays (n,) per feature of the role ``roads``."""

    emitted: dict[str, np.ndarray]  # ug per m and s, NaN where the traffic is not known
    plan: np.ndarray  # bool: there because of the plan
    street_type: np.ndarray  # NaN where not given
    tree_factor: np.ndarray
    spread: np.ndarray  # relative, of the traffic figures
    odd: dict[str, np.ndarray]  # kind of finding -> bool, see `air_*` in the texts of the checks

    @property
    def known(self) -> np.ndarray:
        found: np.ndarray = np.isfinite(self.emitted["nox"])
        return found


@dataclass(eq=False)
class RoadAir:
    """What roads add at each building, at the facade where they add most; (n_surfaces,), NaN where
    the building has no facade. ``traffic`` and ``street`` are standard deviations in ug/m3."""

    added: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)  # substance -> origin
    traffic: dict[str, np.ndarray] = field(default_factory=dict)
    street: dict[str, np.ndarray] = field(default_factory=dict)
    ozone: np.ndarray | None = None  # d NO2 / d ln O3: ug/m3 for a relative change of 1
    origins: tuple[str, ...] = ()  # of roads with traffic anywhere in the scene
    ozone_assumed: bool = False
    table: Factors | None = None
    counts: dict[str, int] = field(default_factory=dict)  # findings that apply here -> how many


def traffic_of(vectors: VectorContext, table: Factors) -> Traffic:
    """Emission and what else SRM1 asks of each road. Figures that cannot be are not guessed: such
    a road has no known traffic."""
    given = constants("air")["traffic"]
    valid = constants("air")["validity"]
    n = vectors.n

    strange = np.zeros(n, bool)

    def field_of(name: str, low: float, high: float) -> np.ndarray:
        values = number(vectors, name)
        with np.errstate(invalid="ignore"):
            inside = (values >= low) & (values <= high)
        strange[~np.isnan(values) & ~inside] = True
        return np.where(inside, values, np.nan)

    intensity = field_of("intensity", 0.0, 1e6)
    raw_speed = field_of("speed", 1.0, 200.0)
    medium, heavy = field_of("medium", 0.0, 100.0), field_of("heavy", 0.0, 100.0)
    congestion = field_of("congestion", 0.0, 1.0)
    assumed = np.isnan(raw_speed) | np.isnan(medium) | np.isnan(heavy)
    filled = {name: np.where(np.isnan(values), float(given[name]), values)
              for name, values in (("speed", raw_speed), ("medium", medium), ("heavy", heavy),
                                   ("congestion", congestion))}  # fmt: skip
    shares = filled["medium"] + filled["heavy"]
    impossible = shares > 100.0
    kind = road_class(filled["speed"])
    emitted = {
        s: np.where(impossible, np.nan, srm1.emission(
            intensity, filled["medium"] / 100.0, filled["heavy"] / 100.0, filled["congestion"],
            table.flowing(s, kind), table.stagnating(s, kind)))
        for s in srm1.EMITTED
    }  # fmt: skip
    height = field_of("height", -100.0, 100.0)
    busy = intensity > 0
    spread = constants("air")["spreads"]
    street_type = np.round(field_of("street_type", 1.0, 4.0))
    trees = field_of("tree_factor", 1.0, 1.5)
    fast = kind == ROADS.index("motorway")
    with np.errstate(invalid="ignore"):
        odd = {
            "air_impossible": strange,
            "air_no_traffic": np.isnan(intensity),
            "air_bad_shares": impossible,
            "air_open_road": busy & (filled["speed"] > valid["speed"][1]),
            "air_slow_road": busy & (filled["speed"] < valid["speed"][0]),
            "air_raised_road": busy & (np.abs(height) > valid["height"]),
            "air_very_busy": busy & ~fast & (intensity > valid["intensity"]),
        }
        street_type = np.where(odd["air_open_road"], float(constants("air")["srm1"]["open"]),
                               street_type)  # fmt: skip
    origin = vectors.texts("origin")
    plan = np.fromiter((str(o).strip().lower() == PLAN for o in origin), bool, n)
    about = np.where(assumed, spread["traffic_assumed"], spread["traffic"])
    return Traffic(emitted, plan, street_type, trees, about, odd)


def roads_of(scene: Scene) -> Traffic | None:
    """The traffic of the scene, or None where no road is given."""

    def make(made: Scene) -> Traffic | None:
        vectors = made.vectors("roads")
        return None if vectors is None else traffic_of(vectors, table_for(made.date))

    found: Traffic | None = scene.product("air_traffic", make)
    return found


def road_air(scene: Scene) -> RoadAir:
    """What roads add at the buildings of the plan, worked out once."""
    found: RoadAir = scene.product("road_air", _road_air)
    return found


def _road_air(scene: Scene) -> RoadAir:
    result = RoadAir(table=table_for(scene.date), ozone_assumed=not scene.rasters("o3"))
    traffic, vectors = roads_of(scene), scene.vectors("roads")
    if traffic is None or vectors is None:
        return result
    known = traffic.known & (np.nan_to_num(traffic.emitted["nox"]) > 0)
    result.origins = tuple(o for o, mine in ((AUTONOMOUS, ~traffic.plan), (PLAN, traffic.plan))
                           if (known & mine).any())  # fmt: skip
    points = facades_of(scene)
    xy, building = points.xy, points.building
    lines, row = _lines(vectors, xy)
    for kind, found in traffic.odd.items():
        result.counts[kind] = int(found[np.unique(row)].sum())
    keep = [k for k, r in enumerate(row) if known[r]]
    lines, row = [lines[k] for k in keep], row[keep]
    chain = streets.chained(lines, traffic.plan[row].astype(np.int64))
    axis = streets.pieces(lines, constants("air")["streets"]["piece"], chain)
    pairs = _pairs(scene, traffic, axis, row, xy)
    _add_up(scene, result, traffic, pairs, building, xy)
    return result


def _lines(vectors: VectorContext, xy: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Lines within reach of the points or of the stretch that decides there, and the feature of
    each."""
    reach = float(constants("air")["srm1"]["far"]) + constants("air")["streets"]["stretch"] / 2.0
    lines: list[np.ndarray] = []
    row = []
    for r, data in enumerate(vectors.wkb):
        if not r % 500:
            beat()
        found: list[np.ndarray] = []
        _collect(geometry_from_wkb(data), found)
        found = [line for line in found if np.hypot(*np.diff(line, axis=0).T).sum() > 1e-3]
        lines += found
        row += [r] * len(found)
    if not lines or not len(xy):
        return [], np.zeros(0, np.int64)
    boxes = np.array([[*line.min(axis=0), *line.max(axis=0)] for line in lines])
    cell = np.unique(np.floor(xy / reach), axis=0) * reach
    near = np.unique(bbox_pairs(boxes, np.hstack([cell, cell + reach]), reach)[0])
    return [lines[k] for k in near], np.array(row, np.int64)[near]


@dataclass(frozen=True, eq=False)
class _Pairs:
    """A point and a street, arrays (q,)."""

    point: np.ndarray
    road: np.ndarray  # feature
    distance: np.ndarray
    seen: np.ndarray  # bool
    street_type: np.ndarray
    trees: np.ndarray
    spread: np.ndarray  # relative, of type and trees


def _pairs(
    scene: Scene, traffic: Traffic, axis: streets.Axis, row: np.ndarray, xy: np.ndarray,
) -> _Pairs:  # fmt: skip
    from ...indicators._sight import Walls, walls

    reach = float(constants("air")["srm1"]["far"])
    kind, trees, spread = _surroundings(scene, traffic, axis, row)
    piece, point, away, foot = streets.nearest(xy, axis, axis.street, reach)
    screens: Walls = scene.product("walls", walls)
    seen = np.zeros(len(point), bool)
    for first in range(0, len(point), _AT_ONCE):
        beat()
        part = slice(first, first + _AT_ONCE)
        seen[part] = ~screens.between(foot[part], xy[point[part]])
    return _Pairs(point, row[axis.line[piece]], away, seen, kind[piece], trees[piece],
                  spread[piece])  # fmt: skip


def _surroundings(
    scene: Scene, traffic: Traffic, axis: streets.Axis, row: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Street type, tree factor and their relative spread of every piece."""
    rule, spread = constants("air")["streets"], constants("air")["spreads"]
    reach = float(constants("air")["srm1"]["far"])
    surfaces = scene.surfaces
    rows = np.flatnonzero(surfaces.where("buildings"))
    s = surfaces.polygons.take(rows).segments
    height, guessed = building_heights(scene)
    unknown = ~(height > 0)
    height = np.where(unknown, rule["height"], height)
    sides, rough = [], np.zeros(axis.n)
    for turn in (1.0, -1.0):
        away, wall = streets.first_wall(axis.middle, turn * axis.normal, reach,
                                        s.x0, s.y0, s.x1, s.y1)  # fmt: skip
        met = wall >= 0
        owner = rows[s.feature[np.maximum(wall, 0)]] if len(s.x0) else np.zeros(axis.n, np.int64)
        tall = np.where(met, height[owner], 0.0) if len(s.x0) else np.zeros(axis.n)
        sides.append(streets.Side(away, tall))
        if len(s.x0):
            rough += met & (guessed | unknown)[owner]
    left, right = sides
    half = rule["open_width"] / 2.0
    width = np.zeros(axis.n)
    for side in sides:
        width += np.where(np.isfinite(side.distance), side.distance, half)
    crowns = crowns_of(scene)
    feature = row[axis.line] if axis.n else np.zeros(0, np.int64)
    kind = streets.street_types(axis, left, right).astype(float)
    trees = streets.tree_factors(axis, width, crowns.xy, crowns.diameter)
    own_kind, own_trees = traffic.street_type[feature], traffic.tree_factor[feature]
    given = np.isfinite(own_kind)
    about = np.where(
        given,
        spread["street_given"],
        np.where(rough > 0, spread["street_assumed"], spread["street_derived"]),
    )
    return (np.where(given, own_kind, kind), np.where(np.isfinite(own_trees), own_trees, trees),
            about)  # fmt: skip


def _add_up(
    scene: Scene, result: RoadAir, traffic: Traffic, pairs: _Pairs, building: np.ndarray,
    xy: np.ndarray,
) -> None:  # fmt: skip
    m, n = len(xy), scene.surfaces.n
    law = constants("air")["srm1"]
    dilution = np.where(pairs.seen, srm1.theta(pairs.distance, pairs.street_type), 0.0)
    wind = float(scene.rates["air.wind"])
    ozone = _ozone(scene, xy)
    plan = traffic.plan[pairs.road]
    each = {s: srm1.contribution(traffic.emitted[s][pairs.road], dilution, pairs.trees, wind)
            for s in srm1.EMITTED}  # fmt: skip

    def total(amount: np.ndarray) -> np.ndarray:
        return np.bincount(pairs.point, amount, m)

    for s in SUBSTANCES:
        base, before = ("nox", srm1.no2) if s == "no2" else (s, None)
        now, mine = total(each[base]), total(np.where(plan, 0.0, each[base]))
        both, alone = now, mine
        if before is not None:
            both = before(now, total(each["no2"]), ozone)
            alone = before(mine, total(np.where(plan, 0.0, each["no2"])), ozone)
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(now > 0, both / now, 0.0)  # NOx to NO2, for the spreads
        top = _highest(building, both)
        out = {AUTONOMOUS: alone, PLAN: np.maximum(both - alone, 0.0)}
        result.added[s] = {o: _at(values, top, building, n) for o, values in out.items()}
        result.traffic[s] = _at(
            scale * total(each[base] * traffic.spread[pairs.road]), top, building, n)  # fmt: skip
        result.street[s] = _at(scale * total(each[base] * pairs.spread), top, building, n)
        if s == "no2":
            direct = total(each["no2"])
            result.ozone = _at(both - direct, top, building, n)
    near = _any(building, pairs.point, n)
    seen = _any(building, pairs.point[pairs.seen], n)
    has = np.zeros(n, bool)
    has[building] = True
    result.counts["air_behind"] = int((near & ~seen).sum())
    result.counts["air_far"] = int((has & ~near).sum())
    close = pairs.seen & (pairs.distance < law["closest"])
    result.counts["air_close"] = int(_any(building, pairs.point[close], n).sum())
    tail = pairs.seen & (pairs.distance > law["near"]) & np.isin(pairs.street_type, (2, 3))
    only = _any(building, pairs.point[tail], n) & ~_any(
        building, pairs.point[pairs.seen & ~tail], n
    )
    result.counts["air_beyond"] = int(only.sum())


def _ozone(scene: Scene, xy: np.ndarray) -> np.ndarray:
    """(m,) ug/m3: the first map that says it, else the rate."""
    out = np.full(len(xy), np.nan)
    for item in scene.rasters("o3"):
        found = item.raster.sample(xy, 2)
        with np.errstate(invalid="ignore"):
            usable = np.isfinite(found) & (found >= 0) & (found <= 500)
        out = np.where(np.isnan(out) & usable, found, out)
    filled: np.ndarray = np.where(np.isnan(out), float(scene.rates["air.ozone"]), out)
    return filled


def _any(building: np.ndarray, point: np.ndarray, n: int) -> np.ndarray:
    out = np.zeros(n, bool)
    out[building[point]] = True
    return out


def _highest(building: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Index of the point with the highest value of every building that has points."""
    order = np.lexsort((np.arange(len(values)), -values, building))
    first = np.unique(building[order], return_index=True)[1]
    found: np.ndarray = order[first]
    return found


def _at(values: np.ndarray, top: np.ndarray, building: np.ndarray, n: int) -> np.ndarray:
    out = np.full(n, np.nan)
    out[building[top]] = values[top]
    return out
