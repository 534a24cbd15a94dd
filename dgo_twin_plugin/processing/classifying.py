"""The work behind dgo:classifyareas. Heavy imports live here."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ..engine.area_map import Table, write_map
from ..engine.build import build_scene
from ..engine.checks import Check
from ..engine.classify import Verdict, classify, doubt, shipped_rules
from ..engine.clean import clean
from ..engine.form import Form, form_of
from ..engine.functions import load_functions
from ..engine.mapping import to_number
from ..engine.norms import Profile
from ..engine.overrule import Former, Overrule, carried
from ..engine.pulse import heard_by
from ..engine.scene import RawLayer
from ..engine.texts import LANGUAGES, language, text
from ..engine.words import IMPORTANT, Cancelled, DgoError, Message, say
from ..layers.gather import Inputs, Reading, gather, read_all
from ..layers.read import Tick, VectorInput, read_vector
from .inputs import layers_of, profile_of, source_of, trouble, twin_of

MAP, OTHER = "area_types", "area_types_alternative"
# of the result; `type` is what holds, so the layer is an area-type map as it stands
FIELDS = {
    "area_id": "text", "type": "text", "rule_type": "text", "second_type": "text",
    "alternative_type": "text", "doubtful": "flag", "distance": "number", "figure": "text",
    "rule": "text", "reason": "text", "reason_nl": "text", "reason_en": "text",
    "overruled_type": "text", "overruled_reason": "text",
    "area_m2": "number", "fsi": "number", "gsi": "number", "l": "number", "osr": "number",
    "mxi": "number", "green": "number", "natural_share": "number", "agrarian": "number",
    "nature": "number", "industry": "number", "station": "number", "inhabitants": "number",
    "dwellings": "number", "ground_known": "number", "use_known": "number",
    "floors_assumed": "number",
}  # fmt: skip
ID_FIELDS = ("area_id", "statcode", "buurtcode", "bu_code", "code", "id")
OVERRULE = ("overruled_type", "overruled_reason")


class Classifying:
    """Snapshots in the main thread; measuring, judging and writing in the worker."""

    def __init__(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> None:
        self.maps: list[str] = []
        twin = twin_of(algorithm, parameters, context)
        self.profile: Profile = profile_of(algorithm, parameters, context, twin)
        self.areas = _only(source_of(algorithm, parameters, "AREAS", context), "areas")
        former = source_of(algorithm, parameters, "PREVIOUS", context)
        if not former and set(OVERRULE) <= set(self.areas.fields):
            former = [self.areas]  # a former result, handed in again
        self.former = former[0] if former else None
        current = layers_of(algorithm, parameters, "CURRENT", context, "current")
        stops = source_of(algorithm, parameters, "STOPS", context)
        nature = layers_of(algorithm, parameters, "NATURE", context, "current")
        kept = {
            role: entries
            for role, entries in twin.context.items()
            if (role == "current" and not current)
            or (role == "stops" and not stops)
            or (role in ("natura2000", "nature_network") and not nature)
        }
        twin = dataclasses.replace(twin, design=(), area_types=None, plan_area=None, context=kept)
        inputs: Inputs = gather(twin, context.project())
        inputs.current += current
        if stops:
            inputs.vectors["stops"] = stops
        if nature:
            inputs.vectors["natura2000"] = nature
        if not inputs.current:
            raise DgoError("errors.classify.no_current")
        inputs.plan_area = [self.areas]
        self.inputs = inputs
        self.id_field = _field(algorithm, parameters, "ID_FIELD", context)
        self.people_field = _field(algorithm, parameters, "INHABITANTS_FIELD", context)
        given = parameters.get("INHABITANTS")
        self.inhabitants = (
            float("nan")
            if given is None
            else algorithm.parameterAsDouble(parameters, "INHABITANTS", context)
        )
        given = parameters.get("MARGIN")
        self.margin = shipped_rules().margin
        if given is not None:
            self.margin = algorithm.parameterAsDouble(parameters, "MARGIN", context) / 100.0
        self.alternative = algorithm.parameterAsBoolean(parameters, "ALTERNATIVE", context)
        self.target = Path(algorithm.parameterAsFileOutput(parameters, "OUTPUT", context))
        for one in (self.areas, self.former):
            if one is not None and _same_file(one, self.target):
                raise DgoError("errors.classify.same_file", path=str(self.target))

    def carry_out(self, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Read, measure, judge, write. Raises Cancelled and DgoError."""

        def tick() -> None:
            if feedback.isCanceled():
                raise Cancelled

        with heard_by(tick):
            return self._work(feedback, tick)

    def _work(self, feedback: QgsProcessingFeedback, tick: Tick) -> dict[str, Any]:
        def progress(low: float, high: float) -> Any:
            def report(done: float) -> None:
                tick()
                feedback.setProgress(low + (high - low) * done)

            return report

        reading = read_all(self.inputs, tick, progress(0, 40))
        today = datetime.date.today()
        scene = build_scene(
            reading.sources, self.profile, load_functions(), today, progress=progress(40, 70)
        )
        checks: list[Check] = []
        raw = self._read(self.areas, reading, tick, checks)
        areas = clean(raw.wkb, raw.name, raw.fid, scene.origin, checks)
        form = form_of(scene, areas, shipped_rules())
        feedback.setProgress(85)
        ids = self._ids(raw)
        overrules = self._carried(areas, ids, reading, tick, scene.origin, feedback)
        people = _numbers(raw.columns.get(self.people_field)) if self.people_field else None
        rows = []
        for k in range(areas.n):
            tick()
            town = self.inhabitants
            if people is not None and people[k] == people[k]:
                town = float(people[k])
            verdict = classify(form.figures(k, town), margin=self.margin)
            if form.area[k] > 0:
                rows.append((k, verdict, town))
        for check in checks:
            if check.severity == IMPORTANT:
                feedback.pushWarning(f"{text(check.title())} {text(check.advice())}")
        if not rows:
            raise DgoError("errors.classify.no_ground", layer=self.areas.name)
        result = [_row(k, v, town, form, ids[k], overrules[k]) for k, v, town in rows]
        shapes = [areas.wkb(k, scene.origin) for k, _, _ in rows]
        self._write(reading.plane.label, shapes, result)
        return self._told(feedback, result)

    # ------------------------------------------------------------------ reading
    def _read(
        self, given: VectorInput, reading: Reading, tick: Tick, checks: list[Check]
    ) -> RawLayer:
        return read_vector(
            given, reading.plane, self.inputs.transforms, None, None, checks, tick
        )

    def _ids(self, raw: RawLayer) -> list[str]:
        """The id of every polygon as text: the field named, else one that is called like an id,
        else the feature's own number."""
        by_fold = {name.lower(): name for name in raw.columns}
        name = self.id_field or next((by_fold[f] for f in ID_FIELDS if f in by_fold), "")
        column = raw.columns.get(name)
        values = [str(f) for f in raw.fid] if column is None else [_id(v) for v in column]
        return values

    def _carried(
        self,
        areas: Any,
        ids: list[str],
        reading: Reading,
        tick: Tick,
        origin: tuple[float, float],
        feedback: QgsProcessingFeedback,
    ) -> list[Overrule]:
        if self.former is None:
            return [Overrule()] * areas.n
        raw = self._read(self.former, reading, tick, [])
        absent = [f for f in OVERRULE if f not in raw.columns]
        if absent:
            raise DgoError(
                "errors.classify.previous", layer=self.former.name, fields=", ".join(absent)
            )
        own = raw.columns.get("area_id") if self.former is not self.areas else None
        if self.former is self.areas:
            former_ids = list(ids)
        else:
            former_ids = [""] * len(raw.fid) if own is None else [_id(v) for v in own]
        polygons = clean(raw.wkb, raw.name, raw.fid, origin, [])
        former = Former(polygons, former_ids, raw.columns[OVERRULE[0]], raw.columns[OVERRULE[1]])
        found, lost = carried(areas, ids, former, self.profile.resolve_type)
        for row in lost:
            feedback.pushWarning(
                text(
                    "algorithms.classifyareas.lost",
                    fid=int(raw.fid[row]),
                    type=str(raw.columns[OVERRULE[0]][row] or "\u2013"),
                    why=str(raw.columns[OVERRULE[1]][row] or "\u2013"),
                )
            )
        for k, one in enumerate(found):
            if one.said and not one.holds:
                key = "no_reason" if one.resolved else "no_type"
                feedback.pushWarning(
                    text(f"algorithms.classifyareas.{key}", area=ids[k], type=one.type or "\u2013")
                )
        return found

    # ------------------------------------------------------------------ the end
    def _write(self, crs: str, shapes: list[bytes], result: list[dict[str, Any]]) -> None:
        tables = [Table(MAP, FIELDS, zip(shapes, result))]
        if self.alternative:
            other = [{**r, "type": r["alternative_type"]} for r in result]
            tables.append(Table(OTHER, FIELDS, zip(shapes, other)))
        if not self.target.suffix:
            self.target = self.target.with_suffix(".gpkg")
        write_map(self.target, crs, tables)
        self.maps = [f"{self.target}|layername={t.name}" for t in tables]

    def _told(
        self, feedback: QgsProcessingFeedback, result: list[dict[str, Any]]
    ) -> dict[str, Any]:
        names = self.profile.area_types
        for kind, count in sorted(Counter(r["type"] for r in result).items()):
            name = names[kind].name.get(language(), kind) if kind in names else kind
            feedback.pushInfo(f"  {kind} {name}: {count}")
        for row in result:
            if row["doubtful"]:
                feedback.pushInfo(f"{row['area_id']}: {row['type']}. {row['reason']}")
        doubtful = sum(bool(r["doubtful"]) for r in result)
        overruled = sum(r["type"] != r["rule_type"] for r in result)
        feedback.pushInfo(
            text(
                "algorithms.classifyareas.done",
                count=len(result),
                doubtful=doubtful,
                overruled=overruled,
            )
        )
        return {
            "OUTPUT": str(self.target),
            "COUNT": len(result),
            "DOUBTFUL": doubtful,
            "OVERRULED": overruled,
            "AREA_TYPES": self.maps[0],
            "ALTERNATIVE_MAP": self.maps[1] if self.alternative else "",
        }


