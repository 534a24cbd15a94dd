"""I16 individual risk: log10 of the highest yearly risk at new (very) vulnerable buildings.

Contours (role ``risk_contours``, field ``pr``) may hold the logarithm (-6) or the risk (1e-6). A
building that shares ground with a contour lies inside it and gets the level of the highest such
contour. With several levels a building outside all of them gets the lowest one, as an upper
bound. With one level only, usually 10^-6, nothing is known of who lies outside: none inside gives
no mark and ``complies``, any inside gives ``exceeds`` (indicators 16). Limited vulnerable
buildings stand apart: for them 10^-6 is a standard (Bkl 5.7 (V)), no limit.

A polygon of ``kind`` distance_class is a rule of thumb: whoever lies in it has its level as a
flagged proxy, the law can only be ``indicative``, and who lies outside it is not cleared by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .. import legal
from ..geometry import bbox_pairs, overlap_areas
from ..kept import by_row, each_alike, whole_of
from ..overlay import number
from ..people import people_of
from ..words import BASIS_LEGAL, COMPLIES, say
from ._levels import (
    DISTANCE_CLASS,
    Weighed,
    context_polygons,
    law_numbers,
    sums,
    weighed,
)
from ._spreads import numbers
from .spec import GIVEN, Indicator, Input, LegalTest, Measurement, Part, ZoneValues

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene, VectorContext

ROLE = "risk_contours"
LIMITED = "limited_vulnerable"
TOUCH = 1e-4  # m2 of common ground below which a building merely touches a contour


def log_risk(values: np.ndarray) -> np.ndarray:
    """log10 per yr of contour values that are a risk (above 0) or a logarithm already (below)."""
    out = np.where(values < 0, values, np.nan)
    risk = values > 0
    out[risk] = np.log10(values[risk])
    return np.round(out, 9)  # 1e-6 is -6, without the dust of binary floats


@dataclass(frozen=True)
class _Contours:
    """What contours (n,) say: ``level``; whether it is a rule of thumb and whether it is fit to
    find a breach; and the different levels of those that are no rule of thumb, ascending."""

    level: np.ndarray
    thumb: np.ndarray
    fit: np.ndarray
    levels: np.ndarray

    @classmethod
    def of(cls, vectors: VectorContext) -> _Contours:
        level = log_risk(number(vectors, "pr"))
        thumb = np.array([str(k or "") == DISTANCE_CLASS for k in vectors.texts("kind")], bool)
        legal_basis = np.array([b == BASIS_LEGAL for b in vectors.texts("basis")], bool)
        levels = np.unique(level[np.isfinite(level) & ~thumb])
        if thumb.any() and not len(levels):
            levels = np.array([np.inf])  # no contour clears anybody: the risk outside has no bound
        return cls(level, thumb, legal_basis & ~thumb, levels)


@dataclass(frozen=True)
class Inside:
    """Where buildings (m,) lie: ``level`` of the highest contour (NaN: none), ``fit`` the same by
    contours with a legal basis, ``rough`` whether the level is that of a distance class only;
    ``levels`` the different levels of the contours, ascending, distance classes left out."""

    level: np.ndarray
    fit: np.ndarray
    rough: np.ndarray
    levels: np.ndarray


def inside(scene: Scene, rows: np.ndarray) -> Inside:
    """Where the buildings ``rows`` (m,), ascending, lie."""
    top, fit, mapped = (np.full(len(rows), -np.inf) for _ in range(3))
    vectors = scene.vectors(ROLE)
    levels = np.zeros(0)
    if vectors is not None:
        told = whole_of(scene, "risk_contours", (vectors,), partial(_Contours.of, vectors))
        levels = told.levels
        contours = context_polygons(scene, ROLE)

        def highest(some: np.ndarray) -> tuple[np.ndarray, ...]:
            drawn = scene.surfaces.footprints.take(some)
            i, j = bbox_pairs(drawn.bounds(), contours.bounds())
            common = overlap_areas(drawn, contours, i, j) > TOUCH
            i, j = i[common], j[common]
            level = told.level[j]
            known = np.isfinite(level)
            found = np.full((3, len(some)), -np.inf)
            for top, use in zip(found, (known, known & told.fit[j], known & ~told.thumb[j])):
                np.maximum.at(top, i[use], level[use])
            return some, *found

        _, top, fit, mapped = by_row(scene, "contours", (told, contours), rows, highest, "drawn")
    level, fit = (np.where(np.isneginf(x), np.nan, x) for x in (top, fit))
    return Inside(level, fit, top > mapped, levels)


def bound(level: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """(m,) the next higher level of the data: the risk is below it. +inf inside the highest
    contour, -inf where the data hold no contour at all ('none here')."""
    if not len(levels):
        return np.full(len(level), -np.inf)
    position = np.where(np.isnan(level), 0, np.searchsorted(levels, level, "right"))
    above: np.ndarray = np.append(levels, np.inf)[position]
    return above


@dataclass(frozen=True)
class _Asked:
    """What the law asks of the surfaces (n,): which of ``kinds`` (m,) object each is, None where
    nothing; ``limit`` and ``standard`` (m,) of these, NaN where there is none. ``weight`` (n,)
    persons, 0 where it does not count, and whether that is an assumption."""

    which: np.ndarray
    kinds: np.ndarray
    limit: np.ndarray
    standard: np.ndarray
    weight: np.ndarray
    assumed: np.ndarray


def _asked(scene: Scene, profile: Profile) -> _Asked:
    """w = persons. A building of which nobody counts the persons (a school) weighs as one person,
    assumed: it may not vanish from a test of safety. The very same as long as all say the same."""
    surfaces, crowd = scene.surfaces, people_of(scene)
    which, kinds = law = legal.asked(scene, "vulnerability")

    def make() -> _Asked:
        laws = [law_numbers(profile, SPEC.id, scene.date, kind) if kind else (np.nan, np.nan)
                for kind in kinds.tolist()]  # fmt: skip
        limit, standard = np.array(laws).T
        chosen = legal.is_new(surfaces) & kinds.astype(bool)[which]
        lost = ~(crowd.persons > 0)
        weight = np.where(chosen, np.where(lost, 1.0, crowd.persons), 0.0)
        return _Asked(which, kinds, limit, standard, weight, crowd.persons_assumed | lost)

    made_from = (law, crowd, surfaces.current, surfaces.fields["existing"], profile, scene.date)
    return whole_of(scene, "asked_of_risk", made_from, make)


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure individual risk at new buildings and test each by its vulnerability class."""
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.individual_risk.no_map"))
    asked = _asked(scene, profile)
    every = weighed(scene, asked.weight, asked.assumed)
    at = inside(scene, every.rows)
    levels = at.levels
    result = Measurement()
    for part, wanted in (("", legal.VULNERABLE), ("limited", (LIMITED,))):
        chosen = np.array([kind in wanted for kind in asked.kinds.tolist()], bool)[asked.which]
        objects, here = every.only(chosen), chosen[every.rows]
        if part and not len(objects.rows):
            continue
        level = at.level[here]
        value = np.where(np.isnan(level) & (len(levels) > 1), levels[:1].sum(), level)
        result.parts[part] = _zones(scene, objects, value)
        if not part:
            values = result.parts[part].value
            _explain(result, scene, objects, values)
            result.proxy = _flagged(scene, objects, at.rough[here])
            result.spreads = _spreads(values)
        result.legal += _tests(scene, asked, objects, level, at.fit[here], levels, part)
    return result


