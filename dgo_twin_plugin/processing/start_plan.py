"""dgo:startplan: a folder in which a plan can start, with what is in the way and what helps."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)

from ..engine.texts import text
from .base import SnapshotAlgorithm

FILES = ("PROJECT", "TWIN_FILE", "RESULTS", "SHEET")
NUMBERS = ("OBSTACLES", "CHANCES")


class Algorithm(SnapshotAlgorithm):
    ID = "startplan"

    def declare(self) -> None:
        source = QgsProcessing.SourceType
        polygons = [source.TypeVectorPolygon]
        add, label = self.add, self.label

        def layer(name: str) -> None:
            add(QgsProcessingParameterFeatureSource(name, label(name), polygons), optional=True)

        def words(name: str, advanced: bool = False, many: bool = False) -> None:
            add(
                QgsProcessingParameterString(name, label(name), multiLine=many),
                optional=True,
                advanced=advanced,
            )

        layer("PLAN_AREA")
        add(QgsProcessingParameterExtent("EXTENT", label("EXTENT")), optional=True)
        words("NAME")
        add(
            QgsProcessingParameterFile(
                "TWIN", label("TWIN"), fileFilter=text("algorithms.yaml_filter")
            ),
            optional=True,
        )
        words("CONTEXT", many=True)
        add(QgsProcessingParameterBoolean("SERVICES", label("SERVICES"), False), optional=True)
        add(
            QgsProcessingParameterMultipleLayers(
                "CURRENT", label("CURRENT"), source.TypeVectorAnyGeometry
            ),
            optional=True,
        )
        add(QgsProcessingParameterFile("BGT", label("BGT")), optional=True)
        layer("AREA_TYPES")
        add(
            QgsProcessingParameterField(
                "AREA_TYPE_FIELD", label("AREA_TYPE_FIELD"), None, "AREA_TYPES"
            ),
            optional=True,
        )
        add(QgsProcessingParameterBoolean("CLASSIFY", label("CLASSIFY"), False), optional=True)
        layer("NEIGHBOURHOODS")
        words("AREA_TYPE")
        words("OVERRULE", advanced=True, many=True)
        words("PROFILE", advanced=True)
        for name in ("TWIN_MAP", "COPY"):
            add(
                QgsProcessingParameterBoolean(name, label(name), True),
                optional=True,
                advanced=True,
            )
        add(QgsProcessingParameterFolderDestination("FOLDER", label("FOLDER")))
        for name in FILES:
            self.addOutput(QgsProcessingOutputFile(name, label(name)))
        for name in NUMBERS:
            self.addOutput(QgsProcessingOutputNumber(name, label(name)))

    def job(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Any:
        from .starting import Starting

        return Starting(self, parameters, context)

    def postProcessAlgorithm(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """The project with all layers, which belong to the main thread; then all is put in its
        place at once."""
        self.guarded(self._job.finish, feedback)
        return {}
