"""QGIS layers -> raw layers of the engine, in the work plane, without touching the layers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsExpression,
    QgsFeatureRequest,
    QgsMapLayer,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QTime, QVariant

from ..engine.checks import Check
from ..engine.scene import RawLayer
from ..engine.twin import is_expression
from ..engine.words import IMPORTANT, DgoError
from ..store.target import is_database
from .columns import Place, place_of, read_table
from .computed import Computed
from .connections import PROVIDER, open_table
from .plane import Plane, require_crs

Tick = Callable[[], None]  # called now and then; raises engine.words.Cancelled


@dataclass
class VectorInput:
    """Something with features: a snapshot of a layer, or a source handed over by Processing."""

    name: str
    source: Any  # has getFeatures(request)
    fields: list[str]
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle
    entry: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # keys: unsaved, selection, filter, join
    origin: str = ""  # where the data stand: source without credentials, for provenance
    shape: int = QgsWkbTypes.GeometryType.UnknownGeometry  # points, lines, polygons, none
    count: int = -1  # features, -1 where the source does not know
    unordered: bool = False  # the source gives its features in any order: read by their id
    layer_id: str = ""  # of the layer that this is a snapshot of
    apart: bool = False  # every feature stands on its own: no join, no virtual field
    place: Place | None = None  # the table that this is, where it is just that


@dataclass
class RasterInput:
    """A raster layer of a role."""

    name: str
    layer: QgsRasterLayer
    crs: QgsCoordinateReferenceSystem
    entry: dict[str, Any] = field(default_factory=dict)
    origin: str = ""
    empty: list[tuple[float, float]] = field(default_factory=list)  # no data, set on the layer
    layer_id: str = ""


def snapshot(
    layer: QgsVectorLayer,
    entry: dict[str, Any] | None = None,
    extent: QgsRectangle | None = None,
) -> VectorInput:
    """A stable copy of what a layer holds now: unsaved edits, subset filter and joined fields
    included. It does not need the layer any more: a worker may read it while the layer changes or
    goes. ``extent``: what is taken for the layer's own, which QGIS works out of all features
    where one is edited."""
    if layer.isSpatial():
        require_crs(layer.crs(), layer.name())
    notes = []
    if layer.isEditable() and layer.isModified():
        notes.append("unsaved")
    if layer.subsetString():
        notes.append("filter")
    if layer.vectorJoins():
        notes.append("join")
    fields = layer.fields()
    virtual = fields.FieldOrigin.OriginExpression
    apart = "join" not in notes and not any(
        fields.fieldOrigin(i) == virtual for i in range(fields.count())
    )
    source = QgsVectorLayerFeatureSource(layer)
    return VectorInput(
        named(layer),
        source,
        [f.name() for f in fields],
        layer.crs(),
        layer.extent() if extent is None else extent,
        dict(entry or {}),
        notes,
        public_source(layer),
        layer.geometryType(),
        layer.featureCount(),
        layer.providerType() == PROVIDER,
        layer.id(),
        apart,
        place_of(layer, source, apart),
    )


def named(layer: QgsVectorLayer) -> str:
    """The name of a layer as people know it: as it is called in the project; of a layer that
    Processing opened from a file (and called after that file), the layer inside the file."""
    if QgsProject.instance().mapLayer(layer.id()) is None and layer.providerType() == "ogr":
        parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
        if parts.get("layerName") and layer.name() == Path(str(parts.get("path"))).stem:
            return str(parts["layerName"])
    return str(layer.name())


def public_source(layer: QgsMapLayer) -> str:
    """The layer's source without passwords: what may stand in an archive."""
    from qgis.core import QgsDataSourceUri

    source = layer.publicSource() if hasattr(layer, "publicSource") else layer.source()
    return str(QgsDataSourceUri.removePassword(source))


