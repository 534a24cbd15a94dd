"""dgo:createdemo: the demo plan with everything it needs."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingParameterFolderDestination,
)

from .base import DgoAlgorithm


class Algorithm(DgoAlgorithm):
    ID = "createdemo"

    def declare(self) -> None:
        self.add(QgsProcessingParameterFolderDestination("FOLDER", self.label("FOLDER")))
        for name in ("TWIN_A", "TWIN_B"):
            self.addOutput(QgsProcessingOutputFile(name, self.label(name)))

    def work(self, parameters: dict[str, Any], context: QgsProcessingContext,
             feedback: QgsProcessingFeedback) -> dict[str, Any]:  # fmt: skip
        from .. import demo

        folder = self.parameterAsString(parameters, "FOLDER", context)
        made = demo.create(folder, lambda done: feedback.setProgress(100 * done), feedback.isCanceled)
        for name, path in made.items():
            feedback.pushInfo(f"{name}: {path}")
        return {"FOLDER": folder, "TWIN_A": str(made["twin_a"]), "TWIN_B": str(made["twin_b"])}
