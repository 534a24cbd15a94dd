"""What the panel says about the sample run, without a window."""

from __future__ import annotations

from pathlib import Path

import pytest
from osgeo import ogr

from dgo_twin_plugin.engine import texts
from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.panel import view as panel_view
from dgo_twin_plugin.panel.view import Finding, RunView, check_findings, numbered


@pytest.fixture
def view(results: Path, language: str) -> RunView:
    return RunView(results)


def test_total_carries_the_count_of_breaches(view: RunView) -> None:
    # 6.05 rounds half up to 6.1 (from 6 upwards); one certain breach in the plan and in zone 1
    assert view.total(0).badge == "6,1 §1"
    # zone 2: 6.98 rounds to 7.0, nothing broken
    assert view.total(2).badge == "7,0"
    # a zone that is not in the file has no mark and is no zero
    assert view.total(9).mark is None and view.total(9).badge == "n.b."


def test_marks_below_six_are_cut_not_rounded(view: RunView) -> None:
    lines = {line.key: line for _, group in view.indicators(2) for line in group}
    assert lines["open_water"].badge == "5,9"  # 5.96 is no pass
    assert lines["traffic_noise"].badge == "8,0"
    assert lines["green"].mark is None and lines["green"].badge == "n.b."
    assert lines["green"].reason == "geen invoer <b>"
    assert "&lt;b&gt;" in lines["green"].tip and "invoer <b>" not in lines["green"].tip


def test_line_of_an_indicator_says_value_law_and_norm(view: RunView) -> None:
    line = next(x for _, group in view.indicators(0) for x in group if x.key == "traffic_noise")
    assert line.value == "6,5 dB" and line.badge == "4,9 §1"
    assert line.law_code == "exceeds" and line.status_code == "legal_breach"
    assert line.coverage == "91 %" and line.partial
    for said in ("proposal", "voorstel, niet vastgesteld", "5 · 8 · 12", "12 %", "60"):
        assert said in line.tip, said
    assert line.name in line.spoken() and "4,9 §1" in line.spoken()


def test_an_interval_over_the_six_is_said_with_a_sign(view: RunView) -> None:
    row = next(s for s in view.scores if s["indicator"] == "open_water" and s["zone_id"] == 0)
    row.update(mark_low=5.4, mark_high=8.4, chance6=0.8413, next_data="no2", next_gain=0.658)
    line = next(x for _, group in view.indicators(0) for x in group if x.key == "open_water")
    sign = texts.text("results.uncertain")
    assert line.unsure == sign and sign in line.spoken() and sign in line.tip
    assert "84 %" in line.tip and "0,7" in line.tip and "5,4 – 8,4" in line.tip
    row.update(mark_low=6.0)  # exactly the minimum is no straddling
    line = next(x for _, group in view.indicators(0) for x in group if x.key == "open_water")
    assert line.unsure == "" and sign not in line.spoken()
    # the total runs from 5.0 to 7.5
    assert view.total(0).unsure == sign and sign in view.facts(view.total(0))


def test_ambition_stands_at_mark_minus_gap(view: RunView) -> None:
    row = next(s for s in view.scores if s["indicator"] == "open_water" and s["zone_id"] == 1)
    row["gap"] = -0.8  # the mark 7.2 is 0.8 short of the ambition: that is 8.0
    line = next(x for _, group in view.indicators(1) for x in group if x.key == "open_water")
    assert line.ambition == pytest.approx(8.0)


def test_themes_follow_the_fixed_order(view: RunView) -> None:
    assert [line.key for line in view.themes(0)] == ["water", "environment"]
    heads = [head.key for head, _ in view.indicators(0)]
    assert heads == ["water", "green", "environment"]  # green has marks in no totals row


def test_counts_leave_out_what_is_not_there(view: RunView) -> None:
    assert view.law_count(0) == "§ 1 zekere overschrijding van de wet"
    # plan: two alerts, traffic noise 4.9 below 6, green without a mark
    assert view.counts(0) == "2 alerts · 1 indicator onder de 6 · 1 zonder cijfer"
    # zone 2: one alert, open water 5.96, green
    assert view.counts(2) == "1 alert · 1 indicator onder de 6 · 1 zonder cijfer"
    assert "geen" in view.law_count(2)


def test_only_breaches_found_are_listed(view: RunView) -> None:
    found = view.breaches(0)
    assert len(found) == 1 and found[0].severity == "certain"  # the other one complies
    assert "63" in found[0].title and "60" in found[0].title
    assert view.breaches(2) == []


def test_alerts_gravest_first_and_by_zone(view: RunView) -> None:
    assert [a.severity for a in view.alerts(0)] == ["strong", "normal"]
    assert [a.title for a in view.alerts(2)] == ["Cijfer onder de 6"]


def test_place_of_a_finding_and_of_its_zone(view: RunView) -> None:
    wkb, crs = view.place(view.breaches(0)[0])
    assert crs == "EPSG:28992"
    # building (10,10)-(20,20) plus the origin (150000, 450000)
    assert ogr.CreateGeometryFromWkb(wkb).GetEnvelope() == (150010, 150020, 450010, 450020)
    threshold = view.alerts(2)[0]  # no geometry of its own: zone 2, (100,0)-(200,100)
    wkb, _ = view.place(threshold)
    assert ogr.CreateGeometryFromWkb(wkb).GetEnvelope() == (150100, 150200, 450000, 450100)
    assert view.place(Finding("", "", ""))[0] is None


def test_checks_worst_first(view: RunView) -> None:
    assert [c.title for c in view.checks()] == ["Onbekende functie", "Overlap"]
    own = check_findings([
        {"code": "x", "title": None, "severity": "low", "advice": "", "wkb": b"1"}])
    assert own[0].title == "x" and own[0].table == "" and own[0].wkb == b"1"


def test_zone_names_and_profile(view: RunView) -> None:
    assert [key for key, _ in view.zone_names()] == [0, 1, 2]
    assert view.zone_names()[1][1].startswith("Zone 1 · Groenstedelijk")  # GT04 in the profile
    assert view.profile() == ("Voorstel Utrecht", "voorstel, niet vastgesteld")


def test_numbered_and_moment(language: str) -> None:
    assert numbered("7,2 §", 3) == "7,2 §3" and numbered("7,2", 0) == "7,2"
    assert texts.moment("no time") == "–" and texts.moment(None) == "–"


def test_unknown_run_is_an_error_of_ours(results: Path) -> None:
    with pytest.raises(DgoError):
        RunView(results, "zzz")


@pytest.mark.parametrize("language", texts.LANGUAGES, indirect=True)
def test_units_in_the_language(language: str) -> None:
    assert panel_view.unit_name("ug/m3") == "µg/m³"
    assert panel_view.unit_name(None) == "" and panel_view.unit_name("furlong") == "furlong"
