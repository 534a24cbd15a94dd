"""The start of a plan: one folder, complete or not there, that may be moved and is ready to
sketch in. The plan area is 200 x 100 m; expected figures are worked out beside them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import plans as p
from .plans import box, run, write
from .starts import leftovers, parameters, rows, write_material

FILES = {
    "plangebied.gpkg", "ontwerp.gpkg", "context.gpkg", "huidig.gpkg", "gebiedstypen.gpkg",
    "start.gpkg", "startblad.html", "twin.yml", "huidig.yml", "plan.qgz", "context",
}  # fmt: skip


@pytest.fixture
def material(tmp_path: Path) -> Path:
    """What a plan starts from."""
    return write_material(tmp_path / "bron")


@pytest.fixture
def given(material: Path, tmp_path: Path) -> dict[str, Any]:
    """Parameters of a start."""
    return parameters(material, tmp_path / "Plannen")


@pytest.fixture
def made(dgo: Any, qgis_project: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The start, made."""
    return run("startplan", given)


@pytest.fixture
def opened(made: dict[str, Any]) -> Iterator[Any]:
    """The project that was made, in an instance of its own."""
    from qgis.core import QgsProject

    project = QgsProject()
    assert project.read(made["PROJECT"])
    yield project
    project.clear()


# --- what is made ---------------------------------------------------------------------------------
def test_one_folder_holds_everything(made: dict[str, Any]) -> None:
    folder = Path(made["FOLDER"])
    assert set(leftovers(folder)) == FILES
    assert leftovers(folder.parent) == [folder.name]  # nothing beside it
    for name in ("PROJECT", "TWIN_FILE", "RESULTS", "SHEET"):
        assert Path(made[name]).is_file() and Path(made[name]).parent == folder
    ((inputs, said),) = rows(made["RESULTS"], "SELECT inputs, parameters FROM runs")
    assert str(folder) in inputs and str(folder) in said
    assert ".part" not in inputs + said  # no trace of where it was made


def test_obstacles_and_chances_are_those_of_the_maps(made: dict[str, Any]) -> None:
    """Natura 2000 covers x 150-200: 50 x 100 = 5,000 m2. Noise above the limit of 60 dB covers
    x 0-50: 5,000 m2. Quiet is x 50-200: 15,000 m2. The wood measures 50 x 50 = 2,500 m2."""
    found = dict(rows(made["RESULTS"], "SELECT rule, area_m2 FROM obstacles"))
    assert found["alert_natura2000"] == pytest.approx(5000.0, abs=0.01)
    assert found["road_noise_limit"] == pytest.approx(5000.0, abs=0.01)
    chances = dict(rows(made["RESULTS"], "SELECT rule, area_m2 FROM chances"))
    assert chances["quiet"] == pytest.approx(15000.0, abs=0.01)
    assert chances["wood_and_nature"] == pytest.approx(2500.0, abs=0.01)
    assert made["OBSTACLES"] == len(found) and made["CHANCES"] == len(chances)
    (names,) = rows(made["RESULTS"], "SELECT names FROM obstacles WHERE rule = 'alert_natura2000'")
    assert names == ("Veen",)


def test_the_current_situation_is_scored_as_any_design(made: dict[str, Any], dgo: Any,
                                                       tmp_path: Path) -> None:  # fmt: skip
    """The marks in start.gpkg are those that scoredesign gives for huidig.yml."""
    again = tmp_path / "again.gpkg"
    now = Path(made["FOLDER"]) / "huidig.yml"
    run("scoredesign", {"TWIN": str(now), "OUTPUT": str(again), "MAPS": False})
    query = "SELECT zone_id, indicator, value, mark, status FROM scores ORDER BY zone_id, indicator"
    assert rows(made["RESULTS"], query) == rows(str(again), query)
    states = dict(rows(made["RESULTS"], "SELECT indicator, state FROM directions "
                                        "WHERE area_type = 'GT04'"))  # fmt: skip
    assert states["open_water"] == "below"  # no water at all


