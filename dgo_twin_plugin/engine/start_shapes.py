"""Where a condition of the start of a plan holds: one polygonal shape per condition.

Maps are taken as they are: the cells of a raster, the upper bound of a contour (indicators G2),
areas and reaches of features. What no map says is never part of a shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from osgeo import gdal, ogr

from .clean import quiet
from .functions import fold
from .geometry import Polygons, first_containing, geometry_from_wkb, polygonal
from .grid import Raster
from .indicators._levels import noise_level
from .indicators.individual_risk import log_risk
from .overlap import dissolve
from .overlay import number
from .pulse import beat
from .scene import Scene
from .start_rules import Condition, Threshold
from .zones import union_of

if TYPE_CHECKING:
    from .indicators.spec import Measurement
    from .norms import Profile
    from .scene import VectorContext
    from .score_row import ScoreRow

MOST_CELLS = 400_000  # of a window; a larger one is looked at in coarser steps
Limit = Callable[[str], "float | None"]  # owner of a layer -> number


@dataclass
class Shape:
    """Where something holds, local metres, and what was seen there."""

    geometry: ogr.Geometry
    layers: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    values: list[float] = field(default_factory=list)  # the strongest value of each map
    limits: set[float] = field(default_factory=set)
    count: int = 0  # features
    grain: float = 0.0  # m: cell of the raster it was cut from, 0 where it has true borders
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # which of them


@dataclass
class World:
    """What conditions are held against. ``around``: the plan and what counts as near."""

    scene: Scene
    profile: Profile
    plan: ogr.Geometry
    around: ogr.Geometry
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    rows: tuple[ScoreRow, ...] = ()  # of the current situation


def shape_of(condition: Condition, world: World) -> Shape | None:
    """Where a condition holds in ``world.around``; None where nothing can say so."""
    if condition.functions:
        return _ground(condition, world)
    if condition.mark[0]:
        return _marked(condition, world)
    if condition.field[0]:
        return _modelled(condition, world)
    if not any(_present(world.scene, role) for role in condition.roles[:1]):
        return None
    if len(condition.roles) > 1 and condition.operator in ("below", "at_most"):
        return _nowhere_above(condition, world)
    shapes = [_of_role(condition, role, world) for role in condition.roles
              if _present(world.scene, role)]  # fmt: skip
    return joined(shapes)


def _present(scene: Scene, role: str) -> bool:
    return scene.has(role) or (role == "trees" and bool(_standing(scene).size))


def _standing(scene: Scene) -> np.ndarray:
    """Trees of the current situation: rows of the items."""
    return np.flatnonzero(scene.items.where("tree") & np.asarray(scene.items.current, bool))


def joined(shapes: list[Shape]) -> Shape:
    """Several shapes as one."""
    parts = [s.geometry for s in shapes if not s.geometry.IsEmpty()]
    with quiet():
        union = dissolve(parts) if parts else ogr.Geometry(ogr.wkbMultiPolygon)
    return Shape(
        union,
        [x for s in shapes for x in s.layers], [x for s in shapes for x in s.names],
        [x for s in shapes for x in s.values], {x for s in shapes for x in s.limits},
        sum(s.count for s in shapes), max((s.grain for s in shapes), default=0.0),
    )  # fmt: skip


def cut(geometry: ogr.Geometry, region: ogr.Geometry) -> ogr.Geometry:
    """The polygonal part of a geometry inside a region."""
    with quiet():
        common = geometry.Intersection(region)
        if common is None:  # GEOS gave up on a near-coincident edge
            common = geometry.Buffer(0).Intersection(region.Buffer(0))
    return polygonal(common)


# --------------------------------------------------------------------------------- thresholds
def targets(condition: Condition, world: World) -> list[tuple[ogr.Geometry, Limit]]:
    """Regions, and what holds there: one region, or one per value of a norm by zone."""
    threshold = condition.threshold
    if threshold is None or threshold.role:
        return [(world.around, lambda _owner: None)]
    if threshold.number is not None:
        fixed = threshold.number
        return [(world.around, lambda _owner: fixed)]
    if threshold.law:
        return [(world.around, lambda owner: _law(threshold, owner, world))]
    groups: dict[float, list[ogr.Geometry]] = {}
    zones = world.scene.zones
    for row in range(zones.n):
        norm = world.profile.norm(threshold.norm, zones.area_type[row], threshold.part)
        if norm is not None:
            value = float(getattr(norm, threshold.anchor))
            groups.setdefault(value, []).append(zones.polygons.geometry(row))
    return [(dissolve(parts), lambda _owner, v=value: v)  # type: ignore[misc]
            for value, parts in groups.items()]  # fmt: skip


def _law(threshold: Threshold, owner: str, world: World) -> float | None:
    """The number of the law for an owner; without one the strictest of all that could apply."""
    entries = world.profile.law(threshold.law, world.scene.date)
    stem, open_, _ = threshold.variant.partition("{owner}")
    if open_ and owner:
        mine = [e for e in entries if e.variant == stem + owner]
    elif open_:
        mine = [e for e in entries if e.variant.startswith(stem)]
    else:
        mine = [e for e in entries if not threshold.variant or e.variant == threshold.variant]
    found = [getattr(e, threshold.which) for e in mine]
    found = [v for v in found if v == v]
    return min(found) if found else None


def _holds(values: np.ndarray, operator: str, limit: float) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        if operator == "above":
            held = values > limit
        elif operator == "at_least":
            held = values >= limit
        elif operator == "below":
            held = values < limit
        else:
            held = values <= limit
    return np.asarray(held & np.isfinite(values))


# --------------------------------------------------------------------------------- a role
def _of_role(condition: Condition, role: str, world: World) -> Shape:
    if condition.threshold is not None and condition.threshold.role:
        return _over_other_map(condition, role, world)
    found: list[Shape] = []
    for region, limit in targets(condition, world):
        for item in world.scene.rasters(role) if condition.operator else ():
            bound = limit(str(item.attributes.get("owner") or ""))
            if bound is not None:
                shape = of_raster(item.raster, condition.operator, bound, region, world.plan)
                shape.layers = [item.layer] if not shape.geometry.IsEmpty() else []
                found.append(shape)
        vectors = world.scene.vectors(role)
        if vectors is not None:
            found.append(_of_vectors(condition, vectors, region, limit, world))
    if role == "trees":
        found.append(_reaches([world.scene.items.wkb[r] for r in _standing(world.scene)],
                              max(condition.reach, 1.0), world))  # fmt: skip
    return joined(found)


def values_of(vectors: VectorContext, name: str) -> np.ndarray:
    """(n,) what a condition compares: ``level`` = dB of contours, ``pr`` = log10 per yr."""
    if name == "level":
        return noise_level(vectors)
    values = number(vectors, name)
    return log_risk(values) if name == "pr" else values


def _words(vectors: VectorContext, name: str) -> np.ndarray:
    return np.array(["" if v is None else str(v) for v in vectors.texts(name)], object)


def _of_vectors(condition: Condition, vectors: VectorContext, region: ogr.Geometry, limit: Limit,
                world: World) -> Shape:  # fmt: skip
    rows = np.arange(vectors.n)
    if condition.terms:
        said = [{fold(a), fold(b)} for a, b in
                zip(_words(vectors, "kind"), _words(vectors, "mode"))]  # fmt: skip
        rows = rows[[bool(s & condition.terms) for s in said]]
    bounds: dict[int, float] = {}
    values = np.full(vectors.n, np.nan)
    if condition.operator:
        values = values_of(vectors, condition.value)
        owners = _words(vectors, "owner")
        keep = []
        for row in rows:
            bound = limit(str(owners[row]))
            held = bound is not None and _holds(values[row : row + 1], condition.operator, bound)[0]
            if held and bound is not None:
                keep.append(int(row))
                bounds[int(row)] = bound
        rows = np.array(keep, np.int64)
    shape = _reaches([vectors.wkb[r] for r in rows], condition.reach, world, region)
    seen = rows[shape.rows]
    names = _words(vectors, "name")
    shape.layers = list(dict.fromkeys(str(vectors.layer[r]) for r in seen))
    shape.names = list(dict.fromkeys(names[r] for r in seen if names[r]))
    shape.limits = {bounds[int(r)] for r in seen if int(r) in bounds}
    known = values[seen][np.isfinite(values[seen])]
    if len(known):
        high = condition.operator in ("above", "at_least")
        shape.values = [float(known.max() if high else known.min())]
    return shape


def _reaches(wkb: list[bytes], reach: float, world: World,
             region: ogr.Geometry | None = None) -> Shape:  # fmt: skip
    """Features with the ground they reach, as far as it lies in the region."""
    region = world.around if region is None else region
    west, east, south, north = region.GetEnvelope()
    parts, rows = [], []
    for row, data in enumerate(wkb):
        if row % 200 == 0:
            beat()
        geometry = geometry_from_wkb(bytes(data))
        box = geometry.GetEnvelope()
        if (box[0] > east + reach or box[1] < west - reach
                or box[2] > north + reach or box[3] < south - reach):  # fmt: skip
            continue
        with quiet():
            part = polygonal(geometry.Buffer(reach, 12) if reach else geometry)
        if part.IsEmpty() or not part.Intersects(region):
            continue
        parts.append(part)
        rows.append(row)
    whole = dissolve(parts) if parts else ogr.Geometry(ogr.wkbMultiPolygon)
    return Shape(cut(whole, region), count=len(rows), rows=np.array(rows, np.int64))


def _over_other_map(condition: Condition, role: str, world: World) -> Shape:
    """Polygons of one map above (or below) the value of another where both are known; where
    polygons of the other map overlap, the lowest counts."""
    threshold = condition.threshold
    assert threshold is not None
    own, other = world.scene.vectors(role), world.scene.vectors(threshold.role)
    empty = Shape(ogr.Geometry(ogr.wkbMultiPolygon))
    if own is None or other is None:
        return empty
    value, bound = values_of(own, condition.value), values_of(other, threshold.value)
    found, taken = [], ogr.Geometry(ogr.wkbMultiPolygon)
    for level in sorted({float(b) for b in bound if b == b}):
        here = _reaches([other.wkb[r] for r in np.flatnonzero(bound == level)], 0.0, world).geometry
        with quiet():
            region = polygonal(here.Difference(taken))
            taken = polygonal(taken.Union(here))
        rows = np.flatnonzero(_holds(value, condition.operator, level))
        if region.IsEmpty() or not len(rows):
            continue
        shape = _reaches([own.wkb[r] for r in rows], 0.0, world, region)
        shape.layers = [str(own.layer[0])]
        shape.limits = {level}
        seen = rows[shape.rows]
        shape.values = [float(value[seen].max())] if len(seen) else []
        found.append(shape)
    return joined(found)


def _nowhere_above(condition: Condition, world: World) -> Shape:
    """Known ground of the first role where no map of any of the roles reaches the number."""
    opposite = "at_least" if condition.operator == "below" else "above"
    loud = Condition(condition.roles, condition.value, opposite, condition.threshold)
    first = condition.roles[0]
    known = [of_raster(item.raster, "above", -np.inf, world.around, world.plan)
             for item in world.scene.rasters(first)]  # fmt: skip
    vectors = world.scene.vectors(first)
    if vectors is not None:
        known.append(_reaches(vectors.wkb, 0.0, world))
    ground = joined(known)
    above = joined([_of_role(loud, role, world) for role in condition.roles
                    if world.scene.has(role)])  # fmt: skip
    with quiet():
        left = ground.geometry.Difference(above.geometry)
    layers = [c for r in condition.roles for c in _layer_names(world.scene, r)]
    return Shape(polygonal(left), layers, limits=_numbers(condition),
                 grain=max(ground.grain, above.grain))  # fmt: skip


def _numbers(condition: Condition) -> set[float]:
    threshold = condition.threshold
    return set() if threshold is None or threshold.number is None else {threshold.number}


def _layer_names(scene: Scene, role: str) -> list[str]:
    vectors = scene.vectors(role)
    found = [item.layer for item in scene.rasters(role)]
    return found + ([] if vectors is None else list(dict.fromkeys(map(str, vectors.layer))))


# --------------------------------------------------------------------------------- rasters
def of_raster(raster: Raster, operator: str, limit: float, region: ogr.Geometry,
              plan: ogr.Geometry) -> Shape:  # fmt: skip
    """The cells that hold, inside a region; the strongest value in the plan, else in the region."""
    empty = Shape(ogr.Geometry(ogr.wkbMultiPolygon))
    west, east, south, north = region.GetEnvelope()
    rows, columns = raster.values.shape
    c0 = max(0, int(np.floor((west - raster.x0) / raster.dx)))
    c1 = min(columns, int(np.ceil((east - raster.x0) / raster.dx)))
    r0 = max(0, int(np.floor((raster.y0 - north) / raster.dy)))
    r1 = min(rows, int(np.ceil((raster.y0 - south) / raster.dy)))
    if c1 <= c0 or r1 <= r0:
        return empty
    step = max(1, int(np.ceil(np.sqrt((c1 - c0) * (r1 - r0) / MOST_CELLS))))
    half = step // 2
    values = raster.values[r0 + half : r1 : step, c0 + half : c1 : step]
    held = _holds(values, operator, limit)
    if not held.any():
        return empty
    dx, dy = raster.dx * step, raster.dy * step
    x0, y0 = raster.x0 + c0 * raster.dx, raster.y0 - r0 * raster.dy
    whole = polygonised(held, x0, y0, dx, dy)
    geometry = cut(whole, region)
    if geometry.IsEmpty():
        return empty
    high = operator in ("above", "at_least")
    inside = cut(geometry, plan)
    seen = _cells(values, held, x0, y0, dx, dy, inside if not inside.IsEmpty() else geometry)
    strongest = [float(seen.max() if high else seen.min())] if len(seen) else []
    return Shape(geometry, values=strongest, limits={limit} if np.isfinite(limit) else set(),
                 grain=max(dx, dy))  # fmt: skip


def _cells(values: np.ndarray, held: np.ndarray, x0: float, y0: float, dx: float, dy: float,
           within: ogr.Geometry) -> np.ndarray:  # fmt: skip
    """Values of the cells that hold and whose centre lies in an area."""
    row, column = np.nonzero(held)
    xy = np.column_stack([x0 + (column + 0.5) * dx, y0 - (row + 0.5) * dy])
    west, east, south, north = within.GetEnvelope()
    near = ((xy[:, 0] >= west) & (xy[:, 0] <= east) & (xy[:, 1] >= south) & (xy[:, 1] <= north))
    row, column, xy = row[near], column[near], xy[near]
    if not len(xy):
        return np.zeros(0)
    inside = first_containing(Polygons.from_geometries([within]), xy) >= 0
    found: np.ndarray = values[row[inside], column[inside]]
    return found


def polygonised(held: np.ndarray, x0: float, y0: float, dx: float, dy: float) -> ogr.Geometry:
    """The outline of cells (rows from north to south), local metres."""
    beat()
    rows, columns = held.shape
    source = gdal.GetDriverByName("MEM").Create("", columns, rows, 1, gdal.GDT_Byte)
    source.SetGeoTransform((x0, dx, 0.0, y0, 0.0, -dy))
    band = source.GetRasterBand(1)
    band.WriteArray(held.astype(np.uint8))
    driver = ogr.GetDriverByName("Memory") or ogr.GetDriverByName("MEM")
    target = driver.CreateDataSource("") if hasattr(driver, "CreateDataSource") else driver.Create(
        "", 0, 0, 0, gdal.GDT_Unknown)  # fmt: skip
    layer = target.CreateLayer("cells", None, ogr.wkbPolygon)
    with quiet():
        gdal.Polygonize(band, band, layer, -1, [])
    parts = []
    for feature in layer:
        geometry = feature.GetGeometryRef()
        if geometry is not None:
            parts.append(geometry.Clone())
    beat()
    return dissolve(parts) if parts else ogr.Geometry(ogr.wkbMultiPolygon)


def _modelled(condition: Condition, world: World) -> Shape | None:
    """A map that a model made of the current situation, or that was given for that role."""
    indicator, name = condition.field
    measured = world.measurements.get(indicator)
    made = measured.fields.get(name) if measured is not None else None
    rasters = [item.raster for item in world.scene.rasters(name)]
    layers = _layer_names(world.scene, name)
    if not rasters and made is not None:
        raster = made.make()
        rasters, layers = [raster], []
    if not rasters:
        return None
    found = []
    for region, limit in targets(condition, world):
        bound = limit("")
        if bound is not None:
            found += [of_raster(r, condition.operator, bound, region, world.plan) for r in rasters]
    shape = joined(found)
    shape.layers = layers
    return shape


# --------------------------------------------------------------------------------- ground, marks
def _ground(condition: Condition, world: World) -> Shape | None:
    """Ground of the current situation with some functions."""
    surfaces = world.scene.surfaces
    there = np.asarray(surfaces.current, bool)
    if not there.any():
        return None
    rows = np.flatnonzero(there & surfaces.where(*condition.functions))
    west, east, south, north = world.around.GetEnvelope()
    box = surfaces.polygons.bounds()[rows]
    near = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
    rows = rows[near & (surfaces.area[rows] > 0)]
    if not len(rows):
        return Shape(ogr.Geometry(ogr.wkbMultiPolygon))
    layers = list(dict.fromkeys(str(surfaces.layer[r]) for r in rows))
    whole = union_of(surfaces.polygons.take(rows))
    return Shape(cut(whole, world.around), layers, count=len(rows))


def _marked(condition: Condition, world: World) -> Shape | None:
    """Zones where the current situation already has such a mark."""
    indicator, least = condition.mark
    rows = [r for r in world.rows if r.indicator == indicator and r.zone_id > 0]
    if not any(r.mark is not None for r in rows):
        return None
    good = [r for r in rows if r.mark is not None and r.mark >= least - 1e-9]
    parts = [world.scene.zones.polygons.geometry(r.zone_id - 1) for r in good]
    shape = Shape(dissolve(parts) if parts else ogr.Geometry(ogr.wkbMultiPolygon), count=len(good))
    shape.values = [float(max(r.mark or 0.0 for r in good))] if good else []
    shape.limits = {least}
    return shape


__all__ = ["Shape", "World", "shape_of", "targets"]
