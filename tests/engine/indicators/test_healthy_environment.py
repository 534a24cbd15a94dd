"""N12 healthy environment: dwellings within the values of the WHO, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators.healthy_environment import SPEC, air_limits, within
from dgo_twin_plugin.engine.texts import LANGUAGES, has_text
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT03", box(0, 0, 200, 100))]
LEFT = ("dwelling", box(10, 10, 20, 20), {"dwellings": 30})
RIGHT = ("dwelling", box(150, 10, 160, 20), {"dwellings": 10})
CLEAN = {"no2": 9, "pm10": 14, "pm25": 4.5}


def even(level, **attributes):
    return np.full((60, 120), float(level)), (-10, 110), 2, attributes


def split(left, right, **attributes):
    """One level west of x = 100, another east of it."""
    array, corner, cell, _ = even(left)
    array[:, 55:] = right
    return array, corner, cell, attributes


def air(**levels):
    return {name: [level if isinstance(level, tuple) else even(level)]
            for name, level in {**CLEAN, **levels}.items()}  # fmt: skip


def made(rasters, surfaces=(LEFT, RIGHT), zone="GT03"):
    return scene([(zone, ZONE[0][1])], list(surfaces), rasters=rasters, plan=ZONE[0][1])


def share(found, part):
    return float(values(SPEC, found)[part].value[1])


def test_noise_and_air_apart_and_the_lower_counts():
    # noise: 30 of 40 dwellings at 50 dB, 10 at 60: 75 %; air: all within: 100 %; both: 75 %.
    # GT03 [30, 60, 100]: noise 75 -> 8 + 2 * 15 / 40 = 8.75; air 10; the lower is noise
    found = made({"noise_road": [split(50, 60)], **air()})
    assert share(found, "noise") == pytest.approx(75.0)
    assert share(found, "air") == pytest.approx(100.0)
    assert share(found, "both") == pytest.approx(75.0)
    row = rows(SPEC, found)[1]
    assert (row.part, row.mark) == ("noise", pytest.approx(8.75))


def test_both_are_of_the_same_dwelling():
    # noise fails east (10), PM2.5 6 fails west (30) but meets its last interim target, 10: a half;
    # air 100 x (30 x 0.5 + 10) / 40 = 62.5; none of the 40 meets both in full
    found = made({"noise_road": [split(50, 60)], **air(pm25=split(6, 4))})
    assert (share(found, "noise"), share(found, "air")) == (pytest.approx(75), pytest.approx(62.5))
    assert share(found, "both") == 0.0


@pytest.mark.parametrize(
    ("maps", "meets"),
    [
        ({"noise_road": [even(53)]}, 100),
        ({"noise_road": [even(53.1)]}, 0),
        ({"noise_rail": [even(54)]}, 100),
        ({"noise_rail": [even(54.1)]}, 0),
        ({"noise_road": [even(50), even(45, quantity="lnight")]}, 100),
        ({"noise_road": [even(50), even(45.1, quantity="lnight")]}, 0),
        ({"noise_rail": [even(50), even(44.1, quantity="lnight")]}, 0),
    ],
)
def test_values_of_the_who_for_noise(maps, meets):
    assert share(made({**maps, **air()}), "noise") == meets


@pytest.mark.parametrize(
    ("level", "meets"),
    [({"no2": 10}, 100), ({"no2": 10.1}, 50), ({"no2": 20}, 50), ({"no2": 20.1}, 0),
     ({"pm10": 15}, 100), ({"pm10": 15.1}, 50), ({"pm10": 20.1}, 0),
     ({"pm25": 5}, 100), ({"pm25": 5.1}, 50), ({"pm25": 10.1}, 0),
     ({"no2": 10.1, "pm25": 10.1}, 0)],
)  # fmt: skip
def test_values_of_the_who_for_air(level, meets):
    assert share(made({"noise_road": [even(50)], **air(**level)}), "air") == meets


def test_interim_targets_are_steps():
    # west NO2 25, east 35: target 3 (20) none, 2 (30) the 30 of west = 75 %, 1 (40) all
    found = made({"noise_road": [even(50)], **air(no2=split(25, 35))})
    steps = [share(found, f"air_step{k}") for k in (1, 2, 3, 4)]
    assert steps == [pytest.approx(100), pytest.approx(75), 0.0, 0.0]
    assert air_limits(1) == {"no2": 40, "pm10": 70, "pm25": 35}
    assert air_limits(4) == {"no2": 10, "pm10": 20, "pm25": 10}  # NO2 has three targets
    assert air_limits() == {"no2": 10, "pm10": 15, "pm25": 5}
    nights = [even(50), split(50, 56, quantity="lnight")]
    assert share(made({"noise_road": nights, **air()}), "noise_night") == pytest.approx(75)


def test_unknown_is_neither_yes_nor_no():
    # one figure too high is enough; too few to say yes is unknown
    found = within({"no2": np.array([12.0, 8.0, 8.0, np.nan]),
                    "pm25": np.array([np.nan, np.nan, 4.0, np.nan])},
                   {"no2": 10.0, "pm25": 5.0}, ("no2", "pm25"))  # fmt: skip
    assert found.tolist()[:1] == [0.0]
    assert np.isnan(found[1])
    assert found[2] == 1.0
    assert np.isnan(found[3])
    # east no PM2.5: of the 40 dwellings 30 are known, all within
    part = values(SPEC, made({"noise_road": [even(50)], **air(pm25=split(4, np.nan))}))["air"]
    assert part.value[1] == pytest.approx(100)
    assert part.coverage[1] == pytest.approx(0.75)


def test_missing_input_and_nobody():
    for rasters, why in ((air(), "no_noise"), ({"noise_road": [even(50)]}, "no_air")):
        missing = SPEC.compute(made(rasters), profile()).missing
        assert missing.key.endswith(why)
        assert all(has_text(missing.key, lang) for lang in LANGUAGES)
    empty = made({"noise_road": [even(50)], **air()}, [("grass", box(0, 0, 10, 10), {})])
    assert rows(SPEC, empty)[1].status == "not_applicable"
    estate = made({"noise_road": [even(50)], **air()}, zone="GT09")
    assert rows(SPEC, estate)[1].status == "not_applicable"


def test_without_the_night_it_is_said():
    codes = [c.code for c in SPEC.compute(made({"noise_road": [even(50)], **air()}),
                                          profile()).checks]  # fmt: skip
    assert codes == ["healthy_no_night"]


def test_traffic_of_the_plan_moves_both():
    # background 9.9 ug/m3; a road with 20,000 vehicles a day beside the houses
    back = {name: [even(level, contribution="background")]
            for name, level in {**CLEAN, "no2": 9.9}.items()}  # fmt: skip
    quiet = made({"noise_road": [even(50)], **back})
    road = [("LINESTRING(-100 0,300 0)", {"intensity": 20_000, "medium": 4, "heavy": 2, "speed": 50,
                                          "origin": "plan"})]  # fmt: skip
    busy = scene(ZONE, [LEFT, RIGHT], rasters=back, plan=ZONE[0][1], context={"roads": road})
    assert share(quiet, "both") == 100.0
    # some 7 ug/m3 more (SRM1): above 10 and below 20, so the half step of air
    assert share(busy, "noise") == share(busy, "both") == 0.0
    assert share(busy, "air") == 50.0


def test_spread_follows_the_distance_to_the_value():
    # 52 dB: 3 dB more (map) and all 40 fail, 3 dB less none: half of 100 points; at 40 dB nothing
    def spread(level, key):
        return float(SPEC.compute(made({"noise_road": [even(level)], **air()}),
                                  profile()).spreads[key][1])  # fmt: skip

    assert spread(52, "noise.noise_road") == pytest.approx(50.0)
    assert spread(40, "noise.noise_road") == 0.0
    # NO2 9 with 15 %: 10.35 is a half, 7.65 meets: half of 50 points; PM10 14: 16.1 is a half too
    assert spread(40, "air.no2") == pytest.approx(25.0)
    assert spread(40, "air.pm10") == pytest.approx(25.0)
    sure = made({"noise_road": [even(40)], **air(no2=even(9, sigma=0.5))})
    assert SPEC.compute(sure, profile()).spreads["air.no2"][1] == 0.0
