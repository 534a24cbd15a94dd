"""What is wrong with an input is said before the run, or repaired on a copy and said: never a
crash, never a silent zero. Rows of the plan: one hectare in four quarters (tests/qgis/plans.py)."""

from __future__ import annotations

import math
import os
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from osgeo import ogr

from . import plans as p
from .plans import (
    box,
    checks,
    design,
    one,
    refusal,
    refused,
    run,
    score_of,
    scored,
    sql,
    types,
    write,
)


def ground(result: Path) -> float:
    return one(result, "SELECT sum(area_m2) FROM zones")


# --- a sentence before the run that names the layer ---------------------------------------------
def test_sound_input_is_accepted(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    assert refused(tmp_path, design(tmp_path / "d.gpkg")) == ""


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no features"),
        ([(None, {"function": "water"}), (None, {"function": "grass"})], "geometry"),
        ([(box(0, 0, 10, 10), {"function": None}), (box(20, 0, 30, 10), {})], "empty"),
        ([("POINT(150000 450000)", {"function": "dwelling"})], "no polygons"),
        ([("LINESTRING(150000 450000,150010 450000)", {"function": "road"})], "no polygons"),
    ],
    ids=["no features", "no geometry", "only NULLs", "points", "lines"],
)
def test_a_design_that_cannot_be_scored_is_named(
    dgo: Any, qgis_project: Any, tmp_path: Path, rows: list, words: str
) -> None:
    kind = ogr.wkbPolygon
    if rows and rows[0][0] and not rows[0][0].startswith("POLYGON"):
        kind = ogr.wkbPoint if rows[0][0].startswith("POINT") else ogr.wkbLineString
    layer = design(tmp_path / "d.gpkg", rows, kind=kind, fields={"function": ogr.OFTString})
    said = refused(tmp_path, layer)
    assert "'vlakken'" in said and words in said
    # the same from a twin file, and for checkdesign
    twin = tmp_path / "twin.yml"
    twin.write_text("design: {layer: d.gpkg|vlakken}\n", encoding="utf-8")
    given = {"TWIN": str(twin), "AREA_TYPES": p.uri(types(tmp_path / "t2.gpkg"))}
    assert refusal("scoredesign", given) == said
    assert refusal("checkdesign", given) == said