def open_entry(
    text: str,
    folder: Path | None,
    project: QgsProject | None,
    transforms: QgsCoordinateTransformContext,
) -> QgsMapLayer:
    """The layer that an entry of a twin file names: a layer of the project by id or name, else
    ``file|layer`` or ``file``, relative to the twin file, or ``PG:...|schema.table``. A file that
    the project is editing is read as it stands there, with what is not saved. Raises DgoError
    naming what was tried."""
    if project is not None:
        found = project.mapLayer(text) or next(iter(project.mapLayersByName(text)), None)
        if found is not None and found.isValid():
            return found
    if is_database(text):
        return open_table(text, transforms)
    file, _, name = text.partition("|")
    name = name.removeprefix("layername=")
    path = Path(file)
    if not path.is_absolute() and folder is not None:
        path = folder / path
    if project is not None:
        edited = _edited(project, path, name)
        if edited is not None:
            return edited
    if not path.exists() and "://" not in file and not file.startswith("/vsi"):
        raise DgoError("problems.file_not_found", file=str(path), layer=text)
    if path.suffix.lower() in {".tif", ".tiff", ".asc", ".vrt", ".img", ".nc"} and not name:
        raster = QgsRasterLayer(str(path), path.stem, "gdal")
        if raster.isValid():
            return raster
        raise DgoError("problems.layer_not_readable", layer=text)
    options = QgsVectorLayer.LayerOptions(transforms, False)
    uri = f"{path}|layername={name}" if name else str(path)
    vector = QgsVectorLayer(uri, name or path.stem, "ogr", options)
    if vector.isValid():
        return vector
    raster = QgsRasterLayer(str(path), name or path.stem, "gdal")
    if raster.isValid():
        return raster
    raise DgoError("problems.layer_not_readable", layer=text)


def _edited(project: QgsProject, path: Path, name: str) -> QgsMapLayer | None:
    """The layer of the project in which a file (or a layer of a file) is being edited; None where
    it is not. One with a filter shows less than the file holds."""
    wanted = os.path.normcase(os.path.normpath(path)), name
    found = []
    for layer in project.mapLayers().values():
        if not isinstance(layer, QgsVectorLayer) or not layer.isEditable():
            continue
        file, *options = str(layer.source()).split("|")
        inside = next((o[10:] for o in options if o.startswith("layername=")), "")
        if (os.path.normcase(os.path.normpath(file)), inside) != wanted or not layer.isValid():
            continue
        if layer.subsetString() or any(o.startswith("subset=") for o in options):
            continue
        found.append(layer)
    # in a fixed order, so that the same project gives the same layer
    found.sort(key=lambda layer: str(layer.id()))
    return found[0] if found else None


def read_vector(
    given: VectorInput,
    plane: Plane,
    transforms: QgsCoordinateTransformContext,
    wanted: Iterable[str] | None = None,
    box: QgsRectangle | None = None,
    checks: list[Check] | None = None,
    tick: Tick | None = None,
    fids: Iterable[int] | None = None,
) -> RawLayer:
    """Read all features, transformed into the work plane.

    ``wanted`` limits the fields (those the layer has), ``box`` the place (work plane), ``fids``
    the features (only without a filter; those that are not there are left out). A feature that
    cannot be transformed becomes a check and has no geometry.
    """
    require_crs(given.crs, given.name)
    limit = None if wanted is None else set(wanted)
    names = [f for f in given.fields if limit is None or f in limit]
    if box is None and fids is None and given.crs == plane.crs and not given.entry.get("filter"):
        whole = _whole(given, names, limit or set(), tick)
        if whole is not None:
            return whole
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    index = [given.fields.index(f) for f in names]
    made = Computed(given.name, given.source, given.entry, wanted or ())
    request.setSubsetOfAttributes(sorted({*index, *made.needed}))
    if given.crs != plane.crs:
        request.setDestinationCrs(plane.crs, transforms)
    if box is not None:
        request.setFilterRect(box)
    if fids is not None:
        request.setFilterFids(list(fids))
    _filter(request, given)
    fids: list[int] = []
    wkb: list[bytes | None] = []
    columns: list[list[Any]] = [[] for _ in index]
    for count, feature in enumerate(given.source.getFeatures(request)):
        if tick is not None and count % 500 == 0:
            tick()
        fids.append(feature.id())
        geometry = feature.geometry()
        wkb.append(None if geometry.isNull() else geometry.asWkb().data())
        attributes = feature.attributes()
        for column, i in zip(columns, index):
            column.append(attributes[i] if i < len(attributes) else None)
        made.add(feature)
    names, columns = names + made.names, columns + made.values
    if given.unordered:  # the order decides which of two overlapping features keeps the ground
        order = sorted(range(len(fids)), key=fids.__getitem__)
        fids, wkb = [fids[i] for i in order], [wkb[i] for i in order]
        columns = [[column[i] for i in order] for column in columns]
    if checks is not None:
        lost = _lost(given, plane, fids, wkb)
        checks.extend(
            Check("untransformable", IMPORTANT, "feature", given.name, fid) for fid in lost
        )
        checks.extend(made.checks())
    read = {
        name: [v if type(v) in _PLAIN else None if type(v) is QVariant and v.isNull() else plain(v)
               for v in column]
        for name, column in zip(names, columns)
    }
    return RawLayer(
        given.name, np.array(fids, np.int64), wkb, read, given.entry, ",".join(given.notes)
    )


