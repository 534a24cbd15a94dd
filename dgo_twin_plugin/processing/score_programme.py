"""dgo:scoreprogramme: marks for a programme of numbers, without a drawing (feature A5)."""

from __future__ import annotations

from typing import Any

import qgis.utils
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.indicators import indicator_ids
from ..engine.texts import text
from .score_design import NUMBERS
from .score_design import Algorithm as ScoreDesign

# parameter -> (key of a programme, divided by); the others are what they say
SHARES = {"SOCIAL": "social_share", "BUILT": "built_share", "GREEN": "green_share",
          "WATER": "water_share"}  # fmt: skip
FIRST = ("DWELLINGS", "SOCIAL", "PARKING_NORM", "OFFICE_GFA", "GREEN")
MORE = ("DWELLING_GFA", "GFA", "RETAIL_GFA", "INDUSTRY_GFA", "EDUCATION_GFA", "CARE_GFA",
        "CULTURE_GFA", "HOTEL_GFA", "FLOORS", "BUILT", "WATER", "PARKING_SPACES")  # fmt: skip


class Algorithm(ScoreDesign):
    ID = "scoreprogramme"

    def declare(self) -> None:
        polygons = [QgsProcessing.SourceType.TypeVectorPolygon]
        number = QgsProcessingParameterNumber.Type.Double
        add, label = self.add, self.label
        yaml = text("algorithms.yaml_filter")
        add(QgsProcessingParameterFile("PROGRAMME", label("PROGRAMME"), fileFilter=yaml),
            optional=True)  # fmt: skip
        add(QgsProcessingParameterFeatureSource("PLAN_AREA", label("PLAN_AREA"), polygons),
            optional=True)  # fmt: skip
        add(QgsProcessingParameterNumber("AREA", label("AREA"), number, None, True, 0),
            optional=True)  # fmt: skip
        add(QgsProcessingParameterString("AREA_TYPE", label("AREA_TYPE")), optional=True)
        for name in FIRST + MORE:
            top = {"maxValue": 100.0} if name in SHARES else {}
            add(QgsProcessingParameterNumber(name, label(name), number, None, True, 0, **top),
                optional=True, advanced=name in MORE)  # fmt: skip
        add(QgsProcessingParameterFeatureSource("AREA_TYPES", label("AREA_TYPES"), polygons),
            optional=True)  # fmt: skip
        add(QgsProcessingParameterField("AREA_TYPE_FIELD", label("AREA_TYPE_FIELD"), None,
                                        "AREA_TYPES"), optional=True)  # fmt: skip
        add(QgsProcessingParameterFile("TWIN", label("TWIN"), fileFilter=yaml), optional=True)
        add(QgsProcessingParameterString("PROFILE", label("PROFILE")), optional=True)
        for name in ("ASSESSMENT_DATE", "SCENARIO"):
            add(QgsProcessingParameterString(name, label(name)), optional=True, advanced=True)
        add(QgsProcessingParameterEnum("INDICATORS", label("INDICATORS"), indicator_ids(), True,
                                       None, True, True), optional=True, advanced=True)  # fmt: skip
        add(QgsProcessingParameterNumber("CELL_SIZE", label("CELL_SIZE"), number, 2.0, True, 0.25,
                                         100.0), optional=True, advanced=True)  # fmt: skip
        for name, on in (("MAPS", False), ("CONTRIBUTIONS", False)):
            add(QgsProcessingParameterBoolean(name, label(name), on), optional=True, advanced=True)
        files = text("algorithms.gpkg_filter")
        add(QgsProcessingParameterFileDestination("SCHEMATIC", label("SCHEMATIC"), files, None,
                                                  True, False), optional=True)  # fmt: skip
        add(QgsProcessingParameterFileDestination("OUTPUT", label("OUTPUT"), files),
            optional=True)  # fmt: skip
        for name in NUMBERS:
            self.addOutput(QgsProcessingOutputNumber(name, label(name)))

    def job(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Any:
        from .programming import ProgrammeRun

        return ProgrammeRun(self, parameters, context)

    def postProcessAlgorithm(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """The result group as after dgo:scoredesign, and the schematic design to start from."""
        project, made = context.project(), self._job.design
        if made and project is not None and qgis.utils.iface is not None:
            context.addLayerToLoadOnCompletion(
                f"{made}|layername=design",
                QgsProcessingContext.LayerDetails(text("algorithms.scoreprogramme.layer"), project),
            )
        return super().postProcessAlgorithm(context, feedback)