def _flagged(scene: Scene, objects: Weighed, rough: np.ndarray) -> np.ndarray:
    """(n_zones + 1,) True where a building has its level from a distance class only."""
    per_surface = np.zeros(scene.surfaces.n, bool)
    per_surface[objects.rows] = rough
    out = np.zeros(scene.n_zones + 1, bool)
    out[objects.zone[per_surface[objects.feature]]] = True
    out[0] = out[1:].any()
    return out


def _spreads(value: np.ndarray) -> dict[str, np.ndarray]:
    """Deviations in decades: a contour that lies 20 m elsewhere, between contours of a decade."""
    table = numbers(SPEC.id)
    known = np.where(np.isfinite(value), 1.0, 0.0)
    return {ROLE: known * table["contour"] / table["decade"], "model": known * table["model"]}


def _zones(scene: Scene, objects: Weighed, value: np.ndarray) -> ZoneValues:
    """The highest known value per zone. It is known for the whole zone as soon as one is: whoever
    has no value lies outside every contour, so below it."""
    n = scene.n_zones
    per_surface = np.full(scene.surfaces.n, np.nan)
    per_surface[objects.rows] = value
    places = objects.places(per_surface)
    known = (~np.isnan(places.value)).nonzero()[0]
    rising = known[places.value[known].argsort(kind="stable")]
    top = np.full(n + 1, np.nan)
    top[places.zone[rising]] = places.value[rising]  # the highest is written last
    top[0] = np.fmax.reduce(top[1:], initial=np.nan)
    weight = sums(places.zone, places.weight, n)
    assumed = sums(places.zone, places.weight * objects.assumed, n)
    count = np.bincount(places.zone, minlength=n + 1).astype(float)
    count[0] = len(objects.rows)
    share = np.divide(assumed, weight, out=np.zeros(n + 1), where=weight > 0)
    return ZoneValues(top, weight, np.where(np.isnan(top), 0.0, 1.0), share, count, places)


