"""I06 rain retention: millimetres of rain on the sealed ground that the plan can hold.

Facilities: swales and other functions with a storage height in ``functions.yml``, green and blue
roofs, infiltration crates, open water, and whatever carries the field ``storage``. Heights by
function stand in ``functions.yml``; those of roofs and water, and the rain on the facility itself
(0.070 m), in the profile's rates ``storage.*``. Where the highest groundwater (role
``groundwater``) is known, a facility in the ground holds no more than fits above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..checks import Check
from ..geometry import overlap_areas
from ..kept import by_row, whole_of
from ..models.tables import constants
from ..models.water.site import crates_of, groundwater_at, usable
from ..words import NORMAL, NOT_IN_SCOPE, say
from ._ground import sealed_of
from .spec import RATIO, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..grid import Raster
    from ..norms import Profile
    from ..scene import Scene


@dataclass
class _Facilities:
    """Net storage by place: arrays (k,)."""

    zone: np.ndarray
    volume: np.ndarray  # m3, own rain taken off
    default: np.ndarray  # m3 of that which rests on a table height or an assumed rise
    feature: np.ndarray  # surface row, -1 for what lies underground
    area: np.ndarray  # m2 of the facility
    drowned: np.ndarray  # m3 that the groundwater takes
    ghg: np.ndarray  # m3 of storage per m of groundwater, where that decides


def compute(scene: Scene, profile: Profile) -> Measurement:
    """1000 x sum of facilities max(0, storage - own area x 0.070 m) / sealed area, mm
    (indicators 6). Soil storage is left out; a facility counts once.

    Assumed is the share of the stored volume that rests on a table height, not on ``storage``.
    """
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    cut = scene.cut
    ground = sealed_of(scene)
    hard, zone = cut.zone[ground.rows], ground.unknown
    facilities = facilities_of(scene, profile)
    n = scene.n_zones + 1
    volume = np.bincount(facilities.zone, facilities.volume, n)
    default = np.bincount(facilities.zone, facilities.default, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        assumed = np.where(volume > 0, default / volume, 0.0)
    none, zero = np.full(len(zone), np.nan), np.zeros(len(facilities.zone))
    measurement.parts[""] = Places(
        zone=np.concatenate([hard, facilities.zone, zone]),
        weight=np.concatenate([ground.area, zero, ground.expected]),
        # a roof alone holds nothing "too little": storage is a matter of the zone
        value=np.full(len(hard) + len(zero) + len(zone), np.nan),
        feature=np.concatenate(
            [cut.feature[ground.rows], facilities.feature, np.full(len(zone), -1)]
        ),
        num=np.concatenate([np.zeros(len(hard)), facilities.volume, none]),
        den=np.concatenate([ground.area, zero, none]),
        assumed=np.concatenate([assumed[hard], zero, np.zeros(len(zone))]),
    )
    for number in ground.without():
        measurement.not_applicable[int(number)] = say("indicators.rain_retention.no_sealed")
    measurement.spreads = _spreads(scene, facilities, ground.per_zone)
    lost = float(facilities.drowned.sum())
    if lost > 0:
        measurement.checks.append(Check(
            "storage_in_groundwater", NORMAL, "layer", scene.rasters("groundwater")[0].layer,
            value=f"{lost:.1f}", params={"volume": f"{lost:.1f}"}))  # fmt: skip
    return measurement


def facilities_of(scene: Scene, profile: Profile) -> _Facilities:
    """All facilities, cut by zone; also asked by N05."""
    items, maps = scene.items, _maps(scene)
    made_from = (items.function, items.wkb, items.xy, items.zone, items.fields["storage"],
                 items.assumed["storage"], scene.zones, scene.surfaces.functions, maps,
                 profile)  # fmt: skip
    below = whole_of(scene, "underground", made_from, lambda: _underground(scene, profile))
    return _join([_on_ground(scene, profile), below])


def _maps(scene: Scene) -> list[Raster]:
    """The rasters of the highest groundwater."""
    return [item.raster for item in scene.rasters("groundwater")]


def _spreads(scene: Scene, facilities: _Facilities, sealed: np.ndarray) -> dict[str, np.ndarray]:
    """mm by input: storage as stated and by table height (domain 5.3), the sealed area, and the
    groundwater where it decides. ``sealed`` (n_zones + 1,) m2."""
    rule = constants("water")["spreads"]["rain_retention"]

    def mm(volume: np.ndarray) -> np.ndarray:
        total = np.bincount(facilities.zone, volume, scene.n_zones + 1)
        total[0] = total.sum()
        return np.divide(1000.0 * total, sealed, out=np.zeros(len(total)), where=sealed > 0)

    table, stated = mm(facilities.default), mm(facilities.volume - facilities.default)
    found = {
        "storage": np.hypot(rule["storage_default"] * table, rule["storage_given"] * stated),
        "groundwater": rule["groundwater"] * mm(facilities.ghg),
        "model": rule["sealed"] * (table + stated),
    }
    return {name: values for name, values in found.items() if values.any() or name == "model"}


def _join(parts: list[_Facilities]) -> _Facilities:
    return _Facilities(*(np.concatenate([getattr(p, name) for p in parts])
                         for name in _Facilities.__dataclass_fields__))


def _on_ground(scene: Scene, profile: Profile) -> _Facilities:
    """Facilities that are surfaces, cut by zone."""
    surfaces, cut = scene.surfaces, scene.cut
    given = surfaces.fields["storage"]
    what = surfaces.functions, surfaces.codes, given
    rows = whole_of(scene, "may_hold", what, lambda: _may_hold(scene))
    made_from = (*what, surfaces.assumed["storage"], surfaces.fields["green_roof"],
                 surfaces.fields["blue_roof"], _maps(scene), profile)  # fmt: skip
    held = by_row(scene, "storage", made_from, rows,
                  lambda some: _storage(scene, profile, some), "shape")  # fmt: skip
    position = np.full(surfaces.n, -1)
    position[held[0]] = np.arange(len(held[0]))
    at = position[cut.feature]
    k = (at >= 0).nonzero()[0]
    feature, net, drowned, wet, measured = (column[at[k]] for column in held)
    share = cut.share[k]
    volume, ground = net * share, surfaces.area[feature] * share
    return _Facilities(cut.zone[k], volume, np.where(measured, 0.0, volume), feature, ground,
                       drowned * share, np.where(wet, ground, 0.0))  # fmt: skip


def _may_hold(scene: Scene) -> np.ndarray:
    """(k,) the surfaces that may hold rain; others hold nothing."""
    surfaces = scene.surfaces
    by_itself = np.isfinite(surfaces.fields["storage"]) | (surfaces.share("storage") > 0)
    return np.flatnonzero(by_itself | surfaces.where("water", "buildings"))


def _storage(scene: Scene, profile: Profile, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of those of the surfaces ``rows`` that hold anything, whole (not yet cut by zone): the row,
    net m3, m3 that the groundwater takes, whether it takes any, and whether the field says how much
    it holds."""
    surfaces, functions = scene.surfaces, scene.surfaces.functions
    area, given = surfaces.area[rows], surfaces.fields["storage"][rows]
    has, code = np.isfinite(given), surfaces.codes[rows]
    water, roofs = (functions.members((name,))[code] for name in ("water", "buildings"))
    height = np.nan_to_num(functions.column("storage")[code], nan=0.0)
    stated = np.where(has, given, 0.0)
    deep = np.where(has, np.divide(stated, area, out=np.zeros(len(rows)), where=area > 0), height)
    dry = np.ones(len(rows))
    asked = ((deep > 0) & ~(water | roofs)).nonzero()[0]  # the others hold nothing to drown
    if len(asked):
        middle = surfaces.polygons.take(rows[asked]).centroids()
        dry[asked] = usable(deep[asked], 0.0, groundwater_at(scene, middle))
    shower, rise = profile.rate("storage.own_rain"), profile.rate("storage.water_rise")
    net = np.where(water, rise * area, np.maximum(0.0, (height * dry - shower) * area))
    for name in ("green_roof", "blue_roof"):
        depth, share = profile.rate(f"storage.{name}"), np.nan_to_num(surfaces.fields[name][rows])
        own = np.where(roofs, np.clip(share, 0.0, 1.0) * area, 0.0)
        net = net + max(0.0, depth - shower) * own
    # the field says it all: no table height, no roof depth on top of it (a facility counts once)
    own_rain = np.where(water, 0.0, shower * area)
    net = np.where(has, np.maximum(0.0, stated * dry - own_rain), net)
    gross = np.maximum(0.0, np.where(has, stated, height * area) - own_rain)
    drowned = np.where(dry < 1.0, gross - net, 0.0)
    measured = has & ~surfaces.assumed["storage"][rows]
    some = (net + drowned > 0).nonzero()[0]
    return rows[some], net[some], drowned[some], (dry < 1.0)[some], measured[some]


