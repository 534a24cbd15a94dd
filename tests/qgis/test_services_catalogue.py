"""The catalogue of services: the shipped one is sound, another is refused with file, line, key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dgo_twin_plugin.engine.indicators import all_indicators
from dgo_twin_plugin.engine.roles import roles
from dgo_twin_plugin.engine.texts import set_language
from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.services.catalogue import (
    MOST,
    bare,
    entry,
    load_catalogue,
    margin,
)

OWN = """services:
  mine:
    title: Mine
    address: https://example.org/wfs
    type: wfs
    layers: [a]
    role: natura2000
    licence: CC0
    confidence: K
"""


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def own(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "own.yml"
    path.write_text(text, encoding="utf-8")
    return load_catalogue(path)


def test_the_shipped_catalogue_is_sound() -> None:
    found = load_catalogue().services
    assert len(found) >= 20
    for service in found.values():
        assert service.title["nl"] and service.title["en"] and service.licence
        assert service.role == "none" or not service.background  # an image has no values
    themes = {s.role for s in found.values()}
    assert {"current", "roads", "no2", "dsm", "dtm", "natura2000", "risk_contours"} <= themes


def test_margins_come_from_the_indicators() -> None:
    found = load_catalogue().services
    for service in found.values():
        if service.role in roles():
            radii = [s.radius for s in all_indicators() if service.role in s.roles]
            assert margin(service) >= min(MOST, max(radii, default=0.0)), service.id
    # green_access looks 1,000 m around; of the air only those who live there count (110 m)
    assert margin(found["bgt"]) == 1_000.0
    assert margin(found["rivm_no2"], ["air_quality"]) == 110.0
    assert margin(found["natura2000"]) == 50.0


def test_what_is_fetched_follows_the_indicators() -> None:
    found = load_catalogue()
    ids = {s.id for s in found.chosen([], ["air_quality"])}
    assert {"rivm_no2", "rivm_pm10", "natura2000", "bgt"} <= ids
    assert not {"ahn_dsm", "rivm_noise_road", "bag", "aerial_photo"} & ids
    assert [s.id for s in found.chosen(["bag", "bag"])] == ["bag"]
    with pytest.raises(DgoError, match="Did you mean natura2000"):
        found.chosen(["natura200"])
    with pytest.raises(DgoError, match="Unknown indicator"):
        found.chosen([], ["air"])


def test_a_file_of_ones_own_goes_over_it(tmp_path: Path) -> None:
    found = own(tmp_path, OWN + "  bgt: {page_size: 7}\n  natura2000: null\n").services
    shipped = load_catalogue().services
    assert found["bgt"].page_size == 7 and found["bgt"].layers == shipped["bgt"].layers
    assert "natura2000" not in found and found["mine"].layers == {"a": "a"}


def test_the_block_for_the_twin_file() -> None:
    found = load_catalogue().services
    roads = entry(found["nwb_roads"], "w.gpkg|wegen", "2026-07-01")
    assert roads == {"layer": "w.gpkg|wegen", "fields": {"owner": "owner"}, "date": "2026-07-01"}
    assert entry(found["rev_pr6"], "r.gpkg|x")["pr"] == -6


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("    adress: x\n", r"own.yml, line 10, key services.mine.adress.*Did you mean address"),
        ("    address: ftp://x\n", r"line 10.*address.*twice"),
        ("    fields: {nam: x}\n", r"line 10.*fields.nam.*Did you mean name"),
        ("    page_size: many\n", r"line 10.*page_size.*a number"),
        ("    crs: RD\n", r"line 10.*EPSG:28992"),
        ("    version: 3.0\n", r"line 10.*version.*not a valid value"),
        ("    date: last year\n", r"services.mine"),
        ("    constants: {kind: [1]}\n", r"services.mine"),
        ("    values: {kind: {a: b}}\n", r"line 10.*has translated terms but no column"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(DgoError) as caught:
        own(tmp_path, OWN + line)
    import re

    assert re.search(words, str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("https://example.org/wfs", "file:///etc/passwd", "is no web address"),
        ("https://example.org/wfs", "https://me:secret@example.org", "does not belong in a file"),
        ("https://example.org/wfs", "https://example.org?apikey=1", "does not belong in a file"),
        ("type: wfs", "type: wcs", "role natura2000 is not filled by a raster"),
        ("role: natura2000", "role: no2", "role no2 is only filled by a raster"),
        ("role: natura2000", "role: natura", "Did you mean natura2000"),
        ("layers: [a]", "layers: []", "at least one layer"),
        ("    licence: CC0\n", "", "licence is missing"),
        ("  mine:", "  Mine!:", "is no id"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(DgoError) as caught:
        own(tmp_path, OWN.replace(old, new))
    assert words in str(caught.value)


def test_no_secret_is_written_down() -> None:
    assert bare("https://u:p@h.nl:81/a/b?key=1#x") == "https://h.nl:81/a/b"
