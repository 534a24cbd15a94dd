"""dgo:methodcards: what each indicator measures and rests on, as one HTML page."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)

from ..engine.texts import text
from .base import DgoAlgorithm


class Algorithm(DgoAlgorithm):
    ID = "methodcards"

    def declare(self) -> None:
        from ..engine.indicators import indicator_ids

        self.add(QgsProcessingParameterString("PROFILE", self.label("PROFILE")), optional=True)
        self.add(
            QgsProcessingParameterEnum(
                "INDICATORS",
                self.label("INDICATORS"),
                indicator_ids(),
                allowMultiple=True,
                usesStaticStrings=True,
            ),
            optional=True,
        )
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
        from ..reports.cards import html, write

        chosen = [n for n in self.parameterAsEnumStrings(parameters, "INDICATORS", context) if n]
        profile = self.parameterAsString(parameters, "PROFILE", context).strip()
        target = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        return {"OUTPUT": str(write(target, html(chosen, profile)))}
