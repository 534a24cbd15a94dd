"""Run by QGIS itself (``qgis --code``): a thousand operations on the dock in its window."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface

REPO = Path(__file__).resolve().parents[2] if "__file__" in globals() else Path.cwd()
WORK = Path(os.environ["DGO_WORK"])


class Window:
    """The window of QGIS, with the one manner that the tests' own window has more."""

    def __getattr__(self, name: str) -> Any:
        return getattr(iface, name)

    @staticmethod
    def process() -> None:
        """Let Qt do what it has put off."""
        for _ in range(3):
            QApplication.processEvents()


def run() -> None:
    said: dict[str, Any] = {"error": "", "done": {}}
    try:
        sys.path.insert(0, str(REPO))
        import dgo_twin_plugin
        from dgo_twin_plugin.panel import guard
        from tests.live.plan import Plan
        from tests.live.test_thousand import Panel, thousand

        plugin = dgo_twin_plugin.classFactory(iface)
        plugin.initGui()
        caught: list[str] = []
        guard.listeners.append(lambda error, where: caught.append(f"{where}: {error!r}")
                               if "DgoError" not in [k.__name__ for k in type(error).__mro__]
                               else None)  # fmt: skip
        plan = Plan(QgsProject.instance())
        iface.actionIdentify().trigger()
        tool = iface.mapCanvas().mapTool()
        changed: list[Any] = []
        iface.mapCanvas().mapToolSet.connect(lambda new, old: changed.append(new))
        said["done"] = thousand(Panel(Window()), plan, WORK)
        said["tool"] = iface.mapCanvas().mapTool() == tool and not changed
        said["active"] = True
        plugin.unload()
        if caught:
            said["error"] = "\n".join(caught)
    except BaseException:  # noqa: BLE001 - told to whoever started it
        said["error"] = traceback.format_exc()
    (WORK / "result.json").write_text(json.dumps(said), encoding="utf-8")
    for layer in QgsProject.instance().mapLayers().values():  # else QGIS asks whether to save
        if isinstance(layer, QgsVectorLayer) and layer.isEditable():
            layer.rollBack()
    QgsProject.instance().clear()
    QgsApplication.instance().exit(0)


QTimer.singleShot(1500, run)
