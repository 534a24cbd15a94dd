"""Buildings as the energy indicators see them: floor area per zone, new or existing, and the law.

Shared by I01, I02 and I03. Only buildings with ground inside a zone count; what a zone line cuts
is divided by footprint share (indicators G1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..defaults import main_zone
from ..kept import each_alike, whole_of
from ..legal import asked, is_new, test_limits
from ..scene import Cut
from ..words import BASIS_LEGAL, EXCEEDS, INDICATIVE, say
from ._spreads import default, independent, numbers, ratio, shared
from .spec import LegalTest, Measurement, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

DISPUTED = "low"  # confidence of a limit that is still to be read in the Staatsblad


@dataclass
class Buildings:
    """Buildings (n,) with ground in the plan, and their parts by zone (k,)."""

    row: np.ndarray  # (n,) surface row
    dwelling: np.ndarray  # (n,) bool: function dwelling
    new: np.ndarray  # (n,) bool: a design's building that is not declared existing
    gfa: np.ndarray  # (n,) m2; NaN unknown
    floor: np.ndarray  # (n,) m2 gross to weigh with: gfa, else the footprint as one storey
    of: np.ndarray  # (k,) index into the arrays above
    zone: np.ndarray  # (k,)
    share: np.ndarray  # (k,) part of the building in that zone, 0-1
    area: np.ndarray  # (k,) m2 of roof in that zone
    home: np.ndarray  # (n,) zone that holds most of it, of equal ones the first
    main_zone: np.ndarray  # (n,) zone with most of its visible ground, of equal ones the last


def buildings(scene: Scene) -> Buildings:
    """The buildings of a scene; made once per scene."""
    return scene.product("energy_buildings", _buildings)  # type: ignore[no-any-return]


def _buildings(scene: Scene) -> Buildings:
    surfaces, cut = scene.surfaces, scene.cut
    built = surfaces.where("buildings")
    part = built[cut.feature].nonzero()[0]
    feature, zone, share, area = (a[part] for a in (cut.feature, cut.zone, cut.share, cut.area))
    number = np.full(surfaces.n, -1, np.int64)
    number[feature] = 0
    row = (number == 0).nonzero()[0]
    number[row] = np.arange(len(row))
    of = number[feature]
    gfa = surfaces.fields["gfa"][row]
    floor = np.where(np.isfinite(gfa), gfa, surfaces.area[row])
    home = np.zeros(len(row), np.int64)
    home[of] = zone
    several = (np.bincount(of, minlength=1)[of] > 1).nonzero()[0]
    best_first = several[np.lexsort((zone[several], -share[several]))]
    home[of[best_first[::-1]]] = zone[best_first[::-1]]
    return Buildings(row, surfaces.where("dwelling")[row], is_new(surfaces)[row], gfa, floor, of,
                     zone, share, area, home,
                     main_zone(len(row), Cut(of, zone, area, share)))  # fmt: skip


@dataclass(frozen=True)
class _Figures:
    """What the law asks of buildings (n,) at the assessment date, and what they say."""

    variant: np.ndarray  # object: of the law; None where it asks nothing
    limit: np.ndarray  # NaN where none applies
    value: np.ndarray  # the figure, of the building itself or by default; NaN unknown
    assumed: np.ndarray  # bool: by default
    counts: np.ndarray  # bool: new, with a limit
    percent: np.ndarray  # of the limit; NaN by default, which can never exceed
    outcome: np.ndarray  # object: of the test


def _figures(scene: Scene, profile: Profile, indicator: str, field: str, b: Buildings,
             least_gfa: dict[str, float]) -> _Figures:  # fmt: skip
    """The very same as long as no building says anything else."""
    fields, assumed = scene.surfaces.fields, scene.surfaces.assumed
    law = asked(scene, {"energy_use": "beng2", "material_use": "mpg"}[indicator])

    def make() -> _Figures:
        variant, limit, sure = _required(scene, profile, indicator, b, law, least_gfa)
        own = given(scene, field, b.row)
        unknown = np.isnan(own)
        value = np.where(unknown, _default(scene, profile, field, b, limit), own)
        percent = np.where(unknown, np.nan, 100.0 * value / limit)
        certain = sure & _declared(scene, b.row) & np.isfinite(own)
        return _Figures(variant, limit, value, unknown, b.new & np.isfinite(limit), percent,
                        test_limits(percent, 100.0, certain))  # fmt: skip

    made_from = (profile, scene.date, scene.zones, law, b.row, b.new, b.gfa, b.main_zone,
                 fields[field], assumed[field], fields.get("basis"))  # fmt: skip
    return whole_of(scene, ("figures", indicator), made_from, make)


def _required(
    scene: Scene, profile: Profile, indicator: str, b: Buildings,
    law: tuple[np.ndarray, np.ndarray], least_gfa: dict[str, float],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Variant (n,) object, limit (n,) with NaN where none applies, and whether that limit is beyond
    dispute (n,) bool. ``law``: :func:`.legal.asked`; ``least_gfa`` names variants for which smaller
    buildings (m2) have no limit."""
    which, variants = law[0][b.row], law[1]
    laws = profile.law(indicator, scene.date)
    known = {law.variant: law for law in laws if law.limit > 0}  # not NaN either
    found = [known.get(variant) for variant in variants.tolist()]
    limits = np.array([np.nan if law is None else float(law.limit) for law in found])
    sure = np.array([law is not None and str(law.confidence) != DISPUTED for law in found], bool)
    limit = limits[which]
    for name, least in least_gfa.items():
        limit[(variants == name)[which] & (b.gfa < least)] = np.nan
    return variants[which], limit, sure[which]


