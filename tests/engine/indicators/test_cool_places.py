"""N03 cool places: worked by hand on maps, and the model on a wood and a street."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.cool_places import SPEC
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT03", box(0, 0, 700, 20))]
# a strip of 700 m: houses at x 0-10 and 390-400, grass at the far west end of the street
NEAR = ("dwelling", box(200, 4, 210, 14), {"dwellings": 6, "height": 6})
FAR = ("dwelling", box(600, 4, 610, 14), {"dwellings": 2, "height": 6})
LAWN = ("grass", box(0, 0, 700, 20))


def pet(*cool, degrees=36.0):
    """Map of 40 degrees with cool boxes (x0, y0, x1, y1); 2 m cells over the strip."""
    field = np.full((10, 350), 40.0)
    for x0, y0, x1, y1 in cool:
        field[10 - y1 // 2 : 10 - y0 // 2, x0 // 2 : x1 // 2] = degrees
    return [(field, (0, 20), 2.0)]


def made(*cool, surfaces=(NEAR, FAR, LAWN), roads=None, **more):
    context = {} if roads is None else {"roads": [(w, {"speed": 30}) for w in roads]}
    found = scene(ZONE, list(surfaces), rasters={"pet": pet(*cool, **more)}, context=context)
    found.methods["cool_places"] = "map"
    return found


def share(*cool, **more):
    return values(SPEC, made(*cool, **more))[""].value[1]


def test_share_of_dwellings_by_hand():
    # a place of 20 x 20 m at x 0-20: 185 m from the near house, 585 m from the far: 6 of 8
    assert share((0, 0, 20, 20)) == pytest.approx(75)
    row = rows(SPEC, made((0, 0, 20, 20)))[1]
    assert row.mark == pytest.approx(6)  # GT03 75/90/100
    assert row.proxy
    assert share((0, 0, 20, 20), (420, 0, 440, 20)) == pytest.approx(100)
    assert share() == 0


def test_200_m2_that_hang_together():
    assert share((0, 0, 10, 20)) == pytest.approx(75)  # 200 m2
    assert share((0, 0, 10, 18)) == 0  # 180 m2
    # 100 + 100 m2 that touch in a corner are two places
    assert share((0, 0, 10, 10), (10, 10, 20, 20)) == 0
    assert share((0, 0, 10, 10), (8, 10, 18, 20)) == pytest.approx(75)


def test_38_degrees_is_cool_and_more_is_not():
    assert share((0, 0, 20, 20), degrees=38.0) == pytest.approx(75)
    assert share((0, 0, 20, 20), degrees=38.1) == 0


def test_only_public_ground():
    garden = ("garden", box(0, 0, 40, 20))
    lawn = ("grass", box(40, 0, 700, 20))
    assert share((0, 0, 20, 20), surfaces=(NEAR, FAR, garden, lawn)) == 0
    shut = ("grass", box(0, 0, 40, 20), {"public": "no"})
    assert share((0, 0, 20, 20), surfaces=(NEAR, FAR, shut, lawn)) == 0


def test_walking_goes_along_the_network():
    # door of the near house at its north side at (205, 14); up 60 m, 190 m west, 60 m down: 310 m
    around = ["LINESTRING(205 20,205 80,15 80,15 18)", "LINESTRING(205 20,700 20)"]
    assert share((0, 0, 20, 20), roads=around) == 0
    street = ["LINESTRING(0 16,700 16)"]
    assert share((0, 0, 20, 20), roads=street) == pytest.approx(75)
    assert not rows(SPEC, made((0, 0, 20, 20), roads=street))[1].proxy


def test_nobody_lives_here():
    row = rows(SPEC, made((0, 0, 20, 20), surfaces=(LAWN,)))[1]
    assert row.status == words.NOT_APPLICABLE


def test_no_map_where_one_was_asked_for():
    bare = scene(ZONE, [NEAR, LAWN])
    bare.methods["cool_places"] = "map"
    assert rows(SPEC, bare)[1].status == words.NOT_ASSESSED


def test_spread_near_the_threshold():
    # 39 degrees: cool at 38 + 1.5; 0.5 x (75 - 0) = 37.5 points
    found = SPEC.compute(made((0, 0, 20, 20), degrees=39.0), profile())
    assert found.spreads["pet"][1] == pytest.approx(37.5)
    sure = SPEC.compute(made((0, 0, 20, 20), degrees=30.0), profile())
    assert sure.spreads.get("pet", np.zeros(2))[1] == 0


def test_a_wood_is_cool_and_a_paved_court_is_not():
    # a court of 40 x 40 m within houses of 10 m: paved, and as a wood (12 m high)
    houses = [("dwelling", w, {"height": 10, "dwellings": 4}) for w in (
        box(0, 0, 60, 10), box(0, 50, 60, 60), box(0, 10, 10, 50), box(50, 10, 60, 50),
    )]  # fmt: skip
    zone = [("GT03", box(0, 0, 60, 60))]
    middle = np.array([[30.0, 36.0]])
    degrees = {}
    for kind in ("square", "wood"):
        here = scene(zone, [*houses, (kind, box(10, 10, 50, 50))])
        field = SPEC.compute(here, profile()).fields["pet"].make()
        degrees[kind] = field.sample(middle - here.origin)[0]
        if kind == "wood":
            assert values(SPEC, here)[""].value[1] == pytest.approx(100)
    # the wood lies in the shade all afternoon, the middle of the paved court in the sun
    assert degrees["wood"] < 35 < 38 < degrees["square"]
