"""The work behind dgo:startplan: from a plan area to a folder ready to sketch in."""

from __future__ import annotations

import dataclasses
import datetime
import textwrap
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingMultiStepFeedback,
    QgsVectorLayer,
)

from ..engine.assessment import Assessment
from ..engine.build import build_scene
from ..engine.directions import directions
from ..engine.functions import load_functions
from ..engine.norms import load_profile
from ..engine.pulse import heard_by
from ..engine.scene import Scene
from ..engine.start_scan import scan
from ..engine.texts import language, text
from ..engine.twin import DEFAULT_PROFILE, LayerEntry, Twin, dump, load_twin, parse_twin
from ..engine.words import Cancelled, DgoError
from ..engine.yaml_lines import parse_yaml
from ..layers.copy import copy_vector, moved
from ..layers.gather import as_input, gather, read_all
from ..layers.read import VectorInput, open_entry, snapshot
from ..project import start
from ..project.roles import project_twin
from ..project.start_project import Sheets, write_findings, write_project
from ..store.record import RunRecord
from .inputs import TYPE_FIELDS, source_of, trouble
from .scoring import Run
from .start_children import available, child, count_of, current_entry, inside

STEPS = 6  # plan area and context, services, BGT, area types, current situation, results
SERVICES, CLASSIFY, BGT, SCORE = "fetchservices", "classifyareas", "importbgt", "scoredesign"


class _Now(Run):
    """The scoring of the current situation, by the same code as any other; it keeps the outcome
    for who looks for obstacles and chances, and names files where they will stand."""

    result: Assessment | None = None
    moves: tuple[str, str] = ("", "")

    def _record(self, scenario: str, result: Assessment, reading: Any) -> RunRecord:
        self.result = result
        record = super()._record(scenario, result, reading)
        for name in ("inputs", "notes", "parameters"):
            setattr(record, name, _renamed(getattr(record, name), *self.moves))
        return record


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, dict):
        return {k: _renamed(v, old, new) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_renamed(v, old, new) for v in value]
    return value


