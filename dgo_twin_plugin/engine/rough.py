"""How much of a value rests on ground that was only assumed, and how wide that makes it.

Features of a rough sketch or a programme say which of their properties are assumptions
(:mod:`.sketch`); ``matters`` in ``profiles/programme.yml`` says which of these move an indicator.
The value may then be anything between minimum and optimum, as a uniform distribution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .indicators.spec import GIVEN
from .programme import PLACE, WORDS, table

if TYPE_CHECKING:
    from .indicators.spec import Indicator, Part
    from .reduce import ReducedPart
    from .scene import Scene

LAYOUT = "layout"  # the name of this contribution to the spread


def is_rough(scene: Scene) -> bool:
    """Whether any feature of the scene has assumed ground."""
    surfaces = getattr(scene, "surfaces", None)
    assumed = getattr(surfaces, "assumed", None) or {}
    return any(map(assumed.__contains__, WORDS))


def flags(scene: Scene, spec: Indicator, part: Part) -> np.ndarray | None:
    """(n surfaces,) 0-1: the part of the assumptions that matter to this part that each feature
    makes; None where none does."""
    if not is_rough(scene):
        return None
    words = table().words(spec.id, part.id)
    assumed = scene.surfaces.assumed
    there = [assumed[w].astype(float) for w in words if w in assumed]
    if not there:
        return None
    found: np.ndarray = np.sum(there, axis=0) / len(words)
    return found


def shares(
    scene: Scene, spec: Indicator, part: Part, data: ReducedPart
) -> tuple[np.ndarray, np.ndarray] | None:
    """(n_zones + 1,) each: the share of the value that rests on assumed ground, and the share that
    rests on any assumption, that of fields included. None where nothing is rough."""
    flag = flags(scene, spec, part)
    if flag is None:
        return None
    n = len(data.value)
    places, known = data.places, data.known
    if places is not None and known is not None and part.reduce != GIVEN:
        row, zone = np.asarray(places.feature), np.asarray(places.zone)
        if (row >= 0).any():
            weight = np.where(known, np.maximum(np.nan_to_num(places.weight), 0.0), 0.0)
            own = np.where(row >= 0, flag[np.maximum(row, 0)], 0.0)
            either = np.maximum(own, np.nan_to_num(np.asarray(places.assumed, float)))
            return _mean(zone, weight, own, n), _mean(zone, weight, either, n)
    # values per zone, and places with a geometry of their own: by the ground
    cut = scene.cut
    rough = _mean(cut.zone, cut.area, flag[cut.feature], n)
    return rough, np.fmax(rough, np.nan_to_num(data.assumed))


def undrawn(scene: Scene, spec: Indicator, most: float) -> set[int]:
    """Zones of which so little is drawn that an indicator of trees has nothing to say: a rough
    sketch or a programme names none, which is not the same as a plan without trees."""
    if spec.id not in table().of_trees or not is_rough(scene):
        return set()
    place = scene.surfaces.assumed.get(PLACE)
    if place is None or scene.items.where("tree").any():
        return set()
    cut = scene.cut
    share = _mean(cut.zone, cut.area, place[cut.feature].astype(float), scene.n_zones + 1)
    return set(np.flatnonzero(share > most).tolist())


def _mean(zone: np.ndarray, weight: np.ndarray, value: np.ndarray, n: int) -> np.ndarray:
    top, low = np.bincount(zone, weight * value, n), np.bincount(zone, weight, n)
    top[0], low[0] = (weight * value).sum(), weight.sum()
    return np.asarray(np.divide(top, low, out=np.zeros(n), where=low > 0))
