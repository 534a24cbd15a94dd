"""dgo:importbgt without QGIS."""

from __future__ import annotations

from pathlib import Path

import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.words import Cancelled
from dgo_twin_plugin.importers import bgt
from dgo_twin_plugin.importers._package import reference

from .bad import asked, refused, zipped
from .bgt_files import box, city, model, point, polygon, rows, table, wkt

ROAD = city("TrafficArea", "w1", polygon(box(0, 0)), space="transportation",
            function="rijbaan lokale weg")  # fmt: skip
GREEN = city("PlantCover", "g1", polygon(box(10, 0)), space="vegetation",
             plus__fysiekVoorkomen="heesters", **{"class": "groenvoorziening"})  # fmt: skip
YARD = city("OnbegroeidTerreindeel", "o1", polygon(box(20, 0)), bgt__fysiekVoorkomen="erf")
HOUSE = city("BuildingPart", "p1", polygon(box(30, 0)), space="building")
TREE = city("SolitaryVegetationObject", "t1", point(5, 5), space="vegetation", plus__type="boom")
POST = city("Paal", "l1", point(6, 5), plus__type="lichtmast")


def written(folder: Path, *members: str, name: str = "a.gml") -> Path:
    path = folder / name
    path.write_text(model(*members), encoding="utf-8")
    return path


def test_functions_from_hyphenated_attributes(tmp_path: Path) -> None:
    """The plus attribute decides (shrub), not the coarser class (grass): it was not lost."""
    path = zipped(tmp_path / "b.zip", bgt_all__gml=model(ROAD, GREEN, YARD, HOUSE, TREE, POST))
    out = bgt.run(asked(path, tmp_path / "o.gpkg"))
    found = {r["source_id"]: r for r in rows(out.path)}
    assert {i: r["function"] for i, r in found.items()} == {
        "w1": "road", "g1": "shrub", "o1": "yard", "p1": "other_building"}  # fmt: skip
    assert {r["function"] for r in rows(out.path, "points")} == {"tree", "luminaire"}
    assert all(r["m2"] == 100.0 and r["existing"] for r in found.values())
    assert found["w1"]["source_layer"] == "wegdeel"
    assert out.features == 6 and sum(out.area.values()) == pytest.approx(400.0)
    assert not out.unmapped and not rows(out.path, "unmapped")


def test_what_is_no_present_ground_stays_out_and_is_told(tmp_path: Path) -> None:
    old = city("TrafficArea", "w1", polygon(box(0, 0)), ended="2019-01-01", space="transportation",
               function="voetpad")  # fmt: skip
    above = city("TrafficArea", "w2", polygon(box(0, 0)), level=1, space="transportation",
                 function="voetpad")  # fmt: skip
    bridge = city("BridgeConstructionElement", "b", polygon(box(0, 0)), space="bridge")
    hedge = city("SolitaryVegetationObject", "t2", polygon(box(0, 0)), space="vegetation",
                 plus__type="haag")  # fmt: skip
    planned = ROAD.replace("bestaand", "plan").replace("w1", "w3")
    path = written(tmp_path, old, ROAD, ROAD, above, bridge, hedge, planned)
    out = bgt.run(asked(path, tmp_path / "o.gpkg"))
    assert [r["function"] for r in rows(out.path)] == ["road"]
    assert dict(out.left_out) == {
        ("wegdeel", "ended"): 1, ("wegdeel", "twice"): 1, ("wegdeel", "level"): 1,
        ("wegdeel", "status"): 1, ("overbruggingsdeel", "no_surface"): 1,
        ("vegetatieobject", "no_surface"): 1}  # fmt: skip
    every = bgt.run(asked(path, tmp_path / "o.gpkg", options={"ended": True, "all_levels": True}))
    # the ended version, the present one and the one above; the same once more stays out
    assert every.features == 3


def test_unknown_values_are_listed_and_their_ground_is_kept(tmp_path: Path) -> None:
    strange = city("TrafficArea", "w9", polygon(box(50, 0)), space="transportation",
                   function="zweefbaan")  # fmt: skip
    alien = city("Zweefobject", "z", polygon(box(60, 0)))
    out = bgt.run(asked(written(tmp_path, ROAD, strange, alien), tmp_path / "o.gpkg"))
    assert {r["source_id"]: r["function"] for r in rows(out.path)} == {"w1": "road", "w9": None}
    listed = {(r["layer"], r["value"]): r["count"] for r in rows(out.path, "unmapped")}
    assert listed == {
        ("wegdeel", "zweefbaan"): 1, ("Zweefobject", ""): 1}  # fmt: skip


