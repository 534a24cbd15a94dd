"""Area types of existing neighbourhoods: the rule of domain 1.3 as a partition."""

from __future__ import annotations

import dataclasses
import math

import pytest

from dgo_twin_plugin.engine.classify import (
    HELD,
    Figures,
    branch,
    classify,
    doubt,
    read_rules,
    shipped_rules,
)
from dgo_twin_plugin.engine.texts import text
from dgo_twin_plugin.engine.yaml_lines import FileProblem
from tests.engine.factory import profile

NAN, INF = math.nan, math.inf
# Everything known and in the middle of a green town neighbourhood: one figure is moved at a time.
TOWN = Figures(fsi=0.55, gsi=0.22, mxi=0.95, green=0.45, natural=0.05, agrarian=0.0, nature=0.0,
               industry=0.5, station=3000, inhabitants=90000)  # fmt: skip
VILLAGE = dataclasses.replace(TOWN, inhabitants=4000)

# (what is moved, the type that domain 1.3 gives, the branch)
CASES = [
    (TOWN, {"nature": 0.95}, "GT11", "protected"),
    (TOWN, {"natural": 0.71}, "GT11", "natural"),
    (TOWN, {"agrarian": 0.75, "fsi": 0.02}, "GT10", "agrarian"),
    (TOWN, {"agrarian": 0.75, "fsi": 0.25}, "GT07", "suburb_low"),  # farmland, but built on
    (TOWN, {"mxi": 0.01, "industry": 0.9}, "GT09", "industry"),
    (TOWN, {"mxi": 0.01, "industry": 0.1}, "GT08", "offices"),
    (TOWN, {"fsi": 1.6}, "GT01", "centre"),
    (TOWN, {"fsi": 1.6, "station": 799}, "GT02", "node"),
    (TOWN, {"fsi": 1.6, "station": INF}, "GT01", "centre"),
    (TOWN, {"fsi": 1.1, "mxi": 0.5}, "GT01", "centre"),
    (TOWN, {"fsi": 1.1, "mxi": 0.5, "station": 300}, "GT02", "node"),
    (TOWN, {"fsi": 1.1, "mxi": 0.8}, "GT03", "urban"),
    (TOWN, {"fsi": 0.75}, "GT03", "urban"),
    (TOWN, {}, "GT04", "green"),
    (VILLAGE, {"mxi": 0.6}, "GT05", "village_centre"),
    (VILLAGE, {}, "GT06", "village"),
    (TOWN, {"fsi": 0.19}, "GT07", "rural"),
    (VILLAGE, {"fsi": 0.05}, "GT07", "rural"),
    # the gaps: little green at .40-.75, and residential .20-.40
    (TOWN, {"green": 0.2}, "GT03", "low_green"),
    (VILLAGE, {"green": 0.2}, "GT06", "village"),
    (VILLAGE, {"fsi": 0.25}, "GT06", "village_edge"),
    (VILLAGE, {"fsi": 0.399}, "GT06", "village_edge"),
    (TOWN, {"fsi": 0.25}, "GT07", "suburb_low"),
    (TOWN, {"fsi": 0.35}, "GT03", "suburb_high"),
    # hardly built, neither 70 % nature nor 70 % farmland
    (TOWN, {"fsi": 0.01, "natural": 0.4, "agrarian": 0.3}, "GT11", "open_nature"),
    (TOWN, {"fsi": 0.01, "natural": 0.2, "agrarian": 0.6}, "GT10", "open_farmland"),
    (TOWN, {"fsi": 0.0, "mxi": NAN}, "GT11", "open_green"),  # a town park
    (TOWN, {"fsi": 0.0, "mxi": NAN, "green": 0.0}, "GT07", "sparse"),  # a car park
    (TOWN, {"fsi": NAN}, "GT06", "unknown"),
    (Figures(), {}, "GT06", "unknown"),
]


@pytest.mark.parametrize("base, moved, kind, rule", CASES)
def test_every_branch_by_hand(base: Figures, moved: dict, kind: str, rule: str) -> None:
    found = classify(dataclasses.replace(base, **moved))
    assert (found.type, found.rule) == (kind, rule)


def test_every_branch_of_the_rule_has_a_case() -> None:
    from dgo_twin_plugin.engine.texts import _catalogue

    rules = {k.removeprefix("rule.") for k in _catalogue("en", "classify") if "rule." in k}
    assert {rule for *_, rule in CASES} == rules


def test_all_eleven_types_can_come_out() -> None:
    assert {kind for _, _, kind, _ in CASES} == set(profile().area_types)


# --- doubt --------------------------------------------------------------------------------------
def test_near_a_threshold_names_the_second_type_and_the_distance() -> None:
    # FSI .72 against .75: |.72 - .75| / .75 = .04; beyond it GT03
    found = classify(dataclasses.replace(TOWN, fsi=0.72))
    assert (found.type, found.second, found.figure) == ("GT04", "GT03", "fsi")
    assert found.distance == pytest.approx(0.04)
    assert found.doubtful


def test_the_nearest_threshold_decides_which_type_is_second() -> None:
    # green .36 against .35: .0286; FSI .72 against .75: .04. Green is nearer; GT03 by low green
    found = classify(dataclasses.replace(TOWN, fsi=0.72, green=0.36))
    assert (found.second, found.figure) == ("GT03", "green")
    assert found.distance == pytest.approx(0.01 / 0.35)


