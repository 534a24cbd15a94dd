"""What the shared parameters name, gathered: design, map, twin, profile, date."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from qgis.core import (
    QgsFeatureSource,
    QgsProcessingContext,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..engine.norms import Profile, load_profile
from ..engine.twin import DEFAULT_PROFILE, Twin, load_twin
from ..engine.words import DgoError
from ..layers.gather import Inputs, gather
from ..layers.plane import require_crs
from ..layers.read import VectorInput, public_source, snapshot
from ..project.roles import project_twin

TYPE_FIELDS = ("type", "gebiedstype", "gebiedstyp", "area_type")


def twin_of(algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext) -> Twin:
    """The twin file where one is named, else what the project remembers."""
    path = algorithm.parameterAsFile(parameters, "TWIN", context)
    project = context.project()
    kept = project_twin(project) if project is not None else Twin()
    if not path:
        return kept
    twin = load_twin(path)
    return dataclasses.replace(
        twin,
        design=twin.design or kept.design,
        area_types=twin.area_types or kept.area_types,
        plan_area=twin.plan_area or kept.plan_area,
        context={**kept.context, **twin.context},
        profile=twin.profile or kept.profile,
    )


def collect(algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext) -> Inputs:
    """Snapshots of everything a run reads; main thread. Raises DgoError where something needed
    is absent or cannot be what it is given for."""
    twin = twin_of(algorithm, parameters, context)
    given = {
        "design": _source(algorithm, parameters, "DESIGN", context),
        "design_extra": [_checked(snapshot(layer)) for layer in
                         algorithm.parameterAsLayerList(parameters, "DESIGN_EXTRA", context)
                         if isinstance(layer, QgsVectorLayer)],
        "area_types": _source(algorithm, parameters, "AREA_TYPES", context),
        "plan_area": _source(algorithm, parameters, "PLAN_AREA", context),
    }  # fmt: skip
    inputs = gather(twin, context.project(), given)
    if not inputs.design and not inputs.current:
        raise DgoError("algorithms.need.design")
    if not inputs.area_types:
        raise DgoError("algorithms.need.area_types")
    fields = algorithm.parameterAsFields(parameters, "AREA_TYPE_FIELD", context)
    for k, one in enumerate(inputs.area_types):
        if fields:
            inputs.area_types[k] = dataclasses.replace(one, entry={**one.entry, "type": fields[0]})
        elif not one.entry.get("type"):
            found = next((f for f in one.fields if f.lower() in TYPE_FIELDS), None)
            if found is None:
                raise DgoError("algorithms.need.field", layer=one.name)
            inputs.area_types[k] = dataclasses.replace(one, entry={**one.entry, "type": found})
    return inputs


def _source(algorithm: Any, parameters: dict[str, Any], name: str,
            context: QgsProcessingContext) -> list[VectorInput]:  # fmt: skip
    """The input of a feature-source parameter: selection, filter and unsaved edits respected."""
    if parameters.get(name) in (None, ""):
        return []
    source = algorithm.parameterAsSource(parameters, name, context)
    if source is None:
        raise DgoError("problems.layer_not_readable", layer=str(parameters[name]))
    layer = algorithm.parameterAsVectorLayer(parameters, name, context)
    notes, origin = [], ""
    if layer is not None:
        taken = snapshot(layer)
        notes, origin = list(taken.notes), public_source(layer)
    if getattr(parameters[name], "selectedFeaturesOnly", False):
        notes.append("selection")
    return [_checked(VectorInput(
        source.sourceName() or name, source, [f.name() for f in source.fields()],
        source.sourceCrs(), source.sourceExtent(), {}, notes, origin,
    ), source)]  # fmt: skip


def _checked(given: VectorInput, source: QgsFeatureSource | None = None) -> VectorInput:
    """Refuse before the run what cannot be read as ground: a sentence that names the layer."""
    source = source or given.source
    if hasattr(source, "wkbType"):
        geometry = QgsWkbTypes.geometryType(source.wkbType())
        if geometry == QgsWkbTypes.GeometryType.NullGeometry:
            raise DgoError("algorithms.need.surface", layer=given.name)
    require_crs(given.crs, given.name)
    if hasattr(source, "featureCount") and source.featureCount() == 0:
        raise DgoError("algorithms.need.filled", layer=given.name)
    return given


def profile_of(algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext,
               twin: Twin) -> Profile:  # fmt: skip
    """Parameter, else the twin's, else the shipped proposal."""
    named = algorithm.parameterAsString(parameters, "PROFILE", context).strip()
    return load_profile(named or twin.profile or DEFAULT_PROFILE)


def date_of(algorithm: Any, parameters: dict[str, Any], context: QgsProcessingContext,
            twin: Twin) -> datetime.date:  # fmt: skip
    """The assessment date: parameter, else the twin's, else today."""
    word = algorithm.parameterAsString(parameters, "ASSESSMENT_DATE", context).strip()
    if not word:
        return twin.assessment_date or datetime.date.today()
    try:
        return datetime.date.fromisoformat(word)
    except ValueError:
        raise DgoError("algorithms.need.date", value=word) from None
