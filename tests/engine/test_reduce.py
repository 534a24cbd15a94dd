"""Reductions: worked by hand, and the rules for what is missing or empty."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgo_twin_plugin.engine.grounds import Grounds, weighted_quantile
from dgo_twin_plugin.engine.indicators.spec import (
    Indicator,
    Measurement,
    Part,
    Places,
    ZoneValues,
)
from dgo_twin_plugin.engine.kept import Kept
from dgo_twin_plugin.engine.reduce import reduce, reduce_places, reduced

NAN, INF = float("nan"), float("inf")


def places(zone, weight, value, **more) -> Places:
    more = {k: np.asarray(v) for k, v in more.items()}
    return Places(np.asarray(zone), np.asarray(weight), np.asarray(value), **more)


def test_ratio() -> None:
    # zone 1: 100 * (30 + 10) / (100 + 100) = 20; zone 2: 100 * 50 / 50 = 100
    # plan: 100 * 90 / 250 = 36, not the mean of 20 and 100
    p = places([1, 1, 2], [100, 100, 50], [0.3, 0.1, 1.0], num=[30.0, 10, 50], den=[100.0, 100, 50])
    got = reduce_places(Part("", "ratio", "%", 100.0), p, 2)
    np.testing.assert_allclose(got.value, [36, 20, 100])
    np.testing.assert_allclose(got.weight, [250, 200, 50])
    np.testing.assert_allclose(got.coverage, [1, 1, 1])
    np.testing.assert_array_equal(got.n_features, [3, 2, 1])
    assert not got.empty.any()


def test_unknown_places_leave_numerator_and_denominator() -> None:
    # zone 1: the second place is unknown: 100 * 30 / 100 = 30, coverage 100 / 400 = 0.25
    p = places([1, 1], [100, 300], [0.3, NAN], num=[30.0, NAN], den=[100.0, 300])
    got = reduce_places(Part("", "ratio", "%", 100.0), p, 1)
    np.testing.assert_allclose(got.value, [30, 30])
    np.testing.assert_allclose(got.coverage, [0.25, 0.25])
    np.testing.assert_array_equal(got.n_features, [1, 1])


def test_a_numerator_without_its_own_denominator_counts() -> None:
    # storage 6 m3 of a swale (no sealed area of its own) over 200 m2 of roof: 1000*6/200 = 30 mm
    p = places([1, 1], [0, 200], [NAN, NAN], num=[6.0, 0], den=[0.0, 200])
    got = reduce_places(Part("", "ratio", "mm", 1000.0), p, 1)
    np.testing.assert_allclose(got.value, [30, 30])


def test_mean_with_weights_and_with_own_denominator() -> None:
    # weights 1, 3: (10 + 3*20)/4 = 17.5; own denominators 2, 2: (20 + 40)/4 = 15
    p = places([1, 1], [1, 3], [10, 20])
    assert reduce_places(Part("", "mean", ""), p, 1).value[1] == pytest.approx(17.5)
    p = places([1, 1], [1, 3], [10, 20], den=[2.0, 2])
    assert reduce_places(Part("", "mean", ""), p, 1).value[1] == pytest.approx(15)


def test_log_mean() -> None:
    # weights 1, 3 of 100 and 10,000 years: 10 ** ((2 + 3*4)/4) = 10 ** 3.5 = 3162.2777
    p = places([1, 1], [1, 3], [100, 10000])
    got = reduce_places(Part("", "log_mean", "yr"), p, 1)
    assert got.value[1] == pytest.approx(3162.27766, rel=1e-8)
    # a quantity of zero is -inf on the scale: the mean is zero
    p = places([1, 1], [1, 3], [0.0, 10000])
    assert reduce_places(Part("", "log_mean", "yr"), p, 1).value[1] == 0.0


def test_max_and_min_ignore_places_without_weight() -> None:
    p = places([1, 1, 1, 2], [1, 1, 0, 1], [-7.0, -6.5, -5.0, -8.0])
    np.testing.assert_allclose(
        reduce_places(Part("", "max", ""), p, 3).value, [-6.5, -6.5, -8, NAN]
    )
    np.testing.assert_allclose(reduce_places(Part("", "min", ""), p, 3).value, [-8, -7, -8, NAN])


def test_an_infinite_value_is_known() -> None:
    # no risk at all: log10 0 = -inf; the highest of (-inf, -inf) is -inf, with full coverage
    p = places([1, 1], [1, 1], [-INF, -INF])
    got = reduce_places(Part("", "max", ""), p, 1)
    assert got.value[1] == -INF and got.coverage[1] == 1.0


# --- P90 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "weight", "expected"),
    [
        # 10 dwellings of weight 1: cumulative 9 of 10 is reached at the ninth value
        (range(1, 11), [1] * 10, 9),
        # 9 dwellings: fewer than 10 -> the maximum
        (range(1, 10), [1] * 9, 9),
        # 50, 60, 70 with 80, 9, 11 of 100: at 60 only 89 -> 70; with 80, 10, 10: at 60 exactly 90
        ([50, 60, 70], [80, 9, 11], 70),
        ([50, 60, 70], [80, 10, 10], 60),
        # order does not matter
        ([70, 50, 60], [10, 80, 10], 60),
        # 9 x 0.1 of 1.0 in tenths of dwellings x 100: binary dust must not skip the 0.90
        ([1] * 9 + [2], [0.1 * 100 / 1] * 9 + [0.1 * 100], 1),
        ([1] * 9 + [2], [1.1] * 10, 1),  # nine times 1.1 summed is 9.9 minus dust
        # ten dwellings cut into thirds by zone lines: 30 x 1/3 sums to 10 minus dust: not "few"
        ([1] * 27 + [2] * 3, [1 / 3] * 30, 1),
        # unknown and weightless places do not count
        ([NAN, 5, 99], [100, 20, 0], 5),
    ],
)
def test_p90(value, weight, expected) -> None:
    assert weighted_quantile(np.array(value, float), np.array(weight, float)) == expected


def test_p90_of_nothing_is_nan() -> None:
    assert np.isnan(weighted_quantile(np.array([NAN]), np.array([5.0])))
    assert np.isnan(weighted_quantile(np.array([]), np.array([])))


def test_p90_per_zone_and_plan() -> None:
    # zone 1: 4 dwellings -> maximum 61; zone 2: 20 dwellings: 18 x 50, 2 x 58 -> 0.9 reached at 50
    # plan: 24 dwellings, 0.9 * 24 = 21.6; sorted 18 at 50, 2 at 58 (20), 4 at 61 (24) -> 61
    p = places([2, 1, 2], [18, 4, 2], [50, 61, 58])
    got = reduce_places(Part("", "p90", "dB"), p, 2)
    np.testing.assert_array_equal(got.value, [61, 61, 50])


@given(st.lists(st.tuples(st.floats(30, 80), st.floats(0.5, 50)), min_size=1, max_size=40))
@settings(deadline=None)
def test_p90_is_one_of_the_values_and_reaches_its_share(rows: list[tuple[float, float]]) -> None:
    value, weight = (np.array(column) for column in zip(*rows))
    got = weighted_quantile(value, weight)
    assert got in value
    share = weight[value <= got].sum() / weight.sum()
    assert share >= 0.90 - 1e-6
    if weight.sum() >= 10.01:  # and nothing smaller does
        assert weight[value < got].sum() / weight.sum() < 0.90 + 1e-6


# --- missing, empty, assumed ------------------------------------------------------------------


def test_empty_denominator_does_not_apply() -> None:
    # zone 1 has places; zone 2 none at all; zone 3 places of which the denominator is zero;
    # zone 4 an unknown place: that is not assessed, not inapplicable
    p = places([1, 3, 4], [10, 10, 10], [1, 1, NAN], num=[1.0, 0, NAN], den=[2.0, 0, NAN])
    got = reduce_places(Part("", "ratio", "%", 100.0), p, 4)
    np.testing.assert_array_equal(got.empty, [False, False, True, True, False])
    np.testing.assert_allclose(got.value, [50, 50, NAN, NAN, NAN])
    np.testing.assert_allclose(got.coverage, [2 / 3, 1, NAN, 1, 0])


def test_no_places_at_all() -> None:
    for how in ("ratio", "mean", "log_mean", "p90", "max", "min"):
        none = Places.none()
        none.num = none.den = np.zeros(0)
        got = reduce_places(Part("", how, ""), none, 2)
        assert np.isnan(got.value).all() and got.empty.all(), how
        assert (got.n_features == 0).all() and np.isnan(got.coverage).all()


def test_assumed_is_the_share_of_the_known_weight() -> None:
    # known weights 30 (from a default) and 50; the unknown 20 leave: 30 / 80 = 0.375
    p = places([1, 1, 1], [30, 50, 20], [1, 2, NAN], assumed=[1.0, 0, 1])
    got = reduce_places(Part("", "mean", ""), p, 1)
    np.testing.assert_allclose(got.assumed, [0.375, 0.375])
    np.testing.assert_allclose(got.coverage, [0.8, 0.8])


def test_a_feature_in_two_zones_counts_once_in_the_plan() -> None:
    p = places([1, 2, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], feature=[7, 7, -1, -1])
    got = reduce_places(Part("", "mean", ""), p, 2)
    np.testing.assert_array_equal(got.n_features, [3, 3, 1])


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(-1, 4)), max_size=12))
def test_features_are_counted_once_in_whatever_order(rows: list[tuple[int, int]]) -> None:
    p = places([z for z, _ in rows], [1] * len(rows), [1] * len(rows),
               feature=np.array([f for _, f in rows], np.int64))  # fmt: skip
    got = reduce_places(Part("", "mean", ""), p, 3).n_features
    # a place without a feature counts for itself
    named = [(z, f if f >= 0 else -1 - k) for k, (z, f) in enumerate(rows)]
    wanted = [{f for z, f in named if zone in (0, z)} for zone in range(4)]
    assert got.tolist() == [len(found) for found in wanted]


def test_parts_that_stand_on_the_same_places_are_each_their_own() -> None:
    """Weights and counts are shared where they can be: not where another value is unknown."""
    a = places([1, 1, 2], [1, 2, 3], [1, 2, 3], feature=[0, 1, 2])
    b = Places(a.zone, a.weight, np.array([1, NAN, 5.0]), a.feature, assumed=a.assumed)
    c = Places(a.zone, a.weight, np.array([2, 7, 5.0]), a.feature, assumed=a.assumed)
    parts = tuple(Part(id_, "mean", "") for id_ in "abc")
    spec = Indicator("x", "I99", "green", parts, "area", lambda s, p: Measurement())
    got = reduce(Measurement({"a": a, "b": b, "c": c}), spec, 2)
    for id_, given_ in (("a", a), ("b", b), ("c", c)):
        alone = reduce_places(Part(id_, "mean", ""), given_, 2)
        for name in ("value", "weight", "coverage", "assumed", "n_features", "empty"):
            np.testing.assert_array_equal(getattr(got[id_], name), getattr(alone, name))


def test_given_values_pass_unchanged_but_must_fit() -> None:
    part = Part("b", "given", "m2")
    one = np.ones(3)
    spec = Indicator("x", "I99", "green", (part,), "area", lambda s, p: Measurement())
    values = ZoneValues(np.array([5.0, 4, NAN]), np.array([2.0, 2, 0]), one, one * 0, one)
    got = reduce(Measurement({"b": values}), spec, 2)["b"]
    np.testing.assert_array_equal(got.value, [5, 4, NAN])
    np.testing.assert_array_equal(got.empty, [False, False, True])
    with pytest.raises(ValueError, match="length 4"):
        reduce(Measurement({"b": values}), spec, 3)


def test_programming_errors_are_named() -> None:
    spec = Indicator(
        "x", "I99", "green", (Part("", "mean", ""),), "area", lambda s, p: Measurement()
    )
    p = places([1], [1], [1])
    with pytest.raises(ValueError, match="undeclared parts"):
        reduced(Measurement({"other": p}), spec, 1)
    with pytest.raises(ValueError, match="zone ids"):
        reduced(Measurement({"": places([2], [1], [1])}), spec, 1)
    with pytest.raises(ValueError, match="num and den"):
        reduce_places(Part("", "ratio", ""), p, 1)
    with pytest.raises(ValueError, match="unknown reduction"):
        reduce_places(Part("", "median", ""), p, 1)
    with pytest.raises(ValueError, match="ZoneValues"):
        reduce_places(Part("", "given", ""), p, 1)


def test_proxy_per_zone() -> None:
    spec = Indicator(
        "x", "I99", "green", (Part("", "mean", ""),), "area", lambda s, p: Measurement()
    )
    p = places([1], [1], [1])
    assert reduced(Measurement({"": p}, proxy=True), spec, 2).proxy.tolist() == [True] * 3
    some = np.array([True, False, True])
    assert reduced(Measurement({"": p}, proxy=some), spec, 2).proxy.tolist() == some.tolist()


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.floats(0.1, 1e3), st.floats(0, 100)),
        min_size=1,
        max_size=60,
    )
)
@settings(deadline=None)
def test_zones_add_up_to_the_plan(rows: list[tuple[int, float, float]]) -> None:
    zone, weight, value = (np.array(c) for c in zip(*rows))
    got = reduce_places(Part("", "mean", ""), places(zone, weight, value), 4)
    present = got.weight[1:] > 0
    top = (got.weight[1:][present] * got.value[1:][present]).sum()
    assert got.weight[0] == pytest.approx(got.weight[1:].sum())
    assert got.value[0] == pytest.approx(top / got.weight[0])


def test_quantiles_of_all_zones_are_those_of_each() -> None:
    random = np.random.default_rng(5)
    for _ in range(50):
        n = int(random.integers(0, 60))
        zone, x = random.integers(1, 8, n), np.round(random.normal(50, 10, n), 1)
        w = random.choice([0.0, 0.5, 1.0, 7.0], n)
        x[random.random(n) < 0.1] = NAN
        got = reduce_places(Part("", "p90", "dB"), places(zone, w, x), 8)
        for k in range(1, 9):
            mine = (zone == k) & (w > 0) & ~np.isnan(x)
            np.testing.assert_equal(got.value[k], weighted_quantile(x[mine], w[mine]))


# --- what is kept between runs --------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_places_that_move_are_reduced_as_if_nothing_was_kept(seed: int) -> None:
    """Also with ties, whose order counts, and with places and zones that come and go."""
    random = np.random.default_rng(seed)
    kept, k = Kept(), 40
    spec = Indicator("x", "X", "green", tuple(Part(r, r, "") for r in ("p90", "max", "mean")),
                     "area", lambda scene, profile: Measurement())  # fmt: skip
    value, zone = random.integers(0, 12, k).astype(float), random.integers(1, 5, k)
    weight, feature = random.uniform(0, 3, k), random.integers(-1, 20, k)
    for turn in range(12):
        some = random.integers(0, len(value), 3)
        value[some], zone[some] = random.integers(0, 12, 3), random.integers(1, 5, 3)
        weight[some[0]], value[some[1]] = 0.0, NAN
        if turn % 4 == 3:
            keep = np.delete(np.arange(len(value)), some)
            value, zone, weight, feature = (x[keep] for x in (value, zone, weight, feature))
        p = Places(zone.copy(), weight.copy(), value.copy(), feature.copy())
        other = Places(p.zone, p.weight, -p.value, p.feature, assumed=p.assumed)
        measured = Measurement({"p90": p, "max": other, "mean": p})
        kept.begin()
        found = reduce(measured, spec, 4, Grounds(4, kept))
        kept.settle()
        for part in spec.parts:
            alone = reduce_places(part, measured.parts[part.id], 4)
            for name in ("value", "weight", "coverage", "assumed", "n_features", "empty"):
                got, wanted = getattr(found[part.id], name), getattr(alone, name)
                assert got.tobytes() == wanted.tobytes(), (turn, part.id, name)
