"""N04 cloudburst: buildings with water against the facade after a heavy shower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import Check
from ..grid import Raster
from ..kept import whole_of
from ..marks import _normal_cdf
from ..models.tables import constants
from ..models.water.cloudburst import BUILDING, UNKNOWN, Flood
from ..models.water.site import Site, flood_of, site_of
from ..scene import MAP, MODEL
from ..spread import layer_sigma
from ..words import NORMAL, NOT_IN_SCOPE, say
from .spec import GIVEN, MEAN, Field, Indicator, Input, Measurement, Part, Places, ZoneValues

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import RasterContext, Scene

ROLE = "water_depth"
EVENTS: list[dict[str, Any]] = constants("water")["events"]
CLASSES = (0.05, 0.10, 0.20, 0.30, 0.50)  # m
STREETS = ("road", "cycleway", "footway", "parking", "square", "paved")
ENOUGH = 0.5  # share of the cells beside a building of which the depth must be known


@dataclass(frozen=True)
class _Beside:
    """Water beside every building, arrays (n surfaces,): ``margin`` m above its threshold (-inf
    where dry, NaN unknown), whether that is its ``floor`` level."""

    margin: np.ndarray
    floor: np.ndarray


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x buildings with water above the threshold within 1 m of the facade / buildings, for 70
    mm in 1 h (indicators N04); other showers, the deepest place and the water on streets beside it.

    The threshold is the building's ``floor_level`` (m NAP) where given, else 0.10 m above the
    ground. The depth is that of the own model where there is a terrain model, else the map of
    others (role ``water_depth``). Mass is kept: see :class:`..models.water.cloudburst.Flood`.
    """
    own = _own(scene)
    mapped = not own and scene.method(SPEC.id) != MODEL
    maps = [_map_of(scene, event["mm"]) for event in EVENTS] if mapped else []
    if not own and (not maps or maps[0] is None):
        reason = say("indicators.cloudburst.no_map") if maps else say(
            "indicators.cloudburst.no_terrain")  # fmt: skip
        return Measurement(missing=reason)
    site = site_of(scene)
    floods = _floods(scene)
    depths = [f.depth for f in floods] if own else [_read(site, m) for m in maps]
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    measurement.method = "" if own else "depth-map-1"
    floor = _floors(scene, site, measurement)
    beside = [_beside(site, depth, floor) for depth in depths]
    row = np.flatnonzero(scene.surfaces.where("buildings")[scene.cut.feature])
    for event, found in zip(EVENTS, beside):
        measurement.parts[event["id"]] = _places(scene, row, found)
    _beside_the_mark(scene, site, depths[0], measurement)
    if not len(row):
        built: np.ndarray = np.zeros(scene.n_zones + 1)
    else:
        built = np.bincount(scene.cut.zone[row], minlength=scene.n_zones + 1)
        built[0] = len(row)
    for zone in np.flatnonzero(built == 0):
        measurement.not_applicable[int(zone)] = say("indicators.cloudburst.no_building")
    _spreads(scene, site, row, beside, floods, maps, measurement)
    if own:
        _holes(scene, site, measurement)
    depth = np.where(site.land.kind == UNKNOWN, np.nan, depths[0])
    measurement.fields[ROLE] = Field("m", lambda: site.land.frame.raster(depth), CLASSES)
    return measurement


def _own(scene: Scene) -> bool:
    """Whether the model of ours says the depth."""
    return scene.method(SPEC.id) != MAP and bool(scene.rasters("dtm"))


def _floods(scene: Scene) -> list[Flood]:
    """What the model gives for each shower, worked out once; none where a map is to say it."""
    return [flood_of(scene, e["mm"], e["hours"]) for e in EVENTS] if _own(scene) else []


def _map_of(scene: Scene, mm: float) -> RasterContext | None:
    """The map for a shower: the one that names it, and for the first shower one that names none."""
    unnamed = None
    for item in scene.rasters(ROLE):
        try:
            rain = float(item.attributes.get("rain") or "nan")
        except (TypeError, ValueError):
            rain = float("nan")
        if rain == mm:
            return item
        if np.isnan(rain) and mm == EVENTS[0]["mm"]:
            unnamed = unnamed or item
    return unnamed


def _read(site: Site, item: RasterContext | None) -> np.ndarray:
    """Depths of a map in the cells of the site, NaN where it says nothing and on buildings."""
    shape = site.land.kind.shape
    if item is None:
        return np.full(shape, np.nan)
    raster: Raster = item.raster
    depth = raster.sample(site.land.frame.centres(), 0).reshape(shape)
    depth[(site.land.kind == BUILDING) | ~(depth >= 0)] = np.nan
    return depth


