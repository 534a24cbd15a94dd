"""AMBITIONS and WEIGHTS of dgo:scoredesign: parameter > twin > project > profile; archived."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsProcessingException, QgsProject

from dgo_twin_plugin.engine.mix import Mix
from dgo_twin_plugin.project import mix as kept

INDICATORS = ["open_water", "public_transport"]  # quick; GT04 and others lie in the demo plan


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from dgo_twin_plugin.demo import create

    folder = tmp_path_factory.mktemp("demo")
    create(folder)
    return folder


@pytest.fixture
def bare(demo: Path, tmp_path: Path) -> Path:
    """A twin file that says nothing of ambitions and weights."""
    import re

    text = (demo / "twin-a.yml").read_text("utf-8")
    text = re.sub(r"(?ms)^(ambitions|weights):.*?(?=^\w|\Z)", "", text)
    assert "ambitions" not in text
    path = demo / "bare.yml"
    path.write_text(text, encoding="utf-8")
    return path


def score(twin: Path, output: Path, **more: Any) -> tuple[dict[str, float], dict[str, Any]]:
    """Ambition of open water in GT04's first zone and the total, and the archived parameters."""
    from qgis import processing

    processing.run("dgo:scoredesign", {"TWIN": str(twin), "INDICATORS": INDICATORS,
                                       "OUTPUT": str(output), **more})  # fmt: skip
    with sqlite3.connect(output) as store:
        (run_id, parameters) = store.execute(
            "SELECT run_id, parameters FROM runs ORDER BY id DESC").fetchone()
        (ambition,) = store.execute(
            "SELECT ambition FROM scores WHERE run_id = ? AND indicator = 'open_water'"
            " AND zone_id > 0 AND area_type = 'GT04' ORDER BY zone_id", (run_id,)).fetchone()
        themes = dict(store.execute("SELECT theme, mark FROM totals WHERE run_id = ?"
                                    " AND zone_id = 0", (run_id,)))  # fmt: skip
    return {"ambition": ambition, **themes}, json.loads(parameters)


@pytest.fixture
def basis() -> float:
    from dgo_twin_plugin.engine.norms import load_profile

    return load_profile("utrecht-proposal-2026").norm("open_water", "GT04").basis


def test_parameter_before_twin_before_project_before_profile(
    dgo: Any, bare: Path, demo: Path, tmp_path: Path, qgis_project: QgsProject, basis: float
) -> None:
    """Ambitions 1.5 (parameter), 2.5 (twin) and 3.5 (project) m²; the profile's basis else. Theme
    weights 0 for access leave the total at water's mark."""
    output = tmp_path / "out.gpkg"
    with_block = demo / "block.yml"
    with_block.write_text(bare.read_text("utf-8") + "\nambitions: {GT04: {open_water: 2.5}}\n"
                          "weights: {themes: {access: 0}}\n", encoding="utf-8")  # fmt: skip
    found, archived = score(bare, output)
    assert found["ambition"] == basis
    assert (archived["AMBITIONS"], archived["WEIGHTS"]) == ("{}", "{}")
    half = (found["water"] + found["access"]) / 2  # both themes weigh 1
    assert found["total"] == pytest.approx(half) and found["water"] != found["access"]
    kept.keep_mix(qgis_project, Mix({"GT04": {"open_water": 3.5}}, {}, {"water": 0.0}))
    found, _ = score(bare, output)
    assert found["ambition"] == 3.5 and found["total"] == pytest.approx(found["access"])
    found, _ = score(with_block, output)
    assert found["ambition"] == 2.5 and found["total"] == pytest.approx(found["water"])
    found, _ = score(with_block, output, AMBITIONS="{GT04: {open_water: 1.5}}",
                     WEIGHTS='{"themes": {"water": 3, "access": 1}}')  # fmt: skip
    assert found["ambition"] == 1.5
    assert found["total"] == pytest.approx((3 * found["water"] + found["access"]) / 4)
    found, _ = score(with_block, output, AMBITIONS="{}", WEIGHTS="{}")  # given, and empty
    assert found["ambition"] == basis and found["total"] == pytest.approx(half)


def test_a_switched_off_indicator_weighs_nothing(
    dgo: Any, bare: Path, tmp_path: Path, qgis_project: QgsProject
) -> None:
    kept.keep_mix(qgis_project, Mix(off=frozenset({"open_water"})))
    found, archived = score(bare, tmp_path / "out.gpkg")
    assert found["total"] == pytest.approx(found["access"])
    assert json.loads(archived["WEIGHTS"]) == {"open_water": 0.0}


def test_the_archive_repeats_the_run(
    dgo: Any, bare: Path, tmp_path: Path, qgis_project: QgsProject
) -> None:
    """What a project's mix did once is done again by the archived texts, without that project."""
    mix = Mix({"GT04": {"open_water": 1 / 3}}, {"open_water": 0.1}, {"water": 1.7})
    kept.keep_mix(qgis_project, mix)
    first, archived = score(bare, tmp_path / "out.gpkg")
    qgis_project.clear()
    again, _ = score(bare, tmp_path / "out.gpkg", AMBITIONS=archived["AMBITIONS"],
                     WEIGHTS=archived["WEIGHTS"])  # fmt: skip
    assert again == first and first["ambition"] == 1 / 3


@pytest.mark.parametrize("name, text, words", [
    ("AMBITIONS", "{GT04: {open_wter: 5}}", ["AMBITIONS", "open_wter", "open_water"]),
    ("AMBITIONS", "{Nergens: {open_water: 5}}", ["AMBITIONS", "Nergens", "GT04"]),
    ("WEIGHTS", "{green: -1}", ["WEIGHTS", "green", "1000"]),
    ("WEIGHTS", "{green: [", ["WEIGHTS"]),
])  # fmt: skip
def test_a_wrong_text_is_refused_before_anything_runs(
    dgo: Any, bare: Path, tmp_path: Path, qgis_project: QgsProject, name: str, text: str,
    words: list[str],
) -> None:  # fmt: skip
    output = tmp_path / "out.gpkg"
    with pytest.raises(QgsProcessingException) as refused:
        score(bare, output, **{name: text})
    assert not output.exists()
    for word in words:
        assert word in str(refused.value), (word, str(refused.value))


def test_a_damaged_mix_is_told_and_the_profile_decides(
    dgo: Any, bare: Path, tmp_path: Path, qgis_project: QgsProject, basis: float
) -> None:
    from qgis import processing
    from qgis.core import QgsProcessingFeedback

    class Ears(QgsProcessingFeedback):
        def __init__(self) -> None:
            super().__init__(False)
            self.said: list[str] = []

        def pushWarning(self, warning: str) -> None:  # noqa: N802
            self.said.append(warning)

    qgis_project.writeEntry("dgo_twin", "mix", "ambitions: [")
    ears = Ears()
    found, _ = score(bare, tmp_path / "out.gpkg")
    assert found["ambition"] == basis
    processing.run("dgo:scoredesign", {"TWIN": str(bare), "INDICATORS": INDICATORS,
                                       "OUTPUT": str(tmp_path / "b.gpkg")}, feedback=ears)
    assert [word for word in ears.said if "dgo_twin/mix" in word]