def test_gml_light(tmp_path: Path) -> None:
    def light(tag: str, identity: str, xy: str, **values: str) -> str:
        own = "".join(f"<s:{n.replace('__', '-')}>{v}</s:{n.replace('__', '-')}>"
                      for n, v in values.items())  # fmt: skip
        return (f'<gml:featureMember><s:{tag} gml:id="b{identity}">'
                f"<s:identificatie.lokaalID>{identity}</s:identificatie.lokaalID>"
                f"<s:relatieveHoogteligging>0</s:relatieveHoogteligging>{own}"
                f"<s:geometrie2d>{polygon(xy)}</s:geometrie2d></s:{tag}>"
                "</gml:featureMember>")  # fmt: skip

    text = ('<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" '
            'xmlns:s="http://www.geostandaarden.nl/imgeo/2.1/simple/gml31">'
            + light("Wegdeel", "w", box(0, 0), bgt__functie="fietspad",
                    bgt__fysiekVoorkomen="gesloten verharding")
            + light("OndersteunendWegdeel", "o", box(10, 0), bgt__functie="berm",
                    bgt__fysiekVoorkomen="groenvoorziening")
            + light("BegroeidTerreindeel", "b", box(20, 0), bgt__fysiekVoorkomen="loofbos")
            + light("Waterdeel", "v", box(30, 0), bgt__type="greppel, droge sloot")
            + "</gml:FeatureCollection>")  # fmt: skip
    (tmp_path / "l.gml").write_text(text, encoding="utf-8")
    out = bgt.run(asked(tmp_path / "l.gml", tmp_path / "o.gpkg"))
    assert {r["source_id"]: r["function"] for r in rows(out.path)} == {
        "w": "cycleway", "o": "grass", "b": "wood", "v": "bank"}  # fmt: skip
    assert not out.unmapped


def plot(folder: Path, count: int = 1) -> Path:
    """A GeoPackage with so many roads, a house, an empty layer and a table without geometry."""
    path = folder / "b.gpkg"
    table(path, "bgt_wegdeel", [
        (wkt(0, 20.0 * k), {"lokaalID": f"w{k}", "function": "voetpad", "eindRegistratie": None,
                            "relatieveHoogteligging": 0}) for k in range(count)
    ] + [(wkt(0, 0), {"lokaalID": "w0", "function": "voetpad", "eindRegistratie": "2019",
                      "relatieveHoogteligging": 0})])  # fmt: skip
    table(path, "bgt_pand", [(wkt(30, 0), {"lokaalID": "p", "identificatieBAGPND": "0344100"})])
    table(path, "bgt_waterdeel", [])
    table(path, "bgt_lijst", [("", {"wat": "iets"})], ogr.wkbNone)
    return path


def test_geopackage_with_empty_layers_and_plain_tables(tmp_path: Path) -> None:
    out = bgt.run(asked(plot(tmp_path), tmp_path / "o.gpkg"))
    assert {r["source_id"]: r["function"] for r in rows(out.path)} == {
        "w0": "footway", "p": "other_building"}  # fmt: skip
    assert {r["bag_id"] for r in rows(out.path)} == {None, "0344100"}
    assert out.left_out["wegdeel", "ended"] == 1


def test_names_as_services_spell_them(tmp_path: Path) -> None:
    path = table(tmp_path / "s.gpkg", "bgt:wegdeel_vlak", [
        (wkt(0, 0), {"lokaal_id": "a", "functie": "voetpad", "eind_registratie": "2020",
                     "relatieve_hoogteligging": 0}),
        (wkt(0, 0), {"lokaal_id": "b", "functie": "voetpad", "relatieve_hoogteligging": 0}),
        (wkt(0, 0), {"lokaal_id": "c", "functie": "voetpad", "relatieve_hoogteligging": 1}),
    ])  # fmt: skip
    out = bgt.run(asked(path, tmp_path / "o.gpkg"))
    assert [r["source_id"] for r in rows(out.path)] == ["b"]


