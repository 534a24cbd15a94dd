"""The twin file and the roles: read as in the public contract, refused with place and remedy."""

from __future__ import annotations

import datetime

import pytest

from dgo_twin_plugin.engine import texts
from dgo_twin_plugin.engine.roles import read_roles, role_label, roles
from dgo_twin_plugin.engine.twin import LayerEntry, Twin, dump, load_twin, merge, parse_twin
from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.engine.yaml_lines import SeveralProblems

# the example of the public contract (design 6), word for word
EXAMPLE = """\
design:     [{layer: ontwerp.gpkg|vlakken, function: functie, fields: {height: hoogte, dwellings: woningen}}, {layer: ontwerp.gpkg|bomen, functions: tree}]
functions:  {Woonblok: dwelling, Wadi: swale}        # own terms -> functions
area_types: {layer: gebiedstypen.gpkg|kaart, type: gebiedstype, types: {Groenstedelijk: GT04}, filter: "status = 'vastgesteld'"}
context:
  roads: {layer: wegen.gpkg|wegen, fields: {intensity: etmaal, medium: middel_pct, heavy: zwaar_pct, speed: snelheid, owner: beheerder}}
  no2:   {layer: no2_2025.tif, date: 2025, basis: indicative}
  current: [{layer: bgt.gpkg|bgt_pand, mapping: bgt, filter: "\\"eindRegistratie\\" IS NULL AND \\"relatieveHoogteligging\\" = 0"}]
profile:   utrecht-proposal-2026
ambitions: {all: {}, GT04: {traffic_noise: 48}, zone 2: {}}
weights:   {}
"""  # noqa: E501


def en(error) -> str:
    return texts.text(error.message, "en")


def test_the_example_of_the_contract():
    twin = parse_twin(EXAMPLE)
    blocks, trees = twin.design
    assert (blocks.path, blocks.sublayer, blocks.function) == ("ontwerp.gpkg", "vlakken", "functie")
    assert blocks.fields == {"height": "hoogte", "dwellings": "woningen"}
    assert (trees.functions, trees.function) == ("tree", "")
    assert twin.functions == {"Woonblok": "dwelling", "Wadi": "swale"}
    assert twin.area_types.type == "gebiedstype" and twin.area_types.types == {
        "Groenstedelijk": "GT04"
    }
    assert twin.area_types.filter == "status = 'vastgesteld'"
    assert twin.context["roads"][0].fields["medium"] == "middel_pct"
    no2 = twin.context["no2"][0]
    assert (no2.date, no2.basis, no2.entry()["basis"]) == ("2025", "indicative", "indicative")
    assert twin.context["current"][0].mapping == "bgt"
    assert twin.profile == "utrecht-proposal-2026"
    assert twin.ambitions == {"all": {}, "GT04": {"traffic_noise": 48.0}, "zone 2": {}}
    assert [part for part, _ in twin.layers()] == ["design", "design", "area_types", "roads", "no2",
                                                   "current"]  # fmt: skip


def test_every_block_is_optional():
    assert parse_twin("") == parse_twin("design:\ncontext:\nweights:\n") == Twin()


