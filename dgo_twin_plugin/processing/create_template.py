"""dgo:createdesigntemplate: an empty design, ready to sketch in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingParameterCrs,
    QgsProcessingParameterFileDestination,
)

from ..engine.texts import text
from ..engine.words import DgoError
from .base import DgoAlgorithm


class Algorithm(DgoAlgorithm):
    ID = "createdesigntemplate"

    def declare(self) -> None:
        self.add(QgsProcessingParameterCrs("CRS", self.label("CRS"), "ProjectCrs"))
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT", self.label("OUTPUT"), text("algorithms.gpkg_filter")
            )
        )
        self.addOutput(QgsProcessingOutputFile("TWIN", self.label("TWIN")))

    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from ..layers.template import create_template

        target = Path(self.parameterAsFileOutput(parameters, "OUTPUT", context))
        target = target if target.suffix else target.with_suffix(".gpkg")
        for file in (target, target.with_suffix(".yml")):
            if file.exists():
                raise DgoError("algorithms.createdesigntemplate.exists", file=str(file))
        crs = self.parameterAsCrs(parameters, "CRS", context)
        twin = create_template(target, crs, context.transformContext())
        return {"OUTPUT": str(target), "TWIN": str(twin)}
