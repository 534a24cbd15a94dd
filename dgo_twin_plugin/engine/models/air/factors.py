"""Emission factors: dated tables in ``profiles/models/air.yml``, chosen by date of assessment."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tables import constants
from .srm1 import EMITTED

CITY, STAGNATING, RURAL, MOTORWAY = ROADS = (
    "city_normal", "city_stagnating", "rural", "motorway",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Factors:
    """One table. ``grams[substance]`` (4, 3) g per vehicle km: road x light, medium, heavy."""

    year: int
    published: datetime.date
    grams: dict[str, np.ndarray]
    years_off: int  # between the table's year and the assessment
    later: bool  # published after the date of assessment: no earlier one is there

    @property
    def old(self) -> bool:
        return self.years_off > int(constants("air")["old_after"])

    def flowing(self, substance: str, road: np.ndarray) -> np.ndarray:
        """(k, 3) of roads by class (index in ROADS)."""
        found: np.ndarray = self.grams[substance][road]
        return found

    def stagnating(self, substance: str, road: np.ndarray) -> np.ndarray:
        """(k, 3); there is one table for crawling traffic, whatever the road."""
        return np.broadcast_to(self.grams[substance][ROADS.index(STAGNATING)], (len(road), 3))


def table_for(date: datetime.date, tables: list[dict[str, Any]] | None = None) -> Factors:
    """The latest table published not later than ``date``, else the one published nearest to it."""
    given = constants("air")["factors"] if tables is None else tables
    before = [t for t in given if t["published"] <= date]
    chosen = (max(before, key=lambda t: t["published"]) if before
              else min(given, key=lambda t: t["published"]))  # fmt: skip
    grams = {s: np.array([chosen[s][road] for road in ROADS], float) for s in EMITTED}
    return Factors(int(chosen["year"]), chosen["published"], grams,
                   abs(date.year - int(chosen["year"])), not before)  # fmt: skip


def road_class(speed: np.ndarray) -> np.ndarray:
    """(k,) index in ROADS by the speed limit, km/h."""
    rule = constants("air")["traffic"]
    found: np.ndarray = np.where(
        speed >= rule["motorway_from"], ROADS.index(MOTORWAY),
        np.where(speed >= rule["rural_from"], ROADS.index(RURAL), ROADS.index(CITY)),
    )  # fmt: skip
    return found
