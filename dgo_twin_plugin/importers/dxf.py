"""Drawings (DXF): CAD layers to functions, closed outlines and hatches to areas, blocks to trees.

What a layer or block means stands in ``profiles/mappings/dxf.yml``. A drawing does not say where it
lies: the coordinate system is asked for, its unit follows from ``$INSUNITS`` or is given, and
coordinates that cannot lie in that system are refused with a remedy. Heights of vertices are left
off; arcs, bulges and splines come as chords of one degree. Texts, dimensions and paper space count
as left out, blocks and layers without a rule as unmapped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from osgeo import gdal, ogr, osr

from ..engine.pulse import beat
from ..engine.words import DgoError, say
from ._dxf_head import Head, read_head
from ._dxf_rules import DxfRules, Rule
from ._package import BATCH, Outcome, Package, Request, Row, reference
from ._plane import area_in, in_metres, inside, possible

SUFFIXES = (".dxf",)
SCALES = (1.0, 0.001, 0.01, 0.1, 0.0254, 0.3048, 1000.0)  # tried for the advice
MARGIN = 10_000.0  # m around the area of use that is still accepted
NEAR = 0.001  # m: ends of a line that are one point
_SETTINGS = {"DXF_INLINE_BLOCKS": "FALSE", "OGR_ARC_STEPSIZE": "1",
             "DXF_TRANSLATE_ESCAPE_SEQUENCES": "YES"}  # fmt: skip
_NO_DRAWING = {"text": ("AcDbText", "AcDbMText", "AcDbAttribute", "AcDbAttributeDefinition"),
               "dimension": ("AcDbDimension", "AcDbLeader", "AcDbMLeader")}  # fmt: skip


class Place(NamedTuple):
    """From units of the drawing to metres in the plane: ``scale`` times, plus the shift."""

    scale: float
    dx: float
    dy: float

    def turned(self, xy: np.ndarray) -> np.ndarray:
        moved: np.ndarray = xy * self.scale + (self.dx, self.dy)
        return moved


def run(request: Request) -> Outcome:
    """Import; see the module. ``options``: ``crs`` (code or WKT, needed), ``scale`` (m per unit;
    0 = as the drawing says), ``shift`` (dx, dy in m, after scaling). Raises DgoError, Cancelled."""
    rules = DxfRules(request.mapping)
    srs = reference(str(request.options.get("crs") or ""))
    if not in_metres(srs):
        raise DgoError("errors.import.dxf_crs", crs=srs.GetName() or "?")
    files = request.files(*SUFFIXES)
    heads = [read_head(path) for path in files]
    with Package(request.output, srs, request.tick) as package:
        for number, (path, top) in enumerate(zip(files, heads)):
            _Drawing(path, top, rules, package, request, srs).read()
            request.progress((number + 1) / len(files))
        package.about("importer", "dxf")
        package.about("mapping", rules.name)
        return package.commit()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The layer of entities, blocks left as insertions."""
    before = {key: gdal.GetThreadLocalConfigOption(key) for key in _SETTINGS}
    for key, value in _SETTINGS.items():
        gdal.SetThreadLocalConfigOption(key, value)
    trouble: list[str] = []

    def hear(level: int, _number: int, message: str) -> None:
        if level >= gdal.CE_Failure:
            trouble.append(message)

    gdal.PushErrorHandler(hear)
    data: Any = None
    try:
        try:
            data = gdal.OpenEx(str(path), gdal.OF_VECTOR, allowed_drivers=["DXF"])
        except RuntimeError as error:
            trouble.append(str(error))
        if data is None or data.GetLayerByName("entities") is None:
            raise DgoError("errors.import.unreadable", path=str(path),
                           why=trouble[0] if trouble else "DXF")  # fmt: skip

        def features() -> Iterator[Any]:
            layer = data.GetLayerByName("entities")
            layer.ResetReading()
            while True:
                try:
                    feature = layer.GetNextFeature()
                except RuntimeError as error:
                    trouble.append(str(error))
                    feature = None
                if trouble:
                    raise DgoError("errors.import.unreadable", path=str(path), why=trouble[0])
                if feature is None:
                    return
                beat()
                yield feature

        yield features
    finally:
        data = None
        gdal.PopErrorHandler()
        for key, old in before.items():
            gdal.SetThreadLocalConfigOption(key, old)


def _word(feature: Any, name: str) -> str:
    """A text field; bytes that are no UTF-8 are Windows text."""
    index = feature.GetFieldIndex(name)
    if index < 0 or not feature.IsFieldSetAndNotNull(index):
        return ""
    value = feature.GetFieldAsString(index)
    if isinstance(value, str):
        try:
            value.encode("utf-8")
            return value
        except UnicodeEncodeError:
            value = value.encode("utf-8", "surrogateescape")
    return str(bytes(value).decode("cp1252", "replace"))


