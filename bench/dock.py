"""The whole dock: from a move of the hand to everything painted, on a design of any size.

    QT_QPA_PLATFORM=offscreen python3 -m bench.dock [features] [moves]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from . import headless, heartbeat

SIZE = 420, 1000  # px of the dock
WARM = 10  # moves before the clock counts


def moved(features: str = "5000", moves: str = "100") -> dict[str, Any]:
    """Milliseconds of a slider, a weight and a switch in the open dock, all 33 indicators; and of
    the live map layer, when it is made and when an edit reaches it."""
    application = headless.start()
    from dgo_twin_plugin.panel import create_dock
    from tests.structure.window import FakeInterface

    folder = tempfile.TemporaryDirectory(prefix="dgo-dock-")
    layer, given = heartbeat.town(Path(folder.name), int(features))
    window = FakeInterface()
    dock = create_dock(window)
    window.window.resize(1300, SIZE[1])
    window.addDockWidget(_right(), dock)
    dock.show()
    dock.head.fold.setChecked(False)  # the rows have the room, as where somebody works in them
    dock.session.set_inputs(given)

    def wait(until: Any) -> None:
        end = time.monotonic() + 600
        while not until():
            if dock.session.state.kind == "failed" or time.monotonic() > end:
                raise SystemExit(dock.session.state.message or "waited in vain")
            application.processEvents()
            time.sleep(0.001)

    wait(lambda: dock.session.state.kind == "live" and dock.mixer.rows.rows)
    mixer = dock.mixer
    rows = [r for r in mixer.rows.rows.values() if r.view.track is not None]

    def row(i: int, times: int = 1) -> Any:
        return rows[i // times % len(rows)]

    def slide(i: int) -> None:
        view = row(i).view
        share = 0.5 + 0.3 * np.sin(i)
        mixer.rows.ambition_moved.emit(view, view.track.value(share), True)

    def weigh(i: int) -> None:
        mixer.rows.weight_moved.emit(row(i).view, 0.5 * (1 + i % 7))  # never what it was

    def switch(i: int) -> None:
        mixer.rows.switched.emit(row(i, 2).view, i % 2 == 0)

    def timed(work: Any, times: int = 1) -> dict[str, float]:
        took, own = [], []
        for i in range(WARM + int(moves)):
            mixer.rows.ensureWidgetVisible(row(i, times))  # a hand moves what it sees
            application.processEvents()
            began, busy = time.perf_counter(), time.thread_time()
            work(i)
            application.processEvents()
            took.append(1e3 * (time.perf_counter() - began))
            own.append(1e3 * (time.thread_time() - busy))  # other processes do not lengthen it
        p50, p95, p99 = np.percentile(took[WARM:], (50, 95, 99))
        return {"p50": float(p50), "p95": float(p95), "p99": float(p99), "most": max(took[WARM:]),
                "own": float(np.percentile(own[WARM:], 95))}  # fmt: skip

    found: dict[str, Any] = {
        "features": int(features), "rows": len(rows),
        "zones": dock.session.assessment.scene.zones.n,
        "slider": timed(slide), "weight": timed(weigh), "switch": timed(switch, 2),
    }  # fmt: skip
    found["map"] = _on_map(dock, layer, application, wait)
    dock.session.end()
    window.removeDockWidget(dock)
    dock.deleteLater()
    layer.rollBack()
    window.gone()
    return found


def _on_map(dock: Any, layer: Any, application: Any, wait: Any) -> dict[str, float]:
    """Milliseconds: the map layer made for an indicator with many places; taking over an edit."""
    from dgo_twin_plugin.live.map_layer import LiveLayer

    live = LiveLayer(dock.project, dock)
    first = dock.session.assessment
    began = time.perf_counter()
    live.choose("traffic_noise", first)
    made = 1e3 * (time.perf_counter() - began)
    layer.startEditing()
    feature = next(f for f in layer.getFeatures() if f["function"] == "dwelling")
    geometry = feature.geometry()
    geometry.translate(1.0, 1.0)
    layer.changeGeometry(feature.id(), geometry)
    wait(lambda: dock.session.assessment is not first and dock.session.state.kind == "live")
    began = time.perf_counter()
    live.update(dock.session.assessment)
    taken = 1e3 * (time.perf_counter() - began)
    live.end()
    return {"made": made, "edited": taken}


def _right() -> Any:
    from qgis.PyQt.QtCore import Qt

    return Qt.DockWidgetArea.RightDockWidgetArea


if __name__ == "__main__":
    print(json.dumps(moved(*sys.argv[1:]), indent=1))
