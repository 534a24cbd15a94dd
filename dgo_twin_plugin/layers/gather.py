"""Which layers play which part: parameter > twin file > project > layer property (design 6).

Gathering happens in the main thread and only takes snapshots; reading them happens in the worker.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

from ..engine.build import Sources
from ..engine.checks import Check
from ..engine.hands import HANDS
from ..engine.mapping import load_mapping
from ..engine.provenance import fingerprint, raster_fingerprint
from ..engine.roles import roles
from ..engine.scene import FIELDS, RasterContext, RawLayer
from ..engine.sketch import COLUMNS as SKETCH_COLUMNS
from ..engine.texts import text
from ..engine.twin import LayerEntry, Twin
from ..engine.words import DgoError, say
from .plane import Plane, choose_plane, code_of, require_crs
from .rasters import read_raster
from .read import RasterInput, Tick, VectorInput, open_entry, public_source, read_vector, snapshot

MARGIN = 1000.0  # m of context around the plan: the farthest that most indicators look
FARTHER = {"stops": 3000.0}  # an intercity station counts within 3 km (CROW/PBL)
# Rasters are asked for values in the plan and at its facades, never farther out.
RASTER_MARGIN = 200.0  # m; read_raster adds some cells, for a coarse map
LISTEN = 0.05  # s: how often who waits for a raster asks whether to stop
TRIES, REST = 3, 0.05  # times a layer is read that gives too few features, s in between
FLAG_COLUMNS = ("high_sandy_ground",)

Window = tuple[str, RasterInput, QgsRectangle]  # role, raster, what of it counts
T = TypeVar("T")
Steps = Generator[None, None, T]  # work cut into steps; returns what it made


@dataclass
class Inputs:
    """Everything a run reads, as snapshots."""

    twin: Twin
    design: list[VectorInput] = field(default_factory=list)
    area_types: list[VectorInput] = field(default_factory=list)
    plan_area: list[VectorInput] = field(default_factory=list)
    current: list[VectorInput] = field(default_factory=list)
    vectors: dict[str, list[VectorInput]] = field(default_factory=dict)
    rasters: dict[str, list[RasterInput]] = field(default_factory=dict)
    transforms: QgsCoordinateTransformContext = field(default_factory=QgsCoordinateTransformContext)
    project_crs: QgsCoordinateReferenceSystem = field(default_factory=QgsCoordinateReferenceSystem)


@dataclass
class Reading:
    """What was read: the engine's sources, the plane, and the record of every input."""

    sources: Sources
    plane: Plane
    inputs: list[dict[str, Any]]
    notes: list[str]


def gather(
    twin: Twin, project: QgsProject | None, given: dict[str, list[VectorInput]] | None = None
) -> Inputs:
    """Open the layers of the twin; ``given`` (design, design_extra, area_types, plan_area) are
    inputs that parameters named and that go before it."""
    return through(gather_steps(twin, project, given))


def gather_steps(
    twin: Twin, project: QgsProject | None, given: dict[str, list[VectorInput]] | None = None
) -> Steps[Inputs]:
    """The same in steps of one layer, for whoever may not keep the main thread from its work."""
    given = given or {}
    transforms = project.transformContext() if project else QgsCoordinateTransformContext()
    crs = project.crs() if project else QgsCoordinateReferenceSystem()
    inputs = Inputs(twin, transforms=transforms, project_crs=crs)

    def opened(entry: LayerEntry) -> VectorInput | RasterInput:
        layer = open_entry(entry.layer, twin.folder, project, transforms)
        return as_input(layer, entry.entry(), _opened_here(layer, project))

    def vector(entry: LayerEntry, role: str) -> VectorInput:
        found = opened(entry)
        if not isinstance(found, VectorInput):
            raise DgoError(
                "algorithms.need.vector", layer=found.name, role=say(f"algorithms.role.{role}")
            )
        return found

    def as_drawn(one: VectorInput) -> VectorInput:
        return dataclasses.replace(one, entry={**reading_of(twin, one, project), **one.entry})

    inputs.design = [as_drawn(d) for d in given.get("design", [])]
    if not inputs.design:
        for entry in twin.design:
            inputs.design.append(vector(entry, "design"))
            yield
    inputs.design += [as_drawn(d) for d in given.get("design_extra", [])]
    for name in ("area_types", "plan_area"):
        entry = getattr(twin, name)
        own = given.get(name, [])
        if own:
            below = entry.entry() if entry is not None else {}
            below.pop("filter", None)
            setattr(inputs, name, [dataclasses.replace(v, entry={**below, **v.entry}) for v in own])
        elif entry is not None:
            setattr(inputs, name, [vector(entry, name)])
            yield
    for role, entries in twin.context.items():
        for entry in entries:
            found = opened(entry)
            if role == "current" and isinstance(found, VectorInput):
                inputs.current.append(found)
            elif isinstance(found, VectorInput):
                inputs.vectors.setdefault(role, []).append(found)
            else:
                inputs.rasters.setdefault(role, []).append(found)
            yield
    return inputs


