"""N07 canopy: ground under crowns as a share of the neighbourhood without its water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..geometry import overlap_areas
from ..models.access.canopy import union_of_crowns
from ..models.ground import crowns_of
from ..models.tables import constants
from ..overlap import zone_areas
from ..words import NOT_IN_SCOPE, say
from .spec import GIVEN, Indicator, Input, Measurement, Part, ZoneValues

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ID = "canopy"


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x ground under crowns / (area - water) (indicators N07).

    The union of all crowns, exact, cut by zone; ground of woods counts for ``wood_cover``, and
    crowns over it no second time. Part ``crowns``: the crowns alone.
    """
    crowns, cut, surfaces = crowns_of(scene), scene.cut, scene.surfaces
    wood = surfaces.where("wood")
    if not crowns.n and not scene.has("trees") and not wood[cut.feature].any():
        return Measurement(missing=say("indicators.canopy.no_trees"))
    union, source = union_of_crowns(crowns.polygons)
    piece, zone, area = zone_areas(union, scene.zones.polygons)
    guessed = crowns.assumed[source[piece]]

    def zones(of: np.ndarray, amount: np.ndarray) -> np.ndarray:
        total = np.bincount(of, amount, scene.n_zones + 1)
        total[0] = total[1:].sum()
        return total

    under, unsure = zones(zone + 1, area), zones(zone + 1, area * guessed)
    mine = np.flatnonzero(wood[cut.feature])
    cover = float(constants("access")[ID]["wood_cover"])
    woods = zones(cut.zone[mine], cut.area[mine])
    above = _over_wood(scene, union, np.flatnonzero(wood))
    whole = np.concatenate([[scene.zones.area.sum()], scene.zones.area])
    water = surfaces.where("water")[cut.feature]
    land = np.maximum(whole - zones(cut.zone, cut.area * water), 0.0)
    canopy = np.minimum(under - above + cover * woods, land)
    counted = zones(zone + 1, np.ones(len(zone))) + zones(cut.zone[mine], np.ones(len(mine)))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(land > 0, 100.0 * canopy / land, np.nan)
        alone = np.where(land > 0, 100.0 * np.minimum(under, land) / land, np.nan)
        assumed = np.where(canopy > 0, np.minimum((unsure + cover * woods) / canopy, 1.0), 0.0)
        by_crowns = np.where(land > 0, 100.0 * (under - above) / land, 0.0)
        by_guess = np.where(land > 0, 100.0 * np.minimum(unsure, under - above) / land, 0.0)
        by_woods = np.where(land > 0, 100.0 * woods / land, 0.0)

    def part(values: np.ndarray) -> ZoneValues:
        return ZoneValues(values, land, np.where(land > 0, 1.0, np.nan), assumed, counted)

    rate = constants("access")["spread"]
    given, guess = float(rate["crown_given"]), float(rate["crown_assumed"])
    # area goes with the square of the diameter: twice the spread
    return Measurement(
        parts={"": part(value), "crowns": part(alone)},
        legal_default=NOT_IN_SCOPE,
        spreads={
            "canopy_diameter": 2.0 * (given * (by_crowns - by_guess) + guess * by_guess),
            "trees": float(rate["missing"]) * by_crowns,
            "model": (1.0 - cover) * by_woods,
        },
    )


def _over_wood(scene: Scene, union: object, rows: np.ndarray) -> np.ndarray:
    """(n_zones + 1,) m2 of woods that lie under crowns that were drawn."""
    from ..geometry import Polygons
    from ..overlay import cut_parts

    assert isinstance(union, Polygons)
    total = np.zeros(scene.n_zones + 1)
    if not len(rows) or not union.n:
        return total
    parts, of = cut_parts(scene)
    chosen = np.flatnonzero(np.isin(scene.cut.feature[of], rows))
    ground = parts.take(chosen)
    i, j = bbox_pairs(ground.bounds(), union.bounds())
    np.add.at(total, scene.cut.zone[of[chosen[i]]], overlap_areas(ground, union, i, j))
    total[0] = total[1:].sum()
    return total


SPEC = Indicator(
    id=ID,
    code="N07",
    theme="green",
    parts=(Part("", GIVEN, "%"), Part("crowns", GIVEN, "%", informative=True)),
    weight="area",
    compute=compute,
    inputs=(
        Input("trees", "role"),
        Input("canopy_diameter", "field"),
        Input("height", "field"),
    ),
    method="crown-union-1",
    standard="3-30-300 (Konijnendijk 2023)",
    radius=30.0,
    sigma=(0.2, "relative"),
    places="zones",
)
