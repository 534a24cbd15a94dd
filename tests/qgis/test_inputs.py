"""Where inputs come from and what of them counts: parameter > twin file > project > layer property
> default; edits, selections, filters and joins; and nothing is ever written to them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr

from . import plans as p
from .plans import box, design, one, refusal, run, score_of, sql, types, write

# Plans that differ in their share of open water, so that the value says which one was read.
SHARES = {"ten": 10.0, "twenty": 20.0, "thirty": 30.0, "forty": 40.0}


def plan_of(share: float) -> list[tuple[str, dict[str, Any]]]:
    """A hectare of which ``share`` % is water, the rest grass."""
    return [
        (box(0, 0, share, 100), {"function": "water"}),
        (box(share, 0, 100, 100), {"function": "grass"}),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four plans (10, 20, 30, 40 % water) and a map."""
    for name, share in SHARES.items():
        design(tmp_path / f"{name}.gpkg", plan_of(share))
    types(tmp_path / "types.gpkg")
    return tmp_path


def layer_of(folder: Path, name: str, title: str = "") -> Any:
    from qgis.core import QgsVectorLayer

    inside = "types" if name == "types" else "vlakken"
    layer = QgsVectorLayer(f"{folder / name}.gpkg|layername={inside}", title or name, "ogr")
    assert layer.isValid()
    return layer


def water(folder: Path, **given: Any) -> float:
    """The share of open water that a run finds, %."""
    output = folder / "result.gpkg"
    output.unlink(missing_ok=True)
    run("scoredesign", {"OUTPUT": str(output), "INDICATORS": ["open_water"], **given})
    return round(score_of(output, "open_water")["value"], 6)


# --- precedence ---------------------------------------------------------------------------------
def test_parameter_twin_project_property(dgo: Any, qgis_project: Any, folder: Path) -> None:
    from dgo_twin_plugin.engine.twin import LayerEntry, Twin
    from dgo_twin_plugin.project.roles import keep_twin, set_role

    kind = layer_of(folder, "types")
    # 1 the property of a layer
    marked = layer_of(folder, "ten")
    set_role(marked, "design", function="function")
    set_role(kind, "area_types", type="type")
    qgis_project.addMapLayers([marked, kind])
    assert water(folder) == 10.0
    # 2 what the project remembers goes before it
    keep_twin(qgis_project, Twin(design=(LayerEntry(str(folder / "twenty.gpkg") + "|vlakken"),)))
    assert water(folder) == 20.0
    # 3 a twin file before that
    (folder / "twin.yml").write_text("design: {layer: thirty.gpkg|vlakken}\n", encoding="utf-8")
    assert water(folder, TWIN=str(folder / "twin.yml")) == 30.0
    # 4 and a parameter before all
    named = {"TWIN": str(folder / "twin.yml"), "DESIGN": p.uri(f"{folder / 'forty.gpkg'}|vlakken")}
    assert water(folder, **named) == 40.0


def test_the_project_fills_what_the_twin_leaves_open(
    dgo: Any, qgis_project: Any, folder: Path
) -> None:
    """Terms, date and scenario of the project, paths relative to the project's own folder."""
    import datetime

    from dgo_twin_plugin.engine.twin import LayerEntry, Twin
    from dgo_twin_plugin.project.roles import keep_twin

    home = folder / "project"
    home.mkdir()
    qgis_project.setFileName(str(home / "plan.qgs"))
    design(
        folder / "terms.gpkg",
        [
            (wkt, {"function": {"water": "plas"}.get(v["function"], "grass")})
            for wkt, v in plan_of(25)
        ],
    )
    kept = Twin(
        area_types=LayerEntry("../types.gpkg|types", type="type"),
        scenario="nacht",
        functions={"plas": "water"},
        assessment_date=datetime.date(2031, 5, 1),
    )
    keep_twin(qgis_project, kept)
    (folder / "elsewhere").mkdir()
    twin = folder / "elsewhere" / "twin.yml"
    twin.write_text("design: {layer: ../terms.gpkg|vlakken}\n", encoding="utf-8")
    assert water(folder, TWIN=str(twin)) == 25.0
    row = sql(folder / "result.gpkg", "SELECT scenario, assessment_date FROM runs")
    assert row == [("nacht", "2031-05-01")]


