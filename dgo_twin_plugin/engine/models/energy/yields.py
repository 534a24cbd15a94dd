"""What panels on each building give, from a surface model or from the kind of roof.

Buildings that stand already are read off the surface model (role ``dsm``): slope and direction of
every roof cell, and the horizon around it, in which the buildings and trees of the design stand
too. Buildings of the design, and those the model does not show, get the planes of their field
``roof``: flat, or pitched with the ridge along the longest side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...counts import nth
from ...grid import Raster
from ...kept import whole_of
from ...scan import cells_inside
from ..frame import Frame
from ..ground import building_heights, crowns_of, frame_of, maps_in, terrain_in
from ..patched import Shapes, Window, cells_of, owners, patched
from ..tables import constants
from .again import Planes, light_on
from .roofs import best_share, ridge, slopes
from .sun import best

if TYPE_CHECKING:
    from ...scene import Scene


@dataclass(frozen=True)
class Roofs:
    """Roof cells (k,) of buildings (n,), as far as panels can lie on them.

    ``of`` building of each cell (index into ``rows``), ``area`` m2 of roof (along the slope),
    ``factor`` yield against the best open plane; ``place`` index of the cell in the frame.
    """

    rows: np.ndarray  # (n,) surface row
    measured: np.ndarray  # (n,) bool: slopes read off a surface model
    wide: np.ndarray  # (n,) m2 of roof per m2 of ground
    of: np.ndarray
    area: np.ndarray
    factor: np.ndarray
    tilt: np.ndarray
    place: np.ndarray
    frame: Frame

    def yields(self, share: np.ndarray) -> np.ndarray:
        """(n,) yield against the best open plane of panels on the best ``share`` of each roof."""
        return best_share(self.of, self.area, self.factor, share)

    def raster(self, panel: float) -> Raster:
        """kWh per m2 of panel a year; NaN where there is no roof for it."""
        values = np.full(self.frame.shape[0] * self.frame.shape[1], np.nan)
        values[self.place] = panel * self.factor
        return self.frame.raster(values.reshape(self.frame.shape))


def roofs_of(scene: Scene, rows: np.ndarray) -> Roofs:
    """The roofs of the buildings ``rows``, worked out once per scene."""
    found: Roofs = scene.product("roofs", lambda s: _roofs(s, rows))
    return found


def _roofs(scene: Scene, rows: np.ndarray) -> Roofs:
    table = constants("energy")
    roof = table["roof"]
    cell, margin = float(roof["cell"]), float(max(table["shade"]["distances"]))
    frame = frame_of(scene, cell, margin)
    while frame.rows * frame.columns > int(roof["most_frame"]):
        cell *= 2.0
        frame = frame_of(scene, cell, margin)
    footprints = scene.surfaces.polygons.take(rows)
    feature, row, column = cells_inside(
        footprints, frame.raster(np.zeros(frame.shape)), (0, frame.rows), (0, frame.columns)
    )
    owner = np.full(frame.shape, -1, np.int64)
    owner[row, column] = feature
    order = np.argsort(feature, kind="stable")
    feature, row, column = feature[order], row[order], column[order]
    top, shown = _surface(scene, frame)
    fits = _measurable(scene, rows, shown[row, column], feature, roof)
    tilt, aspect = (values[row, column] for values in slopes(top, owner, frame.cell))
    smooth = np.isfinite(tilt) & (tilt <= float(roof["steepest"]))
    cells = np.bincount(feature, minlength=len(rows))
    # a "roof" of cliffs is none: a wrong model, or trees over a shed
    fits &= np.bincount(feature, smooth.astype(float), len(rows)) >= 0.5 * cells
    drawn = ~fits[feature]
    guess_tilt, guess_aspect = _by_type(scene, rows, footprints, feature, frame, row, column, roof)
    tilt = np.where(drawn, guess_tilt, tilt)
    aspect = np.where(drawn, guess_aspect, aspect)
    use = np.isfinite(tilt) & (tilt <= float(roof["steepest"]))
    count = np.bincount(feature[use], minlength=len(rows))
    along = 1.0 / np.cos(np.radians(np.where(tilt < float(roof["flat"]), 0.0, tilt)))
    with np.errstate(divide="ignore", invalid="ignore"):
        wide = np.bincount(feature[use], along[use], len(rows)) / count
    wide = np.where(count > 0, wide, 1.0)
    kept = np.flatnonzero(use)
    kept = kept[_thinned(feature[kept], count, roof)]
    feature, row, column = feature[kept], row[kept], column[kept]
    tilt, aspect, along = tilt[kept], aspect[kept], along[kept]
    flat = tilt < float(roof["flat"])
    lie = np.where(flat, float(roof["flat_tilt"]), tilt)
    given = light_on(scene, Planes(frame, top, row, column, flat, lie, aspect))
    return Roofs(rows, fits, wide, feature, along * frame.cell**2, given / best(), tilt,
                 row * frame.columns + column, frame)  # fmt: skip


def _thinned(feature: np.ndarray, count: np.ndarray, roof: dict[str, Any]) -> np.ndarray:
    """(k,) bool: the cells to work out, all of them in a plan of ordinary size. ``feature`` sorted.
    The golden ratio spreads those that stay over each roof."""
    share = min(1.0, float(roof["most_cells"]) / max(len(feature), 1))
    rank = nth(count, feature)
    wanted = np.maximum(share, float(roof["least_cells"]) / np.maximum(count, 1))[feature]
    return np.asarray((rank * 0.6180339887498949) % 1.0 < wanted)


def _surface(scene: Scene, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """(rows, columns) top of everything, m NAP, as the design makes it; and where the surface
    model itself says it. All in one datum: without a terrain model the ground is level."""
    seen, terrain = maps_in(scene, "dsm", frame, "roofs"), terrain_in(scene, frame, "roofs")
    level = whole_of(scene, "roof_ground", (seen, terrain), lambda: _level(seen, terrain))
    surfaces, owner = scene.surfaces, owners(scene, frame, "roofs")
    heights = np.where(surfaces.where("buildings"), np.nan_to_num(building_heights(scene)[0]), 0.0)
    ours = ~(surfaces.current | (np.nan_to_num(surfaces.fields["existing"]) > 0))
    every = crowns_of(scene)
    own = np.flatnonzero(every.own & (every.top > 0))
    own = own[np.argsort(every.top[own], kind="stable")]  # the highest crown is written last
    trees = Shapes(every.polygons.take(own), (every.top[own],))

    def make(window: Window) -> tuple[np.ndarray, ...]:
        at = np.s_[window[0] : window[1], window[2] : window[3]]
        row, ground, top = owner[at], level[at], seen[at]
        there = row >= 0
        rise = np.where(there, np.maximum(np.r_[heights, 0.0][row], 0.0), 0.0)
        made = np.r_[ours, False][row]
        # what stands already counts where it lies beyond the surface model
        shown = np.isfinite(top) & ~made
        top = np.where(shown, top, ground + rise)
        k, r, c = cells_of(trees.polygons, frame, window)
        r, c = r - window[0], c - window[2]
        top[r, c] = np.fmax(top[r, c], ground[r, c] + trees.said[0][k])
        return top, shown

    top, shown = patched(scene, "roof_top", frame, (seen, level), (heights, ours), trees, make)
    return top, shown


def _level(seen: np.ndarray, terrain: np.ndarray) -> np.ndarray:
    """The ground, m NAP; level where the terrain model says nothing."""
    known = terrain if np.isfinite(terrain).any() else seen
    level = float(np.nanpercentile(known, 10)) if np.isfinite(known).any() else 0.0
    return np.where(np.isfinite(terrain), terrain, level)


def _measurable(
    scene: Scene, rows: np.ndarray, shown: np.ndarray, feature: np.ndarray, roof: dict[str, Any]
) -> np.ndarray:
    """(n,) bool: buildings whose roof the surface model shows well enough."""
    fine = [r.raster.dx for r in scene.rasters("dsm")]
    if not fine or min(fine) > float(roof["coarsest"]):
        return np.zeros(len(rows), bool)
    n = len(rows)
    seen = np.bincount(feature, shown.astype(float), n)
    count = np.bincount(feature, minlength=n)
    stands = scene.surfaces.current | (np.nan_to_num(scene.surfaces.fields["existing"]) > 0)
    return np.asarray(stands[rows] & (seen >= float(roof["fewest"])) & (seen >= 0.5 * count))


def _by_type(
    scene: Scene, rows: np.ndarray, footprints: Any, feature: np.ndarray, frame: Frame,
    row: np.ndarray, column: np.ndarray, roof: dict[str, Any],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(k,) tilt and aspect of roof cells by the field ``roof``: flat, or two planes that look away
    from a ridge along the longest side."""
    pitched = scene.surfaces.fields["roof"][rows] == "pitched"
    along = np.nan_to_num(ridge(footprints.segments, len(rows)))
    middle = footprints.centroids()
    across = np.radians(along + 90.0)
    x = frame.x0 + (column + 0.5) * frame.cell - middle[feature, 0]
    y = frame.y0 - (row + 0.5) * frame.cell - middle[feature, 1]
    side = x * np.sin(across[feature]) + y * np.cos(across[feature])
    aspect = np.where(side >= 0, along[feature] + 90.0, along[feature] + 270.0) % 360.0
    tilt = np.where(pitched[feature], float(roof["pitched_tilt"]), 0.0)
    return tilt, aspect
