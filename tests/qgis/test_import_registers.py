"""dgo:importbgt and dgo:importbag as algorithms: parameters, log, errors, cancel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr

from tests.importers.bgt_files import box, city, model, polygon, rows, table, wkt


class Log:
    """What an algorithm said, and its progress. With ``stop`` it is cancelled at that progress."""

    def __init__(self, stop: float | None = None) -> None:
        from qgis.core import QgsProcessingFeedback

        class Feedback(QgsProcessingFeedback):
            def __init__(self) -> None:
                super().__init__(False)
                self.said: list[str] = []
                self.warned: list[str] = []

            def pushInfo(self, text: str) -> None:
                self.said.append(text)

            def pushWarning(self, text: str) -> None:
                self.warned.append(text)

        self.feedback = Feedback()
        self.progress: list[float] = []

        def heard(value: float) -> None:
            self.progress.append(value)
            if stop is not None and value >= stop:
                self.feedback.cancel()

        self.feedback.progressChanged.connect(heard)


def run(name: str, log: Log, **parameters: Any) -> dict[str, Any]:
    from qgis import processing
    from qgis.core import QgsProcessingContext

    done: dict[str, Any] = processing.run(
        f"dgo:{name}", parameters, context=QgsProcessingContext(), feedback=log.feedback
    )
    return done


def roads(folder: Path, count: int = 3) -> Path:
    path = folder / "b.gml"
    members = [
        city("TrafficArea", f"w{k}", polygon(box(0, 20.0 * k)), space="transportation",
             function="voetpad" if k else "zweefbaan")
        for k in range(count)
    ]  # fmt: skip
    path.write_text(model(*members), encoding="utf-8")
    return path


def test_log_and_outputs(dgo: Any, tmp_path: Path) -> None:
    log = Log()
    done = run("importbgt", log, INPUT=[str(roads(tmp_path))], OUTPUT=str(tmp_path / "o.gpkg"))
    assert done["FEATURES"] == 3 and done["UNMAPPED"] == 1
    assert Path(done["OUTPUT"]) == tmp_path / "o.gpkg"
    said = "\n".join(log.feedback.said)
    assert "200.0 m\u00b2" in said and "Footpath" in said
    assert len(log.feedback.warned) == 1 and "zweefbaan" in log.feedback.warned[0]
    assert log.progress == sorted(log.progress) and log.progress[-1] == 100.0
    assert [r["function"] for r in rows(tmp_path / "o.gpkg")] == [None, "footway", "footway"]


def test_area_from_a_layer_in_degrees(dgo: Any, tmp_path: Path) -> None:
    from qgis.core import QgsVectorLayer

    shape = ogr.CreateGeometryFromWkt(wkt(2, 25, 5, 2))
    from dgo_twin_plugin.importers._package import reference

    shape.AssignSpatialReference(reference("EPSG:28992"))
    shape.TransformTo(reference("EPSG:4326"))
    table(tmp_path / "area.gpkg", "area", [(shape.ExportToWkt(), {"a": 1})], epsg=4326)
    layer = QgsVectorLayer(f"{tmp_path / 'area.gpkg'}|layername=area", "area", "ogr")
    assert layer.isValid() and layer.crs().authid() == "EPSG:4326"
    done = run("importbgt", Log(), INPUT=str(roads(tmp_path)), EXTENT=layer,
               OUTPUT=str(tmp_path / "o.gpkg"))  # fmt: skip
    assert done["FEATURES"] == 1
    assert [r["source_id"] for r in rows(tmp_path / "o.gpkg")] == ["w1"]


def test_an_area_without_polygons(dgo: Any, tmp_path: Path) -> None:
    from qgis.core import QgsProcessingException, QgsVectorLayer

    layer = QgsVectorLayer("Polygon?crs=EPSG:28992", "empty", "memory")
    with pytest.raises(QgsProcessingException, match="holds no polygon"):
        run("importbgt", Log(), INPUT=[str(roads(tmp_path))], EXTENT=layer,
            OUTPUT=str(tmp_path / "o.gpkg"))  # fmt: skip


def test_an_error_is_a_sentence(dgo: Any, tmp_path: Path) -> None:
    from qgis.core import QgsProcessingException

    page = tmp_path / "b.gml"
    page.write_text("<!DOCTYPE html><html><body>503</body></html>", encoding="utf-8")
    with pytest.raises(QgsProcessingException, match="is a web page, no map data"):
        run("importbgt", Log(), INPUT=[str(page)], OUTPUT=str(tmp_path / "o.gpkg"))
    assert [p.name for p in tmp_path.iterdir()] == ["b.gml"]


def test_cancel_in_mid_run_leaves_nothing(dgo: Any, tmp_path: Path) -> None:
    source = roads(tmp_path, 2_000)  # more than one block of the parser
    log = Log(stop=10.0)
    run("importbgt", log, INPUT=[str(source)], OUTPUT=str(tmp_path / "o.gpkg"))
    assert log.progress and max(log.progress) < 100.0
    assert [p.name for p in tmp_path.iterdir()] == ["b.gml"]


def test_result_is_a_design_and_a_current_situation(dgo: Any, tmp_path: Path) -> None:
    """Both roles, straight from the file: 100 m2 of road are seen either way."""
    from tests.realdata.helpers import score, sql, write

    run("importbgt", Log(), INPUT=[str(roads(tmp_path, 2))], OUTPUT=str(tmp_path / "o.gpkg"))
    area = write(tmp_path / "t.gpkg", "t", [(wkt(0, 0, 10, 30), {"type": "GT06"})])
    types = {"area_types": {"layer": area, "type": "type"}}
    surfaces = f"{tmp_path / 'o.gpkg'}|surfaces"
    for name, twin in (("design", {**types, "design": surfaces, "plan_area": area}),
                       ("current", {**types, "context": {"current": surfaces}})):  # fmt: skip
        result = score(tmp_path, twin, name, INDICATORS=["stormwater_disconnection"])
        assert sql(result, "SELECT sum(area_m2) FROM zones")[0][0] == pytest.approx(300.0)
        # the one whose value the mapping does not know is told again, and nothing else
        told = set(sql(result, "SELECT code, field FROM checks WHERE field <> ''"))
        assert told == {("empty_function", "function")}


def test_buildings(dgo: Any, tmp_path: Path) -> None:
    path = tmp_path / "bag.gpkg"
    table(path, "pand", [(wkt(0, 0), {"identificatie": "1", "bouwjaar": 1930})])
    table(path, "verblijfsobject", [("POINT(155005 463005)", {
        "identificatie": "a", "pandidentificatie": "1", "gebruiksdoel": "woonfunctie",
        "oppervlakte": 96})])  # fmt: skip
    log = Log()
    done = run("importbag", log, INPUT=[str(path)], OUTPUT=str(tmp_path / "o.gpkg"))
    (row,) = rows(Path(done["OUTPUT"]))
    assert row["function"] == "dwelling" and row["gfa"] == pytest.approx(120.0)  # 96 / 0.8
    assert log.progress[-1] == 100.0