def test_area_types_are_proposed_and_cut_to_the_plan(made: dict[str, Any]) -> None:
    file = str(Path(made["FOLDER"]) / "gebiedstypen.gpkg")
    found = dict(rows(file, "SELECT type, origin FROM gebiedstypen"))
    assert found == {"GT04": "Groenstedelijk", "GT10": "Weiland"}
    zones = dict(rows(made["RESULTS"], "SELECT area_type, area_m2 FROM zones"))
    assert zones["GT04"] == pytest.approx(15000.0, abs=0.01)  # x 0-150
    assert zones["GT10"] == pytest.approx(5000.0, abs=0.01)


def test_only_what_is_near_is_copied(made: dict[str, Any]) -> None:
    """The margin is 1,000 m: the nature 50 km away stays behind; of the raster about 1,200 + 1,000
    m remain in x, of 3,000."""
    from osgeo import gdal

    names = rows(str(Path(made["FOLDER"]) / "context.gpkg"), "SELECT naam FROM natura2000")
    assert names == [("Veen",)]
    data = gdal.Open(str(Path(made["FOLDER"]) / "context" / "noise_road.tif"))
    assert 220 <= data.RasterXSize <= 228 and 210 <= data.RasterYSize <= 218
    here = data.GetGeoTransform()
    assert (here[0] - p.X) % 10 == 0 and here[1] == 10  # the cells are those of the source


# --- the project ----------------------------------------------------------------------------------
def test_the_project_is_grouped_styled_and_ready_to_sketch(opened: Any) -> None:
    from qgis.core import QgsVectorLayer

    groups = [g.name() for g in opened.layerTreeRoot().findGroups()]
    assert groups == ["Design", "Obstacles", "Chances", "Area types", "Context"]
    assert all(layer.isValid() for layer in opened.mapLayers().values())
    assert opened.crs().authid() == "EPSG:28992"
    assert opened.snappingConfig().enabled() and opened.topologicalEditing()
    by_name = {layer.name(): layer for layer in opened.mapLayers().values()}
    surfaces = by_name["Surfaces"]
    assert isinstance(surfaces, QgsVectorLayer) and surfaces.featureCount() == 0
    index = surfaces.fields().indexOf("function")
    assert surfaces.editorWidgetSetup(index).type() == "ValueMap"
    types = by_name["Area types (proposal)"]
    setup = types.editorWidgetSetup(types.fields().indexOf("type"))
    assert setup.type() == "ValueMap" and len(setup.config()["map"]) == 11
    assert by_name["Obstacles"].labelsEnabled()


def test_the_folder_may_be_moved(made: dict[str, Any], dgo: Any, qgis_project: Any,
                                 tmp_path: Path) -> None:  # fmt: skip
    """Moved elsewhere and the sources gone: every layer opens, and what is drawn is scored."""
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    elsewhere = tmp_path / "ergens anders" / "Veld"
    elsewhere.parent.mkdir()
    shutil.move(made["FOLDER"], elsewhere)
    shutil.rmtree(tmp_path / "bron")
    assert qgis_project.read(str(elsewhere / "plan.qgz"))
    layers = list(qgis_project.mapLayers().values())
    assert len(layers) == 11 and all(layer.isValid() for layer in layers)
    for layer in layers:
        assert str(elsewhere) in layer.source()
    drawn = QgsVectorLayer(f"{elsewhere / 'ontwerp.gpkg'}|layername=surfaces", "s", "ogr")
    feature = QgsFeature(drawn.fields())
    feature["function"] = "water"
    feature.setGeometry(QgsGeometry.fromWkt(box(0, 0, 20, 100)))
    assert drawn.dataProvider().addFeatures([feature])[0]
    del drawn
    output = tmp_path / "r.gpkg"
    run("scoredesign", {"TWIN": str(elsewhere / "twin.yml"), "OUTPUT": str(output),
                        "INDICATORS": ["open_water"]})  # fmt: skip
    ((value,),) = rows(str(output), "SELECT value FROM scores WHERE zone_id = 0 AND "
                                    "indicator = 'open_water'")  # fmt: skip
    assert value == pytest.approx(10.0, abs=1e-6)  # 2,000 of 20,000 m2


