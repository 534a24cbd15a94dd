"""N02 shade: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.shade import SPEC
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT03", box(0, 0, 100, 100))]
SQUARE = ("square", box(0, 0, 100, 100))
BLOCK = ("dwelling", box(20, 20, 80, 40), {"height": 12})
# 21 June, 52.1 N: 90 - 52.1 + 23.437 = 61.337 degrees, from due south; 1 / tan = 0.54669
REACH = 0.54669


def tree(x, y, diameter=10.0, height=10.0):
    return "tree", f"POINT({x} {y})", {"height": height, "canopy_diameter": diameter}


def share(surfaces, items=(), **more):
    return values(SPEC, scene(ZONE, list(surfaces), items=list(items), **more))[""].value[1]


def test_shadow_of_a_block():
    # 12 m: 6.56 m to the north over 60 m = 393.6 of 8800 m2 of square: 4.47 %;
    # cells of 2 m: half a cell of 60 m either way is 0.68
    assert share([BLOCK, SQUARE]) == pytest.approx(100 * 60 * 12 * REACH / 8800, abs=0.69)


def test_a_higher_block_casts_a_longer_shadow():
    # 36 m: 19.68 m x 60 m = 1180.9 m2: 13.42 %
    high = ("dwelling", BLOCK[1], {"height": 36})
    assert share([high, SQUARE]) == pytest.approx(100 * 60 * 36 * REACH / 8800, abs=0.69)


def test_a_block_south_of_the_square_only():
    # all of the shadow falls on the block's own north side: a square to the south stays in the sun
    south = [("square", box(0, 0, 100, 20)), BLOCK, ("road", box(0, 40, 100, 100))]
    assert share(south) == 0


def test_own_trees_count_as_they_are_in_ten_years():
    # 25 trees apart from each other, at all places within a cell; crown 10 m, height 10 m, base
    # 2.5 m. In ten years 12.5 m wide: a disc drawn out by 7.5 m x 0.54669 = 4.1 m to the north:
    # 122.7 + 12.5 x 4.1 = 174.0 m2 each, 4349 of 10,000 m2
    at = [(10 + 19.3 * i, 8 + 19.3 * j) for i in range(5) for j in range(5)]
    assert share([SQUARE], [tree(x, y) for x, y in at]) == pytest.approx(43.5, rel=0.06)
    # a tree of the surroundings stays as it is: 78.5 + 10 x 4.1 = 119.5 m2 each
    around = {"trees": [(f"POINT({x} {y})", {"height": 10.0, "canopy_diameter": 10.0})
                        for x, y in at]}  # fmt: skip
    assert share([SQUARE], context=around) == pytest.approx(29.9, rel=0.06)


def test_a_close_row_of_trees_shades_nearly_all():
    many = [tree(x, y, 8.0) for x in range(5, 100, 10) for y in range(5, 100, 10)]
    planted = share([SQUARE], many)
    # 100 crowns of 10.5 m: 86.6 m2 each of every 100 m2, and what the shadow is longer
    assert 80 < planted <= 100
    row = rows(SPEC, scene(ZONE, [SQUARE], items=many))[1]
    assert row.mark == pytest.approx(10)


def test_a_map_by_others():
    half = np.hstack([np.ones((50, 25)), np.zeros((50, 25))])
    made = scene(ZONE, [SQUARE], rasters={"shadow": [(half, (0, 100), 2.0)]})
    assert values(SPEC, made)[""].value[1] == 0  # the model leads
    made.methods["shade"] = "map"
    assert values(SPEC, made)[""].value == pytest.approx([50, 50])
    # GT03 30/40/50: 50 is the optimum
    assert rows(SPEC, made)[1].mark == pytest.approx(10)
    assert rows(SPEC, made)[1].method == "shadow-map-1"


def test_a_map_in_percent_is_refused():
    percent = scene(ZONE, [SQUARE], rasters={"shadow": [(np.full((50, 50), 40.0), (0, 100), 2.0)]})
    percent.methods["shade"] = "map"
    assert rows(SPEC, percent)[1].status == words.NOT_ASSESSED
    assert "raster_impossible" in [c.code for c in percent.checks]


def test_no_map_no_ground():
    made = scene(ZONE, [SQUARE])
    made.methods["shade"] = "map"
    assert rows(SPEC, made)[1].status == words.NOT_ASSESSED
    assert rows(SPEC, scene(ZONE, [("road", SQUARE[1])]))[1].status == words.NOT_APPLICABLE


def test_heights_assumed_widen_the_interval():
    guessed = ("dwelling", BLOCK[1])
    given, guess = (SPEC.compute(scene(ZONE, [b, SQUARE]), profile()) for b in (BLOCK, guessed))
    # 0.5 m on 12 is 4 %, an assumed height 25 %
    shaded_given, shaded_guess = (values(SPEC, scene(ZONE, [b, SQUARE]))[""].value[1]
                                  for b in (BLOCK, guessed))  # fmt: skip
    assert given.spreads["height"][1] == pytest.approx(shaded_given * 0.5 / 12)
    assert guess.spreads["height"][1] == pytest.approx(shaded_guess * 0.25)
    assert given.spreads["model"][1] == 5


def test_the_field_is_the_share_of_light_taken():
    made = scene(ZONE, [BLOCK, SQUARE], items=[tree(50, 70)])
    raster = SPEC.compute(made, profile()).fields["shade"].make()
    at = np.array([[50.0, 43.0], [50.0, 71.0], [10.0, 90.0], [50.0, 30.0]]) - made.origin
    assert raster.sample(at, reach=0) == pytest.approx([1.0, 0.9, 0.0, np.nan], nan_ok=True)


def test_the_latitude_of_the_profile_moves_the_sun():
    # at 62.1 N the sun is 10 degrees lower: 51.34, 1 / tan = 0.8001 instead of 0.5467
    north = scene(ZONE, [("dwelling", BLOCK[1], {"height": 36}), SQUARE])
    north.rates = {**north.rates, "sun.latitude": 62.1}
    found = values(SPEC, north)[""].value[1]
    assert found == pytest.approx(100 * 60 * 36 * 0.8001 / 8800, abs=0.69)
