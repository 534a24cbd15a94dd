"""The zip: whole, the same twice, and QGIS loads what it holds, with and without a window."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.structure.screen import available, screen
from tests.structure.source import REPO

sys.path.insert(0, str(REPO / "scripts"))
import link  # noqa: E402
import package  # noqa: E402
from headless import Headless, candidates  # noqa: E402

NAME = "dgo_twin_plugin"
needs_process = pytest.mark.skipif(not list(candidates()), reason="no qgis_process here")


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip as QGIS's plugin manager unpacks it: a folder with plugins."""
    folder = tmp_path_factory.mktemp("zip")
    with zipfile.ZipFile(package.build(folder)) as packed:
        packed.extractall(folder / "plugins")
    return folder / "plugins"


def test_the_same_files_give_the_same_zip(tmp_path: Path) -> None:
    first = package.build(tmp_path / "first")
    copy = tmp_path / "copy"
    for name in (NAME, *package.FOLDERS):
        shutil.copytree(REPO / name, copy / name,
                        ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copyfile)
    for name in (*package.FILES, *(p.relative_to(REPO) for p in package.help_files())):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPO / name, copy / name)
    shutil.copytree(REPO / "scripts", copy / "scripts")
    done = subprocess.run([sys.executable, str(copy / "scripts" / "package.py")],
                          capture_output=True, text=True, cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    (second,) = (copy / "dist").iterdir()
    assert second.name == first.name
    assert second.read_bytes() == first.read_bytes()


def test_the_zip_is_whole(plugins: Path) -> None:
    assert [p.name for p in plugins.iterdir()] == [NAME]
    inside = plugins / NAME
    for name in ("__init__.py", "metadata.txt", "LICENSE", "resources/icon.svg",
                 "profiles/functions.yml", "i18n/nl/plugin.json"):  # fmt: skip
        assert (inside / name).is_file(), name
    assert not [p for p in inside.rglob("*") if p.suffix == ".pyc" or p.name.startswith(".")]
    assert "GNU GENERAL PUBLIC LICENSE" in (inside / "LICENSE").read_text(encoding="utf-8")


def test_the_help_is_in_the_zip(plugins: Path) -> None:
    """Both guides, with every picture and page they refer to, where the help button looks."""
    docs = plugins / NAME / "docs"
    for guide in package.GUIDES:
        page = (docs / guide).read_text(encoding="utf-8")
        assert len(page) > 4000
        targets = package.LINK.findall(page)
        assert [t for t in targets if t.endswith(".png")] and [t for t in targets if ".md" in t]
        for target in targets:
            assert (docs / target).is_file(), f"{guide}: {target}"
    done = subprocess.run(
        [sys.executable, "-c", "from dgo_twin_plugin.engine.resources_path import folder;"
         "print(folder('docs'))"], cwd=plugins, capture_output=True, text=True)  # fmt: skip
    assert done.stdout.strip() == str(docs), done.stderr


def test_metadata_is_what_qgis_asks_for() -> None:
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(REPO / "metadata.txt", encoding="utf-8")
    general = metadata["general"]
    for key in ("name", "description", "about", "version", "author", "email", "license"):
        assert general[key].strip(), key
    assert general["qgisMinimumVersion"] == "3.22"
    assert general["hasProcessingProvider"] == "yes"
    assert (REPO / general["icon"]).is_file()
    assert re.fullmatch(r"\d+\.\d+\.\d+", general["version"])
    changes = (REPO / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{general['version']}]" in changes


@needs_process
def test_qgis_process_runs_the_installed_zip(plugins: Path, tmp_path: Path) -> None:
    qgis = Headless(tmp_path / "profile", plugins)
    listed = qgis.call("list").stdout
    assert "dgo:scoredesign" in listed
    assert qgis.call("help", "dgo:scoredesign").returncode == 0
    # nothing given: a sentence and an exit code, no traceback
    done = qgis.run("dgo:scoredesign", check=False, OUTPUT=tmp_path / "none.gpkg")
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "none.gpkg").exists()


@needs_process
def test_qgis_process_loads_the_link(tmp_path: Path) -> None:
    folder = link.link(tmp_path / "plugins")
    assert link.link(tmp_path / "plugins") == folder  # again is no error
    qgis = Headless(tmp_path / "profile", tmp_path / "plugins")
    assert "dgo:createdemo" in qgis.call("list").stdout


