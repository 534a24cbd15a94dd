"""Raw layers -> Scene: cleaned, one plane, ground divided, cut by zone, gaps filled and counted."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from osgeo import ogr

from .again import Halves, Last, Plan, cut_again, halves, laid, plan_again, plan_of, reuse_of
from .ahead import beside
from .checks import Check
from .clean import clean
from .context import edge_checks, make_context
from .defaults import fill_defaults
from .functions import Functions
from .geometry import Polygons, first_containing, moved_wkb
from .kept import Kept, whole
from .mapping import YES
from .norms import Profile
from .overlap import zone_areas
from .scene import NUMERIC_FIELDS, Cut, Items, RasterContext, RawLayer, Scene, Surfaces, Zones
from .sketch import (
    ASSUMED,
    DEVELOPMENT,
    Ground,
    areas_as_buildings,
    expand,
    given_of,
    mark_assumed,
)
from .sorting import Sorted, sort_layer
from .wkb import POINT
from .words import DgoError
from .zones import area_type_of, make_zones, union_of


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
                kept: Kept | None = None) -> Scene:  # fmt: skip
    """Make the scene. ``progress`` gets 0-1 and may raise :class:`words.Cancelled`. With ``kept``
    what the last scene of this plan worked out is taken over where nothing changed."""
    step = progress or (lambda _done: None)
    checks: list[Check] = list(sources.checks)
    origin = _origin(sources)
    step(0.0)
    found: list[Sorted] = []
    for is_current, layers in ((False, sources.design), (True, sources.current)):
        for nth, layer in enumerate(layers):
            mapping = sources.mappings.get(str(layer.entry.get("mapping") or ""))
            one = sort_layer(layer, is_current, functions, sources.terms, mapping, origin, kept,
                             ("layer", is_current, nth))  # fmt: skip
            if one is not None:
                found.append(one)
            step(0.05)
    told = whole(kept, "told", (functions, [(s.told, s.keep) for s in found]),
                 lambda: _told(found, functions))  # fmt: skip
    for one, said in zip(found, told.checks):
        checks += one.checks + said
    if not len(told.ground.fid) and not sources.plan_area:
        raise DgoError("problems.nothing_to_score")
    area_map = whole(kept, "area_map", (sources.area_types, origin, profile),
                     lambda: _area_types(sources, profile, origin))  # fmt: skip
    checks += area_map.checks
    rates = {name: rate.value for name, rate in profile.rates.items()}
    ground, footprints = expand(told.ground, _footprints(found), functions, area_map.polygons,
                                area_map.types, profile, rates, checks)  # fmt: skip
    checks += areas_as_buildings(ground, footprints)
    last = Last.of(kept, origin, ground, footprints)
    if last is not None and last.unmoved and last.old is not None:
        footprints = last.new.footprints = last.old.footprints
    parts = halves(footprints, ground, functions, last)
    step(0.4)
    overlaps: list[Check] = []
    # who keeps compares with the last ground at every step, so there they follow each other
    with beside(lambda: laid(parts, footprints, ground, overlaps, last), kept is None) as seen:
        plan = _plan_area(sources, parts, seen, ground, area_map.polygons, origin, kept, last)
        step(0.55)
        zones, found_here = whole(
            kept, "zones", (plan, area_map, sources.area_types),
            lambda: _zones(sources, plan.geometry, area_map, kept))
        if not zones.n:
            raise DgoError("problems.plan_without_ground")
        visible = seen()
    checks += [*overlaps, *plan.checks, *found_here]
    step(0.7)
    row, zone, area = cut_again(visible, zones, kept, last)
    # by footprint: a building that the design leaves half of keeps half of its dwellings
    share = area / footprints.area()[row]
    cut = Cut(row, zone + 1, area, np.minimum(share, 1.0))
    fields, assumed = fill_defaults(ground, footprints, cut, zones, functions, profile, kept)
    surfaces = Surfaces(ground.function, ground.current, ground.layer, ground.fid, visible,
                        footprints, visible.area(), fields, assumed, functions)  # fmt: skip
    surfaces.codes = ground.codes  # the very array as long as the functions stay
    mark_assumed(surfaces, ground.said, checks)
    items = _items([s for s in found if len(s.told.stands)], zones, origin, kept)
    step(0.85)
    context = make_context(sources, origin, checks, kept)
    checks += edge_checks(context, sources, zones, origin, kept)
    step(1.0)
    made = Scene(origin, sources.crs, plan.polygons, zones, surfaces, cut, items,
                 context, date, cell_size, checks, rates,
                 sources.margin, dict(sources.methods))  # fmt: skip
    if kept is not None:
        made.reuse = reuse_of(made, kept, last)
    return made


def _origin(sources: Sources) -> tuple[float, float]:
    """A round point near the plan: keeps coordinates small, so areas keep their digits. By the
    feature that is there longest, not by the one that QGIS reads first: that is the one drawn
    last, and with the origin all that is known of a live plan would go."""
    for layers in (sources.plan_area, sources.design, sources.area_types, sources.current):
        for layer in layers:
            for row in _eldest(layer.fid):
                data = layer.wkb[row]
                if data is not None:
                    box = ogr.CreateGeometryFromWkb(bytes(data)).GetEnvelope()
                    middle = 0.5 * (box[0] + box[1]), 0.5 * (box[2] + box[3])
                    if np.isfinite(middle).all():
                        return float(round(middle[0], -3)), float(round(middle[1], -3))
    return 0.0, 0.0


@dataclass(frozen=True)
class _Told:
    """What all layers say of the ground, and the checks on their programmes, of each layer."""

    ground: Ground
    checks: list[list[Check]]


def _told(found: list[Sorted], functions: Functions) -> _Told:
    said: dict[int, str] = {}
    rough: dict[int, dict[str, float]] = {}
    checks: list[list[Check]] = []
    first = 0
    for one in found:
        checks.append([])
        _assumptions(one, first, said, rough, checks[-1])
        first += len(one.keep)
    those = [one for one in found if len(one.told.owns)]
    count = np.array([len(one.keep) for one in those], np.int64)
    none = np.zeros(0, object)
    function = np.concatenate([none, *(one.told.words.function[one.keep] for one in those)])
    fid = np.concatenate([np.zeros(0, np.int64), *(one.layer.fid[one.keep] for one in those)])
    layer = np.repeat(np.array([one.layer.name for one in those], object), count)
    current = np.repeat(np.array([one.current for one in those], bool), count)
    fields = _stack([{name: values[one.keep] for name, values in one.told.words.fields.items()}
                     for one in those])  # fmt: skip
    ground = Ground(layer, fid, function, current, functions.codes(function), fields, said, rough)
    return _Told(ground, checks)


def _assumptions(found: Sorted, first: int, said: dict[int, str],
                 given: dict[int, dict[str, float]], checks: list[Check]) -> None:  # fmt: skip
    """What the features of a layer, from row ``first``, call assumed themselves, and the programmes
    of rough ones."""
    layer, words, keep = found.layer, found.told.words, found.keep
    if not len(keep):  # an empty layer has no words to compare
        return
    column = layer.columns.get(ASSUMED)
    for k, row in enumerate(keep.tolist() if column is not None else ()):
        if column is not None and column[row] is not None and str(column[row]).strip():
            said[first + k] = str(column[row])
    rough = np.flatnonzero(words.function[keep] == DEVELOPMENT)
    named = dict(layer.columns)
    if len(rough):
        named.update({n: [None if v != v else v for v in words.fields[n]] for n in NUMERIC_FIELDS})
    for k in rough.tolist():
        row = int(keep[k])
        given[first + k] = given_of(named, row, layer.name, int(layer.fid[row]), checks)


def _footprints(found: list[Sorted]) -> Polygons:
    """The ground of all layers as it is drawn, one after the other."""
    joined = Polygons.from_wkb([])
    for one in found:
        joined = joined.joined(one.polygons.take(one.real)) if len(one.real) else joined
    return joined


def _stack(fields: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if not fields:
        from .scene import BOOL_FIELDS, NUMERIC_FIELDS, TEXT_FIELDS

        return {**{n: np.zeros(0) for n in NUMERIC_FIELDS + BOOL_FIELDS},
                **{n: np.zeros(0, object) for n in (*TEXT_FIELDS, "basis")}}  # fmt: skip
    return {name: np.concatenate([f[name] for f in fields]) for name in fields[0]}


@dataclass(frozen=True)
class AreaMap:
    """The area-type map, feature by feature."""

    polygons: Polygons
    types: list[str | None]
    layers: np.ndarray
    fids: np.ndarray
    checks: list[Check]


def _area_types(sources: Sources, profile: Profile, origin: tuple[float, float]) -> AreaMap:
    polygons = Polygons.from_wkb([])
    layers: list[str] = []
    fids: list[int] = []
    checks: list[Check] = []
    for layer in sources.area_types:
        polygons = polygons.joined(clean(layer.wkb, layer.name, layer.fid, origin, checks))
        layers += [layer.name] * len(layer.fid)
        fids += [int(f) for f in layer.fid]
    types = area_type_of(sources.area_types, profile.resolve_type, checks)
    return AreaMap(polygons, types, np.array(layers, object), np.array(fids, np.int64), checks)


def _zones(sources: Sources, plan: ogr.Geometry, area_map: AreaMap,
           kept: Kept | None = None) -> tuple[Zones, list[Check]]:  # fmt: skip
    checks: list[Check] = []
    zones = make_zones(plan, area_map.polygons, area_map.types, area_map.layers, area_map.fids,
                       checks, kept)  # fmt: skip
    if zones.n:
        zones.flags["high_sandy_ground"] = _flag("high_sandy_ground", sources, area_map.polygons,
                                                 zones)  # fmt: skip
    return zones, checks


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


def _plan_area(sources: Sources, parts: Halves | None, seen: Callable[[], Polygons],
               ground: Ground, area_map: Polygons, origin: tuple[float, float],
               kept: Kept | None, last: Last | None) -> Plan:  # fmt: skip
    """Given, else the union of the design's surfaces with holes filled, else (nothing designed:
    the current situation is scored) the area-type map, or the current situation likewise."""
    if sources.plan_area:
        return whole(kept, "plan", (sources.plan_area, origin),
                     lambda: _given_plan(sources, origin))  # fmt: skip
    design = ground.halves[0]
    if len(design) and kept is not None and last is not None:
        return plan_again(seen(), design, kept, last)
    if len(design):
        assert parts is not None
        return plan_of(parts.made[0].visible)  # nothing lies above the design

    def of_map() -> Plan:
        made = Plan.of(union_of(area_map)) if area_map.n else plan_of(seen())
        if made.geometry.IsEmpty():
            raise DgoError("problems.plan_without_ground")
        return made

    if not area_map.n:
        return of_map()
    return whole(kept, "plan", (area_map,), of_map)


def _given_plan(sources: Sources, origin: tuple[float, float]) -> Plan:
    layer = sources.plan_area[0]
    checks: list[Check] = []
    union = union_of(clean(layer.wkb, layer.name, layer.fid, origin, checks))
    if union.IsEmpty():
        raise DgoError("problems.plan_area_empty", layer=layer.name)
    return Plan.of(union, checks)


def _items(others: list[Sorted], zones: Zones, origin: tuple[float, float],
           kept: Kept | None) -> Items:  # fmt: skip
    """What owns no ground; shared between runs in which its layers are the very same."""
    items = whole(kept, "items", (others, origin), lambda: _placed_items(others, origin, kept))
    zone = whole(kept, "item_zones", (items.xy, zones),
                 lambda: first_containing(zones.polygons, items.xy) + 1)
    return replace(items, zone=zone)


def _placed_items(others: list[Sorted], origin: tuple[float, float],
                  kept: Kept | None) -> Items:  # fmt: skip
    """The same, not in any zone yet."""
    function, layer_of, fid, wkb, current = [], [], [], [], []
    fields: list[dict[str, np.ndarray]] = []
    for found in others:
        layer, words, rows = found.layer, found.told.words, found.told.stands
        function += [str(f) for f in words.function[rows]]
        layer_of += [layer.name] * len(rows)
        fid += layer.fid[rows].tolist()
        wkb += [layer.wkb[r] for r in rows.tolist()]
        current += [found.current] * len(rows)
        fields.append({name: values[rows] for name, values in words.fields.items()})
    local, xy = [], np.full((len(fid), 2), np.nan)
    placed: dict[bytes, tuple[bytes, float, float]] = {}
    before = kept.found("placed") if kept and kept.made_from("placed") == (origin,) else {}
    for k, data in enumerate(wkb):
        data = bytes(data or b"")
        if data not in placed:
            placed[data] = before.get(data) or _placed(data, origin)
        moved, *point = placed[data]
        local.append(moved)
        xy[k] = point
    if kept is not None:
        kept.put("placed", (origin,), placed)
    stacked = _stack(fields)
    return Items(np.array(function, object), np.array(layer_of, object), np.array(fid, np.int64),
                 local, xy, np.zeros(len(fid), np.int64), stacked,
                 {n: np.zeros(len(fid), bool) for n in stacked},
                 np.array(current, bool))  # fmt: skip


def _eldest(fid: np.ndarray) -> Iterator[int]:
    """Rows, those that are there longest first; the first of them once more."""
    if len(fid):
        # ids of what is not saved yet are negative, the newest the lowest
        age = fid if fid.min() >= 0 else np.where(fid < 0, fid.max() - fid, fid)
        yield int(age.argmin())
        yield from np.argsort(age, kind="stable").tolist()


def _placed(data: bytes, origin: tuple[float, float]) -> tuple[bytes, float, float]:
    """Local geometry of an item, and its representative point (NaN where it has none)."""
    local = moved_wkb(data, origin)
    if len(local) == POINT:
        return (local, *struct.unpack_from("<dd", local, 5))
    geometry = ogr.CreateGeometryFromWkb(local)
    point = geometry if geometry.GetDimension() == 0 else geometry.Centroid()
    if point is None or point.IsEmpty():
        return local, float("nan"), float("nan")
    if point.GetGeometryCount():
        point = point.GetGeometryRef(0)
    return local, point.GetX(), point.GetY()


__all__ = ["Sources", "build_scene"]
