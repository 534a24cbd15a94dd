"""How far it is from each door to the nearest of some places, and what share of homes is near.

Distances run along the walking network. The straight line stands in, flagged, where there is no
network at all or where a door or a place lies too far from it to enter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...boxes import bbox_pairs
from ...checks import Check
from ...geometry import nearest_segment
from ...network import Entries
from ...people import people_of
from ...words import LOW, NORMAL
from ..tables import constants
from .doors import doors_of, network_of

if TYPE_CHECKING:
    from ...scene import Scene

GROUPS = 5  # parts in which places are left out in turn, to see what one that is missing does
_STEPS = (40.0, 120.0, 300.0)  # m


@dataclass(frozen=True)
class Sites:
    """Places to walk to; arrays (s,). One place may have several entries (its ``owner``)."""

    xy: np.ndarray  # (s, 2)
    entries: Entries
    owner: np.ndarray  # number of the place
    inside: np.ndarray  # row of the surfaces of the building it lies in, -1 none

    def take(self, rows: np.ndarray) -> Sites:
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else rows
        return Sites(self.xy[rows], self.entries.take(rows), self.owner[rows], self.inside[rows])


@dataclass(frozen=True)
class Homes:
    """Dwellings: one row per building and zone (k,), and their doors (d,)."""

    zone: np.ndarray
    feature: np.ndarray  # row of the surfaces
    weight: np.ndarray  # dwellings; a stand-in by ground area where ``known`` is False
    known: np.ndarray
    assumed: np.ndarray
    door: np.ndarray  # (d,) index of the scene's doors
    building: np.ndarray  # (d,) row of the surfaces
    n_surfaces: int
    n_zones: int

    def by_building(self, scene: Scene, values: np.ndarray) -> np.ndarray:
        """(k,) mean over the doors of each building, of values (d,); NaN spreads."""
        total = np.bincount(self.building, doors_of(scene).share[self.door] * values,
                            self.n_surfaces)  # fmt: skip
        found: np.ndarray = total[self.feature]
        return found

    def mean(self, values: np.ndarray) -> np.ndarray:
        """(n_zones + 1,) mean over dwellings of values (k,), the plan first; 0 where nobody lives
        of whom it is known."""
        good = self.known & np.isfinite(values)
        weight = np.where(good, self.weight, 0.0)
        top = np.bincount(self.zone, weight * np.where(good, values, 0.0), self.n_zones + 1)
        below = np.bincount(self.zone, weight, self.n_zones + 1)
        top[0], below[0] = top.sum(), below.sum()
        return np.where(below > 0, top / np.where(below > 0, below, 1.0), 0.0)


def homes_of(scene: Scene) -> Homes:
    """The dwellings of the plan with their doors; found once."""
    found: Homes = scene.product("homes", _homes)
    return found


def _homes(scene: Scene) -> Homes:
    surfaces, cut, people = scene.surfaces, scene.cut, people_of(scene)
    known = np.isfinite(people.dwellings)
    built = surfaces.where("buildings") & (~known | (people.dwellings > 0))
    row = np.flatnonzero(built[cut.feature])
    feature = cut.feature[row]
    whole = np.where(known, people.dwellings, surfaces.area / scene.rates["dwelling_gfa"])[feature]
    doors = doors_of(scene)
    door = doors.of(feature)
    return Homes(cut.zone[row], feature, whole * cut.share[row], known[feature],
                 people.dwellings_assumed[feature].astype(float), door, doors.building[door],
                 surfaces.n, scene.n_zones)  # fmt: skip


@dataclass(frozen=True)
class Walk:
    """From each door of the homes (d,) to the nearest site."""

    metres: np.ndarray  # inf beyond the limit of the search
    straight: np.ndarray  # True where a straight line stands for the walk


def walk(scene: Scene, homes: Homes, sites: Sites, limit: float, loose: bool = True) -> Walk:
    """Metres from each door to the nearest site, at most ``limit``. A home in the building where
    a site is has 0 m to go. ``loose``: sites that cannot enter the network are met by the straight
    line; otherwise they cannot be reached at all."""
    grid, doors = network_of(scene), doors_of(scene)
    xy, entries = doors.xy[homes.door], doors.entries.take(homes.door)
    straight = entries.segment < 0 if grid.n else np.ones(len(xy), bool)
    metres = np.full(len(xy), np.inf)
    if len(sites.owner):
        metres = grid.nearest(sites.entries, entries, limit)
        metres[straight] = nearest_point(xy[straight], sites.xy, limit)
        if loose and grid.n:
            line = nearest_point(xy, sites.xy[sites.entries.segment < 0], limit)
            straight = straight | (line < metres)
            metres = np.minimum(metres, line)
        at_home = np.isin(homes.building, sites.inside[sites.inside >= 0])
        metres[at_home], straight = 0.0, straight & ~at_home
    return Walk(metres, straight)


def nearest_point(xy: np.ndarray, targets: np.ndarray, limit: float) -> np.ndarray:
    """(m,) straight metres from points (m, 2) to the nearest target; inf beyond ``limit``."""
    best = np.full(len(xy), np.inf)
    targets = targets[np.isfinite(targets).all(axis=1)]
    if not len(xy) or not len(targets):
        return best
    try:
        from scipy.spatial import cKDTree
    except ImportError:
        pass
    else:
        good = np.flatnonzero(np.isfinite(xy).all(axis=1))
        best[good] = cKDTree(targets).query(xy[good], distance_upper_bound=limit * (1 + 1e-12))[0]
        return np.where(best <= limit, best, np.inf)
    box = np.hstack([targets, targets])
    for reach in (*(s for s in _STEPS if s < limit), limit):
        lost = np.flatnonzero(np.isinf(best))
        i, j = bbox_pairs(np.hstack([xy[lost], xy[lost]]), box, reach)
        gap = np.hypot(*(xy[lost[i]] - targets[j]).T)
        near = gap <= reach
        np.minimum.at(best, lost[i[near]], gap[near])
    return best


def within(homes: Homes, scene: Scene, metres: np.ndarray, limit: float | np.ndarray) -> np.ndarray:
    """(k,) percentage of the doors of each home's building from which it is at most ``limit``."""
    return homes.by_building(scene, 100.0 * (metres <= limit))


