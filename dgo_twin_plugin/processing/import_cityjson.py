"""dgo:importcityjson: buildings with their height from a 3D model."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingParameterCrs

from ..layers.plane import code_of
from .importing import ImportAlgorithm


class Algorithm(ImportAlgorithm):
    ID = "importcityjson"
    SOURCE = "cityjson"

    def declare_more(self) -> None:
        self.add(
            QgsProcessingParameterCrs("CRS", self.label("CRS")), optional=True, advanced=True
        )

    def options(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        crs = self.parameterAsCrs(parameters, "CRS", context)
        return {"crs": code_of(crs) if crs.isValid() else ""}
