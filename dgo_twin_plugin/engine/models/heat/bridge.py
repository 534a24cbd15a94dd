"""From a scene to the grids of the heat model, each worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...kept import whole_of
from ..frame import Frame
from ..ground import (
    building_heights,
    crowns_of,
    crowns_over,
    frame_of,
    heights_over,
    standing,
    terrain_in,
)
from ..patched import Window, owners, patched
from ..tables import constants
from .again import followed, shaded_after
from .field import Day, Grids, Heat, crowns_above, filled, heat, shaded

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
    drawn = site_of(scene) if growth else None
    if drawn is not None:
        if not crowns_of(scene).own.any():
            return drawn
        frame, row, terrain = drawn.frame, drawn.row, drawn.grids.terrain
    else:
        frame = frame_of(scene, scene.cell_size, margin_of(scene))
        row, terrain = owners(scene, frame, "heat"), _level(scene, frame)
    surfaces = scene.surfaces
    built, wet_ground = surfaces.where("buildings"), surfaces.where("water")
    share = np.where(built, 0.0, surfaces.share("vegetated"))
    missing = float(constants("heat")["ground"]["no_height"])

    def make(window: Window) -> tuple[np.ndarray, ...]:
        building, canopy, base = standing(scene, frame, row, window, growth)
        owner = row[window[0] : window[1], window[2] : window[3]]
        roof, wet = (np.append(values, False)[owner] for values in (built, wet_ground))
        high = np.where(roof & (building <= 0), missing, building)
        green = np.append(share, np.nan)[owner]
        made = Grids.of(high, canopy, base, green, wet, frame.cell)
        return made.building, made.crown, made.base, made.green, made.wet

    def grown(window: Window) -> tuple[np.ndarray, ...]:
        _, canopy, base = standing(scene, frame, row, window, growth)
        return crowns_above(building[window[0] : window[1], window[2] : window[3]], canopy, base)

    height, wood = heights_over(scene)
    fixed = (growth, scene.rates["tree.base_share"])
    tables, over = (height, wood, built, wet_ground, share), crowns_over(scene, growth)
    if drawn is not None:
        building, green, wet = drawn.grids.building, drawn.grids.green, drawn.grids.wet
        crown, base = patched(scene, "heat_grown", frame, fixed, tables, over, grown)
    else:
        building, crown, base, green, wet = patched(
            scene, "heat_site", frame, fixed, tables, over, make
        )
    grids = Grids(building, crown, base, green, wet, terrain, frame.cell)
    return Site(frame, row, grids, terrain is None)


def _level(scene: Scene, frame: Frame) -> np.ndarray | None:
    """The terrain without holes; None where no terrain model says anything."""
    terrain = terrain_in(scene, frame, "heat")
    return whole_of(scene, "heat_level", (terrain,), lambda: filled(terrain))


def day_of(scene: Scene) -> Day:
    """The reference day, with the sun where the profile's rates say the plan is."""
    content = dict(constants("heat"))
    content["place"] = {name: scene.rates.get(f"sun.{name}", content["place"][name])
                        for name in ("latitude", "longitude")}  # fmt: skip
    return Day.of(content)


def heat_of(scene: Scene) -> Heat:
    """The heat field of a scene, on the frame of ``site_of(scene)``."""
    def build(s: Scene) -> Heat:
        grids, day, kept = site_of(s).grids, day_of(s), None if s.reuse is None else s.reuse.kept
        last: Heat | None = None if kept is None else kept.found("heat")
        if last is None or last.day != day:
            made = heat(grids, day)
        else:
            made = followed(last, grids)
        return made if kept is None else kept.put("heat", (), made)

    found: Heat = scene.product("heat", build)
    return found


def noon_shade_of(scene: Scene) -> tuple[Site, np.ndarray]:
    """What stands before the highest sun of 21 June, with crowns ten years on."""
    def build(s: Scene) -> tuple[Site, np.ndarray]:
        site, sun = site_of(s, float(s.rates["tree.growth_10"])), day_of(s).noon
        if s.reuse is None:
            return site, shaded(site.grids, sun)
        made = shaded_after(s.reuse.kept.found("noon_shade"), site.grids, sun)
        s.reuse.kept.put("noon_shade", (), (site.grids, sun, made))
        return site, made

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
