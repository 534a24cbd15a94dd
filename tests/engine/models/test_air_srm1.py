"""SRM1 itself: figures worked by hand, and what must hold for any street."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgo_twin_plugin.engine.models.air import factors, srm1
from dgo_twin_plugin.engine.models.tables import constants

ONE = np.ones(1)


def light(grams: float) -> np.ndarray:
    """Factors of one road on which all vehicles emit the same."""
    return np.full((1, 3), grams)


def test_theta_by_type():
    # S 10: 1: .0325 - .205 + .39 = .2175     2: .0488 - .308 + .59 = .3308
    #       3: .05 - .316 + .57 = .304        4: .031 - .182 + .33 = .179
    found = srm1.theta(np.full(4, 10.0), np.array([1, 2, 3, 4]))
    assert found == pytest.approx([0.2175, 0.3308, 0.304, 0.179])


def test_theta_runs_on_at_30_m():
    # type 1: .2925 - .615 + .39 = .0675, and .856 * 30^-.747 = .856 * .07882 = .06747
    # type 4: .279 - .546 + .33 = .0630, and .799 * .07882 = .06298
    for kind, near, far in ((1, 0.0675, 0.06747), (4, 0.0630, 0.06298)):
        at = srm1.theta(np.array([30.0, 30.0 + 1e-9]), np.array([kind, kind]))
        assert at == pytest.approx([near, far], abs=1e-5)
        assert abs(at[0] - at[1]) < 1e-4


def test_theta_outside_its_range():
    # nearer than 3.5 m is calculated at 3.5 m; beyond 60 m nothing; types 2 and 3 take the tail of
    # type 4: .799 * 40^-.747 = .799 * .06358 = .05080
    near = srm1.theta(np.array([0.0, 3.5]), np.array([2, 2]))
    assert near[0] == near[1]
    assert srm1.theta(np.array([40.0, 40.0, 40.0]), np.array([2, 3, 4])) == pytest.approx(
        [0.0508] * 3, abs=2e-5)  # fmt: skip
    assert not srm1.theta(np.array([60.01, np.nan, 10, 10]), np.array([4, 4, 0, np.nan])).any()


def test_congestion_mixes_the_factors():
    # 1000 a day, 10 % medium, 5 % heavy, a fifth crawls:
    # free  .85 * 1 + .10 * 10 + .05 * 20 = 2.85; crawling twice that: 5.7
    # .8 * 2.85 + .2 * 5.7 = 3.42 g/km; 1000 * 3.42 * 1000 / 86400 = 39.583 ug per m and s
    free = np.array([[1.0, 10.0, 20.0]])
    found = srm1.emission(1000 * ONE, 0.1 * ONE, 0.05 * ONE, 0.2 * ONE, free, 2 * free)
    assert found[0] == pytest.approx(39.583, abs=1e-3)


def test_trees_and_wind():
    # .62 * 10 * .2 * 1.5 * 5 / 2.5 = 3.72
    assert srm1.contribution(10 * ONE, 0.2 * ONE, 1.5 * ONE, 2.5)[0] == pytest.approx(3.72)


@pytest.mark.parametrize(
    ("mean", "days"),
    [(10.0, 6.0),  # below 16
     (20.0, 7.652),  # .13401 * 125.44 - 3.9427 * 11.2 + 35 = 16.810 - 44.158 + 35
     (31.2, 35.0),
     (40.0, 75.592)],  # 4.6128 * 40 - 108.92
)  # fmt: skip
def test_pm10_days(mean, days):
    assert srm1.pm10_days(np.array([mean]))[0] == pytest.approx(days, abs=1e-3)


def test_pm10_days_of_the_unknown_and_the_absurd():
    found = srm1.pm10_days(np.array([np.nan, 0.0, 499.0]))
    assert np.isnan(found[0])
    assert found[1] == 6.0
    assert found[2] == 366.0  # no year is longer


# --- emission factors -------------------------------------------------------------------------
def test_the_table_goes_by_the_date():
    assert factors.table_for(datetime.date(2016, 6, 1)).year == 2015
    assert factors.table_for(datetime.date(2022, 3, 14)).year == 2015
    latest = factors.table_for(datetime.date(2022, 3, 15))
    assert (latest.year, latest.old, latest.later) == (2021, False, False)
    assert factors.table_for(datetime.date(2026, 11, 21)).old  # 5 years
    early = factors.table_for(datetime.date(2010, 1, 1))
    assert (early.year, early.later) == (2015, True)


def test_a_new_table_replaces_the_old_one():
    fresh = {"published": datetime.date(2026, 3, 15), "year": 2025, "nox": {}, "source": "x"}
    block = {road: [1.0, 2.0, 3.0] for road in factors.ROADS}
    fresh.update({s: block for s in srm1.EMITTED})
    tables = [*constants("air")["factors"], fresh]
    chosen = factors.table_for(datetime.date(2026, 11, 21), tables)
    assert (chosen.year, chosen.old) == (2025, False)
    assert chosen.flowing("nox", np.array([2])).tolist() == [[1.0, 2.0, 3.0]]


def test_freight_of_the_2022_table_is_what_was_published():
    table = constants("air")["factors"][1]
    medium, heavy = table["freight"]["mix"]
    for substance in ("nox", "pm10"):
        for road, figure in table["freight"][substance].items():
            _, m, h = table[substance][road]
            assert (medium * m + heavy * h) / (medium + heavy) == pytest.approx(figure, rel=2e-3)


@pytest.mark.parametrize("table", constants("air")["factors"], ids=lambda t: str(t["year"]))
def test_tables_are_complete_and_possible(table):
    for road in factors.ROADS:
        for k in range(3):
            assert 0 < table["no2"][road][k] < table["nox"][road][k]
            assert 0 < table["pm25"][road][k] < table["pm10"][road][k]
        assert table["nox"][road][0] < table["nox"][road][1] < table["nox"][road][2]
    for substance in srm1.EMITTED:
        free, crawling = table[substance]["city_normal"], table[substance]["city_stagnating"]
        assert all(a < b for a, b in zip(free, crawling))


def test_road_class_by_speed():
    found = factors.road_class(np.array([15.0, 50.0, 59.0, 60.0, 80.0, 100.0, 130.0]))
    assert [factors.ROADS[k] for k in found] == ["city_normal"] * 3 + ["rural"] * 2 + [
        "motorway"] * 2  # fmt: skip


# --- what must hold for any street ----------------------------------------------------------------
kinds = st.integers(1, 4)


@given(st.lists(st.floats(0.1, 80), min_size=2, max_size=20), kinds)
def test_farther_never_raises(distances, kind):
    s = np.sort(np.array(distances))
    value = srm1.theta(s, np.full(len(s), kind))
    # the published parabola of type 4 has its lowest point at 29.4 m: it gains 0.00013 up to 30 m
    assert (np.diff(value) <= 1.4e-4).all()
    assert (value >= 0).all()


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1), st.floats(0, 1), st.floats(0, 120))
def test_more_traffic_never_lowers(first, more, medium, congestion, ozone):
    def no2(n: float) -> float:
        share = np.array([medium / 2])
        grams = {s: srm1.emission(n * ONE, share, share, congestion * ONE, light(g), light(2 * g))
                 for s, g in (("nox", 0.4), ("no2", 0.1))}  # fmt: skip
        added = {s: srm1.contribution(e, 0.3 * ONE, ONE, 3.0) for s, e in grams.items()}
        return float(srm1.no2(added["nox"], added["no2"], ozone * ONE)[0])

    assert no2(first + more) >= no2(first) - 1e-12
    assert no2(first) >= 0


@given(st.floats(0, 500), st.floats(0, 500), st.floats(0, 1), st.floats(0, 120))
def test_no2_lies_between_what_is_emitted_and_all_nox(a, b, f, ozone):
    one = srm1.no2(np.array([a]), np.array([f * a]), np.array([ozone]))[0]
    two = srm1.no2(np.array([a + b]), np.array([f * (a + b)]), np.array([ozone]))[0]
    assert f * a - 1e-9 <= one <= a + 1e-9
    assert two >= one - 1e-9


@given(st.floats(1, 1.5), st.floats(0, 0.5), st.floats(0, 1e4))
def test_trees_never_lower(fb, more, emitted):
    low, high = (srm1.contribution(emitted * ONE, 0.2 * ONE, t * ONE, 3.5) for t in (fb, fb + more))
    assert high >= low
