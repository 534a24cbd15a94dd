"""The panel saved as a norm file, and read back."""

from __future__ import annotations

import datetime

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dgo_twin_plugin.engine import norm_file
from dgo_twin_plugin.engine.bandwidth import track
from dgo_twin_plugin.engine.mix import Mix, part_key, to_norm_file
from dgo_twin_plugin.engine.mix_presets import quantities
from dgo_twin_plugin.engine.norms import load_profile
from dgo_twin_plugin.engine.words import DgoError

DATE = datetime.date(2026, 11, 21)
PROFILE = load_profile("utrecht-proposal-2026")
TYPES = list(PROFILE.area_types)


def anchors(profile, key: str, kind: str) -> tuple[float, float, float] | None:
    indicator, _, part = key.partition(".")
    norm = profile.norm(indicator, kind, part)
    return None if norm is None else (norm.minimum, norm.basis, norm.optimum)


def write(mix: Mix, tmp_path, **more):
    path = tmp_path / "town.yml"
    made = to_norm_file(mix, PROFILE, ["GT04", "GT09"], "Voorbeeldstad 2026", path,
                        "Voorbeeldstad", date=DATE, **more)  # fmt: skip
    return made, load_profile(path)


def test_only_the_basis_moves_where_the_order_allows(tmp_path) -> None:
    # GT04 55 / 50 / 45: 48 lies between minimum and optimum
    made, town = write(Mix().with_ambition("GT04", "traffic_noise", 48), tmp_path)
    assert anchors(town, "traffic_noise", "GT04") == (55, 48, 45)
    assert made.moved == [] and made.changed == {("traffic_noise", "GT04"): (55, 48, 45)}
    assert [(d.kind, d.indicator, d.area_type, d.old, d.new) for d in PROFILE.differences(town)
            ] == [("norm", "traffic_noise", "GT04", (55, 50, 45), (55, 48, 45))]  # fmt: skip


@pytest.mark.parametrize(("key", "kind", "basis", "wanted"), [
    # down: 44 is past the optimum of 45; it lay 5 from the basis -> 39
    ("traffic_noise", "GT04", 44.0, (55, 44, 39)),
    # down: 57 is worse than the minimum of 55; it lay 5 away -> 62
    ("traffic_noise", "GT04", 57.0, (62, 57, 45)),
    # the minimum never passes the law: 54 + 5 would be 59, the limit is 55
    ("industrial_noise", "GT04", 54.0, (55, 54, 40)),
    # a share ends at 100: 90 + 10 = 100; at 95 it would be 105
    ("shade", "GT04", 90.0, (40, 90, 100)),
    ("shade", "GT04", 95.0, (40, 95, 100)),
    # nothing below zero: 5 - 10 would be -5
    ("shade", "GT04", 5.0, (0, 5, 60)),
    # log scale, by ratio: 300/3000 of 200 -> 20
    ("flood_safety", "GT04", 200.0, (20, 200, 30000)),
])  # fmt: skip
def test_a_neighbour_moves_only_where_it_must(key, kind, basis, wanted, tmp_path) -> None:
    made, town = write(Mix().with_ambition(kind, key, basis), tmp_path)
    assert anchors(town, key, kind) == pytest.approx(wanted)
    assert made.moved == [(key, kind)]


def test_the_file_says_who_when_and_why(tmp_path) -> None:
    mix = Mix().with_ambition("all", "air_quality.pm25", 6).with_weight("green", 2)
    mix = mix.with_off("shade").with_theme_weight("water", 3).with_ambition("zone 2", "odour", 1)
    made, town = write(mix, tmp_path, reason="Raadsbesluit 12")
    content = yaml.safe_load(made.path.read_text(encoding="utf-8"))
    assert (town.id, town.base, town.status) == (
        "voorbeeldstad-2026", "utrecht-proposal-2026", "proposal")  # fmt: skip
    assert town.title == {"nl": "Voorbeeldstad 2026", "en": "Voorbeeldstad 2026"}
    assert not town.adopted
    for lang in ("nl", "en"):
        for word in ("Voorbeeldstad", "2026-11-21", "Raadsbesluit 12"):
            assert word in content["note"][lang]
    assert town.reasons["air_quality.pm25.GT04"]["nl"] == "Raadsbesluit 12"
    assert anchors(town, "air_quality.pm25", "GT09") == (10, 6, 5)
    assert anchors(town, "air_quality.pm25", "GT01") == anchors(
        PROFILE, "air_quality.pm25", "GT01")  # only the types of the plan  # fmt: skip
    assert (town.indicators["green"].weight, town.indicators["shade"].weight) == (2, 0)
    assert town.theme_weights["water"] == 3
    assert made.left_out == ["zone 2"]  # a zone is no area type


