"""dgo:importdxf: a drawing as a design."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingParameterCrs,
    QgsProcessingParameterNumber,
)

from ..layers.plane import NATIONAL, code_of
from .importing import ImportAlgorithm

SHIFTS = ("SHIFT_X", "SHIFT_Y")


class Algorithm(ImportAlgorithm):
    ID = "importdxf"
    SOURCE = "dxf"

    def declare_more(self) -> None:
        number = QgsProcessingParameterNumber.Type.Double
        # optional to Processing, which before QGIS 3.24 does not see the default; never empty here
        self.add(QgsProcessingParameterCrs("CRS", self.label("CRS"), NATIONAL), optional=True)
        self.add(
            QgsProcessingParameterNumber(
                "SCALE", self.label("SCALE"), number, defaultValue=0.0, minValue=0.0
            ),
            optional=True,
        )
        for name in SHIFTS:
            self.add(
                QgsProcessingParameterNumber(name, self.label(name), number, defaultValue=0.0),
                optional=True,
                advanced=True,
            )

    def options(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        return {
            "crs": code_of(self.parameterAsCrs(parameters, "CRS", context)),
            "scale": self.parameterAsDouble(parameters, "SCALE", context),
            "shift": tuple(self.parameterAsDouble(parameters, name, context) for name in SHIFTS),
        }
