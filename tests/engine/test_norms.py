"""Profiles: law, rates and hash of the shipped one; broken ones are refused with a place and a
remedy; a municipality's file changes what it says and nothing else."""

from __future__ import annotations

import datetime
import shutil

import numpy as np
import pytest

from dgo_twin_plugin.engine import resources_path, texts
from dgo_twin_plugin.engine.norms import (
    load_profile,
    profile_path,
    shipped_profiles,
)
from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.engine.yaml_lines import SeveralProblems, parse_yaml

ID = "utrecht-proposal-2026"
TYPES = [f"GT{i:02d}" for i in range(1, 12)]
TODAY = datetime.date(2026, 11, 21)

@pytest.fixture(scope="module")
def profile():
    return load_profile(ID)


def en(error) -> str:
    return texts.text(error.message, "en")


# --- the law ------------------------------------------------------------------------------------
@pytest.mark.parametrize("indicator, variant, part, standard, limit", [
    ("traffic_noise", "road_municipal", "", 53, 70),
    ("traffic_noise", "road_water_board", "", 53, 70),
    ("traffic_noise", "road_provincial", "", 50, 60),
    ("traffic_noise", "road_state", "", 50, 60),
    ("traffic_noise", "rail", "", 55, 65),
    ("industrial_noise", "industry", "", 50, 55),
    ("industrial_noise", "industry", "lnight", 40, 45),
    ("air_quality", "yearly_mean", "no2", None, 40),
    ("air_quality", "yearly_mean", "pm10", None, 40),
    ("air_quality", "yearly_mean", "pm25", None, 25),
    ("individual_risk", "very_vulnerable", "", None, -6),
    ("individual_risk", "vulnerable", "", None, -6),
    ("individual_risk", "limited_vulnerable", "", -6, None),
    ("energy_use", "ground_bound", "", None, 30), ("energy_use", "apartment", "", None, 50),
    ("energy_use", "office", "", None, 40), ("energy_use", "education", "", None, 70),
    ("energy_use", "retail", "", None, 60), ("energy_use", "sport", "", None, 90),
    ("energy_use", "care_beds", "", None, 130), ("energy_use", "care_other", "", None, 50),
    ("energy_use", "lodging", "", None, 130), ("energy_use", "assembly", "", None, 60),
    ("energy_use", "childcare", "", None, 70),
    ("odour", "livestock_built_up", "", 2, 8), ("odour", "livestock_rural", "", 8, 20),
    ("odour", "livestock_built_up_concentration", "", 3, 14),
    ("odour", "livestock_rural_concentration", "", 14, 35),
])  # fmt: skip
def test_law_of_today(profile, indicator, variant, part, standard, limit):
    (law,) = profile.law(indicator, TODAY, variant, part)
    np.testing.assert_array_equal(
        [law.standard, law.limit],
        [np.nan if standard is None else standard, np.nan if limit is None else limit],
    )
    assert law.status == "law" and law.text["nl"] and law.source in profile.sources


def test_no_legal_number_no_entry(profile):
    for name in ("renewable_generation", "open_water", "natural_banks", "rain_retention",
                 "stormwater_disconnection", "flood_safety", "soil_quality", "geological_value",
                 "soil_bearing", "green", "societal_risk", "light_nuisance",
                 "public_transport"):  # fmt: skip
        assert profile.law(name, TODAY, part=None) == (), name
    assert profile.law("energy_use", TODAY, "industry") == ()
    guide = profile.references("light_nuisance", TODAY, "rural")[0]
    assert (guide.standard, guide.status) == (1, "guideline")


