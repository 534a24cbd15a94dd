"""Themes and total: weights, breaches, what is missing; worked by hand."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.spec import LegalTest, Measurement
from dgo_twin_plugin.engine.norms import IndicatorNorms
from dgo_twin_plugin.engine.prepare import COLUMNS, ScoreRow
from dgo_twin_plugin.engine.scores import judge
from dgo_twin_plugin.engine.totals import TotalRow, Weights, ambition_marks, totals
from dgo_twin_plugin.engine.words import DgoError

from . import judging as j


def row(indicator: str, theme: str, mark: float | None, zone: int = 0, **more) -> ScoreRow:
    empty = dict.fromkeys(COLUMNS)
    basic = {
        "zone_id": zone,
        "indicator": indicator,
        "theme": theme,
        "mark": mark,
        "mark_low": mark,
        "mark_high": mark,
        "status": words.OK if mark is not None else words.NOT_ASSESSED,
        "n_breach": 0,
        "coverage": 1.0,
        "assumed": 0.0,
    }
    return ScoreRow(**{**empty, **basic, **more})


def by_theme(rows: list[TotalRow], zone: int = 0) -> dict[str, TotalRow]:
    return {r.theme: r for r in rows if r.zone_id == zone}


ROWS = [
    row("open_water", "water", 8, mark_low=7, mark_high=9, coverage=0.8, assumed=0.5),
    row("rain_retention", "water", 6, mark_low=5.5, mark_high=7, coverage=0.6),
    row("flood_safety", "water", None, coverage=0.4),
    row("natural_banks", "water", None, status=words.NOT_APPLICABLE, coverage=None),
    row("traffic_noise", "environment", 5, n_breach=3),
]


def test_equal_weights() -> None:
    got = by_theme(totals(ROWS))
    # water (8 + 6)/2 = 7; intervals (7 + 5.5)/2 and (9 + 7)/2; coverage (0.8 + 0.6 + 0.4)/3 = 0.6
    # over the three that apply; assumed (0.5 + 0)/2; one missing, one not applicable
    water = got["water"]
    assert (water.mark, water.mark_low, water.mark_high) == (7, 6.25, 8)
    assert (water.coverage, water.assumed) == (pytest.approx(0.6), 0.25)
    assert (water.indicators, water.missing, water.n_breach) == (2, 1, 0)
    # total: (7 + 5)/2 = 6: themes weigh, not indicators ((8 + 6 + 5)/3 would be 6.33)
    total = got["total"]
    assert (total.mark, total.indicators, total.missing, total.n_breach) == (6, 3, 1, 3)
    assert total.coverage == pytest.approx(0.8)  # (0.6 + 1)/2


def test_neither_is_capped_and_neither_is_shown_without_breaches() -> None:
    rows = [row("a", "water", 9.4), row("traffic_noise", "environment", 5, n_breach=1)]
    total = by_theme(totals(rows))["total"]
    assert total.mark == pytest.approx(7.2)
    assert (total.shown("nl"), total.shown("en")) == ("7,2 §", "7.2 §")
    assert by_theme(totals(rows))["water"].shown("nl") == "9,4"


def test_weights_of_indicators_and_themes() -> None:
    got = by_theme(totals(ROWS, Weights({"open_water": 3}, {"environment": 0.5})))
    # water (3*8 + 6)/4 = 7.5; total (7.5 + 0.5*5)/1.5 = 6.6667
    assert got["water"].mark == 7.5
    assert got["total"].mark == pytest.approx(10 / 1.5)


def test_a_weight_of_zero_hides_no_breach() -> None:
    got = by_theme(totals(ROWS, Weights({"traffic_noise": 0})))
    env = got["environment"]
    assert (env.mark, env.indicators, env.n_breach, env.shown("nl")) == (None, 0, 3, "– §")
    assert (got["total"].mark, got["total"].n_breach) == (7, 3)
    off = by_theme(totals(ROWS, Weights({}, {"environment": 0})))["total"]
    assert (off.mark, off.n_breach, off.indicators) == (7, 3, 2)


def test_nothing_assessed_gives_no_mark() -> None:
    got = by_theme(totals([row("a", "soil", None, coverage=None)]))
    assert (got["soil"].mark, got["soil"].missing, got["soil"].coverage) == (None, 1, 0)
    assert (got["total"].mark, got["total"].assumed, got["total"].shown("en")) == (None, None, "–")
    assert totals([]) == []


def test_every_zone_has_its_own_totals_in_the_order_of_the_themes() -> None:
    rows = [row("b", "soil", 6, 1), row("a", "water", 8, 1), row("a", "water", 4, 0)]
    got = totals(rows)
    assert [(r.zone_id, r.theme, r.mark) for r in got] == [
        (0, "water", 4),
        (0, "total", 4),
        (1, "water", 8),
        (1, "soil", 6),
        (1, "total", 7),
    ]


def test_ambition_marks_follow_the_gaps() -> None:
    # water: 8 - (-1) = 9 and 6 - 0.5 = 5.5 -> 7.25; environment 5 - (-3) = 8; total 7.625
    rows = [
        row("a", "water", 8, gap=-1.0),
        row("b", "water", 6, gap=0.5),
        row("c", "environment", 5, gap=-3.0),
        row("d", "water", None),
    ]
    assert ambition_marks(rows) == {(0, "water"): 7.25, (0, "environment"): 8, (0, "total"): 7.625}


def test_a_certain_breach_pulls_its_theme_no_further_than_its_own_mark() -> None:
    # the zone mark 9 is capped at 5; the theme is the mean of 5 and 9, not capped itself
    tests = [LegalTest(1, 1, "rail", 66, 65, words.EXCEEDS)]
    p = j.profile(j.part_norms("", True, {"GT01": j.norm(20, 40, 70)}))
    m = Measurement({"": j.places((1, 1, 55))}, legal=tests)
    rows = judge(j.scene("GT01"), p, j.spec(), m).rows + [row("other", "water", 9)]
    assert by_theme(totals(rows))["water"].mark == 7


# --- weights from profile and user ------------------------------------------------------------

PROFILE = j.profile(
    j.part_norms("", True, {}),
    id_="green",
    theme_weights={"water": 2.0},
    more={"odour": IndicatorNorms("odour", "I18", "environment", 0.5, {})},
)


def test_weights_of_the_profile_with_the_users_over_them() -> None:
    w = Weights.of(PROFILE)
    assert (w.indicator("odour"), w.indicator("green"), w.indicator("other")) == (0.5, 1, 1)
    assert (w.theme("water"), w.theme("soil")) == (2, 1)
    # `green` is an indicator and a theme: the bare name is the indicator
    w = Weights.of(PROFILE, {"odour": 3, "green": 4, "theme green": 5, "soil": 6})
    assert (w.indicator("odour"), w.indicator("green")) == (3, 4)
    assert (w.theme("green"), w.theme("soil"), w.theme("water")) == (5, 6, 2)
    w = Weights.of(PROFILE, {"indicators": {"green": 0}, "themes": {"green": 7}})
    assert (w.indicator("green"), w.theme("green")) == (0, 7)


@pytest.mark.parametrize(
    "bad",
    [
        {"odour": -1},
        {"odour": "veel"},
        {"odour": None},
        {"water": float("inf")},
        {"smell": 1},
        {"themes": {"green": -1}},
    ],
)
def test_impossible_weights_are_refused_with_a_sentence(bad: dict) -> None:
    with pytest.raises(DgoError) as error:
        Weights.of(PROFILE, bad)
    assert error.value.message.key in ("reasons.bad_weight", "reasons.unknown_weight")
    assert "reasons." not in str(error.value)  # a real sentence stands behind the key