class Starting:
    """One start: snapshots in the main thread, files in the worker, the project in the main
    thread again."""

    def __init__(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> None:
        """Raises DgoError where something needed is absent or cannot be what it is given for."""
        read = algorithm.parameterAsString
        project = context.project()
        self.transforms = context.transformContext()
        self.project_crs = project.crs() if project else QgsCoordinateReferenceSystem()
        folder = algorithm.parameterAsFileOutput(parameters, "FOLDER", context)
        self.final = start.refuse_full(Path(folder or read(parameters, "FOLDER", context)))
        self.name = read(parameters, "NAME", context).strip() or self.final.name
        self.area_given = self._plan_area(algorithm, parameters, context)
        twin = self._twin(algorithm, parameters, context)
        self.profile_name = read(parameters, "PROFILE", context).strip() or twin.profile
        self.profile = load_profile(self.profile_name or DEFAULT_PROFILE)
        self.twin = twin
        self.layers = self._layers(algorithm, parameters, context)
        self.bgt = read(parameters, "BGT", context).strip()
        if self.bgt and not Path(self.bgt).exists():
            raise DgoError("errors.file.not_found", file=self.bgt)
        yes = algorithm.parameterAsBoolean
        self.services = yes(parameters, "SERVICES", context)
        self.classify = yes(parameters, "CLASSIFY", context)
        self.copy = yes(parameters, "COPY", context)
        for wanted, name in ((self.services, SERVICES), (self.classify, CLASSIFY),
                             (self.bgt, BGT)):  # fmt: skip
            if wanted and not available(name):
                raise DgoError("errors.start.no_algorithm", name=name)
        if self.classify and not (self.bgt or self.services or self._has_current()):
            raise DgoError("errors.start.classify_current")
        self._types(algorithm, parameters, context)
        self.folder: start.Folder | None = None
        self.sheets: Sheets | None = None

    # --------------------------------------------------------------------------- snapshots
    def _plan_area(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> VectorInput:
        given = source_of(algorithm, parameters, "PLAN_AREA", context)
        if given:
            problem = trouble(given[0], "plan_area")
            if problem is not None:
                raise problem
            return given[0]
        if not parameters.get("EXTENT"):
            raise DgoError("errors.start.no_area")
        crs = algorithm.parameterAsExtentCrs(parameters, "EXTENT", context)
        box = algorithm.parameterAsExtentGeometry(parameters, "EXTENT", context, crs)
        layer = QgsVectorLayer("Polygon", text("startsheet.extent"), "memory")
        layer.setCrs(crs if crs.isValid() else self.project_crs)
        feature = QgsFeature()
        feature.setGeometry(box)
        layer.dataProvider().addFeatures([feature])
        layer.updateExtents()
        return snapshot(layer)

    def _twin(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> Twin:
        """What is known beforehand: a twin file, else the roles that the project knows, and over
        it layers by role. Its design is that of another plan and stays behind."""
        path = algorithm.parameterAsFile(parameters, "TWIN", context)
        said = algorithm.parameterAsString(parameters, "CONTEXT", context).strip()
        project = context.project()
        twin = Twin()
        if path:
            twin = load_twin(path)
        elif project is not None:
            twin = project_twin(project)
        if said:
            try:
                more = parse_twin("context:\n" + textwrap.indent(said, " "), twin.folder)
            except DgoError as error:
                raise DgoError("errors.start.context", why=error.message) from None
            both = {**twin.context, **more.context}  # an empty list leaves a role out
            twin = dataclasses.replace(twin, context={r: e for r, e in both.items() if e})
        return dataclasses.replace(twin, design=(), plan_area=None)

    def _layers(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> list[start.Layer]:
        """Snapshots of all context layers."""
        project = context.project()
        current = algorithm.parameterAsLayerList(parameters, "CURRENT", context) or []
        replaced = bool(current) or bool(parameters.get("BGT"))
        found = [
            start.Layer("current", entry, as_input(layer, entry.entry()))
            for layer in current
            for entry in (current_entry(layer),)
        ]
        for role, entries in self.twin.context.items():
            for entry in () if role == "current" and replaced else entries:
                layer = open_entry(entry.layer, self.twin.folder, project, self.transforms)
                opened = project is None or project.mapLayer(layer.id()) is None
                absolute = dataclasses.replace(entry, mapping=self._mapping(entry))
                found.append(start.Layer(role, absolute, as_input(layer, entry.entry(), opened)))
        return found

    def _mapping(self, entry: LayerEntry) -> str:
        """A mapping that is a file beside the twin file, as an absolute path."""
        if entry.mapping and self.twin.folder is not None:
            beside = self.twin.folder / entry.mapping
            if beside.is_file():
                return str(beside)
        return entry.mapping

    def _has_current(self) -> bool:
        return any(layer.role == "current" for layer in self.layers)

    def _types(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> None:
        given = source_of(algorithm, parameters, "AREA_TYPES", context)
        fields = algorithm.parameterAsFields(parameters, "AREA_TYPE_FIELD", context)
        self.types: VectorInput | None = given[0] if given else None
        use = algorithm.parameterAsBoolean(parameters, "TWIN_MAP", context) and not self.classify
        self.types_entry: LayerEntry | None = self.twin.area_types if use else None
        if self.types is None and self.types_entry is not None:
            layer = open_entry(
                self.types_entry.layer, self.twin.folder, context.project(), self.transforms
            )
            if isinstance(layer, QgsVectorLayer):
                self.types = snapshot(layer)
        self.column = fields[0] if fields else ""
        if self.types is not None:
            named = self.types_entry.type if self.types_entry is not None else ""
            known = {f.lower(): f for f in self.types.fields}
            wanted = (self.column, named, *TYPE_FIELDS)
            self.column = next((known[w.lower()] for w in wanted if w and w.lower() in known), "")
            if not self.column:
                raise DgoError("algorithms.need.field", layer=self.types.name)
        blocks = source_of(algorithm, parameters, "NEIGHBOURHOODS", context)
        self.blocks = blocks[0] if blocks else None
        self.type = self._type(algorithm.parameterAsString(parameters, "AREA_TYPE", context))
        said = algorithm.parameterAsString(parameters, "OVERRULE", context).strip()
        self.overrule: dict[str, str] = {}
        if said:
            try:
                pairs = parse_yaml(said, "OVERRULE").mapping()
                self.overrule = {k: self._type(n.text()) for k, n in pairs.items()}
            except DgoError as error:
                raise DgoError("errors.start.overrule", why=error.message) from None

    def _type(self, word: str) -> str:
        if not word.strip():
            return ""
        found = self.profile.resolve_type(word)
        if found is None:
            raise DgoError("errors.start.type", word=word, known=", ".join(
                f"{t.id} {t.name[language()]}" for t in self.profile.area_types.values()))
        return found  # fmt: skip

    # --------------------------------------------------------------------------- the worker
    def carry_out(self, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Make everything but the project. Raises Cancelled and DgoError; nothing is left then."""

        def tick() -> None:
            if feedback.isCanceled():
                raise Cancelled

        self.folder = start.Folder(self.final)
        try:
            with heard_by(tick):
                return self._work(self.folder, QgsProcessingMultiStepFeedback(STEPS, feedback),
                                  feedback, tick)  # fmt: skip
        except BaseException:
            self.folder.discard()
            self.folder = None
            raise
        finally:  # layers must not outlive QGIS, whoever still holds this job
            self.layers, self.types, self.blocks = [], None, None

    def _work(
        self, folder: start.Folder, steps: QgsProcessingMultiStepFeedback,
        feedback: QgsProcessingFeedback, tick: Any,
    ) -> dict[str, Any]:  # fmt: skip
        def step(number: int, key: str) -> None:
            tick()
            steps.setCurrentStep(number)
            feedback.setProgressText(text(f"algorithms.startplan.step.{key}"))

        step(0, "context")
        area = start.plan_area(self.area_given, self.project_crs, self.transforms, tick)
        plan = start.write_plan_area(folder.path, area, self.name)
        context, empty = start.take_over(
            folder.path, self.layers, area, self.copy, tick, lambda d: steps.setProgress(100 * d)
        )
        for name in empty:
            feedback.pushWarning(text("algorithms.startplan.nothing_near", layer=name))
        step(1, "services")
        if self.services:
            context = {**self._fetch(folder, area, steps), **context}
        step(2, "current")
        if self.bgt:
            context["current"] = self._import(folder, area, steps)
        if not any(count_of(folder.path, e) for e in context.get("current", ())):
            if context.pop("current", None) is not None or not self.services:
                feedback.pushWarning(text("algorithms.startplan.no_current"))
        twin = dataclasses.replace(
            self.twin, context=context, plan_area=plan, area_types=None,
            profile=self.profile_name or DEFAULT_PROFILE,
            design=start.write_design(folder.path, area),
        )  # fmt: skip
        step(3, "types")
        types = self._proposed(folder, area, twin, steps, tick)
        entry = start.write_types(folder.path, types, area)
        twin, now = start.write_twins(
            folder, dataclasses.replace(twin, area_types=entry), self.name
        )
        step(4, "score")
        scene, result, run_id = self._judge(folder, now, steps, tick)
        step(5, "write")
        rows = result.scores if result is not None else []
        seen = scan(scene, self.profile, result.measurements if result else None, rows)
        self.sheets = Sheets(
            self.name, area, types, twin, self.profile, scene, seen,
            directions(scene, self.profile, rows), result, run_id,
        )  # fmt: skip
        write_findings(folder.path, self.sheets)
        for found in (*seen.obstacles, *seen.chances):
            feedback.pushInfo(f"{text(found.title())}: {text(found.where())}")
        tick()
        steps.setProgress(100)
        final = folder.final
        return {
            "FOLDER": str(final),
            "PROJECT": str(final / start.PROJECT),
            "TWIN_FILE": str(final / start.TWIN),
            "RESULTS": str(final / start.RESULTS),
            "SHEET": str(final / start.SHEET),
            "OBSTACLES": len(seen.obstacles),
            "CHANCES": len(seen.chances),
        }

    def _around(self, folder: start.Folder, area: start.Area) -> Path:
        """The plan area with its surroundings, for algorithms that ask for a place; temporary."""
        target = folder.path / "omgeving.part.gpkg"
        if not target.exists():
            box = QgsGeometry.fromRect(area.box())
            start.write(target, "around", QgsFields(), area, [(box, [])])
        return target

    def _import(
        self, folder: start.Folder, area: start.Area, steps: QgsProcessingFeedback
    ) -> tuple[LayerEntry, ...]:
        around = self._around(folder, area)
        target = folder.path / start.CURRENT
        child(BGT, {"INPUT": [self.bgt], "EXTENT": f"{around}|layername=around",
                    "OUTPUT": str(target)}, steps, self.transforms)  # fmt: skip
        around.unlink()
        return tuple(
            LayerEntry(f"{start.CURRENT}|{name}", function="function")
            for name in ("surfaces", "points", "lines")
            if count_of(folder.path, LayerEntry(f"{start.CURRENT}|{name}"))
        )

    def _fetch(
        self, folder: start.Folder, area: start.Area, steps: QgsProcessingFeedback
    ) -> dict[str, tuple[LayerEntry, ...]]:
        """Context from open services, by their own algorithm; its twin file says what came. Where
        no service answers the plan goes on without, and says so."""
        target = folder.path / start.FETCHED
        plan = f"{folder.path / start.PLAN}|layername={start.PLAN_TABLE}"
        try:
            done = child(SERVICES, {"PLAN_AREA": plan, "FOLDER": str(target)}, steps,
                         self.transforms)  # fmt: skip
        except DgoError as error:
            steps.pushWarning(text(error.message))
            return {}
        made = Path(str(done.get("OUTPUT") or ""))
        if not made.is_file():
            return {}
        twin = load_twin(str(made))
        made.unlink()  # this plan has a twin file of its own
        return {role: tuple(dataclasses.replace(e, layer=inside(e, twin, folder.path))
                            for e in entries) for role, entries in twin.context.items()}

    def _proposed(
        self, folder: start.Folder, area: start.Area, twin: Twin,
        steps: QgsProcessingFeedback, tick: Any,
    ) -> list[start.TypeArea]:  # fmt: skip
        """The area types: of a map, else by classification, else one for the whole plan."""
        found: list[start.TypeArea] = []
        if self.types is not None:
            entry = self.types_entry
            found = start.types_of_map(
                self.types, self.column, entry, area, self.profile, self.overrule, tick
            )
        elif self.classify and twin.context.get("current"):
            found = self._classified(folder, area, twin, steps, tick)
        return start.fill_rest(found, area, self.type)

    def _classified(
        self, folder: start.Folder, area: start.Area, twin: Twin,
        steps: QgsProcessingFeedback, tick: Any,
    ) -> list[start.TypeArea]:  # fmt: skip
        blocks = folder.path / "buurten.part.gpkg"
        if self.blocks is not None:
            box = moved(area.box(0.0), area.crs, self.blocks.crs, self.transforms, self.blocks.name)
            copy_vector(self.blocks, blocks, "blocks", box, self.transforms, tick)
            areas = f"{blocks}|layername=blocks"
        else:
            areas = f"{folder.path / start.PLAN}|layername={start.PLAN_TABLE}"
        temporary = folder.path / "nu.part.yml"
        target = folder.path / "typering.part.gpkg"
        with temporary.open("w", encoding="utf-8") as stream:
            kept = dataclasses.replace(twin, design=(), folder=folder.path)
            stream.write(dump(kept, folder.path))
        done = child(CLASSIFY, {"AREAS": areas, "TWIN": str(temporary), "OUTPUT": str(target)},
                     steps, self.transforms)  # fmt: skip
        layer = QgsVectorLayer(str(done["AREA_TYPES"]), "types", "ogr")
        if not layer.isValid():
            raise DgoError("problems.layer_not_readable", layer=str(done["AREA_TYPES"]))
        found = start.types_of_map(snapshot(layer), "type", None, area, self.profile,
                                   self.overrule, tick, "proposal")  # fmt: skip
        del layer
        for file in (blocks, temporary, target):
            file.unlink(missing_ok=True)
        return found

    def _judge(
        self, folder: start.Folder, now: Twin, steps: QgsProcessingFeedback, tick: Any
    ) -> tuple[Scene, Assessment | None, str]:
        """The current situation scored, as any design is; without one only the maps are read."""
        if now.context.get("current"):
            algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"dgo:{SCORE}")
            context = QgsProcessingContext()
            context.setTransformContext(self.transforms)
            run = _Now(algorithm, {
                "TWIN": str(folder.path / start.NOW), "MAPS": False,
                "OUTPUT": str(folder.path / start.RESULTS),
            }, context)  # fmt: skip
            run.moves = (str(folder.path), str(folder.final))
            run.carry_out(steps)
            assert run.result is not None
            return run.result.scene, run.result, run.run_id
        inputs = gather(load_twin(folder.path / start.NOW), None)
        inputs.transforms = self.transforms
        reading = read_all(inputs, tick, lambda done: steps.setProgress(50 * done))
        date = now.assessment_date or datetime.date.today()
        scene = build_scene(reading.sources, self.profile, load_functions(), date)
        return scene, None, ""

    # --------------------------------------------------------------------------- main thread
    def finish(self, _feedback: QgsProcessingFeedback) -> None:
        """The project, and everything in its place; nothing where the work did not come so far."""
        if self.folder is None or self.sheets is None:
            return
        try:
            write_project(self.folder.path, self.sheets)
            self.folder.promote()
        except BaseException:
            self.folder.discard()
            raise
        finally:
            self.folder = self.sheets = None
