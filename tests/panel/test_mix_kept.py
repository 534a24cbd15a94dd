"""The mix and the user's presets in the project: kept, moved along, never lost."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from dgo_twin_plugin.engine.mix import Mix
from dgo_twin_plugin.engine.twin import Twin, load_twin, parse_ambitions, parse_weights
from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.project import mix as kept

MIX = Mix(
    ambitions={"GT04": {"traffic_noise": 50.1}, "zone 2": {"air_quality.pm25": 1 / 3},
               "all": {"green.a": 1e-7}},
    weights={"green": 2.0}, theme_weights={"water": 1.5},
    off=frozenset({"odour"}), locked=frozenset({"green"}),
)  # fmt: skip


def entry(project: Any, key: str) -> str:
    return str(project.readEntry("dgo_twin", key, "")[0])


# --- in the project ------------------------------------------------------------------------------
def test_nothing_kept_is_no_mix(qgis_project: Any) -> None:
    assert kept.read_mix(qgis_project) == kept.Kept(None, None)
    assert kept.presets(qgis_project) == ({}, [])
    assert not qgis_project.isDirty()


def test_a_mix_comes_back_as_it_was(qgis_project: Any) -> None:
    assert kept.keep_mix(qgis_project, MIX)
    found = kept.read_mix(qgis_project)
    assert found.mix == MIX and found.problem is None
    assert found.mix.locked == {"green"} and found.mix.off == {"odour"}


def test_the_project_is_dirty_only_where_something_changed(qgis_project: Any) -> None:
    kept.keep_mix(qgis_project, MIX)
    assert qgis_project.isDirty()
    qgis_project.setDirty(False)
    assert not kept.keep_mix(qgis_project, dataclasses.replace(MIX))  # an equal one
    kept.read_mix(qgis_project), kept.presets(qgis_project), kept.starting_mix(qgis_project)
    assert not qgis_project.isDirty()
    assert kept.keep_mix(qgis_project, MIX.with_off("odour", False))
    assert qgis_project.isDirty()


@pytest.mark.parametrize("text", [
    "ambitions: [", "ambitions: {all: {gren: 2}}", "{", "- 1",
    "ambitions: {all: {green: veel}}", "mode: later", "\u0000",
])  # fmt: skip
def test_a_damaged_mix_gives_a_sentence_and_is_not_lost(
    qgis_project: Any, language: str, text: str
) -> None:
    qgis_project.writeEntry("dgo_twin", "mix", text)
    text = entry(qgis_project, "mix")  # as QGIS keeps it
    qgis_project.setDirty(False)
    found = kept.read_mix(qgis_project)
    assert found.mix is None
    said = str(found.problem)
    assert "dgo_twin/mix" in said and "dgo_twin/damaged" in said and "{" not in said[:20]
    assert kept.starting_mix(qgis_project).mix == Mix()  # the defaults hold
    assert not qgis_project.isDirty() and entry(qgis_project, "mix") == text  # reading only reads
    kept.keep_mix(qgis_project, MIX)
    assert kept.read_mix(qgis_project).mix == MIX
    assert list(kept.set_aside(qgis_project).values()) == [text]


def test_with_what_the_panel_opens(qgis_project: Any) -> None:
    """The mix of the project, else of the twin file, else of the twin in the project."""
    from dgo_twin_plugin.project.roles import keep_twin

    assert kept.starting_mix(qgis_project).mix == Mix()
    keep_twin(qgis_project, Twin(ambitions={"all": {"open_water": 5.0}}))
    assert kept.starting_mix(qgis_project).mix.ambitions == {"all": {"open_water": 5.0}}
    file = Twin(ambitions={"GT04": {"open_water": 7.0}}, weights={"odour": 0.0})
    assert kept.starting_mix(qgis_project, file).mix.ambitions == {"GT04": {"open_water": 7.0}}
    assert kept.starting_mix(qgis_project, file).mix.weights == {"odour": 0.0}
    kept.keep_mix(qgis_project, MIX)
    assert kept.starting_mix(qgis_project, file).mix == MIX
    kept.forget_mix(qgis_project)
    assert kept.starting_mix(qgis_project, file).mix.weights == {"odour": 0.0}


def test_presets_have_any_name(qgis_project: Any, tmp_path: Path) -> None:
    names = ["Raad 3 maart", "a/b|c", "<x> & \"y\"", "Élan ✓", "10", "raad"]
    for number, name in enumerate(names):
        assert kept.keep_preset(qgis_project, name, Mix(weights={"green": float(number)}))
    assert not kept.keep_preset(qgis_project, "10", Mix(weights={"green": 4.0}))
    file = tmp_path / "project.qgz"
    assert qgis_project.write(str(file))
    qgis_project.clear()
    assert qgis_project.read(str(file))
    found, problems = kept.presets(qgis_project)
    assert problems == []
    assert list(found) == sorted(names, key=str.casefold)
    assert [found[name].weights["green"] for name in names] == [0, 1, 2, 3, 4, 5]
    assert kept.keep_preset(qgis_project, " Raad  3 maart ", MIX)  # the same name: replaced
    assert kept.presets(qgis_project)[0]["Raad 3 maart"] == MIX
    assert kept.drop_preset(qgis_project, "10") and not kept.drop_preset(qgis_project, "10")
    assert "10" not in kept.presets(qgis_project)[0]
    with pytest.raises(DgoError):
        kept.keep_preset(qgis_project, "  ", MIX)


def test_a_damaged_preset_leaves_the_others(qgis_project: Any) -> None:
    kept.keep_preset(qgis_project, "goed", MIX)
    kept.keep_preset(qgis_project, "fout", MIX)
    (key,) = [k for k in qgis_project.entryList("dgo_twin", "presets")
              if '"fout"' in entry(qgis_project, f"presets/{k}")]  # fmt: skip
    for text in ('{"name": "fout", "mix": "ambitions: ["}', "zomaar", "[1]"):
        qgis_project.writeEntry("dgo_twin", f"presets/{key}", text)
        found, problems = kept.presets(qgis_project)
        assert list(found) == ["goed"] and len(problems) == 1
    kept.keep_preset(qgis_project, "fout", MIX)
    assert list(kept.presets(qgis_project)[0]) == ["fout", "goed"]
    assert list(kept.set_aside(qgis_project).values()) == ["[1]"]


def test_another_machine_shows_the_same_panel(
    demo: Path, tmp_path: Path, make_dock: Any, qgis_project: Any
) -> None:
    """The project is made in one folder; the folder is moved; opened there, all is the same."""
    from dgo_twin_plugin.demo import VARIANTS  # names of the twin files
    from dgo_twin_plugin.project.demo_project import write_demo_project
    from dgo_twin_plugin.project.roles import project_twin

    variants = {name: demo / f"twin-{name}.yml" for name in VARIANTS}
    file = write_demo_project(demo, variants, demo / "demo.qgz")
    assert qgis_project.read(str(file))
    dock = make_dock()
    dock.inputs.twin.setFilePath(str(demo / "twin-b.yml"))
    dock.inputs.output.setFilePath(str(demo / "uitkomst.gpkg"))
    dock.inputs.scenario.setText("Raad")
    dock.inputs.scenario.textEdited.emit("Raad")
    kept.keep_mix(qgis_project, MIX)
    kept.keep_preset(qgis_project, "Raad", MIX)
    before = {name: dock.inputs.value(name) for name in ("design", "area_types", "field",
                                                         "scenario", "profile")}  # fmt: skip
    mapping = project_twin(qgis_project)
    assert mapping.functions and qgis_project.write()
    qgis_project.clear()
    there = tmp_path / "elsewhere" / "map"
    there.parent.mkdir()
    shutil.move(str(demo), str(there))
    assert not demo.exists()
    assert qgis_project.read(str(there / "demo.qgz"))
    assert kept.read_mix(qgis_project).mix == MIX
    assert kept.presets(qgis_project)[0] == {"Raad": MIX}
    found = project_twin(qgis_project)
    assert found == mapping and found.functions == mapping.functions
    assert {name: dock.inputs.value(name) for name in before} == before
    assert dock.inputs.value("twin") == str(there / "twin-b.yml")
    assert dock.inputs.value("output") == str(there / "uitkomst.gpkg")
    layers = qgis_project.mapLayers().values()
    assert layers and all(layer.isValid() for layer in layers)
    assert str(demo) not in "".join(layer.source() for layer in layers)


# --- for a run ---------------------------------------------------------------------------------
def test_parameters_say_the_mix_bit_for_bit() -> None:
    from dgo_twin_plugin.engine.norms import load_profile

    profile = load_profile("utrecht-proposal-2026")
    given = kept.run_parameters(MIX, profile)
    ambitions = parse_ambitions(given["AMBITIONS"], profile)
    own, themes = parse_weights(given["WEIGHTS"])
    laid, weights = MIX.laid(profile)
    assert ambitions == laid
    from dgo_twin_plugin.engine.totals import Weights

    again = Weights.of(profile, {**own, **{f"theme {k}": v for k, v in themes.items()}})
    assert (again.indicators, again.themes) == (weights.indicators, weights.themes)
    assert own == {"green": 2.0, "odour": 0.0} and themes == {"water": 1.5}


def test_toets_leaves_all_to_the_profile(qgis_project: Any) -> None:
    assert kept.run_parameters(MIX.with_mode("test")) == {"AMBITIONS": "{}", "WEIGHTS": "{}"}
    kept.keep_mix(qgis_project, MIX.with_mode("test"))
    twin = Twin(ambitions={"all": {"green.a": 1.0}}, weights={"green": 3.0})
    laid = kept.laid_over(twin, qgis_project)
    assert (laid.ambitions, laid.weights, laid.theme_weights) == ({}, {}, {})


def test_what_the_profile_does_not_know_is_left_out() -> None:
    from dgo_twin_plugin.engine.norms import load_profile

    strange = Mix(ambitions={"GT77": {"green.a": 1.0}, "GT04": {"green.a": 2.0}},
                  weights={"no_such": 2.0})  # fmt: skip
    given = kept.run_parameters(strange, load_profile("utrecht-proposal-2026"))
    assert parse_ambitions(given["AMBITIONS"]) == {"GT04": {"green.a": 2.0}}
    assert parse_weights(given["WEIGHTS"]) == ({}, {})


def test_the_block_may_stand_with_or_without_its_key() -> None:
    plain = "{GT04: {traffic_noise: 50}, all: {green: 2}}"
    wanted = {"GT04": {"traffic_noise": 50.0}, "all": {"green": 2.0}}
    assert parse_ambitions(plain) == wanted
    assert parse_ambitions(f"ambitions: {plain}") == wanted
    assert parse_ambitions('{"Groenstedelijk": {"traffic_noise": 50}, "all": {"green": 2}}') == (
        wanted)
    assert parse_weights("weights: {green: 2, themes: {water: 0}}") == ({"green": 2.0},
                                                                         {"water": 0.0})
    assert parse_ambitions("{}") == {} == parse_ambitions("")


@pytest.mark.parametrize("read, block, content", [
    (parse_ambitions, "ambitions", "{GT04: {trafic_noise: 50}}"),
    (parse_ambitions, "ambitions", "{somewhere: {green: 50}}"),
    (parse_ambitions, "ambitions", "{all: {green: veel}}"),
    (parse_ambitions, "ambitions", "[1]"),
    (parse_weights, "weights", "{gren: 1}"),
    (parse_weights, "weights", "{green: -1}"),
    (parse_weights, "weights", "{themes: {wter: 1}}"),
    (parse_weights, "weights", "{green: .nan}"),
])  # fmt: skip
def test_errors_are_those_of_a_twin_file(
    read: Any, block: str, content: str, tmp_path: Path, language: str
) -> None:
    """The same sentence; only the file is called otherwise, and the key starts at the block."""
    file = tmp_path / "twin.yml"
    file.write_text(f"{block}: {content}\n", encoding="utf-8")
    with pytest.raises(DgoError) as of_file:
        load_twin(file)
    with pytest.raises(DgoError) as of_text:
        read(f"{block}: {content}", name=str(file))
    assert str(of_text.value) == str(of_file.value)
    with pytest.raises(DgoError) as bare:
        read(content, name="PARAMETER")
    assert bare.value.message.key == of_file.value.message.key
    assert "PARAMETER" in str(bare.value)
