"""Every window of the plugin in Dutch and in English: nothing untranslated, nothing without words.

The windows are made from the demo plan in both languages and every text on them is read: what is
shown, tips, names for a screen reader, hints, choices, headers and cells of tables.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dgo_twin_plugin.engine.texts import FOLDER, LANGUAGES, language, set_language
from tests.panel.conftest import wait
from tests.panel.speech import Said, nameless, said, widgets

AREAS = {p.relative_to(FOLDER / "nl").with_suffix("").as_posix().replace("/", ".")
         for p in (FOLDER / "nl").rglob("*.json")}  # fmt: skip
KEY = re.compile(r"\b[a-z_]+(?:\.[a-z0-9_]+)+\b")
HOLE = re.compile(r"\{[a-z_]*(?::[^{}]*)?\}")
# Words that are the same in Dutch and English, names, and units.
SAME = set("""
    alert alerts in is of water wind park norm normen normaal type start import export live log
    open scenario status plan project zone zones service services test thema was week
    dgo twin qgis qt gpl or later yaml json bgt bag imro imow osm dxf cityjson ahn geopackage
    postgis pg csv xlsx html lden lnight pet who bkl nta qra wgv cbs rivm rd new tif gpkg yml zip
    gml xml sqlite excel db dbname schemas u kwh gj mpg beng pm no co db lp ouee ha km min ms mm
    cm jr p v k c pr gr ov percentage circa utrecht en
