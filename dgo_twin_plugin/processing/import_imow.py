"""dgo:importimow: areas of an environmental plan or regulation as area types and roles."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingParameterString

from .importing import ImportAlgorithm


class Algorithm(ImportAlgorithm):
    ID = "importimow"
    SOURCE = "imow"

    def declare_more(self) -> None:
        self.add(
            QgsProcessingParameterString("PROFILE", self.label("PROFILE")),
            optional=True,
            advanced=True,
        )

    def options(self, parameters: dict[str, Any], context: QgsProcessingContext) -> dict[str, Any]:
        return {"profile": self.parameterAsString(parameters, "PROFILE", context)}
