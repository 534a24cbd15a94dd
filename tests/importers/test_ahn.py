"""AHN: clipping, holes, heights of buildings, trees, point clouds; and bad files."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.grid import Raster
from dgo_twin_plugin.engine.words import Cancelled, DgoError
from dgo_twin_plugin.importers import _ahn_cloud, _ahn_grid, ahn
from dgo_twin_plugin.importers._ahn_trees import TreeRule, filled, trees
from dgo_twin_plugin.importers._package import Outcome, Request
from tests.importers.bad import asked, refused
from tests.importers.read_back import code, layers, rows

X, Y = 155000.0, 463100.0  # upper left corner
CELL, SIDE = 0.5, 200  # 100 x 100 m
RULE = TreeRule(5.0, 2.0, 1.0, 0.5, 20.0, 2.0)


def plane(number: int = 28992) -> osr.SpatialReference:
    made = osr.SpatialReference()
    made.ImportFromEPSG(number)
    return made


def tile(path: Path, values: np.ndarray, x0: float = X, y0: float = Y, cell: float = CELL,
         nodata: float | None = -9999.0, crs: int | None = 28992, turn: float = 0.0,
         kind: int = gdal.GDT_Float32) -> Path:  # fmt: skip
    height, width = values.shape
    data = gdal.GetDriverByName("GTiff").Create(str(path), width, height, 1, kind)
    data.SetGeoTransform((x0, cell, turn, y0, turn, -cell))
    if crs is not None:
        data.SetProjection(plane(crs).ExportToWkt())
    if nodata is not None:
        data.GetRasterBand(1).SetNoDataValue(nodata)
    data.GetRasterBand(1).WriteArray(values)
    del data
    return path


def box(x: float, y: float, w: float, h: float) -> bytes:
    """A rectangle; x to the right and y down from the upper left corner, m."""
    x0, y1 = X + x, Y - y
    shape = ogr.CreateGeometryFromWkt(
        f"POLYGON(({x0} {y1 - h},{x0 + w} {y1 - h},{x0 + w} {y1},{x0} {y1},{x0} {y1 - h}))")
    return bytes(shape.ExportToWkb(ogr.wkbNDR))


def world() -> tuple[np.ndarray, np.ndarray]:
    """Ground at 1 m; a building of 10 x 10 m at (10, 10) with its roof at 7 m; a round tree at
    (60.25, 40.25), top 11 m, that falls 1.5 m per m; a lamp post of one cell at (80, 80)."""
    surface = np.full((SIDE, SIDE), 1.0)
    surface[20:40, 20:40] = 7.0
    r, c = np.mgrid[0:SIDE, 0:SIDE]
    away = np.hypot((c - 120) * CELL, (r - 80) * CELL)
    surface = np.maximum(surface, np.where(away < 4.0, 11.0 - 1.5 * away, 1.0))
    surface[160, 160] = 9.0
    ground = np.full((SIDE, SIDE), 1.0)
    ground[20:40, 20:40] = -9999.0  # no terrain under a building
    return surface, ground


def outlines() -> list[ahn.Outline]:
    return [ahn.Outline(box(10, 10, 10, 10), "house", "dwelling"),
            ahn.Outline(box(50, 80, 10, 10), "lawn", "grass"),
            ahn.Outline(box(500, 10, 10, 10), "beside", None)]  # fmt: skip


def wanted(folder: Path, **options: Any) -> Request:
    surface, ground = world()
    terrain = str(tile(folder / "M_tile.tif", ground))
    return asked(tile(folder / "R_tile.tif", surface), folder / "out.gpkg",
                 options={"dtm": [terrain], **options})  # fmt: skip


def test_buildings_and_trees(tmp_path: Path) -> None:
    outcome = ahn.run(wanted(tmp_path, buildings=outlines()))
    out = tmp_path / "out.gpkg"
    assert layers(out) == {"surfaces", "points", "coverage", "unmapped", "about"}
    assert code(out, "surfaces") == code(out, "coverage") == "28992"
    found = {r["source_id"]: r for r in rows(out, "surfaces")}
    assert set(found) == {"house", "beside"}  # the lawn is no building
    assert found["house"]["function"] == "dwelling"
    assert found["house"]["height"] == pytest.approx(6.0)  # 7 - 1
    assert found["house"]["roof_nap"] == pytest.approx(7.0)
    assert found["beside"]["function"] == "other_building" and found["beside"]["height"] is None
    (tree,) = rows(out, "points")  # the roof and the lamp post are none
    assert tree["function"] == "tree"
    assert tree["shape"].GetX() == pytest.approx(X + 60.25)
    assert tree["shape"].GetY() == pytest.approx(Y - 40.25)
    assert tree["height"] == pytest.approx(10.0)  # 11 - 1
    # Smoothed over 3 x 3 the top is (10 + 4 x 9.25 + 4 x 8.94) / 9 = 9.20, half of it 4.60: the
    # crown (10 - 1.5 d) reaches d = 3.60 m: 7 cells of 0.5 m straight and 5 of 0.707 m across, each
    # with the half cell of the middle: 3.75 and 3.79 m; diameter 7.5 m
    assert tree["canopy_diameter"] == pytest.approx(7.5, abs=0.1)
    assert tree["assumed"] == "canopy_diameter"
    notes = {n.key.rpartition(".")[2]: n.params for n in outcome.notes}
    assert notes["ahn_heights"] == {"count": 1, "total": 2} and notes["ahn_trees"] == {"count": 1}


def test_the_rasters(tmp_path: Path) -> None:
    outcome = ahn.run(wanted(tmp_path))
    found = {r["role"]: r for r in rows(tmp_path / "out.gpkg", "coverage")}
    assert found["dsm"]["holes"] == 0 and found["dtm"]["holes"] == 0.01  # 400 of 40,000 cells
    assert found["dtm"]["shape"].GetArea() == pytest.approx(10_000.0)
    assert found["dtm"]["file"] == "out_dtm.tif"
    data = gdal.Open(str(tmp_path / "out_dtm.tif"))
    assert data.GetGeoTransform() == (X, CELL, 0.0, Y, 0.0, -CELL)
    assert data.GetRasterBand(1).GetNoDataValue() == -9999.0
    assert (data.ReadAsArray() == -9999.0).sum() == 400
    assert any(n.key.endswith("ahn_no_buildings") for n in outcome.notes)


def test_clipped_to_whole_cells_of_two_tiles(tmp_path: Path) -> None:
    surface, _ = world()
    a = tile(tmp_path / "a.tif", surface[:, :100])
    # AHN says 3.4e38 where it has no value, and not always that this means nodata
    right = surface[:, 100:].copy()
    right[:, :2] = 3.4e38
    b = tile(tmp_path / "b.tif", right, x0=X + 50, nodata=None)
    area = ogr.CreateGeometryFromWkt(
        f"POLYGON(({X + 40.2} {Y - 30.3},{X + 59.9} {Y - 30.3},{X + 59.9} {Y - 20.1},"
        f"{X + 40.2} {Y - 20.1},{X + 40.2} {Y - 30.3}))")  # fmt: skip
    area.AssignSpatialReference(plane())
    ahn.run(asked([a, b], tmp_path / "out.gpkg", area=area))
    data = gdal.Open(str(tmp_path / "out_dsm.tif"))
    # 40.0 to 60.0 and 20.0 to 30.5 on whole cells of 0.5 m: 40 x 21
    assert (data.RasterXSize, data.RasterYSize) == (40, 21)
    assert data.GetGeoTransform()[0] == X + 40 and data.GetGeoTransform()[3] == Y - 20
    values = data.ReadAsArray()
    assert (values == -9999).sum() == 2 * 21
    (one,) = rows(tmp_path / "out.gpkg", "coverage")
    assert one["holes"] == pytest.approx(0.05)  # 2 of 40 columns


def test_buildings_in_degrees_and_another_vertical_system(tmp_path: Path) -> None:
    turn = osr.CoordinateTransformation(plane(), plane(4326))  # latitude first
    shape = ogr.CreateGeometryFromWkb(box(10, 10, 10, 10))
    shape.Transform(turn)
    shape.SwapXY()
    request = wanted(tmp_path, buildings_crs="EPSG:4326",
                     buildings=[ahn.Outline(bytes(shape.ExportToWkb()), "h", None)])  # fmt: skip
    tile(tmp_path / "M_tile.tif", world()[1], crs=7415)  # RD + NAP: the same plane
    ahn.run(request)
    (one,) = rows(tmp_path / "out.gpkg", "surfaces")
    assert one["height"] == pytest.approx(6.0)


def test_a_tree_stands_once_where_squares_meet(tmp_path: Path, monkeypatch: Any) -> None:
    """Squares of 20 m: the tree at (60.25, 40.25) is seen by four of them."""
    monkeypatch.setattr(ahn, "TILE", 20.0)
    ahn.run(wanted(tmp_path, buildings=outlines()))
    assert len(rows(tmp_path / "out.gpkg", "points")) == 1


def test_no_trees_where_none_are_asked(tmp_path: Path) -> None:
    ahn.run(wanted(tmp_path, buildings=outlines(), trees=False))
    assert "points" not in layers(tmp_path / "out.gpkg")


def test_neighbours_closer_than_the_rule_are_one() -> None:
    height = np.zeros((60, 60))
    r, c = np.mgrid[0:60, 0:60]
    for column, top in ((20, 10.0), (22, 9.0), (45, 8.0)):  # 1 m and 11.5 m apart
        height = np.maximum(height, top - 2.0 * np.hypot(c - column, r - 30) * CELL)
    found = trees(Raster(height, 0, 30, CELL, CELL), Raster(np.zeros((60, 60)), 0, 30, CELL, CELL),
                  Polygons.from_wkb([]), RULE)  # fmt: skip
    assert found[:, :3].tolist() == [[10.25, 14.75, 10.0], [22.75, 14.75, 8.0]]


def test_holes_of_the_terrain_are_filled_from_beside_them() -> None:
    ground = np.full((60, 60), 2.0)
    ground[10:40, 10:40] = np.nan
    made = filled(Raster(ground, 0, 30, CELL, CELL))
    assert np.allclose(made, 2.0)
    assert np.isnan(filled(Raster(np.full((60, 60), np.nan), 0, 30, CELL, CELL))).all()


# ---------------------------------------------------------------------- point clouds
def cloud_request(folder: Path) -> Request:
    (folder / "C_37EN1.laz").write_bytes(b"LASF")
    area = ogr.CreateGeometryFromWkb(box(0, 0, 100, 100))
    area.AssignSpatialReference(plane())
    return asked(folder / "C_37EN1.laz", folder / "out.gpkg", area=area,
                 options={"buildings": outlines()})  # fmt: skip


def test_point_clouds_without_pdal(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(_ahn_cloud.shutil, "which", lambda name: None)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec",
                        lambda name, *more: None if name == "pdal" else found(name, *more))
    said = refused("ahn_no_pdal", ahn.run, cloud_request(tmp_path))
    assert "Install PDAL" in said


def test_point_clouds_with_a_stand_in_for_pdal(tmp_path: Path, monkeypatch: Any) -> None:
    """The commands that PDAL is given, and what is made of its rasters. PDAL itself is not run."""
    monkeypatch.setattr(_ahn_cloud.shutil, "which", lambda name: f"bin/{name}")
    asked_for: list[dict[str, Any]] = []

    def stand_in(command: list[str], log: Path) -> int:
        assert command[:2] == ["bin/pdal", "pipeline"]
        steps = json.loads(Path(command[2]).read_text(encoding="utf-8"))["pipeline"]
        asked_for.append({s["type"]: s for s in steps})
        surface, ground = world()
        last = steps[-1]
        tile(Path(last["filename"]), surface if last["output_type"] == "max" else ground)
        return 0

    def run(request: Request) -> Outcome:
        return ahn.run(request, stand_in)

    outcome = run(cloud_request(tmp_path))
    first, second = asked_for
    assert first["filters.range"]["limits"] == "Classification![7:7],Classification![18:18]"
    assert second["filters.range"]["limits"] == "Classification[2:2]"
    assert first["filters.crop"]["bounds"] == f"([{X},{X + 100}],[{Y - 100},{Y}])"
    assert (first["writers.gdal"]["output_type"], second["writers.gdal"]["output_type"]) == (
        "max", "idw")  # fmt: skip
    assert first["writers.gdal"]["resolution"] == 0.5
    assert outcome.count == {"dwelling": 1, "other_building": 1, "tree": 1}

    def fails(command: list[str], log: Path) -> int:
        log.write_text("PDAL: readers.las: Unable to open\n", encoding="utf-8")
        return 1

    said = refused("ahn_pdal", lambda r: ahn.run(r, fails), cloud_request(tmp_path))
    assert "Unable to open" in said
    request = cloud_request(tmp_path)
    request.area = None
    refused("ahn_cloud_area", run, request)


def test_a_program_is_stopped_with_the_run(tmp_path: Path) -> None:
    import sys

    from dgo_twin_plugin.engine.pulse import heard_by

    log = tmp_path / "log"
    assert _ahn_cloud.run_program([sys.executable, "-c", "print('hoi')"], log) == 0
    assert log.read_text().strip() == "hoi"
    assert _ahn_cloud.run_program([sys.executable, "-c", "raise SystemExit(3)"], log) == 3

    def stop() -> None:
        raise Cancelled

    with heard_by(stop), pytest.raises(Cancelled):
        _ahn_cloud.run_program([sys.executable, "-c", "import time; time.sleep(60)"], log)


# ---------------------------------------------------------------------- bad input
def test_bad_files(tmp_path: Path, monkeypatch: Any) -> None:
    out = tmp_path / "out.gpkg"
    surface, _ = world()

    def made(name: str, data: bytes) -> Request:
        (tmp_path / name).write_bytes(data)
        return asked(tmp_path / name, out)

    run = ahn.run
    refused("empty_file", run, made("a.tif", b""))
    refused("html", run, made("b.tif", b"<html>404</html>"))
    refused("unreadable", run, made("c.tif", b"no raster at all"))
    refused("no_crs", run, asked(tile(tmp_path / "d.tif", surface, crs=None), out))
    refused("ahn_crs", run, asked(tile(tmp_path / "e.tif", surface, x0=5, y0=52, cell=1e-5,
                                       crs=4326), out))  # fmt: skip
    refused("ahn_rotated", run, asked(tile(tmp_path / "f.tif", surface, turn=0.1), out))
    good = tile(tmp_path / "g.tif", surface)
    other = tile(tmp_path / "h.tif", surface, crs=32631)
    refused("crs_mixed", run, asked([good, other], out))
    whole = good.read_bytes()
    refused("ahn_half", run, made("i.tif", whole[: len(whole) * 2 // 3]))
    area = ogr.CreateGeometryFromWkt("POINT(100000 400000)").Buffer(10)
    area.AssignSpatialReference(plane())
    refused("ahn_outside", run, asked(good, out, area=area))
    monkeypatch.setattr(_ahn_grid, "MOST_CELLS", 1000)
    refused("ahn_large", run, asked(good, out))


def test_a_cancelled_run_leaves_what_was_there(tmp_path: Path) -> None:
    request = wanted(tmp_path, buildings=outlines())
    ahn.run(request)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    calls = 0

    def tick() -> None:
        nonlocal calls
        calls += 1
        if calls > 3:  # in the last steps: the rasters are made, the GeoPackage is not in place
            raise Cancelled

    request.tick = tick
    with pytest.raises(Cancelled):
        ahn.run(request)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert calls == 4


def test_a_mapping_that_does_not_hold(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text("range: [-20, 500]\n", encoding="utf-8")
    request = wanted(tmp_path)
    request.mapping = str(own)
    with pytest.raises(DgoError, match="clouds"):
        ahn.run(request)
