"""A window that stands in for QGIS's, a dock in it, and a demo plan in a folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dgo_twin_plugin.engine.words import DgoError
from tests.qgis import results_sample as sample


@pytest.fixture(params=["nl"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """The language of the panel; parametrise indirectly for another."""
    from dgo_twin_plugin.engine import texts

    before = texts.language()
    texts.set_language(request.param)
    yield request.param
    texts.set_language(before)


@pytest.fixture
def window(qgis_project: Any) -> Iterator[Any]:
    """A fake QgisInterface with a map canvas."""
    from tests.structure.window import FakeInterface

    made = FakeInterface()
    yield made
    made.window.close()
    made.window.deleteLater()


@contextmanager
def docks(window: Any,
          remedied: tuple[type[Exception], ...] = ()) -> Iterator[Callable[..., Any]]:  # fmt: skip
    """Opens docks as the button does, and unloads them. Errors that ended in the message bar fail
    the test, but for those that are ``remedied``."""
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QEvent, Qt
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.panel import create_dock, guard

    made: list[Any] = []
    unforeseen: list[str] = []

    def hear(error: Exception, where: str) -> None:
        if not isinstance(error, remedied):
            unforeseen.append(f"{where}: {error!r}")

    def opened(whole: bool = False) -> Any:
        dock = create_dock(window)
        if whole:
            dock.complete()
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        dock.show()
        made.append(dock)
        return dock

    guard.listeners.append(hear)
    yield opened
    guard.listeners.remove(hear)
    for dock in made:
        if not sip.isdeleted(dock):
            window.removeDockWidget(dock)
            dock.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not unforeseen, unforeseen


@pytest.fixture
def make_dock(window: Any, language: str) -> Iterator[Callable[[], Any]]:
    """Makes whole docks; test_opening.py opens them step by step."""
    with docks(window, (DgoError,)) as opened:  # those of ours have a remedy

        def make() -> Any:
            dock = opened(whole=True)
            window.process()
            return dock

        yield make


@pytest.fixture
def dock(make_dock: Callable[[], Any]) -> Any:
    """One dock."""
    return make_dock()


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results file with the sample run."""
    from dgo_twin_plugin.store.write import write_run

    return write_run(
        tmp_path / "sample.gpkg", sample.record(), sample.tables(), crs=sample.CRS,
        origin=sample.ORIGIN, ground=sample.ground(), places=sample.places(),
        indicators=list(sample.INDICATORS),
    )  # fmt: skip


@pytest.fixture
def provider(qgis_app: Any) -> Iterator[None]:
    """The algorithms of the plugin."""
    import dgo_twin_plugin

    plugin = dgo_twin_plugin.classFactory(None)
    plugin.initProcessing()
    yield
    plugin.unload()


@pytest.fixture(scope="session")
def demo_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo plan, written once."""
    from dgo_twin_plugin import demo

    folder = tmp_path_factory.mktemp("demo")
    demo.create(folder)
    return folder


@pytest.fixture
def demo(demo_once: Path, tmp_path: Path) -> Path:
    """A copy of the demo plan that a test may write to."""
    return Path(shutil.copytree(demo_once, tmp_path / "demo"))


def stored_runs(dock: Any) -> Any:
    """The page of stored runs, brought to the front as a user does."""
    from dgo_twin_plugin.panel.dock_head import RESULTS

    dock.head.page_buttons[RESULTS].click()
    return dock.results


def wait(until: Callable[[], Any], seconds: float = 120.0) -> None:
    """Let Qt live until something holds; fails the test where it does not come."""
    from qgis.PyQt.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited in vain"
        QApplication.processEvents()
        time.sleep(0.005)
    QApplication.processEvents()
