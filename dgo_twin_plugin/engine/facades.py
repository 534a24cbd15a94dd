"""Facade points (indicators G2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .counts import nth, owners, ranges
from .geometry import containing
from .kept import BUILT, by_row
from .scene import Scene

SHORTEST = 2.0  # m: shorter edges carry no point
LONGEST = 5.0  # m: longer edges are cut in equal parts of at most this
OUTSIDE = 0.5  # m from the facade
BESIDE = 2.0 * OUTSIDE  # m about a building within which others may take its facade away
SAME_FACADE = (BUILT, BESIDE)  # of which rows the facade is that of before (kept.match_of)


@dataclass(frozen=True)
class Facades:
    """Points before exterior walls; arrays (k,). ``building``, a row of the surfaces, ascends."""

    building: np.ndarray
    foot: np.ndarray  # (k, 2) on the wall, mid-part
    normal: np.ndarray  # (k, 2) unit vector outward
    length: np.ndarray  # m of wall that a point stands for

    @classmethod
    def none(cls) -> Facades:
        return cls(np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))

    def of(self, rows: np.ndarray) -> Facades:
        """The points of the buildings ``rows``, ascending, of all points of a scene."""
        at, _ = ranges(np.searchsorted(self.building, rows),
                       np.searchsorted(self.building, rows, "right"))  # fmt: skip
        return Facades(self.building[at], self.foot[at], self.normal[at], self.length[at])

    @property
    def xy(self) -> np.ndarray:
        """(k, 2) the points at 0.5 m."""
        return self.at(OUTSIDE)

    def at(self, distance: float) -> np.ndarray:
        """(k, 2) the same points at another distance outside, m."""
        moved: np.ndarray = self.foot + distance * self.normal
        return moved


def facades(scene: Scene) -> Facades:
    """Points on the exterior walls of all buildings of the scene inside or near the plan.

    Walls shared by touching buildings are no facade: the point half a metre outside one lies
    inside the other and is dropped, which is what dissolving them first would give. Courtyards
    (holes) count as exterior: dwellings look out on them.
    """
    built = np.flatnonzero(scene.surfaces.where("buildings"))
    inside_plan = np.zeros(scene.surfaces.n, bool)
    inside_plan[scene.cut.feature] = True
    return Facades(*by_row(scene, "facades", (), built[inside_plan[built]],
                           lambda some: _points(scene, some, built), SAME_FACADE))  # fmt: skip


def _points(scene: Scene, rows: np.ndarray, built: np.ndarray) -> tuple[np.ndarray, ...]:
    """The columns of :class:`Facades` of the buildings ``rows``, of all that are ``built``."""
    surfaces = scene.surfaces
    polygons = surfaces.polygons.take(rows)
    s = polygons.segments
    length = s.length
    keep = np.flatnonzero(length >= SHORTEST)
    count = np.maximum(np.ceil(length[keep] / LONGEST - 1e-9), 1).astype(np.int64)
    owner = owners(count)
    edge, many = keep[owner], count[owner]
    t = (nth(count, owner) + 0.5) / many
    dx, dy = s.x1[edge] - s.x0[edge], s.y1[edge] - s.y0[edge]
    foot = np.column_stack([s.x0[edge] + t * dx, s.y0[edge] + t * dy])
    # interiors lie on the left of an edge, so outward is to its right
    normal = np.column_stack([dy, -dx]) / length[edge][:, None]
    part = length[edge] / many
    xy = foot + OUTSIDE * normal
    x0, y0, x1, y1 = surfaces.polygons.bounds()[built].T
    low, high = xy.min(axis=0, initial=np.inf), xy.max(axis=0, initial=-np.inf)
    near = (x0 <= high[0]) & (x1 >= low[0]) & (y0 <= high[1]) & (y1 >= low[1])
    point, _ = containing(surfaces.polygons.take(built[near]), xy)
    free = np.ones(len(edge), bool)
    free[point] = False
    building = rows[s.feature[edge]]
    return building[free], foot[free], normal[free], part[free]


def facades_of(scene: Scene) -> Facades:
    """The facade points of the scene, built once."""
    found: Facades = scene.product("facades", facades)
    return found