def given(scene: Scene, field: str, row: np.ndarray) -> np.ndarray:
    """(n,) the figure of the building itself, NaN where there is none."""
    surfaces = scene.surfaces
    return np.where(surfaces.assumed[field][row], np.nan, surfaces.fields[field][row])


def _declared(scene: Scene, row: np.ndarray) -> np.ndarray:
    """(n,) bool: its layer was declared ``basis: legal``, fit to find a breach."""
    basis = scene.surfaces.fields.get("basis")
    return np.zeros(len(row), bool) if basis is None else basis[row] == BASIS_LEGAL


def _default(scene: Scene, profile: Profile, field: str, b: Buildings,
             limit: np.ndarray) -> np.ndarray:  # fmt: skip
    """(n,) the typology's figure of the area type where the building stands: a number, or
    ``limit`` for the limit itself; NaN where the typology has none."""
    def make() -> tuple[np.ndarray, np.ndarray]:
        types = scene.zones.area_type.tolist()
        figure = {name: profile.typology(name).get(field) for name in set(types)}
        wanted = [None, *(figure[name] for name in types)]  # the first: no zone
        return (np.array([np.nan if w in (None, "limit") else float(w) for w in wanted]),
                np.array([w == "limit" for w in wanted], bool))

    number, by_limit = whole_of(scene, ("typology", field), (scene.zones, profile), make)
    return np.where(by_limit[b.main_zone], limit, number[b.main_zone])


