"""Where the rain of a year goes: evaporated from wet surfaces, into the ground, or run off.

    rain = evaporated + infiltrated + run off          (per surface, shares of its own rain)
    infiltrated = transpired again + to the groundwater

Shares per kind of surface stand in ``profiles/models/water.yml``; a function is a mixture of
sealed, vegetated and bare ground (domain 4.6b), a roof of green and ordinary roof.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

SHARES = ("evaporated", "infiltrated", "transpired")


@dataclass(frozen=True)
class Year:
    """Shares (n,) of the rain on each surface; ``run_off`` is the rest."""

    evaporated: np.ndarray
    infiltrated: np.ndarray
    transpired: np.ndarray  # part of what infiltrated

    @property
    def run_off(self) -> np.ndarray:
        return np.asarray(np.maximum(1.0 - self.evaporated - self.infiltrated, 0.0))


def rain_of(table: list[dict[str, Any]], date: datetime.date) -> float:
    """mm per year: the last entry in force at the date, before all of them the first."""
    rows = sorted(table, key=lambda row: row["from"])
    valid = [row for row in rows if row["from"] <= date] or rows[:1]
    return float(valid[-1]["mm"])


def year_of(
    rule: Mapping[str, Any], sealed: np.ndarray, vegetated: np.ndarray, roof: np.ndarray,
    green_roof: np.ndarray, water: np.ndarray, ground: np.ndarray,
) -> Year:  # fmt: skip
    """The shares of surfaces (n,): ``sealed`` and ``vegetated`` 0-1, ``roof`` and ``water`` bool,
    ``green_roof`` 0-1 of the roof; ``ground`` 0-1 what soil and groundwater leave of the
    infiltration of unsealed ground. What the ground does not take runs off. NaN stays NaN."""
    kinds, found = rule["surfaces"], []
    for name in SHARES:
        at = {kind: float(values[name]) for kind, values in kinds.items()}
        soil = ground if name != "evaporated" else 1.0
        open_ground = vegetated * at["vegetated"] + (1.0 - sealed - vegetated) * at["bare"]
        mixed = sealed * at["sealed"] + soil * open_ground
        mixed = np.where(roof, (1.0 - green_roof) * at["roof"] + green_roof * at["green_roof"],
                         mixed)  # fmt: skip
        found.append(np.where(water, at["water"], mixed))
    return Year(*found)


def soil_factor(rule: Mapping[str, Any], permeability: np.ndarray) -> np.ndarray:
    """(n,) part of the infiltration that a soil of this permeability (m per day) takes."""
    steps = rule["soil"]
    return np.select([permeability >= step[0] for step in steps], [step[1] for step in steps],
                     default=steps[-1][1])  # fmt: skip


def groundwater_factor(rule: Mapping[str, Any], depth: np.ndarray) -> np.ndarray:
    """(n,) part left where the highest groundwater (GHG) stands ``depth`` m below the ground; 1
    where not known."""
    least = float(rule["groundwater_least"])
    part = least + (1.0 - least) * np.clip(depth / rule["groundwater"], 0.0, 1.0)
    return np.asarray(np.where(np.isnan(depth), 1.0, part))


def caught(rule: Mapping[str, Any], storage: np.ndarray, connected: np.ndarray,
           seepage: np.ndarray, run_off: np.ndarray) -> np.ndarray:  # fmt: skip
    """m3 per year that facilities bring into the ground, of ``run_off`` (m3 per year) from
    ``connected`` ground (m2), with ``storage`` (m3); never more than ``seepage`` (m3 per year)
    that their bottom lets through."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mm = np.where(connected > 0, 1000.0 * storage / connected, 0.0)
    part = 1.0 - np.exp(-mm / rule["capture_depth"])
    return np.asarray(np.minimum(run_off * part, seepage))
