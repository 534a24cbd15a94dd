"""Noise of roads and railways at facades: from the model where its sources are given, else maps.

``auto`` takes the model for each kind of source, roads and railways, that has traffic, and the map
for the other. A map of all roads and a model of some must never add up, so once a road has traffic
the maps of roads are used for the legal test alone: one that was declared fit for it
(``basis: legal``) is the word of the register, the model is only indicative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..checks import Check
from ..facades import Facades, facades_of
from ..models.noise import rating
from ..models.noise.lines import KINDS, PLAN, RAIL, ROAD_KINDS, Lines, lines_of
from ..models.tables import constants
from ..scene import MAP, MODEL
from ..words import LOW
from ._levels import (
    MAP_DISTANCE,
    MapValues,
    at_buildings,
    energetic,
    facade_maps,
    fit_values,
    given_by,
    highest_at,
    map_values,
    noise_level,
    noise_weight,
    spread_out,
)

if TYPE_CHECKING:
    from ..scene import Scene

INDICATOR = "traffic_noise"  # whose choice of method holds for all that ask for traffic noise
NIGHT = "lnight"
CUMULATED, JOINT = "cumulated", "joint"
BY_SOURCE = ("road", "rail", "road_night", "rail_night")  # Lden, Lden, Lnight, Lnight
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

    @cached_property
    def road(self) -> np.ndarray:
        """(m,) Lden of all roads together."""
        kinds = [self.day[k] for k in KINDS if k in self.day and k != RAIL]
        return added(kinds, len(self.building))

    @cached_property
    def rail(self) -> np.ndarray:
        """(m,) Lden of all railways together."""
        return self.day.get(RAIL, np.full(len(self.building), np.nan))

    def by_night(self, rail: bool) -> np.ndarray:
        """(m,) Lnight of the railways, or of the roads."""
        levels = [x for kind, x in self.night if (kind == RAIL) == rail]
        return added(levels, len(self.building))


@dataclass(frozen=True, eq=False)
class BuildingNoise:
    """The highest levels at the facade of each building, (n_surfaces,), dB, NaN unknown. Rows that
    are no building with dwellings, education or care are NaN."""

    level: dict[str, np.ndarray]  # by the names of :func:`_named`
    modelled: tuple[str, ...]  # roles of sources that the model took: 'roads', 'railways'
    mapped: tuple[str, ...]  # roles of maps that count: 'noise_road', 'noise_rail'
    checks: list[Check]

    def of_kind(self, kind: str, fit: bool = False) -> np.ndarray | None:
        """Lden of one kind of source, or what is fit for a legal test says; None: nothing does."""
        return self.level.get(f"{'fit' if fit else 'day'}_{kind}")


def kind_of(role: str, owner: str | None) -> str:
    """Source kind of a map: the variant of the law, ``road`` where the owner is not known."""
    if role == "noise_rail":
        return RAIL
    return f"road_{owner}" if owner in OWNERS else "road"


def added(levels: Sequence[np.ndarray], m: int) -> np.ndarray:
    """(m,) energetic sum of what is known (silence is), NaN where nothing is."""
    if not levels:
        return np.full(m, np.nan)
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


def cumulated(road: np.ndarray, rail: np.ndarray) -> np.ndarray:
    """(m,) Lcum, dB, of road and rail Lden (NaN: that source is not known here)."""
    return energetic([road, 0.95 * rail - 1.40], len(road))


def louder(noise: FacadeNoise, road: float = 0.0, rail: float = 0.0) -> np.ndarray:
    """(m,) Lcum, with the roads and the railways that many dB louder."""
    if not noise.modelled:
        return cumulated(noise.road, noise.rail)
    m = len(noise.building)
    return added([noise.road + road, 0.95 * (noise.rail + rail) - 1.40], m)


def noise_at_facades(scene: Scene) -> FacadeNoise | None:
    """The noise at the facades where the model runs, worked out once; None where it does not."""
    found: FacadeNoise | None = scene.product("facade_noise", _noise)
    return found


def levels_at_buildings(scene: Scene) -> BuildingNoise:
    """The highest Lden and Lnight of roads and railways per building, worked out once."""
    found: BuildingNoise = scene.product("building_noise", _buildings)
    return found


def _buildings(scene: Scene) -> BuildingNoise:
    rows, noise = noise_weight(scene).rows, noise_at_facades(scene)
    if noise is not None:
        level = _named(noise)
        top = highest_at(noise.building, rows, [floored(x) for x in level.values()])
        return BuildingNoise(dict(zip(level, spread_out(scene, rows, top))), noise.modelled,
                             noise.mapped, noise.checks)  # fmt: skip
    checks = _sources(scene)[1]
    mapped = () if scene.method(INDICATOR) == MODEL else tuple(filter(scene.has, SOURCES))
    if not mapped:
        unknown = np.full(scene.surfaces.n, np.nan)
        return BuildingNoise(dict.fromkeys(BY_SOURCE, unknown), (), (), checks)
    level = at_buildings(scene, INDICATOR, (mapped, *given_by(scene, *mapped)), rows,
                         lambda points: _named(_by_map(scene, points, mapped)))  # fmt: skip
    return BuildingNoise(level, (), mapped, checks)


def _named(noise: FacadeNoise) -> dict[str, np.ndarray]:
    """(m,) dB at facade points of all that is told of buildings, by name."""
    road, rail, m = noise.road, noise.rail, len(noise.building)
    named = {CUMULATED: louder(noise), JOINT: added([road, rail], m)}
    named.update(zip(BY_SOURCE, (road, rail, noise.by_night(False), noise.by_night(True))))
    # by night where every kind of source that counts tells its level
    if noise.night and (not noise.modelled or set(noise.day) <= {kind for kind, _ in noise.night}):
        named[NIGHT] = added([level for _, level in noise.night], m)
    for name, level in (("autonomous", noise.autonomous), ("plan", noise.plan)):
        if level is not None:
            named[name] = level
    named.update((f"day_{kind}", level) for kind, level in noise.day.items())
    named.update((f"fit_{kind}", level) for kind, level in noise.fit.items())
    return named


def _sources(scene: Scene) -> tuple[Lines, list[Check]]:
    """The lines that the model takes, and what was found about them."""
    lines, checks = (Lines.none(), []) if scene.method(INDICATOR) == MAP else lines_of(scene)
    return lines, list(checks)


def _noise(scene: Scene) -> FacadeNoise | None:
    lines, checks = _sources(scene)
    rail = lines.kind == RAIL
    sources = {"roads": bool((~rail).any()), "railways": bool(rail.any())}
    modelled = tuple(role for role, given in sources.items() if given)
    return _modelled(scene, lines, checks, modelled) if modelled else None


def _by_map(scene: Scene, points: Facades, roles: Sequence[str]) -> FacadeNoise:
    maps, m = _Maps(), len(points.building)
    for role in roles:
        maps.take(role, map_values(scene, role, points.at(MAP_DISTANCE), noise_level))
    return FacadeNoise(points.building, maps.levels(m), maps.night, maps.fit(m))


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
    scene: Scene, lines: Lines, checks: list[Check], modelled: tuple[str, ...]
) -> FacadeNoise:
    """The model for the roles ``modelled``, maps for the other, and legal maps for both."""
    from ..models.noise.facade import building_levels
    from ..models.noise.obstacles import obstacles_of

    rows, points, method = noise_weight(scene).rows, facades_of(scene), scene.method(INDICATOR)
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
