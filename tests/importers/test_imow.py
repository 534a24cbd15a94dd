"""Areas of environmental plans: types and roles by label, each area once."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr, osr

from dgo_twin_plugin.engine.texts import text
from dgo_twin_plugin.engine.words import Cancelled, DgoError
from dgo_twin_plugin.importers import imow
from dgo_twin_plugin.importers._package import Outcome, Request

from . import imro_plans as plans

X, Y = 150_000.0, 450_000.0


def box(x0: float, y0: float, x1: float, y1: float, turn: int = 0) -> str:
    points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    points = points[turn:] + points[:turn]
    ring = ",".join(f"{X + x} {Y + y}" for x, y in [*points, points[0]])
    return f"POLYGON(({ring}))"


def areas(folder: Path, rows: list[tuple[str | None, str | None, str]], code: int = 28992) -> Path:
    path = folder / "gebieden.gpkg"
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(code)
    data = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = data.CreateLayer("gebieden", srs, ogr.wkbUnknown)
    for name in ("label", "naam"):
        layer.CreateField(ogr.FieldDefn(name, ogr.OFTString))
    for label, name, wkt in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        for field, value in (("label", label), ("naam", name)):
            if value is not None:
                feature.SetField(field, value)
        if wkt:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    del layer, data
    return path


def imported(folder: Path, source: Path, **more: Any) -> Outcome:
    return imow.run(Request([str(source)], folder / "out.gpkg", **more))


def sql(outcome: Outcome, query: str) -> list[tuple]:
    with sqlite3.connect(outcome.path) as connection:
        return connection.execute(query).fetchall()


def said(outcome: Outcome) -> dict[str, dict[str, Any]]:
    return {n.key.rpartition(".")[2]: n.params for n in outcome.notes}


def refused(folder: Path, source: Path, **more: Any) -> str:
    before = sorted(f.name for f in folder.iterdir())
    with pytest.raises(DgoError) as found:
        imported(folder, source, **more)
    assert sorted(f.name for f in folder.iterdir()) == before
    for lang in ("nl", "en"):
        assert text(found.value.message, lang) != found.value.message.key
    return found.value.message.key


def test_types_roles_and_the_rest(tmp_path: Path) -> None:
    made = imported(tmp_path, areas(tmp_path, [
        ("Bedrijventerrein", None, box(0, 0, 10, 10)),
        ("StedelijkGebiedGroenStedelijk", None, box(10, 0, 20, 10)),
        ("http://standaarden.omgevingswet.overheid.nl/functie/id/concept/Kantoorlocatie", None,
         box(20, 0, 30, 10)),
        ("Grondwaterbeschermingsgebied", None, box(0, 0, 5, 5)),
        ("Waterwingebied", None, box(0, 0, 2, 2)),
        ("Stiltegebied", None, box(0, 20, 5, 25)),
        ("vaarweg", None, box(0, 30, 5, 35)),
        ("luchtkasteel", "iets", box(0, 40, 5, 45)),
        (None, None, box(0, 50, 5, 55)),
    ]))  # fmt: skip
    assert sql(made, "SELECT type, area_m2 FROM area_types ORDER BY type") == [
        ("GT04", pytest.approx(100)), ("GT08", pytest.approx(100)), ("GT09", pytest.approx(100)),
    ]  # fmt: skip
    assert sql(made, "SELECT kind, name FROM drinking_water ORDER BY kind") == [
        ("catchment", "Waterwingebied"), ("protection", "Grondwaterbeschermingsgebied"),
    ]  # fmt: skip
    assert sql(made, "SELECT name FROM quiet_areas") == [("Stiltegebied",)]
    assert sql(made, "SELECT name, known FROM other_areas ORDER BY name") == [
        (None, 0), ("luchtkasteel", 0), ("vaarweg", 1),
    ]  # fmt: skip
    assert made.unmapped == {
        ("gebieden", "label", "luchtkasteel"): 1,
        ("gebieden", "label", "–"): 1,
    }


def test_delivered_twice_counts_once(tmp_path: Path) -> None:
    """The same square from another corner, and a neighbour that touches it: 100 + 50 m2."""
    made = imported(tmp_path, areas(tmp_path, [
        ("Stiltegebied", None, box(0, 0, 10, 10)),
        ("Stiltegebied", None, box(0, 0, 10, 10, turn=2)),
        ("Stiltegebied", None, box(10, 0, 15, 10)),
        ("Waterwingebied", None, box(0, 0, 10, 10)),
        ("Waterwingebied", None, box(0, 0, 10, 10, turn=1)),
    ]))  # fmt: skip
    assert sql(made, "SELECT area_m2, polygons FROM quiet_areas") == [(pytest.approx(150), 2)]
    assert sql(made, "SELECT area_m2, polygons FROM drinking_water") == [(pytest.approx(100), 1)]
    assert made.left_out == {("gebieden", "twice"): 2}
    assert said(made)["twice"] == {"count": 1, "names": "Waterwingebied"}


def test_placeholders_and_missing_labels(tmp_path: Path) -> None:
    far = "POLYGON((-40999 866999,-40998 866999,-40998 867000,-40999 867000,-40999 866999))"
    made = imported(tmp_path, areas(tmp_path, [
        ("Stiltegebied", None, box(0, 0, 10, 10)),
        ("Stiltegebied", None, far),
        (None, "Stiltegebied", box(20, 0, 30, 10)),
        ("Stiltegebied", None, ""),
        ("Stiltegebied", None, "POINT(150000 450000)"),
    ]))  # fmt: skip
    assert sql(made, "SELECT area_m2 FROM quiet_areas") == [(pytest.approx(200),)]
    assert made.left_out == {("gebieden", "abroad"): 1, ("gebieden", "geometry"): 2}
    assert said(made)["abroad"] == {"count": 1}
    assert said(made)["no_label"] == {"layer": "gebieden", "count": 1, "name": "Stiltegebied"}


def test_only_placeholders_is_refused(tmp_path: Path) -> None:
    far = "POLYGON((-40999 866999,-40998 866999,-40998 867000,-40999 866999))"
    source = areas(tmp_path, [("a", None, far)])
    assert refused(tmp_path, source) == "errors.import.imow.none_in_area"


def gio(coordinates: str, srs: str) -> str:
    return f"""<?xml version="1.0"?>
