"""A plain table of a GeoPackage read by columns: the same as QGIS gives, or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from osgeo import ogr

from .plans import srs

SQUARE = "((0 0, 4 0, 4 4, 0 4, 0 0))"
ROWS: list[tuple[str | None, dict[str, Any]]] = [
    (f"POLYGON {SQUARE}", {"text": "gras", "count": 3, "big": 2**40, "size": 0.1, "yes": True}),
    (None, {"text": "no shape"}),
    ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 1 1))", {"text": "", "size": -0.0}),
    (f"MULTIPOLYGON ({SQUARE}, ((9 9, 10 9, 10 10, 9 9)))", {"text": "  é €  ", "count": -1}),
    ("POLYGON ((0 0, 4 4, 4 0, 0 4, 0 0))", {"text": "crossed", "size": 1e300}),
    ("POLYGON ((0 0, 4 4, 0 0))", {"text": "thin", "day": "2026/11/21"}),
    ("POINT (3 4)", {"text": "gras"}),
    ("MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))", {"count": 2**31 - 1, "big": -(2**62)}),
    ("LINESTRING (0 0, 1 1, 1 1)", {"text": "x" * 300}),
    (f"POLYGON {SQUARE}", {}),
]
ODD = ["POLYGON EMPTY", "POLYGON Z ((0 0 1, 4 0 1, 4 4 1, 0 0 1))", "POINT M (1 2 3)",
       "CURVEPOLYGON (CIRCULARSTRING (0 0, 1 1, 2 0, 1 -1, 0 0))",
       f"GEOMETRYCOLLECTION (POINT (1 1), POLYGON {SQUARE})"]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A table with every kind of value, and fewer features than numbers."""
    path = tmp_path / "odd.gpkg"
    base = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = base.CreateLayer("odd", srs(), ogr.wkbUnknown)
    for name, kind in (("text", ogr.OFTString), ("count", ogr.OFTInteger),
                       ("big", ogr.OFTInteger64), ("size", ogr.OFTReal),
                       ("day", ogr.OFTDate), ("yes", ogr.OFTInteger)):  # fmt: skip
        field = ogr.FieldDefn(name, kind)
        if name == "yes":
            field.SetSubType(ogr.OFSTBoolean)
        layer.CreateField(field)
    for wkt, values in ROWS * 3:
        add(layer, wkt, values)
    layer.DeleteFeature(4)
    del layer, base
    return path


def add(layer: Any, wkt: str | None, values: dict[str, Any]) -> None:
    feature = ogr.Feature(layer.GetLayerDefn())
    for name, value in values.items():
        feature.SetField(name, value)
    if wkt is not None:
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
    layer.CreateFeature(feature)


def opened(file: Path, how: str = "") -> Any:
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(f"{file}|layername=odd{how}", "odd", "ogr")
    assert layer.isValid()
    return layer


def both(layer: Any, wanted: set[str] | None, given: Any = None) -> tuple[Any, Any, bool]:
    """What is read, what QGIS gives feature by feature, and whether columns were read."""
    from qgis.core import QgsCoordinateTransformContext

    from dgo_twin_plugin.layers import columns, read
    from dgo_twin_plugin.layers.plane import Plane

    given = given or read.snapshot(layer)
    how = Plane(layer.crs(), "odd"), QgsCoordinateTransformContext(), wanted
    table = None
    if given.place is not None and given.place.source is given.source:
        names = [f for f in given.fields if wanted is None or f in wanted]
        table = columns.read_table(given.place, names, None)
    one = read.read_vector(given, *how)
    slow = read.read_vector(dataclasses.replace(given, place=None), *how)
    return one, slow, table is not None


def same(a: Any, b: Any) -> None:
    assert a.fid.dtype == b.fid.dtype and np.array_equal(a.fid, b.fid)
    assert a.wkb == b.wkb
    assert {type(w) for w in a.wkb} == {type(w) for w in b.wkb}
    assert list(a.columns) == list(b.columns)
    for name, column in a.columns.items():
        assert [(type(v), repr(v)) for v in column] == [
            (type(v), repr(v)) for v in b.columns[name]], name  # fmt: skip
    assert (a.name, a.entry, a.note, a.covers) == (b.name, b.entry, b.note, b.covers)


PLAIN = {"text", "count", "big", "size"}


def quick(ogr_: Any = ogr) -> bool:
    return hasattr(ogr_.Layer, "GetArrowStreamAsNumPy")


