"""Zoning plans: plots, buildings that a plan allows, capacity; and what is wrong with plans."""

from __future__ import annotations

import math
import random
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.texts import text
from dgo_twin_plugin.engine.words import Cancelled, DgoError
from dgo_twin_plugin.importers import imro
from dgo_twin_plugin.importers._package import Outcome, Request
from dgo_twin_plugin.importers._plan_terms import ABSENT, Terms

from . import imro_plans as p


def imported(folder: Path, source: Path, **more: Any) -> Outcome:
    return imro.run(Request([str(source)], folder / "out.gpkg", **more))


def sql(outcome: Outcome, query: str) -> list[tuple]:
    with sqlite3.connect(outcome.path) as connection:
        return connection.execute(query).fetchall()


def said(outcome: Outcome) -> set[str]:
    return {n.key.rpartition(".")[2] for n in outcome.notes}


def refused(folder: Path, source: Path, **more: Any) -> str:
    """Key of the sentence; nothing may be left behind."""
    before = sorted(f.name for f in folder.iterdir())
    with pytest.raises(DgoError) as found:
        imported(folder, source, **more)
    assert sorted(f.name for f in folder.iterdir()) == before
    for lang in ("nl", "en"):
        assert text(found.value.message, lang) != found.value.message.key
    return found.value.message.key


# --- the plan of imro_plans.plan(), by hand -------------------------------------------------------
# Envelope 1, 40 x 50 = 2,000 m2 in Wonen: storeys 4 on one half and 2 on the other = 3; 50 % may be
# built: floor 2,000 x 0.5 x 3 = 3,000 m2; / 110 = 27.27 dwellings.
# Envelope 2, 30 x 20 = 600 m2, 200 in Wonen and 400 in Gemengd: eaves 6 m = 2 storeys of 3 m, half
# of the storey below the roof (9 m) = 2.5: floor 500 and 1,000 m2, the latter half lived in: 500.
# Envelopes 2,600; x storeys 6,000 + 1,500 = 7,500; built 1,000 + 600 = 1,600; floor 4,500 m2.
WHOLE = {"plot_m2": 10_000, "envelope_m2": 2_600, "floor_m2": 7_500, "built_m2": 1_600,
         "gfa_m2": 4_500, "dwellings": 4_000 / 110, "gsi_envelope": 0.26, "fsi_envelope": 0.75,
         "gsi": 0.16, "fsi": 0.45, "unknown_m2": 0}  # fmt: skip


@pytest.mark.parametrize("year", [2006, 2008, 2012])
def test_capacity_in_three_dialects(tmp_path: Path, year: int) -> None:
    made = imported(tmp_path, p.save(tmp_path, p.plan(), year=year))
    names = list(WHOLE)
    (row,) = sql(made, f"SELECT {', '.join(names)} FROM capacity WHERE use IS NULL")
    assert dict(zip(names, row)) == pytest.approx(WHOLE, abs=1e-3)
    (source,) = sql(made, "SELECT value FROM about WHERE key = 'source'")
    assert source == (f"IMRO IMRO{year}",)
    assert not made.unmapped and not made.left_out


def test_buildings_and_plots(tmp_path: Path) -> None:
    made = imported(tmp_path, p.save(tmp_path, p.plan()))
    assert dict(made.count) == {"yard": 2, "water": 1, "dwelling": 3}
    assert dict(made.by_layer) == pytest.approx({"Enkelbestemming": 10_000, "Bouwvlak": 2_600})
    rows = sql(made, "SELECT floors, height, gfa, coverage, residential_share, dwellings, existing "
                     "FROM surfaces WHERE function = 'dwelling' ORDER BY gfa DESC")  # fmt: skip
    assert rows == [
        (pytest.approx(3), None, pytest.approx(3_000), pytest.approx(0.5), None, None, 0),
        (pytest.approx(2.5), pytest.approx(9), pytest.approx(1_000), 1.0, 0.5, None, 0),
        (pytest.approx(2.5), pytest.approx(9), pytest.approx(500), 1.0, None, None, 0),
    ]
    doubles = sql(made, "SELECT name, role FROM designations WHERE object = 'dubbelbestemming'")
    assert doubles == [("Waarde - Archeologie - 2", "")]
    data = ogr.Open(str(made.path))
    layer = data.GetLayerByName("surfaces")
    assert layer.GetSpatialRef().GetAuthorityCode(None) == "28992"