""".split())
SAME |= {"noise", "green"}  # in examples of the twin file, whose words are English
SAME |= {"indicator", "natura", "hotel", "radar", "ambitieweb", "hotels"}
LETTERS = re.compile(r"[^\W\d_]+")


@dataclass
class Walk:
    """What was found in one language."""

    texts: list[Said] = field(default_factory=list)
    dumb: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    def see(self, page: str, window: Any) -> None:
        self.texts += [Said(f"{page}: {one.where}", one.kind, one.text) for one in said(window)]
        self.dumb += [f"{page}: {where}" for where in nameless(window)]
        self.kinds |= {type(w).__name__ for w in widgets(window)}


# --- the windows; each takes the window of QGIS and gives what is to be read, one or more --------
Builder = Callable[[Any, Path], Iterator[tuple[str, Any]]]
PAGES: dict[str, Builder] = {}


def page(build: Builder) -> Builder:
    """Register a window; a module that is not there yet is passed over."""
    PAGES[build.__name__] = build
    return build


@page
def settings(window: Any, _demo: Path) -> Iterator[tuple[str, Any]]:
    from dgo_twin_plugin.panel.settings import SettingsPage

    yield "settings", SettingsPage(window.mainWindow())


@page
def about(window: Any, _demo: Path) -> Iterator[tuple[str, Any]]:
    from dgo_twin_plugin.panel.about import About

    yield "about", About(window)


@page
def log(window: Any, _demo: Path) -> Iterator[tuple[str, Any]]:
    from dgo_twin_plugin.panel.log_window import LogWindow

    yield "log", LogWindow(window)


@page
def guide(window: Any, _demo: Path) -> Iterator[tuple[str, Any]]:
    from dgo_twin_plugin.panel.guide import GuideWindow, guide_file

    shown = GuideWindow(window)
    shown.show_file(guide_file())
    yield "guide", shown


@page
def wizard(window: Any, demo: Path) -> Iterator[tuple[str, Any]]:
    from dgo_twin_plugin.panel.wizard import StartWizard

    shown = StartWizard(window)
    for step in range(4):
        shown.go(step)
        yield f"wizard {step + 1}", shown
    shown.reject()


@page
def menu(window: Any, _demo: Path) -> Iterator[tuple[str, Any]]:
    """The entries of the plugin in the menu of QGIS."""
    from qgis.PyQt.QtWidgets import QMenu

    import dgo_twin_plugin

    plugin = dgo_twin_plugin.classFactory(window)
    spoken = language()
    plugin.initGui()
    assert language() == spoken  # it took the language of QGIS, which the fixture has set
    shown = QMenu(window.mainWindow())
    shown.setTitle(window.menu[0].text())
    shown.addActions(window.menu)
    yield "menu", shown
    plugin.unload()


@page
def dock(window: Any, demo: Path) -> Iterator[tuple[str, Any]]:
    """The dock without a plan, with one that is assessed, and everything it can open."""
    from qgis.core import QgsProject

    from dgo_twin_plugin.panel import create_dock

    project = QgsProject.instance()
    project.clear()
    shown = create_dock(window)
    window.mainWindow().addDockWidget(_right(), shown)
    shown.show()
    window.process()
    yield "dock empty", shown
    assert project.read(str(demo / "demo.qgz"))
    window.process()
    session = getattr(shown, "session", None)
    if session is not None:
        wait(lambda: session.assessment is not None, 180)
        window.process()
        yield "dock live", shown
        yield from _opened(shown, window)
    window.mainWindow().removeDockWidget(shown)
    shown.deleteLater()


def _opened(shown: Any, window: Any) -> Iterator[tuple[str, Any]]:
    """What the dock opens: side pages, dialogs, its menu."""
    from qgis.PyQt.QtWidgets import QMenu

    shown.menu.fill()
    for menu in (shown.head.menu, *shown.head.menu.findChildren(QMenu)):
        yield "menu of the dock", menu
    for indicator in ("traffic_noise", "rain_retention", "flood_safety"):
        shown.mixer.why_asked.emit(indicator, 0)
        window.process()
        yield f"dock why {indicator}", shown
    shown.mixer.show_radar()
    yield "dock radar", shown
    for indicator in ("traffic_noise", "air_quality"):  # its tools come when one works in a row
        shown.mixer.rows.make_current(indicator)
        window.process()
        yield f"dock row {indicator}", shown
    for build in OPENED:
        yield from build(shown)
        window.process()
    _write(shown)
    shown.head.pages.button(1).click()
    shown.load()
    window.process()
    assert shown.results.view is not None
    yield "dock results", shown


def _write(dock: Any) -> None:
    """What is live as a stored run, for the page of results."""
    from dgo_twin_plugin.store import outcome
    from dgo_twin_plugin.store.write import write_run
    from tests.qgis import results_sample

    live = dock.session.assessment
    record = results_sample.record()
    home = Path(dock.project.absolutePath())
    dock.inputs.output.setFilePath(str(home / f"uitkomst_{language()}.gpkg"))
    write_run(dock.inputs.results_file(), record, outcome.tables(live), crs=record.work_crs,
              origin=live.scene.origin, ground=outcome.ground(live),
              places=outcome.place_sets(live), indicators=list(live.prepared))  # fmt: skip


def _presenter(dock: Any) -> Iterator[tuple[str, Any]]:
    from dgo_twin_plugin.panel.presenting import PresenterWindow

    shown = PresenterWindow(dock)
    shown.follow()
    yield "presenter", shown


def _norm_file(dock: Any) -> Iterator[tuple[str, Any]]:
    from dgo_twin_plugin.panel.norm_file_dialog import NormFileDialog

    yield "norm file", NormFileDialog(dock, dock)


def _mapping(dock: Any) -> Iterator[tuple[str, Any]]:
    from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer

    from dgo_twin_plugin.panel.mapping import MappingDialog

    layer = QgsVectorLayer("Polygon?crs=EPSG:28992&field=soort:string&field=hoogte:double"
                           "&field=won_aant:int&field=xyz:string", "eigen", "memory")
    for number, kind in enumerate(("Rijwoning", "Rijwoning", "Vijver", "Onzin")):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([kind, 9.5, number, "q"])
        feature.setGeometry(QgsGeometry.fromWkt("POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))"))
        layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    shown = MappingDialog(dock, layer)
    wait(lambda: not shown.state.busy, 60)
    for index in range(shown.tabs.count()):
        shown.tabs.setCurrentIndex(index)
        yield f"mapping {index}", shown
    shown.ask_leave = lambda *_: True
    shown.done(0)


def _compare(dock: Any) -> Iterator[tuple[str, Any]]:
    from dgo_twin_plugin.panel.compare import CompareDialog
    from dgo_twin_plugin.panel.compare_shelf import StateShelf

    shelf = StateShelf(dock)
    shelf.set_present(dock.mixer.assessment, dock.moves.mix, "A")
    shelf.keep("Zet 1")
    shown = CompareDialog(shelf, dock)
    window = dock.iface
    window.process()
    yield "compare", shown
    shown.done(0)
    shelf.end()


OPENED: list[Callable[[Any], Iterator[tuple[str, Any]]]] = [
    _presenter, _norm_file, _mapping, _compare]  # fmt: skip


def _right() -> Any:
    from qgis.PyQt.QtCore import Qt

    return Qt.DockWidgetArea.RightDockWidgetArea


# --- reading them ------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def walks(qgis_app: Any, demo_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Language -> what was found, and the words of the data."""
    from qgis.core import QgsApplication, QgsProject, QgsSettings
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.demo import VARIANTS
    from dgo_twin_plugin.processing.provider import DgoProvider
    from dgo_twin_plugin.project.demo_project import write_demo_project
    from tests.structure.window import FakeInterface

    folder = Path(shutil.copytree(demo_once, tmp_path_factory.mktemp("spoken") / "demo"))
    before = language()
    set_language("nl")
    variants = {name: folder / f"twin-{name}.yml" for name in VARIANTS}
    write_demo_project(folder, variants, folder / "demo.qgz")
    registry = qgis_app.processingRegistry()
    provider = DgoProvider()
    assert registry.addProvider(provider)
    found: dict[str, Walk] = {}
    data: set[str] = set()
    try:
        for spoken in LANGUAGES:
            QgsSettings().setValue("locale/overrideFlag", True)
            QgsSettings().setValue("locale/userLocale", {"nl": "nl_NL", "en": "en_GB"}[spoken])
            set_language(QgsApplication.locale())
            assert language() == spoken
            walk = found[spoken] = Walk()
            for build in PAGES.values():
                window = FakeInterface()
                for name, shown in build(window, folder):
                    walk.see(name, shown)
                data |= words_of(QgsProject.instance())
                QgsProject.instance().clear()
                QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
                window.gone()
    finally:
        QgsSettings().remove("locale")
        set_language(before)
        registry.removeProvider(provider)
    return found, data | names_in(folder) | names_of_things()


