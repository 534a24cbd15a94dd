"""I17 societal risk: share of the persons inside fire and explosion attention areas.

    % = 100 max(day, night) persons inside the union of the two / persons in the zone

(indicators 17). The union is taken first, so overlapping areas never count anyone twice. A
building partly inside counts by the share of its ground. Presence (P, indicators G3): dwellings
0.5 by day and 1 by night, work 1 by day and 0 by night. Persons inside toxic clouds stand apart.
An area that does not tell its kind counts with fire and explosion, on the safe side. The FN
factor (F N^2 / 10^-3, domain 4.5) is shown where the areas bring one from a study (``fn_factor``),
and never worked out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Polygons, bbox_pairs, overlap_areas, polygonal
from ..kept import whole_of
from ..overlay import Pieces, common_area, disjoint, number
from ..people import DAY, NIGHT, people_of
from ..words import NOT_IN_SCOPE, say
from ._levels import Weighed, context_polygons, sums, weighed
from ._spreads import default, independent, numbers, ratio
from .spec import GIVEN, Indicator, Input, Measurement, Part, Places, ZoneValues

if TYPE_CHECKING:
    from ..norms import Profile
    from ..people import People
    from ..scene import Scene

ROLE = "attention_areas"
TOXIC = ("toxic", "gifwolk", "gifwolkaandachtsgebied")


def kinds_of(scene: Scene) -> np.ndarray:
    """(n,) True where an attention area is a toxic cloud."""
    vectors = scene.vectors(ROLE)
    if vectors is None:
        return np.zeros(0, bool)
    return np.array([str(k or "").strip().lower() in TOXIC for k in vectors.texts("kind")], bool)


def shares_inside(scene: Scene, objects: Weighed,
                  unions: list[tuple[np.ndarray, float]]) -> list[np.ndarray]:  # fmt: skip
    """(k,) for each of ``unions``: the part of each building's ground in its zone that lies inside
    the attention areas of which it says yes (n,), together, made wider by so many metres (narrower
    where negative). All are measured at once."""
    each = tuple(_union(scene, wanted, wider) for wanted, wider in unions)
    most = max(1, len(unions[0][0]))  # more than any number of an attention area

    def make() -> Pieces:
        polygons = Polygons.from_wkb([])
        for pieces in each:
            polygons = polygons.joined(pieces.polygons)
        return Pieces(polygons, np.concatenate([nth * most + pieces.source
                                                for nth, pieces in enumerate(each)]))  # fmt: skip

    common = common_area(scene, whole_of(scene, "attention_unions", each, make), objects.rows)
    n, whole = len(scene.cut.area), np.asarray(scene.cut.area)[objects.cut]
    found = []
    for nth in range(len(each)):
        mine = np.flatnonzero(common.source // most == nth)
        inside = np.bincount(common.row[mine], common.area[mine], n)
        found.append(np.minimum(inside[objects.cut] / whole, 1.0))
    return found


def _union(scene: Scene, wanted: np.ndarray, wider: float) -> Pieces:
    plan = scene.plan.bounds()

    def make() -> Pieces:
        if not wanted.any():
            return Pieces(Polygons.from_wkb([]), np.zeros(0, np.int64))
        areas = context_polygons(scene, ROLE).take(np.flatnonzero(wanted))
        if wider:
            near = np.flatnonzero(_close(areas.bounds(), plan, abs(wider)))
            areas = Polygons.from_geometries(
                [polygonal(areas.geometry(int(k)).Buffer(wider, 4)) for k in near])
        return disjoint(areas, within=plan)

    return whole_of(scene, ("attention", wanted.tobytes(), wider),
                    (scene.vectors(ROLE), wanted, plan), make)  # fmt: skip


def _close(boxes: np.ndarray, plan: np.ndarray, reach: float) -> np.ndarray:
    """(n,) whether a box comes within ``reach`` m of the plan's."""
    low, high = plan[:, :2].min(axis=0) - reach, plan[:, 2:].max(axis=0) + reach
    return np.asarray((boxes[:, :2] <= high).all(axis=1) & (boxes[:, 2:] >= low).all(axis=1))


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure societal risk from the attention areas and the persons of G3."""
    del profile  # no legal number: a duty to account for the group risk
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.societal_risk.no_map"))
    crowd = people_of(scene)
    objects = weighed(scene, crowd.persons, np.asarray(crowd.persons_assumed, bool))
    toxic = kinds_of(scene)
    reach = float(numbers(SPEC.id)["contour"])
    near, wide, narrow, cloud = shares_inside(
        scene, objects, [(~toxic, 0.0), (~toxic, reach), (~toxic, -reach), (toxic, 0.0)])
    result = Measurement(legal_default=NOT_IN_SCOPE)
    n = scene.n_zones
    persons = sums(objects.zone, objects.weight, n)
    present = _present(objects, crowd)
    day, night = _percent(scene, objects, present, near, persons)
    result.parts[""] = _given(scene, objects, np.fmax(day, night), persons, near)
    result.parts["day"] = _given(scene, objects, day, persons)
    result.parts["night"] = _given(scene, objects, night, persons)
    if toxic.any():
        both = _percent(scene, objects, present, cloud, persons)
        result.parts["toxic"] = _given(scene, objects, np.fmax(*both), persons, cloud)
    factor = _fn_factor(scene)
    if np.isfinite(factor).any():
        result.parts["fn_factor"] = _given(scene, objects, factor, persons)
    result.spreads = _spreads(scene, objects, present, (near, wide, narrow), persons)
    for zone in np.flatnonzero(~(persons > 0)):
        result.not_applicable[int(zone)] = say("indicators.societal_risk.no_people")
    return result


@dataclass(frozen=True)
class _Present:
    """Of each place (k,): persons in the whole building by day and by night, and the part of it
    that lies in this zone."""

    times: tuple[np.ndarray, np.ndarray]
    part: np.ndarray


def _present(objects: Weighed, crowd: People) -> _Present:
    day, night = (crowd.present(time)[objects.feature] for time in (DAY, NIGHT))
    return _Present((day, night), objects.weight / crowd.persons[objects.feature])


def _percent(scene: Scene, objects: Weighed, present: _Present, inside: np.ndarray,
             persons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(n_zones + 1,) persons present inside by day and by night, % of the persons in the zone."""
    def share(there: np.ndarray) -> np.ndarray:
        top = sums(objects.zone, inside * there * present.part, scene.n_zones)
        return np.divide(100.0 * top, persons, out=np.full(len(top), np.nan), where=persons > 0)

    day, night = present.times
    return share(day), share(night)