def test_without_the_coverage_percentage(tmp_path: Path) -> None:
    made = imported(tmp_path, p.save(tmp_path, p.plan()), options={"coverage": False})
    assert sql(made, "SELECT gfa_m2, fsi FROM capacity WHERE use IS NULL") == [
        pytest.approx((7_500, 0.75))
    ]


def test_given_dwellings_belong_to_their_area(tmp_path: Path) -> None:
    """12 dwellings on both envelopes (2,000 and 600 m2, of which 200 + 400): shared by ground."""
    plan = p.plan()
    both = p.box(0, 0, 90, 100)
    plan.append(("Maatvoering", "m", both, {"values": [("maximum aantal wooneenheden", "13")]}))
    made = imported(tmp_path, p.save(tmp_path, plan))
    rows = sql(made, "SELECT dwellings FROM surfaces WHERE function = 'dwelling' ORDER BY gfa DESC")
    assert [r[0] for r in rows] == pytest.approx([10, 2, 1])  # 13 over 2,000 : 400 : 200
    assert sql(made, "SELECT dwellings FROM capacity WHERE use IS NULL") == [(pytest.approx(13),)]


def test_storeys_from_metres(tmp_path: Path) -> None:
    """12 m of office at 3.5 m per storey = 3 storeys."""
    plan: list[p.Object] = [
        ("Bestemmingsplangebied", "P", p.box(0, 0, 50, 50), {}),
        ("Enkelbestemming", "Kantoor", p.box(0, 0, 50, 50), {"group": "kantoor"}),
        ("Bouwvlak", "bouwvlak", p.box(0, 0, 20, 20), {}),
        ("Maatvoering", "m", p.box(0, 0, 20, 20), {"values": [(p.HEIGHT, "12")]}),
    ]
    made = imported(tmp_path, p.save(tmp_path, plan))
    assert sql(made, "SELECT function, floors, height, gfa FROM surfaces WHERE gfa > 0") == [
        ("office", 3.0, 12.0, pytest.approx(1_200))
    ]


def test_designation_of_purpose_decides_where_the_use_leaves_it_open(tmp_path: Path) -> None:
    plan: list[p.Object] = [
        ("Enkelbestemming", "Maatschappelijk", p.box(0, 0, 50, 50), {"group": "maatschappelijk"}),
        ("Enkelbestemming", "Kantoor", p.box(50, 0, 100, 50), {"group": "kantoor"}),
        ("Bouwvlak", "bouwvlak", p.box(0, 0, 20, 20), {}),
        ("Bouwvlak", "bouwvlak", p.box(60, 0, 80, 20), {}),
        ("Functieaanduiding", "zorginstelling", p.box(0, 0, 20, 15), {}),
        ("Functieaanduiding", "zorginstelling", p.box(60, 0, 80, 20), {}),
    ]
    made = imported(tmp_path, p.save(tmp_path, plan))
    assert dict(made.count) == {"yard": 2, "care": 1, "office": 1}
    assert "no_dimensions" in said(made)


def test_zones_become_layers_of_their_role(tmp_path: Path) -> None:
    plan = p.plan()
    plan.append(("Gebiedsaanduiding", "milieuzone - grondwaterbeschermingsgebied",
                 p.box(0, 0, 10, 10), {}))  # fmt: skip
    plan.append(("Gebiedsaanduiding", "geheime zone", p.box(0, 0, 10, 10), {}))
    made = imported(tmp_path, p.save(tmp_path, plan))
    assert sql(made, "SELECT kind, name FROM drinking_water") == [
        ("protection", "milieuzone - grondwaterbeschermingsgebied")
    ]
    assert made.unmapped == {("Gebiedsaanduiding", "naam", "geheime zone"): 1}
    assert len(sql(made, "SELECT 1 FROM designations WHERE object = 'gebiedsaanduiding'")) == 2
    assert sql(made, "SELECT layer, value, count FROM unmapped") == [
        ("Gebiedsaanduiding", "geheime zone", 1)
    ]