def names_of_things() -> set[str]:
    """Names that are no words of a language: methods, publications, terms of functions."""
    from dgo_twin_plugin.engine.functions import load_functions
    from dgo_twin_plugin.engine.indicators import all_indicators

    functions = load_functions()
    terms = {alias for name in functions.names for alias in functions[name].aliases}
    return terms | {w for spec in all_indicators() for w in (spec.method, spec.standard)}


def words_of(project: Any) -> set[str]:
    """Names that come from the project: of layers, fields, values, and files."""
    found = {project.title(), project.baseName(), project.absolutePath()}
    for layer in project.mapLayers().values():
        found |= {layer.name(), layer.source()}
        if hasattr(layer, "fields"):
            for index, one in enumerate(layer.fields()):
                found.add(one.name())
                if one.typeName().lower().startswith(("string", "text")):
                    found |= {str(v) for v in layer.uniqueValues(index, 200)}
    return found


def names_in(folder: Path) -> set[str]:
    """Names of files, and the words of the twin files."""
    found = {str(folder), *(p.name for p in folder.rglob("*")), *(p.stem for p in
                                                                  folder.rglob("*"))}
    for twin in folder.glob("*.yml"):
        found |= set(re.findall(r"[\w][\w \-:()]*", twin.read_text("utf-8")))
    return found


def languageless(text: str, data: set[str]) -> bool:
    """Whether nothing is left once names, signs, units and words of both languages are gone."""
    text = re.sub(r"(?<!\S)[a-z0-9+]+(?:-[a-z0-9+]+)*-\d+(?!\S)", " ", text)  # id of a method
    lowered = {d.strip().lower() for d in data if d and d.strip()}
    if text.lower() in lowered:
        return True
    for part in sorted((d for d in lowered if len(d) > 2), key=len, reverse=True):
        if part in text.lower():
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", " ", text, flags=re.I)
    words = {w.lower() for w in LETTERS.findall(text) if len(w) > 1}
    words -= {w for w in words if re.fullmatch(r"gt\d*|i|n", w)}
    return not words - SAME


