"""I12 green: (a) vegetated share of the ground, (b) public green per dwelling within 500 m."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from osgeo import ogr

from ..boxes import bbox_pairs
from ..geometry import Polygons
from ..kept import by_row, whole_of
from ..overlap import dissolve
from ..overlay import area_within, region_tiles
from ..people import people_of
from ..pulse import beat
from ..strips import strips
from ..words import NOT_IN_SCOPE
from ._ground import known_ground, unknown_ground
from ._weights import GREEN, public_ground
from .spec import GIVEN, RATIO, Indicator, Input, Measurement, Part, Places, ZoneValues

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

AROUND = 500.0  # m from the edge of the zone (indicators 12)
ON_ROOF = 0.5  # weight of a green roof against green on the ground (indicators 12)
_QUARTER = 24  # straight parts per quarter circle: its area falls 0.07 % short


def compute(scene: Scene, profile: Profile) -> Measurement:
    """(a) 100 x sum(area x vegetated share, green roof x 0.5) / known area; crowns over paving do
    not count. (b) m2 of public green within 500 m of the edge of the zone, the zone included, per
    dwelling in that same area. The lower mark counts (indicators 12).

    Where less than half of the ground around a zone is known, or what its buildings are, (b) is
    that of the zone alone, and flagged as a proxy.
    """
    around, alone = _public_green(scene, float(profile.min_coverage))
    return Measurement(
        parts={"a": _vegetated(scene), "b": around},
        proxy=alone & (around.weight > 0),
        legal_default=NOT_IN_SCOPE,
    )


def _vegetated(scene: Scene) -> Places:
    surfaces, cut = scene.surfaces, scene.cut
    built = surfaces.where("buildings")
    share = np.where(built, ON_ROOF * surfaces.fields["green_roof"], surfaces.share("vegetated"))
    share = np.where(known_ground(scene), share, np.nan)[cut.feature]
    assumed = (built & surfaces.assumed["green_roof"])[cut.feature]
    zone, bare = unknown_ground(scene)
    lost = np.full(len(zone), np.nan)
    return Places(
        zone=np.concatenate([cut.zone, zone]),
        weight=np.concatenate([cut.area, bare]),
        value=np.concatenate([100.0 * share, lost]),
        feature=np.concatenate([cut.feature, np.full(len(zone), -1)]).astype(np.int64),
        num=np.concatenate([share * cut.area, lost]),
        den=np.concatenate([cut.area, lost]),
        assumed=np.concatenate([assumed.astype(float), np.zeros(len(zone))]),
    )


@dataclass(frozen=True)
class _Told:
    """What there is to count on surfaces; arrays (n_surfaces,)."""

    green: np.ndarray  # bool: public green
    green_assumed: np.ndarray  # bool: that it is public
    built: np.ndarray  # bool
    dwellings: np.ndarray  # 0 where unknown
    dwellings_assumed: np.ndarray  # bool
    unclear: np.ndarray  # bool: built, and nobody says whether there are dwellings in it
    area: np.ndarray  # m2

    @classmethod
    def of(cls, scene: Scene) -> _Told:
        surfaces, people = scene.surfaces, people_of(scene)
        built = surfaces.where("buildings")
        unclear = built & np.isnan(people.dwellings)
        # a building of which nobody says what it is may well be full of dwellings
        unclear |= surfaces.where("other_building") & ~(people.dwellings > 0)
        return cls(*public_ground(scene, surfaces.where(*GREEN)), built,
                   np.nan_to_num(people.dwellings), people.dwellings_assumed, unclear,
                   surfaces.area)  # fmt: skip


class _Sums:
    """What lies in each of ``n`` zones or regions, arrays (n,), from (row, where, m2)."""

    def __init__(self, told: _Told, n: int, row: np.ndarray, where: np.ndarray,
                 area: np.ndarray) -> None:  # fmt: skip
        self.ground = np.bincount(where, area, n)
        some = np.flatnonzero(told.green[row])
        here, m2 = where[some], area[some]
        self.features = np.bincount(here, minlength=n).astype(float)
        self.green = np.bincount(here, m2, n)
        self.assumed_green = np.bincount(here, m2 * told.green_assumed[row[some]], n)
        some = np.flatnonzero(told.built[row])
        row, here, m2 = row[some], where[some], area[some]
        whole = told.area[row]
        homes = told.dwellings[row] * np.divide(m2, whole, out=np.zeros(len(row)), where=whole > 0)
        self.dwellings = np.bincount(here, homes, n)
        self.assumed_dwellings = np.bincount(here, homes * told.dwellings_assumed[row], n)
        self.built = np.bincount(here, m2, n)
        self.unclear = np.bincount(here, m2 * told.unclear[row], n)


def _around(shape: ogr.Geometry) -> ogr.Geometry:
    """All within :data:`AROUND` of a shape. Part by part: around hundreds of loose parts at once
    GEOS is busy for a minute."""
    beat()
    loose = ogr.GT_Flatten(shape.GetGeometryType()) == ogr.wkbMultiPolygon
    parts = [shape.GetGeometryRef(k) for k in range(shape.GetGeometryCount())] if loose else [shape]
    return dissolve([part.Buffer(AROUND, _QUARTER) for part in parts])  # type: ignore[no-any-return]


def _rings(scene: Scene) -> tuple[Polygons, tuple[Polygons, np.ndarray]]:
    """All within reach of the plan and of each zone, and the same in tiles."""
    def around(name: object, polygons: Polygons, row: int) -> tuple[Polygons, Polygons]:
        def make() -> tuple[Polygons, Polygons]:
            ring = Polygons.from_geometries([_around(polygons.geometry(row))])
            return ring, region_tiles(ring)[0]

        return whole_of(scene, ("green_ring", name), (polygons.wkb(row),), make)

    found = [around("plan", scene.plan, 0),
             *(around(k, scene.zones.polygons, k) for k in range(scene.n_zones))]
    rings = tiles = Polygons.from_wkb([])
    for ring, own in found:
        rings, tiles = rings.joined(ring), tiles.joined(own)
    return rings, (tiles, np.repeat(np.arange(rings.n), [own.n for _, own in found]))


def _public_green(scene: Scene, least: float) -> tuple[ZoneValues, np.ndarray]:
    """Part b, and (n_zones + 1,) True where only the zone itself was counted."""
    cut, n = scene.cut, scene.n_zones + 1
    told = _Told.of(scene)
    own = _Sums(told, n, np.tile(cut.feature, 2), np.concatenate([cut.zone, 0 * cut.zone]),
                np.tile(cut.area, 2))  # fmt: skip
    zone_area = np.concatenate([[scene.zones.area.sum()], scene.zones.area])
    moved = np.zeros((0, 4))
    was = None if scene.reuse is None else scene.reuse.kept.found("green_rings")
    rings, tiles = whole_of(scene, "green_rings", (scene.plan, scene.zones), lambda: _rings(scene))
    if was is not None and was[0] is not rings and was[0].n == rings.n:
        moved = strips(rings, was[0], np.arange(rings.n))
    again = np.zeros(scene.surfaces.n, bool)
    again[bbox_pairs(scene.surfaces.polygons.bounds(), moved)[0]] = True

    def inside(rows: np.ndarray) -> tuple[np.ndarray, ...]:
        row, where, area = area_within(scene.surfaces.polygons.take(rows), rings, tiles)
        return rows[row], where, area

    wide = _Sums(told, n, *by_row(scene, "green_around", (rings.n,), np.arange(scene.surfaces.n),
                                  inside, "shape", (), again))  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = (wide.ground - own.ground) / (rings.area() - zone_area)
        clear = 1.0 - (wide.unclear - own.unclear) / (wide.built - own.built)
        clear[(wide.built - own.built) <= 1e-6] = 1.0
        alone = ~((beyond >= least) & (clear >= least))

        def either(name: str) -> np.ndarray:
            return np.where(alone, getattr(own, name), getattr(wide, name))

        homes, green = either("dwellings"), either("green")
        area = np.where(alone, zone_area, rings.area())
        value = np.where(homes > 0, green / homes, np.nan)
        coverage = np.minimum(either("ground") / area, 1.0)
        guessed = np.maximum(np.nan_to_num(either("assumed_green") / green),
                             np.nan_to_num(either("assumed_dwellings") / homes))  # fmt: skip
    # no dwelling, and none hidden in buildings of unknown use: an empty denominator
    weight = np.where((homes > 0) | (either("unclear") > 0), zone_area, 0.0)
    coverage = np.where(homes > 0, coverage, 0.0)
    values = ZoneValues(value, weight, coverage, np.where(homes > 0, guessed, np.nan),
                        either("features"))  # fmt: skip
    assert len(value) == n
    return values, alone


SPEC = Indicator(
    id="green",
    code="I12",
    theme="green",
    parts=(
        Part("a", RATIO, "%", scale=100.0),
        Part("b", GIVEN, "m2 per dwelling"),
    ),
    weight="area",
    compute=compute,
    inputs=(
        Input("current", "role"),
        Input("green_roof", "field"),
        Input("public", "field"),
        Input("dwellings", "field"),
    ),
    method="ground-share-and-500m-1",
    standard="Nota Ruimte 2004 (75 m2 per woning binnen 500 m)",
    combine="lowest",
    radius=AROUND,
    sigma=(10.0, "absolute"),
    decimals=1,
    places="surfaces",
)
