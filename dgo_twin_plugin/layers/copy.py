"""Copies of layers in files of their own: what lies near a plan, with everything it says.

The copy keeps the coordinate system, the field names and the values of its source; curves become
lines, heights of points in a geometry are dropped. Sources are snapshots: a worker may read them.
"""

from __future__ import annotations

import math
from pathlib import Path

from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsRasterFileWriter,
    QgsRasterPipe,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsWkbTypes,
)

from ..engine.clean import quiet
from ..engine.words import DgoError
from .fields import text_field
from .plane import require_crs
from .read import RasterInput, Tick, VectorInput, plain

_KIND = QgsWkbTypes.GeometryType
_TYPES = {
    _KIND.PolygonGeometry: QgsWkbTypes.Type.MultiPolygon,
    _KIND.LineGeometry: QgsWkbTypes.Type.MultiLineString,
    _KIND.PointGeometry: QgsWkbTypes.Type.Point,
}
REACH = 3  # cells around the window of a raster, as reading asks for


def moved(
    box: QgsRectangle,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    transforms: QgsCoordinateTransformContext,
    layer: str,
) -> QgsRectangle:
    """A box in another CRS. Raises DgoError naming the layer where that cannot be done."""
    if source == target:
        return QgsRectangle(box)
    try:
        return QgsCoordinateTransform(source, target, transforms).transformBoundingBox(box)
    except QgsCsException as error:
        raise DgoError("problems.untransformable", layer=layer, detail=str(error)) from error


def copy_vector(
    given: VectorInput,
    target: Path,
    table: str,
    box: QgsRectangle,
    transforms: QgsCoordinateTransformContext,
    tick: Tick,
) -> int:
    """Write the features whose box meets ``box`` (CRS of the layer) to a table of a GeoPackage;
    returns how many. The table is made also where there are none."""
    require_crs(given.crs, given.name)
    own = given.source.fields() if hasattr(given.source, "fields") else _texts(given.fields)
    kept = [i for i, f in enumerate(own) if f.name().lower() != "fid"]
    fields = QgsFields()
    for i in kept:
        fields.append(QgsField(own.at(i)))
    kind = _TYPES.get(given.shape, QgsWkbTypes.Type.Unknown)
    writer = create(target, table, fields, kind, given.crs, transforms)
    request = QgsFeatureRequest().setFilterRect(box)
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    count = 0
    try:
        for number, feature in enumerate(given.source.getFeatures(request)):
            if number % 200 == 0:
                tick()
            values = feature.attributes()
            row = [values[i] if i < len(values) else None for i in kept]
            geometry = feature.geometry()
            if geometry.isNull():
                continue
            parts = [geometry] if kind == QgsWkbTypes.Type.Unknown else geometry.coerceToType(kind)
            for part in parts:
                made = QgsFeature(fields)
                made.setAttributes(row)
                made.setGeometry(part)
                add(writer, made, target)
                count += 1
    finally:
        del writer
    return count


def _texts(names: list[str]) -> QgsFields:
    fields = QgsFields()
    for name in names:
        fields.append(text_field(name))
    return fields


def create(
    target: Path,
    table: str,
    fields: QgsFields,
    kind: QgsWkbTypes.Type,
    crs: QgsCoordinateReferenceSystem,
    transforms: QgsCoordinateTransformContext,
) -> QgsVectorFileWriter:
    """A writer of a table of a GeoPackage, added to the file where that is there already."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", table
    action = QgsVectorFileWriter.ActionOnExistingFile
    options.actionOnExistingFile = (
        action.CreateOrOverwriteLayer if target.exists() else action.CreateOrOverwriteFile
    )
    writer = QgsVectorFileWriter.create(str(target), fields, kind, crs, transforms, options)
    if writer.hasError():
        detail = writer.errorMessage()
        del writer
        raise DgoError("problems.template_write", file=str(target), detail=detail)
    return writer


def add(writer: QgsVectorFileWriter, feature: QgsFeature, target: Path) -> None:
    """Write one feature. Raises DgoError where the disk or the file refuses it."""
    if not writer.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
        raise DgoError(
            "problems.template_write", file=str(target), detail=writer.errorMessage() or "?"
        )


def copy_raster(
    given: RasterInput, target: Path, box: QgsRectangle, transforms: QgsCoordinateTransformContext
) -> bool:
    """Write the cells that meet ``box`` (CRS of the raster), unchanged, to a GeoTIFF; False where
    there are none. Values that the layer calls empty are empty in the copy."""
    require_crs(given.crs, given.name)
    provider = given.layer.dataProvider()
    if provider.name() == "gdal" and not given.empty:
        return _by_gdal(provider.dataSourceUri(), given, target, box)
    common = box.intersect(given.layer.extent())
    if common.isEmpty():
        return False
    wide, high = given.layer.rasterUnitsPerPixelX(), given.layer.rasterUnitsPerPixelY()
    columns = max(1, math.ceil(common.width() / wide)) if wide > 0 else 512
    rows = max(1, math.ceil(common.height() / high)) if high > 0 else 512
    pipe = QgsRasterPipe()
    if not pipe.set(provider.clone()):
        raise DgoError("problems.layer_not_readable", layer=given.name)
    writer = QgsRasterFileWriter(str(target))
    code = writer.writeRaster(pipe, columns, rows, common, given.crs, transforms)
    none = getattr(QgsRasterFileWriter, "WriterError", QgsRasterFileWriter)
    if code != none.NoError:
        raise DgoError("problems.template_write", file=str(target), detail=str(code))
    return True


def _by_gdal(source: str, given: RasterInput, target: Path, box: QgsRectangle) -> bool:
    with quiet():
        dataset = gdal.Open(source)
    if dataset is None:
        raise DgoError("problems.layer_not_readable", layer=given.name)
    x0, dx, turn, y0, tilt, dy = dataset.GetGeoTransform()
    if turn or tilt or dx <= 0 or dy >= 0:
        window = (0, 0, dataset.RasterXSize, dataset.RasterYSize)  # turned: taken as a whole
    else:
        c0 = max(0, math.floor((box.xMinimum() - x0) / dx) - REACH)
        c1 = min(dataset.RasterXSize, math.ceil((box.xMaximum() - x0) / dx) + REACH)
        r0 = max(0, math.floor((y0 - box.yMaximum()) / -dy) - REACH)
        r1 = min(dataset.RasterYSize, math.ceil((y0 - box.yMinimum()) / -dy) + REACH)
        if c1 <= c0 or r1 <= r0:
            return False
        window = (c0, r0, c1 - c0, r1 - r0)
    with quiet():
        made = gdal.Translate(
            str(target), dataset, format="GTiff", srcWin=window, stats=False,
            creationOptions=["COMPRESS=DEFLATE", "TILED=YES"],
        )  # fmt: skip
    if made is None:
        raise DgoError("problems.template_write", file=str(target), detail=gdal.GetLastErrorMsg())
    del made  # closes the file
    return True


__all__ = ["copy_raster", "copy_vector", "create", "add", "moved", "plain"]
