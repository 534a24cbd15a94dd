"""dgo:fetchservices against a real server: QGIS Server on the loopback address, with test data as
WFS 1.1, OGC API Features and WCS; and from there to a score. (QGIS Server has no WFS 2.0: that,
with its pages, stands in test_services_faults.)"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from . import plans as p
from . import service_servers as servers
from .plans import box, one, run, sql

CATALOGUE = """
services:
  bgt: {{address: "{url}/wfs3", layers: {{bgt_waterdeel: waterdeel, bgt_begroeidterreindeel:
        begroeidterreindeel}}}}
  nwb_roads: {{address: "{url}/", layers: {{wegen: wegen}}, crs: "EPSG:28992"}}
  natura2000: {{address: "{url}/", layers: {{n2000: natura}}}}
  rivm_no2: {{address: "{url}/", layers: {{no2: no2}}, cell: 25}}
  quiet_areas: {{address: "{faulty}/html/wfs"}}
  rev_pr6: null
"""
CHOSEN = "bgt, nwb_roads, natura2000, rivm_no2"


@pytest.fixture(scope="module")
def address(qgis_app: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """QGIS Server with a plan of a hectare: a quarter water and three quarters grass around it."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsVectorLayer

    folder = tmp_path_factory.mktemp("server")
    data = folder / "d.gpkg"
    now, ended = {"relatieve_hoogteligging": 0.0}, {"eind_registratie": "2020-01-01"}
    p.write(data, "waterdeel", [
        (box(0, 0, 50, 50), {**now, "type": "watervlakte"}),
        (box(0, 50, 50, 100), {**now, **ended, "type": "watervlakte"}),  # was water once
    ])  # fmt: skip
    grass = {**now, "eind_registratie": None, "fysiek_voorkomen": "groenvoorziening"}
    p.write(data, "begroeidterreindeel", [
        (box(50, 0, 100, 100), grass), (box(0, 50, 50, 100), grass),
        (box(3000, 3000, 3100, 3100), grass),  # beyond any margin
        (box(900, 0, 950, 50), {**grass, **ended}),  # the column is text
    ])  # fmt: skip
    p.write(data, "wegen", [(p.moved(f"LINESTRING(0 {y}, 100 {y})"), {"wegbehsrt": term})
                            for y, term in ((10, "G"), (20, "R"), (30, "?"))])  # fmt: skip
    p.write(data, "natura", [(box(40, 40, 60, 60), {"naam": "Proefgebied"})])
    no2 = p.raster(folder / "no2.tif", np.full((80, 80), 21.5, np.float32), -950, 1050, 25.0)
    project = QgsProject()
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:28992"))
    vectors = [QgsVectorLayer(f"{data}|layername={name}", name, "ogr")
               for name in ("waterdeel", "begroeidterreindeel", "wegen", "natura")]  # fmt: skip
    raster = QgsRasterLayer(no2, "no2", "gdal")
    project.addMapLayers([*vectors, raster])
    project.writeEntry("WFSLayers", "/", [v.id() for v in vectors])
    project.writeEntry("WCSLayers", "/", [raster.id()])
    project.writeEntry("WMSCrsList", "/", ["EPSG:28992", "EPSG:4326"])
    assert project.write(str(folder / "p.qgs"))
    with servers.qgis_server(folder / "p.qgs") as url:
        yield url


