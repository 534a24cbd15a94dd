"""Takes the pictures of the start of a plan: the wizard and the obstacle map in a real QGIS, and
the sheet in a browser.

    scripts/start_pictures.py

Needs what scripts/pictures.py needs, and chromium for the sheet. Works below build/pictures/; QGIS
runs this same file (--code) to play the scene.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

INSIDE = bool(os.environ.get("DGO_START_REPO"))
REPO = Path(os.environ["DGO_START_REPO"] if INSIDE else Path(__file__).resolve().parent.parent)
sys.path[:0] = [str(REPO), str(REPO / "scripts")]

import pictures  # noqa: E402

NAME, PATIENCE = "Vliegveld Noord", 300.0


def outside() -> int:
    """Start QGIS, wait, then print the sheet."""
    from link import link

    work, images = REPO / "build" / "pictures", REPO / "docs" / "images"
    profiles = work / "profiles" / "start"
    shutil.rmtree(profiles, ignore_errors=True)
    pictures.settings(profiles / "profiles" / "pictures", "nl")
    link(work / "plugins")
    (work / "runtime").mkdir(parents=True, exist_ok=True)
    (work / "runtime").chmod(0o700)
    told = work / "start.txt"
    told.unlink(missing_ok=True)
    environment = {
        **os.environ, "DGO_START_REPO": str(REPO), "QGIS_PLUGINPATH": str(work / "plugins"),
        "PYTHONNOUSERSITE": "1", "XDG_RUNTIME_DIR": str(work / "runtime"),
        "QT_QPA_PLATFORM": "xcb", "TZ": "Europe/Amsterdam",
    }  # fmt: skip
    command = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(profiles),
               "--profile", "pictures", "--lang", "nl", "--code", str(Path(__file__).resolve())]
    if shutil.which("xvfb-run"):
        command = ["xvfb-run", "--auto-servernum", "--server-args",
                   f"-screen 0 {pictures.SCREEN}", *command]  # fmt: skip
    with (work / "start.log").open("w", encoding="utf-8") as stream:
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=stream,
                       stderr=subprocess.STDOUT, timeout=PATIENCE)  # fmt: skip
    said = told.read_text("utf-8") if told.exists() else "nothing made, see start.log"
    print(said.strip())
    if not said.startswith("made"):
        return 1
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("no chromium: the picture of the sheet is left as it is", file=sys.stderr)
        return 0
    sheet = work / "start-plan" / NAME / "startblad.html"
    paper, printed = work / "start-a4.html", work / "start-a4.pdf"
    page = sheet.read_text(encoding="utf-8").replace("@page{", "@page{size:A4;", 1)
    paper.write_text(page, encoding="utf-8")
    subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu",
                    "--no-pdf-header-footer", f"--user-data-dir={work / 'browser'}",
                    f"--print-to-pdf={printed}", str(paper)],
                   check=True, capture_output=True, timeout=120)  # fmt: skip
    return first_page(printed, images / "start-sheet-nl.png")


def first_page(printed: Path, picture: Path) -> int:
    """The first page of a PDF as a picture."""
    from osgeo import gdal
    from qgis.PyQt.QtGui import QImage

    gdal.SetConfigOption("GDAL_PDF_DPI", "106")
    gdal.SetConfigOption("GDAL_PAM_ENABLED", "NO")
    gdal.Translate(str(picture), str(printed), format="PNG")
    pictures.plain(QImage(str(picture))).save(str(picture), "PNG", 0)
    assert picture.stat().st_size < pictures.MOST_BYTES, picture.stat().st_size
    print(f"made {picture.name}")
    return 0


def inside() -> None:
    """Play the scene step by step, so that QGIS goes on living between the steps."""
    from qgis.core import QgsApplication, QgsProject
    from qgis.PyQt.QtCore import QTimer

    told = REPO / "build" / "pictures" / "start.txt"
    steps = scene()
    state = {"ready": lambda: True, "since": time.monotonic()}

    def leave() -> None:
        QgsProject.instance().clear()  # QGIS does not survive leaving with layers in its tree
        QTimer.singleShot(500, lambda: QgsApplication.instance().exit(0))

    def step() -> None:
        try:
            if not state["ready"]() and time.monotonic() - state["since"] < 120:
                QTimer.singleShot(150, step)
                return
            state["ready"], state["since"] = next(steps), time.monotonic()
            QTimer.singleShot(400, step)
        except StopIteration as done:
            told.write_text(f"made {', '.join(done.value)}\n", encoding="utf-8")
            leave()
        except Exception as error:  # noqa: BLE001 - told outside
            import traceback

            told.write_text(f"failed: {error!r}\n{traceback.format_exc()}", encoding="utf-8")
            leave()

    QTimer.singleShot(1500, step)


def scene() -> Iterator[Any]:
    """The demo plan is started by the wizard, its project opened and shown."""
    from qgis import processing
    from qgis.core import QgsApplication, QgsProject
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QDockWidget, QToolBar
    from qgis.utils import iface

    work, images = REPO / "build" / "pictures", REPO / "docs" / "images"
    window, canvas, made = iface.mainWindow(), iface.mapCanvas(), []
    yield lambda: "dgo:startplan" in [a.id() for a in
                                      QgsApplication.processingRegistry().algorithms()]
    demo, plans = work / "demo-start", work / "start-plan"
    for folder in (demo, plans):
        shutil.rmtree(folder, ignore_errors=True)
    done = processing.run("dgo:createdemo", {"FOLDER": str(demo)})
    project = QgsProject.instance()
    assert project.read(done["PROJECT"])
    window.setGeometry(0, 0, 1366, 768)
    for bar in window.findChildren(QToolBar):
        bar.setVisible(bar.objectName() in ("mFileToolBar", "mMapNavToolBar", "mAttributesToolBar",
                                            "mPluginToolBar", "mDigitizeToolBar",
                                            "mSnappingToolBar"))  # fmt: skip
    for other in window.findChildren(QDockWidget):
        other.setVisible(other.objectName() == "Layers")
    yield pictures.still(canvas)

    def shot(picture: Any, name: str) -> None:
        path = images / f"{name}.png"
        assert pictures.plain(picture.toImage()).save(str(path), "PNG", 0)
        assert path.stat().st_size < pictures.MOST_BYTES, f"{path.name}: {path.stat().st_size}"
        made.append(path.name)

    from dgo_twin_plugin.panel import open_wizard

    wizard = open_wizard(iface)
    wizard.resize(620, 600)
    wizard.area.name.setText(NAME)
    wizard.area.by_layer.setChecked(True)
    wizard.area.layer.setLayer(project.mapLayersByName("plangebied")[0])
    wizard.parent_folder.setFilePath(str(plans))
    pages = []
    for step in range(3):
        wizard.go(step)
        yield pictures.still(canvas)
        pages.append(wizard.grab())
    shot(side_by_side(pages), "start-wizard-nl")
    wizard.go(3)
    wizard.start()
    yield lambda: not wizard.runner.busy
    assert wizard.made, wizard.problem.text()
    project.setDirty(False)
    wizard.open_button.click()
    yield pictures.still(canvas)
    assert project.title() == NAME, project.fileName()
    iface.messageBar().clearWidgets()
    layers = window.findChild(QDockWidget, "Layers")
    window.resizeDocks([layers], [300], Qt.Orientation.Horizontal)
    canvas.setExtent(project.viewSettings().defaultViewExtent())
    canvas.refresh()
    yield pictures.still(canvas)
    shot(window.grab(), "start-map-nl")
    return made


def side_by_side(pages: list[Any]) -> Any:
    """Several pictures in a row, with a thin gap."""
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtGui import QPainter, QPixmap

    gap = 12
    whole = QPixmap(sum(p.width() for p in pages) + gap * (len(pages) - 1),
                    max(p.height() for p in pages))  # fmt: skip
    whole.fill(Qt.GlobalColor.white)
    painter = QPainter(whole)
    at = 0
    for page in pages:
        painter.drawPixmap(at, 0, page)
        at += page.width() + gap
    painter.end()
    return whole


if INSIDE:
    inside()
elif __name__ == "__main__":
    sys.exit(outside())
