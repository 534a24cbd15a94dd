"""I17 societal risk."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine.indicators.societal_risk import SPEC
from tests.engine.factory import box, profile, rows, scene, values

BOX = box(0, 0, 200, 100)
HOUSE, OFFICE, FAR_HOUSE = box(10, 10, 20, 20), box(30, 10, 40, 20), box(150, 10, 160, 20)
SURFACES = [
    ("dwelling", HOUSE, {"population": 40}),
    ("office", OFFICE, {"population": 60}),
    ("dwelling", FAR_HOUSE, {"population": 100}),
]
WEST = box(0, 0, 50, 100)  # HOUSE and OFFICE


def made(areas, surfaces=None, zones=None):
    context = None if areas is None else {"attention_areas": areas}
    return scene(zones or [("GT04", BOX)], surfaces or SURFACES, plan=BOX, context=context)


def test_day_and_night_by_hand():
    # inside: 40 residents and 60 workers. Day 0.5 * 40 + 60 = 80, night 40. Of 200 persons: 40 %
    found = values(SPEC, made([(WEST, {"kind": "fire"})]))
    assert found["day"].value[1] == pytest.approx(40.0)
    assert found["night"].value[1] == pytest.approx(20.0)
    assert found[""].value[1] == pytest.approx(40.0)
    assert found[""].weight[1] == pytest.approx(200.0)


def test_night_may_be_the_worst():
    # only the far house: day 50, night 100 of 200 = 50 %
    found = values(SPEC, made([(box(140, 0, 200, 100), {"kind": "fire"})]))
    assert found[""].value[1] == pytest.approx(50.0)


def test_overlapping_areas_never_count_anyone_twice():
    both = [(WEST, {"kind": "fire"}), (WEST, {"kind": "explosion"})]
    assert values(SPEC, made(both))[""].value[1] == pytest.approx(40.0)


def test_a_building_half_inside_counts_half():
    # the area ends at x = 15: half of HOUSE. Night: 20 of 200 = 10 %; day 10 of 200 = 5 %
    found = values(SPEC, made([(box(0, 0, 15, 100), {"kind": "fire"})]))
    assert found[""].value[1] == pytest.approx(10.0)


def test_toxic_clouds_stand_apart():
    found = values(SPEC, made([(WEST, {"kind": "toxic"})]))
    assert found[""].value[1] == pytest.approx(0.0)
    assert found["toxic"].value[1] == pytest.approx(40.0)


def test_an_area_of_unknown_kind_counts_on_the_safe_side():
    assert values(SPEC, made([(WEST, {"kind": None})]))[""].value[1] == pytest.approx(40.0)


def test_a_building_over_two_zones_is_divided_by_its_ground():
    # the zone line at x = 15 halves HOUSE; the area covers zone 1 only: night 20 of 20 persons
    zones = [("GT04", box(0, 0, 15, 100)), ("GT01", box(15, 0, 200, 100))]
    made_ = made([(box(0, 0, 15, 100), {"kind": "fire"})], SURFACES[:1], zones)
    found = values(SPEC, made_)["night"]
    by_type = dict(zip(made_.zones.area_type, found.value[1:], strict=True))
    assert by_type == {"GT04": pytest.approx(100.0), "GT01": pytest.approx(0.0)}
    assert found.value[0] == pytest.approx(50.0)


def test_fn_factor_only_from_a_study():
    assert "fn_factor" not in values(SPEC, made([(WEST, {"kind": "fire"})]))
    found = values(SPEC, made([(WEST, {"kind": "fire", "fn_factor": 0.3})]))
    assert found["fn_factor"].value[1] == pytest.approx(0.3)


def test_no_legal_number():
    row = rows(SPEC, made([(WEST, {"kind": "fire"})]))[1]
    assert (row.legal_check, row.legal_limit) == ("not_in_scope", None)


def test_assumed_persons_are_said():
    # 10 dwellings x 2.1 = 21 persons by the rate: all assumed
    found = values(SPEC, made([(WEST, {"kind": "fire"})], [("dwelling", HOUSE, {"dwellings": 10})]))
    assert found[""].weight[1] == pytest.approx(21.0)
    assert found[""].assumed[1] == pytest.approx(1.0)


def test_missing_nobody_and_none_here():
    assert SPEC.compute(made(None), profile()).missing is not None
    nobody = made([(WEST, {"kind": "fire"})], [("grass", HOUSE, {})])
    assert rows(SPEC, nobody)[1].status == "not_applicable"
    assert values(SPEC, made([]))[""].value[1] == pytest.approx(0.0)  # a map that says: none here
