"""OpenStreetMap to functions and roles, from XML, PBF and GeoPackages made from them."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr, osr

from dgo_twin_plugin.engine.words import Cancelled
from dgo_twin_plugin.importers import osm
from dgo_twin_plugin.importers._osm_read import hstore
from dgo_twin_plugin.importers._osm_rules import Rules, to_metres
from tests.importers.bad import asked, refused
from tests.importers.osm_files import lonlat, pbf, xml
from tests.importers.read_back import code, layers, rows, unmapped

X, Y = 155000.0, 463000.0


def ring(x: float, y: float, w: float, h: float) -> list[tuple[float, float]]:
    x, y = X + x, Y + y
    return [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]


def line(*xy: tuple[float, float]) -> list[tuple[float, float]]:
    return [(X + x, Y + y) for x, y in xy]


NODES = [
    ((X + 5, Y + 5), {"natural": "tree", "height": "12,5 m", "diameter_crown": "6"}),
    ((X + 8, Y + 5), {"highway": "street_lamp"}),
    ((X + 9, Y + 9), {"highway": "bus_stop", "name": "Kerk"}),
    ((X + 9, Y + 8), {"shop": "bakery", "name": 'De "Oven" \\ co'}),
    ((X + 9, Y + 7), {"amenity": "bench"}),
    ((X + 9, Y + 6), {"amenity": "space_port"}),
    ((X + 9, Y + 5), {"qqq": "zzz"}),
]
WAYS = [
    # 10 x 20 = 200 m2, three floors
    (ring(0, 0, 10, 20), {"building": "apartments", "building:levels": "3", "height": "30'"}),
    (ring(40, 0, 10, 10), {"building": "yes", "amenity": "school", "name": "De Brink"}),
    (ring(60, 0, 10, 10), {"building": "folly"}),
    (ring(0, 100, 100, 50), {"landuse": "grass"}),  # 5,000 m2
    (ring(120, 100, 20, 20), {"leisure": "playground"}),
    (ring(150, 100, 20, 20), {"landuse": "asteroid_mine"}),
    (ring(200, 0, 30, 30), {"highway": "pedestrian", "area": "yes"}),
    (ring(300, 0, 50, 50), {"highway": "residential", "maxspeed": "30 mph"}),  # a loop of road
    (ring(400, 0, 9, 9), {"natural": "water", "tunnel": "culvert"}),
    (line((0, 50), (100, 50)), {"highway": "residential", "maxspeed": "NL:urban",
                                "surface": "paving_stones", "name": "Dorpsstraat"}),
    (line((0, 60), (100, 60)), {"highway": "primary", "maxspeed": "heel hard"}),
    (line((0, 70), (100, 70)), {"highway": "footway"}),
    (line((0, 80), (100, 80)), {"railway": "rail", "maxspeed": "140"}),
    (line((0, 85), (100, 85)), {"barrier": "wall", "wall": "noise_barrier", "height": "4"}),
]  # fmt: skip


@pytest.fixture(params=["xml", "pbf"])
def village(request: Any, tmp_path: Path) -> Path:
    """The same village in both formats."""
    if request.param == "xml":
        return xml(tmp_path / "village.osm", NODES, WAYS)
    return pbf(tmp_path / "village.osm.pbf", NODES, WAYS)


def test_a_village(village: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    outcome = osm.run(asked(village, out))
    assert layers(out) == {"surfaces", "points", "lines", "roads", "paths", "railways",
                           "facilities", "play_spots", "stops", "unmapped", "about"}  # fmt: skip
    assert {code(out, name) for name in ("surfaces", "roads", "stops")} == {"28992"}
    surfaces = rows(out, "surfaces")
    found = {r["function"] for r in surfaces}
    assert found == {"dwelling", "education", "other_building", "grass", "play", "square"}
    (home,) = [r for r in surfaces if r["function"] == "dwelling"]
    # 1 cm in a coordinate is at most 0.01 x half the outline of 60 m = 0.3 m2
    assert home["shape"].GetArea() == pytest.approx(200.0, abs=0.3)
    assert home["shape"].Centroid().GetX() == pytest.approx(X + 5, abs=0.02)
    assert home["shape"].Centroid().GetY() == pytest.approx(Y + 10, abs=0.02)
    assert home["floors"] == 3 and home["height"] == pytest.approx(30 * 0.3048)
    assert home["existing"] == 1
    (grass,) = [r for r in surfaces if r["function"] == "grass"]
    assert grass["shape"].GetArea() == pytest.approx(5000.0, abs=1.5)
    tree, lamp = sorted(rows(out, "points"), key=lambda r: r["function"], reverse=True)
    assert (tree["function"], tree["height"], tree["canopy_diameter"]) == ("tree", 12.5, 6.0)
    assert lamp["function"] == "luminaire"
    (barrier,) = rows(out, "lines")
    assert (barrier["function"], barrier["height"]) == ("noise_barrier", 4.0)
    assert outcome.count["dwelling"] == 1 and outcome.others["roads"] == 3


def test_roles_of_a_village(village: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    osm.run(asked(village, out))
    roads = {r["source_id"]: r for r in rows(out, "roads")}
    assert {r["kind"] for r in roads.values()} == {"residential", "primary"}
    (street,) = [r for r in roads.values() if r["name"] == "Dorpsstraat"]
    assert street["speed"] == 50 and street["surface"] == "bricks"
    assert street["shape"].Length() == pytest.approx(100.0, abs=0.02)
    (loop,) = [r for r in roads.values() if r["speed"] == 48.3]  # 30 x 1.609 = 48.28
    assert loop["shape"].Length() == pytest.approx(200.0, abs=0.05)
    (fast,) = [r for r in roads.values() if r["kind"] == "primary"]
    assert fast["speed"] is None and "owner" not in fast
    assert [r["kind"] for r in rows(out, "paths")] == ["footway"]
    assert [r["speed"] for r in rows(out, "railways")] == [140]
    assert {(r["kind"], r["name"]) for r in rows(out, "facilities")} == {
        ("bakery", 'De "Oven" \\ co'), ("school", "De Brink")}  # fmt: skip
    (play,) = rows(out, "play_spots")
    assert play["kind"] == "playground"
    assert play["shape"].GetX() == pytest.approx(X + 130, abs=10)
    (stop,) = rows(out, "stops")
    assert (stop["mode"], stop["name"]) == ("bus", "Kerk") and "freq" not in stop


def test_what_is_unknown_is_listed(village: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    outcome = osm.run(asked(village, out))
    listed = {(field, value): n for (_layer, field, value), n in unmapped(out).items()}
    assert listed == {("building", "folly"): 1, ("landuse", "asteroid_mine"): 1,
                      ("maxspeed", "heel hard"): 1, ("amenity", "space_port"): 1,
                      ("qqq", "zzz"): 1}  # fmt: skip
    reasons = {reason: n for (_layer, reason), n in outcome.left_out.items()}
    assert reasons["level"] == 1  # the culvert
    assert reasons["no_surface"] == 1  # the bench
    assert {n.key.rpartition(".")[2] for n in outcome.notes} == {
        "osm_roads", "osm_stops", "osm_no_ground"}  # fmt: skip


def test_roads_as_surfaces(village: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    outcome = osm.run(asked(village, out, options={"road_surfaces": True}))
    roads = [r for r in rows(out, "surfaces") if r["function"] == "road"]
    assert len(roads) == 3
    (street,) = [r for r in roads if r["name"] == "Dorpsstraat"]
    # 100 m x 5 m and two half circles of 16 sides: 500 + 8 x 2.5^2 sin(22.5 degrees) = 519.1
    assert street["shape"].GetArea() == pytest.approx(519.1, abs=0.2)
    note = next(n for n in outcome.notes if n.key.endswith("osm_widths"))
    assert note.params["count"] == 4  # three roads, one footway: none says its width


def test_outside_the_country_the_zone_of_utm(tmp_path: Path) -> None:
    # Berlin lies at 13.4 degrees east: zone 33 (12-18 degrees)
    x, y = 391000.0, 5820000.0
    square = [(x, y), (x + 100, y), (x + 100, y + 100), (x, y + 100), (x, y)]
    path = xml(tmp_path / "b.osm", [], [(square, {"landuse": "grass"})], 32633)
    out = tmp_path / "out.gpkg"
    osm.run(asked(path, out))
    assert code(out, "surfaces") == "32633"
    assert rows(out, "surfaces")[0]["shape"].GetArea() == pytest.approx(10_000, abs=3)


def test_a_known_place_stands_where_it_is(tmp_path: Path) -> None:
    """Amersfoort, the origin of the national plane: 52.15517 N, 5.38721 E = 155000, 463000."""
    path = tmp_path / "a.osm"
    path.write_text('<osm version="0.6"><node id="1" lat="52.1551729" lon="5.3872037">'
                    '<tag k="natural" v="tree"/></node></osm>', encoding="utf-8")  # fmt: skip
    osm.run(asked(path, tmp_path / "out.gpkg"))
    shape = rows(tmp_path / "out.gpkg", "points")[0]["shape"]
    assert shape.GetX() == pytest.approx(155000, abs=0.5)
    assert shape.GetY() == pytest.approx(463000, abs=0.5)


def test_only_the_area(village: Path, tmp_path: Path) -> None:
    area = ogr.CreateGeometryFromWkt(
        f"POLYGON(({X - 5} {Y - 5},{X + 15} {Y - 5},{X + 15} {Y + 25},{X - 5} {Y + 25},"
        f"{X - 5} {Y - 5}))")  # fmt: skip
    plane = osr.SpatialReference()
    plane.ImportFromEPSG(28992)
    area.AssignSpatialReference(plane)
    out = tmp_path / "out.gpkg"
    osm.run(asked(village, out, area=area))
    assert [r["function"] for r in rows(out, "surfaces")] == ["dwelling"]
    assert rows(out, "roads") == []


# ---------------------------------------------------------------------- GeoPackages
def geopackage(path: Path, tables: dict[str, list[tuple[str, dict[str, Any]]]]) -> Path:
    """Layers in degrees; WKT in metres of the national plane."""
    world, plane = osr.SpatialReference(), osr.SpatialReference()
    world.ImportFromEPSG(4326)
    plane.ImportFromEPSG(28992)
    for one in (world, plane):
        one.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    turn = osr.CoordinateTransformation(plane, world)
    data = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    for name, features in tables.items():
        layer = data.CreateLayer(name, world, ogr.wkbUnknown)
        for column in features[0][1]:
            layer.CreateField(ogr.FieldDefn(column, ogr.OFTString))
        for wkt, values in features:
            feature = ogr.Feature(layer.GetLayerDefn())
            shape = ogr.CreateGeometryFromWkt(wkt)
            shape.Transform(turn)
            feature.SetGeometry(shape)
            for key, value in values.items():
                feature.SetField(key, value)
            layer.CreateFeature(feature)
    data.ExecuteSQL("CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT)")
    del layer, data
    return path


def square(x: float, y: float, side: float = 10) -> str:
    points = ",".join(f"{a} {b}" for a, b in ring(x, y, side, side))
    return f"POLYGON(({points}))"


def test_extracts_of_geofabrik(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "g.gpkg", {
        "gis_osm_landuse_a_free": [(square(0, 0), {"osm_id": "1", "fclass": "park"}),
                                   (square(20, 0), {"osm_id": "2", "fclass": "forest"}),
                                   (square(40, 0), {"osm_id": "3", "fclass": "lava"})],
        "gis_osm_buildings_a_free": [
            (square(60, 0), {"osm_id": "4", "fclass": "building", "type": "house"}),
            (square(80, 0), {"osm_id": "5", "fclass": "building", "type": ""})],
        "gis_osm_roads_free": [
            (f"LINESTRING({X} {Y},{X + 50} {Y})",
             {"osm_id": "6", "fclass": "tertiary", "maxspeed": "0", "tunnel": "F"}),
            (f"LINESTRING({X} {Y},{X + 50} {Y + 50})",
             {"osm_id": "7", "fclass": "tertiary", "maxspeed": "60", "tunnel": "T"})],
        "gis_osm_pois_a_free": [(square(60, 0), {"osm_id": "4", "fclass": "supermarket"})],
        "gis_osm_transport_free": [(f"POINT({X} {Y})", {"osm_id": "8", "fclass": "tram_stop"})],
    })  # fmt: skip
    out = tmp_path / "out.gpkg"
    outcome = osm.run(asked(path, out))
    assert sorted(r["function"] for r in rows(out, "surfaces")) == [
        "dwelling", "grass", "other_building", "wood"]  # fmt: skip
    (road,) = rows(out, "roads")
    assert road["source_id"] == "6" and road.get("speed") is None
    assert [r["kind"] for r in rows(out, "facilities")] == ["supermarket"]
    assert [r["mode"] for r in rows(out, "stops")] == ["tram"]
    assert unmapped(out) == {("gis_osm_landuse_a_free", "landuse", "lava"): 1}
    assert outcome.left_out["gis_osm_roads_free", "level"] == 1


def test_layers_of_quickosm_and_of_ogr2ogr(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "q.gpkg", {
        "quick": [(square(0, 0), {"full_id": "w1", "osm_type": "way", "building": "house",
                                  "building:levels": "2"})],
        "multipolygons": [(square(20, 0), {"osm_way_id": "9", "building": "",
                                           "other_tags": '"landuse"=>"allotments"'}),
                          # the same object once more
                          (square(0, 0), {"osm_way_id": "1", "building": "house",
                                          "other_tags": '"building:levels"=>"2"'})],
    })  # fmt: skip
    out = tmp_path / "out.gpkg"
    outcome = osm.run(asked(path, out))
    assert sorted((r["function"], r["floors"]) for r in rows(out, "surfaces")) == [
        ("allotment", None), ("dwelling", 2.0)]  # fmt: skip
    assert outcome.left_out["multipolygons", "twice"] == 1


def test_zipped_shapefiles_of_geofabrik(tmp_path: Path) -> None:
    source = geopackage(tmp_path / "g.gpkg", {
        "gis_osm_landuse_a_free_1": [(square(0, 0), {"osm_id": "1", "fclass": "park"})],
        "gis_osm_natural_free_1": [(f"POINT({X} {Y})", {"osm_id": "2", "fclass": "tree"})],
    })  # fmt: skip
    data = ogr.Open(str(source))
    driver = ogr.GetDriverByName("ESRI Shapefile")
    for i in range(data.GetLayerCount()):
        layer = data.GetLayer(i)
        if layer.GetGeomType() != ogr.wkbNone:
            made = driver.CreateDataSource(str(tmp_path / f"{layer.GetName()}.shp"))
            made.CopyLayer(layer, layer.GetName())
            del made
    del layer, data
    with zipfile.ZipFile(tmp_path / "utrecht.shp.zip", "w") as packed:
        for path in tmp_path.glob("gis_*"):
            packed.write(path, path.name)
    out = tmp_path / "out.gpkg"
    osm.run(asked(tmp_path / "utrecht.shp.zip", out))
    assert [r["function"] for r in rows(out, "surfaces")] == ["grass"]
    assert [r["function"] for r in rows(out, "points")] == ["tree"]
    (tmp_path / "half.zip").write_bytes((tmp_path / "utrecht.shp.zip").read_bytes()[:-60])
    refused("zip_half", osm.run, asked(tmp_path / "half.zip", out))


# ---------------------------------------------------------------------- words
@pytest.mark.parametrize("word, metres", [
    ("12", 12), ("12.5 m", 12.5), ("12,5", 12.5), ("40'", 12.192), ("7'4\"", 2.2352),
    ("40 ft", 12.192), ("0", None), ("hoog", None), ("-3", None),
])  # fmt: skip
def test_lengths(word: str, metres: float | None) -> None:
    found = to_metres(word)
    assert found is None if metres is None else found == pytest.approx(metres)


@pytest.mark.parametrize("word, speed, understood", [
    ("50", 50, True), ("30 mph", 48.3, True), ("NL:urban", 50, True), ("NL:zone30", 30, True),
    ("DE:zone:30", 30, True), ("50;30", 50, True), ("none", None, True), ("snel", None, False),
    ("0", None, False), ("9999", None, False),
])  # fmt: skip
def test_speeds(word: str, speed: float | None, understood: bool) -> None:
    assert Rules(None).speed(word) == (speed, understood)


def test_tags_in_one_field() -> None:
    assert hstore(r'"name"=>"a \"b\" \\ c","x"=>"","n"=>NULL') == {
        "name": 'a "b" \\ c', "x": "", "n": ""}  # fmt: skip
    assert hstore(None) == {}


def test_every_kind_of_the_mapping_is_known_to_the_models() -> None:
    """A facility or a road surface that the models do not know would never count."""
    from dgo_twin_plugin.engine import resources_path
    from dgo_twin_plugin.engine.yaml_lines import read_yaml

    models = resources_path.profiles() / "models"
    access = read_yaml(models / "access.yml").plain()
    known = {w for many in access["services_access"]["kinds"].values() for w in many}
    rules = Rules(None)
    facilities = next(b for b in rules.blocks if b.name == "facilities")
    assert facilities.terms and set(facilities.terms.values()) <= known
    noise = read_yaml(models / "road_noise.yml").plain()["surfaces"]
    words = {w for one in noise.values() for w in one["aliases"]}
    assert {w for w in rules.surfaces.values() if w} <= words


# ---------------------------------------------------------------------- bad input
def test_bad_files(tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"

    def made(name: str, data: bytes) -> Path:
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    refused("empty_file", osm.run, asked(made("a.osm", b""), out))
    refused("html", osm.run, asked(made("b.osm", b"<!DOCTYPE html><html>no</html>"), out))
    bomb = b'<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaa">]><osm>&a;</osm>'
    refused("xml_dtd", osm.run, asked(made("c.osm", bomb), out))
    refused("osm_not", osm.run, asked(made("d.osm", b"<gpx></gpx>"), out))
    refused("nothing", osm.run, asked(made("e.osm", b'<osm version="0.6"></osm>'), out))
    other = geopackage(tmp_path / "f.gpkg", {"kadaster": [(square(0, 0), {"perceel": "1"})]})
    refused("osm_not", osm.run, asked(other, out))
    refused("not_found", osm.run, asked(tmp_path / "g.osm", out))


@pytest.mark.parametrize("kind", ["xml", "pbf"])
def test_half_a_file(kind: str, tmp_path: Path) -> None:
    whole = (xml if kind == "xml" else pbf)(tmp_path / f"w.{'osm' if kind == 'xml' else 'pbf'}",
                                            NODES, WAYS)  # fmt: skip
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) * 3 // 4])
    refused("osm_half", osm.run, asked(whole, tmp_path / "out.gpkg"))


def test_too_many_and_cancelled(village: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    refused("too_many", osm.run, asked(village, out, max_features=3))
    os.remove(out)
    calls = 0

    def tick() -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        osm.run(asked(village, out, tick=tick))
    assert {p.name for p in tmp_path.iterdir()} == {village.name}


def test_a_mapping_that_does_not_hold(village: Path, tmp_path: Path) -> None:
    own, out = tmp_path / "own.yml", tmp_path / "out.gpkg"
    block = ("plane: 'EPSG:28992'\nareas: [building]\n"
             "blocks:\n  b: {role: surfaces, geometry: polygon, field: [building]")  # fmt: skip
    own.write_text(block + ", terms: {apartments: castle}}\n", encoding="utf-8")
    said = refused("mapping_function", osm.run, asked(village, out, mapping=str(own)))
    assert "castle" in said
    own.write_text(block + ", colour: red}\n", encoding="utf-8")
    said = refused("mapping_block", osm.run, asked(village, out, mapping=str(own)))
    assert "colour" in said
    own.write_text("plane: 'EPSG:28992'\n", encoding="utf-8")
    refused("mapping_key", osm.run, asked(village, out, mapping=str(own)))
    own.write_text(block + ", any: {building: retail}}\n", encoding="utf-8")
    osm.run(asked(village, out, mapping=str(own)))
    assert {r["function"] for r in rows(out, "surfaces")} == {"retail"}


def test_degrees_are_written_as_such() -> None:
    (lon, lat), = lonlat([(X, Y)])
    assert (lon, lat) == (pytest.approx(5.3872, abs=1e-4), pytest.approx(52.1552, abs=1e-4))
