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
from ._ground import all_ground, known_ground
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
    surfaces, ground = scene.surfaces, all_ground(scene)
    made_from = (surfaces.functions, surfaces.codes, surfaces.fields["green_roof"],
                 surfaces.assumed["green_roof"])  # fmt: skip
    of, rough = whole_of(scene, "vegetated", made_from, lambda: _shares(scene))
    share = of[ground.feature]
    return Places(
        zone=ground.zone,
        weight=ground.area,
        value=100.0 * share,
        feature=ground.feature,
        num=share * ground.area,
        den=ground.drawn,
        assumed=rough[ground.feature],
    )


def _shares(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """(n_surfaces + 1,) the vegetated share, NaN where nothing is known, and 1 where it is assumed;
    the last is ground without a surface."""
    surfaces = scene.surfaces
    built = surfaces.where("buildings")
    share = np.where(built, ON_ROOF * surfaces.fields["green_roof"], surfaces.share("vegetated"))
    assumed = built & surfaces.assumed["green_roof"]
    return (np.append(np.where(known_ground(scene), share, np.nan), np.nan),
            np.append(assumed, False).astype(float))  # fmt: skip


@dataclass(frozen=True)
class _Told:
    """What surfaces say of themselves; arrays (n_surfaces,)."""

    green: np.ndarray  # bool: public green
    green_assumed: np.ndarray  # bool: that it is public
    built: np.ndarray  # bool
    dwellings: np.ndarray  # 0 where unknown
    dwellings_assumed: np.ndarray  # bool
    unclear: np.ndarray  # bool: built, and nobody says whether there are dwellings in it

    @classmethod
    def of(cls, scene: Scene) -> _Told:
        surfaces, people = scene.surfaces, people_of(scene)

        def make() -> _Told:
            built = surfaces.where("buildings")
            unclear = built & np.isnan(people.dwellings)
            # a building of which nobody says what it is may well be full of dwellings
            unclear |= surfaces.where("other_building") & ~(people.dwellings > 0)
            return cls(*public_ground(scene, surfaces.where(*GREEN)), built,
                       np.nan_to_num(people.dwellings), people.dwellings_assumed, unclear)

        made_from = (surfaces.functions, surfaces.codes, surfaces.fields["public"],
                     surfaces.assumed["public"], people.dwellings,
                     people.dwellings_assumed)  # fmt: skip
        return whole_of(scene, "green_told", made_from, make)


class _Sums:
    """What lies in each of ``n`` zones or regions, arrays (n,), from (row, where, m2); ``whole``
    (n_surfaces,) m2. With ``plan`` the first is all of them together."""

    def __init__(self, told: _Told, whole: np.ndarray, n: int, row: np.ndarray,
                 where: np.ndarray, area: np.ndarray, plan: bool = False) -> None:  # fmt: skip
        def added(here: np.ndarray, values: np.ndarray) -> np.ndarray:
            found = np.bincount(here, values, n).astype(float)
            if plan and len(values):
                found[0] = values.cumsum()[-1]
            return found

        self.ground = added(where, area)
        some = told.green[row].nonzero()[0]
        row_, here, m2 = row[some], where[some], area[some]
        self.features = added(here, np.ones(len(some)))
        self.green = added(here, m2)
        self.assumed_green = added(here, m2 * told.green_assumed[row_])
        some = told.built[row].nonzero()[0]
        row_, here, m2 = row[some], where[some], area[some]
        of = whole[row_]
        homes = told.dwellings[row_] * np.divide(m2, of, out=np.zeros(len(row_)), where=of > 0)
        self.dwellings = added(here, homes)
        self.assumed_dwellings = added(here, homes * told.dwellings_assumed[row_])
        self.built = added(here, m2)
        self.unclear = added(here, m2 * told.unclear[row_])


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
    told, whole = _Told.of(scene), scene.surfaces.area
    own = _Sums(told, whole, n, cut.feature, cut.zone, cut.area, plan=True)
    zone_area = np.concatenate([[scene.zones.area.sum()], scene.zones.area])
    was = None if scene.reuse is None else scene.reuse.kept.found("green_rings")
    rings, tiles = whole_of(scene, "green_rings", (scene.plan, scene.zones), lambda: _rings(scene))
    again = None
    if was is not None and was[0] is not rings and was[0].n == rings.n:
        moved = strips(rings, was[0], np.arange(rings.n))
        again = np.zeros(scene.surfaces.n, bool)
        again[bbox_pairs(scene.surfaces.polygons.bounds(), moved)[0]] = True

    def inside(rows: np.ndarray) -> tuple[np.ndarray, ...]:
        return area_within(scene.surfaces.polygons, rings, tiles, rows)

    row, where, m2 = by_row(scene, "green_around", (rings.n,), np.arange(scene.surfaces.n), inside,
                            "shape", (), again)  # fmt: skip
    wide = _Sums(told, whole, n, row, where, m2)
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
