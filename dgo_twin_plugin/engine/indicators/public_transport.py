"""I20 public transport: access index (PTAL method) of the places where people live and work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..checks import Check
from ..counts import nth, owners
from ..kept import by_row, whole_of
from ..models.access.doors import (
    Doors,
    Middles,
    doors_at,
    entry_reach,
    network_of,
    points,
)
from ..models.access.reach import network_checks
from ..models.tables import constants
from ..network import Entries, Network, Walks, straight
from ..overlay import number
from ..people import people_of
from ..words import NORMAL, NOT_IN_SCOPE, say
from ._weights import user_weights
from .spec import MEAN, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene, VectorContext

ROLE = "stops"
WALK = 80.0  # m/min (indicators 20, domain 4.9)
HALT = 75.0  # m: stops of one route this close are the two directions of one halt (P)
# mode of the map -> mode that counts as one
MODES = {"bus": "bus", "tram": "tram", "metro": "metro", "train": "rail", "ic": "rail"}
RELIABILITY = {"bus": 2.0, "tram": 2.0, "metro": 0.75, "rail": 0.75}  # min (indicators 20)
REACH = {"bus": 640.0, "tram": 640.0, "metro": 960.0, "rail": 960.0}  # m (indicators 20)
FURTHEST = max(REACH.values())
FREQUENCIES = (1, 2, 4)  # departures per hour of the simple distances (CROW/PBL, domain 4.9)


@dataclass(frozen=True)
class Stops:
    """Departures: one row per stop and route of the map; arrays (s,)."""

    xy: np.ndarray
    mode: np.ndarray  # index in list(REACH), -1 unknown
    route: np.ndarray  # number of the route (mode and name); a row without name is its own route
    frequency: np.ndarray  # departures per hour in the busiest direction of the halt; NaN unknown
    said: np.ndarray  # the mode in the map's own word: a key of MODES, '' unknown
    at_halt: np.ndarray  # departures per hour of all routes of that mode at the halt; NaN unknown
    simple: np.ndarray  # m within which CROW/PBL counts it, -1 where it says nothing of the mode

    @cached_property
    def places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Stops at one place share their walk: places (p, 2), the place of each stop, and how far
        people go to each place, m."""
        place, at = np.unique(self.xy, axis=0, return_inverse=True)
        at = np.asarray(at).reshape(-1)
        far = np.zeros(len(place))
        np.maximum.at(far, at, self.reach)
        return place, at, far

    @cached_property
    def reach(self) -> np.ndarray:
        """(s,) m; of an unknown mode the furthest."""
        found: np.ndarray = np.array([*REACH.values(), FURTHEST])[self.mode]
        return found

    @cached_property
    def by_place(self) -> tuple[np.ndarray, np.ndarray]:
        """The departures place after place, and (p + 1,) where those of each place begin."""
        place, at, _ = self.places
        order = at.argsort(kind="stable")
        return order, at[order].searchsorted(np.arange(len(place) + 1))

    @cached_property
    def places_box(self) -> np.ndarray:
        """(p, 4)"""
        return np.hstack([self.places[0], self.places[0]])


