"""N08 green access: worked by hand."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.green_access import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 600, 200))]
HOUSE = ("dwelling", box(20, 20, 30, 30), {"dwellings": 3})
BARE = ("bare", box(0, 0, 600, 200))
STREET = "LINESTRING(0 10,600 10)"
AROUND = [("bare", box(-500, -500, 1100, 0))]  # something is known of what lies around


def found(*surfaces, roads=(STREET,), houses=(HOUSE,), **more):
    context = {"roads": [(w, {}) for w in roads]} if roads else {}
    context.update(more.pop("context", {}))
    return scene(ZONE, [*houses, *surfaces, BARE], context=context, current=AROUND, **more)


def park(x, w=100, h=100, **fields):
    return "grass", box(x, 20, x + w, 20 + h), fields


def test_along_the_street():
    # door (25, 20), 10 m to the street; park from x 300: along 275 m, 10 m up: 295 m
    assert values(SPEC, found(park(300)))[""].value[1] == pytest.approx(100)
    # from x 306: 10 + 281 + 10 = 301 m; straight 281 m
    parts = values(SPEC, found(park(306)))
    assert parts[""].value[1] == 0
    assert parts["straight"].value[1] == pytest.approx(100)
    assert rows(SPEC, found(park(300)))[1].mark == pytest.approx(10)


def test_a_hectare_and_the_half():
    # 100 x 100 m is 1 ha; 99 m wide is not, and is more than half
    parts = values(SPEC, found(park(200, w=99)))
    assert parts[""].value[1] == 0
    assert parts["small"].value[1] == pytest.approx(100)


def test_a_path_does_not_cut_it_in_two_and_a_road_does():
    halves = park(200, w=50), park(252.5, w=50)
    path = ("footway", box(250, 20, 252.5, 120))
    assert values(SPEC, found(*halves, path))[""].value[1] == pytest.approx(100)
    apart = park(200, w=50), park(254, w=50)
    assert values(SPEC, found(*apart, ("road", box(250, 20, 254, 120))))[""].value[1] == 0


def test_private_green_does_not_count_and_another_function_does_when_it_says_public():
    assert values(SPEC, found(park(200, public=0)))[""].value[1] == 0
    sport = ("sport", box(200, 20, 300, 120), {"public": 1})
    assert values(SPEC, found(sport))[""].value[1] == pytest.approx(100)


def test_green_of_the_role_and_what_the_design_builds_on_it():
    around = {"public_green": [(box(200, 20, 300, 120), {})]}
    # the design says `bare` there: what it draws goes before the map of what is there now
    assert values(SPEC, found(context=around))[""].value[1] == 0
    beside = {"public_green": [(box(200, 200, 300, 300), {})]}
    path = "LINESTRING(250 10,250 250)"
    # 10 + 225 + 190 = 425 m by the path: too far; the street alone passes 190 m from its edge
    made = found(roads=(STREET, path), context=beside)
    assert values(SPEC, made)[""].value[1] == 0
    near = ("dwelling", box(150, 150, 160, 160), {"dwellings": 1})
    # its middle (155, 155) lies nearest to the path at (250, 155): door (160, 155), 90 m, 45 m up
    made = found(roads=(STREET, path), context=beside, houses=[near])
    assert values(SPEC, made)[""].value[1] == pytest.approx(100)


def test_green_no_path_leads_to_cannot_be_reached():
    # the edge lies 60 m from the street: more than 50 m
    far = ("grass", box(60, 70, 180, 180))
    parts = values(SPEC, found(far))
    assert parts[""].value[1] == 0
    assert parts["straight"].value[1] == pytest.approx(100)


def test_without_a_network_the_straight_line_is_flagged():
    row = rows(SPEC, found(park(306), roads=()))[1]
    assert row.value == pytest.approx(100)
    assert row.proxy
    assert not rows(SPEC, found(park(300)))[1].proxy


def test_the_share_of_dwellings():
    far = ("dwelling", box(590, 20, 600, 30), {"dwellings": 1})
    # door (595, 20): 10 + 595 - 300 + 10 = 315 m to the east end of the park at x 300
    part = values(SPEC, found(park(200), houses=[HOUSE, far]))[""]
    assert part.value[1] == pytest.approx(75)
    assert part.weight[1] == pytest.approx(4)


def test_what_nobody_knows_of_the_surroundings_is_no_zero():
    alone = scene(ZONE, [HOUSE, BARE], context={"roads": [(STREET, {})]})
    assert rows(SPEC, alone)[1].status == words.NOT_ASSESSED
    assert rows(SPEC, found())[1].value == 0
    empty = scene(ZONE, [BARE], context={"roads": [(STREET, {})]})
    assert rows(SPEC, empty)[1].status == words.NOT_APPLICABLE


def test_spreads_follow_from_the_distances():
    # 295 m: 12 % further (roads alone, 36 m) and back: 259-331: half of 100 %; 8 m of door: 292-308
    spreads = SPEC.compute(found(park(300)), None).spreads
    assert spreads["paths"][1] == pytest.approx(50)
    assert spreads["entrances"][1] == pytest.approx(50)
    # 10 + 175 + 10 = 195 m: nothing in sight but the size: at 1.1 ha it would be no hectare
    calm = SPEC.compute(found(park(200)), None).spreads
    assert calm["paths"][1] == calm["entrances"][1] == calm["model"][1] == 0
    assert calm["public_green"][1] == pytest.approx(50)
