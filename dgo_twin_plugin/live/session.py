"""The live assessment of a design: follows every edit, works in the background, tells the panel.

The main thread takes snapshots, of changed layers only, and judges anew when a slider moves; the
rest is done by one worker. Nothing is asked of the map, its tool or the active layer.
"""

from __future__ import annotations

import functools
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from qgis.core import Qgis, QgsMapLayer, QgsMessageLog, QgsProject, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QObject, QTimer, pyqtSignal

from ..engine.texts import text
from ..engine.words import Cancelled, DgoError
from ..project import options
from ..project.roles import told
from .files import Files
from .watch import Changes, ProjectWatch, Watch
from .worker import Job, Progress, Tick, Worker

if TYPE_CHECKING:
    from ..engine.assessment import Assessment
    from ..engine.mix import Mix
    from .prepare import Plan

OFF, WAITING, COMPUTING, LIVE, STALE, FAILED = KINDS = (
    "off", "waiting", "computing", "live", "stale", "failed")  # fmt: skip
TAB = "DGO Twin"  # of QGIS's log
PATIENCE = 1500  # ms after which a burst that does not end is worked out in between
SLICE = 0.012  # s of the main thread at a time, while layers are gathered
LOOK = 100  # ms between looks at how far the worker is

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class LiveState:
    """What the numbers are. ``kind``: one of :data:`KINDS`; ``ms`` from the change until they were
    there; ``unsaved`` edits of the design layers; ``message`` where they are none; ``fraction``
    0-1 while they are worked out."""

    kind: str = OFF
    ms: float | None = None
    unsaved: int = 0
    message: str = ""
    fraction: float = 0.0


def safely(slot: F) -> F:
    """A slot that raises nothing: what goes wrong becomes the state *failed*."""

    @functools.wraps(slot)
    def guarded(self: LiveSession, *given: Any) -> None:
        if self.ended:
            return
        try:
            slot(self, *given)
        except Cancelled:
            pass
        except Exception as error:  # never out of a slot: QGIS would show a traceback
            self.fail(error)

    return guarded  # type: ignore[return-value]


