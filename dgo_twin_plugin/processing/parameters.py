"""Parameters that several algorithms share. Light: QGIS declares them when it starts."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)

from ..engine.texts import text


def declare_inputs(algorithm: Any) -> None:
    """Design, extra layers, area types and their field, plan area, twin file, profile, date."""
    source = QgsProcessing.SourceType

    def label(name: str) -> str:
        return algorithm.label(name)

    add = algorithm.add
    add(
        QgsProcessingParameterFeatureSource(
            "DESIGN", label("DESIGN"), [source.TypeVectorAnyGeometry]
        ),
        optional=True,
    )
    add(
        QgsProcessingParameterMultipleLayers(
            "DESIGN_EXTRA", label("DESIGN_EXTRA"), source.TypeVectorAnyGeometry
        ),
        optional=True,
    )
    add(
        QgsProcessingParameterFeatureSource(
            "AREA_TYPES", label("AREA_TYPES"), [source.TypeVectorPolygon]
        ),
        optional=True,
    )
    add(
        QgsProcessingParameterField(
            "AREA_TYPE_FIELD", label("AREA_TYPE_FIELD"), None, "AREA_TYPES"
        ),
        optional=True,
    )
    add(
        QgsProcessingParameterFeatureSource(
            "PLAN_AREA", label("PLAN_AREA"), [source.TypeVectorPolygon]
        ),
        optional=True,
    )
    add(
        QgsProcessingParameterFile(
            "TWIN", label("TWIN"), fileFilter=text("algorithms.yaml_filter")
        ),
        optional=True,
    )
    add(QgsProcessingParameterString("PROFILE", label("PROFILE")), optional=True)
    add(
        QgsProcessingParameterString("ASSESSMENT_DATE", label("ASSESSMENT_DATE")),
        optional=True,
        advanced=True,
    )
