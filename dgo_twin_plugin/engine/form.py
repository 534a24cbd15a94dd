"""The built form and the ground of polygons (domain 4.3, Spacemate): what :mod:`.classify` asks.

Areas are exact (:func:`.overlay.area_within`), of the visible ground of the current situation;
floor area of a building on two polygons goes by footprint. All densities are gross: over the whole
polygon, streets and water included. The polygons may overlap each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from osgeo import ogr

from .classify import Figures, Rules
from .clean import quiet
from .geometry import Polygons
from .overlap import dissolve
from .overlay import area_within
from .people import people_of
from .pulse import beat

if TYPE_CHECKING:
    from .scene import Scene

PROTECTED = ("natura2000", "nature_network")
REACH = 5000.0  # m: no station within this counts as none


@dataclass(frozen=True)
class Form:
    """Arrays (n areas,); shares 0-1, NaN = unknown. ``floors_assumed``: share of the floor area
    whose floors were neither given nor follow from a given floor area."""

    area: np.ndarray  # m2
    ground_known: np.ndarray
    fsi: np.ndarray
    gsi: np.ndarray
    floors: np.ndarray  # L = FSI / GSI
    osr: np.ndarray
    mxi: np.ndarray
    use_known: np.ndarray
    floors_assumed: np.ndarray
    dwellings: np.ndarray
    green: np.ndarray
    natural: np.ndarray
    agrarian: np.ndarray
    nature: np.ndarray
    industry: np.ndarray
    station: np.ndarray  # m, infinite where none in reach

    def figures(self, row: int, inhabitants: float = float("nan")) -> Figures:
        """What the rule asks of one polygon."""
        names = ("fsi", "gsi", "mxi", "green", "natural", "agrarian", "nature", "industry",
                 "station")  # fmt: skip
        return Figures(**{n: float(getattr(self, n)[row]) for n in names}, inhabitants=inhabitants)


def form_of(scene: Scene, areas: Polygons, rules: Rules) -> Form:
    """Measure polygons (local metres of the scene). An area of zero has nothing but unknowns."""
    surfaces, people, n = scene.surfaces, people_of(scene), areas.n
    row, region, common = area_within(surfaces.polygons, areas)
    whole = surfaces.footprints.area()[row]
    part = np.divide(common, whole, out=np.zeros(len(row)), where=whole > 0)

    def sums(values: np.ndarray) -> np.ndarray:
        return np.bincount(region, values, n)

    def of(*names: str) -> np.ndarray:
        chosen: np.ndarray = np.isin(surfaces.function.astype(str), names)[row]
        return chosen

    area = areas.area()
    building = surfaces.where("buildings")[row]
    floor = np.where(building, np.nan_to_num(surfaces.fields["gfa"][row]) * part, 0.0)
    homes = np.where(building, np.nan_to_num(people.residential_floor[row]) * part, 0.0)
    lists = rules.functions
    used = floor * ~of(*lists["unknown_use"])
    industry, services = floor * of(*lists["industry"]), floor * of(*lists["services"])
    vegetated = np.nan_to_num(surfaces.share("vegetated"))[row] * common
    known_floor, all_floor = sums(used), sums(floor)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(area > 0, np.minimum(sums(common) / area, 1.0), np.nan)
        fsi, gsi = all_floor / area, sums(common * building) / area
        use = np.where(all_floor > 0, known_floor / all_floor, np.nan)
        clear = use >= rules.known["use"]
        mxi = np.where(clear, np.minimum(sums(homes) / known_floor, 1.0), np.nan)
        work = sums(industry) + sums(services)
        share = np.where(clear & (work > 0), sums(industry) / work, np.nan)
        guessed = sums(floor * surfaces.assumed["gfa"][row]) / all_floor
        shares = [sums(x) / area for x in (vegetated, common * of(*lists["natural"]),
                                           common * of(*lists["agrarian"]))]  # fmt: skip
        seen = known >= rules.known["ground"]
        fsi, gsi = np.where(seen, fsi, np.nan), np.where(seen, gsi, np.nan)
        shares = [np.where(seen, x, np.nan) for x in shares]
        floors = np.where(gsi > 0, fsi / gsi, np.nan)
        osr = np.where(fsi > 0, (1 - gsi) / fsi, np.nan)
        protected = np.minimum(_protected(scene, areas) / area, 1.0)
    dwellings = sums(np.where(building, np.nan_to_num(people.dwellings[row]) * part, 0.0))
    return Form(area, known, fsi, gsi, floors, osr, mxi, use,
                np.where(all_floor > 0, guessed, np.nan), dwellings, shares[0], shares[1],
                shares[2], protected, share, _stations(scene, areas, rules))  # fmt: skip


def _protected(scene: Scene, areas: Polygons) -> np.ndarray:
    """(n,) m2 of each polygon inside the nature network or Natura 2000, counted once; NaN where
    neither role is filled."""
    wkb: list[bytes] = []
    found = False
    for role in PROTECTED:
        found |= scene.has(role)
        vectors = scene.vectors(role)
        wkb += vectors.wkb if vectors is not None else []
    if not found:
        return np.full(areas.n, np.nan)
    total = np.zeros(areas.n)
    nature = Polygons.from_wkb(wkb)
    nature = nature.take(np.flatnonzero(nature.area() > 0))
    if nature.n:
        with quiet():
            union = Polygons.from_geometries(
                [dissolve([nature.geometry(k) for k in range(nature.n)])]
            )
        row, _, area = area_within(areas, union)
        total = np.bincount(row, area, areas.n).astype(float)
    return total


def _stations(scene: Scene, areas: Polygons, rules: Rules) -> np.ndarray:
    """(n,) m from each polygon to the nearest railway station; infinite where there is none, NaN
    where nothing is known about stops or their modes."""
    stops = scene.vectors("stops")
    if not scene.has("stops"):
        return np.full(areas.n, np.nan)
    if stops is None:
        return np.full(areas.n, np.inf)
    modes = stops.texts("mode")
    if all(m is None for m in modes):
        return np.full(areas.n, np.nan)
    points = [ogr.CreateGeometryFromWkb(data) for data, mode in zip(stops.wkb, modes)
              if str(mode).lower() in rules.station_modes]  # fmt: skip
    centre = [(p.Centroid().GetX(), p.Centroid().GetY()) for p in points if not p.IsEmpty()]
    nearest = np.full(areas.n, np.inf)
    if not centre:
        return nearest
    xy, bounds = np.array(centre), areas.bounds()
    for row in range(areas.n):
        beat()
        x0, y0, x1, y1 = bounds[row]
        if not np.isfinite(x0):
            continue
        gap = np.hypot(np.maximum(np.maximum(x0 - xy[:, 0], xy[:, 0] - x1), 0.0),
                       np.maximum(np.maximum(y0 - xy[:, 1], xy[:, 1] - y1), 0.0))  # fmt: skip
        near = np.flatnonzero(gap <= REACH)
        if len(near):
            shape = areas.geometry(row)
            for k in near[np.argsort(gap[near])]:
                if gap[k] >= nearest[row]:
                    break
                point = ogr.Geometry(ogr.wkbPoint)
                point.AddPoint_2D(*xy[k])
                nearest[row] = min(nearest[row], shape.Distance(point))
    return nearest
