"""Marks: golden values worked by hand, and properties that must hold for any norm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dgo_twin_plugin.engine import marks, words

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # higher is better, linear, 20 / 40 / 70:
        (70.0, 10.0),  # optimum
        (90.0, 10.0),  # beyond: capped
        (55.0, 9.0),  # 8 + 2*(55-40)/(70-40) = 8 + 1
        (40.0, 8.0),
        (30.0, 7.0),  # 6 + 2*(30-20)/(40-20)
        (20.0, 6.0),
        (10.0, 5.0),  # 6 - 2*10/20
        (-30.0, 1.0),  # 6 - 2*50/20 = 1 exactly
        (-31.0, 1.0),  # 0.9 -> floor
        (NAN, NAN),
        (INF, 10.0),
        (-INF, 1.0),
    ],
)
def test_linear_up(value: float, expected: float) -> None:
    assert marks.mark(value, 20, 40, 70, True) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # lower is better, linear, 53 / 48 / 45 dB:
        (45.0, 10.0),
        (40.0, 10.0),
        (46.5, 9.0),  # 8 + 2*(46.5-48)/(45-48) = 8 + 2*0.5
        (48.0, 8.0),
        (50.0, 7.2),  # 6 + 2*(50-53)/(48-53) = 6 + 2*0.6
        (53.0, 6.0),
        (60.0, 3.2),  # 6 - 2*7/5 = 3.2
        (65.5, 1.0),  # 6 - 2*12.5/5 = 1
        (80.0, 1.0),
        (INF, 1.0),
        (-INF, 10.0),
    ],
)
def test_linear_down(value: float, expected: float) -> None:
    assert marks.mark(value, 53, 48, 45, False) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # higher is better, log, 100 / 1,000 / 100,000 years: logs 2 / 3 / 5
        (100.0, 6.0),
        (1000.0, 8.0),
        (10000.0, 9.0),  # 8 + 2*(4-3)/(5-3)
        (1e5, 10.0),
        (10.0, 4.0),  # 6 - 2*1/1
        (0.0, 1.0),  # <= 0 where higher is better
        (-5.0, 1.0),
        (INF, 10.0),
    ],
)
def test_log_up(value: float, expected: float) -> None:
    assert marks.mark(value, 100, 1000, 1e5, True, True) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # lower is better, log, 10 / 1 / 0.01 ouE/m3: logs 1 / 0 / -2
        (10.0, 6.0),
        (1.0, 8.0),
        (0.1, 9.0),  # 8 + 2*(-1-0)/(-2-0)
        (0.01, 10.0),
        (100.0, 4.0),  # 6 - 2*1/1
        (0.0, 10.0),  # no odour at all: the better end
        (-1.0, 10.0),
        (INF, 1.0),
        (-INF, 10.0),
    ],
)
def test_log_down(value: float, expected: float) -> None:
    assert marks.mark(value, 10, 1, 0.01, False, True) == pytest.approx(expected, abs=1e-12)


def test_arrays_of_mixed_norms_and_missing_anchors() -> None:
    # one call, four indicators: up 30 of 20/40/70 -> 7; down 50 of 53/48/45 -> 7.2;
    # log up 10,000 of 100/1,000/100,000 -> 9; no norm -> NaN
    got = marks.mark(
        [30.0, 50.0, 10000.0, 5.0],
        [20.0, 53.0, 100.0, NAN],
        [40.0, 48.0, 1000.0, NAN],
        [70.0, 45.0, 1e5, NAN],
        [True, False, True, True],
        [False, False, True, False],
    )
    np.testing.assert_allclose(got, [7.0, 7.2, 9.0, NAN])


@pytest.mark.parametrize(
    ("value", "nl"),
    [
        (5.96, "5,9"),  # truncated below 6 (indicators G10)
        (5.99, "5,9"),
        (5.9999999999, "6,0"),  # 1e-10 below: dust of binary floats, not a fail
        (0.1 + 0.2 + 5.7, "6,0"),  # 6.000000000000001 or 5.999...: six
        (5.0, "5,0"),
        (5.3, "5,3"),  # 5.3 is 5.29999999999999982 in binary: not 5,2
        (1.1, "1,1"),
        (6.0, "6,0"),
        (6.04, "6,0"),
        (6.05, "6,1"),  # half up from 6 on, also where binary says 6.04999...
        (7.25, "7,3"),
        (9.96, "10,0"),
        (10.0, "10,0"),
        (None, "–"),
        (NAN, "–"),
    ],
)
def test_shown(value: float | None, nl: str) -> None:
    assert marks.shown(value, "nl") == nl
    assert marks.shown(value, "en") == nl.replace(",", ".")


def test_shown_carries_breaches() -> None:
    assert marks.shown(7.2, "nl", 3) == "7,2 §"
    assert marks.shown(7.2, "en", 0) == "7.2"


def test_interval_absolute() -> None:
    # 50 +- 1.645 * 2 dB = 46.71 .. 53.29; down 53/48/45
    # 46.71: 8 + 2*(46.71-48)/(-3) = 8.86; 53.29: 6 - 2*0.29/5 = 5.884
    low, high = marks.interval(50, 2, "absolute", 53, 48, 45, False)
    assert (low, high) == (pytest.approx(5.884), pytest.approx(8.86))
    assert bool(marks.uncertain(low, high))


def test_interval_relative() -> None:
    # 20 ug/m3 +- 1.645 * 15 % = 20 +- 4.935; down 20/15/10
    # 15.065: 6 + 2*(15.065-20)/(-5) = 7.974; 24.935: 6 - 2*4.935/5 = 4.026
    low, high = marks.interval(20, 0.15, "relative", 20, 15, 10, False)
    assert (low, high) == (pytest.approx(4.026), pytest.approx(7.974))


def test_interval_decades() -> None:
    # 1,000 yr, sigma 1/1.645 decade: 100 .. 10,000; log up 100/1,000/100,000 -> 6 .. 9
    low, high = marks.interval(1000, 1 / 1.645, "decades", 100, 1000, 1e5, True, True)
    assert (low, high) == (pytest.approx(6.0), pytest.approx(9.0))
    assert not bool(marks.uncertain(6.0, 9.0))


def test_interval_that_passes_zero_on_a_log_scale() -> None:
    # 1 ouE +- 1.645 * 2: the low end stops at 0 -> mark 10; the high end 4.29:
    # log10 4.29 = 0.632457; 6 + 2*(0.632457-1)/(0-1) = 6.735086
    low, high = marks.interval(1, 2, "absolute", 10, 1, 0.01, False, True)
    assert (low, high) == (pytest.approx(6.735086, abs=1e-6), 10.0)


def test_no_spread_gives_the_mark_itself() -> None:
    low, high = marks.interval(50, NAN, "absolute", 53, 48, 45, False)
    assert low == high == pytest.approx(7.2)


def test_unknown_kind_of_spread_is_refused() -> None:
    with pytest.raises(ValueError, match="procent"):
        marks.interval(1, 1, "procent", 1, 2, 3, True)
    with pytest.raises(ValueError, match="procent"):
        marks.chance6(1, 1, "procent", 1, True)


def test_chance6() -> None:
    # at the minimum exactly: one half; one sigma on the good side: Phi(1) = 0.841345
    assert marks.chance6(53, 2, "absolute", 53, False) == pytest.approx(0.5)
    assert marks.chance6(51, 2, "absolute", 53, False) == pytest.approx(0.841345, abs=1e-6)
    assert marks.chance6(55, 2, "absolute", 53, False) == pytest.approx(0.158655, abs=1e-6)
    # relative: sigma = 0.25 * 20 = 5, minimum 15, up: one sigma above
    assert marks.chance6(20, 0.25, "relative", 15, True) == pytest.approx(0.841345, abs=1e-6)
    # decades: log10 1000 - log10 100 = 1 decade = 2 sigma of 0.5: Phi(2) = 0.977250
    assert marks.chance6(1000, 0.5, "decades", 100, True) == pytest.approx(0.977250, abs=1e-6)
    np.testing.assert_array_equal(
        marks.chance6([53, 53.1, NAN, 1], [0, 0, 2, 2], "absolute", [53, 53, 53, NAN], False),
        [1.0, 0.0, NAN, NAN],
    )
    np.testing.assert_array_equal(marks.chance6([INF, -INF], 2, "absolute", 53, False), [0.0, 1.0])


def test_status_order() -> None:
    # not_applicable > not_assessed > legal_breach > below_minimum > below_ambition > ok
    cases = [
        (8.0, 0.0, False, True, words.NOT_APPLICABLE),
        (NAN, NAN, True, True, words.NOT_ASSESSED),
        (5.0, -3.0, True, True, words.LEGAL_BREACH),
        (5.99, -1.0, True, False, words.BELOW_MINIMUM),
        (6.0, -2.0, True, False, words.BELOW_AMBITION),
        (6.0, 0.0, True, False, words.OK),
        (5.9999999999, 0.0, True, False, words.OK),  # dust
        (8.0, -1e-12, True, False, words.OK),
        (8.0, NAN, True, False, words.OK),
    ]
    got = marks.statuses(*zip(*[c[:4] for c in cases]))
    assert list(got) == [c[4] for c in cases]
    assert [marks.status(*c[:4]) for c in cases] == [c[4] for c in cases]
    assert marks.status(None, None, True, False) == words.NOT_ASSESSED
    assert marks.status(7.0, None, True, False) == words.OK


# --- properties -----------------------------------------------------------------------------

LINEAR = st.floats(-1e4, 1e4, allow_nan=False)
POSITIVE = st.floats(1e-3, 1e6, allow_nan=False)


@st.composite
def norms(draw: st.DrawFn) -> tuple[float, float, float, bool, bool]:
    """Strictly ordered anchors with room between them, in either direction, on either scale."""
    log = draw(st.booleans())
    a, b, c = sorted(draw(st.tuples(*[POSITIVE if log else LINEAR] * 3)))
    scale = math.log10 if log else float
    assume(scale(b) - scale(a) > 1e-3 and scale(c) - scale(b) > 1e-3)
    up = draw(st.booleans())
    return (a, b, c, up, log) if up else (c, b, a, up, log)


@given(norms(), LINEAR, LINEAR)
@settings(deadline=None)
def test_monotone_and_bounded(norm: tuple[float, float, float, bool, bool], x: float, y: float):
    low, high = min(x, y), max(x, y)
    a, b = marks.mark([low, high], *norm)
    assert 1.0 <= a <= 10.0 and 1.0 <= b <= 10.0
    assert a <= b if norm[3] else a >= b


@given(norms())
@settings(deadline=None)
def test_anchors_get_their_mark_and_the_function_is_continuous(
    norm: tuple[float, float, float, bool, bool],
) -> None:
    anchors = np.array(norm[:3])
    got = marks.mark(anchors, *norm)
    np.testing.assert_array_equal(got, [6.0, 8.0, 10.0])
    # a few binary steps to either side: anchors lie at least 1e-3 apart on their scale, so marks
    # move less than 2 * 4 * 2e-12 / 1e-3 = 1.6e-8
    step = 4 * np.spacing(np.abs(anchors))
    assert np.all(np.abs(marks.mark(anchors - step, *norm) - got) < 1e-6)
    assert np.all(np.abs(marks.mark(anchors + step, *norm) - got) < 1e-6)


@given(norms(), st.floats(1.0, 10.0))
@settings(deadline=None)
def test_value_at_mark_is_the_inverse(
    norm: tuple[float, float, float, bool, bool], wanted: float
) -> None:
    value = marks.value_at_mark(wanted, *norm)
    assume(np.isfinite(value) and (value > 1e-300 or not norm[4]))
    assert marks.mark(value, *norm) == pytest.approx(wanted, abs=1e-4)


def test_value_at_mark_by_hand() -> None:
    # down 53/48/45: mark 4 is one minimum-basis step (5 dB) beyond the minimum
    np.testing.assert_allclose(
        marks.value_at_mark([4, 6, 7, 8, 9, 10, 1], 53, 48, 45, False),
        [58, 53, 50.5, 48, 46.5, 45, 65.5],
    )


@given(norms(), LINEAR, st.floats(0, 100), st.sampled_from(marks.SIGMA_KINDS))
@settings(deadline=None)
def test_the_mark_lies_in_its_interval(
    norm: tuple[float, float, float, bool, bool], x: float, sigma: float, kind: str
) -> None:
    low, high = marks.interval(x, sigma, kind, *norm)
    assert low <= marks.mark(x, *norm) <= high


@given(st.floats(1.0, 10.0))
def test_a_shown_fail_is_a_fail(value: float) -> None:
    """What is shown as 6 or more has no status below the minimum, and the other way round."""
    shown = marks.shown_number(value)
    assert shown is not None
    fails = marks.status(value, 0.0, True, False) == words.BELOW_MINIMUM
    assert (shown < 6) == fails


@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize("log", [True, False])
def test_fails_is_a_mark_below_six(up: bool, log: bool) -> None:
    random = np.random.default_rng(4)
    anchors = np.sort(random.uniform(1, 100, (400, 3)), axis=1)
    low, middle, high = (anchors if up else anchors[:, ::-1]).T
    low = np.where(np.arange(400) % 7 == 0, np.nan, low)  # no norm
    value = random.uniform(-20, 130, 400)
    value[::5] = low[::5]  # a six exactly
    value[1::5] = low[1::5] * (1 + 1e-13)  # but for the dust of binary floats
    value[2::20], value[3::20], value[4::20] = np.inf, -np.inf, np.nan
    with np.errstate(invalid="ignore"):
        wanted = np.round(marks.mark(value, low, middle, high, up, log), 9) < 6
    found = marks.fails(value, low, middle, up, log)
    assert found.any() and not found.all()
    np.testing.assert_array_equal(found, wanted)
