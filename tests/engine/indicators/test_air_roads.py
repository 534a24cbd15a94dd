"""I15 with roads: SRM1 on top of a background, nothing twice, everything said."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators.air_quality import SPEC
from dgo_twin_plugin.engine.models.air.roads import road_air
from dgo_twin_plugin.engine.texts import LANGUAGES, has_text
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 200, 100))]
HOME = ("dwelling", box(10, 10, 20, 20), {"dwellings": 12, "height": 9})
AXIS = "LINESTRING(-100 0,300 0)"
BUSY = {"intensity": 10_000, "medium": 0, "heavy": 0, "speed": 50, "tree_factor": 1}
# The facade stands at 10 m, its points at 9.5 m. One house on 10 of 100 m of the street: type 4.
# theta = 3.1e-4 * 90.25 - .0182 * 9.5 + .33 = .0279775 - .1729 + .33 = .1850775
# E(NOx) = 10,000 * .272 * 1000 / 86400 = 31.4815 (table of 2021)
# C(NOx) = .62 * 31.4815 * .1850775 * 5 / 3.5 = 5.16063; emitted NO2 = * .064 / .272 = 1.21427
# NO2 = 1.21427 + .6 * 3.94636 * 45 / 103.94636 = 1.21427 + 1.02507 = 2.23933
# PM10 = 5.16063 * .031 / .272 = .58816
NO2, PM10 = 2.23933, 0.58816


def even(level, **attributes):
    return np.full((12, 24), float(level)), (-10, 110), 10, attributes


def back(level=12.0, **more):
    return even(level, contribution="background", **more)


def made(rasters, roads=((AXIS, BUSY),), surfaces=(HOME,), items=None, method=None, context=None,
         date="2026-11-21"):  # fmt: skip
    found = scene(ZONE, list(surfaces), items=items, rasters=rasters, plan=ZONE[0][1], date=date,
                  context={"roads": list(roads), **(context or {})})  # fmt: skip
    if method:
        found.methods["air_quality"] = method
    return found


def value(found, part=""):
    """Of the only substance, or of a part."""
    parts = values(SPEC, found)
    return float(parts[part or next(iter(parts))].value[1])


def codes(found):
    return {c.code: c.value for c in SPEC.compute(found, profile()).checks}


def test_background_and_road_worked_by_hand():
    found = made({"no2": [back(12)], "pm10": [back(16)]})
    assert value(found) == pytest.approx(12 + NO2, abs=1e-4)
    assert value(found, "no2_background") == pytest.approx(12)
    assert value(found, "no2_road") == pytest.approx(NO2, abs=1e-4)
    assert value(found, "pm10") == pytest.approx(16 + PM10, abs=1e-4)
    # days at 16.58816: .13401 * 213.50 - 3.9427 * 14.61184 + 35 = 28.612 - 57.610 + 35 = 6.00
    assert value(found, "pm10_days") == pytest.approx(6.0, abs=0.01)
    assert SPEC.compute(found, profile()).method == "srm1-1"


def test_a_total_map_has_the_roads_in_it():
    for attributes in ({}, {"contribution": "total"}):
        found = made({"no2": [even(20, **attributes)]})
        assert value(found) == pytest.approx(20)
        assert "no2_road" not in values(SPEC, found)
        assert SPEC.compute(found, profile()).method == ""  # the method of the maps


def test_over_a_total_map_only_roads_of_the_plan_come_on_top():
    # 10,000 of today in the map, as many of the plan: what the second 10,000 add to the NO2
    # NOx 10.32125, emitted 2.42853, rest 7.89272: 2.42853 + 27 * 7.89272 / 107.89272 = 4.40367
    plan = {**BUSY, "origin": "plan"}
    found = made({"no2": [even(20)]}, [(AXIS, BUSY), (AXIS, plan)])
    assert value(found) == pytest.approx(20 + 4.40367 - NO2, abs=1e-4)
    assert value(found, "no2_plan") == pytest.approx(4.40367 - NO2, abs=1e-4)


def test_contributions_add_and_stand_apart():
    plan = {**BUSY, "intensity": 2000, "origin": "plan"}
    found = made({"no2": [back(12)], "pm10": [back(16)]}, [(AXIS, BUSY), (AXIS, plan)])
    for name, base in (("no2", 12), ("pm10", 16)):
        apart = [value(found, f"{name}_{kind}") for kind in ("background", "road", "plan")]
        assert sum(apart) == pytest.approx(value(found, name))
        assert apart[0] == base
    assert value(found, "pm10_plan") == pytest.approx(PM10 / 5, abs=1e-4)
    notes = SPEC.compute(found, profile()).notes
    # PM10: .11763 / (16 + .58816 + .11763) = 0.70 %; NO2: about .4 / 14.7 = 3 %: below 5 %
    assert notes["plan_share"]["pm10"][1] == pytest.approx(0.00704, abs=1e-4)
    assert notes["autonomous"].key.endswith("plan_small")


def test_the_model_takes_the_place_of_a_map_of_roads():
    maps = {"no2": [back(12), even(4, contribution="road")]}
    assert value(made(maps)) == pytest.approx(12 + NO2, abs=1e-4)
    assert value(made(maps, method="map")) == pytest.approx(16)
    assert value(made(maps, [(AXIS, {"intensity": None})])) == pytest.approx(16)


def test_method_model_wants_a_background_and_traffic():
    assert value(made({"no2": [even(20), back(12)]}, method="model")) == pytest.approx(
        12 + NO2, abs=1e-4)  # fmt: skip
    for found, why in ((made({"no2": [even(20)]}, method="model"), "no_background"),
                       (made({"no2": [back()]}, [(AXIS, {"speed": 50})], method="model"),
                        "no_traffic")):  # fmt: skip
        missing = SPEC.compute(found, profile()).missing
        assert missing.key == f"indicators.air_quality.{why}"
        assert all(has_text(missing.key, lang) for lang in LANGUAGES)


def test_a_modelled_excess_is_only_indicative():
    crowd = {**BUSY, "intensity": 90_000}
    found = SPEC.compute(made({"no2": [back(38, basis="legal")]}, [(AXIS, crowd)]), profile())
    assert [t.outcome for t in found.legal] == ["indicative"]
    found = SPEC.compute(made({"no2": [back(41, basis="legal")]}), profile())
    assert [t.outcome for t in found.legal] == ["exceeds"]  # by the map alone


def test_a_street_between_blocks_holds_its_air():
    # blocks of 15 m at 10 m from the axis on both sides: d/H = .67, type 2.
    # theta(9.5) = 4.88e-4 * 90.25 - .0308 * 9.5 + .59 = .044042 - .2926 + .59 = .341442
    # PM10 = .58816 * .341442 / .1850775 = 1.08507
    north = ("dwelling", box(10, 10, 190, 20), {"dwellings": 12, "height": 15})
    south = ("office", box(0, -20, 200, -10), {"height": 15})
    found = made({"pm10": [back(16)]}, surfaces=[north, south])
    assert value(found) == pytest.approx(17.08507, abs=1e-3)
    # a given type goes before: type 4
    given = made({"pm10": [back(16)]}, [(AXIS, {**BUSY, "street_type": 4})], [north, south])
    assert value(given) == pytest.approx(16 + PM10, abs=1e-4)


def test_trees_hold_it_too():
    # crowns of 12 m every 10 m on both sides of a street 30 m wide (open): cover
    # 2 * pi/4 * 144 / (10 * 30) = .75 and they touch: factor 1.5
    trees = [("tree", f"POINT({x} {y})", {"canopy_diameter": 12, "height": 15})
             for x in range(-95, 300, 10) for y in (-6, 6)]  # fmt: skip
    free = {k: v for k, v in BUSY.items() if k != "tree_factor"}
    found = made({"pm10": [back(16)]}, [(AXIS, free)], items=trees)
    assert value(found) == pytest.approx(16 + 1.5 * PM10, abs=1e-3)


def test_behind_buildings_there_is_nothing():
    screen = ("office", box(-100, 4, 300, 6), {"height": 9})
    found = made({"pm10": [back(16)]}, surfaces=[HOME, screen])
    assert value(found) == pytest.approx(16)
    assert codes(found)["air_behind"] == "1"


def test_a_road_cut_in_pieces_counts_once():
    cut = [("LINESTRING(-100 0,15 0)", BUSY), ("LINESTRING(15 0,300 0)", BUSY)]
    assert value(made({"pm10": [back(16)]}, cut)) == pytest.approx(16 + PM10, abs=1e-4)


def test_ozone_of_the_map():
    # no ozone: only what is emitted as NO2
    found = made({"no2": [back(12)], "o3": [even(0)]})
    assert value(found) == pytest.approx(12 + 1.21427, abs=1e-4)
    assert "air_no_ozone" not in codes(found)
    assert "air_no_ozone" in codes(made({"no2": [back(12)]}))


@pytest.mark.parametrize(
    ("road", "code"),
    [
        ({"intensity": None}, "air_no_traffic"),
        ({"medium": 70, "heavy": 40}, "air_bad_shares"),
        ({"speed": 100}, "air_open_road"),
        ({"speed": 4}, "air_slow_road"),
        ({"height": 5}, "air_raised_road"),
        ({"intensity": 150_000}, "air_very_busy"),
        ({"intensity": -99}, "air_no_traffic"),
    ],
)
def test_what_srm1_cannot_do_is_said(road, code):
    other = ("LINESTRING(-100 -30,300 -30)", {**BUSY, **road})
    found = made({"no2": [back(12)]}, [(AXIS, BUSY), other])
    assert codes(found)[code] == "1"
    for name in ("title", "advice"):
        assert all(has_text(f"checks.{code}.{name}", lang) for lang in LANGUAGES)
    assert 12 < value(found) < 40


def test_far_close_and_beyond_are_said():
    away = ("dwelling", box(10, 80, 20, 90), {"dwellings": 3, "height": 9})
    found = made({"pm10": [back(16)]}, surfaces=[HOME, away])
    assert codes(found)["air_far"] == "1"
    close = made({"pm10": [back(16)]}, [("LINESTRING(-100 8,300 8)", BUSY)])
    assert codes(close)["air_close"] == "1"
    one_side = [("LINESTRING(-100 -25,300 -25)", {**BUSY, "street_type": 3})]
    assert codes(made({"pm10": [back(16)]}, one_side))["air_beyond"] == "1"
    assert codes(made({"pm10": [back(16)]}))["air_factors_old"] == "2021"
    assert codes(made({"pm10": [back(16)]}, date="2012-01-01"))["air_factors_later"] == "2015"
    for code in ("air_far", "air_close", "air_beyond", "air_behind", "air_factors_old",
                 "air_factors_later", "air_no_ozone", "air_map_impossible"):  # fmt: skip
        for name in ("title", "advice"):
            assert all(has_text(f"checks.{code}.{name}", lang) for lang in LANGUAGES)


@pytest.mark.parametrize("level", [-99.0, -0.1, 9999.0, np.inf])
def test_impossible_cells_are_unknown(level):
    found = made({"no2": [back(level)]})
    assert np.isnan(value(found))
    assert "raster_impossible" in [c.code for c in found.checks]


def test_a_field_that_cannot_be_is_said_and_not_used():
    other = ("LINESTRING(-100 -30,300 -30)", {**BUSY, "congestion": 7})
    found = made({"no2": [back(12)]}, [(AXIS, BUSY), other])
    assert [(c.code, c.field) for c in found.checks] == [("impossible_value", "congestion")]
    usual = ("LINESTRING(-100 -30,300 -30)", BUSY)
    assert value(found) == pytest.approx(value(made({"no2": [back(12)]}, [(AXIS, BUSY), usual])))


# --- spreads ------------------------------------------------------------------------------------
def spreads(found):
    return {k: float(v[1]) for k, v in SPEC.compute(found, profile()).spreads.items()}


def width(found):
    """Of the mark of the zone that has it."""
    row = rows(SPEC, found)[1]
    return row.mark_high - row.mark_low


def test_of_a_map_alone_the_profile_says_the_spread():
    assert spreads(made({"no2": [even(20)]})) == {}
    assert spreads(made({"no2": [back(12)]}, method="map")) == {}


def test_spread_by_input_worked_by_hand():
    # PM10 of the road .58816: traffic 10 %, factors 15 % + 5 years * 3 % = 30 %, wind 8 %,
    # type from the map with a given height 15 %, the model 20 %; the map 15 % of 16
    found = spreads(made({"pm10": [back(16)]}))
    assert found == pytest.approx({
        "pm10.pm10": 2.4, "pm10.roads": 0.058816, "pm10.emission_factors": 0.176448,
        "pm10.wind": 0.0470528, "pm10.street_type": 0.088224, "pm10.model": 0.117632},
        abs=1e-4)  # fmt: skip


def test_each_substance_has_its_own():
    found = spreads(made({"no2": [back(12)], "pm25": [back(9, sigma=0.9)]}))
    assert found["no2.no2"] == pytest.approx(1.8)
    assert found["pm25.pm25"] == pytest.approx(0.9)
    # ozone: 1.02507 of the NO2 rests on it, 25 % where the rate stands in
    assert found["no2.o3"] == pytest.approx(0.25 * 1.02507, abs=1e-4)
    assert "pm25.o3" not in found


def test_knowing_more_narrows():
    base = made({"no2": [back(12)]})
    loose = {k: v for k, v in BUSY.items() if k not in ("medium", "heavy", "speed")}
    assert width(made({"no2": [back(12, sigma=0.5)]})) < width(base)
    typed = made({"no2": [back(12)]}, [(AXIS, {**BUSY, "street_type": 4})])
    assert spreads(typed)["no2.street_type"] == 0
    assert width(typed) < width(base)
    assert spreads(made({"no2": [back(12)]}, [(AXIS, loose)]))["no2.roads"] > (
        spreads(base)["no2.roads"])  # fmt: skip
    assert width(made({"no2": [back(12)], "o3": [even(45)]})) < width(base)


def test_the_design_changes_the_street():
    # an office of 60 m across the road makes the street one-sided, then a canyon
    found = []
    for width in (0, 200):
        more = [("office", box(0, -20, width, -10), {"height": 15})] if width else []
        found.append(value(made({"pm10": [back(16)]}, surfaces=[HOME, *more])))
    assert found[1] > found[0]


def test_product_is_shared():
    found = made({"pm10": [back(16)]})
    assert road_air(found) is road_air(found)