def test_settings_have_the_same_order(dgo: Any, qgis_project: Any, folder: Path) -> None:
    (folder / "twin.yml").write_text(
        "design: {layer: ten.gpkg|vlakken}\narea_types: {layer: types.gpkg|types}\n"
        "scenario: uit het bestand\nassessment_date: 2028-01-01\nindicators: [open_water, green]\n",
        encoding="utf-8",
    )
    output = folder / "r.gpkg"
    given = {"TWIN": str(folder / "twin.yml"), "OUTPUT": str(output)}
    run("scoredesign", given)
    run(
        "scoredesign",
        {
            **given,
            "SCENARIO": "parameter",
            "ASSESSMENT_DATE": "2030-01-01",
            "INDICATORS": ["open_water"],
        },
    )
    found = sql(output, "SELECT scenario, assessment_date, indicators FROM runs ORDER BY id")
    assert found[0][:2] == ("uit het bestand", "2028-01-01")
    assert sorted(json.loads(found[0][2])) == ["green", "open_water"]
    assert found[1] == ("parameter", "2030-01-01", '["open_water"]')


def test_a_layer_is_read_as_the_project_reads_it(dgo: Any, qgis_project: Any, folder: Path) -> None:
    """Two design layers in the project, one of them all trees: choosing the other as DESIGN must
    not read it as trees."""
    from dgo_twin_plugin.project.roles import set_role

    trees = layer_of(folder, "ten", "a bomen")
    set_role(trees, "design", functions="tree")
    plan = layer_of(folder, "forty", "b plan")
    set_role(plan, "design", function="function")
    kind = layer_of(folder, "types")
    set_role(kind, "area_types", type="type")
    qgis_project.addMapLayers([trees, plan, kind])
    assert water(folder, DESIGN=plan) == 40.0
    assert water(folder, DESIGN=plan.id()) == 40.0


def test_a_property_that_is_no_json_is_said(dgo: Any, qgis_project: Any, folder: Path) -> None:
    layer = layer_of(folder, "ten", "mijn plan")
    layer.setCustomProperty("dgo/role", "design")
    layer.setCustomProperty("dgo/entry", "{function")
    qgis_project.addMapLayer(layer)
    said = refusal("scoredesign", {})
    assert "'mijn plan'" in said and "dgo/entry" in said


def test_paths_in_a_twin_start_at_its_folder(
    dgo: Any, qgis_project: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "twin").mkdir()
    (folder / "twin" / "t.yml").write_text(
        "design: {layer: ../ten.gpkg|vlakken}\narea_types: {layer: ../types.gpkg|types}\n"
    )
    monkeypatch.chdir(folder.parent)
    assert water(folder, TWIN=str(folder / "twin" / "t.yml")) == 10.0


# --- what of a layer counts, and that it is stated ----------------------------------------------
def stated(folder: Path) -> tuple[list[str], list[str]]:
    """The notes of the design in ``runs``: keys per input, and sentences."""
    inputs, notes = sql(folder / "result.gpkg", "SELECT inputs, notes FROM runs ORDER BY id DESC")[
        0
    ]
    first = next(i for i in json.loads(inputs) if i["role"] == "design")
    return first["notes"], json.loads(notes)


def test_unsaved_edits_count_and_are_stated(dgo: Any, qgis_project: Any, folder: Path) -> None:
    from qgis.core import QgsFeature, QgsGeometry

    layer, kind = layer_of(folder, "ten"), layer_of(folder, "types")
    qgis_project.addMapLayers([layer, kind])
    assert water(folder, DESIGN=layer, AREA_TYPES=kind) == 10.0
    assert stated(folder) == ([], [])
    before = sql(folder / "ten.gpkg", "SELECT * FROM vlakken")
    layer.startEditing()
    # 10 % becomes 35 %: the grass is cut back, a second lake is drawn on the free ground
    grass = next(f for f in layer.getFeatures() if f["function"] == "grass")
    layer.changeGeometry(grass.id(), QgsGeometry.fromWkt(box(35, 0, 100, 100)))
    lake = QgsFeature(layer.fields())
    lake["function"] = "water"
    lake.setGeometry(QgsGeometry.fromWkt(box(10, 0, 35, 100)))
    layer.addFeature(lake)
    assert water(folder, DESIGN=layer, AREA_TYPES=kind) == 35.0
    keys, sentences = stated(folder)
    assert keys == ["unsaved"] and sentences == ["Layer 'ten': unsaved edits count."]
    assert layer.isModified()  # nothing was saved on the way
    assert sql(folder / "ten.gpkg", "SELECT * FROM vlakken") == before
    layer.rollBack()


