"""The land of a scene as grids: terrain, buildings, soil, sewer, facilities of the design."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...clean import quiet
from ...geometry import Polygons, geometry_from_wkb, polygonal
from ...kept import by_row, whole_of
from ...pulse import beat
from ...scan import cells_inside
from ...wkb import made_valid
from ..frame import Frame
from ..ground import frame_of, terrain_in
from ..patched import owners
from ..tables import constants
from .cloudburst import (
    BUILDING,
    GROUND,
    UNKNOWN,
    WATER,
    Flood,
    Flow,
    Land,
    flood,
    flow_of,
    same_land,
    updated,
)
from .hierarchy import AROUND

if TYPE_CHECKING:
    from osgeo import ogr

    from ...scene import Scene

LOWEST, HIGHEST = -20.0, 500.0  # m NAP: heights beyond are no heights (roles.yml, dtm)
MOST_PERMEABLE = 100.0  # m per day (roles.yml, infiltration)


@dataclass(frozen=True)
class Site:
    """The land, and which cell belongs to what. Grids (rows, columns) unless said otherwise."""

    land: Land
    row: np.ndarray  # surface that owns the cell, -1 where none
    zone: np.ndarray  # zone id, 0 outside
    soil_known: np.ndarray  # bool: a map says the permeability
    filled: np.ndarray  # bool: height taken from ground nearby
    building: np.ndarray  # (k,) surface row, with in
    cell: np.ndarray  # (k,) a ground cell within reach of its facade; sorted by building


def site_of(scene: Scene) -> Site:
    """The site of a scene, made once."""
    found: Site = scene.product("water_site", _site)
    return found


def flow_over(scene: Scene) -> Flow:
    """How water runs over the site of a scene, worked out once."""
    def build(s: Scene) -> Flow:
        land, kept = site_of(s).land, None if s.reuse is None else s.reuse.kept
        last = None if kept is None else kept.found("water_flow")
        flow = flow_of(land) if last is None else updated(land, *last)
        if kept is not None:
            kept.put("water_flow", (), (land, flow))
        return flow

    found: Flow = scene.product("water_flow", build)
    return found


def flood_of(scene: Scene, mm: float, hours: float) -> Flood:
    """The water after a shower, worked out once; that of before where land and flow are."""
    def build(s: Scene) -> Flood:
        land, flow, name = site_of(s).land, flow_over(s), ("water_flood", mm, hours)
        if s.reuse is None:
            return flood(land, flow, mm, hours)
        last: tuple[Land, Flow, Flood] | None = s.reuse.kept.found(name)
        if last is not None and last[1] is flow and same_land(land, last[0]):
            made = last[2]
        else:
            made = flood(land, flow, mm, hours)
        s.reuse.kept.put(name, (), (land, flow, made))
        return made

    found: Flood = scene.product(("water_flood", mm, hours), build)
    return found


def _site(scene: Scene) -> Site:
    rule = constants("water")["cloudburst"]
    surfaces = scene.surfaces
    frame = frame_of(scene, scene.cell_size, rule["margin"])
    row = owners(scene, frame, "water").astype(np.int64)
    zone = whole_of(scene, "water_zones", (scene.zones, astuple(frame)), lambda: frame.burned(
        scene.zones.polygons, np.arange(scene.n_zones) + 1, np.zeros(frame.shape, np.int64)))
    beat()
    built, wet = (np.r_[surfaces.where(name), False][row] for name in ("buildings", "water"))
    terrain = terrain_in(scene, frame, "water").copy()
    terrain[(terrain < LOWEST) | (terrain > HIGHEST)] = np.nan
    height, filled = filled_holes(terrain, ~built & ~wet, int(rule["fill"] / frame.cell))
    kind = np.where(built, BUILDING, np.where(wet, WATER, GROUND))
    kind[(kind == GROUND) & np.isnan(height)] = UNKNOWN
    beat()
    sealed = np.r_[surfaces.share("sealed"), np.nan][row]
    sealed = np.where(np.isnan(sealed), rule["unknown_sealed"], sealed)
    soil, known, sewer = _below(scene, frame)
    beat()
    storage, facility = _storage(scene, frame, row, kind)
    brim = _brim(height, kind, facility, rule["level_relief"])
    beat()
    land = Land(frame, height, kind, sealed, soil, sewer, storage,
                _roofs(scene, row), brim)  # fmt: skip
    reach = max(1, round(rule["reach"] / frame.cell))
    return Site(land, row, zone, known, filled, *_around(scene, frame, row, kind, reach))


def _below(scene: Scene, frame: Frame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the maps say of the soil and the sewer; no edit of the design changes it."""
    maps = [item.raster for item in scene.rasters("infiltration")]
    made_from = maps, scene.vectors("infiltration"), scene.vectors("sewer"), astuple(frame)
    return whole_of(scene, "water_below", made_from, lambda: (*permeability(scene, frame),
                                                              _sewer(scene, frame)))


