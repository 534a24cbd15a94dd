"""dgo:validateprofile: is this profile sound, and what does a municipality's file change?"""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFile,
    QgsProcessingParameterString,
)

from ..engine.texts import language, text
from ..engine.words import DgoError
from .base import DgoAlgorithm


class Algorithm(DgoAlgorithm):
    ID = "validateprofile"

    def declare(self) -> None:
        self.add(QgsProcessingParameterString("PROFILE", self.label("PROFILE")), optional=True)
        self.add(
            QgsProcessingParameterFile(
                "OVERLAY", self.label("OVERLAY"), fileFilter=text("algorithms.yaml_filter")
            ),
            optional=True,
        )
        self.addOutput(QgsProcessingOutputBoolean("VALID", self.label("VALID")))
        self.addOutput(QgsProcessingOutputNumber("FINDINGS", self.label("FINDINGS")))
        self.addOutput(QgsProcessingOutputNumber("CHANGES", self.label("CHANGES")))
        self.addOutput(QgsProcessingOutputString("HASH", self.label("HASH")))

    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from ..engine.norms import load_profile
        from ..engine.twin import DEFAULT_PROFILE

        named = self.parameterAsString(parameters, "PROFILE", context).strip() or DEFAULT_PROFILE
        overlay = self.parameterAsFile(parameters, "OVERLAY", context)
        try:
            base = load_profile(named)
            profile = load_profile(named, overlay) if overlay else base
        except DgoError as error:
            feedback.reportError(text("algorithms.validateprofile.bad", error=error.message))
            return {"VALID": False, "FINDINGS": 0, "CHANGES": 0, "HASH": ""}
        feedback.pushInfo(
            text(
                "algorithms.validateprofile.ok",
                title=profile.title.get(language(), profile.id),
                id=profile.id,
                version=str(profile.version),
                types=len(profile.area_types),
                indicators=len(profile.indicators),
            )
        )
        feedback.pushInfo(
            text(
                "algorithms.proposal",
                title=profile.title,
                status=text(f"results.value.norm_status.{profile.status}"),
            )
        )
        for finding in profile.findings:
            feedback.pushWarning(text(finding.message()))
        changes = base.differences(profile) if overlay else []
        for change in changes:
            feedback.pushInfo(text(change.message()))
        return {
            "VALID": True,
            "FINDINGS": len(profile.findings),
            "CHANGES": len(changes),
            "HASH": profile.hash,
        }
