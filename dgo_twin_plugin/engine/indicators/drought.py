"""N05 drought: the part of a year's rain that goes into the ground of the zone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..geometry import Polygons, first_containing
from ..models.tables import constants
from ..models.water.site import MOST_PERMEABLE, groundwater_at
from ..models.water.year import (
    Year,
    caught,
    groundwater_factor,
    rain_of,
    soil_factor,
    year_of,
)
from ..spread import layer_sigma
from ..words import NOT_IN_SCOPE
from ._ground import unknown_ground
from .rain_retention import facilities_of
from .spec import RATIO, Indicator, Input, Measurement, Part, Places
from .stormwater_disconnection import _disconnected

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

DAYS = 365.0
PARTS = ("", "evaporation", "groundwater", "facilities")


@dataclass(frozen=True)
class _Ground:
    """What the balance asks of each row of the cut (k,), and of each zone (n_zones + 1,)."""

    soil: np.ndarray  # permeability, m per day
    soil_known: np.ndarray
    ghg: np.ndarray  # m below the ground, NaN unknown
    disconnected: np.ndarray  # 0-1
    assumed: np.ndarray  # bool: disconnected from a default
    storage: np.ndarray  # per zone: m3 of facilities that infiltrate
    bottom: np.ndarray  # per zone: m2 of their bottom
    rain: float  # mm per year


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x rain that enters the ground in a year / rain that falls, over all ground of the zone
    (indicators N05). Evaporation of wet surfaces and open water stands apart, and so does what
    plants take up again from the ground.

    Unsealed ground takes its own rain as far as soil and groundwater let it; facilities take the
    run-off of the zone's disconnected sealed ground as far as their storage and bottom let them.
    """
    rule = constants("water")["year"]
    ground = _ground(scene, profile)
    cut, surfaces = scene.cut, scene.surfaces
    year, gain = _balance(scene, rule, ground)
    zone, bare = unknown_ground(scene)
    none = np.full(len(zone), np.nan)
    sealed = np.nan_to_num(surfaces.share("sealed"))[cut.feature]
    known = np.isfinite(year.infiltrated)
    assumed = np.where(sealed > 0, sealed * ground.assumed, 0.0)
    assumed = np.clip(assumed + (1.0 - sealed) * ~ground.soil_known, 0.0, 1.0)
    assumed[surfaces.where("water")[cut.feature]] = 0.0

    def places(share: np.ndarray) -> Places:
        return Places(
            zone=np.concatenate([cut.zone, zone]), weight=np.concatenate([cut.area, bare]),
            value=np.concatenate([100.0 * share, none]),
            feature=np.concatenate([cut.feature, np.full(len(zone), -1)]).astype(np.int64),
            num=np.concatenate([cut.area * share, none]),
            den=np.concatenate([np.where(known, cut.area, np.nan), none]),
            assumed=np.concatenate([assumed, np.zeros(len(zone))]),
        )  # fmt: skip

    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    for name, share in zip(PARTS, (year.infiltrated + gain, year.evaporated,
                                   year.infiltrated - year.transpired + gain, gain)):  # fmt: skip
        measurement.parts[name] = places(share)
    measurement.spreads = _spreads(scene, rule, ground)
    return measurement


def _ground(scene: Scene, profile: Profile) -> _Ground:
    cut = scene.cut
    middle = scene.surfaces.polygons.centroids()
    soil, known = _soil(scene, middle)
    disconnected, assumed = _disconnected(scene)
    facilities = facilities_of(scene, profile)
    open_ = ~scene.surfaces.where("buildings", "water")
    infiltrates = (facilities.feature < 0) | open_[facilities.feature]
    n = scene.n_zones + 1
    storage = np.bincount(facilities.zone, facilities.volume * infiltrates, n)
    bottom = np.bincount(facilities.zone, facilities.area * infiltrates, n)
    return _Ground(soil[cut.feature], known[cut.feature],
                   groundwater_at(scene, middle)[cut.feature], disconnected[cut.feature],
                   assumed[cut.feature], storage, bottom,
                   rain_of(constants("water")["rain"], scene.date))  # fmt: skip


