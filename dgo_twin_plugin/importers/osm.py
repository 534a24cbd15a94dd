"""OpenStreetMap: PBF, .osm, and tables of Geofabrik (also zipped), QuickOSM or ogr2ogr.

What a tag means stands in ``profiles/mappings/osm.yml``. Written are ``surfaces``, ``points``
(trees, lamps), ``lines`` (noise barriers) and, as layers of their role, ``roads``, ``paths``,
``railways``, ``facilities``, ``play_spots`` and ``stops``. OpenStreetMap knows no timetable, no
traffic and no owner of a road: those stay missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import Any

from osgeo import ogr, osr

from ..engine.clean import quiet
from ..engine.pulse import beat
from ..engine.words import DgoError, say
from ._archive import is_zip, open_archive
from ._folder import scratch
from ._osm_read import Source, Thing, opened
from ._osm_rules import OF_FUNCTIONS, Block, Rules, to_metres
from ._package import BATCH, Outcome, Package, Request, Row
from ._plane import area_in, change, choose
from ._shapes import polygonal_wkb

SUFFIXES = (".pbf", ".osm", ".gpkg", ".shp", ".zip")
TABLES = (".gpkg", ".shp")  # one object can stand in several layers and files
_UNPACKED = (".pbf", ".osm", ".gpkg", ".shp", ".shx", ".dbf", ".prj", ".cpg")
LOOKED_AT = 500  # objects whose median place decides which plane is used
MOST_VALUES = 500  # different values listed per layer and key; the rest count as one
LAYERS = {  # of one role of the context: no functions
    "roads": "MULTILINESTRING", "paths": "MULTILINESTRING", "railways": "MULTILINESTRING",
    "facilities": "POINT", "play_spots": "POINT", "stops": "POINT",
}  # fmt: skip
_RELATIONS = ("multilinestrings", "other_relations")  # routes and the like: their ways come too


def run(request: Request) -> Outcome:
    """Import; see the module. ``options``: ``road_surfaces`` (bool) also draws roads and paths as
    surfaces, as wide as their tag or the mapping says. Raises DgoError, Cancelled."""
    rules = Rules(request.mapping)
    with scratch("dgo-osm-") as folder, ExitStack() as stack:
        files = list(_files(request, folder))
        work: _Work | None = None
        for path in files:
            with opened(path, rules, request) as source:
                first = list(islice(source.things, LOOKED_AT))
                if not first:
                    continue
                if work is None:
                    plane = choose(source.srs, [_place(t.geometry) for t in first], rules.plane)
                    package = stack.enter_context(Package(request.output, plane, request.tick))
                    work = _Work(rules, package, request)
                if len(files) > 1 or path.suffix.lower() in TABLES:
                    work.seen = work.seen or set()
                work.read(Source(source.srs, chain(first, source.things)), path.name)
        if work is None:
            raise DgoError("errors.import.nothing")
        outcome = work.done()
    request.progress(1.0)
    return outcome


def _files(request: Request, folder: Path) -> Iterator[Path]:
    """The files to read; zips (as Geofabrik delivers shapefiles) unpacked into ``folder``."""
    for number, path in enumerate(request.files(*SUFFIXES)):
        if not is_zip(path):
            yield path
            continue
        inside = folder / str(number)
        inside.mkdir()
        with open_archive(path) as archive:
            found = [archive.extract(name, inside, request.tick)
                     for name in archive.names(*_UNPACKED)]  # fmt: skip
        usable = [p for p in found if p.suffix.lower() in SUFFIXES]
        if not usable:
            raise DgoError("errors.import.osm_not", path=str(path))
        yield from usable


def _place(geometry: ogr.Geometry) -> tuple[float, float]:
    x0, x1, y0, y1 = geometry.GetEnvelope()
    return 0.5 * (x0 + x1), 0.5 * (y0 + y1)


class _Work:
    """The run over all files: rows per layer, and what was not understood."""

    def __init__(self, rules: Rules, package: Package, request: Request) -> None:
        self.rules, self.package, self.request = rules, package, request
        self.rows: dict[str, list[Row]] = {}
        self.values: Counter[tuple[str, str]] = Counter()
        self.seen: set[tuple[str, str | None, int, str]] | None = None
        self.count = 0
        self.area = area_in(request.area, package.srs)
        self.wide = bool(request.options.get("road_surfaces"))
        self.assumed_widths = 0

    def read(self, source: Source, file: str) -> None:
        turn = change(source.srs, self.package.srs)
        same = source.srs.IsSame(self.package.srs)
        for thing in source.things:
            beat()
            if thing.layer in _RELATIONS:
                self.package.left_out(thing.layer, "relation")
                continue
            geometry = self._shape(thing, None if same else turn)
            if geometry is None:
                self.package.left_out(thing.layer, "geometry")
            elif self.area is not None and not geometry.Intersects(self.area):
                self.package.left_out(thing.layer, "outside")
            else:
                self._sort(thing, geometry)
        self._flush()
        self.package.about("source", file)

    def _shape(self, thing: Thing, turn: osr.CoordinateTransformation | None) -> Any:
        """The geometry in the plane, closed ways that are areas as polygons; None where it has
        none that is usable."""
        geometry = thing.geometry
        if geometry.IsEmpty():
            return None
        geometry.FlattenTo2D()
        kind = ogr.GT_Flatten(geometry.GetGeometryType())
        if kind == ogr.wkbLineString and geometry.GetPointCount() >= 4:
            last = geometry.GetPointCount() - 1
            if geometry.GetPoint_2D(0) == geometry.GetPoint_2D(last) and self.rules.is_area(
                thing.tags
            ):
                ring, whole = ogr.Geometry(ogr.wkbLinearRing), ogr.Geometry(ogr.wkbPolygon)
                for x, y in geometry.GetPoints():
                    ring.AddPoint_2D(x, y)
                whole.AddGeometry(ring)
                geometry = whole
        if turn is not None:
            with quiet():
                try:
                    if geometry.Transform(turn) != 0:
                        return None
                except RuntimeError:
                    return None
        return geometry

    def _sort(self, thing: Thing, geometry: ogr.Geometry) -> None:
        rules, package = self.rules, self.package
        if rules.excluded(thing.tags):
            package.left_out(thing.layer, "level")
            return
        kind = geometry.GetDimension()
        made = False
        strange = []
        for block, value, word in rules.meanings(thing.tags, kind):
            if word is not None:
                strange.append(word)
            if value is None:
                continue
            made = True
            if block.role != "none":
                self._keep(thing, geometry, block, value)
        if made:
            strange = [word for word in strange if word[0] == "building"]
        for key, value in dict.fromkeys(strange):
            self._unknown(thing.layer, key, value)
        if made or strange:
            return
        lost = rules.unknown(thing.tags)
        if lost is not None and not rules.owns_nothing(thing.tags):
            self._unknown(thing.layer, *lost)
        else:
            package.left_out(thing.layer, "no_surface")

    def _keep(self, thing: Thing, geometry: ogr.Geometry, block: Block, value: str) -> None:
        fields = self.rules.values(
            block, thing.tags, lambda key, word: self._unknown(thing.layer, key, word)
        )
        role = block.role
        if geometry.GetDimension() == 2 and role in ("facilities", "play_spots"):
            with quiet():
                geometry = geometry.PointOnSurface() or geometry.Centroid()
        if role in ("roads", "paths") and self.wide:
            self._carriageway(thing, geometry, value, fields)
        function = value if role in OF_FUNCTIONS else None
        if role == "stops":
            fields["mode"] = value
        elif function is None:
            fields["kind"] = value
        if self.seen is not None:
            key = (role, function, thing.geometry.GetDimension(), thing.id)
            if key in self.seen:
                self.package.left_out(thing.layer, "twice")
                return
            self.seen.add(key)
        self._row(role, thing, geometry, function, fields)

    def _carriageway(self, thing: Thing, line: ogr.Geometry, kind: str,
                     fields: dict[str, Any]) -> None:  # fmt: skip
        """A road as a surface: its line, made as wide as it says or as the mapping says."""
        width = to_metres(thing.tags.get("width", ""))
        if width is None:
            width = self.rules.widths.get(kind)
            self.assumed_widths += width is not None
        if width is None:
            return
        with quiet():
            shape = line.Buffer(width / 2.0, 4)
        function = self.rules.road_functions.get(kind, "road")
        own = {"existing": True, "name": fields.get("name")}
        self._row("surfaces", thing, shape, function, own)

    def _row(self, role: str, thing: Thing, geometry: ogr.Geometry, function: str | None,
             fields: dict[str, Any]) -> None:  # fmt: skip
        data = bytes(geometry.ExportToWkb(ogr.wkbNDR))
        if role == "surfaces" and geometry.GetDimension() == 2:
            shape = polygonal_wkb(data)
            data = data if shape is None else shape
        self.rows.setdefault(role, []).append(Row(function, data, fields, thing.layer, thing.id))
        self.count += 1
        self.request.too_many(self.count)
        if len(self.rows[role]) >= BATCH:
            self._write(role)

    def _flush(self) -> None:
        for role in list(self.rows):
            self._write(role)

    def _write(self, role: str) -> None:
        rows = self.rows.pop(role, [])
        if role in OF_FUNCTIONS:
            {"surfaces": self.package.surfaces, "points": self.package.points,
             "lines": self.package.lines}[role](rows)  # fmt: skip
        elif rows:
            self.package.others(role, LAYERS[role], rows)

    def _unknown(self, layer: str, key: str, value: str) -> None:
        """List a value; after so many of one key the rest count together under ``*``."""
        found = self.package.outcome.unmapped
        if (layer, key, value[:200]) not in found:
            if self.values[layer, key] >= MOST_VALUES:
                value = "*"
            else:
                self.values[layer, key] += 1
        self.package.unmapped(layer, key, value)

    def done(self) -> Outcome:
        notes = self.package.outcome.notes
        count = self.package.outcome.others
        if count["roads"]:
            notes.append(say("errors.import.note.osm_roads", count=count["roads"]))
        if count["stops"]:
            notes.append(say("errors.import.note.osm_stops", count=count["stops"]))
        if self.assumed_widths:
            notes.append(say("errors.import.note.osm_widths", count=self.assumed_widths))
        if count["roads"] and not self.wide:
            notes.append(say("errors.import.note.osm_no_ground"))
        self.package.about("importer", "osm")
        self.package.about("mapping", self.rules.name)
        return self.package.commit()
