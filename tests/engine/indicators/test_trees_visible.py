"""N06 trees in sight: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.trees_visible import SPEC, _lost
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
HOUSE = ("dwelling", box(40, 40, 50, 50), {"dwellings": 1, "floors": 2, "height": 7})
LAWN = ("grass", box(0, 0, 100, 100))


def tree(x, y, d=6.0, h=10.0):
    return "tree", f"POINT({x} {y})", {"canopy_diameter": d, "height": h}


def share(trees, *more, house=HOUSE, zones=ZONE):
    return values(SPEC, scene(zones, [house, *more, LAWN], trees))[""]


def test_three_trees_on_three_sides():
    near = [tree(45, 65), tree(65, 45), tree(45, 25)]
    part = share(near)
    assert part.value[1] == pytest.approx(100)
    assert part.weight[1] == pytest.approx(1)
    # two are not enough; GT04 70/85/100
    assert share(near[:2]).value[1] == 0
    assert rows(SPEC, scene(ZONE, [HOUSE, LAWN], near))[1].mark == pytest.approx(10)


def test_distance_to_the_edge_of_the_crown():
    # a facade point stands at (47.5, 50.5), half a metre out; a stem straight before it at y 78.4
    # has its crown's edge at 78.4 - 50.5 - 3 = 24.9 m, one at 78.6 at 25.1 m
    near = [tree(65, 45), tree(45, 25)]
    assert share([*near, tree(47.5, 78.4)]).value[1] == pytest.approx(100)
    assert share([*near, tree(47.5, 78.6)]).value[1] == 0


def test_low_crowns_do_not_count():
    near = [tree(65, 45), tree(45, 25)]
    assert share([*near, tree(45, 65, h=4.9)]).value[1] == 0
    assert share([*near, tree(45, 65, h=5.0)]).value[1] == pytest.approx(100)


def test_a_building_hides_it_and_a_higher_storey_looks_over():
    # a shed along the whole north side at y 55-56; the window of two floors is at 4.5 m, the
    # middle of the crown at (10 + 2.5) / 2 = 6.25 m. The sight line rises, so where it reaches
    # the shed, at y 55, it is lowest: part (55 - 50.5) / (65 - 50.5) = 0.3103 of the way,
    # 4.5 + 0.3103 x 1.75 = 5.043 m straight ahead; from other points the same part of the way
    near = [tree(65, 45), tree(45, 25), tree(45, 65)]
    low, high = (("other_building", box(0, 55, 100, 56), {"height": h}) for h in (5.0, 5.1))
    assert share(near, low).value[1] == pytest.approx(100)
    assert share(near, high).value[1] == 0
    # a third floor, window 7.5 m: 7.5 - 0.3103 x 1.25 = 7.11 at y 55, at y 56 (0.3793) 7.026
    taller = ("dwelling", HOUSE[1], {"dwellings": 1, "floors": 3, "height": 10})
    for height, seen in ((7.0, 100), (7.1, 0)):
        shed = ("other_building", box(0, 55, 100, 56), {"height": height})
        assert share(near, shed, house=taller).value[1] == pytest.approx(seen)


def test_schools_and_work_stand_beside_it():
    school = ("education", box(40, 40, 50, 50), {"floors": 1, "height": 4})
    made = scene(ZONE, [school, LAWN], [tree(45, 65), tree(65, 45), tree(45, 25)])
    found = values(SPEC, made)
    assert found["schools"].value[1] == pytest.approx(100)
    assert found["work"].value[1] == pytest.approx(100)
    assert rows(SPEC, made)[1].status == words.NOT_APPLICABLE  # no dwellings


def test_the_edge_of_a_wood_counts():
    # a wood along the north side, 10 m off: trees every 10 m along its edge at y 60; a lone tree
    # somewhere says that trees were given at all
    wood = ("wood", box(0, 60, 100, 90))
    assert share([tree(5, 5)], wood).value[1] == pytest.approx(100)


def test_without_trees_nothing_is_said():
    assert rows(SPEC, scene(ZONE, [HOUSE, LAWN]))[1].status == words.NOT_ASSESSED
    none = scene(ZONE, [HOUSE, LAWN], context={"trees": []})
    assert values(SPEC, none)[""].value[1] == 0  # a layer that says: none here


def test_spreads():
    # 3 trees of which each is missing with 10 %: 1 - 0.9^3 = 27.1 %
    # 4 trees: P(fewer than 3 left) = 0.1^4 + 4 x 0.9 x 0.1^3 + 6 x 0.81 x 0.01 = 0.0523
    assert _lost(np.array([2, 3, 4]), 3) == pytest.approx([0, 0.271, 0.0523])
    near = [tree(65, 45), tree(45, 25), tree(45, 65)]
    spreads = SPEC.compute(scene(ZONE, [HOUSE, LAWN], near), None).spreads
    assert spreads["trees"] == pytest.approx([27.1, 27.1])
    assert spreads["canopy_diameter"] == pytest.approx([0, 0])  # all well within reach
    # a tree at 24.9 m decides: with 15 % less reach, or a crown 10 % smaller (3.0 -> 2.7: 25.2 m),
    # it is gone: half of 100 %
    edge = SPEC.compute(scene(ZONE, [HOUSE, LAWN], [*near[:2], tree(47.5, 78.4)]), None).spreads
    assert edge["model"] == pytest.approx([50, 50])
    assert edge["canopy_diameter"] == pytest.approx([50, 50])


def test_a_block_with_many_dwellings_has_a_wide_interval():
    # only the north facade, 40 m of 100 m of outline, can see the three trees
    block = ("dwelling", box(20, 40, 60, 50), {"dwellings": 20, "floors": 2, "height": 7})
    trees = [tree(22, 60), tree(26, 60), tree(30, 60)]
    found = SPEC.compute(scene(ZONE, [block, LAWN], trees), None)
    assert found.parts[""].value[0] == 100
    # the truth lies between all (100 %) and the facade's share, 40 % at most; uniform between the
    # two: at least 60 / sqrt(12) = 17.3
    assert found.spreads["model"][1] >= 60 / np.sqrt(12)
