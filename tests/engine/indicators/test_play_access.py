"""N11 play: worked by hand."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.play_access import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT03", box(0, 0, 500, 100))]
HOUSE = ("dwelling", box(20, 20, 30, 30), {"dwellings": 3})  # door (25, 20), 10 m to the street
LAWN = ("grass", box(0, 0, 500, 100))
ROADS = [("LINESTRING(0 10,500 10)", {})]


def made(*spots, surfaces=(HOUSE,)):
    return scene(ZONE, [*surfaces, LAWN], context={"roads": ROADS, "play_spots": list(spots)})


def spot(x, y, **fields):
    return f"POINT({x} {y})", {"kind": None, **fields}


def test_two_hundred_metres():
    # 10 + 180 + 10 = 200 m
    assert values(SPEC, made(spot(205, 0)))[""].value[1] == pytest.approx(100)
    assert values(SPEC, made(spot(206, 0)))[""].value[1] == 0
    assert rows(SPEC, made(spot(205, 0)))[1].mark == pytest.approx(10)  # GT03 70/85/100


def test_a_play_area_is_entered_at_its_edge():
    # from x 205: 10 + 180 + 10 = 200 m to its corner (205, 20)
    area = ("play", box(205, 20, 240, 40))
    assert values(SPEC, made(surfaces=(HOUSE, area)))[""].value[1] == pytest.approx(100)
    drawn = made((box(205, 20, 240, 40), {"kind": None}))
    assert values(SPEC, drawn)[""].value[1] == pytest.approx(100)
    private = ("play", box(205, 20, 240, 40), {"public": 0})
    assert values(SPEC, made(surfaces=(HOUSE, private)))[""].value[1] == 0


def test_private_spots_do_not_count():
    for no in (0, "nee", "No", "private", False):
        assert values(SPEC, made(spot(60, 0, public=no)))[""].value[1] == 0
    assert values(SPEC, made(spot(60, 0, public="ja")))[""].value[1] == pytest.approx(100)


def test_per_age_where_it_is_known():
    # young: 10 + 80 + 10 = 100 m; youth 10 + 400 + 10 = 420 m
    parts = values(SPEC, made(spot(105, 0, kind="Kleuters"), spot(425, 0, kind="jongeren")))
    assert parts["young"].value[1] == pytest.approx(100)
    assert parts["youth"].value[1] == pytest.approx(100)
    assert "children" not in parts
    assert values(SPEC, made(spot(106, 0, kind="kleuters")))["young"].value[1] == 0


def test_nothing_given_and_nobody_there():
    bare = scene(ZONE, [HOUSE, LAWN], context={"roads": ROADS})
    assert rows(SPEC, bare)[1].status == words.NOT_ASSESSED
    assert values(SPEC, made())[""].value[1] == 0
    empty = scene(ZONE, [LAWN], context={"roads": ROADS, "play_spots": []})
    assert rows(SPEC, empty)[1].status == words.NOT_APPLICABLE


def test_of_unknown_surroundings_only_the_middle_is_sure():
    # play in the design only, nothing given around it: the house in the middle of 900 x 900 m is
    # 445 m from the edge and has none within 200 m: surely none; the one at the edge is unknown
    zone = [("GT03", box(0, 0, 900, 900))]
    play = ("play", box(880, 880, 900, 900))
    houses = [("dwelling", box(x, x, x + 10, x + 10), {"dwellings": 1}) for x in (20, 445)]
    part = values(SPEC, scene(zone, [*houses, play, ("bare", box(0, 0, 900, 900))],
                              context={"roads": [("LINESTRING(0 0,900 900)", {})]}))[""]
    assert part.coverage[1] == pytest.approx(0.5)
    assert part.value[1] == 0
