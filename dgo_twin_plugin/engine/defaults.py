"""Gaps filled by the typology, visibly: every filled value is marked as assumed (feature A4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .mapping import missing
from .scene import BOOL_FIELDS, FIELDS, NUMERIC_FIELDS, Cut, Surfaces, Zones

if TYPE_CHECKING:
    from .norms import Profile

PAVED_SHARES = ("green_roof", "blue_roof", "pv")


def fill_defaults(surfaces: Surfaces, cut: Cut, zones: Zones, profile: Profile) -> None:
    """Fill ``surfaces.fields`` in place and set ``surfaces.assumed``.

    Order: the field itself; what follows from other given fields (floors from floor area, floor
    area from floors: assumed only as far as those are); the function's defaults; the typology of
    the area type where most of the feature lies. ``beng2``, ``mpg``, ``storage`` and what no
    typology knows stay missing: their indicators say how they treat that.
    """
    n, fields = surfaces.n, surfaces.fields
    surfaces.assumed = {name: np.zeros(n, bool) for name in FIELDS}
    assumed = surfaces.assumed
    building = surfaces.where("buildings")
    types = main_type(n, cut, zones)
    table = {t: profile.typology(t) for t in set(types.tolist())}

    # one value per area type, handed out by the number of the type
    numbers = {t: k for k, t in enumerate(table)}
    kind = np.fromiter((numbers[t] for t in types.tolist()), np.int64, n)

    def default(name: str) -> np.ndarray:
        values = [each.get(name) for each in table.values()]
        if name in NUMERIC_FIELDS or name in BOOL_FIELDS:
            return np.array([np.nan if v is None else float(v) for v in values])[kind]
        return np.array([*values, None], object)[kind]

    _function_defaults(surfaces)
    footprint = surfaces.footprints.area()
    # floors: given, else from given gfa, else from given height, else the typology
    storey = np.array([float(t.get("storey_height") or 3.0) for t in table.values()])[kind]
    no_floors = building & missing(fields["floors"])
    with np.errstate(divide="ignore", invalid="ignore"):
        by_gfa = np.maximum(1.0, np.round(fields["gfa"] / footprint))
        by_height = np.maximum(1.0, np.floor(fields["height"] / storey + 0.5))
    floors = np.where(
        np.isfinite(by_gfa), by_gfa, np.where(np.isfinite(by_height), by_height, default("floors"))
    )
    _fill(surfaces, "floors", no_floors, floors)
    _fill(surfaces, "roof", building & missing(fields["roof"]), default("roof"))
    no_height = building & missing(fields["height"])
    pitched = np.array([r == "pitched" for r in fields["roof"]], bool)
    extra = np.array([float(t.get("pitched_extra") or 0.0) for t in table.values()])[kind]
    _fill(surfaces, "height", no_height, storey * fields["floors"] + np.where(pitched, extra, 0.0))
    no_gfa = building & missing(fields["gfa"])
    fields["gfa"][no_gfa] = (footprint * fields["floors"])[no_gfa]
    assumed["gfa"][no_gfa] = assumed["floors"][no_gfa]
    lives = surfaces.where("dwelling")
    share = building & missing(fields["residential_share"])
    fields["residential_share"][share] = np.where(lives, 1.0, 0.0)[share]
    _fill(
        surfaces,
        "dwelling_type",
        lives & missing(fields["dwelling_type"]),
        default("dwelling_type"),
    )
    for name in PAVED_SHARES:
        _fill(surfaces, name, building & missing(fields[name]), default(name))
    _fill(
        surfaces,
        "disconnected",
        (surfaces.share("sealed") > 0) & missing(fields["disconnected"]),
        default("disconnected"),
    )
    _fill(surfaces, "existing", missing(fields["existing"]), default("existing"))


def main_type(n: int, cut: Cut, zones: Zones) -> np.ndarray:
    """(n,) object: the area type where most of each feature lies; None where it lies in none."""
    types = np.full(n, None, object)
    order = np.argsort(cut.area, kind="stable")
    types[cut.feature[order]] = zones.area_type[cut.zone[order] - 1]
    return types


def _fill(surfaces: Surfaces, name: str, where: np.ndarray, values: np.ndarray) -> None:
    known = where & ~missing(values)
    surfaces.fields[name][known] = values[known]
    surfaces.assumed[name] |= known


def _function_defaults(surfaces: Surfaces) -> None:
    for function in {f for f in surfaces.function.tolist()}:
        given: dict[str, Any] = surfaces.functions[function].defaults
        for name, value in given.items():
            where = (surfaces.function == function) & missing(surfaces.fields[name])
            surfaces.fields[name][where] = float(value) if name in NUMERIC_FIELDS else value