def test_over_a_municipality_that_is_over_the_province(tmp_path) -> None:
    first, town = write(Mix().with_ambition("GT04", "shade", 52), tmp_path)
    path = tmp_path / "deeper" / "next.yml"
    to_norm_file(Mix().with_ambition("GT04", "canopy", 33), town, ["GT04"], "Next", path,
                 date=DATE)  # fmt: skip
    again = load_profile(path)
    assert anchors(again, "shade", "GT04") == (40, 52, 60)
    assert anchors(again, "canopy", "GT04") == (20, 33, 40)
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["base"] == "../town.yml"
    with pytest.raises(DgoError) as found:
        to_norm_file(Mix().with_weight("shade", 2), town, ["GT04"], "Town", first.path)
    assert found.value.message.key == "mix.error.itself"


def test_nothing_to_save_no_title_no_place(tmp_path) -> None:
    some = Mix().with_weight("shade", 2)
    for mix, title, path, key in (
        (Mix(), "Town", tmp_path / "a.yml", "nothing"),
        (Mix().with_ambition("GT04", "shade", 50), "Town", tmp_path / "a.yml", "nothing"),
        (some, " ", tmp_path / "a.yml", "title"),
        (some, "Town", tmp_path / "file" / "a.yml", "write"),
    ):
        (tmp_path / "file").write_text("no folder")
        with pytest.raises(DgoError) as found:
            to_norm_file(mix, PROFILE, ["GT04"], title, path, date=DATE)
        assert found.value.message.key == f"mix.error.{key}"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]  # nothing half written


def test_slugs() -> None:
    assert norm_file.slug("Súdwest-Fryslân, 2026!", DATE) == "sudwest-fryslan-2026"
    assert norm_file.slug("2026", DATE) == "norms-2026"
    assert norm_file.slug("!", DATE) == "norms-2026-11-21"


@st.composite
def wishes(draw):
    """Positions on the tracks of a few quantities, also at and past the ends of the band."""
    pairs = [(i, p, t) for i, p in quantities(PROFILE) for t in TYPES
             if PROFILE.norm(i, t, p) is not None]  # fmt: skip
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=12, unique=True))
    mix = Mix()
    for indicator, part, kind in chosen:
        found = track(PROFILE, indicator, kind, DATE, part)
        aim = draw(st.one_of(st.floats(0, 1).map(found.value),
                             st.sampled_from([found.minimum, found.optimum, found.first,
                                              found.end])))  # fmt: skip
        mix = mix.with_ambition(kind, part_key(indicator, part), found.clamp(aim))
    return mix


@settings(max_examples=40)
@given(wishes())
def test_whatever_was_set_is_the_basis_of_the_file(tmp_path_factory, mix: Mix) -> None:
    path = tmp_path_factory.mktemp("norms") / "town.yml"
    wanted = {(key, kind): value for kind, block in mix.ambitions.items()
              for key, value in block.items() if value != anchors(PROFILE, key, kind)[1]}
    if not wanted:
        return
    made = to_norm_file(mix, PROFILE, TYPES, "Town", path, date=DATE)
    town = load_profile(path)  # which refuses anchors out of order
    for (key, kind), value in wanted.items():
        three = anchors(town, key, kind)
        assert three[1] == value and three == made.changed[key, kind]
        old = anchors(PROFILE, key, kind)
        indicator, _, part = key.partition(".")
        sign = 1 if track(PROFILE, indicator, kind, DATE, part).up else -1
        if sign * old[0] < sign * value:
            assert three[0] == old[0]
        if sign * value < sign * old[2]:
            assert three[2] == old[2]
    untouched = [(part_key(i, p), t) for i, p in quantities(PROFILE) for t in TYPES
                 if (part_key(i, p), t) not in wanted]  # fmt: skip
    assert all(anchors(town, *one) == anchors(PROFILE, *one) for one in untouched)
