"""Rows for the panel: what stands where, in which words; worked by hand."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine.indicators.spec import LegalTest
from dgo_twin_plugin.engine.mix import Mix
from dgo_twin_plugin.engine.norms import load_profile
from dgo_twin_plugin.engine.row_view import RowView, area_types, row_views, scopes
from dgo_twin_plugin.engine.words import EXCEEDS, INDICATIVE, THEMES, say
from tests.panel.mix_case import DATE, assessment

PROFILE = load_profile("utrecht-proposal-2026")
VALUES = {
    "traffic_noise": {"": [57.8, 50.0, 52.0]}, "green": {"a": [31, 28, 45], "b": [110, 80, 75]},
    "flood_safety": {"": [3000, 300, 1000]}, "shade": {"": [45, 50, 55]},
}  # fmt: skip
CASE = assessment(PROFILE, ["GT04", "GT07", "GT04"], VALUES,
                  missing={"energy_use": say("reasons.missing_role", role="X")},
                  legal={"industrial_noise": [LegalTest(1, 1, "industry", 58.0, 55.0,
                                                        EXCEEDS)],
                         "odour": [LegalTest(1, 1, "livestock_rural", 9.0, 8.0,
                                             INDICATIVE)]})  # fmt: skip


def row(indicator: str, scope: str = "zone 1", zone: int = 0, mix: Mix | None = None,
        case=CASE, **more) -> RowView:  # fmt: skip
    mix = mix or Mix()
    found = row_views(case.judged(*mix.laid(PROFILE)), mix, scope, zone,
                      **{"lang": "nl", **more})  # fmt: skip
    return next(v for v in found if v.indicator == indicator)


def test_there_is_a_row_for_every_indicator_by_theme_then_code() -> None:
    found = row_views(CASE, Mix(), "all", 0, lang="nl")
    assert len(found) == 33 and len({v.indicator for v in found}) == 33
    order = [(THEMES.index(v.theme), v.code) for v in found]
    assert order == sorted(order)
    assert found[0].name == "Energiegebruik"
    english = row_views(CASE, Mix(), "all", 0, lang="en")
    assert english[0].name == "Energy use"


def test_what_may_be_shown() -> None:
    assert area_types(CASE) == ["GT04", "GT07"]
    # zones are numbered by type, so the values above are of GT04, GT04, GT07
    assert [str(t) for t in CASE.scene.zones.area_type] == ["GT04", "GT04", "GT07"]
    assert scopes(CASE) == [("all", 0), ("GT04", 0), ("GT07", 3), ("zone 1", 1), ("zone 2", 2),
                            ("zone 3", 3)]  # fmt: skip


def test_a_zone_has_the_track_of_its_type() -> None:
    found = row("traffic_noise", "zone 1", 1)
    # GT04 55 / 50 / 45: 57.8 -> 6 - 2 * 2.8 / 5 = 4.88, shown 4,8
    assert (found.value, found.badge, found.value_text) == (57.8, "4,8", "57,8 dB Lden")
    assert found.mark == pytest.approx(4.88)
    assert found.track is not None and found.track.area_type == "GT04"
    assert (found.ambition, found.ambition_mark, found.own) == (50, 8, False)
    assert found.at == 57.8 and found.movable and found.key == "traffic_noise"
    # sigma 2 dB: 90 % is 57.8 -+ 1.645 * 2
    assert (found.low, found.high) == (pytest.approx(54.51), pytest.approx(61.09))
    assert (found.unit_short, found.figure) == ("dB", "57,8")
    assert found.status_text == "onder het minimum"
    # 54.51 dB would be a 6.2: the interval straddles the 6
    assert not found.sure and "± onzeker" in found.notes


def test_an_ambition_moves_the_handle_and_the_status_but_not_the_mark() -> None:
    mix = Mix().with_ambition("zone 1", "shade", 44).with_ambition("GT04", "shade", 52)
    # GT04 40 / 50 / 60: 45 -> 7.0; ambition 44 -> 6.8, reached; 52 -> 8.4, not reached
    here, there = row("shade", "zone 1", 1, mix), row("shade", "GT04", 0, mix)
    assert (here.mark, here.ambition, here.status, here.own) == (7.0, 44, "ok", True)
    assert here.ambition_mark == pytest.approx(6.8)
    assert there.ambition == 52 and there.ambition_mark == pytest.approx(8.4)
    assert here.ambition_text == "44 % (cijfer 6,8)"
    test = row("shade", "zone 1", 1, mix.with_mode("test"))
    assert (test.ambition, test.own, test.movable, test.testing) == (50, False, False, True)


def test_several_types_speak_in_marks() -> None:
    whole = row("shade", "all", 0)
    assert whole.track is not None and whole.track.marks
    # weights are equal: marks 7.0 (45) and 8.0 (50) in GT04, 9.0 (55) in GT07 -> 8.0
    assert whole.at == whole.mark == pytest.approx(8.0)
    assert (whole.ambition, whole.value) == (8.0, 50.0)
    assert whole.value_text == "50 %" and whole.on_track(7.5) == "cijfer 7,5"
    mix = Mix().with_mark(PROFILE, ["GT04", "GT07"], "shade", 9, DATE)
    assert mix.ambitions == {"GT04": {"shade": 55}, "GT07": {"shade": 55}}
    assert row("shade", "all", 0, mix).ambition == 9
    # GT04 (two of three zones) at 9, GT07 at its 8: (9 + 9 + 8) / 3
    uneven = row("shade", "all", 0, Mix().with_ambition("GT04", "shade", 55))
    assert uneven.ambition == pytest.approx(26 / 3)
    # what is not assessed has a handle as well
    absent = row("energy_use", "all", 0)
    assert (absent.mark, absent.ambition, absent.at) == (None, 8, None)


def test_a_type_of_two_zones_shows_their_means() -> None:
    both = row("shade", "GT04", 0)
    assert (both.value, both.mark) == (47.5, pytest.approx(7.5))  # 45 and 50: 7.0 and 8.0
    assert both.track is not None and not both.track.marks
    one = row("shade", "GT07", 0)
    assert (one.value, one.mark) == (55, 9)


def test_the_part_that_decides_is_shown_and_another_can_be_asked() -> None:
    # GT04 a 25 / 35 / 50, b 40 / 75 / 110: 31 % -> 7.2, 110 m2 -> 10; a decides
    found = row("green", "zone 1", 1)
    assert (found.part, found.key, found.part_name) == ("a", "green.a", "groen aandeel")
    assert found.parts == (("a", "groen aandeel"), ("b", "openbaar groen per woning"))
    assert "groen aandeel" in found.notes  # too long to stand beside the value
    other = row("green", "zone 1", 1, parts={"green": "b"})
    assert (other.value, other.mark, other.ambition, other.key) == (110, 10, 75, "green.b")
    assert row("shade", "zone 1", 1).parts == ()


def test_a_log_scale_has_its_interval_in_decades() -> None:
    found = row("flood_safety", "zone 1", 1)
    # sigma one decade: 3000 / 10^1.645 and 3000 * 10^1.645
    assert found.low == pytest.approx(3000 / 10**1.645)
    assert found.high == pytest.approx(3000 * 10**1.645)


def test_what_is_not_there_says_why() -> None:
    found = row("energy_use", "zone 1", 1)
    assert (found.badge, found.figure, found.value_text) == ("n.b.", "", "geen waarde")
    assert found.reason and found.notes.startswith(found.reason)
    assert row("energy_use", "zone 1", 1, lang="en").badge == "n/a"


def test_the_law_is_always_told() -> None:
    broken, maybe = row("industrial_noise", "zone 1", 1), row("odour", "zone 1", 1)
    assert broken.badge.endswith("§1") and broken.mark is not None and broken.mark <= 5
    assert broken.notes.startswith("grenswaarde overschreden")
    assert "mogelijk overschreden (indicatief)" in maybe.notes and "§" not in maybe.badge
    assert row("industrial_noise", "all", 0).n_breach == 1
    assert row("industrial_noise", "GT04", 0).n_breach == 1
    # a weight of nothing hides no breach
    off = row("industrial_noise", "zone 1", 1, Mix().with_off("industrial_noise"))
    assert off.off and off.badge.endswith("§1") and "uitgeschakeld" in off.notes


def test_the_former_state_is_shown_only_where_it_differs() -> None:
    before = {"shade": (41.0, 6.2), "traffic_noise": (57.8, 4.88)}
    assert row("shade", "zone 1", 1, former=before).former_at == 41
    assert row("shade", "all", 0, former=before).former_at == 6.2  # in marks
    assert row("traffic_noise", "zone 1", 1, former=before).former_at is None
    other = assessment(PROFILE, ["GT04", "GT07", "GT04"], {"shade": {"": [48, 50, 55]}})
    assert row("shade", "zone 1", 1, former=other).former_at == 48


def test_shares_are_told_where_they_say_something() -> None:
    import dataclasses

    found = row("shade", "zone 1", 1)
    assert (found.coverage, found.assumed, found.shares) == (1.0, 0.0, "")
    part = dataclasses.replace(found, coverage=0.9991, assumed=0.004)
    assert part.shares == "dekking 99 % · aanname 1 %"  # never 100 or 0 where it is not that
    assert dataclasses.replace(found, coverage=0.91, assumed=0.12, lang="en").shares == (
        "coverage 91% · assumed 12%")  # fmt: skip


def test_weights_switch_and_lock() -> None:
    mix = Mix().with_weight("shade", 2.5).with_off("shade").with_lock("shade")
    found = row("shade", "zone 1", 1, mix)
    assert (found.weight, found.off, found.locked, found.movable) == (2.5, True, True, False)
    test = row("shade", "zone 1", 1, mix.with_mode("test"))
    assert (test.weight, test.off) == (1.0, False)


def test_the_tip_tells_the_rest_and_lets_no_markup_in() -> None:
    import dataclasses

    found = row("traffic_noise", "zone 1", 1)
    for words in ("57,8 dB Lden", "55,0 · 50,0 · 45,0", "voorstel", "provinciale weg",
                  "Kans op een 6"):  # fmt: skip
        assert words in found.tip
    assert "&lt;b&gt;" in dataclasses.replace(found, reason="<b>x</b>").tip


def test_a_row_speaks() -> None:
    said = row("traffic_noise", "zone 1", 1, Mix().with_lock("traffic_noise")).spoken()
    for words in ("Geluidhinder verkeer: 4,8", "57,8 dB Lden", "onder het minimum",
                  "ambitie 50,0 dB Lden (cijfer 8,0)", "vergrendeld"):  # fmt: skip
        assert words in said
