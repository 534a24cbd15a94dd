"""The work behind dgo:checkdesign. Heavy imports live here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingFeedback,
)

from ..engine.assessment import missing_input
from ..engine.build import build_scene
from ..engine.checks import Check
from ..engine.functions import load_functions
from ..engine.indicators import all_indicators
from ..engine.pulse import heard_by
from ..engine.words import BLOCKING, NORMAL, SEVERITIES, Cancelled, DgoError, say
from ..layers.gather import read_all
from ..layers.read import Tick
from .inputs import collect, date_of, profile_of


class Checking:
    """Snapshots in the main thread, findings in the worker."""

    def __init__(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> None:
        self.inputs = collect(algorithm, parameters, context)
        self.profile = profile_of(algorithm, parameters, context, self.inputs.twin)
        self.date = date_of(algorithm, parameters, context, self.inputs.twin)

    def carry_out(
        self, feedback: QgsProcessingFeedback
    ) -> tuple[list[Check], QgsCoordinateReferenceSystem, tuple[float, float]]:
        """Findings, worst first; the work plane; the origin of their geometry."""

        def tick() -> None:
            if feedback.isCanceled():
                raise Cancelled

        def report(done: float) -> None:
            tick()
            feedback.setProgress(100 * done)

        with heard_by(tick):
            return self._work(tick, report)

    def _work(
        self, tick: Tick, report: Callable[[float], None]
    ) -> tuple[list[Check], QgsCoordinateReferenceSystem, tuple[float, float]]:
        reading = read_all(self.inputs, tick, lambda done: report(0.4 * done))
        try:
            scene = build_scene(
                reading.sources,
                self.profile,
                load_functions(),
                self.date,
                progress=lambda done: report(0.4 + 0.6 * done),
            )
        except DgoError as error:
            stop = Check("cannot_be_scored", BLOCKING, "run", params={"why": error.message})
            return [stop, *reading.sources.checks], reading.plane.crs, (0.0, 0.0)
        found = list(scene.checks)
        for spec in all_indicators():
            why = missing_input(scene, spec)
            if why is not None:
                found.append(
                    Check(
                        "indicator_without_input",
                        NORMAL,
                        "run",
                        value=spec.id,
                        params={"indicator": say(f"indicators.{spec.id}.name"), "why": why},
                    )
                )
        found += [
            Check(
                "profile_finding",
                NORMAL,
                "run",
                value=self.profile.id,
                params={"what": finding.message()},
            )
            for finding in self.profile.findings
        ]
        order = {name: k for k, name in enumerate(SEVERITIES)}
        found.sort(
            key=lambda c: (order[c.severity], c.code, c.layer, -1 if c.fid is None else c.fid)
        )
        return found, reading.plane.crs, scene.origin