def edf(distance: np.ndarray, frequency: np.ndarray, reliability: np.ndarray) -> np.ndarray:
    """Equivalent doorstep frequency 30 / (d/80 + 30/f + k): d m, f per hour, k min. No service
    (f <= 0) gives 0. Worked example (domain 4.9): bus, 400 m, 4 per hour -> 2.07."""
    f = np.asarray(frequency, float)
    with np.errstate(divide="ignore"):
        wait = np.where(f > 0, 30.0 / np.where(f > 0, f, 1.0), np.inf)
    total = np.asarray(distance, float) / WALK + wait + np.asarray(reliability, float)
    return np.where(np.isnan(f), np.nan, 30.0 / total)


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Mean access index over dwellings + jobs / 2 (indicators 20).

    Per building the sum over modes of the best EDF and half of the others, each route once, at
    its nearest stop within reach. Distance along the walking network from its entrances (the mean
    over them), else from the centroid of the building; straight, and flagged as a proxy, where
    there is no network. A building with a stop of unknown frequency or mode within reach has an
    unknown index. Beside the mark: the share of dwellings within the simple distances of CROW/PBL.
    """
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.public_transport.no_stops"))
    cut, surfaces = scene.cut, scene.surfaces
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    row = surfaces.where("buildings")[cut.feature].nonzero()[0]
    weights = user_weights(scene, cut.feature[row])
    used = (weights.weight > 0).nonzero()[0]
    row, weights = row[used], weights.take(used)
    zone, building = cut.zone[row], cut.feature[row]
    lead = np.diff(building, prepend=-1) > 0  # the parts of a building stand together
    feature, home = building[lead], lead.cumsum() - 1
    vectors, grid = scene.vectors(ROLE), network_of(scene)
    index: np.ndarray = np.zeros(len(feature))
    direct = np.zeros(len(feature), bool)
    slopes = np.zeros((3, len(feature)))
    share = cut.share[row]
    weight = weights.weight * share
    if vectors is not None:
        stops, entries, checks = whole_of(scene, "stops", (vectors, grid),
                                          lambda: _stops(vectors, grid))  # fmt: skip
        measurement.checks += checks
        # a drawn entrance may belong to another building when one moves
        alone = scene.vectors("entrances") is None

        def of_buildings(rows: np.ndarray) -> tuple[np.ndarray, ...]:
            middles = Middles.of(surfaces.polygons.take(rows), grid, max(FURTHEST, entry_reach()))
            doors = doors_at(scene, rows, middles)
            xy, of, part = start_points(doors, middles.xy, rows)
            found = access_index(xy, stops, entries, grid, _walks(scene, entries, grid),
                                 middles.entries.within(FURTHEST) if alone else None)  # fmt: skip
            straight = np.zeros(len(rows), bool)
            straight[of[found.by_line]] = True
            return (rows, np.bincount(of, part * found.index, len(rows)), straight,
                    *(np.bincount(of, part * each, len(rows)) for each in found.slopes),
                    *_crow(stops, doors, rows))

        _, index, direct, *rest = (by_row(scene, "transit", (vectors, grid), feature, of_buildings,
                                          "shape") if alone else of_buildings(feature))  # fmt: skip
        slopes, near = np.vstack(rest[:3]), rest[3:]
        dwellings = people_of(scene).dwellings[building]
        k = (dwellings > 0).nonzero()[0]
        lived_in = dwellings[k] * share[k]
        for least, simple in zip(FREQUENCIES, near):
            measurement.parts[f"crow_{least}"] = Places(
                zone=zone[k], weight=lived_in, value=simple[home[k]], feature=building[k])
        if not grid.n:
            measurement.method = "ptal-straight-1"
    known = weights.known & np.isfinite(index[home])
    measurement.parts[""] = Places(
        zone=zone, weight=weight, value=np.where(known, index[home], np.nan), feature=building,
        assumed=weights.assumed,
    )  # fmt: skip
    measurement.spreads = _spreads(scene, np.where(known, slopes[:, home], 0.0),
                                   np.where(known, weight, 0.0), zone)  # fmt: skip
    proxy = np.zeros(scene.n_zones + 1, bool)
    proxy[zone[direct[home]]] = True
    proxy[0] = proxy.any()
    measurement.proxy = proxy
    measurement.checks += network_checks(scene)
    present = np.bincount(zone, weight, scene.n_zones + 1) > 0
    present[0] = present.any()
    for number_ in np.flatnonzero(~present):
        measurement.not_applicable[int(number_)] = say("indicators.public_transport.no_people")
    return measurement


def _walks(scene: Scene, stops: Entries, grid: Network) -> Walks | None:
    """From all stops, for one run after the other; in a run by itself most are asked at once."""
    if scene.reuse is None:
        return None
    return whole_of(scene, "walks", (stops, grid), lambda: grid.walks(stops, FURTHEST))


def start_points(doors: Doors, centres: np.ndarray,
                 feature: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Where the walks of buildings begin: (xy, index of the building, share of its people). The
    entrances that were drawn, else the centroid."""
    if not doors.given.any():
        return centres, np.arange(len(feature)), np.ones(len(feature))
    mine = doors.of(feature)
    mine = mine[doors.given[mine]]
    at = np.searchsorted(feature, doors.building[mine])
    rest = np.setdiff1d(np.arange(len(feature)), at)
    return (np.concatenate([doors.xy[mine], centres[rest]]), np.concatenate([at, rest]),
            np.concatenate([doors.share[mine], np.ones(len(rest))]))  # fmt: skip


def _spreads(scene: Scene, slopes: np.ndarray, weight: np.ndarray,
             zone: np.ndarray) -> dict[str, np.ndarray]:  # fmt: skip
    """Spread of the mean index by input: its slopes times the spread of that input. That of the
    method itself is the profile's (10 %, domain 5.3)."""
    rate, grid = constants("access")["spread"], network_of(scene)
    whole = np.bincount(zone, weight, scene.n_zones + 1)
    whole[0] = whole.sum()

    def mean(values: np.ndarray) -> np.ndarray:
        total = np.bincount(zone, weight * values, scene.n_zones + 1)
        total[0] = total.sum()
        return np.where(whole > 0, total / np.where(whole > 0, whole, 1.0), 0.0)

    share = (rate["paths"] if scene.vectors("paths") is not None else rate["roads_only"]
             ) if grid.n else rate["straight"]  # fmt: skip
    by_metre, by_distance, by_frequency = (mean(each) for each in slopes)
    return {
        "entrances": by_metre * float(rate["door_assumed"]),
        "paths" if grid.n else "roads": by_distance * float(share),
        "stops": by_frequency * float(rate["frequency"]),
    }