def test_other_blocks_and_short_forms():
    twin = parse_twin("""
design: {layer: plan.shp, functions: {Woonblok: dwelling, Straat: weg}, existing: no, pv: 0.2}
plan_area: grens.gpkg
context:
  roads: [wegen.gpkg|a, {layer: wegen.gpkg|b, owner: state, speed: 100, sigma: 2}]
  noise_road: {layer: geluid.tif, owner: municipal, quantity: lnight, basis: legal, band: 2}
  attention_areas: {layer: 'Mijn laag', kind: fire}
area_types: {layer: t.gpkg, type: t, flags: {high_sandy_ground: zand}}
ambitions: {Groenstedelijk: {green.b: 80}, ZONE 03: {odour: 1}}
weights: {traffic_noise: 2, themes: {green: 0}}
scenario: variant B
assessment_date: 2030-01-01
indicators: [odour, green]
cell_size: 1
""")
    entry = twin.design[0]
    assert entry.functions == {"Woonblok": "dwelling", "Straat": "road"}
    assert entry.extra == {"existing": False, "pv": 0.2}
    assert entry.entry() == {"layer": "plan.shp", "existing": False, "pv": 0.2,
                             "functions": {"Woonblok": "dwelling", "Straat": "road"}}  # fmt: skip
    a, b = twin.context["roads"]
    assert a == LayerEntry("wegen.gpkg|a") and (b.owner, b.extra, b.sigma) == (
        "state",
        {"speed": 100},
        2,
    )
    noise = twin.context["noise_road"][0]
    assert (noise.owner, noise.quantity, noise.basis, noise.band) == (
        "municipal",
        "lnight",
        "legal",
        2,
    )
    named = twin.context["attention_areas"][0]
    assert named.extra == {"kind": "fire"} and not named.is_file and a.is_file
    assert twin.area_types.flags == {"high_sandy_ground": "zand"}
    assert twin.ambitions == {"GT04": {"green.b": 80}, "zone 3": {"odour": 1}}
    assert (twin.weights, twin.theme_weights) == ({"traffic_noise": 2}, {"green": 0})
    assert twin.assessment_date == datetime.date(2030, 1, 1)
    assert (twin.indicators, twin.cell_size, twin.scenario) == (("odour", "green"), 1, "variant B")
    assert twin.plan_area == LayerEntry("grens.gpkg")


@pytest.mark.parametrize("content, line, key, words", [
    ("scenario: a\ndesing: []", 2, "desing", "Did you mean design?"),
    ("design:\n  - layer: a.gpkg\n    functoin: x", 3, "design[1].functoin",
     "Did you mean function?"),
    ("design:\n  - function: x", 2, "design[1]", "a block with at least layer"),
    ("design: 3", 1, "design", "a text such as"),
    ("design: {layer: a.gpkg, fields: {hight: h}}", 1, "design.fields.hight",
     "Did you mean height?"),
    ("design: {layer: a.gpkg, functions: dweling}", 1, "design.functions",
     "Did you mean dwelling?"),
    ("design: {layer: a.gpkg, existing: perhaps}", 1, "design.existing", "yes or no"),
    ("functions:\n  Wadi: swale\n  Blok: dweling", 3, "functions.Blok", "Did you mean dwelling?"),
    ("functions: [a]", 1, "functions", "a block of keys"),
    ("context:\n  road: a.gpkg", 2, "context.road", "Did you mean roads?"),
    ("context:\n  roads: {layer: a, fields: {intensty: b}}", 2, "context.roads.fields.intensty",
     "Did you mean intensity?"),
    ("context: {roads: {layer: a, speed: fast}}", 1, "context.roads.speed", "a number"),
    ("context: {roads: {layer: a, speed: 900}}", 1, "context.roads.speed", "from 0 up to 200"),
    ("context: {roads: {layer: a, owner: gemeente}}", 1, "context.roads.owner", "municipal"),
    ("context: {attention_areas: {layer: a, kind: fir}}", 1, "context.attention_areas.kind",
     "Did you mean fire?"),
    ("context: {no2: {layer: a.tif, basis: legl}}", 1, "context.no2.basis", "Did you mean legal?"),
    ("context: {no2: {layer: a.tif, date: last year}}", 1, "context.no2.date", "2026-07-01"),
    ("context: {no2: {layer: a.tif, date: 2025-13}}", 1, "context.no2.date", "2026-07-01"),
    ("profile: utrecht-proposal-2025", 1, "profile", "Did you mean utrecht-proposal-2026?"),
    ("ambitions:\n  all: {}\n  GT4: {}", 3, "ambitions.GT4", "zone with a number"),
    ("ambitions: {all: {traffic_noize: 4}}", 1, "ambitions.all.traffic_noize",
     "Did you mean traffic_noise?"),
    ("ambitions: {all: {odour: low}}", 1, "ambitions.all.odour", "a number"),
    ("weights: {odour: -1}", 1, "weights.odour", "from 0 up to 1000"),
    ("weights: {themes: {gren: 1}}", 1, "weights.themes.gren", "Did you mean green?"),
    ("indicators: [odour, oduor]", 1, "indicators[2]", "Did you mean odour?"),
    ("assessment_date: tomorrow", 1, "assessment_date", "a date such as"),
    ("cell_size: 0", 1, "cell_size", "from 0.1 up to 100"),
    ("scenario: a\nscenario: b", 2, "", "there twice"),
])  # fmt: skip
def test_mistakes_get_line_key_and_remedy(content, line, key, words):
    with pytest.raises(DgoError) as caught:
        parse_twin(content)
    assert (caught.value.line, caught.value.key) == (line, key)
    assert words in en(caught.value) and f"line {line}" in en(caught.value)
    assert "{" not in texts.text(caught.value.message, "nl")


