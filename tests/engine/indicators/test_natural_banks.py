"""I05 natural banks: lengths worked by hand, and everything that is no bank."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.natural_banks import SPEC
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
POND = ("water", box(20, 40, 80, 60))  # 60 x 20 m, boundary 160 m
REED = ("bank", box(30, 60, 70, 62))  # along 40 m of the north side
QUAY = ("square", box(20, 30, 80, 40))  # along the whole south side, 60 m
GRASS = ("grass", box(0, 0, 100, 100))
HARD = {"bank": "hard"}


def measure(surfaces, zones=ZONE, **more):
    part = values(SPEC, scene(zones, [*surfaces, GRASS], **more))[""]
    return part.value[1], part.weight[1], part.coverage[1]


def test_worked_by_hand():
    # natural 40 m, hard 60 m, unknown 20 + 2 * 20 = 60 m: 40 / 100 = 40 %, known 100 of 160
    value, length, coverage = measure([POND, REED, QUAY])
    assert value == pytest.approx(40.0, abs=1e-9)
    assert length == pytest.approx(160.0, abs=1e-9)
    assert coverage == pytest.approx(0.625)


@pytest.mark.parametrize(
    ("bank", "expected"),
    # the rest of the shore declared hard: 40 / 160; natural: all of it, whatever it touches
    [("hard", 25.0), ("natural", 100.0)],
)
def test_the_field_moves_it(bank, expected):
    value, length, coverage = measure([(*POND, {"bank": bank}), REED, QUAY])
    assert value == pytest.approx(expected)
    assert coverage == pytest.approx(1.0)


def test_a_longer_bank_moves_it():
    longer = ("bank", box(20, 60, 70, 62))
    assert measure([(*POND, HARD), longer])[0] == pytest.approx(100 * 50 / 160)


@pytest.mark.parametrize(("gap", "natural"), [(0.4, 40.0), (0.6, 0.0)])
def test_touching_is_half_a_metre(gap, natural):
    reed = ("nature", box(30, 60 + gap, 70, 63))
    assert measure([(*POND, HARD), reed])[0] == pytest.approx(100 * natural / 160)


def test_slanting_shore():
    # a triangle with legs of 30 and 40 m: its long side of 50 m along nature
    pond = ("water", "POLYGON((20 20,60 20,20 50,20 20))", HARD)
    wood = ("nature", "POLYGON((60 20,60 50,20 50,60 20))")
    value, length, _ = measure([pond, wood])
    assert length == pytest.approx(120.0)
    assert value == pytest.approx(100 * 50 / 120)


def test_an_island_has_banks_too():
    outer, inner = "20 20,80 20,80 80,20 80,20 20", "40 40,40 60,60 60,60 40,40 40"
    pond = ("water", f"POLYGON(({outer}),({inner}))", HARD)
    value, length, _ = measure([pond, ("nature", box(40, 40, 60, 60))])
    assert length == pytest.approx(240.0 + 80.0)
    assert value == pytest.approx(100 * 80 / 320)


def test_water_to_water_is_no_bank():
    halves = [("water", box(20, 40, 50, 60), HARD), ("water", box(50, 40, 80, 60), HARD)]
    assert measure(halves)[1] == pytest.approx(160.0)


def test_the_edge_of_the_plan_is_no_bank():
    # water from edge to edge: only its two long sides are banks
    assert measure([("water", box(0, 40, 100, 60), HARD)])[1] == pytest.approx(200.0)
    # and water that goes on beyond the plan
    made = scene(ZONE, [("water", box(0, 40, 130, 60), HARD), GRASS], plan=box(0, 0, 100, 100))
    assert values(SPEC, made)[""].weight[1] == pytest.approx(200.0)


def test_the_head_of_a_culvert_is_no_bank():
    # a ditch of 4 m, cut by a road of 8 m: two banks of 36 m and one end each
    ditch = [("water", box(10, 48, 46, 52), HARD), ("water", box(54, 48, 90, 52), HARD)]
    road = ("road", box(46, 0, 54, 100))
    assert measure([*ditch, road])[1] == pytest.approx(2 * (36 + 36 + 4))
    # without water beyond the road it is an end like any other
    assert measure([ditch[0], road])[1] == pytest.approx(2 * 36 + 2 * 4)
    # ditches along both sides of a road are banks, not one long culvert
    along = [("water", box(42, 10, 46, 90), HARD), ("water", box(54, 10, 58, 90), HARD)]
    assert measure([*along, road])[1] == pytest.approx(2 * (160 + 8))


def test_a_road_or_building_along_the_water_is_hard():
    # 80 m of road along one side, the rest unknown
    ditch, road = ("water", box(42, 10, 46, 90)), ("road", box(46, 0, 54, 100))
    value, _, coverage = measure([ditch, road])
    assert value == pytest.approx(0.0)
    assert coverage == pytest.approx(80 / 168)


def test_unknown_is_missing_not_zero():
    row = rows(SPEC, scene(ZONE, [POND, GRASS]))[1]
    assert row.value is None
    assert row.coverage == pytest.approx(0.0)
    assert row.status == words.NOT_ASSESSED


def test_no_water_does_not_apply():
    row = rows(SPEC, scene(ZONE, [GRASS]))[1]
    assert row.status == words.NOT_APPLICABLE
    assert row.value is None


def test_zones_share_a_shore():
    zones = [("GT04", box(0, 0, 40, 100)), ("GT03", box(40, 0, 100, 100))]
    made = scene(zones, [(*POND, HARD), REED, GRASS])
    part = values(SPEC, made)[""]
    zone = {made.zones.area_type[z - 1]: z for z in (1, 2)}
    # GT04: 2 * 20 + 20 = 60 m, of it 10 natural; GT03: 2 * 40 + 20 = 100 m, of it 30
    assert part.weight[zone["GT04"]] == pytest.approx(60.0)
    assert part.value[zone["GT04"]] == pytest.approx(100 * 10 / 60)
    assert part.weight[zone["GT03"]] == pytest.approx(100.0)
    assert part.value[zone["GT03"]] == pytest.approx(30.0)
    assert part.value[0] == pytest.approx(25.0)


def test_a_zone_line_along_the_shore():
    # the map of area types follows the north shore: that bank is the pond's, and counts once
    zones = [("GT04", box(0, 0, 100, 60)), ("GT03", box(0, 60, 100, 100))]
    made = scene(zones, [(*POND, HARD), REED, GRASS])
    part = values(SPEC, made)[""]
    zone = {made.zones.area_type[z - 1]: z for z in (1, 2)}
    assert part.weight[zone["GT04"]] == pytest.approx(160.0)
    assert part.weight[zone["GT03"]] == pytest.approx(0.0)


def test_a_diagonal_zone_line():
    # the line x = y parts a square pond into two triangles of boundary 2 * 40 m
    zones = [("GT04", "POLYGON((0 0,100 0,100 100,0 0))"),
             ("GT03", "POLYGON((0 0,100 100,0 100,0 0))")]  # fmt: skip
    made = scene(zones, [("water", box(30, 30, 70, 70), HARD), GRASS])
    assert values(SPEC, made)[""].weight == pytest.approx([160.0, 80.0, 80.0])


@pytest.mark.parametrize(("drop", "expected"), [(4.0, 100.0), (2.0, 0.0)])
def test_slope_of_the_terrain(drop, expected):
    # level 0 in the pond; beyond it the land rises 1:4 (natural) or 1:2 (too steep)
    x, y = np.meshgrid(np.arange(0.25, 100, 0.5), np.arange(99.75, 0, -0.5))
    away = np.maximum.reduce([20 - x, x - 80, 40 - y, y - 60, np.zeros_like(x)])
    made = scene(ZONE, [POND, GRASS], rasters={"dtm": [(away / drop, (0, 100), 0.5)]})
    row = rows(SPEC, made)[1]
    assert row.value == pytest.approx(expected)
    assert row.coverage == pytest.approx(1.0)
    assert row.proxy
    away[:] = np.nan
    made = scene(ZONE, [POND, GRASS], rasters={"dtm": [(away, (0, 100), 0.5)]})
    assert rows(SPEC, made)[1].value is None


def test_places_are_the_lines_themselves():
    places = SPEC.compute(scene(ZONE, [(*POND, HARD), REED, GRASS]), profile()).parts[""]
    lines = [ogr.CreateGeometryFromWkb(w) for w in places.wkb]
    drawn = {value: lines[k].Length() for k, value in enumerate(places.value)}
    assert drawn[100.0] == pytest.approx(40.0)
    assert drawn[0.0] == pytest.approx(120.0)


def test_cut_up_water_has_the_same_shore():
    """Sixty strips instead of one pond: the same banks to the millimetre."""
    strips = [("water", box(20 + k, 40, 21 + k, 60), HARD) for k in range(60)]
    whole = measure([(*POND, HARD), REED])
    cut = measure([*strips, REED])
    assert cut == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("degrees", [17.0, 45.0, 211.0])
def test_turned_around_it_stays_the_same(degrees):
    """Lengths do not depend on the axes: no north-up luck in the edge algebra."""

    def turned(wkt):
        a = np.radians(degrees)
        shape = ogr.CreateGeometryFromWkt(wkt)
        ring = shape.GetGeometryRef(0)
        for k in range(ring.GetPointCount()):
            x, y = ring.GetX(k), ring.GetY(k)
            ring.SetPoint_2D(k, x * np.cos(a) - y * np.sin(a), x * np.sin(a) + y * np.cos(a))
        return shape.ExportToWkt()

    zones = [("GT04", turned(box(0, 0, 40, 100))), ("GT03", turned(box(40, 0, 100, 100)))]
    made = scene(zones, [(f, turned(w), HARD) for f, w in (POND, REED, GRASS)])
    part = values(SPEC, made)[""]
    zone = {made.zones.area_type[z - 1]: z for z in (1, 2)}
    assert part.weight[0] == pytest.approx(160.0, abs=1e-6)
    assert part.value[0] == pytest.approx(25.0, abs=1e-6)
    assert part.value[zone["GT04"]] == pytest.approx(100 * 10 / 60, abs=1e-6)
