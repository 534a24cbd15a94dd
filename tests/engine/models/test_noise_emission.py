"""Emission of roads and railways: published figures, laws of nature, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgo_twin_plugin.engine.models.noise import emission, rail
from dgo_twin_plugin.engine.models.noise.lines import BANDS, HOURS, PERIODS, lines_of, segments
from dgo_twin_plugin.engine.models.noise.traffic import surface_terms
from dgo_twin_plugin.engine.models.tables import constants
from tests.engine.factory import box, scene, wkb

ZONE = [("GT04", box(0, 0, 200, 100))]
ROAD = "LINESTRING(0 50,100 50)"
DAY = {"day_share": 6.5, "evening_share": 3.5, "night_share": 1.0}
FULL = {"intensity": 5000.0, "medium": 4.0, "heavy": 2.0, "speed": 50.0, "surface": "DAB",
        "owner": "municipal", **DAY}  # fmt: skip


def roads(*rows, wkt=ROAD):
    given_ = [(row.pop("wkt", wkt), row) for row in map(dict, rows)]
    return scene(ZONE, context={"roads": given_}, plan=ZONE[0][1])


def tracks(*rows):
    return scene(ZONE, context={"railways": [(ROAD, dict(row)) for row in rows]}, plan=ZONE[0][1])


def codes(found):
    return [check.code for check in lines_of(found)[1]]


def levels(found):
    """(k, 3) A-weighted power per metre."""
    return emission.total(lines_of(found)[0].power)


def reference(n):
    return np.full(n, emission.surfaces().names.index("reference"), np.int64)


# --- the formulae -------------------------------------------------------------------------------


def test_one_octave_by_hand():
    # light vehicle, 500 Hz, 50 km/h: rolling 93.1 + 25.7 lg(50/70) = 93.1 - 3.755 = 89.345;
    # propulsion 87.2 + 8.0 (50-70)/70 = 84.914; sum 10 lg(10^8.9345 + 10^8.4914) = 90.682;
    # A-weighting -3.2: 87.482
    power = emission.vehicle_power(np.array([[50.0, 50.0, 50.0]]), reference(1))
    assert power.shape == (1, 3, len(BANDS))
    assert power[0, 0, 3] == pytest.approx(87.482, abs=2e-3)


def test_surface_changes_rolling_always_and_propulsion_only_downward():
    # ZOAB at 70 km/h (lg 1 = 0): 125 Hz alpha +5.4: rolling 89.2 + 5.4 = 94.6, propulsion 92.5 as
    # it is: 96.685. 2 kHz alpha -3.2: rolling 96.7 - 3.2, propulsion 88.0 - 3.2 = 84.8: 94.049
    at = np.array([emission.surfaces().names.index("zoab")])
    power = emission.vehicle_power(np.array([[70.0] * 3]), at)
    assert power[0, 0, 1] == pytest.approx(96.685 - 16.1, abs=2e-3)
    assert power[0, 0, 5] == pytest.approx(94.049 + 1.2, abs=2e-3)


def test_cold_air_makes_rolling_louder():
    # 10 degrees: 0.08 x 10 = 0.8 dB on rolling noise of cars. 1 kHz at 70: rolling 100.1 -> 100.9,
    # propulsion 84.7: 10 lg(10^10.09 + 10^8.47) = 101.003, 10 lg(10^10.01 + 10^8.47) = 100.223
    speed = np.array([[70.0] * 3])
    warm, cold = (emission.vehicle_power(speed, reference(1), air=t)[0, 0, 4] for t in (20, 10))
    assert (warm, cold) == pytest.approx((100.223, 101.003), abs=2e-3)


def test_power_per_metre_by_hand():
    # 100 dB, 500 vehicles per hour at 50 km/h: 10 lg(500 / 50 000) = -20 -> 80 dB/m
    flow = np.zeros((1, 3, 3))
    flow[0, 0, 0] = 500
    power = np.full((1, 3, 8), 100.0)
    found = emission.line_power(flow, np.full((1, 3), 50.0), power)
    assert found[0, 0] == pytest.approx(np.full(8, 80.0))
    assert np.isneginf(found[0, 1:]).all()


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="nmpb"):
        emission.vehicle_power(np.array([[50.0] * 3]), reference(1), "nmpb")


# --- lines --------------------------------------------------------------------------------------


def test_lines_carry_what_the_road_says():
    row = {**FULL, "owner": "provincial", "origin": "plan", "height": 3.0}
    found = roads(row, wkt="MULTILINESTRING((0 50,40 50,40 90),(60 0,90 40))")
    lines, checks = lines_of(found)
    assert checks == []
    assert lines.n == 3
    assert lines.length == pytest.approx([40, 40, 50])
    assert set(lines.kind) == {"road_provincial"} and set(lines.origin) == {"plan"}
    assert lines.height == pytest.approx([3.05] * 3)  # 0.05 m above the road
    assert lines.feature.tolist() == [0, 0, 0]
    x = float(lines.x0[0]) + found.origin[0]
    assert x == pytest.approx(0.0)


def test_shares_of_the_day_make_a_whole_day():
    # 6.5, 3.5, 0.9 add up to 99.2: brought to 100 %. All vehicles of a day pass: sum over hours of
    # flow = 5000.
    cars, _ = emission.road_traffic(roads({**FULL, "day_share": None, "evening_share": None,
                                           "night_share": None}))  # fmt: skip
    per_hour = cars.flow[0].sum(axis=1)
    assert per_hour @ np.array(HOURS) == pytest.approx(5000.0)
    assert per_hour[0] == pytest.approx(5000 * 6.5 / 99.2)
    assert cars.flow[0, 0] / per_hour[0] == pytest.approx([0.94, 0.04, 0.02])


def test_heavy_vehicles_keep_to_80():
    cars, _ = emission.road_traffic(roads({**FULL, "speed": 100.0}))
    assert cars.speed[0].tolist() == [100.0, 80.0, 80.0]


def test_segments_of_other_geometries_are_none():
    assert len(segments(wkb("POINT(1 1)"))) == 0
    assert len(segments(wkb("LINESTRING(0 0,0 0)"))) == 0
    assert len(segments(wkb("POLYGON((0 0,1 0,1 1,0 0))"))) == 0


def test_the_shipped_method_is_one_of_the_methods():
    assert constants("road_noise")["method"] in emission.METHODS


def test_many_unknown_words_give_few_findings():
    found = roads(*[{**FULL, "surface": f"soort {k}"} for k in range(60)])
    assert codes(found) == ["noise_term_unknown"] * 20


def test_every_shipped_word_for_a_surface_is_known_and_one():
    table = constants("road_noise")
    words = surface_terms(table)
    listed = [w for s in table["surfaces"].values() for w in (*s["codes"], *s["aliases"])]
    assert len({str(w).lower() for w in listed}) == len(listed)  # no word means two things
    assert words["nl10"] == "bricks_herringbone" and words["nl.12"] == "bricks_herringbone"
    assert emission.surfaces().names[0] == table["surface_default"] == "reference"


# --- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize("intensity", [None, -5.0, float("inf"), 400_000.0])
def test_without_possible_traffic_a_road_is_no_source(intensity):
    found = roads({**FULL, "intensity": intensity}, FULL)
    assert lines_of(found)[0].feature.tolist() == [1]
    checks = lines_of(found)[1]
    assert [c.code for c in checks] == ["road_no_traffic"]
    said = [(c.code, c.field) for c in found.checks]
    assert said == ([] if intensity is None else [("impossible_value", "intensity")])
    assert checks[0].params["count"] == 1 and checks[0].params["of"] == 2


def test_zero_traffic_is_silence_without_a_finding():
    lines, checks = lines_of(roads({**FULL, "intensity": 0.0}))
    assert (lines.n, checks) == (0, [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"speed": None}, "noise_field_assumed"),
        ({"speed": 0.0}, "noise_field_assumed"),
        ({"speed": -30.0}, "noise_field_assumed"),
        ({"speed": 10.0}, "noise_speed_clamped"),
        ({"speed": 180.0}, "noise_speed_clamped"),
        ({"medium": None}, "noise_field_assumed"),
        ({"medium": 70.0, "heavy": 50.0}, "noise_field_assumed"),
        ({"night_share": None}, "noise_field_assumed"),
        ({"day_share": 12.0}, "road_shares_sum"),
        ({"surface": "maanstof"}, "noise_term_unknown"),
        ({"surface": "klinkers", "speed": 80.0}, "road_surface_speed"),
        ({"height": -5.0}, "road_below_ground"),
    ],
)
def test_what_is_wrong_is_said_and_still_gives_a_possible_level(change, code):
    found = roads({**FULL, **change})
    assert codes(found) == [code]
    assert ((levels(found) > 30) & (levels(found) < 110)).all()
    assert lines_of(found)[0].height.min() >= 0.05


def test_clamped_speed_is_the_limit():
    assert levels(roads({**FULL, "speed": 5.0})) == pytest.approx(
        levels(roads({**FULL, "speed": 20.0})))  # fmt: skip


def test_defaults_widen_the_spread():
    sure = emission.road_traffic(roads(FULL))[0].spread[0]
    wide = emission.road_traffic(roads({"intensity": 5000.0}))[0].spread[0]
    # 0.8 0.5 0.6 0.3 0.5 -> sqrt(0.64 + .25 + .36 + .09 + .25) = 1.261;
    # 0.8 1.2 1.5 0.8 1.0 -> sqrt(0.64 + 1.44 + 2.25 + .64 + 1) = 2.443
    assert (sure, wide) == pytest.approx((1.261, 2.443), abs=1e-3)


def test_an_empty_layer_and_none():
    assert lines_of(scene(ZONE, context={"roads": []}, plan=ZONE[0][1]))[0].n == 0
    assert lines_of(scene(ZONE, plan=ZONE[0][1]))[0].n == 0


# --- railways -----------------------------------------------------------------------------------

TRAIN = {"day": 6.0, "evening": 4.0, "night": 1.0, "speed": 100.0, "category": "intercity",
         "length": 270.0}  # fmt: skip


def test_one_octave_of_a_train_by_hand():
    # category 8, 1 kHz, 100 km/h: 55 + 19 x 2 = 93; 270 m = 10 units x 6 per hour = 60:
    # + 17.782 - 30 - 3.010 = 77.771
    lines, checks = lines_of(tracks(TRAIN))
    assert checks == []
    assert lines.power[0, 0, 4] == pytest.approx(77.771, abs=1e-3)
    assert lines.kind.tolist() == ["rail"] and lines.height.tolist() == [0.5]


def test_slow_coefficients_below_the_break():
    # category 3 at 50 km/h, 8 kHz: rolling 39 + 20 lg 50 = 72.979; motor 15 + 30 lg 50 = 65.969;
    # 7.010 dB apart adds 10 lg(1 + 10^-0.7010) = 0.788: 73.768
    found = rail.unit_power("local_electric", np.array([50.0]))[0, 7]
    assert found == pytest.approx(73.768, abs=1e-3)


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("8", "disc_passenger"),
        ("Goederentrein", "freight"),
        ("cat 4", "freight"),
        ("Thalys", "high_speed"),
        ("sprinter", "disc_passenger"),
        ("tram", "tram"),
        ("Categorie 11", "quiet_freight"),
    ],
)
def test_words_for_trains(word, category):
    by_word = lines_of(tracks({**TRAIN, "category": word, "speed": 80.0}))[0].power
    by_id = lines_of(tracks({**TRAIN, "category": category, "speed": 80.0}))[0].power
    assert np.array_equal(by_word, by_id)
    assert codes(tracks({**TRAIN, "category": word, "speed": 80.0})) == []


def test_a_category_as_a_number():
    number, word = (lines_of(tracks({**TRAIN, "category": c, "speed": 80.0}))[0] for c in (4, "4"))
    assert np.array_equal(number.power, word.power)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"category": None}, "noise_field_assumed"),
        ({"category": "stoomtrein"}, "noise_term_unknown"),
        ({"speed": None}, "noise_field_assumed"),
        ({"speed": 250.0}, "noise_speed_clamped"),
        ({"speed": 5.0}, "noise_speed_clamped"),
        ({"length": None}, "noise_field_assumed"),
        ({"night": None}, "noise_field_assumed"),
        ({"night": -3.0}, "impossible_value"),
    ],
)
def test_wrong_rail_data_is_said(change, code):
    found = tracks({**TRAIN, **change})
    assert code in [*codes(found), *(c.code for c in found.checks)]
    power = levels(found)
    assert ((power[np.isfinite(power)] > 30) & (power[np.isfinite(power)] < 110)).all()


def test_tracks_without_trains_are_silent():
    found = tracks({"speed": 100.0}, {**TRAIN, "day": 0.0, "evening": 0.0, "night": 0.0}, TRAIN)
    lines, checks = lines_of(found)
    assert set(lines.feature) == {2}
    assert [c.code for c in checks] == ["rail_no_trains"]


# --- properties ---------------------------------------------------------------------------------

speeds = st.floats(20, 130)
shares = st.floats(0, 45)
words = st.sampled_from(emission.surfaces().names)
methods = st.sampled_from(emission.METHODS)


def power_of(speed, medium, heavy, surface, method, intensity=1000.0):
    flow = np.array([[[100 - medium - heavy, medium, heavy]] * 3]) / 100.0 * intensity
    fast = np.array([[speed, min(speed, 80.0), min(speed, 80.0)]])
    row = np.array([emission.surfaces().names.index(surface)])
    return emission.line_power(flow, fast, emission.vehicle_power(fast, row, method))


@given(speeds, shares, shares, words, methods, st.floats(1, 1e5))
@settings(max_examples=60, deadline=None)
def test_twice_the_traffic_is_three_decibels(speed, medium, heavy, surface, method, intensity):
    one = power_of(speed, medium, heavy, surface, method, intensity)
    two = power_of(speed, medium, heavy, surface, method, 2 * intensity)
    assert two - one == pytest.approx(np.full(one.shape, 10 * np.log10(2)), abs=1e-9)


@given(speeds, st.floats(0, 40), st.floats(0, 40), st.floats(0.1, 20), methods)
@settings(max_examples=60, deadline=None)
def test_more_heavy_vehicles_never_lower_it(speed, medium, heavy, more, method):
    before = emission.total(power_of(speed, medium, heavy, "reference", method))
    after = emission.total(power_of(speed, medium, heavy + more, "reference", method))
    assert (after >= before).all()


@given(st.permutations(range(4)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_roads_does_not_matter(order):
    rows = [{**FULL, "intensity": 1000.0 * (k + 1), "speed": 30.0 + 20 * k,
             "surface": ["dab", "zoab", "klinkers", None][k]} for k in range(4)]  # fmt: skip
    plain, mixed = lines_of(roads(*rows))[0], lines_of(roads(*[rows[k] for k in order]))[0]
    for place, k in enumerate(order):
        assert np.array_equal(mixed.power[mixed.feature == place], plain.power[plain.feature == k])


@given(st.floats(1, 99))
@settings(max_examples=10, deadline=None)
def test_a_road_in_two_parts_emits_the_same(x):
    whole = lines_of(roads(FULL))[0]
    parts = lines_of(roads({**FULL, "wkt": f"LINESTRING(0 50,{x} 50)"},
                           {**FULL, "wkt": f"LINESTRING({x} 50,100 50)"}))[0]  # fmt: skip
    energy = [(10 ** (part.power / 10) * part.length[:, None, None]).sum(axis=0)
              for part in (whole, parts)]  # fmt: skip
    assert energy[1] == pytest.approx(energy[0], rel=1e-9)


@given(st.floats(40, 160), st.floats(0.5, 40))
@settings(max_examples=30, deadline=None)
def test_twice_the_trains_is_three_decibels(speed, units):
    one = rail.track_power("disc_passenger", np.array([speed]), np.array([[units] * 3]))
    two = rail.track_power("disc_passenger", np.array([speed]), np.array([[2 * units] * 3]))
    assert two - one == pytest.approx(np.full(one.shape, 10 * np.log10(2)), abs=1e-9)


def test_periods_and_hours_agree():
    assert len(PERIODS) == len(HOURS) and sum(HOURS) == 24