def share_of_limit(scene: Scene, profile: Profile, indicator: str, field: str,
                   weight_per_floor: float, measurement: Measurement,
                   least_gfa: dict[str, float]) -> None:  # fmt: skip
    """Fill in a measurement: 100 x sum(figure x floor) / sum(limit x floor) over new buildings
    with a limit, the test of the law per building, and the spreads. ``indicator`` is ``energy_use``
    or ``material_use``.

    ``weight_per_floor`` turns gross floor area into the area of the formula; ``least_gfa`` as in
    :func:`_required`.
    """
    b = buildings(scene)
    f = _figures(scene, profile, indicator, field, b, least_gfa)
    k = (f.counts[b.of] & (b.share > 0)).nonzero()[0]
    of, zone = b.of[k], b.zone[k]
    area = (b.floor * weight_per_floor)[of] * b.share[k]
    # a figure times an unknown floor area cannot be added up
    figure, limit = np.where(np.isfinite(b.gfa), f.value, np.nan)[of], f.limit[of]
    percent, full, assumed = 100.0 * figure / limit, limit * area, f.assumed[of]
    measurement.parts[""] = Places(
        zone=zone, weight=area, value=percent, feature=b.row[of], num=figure * area, den=full,
        assumed=assumed.astype(float),
    )  # fmt: skip
    present = np.bincount(zone, area, scene.n_zones + 1) > 0
    present[0] = present.any()
    for without in (~present).nonzero()[0].tolist():
        measurement.not_applicable[without] = say(f"indicators.{indicator}.no_building")
    measurement.legal += whole_of(scene, ("tested", indicator), (f, b.row, b.home),
                                  lambda: _tests(scene, indicator, b, f))  # fmt: skip
    measurement.spreads = _spreads(scene, indicator, field, b, k, figure, full, percent, assumed)


def _spreads(
    scene: Scene, indicator: str, field: str, b: Buildings, k: np.ndarray, figure: np.ndarray,
    full: np.ndarray, percent: np.ndarray, assumed: np.ndarray,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Deviations of the share of the limit, percent points, by input. Of the places ``k``:
    ``figure``, NaN unknown; ``full``, what the limit allows in all; ``percent`` of the limit.

    Figures that were given err each by itself, those from a default all together. Floor areas
    only shift weight between buildings, so they count by how far a building lies from the mean.
    """
    table, n, of, zone = numbers(indicator), scene.n_zones, b.of[k], b.zone[k]
    known = np.isfinite(figure)
    share = np.where(known, full, 0.0)  # of the limit of the zone
    total = shared(zone, share, n)
    own = np.where(known, percent, 0.0)
    mean = ratio(shared(zone, share * own, n), total)
    assumed_fields = scene.surfaces.assumed
    by_figure = independent(zone, np.where(assumed, 0.0, table[f"{field}_given"] * share * own), n)
    by_default = shared(zone, np.where(assumed, default(field) * 100.0 * share, 0.0), n)
    floor = np.where(assumed_fields["gfa"][b.row[of]], default("gfa"), table["gfa"]) * share
    floors = independent(zone, floor * (own - mean[zone]), n)
    floors[0] = np.sqrt(np.sum((floor * (own - mean[0])) ** 2))
    found = {
        field: np.hypot(ratio(by_figure, total), ratio(by_default, total)),
        "gfa": ratio(floors, total),
        "model": np.abs(mean) * table["model"],
    }
    if "dwelling_type_assumed" in table:
        open_ = assumed_fields["dwelling_type"][b.row[of]] & b.dwelling[of]
        part = np.where(open_, table["dwelling_type_assumed"] * share * own, 0.0)
        found["dwelling_type"] = np.abs(ratio(shared(zone, part, n), total))
    return found


def _tests(scene: Scene, indicator: str, b: Buildings, f: _Figures) -> list[LegalTest]:
    """One test per new building, in the zone that holds most of it. Figures are percentages of
    the limit, the unit of the indicator; the text names both numbers."""
    rows = f.counts.nonzero()[0]
    columns = tuple(a[rows] for a in (b.row, b.home, f.variant, f.percent, f.outcome, f.value,
                                      f.limit))  # fmt: skip

    def make(some: np.ndarray) -> list[LegalTest]:
        tests = []
        for row, zone, kind, share, outcome, figure, most in zip(*(c[some].tolist()
                                                                   for c in columns)):
            key = {EXCEEDS: "exceeds", INDICATIVE: "indicative"}.get(outcome)
            text = say(f"indicators.{indicator}.{key}", value=figure, limit=most) if key else None
            tests.append(LegalTest(row, zone, str(kind), share, 100.0, str(outcome), text=text))
        return tests

    return each_alike(scene, ("tests", indicator), columns, make)
