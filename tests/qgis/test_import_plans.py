"""dgo:importimro and dgo:importimow as a user runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..importers import imro_plans, test_imow
from .plans import sql


def run(what: str, feedback: Any = None, **parameters: Any) -> tuple[dict[str, Any], str]:
    """Outputs and log."""
    from qgis import processing
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    feedback = feedback or QgsProcessingFeedback(False)
    made = processing.run(
        f"dgo:{what}", parameters, context=QgsProcessingContext(), feedback=feedback
    )
    return made, feedback.textLog()


def test_plan_to_design(dgo: Any, tmp_path: Path) -> None:
    """Floor 4,500 m2 on one hectare with the coverage percentage, 7,500 without."""
    plan, target = imro_plans.save(tmp_path, imro_plans.plan()), tmp_path / "design.gpkg"
    made, log = run("importimro", INPUT=[str(plan)], OUTPUT=str(target))
    assert made["FEATURES"] == 6 and made["UNMAPPED"] == 0
    assert "FSI 0.45" in log and "GSI 0.26" in log
    run("importimro", INPUT=[str(plan)], OUTPUT=str(target), COVERAGE=False)
    assert sql(target, "SELECT round(fsi, 6) FROM capacity WHERE use IS NULL") == [(0.75,)]


def test_results_go_into_a_score_as_they_are(dgo: Any, tmp_path: Path) -> None:
    """A plan as design, an area as area type: FSI 0.45, GSI 0.26 in one zone of GT09."""
    areas = test_imow.areas(tmp_path, [("Bedrijventerrein", None, test_imow.box(-5, -5, 105, 105))])
    run("importimow", INPUT=[str(areas)], OUTPUT=str(tmp_path / "types.gpkg"))
    plan, target = imro_plans.save(tmp_path, imro_plans.plan()), tmp_path / "design.gpkg"
    run("importimro", INPUT=[str(plan)], OUTPUT=str(target))
    twin, result = tmp_path / "twin.yml", tmp_path / "result.gpkg"
    twin.write_text(
        "design:\n  - layer: design.gpkg|surfaces\n"
        "area_types: {layer: types.gpkg|area_types, type: type}\n",
        encoding="utf-8",
    )
    run("scoredesign", TWIN=str(twin), OUTPUT=str(result), INDICATORS=["open_water"])
    rows = sql(result, "SELECT sum(area_m2), sum(area_m2 * fsi), sum(area_m2 * gsi) FROM zones")
    assert rows[0] == pytest.approx((10_000, 4_500, 2_600), abs=0.1)
    assert sql(result, "SELECT area_type FROM zones") == [("GT09",)]


def test_area_given_as_a_layer(dgo: Any, tmp_path: Path) -> None:
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer("Polygon?crs=EPSG:28992", "gebied", "memory")
    feature = QgsFeature()
    wkt = test_imow.box(95, 0, 99, 9)
    feature.setGeometry(QgsGeometry.fromWkt(wkt))
    layer.dataProvider().addFeature(feature)
    plan, target = imro_plans.save(tmp_path, imro_plans.plan()), tmp_path / "design.gpkg"
    made, _ = run("importimro", INPUT=[str(plan)], OUTPUT=str(target), EXTENT=layer)
    assert made["FEATURES"] == 1
    assert sql(target, "SELECT function FROM surfaces") == [("water",)]


def test_areas(dgo: Any, tmp_path: Path) -> None:
    source = test_imow.areas(tmp_path, [
        ("Bedrijventerrein", None, test_imow.box(0, 0, 10, 10)),
        ("Bedrijventerrein", None, test_imow.box(0, 0, 10, 10, turn=1)),
        ("luchtkasteel", None, test_imow.box(0, 40, 5, 45)),
    ])  # fmt: skip
    target = tmp_path / "areas.gpkg"
    made, log = run("importimow", INPUT=[str(source)], OUTPUT=str(target))
    assert made["FEATURES"] == 2 and made["UNMAPPED"] == 1
    assert sql(target, "SELECT type, area_m2 FROM area_types") == [("GT09", 100.0)]
    assert "luchtkasteel" in log and "1 labels were delivered twice" in log


def test_sentence_instead_of_a_traceback(dgo: Any, tmp_path: Path) -> None:
    from qgis.core import QgsProcessingException

    plan = imro_plans.save(tmp_path, imro_plans.plan(), space="http://example.org/other")
    with pytest.raises(QgsProcessingException, match="is no IMRO plan"):
        run("importimro", INPUT=[str(plan)], OUTPUT=str(tmp_path / "out.gpkg"))
    assert [f.name for f in tmp_path.iterdir()] == ["plan.gml"]


def test_cancel(dgo: Any, tmp_path: Path) -> None:
    from qgis.core import QgsProcessingFeedback

    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    plan = imro_plans.save(tmp_path, imro_plans.plan())
    run("importimro", feedback, INPUT=[str(plan)], OUTPUT=str(tmp_path / "out.gpkg"))
    assert [f.name for f in tmp_path.iterdir()] == ["plan.gml"]