def test_the_law_changes_at_midnight(profile):
    def limit(indicator, day, variant, part=""):
        (law,) = profile.law(indicator, datetime.date.fromisoformat(day), variant, part)
        return law.limit, law.set

    assert limit("air_quality", "2029-12-31", "yearly_mean", "no2") == (40, "")
    assert limit("air_quality", "2030-01-01", "yearly_mean", "no2") == (20, "")
    assert limit("air_quality", "2030-01-01", "yearly_mean", "pm10") == (20, "")
    assert limit("air_quality", "2030-01-01", "yearly_mean", "pm25") == (10, "")
    assert limit("material_use", "2026-06-30", "dwelling") == (0.8, "A1")
    assert limit("material_use", "2026-06-30", "office") == (1.0, "A1")
    assert limit("material_use", "2026-07-01", "office") == (1.55, "A2")
    (disputed,) = profile.law("material_use", TODAY, "dwelling")
    assert disputed.set == "A2" and disputed.confidence == "low"
    assert "Staatsblad" in disputed.note["nl"]
    assert profile.law("traffic_noise", datetime.date(2023, 12, 31)) == ()


def test_limits_stricter_than_a_minimum_are_reported_not_refused(profile):
    """GT09 has minimum 65 dB; only provincial and state roads (limit 60) are stricter."""
    found = [(f.area_type, f.params["variant"]) for f in profile.findings]
    assert found == [("GT09", "road_provincial"), ("GT09", "road_state")]
    sentence = texts.text(profile.findings[0].message(), "en")
    assert "60" in sentence and "65" in sentence and "GT09" in sentence


# --- defaults and rates -------------------------------------------------------------------------
def test_typology(profile):
    """Floors are the midpoint of domain 1.2; disconnected is the minimum of I07."""
    for area_type, floors in zip(TYPES, [5.5, 7, 3.75, 2.5, 2, 2, 1.5, 4, 1.5, 1.5, 1]):
        low, high = profile.area_types[area_type].floors
        assert profile.typology(area_type)["floors"] == floors == (low + high) / 2
    assert profile.typology("GT04")["disconnected"] == pytest.approx(0.80, abs=1e-12)
    assert profile.typology("GT01")["disconnected"] == pytest.approx(0.50, abs=1e-12)
    assert profile.typology("GT11")["disconnected"] == pytest.approx(0.95, abs=1e-12)
    for area_type in (None, "GT99"):
        assert profile.typology(area_type)["floors"] == 2
        assert profile.typology(area_type)["disconnected"] == 0.5
    d = profile.typology("GT04")
    assert (d["storey_height"], d["pitched_extra"], d["green_roof"], d["pv"]) == (3, 3, 0, 0)
    assert d["beng2"] == d["mpg"] == "limit"


def test_rates(profile):
    assert profile.rate("dwelling_gfa") == 110 and profile.rate("persons_dwelling") == 2.1
    assert profile.rate("usable_share") == 0.8
    assert profile.rate("storage.own_rain") == 0.07 and profile.rate("storage.water_rise") == 0.2
    names = ("home.day", "home.night", "work.day", "work.night")
    assert [profile.rate(f"presence.{n}") for n in names] == [0.5, 1, 1, 0]
    with pytest.raises(KeyError):
        profile.rate("nothing")


# --- hash ---------------------------------------------------------------------------------------
def copy(tmp_path):
    folder = tmp_path / "own"
    shutil.copytree(resources_path.profiles() / ID, folder)
    return folder


def edit(folder, name, old, new):
    path = folder / name
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")
    return path


def test_hash_follows_content_not_layout(profile, tmp_path):
    folder = copy(tmp_path)
    assert load_profile(folder).hash == profile.hash
    remarked = "  # a remark\n  GT04: [5.0,  8, 12]"
    edit(folder, "norms/open_water.yml", "  GT04: [5, 8, 12]", remarked)
    assert load_profile(folder).hash == profile.hash
    edit(folder, "norms/open_water.yml", "[5.0,  8, 12]", "[5, 8, 13]")
    assert load_profile(folder).hash != profile.hash


