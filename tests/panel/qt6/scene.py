"""The same rows painted and handled under either Qt; run as a script in a process of its own.

    python3 -m tests.panel.qt6.scene PyQt6 folder

A stand-in for ``qgis.PyQt`` goes into ``sys.modules`` before anything of the plugin is imported, so
that neither QGIS nor the other Qt is needed. Writes a picture per case to the folder, and prints
what the keyboard and the mouse did, as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import types
from pathlib import Path
from typing import Any


def stand_in(binding: str) -> None:
    """Make ``qgis.PyQt`` mean a binding."""
    qgis, pyqt = types.ModuleType("qgis"), types.ModuleType("qgis.PyQt")
    qgis.__path__, pyqt.__path__ = [], []  # type: ignore[attr-defined]
    qgis.PyQt = pyqt  # type: ignore[attr-defined]
    sys.modules["qgis"], sys.modules["qgis.PyQt"] = qgis, pyqt
    for name in ("QtCore", "QtGui", "QtWidgets", "sip"):
        module = importlib.import_module(f"{binding}.{name}")
        sys.modules[f"qgis.PyQt.{name}"] = module
        setattr(pyqt, name, module)


def palette(dark: bool) -> Any:
    """A palette of our own: styles differ between the versions of Qt."""
    from qgis.PyQt.QtGui import QColor, QPalette

    made, role = QPalette(), QPalette.ColorRole
    light = {"Window": "#f3f3f1", "WindowText": "#1d1d1d", "Base": "#ffffff", "Text": "#1d1d1d",
             "Button": "#e4e4e2", "ButtonText": "#1d1d1d", "Highlight": "#1f6fb2",
             "HighlightedText": "#ffffff"}  # fmt: skip
    night = {**light, "Window": "#2b2f33", "WindowText": "#e6e8ea", "Base": "#1f2326",
             "Text": "#e6e8ea", "Button": "#3a3f45", "ButtonText": "#e6e8ea",
             "Highlight": "#3d8fd6"}  # fmt: skip
    for name, colour in (night if dark else light).items():
        made.setColor(getattr(role, name), QColor(colour))
    return made


def views(lang: str) -> dict[str, Any]:
    """Rows in every state, by a word for it."""
    from dgo_twin_plugin.engine.indicators.spec import LegalTest
    from dgo_twin_plugin.engine.mix import Mix
    from dgo_twin_plugin.engine.norms import load_profile
    from dgo_twin_plugin.engine.row_view import row_views
    from dgo_twin_plugin.engine.words import EXCEEDS, say
    from tests.panel.mix_case import assessment

    profile = load_profile("utrecht-proposal-2026")
    values = {"traffic_noise": {"": [57.8, 50]}, "rain_retention": {"": [71, 40]},
              "air_quality": {"no2": [16.4, 12], "pm10": [16, 16], "pm25": [7, 7]},
              "open_water": {"": [1.2, 9]}, "shade": {"": [45, 41]},
              "canopy": {"": [33, 20]}, "flood_safety": {"": [2200, 200]}}  # fmt: skip
    test = LegalTest(1, 1, "industry", 58.0, 55.0, EXCEEDS)
    case = assessment(profile, ["GT04", "GT08"], values, legal={"industrial_noise": [test]},
                      missing={"energy_use": say("reasons.no_value")})  # fmt: skip
    mix = Mix().with_ambition("GT04", "traffic_noise", 49).with_lock("rain_retention")
    mix = mix.with_off("canopy").with_weight("air_quality", 2)
    judged = case.judged(*mix.laid(profile))
    former = {"traffic_noise": (59.5, 4.2)}
    here = {v.indicator: v for v in row_views(judged, mix, "GT04", 1, former, lang)}
    names = {"below": "traffic_noise", "breach": "industrial_noise", "part": "air_quality",
             "locked": "rain_retention", "absent": "energy_use", "outside": "open_water",
             "good": "shade", "off": "canopy", "log": "flood_safety"}  # fmt: skip
    found = {word: here[id_] for word, id_ in names.items()}
    stale = row_views(judged, mix.with_mode("test"), "GT04", 1, former, lang, stale=True)
    found["stale_test"] = next(v for v in stale if v.indicator == "traffic_noise")
    whole = row_views(judged, mix, "all", 0, None, lang)
    found["marks"] = next(v for v in whole if v.indicator == "shade")
    return found


def above(lang: str) -> dict[str, Any]:
    """The widgets above the rows, by a word for it: (widget, width, height)."""
    from dgo_twin_plugin.engine.norms import load_profile
    from dgo_twin_plugin.panel.overview import overview
    from dgo_twin_plugin.panel.widgets.radar import Radar
    from dgo_twin_plugin.panel.widgets.state_dot import StateDot
    from dgo_twin_plugin.panel.widgets.theme_bars import ThemeBars
    from dgo_twin_plugin.panel.widgets.theme_head import ThemeHead
    from tests.panel.mix_case import assessment

    case = assessment(load_profile("utrecht-proposal-2026"), ["GT04", "GT08"])
    over = overview(case, lang, former={"water": 5.1, "green": 8.8, "total": 6.0})
    radar, bars, dot = Radar(), ThemeBars(), StateDot()
    radar.show_views(over.themes, "was")
    bars.show_views(over.themes)
    dot.show_state("computing", 0.4)
    return {"radar": (radar, 420, 380), "bars": (bars, 400, 90), "dot": (dot, 24, 24),
            "head": (ThemeHead(over.themes[1]), 320, 34)}  # fmt: skip


def font() -> Any:
    """The same font in every Qt."""
    from qgis.PyQt.QtGui import QFont

    made = QFont("DejaVu Sans")
    made.setPixelSize(13)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


def picture(row: Any, width: int, colours: Any, ratio: int = 1, height: int = 0) -> Any:
    """A row (or another widget of a given height) drawn into an image."""
    from qgis.PyQt.QtCore import QPoint
    from qgis.PyQt.QtGui import QImage, QPalette
    from qgis.PyQt.QtWidgets import QApplication

    row.setPalette(colours)
    row.setFont(font())
    row.move(400, 400)  # away from where the mouse may be
    row.resize(width, height or row.height_for(width))
    row.show()
    QApplication.processEvents()
    size = row.size()
    image = QImage(size * ratio, QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(float(ratio))
    image.fill(colours.color(QPalette.ColorRole.Window))
    row.render(image, QPoint(0, 0))
    return image


def keyboard(view: Any) -> dict[str, Any]:
    """What keys and mouse do to a row."""
    from qgis.PyQt.QtCore import QEvent, QPointF, Qt
    from qgis.PyQt.QtGui import QKeyEvent, QMouseEvent
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.panel.widgets.row import IndicatorRow

    row = IndicatorRow(view)
    told: list[Any] = []
    row.ambition_changed.connect(lambda value, final: told.append([round(value, 6), final]))
    row.ambition_cleared.connect(lambda: told.append("cleared"))
    row.why_asked.connect(lambda: told.append("why"))
    row.switched.connect(lambda on: told.append(["on", on]))
    row.chosen.connect(lambda: None)
    row.resize(320, row.height_for(320))
    row.show()
    QApplication.processEvents()
    track = row.track
    for key in ("Key_Right", "Key_Left", "Key_PageUp", "Key_Home", "Key_End", "Key_Delete",
                "Key_Return", "Key_Space"):  # fmt: skip
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, getattr(Qt.Key, key), Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(track, event)

    def mouse(kind: str, x: float, button: str, buttons: str) -> None:
        place = QPointF(x, track.geometry_of().middle)
        buttons_ = Qt.MouseButton
        event = QMouseEvent(getattr(QEvent.Type, kind), place, QPointF(track.mapToGlobal(
            place.toPoint())), getattr(buttons_, button), getattr(buttons_, buttons),
            Qt.KeyboardModifier.NoModifier)  # fmt: skip
        QApplication.sendEvent(track, event)

    places = track.geometry_of()
    for value, kind in ((view.track.minimum, "MouseButtonPress"), (view.track.basis, "MouseMove")):
        mouse(kind, places.x(view.track.position(value)),
              "LeftButton" if kind == "MouseButtonPress" else "NoButton", "LeftButton")
    mouse("MouseButtonRelease", places.x(view.track.position(view.track.basis)), "LeftButton",
          "NoButton")  # fmt: skip
    row.set_current(True)
    assert row.spin is not None
    row.spin.stepBy(1)
    return {"told": told, "spin": row.spin.text(), "name": track.accessibleName(),
            "description": track.accessibleDescription(), "value": track.value(),
            "range": [track.minimum(), track.maximum()], "height": row.height()}  # fmt: skip


def main(binding: str, folder: str) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    stand_in(binding)
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.engine.texts import set_language
    from dgo_twin_plugin.panel.widgets.row import IndicatorRow

    heavy = [n for n in sys.modules if n.split(".")[0] == "osgeo" or n.startswith("qgis.core")]
    assert not heavy, f"the widgets need more than Qt: {heavy}"
    app = QApplication([])
    app.setStyle("Fusion")
    app.setFont(font())
    kept, said = [], {}
    for lang, dark in (("nl", False), ("en", True)):
        set_language(lang)
        app.setPalette(palette(dark))
        found = views(lang)
        for word, view in found.items():
            for width in (320, 640, 900):
                row = IndicatorRow(view)
                kept.append(row)
                image = picture(row, width, palette(dark), 2 if width == 640 else 1)
                assert image.save(str(Path(folder) / f"{word}-{width}-{lang}.png"))
        for word, (widget, width, height) in above(lang).items():
            kept.append(widget)
            image = picture(widget, width, palette(dark), height=height)
            assert image.save(str(Path(folder) / f"above-{word}-{lang}.png"))
        said[lang] = {word: keyboard(found[word]) for word in ("below", "breach", "log", "marks")}
    assert not any(name.startswith("PyQt") and not name.startswith(binding)
                   for name in sys.modules), "the other Qt was imported"  # fmt: skip
    print("SAID " + json.dumps(said))
    for row in kept:
        row.deleteLater()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
