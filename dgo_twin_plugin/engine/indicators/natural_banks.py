"""I05 natural banks: the part of the boundary between water and land that is natural.

Definition: indicators 5. Worked on the edges of the visible ground: every stretch of the shore is
cut where its neighbour changes or a zone begins, and each piece gets one of three states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..changed import changed_ground
from ..counts import nth, owners, portions, ranges
from ..geometry import Segments, first_containing
from ..kept import by_row, whole_of
from ..words import NOT_IN_SCOPE, say
from ._edges import Pieces, Stretches, crossings, cut, opposite, pick
from ._sight import passing
from .spec import RATIO, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

TOUCH = 0.5  # m: a bank or nature surface this near touches (indicators 5)
EDGE = 0.1  # m: a shore this near the plan's edge is cut by it, not a bank
SLOPE = 1 / 3  # steepest natural slope, over 2 m (indicators 5; domain 2.2 I05, P)
SLOPE_STEP = 5.0  # m of shore that one slope sample stands for
CULVERT_WIDTH = 10.0  # m: a wider end of the water is a bank, not a culvert head (P)
CULVERT_REACH = 25.0  # m: water again within this distance straight across the road (P)
SURE = 1.0  # m more than a reach, so that nothing within it is missed
STEP = 2.0**-38  # of an edge: less than a nanometre
MOST_EDGES = 2**13  # edges worked on at once: more would leave no room for the steps

STONE, NATURE = ("buildings", "square", "paved"), ("bank", "nature")
TELLING = ("water", "transport", *STONE, *NATURE)  # functions that have a say in a shore they touch

UNKNOWN, HARD, NATURAL = 0, 1, 2


@dataclass
class _Shore:
    """Pieces of shore (k,) with what was found out about them."""

    row: np.ndarray  # surface row of the water, ascending
    x0: np.ndarray
    y0: np.ndarray
    x1: np.ndarray
    y1: np.ndarray
    zone: np.ndarray  # 0 where outside the plan
    bank: np.ndarray  # bool: a bank at all
    state: np.ndarray
    by_slope: np.ndarray  # bool: the state follows from the terrain model (proxy)


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Length of natural bank over length of bank of known type, per zone (indicators 5).

    A place is one water feature in one zone and one state, drawn as the lines it stands for.
    """
    shore = scene.product("shore", _shore_of)
    assumed = scene.surfaces.assumed["bank"][shore.row]
    return whole_of(scene, "banks", (*vars(shore).values(), assumed, scene.n_zones),
                    lambda: _measured(shore, assumed, scene.n_zones))  # fmt: skip


def _measured(shore: _Shore, assumed: np.ndarray, n: int) -> Measurement:
    """``assumed`` (k,): the kind of bank of that water came from a default; ``n`` zones."""
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    used = np.flatnonzero(shore.bank)
    length = np.hypot(shore.x1 - shore.x0, shore.y1 - shore.y0)[used]
    key = (shore.row[used] * (n + 1) + shore.zone[used]) * 3 + shore.state[used]
    group, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    total = np.bincount(inverse, length, len(group))
    state, zone, row = group % 3, group // 3 % (n + 1), group // 3 // (n + 1)
    known = state != UNKNOWN
    measurement.parts[""] = Places(
        zone=zone,
        weight=total,
        value=np.where(known, 100.0 * (state == NATURAL), np.nan),
        feature=row,
        num=np.where(known, total * (state == NATURAL), np.nan),
        den=np.where(known, total, np.nan),
        assumed=np.where(known, assumed[used[first]].astype(float), 0.0),
        wkb=_lines(shore, used, inverse, len(group)),
    )
    per_zone = np.bincount(zone, total, n + 1)
    for number in np.flatnonzero(per_zone[1:] <= 0) + 1:
        measurement.not_applicable[int(number)] = say("indicators.natural_banks.no_bank")
    if not len(group):
        measurement.not_applicable[0] = say("indicators.natural_banks.no_bank")
    proxy = np.bincount(shore.zone[used], shore.by_slope[used], n + 1) > 0
    proxy[0] = proxy.any()
    measurement.proxy = proxy
    return measurement


