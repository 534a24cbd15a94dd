"""Areas of an omgevingsverordening or omgevingsplan (STOP/IMOW): area types and roles by label.

Layers of the package: ``area_types`` (type, label), a layer per role, ``other_areas`` (known or
unknown labels without a role, and areas without a label), table ``unmapped``. Every label is
dissolved, so that an area delivered twice counts once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import ogr, osr

from ..engine.checks import Check
from ..engine.clean import clean, quiet
from ..engine.functions import fold
from ..engine.geometry import Polygons
from ..engine.mapping import load_mapping
from ..engine.norms import Profile, load_profile
from ..engine.overlap import dissolve
from ..engine.pulse import beat
from ..engine.roles import role_label
from ..engine.wkb import moved_wkb, polygonal
from ..engine.words import DgoError, Message, say
from ._archive import head, is_zip, open_archive
from ._gml_walk import Element, Opened, flat, shape_of, walk
from ._package import Outcome, Request, Row, reference
from ._plan_read import columns_of, moved, on_disk, opened, plane, without_area
from ._plan_terms import ABSENT, Terms
from ._sheets import AREAS, Sheets
from .imro import check_roles

SUFFIXES = (".gpkg", ".gml", ".xml", ".zip", ".sqlite", ".shp", ".geojson", ".json")
UNKNOWN, NOWHERE = "?", "-"  # nothing knows the label; the mapping knows it and gives no role
DOUBLE = 1.95  # delivered area : area on the map from which a label counts as delivered twice
GRID = 1e-4  # m: corners this near are the same corner of a polygon delivered twice


@dataclass
class Area:
    """One polygon of the source, plane and in the CRS of the result."""

    layer: str
    ident: str
    fields: dict[str, str]  # folded name -> text
    wkb: bytes
    label: str = ""
    named_by: str = ""  # the field that gave the label


@dataclass
class _Reader:
    request: Request
    national: osr.SpatialReference
    srs: osr.SpatialReference
    known_srs: bool = False
    areas: list[Area] = field(default_factory=list)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, layer: str, ident: str, fields: dict[str, str], shape: ogr.Geometry | None,
            srs: osr.SpatialReference | None) -> None:  # fmt: skip
        shape = None if shape is None else polygonal(shape)
        if shape is None or shape.IsEmpty() or without_area(shape):
            self.left_out[layer, "geometry"] += 1
            return
        if srs is not None and not self.known_srs:
            self.srs, self.known_srs = plane(srs, self.national), True
        if not moved(shape, srs, self.srs):
            self.left_out[layer, "geometry"] += 1
            return
        self.areas.append(Area(layer, ident, fields, bytes(shape.ExportToWkb(ogr.wkbNDR))))
        self.request.too_many(len(self.areas))


def run(request: Request) -> Outcome:
    """Read the areas of ``request`` and write the package. Option ``profile``: whose area types
    (default: the shipped proposal). Raises DgoError."""
    mapping = load_mapping(request.mapping or "imow")
    terms = Terms(mapping.get("areas"))
    profile = load_profile(request.options.get("profile") or "utrecht-proposal-2026")
    check_roles((
        {k: v for k, v in terms.exact.items() if not _is_type(v)},
        [(k, v) for k, v in terms.patterns if not _is_type(v)],
    ))  # fmt: skip
    for term, target in (*terms.exact.items(), *terms.patterns):
        if _is_type(target) and profile.resolve_type(target["type"]) is None:
            raise DgoError("errors.import.imow.mapping_type", word=str(target["type"]), where=term)
    national = reference(str(mapping.get("crs") or load_mapping("imow")["crs"]))
    reader = _read(request, national)
    request.progress(0.5)
    _label(reader.areas, [fold(f) for f in mapping.get("label") or ("label", "naam")])
    inside = _within(reader, mapping, request)
    ask = [fold(f) for f in mapping.get("ask") or ("label", "naam")]
    with Sheets(request.output, reader.srs, request.tick) as package:
        package.without_surfaces()
        package.about("source", ", ".join(Path(p).name for p in request.inputs))
        package.about("mapping", mapping.get("id", request.mapping))
        for (layer, reason), count in reader.left_out.items():
            package.left_out(layer, reason, count)
        if not reader.known_srs:
            package.outcome.notes.append(say("algorithms.importimow.no_crs"))
        rows = _by_label(inside, ask, terms, profile, package, request)
        for name in sorted(rows):
            package.others(name, AREAS, rows[name])
        package.outcome.notes += _notes(inside, reader)
        made = package.commit()
    made.features = sum(made.others.values())  # here they are what was asked for
    return made


def _by_label(inside: list[Area], ask: list[str], terms: Terms, profile: Profile, package: Sheets,
              request: Request) -> dict[str, list[Row]]:  # fmt: skip
    """Layer of the result -> its rows: every label once, areas without a label one by one."""
    groups: dict[str, list[Area]] = defaultdict(list)
    fields: dict[str, Any]
    for area in inside:
        groups[area.label].append(area)
    rows: dict[str, list[Row]] = defaultdict(list)
    doubles, repaired, notes = [], 0, package.outcome.notes
    for at, label in enumerate(sorted(groups)):
        beat()
        request.progress(0.5 + 0.45 * at / len(groups))
        members = groups[label]
        layer = members[0].layer
        if not label:
            for area in members:
                package.unmapped(area.layer, "label", "–")
                fields = {"name": None, "known": False, "polygons": 1, "area_m2": _area(area.wkb)}
                rows["other_areas"].append(Row(None, area.wkb, fields, area.layer, area.ident))
            continue
        wkb, twice, mended = _dissolved(members)
        repaired += mended
        package.left_out(layer, "twice", twice)
        if wkb is None:
            package.left_out(layer, "geometry", len(members))
            continue
        ground = _area(wkb)
        if sum(_area(a.wkb) for a in members) >= DOUBLE * ground:
            doubles.append(label)
        where, values = _target(members[0], ask, terms, profile)
        if where == UNKNOWN:
            package.unmapped(layer, members[0].named_by, label, len(members))
        fields = {"name": label, "polygons": len(members) - twice, "area_m2": ground, **values}
        if where in (UNKNOWN, NOWHERE):
            fields["known"] = where == NOWHERE
        target = "other_areas" if where in (UNKNOWN, NOWHERE) else where
        rows[target].append(Row(None, wkb, fields, layer, ""))
        notes.append(say("algorithms.importimow.area", name=label, where=_where(where),
                         type=values.get("type", ""), area=ground / 1e6,
                         count=len(members) - twice))  # fmt: skip
    if doubles:
        notes.append(say("algorithms.importimow.twice", count=len(doubles),
                         names="; ".join(doubles)))  # fmt: skip
    if repaired:
        notes.append(say("algorithms.importimro.repaired", count=repaired))
    return rows


def _notes(inside: list[Area], reader: _Reader) -> Iterator[Message]:
    unlabelled = Counter((a.layer, a.label) for a in inside
                         if a.label and a.named_by != "label" and "label" in a.fields)  # fmt: skip
    for (layer, label), count in unlabelled.items():
        yield say("algorithms.importimow.no_label", layer=layer, count=count, name=label)
    far = sum(n for (_, reason), n in reader.left_out.items() if reason == "abroad")
    if far:
        yield say("algorithms.importimow.abroad", count=far)


def _is_type(target: Any) -> bool:
    return isinstance(target, dict) and "type" in target


def _where(where: str) -> Message:
    if where in (UNKNOWN, NOWHERE):
        return say("algorithms.importimow.nowhere")
    return say("algorithms.importimow.area_types") if where == "area_types" else role_label(where)


# ---------------------------------------------------------------------------- reading
def _read(request: Request, national: osr.SpatialReference) -> _Reader:
    reader = _Reader(request, national, national)
    for path in request.files(*SUFFIXES):
        before = len(reader.areas)
        if is_zip(path):
            with open_archive(path) as archive:
                for name in archive.names(".gml"):
                    _gml(partial(archive.open, name), name, reader)
        elif path.suffix.lower() in (".gml", ".xml") or head(path, 256).lstrip(
            b"\xef\xbb\xbf \t\r\n").startswith(b"<"):  # fmt: skip
            _gml(on_disk(path), path.name, reader)
        else:
            _ogr(path, reader)
        if len(reader.areas) == before:
            raise DgoError("errors.import.imow.empty", path=str(path))
    return reader


def _gml(opened_file: Opened, file: str, reader: _Reader) -> None:
    """Locations of a geo-information object (GIO), or members of any other collection."""
    stem = Path(file).stem
    for element in walk(opened_file, file, "Locatie"):
        if not element.name:
            if "imro" in element.namespace.lower():
                raise DgoError("errors.import.imow.is_imro", path=file)
            break
        shape, srs = shape_of(element.shapes)
        reader.add(stem, element.ident or element.first("id", "wId") or "", _texts(element), shape,
                   srs)  # fmt: skip


def _texts(element: Element) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, text in element.leaves:
        made.setdefault(fold(name), text)
    return made


def _ogr(path: Path, reader: _Reader) -> None:
    with opened(path) as data:
        for index in range(data.GetLayerCount()):
            layer = data.GetLayer(index)
            if layer.GetGeomType() == ogr.wkbNone:
                continue
            at = columns_of(layer.GetLayerDefn())
            srs = layer.GetSpatialRef()
            for row in layer:
                beat()
                fields = {name: str(row.GetFieldAsString(i)).strip()
                          for name, i in at.items() if row.IsFieldSetAndNotNull(i)}  # fmt: skip
                if "label" in at:
                    fields.setdefault("label", "")
                geometry = row.GetGeometryRef()
                reader.add(layer.GetName(), str(row.GetFID()), fields,
                           None if geometry is None else flat(geometry.Clone()), srs)  # fmt: skip


# ---------------------------------------------------------------------------- labels
def _label(areas: list[Area], names: list[str]) -> None:
    for area in areas:
        for name in names:
            if area.fields.get(name):
                area.label, area.named_by = area.fields[name], name
                break


def _within(reader: _Reader, mapping: Mapping[str, Any], request: Request) -> list[Area]:
    """Without placeholders far outside the country (only where the CRS is the national grid) and
    what lies outside the area asked for."""
    box = mapping.get("country") if reader.srs.IsSame(reader.national) else None
    asked = request.box(reader.srs)
    kept = []
    for area in reader.areas:
        x0, x1, y0, y1 = ogr.CreateGeometryFromWkb(area.wkb).GetEnvelope()
        if box and (x1 < box[0] or y1 < box[1] or x0 > box[2] or y0 > box[3]):
            reader.left_out[area.layer, "abroad"] += 1
        elif asked and (x1 < asked[0] or y1 < asked[1] or x0 > asked[2] or y0 > asked[3]):
            reader.left_out[area.layer, "outside"] += 1
        else:
            kept.append(area)
    if not kept:
        raise DgoError("errors.import.imow.none_in_area")
    return kept


def _target(area: Area, ask: list[str], terms: Terms,
            profile: Profile) -> tuple[str, dict[str, Any]]:  # fmt: skip
    """(layer of the result, its fields): ``area_types``, a role, NOWHERE or UNKNOWN. The mapping
    goes before the area types of the profile."""
    for name in ask:
        value = area.fields.get(name)
        if not value:
            continue
        found = terms(value)
        if found is not ABSENT:
            if found is None:
                return NOWHERE, {}
            if isinstance(found, str):
                return found, {"kind": ""}
            if "type" in found:
                return "area_types", {"type": profile.resolve_type(found["type"])}
            return str(found["role"]), {
                "kind": "",
                **{k: v for k, v in found.items() if k != "role"},
            }
        kind = profile.resolve_type(value)
        if kind is not None:
            return "area_types", {"type": kind}
    return UNKNOWN, {}


# ---------------------------------------------------------------------------- dissolving
def _dissolved(members: list[Area]) -> tuple[bytes | None, int, int]:
    """(one valid geometry, how many were repeats, how many were repaired)."""
    boxes = np.array([ogr.CreateGeometryFromWkb(a.wkb).GetEnvelope() for a in members])
    origin = (float(np.floor(boxes[:, 0].min())), float(np.floor(boxes[:, 2].min())))
    checks: list[Check] = []
    polygons = clean([a.wkb for a in members], members[0].layer, np.arange(len(members)), origin,
                     checks)  # fmt: skip
    rows = list(_unique(polygons))
    with quiet():
        whole = dissolve([polygons.geometry(r) for r in rows])
    if whole.IsEmpty():
        return None, 0, 0
    mended = sum(c.code == "repaired_geometry" for c in checks)
    wkb = moved_wkb(bytes(whole.ExportToWkb(ogr.wkbNDR)), (-origin[0], -origin[1]))
    return wkb, polygons.n - len(rows), mended


def _unique(polygons: Polygons) -> Iterator[int]:
    """The first row of every set of equal polygons, whatever point their rings begin with."""
    seen: set[bytes] = set()
    for row in range(polygons.n):
        xy = polygons.take(np.array([row])).xy
        key = np.unique(np.round(xy / GRID), axis=0).tobytes()
        if key not in seen or not len(xy):
            seen.add(key)
            yield row


def _area(wkb: bytes) -> float:
    return float(ogr.CreateGeometryFromWkb(wkb).Area())
