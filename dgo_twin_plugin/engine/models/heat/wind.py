"""Wind at 1.2 m from that of the weather station: roughness of buildings and trees around.

Profiles of Macdonald (2000) by frontal density, as the Dutch standard heat map applies them
(Koopmans et al. 2020); the direction of the wind is left out: the mean of the four directions.
Sums are of whole numbers, so that a part worked out again equals the whole to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

PER_M = 100  # heights in whole cm
_BAND = 64  # rows worked on at once


def box_sums(values: np.ndarray, reach: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Band of rows after band of rows, and (band, columns) int64: the sum of whole numbers over the
    square of ``reach`` cells each way; nothing lies beyond the edge. By running sums down and
    across: what is made on the way stays in the cache."""
    rows, columns = values.shape
    last = values[:reach].sum(axis=0, dtype=np.int64)  # of the row above the first
    for first in range(0, rows, _BAND):
        n = min(_BAND, rows - first)
        down = np.zeros((n + 1, columns), np.int64)
        down[0] = last
        enter = values[first + reach : first + reach + n]
        leave = values[max(first - reach - 1, 0) : max(first + n - reach - 1, 0)]
        down[1 : 1 + len(enter)] = enter
        down[n + 1 - len(leave) :] -= leave
        last = np.cumsum(down, axis=0, out=down)[n]
        across = np.zeros((n, reach + 1 + columns + reach), np.int64)
        across[:, reach + 1 : reach + 1 + columns] = down[1:]
        np.cumsum(across, axis=1, out=across)
        yield slice(first, first + n), across[:, 2 * reach + 1 :] - across[:, :columns]


def roughness(building: np.ndarray, crown: np.ndarray, cell: float,
              constants: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Frontal density and mean height, m, of the obstacles around every cell, float32.

    ``building``, ``crown``: whole cm above the ground, int. Of each edge between cells half of the
    difference in height faces the wind; the mean of the two axes is that of all directions.
    """
    low = int(constants["lowest_obstacle"] * PER_M)
    weight, reach = constants["weight"], int(constants["window"] / cell)
    # 32 bits hold what one cell has: 1 km of cm, four edges, all of the weights
    front, mass, ground = (np.zeros(building.shape, np.int32) for _ in range(3))
    for first in range(0, len(front), _BAND):  # what is made on the way stays in the cache
        at = slice(first, first + _BAND)
        for height, share in ((building, weight["building"]), (crown, weight["tree"])):
            share, some = np.int32(share), height[first : first + _BAND + 1]
            some = np.where(some >= low, some, 0).astype(np.int32, copy=False)
            front[first : first + len(some) - 1] += share * np.abs(np.diff(some, axis=0))
            some = some[:_BAND]
            front[at, :-1] += share * np.abs(np.diff(some, axis=1))
            mass[at] += share * some
            ground[at] += share * (some > 0)
    # of edges: half faces the wind, half of the edges lie across it; cm and % to m and shares
    area = (2 * reach + 1) ** 2 * cell * cell
    per_front = 0.25 * cell / (PER_M * 100.0 * area)
    density, mean = (np.empty(building.shape, np.float32) for _ in range(2))
    around = zip(*(box_sums(values, reach) for values in (front, mass, ground)))
    for (at, fronts), (_, heights), (_, covered) in around:
        part = np.minimum(fronts * per_front + constants["background"], constants["most"])
        part[covered == 0] = 0.0
        density[at] = part
        part = heights / (PER_M * np.maximum(covered, 1))
        # higher than the blending height no profile holds
        mean[at] = np.clip(part, constants["least_height"], constants["reference"]["blend"])
    return density, mean


def wind_factor(density: np.ndarray, height: np.ndarray, constants: dict[str, Any]) -> np.ndarray:
    """Wind at 1.2 m per wind at 1.2 m over open grass, at most 1 (1 where nothing stands)."""
    reference, karman = constants["reference"], constants["karman"]
    z0, blend, at = (reference[k] for k in ("z0", "blend", "at"))
    classes = constants["classes"]
    column = {k: np.array([c[k] for c in classes], np.float32) for k in ("z0", "d", "zw", "a", "b")}
    k = np.zeros(density.shape, np.int8)
    for each in classes[:-1]:  # a few comparisons are quicker than a search for every cell
        k += density >= np.float32(each["to"])
    rough, shift, top, a, b = (column[name].take(k) for name in ("z0", "d", "zw", "a", "b"))
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
