"""Where ground came, went or changed, for answers about a surface that rest on others as well.

:func:`.kept.by_row` keeps what a surface alone decides, or what nothing near it has disturbed.
Whoever knows which ground has a say, and how far, asks here where that ground changed, and has only
those surfaces told again (``again``) that this may concern.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .kept import MOST_CHANGED, MOST_STEPS

if TYPE_CHECKING:
    from .scene import Scene


@dataclass(frozen=True)
class Changes:
    """Visible ground that came, went or changed its function, in each of the last runs: ``boxes``
    arrays (k, 4), as it was and as it is, and ``codes`` arrays (k,) of its functions. ``run`` is
    the number of the last run; of those of which nothing is told, all may have changed."""

    run: int = 0
    boxes: tuple[np.ndarray, ...] = ()
    codes: tuple[np.ndarray, ...] = ()

    def later(self, boxes: np.ndarray, codes: np.ndarray) -> Changes:
        """With those of one run more."""
        return Changes(self.run + 1, (*self.boxes, boxes)[-MOST_STEPS:],
                       (*self.codes, codes)[-MOST_STEPS:])  # fmt: skip

    def since(self, run: int, wanted: np.ndarray) -> np.ndarray | None:
        """Boxes (k, 4) of the runs after this one, of the functions ``wanted`` (bool by code); None
        where they are not known, or many."""
        first = len(self.boxes) - (self.run - run)
        if first < 0:
            return None
        found = [boxes[wanted[codes]] for boxes, codes in zip(self.boxes[first:],
                                                              self.codes[first:])]  # fmt: skip
        boxes = np.concatenate([np.zeros((0, 4)), *found])
        return boxes if len(boxes) <= MOST_CHANGED else None


def changed_ground(scene: Scene, name: Hashable, functions: tuple[str, ...]) -> np.ndarray | None:
    """Boxes (k, 4) of the surfaces of some functions (or groups of them) that came, went or changed
    since this was last asked under a name. None where that is not known, or of many.

    The answers that are kept by this must be put in the same run: both stay, or are lost, together.
    """
    assert scene.reuse is not None and scene.reuse.changes is not None
    kept, changes = scene.reuse.kept, scene.reuse.changes
    then = kept.found(("changed", name))
    kept.put(("changed", name), (), changes.run)
    wanted = scene.surfaces.functions.members(functions)
    return None if then is None else changes.since(then, wanted)
