"""The objects of zoning plans (IMRO 2006, 2008, 2012) from GML, GeoPackage or a zip of GML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from osgeo import gdal, ogr, osr

from ..engine.clean import quiet
from ..engine.functions import fold
from ..engine.pulse import beat
from ..engine.wkb import made_valid, polygonal
from ..engine.words import DgoError
from ._archive import head, is_zip, looks_like_html, open_archive
from ._gml_walk import Element, Opened, flat, shape_of, walk
from ._package import Request
from ._plane import flat_system, in_metres
from ._sources import whole_sqlite

PLAN, USE, DOUBLE, ZONE = "plan", "enkelbestemming", "dubbelbestemming", "gebiedsaanduiding"
PURPOSE, BUILT, LETTER = "functieaanduiding", "bouwaanduiding", "lettertekenaanduiding"
ENVELOPE, DIMENSION, FIGURE = "bouwvlak", "maatvoering", "figuur"
AREAS = (PLAN, USE, DOUBLE, ZONE, PURPOSE, BUILT, LETTER, ENVELOPE, DIMENSION)
KINDS = (*AREAS, FIGURE)
SILENT = ("metadataimrobestand", "metadata")  # no places
SUFFIXES = (".gml", ".xml", ".gpkg", ".sqlite", ".zip")
_LIST = re.compile(r"^\((\d+):(.*)\)$", re.DOTALL)  # how GDAL writes a list into a text


@dataclass
class PlanObject:
    """One object; geometry in the CRS of the set, plane and without arcs."""

    kind: str
    layer: str  # its name in the source
    ident: str
    name: str
    group: str
    label: str
    geometry: ogr.Geometry
    values: list[tuple[str, str]] = field(default_factory=list)  # (type, value) of dimensions


@dataclass
class PlanSet:
    """All objects of the files, and what was met on the way."""

    srs: osr.SpatialReference  # of the mapping, until a file names one in metres
    objects: list[PlanObject] = field(default_factory=list)
    known_srs: bool = False
    versions: Counter[str] = field(default_factory=Counter)
    strange: Counter[str] = field(default_factory=Counter)  # kinds of object that no rule knows
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    unreadable: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def of(self, *kinds: str) -> list[PlanObject]:
        return [o for o in self.objects if o.kind in kinds]


def read_plans(request: Request, national: osr.SpatialReference) -> PlanSet:
    """Read every file of the request; ``national``: the CRS for files that name none, or one in
    degrees. Raises DgoError where a file is no plan at all."""
    found = PlanSet(national)
    for path in request.files(*SUFFIXES):
        before = len(found.objects)
        strange = sum(found.strange.values())
        if is_zip(path):
            with open_archive(path) as archive:
                names = archive.names(".gml")
                if not names:
                    raise DgoError("errors.import.plan.zip_without_gml", path=str(path))
                for name in names:
                    _gml(partial(archive.open, name), f"{path.name}/{name}", found, request)
        elif _is_xml(path):
            _gml(on_disk(path), path.name, found, request)
        else:
            _ogr(path, found, request)
        if len(found.objects) == before:
            kinds = sorted(found.strange)[:5]
            if sum(found.strange.values()) > strange:
                raise DgoError("errors.import.plan.no_zoning", path=str(path),
                               kinds=", ".join(kinds))  # fmt: skip
            raise DgoError("errors.import.plan.empty", path=str(path))
    return found


def on_disk(path: Path) -> Opened:
    """How to open a file that is no member of a zip."""
    return lambda: path.open("rb")


def _is_xml(path: Path) -> bool:
    start = head(path, 512)
    if looks_like_html(start):
        raise DgoError("errors.import.html", path=path.name)
    return (path.suffix.lower() in (".gml", ".xml")
            or start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"))  # fmt: skip


def kind_of(name: str) -> str:
    """The kind of an object by the name of its element or layer; '' where no rule knows it."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    for kind in KINDS[1:]:
        if plain.endswith(kind):
            return kind
    if plain.endswith(("plangebied", "plangebiedbp", "verordeninggebied", "besluitgebieda")):
        return PLAN
    return "silent" if plain.endswith(SILENT) else ""


