"""I20 public transport: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.public_transport import SPEC, edf
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
HOUSE = ("dwelling", box(40, 40, 60, 60), {"dwellings": 10})  # centre (50, 50)
LAWN = ("grass", box(0, 0, 100, 100))
BUS = 30 / (400 / 80 + 30 / 4 + 2.0)  # 30 / 14.5 = 2.0690


def stop(x, y, mode="bus", route="1", freq=4.0):
    return f"POINT({x} {y})", {"mode": mode, "route": route, "freq": freq}


def index(*stops, surfaces=(HOUSE,), roads=None, zones=ZONE):
    context = {"stops": list(stops)}
    if roads is not None:
        context["roads"] = [(w, {"speed": 30}) for w in roads]
    return values(SPEC, scene(zones, [*surfaces, LAWN], context=context))[""]


def made(*stops):
    return scene(ZONE, [HOUSE, LAWN], context={"stops": list(stops)})


def test_worked_example_of_the_method():
    # domain 4.9: bus at 400 m, 4 per hour: 30 / (5 + 7.5 + 2) = 2.07
    assert edf(400, 4, 2.0) == pytest.approx(2.0690, abs=1e-4)
    assert edf(400, 0, 2.0) == 0
    assert np.isnan(edf(400, np.nan, 2.0))


def test_one_stop_by_straight_line():
    # GT04 2/4/8: 6 + 2 x 0.069 / 2 = 6.069
    part = index(stop(450, 50))
    assert part.value[1] == pytest.approx(BUS)
    assert part.weight[1] == pytest.approx(10)
    row = rows(SPEC, made(stop(450, 50)))[1]
    assert row.mark == pytest.approx(6 + BUS - 2)
    assert row.proxy
    assert row.method == "ptal-straight-1"


def test_a_changed_input_moves_it():
    # 8 per hour: 30 / (5 + 3.75 + 2) = 2.7907
    assert index(stop(450, 50, freq=8)).value[1] == pytest.approx(30 / 10.75)


def test_modes_add_up_and_further_routes_count_half():
    # bus route 2, 6 per hour: 30 / (5 + 5 + 2) = 2.5, the best; route 1 for half: 2.5 + 1.0345
    # train at 800 m, 2 per hour: 30 / (10 + 15 + 0.75) = 1.1650; sum 4.6995
    part = index(stop(450, 50), stop(450, 50, route="2", freq=6),
                 stop(850, 50, "train", "S", 2))  # fmt: skip
    assert part.value[1] == pytest.approx(2.5 + BUS / 2 + 30 / 25.75)
    # an intercity shares the rails with the train: one mode, so the lesser counts half
    # ic at 800 m, 4 per hour: 30 / (10 + 7.5 + 0.75) = 1.6438
    part = index(stop(850, 50, "train", "S", 2), stop(850, 50, "ic", "S", 4))
    assert part.value[1] == pytest.approx(30 / 18.25 + 0.5 * 30 / 25.75)


def test_each_route_once_at_its_nearest_stop_in_its_busiest_direction():
    # the next stop of route 1, 200 m on, adds nothing; the other direction is less busy
    part = index(stop(450, 50), stop(650, 50), stop(450, 50, freq=2), stop(450, 60, freq=1))
    assert part.value[1] == pytest.approx(BUS)
    # the busier direction stops across the street, 20 m further: its frequency, the nearer distance
    part = index(stop(450, 50, freq=2), stop(470, 50, freq=4))
    assert part.value[1] == pytest.approx(BUS)
    # stops without a route are routes of their own
    part = index(stop(450, 50, route=None), stop(450, 50, route=None))
    assert part.value[1] == pytest.approx(1.5 * BUS)


def test_reach_by_mode():
    assert index(stop(50 + 640, 50)).value[1] > 0
    assert index(stop(50 + 641, 50)).value[1] == 0
    assert index(stop(50 + 641, 50, "metro")).value[1] > 0
    assert index(stop(50 + 961, 50, "metro")).value[1] == 0


def test_along_the_network():
    # 200 m north, then 200 m east: 400 m to walk, 283 m as the crow flies
    corner = ["LINESTRING(50 50,50 250)", "LINESTRING(50 250,250 250)"]
    part = index(stop(250, 250), roads=corner)
    assert part.value[1] == pytest.approx(BUS)
    street = scene(ZONE, [HOUSE, LAWN], context={
        "stops": [stop(250, 250)], "roads": [(w, {}) for w in corner]})  # fmt: skip
    assert not rows(SPEC, street)[1].proxy
    direct = index(stop(250, 250)).value[1]
    assert direct == pytest.approx(30 / (np.hypot(200, 200) / 80 + 7.5 + 2))
    assert direct > part.value[1]
    # a stop that cannot be reached: the street breaks off 2 m before the corner
    gap = ["LINESTRING(50 50,50 250)", "LINESTRING(52 252,250 252)"]
    assert index(stop(250, 252), roads=gap).value[1] == 0


def test_weighed_by_dwellings_and_half_the_jobs():
    # an office with 40 jobs out of reach (x 0 -> stop at 690 m) weighs 20 against 10 dwellings
    office = ("office", box(0, 80, 10, 100), {"population": 40})
    part = index(stop(450, 50), stop(-700, 90), surfaces=(HOUSE, office))
    assert part.weight[1] == pytest.approx(30)
    # office centre (5, 90): bus 1 at 446.8 m; the stop in the west at 705 m is out of reach
    near = 30 / (np.hypot(445, 40) / 80 + 7.5 + 2)
    assert part.value[1] == pytest.approx((10 * BUS + 20 * near) / 30)


def test_unknown_frequency_or_mode_is_not_zero():
    for odd in (stop(450, 50, freq=None), stop(450, 50, "ferry")):
        part = index(odd)
        assert np.isnan(part.value[1])
        assert part.coverage[1] == 0
        assert rows(SPEC, made(odd))[1].status == words.NOT_ASSESSED
    assert index(stop(450, 50), stop(2000, 50, freq=None)).value[1] == pytest.approx(BUS)
    strange = SPEC.compute(made(stop(450, 50, "ferry")), None)
    assert [c.value for c in strange.checks] == ["ferry"]


def test_no_stop_near_is_a_true_zero_and_no_layer_is_missing():
    assert index().value[1] == 0
    assert index(stop(450, 50, freq=0)).value[1] == 0
    assert rows(SPEC, scene(ZONE, [HOUSE, LAWN]))[1].status == words.NOT_ASSESSED


def test_nobody_there_is_not_applicable():
    empty = scene(ZONE, [LAWN], context={"stops": [stop(450, 50)]})
    assert rows(SPEC, empty)[1].status == words.NOT_APPLICABLE


def test_zone_line_divides_the_dwellings():
    zones = [("GT04", box(0, 0, 45, 100)), ("GT06", box(45, 0, 100, 100))]
    part = index(stop(450, 50), zones=zones)
    assert part.weight == pytest.approx([10, 2.5, 7.5])
    assert part.value == pytest.approx([BUS, BUS, BUS])


def test_simple_distances_of_crow():
    # the house's door is the middle of a facade or its centre (50, 50): no network here
    def near(*stops):
        parts = values(SPEC, made(*stops))
        return [float(parts[f"crow_{f}"].value[1]) for f in (1, 2, 4)]

    assert near(stop(550, 50, freq=4)) == pytest.approx([100, 100, 100])  # bus at 500 m
    assert near(stop(551, 50, freq=4)) == pytest.approx([0, 0, 0])
    assert near(stop(1050, 50, "metro", freq=2)) == pytest.approx([100, 100, 0])
    assert near(stop(2050, 50, "train", freq=1)) == pytest.approx([100, 0, 0])
    assert near(stop(3050, 50, "ic", freq=1)) == pytest.approx([100, 0, 0])
    # two routes of one halt together: 1 + 3 = 4 per hour; a route without a frequency adds nothing
    both = stop(450, 50, freq=1), stop(450, 50, route="2", freq=3)
    assert near(*both) == pytest.approx([100, 100, 100])
    assert near(stop(450, 50, freq=1), stop(450, 50, route="2", freq=None)) == pytest.approx(
        [100, 0, 0])  # fmt: skip


def test_a_stop_without_frequency_or_on_an_island_is_said():
    found = SPEC.compute(made(stop(450, 50, freq=None), stop(90, 50)), None)
    assert [(c.code, c.params["count"]) for c in found.checks] == [("stop_without_frequency", 1)]
    roads = [("LINESTRING(0 50,1000 50)", {}), ("LINESTRING(0 300,100 300)", {})]
    island = scene(ZONE, [HOUSE, LAWN], context={"stops": [stop(50, 310)], "roads": roads})
    codes = {c.code for c in SPEC.compute(island, None).checks}
    assert {"network_islands", "place_on_island"} <= codes
    assert values(SPEC, island)[""].value[1] == 0


def test_entrances_go_before_the_middle():
    roads = [("LINESTRING(0 30,1000 30)", {})]
    context = {"stops": [stop(450, 30)], "roads": roads,
               "entrances": [("POINT(40 40)", {"kind": None})]}  # fmt: skip
    # from (40, 40): 10 + 410 = 420 m instead of 20 + 400 from the middle: the same here; from an
    # entrance on the far side 10 + 410, on the near side (60, 40) 10 + 390 = 400 m
    assert values(SPEC, scene(ZONE, [HOUSE, LAWN], context=context))[""].value[1] == pytest.approx(
        30 / (420 / 80 + 7.5 + 2))  # fmt: skip
    context["entrances"] = [("POINT(60 40)", {"kind": None})]
    assert values(SPEC, scene(ZONE, [HOUSE, LAWN], context=context))[""].value[1] == pytest.approx(
        BUS)  # fmt: skip


def test_spreads_are_the_slopes():
    # bus at 400 m straight, EDF 30 / 14.5: 8 m of door = 0.1 min: 30 x 0.1 / 14.5^2 = 0.01427;
    # 30 % of 400 m = 1.5 min: 0.2140; 10 % of the frequency = 0.75 min: 0.1070
    spreads = SPEC.compute(made(stop(450, 50)), None).spreads
    slope = 30 / 14.5**2
    assert spreads["entrances"][1] == pytest.approx(0.1 * slope)
    assert spreads["roads"][1] == pytest.approx(1.5 * slope)
    assert spreads["stops"][1] == pytest.approx(0.75 * slope)
