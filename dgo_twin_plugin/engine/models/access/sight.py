"""Trees in sight of a facade: rays from the highest window to the middle of a crown, over or
between the buildings (2.5-D: flat ground, upright walls, flat roofs).

A line of sight from a height z0 to a height z1 is at z0 + t (z1 - z0) after a part t of the way; a
wall of height H that it crosses there hides the crown where that is less than H. A higher window
only sees more, so the highest one decides for a building.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...boxes import bbox_pairs
from ...counts import ranges
from ...facades import facades_of
from ...geometry import Segments
from ...pulse import beat
from ..ground import building_heights, crowns_of
from ..tables import constants
from .places import outline

if TYPE_CHECKING:
    from ...scene import Scene

WINDOW = 1.5  # m: height of a window above the floor (indicators G2)
STOREY = 3.0  # m (indicators G2)
_CHUNK = 100_000  # rays worked on at once


@dataclass(frozen=True)
class Trees:
    """Trees that count; arrays (n,), metres."""

    xy: np.ndarray
    radius: np.ndarray
    height: np.ndarray  # of the middle of the crown
    assumed: np.ndarray  # 0-1


@dataclass(frozen=True)
class Seen:
    """Viewers and trees; arrays (p,), each pair once. ``distance`` from the facade to the middle
    of the crown in plan, m. ``clear``: the factor by which heights of buildings that were assumed
    may grow before one of them hides the tree; inf where there is none in between, 0 where a
    building of known height hides it."""

    viewer: np.ndarray
    tree: np.ndarray
    distance: np.ndarray
    clear: np.ndarray


def look(viewer: np.ndarray, foot: np.ndarray, normal: np.ndarray, z_eye: np.ndarray, trees: Trees,
         walls: Segments, height: np.ndarray, assumed: np.ndarray, reach: float,
         enough: float) -> Seen:  # fmt: skip
    """What viewers see from their facade points (k,): ``viewer`` (k,) any number, ``foot`` and
    ``normal`` (k, 2), ``z_eye`` (k,) m above the ground; ``height`` and ``assumed`` of the
    building behind each wall. A tree is looked for from the nearest point, and from the others
    where it is not seen from there with a ``clear`` of ``enough``."""
    point, tree, distance = candidates(foot, normal, trees, reach)
    order = np.lexsort((distance, tree, viewer[point]))
    point, tree, distance = point[order], tree[order], distance[order]
    who = viewer[point]
    lead = np.ones(len(who), bool)
    lead[1:] = (np.diff(who) != 0) | (np.diff(tree) != 0)
    start = np.flatnonzero(lead)
    count = np.diff(np.append(start, len(who)))

    def along(ray: np.ndarray) -> np.ndarray:
        at, goal = point[ray], tree[ray]
        return clearance(foot[at], z_eye[at], trees.xy[goal], trees.height[goal], walls, height,
                         assumed)  # fmt: skip

    clear = along(start)
    open_ = np.flatnonzero(clear < enough)
    rest, owner = ranges(start[open_] + 1, start[open_] + count[open_])
    np.maximum.at(clear, open_[owner], along(rest))
    return Seen(who[start], tree[start], distance[start], clear)


def candidates(foot: np.ndarray, normal: np.ndarray, trees: Trees,
               reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """(facade point, tree, m in plan) with the edge of the crown within ``reach`` m and its middle
    before the facade: no window looks back along its own wall."""
    spot = np.hstack([trees.xy - trees.radius[:, None], trees.xy + trees.radius[:, None]])
    # the box of the half disc before each point
    aside = reach * np.abs(normal[:, ::-1])
    low, high = np.where(normal <= 0, reach, aside), np.where(normal >= 0, reach, aside)
    tree, point = bbox_pairs(spot, np.hstack([foot - low, foot + high]))
    way = trees.xy[tree] - foot[point]
    distance = np.hypot(*way.T)
    keep = (distance - trees.radius[tree] <= reach) & ((way * normal[point]).sum(axis=1) > 0)
    return point[keep], tree[keep], distance[keep]


def clearance(eye: np.ndarray, z_eye: np.ndarray, target: np.ndarray, z_target: np.ndarray,
              walls: Segments, height: np.ndarray, assumed: np.ndarray) -> np.ndarray:  # fmt: skip
    """(r,) :attr:`Seen.clear` of the rays from ``eye`` (r, 2) to ``target`` (r, 2); ``height`` and
    ``assumed`` (k,) of the building behind each wall."""
    clear = np.full(len(eye), np.inf)
    boxes = walls.bounds()
    for first in range(0, len(eye), _CHUNK):
        beat()
        part = slice(first, first + _CHUNK)
        a, b = eye[part], target[part]
        wall, ray = bbox_pairs(boxes, np.hstack([np.minimum(a, b), np.maximum(a, b)]))
        t = _crossing(a[ray], b[ray], walls, wall)
        hit = np.isfinite(t)
        ray, wall, t = ray[hit], wall[hit], t[hit]
        z = z_eye[part][ray] + t * (z_target[part] - z_eye[part])[ray]
        factor = z / np.maximum(height[wall], 1e-6)
        sure = ~assumed[wall]
        factor = np.where(sure, np.where(factor >= 1.0, np.inf, 0.0), factor)
        order = np.lexsort((-factor, ray))  # the least of a ray is written last
        clear[first + ray[order]] = factor[order]
    return clear


def _crossing(a: np.ndarray, b: np.ndarray, s: Segments, k: np.ndarray) -> np.ndarray:
    """(m,) part of the way from a to b at which wall k is crossed, NaN where it is not."""
    dx, dy = b[:, 0] - a[:, 0], b[:, 1] - a[:, 1]
    ex, ey = (s.x1 - s.x0)[k], (s.y1 - s.y0)[k]
    px, py = s.x0[k] - a[:, 0], s.y0[k] - a[:, 1]
    cross = dx * ey - dy * ex
    with np.errstate(divide="ignore", invalid="ignore"):
        t, u = (px * ey - py * ex) / cross, (px * dy - py * dx) / cross
        return np.where((t > 0) & (t < 1) & (u >= 0) & (u <= 1), t, np.nan)


def counted(viewer: np.ndarray, seen: np.ndarray, n: int) -> np.ndarray:
    """(n,) trees that each viewer sees, of pairs that are there once."""
    return np.bincount(viewer[seen], minlength=n)


# ---------------------------------------------------------------------------- from a scene
def trees_of(scene: Scene) -> Trees:
    """Crowns of at least the height that counts, and the edges of woods: a wood of which no trees
    are drawn is a row of trees of the sizes in rates.yml."""
    rule, rate = constants("access")["trees_visible"], scene.rates
    crowns = crowns_of(scene)
    placed = np.isfinite(crowns.xy).all(axis=1)
    high = np.flatnonzero(placed & (crowns.top >= float(rule["height"])))
    surfaces, box = scene.surfaces, scene.plan.bounds()
    near = np.concatenate([box[:, :2].min(axis=0) - 60.0, box[:, 2:].max(axis=0) + 60.0])
    woods = surfaces.polygons.take(np.flatnonzero(surfaces.where("wood")))
    edge, _ = outline(woods, float(rule["wood_spacing"]), near)
    wide = rate["tree.canopy_diameter"]
    top = wide / rate["tree.diameter_height"]
    middle = 0.5 * (1.0 + rate["tree.base_share"])
    m = len(edge) if top >= float(rule["height"]) else 0
    return Trees(
        np.concatenate([crowns.xy[high], edge[:m]]),
        np.concatenate([0.5 * crowns.diameter[high], np.full(m, 0.5 * wide)]),
        np.concatenate([0.5 * (crowns.top + crowns.base)[high], np.full(m, top * middle)]),
        np.concatenate([crowns.assumed[high], np.ones(m)]),
    )


@dataclass(frozen=True)
class Views:
    """What the buildings of the plan see: pairs of a building (row of the surfaces) and a tree
    (p,), and for buildings with several dwellings the share of their facade that sees enough."""

    building: np.ndarray
    tree: np.ndarray
    distance: np.ndarray  # m to the middle of the crown
    clear: np.ndarray
    facade: np.ndarray  # (n_surfaces,) share of the facade, NaN where not worked out
    trees: Trees


def views_of(scene: Scene, wanted: np.ndarray, several: np.ndarray) -> Views:
    """The views of the buildings of ``wanted`` (bool (n_surfaces,)); of those of ``several`` every
    facade point looks for itself."""
    rule, spread = constants("access")["trees_visible"], constants("access")["spread"]
    trees, points = trees_of(scene), facades_of(scene)
    mine = np.flatnonzero(wanted[points.building])
    building, foot = points.building[mine], points.xy[mine]
    n = scene.surfaces.n
    height, assumed = building_heights(scene)
    height = np.where(np.isfinite(height), height, 2.0 * STOREY)  # nothing known: two storeys
    assumed = assumed | ~np.isfinite(building_heights(scene)[0])
    storeys = np.maximum(np.nan_to_num(scene.surfaces.fields["floors"], nan=1.0), 1.0)
    z = WINDOW + STOREY * (np.ceil(storeys) - 1.0)
    z = np.maximum(np.minimum(z, height - 0.5 * STOREY), WINDOW)  # below the roof
    built = np.flatnonzero(scene.surfaces.where("buildings"))
    walls = scene.surfaces.polygons.take(built).segments
    behind = built[walls.feature]
    outer = _outer(walls, height[behind])
    walls, behind = _taken(walls, outer), behind[outer]
    viewer = np.where(several[building], n + np.arange(len(mine)), building)
    factor = 1.0 + float(spread["height_assumed"])
    reach = float(rule["distance"]) * (1.0 + float(spread["sight"]))
    seen = look(viewer, foot, points.normal[mine], z[building], trees, walls, height[behind],
                assumed[behind], reach, factor)  # fmt: skip
    alone = seen.viewer < n
    who = np.where(alone, seen.viewer, building[np.maximum(seen.viewer - n, 0)]) if len(
        mine) else seen.viewer  # fmt: skip
    facade = _facade_share(seen, trees, points.length[mine], building, several, n)
    # a building sees what any of its points sees, from the nearest that does
    order = np.lexsort((seen.distance, -np.minimum(seen.clear, factor), seen.tree, who))
    lead = np.ones(len(order), bool)
    lead[1:] = (np.diff(who[order]) != 0) | (np.diff(seen.tree[order]) != 0)
    first = order[lead]
    return Views(who[first], seen.tree[first], seen.distance[first], seen.clear[first], facade,
                 trees)  # fmt: skip


def _outer(walls: Segments, height: np.ndarray) -> np.ndarray:
    """Indices of the walls without those between two buildings of one height that share them:
    a line that crosses such a wall crosses outer walls of both at the same heights."""
    x, y = np.round(walls.x0 + walls.x1, 3), np.round(walls.y0 + walls.y1, 3)
    key = np.vstack([height, np.round(walls.length, 3), y, x])
    order = np.lexsort(key)
    same = (key[:, order[1:]] == key[:, order[:-1]]).all(axis=0)
    alone = np.ones(len(order), bool)
    alone[order[1:][same]] = alone[order[:-1][same]] = False
    found: np.ndarray = np.flatnonzero(alone)
    return found


def _taken(walls: Segments, rows: np.ndarray) -> Segments:
    return Segments(walls.feature[rows], walls.x0[rows], walls.y0[rows], walls.x1[rows],
                    walls.y1[rows], np.zeros(0, np.int64))  # fmt: skip


def _facade_share(seen: Seen, trees: Trees, length: np.ndarray, building: np.ndarray,
                  several: np.ndarray, n: int) -> np.ndarray:  # fmt: skip
    rule = constants("access")["trees_visible"]
    near = (seen.viewer >= n) & (seen.clear >= 1.0) & (
        seen.distance - trees.radius[seen.tree] <= float(rule["distance"]))  # fmt: skip
    enough = counted(seen.viewer[near] - n, np.ones(near.sum(), bool), len(building)) >= int(
        rule["count"])  # fmt: skip
    whole = np.bincount(building, length, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.bincount(building, length * enough, n) / whole
    return np.where(several & (whole > 0), share, np.nan)
