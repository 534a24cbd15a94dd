"""Raw layers -> Scene: cleaned, one plane, ground divided, cut by zone, gaps filled and counted."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from osgeo import ogr

from .checks import Check
from .clean import clean
from .context import edge_checks, make_context
from .defaults import fill_defaults
from .functions import Functions
from .geometry import Polygons, first_containing, moved_wkb
from .mapping import YES, Canonical, canonical, owns_no_ground
from .norms import Profile
from .overlap import resolve, uncovered, zone_areas
from .pulse import beat
from .scene import NUMERIC_FIELDS, Cut, Items, RasterContext, RawLayer, Scene, Surfaces, Zones
from .sketch import (
    ASSUMED,
    DEVELOPMENT,
    areas_as_buildings,
    expand,
    given_of,
    mark_assumed,
)
from .sketch import Ground as _Ground
from .solid import union_of_disjoint
from .wkb import dimension
from .words import LOW, NORMAL, DgoError
from .zones import area_type_of, fill_holes, make_zones, union_of

OVERLAP_CHECK = 0.005  # m2: less common ground than this is not worth a check


@dataclass
class Sources:
    """What the bridge read, all in the work plane and in world coordinates."""

    design: list[RawLayer] = field(default_factory=list)
    current: list[RawLayer] = field(default_factory=list)
    area_types: list[RawLayer] = field(default_factory=list)
    plan_area: list[RawLayer] = field(default_factory=list)
    vectors: dict[str, list[RawLayer]] = field(default_factory=dict)
    rasters: dict[str, list[RasterContext]] = field(default_factory=dict)
    crs: str = ""
    terms: dict[str, str] = field(default_factory=dict)  # the plan's own words -> functions
    mappings: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # 'bgt' -> its file
    checks: list[Check] = field(default_factory=list)  # what reading found
    margin: float = 600.0
    methods: dict[str, str] = field(default_factory=dict)  # indicator or 'all' -> scene.METHODS


def build_scene(sources: Sources, profile: Profile, functions: Functions, date: datetime.date,
                cell_size: float = 2.0, progress: Callable[[float], None] | None = None,
                ) -> Scene:  # fmt: skip
    """Make the scene. ``progress`` gets 0-1 and may raise :class:`words.Cancelled`."""
    step = progress or (lambda _done: None)
    checks: list[Check] = list(sources.checks)
    origin = _origin(sources)
    step(0.0)
    ground = _Ground()
    others: list[tuple[RawLayer, Canonical, np.ndarray, bool]] = []
    for is_current, layers in ((False, sources.design), (True, sources.current)):
        for layer in layers:
            _sort(layer, is_current, functions, sources, origin, ground, others, checks)
            step(0.05)
    if not ground.fid and not sources.plan_area:
        raise DgoError("problems.nothing_to_score")
    footprints = _join(ground)
    map_polygons, types, map_layers, map_fids = _area_types(sources, profile, origin, checks)
    rates = {name: rate.value for name, rate in profile.rates.items()}
    ground, footprints, fields = expand(ground, footprints, _stack(ground.fields), functions,
                                        map_polygons, types, profile, rates, checks)  # fmt: skip
    current = np.array(ground.current, bool)
    checks += areas_as_buildings(ground, footprints, fields)
    functions_of = np.array(ground.function, object)
    visible = _divide(footprints, functions_of, current, functions, ground, checks)
    step(0.4)
    plan = _plan_area(sources, visible, current, map_polygons, origin, checks)
    step(0.55)
    zones = make_zones(plan, map_polygons, types, map_layers, map_fids, checks)
    if not zones.n:
        raise DgoError("problems.plan_without_ground")
    zones.flags["high_sandy_ground"] = _flag("high_sandy_ground", sources, map_polygons, zones)
    step(0.7)
    row, zone, area = zone_areas(visible, zones.polygons)
    # by footprint: a building that the design leaves half of keeps half of its dwellings
    share = area / footprints.area()[row]
    cut = Cut(row, zone + 1, area, np.minimum(share, 1.0))
    surfaces = Surfaces(
        functions_of, current, np.array(ground.layer, object), np.array(ground.fid, np.int64),
        visible, footprints, visible.area(), fields, {}, functions,
    )  # fmt: skip
    fill_defaults(surfaces, cut, zones, profile)
    mark_assumed(surfaces, ground.said, checks)
    items = _items(others, zones, origin)
    step(0.85)
    context = make_context(sources, origin, checks)
    checks += edge_checks(context, sources, zones, origin)
    step(1.0)
    return Scene(origin, sources.crs, Polygons.from_geometries([plan]), zones, surfaces, cut, items,
                 context, date, cell_size, checks, rates,
                 sources.margin, dict(sources.methods))  # fmt: skip


def _origin(sources: Sources) -> tuple[float, float]:
    """A round point near the plan: keeps coordinates small, so areas keep their digits."""
    for layers in (sources.plan_area, sources.design, sources.area_types, sources.current):
        for layer in layers:
            for data in layer.wkb:
                if data is not None:
                    box = ogr.CreateGeometryFromWkb(bytes(data)).GetEnvelope()
                    middle = 0.5 * (box[0] + box[1]), 0.5 * (box[2] + box[3])
                    if np.isfinite(middle).all():
                        return float(round(middle[0], -2)), float(round(middle[1], -2))
    return 0.0, 0.0


def _sort(layer: RawLayer, current: bool, functions: Functions, sources: Sources,
          origin: tuple[float, float], ground: _Ground,
          others: list[tuple[RawLayer, Canonical, np.ndarray, bool]],
          checks: list[Check]) -> None:  # fmt: skip
    """Map one layer and send its features to the ground, to the items, or to the checks."""
    if not len(layer.fid):
        checks.append(Check("empty_layer", NORMAL, "layer", layer.name))
        return
    mapping = sources.mappings.get(str(layer.entry.get("mapping") or ""))
    if owns_no_ground(layer, mapping):
        return
    words = canonical(layer, functions, sources.terms, mapping, checks)
    if current and "existing" not in layer.entry:
        words.fields["existing"][np.isnan(words.fields["existing"])] = 1.0
    known = np.array([f is not None for f in words.function], bool)
    surface = known & np.array([f is not None and functions.kind(f) == "surface"
                                for f in words.function], bool)  # fmt: skip
    polygonal = np.array([dimension(w) == 2 for w in layer.wkb], bool)
    lines = np.array([dimension(w) == 1 for w in layer.wkb], bool)
    empty = np.array([w is None for w in layer.wkb], bool)
    if empty.any():
        checks.append(Check("no_geometry", NORMAL, "layer", layer.name,
                            params={"count": int(empty.sum())}))  # fmt: skip
    owns = np.flatnonzero(surface & polygonal)
    # a road or path drawn as a line owns no ground but is part of the walking network
    stands = np.flatnonzero(known & ~empty & (~surface | lines))
    wrong = np.flatnonzero(surface & ~polygonal & ~lines & ~empty)
    for row in wrong[:100]:
        checks.append(Check("wrong_geometry_type", NORMAL, "feature", layer.name,
                            int(layer.fid[row]), value=str(words.function[row])))  # fmt: skip
    beat()
    if len(owns):
        polygons = clean([layer.wkb[r] for r in owns], layer.name, layer.fid[owns], origin, checks)
        real = np.flatnonzero(polygons.area() > 0)
        keep = owns[real]
        _assumptions(layer, words, keep, ground, checks)
        ground.layer += [layer.name] * len(keep)
        ground.fid += [int(f) for f in layer.fid[keep]]
        ground.function += [str(f) for f in words.function[keep]]
        ground.current += [current] * len(keep)
        ground.polygons.append(polygons.take(real))
        ground.fields.append({name: values[keep] for name, values in words.fields.items()})
    if len(stands):
        others.append((layer, words, stands, current))


def _assumptions(layer: RawLayer, words: Canonical, keep: np.ndarray, ground: _Ground,
                 checks: list[Check]) -> None:  # fmt: skip
    """What the features that follow call assumed themselves, and the programmes of rough ones."""
    column, first = layer.columns.get(ASSUMED), len(ground.fid)
    for k, row in enumerate(keep if column is not None else ()):
        if column is not None and column[row] is not None and str(column[row]).strip():
            ground.said[first + k] = str(column[row])
    rough = np.flatnonzero(words.function[keep] == DEVELOPMENT)
    named = dict(layer.columns)
    if len(rough):
        named.update({n: [None if v != v else v for v in words.fields[n]] for n in NUMERIC_FIELDS})
    for k in rough:
        row = int(keep[k])
        ground.rough[first + int(k)] = given_of(named, row, layer.name, int(layer.fid[row]),
                                                checks)  # fmt: skip


def _join(ground: _Ground) -> Polygons:
    joined = Polygons.from_wkb([])
    for polygons in ground.polygons:
        joined = joined.joined(polygons)
    return joined


def _stack(fields: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if not fields:
        from .scene import BOOL_FIELDS, NUMERIC_FIELDS, TEXT_FIELDS

        return {**{n: np.zeros(0) for n in NUMERIC_FIELDS + BOOL_FIELDS},
                **{n: np.zeros(0, object) for n in (*TEXT_FIELDS, "basis")}}  # fmt: skip
    return {name: np.concatenate([f[name] for f in fields]) for name in fields[0]}


def _area_types(
    sources: Sources, profile: Profile, origin: tuple[float, float], checks: list[Check]
) -> tuple[Polygons, list[str | None], np.ndarray, np.ndarray]:
    polygons = Polygons.from_wkb([])
    layers: list[str] = []
    fids: list[int] = []
    for layer in sources.area_types:
        polygons = polygons.joined(clean(layer.wkb, layer.name, layer.fid, origin, checks))
        layers += [layer.name] * len(layer.fid)
        fids += [int(f) for f in layer.fid]
    types = area_type_of(sources.area_types, profile.resolve_type, checks)
    return polygons, types, np.array(layers, object), np.array(fids, np.int64)


def _flag(name: str, sources: Sources, area_map: Polygons, zones: Zones) -> np.ndarray:
    """(n_zones,) whether most of each zone lies in polygons of the area-type map that carry a true
    value in the field of this name (or in the field that the map's entry names for it)."""
    wanted: list[bool] = []
    for layer in sources.area_types:
        column = layer.columns.get(str((layer.entry.get("flags") or {}).get(name, name)))
        values = [None] * len(layer.fid) if column is None else list(column)
        wanted += [str(v).strip().lower() in YES for v in values]
    rows = np.flatnonzero(np.array(wanted, bool))
    flags = np.zeros(zones.n, bool)
    if len(rows):
        ground = Polygons.from_geometries([union_of(area_map.take(rows))])
        _, zone, area = zone_areas(ground, zones.polygons)
        flags[zone] = area > 0.5 * zones.area[zone]
    return flags


def _plan_area(sources: Sources, visible: Polygons, current: np.ndarray, area_map: Polygons,
               origin: tuple[float, float], checks: list[Check]) -> ogr.Geometry:  # fmt: skip
    """Given, else the union of the design's surfaces with holes filled, else (nothing designed:
    the current situation is scored) the area-type map."""
    for layer in sources.plan_area:
        polygons = clean(layer.wkb, layer.name, layer.fid, origin, checks)
        union = union_of(polygons)
        if not union.IsEmpty():
            return union
        raise DgoError("problems.plan_area_empty", layer=layer.name)
    design = np.flatnonzero(~current)
    if len(design):
        return fill_holes(union_of_disjoint(visible.take(design)))
    union = union_of(area_map) if area_map.n else union_of_disjoint(visible)
    if union.IsEmpty():
        raise DgoError("problems.plan_without_ground")
    return union


def _divide(footprints: Polygons, function: np.ndarray, current: np.ndarray, functions: Functions,
            ground: _Ground, checks: list[Check]) -> Polygons:  # fmt: skip
    """The order on the ground: design above current situation, then rank, then row."""
    rank = np.array([functions.rank(f) for f in function], float)
    design, there = np.flatnonzero(~current), np.flatnonzero(current)
    lost: dict[int, float] = {}
    first: dict[int, int] = {}
    above = []
    for rows in (design, there):
        visible, contests = resolve(footprints.take(rows), rank[rows])
        above.append(visible)
        for a, b, area in contests:
            loser, winner = int(rows[a]), int(rows[b])
            lost[loser] = lost.get(loser, 0.0) + area
            first.setdefault(loser, winner)
    divided = np.argsort(np.concatenate([design, there]))
    visible = above[0].joined(uncovered(above[1], above[0])).take(divided)
    gone = footprints.area() - visible.area()
    for loser, area in lost.items():
        if area < OVERLAP_CHECK:
            continue
        beat()
        winner = first[loser]
        area = min(area, float(gone[loser]))  # several on one place: ground is lost once
        common = footprints.geometry(loser).Intersection(footprints.geometry(winner))
        checks.append(Check(
            "overlap", NORMAL if area > 1.0 else LOW, "feature", ground.layer[loser],
            ground.fid[loser], value=f"{area:.3f}",
            params={"area": area, "function": str(function[loser]),
                    "other": ground.fid[winner], "other_function": str(function[winner])},
            wkb=None if common is None else bytes(common.ExportToWkb(ogr.wkbNDR)),
        ))  # fmt: skip
    return visible


def _items(others: list[tuple[RawLayer, Canonical, np.ndarray, bool]], zones: Zones,
           origin: tuple[float, float]) -> Items:  # fmt: skip
    function, layer_of, fid, wkb, current = [], [], [], [], []
    fields: list[dict[str, np.ndarray]] = []
    for layer, words, rows, is_current in others:
        function += [str(f) for f in words.function[rows]]
        layer_of += [layer.name] * len(rows)
        fid += [int(f) for f in layer.fid[rows]]
        wkb += [layer.wkb[r] for r in rows]
        current += [is_current] * len(rows)
        fields.append({name: values[rows] for name, values in words.fields.items()})
    local, xy = [], np.full((len(fid), 2), np.nan)
    for k, data in enumerate(wkb):
        local.append(moved_wkb(bytes(data or b""), origin))
        geometry = ogr.CreateGeometryFromWkb(local[-1])
        point = geometry if geometry.GetDimension() == 0 else geometry.Centroid()
        if point is not None and not point.IsEmpty():
            if point.GetGeometryCount():
                point = point.GetGeometryRef(0)
            xy[k] = point.GetX(), point.GetY()
    zone = first_containing(zones.polygons, xy) + 1 if len(fid) else np.zeros(0, np.int64)
    stacked = _stack(fields)
    return Items(np.array(function, object), np.array(layer_of, object), np.array(fid, np.int64),
                 local, xy, zone, stacked,
                 {n: np.zeros(len(fid), bool) for n in stacked},
                 np.array(current, bool))  # fmt: skip


__all__ = ["Sources", "build_scene"]
