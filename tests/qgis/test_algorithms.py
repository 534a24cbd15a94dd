"""The public algorithms as toolbox, models, batches and background tasks use them."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import plans as p
from .plans import box, design, one, run, score_of, sql, types, write


@pytest.fixture(scope="module")
def demo(dgo: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo plan, by its own algorithm."""
    folder = tmp_path_factory.mktemp("demo")
    done = run("createdemo", {"FOLDER": str(folder)})
    for name in ("TWIN_A", "TWIN_B", "PROJECT"):
        assert Path(done[name]).is_file() and Path(done[name]).parent == folder
    return folder


@pytest.fixture(scope="module")
def outcomes(demo: Path) -> list[dict[str, Any]]:
    """What the runs of both variants, into one results file, hand back."""
    output = demo / "results.gpkg"
    return [
        run("scoredesign", {"TWIN": str(demo / f"twin-{v}.yml"), "OUTPUT": str(output)})
        for v in "ab"
    ]


@pytest.fixture(scope="module")
def two_runs(outcomes: list[dict[str, Any]]) -> Path:
    """Both variants of the demo in one results file."""
    return Path(outcomes[0]["OUTPUT"])


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Any]:
    """Parameters of a small run: a quarter of a hectare is water."""
    return {
        "DESIGN": p.uri(design(tmp_path / "d.gpkg")),
        "AREA_TYPES": p.uri(types(tmp_path / "t.gpkg")),
        "OUTPUT": str(tmp_path / "r.gpkg"),
        "INDICATORS": ["open_water"],
    }


# --- dgo:scoredesign ----------------------------------------------------------------------------
def test_outputs_are_the_numbers_in_the_file(
    outcomes: list[dict[str, Any]], two_runs: Path
) -> None:
    for done, run_id in zip(
        outcomes, [r[0] for r in sql(two_runs, "SELECT run_id FROM runs ORDER BY id")]
    ):
        ((mark, coverage, breach),) = sql(
            two_runs,
            "SELECT mark, coverage, n_breach FROM totals "
            f"WHERE zone_id = 0 AND theme = 'total' AND run_id = '{run_id}'",
        )
        assert done["PLAN_MARK"] == mark and done["COVERAGE"] == coverage and 0 <= coverage <= 1
        assert done["BREACHES"] == breach
        assert done["ALERTS"] == one(
            two_runs, f"SELECT count(*) FROM alerts WHERE run_id = '{run_id}'"
        )
        assert sql(
            two_runs, f"SELECT plan_mark, breaches, alerts FROM runs WHERE run_id = '{run_id}'"
        ) == [(mark, breach, done["ALERTS"])]
    # the demo is made to have a certain breach and two alerts at the least
    assert outcomes[0]["BREACHES"] >= 1 and outcomes[0]["ALERTS"] >= 2


def test_a_plan_without_marks_has_no_plan_mark(
    dgo: Any, qgis_project: Any, tmp_path: Path, small: dict
) -> None:
    small["INDICATORS"] = ["public_transport"]  # there is no layer of stops
    done = run("scoredesign", small)
    assert done["PLAN_MARK"] is None and done["COVERAGE"] == 0.0 and done["BREACHES"] == 0


def test_a_subset_of_indicators(dgo: Any, qgis_project: Any, small: dict) -> None:
    run("scoredesign", small)
    assert sql(small["OUTPUT"], "SELECT DISTINCT indicator FROM scores") == [("open_water",)]
    row = score_of(small["OUTPUT"], "open_water")
    assert row["value"] == pytest.approx(25.0, abs=1e-9) and row["coverage"] == pytest.approx(1.0)
    # an unset list arrives as [''] in QGIS 3.22 and means all
    small.pop("INDICATORS")
    run("scoredesign", {**small, "OUTPUT": small["OUTPUT"] + ".all.gpkg"})
    assert one(small["OUTPUT"] + ".all.gpkg", "SELECT count(DISTINCT indicator) FROM scores") == 33


