"""The work plane: one projected CRS in metres for design, map and context (design 5)."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsRectangle,
    QgsUnitTypes,
)

from ..engine.words import DgoError

_MERCATOR = {"EPSG:3857", "EPSG:900913", "EPSG:3785", "ESRI:102100", "ESRI:102113"}
NATIONAL = "EPSG:28992"  # Amersfoort / RD New: the plane of every Dutch plan


@dataclass(frozen=True)
class Plane:
    """The work plane and why it was chosen (a key of ``results.json``)."""

    crs: QgsCoordinateReferenceSystem
    reason: str

    @property
    def label(self) -> str:
        """authid, or WKT for a CRS without authority code (a code of this computer is none)."""
        return code_of(self.crs)


def code_of(crs: QgsCoordinateReferenceSystem) -> str:
    """The authority code of a CRS, or its WKT where it has none that others know."""
    code = str(crs.authid())
    return str(crs.toWkt()) if not code or code.startswith("USER:") else code


def is_plane(crs: QgsCoordinateReferenceSystem) -> bool:
    """Whether areas can be measured in it: projected, metres, and not Web Mercator."""
    if not crs.isValid() or crs.isGeographic():
        return False
    if crs.authid() in _MERCATOR or "pseudo-mercator" in crs.description().lower():
        return False
    return bool(crs.mapUnits() == QgsUnitTypes.DistanceUnit.DistanceMeters)


def require_crs(crs: QgsCoordinateReferenceSystem, layer: str) -> None:
    """Refuse a layer that does not say where it is."""
    if not crs.isValid():
        raise DgoError("problems.no_crs", layer=layer)


def choose_plane(
    layer_crs: QgsCoordinateReferenceSystem,
    extent: QgsRectangle,
    project_crs: QgsCoordinateReferenceSystem,
    transforms: QgsCoordinateTransformContext,
) -> Plane:
    """The design's CRS where it is a plane; else the project's; else the national grid inside its
    area of use; else the UTM zone of the centre."""
    if is_plane(layer_crs):
        return Plane(layer_crs, "design")
    if is_plane(project_crs):
        return Plane(project_crs, "project")
    world = QgsCoordinateReferenceSystem("EPSG:4326")
    try:
        box = QgsCoordinateTransform(layer_crs, world, transforms).transformBoundingBox(extent)
    except QgsCsException as error:
        raise DgoError("problems.untransformable", layer="", detail=str(error)) from error
    national = QgsCoordinateReferenceSystem(NATIONAL)
    if national.isValid() and national.bounds().contains(box):
        return Plane(national, "national")
    centre = box.center()
    zone = int((centre.x() + 180.0) // 6.0) % 60 + 1
    code = (32600 if centre.y() >= 0 else 32700) + zone
    return Plane(QgsCoordinateReferenceSystem(f"EPSG:{code}"), "utm")
