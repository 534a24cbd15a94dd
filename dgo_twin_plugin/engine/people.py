"""Dwellings, persons and jobs per building (indicators G3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .scene import Scene

DAY, NIGHT = "day", "night"


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

    def present(self, when: str) -> np.ndarray:
        """(n,) persons present by ``day`` or ``night``."""
        return (
            self.residents * self.presence["home", when]
            + self.workers * self.presence["work", when]
        )


def people(scene: Scene) -> People:
    """Count from fields where given, else from floor area by the rates of the profile.

    Dwellings = field, else gfa x residential share / 110 m2. Persons = ``population``, else 2.1
    per dwelling and one per 30 m2 office, 100 m2 industry; other working functions by rates.yml.
    """
    surfaces, rate = scene.surfaces, scene.rates
    fields, n = surfaces.fields, surfaces.n
    building = surfaces.where("buildings")
    gfa = np.where(building, fields["gfa"], 0.0)
    share = fields["residential_share"]
    given = fields["dwellings"]
    by_floor = gfa * share / rate["dwelling_gfa"]
    has = building & (np.nan_to_num(share) > 0)
    dwellings = np.where(building & np.isfinite(given), given, np.where(has, by_floor, 0.0))
    dwellings_assumed = has & ~np.isfinite(given)
    residential = np.where(building, gfa * np.nan_to_num(share), 0.0)
    residents = dwellings * rate["persons_dwelling"]
    working = np.zeros(n)
    for function in np.unique(surfaces.function[building].astype(str)) if n else []:
        area = rate.get(f"{function}_m2_person")
        if area:
            rows = surfaces.function == function
            working[rows] = (gfa * (1 - np.nan_to_num(share)))[rows] / area
    population = fields["population"]
    counted = building & np.isfinite(population)
    lives = np.nan_to_num(share) > 0
    residents = np.where(counted & lives, population, residents)
    residents = np.where(counted & ~lives, 0.0, residents)
    working = np.where(counted & ~lives, population, np.where(counted, 0.0, working))
    stays = surfaces.where("education", "care")
    homes = np.where(stays & (np.nan_to_num(dwellings) == 0), gfa / rate["dwelling_gfa"], dwellings)
    presence = {
        (who, when): rate[f"presence.{who}.{when}"]
        for who in ("home", "work")
        for when in (DAY, NIGHT)
    }
    return People(
        dwellings,
        dwellings_assumed,
        residents,
        working,
        building & ~counted,
        residential,
        gfa * rate["usable_share"],
        np.where(building, homes, 0.0),
        presence,
    )


def people_of(scene: Scene) -> People:
    """The people of the scene, counted once."""
    found: People = scene.product("people", people)
    return found