# --- broken files -------------------------------------------------------------------------------
@pytest.mark.parametrize("name, old, new, line, key, words", [
    ("norms/open_water.yml", "GT04: [5, 8, 12]", "GT04: [8, 5, 12]", None, "norms.GT04",
     ["strict order", "higher is better"]),
    ("norms/open_water.yml", "GT04: [5, 8, 12]", "GT04: [5, 5, 12]", None, "norms.GT04",
     ["without equal values"]),
    ("norms/traffic_noise.yml", "GT04: [55, 50, 45]", "GT04: [45, 50, 55]", None, "norms.GT04",
     ["lower is better"]),
    ("norms/open_water.yml", "GT04: [5, 8, 12]", "GT04: [5, 8]", None, "norms.GT04",
     ["three numbers"]),
    ("norms/open_water.yml", "GT04: [5, 8, 12]", "GT04: [5, acht, 12]", None, "norms.GT04[2]",
     ["acht", "a number"]),
    ("norms/open_water.yml", "  GT04: [5, 8, 12]\n", "", None, "norms", ["GT04", "nvt"]),
    ("norms/open_water.yml", "GT04:", "GT4:", None, "norms.GT4", ["Did you mean GT04?"]),
    ("norms/open_water.yml", "direction: up", "direction: upwards", None, "direction",
     ["Choose from: up, down"]),
    ("norms/open_water.yml", "indicator: open_water", "indicator: open_watr", None, "indicator",
     ["Did you mean open_water?"]),
    ("norms/open_water.yml", "source: proposal-matrix", "source: proposal-matrx", None, "source",
     ["Did you mean proposal-matrix?"]),
    ("norms/odour.yml", "GT04: [2, 1, 0.5]", "GT04: [2, 1, 0]", None, "norms.GT04",
     ["greater than 0"]),
    ("norms/odour.yml", "scale: log", "scale log", None, "", ["not valid YAML"]),
    ("norms/traffic_noise.yml", "    limit: 70\n", "", None, None, None),
    ("norms/traffic_noise.yml", "variant: road_water_board", "variant: road_municipal", None,
     "law[2]", ["Close the older one"]),
    ("norms/air_quality.yml", "until: 2029-12-31", "until: 2029-02-30", None, "law[1].until",
     ["not valid YAML"]),
    ("norms/air_quality.yml", "until: 2029-12-31", "until: soon", None, "law[1].until",
     ["a date such as"]),
    ("profile.yml", "status: proposal", "status: adopted", None, "status", ["adopted_by"]),
    ("profile.yml", "min_coverage: 0.5", "min_coverage: 50", None, "min_coverage",
     ["a number from 0 up to 1"]),
    ("profile.yml", "min_coverage:", "min_covarage:", None, "min_covarage",
     ["Did you mean min_coverage?"]),
    ("area_types.yml", 'aliases: ["dorps"]', 'aliases: ["campus"]', None, "area_types.GT08",
     ["campus", "Remove it"]),
    ("area_types.yml", "fsi: [0.45, 0.75]", "fsi: [0.75, 0.45]", None, "area_types.GT04.fsi",
     ["the lowest first"]),
])  # fmt: skip
def test_broken_profiles_name_file_line_key_and_remedy(tmp_path, name, old, new, line, key, words):
    folder = copy(tmp_path)
    path = edit(folder, name, old, new)
    if words is None:  # a limit may be absent where there is a standard
        law = load_profile(folder).law("traffic_noise", TODAY, "road_municipal")[0]
        assert law.limit != law.limit and law.standard == 53
        return
    with pytest.raises(DgoError) as caught:
        load_profile(folder)
    error = caught.value
    assert (error.file, error.key) == (str(path), key)
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [i for i, text in enumerate(lines, 1) if new and new.splitlines()[0] in text]
    if changed and key not in ("law[2]", "area_types.GT08"):
        # a parser notices broken syntax on the line after at the latest
        assert changed[0] <= error.line <= changed[0] + (key == ""), en(error)
    for word in words:
        assert word in en(error)
    assert f"line {error.line}" in en(error)


