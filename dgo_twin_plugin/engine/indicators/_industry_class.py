"""Industrial noise by distance class: level at a facade from the category of a business (VNG).

L = level + decay lg(distance of the category / distance), within bounds that hold nearer and
farther; the loudest counts, for a rule of thumb says what one business may do. Numbers:
``profiles/models/industrial_noise.yml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..geometry import containing, nearest_segment
from ..kept import whole_of
from ..models.tables import constants
from ._levels import DISTANCE_CLASS, MapValues, context_polygons, noise_level

if TYPE_CHECKING:
    from ..scene import Scene, VectorContext


def settings() -> dict[str, Any]:
    """The numbers of the rule."""
    return constants("industrial_noise")


def class_distance(category: object) -> float:
    """m of a VNG category (3.1, "3.1 ", "cat. 3.1"); NaN where it is none."""
    if category is None or category != category:
        return float("nan")
    word = f"{category:g}" if isinstance(category, float) else str(category)
    word = word.lower().replace("categorie", "").replace("cat.", "").replace(",", ".").strip()
    table = settings()
    found = {**table["categories"], **table["further"]}.get(word)
    return float("nan") if found is None else float(found)


def by_class(scene: Scene, role: str, xy: np.ndarray) -> MapValues | None:
    """Level at points (m, 2) of the businesses with a category and without a level of their own;
    None where there are none."""
    vectors = scene.vectors(role)
    if vectors is None:
        return None
    reach = whole_of(scene, ("class_reach", role), (vectors,), lambda: _reach(vectors))
    if not np.isfinite(reach).any():
        return None
    table, polygons = settings(), context_polygons(scene, role)
    level = np.full(len(xy), np.nan)
    for distance in np.unique(reach[np.isfinite(reach)]):
        mine = polygons.take(np.flatnonzero(reach == distance))
        side = mine.segments
        d, _ = nearest_segment(xy, side.x0, side.y0, side.x1, side.y1,
                               float(table["farthest"]) * distance)  # fmt: skip
        d[containing(mine, xy)[0]] = 0.0
        ratio = np.clip(d / distance, float(table["nearest"]), float(table["farthest"]))
        level = np.fmax(level, float(table["level"]) - float(table["decay"]) * np.log10(ratio))
    sure = np.zeros(len(xy), bool)  # never fit for a legal test
    return MapValues(str(vectors.layer[0]), {"kind": DISTANCE_CLASS}, level, sure)


def _reach(vectors: VectorContext) -> np.ndarray:
    """(n,) m of the category of each distance class that carries no level."""
    kinds = [str(kind or "").strip().lower() for kind in vectors.texts("kind")]
    named = np.array([kind == DISTANCE_CLASS for kind in kinds], bool)
    distance = np.array([class_distance(c) for c in vectors.texts("category")], float)
    return np.where(named & ~np.isfinite(noise_level(vectors)), distance, np.nan)