def _spreads(
    scene: Scene, objects: Weighed, present: _Present,
    inside: tuple[np.ndarray, np.ndarray, np.ndarray], persons: np.ndarray,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Deviations of the share of persons, percent points: the edge of the areas further out and
    further in (``inside``: as drawn, so and so), and the count of persons per building, which only
    tells by how far it lies from the mean."""
    table, n = numbers(SPEC.id), scene.n_zones
    here, wide, narrow = (
        np.nan_to_num(np.fmax(*_percent(scene, objects, present, share, persons)))
        for share in inside
    )
    near = 100.0 * inside[0]
    rate = np.hypot(table["population"], objects.assumed * default("population"))
    own = rate * objects.weight
    counted = independent(objects.zone, own * (near - here[objects.zone]), n)
    counted[0] = np.sqrt(np.sum((own * (near - here[0])) ** 2))
    return {
        ROLE: np.abs(wide - narrow) / 2.0,
        "population": ratio(counted, persons),
        "model": here * table["model"],
    }


def _given(
    scene: Scene, objects: Weighed, value: np.ndarray, persons: np.ndarray,
    inside: np.ndarray | None = None,
) -> ZoneValues:  # fmt: skip
    n = scene.n_zones
    assumed = sums(objects.zone, objects.weight * objects.assumed, n)
    count = sums(objects.zone, np.ones(len(objects.zone)), n)
    count[0] = len(objects.rows)
    places = None
    if inside is not None:
        places = Places(objects.zone, objects.weight, 100.0 * inside, objects.feature,
                        assumed=objects.assumed)  # fmt: skip
    return ZoneValues(
        value, persons, np.where(np.isfinite(value), 1.0, 0.0),
        np.divide(assumed, persons, out=np.zeros(n + 1), where=persons > 0), count, places,
    )  # fmt: skip


def _fn_factor(scene: Scene) -> np.ndarray:
    """(n_zones + 1,) highest supplied FN factor of the areas that reach into each zone."""
    out = np.full(scene.n_zones + 1, np.nan)
    vectors = scene.vectors(ROLE)
    if vectors is None:
        return out
    factor = number(vectors, "fn_factor")
    rows = np.flatnonzero(np.isfinite(factor))
    areas = context_polygons(scene, ROLE).take(rows)
    i, j = bbox_pairs(scene.zones.polygons.bounds(), areas.bounds())
    meets = overlap_areas(scene.zones.polygons, areas, i, j) > 0
    np.fmax.at(out, i[meets] + 1, factor[rows[j[meets]]])
    out[0] = np.fmax.reduce(out[1:], initial=np.nan)
    return out


SPEC = Indicator(
    id="societal_risk",
    code="I17",
    theme="safety",
    parts=(
        Part("", GIVEN, "%"),
        Part("day", GIVEN, "%", informative=True),
        Part("night", GIVEN, "%", informative=True),
        Part("toxic", GIVEN, "%", informative=True),
        Part("fn_factor", GIVEN, "-", informative=True),
    ),
    weight="persons",
    compute=compute,
    inputs=(
        Input(ROLE, "role", needed=True),
        Input("population", "field"),
        Input("dwellings", "field"),
        Input("gfa", "field"),
    ),
    method="area-overlay-1",
    standard="Bkl 5.14-5.17",
    radius=0.0,
    sigma=(0.2, "relative"),
)