def test_far_from_any_threshold_is_not_doubtful() -> None:
    # FSI .55 against .40 and .75: .375 and .267; green .45 against .35: .286; the nearest is .267
    found = classify(TOWN)
    assert not found.doubtful
    assert found.second == "GT03" and found.distance == pytest.approx(0.2 / 0.75)
    # with a margin of 30 % it is
    assert classify(TOWN, margin=0.30).doubtful


def test_an_unknown_figure_that_matters_makes_doubtful() -> None:
    # the size of the town decides between GT04 and GT06: unknown, so both are possible
    found = classify(dataclasses.replace(TOWN, inhabitants=NAN))
    assert (found.type, found.second, found.distance) == ("GT04", "GT06", 0.0)
    assert found.doubtful
    # it does not matter where FSI is above .75, and .95 is far from every other threshold
    assert not classify(dataclasses.replace(TOWN, fsi=0.95, inhabitants=NAN)).doubtful


def test_without_a_layer_of_nature_only_open_land_is_in_doubt() -> None:
    assert not classify(dataclasses.replace(TOWN, nature=NAN)).doubtful
    open_land = dataclasses.replace(TOWN, nature=NAN, fsi=0.01, agrarian=0.9, natural=0.05)
    found = classify(open_land)
    assert (found.type, found.second, found.figure) == ("GT10", "GT11", "nature")


def test_what_cannot_be_is_unknown() -> None:
    odd = Figures(fsi=-1.0, gsi=2.0, mxi=1.5, green=INF, natural=-INF, agrarian=NAN, nature=7,
                  industry=-0.1, station=-5, inhabitants=INF)  # fmt: skip
    assert all(math.isnan(v) for v in dataclasses.astuple(odd.sound()))
    assert classify(odd).rule == "unknown"


# --- the partition ------------------------------------------------------------------------------
def test_exactly_one_type_for_any_input() -> None:
    hypothesis = pytest.importorskip("hypothesis")
    from hypothesis import strategies as st

    rules = shipped_rules()
    edges = [v for held in HELD.values() for t in held
             for v in (rules[t], rules[t] * (1 - 1e-12), rules[t] * (1 + 1e-12))]  # fmt: skip
    odd = st.sampled_from([NAN, INF, -INF, 0.0, -0.0, 1.0, 5e-324, 1e308, *edges])
    value = st.one_of(odd, st.floats(), st.floats(0, 3))
    names = [f.name for f in dataclasses.fields(Figures)]
    types = set(profile().area_types)

    @hypothesis.settings(max_examples=600)
    @hypothesis.given(st.tuples(*[value] * len(names)))
    def one(values: tuple) -> None:
        figures = Figures(**dict(zip(names, values)))
        found = classify(figures)
        assert found.type in types
        assert found.second is None or (found.second in types and found.second != found.type)
        assert found.distance >= 0  # never NaN
        assert (found.type, found.rule) == branch(figures.sound(), rules)  # the same twice
        for lang in ("nl", "en"):
            said = text(found.reason, lang)
            assert said and "{" not in said and "nan" not in said.lower()

    one()


def test_moving_across_the_distance_does_change_the_type() -> None:
    hypothesis = pytest.importorskip("hypothesis")
    from hypothesis import strategies as st

    share = st.floats(0.01, 0.99)

    @hypothesis.settings(max_examples=300)
    @hypothesis.given(st.floats(0.01, 3), share, share, share, share, share, st.floats(1, 4000),
                      st.floats(100, 99999))  # fmt: skip
    def one(fsi, mxi, green, natural, agrarian, industry, station, people) -> None:
        f = Figures(fsi, 0.3, mxi, green, natural, agrarian, 0.0, industry, station, people)
        found = classify(f)
        if found.second is None:
            return
        # one of the thresholds of that figure lies at that distance, and beyond it is that type
        value = getattr(f, found.figure)
        hits = [t for t in (shipped_rules()[n] for n in HELD[found.figure])
                if abs(value - t) / t == pytest.approx(found.distance, abs=1e-9)]  # fmt: skip
        beyond = [classify(dataclasses.replace(f, **{found.figure: t * (1 + s * 1e-8)})).type
                  for t in hits for s in (1, -1)]  # fmt: skip
        assert found.second in beyond

    one()


def test_reasons_carry_the_numbers_in_both_languages() -> None:
    found = classify(dataclasses.replace(TOWN, fsi=0.72))
    assert text(found.reason, "en") == (
        "FSI 0.72 (0.4–0.75) and green 45 % (≥ 35 %); town of 90000 inhabitants."
    )
    assert text(found.reason, "nl") == (
        "FSI 0,72 (0,4–0,75) en groen 45 % (≥ 35 %); plaats met 90000 inwoners."
    )
    why = doubt(found)
    assert why is not None
    assert text(why, "en") == (
        "In doubt: FSI lies 4 % from the threshold; beyond it, it is GT03."
    )


def test_a_file_with_a_missing_threshold_is_refused(tmp_path) -> None:
    from dgo_twin_plugin.engine import resources_path

    good = (resources_path.profiles() / "classify.yml").read_text(encoding="utf-8")
    bad = tmp_path / "classify.yml"
    bad.write_text("\n".join(x for x in good.splitlines() if "village_mxi" not in x))
    with pytest.raises(FileProblem) as problem:
        read_rules(bad)
    assert "village_mxi" in str(problem.value)
