"""The geometry of a scene: ground divided, plan area, cut by zone; and how little of it is done
again where most features are those of the last scene (:class:`kept.Kept`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from osgeo import ogr

from .changed import Changes
from .checks import Check
from .functions import Functions
from .geometry import Polygons, containing
from .joints import GAP
from .kept import Kept, Lines, Reuse, pairing, same, same_shapes, whole
from .outline import outline
from .overlap import (
    Divided,
    Uncovered,
    back_of,
    divide,
    divide_again,
    meeting,
    uncover,
    uncover_again,
    zone_areas,
)
from .pulse import beat
from .rim import Covers, Squares, at_rim, covers
from .scan import Coarse
from .strips import strips
from .words import LOW, NORMAL

if TYPE_CHECKING:
    from .scene import Scene, Zones
    from .sketch import Ground

OVERLAP_CHECK = 0.005  # m2: less common ground than this is not worth a check
MOST_CHANGED = 20  # features up to which the edge of the plan is looked at one by one
MARGIN = 100 * GAP  # m within which ground may have a say in the edge of the plan
LOST = 1e-6  # share of the design that dust along its edges may take from the plan
_LAST, _CHANGES = "ground", "changes"


@dataclass(frozen=True)
class Overlaps:
    """Features that lost ground to another of their own layers (k,), and what is said of it."""

    loser: np.ndarray
    winner: np.ndarray
    least: np.ndarray  # m2
    checks: np.ndarray  # of objects


@dataclass
class _State:
    """What the next scene asks of this one."""

    ground: Ground
    footprints: Polygons
    divided: tuple[Divided, Divided] | None = None  # design, current situation
    below: Uncovered | None = None  # the current situation, by the design
    visible: Polygons | None = None
    overlaps: Overlaps | None = None
    cut: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    zones: Zones | None = None


@dataclass
class Last:
    """The last scene beside this one. ``pair`` (n,): row of each surface there, -1 where it is new;
    ``drawn`` (n,): drawn alike, with the same function; ``shape`` (n,): the same visible ground,
    once it is known; ``old`` None: there is nothing to compare with."""

    old: _State | None
    new: _State
    pair: np.ndarray
    drawn: np.ndarray
    shape: np.ndarray
    kind: np.ndarray
    cut: np.ndarray
    stays: np.ndarray | None = None  # zones and strips as in :class:`kept.Reuse`
    strips: np.ndarray | None = None

    @classmethod
    def of(cls, kept: Kept | None, origin: tuple[float, float], ground: Ground,
           footprints: Polygons) -> Last | None:  # fmt: skip
        if kept is None:
            return None
        new = _State(ground, footprints)
        old: _State | None = None
        if kept.made_from(_LAST) == (origin,):
            old = kept.found(_LAST)
        kept.put(_LAST, (origin,), new)
        n = footprints.n
        nothing, pair = np.zeros(n, bool), None
        if old is not None:
            pair = _paired(new, old)
        if old is None or pair is None or not old.footprints.n:
            return cls(None, new, np.full(n, -1), nothing, nothing, nothing, np.full(n, -1))
        kind = pair >= 0
        if ground is not old.ground:
            kind &= ground.function == old.ground.function[pair]
        drawn = same_shapes(footprints, old.footprints, pair)
        return cls(old, new, pair, drawn & kind, nothing, kind, np.full(n, -1))

    @property
    def unmoved(self) -> bool:
        """Whether all features of before are there again, drawn alike, and no other."""
        return (self.old is not None and self.old.visible is not None
                and len(self.pair) == self.old.footprints.n and bool(self.drawn.all()))

    def gone(self) -> np.ndarray:
        """Rows of before whose visible ground is not there any more, or not as it was."""
        assert self.old is not None
        left = np.ones(self.old.footprints.n, bool)
        left[self.pair[self.shape]] = False
        return np.flatnonzero(left)


def _paired(new: _State, old: _State) -> np.ndarray | None:
    keys, before = ((state.ground.fid, state.ground.current, state.ground.layer)
                    for state in (new, old))  # fmt: skip
    if new.ground is old.ground or same(keys, before):
        return np.arange(new.footprints.n)
    return pairing(keys, before)


# ------------------------------------------------------------------------------------ ground
@dataclass(frozen=True)
class Halves:
    """Design and current situation, each divided by itself."""

    made: tuple[Divided, Divided]
    pairs: tuple[np.ndarray | None, np.ndarray | None]  # rows in the half of before; None: unknown


def halves(footprints: Polygons, ground: Ground, functions: Functions,
           last: Last | None) -> Halves | None:  # fmt: skip
    """The order on the ground within each: rank, then row. None where all is as it was."""
    if last is not None and last.unmoved:
        return None
    rank = functions.column("rank")[ground.codes]
    old = None if last is None else last.old
    made: list[Divided] = []
    pairs: list[np.ndarray | None] = []
    for nth, mine in enumerate(ground.halves):
        polygons, pair = footprints.take(mine), None
        if last is not None and old is not None and old.divided is not None:
            pair = back_of(old.ground.halves[nth], old.footprints.n)[last.pair[mine]]
            alike = pair.copy()
            alike[~last.drawn[mine]] = -1
            made.append(divide_again(polygons, rank[mine], old.divided[nth], alike))
        else:
            made.append(divide(polygons, rank[mine]))
        pairs.append(pair)
    return Halves((made[0], made[1]), (pairs[0], pairs[1]))


def laid(found: Halves | None, footprints: Polygons, ground: Ground, checks: list[Check],
         last: Last | None) -> Polygons:  # fmt: skip
    """The design above the current situation: what is seen of each surface."""
    if found is None:
        assert last is not None and last.old is not None and last.old.visible is not None
        new, then = last.new, last.old
        new.divided, new.below, new.overlaps = then.divided, then.below, then.overlaps
        checks += then.overlaps.checks.tolist() if then.overlaps is not None else []
        new.visible, last.shape = then.visible, np.ones(len(last.pair), bool)
        return last.old.visible  # what was worked out of its edges goes with it
    design, there = found.made
    back = back_of(np.concatenate(ground.halves), footprints.n)[:-1]  # from what is laid to rows
    old = None if last is None else last.old
    if last is not None and old is not None and old.divided is not None and old.below is not None:
        above, under = (_still(d.visible, was.visible, pair, d.source) for d, was, pair in zip(
            found.made, old.divided, found.pairs))
        below = uncover_again(there.visible, design.visible, old.below, under, above,
                              old.divided[0].visible.n)  # fmt: skip
        left = _still(below.left, old.below.left, found.pairs[1], below.source)
        last.shape = np.concatenate([above >= 0, left >= 0])[back]
    else:
        below = uncover(there.visible, design.visible)
    visible = design.visible.joined(below.left).take(back)
    overlaps = _contested(found, footprints, visible, ground, last)
    checks += overlaps.checks.tolist()
    if last is not None:
        last.new.divided, last.new.below, last.new.overlaps = found.made, below, overlaps
        last.new.visible = visible
    return visible


def _still(now: Polygons, then: Polygons, pair: np.ndarray | None,
           source: np.ndarray | None) -> np.ndarray:  # fmt: skip
    """(n,) the row of before of which each has the very ground, -1 where it has not; ``source``:
    as far as that is known."""
    assert pair is not None
    found = np.full(now.n, -1, np.int64) if source is None else source
    asked = pair.copy()
    asked[found >= 0] = -1
    return np.where(same_shapes(now, then, asked), pair, found)


def _contested(found: Halves, footprints: Polygons, visible: Polygons, ground: Ground,
               last: Last | None) -> Overlaps:  # fmt: skip
    """Who lost ground to another of its own layers; each a check."""
    loser = np.concatenate([mine[d.loser] for d, mine in zip(found.made, ground.halves)])
    winner = np.concatenate([mine[d.winner] for d, mine in zip(found.made, ground.halves)])
    area = np.concatenate([d.area for d in found.made])
    lost = np.bincount(loser, area, footprints.n)
    first = np.ones(len(loser), bool)  # of each feature, in order
    first[1:] = loser[1:] != loser[:-1]
    first &= lost[loser] >= OVERLAP_CHECK
    at, who = loser[first], winner[first]
    # several on one place: lost once
    least = np.minimum(lost[at], footprints.area()[at] - visible.area()[at])
    old = None if last is None or last.old is None else last.old.overlaps
    checks, asked = np.full(len(at), None, object), np.arange(len(at))
    if last is not None and last.old is not None and old is not None and len(old.loser):
        known = back_of(old.loser, last.old.footprints.n)[last.pair[at]]
        good = ((known >= 0) & last.drawn[at] & last.drawn[who] & (old.least[known] == least)
                & (old.winner[known] == last.pair[who]))  # fmt: skip
        checks[good] = old.checks[known[good]]
        asked = (~good).nonzero()[0]
    for k in asked.tolist():
        checks[k] = _overlap(footprints, ground, at.item(k), who.item(k), least.item(k))
    return Overlaps(at, who, least, checks)


def _overlap(footprints: Polygons, ground: Ground, loser: int, winner: int,
             area: float) -> Check:  # fmt: skip
    beat()
    common = footprints.geometry(loser).Intersection(footprints.geometry(winner))
    return Check(
        "overlap", NORMAL if area > 1.0 else LOW, "feature", ground.layer[loser],
        int(ground.fid[loser]), value=f"{area:.3f}",
        params={"area": area, "function": str(ground.function[loser]),
                "other": int(ground.fid[winner]), "other_function": str(ground.function[winner])},
        wkb=None if common is None else bytes(common.ExportToWkb(ogr.wkbNDR)),
    )  # fmt: skip


# ------------------------------------------------------------------------------------ plan area
@dataclass(frozen=True)
class Plan:
    geometry: ogr.Geometry
    polygons: Polygons  # the same, one feature
    checks: list[Check]

    @classmethod
    def of(cls, geometry: ogr.Geometry, checks: list[Check] | None = None) -> Plan:
        return cls(geometry, Polygons.from_geometries([geometry]), checks or [])


def plan_of(design: Polygons, measured: Covers = covers) -> Plan:
    """The ground of the design with its holes filled."""
    made, ground = outline(design.take(at_rim(design, measured))), float(design.area().sum())
    if made.Area() < ground * (1.0 - LOST):  # features that overlap made up for a gap: it is open
        made = outline(design)
    return Plan.of(made)


def plan_again(visible: Polygons, design: np.ndarray, kept: Kept, last: Last) -> Plan:
    """:func:`plan_of`. What came and went inside it, away from its edge, leaves the plan as it
    was."""
    before: Plan | None = kept.found("plan")
    inputs = ("design",)
    known = (last.old is not None and last.old.visible is not None
             and kept.made_from("plan") == inputs)  # fmt: skip
    if known and before is not None:
        if _stays(visible, design, last, before.polygons):
            return kept.put("plan", inputs, before)
    made = plan_of(visible.take(design), _Squares(kept, last, design).covers)
    if known and before is not None and same(made.polygons.xy, before.polygons.xy) and same(
            made.polygons.ring_start, before.polygons.ring_start):
        made = before  # so are the zones, and all that rests on them
    return kept.put("plan", inputs, made)


@dataclass(frozen=True)
class _Squares:
    """:func:`rim.covers`, of which only what changed is measured."""

    kept: Kept
    last: Last
    design: np.ndarray

    def covers(self, polygons: Polygons, squares: Squares
               ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        made_from, before = self.kept.made_from("squares"), self.kept.found("squares")
        match = np.full(polygons.n, -1, np.int64)
        if made_from is not None and made_from[0] == squares:
            match = np.where(self.last.shape, self.last.pair, -1)[self.design]
            match[match >= 0] = np.where(before.covered, np.arange(len(before.covered)),
                                         -1)[match[match >= 0]]  # fmt: skip
        fresh = np.flatnonzero(match < 0)
        i, j, area = covers(polygons.take(fresh), squares)
        i = fresh[i]
        if len(fresh) < polygons.n:
            stays = np.flatnonzero(match >= 0)
            back = np.full(len(before.covered), -1, np.int64)
            back[match[stays]] = stays
            row = back[before.columns[0]]
            use = row >= 0
            i, j, area = (np.concatenate([was[use], now]) for was, now in zip(
                (row, *before.columns[1:]), (i, j, area)))
        covered = np.zeros(len(self.last.pair), bool)
        covered[self.design] = True
        self.kept.put("squares", (squares,),
                      Lines("shape", covered, (self.design[i], j, area), ()))  # fmt: skip
        return i, j, area


def _stays(visible: Polygons, design: np.ndarray, last: Last, plan: Polygons) -> bool:
    """Whether all ground that came to the design or went lies in the plan, away from its edge."""
    old = last.old
    assert old is not None and old.visible is not None
    now = design[~last.shape[design]]
    gone = last.gone()
    gone = gone[~old.ground.current[gone]]
    if len(now) + len(gone) > MOST_CHANGED:
        return False
    pair = last.pair[now]
    (again,) = (pair >= 0).nonzero()
    stood = set(pair[again].tolist())
    went = [row for row in gone.tolist() if row not in stood]
    before = old.visible.bounds()
    boxes = np.concatenate([visible.bounds()[now], before[went]])
    then, both = before[pair[again]], boxes[again]
    boxes[again, :2] = np.minimum(both[:, :2], then[:, :2])
    boxes[again, 2:] = np.maximum(both[:, 2:], then[:, 2:])
    inside = _inside(boxes, plan)
    # what is still there and reaches the edge may have changed elsewhere only
    wide = again[~inside[again]]
    inside[wide] = True
    if not inside.all():
        return False
    if not len(wide):
        return True
    changed = strips(visible.take(now[wide]), old.visible.take(pair[wide]), np.arange(len(wide)))
    return bool(_inside(changed, plan).all())


def _inside(boxes: np.ndarray, plan: Polygons) -> np.ndarray:
    """(k,) whether boxes (k, 4) lie in the plan, and its edge does not come near; of an empty one
    that is true. What came and went in such boxes leaves the plan as it was: all about its edge is
    ground that stayed, and nothing leads from outside to a hole but through that edge."""
    found: np.ndarray = ~np.isfinite(boxes[:, 0])
    asked = np.flatnonzero(~found)
    if not len(asked):
        return found
    boxes = boxes[asked]
    s = plan.segments
    start, end = np.stack([s.x0, s.y0], axis=-1), np.stack([s.x1, s.y1], axis=-1)
    middle = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    size = 0.5 * (boxes[:, 2:] - boxes[:, :2])[:, None] + MARGIN
    half, off = 0.5 * (end - start), 0.5 * (start + end) - middle[:, None]
    # an edge that stays out of a box stays aside of it along x, along y, or across itself
    near = (np.abs(off) <= size + np.abs(half)).all(axis=-1)
    near &= (np.abs(half[:, 0] * off[..., 1] - half[:, 1] * off[..., 0])
             <= size[..., 0] * np.abs(half[:, 1]) + size[..., 1] * np.abs(half[:, 0]))  # fmt: skip
    free = np.flatnonzero(~near.any(axis=1))
    found[asked[free[containing(plan, middle[free])[0]]]] = True
    return found


# ------------------------------------------------------------------------------------ zones
def cut_again(visible: Polygons, zones: Zones, kept: Kept | None,
              last: Last | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Feature x zone, as :func:`overlap.zone_areas`; only what changed is cut again."""
    if kept is None or last is None:
        return zone_areas(visible, zones.polygons)
    side = Coarse.side(visible.n)
    coarse = whole(kept, "coarse", (zones, side), lambda: Coarse.of(zones.polygons, visible.n))
    old, made = last.old, None
    if old is not None and old.cut is not None and old.zones is not None:
        changed = last.strips = _changed_zones(zones, old.zones, last)
        if changed is not None:
            good = last.shape.copy()
            good[meeting(changed, visible.bounds())[1]] = False
            last.cut = last.pair.copy()
            last.cut[~good] = -1
            fresh = zone_areas(visible, zones.polygons, (~good).nonzero()[0], coarse)
            row = back_of(last.cut, old.footprints.n).take(old.cut[0])
            use = row >= 0
            columns = [np.concatenate([a, b]) for a, b in zip(
                (row[use], old.cut[1][use], old.cut[2][use]), fresh)]
            order = columns[0].argsort(kind="stable")  # both are in order of zone
            made = columns[0][order], columns[1][order], columns[2][order]
    if made is None:
        made = zone_areas(visible, zones.polygons, None, coarse)
    last.new.cut, last.new.zones = made, zones
    return made