def test_all_problems_at_once(tmp_path):
    folder = copy(tmp_path)
    edit(folder, "norms/open_water.yml", "GT04: [5, 8, 12]", "GT04: [8, 5, 12]")
    edit(folder, "norms/odour.yml", "direction: down", "direction: dwn")
    with pytest.raises(SeveralProblems) as caught:
        load_profile(folder)
    assert len(caught.value.problems) == 2
    assert "open_water.yml" in en(caught.value) and "odour.yml" in en(caught.value)


@pytest.mark.parametrize("content, words", [
    ("a: 1\na: 2", "the key a is there twice"), ("a: [1, 2", "not valid YAML"),
    ("? [a]\n: 1", "must be a word"), ("a: &x [*x]", "nested too deeply"),
])  # fmt: skip
def test_yaml_that_is_refused(content, words):
    with pytest.raises(DgoError) as caught:
        parse_yaml(content, "x.yml")
    assert words in en(caught.value) and "x.yml" in en(caught.value)


def test_yaml_as_people_write_it():
    block = parse_yaml("no: yes\n10: 1e-6\nt: 12:30\nz: 007\nd: 2030-01-01\ne:\n").plain()
    assert block == {"no": True, "10": 1e-6, "t": "12:30", "z": "007",
                     "d": datetime.date(2030, 1, 1), "e": None}  # fmt: skip


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(DgoError) as caught:
        load_profile("utrecht-proposal-2025")
    assert "Did you mean utrecht-proposal-2026?" in en(caught.value)
    assert ID in shipped_profiles() and profile_path(ID).name == "profile.yml"
    (tmp_path / "latin.yml").write_bytes("base: utrécht".encode("latin-1"))
    with pytest.raises(DgoError) as caught:
        load_profile(tmp_path / "latin.yml")
    assert "UTF-8" in en(caught.value)


# --- a municipality over the province -------------------------------------------------------------
OVERLAY = """base: utrecht-proposal-2026
id: voorbeeldstad-2026
version: "1"
title: {nl: Voorbeeldstad, en: Sampletown}
status: adopted
adopted_by: Gemeenteraad
adopted_on: 2026-05-01
norms:
  traffic_noise:
    GT04: {minimum: 53, basis: 49, optimum: 45, reason: {nl: Besluit 12, en: Decision 12}}
    weight: 2
  green:
    parts:
      b:
        GT04: nvt
theme_weights: {water: 3}
typology:
  GT04: {floors: 3}
rates:
  persons_dwelling: {value: 2.3, unit: persons per dwelling, source: CBS 2025, confidence: V}
area_types:
  GT04: {aliases: [tuinstad]}
"""


def write(tmp_path, content, name="town.yml"):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def test_a_municipality_changes_what_it_says_and_nothing_else(profile, tmp_path):
    town = load_profile(write(tmp_path, OVERLAY))
    assert (town.id, town.base, town.adopted) == ("voorbeeldstad-2026", ID, True)
    norm = town.norm("traffic_noise", "GT04")
    assert (norm.minimum, norm.basis, norm.optimum, norm.status) == (53, 49, 45, "adopted")
    assert town.source_text(norm.source, "nl") == "Voorbeeldstad"
    assert town.norm("traffic_noise", "GT03") == profile.norm("traffic_noise", "GT03")
    assert town.norm("traffic_noise", "GT03").status == "proposal"
    assert town.not_applicable("green", "GT04", "b") and town.norm("green", "GT04", "a")
    assert town.law("traffic_noise", TODAY) == profile.law("traffic_noise", TODAY)
    assert town.typology("GT04")["floors"] == 3 and town.typology("GT04")["roof"] == "pitched"
    assert town.resolve_type("Tuinstad") == "GT04"
    assert town.hash != profile.hash
    assert profile.norm("traffic_noise", "GT04").minimum == 55  # the base is untouched

    found = {(d.kind, d.indicator, d.part, d.area_type, d.key): (d.old, d.new)
             for d in profile.differences(town)}  # fmt: skip
    assert found == {
        ("status", "", "", "", "status"): ("proposal", "adopted"),
        ("theme_weight", "", "", "", "water"): (1, 3),
        ("area_type", "", "", "GT04", "aliases"): (("groen stedelijk wonen",), ("tuinstad",)),
        ("norm", "green", "b", "GT04", "norms"): ((40, 75, 110), None),
        ("weight", "traffic_noise", "", "", "weight"): (1, 2),
        ("norm", "traffic_noise", "", "GT04", "norms"): ((55, 50, 45), (53, 49, 45)),
        ("typology", "", "", "GT04", "floors"): (2.5, 3),
        ("rate", "", "", "", "persons_dwelling"): (2.1, 2.3),
    }
    change = next(d for d in profile.differences(town) if d.kind == "norm" and d.reason)
    assert change.reason["nl"] == "Besluit 12"
    assert texts.text(change.message(), "nl") == (
        "traffic_noise, GT04: 55 / 50 / 45 wordt 53 / 49 / 45"
    )
    assert profile.differences(profile) == []


