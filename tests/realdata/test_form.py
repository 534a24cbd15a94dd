"""Form figures that others published (docs/validation/form.md): none of them is ours."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, ogr

from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.grid import Raster
from dgo_twin_plugin.engine.models.ground import roof_heights
from dgo_twin_plugin.engine.overlap import zone_areas


# --- Bubenec: densities per tessellation cell (momepy) --------------------------------------------
def layer(path: Path, name: str) -> tuple[np.ndarray, Polygons]:
    """(n,) uID and polygons of a layer."""
    data = ogr.Open(str(path))
    rows = [(int(f["uID"]), bytes(f.GetGeometryRef().ExportToWkb()))
            for f in data.GetLayerByName(name)]  # fmt: skip
    return np.array([r[0] for r in rows]), Polygons.from_wkb([r[1] for r in rows])


@pytest.fixture(scope="module")
def bubenec(realdata: Path):
    file = realdata / "bubenec" / "bubenec.gpkg"
    return layer(file, "buildings"), layer(file, "tessellation")


def test_density_of_every_cell_to_nine_digits(bubenec) -> None:
    # momepy: heights = 144 values evenly from 10 to 30 m in row order, floors = height // 3; area
    # of the building of a cell (times floors) over the area of the cell; means of 144 cells
    (building, footprints), (cell, cells) = bubenec
    floors = np.linspace(10, 30, 144) // 3
    row = np.argsort(building)[np.searchsorted(np.sort(building), cell)]
    assert (building[row] == cell).all()
    ground = footprints.area()[row] / cells.area()
    assert ground.mean() == pytest.approx(0.320655690, abs=5e-10)
    assert (ground * floors[row]).mean() == pytest.approx(1.910949846, abs=5e-10)


def test_cutting_by_cell_loses_nothing_and_agrees_with_geos(bubenec) -> None:
    # buildings reach a little over the edge of their cell (194 of 104,843 m2), so an overlay gives
    # another mean than the published one; cell by cell it must be what GEOS says, and nothing is
    # lost
    (_, footprints), (_, cells) = bubenec
    feature, zone, area = zone_areas(footprints, cells)
    assert area.sum() == pytest.approx(footprints.area().sum(), abs=1e-4)
    by_cell = np.bincount(zone, area, cells.n)
    for k in (0, 17, 71, 143):
        expected = sum(
            footprints.geometry(int(f)).Intersection(cells.geometry(k)).GetArea()
            for f in feature[zone == k]
        )
        assert by_cell[k] == pytest.approx(expected, abs=1e-6)


# --- Delft: heights of buildings (3dfier) ---------------------------------------------------------
def raster(path: Path) -> Raster:
    """A height model; its nodata is missing."""
    data = gdal.Open(str(path))
    transform, band = data.GetGeoTransform(), data.GetRasterBand(1)
    values = band.ReadAsArray().astype(float)
    values[values == band.GetNoDataValue()] = np.nan
    return Raster(values, transform[0], transform[3], transform[1], -transform[5])


@pytest.fixture(scope="module")
def delft(realdata: Path):
    folder = realdata / "delft"
    with open(folder / "expected_3dfier_building_heights.csv", encoding="utf-8") as stream:
        published = {row["gml_id"]: row for row in csv.DictReader(stream)}
    data = ogr.Open(str(folder / "bgt_pand.sqlite"))
    found = [(published[f["gml_id"]], bytes(f.GetGeometryRef().GetLinearGeometry().ExportToWkb()))
             for f in data.GetLayer(0) if f["gml_id"] in published]  # fmt: skip
    polygons = Polygons.from_wkb([wkb for _, wkb in found])
    models = raster(folder / "ahn3_dsm_0.5m.tif"), raster(folder / "ahn3_dtm_0.5m.tif")
    return [row for row, _ in found], polygons, models


def column(rows, name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def test_roofs_of_delft_lie_where_3dfier_puts_them(delft) -> None:
    # README of the real data: 90th percentile of the surface model minus the published roof: median
    # +0.22 m, 78 % within 0.5 m (160 buildings)
    rows, polygons, (dsm, dtm) = delft
    level = Raster(np.zeros_like(dtm.values), dtm.x0, dtm.y0, dtm.dx, dtm.dy)
    off = roof_heights(polygons, dsm, [level]) - column(rows, "roof_z_NAP")
    assert np.isfinite(off).sum() == 160
    assert np.median(off) == pytest.approx(0.22, abs=0.02)
    assert (np.abs(off) <= 0.5).mean() == pytest.approx(0.78, abs=0.01)


def test_heights_of_delft_are_within_the_stated_tolerance(delft) -> None:
    # against the published height above the ground: the terrain model has holes under and around
    # buildings, its median beside the roof stands for the ground; same tolerance as the roof
    rows, polygons, (dsm, dtm) = delft
    off = roof_heights(polygons, dsm, [dtm]) - column(rows, "measuredHeight")
    assert np.isfinite(off).all()
    assert abs(np.median(off)) <= 0.22
    assert (np.abs(off) <= 0.5).mean() >= 0.75
