"""The design template: opens ready to sketch in, and what is sketched is scored with its twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from . import plans as p
from .plans import box, one, run, score_of, sql, types

LAYERS = ("surfaces", "trees", "lines", "points")


@pytest.fixture
def template(dgo: Any, qgis_project: Any, tmp_path: Path) -> Path:
    """A fresh template."""
    file = tmp_path / "schets.gpkg"
    done = run("createdesigntemplate", {"CRS": "EPSG:28992", "OUTPUT": str(file)})
    assert done["OUTPUT"] == str(file) and Path(done["TWIN"]) == tmp_path / "schets.yml"
    return file


def opened(template: Path, name: str) -> Any:
    """The layer as a user opens it, with the style in the file."""
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(f"{template}|layername={name}", name, "ogr")
    assert layer.isValid() and layer.crs().authid() == "EPSG:28992"
    return layer


def test_layers_open_with_forms_lists_constraints_and_styles(template: Path) -> None:
    from qgis.core import QgsCategorizedSymbolRenderer, QgsFieldConstraints

    from dgo_twin_plugin.engine.functions import load_functions
    from dgo_twin_plugin.engine.scene import FIELDS

    hard = QgsFieldConstraints.ConstraintStrength.ConstraintStrengthHard
    filled = QgsFieldConstraints.Constraint.ConstraintNotNull
    known = set(load_functions().names)
    seen: set[str] = set()
    for name in LAYERS:
        layer = opened(template, name)
        fields = layer.fields()
        function = fields.indexOf("function")
        setup = layer.editorWidgetSetup(function)
        assert setup.type() == "ValueMap"
        values = {value for pair in setup.config()["map"] for value in pair.values()}
        assert values and values <= known
        seen |= values
        constraints = fields.at(function).constraints()
        assert constraints.constraintStrength(filled) == hard
        assert isinstance(layer.renderer(), QgsCategorizedSymbolRenderer)
        assert layer.renderer().classAttribute() == "function"
        assert {c.value() for c in layer.renderer().categories()} >= values
        for index, field in enumerate(fields):
            if field.name() != "fid":
                alias = layer.attributeAlias(index)
                assert alias and alias != f"fields.{field.name()}", field.name()
    assert seen == known  # every function can be drawn somewhere
    surfaces = opened(template, "surfaces")
    assert {f.name() for f in surfaces.fields()} == {"fid", "function", *FIELDS}
    index = surfaces.fields().indexOf("green_roof")
    assert '"green_roof" <= 1' in surfaces.constraintExpression(index)
    roof = surfaces.editorWidgetSetup(surfaces.fields().indexOf("roof"))
    assert {v for pair in roof.config()["map"] for v in pair.values()} == {"flat", "pitched"}


def test_a_sketch_is_scored_with_its_twin(template: Path, tmp_path: Path) -> None:
    """200 x 100 m: homes on 5,000 m2, water on 3,000 m2, grass on the rest of 12,000 m2; one tree,
    one lamp, one screen. Water: 3,000 / 20,000 = 15 %."""
    from qgis.core import QgsFeature, QgsGeometry

    def draw(name: str, wkt: str, **values: Any) -> None:
        layer = opened(template, name)
        feature = QgsFeature(layer.fields())
        for key, value in values.items():
            feature[key] = value
        geometry = QgsGeometry.fromWkt(wkt)
        if name == "surfaces":
            geometry.convertToMultiType()
        feature.setGeometry(geometry)
        assert layer.startEditing() and layer.addFeature(feature) and layer.commitChanges(), (
            layer.commitErrors()
        )

    draw("surfaces", box(0, 0, 50, 100), function="dwelling", dwellings=40, floors=3, public=False)
    draw("surfaces", box(50, 0, 80, 100), function="water", bank="natural")
    draw("surfaces", box(80, 0, 200, 100), function="grass", public=True)
    draw("trees", p.moved("POINT(120 50)"), function="tree", canopy_diameter=8)
    draw("points", p.moved("POINT(130 50)"), function="luminaire", luminous_intensity=500)
    draw("lines", p.moved("LINESTRING(0 110,200 110)"), function="noise_barrier", height=2)
    output = tmp_path / "r.gpkg"
    run(
        "scoredesign",
        {
            "TWIN": str(template.with_suffix(".yml")),
            "OUTPUT": str(output),
            "AREA_TYPES": p.uri(types(tmp_path / "t.gpkg")),
        },
    )
    assert one(output, "SELECT sum(area_m2) FROM zones") == pytest.approx(20_000.0, abs=1e-6)
    assert one(output, "SELECT sum(dwellings) FROM zones") == pytest.approx(40.0)
    assert score_of(output, "open_water")["value"] == pytest.approx(15.0, abs=1e-9)
    # bank of the lake: all of it was drawn as natural
    assert score_of(output, "natural_banks")["value"] == pytest.approx(100.0)
    problems = sql(
        output, "SELECT code, title FROM checks WHERE severity IN ('important', 'blocking')"
    )
    assert problems == []
    assert one(output, "SELECT scenario FROM runs") == "schets"


def test_an_existing_file_is_never_overwritten(template: Path) -> None:
    from qgis.core import QgsProcessingException

    before = p.digest(template)
    with pytest.raises(QgsProcessingException) as raised:
        run("createdesigntemplate", {"CRS": "EPSG:28992", "OUTPUT": str(template)})
    assert template.name in str(raised.value) and "exists" in str(raised.value)
    assert p.digest(template) == before


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:2263"])
def test_a_system_that_is_no_plane_is_refused(
    dgo: Any, qgis_project: Any, tmp_path: Path, crs: str
) -> None:
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as raised:
        run("createdesigntemplate", {"CRS": crs, "OUTPUT": str(tmp_path / "s.gpkg")})
    assert crs in str(raised.value) and "metres" in str(raised.value)
    assert not (tmp_path / "s.gpkg").exists()


def test_an_existing_twin_file_is_not_overwritten(
    dgo: Any, qgis_project: Any, tmp_path: Path
) -> None:
    """The GeoPackage is new, but a twin file of that name is somebody's work."""
    from qgis.core import QgsProcessingException

    (tmp_path / "s.yml").write_text("scenario: van mij\n")
    with pytest.raises(QgsProcessingException) as raised:
        run("createdesigntemplate", {"CRS": "EPSG:28992", "OUTPUT": str(tmp_path / "s.gpkg")})
    assert "s.yml" in str(raised.value)
    assert (tmp_path / "s.yml").read_text() == "scenario: van mij\n"
    assert not (tmp_path / "s.gpkg").exists()


def test_a_folder_that_is_not_there(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as raised:
        run(
            "createdesigntemplate",
            {"CRS": "EPSG:28992", "OUTPUT": str(tmp_path / "file" / "s.gpkg")},
        )
    assert "Unexpected" not in str(raised.value)


def test_in_dutch(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    from dgo_twin_plugin.engine.texts import set_language

    set_language("nl")
    try:
        run("createdesigntemplate", {"CRS": "EPSG:28992", "OUTPUT": str(tmp_path / "s.gpkg")})
        layer = opened(tmp_path / "s.gpkg", "surfaces")
        labels = {
            label
            for pair in layer.editorWidgetSetup(layer.fields().indexOf("function")).config()["map"]
            for label in pair
        }
        assert "Water" in labels or "water" in labels
        assert layer.attributeAlias(layer.fields().indexOf("height")).lower().startswith("hoogte")
    finally:
        set_language("en")