def _changed_zones(zones: Zones, old: Zones, last: Last) -> np.ndarray | None:
    """Boxes (k, 4) about all ground that changed its zone; None where all may have."""
    if zones is old:
        last.stays = np.ones(zones.n, bool)
        return np.zeros((0, 4))
    if zones.n != old.n or zones.area_type.tolist() != old.area_type.tolist():
        return None
    last.stays = same_shapes(zones.polygons, old.polygons, np.arange(zones.n))
    return strips(zones.polygons, old.polygons, np.flatnonzero(~last.stays))


# ------------------------------------------------------------------------------------ what is kept
def reuse_of(scene: Scene, kept: Kept, last: Last | None) -> Reuse:
    """What indicators may take over."""
    n, surfaces = scene.surfaces.n, scene.surfaces
    none = np.full(n, -1, np.int64)
    changes: Changes = kept.found(_CHANGES) or Changes()
    if last is None or last.old is None or last.old.visible is None:
        all_ = surfaces.polygons.bounds()
        changes = kept.put(_CHANGES, (), Changes(changes.run + 1))
        return Reuse(kept, none, none, np.zeros(n, bool), none, all_, all_, changes=changes)
    same = last.shape & last.kind
    came, gone = (~same).nonzero()[0], np.ones(last.old.footprints.n, bool)
    gone[last.pair[same]] = False
    boxes = np.concatenate([surfaces.polygons.bounds()[came], last.old.visible.bounds()[gone]])
    codes = np.concatenate([surfaces.codes[came], last.old.ground.codes[gone]])
    some = np.isfinite(boxes[:, 0])  # what nothing is seen of lies nowhere
    boxes, codes = boxes[some], codes[some]
    shape, drawn = last.pair.copy(), last.pair.copy()
    shape[~last.shape], drawn[~last.drawn] = -1, -1
    return Reuse(kept, shape, last.cut, last.kind, drawn, boxes,
                 boxes[surfaces.functions.members(("buildings",))[codes]],
                 last.old.zones, last.stays, last.strips,
                 kept.put(_CHANGES, (), changes.later(boxes, codes)))  # fmt: skip


__all__ = ["Last", "Plan", "cut_again", "halves", "laid", "plan_again", "plan_of", "reuse_of"]
