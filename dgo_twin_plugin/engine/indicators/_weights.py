"""Weights of buildings by the people who use them, and the ground that belongs to everybody:
shared by I08, I11, I12 and I20."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..people import people_of

if TYPE_CHECKING:
    from ..scene import Scene

GFA_PER_DWELLING = 110.0  # m2 of gross floor that weighs as one dwelling (indicators 8, G3)
WAYS = ("road", "cycleway", "footway", "parking")
PAVING = ("square", "paved", "semi_paved")
# functions that are green where `public` says yes; more than those that are so by themselves
GREEN = ("grass", "shrub", "wood", "nature", "agriculture", "allotment", "sport", "play",
         "cemetery", "garden", "swale", "bank")  # fmt: skip


@dataclass(frozen=True)
class Weights:
    """(k,) weight of surfaces; ``known`` False where it is only a stand-in by ground area, good for
    coverage but not for a mean; ``assumed`` 0-1."""

    weight: np.ndarray
    known: np.ndarray
    assumed: np.ndarray


def dwelling_weights(scene: Scene, rows: np.ndarray) -> Weights:
    """d = dwellings, else gross floor area / 110 m2 (indicators 8), of the surfaces ``rows``."""
    found, surfaces = people_of(scene), scene.surfaces
    dwellings = found.dwellings[rows]
    lived_in = dwellings > 0
    weight = np.where(lived_in, dwellings, surfaces.fields["gfa"][rows] / GFA_PER_DWELLING)
    assumed = np.where(lived_in, found.dwellings_assumed[rows], surfaces.assumed["gfa"][rows])
    return _complete(surfaces.area[rows], weight, assumed.astype(float))


def user_weights(scene: Scene) -> Weights:
    """dwellings + jobs / 2 (indicators 20), of all surfaces."""
    found = people_of(scene)
    dwellings, jobs = np.nan_to_num(found.dwellings), np.nan_to_num(found.jobs)
    weight = dwellings + 0.5 * jobs
    weight = np.where(np.isnan(found.dwellings) & np.isnan(found.jobs), np.nan, weight)
    guessed = dwellings * found.dwellings_assumed + 0.5 * jobs * found.persons_assumed
    with np.errstate(divide="ignore", invalid="ignore"):
        assumed = np.where(weight > 0, guessed / weight, 0.0)
    return _complete(scene.surfaces.area, weight, np.nan_to_num(assumed))


def _complete(area: np.ndarray, weight: np.ndarray, assumed: np.ndarray) -> Weights:
    known = np.isfinite(weight)
    return Weights(np.where(known, np.maximum(weight, 0.0), area / GFA_PER_DWELLING), known,
                   assumed)  # fmt: skip


def public_ground(scene: Scene, by_word: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) bool public, and bool assumed: ``public`` yes on the functions of ``by_word`` (n,), or
    empty on grass, shrub, wood, nature, swale, play and cemetery (indicators 12)."""
    surfaces = scene.surfaces
    field = surfaces.fields["public"]
    unsaid = np.isnan(field)
    default = np.nan_to_num(surfaces.share("public_green")) > 0
    public = by_word & (field == 1.0) | unsaid & default
    assumed = public & (unsaid | np.asarray(surfaces.assumed["public"], bool))
    return public, assumed