def _explain(result: Measurement, scene: Scene, objects: Weighed, top: np.ndarray) -> None:
    present = np.zeros(scene.n_zones + 1, bool)
    present[objects.zone] = True
    present[0] = present.any()
    for zone in range(scene.n_zones + 1):
        if not present[zone]:
            result.not_applicable[zone] = say("indicators.individual_risk.no_building")
        elif np.isnan(top[zone]):
            result.not_assessed[zone] = say("indicators.individual_risk.not_differentiated")


def _tests(scene: Scene, asked: _Asked, objects: Weighed, level: np.ndarray, fit: np.ndarray,
           levels: np.ndarray, part: str) -> list[LegalTest]:  # fmt: skip
    """One test per building. Inside a contour at or above the limit is beyond it; outside is within
    it only if a contour at or below the limit says so, else it is not tested."""
    law = (asked.kinds, asked.limit, asked.standard)
    columns = (objects.rows, objects.main_zone, asked.which[objects.rows], level, fit)
    texts = {True: say("indicators.individual_risk.limited_inside"),
             False: say("indicators.individual_risk.inside")}  # fmt: skip

    def make(some: np.ndarray) -> list[LegalTest]:
        row, zone, own, level, fit = (column[some] for column in columns)
        kind, limit, standard = (numbers[own] for numbers in law)
        apart = kind == LIMITED  # a standard only: nothing to exceed
        with np.errstate(invalid="ignore"):
            beyond = level >= limit
            against = np.where(beyond, np.inf,
                               np.where(bound(level, levels) <= limit, -np.inf, np.nan))
            outcome = legal.test_limits(against, limit, fit >= limit)
            near = np.where(apart, level >= standard, beyond)
        outcome[apart] = COMPLIES
        told = (row, zone, kind, level, limit, outcome, standard, apart, near)
        return [LegalTest(row, zone, what, at, most, found, standard=aim,
                          text=texts[alone] if within else None)
                for row, zone, what, at, most, found, aim, alone, within
                in zip(*(column.tolist() for column in told))]  # fmt: skip

    return each_alike(scene, ("tests", SPEC.id, part), columns, make, (*law, levels))


SPEC = Indicator(
    id="individual_risk",
    code="I16",
    theme="safety",
    parts=(Part("", GIVEN, "log10 per yr"),
           Part("limited", GIVEN, "log10 per yr", informative=True)),  # fmt: skip
    weight="persons",
    compute=compute,
    inputs=(
        Input(ROLE, "role", needed=True),
        Input("existing", "field"),
        Input("use_class", "field"),
        Input("population", "field"),
    ),
    method="contour-overlay-1",
    standard="Bkl 5.7",
    radius=0.0,
    sigma=(0.3, "absolute"),
)
