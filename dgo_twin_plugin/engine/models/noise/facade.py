"""What arrives at the facades of buildings, per storey.

Only what comes in counts: sound that the own facade throws back is left out, as Dutch law does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...counts import nth, owners
from ...facades import facades_of
from ...kept import whole_of
from ..ground import building_heights
from ..sums import weighed
from ..tables import constants
from . import memory
from .lines import KINDS, ORIGINS, Lines, chained
from .obstacles import obstacles_of, plausible
from .propagation import WEIGHTS, Run, brought_up, decibel, sectors_for

if TYPE_CHECKING:
    from ...scene import Scene

FIRST, STOREY = 1.5, 3.0  # m: receivers at 1.5 + 3 k (indicators G2)
GROUPS = [(kind, origin) for kind in KINDS for origin in ORIGINS]


@dataclass(frozen=True, eq=False)
class FacadeLevels:
    """Facade points, arrays (m,); each stands for its storey with the highest Lden of all sources
    together (the lowest storey where nothing arrives)."""

    building: np.ndarray  # row of the surfaces
    xy: np.ndarray  # (m, 2)
    height: np.ndarray  # m above the ground, of that storey
    level: dict[tuple[str, str], np.ndarray]  # (kind, origin) -> (m, 3) LAeq dB(A), -inf: nothing
    run: Run  # all storeys, for an update
    coarse: bool  # of a large plan: only the second storey, and fewer sectors

    @property
    def lden(self) -> np.ndarray:
        """(m,) of all sources together, dB; -inf where none reaches."""
        total = np.zeros(len(self.building))
        for value in self.level.values():
            total += weighed(10.0 ** (value / 10.0), WEIGHTS)
        return decibel(total)


def groups_of(lines: Lines) -> np.ndarray:
    """(k,) place in :data:`GROUPS` of each line."""
    known = {pair: k for k, pair in enumerate(GROUPS)}
    return np.array([known[pair] for pair in zip(lines.kind, lines.origin)], np.int64)


def building_levels(
    scene: Scene, lines: Lines, rows: np.ndarray | None = None,
    previous: FacadeLevels | None = None,
) -> FacadeLevels:  # fmt: skip
    """Levels at the facades of the buildings ``rows`` of the surfaces (all inside the plan where
    not given). ``previous``: an answer for a scene that differs a little (where not given, the
    last one of this plan, if somebody is remembering); only what changed is worked out. One answer
    per lines and rows is kept with the scene.
    """
    name = ("noise_facades", id(lines), None if rows is None else np.asarray(rows).tobytes())
    found: FacadeLevels = scene.product(name, lambda s: _levels(s, lines, rows, previous))
    return found


def _levels(
    scene: Scene, lines: Lines, rows: np.ndarray | None, previous: FacadeLevels | None
) -> FacadeLevels:
    facades = facades_of(scene)
    at = np.arange(len(facades.building))
    if rows is not None:
        at = at[np.isin(facades.building, rows)]
    building, xy = facades.building[at], facades.xy[at]
    point, storey, coarse = _floors(storeys(scene)[building])
    receivers = np.column_stack([xy[point], FIRST + STOREY * storey])
    group, obstacles = groups_of(lines), obstacles_of(scene)
    if coarse:
        longest = float(constants("propagation")["method"]["piece_many"])
        lines, group = whole_of(scene, "noise_chains", (lines, longest),
                                lambda: chained(lines, group, longest))  # fmt: skip
    key = ("facades", scene.crs, scene.origin)
    last = previous.run if previous is not None else memory.recall(key)
    made = brought_up(last, lines, obstacles, receivers, group, len(GROUPS),
                      sectors_for("many" if coarse else "facade"))  # fmt: skip
    memory.keep(key, made)
    den = weighed(made.energy.sum(axis=1), WEIGHTS)
    # the loudest storey of each point; the lowest of equals
    order = np.lexsort((storey, -den, point))
    best = order[np.flatnonzero(np.diff(point[order], prepend=-1))]
    level = decibel(made.energy[best])
    present = sorted(set(group.tolist()))
    return FacadeLevels(building, xy, receivers[best, 2],
                        {GROUPS[k]: level[:, k] for k in present}, made, coarse)  # fmt: skip


def _floors(count: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """(point, storey) of every receiver, and whether these would be so many that each point has
    only its second storey (4.5 m; or its one), in fewer sectors."""
    coarse = int(count.sum()) > int(constants("propagation")["method"]["many"])
    if coarse:
        return np.arange(len(count)), np.minimum(count - 1, 1), True
    point = owners(count)
    return point, nth(count, point), False


def storeys(scene: Scene) -> np.ndarray:
    """(n_surfaces,) storeys of each building, 1 at least: its floors, else its height by 3 m."""
    told = constants("propagation")["obstacle"]
    height = plausible(building_heights(scene)[0], told)[0]
    floors = scene.surfaces.fields["floors"]
    highest = told["highest"] / STOREY
    by_height = np.where(np.isnan(height), told["building"], height) / STOREY
    known = (floors >= 1) & (floors <= highest)
    found: np.ndarray = np.floor(np.where(known, floors, np.maximum(by_height, 1.0)) + 1e-9)
    return found.astype(np.int64)
