"""dgo:importosm, importdxf, importcityjson and importahn as algorithms; their results as design."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr

from tests.importers import drawing as draw
from tests.importers import test_ahn as height
from tests.importers import test_cityjson as city
from tests.importers.osm_files import xml
from tests.importers.read_back import rows
from tests.qgis.test_import_registers import Log, run

X, Y = 155000.0, 463000.0


def square(x: float, y: float, side: float) -> list[tuple[float, ...]]:
    return [(X + x, Y + y), (X + x + side, Y + y), (X + x + side, Y + y + side),
            (X + x, Y + y + side)]  # fmt: skip


def test_openstreetmap(dgo: Any, tmp_path: Path) -> None:
    ring = [tuple(p) for p in (*square(0, 0, 10), square(0, 0, 10)[0])]
    path = xml(tmp_path / "a.osm", [((X, Y), {"highway": "bus_stop"})], [
        (ring, {"building": "house"}),
        ([(X, Y), (X + 100, Y)], {"highway": "residential", "maxspeed": "rap"})])  # fmt: skip
    out, log = tmp_path / "o.gpkg", Log()
    done = run("importosm", log, INPUT=[str(path)], OUTPUT=str(out), ROAD_SURFACES=True)
    assert done["OUTPUT"] == str(out)
    assert {r["function"] for r in rows(out, "surfaces")} == {"dwelling", "road"}
    assert any("timetable" in said for said in log.feedback.said)
    assert any("'rap'" in said for said in log.feedback.warned)


def test_a_drawing(dgo: Any, tmp_path: Path) -> None:
    text = draw.drawing(draw.outline("GAZON", square(0, 0, 10)) + draw.outline("RARE LAAG",
                        square(20, 0, 10)))  # fmt: skip
    path, out, log = draw.saved(tmp_path / "a.dxf", text), tmp_path / "o.gpkg", Log()
    done = run("importdxf", log, INPUT=[str(path)], OUTPUT=str(out))
    assert (done["FEATURES"], done["UNMAPPED"]) == (1, 1)
    assert any("RARE LAAG" in said for said in log.feedback.warned)
    # the default of CRS is the national plane, and the parameter reaches the importer
    with pytest.raises(Exception, match="not in metres|no system in metres"):
        run("importdxf", Log(), INPUT=[str(path)], OUTPUT=str(out), CRS="EPSG:4326")
    run("importdxf", Log(), INPUT=[str(path)], OUTPUT=str(out), SCALE=1.0, SHIFT_X=5.0)
    assert rows(out, "surfaces")[0]["shape"].Centroid().GetX() == pytest.approx(X + 10)


def test_a_city_model(dgo: Any, tmp_path: Path) -> None:
    content = city.model(*city.as_3dbag(), crs=None)
    path, out = tmp_path / "a.json", tmp_path / "o.gpkg"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(Exception, match="referenceSystem"):
        run("importcityjson", Log(), INPUT=[str(path)], OUTPUT=str(out))
    assert not out.exists()
    run("importcityjson", Log(), INPUT=[str(path)], OUTPUT=str(out), CRS="EPSG:28992")
    (one,) = rows(out, "surfaces")
    assert one["height"] == pytest.approx(9.0) and one["floors"] == 3


def test_heights(dgo: Any, tmp_path: Path) -> None:
    surface, ground = height.world()
    dsm, dtm = tmp_path / "R_1.tif", tmp_path / "M_1.tif"
    height.tile(dsm, surface)
    height.tile(dtm, ground)
    # outlines as an import of another source writes them: all surfaces in one layer
    data = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "s.gpkg"))
    layer = data.CreateLayer("surfaces", height.plane(), ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("function", ogr.OFTString))
    for one in height.outlines():
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkb(one.wkb))
        if one.function:
            feature.SetField("function", one.function)
        layer.CreateFeature(feature)
    del feature, layer, data
    out, log = tmp_path / "o.gpkg", Log()
    run("importahn", log, INPUT=[str(dsm)], DTM=[str(dtm)], OUTPUT=str(out),
        BUILDINGS=f"{tmp_path / 's.gpkg'}|layername=surfaces")  # fmt: skip
    found = {r["function"]: r["height"] for r in rows(out, "surfaces")}
    assert found == {"dwelling": pytest.approx(6.0), "other_building": None}
    assert len(rows(out, "points")) == 1
    assert (tmp_path / "o_dsm.tif").is_file() and (tmp_path / "o_dtm.tif").is_file()
    assert any("without a value" in said for said in log.feedback.said)


def test_a_result_is_a_design_without_further_words(dgo: Any, tmp_path: Path) -> None:
    """surfaces and points of a drawing go into dgo:checkdesign as they are: no unknown function."""
    text = draw.drawing(draw.outline("GAZON", square(0, 0, 50)) + draw.outline("WONING",
                        square(60, 0, 10)) + draw.circle("BOMEN", X + 20, Y + 20, 3))  # fmt: skip
    path, out = draw.saved(tmp_path / "a.dxf", text), tmp_path / "o.gpkg"
    run("importdxf", Log(), INPUT=[str(path)], OUTPUT=str(out))
    types = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "t.gpkg"))
    layer = types.CreateLayer("t", height.plane(), ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("type", ogr.OFTString))
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetField("type", "GT04")
    feature.SetGeometry(ogr.CreateGeometryFromWkt(
        f"POLYGON(({X} {Y},{X + 80} {Y},{X + 80} {Y + 60},{X} {Y + 60},{X} {Y}))"))  # fmt: skip
    layer.CreateFeature(feature)
    del feature, layer, types
    checks = tmp_path / "checks.gpkg"
    run("checkdesign", Log(), DESIGN=f"{out}|layername=surfaces",
        DESIGN_EXTRA=[f"{out}|layername=points"], AREA_TYPES=f"{tmp_path / 't.gpkg'}|layername=t",
        CHECKS=str(checks))  # fmt: skip
    data = ogr.Open(str(checks))
    codes = {f.items().get("code") for f in data.GetLayer(0)}
    assert None not in codes
    assert not codes & {"unknown_function", "empty_function", "no_function_field"}
