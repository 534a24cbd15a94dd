"""The track under a slider: ends, law, stops, steps; worked by hand."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgo_twin_plugin.engine import marks as m
from dgo_twin_plugin.engine.bandwidth import mark_track, track
from dgo_twin_plugin.engine.mix_presets import quantities
from dgo_twin_plugin.engine.norms import Law, load_profile

from . import judging as j

DATE = datetime.date(2026, 11, 21)
PROFILE = load_profile("utrecht-proposal-2026")
ALL = [t for i, p in quantities(PROFILE) for k in PROFILE.area_types
       if (t := track(PROFILE, i, k, DATE, p)) is not None]  # fmt: skip


def of(indicator: str, kind: str = "GT04", part: str = "", date=DATE):
    found = track(PROFILE, indicator, kind, date, part)
    assert found is not None
    return found


def test_without_a_law_the_track_begins_at_mark_4_and_ends_a_tenth_past_the_optimum() -> None:
    # rain: 40 / 60 / 90 mm, up. Mark 4 = 40 - 20 = 20; the band is 70, a tenth of it 7 -> 97
    rain = of("rain_retention")
    assert (rain.start, rain.first, rain.end) == (20, 20, 97)
    assert rain.stops == ((6, 40), (8, 60), (10, 90))
    assert (rain.limit, rain.standard, rain.article["nl"]) == (None, None, "")
    assert rain.position(20) == 0 and rain.position(97) == 1
    assert rain.position(58.5) == pytest.approx(0.5)  # (58.5 - 20) / 77
    assert rain.position(500) == 1 and rain.position(-500) == 0 and not rain.inside(500)


def test_the_law_is_where_the_handle_ends_and_the_track_shows_what_is_beyond() -> None:
    # industry: limit 55, norm 50 / 45 / 40. The band is 15: hatched 12 % = 1.8 beyond the limit,
    # the end 1.5 past the optimum
    noise = of("industrial_noise")
    assert (noise.limit, noise.standard, noise.first) == (55, 50, 55)
    assert (noise.start, noise.end) == (pytest.approx(56.8), pytest.approx(38.5))
    assert noise.clamp(60) == 55 and noise.clamp(20) == pytest.approx(38.5)
    assert noise.position(55) == pytest.approx(1.8 / 18.3)
    for lang, words in (("nl", ("grenswaarde 55", "standaardwaarde 50", "5.78t")),
                        ("en", ("limit 55", "standard value 50", "5.78t"))):  # fmt: skip
        assert all(word in noise.article[lang] for word in words)


def test_a_limit_that_depends_on_the_source_is_none_but_is_told() -> None:
    # roads 70 or 60, rail 65: no one limit (as in prepare), so from mark 4 = 55 + 5 = 60
    noise = of("traffic_noise")
    assert (noise.limit, noise.standard, noise.first, noise.start) == (None, None, 60, 60)
    assert {v for _, v in noise.limits} == {70, 60, 65}
    assert "hangt af van de soort bron" in noise.article["nl"]
    assert "provinciale weg" in noise.article["nl"] and "60" in noise.article["nl"]
    assert "depends on the kind of source" in noise.article["en"]
    # in the centre (65 / 60 / 55) all three lie on the track: mark 4 is 70
    centre = of("traffic_noise", "GT09")
    assert [v for v in (60, 65, 70) if centre.inside(v)] == [60, 65, 70]


def test_a_law_in_another_unit_gives_no_limit_on_this_scale() -> None:
    # BENG-2 in kWh/m2 per use; the indicator is in % of the limit
    energy = of("energy_use")
    assert energy.limit is None and energy.first == 150  # mark 4 = 100 + 50
    assert "4.149" in energy.article["nl"] and "kWh" in energy.article["nl"]


def test_the_law_of_the_day() -> None:
    # NO2: 40 until the end of 2029, then 20, which is the 6 itself; the 10 is 10 ug/m3
    assert of("air_quality", part="no2").limit == 40
    later = of("air_quality", part="no2", date=datetime.date(2030, 1, 1))
    assert (later.limit, later.first) == (20, 20)
    # band 10, hatched 12 % of it
    assert (later.start, later.end) == (pytest.approx(21.2), pytest.approx(9))
    assert of("air_quality", part="no2", date=None).limit is None
    # no part named: the first
    assert of("air_quality").part == "no2"


def test_a_law_stricter_than_the_minimum_still_shows_the_6() -> None:
    profile = j.profile(
        j.part_norms("", False, {"GT01": j.norm(65, 60, 55)}, unit="dB"),
        laws=(j.law("thing", 60),),
    )
    found = track(profile, "thing", "GT01", j.DATE)
    assert found is not None
    assert (found.limit, found.first, found.clamp(63)) == (60, 60, 60)
    assert found.inside(65) and 0 < found.position(65) < found.position(60)


def test_ends_that_a_quantity_cannot_pass() -> None:
    assert of("shade").end == 63  # 60 + a tenth of 60 - 30
    assert of("soil_quality").end == 100  # a share
    assert of("canopy", "GT09").start == 0  # mark 4 = 5 - 5
    assert of("public_transport", "GT09").start == 0  # mark 4 = 1.5 - 2.5 = -1
    assert of("cloudburst").end == 0  # lower is better, nothing below zero
    assert of("renewable_generation").end == 107.5  # % of demand may pass 100
    assert of("individual_risk").end == pytest.approx(-8.2)  # logs may be negative


def test_a_log_scale_is_straight_in_powers_of_ten() -> None:
    # 300 / 3000 / 30000 years: mark 4 = 30; three decades and a tenth of them more
    flood = of("flood_safety")
    assert flood.start == pytest.approx(30)
    assert flood.end == pytest.approx(30000 * 10**0.3)
    for value, share in ((30, 0.0), (300, 1 / 3.3), (3000, 2 / 3.3), (30000, 3 / 3.3)):
        assert flood.position(value) == pytest.approx(share)
    assert flood.value(1 / 3.3) == pytest.approx(300)
    assert flood.position(0) == 0 and flood.mark(0) == 1
    odour = of("odour")  # down: 2 / 1 / 0.5
    assert odour.start == pytest.approx(4) and odour.position(0) == 1 and odour.mark(0) == 10


@pytest.mark.parametrize(("indicator", "kind", "step", "decimals"), [
    ("traffic_noise", "GT04", 0.5, 1),  # 10 dB / 20
    ("open_water", "GT04", 0.2, 1),  # 7 / 20 = 0.35
    ("geological_value", "GT04", 1, 0),  # 40 / 20 = 2, but never above 1
    ("light_nuisance", "GT04", 0.05, 2),  # 1.7 / 20 = 0.085
    ("individual_risk", "GT04", 0.1, 1),  # 2 / 20
    ("rain_retention", "GT04", 1, 0),
    ("soil_bearing", "GT04", 0.5, 1),  # 15 / 20 = 0.75
])  # fmt: skip
def test_steps_fit_the_unit(indicator, kind, step, decimals) -> None:
    found = of(indicator, kind)
    assert (found.step, found.decimals) == (step, decimals)


def test_a_step_goes_towards_better_and_stops_at_the_law() -> None:
    noise = of("industrial_noise")  # lower is better
    assert noise.moved(45, 1) == 44.5 and noise.moved(45, -1) == 45.5
    assert noise.moved(54.8, -1) == 55 and noise.moved(55, -1) == 55
    assert noise.moved(38.6, 1) == 38.5
    flood = of("flood_safety")
    assert flood.moved(3000, 1) > 3000 > flood.moved(3000, -1)


def test_numbers_as_people_read_them() -> None:
    noise, flood, risk = of("traffic_noise"), of("flood_safety"), of("individual_risk")
    assert noise.shown(57.83, "nl") == "57,8" and noise.shown(57.83, "en") == "57.8"
    assert of("rain_retention").shown(71.2, "nl") == "71"
    assert flood.shown(2234.0, "nl") == "2230" and risk.shown(-6.42, "nl") == "\u22126,4"
    assert of("cloudburst").shown(-0.01, "en") == "0.0"
    # what somebody set is shown whole: 52.75 is not 52.8
    assert noise.exact(52.75, "nl") == "52,75" and noise.exact(50, "nl") == "50,0"


def test_a_track_in_marks() -> None:
    marks = mark_track("shade")
    assert (marks.start, marks.end, marks.first, marks.marks) == (4, 10, 4, True)
    assert marks.position(7) == 0.5 and marks.mark(7.3) == 7.3 and marks.value_at_mark(6) == 6
    assert marks.clamp(3) == 4 and marks.moved(8, 1) == pytest.approx(8.1)


def test_no_norm_no_track() -> None:
    assert track(PROFILE, "services_access", "GT09", DATE) is None  # nvt
    assert track(PROFILE, "shade", None, DATE) is None
    assert track(PROFILE, "shade", "GT77", DATE) is None
    assert track(PROFILE, "nothing", "GT04", DATE) is None


def test_two_limits_of_one_size_are_one() -> None:
    # very vulnerable and vulnerable: both 10^-6
    assert of("individual_risk").limit == -6
    law = Law("thing", "b", 70, 53, "dB", datetime.date(2024, 1, 1), None, "s", "law", "K")
    other = Law("thing", "a", 70, 50, "dB", datetime.date(2024, 1, 1), None, "s", "law", "K")
    profile = j.profile(j.part_norms("", False, {"GT01": j.norm(55, 50, 45)}, unit="dB"),
                        laws=(law, other))  # fmt: skip
    found = track(profile, "thing", "GT01", j.DATE)
    assert found is not None and (found.limit, found.standard) == (70, None)


@given(st.sampled_from(ALL), st.floats(0, 1))
def test_position_and_value_are_each_others_inverse(found, share: float) -> None:
    assert found.position(found.value(share)) == pytest.approx(share, abs=1e-9)


@given(st.sampled_from(ALL), st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1e-300])),
       st.floats(1, 10))  # fmt: skip
def test_marks_are_those_of_the_mark_function(found, value: float, mark: float) -> None:
    anchors = (found.minimum, found.basis, found.optimum, found.up, found.log)
    assert found.mark(value) == pytest.approx(float(m.mark(value, *anchors)), abs=1e-9)
    there = float(m.value_at_mark(mark, *anchors))
    assert found.value_at_mark(mark) == pytest.approx(there, rel=1e-9, abs=1e-12)


@given(st.sampled_from(ALL), st.floats(-1e5, 1e5), st.integers(-50, 50))
def test_a_handle_never_passes_the_law_or_the_end(found, value: float, steps: int) -> None:
    low, high = sorted((found.first, found.end))
    for moved in (found.clamp(value), found.snapped(value), found.moved(value, steps)):
        assert low <= moved <= high


@given(st.sampled_from(ALL))
def test_stops_lie_on_every_track_from_left_to_right(found) -> None:
    places = [found.position(value) for _, value in found.stops]
    assert places == sorted(places) and 0 <= places[0] < places[1] < places[2] <= 1
    assert [found.mark(value) for _, value in found.stops] == [6, 8, 10]


@given(st.sampled_from(ALL))
def test_every_step_moves_the_handle(found) -> None:
    """From one end to the other by steps, without getting stuck, in not too many of them."""
    value, steps = found.first, 0
    while value != found.end:
        after = found.moved(value, 1)
        assert found.position(after) > found.position(value)
        value, steps = after, steps + 1
        assert steps < 400
    assert steps >= 15
    assert np.isclose(value, found.end)
