"""dgo:importahn: heights of an area from AHN: rasters, buildings, trees."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMultipleLayers,
)

from ..engine.words import DgoError
from ..layers.plane import code_of
from .importing import ImportAlgorithm


class Algorithm(ImportAlgorithm):
    ID = "importahn"
    SOURCE = "ahn"

    def declare_more(self) -> None:
        source = QgsProcessing.SourceType
        self.add(
            QgsProcessingParameterMultipleLayers("DTM", self.label("DTM"), source.TypeFile),
            optional=True,
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "BUILDINGS", self.label("BUILDINGS"), [source.TypeVectorPolygon]
            ),
            optional=True,
        )
        self.add(
            QgsProcessingParameterBoolean("TREES", self.label("TREES"), True), optional=True
        )

    def options(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        found: dict[str, Any] = {
            "dtm": [str(p) for p in self.parameterAsFileList(parameters, "DTM", context) if p],
            "trees": self.parameterAsBool(parameters, "TREES", context),
        }
        if parameters.get("BUILDINGS"):
            found.update(self._buildings(parameters, context))
        return found

    def _buildings(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        """Outlines, with the function where the layer has that field."""
        from ..importers.ahn import Outline

        source = self.parameterAsSource(parameters, "BUILDINGS", context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, "BUILDINGS"))
        if not source.sourceCrs().isValid():
            raise DgoError("problems.no_crs", layer=source.sourceName())
        column = source.fields().lookupField("function")
        made = []
        for feature in source.getFeatures():
            shape = feature.geometry()
            if shape.isEmpty():
                continue
            function = feature.attribute(column) if column >= 0 else None
            made.append(
                Outline(
                    bytes(shape.asWkb().data()),
                    str(feature.id()),
                    str(function) if isinstance(function, str) and function else None,
                )
            )
        return {"buildings": made, "buildings_crs": code_of(source.sourceCrs())}
