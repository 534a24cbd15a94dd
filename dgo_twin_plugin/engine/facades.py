"""Facade points (indicators G2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .counts import nth, owners
from .geometry import containing
from .kept import MOST_CHANGED, by_row
from .overlap import meeting
from .scene import Scene

SHORTEST = 2.0  # m: shorter edges carry no point
LONGEST = 5.0  # m: longer edges are cut in equal parts of at most this
OUTSIDE = 0.5  # m from the facade
BESIDE = 2.0 * OUTSIDE  # m about a building within which others may take its facade away


@dataclass(frozen=True)
class Facades:
    """Points before exterior walls; arrays (k,). ``building`` is a row of the surfaces."""

    building: np.ndarray
    foot: np.ndarray  # (k, 2) on the wall, mid-part
    normal: np.ndarray  # (k, 2) unit vector outward
    length: np.ndarray  # m of wall that a point stands for

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
    surfaces = scene.surfaces
    rows = np.flatnonzero(surfaces.where("buildings"))
    inside_plan = np.zeros(surfaces.n, bool)
    inside_plan[scene.cut.feature] = True
    rows = rows[inside_plan[rows]]
    building, x, y, across, up, part = by_row(
        scene, "facades", (), rows, lambda some: _points(scene, some), BESIDE)
    return Facades(building, np.column_stack([x, y]), np.column_stack([across, up]), part)


def _points(scene: Scene, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """(building, foot x, foot y, normal x, normal y, length) of the facade points of buildings."""
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
    others = np.flatnonzero(surfaces.where("buildings"))
    if len(rows) <= MOST_CHANGED:  # of few buildings only the neighbours are asked
        wide = polygons.bounds() + np.array([-1, -1, 1, 1]) * 2.0 * OUTSIDE
        _, near = meeting(np.concatenate([wide, surfaces.polygons.bounds()[others]]),
                          np.arange(len(wide)))  # fmt: skip
        others = others[np.unique(near[near >= len(wide)] - len(wide))]
    point, _ = containing(surfaces.polygons.take(others), foot + OUTSIDE * normal)
    free = np.ones(len(edge), bool)
    free[point] = False
    building = rows[s.feature[edge]]
    return (building[free], foot[free, 0], foot[free, 1], normal[free, 0], normal[free, 1],
            part[free])  # fmt: skip


def facades_of(scene: Scene) -> Facades:
    """The facade points of the scene, built once."""
    found: Facades = scene.product("facades", facades)
    return found
