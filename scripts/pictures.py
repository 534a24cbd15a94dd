"""Takes the pictures of results in docs/images/ of a real QGIS with the demo project; those of the
mixing panel are taken by scripts/panel_pictures.py, on the same stage.

Needs the desktop of QGIS and, without a screen, Xvfb (Debian: qgis, xvfb). Works in a throw-away
profile below build/pictures/. QGIS runs this same file (--code) to play the scene.
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

SCENE = os.environ.get("DGO_PICTURES_SCENE", "")  # set: this is QGIS playing a scene
REPO = Path(os.environ["DGO_PICTURES_REPO"] if SCENE else Path(__file__).resolve().parent.parent)
SCREEN = "1600x1000x24"  # the window is 1366 x 768
PATIENCE = 300.0  # s
MOST_BYTES = 400_000


# --- outside QGIS: prepare, start, wait ----------------------------------------------------------
def settings(profile: Path, language: str) -> None:
    """A profile that loads the plugin and asks nothing."""
    target = profile / "QGIS" / "QGIS3.ini"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        "[PythonPlugins]\ndgo_twin_plugin=true\nprocessing=true\n"
        "[qgis]\ncheckVersion=false\naskToSaveProjectChanges=false\nprojOpenAtLaunch=0\n"
        "enableMacros=Never\n[app]\nfirstRunVersionFlag=99999\n"
        f"[locale]\noverrideFlag=true\nuserLocale={language}\n",
        encoding="utf-8",
    )


def play(scene: str, work: Path, images: Path, code: Path, language: str) -> int:
    """Start QGIS for a scene that the file ``code`` plays, and wait for it."""
    from link import link

    profiles = work / "profiles" / scene
    shutil.rmtree(profiles, ignore_errors=True)
    settings(profiles / "profiles" / "pictures", language)
    link(work / "plugins")
    (work / "runtime").mkdir(exist_ok=True)
    (work / "runtime").chmod(0o700)
    environment = {
        **os.environ,
        "DGO_PICTURES_SCENE": scene, "DGO_PICTURES_REPO": str(REPO),
        "DGO_PICTURES_WORK": str(work), "DGO_PICTURES_IMAGES": str(images),
        "QGIS_PLUGINPATH": str(work / "plugins"), "PYTHONNOUSERSITE": "1",
        "XDG_RUNTIME_DIR": str(work / "runtime"), "QT_QPA_PLATFORM": "xcb",
        "TZ": "Europe/Amsterdam",
    }  # fmt: skip
    command = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(profiles),
               "--profile", "pictures", "--lang", language,
               "--code", str(code)]
    if shutil.which("xvfb-run"):
        command = ["xvfb-run", "--auto-servernum", "--server-args", f"-screen 0 {SCREEN}", *command]
    log = work / f"{scene}.log"
    with log.open("w", encoding="utf-8") as stream:
        try:
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                                  stdout=stream, stderr=subprocess.STDOUT, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            print(f"{scene}: not done within {PATIENCE:.0f} s, see {log}", file=sys.stderr)
            return 1
    said = (work / f"{scene}.txt").read_text("utf-8") if (work / f"{scene}.txt").exists() else ""
    print(f"{scene}: {said.strip() or f'nothing made (code {done.returncode}), see {log}'}")
    return 0 if said.startswith("made") else 1


def outside() -> int:
    """Play the scene."""
    import argparse

    sys.path[:0] = [str(REPO), str(REPO / "scripts")]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, default=REPO / "docs" / "images")
    arguments = parser.parse_args()
    if not shutil.which("qgis"):
        print("The desktop of QGIS is not installed (Debian: apt-get install qgis xvfb).",
              file=sys.stderr)  # fmt: skip
        return 1
    work = REPO / "build" / "pictures"
    work.mkdir(parents=True, exist_ok=True)
    return play("results", work, arguments.images.resolve(), Path(__file__).resolve(), "nl")


# --- inside QGIS: the scene, as a generator that says what it waits for ----------------------
def inside(make: Any = None) -> None:
    """Play the scene step by step, so that QGIS goes on living between the steps; ``make`` makes
    the steps of a scene of another file."""
    from qgis.core import QgsApplication
    from qgis.PyQt.QtCore import QTimer

    work = Path(os.environ["DGO_PICTURES_WORK"])
    told = work / f"{SCENE}.txt"
    told.unlink(missing_ok=True)
    steps = (make or scene_steps)(work, Path(os.environ["DGO_PICTURES_IMAGES"]))
    state = {"ready": lambda: True, "since": time.monotonic()}

    def step() -> None:
        try:
            if not state["ready"]() and time.monotonic() - state["since"] < 90:
                QTimer.singleShot(150, step)
                return
            state["ready"] = next(steps)
            state["since"] = time.monotonic()
            QTimer.singleShot(400, step)
        except StopIteration as done:
            told.write_text(f"made {', '.join(done.value)}\n", encoding="utf-8")
            leave()
        except Exception as error:  # noqa: BLE001 - told outside
            import traceback

            told.write_text(f"failed: {error!r}\n{traceback.format_exc()}", encoding="utf-8")
            leave()

    def leave() -> None:
        from qgis.core import QgsProject

        QgsProject.instance().setDirty(False)
        QgsApplication.instance().exit(0)

    QTimer.singleShot(1500, step)


def opened(work: Path, right: int, left: int) -> Iterator[Any]:
    """The demo project in a window of a laptop, the panel and the layers so many px wide; gives the
    panel."""
    from qgis import processing
    from qgis.core import QgsApplication, QgsProject
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QDockWidget, QToolBar
    from qgis.utils import iface, plugins

    window = iface.mainWindow()
    yield lambda: "dgo:createdemo" in [a.id() for a in
                                       QgsApplication.processingRegistry().algorithms()]
    folder = work / f"demo-{SCENE}"
    shutil.rmtree(folder, ignore_errors=True)
    done = processing.run("dgo:createdemo", {"FOLDER": str(folder)})
    assert QgsProject.instance().read(done["PROJECT"]), done["PROJECT"]
    window.setGeometry(0, 0, 1366, 768)
    for bar in window.findChildren(QToolBar):
        bar.setVisible(bar.objectName() in ("mFileToolBar", "mMapNavToolBar", "mAttributesToolBar",
                                            "mPluginToolBar", "mDigitizeToolBar"))  # fmt: skip
    for other in window.findChildren(QDockWidget):
        if other.objectName() != "Layers":
            other.setVisible(False)
    plugin = plugins["dgo_twin_plugin"]
    plugin.action.setChecked(True)
    dock = plugin.dock
    dock.inputs.scenario.setText("Variant A")
    dock.inputs.scenario.textEdited.emit("Variant A")
    layers = window.findChild(QDockWidget, "Layers")
    for widget, width in ((dock, right), (layers, left)):
        window.resizeDocks([widget], [width], Qt.Orientation.Horizontal)
    return dock


def shots(images: Path) -> tuple[Any, list[str]]:
    """A function that takes a picture of a widget under a name, and the names of those it took."""
    from qgis.utils import iface

    made: list[str] = []

    def shot(widget: Any, name: str) -> None:
        path = images / f"{name}.png"
        images.mkdir(parents=True, exist_ok=True)
        iface.messageBar().clearWidgets()
        assert plain(widget.grab().toImage()).save(str(path), "PNG", 0)
        assert path.stat().st_size < MOST_BYTES, f"{path.name}: {path.stat().st_size} bytes"
        made.append(path.name)

    return shot, made


def scene_steps(work: Path, images: Path) -> Iterator[Any]:
    """The scene; yields functions that answer whether it may go on."""
    from qgis.core import QgsProject
    from qgis.utils import iface

    window, canvas = iface.mainWindow(), iface.mapCanvas()
    shot, made = shots(images)
    dock = yield from opened(work, 350, 290)
    yield still(canvas)
    dock.score()
    yield lambda: not dock.runner.busy
    assert dock.results.view is not None, dock.foot.state.text()
    # the zones above the design, the design still readable below them
    tree = QgsProject.instance().layerTreeRoot()
    group = tree.children()[0]
    for place, other in enumerate(tree.children()):
        other.setExpanded(False)
        other.setExpanded(place == 0)
    for node in group.findLayers():
        kind = str(node.layer().customProperty("dgo/result")).split("|")[0]
        node.setExpanded(False)
        node.setExpanded(kind == "zones")
        if kind == "zones":
            node.layer().setOpacity(0.7)
        elif kind == "alerts":  # their hatching would hide the marks in a still picture
            node.setItemVisibilityChecked(False)
    canvas.setExtent(QgsProject.instance().viewSettings().defaultViewExtent())
    canvas.refresh()
    yield still(canvas)
    shot(window, "project-nl")
    for name, file in (("noise_lden", "map-noise-nl"), ("pet", "map-heat-nl"),
                       ("water_depth", "map-water-nl")):  # fmt: skip
        shown = {f"maps|{name}"}
        for node in group.findLayers():
            key = str(node.layer().customProperty("dgo/result"))
            node.setItemVisibilityChecked(key in shown)
            node.setExpanded(key in shown)
        for child in group.children():
            child.setExpanded(any(n.isExpanded() for n in getattr(
                child, "findLayers", list)()))  # fmt: skip
        yield still(canvas)
        shot(window, file)
    for node in group.findLayers():
        kind = str(node.layer().customProperty("dgo/result")).split("|")[0]
        node.setItemVisibilityChecked(kind in ("zones", "breaches"))
    dock.head.page_buttons[1].click()  # what was written
    dock.results.tabs.setCurrentWidget(dock.results.breaches)
    dock.results.breaches.setCurrentRow(1)
    dock.results.breaches.itemActivated.emit(dock.results.breaches.item(1))
    yield still(canvas)
    shot(window, "breach-nl")
    dock.results.tabs.setCurrentIndex(0)
    dock.setFloating(True)
    dock.resize(1120, 940)
    yield still(canvas)
    shot(dock, "score-table-nl")
    return made


def plain(image: Any) -> Any:
    """The picture in steps of 4 per colour, opaque: as good to the eye, a third smaller."""
    import numpy as np
    from qgis.PyQt.QtGui import QImage

    image = image.convertToFormat(QImage.Format.Format_RGB888)
    wide, high, line = image.width(), image.height(), image.bytesPerLine()
    bits = image.constBits()
    bits.setsize(line * high)
    pixels = np.frombuffer(bits, np.uint8).reshape(high, line).copy()
    pixels = np.minimum(np.rint(pixels / 4.0) * 4.0, 255.0).astype(np.uint8)
    pixels[pixels == 252] = 255
    made = QImage(pixels.tobytes(), wide, high, line, QImage.Format.Format_RGB888)
    return made.copy()  # its own memory


def still(canvas: Any) -> Any:
    """Whether nothing is being drawn or computed, for a second on end."""
    quiet = {"since": time.monotonic()}

    def ready() -> bool:
        if canvas.isDrawing():
            quiet["since"] = time.monotonic()
        return time.monotonic() - quiet["since"] > 1.2

    return ready


if __name__ == "__main__":  # also where QGIS runs it
    inside() if SCENE else sys.exit(outside())
