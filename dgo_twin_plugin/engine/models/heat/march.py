"""Marching over a grid: shifted views of a padded array, and work by bands of rows.

A shadow and a horizon are both searched by shifting the heights towards the place that asks, step
by step, and keeping the highest. Bands of rows keep what is worked on in the cache of the
processor, and threads may take a band each: NumPy lets go of the interpreter meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...hands import HANDS, helping, lent
from ...pulse import beat

BAND = 32  # rows: what is worked on at once fits beside each other in the cache of a core
THREADS = HANDS
NONE_BASE = 1e9  # m: base of a crown where there is none
_LISTEN = 0.1  # s


@dataclass(frozen=True)
class Step:
    """From a cell to the cell ``rows`` up and ``columns`` to the right, in which a ray lies from
    ``near`` to ``far`` m away. A step stands for all ground up to halfway its neighbours."""

    rows: int
    columns: int
    near: float
    far: float


HERE = Step(0, 0, 0.0, 0.0)


def towards(azimuth: float, cells: list[int], cell: float) -> list[Step]:
    """Steps along an azimuth (degrees from north), at about these numbers of cells, ascending. Each
    goes to the middle of the nearest cell; distances are those along the azimuth."""
    east, north = math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))
    long = max(abs(east), abs(north))  # a cell is passed through in 1 / long cells
    found: list[Step] = []
    for k, at in enumerate(cells):
        rows, columns = math.floor(at / long * north + 0.5), math.floor(at / long * east + 0.5)
        along = (rows * north + columns * east) * cell
        wide = cells[k] - cells[k - 1] if k else 1
        half = 0.5 * wide * cell / long
        found.append(Step(rows, columns, max(along - half, 0.25 * cell), along + half))
    return found


@dataclass(frozen=True)
class Solid:
    """What stands, m above one level, float32, with ``pad`` cells of nothing on every side.

    ``top``: ground or roof; ``crown`` and ``base``: of the crown over a cell (no crown: far below
    and far above); ``ground``: without padding, None where all of it is level 0.
    """

    top: np.ndarray
    crown: np.ndarray
    base: np.ndarray
    ground: np.ndarray | None
    pad: int
    cell: float

    @classmethod
    def of(cls, building: np.ndarray, crown: np.ndarray, base: np.ndarray,
           terrain: np.ndarray | None, pad: int, cell: float) -> Solid:  # fmt: skip
        """From heights above the ground (rows, columns), 0 where nothing stands."""
        ground = None if terrain is None else np.ascontiguousarray(terrain, np.float32)
        level = np.float32(0.0) if ground is None else ground
        crowned = crown > 0

        def padded(values: np.ndarray, fill: float) -> np.ndarray:
            out = np.full((values.shape[0] + 2 * pad, values.shape[1] + 2 * pad), fill, np.float32)
            out[pad : pad + values.shape[0], pad : pad + values.shape[1]] = values
            return out

        nothing = 0.0 if ground is None else -NONE_BASE
        return cls(
            padded(building + level, nothing),
            padded(np.where(crowned, crown + level, np.float32(-NONE_BASE)), -NONE_BASE),
            padded(np.where(crowned, base + level, np.float32(NONE_BASE)), NONE_BASE),
            ground, pad, cell,
        )  # fmt: skip

    @property
    def shape(self) -> tuple[int, int]:
        return self.top.shape[0] - 2 * self.pad, self.top.shape[1] - 2 * self.pad

    def view(self, values: np.ndarray, first: int, last: int, step: Step) -> np.ndarray:
        """The padded ``values`` as seen from rows first to last, a step away."""
        row, column = self.pad + first - step.rows, self.pad + step.columns
        return values[row : row + last - first, column : column + self.shape[1]]

    def around(self, values: np.ndarray, first: int, last: int, reach: int) -> np.ndarray:
        """All of the padded ``values`` that rows first to last can see within ``reach`` cells."""
        return values[self.pad + first - reach : self.pad + last + reach]


def by_bands(rows: int, work: Callable[[int, int], None]) -> None:
    """``work(first, last)`` for every band of rows, in threads; stops where the user cancelled."""
    spans = [(k, min(k + BAND, rows)) for k in range(0, rows, BAND)]
    if THREADS < 2 or len(spans) < 4:
        for span in spans:
            beat()
            work(*span)
        return
    with lent(), ThreadPoolExecutor(THREADS) as pool:
        left = {pool.submit(helping, partial(work, *span)) for span in spans}
        try:
            while left:
                done, left = wait(left, _LISTEN, FIRST_COMPLETED)
                for one in done:
                    one.result()
                beat()
        except BaseException:
            for one in left:
                one.cancel()
            raise