def _crow(stops: Stops, doors: Doors, rows: np.ndarray) -> list[np.ndarray]:
    """For each of :data:`FREQUENCIES` (n,) the % of the people of buildings who leave within the
    straight distances of CROW/PBL of a stop with at least so many departures per hour, all routes
    of the halt together. A stop of unknown frequency or mode is left out."""
    about = stops.simple[:, None] * (1.0 + 1e-9)  # a box of a stop that does not count is none
    i, j = bbox_pairs(np.hstack([doors.xy, doors.xy]),
                      np.hstack([stops.xy - about, stops.xy + about]))  # fmt: skip
    near = straight(doors.xy, stops.xy, i, j) <= stops.simple[j]
    near &= np.isfinite(stops.at_halt[j])
    most = np.zeros(len(doors.xy))
    np.maximum.at(most, i[near], stops.at_halt[j[near]])
    of = np.searchsorted(rows, doors.building)
    return [100.0 * np.bincount(of, doors.share * (most >= least), len(rows))
            for least in FREQUENCIES]  # fmt: skip


def _of_halt(xy: np.ndarray, said: np.ndarray, route: np.ndarray,
             frequency: np.ndarray) -> np.ndarray:  # fmt: skip
    """(s,) departures per hour of all routes of the same mode at the halt; NaN where its own is
    not known."""
    box = np.hstack([xy, xy])
    i, j = bbox_pairs(box, box, HALT)
    near = (np.hypot(*(xy[i] - xy[j]).T) <= HALT) & (said[i] == said[j])
    near &= np.isfinite(frequency[j])
    i, j = i[near], j[near]
    # every route once: its frequency is already that of the halt
    order = np.lexsort((-frequency[j], route[j], i))
    i, j = i[order], j[order]
    first = (np.diff(i, prepend=-1) != 0) | (np.diff(route[j], prepend=-1) != 0)
    total = np.bincount(i[first], frequency[j[first]], len(said))
    return np.where(np.isfinite(frequency), total, np.nan)


def _stops(vectors: VectorContext, grid: Network) -> tuple[Stops, Entries, list[Check]]:
    """The stops of the map, where the places they stand at enter the network, and what there is
    to say of them."""
    stops = read_stops(vectors)
    return stops, grid.enter(stops.places[0], FURTHEST), _findings(vectors, stops, grid)


def _findings(vectors: VectorContext, stops: Stops, grid: Network) -> list[Check]:
    """Words that are no mode, stops without a frequency, stops that cannot be reached."""
    found, layer = _strange_modes(vectors, stops.mode), str(vectors.layer[0])
    silent = int(np.isnan(number(vectors, "freq")).sum())
    if silent:
        found.append(Check("stop_without_frequency", NORMAL, "layer", layer, field="freq",
                           value=str(silent), params={"count": silent}))  # fmt: skip
    lost = int(grid.on_island(grid.enter(stops.xy, FURTHEST)).sum())
    if lost:
        found.append(Check("place_on_island", NORMAL, "layer", layer, value=str(lost),
                           params={"count": lost}))  # fmt: skip
    return found


def _strange_modes(vectors: VectorContext, mode: np.ndarray) -> list[Check]:
    """One check per word that is no mode, with its count."""
    words = vectors.texts("mode")
    strange = [str(words[k]) for k in np.flatnonzero(mode < 0) if words[k] is not None]
    return [Check("impossible_value", NORMAL, "field", str(vectors.layer[0]), field="mode",
                  value=word, params={"count": strange.count(word)})
            for word in sorted(set(strange))]  # fmt: skip


def read_stops(vectors: VectorContext) -> Stops:
    """Stops of the role: fields ``mode``, ``route``, ``freq`` (departures per hour)."""
    xy = points(vectors.wkb)
    names = list(REACH)
    words = [str(m).strip().lower() for m in vectors.texts("mode")]
    modes = [MODES.get(word) for word in words]
    mode = np.array([-1 if m is None else names.index(m) for m in modes], np.int64)
    routes: dict[tuple[str, str], int] = {}
    route = np.empty(vectors.n, np.int64)
    for k, name in enumerate(vectors.texts("route")):
        named = name is not None and name == name and str(name).strip()
        key = (words[k], str(name).strip().lower() if named else f"\0{k}")
        route[k] = routes.setdefault(key, len(routes))
    frequency = _busiest(xy, route, number(vectors, "freq"))
    said = np.array([word if word in MODES else "" for word in words], object)
    rule = constants("access")[SPEC.id]["distance"]
    simple = np.array([float(rule.get(word, -1.0)) for word in said.tolist()])
    return Stops(xy, mode, route, frequency, said, _of_halt(xy, said, route, frequency), simple)


