"""Wind at 1.2 m from that of the weather station: roughness of buildings and trees around.

Profiles of Macdonald (2000) by frontal density, as the Dutch standard heat map applies them
(Koopmans et al. 2020); the direction of the wind is left out: the mean of the four directions.
Sums are of whole numbers, so that a part worked out again equals the whole to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

PER_M = 100  # heights in whole cm
_BAND = 64  # rows worked on at once


def box_sum(values: np.ndarray, reach: int) -> np.ndarray:
    """(rows, columns) int64: sum of whole numbers over the square of ``reach`` cells each way;
    nothing lies beyond the edge."""
    total = np.zeros((values.shape[0] + 1, values.shape[1] + 1), np.int64)
    np.cumsum(values, axis=0, dtype=np.int64, out=total[1:, 1:])
    np.cumsum(total[1:, 1:], axis=1, out=total[1:, 1:])
    return _across(_down(total, reach), reach)


def _down(total: np.ndarray, reach: int) -> np.ndarray:
    """(n, columns) sums over windows of rows, from running sums (n + 1, columns) that begin at 0.
    Slices, not indices: rows lie together in memory and nothing is looked up."""
    n = len(total) - 1
    inner = max(n - reach, 0)
    out = np.empty((n, total.shape[1]), total.dtype)
    out[:inner] = total[reach + 1 : reach + 1 + inner]
    out[inner:] = total[n]
    out[n - inner :] -= total[:inner]
    return out


def _across(total: np.ndarray, reach: int) -> np.ndarray:
    """The same over windows of columns: along the rows, which lie together in memory."""
    n = total.shape[1] - 1
    inner = max(n - reach, 0)
    out = np.empty((len(total), n), total.dtype)
    out[:, :inner] = total[:, reach + 1 : reach + 1 + inner]
    out[:, inner:] = total[:, n:]
    out[:, n - inner :] -= total[:, :inner]
    return out


def roughness(building: np.ndarray, crown: np.ndarray, cell: float,
              constants: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Frontal density and mean height, m, of the obstacles around every cell, float32.

    ``building``, ``crown``: whole cm above the ground, int. Of each edge between cells half of the
    difference in height faces the wind; the mean of the two axes is that of all directions.
    """
    low = int(constants["lowest_obstacle"] * PER_M)
    weight, reach = constants["weight"], int(constants["window"] / cell)
    # 32 bits hold what one cell has: 1 km of cm, four edges, all of the weights
    front = np.zeros(building.shape, np.int32)
    mass, ground = np.zeros(building.shape, np.int32), np.zeros(building.shape, np.int32)
    for height, share in ((building, weight["building"]), (crown, weight["tree"])):
        share = np.int32(share)
        high = np.where(height >= low, height, 0).astype(np.int32, copy=False)
        for first in range(0, len(high), _BAND):  # what is made on the way stays in the cache
            at = slice(first, first + _BAND)
            some = high[first : first + _BAND + 1]
            front[first : first + len(some) - 1] += share * np.abs(np.diff(some, axis=0))
            some = high[at]
            front[at, :-1] += share * np.abs(np.diff(some, axis=1))
            mass[at] += share * some
            ground[at] += share * (some > 0)
    # of edges: half faces the wind, half of the edges lie across it; cm and % to m and shares
    area = (2 * reach + 1) ** 2 * cell * cell
    density = box_sum(front, reach) * (0.25 * cell / (PER_M * 100.0 * area))
    density = np.minimum(density + constants["background"], constants["most"])
    covered = box_sum(ground, reach)
    mean = box_sum(mass, reach) / (PER_M * np.maximum(covered, 1))
    # higher than the blending height no profile holds
    mean = np.clip(mean, constants["least_height"], constants["reference"]["blend"])
    density[covered == 0] = 0.0
    return density.astype(np.float32), mean.astype(np.float32)


def wind_factor(density: np.ndarray, height: np.ndarray, constants: dict[str, Any]) -> np.ndarray:
    """Wind at 1.2 m per wind at 1.2 m over open grass, at most 1 (1 where nothing stands)."""
    reference, karman = constants["reference"], constants["karman"]
    z0, blend, at = (reference[k] for k in ("z0", "blend", "at"))
    classes = constants["classes"]
    column = {k: np.array([c[k] for c in classes], np.float32) for k in ("z0", "d", "zw", "a", "b")}
    k = np.searchsorted(np.array([c["to"] for c in classes[:-1]], np.float32), density, "right")
    rough, shift, top = (column[name][k] for name in ("z0", "d", "zw"))
    a, b = column["a"][k], column["b"][k]
    # all lengths per height of the obstacles
    aloft = np.log(blend / z0) / np.log(at / z0)  # at the blending height, per open wind at 1.2 m
    friction = aloft * karman / np.log((blend / height - shift) / rough)
    upper = friction / karman * np.log((top - shift) / rough)
    roof = upper - friction / b * np.log((a + b * top) / (a + b))
    factor = roof * np.exp(constants["attenuation"] * density * (at / height - 1.0))
    factor = np.clip(factor, 0.0, 1.0)
    factor[density <= 0] = 1.0
    return np.asarray(factor, np.float32)


def wind_speed_share(factor: np.ndarray, constants: dict[str, Any]) -> np.ndarray:
    """Wind at 1.2 m per wind at 10 m of the station (domain 4.10)."""
    a, b = constants["correction"]
    return np.asarray((factor - np.float32(a)) * np.float32(b) + np.float32(a), np.float32)
