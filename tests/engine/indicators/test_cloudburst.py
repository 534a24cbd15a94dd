"""N04 cloudburst: worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.cloudburst import SPEC
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
PAVED = ("paved", box(-150, -150, 250, 250))
IN_PIT = ("dwelling", box(44, 44, 50, 50))  # 3 x 3 cells
GRASS = ("grass", PAVED[1])
HIGH = ("dwelling", box(80, 80, 86, 86))
TOP = (-150.0, 250.0)


def terrain(deep: float = 0.5) -> np.ndarray:
    """Cells of 2 m: a flat pit of 20 x 20 m at (40, 40), 0.5 m deep, in ground that slopes away."""
    x = np.arange(-150.0, 250.0, 2.0) + 1.0
    away = np.maximum(abs(x - 50.0)[None, :], abs(x[::-1] - 50.0)[:, None])
    z = 1.0 - 0.001 * away
    z[away < 10.0] = 1.0 - deep
    return z


def made(surfaces=(IN_PIT, HIGH), z=None, items=(), method="", ground=PAVED, **more):
    dtm = {"dtm": [(terrain() if z is None else z, TOP, 2.0)], **more.pop("rasters", {})}
    found = scene(ZONE, [*surfaces, ground], list(items), rasters=dtm if z is not False else {
        k: v for k, v in dtm.items() if k != "dtm"}, plan=box(0, 0, 100, 100), **more)  # fmt: skip
    if method:
        found.methods["cloudburst"] = method
    return found


def percent(*args, part="", **more):
    return values(SPEC, made(*args, **more))[part].value[1]


def depth(*args, **more) -> float:
    """m of water in the pit."""
    measured = SPEC.compute(made(*args, **more), profile())
    return measured.parts["max_depth"].value[1]


def test_worked_by_hand():
    # the pit (100 cells) and its rim (12 x 12 - 100 = 44) drain to 91 free cells: 70 x 144 / 91 =
    # 110.8 mm, above 100 mm: one of two buildings
    assert depth() == pytest.approx(0.070 * 144 / 91, abs=1e-9)
    part = values(SPEC, made())[""]
    assert part.value[1] == pytest.approx(50.0)
    assert part.coverage[1] == pytest.approx(1.0)
    assert part.weight[1] == pytest.approx(2.0)
    # all paved: 144 x 4 m2 x 70 mm = 40.3 m3 stand on it
    assert values(SPEC, made())["street_volume"].value[1] == pytest.approx(40.32)


def test_grass_lets_it_stay_below_the_threshold():
    # sandy loam 0.5 m/day = 20.83 mm in the hour on all but the roof (9 of 144 cells)
    mm = (135 * (70 - 500 / 24) + 9 * 70) / 91
    assert depth(ground=GRASS) == pytest.approx(mm / 1000)  # 79.9 mm
    assert percent(ground=GRASS) == 0.0
    # 90 mm: (135 x 69.17 + 9 x 90) / 91 = 111.5 mm
    assert percent(ground=GRASS, part="mm90") == pytest.approx(50.0)


def test_a_soil_map_decides():
    clay = {"infiltration": [(np.full((200, 200), 0.024), TOP, 2.0)]}  # 1 mm in the hour
    mm = (135 * 69 + 9 * 70) / 91  # 109.3
    assert depth(ground=GRASS, rasters=clay) == pytest.approx(mm / 1000)
    impossible = {"infiltration": [(np.full((200, 200), -99.0), TOP, 2.0)]}
    assert depth(ground=GRASS, rasters=impossible) == pytest.approx(
        depth(ground=GRASS))  # fmt: skip


@pytest.mark.parametrize(("floor", "expected"), [(0.60, 50.0), (0.62, 0.0), (0.55, 50.0)])
def test_a_floor_level_is_the_threshold(floor, expected):
    # water stands at 0.5 + 0.1108 m NAP
    low = (*IN_PIT, {"floor_level": floor})
    assert percent([low, HIGH]) == pytest.approx(expected)


def test_a_floor_level_that_cannot_be_is_said_and_left_out():
    # centimetres instead of metres
    measured = SPEC.compute(made([(*IN_PIT, {"floor_level": 62.0}), HIGH]), profile())
    assert [c.code for c in measured.checks] == ["floor_level_far"]
    assert percent([(*IN_PIT, {"floor_level": 62.0}), HIGH]) == pytest.approx(50.0)


def test_a_swale_in_the_pit():
    # 16 cells of 0.10 m hold 6.4 of 40.32 m3: 33.92 m3 on 91 cells = 93.2 mm
    swale = ("swale", box(52, 52, 60, 60), {"storage": 6.4})
    # its own ground is unsealed: 16 cells take 20.83 mm
    water = 0.070 * 144 - 16 * 0.5 / 24 - 1.6
    assert depth([IN_PIT, HIGH, swale]) == pytest.approx(water / 91)
    assert percent([IN_PIT, HIGH, swale]) == 0.0


def test_crates_and_roofs_hold_water_too():
    crate = ("infiltration_crate", box(52, 52, 56, 56), {"storage": 8.0})  # 2 m of cells
    assert depth(items=[crate]) == pytest.approx((0.070 * 144 - 2.0) / 91)
    # a blue roof (0.10 m) keeps the 70 mm of its 9 cells
    blue = (*IN_PIT, {"blue_roof": 1.0})
    assert depth([blue, HIGH]) == pytest.approx(0.070 * 135 / 91)
    # a point without ground plan: 8 m3 under one cell
    point = ("infiltration_crate", "POINT(54.5 54.5)", {"storage": 8.0})
    assert depth(items=[point]) == pytest.approx((0.070 * 144 - 2.0) / 91)


def test_no_sewer_unless_given():
    sewer = {"sewer": [(box(-150, -150, 250, 250), {"capacity": 20})]}
    assert depth(context=sewer) == pytest.approx(0.050 * 144 / 91)
    without = {"sewer": [(box(-150, -150, 250, 250), {"combined": 1})]}
    assert depth(context=without) == pytest.approx(0.070 * 144 / 91)


def test_open_water_takes_it():
    pond = ("water", box(52, 52, 56, 56))
    assert percent([IN_PIT, HIGH, pond]) == 0.0


def test_no_terrain_is_not_assessed():
    row = rows(SPEC, made(z=False))[1]
    assert row.status == words.NOT_ASSESSED and row.value is None
    assert rows(SPEC, made(z=np.full((200, 200), np.nan)))[1].status == words.NOT_ASSESSED
    assert rows(SPEC, made(z=np.full((200, 200), -9999.0)))[1].status == words.NOT_ASSESSED


def test_holes_are_filled_or_unknown_and_said():
    z = terrain()
    # 10 x 10 m beside the pit, outside its rim: filled from around; nothing changes much
    z[95:100, 85:90] = np.nan
    measured = SPEC.compute(made(z=z), profile())
    assert [c.code for c in measured.checks] == ["terrain_filled"]
    assert measured.checks[0].value == "100"
    # 48 x 48 m around the high building: its middle is unknown, and so is that building
    z = terrain()
    z[68:92, 108:132] = np.nan
    part = values(SPEC, made(z=z))[""]
    assert part.coverage[1] == pytest.approx(0.5)
    assert part.value[1] == pytest.approx(100.0)  # of the building that is known
    codes = {c.code for c in SPEC.compute(made(z=z), profile()).checks}
    assert codes == {"terrain_filled", "terrain_unknown"}


def test_the_ground_under_a_building_is_not_needed():
    z = terrain()
    z[100:103, 97:100] = np.nan  # under the building in the pit
    measured = SPEC.compute(made(z=z), profile())
    assert not measured.checks
    assert depth(z=z) == pytest.approx(0.070 * 144 / 91)


def test_maps_of_others():
    there = np.zeros((200, 200))
    there[95:107, 93:105] = 0.12  # around the building in the pit
    deep = {"water_depth": [(there, TOP, 2.0, {"rain": 70}), (there * 2, TOP, 2.0, {"rain": 90})]}
    row = rows(SPEC, made(z=False, rasters=deep))[1]
    assert row.value == pytest.approx(50.0)
    assert row.method == "depth-map-1"
    # where there is a terrain model the own model goes first, unless the map is asked for
    shallow = {"water_depth": [(there * 0.5, TOP, 2.0, {"rain": 70})]}
    assert percent(rasters=shallow) == pytest.approx(50.0)
    assert percent(rasters=shallow, method="map") == 0.0
    other = {"water_depth": [(there, TOP, 2.0, {"rain": 90})]}  # not for this shower
    assert rows(SPEC, made(z=False, rasters=other))[1].status == words.NOT_ASSESSED
    assert rows(SPEC, made(z=False, rasters=shallow, method="model"))[1].value is None


def test_impossible_depths_are_unknown():
    bad = {"water_depth": [(np.full((200, 200), -99.0), TOP, 2.0, {"rain": 70})]}
    row = rows(SPEC, made(z=False, rasters=bad))[1]
    assert row.status == words.NOT_ASSESSED and row.value is None


def test_no_buildings_no_mark():
    row = rows(SPEC, made([]))[1]
    assert row.status == words.NOT_APPLICABLE


def test_a_shed_without_a_cell_counts():
    shed = ("other_building", box(44.1, 44.1, 44.9, 44.9))
    assert percent([shed]) == pytest.approx(100.0)


def test_a_building_cut_by_a_zone_line_counts_by_its_share():
    zones = [("GT04", box(0, 0, 46, 100)), ("GT03", box(46, 0, 100, 100))]
    found = scene(zones, [IN_PIT, HIGH, PAVED], rasters={"dtm": [(terrain(), TOP, 2.0)]},
                  plan=box(0, 0, 100, 100))  # fmt: skip
    part = values(SPEC, found)[""]
    by_type = {t: part.value[k + 1] for k, t in enumerate(found.zones.area_type)}
    # a third of the wet building west; two thirds of it and the dry one east: 0.667 / 1.667
    assert by_type["GT04"] == pytest.approx(100.0)
    assert by_type["GT03"] == pytest.approx(40.0)
    assert part.value[0] == pytest.approx(50.0)


def test_the_field_is_shown():
    measured = SPEC.compute(made(), profile())
    field = measured.fields["water_depth"]
    raster = field.make()
    assert field.unit == "m" and field.classes == (0.05, 0.10, 0.20, 0.30, 0.50)
    assert np.nanmax(raster.values) == pytest.approx(0.070 * 144 / 91)
    assert np.isnan(raster.values).sum() == 18  # two buildings of nine cells


def test_spreads_say_what_is_in_doubt():
    spreads = SPEC.compute(made(), profile()).spreads
    # 110.8 mm against 100: a threshold 50 mm off turns the building dry: half of 50 %
    assert spreads["floor_level"][1] == pytest.approx(25.0)
    # ground 75 mm off at that place: wet with a chance p of some 0.56, so p / 2 instead of 1 / 2,
    # and a scatter of root p (1 - p) on one of two
    p = 0.5 * (1 + math.erf(0.010769 / 0.075 / math.sqrt(2)))
    expected = 100 * math.hypot((1 - p) / 2, math.sqrt(p * (1 - p)) / 2)
    assert spreads["dtm"][1] == pytest.approx(expected, rel=1e-3)
    # no slope between 70 and 90 mm: rain adds no more than the least
    assert spreads["model"][1] == pytest.approx(0.5)
    # known floors 0.3 m below the water: the threshold is not in doubt, nor is the terrain's 75 mm
    calm = SPEC.compute(made([(*IN_PIT, {"floor_level": 0.31}), HIGH]), profile()).spreads
    assert "floor_level" not in calm and calm["dtm"][1] < 0.5
    wet = SPEC.compute(made(ground=GRASS), profile()).spreads
    # 0 % at 70 and 50 % at 90 mm: 2.5 % per mm; 10 % of the rain is 7 mm
    assert wet["model"][1] == pytest.approx(np.hypot(17.5, 0.5))
    assert wet["infiltration"][1] > 0


def test_a_soil_map_narrows_the_doubt():
    known = {"infiltration": [(np.full((200, 200), 0.5), TOP, 2.0)]}
    guessed = SPEC.compute(made(ground=GRASS), profile()).spreads["infiltration"][1]
    said = SPEC.compute(made(ground=GRASS, rasters=known), profile()).spreads
    assert said["infiltration"][1] < guessed
