"""Dwellings, persons and jobs per building (indicators G3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kept import whole_of
from .scene import Scene

DAY, NIGHT = "day", "night"
COUNTED_BY = ("gfa", "residential_share", "dwellings", "population")  # fields


@dataclass(frozen=True)
class People:
    """Arrays (n_surfaces,), whole buildings; zero where the surface is no building.

    NaN = unknown. ``*_assumed`` is True where a rate or default stands for a figure.
    """

    dwellings: np.ndarray
    dwellings_assumed: np.ndarray
    residents: np.ndarray
    workers: np.ndarray  # the working persons: jobs
    persons_assumed: np.ndarray
    residential_floor: np.ndarray  # m2 gross floor area lived in
    usable_area: np.ndarray  # m2, 0.8 of the gross floor area
    homes: np.ndarray  # weight of I08, I13: dwellings, else (education, care) floor area / 110
    presence: dict[tuple[str, str], float]  # (home | work, day | night) -> share present

    @property
    def persons(self) -> np.ndarray:
        both: np.ndarray = self.residents + self.workers
        return both

    @property
    def jobs(self) -> np.ndarray:
        return self.workers

    def present(self, when: str, rows: np.ndarray) -> np.ndarray:
        """(k,) persons present by ``day`` or ``night`` at the surfaces ``rows`` (k,)."""
        found: np.ndarray = (self.residents[rows] * self.presence["home", when]
                             + self.workers[rows] * self.presence["work", when])  # fmt: skip
        return found


def people(scene: Scene) -> People:
    """Count from fields where given, else from floor area by the rates of the profile.

    Dwellings = field, else gfa x residential share / 110 m2. Persons = ``population``, else 2.1
    per dwelling and one per 30 m2 office, 100 m2 industry; other working functions by rates.yml.
    """
    surfaces, rate = scene.surfaces, scene.rates
    row = np.flatnonzero(surfaces.where("buildings"))
    code = surfaces.codes[row]
    gfa, share, given, population = (
        surfaces.fields[name][row] for name in COUNTED_BY)  # fmt: skip
    lived_in = np.nan_to_num(share)
    lives, told = lived_in > 0, np.isfinite(given)
    dwellings = np.where(told, given, np.where(lives, gfa * share / rate["dwelling_gfa"], 0.0))
    counted = np.isfinite(population)
    residents = np.where(counted, np.where(lives, population, 0.0),
                         dwellings * rate["persons_dwelling"])  # fmt: skip
    names = surfaces.functions.names
    area = np.array([rate.get(f"{name}_m2_person") or np.nan for name in names])[code]
    working = np.where(np.isnan(area), 0.0, gfa * (1 - lived_in) / area)
    working = np.where(counted, np.where(lives, 0.0, population), working)
    stays = surfaces.where("education", "care")[row]
    homes = np.where(stays & (np.nan_to_num(dwellings) == 0), gfa / rate["dwelling_gfa"], dwellings)

    def everywhere(values: np.ndarray) -> np.ndarray:
        found = np.zeros(surfaces.n, values.dtype)
        found[row] = values
        return found

    return People(
        everywhere(dwellings),
        everywhere(lives & ~told),
        everywhere(residents),
        everywhere(working),
        everywhere(~counted),
        everywhere(gfa * lived_in),
        everywhere(gfa * rate["usable_share"]),
        everywhere(homes),
        {
            (who, when): rate[f"presence.{who}.{when}"]
            for who in ("home", "work")
            for when in (DAY, NIGHT)
        },
    )


def people_of(scene: Scene) -> People:
    """The people of the scene, counted once; the very same as long as all buildings say what they
    said, so that nobody may write in it."""
    def make(scene: Scene) -> People:
        surfaces = scene.surfaces
        made_from = (surfaces.functions, surfaces.codes, *map(surfaces.fields.get, COUNTED_BY),
                     scene.rates)  # fmt: skip
        return whole_of(scene, "people", made_from, lambda: people(scene))

    found: People = scene.product("people", make)
    return found