def test_overlay_as_second_argument_and_on_another_overlay(tmp_path):
    town = write(tmp_path, OVERLAY)
    assert load_profile(ID, town).hash == load_profile(town).hash
    own = ("base: town.yml\nid: wijk\nversion: 1\ntitle: Wijk\n"
           "norms: {open_water: {GT04: [6, 9, 12]}}\n")  # fmt: skip
    district = write(tmp_path, own, "district.yml")
    found = load_profile(district)
    assert found.norm("open_water", "GT04").minimum == 6
    assert found.norm("traffic_noise", "GT04").minimum == 53
    assert not found.adopted  # an own file that says nothing is a proposal again


@pytest.mark.parametrize("old, new, key, words", [
    ("theme_weights: {water: 3}", "law: []", "law", "cannot change the law"),
    ("    weight: 2\n", "    law: []\n", "norms.traffic_noise.law", "cannot change the law"),
    ("  traffic_noise:", "  trafic_noise:", "norms.trafic_noise", "Did you mean traffic_noise?"),
    ("minimum: 53", "minimum: 49", "norms.traffic_noise.GT04", "strict order"),
    ("adopted_by: Gemeenteraad\n", "", "status", "adopted_by"),
    ("base: utrecht-proposal-2026", "base: utrecht-2026", "base", "was not found"),
    ("base: utrecht-proposal-2026", "base: town.yml", "base", "lies over itself"),
    ("    parts:\n      b:\n        GT04: nvt", "    GT04: nvt", "norms.green.GT04", "unknown"),
    ("aliases: [tuinstad]", "aliases: [campus]", "area_types.GT04", "campus"),
    ("floors: 3", "floors: -3", "typology.GT04.floors", "a number from"),
])  # fmt: skip
def test_overlays_that_are_refused(tmp_path, old, new, key, words):
    assert old in OVERLAY
    path = write(tmp_path, OVERLAY.replace(old, new, 1))
    with pytest.raises(DgoError) as caught:
        load_profile(path)
    assert (caught.value.file, caught.value.key) == (str(path), key)
    assert caught.value.line > 0 and words in en(caught.value)


def test_the_example_in_the_guide_loads(tmp_path):
    """docs/profile.md: the file of a municipality, as printed."""
    guide = (resources_path.PLUGIN.parent / "docs" / "profile.md").read_text(encoding="utf-8")
    example = next(b for b in guide.split("```yaml\n") if b.startswith("base:")).split("```")[0]
    town = load_profile(write(tmp_path, example))
    assert town.norm("green", "GT08", "b").basis == 20 and town.theme_weights["water"] == 2
    assert town.resolve_type("tuinstad") == town.resolve_type("Groen stedelijk wonen") == "GT04"
