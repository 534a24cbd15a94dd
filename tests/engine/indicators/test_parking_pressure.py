"""N10 parking pressure: worked by hand with the rates of profiles/models/parking.yml."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.parking_pressure import SPEC
from dgo_twin_plugin.engine.models.access.parking import PERIODS, presence
from dgo_twin_plugin.engine.models.tables import constants
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]  # area factor 1
HOUSE = ("dwelling", box(0, 0, 20, 20), {"dwellings": 10, "dwelling_type": "ground"})
REST = ("bare", box(0, 0, 100, 100))


def lot(spaces=None, x=40, width=30, function="parking"):
    return function, box(x, 0, x + width, 10), {"parking_spaces": spaces}


def made(*surfaces, zones=ZONE, **context):
    return scene(zones, [*surfaces, REST], context=context)


def test_the_table_is_complete():
    table = constants("parking")
    assert tuple(table["periods"]) == PERIODS
    for who in ("residents", "visitors", *table["floor"]):
        assert len(presence(who)) == 8
        assert presence(who).max() == 1 or who == "visitors" or presence(who).max() >= 0.9


def test_dwellings_on_counted_spaces():
    # 10 x 1.3 = 13 residents, 10 x 0.2 = 2 visitors, on 16 spaces
    # night: 13 x 1.00 + 2 x 0.05 = 13.1; workday evening: 13 x 0.85 + 2 x 0.75 = 12.55
    # shopping evening: 13 x 0.80 + 2 x 0.65 = 11.7; night is busiest: 81.875 %
    parts = values(SPEC, made(HOUSE, lot(16)))
    assert parts[""].value[1] == pytest.approx(81.875)
    assert parts["workday_evening"].value[1] == pytest.approx(100 * 12.55 / 16)
    assert parts[""].weight[1] == pytest.approx(13.1)
    assert parts[""].assumed[1] == 0
    # GT04 90/85/75, down: 8 + 2 x 3.125 / 10
    assert rows(SPEC, made(HOUSE, lot(16)))[1].mark == pytest.approx(8.625)


def test_offices_by_day_and_homes_by_night_share_spaces():
    # office 1,000 m2: 15 spaces by workday morning, with 13 x 0.55 + 2 x 0.10 = 7.35: 22.35
    # afternoon: 14.25 + 7.15 + 0.4 = 21.8; night 13.1: the morning is busiest: 22.35 / 30
    office = ("office", box(20, 0, 40, 20), {"gfa": 1000})
    parts = values(SPEC, made(HOUSE, office, lot(30)))
    assert parts[""].value[1] == pytest.approx(74.5)
    assert parts["workday_night"].value[1] == pytest.approx(100 * 13.1 / 30)


def test_capacity_from_ground_the_role_and_plots():
    # 30 x 10 m / 15 = 20 spaces, assumed
    part = values(SPEC, made(HOUSE, lot()))[""]
    assert part.value[1] == pytest.approx(65.5)
    assert part.assumed[1] == pytest.approx(1)
    # the role says 25 for that same lot; where the surface itself says 16, that goes before
    role = {"parking": [("POINT(50 5)", {"spaces": 25, "kind": "public"})]}
    assert values(SPEC, made(HOUSE, lot(), **role))[""].value[1] == pytest.approx(100 * 13.1 / 25)
    assert values(SPEC, made(HOUSE, lot(16), **role))[""].value[1] == pytest.approx(81.875)
    # 5 drives count for 80 %: 16 + 4; a firm's own spaces not at all
    drive = lot(5, x=75, width=5, function="yard")
    assert values(SPEC, made(HOUSE, lot(16), drive))[""].value[1] == pytest.approx(65.5)
    firm = {"parking": [("POINT(90 90)", {"spaces": 99, "kind": "private"})]}
    assert values(SPEC, made(HOUSE, lot(16), **firm))[""].value[1] == pytest.approx(81.875)


def test_zones_and_plan():
    # homes west, spaces east: the plan has both, the west has nothing to park on, the east no
    # demand; GT03 has factor 0.8: 13.1 x 0.8 / 16 = 65.5 %
    zones = [("GT03", box(0, 0, 30, 100)), ("GT04", box(30, 0, 100, 100))]
    found = rows(SPEC, made(HOUSE, lot(16), zones=zones))
    assert found[0].value == pytest.approx(65.5)
    assert [r.status for r in found[1:]] == [words.NOT_ASSESSED, words.NOT_APPLICABLE]


def test_nothing_drawn_no_demand_and_a_car_park_without_a_number():
    assert rows(SPEC, made(HOUSE))[1].status == words.NOT_ASSESSED
    assert rows(SPEC, made(lot(16)))[1].status == words.NOT_APPLICABLE
    silent = made(HOUSE, lot(16), parking=[("POINT(90 90)", {"spaces": None, "kind": None})])
    found = SPEC.compute(silent, None)
    assert [c.code for c in found.checks] == ["parking_without_spaces"]
    assert values(SPEC, silent)[""].value[1] == pytest.approx(81.875)


def test_spreads():
    # rates 20 % of 65.5; the ground 20 % of it, for all of the capacity follows from ground
    spreads = SPEC.compute(made(HOUSE, lot()), None).spreads
    assert spreads["model"][1] == pytest.approx(13.1)
    assert spreads["parking_spaces"][1] == pytest.approx(13.1)
    assert SPEC.compute(made(HOUSE, lot(16)), None).spreads["parking_spaces"][1] == 0
