"""The areas that alerts are about, near the plan, and the ground that the surfaces share with them.

Areas of one rule and kind are made disjoint; what the surfaces share with all of them together is
measured in one go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from osgeo import ogr

from .functions import fold
from .geometry import Polygons, bbox_pairs, overlap_areas, polygonal
from .kept import whole_of
from .overlap import resolve
from .overlay import Pieces, ZonePieces, disjoint, nearby, shared_ground

if TYPE_CHECKING:
    from .alerts import OverlapRule
    from .scene import Scene, VectorContext


@dataclass(frozen=True, eq=False)
class Area:
    """All that the map of a rule holds of one kind ('': of no kind that the rule knows)."""

    rule: OverlapRule
    kind: str
    severity: str
    vectors: VectorContext
    rows: np.ndarray  # of the role
    pieces: Pieces  # with the rule's buffer, disjoint, as far as they come near the plan


@dataclass(frozen=True, eq=False)
class Areas:
    """The areas of some rules, in their order, and all their pieces: of each, ``source`` is the row
    of its role behind ``first`` (areas + 1,) of its area."""

    each: list[Area]
    pieces: Pieces
    first: np.ndarray


@dataclass(frozen=True, eq=False)
class Touched:
    """Ground that surfaces share with an area, arrays (k,)."""

    feature: np.ndarray  # row of the surfaces
    zone: np.ndarray
    m2: np.ndarray

    def take(self, rows: np.ndarray) -> Touched:
        """Those of some lines (bool or indices)."""
        return Touched(self.feature[rows], self.zone[rows], self.m2[rows])


def areas_of(scene: Scene, rules: Sequence[OverlapRule]) -> Areas:
    """The areas of which the roles are there."""
    rules = [rule for rule in rules if scene.vectors(rule.role) is not None]
    maps = [scene.vectors(rule.role) for rule in rules]
    return whole_of(scene, "alert_areas", (rules, maps, nearby(scene)),
                    lambda: _areas(scene, rules))  # fmt: skip


def _areas(scene: Scene, rules: Sequence[OverlapRule]) -> Areas:
    each = []
    for rule in rules:
        vectors = scene.vectors(rule.role)
        assert vectors is not None
        polygons = polygons_of(scene, vectors)
        kinds = [("", rule.severity, np.arange(vectors.n))] if rule.added else _kinds(rule, vectors)
        for kind, severity, rows in kinds:
            reached = _reached(polygons.take(rows), rule.buffer, scene)
            pieces = disjoint(reached, within=nearby(scene))
            each.append(Area(rule, kind, severity, vectors, rows, pieces))
    first = np.cumsum([0, *(len(area.rows) for area in each)])
    joined = Polygons.from_wkb([])
    for area in each:
        joined = joined.joined(area.pieces.polygons)
    source = [area.pieces.source + begin for area, begin in zip(each, first)]
    return Areas(each, Pieces(joined, np.concatenate([np.zeros(0, np.int64), *source])), first)


def polygons_of(scene: Scene, vectors: VectorContext) -> Polygons:
    """The polygons of a role as drawn."""
    return whole_of(scene, ("alert_polygons", vectors.role), (vectors,),
                    lambda: Polygons.from_wkb(vectors.wkb))  # fmt: skip


def _kinds(rule: OverlapRule, vectors: VectorContext) -> list[tuple[str, str, np.ndarray]]:
    """(kind or '', severity, rows of the role) of each kind present."""
    of_term = {term: kind for kind in rule.kinds for term in kind.terms}
    kinds = [of_term.get(fold(k)) if k is not None else None for k in vectors.texts("kind")]
    ids = np.array([k.id if k else "" for k in kinds], object)
    severity = {k.id: k.severity for k in rule.kinds} | {"": rule.severity}
    return [(id_, severity[id_], np.flatnonzero(ids == id_)) for id_ in severity if id_ in ids]


def _reached(areas: Polygons, buffer: float, scene: Scene) -> Polygons:
    """The areas with ``buffer`` m around them; those that stay away from the plan become empty."""
    if not buffer:
        return areas
    near = np.unique(bbox_pairs(areas.bounds(), nearby(scene), buffer)[0])
    made: list[ogr.Geometry | None] = [None] * areas.n
    for row in near:
        made[int(row)] = polygonal(areas.geometry(int(row)).Buffer(buffer, 16))
    return Polygons.from_geometries(made)


# --------------------------------------------------------------------------------- surfaces
def touched_by(scene: Scene, areas: Areas) -> list[Touched]:
    """What surfaces share with each area. Those are the design's (of what is there now where
    nothing is designed); where it counts what is added, all that may be (:func:`added_by`)."""
    subject, asked = _asked(scene, areas)
    feature, zone, source, m2 = shared_ground(scene, areas.pieces, asked)
    of = areas.first.searchsorted(source, "right") - 1
    counts = subject[feature]
    found = []
    for k, area in enumerate(areas.each):
        mine = (of == k if area.rule.added else (of == k) & counts).nonzero()[0]
        found.append(Touched(feature[mine], zone[mine], m2[mine]))
    return found


def _asked(scene: Scene, areas: Areas) -> tuple[np.ndarray, np.ndarray]:
    """(n_surfaces,) bool: whose ground counts as touched; and with what may be added."""
    surfaces = scene.surfaces

    def make() -> tuple[np.ndarray, np.ndarray]:
        current = surfaces.current
        subject = current if current.all() else ~current
        asked = subject.copy()
        for area in areas.each:
            if area.rule.added:
                for share in added_by(scene, area.rule).values():
                    asked |= share > 0
        return subject, asked

    made_from = (areas, surfaces.current, surfaces.functions, surfaces.codes)
    return whole_of(scene, "alert_asked", made_from, make)


def added_by(scene: Scene, rule: OverlapRule) -> dict[str, np.ndarray]:
    """(n_surfaces,) the share of the ground of each surface that is sealed, or drains, by cause."""
    surfaces = scene.surfaces

    def make() -> dict[str, np.ndarray]:
        sealed = surfaces.share("sealed")
        return {"sealed": np.where(sealed > 0, sealed, 0.0),
                "drainage": surfaces.where(*rule.drains).astype(float)}  # fmt: skip

    return whole_of(scene, ("added_by", rule.id), (rule, surfaces.functions, surfaces.codes), make)


def share_before(scene: Scene, area: Area, pieces: ZonePieces, cause: str,
                 share: np.ndarray) -> float:  # fmt: skip
    """m2 of ``share`` (n_surfaces,) within the pieces as it is now: the current situation before
    the design replaced it."""
    rows, ground = _current_ground(scene)
    share = share[rows]

    def shared() -> tuple[np.ndarray, np.ndarray]:
        i, j = bbox_pairs(ground.bounds(), pieces.polygons.bounds())
        return i, overlap_areas(ground, pieces.polygons, i, j)

    def make() -> float:  # the same ground for every cause
        i, m2 = whole_of(scene, ("alert_common", area.rule.id), (pieces, ground), shared)
        return float((m2 * share[i]).sum())

    return whole_of(scene, ("alert_before", area.rule.id, cause), (pieces, ground, share), make)


def _current_ground(scene: Scene) -> tuple[np.ndarray, Polygons]:
    """The rows of the current situation near the plan, and what each owns where the design takes
    nothing; made once."""
    def make(scene: Scene) -> tuple[np.ndarray, Polygons]:
        rows, box, reuse = np.flatnonzero(scene.surfaces.current), nearby(scene), scene.reuse
        if reuse is None:
            at, ground = _resolved(scene, rows, box)
            return rows[at], ground
        name, kept = "alert_ground", reuse.kept
        before = kept.made_from(name)
        if (before is not None and kept.of_last_run(name) and np.array_equal(before[0], box)
                and np.array_equal(reuse.drawn[rows], before[1])):  # fmt: skip
            at, ground = kept.found(name)
        else:
            at, ground = _resolved(scene, rows, box)
        kept.put(name, (box, rows), (at, ground))
        return rows[at], ground

    return scene.product("alert_ground", make)  # type: ignore[no-any-return]


def _resolved(scene: Scene, rows: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, Polygons]:
    """Which of these rows come near, and the ground of each."""
    surfaces = scene.surfaces
    drawn = surfaces.footprints.take(rows)
    at = np.unique(bbox_pairs(drawn.bounds(), box)[0])
    rank = [surfaces.functions.rank(f) for f in surfaces.function[rows[at]]]
    return at, resolve(drawn.take(at), np.array(rank, float))[0]


def nearest(scene: Scene, area: Area) -> int:
    """The row of the role nearest to the plan."""
    def make() -> int:
        plan, polygons = scene.plan.geometry(0), polygons_of(scene, area.vectors)
        near = np.unique(bbox_pairs(polygons.bounds(), scene.plan.bounds(), scene.margin)[0])
        distance = [plan.Distance(polygons.geometry(int(r))) for r in near]
        return int(near[int(np.argmin(distance))])

    made_from = (area.vectors, scene.plan, scene.margin)
    return whole_of(scene, ("alert_nearest", area.rule.id), made_from, make)