def _shore_of(scene: Scene) -> _Shore:
    """Water by water: a shore depends on the water itself, on what touches it, and on other water
    across a culvert. Of most of it nothing of all that has changed."""
    surfaces = scene.surfaces
    inside = np.zeros(surfaces.n, bool)
    inside[scene.cut.feature] = True
    rows = np.flatnonzero(surfaces.where("water") & inside)
    made_from = [r.raster for r in scene.rasters("dtm")], scene.plan, scene.zones

    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        edges = np.diff(surfaces.polygons.take(some).segments.start)
        parts = [some[part] for part in portions(edges, MOST_EDGES)] or [some]
        found = [vars(_shore(scene, part)).values() for part in parts]
        return tuple(np.concatenate(column) for column in zip(*found))

    again = None if scene.reuse is None else _touched_anew(scene, rows)
    return _Shore(*by_row(scene, "shore", made_from, rows, make, "shape",
                          (surfaces.fields["bank"],), again))  # fmt: skip


def _touched_anew(scene: Scene, rows: np.ndarray) -> np.ndarray:
    """(n_surfaces,) which water of ``rows`` may touch something else than before, or have other
    water across a culvert."""
    surfaces, again = scene.surfaces, np.zeros(scene.surfaces.n, bool)
    found = [(changed_ground(scene, ("shore", functions), functions), reach + SURE)
             for functions, reach in ((TELLING, TOUCH), (("water",), CULVERT_REACH))]  # fmt: skip
    known = [boxes + np.array([-far, -far, far, far]) for boxes, far in found if boxes is not None]
    if len(known) < len(found):
        again[rows] = True
        return again
    boxes = np.concatenate(known)
    near = rows[np.unique(bbox_pairs(surfaces.polygons.bounds()[rows], boxes)[0])]
    if len(near):
        edge = surfaces.polygons.take(near).segments  # of a long water most lies elsewhere
        start, end = np.column_stack([edge.x0, edge.y0]), np.column_stack([edge.x1, edge.y1])
        again[near[edge.feature[passing(start, end, boxes)]]] = True
    return again


def _shore(scene: Scene, rows: np.ndarray) -> _Shore:
    """Of some rows of the surfaces, all of which are water that lies in the plan."""
    surfaces = scene.surfaces
    if not len(rows):
        none, no = np.zeros(0), np.zeros(0, bool)
        return _Shore(rows, none, none, none, none, rows, no, rows, no)
    water = surfaces.where("water")
    taken = surfaces.polygons.take(rows)
    edge = taken.segments
    transport = surfaces.where("transport")
    stone = transport | surfaces.where(*STONE)
    nature = surfaces.where(*NATURE)
    near, near_row = _neighbours(scene, rows, np.flatnonzero(water | stone | nature))
    touch, other = _in_steps(*opposite(edge, near, TOUCH))
    neighbour = near_row[near.feature[other]]
    strange = neighbour != rows[edge.feature[touch.segment]]  # its own next edge is no neighbour
    touch, neighbour = touch.where(strange), neighbour[strange]
    plan_edge, _ = _in_steps(*opposite(edge, scene.plan.segments, EDGE, EDGE, either_way=True))
    to_water = touch.where(water[neighbour])
    to_nature = touch.where(nature[neighbour])
    to_stone = touch.where(stone[neighbour])
    to_road = touch.where(transport[neighbour])
    breaks, needs = _zone_breaks(scene, rows, edge)
    keys = [breaks]
    for part in (plan_edge, to_water, to_nature, to_stone):
        keys += part.keys()
    pieces = cut(edge, keys + _fine(scene, edge))
    feature = edge.feature[pieces.segment]
    row = rows[feature]
    zone = _zones(scene, pieces, edge, breaks, needs, rows)
    bank = (zone > 0) & ~pieces.covered(plan_edge) & ~pieces.covered(to_water)
    bank &= ~_culverts(scene, pieces, row, bank & pieces.covered(to_road))
    declared = surfaces.fields["bank"][row]
    is_natural = (declared == "natural") | pieces.covered(to_nature)
    is_hard = (declared == "hard") | pieces.covered(to_stone)
    state = np.where(is_natural, NATURAL, np.where(is_hard, HARD, UNKNOWN))
    by_slope = np.zeros(len(state), bool)
    ask = np.flatnonzero(bank & (state == UNKNOWN))
    if len(ask) and scene.rasters("dtm"):
        found = _slope(scene, pieces, ask)
        state[ask] = found
        by_slope[ask] = found != UNKNOWN
    return _Shore(row, pieces.x0, pieces.y0, pieces.x1, pieces.y1, zone, bank, state, by_slope)


