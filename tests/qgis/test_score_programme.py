"""dgo:scoreprogramme: marks for numbers, and a schematic design to draw on from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.qgis.plans import Said, box, raster, refusal, run, score_of, sql, types, uri, write

ASKED = ["open_water", "green", "rain_retention", "energy_use", "material_use",
         "stormwater_disconnection", "parking_pressure"]  # fmt: skip
NUMBERS = {"DWELLINGS": 600, "SOCIAL": 30, "PARKING_NORM": 1.2, "OFFICE_GFA": 3000, "GREEN": 30}


def given(folder: Path, **more: Any) -> dict[str, Any]:
    return {"AREA_TYPE": "Groenstedelijk", "INDICATORS": ASKED, **NUMBERS,
            "OUTPUT": str(folder / "result.gpkg"), **more}  # fmt: skip


def plan(folder: Path) -> str:
    return uri(write(folder / "plan.gpkg", "plan", [(box(0, 0, 500, 300), {"name": "plan"})]))


def test_numbers_alone_give_marks_with_wide_intervals(dgo: Any, tmp_path: Path) -> None:
    said = Said.new()
    done = run("scoreprogramme", given(tmp_path, AREA=150_000), said)
    assert done["PLAN_MARK"] is not None and done["COVERAGE"] > 0.9
    for name in ("open_water", "green", "energy_use", "rain_retention"):
        row = score_of(done["OUTPUT"], name)
        assert row["mark"] is not None and row["assumed"] > 0.45, name
    water = score_of(done["OUTPUT"], "open_water")
    assert water["assumed"] == pytest.approx(1.0) and water["next_data"] == "layout"
    assert water["mark_high"] - water["mark_low"] > 2.0
    # the numbers are in the zone: 600 homes; 180 x 85 + 420 x 120 + 3,000 = 68,700 m2 on 15 ha
    rows = sql(done["OUTPUT"], "SELECT area_m2, dwellings, fsi FROM zones")
    assert len(rows) == 1
    area, homes, fsi = rows[0]
    assert (area, homes) == (pytest.approx(150_000, rel=1e-6), pytest.approx(600))
    assert fsi == pytest.approx(68_700 / 150_000)
    assert any("no place" in w for w in said.warnings)
    # what was asked stands in the archive
    text = sql(done["OUTPUT"], "SELECT parameters FROM runs")[0][0]
    assert json.loads(text)["DWELLINGS"] == 600


def test_the_schematic_design_scored_as_it_is_gives_the_same(dgo: Any, tmp_path: Path) -> None:
    drawing = tmp_path / "schematic.gpkg"
    where, zones = plan(tmp_path), uri(types(tmp_path / "types.gpkg"))
    done = run("scoreprogramme", given(tmp_path, PLAN_AREA=where, SCHEMATIC=str(drawing)))
    rows = sql(drawing, "SELECT function, sum(dwellings), sum(gfa), sum(parking_spaces) "
                        "FROM design GROUP BY function")  # fmt: skip
    table = {r[0]: r[1:] for r in rows}
    assert table["dwelling"][0] == 600 and table["office"][1] == pytest.approx(3000)
    assert table["parking"][2] == 720
    names = {r[0] for r in sql(drawing, "SELECT DISTINCT name FROM design WHERE name NOT NULL")}
    assert names == {"social housing", "market housing"}
    again = tmp_path / "again.gpkg"
    run("scoredesign", {"DESIGN": uri(f"{drawing}|design"), "PLAN_AREA": where,
                        "AREA_TYPES": zones, "INDICATORS": ASKED,
                        "OUTPUT": str(again)})  # fmt: skip
    for name in ASKED:
        a, b = score_of(done["OUTPUT"], name), score_of(again, name)
        for column in ("value", "mark", "mark_low", "mark_high", "assumed"):
            same = None if b[column] is None else pytest.approx(b[column], abs=1e-5)
            assert a[column] == same, (name, column)
    # emptied where it was drawn on: less is assumed and the interval narrows
    sure = tmp_path / "sure.gpkg"
    data = write(sure, "design", [(w, {k: v for k, v in f.items() if k != "assumed"})
                                  for w, f in _features(drawing)])  # fmt: skip
    result = tmp_path / "sure_result.gpkg"
    run("scoredesign", {"DESIGN": uri(data), "PLAN_AREA": where, "AREA_TYPES": zones,
                        "INDICATORS": ASKED, "OUTPUT": str(result)})  # fmt: skip
    for name, low in (("open_water", 0.0), ("rain_retention", 1.0)):  # storage is not drawn
        a, b = score_of(done["OUTPUT"], name), score_of(result, name)
        assert b["assumed"] == pytest.approx(low) and a["assumed"] == pytest.approx(1.0), name
        assert b["value"] == pytest.approx(a["value"], rel=1e-6)
        assert b["spread"] < 0.9 * a["spread"], name


def _features(path: Path) -> list[tuple[str, dict[str, Any]]]:
    from osgeo import ogr

    data = ogr.Open(str(path))
    return [(f.GetGeometryRef().ExportToWkt(), {k: v for k, v in f.items().items()})
            for f in data.GetLayerByName("design")]  # fmt: skip


def test_a_file_and_parameters_over_it(dgo: Any, tmp_path: Path) -> None:
    file = tmp_path / "programme.yml"
    file.write_text("area: 40000\narea_type: GT06\ndwellings: 80\ngreen_share: 0.4\n")
    done = run("scoreprogramme", {"PROGRAMME": str(file), "DWELLINGS": 100, "INDICATORS": ["green"],
                                  "OUTPUT": str(tmp_path / "r.gpkg")})  # fmt: skip
    assert sql(done["OUTPUT"], "SELECT area_type, dwellings FROM zones") == [
        ("GT06", pytest.approx(100)),
    ]  # fmt: skip
    file.write_text("area: 40000\narea_type: GT06\ndwelings: 80\n")
    said = refusal("scoreprogramme", {"PROGRAMME": str(file)})
    assert "programme.yml" in said and "dwelings" in said and "dwellings" in said


def test_the_context_of_the_place_is_used(dgo: Any, tmp_path: Path) -> None:
    noise = raster(tmp_path / "noise.tif", np.full((90, 130), 58.0), -400, 600, 10)
    twin = tmp_path / "twin.yml"
    twin.write_text(f"context:\n  noise_road: {{layer: '{noise}', owner: municipal}}\n")
    more = {"TWIN": str(twin), "INDICATORS": ["traffic_noise"]}
    here = run("scoreprogramme", given(tmp_path, PLAN_AREA=plan(tmp_path), **more))
    assert score_of(here["OUTPUT"], "traffic_noise")["value"] == pytest.approx(58.0, abs=0.01)
    assert score_of(here["OUTPUT"], "traffic_noise")["assumed"] == pytest.approx(1.0)
    nowhere = run("scoreprogramme", given(tmp_path, AREA=150_000, **more,
                                          OUTPUT=str(tmp_path / "nowhere.gpkg")))  # fmt: skip
    assert score_of(nowhere["OUTPUT"], "traffic_noise")["mark"] is None


def test_only_an_area_type_map(dgo: Any, tmp_path: Path) -> None:
    areas = write(tmp_path / "types.gpkg", "types", [
        (box(0, 0, 200, 200), {"type": "GT04"}), (box(200, 0, 400, 200), {"type": "GT11"}),
    ])  # fmt: skip
    done = run("scoreprogramme", {"AREA_TYPES": uri(areas), "INDICATORS": ["open_water", "green"],
                                  "OUTPUT": str(tmp_path / "r.gpkg")})  # fmt: skip
    rows = dict(sql(done["OUTPUT"], "SELECT area_type, fsi FROM zones"))
    # the middle of each type: .60 and .01
    assert rows == {"GT04": pytest.approx(0.60), "GT11": pytest.approx(0.01)}


def test_too_dense_is_said_and_scored(dgo: Any, tmp_path: Path) -> None:
    said = Said.new()
    done = run("scoreprogramme", {"AREA": 10_000, "AREA_TYPE": "GT04", "DWELLINGS": 200,
                                  "INDICATORS": ["open_water"],
                                  "OUTPUT": str(tmp_path / "r.gpkg")}, said)  # fmt: skip
    assert any("denser than GT04" in w for w in said.warnings)
    assert done["PLAN_MARK"] is not None
    codes = {c for (c,) in sql(done["OUTPUT"], "SELECT code FROM checks")}
    assert {"programme_fsi", "development_laid_out"} <= codes


@pytest.mark.parametrize("change, word", [
    ({"AREA_TYPE": None}, "AREA_TYPE"),
    ({"AREA_TYPE": "Groenig"}, "Groenig"),
    ({"AREA": None}, "PLAN_AREA"),
    ({"DWELLINGS": None}, "dwellings"),
    ({"AREA": 3e9}, "km²"),
    ({"FLOORS": 0.2}, "FLOORS"),
])  # fmt: skip
def test_refusals_name_what_is_missing(dgo: Any, tmp_path: Path, change: dict, word: str) -> None:
    assert word in refusal("scoreprogramme", given(tmp_path, **{"AREA": 150_000, **change}))


def test_impossible_is_a_sentence_and_nothing_is_written(dgo: Any, tmp_path: Path) -> None:
    drawing = tmp_path / "schematic.gpkg"
    with pytest.raises(Exception, match="is impossible"):
        run("scoreprogramme", given(tmp_path, AREA=100, SCHEMATIC=str(drawing)))
    assert not (tmp_path / "result.gpkg").exists() and not drawing.exists()


def test_a_rough_polygon_in_a_design_is_read_with_its_numbers(dgo: Any, tmp_path: Path) -> None:
    rough = write(tmp_path / "rough.gpkg", "rough", [
        (box(0, 0, 200, 200), {"function": "woongebied", "dwellings": 120, "water_share": 0.1}),
        (box(200, 0, 300, 200), {"function": "grass"}),
    ])  # fmt: skip
    run("scoredesign", {"DESIGN": uri(rough), "AREA_TYPES": uri(types(tmp_path / "types.gpkg")),
                        "INDICATORS": ["open_water", "green"],
                        "OUTPUT": str(tmp_path / "r.gpkg")})  # fmt: skip
    # 10 % of 4 ha is 4,000 m2 of 6 ha: 6.667 %; it is given, so nothing of it is assumed
    water = score_of(tmp_path / "r.gpkg", "open_water")
    assert water["value"] == pytest.approx(100 * 4000 / 60_000, abs=1e-4)
    assert water["assumed"] == pytest.approx(0.0)
    assert sql(tmp_path / "r.gpkg", "SELECT dwellings FROM zones") == [(pytest.approx(120),)]
