"""Method cards: generated, complete, in two languages, and never a key or a placeholder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dgo_twin_plugin.engine.indicators import all_indicators, indicator
from dgo_twin_plugin.engine.texts import LANGUAGES
from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.reports import cards
from tests.engine.factory import profile

IDS = [spec.id for spec in all_indicators()]


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request):
    return request.param, cards.html(lang=request.param)


def test_every_indicator_has_its_card_and_a_link_to_it(page):
    _, html = page
    for name in IDS:
        assert f'<article id="{name}">' in html
        assert f'href="#{name}"' in html


def test_no_key_no_placeholder_and_nothing_from_elsewhere(page):
    _, html = page
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    words = re.sub(r"<[^>]+>", " ", body)
    assert not re.findall(r"\b(?:cards|indicators|words|norms|fields)\.[a-z_.]+\b", words)
    assert "{{" not in html and "None" not in words and "nan" not in words.split()
    assert "http://" not in html and "https://" not in html  # asks nothing of a network


def test_it_prints_and_knows_the_dark(page):
    _, html = page
    assert "prefers-color-scheme:dark" in html and "@media print" in html


def test_the_card_of_material_use_says_what_the_profile_says():
    # profile: dwelling 0.8 (A1) until 2026-06-30, 1.0 (A2) disputed from 2026-07-01; GT04 100/75/50
    card = cards.build(["material_use"], lang="en")["cards"][0]
    assert [(w["set"], w["limit"], w["until"], w["disputed"]) for w in card["law"][::2]] == [
        ("A1", "0.8", "2026-06-30", False), ("A2", "1", "open end", True)
    ]  # fmt: skip
    gt04 = next(r for r in card["norms"][0]["rows"] if r["type"] == "GT04")
    assert gt04["values"] == ["100", "75", "50"]
    assert len(card["decides"]) == 2  # the law, and the norms


def test_only_what_has_a_law_names_the_competent_authority():
    by_id = {c["id"]: c for c in cards.build(lang="en")["cards"]}
    for spec in all_indicators():
        entry = profile().indicators.get(spec.id)
        lawful = bool(entry and entry.law)
        assert bool(by_id[spec.id]["law"]) == lawful, spec.id


def test_overlap_is_mutual_and_counts_shared_inputs():
    by_id = {c["id"]: c for c in cards.build(lang="en")["cards"]}
    pairs = {(name, row["id"]): row["shared"] for name, card in by_id.items()
             for row in card["overlap"]}  # fmt: skip
    assert pairs
    assert all((other, name) in pairs for name, other in pairs)
    # green roofs are read by green, rain retention and nature-inclusive building (attack 9)
    roof = "Green roof (share of roof)"
    for name, other in (("green", "rain_retention"), ("green", "nature_inclusive")):
        assert roof in pairs[name, other]
    for name in by_id:
        assert (name, name) not in pairs


def test_inputs_are_those_of_the_specification():
    for spec in all_indicators():
        card = cards.build([spec.id], lang="nl")["cards"][0]
        assert [i["id"] for i in card["inputs"]] == [i.name for i in spec.inputs]


def test_without_a_reference_the_card_says_so():
    card = cards.build(["societal_risk"], lang="en")["cards"][0]
    assert not card["validation"]["page"]
    assert "No independent reference" in card["validation"]["text"]
    card = cards.build(["renewable_generation"], lang="en")["cards"][0]
    assert card["validation"]["page"] == "docs/validation/energy.md"


def test_pages_of_validation_exist(repo: Path):
    pages = {c["validation"]["page"] for c in cards.build(lang="en")["cards"]} - {""}
    assert [p for p in sorted(pages) if not (repo / p).is_file()] == []


def test_the_groups_of_drawn_features_name_indicators_that_are_announced():
    from dgo_twin_plugin.engine.models.tables import constants
    from dgo_twin_plugin.engine.words import INDICATORS

    for group in constants("cards")["drawn"]:
        assert set(group["indicators"]) <= set(INDICATORS)
        assert set(group["name"]) == set(LANGUAGES)


def test_an_unknown_indicator_is_an_error_that_helps():
    with pytest.raises(DgoError) as error:
        cards.build(["closed_water"])
    assert "open_water" in str(error.value.message.params["known"])


def test_code_is_shown_as_code_and_the_rest_is_escaped():
    context = cards.build(["renewable_generation"], lang="en")
    context["cards"][0]["about"] = "a <b> of `dsm` & more"
    html = cards.render("cards.html.j2", context)
    assert "a &lt;b&gt; of <code>dsm</code> &amp; more" in html


@pytest.mark.parametrize("lang", LANGUAGES)
def test_markdown_holds_the_same(lang):
    page = cards.markdown("green", lang)
    spec = indicator("green")
    assert page.startswith(f"# {spec.code} ")
    tables = [line for line in page.splitlines() if line.startswith("|")]
    # every row of a table has as many cells as its head
    width = None
    for line in page.splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert width in (None, cells), line
        width = cells
    assert len(tables) > 15


def test_written_only_when_complete(tmp_path: Path):
    target = cards.write(tmp_path / "cards.html", "page")
    assert target.read_text(encoding="utf-8") == "page"
    with pytest.raises(DgoError):
        cards.write(tmp_path / "absent" / "cards.html", "page")