def _whole(
    given: VectorInput, names: list[str], wanted: set[str], tick: Tick | None
) -> RawLayer | None:
    """All features of a plain table, in columns; None where they are read one by one."""
    # whoever reads other features than those of the snapshot has put another source in its place
    if given.place is None or given.place.source is not given.source:
        return None
    if any(is_expression(name) for name in wanted):
        return None
    table = read_table(given.place, names, tick)
    if table is None:
        return None
    ids, wkb, columns = table
    return RawLayer(given.name, np.array(ids, np.int64), wkb, dict(zip(names, columns)),
                    given.entry, ",".join(given.notes))  # fmt: skip


def _lost(
    given: VectorInput, plane: Plane, fids: list[int], wkb: list[bytes | None]
) -> list[int]:
    """The features that have a geometry, but none in the work plane. (QGIS would tell by itself,
    but in 3.22 its call back into Python fails.)"""
    gone = [fid for fid, one in zip(fids, wkb) if one is None]
    if not gone or given.crs == plane.crs:
        return []
    request = QgsFeatureRequest().setSubsetOfAttributes([]).setFilterFids(gone)
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    drawn = {f.id() for f in given.source.getFeatures(request) if not f.geometry().isNull()}
    return [fid for fid in gone if fid in drawn]


_PLAIN = {int, float, str, bool, type(None)}  # taken as they are: nearly every value of a layer


def plain(value: Any) -> Any:
    """A field's value as plain Python; NULL in all its forms is None."""
    if isinstance(value, QVariant):
        return None if value.isNull() else plain(value.value())
    if value is None or isinstance(value, (int, float, str)):
        return value
    if isinstance(value, QDate):
        return value.toString("yyyy-MM-dd") if value.isValid() else None
    if isinstance(value, (QDateTime, QTime)):
        return value.toString("yyyy-MM-ddTHH:mm:ss") if value.isValid() else None
    return str(value)


def _filter(request: QgsFeatureRequest, given: VectorInput) -> None:
    """The filter that the entry of a layer asks for. Raises DgoError where it is no expression."""
    expression = given.entry.get("filter")
    if not expression:
        return
    parsed = QgsExpression(str(expression))
    if parsed.hasParserError():
        raise DgoError(
            "problems.bad_filter",
            layer=given.name,
            filter=str(expression),
            detail=parsed.parserErrorString(),
        )
    request.setFilterExpression(str(expression))


def looked_at(given: VectorInput, column: str = "") -> tuple[bool, bool, bool]:
    """Whether an input has a feature, one with a geometry, and one that also has a value in
    ``column``. Stops at the first that has all, so this costs nothing on a sound layer."""
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    index = given.fields.index(column) if column in given.fields else -1
    request.setSubsetOfAttributes([index] if index >= 0 else [])
    _filter(request, given)
    some = placed = False
    for feature in given.source.getFeatures(request):
        some = True
        if feature.geometry().isNull():
            continue
        placed = True
        value = plain(feature.attribute(index)) if index >= 0 else None
        if not column or (value is not None and str(value).strip()):
            return True, True, True
    return some, placed, False
