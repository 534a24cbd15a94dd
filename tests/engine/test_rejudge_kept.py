"""What is kept between moves of a slider never shows: the same rows as judged from nothing."""

from __future__ import annotations

import dataclasses
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgo_twin_plugin.engine import scores, totals
from dgo_twin_plugin.engine.indicators.spec import LegalTest
from dgo_twin_plugin.engine.mix import Mix
from dgo_twin_plugin.engine.norms import load_profile
from dgo_twin_plugin.engine.scores import rejudge
from dgo_twin_plugin.engine.words import EXCEEDS, say
from tests.panel.mix_case import assessment

PROFILE = load_profile("utrecht-proposal-2026")
TYPES = ["GT04", "GT09", "GT04", "GT07"]
BREACH = LegalTest(1, 1, "industry", 58.0, 55.0, EXCEEDS)
CASE = assessment(PROFILE, TYPES, legal={"industrial_noise": [BREACH]},
                  missing={"energy_use": say("reasons.no_value")})  # fmt: skip
KEYS = ["traffic_noise", "shade", "air_quality.pm25", "green.b", "services_access", "flood_safety"]
NAMES = ["traffic_noise", "shade", "air_quality", "green", "energy_use", "industrial_noise"]


def fresh(mix: Mix) -> scores.Rejudged:
    """The same from nothing: copies that remember no move, and no theme kept."""
    totals._kept.clear()
    found = rejudge([dataclasses.replace(p) for p in CASE.prepared.values()], *mix.laid(PROFILE))
    assert all(p.laid is None for p in (dataclasses.replace(p) for p in CASE.prepared.values()))
    return found


MOVES = st.one_of(
    st.tuples(st.just("ambition"), st.sampled_from(["all", "GT04", "GT09", "zone 2", "zone 3"]),
              st.sampled_from(KEYS), st.one_of(st.none(), st.floats(0, 100))),
    st.tuples(st.just("weight"), st.sampled_from(NAMES), st.one_of(st.none(), st.floats(0, 5))),
    st.tuples(st.just("theme"), st.sampled_from(["water", "environment"]), st.floats(0, 5)),
    st.tuples(st.just("off"), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("mode"), st.sampled_from(["design", "test"])),
    st.tuples(st.just("reset")),
)  # fmt: skip


def moved(mix: Mix, move: tuple) -> Mix:
    kind, *words = move
    return {"ambition": mix.with_ambition, "weight": mix.with_weight, "off": mix.with_off,
            "theme": mix.with_theme_weight, "mode": mix.with_mode,
            "reset": mix.reset}[kind](*words)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(MOVES, min_size=1, max_size=12))
def test_after_any_moves_the_rows_are_those_of_judging_from_nothing(moves) -> None:
    mix = Mix()
    for move in moves:
        mix = moved(mix, move)
        kept = rejudge(CASE.prepared.values(), *mix.laid(PROFILE))
    assert kept == fresh(mix)  # rows, parts, totals: every column, to the last bit
    assert kept.totals == totals.totals(kept.rows, mix.laid(PROFILE)[1])


def test_the_case_has_what_can_differ() -> None:
    found = {row.status for row in CASE.scores}
    assert found >= {"ok", "below_ambition", "below_minimum", "not_applicable", "not_assessed",
                     "legal_breach"}  # fmt: skip
    assert next(t for t in CASE.totals if t.zone_id == 0 and t.theme == "total").n_breach == 1


def test_only_what_moved_is_laid_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rejudge(CASE.prepared.values(), *Mix().laid(PROFILE))
    laid, themes = [], []
    first, sums = scores._lay, totals._Sum

    def seen(prepared, *rest):
        laid.append(prepared.spec.id)
        return first(prepared, *rest)

    class Sum(sums):
        def __init__(self) -> None:
            themes.append(1)
            super().__init__()

    monkeypatch.setattr(scores, "_lay", seen)
    monkeypatch.setattr(totals, "_Sum", Sum)
    rejudge(CASE.prepared.values(), *Mix().with_ambition("GT04", "shade", 55).laid(PROFILE))
    assert laid == ["shade"]
    assert not themes  # ambitions have no say in marks: no theme, no total
    laid.clear()
    rejudge(CASE.prepared.values(), *Mix().with_ambition("GT04", "shade", 55).with_weight(
        "green", 2.75).laid(PROFILE))  # fmt: skip
    assert laid == [] and len(themes) == 10  # theme green and the total: the plan and four zones


