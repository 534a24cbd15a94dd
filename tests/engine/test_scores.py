"""Rows of scores: norms per zone, the plan, coverage, parts, cap, ambitions; worked by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest

from dgo_twin_plugin.engine import scores, words
from dgo_twin_plugin.engine.indicators.spec import LegalTest, Measurement, Part, Places, ZoneValues
from dgo_twin_plugin.engine.norms import IndicatorNorms
from dgo_twin_plugin.engine.scores import ScoreRow, judge, prepare, rejudge
from dgo_twin_plugin.engine.words import say

from . import judging as j

NAN, INF = float("nan"), float("inf")
COLUMNS = (  # design 6, the order of the table `scores`
    "zone_id area_type indicator code part theme value unit mark mark_low mark_high chance6 "
    "ambition gap status legal_check n_breach legal_limit minimum basis optimum weight "
    "norm_source norm_status norm_confidence coverage assumed share_below_6 worst_value "
    "n_features method proxy reason "
    "spread next_data next_gain"  # additive: what the interval rests on
).split()
UP = {"GT01": j.norm(20, 40, 70), "GT04": j.norm(40, 60, 100), "GT02": None}
ONE = j.profile(j.part_norms("", True, UP))


def test_columns_are_the_contract() -> None:
    assert list(scores.COLUMNS) == COLUMNS


def test_zone_marks_follow_zone_norms_and_the_plan_is_their_weighted_mean() -> None:
    # zone 1 (GT01, 20/40/70): 30 -> 7; zone 2 (GT04, 40/60/100): 80 -> 8 + 2*20/40 = 9
    # plan value (100*30 + 300*80)/400 = 67.5; plan mark (100*7 + 300*9)/400 = 8.5
    got = judge(
        j.scene("GT01", "GT04"),
        ONE,
        j.spec(),
        Measurement({"": j.places((1, 100, 30), (2, 300, 80))}),
    )
    plan, one, two = got.rows
    assert [r.zone_id for r in got.rows] == [0, 1, 2]
    assert (one.value, one.mark, one.minimum, one.basis, one.optimum) == (30, 7, 20, 40, 70)
    assert (two.value, two.mark, two.area_type, two.weight) == (80, 9, "GT04", 300)
    assert (plan.value, plan.mark, plan.weight) == (67.5, 8.5, 400)
    # more than one type: no norms on the plan row
    assert (plan.area_type, plan.minimum, plan.norm_source) == (None, None, None)
    assert (one.norm_source, one.norm_status, one.norm_confidence) == ("src", "proposal", "P")
    assert (one.method, one.unit, one.code, one.theme) == ("m-1", "%", "I99", "water")
    assert got.parts == []  # one part: nothing to split


def test_the_plan_row_has_norms_where_there_is_one_type_only() -> None:
    got = judge(
        j.scene("GT01", "GT01"), ONE, j.spec(), Measurement({"": j.places((1, 1, 30), (2, 1, 40))})
    )
    assert (got.rows[0].area_type, got.rows[0].basis, got.rows[0].mark) == ("GT01", 40, 7.5)


def test_low_coverage_keeps_the_value_and_gives_no_mark() -> None:
    # zone 1 knows 49 of 100, zone 2 exactly 50 of 100
    got = judge(
        j.scene("GT01", "GT01"),
        ONE,
        j.spec(),
        Measurement({"": j.places((1, 49, 30), (1, 51, NAN), (2, 50, 30), (2, 50, NAN))}),
    )
    plan, one, two = got.rows
    assert (one.value, one.mark, one.status, one.coverage) == (30, None, "not_assessed", 0.49)
    assert one.reason is not None and one.reason.key == "reasons.coverage"
    assert (two.mark, two.status, two.coverage) == (7, "below_ambition", 0.5)
    # the plan knows 99 of 200 = 0.495: below 0.5 as well, though zone 2 has a mark
    assert (plan.coverage, plan.mark, plan.status) == (0.495, None, "not_assessed")
    assert plan.value == 30


def test_ground_without_an_area_type_has_no_mark_and_lowers_the_plans_coverage() -> None:
    # weights 60 (typed) and 40 (no type), both fully known: plan coverage 60/100
    got = judge(
        j.scene("GT01", None), ONE, j.spec(), Measurement({"": j.places((1, 60, 30), (2, 40, 90))})
    )
    plan, one, two = got.rows
    assert (two.mark, two.status, two.value) == (None, "not_assessed", 90)
    assert two.reason == say("reasons.no_area_type")
    # plan value over everything: (60*30 + 40*90)/100 = 54; mark only of zone 1
    assert (plan.value, plan.mark, plan.coverage) == (54, 7, 0.6)


def test_an_unknown_area_type_is_not_assessed() -> None:
    got = judge(j.scene("GT99"), ONE, j.spec(), Measurement({"": j.places((1, 1, 30))}))
    assert (got.rows[1].status, got.rows[1].reason) == (
        "not_assessed",
        say("reasons.unknown_area_type", area_type="GT99"),
    )


def test_nvt_leaves_the_plan_and_its_coverage() -> None:
    # GT02 is nvt: its weight 900 counts nowhere; plan mark = zone 1 alone
    got = judge(
        j.scene("GT01", "GT02"),
        ONE,
        j.spec(),
        Measurement({"": j.places((1, 100, 30), (2, 900, 30))}),
    )
    plan, _, two = got.rows
    assert (two.status, two.mark, two.reason.key) == ("not_applicable", None, "reasons.nvt")
    assert (plan.mark, plan.coverage) == (7, 1)


def test_nothing_to_judge_is_not_applicable() -> None:
    got = judge(j.scene("GT01", "GT01"), ONE, j.spec(), Measurement({"": j.places((1, 5, 30))}))
    assert (got.rows[2].status, got.rows[2].mark, got.rows[2].value) == (
        "not_applicable",
        None,
        None,
    )
    assert got.rows[0].mark == 7
    none = judge(j.scene("GT01"), ONE, j.spec(), Measurement({"": Places.none()}))
    assert [r.status for r in none.rows] == ["not_applicable"] * 2


def test_what_the_indicator_says_goes_before() -> None:
    said = Measurement(
        {"": j.places((1, 1, 30), (2, 1, 30), (3, 1, 30))},
        not_applicable={1: say("reasons.no_law")},
        not_assessed={2: say("reasons.no_value")},
    )
    plan, one, two, three = judge(j.scene("GT01", "GT01", "GT01"), ONE, j.spec(), said).rows
    assert (one.status, one.reason) == ("not_applicable", say("reasons.no_law"))
    assert (two.status, two.reason, two.value) == ("not_assessed", say("reasons.no_value"), 30)
    assert (three.mark, plan.mark) == (7, 7)
    assert plan.coverage == 1  # zone 1 left; zones 2 and 3 are fully known


def test_a_missing_input_is_missing_everywhere_but_where_nvt() -> None:
    gone = Measurement(missing=say("reasons.missing_role", role="no2"))
    plan, one, two = judge(j.scene("GT01", "GT02"), ONE, j.spec(), gone).rows
    assert [r.status for r in (plan, one, two)] == [
        "not_assessed",
        "not_assessed",
        "not_applicable",
    ]
    assert plan.reason == one.reason == gone.missing
    assert (plan.value, plan.mark, plan.coverage, plan.legal_check) == (
        None,
        None,
        None,
        "not_tested",
    )


def test_an_indicator_without_norms_is_not_assessed() -> None:
    got = judge(j.scene("GT01"), ONE, j.spec(id_="other"), Measurement({"": j.places((1, 1, 30))}))
    assert (got.rows[1].status, got.rows[1].reason.key) == ("not_assessed", "reasons.no_norm")


def test_share_below_6_and_worst_value_stay_beside_the_average() -> None:
    # zone 1: values 60 (30 dwellings), 10 (10): mean 47.5; 10 < 20 -> mark 5: share 10/40 = 0.25
    # zone 2: 40 (20): fine; plan: 10/60
    got = judge(
        j.scene("GT01", "GT01"),
        ONE,
        j.spec(),
        Measurement({"": j.places((1, 30, 60), (1, 10, 10), (2, 20, 40))}),
    )
    plan, one, two = got.rows
    assert (one.share_below_6, one.worst_value) == (0.25, 10)
    assert (two.share_below_6, two.worst_value) == (0, 40)
    assert (plan.share_below_6, plan.worst_value) == (pytest.approx(1 / 6), 10)
    down = j.profile(j.part_norms("", False, {"GT01": j.norm(53, 48, 45)}))
    got = judge(
        j.scene("GT01"), down, j.spec(), Measurement({"": j.places((1, 3, 50), (1, 1, 60))})
    )
    assert (got.rows[1].share_below_6, got.rows[1].worst_value) == (0.25, 60)


def test_interval_and_chance_of_zone_and_plan() -> None:
    # zone 1: 30 +- 1.645*10 = 13.55 .. 46.45 of 20/40/70:
    #   low 6 - 2*6.45/20 = 5.355; high 8 + 2*6.45/30 = 8.43; chance Phi((30-20)/10) = 0.841345
    p = j.profile(j.part_norms("", True, UP, sigma=(10, "absolute")))
    got = judge(
        j.scene("GT01", "GT01"), p, j.spec(), Measurement({"": j.places((1, 1, 30), (2, 1, 30))})
    )
    plan, one, _ = got.rows
    assert (one.mark_low, one.mark_high) == (pytest.approx(5.355), pytest.approx(8.43))
    assert one.chance6 == pytest.approx(0.841345, abs=1e-6)
    assert (plan.mark_low, plan.mark_high) == (pytest.approx(5.355), pytest.approx(8.43))
    # plan: sigma of the mark (8.43 - 5.355)/3.29 = 0.934650; Phi((7 - 6)/0.93465) = Phi(1.069919)
    assert plan.chance6 == pytest.approx(0.857672, abs=1e-5)


def test_a_spread_the_measurement_knows_goes_before() -> None:
    got = judge(
        j.scene("GT01", "GT01"),
        ONE,
        j.spec(),
        Measurement({"": j.places((1, 1, 30), (2, 1, 30))}, sigma=np.array([NAN, 10.0, NAN])),
    )
    assert got.rows[1].mark_low == pytest.approx(5.355)
    assert got.rows[2].mark_low == 7  # the profile's: none


def test_infinite_values_get_the_end_of_the_scale() -> None:
    up = judge(j.scene("GT01"), ONE, j.spec(), Measurement({"": j.places((1, 1, INF))}))
    assert (up.rows[1].mark, up.rows[0].mark) == (10, 10)
    log = j.profile(j.part_norms("", False, {"GT01": j.norm(10, 1, 0.01)}, log=True))
    none = judge(j.scene("GT01"), log, j.spec(), Measurement({"": j.places((1, 1, 0))}))
    assert none.rows[1].mark == 10


# --- ambitions ------------------------------------------------------------------------------


def test_the_default_ambition_is_the_basis() -> None:
    got = judge(
        j.scene("GT01", "GT04"),
        ONE,
        j.spec(),
        Measurement({"": j.places((1, 100, 30), (2, 300, 80))}),
    )
    plan, one, two = got.rows
    assert (one.ambition, one.gap, one.status) == (40, -1, "below_ambition")
    assert (two.ambition, two.gap, two.status) == (60, 1, "ok")
    # plan: 8.5 - (100*8 + 300*8)/400 = 0.5; the zones aim at different values: no value
    assert (plan.ambition, plan.gap, plan.status) == (None, 0.5, "ok")


def test_the_most_specific_ambition_wins_and_never_moves_a_mark() -> None:
    s = j.scene("GT01", "GT01", "GT04")
    prepared = prepare(
        s, ONE, j.spec(), Measurement({"": j.places((1, 1, 30), (2, 1, 30), (3, 2, 80))})
    )
    wish = {"zone 2": {"thing": 20}, "GT01": {"thing": 70}, "all": {"thing": 100}}
    rows, _ = scores.rows(prepared, wish)
    assert [r.ambition for r in rows] == [None, 70, 20, 100]
    # gaps: 7 - 10 = -3; 7 - 6 = 1; 9 - 10 = -1
    assert [r.gap for r in rows[1:]] == [-3, 1, -1]
    # plan mark (7 + 7 + 2*9)/4 = 8; ambition mark (10 + 6 + 2*10)/4 = 9
    assert (rows[0].mark, rows[0].gap) == (8, -1)
    assert [r.status for r in rows] == ["below_ambition", "below_ambition", "ok", "below_ambition"]
    before, _ = scores.rows(prepared)
    assert [r.mark for r in before] == [r.mark for r in rows]
    assert [r.ambition for r in before] == [None, 40, 40, 60]  # prepared itself did not move


def test_ambitions_that_say_nothing_are_the_basis() -> None:
    m = Measurement({"": j.places((1, 1, 30))})
    for wish in (
        {},
        None,
        {"all": {}},
        {"all": None},
        {"all": {"thing": NAN}},
        {"all": {"thing": "x"}},
        {"all": {"other": 3}},
        {"GT04": {"thing": 3}},
        {"zone 7": {"thing": 3}},
    ):
        row = judge(j.scene("GT01"), ONE, j.spec(), m, wish).rows[1]
        assert (row.ambition, row.gap) == (40, -1), wish


def test_statuses_of_unassessed_rows_stand_whatever_the_ambition() -> None:
    got = judge(
        j.scene("GT01", "GT02"),
        ONE,
        j.spec(),
        Measurement({"": j.places((1, 1, NAN), (2, 1, 30))}),
        {"all": {"thing": 70}},
    )
    assert [r.status for r in got.rows] == ["not_assessed", "not_assessed", "not_applicable"]
    assert [r.gap for r in got.rows] == [None] * 3


# --- the law --------------------------------------------------------------------------------


def test_exceeds_caps_zone_and_plan_and_comes_last() -> None:
    # marks 9 and 9; one certain breach in zone 1: 5.0 there, and the plan is capped too
    tests = [
        LegalTest(3, 1, "rail", 66, 65, words.EXCEEDS),
        LegalTest(3, 1, "road", 60, 70, words.COMPLIES),
        LegalTest(4, 2, "rail", 60, 65, words.COMPLIES),
    ]
    p = j.profile(j.part_norms("", True, UP), laws=(j.law("thing", 65), j.law("thing", 70)))
    m = Measurement({"": j.places((1, 1, 55), (2, 9, 55))}, legal=tests)
    plan, one, two = judge(j.scene("GT01", "GT01"), p, j.spec(), m).rows
    assert (one.mark, one.status, one.legal_check, one.n_breach) == (
        5,
        "legal_breach",
        "exceeds",
        1,
    )
    assert (one.legal_limit, one.chance6, one.value) == (65, 0, 55)
    assert one.mark_low == one.mark_high == 5
    assert (one.gap, one.ambition) == (-3, 40)  # 5 - 8
    assert (two.mark, two.status, two.legal_check, two.n_breach) == (9, "ok", "complies", 0)
    assert (plan.mark, plan.status, plan.legal_check, plan.n_breach) == (
        5,
        "legal_breach",
        "exceeds",
        1,
    )


def test_a_mark_below_5_is_not_lifted_by_the_cap() -> None:
    m = Measurement({"": j.places((1, 1, 0))}, legal=[LegalTest(1, 1, "", 2, 1, words.EXCEEDS)])
    assert judge(j.scene("GT01"), ONE, j.spec(), m).rows[1].mark == 4  # 6 - 2*20/20


@pytest.mark.parametrize("outcome", ["indicative", "exceeds_exception_possible", "complies"])
def test_nothing_else_caps(outcome: str) -> None:
    m = Measurement({"": j.places((1, 1, 55))}, legal=[LegalTest(1, 1, "", 2, 1, outcome)])
    row = judge(j.scene("GT01"), ONE, j.spec(), m).rows[1]
    assert (row.mark, row.status, row.legal_check) == (9, "ok", outcome)
    assert row.n_breach == (1 if outcome == "exceeds_exception_possible" else 0)


def test_a_breach_without_a_mark_is_still_counted() -> None:
    m = Measurement({"": j.places((1, 1, NAN))}, legal=[LegalTest(1, 1, "", 2, 1, words.EXCEEDS)])
    row = judge(j.scene("GT01"), ONE, j.spec(), m).rows[1]
    assert (row.mark, row.status, row.legal_check, row.n_breach) == (
        None,
        "not_assessed",
        "exceeds",
        1,
    )


def test_the_limit_without_tests_is_the_only_one_of_the_law_or_none() -> None:
    m = Measurement({"": j.places((1, 1, 55))}, legal_default=words.NOT_IN_SCOPE)
    one = j.profile(j.part_norms("", True, UP), laws=(j.law("thing", 65),))
    two = j.profile(j.part_norms("", True, UP), laws=(j.law("thing", 65), j.law("thing", 70)))
    row = judge(j.scene("GT01"), one, j.spec(), m).rows[1]
    assert (row.legal_limit, row.legal_check) == (65, "not_in_scope")
    assert judge(j.scene("GT01"), two, j.spec(), m).rows[1].legal_limit is None
    assert judge(j.scene("GT01"), ONE, j.spec(), m).rows[1].legal_limit is None


# --- parts ----------------------------------------------------------------------------------

AIR = j.spec(
    Part("no2", "mean", "µg/m³"),
    Part("pm25", "mean", "µg/m³"),
    Part("background", "mean", "µg/m³", informative=True),
    combine="lowest",
)
AIR_PROFILE = j.profile(
    j.part_norms("no2", False, {t: j.norm(20, 15, 10) for t in ("GT01", "GT04")}),
    j.part_norms("pm25", False, {t: j.norm(10, 7.5, 5) for t in ("GT01", "GT04")}),
    laws=(j.law("thing", 40, part="no2"), j.law("thing", 25, part="pm25")),
)


def air(**parts) -> Measurement:
    return Measurement({k: j.places(*v) for k, v in parts.items()})


def test_the_lowest_part_counts_and_names_itself() -> None:
    # zone 1: no2 17.5 -> 7, pm25 6.25 -> 9; zone 2: no2 12.5 -> 9, pm25 10 -> 6
    m = air(
        no2=[(1, 1, 17.5), (2, 3, 12.5)],
        pm25=[(1, 1, 6.25), (2, 3, 10)],
        background=[(1, 1, 12), (2, 3, 12)],
    )
    got = judge(j.scene("GT01", "GT04"), AIR_PROFILE, AIR, m)
    plan, one, two = got.rows
    assert (one.part, one.mark, one.value, one.basis, one.legal_limit) == ("no2", 7, 17.5, 15, 40)
    assert (two.part, two.mark, two.value, two.basis, two.legal_limit) == ("pm25", 6, 10, 7.5, 25)
    # the plan: mean of the zones' lowest marks (7 + 3*6)/4 = 6.25, not the lowest of the parts'
    # means (no2 (7 + 27)/4 = 8.5, pm25 (9 + 18)/4 = 6.75); the part that is named is pm25, with
    # its plan value (6.25 + 30)/4 = 9.0625
    assert (plan.part, plan.mark, plan.value) == ("pm25", 6.25, 9.0625)
    parts = {(r.zone_id, r.part): r for r in got.parts}
    assert len(parts) == 9
    assert (parts[0, "no2"].mark, parts[0, "pm25"].mark) == (8.5, 6.75)
    beside = parts[1, "background"]
    assert (beside.value, beside.mark, beside.status) == (12, None, "not_applicable")
    assert beside.reason == say("reasons.informative")
    assert (beside.minimum, beside.ambition, beside.gap) == (None, None, None)


def test_a_part_that_was_not_measured_is_named() -> None:
    got = judge(j.scene("GT01"), AIR_PROFILE, AIR, air(no2=[(1, 1, 17.5)]))
    assert (got.rows[1].mark, got.rows[1].part) == (7, "no2")
    assert got.rows[1].reason == say("reasons.parts_missing", parts="pm25")
    by = {(r.zone_id, r.part): r for r in got.parts}
    assert by[1, "pm25"].status == "not_assessed"
    none = judge(j.scene("GT01"), AIR_PROFILE, AIR, Measurement(missing=say("reasons.no_value")))
    assert [r.status for r in none.rows] == ["not_assessed"] * 2


def test_ambitions_of_parts() -> None:
    m = air(no2=[(1, 1, 12.5)], pm25=[(1, 1, 7.5)])  # marks 9 and 8
    prepared = prepare(j.scene("GT01"), AIR_PROFILE, AIR, m)
    for wish in ({"all": {"thing.pm25": 5}}, {"all": {"thing": {"pm25": 5}}}):
        rows, _ = scores.rows(prepared, wish)
        assert (rows[1].part, rows[1].ambition, rows[1].gap) == ("pm25", 5, -2)
        assert (rows[0].ambition, rows[0].gap) == (5, -2)
    # a bare number is meant for the first part: no2 must be 10 (mark 10), it is 12.5 (mark 9);
    # the deciding part pm25 meets its own basis, but the shortfall of no2 must show
    rows, parts = scores.rows(prepared, {"all": {"thing": 10}})
    assert (rows[1].part, rows[1].gap, rows[1].status) == ("pm25", 0, "below_ambition")
    assert {r.part: r.gap for r in parts if r.zone_id == 1 and r.part != "background"} == {
        "no2": -1,
        "pm25": 0,
    }


def test_a_breach_of_one_part_caps_that_part_and_the_whole() -> None:
    m = air(no2=[(1, 1, 12.5)], pm25=[(1, 1, 7.5)])
    m.legal = [LegalTest(5, 1, "", 41, 40, words.EXCEEDS, part="no2")]
    got = judge(j.scene("GT01"), AIR_PROFILE, AIR, m)
    by = {(r.zone_id, r.part): r for r in got.parts}
    assert (by[1, "no2"].mark, by[1, "pm25"].mark) == (5, 8)
    assert (got.rows[1].mark, got.rows[1].status, got.rows[1].legal_limit) == (
        5,
        "legal_breach",
        40,
    )
    assert got.rows[0].mark == 5


def test_given_values_and_a_part_per_zone() -> None:
    # green: (a) ratio, (b) given; b is not applicable in zone 2 (no dwellings): a decides there
    green = j.spec(Part("a", "ratio", "%", 100.0), Part("b", "given", "m²"), combine="lowest")
    p = j.profile(
        j.part_norms("a", True, {"GT04": j.norm(20, 30, 40)}),
        j.part_norms("b", True, {"GT04": j.norm(50, 75, 100)}, unit="m²"),
    )
    a = Places(
        np.array([1, 2]),
        np.array([10.0, 10]),
        np.array([0.4, 0.25]),
        num=np.array([4.0, 2.5]),
        den=np.array([10.0, 10]),
    )
    one = np.ones(3)
    b = ZoneValues(np.array([62.5, 62.5, NAN]), np.array([10.0, 10, 0]), one, 0 * one, one)
    got = judge(j.scene("GT04", "GT04"), p, green, Measurement({"a": a, "b": b}))
    # zone 1: a 40 % -> 10, b 62.5 -> 7: b; zone 2: a 25 % -> 7; plan (10*7 + 10*7)/20 = 7
    assert [(r.part, r.mark) for r in got.rows[1:]] == [("b", 7), ("a", 7)]
    assert got.rows[0].mark == 7
    assert got.rows[2].reason is None  # nothing missing: b does not apply


# --- sliders --------------------------------------------------------------------------------


def test_rejudging_equals_judging_again_and_is_quick() -> None:
    n = 20
    scene = j.scene(*["GT01", "GT04"] * (n // 2))
    names = [f"thing{i}" for i in range(33)]
    norms = {
        name: IndicatorNorms(name, "I99", "water", 1.0, {"": j.part_norms("", True, UP)})
        for name in names
    }
    profile = j.profile(j.part_norms("", True, UP), more=norms)
    rng = np.random.default_rng(1)
    measured = [
        Measurement(
            {"": j.places(*[(z, 10.0, v) for z, v in enumerate(rng.uniform(0, 100, n), 1)])}
        )
        for _ in names
    ]
    prepared = [prepare(scene, profile, j.spec(id_=i), m) for i, m in zip(names, measured)]
    wish = {"all": {i: 55.0 for i in names}, "zone 3": {"thing0": 20.0}}
    again = rejudge(prepared, wish)
    afresh: list[ScoreRow] = []
    for i, m in zip(names, measured):
        afresh += judge(scene, profile, j.spec(id_=i), m, wish).rows
    assert again.rows == afresh
    assert [t for t in again.totals if t.theme == "total"][0].indicators == 33
    best = min(_timed(lambda: rejudge(prepared, wish)) for _ in range(5))
    # 33 indicators x 21 rows; the target of the whole slider move is 10 ms (design 7). Generous,
    # because the machine is shared: what it must catch is a slider that reduces places again
    assert best < 0.05


def _timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_a_plan_without_any_zone_is_not_assessed() -> None:
    got = judge(j.scene(), ONE, j.spec(), Measurement({"": Places.none()}))
    assert [(r.zone_id, r.status, r.reason.key) for r in got.rows] == [
        (0, "not_assessed", "reasons.no_zones")
    ]
