"""I09 soil quality: land whose soil class is at most the class that its function asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..kept import whole_of
from ..overlay import Common, Pieces, common_area, crossed, nearby, number, role_pieces
from ..words import NOT_IN_SCOPE, say
from ._ground import unknown_ground
from .spec import RATIO, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

CLASS, FUNCTION = "soil_class", "soil_function"
NATURE, LIVING, INDUSTRY = 0.0, 1.0, 2.0
# Soil function class by the function of the ground, used only where there is no map of function
# classes: the seven soil functions of the Besluit bodemkwaliteit in three classes (K, from memory)
BY_FUNCTION = {
    NATURE: ("nature", "agriculture", "allotment", "greenhouse"),
    LIVING: ("dwelling", "education", "care", "culture", "hotel", "yard", "garden", "grass",
             "shrub", "wood", "sport", "play", "cemetery", "swale", "bank"),
    INDUSTRY: ("office", "retail", "industry", "other_building", "road", "cycleway", "footway",
               "parking", "rail", "square", "paved", "semi_paved", "solar_field", "bare"),
}  # fmt: skip


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x area with soil class <= function class / land area of known class (indicators 9).

    Where polygons of one map overlap, the worst soil class and the strictest function class hold.
    Ground outside either map is unknown. Without a map of function classes the class follows from
    the function of the ground: a proxy, counted as assumed.
    """
    if not scene.has(CLASS):
        return Measurement(missing=say("indicators.soil_quality.no_map"))
    surfaces, cut = scene.surfaces, scene.cut
    land = whole_of(scene, "land", (surfaces.functions, surfaces.codes),
                    lambda: np.nan_to_num(surfaces.share("land")) > 0)  # fmt: skip
    drawn = scene.has(FUNCTION)
    measurement = Measurement(legal_default=NOT_IN_SCOPE, proxy=not drawn)
    maps = scene.vectors(CLASS), scene.vectors(FUNCTION)
    pieces, soil_class, asked = whole_of(scene, "soil", (*maps, drawn, nearby(scene)),
                                         lambda: _overlaid(scene, drawn))  # fmt: skip
    common = common_area(scene, pieces, land)
    if drawn:
        fits = (soil_class <= asked)[common.source]
    else:
        wanted = function_class(surfaces.function)[cut.feature[common.row]]
        fits = soil_class[common.source] <= wanted
        known = np.isfinite(wanted)
        fits, common = fits[known], Common(*(getattr(common, f)[known] for f in
                                             ("row", "source", "area", "value")))  # fmt: skip
    here = land[cut.feature]
    measurement.parts[""] = _places(scene, here, common, fits, not drawn)
    # an empty count is one of whole numbers
    ground = np.bincount(cut.zone, cut.area * here, scene.n_zones + 1).astype(float)
    ground[unknown_ground(scene)[0]] += 1.0
    ground[0] = ground[1:].sum()
    for zone in np.flatnonzero(ground <= 0):
        measurement.not_applicable[int(zone)] = say("indicators.soil_quality.no_land")
    return measurement


def function_class(functions: np.ndarray) -> np.ndarray:
    """(n,) soil function class 0-2 of functions; NaN where there is none (water)."""
    table = {name: level for level, names in BY_FUNCTION.items() for name in names}
    return np.fromiter((table.get(f, np.nan) for f in functions), float, len(functions))


def _classes(raw: np.ndarray) -> np.ndarray:
    """Classes 0, 1, 2 (and beyond: unfit for any function); negative ones are missing."""
    with np.errstate(invalid="ignore"):
        return np.where(raw >= 0, raw, np.nan)


def _overlaid(scene: Scene, drawn: bool) -> tuple[Pieces, np.ndarray, np.ndarray]:
    """Disjoint pieces of known class, and by their source the soil class and the function class;
    that of no use where there is no map of it (``drawn``)."""
    pieces, level = _known(scene, CLASS, 1.0)
    if not drawn:
        return pieces, level, level
    other, wanted = _known(scene, FUNCTION, -1.0)
    polygons, i, j = crossed(pieces.polygons, other.polygons)
    both = Pieces(polygons, np.arange(polygons.n))
    return both, level[pieces.source[i]], wanted[other.source[j]]


def _known(scene: Scene, role: str, sign: float) -> tuple[Pieces, np.ndarray]:
    """Pieces of a known class, and the class of each feature of the role. Where features overlap
    the highest holds, or the lowest (``sign`` -1)."""
    vectors = scene.vectors(role)
    level = np.zeros(0) if vectors is None else _classes(number(vectors, "class"))
    pieces = role_pieces(scene, vectors, sign * level)
    return pieces.take(np.isfinite(level[pieces.source])), level


def _places(scene: Scene, here: np.ndarray, common: Common, fits: np.ndarray,
            assumed: bool) -> Places:  # fmt: skip
    """Known ground that fits, known ground that does not, and ground of unknown class; ``here``
    (rows of the cut,) bool: land."""
    cut = scene.cut
    n = len(cut.area)
    good = np.bincount(common.row, np.where(fits, common.area, 0.0), n)
    bad = np.bincount(common.row, np.where(fits, 0.0, common.area), n)
    unknown = np.where(here, cut.area - good - bad, 0.0)
    unknown[unknown < np.maximum(1e-4, 1e-9 * cut.area)] = 0.0
    zone, bare = unknown_ground(scene)
    rows = [(a > 0).nonzero()[0] for a in (good + bad, unknown)]
    good = good[rows[0]]
    known_area = good + bad[rows[0]]
    lost = np.full(len(rows[1]) + len(zone), np.nan)
    return Places(
        zone=np.concatenate([cut.zone[rows[0]], cut.zone[rows[1]], zone]),
        weight=np.concatenate([known_area, unknown[rows[1]], bare]),
        value=np.concatenate([100.0 * good / known_area, lost]),
        feature=np.concatenate([cut.feature[rows[0]], cut.feature[rows[1]],
                                np.full(len(zone), -1)]),
        num=np.concatenate([good, lost]),
        den=np.concatenate([known_area, lost]),
        assumed=np.concatenate([np.full(len(rows[0]), float(assumed)), np.zeros(len(lost))]),
    )  # fmt: skip


SPEC = Indicator(
    id="soil_quality",
    code="I09",
    theme="soil",
    parts=(Part("", RATIO, "%", scale=100.0),),
    weight="area",
    compute=compute,
    inputs=(Input(CLASS, "role", needed=True), Input(FUNCTION, "role")),
    method="soil-class-overlay-1",
    standard="Besluit bodemkwaliteit (bodemfunctieklassen); Bkl 5.89p",
    sigma=(10.0, "absolute"),
    decimals=1,
    places="surfaces",
)
