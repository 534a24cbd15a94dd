"""Takes the pictures of the mixing panel in docs/images/ of a real QGIS with the demo project.

    scripts/panel_pictures.py                       all scenes
    scripts/panel_pictures.py --scene mixer-dark    one of them

Needs the desktop of QGIS and, without a screen, Xvfb, as scripts/pictures.py, whose stage it uses.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCENE = os.environ.get("DGO_PICTURES_SCENE", "")
REPO = Path(os.environ["DGO_PICTURES_REPO"] if SCENE else Path(__file__).resolve().parent.parent)
sys.path[:0] = [str(REPO), str(REPO / "scripts")]
SCENES = {"mixer-light": "nl", "mixer-dark": "nl", "mixer-english": "en"}
NARROW, TALL = 330, 900  # px; 320 and the frame of a window of its own


def outside() -> int:
    """Play the scenes one after another."""
    import argparse

    from pictures import play

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scene", choices=SCENES, action="append")
    parser.add_argument("--images", type=Path, default=REPO / "docs" / "images")
    arguments = parser.parse_args()
    if not shutil.which("qgis"):
        print("The desktop of QGIS is not installed (Debian: apt-get install qgis xvfb).",
              file=sys.stderr)  # fmt: skip
        return 1
    work = REPO / "build" / "pictures"
    work.mkdir(parents=True, exist_ok=True)
    failed = sum(play(scene, work, arguments.images.resolve(), Path(__file__).resolve(),
                      SCENES[scene]) for scene in arguments.scene or SCENES)  # fmt: skip
    return 1 if failed else 0


def steps(work: Path, images: Path) -> Iterator[Any]:
    """The scene; yields functions that answer whether it may go on."""
    from pictures import opened, shots, still
    from qgis.core import QgsApplication, QgsProject, QgsSettings
    from qgis.utils import iface

    window, canvas = iface.mainWindow(), iface.mapCanvas()
    shot, made = shots(images)
    tag = {"mixer-light": "nl", "mixer-dark": "dark", "mixer-english": "en"}[SCENE]
    if SCENE == "mixer-dark":
        QgsSettings().setValue("UI/UITheme", "Night Mapping", QgsSettings.Section.App)
        QgsApplication.setUITheme("Night Mapping")
    dock = yield from opened(work, 360, 250)
    yield lambda: dock.session.state.kind in ("live", "failed")
    assert dock.session.state.kind == "live", dock.session.state.message
    mixer = dock.mixer

    mixer.show_place("zone 1", 1)
    mixer.rows.make_current("traffic_noise")
    dock.menu.comparing.follow()
    shelf = dock.menu.comparing.shelf
    shelf.set_ghost(shelf.keep("Met vijver" if tag != "en" else "With the pond"))
    # an edit, so that the panel shows a former state and an unsaved change
    layer = next(one for one in QgsProject.instance().mapLayers().values()
                 if "ontwerp_a" in one.source() and "vlakken" in one.source())  # fmt: skip
    pond = next(f for f in layer.getFeatures() if f["naam"] == "Vijver")
    layer.startEditing()
    layer.deleteFeature(pond.id())
    yield lambda: dock.session.state.kind != "live"
    yield lambda: dock.session.state.kind == "live"
    view = mixer.rows.rows["open_water"].view
    if view.track is not None:
        mixer.rows.ambition_moved.emit(view, view.track.value_at_mark(9.0), True)
    mixer.rows.show_indicator("open_water")
    yield still(canvas)
    if tag == "nl":
        shot(window, "mixer-window-nl")
        dock.menu.map.switch(True)
        yield still(canvas)
        shot(window, "mixer-map-nl")
        dock.menu.map.switch(False)
    dock.setFloating(True)
    dock.resize(NARROW, TALL)
    mixer.show_place("all", 0)
    mixer.rows.verticalScrollBar().setValue(0)
    yield still(canvas)
    shot(dock, f"mixer-narrow-{tag}")
    mixer.show_place("zone 1", 1)
    dock.menu.show_why("traffic_noise", 1)
    mixer.rows.show_indicator("traffic_noise")
    yield still(canvas)
    shot(dock, f"mixer-why-{tag}")
    mixer.side.close_page()
    dock.resize(1280, 800)
    mixer.show_place("all", 0)
    mixer.rows.verticalScrollBar().setValue(0)
    yield still(canvas)
    shot(dock, f"mixer-wide-{tag}")
    if tag == "dark":
        layer.rollBack()
        return made
    mixer.show_radar()
    yield still(canvas)
    shot(dock, f"mixer-radar-{tag}")
    mixer.side.close_page()
    dock.menu.present()
    dock.menu.presenter.showNormal()
    dock.menu.presenter.resize(1366, 768)
    yield still(canvas)
    shot(dock.menu.presenter, f"mixer-presenter-{tag}")
    dock.menu.presenter.close()
    if tag == "nl":
        dock.menu.open_compare()
        dock.menu.comparing.window.resize(980, 640)
        yield still(canvas)
        shot(dock.menu.comparing.window, "mixer-compare-nl")
        dock.menu.comparing.window.close()
        dock.inputs.design.setLayer(layer)
        dock.menu.open_mapping()
        dock.menu.mapping.resize(1040, 720)
        dock.menu.mapping.file.setFilePath("demo_dgo.yml")  # no path of one machine in a picture
        yield lambda: not dock.menu.mapping.state.busy
        yield still(canvas)
        shot(dock.menu.mapping, "mixer-mapping-nl")
        dock.menu.mapping.close()
    layer.rollBack()
    return made


if __name__ == "__main__":  # also where QGIS runs it
    if SCENE:
        from pictures import inside

        inside(steps)
    else:
        sys.exit(outside())