def test_a_second_run_is_added(dgo: Any, qgis_project: Any, small: dict) -> None:
    run("scoredesign", {**small, "SCENARIO": "eerst"})
    first = sql(small["OUTPUT"], "SELECT * FROM scores ORDER BY id")
    run("scoredesign", {**small, "SCENARIO": "daarna"})
    both = sql(small["OUTPUT"], "SELECT * FROM scores ORDER BY id")
    assert both[: len(first)] == first and len(both) == 2 * len(first)
    assert sql(small["OUTPUT"], "SELECT scenario FROM runs ORDER BY id") == [
        ("eerst",),
        ("daarna",),
    ]
    assert one(small["OUTPUT"], "SELECT count(DISTINCT run_id) FROM totals") == 2
    # the same twice is the same, but for the id of row and run and the scenario
    assert [row[3:] for row in both[: len(first)]] == [row[3:] for row in both[len(first) :]]


@pytest.mark.parametrize("value", [None, "TEMPORARY_OUTPUT"])
def test_without_a_target_the_result_is_temporary(
    dgo: Any, qgis_project: Any, small: dict, value: Any
) -> None:
    small["OUTPUT"] = value
    done = run("scoredesign", small)
    assert done["OUTPUT"].endswith(".gpkg")
    assert one(done["OUTPUT"], "SELECT count(*) FROM runs") == 1


def test_a_target_without_extension_becomes_a_geopackage(
    dgo: Any, qgis_project: Any, small: dict, tmp_path: Path
) -> None:
    assert run("scoredesign", {**small, "OUTPUT": str(tmp_path / "uit")})["OUTPUT"].endswith(
        "uit.gpkg"
    )


