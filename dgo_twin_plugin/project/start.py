"""The folder in which a plan starts: plan area, empty design, context, area types, twin files.

Everything is made in a folder beside the wanted one and takes its place when it is complete, so a
plan that was stopped half-way leaves nothing, and nothing that is there is ever overwritten.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsGeometry,
    QgsRectangle,
    QgsWkbTypes,
)

from ..engine.norms import Profile
from ..engine.texts import text
from ..engine.twin import LayerEntry, Twin, dump
from ..engine.words import DgoError
from ..layers.copy import add, copy_raster, copy_vector, create, moved
from ..layers.fields import text_field, yes_no_field
from ..layers.gather import MARGIN
from ..layers.plane import Plane, choose_plane, require_crs
from ..layers.read import RasterInput, Tick, VectorInput
from ..layers.template import LAYERS, create_template

PLAN, DESIGN, CONTEXT, CURRENT = "plangebied.gpkg", "ontwerp.gpkg", "context.gpkg", "huidig.gpkg"
TYPES, RESULTS, SHEET = "gebiedstypen.gpkg", "start.gpkg", "startblad.html"
TWIN, NOW, PROJECT, FETCHED = "twin.yml", "huidig.yml", "plan.qgz", "diensten"
TYPE_TABLE, PLAN_TABLE = "gebiedstypen", "plangebied"
FLAG = "high_sandy_ground"
LEAST = 1.0  # m2: a smaller plan area, or part of an area type, is a slip


@dataclass
class Layer:
    """A layer that will take part: its role, how it is read, and its snapshot."""

    role: str
    entry: LayerEntry
    given: VectorInput | RasterInput


# --------------------------------------------------------------------------------- the folder
class Folder:
    """The folder of a plan in the making. ``path`` is where files are written now, ``final`` where
    they will be. What is never promoted disappears, at the latest with this object."""

    def __init__(self, final: Path) -> None:
        """Raises DgoError where ``final`` holds anything, or cannot be made."""
        self.final = refuse_full(final)
        try:
            self.final.parent.mkdir(parents=True, exist_ok=True)
            made = tempfile.mkdtemp(prefix=f".{self.final.name}.", suffix=".part",
                                    dir=self.final.parent)  # fmt: skip
        except OSError as error:
            raise DgoError("errors.start.folder", folder=str(final),
                           detail=error.strerror or str(error)) from error  # fmt: skip
        self.path = Path(made)
        os.chmod(self.path, 0o755)  # noqa: S103 - a plain folder; mkdtemp's is for one user only
        self._undo = weakref.finalize(self, shutil.rmtree, made, True)

    def discard(self) -> None:
        """Remove what was made."""
        self._undo()

    def promote(self) -> Path:
        """Put the folder in its place. Raises DgoError where something came there meanwhile."""
        refuse_full(self.final)
        try:
            with contextlib.suppress(FileNotFoundError):
                self.final.rmdir()  # empty, or not there
            try:
                os.replace(self.path, self.final)
                self._undo.detach()
            except PermissionError:  # Windows: QGIS still holds a file in it open for reading
                self._by_copy()
        except OSError as error:
            raise DgoError("errors.start.folder", folder=str(self.final),
                           detail=error.strerror or str(error)) from error  # fmt: skip
        self.path = self.final
        return self.final

    def _by_copy(self) -> None:
        try:
            shutil.copytree(self.path, self.final)
        except OSError:
            shutil.rmtree(self.final, ignore_errors=True)
            raise
        self._undo()


def refuse_full(folder: Path) -> Path:
    """The folder, absolute. Raises DgoError where it is a file or holds something."""
    folder = Path(os.path.abspath(folder))
    if folder.is_dir():
        try:
            if any(folder.iterdir()):
                raise DgoError("errors.start.folder_full", folder=str(folder))
        except OSError as error:
            raise DgoError("errors.start.folder", folder=str(folder),
                           detail=error.strerror or str(error)) from error  # fmt: skip
    elif folder.exists():
        raise DgoError("errors.start.folder_file", folder=str(folder))
    return folder


def slug(name: str) -> str:
    """A name as a folder may be called on any system."""
    made = re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "-", name).strip(" .-")
    return re.sub(r"\s+", " ", made)[:80]


# --------------------------------------------------------------------------------- the plan area
@dataclass
class Area:
    """The plan area: one polygon in the work plane."""

    geometry: QgsGeometry
    plane: Plane
    transforms: QgsCoordinateTransformContext

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        return self.plane.crs

    def box(self, margin: float = MARGIN) -> QgsRectangle:
        """Its extent with a margin, m."""
        return QgsRectangle(self.geometry.boundingBox()).buffered(margin)


def plan_area(
    given: VectorInput,
    project_crs: QgsCoordinateReferenceSystem,
    transforms: QgsCoordinateTransformContext,
    tick: Tick,
) -> Area:
    """All polygons of a layer as one, valid, in the plane that the plan will be drawn in.
    Raises DgoError where nothing with an area is left."""
    require_crs(given.crs, given.name)
    plane = choose_plane(given.crs, given.extent, project_crs, transforms)
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    if given.crs != plane.crs:
        request.setDestinationCrs(plane.crs, transforms)
    parts = []
    for feature in given.source.getFeatures(request):
        tick()
        geometry = feature.geometry()
        if geometry.isNull() or geometry.type() != QgsWkbTypes.GeometryType.PolygonGeometry:
            continue
        parts += polygons(geometry)
    whole = QgsGeometry.unaryUnion(parts) if parts else QgsGeometry()
    kept = [p for p in polygons(whole) if p.area() >= LEAST]
    if not kept:
        raise DgoError("errors.start.plan_area", layer=given.name)
    whole = QgsGeometry.unaryUnion(kept)
    whole.convertToMultiType()
    return Area(whole, plane, transforms)


def polygons(geometry: QgsGeometry) -> list[QgsGeometry]:
    """The valid polygons of a geometry, curves made straight."""
    if geometry.isNull():
        return []
    sound = geometry if geometry.isGeosValid() else geometry.makeValid()
    found = []
    for part in sound.coerceToType(QgsWkbTypes.Type.Polygon):
        if part.type() == QgsWkbTypes.GeometryType.PolygonGeometry and not part.isEmpty():
            found.append(part)
    return found


def write_plan_area(folder: Path, area: Area, name: str) -> LayerEntry:
    """``plangebied.gpkg``."""
    fields = QgsFields()
    fields.append(text_field("name"))
    write(folder / PLAN, PLAN_TABLE, fields, area, [(area.geometry, [name])])
    return LayerEntry(f"{PLAN}|{PLAN_TABLE}")


def write(
    target: Path, table: str, fields: QgsFields, area: Area,
    rows: Iterable[tuple[QgsGeometry, list[Any]]],
    kind: QgsWkbTypes.Type = QgsWkbTypes.Type.MultiPolygon,
) -> None:  # fmt: skip
    """A table of a GeoPackage in the plane of the plan."""
    writer = create(target, table, fields, kind, area.crs, area.transforms)
    try:
        for geometry, values in rows:
            feature = QgsFeature(fields)
            feature.setAttributes(values)
            if kind != QgsWkbTypes.Type.NoGeometry:
                shape = QgsGeometry(geometry)
                shape.convertToMultiType()
                feature.setGeometry(shape)
            add(writer, feature, target)
    finally:
        del writer


# --------------------------------------------------------------------------------- the context
def take_over(
    folder: Path, layers: list[Layer], area: Area, copy: bool, tick: Tick,
    progress: Callable[[float], None],
) -> tuple[dict[str, tuple[LayerEntry, ...]], list[str]]:  # fmt: skip
    """Copy context layers (or, with ``copy`` off, refer to the files they stand in): the entries
    per role, and the names of layers with nothing near the plan."""
    found: dict[str, tuple[LayerEntry, ...]] = {}
    empty: list[str] = []
    taken: set[str] = set()
    box = area.box()
    for number, layer in enumerate(layers):
        tick()
        entry = _linked(layer) if not copy else None
        if entry is None:
            entry, some = _copied(folder, layer, area, box, taken, tick)
            if not some:
                empty.append(layer.given.name)
        if entry is not None:
            found[layer.role] = (*found.get(layer.role, ()), entry)
        progress((number + 1) / max(len(layers), 1))
    return found, empty


def _linked(layer: Layer) -> LayerEntry | None:
    """The entry where the layer stands in a file that stays, else None: it is copied then."""
    path, _, inside = layer.given.origin.partition("|")
    if not path or not os.path.isfile(path):
        return None
    inside = inside.replace("layername=", "")
    if inside and not re.fullmatch(r"[^|=]+", inside):
        return None
    return dataclasses.replace(layer.entry, layer=path + (f"|{inside}" if inside else ""))


def _copied(
    folder: Path, layer: Layer, area: Area, box: QgsRectangle, taken: set[str], tick: Tick
) -> tuple[LayerEntry | None, bool]:
    given = layer.given
    here = moved(box, area.crs, given.crs, area.transforms, given.name)
    name = _free(layer.role, taken)
    mapping = _mapping(layer.entry, folder)
    if isinstance(given, VectorInput):
        file = CURRENT if layer.role == "current" else CONTEXT
        # the mapping of a registration knows its layers by name
        table = _free(given.name, taken) if layer.role == "current" and mapping else name
        count = copy_vector(given, folder / file, table, here, area.transforms, tick)
        entry = dataclasses.replace(layer.entry, layer=f"{file}|{table}", mapping=mapping)
        return entry, count > 0
    (folder / "context").mkdir(exist_ok=True)
    some = copy_raster(given, folder / "context" / f"{name}.tif", here, area.transforms)
    if not some:
        return None, False
    return dataclasses.replace(layer.entry, layer=f"context/{name}.tif"), True


def _free(name: str, taken: set[str]) -> str:
    """A name of a table or file that is not in use yet."""
    stem = re.sub(r"[^0-9A-Za-z_\-]+", "_", name).strip("_") or "layer"
    made, number = stem, 1
    while made.lower() in taken:
        number += 1
        made = f"{stem}_{number}"
    taken.add(made.lower())
    return made


def _mapping(entry: LayerEntry, folder: Path) -> str:
    """The mapping of an entry; a file of the user goes along."""
    path = Path(entry.mapping) if entry.mapping else None
    if path is None or not path.is_absolute() or not path.is_file():
        return entry.mapping
    target = folder / path.name
    if not target.exists():
        shutil.copyfile(path, target)
    return path.name


# --------------------------------------------------------------------------------- area types
@dataclass
class TypeArea:
    """A polygon with the type that is proposed for it."""

    geometry: QgsGeometry
    type: str  # '' = unknown
    origin: str = ""  # the word of the map
    how: str = "map"  # map | proposal | chosen
    reason: str = ""
    doubtful: bool = False
    high_sandy_ground: bool = False


def types_of_map(
    given: VectorInput, column: str, entry: LayerEntry | None, area: Area, profile: Profile,
    overrule: dict[str, str], tick: Tick, how: str = "map",
) -> list[TypeArea]:  # fmt: skip
    """The area types of a map inside the plan area. ``overrule``: word or id -> type, chosen by
    the user. Words that no type knows give a polygon without a type."""
    require_crs(given.crs, given.name)
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    if entry is not None and entry.filter:
        request.setFilterExpression(entry.filter)
    terms = {} if entry is None else entry.types
    flag = (entry.flags if entry is not None else {}).get(FLAG, FLAG)
    names = [f.lower() for f in given.fields]
    turn = QgsCoordinateTransform(given.crs, area.crs, area.transforms)
    request.setFilterRect(moved(area.box(0.0), area.crs, given.crs, area.transforms, given.name))
    found = []
    for feature in given.source.getFeatures(request):
        tick()
        geometry = feature.geometry()
        if geometry.isNull():
            continue
        if not turn.isShortCircuited():
            geometry.transform(turn)
        parts = [p for g in polygons(geometry) for p in polygons(g.intersection(area.geometry))
                 if p.area() >= LEAST]  # fmt: skip
        if not parts:
            continue

        def value(name: str, row: QgsFeature = feature) -> str:
            at = names.index(name.lower()) if name.lower() in names else -1
            said = row.attribute(at) if at >= 0 else None
            return "" if said is None or str(said) == "NULL" else str(said).strip()

        word = value(column)
        known = profile.resolve_type(terms.get(word, word)) or ""
        chosen = profile.resolve_type(overrule.get(word) or overrule.get(known) or "")
        found.append(TypeArea(
            QgsGeometry.unaryUnion(parts), chosen or known, word, "chosen" if chosen else how,
            value("reason"), value("doubtful").lower() in ("1", "true", "yes"),
            value(flag).lower() in ("1", "true", "yes", "ja"),
        ))  # fmt: skip
    return found


def fill_rest(found: list[TypeArea], area: Area, type_: str) -> list[TypeArea]:
    """The plan area that no polygon covers, with one type for it ('' = unknown)."""
    left = QgsGeometry(area.geometry)
    for each in found:
        left = left.difference(each.geometry)
    rest = [p for p in polygons(left) if p.area() >= LEAST]
    if not rest:
        return found
    whole = QgsGeometry.unaryUnion(rest)
    return [*found, TypeArea(whole, type_, "", "chosen" if type_ else "proposal")]


def write_types(folder: Path, found: list[TypeArea], area: Area) -> LayerEntry:
    """``gebiedstypen.gpkg``: one polygon per place, to be changed by hand where it is wrong."""
    fields = QgsFields()
    for name in ("type", "how", "origin", "reason"):
        fields.append(text_field(name))
    for name in ("doubtful", FLAG):
        fields.append(yes_no_field(name))
    rows = [(t.geometry, [t.type or None, t.how, t.origin or None, t.reason or None, t.doubtful,
                          t.high_sandy_ground]) for t in found]  # fmt: skip
    write(folder / TYPES, TYPE_TABLE, fields, area, rows)
    return LayerEntry(f"{TYPES}|{TYPE_TABLE}", type="type", flags={FLAG: FLAG})


# --------------------------------------------------------------------------------- twin files
@dataclass
class Made:
    """What stands in the folder so far, for whoever goes on with it."""

    twin: Twin
    now: Twin
    name: str
    area: Area
    types: list[TypeArea] = field(default_factory=list)


def write_design(folder: Path, area: Area) -> tuple[LayerEntry, ...]:
    """``ontwerp.gpkg``: the empty layers with form and styles."""
    beside = create_template(folder / DESIGN, area.crs, area.transforms)
    beside.unlink()  # this plan has a twin file of its own
    return tuple(LayerEntry(f"{DESIGN}|{name}", function="function") for name in LAYERS)


def write_twins(folder: Folder, twin: Twin, name: str) -> tuple[Twin, Twin]:
    """``twin.yml`` for the design and ``huidig.yml`` for the situation now; paths relative."""
    profile = _profile(twin.profile, folder.path)
    twin = dataclasses.replace(twin, scenario=twin.scenario or name, folder=folder.path,
                               profile=profile, file="")  # fmt: skip
    now = dataclasses.replace(twin, design=(), scenario=text("startsheet.now", name=name))
    for file, each, head in ((TWIN, twin, "twin_head"), (NOW, now, "now_head")):
        said = "".join(f"# {line}\n" for line in text(f"startsheet.{head}").split("\n"))
        body = dump(each, folder.path)
        with (folder.path / file).open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(said + body)
    return twin, now


def _profile(named: str, folder: Path) -> str:
    """The profile as the twin file may name it; a file of the user goes along."""
    path = Path(named) if named else None
    if path is None or not path.is_absolute() or not path.exists():
        return named
    target = folder / path.name
    if path.is_dir():
        shutil.copytree(path, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(path, target)
    return path.name
