"""I09 soil quality: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.soil_quality import BY_FUNCTION, SPEC, function_class
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
PARK = ("grass", box(0, 0, 100, 100))
CLEAN, FOUL = (box(0, 0, 70, 100), 1), (box(70, 0, 100, 100), 2)
LIVING = [(box(0, 0, 100, 100), 1)]


def made(soil=(CLEAN, FOUL), function=LIVING, surfaces=(PARK,), zones=ZONE, plan=None):
    context = {"soil_class": [(w, {"class": c}) for w, c in soil]}
    if function is not None:
        context["soil_function"] = [(w, {"class": c}) for w, c in function]
    return scene(zones, list(surfaces), context=context, plan=plan)


def test_worked_by_hand():
    # 70 of 100 m has class 1 where living (1) asks for 1, 30 m has class 2: 70 %
    # GT04 90/97/100: below the minimum, 6 - 2 x 20 / 7 = 0.29 -> 1
    part = values(SPEC, made())[""]
    assert part.value[1] == pytest.approx(70)
    assert part.coverage[1] == pytest.approx(1)
    assert part.assumed[1] == 0
    row = rows(SPEC, made())[1]
    assert row.mark == pytest.approx(1)
    assert row.status == words.BELOW_MINIMUM
    assert not row.proxy


def test_a_changed_input_moves_it():
    cleaner = ((box(0, 0, 97, 100), 1), (box(97, 0, 100, 100), 2))
    assert rows(SPEC, made(cleaner))[1].mark == pytest.approx(8)  # 97 % = basis
    # a function map that asks for class 2 on the right half of the foul ground: 70 + 15 %
    softer = [(box(0, 0, 85, 100), 1), (box(85, 0, 100, 100), 2)]
    assert values(SPEC, made(function=softer))[""].value[1] == pytest.approx(85)


def test_where_maps_overlap_the_worst_class_and_the_strictest_function_hold():
    # class 2 also over x 50-70, twice: 50 %
    worse = (CLEAN, FOUL, (box(50, 0, 80, 100), 2), (box(50, 0, 80, 100), 2))
    assert values(SPEC, made(worse))[""].value[1] == pytest.approx(50)
    # nature (0) over x 0-10 asks for more than class 1: 60 %
    strict = [*LIVING, (box(0, 0, 10, 100), 0)]
    assert values(SPEC, made(function=strict))[""].value[1] == pytest.approx(60)


def test_it_does_not_depend_on_how_the_map_is_cut_up():
    pieces = [(box(x, y, x + 10, y + 20), 1 if x < 70 else 2)
              for x in range(0, 100, 10) for y in range(0, 100, 20)]  # fmt: skip
    assert values(SPEC, made(pieces))[""].value[1] == pytest.approx(70, abs=1e-6)


def test_water_is_no_land():
    # water on x 0-20: 80 m of land, of which 50 m is clean: 62.5 %
    pond = ("water", box(0, 0, 20, 100))
    part = values(SPEC, made(surfaces=(pond, PARK)))[""]
    assert part.value[1] == pytest.approx(62.5)
    assert part.weight[1] == pytest.approx(8000)
    lake = ("water", box(0, 0, 100, 100))
    assert rows(SPEC, made(surfaces=(lake,)))[1].status == words.NOT_APPLICABLE


def test_unknown_class_leaves_the_sum_and_lowers_the_coverage():
    # x 90-100 NULL, x 0-90 known: 70 / 90
    part = values(SPEC, made((CLEAN, (box(70, 0, 90, 100), 2), (box(90, 0, 100, 100), None))))[""]
    assert part.value[1] == pytest.approx(100 * 70 / 90)
    assert part.coverage[1] == pytest.approx(0.9)
    # the function map ends at x 50: known 50, all clean
    half = values(SPEC, made(function=[(box(0, 0, 50, 100), 1)]))[""]
    assert half.value[1] == pytest.approx(100)
    assert half.coverage[1] == pytest.approx(0.5)
    assert rows(SPEC, made(soil=[]))[1].status == words.NOT_ASSESSED


def test_ground_on_which_nothing_is_drawn_is_unknown():
    lawn = ("grass", box(0, 0, 80, 100))
    part = values(SPEC, made(surfaces=(lawn,), plan=box(0, 0, 100, 100)))[""]
    assert part.coverage[1] == pytest.approx(0.8)
    assert part.value[1] == pytest.approx(100 * 70 / 80)


def test_without_a_function_map_the_function_of_the_ground_decides_as_a_proxy():
    # left half an allotment (asks 0), right half a road (2): class 1 fits on 50-70, 2 on 70-100
    ground = (("allotment", box(0, 0, 50, 100)), ("road", box(50, 0, 100, 100)))
    part = values(SPEC, made(function=None, surfaces=ground))[""]
    assert part.value[1] == pytest.approx(50)
    assert part.assumed[1] == pytest.approx(1)
    assert rows(SPEC, made(function=None, surfaces=ground))[1].proxy


def test_every_function_of_land_has_a_soil_function_class():
    made_ = made()
    land = made_.surfaces.functions.expand("all_land")
    assert set().union(*BY_FUNCTION.values()) == land
    assert np.isnan(function_class(np.array(["water"], object))[0])


def test_zones_apart():
    zones = [("GT04", box(0, 0, 60, 100)), ("GT06", box(60, 0, 100, 100))]
    part = values(SPEC, made(zones=zones))[""]
    assert part.value == pytest.approx([70, 100, 25])  # GT06: x 60-70 of 40 m
