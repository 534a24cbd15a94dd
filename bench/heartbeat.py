"""The live session on thousands of features in a running QGIS: does the window still breathe?

``python -m bench.heartbeat [features] [edits] [maps|all]``: features are moved one by one in a
layer of the project; printed are the gaps between the beats of a 5 ms timer in the main thread
(its longest stretch without a turn), and how long it takes from an edit to new numbers.
``python -m bench.heartbeat opening [features]``: the same gaps while the dock opens.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from . import case, headless

BEAT = 5  # ms
PAUSE = 0.15  # s between two edits: longer than the pause that ends a burst
REST = 3.0  # s without work, to see what else the machine does
MAPS = "maps"


def town(folder: Path, features: int) -> tuple[Any, dict[str, Any]]:
    """The case in a project: the ground as a layer that can be edited, the rest by its twin file;
    gives the layer and the parameters of a run."""
    from qgis.core import QgsProject, QgsVectorLayer

    twin = case.write(folder, features)
    ground = QgsVectorLayer(f"{folder / 'case.gpkg'}|layername=ground", "ground", "ogr")
    QgsProject.instance().addMapLayer(ground)
    extra = []
    for name in ("trees", "lamps"):
        layer = QgsVectorLayer(f"{folder / 'case.gpkg'}|layername={name}", name, "ogr")
        QgsProject.instance().addMapLayer(layer)
        extra.append(layer.id())
    given = {"TWIN": str(twin), "DESIGN": ground.id(), "DESIGN_EXTRA": extra,
             "ASSESSMENT_DATE": "2026-11-21"}  # fmt: skip
    return ground, given


def beats(features: int | str = 5_000, edits: int | str = 40, what: str = MAPS) -> dict[str, Any]:
    """Milliseconds: gaps of the timer while the session starts (``start_*``) and while features
    are edited, and from an edit to its numbers."""
    features, edits = int(features), int(edits)
    application = headless.start()
    from qgis.PyQt.QtCore import Qt, QTimer

    from dgo_twin_plugin.live.session import LiveSession

    folder = tempfile.TemporaryDirectory(prefix="dgo-beat-")
    layer, given = town(Path(folder.name), features)
    if what == MAPS:
        from dgo_twin_plugin.engine.words import TWENTY

        given["INDICATORS"] = list(TWENTY)
        _maps_only(Path(given["TWIN"]))
    gaps: list[tuple[float, float]] = []  # when, how long
    last = [time.perf_counter()]

    def beat() -> None:
        now = time.perf_counter()
        gaps.append((now, 1e3 * (now - last[0])))
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    timer.start(BEAT)
    session = LiveSession()
    application.processEvents()
    heard: list[float] = []
    session.assessed.connect(lambda _: heard.append(time.perf_counter()))

    def wait(until: Any) -> None:
        end = time.monotonic() + 300
        while not until():
            if session.state.kind == "failed" or time.monotonic() > end:
                raise SystemExit(session.state.message or "waited in vain")
            application.processEvents()
            time.sleep(0.0005)

    began = time.perf_counter()
    session.set_inputs(given)
    wait(lambda: heard)
    opened = 1e3 * (heard[-1] - began)
    starting = [gap for when, gap in gaps if when >= began]
    rest = time.monotonic() + REST
    wait(lambda: time.monotonic() > rest)
    idle = [gap for when, gap in gaps if when > heard[-1] + 0.2]
    chance = random.Random(1)
    layer.startEditing()
    fids = sorted(f.id() for f in layer.getFeatures())
    application.processEvents()  # that was our own work, and no edit
    ready = time.perf_counter() + BEAT / 1000
    took, worked, hands = [], [], []
    for _ in range(edits):
        pause = time.monotonic() + PAUSE
        wait(lambda pause=pause: time.monotonic() > pause)
        fid = chance.choice(fids)
        geometry = layer.getFeature(fid).geometry()
        geometry.translate(chance.uniform(-2, 2), chance.uniform(-2, 2))
        count, at = len(heard), time.perf_counter()
        layer.changeGeometry(fid, geometry)
        hands.append(1e3 * (time.perf_counter() - at))
        wait(lambda count=count: len(heard) > count)
        took.append(1e3 * (heard[-1] - at))
        worked.append(session.timing.total)
    editing = [gap for when, gap in gaps if when > ready]
    timer.stop()
    layer.rollBack()
    session.end()
    p = np.percentile
    return {
        "features": features, "edits": edits, "what": what, "open_ms": opened,
        "start_longest_ms": max(starting), "start_gaps_over_50": sum(g > 50 for g in starting),
        "idle_longest_ms": max(idle),  # nothing at work: what the machine itself does to a timer
        "longest_ms": max(editing), "gaps_over_50": sum(g > 50 for g in editing),
        "gap_p99_ms": float(p(editing, 99)), "edit_call_p95_ms": float(p(hands, 95)),
        "edit_p50_ms": float(p(took, 50)), "edit_p95_ms": float(p(took, 95)),
        "edit_p99_ms": float(p(took, 99)), "engine_p50_ms": float(p(worked, 50)),
        "engine_p95_ms": float(p(worked, 95)),
    }  # fmt: skip


def opening(features: int | str = 5_000) -> dict[str, Any]:
    """Milliseconds of the main thread while the dock opens by its button, the first time in this
    process: the call itself (``call_ms``), the longest stretch until it is open, and the longest
    from naming a design until its first numbers are painted. Imports of QGIS are not counted, as
    QGIS has done them; without compiled files of ours everything is longer."""
    application = headless.start()
    import qgis.gui
    import qgis.utils
    from qgis.PyQt.QtCore import Qt, QTimer

    import dgo_twin_plugin
    from tests.structure.window import FakeInterface

    assert qgis.gui and qgis.utils  # imported by every QGIS with a window
    folder = tempfile.TemporaryDirectory(prefix="dgo-open-")
    layer, given = town(Path(folder.name), int(features))
    window = FakeInterface()
    plugin = dgo_twin_plugin.classFactory(window)
    plugin.initGui()
    window.window.resize(1300, 1000)
    gaps: list[float] = []
    last = [time.perf_counter()]

    def beat() -> None:
        now = time.perf_counter()
        gaps.append(1e3 * (now - last[0]))
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    timer.start(BEAT)

    def longest(until: Any, rest: float = 0.3) -> float:
        """The longest stretch until something holds, and a moment after it."""
        gaps.clear()
        end, after = time.monotonic() + 300, None
        while after is None or time.monotonic() < after:
            if after is None and until():
                after = time.monotonic() + rest
            if time.monotonic() > end:
                raise SystemExit("waited in vain")
            application.processEvents()
            time.sleep(0.0005)
        return max(gaps)

    idle = longest(lambda: True, REST / 3)
    last[0] = began = time.perf_counter()
    plugin.action.setChecked(True)
    call = 1e3 * (time.perf_counter() - began)
    dock = plugin.dock
    opened: list[float] = []
    dock.opened.connect(lambda: opened.append(1e3 * (time.perf_counter() - began)))
    opening_longest = longest(lambda: opened)
    slices = dock.opening.slices
    last[0] = time.perf_counter()
    dock.session.set_inputs(given)
    rows = dock.mixer.rows
    first = longest(lambda: dock.session.state.kind == "live" and rows.slices
                    and not rows.building)  # fmt: skip
    timer.stop()
    dock.session.end()
    plugin.unload()
    layer.rollBack()
    window.gone()
    return {"call_ms": call, "idle_longest_ms": idle, "open_ms": opened[0], "slices": slices,
            "open_longest_ms": max(call, opening_longest), "first_longest_ms": first,
            "row_slices": rows.slices}  # fmt: skip


def _maps_only(twin: Path) -> None:
    """Quantities from maps, no model: as the first twenty indicators were defined."""
    text = twin.read_text(encoding="utf-8")
    twin.write_text(f"{text}methods: {{all: map}}\n", encoding="utf-8")


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["opening"]:
        print(json.dumps(opening(*words[1:]), indent=1))
        raise SystemExit
    print(json.dumps(beats(int(words[0]) if words else 5_000, int(words[1]) if words[1:] else 40,
                           words[2] if words[2:] else MAPS), indent=1))  # fmt: skip