def test_geojson_of_the_web_service(tmp_path: Path) -> None:
    """Coordinates in degrees, dates as text; back in metres to a centimetre."""
    from osgeo import gdal

    source = table(tmp_path / "s.gpkg", "wegdeel", [
        (wkt(0, 0), {"lokaal_id": "a", "functie": "voetpad", "relatieve_hoogteligging": 0}),
        (wkt(0, 0), {"lokaal_id": "b", "functie": "voetpad", "relatieve_hoogteligging": 0,
                     "eind_registratie": "2020-01-01T00:00:00Z"}),
    ])  # fmt: skip
    gdal.VectorTranslate(str(tmp_path / "wegdeel.json"), str(source), format="GeoJSON",
                         layerCreationOptions=["COORDINATE_PRECISION=10"],
                         dstSRS="EPSG:4326")  # fmt: skip
    out = bgt.run(asked(tmp_path / "wegdeel.json", tmp_path / "o.gpkg"))
    (row,) = rows(out.path)
    assert row["source_id"] == "a" and row["m2"] == pytest.approx(100.0, abs=0.01)
    assert out.left_out["wegdeel", "ended"] == 1
    half = (tmp_path / "wegdeel.json").read_bytes()[:400]
    (tmp_path / "wegdeel.json").write_bytes(half)
    refused("unreadable", bgt.run, asked(tmp_path / "wegdeel.json", tmp_path / "o.gpkg"))


def test_mixed_geometry_in_one_layer(tmp_path: Path) -> None:
    """A wall as a polygon owns ground, as a line it does not; a curve is made straight."""
    path = table(tmp_path / "s.gpkg", "bgt_scheiding", [
        (wkt(0, 0, 10, 1), {"lokaalID": "a", "bgt_type": "muur"}),
        ("LINESTRING(155000 463000,155010 463000)", {"lokaalID": "b", "bgt_type": "hek"}),
        ("POINT(155000 463000)", {"lokaalID": "c", "bgt_type": "hek"}),
        ("GEOMETRYCOLLECTION(POINT(155000 463000))", {"lokaalID": "d", "bgt_type": "hek"}),
        ("", {"lokaalID": "e", "bgt_type": "hek"}),
        ("CURVEPOLYGON(CIRCULARSTRING(155020 463000,155030 463010,155020 463000))",
         {"lokaalID": "f", "bgt_type": "muur"}),
    ])  # fmt: skip
    out = bgt.run(asked(path, tmp_path / "o.gpkg"))
    found = {r["source_id"]: r["m2"] for r in rows(out.path)}
    # a circle through both ends of its diameter, sqrt(200): pi 50 less at most 0.1 %
    assert found["a"] == 10.0 and found["f"] == pytest.approx(157.08, rel=1e-3)
    assert set(found) == {"a", "f"}
    # a line and a point; a collection without a polygon and a row without any geometry
    assert out.left_out["scheiding", "kind"] == 2 and out.left_out["scheiding", "geometry"] == 2


def area(x: float, y: float, w: float, h: float, epsg: str = "EPSG:28992") -> ogr.Geometry:
    shape = ogr.CreateGeometryFromWkt(wkt(x, y, w, h))
    national = reference("EPSG:28992")
    shape.AssignSpatialReference(national)
    if epsg != "EPSG:28992":
        shape.TransformTo(reference(epsg))
    return shape


@pytest.mark.parametrize("epsg", ["EPSG:28992", "EPSG:4326"])
def test_only_what_meets_the_area(epsg: str, tmp_path: Path) -> None:
    # roads every 20 m upwards: 0-10, 20-30, 40-50; the area 25-45 meets the 2nd and the 3rd
    wanted = area(2, 25, 5, 20, epsg)
    out = bgt.run(asked(plot(tmp_path, 5), tmp_path / "o.gpkg", area=wanted))
    assert sorted(r["source_id"] for r in rows(out.path)) == ["w1", "w2"]
    assert out.left_out["wegdeel", "outside"] == 4 and all(r["m2"] == 100 for r in rows(out.path))
    gml = written(tmp_path, *(ROAD.replace("w1", f"w{k}").replace(box(0, 0), box(0, 20.0 * k))
                              for k in range(5)))  # fmt: skip
    same = bgt.run(asked(gml, tmp_path / "o.gpkg", area=wanted))
    assert sorted(r["source_id"] for r in rows(same.path)) == ["w1", "w2"]


def test_far_more_than_was_meant(tmp_path: Path) -> None:
    path = plot(tmp_path, 500)
    said = refused("too_many", bgt.run, asked(path, tmp_path / "o.gpkg", max_features=10))
    assert "10 objects" in said
    members = [ROAD.replace("w1", f"w{k}") for k in range(20)]
    refused("too_many", bgt.run,
            asked(written(tmp_path, *members), tmp_path / "o.gpkg", max_features=10))  # fmt: skip
    wanted = area(2, 25, 5, 20)
    assert bgt.run(asked(path, tmp_path / "o.gpkg", max_features=10, area=wanted)).features == 2


