"""Why a mark is what it is: printed sums can be recomputed, causes add up, shares are shares."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from dgo_twin_plugin.engine.assessment import Assessment, assess
from dgo_twin_plugin.engine.mix import Mix
from dgo_twin_plugin.engine.norms import Profile
from dgo_twin_plugin.engine.texts import LANGUAGES
from dgo_twin_plugin.engine.why import why
from dgo_twin_plugin.engine.why_formula import mark_sum
from dgo_twin_plugin.engine.why_words import mark2, percent, plain, quantity, signed
from tests.engine import factory as f
from tests.engine.town import box, town


@pytest.fixture(scope="module")
def plan() -> Assessment:
    """A town with a layer for every role; parts of the risk contours are fit for the law."""
    made = town()
    made.entries = {"risk_contours": {"basis": "legal"}}
    made.context["risk_contours"] = [(box(150, -200, 400, 300), {"pr": -5.5})]
    return made.assess()


@pytest.fixture(scope="module")
def other() -> Assessment:
    """The same town after an afternoon of drawing: moved, added, removed, other data."""
    made = town()
    rows = list(made.surfaces)
    rows[2] = (rows[2][0], box(74, 72, 94, 84), rows[2][2])
    rows[3] = (rows[3][0], rows[3][1], {**rows[3][2], "dwellings": 20.0, "disconnected": 0.9})
    rows = rows[:-1] + [("grass", box(20, 40, 40, 50), {"public": 1})]
    made.surfaces = rows
    return made.assess()


def number(shown: str) -> float:
    return float(shown.replace("\u2212", "-").replace(",", "."))


def worked_out(expression: str) -> float:
    """What a printed sum gives, read as a person reads it; independent of the engine."""
    python = expression.replace("\u2212", "-").replace("\u00b7", "*").replace("^", "**")
    python = re.sub(r"(\d),(\d)", r"\1.\2", python)
    python = re.sub(r"lg (-?\d+(?:\.\d+)?)", r"lg(\1)", python)
    assert re.fullmatch(r"[-+*/(). \dlg]+", python), expression
    return float(eval(python, {"__builtins__": {}}, {"lg": math.log10}))  # noqa: S307 - checked


def everything(made: Assessment) -> list[tuple[str, int]]:
    return [(id_, zone) for id_ in made.prepared for zone in range(made.scene.n_zones + 1)]


# --- sums -----------------------------------------------------------------------------------------
def test_the_sum_of_the_drawing() -> None:
    # 57.8 dB with 55 / 50 / 45: 6 - 2 * 2.8 / 5 = 4.88
    made = mark_sum(57.8, 55.0, 50.0, 45.0, False, False, 1, "nl")
    assert made.expression == "6 \u2212 2 \u00b7 (57,8 \u2212 55) / (55 \u2212 50)"
    assert made.result == "4,88" and made.branch == "below"
    assert made.text == f"onder de 6: {made.expression} = 4,88"


@pytest.mark.parametrize(("value", "up", "log", "norms", "expression", "result"), [
    # 6 + 2 * (lg 400 - 2) / (3 - 2) = 6 + 2 * 0.60206 = 7.204
    (400.0, True, True, (100.0, 1000.0, 10_000.0),
     "6 + 2 \u00b7 (lg 400 \u2212 lg 100) / (lg 1000 \u2212 lg 100)", "7.20"),
    # 8 + 2 * (50 - 47.5) / (50 - 45) = 9.0
    (47.5, False, False, (55.0, 50.0, 45.0),
     "8 + 2 \u00b7 (50 \u2212 47.5) / (50 \u2212 45)", "9.00"),
    # 6 - 2 * (-6 - -5.5)...: -5.5 is half a decade worse than -6: 6 - 2 * 0.5 / 1 = 5.0
    (-5.5, False, False, (-6.0, -7.0, -8.0),
     "6 \u2212 2 \u00b7 ((\u22125.5) \u2212 (\u22126)) / ((\u22126) \u2212 (\u22127))", "5.00"),
    # 5.9985 is no pass and does not print as one: 55.00375 -> 6 - 2 * 0.00375 / 5 = 5.9985
    (55.00375, False, False, (55.0, 50.0, 45.0),
     "6 \u2212 2 \u00b7 (55.004 \u2212 55) / (55 \u2212 50)", "5.99"),
])  # fmt: skip
def test_sums_by_hand(value: float, up: bool, log: bool, norms: tuple[float, float, float],
                      expression: str, result: str) -> None:  # fmt: skip
    made = mark_sum(value, *norms, up, log, 1, "en")
    assert (made.expression, made.result) == (expression, result)


def test_the_ends_of_the_scale() -> None:
    top = mark_sum(40.0, 55.0, 50.0, 45.0, False, False, 1, "en")
    assert top.branch == "top" and top.value == 10.0 and not top.expression and "45" in top.text
    # 6 - 2 * 20 / 5 = -2: the sum is told as it is, and that the scale ends at 1
    low = mark_sum(75.0, 55.0, 50.0, 45.0, False, False, 1, "en")
    assert low.result == "\u22122.00" and "1.00" in low.text.split(low.result)[1]
    none = mark_sum(0.0, 100.0, 1000.0, 10_000.0, True, True, 1, "en")
    assert none.branch == "bottom" and none.value == 1.0


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_printed_sum_gives_the_mark(plan: Assessment, lang: str) -> None:
    """Over all indicators and zones: what is printed, recomputed, is the mark to two decimals."""
    told: dict[str, int] = {}
    for indicator, zone in everything(plan):
        made = why(plan, None, zone, indicator, lang=lang)
        if made.mark is None:
            assert not made.sum.expression
            continue
        told[made.sum.branch] = told.get(made.sum.branch, 0) + 1
        if not made.sum.expression:
            assert made.sum.branch in ("top", "bottom", "one"), indicator
            continue
        found = worked_out(made.sum.expression)
        assert str(mark2(found)) == str(number(made.sum.result)) or math.isclose(
            float(mark2(found)), number(made.sum.result), abs_tol=1e-9
        ), (indicator, zone, made.sum.text)
        mark = max(1.0, found)
        if made.status == "legal_breach":
            mark = min(mark, 5.0)
        assert abs(mark - made.mark) < 0.0101, (indicator, zone, made.sum.text, made.mark)
        assert made.sum.result in made.fact("sum")
    assert {"below", "between", "above", "mean", "top"} <= set(told)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_printed_quantity_gives_the_value(plan: Assessment, lang: str) -> None:
    seen = set()
    for indicator, zone in everything(plan):
        made = why(plan, None, zone, indicator, lang=lang)
        if not made.quantity.expression:
            continue
        seen.add(made.quantity.branch)
        found = worked_out(made.quantity.expression)
        decimals = len(made.quantity.result.replace(",", ".").partition(".")[2])
        assert plain(found, decimals, lang) == made.quantity.result or math.isclose(
            found, number(made.quantity.result), abs_tol=0.51 * 10.0**-decimals
        ), (indicator, zone, made.quantity.text)
        row = plan.prepared[indicator].rows[zone]
        assert row.value is not None
        assert math.isclose(found, row.value, rel_tol=0.02, abs_tol=0.51)
    assert {"ratio", "mean", "log_mean"} <= seen


def test_the_cap_of_the_law_is_told(plan: Assessment) -> None:
    """Zone 2 has buildings within 10^-5.5 by a contour that is fit for the law: at most 5.0."""
    row = plan.prepared["individual_risk"].rows[2]
    if row.n_breach == 0:
        row = plan.prepared["individual_risk"].rows[1]
    assert row.n_breach > 0 and row.mark is not None and row.mark <= 5.0
    made = why(plan, None, row.zone_id, "individual_risk", lang="nl")
    assert made.badge.endswith(f"\u00a7{row.n_breach}") and made.badge in made.title
    assert "grenswaarde overschreden" in made.fact("legal")
    whole = why(plan, None, 0, "individual_risk", lang="nl")
    assert "\u00a7" in whole.title  # never a mark without its breaches


# --- what it says ---------------------------------------------------------------------------------
@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_is_said_in_words(plan: Assessment, other: Assessment, lang: str) -> None:
    mix = Mix(weights={"green": 3.0}, off=frozenset({"odour"}))
    for indicator, zone in everything(plan):
        made = why(plan, mix, zone, indicator, former=other, former_mix=Mix(), lang=lang)
        shown = made.to_text()
        assert "why." not in shown and "{" not in shown, shown
        assert "indicators." not in shown and "None" not in shown and "nan" not in shown, shown
        assert made.note and made.says_not and made.title
        if made.mark is None:
            assert made.fact("reason")
        else:
            assert made.fact("measured") and made.fact("sum") and made.fact("source")
            assert made.fact("certainty") and made.fact("coverage") and made.fact("method")


def test_dutch_numbers_have_a_comma(plan: Assessment) -> None:
    shown = why(plan, None, 1, "traffic_noise", lang="nl").fact("sum")
    assert re.search(r"\d,\d", shown) and not re.search(r"\d\.\d", shown)


def test_norm_law_and_source(plan: Assessment) -> None:
    # the shipped profile: GT04 traffic noise 55 / 50 / 45; law 70 / 53 for municipal roads
    zone = 1 + list(plan.scene.zones.area_type).index("GT04")
    made = why(plan, None, zone, "traffic_noise", lang="nl")
    assert made.fact("norm") == "10 bij 45 \u00b7 8 bij 50 \u00b7 6 bij 55 dB Lden"
    assert "gemeenteweg: grens 70, standaard 53 dB Lden" in made.fact("law")
    assert "5.78t" in made.fact("law")
    assert "niet vastgesteld" in made.fact("source") and "niet vastgesteld" in made.note
    count = sum(t.zone == zone and t.source_kind == "road_municipal"
                for t in plan.measurements["traffic_noise"].legal)  # fmt: skip
    assert count > 0 and f"gemeenteweg: {count} \u00d7" in made.fact("legal")


def test_no_word_of_law_where_there_is_none(plan: Assessment) -> None:
    made = why(plan, None, 1, "green", lang="nl")
    assert not made.fact("law") and not made.fact("legal") and "wettelijk" not in made.to_text()


def test_weight_and_switch(plan: Assessment) -> None:
    """Climate of zone 1: with a weight of 3 an indicator has 3 / (3 + others) of its theme."""
    rows = [r for r in plan.scores if r.zone_id == 1 and r.theme == "climate"
            and r.mark is not None]  # fmt: skip
    share = 3.0 / (3.0 + len(rows) - 1)
    made = why(plan, Mix(weights={"shade": 3.0}), 1, "shade", lang="en")
    assert f"weight 3: {percent(share, 'en')} of Climate" in made.fact("weight")
    off = why(plan, Mix(off=frozenset({"shade"})), 1, "shade", lang="en")
    assert "switched off" in off.fact("weight")


def test_unknown_indicator_or_zone(plan: Assessment) -> None:
    with pytest.raises(KeyError):
        why(plan, None, 0, "no_such_thing")
    with pytest.raises(IndexError):
        why(plan, None, 99, "green")


# --- what counts most ---------------------------------------------------------------------------
def paved(shares: list[tuple[float, float]]) -> Assessment:
    """Paved strips of (width, disconnected) in one zone of 10 m high."""
    x, rows = 0.0, []
    for width, disconnected in shares:
        rows.append(("paved", f.box(1000 + x, 0, 1000 + x + width, 10),
                     {"disconnected": disconnected}))  # fmt: skip
        x += width
    whole = f.box(1000, 0, 1000 + x, 10)
    return assess(f.scene([("GT04", whole)], rows, plan=whole), f.profile(),
                  ["stormwater_disconnection"])  # fmt: skip


def with_norm(profile: Profile, **numbers: float) -> Profile:
    """The profile with other numbers for disconnection in GT04."""
    id_ = "stormwater_disconnection"
    norms = profile.indicators[id_]
    own = norms.parts[""].norms["GT04"]
    assert own is not None
    part = replace(norms.parts[""], norms={"GT04": replace(own, **numbers)})
    return replace(profile, indicators={id_: replace(norms, parts={"": part})})


def test_features_by_what_they_lack() -> None:
    """With a 10 at 80 %: 300 m2 with 0 % lacks 0.8 * 300 = 240 m2, 100 m2 with 50 % lacks 80 - 50 =
    30 m2, 50 m2 with 90 % lacks nothing: 240 and 30 of 270."""
    made = assess(paved([(30.0, 0.0), (10.0, 0.5), (5.0, 0.9)]).scene,
                  with_norm(f.profile(), minimum=40.0, basis=60.0, optimum=80.0),
                  ["stormwater_disconnection"])  # fmt: skip
    found = why(made, None, 1, "stormwater_disconnection", lang="en").counts
    assert found is not None and found.of == "lacking" and [r.fid for r in found.rows] == [1, 2]
    assert [r.share for r in found.rows] == pytest.approx([240.0 / 270.0, 30.0 / 270.0])
    assert found.rows[0].layer == "design" and found.rest == pytest.approx(0.0, abs=1e-12)


def test_a_percentile_is_decided_by_its_top(plan: Assessment) -> None:
    made = why(plan, None, 2, "traffic_noise", lang="en")
    assert made.counts is not None and made.counts.of == "deciding"
    value = plan.prepared["traffic_noise"].rows[2].value
    assert value is not None and all(r.value >= value - 1e-6 for r in made.counts.rows)


def test_shares_are_shares(plan: Assessment) -> None:
    n = 0
    for indicator, zone in everything(plan):
        found = why(plan, None, zone, indicator, lang="en").counts
        if found is None:
            continue
        n += 1
        shares = [r.share for r in found.rows]
        assert len(shares) <= 10 and shares == sorted(shares, reverse=True)
        assert sum(shares) + found.rest == pytest.approx(1.0)
        assert all(len(r.wkb) > 9 for r in found.rows)
    assert n > 40


def test_places_are_given_in_world_coordinates(plan: Assessment) -> None:
    from osgeo import ogr

    found = why(plan, None, 1, "energy_use", lang="en").counts
    assert found is not None
    box_ = ogr.CreateGeometryFromWkb(found.rows[0].wkb).GetEnvelope()
    assert 136_000 <= box_[0] <= 136_200 and 456_000 <= box_[2] <= 456_120


def test_zones_that_pull_the_plan_down(plan: Assessment) -> None:
    """Lost points of the zones add up to 10 minus the mark before any cap."""
    for indicator in plan.prepared:
        made = why(plan, None, 0, indicator, lang="en")
        if not made.pulls:
            continue
        assert sum(p.lost for p in made.pulls) == pytest.approx(10.0 - made.sum.value)
        lost = [p.lost for p in made.pulls]
        assert lost == sorted(lost, reverse=True) and len(made.pulls_text) == len(lost)


# --- what changed ---------------------------------------------------------------------------------
def test_the_causes_add_up(plan: Assessment, other: Assessment) -> None:
    n = 0
    for indicator, zone in everything(plan):
        found = why(other, None, zone, indicator, former=plan, lang="en").change
        if found is None or found.points is None:
            continue
        n += len(found.effects) > 0
        assert sum(e.marks or 0.0 for e in found.effects) == pytest.approx(
            found.points, abs=1e-6), (indicator, zone)  # fmt: skip
    assert n > 20


def test_a_change_by_hand() -> None:
    """Before: 100 m2 at 0 and 100 m2 at 1: 50 %. After: the first at 0.4, the second gone, a new
    200 m2 at 1. R0 = 0.5, D1 = 300: changed (40 - 0) / 300 = 13.3 %; removed (-100 + 0.5 * 100)
    / 300 = -16.7 %; added (200 - 0.5 * 200) / 300 = 33.3 %. Together 30 %: 80 %."""
    before = paved([(10.0, 0.0), (10.0, 1.0)])
    after = paved([(10.0, 0.4), (20.0, 1.0)])
    # the second strip of `after` is another feature
    after.scene.surfaces.fid[after.scene.surfaces.fid == 2] = 7
    found = why(after, None, 1, "stormwater_disconnection", former=before, lang="en").change
    assert found is not None
    assert {e.kind: e.value for e in found.effects} == pytest.approx(
        {"added": 100.0 / 3.0, "removed": -50.0 / 3.0, "changed": 40.0 / 3.0}
    )
    assert found.value_now == pytest.approx(80.0)
    assert {(x.kind, x.how) for x in found.moved} == {
        ("added", ""), ("removed", ""), ("changed", "fields")}  # fmt: skip


def test_other_norms_are_a_cause_of_their_own() -> None:
    before = paved([(10.0, 0.5)])
    id_ = "stormwater_disconnection"
    own = before.profile.norm(id_, "GT04")
    assert own is not None
    changed = with_norm(before.profile, minimum=own.minimum + 10.0)
    after = assess(before.scene, changed, [id_])
    found = why(after, None, 1, id_, former=before, lang="en").change
    assert found is not None and [e.kind for e in found.effects] == ["norm"]
    assert found.points is not None and found.points < 0 and not found.moved


def test_another_part_that_decides_is_said_and_its_value_not_compared(plan: Assessment) -> None:
    """Green was decided by the share, now by the m2 per dwelling: no "x became y" between them."""
    row = plan.prepared["green"].rows[1]
    turned = plan.judged(None, None)
    turned.scores = [r.copy(part="b", value=12.0, mark=4.0) if (
        r.indicator, r.zone_id) == ("green", 1) else r for r in turned.scores]  # fmt: skip
    made = why(turned, None, 1, "green", former=plan, lang="en")
    assert row.part == "a" and made.change is not None and row.mark is not None
    assert [(e.kind, e.marks) for e in made.change.effects] == [("part", 4.0 - row.mark)]
    assert not any("became" in line for line in made.changes)


def test_ambition_and_weight_move_no_mark(plan: Assessment) -> None:
    again = plan.judged({"all": {"shade": 33.0}}, None)
    made = why(again, Mix(weights={"shade": 2.0}), 1, "shade", former=plan, former_mix=Mix(),
               lang="en")  # fmt: skip
    assert made.change is not None and made.change.points == 0.0 and not made.change.effects
    assert made.change.ambition is not None and made.change.weight == (1.0, 2.0)
    assert any("does not change the mark" in line for line in made.changes)


# --- words ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("value", "decimals", "shown"), [
    (57.83, 1, "57,8"), (-6.0, 1, "\u22126"), (1234.5, 1, "1234"), (0.0123456, 1, "0,0123"),
    (0.0, 1, "0"), (-0.04, 1, "\u22120,04"), (float("inf"), 1, "\u221e"), (None, 1, "\u2013"),
])  # fmt: skip
def test_numbers_as_people_read_them(value: float | None, decimals: int, shown: str) -> None:
    assert quantity(value, decimals, "nl") == shown


def test_nothing_is_certain_and_nothing_is_hidden() -> None:
    assert percent(0.001, "nl") == "< 1 %" and percent(0.9999, "nl") == "> 99 %"
    assert percent(0.0, "nl") == "0 %" and percent(1.0, "nl") == "100 %"
    assert signed(0.04, "nl") == "+0,04" and signed(-0.7, "nl") == "\u22120,7"
    assert signed(0.0, "en") == "\u00b10.0"


def test_it_needs_neither_qgis_nor_qt(repo: Any) -> None:
    code = ("import sys; import dgo_twin_plugin.engine.why; "
            "print([m for m in sys.modules if m.startswith(('qgis', 'PyQt'))])")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_an_empty_part_is_no_error(plan: Assessment) -> None:
    """Not applicable, not assessed, without places: an explanation all the same."""
    nothing = assess(f.scene([("GT04", f.box(0, 0, 100, 100))], [("grass", f.box(0, 0, 50, 50))],
                             plan=f.box(0, 0, 100, 100)), f.profile())  # fmt: skip
    states = set()
    for indicator, zone in everything(nothing):
        made = why(nothing, None, zone, indicator, former=plan, lang="nl")
        states.add(made.status)
        assert made.mark is not None or made.fact("reason")
    assert {"not_applicable", "not_assessed"} <= states