def test_the_link_leaves_an_installed_plugin_alone(plugins: Path, tmp_path: Path) -> None:
    shutil.copytree(plugins, tmp_path / "plugins")
    before = sorted((tmp_path / "plugins").rglob("*"))
    with pytest.raises(SystemExit):
        link.link(tmp_path / "plugins")
    assert sorted((tmp_path / "plugins").rglob("*")) == before


IN_QGIS = """
import json, sys, traceback
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.core import QgsApplication
import qgis.utils

errors = []
sys.excepthook = lambda kind, error, trace: errors.append(
    "".join(traceback.format_exception(kind, error, trace)))

def look():
    said = {}
    try:
        said["active"] = "dgo_twin_plugin" in qgis.utils.active_plugins
        said["file"] = sys.modules["dgo_twin_plugin"].__file__
        said["load"] = qgis.utils.plugin_times.get("dgo_twin_plugin")
        plugin = qgis.utils.plugins["dgo_twin_plugin"]
        plugin.action.setChecked(True)
        QApplication.processEvents()
        said["dock"] = plugin.dock is not None and plugin.dock.isVisible()
        registry = QgsApplication.processingRegistry()
        said["there"] = registry.algorithmById("dgo:scoredesign") is not None
        for _ in range(2):
            said["unloaded"] = qgis.utils.unloadPlugin("dgo_twin_plugin")
            said["gone"] = registry.algorithmById("dgo:scoredesign") is None
            qgis.utils.loadPlugin("dgo_twin_plugin")
            qgis.utils.startPlugin("dgo_twin_plugin")
            said["again"] = registry.algorithmById("dgo:scoredesign") is not None
    except Exception:
        errors.append(traceback.format_exc())
    said["errors"] = errors
    with open(RESULT, "w") as stream:
        json.dump(said, stream)
    QTimer.singleShot(0, qgis.utils.iface.actionExit().trigger)

QTimer.singleShot(500, look)
"""


def test_the_desktop_loads_the_installed_zip(plugins: Path, tmp_path: Path) -> None:
    """The real QGIS, on a screen of its own (Qt's "offscreen" has no clipboard, which QGIS asks
    for while it starts): the plugin manager loads, unloads and loads again."""
    program = shutil.which("qgis.bin") or shutil.which("qgis")
    if program is None or not available():
        pytest.skip("no QGIS desktop here, or no Xvfb")
    profile = tmp_path / "profiles" / "default"
    (profile / "QGIS").mkdir(parents=True)
    (profile / "QGIS" / "QGIS3.ini").write_text(
        "[PythonPlugins]\ndgo_twin_plugin=true\n[qgis]\ncheckVersion=false\n"
        "showTips=false\nproject\\disableDirtyWarning=true\n[app]\naskToSaveProjectChanges=false\n"
    )
    shutil.copytree(plugins, profile / "python" / "plugins")
    result = tmp_path / "result.json"
    script = tmp_path / "look.py"
    script.write_text(IN_QGIS.replace("RESULT", repr(str(result))))
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("QGIS_CUSTOM_CONFIG_PATH", "QGIS_PLUGINPATH")}  # fmt: skip
    command = [program, "--nologo", "--noversioncheck", "--profiles-path",
               str(tmp_path), "--profile", "default", "--code", str(script)]  # fmt: skip
    with screen() as display:
        environment.update(DISPLAY=display, QT_QPA_PLATFORM="xcb")
        try:
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=60,
                                  capture_output=True, text=True, errors="replace")  # fmt: skip
            tail = done.stdout[-2000:] + done.stderr[-2000:]
        except subprocess.TimeoutExpired as slow:
            tail = f"timeout: {slow.stdout!r} {slow.stderr!r}"[-4000:]
    assert result.is_file(), tail
    said: dict[str, Any] = json.loads(result.read_text())
    assert not said["errors"], "\n".join(said["errors"])
    assert said["active"] and said["there"] and said["dock"]
    assert said["unloaded"] and said["gone"] and said["again"]
    assert str(tmp_path) in said["file"]
