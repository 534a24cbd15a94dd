"""Noise of roads and railways at facades: from the model where its sources are given, else maps.

``auto`` takes the model for each kind of source, roads and railways, that has traffic, and the map
for the other. A map of all roads and a model of some must never add up, so once a road has traffic
the maps of roads are used for the legal test alone: one that was declared fit for it
(``basis: legal``) is the word of the register, the model is only indicative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..checks import Check
from ..facades import facades_of
from ..models.noise import rating
from ..models.noise.lines import KINDS, PLAN, RAIL, ROAD_KINDS, Lines, lines_of
from ..models.tables import constants
from ..scene import MAP, MODEL
from ..words import LOW
from ._levels import (
    MapValues,
    energetic,
    facade_maps,
    fit_values,
    noise_level,
    noise_weight,
    per_building,
)

if TYPE_CHECKING:
    from ..scene import Scene

INDICATOR = "traffic_noise"  # whose choice of method holds for all that ask for traffic noise
NIGHT = "lnight"
SOURCES = {"noise_road": "roads", "noise_rail": "railways"}  # role of the map -> of the sources
OWNERS = tuple(kind[5:] for kind in ROAD_KINDS)


@dataclass(frozen=True, eq=False)
class FacadeNoise:
    """Noise at m facade points of the buildings that weigh; dB, NaN unknown, -inf silent."""

    building: np.ndarray  # (m,) row of the surfaces
    day: dict[str, np.ndarray]  # kind of source -> (m,) Lden
    night: list[tuple[str, np.ndarray]]  # kind of source, (m,) Lnight
    fit: dict[str, np.ndarray]  # kind -> (m,) Lden by what was declared fit for a legal test
    plan: np.ndarray | None = None  # (m,) joint Lden of the plan's own sources, where modelled
    # (m,) Lden of all other roads, and of all other railways: there without the plan
    autonomous_road: np.ndarray | None = None
    autonomous_rail: np.ndarray | None = None
    modelled: tuple[str, ...] = ()  # roles of sources that the model took
    mapped: tuple[str, ...] = ()  # roles of maps that count
    lines: Lines | None = None
    checks: list[Check] = field(default_factory=list)

    @property
    def autonomous(self) -> np.ndarray | None:
        """(m,) joint Lden of what is there without the plan; None without a model."""
        if self.autonomous_road is None or self.autonomous_rail is None:
            return None
        return added([self.autonomous_road, self.autonomous_rail], len(self.building))

    @property
    def road(self) -> np.ndarray:
        """(m,) Lden of all roads together."""
        kinds = [self.day[k] for k in KINDS if k in self.day and k != RAIL]
        return added(kinds, len(self.building))

    @property
    def rail(self) -> np.ndarray:
        """(m,) Lden of all railways together."""
        return self.day.get(RAIL, np.full(len(self.building), np.nan))

    def by_night(self, rail: bool) -> np.ndarray:
        """(m,) Lnight of the railways, or of the roads."""
        levels = [x for kind, x in self.night if (kind == RAIL) == rail]
        return added(levels, len(self.building))


@dataclass(frozen=True, eq=False)
class BuildingNoise:
    """The highest level at the facade of each building, (n_surfaces,), NaN unknown. Rows that are
    no building with dwellings, education or care are NaN."""

    road: np.ndarray  # Lden, dB
    rail: np.ndarray
    road_night: np.ndarray  # Lnight, dB
    rail_night: np.ndarray
    modelled: tuple[str, ...]  # roles of sources that the model took: 'roads', 'railways'
    mapped: tuple[str, ...]  # roles of maps that count: 'noise_road', 'noise_rail'


def kind_of(role: str, owner: str | None) -> str:
    """Source kind of a map: the variant of the law, ``road`` where the owner is not known."""
    if role == "noise_rail":
        return RAIL
    return f"road_{owner}" if owner in OWNERS else "road"


def added(levels: Sequence[np.ndarray], m: int) -> np.ndarray:
    """(m,) energetic sum of what is known (silence is), NaN where nothing is."""
    total, known = np.zeros(m), np.zeros(m, bool)
    for level in levels:
        here = ~np.isnan(level)
        total += np.where(here, 10.0 ** (np.where(here, level, 0.0) / 10.0), 0.0)
        known |= here
    with np.errstate(divide="ignore"):
        return np.where(known, 10.0 * np.log10(total), np.nan)


def floored(level: np.ndarray) -> np.ndarray:
    """At least the level below which the model only says "at most this"; NaN stays."""
    return np.maximum(level, float(constants("road_noise")["floor"]))


def noise_at_facades(scene: Scene) -> FacadeNoise:
    """The noise at the facades, worked out once."""
    found: FacadeNoise = scene.product("facade_noise", _noise)
    return found


def levels_at_buildings(scene: Scene) -> BuildingNoise:
    """The highest Lden and Lnight of roads and railways per building, worked out once."""
    found: BuildingNoise = scene.product("building_noise", _buildings)
    return found


def _buildings(scene: Scene) -> BuildingNoise:
    noise = noise_at_facades(scene)

    def highest(level: np.ndarray) -> np.ndarray:
        return per_building(scene, noise.building, floored(level) if noise.modelled else level)

    return BuildingNoise(highest(noise.road), highest(noise.rail), highest(noise.by_night(False)),
                         highest(noise.by_night(True)), noise.modelled, noise.mapped)  # fmt: skip


def _noise(scene: Scene) -> FacadeNoise:
    method = scene.method(INDICATOR)
    lines, checks = (Lines.none(), []) if method == MAP else lines_of(scene)
    rail = lines.kind == RAIL
    sources = {"roads": bool((~rail).any()), "railways": bool(rail.any())}
    modelled = tuple(role for role, given in sources.items() if given)
    if modelled:
        return _modelled(scene, lines, list(checks), modelled, method)
    points, rows = facades_of(scene), noise_weight(scene).rows
    if method == MODEL:
        return FacadeNoise(np.zeros(0, np.int64), {}, [], {}, checks=list(checks))
    building, maps = points.building, _Maps()
    for role in SOURCES:
        building, found = facade_maps(scene, points, rows, role, noise_level)
        maps.take(role, found)
    m = len(building)
    mapped = tuple(role for role in SOURCES if scene.has(role))
    return FacadeNoise(building, maps.levels(m), maps.night, maps.fit(m), mapped=mapped,
                       checks=list(checks))  # fmt: skip


class _Maps:
    """Maps by kind of source."""

    def __init__(self) -> None:
        self.day: dict[str, list[MapValues]] = {}
        self.night: list[tuple[str, np.ndarray]] = []

    def take(self, role: str, maps: list[MapValues]) -> None:
        for one in maps:
            kind = kind_of(role, one.said("owner"))
            if one.said("quantity") == NIGHT:
                self.night.append((kind, one.value))
            else:
                self.day.setdefault(kind, []).append(one)

    def levels(self, m: int) -> dict[str, np.ndarray]:
        return {k: energetic([x.value for x in self.day[k]], m) for k in KINDS if k in self.day}

    def fit(self, m: int) -> dict[str, np.ndarray]:
        return {k: energetic(fit_values(self.day[k]), m) for k in KINDS if k in self.day}


def _modelled(
    scene: Scene, lines: Lines, checks: list[Check], modelled: tuple[str, ...], method: str
) -> FacadeNoise:
    """The model for the roles ``modelled``, maps for the other, and legal maps for both."""
    from ..models.noise.facade import building_levels
    from ..models.noise.obstacles import obstacles_of

    rows, points = noise_weight(scene).rows, facades_of(scene)
    found = building_levels(scene, lines, rows)
    building, m = found.building, len(found.building)
    if found.coarse:
        checks.append(Check("noise_large_plan", LOW, "run", params={"count": m}))
    by_kind: dict[str, list[np.ndarray]] = {}
    plan: list[np.ndarray] = []
    rest: dict[bool, list[np.ndarray]] = {True: [], False: []}  # railway or not
    night: list[tuple[str, np.ndarray]] = []
    for (kind, origin), levels in found.level.items():
        level = rating.lden(levels)
        by_kind.setdefault(kind, []).append(level)
        (plan if origin == PLAN else rest[kind == RAIL]).append(level)
        night.append((kind, rating.lnight(levels)))
    day = {kind: added(levels, m) for kind, levels in by_kind.items()}
    fit: dict[str, np.ndarray] = {}
    mapped = []
    for role, source in SOURCES.items():
        if not scene.has(role):
            continue
        maps = _Maps()
        there, read = facade_maps(scene, points, rows, role, noise_level)
        assert np.array_equal(there, building)  # both are the facade points of ``rows``
        maps.take(role, read)
        fit.update(maps.fit(m))
        if source in modelled:
            checks.append(Check("noise_map_not_used", LOW, "layer", _layer(scene, role)))
        elif method != MODEL:
            mapped.append(role)
            background = maps.levels(m)
            day.update(background)
            rest[role == "noise_rail"] += list(background.values())
            night += maps.night
    checks += obstacles_of(scene).checks
    return FacadeNoise(building, day, night, fit, added(plan, m) if plan else None,
                       added(rest[False], m), added(rest[True], m), modelled, tuple(mapped), lines,
                       checks)  # fmt: skip


def _layer(scene: Scene, role: str) -> str:
    rasters, vectors = scene.rasters(role), scene.vectors(role)
    if rasters:
        return rasters[0].layer
    return str(vectors.layer[0]) if vectors is not None else role
