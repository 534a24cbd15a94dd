"""Ground known and unknown, and the sealed part of it: shared by I04, I06 and I07."""

from __future__ import annotations

from dataclasses import dataclass
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
    return scene.product("unknown_ground", _unknown_ground)  # type: ignore[no-any-return]


def _unknown_ground(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    covered = np.bincount(scene.cut.zone, scene.cut.area, scene.n_zones + 1)[1:]
    bare = scene.zones.area - covered
    zone = np.flatnonzero(bare > np.maximum(_LEAST, 1e-9 * scene.zones.area)) + 1
    return zone, bare[zone - 1]


@dataclass(frozen=True)
class Sealed:
    """Sealed ground (domain 4.6b), m2: ``cut`` of each row of the cut, NaN for an unknown function;
    ``per_zone`` (n_zones + 1,) what is known, the plan first; ``expected`` on the ground of
    unknown function or without feature of the zones ``unknown``."""

    cut: np.ndarray
    per_zone: np.ndarray
    unknown: np.ndarray
    expected: np.ndarray

    def without(self) -> np.ndarray:
        """Zones, 0 for the plan, of which all is known and nothing is sealed."""
        known = np.ones(len(self.per_zone), bool)
        known[self.unknown] = False
        known[0] = not len(self.unknown)
        return np.flatnonzero((self.per_zone <= 0) & known)


def sealed_of(scene: Scene) -> Sealed:
    """The sealed ground of the scene, added up once."""
    found: Sealed = scene.product("sealed", _sealed)
    return found


def _sealed(scene: Scene) -> Sealed:
    """Coverage is a share of the *sealed* ground, so unknown ground counts as sealed as the rest of
    its zone is; where nothing is known, as its whole area."""
    n, cut = scene.n_zones + 1, scene.cut
    sealed = scene.surfaces.share("sealed")[cut.feature] * cut.area
    known = np.isfinite(sealed)
    area = np.bincount(cut.zone[known], cut.area[known], n)
    hard = np.bincount(cut.zone[known], sealed[known], n).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(area > 0, hard / area, 1.0)
    unknown = np.bincount(cut.zone[~known], cut.area[~known], n).astype(float)
    zone, bare = unknown_ground(scene)
    unknown[zone] += bare
    expected = unknown * mean
    zone = np.flatnonzero(expected > _LEAST)
    hard[0] = hard[1:].sum()
    return Sealed(sealed, hard, zone, expected[zone])
