"""The page in QGIS's options, the about page, the guide: what they show, keep and open."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QTextDocument
from qgis.PyQt.QtWidgets import QLabel

from dgo_twin_plugin.engine.texts import set_language
from dgo_twin_plugin.panel import about, guard, guide, settings
from dgo_twin_plugin.project import options
from tests.conftest import REPO

pytestmark = pytest.mark.usefixtures("language")


@pytest.fixture(autouse=True)
def shipped_settings(qgis_app: Any) -> Iterator[None]:
    """The defaults before and after a test."""
    for _ in range(2):
        QgsSettings().remove("dgo_twin")
        if _ == 0:
            yield


# --- values ----------------------------------------------------------------------------------
def test_defaults_hold_and_are_not_stored(qgis_app: Any) -> None:
    assert options.get(options.LIVE) is True and options.get(options.LOG_LEVEL) == "info"
    for name, option in options.OPTIONS.items():
        options.put(name, option.default)
        assert not QgsSettings().contains(f"dgo_twin/{name}")


@pytest.mark.parametrize("name, stored, read", [
    ("live", "false", False), ("live", "0", False), ("live", True, True), ("live", "perhaps", True),
    ("debounce", "300", 300), ("debounce", "-1", 120), ("debounce", "soon", 120),
    ("debounce", "1e9", 120), ("live_cell", "4.5", 4.5), ("live_cell", "nan", 0.0),
    ("log_level", "debug", "debug"), ("log_level", "loud", "info"), ("profile", "x", "x"),
])  # fmt: skip
def test_a_stored_value_is_read_or_counts_as_none(name: str, stored: Any, read: Any) -> None:
    QgsSettings().setValue(f"dgo_twin/{name}", stored)
    assert options.get(name) == read and type(options.get(name)) is type(read)


# --- the page ----------------------------------------------------------------------------------
def test_the_page_keeps_what_it_shows() -> None:
    heard = []
    options.listeners.append(lambda: heard.append(options.get(options.DEBOUNCE)))
    page = settings.SettingsPage()
    assert page.live.isChecked() and page.debounce.value() == 120
    assert page.cell.text() == "als een volledige beoordeling"
    page.live.setChecked(False)
    page.debounce.setValue(400)
    page.cell.setValue(2.5)
    page.level.setCurrentIndex(page.level.findData("debug"))
    page.profile.setCurrentIndex(page.profile.findData("utrecht-proposal-2026"))
    assert options.get(options.LIVE) is True  # not before OK
    page.apply()
    options.listeners.clear()
    assert heard == [400]
    assert [options.get(n) for n in ("live", "debounce", "live_cell", "log_level", "profile")] == [
        False, 400, 2.5, "debug", "utrecht-proposal-2026"]  # fmt: skip
    again = settings.SettingsPage()
    assert not again.live.isChecked() and again.cell.text() == "2,50 m"  # decimal comma
    assert again.profile.currentData() == "utrecht-proposal-2026"


def test_english_has_a_decimal_point() -> None:
    set_language("en")
    options.put(options.CELL, 2.5)
    assert settings.SettingsPage().cell.text() == "2.50 m"


def test_a_profile_of_a_municipality_is_checked_when_chosen(window: Any, tmp_path: Path) -> None:
    page = settings.SettingsPage(window.mainWindow())
    bad = tmp_path / "kapot.yml"
    bad.write_text("id: x\nindicatoren: {}\n", encoding="utf-8")
    heard: list[str] = []
    guard.listeners.append(lambda error, _: heard.append(str(error)))
    page.pick_file = lambda *_: (str(bad), "")
    page.choose.click()
    guard.listeners.pop()
    assert len(heard) == 1 and "kapot.yml" in heard[0]
    assert page.profile.currentData() == ""
    good = tmp_path / "gemeente.yml"
    good.write_text("base: utrecht-proposal-2026\nid: gemeente\ntitle: Gemeente\n"
                    'version: "1"\n', encoding="utf-8")  # fmt: skip
    page.pick_file = lambda *_: (str(good), "")
    page.choose.click()
    assert page.profile.currentData() == str(good)
    assert page.profile.currentText() == "gemeente.yml"


# --- about -------------------------------------------------------------------------------------
def test_about_says_version_licence_and_status(window: Any, qgis_project: Any) -> None:
    dialog = about.show_about(window)
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    version = next(line.partition("=")[2] for line in
                   (REPO / "metadata.txt").read_text("utf-8").splitlines()
                   if line.startswith("version="))  # fmt: skip
    for words in (version, "GPL-2.0-or-later", "voorstel, niet vastgesteld", "2026.1",
                  "Voorstel kwaliteitsprofielen"):  # fmt: skip
        assert words in said, words
    about.close_about()


def test_about_counts_the_law_as_the_profile_has_it() -> None:
    """Only entries of status ``law``; what starts after today is called coming."""
    from dgo_twin_plugin.engine.norms import load_profile

    profile = load_profile("utrecht-proposal-2026")
    laws = [law for i in profile.indicators.values() for law in i.law if law.status == "law"]
    assert laws
    first = min(law.start for law in laws)
    before = about.facts(today=first - datetime.timedelta(days=1))
    assert any(f"{len(laws)};" in line for line in before)
    coming = [line for line in before if line.startswith("Nog niet van kracht")]
    assert len(coming) == 1 and first.strftime("%d-%m-%Y") in coming[0]
    later = about.facts(today=datetime.date(2100, 1, 1))
    assert not [line for line in later if line.startswith("Nog niet van kracht")]


def test_about_tells_of_the_profile_that_is_chosen(qgis_project: Any, tmp_path: Path) -> None:
    from dgo_twin_plugin.engine.twin import Twin
    from dgo_twin_plugin.project.roles import keep_twin

    assert about.profile_in_use(qgis_project) == "utrecht-proposal-2026"
    options.put(options.PROFILE, "of-the-user")
    assert about.profile_in_use(qgis_project) == "of-the-user"
    keep_twin(qgis_project, Twin(profile="utrecht-proposal-2026"))
    assert about.profile_in_use(qgis_project) == "utrecht-proposal-2026"
    good = tmp_path / "gemeente.yml"
    good.write_text("base: utrecht-proposal-2026\nid: gemeente\ntitle: {nl: Gemeente, en: Town}\n"
                    'version: "3"\nstatus: adopted\nadopted_by: de raad\n'
                    "adopted_on: 2026-02-03\n", encoding="utf-8")  # fmt: skip
    said = about.facts(str(good))
    assert "vastgesteld door de raad op 03-02-2026" in said[0]
    assert not any("door niemand vastgesteld" in line for line in said)
    (line,) = about.facts("no-such-profile")
    assert "no-such-profile" in line


def test_the_links_of_about_open_what_they_say(window: Any, qgis_project: Any) -> None:
    dialog = about.show_about(window)
    for name, words in (("guide", "DGO"), ("changes", "0.1.0"),
                        ("licence.link", "GNU GENERAL PUBLIC LICENSE")):  # fmt: skip
        dialog.links[name].click()
        (page,) = guide._open
        assert words in page.page.toPlainText(), name
    assert not [item for item in window.bar.items()]
    about.close_about()
    guide.close_guide()


# --- the guide ---------------------------------------------------------------------------------
@pytest.mark.parametrize("spoken", ["nl", "en"])
def test_the_guide_opens_in_the_language(window: Any, spoken: str) -> None:
    set_language(spoken)
    page = guide.open_guide(window)
    assert page.file == REPO / "docs" / {"nl": "guide.nl.md", "en": "guide.md"}[spoken]
    assert page.contents.count() >= 1
    assert page.page.toPlainText().strip()
    guide.close_guide()


def test_a_chapter_is_brought_into_view(window: Any, tmp_path: Path) -> None:
    text = "# Boek\n\n" + "\n\n".join(f"## Deel {n}\n\n" + "woord " * 800 for n in range(5))
    (tmp_path / "boek.md").write_text(text + "\n\n[naar](#deel-3) [web](https://example.org/x)")
    page = guide.open_guide(window, tmp_path / "boek.md")
    window.process()
    names = [page.contents.itemText(i).strip() for i in range(page.contents.count())]
    assert names == ["Boek", *(f"Deel {n}" for n in range(5))]
    page._follow(QUrl("#deel-3"))
    window.process()
    assert page.page.textCursor().block().text() == "Deel 3"
    assert abs(page.page.cursorRect().top()) < 60  # at the top of the page
    opened = []
    page.open_url = lambda url: opened.append(url.toString())
    page._follow(QUrl("https://example.org/x"))
    assert opened == ["https://example.org/x"]
    page._follow(QUrl("absent.md"))
    assert len(window.bar.items()) == 1  # told, not thrown
    guide.close_guide()


def test_a_wide_picture_fits_the_page(window: Any, tmp_path: Path) -> None:
    from qgis.PyQt.QtGui import QImage

    image = QImage(2000, 1000, QImage.Format.Format_RGB32)
    image.fill(0)
    assert image.save(str(tmp_path / "wide.png"))
    (tmp_path / "page.md").write_text("# Page\n\n![a wide picture](wide.png)\n")
    page = guide.open_guide(window, tmp_path / "page.md")
    kind = QTextDocument.ResourceType.ImageResource
    loaded = page.page.loadResource(getattr(kind, "value", kind), QUrl("wide.png"))
    assert 240 <= loaded.width() <= page.page.viewport().width()
    assert loaded.height() == pytest.approx(loaded.width() / 2, abs=1)
    guide.close_guide()


def test_the_method_card_of_an_indicator(window: Any) -> None:
    page = guide.open_card(window, "traffic_noise")
    assert "Geluid" in page.page.toPlainText() and page.contents.count() > 2
    guide.close_guide()
