"""What all tests share: paths, a QGIS without a window in a throw-away profile, real data."""

from __future__ import annotations

import gc
import importlib
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parent.parent
if str(REPO) not in sys.path:
    sys.path.insert(0, str(REPO))

# Before anything imports Qt: no window, and never the profile of whoever runs the tests.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(REPO / "build" / "cache" / "hypothesis"))
_profile = tempfile.TemporaryDirectory(prefix="dgo-twin-profile-")
os.environ["QGIS_CUSTOM_CONFIG_PATH"] = _profile.name
if "XDG_RUNTIME_DIR" not in os.environ and sys.platform != "win32":
    os.environ["XDG_RUNTIME_DIR"] = _profile.name
_application: Any = None

try:
    from hypothesis import settings as _settings

    # A busy machine is no failure, and the same tree gives the same verdict twice.
    _settings.register_profile("dgo", deadline=None, derandomize=True)
    _settings.load_profile("dgo")
except ImportError:
    pass  # the tests that ask for hypothesis say so


def _start_qgis() -> Any:
    """The one QgsApplication of the session, started when first asked for."""
    global _application
    if _application is None:
        from qgis.core import QgsApplication
        from qgis.PyQt.QtCore import Qt

        QgsApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts, True)
        _application = QgsApplication([], True, _profile.name)
        _application.initQgis()
        # the plugin "processing" stands beside the others, where QGIS keeps its Python
        plugins = str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins")
        if plugins not in sys.path:
            sys.path.append(plugins)
        from processing.core.Processing import Processing

        Processing.initialize()
    return _application


def pytest_report_header() -> list[str]:
    """Versions of everything that can make a difference."""
    lines = [f"Python {platform.python_version()} ({sys.executable})"]
    try:
        import numpy
        from osgeo import gdal

        lines.append(f"NumPy {numpy.__version__}, GDAL {gdal.__version__}")
    except ImportError as error:
        lines.append(f"not here: {error}")
    try:
        from qgis.core import Qgis
        from qgis.PyQt.QtCore import qVersion

        lines.append(f"QGIS {Qgis.QGIS_VERSION}, Qt {qVersion()}")
    except ImportError as error:
        lines.append(f"not here: {error}")
    lines.append(f"real data: {_realdata_folder()}")
    return lines


def _realdata_folder() -> Path:
    default = REPO.parent / "shared" / "realdata"
    return Path(os.environ.get("DGO_REALDATA") or default)


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the repository."""
    return REPO


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder with real data made by others; tests that need it skip where it is absent."""
    folder = _realdata_folder()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (set DGO_REALDATA)")
    return folder


@pytest.fixture(scope="session")
def qgis_app() -> Any:
    """QGIS with the Processing plugin, without a window."""
    pytest.importorskip("qgis.core", reason="QGIS is not installed for this Python")
    return _start_qgis()


@pytest.fixture(scope="module")
def dgo(qgis_app: Any) -> Iterator[Any]:
    """The provider of the plugin, in the registry for the tests of one file; texts in English."""
    from qgis.core import QgsApplication

    from dgo_twin_plugin.engine.texts import set_language
    from dgo_twin_plugin.processing.provider import DgoProvider

    provider = DgoProvider()
    assert QgsApplication.processingRegistry().addProvider(provider)
    set_language("en")
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture(autouse=True)
def no_error_in_a_slot(request: pytest.FixtureRequest) -> Iterator[None]:
    """An error in a slot of Qt reaches nobody and PyQt ends the process: here it fails the test.
    So does one that the panel's guard caught and told, but for our own sentences
    (``pytest.mark.errors_are_told``: the test is about the guard)."""
    found: list[BaseException] = []
    before = sys.excepthook
    sys.excepthook = lambda kind, error, trace: found.append(error)
    told = request.node.get_closest_marker("errors_are_told") is not None

    def hear(error: Exception, _where: str) -> None:
        if not told and "DgoError" not in [kind.__name__ for kind in type(error).__mro__]:
            found.append(error)

    guard = sys.modules.get("dgo_twin_plugin.panel.guard")
    if guard is None and _application is not None:
        guard = importlib.import_module("dgo_twin_plugin.panel.guard")
    if guard is not None:
        guard.listeners.append(hear)
    yield
    if guard is not None:
        guard.listeners.remove(hear)
    sys.excepthook = before
    if found:
        raise found[0]


@pytest.fixture
def qgis_project(qgis_app: Any) -> Iterator[Any]:
    """The project of the running QGIS, empty before and after."""
    from qgis.core import QgsProject

    project = QgsProject.instance()
    project.clear()
    yield project
    project.clear()


def pytest_sessionfinish() -> None:
    """Leave QGIS in the order it wants: project, then providers, then application."""
    global _application
    if _application is not None:
        from qgis.core import QgsProject

        QgsProject.instance().clear()
        # what failed tests still hold in their tracebacks must go before QGIS does
        gc.collect()
        _application.exitQgis()
        _application = None


def pytest_unconfigure() -> None:
    _profile.cleanup()
