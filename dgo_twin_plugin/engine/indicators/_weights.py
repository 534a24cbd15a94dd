"""Weights of buildings by the people who use them, and the ground that belongs to everybody:
shared by I08, I11, I12 and I20."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..kept import whole_of
from ..people import people_of

if TYPE_CHECKING:
    from ..people import People
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

    def take(self, rows: np.ndarray) -> Weights:
        return Weights(self.weight[rows], self.known[rows], self.assumed[rows])


def dwelling_weights(scene: Scene, rows: np.ndarray) -> Weights:
    """d = dwellings, else gross floor area / 110 m2 (indicators 8), of the surfaces ``rows``."""
    found, surfaces = people_of(scene), scene.surfaces
    dwellings = found.dwellings[rows]
    lived_in = dwellings > 0
    weight = np.where(lived_in, dwellings, surfaces.fields["gfa"][rows] / GFA_PER_DWELLING)
    assumed = np.where(lived_in, found.dwellings_assumed[rows], surfaces.assumed["gfa"][rows])
    return _complete(surfaces.area[rows], weight, assumed.astype(float))


def user_weights(scene: Scene, rows: np.ndarray) -> Weights:
    """dwellings + jobs / 2 (indicators 20) of some surfaces, arrays (k,)."""
    people = people_of(scene)
    made_from = (people.dwellings, people.dwellings_assumed, people.jobs, people.persons_assumed)
    weight, assumed = whole_of(scene, "user_weights", made_from, lambda: _users(people))
    return _complete(scene.surfaces.area[rows], weight[rows], assumed[rows])


def _users(people: People) -> tuple[np.ndarray, np.ndarray]:
    """(n_surfaces,) the weight, NaN where unknown, and how much of it is assumed, 0-1."""
    dwellings, jobs = np.nan_to_num(people.dwellings), np.nan_to_num(people.jobs)
    weight = dwellings + 0.5 * jobs
    weight = np.where(np.isnan(people.dwellings) & np.isnan(people.jobs), np.nan, weight)
    guessed = dwellings * people.dwellings_assumed + 0.5 * jobs * people.persons_assumed
    with np.errstate(divide="ignore", invalid="ignore"):
        assumed = np.where(weight > 0, guessed / weight, 0.0)
    return weight, np.nan_to_num(assumed)


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