def _row(
    k: int, verdict: Verdict, inhabitants: float, form: Form, own: str, over: Overrule
) -> dict[str, Any]:
    """One polygon of the result. A choice of a person that holds is never doubtful."""
    kind = over.resolved if over.holds else verdict.type
    doubtful = verdict.doubtful and not over.holds
    other = verdict.second if doubtful and verdict.second else kind
    said = {lang: text(_said(verdict, over, doubtful), lang).strip() for lang in LANGUAGES}
    numbers = {
        "area_m2": form.area, "fsi": form.fsi, "gsi": form.gsi, "l": form.floors,
        "osr": form.osr, "mxi": form.mxi, "green": form.green, "natural_share": form.natural,
        "agrarian": form.agrarian, "nature": form.nature, "industry": form.industry,
        "station": form.station, "dwellings": form.dwellings, "ground_known": form.ground_known,
        "use_known": form.use_known, "floors_assumed": form.floors_assumed,
    }  # fmt: skip
    return {
        "area_id": own,
        "type": kind,
        "rule_type": verdict.type,
        "second_type": verdict.second,
        "alternative_type": other,
        "doubtful": doubtful,
        "distance": verdict.distance if np.isfinite(verdict.distance) else None,
        "figure": verdict.figure or None,
        "rule": verdict.rule,
        "reason": said[language()],
        **{f"reason_{lang}": said[lang] for lang in LANGUAGES},
        "overruled_type": over.type or None,
        "overruled_reason": over.reason or None,
        "inhabitants": inhabitants,
        **{name: float(values[k]) for name, values in numbers.items()},
    }


def _said(verdict: Verdict, over: Overrule, doubtful: bool) -> Message:
    why = doubt(verdict) if doubtful else None
    full = say("classify.reason", reason=verdict.reason, doubt=why if why is not None else "")
    if over.holds:
        return say(
            "classify.overruled",
            type=over.resolved,
            why=over.reason,
            rule_type=verdict.type,
            reason=full,
        )
    return full


def _only(found: list[VectorInput], role: str) -> VectorInput:
    if not found:
        raise DgoError("errors.classify.no_areas")
    problem = trouble(found[0], "plan_area")
    if problem is not None:
        raise problem
    return found[0]


def _field(
    algorithm: Any, parameters: dict[str, Any], name: str, context: QgsProcessingContext
) -> str:
    fields = algorithm.parameterAsFields(parameters, name, context)
    return str(fields[0]) if fields and fields[0] else ""


def _numbers(column: Any) -> np.ndarray | None:
    if column is None:
        return None
    values = [to_number(v) for v in column]
    return np.array([np.nan if v is None else v for v in values], float)


def _id(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _same_file(given: VectorInput, target: Path) -> bool:
    path = given.origin.partition("|")[0]
    return bool(path) and Path(path).resolve() == target.resolve()
