"""dgo:importbag without QGIS. Expected numbers worked out by hand beside each case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr

from dgo_twin_plugin.importers import bag

from .bad import asked, refused
from .bgt_files import X, Y, point, polygon, rows, table, wkt
from .bgt_files import box as coordinates

USED = "Pand in gebruik"
LIVE = "Verblijfsobject in gebruik"


def building(name: str, x: float, status: str = USED, **more: Any) -> tuple[str, dict[str, Any]]:
    return wkt(x, 0), {"identificatie": name, "status": status, "bouwjaar": 1965, **more}


def home(name: str, x: float, house: str | None, use: str, area: int | None,
         status: str = LIVE) -> tuple[str, dict[str, Any]]:  # fmt: skip
    return f"POINT({X + x} {Y + 5})", {
        "identificatie": name, "pandidentificatie": house, "gebruiksdoel": use,
        "oppervlakte": area, "status": status}  # fmt: skip


def made(folder: Path, buildings: list[Any], objects: list[Any]) -> Path:
    path = folder / "bag.gpkg"
    table(path, "pand", buildings, ogr.wkbPolygon)
    if objects:
        table(path, "verblijfsobject", objects, ogr.wkbPoint)
    return path


def imported(folder: Path, buildings: list[Any], objects: list[Any]) -> dict[str, dict[str, Any]]:
    out = bag.run(asked(made(folder, buildings, objects), folder / "o.gpkg"))
    return {r["source_id"]: r for r in rows(out.path)}


def test_use_dwellings_floor_area_and_year(tmp_path: Path) -> None:
    found = imported(tmp_path, [
        building("0100", 0), building("0200", 20), building("0300", 40), building("0400", 60),
    ], [
        home("a", 5, "0100", "woonfunctie", 80), home("b", 5, "0100", "woonfunctie", 80),
        home("c", 5, "0100", "winkelfunctie", 40),
        home("d", 25, "0200", "kantoorfunctie", 300), home("e", 25, "0200", "woonfunctie", 100),
        home("f", 45, "0300", "woonfunctie", 120),
    ])  # fmt: skip
    flats, offices, house, shed = (found[k] for k in ("0100", "0200", "0300", "0400"))
    # 80 + 80 + 40 = 200 m2 usable / 0.8 = 250 m2 gross, of which 160 / 200 lived in
    assert flats["function"] == "dwelling" and flats["dwellings"] == 2.0
    assert flats["gfa"] == pytest.approx(250.0)
    assert flats["residential_share"] == pytest.approx(0.8)
    assert flats["dwelling_type"] == "apartment" and flats["year"] == 1965 and flats["existing"]
    # 300 of 400 m2 is office: 500 m2 gross, a quarter lived in
    assert offices["function"] == "office" and offices["gfa"] == pytest.approx(500.0)
    assert offices["residential_share"] == pytest.approx(0.25) and offices["dwellings"] == 1.0
    assert house["dwelling_type"] == "ground" and house["gfa"] == pytest.approx(150.0)
    # nothing is known of the fourth but that it stands there
    assert shed["function"] == "other_building" and shed["gfa"] is None
    assert shed["dwellings"] is None
    points = rows(tmp_path / "o.gpkg", "addresses")
    assert len(points) == 6 and {p["bag_id"] for p in points} == {"0100", "0200", "0300"}


def test_several_uses_and_several_buildings(tmp_path: Path) -> None:
    found = imported(tmp_path, [building("1", 0), building("2", 20)], [
        home("a", 5, "1,2", "woonfunctie,kantoorfunctie", 200)])  # fmt: skip
    # 100 m2 in each building, half of it lived in; one dwelling, in the first
    for name, dwellings in (("1", 1.0), ("2", 0.0)):
        assert found[name]["gfa"] == pytest.approx(125.0)
        assert found[name]["residential_share"] == pytest.approx(0.5)
        assert found[name]["dwellings"] == dwellings
    # of equal parts the use that stands first in the mapping
    assert found["1"]["function"] == "dwelling"


def test_what_is_not_there_now_stays_out(tmp_path: Path) -> None:
    path = made(tmp_path, [
        building("1", 0), building("2", 20, "Pand gesloopt"), building("3", 40, "Bouw gestart"),
        building("4", 60, "Verbouwing pand"), building("1", 0),
    ], [
        home("a", 5, "1", "woonfunctie", 90),
        home("b", 5, "1", "woonfunctie", 90, "Verblijfsobject ingetrokken"),
        home("c", 5, "9", "woonfunctie", 90),
    ])  # fmt: skip
    out = bag.run(asked(path, tmp_path / "o.gpkg"))
    assert [r["source_id"] for r in rows(out.path)] == ["1", "4"]
    assert rows(out.path)[0]["dwellings"] == 1.0
    assert dict(out.left_out) == {("pand", "status"): 2, ("pand", "twice"): 1,
                                  ("verblijfsobject", "status"): 1,
                                  ("verblijfsobject", "no_building"): 1}  # fmt: skip


def test_area_that_the_register_does_not_know(tmp_path: Path) -> None:
    path = made(tmp_path, [building("1", 0)], [
        home("a", 5, "1", "woonfunctie", 90),
        home("b", 5, "1", "woonfunctie", 999_999)])  # fmt: skip
    out = bag.run(asked(path, tmp_path / "o.gpkg"))
    row = rows(out.path)[0]
    # a part is unknown, so the whole is: no floor area, but two dwellings
    assert "gfa" not in row and row["dwellings"] == 2.0
    assert out.unmapped["verblijfsobject", "oppervlakte", "999999"] == 1


def test_unknown_use_is_listed(tmp_path: Path) -> None:
    path = made(tmp_path, [building("1", 0)], [home("a", 5, "1", "zweeffunctie", 90)])
    out = bag.run(asked(path, tmp_path / "o.gpkg"))
    assert out.unmapped["verblijfsobject", "gebruiksdoel", "zweeffunctie"] == 1
    assert rows(out.path)[0]["function"] == "other_building"
    assert [r["value"] for r in rows(out.path, "unmapped")] == ["zweeffunctie"]


def test_buildings_alone_as_the_service_gives_them(tmp_path: Path) -> None:
    found = imported(tmp_path, [
        building("1", 0, gebruiksdoel="woonfunctie", aantal_verblijfsobjecten=12),
        building("2", 20, gebruiksdoel="winkelfunctie,woonfunctie", aantal_verblijfsobjecten=3),
        building("3", 40, gebruiksdoel="industriefunctie", aantal_verblijfsobjecten=1),
    ], [])  # fmt: skip
    assert found["1"]["dwellings"] == 12.0 and found["1"]["dwelling_type"] == "apartment"
    # how many of the three are dwellings nobody says
    assert found["2"]["function"] == "dwelling" and found["2"]["dwellings"] is None
    assert found["3"]["function"] == "industry" and found["3"]["dwellings"] is None


def test_objects_without_a_building_go_by_their_place(tmp_path: Path) -> None:
    path = made(tmp_path, [building("0", 0, "Pand gesloopt"), building("1", 0),
                           building("2", 20)], [
        home("a", 25, None, "kantoorfunctie", 80),
        home("b", 500, None, "kantoorfunctie", 80)])  # fmt: skip
    table(path, "plekken", [(f"POINT({X + 3} {Y + 3})", {"postcode": "1", "huisnummer": "7"}),
                            (f"POINT({X + 4} {Y + 3})", {"postcode": "1", "huisnummer": "9"})],
          ogr.wkbPoint)  # fmt: skip
    out = bag.run(asked(path, tmp_path / "o.gpkg"))
    found = {r["source_id"]: r for r in rows(out.path)}
    assert found["2"]["function"] == "office" and found["2"]["gfa"] == pytest.approx(100.0)
    # a bare address says that people come here, not what for
    assert found["1"]["addresses"] == 2 and found["1"]["function"] == "other_building"
    assert found["2"]["addresses"] is None
    assert out.others["addresses"] == 4


def test_gml_of_the_web_service(tmp_path: Path) -> None:
    def member(tag: str, body: str) -> str:
        return f'<wfs:member><bag:{tag} gml:id="{tag}.1">{body}</bag:{tag}></wfs:member>'

    named = '<gml:Polygon srsName="urn:ogc:def:crs:EPSG::28992">'
    shape = polygon(coordinates(0, 0)).replace("<gml:Polygon>", named)
    text = (
        '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" '
        'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:bag="http://bag.geonovum.nl">'
        + member("verblijfsobject",
                 "<bag:identificatie>a</bag:identificatie><bag:oppervlakte>64</bag:oppervlakte>"
                 f"<bag:status>{LIVE}</bag:status><bag:gebruiksdoel>woonfunctie</bag:gebruiksdoel>"
                 "<bag:gebruiksdoel>winkelfunctie</bag:gebruiksdoel>"
                 "<bag:pandidentificatie>0100</bag:pandidentificatie>"
                 f"<bag:geom>{point(5, 5)}</bag:geom>")
        + member("pand",
                 "<bag:identificatie>0100</bag:identificatie><bag:bouwjaar>1930</bag:bouwjaar>"
                 f"<bag:status>{USED}</bag:status><bag:geom>{shape}</bag:geom>")
        + "</wfs:FeatureCollection>")  # fmt: skip
    (tmp_path / "w.gml").write_text(text, encoding="utf-8")
    out = bag.run(asked(tmp_path / "w.gml", tmp_path / "o.gpkg"))
    (row,) = rows(out.path)
    # 64 / 0.8 = 80 m2, half lived in
    assert row["gfa"] == pytest.approx(80.0) and row["residential_share"] == pytest.approx(0.5)
    assert row["year"] == 1930 and row["m2"] == 100.0 and row["dwellings"] == 1.0


def test_a_rate_of_your_own(tmp_path: Path) -> None:
    from dgo_twin_plugin.engine import resources_path

    shipped = (resources_path.profiles() / "mappings" / "bag.yml").read_text(encoding="utf-8")
    path = made(tmp_path, [building("1", 0)], [home("a", 5, "1", "woonfunctie", 90)])
    mine = tmp_path / "mine.yml"
    mine.write_text(shipped.replace("usable_share: 0.8", "usable_share: 0.75"), encoding="utf-8")
    out = bag.run(asked(path, tmp_path / "o.gpkg", mapping=str(mine)))
    assert rows(out.path)[0]["gfa"] == pytest.approx(120.0)
    assert ("usable_share", "0.75") in [(r["key"], r["value"]) for r in
                                        _table(out.path, "about")]  # fmt: skip
    mine.write_text(shipped.replace("usable_share: 0.8", "usable_share: 0"), encoding="utf-8")
    refused("rate", bag.run, asked(path, tmp_path / "o.gpkg", mapping=str(mine)))


def _table(path: Path, name: str) -> list[dict[str, Any]]:
    data = ogr.Open(str(path))
    return [feature.items() for feature in data.GetLayer(name)]


def test_nothing_of_use(tmp_path: Path) -> None:
    path = table(tmp_path / "x.gpkg", "wegen", [(wkt(0, 0), {"naam": "a"})])
    refused("nothing", bag.run, asked(path, tmp_path / "o.gpkg"))
