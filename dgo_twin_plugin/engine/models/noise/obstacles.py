"""What stands in the way of noise, and how soft the ground is.

Obstacles are upright walls with a level top: the sides of buildings and noise barriers. Roofs are
flat, the ground is level: heights count from it. Ground softness is a grid of G (0 hard, 1 soft).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...checks import Check
from ...grid import Raster
from ...kept import whole_of
from ...wkb import dimension, geometry_from_wkb
from ..frame import Frame
from ..ground import building_heights, frame_of
from ..patched import owners
from ..tables import constants
from .lines import segments
from .outline import outline

if TYPE_CHECKING:
    from ...scene import Scene


@dataclass(frozen=True, eq=False)
class Obstacles:
    """k walls, local metres. ``height`` of the top above the ground; ``reflects``: a façade."""

    x0: np.ndarray  # (k,)
    y0: np.ndarray
    x1: np.ndarray
    y1: np.ndarray
    height: np.ndarray
    reflects: np.ndarray  # (k,) bool
    soft: Raster | None = None  # G, mean around each cell; None: ``level`` all over
    level: float = 0.5  # G where the raster does not reach
    checks: list[Check] = field(default_factory=list)

    @property
    def n(self) -> int:
        return len(self.x0)

    @classmethod
    def of(
        cls, walls: np.ndarray, height: np.ndarray, reflects: np.ndarray | None = None,
        soft: Raster | None = None, level: float = 0.5, checks: list[Check] | None = None,
    ) -> Obstacles:  # fmt: skip
        """From ``walls`` (k, 4) x0, y0, x1, y1. Walls without length, place or height are left
        out; ``reflects`` is True where not given."""
        walls = np.asarray(walls, float).reshape(-1, 4)
        height = np.asarray(height, float)
        reflects = np.ones(len(walls), bool) if reflects is None else np.asarray(reflects, bool)
        length = np.hypot(walls[:, 2] - walls[:, 0], walls[:, 3] - walls[:, 1])
        good = np.isfinite(walls).all(axis=1) & (length > 0) & (height > 0) & np.isfinite(height)
        x0, y0, x1, y1 = walls[good].T.copy()
        return cls(x0, y0, x1, y1, height[good], reflects[good], soft, level, checks or [])

    def softness(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """G at places, in the shape of ``x``."""
        if self.soft is None:
            return np.full(np.shape(x), self.level, np.float32)
        grid = self._grid
        rows, columns = grid.shape
        column = ((x - (self.soft.x0 - self.soft.dx)) / self.soft.dx).astype(np.int32)
        row = (((self.soft.y0 + self.soft.dy) - y) / self.soft.dy).astype(np.int32)
        for at, most in ((column, columns - 1), (row, rows - 1)):  # quicker than np.clip
            np.minimum(np.maximum(at, 0, out=at), most, out=at)
        row *= np.int32(columns)
        row += column
        found: np.ndarray = grid.ravel().take(row)
        return found

    @property
    def _grid(self) -> np.ndarray:
        """The softness with a border of one cell that holds the level of everywhere else."""
        made = self.__dict__.get("_bordered")
        if made is None:
            assert self.soft is not None
            values = np.pad(self.soft.values, 1, constant_values=np.nan)
            made = np.where(np.isfinite(values), values, self.level).astype(np.float32)
            object.__setattr__(self, "_bordered", made)
        grid: np.ndarray = made
        return grid


def obstacles_of(scene: Scene) -> Obstacles:
    """The obstacles of design and current situation, built once."""
    found: Obstacles = scene.product("noise_obstacles", _obstacles)
    return found


def _obstacles(scene: Scene) -> Obstacles:
    told = constants("propagation")
    checks: list[Check] = []
    walls, height = _buildings(scene, told["obstacle"], checks)
    screens, tops = _barriers(scene, told["obstacle"], checks)
    return Obstacles.of(
        np.concatenate([walls, screens]), np.concatenate([height, tops]),
        np.arange(len(walls) + len(screens)) < len(walls),
        softness(scene, told["ground"]), float(told["ground"]["unknown"]), checks,
    )  # fmt: skip


def _buildings(
    scene: Scene, told: dict[str, Any], checks: list[Check]
) -> tuple[np.ndarray, np.ndarray]:
    """Walls (k, 4) and tops (k,) of all buildings."""
    surfaces = scene.surfaces
    rows = np.flatnonzero(surfaces.where("buildings"))
    given, assumed = building_heights(scene)
    height, wrong = plausible(given[rows], told)
    floors = surfaces.fields["floors"][rows]
    guess = np.where(floors > 0, floors * told["storey"], told["building"])
    height = np.where(np.isnan(height), np.clip(guess, told["lowest"], told["highest"]), height)
    guessed = np.isnan(given[rows]) | assumed[rows]
    for code, hit in (("noise_height_assumed", guessed), ("noise_height_wrong", wrong)):
        _say(checks, code, surfaces.layer[rows], hit, given[rows])
    s = surfaces.polygons.take(rows).segments
    return outline(np.column_stack([s.x0, s.y0, s.x1, s.y1]), height[s.feature])


def _barriers(
    scene: Scene, told: dict[str, Any], checks: list[Check]
) -> tuple[np.ndarray, np.ndarray]:
    """Stretches (k, 4) and tops (k,) of the noise barriers, drawn as lines or as areas."""
    items = scene.items
    rows = np.flatnonzero(items.where("noise_barrier"))
    given = items.fields["height"][rows]
    height, wrong = plausible(given, told)
    missing = np.isnan(height)
    height = np.where(missing, told["barrier"], height)
    guessed = np.isnan(given) | items.assumed["height"][rows]
    for code, hit in (("noise_barrier_assumed", guessed), ("noise_height_wrong", wrong)):
        _say(checks, code, items.layer[rows], hit, given)
    parts = [_outline(items.wkb[int(row)]) for row in rows]
    top = [np.full(len(part), h) for part, h in zip(parts, height)]
    return (np.concatenate([np.zeros((0, 4)), *parts]), np.concatenate([np.zeros(0), *top]))


def plausible(height: np.ndarray, told: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Heights with NaN for what cannot be one (negative, next to nothing, beyond the highest
    building), and which those were."""
    wrong = np.isfinite(height) & ((height < told["lowest"]) | (height > told["highest"]))
    wrong |= np.isinf(height)
    return np.where(wrong, np.nan, height), wrong


