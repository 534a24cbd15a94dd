"""dgo:importimro: a zoning plan (IMRO) as design: plots, buildings, capacity."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingParameterBoolean

from .importing import ImportAlgorithm


class Algorithm(ImportAlgorithm):
    ID = "importimro"
    SOURCE = "imro"

    def declare_more(self) -> None:
        self.add(
            QgsProcessingParameterBoolean("COVERAGE", self.label("COVERAGE"), True), optional=True
        )

    def options(self, parameters: dict[str, Any], context: QgsProcessingContext) -> dict[str, Any]:
        return {"coverage": self.parameterAsBool(parameters, "COVERAGE", context)}
