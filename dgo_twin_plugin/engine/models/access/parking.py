"""Parking balance: demand per period of the week against the spaces that are drawn.

Rates and presence are this product's own proposal (``profiles/models/parking.yml``), not the key
figures of CROW.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...boxes import bbox_pairs
from ...checks import Check
from ...geometry import Polygons, containing, overlap_areas
from ...overlay import number
from ...people import people_of
from ...wkb import dimension
from ...words import NORMAL
from ..tables import constants
from .doors import points

if TYPE_CHECKING:
    from ...scene import Scene

PERIODS = ("workday_morning", "workday_afternoon", "workday_evening", "workday_night",
           "shopping_evening", "saturday_afternoon", "saturday_evening",
           "sunday_afternoon")  # fmt: skip


def presence(who: str) -> np.ndarray:
    """(8,) share of the demand of ``who`` that is there in each period, 0-1."""
    table = constants("parking")
    found = dict(zip(table["periods"], table["presence"][who]))
    return np.array([float(found[period]) for period in PERIODS]) / 100.0


@dataclass(frozen=True)
class Balance:
    """Demand and capacity in spaces per zone, index 0 the plan."""

    demand: np.ndarray  # (n_zones + 1, 8)
    capacity: np.ndarray  # (n_zones + 1,)
    assumed_demand: np.ndarray  # share of the busiest period's demand: dwellings not counted
    assumed_capacity: np.ndarray  # share that follows from ground
    unknown: np.ndarray  # share of the ground of buildings of which nobody knows the floor area
    features: np.ndarray  # surfaces that ask for or give spaces
    drawn: bool  # whether any parking was given in the whole plan
    checks: list[Check]


def balance(scene: Scene) -> Balance:
    """The parking balance of every zone and of the plan (their sum)."""
    cut, surfaces = scene.cut, scene.surfaces
    n = scene.n_zones + 1
    per_feature, assumed, unknown = demand(scene)
    factor = constants("parking")["area_factor"]
    of_zone = np.array([1.0, *(float(factor.get(t, 1.0)) for t in scene.zones.area_type)])
    part = cut.share * of_zone[cut.zone]

    def zones(amount: np.ndarray) -> np.ndarray:
        total = np.bincount(cut.zone, amount, n)
        total[0] = total[1:].sum()
        return total

    asked = np.column_stack([zones(per_feature[cut.feature, k] * part) for k in range(8)])
    guessed = np.column_stack([zones(assumed[cut.feature, k] * part) for k in range(8)])
    busiest = np.argmax(asked, axis=1)
    at = np.arange(n)
    spaces, by_area, checks, role = capacity(scene)
    own = zones(spaces[cut.feature] * cut.share)
    ground = zones(by_area[cut.feature] * cut.share)
    role[0] = role[1:].sum()
    whole = own + role
    built = surfaces.where("buildings")[cut.feature]
    lost, all_built = zones(cut.area * built * unknown[cut.feature]), zones(cut.area * built)
    counts = (per_feature[cut.feature].sum(axis=1) > 0) | (spaces[cut.feature] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Balance(
            asked, whole, np.nan_to_num(guessed[at, busiest] / asked[at, busiest]),
            np.nan_to_num(ground / whole), np.nan_to_num(lost / all_built),
            zones(counts.astype(float)), bool(whole[0] > 0), checks,
        )  # fmt: skip


def demand(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n_surfaces, 8) spaces asked for by whole buildings at area factor 1, the part of that which
    rests on assumed dwellings, and (n_surfaces,) whether what a building asks is unknown."""
    rule, surfaces, people = constants("parking"), scene.surfaces, people_of(scene)
    fields = surfaces.fields
    dwellings = np.nan_to_num(people.dwellings)
    rate = np.full(surfaces.n, float(rule["dwelling"]["other"]))
    for kind in ("ground", "apartment"):
        rate[fields["dwelling_type"] == kind] = float(rule["dwelling"][kind])
    homes = np.outer(dwellings * rate, presence("residents"))
    homes += np.outer(dwellings * float(rule["visitors"]), presence("visitors"))
    total = homes.copy()
    share = np.clip(np.nan_to_num(fields["residential_share"]), 0.0, 1.0)
    work = np.nan_to_num(fields["gfa"]) * (1.0 - share) / 100.0
    unknown = np.isnan(people.dwellings) & surfaces.where("buildings")
    for function, spaces in rule["floor"].items():
        rows = np.flatnonzero(surfaces.function == function)
        total[rows] += np.outer(work[rows] * float(spaces), presence(function))
        unknown[rows] |= np.isnan(fields["gfa"][rows])
    return total, homes * people.dwellings_assumed[:, None], unknown


