"""What the shared parameters name, gathered: design, map, twin, profile, date."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsVectorLayer,
    QgsVectorLayerSelectedFeatureSource,
    QgsWkbTypes,
)

from ..engine.norms import Profile, load_profile
from ..engine.twin import (
    DEFAULT_PROFILE,
    LayerEntry,
    Twin,
    is_expression,
    load_twin,
    parse_ambitions,
    parse_weights,
)
from ..engine.words import DgoError, say
from ..layers.gather import Inputs, Steps, gather_steps, through
from ..layers.plane import require_crs
from ..layers.read import VectorInput, looked_at, snapshot
from ..project.mix import laid_over
from ..project.roles import project_twin

TYPE_FIELDS = ("type", "gebiedstype", "gebiedstyp", "area_type")


def twin_of(algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext) -> Twin:
    """The twin file where one is named, else what the project remembers."""
    path = algorithm.parameterAsFile(parameters, "TWIN", context)
    project = context.project()
    kept = laid_over(project_twin(project), project) if project is not None else Twin()
    if not path:
        return kept
    return over(load_twin(path), kept)


def over(twin: Twin, kept: Twin) -> Twin:
    """A twin file over what the project remembers: block by block, roles and terms one by one.
    Paths of the project keep their own folder."""

    def at(entry: LayerEntry) -> LayerEntry:
        return dataclasses.replace(entry, layer=entry.resolved(kept.folder))

    blocks = {
        name: getattr(twin, name) or getattr(kept, name)
        for name in (
            "profile",
            "ambitions",
            "scenario",
            "assessment_date",
            "indicators",
            "cell_size",
        )
    }
    weighing = twin if twin.weights or twin.theme_weights else kept  # one block of the file
    blocks.update(weights=weighing.weights, theme_weights=weighing.theme_weights)
    context = {role: tuple(map(at, entries)) for role, entries in kept.context.items()}
    return dataclasses.replace(
        twin,
        design=twin.design or tuple(map(at, kept.design)),
        functions={**kept.functions, **twin.functions},
        area_types=twin.area_types or (kept.area_types and at(kept.area_types)),
        plan_area=twin.plan_area or (kept.plan_area and at(kept.plan_area)),
        context={**context, **twin.context},
        **blocks,
    )


def collect(algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext) -> Inputs:
    """Snapshots of everything a run reads; main thread. Raises DgoError where something needed
    is absent or cannot be what it is given for."""
    twin = twin_of(algorithm, parameters, context)
    inputs, named = through(collect_steps(algorithm, parameters, context, twin))
    refuse(inputs, named)
    return inputs


def collect_steps(
    algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext, twin: Twin
) -> Steps[tuple[Inputs, bool]]:
    """The same in steps of one layer, but for what :func:`refuse` looks at: the inputs, and
    whether a parameter named the design."""
    given = {
        "design": source_of(algorithm, parameters, "DESIGN", context),
        "design_extra": layers_of(algorithm, parameters, "DESIGN_EXTRA", context),
        "area_types": source_of(algorithm, parameters, "AREA_TYPES", context),
        "plan_area": source_of(algorithm, parameters, "PLAN_AREA", context),
    }
    yield
    inputs = yield from gather_steps(twin, context.project(), given)
    if not inputs.design and not inputs.current:
        raise DgoError("algorithms.need.design")
    if not inputs.area_types:
        raise DgoError("algorithms.need.area_types")
    fields = algorithm.parameterAsFields(parameters, "AREA_TYPE_FIELD", context)
    inputs.area_types = [with_type(one, fields[0] if fields else "") for one in inputs.area_types]
    return inputs, bool(given["design"])


def with_type(given: VectorInput, field: str) -> VectorInput:
    """The map with the field that holds the type: named, or found by its name."""
    field = field or str(given.entry.get("type") or "")
    if not field:
        field = next((f for f in given.fields if f.lower() in TYPE_FIELDS), "")
        if not field:
            raise DgoError("algorithms.need.field", layer=given.name)
    return dataclasses.replace(given, entry={**given.entry, "type": field})


def refuse(inputs: Inputs, design_named: bool) -> None:
    """Refuse before the run what cannot be scored: a sentence that names the layer."""
    for role in ("area_types", "plan_area"):
        for one in getattr(inputs, role):
            problem = trouble(one, role)
            if problem is not None:
                raise problem
    ground = inputs.design or inputs.current
    role = "design" if inputs.design else "current"
    if design_named:
        first = trouble(ground[0], role)
        if first is not None:
            raise first
    found = [trouble(one, role) for one in ground]
    if found[0] is not None and None not in found:  # one layer with features is enough
        raise found[0]
    kinds = (QgsWkbTypes.GeometryType.PointGeometry, QgsWkbTypes.GeometryType.LineGeometry)
    if not inputs.current and not inputs.plan_area and all(one.shape in kinds for one in ground):
        raise DgoError(
            "algorithms.need.polygons", layer=ground[0].name, role=say(f"algorithms.role.{role}")
        )


def trouble(given: VectorInput, role: str) -> DgoError | None:
    """Why an input cannot play its part, or None. A layer that does not say where it is, or that
    is a mere table, is refused at once: raises ``DgoError``."""
    kind = QgsWkbTypes.GeometryType
    if given.shape == kind.NullGeometry:  # so QGIS also calls an empty layer of any geometry
        empty = given.count == 0
        raise DgoError(f"algorithms.need.{'filled' if empty else 'surface'}", layer=given.name)
    require_crs(given.crs, given.name)
    if given.count == 0:
        return DgoError("algorithms.need.filled", layer=given.name)
    if role in ("area_types", "plan_area") and given.shape in (
        kind.PointGeometry,
        kind.LineGeometry,
    ):
        return DgoError(
            "algorithms.need.polygons", layer=given.name, role=say(f"algorithms.role.{role}")
        )
    column = _column(given, role)
    if column and column not in given.fields:
        return DgoError(
            "algorithms.need.no_field",
            layer=given.name,
            field=column,
            known=", ".join(given.fields),
        )
    some, placed, filled = looked_at(given, column)
    if not some:
        return DgoError("algorithms.need.filled", layer=given.name)
    if not placed:
        return DgoError("algorithms.need.geometry", layer=given.name)
    if column and not filled:
        return DgoError("algorithms.need.values", layer=given.name, field=column)
    return None


def _column(given: VectorInput, role: str) -> str:
    """The field without which nothing of a layer can be scored; '' where no field is needed."""
    entry = given.entry
    if role == "area_types":
        named = str(entry.get("type") or "")
        return "" if is_expression(named) else named
    constant = isinstance(entry.get("functions"), str) and entry["functions"]
    if role == "plan_area" or entry.get("mapping") or constant:
        return ""
    named = str(entry.get("function") or "function")
    return "" if is_expression(named) else named


def layers_of(
    algorithm: Any, parameters: dict[str, Any], name: str, context: QgsProcessingContext,
    role: str = "design",
) -> list[VectorInput]:  # fmt: skip
    """The inputs of a parameter with several layers that play a role."""
    found = []
    for layer in algorithm.parameterAsLayerList(parameters, name, context):
        if not isinstance(layer, QgsVectorLayer):
            raise DgoError(
                "algorithms.need.vector", layer=layer.name(), role=say(f"algorithms.role.{role}")
            )
        found.append(snapshot(layer))
    return found


def source_of(
    algorithm: Any, parameters: dict[str, Any], name: str, context: QgsProcessingContext
) -> list[VectorInput]:
    """The input of a feature-source parameter: selection, filter and unsaved edits respected."""
    value = parameters.get(name)
    if value in (None, ""):
        return []
    source = algorithm.parameterAsSource(parameters, name, context)
    if source is None:
        raise DgoError("problems.layer_not_readable", layer=str(value))
    layer = algorithm.parameterAsVectorLayer(parameters, name, context)
    selected = bool(getattr(value, "selectedFeaturesOnly", False))
    limited = getattr(value, "featureLimit", -1) > 0
    expression = str(getattr(value, "filterExpression", "") or "")
    if layer is None or limited:  # a source that Processing made itself
        return [
            VectorInput(
                source.sourceName() or name,
                source,
                [f.name() for f in source.fields()],
                source.sourceCrs(),
                source.sourceExtent(),
                notes=["selection"] if selected else [],
                shape=QgsWkbTypes.geometryType(source.wkbType()),
                count=source.featureCount(),
            )
        ]
    # Processing's own source of a whole layer reads the layer itself, which a worker must not
    taken = snapshot(layer, {"filter": expression} if expression else None)
    if selected:
        taken.source, taken.count = (
            QgsVectorLayerSelectedFeatureSource(layer),
            source.featureCount(),
        )
        taken.notes.append("selection")
    return [taken]


def profile_of(
    algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext, twin: Twin
) -> Profile:
    """Parameter, else the twin's, else the shipped proposal."""
    named = algorithm.parameterAsString(parameters, "PROFILE", context).strip()
    return load_profile(named or twin.profile or DEFAULT_PROFILE)


def mixed(
    algorithm: Any,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    twin: Twin,
    profile: Profile,
) -> Twin:
    """The twin with the parameters AMBITIONS and WEIGHTS over it. A parameter that is given takes
    the place of the whole block, also where it is empty (``{}``): then the profile decides."""
    wishes = algorithm.parameterAsString(parameters, "AMBITIONS", context).strip()
    if wishes:
        twin = dataclasses.replace(twin, ambitions=parse_ambitions(wishes, profile, "AMBITIONS"))
    weighed = algorithm.parameterAsString(parameters, "WEIGHTS", context).strip()
    if weighed:
        own, themes = parse_weights(weighed, "WEIGHTS")
        twin = dataclasses.replace(twin, weights=own, theme_weights=themes)
    return twin


def date_of(
    algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext, twin: Twin
) -> datetime.date:
    """The assessment date: parameter, else the twin's, else today."""
    word = algorithm.parameterAsString(parameters, "ASSESSMENT_DATE", context).strip()
    if not word:
        return twin.assessment_date or datetime.date.today()
    try:
        return datetime.date.fromisoformat(word)
    except ValueError:
        raise DgoError("algorithms.need.date", value=word) from None
