"""Wind, heat island and PET: worked by hand, and the mistakes that others made."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.heat.field import Day, Grids, heat
from dgo_twin_plugin.engine.models.heat.pet import (
    diffuse,
    heat_island,
    pet_shade,
    pet_sun,
    watt,
    wet_bulb,
)
from dgo_twin_plugin.engine.models.heat.wind import (
    box_sums,
    roughness,
    wind_factor,
    wind_speed_share,
)
from dgo_twin_plugin.engine.models.tables import constants

HEAT = constants("heat")
SUN, SHADE, WIND = HEAT["pet"]["sun"], HEAT["pet"]["shade"], HEAT["wind"]


# ------------------------------------------------------------------------------------------ PET
def test_sun_by_hand():
    # Ta 30, Tw 20, u 1 m/s, Q 800, sun at 60 degrees, B 3, SVF 0.5:
    # -13.26 + 37.5 + 8.8 + 0 + 1.56 + 0 + 5.56 x 0.866025 (4.8151) + 0 + 1.638 + 0.97 = 42.0231
    sine = math.sin(math.radians(60))
    assert pet_sun(30, 20, 0.0, 800, sine, 3, 0.5, SUN) == pytest.approx(42.0231, abs=1e-4)
    # u 2 m/s: ln 2 = 0.693147: -2.3359 + 3.0498 - 4.9463 = -4.2324
    assert pet_sun(30, 20, math.log(2), 800, sine, 3, 0.5, SUN) == pytest.approx(37.7907, abs=1e-4)


def test_shade_by_hand():
    # Ta 30, Tw 20, u 1, SVF 0.5, Qd 160: -12.14 + 37.5 + 0 + 1.2 + 1.2
    # + 0.0060 x 0.5 x 5.670374e-8 x 303.15^4 (478.897) = 1.43669: 29.1967
    assert pet_shade(30, 20, 0.0, 160, 0.5, SHADE) == pytest.approx(29.1967, abs=1e-4)
    # u 2: -1.47 x 0.693147 = -1.0189
    assert pet_shade(30, 20, math.log(2), 160, 0.5, SHADE) == pytest.approx(28.1778, abs=1e-4)


def test_the_sine_is_of_an_angle_in_radians():
    # sin(44 degrees) = 0.69466; the sine of 44 radians is 0.01770: 3.76 degrees C of difference
    right = pet_sun(30, 20, 0.0, 800, math.sin(math.radians(44)), 3, 0.5, SUN)
    wrong = pet_sun(30, 20, 0.0, 800, math.sin(44), 3, 0.5, SUN)
    assert right - wrong == pytest.approx(5.56 * (0.694658 - 0.017702), abs=1e-4)
    hour = Day.of(HEAT).hours[0]
    assert hour.sun.sine == pytest.approx(math.sin(math.radians(hour.sun.altitude)))
    assert 55 < hour.sun.altitude < 62


def test_the_wet_bulb_term_is_there():
    for f, weight in ((lambda tw: pet_sun(30, tw, 0.0, 800, 0.8, 3, 0.5, SUN), 0.078),
                      (lambda tw: pet_shade(30, tw, 0.0, 160, 0.5, SHADE), 0.060)):  # fmt: skip
        assert f(21.0) - f(20.0) == pytest.approx(weight)


def test_wet_bulb_of_the_publication():
    # Stull 2011: 20 degrees C and 50 % give 13.7
    assert wet_bulb(20.0, 50.0) == pytest.approx(13.7, abs=0.05)
    # by hand, 30 degrees C and 40 %: 30 atan(0.151977 x 48.313659^0.5 = 1.056356) = 24.384...
    by_hand = (30 * math.atan(0.151977 * 48.313659**0.5) + math.atan(70) - math.atan(38.323669)
               + 0.00391838 * 40**1.5 * math.atan(0.92404) - 4.686035)  # fmt: skip
    assert wet_bulb(30.0, 40.0) == pytest.approx(by_hand)
    assert wet_bulb(30.0, 40.0) == pytest.approx(20.2, abs=0.3)  # psychrometric tables: 20.2


def test_radiation_comes_in_watt():
    # KNMI: 306 J/cm2 in an hour = 3.06e6 J/m2 / 3600 s = 850 W/m2
    assert watt(306) == pytest.approx(850.0)
    for row, joule in zip(HEAT["reference_day"]["hours"], (306, 319, 306, 287, 251, 207)):
        assert row["q"] == pytest.approx(watt(joule), abs=0.06)


def test_diffuse_by_transmissivity():
    rule = HEAT["diffuse"]
    # 850 / (1367 x 0.8) = 0.777: clear, a fifth; 546.8 / (1367 x 0.8) = 0.5: 1.6 - 1 = 0.6
    assert diffuse(850, 0.8, rule) == pytest.approx(170)
    assert diffuse(546.8, 0.8, rule) == pytest.approx(0.6 * 546.8)
    assert diffuse(200, 0.8, rule) == pytest.approx(200)
    assert diffuse(0, 0.0, rule) == 0


# ------------------------------------------------------------------------------------ heat island
def test_heat_island_by_hand():
    # (2 - 0.6 - 0.3) x (338.2/1200 x 16.2^3 / 4.09)^0.25: 0.281833 x 4251.528 / 4.09 = 292.963;
    # its fourth root 4.13717; x 1.1 = 4.5509
    day = HEAT["reference_day"]["day"]
    assert heat_island(0.6, 0.3, day, 1200) == pytest.approx(4.5509, abs=1e-3)


def test_heat_island_asks_the_range_of_the_day_and_the_share_of_green():
    day = {"tmax": 30.0, "tmin": 14.0, "q": 1200.0, "wind": 16.0**3}
    # S = 1, dT = 16, U = 16^3: force 1
    assert heat_island(0.5, 0.25, day, 1200) == pytest.approx(1.25)
    assert heat_island(0.5, 0.75, day, 1200) == pytest.approx(0.75)
    # dT 16 times smaller: 16^(3/4) = 8 times less
    assert heat_island(0.5, 0.25, {**day, "tmin": 29.0}, 1200) == pytest.approx(1.25 / 8)


def test_green_of_the_ground_and_not_the_sky_cools():
    shape = (60, 60)
    zero, none = np.zeros(shape), np.zeros(shape, bool)
    # Bowen ratio fixed by the middle cell; all around it green or not
    green = np.ones(shape)
    green[30, 30] = 0.0
    cool = heat(Grids.of(zero, zero, zero, green, none, 10.0))
    warm = heat(Grids.of(zero, zero, zero, zero, none, 10.0))
    assert cool.sky[30, 30] == warm.sky[30, 30] == 1.0
    assert warm.pet[30, 30] > cool.pet[30, 30]


# ------------------------------------------------------------------------------------------ wind
def test_open_ground_has_the_wind_of_the_formula():
    # (1 - 0.125) x 0.5829 + 0.125 = 0.63504: ln(1.2 / 0.03) / ln(10 / 0.03) = 0.63501
    factor = wind_factor(np.zeros(1, np.float32), np.full(1, 4.0, np.float32), WIND)
    share = wind_speed_share(factor, WIND)[0]
    assert share == pytest.approx(0.6350375, abs=1e-6)
    assert share == pytest.approx(math.log(1.2 / 0.03) / math.log(10 / 0.03), abs=1e-4)


def test_wind_between_blocks_by_hand():
    # frontal density 0.1, 10 m: z0 0.71, d 2.6, zw 25, A -3.5, B 0.5 (Macdonald 2000)
    # aloft ln(2000)/ln(40) = 7.600902/3.688879 = 2.060491
    # friction 2.060491 x 0.4 / ln(57.4/0.71) = 0.824196 / 4.392527 = 0.187636
    # upper 0.187636 / 0.4 x ln(22.4/0.71) = 0.46909 x 3.451551 = 1.619088
    # roof 1.619088 - 0.375272 x ln(9 / 1.5) = 1.619088 - 0.672397 = 0.946691
    # factor 0.946691 x exp(0.96 x (0.12 - 1)) = 0.946691 x 0.429643 = 0.406739
    found = wind_factor(np.array([0.1], np.float32), np.array([10.0], np.float32), WIND)
    assert found[0] == pytest.approx(0.406739, abs=2e-5)
    # u = (0.406739 - 0.125) x 0.5829 + 0.125 = 0.289226 of the wind at 10 m
    assert wind_speed_share(found, WIND)[0] == pytest.approx(0.289226, abs=2e-5)


def test_denser_blocks_keep_more_wind_out():
    # just above the lower end of each class, where its own profile holds
    height = np.full(5, 10.0, np.float32)
    factor = wind_factor(np.array([0.03, 0.10, 0.16, 0.22, 0.30], np.float32), height, WIND)
    assert (np.diff(factor) < 0).all() and (factor > 0).all() and (factor <= 1).all()


def test_frontal_density_by_hand():
    # a block of 20 x 20 m, 10 m high, cells of 2 m: fronts of 200 m2, of which 60 % counts: 120;
    # window 89 x 89 cells = 31,684 m2: 0.0037874, plus the background 0.015
    building = np.zeros((120, 120), np.int32)
    building[55:65, 55:65] = 1000
    density, height = roughness(building, np.zeros_like(building), 2.0, WIND)
    assert density[60, 60] == pytest.approx(0.0187874, abs=1e-6)
    assert height[60, 60] == pytest.approx(10.0)
    assert density[0, 0] == 0.0
    # the same as a crown: 27 %
    density, _ = roughness(np.zeros_like(building), building, 2.0, WIND)
    assert density[60, 60] == pytest.approx(0.015 + 0.27 * 200 / 31684, abs=1e-6)
    # a hedge of 1.5 m is no obstacle
    density, _ = roughness(np.where(building > 0, 150, 0), np.zeros_like(building), 2.0, WIND)
    assert (density == 0).all()


@pytest.mark.parametrize(("rows", "columns", "reach"), [(5, 7, 1), (150, 40, 9), (130, 6, 80),
                                                        (1, 1, 3)])  # fmt: skip
def test_box_sums_count_every_cell_of_the_square(rows, columns, reach):
    # more rows than are worked on at once, and windows wider than the grid
    values = np.random.default_rng(rows).integers(-5, 10**9, (rows, columns))
    found = np.zeros(values.shape, np.int64)
    for at, sums in box_sums(values, reach):
        found[at] = sums
    for r in range(rows):
        for c in range(columns):
            square = values[max(r - reach, 0) : r + reach + 1, max(c - reach, 0) : c + reach + 1]
            assert found[r, c] == square.sum()


def test_towers_higher_than_the_profile_still_have_a_wind():
    building = np.full((20, 20), 20_000, np.int32)
    building[::2] = 0
    density, height = roughness(building, np.zeros_like(building), 10.0, WIND)
    factor = wind_factor(density, height, WIND)
    assert np.isfinite(factor).all() and (factor >= 0).all()
