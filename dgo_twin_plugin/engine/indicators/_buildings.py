"""Buildings as the energy indicators see them: floor area per zone, new or existing, and the law.

Shared by I01, I02 and I03. Only buildings with ground inside a zone count; what a zone line cuts
is divided by footprint share (indicators G1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..defaults import main_type
from ..kept import each_alike
from ..legal import is_new, test_limits
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
    new: np.ndarray  # (n,) bool: a design's building that is not declared existing
    gfa: np.ndarray  # (n,) m2; NaN unknown
    floor: np.ndarray  # (n,) m2 gross to weigh with: gfa, else the footprint as one storey
    of: np.ndarray  # (k,) index into the arrays above
    zone: np.ndarray  # (k,)
    share: np.ndarray  # (k,) part of the building in that zone, 0-1
    area: np.ndarray  # (k,) m2 of roof in that zone


def buildings(scene: Scene) -> Buildings:
    """The buildings of a scene; made once per scene."""
    return scene.product("energy_buildings", _buildings)  # type: ignore[no-any-return]


def _buildings(scene: Scene) -> Buildings:
    surfaces, cut = scene.surfaces, scene.cut
    built = surfaces.where("buildings")
    part = np.flatnonzero(built[cut.feature])
    row, of = np.unique(cut.feature[part], return_inverse=True)
    new = is_new(surfaces)[row]
    gfa = surfaces.fields["gfa"][row]
    floor = np.where(np.isfinite(gfa), gfa, surfaces.area[row])
    return Buildings(row, new, gfa, floor, of.reshape(-1), cut.zone[part], cut.share[part],
                     cut.area[part])  # fmt: skip


def required(scene: Scene, profile: Profile, indicator: str,
             row: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """What the law asks of each building at the assessment date.

    Returns variant (n,) object, limit (n,) with NaN where none applies, and whether that limit
    is beyond dispute (n,) bool. ``indicator`` is ``energy_use`` or ``material_use``.
    """
    surfaces = scene.surfaces
    fields = surfaces.fields
    variant = surfaces.functions.uses(
        {"energy_use": "beng2", "material_use": "mpg"}[indicator],
        surfaces.function[row], fields["use_class"][row], fields["dwelling_type"][row],
        fields["gfa"][row],
    )  # fmt: skip
    limits: dict[str, float] = {}
    sure: dict[str, bool] = {}
    for law in profile.law(indicator, scene.date):
        if law.limit > 0:  # not NaN either
            limits[law.variant] = float(law.limit)
            sure[law.variant] = str(law.confidence) != DISPUTED
    n = len(row)
    return (
        variant,
        np.fromiter((limits.get(v, np.nan) for v in variant), float, n),
        np.fromiter((sure.get(v, False) for v in variant), bool, n),
    )


def given(scene: Scene, field: str, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) the figure of the building itself (NaN where there is none), and whether it is fit to
    find a breach: its layer was declared ``basis: legal``."""
    surfaces = scene.surfaces
    value = np.where(surfaces.assumed[field][row], np.nan, surfaces.fields[field][row])
    basis = surfaces.fields.get("basis")
    declared = np.zeros(len(row), bool) if basis is None else basis[row] == BASIS_LEGAL
    return value, declared & np.isfinite(value)


def _default(scene: Scene, profile: Profile, field: str, row: np.ndarray,
             limit: np.ndarray) -> np.ndarray:  # fmt: skip
    """(n,) the typology's figure of the area type where the building stands: a number, or
    ``limit`` for the limit itself; NaN where the typology has none."""
    types = main_type(scene.surfaces.n, scene.cut, scene.zones)[row]
    result = np.full(len(row), np.nan)
    for name in set(types.tolist()):
        wanted = profile.typology(name).get(field)
        here = types == name
        if wanted == "limit":
            result[here] = limit[here]
        elif wanted is not None:
            result[here] = float(wanted)
    return result


