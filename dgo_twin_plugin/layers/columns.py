"""A table of a GeoPackage read column by column, where that gives what reading it feature by
feature gives.

Most designs are a large table of a GeoPackage with nothing in between: no unsaved edit, filter,
join or virtual field, in the plane itself. GDAL (3.6 and later) hands such a table over in columns,
ten times as fast as QGIS its features. Whatever is not plain (another kind of value or geometry
than those below, an older GDAL, a file that cannot be opened) is left to QGIS, which reads all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from osgeo import gdal, ogr
from qgis.core import QgsProviderRegistry, QgsVectorLayer

from ..engine.clean import quiet

AT_ONCE = 500  # features: then the user may stop
_KINDS = {ogr.OFTInteger, ogr.OFTInteger64, ogr.OFTReal, ogr.OFTString}
# int, longer int, double and text: the numbers of QMetaType, the same in Qt 5 and 6
_FIELDS = {2, 4, 6, 10}
# points, lines and polygons and many of them, flat, little-endian: as QGIS gives them again
_SHAPES = {b"\x01" + bytes([kind, 0, 0, 0]) for kind in range(1, 7)}
_EMPTY = 9  # bytes: of a shape of no parts

Table = tuple[list[int], list[Any], list[list[Any]]]  # ids, WKB, columns


@dataclass(frozen=True)
class Place:
    """Where the features of a snapshot stand, all of them and as they are."""

    source: Any  # the snapshot that they are: another one may hold fewer, or edits
    path: str
    name: str
    plain: frozenset[str]  # fields of which the values are numbers or text


def place_of(layer: QgsVectorLayer, source: Any, apart: bool) -> Place | None:
    """The table of a layer; None where the layer shows anything else than that. ``apart``: no
    field comes from elsewhere."""
    provider = layer.dataProvider()
    if (not apart or layer.isEditable() or layer.subsetString() or layer.providerType() != "ogr"
            or provider.storageType() != "GPKG"):  # fmt: skip
        return None
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    path, name = parts.pop("path", None), parts.pop("layerName", None)
    if not path or not name or any(parts.values()):
        return None
    kinds = {f.name(): f.type() for f in provider.fields()}
    plain = frozenset(name for name, kind in kinds.items()
                      if int(getattr(kind, "value", kind)) in _FIELDS)  # fmt: skip
    return Place(source, str(path), str(name), plain)


def read_table(place: Place, names: Sequence[str], tick: Callable[[], None] | None,
               ) -> Table | None:  # fmt: skip
    """All features, the columns ``names`` of them; None where they are to be read one by one."""
    if not hasattr(ogr.Layer, "GetArrowStreamAsNumPy") or not place.plain.issuperset(names):
        return None
    with quiet():
        try:
            found = _read(place, names, tick)
        # QGIS says what is wrong, or knows better; a SystemError is GDAL's bindings at odds with
        # themselves (seen with GDAL 3.10 on Python 3.13, once in thousands of tables)
        except (RuntimeError, SystemError, UnicodeDecodeError):
            return None
    return found


def _read(place: Place, names: Sequence[str], tick: Callable[[], None] | None) -> Table | None:
    base = gdal.OpenEx(place.path, gdal.OF_VECTOR | gdal.OF_READONLY)
    layer = None if base is None else base.GetLayerByName(place.name)
    if layer is None:
        return None
    described = layer.GetLayerDefn()
    kinds = {}
    for nth in range(described.GetFieldCount()):
        field = described.GetFieldDefn(nth)
        kinds[field.GetName()] = field.GetType() if field.GetSubType() == ogr.OFSTNone else None
    shape = layer.GetGeometryColumn()
    if (any(kinds.get(name) not in _KINDS for name in names) or not layer.GetFIDColumn()
            or described.GetGeomFieldCount() != 1 or shape in kinds):  # fmt: skip
        return None
    layer.SetIgnoredFields([name for name in kinds if name not in names])
    ids: list[int] = []
    wkb: list[Any] = []
    columns: list[list[Any]] = [[] for _ in names]
    texts: dict[Any, str] = {}  # of equal texts one is kept
    stream = layer.GetArrowStreamAsNumPy(
        ["INCLUDE_FID=YES", "USE_MASKED_ARRAYS=YES", f"MAX_FEATURES_IN_BATCH={AT_ONCE}"]
    )
    if stream is None:
        return None
    for batch in stream:
        if tick is not None:
            tick()
        ids += batch[layer.GetFIDColumn()].tolist()
        wkb += batch[shape].tolist()
        for column, name in zip(columns, names):
            values = batch[name].tolist()
            if kinds[name] == ogr.OFTString:
                for each in set(values) - texts.keys() - {None}:
                    texts[each] = each.decode() if isinstance(each, bytes) else str(each)
                values = [None if v is None else texts[v] for v in values]
            column += values
    drawn = [w for w in wkb if w is not None]
    if {w[:5] for w in drawn} - _SHAPES or min(map(len, drawn), default=_EMPTY + 1) <= _EMPTY:
        return None
    return ids, wkb, columns
