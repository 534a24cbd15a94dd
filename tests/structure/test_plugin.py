"""The plugin comes and goes without a trace, twice, and costs QGIS no time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.structure.source import REPO

START = """
import json, sys, time
from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QMainWindow
app = QgsApplication([], True); app.initQgis()
sys.path.insert(0, {repo!r})
from tests.structure.window import FakeInterface
iface = FakeInterface()
before = set(sys.modules)
start = time.perf_counter()
import dgo_twin_plugin
plugin = dgo_twin_plugin.classFactory(iface)
plugin.initGui()
seconds = time.perf_counter() - start
new = sorted(set(sys.modules) - before)
plugin.unload()
print("RESULT" + json.dumps({{"seconds": seconds, "new": new}}))
app.exitQgis()
"""


def start_once() -> dict[str, Any]:
    """Load the plugin in a fresh QGIS: seconds, and the modules it imported."""
    done = subprocess.run([sys.executable, "-c", START.format(repo=str(REPO))], cwd=REPO,
                          capture_output=True, text=True, env=dict(os.environ))  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    line = next(x for x in done.stdout.splitlines() if x.startswith("RESULT"))
    return dict(json.loads(line[len("RESULT"):]))  # fmt: skip


def test_loading_is_lazy(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [start_once() for _ in range(3)]
    best = min(run["seconds"] for run in runs)
    with capsys.disabled():
        print(f" [plugin load {best * 1000:.0f} ms, {len(runs[0]['new'])} modules]", end="")
    heavy = {"numpy", "scipy", "matplotlib", "yaml", "osgeo"}
    dragged = [name for name in runs[0]["new"] if name.split(".")[0] in heavy]
    assert not dragged, dragged[:5]  # the time itself decides nothing: `make bench` keeps it


@pytest.fixture
def window(qgis_app: Any) -> Iterator[Any]:
    from tests.structure.window import FakeInterface

    made = FakeInterface()
    yield made
    made.gone()


@pytest.fixture
def load(qgis_app: Any) -> Iterator[Any]:
    """Load the plugin as QGIS does; what a failing test leaves behind is taken away."""
    import dgo_twin_plugin

    loaded = []

    def make(iface: Any) -> Any:
        loaded.append(dgo_twin_plugin.classFactory(iface))
        return loaded[-1]

    yield make
    for plugin in loaded:
        plugin.unload()


def algorithms() -> list[str]:
    from qgis.core import QgsApplication

    return [a.id() for a in QgsApplication.processingRegistry().algorithms()
            if a.id().startswith("dgo:")]  # fmt: skip


def test_loads_and_unloads_twice(window: Any, load: Any) -> None:
    assert algorithms() == []
    for _ in range(2):
        plugin = load(window)
        plugin.initGui()
        assert "dgo:scoredesign" in algorithms()
        # panel, start of a plan; guide, settings, log, about
        assert [a.objectName() for a in window.menu] == [
            "dgo_twin_panel", "dgo_twin_start_plan", "dgo_twin_help", "dgo_twin_settings",
            "dgo_twin_log", "dgo_twin_about"]  # fmt: skip
        assert len(window.icons) == 1 and len(window.options) == 1
        assert not window.icons[0].icon().isNull()
        plugin.unload()
        assert algorithms() == []
        assert window.menu == window.icons == window.docks == window.options == []
        plugin.unload()  # QGIS may do so when it closes


def test_the_dock_opens_closes_and_goes_with_the_plugin(window: Any, load: Any) -> None:
    for _ in range(2):
        plugin = load(window)
        plugin.initGui()
        assert window.docks == []  # made when first asked for
        action = window.icons[0]
        action.setChecked(True)
        assert len(window.docks) == 1
        dock = window.docks[0]
        window.process()
        assert dock.isVisible() and action.isChecked()
        dock.close()  # by its own cross
        window.process()
        assert not action.isChecked()
        action.setChecked(True)
        window.process()
        assert window.docks == [dock] and dock.isVisible()
        plugin.unload()
        assert window.docks == []


def test_every_entry_of_the_menu_opens_its_window(window: Any, load: Any) -> None:
    from qgis.PyQt.QtWidgets import QDialog

    plugin = load(window)
    plugin.initGui()
    entries = {a.objectName(): a for a in window.menu}
    for name, opens in (("help", "dgo_guide"), ("log", "dgo_log"), ("about", "dgo_about")):
        entries[f"dgo_twin_{name}"].trigger()
        window.process()
        (dialog,) = window.window.findChildren(QDialog, opens)
        assert dialog.isVisible() and dialog.windowTitle()
    entries["dgo_twin_settings"].trigger()
    assert window.options_shown == ["dgo_twin_options"]
    page = window.options[0].createWidget(window.window)
    assert page.objectName() == "dgo_twin_options"  # by this name QGIS finds it
    page.deleteLater()
    plugin.unload()
    window.process()
    assert not [d for d in window.window.findChildren(QDialog) if d.isVisible()]


@pytest.mark.errors_are_told
def test_a_dock_that_cannot_be_made_is_told_and_leaves_the_button_up(
    window: Any, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dgo_twin_plugin import panel

    def broken(_iface: Any) -> Any:
        raise RuntimeError("no dock today")

    plugin = load(window)
    plugin.initGui()
    monkeypatch.setattr(panel, "create_dock", broken)
    window.icons[0].setChecked(True)
    assert not window.icons[0].isChecked() and window.docks == []
    assert ["no dock today" in item.text() for item in window.bar.items()] == [True]


def test_works_without_a_window(load: Any) -> None:
    """As qgis_process does it: initProcessing only, and no iface."""
    plugin = load(None)
    plugin.initProcessing()
    plugin.initProcessing()
    assert "dgo:scoredesign" in algorithms()
    plugin.unload()
    assert algorithms() == []