def test_arc_is_measured_as_an_arc(tmp_path: Path) -> None:
    """Half a disc of radius 40 m: pi 40^2 / 2 = 2,513.27 m2, chords of 4 degrees lose 0.08 %."""
    plan: list[p.Object] = [
        ("Enkelbestemming", "Groen", p.half_disc(50, 0, 40), {"group": "groen"})
    ]
    made = imported(tmp_path, p.save(tmp_path, plan))
    true = math.pi * 800
    assert made.area["grass"] < true
    assert made.area["grass"] == pytest.approx(true, rel=1e-3)


def test_zip_and_area_asked_for(tmp_path: Path) -> None:
    plan = p.save(tmp_path, p.plan())
    packed = tmp_path / "plan.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plan, "NL.IMRO.gml")
        archive.writestr("regels.html", "<html></html>")
    made = imported(tmp_path, packed)
    assert made.area["yard"] == pytest.approx(9_000)
    area = ogr.CreateGeometryFromWkt(
        f"POLYGON(({p.X + 95} {p.Y},{p.X + 99} {p.Y},{p.X + 99} {p.Y + 9},{p.X + 95} {p.Y}))"
    )
    made = imported(tmp_path, packed, area=area)
    assert dict(made.count) == {"water": 1}
    away = ogr.CreateGeometryFromWkt("POLYGON((0 0,1 0,1 1,0 0))")
    assert refused(tmp_path, packed, area=away) == "errors.import.plan.none_in_area"


# --- unknown words -------------------------------------------------------------------------------
def test_unknown_words_are_listed_and_keep_their_ground(tmp_path: Path) -> None:
    plan = p.plan()
    plan[3] = ("Enkelbestemming", "Ruimtehaven", p.box(90, 0, 100, 100), {"group": "heelal"})
    plan[9] = ("Maatvoering", "m", p.box(10, 10, 50, 60), {"values": [("grootste gewicht", "5")]})
    plan.append(("Sterrenvlak", "s", p.box(0, 0, 1, 1), {}))
    made = imported(tmp_path, p.save(tmp_path, plan))
    assert made.unmapped == {
        ("Enkelbestemming", "naam", "Ruimtehaven (heelal)"): 1,
        ("Maatvoering", "waardeType", "grootste gewicht"): 1,
        ("Sterrenvlak", "objecttype", "Sterrenvlak"): 1,
    }
    assert sum(made.area.values()) == pytest.approx(12_600)
    assert sql(made, "SELECT name FROM surfaces WHERE function IS NULL") == [("Ruimtehaven",)]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Gemengd - 2", "a"), ("GEMENGD", "a"), ("Verkeer - Verblijf", "b"), ("Verkeer-3", "b"),
        ("maatvoering; hoogte; maximum hoogte (m)", "c"), ("Woondoeleinden 3", "d"),
        ("Groen - Park - 4", "e"), ("Groen", ABSENT), ("", ABSENT),
    ],
)  # fmt: skip
def test_terms(word: str, found: Any) -> None:
    terms = Terms({"gemengd": "a", "Verkeer": "b", "maximum hoogte (m)": "c", "woondoel*": "d",
                   "groen - park": "e"})  # fmt: skip
    assert terms(word) is found or terms(word) == found


# --- bad plans ----------------------------------------------------------------------------------
def test_other_namespace_is_refused(tmp_path: Path) -> None:
    other = p.save(tmp_path, p.plan(), space="http://example.org/xplan/5/1")
    assert refused(tmp_path, other) == "errors.import.plan.namespace"


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n'
    path = p.save(tmp_path, p.plan(), head=bomb)
    assert refused(tmp_path, path) == "errors.import.xml_dtd"
    outside = '<!DOCTYPE x SYSTEM "file:///etc/passwd">\n'
    path = p.save(tmp_path, p.plan(), head=outside)
    assert refused(tmp_path, path) == "errors.import.xml_dtd"


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = p.save(tmp_path, p.plan())
    path.write_bytes(path.read_bytes()[:-500])
    assert refused(tmp_path, path) == "errors.import.xml_half"
    path.write_text("<html><body>Service unavailable</body></html>")
    assert refused(tmp_path, path) == "errors.import.html"
    path.write_text("geen kaart")
    assert refused(tmp_path, path) in ("errors.import.xml_broken", "errors.import.xml_encoding")