<geo:GeoInformatieObjectVersie xmlns:geo="https://standaarden.overheid.nl/stop/imop/geo/"
  xmlns:basisgeo="http://www.geostandaarden.nl/basisgeometrie/1.0" xmlns:gml="http://www.opengis.net/gml/3.2">
<geo:locaties><geo:Locatie><geo:naam>Waterwingebied</geo:naam><geo:geometrie>
<basisgeo:Geometrie gml:id="g1"><basisgeo:id>1</basisgeo:id><basisgeo:geometrie>
<gml:MultiSurface srsName="{srs}"><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing>
<gml:posList>{coordinates}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>
</gml:surfaceMember></gml:MultiSurface></basisgeo:geometrie></basisgeo:Geometrie></geo:geometrie>
</geo:Locatie></geo:locaties></geo:GeoInformatieObjectVersie>"""


@pytest.mark.parametrize(
    ("coordinates", "srs"),
    [
        # 0.01 x 0.01 degree near Amersfoort, latitude first as the standard says, and the other way
        ("52.15 5.38 52.15 5.39 52.16 5.39 52.16 5.38 52.15 5.38", "urn:ogc:def:crs:EPSG::4258"),
        ("5.38 52.15 5.39 52.15 5.39 52.16 5.38 52.16 5.38 52.15", "EPSG:4258"),
    ],
)
def test_geo_information_object(tmp_path: Path, coordinates: str, srs: str) -> None:
    """One hundredth of a degree: 1,112.7 m of latitude, 684.4 m of longitude at 52.155 degrees."""
    path = tmp_path / "gio.gml"
    path.write_text(gio(coordinates, srs), encoding="utf-8")
    made = imported(tmp_path, path)
    assert sql(made, "SELECT kind, area_m2 FROM drinking_water") == [
        ("catchment", pytest.approx(1_112.7 * 684.4, rel=2e-3))
    ]
    data = ogr.Open(str(made.path))
    x0, x1, y0, y1 = data.GetLayerByName("drinking_water").GetExtent()
    assert 154_500 < x0 < x1 < 156_500 and 461_500 < y0 < y1 < 464_500


def test_names_of_a_province(realdata: Path, tmp_path: Path) -> None:
    """Every name of the regulation of Utrecht is known; what has a role has the right one."""
    file = realdata / "areas" / "provincie_utrecht_ov_namen.json"
    names = json.loads(file.read_text(encoding="utf-8"))["namen"]
    made = imported(tmp_path, areas(tmp_path, [
        (None, name, box(20 * k, 0, 20 * k + 10, 10)) for k, name in enumerate(names)
    ]))  # fmt: skip
    assert not made.unmapped
    found = dict(sql(made, "SELECT name, kind FROM drinking_water"))
    assert found["Waterwingebied"] == "catchment" and found["Boringsvrije zone"] == "no_drilling"
    assert sql(made, "SELECT name FROM nature_network") == [("Natuurnetwerk Nederland",)]
    assert sql(made, "SELECT name FROM geological_values") == [("Gebied aardkundige waarden",)]
    assert ("GT08", "Kantoor op knooppunt Utrecht Centraal") in sql(
        made, "SELECT type, name FROM area_types"
    )


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("areas: {stiltegebied: geen_rol}", "errors.import.plan.mapping_role"),
        ("areas: {stiltegebied: {type: GT99}}", "errors.import.imow.mapping_type"),
    ],
)
def test_bad_mapping(tmp_path: Path, change: str, key: str) -> None:
    source, mapping = areas(tmp_path, [("a", None, box(0, 0, 1, 1))]), tmp_path / "eigen.yml"
    mapping.write_text(change + "\n", encoding="utf-8")
    assert refused(tmp_path, source, mapping=str(mapping)) == key


def test_wrong_files(tmp_path: Path) -> None:
    assert refused(tmp_path, plans.save(tmp_path, plans.plan())) == "errors.import.imow.is_imro"
    path = tmp_path / "gio.gml"
    path.write_text("<!DOCTYPE x [<!ENTITY a 'b'>]>" + gio("0 0", "EPSG:28992")[22:])
    assert refused(tmp_path, path) == "errors.import.xml_dtd"
    path.write_text(gio("0 0 0 1", "EPSG:28992"))
    assert refused(tmp_path, path) == "errors.import.imow.empty"
    path.write_text(gio("0 0 0 1 1 1 0 0", "EPSG:999999"))
    assert refused(tmp_path, path) == "errors.import.crs"
    bad = tmp_path / "kapot.gpkg"
    bad.write_bytes(b"geen kaart")
    assert refused(tmp_path, bad) == "errors.import.plan.unreadable"
    assert refused(tmp_path, areas(tmp_path, [])) == "errors.import.imow.empty"


def test_cancel_leaves_nothing(tmp_path: Path) -> None:
    def stop() -> None:
        raise Cancelled

    source = areas(tmp_path, [("Stiltegebied", None, box(0, 0, 1, 1))])
    with pytest.raises(Cancelled):
        imported(tmp_path, source, tick=stop)
    assert [f.name for f in tmp_path.iterdir()] == ["gebieden.gpkg"]
