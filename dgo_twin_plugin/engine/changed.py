"""Where ground came, went or changed, for answers about a surface that rest on others as well.

:func:`.kept.by_row` keeps what a surface alone decides, or what nothing near it has disturbed.
Whoever knows which ground has a say, and how far, asks here where that ground changed, and has only
those surfaces told again (``again``) that this may concern.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from .kept import MOST_CHANGED, by_row

if TYPE_CHECKING:
    from .scene import Scene


def changed_ground(scene: Scene, name: Hashable, rows: np.ndarray,
                   of: tuple[np.ndarray, ...] = ()) -> np.ndarray | None:  # fmt: skip
    """Boxes (k, 4) of the surfaces ``rows`` that came, went or changed since this was last asked
    under a name: as they were and as they are. None where that is not known, or of many.

    Arrays ``of`` (n,) say what of a surface counts beside its visible ground. The answers that
    are kept by this must be put in the same run: both stay, or are lost, together.
    """
    assert scene.reuse is not None
    kept = scene.reuse.kept
    then = kept.found(("ground", name))
    free = 0 if then is None else int(then[0].max(initial=-1)) + 1

    def numbered(some: np.ndarray) -> tuple[np.ndarray, ...]:
        return some, free + np.arange(len(some))

    # a surface keeps its number as long as it lies there as it did
    row, number = by_row(scene, ("numbers", name), (), rows, numbered, "shape", of)
    box = scene.surfaces.polygons.bounds()[row]
    kept.put(("ground", name), (), (number, box))
    if then is None:
        return None
    lies = np.zeros(free, bool)
    lies[number[number < free]] = True
    boxes = np.concatenate([box[number >= free], then[1][~lies[then[0]]]])
    boxes = boxes[np.isfinite(boxes[:, 0])]  # what nothing is seen of lies nowhere
    return boxes if len(boxes) <= MOST_CHANGED else None
