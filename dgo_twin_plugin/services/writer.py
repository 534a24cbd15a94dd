"""What a service delivers, into a GeoPackage or GeoTIFF, piece by piece. No network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsVectorFileWriter,
    QgsWkbTypes,
)

from ..engine.clean import quiet
from ..engine.roles import roles
from ..engine.words import DgoError
from ..layers.fields import number_field, text_field, whole_field, yes_no_field
from ..layers.read import plain
from .catalogue import Service

_KIND = {
    "polygon": QgsWkbTypes.Type.MultiPolygon,
    "line": QgsWkbTypes.Type.MultiLineString,
    "point": QgsWkbTypes.Type.MultiPoint,
}
# The numbers of QMetaType, the same in Qt 5 and 6: other types (dates, lists) are kept as text.
_FIELD = {
    1: yes_no_field, **dict.fromkeys((2, 3, 4, 5), whole_field),
    **dict.fromkeys((6, 38), number_field),
}  # fmt: skip


class LayerWriter:
    """One saved layer: fields as delivered, and a canonical column where terms are translated.

    Single, curved and three-dimensional geometry becomes multi, straight and flat. Features of
    another kind than the layer's are counted in ``others``, terms without translation in
    ``strange``.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        service: Service,
        crs: QgsCoordinateReferenceSystem,
        fields: QgsFields,
        wkb_type: Any,
        transforms: QgsCoordinateTransformContext,
    ) -> None:
        self.path, self.name, self.crs, self.transforms = path, name, crs, transforms
        self.count = self.others = 0
        self.strange: dict[str, int] = {}
        self._terms = [
            (canonical, fields.lookupField(service.fields[canonical]), terms)
            for canonical, terms in service.values.items()
        ]
        self._fields = QgsFields()
        self._as_text: list[bool] = []
        for k in range(fields.count()):
            kind = fields.at(k).type()
            make = _FIELD.get(int(getattr(kind, "value", kind)), text_field)
            self._as_text.append(make is text_field)
            self._fields.append(make(fields.at(k).name()))
        self._column: dict[str, int] = {}
        for canonical, _, _ in self._terms:
            if self._fields.lookupField(canonical) < 0:
                self._fields.append(text_field(canonical))
            self._column[canonical] = self._fields.lookupField(canonical)
        flat = QgsWkbTypes.flatType(wkb_type)
        role = roles().get(service.role)
        self._type = None if flat == QgsWkbTypes.Type.Unknown else _multi(flat)
        if self._type is None and role is not None:
            self._type = _KIND.get(role.geometry)
        self._writer: QgsVectorFileWriter | None = None

    def add(self, feature: QgsFeature) -> None:
        """Write one feature. Raises DgoError where the file does not take it."""
        shape = self._shape(feature.geometry())
        if shape is None:
            return
        values = [self._value(k, v) for k, v in enumerate(feature.attributes())]
        values += [None] * (self._fields.count() - len(values))
        for canonical, index, terms in self._terms:
            own = plain(feature.attribute(index)) if index >= 0 else None
            if own is not None and str(own) not in terms:
                self.strange[str(own)] = self.strange.get(str(own), 0) + 1
            values[self._column[canonical]] = None if own is None else terms.get(str(own))
        made = QgsFeature(self._fields)
        made.setGeometry(shape)
        made.setAttributes(values)
        writer = self._open()
        if not writer.addFeature(made, QgsFeatureSink.Flag.FastInsert):
            raise DgoError("errors.service.write", file=self.path.name, why=writer.errorMessage())
        self.count += 1

    def close(self) -> None:
        """Finish the layer; an empty one is written too: it says that there is nothing."""
        writer = self._open()
        if not writer.flushBuffer():
            raise DgoError("errors.service.write", file=self.path.name, why=writer.errorMessage())
        self._writer = None

    def release(self) -> None:
        """Let go of the file, finished or not."""
        self._writer = None

    def _value(self, index: int, value: Any) -> Any:
        if not self._as_text[index]:
            return value
        if isinstance(value, (list, dict)):
            return json.dumps(value, ensure_ascii=False, default=str)
        found = plain(value)
        return None if found is None else str(found)

    def _shape(self, geometry: QgsGeometry) -> QgsGeometry | None:
        if geometry.isNull() or geometry.isEmpty():
            self.others += 1
            return None
        if self._type is None:
            self._type = _multi(QgsWkbTypes.flatType(geometry.wkbType()))
        kind = QgsWkbTypes.geometryType(self._type)
        if geometry.type() == kind:
            parts = [geometry]
        elif geometry.type() == QgsWkbTypes.GeometryType.UnknownGeometry:  # a collection
            parts = [g for g in geometry.asGeometryCollection() if g.type() == kind]
        else:
            parts = []
        shapes = [made for part in parts for made in part.coerceToType(self._type)]
        if not shapes:
            self.others += 1
            return None
        return shapes[0] if len(shapes) == 1 else QgsGeometry.collectGeometry(shapes)

    def _open(self) -> QgsVectorFileWriter:
        if self._writer is None:
            options = QgsVectorFileWriter.SaveVectorOptions()
            options.driverName = "GPKG"
            options.layerName = self.name
            options.layerOptions = ["FID=dgo_fid", "GEOMETRY_NAME=geom"]  # 'fid' may be theirs
            of = QgsVectorFileWriter.ActionOnExistingFile
            options.actionOnExistingFile = (
                of.CreateOrOverwriteLayer if self.path.exists() else of.CreateOrOverwriteFile
            )
            kind = self._type if self._type is not None else QgsWkbTypes.Type.MultiPolygon
            self._writer = QgsVectorFileWriter.create(
                str(self.path), self._fields, kind, self.crs, self.transforms, options
            )
            if self._writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
                raise DgoError("errors.service.write", file=self.path.name,
                               why=self._writer.errorMessage())  # fmt: skip
        return self._writer


