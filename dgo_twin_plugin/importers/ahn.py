"""AHN: surface and terrain models of an area, heights of buildings, and trees.

Beside the GeoPackage stand ``<stem>_dsm.tif`` and ``<stem>_dtm.tif`` for the roles of those names.
In it: ``coverage`` (what each raster covers, and the share of holes) and, where outlines of
buildings are given, ``surfaces`` (buildings with their height) and ``points`` (trees; diameter of
the crown estimated): without those a roof's edge could not be told from a tree. Numbers:
``profiles/mappings/ahn.yml``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from osgeo import ogr, osr

from ..engine.checks import Check
from ..engine.clean import clean
from ..engine.functions import load_functions
from ..engine.geometry import Polygons
from ..engine.grid import Raster
from ..engine.mapping import load_mapping
from ..engine.models.ground import roof_heights
from ..engine.pulse import beat
from ..engine.words import DgoError, say
from . import _ahn_cloud
from ._ahn_grid import Grid, Made, mosaic, system_of
from ._ahn_trees import TreeRule, trees
from ._archive import head, looks_like_html
from ._folder import scratch
from ._package import Outcome, Package, Request, Row, reference
from ._plane import Box, change

SUFFIXES = (".tif", ".tiff", ".vrt", ".asc", ".img")
TILE = 500.0  # m: side of the squares that are worked on one by one
HALO = 25.0  # m around a square that is read too
LARGEST = 5_000.0  # m: a window is never wider, whatever a building claims to be


class Outline(NamedTuple):
    """A building as given: WKB, its id, its function where known."""

    wkb: bytes
    id: str
    function: str | None


class Rules(NamedTuple):
    """The mapping file."""

    name: str
    span: tuple[float, float]
    cell: float
    terrain: tuple[str, ...]
    noise: list[int]
    ground: list[int]
    trees: TreeRule
    function: str


def read_rules(word: str | None) -> Rules:
    """Raises DgoError where a key is absent or no number."""
    name = word or "ahn"
    plain = load_mapping(name)
    try:
        low, high = plain["range"]
        clouds = plain["clouds"]
        return Rules(
            name, (float(low), float(high)), float(plain["cell"]),
            tuple(str(w).lower() for w in plain["terrain_names"]),
            [int(k) for k in clouds["noise"]], [int(k) for k in clouds["ground"]],
            TreeRule(*(float(plain["trees"][k]) for k in TreeRule._fields)),
            str(plain["functions"]["default"]))  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise DgoError("errors.import.mapping_key", mapping=name, entry=str(error)) from error


def run(request: Request, program: _ahn_cloud.Runner = _ahn_cloud.run_program) -> Outcome:
    """Import; see the module. ``inputs``: surface model or point clouds (a file whose name says
    terrain is one). ``options``: ``dtm`` (files), ``buildings`` (:class:`Outline`),
    ``buildings_crs`` (WKT), ``trees`` (bool, default yes). Raises DgoError, Cancelled."""
    rules = read_rules(request.mapping)
    surface, terrain, clouds = _sorted(request, rules)
    with scratch("dgo-ahn-") as folder:
        if clouds:
            box = request.box(_cloud_system(request)) if request.area is not None else None
            made = _ahn_cloud.rasters(clouds, box, rules.cell, rules.noise, rules.ground, folder,
                                      program)  # fmt: skip
            surface, terrain = [made[0], *surface], [made[1], *terrain]
        srs = system_of([*surface, *terrain])
        with Package(request.output, srs, request.tick) as package:
            return _Work(rules, request, package, srs, folder).all(surface, terrain)


def _cloud_system(request: Request) -> osr.SpatialReference:
    """Point clouds are cut in the system of the area: PDAL does not transform here."""
    assert request.area is not None
    own = request.area.GetSpatialReference()
    if own is None or not own.IsProjected():
        raise DgoError("errors.import.area_crs")
    return own


def _sorted(request: Request, rules: Rules) -> tuple[list[Path], list[Path], list[Path]]:
    """Files of the surface, of the terrain, and point clouds."""
    surface, terrain, clouds = [], [], []
    for path in request.files(*SUFFIXES, *_ahn_cloud.SUFFIXES):
        start = head(path, 512)
        if not start:
            raise DgoError("errors.import.empty_file", path=str(path))
        if looks_like_html(start):
            raise DgoError("errors.import.html", path=str(path))
        name = path.name.lower()
        if path.suffix.lower() in _ahn_cloud.SUFFIXES:
            clouds.append(path)
        elif any(fnmatch(name, pattern) for pattern in rules.terrain):
            terrain.append(path)
        else:
            surface.append(path)
    more = [str(p) for p in request.options.get("dtm") or []]
    if more:
        terrain += Request(more, request.output).files(*SUFFIXES)
    return surface, terrain, clouds


class _Work:
    """One run: rasters first, then buildings and trees square by square."""

    def __init__(self, rules: Rules, request: Request, package: Package,
                 srs: osr.SpatialReference, folder: Path) -> None:  # fmt: skip
        self.rules, self.request, self.package = rules, request, package
        self.srs, self.folder = srs, folder
        self.output = Path(request.output)

    def all(self, surface: list[Path], terrain: list[Path]) -> Outcome:
        box = self.request.box(self.srs)
        parts: dict[Path, Path] = {}
        try:
            made: dict[str, Made] = {}
            for k, (role, files) in enumerate((("dsm", surface), ("dtm", terrain))):
                if not files:
                    continue
                target = self.output.with_name(f"{self.output.stem}_{role}.tif")
                if any(p.resolve() == target.resolve() for p in files):
                    raise DgoError("errors.import.same_file", path=str(target))
                part = target.with_name(f"{target.stem}.part.tif")
                parts[part] = target
                made[role] = mosaic(files, self.srs, box, part, self.folder, self.rules.span,
                                    self._progress(0.3 * k, 0.3))  # fmt: skip
            self._coverage(made, parts)
            self._derive(made)
            self.package.about("importer", "ahn")
            self.package.about("mapping", self.rules.name)
            return self._commit(parts)
        finally:
            for part in parts:
                for end in ("", ".aux.xml"):
                    Path(str(part) + end).unlink(missing_ok=True)

    def _progress(self, first: float, share: float) -> Callable[[float], None]:
        return lambda done: self.request.progress(first + share * done)

    def _commit(self, parts: dict[Path, Path]) -> Outcome:
        """All files in their place, or none: rasters step aside again where the rest fails."""
        aside: list[tuple[Path, Path | None]] = []
        try:
            for part, target in parts.items():
                old = None
                if target.exists():
                    old = target.with_name(target.stem + ".old.tif")
                    os.replace(target, old)
                aside.append((target, old))
                os.replace(part, target)
            outcome = self.package.commit()
        except BaseException as error:
            for target, old in aside:
                target.unlink(missing_ok=True)
                if old is not None:
                    os.replace(old, target)
            if isinstance(error, OSError):
                raise DgoError("errors.import.no_write", path=str(self.output),
                               why=str(error)) from error  # fmt: skip
            raise
        for _target, old in aside:
            if old is not None:
                old.unlink(missing_ok=True)
        return outcome

    def _coverage(self, made: dict[str, Made], parts: dict[Path, Path]) -> None:
        rows = []
        for role, one in made.items():
            x0, y0, x1, y1 = one.box
            shape = ogr.CreateGeometryFromWkt(
                f"POLYGON(({x0!r} {y0!r},{x1!r} {y0!r},{x1!r} {y1!r},{x0!r} {y1!r},{x0!r} {y0!r}))")
            name = parts[one.path].name
            rows.append(Row(None, bytes(shape.ExportToWkb(ogr.wkbNDR)),
                            {"role": role, "file": name, "cell": one.cell,
                             "holes": round(one.holes, 4)}, role, role))  # fmt: skip
            self.package.outcome.notes.append(
                say("errors.import.note.ahn_raster", file=name, holes=f"{100 * one.holes:.1f}",
                    cell=f"{one.cell:g}"))  # fmt: skip
        self.package.others("coverage", "MULTIPOLYGON", rows)

    # ------------------------------------------------------------------ buildings, trees
    def _derive(self, made: dict[str, Made]) -> None:
        outlines = self._outlines()
        notes = self.package.outcome.notes
        if not outlines:
            notes.append(say("errors.import.note.ahn_no_buildings"))
            return
        if set(made) != {"dsm", "dtm"}:
            notes.append(say("errors.import.note.ahn_one_model"))
            return
        surface = Grid(made["dsm"].path, self.rules.span)
        terrain = Grid(made["dtm"].path, self.rules.span)
        polygons = self._polygons(outlines)
        known = self._buildings(outlines, polygons, surface, terrain)
        notes.append(say("errors.import.note.ahn_heights", count=known, total=len(outlines)))
        if self.request.options.get("trees", True):
            count = self._trees(polygons, surface, terrain)
            notes.append(say("errors.import.note.ahn_trees", count=count))

    def _outlines(self) -> list[Outline]:
        functions = load_functions()
        buildings = functions.expand("buildings")
        found = []
        for one in self.request.options.get("buildings") or []:
            function = functions.resolve(one.function) if one.function else None
            if one.function and function not in buildings:
                continue  # a layer of surfaces: only its buildings
            found.append(one._replace(function=function or self.rules.function))
        return found

    def _polygons(self, outlines: list[Outline]) -> Polygons:
        """Repaired, in the plane of the rasters."""
        word = self.request.options.get("buildings_crs")
        own = reference(str(word)) if word else self.srs
        wkb: list[bytes | None] = [one.wkb for one in outlines]
        if not own.IsSame(self.srs):
            turn = change(own, self.srs)
            for k, one in enumerate(outlines):
                beat()
                shape = ogr.CreateGeometryFromWkb(one.wkb)
                good = shape is not None and shape.Transform(turn) == 0
                wkb[k] = bytes(shape.ExportToWkb(ogr.wkbNDR)) if good else None
        checks: list[Check] = []
        return clean(wkb, "buildings", np.arange(len(wkb)), (0.0, 0.0), checks)

    def _buildings(self, outlines: list[Outline], polygons: Polygons, surface: Grid,
                   terrain: Grid) -> int:  # fmt: skip
        """Write the buildings; how many have a height."""
        known = 0
        todo = list(_squares(polygons))
        for k, rows in enumerate(todo):
            beat()
            some = polygons.take(rows)
            box = _around(some.bounds(), HALO)
            dsm, dtm = surface.read(box), terrain.read(box)
            flat = Raster(np.zeros((1, 1)), box[0] - LARGEST, box[3] + LARGEST, 4 * LARGEST,
                          4 * LARGEST)  # fmt: skip
            height = roof_heights(some, dsm, [dtm])
            roof = roof_heights(some, dsm, [flat])
            made = []
            for i, row in enumerate(rows):
                fields: dict[str, Any] = {"existing": True}
                if np.isfinite(height[i]) and height[i] > 0:
                    fields["height"] = round(float(height[i]), 2)
                    known += 1
                if np.isfinite(roof[i]):
                    fields["roof_nap"] = round(float(roof[i]), 2)
                one = outlines[int(row)]
                made.append(Row(one.function, some.wkb(i), fields, "buildings", one.id))
            self.package.surfaces(made)
            self._progress(0.6, 0.2)((k + 1) / len(todo))
        empty = int((~np.isfinite(polygons.bounds()[:, 0])).sum())
        self.package.left_out("buildings", "geometry", empty)
        return known

    def _trees(self, polygons: Polygons, surface: Grid, terrain: Grid) -> int:
        """Write the trees; how many. Square by square, each with a border that is looked at and
        not counted: a tree stands in one square."""
        x0, y0, x1, y1 = surface.box
        boxes = polygons.bounds()
        count = 0
        columns = np.arange(x0, x1, TILE)
        for k, west in enumerate(columns):
            for south in np.arange(y0, y1, TILE):
                beat()
                core = (float(west), float(south), float(west) + TILE, float(south) + TILE)
                box = _around(np.array([core]), HALO)
                near = np.flatnonzero(
                    (boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0])
                    & (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1]))  # fmt: skip
                found = trees(surface.read(box), terrain.read(box), polygons.take(near),
                              self.rules.trees)  # fmt: skip
                keep = ((found[:, 0] >= core[0]) & (found[:, 0] < core[2])
                        & (found[:, 1] >= core[1]) & (found[:, 1] < core[3]))  # fmt: skip
                rows = [_tree(one, count + n) for n, one in enumerate(found[keep].tolist(), 1)]
                count += len(rows)
                self.request.too_many(count)
                self.package.points(rows)
            self._progress(0.8, 0.2)((k + 1) / len(columns))
        return count


def _tree(one: list[float], number: int) -> Row:
    x, y, height, wide = one
    point = ogr.Geometry(ogr.wkbPoint)
    point.AddPoint_2D(x, y)
    fields = {"height": round(height, 1), "canopy_diameter": round(wide, 1), "existing": True,
              "assumed": "canopy_diameter"}  # fmt: skip
    return Row("tree", bytes(point.ExportToWkb(ogr.wkbNDR)), fields, "dsm", str(number))


def _squares(polygons: Polygons) -> Iterator[np.ndarray]:
    """Rows of the polygons, square by square."""
    boxes = polygons.bounds()
    good = np.flatnonzero(np.isfinite(boxes[:, 0]))
    middle = 0.5 * (boxes[good, :2] + boxes[good, 2:])
    cell = np.floor(middle / TILE).astype(np.int64)
    order = np.lexsort((cell[:, 0], cell[:, 1]))
    good, cell = good[order], cell[order]
    new = np.flatnonzero(np.any(np.diff(cell, axis=0), axis=1)) + 1
    yield from (part for part in np.split(good, new) if len(part))


def _around(boxes: np.ndarray, by: float) -> Box:
    """One box around all, ``by`` m wider and never wider than LARGEST around its middle."""
    x0, y0 = boxes[:, 0].min() - by, boxes[:, 1].min() - by
    x1, y1 = boxes[:, 2].max() + by, boxes[:, 3].max() + by
    cx, cy = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    half = 0.5 * LARGEST
    return (max(x0, cx - half), max(y0, cy - half), min(x1, cx + half), min(y1, cy + half))