def capacity(scene: Scene) -> tuple[np.ndarray, np.ndarray, list[Check], np.ndarray]:
    """(n_surfaces,) spaces on whole surfaces, the part of them that follows from ground, checks,
    and (n_zones + 1,) the spaces of the role ``parking`` that lie on none of these.

    The field goes before the role, the role before ground divided by m2 per space."""
    rule, surfaces, n = constants("parking"), scene.surfaces, scene.n_zones + 1
    given = surfaces.fields["parking_spaces"]
    ground = np.where(surfaces.where("parking"), surfaces.footprints.area(), 0.0)
    by_area = np.where(np.isfinite(given), 0.0, ground / float(rule["area_per_space"]))
    spaces = np.where(given > 0, given, 0.0)
    vectors, checks, role = scene.vectors("parking"), [], np.zeros(n)
    if vectors is not None:
        kind = np.array([str(k).strip().lower() for k in vectors.texts("kind")])
        amount, xy = number(vectors, "spaces"), points(vectors.wkb)
        flat = np.array([dimension(w) == 2 for w in vectors.wkb], bool)
        shape = Polygons.from_wkb([w if f else None for w, f in zip(vectors.wkb, flat)])
        guess = flat & np.isnan(amount)
        amount = np.where(guess, shape.area() / float(rule["area_per_space"]), amount)
        lost = np.isnan(amount)
        if lost.any():
            checks.append(Check("parking_without_spaces", NORMAL, "layer", str(vectors.layer[0]),
                                field="spaces", value=str(lost.sum()),
                                params={"count": int(lost.sum())}))  # fmt: skip
        counts = ~lost & ~np.isin(kind, rule["not_counted"])
        holds = np.flatnonzero((spaces > 0) | (by_area > 0))
        point, row = containing(surfaces.polygons.take(holds), xy)
        row = holds[row]
        counts[point[spaces[row] > 0]] = False  # the surface itself says how many
        replaced = np.zeros(surfaces.n, bool)
        replaced[row[counts[point] & (by_area[row] > 0)]] = True
        by_area[replaced] = 0.0
        role = _by_zone(scene, shape, flat & counts, xy, counts & ~flat, amount)
    plot = np.isin(surfaces.function.astype(str), rule["own_plot"])
    spaces = np.where(plot, spaces * float(rule["own_plot_use"]), spaces)
    return spaces + by_area, by_area, checks, role


def _by_zone(scene: Scene, shape: Polygons, flat: np.ndarray, xy: np.ndarray, spots: np.ndarray,
             amount: np.ndarray) -> np.ndarray:  # fmt: skip
    """(n_zones + 1,) spaces: of polygons by the share of their ground, of points where they lie."""
    role = np.zeros(scene.n_zones + 1)
    zones = scene.zones.polygons
    rows = np.flatnonzero(flat)
    i, j = bbox_pairs(shape.bounds()[rows], zones.bounds())
    area = overlap_areas(shape, zones, rows[i], j)
    np.add.at(role, j + 1, amount[rows[i]] * area / shape.area()[rows[i]])
    rows = np.flatnonzero(spots)
    point, zone = containing(zones, xy[rows])
    np.add.at(role, zone + 1, amount[rows[point]])
    return role
