"""The report: complete, safe, stands alone, prints; the law and the status always said."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from dgo_twin_plugin.engine import texts
from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.reports import html
from dgo_twin_plugin.reports.mapsvg import _round_length, zones_map

from . import results_sample as sample
from .test_results import put


class Reader(HTMLParser):
    """Tags balanced, texts gathered, and every address that a browser would fetch."""

    def __init__(self):
        super().__init__()
        self.open, self.words, self.fetched, self.hidden = [], [], [], 0

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "data", "action", "srcset"):
                self.fetched.append(value)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)


def read_page(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader, re.sub(r"\s+", " ", " ".join(reader.words))


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "plan.gpkg"
    return path, put(path)


@pytest.mark.parametrize("lang,status,line,total,truncated", [
    ("nl", "voorstel, niet vastgesteld",
     "vervangt geen akoestisch onderzoek, QRA of NTA 8800-berekening", "6,1 §", "5,9"),
    ("en", "proposal, not adopted",
     "does not replace an acoustic study, QRA or NTA 8800 calculation", "6.1 §", "5.9"),
])  # fmt: skip
def test_the_page_says_what_it_must(results, lang, status, line, total, truncated):
    path, run = results
    page = html.render(path, lang=lang)
    reader, words = read_page(page)
    assert f'<html lang="{lang}">' in page
    assert status in words and words.count(line) == 2
    assert total in words  # 6.05 to one decimal, never without its breach
    assert truncated in words and "6,0 5" not in words  # 5.96 is not a pass
    assert run.run_id in words and "abc123" in words and "sha256:0123" in words
    assert "2 niet-opgeslagen wijzigingen" in words and "Variant B" in words
    assert reader.fetched == []
    assert "report." not in words and "results." not in words  # no key without a text
    assert "<script" not in page and "@import" not in page and "url(http" not in page
    assert not re.search(r"https?://", page.replace("http://www.w3.org/2000/svg", ""))


@pytest.mark.parametrize("lang,sign,head,role,gain,odds", [
    ("nl", "± onzeker", "Wat het meest helpt om te weten", "Geluid wegverkeer", "0,7", "84 %"),
    ("en", "± uncertain", "Next best data", "Road noise", "0.7", "84 %"),
])  # fmt: skip
def test_the_page_says_what_is_uncertain_and_what_would_help(tmp_path, lang, sign, head, role,
                                                            gain, odds):  # fmt: skip
    path, tables = tmp_path / "plan.gpkg", sample.tables()
    for row in tables["scores"]:
        if row["indicator"] == "open_water":  # from 5.4 to 8.4: straddles the 6
            row.update(mark_low=5.4, mark_high=8.4, chance6=0.8413, next_data="coverage",
                       next_gain=0.2)  # fmt: skip
        if row["indicator"] == "traffic_noise":  # from 4.1 to 5.7: below 6 for certain
            row.update(mark_low=4.1, mark_high=5.7, next_data="noise_road", next_gain=0.658)
    put(path, tables=tables)
    page = html.render(path, lang=lang)
    _, words = read_page(page)
    assert head in words and odds in page
    marks = words[words.index("4,1" if lang == "nl" else "4.1") - 60:]
    assert sign in marks
    # the total lies in 5.0 .. 7.5 as well; in the table only open water straddles
    table = page[page.index('<td colspan="9">'):page.index(f"<h2>{head}")]
    assert table.count(sign) == 2  # the mark of open water, and the line that explains the sign
    listed = page[page.index(f"<h2>{head}"):]
    assert role in listed and f">{gain}<" in listed
    assert listed.index(role) < listed.index(texts.text("results.input.coverage", lang))


def test_without_spreads_there_is_nothing_to_know(results):
    _, words = read_page(html.render(results[0], lang="en"))
    assert texts.text("report.next.none", "en") in words


def test_what_people_typed_is_escaped(results):
    page = html.render(results[0], lang="nl")
    assert "Beschermingsgebied &lt;script&gt;" in page
    assert "geen invoer &lt;b&gt;" in page


def test_a_mark_below_six_differs_in_shape_as_well_as_colour(results):
    page = html.render(results[0], lang="nl")
    assert re.search(r'class="mark fails small" style="--c:#dfc27d;[^>]*>5,9<', page)
    assert re.search(r'class="mark passes small" style="--c:#80cdc1;[^>]*>7,2<', page)
    assert re.search(r'class="mark none small"[^>]*>n\.b\.<', page)
    assert ".mark.fails{border-radius:3px;background-image:repeating-linear-gradient" in page


def test_breaches_show_the_certain_one_and_not_what_complies(results):
    _, words = read_page(html.render(results[0], lang="nl"))
    assert "§ 1 zekere overschrijding" in words
    assert "ontwerp 1" in words  # the object that exceeds
    assert "ontwerp 2 " not in words.split("Herkomst")[0]  # the one that complies


def test_map_stands_where_the_zones_are(results):
    path, run = results
    drawn = zones_map(path, run.run_id, "nl")
    # two squares of 100 m side by side: 200 x 100 m in 960 - 2 x 16 = 928 units: 4.64 per metre
    assert drawn["zones"][0]["path"] == (
        "M16.0 480.0L480.0 480.0L480.0 16.0L16.0 16.0L16.0 480.0Z")  # fmt: skip
    assert drawn["height"] == 464 + 32 + 24
    assert (drawn["bar_text"], drawn["bar"]) == ("20 m", 92.8)  # 160 / 4.64 = 34 m: 20 fits
    assert [z["text"] for z in drawn["zones"]] == ["6,1 §", "7,0"]
    assert drawn["design"].count("Z") == 4  # four buildings, the one over two zones once
    for svg in re.findall(r"<svg class=\"map\".*?</svg>", html.render(path, lang="nl"), re.S):
        assert ElementTree.fromstring(svg).tag == "svg"


def test_zones_that_fail_are_hatched_on_the_map(tmp_path):
    path = tmp_path / "r.gpkg"
    tables = sample.tables()
    for row in tables["totals"]:
        row["mark"] = 5.5 if row["zone_id"] == 1 else None
    put(path, tables=tables)
    page = html.render(path, lang="nl")
    drawn = re.search(r"<svg class=\"map\".*?</svg>", page, re.S).group()
    assert drawn.count('fill="url(#hatch)"') == 1
    assert 'stroke-dasharray="5 4"' in drawn  # zone 2 has no mark


@pytest.mark.parametrize("length,shown", [(34.5, 20.0), (50.0, 50.0), (199.0, 100.0), (7.0, 5.0)])
def test_scale_bar_has_a_round_length(length, shown):
    assert _round_length(length) == shown


def test_without_any_mark_the_page_says_so(tmp_path):
    path = tmp_path / "r.gpkg"
    put(path, tables={"scores": [sample.score(0, "green", None)]}, places=())
    _, words = read_page(html.render(path, lang="en"))
    assert "There is no total mark" in words and "This run has no zones with an area." in words
    assert "No alerts." in words and "No findings." in words


def test_adopted_needs_by_and_on(tmp_path):
    path = tmp_path / "r.gpkg"
    put(path, sample.record("half", profile_status="adopted", adopted_by="raad"))
    assert "voorstel, niet vastgesteld" in html.render(path, lang="nl")
    done = sample.record("heel", profile_status="adopted", adopted_by="raad",
                         adopted_on="2026-10-01")  # fmt: skip
    put(path, done)
    page = html.render(path, done.run_id, "nl")
    head = page.split("</header>")[0]
    assert "vastgesteld door raad op 2026-10-01" in head
    assert "voorstel" not in head.split('<div class="status">')[1].replace("Voorstel Utrecht", "")


def test_long_lists_are_cut_and_say_so(tmp_path):
    path = tmp_path / "r.gpkg"
    tables = sample.tables()
    tables["breaches"] = [{**tables["breaches"][0], "object_fid": i} for i in range(203)]
    put(path, tables=tables)
    _, words = read_page(html.render(path, lang="nl"))
    assert "… en nog 3;" in words


def test_many_zones_are_laid_out_in_blocks(tmp_path):
    path = tmp_path / "r.gpkg"
    zones = [{"zone_id": i, "wkb": sample.square(10 * i, 0, 9)} for i in range(1, 20)]
    put(path, tables={"zones": zones, "scores": [sample.score(0, "green", 7.0)]}, places=())
    page = html.render(path, lang="nl")
    section = page.split("Cijfers per zone")[1].split("</section>")[0]
    assert section.count("<table>") == 3  # 19 zones, 8 abreast


def test_written_whole_or_not_at_all(results, tmp_path):
    path, _ = results
    target = tmp_path / "rapport.html"
    target.write_text("oud", encoding="utf-8")
    assert html.export_report(path, target, lang="nl") == target
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(DgoError) as problem:
        html.export_report(path, tmp_path / "nergens" / "rapport.html")
    assert problem.value.message.key == "report.error.write"
    folder = tmp_path / "map.html"
    folder.mkdir()
    with pytest.raises(DgoError):
        html.export_report(path, folder)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["map.html", "plan.gpkg", "rapport.html"]


def test_every_text_of_the_template_exists():
    from dgo_twin_plugin.engine.resources_path import resources

    template = (resources() / "report" / "report.html.j2").read_text(encoding="utf-8")
    keys = set(re.findall(r"\bt\('([a-z_.]+)'", template))
    assert len(keys) > 40
    missing = [(k, lang) for k in keys for lang in texts.LANGUAGES
               if not texts.has_text(f"report.{k}", lang)]  # fmt: skip
    assert missing == []
