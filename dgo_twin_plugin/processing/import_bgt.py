"""dgo:importbgt: the BGT as the current situation."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingParameterBoolean

from .importing import ImportAlgorithm


class Algorithm(ImportAlgorithm):
    ID = "importbgt"
    SOURCE = "bgt"

    def declare_more(self) -> None:
        for name in ("ALL_LEVELS", "ENDED"):
            self.add(
                QgsProcessingParameterBoolean(name, self.label(name), False),
                optional=True,
                advanced=True,
            )

    def options(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        return {
            "all_levels": self.parameterAsBool(parameters, "ALL_LEVELS", context),
            "ended": self.parameterAsBool(parameters, "ENDED", context),
        }