def test_an_ambition_moves_no_total_and_a_weight_no_row() -> None:
    before = rejudge(CASE.prepared.values(), *Mix().laid(PROFILE))
    aimed = rejudge(CASE.prepared.values(),
                    *Mix().with_ambition("all", "shade", 58).laid(PROFILE))  # fmt: skip
    assert aimed.totals == before.totals and aimed.rows != before.rows
    weighed = rejudge(CASE.prepared.values(), *Mix().with_weight("shade", 5).laid(PROFILE))
    assert weighed.rows == before.rows and weighed.totals != before.totals


def test_another_measurement_is_another_row_though_nothing_moved() -> None:
    """A design that is edited gives other Prepared objects: none may answer for another."""
    other = assessment(PROFILE, TYPES, seed=2)
    mixed = {**CASE.prepared, "shade": other.prepared["shade"]}
    rejudge(CASE.prepared.values(), *Mix().laid(PROFILE))
    found = rejudge(mixed.values(), *Mix().laid(PROFILE))
    totals._kept.clear()
    wanted = rejudge([dataclasses.replace(p) for p in mixed.values()], *Mix().laid(PROFILE))
    assert found == wanted
    shade = [r.value for r in found.rows if r.indicator == "shade"]
    assert shade != [r.value for r in CASE.scores if r.indicator == "shade"]


def test_a_row_that_is_laid_over_the_same_row_stays() -> None:
    """An edit leaves most zones as they were: their rows, and the totals of these, are not made
    again; the ambitions of before do not show where there are others now."""
    other = assessment(PROFILE, TYPES, seed=2)
    # another ambition in the zone is one in the plan
    for mix, laid in ((Mix(), [3]), (Mix().with_ambition("zone 3", "shade", 58), [0, 3])):
        first = rejudge(CASE.prepared.values(), *Mix().laid(PROFILE))
        edited = {id_: dataclasses.replace(p) for id_, p in CASE.prepared.items()}
        shade = edited["shade"]
        shade.laid, part = CASE.prepared["shade"].laid, shade.parts[shade.scored[0]]
        new = other.prepared["shade"].rows[3]
        shade.rows = [*shade.rows[:3], new, *shade.rows[4:]]
        shade.parts = {**shade.parts, part.part.id: dataclasses.replace(part, rows=shade.rows)}
        found = rejudge(edited.values(), *mix.laid(PROFILE))
        totals._kept.clear()
        wanted = rejudge([dataclasses.replace(p) for p in edited.values()], *mix.laid(PROFILE))
        assert found == wanted
        rows = [(a, b) for a, b in zip(first.rows, found.rows) if a.indicator == "shade"]
        assert [k for k, (a, b) in enumerate(rows) if a is not b] == laid
        theme = rows[0][0].theme
        remade = {(a.theme, a.zone_id) for a, b in zip(first.totals, found.totals) if a is not b}
        assert remade == {(theme, 3), ("total", 3)}


def test_two_threads_get_each_their_own_ambitions() -> None:
    """A worker judges while the panel moves a slider."""
    wrong: list[float | None] = []

    def judge(value: float) -> None:
        mix = Mix().with_ambition("all", "shade", value)
        for _ in range(150):
            got = rejudge(CASE.prepared.values(), *mix.laid(PROFILE))
            aims = {r.ambition for r in got.rows if r.indicator == "shade"} - {None}
            if aims != {value}:
                wrong.append(value)

    threads = [threading.Thread(target=judge, args=(v,)) for v in (41.0, 47.0, 53.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_kept_themes_do_not_grow_without_end() -> None:
    many = 0
    for i in range(20):
        rejudge(CASE.prepared.values(),
                *Mix().with_weight("shade", i / 1000).with_weight("green", i / 999).laid(PROFILE))
        many = len(totals._kept) if i == 0 else many
    assert len(totals._kept) == many