def filled_holes(z: np.ndarray, wanted: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Heights where ``wanted`` cells without one, at most ``reach`` cells from known ground, take
    the mean of their known neighbours, step by step; and which cells were filled."""
    z, lost = z.copy(), np.isnan(z) & wanted
    rows, columns = z.shape
    for _ in range(reach):
        known = np.pad(np.isfinite(z), 1)
        near = np.zeros(z.shape, bool)
        for dr, dc in AROUND:
            near |= known[1 + dr : rows + 1 + dr, 1 + dc : columns + 1 + dc]
        r, c = np.nonzero(near & lost & np.isnan(z))
        if not len(r):
            break
        padded = np.pad(z, 1, constant_values=np.nan)
        around = np.stack([padded[r + 1 + dr, c + 1 + dc] for dr, dc in AROUND])
        z[r, c] = np.nanmean(around, axis=0)
    return z, lost & np.isfinite(z)


def permeability(scene: Scene, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """m per day per cell by the role ``infiltration``, rasters before polygons, else assumed; and
    where a map says it. Impossible values say nothing."""
    found = np.full(frame.shape, np.nan)
    for item in scene.rasters("infiltration"):
        found = np.where(np.isnan(found), frame.resampled(item.raster), found)
    vectors = scene.vectors("infiltration")
    if vectors is not None:
        k = vectors.number("k")
        said = frame.burned(Polygons.from_wkb(vectors.wkb), k, np.full(frame.shape, np.nan))
        found = np.where(np.isnan(found), said, found)
    known = (found >= 0) & (found <= MOST_PERMEABLE)
    assumed = constants("water")["cloudburst"]["permeability"]
    return np.where(known, found, assumed), known


def _sewer(scene: Scene, frame: Frame) -> np.ndarray:
    """mm per h by the role ``sewer``; 0 where no capacity is given."""
    taken = np.zeros(frame.shape)
    vectors = scene.vectors("sewer")
    if vectors is not None:
        capacity = np.maximum(np.nan_to_num(vectors.number("capacity")), 0.0)
        frame.burned(Polygons.from_wkb(vectors.wkb), capacity, taken, highest=True)
    return taken


def _roofs(scene: Scene, row: np.ndarray) -> tuple[tuple[np.ndarray, float], ...]:
    """Green and blue shares of roofs; a stated ``storage`` says it all (indicators 6)."""
    surfaces = scene.surfaces
    own = surfaces.where("buildings") & ~np.isfinite(surfaces.fields["storage"])
    left = np.where(own, 1.0, 0.0)
    found = []
    for name in ("blue_roof", "green_roof"):
        share = np.minimum(np.clip(np.nan_to_num(surfaces.fields[name]), 0.0, 1.0), left)
        left = left - share
        if share.any():
            found.append((np.r_[share, 0.0][row], scene.rates[f"storage.{name}"]))
    return tuple(found)


# --- facilities -------------------------------------------------------------------------------
def usable(bottom: Any, cover: float, groundwater: np.ndarray) -> np.ndarray:
    """Share of a facility, from ``cover`` to ``bottom`` m below the ground, that lies above the
    groundwater (m below the ground, NaN = not known: all of it)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (groundwater - cover) / (np.asarray(bottom, float) - cover)
    dry: np.ndarray = np.where(np.isfinite(share), np.clip(share, 0.0, 1.0), 1.0)
    return dry


def groundwater_at(scene: Scene, xy: np.ndarray) -> np.ndarray:
    """(m,) m below the ground by the role ``groundwater`` (GHG), NaN where not known."""
    found = np.full(len(xy), np.nan)
    for item in scene.rasters("groundwater"):
        found = np.where(np.isnan(found), item.raster.sample(xy), found)
    return np.maximum(found, 0.0)


def crates_of(scene: Scene) -> tuple[np.ndarray, Polygons, np.ndarray]:
    """Infiltration crates: rows of the items, the same crate drawn twice once; their ground plans,
    empty for points and lines; and m3, by table height where not given."""
    items = scene.items
    first: dict[bytes, int] = {}
    for k in np.flatnonzero(items.where("infiltration_crate")):
        first.setdefault(items.wkb[k], int(k))
    rows = np.array(list(first.values()), np.int64)
    plans = Polygons.from_geometries([_area_of(items.wkb[k]) for k in rows])
    table = scene.surfaces.functions["infiltration_crate"].storage or 0.0
    given = items.fields["storage"][rows]
    return rows, plans, np.where(np.isfinite(given), given, table * plans.area())


def _area_of(wkb: bytes) -> ogr.Geometry | None:
    """The valid area of a crate, None for a point or line: items come as they were drawn."""
    geometry = geometry_from_wkb(wkb)
    if geometry.GetDimension() < 2:
        return None
    with quiet():
        return polygonal(geometry if geometry.IsValid() else made_valid(geometry))


def _storage(scene: Scene, frame: Frame, row: np.ndarray,
             kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """m of storage per cell, and the facility (a number, -1 for none) that the cell belongs to.
    The volume of each facility is kept whole on its cells."""
    surfaces = scene.surfaces
    height = np.nan_to_num(surfaces.share("storage"))
    # what stands already lies in the terrain model; pores under paving do not
    stands = surfaces.current | (np.nan_to_num(surfaces.fields["existing"]) > 0)
    height[stands & surfaces.where("swale")] = 0.0
    volume = height * surfaces.area
    given = surfaces.fields["storage"]
    volume = np.where(np.isfinite(given), np.maximum(np.nan_to_num(given), 0.0), volume)
    volume[surfaces.where("water")] = 0.0
    middle = surfaces.polygons.centroids()
    deep = np.divide(volume, surfaces.area, out=np.zeros(surfaces.n), where=surfaces.area > 0)
    ghg = groundwater_at(scene, middle)
    volume = np.where(surfaces.where("buildings"), volume, volume * usable(deep, 0.0, ghg))
    near = _inside(frame, middle)
    rows = np.flatnonzero((volume > 0) & near)
    wanted = np.zeros(surfaces.n + 1, bool)
    wanted[rows] = True
    r, c = np.nonzero(wanted[row])
    storage, facility = np.zeros(frame.shape), np.full(frame.shape, -1)
    _laid(frame, storage, facility, row[r, c], r, c, rows, volume, middle, 0)
    items, crates, content = crates_of(scene)
    xy = scene.items.xy[items]
    if len(content):
        rule = constants("water")["facility"]
        tall = scene.surfaces.functions["infiltration_crate"].storage or 0.0
        content = content * usable(rule["cover"] + tall, rule["cover"], groundwater_at(scene, xy))
        k, r, c = cells_inside(crates, frame.raster(storage), (0, frame.rows), (0, frame.columns))
        some = np.flatnonzero((content > 0) & _inside(frame, xy))
        keep = np.isin(k, some)
        _laid(frame, storage, facility, k[keep], r[keep], c[keep], some, content, xy, surfaces.n)
    storage[(kind == WATER) | (kind == UNKNOWN)] = 0.0
    return storage, np.where(storage > 0, facility, -1)


def _inside(frame: Frame, xy: np.ndarray) -> np.ndarray:
    return np.asarray(frame.cells(xy)[2] & np.isfinite(xy).all(axis=1))


def _laid(frame: Frame, storage: np.ndarray, facility: np.ndarray, k: np.ndarray, r: np.ndarray,
          c: np.ndarray, rows: np.ndarray, volume: np.ndarray, middle: np.ndarray,
          first: int) -> None:  # fmt: skip
    """Lay volumes (m3) on the cells (r, c) of their facility k; one without cells on the cell of
    its middle."""
    lost = np.setdiff1d(rows, k)
    at_r, at_c, _ = frame.cells(middle[lost])
    k, r, c = np.r_[k, lost], np.r_[r, at_r], np.r_[c, at_c]
    cells = np.bincount(k, minlength=len(volume))
    np.add.at(storage, (r, c), volume[k] / (cells[k] * frame.cell**2))
    free = facility[r, c] < 0
    facility[r[free], c[free]] = first + k[free]


def _brim(height: np.ndarray, kind: np.ndarray, facility: np.ndarray,
          relief: float) -> np.ndarray:  # fmt: skip
    """m NAP at which each facility on the ground runs over: the lowest ground beside it, where the
    ground under and beside it is about level; else NaN: it follows the ground."""
    brim = np.full(height.shape, np.nan)
    r, c = np.nonzero((facility >= 0) & (kind == GROUND))
    if not len(r):
        return brim
    name, one = np.unique(facility[r, c], return_inverse=True)
    low, high, edge = (np.full(len(name), v) for v in (np.inf, -np.inf, np.inf))
    np.minimum.at(low, one, height[r, c])
    np.maximum.at(high, one, height[r, c])
    rows, columns = height.shape
    for dr, dc in AROUND:
        y, x = r + dr, c + dc
        ok = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
        y, x, of = y[ok], x[ok], one[ok]
        beside = (kind[y, x] == GROUND) & (facility[y, x] != name[of])
        np.minimum.at(edge, of[beside], height[y[beside], x[beside]])
    edge = np.where(np.isfinite(edge), edge, low)
    level = (high - np.minimum(low, edge) <= relief) & (edge - low <= relief)
    brim[r, c] = np.where(level, edge, np.nan)[one]
    return brim


# --- around buildings -----------------------------------------------------------------------
def _around(scene: Scene, frame: Frame, row: np.ndarray, kind: np.ndarray,
            reach: int) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(building, cell) pairs: cells other than buildings within ``reach`` cells of one, each pair
    once, by building. A building too small to hold a cell's centre counts at its middle."""
    inside = np.zeros(scene.surfaces.n, bool)
    inside[scene.cut.feature] = True
    built = np.flatnonzero(scene.surfaces.where("buildings") & inside)

    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        return _about(scene, frame, row, kind, reach, some)

    # pairs rest on what is built within reach, and on the cells that have their centre there
    found = by_row(scene, "water_beside", (astuple(frame), reach), built, make,
                   (reach + 3.0) * frame.cell)  # fmt: skip
    return found[0], found[1]


def _about(scene: Scene, frame: Frame, row: np.ndarray, kind: np.ndarray, reach: int,
           built: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The pairs of some buildings."""
    columns = frame.columns
    wanted = np.zeros(scene.surfaces.n + 1, bool)
    wanted[built] = True
    r, c = np.nonzero((kind == BUILDING) & wanted[row])
    of = row[r, c]
    wanted[of] = False
    small = np.flatnonzero(wanted)
    at_r, at_c, here = frame.cells(scene.surfaces.polygons.take(small).centroids())
    r, c, of = np.r_[r, at_r[here]], np.r_[c, at_c[here]], np.r_[of, small[here]]
    open_ = np.pad(kind != BUILDING, reach)  # nothing lies beyond the edge
    wide = columns + 2 * reach
    place, framed = r * columns + c, (r + reach) * wide + c + reach
    pairs = []
    for dr in range(-reach, reach + 1):
        for dc in range(-reach, reach + 1):
            ok = np.flatnonzero(open_.ravel()[framed + (dr * wide + dc)])
            pairs.append(of[ok] * np.int64(kind.size) + place[ok] + (dr * columns + dc))
    each = np.unique(np.concatenate(pairs))
    return each // kind.size, each % kind.size