def test_the_project_remembers_roles_and_results(made: dict[str, Any], qgis_project: Any) -> None:
    from dgo_twin_plugin.panel import memory
    from dgo_twin_plugin.project.roles import project_twin

    assert qgis_project.read(made["PROJECT"])
    twin = project_twin(qgis_project)
    assert set(twin.context) == {"current", "natura2000", "noise_road"}
    assert len(twin.design) == 4 and twin.area_types.type == "type"
    assert Path(memory.recall(qgis_project, "output")) == Path(made["RESULTS"])


# --- the sheet ------------------------------------------------------------------------------------
@pytest.mark.parametrize("lang, words", [
    ("nl", ("Belemmeringen", "Kansen", "Richtingen", "voorstel, niet vastgesteld", "Natura 2000")),
    ("en", ("Obstacles", "Chances", "Directions", "proposal, not adopted", "Natura 2000")),
])  # fmt: skip
def test_the_sheet_speaks_both_languages(dgo: Any, qgis_project: Any, given: dict[str, Any],
                                         lang: str, words: tuple[str, ...]) -> None:  # fmt: skip
    from dgo_twin_plugin.engine.texts import language, set_language

    before = language()
    set_language(lang)
    try:
        made = run("startplan", given)
    finally:
        set_language(before)
    page = Path(made["SHEET"]).read_text(encoding="utf-8")
    for word in words:
        assert word in page, word
    assert f'<html lang="{lang}">' in page and page.count("<svg class=\"map\"") == 1
    assert "startsheet." not in page and "{{" not in page and "http" not in page
    assert "@page" in page  # made for paper