# ---------------------------------------------------------------------------- GML
def _gml(opened_file: Opened, file: str, found: PlanSet, request: Request) -> None:
    spaces: Counter[str] = Counter()
    for element in walk(opened_file, file):
        if not element.name:
            if not any("imro" in s.lower() for s in spaces):
                named = spaces.most_common(1)[0][0] if spaces else element.namespace
                raise DgoError("errors.import.plan.namespace", path=file, namespace=named or "–",
                               root=element.ident)  # fmt: skip
            break
        spaces[element.namespace] += 1
        if "imro" not in element.namespace.lower():
            found.strange[element.name] += 1
            continue
        kind = kind_of(element.name)
        if kind == "silent":
            continue
        if not kind:
            found.strange[element.name] += 1
            continue
        _from_element(kind, element, found)
        request.too_many(len(found.objects))
    for space in spaces:
        year = re.search(r"imro/?(20\d\d)", space.lower())
        if year:
            found.versions[f"IMRO{year.group(1)}"] += spaces[space]


def _from_element(kind: str, element: Element, found: PlanSet) -> None:
    if not element.shapes:
        found.left_out[element.name, "geometry"] += 1
        return
    shape, srs = shape_of(element.shapes)
    _add(found, PlanObject(
        kind, element.name, element.first("identificatie", "lokaalID") or element.ident,
        element.first("naam") or "",
        element.first("bestemmingshoofdgroep", "gebiedsaanduidinggroep", "bestemmingsfunctie")
        or "",
        element.first("tekst", "lettertekenCode") or "",
        shape, _pairs(element),  # type: ignore[arg-type]
    ), srs)  # fmt: skip


def _pairs(element: Element) -> list[tuple[str, str]]:
    """Values and their types in the order of the file: each ``waarde`` goes with the ``waardeType``
    that stands beside it, before or after."""
    pairs: list[tuple[str, str]] = []
    value = kind = None
    for name, text in element.leaves:
        if name == "waarde":
            if value is not None:
                pairs.append((kind or "", value))
                kind = None
            value = text
        elif name == "waardeType":
            if kind is not None and value is not None:
                pairs.append((kind, value))
                value = None
            kind = text
        if value is not None and kind is not None:
            pairs.append((kind, value))
            value = kind = None
    if value is not None:
        pairs.append(("", value))
    return pairs