def _in_steps(found: Stretches, other: np.ndarray) -> tuple[Stretches, np.ndarray]:
    return Stretches(found.segment, _step(found.t0), _step(found.t1)), other


def _step(t: np.ndarray) -> np.ndarray:
    """Parts of an edge in steps. Keys ``2 * segment + t`` are exact then, so where a shore is cut
    does not depend on which others are cut with it."""
    return np.asarray(np.round(t / STEP) * STEP)


def _neighbours(scene: Scene, rows: np.ndarray,
                telling: np.ndarray) -> tuple[Segments, np.ndarray]:  # fmt: skip
    """Edges of the surfaces (rows ``telling``) that come near the water (``rows``), and the
    surface row per feature number of those edges."""
    polygons = scene.surfaces.polygons
    boxes = polygons.bounds()
    i, j = bbox_pairs(boxes[rows], boxes[telling], TOUCH)
    j = telling[j]
    candidates, position = np.unique(j, return_inverse=True)
    edge = polygons.take(candidates).segments
    # an edge counts only inside the box of a water feature: most of a long road does not
    position = position.reshape(-1)
    index, owner = ranges(edge.start[position], edge.start[position + 1])
    box = boxes[rows[i]].take(owner, axis=0)
    of = edge.bounds()[index]
    near = (of[:, :2] <= box[:, 2:] + TOUCH).all(axis=1)
    near &= (of[:, 2:] >= box[:, :2] - TOUCH).all(axis=1)
    return pick(edge, np.unique(index[near])), candidates


