"""Runs one algorithm of the plugin in the background, the very same as toolbox and qgis_process."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsApplication,
    QgsMessageLog,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
)
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..engine.texts import text

TAB = "DGO Twin"  # of the log


class _Feedback(QgsProcessingFeedback):
    """Hands over what an algorithm says; called in the thread of the worker."""

    def __init__(self, runner: Runner) -> None:
        super().__init__(False)
        self.runner = runner
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def setProgressText(self, said: str) -> None:  # noqa: N802
        self.runner.said.emit(said)

    def reportError(self, error: str, fatalError: bool = False) -> None:  # noqa: N802,N803
        del fatalError
        self.errors.append(error)

    def pushWarning(self, warning: str) -> None:  # noqa: N802
        self.warnings.append(warning)

    def pushDebugInfo(self, info: str) -> None:  # noqa: N802
        QgsMessageLog.logMessage(info, TAB)


class Runner(QObject):
    """One run at a time. ``ended``: algorithm, whether it worked, its results, its errors;
    a cancelled run did not work and has no errors."""

    said = pyqtSignal(str)
    progressed = pyqtSignal(float)
    ended = pyqtSignal(str, bool, dict, list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task: Any = None
        self._kept: Any = None  # what the task works with must live as long as it does
        self._name = ""

    @property
    def busy(self) -> bool:
        """Whether something runs."""
        return self._task is not None

    @property
    def context(self) -> QgsProcessingContext:
        """The context of the run that just ended; for the layers it made."""
        return self._kept[1]

    def start(self, name: str, parameters: dict[str, Any]) -> str:
        """Start ``dgo:<name>``; gives '' or the sentence that says why it cannot start."""
        if self.busy:
            return text("panel.error.busy")
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"dgo:{name}")
        if algorithm is None:
            return text("panel.error.no_algorithm", name=name)
        context, feedback = QgsProcessingContext(), _Feedback(self)
        context.setProject(QgsProject.instance())
        context.setFeedback(feedback)
        good, message = algorithm.checkParameterValues(parameters, context)
        if not good:
            return message
        task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
        if task.isCanceled():  # it could not be prepared
            return " ".join(feedback.errors) or text("panel.error.unknown")
        self._name, self._task = name, task
        self._kept = (algorithm, context, feedback, parameters)
        task.progressChanged.connect(self.progressed)
        task.executed.connect(self._executed)
        QgsApplication.taskManager().addTask(task)
        return ""

    def cancel(self) -> None:
        """Ask the run to stop; ``ended`` follows."""
        if self._task is not None:
            self._task.cancel()

    def end(self, milliseconds: int = 2000) -> None:
        """The panel goes away: stop, hear nothing more, and wait for the worker to notice."""
        task, self._task = self._task, None
        if task is None:
            return
        task.executed.disconnect(self._executed)
        task.progressChanged.disconnect(self.progressed)
        task.cancel()
        task.waitForFinished(milliseconds)

    def _executed(self, good: bool, results: dict[str, Any]) -> None:
        feedback = self._kept[2]
        cancelled = feedback.isCanceled()
        self._task = None
        errors = [] if cancelled else list(dict.fromkeys(feedback.errors))
        if not good and not cancelled and not errors:
            errors = [text("panel.error.unknown")]
        self.ended.emit(self._name, good and not cancelled, dict(results), errors)
