"""What the panel remembers in the project, and what it does when layers come and go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def layers(tmp_path: Path, qgis_project: Any) -> Any:
    """A design and an area-type map in a GeoPackage, loaded in the project."""
    from qgis.core import (
        QgsCoordinateTransformContext,
        QgsFeature,
        QgsGeometry,
        QgsVectorFileWriter,
        QgsVectorLayer,
    )

    path = tmp_path / "plan" / "lagen.gpkg"
    path.parent.mkdir()
    found = []
    for name, field in (("ontwerp", "function"), ("kaart", "gebiedstype")):
        source = QgsVectorLayer(f"Polygon?crs=EPSG:28992&field={field}:string(40)", name, "memory")
        feature = QgsFeature(source.fields())
        feature.setGeometry(QgsGeometry.fromWkt("POLYGON((0 0,10 0,10 10,0 10,0 0))"))
        source.dataProvider().addFeature(feature)
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName, options.layerName = "GPKG", name
        action = QgsVectorFileWriter.ActionOnExistingFile
        options.actionOnExistingFile = (action.CreateOrOverwriteLayer if path.exists()
                                        else action.CreateOrOverwriteFile)  # fmt: skip
        QgsVectorFileWriter.writeAsVectorFormatV3(
            source, str(path), QgsCoordinateTransformContext(), options)  # fmt: skip
        layer = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
        assert layer.isValid()
        qgis_project.addMapLayer(layer)
        found.append(layer)
    return found


def test_nothing_is_chosen_nor_written_by_opening(layers: Any, dock: Any, qgis_project: Any,
                                                  make_dock: Callable[[], Any]) -> None:
    from qgis.PyQt.QtWidgets import QComboBox

    qgis_project.setDirty(False)
    fresh = make_dock()
    assert fresh.inputs.value("design") == "" and fresh.inputs.value("area_types") == ""
    assert isinstance(fresh.inputs.design, QComboBox) and fresh.inputs.design.currentText()
    assert not qgis_project.isDirty()


def test_choices_survive_saving_and_reading(layers: Any, dock: Any, qgis_project: Any,
                                            tmp_path: Path, window: Any) -> None:  # fmt: skip
    design, kaart = layers
    twin = tmp_path / "plan" / "twin.yml"
    twin.write_text("scenario: X\n", encoding="utf-8")
    form = dock.inputs
    qgis_project.setDirty(False)
    form.design.setLayer(design)
    assert qgis_project.isDirty()
    form.area_types.setLayer(kaart)
    assert form.value("field") == "gebiedstype"  # found by its name
    form.twin.setFilePath(str(twin))
    form.output.setFilePath(str(tmp_path / "plan" / "uit.gpkg"))
    form.scenario.setText("Variant C")
    form.scenario.textEdited.emit("Variant C")
    file = tmp_path / "plan" / "project.qgs"
    assert qgis_project.write(str(file))
    stored = file.read_text(encoding="utf-8")
    assert ">./twin.yml<" in stored and ">./uit.gpkg<" in stored  # relative, though chosen before
    assert str(tmp_path) not in stored[stored.index("<dgo_twin"):stored.index("</dgo_twin>")]

    qgis_project.clear()
    window.process()
    assert form.value("design") == form.value("twin") == form.value("scenario") == ""
    moved = tmp_path / "elsewhere"
    (tmp_path / "plan").rename(moved)
    assert qgis_project.read(str(moved / "project.qgs"))
    window.process()
    assert form.design.currentLayer().name() == "ontwerp"
    assert form.area_types.currentLayer().name() == "kaart"
    assert form.value("field") == "gebiedstype"
    assert Path(form.value("twin")) == moved / "twin.yml"
    assert Path(form.results_file()) == moved / "uit.gpkg"
    assert form.value("scenario") == "Variant C"
    given = form.parameters()
    assert given["DESIGN"] == form.design.currentLayer().id()
    assert given["SCENARIO"] == "Variant C" and given["AREA_TYPE_FIELD"] == "gebiedstype"


def test_a_removed_layer_leaves_no_other_in_its_place(layers: Any, dock: Any, qgis_project: Any,
                                                      window: Any) -> None:  # fmt: skip
    design, kaart = layers
    dock.inputs.design.setLayer(design)
    dock.inputs.area_types.setLayer(kaart)
    design.setName("hernoemd")
    assert dock.inputs.design.currentText() == "hernoemd"
    qgis_project.removeMapLayer(design.id())
    window.process()
    assert dock.inputs.value("design") == ""
    assert dock.inputs.design.currentIndex() == 0 and dock.inputs.design.currentText()
    assert dock.inputs.area_types.currentLayer().name() == "kaart"
    assert "DESIGN" not in dock.inputs.parameters()


def test_layers_are_found_by_role(layers: Any, make_dock: Callable[[], Any],
                                  qgis_project: Any) -> None:  # fmt: skip
    from dgo_twin_plugin.project.roles import set_role

    design, kaart = layers
    set_role(design, "design", function="function")
    set_role(kaart, "area_types", type="gebiedstype")
    qgis_project.setDirty(False)
    dock = make_dock()
    assert dock.inputs.value("design") == design.id()
    assert dock.inputs.value("area_types") == kaart.id()
    assert dock.inputs.value("field") == "gebiedstype"
    assert not qgis_project.isDirty()
    assert {layer.id() for layer in dock.inputs.layers()} == {design.id(), kaart.id()}


def test_output_stands_beside_the_project(dock: Any, qgis_project: Any, tmp_path: Path,
                                          window: Any) -> None:  # fmt: skip
    assert "tijdelijk" in dock.inputs.said.text()
    assert dock.inputs.default_output()[1]
    assert qgis_project.write(str(tmp_path / "mijnplan.qgz"))
    dock.inputs.restore()
    assert dock.inputs.results_file() == str(tmp_path / "mijnplan_dgo.gpkg")
    assert "mijnplan_dgo.gpkg" in dock.inputs.said.text()


def test_results_are_no_choice_of_design(layers: Any, dock: Any, qgis_project: Any) -> None:
    from dgo_twin_plugin.layers.properties import FILE_PROPERTY

    design, kaart = layers
    before = dock.inputs.design.count()
    result = design.clone()
    result.setCustomProperty(FILE_PROPERTY, "x.gpkg")
    qgis_project.addMapLayer(result)
    assert dock.inputs.design.count() == before


def test_a_broken_twin_file_is_told_in_the_form(dock: Any, tmp_path: Path) -> None:
    twin = tmp_path / "twin.yml"
    twin.write_text("desing: []\n", encoding="utf-8")
    dock.inputs.twin.setFilePath(str(twin))
    assert "twin.yml" in dock.inputs.said.text() and "desing" in dock.inputs.said.text()


def test_a_twin_file_follows_its_layers_in_the_project(demo: Path, dock: Any,
                                                       qgis_project: Any) -> None:  # fmt: skip
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(f"{demo / 'ontwerp_a.gpkg'}|layername=vlakken", "iets anders", "ogr")
    other = QgsVectorLayer(f"{demo / 'ontwerp_b.gpkg'}|layername=vlakken", "b", "ogr")
    qgis_project.addMapLayers([layer, other])
    dock.inputs.twin.setFilePath(str(demo / "twin-a.yml"))
    assert dock.watch.followed() == {layer.id()}
    assert "4" in dock.inputs.said.text()  # design layers in the twin file
    del layer, other
    qgis_project.clear()
