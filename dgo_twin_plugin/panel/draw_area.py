"""A map tool that draws one polygon and then gives the canvas back its former tool."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsGeometry, QgsPointXY, QgsWkbTypes
from qgis.gui import QgsMapTool, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor

INK = "#1f2326"
LEAST = 3  # corners


def band(canvas: Any) -> QgsRubberBand:
    """The outline of a plan area on the canvas."""
    made = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
    made.setStrokeColor(QColor(INK))
    fill = QColor("#01665e")
    fill.setAlphaF(0.15)
    made.setFillColor(fill)
    made.setWidth(2)
    made.setLineStyle(Qt.PenStyle.DashLine)
    return made


class DrawArea(QgsMapTool):
    """Click for corners; double click, right click or Enter ends, Backspace takes back, Escape
    stops. ``drawn`` gives the polygon in the CRS of the canvas, ``stopped`` nothing.

    The tool that was in use comes back by itself; where the user took up another tool meanwhile,
    that one stays.
    """

    drawn = pyqtSignal(QgsGeometry)
    stopped = pyqtSignal()

    def __init__(self, canvas: Any) -> None:
        super().__init__(canvas)
        self.canvas_ = canvas
        self.points: list[QgsPointXY] = []
        self.band: QgsRubberBand | None = None
        self.former: Any = None
        self.busy = False
        self.setCursor(Qt.CursorShape.CrossCursor)

    # --- starting and ending ------------------------------------------------------------------
    def start(self) -> None:
        """Take the canvas."""
        if self.busy:
            return
        self.former = self.canvas_.mapTool()
        self.points = []
        self.band = band(self.canvas_)
        self.busy = True
        self.canvas_.setMapTool(self)
        self.canvas_.setFocus()

    def stop(self) -> None:
        """Give the canvas back without a polygon."""
        if self.busy:
            self._leave()
            self.stopped.emit()

    def finish(self) -> None:
        """Give the canvas back and hand over the polygon; goes on where there is none yet."""
        if not self.busy or len(self._corners()) < LEAST:
            return
        shape = QgsGeometry.fromPolygonXY([self._corners()])
        self._leave()
        self.drawn.emit(shape)

    def _corners(self) -> list[QgsPointXY]:
        """The corners, each once: a double click puts one twice."""
        kept: list[QgsPointXY] = []
        for point in self.points:
            if not kept or point.sqrDist(kept[-1]) > 0:
                kept.append(point)
        return kept

    def _leave(self) -> None:
        self.busy = False
        self._clear()
        if self.canvas_.mapTool() is self:
            former, self.former = self.former, None
            if former is not None and not sip.isdeleted(former):
                self.canvas_.setMapTool(former)
            else:
                self.canvas_.unsetMapTool(self)

    def _clear(self) -> None:
        self.points = []
        if self.band is not None:
            if not sip.isdeleted(self.band):
                self.band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
                scene = self.canvas_.scene()
                if scene is not None:
                    scene.removeItem(self.band)
            self.band = None

    def deactivate(self) -> None:
        """Called by QGIS when another tool takes the canvas: that one stays."""
        super().deactivate()
        if self.busy:
            self.busy = False
            self.former = None
            self._clear()
            self.stopped.emit()

    # --- events ---------------------------------------------------------------------------------
    def _place(self, position: QPoint) -> QgsPointXY:
        """Where a click is, snapped as the project asks."""
        match = self.canvas_.snappingUtils().snapToMap(position)
        return match.point() if match.isValid() else self.toMapCoordinates(position)

    def _draw(self, moving: QgsPointXY | None = None) -> None:
        if self.band is None:
            return
        self.band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
        points = [*self.points, *([moving] if moving is not None else [])]
        for number, point in enumerate(points, 1):
            self.band.addPoint(point, number == len(points))

    def canvasReleaseEvent(self, event: Any) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.RightButton:
            self.finish()
        elif event.button() == Qt.MouseButton.LeftButton:
            self.points.append(self._place(event.pos()))
            self._draw()

    def canvasDoubleClickEvent(self, event: Any) -> None:  # noqa: N802
        self.points.append(self._place(event.pos()))
        self.finish()

    def canvasMoveEvent(self, event: Any) -> None:  # noqa: N802
        if self.points:
            self._draw(self._place(event.pos()))

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.stop()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finish()
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            if self.points:
                self.points.pop()
                self._draw()
        else:
            return
        event.accept()  # or QGIS deletes a selected feature, too
