"""Why this mark here: an entry in QGIS's own identify results, and a map tool of our own.

Neither comes unasked: the entry stands only with features of the live layer, the tool works only
while the user has chosen it, and gives the canvas back to the tool that was there.
"""

from __future__ import annotations

from typing import Any

from qgis.core import QgsPointXY
from qgis.gui import QgsGui, QgsMapLayerAction, QgsMapTool
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QPoint, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QLabel

from ..engine.marks import shown
from ..engine.texts import language, text
from ..engine.why_words import quantity, with_unit
from ..live.map_layer import LiveLayer, Place

REACH = 6  # px around the pointer
DELAY = 80  # ms that the pointer rests before the place is told
AWAY = 16  # px between pointer and note


def note(place: Place | None, unit: str, decimals: int, lang: str = "") -> str:
    """One or two lines on a place: what it is, its value and mark."""
    lang = lang or language()
    if place is None:
        return text("why.live.nothing", lang)
    mark = text("why.live.none", lang) if place.mark is None else shown(place.mark, lang)
    value = "" if place.value is None else with_unit(
        quantity(place.value, decimals, lang), unit, lang)  # fmt: skip
    head = " \u00b7 ".join(x for x in (place.name, value) if x)
    return f"{head}\n{text('why.live.of_zone', lang, zone=place.zone, mark=mark)}"


class IdentifyAction(QObject):
    """The entry "Why this mark here?" with features of the live layer in the identify results and
    attribute forms of QGIS. ``asked(place)``."""

    asked = pyqtSignal(object)

    def __init__(self, live: LiveLayer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.live = live
        self.action: QgsMapLayerAction | None = None
        self._layer: Any = None

    def follow(self) -> None:
        """Attach to the layer of the moment; call after the choice changed."""
        layer = self.live.layer
        if layer is self._layer and self.action is not None:
            return
        self.end()
        if layer is None or sip.isdeleted(layer):
            return
        single = getattr(QgsMapLayerAction, "Target", QgsMapLayerAction).SingleFeature
        self.action = QgsMapLayerAction(text("why.live.action"), self, layer, single)
        self.action.triggeredForFeature.connect(self._asked)
        QgsGui.mapLayerActionRegistry().addMapLayerAction(self.action)
        self._layer = layer

    def end(self) -> None:
        """Take the entry away."""
        action, self.action, self._layer = self.action, None, None
        if action is not None and not sip.isdeleted(action):
            QgsGui.mapLayerActionRegistry().removeMapLayerAction(action)
            action.deleteLater()

    def _asked(self, layer: Any, feature: Any) -> None:
        if layer is self.live.layer and feature.isValid():
            self.asked.emit(self.live.place(feature))


class WhyHere(QgsMapTool):
    """Shows the place under the pointer beside it; a click asks why. ``asked(place)``,
    ``stopped``. Escape and a right click give the canvas back."""

    asked = pyqtSignal(object)
    stopped = pyqtSignal()

    def __init__(self, canvas: Any, live: LiveLayer) -> None:
        super().__init__(canvas)
        self.canvas_, self.live = canvas, live
        self.unit, self.decimals = "", 1
        self.former: Any = None
        self.busy = False
        self.note: QLabel | None = None
        self._at = QPoint()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY)
        self._timer.timeout.connect(self._tell)
        self.setCursor(Qt.CursorShape.WhatsThisCursor)

    def start(self, unit: str = "", decimals: int = 1) -> None:
        """Take the canvas, because the user asked for it."""
        self.unit, self.decimals = unit, decimals
        if self.busy:
            return
        self.former = self.canvas_.mapTool()
        self.busy = True
        self.canvas_.setMapTool(self)

    def stop(self) -> None:
        """Give the canvas back to the tool that was there."""
        if not self.busy:
            return
        self.busy = False
        self._hide()
        former, self.former = self.former, None
        if self.canvas_.mapTool() is self:
            if former is not None and not sip.isdeleted(former):
                self.canvas_.setMapTool(former)
            else:
                self.canvas_.unsetMapTool(self)
        self.stopped.emit()

    def deactivate(self) -> None:
        """Called by QGIS when another tool takes the canvas: that one stays."""
        super().deactivate()
        self._hide()
        if self.busy:
            self.busy = False
            self.former = None
            self.stopped.emit()

    def place_at(self, position: QPoint) -> Place | None:
        """The place under a position on the canvas."""
        point: QgsPointXY = self.toMapCoordinates(position)
        reach = REACH * self.canvas_.mapUnitsPerPixel()
        return self.live.here(point, self.canvas_.mapSettings().destinationCrs(), reach)

    def _tell(self) -> None:
        if not self.busy:
            return
        if self.note is None or sip.isdeleted(self.note):
            self.note = QLabel(self.canvas_)
            self.note.setObjectName("dgo_why_here")
            self.note.setAutoFillBackground(True)
            self.note.setMargin(6)
            self.note.setFrameShape(QLabel.Shape.StyledPanel)
            self.note.setTextFormat(Qt.TextFormat.PlainText)
            self.note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.note.setText(note(self.place_at(self._at), self.unit, self.decimals))
        self.note.setMaximumWidth(self.canvas_.width())
        self.note.setWordWrap(self.note.sizeHint().width() > self.canvas_.width())
        self.note.adjustSize()
        x = min(self._at.x() + AWAY, self.canvas_.width() - self.note.width())
        y = self._at.y() + AWAY
        if y + self.note.height() > self.canvas_.height():
            y = self._at.y() - AWAY - self.note.height()
        self.note.move(max(0, x), max(0, y))
        self.note.show()

    def _hide(self) -> None:
        self._timer.stop()
        if self.note is not None and not sip.isdeleted(self.note):
            self.note.hide()
            self.note.deleteLater()
        self.note = None

    def canvasMoveEvent(self, event: Any) -> None:  # noqa: N802
        self._at = event.pos()
        self._timer.start()

    def canvasReleaseEvent(self, event: Any) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.RightButton:
            self.stop()
        elif event.button() == Qt.MouseButton.LeftButton:
            place = self.place_at(event.pos())
            self._at = event.pos()
            if place is None:
                self._tell()
            else:
                self.asked.emit(place)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self.stop()
            event.accept()