def test_a_plan_without_zoning_is_refused(tmp_path: Path) -> None:
    path = p.save(tmp_path, [("Structuurvisiecomplex", "S", p.box(0, 0, 9, 9), {})])
    assert refused(tmp_path, path) == "errors.import.plan.no_zoning"
    assert refused(tmp_path, p.save(tmp_path, [])) == "errors.import.plan.namespace"


def test_no_dimensions_no_envelopes(tmp_path: Path) -> None:
    plan = p.plan()
    made = imported(tmp_path, p.save(tmp_path, plan[:7]))
    assert "no_dimensions" in said(made)
    assert sql(made, "SELECT count(*) FROM surfaces WHERE function = 'dwelling'") == [(3,)]
    assert sql(made, "SELECT unknown_m2, gfa_m2 FROM capacity WHERE use IS NULL") == [
        (pytest.approx(2_600), None)
    ]
    made = imported(tmp_path, p.save(tmp_path, plan[:5]))
    assert "no_envelopes" in said(made) and "dwelling" not in made.count


def test_envelope_outside_plan_and_use(tmp_path: Path) -> None:
    plan = p.plan()
    plan[6] = ("Bouwvlak", "bouwvlak", p.box(95, 70, 125, 90), {})  # 100 m2 in, 500 m2 out
    made = imported(tmp_path, p.save(tmp_path, plan))
    notes = {n.key.rpartition(".")[2]: n.params for n in made.notes}
    assert notes["outside_plan"]["area"] == pytest.approx(500)
    assert notes["without_use"]["area"] == pytest.approx(500)
    assert made.by_layer["Bouwvlak"] == pytest.approx(2_600)
    assert made.area["other_building"] == pytest.approx(600)  # in water and outside every use


def test_zero_storeys(tmp_path: Path) -> None:
    plan = p.plan()
    plan[7] = ("Maatvoering", "m", p.box(10, 10, 30, 60), {"values": [(p.STOREYS, "0")]})
    plan[8] = ("Maatvoering", "m", p.box(30, 10, 50, 60), {"values": [(p.STOREYS, "veel")]})
    made = imported(tmp_path, p.save(tmp_path, plan))
    assert {"zero", "no_height"} <= said(made)
    assert made.unmapped == {
        ("Maatvoering", p.STOREYS, "0"): 1,
        ("Maatvoering", p.STOREYS, "veel"): 1,
    }
    homes = sql(made, "SELECT floors FROM surfaces WHERE function = 'dwelling' ORDER BY floors")
    assert [f for (f,) in homes] == [None, 2.5, 2.5]


def test_mixed_and_absent_geometry(tmp_path: Path) -> None:
    line = (f"<gml:LineString {p.SRS}><gml:posList>150000 450000 150009 450009</gml:posList>"
            "</gml:LineString>")  # fmt: skip
    plan = [*p.plan(), ("Bouwvlak", "lijn", line, {}), ("Bouwvlak", "niets", "", {}),
            ("Bouwvlak", "kapot", "<gml:Surface><gml:posList>a b</gml:posList></gml:Surface>", {}),
            ("Figuur", "gevellijn", line, {})]  # fmt: skip
    made = imported(tmp_path, p.save(tmp_path, plan))
    assert made.left_out == {("Bouwvlak", "geometry"): 3}
    assert sql(made, "SELECT name FROM figures") == [("gevellijn",)]
    assert made.by_layer["Bouwvlak"] == pytest.approx(2_600)