def test_the_same_as_feature_by_feature(dgo: Any, qgis_project: Any, file: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    from dgo_twin_plugin.layers import columns

    for at_once in (500, 7):
        monkeypatch.setattr(columns, "AT_ONCE", at_once)
        for wanted in (PLAIN, {"size", "no such field"}, set()):
            one, slow, by_columns = both(opened(file), wanted)
            assert by_columns == quick()
            same(one, slow)
    assert len(one.fid) == 3 * len(ROWS) - 1


@pytest.mark.parametrize("name", ["day", "yes", "fid"])
def test_other_values_are_left_to_qgis(dgo: Any, qgis_project: Any, file: Path, name: str) -> None:
    one, slow, by_columns = both(opened(file), {*PLAIN, name})
    assert not by_columns
    same(one, slow)


@pytest.mark.parametrize("wkt", ODD)
def test_other_shapes_are_left_to_qgis(dgo: Any, qgis_project: Any, file: Path, wkt: str) -> None:
    base = ogr.Open(str(file), 1)
    add(base.GetLayer(0), wkt, {"text": "odd"})
    del base
    one, slow, by_columns = both(opened(file), PLAIN)
    assert not by_columns
    same(one, slow)


@pytest.mark.parametrize("value", ["x'ff'", "12", "'many'", "1e999", "x'61ff62'", "2.5"])
@pytest.mark.parametrize("field", sorted(PLAIN))
def test_a_value_of_another_kind(dgo: Any, qgis_project: Any, file: Path, field: str,
                                 value: str) -> None:  # fmt: skip
    """SQLite lets any value into any column."""
    with contextlib.closing(sqlite3.connect(file)) as base, base:
        for name, in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute(f'UPDATE odd SET "{field}" = {value} WHERE fid IN (1, 5)')
    one, slow, _ = both(opened(file), PLAIN)
    same(one, slow)


def test_what_is_not_the_table_itself(dgo: Any, qgis_project: Any, file: Path) -> None:
    """A subset, an edit, a selection, a filter and another plane are read as they are."""
    from qgis.core import QgsVectorLayerSelectedFeatureSource

    from dgo_twin_plugin.layers.read import snapshot

    layer = opened(file)
    layer.setSubsetString("fid < 9")
    assert snapshot(layer).place is None
    assert snapshot(opened(file, "|geometrytype=Polygon")).place is None
    layer = opened(file)
    layer.startEditing()  # in a group of transactions an edit stands where nobody else sees it
    assert snapshot(layer).place is None
    layer.rollBack()
    layer.selectByIds([2, 3])
    given = snapshot(layer)
    assert given.place is not None
    given.source = QgsVectorLayerSelectedFeatureSource(layer)
    one, slow, by_columns = both(layer, PLAIN, given)
    assert not by_columns and one.fid.tolist() == [2, 3]
    given = dataclasses.replace(snapshot(layer), entry={"filter": '"count" = 3'})
    one, slow, _ = both(layer, PLAIN, given)
    assert len(one.fid) == 3
    same(one, slow)


def test_a_file_that_went(dgo: Any, qgis_project: Any, file: Path) -> None:
    from dgo_twin_plugin.layers import columns
    from dgo_twin_plugin.layers.read import snapshot

    place = snapshot(opened(file)).place
    assert place is not None
    gone = dataclasses.replace(place, path=str(file) + "x")
    assert columns.read_table(gone, ["text"], None) is None
    other = dataclasses.replace(place, name="other")
    assert columns.read_table(other, ["text"], None) is None


@pytest.mark.parametrize("error", [RuntimeError, SystemError])
def test_bindings_that_fail_leave_it_to_qgis(dgo: Any, qgis_project: Any, file: Path,
                                             monkeypatch: pytest.MonkeyPatch,
                                             error: type[Exception]) -> None:  # fmt: skip
    from osgeo import ogr

    from dgo_twin_plugin.layers import columns
    from dgo_twin_plugin.layers.read import snapshot

    def failing(*_: Any) -> Any:
        raise error

    place = snapshot(opened(file)).place
    assert place is not None
    monkeypatch.setattr(ogr.Layer, "GetArrowStreamAsNumPy", failing, raising=False)
    assert columns.read_table(place, ["text"], None) is None


def test_reading_can_be_stopped(dgo: Any, qgis_project: Any, file: Path) -> None:
    from dgo_twin_plugin.engine.words import Cancelled
    from dgo_twin_plugin.layers import columns
    from dgo_twin_plugin.layers.read import snapshot

    def stop() -> None:
        raise Cancelled

    place = snapshot(opened(file)).place
    assert place is not None
    if quick():
        with pytest.raises(Cancelled):
            columns.read_table(place, ["text"], stop)
