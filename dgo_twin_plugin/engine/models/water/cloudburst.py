"""A shower on a piece of land: what sinks in, what facilities keep, where the rest comes to stand.

Water runs over the ground by the steepest way (D8), fills depressions, spills and merges
(``hierarchy``, ``pour``). Buildings stand in its way and shed their rain on the nearest ground;
facilities are pits in the ground as large as their storage. Open water, the edge of the grid and
ground of unknown height take all that reaches them. No sewer but by a stated capacity.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from ...pulse import beat
from ..frame import Frame
from .hierarchy import AROUND, OUT, Hierarchy, bounded, downhill, downhill_after, hierarchy
from .pour import poured

GROUND, BUILDING, WATER, UNKNOWN = range(4)  # what a cell is
_AT_ONCE = 2**13  # cells: what is made on the way stays in the cache


@dataclass(frozen=True)
class Land:
    """Grids (rows, columns) in one frame."""

    frame: Frame
    surface: np.ndarray  # m NAP; NaN where unknown
    kind: np.ndarray  # GROUND, BUILDING, WATER or UNKNOWN
    sealed: np.ndarray  # 0-1
    permeability: np.ndarray  # m per day, of the unsealed part
    sewer: np.ndarray  # mm per h that the sewer takes from sealed ground
    storage: np.ndarray  # m of water: facilities, reservoirs
    roofs: tuple[tuple[np.ndarray, float], ...]  # share of the roof, m of water it holds there
    brim: np.ndarray  # m NAP at which a facility runs over; NaN where its ground decides

    def bed(self) -> np.ndarray:
        """The terrain that water meets: facilities dug out, ``inf`` for buildings, ``-inf`` where
        water leaves."""
        brim = np.where(np.isnan(self.brim), self.surface, self.brim)
        dug = np.fmin(brim - self.storage, self.surface)  # a hollow that is there already stays
        bed = np.where(self.storage > 0, dug, self.surface)
        bed = np.where(self.kind == BUILDING, np.inf, bed)
        return np.where((self.kind == WATER) | (self.kind == UNKNOWN), -np.inf, bed)

    def top(self, cell: np.ndarray) -> np.ndarray:
        """(k,) m NAP above which water counts as standing on the ground at these cells, counted
        row by row: facilities at their brim."""
        surface, brim = self.surface.ravel()[cell], self.brim.ravel()[cell]
        return np.where((self.storage.ravel()[cell] > 0) & ~np.isnan(brim), brim, surface)


@dataclass(frozen=True)
class Flow:
    """How water runs over the land; knows nothing of the shower."""

    tree: Hierarchy
    drain: np.ndarray  # (cells,) ground cell that receives the rain of each cell
    bed: np.ndarray
    receiver: np.ndarray  # (cells,) see downhill()

    @cached_property
    def basin(self) -> np.ndarray:
        """(cells,) basin into which the rain of each cell runs."""
        found: np.ndarray = np.maximum(self.tree.label[self.drain], OUT).astype(np.int64)
        return found


@dataclass(frozen=True)
class Flood:
    """The outcome of one shower. ``depth``: m of water above the ground (NaN on buildings and
    unknown ground); the other figures are volumes, m3, which add up to ``rain``."""

    depth: np.ndarray
    rain: float
    infiltrated: float
    sewer: float
    stored: float  # on roofs, in reservoirs and in facilities up to their brim
    ponded: float
    left: float

    @property
    def balance(self) -> float:
        """m3 that is not accounted for: rounding."""
        return self.rain - self.infiltrated - self.sewer - self.stored - self.ponded - self.left


def flow_of(land: Land) -> Flow:
    """Directions, depressions and where roofs drain to."""
    bed = land.bed()
    receiver = downhill(bounded(bed))
    return Flow(hierarchy(bed, receiver), _drain(land.kind), bed, receiver)


def flood(land: Land, flow: Flow, mm: float, hours: float) -> Flood:
    """The water after ``mm`` of rain in ``hours``."""
    rain = mm / 1000.0
    kind, storage, bed = (grid.ravel() for grid in (land.kind, land.storage, flow.bed))
    lost = [_lost(land, rain, hours, slice(first, first + _AT_ONCE))
            for first in range(0, kind.size, _AT_ONCE)]  # fmt: skip
    soaked, kept, piped = np.sum([each[:3] for each in lost], axis=0).tolist()
    running = np.concatenate([each[3] for each in lost])
    volume = np.bincount(flow.basin, running, flow.tree.n + 1)
    beat()
    result = poured(flow.tree, volume)
    cell = result.cell
    under = result.deep(bed)  # m of water above the bed
    above = np.maximum(under - (land.top(cell) - bed[cell]), 0.0)
    above = np.where(storage[cell] > 0, above, under)
    depth = np.where((kind == GROUND) | (kind == WATER), 0.0, np.nan)
    depth[cell] = above
    ponded, area = float(above.sum()), land.frame.cell**2
    return Flood(
        depth=depth.reshape(land.kind.shape), rain=rain * kind.size * area,
        infiltrated=soaked * area, sewer=piped * area,
        stored=(kept + float(under.sum()) - ponded) * area,
        ponded=ponded * area, left=result.left * area,
    )  # fmt: skip


def _lost(land: Land, rain: float, hours: float,
          at: slice) -> tuple[float, float, float, np.ndarray]:  # fmt: skip
    """Of ``rain`` m on some cells, counted row by row: what soaks in, what roofs keep and what the
    sewer takes, summed, and (k,) what runs from each, m."""
    kind, sealed, permeability, sewer, storage = (grid.ravel()[at] for grid in (
        land.kind, land.sealed, land.permeability, land.sewer, land.storage))  # fmt: skip
    roof, ground = kind == BUILDING, kind == GROUND
    soaked = ground * (1.0 - sealed) * np.minimum(rain, permeability * hours / 24.0)
    kept = np.zeros(len(kind))
    for share, holds in land.roofs:  # a green part holds no more than falls on it
        kept += share.ravel()[at] * min(holds, rain)
    kept = np.where(roof, np.minimum(kept + storage, rain), 0.0)
    # the roof holds its rain before the sewer sees it
    hard = np.where(ground, sealed, roof)
    piped = hard * np.minimum(sewer * hours / 1000.0, rain - kept)
    running = np.maximum(rain - soaked - kept - piped, 0.0)
    return float(soaked.sum()), float(kept.sum()), float(piped.sum()), running


def updated(land: Land, before: Land, flow: Flow) -> Flow:
    """The flow over a changed land. Depressions are found anew only where the ground itself
    changed; other storage on roofs, paving or soil leaves them as they are. Equal to
    :func:`flow_of` to the last bit."""
    if land.frame != before.frame:
        return flow_of(land)
    bed = land.bed()
    alike = np.array_equal(land.kind, before.kind)
    if np.array_equal(bed, flow.bed):
        return flow if alike else replace(flow, drain=_drain(land.kind))
    receiver = downhill_after(bounded(flow.bed), flow.receiver, bounded(bed))
    drain = flow.drain if alike else _drain(land.kind)
    return Flow(hierarchy(bed, receiver), drain, bed, receiver)


def same_land(a: Land, b: Land) -> bool:
    """Whether two lands are the same to the last bit."""
    if a.frame != b.frame or len(a.roofs) != len(b.roofs):
        return False
    pairs = [(getattr(a, f.name), getattr(b, f.name)) for f in fields(Land)
             if f.name not in ("frame", "roofs")]  # fmt: skip
    pairs += [(x[0], y[0]) for x, y in zip(a.roofs, b.roofs)]
    return all(x[1] == y[1] for x, y in zip(a.roofs, b.roofs)) and all(
        x is y or np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in pairs)


def _drain(kind: np.ndarray) -> np.ndarray:
    """(cells,) itself, or for a building the nearest other cell, found by growing inward (steps
    to the eight neighbours, straight ones first)."""
    rows, columns = kind.shape
    drain = np.arange(kind.size)
    waiting = np.flatnonzero(kind.ravel() == BUILDING)
    done = kind.ravel() != BUILDING
    straight_first = sorted(AROUND, key=lambda step: step[0] ** 2 + step[1] ** 2)
    while len(waiting):
        beat()
        r, c = np.divmod(waiting, columns)
        found = np.full(len(waiting), -1)
        for dr, dc in straight_first:
            near = (r + dr) * columns + c + dc
            ok = (r + dr >= 0) & (r + dr < rows) & (c + dc >= 0) & (c + dc < columns)
            ok &= found < 0
            ok[ok] = done[near[ok]]
            found[ok] = drain[near[ok]]
        reached = found >= 0
        if not reached.any():
            break  # nothing but buildings: their rain leaves
        drain[waiting[reached]] = found[reached]
        done[waiting[reached]] = True
        waiting = waiting[~reached]
    return drain
