"""Functions: complete as the public contract, shares as written, terms of people understood."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from dgo_twin_plugin.engine import resources_path, texts
from dgo_twin_plugin.engine.functions import load_functions, read_functions
from dgo_twin_plugin.engine.yaml_lines import FileProblem, read_yaml

# design 6, "Functions", word for word
CONTRACT = {
    "buildings": "dwelling office retail industry education care culture hotel other_building "
                 "greenhouse",
    "transport": "road cycleway footway parking rail",
    "group:paved": "square paved semi_paved",
    "green": "grass shrub wood nature agriculture allotment sport play cemetery",
    "plots": "yard garden",
    "group:water": "water bank swale",
    "other": "solar_field bare",
    "sketch": "development",
    "canopy": "tree",
    "underground": "infiltration_crate",
    "objects": "luminaire noise_barrier",
}  # fmt: skip

# domain 4.6b: sealed / vegetated
SHARES = {
    "road": (1, 0), "cycleway": (1, 0), "footway": (1, 0), "parking": (1, 0), "square": (1, 0),
    "paved": (1, 0), "semi_paved": (0.5, 0.2), "rail": (0, 0), "grass": (0, 1), "shrub": (0, 1),
    "wood": (0, 1), "nature": (0, 1), "swale": (0, 1), "agriculture": (0, 0.7),
    "garden": (0.5, 0.4), "allotment": (0, 0.9), "sport": (0, 0.8), "play": (0.3, 0.5),
    "cemetery": (0.2, 0.8), "water": (0, 0), "bank": (0, 0.5), "solar_field": (0, 0.5),
    "bare": (0, 0), "yard": (0.6, 0.2), "dwelling": (1, 0), "greenhouse": (1, 0),
}  # fmt: skip


def test_every_function_of_the_contract_and_no_other():
    f = load_functions()
    for group, names in CONTRACT.items():
        assert f.expand(group) == set(names.split()), group
    assert set(f.names) == {n for names in CONTRACT.values() for n in names.split()}


def test_shares_of_the_ground():
    f = load_functions()
    for name, (sealed, vegetated) in SHARES.items():
        assert (f[name].sealed, f[name].vegetated) == (sealed, vegetated), name
    assert all(f[n].sealed == 1 and f[n].vegetated == 0 for n in f.expand("buildings"))


def test_order_on_the_ground():
    """design 5: buildings > water, bank, swale > rail, road ... > square ..., play > greens >
    yard, garden > solar_field, bare; what owns no ground comes last."""
    order = ["dwelling greenhouse", "water bank swale", "rail road cycleway footway parking",
             "square paved semi_paved play",
             "grass shrub wood nature agriculture allotment sport cemetery", "yard garden",
             "solar_field bare"]  # fmt: skip
    f = load_functions()
    for rank, names in enumerate(order, 1):
        assert {f.rank(n) for n in names.split()} == {rank}
    assert f.rank("tree") == f.rank("luminaire") == 99


def test_names_are_functions_before_groups():
    f = load_functions()
    assert f.expand(("water", "paved")) == {"water", "paved"}
    assert "water" not in f.expand("all_land")
    assert {"bank", "swale", "dwelling"} <= f.expand("all_land")
    assert "tree" not in f.expand("surfaces") and "water" in f.expand("surfaces")
    with pytest.raises(KeyError):
        f.expand("no_such_thing")


def test_codes_and_columns_know_the_unknown():
    f = load_functions()
    codes = f.codes(["yard", None, "wrong", "water"])
    assert codes[1] == codes[2] == -1
    sealed = f.column("sealed")
    assert len(sealed) == len(f.names) + 1
    np.testing.assert_array_equal(sealed[codes], [0.6, np.nan, np.nan, 0.0])
    assert f.column("storage")[f.codes(["swale", "infiltration_crate"])].tolist() == [0.35, 0.4]
    with pytest.raises(ValueError):
        sealed[0] = 3  # shared by all who ask


@pytest.mark.parametrize("term, function", [
    ("Wadi", "swale"), ("WOONGEBOUW", "dwelling"), ("half verhard", "semi_paved"), ("weg", "road"),
    ("Groen", "grass"), ("other building", "other_building"), ("Solar field", "solar_field"),
    ("kantoren", "office"), ("bestaat niet", None), (None, None),
])  # fmt: skip
def test_terms_of_people(term, function):
    assert load_functions().resolve(term) == function


def test_public_green_is_the_list_of_indicator_12():
    f = load_functions()
    green = {n for n in f.names if f[n].public_green}
    assert green == {"grass", "shrub", "wood", "nature", "swale", "play", "cemetery"}


def test_what_the_law_asks_of_a_building():
    f = load_functions()
    assert f.uses("beng2", ["dwelling", "dwelling", "industry", "care", "care", "tree", None],
                  ["", "", "", "", "huisarts", "", ""],
                  ["ground", None, None, None, None, None, None]).tolist() == [
        "ground_bound", "apartment", None, "care_beds", "care_other", None, None]  # fmt: skip
    # offices above 1,500 m2 are vulnerable; where the size is unknown the safer side holds
    assert f.uses("vulnerability", ["office"] * 3, gfa=[1500.0, 1500.1, float("nan")]).tolist() == [
        "limited_vulnerable", "vulnerable", "vulnerable"]  # fmt: skip
    assert f.uses("noise_sensitive", ["dwelling", "office", "education", "hotel"]).tolist() == [
        True, False, True, False]  # fmt: skip
    assert f.uses("noise_sensitive", ["office"], ["kinderopvang met bedgebied"]).tolist() == [True]


@pytest.mark.parametrize("what", ["beng2", "mpg", "vulnerability", "noise_sensitive"])
def test_what_the_law_asks_of_every_use(what):
    f = load_functions()

    def alone(name, term, kind, area):
        use = f.resolve_use(term)
        row = f.use_classes[use] if use else f.by_name.get(name)
        value = None if row is None else getattr(row, what)
        if isinstance(value, dict) and "over" in value:
            return value["else"] if area <= value["over"] else value["then"]
        if isinstance(value, dict):
            return value["ground" if kind == "ground" else "apartment"]
        return value

    rows = list(itertools.product(
        [*f.names, "no such function"], [None, "", "no such use", *f.use_classes, "Huisarts"],
        [None, "ground", "apartment"], [float("nan"), 0.0, 1000.0, 1500.0, 2000.0, 1e5],
    ))  # fmt: skip
    assert f.uses(what, *zip(*rows)).tolist() == [alone(*row) for row in rows]


def test_every_beng_and_mpg_key_is_a_legal_variant():
    from dgo_twin_plugin.engine.norms import load_profile

    profile = load_profile("utrecht-proposal-2026")
    f = load_functions()
    for what, indicator in (("beng2", "energy_use"), ("mpg", "material_use")):
        known = {law.variant for law in profile.indicators[indicator].law}
        for row in (*f.by_name.values(), *f.use_classes.values()):
            value = getattr(row, what)
            used = set(value.values()) if isinstance(value, dict) else {value} - {None}
            assert used <= known, row.name


BROKEN = """groups:
  green: {nl: Groen, en: Green}
