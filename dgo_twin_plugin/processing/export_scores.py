"""dgo:exportscores: scores as CSV or XLSX."""

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
    ID = "exportscores"

    def declare(self) -> None:
        self.add_results_file(run=True)
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT",
                self.label("OUTPUT"),
                text("algorithms.exportscores.filter"),
                QgsProcessing.TEMPORARY_OUTPUT,
            )
        )

    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from ..reports.export import export_scores
        from ..store.runs import find_run

        results = self.parameterAsFile(parameters, "RESULTS", context)
        target = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        run = self.parameterAsString(parameters, "RUN", context).strip()
        ids = [find_run(results, run)["run_id"]] if run else []
        return {"OUTPUT": str(export_scores(results, target, ids))}
