"""Card, bars, radar, state sign and presenter: painted by PyQt5 and, where it is, by PyQt6; what
they say and answer must be the same."""

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
import json, sys
from tests.panel.qt6.scene import palette, stand_in
stand_in(sys.argv[1])
from qgis.PyQt.QtCore import QPointF, Qt
from qgis.PyQt.QtWidgets import QApplication, QComboBox
QtTest = __import__(sys.argv[1] + ".QtTest", fromlist=["QTest"]).QTest
app = QApplication([])
from dgo_twin_plugin.engine.texts import set_language
set_language("nl")
from dgo_twin_plugin.panel.overview import MarkView, Overview
from dgo_twin_plugin.panel.widgets.presenter import KeyNumber, Presenter
from dgo_twin_plugin.panel.widgets.radar import Radar
from dgo_twin_plugin.panel.widgets.state_dot import StateDot
from dgo_twin_plugin.panel.widgets.theme_bars import ThemeBars
from dgo_twin_plugin.panel.widgets.theme_head import ThemeHead
from dgo_twin_plugin.panel.widgets.total_card import TotalCard

def mark(key, value, badge, n=0, ambition=8.0, former=None):
    return MarkView(key, key, key, value, badge, ambition=ambition, former=former, n_breach=n,
                    facts=("90 %: 6 - 7",), tip=key, spoken=f"{key} {badge}")

views = [mark("energy", 10.0, "10,0"), mark("water", 5.5, "5,5", former=7.0),
         mark("soil", None, "n.b."), mark("green", 8.0, "8,0 §2", 2)]
total = mark("total", 7.2, "7,2 §2", 2)
over = Overview("Plan als geheel", total, tuple(views), 2, 1, 3, 1, 1)

def colours(widget, step=2):
    image = widget.grab().toImage()
    return len({image.pixel(x, y) for x in range(0, image.width(), step)
                for y in range(0, image.height(), step)})

out = {}
for dark in (False, True):
    app.setPalette(palette(dark=dark))
    card = TotalCard(QComboBox())
    card.resize(340, 160)
    card.show()
    card.show_overview(over)
    app.processEvents()
    chosen = []
    card.bars.chosen.connect(chosen.append)
    QtTest.keyClick(card.bars, Qt.Key.Key_End)
    QtTest.keyClick(card.bars, Qt.Key.Key_Left)
    QtTest.keyClick(card.bars, Qt.Key.Key_Return)
    QtTest.mouseClick(card.bars, Qt.MouseButton.LeftButton,
                      pos=card.bars.slot(1).center().toPoint())
    radar = Radar()
    radar.resize(400, 400)
    radar.show_views(views, "raad")
    up, right = radar.corner(0, 10.0), radar.corner(1, 10.0)
    hub = radar.corner(0, 1.0)
    plain = Radar()
    plain.resize(400, 400)
    signs = []
    for kind in ("off", "waiting", "computing", "live", "stale", "failed"):
        dot = StateDot()
        dot.resize(14, 14)
        dot.show_state(kind, 0.4)
        image = dot.grab().toImage().convertToFormat(
            __import__(sys.argv[1] + ".QtGui", fromlist=["QImage"]).QImage.Format.Format_Mono)
        signs.append("".join(str(image.pixelIndex(x, y)) for x in range(image.width())
                             for y in range(image.height())))
    show = Presenter()
    show.resize(1000, 600)
    left = []
    show.left.connect(lambda: left.append(1))
    show.show_all("Demo", "voorstel, niet vastgesteld", over,
                  [KeyNumber("Geluid", "57,8 dB", 4.9, "4,9 §2")] * 6)
    QtTest.keyClick(show, Qt.Key.Key_Escape)
    head, folds = ThemeHead(views[3]), []
    head.folded.connect(lambda theme, on: folds.append([theme, on]))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space):
        QtTest.keyClick(head, key)
    out["dark" if dark else "light"] = {
        "badge": card.badge.accessibleName(), "facts": card.facts.text(), "chosen": chosen,
        "spoken": card.accessibleDescription(), "bars": card.bars.accessibleDescription(),
        "up": [up.x() - hub.x(), up.y() < hub.y()], "right": [right.x() > hub.x(),
        abs(right.y() - hub.y()) < 1e-6], "signs": len(set(signs)), "left": left,
        "presenter": show.accessibleDescription(), "head": head.accessibleName(), "folds": folds,
        "painted": [colours(card) > 20, colours(radar) > colours(plain), colours(show, 5) > 20,
                    colours(head) > 3]}
    for each in (card, radar, plain, show, head):
        each.deleteLater()
print(json.dumps(out))
"""


def outcome(binding: str, repo: Path) -> Any:
    if importlib.util.find_spec(binding) is None:
        pytest.skip(f"{binding} is not installed")
    given = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", SCRIPT, binding], cwd=repo, env=given,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_what_the_widgets_say_and_answer(repo: Path) -> None:
    for found in outcome("PyQt5", repo).values():
        assert found["badge"] == "total: 7,2 §2" and found["facts"].startswith("90")
        assert "2" in found["spoken"] and "green 8,0 §2" in found["bars"]
        # End is the fourth theme, one to the left the third; the click lies in the second
        assert found["chosen"] == ["soil", "water"]
        # four spokes: the first points up, the second right
        assert found["up"] == [pytest.approx(0.0), True] and found["right"] == [True, True]
        assert found["signs"] == 6  # in black and white each state is a shape of its own
        assert "§2" in found["presenter"] and "voorstel, niet vastgesteld" in found["presenter"]
        assert found["left"] == [1] and all(found["painted"]), found["painted"]
        # left folds, once; right opens; space folds again
        assert found["folds"] == [["green", True], ["green", False], ["green", True]]


def test_both_bindings_do_the_same(repo: Path) -> None:
    old, new = outcome("PyQt5", repo), outcome("PyQt6", repo)
    assert new == old
