"""From a scene to the grids of the heat model, each worked out once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..frame import Frame
from ..ground import building_heights, crowns_of, ground
from ..tables import constants
from .field import Day, Grids, Heat, heat, shaded

if TYPE_CHECKING:
    from ...scene import Scene


@dataclass(frozen=True)
class Site:
    """The ground around the plan, and which surface owns each cell (-1 none)."""

    frame: Frame
    row: np.ndarray
    grids: Grids
    flat: bool  # no terrain model says anything: the ground was taken as flat


def margin_of(scene: Scene) -> float:
    """m around the plan: 300 where anything is known beyond 150, so that a cool place at the end
    of a walk is seen; else 150, the reach of the model."""
    least, most = constants("heat")["ground"]["margin"]
    plan, box = scene.plan.bounds(), scene.surfaces.polygons.bounds()
    box = box[np.isfinite(box[:, 0])]
    if not len(box):
        return float(least)
    low, high = plan[:, :2].min(axis=0) - least, plan[:, 2:].max(axis=0) + least
    beyond = (box[:, :2] < low).any() or (box[:, 2:] > high).any()
    return float(most if beyond else least)


def site_of(scene: Scene, growth: float = 0.0) -> Site:
    """The grids of a scene; ``growth`` m that crowns of the design's own trees are wider."""
    found: Site = scene.product(("heat_site", growth), lambda s: _site(s, growth))
    return found


def _site(scene: Scene, growth: float) -> Site:
    found = ground(scene, scene.cell_size, margin_of(scene), growth)
    if growth:
        drawn = site_of(scene)
        if not crowns_of(scene).own.any():
            return drawn
        return replace(drawn, grids=drawn.grids.under(found.canopy, found.canopy_base))
    surfaces, owner = scene.surfaces, np.maximum(found.row, 0)
    owned = found.row >= 0

    def of(values: np.ndarray, nothing: float) -> np.ndarray:
        if not surfaces.n:
            return np.full(found.row.shape, nothing)
        return np.where(owned, values[owner], nothing)

    built = surfaces.where("buildings")
    green = of(np.where(built, 0.0, surfaces.share("vegetated")), np.nan)
    wet = of(surfaces.where("water"), 0.0) > 0
    roof = of(built, 0.0) > 0
    missing = float(constants("heat")["ground"]["no_height"])
    building = np.where(roof & (found.building <= 0), missing, found.building)
    flat = not np.isfinite(found.terrain).any()
    grids = Grids.of(building, found.canopy, found.canopy_base, green, wet, found.frame.cell,
                     None if flat else found.terrain)  # fmt: skip
    return Site(found.frame, found.row, grids, flat)


def day_of(scene: Scene) -> Day:
    """The reference day, with the sun where the profile's rates say the plan is."""
    content = dict(constants("heat"))
    content["place"] = {name: scene.rates.get(f"sun.{name}", content["place"][name])
                        for name in ("latitude", "longitude")}  # fmt: skip
    return Day.of(content)


def heat_of(scene: Scene) -> Heat:
    """The heat field of a scene, on the frame of ``site_of(scene)``."""
    found: Heat = scene.product("heat", lambda s: heat(site_of(s).grids, day_of(s)))
    return found


def noon_shade_of(scene: Scene) -> tuple[Site, np.ndarray]:
    """What stands before the highest sun of 21 June, with crowns ten years on."""
    def build(s: Scene) -> tuple[Site, np.ndarray]:
        site = site_of(s, float(s.rates["tree.growth_10"]))
        return site, shaded(site.grids, day_of(s).noon)

    found: tuple[Site, np.ndarray] = scene.product("noon_shade", build)
    return found


def heights_assumed(scene: Scene) -> np.ndarray:
    """(n_surfaces,) bool: a building whose height nobody gave or measured."""
    height, assumed = building_heights(scene)
    found: np.ndarray = scene.surfaces.where("buildings") & (assumed | np.isnan(height))
    return found


def height_doubt(scene: Scene) -> np.ndarray:
    """(n_surfaces,) spread of a building's height as part of it; 0 where no building."""
    rate = constants("heat")["spreads"]
    height, _ = building_heights(scene)
    with np.errstate(divide="ignore", invalid="ignore"):
        given = np.clip(rate["height_given"] / height, 0.0, rate["height_assumed"])
    doubt = np.where(heights_assumed(scene), rate["height_assumed"], given)
    return np.where(scene.surfaces.where("buildings"), doubt, 0.0)


def crown_doubt(scene: Scene) -> tuple[str, float]:
    """The input that crowns come from, and their spread as part of the area in their shade."""
    rate = constants("heat")["spreads"]
    trees = crowns_of(scene)
    name = "canopy_diameter" if trees.own.any() or not scene.has("trees") else "trees"
    guessed = float(trees.assumed.mean()) if trees.n else 1.0
    return name, rate["tree_given"] + guessed * (rate["tree_assumed"] - rate["tree_given"])