def _floors(scene: Scene, site: Site, measurement: Measurement) -> np.ndarray:
    """(n surfaces,) m NAP of the floor, NaN where not given or not to be believed."""
    surfaces = scene.surfaces
    floor = np.where(surfaces.assumed["floor_level"], np.nan, surfaces.fields["floor_level"])
    reach = constants("water")["cloudburst"]["floor_reach"]
    ground = _most(site, site.land.surface.ravel()[site.cell], surfaces.n)
    odd = np.flatnonzero(np.abs(floor - ground) > reach)
    for layer in np.unique(surfaces.layer[odd].astype(str)):
        k = odd[surfaces.layer[odd] == layer]
        measurement.checks.append(Check(
            "floor_level_far", NORMAL, "field", layer, int(surfaces.fid[k[0]]), "floor_level",
            f"{floor[k[0]]:.2f}", {"count": len(k), "reach": reach}))  # fmt: skip
    floor[odd] = np.nan
    return floor


def _most(site: Site, values: np.ndarray, n: int) -> np.ndarray:
    """(n surfaces,) the highest value beside each building; NaN where too little is known."""
    found = np.full(n, np.nan)
    if not len(values):
        return found
    first = np.flatnonzero(np.r_[True, site.building[1:] != site.building[:-1]])
    known = np.isfinite(values) | (values == -np.inf)
    share = np.add.reduceat(known.astype(float), first) / np.diff(np.r_[first, len(values)])
    highest = np.maximum.reduceat(np.where(known, values, -np.inf), first)
    found[site.building[first]] = np.where(share >= ENOUGH, highest, np.nan)
    return found


def _beside(site: Site, depth: np.ndarray, floor: np.ndarray) -> _Beside:
    threshold = constants("water")["cloudburst"]["threshold"]
    deep, level = depth.ravel()[site.cell], site.land.top(site.cell)
    above = floor[site.building]
    by_floor = np.isfinite(above) & np.isfinite(level)
    margin = np.where(by_floor, level + deep - above, deep - threshold)
    margin = np.where(deep > 0, margin, np.where(np.isnan(deep), np.nan, -np.inf))
    is_floor = np.zeros(len(floor), bool)
    is_floor[site.building[by_floor]] = True
    return _Beside(_most(site, margin, len(floor)), is_floor)


def _places(scene: Scene, row: np.ndarray, found: _Beside) -> Places:
    """The buildings; every one weighs by the share of it that lies in the zone."""
    feature = scene.cut.feature[row]
    margin = found.margin[feature]
    value = np.where(np.isnan(margin), np.nan, np.where(margin > 0, 100.0, 0.0))
    return Places(zone=scene.cut.zone[row], weight=scene.cut.share[row], value=value,
                  feature=feature)  # fmt: skip


def _beside_the_mark(scene: Scene, site: Site, depth: np.ndarray,
                     measurement: Measurement) -> None:  # fmt: skip
    """The deepest place and the m3 of water on streets per zone, of the first shower."""
    n = scene.n_zones + 1
    zone = site.zone.ravel()
    deep, street = depth.ravel(), np.r_[scene.surfaces.where(*STREETS), False][site.row].ravel()
    open_ground = (site.land.kind != BUILDING).ravel() & (zone > 0)
    known = open_ground & np.isfinite(deep)
    on = known & street
    volume = np.bincount(zone[on], deep[on], n) * site.land.frame.cell**2
    cells, of = np.bincount(zone[open_ground], minlength=n), np.bincount(zone[known], minlength=n)
    most = np.where(of > 0, 0.0, -np.inf)
    wet = np.flatnonzero(known & (deep > 0))
    np.maximum.at(most, zone[wet], deep[wet])
    most[0], volume[0], cells[0], of[0] = most.max(), volume.sum(), cells.sum(), of.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        coverage = of / cells
    weight = cells * site.land.frame.cell**2
    for name, value in (("max_depth", most), ("street_volume", volume)):
        measurement.parts[name] = ZoneValues(
            np.where(of > 0, value, np.nan), weight, coverage, np.zeros(n), of)


def _holes(scene: Scene, site: Site, measurement: Measurement) -> None:
    inside = site.zone > 0
    cell = site.land.frame.cell**2
    for code, where in (("terrain_filled", site.filled),
                        ("terrain_unknown", site.land.kind == UNKNOWN)):  # fmt: skip
        area = float(np.count_nonzero(where & inside)) * cell
        if area > 0:
            share = 100.0 * area / max(float(np.count_nonzero(inside)) * cell, cell)
            measurement.checks.append(Check(
                code, NORMAL, "layer", scene.rasters("dtm")[0].layer, value=f"{area:.0f}",
                params={"area": f"{area:.0f}", "share": f"{share:.1f}"}))  # fmt: skip


