"""Ground known and unknown, and the sealed part of it: shared by I04, I06 and I07."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..scene import Scene

_LEAST = 1e-3  # m2: less is rounding of the cut


def known_ground(scene: Scene) -> np.ndarray:
    """(n surfaces,) bool: the function is one that the product knows."""
    known: np.ndarray = np.isfinite(scene.surfaces.share("sealed"))
    return known


def unknown_ground(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Zones with ground that no feature covers, and how much, m2: ``(zone ids, areas)``."""
    covered = np.bincount(scene.cut.zone, scene.cut.area, scene.n_zones + 1)[1:]
    bare = scene.zones.area - covered
    zone = np.flatnonzero(bare > np.maximum(_LEAST, 1e-9 * scene.zones.area)) + 1
    return zone, bare[zone - 1]


def sealed_cut(scene: Scene) -> np.ndarray:
    """(k,) sealed m2 of each row of the cut (domain 4.6b); NaN for an unknown function."""
    return np.asarray(scene.surfaces.share("sealed")[scene.cut.feature] * scene.cut.area)


def sealed_unknown(scene: Scene, sealed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Zones with ground of unknown function or no feature, and the sealed m2 to be expected on it.

    Coverage is a share of the *sealed* ground, so unknown ground counts as sealed as the rest of
    its zone is; where nothing is known, as its whole area.
    """
    n = scene.n_zones + 1
    known = np.isfinite(sealed)
    cut = scene.cut
    area = np.bincount(cut.zone[known], cut.area[known], n)
    hard = np.bincount(cut.zone[known], sealed[known], n)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(area > 0, hard / area, 1.0)
    unknown = np.bincount(cut.zone[~known], cut.area[~known], n).astype(float)
    zone, bare = unknown_ground(scene)
    unknown[zone] += bare
    expected = unknown * mean
    zone = np.flatnonzero(expected > _LEAST)
    return zone, expected[zone]


def sealed_per_zone(scene: Scene, sealed: np.ndarray) -> np.ndarray:
    """(n_zones + 1,) sealed m2 that is known; index 0 is the plan."""
    known = np.isfinite(sealed)
    total = np.bincount(scene.cut.zone[known], sealed[known], scene.n_zones + 1).astype(float)
    total[0] = total[1:].sum()
    return total
