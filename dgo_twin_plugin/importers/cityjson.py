"""CityJSON (1.0-2.0, also line by line; 3DBAG): buildings with outline, height, floors and use.

One row per building: its parts are laid together, unless two or more parts have a height of their
own in the attributes; then each part is a row. Where the height comes from stands in
``profiles/mappings/cityjson.yml``; without attributes it is the range of the geometry's z.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import ogr, osr

from ..engine.clean import quiet
from ..engine.functions import load_functions
from ..engine.mapping import load_mapping, to_number
from ..engine.pulse import beat
from ..engine.scene import NUMERIC_FIELDS
from ..engine.words import DgoError, say
from ._city_read import Feature, read
from ._city_shape import Broken, heights, outline
from ._package import BATCH, Outcome, Package, Request, Row, reference
from ._plane import area_in, change, choose, flat_system, inside, moved, possible

SUFFIXES = (".json", ".jsonl", ".cityjson")
HIGHEST = 1000.0  # m: more is no height of a building
MARGIN = 50_000.0  # m around the area of use of a plane
Objects = dict[str, dict[str, Any]]


def run(request: Request) -> Outcome:
    """Import; see the module. ``options``: ``crs`` for files that do not say theirs. Raises
    DgoError, Cancelled."""
    rules = Rules(request.mapping)
    files = request.files(*SUFFIXES)
    package: Package | None = None
    work: _Work | None = None
    try:
        for number, path in enumerate(files):
            start, features = read(path)
            srs = _system(start.crs or str(request.options.get("crs") or ""), path)
            for feature in features:
                beat()
                if package is None:
                    xy = feature.xyz[:, :2][:: max(1, len(feature.xyz) // 500)]
                    if not len(xy):
                        continue
                    plane = choose(srs, [(x, y) for x, y in xy.tolist()], rules.plane)
                    package = Package(request.output, plane, request.tick)
                    package.__enter__()
                    work = _Work(rules, package, request)
                assert work is not None
                work.take(feature, srs, path)
            request.progress((number + 1) / len(files))
        if package is None or work is None:
            raise DgoError("errors.import.nothing")
        return work.done(files)
    except BaseException as error:
        if package is not None:
            package.__exit__(type(error), error, error.__traceback__)
        raise


def _system(word: str, path: Path) -> osr.SpatialReference:
    if not word:
        raise DgoError("errors.import.cityjson_crs", path=str(path))
    return flat_system(reference(word.replace("https://", "http://", 1)))


class Rules:
    """The mapping file. Raises DgoError where it does not hold together."""

    def __init__(self, word: str | None) -> None:
        self.name = word or "cityjson"
        plain = load_mapping(self.name)
        for key in ("objects", "height", "plane"):
            if not plain.get(key):
                raise DgoError("errors.import.mapping_key", mapping=self.name, entry=key)
        self.plane = str(plain["plane"])
        self.objects = set(map(str, plain["objects"]))
        self.function = [str(w) for w in plain.get("function") or []]
        self.terms = {str(k).lower(): str(v) for k, v in (plain.get("terms") or {}).items()}
        self.ignore = {str(v).lower() for v in plain.get("ignore") or []}
        self.default = plain.get("default")
        self.height = [dict(one) for one in plain["height"]]
        self.fields = {str(k): [str(w) for w in v] for k, v in (plain.get("fields") or {}).items()}
        self.constants = dict(plain.get("constants") or {})
        self.lod = [str(w) for w in plain.get("lod") or []]
        functions = load_functions()
        for word_ in (*self.terms.values(), *([self.default] if self.default else [])):
            if word_ not in functions:
                raise DgoError("errors.import.mapping_function", mapping=self.name, block="terms",
                               function=str(word_))  # fmt: skip

    def height_of(self, attributes: Any) -> float | None:
        """m above the ground by the first way whose attributes are there and make sense."""
        if not isinstance(attributes, dict):
            return None
        for way in self.height:
            if "height" in way:
                value = _number(attributes.get(way["height"]))
            else:
                roof = _number(attributes.get(way.get("roof")))
                ground = _number(attributes.get(way.get("ground")))
                value = None if roof is None or ground is None else roof - ground
            if value is not None and 0 < value <= HIGHEST:
                return value
        return None


def _number(value: Any) -> float | None:
    """A number, also of ``{"value": 9.5, "uom": "m"}`` or text; None where there is none."""
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, (bool, list, dict)):
        return None
    number = to_number(value)
    return number if number is not None and np.isfinite(number) else None


class _Work:
    """The run over all files."""

    def __init__(self, rules: Rules, package: Package, request: Request) -> None:
        self.rules, self.package, self.request = rules, package, request
        self.rows: list[Row] = []
        self.count = self.from_shape = 0
        self.area = area_in(request.area, package.srs)
        self.box = possible(package.srs)
        self.seen: set[str] = set()
        self.srs: osr.SpatialReference | None = None
        self.turn: osr.CoordinateTransformation | None = None

    def take(self, feature: Feature, srs: osr.SpatialReference, path: Path) -> None:
        """All buildings of a feature, as rows."""
        if srs is not self.srs:  # once per file
            self.srs = srs
            same = srs.IsSame(self.package.srs)
            self.turn = None if same else change(srs, self.package.srs)
        xyz = feature.xyz
        if len(xyz) and self.turn is not None:
            xyz = xyz.copy()
            xyz[:, :2] = moved(self.turn, xyz[:, :2])
        for key, one in feature.objects.items():
            beat()
            kind = str(one.get("type"))
            if kind not in self.rules.objects:
                self.package.unmapped(path.name, "type", kind)
                continue
            if any(parent in feature.objects for parent in one.get("parents") or []):
                continue  # comes with its building
            for name, members in self._units(key, one, feature.objects):
                if name in self.seen:
                    self.package.left_out(path.name, "twice")
                    continue
                self.seen.add(name)
                self._row(name, members, xyz, path.name)

    def _units(self, key: str, one: dict[str, Any],
               objects: Objects) -> Iterator[tuple[str, list[dict[str, Any]]]]:  # fmt: skip
        """What becomes a row: the building with all its parts, or each part with its own height."""
        parts = {p: objects[p] for p in one.get("children") or [] if p in objects
                 and objects[p].get("type") in self.rules.objects}  # fmt: skip
        own = {p: self.rules.height_of(part.get("attributes") or {}) for p, part in parts.items()}
        if sum(h is not None for h in own.values()) > 1:
            for name, part in parts.items():
                yield name, [part, {"attributes": one.get("attributes")}]
        else:
            yield key, [one, *parts.values()]

    def _row(self, name: str, members: list[dict[str, Any]], xyz: np.ndarray,
             layer: str) -> None:  # fmt: skip
        geometries = [g for m in members for g in m.get("geometry") or [] if isinstance(g, dict)]
        attributes: dict[str, Any] = {}
        for member in reversed(members):
            own = member.get("attributes")
            attributes.update({k: v for k, v in (own if isinstance(own, dict) else {}).items()
                               if v is not None})  # fmt: skip
        try:
            shape = _united(members, xyz, self.rules.lod)
            span = heights(geometries, xyz, self.rules.lod)
        except (Broken, ValueError, RuntimeError):
            shape = span = None
        if shape is None:
            self.package.left_out(layer, "geometry")
            return
        if not self._placed(shape):
            self.package.left_out(layer, "plane")
            return
        if self.area is not None and not shape.Intersects(self.area):
            self.package.left_out(layer, "outside")
            return
        fields = dict(self.rules.constants)
        # the first that has one itself: a building before its parts, a part before its building
        given = (self.rules.height_of(m.get("attributes") or {}) for m in members)
        height = next((h for h in given if h is not None), None)
        if height is None and span is not None and 0 < span[1] - span[0] <= HIGHEST:
            height = span[1] - span[0]
            self.from_shape += 1
        if height is not None:
            fields["height"] = round(height, 3)
        for field, keys in self.rules.fields.items():
            for key in keys:
                value: Any = attributes.get(key)
                if value is None:
                    continue
                number = _number(value)
                if field in NUMERIC_FIELDS and (number is None or number < 0):
                    self.package.unmapped(layer, key, str(value))
                    continue
                fields[field] = number if field in NUMERIC_FIELDS else str(value)
                break
        function = self._function(attributes, layer)
        self.rows.append(Row(function, bytes(shape.ExportToWkb(ogr.wkbNDR)), fields, layer, name))
        self.count += 1
        self.request.too_many(self.count)
        if len(self.rows) >= BATCH:
            self._flush()

    def _placed(self, shape: ogr.Geometry) -> bool:
        x0, x1, y0, y1 = shape.GetEnvelope()
        corners = np.array([[x0, y0], [x1, y1]])
        if self.box is None:
            return bool(np.isfinite(corners).all())
        a, b, c, d = self.box
        return bool(inside((a - MARGIN, b - MARGIN, c + MARGIN, d + MARGIN), corners).all())

    def _function(self, attributes: dict[str, Any], layer: str) -> str | None:
        strange: tuple[str, str] | None = None
        some = False
        for key in self.rules.function:
            value = attributes.get(key)
            for word in value if isinstance(value, list) else [value]:
                shown = "" if word is None else str(word).strip()
                if not shown or shown.lower() in self.rules.ignore:
                    continue
                some = True
                for one in shown.split(","):
                    term = self.rules.terms.get(one.strip().lower())
                    if term is not None:
                        return term
                strange = strange or (key, shown)
        if some and strange is not None:
            self.package.unmapped(layer, *strange)
        return self.rules.default

    def _flush(self) -> None:
        self.package.surfaces(self.rows)
        self.rows = []

    def done(self, files: list[Path]) -> Outcome:
        self._flush()
        if self.from_shape:
            self.package.outcome.notes.append(
                say("errors.import.note.cityjson_shape", count=self.from_shape))  # fmt: skip
        self.package.about("importer", "cityjson")
        self.package.about("mapping", self.rules.name)
        self.package.about("source", ", ".join(p.name for p in files)[:500])
        return self.package.commit()


def _united(members: list[dict[str, Any]], xyz: np.ndarray,
            order: list[str]) -> ogr.Geometry | None:  # fmt: skip
    """The outline of a building: its own, else those of its parts together."""
    found = []
    for member in members:
        own = [g for g in member.get("geometry") or [] if isinstance(g, dict)]
        made = outline(own, xyz, order) if own else None
        if made is not None:
            found.append(made)
            if member is members[0]:
                break
    whole = found[0] if found else None
    for shape in found[1:]:
        with quiet():
            whole = whole.Union(shape) if whole is not None else shape
    return whole