def _soil(scene: Scene, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) m per day at points by the role ``infiltration``, else assumed; and whether a map says
    it. Impossible values say nothing."""
    found = np.full(len(xy), np.nan)
    for item in scene.rasters("infiltration"):
        found = np.where(np.isnan(found), item.raster.sample(xy), found)
    vectors = scene.vectors("infiltration")
    if vectors is not None:
        area = first_containing(Polygons.from_wkb(vectors.wkb), xy)
        found = np.where(np.isnan(found), np.r_[vectors.number("k"), np.nan][area], found)
    known = (found >= 0) & (found <= MOST_PERMEABLE)
    return np.where(known, found, constants("water")["cloudburst"]["permeability"]), known


def _balance(scene: Scene, rule: dict[str, Any], ground: _Ground) -> tuple[Year, np.ndarray]:
    """The shares of every row of the cut (k,) by itself, and the share of its rain that facilities
    bring into the ground."""
    surfaces, cut = scene.surfaces, scene.cut
    row = cut.feature
    roof = surfaces.where("buildings")[row]
    green = np.clip(np.nan_to_num(surfaces.fields["green_roof"]), 0.0, 1.0)[row]
    sealed, vegetated = (surfaces.share(name)[row] for name in ("sealed", "vegetated"))
    part = soil_factor(rule, ground.soil) * groundwater_factor(rule, ground.ghg)
    year = year_of(rule, sealed, vegetated, roof, green, surfaces.where("water")[row], part)
    # run-off of the sealed part alone: what unsealed ground sheds finds no gully
    at = rule["surfaces"]["sealed"]
    sheds = np.where(roof, year.run_off, sealed * (1.0 - at["evaporated"] - at["infiltrated"]))
    connected = np.nan_to_num(sealed * ground.disconnected) * cut.area
    running = np.nan_to_num(sheds * ground.disconnected) * cut.area * ground.rain / 1000.0
    n = scene.n_zones + 1
    supply, surface = (np.bincount(cut.zone, x, n) for x in (running, connected))
    # the bottom of facilities: the permeability of the zone's ground, its mean by area
    area = np.maximum(np.bincount(cut.zone, cut.area, n), 1e-9)
    soil = np.bincount(cut.zone, cut.area * ground.soil, n) / area
    wet = np.where(np.isnan(ground.ghg), 1.0, np.clip(ground.ghg / rule["groundwater"], 0.0, 1.0))
    dry = np.bincount(cut.zone, cut.area * wet, n) / area
    seepage = ground.bottom * soil * dry * DAYS
    into = caught(rule, ground.storage, surface, seepage, supply)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(supply > 0, into / supply, 0.0)
    gain = share[cut.zone] * np.where(np.isnan(sealed), np.nan, np.nan_to_num(
        sheds * ground.disconnected))  # fmt: skip
    return year, gain


# --- spreads ----------------------------------------------------------------------------------
def _value(scene: Scene, rule: dict[str, Any], ground: _Ground) -> np.ndarray:
    """(n_zones + 1,) % of the rain that enters the ground; the same sum as the mark's."""
    year, gain = _balance(scene, rule, ground)
    share = year.infiltrated + gain
    known = np.isfinite(share)
    n = scene.n_zones + 1
    zone, area = scene.cut.zone[known], scene.cut.area[known]
    top, bottom = np.bincount(zone, (area * share[known]), n), np.bincount(zone, area, n)
    top[0], bottom[0] = top.sum(), bottom.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nan_to_num(100.0 * top / bottom))


def _spreads(scene: Scene, rule: dict[str, Any], ground: _Ground) -> dict[str, np.ndarray]:
    """Half the difference of the value with one input a sigma higher and a sigma lower."""
    spread = constants("water")["spreads"]["drought"]
    decades = np.where(ground.soil_known, spread["permeability_map"], spread["permeability"])
    doubt = np.where(ground.assumed, spread["disconnected"], spread["disconnected_given"])
    level = layer_sigma(scene, "groundwater")  # m
    level = spread["groundwater"] if level is None else level

    def half(change: Any) -> np.ndarray:
        more, less = (_value(scene, rule, change(s)) for s in (1.0, -1.0))
        return np.asarray(np.abs(more - less) / 2.0)

    found = {
        "infiltration": half(lambda s: replace(ground, soil=ground.soil * 10.0 ** (s * decades))),
        "disconnected": half(lambda s: replace(ground, disconnected=np.clip(
            ground.disconnected + s * doubt, 0.0, 1.0))),
        "storage": half(lambda s: replace(
            ground, storage=ground.storage * (1.0 + s * spread["storage"]))),
        "groundwater": half(lambda s: replace(
            ground, ghg=np.maximum(ground.ghg + s * level, 0.0))),
        "model": np.full(scene.n_zones + 1, 100.0 * spread["shares"]),
    }  # fmt: skip
    return {name: values for name, values in found.items() if np.any(values > 0)}


SPEC = Indicator(
    id="drought",
    code="N05",
    theme="climate",
    parts=(
        Part("", RATIO, "%", scale=100.0),
        *(Part(name, RATIO, "%", scale=100.0, informative=True) for name in PARTS[1:]),
    ),
    weight="area",
    compute=compute,
    inputs=(
        Input("infiltration", "role"),
        Input("groundwater", "role"),
        Input("sewer", "role"),
        Input("disconnected", "field"),
        Input("storage", "field"),
        Input("green_roof", "field"),
    ),
    method="yearly-balance-1",
    standard="",
    sigma=(10.0, "absolute"),
    decimals=0,
    places="surfaces",
)
