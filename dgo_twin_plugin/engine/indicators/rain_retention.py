"""I06 rain retention: millimetres of rain on the sealed ground that the plan can hold.

Facilities: swales and other functions with a storage height in ``functions.yml``, green and blue
roofs, infiltration crates, open water, and whatever carries the field ``storage``. Heights by
function stand in ``functions.yml``; those of roofs and water, and the rain on the facility itself
(0.070 m), in the profile's rates ``storage.*``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..clean import quiet
from ..geometry import Polygons, geometry_from_wkb, overlap_areas, polygonal
from ..words import NOT_IN_SCOPE, say
from ._ground import sealed_cut, sealed_per_zone, sealed_unknown
from .spec import RATIO, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from osgeo import ogr

    from ..norms import Profile
    from ..scene import Scene


@dataclass
class _Facilities:
    """Net storage by place: arrays (k,)."""

    zone: np.ndarray
    volume: np.ndarray  # m3, own rain taken off
    default: np.ndarray  # m3 of that which rests on a table height or an assumed rise
    feature: np.ndarray  # surface row, -1 for what lies underground


def compute(scene: Scene, profile: Profile) -> Measurement:
    """1000 x sum of facilities max(0, storage - own area x 0.070 m) / sealed area, mm
    (indicators 6). Soil storage is left out; a facility counts once.

    Assumed is the share of the stored volume that rests on a table height, not on ``storage``.
    """
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    cut = scene.cut
    sealed = sealed_cut(scene)
    facilities = _join([_on_ground(scene, profile), _underground(scene, profile)])
    zone, expected = sealed_unknown(scene, sealed)
    n = scene.n_zones + 1
    volume = np.bincount(facilities.zone, facilities.volume, n)
    default = np.bincount(facilities.zone, facilities.default, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        assumed = np.where(volume > 0, default / volume, 0.0)
    hard = np.flatnonzero(sealed > 0)
    none, zero = np.full(len(zone), np.nan), np.zeros(len(facilities.zone))
    measurement.parts[""] = Places(
        zone=np.concatenate([cut.zone[hard], facilities.zone, zone]),
        weight=np.concatenate([sealed[hard], zero, expected]),
        # a roof alone holds nothing "too little": storage is a matter of the zone
        value=np.full(len(hard) + len(zero) + len(zone), np.nan),
        feature=np.concatenate(
            [cut.feature[hard], facilities.feature, np.full(len(zone), -1)]
        ).astype(np.int64),
        num=np.concatenate([np.zeros(len(hard)), facilities.volume, none]),
        den=np.concatenate([sealed[hard], zero, none]),
        assumed=np.concatenate([assumed[cut.zone[hard]], zero, np.zeros(len(zone))]),
    )
    total = sealed_per_zone(scene, sealed)
    known = np.ones(n, bool)
    known[zone] = False
    known[0] = not len(zone)
    for number in np.flatnonzero((total <= 0) & known):
        measurement.not_applicable[int(number)] = say("indicators.rain_retention.no_sealed")
    return measurement


def _join(parts: list[_Facilities]) -> _Facilities:
    return _Facilities(*(np.concatenate([getattr(p, name) for p in parts])
                         for name in ("zone", "volume", "default", "feature")))  # fmt: skip


def _on_ground(scene: Scene, profile: Profile) -> _Facilities:
    """Facilities that are surfaces, whole (not yet cut by zone): net m3 per feature, then cut."""
    surfaces = scene.surfaces
    area = surfaces.area
    given = surfaces.fields["storage"]
    default = surfaces.assumed["storage"]
    has = np.isfinite(given)
    water = surfaces.where("water")
    height = np.nan_to_num(surfaces.share("storage"), nan=0.0)
    shower, rise = profile.rate("storage.own_rain"), profile.rate("storage.water_rise")
    net = np.where(water, rise * area, np.maximum(0.0, (height - shower) * area))
    roofs = surfaces.where("buildings")
    for name in ("green_roof", "blue_roof"):
        depth = profile.rate(f"storage.{name}")
        own = np.where(roofs, np.clip(np.nan_to_num(surfaces.fields[name]), 0.0, 1.0) * area, 0.0)
        net = net + max(0.0, depth - shower) * own
    # the field says it all: no table height, no roof depth on top of it (a facility counts once)
    own_rain = np.where(water, 0.0, shower * area)
    net = np.where(has, np.maximum(0.0, np.nan_to_num(given) - own_rain), net)
    measured = has & ~default
    k = np.flatnonzero(net[scene.cut.feature] > 0)
    row = scene.cut.feature[k]
    volume = net[row] * scene.cut.share[k]
    return _Facilities(scene.cut.zone[k], volume, np.where(measured[row], 0.0, volume), row)


def _underground(scene: Scene, profile: Profile) -> _Facilities:
    """Infiltration crates, cut by zone; the same crate drawn twice counts once."""
    items = scene.items
    first: dict[bytes, int] = {}
    for k in np.flatnonzero(items.where("infiltration_crate")):
        first.setdefault(items.wkb[k], int(k))
    index = np.array(list(first.values()), np.int64)
    crates = Polygons.from_geometries([_area_of(items.wkb[k]) for k in index])
    area = crates.area()
    height = scene.surfaces.functions["infiltration_crate"].storage or 0.0
    given = items.fields["storage"][index]
    measured = np.isfinite(given) & ~items.assumed["storage"][index]
    storage = np.where(np.isfinite(given), given, height * area)
    net = np.maximum(0.0, storage - profile.rate("storage.own_rain") * area)
    # points and lines have no area to cut: they belong to the zone they lie in
    point = np.flatnonzero((area <= 0) & (items.zone[index] > 0))
    i, j = bbox_pairs(crates.bounds(), scene.zones.polygons.bounds())
    common = overlap_areas(crates, scene.zones.polygons, i, j)
    keep = common > 0
    i, zone, common = i[keep], j[keep] + 1, common[keep]
    zone = np.concatenate([zone, items.zone[index][point]]).astype(np.int64)
    volume = np.concatenate([net[i] * common / area[i], net[point]])
    of = np.concatenate([i, point])
    return _Facilities(zone, volume, np.where(measured[of], 0.0, volume),
                       np.full(len(zone), -1, np.int64))  # fmt: skip


def _area_of(wkb: bytes) -> ogr.Geometry | None:
    """The valid area of a crate, None for a point or line: items come as they were drawn."""
    geometry = geometry_from_wkb(wkb)
    if geometry.GetDimension() < 2:
        return None
    with quiet():
        return polygonal(geometry if geometry.IsValid() else geometry.MakeValid())


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
    ),
    method="net-storage-1",
    standard="",
    sigma=(0.30, "relative"),
    decimals=0,
    places="zones",
)