# --- less is given --------------------------------------------------------------------------------
def test_a_rectangle_and_nothing_else(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """Without any map: a folder to sketch in, nothing scored, what lacks is named."""
    extent = f"{p.X},{p.X + 200},{p.Y},{p.Y + 100} [EPSG:28992]"
    made = run("startplan", {"EXTENT": extent, "AREA_TYPE": "Groenstedelijk",
                             "FOLDER": str(tmp_path / "leeg")})  # fmt: skip
    assert made["OBSTACLES"] == made["CHANCES"] == 0
    page = Path(made["SHEET"]).read_text(encoding="utf-8")
    assert "No current situation was given" in page and "Risk contours" in page
    tables = {name for (name,) in rows(made["RESULTS"], "SELECT table_name FROM gpkg_contents")}
    assert {"obstacles", "chances", "directions"} <= tables and "runs" not in tables
    asked = rows(made["RESULTS"], "SELECT DISTINCT state, area_type FROM directions")
    assert asked == [("unknown", "GT04")]
    assert not (tmp_path / "leeg" / "context.gpkg").exists()


def test_a_map_without_anything_near_is_no_current_situation(
    dgo: Any, qgis_project: Any, given: dict[str, Any], material: Path
) -> None:
    write(material / "ver.gpkg", "ver", [(box(90_000, 0, 90_100, 100), {"function": "grass"})])
    done = run("startplan", {**given, "CURRENT": [p.uri(f"{material / 'ver.gpkg'}|ver")]})
    twin = Path(done["TWIN_FILE"]).read_text(encoding="utf-8")
    assert "current" not in twin
    assert "runs" not in {n for (n,) in rows(done["RESULTS"],
                                             "SELECT table_name FROM gpkg_contents")}


def test_layers_by_role_go_before_the_twin_file(dgo: Any, qgis_project: Any, given: dict[str, Any],
                                                material: Path) -> None:  # fmt: skip
    """The quiet area is added, Natura 2000 left out."""
    write(material / "meer.gpkg", "stil", [(box(0, 0, 200, 100), {"name": "Rust"})])
    said = f"quiet_areas: {{layer: '{material / 'meer.gpkg'}|stil'}}\nnatura2000: []"
    made = run("startplan", {**given, "CONTEXT": said})
    found = {rule for (rule,) in rows(made["RESULTS"], "SELECT rule FROM obstacles")}
    assert "alert_quiet_areas" in found and "alert_natura2000" not in found


def test_a_choice_over_the_map_holds_and_is_told(dgo: Any, qgis_project: Any,
                                                 given: dict[str, Any]) -> None:  # fmt: skip
    made = run("startplan", {**given, "OVERRULE": "Weiland: Landelijk wonen"})
    file = str(Path(made["FOLDER"]) / "gebiedstypen.gpkg")
    found = {origin: (type_, how) for type_, how, origin in rows(
        file, "SELECT type, how, origin FROM gebiedstypen")}  # fmt: skip
    assert found == {"Groenstedelijk": ("GT04", "map"), "Weiland": ("GT07", "chosen")}


def test_types_are_proposed_from_what_is_built(dgo: Any, qgis_project: Any, given: dict[str, Any],
                                               ) -> None:  # fmt: skip
    """Grass and a wood, no building: some type without doubt about who proposed it."""
    pytest.importorskip("dgo_twin_plugin.processing.classify_areas")
    made = run("startplan", {**given, "CLASSIFY": True})
    file = str(Path(made["FOLDER"]) / "gebiedstypen.gpkg")
    found = rows(file, "SELECT type, how, reason FROM gebiedstypen")
    assert found and all(t and how == "proposal" and reason for t, how, reason in found)
    assert not [n for n in leftovers(Path(made["FOLDER"])) if ".part" in n]


def test_a_bgt_file_is_the_current_situation(dgo: Any, qgis_project: Any, given: dict[str, Any],
                                             tmp_path: Path) -> None:  # fmt: skip
    """A footpath of 10 x 10 m in the plan; the current situation of the twin file stays behind."""
    pytest.importorskip("dgo_twin_plugin.processing.import_bgt")
    from tests.importers import bgt_files as bgt

    file = tmp_path / "bgt.gml"
    here = (p.X + 20 - bgt.X, p.Y + 20 - bgt.Y)
    file.write_text(bgt.model(bgt.city(
        "TrafficArea", "w1", bgt.polygon(bgt.box(*here)), space="transportation",
        function="voetpad")), encoding="utf-8")  # fmt: skip
    made = run("startplan", {**given, "BGT": str(file)})
    current = str(Path(made["FOLDER"]) / "huidig.gpkg")
    assert rows(current, "SELECT function FROM surfaces") == [("footway",)]
    assert "huidig.gpkg|surfaces" in Path(made["TWIN_FILE"]).read_text(encoding="utf-8")
    assert rows(made["RESULTS"], "SELECT count(*) FROM runs") == [(1,)]


def stand_in(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[dict[str, Any]]:
    """Services without a network: what is asked of them, and ``answer`` in their place."""
    from dgo_twin_plugin.processing import starting

    asked: list[dict[str, Any]] = []
    real = starting.child

    def child(name: str, parameters: dict[str, Any], *rest: Any) -> dict[str, Any]:
        if name != "fetchservices":
            return real(name, parameters, *rest)
        asked.append(parameters)
        return answer(parameters)

    monkeypatch.setattr(starting, "child", child)
    monkeypatch.setattr(starting, "available", lambda _name: True)
    return asked


def test_services_fill_what_own_layers_do_not(dgo: Any, qgis_project: Any, given: dict[str, Any],
                                              monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Fetched: a quiet area and another Natura 2000. The first is used, the own one goes first."""

    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        folder = Path(parameters["FOLDER"])
        folder.mkdir()
        write(folder / "d.gpkg", "stil", [(box(0, 0, 200, 100), {"name": "Rust"})])
        write(folder / "d.gpkg", "natuur", [(box(0, 0, 200, 100), {"name": "Anders"})])
        twin = folder / "twin.yml"
        twin.write_text("context:\n  quiet_areas: d.gpkg|stil\n  natura2000: d.gpkg|natuur\n")
        return {"OUTPUT": str(twin)}

    asked = stand_in(monkeypatch, answer)
    made = run("startplan", {**given, "SERVICES": True})
    assert len(asked) == 1 and "plangebied.gpkg" in asked[0]["PLAN_AREA"]
    found = dict(rows(made["RESULTS"], "SELECT rule, names FROM obstacles"))
    assert found["alert_quiet_areas"] == "Rust" and found["alert_natura2000"] == "Veen"
    assert "diensten/d.gpkg|stil" in Path(made["TWIN_FILE"]).read_text(encoding="utf-8")


def test_no_service_answers_and_the_plan_starts_all_the_same(
    dgo: Any, qgis_project: Any, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dgo_twin_plugin.engine.words import DgoError

    def answer(_parameters: dict[str, Any]) -> dict[str, Any]:
        raise DgoError("errors.start.step", what="Services", why="no network")

    stand_in(monkeypatch, answer)
    said = p.Said.new()
    made = run("startplan", {**given, "SERVICES": True}, said)
    assert Path(made["PROJECT"]).is_file()
    assert any("no network" in warning for warning in said.warnings)


def test_maps_may_stay_where_they_are(dgo: Any, qgis_project: Any, given: dict[str, Any],
                                      material: Path) -> None:  # fmt: skip
    made = run("startplan", {**given, "COPY": False})
    twin = Path(made["TWIN_FILE"]).read_text(encoding="utf-8")
    assert "../../bron/kaarten.gpkg|natuur" in twin and "../../bron/geluid.tif" in twin
    assert not (Path(made["FOLDER"]) / "context.gpkg").exists()


def test_degrees_are_taken_to_the_national_grid(dgo: Any, qgis_project: Any, given: dict[str, Any],
                                                material: Path) -> None:  # fmt: skip
    write(material / "graden.gpkg", "area", [(box(0, 0, 200, 100), {})], to=p.srs(4326))
    made = run("startplan", {**given, "PLAN_AREA": p.uri(f"{material / 'graden.gpkg'}|area")})
    zones = rows(made["RESULTS"], "SELECT sum(area_m2) FROM zones")
    assert zones[0][0] == pytest.approx(20000.0, rel=1e-3)


def test_the_sheet_of_the_demo_is_one_page_of_a_browser(
    dgo: Any, qgis_project: Any, tmp_path: Path
) -> None:
    """The full demo: printed on A4 the sheet is page one, the tables of norms follow."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no chromium to print with")
    demo = tmp_path / "demo"
    run("createdemo", {"FOLDER": str(demo)})
    made = run("startplan", {"PLAN_AREA": f"{demo / 'plangebied.gpkg'}|layername=plangebied",
                             "TWIN": str(demo / "twin-a.yml"),
                             "FOLDER": str(tmp_path / "start")})  # fmt: skip
    page = Path(made["SHEET"]).read_text(encoding="utf-8")
    first = page.split('<div class="tables">')[0] + "</main></body></html>"
    sheet, printed = tmp_path / "one.html", tmp_path / "one.pdf"
    sheet.write_text(first.replace("@page{", "@page{size:A4;"), encoding="utf-8")
    subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu",
                    "--no-pdf-header-footer", f"--user-data-dir={tmp_path / 'profile'}",
                    f"--print-to-pdf={printed}", str(sheet)],
                   check=True, capture_output=True, timeout=120)  # fmt: skip
    pages = printed.read_bytes().count(b"/Type /Page\n")
    assert pages == 1
