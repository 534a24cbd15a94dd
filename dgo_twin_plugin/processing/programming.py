"""The work behind dgo:scoreprogramme: a programme becomes one rough polygon, which the engine lays
out and scores like any other design. Heavy imports live here."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRectangle,
    QgsVectorLayer,
)

from ..engine.area_map import Table, write_map
from ..engine.programme import KEYS
from ..engine.scene import BOOL_FIELDS, FIELDS, NUMERIC_FIELDS, Scene
from ..engine.sketch import ASSUMED, DEVELOPMENT
from ..engine.texts import text
from ..engine.words import NORMAL, DgoError
from ..engine.yaml_lines import read_yaml
from ..layers.fields import number_field, text_field
from ..layers.gather import Inputs, gather
from ..layers.plane import NATIONAL, is_plane
from ..layers.read import VectorInput, snapshot
from .inputs import profile_of, source_of, trouble, twin_of, with_type
from .score_programme import FIRST, MORE, SHARES
from .scoring import Run

NAME = "programme"  # of the rough polygon; the pieces of the design carry it too
MIDDLE = (155_000.0, 463_000.0)  # of the country: where a plan without a place is put
OTHER_KEYS = ("area", "area_type")  # of a programme file, beside the numbers
WORST = 10.0  # times: a plan area of this many km2 is a mistake


class ProgrammeRun(Run):
    """A run on a plan of one rough polygon."""

    def __init__(
        self, algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> None:
        super().__init__(algorithm, parameters, context)
        named = algorithm.parameterAsFileOutput(parameters, "SCHEMATIC", context)
        self.target_design = Path(named) if named else None
        self.design = ""
        self.placeless = not self.inputs.plan_area[0].origin.startswith("plan:")

    @staticmethod
    def collected(
        algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> Inputs:
        """The rough polygon as design, its type, and the context where the plan has a place."""
        numbers, area, kind = programme(algorithm, parameters, context)
        twin = dataclasses.replace(twin_of(algorithm, parameters, context), design=())
        profile = profile_of(algorithm, parameters, context, twin)
        given = {
            name: source_of(algorithm, parameters, name.upper(), context)
            for name in ("plan_area", "area_types")
        }
        if area is not None and not given["plan_area"]:
            twin = dataclasses.replace(twin, plan_area=None, context={})
        if kind and not given["area_types"]:
            if profile.resolve_type(kind) is None:
                known = ", ".join(f"{t.id} {t.name['nl']}" for t in profile.area_types.values())
                raise DgoError("errors.programme.type", type=kind, known=known)
            twin = dataclasses.replace(twin, area_types=None)
        inputs = gather(twin, context.project(), given)
        if inputs.area_types:
            fields = algorithm.parameterAsFields(parameters, "AREA_TYPE_FIELD", context)
            inputs.area_types = [with_type(one, fields[0] if fields else "")
                                 for one in inputs.area_types]  # fmt: skip
        elif not kind:
            raise DgoError("errors.programme.no_type")
        shape, crs, placed = _place(inputs, area)
        if not numbers and not inputs.area_types and not kind:
            raise DgoError("errors.programme.no_numbers")
        plan = _memory(shape, crs, {"function": DEVELOPMENT, **numbers})
        # where it is known where the plan lies is said by the origin; the layer itself is ours
        plan.origin = f"{'plan' if placed else 'nowhere'}:{NAME}"
        inputs.design = [plan]
        inputs.plan_area = [dataclasses.replace(plan, entry={})]
        if not inputs.area_types:
            inputs.area_types = [with_type(_memory(shape, crs, {"type": kind}), "type")]
        return inputs

    def carry_out(self, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Score; then write the schematic design. Raises Cancelled and DgoError."""
        if self.placeless:
            feedback.pushWarning(text("algorithms.scoreprogramme.nowhere"))
        done = super().carry_out(feedback)
        result, self.result = self.result, None
        if result is None:
            return done
        for check in result.checks:
            if check.code.startswith("programme_") or check.code == "development_without_type":
                feedback.pushWarning(f"{text(check.title())} {text(check.advice())}")
            elif check.code == "impossible_value" and check.severity == NORMAL:
                feedback.pushWarning(text(check.title()))
        crs = str(result.scene.crs)
        if self.target_design is not None:
            self.design = str(write_design(self.target_design, crs, result.scene))
            feedback.pushInfo(text("algorithms.scoreprogramme.written", path=self.design))
        done["SCHEMATIC"] = self.design or None
        return done


