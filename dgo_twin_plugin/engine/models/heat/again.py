"""The heat field and the shade of a scene that differs a little from the one before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..patched import Window, about, differ, joined
from ..tables import constants
from .field import _ARRAYS, REACH, Grids, Heat, _grown, heat, shaded, update
from .sun import Sun

TILE = 32  # cells: changes in one tile are taken together
MOST = 0.5  # share of the cells beyond which all is worked out


def followed(last: Heat, grids: Grids) -> Heat:
    """The field of ``grids``: where they are those of the last field all of it is kept, and what
    lies further away than 150 m from a change; else it is a full run."""
    boxes = parts(last.grids, grids, _ARRAYS)
    if boxes is None:
        return heat(grids, last.day)
    if not boxes:
        return last
    return update(last, grids, boxes)


def shaded_after(last: tuple[Grids, Sun, np.ndarray] | None, grids: Grids,
                 sun: Sun) -> np.ndarray:  # fmt: skip
    """:func:`.field.shaded`, from what was shaded before: only what a changed cell can shade."""
    boxes = None
    if last is not None and last[1] == sun:
        boxes = parts(last[0], grids, ("building", "crown", "base", "terrain"))
    if last is None or boxes is None:
        return shaded(grids, sun)
    if not boxes:
        return last[2]
    reach = int(float(constants("heat")["shade_reach"]) / grids.cell) + 2
    made = last[2].copy()
    for r0, r1, c0, c1 in joined([_grown(b, reach, grids.shape) for b in boxes]):
        seen = _grown((r0, r1, c0, c1), reach, grids.shape)
        part = shaded(grids.part(seen), sun)
        made[r0:r1, c0:c1] = part[r0 - seen[0] : r1 - seen[0], c0 - seen[2] : c1 - seen[2]]
    return made


def parts(before: Grids, after: Grids, names: Sequence[str]) -> list[Window] | None:
    """Boxes of the cells that differ; None where the frames, or so many cells, are others that all
    is to be worked out."""
    if (before.shape != after.shape or before.cell != after.cell
            or (before.terrain is None) != (after.terrain is None)):  # fmt: skip
        return None
    other: np.ndarray | None = None
    for name in names:
        a, b = getattr(before, name), getattr(after, name)
        if a is b:
            continue
        found = differ(a, b)
        other = found if other is None else other | found
    boxes = [] if other is None else about(other, TILE)
    reach = 2 * int(REACH / after.cell)
    wide = joined([_grown(b, reach, after.shape) for b in boxes])
    cells = sum((b[1] - b[0]) * (b[3] - b[2]) for b in wide)
    return boxes if cells <= MOST * after.shape[0] * after.shape[1] else None
