"""The uncertainty budget: figures worked by hand, and what must hold for any input."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.band import Band, lowest, of_plans, over_zones
from dgo_twin_plugin.engine.indicators.spec import (
    LegalTest,
    Measurement,
    Part,
    Places,
    ZoneValues,
)
from dgo_twin_plugin.engine.scores import judge
from dgo_twin_plugin.engine.spread import Budget, layer_age, layer_sigma, on_scale
from dgo_twin_plugin.engine.spread_table import read_spreads, spread_table
from dgo_twin_plugin.engine.yaml_lines import FileProblem

from . import judging as j

NAN, INF = float("nan"), float("inf")
UP = {"GT01": j.norm(20, 40, 70)}  # 0.1 mark per unit below the basis, 1/15 above it
DOWN = {"GT01": j.norm(53, 48, 45)}


def near(value: float, rel: float = 1e-9) -> Any:
    return pytest.approx(value, rel=rel)


def one(measured: Measurement, sigma=(3, "absolute"), norms=UP, up=True, id_="thing", scene=None,
        part: Part | None = None, log=False):  # fmt: skip
    """The row of the only zone."""
    profile = j.profile(j.part_norms("", up, norms, sigma=sigma, log=log), id_=id_)
    spec = j.spec(*([part] if part else []), id_=id_)
    return judge(scene or j.scene("GT01"), profile, spec, measured).rows[1]


def handed(**spreads: float) -> Measurement:
    found = {name: np.full(2, float(v)) for name, v in spreads.items()}
    return Measurement({"": j.places((1, 1, 30))}, spreads=found)


# --- the sum ------------------------------------------------------------------------------


def test_contributions_add_in_squares_and_those_that_go_together_add_first() -> None:
    three, four = np.array([3.0]), np.array([4.0])
    # with both, without a, without b
    assert Budget(1, {"a": three, "b": four}).totals().tolist() == [[5], [4], [3]]  # 3-4-5
    joint = Budget(1, {"a": np.array([1.0]), "b": np.array([2.0]), "c": four}, ("a", "b"))
    # (1 + 2)^2 + 4^2, 2^2 + 4^2, 1^2 + 4^2, (1 + 2)^2
    assert joint.totals()[:, 0].tolist() == near([5, math.sqrt(20), math.sqrt(17), 3])
    assert Budget(2, {}).totals().tolist() == [[0, 0]]


def test_kinds_of_spread_on_the_scale_of_the_mark() -> None:
    # linear, value 50: 0.1 relative = 5; 0.1 decades = 0.1 * ln 10 * 50 = 11.5129
    assert on_scale(0.1, "relative", np.array([50.0]), False) == [5]
    assert on_scale(0.1, "decades", np.array([50.0]), False) == near(11.512925464970229)
    # log: 0.1 relative = 0.1/ln 10 = 0.0434294; 5 absolute of 50 is the same
    assert on_scale(0.1, "relative", np.array([50.0]), True) == near(0.04342944819032518)
    assert on_scale(5, "absolute", np.array([50.0]), True) == near(0.04342944819032518)
    assert on_scale(0.3, "decades", np.array([50.0]), True) == [0.3]


def test_the_plans_of_many_parts_are_those_of_each_by_itself() -> None:
    random = np.random.default_rng(3)
    bands, alone = [], []
    marks, weight = random.uniform(1, 10, (30, 14)), random.uniform(0, 9, (30, 14))
    marks[random.random((30, 14)) < 0.2] = weight[random.random((30, 14)) < 0.1] = np.nan
    use = random.random((30, 14)) < 0.8
    use[4] = False  # nothing to say about the plan
    for k in range(30):
        rows = 1 + k % 4
        low = marks[k] - random.uniform(0, 1, (rows, 14))
        high = marks[k] + random.uniform(0, 1, (rows, 14))
        bands.append(Band(tuple("abc"[: rows - 1]), low, high))
        alone.append(Band(bands[-1].names, low.copy(), high.copy()))
    found = of_plans(bands, marks, weight, use)
    for k, (band, one) in enumerate(zip(bands, alone)):
        one.plan(weight[k], use[k])
        np.testing.assert_array_equal(band.low, one.low)
        np.testing.assert_array_equal(band.high, one.high)
        np.testing.assert_array_equal(found[k], over_zones(marks[k], weight[k], use[k]))


def test_next_data_is_the_dominant_contribution_with_its_gain() -> None:
    # model 3 (profile) and roads 4 (handed over): 5. 30 +- 8.225 = 21.775 .. 38.225, 0.1 mark per
    # unit: 6.1775 .. 7.8225, width 1.645. Without roads 2 * 1.645 * 3 * 0.1 = 0.987: 0.658 less;
    # without the model 2 * 1.645 * 4 * 0.1 = 1.316: 0.329 less.
    row = one(handed(roads=4))
    assert row.spread == 5
    assert (row.mark, row.mark_low, row.mark_high) == (7, near(6.1775), near(7.8225))
    assert (row.next_data, row.next_gain) == ("roads", near(0.658))
    assert one(handed(roads=2)).next_data == "model"


def test_what_the_indicator_says_of_its_method_goes_before_the_profile() -> None:
    assert one(handed(model=1)).spread == 1
    assert one(handed(model=NAN, roads=4)).spread == 5  # not known there: the profile's 3


def test_the_plan_is_the_mean_of_its_zones_and_so_is_its_gain() -> None:
    # zone 1 as above (width 1.645, gain 0.658), zone 2 without roads (width 0.987, gain of the
    # model 0.987): weights 3 and 1. Without roads (3 * 0.987 + 0.987)/4 = 0.987, gain
    # 0.75 * 0.658 = 0.4935; without the model (3 * 1.316 + 0)/4 = 0.987: 1.4805 - 0.987 = 0.4935.
    measured = Measurement({"": j.places((1, 3, 30), (2, 1, 30))},
                           spreads={"roads": np.array([4.0, 4, 0])})  # fmt: skip
    profile = j.profile(j.part_norms("", True, UP, sigma=(3, "absolute")))
    plan, first, second = judge(j.scene("GT01", "GT01"), profile, j.spec(), measured).rows
    assert plan.mark_high - plan.mark_low == near(1.4805)
    assert plan.next_gain == near(0.4935)
    assert (first.next_data, second.next_data, second.next_gain) == ("roads", "model", near(0.987))


def test_chance_is_half_at_the_minimum() -> None:
    row = one(Measurement({"": j.places((1, 1, 20))}))
    assert (row.mark, row.chance6) == (6, 0.5)


def test_no_spread_gives_no_width_and_nothing_to_know() -> None:
    row = one(Measurement({"": j.places((1, 1, 30))}, spreads={}), sigma=(0, "absolute"))
    assert row.mark_low == row.mark == row.mark_high == 7
    assert (row.spread, row.chance6, row.next_data, row.next_gain) == (0, 1, None, None)


def test_a_capped_mark_has_the_interval_that_the_cap_leaves() -> None:
    breach = [LegalTest(1, 1, "", 2, 1, words.EXCEEDS)]
    # 55 is mark 9, its interval lies above 5 as a whole: nothing to learn for the mark
    high = one(Measurement({"": j.places((1, 1, 55))}, legal=breach))
    assert (high.mark_low, high.mark_high, high.next_data, high.next_gain) == (5, 5, None, None)
    # 10 +- 4.935: 4.5065 .. 5.4935, of which the cap leaves 4.5065 .. 5: gain 0.4935
    low = one(Measurement({"": j.places((1, 1, 10))}, legal=breach))
    assert (low.mark_high, low.next_data, low.next_gain) == (5, "model", near(0.4935))


def test_the_lowest_of_parts_may_be_another_part() -> None:
    # a: 6.9 .. 7.1; b: 5 .. 9. The lowest lies in 5 .. 7.1; without what b alone brings in 6.9 .. 7
    def band(name: str, with_all: tuple[float, float], without: tuple[float, float]) -> Band:
        ends = np.array([with_all, without])
        return Band((name,), ends[:, :1].copy(), ends[:, 1:].copy())

    both = lowest([band("x", (6.9, 7.1), (7, 7)), band("y", (5, 9), (7, 7))])
    assert both.low[0] == [5] and both.high[0] == [7.1]
    name, gain = both.next(0)
    assert name == "y" and gain == near(2.1 - 0.1)  # 5 .. 7.1 becomes 6.9 .. 7
    profile = j.profile(
        j.part_norms("p", True, UP, sigma=(1, "absolute")),
        j.part_norms("q", True, UP, sigma=(20, "absolute")),
    )
    spec = j.spec(Part("p", "mean", "%"), Part("q", "mean", "%"), combine="lowest")
    got = judge(j.scene("GT01"), profile, spec,
                Measurement({"p": j.places((1, 1, 30)), "q": j.places((1, 1, 31))}))  # fmt: skip
    row, by = got.rows[1], {r.part: r for r in got.parts if r.zone_id == 1}
    assert (row.part, row.mark) == ("p", 7)
    assert row.mark_low == by["q"].mark_low and row.mark_high == by["p"].mark_high
    assert row.chance6 == near(by["p"].chance6 * by["q"].chance6)


# --- maps ---------------------------------------------------------------------------------


def map_scene(date: int = 2026, **layers: list[dict[str, Any]]) -> Any:
    """A scene of one zone whose roles hold rasters with these attributes."""
    scene = j.scene("GT01")
    rasters = {role: [SimpleNamespace(attributes=a) for a in found]
               for role, found in layers.items()}  # fmt: skip
    scene.has = lambda role: role in rasters
    scene.rasters = lambda role: rasters.get(role, [])
    scene.vectors = lambda role: None
    scene.product = lambda name, build: build(scene)
    return scene


def noise(scene: Any, **levels: float) -> Any:
    parts = {"": j.places((1, 20, 50)), **{k: j.places((1, 20, v)) for k, v in levels.items()}}
    spec = j.spec(Part("", "p90", "dB"),
                  *(Part(k, "p90", "dB", informative=True) for k in levels), id_="traffic_noise")
    profile = j.profile(j.part_norms("", False, DOWN, sigma=(2, "absolute")), id_="traffic_noise")
    return judge(scene, profile, spec, Measurement(parts)).rows[1]


def test_the_profiles_spread_is_that_of_the_map_and_a_narrower_map_narrows_the_mark() -> None:
    plain = noise(map_scene(noise_road=[{}]))
    assert (plain.spread, plain.next_data) == (2, "noise_road")
    better = noise(map_scene(noise_road=[{"sigma": 1}]))
    assert better.spread == 1
    assert plain.mark_low < better.mark_low < better.mark_high < plain.mark_high
    assert plain.mark == better.mark
    # the widest layer counts, and one layer that says nothing leaves the profile's figure
    assert noise(map_scene(noise_road=[{"sigma": 1}, {"sigma": 1.5}])).spread == 1.5
    assert noise(map_scene(noise_road=[{"sigma": 1}, {}])).spread == 2
    assert noise(map_scene(noise_road=[{"sigma": "about 1"}])).spread == 2


def test_road_and_rail_share_by_energy_and_err_together() -> None:
    # 60 dB each: half of the energy each. 0.5 * 2 + 0.5 * 1 = 1.5 dB, fully dependent
    scene = map_scene(noise_road=[{}], noise_rail=[{"sigma": 1}])
    row = noise(scene, lden_road=60.0, lden_rail=60.0)
    assert (row.spread, row.next_data) == (near(1.5), "noise_road")
    # 60 and 50 dB: energies 10:1, so 10/11 * 2 + 1/11 * 1
    assert noise(scene, lden_road=60.0, lden_rail=50.0).spread == near(21 / 11)


def test_a_spread_handed_over_for_a_map_is_not_counted_twice() -> None:
    spreads = {"model": np.full(2, 1.0), "noise_road": np.full(2, 3.0)}
    measured = Measurement({"": j.places((1, 20, 50))}, spreads=spreads)
    for sigma, wanted in ((None, math.sqrt(10)), (2.0, math.sqrt(5)), (5.0, math.sqrt(10))):
        row = one(measured, (9, "absolute"), DOWN, False, "traffic_noise",
                  map_scene(noise_road=[{"sigma": sigma}]))  # fmt: skip
        assert row.spread == near(wanted)  # 1 and 3; the map's own 2 narrows, its 5 does not widen


def test_an_old_map_is_wider() -> None:
    # NO2 20 ug/m3, 15 %: 3. Ten years at 3 % a year: 30 % = 6. Together sqrt(45)
    def no2(date: Any) -> float:
        scene = map_scene(no2=[{"date": date}])
        spec = j.spec(Part("no2", "mean", "ug/m3"), id_="air_quality")
        norms = j.part_norms("no2", False, {"GT01": j.norm(20, 15, 10)}, sigma=(0.15, "relative"))
        measured = Measurement({"no2": j.places((1, 1, 20))})
        return judge(scene, j.profile(norms, id_="air_quality"), spec, measured).rows[1].spread

    assert no2(None) == no2(2026) == no2("2030-01-01") == near(3)
    assert no2(2016) == no2("2016-05-01") == near(math.sqrt(45))
    assert no2("unknown") == near(3)
    assert layer_age(map_scene(a=[{"date": 2020}, {"date": 2018}]), "a") == 8
    assert layer_sigma(map_scene(a=[{"sigma": -1}]), "a") is None
    assert layer_sigma(map_scene(), "a") is None


def test_a_log_map_says_its_sigma_in_decades() -> None:
    norms = {"GT01": j.norm(100, 1000, 1e5)}
    part = Part("", "log_mean", "yr")
    for attributes, wanted in (({}, 1.0), ({"sigma": 0.25}, 0.25)):
        scene = map_scene(flood_return_period=[attributes])
        row = one(Measurement({"": j.places((1, 1, 1000))}), (1, "decades"), norms, True,
                  "flood_safety", scene, part, True)  # fmt: skip
        assert row.spread == near(wanted)
    # 1,000 x 10^(+-1.645 * 0.25) = 2.58875 .. 3.41125 decades; 6 + 2 * 0.58875 = 7.1775
    assert row.mark_low == near(7.1775) and row.mark_high == near(8.41125)


# --- defaults -----------------------------------------------------------------------------


def ratio(num: list[float], den: list[float], assumed: list[float], zone: int = 1) -> Places:
    n, d = np.array(num, float), np.array(den, float)
    return Places(np.full(len(n), zone), np.nan_to_num(d), 100 * n / d, num=n, den=d,
                  assumed=np.array(assumed, float))  # fmt: skip


SHARE = Part("", "ratio", "%", 100.0)


def test_a_default_widens_by_its_share() -> None:
    # disconnected +-25 pp on one of four equal m2: 25 * 1/4 = 6.25; with the model's 3
    for id_, assumed, wanted in (
        ("stormwater_disconnection", [1, 0, 0, 0], math.hypot(3, 6.25)),
        ("stormwater_disconnection", [0, 0, 0, 0], 3),
        ("stormwater_disconnection", [1, 1, 1, 1], math.hypot(3, 25)),
        # beng2 15 % of what was filled in: 0.15 * (0.6/2) * 100 = 4.5 of the value 30
        ("energy_use", [1, 0, 0, 0], math.hypot(3, 0.15 * 15)),
    ):
        row = one(Measurement({"": ratio([0.6, 0.2, 0.2, 0.2], [1, 1, 1, 1], assumed)}),
                  (3, "absolute"), UP, True, id_, None, SHARE)  # fmt: skip
        assert row.value == near(30) and row.spread == near(wanted), (id_, assumed)


def test_an_indicator_without_an_entry_takes_the_assumed_share() -> None:
    # 0.2 (other) * assumed 0.5 * value 30 = 3; with the model's 3: sqrt 18
    places = j.places((1, 1, 30), (1, 1, 30), assumed=np.array([1.0, 0.0]))
    row = one(Measurement({"": places}))
    assert row.spread == near(math.sqrt(18))
    assert one(Measurement({"": places}), (0, "absolute")).next_data == "defaults"
    # where it hands over its own spreads, nothing is added to them
    quiet = Measurement({"": places}, spreads={"roads": np.array([4.0, 4])})
    assert one(quiet).spread == 5


def test_default_weights_move_a_mean_only_where_places_differ() -> None:
    # dwellings +-20 %: e = w (x - mean): equal values do not move
    even = j.places((1, 10, 30), (1, 10, 30), assumed=np.ones(2))
    air = Part("", "mean", "ug/m3")
    assert one(Measurement({"": even}), id_="air_quality", part=air).spread == 3
    # 20 and 40: e = -100 and +100; shared 0, own 0.2 * sqrt(2 * 1e4)/20 = 1.41421
    uneven = j.places((1, 10, 20), (1, 10, 40), assumed=np.ones(2))
    row = one(Measurement({"": uneven}), id_="air_quality", part=air)
    assert row.spread == near(math.hypot(3, math.sqrt(2)))
    # only the second assumed: shared 0.2 * 100 / 20 = 1 and own 1: sqrt 2 again
    second = j.places((1, 10, 20), (1, 10, 40), assumed=np.array([0.0, 1.0]))
    row = one(Measurement({"": second}), id_="air_quality", part=air)
    assert row.spread == near(math.hypot(3, math.sqrt(2)))


def test_default_weights_move_the_rank_of_a_p90() -> None:
    # ten dwellings, 41 .. 50 dB: the P90 is 49. Around it the rank has an error of
    # 0.2 * sqrt(9 * 0.1^2 + 0.9^2)/10 = 0.019: from rank 0.881 (49) to 0.919 (50): half is 0.5
    places = j.places(*[(1, 1, 41.0 + k) for k in range(10)], assumed=np.ones(10))
    row = one(Measurement({"": places}), (0, "absolute"), DOWN, False, "traffic_noise",
              map_scene(), Part("", "p90", "dB"))  # fmt: skip
    assert (row.value, row.spread, row.next_data) == (49, near(0.5), "dwellings")


# --- what is not known --------------------------------------------------------------------


def test_unknown_places_widen() -> None:
    # 20 and 40 known, as much again as one of them not: u = 1/3. Spread of the places 10, of the
    # room between minimum and optimum 50/sqrt 12 = 14.4338, which counts as one place among two:
    # sqrt((2 * 100 + 208.3333)/3)/3 = 3.88889
    full = one(Measurement({"": j.places((1, 1, 20), (1, 1, 40))}), (0, "absolute"))
    part = one(Measurement({"": j.places((1, 1, 20), (1, 1, 40), (1, 1, NAN))}), (0, "absolute"))
    assert (full.spread, part.coverage) == (0, near(2 / 3))
    assert part.spread == near(math.sqrt((200 + 2500 / 12) / 3) / 3)
    assert part.next_data == "coverage"
    assert part.mark == full.mark


def test_less_coverage_is_wider() -> None:
    def spread(lost: float) -> float:
        places = j.places((1, 5, 20), (1, 5, 40), (1, lost, NAN))
        return one(Measurement({"": places})).spread

    found = [spread(lost) for lost in (0, 1, 2, 5, 9)]
    assert found == sorted(found) and len(set(found)) == 5


def test_values_given_per_zone_know_only_the_room_of_the_norms() -> None:
    # coverage 0.8, optimum - minimum = 50: 0.2 * 50/sqrt 12 = 2.88675
    n = np.array([0.8, 0.8])
    values = ZoneValues(np.full(2, 30.0), np.ones(2), n, np.zeros(2), np.ones(2))
    row = one(Measurement({"": values}), (0, "absolute"), part=Part("", "given", "%"))
    assert row.spread == near(10 / math.sqrt(12))


# --- properties ---------------------------------------------------------------------------

ANY = st.floats(allow_nan=True, allow_infinity=True)
SOME = st.floats(0, 1e6, allow_nan=False)
REDUCE = st.sampled_from(["mean", "log_mean", "p90", "max", "min", "ratio"])
IDS = st.sampled_from(["thing", "energy_use", "air_quality", "green", "public_transport"])


@given(st.lists(st.tuples(SOME, ANY, st.floats(0, 1)), min_size=1, max_size=12), REDUCE, IDS,
       st.dictionaries(st.sampled_from(["model", "roads", "dwellings"]), ANY), st.booleans(),
       st.booleans(), SOME)  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_nothing_impossible_leaks(rows, how, id_, spreads, log, up, sigma) -> None:
    weight, value, assumed = (np.array(c, float) for c in zip(*rows))
    ones = np.ones(len(rows))
    places = Places(ones, weight, value, num=value, den=weight, assumed=assumed)
    anchors = (1, 10, 1000) if up else (1000, 10, 1)
    measured = Measurement({"": places}, spreads={k: np.full(2, v) for k, v in spreads.items()})
    with np.errstate(all="ignore"):
        row = one(measured, (sigma, "absolute"), {"GT01": j.norm(*anchors)}, up, id_, None,
                  Part("", how, "x"), log)  # fmt: skip
    shown = (row.mark_low, row.mark_high, row.chance6, row.spread, row.next_gain)
    assert all(v is None or math.isfinite(v) for v in shown), row
    if row.mark is None:
        assert shown == (None,) * 5 and row.next_data is None
        return
    assert 1 <= row.mark_low <= row.mark + 1e-9 and row.mark - 1e-9 <= row.mark_high <= 10
    assert 0 <= row.chance6 <= 1 and row.spread >= 0
    if row.next_gain is not None:
        assert row.next_data and 0 < row.next_gain <= row.mark_high - row.mark_low + 1e-9


@given(SOME, SOME, st.floats(-50, 150), st.booleans())
@settings(deadline=None)
def test_a_narrower_input_never_widens(one_, other, value, log) -> None:
    narrow, wide = sorted((one_, other))
    value = abs(value) + 1e-3 if log else value

    def width(sigma: float) -> float:
        row = one(Measurement({"": j.places((1, 1, value))}, spreads={"roads": np.full(2, sigma)}),
                  norms={"GT01": j.norm(20, 40, 70)}, log=log)  # fmt: skip
        return row.mark_high - row.mark_low

    assert width(narrow) <= width(wide) + 1e-9


# --- the table ----------------------------------------------------------------------------


def test_every_figure_of_the_table_has_a_source() -> None:
    table = spread_table()
    wanted = {"dwellings", "gfa", "height", "disconnected", "green_roof", "other"}
    assert wanted <= set(table.fields)
    for name, found in {**table.fields, **table.ageing}.items():
        assert found.source and found.sigma > 0, name
    assert table.field("no_such_field") == table.fields["other"]


def test_every_indicator_and_rate_of_the_table_exists() -> None:
    from dgo_twin_plugin.engine.indicators import all_indicators

    from .factory import profile

    known = {s.id for s in all_indicators()}
    parts = {f"{s.id}.{p.id}" for s in all_indicators() for p in s.parts}
    table = spread_table()
    assert {*table.maps, *table.effects} <= known | parts
    for effects in table.effects.values():
        assert sum(e.deciding for e in effects) <= 1
        for rate in (r for e in effects for r in e.rates):
            assert profile().rate(rate) > 0


@pytest.mark.parametrize(("old", "new", "key"), [
    ("dwellings: {sigma: 0.2,", "dwelings: {sigma: 0.2,", "errors.file.unknown_key"),
    ("sigma: 0.2,", "sigma: -0.2,", "errors.file.type"),
    ("kind: relative", "kind: percent", "errors.file.choice"),
    (", source: s", "", "errors.file.missing_key"),
    ("roles: [no2]", "roles: [n02]", "errors.file.choice"),
    ("on: weight", "on: wait", "errors.file.choice"),
])  # fmt: skip
def test_a_mistake_in_the_table_is_named_with_its_line(tmp_path, old, new, key) -> None:
    good = (
        "fields:\n"
        "  dwellings: {sigma: 0.2, kind: relative, source: s, confidence: P}\n"
        "  other: {sigma: 1, kind: relative, source: t, confidence: P}\n"
        "maps: {air_quality.no2: {roles: [no2], carries: value}}\n"
        "ageing: {}\n"
        "effects: {air_quality: {dwellings: {on: weight}}}\n"
    )
    path = tmp_path / "spreads.yml"
    path.write_text(good, encoding="utf-8")
    assert read_spreads(path).fields["dwellings"].sigma == 0.2
    wrong = good.replace(old, new)
    assert wrong != good
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(FileProblem) as problem:
        read_spreads(path)
    assert problem.value.message.key == key
    assert problem.value.line > 1 and problem.value.file == str(path)
