"""Heights of buildings in Delft from AHN3, held against those that 3dfier published."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, ogr

from dgo_twin_plugin.importers import ahn
from dgo_twin_plugin.importers._package import Request


@pytest.fixture(scope="module")
def delft(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The imported heights, and the published ones by id."""
    folder = realdata / "delft"
    data = ogr.Open(str(folder / "bgt_pand.sqlite"))
    layer = data.GetLayer(0)
    given = [ahn.Outline(bytes(f.GetGeometryRef().ExportToIsoWkb()), f.GetField("gml_id"), None)
             for f in layer]  # fmt: skip
    out = tmp_path_factory.mktemp("delft") / "heights.gpkg"
    ahn.run(Request([str(folder / "ahn3_dsm_0.5m.tif")], out, options={
        "dtm": [str(folder / "ahn3_dtm_0.5m.tif")], "buildings": given}))  # fmt: skip
    with (folder / "expected_3dfier_building_heights.csv").open(encoding="utf-8") as stream:
        published = {row["gml_id"]: row for row in csv.DictReader(stream)}
    return out, published


def test_roofs_lie_where_3dfier_has_them(delft: tuple[Path, dict]) -> None:
    out, published = delft
    data = ogr.Open(str(out))
    off = [f["roof_nap"] - float(published[f["source_id"]]["roof_z_NAP"])
           for f in data.GetLayerByName("surfaces")]  # fmt: skip
    assert len(off) == len(published) == 160
    # README of the data: median +0.22 m, 78 % within 0.5 m
    assert np.median(off) == pytest.approx(0.22, abs=0.02)
    assert np.mean(np.abs(off) <= 0.5) == pytest.approx(0.78, abs=0.01)


def test_heights_above_the_ground(delft: tuple[Path, dict]) -> None:
    """Against another ground as well: 3dfier takes its own, so the bound is wider."""
    out, published = delft
    data = ogr.Open(str(out))
    off = np.array([f["height"] - float(published[f["source_id"]]["measuredHeight"])
                    for f in data.GetLayerByName("surfaces")])  # fmt: skip
    assert abs(np.median(off)) <= 0.25 and np.mean(np.abs(off) <= 0.5) >= 0.7


def test_holes_are_told_and_trees_stand_clear_of_roofs(delft: tuple[Path, dict]) -> None:
    out, _ = delft
    data = ogr.Open(str(out))
    holes = {f["role"]: f["holes"] for f in data.GetLayerByName("coverage")}
    for role in ("dsm", "dtm"):
        values = gdal.Open(str(out.with_name(f"heights_{role}.tif"))).ReadAsArray()
        assert holes[role] == pytest.approx((values == -9999).mean(), abs=1e-4)
    roofs = ogr.Geometry(ogr.wkbMultiPolygon)
    for feature in data.GetLayerByName("surfaces"):
        shape = feature.GetGeometryRef()
        for i in range(shape.GetGeometryCount()):
            roofs.AddGeometry(shape.GetGeometryRef(i))
    together = roofs.UnionCascaded()
    trees = list(data.GetLayerByName("points"))
    assert len(trees) > 100
    for feature in trees:
        # a cell counts as roof where its middle lies in one: at most half a diagonal is lost
        assert feature.GetGeometryRef().Distance(together) >= 1.0 - 0.36
        assert 5.0 <= feature["height"] <= 40.0 and 2.0 <= feature["canopy_diameter"] <= 21.0