def test_a_file_of_the_twin_is_read_as_the_project_shows_it(
    dgo: Any, qgis_project: Any, folder: Path
) -> None:
    """The twin names files; what is drawn in the project and not yet saved counts."""
    from qgis.core import QgsGeometry

    (folder / "twin.yml").write_text(
        "design: {layer: ten.gpkg|vlakken}\narea_types: {layer: types.gpkg|types}\n"
    )
    twin = str(folder / "twin.yml")
    layer, less = layer_of(folder, "ten"), layer_of(folder, "ten")
    less.setSubsetString("function = 'grass'")
    qgis_project.addMapLayers([less])
    assert water(folder, TWIN=twin) == 10.0  # one that shows less than the file does not count
    qgis_project.addMapLayers([layer])
    assert water(folder, TWIN=twin) == 10.0
    layer.startEditing()
    # 10 % becomes 5 %: half of the lake is filled in, the border of the plan stays
    lake = next(f for f in layer.getFeatures() if f["function"] == "water")
    layer.changeGeometry(lake.id(), QgsGeometry.fromWkt(box(0, 0, 5, 100)))
    grass = next(f for f in layer.getFeatures() if f["function"] == "grass")
    layer.changeGeometry(grass.id(), QgsGeometry.fromWkt(box(5, 0, 100, 100)))
    assert water(folder, TWIN=twin) == 5.0
    assert stated(folder)[0] == ["unsaved"]
    layer.rollBack()
    assert water(folder, TWIN=twin) == 10.0


def test_the_selection_counts_and_is_stated(dgo: Any, qgis_project: Any, folder: Path) -> None:
    """Of a plan with 40 % water only the water and a strip are selected."""
    from qgis.core import QgsProcessingFeatureSourceDefinition

    layer, kind = layer_of(folder, "forty"), layer_of(folder, "types")
    qgis_project.addMapLayers([layer, kind])
    layer.selectByExpression("function = 'water'")
    chosen = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    assert water(folder, DESIGN=chosen, AREA_TYPES=kind) == 100.0
    assert stated(folder)[0] == ["selection"]
    assert one(folder / "result.gpkg", "SELECT sum(area_m2) FROM zones") == pytest.approx(4000.0)
    layer.removeSelection()
    assert "'forty'" in refusal("scoredesign", {"DESIGN": chosen, "AREA_TYPES": kind})


def test_a_filter_counts_and_is_stated(dgo: Any, qgis_project: Any, folder: Path) -> None:
    layer, kind = layer_of(folder, "forty"), layer_of(folder, "types")
    qgis_project.addMapLayers([layer, kind])
    layer.setSubsetString("function = 'grass'")
    assert water(folder, DESIGN=layer, AREA_TYPES=kind) == 0.0
    assert stated(folder)[0] == ["filter"]
    # and a filter in the twin
    (folder / "twin.yml").write_text(
        "design: {layer: forty.gpkg|vlakken, filter: \"function = 'water'\"}\n"
        "area_types: {layer: types.gpkg|types}\n"
    )
    layer.setSubsetString("")
    assert water(folder, TWIN=str(folder / "twin.yml")) == 100.0
    assert stated(folder)[0] == ["filter"]


def test_joined_fields_count_and_are_stated(dgo: Any, qgis_project: Any, folder: Path) -> None:
    """The function stands in a table that is joined by a key."""
    from qgis.core import QgsVectorLayer, QgsVectorLayerJoinInfo

    file = folder / "join.gpkg"
    write(
        file,
        "vlakken",
        [(box(0, 0, 15, 100), {"code": "a"}), (box(15, 0, 100, 100), {"code": "b"})],
    )
    write(
        file,
        "lijst",
        [(None, {"sleutel": "a", "wat": "water"}), (None, {"sleutel": "b", "wat": "grass"})],
        kind=ogr.wkbNone,
    )
    layer = QgsVectorLayer(f"{file}|layername=vlakken", "plan", "ogr")
    table = QgsVectorLayer(f"{file}|layername=lijst", "lijst", "ogr")
    kind = layer_of(folder, "types")
    qgis_project.addMapLayers([layer, table, kind])
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(table)
    join.setJoinFieldName("sleutel")
    join.setTargetFieldName("code")
    join.setPrefix("")
    assert layer.addJoin(join)
    (folder / "twin.yml").write_text("design: {layer: plan, function: wat}\n")
    assert water(folder, TWIN=str(folder / "twin.yml"), AREA_TYPES=kind) == 15.0
    assert stated(folder)[0] == ["join"]


def test_inputs_stay_byte_identical(dgo: Any, qgis_project: Any, folder: Path) -> None:
    """A bow-tie is repaired, a map transformed: on copies."""
    rows = [
        *plan_of(10),
        (p.moved("POLYGON((20 30,100 70,100 30,20 70,20 30))"), {"function": "road"}),
    ]
    design(folder / "knot.gpkg", rows)
    before = {f.name: p.digest(f) for f in folder.glob("*.gpkg")}
    output = folder / "out" / "r.gpkg"
    output.parent.mkdir()
    run(
        "scoredesign",
        {
            "DESIGN": p.uri(f"{folder / 'knot.gpkg'}|vlakken"),
            "OUTPUT": str(output),
            "AREA_TYPES": p.uri(f"{folder / 'types.gpkg'}|types"),
        },
    )
    assert p.checks(output)["repaired_geometry"] == 1
    assert {f.name: p.digest(f) for f in folder.glob("*.gpkg")} == before
    assert not list(folder.glob("*-journal")) + list(folder.glob("*-wal"))


