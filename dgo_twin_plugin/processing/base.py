"""What all algorithms share: names and help from the catalogue, sentences instead of tracebacks."""

from __future__ import annotations

import traceback
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtGui import QIcon

from ..engine import resources_path
from ..engine.texts import has_text, language, text
from ..engine.words import Cancelled, DgoError, Message
from ..layers import connections

connections.install()  # the stored connections and authentication of QGIS, for databases


class DgoAlgorithm(QgsProcessingAlgorithm):
    """Base of the algorithms. A subclass sets ``ID`` and writes ``declare`` and ``work``; texts are
    ``algorithms.<ID>.name``, ``.help`` and, per parameter, ``.<NAME>`` and ``.<NAME>.help``."""

    ID = ""

    def createInstance(self) -> QgsProcessingAlgorithm:
        return type(self)()

    def name(self) -> str:
        return self.ID

    def displayName(self) -> str:
        return text(f"algorithms.{self.ID}.name")

    def group(self) -> str:
        return ""

    def groupId(self) -> str:
        return ""

    def icon(self) -> QIcon:
        return QIcon(str(resources_path.resources() / "icon.svg"))

    def shortHelpString(self) -> str:
        parts = [text(f"algorithms.{self.ID}.help")]
        for definition in self.parameterDefinitions():
            parts.append(f"<b>{definition.description()}</b><br>{definition.help()}")
        return "".join(f"<p>{part}</p>" for part in parts)

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.declare()

    # ------------------------------------------------------------------ helpers for subclasses
    def label(self, name: str) -> str:
        """A text of this algorithm, else the one that algorithms share."""
        own = f"algorithms.{self.ID}.{name}"
        return text(own if has_text(own, language()) else f"algorithms.shared.{name}")

    def add(
        self,
        definition: QgsProcessingParameterDefinition,
        optional: bool = False,
        advanced: bool = False,
    ) -> None:
        """Add a parameter with its help from the catalogue."""
        definition.setHelp(self.label(f"{definition.name()}.help"))
        flag = QgsProcessingParameterDefinition.Flag
        if optional:
            definition.setFlags(definition.flags() | flag.FlagOptional)
        if advanced:
            definition.setFlags(definition.flags() | flag.FlagAdvanced)
        self.addParameter(definition)

    def add_results_file(self, run: bool = False) -> None:
        """The parameter RESULTS, a results file, and with ``run`` RUN, one of its runs."""
        self.add(
            QgsProcessingParameterFile(
                "RESULTS", self.label("RESULTS"), fileFilter=text("results.filter")
            )
        )
        if run:
            self.add(QgsProcessingParameterString("RUN", self.label("RUN")), optional=True)

    # ------------------------------------------------------------------ errors
    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        return self.guarded(self.work, parameters, context, feedback)

    @staticmethod
    def guarded(step: Any, *arguments: Any) -> Any:
        """Run a step; errors of ours become the sentence they carry, others say what they are and
        leave the traceback in the log."""
        feedback = arguments[-1]
        try:
            return step(*arguments)
        except Cancelled:
            feedback.pushInfo(text("algorithms.cancelled"))
            return {}
        except DgoError as error:
            raise QgsProcessingException(text(error.message)) from error
        except QgsProcessingException:
            raise
        except MemoryError as error:
            raise QgsProcessingException(text("algorithms.no_memory")) from error
        except Exception as error:
            feedback.pushDebugInfo(traceback.format_exc())
            raise QgsProcessingException(
                text(
                    Message("algorithms.unexpected", {"error": f"{type(error).__name__}: {error}"})
                )
            ) from error


class SnapshotAlgorithm(DgoAlgorithm):
    """Takes snapshots of its inputs in the thread that owns the layers, works on them in another.

    A subclass writes ``job(parameters, context)``: it imports what is heavy and hands back an
    object with ``carry_out(feedback)``; raises DgoError where something needed is absent.
    """

    _job: Any = None

    def checkParameterValues(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Demand from parameter, twin file or project what is needed, before anything starts."""
        good, message = super().checkParameterValues(parameters, context)
        if not good:
            return good, message
        try:
            self.job(parameters, context)
        except DgoError as error:
            return False, text(error.message)
        return True, ""

    def prepareAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> bool:
        self._job = self.guarded(lambda _: self.job(parameters, context), feedback)
        return True

    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """What the job does with its snapshots, in the thread of the run."""
        done: dict[str, Any] = self._job.carry_out(feedback)
        return done
