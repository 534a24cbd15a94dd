"""I15 air quality."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators.air_quality import SPEC
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 200, 100))]
HOUSE, FAR_HOUSE = box(10, 10, 20, 20), box(150, 10, 160, 20)
DWELLING = [("dwelling", HOUSE, {"dwellings": 12})]


def even(level, **attributes):
    return np.full((12, 24), float(level)), (-10, 110), 10, attributes


def made(rasters, surfaces=None, date="2026-11-21"):
    return scene(ZONE, surfaces or DWELLING, rasters=rasters, plan=ZONE[0][1], date=date)


def test_mean_by_dwellings():
    # 30 dwellings at 10, 10 at 18 ug/m3: (30 * 10 + 10 * 18) / 40 = 12.0
    array, corner, cell, _ = even(10)
    array[:, 11:] = 18  # x from -10 + 11 * 10 = 100
    surfaces = [("dwelling", HOUSE, {"dwellings": 30}), ("dwelling", FAR_HOUSE, {"dwellings": 10})]
    found = values(SPEC, made({"no2": [(array, corner, cell)]}, surfaces))
    assert found["no2"].value[1] == pytest.approx(12.0)
    array = array + 1.0
    moved = values(SPEC, made({"no2": [(array, corner, cell)]}, surfaces))
    assert moved["no2"].value[1] == pytest.approx(13.0)


def test_the_lowest_substance_counts():
    # GT04: NO2 14 -> 8.0; PM10 17 -> 8.0; PM2.5 9 -> 6 + 2 * (10 - 9) / 2.5 = 6.8
    found = made({"no2": [even(14)], "pm10": [even(17)], "pm25": [even(9)]})
    row = rows(SPEC, found)[1]
    assert row.part == "pm25"
    assert row.mark == pytest.approx(6.8)
    assert row.value == pytest.approx(9.0)


def test_contributions_make_the_total_and_stand_apart():
    # background 12 + road 4 = 16, and the plan's own 0.5 comes on top: 16.5
    maps = [even(12, contribution="background"), even(4, contribution="road"),
            even(0.5, contribution="plan")]  # fmt: skip
    measured = made({"no2": maps})
    found = values(SPEC, measured)
    assert found["no2"].value[1] == pytest.approx(16.5)
    assert found["no2_background"].value[1] == pytest.approx(12.0)
    assert found["no2_road"].value[1] == pytest.approx(4.0)
    assert found["no2_plan"].value[1] == pytest.approx(0.5)
    # the plan's share: 0.5 / 16.5 = 3.03 %, below 5 %
    notes = SPEC.compute(measured, profile()).notes
    assert notes["plan_share"]["no2"][1] == pytest.approx(0.5 / 16.5)
    assert notes["autonomous"].key.endswith("plan_small")


def test_without_a_plan_map_the_mark_is_autonomous():
    notes = SPEC.compute(made({"no2": [even(14)]}), profile()).notes
    assert notes["autonomous"].key.endswith("autonomous")


def test_a_road_map_alone_is_no_concentration():
    found = values(SPEC, made({"no2": [even(4, contribution="road")]}))
    assert np.isnan(found["no2"].value[1])


def test_of_several_sheets_the_first_with_data_counts():
    array, corner, cell, _ = even(14)
    array[:] = np.nan
    found = values(SPEC, made({"no2": [(array, corner, cell), even(17)]}))
    assert found["no2"].value[1] == pytest.approx(17.0)


@pytest.mark.parametrize(
    ("date", "level", "basis", "outcome"),
    [
        ("2026-11-21", 39.0, "legal", "complies"),  # limit 40
        ("2026-11-21", 41.0, "legal", "exceeds"),
        ("2026-11-21", 41.0, None, "indicative"),
        ("2030-01-01", 21.0, "legal", "exceeds"),  # limit 20 from 2030
        ("2029-12-31", 21.0, "legal", "complies"),
    ],
)
def test_law_by_date_and_basis(date, level, basis, outcome):
    found = SPEC.compute(made({"no2": [even(level, basis=basis)]}, date=date), profile())
    assert [(t.part, t.outcome) for t in found.legal] == [("no2", outcome)]


def test_limits_per_substance():
    maps = {"pm10": [even(30, basis="legal")], "pm25": [even(30, basis="legal")]}
    found = {t.part: t for t in SPEC.compute(made(maps), profile()).legal}
    assert (found["pm10"].limit, found["pm10"].outcome) == (40.0, "complies")
    assert (found["pm25"].limit, found["pm25"].outcome) == (25.0, "exceeds")


def test_existing_dwellings_breathe_too_but_a_hotel_is_not_tested():
    existing = [("dwelling", HOUSE, {"dwellings": 12, "existing": True})]
    hotel = [("hotel", HOUSE, {"dwellings": 12})]
    maps = {"no2": [even(45, basis="legal")]}
    assert SPEC.compute(made(maps, existing), profile()).legal[0].outcome == "exceeds"
    assert SPEC.compute(made(maps, hotel), profile()).legal[0].outcome == "not_in_scope"


def test_unknown_missing_and_nobody():
    unknown = rows(SPEC, made({"no2": [even(np.nan)]}))[1]
    assert (unknown.status, unknown.mark) == ("not_assessed", None)
    assert SPEC.compute(made({}), profile()).missing is not None
    empty = made({"no2": [even(14)]}, [("grass", HOUSE, {})])
    assert rows(SPEC, empty)[1].status == "not_applicable"


def test_the_twin_file_can_say_what_a_map_holds():
    from dgo_twin_plugin.engine.roles import roles

    for substance in ("no2", "pm10", "pm25"):
        field = roles()[substance].field("contribution")
        assert field is not None
        assert field.choices == ("total", "background", "road", "plan")