def test_bad_files_have_their_own_sentences(tmp_path: Path) -> None:
    out = tmp_path / "out" / "o.gpkg"
    out.parent.mkdir()

    def file(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    whole = model(ROAD, GREEN).encode()
    good = zipped(tmp_path / "g.zip", a__gml=whole).read_bytes()
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb">]>' + whole.split(b"?>", 1)[1]
    wrong = whole.replace(b"rijbaan lokale weg", "caf\u00e9".encode("latin-1"))
    cases = {
        "html": file("a.gml", b"<!DOCTYPE html><html>502 Bad Gateway</html>"),
        "zip_half": file("h.zip", good[: len(good) * 2 // 3]),
        "xml_half": file("h.gml", whole[: len(whole) * 2 // 3]),
        "xml_dtd": file("d.gml", bomb),
        "xml_encoding": file("e.gml", wrong),
        "zip_empty": zipped(tmp_path / "e.zip", readme__txt="hello"),
        "nothing": file("n.gml", model().encode()),
        "unreadable": file("u.gpkg", b"no database at all"),
        "not_found": tmp_path / "nowhere.gml",
        "empty_folder": tmp_path / "empty",
    }
    (tmp_path / "empty").mkdir()
    said = {key: refused(key, bgt.run, asked(path, out)) for key, path in cases.items()}
    assert len(set(said.values())) == len(cases)
    refused("zip_path", bgt.run, asked(_evil(tmp_path), out))
    assert not (tmp_path / "evil.gml").exists()
    half = tmp_path / "half.gpkg"
    half.write_bytes(plot(tmp_path, 200).read_bytes()[:60_000])
    refused("sqlite_half", bgt.run, asked(half, out))
    refused("same_file", bgt.run, asked(out, out))


def _evil(folder: Path) -> Path:
    import zipfile

    path = folder / "evil.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("../evil.gml", model(ROAD))
    return path


def test_cancel_leaves_nothing(tmp_path: Path) -> None:
    members = [ROAD.replace("w1", f"w{k}") for k in range(3_000)]
    path = written(tmp_path, *members)
    calls, stop = [0], [10**9]

    def tick() -> None:
        calls[0] += 1
        if calls[0] > stop[0]:
            raise Cancelled

    bgt.run(asked(path, tmp_path / "o.gpkg", tick=tick))
    whole = calls[0]
    assert whole > 4
    (tmp_path / "o.gpkg").unlink()
    for last in (0, 1, whole // 2, whole - 1):
        calls[0], stop[0] = 0, last
        with pytest.raises(Cancelled):
            bgt.run(asked(path, tmp_path / "o.gpkg", tick=tick))
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.gml"]


def test_progress_goes_up_to_one(tmp_path: Path) -> None:
    told: list[float] = []
    bgt.run(asked([written(tmp_path, ROAD), plot(tmp_path)], tmp_path / "o.gpkg",
                  progress=told.append))  # fmt: skip
    assert told == sorted(told) and told[-1] == 1.0


def test_a_mapping_of_your_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yml"
    mine.write_text(
        "layers:\n  TrafficArea:\n    field: function\n    terms:\n"
        "      rijbaan lokale weg: rail\n    geometry: polygon\n",
        encoding="utf-8",
    )
    out = bgt.run(asked(written(tmp_path, ROAD, YARD), tmp_path / "o.gpkg", mapping=str(mine)))
    assert [r["function"] for r in rows(out.path)] == ["rail"]
    assert out.unmapped["OnbegroeidTerreindeel", "", ""] == 1
    mine.write_text("terms: {a: road}\n", encoding="utf-8")
    refused("mapping", bgt.run,
            asked(written(tmp_path, ROAD), tmp_path / "o.gpkg", mapping=str(mine)))  # fmt: skip


def test_many_objects_cost_the_memory_of_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four times as many objects, hardly more memory: it streams."""
    import tracemalloc

    from dgo_twin_plugin.importers import _gml, _package, _sources

    monkeypatch.setattr(_gml, "BLOCK", 16_384)
    monkeypatch.setattr(_sources, "CHUNK", 200)
    monkeypatch.setattr(_package, "BATCH", 200)
    peaks = []
    for count in (1_000, 4_000):
        path = written(tmp_path, *(ROAD.replace("w1", f"w{k}") for k in range(count)))
        bgt.run(asked(path, tmp_path / "o.gpkg"))  # what is made once is made now
        tracemalloc.start()
        assert bgt.run(asked(path, tmp_path / "o.gpkg")).features == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # 3,000 more objects: some 100 bytes each to know doubles by, not their 1 kB of GML
    assert peaks[1] - peaks[0] < 3_000 * 200
