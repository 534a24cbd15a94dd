"""The work behind dgo:scoredesign: from snapshots to a written run. Heavy imports live here."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingUtils,
)

from ..engine.assessment import Assessment, assess
from ..engine.build import Sources, build_scene
from ..engine.contributions import contributions
from ..engine.functions import load_functions
from ..engine.indicators import all_indicators
from ..engine.marks import shown
from ..engine.norms import Profile
from ..engine.provenance import data_hashes
from ..engine.pulse import heard_by
from ..engine.texts import language, text
from ..engine.twin import Twin
from ..engine.words import Cancelled, DgoError, say
from ..layers.gather import Inputs, Reading, read_all
from ..layers.read import Tick
from ..project.mix import in_force, read_mix
from ..store import outcome
from ..store.postgis_schema import check_writable
from ..store.record import RunRecord
from ..store.target import Postgres, is_database, place, without_secrets
from ..store.write import write_run
from .inputs import collect, date_of, mixed, profile_of
from .provider import plugin_version


class Run:
    """One run: prepared in the main thread, carried out in the worker."""

    def __init__(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> None:
        """Take snapshots. Raises DgoError where something needed is absent."""
        # nothing here refers to the algorithm: a circle would keep the layers alive until Python
        # ends, after the QGIS they belong to
        self.parameters = dict(parameters)
        self.inputs: Inputs = self.collected(algorithm, parameters, context)
        self.profile: Profile = profile_of(algorithm, parameters, context, self.inputs.twin)
        self.inputs.twin = mixed(algorithm, parameters, context, self.inputs.twin, self.profile)
        self.warning = unread(parameters, context)
        self.date = date_of(algorithm, parameters, context, self.inputs.twin)
        self.chosen = chosen(
            algorithm.parameterAsEnumStrings(parameters, "INDICATORS", context), self.inputs.twin
        )
        twin = self.inputs.twin
        self.cell = algorithm.parameterAsDouble(parameters, "CELL_SIZE", context)
        if parameters.get("CELL_SIZE") is None and twin.cell_size:
            self.cell = twin.cell_size
        self.maps = algorithm.parameterAsBoolean(parameters, "MAPS", context)
        self.apart = algorithm.parameterAsBoolean(parameters, "CONTRIBUTIONS", context)
        self.scenario = algorithm.parameterAsString(parameters, "SCENARIO", context)
        self.scenario = self.scenario or twin.scenario
        named = algorithm.parameterAsFileOutput(parameters, "OUTPUT", context)
        self.target = target_of(named)
        self.folder = folder_of(twin, context) if isinstance(self.target, Postgres) else None
        self.started = datetime.datetime.now(datetime.timezone.utc)
        self.run_id = ""
        self.written: Path | Postgres = Path()
        self.result: Assessment | None = None

    @staticmethod
    def collected(
        algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> Inputs:
        """Snapshots of everything the run reads."""
        return collect(algorithm, parameters, context)

    def carry_out(self, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Read, assess, write. Raises Cancelled and DgoError."""

        def tick() -> None:
            if feedback.isCanceled():
                raise Cancelled

        with heard_by(tick):
            return self._work(feedback, tick)

    def _work(self, feedback: QgsProcessingFeedback, tick: Tick) -> dict[str, Any]:
        inputs, profile = self.inputs, self.profile
        twin = inputs.twin

        def progress(low: float, high: float) -> Any:
            def report(done: float, _name: str = "") -> None:
                tick()
                feedback.setProgress(low + (high - low) * done)

            return report

        status = say(f"results.value.norm_status.{profile.status}")
        feedback.pushInfo(text("algorithms.proposal", title=profile.title, status=status))
        if self.warning:
            feedback.pushWarning(self.warning)
        feedback.setProgressText(text("algorithms.step.read"))
        reading = read_all(inputs, tick, progress(0, 25))
        feedback.pushInfo(text("algorithms.plane", crs=reading.plane.crs.userFriendlyIdentifier()))
        feedback.setProgressText(text("algorithms.step.scene"))
        scene = build_scene(
            reading.sources, profile, load_functions(), self.date, self.cell, progress(25, 55)
        )
        weights = {**twin.weights, **{f"theme {k}": v for k, v in twin.theme_weights.items()}}

        def named(done: float, indicator: str = "") -> None:
            if indicator:
                feedback.setProgressText(text(f"indicators.{indicator}.name"))
            progress(55, 85)(done)

        result = assess(scene, profile, self.chosen, twin.ambitions, weights, named)
        self.result = result
        tables = outcome.tables(result)
        if self.apart:
            feedback.setProgressText(text("algorithms.step.contributions"))
            tables["contributions"] = contributions(reading.sources, result, self._again)
        feedback.setProgressText(text("algorithms.step.write"))
        if self.maps and isinstance(self.target, Postgres) and not (
            self.folder or self.target.files
        ):
            feedback.pushWarning(text("results.no_maps"))
        record = self._record(self.scenario, result, reading)
        self.written = write_run(
            self.target,
            record,
            tables,
            crs=reading.plane.label,
            origin=scene.origin,
            ground=outcome.ground(result),
            places=outcome.place_sets(result),
            indicators=list(result.prepared),
            fields=outcome.maps(result) if self.maps else (),
            cancel=feedback.isCanceled,
            progress=progress(85, 100),
            folder=self.folder,
        )
        self.run_id = record.run_id
        feedback.pushInfo(
            text(
                "algorithms.done",
                mark=shown(result.plan_mark(), language(), result.n_breaches()),
                coverage=100 * result.coverage(),
                breaches=result.n_breaches(),
                alerts=len(result.alerts),
            )
        )
        return {
            "OUTPUT": str(self.written),
            "PLAN_MARK": result.plan_mark(),
            "COVERAGE": result.coverage(),
            "BREACHES": result.n_breaches(),
            "ALERTS": len(result.alerts),
        }

    def _again(self, sources: Sources) -> Assessment:
        """Other sources, scored in the same way."""
        scene = build_scene(sources, self.profile, load_functions(), self.date, self.cell)
        return assess(scene, self.profile, self.chosen)

    def _record(self, scenario: str, result: Assessment, reading: Reading) -> RunRecord:
        profile = self.profile
        return RunRecord(
            scenario=scenario,
            started=self.started.isoformat(timespec="seconds"),
            finished=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            who=QgsApplication.userFullName() or QgsApplication.userLoginName(),
            versions={
                "plugin": plugin_version(),
                "qgis": Qgis.version(),
                "gdal": gdal.VersionInfo("RELEASE_NAME"),
                "numpy": np.__version__,
                "python": sys.version.split()[0],
                **data_hashes(),
            },
            profile_id=profile.id,
            profile_version=str(profile.version),
            profile_hash=profile.hash,
            profile_title=profile.title.get(language(), profile.id),
            profile_status=profile.status,
            adopted_by=profile.adopted_by or "",
            adopted_on=str(profile.adopted_on or ""),
            assessment_date=self.date.isoformat(),
            work_crs=reading.plane.label,
            inputs=reading.inputs,
            notes=reading.notes,
            parameters={
                **{k: _plain(v) for k, v in self.parameters.items()},
                "twin": self.inputs.twin.file,
                # what held, wherever it came from: given as parameters it gives the same run
                **in_force(self.inputs.twin),
            },
            plan_mark=result.plan_mark(),
            coverage=result.coverage(),
            breaches=result.n_breaches(),
            alerts=len(result.alerts),
            language=language(),
            indicators=list(result.prepared),
        )