def through(steps: Steps[T]) -> T:
    """All steps at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


def reading_of(twin: Twin, given: VectorInput, project: QgsProject | None) -> dict[str, Any]:
    """How to read a design layer that a parameter names: as the twin reads that same layer, else
    as it reads its first layer with a field of functions. A filter is left: the parameter says
    what counts."""

    def place(source: str) -> str:
        return source.replace("layername=", "").replace("\\", "/")

    chosen = None
    for entry in twin.design:
        layer = project.mapLayer(entry.layer) if project is not None else None
        names = {place(entry.resolved(twin.folder)), entry.layer}
        if layer is not None:
            names.add(place(public_source(layer)))
        if place(given.origin) in names or given.name in names:
            chosen = entry
            break
    if chosen is None:
        chosen = next(
            (e for e in twin.design if not isinstance(e.functions, str) or not e.functions), None
        )
    reading = {} if chosen is None else chosen.entry()
    for key in ("filter", "layer"):
        reading.pop(key, None)
    return reading


def _opened_here(layer: QgsMapLayer, project: QgsProject | None) -> bool:
    return project is None or project.mapLayer(layer.id()) is None


def as_input(
    layer: QgsMapLayer, entry: dict[str, Any], opened_here: bool = False
) -> VectorInput | RasterInput:
    """A snapshot of a layer."""
    if isinstance(layer, QgsVectorLayer):
        return snapshot(layer, entry)
    if not isinstance(layer, QgsRasterLayer):
        raise DgoError("problems.layer_not_readable", layer=layer.name())
    require_crs(layer.crs(), layer.name())
    # a clone of its own: the project may drop the layer while the worker reads
    copy = layer if opened_here else layer.clone()
    ranges = layer.dataProvider().userNoDataValues(int(entry.get("band") or 1))
    limit = float("inf")  # a range that is open on a side says NaN there
    empty = [
        (-limit if r.min() != r.min() else r.min(), limit if r.max() != r.max() else r.max())
        for r in ranges
    ]
    return RasterInput(
        layer.name(), copy, layer.crs(), entry, public_source(layer), empty, layer.id()
    )


class Reader:
    """Reads one input at a time: every layer whole. Others keep what they read before."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs

    def mapping(self, word: str) -> dict[str, Any]:
        """A mapping file, by id or path."""
        return load_mapping(word, self.inputs.twin.folder)

    def vector(self, role: str, given: VectorInput, block: dict[str, Any], plane: Plane,
               box: QgsRectangle | None, checks: list[Check], tick: Tick) -> RawLayer:  # fmt: skip
        """One layer; ``block`` is its mapping file, ``checks`` gets what is wrong with it."""
        transforms = self.inputs.transforms
        wanted = wanted_fields(role, given.entry, block)
        for left in range(TRIES - 1, -1, -1):
            found: list[Check] = []
            raw = read_vector(given, plane, transforms, wanted, box, found, tick)
            if left == 0 or box is not None or not _stopped_short(given, raw):
                break
            time.sleep(REST)
        checks.extend(found)
        if role == "current":
            raw.covers = covers(given, plane, transforms)
        return raw

    def raster(self, role: str, given: RasterInput, plane: Plane, window: QgsRectangle,
               checks: list[Check]) -> RasterContext:  # fmt: skip
        """The window of one raster."""
        return read_raster(role, given, plane, window, self.inputs.transforms, checks)

    def ahead(self, plane: Plane, windows: list[Window]) -> None:
        """Which windows of rasters will be asked for: whoever wants to may begin."""

    def box(self, layers: list[RawLayer]) -> QgsRectangle | None:
        """The extent of what was read, work plane."""
        return box_of(layers)


