"""Runs in the background by the real algorithms, on the demo plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.panel.conftest import wait


@pytest.fixture
def ready(provider: None, demo: Path, dock: Any) -> Any:
    dock.inputs.twin.setFilePath(str(demo / "twin-a.yml"))
    dock.inputs.output.setFilePath(str(demo / "uit.gpkg"))
    dock.inputs.scenario.setText("Variant A")
    return dock


def test_scores_in_the_background_and_shows_the_result(ready: Any, demo: Path, window: Any,
                                                       qgis_project: Any,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    import qgis.utils
    from qgis.PyQt.QtCore import QTimer

    monkeypatch.setattr(qgis.utils, "iface", window)  # a window is there: results go in the project
    ticks: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(10)
    ready.score()
    assert ready.runner.busy, ready.foot.state.text()
    assert ready.foot.progress.isVisible() and ready.foot.cancel_button.isVisible()
    assert not ready.foot.run_button.isVisible()
    ready.score()  # a second one is refused
    assert "loopt al" in window.bar.currentItem().text()
    wait(lambda: not ready.runner.busy)
    timer.stop()
    assert len(ticks) > 20  # Qt lived on while the run went
    assert ready.foot.run_button.isVisible() and not ready.foot.progress.isVisible()
    assert ready.results.view is not None, ready.foot.state.text()
    assert ready.results.view.path == demo / "uit.gpkg"
    assert ready.results.view.run["scenario"] == "Variant A"
    assert "§" in ready.results.summary.badge.line.badge  # the demo breaks the law, and it shows
    assert len({s["indicator"] for s in ready.results.view.scores}) == 33
    assert sum(item.childCount() for item in (ready.results.marks.topLevelItem(i) for i in range(
        ready.results.marks.topLevelItemCount()))) == 33  # fmt: skip
    group = qgis_project.layerTreeRoot().children()[0]
    assert group.customProperty("dgo/run") == ready.results.view.run_id
    before = ready.results.view.run_id
    ready._layer_asked("open_water")
    shown = [node for node in group.findLayers() if node.isVisible()
             and node.layer().customProperty("dgo/result", "").startswith("ind_open_water")]
    assert shown
    ready.foot.report_button.setFocus()
    opened: list[Any] = []
    ready.open_url = lambda url: opened.append(url) or True
    ready.report()
    wait(lambda: not ready.runner.busy)
    assert len(opened) == 1, ready.foot.state.text()
    page = Path(opened[0].toLocalFile()).read_text(encoding="utf-8")
    assert "<html" in page.lower() and "Variant A" in page
    assert ready.results.view.run_id == before


def test_cancel_writes_nothing(ready: Any, demo: Path, window: Any) -> None:
    ready.score()
    assert ready.runner.busy, ready.foot.state.text()
    wait(lambda: ready.foot.progress.value() > 2)
    ready.foot.cancel_button.click()
    wait(lambda: not ready.runner.busy, 20)
    assert ready.results.view is None and not (demo / "uit.gpkg").exists()
    assert "Gestopt" in ready.foot.state.text()
    assert window.bar.currentItem() is None  # asked for: no warning
    ready.score()  # and it can start again
    assert ready.runner.busy
    ready.runner.cancel()
    wait(lambda: not ready.runner.busy, 20)


def test_what_is_missing_is_said_before_the_run(provider: None, dock: Any, window: Any) -> None:
    dock.score()
    assert not dock.runner.busy and dock.foot.run_button.isVisible()
    assert "DESIGN" in window.bar.currentItem().text()


def test_check_lists_its_findings(ready: Any) -> None:
    ready.check()
    assert ready.runner.busy, ready.foot.state.text()
    wait(lambda: not ready.runner.busy)
    assert ready.results.view is None  # a check is no run
    page = ready.results
    assert page.tabs.isVisible() and page.tabs.currentWidget() is page.checks
    assert not page.tabs.isTabVisible(0)
    found, crs = ready.results.checked
    assert found and crs == "EPSG:28992"
    assert ready.results.checks.count() == len(found)
    assert f"{len(found)}" in ready.foot.state.text()


def test_an_unloaded_panel_stops_its_run(ready: Any, demo: Path) -> None:
    ready.score()
    assert ready.runner.busy
    ready.end()
    assert not ready.runner.busy and not (demo / "uit.gpkg").exists()
    ready.end()  # twice is once


def test_without_the_provider_it_says_so(dock: Any, window: Any) -> None:
    dock.score()
    assert "dgo:scoredesign" in window.bar.currentItem().text()
