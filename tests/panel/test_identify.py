"""Why this mark here: the entry in the identify results, and the tool that comes when asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.town import town

pytest.importorskip("qgis.core", reason="QGIS is not installed for this Python")


@pytest.fixture(scope="module")
def plan() -> Any:
    return town().assess(["energy_use", "green"])


@pytest.fixture
def live(qgis_project: Any, plan: Any, language: str) -> Iterator[Any]:
    from dgo_twin_plugin.live.map_layer import LiveLayer

    made = LiveLayer(qgis_project)
    made.choose("energy_use", plan)
    yield made
    made.end()


@pytest.fixture
def canvas(window: Any, live: Any) -> Any:
    from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle

    found = window.canvas
    found.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:28992"))
    found.resize(400, 240)
    found.setExtent(QgsRectangle(136_000, 456_000, 136_200, 456_120))
    window.process()
    return found


def pixel(canvas: Any, x: float, y: float) -> Any:
    from qgis.core import QgsPointXY
    from qgis.PyQt.QtCore import QPoint

    spot = canvas.getCoordinateTransform().transform(QgsPointXY(x, y))
    return QPoint(round(spot.x()), round(spot.y()))


def test_the_entry_is_there_with_the_layer_and_goes_with_it(live: Any, plan: Any) -> None:
    from qgis.gui import QgsGui

    from dgo_twin_plugin.panel.identify import IdentifyAction

    registry = QgsGui.mapLayerActionRegistry()
    asked: list[Any] = []
    entry = IdentifyAction(live)
    entry.asked.connect(asked.append)
    entry.follow()
    entry.follow()
    layer = live.layer
    found = [a for a in registry.mapLayerActions(layer) if a.text() == "Waarom dit cijfer hier?"]
    assert len(found) == 1
    feature = next(layer.getFeatures())
    found[0].triggerForFeature(layer, feature)
    assert asked == [live.place(feature)] and asked[0].fid > 0
    live.choose("green", plan)
    entry.follow()
    assert len(registry.mapLayerActions(live.layer)) == 1
    entry.end()
    entry.end()
    assert not registry.mapLayerActions(live.layer)


def test_the_tool_comes_only_when_asked_and_goes_back(canvas: Any, live: Any) -> None:
    from qgis.gui import QgsMapToolPan

    from dgo_twin_plugin.panel.identify import WhyHere

    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    tool = WhyHere(canvas, live)
    stopped: list[int] = []
    tool.stopped.connect(lambda: stopped.append(1))
    live.update(town().assess(["energy_use"]))
    assert canvas.mapTool() is pan
    tool.start("%", 0)
    assert canvas.mapTool() is tool
    tool.stop()
    assert canvas.mapTool() is pan and stopped == [1]
    tool.start()
    other = QgsMapToolPan(canvas)
    canvas.setMapTool(other)  # the user takes another tool: that one stays
    tool.stop()
    assert canvas.mapTool() is other and stopped == [1, 1] and tool.note is None


def test_it_tells_the_place_under_the_pointer_and_asks_with_a_click(canvas: Any, live: Any) -> None:
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtTest import QTest

    from dgo_twin_plugin.panel.identify import WhyHere
    from tests.panel.conftest import wait

    tool = WhyHere(canvas, live)
    asked: list[Any] = []
    tool.asked.connect(asked.append)
    tool.start("%", 0)
    inside = pixel(canvas, 136_080.0, 456_076.0)  # the flats of the town, feature 3
    QTest.mouseMove(canvas.viewport(), inside)
    tool.canvasMoveEvent(_At(inside))
    wait(lambda: tool.note is not None and tool.note.isVisible(), 10)
    shown = tool.note.text()
    place = tool.place_at(inside)
    assert place.fid == 3 and "Woongebouw 3" in shown and f"zone {place.zone}" in shown
    assert "100 %" in shown and "6,0" in shown  # BENG at its limit: 100 %, a 6
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=inside)
    assert asked == [place]
    nothing = pixel(canvas, 136_190.0, 456_050.0)
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=nothing)
    assert asked == [place] and "niet gemeten" in tool.note.text()
    corner = canvas.rect()
    assert corner.contains(tool.note.geometry())
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.mapTool() is not tool and tool.note is None


class _At:
    """A mouse event, as far as the tool looks at it."""

    def __init__(self, place: Any) -> None:
        self._place = place

    def pos(self) -> Any:
        return self._place


def test_without_a_layer_there_is_nothing_and_no_error(canvas: Any, live: Any) -> None:
    from dgo_twin_plugin.panel.identify import IdentifyAction, WhyHere

    live.choose(None, None)
    entry = IdentifyAction(live)
    entry.follow()
    assert entry.action is None
    tool = WhyHere(canvas, live)
    tool.start()
    assert tool.place_at(pixel(canvas, 136_080.0, 456_076.0)) is None
    tool.stop()
