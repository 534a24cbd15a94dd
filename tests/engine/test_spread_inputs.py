"""The same values, better known: the interval narrows, and nothing else moves. Whole indicators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .town import SOUTH, WEST, Town, box, grid, town


def rows(made: Town, indicator: str) -> dict[int, Any]:
    return {r.zone_id: r for r in made.assess([indicator]).scores}


def narrower(known: Town, guessed: Town, indicator: str) -> None:
    """Equal marks; nowhere wider, somewhere narrower."""
    a, b = rows(known, indicator), rows(guessed, indicator)
    marked = [z for z in a if a[z].mark is not None]
    assert marked
    for zone in marked:
        assert a[zone].value == pytest.approx(b[zone].value)
        assert a[zone].mark == pytest.approx(b[zone].mark)
        assert a[zone].spread <= b[zone].spread + 1e-9
        assert a[zone].mark_high - a[zone].mark_low <= b[zone].mark_high - b[zone].mark_low + 1e-9
    assert any(a[z].spread < b[z].spread - 1e-9 for z in marked)


# --- what a default filled in, and the same given -----------------------------------------------
def both(*fields: str, without: tuple[str, ...] = ()) -> tuple[Town, Town]:
    """(the town with the very values that defaults fill in, the town that leaves them open)."""
    guessed = town()
    for role in without:
        guessed.context.pop(role, None)
        guessed.rasters.pop(role, None)
    for name in ("surfaces", "current"):
        bare = [(k, w, {n: v for n, v in (rest[0] if rest else {}).items() if n not in fields})
                for k, w, *rest in getattr(guessed, name)]  # fmt: skip
        setattr(guessed, name, bare)
    known, scene = guessed.copy(), guessed.scene()
    surfaces = scene.surfaces
    for name, current in (("surfaces", False), ("current", True)):
        for field in fields:
            values = {int(fid): surfaces.fields[field][k] for k, fid in enumerate(surfaces.fid)
                      if surfaces.current[k] == current and surfaces.assumed[field][k]}  # fmt: skip
            for k, (_, _, own) in enumerate(getattr(known, name)):
                if k + 1 in values:
                    own[field] = values[k + 1]
    return known, guessed


@pytest.mark.parametrize(
    ("indicator", "field"),
    [
        ("renewable_generation", "pv"),
        ("stormwater_disconnection", "disconnected"),
        ("drought", "disconnected"),
        ("green", "green_roof"),
        ("nature_inclusive", "green_roof"),
        ("energy_use", "dwelling_type"),
        ("traffic_noise", "height"),
        ("air_quality", "height"),
        ("shade", "height"),
        ("heat_pet", "height"),
    ],
)
def test_a_value_that_was_given_is_narrower_than_its_default(indicator: str, field: str) -> None:
    fields = (field, "floors") if field == "height" else (field,)
    known, guessed = both(*fields, without=("sewer",) if field == "disconnected" else ())
    narrower(known, guessed, indicator)


# --- maps that say how sure they are ------------------------------------------------------------
def _steps(low: float, high: float) -> np.ndarray:
    """A map that runs from west to east."""
    values = grid(0.0)[0]
    return np.linspace(low, high, values.shape[1])[None, :] + 0 * values


def _bowl(x: float, y: float) -> tuple:
    values, (west, north), cell = grid(2.0, 4.0, 60.0)
    dx = west - WEST + (np.arange(values.shape[1]) + 0.5) * cell - x
    dy = north - SOUTH - (np.arange(values.shape[0]) + 0.5) * cell - y
    bowl = 0.3 * np.exp(-(dx[None, :] ** 2 + dy[:, None] ** 2) / 1500.0)
    return values - bowl, (west, north), cell


@pytest.mark.parametrize(
    ("indicator", "role", "change"),
    [
        ("soil_bearing", "settlement", {}),
        ("flood_safety", "flood_return_period", {}),
        ("odour", "odour", {}),
        ("individual_risk", "risk_contours", {}),
        ("industrial_noise", "noise_industry", {}),
        ("air_quality", "no2", {}),
        ("drought", "groundwater", {"groundwater": [grid(0.3)]}),
        ("traffic_noise", "noise_road", {"noise_road": [grid(58.0)]}),
        ("light_nuisance", "light", {"light": [grid(30.0)]}),
        ("heat_pet", "pet", {"pet": [grid(_steps(37.0, 45.0))]}),
        ("cloudburst", "water_depth", {"water_depth": [grid(_steps(0.05, 0.15))]}),
        ("cloudburst", "dtm", {}),
    ],
)
def test_a_map_that_is_surer_is_narrower(indicator: str, role: str, change: dict) -> None:
    towns = []
    for sigma in (0.001, 3.0):
        made = town()
        made.rasters.update(change)
        if role == "settlement":
            made.context["settlement"] = [(box(-200, -200, 400, 300), {"cm30": 12.0})]
        if role in ("pet", "noise_road", "water_depth"):
            made.methods = {indicator: "map"}
        if role == "dtm":  # the flats stand in a bowl
            made.rasters["dtm"] = [_bowl(82.0, 76.0)]
        made = _said(made, role, sigma)
        towns.append(made)
    sure, unsure = towns
    narrower(sure, unsure, indicator)


def _said(made: Town, role: str, sigma: float) -> Town:
    if role in made.context:
        made.context[role] = [(w, {**v, "sigma": sigma}) for w, v in made.context[role]]
    else:
        made.rasters[role] = [(a, xy, cell, {**(dict(rest[0]) if rest else {}), "sigma": sigma})
                              for a, xy, cell, *rest in made.rasters[role]]  # fmt: skip
    return made


@pytest.mark.parametrize("said", ["veel", "", None])
def test_a_sigma_that_is_no_number_says_nothing(said: object) -> None:
    made = town()
    made.rasters["pet"] = [(*grid(40.0), {"sigma": said})]
    made.rasters["water_depth"] = [(*grid(0.2), {"sigma": said})]
    made.methods = {"all": "map"}
    for indicator in ("heat_pet", "shade", "cool_places", "cloudburst"):
        assert rows(made, indicator)


# --- traffic --------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", ["speed", "medium", "surface"])
def test_traffic_that_was_counted_is_narrower(field: str) -> None:
    shares = {"day_share": 6.5, "evening_share": 3.5, "night_share": 1.0}
    whole = {"intensity": 6000.0, "medium": 4.0, "heavy": 2.0, "speed": 50.0, "surface": "DAB",
             "owner": "municipal", **shares}  # fmt: skip
    known, guessed = town(), town()
    (where, _), *_ = known.context["roads"]
    known.context["roads"] = [(where, whole)]
    guessed.context["roads"] = [(where, {k: v for k, v in whole.items() if k != field})]
    a, b = (rows(t, "traffic_noise")[1].spread for t in (known, guessed))
    assert a < b
