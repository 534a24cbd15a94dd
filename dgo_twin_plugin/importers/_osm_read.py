"""Objects of OpenStreetMap from what GDAL reads: PBF, .osm, and tables made from those.

PBF and .osm are read once from front to back (interleaved), with GDAL's index of nodes in a
folder of our own that goes afterwards. Which closed ways are areas is decided by the mapping, on
the lines that GDAL gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from osgeo import gdal, ogr, osr

from ..engine.clean import quiet
from ..engine.words import DgoError
from ._archive import check_xml, head, looks_like_html
from ._folder import scratch
from ._osm_rules import Rules
from ._package import Request

_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)')
_LAYERS = ("points", "lines", "multilinestrings", "multipolygons", "other_relations")
# Geofabrik writes yes and no as T and F, and 0 where it knows no number
_GEOFABRIK = {"bridge": {"T": "yes"}, "tunnel": {"T": "yes"}}
_THEME = re.compile(r"^(?:gis[._]?osm[._])?(.+?)(?:_a)?(?:_free)?(?:_\d+)?$")


class Thing(NamedTuple):
    """One object as it was read."""

    layer: str
    id: str
    tags: dict[str, str]
    geometry: ogr.Geometry


class Source(NamedTuple):
    """An opened file: its coordinate system and its objects."""

    srs: osr.SpatialReference
    things: Iterator[Thing]


def hstore(word: str | None) -> dict[str, str]:
    """The tags in a field ``other_tags`` or ``all_tags``."""
    return {_plain(key): _plain(value) for key, value in _TAG.findall(word or "")}


def _plain(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word)


@contextmanager
def opened(path: Path, rules: Rules, request: Request) -> Iterator[Source]:
    """Open a file of any of these kinds. Raises DgoError where it is none of them."""
    start = head(path)
    if not start:
        raise DgoError("errors.import.empty_file", path=str(path))
    if looks_like_html(start):
        raise DgoError("errors.import.html", path=str(path))
    if start.startswith(b"SQLite format 3") or path.suffix.lower() == ".shp":
        with _tables(path, rules, request) as source:
            yield source
        return
    if b"OSMHeader" not in start[:64]:
        _space, tag = check_xml(path)
        if tag != "osm":
            raise DgoError("errors.import.osm_not", path=str(path))
    with _stream(path, request) as source:
        yield source


# ---------------------------------------------------------------------- PBF and XML
@contextmanager
def _stream(path: Path, request: Request) -> Iterator[Source]:
    with scratch("dgo-osm-") as folder:
        settings = folder / "osmconf.ini"
        settings.write_text(
            "attribute_name_laundering=no\n" + "".join(
                f"[{name}]\nosm_id=yes\nother_tags=no\nall_tags=yes\n" for name in _LAYERS),
            encoding="ascii")  # fmt: skip
        trouble: list[str] = []

        def hear(level: int, _number: int, message: str) -> None:
            if level >= gdal.CE_Failure:
                trouble.append(message)

        before = gdal.GetThreadLocalConfigOption("CPL_TMPDIR")
        gdal.SetThreadLocalConfigOption("CPL_TMPDIR", str(folder))
        data = things = None
        try:
            with quiet():
                try:
                    data = gdal.OpenEx(
                        str(path), gdal.OF_VECTOR, allowed_drivers=["OSM"],
                        open_options=[f"CONFIG_FILE={settings}", "INTERLEAVED_READING=YES",
                                      "MAX_TMPFILE_SIZE=64"])  # fmt: skip
                except RuntimeError:
                    data = None
            if data is None:
                raise DgoError("errors.import.unreadable", path=str(path),
                               why=gdal.GetLastErrorMsg() or "OSM")  # fmt: skip
            srs = data.GetLayerByName("points").GetSpatialRef()
            srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
            box = request.box(srs)
            if box is not None:
                for name in _LAYERS:
                    data.GetLayerByName(name).SetSpatialFilterRect(*box)
            things = _in_turn(data, path, request, hear, trouble)
            yield Source(srs, things)
        finally:
            if things is not None:
                things.close()  # it holds the file open too
            data = None
            gdal.SetThreadLocalConfigOption("CPL_TMPDIR", before)


def _in_turn(data: Any, path: Path, request: Request, hear: Callable[..., None],
             trouble: list[str]) -> Generator[Thing, None, None]:  # fmt: skip
    count = 0
    while True:
        gdal.PushErrorHandler(hear)
        try:
            feature, layer, share = data.GetNextFeature(include_pct=True)
        except RuntimeError as error:
            trouble.append(str(error))
            feature = None
        finally:
            gdal.PopErrorHandler()
        if trouble:
            raise DgoError("errors.import.osm_half", path=str(path), why=trouble[0])
        if feature is None:
            return
        count += 1
        if count % 256 == 0:
            request.tick()
            request.progress(0.9 * float(share))
        geometry = feature.GetGeometryRef()
        if geometry is None:
            continue
        name = layer.GetName()
        word = feature.GetFieldAsString("osm_id")
        if not word and name == "multipolygons":
            word = "w" + feature.GetFieldAsString("osm_way_id")
        yield Thing(name, word, hstore(feature.GetFieldAsString("all_tags")), geometry.Clone())


# ---------------------------------------------------------------------- GeoPackage, shapefile
@contextmanager
def _tables(path: Path, rules: Rules, request: Request) -> Iterator[Source]:
    with quiet():
        try:
            data = gdal.OpenEx(str(path), gdal.OF_VECTOR)
        except RuntimeError:
            data = None
    if data is None:
        raise DgoError("errors.import.unreadable", path=str(path), why=gdal.GetLastErrorMsg())
    layers = [data.GetLayerByIndex(i) for i in range(data.GetLayerCount())]
    layers = [la for la in layers if la.GetGeomType() != ogr.wkbNone]
    system = None
    for layer in layers:
        srs = layer.GetSpatialRef()
        if srs is None:
            raise DgoError("errors.import.no_crs", path=str(path), layer=layer.GetName())
        if system is not None and not srs.IsSame(system):
            raise DgoError("errors.import.crs_mixed", file=f"{path.name}|{layer.GetName()}",
                           crs=srs.GetName(), other=system.GetName())  # fmt: skip
        system = srs
    if system is None:
        raise DgoError("errors.import.osm_not", path=str(path))
    system = system.Clone()
    system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    box = request.box(system)
    known = [(layer, reader) for layer in layers for reader in [_reader(layer, rules)] if reader]
    if not known:
        raise DgoError("errors.import.osm_not", path=str(path))

    def things() -> Iterator[Thing]:
        total = sum(max(0, layer.GetFeatureCount()) for layer, _ in known) or 1
        count = 0
        for layer, reader in known:
            if box is not None:
                layer.SetSpatialFilterRect(*box)
            layer.ResetReading()
            for feature in layer:
                count += 1
                if count % 256 == 0:
                    request.tick()
                    request.progress(min(0.9, 0.9 * count / total))
                geometry = feature.GetGeometryRef()
                if geometry is None or geometry.IsEmpty():
                    continue
                number, tags = reader(feature)
                yield Thing(layer.GetName(), number, tags, geometry.Clone())

    try:
        yield Source(system, things())
    finally:
        known.clear()
        layers.clear()
        del data


def _text(feature: Any, index: int) -> str:
    """A field as text; bytes that are no UTF-8 are read as Windows text."""
    value = feature.GetFieldAsString(index)
    return value.decode("cp1252", "replace") if isinstance(value, bytes) else str(value)


def _reader(layer: Any, rules: Rules) -> Callable[[Any], tuple[str, dict[str, str]]] | None:
    """How the tags of a layer are read, by its columns; None where it is none of OpenStreetMap."""
    defn = layer.GetLayerDefn()
    columns = {defn.GetFieldDefn(i).GetName(): i for i in range(defn.GetFieldCount())}
    number = next((columns[n] for n in ("full_id", "osm_id", "osm_way_id", "@id")
                   if n in columns), -1)  # fmt: skip

    def ident(feature: Any) -> str:
        for name in ("full_id", "osm_id", "osm_way_id", "@id"):
            if name in columns and feature.IsFieldSetAndNotNull(columns[name]):
                return ("w" if name == "osm_way_id" else "") + _text(feature, columns[name])
        return str(feature.GetFID())

    if "fclass" in columns:
        found = _THEME.match(layer.GetName())
        theme = rules.geofabrik.get(found[1] if found else "")
        if theme is None:
            return None
        return lambda feature: (ident(feature), _geofabrik(feature, columns, dict(theme)))
    packed = [columns[n] for n in ("other_tags", "all_tags") if n in columns]
    keys = {name.replace(":", "_"): name
            for name in rules.keys | rules.asked | set(rules.exclude) | rules.describe}  # fmt: skip
    named = {}
    for name, index in columns.items():
        if index in packed or name in ("osm_id", "osm_way_id", "full_id", "osm_type", "@id"):
            continue
        named[index] = keys.get(name.replace(":", "_"), name)
    if not packed and (number < 0 or not rules.keys & set(named.values())):
        return None

    def read(feature: Any) -> tuple[str, dict[str, str]]:
        tags = {}
        for index, key in named.items():
            if feature.IsFieldSetAndNotNull(index):
                value = _text(feature, index)
                if value:
                    tags[key] = value
        for index in packed:
            tags.update(hstore(_text(feature, index)))
        return ident(feature), tags

    return read


def _geofabrik(feature: Any, columns: dict[str, int], theme: dict[str, Any]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for name, index in columns.items():
        if name in ("osm_id", "code", "fclass", "type") or not feature.IsFieldSetAndNotNull(index):
            continue
        value = _text(feature, index)
        value = _GEOFABRIK.get(name, {}).get(value, value)
        if value and not (name in ("maxspeed", "layer", "population") and value == "0"):
            tags[name] = value
    word = _text(feature, columns["fclass"])
    key, value = str(theme["key"]), word
    other = (theme.get("other") or {}).get(word)
    if other:
        key, _, value = str(other).partition("=")
    column = theme.get("column")
    if column and column in columns and feature.IsFieldSetAndNotNull(columns[column]):
        value = _text(feature, columns[column]) or value
    tags[key] = value
    return tags
