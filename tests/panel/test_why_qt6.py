"""The why panel under PyQt6 as under PyQt5: same words, same answers to mouse and keyboard."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import json, os, sys
from tests.panel.qt6.scene import palette, stand_in
stand_in(sys.argv[1])
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication, QLabel
QtTest = __import__(sys.argv[1] + ".QtTest", fromlist=["QTest"])
app = QApplication([])
from dgo_twin_plugin.engine.texts import set_language
from dgo_twin_plugin.panel.why import WhyPanel
from tests.engine.town import town
set_language("nl")
plan = town().assess()
panel, asked, out = WhyPanel(), [], []
panel.setPalette(palette(dark=True))
panel.place_asked.connect(lambda layer, fids, wkb: asked.append([layer, fids, len(wkb)]))
panel.resize(360, 900)
for indicator in ("traffic_noise", "green", "industrial_noise"):
    for zone in (0, 1):
        panel.show(plan, None, zone, indicator)
        app.processEvents()
        out.append([x.text() for x in panel.findChildren(QLabel) if x.isVisible()])
        panel.counts.setFocus()
        for code in (Qt.Key.Key_Down, Qt.Key.Key_Return):
            QtTest.QTest.keyClick(panel.counts, code)
        panel.map.click()
        panel.set_stale(True)
panel.more.click()
panel.copy.click()
picture = panel.grab()
colours = len({picture.toImage().pixel(x, y) for x in range(0, 360, 3) for y in range(0, 900, 3)})
print(json.dumps({"words": out, "asked": asked, "copied": QApplication.clipboard().text(),
                  "painted": colours > 20}))
"""


def outcome(binding: str, repo: Path) -> Any:
    if importlib.util.find_spec(binding) is None:
        pytest.skip(f"{binding} is not installed")
    given = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", SCRIPT, binding], cwd=repo, env=given,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_both_bindings_do_the_same(repo: Path) -> None:
    old, new = outcome("PyQt5", repo), outcome("PyQt6", repo)
    assert new["words"] == old["words"] and len(new["words"]) == 6
    assert new["asked"] == old["asked"] and len(new["asked"]) > 8
    assert new["copied"] == old["copied"] and "Geluidhinder" in new["copied"]
    assert new["painted"] and old["painted"]