def test_the_walk_reads_the_windows(walks: Any) -> None:
    found, _ = walks
    for spoken in LANGUAGES:
        assert len({one.text for one in found[spoken].texts}) > 150
    assert "Cijfers volgen het ontwerp" in {one.text for one in found["nl"].texts}
    assert "Marks follow the design" in {one.text for one in found["en"].texts}


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_no_key_is_shown(walks: Any, spoken: str) -> None:
    def is_key(word: str) -> bool:
        parts = word.split(".")
        return any(".".join(parts[:n]) in AREAS for n in (1, 2)) and len(parts) > 1

    shown = sorted({f"{one.where} [{one.kind}]: {one.text}" for one in walks[0][spoken].texts
                    if any(is_key(word) for word in KEY.findall(one.text))})  # fmt: skip
    shown = [line for line in shown if not re.search(r"dgo_twin[./]", line)]
    assert not shown, "\n".join(shown)


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_no_hole_is_left_open(walks: Any, spoken: str) -> None:
    shown = sorted({f"{one.where} [{one.kind}]: {one.text}" for one in walks[0][spoken].texts
                    if HOLE.search(one.text.replace("{}", ""))})  # fmt: skip
    assert not shown, "\n".join(shown)


def test_no_text_is_the_same_in_both_languages(walks: Any) -> None:
    found, data = walks
    english = {one.text for one in found["en"].texts}
    same = {one.text: f"{one.where} [{one.kind}]" for one in found["nl"].texts
            if one.text in english and not languageless(one.text, data)}  # fmt: skip
    assert not same, "\n".join(f"{text!r}: {where}" for text, where in sorted(same.items()))


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_whatever_takes_the_keyboard_has_a_name(walks: Any, spoken: str) -> None:
    dumb = sorted(set(walks[0][spoken].dumb))
    assert not dumb, "\n".join(dumb)


def test_numbers_have_the_comma_of_the_language(walks: Any) -> None:
    """A mark with one decimal, as the panel shows it: 7,2 in Dutch, 7.2 in English."""
    wrong = {"nl": re.compile(r"(?<![\d.\-v])\d{1,3}\.\d(?![\d.\-])"),
             "en": re.compile(r"(?<![\d,])\d{1,3},\d(?![\d,])")}  # fmt: skip
    names = sorted(names_of_things(), key=len, reverse=True)

    def bare(text: str) -> str:
        for name in names:
            text = text.replace(name, " ") if len(name) > 8 else text
        return versionless(text)

    for spoken, pattern in wrong.items():
        shown = {f"{one.where} [{one.kind}]: {one.text}" for one in walks[0][spoken].texts
                 if one.where.startswith("dock") and pattern.search(bare(one.text))}
        assert not shown, "\n".join(sorted(shown))


def versionless(text: str) -> str:
    """Without what has points or commas of its own: articles, tables, versions, coordinates."""
    text = re.sub(r"(?i)\b(bkl|artikel|art\.|article|tabel(len)?|table|tables|paragraaf|section|"
                  r"version|versie|pm|qgis|qt)\s*[\d.,a-z\- ]*\d[\w.\-]*", " ", text)  # fmt: skip
    return re.sub(r"\b[\w\-]*\d[\w\-]*\.(gpkg|yml|tif|qgz|html)\b", " ", text)


def test_every_window_of_the_panel_was_read(walks: Any) -> None:
    """A new dialog or page must register itself above."""
    from qgis.PyQt.QtWidgets import QWidget

    import dgo_twin_plugin.panel as rooms

    own: dict[str, str] = {}
    for module in pkgutil.walk_packages(rooms.__path__, rooms.__name__ + "."):
        loaded = importlib.import_module(module.name)
        for name, kind in inspect.getmembers(loaded, inspect.isclass):
            if issubclass(kind, QWidget) and kind.__module__ == module.name:
                own[name] = module.name
    bases = {base.__name__ for name, module in own.items()
             for base in getattr(importlib.import_module(module), name).__mro__[1:]}
    unread = sorted(f"{module}.{name}" for name, module in own.items()
                    if name not in walks[0]["nl"].kinds | bases and not name.startswith("_"))
    assert not unread, "\n".join(unread)
