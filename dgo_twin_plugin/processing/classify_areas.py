"""dgo:classifyareas: area types for existing neighbourhoods, with the reason per polygon."""

from __future__ import annotations

from typing import Any

import qgis.utils
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.texts import text
from .base import SnapshotAlgorithm


class Algorithm(SnapshotAlgorithm):
    ID = "classifyareas"

    def declare(self) -> None:
        source = QgsProcessing.SourceType
        number = QgsProcessingParameterNumber.Type.Double
        polygons = [source.TypeVectorPolygon]
        add, label = self.add, self.label
        add(QgsProcessingParameterFeatureSource("AREAS", label("AREAS"), polygons))
        for name in ("ID_FIELD", "INHABITANTS_FIELD"):
            add(QgsProcessingParameterField(name, label(name), None, "AREAS"), optional=True)
        add(
            QgsProcessingParameterNumber(
                "INHABITANTS", label("INHABITANTS"), number, None, True, 0
            ),
            optional=True,
        )
        for name, kind in (
            ("CURRENT", source.TypeVectorAnyGeometry),
            ("NATURE", source.TypeVectorPolygon),
        ):
            add(QgsProcessingParameterMultipleLayers(name, label(name), kind), optional=True)
        add(
            QgsProcessingParameterFeatureSource("STOPS", label("STOPS"), [source.TypeVectorPoint]),
            optional=True,
        )
        add(
            QgsProcessingParameterFile(
                "TWIN", label("TWIN"), fileFilter=text("algorithms.yaml_filter")
            ),
            optional=True,
        )
        add(
            QgsProcessingParameterFeatureSource("PREVIOUS", label("PREVIOUS"), polygons),
            optional=True,
        )
        add(
            QgsProcessingParameterNumber("MARGIN", label("MARGIN"), number, None, True, 0, 100),
            optional=True,
            advanced=True,
        )
        add(QgsProcessingParameterString("PROFILE", label("PROFILE")), optional=True, advanced=True)
        add(
            QgsProcessingParameterBoolean("ALTERNATIVE", label("ALTERNATIVE"), False),
            optional=True,
        )
        add(
            QgsProcessingParameterFileDestination(
                "OUTPUT", label("OUTPUT"), text("algorithms.gpkg_filter")
            )
        )
        for name in ("COUNT", "DOUBTFUL", "OVERRULED"):
            self.addOutput(QgsProcessingOutputNumber(name, label(name)))
        for name in ("AREA_TYPES", "ALTERNATIVE_MAP"):
            self.addOutput(QgsProcessingOutputString(name, label(name)))

    def job(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Any:
        from .classifying import Classifying

        return Classifying(self, parameters, context)

    def postProcessAlgorithm(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """In a project with a window the maps are shown; headless, nothing is."""
        project = context.project()
        if project is not None and qgis.utils.iface is not None:
            for uri in self._job.maps:
                name = uri.rpartition("layername=")[2]
                context.addLayerToLoadOnCompletion(
                    uri, QgsProcessingContext.LayerDetails(name, project)
                )
        return {}