functions:
  grass:
    label: {nl: Gras, en: Grass}
    group: green
    kind: surface
    rank: 5
    sealed: %s
    vegetated: 0.8
    aliases: [%s]
  shrub:
    label: {nl: Struiken, en: Shrubs}
    group: green
    kind: surface
    rank: 5
    sealed: 0
    vegetated: 1
"""


@pytest.mark.parametrize("sealed, alias, line, key, words", [
    ("0.3", "a", 10, "functions.grass.vegetated", "Lower one of them"),
    ("1.3", "a", 9, "functions.grass.sealed", "a number from 0 up to 1"),
    ("0.1", "struiken", 4, "functions.grass", "Remove it from one of the two"),
])  # fmt: skip
def test_a_broken_file_is_refused_with_place_and_remedy(tmp_path, sealed, alias, line, key, words):
    path = tmp_path / "functions.yml"
    path.write_text(BROKEN % (sealed, alias), encoding="utf-8")
    with pytest.raises(FileProblem) as caught:
        read_functions(path)
    assert (caught.value.file, caught.value.line, caught.value.key) == (str(path), line, key)
    assert words in texts.text(caught.value.message, "en")


def test_dutch_and_english_say_the_same_things():
    """Every key of the catalogues of norms, words and errors is in both languages, with the same
    parameters."""
    import string

    for name in ("norms", "words", "errors"):
        both = [json.loads((texts.FOLDER / lang / f"{name}.json").read_text(encoding="utf-8"))
                for lang in ("nl", "en")]  # fmt: skip
        assert both[0].keys() == both[1].keys(), name
        for key in both[0]:
            if key == "either":
                continue
            fields = [{p[1] for p in string.Formatter().parse(c[key]) if p[1]} for c in both]
            assert fields[0] == fields[1], f"{name}.{key}"


def test_folders_are_found_in_the_repository():
    assert (resources_path.profiles() / "functions.yml").is_file()
    from dgo_twin_plugin.engine.words import DgoError

    with pytest.raises(DgoError, match="Install the plugin again"):
        texts.set_language("en")
        resources_path.folder("no-such-folder")


def test_folders_are_found_inside_a_packed_plugin(tmp_path, monkeypatch):
    (tmp_path / "plugin" / "profiles").mkdir(parents=True)
    (tmp_path / "profiles").mkdir()
    monkeypatch.setattr(resources_path, "PLUGIN", tmp_path / "plugin")
    assert resources_path.profiles() == tmp_path / "plugin" / "profiles"


# --- the mapping of the BGT -----------------------------------------------------------------------
def bgt():
    return read_yaml(resources_path.profiles() / "mappings" / "bgt.yml").plain()


def test_the_bgt_mapping_only_names_functions():
    f = load_functions()
    mapping = bgt()
    for name, block in mapping["layers"].items():
        assert set(block["terms"].values()) <= set(f.names), name
        assert block["default"] is None or block["default"] in f, name
        assert not set(block["terms"]) & set(block["ignore"] if "ignore" in block else ()), name
        assert block["geometry"] in ("polygon", "point"), name
    assert not set(mapping["layers"]) & set(mapping["not_ground"])


def decide(block, row):
    """(function, value that nobody knows) as the head of the file says."""
    row = {k.lower(): v for k, v in row.items()}
    values = [row[c.lower()] for c in block["field"] if row.get(c.lower())]
    unknown = [v for v in values if v not in block["terms"] and v not in block.get("ignore", ())]
    found = next((block["terms"][v] for v in values if v in block["terms"]), None)
    return (found if values else block["default"]), unknown


@pytest.mark.parametrize("layer, row, function", [
    ("wegdeel", {"function": "rijbaan lokale weg", "surfaceMaterial": "open verharding"}, "road"),
    ("wegdeel", {"function": "rijbaan lokale weg", "surfacematerial": "onverhard"}, "bare"),
    ("wegdeel", {"function": "voetpad", "surfaceMaterial": "half verhard"}, "semi_paved"),
    ("ondersteunendwegdeel", {"function": "berm", "surfaceMaterial": "groenvoorziening"}, "grass"),
    ("begroeidterreindeel", {"class": "groenvoorziening", "plus_fysiekVoorkomen": "heesters"},
     "shrub"),
    ("begroeidterreindeel", {"class": "naaldbos", "plus_fysiekVoorkomen": "waardeOnbekend"},
     "wood"),
    ("onbegroeidterreindeel", {"bgt_fysiekVoorkomen": "erf", "plus_fysiekVoorkomen": "tegels"},
     "yard"),
    ("waterdeel", {"class": "waterloop", "plus_type": "sloot"}, "water"),
    ("ondersteunendwaterdeel", {"class": "oever, slootkant"}, "bank"),
    ("pand", {}, "other_building"), ("pand", {"gebruiksdoel": "woonfunctie"}, "dwelling"),
    ("vegetatieobject", {"plus_type": "boom"}, "tree"),
    ("vegetatieobject", {"plus_type": "haag"}, None),
    ("paal", {"plus_type": "lichtmast"}, "luminaire"), ("paal", {"plus_type": "haltepaal"}, None),
])  # fmt: skip
def test_what_the_bgt_becomes(layer, row, function):
    assert decide(bgt()["layers"][layer], row) == (function, [])


def test_every_value_of_real_bgt_is_known(realdata):
    """Otterlo and Delft: every layer is mapped or not ground, every value has a meaning."""
    from osgeo import ogr

    mapping = bgt()
    seen = 0
    for path in [realdata / "otterlo" / "bgt_otterlo.gpkg", *realdata.glob("delft/*.sqlite")]:
        dataset = ogr.Open(str(path))
        for i in range(dataset.GetLayerCount()):
            layer = dataset.GetLayer(i)
            name = layer.GetName().lower().removeprefix("bgt_")
            block = mapping["layers"].get(name)
            assert block or name in mapping["not_ground"], name
            for feature in layer if block else ():
                seen += 1
                function, unknown = decide(block, feature.items())
                assert not unknown, (name, unknown)
                if block["geometry"] == "polygon":
                    assert function, (name, feature.items())
    # 1168 + 66 + 830 + 170 + 1512 + 24 + 410 + 2273 + 396 + 2308 + 1163 + 2444 rows in Otterlo,
    # 126 + 1 + 81 + 151 + 160 + 57 + 3 in Delft, counted by OGR per mapped layer
    assert seen == 12_764 + 579
