"""dgo:scoredesign: the whole assessment, from layers to the results file."""

from __future__ import annotations

from typing import Any

import qgis.utils
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.indicators import indicator_ids
from ..engine.texts import language, text
from .base import SnapshotAlgorithm
from .parameters import declare_inputs

NUMBERS = ("PLAN_MARK", "COVERAGE", "BREACHES", "ALERTS")


class Algorithm(SnapshotAlgorithm):
    ID = "scoredesign"

    def declare(self) -> None:
        declare_inputs(self)
        self.add(QgsProcessingParameterString("SCENARIO", self.label("SCENARIO")), optional=True)
        indicators = QgsProcessingParameterEnum(
            "INDICATORS", self.label("INDICATORS"), indicator_ids(), True, None, True, True
        )
        self.add(indicators, optional=True, advanced=True)
        for name in ("AMBITIONS", "WEIGHTS"):  # the state of the mixing panel, as text
            self.add(
                QgsProcessingParameterString(name, self.label(name), multiLine=True),
                optional=True,
                advanced=True,
            )
        self.add(
            QgsProcessingParameterNumber(
                "CELL_SIZE",
                self.label("CELL_SIZE"),
                QgsProcessingParameterNumber.Type.Double,
                2.0,
                True,
                0.25,
                100.0,
            ),
            optional=True,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("MAPS", self.label("MAPS"), True),
            optional=True,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("CONTRIBUTIONS", self.label("CONTRIBUTIONS"), False),
            optional=True,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT", self.label("OUTPUT"), text("algorithms.gpkg_filter")
            ),
            optional=True,
        )
        for name in NUMBERS:
            self.addOutput(QgsProcessingOutputNumber(name, self.label(name)))

    def job(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Any:
        from .scoring import Run

        return Run(self, parameters, context)

    def postProcessAlgorithm(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """In a project with a window the result group is loaded; headless, nothing is."""
        project = context.project()
        if self._job.run_id and project is not None and qgis.utils.iface is not None:
            from ..layers.group import add_results

            names = {t.id: t.name[language()] for t in self._job.profile.area_types.values()}
            add_results(project, self._job.written, self._job.run_id, language(), names)
        return {}