def test_a_table_is_no_design(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    layer = write(tmp_path / "d.gpkg", "lijst", [(None, {"function": "water"})], kind=ogr.wkbNone)
    assert "'lijst'" in refused(tmp_path, layer)


@pytest.mark.parametrize(
    ("rows", "kind", "words"),
    [
        ([], ogr.wkbPolygon, "no features"),
        ([(box(0, 0, 9, 9), {"type": None})], ogr.wkbPolygon, "empty"),
        ([(None, {"type": "GT04"})], ogr.wkbPolygon, "geometry"),
        ([("POINT(150000 450000)", {"type": "GT04"})], ogr.wkbPoint, "no polygons"),
        ([(box(0, 0, 9, 9), {"soort": "GT04"})], ogr.wkbPolygon, "AREA_TYPE_FIELD"),
    ],
    ids=["no features", "only NULLs", "no geometry", "points", "no field"],
)
def test_a_map_that_cannot_serve_is_named(
    dgo: Any, qgis_project: Any, tmp_path: Path, rows: list, kind: int, words: str
) -> None:
    fields = {} if words == "AREA_TYPE_FIELD" else {"type": ogr.OFTString}
    layer = write(tmp_path / "t.gpkg", "kaart", rows, kind=kind, fields=fields)
    said = refused(tmp_path, design(tmp_path / "d.gpkg"), AREA_TYPES=p.uri(layer))
    assert "'kaart'" in said and words in said


def test_a_plan_area_of_lines_is_named(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    layer = write(
        tmp_path / "p.gpkg",
        "grens",
        [("LINESTRING(150000 450000,150100 450000)", {})],
        kind=ogr.wkbLineString,
    )
    said = refused(tmp_path, design(tmp_path / "d.gpkg"), PLAN_AREA=p.uri(layer))
    assert "'grens'" in said and "plan area" in said


def test_a_field_that_is_not_there_is_named(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    design(tmp_path / "d.gpkg")
    (tmp_path / "twin.yml").write_text("design: {layer: d.gpkg|vlakken, function: functie}\n")
    said = refused(tmp_path, TWIN=str(tmp_path / "twin.yml"))
    assert "'functie'" in said and "'vlakken'" in said and "function" in said


def test_nothing_given(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    assert "DESIGN" in refusal("scoredesign", {})
    assert "AREA_TYPES" in refusal("scoredesign", {"DESIGN": p.uri(design(tmp_path / "d.gpkg"))})
    said = refused(tmp_path, design(tmp_path / "d2.gpkg"), ASSESSMENT_DATE="1 juli 2026")
    assert "1 juli 2026" in said and "yyyy-mm-dd" in said


def test_an_empty_layer_beside_a_full_one_is_no_reason_to_stop(
    dgo: Any, qgis_project: Any, tmp_path: Path
) -> None:
    """The template has layers that stay empty: they become a check, the rest is scored."""
    design(tmp_path / "d.gpkg")
    write(tmp_path / "d.gpkg", "bomen", [], kind=ogr.wkbPoint, fields={"function": ogr.OFTString})
    (tmp_path / "twin.yml").write_text("design: [{layer: d.gpkg|bomen}, {layer: d.gpkg|vlakken}]\n")
    output = tmp_path / "r.gpkg"
    run(
        "scoredesign",
        {
            "TWIN": str(tmp_path / "twin.yml"),
            "OUTPUT": str(output),
            "AREA_TYPES": p.uri(types(tmp_path / "t.gpkg")),
        },
    )
    assert sql(output, "SELECT layer FROM checks WHERE code = 'empty_layer'") == [("bomen",)]
    assert score_of(output, "open_water")["value"] == pytest.approx(25.0, abs=1e-9)


# --- unknown words ------------------------------------------------------------------------------
def test_unknown_functions_are_counted_and_coverage_falls(
    dgo: Any, qgis_project: Any, tmp_path: Path
) -> None:
    """Of 10,000 m2 of plan, 2,500 m2 (in three features, two words) has an unknown function."""
    rows = p.quarters()[:3] + [
        (box(50, 50, 100, 70), {"function": "zwembad"}),
        (box(50, 70, 100, 90), {"function": "zwembad"}),
        (box(50, 90, 100, 100), {"function": "??"}),
    ]
    area = write(tmp_path / "plan.gpkg", "plan", [(box(0, 0, 100, 100), {})])
    result = scored(tmp_path, design(tmp_path / "d.gpkg", rows), PLAN_AREA=p.uri(area))
    found = sql(
        result,
        "SELECT value, severity, title, advice FROM checks "
        "WHERE code = 'unknown_function' ORDER BY value",
    )
    assert [(value, severity) for value, severity, _, _ in found] == [
        ("??", "important"),
        ("zwembad", "important"),
    ]
    assert "(2 features" in found[1][2] and "functions:" in found[1][3]
    row = score_of(result, "open_water")
    assert row["coverage"] == pytest.approx(0.75, abs=1e-9)
    assert row["mark"] is not None
    assert ground(result) == pytest.approx(10_000.0, abs=1e-6)


def test_an_unknown_area_type_is_not_scored(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """The left half of the plan is GT04, the right half 'Fantasie': coverage of the plan 0.5."""
    layer = write(
        tmp_path / "t.gpkg",
        "kaart",
        [(box(0, 0, 50, 100), {"type": "GT04"}), (box(50, 0, 100, 100), {"type": "Fantasie"})],
    )
    result = scored(tmp_path, design(tmp_path / "d.gpkg"), AREA_TYPES=p.uri(layer))
    ((value, title),) = sql(
        result, "SELECT value, title FROM checks WHERE code = 'unknown_area_type'"
    )
    assert value == "Fantasie" and "1 polygon" in title
    rows = dict(sql(result, "SELECT coalesce(area_type, ''), status FROM scores WHERE zone_id > 0"))
    assert rows["GT04"] != "not_assessed"
    assert [status for kind, status in rows.items() if kind != "GT04"] == ["not_assessed"]
    plan = score_of(result, "open_water")
    assert plan["coverage"] == pytest.approx(0.5, abs=1e-9)


# --- geometry: repaired on a copy, area conserved -----------------------------------------------
GEOMETRY = {
    # two triangles with their tops at (60, 50), each 50 x 40 / 2 = 1,000 m2
    "bow-tie": (["POLYGON((20 30,100 70,100 30,20 70,20 30))"], 1600.0, {"repaired_geometry": 1}),
    # 60 x 60 less a hole of 20 x 20; the plan has its holes filled
    "hole": (["POLYGON((0 0,60 0,60 60,0 60,0 0),(20 20,40 20,40 40,20 40,20 20))"], 3200.0, {}),
    # an island in the hole, drawn by itself
    "island": (
        [
            "POLYGON((0 0,60 0,60 60,0 60,0 0),(20 20,40 20,40 40,20 40,20 20))",
            "POLYGON((25 25,35 25,35 35,25 35,25 25))",
        ],
        3300.0,
        {},
    ),
    "duplicate": (["POLYGON((0 0,50 0,50 50,0 50,0 0))"] * 2, 2500.0, {"overlap": 1}),
    "overlap": (
        ["POLYGON((0 0,50 0,50 50,0 50,0 0))", "POLYGON((40 0,90 0,90 50,40 50,40 0))"],
        4500.0,
        {"overlap": 1},
    ),
    # 0.1 mm wide, 100 m long: 0.01 m2
    "sliver": (
        ["POLYGON((0 0,100 0,100 0.0001,0 0.0001,0 0))", "POLYGON((0 10,50 10,50 60,0 60,0 10))"],
        2500.01,
        {},
    ),
    "spike": (
        ["POLYGON((0 0,50 0,50 50,25 50,25 90,25 50,0 50,0 0))"],
        2500.0,
        {"repaired_geometry": 1},
    ),
    "Z and M": (["POLYGON ZM((0 0 1 7,50 0 2 7,50 50 3 7,0 50 4 7,0 0 1 7))"], 2500.0, {}),
    "Z": (["POLYGON Z((0 0 1,50 0 2,50 50 3,0 50 4,0 0 1))"], 2500.0, {}),
    # a full circle of radius 40, as two arcs: pi x 1,600; a polygon inscribed in arcs is smaller
    "arcs": (["CURVEPOLYGON(CIRCULARSTRING(0 40,40 80,80 40,40 0,0 40))"], math.pi * 1600, {}),
    "multi": (
        ["MULTIPOLYGON(((0 0,20 0,20 20,0 20,0 0)),((40 0,60 0,60 20,40 20,40 0)))"],
        800.0,
        {},
    ),
    "collection": (
        ["GEOMETRYCOLLECTION(POINT(5 5),POLYGON((0 0,20 0,20 20,0 20,0 0)))"],
        400.0,
        {},
    ),
}


@pytest.mark.parametrize("name", GEOMETRY)
def test_odd_geometry_keeps_its_area(
    dgo: Any, qgis_project: Any, tmp_path: Path, name: str
) -> None:
    shapes, area, expected = GEOMETRY[name]
    if name == "bow-tie":
        # the lines cross at (60, 50): two triangles of base 40 and height 40, 800 m2 each
        assert area == 2 * 40 * 40 / 2
    rows = [(p.moved(wkt), {"function": "water"}) for wkt in shapes]
    kind = ogr.wkbPolygon if name == "collection" else ogr.wkbUnknown  # a file that does not obey
    layer = design(tmp_path / "d.gpkg", rows, kind=kind)
    before = p.digest(tmp_path / "d.gpkg")
    plan = write(tmp_path / "plan.gpkg", "plan", [(box(0, 0, 100, 100), {})])
    result = scored(tmp_path, layer, PLAN_AREA=p.uri(plan))
    row = score_of(result, "open_water")
    water = row["value"] / 100.0 * 10_000.0 * row["coverage"]
    share = 2e-3 if name == "arcs" else 0.0  # arcs become chords of a few degrees
    assert water == pytest.approx(area, rel=share, abs=1e-6)
    found = checks(result)
    assert {k: v for k, v in found.items() if k in ("repaired_geometry", "overlap")} == expected
    assert ground(result) == pytest.approx(10_000.0, abs=1e-6)
    assert p.digest(tmp_path / "d.gpkg") == before


def test_a_hundred_thousand_vertices(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """A circle of radius 50 with 100,000 corners: n/2 r2 sin(2 pi / n) = 7,853.98 m2."""
    n, r = 100_000, 50.0
    angle = np.linspace(0.0, 2 * math.pi, n, endpoint=False)
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for x, y in zip(p.X + 50 + r * np.cos(angle), p.Y + 50 + r * np.sin(angle)):
        ring.AddPoint_2D(x, y)
    ring.CloseRings()
    polygon = ogr.Geometry(ogr.wkbPolygon)
    polygon.AddGeometry(ring)
    rows = [
        (polygon.ExportToWkt(), {"function": "water"}),
        (box(40, 40, 60, 60), {"function": "dwelling"}),
    ]
    result = scored(tmp_path, design(tmp_path / "d.gpkg", rows))
    area = n / 2 * r * r * math.sin(2 * math.pi / n)
    assert ground(result) == pytest.approx(area, abs=1e-3)
    # the house of 400 m2 stands on the pond
    assert score_of(result, "open_water")["value"] == pytest.approx(
        100 * (area - 400) / area, abs=1e-6
    )


def test_a_collapsed_polygon_is_said_and_does_not_count(
    dgo: Any, qgis_project: Any, tmp_path: Path
) -> None:
    rows = [
        *p.quarters(),
        (p.moved("POLYGON((0 0,50 50,100 100,50 50,0 0))"), {"function": "water"}),
    ]
    result = scored(tmp_path, design(tmp_path / "d.gpkg", rows))
    assert checks(result)["unrepairable_geometry"] == 1
    assert score_of(result, "open_water")["value"] == pytest.approx(25.0, abs=1e-9)


# --- files --------------------------------------------------------------------------------------
BROKEN = {
    "no yaml": ("design: [\n  {layer: x\n", ("twin.yml", "line")),
    "unknown key": ("designs: {layer: d.gpkg}\n", ("twin.yml", "line 1", "designs", "design")),
    "unknown function": ("functions:\n  Wadi: swail\n", ("line 2", "swail", "swale")),
    "unknown role": ("context:\n  road: {layer: d.gpkg}\n", ("line 2", "road", "roads")),
    "missing file": ("design:\n  - {layer: weg.gpkg|x}\n", ("line 2", "weg.gpkg")),
    "wrong type": ("cell_size: fine\n", ("line 1", "cell_size")),
    "two keys": ("scenario: a\nscenario: b\n", ("line 2", "scenario")),
    "missing profile": ("profile: utrecht-2027\n", ("line 1", "utrecht-2027")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_twin_file(dgo: Any, qgis_project: Any, tmp_path: Path, name: str) -> None:
    content, words = BROKEN[name]
    (tmp_path / "twin.yml").write_text(content, encoding="utf-8")
    said = refused(tmp_path, design(tmp_path / "d.gpkg"), TWIN=str(tmp_path / "twin.yml"))
    for word in words:
        assert word in said, said
    assert "Traceback" not in said


def test_a_file_that_is_not_there(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    said = refused(tmp_path, design(tmp_path / "d.gpkg"), TWIN=str(tmp_path / "geen.yml"))
    assert "geen.yml" in said
    (tmp_path / "twin.yml").write_text("design: {layer: d.gpkg|vlekken}\n")
    assert "vlekken" in refused(tmp_path, TWIN=str(tmp_path / "twin.yml"))
    said = refused(tmp_path, f"{tmp_path / 'd.gpkg'}|vlakken", PROFILE=str(tmp_path / "eigen.yml"))
    assert "eigen.yml" in said


def test_impossible_norms(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """For open water more is better, so a minimum of 12 cannot stand above a basis of 10."""
    file = tmp_path / "gemeente.yml"
    file.write_text(
        "id: gemeente\nversion: 1\ntitle: {nl: Gemeente, en: Municipality}\n"
        "base: utrecht-proposal-2026\nnorms:\n  open_water: {GT04: [12, 10, 15]}\n",
        encoding="utf-8",
    )
    said = refused(tmp_path, design(tmp_path / "d.gpkg"), PROFILE=str(file))
    assert "gemeente.yml" in said and "line 6" in said and "strict order" in said


def test_a_filter_that_is_no_expression(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    design(tmp_path / "d.gpkg")
    (tmp_path / "twin.yml").write_text(
        "design: {layer: d.gpkg|vlakken, filter: 'function = = 1'}\n"
    )
    said = refused(tmp_path, TWIN=str(tmp_path / "twin.yml"))
    assert "'vlakken'" in said and "function = = 1" in said


def test_a_filter_that_lets_nothing_through(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    design(tmp_path / "d.gpkg")
    (tmp_path / "twin.yml").write_text(
        "design: {layer: d.gpkg|vlakken, filter: \"function = 'x'\"}\n"
    )
    said = refused(tmp_path, TWIN=str(tmp_path / "twin.yml"))
    assert "'vlakken'" in said and "filter" in said


# --- a target that cannot be written: earlier results stay as they were -------------------------
def earlier(folder: Path) -> tuple[Path, dict[str, str]]:
    result = scored(folder, design(folder / "d.gpkg"))
    return result, p.tables(result)


def again(folder: Path, output: Path) -> str:
    """The error of a second run into the same file."""
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as raised:
        run(
            "scoredesign",
            {
                "DESIGN": p.uri(f"{folder / 'd.gpkg'}|vlakken"),
                "OUTPUT": str(output),
                "AREA_TYPES": p.uri(f"{folder / 'types.gpkg'}|types"),
            },
        )
    return str(raised.value)


def test_a_read_only_target(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    result, before = earlier(tmp_path)
    os.chmod(result, 0o444)
    said = again(tmp_path, result)
    assert result.name in said and "Unexpected" not in said
    assert p.tables(result) == before


def test_a_locked_target_keeps_the_run_beside_it(
    dgo: Any, qgis_project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dgo_twin_plugin.store import access

    monkeypatch.setattr(access, "BUSY_SECONDS", 0.1)
    result, before = earlier(tmp_path)
    other = sqlite3.connect(result)
    other.execute("BEGIN IMMEDIATE")
    try:
        said = again(tmp_path, result)
    finally:
        other.rollback()
        other.close()
    assert p.tables(result) == before
    (kept,) = [f for f in tmp_path.glob("result_*.gpkg")]
    assert kept.name in said
    assert one(kept, "SELECT count(*) FROM runs") == 1


def test_a_target_that_is_something_else(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    earlier(tmp_path)
    before = p.digest(tmp_path / "d.gpkg")
    assert "d.gpkg" in again(tmp_path, tmp_path / "d.gpkg")  # the design itself as the target
    assert p.digest(tmp_path / "d.gpkg") == before
    (tmp_path / "tekst.gpkg").write_text("no database")
    assert "tekst.gpkg" in again(tmp_path, tmp_path / "tekst.gpkg")
    said = again(tmp_path, tmp_path / "geen" / "map" / "r.gpkg")
    assert "geen" in said and "Unexpected" not in said


def test_a_full_disk(
    dgo: Any, qgis_project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file may not grow any more (PRAGMA max_page_count), which is what SQLite says when the
    disk is full."""
    from dgo_twin_plugin.store import access

    result, before = earlier(tmp_path)
    begin = access.transaction_begin

    def no_room(ds: Any) -> None:
        access.query(ds, "PRAGMA max_page_count = 1")  # SQLite makes it the present size
        begin(ds)

    monkeypatch.setattr(access, "transaction_begin", no_room)
    said = again(tmp_path, result)
    assert result.name in said and "full" in said.lower()
    assert p.tables(result) == before
