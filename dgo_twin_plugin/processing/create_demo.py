"""dgo:createdemo: the demo plan with everything it needs."""

from __future__ import annotations

from pathlib import Path
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
        for name in ("TWIN_A", "TWIN_B", "PROJECT"):
            self.addOutput(QgsProcessingOutputFile(name, self.label(name)))

    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from .. import demo

        folder = self.parameterAsString(parameters, "FOLDER", context)
        made = demo.create(
            folder, lambda done: feedback.setProgress(100 * done), feedback.isCanceled
        )
        for name, path in made.items():
            feedback.pushInfo(f"{name}: {path}")
        self._made = made
        return {
            "FOLDER": folder,
            "TWIN_A": str(made["twin_a"]),
            "TWIN_B": str(made["twin_b"]),
            "PROJECT": str(Path(folder) / "demo.qgz"),
        }

    def postProcessAlgorithm(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """The project with all layers; layers belong to the main thread."""
        from ..project.demo_project import write_demo_project

        made = getattr(self, "_made", None)
        if made:
            folder = Path(made["twin_a"]).parent
            write_demo_project(
                folder, {"a": made["twin_a"], "b": made["twin_b"]}, folder / "demo.qgz"
            )
        return {}