class RasterWriter:
    """A GeoTIFF of one band of 32 bits, written part by part; no data is NaN."""

    def __init__(
        self, path: Path, columns: int, rows: int, frame: tuple[float, ...],
        crs: QgsCoordinateReferenceSystem,
    ) -> None:  # fmt: skip
        self.path = path

        def create() -> Any:
            made = gdal.GetDriverByName("GTiff").Create(
                str(path), columns, rows, 1, gdal.GDT_Float32,
                ["COMPRESS=DEFLATE", "TILED=YES", "BIGTIFF=IF_SAFER"])  # fmt: skip
            if made is not None:
                made.SetGeoTransform(frame)
                made.SetProjection(crs.toWkt())
                made.GetRasterBand(1).SetNoDataValue(float("nan"))
            return made

        self._data = self._must(create, lambda made: made is not None)

    def add(self, values: np.ndarray, column: int, row: int) -> None:
        """Write a part with this upper left cell."""
        band = self._data.GetRasterBand(1)
        self._must(lambda: band.WriteArray(values, column, row), lambda code: not code)

    def close(self) -> None:
        self._must(lambda: self._data.FlushCache(), lambda code: not code)
        self._data = None

    def _must(self, work: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        try:  # GDAL raises where somebody told it to, else it answers
            with quiet():
                made = work()
                if good(made):
                    return made
                why = gdal.GetLastErrorMsg()
        except RuntimeError as error:
            why = str(error)
        raise DgoError("errors.service.write", file=self.path.name, why=why)


def _multi(flat: Any) -> Any:
    """The straight, flat multi type of a type; None of a collection or of none."""
    kind = QgsWkbTypes.geometryType(flat)
    of = QgsWkbTypes.GeometryType
    found = {of.PolygonGeometry: "polygon", of.LineGeometry: "line", of.PointGeometry: "point"}
    return _KIND.get(found.get(kind, ""))
