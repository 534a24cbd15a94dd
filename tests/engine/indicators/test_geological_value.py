"""I10 geological value: worked by hand."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.geological_value import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
RIDGE, VALLEY = (box(0, 0, 40, 100), 1.0), (box(40, 0, 80, 100), 0.5)
BLOCK = ("dwelling", box(0, 0, 10, 100), {"dwellings": 10})
POND = ("water", box(40, 0, 60, 100))
LAWN = ("grass", box(0, 0, 100, 100))


def made(areas=(RIDGE, VALLEY), surfaces=(BLOCK, POND, LAWN), zones=ZONE, **more):
    role = {"geological_values": [(w, {"weight": c}) for w, c in areas]}
    return scene(zones, list(surfaces), context=role, **more)


def test_worked_by_hand():
    # disturbed: 1000 m2 x 1 (block) + 2000 m2 x 0.5 (pond) = 2000; value 4000 + 0.5 x 4000 = 6000
    # 100 x (1 - 2000 / 6000) = 66.667 %; GT04 60/80/100: 6 + 2 x 6.667 / 20 = 6.667
    part = values(SPEC, made())[""]
    assert part.value[1] == pytest.approx(100 * 2 / 3)
    assert part.weight[1] == pytest.approx(8000)
    assert rows(SPEC, made())[1].mark == pytest.approx(6 + 2 / 3)


def test_a_changed_input_moves_it():
    # a block twice as wide: 3000 / 6000
    wide = ("dwelling", box(0, 0, 20, 100), {"dwellings": 10})
    assert values(SPEC, made(surfaces=(wide, POND, LAWN)))[""].value[1] == pytest.approx(50)


@pytest.mark.parametrize(
    ("function", "left"),
    [("road", 0), ("square", 0), ("semi_paved", 0), ("swale", 0), ("water", 0), ("office", 0),
     ("grass", 100), ("wood", 100), ("garden", 100), ("bank", 100)],
)  # fmt: skip
def test_what_disturbs(function, left):
    ground = (function, box(0, 0, 100, 100))
    assert values(SPEC, made(surfaces=(ground,)))[""].value[1] == pytest.approx(left)


def test_what_is_there_already_disturbs_nothing():
    # the block was there: only the pond, 1000 / 6000
    old = ("dwelling", box(0, 0, 10, 100), {"existing": 1})
    part = values(SPEC, made(surfaces=(old, POND, LAWN)))[""]
    assert part.value[1] == pytest.approx(100 * 5 / 6)
    now = scene(ZONE, current=[BLOCK, POND, LAWN],
                context={"geological_values": [(RIDGE[0], {"weight": 1.0})]})  # fmt: skip
    assert values(SPEC, now)[""].value[1] == pytest.approx(100)


def test_overlapping_areas_count_once_with_the_highest_weight():
    again = (RIDGE, VALLEY, (box(0, 0, 80, 100), 0.5), RIDGE)
    assert values(SPEC, made(again))[""].value[1] == pytest.approx(100 * 2 / 3)
    assert values(SPEC, made(again))[""].weight[1] == pytest.approx(8000)


def test_unknown_weight_and_undrawn_ground_are_unknown():
    part = values(SPEC, made((RIDGE, (VALLEY[0], None))))[""]
    assert part.value[1] == pytest.approx(75)  # 1 - 1000 / 4000
    assert part.coverage[1] == pytest.approx(0.5)
    # nothing drawn beyond x 20: half of the ridge is unknown, 1000 of 2000 m2 disturbed
    lawn = ("grass", box(0, 0, 20, 100))
    bare = values(SPEC, made((RIDGE,), (BLOCK, lawn), plan=box(0, 0, 100, 100)))[""]
    assert bare.value[1] == pytest.approx(50)
    assert bare.coverage[1] == pytest.approx(0.5)


def test_no_value_area_is_not_applicable():
    zones = [("GT04", box(0, 0, 80, 100)), ("GT06", box(80, 0, 100, 100))]
    found = rows(SPEC, made(zones=zones))
    assert found[2].status == words.NOT_APPLICABLE
    assert found[1].value == pytest.approx(100 * 2 / 3)
    assert found[0].mark == pytest.approx(found[1].mark)  # weighed by value area
    assert rows(SPEC, made(()))[1].status == words.NOT_APPLICABLE
    assert rows(SPEC, made(((RIDGE[0], 0.0),)))[1].status == words.NOT_APPLICABLE


def test_no_map_is_missing():
    assert rows(SPEC, scene(ZONE, [LAWN]))[1].status == words.NOT_ASSESSED
