"""Shows a place on the map canvas."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsProject,
)

LEAST = 30.0  # units of the file's CRS (metres) around a place, so that a point has surroundings


def zoom_to(canvas: Any, wkb: bytes, crs: str) -> bool:
    """Zoom the canvas to a geometry and flash it; False where that cannot be done."""
    geometry = QgsGeometry()
    geometry.fromWkb(wkb)
    box = geometry.boundingBox()
    if geometry.isNull() or not box.isFinite():
        return False
    source = QgsCoordinateReferenceSystem()
    source.createFromUserInput(crs)
    target = canvas.mapSettings().destinationCrs()
    box.grow(max(LEAST, 0.6 * max(box.width(), box.height())))
    if source.isValid() and target.isValid() and source != target:
        try:
            box = QgsCoordinateTransform(source, target, QgsProject.instance()
                                         ).transformBoundingBox(box)  # fmt: skip
        except QgsCsException:
            return False
    canvas.setExtent(box)
    canvas.refresh()
    canvas.flashGeometries([geometry], source)
    return True