class LiveSession(QObject):
    """``assessed`` brings an Assessment, judged by the mix in force; ``state_changed`` a LiveState.

    Starts active and without inputs. :meth:`end` must be called before QGIS ends; it also ends by
    itself with the application.
    """

    assessed = pyqtSignal(object)
    state_changed = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None, project: QgsProject | None = None) -> None:
        super().__init__(parent)
        self.project = project or QgsProject.instance()
        self.ended = False
        self.active = True
        self.state = LiveState()
        self.assessment: Assessment | None = None
        self._former: Assessment | None = None  # shown before, let go by the worker
        self.timing: Any = None  # engine.live.Timing of the last assessment
        self._own_mix: Mix | None = None
        self._found_mix: Mix | None = None
        self._parameters: dict[str, Any] | None = None
        self._given: dict[str, QgsMapLayer] = {}  # layers of the parameters, outside the project
        self._plan: Plan | None = None
        self._steps: Any = None  # gathering, cut into steps
        self._job: Job | None = None
        self._job_mix: Mix | None = None
        self._assessing: Any = None  # belongs to the thread of the worker
        self._unread = Changes(structure=True)  # since the assessment that is shown
        self._anew = True
        self._copies: dict[str, set[str]] = {}  # layer of the project -> inputs of the same file
        self._serial = 0
        self._since: float | None = None  # of the first change that is not in the numbers
        self._last = 0.0  # of the last change
        self._judged_by: Mix | None = None
        self.watch = Watch(self)
        self.files = Files(self)
        self.around = ProjectWatch(self.project, self)
        self._worker = Worker(self)
        self._timer = self._clock(self._go)
        self._slice = self._clock(self._gather_on)
        self._look = QTimer(self)
        self._look.setInterval(LOOK)
        self._look.timeout.connect(self._looked)
        self.watch.changed.connect(self._noted)
        self.files.changed.connect(self._another)
        self.around.another.connect(self._another)
        self.around.leaving.connect(self._leaving)
        self.around.closed.connect(self._closed)
        self._worker.done.connect(self._done)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.end)

    def _clock(self, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer

    # --- what the panel says ----------------------------------------------------------------
    @property
    def mix(self) -> Mix | None:
        """The mix in force: the one that was set, else that of parameters, twin or project; None
        before anything was read."""
        return self._own_mix or self._found_mix

    @property
    def profile(self) -> Any:
        """The profile that the numbers are judged by; None before anything was read."""
        return self._plan.profile if self._plan is not None else None

    @safely
    def set_inputs(self, parameters: dict[str, Any] | None) -> None:
        """Assess what these parameters of ``dgo:scoredesign`` name; None = nothing."""
        if parameters is None:
            self._drop()
            self._parameters = None
            self._tell(OFF)
            return
        self._parameters = self._by_id(parameters)
        self._another()

    @safely
    def set_mix(self, mix: Mix | None) -> None:
        """Judge by another mix, at once; None = by that of parameters, twin or project."""
        self._own_mix = mix
        self._judge()

    @safely
    def set_active(self, active: bool) -> None:
        """Whether anybody looks. Where nobody does, nothing is computed; changes are kept."""
        if active == self.active:
            return
        self.active = active
        if active:
            self._judge()
            self._take()
            self._demand()
            if self.assessment is not None and not self.busy and not self._unread:
                self._tell(LIVE)
        else:
            self._timer.stop()
            self._halt()
            self._tell(OFF)

    @safely
    def refresh(self) -> None:
        """Read everything again, also what nobody said had changed."""
        self._anew = True
        self._another()

    def end(self) -> None:
        """Stop, wait for the worker, hear nothing more. Twice is once."""
        if self.ended or sip.isdeleted(self):
            return
        self.ended = True
        for timer in (self._timer, self._slice, self._look):
            timer.stop()
        self._steps = None
        self.watch.follow(())
        self.files.follow(())
        self.around.end()
        self._worker.end()
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.disconnect(self.end)
        self._job = self._plan = self._assessing = self.assessment = self._former = None
        self._given = {}

    def connections(self) -> int:
        """How many connections there are to layers and project."""
        return self.watch.connections() + self.around.connections()

    @property
    def busy(self) -> bool:
        """Whether numbers are on their way."""
        return self._job is not None or self._steps is not None or self._timer.isActive()

    # --- what changes -----------------------------------------------------------------------
    @safely
    def _noted(self) -> None:
        """A layer changed: its numbers hold no more, from this instant."""
        if self._soon() and self.state.kind in (WAITING, STALE):
            return  # one more feature of the same step
        self._take()
        self._demand()

    def _take(self) -> None:
        """What the layers told since it was last asked becomes unread."""
        changes = self.watch.take()
        own = self._plan.followed if self._plan is not None else set()
        for layer, fids in list(changes.layers.items()):
            if layer not in own and self._copies.get(layer):
                self._unread.structure = True  # drawn in, it is read as it stands there
            for copy in self._copies.get(layer, ()) if fids is None else ():
                changes.add(copy, None)  # the file behind both is being written
        self._unread.merge(changes)

    def _soon(self) -> bool:
        """Whether what is unread will be worked out as soon as the present step is done."""
        return self._timer.isActive() and self._timer.interval() == 0

    @safely
    def _another(self) -> None:
        """Which layers are read, or how, must be found out again."""
        self._unread.structure = True
        self._demand()

    @safely
    def _leaving(self, ids: list[str]) -> None:
        for key in ids:
            self._given.pop(key, None)
        if self.watch.let_go(ids):
            self._unread.structure = True
            self._demand()

    @safely
    def _closed(self) -> None:
        """The project is emptied: nothing of it is kept, and what is asked for is asked again when
        another one is read."""
        self._drop()
        self._tell(OFF)

    def _drop(self) -> None:
        self._timer.stop()
        self._halt()
        self.watch.follow(())
        self.watch.take()
        self.files.follow(())
        self._plan = self.assessment = self._former = self._found_mix = self._judged_by = None
        self._given, self._copies = {}, {}
        self._unread, self._anew = Changes(structure=True), True
        self._since = None

    def _halt(self) -> None:
        """Stop what is on its way; what it would have told is still unread."""
        self._worker.cancel()
        job, self._job = self._job, None
        if job is not None:
            job.then = None
        self._steps = None
        self._slice.stop()
        self._look.stop()

    def _demand(self) -> None:
        """Numbers are wanted for what is now: soon, and not more often than somebody draws."""
        if self._parameters is None or not self._unread:
            return
        now = time.monotonic()
        rest = options.get(options.DEBOUNCE)  # ms before a burst of edits is worked out
        quiet = now - self._last > rest / 1000
        self._last = now
        self._since = self._since or now
        if not self.active:
            return
        self._halt()
        self._tell(WAITING if self.assessment is None else STALE)
        if self._soon():
            return
        if now - self._since < PATIENCE / 1000 or not self._timer.isActive():
            # the first change is worked out as soon as whatever made it is done
            self._timer.start(0 if quiet and not self._timer.isActive() else rest)

    # --- finding out what is read -------------------------------------------------------------
    @safely
    def _go(self) -> None:
        if self._parameters is None or not self.active:
            return
        self._take()
        if self._unread.structure or self._plan is None:
            self._ask()
        else:
            self._snap()
            self._assess()

    def _ask(self) -> None:
        """Twin and profile are files: the worker reads them."""
        parameters = self._parameters or {}
        said = told(self.project)
        twin_file = str(parameters.get("TWIN") or "")
        profile = str(parameters.get("PROFILE") or "").strip()
        project_mix = _mix_of(self.project)
        if self._assessing is None:
            self._assessing = _Assessing()
        assessing = self._assessing

        def work(_tick: Tick, _progress: Progress) -> Any:
            from .prepare import ground

            assessing.get()
            return ground(said, project_mix(), twin_file, profile)

        self._start(Job(work), self._asked)

    def _asked(self, found: Any) -> None:
        from .prepare import plan_steps

        self._serial += 1
        parameters = dict(self._parameters or {})
        self._steps = plan_steps(self._serial, parameters, self.project, found)
        self._slice.start(0)

    @safely
    def _gather_on(self) -> None:
        """One slice of gathering: a layer or more, then the window gets its turn."""
        until = time.perf_counter() + SLICE
        while self._steps is not None:
            try:
                next(self._steps)
            except StopIteration as end:
                self._steps = None
                self._gathered(end.value)
                return
            if time.perf_counter() > until:
                self._slice.start(0)
                return

    def _gathered(self, plan: Plan) -> None:
        self._plan = plan
        self._unread.structure = False
        if plan.mix != self._found_mix:
            self._found_mix = plan.mix
        layers: dict[str, QgsMapLayer] = {}
        for found, k in [*plan.vectors(), *plan.rasters()]:
            layer = self._layer(found[k].layer_id)
            if layer is not None:
                layers[layer.id()] = layer
        self._find_copies(plan, layers)
        self.watch.follow({**layers, **self._copied()}.values())
        plan.followed = set(layers)
        self.files.follow([*plan.files, *self._private_files(plan)])
        self.around.names = self._names(plan)
        self.around.compare(self._entries)
        # what was drawn while the layers were gathered; a layer that is new here is read whole
        self._take()
        self._unread.structure = False
        self._snap()
        self._assess()

    def _names(self, plan: Plan) -> set[str]:
        twin = plan.inputs.twin
        names = {entry.layer for _, entry in twin.layers()}
        return names | {str(v) for v in (self._parameters or {}).values() if isinstance(v, str)}

    def _entries(self) -> Any:
        from ..project.roles import KEY, SCOPE

        return self.project.readEntry(SCOPE, KEY, "")[0]

    def _find_copies(self, plan: Plan, own: dict[str, QgsMapLayer]) -> None:
        """Inputs that lie in the same file as a layer that may be saved: one that was opened from
        the file itself changes then, and none of them is sure to be read well at that moment."""
        inside: dict[str, set[str]] = {}
        opened = set()  # files that were opened for an input alone
        for found, k in [*plan.vectors(), *plan.rasters()]:
            file = _file(found[k].origin)
            inside.setdefault(file, set()).add(found[k].layer_id)
            if found[k].layer_id not in own:
                opened.add(file)
        self._copies = {}
        for layer in {**self.project.mapLayers(), **own}.values():
            file = _file(layer.source())
            if layer.id() in own or file in opened:
                self._copies[layer.id()] = inside.get(file, set()) - {layer.id()}

    def _copied(self) -> dict[str, QgsMapLayer]:
        found = ((key, self.project.mapLayer(key)) for key in self._copies)
        return {key: layer for key, layer in found if layer is not None}

    def _private_files(self, plan: Plan) -> list[str]:
        """Files of inputs that are in no project. Not those of SQLite: reading them writes."""
        named = [_file(found[k].origin) for found, k in [*plan.vectors(), *plan.rasters()]
                 if self._layer(found[k].layer_id) is None]  # fmt: skip
        return [file for file in named
                if file and not file.lower().endswith((".gpkg", ".sqlite", ".db"))
                and "://" not in file and " " not in file.split("/")[0]]  # fmt: skip

    def _layer(self, key: str) -> QgsMapLayer | None:
        layer = self.project.mapLayer(key) or self._given.get(key)
        return None if layer is None or sip.isdeleted(layer) else layer

    def _by_id(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The parameters with ids in the place of layers of the project: a layer may go."""
        self._given = {}

        def named(value: Any) -> Any:
            if isinstance(value, (list, tuple)):
                return [named(v) for v in value]
            if not isinstance(value, QgsMapLayer):
                return value
            if self.project.mapLayer(value.id()) is not None:
                return value.id()
            self._given[value.id()] = value
            return value

        return {key: named(value) for key, value in parameters.items()}

    # --- working it out -------------------------------------------------------------------------
    def _snap(self) -> None:
        """New snapshots of the layers that changed."""
        from ..layers.gather import as_input
        from ..layers.plane import is_plane
        from ..layers.read import snapshot

        plan = self._plan
        assert plan is not None
        for found, k in plan.vectors():
            one = found[k]
            layer = self._layer(one.layer_id)
            if one.layer_id not in self._unread.layers or layer is None:
                continue
            # QGIS works the extent of an edited layer out of all its features: only where asked
            asked = found is plan.inputs.current or not is_plane(one.crs)
            new = snapshot(layer, one.entry, None if asked else one.extent)
            if "selection" in one.notes:
                from qgis.core import QgsVectorLayerSelectedFeatureSource

                new.source = QgsVectorLayerSelectedFeatureSource(layer)
                new.count = layer.selectedFeatureCount()
                new.notes.append("selection")
            found[k] = new
        for found, k in plan.rasters():
            layer = self._layer(found[k].layer_id)
            if found[k].layer_id in self._unread.layers and layer is not None:
                found[k] = as_input(layer, found[k].entry)

    def _assess(self) -> None:
        plan, mix = self._plan, self.mix
        assert plan is not None and mix is not None
        changes, anew, assessing = self._unread.copy(), self._anew, self._assessing
        # the lists of inputs change in this thread while the worker reads
        held = plan.frozen()
        # taking apart thousands of geometries takes as long as making them: not in this thread
        former, self._former = self._former, None

        def work(tick: Tick, progress: Progress) -> Any:
            nonlocal former
            former = None
            return assessing.get().assess(held, changes, mix, anew, tick, progress)

        self._job_mix = mix
        self._start(Job(work), self._have)

    def _start(self, job: Job, then: Callable[[Any], None]) -> None:
        job.then = then
        self._job = job
        self._tell(COMPUTING)
        self._look.start()
        self._worker.start(job)

    @safely
    def _looked(self) -> None:
        if self._job is not None and self.state.kind == COMPUTING:
            self._tell(COMPUTING)

    @safely
    def _done(self, job: Job) -> None:
        if job is not self._job or job.cancelled:
            return
        self._job = None
        self._look.stop()
        then, job.then = job.then, None
        result, job.result = job.result, None
        if job.error is not None:
            self.fail(job.error, job.trace)
            return
        assert then is not None
        then(result)

    def _have(self, found: Assessment) -> None:
        self._unread, self._anew = Changes(), False
        self._judged_by = self._job_mix
        since, self._since = self._since, None
        if self.mix != self._judged_by and self.mix is not None and self._plan is not None:
            found = found.judged(*self.mix.laid(self._plan.profile))
            self._judged_by = self.mix
        self._former, self.assessment = self.assessment, found
        self.timing = getattr(self._assessing.get().assessor, "last", None)
        ms = 0.0 if since is None else 1000 * (time.monotonic() - since)
        self._tell(LIVE, ms=ms)
        self.assessed.emit(found)

    def _judge(self) -> None:
        """Judge what there is by the mix in force, here and now."""
        mix = self.mix
        if not self.active or self.assessment is None or self._plan is None or mix is None:
            return
        if mix != self._judged_by:
            self.assessment = self.assessment.judged(*mix.laid(self._plan.profile))
            self._judged_by = mix
        self.assessed.emit(self.assessment)

    # --- what is told -----------------------------------------------------------------------------
    def fail(self, error: BaseException, trace: str = "") -> None:
        """Say what went wrong and wait for a change. An error that is not ours goes to the log."""
        self._halt()
        self._listen_at_least()
        if isinstance(error, DgoError):
            message = text(error.message)
        elif isinstance(error, MemoryError):
            message = text("algorithms.no_memory")
        else:
            trace = trace or traceback.format_exc()
            QgsMessageLog.logMessage(trace, TAB, Qgis.MessageLevel.Critical, False)
            message = text("live.unexpected", error=f"{type(error).__name__}: {error}")
            self._anew = True
        self._tell(FAILED, message)

    def _listen_at_least(self) -> None:
        """Follow the layers that the parameters name: what is wrong with one may be mended."""
        if self._unread.structure and not self.watch.followed():
            values = (self._parameters or {}).values()
            named = [v for value in values for v in (value if isinstance(value, list) else [value])]
            found = (self._layer(v) for v in named if isinstance(v, str))
            self.watch.follow([layer for layer in found if layer is not None])

    def _tell(self, kind: str, message: str = "", ms: float | None = None) -> None:
        if ms is None and kind == LIVE:
            ms = self.state.ms
        fraction = self._job.fraction if self._job is not None else 0.0
        state = LiveState(kind, ms, self.unsaved(), message, fraction)
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def unsaved(self) -> int:
        """Edits of the design layers that are not saved: steps that can be undone."""
        count = 0
        for one in self._plan.inputs.design if self._plan is not None else ():
            layer = self._layer(one.layer_id)
            if isinstance(layer, QgsVectorLayer) and layer.isEditable():
                count += layer.undoStack().index()
        return count


class _Assessing:
    """Made when first asked for, in the worker: its imports take long."""

    def __init__(self) -> None:
        self._made: Any = None

    def get(self) -> Any:
        """The one :class:`prepare.Assessing`."""
        if self._made is None:
            from .prepare import Assessing

            self._made = Assessing()
        return self._made


def _mix_of(project: QgsProject) -> Callable[[], Any]:
    """The text of the project's mix, taken now, to be read in the worker."""
    from ..project.roles import SCOPE

    said = str(project.readEntry(SCOPE, "mix", "")[0] or "")

    def read() -> Any:
        from ..engine.mix import from_text

        try:
            return from_text(said) if said.strip() else None
        except DgoError:  # as a run does: a mix that cannot be read counts as none
            return None

    return read


def _file(source: str) -> str:
    return source.split("|")[0].replace("\\", "/")
