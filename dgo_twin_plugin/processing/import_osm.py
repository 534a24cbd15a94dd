"""dgo:importosm: OpenStreetMap as the current situation and as layers of roles."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingParameterBoolean

from .importing import ImportAlgorithm


class Algorithm(ImportAlgorithm):
    ID = "importosm"
    SOURCE = "osm"

    def declare_more(self) -> None:
        self.add(
            QgsProcessingParameterBoolean("ROAD_SURFACES", self.label("ROAD_SURFACES"), False),
            optional=True,
        )

    def options(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        return {"road_surfaces": self.parameterAsBool(parameters, "ROAD_SURFACES", context)}
