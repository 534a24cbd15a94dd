"""I12 green: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.green import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
PARK = ("grass", box(0, 0, 40, 100))
HOUSE = ("dwelling", box(40, 0, 50, 100), {"dwellings": 20, "green_roof": 0.5})
YARD, ROAD = ("yard", box(50, 0, 80, 100)), ("road", box(80, 0, 100, 100))
DESIGN = [PARK, HOUSE, YARD, ROAD]
NEIGHBOURS = ("dwelling", box(-100, 0, -50, 100), {"dwellings": 30})
FAR_PARK = ("grass", box(200, 0, 300, 100))
REST = ("bare", box(-700, -700, 800, 800))


def test_vegetated_share_worked_by_hand():
    # park 4000 + half of half of 1000 m2 roof = 250 + yard 3000 x 0.2 = 600: 4850 / 10,000
    # GT04 25/35/50: 8 + 2 x 13.5 / 15 = 9.8
    part = values(SPEC, scene(ZONE, DESIGN))["a"]
    assert part.value[1] == pytest.approx(48.5)
    assert part.coverage[1] == pytest.approx(1)
    assert part.assumed[1] == 0
    assert rows(SPEC, scene(ZONE, DESIGN))[1].mark == pytest.approx(9.8)


def test_a_changed_input_moves_it():
    paved = [("paved", PARK[1]), HOUSE, YARD, ROAD]
    assert values(SPEC, scene(ZONE, paved))["a"].value[1] == pytest.approx(8.5)


def test_crowns_over_paving_do_not_count():
    tree = [("tree", "POINT(90 50)", {"canopy_diameter": 12})]
    assert values(SPEC, scene(ZONE, DESIGN, tree))["a"].value[1] == pytest.approx(48.5)


def test_assumed_roof_and_unknown_ground():
    house = ("dwelling", HOUSE[1], {"dwellings": 20})  # green_roof filled in: 0
    part = values(SPEC, scene(ZONE, [PARK, house, YARD]))["a"]
    assert part.assumed[1] == pytest.approx(1000 / 8000)
    bare = values(SPEC, scene(ZONE, [PARK, house, YARD], plan=ZONE[0][1]))["a"]
    assert bare.value[1] == pytest.approx(100 * 4600 / 8000)  # x 80-100: nothing known
    assert bare.coverage[1] == pytest.approx(0.8)


def test_public_green_within_500_m_worked_by_hand():
    # own park 4000 + far park 10,000 (100-200 m away) over 20 + 30 dwellings = 280 m2
    made = scene(ZONE, DESIGN, current=[NEIGHBOURS, FAR_PARK, REST])
    part = values(SPEC, made)["b"]
    assert part.value[1] == pytest.approx(280)
    assert part.coverage[1] == pytest.approx(1)
    assert not rows(SPEC, made)[1].proxy
    # a second park at x 550-650: the ring ends at x 600, so 5000 m2 more: 19,000 / 50
    more = ("grass", box(550, 0, 650, 100))
    made = scene(ZONE, DESIGN, current=[NEIGHBOURS, FAR_PARK, more, REST])
    assert values(SPEC, made)["b"].value[1] == pytest.approx(380)


def test_public_yes_no_and_empty():
    closed = ("grass", FAR_PARK[1], {"public": 0})
    fields = ("agriculture", box(200, 200, 300, 300), {"public": 1})
    crop = ("agriculture", box(200, -200, 300, -100))  # empty: not public by itself
    made = scene(ZONE, DESIGN, current=[NEIGHBOURS, closed, fields, crop, REST])
    part = values(SPEC, made)["b"]
    assert part.value[1] == pytest.approx((4000 + 10_000) / 50)
    assert part.assumed[1] == pytest.approx(4000 / 14_000)  # the own park's `public` is empty


def test_zone_alone_is_a_proxy():
    # nothing known around: 4000 m2 for 20 dwellings
    alone = scene(ZONE, DESIGN)
    assert values(SPEC, alone)["b"].value[1] == pytest.approx(200)
    assert rows(SPEC, alone)[1].proxy
    # around it stand buildings of which nobody says what they are
    sheds = ("other_building", NEIGHBOURS[1])
    blind = scene(ZONE, DESIGN, current=[sheds, FAR_PARK, REST])
    assert values(SPEC, blind)["b"].value[1] == pytest.approx(200)
    assert rows(SPEC, blind)[1].proxy


def test_the_lower_mark_counts():
    # 4000 m2 for 80 dwellings = 50 m2: GT04 40/75/110 -> 6 + 2 x 10 / 35 = 6.571, below (a)
    dense = [PARK, ("dwelling", HOUSE[1], {"dwellings": 80, "green_roof": 0.5}), YARD, ROAD]
    row = rows(SPEC, scene(ZONE, dense))[1]
    assert row.mark == pytest.approx(6 + 20 / 35)
    assert row.unit == "m2 per dwelling"


def test_without_dwellings_part_b_does_not_apply():
    part = values(SPEC, scene(ZONE, [PARK, YARD, ROAD]))["b"]
    assert part.empty[1]
    row = rows(SPEC, scene(ZONE, [PARK, YARD, ROAD]))[1]
    assert row.unit == "%"
    assert row.status != words.NOT_ASSESSED


def test_unknown_use_of_the_own_buildings_is_not_a_zero():
    found = values(SPEC, scene(ZONE, [PARK, ("other_building", HOUSE[1]), YARD, ROAD]))["b"]
    assert np.isnan(found.value[1])
    assert found.coverage[1] == 0
    assert not found.empty[1]


def test_zones_share_the_green_around_them():
    # two zones side by side: each sees the other's ground, so both have 4000 m2 over 20 dwellings
    zones = [("GT04", box(0, 0, 45, 100)), ("GT06", box(45, 0, 100, 100))]
    made = scene(zones, DESIGN, current=[REST])
    part = values(SPEC, made)["b"]
    assert part.value == pytest.approx([200, 200, 200])
    assert values(SPEC, made)["a"].value[1] == pytest.approx(100 * (4000 + 125) / 4500)
