"""I08 flood safety: worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.flood_safety import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
A = ("dwelling", box(0, 0, 20, 20), {"dwellings": 10})
B = ("dwelling", box(50, 0, 70, 20), {"dwellings": 30})
LAWN = ("grass", box(0, 0, 100, 100))
LEFT, RIGHT = box(0, 0, 40, 100), box(40, 0, 100, 100)


def made(surfaces=(A, B), years=((LEFT, 100), (RIGHT, 10_000)), zones=ZONE, **more):
    role = {"flood_return_period": [(w, {"years": t}) for w, t in years]}
    return scene(zones, [*surfaces, LAWN], context=role, **more)


def test_worked_by_hand():
    # (10 x log 100 + 30 x log 10,000) / 40 = (10 x 2 + 30 x 4) / 40 = 3.5 -> 10^3.5 = 3162.28 yr
    # GT04 300/3000/30000 on a log scale: 8 + 2 x (3.5 - 3.47712) / 1 = 8.04576
    part = values(SPEC, made())[""]
    assert part.value[1] == pytest.approx(3162.2777, abs=1e-3)
    assert part.weight[1] == pytest.approx(40)
    assert part.coverage[1] == pytest.approx(1)
    assert rows(SPEC, made())[1].mark == pytest.approx(8.0 + 2 * (3.5 - math.log10(3000)))
    assert rows(SPEC, made())[1].legal_check == words.NOT_IN_SCOPE


def test_a_changed_input_moves_it():
    # (10 x 2 + 30 x 3) / 40 = 2.75
    moved = values(SPEC, made(years=((LEFT, 100), (RIGHT, 1000))))[""]
    assert moved.value[1] == pytest.approx(10**2.75)


def test_periods_are_clipped():
    # 1 -> 10 and 1,000,000 -> 100,000: (10 x 1 + 30 x 5) / 40 = 4
    part = values(SPEC, made(years=((LEFT, 1), (RIGHT, 1_000_000))))[""]
    assert part.value[1] == pytest.approx(10_000)


@pytest.mark.parametrize("nothing", [None, 0, -9999])
def test_no_period_is_not_zero(nothing):
    part = values(SPEC, made(years=((LEFT, 100), (RIGHT, nothing))))[""]
    assert part.value[1] == pytest.approx(100)  # the 10 dwellings of which something is known
    assert part.coverage[1] == pytest.approx(0.25)
    assert rows(SPEC, made(years=((LEFT, 100), (RIGHT, nothing))))[1].status == words.NOT_ASSESSED


def test_other_buildings_weigh_by_floor_area():
    # an office of 1100 m2 weighs as 10 dwellings: (10 x 2 + 10 x 4) / 20 = 3
    office = ("office", box(50, 0, 70, 20), {"gfa": 1100})
    assert values(SPEC, made((A, office)))[""].value[1] == pytest.approx(1000)


def test_two_classes_on_one_footprint_count_by_area_and_the_shortest_wins():
    # B from x 50 to 70: a quarter (50-55) in 10 yr, the rest in 1000: 10^(0.25 + 2.25) = 316.23
    split = ((box(0, 0, 55, 100), 10), (box(55, 0, 100, 100), 1000))
    assert values(SPEC, made((B,), split))[""].value[1] == pytest.approx(10**2.5)
    overlapping = ((box(0, 0, 55, 100), 10), (box(0, 0, 100, 100), 1000))
    assert values(SPEC, made((B,), overlapping))[""].value[1] == pytest.approx(10**2.5)


def test_zone_line_divides_the_dwellings():
    # B cut at x 65: 3/4 of 30 dwellings left of it, 1/4 right
    zones = [("GT04", box(0, 0, 65, 100)), ("GT06", box(65, 0, 100, 100))]
    part = values(SPEC, made(zones=zones))[""]
    assert part.weight == pytest.approx([40, 32.5, 7.5])
    assert part.value[1] == pytest.approx(10 ** ((10 * 2 + 22.5 * 4) / 32.5))
    assert part.value[2] == pytest.approx(10_000)


def test_raster_with_a_hole_at_the_building_takes_the_nearest_cell():
    cells = np.full((10, 10), 300.0)
    cells[8:, :2] = np.nan  # A itself, as in a map that leaves out buildings
    raster = {"flood_return_period": [(cells, (0, 100), 10)]}
    assert values(SPEC, scene(ZONE, [A, LAWN], rasters=raster))[""].value[1] == pytest.approx(300)
    cells[:] = np.nan
    none = values(SPEC, scene(ZONE, [A, LAWN], rasters=raster))[""]
    assert np.isnan(none.value[1])
    assert none.coverage[1] == 0


def test_no_building_is_not_applicable_and_no_map_is_missing():
    assert rows(SPEC, made(()))[1].status == words.NOT_APPLICABLE
    assert rows(SPEC, scene(ZONE, [A, LAWN]))[1].status == words.NOT_ASSESSED