def _busiest(xy: np.ndarray, route: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """(s,) the highest known frequency of a route at one halt: both sides of the street, both
    rows of a terminus."""
    box = np.hstack([xy, xy])
    i, j = bbox_pairs(box, box, HALT)
    near = (route[i] == route[j]) & (np.hypot(*(xy[i] - xy[j]).T) <= HALT)
    near &= np.isfinite(frequency[j])
    best = np.full(len(route), -np.inf)
    np.maximum.at(best, i[near], frequency[j[near]])
    return np.where(np.isfinite(best), best, np.nan)


@dataclass(frozen=True)
class Found:
    """Of points (m,): the access index, whether a straight line stood for a walk anywhere in it,
    and its slopes (3, m): per m of walking, per share of the distance, per share of frequency."""

    index: np.ndarray
    by_line: np.ndarray
    slopes: np.ndarray


def access_index(xy: np.ndarray, stops: Stops, sources: Entries, grid: Network,
                 walks: Walks | None = None, targets: Entries | None = None,
                 ) -> Found:  # fmt: skip
    """The access index of points (m, 2); ``sources``: where the places of the stops enter, with the
    ``walks`` from there, and ``targets``: where the points enter, where these are known."""
    names, reach = list(REACH), stops.reach
    place, _, far = stops.places
    p, q = bbox_pairs(np.hstack([xy, xy]), stops.places_box, FURTHEST)
    line = straight(xy, place, p, q)
    near = (line <= far[q]).nonzero()[0]
    p, q, line = p[near], q[near], line[near]
    targets = grid.enter(xy, FURTHEST) if targets is None else targets
    walk = grid.distances(sources, targets, q, p, FURTHEST, walks=walks)
    loose = (sources.segment[q] < 0) | (targets.segment[p] < 0)
    walk = np.where(loose, line, walk)
    # every pair of point and place becomes one of point and departure
    order, start = stops.by_place
    count = (start[1:] - start[:-1])[q]
    each = owners(count)
    stop, point = order[start[q[each]] + nth(count, each)], p[each]
    ok = walk[each] <= reach[stop]
    stop, point, each = stop[ok], point[ok], each[ok]
    # each route once, at its nearest stop; of equals the busiest
    busy = np.nan_to_num(stops.frequency[stop], nan=np.inf)
    order = np.lexsort((-busy, walk[each], stops.route[stop], point))
    lead = np.ones(len(order), bool)
    lead[1:] = (np.diff(point[order]) != 0) | (np.diff(stops.route[stop[order]]) != 0)
    chosen = order[lead]
    stop, point, metres, direct = stop[chosen], point[chosen], walk[each[chosen]], each[chosen]
    k = np.array([*RELIABILITY.values(), np.nan])[stops.mode[stop]]
    value = edf(metres, stops.frequency[stop], k)
    m, modes = len(xy), len(names) + 1
    cell = point * modes + stops.mode[stop] % modes
    known = np.isfinite(value)
    total = np.bincount(cell[known], value[known], m * modes)
    best = np.zeros(m * modes)
    np.maximum.at(best, cell[known], value[known])
    index = (0.5 * (total + best)).reshape(m, modes).sum(axis=1)
    index[point[~known]] = np.nan
    by_line = np.zeros(m, bool)
    by_line[point[loose[direct]]] = True
    # d EDF / d x = -EDF^2 / 30 * d (d/80 + 30/f) / d x; the best of a mode counts whole, the
    # others half
    part = np.where(value >= best[cell], 1.0, 0.5) * value**2 / 30.0
    with np.errstate(divide="ignore", invalid="ignore"):
        changes = (part / WALK, part * metres / WALK, part * 30.0 / stops.frequency[stop])
    slopes = np.vstack([np.bincount(point, np.where(known & np.isfinite(each), each, 0.0), m)
                        for each in changes])  # fmt: skip
    return Found(index, by_line | (grid.n == 0), slopes)


SPEC = Indicator(
    id="public_transport",
    code="I20",
    theme="access",
    parts=(
        Part("", MEAN, "AI"),
        *(Part(f"crow_{f}", MEAN, "%", informative=True) for f in FREQUENCIES),
    ),
    weight="dwellings_and_half_jobs",
    compute=compute,
    inputs=(
        Input(ROLE, "role", needed=True),
        Input("roads", "role"),
        Input("paths", "role"),
        Input("entrances", "role"),
        Input("dwellings", "field"),
        Input("population", "field"),
    ),
    method="ptal-network-1",
    standard="PTAL (Transport for London)",
    radius=FURTHEST,
    sigma=(0.1, "relative"),
    decimals=1,
    places="surfaces",
)
