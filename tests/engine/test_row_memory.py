"""Rows with a memory are the rows without one; those that nothing moved are the same objects."""

from __future__ import annotations

import random

import pytest

from dgo_twin_plugin.engine.mix import Mix
from dgo_twin_plugin.engine.norms import load_profile
from dgo_twin_plugin.engine.row_memory import RowMemory, moved_between
from dgo_twin_plugin.engine.row_view import row_views
from tests.panel.mix_case import assessment

PROFILE = load_profile("utrecht-proposal-2026")
CASE = assessment(PROFILE, ["GT04", "GT07", "GT04"])
EARLIER = assessment(PROFILE, ["GT04", "GT07", "GT04"], seed=2)


def moved(mix: Mix, chance: random.Random) -> Mix:
    name = chance.choice(sorted(CASE.prepared))
    prepared = CASE.prepared[name]
    part = chance.choice(prepared.scored)
    key = f"{name}.{part}" if part else name
    where = chance.choice(["all", "GT04", "GT07", "zone 1", "zone 3"])
    return chance.choice([
        lambda: mix.with_ambition(where, key, chance.choice([None, chance.uniform(1, 80)])),
        lambda: mix.with_mark(PROFILE, ["GT04", "GT07"], key, chance.uniform(4, 10)),
        lambda: mix.with_weight(name, chance.choice([None, 0.5, 2.0])),
        lambda: mix.with_off(name, chance.random() < 0.5),
        lambda: mix.with_lock(name, chance.random() < 0.5),
        lambda: mix.with_mode(chance.choice(["design", "test"])),
    ])()  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_with_and_without_a_memory(seed: int) -> None:
    chance, memory, mix = random.Random(seed), RowMemory(), Mix()
    places = [("all", 0), ("GT04", 0), ("GT07", 3), ("zone 2", 2)]
    place, former, parts = places[0], None, None
    for _ in range(120):
        mix = moved(mix, chance)
        if chance.random() < 0.1:
            place = chance.choice(places)
        if chance.random() < 0.1:
            former = chance.choice([None, EARLIER, {"shade": (45.0, 5.0)}])
        if chance.random() < 0.1:
            parts = chance.choice([None, {"green": "b"}, {"green": "a", "air_quality": "pm25"}])
        about = (CASE.judged(*mix.laid(PROFILE)), mix, *place, former, "nl", chance.random() < 0.1,
                 parts)  # fmt: skip
        assert row_views(*about, memory) == row_views(*about)


def test_who_moved() -> None:
    mix = Mix().with_ambition("GT04", "shade", 40.0)
    assert moved_between(mix, mix) == set()
    assert moved_between(mix, mix.with_weight("green", 2.0).with_off("odour")) == {"green", "odour"}
    assert moved_between(mix, mix.with_ambition("GT04", "shade", None)) == {"shade"}
    assert moved_between(mix, mix.with_ambition("all", "green.b", 9.0)) == {"green"}
    assert moved_between(mix, mix.with_lock("shade")) == {"shade"}
    assert moved_between(mix, mix.with_mode("test")) is None


def test_an_indicator_that_was_away_is_made_again() -> None:
    """Its row rests on the mix of then: what moved meanwhile must not be forgotten."""
    memory, mix = RowMemory(), Mix()
    row_views(CASE, mix, "GT04", 0, lang="nl", memory=memory)
    without = CASE.judged(None, None)
    without.scores = [row for row in without.scores if row.indicator != "shade"]
    mix = mix.with_ambition("GT04", "shade", 44.0)
    row_views(without, mix, "GT04", 0, lang="nl", memory=memory)
    found = row_views(CASE, mix, "GT04", 0, lang="nl", memory=memory)
    assert next(v for v in found if v.indicator == "shade").ambition == 44.0


def test_a_move_leaves_the_scopes_in_their_order() -> None:
    mix = Mix()
    for scope in ("GT04", "GT07", "zone 1"):
        mix = mix.with_ambition(scope, "shade", 40.0).with_ambition(scope, "odour", 3.0)
    assert list(mix.with_ambition("GT04", "shade", 41.0).ambitions) == list(mix.ambitions)