@pytest.fixture(scope="module")
def wish(dgo: Any, address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    """Parameters: the hectare, and a catalogue that points to the test servers."""
    folder = tmp_path_factory.mktemp("wish")
    with servers.faulty() as faulty:
        own = folder / "own.yml"
        own.write_text(CATALOGUE.format(url=address, faulty=faulty), encoding="utf-8")
        plan = p.write(folder / "plan.gpkg", "plan", [(box(0, 0, 100, 100), {"name": "x"})])
        yield {"PLAN_AREA": p.uri(plan), "CATALOGUE": str(own), "SERVICES": CHOSEN, "RETRIES": 0}


@pytest.fixture(scope="module")
def fetched(wish: dict, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("fetched")
    return run("fetchservices", {**wish, "FOLDER": str(folder)})


def test_everything_came_into_the_folder(fetched: dict[str, Any]) -> None:
    folder = Path(fetched["FOLDER"])
    assert (fetched["FETCHED"], fetched["FAILED"]) == (4, 0)
    assert {f.name for f in folder.iterdir()} >= {
        "bgt.gpkg", "bgt.bron.json", "nwb_roads.gpkg", "natura2000.gpkg", "rivm_no2_no2.tif",
        "rivm_no2_no2.qmd", "plangebied.gpkg", "services.csv", "twin.yml"}  # fmt: skip
    assert not [f.name for f in folder.iterdir() if "part" in f.name]
    # OGC API Features: within 1,000 m (access to green); the far field is not there
    assert one(folder / "bgt.gpkg", "SELECT count(*) FROM bgt_begroeidterreindeel") == 3
    # WFS: owners in the words of the role; a term that is not translated is empty, and said
    found = sql(folder / "nwb_roads.gpkg", "SELECT wegbehsrt, owner FROM wegen ORDER BY 1")
    assert found == [("?", None), ("G", "municipal"), ("R", "state")]


def test_the_raster_has_the_cells_of_the_source(fetched: dict[str, Any]) -> None:
    from osgeo import gdal

    data = gdal.Open(str(Path(fetched["FOLDER"]) / "rivm_no2_no2.tif"))
    # 300 m around a hectare (healthy environment): 700 m in cells of 25 m
    assert (data.RasterXSize, data.RasterYSize) == (28, 28)
    assert np.all(data.ReadAsArray() == np.float32(21.5))
    assert data.GetGeoTransform()[:2] == (p.X - 300.0, 25.0)


def test_source_licence_and_date_are_kept(fetched: dict[str, Any], address: str) -> None:
    from qgis.core import QgsVectorLayer

    folder = Path(fetched["FOLDER"])
    note = json.loads((folder / "nwb_roads.bron.json").read_text(encoding="utf-8"))
    assert note["source"] == f"{address}/" and note["licence"] == "CC0 1.0"
    assert note["fetched"].startswith(time.strftime("%Y-%m-", time.gmtime()))
    layer = QgsVectorLayer(f"{folder / 'nwb_roads.gpkg'}|layername=wegen", "x", "ogr")
    layer.loadDefaultMetadata()
    assert layer.metadata().licenses() == ["CC0 1.0"]
    assert address in layer.metadata().abstract()
    with (folder / "services.csv").open(encoding="utf-8") as file:
        rows = {row["service"]: row for row in csv.DictReader(file)}
    assert [rows[s]["state"] for s in rows] == ["fetched"] * 4
    assert "does not translate '?'" in rows["nwb_roads"]["remark"]


def test_the_twin_file_scores_at_once(fetched: dict[str, Any], tmp_path: Path) -> None:
    """The hectare as it is: a quarter of it water (the ended version does not count); the air is
    that of the raster; Natura 2000 is touched by 400 m2."""
    design = p.design(tmp_path / "d.gpkg", [(box(60, 60, 80, 80), {"function": "dwelling"})])
    common = {"TWIN": fetched["OUTPUT"], "AREA_TYPES": p.uri(p.types(tmp_path / "t.gpkg"))}
    done = run("scoredesign", {**common, "OUTPUT": str(tmp_path / "now.gpkg"),
                               "INDICATORS": ["open_water"]})  # fmt: skip
    water = p.score_of(done["OUTPUT"], "open_water")
    # six decimals of a degree in the answers: 0.1 m on 50 m, two sides
    assert water["value"] == pytest.approx(25.0, abs=0.15)
    done = run("scoredesign", {**common, "DESIGN": p.uri(design),
                               "OUTPUT": str(tmp_path / "new.gpkg"),
                               "INDICATORS": ["air_quality"]})  # fmt: skip
    parts = dict(sql(done["OUTPUT"], "SELECT part, value FROM score_parts WHERE zone_id = 0"))
    assert parts["no2"] == pytest.approx(21.5, abs=1e-4)
    alerts = sql(done["OUTPUT"], "SELECT role, area_m2 FROM alerts WHERE role = 'natura2000'")
    assert alerts and alerts[0][1] == pytest.approx(400.0, abs=0.1)


def test_a_second_run_uses_the_copies(wish: dict, fetched: dict[str, Any]) -> None:
    said = p.Said.new()
    done = run("fetchservices", {**wish, "FOLDER": fetched["FOLDER"], "OFFLINE": True}, said)
    assert (done["FETCHED"], done["FAILED"]) == (4, 0)
    assert sum("copy of" in line and "0 days old" in line for line in said.infos) == 4


def test_one_that_fails_does_not_stop_the_others(wish: dict, tmp_path: Path) -> None:
    said = p.Said.new()
    done = run("fetchservices", {**wish, "FOLDER": str(tmp_path), "SERVICES":
                                 "quiet_areas, natura2000, bag"}, said)  # fmt: skip
    # bag has its real address in the shipped catalogue: without a network it fails too
    assert done["FETCHED"] >= 1 and done["FAILED"] >= 1
    assert any("gave a web page instead of data" in line for line in said.errors)
    assert "natura2000" in Path(done["OUTPUT"]).read_text(encoding="utf-8")
    assert "quiet_areas" not in Path(done["OUTPUT"]).read_text(encoding="utf-8")


def test_where_nothing_comes_it_is_an_error(wish: dict, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Not one service gave anything"):
        run("fetchservices", {**wish, "FOLDER": str(tmp_path), "SERVICES": "quiet_areas"})
    assert (tmp_path / "services.csv").is_file() and not (tmp_path / "twin.yml").exists()


def test_what_a_twin_file_said_stays(wish: dict, fetched: dict[str, Any], tmp_path: Path) -> None:
    """Own roles and terms stay, the role that was fetched is replaced; no plan area needed."""
    from dgo_twin_plugin.engine.twin import load_twin

    design = Path(p.design(tmp_path / "d.gpkg").partition("|")[0])
    own = tmp_path / "own.yml"
    own.write_text(
        f"design: [{{layer: '{design.name}|vlakken'}}]\nfunctions: {{Wadi: swale}}\n"
        f"context: {{stops: {{layer: '{design.name}|vlakken'}}, natura2000: "
        f"{{layer: '{design.name}|vlakken'}}}}\n", encoding="utf-8")  # fmt: skip
    given = {k: v for k, v in wish.items() if k != "PLAN_AREA"}
    (tmp_path / "deep").mkdir()
    done = run("fetchservices", {**given, "TWIN": str(own), "SERVICES": "natura2000",
                                 "FOLDER": str(tmp_path / "map"),
                                 "OUTPUT": str(tmp_path / "deep" / "new.yml")})  # fmt: skip
    twin = load_twin(done["OUTPUT"])  # checks that every file is where it says
    assert twin.functions == {"Wadi": "swale"} and twin.design[0].sublayer == "vlakken"
    assert twin.context["stops"][0].path.endswith("d.gpkg")
    assert twin.context["natura2000"][0].sublayer == "n2000"
    assert "map" in twin.context["natura2000"][0].path


def test_roles_go_into_the_project(wish: dict, qgis_project: Any, tmp_path: Path) -> None:
    from dgo_twin_plugin.project.roles import project_twin

    run("fetchservices", {**wish, "FOLDER": str(tmp_path), "SERVICES": "natura2000",
                          "IN_PROJECT": True}, project=qgis_project)  # fmt: skip
    assert project_twin(qgis_project).context["natura2000"][0].sublayer == "n2000"


def test_in_the_background_as_in_the_foreground(wish: dict, tmp_path: Path) -> None:
    """As a task of QGIS, with the main thread alive; a second one is cancelled."""
    from qgis.core import (
        QgsApplication,
        QgsProcessingAlgRunnerTask,
        QgsProcessingContext,
        QgsProject,
    )
    from qgis.PyQt.QtCore import QCoreApplication

    for cancel in (False, True):
        context, feedback = QgsProcessingContext(), p.Said.new()
        context.setProject(QgsProject.instance())
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("dgo:fetchservices")
        folder = tmp_path / str(cancel)
        task = QgsProcessingAlgRunnerTask(
            algorithm, {**wish, "FOLDER": str(folder)}, context, feedback)  # fmt: skip
        ended: list[tuple[bool, dict]] = []
        task.executed.connect(lambda good, results, ended=ended: ended.append((good, results)))
        QgsApplication.taskManager().addTask(task)
        until = time.monotonic() + 60
        while not ended and time.monotonic() < until:
            if cancel:
                feedback.cancel()
            QCoreApplication.processEvents()
            time.sleep(0.005)
        good, results = ended[0]
        if cancel:
            assert not (folder / "twin.yml").exists()
            assert not [f for f in folder.glob(".*.part*")]
        else:
            assert good and (results["FETCHED"], results["FAILED"]) == (4, 0), feedback.errors
            assert one(folder / "bgt.gpkg", "SELECT count(*) FROM bgt_begroeidterreindeel") == 3


def test_qgis_server_that_swaps_axes_is_put_right(wish: dict, address: str, tmp_path: Path) -> None:
    """Asked in degrees, QGIS Server 3.22 reads longitude first where WFS 1.1 says latitude."""
    from qgis.core import QgsVectorLayer

    own = tmp_path / "own.yml"
    own.write_text(CATALOGUE.format(url=address, faulty=address).replace(
        'crs: "EPSG:28992"', 'crs: "EPSG:4326", version: 1.1.0'), encoding="utf-8")  # fmt: skip
    done = run("fetchservices", {**wish, "CATALOGUE": str(own), "FOLDER": str(tmp_path / "f"),
                                 "SERVICES": "nwb_roads"})  # fmt: skip
    assert one(tmp_path / "f" / "nwb_roads.gpkg", "SELECT count(*) FROM wegen") == 3
    layer = QgsVectorLayer(f"{done['FOLDER']}/nwb_roads.gpkg|layername=wegen", "x", "ogr")
    assert layer.crs().authid() == "EPSG:4326"
    west, north = layer.extent().xMinimum(), layer.extent().yMaximum()
    # the hectare lies at 5.3143 E, 52.0383 N
    assert (west, north) == (pytest.approx(5.3143, abs=1e-3), pytest.approx(52.0386, abs=1e-3))
