"""I20 public transport: access index (PTAL method) of the places where people live and work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..checks import Check
from ..geometry import geometry_from_wkb
from ..network import Network, network, straight
from ..overlay import number
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


@dataclass(frozen=True)
class Stops:
    """Departures: one row per stop and route of the map; arrays (s,)."""

    xy: np.ndarray
    mode: np.ndarray  # index in list(REACH), -1 unknown
    route: np.ndarray  # number of the route (mode and name); a row without name is its own route
    frequency: np.ndarray  # departures per hour in the busiest direction of the halt; NaN unknown


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
    its nearest stop within reach. Distance along the walking network from the centroid of the
    building; straight, and flagged as a proxy, where there is no network. A building with a stop
    of unknown frequency or mode within reach has an unknown index.
    """
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.public_transport.no_stops"))
    cut, surfaces = scene.cut, scene.surfaces
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    weights = user_weights(scene)
    built = surfaces.where("buildings") & (weights.weight > 0)
    row = np.flatnonzero(built[cut.feature])
    feature, home = np.unique(cut.feature[row], return_inverse=True)
    home = np.asarray(home).reshape(-1)
    vectors = scene.vectors(ROLE)
    index, direct = np.zeros(len(feature)), np.zeros(len(feature), bool)
    if vectors is not None:
        stops = read_stops(vectors)
        measurement.checks += _strange_modes(vectors, stops.mode)
        grid = scene.product("network", network)
        index, direct = access_index(surfaces.polygons.take(feature).centroids(), stops, grid)
        if not grid.n:
            measurement.method = "ptal-straight-1"
    weight = weights.weight[cut.feature[row]] * cut.share[row]
    measurement.parts[""] = Places(
        zone=cut.zone[row], weight=weight,
        value=np.where(weights.known[cut.feature[row]], index[home], np.nan),
        feature=cut.feature[row], assumed=weights.assumed[cut.feature[row]],
    )  # fmt: skip
    proxy = np.zeros(scene.n_zones + 1, bool)
    proxy[cut.zone[row][direct[home]]] = True
    proxy[0] = proxy.any()
    measurement.proxy = proxy
    present = np.bincount(cut.zone[row], weight, scene.n_zones + 1) > 0
    present[0] = present.any()
    for zone in np.flatnonzero(~present):
        measurement.not_applicable[int(zone)] = say("indicators.public_transport.no_people")
    return measurement


def _strange_modes(vectors: VectorContext, mode: np.ndarray) -> list[Check]:
    """One check per word that is no mode, with its count."""
    words = vectors.texts("mode")
    strange = [str(words[k]) for k in np.flatnonzero(mode < 0) if words[k] is not None]
    return [Check("impossible_value", NORMAL, "field", str(vectors.layer[0]), field="mode",
                  value=word, params={"count": strange.count(word)})
            for word in sorted(set(strange))]  # fmt: skip


def read_stops(vectors: VectorContext) -> Stops:
    """Stops of the role: fields ``mode``, ``route``, ``freq`` (departures per hour)."""
    xy = np.full((vectors.n, 2), np.nan)
    for k, data in enumerate(vectors.wkb):
        centre = geometry_from_wkb(data).Centroid()
        if centre is not None and not centre.IsEmpty():
            xy[k] = centre.GetX(), centre.GetY()
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
    frequency = number(vectors, "freq")
    return Stops(xy, mode, route, _busiest(xy, route, frequency))


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


def access_index(xy: np.ndarray, stops: Stops, grid: Network) -> tuple[np.ndarray, np.ndarray]:
    """(m,) access index of points, and whether a straight line stood for a walk anywhere in it."""
    names = list(REACH)
    reach = np.array([*REACH.values(), FURTHEST])[stops.mode]  # -1: the last, the furthest
    # stops at one place share their walk
    place, first, at = np.unique(stops.xy, axis=0, return_index=True, return_inverse=True)
    at = np.asarray(at).reshape(-1)
    far = np.zeros(len(place))
    np.maximum.at(far, at, reach)
    p, q = bbox_pairs(np.hstack([xy, xy]), np.hstack([place, place]), FURTHEST)
    line = straight(xy, place, p, q)
    near = line <= far[q]
    p, q, line = p[near], q[near], line[near]
    sources, targets = grid.enter(place, FURTHEST), grid.enter(xy, FURTHEST)
    walk = grid.distances(sources, targets, q, p, FURTHEST)
    loose = (sources.segment[q] < 0) | (targets.segment[p] < 0)
    walk = np.where(loose, line, walk)
    # every pair of point and place becomes one of point and departure
    order = np.argsort(at, kind="stable")
    start = np.searchsorted(at[order], np.arange(len(place) + 1))
    count = (start[1:] - start[:-1])[q]
    each = np.repeat(np.arange(len(q)), count)
    within = np.arange(len(each)) - np.repeat(np.cumsum(count) - count, count)
    stop, point = order[start[q[each]] + within], p[each]
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
    return index, by_line | (grid.n == 0)


SPEC = Indicator(
    id="public_transport",
    code="I20",
    theme="access",
    parts=(Part("", MEAN, "AI"),),
    weight="dwellings_and_half_jobs",
    compute=compute,
    inputs=(
        Input(ROLE, "role", needed=True),
        Input("roads", "role"),
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
