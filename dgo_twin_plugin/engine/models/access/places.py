"""Places to walk to: facilities and play spots, what kind they are, and where one enters them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...checks import Check
from ...counts import nth, owners, ranges
from ...geometry import Polygons, containing
from ...network import Entries, Network
from ...wkb import dimension
from ...words import NORMAL
from ..tables import constants
from .doors import doors_of, facing, network_of, points
from .reach import Sites

if TYPE_CHECKING:
    from ...scene import Scene, VectorContext


@dataclass(frozen=True)
class Places:
    """Sites with the kind of each place; ``kind`` (s,) object, None unknown. The first ``own``
    sites are those of the role."""

    sites: Sites
    kind: np.ndarray
    own: int
    checks: list[Check]

    def of(self, *kinds: str) -> Sites:
        """The sites of places of these kinds."""
        return self.sites.take(np.isin(self.kind.astype(str), kinds))


def kinds_of(words: np.ndarray, table: dict[str, list[str]]) -> np.ndarray:
    """(n,) object: the kind that each word stands for, None where no list has it."""
    known = {str(word).strip().lower(): kind for kind, many in table.items() for word in many}
    said = [None if w is None else known.get(str(w).strip().lower()) for w in words]
    out = np.full(len(said), None, object)
    out[:] = said
    return out


def facilities_of(scene: Scene) -> Places:
    """Facilities of the role, and buildings of design and current situation whose function is
    one; found once. A point inside a building is entered by that building's doors."""
    found: Places = scene.product("facilities", _facilities)
    return found


def _facilities(scene: Scene) -> Places:
    rule = constants("access")["services_access"]
    surfaces, vectors = scene.surfaces, scene.vectors("facilities")
    sites: list[Sites] = []
    kinds: list[np.ndarray] = []
    checks: list[Check] = []
    count = 0
    if vectors is not None:
        kind = kinds_of(vectors.texts("kind"), rule["kinds"])
        checks += unknown_kinds(vectors, kind)
        made = role_sites(scene, vectors, np.arange(vectors.n))
        sites.append(made)
        kinds.append(kind[made.owner])
        count = vectors.n
    excluded = np.isin(surfaces.fields["use_class"].astype(str), rule["not_use_class"])
    for function, kind in rule["functions"].items():
        rows = np.flatnonzero((surfaces.function == function) & ~excluded & (surfaces.area > 0))
        made = building_sites(scene, rows, count + np.arange(len(rows)))
        sites.append(made)
        kinds.append(np.full(len(made.owner), kind, object))
        count += len(rows)
    own = 0
    if vectors is not None:
        own = len(sites[0].owner)
        checks += island_checks(scene, vectors, sites[0])
    return Places(joined(sites), np.concatenate(kinds), own, checks)


def unknown_kinds(vectors: VectorContext, kind: np.ndarray) -> list[Check]:
    """One check per word in ``kind`` that no list has, with its count; empty ones together."""
    words = Counter("" if w is None else str(w).strip() for w, k in zip(vectors.texts("kind"), kind)
                    if k is None)  # fmt: skip
    return [Check("unknown_kind", NORMAL, "field", str(vectors.layer[0]), field="kind", value=word,
                  params={"count": n}) for word, n in sorted(words.items())]  # fmt: skip


def building_sites(scene: Scene, rows: np.ndarray, owner: np.ndarray) -> Sites:
    """The doors of these buildings (rows of the surfaces, ascending) as sites of ``owner``."""
    doors = doors_of(scene)
    low, high = (np.searchsorted(doors.building, rows, side) for side in ("left", "right"))
    at, site = ranges(low, high)
    return Sites(doors.xy[at], doors.entries.take(at), owner[site], doors.building[at])


def role_sites(scene: Scene, vectors: VectorContext, rows: np.ndarray) -> Sites:
    """The features ``rows`` of a role as sites: a point or line in a building by the doors of that
    building, another where it lies, a polygon where it faces the network."""
    grid, reach = network_of(scene), float(constants("access")["walking"]["entry_reach"])
    flat = np.array([dimension(vectors.wkb[r]) == 2 for r in rows], bool)
    xy = points([vectors.wkb[r] for r in rows])
    built = np.flatnonzero(scene.surfaces.where("buildings") & (scene.surfaces.area > 0))
    inside = np.full(len(rows), -1, np.int64)
    point, row = containing(scene.surfaces.polygons.take(built), xy)
    inside[point] = built[row]
    order = np.argsort(inside, kind="stable")
    held = order[inside[order] >= 0]
    found = [building_sites(scene, inside[held], rows[held])]
    for mine, area in (((inside < 0) & ~flat, False), ((inside < 0) & flat, True)):
        mine = np.flatnonzero(mine)
        if area:
            shapes = Polygons.from_wkb([vectors.wkb[rows[k]] for k in mine])
            at, entries = facing(shapes, grid, reach)
        else:
            at, entries = xy[mine], grid.enter(xy[mine], reach)
        found.append(Sites(at, entries, rows[mine], np.full(len(mine), -1)))
    return joined(found)


