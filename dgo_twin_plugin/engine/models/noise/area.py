"""The field of noise over the plan: receivers dense where it changes, and a smooth raster.

Receivers stand on a lattice on whole multiples of the step, so that fields of neighbouring states
share them: coarse in the open, fine near walls and sources. Inside buildings there is no field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...boxes import bbox_pairs
from ...geometry import Polygons, containing
from ...grid import Raster
from ..frame import Frame
from ..tables import constants
from . import memory
from .facade import GROUPS, groups_of
from .lines import Lines
from .obstacles import Obstacles, obstacles_of
from .propagation import Run, brought_up, sectors_for

if TYPE_CHECKING:
    from ...scene import Scene


@dataclass(frozen=True, eq=False)
class NoiseField:
    """Lden of all sources together: ``raster`` dB, NaN inside buildings and where nothing comes."""

    raster: Raster
    run: Run


def lden_field(scene: Scene, lines: Lines) -> Raster:
    """Lden over the plan and some way around it, dB, at 4 m above the ground; built once."""
    return noise_field(scene, lines).raster


def noise_field(scene: Scene, lines: Lines, previous: NoiseField | None = None) -> NoiseField:
    """The field with what an update needs. ``previous``: the field of a scene that differs a
    little (where not given, the last one of this plan, if somebody is remembering); only what
    changed is worked out."""

    def build(s: Scene) -> NoiseField:
        told = constants("propagation")["field"]
        box = s.plan.bounds()
        low = box[:, :2].min(axis=0) - told["margin"]
        high = box[:, 2:].max(axis=0) + told["margin"]
        buildings = s.surfaces.polygons.take(np.flatnonzero(s.surfaces.where("buildings")))
        key = ("field", s.crs, s.origin)
        made = field(lines, groups_of(lines), len(GROUPS), obstacles_of(s), buildings,
                     (low[0], low[1], high[0], high[1]),
                     memory.recall(key) if previous is None else previous)  # fmt: skip
        memory.keep(key, made)
        return made

    found: NoiseField = scene.product(("noise_field", id(lines)), build)
    return found


def field(
    lines: Lines, group: np.ndarray, n_groups: int, obstacles: Obstacles, buildings: Polygons,
    box: tuple[float, float, float, float], previous: NoiseField | None = None,
) -> NoiseField:  # fmt: skip
    """The field over a ``box`` (xmin, ymin, xmax, ymax); ``buildings`` hold no receivers."""
    told = constants("propagation")["field"]
    wide, fine, cell = float(told["wide"]), float(told["fine"]), float(told["cell"])
    nodes = lattice(box, wide, fine)
    dense = close(nodes, lines, obstacles, float(told["near"]))
    some = dense | on_multiples(nodes, wide)
    blocked = np.zeros(nodes.shape[:2], bool)
    flat = nodes.reshape(-1, 2)
    blocked.reshape(-1)[containing(buildings, flat)[0]] = True
    at = np.nonzero(some & ~blocked)
    receivers = np.column_stack([nodes[at], np.full(len(at[0]), float(told["height"]))])
    made = brought_up(previous.run if previous is not None else None, lines, obstacles, receivers,
                      group, n_groups, sectors_for("field"))  # fmt: skip
    level = np.full(nodes.shape[:2], np.nan)
    lden = made.lden
    level[at] = np.where(np.isfinite(lden), lden, np.nan)
    step = round(wide / fine)
    filled = refined(level[::step, ::step], step)[: level.shape[0], : level.shape[1]]
    level = np.where(np.isnan(level), filled, level)
    (west, north), (east, south) = nodes[0, 0], nodes[-1, -1]
    frame = Frame.around((west, south, east, north), cell)
    values = centred(level, round(fine / cell))
    frame.burned(buildings, np.full(buildings.n, np.nan), values)
    return NoiseField(frame.raster(values), made)


def lattice(box: tuple[float, float, float, float], wide: float, step: float) -> np.ndarray:
    """(rows, columns, 2) points from north to south on multiples of ``step``; the outermost ones on
    multiples of ``wide``, around ``box``."""
    west, south = np.floor(box[0] / wide) * wide, np.floor(box[1] / wide) * wide
    east, north = np.ceil(box[2] / wide) * wide, np.ceil(box[3] / wide) * wide
    x = west + step * np.arange(round((east - west) / step) + 1)
    y = north - step * np.arange(round((north - south) / step) + 1)
    return np.stack(np.meshgrid(x, y), axis=2)


def on_multiples(nodes: np.ndarray, wide: float) -> np.ndarray:
    """(rows, columns) nodes of the coarse lattice."""
    rest = np.abs(nodes / wide - np.round(nodes / wide))
    found: np.ndarray = (rest < 1e-6).all(axis=2)
    return found


def close(nodes: np.ndarray, lines: Lines, obstacles: Obstacles, near: float) -> np.ndarray:
    """(rows, columns) whether a wall or a source is within ``near`` m."""
    flat = nodes.reshape(-1, 2)
    ends = np.concatenate([np.column_stack([o.x0, o.y0, o.x1, o.y1]) for o in (lines, obstacles)])
    ends = ends[np.isfinite(ends).all(axis=1)]
    boxes = np.column_stack([np.minimum(ends[:, 0], ends[:, 2]), np.minimum(ends[:, 1], ends[:, 3]),
                             np.maximum(ends[:, 0], ends[:, 2]), np.maximum(ends[:, 1], ends[:, 3])
                             ])  # fmt: skip
    i, j = bbox_pairs(np.hstack([flat, flat]), boxes, near)
    ax, ay, bx, by = ends[j].T
    px, py = flat[i].T
    dx, dy = bx - ax, by - ay
    square = np.maximum(dx * dx + dy * dy, 1e-12)
    t = np.clip(((px - ax) * dx + (py - ay) * dy) / square, 0.0, 1.0)
    hit = (px - ax - t * dx) ** 2 + (py - ay - t * dy) ** 2 <= near * near
    found = np.zeros(len(flat), bool)
    found[i[hit]] = True
    return found.reshape(nodes.shape[:2])


def refined(values: np.ndarray, times: int) -> np.ndarray:
    """Bilinear on a lattice ``times`` finer with the same points; unknown corners do not count."""
    t = np.arange(times * (values.shape[0] - 1) + 1) / times
    u = np.arange(times * (values.shape[1] - 1) + 1) / times
    return _bilinear(values, t, u)


def centred(values: np.ndarray, times: int) -> np.ndarray:
    """Bilinear at the middles of ``times`` x ``times`` cells between every four points."""
    t = (np.arange(times * (values.shape[0] - 1)) + 0.5) / times
    u = (np.arange(times * (values.shape[1] - 1)) + 0.5) / times
    return _bilinear(values, t, u)


def _bilinear(values: np.ndarray, t: np.ndarray, u: np.ndarray) -> np.ndarray:
    """(len(t), len(u)) at fractional rows and columns, over the corners that know a value."""
    known = np.isfinite(values)
    total = _along(_along(np.where(known, values, 0.0), t, 0), u, 1)
    weight = _along(_along(known.astype(float), t, 0), u, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = np.where(weight > 1e-9, total / weight, np.nan)
    return found


def _along(values: np.ndarray, t: np.ndarray, axis: int) -> np.ndarray:
    low = np.minimum(np.floor(t).astype(np.int64), max(values.shape[axis] - 2, 0))
    high = np.minimum(low + 1, values.shape[axis] - 1)
    part = (t - low).reshape((-1, 1) if axis == 0 else (1, -1))
    found: np.ndarray = values.take(low, axis) * (1 - part) + values.take(high, axis) * part
    return found