def share_of_limit(scene: Scene, profile: Profile, indicator: str, field: str,
                   weight_per_floor: float, measurement: Measurement,
                   least_gfa: dict[str, float]) -> None:  # fmt: skip
    """Fill in a measurement: 100 x sum(figure x floor) / sum(limit x floor) over new buildings
    with a limit, the test of the law per building, and the spreads.

    ``weight_per_floor`` turns gross floor area into the area of the formula; ``least_gfa``
    names variants for which smaller buildings (m2) have no limit.
    """
    b = buildings(scene)
    variant, limit, sure = required(scene, profile, indicator, b.row)
    for name, least in least_gfa.items():
        limit[(variant == name) & (b.gfa < least)] = np.nan
    value, legal = given(scene, field, b.row)
    assumed = np.isnan(value)
    value = np.where(assumed, _default(scene, profile, field, b.row, limit), value)
    counts = b.new & np.isfinite(limit)
    # a figure times an unknown floor area cannot be added up
    figure = np.where(np.isfinite(b.gfa), value, np.nan)
    floor = b.floor * weight_per_floor
    k = np.flatnonzero(counts[b.of] & (b.share > 0))
    of, area = b.of[k], (floor[b.of] * b.share)[k]
    measurement.parts[""] = Places(
        zone=b.zone[k],
        weight=area,
        value=100.0 * figure[of] / limit[of],
        feature=b.row[of],
        num=figure[of] * area,
        den=limit[of] * area,
        assumed=assumed[of].astype(float),
    )
    present = np.bincount(b.zone[k], area, scene.n_zones + 1) > 0
    present[0] = present.any()
    for zone in np.flatnonzero(~present):
        measurement.not_applicable[int(zone)] = say(f"indicators.{indicator}.no_building")
    measurement.legal += _tests(scene, indicator, b, counts, variant, limit, sure & legal, value,
                                assumed)  # fmt: skip
    measurement.spreads = _spreads(scene, indicator, field, b, k, figure, limit, area, assumed)


def _spreads(
    scene: Scene, indicator: str, field: str, b: Buildings, k: np.ndarray, figure: np.ndarray,
    limit: np.ndarray, area: np.ndarray, assumed: np.ndarray,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Deviations of the share of the limit, percent points, by input.

    Figures that were given err each by itself, those from a default all together. Floor areas
    only shift weight between buildings, so they count by how far a building lies from the mean.
    """
    table, n, of, zone = numbers(indicator), scene.n_zones, b.of[k], b.zone[k]
    known = np.isfinite(figure[of])
    share = np.where(known, limit[of] * area, 0.0)  # of the limit of the zone
    total = shared(zone, share, n)
    own = np.where(known, 100.0 * figure[of] / limit[of], 0.0)  # percent of each building
    mean = ratio(shared(zone, share * own, n), total)

    def given_figures(rate: float) -> np.ndarray:
        part = np.where(assumed[of], 0.0, rate * share * own)
        return ratio(independent(zone, part, n), total)

    def default_figures(rate: float) -> np.ndarray:
        return ratio(shared(zone, np.where(assumed[of], rate * 100.0 * share, 0.0), n), total)

    rate = np.where(scene.surfaces.assumed["gfa"][b.row[of]], default("gfa"), table["gfa"])
    floors = independent(zone, rate * share * (own - mean[zone]), n)
    floors[0] = np.sqrt(np.sum((rate * share * (own - mean[0])) ** 2))
    found = [
        (field, np.hypot(given_figures(table[f"{field}_given"]),
                         default_figures(default(field)))),
        ("gfa", ratio(floors, total)),
        ("model", np.abs(mean) * table["model"]),
    ]  # fmt: skip
    if "dwelling_type_assumed" in table:
        surfaces = scene.surfaces
        open_ = surfaces.assumed["dwelling_type"] & (surfaces.function == "dwelling")
        part = np.where(open_[b.row[of]], table["dwelling_type_assumed"] * share * own, 0.0)
        found.append(("dwelling_type", np.abs(ratio(shared(zone, part, n), total))))
    return dict(found)


def _tests(scene: Scene, indicator: str, b: Buildings, counts: np.ndarray, variant: np.ndarray,
           limit: np.ndarray, certain: np.ndarray, value: np.ndarray,
           assumed: np.ndarray) -> list[LegalTest]:  # fmt: skip
    """One test per new building, in the zone that holds most of it. Figures are percentages of
    the limit, the unit of the indicator; the text names both numbers."""
    order = np.lexsort((b.zone, -b.share, b.of))
    first = np.unique(b.of[order], return_index=True)[1]
    home = b.zone[order][first]
    percent = np.where(assumed, np.nan, 100.0 * value / limit)  # a default can never exceed
    outcomes = test_limits(percent, 100.0, certain)
    rows = np.flatnonzero(counts)
    columns = tuple(a[rows] for a in (b.row, home, variant, percent, outcomes, value, limit))

    def make(some: np.ndarray) -> list[LegalTest]:
        tests = []
        for row, zone, kind, share, outcome, figure, most in zip(*(c[some].tolist()
                                                                   for c in columns)):
            key = {EXCEEDS: "exceeds", INDICATIVE: "indicative"}.get(outcome)
            text = say(f"indicators.{indicator}.{key}", value=figure, limit=most) if key else None
            tests.append(LegalTest(row, zone, str(kind), share, 100.0, str(outcome), text=text))
        return tests

    return each_alike(scene, ("tests", indicator), columns, make)