def outline(polygons: Polygons, step: float,
            near: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Points on the outlines of polygons, at most ``step`` m apart, corners among them: (xy
    (k, 2), row of the polygon); ``near`` (4,) leaves out those outside a box."""
    s = polygons.segments
    edges = np.arange(len(s.x0))
    if near is not None:
        box = s.bounds()
        edges = np.flatnonzero((box[:, 2] >= near[0]) & (box[:, 3] >= near[1])
                               & (box[:, 0] <= near[2]) & (box[:, 1] <= near[3]))  # fmt: skip
    count = np.maximum(np.ceil(s.length[edges] / step - 1e-9), 1).astype(np.int64)
    owner = owners(count)
    edge = edges[owner]
    t = nth(count, owner) / count[owner]
    xy = np.column_stack([s.x0[edge] + t * (s.x1 - s.x0)[edge],
                          s.y0[edge] + t * (s.y1 - s.y0)[edge]])  # fmt: skip
    row = s.feature[edge]
    if near is not None:
        keep = (xy >= near[:2]).all(axis=1) & (xy <= near[2:]).all(axis=1)
        xy, row = xy[keep], row[keep]
    return xy, row


def edge_sites(polygons: Polygons, owner: np.ndarray, grid: Network, step: float, reach: float,
               near: np.ndarray | None = None) -> Sites:  # fmt: skip
    """Points on the outlines of polygons as sites of ``owner`` (one per polygon)."""
    xy, row = outline(polygons, step, near)
    return Sites(xy, grid.enter(xy, reach), owner[row], np.full(len(xy), -1))


def play_of(scene: Scene) -> Places:
    """Play spots of the role that are public, and ground with function play; found once."""
    found: Places = scene.product("play_sites", _play)
    return found


def _play(scene: Scene) -> Places:
    rule: dict[str, Any] = constants("access")["play_access"]
    reach = float(constants("access")["walking"]["entry_reach"])
    surfaces, grid, vectors = scene.surfaces, network_of(scene), scene.vectors("play_spots")
    rows = np.flatnonzero(surfaces.where("play") & (surfaces.fields["public"] != 0.0)
                          & (surfaces.area > 0))  # fmt: skip
    step = float(rule["step"])
    sites, kinds, checks, own = [], [], [], 0
    if vectors is not None:
        open_ = np.array([_public(v, rule["not_public"]) for v in _column(vectors, "public")], bool)
        chosen = np.flatnonzero(open_)
        flat = np.array([dimension(vectors.wkb[r]) == 2 for r in chosen], bool)
        areas = Polygons.from_wkb([vectors.wkb[r] for r in chosen[flat]])
        spots = points([vectors.wkb[r] for r in chosen[~flat]])
        sites = [edge_sites(areas, chosen[flat], grid, step, reach),
                 Sites(spots, grid.enter(spots, reach), chosen[~flat], np.full(len(spots), -1))]
        kinds = [kinds_of(vectors.texts("kind"), rule["kinds"])[one.owner] for one in sites]
        checks = island_checks(scene, vectors, joined(sites))
        own = sum(len(one.owner) for one in sites)
    owner = (0 if vectors is None else vectors.n) + np.arange(len(rows))
    drawn = edge_sites(surfaces.polygons.take(rows), owner, grid, step, reach)
    return Places(joined([*sites, drawn]),
                  np.concatenate([*kinds, np.full(len(drawn.owner), None, object)]), own, checks)


def island_checks(scene: Scene, vectors: VectorContext, sites: Sites) -> list[Check]:
    """Places of a role of which every entry lies on an island of the network: nobody on the rest
    of it can get there."""
    off = network_of(scene).on_island(sites.entries)
    count = len(np.setdiff1d(sites.owner[off], sites.owner[~off]))
    return [Check("place_on_island", NORMAL, "layer", str(vectors.layer[0]), value=str(count),
                  params={"count": count})] if count else []  # fmt: skip


def _column(vectors: VectorContext, name: str) -> np.ndarray:
    values = vectors.fields.get(name)
    return np.full(vectors.n, None, object) if values is None else values


def _public(value: Any, not_public: list[str]) -> bool:
    if value is None or value != value:
        return True
    word = f"{value:g}" if isinstance(value, (int, float)) else str(value).strip().lower()
    return word not in not_public


def joined(many: list[Sites]) -> Sites:
    """All sites one after the other."""
    entries = Entries(*(np.concatenate([getattr(s.entries, name) for s in many])
                        for name in ("segment", "along", "access")))  # fmt: skip
    return Sites(np.concatenate([s.xy for s in many]).reshape(-1, 2), entries,
                 np.concatenate([s.owner for s in many]).astype(np.int64),
                 np.concatenate([s.inside for s in many]).astype(np.int64))  # fmt: skip
