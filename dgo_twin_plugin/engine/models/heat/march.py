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
from functools import cached_property, partial

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
    """What stands, m above one level, float32, row after row (rows, columns) as one line, with
    ``pad`` cells of nothing between two rows and ``pad`` rows of nothing above and below.

    So what lies a step away is one piece of the line, whichever way the step goes: no loop over
    rows is needed. ``top``: ground or roof; ``crown`` and ``base``: of the crown over a cell (no
    crown: far below and far above); ``ground``: without the rows of nothing, None where all of it
    is level 0.
    """

    top: np.ndarray
    crown: np.ndarray
    base: np.ndarray
    ground: np.ndarray | None
    shape: tuple[int, int]
    pad: int
    cell: float

    @classmethod
    def of(cls, building: np.ndarray, crown: np.ndarray, base: np.ndarray,
           terrain: np.ndarray | None, pad: int, cell: float) -> Solid:  # fmt: skip
        """From heights above the ground (rows, columns), 0 where nothing stands."""
        rows, columns = building.shape
        level = np.zeros(1, np.float32) if terrain is None else np.asarray(terrain, np.float32)
        crowned = crown > 0

        def padded(values: np.ndarray, fill: float, above: int = pad) -> np.ndarray:
            out = np.full((rows + 2 * above, columns + pad), fill, np.float32)
            out[above : above + rows, :columns] = values
            return out.ravel()

        nothing = 0.0 if terrain is None else -NONE_BASE
        return cls(
            padded(building + level, nothing),
            padded(np.where(crowned, crown + level, np.float32(-NONE_BASE)), -NONE_BASE),
            padded(np.where(crowned, base + level, np.float32(NONE_BASE)), NONE_BASE),
            None if terrain is None else padded(level, NONE_BASE, 0), (rows, columns), pad, cell,
        )  # fmt: skip

    def highest(self, first: int, last: int, reach: int) -> tuple[float, float]:
        """Of ``top`` and of ``crown``, the highest that rows first to last can see within so many
        cells."""
        if reach > self.pad:
            raise ValueError("a step beyond the cells of nothing would end in another row")
        top, crown = (most[first + self.pad - reach : last + self.pad + reach].max()
                      for most in self._by_row)  # fmt: skip
        return float(top), float(crown)

    @cached_property
    def _by_row(self) -> tuple[np.ndarray, np.ndarray]:
        """(rows + 2 pad,) of ``top``, and of ``crown``: the highest of each row."""
        top, crown = (a.reshape(-1, self.wide).max(axis=1) for a in (self.top, self.crown))
        return top, crown

    @property
    def wide(self) -> int:
        """Cells of the line from one row to the next."""
        return self.shape[1] + self.pad

    def view(self, values: np.ndarray, first: int, last: int, step: Step) -> np.ndarray:
        """(rows * wide,) of the line ``values`` as seen from rows first to last, a step away."""
        start = (self.pad + first - step.rows) * self.wide + step.columns
        return values[start : start + (last - first) * self.wide]

    def level(self, first: int, last: int) -> np.ndarray | None:
        """(rows * wide,) the ground of these rows; None where all of it is level 0."""
        return None if self.ground is None else self.ground[first * self.wide : last * self.wide]

    def cells(self, line: np.ndarray) -> np.ndarray:
        """(rows, columns) of what was worked out for some rows of the line."""
        return line.reshape(-1, self.wide)[:, : self.shape[1]]


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
