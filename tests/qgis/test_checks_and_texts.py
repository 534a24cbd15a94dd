"""Checks without a run, the validation of profiles, and that people read sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import plans as p
from .plans import box, design, one, refusal, run, sql, types


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Any]:
    """Parameters of a small run: a quarter of a hectare is water."""
    return {
        "DESIGN": p.uri(design(tmp_path / "d.gpkg")),
        "AREA_TYPES": p.uri(types(tmp_path / "t.gpkg")),
        "OUTPUT": str(tmp_path / "r.gpkg"),
        "INDICATORS": ["open_water"],
    }


# --- dgo:checkdesign ----------------------------------------------------------------------------
def test_checkdesign_lists_findings_without_a_run(
    dgo: Any, qgis_project: Any, tmp_path: Path, small: dict
) -> None:
    from qgis.core import QgsVectorLayer

    rows = [
        *p.quarters(),
        (box(0, 0, 10, 10), {"function": "zwembad"}),
        (box(40, 40, 60, 60), {"function": "dwelling"}),
    ]
    said = p.Said.new()
    sink = tmp_path / "checks.gpkg"
    done = run(
        "checkdesign",
        {
            "DESIGN": p.uri(design(tmp_path / "c.gpkg", rows)),
            "AREA_TYPES": small["AREA_TYPES"],
            "CHECKS": str(sink),
        },
        said,
    )
    layer = QgsVectorLayer(str(sink), "checks", "ogr")
    assert layer.featureCount() == done["COUNT"] > 3 and done["BLOCKING"] == 0
    found = {}
    for feature in layer.getFeatures():
        assert feature["title"] and feature["advice"] and "{" not in feature["title"]
        found.setdefault(feature["code"], []).append(feature)
    assert found["unknown_function"][0]["value"] == "zwembad"
    # a house of 20 x 20 m over the middle: 100 m2 of water, of grass and of road lie below it;
    # the fourth quarter is a dwelling too, and of equals the earlier keeps its ground
    places = sorted(round(f.geometry().area(), 6) for f in found["overlap"])
    assert places == [100.0] * 4
    middle = [f.geometry().boundingBox().center() for f in found["overlap"]]
    assert all(abs(m.x() - p.X - 50) < 11 and abs(m.y() - p.Y - 50) < 11 for m in middle)
    assert any("zwembad" in line for line in said.warnings)
    assert any(f["value"] == "public_transport" for f in found["indicator_without_input"])
    assert not list(tmp_path.glob("*.gpkg-journal"))


def test_checkdesign_without_sink(dgo: Any, qgis_project: Any, small: dict) -> None:
    done = run("checkdesign", {"DESIGN": small["DESIGN"], "AREA_TYPES": small["AREA_TYPES"]})
    assert done["COUNT"] > 0 and "CHECKS" not in done


def test_checkdesign_says_what_stops_a_run(
    dgo: Any, qgis_project: Any, tmp_path: Path, small: dict
) -> None:
    rows = [(box(0, 0, 10, 10), {"function": "zwembad"})]
    said = p.Said.new()
    done = run(
        "checkdesign",
        {"DESIGN": p.uri(design(tmp_path / "c.gpkg", rows)), "AREA_TYPES": small["AREA_TYPES"]},
        said,
    )
    assert done["BLOCKING"] == 1
    assert any(line.startswith("blocking") for line in said.warnings)


# --- dgo:validateprofile ------------------------------------------------------------------------
def overlay(folder: Path, norm: str) -> Path:
    file = folder / "gemeente.yml"
    file.write_text(
        "id: gemeente-proef\nversion: 1\ntitle: {nl: Proefgemeente, en: Test town}\n"
        f"base: utrecht-proposal-2026\nnorms:\n  open_water: {{GT04: {norm}}}\n",
        encoding="utf-8",
    )
    return file


def test_validateprofile(dgo: Any, tmp_path: Path) -> None:
    from dgo_twin_plugin.engine.norms import load_profile

    said = p.Said.new()
    done = run("validateprofile", {}, said)
    profile = load_profile("utrecht-proposal-2026")
    assert done == {
        "VALID": True,
        "FINDINGS": len(profile.findings),
        "CHANGES": 0,
        "HASH": profile.hash,
    }
    assert any("11 area types, 33 indicators" in line for line in said.infos)
    assert any("not adopted" in line for line in said.infos)


def test_validateprofile_lists_what_a_municipality_changes(dgo: Any, tmp_path: Path) -> None:
    from dgo_twin_plugin.engine.norms import load_profile

    norm = load_profile("utrecht-proposal-2026").norm("open_water", "GT04")
    higher = [norm.minimum + 1, norm.basis + 1, norm.optimum + 1]
    said = p.Said.new()
    done = run("validateprofile", {"OVERLAY": str(overlay(tmp_path, str(higher)))}, said)
    assert done["VALID"] and done["CHANGES"] >= 1
    shown = [line for line in said.infos if "GT04" in line and "6" in line]
    assert shown, said.infos


def test_validateprofile_says_what_is_wrong(dgo: Any, tmp_path: Path) -> None:
    said = p.Said.new()
    done = run("validateprofile", {"OVERLAY": str(overlay(tmp_path, "[9, 5, 2]"))}, said)
    assert done["VALID"] is False and done["HASH"] == ""
    assert len(said.errors) == 1 and "gemeente.yml" in said.errors[0] and "line" in said.errors[0]


# --- languages ----------------------------------------------------------------------------------
@pytest.fixture
def dutch() -> Iterator[None]:
    """The texts in Dutch, as the plugin sets them in a Dutch QGIS."""
    from dgo_twin_plugin.engine.texts import set_language

    set_language("nl")
    yield
    set_language("en")


def test_every_sentence_follows_the_language(
    dgo: Any, qgis_project: Any, dutch: None, tmp_path: Path, small: dict
) -> None:
    assert "Kies een ontwerplaag" in refusal("scoredesign", {})
    empty = design(tmp_path / "leeg.gpkg", [], fields={"function": 4})
    said = refusal("scoredesign", {"DESIGN": p.uri(empty), "AREA_TYPES": small["AREA_TYPES"]})
    assert said == "Laag 'vlakken' heeft geen objecten. Controleer het filter en de selectie."
    log = p.Said.new()
    run("scoredesign", small, log)
    assert any("voorstel, niet vastgesteld" in line for line in log.infos)
    assert one(small["OUTPUT"], "SELECT language FROM runs") == "nl"
    for title, advice in sql(small["OUTPUT"], "SELECT title, advice FROM checks"):
        assert "{" not in title + advice and not title.startswith("checks.")
    (tmp_path / "twin.yml").write_text("desing: {}\n")
    said = refusal("scoredesign", {**small, "TWIN": str(tmp_path / "twin.yml")})
    assert "regel 1" in said and "desing" in said and "errors." not in said


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_no_error_shows_a_key(lang: str) -> None:
    """Every DgoError of the bridge and the algorithms has its sentence in both languages."""
    import re

    from dgo_twin_plugin.engine.texts import has_text
    from tests.conftest import REPO

    keys = set()
    for folder in ("layers", "processing", "project", "store", "engine"):
        for file in (REPO / "dgo_twin_plugin" / folder).rglob("*.py"):
            keys |= set(re.findall(r'DgoError\(\s*"([a-z_.]+)"', file.read_text(encoding="utf-8")))
    assert len(keys) > 25
    assert not [key for key in sorted(keys) if not has_text(key, lang)]


def test_an_unexpected_error_is_a_sentence(
    dgo: Any, qgis_project: Any, small: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qgis.core import QgsProcessingException

    from dgo_twin_plugin.processing import scoring

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("something of ours")

    monkeypatch.setattr(scoring, "assess", broken)
    with pytest.raises(QgsProcessingException) as raised:
        run("scoredesign", small)
    assert "something of ours" in str(raised.value) and "Traceback" not in str(raised.value)
    assert not Path(small["OUTPUT"]).exists()
