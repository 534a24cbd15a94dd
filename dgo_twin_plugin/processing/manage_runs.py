"""dgo:manageruns: which runs a results file holds, and away with those named."""

from __future__ import annotations

import json
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterString,
)

from ..engine.texts import text
from ..engine.words import DgoError
from .base import DgoAlgorithm

SHOWN = ("run_id", "scenario", "started", "who", "profile_id", "plan_mark", "breaches", "alerts")


class Algorithm(DgoAlgorithm):
    ID = "manageruns"

    def declare(self) -> None:
        self.add_results_file()
        self.add(QgsProcessingParameterString("DELETE", self.label("DELETE")), optional=True)
        self.addOutput(QgsProcessingOutputString("RUNS", self.label("RUNS")))
        self.addOutput(QgsProcessingOutputNumber("DELETED", self.label("DELETED")))

    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from ..store.runs import delete_runs, list_runs

        results = self.parameterAsFile(parameters, "RESULTS", context)
        named = self.parameterAsString(parameters, "DELETE", context)
        ids = [word.strip() for word in named.split(",") if word.strip()]
        known = [run["run_id"] for run in list_runs(results)]
        for run_id in ids:
            if run_id not in known:
                raise DgoError(
                    "algorithms.manageruns.unknown",
                    run=run_id,
                    file=results,
                    known=", ".join(known),
                )
        deleted = delete_runs(results, ids) if ids else 0
        left = [{name: run.get(name) for name in SHOWN} for run in list_runs(results)]
        for run in left:
            feedback.pushInfo("  ".join(str(run[name]) for name in SHOWN))
        if not left:
            feedback.pushInfo(text("algorithms.manageruns.none", file=results))
        return {"RUNS": json.dumps(left, ensure_ascii=False, default=str), "DELETED": deleted}
