"""Where people leave a building: its drawn entrances, else the facade nearest to the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...geometry import Polygons, containing, geometry_from_wkb, nearest_segment
from ...kept import by_row
from ...network import Entries, Network, network
from ..tables import constants

if TYPE_CHECKING:
    from ...scene import Scene, VectorContext


class Middles(NamedTuple):
    """Buildings (n,) with their middles (n, 2), and where these enter the network."""

    polygons: Polygons
    xy: np.ndarray
    entries: Entries

    @classmethod
    def of(cls, polygons: Polygons, grid: Network, reach: float) -> Middles:
        """``reach`` m within which an edge is looked for."""
        xy = polygons.centroids()
        return cls(polygons, xy, grid.enter(xy, reach))


@dataclass(frozen=True)
class Doors:
    """Doors of all buildings of a scene; arrays (k,), sorted by ``building``."""

    building: np.ndarray  # row of the surfaces
    xy: np.ndarray  # (k, 2)
    share: np.ndarray  # of the building's people who use this door; adds up to 1 per building
    given: np.ndarray  # True: an entrance that was drawn
    entries: Entries

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Indices of the doors of these buildings (rows of the surfaces)."""
        asked = np.zeros(int(max(self.building.max(initial=0), rows.max(initial=0))) + 1, bool)
        asked[rows] = True
        return np.flatnonzero(asked[self.building])

    def take(self, index: np.ndarray) -> Doors:
        """Some of the doors."""
        return Doors(self.building[index], self.xy[index], self.share[index], self.given[index],
                     self.entries.take(index))  # fmt: skip


def network_of(scene: Scene) -> Network:
    """The walking network of the scene, built once."""
    found: Network = scene.product("network", network)
    return found


def doors_of(scene: Scene) -> Doors:
    """The doors of every building of the scene, design and current situation; found once.

    Each entrance of a building serves an equal part of its people. A building without one leaves
    by the point of its outline nearest to where the network passes nearest to its middle; without
    a network by its middle.
    """
    found: Doors = scene.product("doors", _doors)
    return found


def doors_at(scene: Scene, rows: np.ndarray, middles: Middles | None = None) -> Doors:
    """The doors of some buildings, ascending. Where no entrance was drawn a door rests on its own
    building alone: those of others need not be found. ``middles`` of these within
    :func:`entry_reach` or further, where at hand."""
    if scene.reuse is None or scene.vectors("entrances") is not None or "doors" in scene.cache:
        every = doors_of(scene)
        return every.take(every.of(rows))
    grid, reach = network_of(scene), entry_reach()
    middles = middles or Middles.of(scene.surfaces.polygons.take(rows), grid, reach)
    xy, at = _towards(middles.polygons, middles.xy, middles.entries.within(reach), grid)
    return Doors(rows, xy, np.ones(len(rows)), np.zeros(len(rows), bool), at)


def entry_reach() -> float:
    """m within which a building finds its way onto the network."""
    return float(constants("access")["walking"]["entry_reach"])


def _doors(scene: Scene) -> Doors:
    surfaces = scene.surfaces
    rows = np.flatnonzero(surfaces.where("buildings") & (surfaces.area > 0))
    polygons = surfaces.polygons.take(rows)
    grid, reach = network_of(scene), entry_reach()
    if scene.reuse is not None and scene.vectors("entrances") is None:
        return _by_building(scene, rows, grid, reach)
    drawn = entrances(polygons, scene.vectors("entrances"))
    without = np.setdiff1d(np.arange(len(rows)), drawn[0])
    xy, entries = facing(polygons.take(without), grid, reach)
    inside = grid.enter(drawn[1], reach)
    building = np.concatenate([drawn[0], without])
    order = np.argsort(building, kind="stable")
    every = Entries(*(np.concatenate([getattr(inside, name), getattr(entries, name)])
                      for name in ("segment", "along", "access")))  # fmt: skip
    given = np.arange(len(building)) < len(drawn[0])
    count = np.bincount(building, minlength=len(rows))
    return Doors(rows[building[order]], np.concatenate([drawn[1], xy])[order],
                 1.0 / count[building[order]], given[order], every.take(order))  # fmt: skip