def _stopped_short(given: VectorInput, raw: RawLayer) -> bool:
    """Whether fewer features came than the layer says it has. A file that is being saved at that
    very moment may end a read half-way, and tells nobody."""
    whole = not given.entry.get("filter") and "selection" not in given.notes
    return whole and 0 <= len(raw.fid) < given.count


class Recorder(Reader):
    """Reads, and writes down what every input was. Rasters are read beside the other layers."""

    def __init__(self, inputs: Inputs, pool: Executor, tick: Tick) -> None:
        super().__init__(inputs)
        self.record: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self._pool, self._tick = pool, tick
        self._begun: dict[int, Future[tuple[RasterContext, list[Check], str]]] = {}

    def vector(self, role: str, given: VectorInput, *how: Any) -> RawLayer:
        raw = super().vector(role, given, *how)
        said = [*given.notes, *(["filter"] if raw.entry.get("filter") else [])]
        said = list(dict.fromkeys(said))
        self.record.append(_record(role, given, fingerprint(raw), len(raw.fid), said))
        self.notes.extend(text(f"algorithms.note.{note}", layer=given.name) for note in said)
        return raw

    def ahead(self, plane: Plane, windows: list[Window]) -> None:
        def read(role: str, given: RasterInput, window: QgsRectangle,
                 ) -> tuple[RasterContext, list[Check], str]:  # fmt: skip
            found: list[Check] = []
            made = super(Recorder, self).raster(role, given, plane, window, found)
            return made, found, raster_fingerprint(made)

        for role, given, window in windows:
            # each from a file of its own: other providers share what they have open
            if given.layer.dataProvider().name() == "gdal":
                self._begun[id(given)] = self._pool.submit(read, role, given, window)

    def raster(self, role: str, given: RasterInput, plane: Plane, window: QgsRectangle,
               checks: list[Check]) -> RasterContext:  # fmt: skip
        begun = self._begun.pop(id(given), None)
        if begun is None:
            read = super().raster(role, given, plane, window, checks)
            digest = raster_fingerprint(read)
        else:
            while not wait([begun], LISTEN).done:
                self._tick()
            read, found, digest = begun.result()
            checks.extend(found)
        self.record.append(
            {
                "role": role,
                "layer": given.name,
                "source": given.origin,
                "fingerprint": digest,
                **_declared(given.entry),
            }
        )
        return read


def read_all(inputs: Inputs, tick: Tick, progress: Callable[[float], None]) -> Reading:
    """Read everything into the work plane. Raises ``Cancelled`` by way of ``tick``."""
    pool = ThreadPoolExecutor(HANDS)
    try:
        reader = Recorder(inputs, pool, tick)
        sources, plane = read_sources(inputs, reader, tick, progress)
    finally:
        pool.shutdown(cancel_futures=True)
    return Reading(sources, plane, reader.record, reader.notes)


def read_sources(
    inputs: Inputs, reader: Reader, tick: Tick, progress: Callable[[float], None]
) -> tuple[Sources, Plane]:
    """What every run reads, in the order of every run; how is up to ``reader``."""
    twin = inputs.twin
    plane = _plane(inputs)
    sources = Sources(crs=plane.label, terms=dict(twin.functions), margin=MARGIN,
                      methods=dict(twin.methods))  # fmt: skip

    def vectors(
        role: str, given: Iterable[VectorInput], box: QgsRectangle | None
    ) -> list[RawLayer]:
        found = []
        for one in given:
            tick()
            entry = one.entry
            mapping = str(entry.get("mapping") or "")
            if mapping and mapping not in sources.mappings:
                sources.mappings[mapping] = reader.mapping(mapping)
            block: dict[str, Any] = dict(sources.mappings.get(mapping) or {})
            if block.get("filter") and not entry.get("filter"):
                one = dataclasses.replace(one, entry={**entry, "filter": block["filter"]})
            found.append(reader.vector(role, one, block, plane, box, sources.checks, tick))
        return found

    sources.design = vectors("design", inputs.design, None)
    sources.plan_area = vectors("plan_area", inputs.plan_area, None)
    progress(0.4)
    near = reader.box(sources.plan_area or sources.design)
    sources.area_types = vectors("area_types", inputs.area_types, near)
    near = near or reader.box(sources.area_types)
    around = None if near is None else QgsRectangle(near).buffered(MARGIN)
    if near is not None and around is not None:
        reader.ahead(plane, _windows(inputs, plane, near, around))
    sources.current = vectors("current", inputs.current, around)
    progress(0.7)
    for role, given in inputs.vectors.items():
        reach = FARTHER.get(role)
        box = around if near is None or reach is None else QgsRectangle(near).buffered(reach)
        sources.vectors[role] = vectors(role, given, box)
    around = around or reader.box(sources.current)
    if around is not None:
        sources.rasters = {role: [] for role in inputs.rasters}
        for role, raster, window in _windows(inputs, plane, near or around, around):
            tick()
            read = reader.raster(role, raster, plane, window, sources.checks)
            sources.rasters[role].append(read)
    progress(1.0)
    return sources, plane


