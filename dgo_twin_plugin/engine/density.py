"""Densities per zone (domain 4.3, Spacemate): FSI, GSI, OSR, MXI and dwellings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .people import people_of

if TYPE_CHECKING:
    from .scene import Scene


@dataclass(frozen=True)
class ZoneStats:
    """Arrays (n_zones + 1,), index 0 the plan; NaN where not defined."""

    area: np.ndarray  # m2
    dwellings: np.ndarray
    fsi: np.ndarray  # gross floor area / area
    gsi: np.ndarray  # built ground / area
    osr: np.ndarray  # (1 - GSI) / FSI
    mxi: np.ndarray  # residential floor / floor


def zone_stats(scene: Scene) -> ZoneStats:
    """Floor area and dwellings of a building cut by a zone line go by share of its ground."""
    n, cut, surfaces = scene.n_zones, scene.cut, scene.surfaces
    people = people_of(scene)
    rows = surfaces.where("buildings").take(cut.feature).nonzero()[0]
    feature, zone, share = cut.feature.take(rows), cut.zone.take(rows), cut.share.take(rows)

    def sums(values: np.ndarray) -> np.ndarray:
        total = np.bincount(zone, values, n + 1)
        total[0] = total[1:].sum()
        return total

    def shared(per_surface: np.ndarray) -> np.ndarray:
        values = per_surface.take(feature)
        if not np.isfinite(values.sum()):
            values = np.nan_to_num(values)
        return sums(values * share)

    area = np.concatenate([[scene.zones.area.sum()], scene.zones.area])
    floor = shared(surfaces.fields["gfa"])
    homes = shared(people.residential_floor)
    ground = sums(cut.area[rows])
    dwellings = shared(people.dwellings)
    with np.errstate(divide="ignore", invalid="ignore"):
        fsi, gsi = floor / area, ground / area
        osr = np.where(fsi > 0, (1 - gsi) / fsi, np.nan)
        mxi = np.where(floor > 0, homes / floor, np.nan)
    return ZoneStats(area, dwellings, fsi, gsi, osr, mxi)
