"""dgo:checkdesign: findings about the input, without a run."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsWkbTypes,
)

from ..engine.texts import text
from ..engine.words import DgoError
from .base import SnapshotAlgorithm
from .parameters import declare_inputs

# `object_fid` and not `fid`, which a GeoPackage keeps for itself and wants unique
COLUMNS = (
    "code", "severity", "level", "layer", "object_fid", "field", "value", "title", "advice",
)  # fmt: skip


class Algorithm(SnapshotAlgorithm):
    ID = "checkdesign"

    def declare(self) -> None:
        declare_inputs(self)
        self.add(
            QgsProcessingParameterFeatureSink(
                "CHECKS", self.label("CHECKS"), QgsProcessing.SourceType.TypeVectorPolygon
            ),
            optional=True,
        )
        for name in ("COUNT", "BLOCKING"):
            self.addOutput(QgsProcessingOutputNumber(name, self.label(name)))

    def job(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Any:
        from .checking import Checking

        return Checking(self, parameters, context)

    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from ..layers.fields import text_field, whole_field

        found, crs, origin = self._job.carry_out(feedback)
        for check in found:
            line = f"{check.severity}: {text(check.title())} {text(check.advice())}"
            if check.severity in ("blocking", "important"):
                feedback.pushWarning(line)
            else:
                feedback.pushInfo(line)
        if not found:
            feedback.pushInfo(text("algorithms.checkdesign.none"))
        outputs = {"COUNT": len(found), "BLOCKING": sum(c.severity == "blocking" for c in found)}
        if parameters.get("CHECKS") in (None, ""):
            return outputs
        fields = QgsFields()
        for name in COLUMNS:
            fields.append(whole_field(name) if name == "object_fid" else text_field(name))
        # findings lie on points, lines and surfaces: all are shown as the polygon around them
        sink, where = self.parameterAsSink(
            parameters, "CHECKS", context, fields, QgsWkbTypes.Type.MultiPolygon, crs
        )
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, "CHECKS"))
        for check in found:
            feature = QgsFeature(fields)
            feature.setAttributes([_shown(check, name) for name in COLUMNS])
            if check.wkb is not None:
                geometry = QgsGeometry()
                geometry.fromWkb(check.wkb)
                geometry.translate(*origin)
                if geometry.type() != QgsWkbTypes.GeometryType.PolygonGeometry:
                    geometry = geometry.buffer(1.0, 4)
                geometry.convertToMultiType()
                feature.setGeometry(geometry)
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise DgoError("algorithms.checkdesign.sink", detail=sink.lastError())
        return {**outputs, "CHECKS": where}


def _shown(check: Any, name: str) -> Any:
    if name in ("title", "advice"):
        return text(getattr(check, name)())
    return getattr(check, "fid" if name == "object_fid" else name)
