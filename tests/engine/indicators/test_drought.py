"""N05 drought: worked by hand with the shares of profiles/models/water.yml."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.drought import SPEC
from dgo_twin_plugin.engine.models.tables import constants
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]  # 10,000 m2
GRASS = ("grass", box(0, 0, 100, 100))
ROAD = ("road", box(0, 0, 100, 50), {"disconnected": 1.0})  # 5,000 m2
SWALE = ("swale", box(0, 60, 10, 70))  # 100 m2: 35 m3, less its own 7: 28 m3


def made(*surfaces, **more):
    return scene(ZONE, [*surfaces, GRASS], **more)


def percent(*surfaces, part="", **more):
    return values(SPEC, made(*surfaces, **more))[part].value[1]


def flat(value: float) -> list:
    return [(np.full((60, 60), value), (-10.0, 110.0), 2.0)]


def test_shares_leave_nothing_over():
    for kind, at in constants("water")["year"]["surfaces"].items():
        assert 0 <= at["evaporated"] + at["infiltrated"] <= 1, kind
        assert at["transpired"] <= at["infiltrated"], kind


@pytest.mark.parametrize(
    ("surfaces", "expected"),
    [
        ((), 80.0),  # all grass
        ((("road", box(0, 0, 100, 50)),), 45.0),  # half 10, half 80
        ((("dwelling", box(0, 0, 50, 50)),), 60.0),  # a quarter nothing
        ((("water", box(0, 0, 50, 50)),), 60.0),  # open water neither
        # play: 0.3 sealed x 0.10 + 0.5 vegetated x 0.80 + 0.2 bare x 0.75 = 58 %
        ((("play", box(0, 0, 100, 50)),), 69.0),
        ((ROAD,), 45.0),  # disconnected, but nowhere to go
    ],
)
def test_worked_by_hand(surfaces, expected):
    assert percent(*surfaces) == pytest.approx(expected)


def test_evaporation_stands_apart():
    # grass 0.15; half of it a roof of which 0.4 is green: 0.6 x 0.15 + 0.4 x 0.50 = 0.29
    roof = ("dwelling", box(0, 0, 100, 50), {"green_roof": 0.4})
    assert percent(roof, part="evaporation") == pytest.approx(22.0)
    assert percent(roof) == pytest.approx(40.0)
    # of 80 % that enters, plants take 50 again
    assert percent(part="groundwater") == pytest.approx(30.0)


def test_a_swale_takes_what_the_road_sheds():
    # 28 m3 on 5,000 m2 = 5.6 mm: catches 1 - exp(-5.6 / 6) of the 78 % that runs off
    caught = 0.78 * (1.0 - math.exp(-5.6 / 6.0))
    expected = 100 * (5000 * 0.80 + 5000 * (0.10 + caught)) / 10_000
    assert expected == pytest.approx(68.66, abs=0.01)
    assert percent(ROAD, SWALE) == pytest.approx(expected)
    assert percent(ROAD, SWALE, part="facilities") == pytest.approx(50 * caught)
    combined = ("road", ROAD[1], {"disconnected": 0.0})
    assert percent(combined, SWALE) == pytest.approx(45.0)


def test_clay_lets_little_through():
    clay = {"infiltration": flat(0.005)}  # below 0.01: 0.3 of the shares
    assert percent(rasters=clay) == pytest.approx(24.0)
    # the bottom of the swale: 100 m2 x 0.005 m x 365 d = 182.5 of 850 mm x 5,000 m2 = 4,250 m3
    expected = 100 * (5000 * 0.24 + 5000 * (0.10 + 182.5 / 4250)) / 10_000
    assert percent(ROAD, SWALE, rasters=clay) == pytest.approx(expected)
    # 900 mm from 2050 on
    expected = 100 * (5000 * 0.24 + 5000 * (0.10 + 182.5 / 4500)) / 10_000
    later = percent(ROAD, SWALE, rasters=clay, date="2051-01-01")
    assert later == pytest.approx(expected)


def test_soil_as_polygons_and_impossible_soil():
    clay, sand = (box(-10, -10, 110, 50), {"k": 0.005}), (box(-10, 50, 110, 110), {"k": 2})
    south, north = ("grass", box(0, 0, 100, 50)), ("grass", box(0, 50, 100, 100))
    # half 24, half 80, by the middle of each feature
    found = values(SPEC, scene(ZONE, [south, north], context={"infiltration": [clay, sand]}))[""]
    assert found.value[1] == pytest.approx(52.0)
    assert found.assumed[1] == pytest.approx(0.0)
    bad = values(SPEC, made(rasters={"infiltration": flat(-5.0)}))[""]
    assert bad.value[1] == pytest.approx(80.0) and bad.assumed[1] == pytest.approx(1.0)


def test_high_groundwater_hampers():
    # GHG 0.35 of 0.7 m: 0.5 + 0.5 x 0.5 = 0.75 of the 80 %
    assert percent(rasters={"groundwater": flat(0.35)}) == pytest.approx(60.0)
    assert percent(rasters={"groundwater": flat(1.5)}) == pytest.approx(80.0)
    assert percent(rasters={"groundwater": flat(-3.0)}) == pytest.approx(40.0)  # stands on it


def test_unknown_ground_is_not_counted():
    part = values(SPEC, scene(ZONE, [("grass", box(0, 0, 100, 50))], plan=box(0, 0, 100, 100)))[""]
    assert part.value[1] == pytest.approx(80.0)
    assert part.coverage[1] == pytest.approx(0.5)


def test_a_default_for_disconnection_is_said():
    found = values(SPEC, made(("road", ROAD[1])))[""]
    assert found.assumed[1] == pytest.approx(1.0)
    found = values(SPEC, made(ROAD, rasters={"infiltration": flat(0.6)}))[""]
    assert found.assumed[1] == pytest.approx(0.0)


def test_zones_add_up_to_the_plan():
    zones = [("GT04", box(0, 0, 50, 100)), ("GT03", box(50, 0, 100, 100))]
    road = ("road", box(0, 0, 50, 40), {"disconnected": 1.0})
    found = values(SPEC, scene(zones, [road, GRASS]))[""]
    by_type = {t: found.value[k + 1] for k, t in enumerate(("GT03", "GT04"))}
    # (2,000 x 10 + 3,000 x 80) / 5,000
    assert sorted(by_type.values()) == pytest.approx([52.0, 80.0])
    assert found.value[0] == pytest.approx(66.0)


def test_a_mark_follows():
    row = rows(SPEC, made(ROAD, SWALE))[1]
    # GT04 40/55/80: 68.66 lies between 55 and 80: 8 + 2 x 13.66 / 25 = 9.09
    assert row.mark == pytest.approx(9.09, abs=0.01)
    assert row.status == words.OK


def test_a_narrower_input_gives_a_narrower_spread():
    guessed = SPEC.compute(made(ROAD, SWALE), profile()).spreads
    map_ = {"infiltration": flat(0.2)}
    clay = SPEC.compute(made(ROAD, SWALE, rasters=map_), profile()).spreads
    # assumed 0.5 m/day; a decade down, 0.05, takes 0.6 of the share, a decade up nothing more; the
    # swale's bottom lets 1,825 m3 through then, less than the 2,011 it catches
    less = 5000 * 0.8 * 0.4 + (5000 * 0.78 * (1 - math.exp(-5.6 / 6)) - 1825 / 0.85)
    assert guessed["infiltration"][1] == pytest.approx(100 * less / 10_000 / 2)
    assert clay["infiltration"][1] < guessed["infiltration"][1]
    assert guessed["model"][1] == pytest.approx(10.0)
    # disconnected given: 0.05 of it either way, but never above 1
    assert 0 < guessed["disconnected"][1] < 5
    wider = SPEC.compute(made(("road", ROAD[1]), SWALE), profile()).spreads
    assert wider["disconnected"][1] > guessed["disconnected"][1]
