"""Around what to fetch: the plan area, or the outline of the design, in a plane of metres."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsWkbTypes,
)

from ..engine.twin import Twin
from ..engine.words import DgoError
from ..layers.gather import gather
from ..layers.plane import choose_plane
from ..layers.read import VectorInput, read_vector
from .catalogue import Service
from .writer import LayerWriter

FILE, LAYER = "plangebied.gpkg", "plangebied"


@dataclass(frozen=True)
class Plan:
    """The plan: its outline and plane (metres)."""

    shape: QgsGeometry
    plane: QgsCoordinateReferenceSystem

    @property
    def box(self) -> QgsRectangle:
        return self.shape.boundingBox()


def find_plan(twin: Twin, project: QgsProject | None, given: list[VectorInput]) -> Plan:
    """The polygons of ``given``, else of the twin's plan area, else of its design (then outline:
    holes filled). Main thread. Raises DgoError where there are none."""
    only = dataclasses.replace(twin, context={}, area_types=None)
    inputs = gather(only, project, {"plan_area": given})
    sources = inputs.plan_area or inputs.design
    if not sources:
        raise DgoError("errors.service.need_plan")
    first = sources[0]
    plane = choose_plane(first.crs, first.extent, inputs.project_crs, inputs.transforms)
    shapes = []
    for source in sources:
        for wkb in read_vector(source, plane, inputs.transforms, ()).wkb:
            shape = QgsGeometry()
            if wkb is not None:
                shape.fromWkb(wkb)
            if shape.type() == QgsWkbTypes.GeometryType.PolygonGeometry and not shape.isEmpty():
                shapes.append(shape.makeValid())
    whole = QgsGeometry.unaryUnion(shapes) if shapes else QgsGeometry()
    if whole.isEmpty():
        raise DgoError("errors.service.need_plan")
    if not inputs.plan_area:
        whole = whole.removeInteriorRings()
    return Plan(whole, plane.crs)


def save_plan(plan: Plan, folder: Path, transforms: QgsCoordinateTransformContext) -> str:
    """The plan area in the folder, as ``file|layer``."""
    path, part = folder / FILE, folder / f".{FILE}.part.gpkg"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        nothing = Service("plan", {}, "", "", {}, "none", "", "")
        out = LayerWriter(part, LAYER, nothing, plan.plane, QgsFields(),
                          QgsWkbTypes.Type.MultiPolygon, transforms)  # fmt: skip
        one = QgsFeature()
        one.setGeometry(plan.shape)
        out.add(one)
        out.close()
        part.replace(path)
    except OSError as error:
        raise DgoError("errors.service.folder", folder=str(folder), why=error.strerror) from error
    return f"{path}|{LAYER}"
