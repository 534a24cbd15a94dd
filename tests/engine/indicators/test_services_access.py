"""N09 services circle: worked by hand."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.services_access import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT03", box(0, 0, 500, 100))]
HOUSE = ("dwelling", box(20, 20, 30, 30), {"dwellings": 3})  # door (25, 20), 10 m to the street
LAWN = ("grass", box(0, 0, 500, 100))
STREET = "LINESTRING(0 10,500 10)"


def made(*spots, surfaces=(HOUSE,), roads=(STREET,), **more):
    context = {"roads": [(w, {}) for w in roads]} if roads else {}
    context["facilities"] = [(w if " " in w else "", {"kind": k}) for w, k in spots]
    return scene(ZONE, [*surfaces, LAWN], context={**context, **more})


def spot(x, y, kind="supermarkt"):
    return f"POINT({x} {y})", kind


def test_network_decides_not_the_straight_line():
    # 10 + (305 - 25) + 10 = 300 m; 1 m further it is 301, straight still 281
    assert values(SPEC, made(spot(305, 0)))[""].value[1] == pytest.approx(100)
    assert values(SPEC, made(spot(306, 0)))[""].value[1] == 0
    # GT03 50/75/100
    assert rows(SPEC, made(spot(305, 0)))[1].mark == pytest.approx(10)


def test_groups_have_their_own_distance_and_kinds():
    # supermarket at 10 + 130 + 10 = 150 m, school at 10 + 380 + 10 = 400 m
    parts = values(SPEC, made(spot(155, 0), spot(405, 0, "Basisschool")))
    assert [parts[p].value[1] for p in ("", "frail", "children")] == pytest.approx([100] * 3)
    assert parts["kind_school"].value[1] == 0
    assert parts["kind_daily"].value[1] == pytest.approx(100)
    parts = values(SPEC, made(spot(156, 0), spot(406, 0, "school")))
    assert [parts[p].value[1] for p in ("", "frail", "children")] == pytest.approx([100, 0, 0])


def test_a_school_alone_is_no_daily_service():
    assert values(SPEC, made(spot(60, 0, "school")))[""].value[1] == 0


def test_words_in_two_languages_and_unknown_ones():
    for word in ("Huisarts", "pharmacy", "WINKEL"):
        assert values(SPEC, made(spot(60, 0, word)))[""].value[1] == pytest.approx(100)
    odd = made(spot(60, 0, "zeppelin"), spot(70, 0, "zeppelin"), spot(80, 0, None))
    found = SPEC.compute(odd, None)
    assert values(SPEC, odd)[""].value[1] == 0
    kinds = [(c.value, c.params["count"]) for c in found.checks if c.code == "unknown_kind"]
    assert kinds == [("", 1), ("zeppelin", 2)]


def test_buildings_are_facilities_and_who_lives_above_has_no_walk():
    shop = ("retail", box(400, 20, 410, 30), {"dwellings": 1})
    parts = values(SPEC, made(surfaces=(HOUSE, shop)))
    # the shop's door (405, 20): 10 + 380 + 10 = 400 m for the 3, 0 m for the one above it
    assert parts[""].value[1] == pytest.approx(25)
    assert parts["frail"].value[1] == pytest.approx(25)
    ward = ("care", box(60, 20, 70, 30), {"use_class": "care_beds"})
    assert values(SPEC, made(surfaces=(HOUSE, ward)))[""].value[1] == 0


def test_a_facility_in_a_building_is_entered_by_its_door():
    # the practice stands at (210, 90) in a building with its entrance at (290, 20):
    # 10 + 265 + 10 = 285 m; by its own place it would have been 10 + 185 + 80 = 275 m
    hall = ("office", box(200, 20, 300, 95))
    inside = made(spot(210, 90, "huisarts"), surfaces=(HOUSE, hall),
                  entrances=[("POINT(290 20)", {"kind": None})])  # fmt: skip
    assert values(SPEC, inside)[""].value[1] == pytest.approx(100)
    far = made(spot(210, 90, "huisarts"), surfaces=(HOUSE, hall),
               entrances=[("POINT(300 70)", {"kind": None})])  # 10 + 275 + 60 = 345 m
    assert values(SPEC, far)[""].value[1] == 0


def test_each_entrance_serves_its_part_of_the_dwellings():
    block = ("dwelling", box(20, 20, 200, 30), {"dwellings": 10})
    doors = [("POINT(20 20)", {}), ("POINT(200 20)", {})]
    # shop at (400, 10): 10 + 380 = 390 m from the west door, 10 + 200 = 210 m from the east door
    assert values(SPEC, made(spot(400, 10), surfaces=(block,), entrances=doors))[
        ""].value[1] == pytest.approx(50)  # fmt: skip


def test_an_island_cannot_be_reached_and_is_said():
    # the second street, 50 m of 500, is not joined to the first
    both = (STREET, "LINESTRING(30 60,80 60)")
    island = made(spot(60, 65), roads=both, surfaces=(HOUSE,))
    assert values(SPEC, island)[""].value[1] == 0
    codes = {c.code: c.params for c in SPEC.compute(island, None).checks}
    assert codes["network_islands"] == {"count": 1, "length": pytest.approx(50)}
    assert codes["place_on_island"] == {"count": 1}
    bridge = made(spot(60, 65), roads=(*both, "LINESTRING(40 5,40 65)"))
    assert values(SPEC, bridge)[""].value[1] == 0  # crosses both without a vertex
    joined = made(spot(60, 65), roads=(*both, "LINESTRING(40 10,40 60)"))  # ends on both
    # 10 + 15 + 50 + 20 + 5 = 100 m
    assert values(SPEC, joined)["frail"].value[1] == pytest.approx(100)


def test_straight_and_flagged_without_a_network():
    row = rows(SPEC, made(spot(306, 0), roads=()))[1]
    # centre (25, 25) to (306, 0): 282 m
    assert (row.value, row.proxy) == (pytest.approx(100), True)
    wide = SPEC.compute(made(spot(306, 0), roads=()), None).spreads
    assert wide["roads"][1] == pytest.approx(50)


def test_no_layer_is_missing_and_an_empty_one_is_zero():
    bare = scene(ZONE, [HOUSE, LAWN], context={"roads": [(STREET, {})]})
    assert rows(SPEC, bare)[1].status == words.NOT_ASSESSED
    assert values(SPEC, made())[""].value[1] == 0
    empty = scene(ZONE, [LAWN], context={"facilities": []})
    assert rows(SPEC, empty)[1].status == words.NOT_APPLICABLE


def test_spreads():
    # one shop that a map may lack with 10 %: 10 points; two of equal worth: each alone costs
    # nothing (in turn one of five parts is left out)
    one = SPEC.compute(made(spot(105, 0)), None).spreads
    assert one["facilities"][1] == pytest.approx(10)
    assert one["paths"][1] == 0
    two = SPEC.compute(made(spot(105, 0), spot(106, 0)), None).spreads
    assert two["facilities"][1] == 0
    # with drawn entrances the place of the door is known to 2 m: 295 m is sure, 299 is not
    given = [("POINT(25 20)", {})]
    assert SPEC.compute(made(spot(300, 0), entrances=given), None).spreads["entrances"][1] == 0
    assert SPEC.compute(made(spot(304, 0), entrances=given), None).spreads["entrances"][
        1] == pytest.approx(50)  # fmt: skip