def test_crossed_envelope_is_measured_on_a_repaired_copy(tmp_path: Path) -> None:
    """A bow tie: two triangles of 100 m2 each."""
    points = [(10, 10), (30, 30), (30, 10), (10, 30), (10, 10)]
    tie = p.ring(" ".join(f"{p.X + x} {p.Y + y}" for x, y in points))
    plan = p.plan()
    plan[5] = ("Bouwvlak", "bouwvlak", tie, {})
    plan[6] = ("Bouwvlak", "bouwvlak", p.box(0, 0, 0.5, 0.5), {})
    made = imported(tmp_path, p.save(tmp_path, plan[:7]))
    assert "repaired" in said(made)
    assert sql(made, "SELECT envelope_m2 FROM capacity WHERE use IS NULL")[0][0] == pytest.approx(
        200.25
    )


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("layers: {enkelbestemming: {terms: {wonen: huisje}}}", "mapping_function"),
        ("dimensions: {maximum hoogte: omhoog}", "mapping_measure"),
        ("storey_height: {default: nul}", "mapping_number"),
        ("designations: {waarde: geen_rol}", "mapping_role"),
    ],
)
def test_bad_mapping(tmp_path: Path, change: str, key: str) -> None:
    plan, mapping = p.save(tmp_path, p.plan()), tmp_path / "eigen.yml"
    mapping.write_text(change + "\n", encoding="utf-8")
    assert refused(tmp_path, plan, mapping=str(mapping)) == f"errors.import.plan.{key}"


def test_own_mapping_replaces_the_shipped_one(tmp_path: Path) -> None:
    mapping = tmp_path / "eigen.yml"
    mapping.write_text(
        "id: eigen\nlayers:\n"
        "  enkelbestemming: {terms: {wonen: garden, gemengd: square, water: water}}\n"
        "  bouwvlak: {terms: {wonen: care, gemengd: retail}}\n", encoding="utf-8")  # fmt: skip
    made = imported(tmp_path, p.save(tmp_path, p.plan()), mapping=str(mapping))
    assert dict(made.count) == {"garden": 1, "square": 1, "water": 1, "care": 2, "retail": 1}
    assert sum(made.unmapped.values()) == 6  # five values of dimensions, one double use


def test_cancel_leaves_nothing(tmp_path: Path) -> None:
    def stop() -> None:
        raise Cancelled

    plan = p.save(tmp_path, p.plan())
    with pytest.raises(Cancelled):
        imported(tmp_path, plan, tick=stop)
    assert [f.name for f in tmp_path.iterdir()] == ["plan.gml"]


def test_too_many(tmp_path: Path) -> None:
    assert refused(tmp_path, p.save(tmp_path, p.plan()), max_features=5) == "errors.import.too_many"


def test_no_square_metre_of_an_envelope_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """Random envelopes over random uses that overlap each other and leave gaps."""
    dice = random.Random(11)

    def somewhere() -> str:
        x, y = dice.uniform(0, 80), dice.uniform(0, 80)
        return p.box(x, y, x + dice.uniform(5, 40), y + dice.uniform(5, 40))

    for _ in range(10):
        envelopes: list[p.Object] = [("Bouwvlak", "b", somewhere(), {}) for _ in range(8)]
        names = ["Wonen", "Kantoor", "Groen", "Water", "Gemengd"]
        uses: list[p.Object] = [("Enkelbestemming", dice.choice(names), somewhere(), {})
                                for _ in range(6)]  # fmt: skip
        made = imported(tmp_path, p.save(tmp_path, uses + envelopes))
        delivered = 0.0
        for _, _, gml, _ in envelopes:
            delivered += ogr.CreateGeometryFromGML(gml).Area()
        assert made.by_layer["Bouwvlak"] == pytest.approx(delivered, abs=1e-6)


def test_without_a_named_system_the_national_one_is_assumed_and_said(tmp_path: Path) -> None:
    path = p.save(tmp_path, p.plan())
    path.write_text(path.read_text(encoding="utf-8").replace(p.SRS, ""), encoding="utf-8")
    made = imported(tmp_path, path)
    assert "no_crs" in said(made)
    assert sql(made, "SELECT srs_id FROM gpkg_contents WHERE table_name = 'surfaces'") == [(28992,)]