def _say(
    checks: list[Check], code: str, layer: np.ndarray, hit: np.ndarray, value: np.ndarray
) -> None:
    """One finding per layer."""
    for name in sorted({str(n) for n in layer[hit]}):
        rows = np.flatnonzero(hit & (layer == name))
        checks.append(Check(code, level="field", layer=name, field="height",
                            value=str(value[rows[0]]), params={"count": len(rows)}))  # fmt: skip


def _outline(wkb: bytes) -> np.ndarray:
    """(k, 4) the stretches of a line, or of the border of an area."""
    if dimension(wkb) == 2:
        border = geometry_from_wkb(wkb).Boundary()
        return segments(bytes(border.ExportToWkb())) if border is not None else np.zeros((0, 4))
    return segments(wkb)


# --- ground -------------------------------------------------------------------------------------
def softness(scene: Scene, told: dict[str, Any]) -> Raster:
    """G of the ground around the plan, each cell the mean of the window around it."""
    surfaces = scene.surfaces
    frame = frame_of(scene, float(told["cell"]), scene.margin)
    soft = 1.0 - surfaces.share("sealed") if surfaces.n else np.zeros(0)
    soft[surfaces.where("water", "buildings")] = 0.0
    values = np.where(np.isfinite(soft), soft, float(told["unknown"]))
    grid = np.r_[values, float(told["unknown"])][owners(scene, frame, "noise")]
    return whole_of(scene, "noise_softness", (grid, astuple(frame), float(told["window"])),
                    lambda: smoothed(frame, grid, float(told["window"])))  # fmt: skip


def smoothed(frame: Frame, grid: np.ndarray, window: float) -> Raster:
    """The mean over a square window around each cell; at the border over what there is of it."""
    half = int(round((window / frame.cell - 1.0) / 2.0))
    return frame.raster(_mean(_mean(grid, half, 0), half, 1))


def _mean(grid: np.ndarray, half: int, axis: int) -> np.ndarray:
    n = grid.shape[axis]
    total = np.concatenate([np.zeros_like(grid.take([0], axis)), np.cumsum(grid, axis)], axis)
    low = np.maximum(np.arange(n) - half, 0)
    high = np.minimum(np.arange(n) + half + 1, n)
    wide = (high - low).reshape((-1, 1) if axis == 0 else (1, -1))
    found: np.ndarray = (total.take(high, axis) - total.take(low, axis)) / wide
    return found
