"""dgo:fetchservices: the context of a plan from open services, into a project folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qgis.utils
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.indicators import indicator_ids
from ..engine.texts import language, text
from ..engine.words import Message
from .base import SnapshotAlgorithm

SUMMARY, TWIN_FILE = "services.csv", "twin.yml"
WARNED = ("old_copy", "incomplete")


class Job:
    """What the main thread takes along for the thread that works."""

    def __init__(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> None:
        from ..engine.twin import Twin, load_twin
        from ..services.attempts import Limits
        from ..services.catalogue import load_catalogue
        from ..services.plan import find_plan
        from .inputs import source_of, twin_of

        def words(name: str) -> list[str]:
            said = algorithm.parameterAsString(parameters, name, context)
            return [w.strip() for w in said.replace(";", ",").split(",") if w.strip()]

        named = algorithm.parameterAsFile(parameters, "TWIN", context)
        self.base = load_twin(named) if named else Twin()
        catalogue = load_catalogue(algorithm.parameterAsFile(parameters, "CATALOGUE", context))
        chosen = algorithm.parameterAsEnumStrings(parameters, "INDICATORS", context)
        self.indicators = tuple(i for i in chosen if i) or self.base.indicators
        self.services = catalogue.chosen(words("SERVICES"), self.indicators)
        given = source_of(algorithm, parameters, "PLAN_AREA", context)
        self.plan = find_plan(twin_of(algorithm, parameters, context), context.project(), given)
        self.transforms = context.transformContext()
        self.folder = Path(algorithm.parameterAsFileOutput(parameters, "FOLDER", context))
        named = algorithm.parameterAsFileOutput(parameters, "OUTPUT", context)
        self.twin = Path(named) if parameters.get("OUTPUT") and named else self.folder / TWIN_FILE
        self.max_age = algorithm.parameterAsDouble(parameters, "MAX_AGE", context)
        self.offline = algorithm.parameterAsBoolean(parameters, "OFFLINE", context)
        self.limits = Limits(
            timeout=algorithm.parameterAsDouble(parameters, "TIMEOUT", context),
            retries=algorithm.parameterAsInt(parameters, "RETRIES", context),
            max_features=algorithm.parameterAsInt(parameters, "MAX_FEATURES", context),
            keep_incomplete=algorithm.parameterAsBoolean(parameters, "KEEP_INCOMPLETE", context),
        )


class Algorithm(SnapshotAlgorithm):
    ID = "fetchservices"
    _context: Any = None

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterFeatureSource(
                "PLAN_AREA", self.label("PLAN_AREA"), [QgsProcessing.SourceType.TypeVectorPolygon]
            ),
            optional=True,
        )
        yaml = text("algorithms.yaml_filter")
        self.add(
            QgsProcessingParameterFile("TWIN", self.label("TWIN"), fileFilter=yaml), optional=True
        )
        self.add(QgsProcessingParameterString("SERVICES", self.label("SERVICES")), optional=True)
        self.add(
            QgsProcessingParameterEnum(
                "INDICATORS", self.label("INDICATORS"), indicator_ids(), True, None, True, True
            ),
            optional=True,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFile("CATALOGUE", self.label("CATALOGUE"), fileFilter=yaml),
            optional=True,
            advanced=True,
        )
        kind = QgsProcessingParameterNumber.Type
        for name, of, default, low, high in (
            ("MAX_AGE", kind.Double, 30, 0, 36500),
            ("TIMEOUT", kind.Double, 30, 0.1, 3600),
            ("RETRIES", kind.Integer, 2, 0, 10),
            ("MAX_FEATURES", kind.Integer, 200_000, 1, 10_000_000),
        ):
            self.add(
                QgsProcessingParameterNumber(name, self.label(name), of, default, True, low, high),
                optional=True,
                advanced=name != "MAX_AGE",
            )
        for name in ("OFFLINE", "KEEP_INCOMPLETE", "IN_PROJECT"):
            self.add(
                QgsProcessingParameterBoolean(name, self.label(name), False),
                optional=True,
                advanced=name == "KEEP_INCOMPLETE",
            )
        self.add(QgsProcessingParameterFolderDestination("FOLDER", self.label("FOLDER")))
        output = QgsProcessingParameterFileDestination(
            "OUTPUT", self.label("OUTPUT"), yaml, None, True
        )
        output.setCreateByDefault(False)
        self.add(output, optional=True)
        for name in ("FETCHED", "FAILED"):
            self.addOutput(QgsProcessingOutputNumber(name, self.label(name)))

    def job(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Job:
        self._in_project = self.parameterAsBoolean(parameters, "IN_PROJECT", context)
        return Job(self, parameters, context)

    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from ..services import run
        from ..services.fetch import Fetcher
        from ..services.plan import save_plan

        job: Job = self._job
        fetcher = Fetcher(job.limits, feedback, job.transforms)
        wish = run.Wish(job.plan.box, job.plan.plane, job.folder, job.max_age, job.offline,
                        job.indicators)  # fmt: skip
        plan = save_plan(job.plan, job.folder, job.transforms)
        outcomes: list[run.Outcome] = []
        for k, service in enumerate(job.services):
            feedback.setProgressText(service.title[language()])

            def progress(share: float, k: int = k) -> None:
                feedback.setProgress(100.0 * (k + share) / len(job.services))

            def told(message: Message) -> None:
                feedback.pushInfo("  " + text(message))

            outcomes.append(run.bring(service, wish, fetcher, told, progress))
            tell(outcomes[-1], feedback)
        self._context = run.context_of(outcomes, job.folder)
        self._images = [o.service for o in outcomes if o.state == run.BACKGROUND]
        run.write_summary(outcomes, job.folder / SUMMARY)
        failed = sum(o.state == run.FAILED for o in outcomes)
        feedback.pushInfo(
            text("algorithms.fetchservices.sum", good=len(outcomes) - failed, bad=failed,
                 file=str(job.folder / SUMMARY))  # fmt: skip
        )
        if outcomes and failed == len(outcomes):
            raise QgsProcessingException(
                text("errors.service.none", file=str(job.folder / SUMMARY), why=outcomes[0].why)
            )
        run.write_twin(run.twin_with(job.base, self._context, plan), job.twin)
        return {"OUTPUT": str(job.twin), "FOLDER": str(job.folder),
                "FETCHED": len(outcomes) - failed, "FAILED": failed}  # fmt: skip

    def postProcessAlgorithm(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """In the main thread: roles of the project, and images where there is a window."""
        import dataclasses

        from ..project.roles import keep_twin, project_twin
        from ..services.opening import open_image

        project = context.project()
        if self._context is None or project is None:
            return {}
        if self._in_project:
            twin = project_twin(project)
            keep_twin(
                project, dataclasses.replace(twin, context={**twin.context, **self._context})
            )
        if qgis.utils.iface is not None:
            for service in self._images:
                for layer in service.layers.values():
                    project.addMapLayer(open_image(service, layer))
        return {}


def tell(outcome: Any, feedback: QgsProcessingFeedback) -> None:
    """One service in the log: what came, or why not and what to do."""
    from ..services.run import line

    said = text(line(outcome))
    if outcome.state == "failed":
        feedback.reportError(said)
    elif outcome.state in WARNED:
        feedback.pushWarning(said)
    else:
        feedback.pushInfo(said)
    for note in outcome.notes:
        feedback.pushWarning("  " + text(note))
