"""A raster that does not cover the plan, has holes, another resolution or another system: the
coverage says so. Missing is missing, never zero."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

from . import plans as p
from .plans import box, checks, design, refused, score_of, scored


def noise(folder: Path, *rasters: str, **more: Any) -> dict[str, Any]:
    """The plan scored on noise of 50 dB as the rasters show it."""
    layers = "".join(f"\n  - {{layer: '{Path(r).name}', owner: municipal}}" for r in rasters)
    (folder / "twin.yml").write_text(f"context:\n  noise_road:{layers}\n", encoding="utf-8")
    rows = [
        (box(0, 50, 50, 100), {"function": "dwelling", "dwellings": 10}),
        (box(70, 50, 100, 100), {"function": "dwelling", "dwellings": 10}),
        (box(0, 0, 100, 50), {"function": "grass"}),
    ]
    result = scored(
        folder,
        design(folder / "d.gpkg", rows),
        TWIN=str(folder / "twin.yml"),
        INDICATORS=["traffic_noise"],
        **more,
    )
    return {**score_of(result, "traffic_noise"), "checks": checks(result)}


# 5 m cells from -150 to 250 m: column 40 begins at x = 50. A facade of the western building looks
# at x = 50.5, 3 m from the last cell with data; the eastern building begins at x = 70, farther
# than two cells away.
FULL = np.full((80, 80), 50.0)
PLACE = (-150, 250, 5)


def test_a_whole_raster(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    row = noise(tmp_path, p.raster(tmp_path / "n.tif", FULL, *PLACE))
    assert row["value"] == pytest.approx(50.0) and row["coverage"] == pytest.approx(1.0)
    assert "raster_not_covering" not in row["checks"]


@pytest.mark.parametrize("fill", [-9999.0, 255.0, 1e20, float("nan"), 0.0], ids=str)
def test_holes_with_any_nodata_are_missing(
    dgo: Any, qgis_project: Any, tmp_path: Path, fill: float
) -> None:
    """East of x = 50 there is no data: one of two buildings, half of the dwellings, is assessed."""
    grid = FULL.copy()
    grid[:, 40:] = fill
    row = noise(tmp_path, p.raster(tmp_path / "n.tif", grid, *PLACE, nodata=fill))
    assert row["value"] == pytest.approx(50.0)  # not dragged down or up by the filler
    assert row["coverage"] == pytest.approx(0.5)
    assert row["checks"].get("raster_not_covering", 0) == 1


def test_a_filler_that_was_not_declared(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    for k, fill in enumerate((-9999.0, -32768.0, -3.4e38, float("inf"))):
        folder = tmp_path / str(k)
        folder.mkdir()
        grid = FULL.copy()
        grid[:, 40:] = fill
        row = noise(folder, p.raster(folder / "n.tif", grid, *PLACE))
        assert row["value"] == pytest.approx(50.0) and row["coverage"] == pytest.approx(0.5)


def test_no_data_that_the_user_set_on_the_layer(
    dgo: Any, qgis_project: Any, tmp_path: Path
) -> None:
    """99 is said to be no data in the layer properties of QGIS, not in the file."""
    from qgis.core import QgsRasterLayer, QgsRasterRange

    grid = FULL.copy()
    grid[:, 40:] = 99.0
    layer = QgsRasterLayer(p.raster(tmp_path / "n.tif", grid, *PLACE), "geluid")
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(98.5, 99.5)])
    qgis_project.addMapLayer(layer)
    row = noise(tmp_path, "geluid")
    assert row["value"] == pytest.approx(50.0) and row["coverage"] == pytest.approx(0.5)


def test_a_raster_elsewhere(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    row = noise(tmp_path, p.raster(tmp_path / "n.tif", FULL, 5000, 5600, 20))
    assert row["value"] is None and row["mark"] is None and row["status"] == "not_assessed"
    assert row["reason"] and row["checks"]["raster_without_data"] == 1


def test_two_rasters_share_the_plan(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """Two sheets of one map that meet at x = 50, in the middle of a facade: 50 dB on each, so
    50 dB everywhere, not 53 where a point can reach both."""
    row = noise(
        tmp_path,
        p.raster(tmp_path / "w.tif", FULL[:, :40], -150, 250, 5),
        p.raster(tmp_path / "e.tif", FULL[:, 40:], 50, 250, 5),
    )
    assert row["coverage"] == pytest.approx(1.0) and row["value"] == pytest.approx(50.0)
    assert "raster_not_covering" not in row["checks"]


def test_another_resolution_and_system(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """The same 50 dB in cells of 7 m; in degrees (0.0002 by 0.0002); south-up."""
    (tmp_path / "fine").mkdir()
    file = p.raster(tmp_path / "fine" / "n.tif", np.full((86, 86), 50.0), -250, 350, 7)
    fine = noise(tmp_path / "fine", file)
    assert fine["value"] == pytest.approx(50.0) and fine["coverage"] == pytest.approx(1.0)
    (tmp_path / "degrees").mkdir()
    centre = ogr.CreateGeometryFromWkt(f"POINT({p.X + 50} {p.Y + 50})")
    centre.Transform(osr.CoordinateTransformation(p.srs(), p.srs(4326)))
    file = p.raster(
        tmp_path / "degrees" / "n.tif",
        np.full((60, 60), 50.0),
        centre.GetX() - 0.006,
        centre.GetY() + 0.006,
        0.0002,
        code=4326,
    )
    row = noise(tmp_path / "degrees", file)
    assert row["value"] == pytest.approx(50.0) and row["coverage"] == pytest.approx(1.0)


def test_scale_and_offset_of_the_band(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """Stored as bytes, 100 = 100 x 0.5 + 0 = 50 dB."""
    file = p.raster(tmp_path / "n.tif", np.full((80, 80), 100), *PLACE, kind=gdal.GDT_Byte)
    data = gdal.Open(file, gdal.GA_Update)
    data.GetRasterBand(1).SetScale(0.5)
    data.GetRasterBand(1).SetOffset(0.0)
    del data
    assert noise(tmp_path, file)["value"] == pytest.approx(50.0)


def test_a_raster_without_system_is_refused(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    p.raster(tmp_path / "n.tif", FULL, *PLACE, code=None)
    (tmp_path / "twin.yml").write_text("context: {noise_road: {layer: n.tif}}\n")
    said = refused(tmp_path, design(tmp_path / "d.gpkg"), TWIN=str(tmp_path / "twin.yml"))
    assert "'n'" in said and "coordinate reference system" in said
