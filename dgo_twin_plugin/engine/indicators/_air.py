"""Concentrations at the buildings: maps of the three substances, and roads by SRM1.

What counts where (nothing counts twice, nothing is subtracted):

    map    maps only: total, else background + road; plus plan
    auto   as map, but with traffic on roads: where background holds, the modelled roads take the
           place of a map of roads; modelled roads of the plan take the place of a map of the plan.
           A total map (or one that does not say what it holds) has the roads of today in it: only
           roads of the plan come on top
    model  background + modelled roads; total maps, and maps of roads or plan, are not used

The plan's NO2 is what its roads change in the NO2 of all roads together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..checks import Check
from ..kept import by_row, whole_of
from ..models.air.roads import AUTONOMOUS, PLAN, RoadAir, road_air, roads_of
from ..models.tables import constants
from ..scene import MAP, MODEL
from ..words import IMPORTANT, LOW, NORMAL
from ._levels import MapValues, field_value, given_by, map_values, noise_weight, spread_out

if TYPE_CHECKING:
    from ..scene import Scene

INDICATOR = "air_quality"  # whose choice of method holds for all that ask for the air
SUBSTANCES = ("no2", "pm10", "pm25")
TOTAL, BACKGROUND, ROAD, OF_PLAN = "total", "background", "road", "plan"
CONTRIBUTIONS = (BACKGROUND, ROAD, OF_PLAN)
MOST = 500.0  # ug/m3: no yearly mean is higher (range of the roles)

_SEVERITY = {"air_bad_shares": IMPORTANT, "air_impossible": IMPORTANT, "air_far": LOW,
             "air_close": LOW, "air_slow_road": LOW}  # fmt: skip


@dataclass(eq=False)
class Substance:
    """One substance; arrays (n_surfaces,), or of the buildings asked; NaN where unknown."""

    value: np.ndarray  # ug/m3
    fit: np.ndarray  # what input with a legal basis says by itself
    shares: dict[str, np.ndarray] = field(default_factory=dict)  # contribution -> ug/m3
    from_map: np.ndarray | None = None  # standard deviation of the maps in ``value``, ug/m3
    modelled: np.ndarray | None = None  # what SRM1 put into ``value``, ug/m3


@dataclass(eq=False)
class Air:
    """All substances that can be known, and how."""

    substances: dict[str, Substance]
    roads: RoadAir | None = None  # where the model took part
    checks: list[Check] = field(default_factory=list)


def first_known(maps: list[MapValues], spread: list[np.ndarray], m: int) -> _Map:
    """The first map with data at each point."""
    found = _Map(np.full(m, np.nan), np.zeros(m, bool), np.zeros(m))
    for given, sd in zip(maps, spread):
        use = np.isnan(found.value) & ~np.isnan(given.value)
        found.value[use], found.legal[use] = given.value[use], given.legal[use]
        found.variance[use] = sd[use] ** 2
    return found


def added(maps: list[MapValues], spread: list[np.ndarray], m: int) -> _Map:
    """The sum of what is known (NaN where nothing is); legal where all of it is."""
    found, known = _Map(np.zeros(m), np.ones(m, bool), np.zeros(m)), np.zeros(m, bool)
    for given, sd in zip(maps, spread):
        here = ~np.isnan(given.value)
        found.value[here] += given.value[here]
        found.legal[here] &= given.legal[here]
        found.variance[here] += sd[here] ** 2
        known |= here
    found.value[~known] = np.nan
    found.legal &= known
    return found


@dataclass(eq=False)
class _Map:
    value: np.ndarray
    legal: np.ndarray
    variance: np.ndarray

    def plus(self, other: _Map | None) -> _Map:
        """Where ``other`` says nothing, this stays as it is."""
        if other is None:
            return self
        known = ~np.isnan(other.value)
        return _Map(self.value + np.nan_to_num(other.value), self.legal & (other.legal | ~known),
                    self.variance + np.where(known, other.variance, 0.0))  # fmt: skip


def air_of(scene: Scene) -> Air:
    """The air at the buildings where people live, learn or are cared for, worked out once."""
    found: Air = scene.product("air", _air)
    return found


def _air(scene: Scene) -> Air:
    """A substance without a map that can hold (a background map, for ``model``) is not in it."""
    rows, method = noise_weight(scene).rows, scene.method(INDICATOR)
    given = [s for s in SUBSTANCES if scene.has(s)]
    roads = road_air(scene) if given and _wanted(scene, given, method) else None
    active = roads if roads is not None and roads.origins else None
    if active is None:
        found, strange = _by_map(scene, given, rows, method)
    else:
        maps, strange = _maps_at(scene, given, rows)
        found = _substances(scene, maps, rows, active, method)
    everywhere = spread_out(scene, rows, _figures(found, len(rows)))
    result = Air(_told(found, everywhere))
    if any(made.modelled is not None for made in found.values()):
        result.roads = active
    if strange:
        result.checks.append(Check("air_map_impossible", IMPORTANT, value=str(strange)))
    if roads is not None and scene.vectors("roads") is not None:
        result.checks += _road_checks(roads, bool(active))
    return result


def _figures(found: dict[str, Substance], m: int) -> np.ndarray:
    """(figures, m) all that is known of the substances, in the order of :func:`_told`."""
    flat: list[np.ndarray | None] = []
    for one in found.values():
        flat += [one.value, one.fit, one.from_map, *one.shares.values()]
        flat += [] if one.modelled is None else [one.modelled]
    return np.array(flat, float).reshape(len(flat), m)


def _told(like: dict[str, Substance], figures: np.ndarray) -> dict[str, Substance]:
    """Substances of which as much is known as of some others, from such figures."""
    rest, found = iter(figures), {}
    for name, one in like.items():
        value, fit, spread = next(rest), next(rest), next(rest)
        shares = {kind: next(rest) for kind in one.shares}
        found[name] = Substance(value, fit, shares, spread,
                                None if one.modelled is None else next(rest))  # fmt: skip
    return found


def _by_map(scene: Scene, names: list[str], rows: np.ndarray,
            method: str) -> tuple[dict[str, Substance], int]:  # fmt: skip
    """The substances that maps alone tell, of the buildings ``rows``, and how many values of these
    no yearly mean can have. A building that was drawn so before is not asked again."""
    def told(some: np.ndarray) -> tuple[dict[str, Substance], np.ndarray]:
        maps, bad = _sampled(scene, names, some)
        return _substances(scene, maps, some, None, method), bad

    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        found, bad = told(some)
        return some, _figures(found, len(some)).T, bad

    made_from = (method, *given_by(scene, *names))
    known = whole_of(scene, ("air", *names), made_from, lambda: told(rows[:0])[0])
    _, table, bad = by_row(scene, ("air_by_map", *names), made_from, rows, make, "drawn")
    return _told(known, table.T), int(bad.sum())


def _sampled(scene: Scene, names: list[str],
             rows: np.ndarray) -> tuple[dict[str, list[MapValues]], np.ndarray]:  # fmt: skip
    """The maps of each substance at the centres of gravity of the buildings ``rows``, and of each
    how many values no yearly mean can have: these are unknown."""
    xy = scene.surfaces.footprints.take(rows).centroids()
    maps = {name: map_values(scene, name, xy, field_value(name)) for name in names}
    strange = np.zeros(len(rows), np.int64)
    for one in (one for found in maps.values() for one in found):
        with np.errstate(invalid="ignore"):
            bad = (one.value < 0) | (one.value > MOST)
        one.value[bad] = np.nan
        strange += bad
    return maps, strange


def _maps_at(
    scene: Scene, names: list[str], rows: np.ndarray
) -> tuple[dict[str, list[MapValues]], int]:
    """The same of all these buildings, of which those that were drawn so before are not asked."""
    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        found, bad = _sampled(scene, names, some)
        flat = [one for maps in found.values() for one in maps]
        value = np.array([one.value for one in flat]).reshape(len(flat), len(some)).T
        legal = np.array([one.legal for one in flat], bool).reshape(len(flat), len(some)).T
        return some, value, legal, bad

    made_from = given_by(scene, *names)
    known = whole_of(scene, ("maps", *names), made_from,
                     lambda: _sampled(scene, names, rows[:0])[0])  # fmt: skip
    _, value, legal, bad = by_row(scene, ("air_maps", *names), made_from, rows, make, "drawn")
    columns = zip(value.T, legal.T)
    return {name: [MapValues(one.layer, one.words, *next(columns)) for one in maps]
            for name, maps in known.items()}, int(bad.sum())  # fmt: skip


def _wanted(scene: Scene, given: list[str], method: str) -> bool:
    """Whether SRM1 may add anything: over total maps only roads of the plan do."""
    if method == MAP:
        return False
    said = {str(r.attributes.get("contribution") or "").strip().lower()
            for name in given for r in scene.rasters(name)}  # fmt: skip
    traffic = roads_of(scene)
    of_plan = traffic is not None and bool((traffic.plan & traffic.known).any())
    return method == MODEL or BACKGROUND in said or of_plan


def _spread(scene: Scene, name: str, k: int, found: MapValues) -> np.ndarray:
    rasters = scene.rasters(name)
    own = rasters[k].attributes.get("sigma") if k < len(rasters) else None
    relative = float(constants("air")["spreads"]["background"])
    try:
        number = float(own) if own is not None else float("nan")
    except (TypeError, ValueError):
        number = float("nan")
    if np.isfinite(number) and number >= 0:
        return np.full(len(found.value), number)
    return relative * np.where(np.isnan(found.value), 0.0, found.value)


def _substances(
    scene: Scene, maps: dict[str, list[MapValues]], rows: np.ndarray, roads: RoadAir | None,
    method: str,
) -> dict[str, Substance]:  # fmt: skip
    """The substances that can be known, of the buildings ``rows``; arrays (rows,)."""
    found = {}
    for name, own in maps.items():
        spreads = [_spread(scene, name, k, one) for k, one in enumerate(own)]
        made = _substance(name, own, spreads, rows, roads, method)
        if made is not None:
            found[name] = made
    return found


def _substance(
    name: str, maps: list[MapValues], spreads: list[np.ndarray], rows: np.ndarray,
    roads: RoadAir | None, method: str,
) -> Substance | None:  # fmt: skip
    m = len(rows)
    kinds: dict[str, list[int]] = {}
    for k, found in enumerate(maps):
        kind = found.said("contribution")
        kinds.setdefault(kind if kind in CONTRIBUTIONS else TOTAL, []).append(k)
    if method == MODEL:
        kinds = {kind: at for kind, at in kinds.items() if kind == BACKGROUND}
        if BACKGROUND not in kinds:
            return None
    sums = {kind: added([maps[k] for k in at], [spreads[k] for k in at], m)
            for kind, at in kinds.items() if kind != TOTAL}  # fmt: skip
    at = kinds.get(TOTAL, [])
    total = first_known([maps[k] for k in at], [spreads[k] for k in at], m)
    shares = {kind: part.value for kind, part in sums.items()}
    model: dict[str, np.ndarray] = {}
    if roads is not None:
        model = {o: roads.added[name][o][rows] for o in roads.origins}
    if AUTONOMOUS in model:
        sums.pop(ROAD, None)
    if PLAN in model:
        sums.pop(OF_PLAN, None)
    whole, modelled, took = total, np.zeros(m), PLAN in model
    if BACKGROUND in sums:
        base = sums[BACKGROUND].plus(sums.get(ROAD))
        use = np.isnan(total.value)
        whole = _Map(*(np.where(use, getattr(base, f), getattr(total, f))
                       for f in ("value", "legal", "variance")))  # fmt: skip
        if AUTONOMOUS in model:  # nothing on top of a total map
            took = took or bool(use.any())
            modelled = np.where(use, model[AUTONOMOUS], 0.0)
            before = shares.get(ROAD, np.full(m, np.nan))
            shares[ROAD] = np.where(use, model[AUTONOMOUS], before)
    whole = whole.plus(sums.get(OF_PLAN))
    if PLAN in model:
        modelled = modelled + model[PLAN]
        shares[OF_PLAN] = model[PLAN]

    fit = np.where(whole.legal, whole.value, np.nan)
    return Substance(whole.value + modelled, fit, shares, np.sqrt(whole.variance),
                     modelled if took else None)  # fmt: skip


def _road_checks(roads: RoadAir, active: bool) -> list[Check]:
    """What SRM1 could not do as it should, and how often. Without any traffic only that is said."""
    found = [Check(code, _SEVERITY.get(code, NORMAL), value=str(count))
             for code, count in roads.counts.items()
             if count and (active or code in ("air_no_traffic", "air_impossible"))]  # fmt: skip
    if not active:
        return found
    if roads.ozone_assumed:
        found.append(Check("air_no_ozone", LOW))
    table = roads.table
    if table is not None and (table.later or table.old):
        code = "air_factors_later" if table.later else "air_factors_old"
        found.append(Check(code, NORMAL, value=str(table.year)))
    return found
