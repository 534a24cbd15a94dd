"""Other algorithms that a start calls, and the layers that come out of them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsCoordinateTransformContext,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsVectorLayer,
)

from ..engine.mapping import load_mapping
from ..engine.twin import LayerEntry, Twin
from ..engine.words import Cancelled, DgoError
from ..project.roles import ENTRY, ROLE


def inside(entry: LayerEntry, twin: Twin, folder: Path) -> str:
    """The layer of an entry, its file relative to the folder."""
    resolved = entry.resolved(twin.folder)
    file = resolved.partition("|")[0]
    try:
        return Path(file).relative_to(folder).as_posix() + resolved[len(file):]
    except ValueError:
        return resolved


def current_entry(layer: QgsVectorLayer) -> LayerEntry:
    """How a layer of the current situation is read: as the project says, by its field
    ``function``, or as the BGT. Raises DgoError where none of these fits."""
    said = str(layer.customProperty(ROLE) or "")
    if said == "current" and layer.customProperty(ENTRY):
        block = json.loads(str(layer.customProperty(ENTRY)))
        names = {f.name for f in dataclasses.fields(LayerEntry)}
        own = {k: v for k, v in block.items() if k in names and k not in ("layer", "extra", "line")}
        return LayerEntry(layer.name(), **own)
    fields = {f.name().lower() for f in layer.fields()}
    if "function" in fields:
        return LayerEntry(layer.name(), function="function")
    known = load_mapping("bgt", None).get("layers") or {}
    plain = layer.name().lower().replace(" ", "_")
    if any(plain == str(k).lower() or plain.endswith(f"_{str(k).lower()}") for k in known):
        return LayerEntry(layer.name(), mapping="bgt")
    raise DgoError("errors.start.current", layer=layer.name())


def count_of(folder: Path, entry: LayerEntry) -> int:
    """Features of a layer of the current situation; 0 where it is not there."""
    layer = QgsVectorLayer(_uri(entry.resolved(folder)), "count", "ogr")
    return max(0, layer.featureCount()) if layer.isValid() else 0


def _uri(resolved: str) -> str:
    file, bar, name = resolved.partition("|")
    return f"{file}|layername={name.replace('layername=', '')}" if bar else file


def available(name: str) -> bool:
    """Whether an algorithm of the plugin is there."""
    return QgsApplication.processingRegistry().algorithmById(f"dgo:{name}") is not None


def child(
    name: str, parameters: dict[str, Any], feedback: QgsProcessingFeedback,
    transforms: QgsCoordinateTransformContext,
) -> dict[str, Any]:  # fmt: skip
    """Run another algorithm of the plugin here and now. Raises Cancelled, and DgoError with what
    it said."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"dgo:{name}")
    context = QgsProcessingContext()
    context.setTransformContext(transforms)
    good, message = algorithm.checkParameterValues(parameters, context)
    if not good:
        raise DgoError("errors.start.step", what=algorithm.displayName(), why=message)
    try:
        results, good = algorithm.run(parameters, context, feedback, {}, False)
    except QgsProcessingException as error:
        raise DgoError("errors.start.step", what=algorithm.displayName(), why=str(error)) from error
    if feedback.isCanceled():
        raise Cancelled
    if not good:
        raise DgoError("errors.start.step", what=algorithm.displayName(), why="")
    return dict(results)