def _windows(
    inputs: Inputs, plane: Plane, near: QgsRectangle, around: QgsRectangle
) -> list[Window]:
    """What of every raster counts: ``near`` is the plan, ``around`` what lies about it."""
    close = around if near is around else QgsRectangle(near).buffered(RASTER_MARGIN)
    return [
        (role, raster, close if raster.crs == plane.crs else around)
        for role, rasters in inputs.rasters.items()
        for raster in rasters
    ]


def _plane(inputs: Inputs) -> Plane:
    first = next(iter([*inputs.design, *inputs.current, *inputs.area_types]))
    return choose_plane(first.crs, first.extent, inputs.project_crs, inputs.transforms)


def wanted_fields(role: str, entry: dict[str, Any], mapping: dict[str, Any]) -> set[str]:
    """The columns that can matter for a role: the others are not even read."""
    wanted = {str(v) for v in (entry.get("fields") or {}).values()}
    wanted |= {str(v) for v in (entry.get("flags") or {}).values()} | set(FLAG_COLUMNS)
    if role in ("design", "current"):
        wanted |= {*FIELDS, *SKETCH_COLUMNS, "function", str(entry.get("function") or "function")}
        for block in (mapping.get("layers") or {}).values():
            columns = (block or {}).get("field") or []
            wanted |= {columns} if isinstance(columns, str) else {str(c) for c in columns}
            wanted |= {str(v) for v in ((block or {}).get("fields") or {}).values()}
    elif role == "area_types":
        wanted.add(str(entry.get("type") or ""))
    elif role in roles():
        wanted |= {f.name for f in roles()[role].fields}
        wanted |= {"basis", "date", "sigma", "owner", "quantity", "name", "kind"}
    return wanted


def covers(
    given: VectorInput, plane: Plane, transforms: QgsCoordinateTransformContext
) -> tuple[float, float, float, float] | None:
    try:
        box = QgsCoordinateTransform(given.crs, plane.crs, transforms).transformBoundingBox(
            given.extent
        )
    except QgsCsException:
        return None
    if box.isNull() or not box.isFinite():
        return None
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()


def bounds_of(wkb: bytes) -> QgsRectangle:
    """The box of one geometry."""
    geometry = QgsGeometry()
    geometry.fromWkb(wkb)
    return geometry.boundingBox()


def box_of(
    layers: list[RawLayer], bounds: Callable[[bytes], QgsRectangle] = bounds_of
) -> QgsRectangle | None:
    """The extent of what was read, work plane."""
    box = QgsRectangle()
    box.setMinimal()
    for layer in layers:
        for wkb in layer.wkb:
            if wkb is not None:
                box.combineExtentWith(bounds(wkb))
    return None if box.isNull() or not box.isFinite() else box


def _record(
    role: str, given: VectorInput, digest: str, features: int, notes: list[str]
) -> dict[str, Any]:
    return {
        "role": role,
        "layer": given.name,
        "source": given.origin,
        "fingerprint": digest,
        "features": features,
        "crs": code_of(given.crs),
        "notes": notes,
        **_declared(given.entry),
    }


def _declared(entry: dict[str, Any]) -> dict[str, Any]:
    return {k: entry[k] for k in ("date", "basis", "owner", "filter", "mapping") if entry.get(k)}
