"""Trees from surface minus terrain: the highest places away from buildings, and their crowns.

1. Canopy height = surface - terrain; holes of the terrain are filled from its means over 5 m,
   spread sideways.
2. It is smoothed over 3 x 3 cells.
3. A tree stands where a cell is at least ``least`` m high, further than ``wall`` m from a building
   and the highest within ``apart`` m.
4. Its crown reaches in eight directions to where the height falls below ``edge`` of the top; the
   diameter is twice the mean reach: an estimate.

A local-maximum filter is the common first step of single-tree detection (K: Popescu and Wynne
2004); all numbers are proposals (P).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..engine.geometry import Polygons
from ..engine.grid import Raster
from ..engine.scan import cells_inside

COARSE = 5.0  # m: means from which holes of the terrain are filled
SPREAD = 12  # times that they are spread sideways


class TreeRule(NamedTuple):
    """As in the mapping file; m, ``edge`` a share."""

    least: float
    apart: float
    wall: float
    edge: float
    widest: float
    narrowest: float


def trees(surface: Raster, terrain: Raster, buildings: Polygons,
          rule: TreeRule) -> np.ndarray:  # fmt: skip
    """(n, 4) x, y, height and crown diameter in m. Both rasters cover the same cells."""
    ground = filled(terrain)
    rows, columns = surface.values.shape
    if ground.shape != surface.values.shape:
        ground = ground_at(surface, terrain, ground)
    height = surface.values - ground
    blocked = np.zeros((rows, columns), bool)
    _, r, c = cells_inside(buildings, surface, (0, rows), (0, columns))
    blocked[r, c] = True
    blocked = _wider(blocked, rule.wall, surface.dx)
    height[blocked] = np.nan
    smooth = _mean3(height)
    tops = _highest(smooth, max(1, int(round(rule.apart / surface.dx))), rule.least)
    r, c = np.nonzero(tops)
    if not len(r):
        return np.zeros((0, 4))
    wide = _crowns(height, smooth, r, c, rule, surface.dx)
    top = _around(height, r, c)
    keep = (wide >= rule.narrowest) & (top >= rule.least)
    x = surface.x0 + (c[keep] + 0.5) * surface.dx
    y = surface.y0 - (r[keep] + 0.5) * surface.dy
    return np.column_stack([x, y, top[keep], wide[keep]])


def filled(terrain: Raster) -> np.ndarray:
    """(rows, columns) the terrain, holes filled from means around them; NaN far from any value."""
    values = terrain.values
    if not np.isnan(values).any():
        return values
    size = max(1, int(round(COARSE / terrain.dx)))
    rows, columns = values.shape
    high, wide = -(-rows // size), -(-columns // size)
    padded = np.full((high * size, wide * size), np.nan)
    padded[:rows, :columns] = values
    blocks = padded.reshape(high, size, wide, size)
    known = np.isfinite(blocks)
    count = known.sum(axis=(1, 3))
    total = np.where(known, blocks, 0.0).sum(axis=(1, 3))
    coarse = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    for _ in range(SPREAD):
        lost = np.isnan(coarse)
        if not lost.any():
            break
        near = _mean3(coarse, least=1)
        coarse = np.where(lost, near, coarse)
    fine = np.repeat(np.repeat(coarse, size, axis=0), size, axis=1)[:rows, :columns]
    made: np.ndarray = np.where(np.isnan(values), fine, values)
    return made


def ground_at(surface: Raster, terrain: Raster, ground: np.ndarray) -> np.ndarray:
    """``ground`` in the cells of the surface model (another cell size or window)."""
    rows, columns = surface.values.shape
    x = surface.x0 + (np.arange(columns) + 0.5) * surface.dx
    y = surface.y0 - (np.arange(rows) + 0.5) * surface.dy
    c = np.floor((x - terrain.x0) / terrain.dx).astype(np.int64)
    r = np.floor((terrain.y0 - y) / terrain.dy).astype(np.int64)
    good = ((r >= 0) & (r < ground.shape[0]))[:, None] & ((c >= 0) & (c < ground.shape[1]))
    found = ground[np.ix_(np.clip(r, 0, ground.shape[0] - 1), np.clip(c, 0, ground.shape[1] - 1))]
    made: np.ndarray = np.where(good, found, np.nan)
    return made


def _shift(values: np.ndarray, down: int, right: int, empty: float) -> np.ndarray:
    """``values`` seen from ``down`` rows and ``right`` columns further."""
    made = np.full(values.shape, empty, values.dtype)
    rows, columns = values.shape
    if abs(down) >= rows or abs(right) >= columns:
        return made
    made[max(-down, 0) : rows - max(down, 0), max(-right, 0) : columns - max(right, 0)] = values[
        max(down, 0) : rows - max(-down, 0), max(right, 0) : columns - max(-right, 0)
    ]
    return made


def _mean3(values: np.ndarray, least: int = 5) -> np.ndarray:
    """Mean over 3 x 3 cells with a value; NaN with fewer than ``least`` of them."""
    known = np.isfinite(values)
    filled_ = np.where(known, values, 0.0)
    total, count = np.zeros(values.shape), np.zeros(values.shape)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            total += _shift(filled_, down, right, 0.0)
            count += _shift(known.astype(float), down, right, 0.0)
    made: np.ndarray = np.where(count >= least, total / np.maximum(count, 1.0), np.nan)
    return made


def _wider(mask: np.ndarray, by: float, cell: float) -> np.ndarray:
    """A mask grown by ``by`` m."""
    reach = int(np.ceil(by / cell - 1e-9))
    made = mask.copy()
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if np.hypot(down, right) * cell <= by + 1e-9:
                made |= _shift(mask.astype(np.int8), down, right, 0).astype(bool)
    return made


def _highest(values: np.ndarray, reach: int, least: float) -> np.ndarray:
    """(rows, columns) bool: at least ``least`` and the highest within ``reach`` cells; of equals
    the first."""
    plain = np.where(np.isnan(values), -np.inf, values)
    made = plain >= least
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if (down, right) == (0, 0) or np.hypot(down, right) > reach:
                continue
            other = _shift(plain, down, right, -np.inf)
            made &= plain > other if (down, right) < (0, 0) else plain >= other
    return made


def _crowns(height: np.ndarray, smooth: np.ndarray, r: np.ndarray, c: np.ndarray, rule: TreeRule,
            cell: float) -> np.ndarray:  # fmt: skip
    """(n,) diameter in m of the crown around each top."""
    rows, columns = height.shape
    limit = smooth[r, c] * rule.edge
    most = max(1, int(rule.widest / 2.0 / cell))
    total = np.zeros(len(r))
    for dr, dc in ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)):
        stride = float(np.hypot(dr, dc)) * cell
        going, reach = np.ones(len(r), bool), np.full(len(r), 0.5 * cell)
        for step in range(1, max(1, int(most * cell / stride)) + 1):
            rr, cc = r + step * dr, c + step * dc
            going &= (rr >= 0) & (rr < rows) & (cc >= 0) & (cc < columns)
            value = height[np.clip(rr, 0, rows - 1), np.clip(cc, 0, columns - 1)]
            with np.errstate(invalid="ignore"):
                going &= value >= limit
            reach[going] += stride
            if not going.any():
                break
        total += reach
    wide: np.ndarray = 2.0 * total / 8.0
    return wide


def _around(values: np.ndarray, r: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(n,) the highest value in the 3 x 3 cells around each place."""
    rows, columns = values.shape
    best = np.full(len(r), -np.inf)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            found = values[np.clip(r + down, 0, rows - 1), np.clip(c + right, 0, columns - 1)]
            best = np.fmax(best, found)
    return best
