"""Ground known and unknown, and the sealed part of it: shared by I04, I06, I07 and others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..kept import whole_of

if TYPE_CHECKING:
    from ..scene import Scene

_LEAST = 1e-3  # m2: less is rounding of the cut


def share_of(scene: Scene, name: str) -> np.ndarray:
    """(n surfaces,) :meth:`Surfaces.share`, the very array as long as the functions stay."""
    surfaces = scene.surfaces
    return whole_of(scene, ("share", name), (surfaces.functions, surfaces.codes),
                    lambda: surfaces.share(name))  # fmt: skip


def known_ground(scene: Scene) -> np.ndarray:
    """(n surfaces,) bool: the function is one that the product knows."""
    known: np.ndarray = np.isfinite(share_of(scene, "sealed"))
    return known


@dataclass(frozen=True)
class Ground:
    """All ground of the zones, arrays (k,): the rows of the cut, then what no feature covers, of
    surface -1, so that a column (n surfaces + 1,) tells of it by its last entry."""

    zone: np.ndarray
    feature: np.ndarray
    area: np.ndarray  # m2
    drawn: np.ndarray  # m2, NaN where no feature covers it


def all_ground(scene: Scene) -> Ground:
    def make(scene: Scene) -> Ground:
        cut, (zone, area) = scene.cut, unknown_ground(scene)
        return Ground(np.concatenate([cut.zone, zone]),
                      np.concatenate([cut.feature, np.full(len(zone), -1)]),
                      np.concatenate([cut.area, area]),
                      np.concatenate([cut.area, np.full(len(zone), np.nan)]))  # fmt: skip

    found: Ground = scene.product("all_ground", make)
    return found


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
    """Sealed ground (domain 4.6b): ``rows`` (k,) of the cut that have some, and ``area`` (k,) m2
    of each; ``per_zone`` (n_zones + 1,) m2 that is known, the plan first; ``expected`` m2 on the
    ground of unknown function or without feature of the zones ``unknown``."""

    rows: np.ndarray
    area: np.ndarray
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
    sealed = share_of(scene, "sealed")[cut.feature] * cut.area
    known = np.isfinite(sealed)
    # of nothing a sum is a whole number
    area = np.bincount(cut.zone, np.where(known, cut.area, 0.0), n).astype(float)
    hard = np.bincount(cut.zone, np.where(known, sealed, 0.0), n).astype(float)
    unknown = np.bincount(cut.zone, np.where(known, 0.0, cut.area), n).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(area > 0, hard / area, 1.0)
    zone, bare = unknown_ground(scene)
    unknown[zone] += bare
    expected = unknown * mean
    zone = np.flatnonzero(expected > _LEAST)
    hard[0] = hard[1:].sum()
    rows = (sealed > 0).nonzero()[0]
    return Sealed(rows, sealed[rows], hard, zone, expected[zone])