def _underground(scene: Scene, profile: Profile) -> _Facilities:
    """Infiltration crates, cut by zone; the same crate drawn twice counts once."""
    items = scene.items
    index, crates, storage = crates_of(scene)
    if not len(index):
        return _Facilities(*(np.zeros(0, kind) for kind in (int, float, float, int) + 3 * (float,)))
    area = crates.area()
    height = scene.surfaces.functions["infiltration_crate"].storage or 0.0
    measured = np.isfinite(items.fields["storage"][index]) & ~items.assumed["storage"][index]
    cover = constants("water")["facility"]["cover"]
    dry = usable(cover + height, cover, groundwater_at(scene, items.xy[index]))
    own_rain = profile.rate("storage.own_rain") * area
    net = np.maximum(0.0, storage * dry - own_rain)
    drowned = np.maximum(0.0, storage - own_rain) - net
    # points and lines have no area to cut: they belong to the zone they lie in
    point = np.flatnonzero((area <= 0) & (items.zone[index] > 0))
    i, j = bbox_pairs(crates.bounds(), scene.zones.polygons.bounds())
    common = overlap_areas(crates, scene.zones.polygons, i, j)
    keep = common > 0
    i, zone, common = i[keep], j[keep] + 1, common[keep]
    zone = np.concatenate([zone, items.zone[index][point]]).astype(np.int64)
    of = np.concatenate([i, point])
    share = np.concatenate([common / area[i], np.ones(len(point))])
    volume, ground = net[of] * share, area[of] * share
    # storage per m of groundwater is that of the whole crate over its height
    rise = np.where(dry < 1.0, storage / height if height else 0.0, 0.0)[of] * share
    return _Facilities(zone, volume, np.where(measured[of], 0.0, volume),
                       np.full(len(zone), -1, np.int64), ground, drowned[of] * share,
                       rise)  # fmt: skip


SPEC = Indicator(
    id="rain_retention",
    code="I06",
    theme="water",
    parts=(Part("", RATIO, "mm", scale=1000.0),),
    weight="sealed",
    compute=compute,
    inputs=(
        Input("storage", "field"),
        Input("green_roof", "field"),
        Input("blue_roof", "field"),
        Input("groundwater", "role"),
    ),
    method="net-storage-2",
    standard="",
    sigma=(0.30, "relative"),
    decimals=0,
    places="zones",
)