def _by_building(scene: Scene, rows: np.ndarray, grid: Network, reach: float) -> Doors:
    """The same where no entrance was drawn: a door rests on its own building alone."""
    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        xy, at = facing(scene.surfaces.polygons.take(some), grid, reach)
        return some, xy[:, 0], xy[:, 1], at.segment, at.along, at.access

    row, x, y, *at = by_row(scene, "doors", (grid,), rows, make, "shape")
    return Doors(row, np.column_stack([x, y]), np.ones(len(row)), np.zeros(len(row), bool),
                 Entries(*at))  # fmt: skip


def entrances(polygons: Polygons, vectors: VectorContext | None) -> tuple[np.ndarray, np.ndarray]:
    """(building (k,), xy (k, 2)) of the role ``entrances``: points in a building or at most
    ``door_snap`` m from its outline. Doors for emergencies and the like are left out."""
    if vectors is None:
        return np.zeros(0, np.int64), np.zeros((0, 2))
    rule = constants("access")["walking"]
    kinds = [str(kind).strip().lower() for kind in vectors.texts("kind")]
    rows = [k for k, kind in enumerate(kinds) if kind not in rule["no_door"]]
    xy = points([vectors.wkb[k] for k in rows])
    owner = np.full(len(xy), -1, np.int64)
    point, row = containing(polygons, xy)
    owner[point] = row
    lost = np.flatnonzero((owner < 0) & np.isfinite(xy).all(axis=1))
    s = polygons.segments
    if len(lost) and len(s.x0):
        _, near = nearest_segment(xy[lost], s.x0, s.y0, s.x1, s.y1, float(rule["door_snap"]))
        owner[lost] = np.where(near >= 0, s.feature[near], -1)
    held = np.flatnonzero(owner >= 0)
    return owner[held], xy[held]


def facing(polygons: Polygons, grid: Network, reach: float) -> tuple[np.ndarray, Entries]:
    """For each polygon the point of its outline nearest to the network (xy (n, 2)), and its
    entry; the middle where no edge lies within ``reach`` of it."""
    return _towards(*Middles.of(polygons, grid, reach), grid)


def _towards(polygons: Polygons, middle: np.ndarray, entries: Entries,
             grid: Network) -> tuple[np.ndarray, Entries]:  # fmt: skip
    """:func:`facing`, where the middles and their entries are known."""
    on = np.flatnonzero(entries.segment >= 0)
    if not len(on):
        return middle, entries
    segment, along = entries.segment[on], entries.along[on]
    a, b = grid.xy[grid.a[segment]], grid.xy[grid.b[segment]]
    foot = a + (along / grid.length[segment])[:, None] * (b - a)
    target = np.full((polygons.n, 2), np.nan)
    target[on] = foot
    s = polygons.segments
    p = target[s.feature] - np.column_stack([s.x0, s.y0])
    d = np.column_stack([s.x1 - s.x0, s.y1 - s.y0])
    t = np.clip((p * d).sum(axis=1) / (d * d).sum(axis=1), 0.0, 1.0)
    gap = np.hypot(*(p - t[:, None] * d).T)
    best = np.full(polygons.n, np.inf)
    np.fmin.at(best, s.feature, gap)
    nearest = np.flatnonzero(gap == best[s.feature])
    xy = middle.copy()
    xy[s.feature[nearest]] = (np.column_stack([s.x0, s.y0]) + t[:, None] * d)[nearest]
    access = entries.access.copy()
    access[on] = best[on]
    return xy, Entries(entries.segment, entries.along, access)


def points(wkb: list[bytes]) -> np.ndarray:
    """(n, 2) the point of each geometry, or its middle; NaN where empty."""
    xy = np.full((len(wkb), 2), np.nan)
    for k, data in enumerate(wkb):
        if len(data) == 21 and data[:5] == b"\1\1\0\0\0":
            xy[k] = np.frombuffer(data, "<f8", 2, 5)
            continue
        centre = geometry_from_wkb(data).Centroid()
        if centre is not None and not centre.IsEmpty():
            xy[k] = centre.GetX(), centre.GetY()
    return xy