def programme(
    algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext
) -> tuple[dict[str, float], float | None, str]:
    """(numbers, m2 of the plan or None, area type or ''): the file, and over it the parameters.
    Raises DgoError with file, line, key and remedy, or with the name of the parameter."""
    numbers: dict[str, float] = {}
    area: float | None = None
    kind = ""
    path = algorithm.parameterAsFile(parameters, "PROGRAMME", context)
    if path:
        block = read_yaml(path).mapping((*OTHER_KEYS, *KEYS))
        numbers = {k: n.number(*KEYS[k]) for k, n in block.items() if k in KEYS and not n.null}
        if "area" in block:
            area = block["area"].number(1)
        if "area_type" in block:
            kind = block["area_type"].text()
    for name in FIRST + MORE:
        if parameters.get(name) is None:
            continue
        value = algorithm.parameterAsDouble(parameters, name, context)
        key = SHARES.get(name, name.lower())
        value = value / 100.0 if name in SHARES else value
        low, high = KEYS[key]
        if not low <= value <= high:
            shown = (100 * low, 100 * high) if name in SHARES else (low, high)
            raise DgoError("errors.programme.range", name=name, low=shown[0], high=shown[1])
        numbers[key] = value
    if parameters.get("AREA") is not None:
        area = algorithm.parameterAsDouble(parameters, "AREA", context)
    if area is not None and not 1.0 <= area <= WORST * 1e6:
        raise DgoError("errors.programme.area", area=area, most=WORST)
    kind = algorithm.parameterAsString(parameters, "AREA_TYPE", context).strip() or kind
    for part, whole in (("social_share", "dwellings"), ("parking_norm", "dwellings"),
                        ("dwelling_gfa", "dwellings")):  # fmt: skip
        if part in numbers and whole not in numbers:
            raise DgoError("errors.programme.without", part=part, whole=whole)
    return numbers, area, kind


def _place(
    inputs: Inputs, area: float | None
) -> tuple[QgsGeometry, QgsCoordinateReferenceSystem, bool]:
    """The plan as one geometry, its CRS, and whether it has a place: the plan area, else a square
    of so many m2, else all ground of the area-type map."""
    for found in (inputs.plan_area, [] if area is not None else inputs.area_types):
        if found:
            problem = trouble(found[0], "plan_area")
            if problem is not None:
                raise problem
            shapes = [f.geometry() for f in found[0].source.getFeatures()]
            whole = QgsGeometry.unaryUnion([s.makeValid() for s in shapes if not s.isEmpty()])
            whole.convertToMultiType()
            if whole.isEmpty():
                raise DgoError("problems.plan_area_empty", layer=found[0].name)
            return whole, found[0].crs, True
    if area is None:
        raise DgoError("errors.programme.no_place")
    crs = QgsCoordinateReferenceSystem(NATIONAL)
    if is_plane(inputs.project_crs) and inputs.project_crs.authid() == NATIONAL:
        crs = inputs.project_crs
    half = 0.5 * math.sqrt(area)
    x, y = MIDDLE
    square = QgsGeometry.fromRect(QgsRectangle(x - half, y - half, x + half, y + half))
    square.convertToMultiType()
    return square, crs, False


def _memory(
    shape: QgsGeometry, crs: QgsCoordinateReferenceSystem, values: dict[str, Any]
) -> VectorInput:
    """A layer of one feature, as a run reads it."""
    layer = QgsVectorLayer("MultiPolygon", NAME, "memory")
    layer.setCrs(crs)
    layer.dataProvider().addAttributes(
        [text_field(k) if isinstance(v, str) else number_field(k) for k, v in values.items()]
    )
    layer.updateFields()
    feature = QgsFeature(layer.fields())
    feature.setAttributes(list(values.values()))
    feature.setGeometry(shape)
    if not layer.dataProvider().addFeatures([feature])[0]:
        raise DgoError("problems.plan_area_empty", layer=NAME)
    layer.updateExtents()
    return snapshot(layer)


def write_design(path: Path, crs: str, scene: Scene) -> Path:
    """The schematic design as a layer ``design``: what is given and what is assumed, which stands
    in the field ``assumed``. Scored as it is, it gives the same marks."""
    s = scene.surfaces
    rows = np.flatnonzero((s.layer == NAME) & ~s.current)
    said = {int(k): _words(scene, int(k)) for k in rows}

    def kept(name: str) -> np.ndarray:
        """(rows,) a value of the piece itself, no default of the typology."""
        own = np.array([not s.assumed[name][k] or name in said[int(k)] for k in rows], bool)
        there = np.array([v is not None and v == v for v in s.fields[name][rows]], bool)
        return own & there

    columns = {name: kept(name) for name in FIELDS}
    columns = {name: mask for name, mask in columns.items() if mask.any()}
    kinds = {"function": "text", **{n: _kind(n) for n in columns}, ASSUMED: "text"}

    def values(k: int, row: int) -> dict[str, Any]:
        found = {n: s.fields[n][row] for n, mask in columns.items() if mask[k]}
        words = " ".join(said[row])
        return {"function": str(s.function[row]), **found, ASSUMED: words or None}

    shapes = [s.footprints.wkb(int(k), scene.origin) for k in rows]
    table = Table("design", kinds, [(w, values(i, int(k)))
                                    for i, (w, k) in enumerate(zip(shapes, rows))])  # fmt: skip
    path = path if path.suffix else path.with_suffix(".gpkg")
    return write_map(path, crs, [table])


def _words(scene: Scene, row: int) -> list[str]:
    """What the layout itself called assumed; defaults of the typology follow anyway."""
    return scene.surfaces.said.get(row, "").split()


def _kind(name: str) -> str:
    return "flag" if name in BOOL_FIELDS else "number" if name in NUMERIC_FIELDS else "text"