# ---------------------------------------------------------------------------- OGR
@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A vector file that GDAL can read, quietly. Raises DgoError where it cannot."""
    whole_sqlite(path)
    with quiet():
        try:
            data = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_READONLY)
        except RuntimeError:
            data = None
    if data is None:
        raise DgoError("errors.import.plan.unreadable", path=str(path))
    yield data
    del data


def columns_of(definition: ogr.FeatureDefn) -> dict[str, int]:
    """Folded name -> index of the fields."""
    return {fold(definition.GetFieldDefn(i).GetName()): i
            for i in range(definition.GetFieldCount())}  # fmt: skip


def _ogr(path: Path, found: PlanSet, request: Request) -> None:
    with opened(path) as data:
        for index in range(data.GetLayerCount()):
            layer = data.GetLayer(index)
            name = layer.GetName()
            kind = kind_of(name)
            if kind == "silent" or layer.GetGeomType() == ogr.wkbNone:
                continue
            if not kind:
                found.strange[name] += layer.GetFeatureCount()
                continue
            srs = layer.GetSpatialRef()
            at = columns_of(layer.GetLayerDefn())
            for row in layer:
                beat()
                _from_row(kind, name, row, at, srs, found)
                request.too_many(len(found.objects))


def _from_row(kind: str, layer: str, row: ogr.Feature, at: dict[str, int],
              srs: osr.SpatialReference | None, found: PlanSet) -> None:  # fmt: skip
    def text(*names: str) -> str:
        for name in names:
            i = at.get(name)
            if i is not None and row.IsFieldSetAndNotNull(i):
                return str(row.GetFieldAsString(i)).strip()
        return ""

    geometry = row.GetGeometryRef()
    if geometry is None or geometry.IsEmpty():
        found.left_out[layer, "geometry"] += 1
        return
    values: list[tuple[str, str]] = []
    if kind == DIMENSION:
        kinds, amounts = text("waardetype", "typewaarde"), text("waarde")
        split = _split(kinds, amounts)
        if split is None:
            found.unreadable[layer, "waarde", f"{kinds} = {amounts}"] += 1
        else:
            values = split
    ident = text("identificatie", "lokaalid", "gmlid") or str(row.GetFID())
    _add(found, PlanObject(
        kind, layer, ident, text("naam"),
        text("bestemmingshoofdgroep", "gebiedsaanduidinggroep", "hoofdgroep"),
        text("tekst", "label", "labelinfo"), flat(geometry.Clone()), values,
    ), srs)  # fmt: skip


def _split(kinds: str, amounts: str) -> list[tuple[str, str]] | None:
    """Types and values of a row: single, or lists as GDAL writes them, ``(2:a,b)``. None where
    the two do not have the same number of parts (a decimal comma in a list)."""
    many, few = _LIST.match(kinds), _LIST.match(amounts)
    if many is None and few is None:
        return [(kinds, amounts)] if amounts else []
    names = many.group(2).split(",") if many else [kinds]
    numbers = few.group(2).split(",") if few else [amounts]
    count = int(many.group(1)) if many else len(names)
    if len(names) != count or len(numbers) != count:
        return None
    return [(n.strip(), v.strip()) for n, v in zip(names, numbers)]


# ---------------------------------------------------------------------------- both
def _add(found: PlanSet, made: PlanObject, srs: osr.SpatialReference | None) -> None:
    shape: ogr.Geometry | None = made.geometry
    if shape is not None and made.kind != FIGURE:
        shape = polygonal(shape)
    if shape is None or shape.IsEmpty() or (made.kind != FIGURE and without_area(shape)):
        found.left_out[made.layer, "geometry"] += 1
        return
    if srs is not None and not found.known_srs:
        found.srs, found.known_srs = plane(srs, found.srs), True
    if not moved(shape, srs, found.srs):
        found.left_out[made.layer, "geometry"] += 1
        return
    made.geometry = shape
    found.objects.append(made)


def without_area(shape: ogr.Geometry) -> bool:
    """Whether a polygon holds no ground; one that crosses itself may measure 0 and hold some."""
    if shape.Area() > 0:
        return False
    with quiet():
        mended = made_valid(shape)
    return bool(mended is None or polygonal(mended).Area() <= 0)


def plane(srs: osr.SpatialReference, national: osr.SpatialReference) -> osr.SpatialReference:
    """The CRS of the result: that of the source where it is in metres, without heights; else
    ``national``."""
    own = flat_system(srs)
    return own if in_metres(own) else national


def moved(shape: ogr.Geometry, srs: osr.SpatialReference | None,
          target: osr.SpatialReference) -> bool:  # fmt: skip
    """Bring ``shape`` into ``target``, in place; False where that fails. Degrees given with the
    latitude first are recognised: in this country latitudes are 50-56 and longitudes 2-8."""
    if srs is None or srs.IsSame(target, ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]):
        return True
    own = srs.Clone()
    own.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    if own.IsGeographic():
        x0, x1, y0, y1 = shape.GetEnvelope()
        if 49 < x0 and x1 < 57 and 1 < y0 and y1 < 9:
            shape.SwapXY()
    with quiet():
        try:
            return bool(shape.Transform(osr.CoordinateTransformation(own, target)) == 0)
        except RuntimeError:
            return False


def near(objects: Iterable[PlanObject],
         box: tuple[float, float, float, float] | None) -> list[PlanObject]:  # fmt: skip
    """The objects whose own box touches ``box`` (xmin, ymin, xmax, ymax); None = all."""
    if box is None:
        return list(objects)
    kept = []
    for o in objects:
        x0, x1, y0, y1 = o.geometry.GetEnvelope()
        if x0 <= box[2] and x1 >= box[0] and y0 <= box[3] and y1 >= box[1]:
            kept.append(o)
    return kept