# --- spreads ----------------------------------------------------------------------------------
def _share(scene: Scene, row: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """(n_zones + 1,) % of buildings with a margin above 0; NaN where none is known."""
    feature, zone, weight = scene.cut.feature[row], scene.cut.zone[row], scene.cut.share[row]
    known = ~np.isnan(margin[feature])
    n = scene.n_zones + 1
    total = np.bincount(zone[known], weight[known], n)
    hit = np.bincount(zone[known], (weight * (margin[feature] > 0))[known], n)
    total[0], hit[0] = total.sum(), hit.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(100.0 * hit / total)


def _spreads(scene: Scene, site: Site, row: np.ndarray, beside: list[_Beside],
             floods: list[Flood], maps: list[RasterContext | None],
             measurement: Measurement) -> None:  # fmt: skip
    """The threshold, one choice for all: the share counted anew with it a sigma higher and lower.
    Heights, of which every place has its own error: :func:`_local`. Amounts of water: the slope of
    the share between the first two showers, times the mm in doubt."""
    spread = constants("water")["spreads"]["cloudburst"]
    first = beside[0]

    def shifted(sigma: Any) -> np.ndarray:
        more, less = (_share(scene, row, first.margin + s * sigma) for s in (1.0, -1.0))
        return np.asarray(np.abs(more - less) / 2.0)

    threshold = np.where(first.floor, spread["floor_level"], spread["threshold"])
    found = {"floor_level": shifted(threshold)}
    slope = np.zeros(scene.n_zones + 1)
    more_rain = EVENTS[1]["mm"] - EVENTS[0]["mm"]
    if not np.isnan(beside[1].margin).all():
        now, then = (_share(scene, row, b.margin) for b in beside[:2])
        slope = np.abs(np.nan_to_num(then - now)) / more_rain  # % per mm
    rain = spread["rain"] * EVENTS[0]["mm"]
    found["model"] = np.hypot(slope * rain, spread["least"])
    if floods:
        coarse = max(i.raster.dx for i in scene.rasters("dtm")) > spread["fine"]
        said = layer_sigma(scene, "dtm")  # m
        usual = spread["terrain_coarse" if coarse else "terrain"]
        found["dtm"] = _local(scene, row, first.margin, said or usual)
        area = site.land.kind.size * site.land.frame.cell**2 / 1000.0  # m2 mm in m3
        found["infiltration"] = slope * _soil_doubt(scene, site)
        found["storage"] = slope * spread["storage"] * floods[0].stored / area
        found["sewer"] = slope * spread["sewer"] * floods[0].sewer / area
    elif maps[0] is not None:
        found[ROLE] = _local(scene, row, first.margin, layer_sigma(scene, ROLE) or spread["map"])
    measurement.spreads = {name: np.nan_to_num(s) for name, s in found.items() if np.any(s > 0)}


def _local(scene: Scene, row: np.ndarray, margin: np.ndarray, sigma: float) -> np.ndarray:
    """(n_zones + 1,) % by errors of height that differ from building to building: each is hit with
    the chance that its margin is above 0. How far the mean of these chances lies from the share,
    and the scatter around that mean, in squares. An error that all have alike lifts water and
    ground together and changes nothing. Dry buildings stay dry."""
    feature, zone, weight = scene.cut.feature[row], scene.cut.zone[row], scene.cut.share[row]
    known = ~np.isnan(margin[feature])
    z = margin[feature[known]] / sigma
    chance = _normal_cdf(z)
    zone, weight, n = zone[known], weight[known], scene.n_zones + 1

    def total(amount: np.ndarray) -> np.ndarray:
        found = np.bincount(zone, amount, n)
        found[0] = found.sum()
        return found

    whole, mean = total(weight), total(weight * chance)
    scatter = np.sqrt(total(weight**2 * chance * (1.0 - chance)))
    off = mean - total(weight * (z > 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(100.0 * np.hypot(off, scatter) / whole)


def _soil_doubt(scene: Scene, site: Site) -> float:
    """mm of the first shower that may sink in more or less, mean over the site."""
    land = site.land

    def sinks() -> list[np.ndarray]:
        spread, event = constants("water")["spreads"]["cloudburst"], EVENTS[0]
        decades = np.where(site.soil_known, spread["permeability_map"], spread["permeability"])
        return [np.minimum(event["mm"], 1000.0 * land.permeability * 10.0 ** (s * decades)
                           * event["hours"] / 24.0) for s in (1.0, -1.0)]  # fmt: skip

    more, less = whole_of(scene, "soil_doubt", (land.permeability, site.soil_known), sinks)
    bare = np.where((land.kind == 0), 1.0 - land.sealed, 0.0)
    return float(np.mean(bare * more - bare * less) / 2.0)


SPEC = Indicator(
    id="cloudburst",
    code="N04",
    theme="climate",
    parts=(
        *(Part(e["id"], MEAN, "%", informative=bool(e["id"])) for e in EVENTS),
        Part("max_depth", GIVEN, "m", informative=True),
        Part("street_volume", GIVEN, "m³", informative=True),
    ),
    weight="buildings",
    compute=compute,
    inputs=(
        Input("dtm", "role", needed=True, group="depth"),
        Input(ROLE, "role", needed=True, group="depth"),
        Input("infiltration", "role"),
        Input("sewer", "role"),
        Input("groundwater", "role"),
        Input("floor_level", "field"),
        Input("storage", "field"),
        Input("green_roof", "field"),
        Input("blue_roof", "field"),
    ),
    method="fill-spill-merge-1",
    standard="Barnes, Callaghan & Wickert 2020, Fill-Spill-Merge; DPRA stress test",
    radius=100.0,
    ahead=_floods,
    sigma=(5.0, "absolute"),
    decimals=1,
    places="surfaces",
)
