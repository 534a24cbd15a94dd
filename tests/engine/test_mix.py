"""The state of the mixing panel: scopes, locks, switches, modes, text, undo, presets."""

from __future__ import annotations

import datetime
import subprocess
import sys

import pytest

from dgo_twin_plugin.engine.mix import (
    Mix,
    from_text,
    full_key,
    of_twin,
    presets,
    to_text,
)
from dgo_twin_plugin.engine.mix_history import MOST, History
from dgo_twin_plugin.engine.mix_text import parameters
from dgo_twin_plugin.engine.norms import Profile, load_profile
from dgo_twin_plugin.engine.twin import parse_twin
from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.engine.yaml_lines import SeveralProblems

DATE = datetime.date(2026, 11, 21)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("utrecht-proposal-2026")


def test_importing_it_brings_neither_numpy_nor_qt(repo) -> None:
    code = ("import sys, dgo_twin_plugin.engine.mix; "
            "print([m for m in ('numpy', 'osgeo', 'PyQt5', 'PyQt6', 'qgis') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_zone_goes_before_the_type_and_the_type_before_all(profile: Profile) -> None:
    key = "traffic_noise"  # basis of GT04: 50
    mix = Mix().with_ambition("all", key, 52).with_ambition("GT04", key, 48)
    mix = mix.with_ambition("zone 2", key, 46)
    assert mix.ambition(profile, key, "GT04", 1) == 48
    assert mix.ambition(profile, key, "GT04", 2) == 46
    assert mix.ambition(profile, key, "GT07", 3) == 52
    assert Mix().ambition(profile, key, "GT04", 1) == 50
    assert mix.ambition(profile, "services_access", "GT09", 1) is None  # nvt there
    assert mix.with_ambition("zone 2", key, None).ambition(profile, key, "GT04", 2) == 48


def test_a_move_that_changes_nothing_is_the_same_mix() -> None:
    mix = Mix().with_ambition("GT04", "shade", 45)
    assert mix.with_ambition("GT04", "shade", 45) is mix
    assert mix.with_ambition("GT04", "shade", float("nan")) is mix
    assert mix.with_weight("shade", None) is mix and mix.with_off("shade", False) is mix
    assert mix.with_ambition("GT04", "shade", None) == Mix()  # no empty block stays behind


def test_weights_stay_between_0_and_5_and_off_is_0_but_remembers(profile: Profile) -> None:
    mix = Mix().with_weight("green", 7).with_weight("shade", -1).with_weight("odour", 2.5)
    assert mix.weights == {"green": 5.0, "shade": 0.0, "odour": 2.5}
    off = mix.with_off("odour")
    assert off.laid(profile)[1].indicator("odour") == 0.0
    assert off.with_off("odour", False).laid(profile)[1].indicator("odour") == 2.5
    assert mix.laid(profile)[1].indicator("canopy") == 1.0  # the profile's
    assert mix.with_theme_weight("water", 2).laid(profile)[1].theme("water") == 2.0


def test_in_the_mode_test_the_profile_holds_and_nothing_is_lost(profile: Profile) -> None:
    mix = Mix().with_ambition("GT04", "traffic_noise", 48).with_weight("green", 3)
    mix = mix.with_off("shade")
    test = mix.with_mode("test")
    ambitions, weights = test.laid(profile)
    assert ambitions is None
    assert (weights.indicator("green"), weights.indicator("shade")) == (1.0, 1.0)
    assert test.ambition(profile, "traffic_noise", "GT04") == 50
    assert test.with_ambition("GT04", "traffic_noise", 46) is test  # handles are locked
    assert test.with_weight("green", 1) is test and test.reset() is test
    assert test.with_mode("design") == mix
    with pytest.raises(ValueError):
        mix.with_mode("toets")


def test_a_locked_handle_stays_whatever_happens(profile: Profile) -> None:
    mix = Mix().with_ambition("GT04", "air_quality.pm25", 6).with_ambition("GT04", "shade", 55)
    mix = mix.with_lock("air_quality")
    assert mix.with_ambition("GT04", "air_quality.pm25", 5) is mix
    assert mix.with_mark(profile, ["GT04"], "air_quality.no2", 9) is mix
    assert mix.reset().ambitions == {"GT04": {"air_quality.pm25": 6}}
    assert mix.reset("air_quality").ambitions == mix.ambitions
    top = next(p for p in presets(profile, ["GT04"], DATE) if p.id == "optimum")
    taken = mix.taking(top.mix).ambitions["GT04"]
    assert taken["air_quality.pm25"] == 6  # held
    assert taken["shade"] == 60  # the optimum of GT04
    free = mix.with_lock("air_quality", False)
    assert free.with_ambition("GT04", "air_quality.pm25", 5).ambitions["GT04"][
        "air_quality.pm25"] == 5  # fmt: skip


def test_reset_of_one_leaves_the_others() -> None:
    mix = Mix().with_ambition("GT04", "shade", 55).with_ambition("GT04", "green.b", 90)
    mix = mix.with_ambition("zone 1", "green.a", 30).with_weight("green", 2).with_off("green")
    mix = mix.with_weight("shade", 3).with_theme_weight("green", 2)
    left = mix.reset("green")
    assert left == Mix({"GT04": {"shade": 55}}, {"shade": 3}, {"green": 2})
    assert mix.reset() == Mix()


def test_back_to_the_norm_holds_under_a_wider_wish(profile: Profile) -> None:
    key = "traffic_noise"  # basis of GT04: 50
    own = Mix().with_ambition("GT04", key, 48)
    assert own.at_norm(profile, "GT04", key, "GT04") == Mix()
    wide = own.with_ambition("all", key, 52)
    back = wide.at_norm(profile, "GT04", key, "GT04")
    assert back.ambitions == {"GT04": {key: 50}, "all": {key: 52}}
    assert wide.at_norm(profile, "zone 2", key, "GT04").ambition(profile, key, "GT04", 2) == 50
    held = wide.with_lock(key)
    assert held.at_norm(profile, "GT04", key, "GT04") is held


def test_one_handle_for_the_whole_plan_speaks_in_marks(profile: Profile) -> None:
    # mark 7 is halfway between minimum and basis: GT04 55-50 -> 52.5, GT07 53-48 -> 50.5
    before = Mix().with_ambition("all", "traffic_noise", 51).with_ambition(
        "zone 3", "traffic_noise", 47).with_ambition("zone 3", "shade", 44)  # fmt: skip
    mix = before.with_mark(profile, ["GT04", "GT07"], "traffic_noise", 7, DATE)
    assert mix.ambitions == {"GT04": {"traffic_noise": 52.5}, "GT07": {"traffic_noise": 50.5},
                             "zone 3": {"shade": 44}}  # fmt: skip
    # a type without a norm is left alone: services_access is nvt in GT09
    only = Mix().with_mark(profile, ["GT04", "GT09"], "services_access", 8)
    assert only.ambitions == {"GT04": {"services_access": 60}}
    # the law is impassable: industrial noise of GT09 has its 6 at 55, which is the limit
    held = Mix().with_mark(profile, ["GT09"], "industrial_noise", 4, DATE)
    assert held.ambitions == {"GT09": {"industrial_noise": 55}}
    assert mix.with_mark(profile, ["GT04", "GT07"], "traffic_noise", None).ambitions == {
        "zone 3": {"shade": 44}}  # fmt: skip


def test_text_and_back() -> None:
    mix = Mix({"all": {"shade": 45.0}, "GT04": {"green.b": 80.5}, "zone 12": {"odour": 0.7}},
              {"green": 2.0}, {"water": 0.5}, frozenset({"canopy", "odour"}),
              frozenset({"shade"}), "test")  # fmt: skip
    assert from_text(to_text(mix)) == mix
    assert to_text(from_text(to_text(mix))) == to_text(mix)
    assert (to_text(Mix()), from_text("")) == ("", Mix())
    other = Mix(mix.ambitions, dict(reversed(mix.weights.items())), mix.theme_weights, mix.off,
                mix.locked, mix.mode)  # fmt: skip
    assert to_text(other) == to_text(mix)
    order = to_text(mix).splitlines()
    assert order.index("  all:") < order.index("  GT04:") < order.index("  zone 12:")


def test_a_twin_file_gives_a_mix_and_a_mix_the_blocks_of_a_twin_file(profile: Profile) -> None:
    twin = parse_twin("ambitions: {all: {green: 33}, groenstedelijk wonen: {traffic_noise: 48},"
                      " Zone 2: {}}\nweights: {green: 2, themes: {water: 2}}\n")  # fmt: skip
    mix = of_twin(twin)
    # a bare name of an indicator with parts means its first part
    assert mix.ambitions["all"] == {"green.a": 33}
    assert full_key("green") == "green.a" and full_key("shade") == "shade"
    assert full_key("green.b") == "green.b"
    ambitions, weights = parameters(mix.with_off("shade"))
    again = of_twin(parse_twin("ambitions:\n" + _indented(ambitions) + "weights:\n"
                               + _indented(weights)))  # fmt: skip
    assert again.ambitions == mix.ambitions
    assert again.weights == {"green": 2.0, "shade": 0.0}
    assert again.theme_weights == {"water": 2.0}
    assert parameters(mix.with_mode("test")) == ("", "")


def _indented(words: str) -> str:
    return "".join(f"  {line}\n" for line in words.splitlines())


@pytest.mark.parametrize(("words", "line", "key"), [
    ("weights: {green: -1}", 1, "weights.green"),
    ("ambitions:\n  GT04:\n    shade: veel", 3, "ambitions.GT04.shade"),
    ("ambitions:\n  GT99x: {shade: 1}", 2, "ambitions.GT99x"),
    ("off: [shad]", 1, "off[1]"),
    ("mode: toets", 1, "mode"),
    ("ambition: {}", 1, "ambition"),
])  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_line(words: str, line: int, key: str) -> None:
    with pytest.raises(DgoError) as found:
        from_text(words)
    assert (found.value.line, found.value.key) == (line, key)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(SeveralProblems) as found:
        from_text("weights: {green: -1}\nmode: x\nambitions: {all: {shadow: 3, shade: a}}")
    assert len(found.value.problems) == 4


# --- undo ----------------------------------------------------------------------------------


def mixes(*values: float) -> list[Mix]:
    return [Mix().with_ambition("GT04", "shade", v) for v in values]


def test_a_drag_is_one_step() -> None:
    a, b, c, d = mixes(41, 42, 43, 44)
    history = History()
    for mix in (a, b):
        history.push(mix, "shade", final=False)
    history.push(c, "shade")
    assert history.mix == c and history.undo_label() == "shade"
    history.push(d, "shade")  # another drag of the same handle
    assert history.undo() == c and history.undo() == Mix()
    assert not history.can_undo() and history.undo() == Mix()
    assert history.redo() == c and history.redo_label() == "shade"
    assert history.redo() == d and not history.can_redo() and history.redo() == d


def test_a_new_move_ends_what_could_be_done_again() -> None:
    a, b, c, _ = mixes(41, 42, 43, 44)
    history = History()
    history.push(a), history.push(b)
    history.undo()
    history.push(c)
    assert not history.can_redo() and history.undo() == a


def test_no_step_for_no_change_and_none_for_a_drag_back() -> None:
    a, b, *_ = mixes(41, 42)
    history = History(a)
    history.push(a, "shade")
    assert not history.can_undo()
    history.push(b, "shade", final=False)
    history.push(a, "shade", final=False)  # back where it began
    history.push(a, "shade")
    assert history.mix == a and not history.can_undo()
    # another handle after an unfinished drag is a step of its own
    history.push(b, "shade", final=False)
    history.push(b.with_off("canopy"), "canopy")
    assert history.undo() == b and history.undo() == a


def test_only_so_many_steps_are_kept() -> None:
    history = History()
    for value in range(MOST + 50):
        history.push(Mix().with_ambition("GT04", "shade", value), str(value))
    steps = 0
    while history.can_undo():
        history.undo()
        steps += 1
    assert steps == MOST


# --- presets -------------------------------------------------------------------------------


def test_presets_of_the_province(profile: Profile) -> None:
    found = {p.id: p for p in presets(profile, ["GT04", "GT09"], DATE, own={"Raad": Mix(
        weights={"green": 2.0})})}  # fmt: skip
    assert list(found) == ["minimum", "province", "optimum", "own:Raad"]
    low, high = found["minimum"].mix, found["optimum"].mix
    assert low.ambitions["GT04"]["traffic_noise"] == 55
    assert high.ambitions["GT09"]["air_quality.no2"] == 12
    assert "services_access" not in low.ambitions["GT09"]  # nvt
    assert found["province"].mix == Mix()
    assert found["own:Raad"].own and found["own:Raad"].name == "Raad"
    # all 6: a mark for every quantity, whatever the direction or the scale
    from dgo_twin_plugin.engine.bandwidth import track

    for kind, wanted in low.ambitions.items():
        for key, value in wanted.items():
            indicator, _, part = key.partition(".")
            assert track(profile, indicator, kind, DATE, part).mark(value) == 6


def test_presets_of_a_municipality(profile: Profile, tmp_path) -> None:
    file = tmp_path / "town.yml"
    file.write_text("base: utrecht-proposal-2026\nid: town\nversion: '1'\ntitle: Town\n"
                    "theme_weights: {water: 2}\n"
                    "norms:\n  shade: {weight: 3, GT04: [40, 55, 60]}\n")  # fmt: skip
    town = load_profile(file)
    # beside the province's profile: what the town has otherwise
    found = {p.id: p.mix for p in presets(profile, ["GT04"], DATE, town)}
    assert found["municipality"] == Mix({"GT04": {"shade": 55}}, {"shade": 3.0}, {"water": 2.0})
    # with the town's own profile in force the province is what differs
    found = {p.id: p.mix for p in presets(town, ["GT04"], DATE)}
    assert found["municipality"] == Mix()
    assert found["province"] == Mix({"GT04": {"shade": 50}}, {"shade": 1.0}, {"water": 1.0})


def test_one_quantity_has_one_wish() -> None:
    """``green`` means its first part: said by either name, the last word counts, in any order of
    writing it down."""
    mix = Mix().with_ambition("GT04", "green.a", 30.0).with_ambition("GT04", "green", 20.0)
    assert mix.ambitions == {"GT04": {"green.a": 20.0}}
    assert mix.wish("green", "GT04") == mix.wish("green.a", "GT04") == 20.0
    assert mix.with_ambition("GT04", "green", None).ambitions == {}
    assert from_text(to_text(mix)) == mix