def test_the_date_chooses_the_law(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """NO2 of 25 ug/m3 meets the limit of 2026 (40) and exceeds that of 2030 (20)."""
    import numpy as np

    p.raster(tmp_path / "no2.tif", np.full((40, 40), 25.0), -150, 250, 10)
    (tmp_path / "twin.yml").write_text("context: {no2: {layer: no2.tif, basis: legal}}\n")
    rows = [
        (box(0, 0, 100, 60), {"function": "dwelling", "dwellings": 20}),
        (box(0, 60, 100, 100), {"function": "grass"}),
    ]
    given = {
        "DESIGN": p.uri(design(tmp_path / "d.gpkg", rows)),
        "TWIN": str(tmp_path / "twin.yml"),
        "AREA_TYPES": p.uri(types(tmp_path / "t.gpkg")),
        "INDICATORS": ["air_quality"],
    }
    found = {}
    for date in ("2026-11-21", "2030-01-01"):
        output = tmp_path / f"{date}.gpkg"
        done = run("scoredesign", {**given, "ASSESSMENT_DATE": date, "OUTPUT": str(output)})
        found[date] = (done["BREACHES"], sql(output, 'SELECT DISTINCT "limit" FROM breaches'))
        assert one(output, "SELECT assessment_date FROM runs") == date
    assert found["2026-11-21"] == (0, [])
    assert found["2030-01-01"][0] >= 1 and found["2030-01-01"][1] == [(20.0,)]


def test_cell_size_leaves_exact_areas_alone(dgo: Any, qgis_project: Any, small: dict) -> None:
    values = []
    for cell in (0.5, 25):
        output = small["OUTPUT"] + f".{cell}.gpkg"
        run("scoredesign", {**small, "CELL_SIZE": cell, "OUTPUT": output})
        values.append(score_of(output, "open_water")["value"])
        assert json.loads(one(output, "SELECT parameters FROM runs"))["CELL_SIZE"] == cell
    assert values[0] == values[1]


def test_extra_layers_join_the_design(
    dgo: Any, qgis_project: Any, tmp_path: Path, small: dict
) -> None:
    """A pond of 500 m2 dug in the road quarter by a second layer: 25 % becomes 30 %. Water goes
    before road, and lies later: the order on the ground, not of the layers, decides."""
    extra = design(tmp_path / "e.gpkg", [(box(50, 50, 60, 100), {"function": "water"})])
    run("scoredesign", {**small, "DESIGN_EXTRA": [p.uri(extra)]})
    assert score_of(small["OUTPUT"], "open_water")["value"] == pytest.approx(30.0, abs=1e-9)


def test_a_plan_area_limits_what_counts(
    dgo: Any, qgis_project: Any, tmp_path: Path, small: dict
) -> None:
    area = write(tmp_path / "p.gpkg", "grens", [(box(0, 0, 100, 50), {})])  # water and grass
    run("scoredesign", {**small, "PLAN_AREA": p.uri(area)})
    assert score_of(small["OUTPUT"], "open_water")["value"] == pytest.approx(50.0, abs=1e-9)
    assert one(small["OUTPUT"], "SELECT sum(area_m2) FROM zones") == pytest.approx(5000.0)


def test_current_situation_alone_is_scored(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    design(tmp_path / "nu.gpkg")
    types(tmp_path / "t.gpkg")
    (tmp_path / "twin.yml").write_text(
        "context: {current: {layer: nu.gpkg|vlakken}}\narea_types: {layer: t.gpkg|types}\n"
        "plan_area: {layer: nu.gpkg|vlakken}\n"
    )
    run("scoredesign", {"TWIN": str(tmp_path / "twin.yml"), "OUTPUT": str(tmp_path / "r.gpkg")})
    assert score_of(tmp_path / "r.gpkg", "open_water")["value"] == pytest.approx(25.0, abs=1e-9)


# --- models, batches, threads -------------------------------------------------------------------
def test_inside_a_model(dgo: Any, qgis_project: Any, tmp_path: Path, small: dict) -> None:
    """The design comes from another step of the model: all features but the water."""
    from qgis.core import (
        QgsProcessing,
        QgsProcessingContext,
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
        QgsProcessingModelParameter,
        QgsProcessingParameterFileDestination,
        QgsProcessingParameterVectorLayer,
    )

    source = QgsProcessingModelChildParameterSource
    model = QgsProcessingModelAlgorithm("proef", "proef", "")
    model.addModelParameter(
        QgsProcessingParameterVectorLayer("plan", "plan"), QgsProcessingModelParameter("plan")
    )
    step = QgsProcessingModelChildAlgorithm("native:extractbyexpression")
    step.setChildId("kies")
    step.addParameterSources("INPUT", [source.fromModelParameter("plan")])
    step.addParameterSources("EXPRESSION", [source.fromStaticValue("\"function\" <> 'grass'")])
    model.addChildAlgorithm(step)
    score = QgsProcessingModelChildAlgorithm("dgo:scoredesign")
    score.setChildId("scoor")
    score.addParameterSources("DESIGN", [source.fromChildOutput("kies", "OUTPUT")])
    score.addParameterSources("AREA_TYPES", [source.fromStaticValue(small["AREA_TYPES"])])
    score.addParameterSources("INDICATORS", [source.fromStaticValue(["open_water"])])
    result = QgsProcessingModelOutput("uitkomst", "uitkomst")
    result.setChildId("scoor")
    result.setChildOutputName("OUTPUT")
    score.setModelOutputs({"uitkomst": result})
    model.addChildAlgorithm(score)
    assert QgsProcessing.TEMPORARY_OUTPUT  # the model writes its steps to memory
    context, feedback = QgsProcessingContext(), p.Said.new()
    context.setProject(qgis_project)
    destination = next(
        d.name()
        for d in model.parameterDefinitions()
        if isinstance(d, QgsProcessingParameterFileDestination)
    )
    done, good = model.run(
        {"plan": small["DESIGN"], destination: small["OUTPUT"]}, context, feedback
    )
    assert good, feedback.errors
    # without the grass (2,500 m2) a third of the plan is water
    assert score_of(small["OUTPUT"], "open_water")["value"] == pytest.approx(100 / 3, abs=1e-9)


def in_task(
    name: str,
    parameters: dict[str, Any],
    meanwhile: Callable[[], None] = lambda: None,
    feedback: Any = None,
) -> tuple[bool, dict]:
    """Run as a task of QGIS, as the dock does; ``meanwhile`` runs in this thread."""
    from qgis.core import (
        QgsApplication,
        QgsProcessingAlgRunnerTask,
        QgsProcessingContext,
        QgsProject,
    )
    from qgis.PyQt.QtCore import QCoreApplication

    context, feedback = QgsProcessingContext(), feedback or p.Said.new()
    context.setProject(QgsProject.instance())
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"dgo:{name}")
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    ended: list[tuple[bool, dict]] = []
    task.executed.connect(lambda good, results: ended.append((good, results)))
    QgsApplication.taskManager().addTask(task)
    until = time.monotonic() + 60
    while not ended and time.monotonic() < until:
        meanwhile()
        QCoreApplication.processEvents()
        time.sleep(0.001)
    return ended[0]


def test_the_project_may_change_during_a_run(
    dgo: Any, qgis_project: Any, demo: Path, tmp_path: Path
) -> None:
    """While the worker reads, the layers it reads are edited and taken out of the project. The
    outcome is that of the moment of the start."""
    from qgis.core import QgsFeature, QgsRasterLayer, QgsVectorLayer

    design_layer = QgsVectorLayer(f"{demo}/ontwerp_a.gpkg|layername=vlakken", "vlakken", "ogr")
    roads = QgsVectorLayer(f"{demo}/wegen.gpkg|layername=wegen_a", "wegen", "ogr")
    noise = QgsRasterLayer(f"{demo}/geluid_gemeentelijk_a.tif", "geluid")
    qgis_project.addMapLayers([design_layer, roads, noise])
    twin = tmp_path / "twin.yml"
    content = (demo / "twin-a.yml").read_text(encoding="utf-8")
    for name in ("ontwerp_a", "wegen", "omgeving", "huidig", "gebiedstypen", "plangebied"):
        content = content.replace(f"layer: {name}.gpkg", f"layer: {demo}/{name}.gpkg")
    content = content.replace(f"{demo}/wegen.gpkg|wegen_a", "wegen")
    content = content.replace("geluid_gemeentelijk_a.tif", "geluid")
    import re

    content = re.sub(r"layer: (\w+\.tif)", rf"layer: {demo}/\1", content)
    twin.write_text(content, encoding="utf-8")
    quiet = tmp_path / "quiet.gpkg"
    run("scoredesign", {"TWIN": str(twin), "DESIGN": design_layer, "OUTPUT": str(quiet)})
    design_layer.startEditing()
    rows = [f.id() for f in design_layer.getFeatures()]
    turns = itertools.count()

    def meanwhile() -> None:
        turn = next(turns)
        if turn < 40 and turn % 2 == 0:
            design_layer.deleteFeature(rows[turn])
            design_layer.addFeature(QgsFeature(design_layer.fields()))
        if turn == 3:
            qgis_project.removeMapLayers([roads.id(), noise.id()])
        if turn == 60:
            qgis_project.clear()

    busy = tmp_path / "busy.gpkg"
    good, results = in_task(
        "scoredesign",
        {"TWIN": str(twin), "DESIGN": design_layer.id(), "OUTPUT": str(busy)},
        meanwhile,
    )
    assert good and next(turns) > 60
    query = "SELECT zone_id, indicator, value, mark FROM scores ORDER BY zone_id, indicator"
    assert sql(busy, query) == sql(quiet, query)
    assert results["PLAN_MARK"] == one(quiet, "SELECT plan_mark FROM runs")


def test_layers_and_paths_give_the_same_scores(
    dgo: Any, qgis_project: Any, small: dict, tmp_path: Path
) -> None:
    """Parameters as layers of the project in a task, and as paths in the toolbox."""
    from qgis.core import QgsVectorLayer

    small.pop("INDICATORS")
    plan = QgsVectorLayer(small["DESIGN"], "plan", "ogr")
    kind = QgsVectorLayer(small["AREA_TYPES"], "kaart", "ogr")
    qgis_project.addMapLayers([plan, kind])
    run("scoredesign", small)
    other = str(tmp_path / "task.gpkg")
    good, _ = in_task(
        "scoredesign", {"DESIGN": plan.id(), "AREA_TYPES": kind.id(), "OUTPUT": other}
    )
    assert good
    columns = [
        r[1] for r in sql(other, "PRAGMA table_info(scores)") if r[1] not in ("id", "run_id")
    ]
    query = f"SELECT {', '.join(columns)} FROM scores ORDER BY zone_id, indicator"
    assert repr(sql(other, query)) == repr(sql(small["OUTPUT"], query))


def test_one_instance_may_run_twice(dgo: Any, qgis_project: Any, small: dict) -> None:
    """As a batch does: each row prepares and runs on its own."""
    from qgis.core import QgsApplication, QgsProcessingContext

    algorithm = QgsApplication.processingRegistry().algorithmById("dgo:scoredesign")
    for _ in range(2):
        context, feedback = QgsProcessingContext(), p.Said.new()
        context.setProject(qgis_project)
        results, good = algorithm.run(small, context, feedback)
        assert good and results["OUTPUT"] == small["OUTPUT"]
    assert one(small["OUTPUT"], "SELECT count(*) FROM runs") == 2


def test_headless_nothing_is_loaded(dgo: Any, qgis_project: Any, small: dict) -> None:
    run("scoredesign", small)
    assert not qgis_project.mapLayers()


# --- export and runs ----------------------------------------------------------------------------
def test_exportreport(dgo: Any, two_runs: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert run("exportreport", {"RESULTS": str(two_runs), "OUTPUT": str(file)})["OUTPUT"] == str(
        file
    )
    page = file.read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html")
    newest = one(two_runs, "SELECT scenario FROM runs ORDER BY id DESC")
    assert newest in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script src" not in page
    first = one(two_runs, "SELECT run_id FROM runs ORDER BY id")
    run("exportreport", {"RESULTS": str(two_runs), "RUN": first[:8], "OUTPUT": str(file)})
    assert one(two_runs, "SELECT scenario FROM runs ORDER BY id") in file.read_text(
        encoding="utf-8"
    )


def test_exportscores(dgo: Any, two_runs: Path, tmp_path: Path) -> None:
    rows = one(two_runs, "SELECT count(*) FROM scores WHERE indicator = 'open_water'")
    file = tmp_path / "scores.csv"
    run("exportscores", {"RESULTS": str(two_runs), "OUTPUT": str(file)})
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert len([line for line in lines if ",open_water," in line]) == rows
    book = tmp_path / "scores.xlsx"
    run("exportscores", {"RESULTS": str(two_runs), "OUTPUT": str(book)})
    assert book.read_bytes()[:2] == b"PK"


def test_manageruns(dgo: Any, two_runs: Path, tmp_path: Path) -> None:
    import shutil

    from qgis.core import QgsProcessingException

    file = tmp_path / "runs.gpkg"
    shutil.copyfile(two_runs, file)
    known = [r[0] for r in sql(file, "SELECT run_id FROM runs ORDER BY id")]
    done = run("manageruns", {"RESULTS": str(file)})
    assert sorted(r["run_id"] for r in json.loads(done["RUNS"])) == sorted(known)
    assert done["DELETED"] == 0
    with pytest.raises(QgsProcessingException) as raised:
        run("manageruns", {"RESULTS": str(file), "DELETE": "geen-run"})
    assert "geen-run" in str(raised.value) and known[0] in str(raised.value)
    done = run("manageruns", {"RESULTS": str(file), "DELETE": known[0]})
    assert [r["run_id"] for r in json.loads(done["RUNS"])] == [known[1]]
    assert sql(file, "SELECT DISTINCT run_id FROM scores") == [(known[1],)]
    assert sql(file, "SELECT DISTINCT run_id FROM places") == [(known[1],)]


@pytest.mark.parametrize("name", ["exportreport", "exportscores", "manageruns"])
def test_a_file_that_holds_no_results(dgo: Any, tmp_path: Path, name: str) -> None:
    from qgis.core import QgsProcessingException

    file = tmp_path / "d.gpkg"
    design(file)
    suffix = "csv" if name == "exportscores" else "html"
    target = {} if name == "manageruns" else {"OUTPUT": str(tmp_path / f"uit.{suffix}")}
    for results in (str(file), str(tmp_path / "geen.gpkg")):
        with pytest.raises(QgsProcessingException) as raised:
            run(name, {"RESULTS": results, **target})
        assert Path(results).name in str(raised.value) and "Unexpected" not in str(raised.value)