def _zone_breaks(scene: Scene, rows: np.ndarray,
                 edge: Segments) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Keys where the shore passes a zone's border, and (n rows,) the zone of features that lie in
    one zone as a whole, 0 for the others."""
    cut_rows = scene.cut
    position = np.full(scene.surfaces.n, -1, np.int64)
    position[rows] = np.arange(len(rows))
    at = position[cut_rows.feature]
    whole = (at >= 0) & (cut_rows.share > 1 - 1e-9)
    single = np.zeros(len(rows), np.int64)
    single[at[whole]] = cut_rows.zone[whole]
    mixed = np.flatnonzero(single[edge.feature] == 0)
    border = scene.zones.polygons.segments
    part = pick(edge, mixed)
    segment, t = crossings(part, border)
    keys = [2.0 * mixed[segment] + _step(t)]
    along, _ = _in_steps(*opposite(part, border, EDGE / 10, EDGE / 10, either_way=True))
    keys += [2.0 * mixed[along.segment] + along.t0, 2.0 * mixed[along.segment] + along.t1]
    return np.concatenate(keys), single


def _zones(scene: Scene, pieces: Pieces, edge: Segments, breaks: np.ndarray, single: np.ndarray,
           rows: np.ndarray) -> np.ndarray:  # fmt: skip
    """(k,) zone of each piece: of the water beside it, asked once per unbroken chain."""
    zone: np.ndarray = single[edge.feature[pieces.segment]].copy()
    open_ = np.flatnonzero(zone == 0)
    if len(open_):
        chain = pieces.chains(breaks, edge)[open_]
        _, first, inverse = np.unique(chain, return_index=True, return_inverse=True)
        inverse = inverse.reshape(-1)
        # the longest piece of a chain stands for it: its middle is farthest from any border
        order = np.lexsort((-pieces.length[open_], inverse))
        lead = order[np.searchsorted(inverse[order], np.arange(len(first)))]
        points = pieces.beside(-0.01)[open_[lead]]
        zone[open_] = (first_containing(scene.zones.polygons, points) + 1)[inverse]
    return zone


def _fine(scene: Scene, edge: Segments) -> list[np.ndarray]:
    """Extra cuts that make pieces short enough for slope samples, where there is a terrain."""
    if not scene.rasters("dtm") or not len(edge.x0):
        return []
    parts = np.maximum(np.ceil(edge.length / SLOPE_STEP), 1).astype(np.int64)
    segment = owners(parts)
    step = nth(parts, segment)
    return [2.0 * segment + _step(step / parts[segment])]


def _culverts(scene: Scene, pieces: Pieces, row: np.ndarray, at_road: np.ndarray) -> np.ndarray:
    """(k,) pieces that are the head of a culvert or bridge: a short stretch along a road, with
    water again straight across it."""
    result = np.zeros(len(row), bool)
    index = np.flatnonzero(at_road)
    if not len(index):
        return result
    joined = np.zeros(len(index), bool)
    joined[1:] = (
        (index[1:] == index[:-1] + 1)
        & (pieces.x0[index[1:]] == pieces.x1[index[:-1]])
        & (pieces.y0[index[1:]] == pieces.y1[index[:-1]])
        & (row[index[1:]] == row[index[:-1]])
    )
    run = np.cumsum(~joined) - 1
    width = np.bincount(run, pieces.length[index])
    short = index[width[run] <= CULVERT_WIDTH]
    if not len(short):
        return result
    (x0, y0), (x1, y1) = (pieces.beside(d)[short].T for d in (TOUCH + 0.1, CULVERT_REACH))
    rays = Segments(np.arange(len(short)), x0, y0, x1, y1, np.zeros(1, np.int64))
    polygons, wet = scene.surfaces.polygons, np.flatnonzero(scene.surfaces.where("water"))
    across = np.unique(bbox_pairs(rays.bounds(), polygons.bounds()[wet])[1])
    water = polygons.take(wet[across])
    result[short[crossings(rays, water.segments)[0]]] = True
    return result


def _slope(scene: Scene, pieces: Pieces, ask: np.ndarray) -> np.ndarray:
    """State by the rise above the water level, 1 and 2 m out: natural up to 1:3 (proxy).

    The level is read 1 m into the water; a terrain model without data there says nothing. Heights
    are those of the nearest cell, so the slope is known to half a cell over its run.
    """
    level, one, two = (_sample(scene, pieces.beside(d)[ask]) for d in (-1.0, 1.0, 2.0))
    gentle = (one - level <= SLOPE + 1e-6) & (two - level <= 2 * SLOPE + 1e-6)
    known = np.isfinite(level) & np.isfinite(one) & np.isfinite(two)
    return np.where(known, np.where(gentle, NATURAL, HARD), UNKNOWN)


def _sample(scene: Scene, xy: np.ndarray) -> np.ndarray:
    """Terrain height at points, m NAP; NaN without data. The first raster with data counts."""
    height = np.full(len(xy), np.nan)
    for source in scene.rasters("dtm"):
        empty = np.isnan(height)
        height[empty] = source.raster.sample(xy[empty], reach=0)
    return height


def _lines(shore: _Shore, used: np.ndarray, group: np.ndarray, n: int) -> list[bytes]:
    """MultiLineString WKB per group, one part per piece."""
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    rows = used[order]
    part = np.zeros(len(rows), np.dtype([("order", "u1"), ("kind", "<u4"), ("count", "<u4"),
                                         ("xy", "<f8", 4)]))  # fmt: skip
    part["order"], part["kind"], part["count"] = 1, 2, 2
    for column, values in enumerate((shore.x0, shore.y0, shore.x1, shore.y1)):
        part["xy"][:, column] = values[rows]
    data = part.tobytes()
    size = part.dtype.itemsize
    start = np.searchsorted(group[order], np.arange(n + 1))
    head = np.zeros(n, np.dtype([("order", "u1"), ("kind", "<u4"), ("count", "<u4")]))
    head["order"], head["kind"], head["count"] = 1, 5, np.diff(start)
    heads, width = head.tobytes(), head.dtype.itemsize
    return [heads[k * width : (k + 1) * width] + data[start[k] * size : start[k + 1] * size]
            for k in range(n)]  # fmt: skip


SPEC = Indicator(
    id="natural_banks",
    code="I05",
    theme="water",
    parts=(Part("", RATIO, "%", scale=100.0),),
    weight="length",
    compute=compute,
    inputs=(Input("bank", "field"), Input("dtm", "role")),
    method="shore-1",
    standard="",
    radius=30.0,
    sigma=(10.0, "absolute"),
    decimals=0,
    places="lines",
)
