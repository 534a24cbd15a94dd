"""The table of docs/validation/heat.md: references of others, our figures, tolerances."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.heat.field import Day, Grids, heat
from dgo_twin_plugin.engine.models.heat.march import Solid
from dgo_twin_plugin.engine.models.heat.pet import diffuse, pet_shade, pet_sun, wet_bulb
from dgo_twin_plugin.engine.models.heat.shade import SOLID, shadow
from dgo_twin_plugin.engine.models.heat.sky import compass, sky_view
from dgo_twin_plugin.engine.models.heat.sun import Sun, highest, position
from dgo_twin_plugin.engine.models.heat.wind import wind_factor, wind_speed_share
from dgo_twin_plugin.engine.models.tables import constants

HEAT = constants("heat")
CELL = 2.0


def _spa() -> Sun:
    return position(datetime.datetime(2003, 10, 17, 19, 30, 30), 39.742476, -105.1786)


def _sky(building: np.ndarray, crown: np.ndarray | None = None, base: np.ndarray | None = None,
         at: tuple[int, int] = (75, 75)) -> float:  # fmt: skip
    none = np.zeros_like(building)
    solid = Solid.of(building, none if crown is None else crown, none if base is None else base,
                     None, 76, CELL)  # fmt: skip
    return float(sky_view(solid, compass(HEAT["sky"]["directions"], 100, CELL), 0.0, 0,
                          len(building))[at])


def _canyon() -> float:
    building = np.full((151, 151), 11.0)
    building[:, 70:81] = 0.0
    return _sky(building)


def _basin() -> float:
    y, x = np.mgrid[:151, :151] - 75
    return _sky(np.where(np.hypot(x, y) > 15, 10.0, 0.0))


def _wall() -> float:
    building = np.zeros((151, 151))
    building[:75] = 12.0
    return _sky(building, at=(80, 75))


def _crown() -> float:
    y, x = np.mgrid[:151, :151] - 75
    disc = np.hypot(x, y) <= 10
    return _sky(np.zeros((151, 151)), np.where(disc, 11.0, 0), np.where(disc, 10.0, 0))


def _shadow_length() -> float:
    """Mean length of the shadow of a block of 12 m, m, over blocks at all places in a cell."""
    sun = highest(datetime.date(2015, 6, 21), 52.1, 5.2)
    lengths = []
    for height in np.linspace(10, 14, 41):
        building = np.zeros((60, 60))
        building[30:35, 10:50] = height
        none = np.zeros_like(building)
        found = shadow(Solid.of(building, none, none, None, 76, CELL), sun, 150.0, 0, 60)
        lengths.append((found[:30, 30] == SOLID).sum() * CELL)
    return float(np.mean(lengths))


def _open(green: float) -> float:
    shape = (61, 61)
    none = np.zeros(shape)
    grids = Grids.of(none, none, none, np.full(shape, green), none > 0, CELL)
    return float(heat(grids).pet[30, 30])


def _street() -> tuple[float, float]:
    building = np.zeros((151, 151))
    for row in range(0, 151, 12):
        building[row : row + 4] = 10.0
    none = np.zeros_like(building)
    found = heat(Grids.of(building, none, none, none, none > 0, CELL))
    at = (slice(60, 84), slice(60, 90))
    return (float(np.nanmean(found.pet[at][found.solid[at] == 0])),
            float(np.nanmin(found.pet[at])))  # fmt: skip


def _wind() -> float:
    density, height = np.array([0.1], np.float32), np.array([10.0], np.float32)
    return float(wind_speed_share(wind_factor(density, height, HEAT["wind"]), HEAT["wind"])[0])


SIXTY = math.sin(math.radians(60))
SUN, SHADE = HEAT["pet"]["sun"], HEAT["pet"]["shade"]
TABLE = [
    # what, its figure, ours, tolerance
    ("sun: altitude of the SPA example, degrees", 39.872046, lambda: _spa().altitude, 0.0167),
    ("sun: azimuth of the SPA example, degrees", 194.340241, lambda: _spa().azimuth, 0.0167),
    ("sun: NOAA calculator, 20 March 2020", 49.29,
     lambda: position(datetime.datetime(2020, 3, 20, 18), 39.833, -98.583).altitude, 0.04),
    ("sun: Herwijnen, 1 July 2015 10:00 UTC", 55.3,
     lambda: position(datetime.datetime(2015, 7, 1, 10), 51.859, 5.146).altitude, 0.3),
    ("sun: highest on 21 June at 52.1 N", 61.337,
     lambda: highest(datetime.date(2015, 6, 21), 52.1, 5.2).altitude, 0.02),
    ("shade: length behind a block of 12 m at that sun, m", 6.56, _shadow_length, 0.1),
    ("sky: middle of a canyon, H/W = 1/2", 1 / math.sqrt(2), _canyon, 0.01),
    ("sky: middle of a basin, H/R = 1/3", 0.9, _basin, 0.01),
    ("sky: 11 m from a long wall of 12 m", 0.5 * (1 + 11 / math.hypot(11, 12)), _wall, 0.01),
    ("sky: below a crown of 20 m radius, 10 m high", 0.2, _crown, 0.02),
    ("wind: open ground, share of 10 m", math.log(40) / math.log(10 / 0.03),
     lambda: float(wind_speed_share(np.ones(1, np.float32), HEAT["wind"])[0]), 1e-4),
    ("wind: density 0.1, height 10 m, by hand", 0.289226, _wind, 2e-5),
    ("wet bulb: 20 degrees C, 50 %", 13.7, lambda: wet_bulb(20.0, 50.0), 0.05),
    ("diffuse: 794.4 W/m2 at 55.3 degrees", 158.889,
     lambda: diffuse(794.444, math.sin(math.radians(55.3)), HEAT["diffuse"]), 0.01),
    ("PET in the sun, one place by hand", 42.0231,
     lambda: pet_sun(30, 20, 0.0, 800, SIXTY, 3, 0.5, SUN), 1e-4),
    ("PET in the shade, one place by hand", 29.1967,
     lambda: pet_shade(30, 20, 0.0, 160, 0.5, SHADE), 1e-4),
]  # fmt: skip


@pytest.mark.parametrize(("what", "reference", "ours", "tolerance"), TABLE,
                         ids=[row[0] for row in TABLE])  # fmt: skip
def test_reference(what, reference, ours, tolerance):
    assert ours() == pytest.approx(reference, abs=tolerance)


def test_published_order_of_the_map():
    # >41 severe heat stress in paved streets; shade lowers PET by 10-15 degrees C (domain 3.1)
    sunny, shaded = _street()
    assert 41 < sunny < 50
    assert 10 <= sunny - shaded <= 15
    # open ground with all its wind is less hot than a street, and grass less than paving
    assert _open(1.0) < _open(0.0) < sunny


def test_the_day_is_the_published_one():
    hours = Day.of(HEAT).hours
    assert len(hours) == 6
    # 12-18 h of local summer time: 10-16 UTC; means of what is written in the table of KNMI
    assert np.mean([h.t for h in hours]) == pytest.approx(32.57, abs=0.01)
    assert np.mean([h.q for h in hours]) == pytest.approx((306 + 319 + 306 + 287 + 251 + 207) / 6
                                                          * 1e4 / 3600, abs=0.05)  # fmt: skip


if __name__ == "__main__":  # python3 -m tests.engine.models.test_heat_validation
    for what, reference, ours, tolerance in TABLE:
        print(f"{what:52} {reference:11.5f} {ours():11.5f} {ours() - reference:10.5f} {tolerance}")
    print("street sun, shade", _street(), "open paving, grass", _open(0.0), _open(1.0))