def reaches_out(scene: Scene, homes: Homes, limit: float) -> np.ndarray:
    """(k,) whether something ``limit`` m from the home may lie outside the plan."""
    doors, s = doors_of(scene), scene.plan.segments
    rows, first = np.unique(homes.feature, return_index=True)
    door = np.searchsorted(doors.building, rows)
    near, _ = nearest_segment(doors.xy[door], s.x0, s.y0, s.x1, s.y1, limit)
    out = np.zeros(homes.n_surfaces, bool)
    out[rows] = np.isfinite(near)
    found: np.ndarray = out[homes.feature]
    return found


# ---------------------------------------------------------------------------- spreads
def distance_spreads(scene: Scene, homes: Homes, found: Walk,
                     limit: float) -> dict[str, np.ndarray]:  # fmt: skip
    """Spread (n_zones + 1,) of the percentage of homes within ``limit``, by input: the percentage
    once more at longer and shorter distances. ``found`` must have been searched to
    :func:`horizon` of the limit."""
    rate = constants("access")["spread"]
    grid, doors = network_of(scene), doors_of(scene)
    has_paths = scene.vectors("paths") is not None or bool(
        scene.items.where("footway", "cycleway").any())  # fmt: skip
    name, share = ("paths", rate["paths" if has_paths else "roads_only"]) if grid.n else (
        "roads", rate["straight"])  # fmt: skip
    at_door = np.where(doors.given[homes.door], rate["door_given"], rate["door_assumed"])

    def half(step: float | np.ndarray) -> np.ndarray:
        more, less = (within(homes, scene, found.metres, limit + s) for s in (step, -step))
        return 0.5 * homes.mean(more - less)

    return {"entrances": half(at_door), name: half(float(share) * limit),
            "model": half(float(rate["walking"]) * limit)}  # fmt: skip


def horizon(limit: float) -> float:
    """How far to search so that spreads can be told, m."""
    rate = constants("access")["spread"]
    return limit * (1.0 + float(rate["straight"])) + float(rate["door_assumed"])


def missing_spread(scene: Scene, homes: Homes, sites: Sites, limit: float,
                   value: np.ndarray) -> np.ndarray:  # fmt: skip
    """(n_zones + 1,) what the places that a map lacks may do to the percentage: in turn each of
    five parts of the places is left out; what that costs together, times the share that lacks,
    is what leaving out each place with that chance costs on average."""
    share = float(constants("access")["spread"]["missing"])
    if not len(sites.owner):
        return np.zeros(homes.n_zones + 1)
    part = np.unique(sites.owner, return_inverse=True)[1].reshape(-1) % GROUPS
    parts = np.unique(part)
    loss = np.zeros(homes.n_zones + 1)
    for k in parts:
        rest = walk(scene, homes, sites.take(part != k), limit)
        loss += homes.mean(value - within(homes, scene, rest.metres, limit))
    spread: np.ndarray = loss * share
    return spread


# ---------------------------------------------------------------------------- findings
def network_checks(scene: Scene) -> list[Check]:
    """What the walking network itself gives cause to say. No network at all is no finding: the
    marks are flagged as proxies then."""
    grid, found = network_of(scene), []
    count, length = grid.islands()
    if count:
        found.append(Check("network_islands", NORMAL, "run", value=str(count),
                           params={"count": count, "length": length}))  # fmt: skip
    if grid.left_out[0]:
        found.append(Check("network_left_out", LOW, "run", value=str(grid.left_out[0]),
                           params={"count": grid.left_out[0], "length": grid.left_out[1]}))
    return found
