"""dgo:exportreport: one stand-alone HTML page of a run."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFileDestination,
)

from ..engine.texts import text
from .base import DgoAlgorithm


class Algorithm(DgoAlgorithm):
    ID = "exportreport"

    def declare(self) -> None:
        self.add_results_file(run=True)
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT",
                self.label("OUTPUT"),
                text("algorithms.exportreport.filter"),
                QgsProcessing.TEMPORARY_OUTPUT,
            )
        )

    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from ..reports.html import export_report

        results = self.parameterAsFile(parameters, "RESULTS", context)
        target = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        run = self.parameterAsString(parameters, "RUN", context).strip()
        return {"OUTPUT": str(export_report(results, target, run))}
