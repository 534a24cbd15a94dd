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
    plan = scene.plan.bounds()
    most = max(1, len(unions[0][0]))  # more than any number of an attention area

    def make() -> Pieces:
        polygons, source = Polygons.from_wkb([]), []
        for nth, (wanted, wider) in enumerate(unions):
            pieces = _union(scene, plan, wanted, wider)
            polygons = polygons.joined(pieces.polygons)
            source.append(nth * most + pieces.source)
        return Pieces(polygons, np.concatenate(source))

    pieces = whole_of(scene, "attention_unions", (scene.vectors(ROLE), plan, unions), make)
    common = common_area(scene, pieces, objects.rows)
    whole, at = scene.cut.area[objects.cut], objects.cut.searchsorted(common.row)
    found = []
    for nth in range(len(unions)):
        mine = (common.source // most == nth).nonzero()[0]
        inside = np.bincount(at[mine], common.area[mine], len(whole))
        found.append(np.minimum(inside / whole, 1.0))
    return found


def _union(scene: Scene, plan: np.ndarray, wanted: np.ndarray, wider: float) -> Pieces:
    """``plan`` (1, 4): its box; what does not come near it is left out."""
    if not wanted.any():
        return Pieces(Polygons.from_wkb([]), np.zeros(0, np.int64))
    areas = context_polygons(scene, ROLE).take(np.flatnonzero(wanted))
    if wider:
        near = np.flatnonzero(_close(areas.bounds(), plan, abs(wider)))
        areas = Polygons.from_geometries(
            [polygonal(areas.geometry(int(k)).Buffer(wider, 4)) for k in near])
    return disjoint(areas, within=plan)


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
    most = np.fmax(day, night)
    assumed = sums(objects.zone, objects.weight * objects.assumed, n)
    assumed = np.divide(assumed, persons, out=np.zeros(n + 1), where=persons > 0)
    count = np.bincount(objects.zone, minlength=n + 1).astype(float)
    count[0] = len(objects.rows)

    def given(value: np.ndarray, inside: np.ndarray | None = None) -> ZoneValues:
        places = None if inside is None else Places(
            objects.zone, objects.weight, 100.0 * inside, objects.feature,
            assumed=objects.assumed)  # fmt: skip
        return ZoneValues(value, persons, np.where(np.isfinite(value), 1.0, 0.0), assumed, count,
                          places)  # fmt: skip

    result.parts.update({"": given(most, near), "day": given(day), "night": given(night)})
    if toxic.any():
        both = _percent(scene, objects, present, cloud, persons)
        result.parts["toxic"] = given(np.fmax(*both), cloud)
    factor = whole_of(scene, "fn_factor", (scene.vectors(ROLE), scene.zones),
                      lambda: _fn_factor(scene))  # fmt: skip
    if np.isfinite(factor).any():
        result.parts["fn_factor"] = given(factor)
    wide, narrow = (np.fmax(*_percent(scene, objects, present, share, persons))
                    for share in (wide, narrow))  # fmt: skip
    result.spreads = _spreads(scene, objects, near, most, wide - narrow, persons)
    for zone in (~(persons > 0)).nonzero()[0].tolist():
        result.not_applicable[zone] = say("indicators.societal_risk.no_people")
    return result


@dataclass(frozen=True)
class _Present:
    """Of each place (k,): persons in the whole building by day and by night, and the part of it
    that lies in this zone."""

    times: tuple[np.ndarray, np.ndarray]
    part: np.ndarray


def _present(objects: Weighed, crowd: People) -> _Present:
    day, night = (crowd.present(time, objects.feature) for time in (DAY, NIGHT))
    return _Present((day, night), objects.weight / crowd.persons[objects.feature])


def _percent(scene: Scene, objects: Weighed, present: _Present, inside: np.ndarray,
             persons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(n_zones + 1,) persons present inside by day and by night, % of the persons in the zone."""
    def share(there: np.ndarray) -> np.ndarray:
        top = sums(objects.zone, inside * there * present.part, scene.n_zones)
        return np.divide(100.0 * top, persons, out=np.full(len(top), np.nan), where=persons > 0)

    day, night = present.times
    return share(day), share(night)


def _spreads(scene: Scene, objects: Weighed, inside: np.ndarray, here: np.ndarray,
             between: np.ndarray, persons: np.ndarray) -> dict[str, np.ndarray]:  # fmt: skip
    """Deviations of the share of persons (``here``), percent points: the edge of the areas further
    out and further in (``between`` the two), and the count of persons per building, which only
    tells by how far it lies from the mean. Shares are NaN where there is nobody."""
    table, n = numbers(SPEC.id), scene.n_zones
    here, near = np.nan_to_num(here), 100.0 * inside
    rate = np.hypot(table["population"], objects.assumed * default("population"))
    own = rate * objects.weight
    counted = independent(objects.zone, own * (near - here[objects.zone]), n)
    counted[0] = np.sqrt(np.sum((own * (near - here[0])) ** 2))
    return {
        ROLE: np.abs(np.nan_to_num(between)) / 2.0,
        "population": ratio(counted, persons),
        "model": here * table["model"],
    }


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