# --- what a run keeps of its inputs -------------------------------------------------------------
def test_runs_says_what_a_score_rested_on(dgo: Any, qgis_project: Any, folder: Path) -> None:
    from dgo_twin_plugin.engine.norms import load_profile
    from dgo_twin_plugin.processing.provider import plugin_version

    output = folder / "r.gpkg"
    given = {
        "DESIGN": p.uri(f"{folder / 'ten.gpkg'}|vlakken"),
        "OUTPUT": str(output),
        "AREA_TYPES": p.uri(f"{folder / 'types.gpkg'}|types"),
        "SCENARIO": "proef",
        "INDICATORS": ["open_water"],
        "CELL_SIZE": 4,
    }
    run("scoredesign", given)
    import sqlite3

    connection = sqlite3.connect(output)
    connection.row_factory = sqlite3.Row
    row = dict(connection.execute("SELECT * FROM runs").fetchone())
    connection.close()
    profile = load_profile("utrecht-proposal-2026")
    assert row["scenario"] == "proef" and row["who"] and row["work_crs"] == "EPSG:28992"
    assert row["started"] <= row["finished"] and row["started"].endswith("+00:00")
    assert (row["profile_id"], row["profile_hash"]) == (profile.id, profile.hash)
    assert row["profile_status"] == "proposal"
    versions = json.loads(row["versions"])
    assert versions["plugin"] == plugin_version() and set(versions) >= {
        "qgis",
        "gdal",
        "numpy",
        "python",
    }
    parameters = json.loads(row["parameters"])
    assert parameters["SCENARIO"] == "proef" and parameters["CELL_SIZE"] == 4
    assert parameters["DESIGN"] == given["DESIGN"]
    inputs = {i["role"]: i for i in json.loads(row["inputs"])}
    assert inputs["design"]["features"] == 2 and inputs["design"]["crs"] == "EPSG:28992"
    assert len(inputs["design"]["fingerprint"]) == 64
    assert "ten.gpkg" in inputs["design"]["source"]
    assert sql(output, "SELECT DISTINCT scenario FROM scores") == [("proef",)]


def test_a_changed_value_changes_its_fingerprint_alone(
    dgo: Any, qgis_project: Any, folder: Path
) -> None:
    output = folder / "r.gpkg"
    for height in (10.0, 10.5):
        file = folder / f"h{height}.gpkg"
        design(file, [(wkt, {**values, "height": height}) for wkt, values in plan_of(10)])
        run(
            "scoredesign",
            {
                "DESIGN": p.uri(f"{file}|vlakken"),
                "OUTPUT": str(output),
                "AREA_TYPES": p.uri(f"{folder / 'types.gpkg'}|types"),
                "INDICATORS": ["open_water"],
            },
        )
    first, second = (
        {i["role"]: i["fingerprint"] for i in json.loads(r[0])}
        for r in sql(output, "SELECT inputs FROM runs ORDER BY id")
    )
    assert first["design"] != second["design"]
    assert first["area_types"] == second["area_types"]


def test_passwords_stay_out_of_the_archive(dgo: Any, qgis_project: Any) -> None:
    from qgis.core import QgsVectorLayer

    from dgo_twin_plugin.layers.read import public_source

    layer = QgsVectorLayer(
        "dbname='x' host=h user='u' password='geheim' table=\"a\".\"b\" (g)", "l", "postgres"
    )
    assert "geheim" not in public_source(layer)


def test_a_snapshot_outlives_its_layer(dgo: Any, qgis_project: Any, folder: Path) -> None:
    """What was snapped before an edit and a removal is what is read afterwards."""
    from qgis.core import QgsCoordinateTransformContext

    from dgo_twin_plugin.layers.plane import Plane
    from dgo_twin_plugin.layers.read import read_vector, snapshot

    layer = layer_of(folder, "ten")
    qgis_project.addMapLayer(layer)
    crs = layer.crs()
    given = snapshot(layer)
    layer.startEditing()
    layer.deleteFeatures([f.id() for f in layer.getFeatures()])
    qgis_project.removeMapLayer(layer.id())
    raw = read_vector(given, Plane(crs, "design"), QgsCoordinateTransformContext())
    assert sorted(raw.columns["function"]) == ["grass", "water"]
    assert dataclasses.replace(given).name == "ten"