def target_of(named: str) -> Path | Postgres:
    """The output that a parameter names, a temporary file where it names none. A database is asked
    now, before anything is worked out. Raises DgoError where it cannot take results."""
    if is_database(named):
        target = place(named)
        check_writable(target)
        return target
    path = Path(named or QgsProcessingUtils.generateTempFilename("dgo_scores.gpkg"))
    return path if path.suffix else path.with_suffix(".gpkg")


def folder_of(twin: Twin, context: QgsProcessingContext) -> Path | None:
    """Where files go that a database does not take: beside the project, else the twin file."""
    home = context.project().absolutePath() if context.project() is not None else ""
    return Path(home) if home else twin.folder


def unread(parameters: dict[str, Any], context: QgsProcessingContext) -> str:
    """Why the mix that the project keeps does not count, '' where it does or is not asked for."""
    if parameters.get("AMBITIONS") and parameters.get("WEIGHTS"):
        return ""
    problem = read_mix(context.project()).problem if context.project() is not None else None
    return text(problem.message) if problem is not None else ""


def chosen(named: list[str], twin: Twin) -> list[str] | None:
    """The indicators asked for; None = all. An unset list arrives as [''] (QGIS 3.22)."""
    wanted = [name for name in named if name] or list(twin.indicators)
    known = [spec.id for spec in all_indicators()]
    for name in wanted:
        if name not in known:
            raise DgoError("algorithms.need.indicators", value=name, known=", ".join(known))
    return wanted or None


def _plain(value: Any) -> Any:
    """A parameter as it may stand in the archive."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    source = getattr(value, "source", None)
    if source is not None and hasattr(
        source, "staticValue"
    ):  # QgsProcessingFeatureSourceDefinition
        return without_secrets(str(source.staticValue()))
    return value.name() if hasattr(value, "name") else str(value)
