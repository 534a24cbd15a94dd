"""The GeoPackage that every importer writes."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.words import Cancelled, DgoError
from dgo_twin_plugin.importers import _package
from dgo_twin_plugin.importers._package import Package, Request, Row, reference

from .bgt_files import rows

RD = "EPSG:28992"


def wkb(text: str) -> bytes:
    return bytes(ogr.CreateGeometryFromWkt(text).ExportToIsoWkb())


SQUARE = wkb("POLYGON((0 0,10 0,10 10,0 10,0 0))")


def test_columns_appear_when_first_filled(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "o.gpkg"
    with Package(path, reference(RD)) as package:
        package.surfaces([Row("dwelling", SQUARE, {"height": 9.0}, "a", "1")])
        package.surfaces([
            Row("road", SQUARE, {"public": np.True_, "gfa": np.nan, "lanes": np.int64(2)},
                "b", "2"),
            Row(None, SQUARE, {"note": "x", "height": None, "empty": None}, "b", "3"),
        ])  # fmt: skip
        out = package.commit()
    first, second, third = rows(path)
    assert first["height"] == 9.0 and second["height"] is None and first["gfa"] is None
    assert second["public"] == 1 and second["lanes"] == 2 and second["gfa"] is None
    assert third["function"] is None and third["note"] == "x" and "empty" not in third
    assert out.features == 3 and out.area == {"dwelling": 100.0, "road": 100.0, "": 100.0}
    assert out.by_layer == {"a": 100.0, "b": 200.0}


def test_every_kind_of_geometry(tmp_path: Path) -> None:
    """Half a disc of radius 10 with its arc, height and measure dropped, a hole kept."""
    arc = wkb("CURVEPOLYGON(COMPOUNDCURVE(CIRCULARSTRING(-10 0,0 10,10 0),(10 0,-10 0)))")
    deep = wkb("POLYGON Z((0 0 5,10 0 5,10 10 5,0 10 5,0 0 5),(4 4 5,4 6 5,6 6 5,6 4 5,4 4 5))")
    mixed = wkb("GEOMETRYCOLLECTION(POINT(1 1),POLYGON((0 0,2 0,2 2,0 0)))")
    none = [wkb("LINESTRING(0 0,1 1)"), wkb("POLYGON EMPTY"), b"\x01\x03", b"no geometry at all"]
    with Package(tmp_path / "o.gpkg", reference(RD)) as package:
        package.surfaces(Row("road", w, {}, "a", str(k))
                         for k, w in enumerate([arc, deep, mixed, *none]))  # fmt: skip
        package.points([Row("tree", wkb("POINT Z(1 2 3)"), {}, "p", "1")])
        package.lines([Row("network", wkb("LINESTRING(0 0,3 4)"), {}, "l", "1")])
        out = package.commit()
    found = rows(tmp_path / "o.gpkg")
    assert found[0]["m2"] == pytest.approx(50 * math.pi, rel=1e-3)
    assert [r["m2"] for r in found[1:]] == [96.0, 2.0]
    assert out.left_out["a", "geometry"] == 4
    data = ogr.Open(str(tmp_path / "o.gpkg"))
    kinds = {n: data.GetLayer(n).GetGeomType() for n in ("surfaces", "points", "lines")}
    assert kinds == {"surfaces": ogr.wkbMultiPolygon, "points": ogr.wkbPoint,
                     "lines": ogr.wkbMultiLineString}  # fmt: skip
    for layer in kinds:
        for feature in data.GetLayer(layer):
            assert feature.GetGeometryRef().GetGeometryType() == kinds[layer]
    assert data.GetLayer("surfaces").GetSpatialRef().GetAuthorityCode(None) == "28992"


def test_spatial_index_and_extent(tmp_path: Path) -> None:
    with Package(tmp_path / "o.gpkg", reference(RD)) as package:
        package.surfaces(Row("road", wkb(f"POLYGON(({k} 0,{k}.5 0,{k}.5 1,{k} 0))"), {}, "a", "")
                         for k in range(100))  # fmt: skip
        package.commit()
    data = ogr.Open(str(tmp_path / "o.gpkg"))
    layer = data.GetLayer("surfaces")
    assert layer.GetExtent(0) == (0.0, 99.5, 0.0, 1.0)
    layer.SetSpatialFilterRect(10.1, 0.0, 12.2, 1.0)
    assert layer.GetFeatureCount() == 3
    with sqlite3.connect(tmp_path / "o.gpkg") as store:
        assert store.execute("SELECT count(*) FROM rtree_surfaces_geom").fetchone()[0] == 100
        assert store.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_more_rows_than_a_batch_from_a_generator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_package, "BATCH", 10)
    ticks = []
    with Package(tmp_path / "o.gpkg", reference(RD), lambda: ticks.append(1)) as package:
        package.surfaces(Row("road", SQUARE, {"name": str(k)}, "a", str(k)) for k in range(95))
        package.commit()
    assert [r["name"] for r in rows(tmp_path / "o.gpkg")] == [str(k) for k in range(95)]
    assert len(ticks) >= 10


@pytest.mark.parametrize("error", [Cancelled, ValueError, KeyboardInterrupt])
def test_left_in_any_other_way_nothing_stays(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "o.gpkg"
    path.write_bytes(b"of yesterday")
    with pytest.raises(error):
        with Package(path, reference(RD)) as package:
            package.surfaces([Row("road", SQUARE, {}, "a", "1")])
            raise error
    assert path.read_bytes() == b"of yesterday"
    assert [p.name for p in tmp_path.iterdir()] == ["o.gpkg"]
    with Package(path, reference(RD)) as package:
        package.surfaces([Row("road", SQUARE, {}, "a", "1")])
    # without commit: as if it had not been
    assert path.read_bytes() == b"of yesterday"


def test_nothing_imported_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DgoError) as caught:
        with Package(tmp_path / "o.gpkg", reference(RD)) as package:
            package.unmapped("a", "b", "c", 3)
            package.commit()
    assert caught.value.message.key == "errors.import.nothing"
    assert not list(tmp_path.iterdir())


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DgoError) as caught:
        with Package(tmp_path / "file" / "o.gpkg", reference(RD)):
            pass
    assert caught.value.message.key == "errors.import.no_write"
    (tmp_path / "o.gpkg").mkdir()  # the target is a folder: replacing fails at the very end
    with pytest.raises(DgoError) as caught:
        with Package(tmp_path / "o.gpkg", reference(RD)) as package:
            package.surfaces([Row("road", SQUARE, {}, "a", "1")])
            package.commit()
    assert caught.value.message.key == "errors.import.no_write"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "o.gpkg"]


def test_names_that_need_quotes(tmp_path: Path) -> None:
    with Package(tmp_path / "o.gpkg", reference(RD)) as package:
        package.surfaces([Row("road", SQUARE, {'a"b; --': 1, "group": "x"}, "a", "1")])
        package.attributes("more", ("key", "count"), [("a", 1)])
        package.unmapped("l", "f", "it's", 2)
        package.unmapped("l", "f", "it's")
        package.commit()
    (row,) = rows(tmp_path / "o.gpkg")
    assert row['a"b; --'] == 1 and row["group"] == "x"
    data = ogr.Open(str(tmp_path / "o.gpkg"))
    (listed,) = [f.items() for f in data.GetLayer("unmapped")]
    assert listed == {"layer": "l", "field": "f", "value": "it's", "count": 3}
    assert data.GetLayer("more").GetFeatureCount() == 1


def test_unknown_coordinate_system() -> None:
    with pytest.raises(DgoError) as caught:
        reference("EPSG:no")
    assert caught.value.message.key == "errors.import.crs"


def test_area_in_another_system() -> None:
    """A square kilometre around the middle of the national grid, given in degrees."""
    area = ogr.CreateGeometryFromWkt("POLYGON((154500 462500,155500 462500,155500 463500,"
                                     "154500 463500,154500 462500))")  # fmt: skip
    area.AssignSpatialReference(reference(RD))
    area.TransformTo(reference("EPSG:4326"))
    box = Request(["a"], Path("b"), area).box(reference(RD))
    assert box == pytest.approx((154500, 462500, 155500, 463500), abs=1.0)
    assert Request(["a"], Path("b")).box(reference(RD)) is None
