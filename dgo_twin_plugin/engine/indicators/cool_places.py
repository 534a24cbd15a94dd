"""N03 cool places: share of dwellings within 300 m of walking from a cool place."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np

from ..kept import whole_of
from ..models.access.doors import network_of
from ..models.access.reach import (
    Sites,
    Walk,
    distance_spreads,
    homes_of,
    horizon,
    network_checks,
    walk,
    within,
)
from ..models.heat.bridge import Site, heat_of, site_of
from ..models.heat.field import Heat
from ..models.heat.patches import edges, patches
from ..models.tables import constants
from ..words import NOT_IN_SCOPE, say
from ._climate import MAP, findings, from_map, limits, map_doubt, no_map, open_ground
from .heat_pet import CLASSES
from .spec import MEAN, Field, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

_THIN = 3  # of the cells along the edge of a cool place one in so many is an entry


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x dwellings that have a cool place at most 300 m from their door / dwellings.

    A cool place is public ground of at least 200 m2 that hangs together, with a mean PET over
    12-18 h of at most 38 degrees C (indicators N03). Distances run along the walking network;
    straight, and flagged as a proxy, where there is none.
    """
    site, homes = site_of(scene), homes_of(scene)
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    by_map = scene.method(SPEC.id) == MAP
    if by_map:
        mapped, measurement.checks = from_map(scene, "pet", site)
        if mapped is None:
            return no_map("pet")
        pet, measurement.method = mapped, "cool-places-map-1"
    else:
        pet, measurement.checks = heat_of(scene).pet, findings(scene, site)
    measurement.checks += network_checks(scene)
    limit, cool = float(limits("cool_distance")), float(limits("cool"))
    far = horizon(limit)
    found = walk(scene, homes, cool_sites(scene, site, pet, cool), far)
    near = within(homes, scene, found.metres, limit)
    measurement.parts[""] = Places(
        zone=homes.zone, weight=homes.weight, value=np.where(homes.known, near, np.nan),
        feature=homes.feature, assumed=homes.assumed,
    )  # fmt: skip
    direct = homes.by_building(scene, found.straight.astype(float)) > 0
    proxy = np.zeros(scene.n_zones + 1, bool)
    proxy[homes.zone[direct]] = True
    proxy[0] = proxy.any()
    measurement.proxy = proxy
    present = np.bincount(homes.zone, homes.weight, scene.n_zones + 1) > 0
    present[0] = present.any()
    for zone in np.flatnonzero(~present):
        measurement.not_applicable[int(zone)] = say("indicators.cool_places.no_dwellings")
    measurement.spreads = distance_spreads(scene, homes, found, limit)
    # warmer and cooler by one sigma: other places are cool
    step = map_doubt(scene) if by_map else float(constants("heat")["spreads"]["model"])
    sides: list[Walk] = [walk(scene, homes, cool_sites(scene, site, pet, cool + s), far)
                         for s in (step, -step)]  # fmt: skip
    more, less = (within(homes, scene, side.metres, limit) for side in sides)
    doubt, name = 0.5 * homes.mean(more - less), "pet" if by_map else "model"
    measurement.spreads[name] = np.hypot(measurement.spreads.get(name, 0.0), doubt)
    measurement.fields["pet"] = Field("°C", lambda: site.frame.raster(pet), CLASSES)
    return measurement


def _ground(scene: Scene, site: Site) -> np.ndarray:
    """(rows, columns) bool: cells of ground that can be a cool place."""
    public, _ = open_ground(scene, constants("heat")["places"]["cool"])
    found: np.ndarray = np.r_[public, False][site.row]
    return found


def cool_sites(scene: Scene, site: Site, pet: np.ndarray, limit: float) -> Sites:
    """Entries of the cool places: cells along their edges. Those of before where ground, heat and
    network are."""
    there: np.ndarray = scene.product("cool_ground", lambda s: _ground(s, site))
    made_from = pet, there, limit, network_of(scene), astuple(site.frame)
    return whole_of(scene, ("cool_sites", limit), made_from,
                    lambda: _sites(scene, site, pet, there, limit))  # fmt: skip


def _sites(scene: Scene, site: Site, pet: np.ndarray, there: np.ndarray, limit: float) -> Sites:
    with np.errstate(invalid="ignore"):
        label = patches(there & (pet <= limit))
    count = np.bincount(label[label >= 0], minlength=1)
    large = count * site.frame.cell**2 >= float(limits("cool_area"))
    row, column = np.nonzero(edges(label) & large[np.maximum(label, 0)])
    kept = label[row, column]
    # every place keeps at least its first cell
    first = np.zeros(len(row), bool)
    first[np.unique(kept, return_index=True)[1]] = True
    thin = first | ((row + column) % _THIN == 0)
    row, column, kept = row[thin], column[thin], kept[thin]
    frame = site.frame
    xy = np.column_stack([frame.x0 + (column + 0.5) * frame.cell,
                          frame.y0 - (row + 0.5) * frame.cell])  # fmt: skip
    reach = float(constants("access")["green_access"]["entry_reach"])
    entries = network_of(scene).enter(xy, reach)
    return Sites(xy, entries, kept, np.full(len(xy), -1, np.int64))


def _model(scene: Scene) -> Heat | None:
    """The field, where the model is to make it."""
    return None if scene.method(SPEC.id) == MAP else heat_of(scene)


SPEC = Indicator(
    id="cool_places",
    code="N03",
    theme="climate",
    parts=(Part("", MEAN, "%"),),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input("pet", "role"),
        Input("roads", "role"),
        Input("paths", "role"),
        Input("entrances", "role"),
        Input("trees", "role"),
        Input("dwellings", "field"),
        Input("height", "field"),
        Input("public", "field"),
    ),
    method="cool-places-1",
    standard="Rotterdam, koele plekken (300 m, 200 m2, PET 38 °C)",
    radius=300.0,
    sigma=(10.0, "absolute"),
    decimals=0,
    places="surfaces",
    ahead=_model,
    divides=0.5,
)
