"""Maps of models: written beside the results file, shown in the group, gone with their run."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from dgo_twin_plugin.engine.grid import Raster
from dgo_twin_plugin.engine.words import Cancelled
from dgo_twin_plugin.store import read, runs
from dgo_twin_plugin.store.maps import MapOfRun

from .test_results import put


def noise() -> Raster:
    """3 x 2 cells of 2 m; one is unknown."""
    return Raster(np.array([[44.0, 52.0, np.nan], [61.0, 68.0, 71.0]]), 10.0, 20.0, 2.0, 2.0)


MAP = MapOfRun("traffic_noise", "noise_lden", "dB Lden", (45.0, 50.0, 55.0), noise)


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "plan.gpkg"
    return path, put(path, fields=[MAP])


def test_a_map_is_a_geotiff_in_the_plane_of_the_run(results):
    path, run = results
    (row,) = read.rows(path, "maps", run.run_id)
    assert (row["indicator"], row["unit"], row["classes"]) == (
        "traffic_noise", "dB Lden", "45;50;55")  # fmt: skip
    assert row["file"] == f"plan_files/{run.run_id}/noise_lden.tif"
    held = gdal.Open(str(path.parent / row["file"]))
    band = held.GetRasterBand(1)
    values = band.ReadAsArray()
    assert values[1].tolist() == [61.0, 68.0, 71.0]
    assert values[0, 2] == band.GetNoDataValue()
    assert held.GetGeoTransform()[1] == 2.0 and held.GetGeoTransform()[5] == -2.0


def test_the_corner_moves_with_the_origin(tmp_path):
    # local corner (10, 20) and origin (155000, 463000): 155010, 463020
    path = tmp_path / "plan.gpkg"
    run = put(path, fields=[MAP], origin=(155000.0, 463000.0))
    held = gdal.Open(str(runs.files_folder(path, run.run_id) / "noise_lden.tif"))
    assert held.GetGeoTransform()[0] == 155010.0 and held.GetGeoTransform()[3] == 463020.0


def test_it_goes_with_its_run(results):
    path, run = results
    runs.delete_runs(path, [run.run_id])
    assert not runs.files_folder(path, run.run_id).exists()


def test_cancelled_leaves_nothing(tmp_path):
    path = tmp_path / "plan.gpkg"

    def cancelled() -> Raster:
        raise Cancelled

    with pytest.raises(Cancelled):
        put(path, fields=[MAP, MapOfRun("heat_pet", "pet", "°C", (), cancelled)])
    assert list(tmp_path.iterdir()) == []


def test_an_empty_map_is_no_map(tmp_path):
    path = tmp_path / "plan.gpkg"
    empty = MapOfRun("heat_pet", "pet", "°C", (),
                     lambda: Raster(np.full((2, 2), np.nan), 0.0, 0.0, 2.0, 2.0))  # fmt: skip
    run = put(path, fields=[empty])
    assert read.rows(path, "maps", run.run_id) == []


def test_it_is_shown_with_its_classes(qgis_app, results):
    from qgis.core import QgsProject, QgsRasterLayer

    from dgo_twin_plugin.layers import group

    path, run = results
    project = QgsProject()
    group.add_results(project, path, run.run_id, "nl")
    shown = [x for x in project.mapLayers().values() if isinstance(x, QgsRasterLayer)]
    assert [x.name() for x in shown] == ["Geluid weg en spoor (Lden) (dB Lden)"]
    shader = shown[0].renderer().shader().rasterShaderFunction()
    labels = [item.label for item in shader.colorRampItemList()]
    assert labels == ["≤ 45 dB Lden", "45 – 50 dB Lden", "50 – 55 dB Lden", "> 55 dB Lden"]
    again = group.add_results(project, path, run.run_id, "nl")
    assert again is not None
    assert len([x for x in project.mapLayers().values() if isinstance(x, QgsRasterLayer)]) == 1
    group.remove_run(project, path, run.run_id)
    assert not project.mapLayers()
    project.clear()