class _Drawing:
    """One file on its way into the package."""

    def __init__(self, path: Path, top: Head, rules: DxfRules, package: Package,
                 request: Request, srs: osr.SpatialReference) -> None:  # fmt: skip
        self.path, self.top, self.rules, self.package = path, top, rules, package
        self.request, self.srs = request, srs
        self.rows: dict[str, list[Row]] = {}
        self.closed: Counter[str] = Counter()
        self.seen: set[tuple[Any, ...]] = set()
        self.area = area_in(request.area, srs)
        given = float(request.options.get("scale") or 0.0)
        dx, dy = request.options.get("shift") or (0.0, 0.0)
        if not all(map(math.isfinite, (given, dx, dy))) or given < 0:
            raise DgoError("errors.import.dxf_scale", scale=given)
        self.given = given
        self.place = Place(given or top.scale or 1.0, float(dx), float(dy))

    def read(self) -> None:
        with _opened(self.path) as features:
            box = self._sane(features)
            for feature in features():
                self._sort(feature, box)
        self._flush()
        notes, name = self.package.outcome.notes, self.path.name
        for layer, count in sorted(self.closed.items()):
            notes.append(say("errors.import.note.dxf_closed", layer=layer, count=count))
        key = "given" if self.given else "header" if self.top.scale else "none"
        notes.append(say(f"errors.import.note.dxf_scale_{key}", file=name,
                         scale=f"{self.place.scale:g}"))  # fmt: skip
        self.package.about("source", name)
        self.package.about("scale", f"{self.place.scale:g}")

    # ------------------------------------------------------------------ where it lies
    def _sane(self, features: Any) -> tuple[float, float, float, float] | None:
        """The box in which coordinates may lie. Raises DgoError where most do not."""
        found = []
        for feature in features():
            geometry = feature.GetGeometryRef()
            if geometry is None or geometry.IsEmpty() or _word(feature, "PaperSpace") == "1":
                continue
            x0, x1, y0, y1 = geometry.GetEnvelope()
            found.append((0.5 * (x0 + x1), 0.5 * (y0 + y1)))
            self.request.too_many(len(found))
        if not found:
            raise DgoError("errors.import.dxf_empty", path=str(self.path))
        box = possible(self.srs)
        if box is None:
            return None
        box = box[0] - MARGIN, box[1] - MARGIN, box[2] + MARGIN, box[3] + MARGIN
        xy = np.array(found, float)
        xy = xy[np.isfinite(xy).all(axis=1)]
        placed = self.place.turned(xy)
        if len(xy) and inside(box, placed).mean() >= 0.5:
            return box
        middle = np.median(placed, axis=0) if len(xy) else np.array([np.nan, np.nan])
        asked = {"path": str(self.path), "crs": self.srs.GetName(),
                 "scale": f"{self.place.scale:g}",
                 "x": f"{middle[0]:.6g}", "y": f"{middle[1]:.6g}"}  # fmt: skip
        for scale in SCALES:
            there = Place(scale, self.place.dx, self.place.dy).turned(xy)
            if len(xy) and inside(box, there).mean() >= 0.5:
                raise DgoError("errors.import.dxf_outside_scale", better=f"{scale:g}", **asked)
        raise DgoError("errors.import.dxf_outside", **asked)

    # ------------------------------------------------------------------ what it is
    def _sort(self, feature: Any, box: tuple[float, float, float, float] | None) -> None:
        package, layer = self.package, _word(feature, "Layer") or "0"
        geometry = feature.GetGeometryRef()
        if _word(feature, "PaperSpace") == "1":
            package.left_out(layer, "paper")
            return
        if geometry is None or geometry.IsEmpty():
            package.left_out(layer, "geometry")
            return
        classes = set(_word(feature, "SubClasses").split(":"))
        for reason, names in _NO_DRAWING.items():
            if classes & set(names):
                package.left_out(layer, reason)
                return
        # release 12 names no classes; of a hatch the field holds the name of its pattern
        if _word(feature, "Text") and geometry.GetDimension() == 0:
            package.left_out(layer, "text")
            return
        block = _word(feature, "BlockName")
        rule = self.rules.block(block, layer) if block else self.rules.layer(layer)
        if rule is None and block:
            rule = self.rules.layer(layer)  # a symbol without a rule on a layer of points
            rule = rule if rule is not None and rule.kind in ("canopy", "point") else None
        if rule is None:
            package.unmapped(layer, "block" if block else "layer", block or layer)
            return
        if rule.function is None:
            package.left_out(layer, "no_surface")
            return
        shape = self._placed(geometry)
        if box is not None:
            x0, x1, y0, y1 = shape.GetEnvelope()
            if not inside(box, np.array([[x0, y0], [x1, y1]])).all():
                package.left_out(layer, "plane")
                return
        if self.area is not None and not shape.Intersects(self.area):
            package.left_out(layer, "outside")
            return
        self._make(shape, rule, layer, _word(feature, "EntityHandle") or str(feature.GetFID()))

    def _placed(self, geometry: ogr.Geometry) -> ogr.Geometry:
        """Flat, in metres of the plane."""
        if geometry.GetGeometryCount():
            made = ogr.Geometry(ogr.GT_Flatten(geometry.GetGeometryType()))
            for i in range(geometry.GetGeometryCount()):
                made.AddGeometry(self._placed(geometry.GetGeometryRef(i)))
            return made
        kind = ogr.GT_Flatten(geometry.GetGeometryType())
        name = geometry.GetGeometryName()
        made = ogr.Geometry(ogr.wkbLinearRing if name == "LINEARRING" else kind)
        points = np.array([geometry.GetPoint_2D(i) for i in range(geometry.GetPointCount())])
        for x, y in self.place.turned(points.reshape(-1, 2)).tolist():
            made.AddPoint_2D(x, y)
        return made

    def _make(self, shape: ogr.Geometry, rule: Rule, layer: str, number: str) -> None:
        """The row for one entity, by the kind of its function and of its geometry."""
        kind, wanted = ogr.GT_Flatten(shape.GetGeometryType()), rule.kind
        fields = dict(rule.fields)
        if wanted == "line":
            made = shape if shape.GetDimension() == 1 else shape.Boundary()
            target = "lines" if made is not None and made.GetDimension() == 1 else ""
        elif kind == ogr.wkbPoint:
            made, target = shape, "points" if wanted in ("canopy", "point") else ""
        elif kind in (ogr.wkbPolygon, ogr.wkbMultiPolygon, ogr.wkbLineString):
            made = self._area(shape, rule.closed, layer)
            if made is None:
                self.package.left_out(layer, "open")
                return
            target = "points" if wanted in ("canopy", "point") else "surfaces"
        else:
            made, target = shape, ""
        if not target:
            self.package.left_out(layer, "kind")
            return
        if target != "lines" and made.GetDimension() == 2:
            area, (x0, x1, y0, y1) = made.GetArea(), made.GetEnvelope()
            if not (math.isfinite(area) and area > 0):
                self.package.left_out(layer, "geometry")
                return
            # an outline and its hatch are one area
            key = (layer, target, *(round(v, 2) for v in (x0, x1, y0, y1)), round(area, 1))
            if key in self.seen:
                self.package.left_out(layer, "twice")
                return
            self.seen.add(key)
            if target == "points":
                if wanted == "canopy":
                    fields.setdefault("canopy_diameter", round(2 * math.sqrt(area / math.pi), 2))
                made = made.Centroid()
        row = Row(rule.function, bytes(made.ExportToWkb(ogr.wkbNDR)), fields, layer, number)
        self.rows.setdefault(target, []).append(row)
        if len(self.rows[target]) >= BATCH:
            self._flush()

    def _area(self, shape: ogr.Geometry, gap: float, layer: str) -> ogr.Geometry | None:
        """A polygon: as it is, or of a line whose ends meet within ``gap``; else None."""
        if shape.GetDimension() == 2:
            return shape
        last = shape.GetPointCount() - 1
        if last < 2:
            return None
        first, end = shape.GetPoint_2D(0), shape.GetPoint_2D(last)
        apart = math.dist(first, end)
        if apart > max(gap, NEAR):
            return None
        points = [shape.GetPoint_2D(i) for i in range(last + 1)]
        if apart > NEAR:
            self.closed[layer] += 1
        else:
            points = points[:-1]
        if len(points) < 3:
            return None
        ring, made = ogr.Geometry(ogr.wkbLinearRing), ogr.Geometry(ogr.wkbPolygon)
        for x, y in (*points, points[0]):
            ring.AddPoint_2D(x, y)
        made.AddGeometry(ring)
        return made

    def _flush(self) -> None:
        write = {"surfaces": self.package.surfaces, "points": self.package.points,
                 "lines": self.package.lines}  # fmt: skip
        for target in list(self.rows):
            write[target](self.rows.pop(target))