def test_several_mistakes_are_all_named():
    with pytest.raises(SeveralProblems) as caught:
        parse_twin("functions: {a: b}\nweights: {x: 1}\nindicators: [y]")
    assert [p.line for p in caught.value.problems] == [1, 2, 3]


def test_paths_start_at_the_folder_of_the_file(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.gpkg").write_bytes(b"")
    path = tmp_path / "twin.yml"
    path.write_text("design: data/a.gpkg|vlakken\nplan_area: In het project\n", encoding="utf-8")
    twin = load_twin(path)
    assert twin.folder == tmp_path.resolve()
    file, _, layer = twin.design[0].resolved(twin.folder).partition("|")
    assert file == str(tmp_path.resolve() / "data" / "a.gpkg") and layer == "vlakken"
    path.write_text("scenario: a\ncontext:\n  no2:\n    - layer: data/none.tif\n", encoding="utf-8")
    with pytest.raises(DgoError) as caught:
        load_twin(path)
    assert (caught.value.file, caught.value.line) == (str(path), 4)
    assert "none.tif" in en(caught.value) and "does not exist" in en(caught.value)
    assert load_twin(path, check_files=False).context["no2"][0].layer == "data/none.tif"
    with pytest.raises(DgoError, match="twin2.yml"):
        load_twin(tmp_path / "twin2.yml")


def test_a_profile_beside_the_twin(tmp_path):
    (tmp_path / "town.yml").write_text(
        "base: utrecht-proposal-2026\nid: t\nversion: 1\ntitle: T\n"
        "area_types: {GT04: {aliases: [tuinstad]}}\n", encoding="utf-8")  # fmt: skip
    path = tmp_path / "twin.yml"
    path.write_text("profile: town.yml\nambitions: {tuinstad: {odour: 1}}\n", encoding="utf-8")
    twin = load_twin(path)
    assert twin.profile == str(tmp_path.resolve() / "town.yml")
    assert twin.ambitions == {"GT04": {"odour": 1}}


@pytest.mark.parametrize("text, is_file", [
    ("a.gpkg|b", True), ("sub/a", True), (r"C:\data\a.shp", True), ("Ontwerp versie 2", False),
    ("ontwerp_1a2b3c", False), ("https://x.nl/wfs?a.b", False), ("PG:dbname=x", False),
])  # fmt: skip
def test_a_file_or_a_layer_of_the_project(text, is_file):
    assert LayerEntry(text).is_file is is_file


# --- parameters go before the file ----------------------------------------------------------------
def test_merge():
    twin = parse_twin(EXAMPLE)
    assert merge(twin) == merge(twin, scenario="", indicators=[], design=None) == twin
    found = merge(
        twin, design="nieuw.gpkg|v", design_extra=["punten.gpkg"], area_type_field="GT",
        scenario="B", indicators=["odour"], functions={"Wadi": "water", "Veld": "grass"},
        ambitions={"GT04": {"odour": 1}}, context={"no2": "b.tif", "pm10": LayerEntry("c.tif")},
        assessment_date=datetime.date(2030, 1, 1),
    )  # fmt: skip
    # the parameter says which layer, the file still says how to read it
    fields = {"height": "hoogte", "dwellings": "woningen"}
    assert found.design[0] == LayerEntry("nieuw.gpkg|v", function="functie", fields=fields)
    assert [e.layer for e in found.design] == ["nieuw.gpkg|v", "punten.gpkg"]
    assert found.area_types.type == "GT" and found.area_types.layer == "gebiedstypen.gpkg|kaart"
    assert found.functions == {"Woonblok": "dwelling", "Wadi": "water", "Veld": "grass"}
    assert found.ambitions["GT04"] == {"traffic_noise": 48, "odour": 1}
    assert found.context["no2"][0] == LayerEntry("b.tif", date="2025", basis="indicative")
    assert found.context["pm10"] == (LayerEntry("c.tif"),) and "roads" in found.context
    assert (found.scenario, found.indicators) == ("B", ("odour",))
    assert twin == parse_twin(EXAMPLE)  # untouched
    # another area-type map does not inherit the filter of the old one
    assert merge(twin, area_types="x.gpkg").area_types.filter == ""
    with pytest.raises(DgoError) as caught:
        merge(twin, scenaro="B")
    assert "Did you mean scenario?" in en(caught.value)


def test_dump_reads_back_as_the_same(tmp_path):
    twin = parse_twin(EXAMPLE + "scenario: 'on'\nassessment_date: 2030-01-01\nindicators: [odour]\n"
                                "cell_size: 0.5\nplan_area: Grens\n")  # fmt: skip
    assert parse_twin(dump(twin)) == twin
    assert parse_twin(dump(Twin())) == Twin()


def test_dump_in_another_folder_still_points_at_the_files(tmp_path):
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    path = tmp_path / "in" / "twin.yml"
    path.write_text("design: [a.gpkg|v, Projectlaag]\n", encoding="utf-8")
    text = dump(load_twin(path, check_files=False), tmp_path.resolve() / "out")
    assert [e.layer for e in parse_twin(text).design] == ["../in/a.gpkg|v", "Projectlaag"]


# --- roles ----------------------------------------------------------------------------------
# design 6, "Context roles and fields"
ROLES = {
    "current": "", "roads": "intensity medium heavy speed surface owner",
    "railways": "day evening night speed category", "noise_road": "lden_from lden_to owner",
    "noise_rail": "lden_from lden_to owner", "noise_industry": "lden_from lden_to owner",
    "no2": "", "pm10": "", "pm25": "", "risk_contours": "pr", "attention_areas": "kind",
    "odour": "ou_p98", "light": "lux_night", "stops": "mode route freq",
    "flood_return_period": "years", "soil_class": "class", "soil_function": "class",
    "geological_values": "weight", "settlement": "cm30", "sewer": "combined",
    "trees": "height canopy_diameter", "dsm": "", "dtm": "", "groundwater": "",
    "facilities": "kind", "play_spots": "", "population": "residents workers",
    "drinking_water": "kind name", "desiccation": "kind name", "soil_remediation": "kind name",
    "nature_network": "kind name", "natura2000": "kind name", "quiet_areas": "kind name",
}  # fmt: skip
RASTERS = {"noise_road", "noise_rail", "noise_industry", "no2", "pm10", "pm25", "odour", "light",
           "flood_return_period", "settlement", "dsm", "dtm", "groundwater"}  # fmt: skip


def test_every_role_of_the_contract():
    known = roles()
    assert set(ROLES) <= set(known)
    for name, fields in ROLES.items():
        assert set(fields.split()) <= {f.name for f in known[name].fields}, name
        assert known[name].raster is (name in RASTERS), name
    assert {n for n in known if known[n].alert} == {
        "drinking_water", "desiccation", "soil_remediation", "nature_network", "natura2000",
        "quiet_areas"}  # fmt: skip
    assert known["roads"].field("speed").numeric and not known["roads"].field("owner").numeric
    assert known["roads"].field("owner").choices == (
        "municipal",
        "water_board",
        "provincial",
        "state",
    )
    assert known["no2"].vector is False and known["stops"].geometry == "point"
    assert texts.text(role_label("quiet_areas"), "nl") == "Stiltegebieden"
    assert texts.text(role_label("quiet_areas"), "en") == "Quiet areas"
    assert texts.text(role_label("own_role"), "nl") == "own_role"


def test_a_broken_roles_file_is_refused(tmp_path):
    path = tmp_path / "roles.yml"
    path.write_text("roles:\n  a:\n    name: A\n    geometry: polgon\n", encoding="utf-8")
    with pytest.raises(DgoError) as caught:
        read_roles(path)
    assert (caught.value.line, caught.value.key) == (4, "roles.a.geometry")
    assert "Did you mean polygon?" in en(caught.value)
