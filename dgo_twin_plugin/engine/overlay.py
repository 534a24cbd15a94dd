"""Areas of the visible ground, per zone, under the polygons or raster cells of a context role.

The polygons of a role are first made *disjoint*: where two overlap, the one that wins keeps the
ground. The surfaces are cut by zone once, for all indicators. What the two share is an exact area
then, and no share depends on how a map or a plan is cut up. Large polygons are laid in tiles
beforehand, so that a pair of features never costs more than a few hundred edges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .clean import quiet
from .geometry import Polygons, containing, overlap_areas, polygonal
from .overlap import resolve
from .scan import Span, cells_inside

if TYPE_CHECKING:
    from .grid import Raster
    from .scene import Scene, VectorContext

LEAST = 1e-6  # m2 of common ground below which two polygons merely touch
MOST_EDGES = 96  # edges of a tile
ZONE_EDGES = 48  # the same of zones, which every piece is cut by
MOST_CELLS = 60_000  # raster cells that are measured exactly; more are counted by their centres


@dataclass(frozen=True)
class Pieces:
    """Disjoint polygons; ``source`` (k,) the feature of the role each came from."""

    polygons: Polygons
    source: np.ndarray

    def take(self, rows: np.ndarray) -> Pieces:
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Pieces(self.polygons.take(rows), self.source[rows])


@dataclass(frozen=True)
class Common:
    """Ground that a row of ``scene.cut`` shares with a source: arrays (k,). ``row`` in the cut,
    ``source`` the feature of the role (-1: raster), ``area`` m2, ``value`` what it says there."""

    row: np.ndarray
    source: np.ndarray
    area: np.ndarray
    value: np.ndarray

    def known(self, scene: Scene) -> np.ndarray:
        """(rows of the cut,) m2 of each row about which something is known, at most its area."""
        total = np.bincount(self.row, self.area, len(scene.cut.area))
        return np.minimum(total, scene.cut.area)


def number(vectors: VectorContext, name: str) -> np.ndarray:
    """(n,) a numeric field; NaN where missing, also where the column turned out to be text."""
    values = vectors.number(name)
    return values if values.dtype != object else np.full(vectors.n, np.nan)


# ---------------------------------------------------------------------------- making pieces
def tiled(polygons: Polygons, most: int = MOST_EDGES) -> tuple[Polygons, np.ndarray]:
    """The same ground in polygons of at most about ``most`` edges: (tiles, row of each)."""
    edges = np.diff(polygons.segments.start)
    large = np.flatnonzero(edges > most)
    if not len(large):
        return polygons, np.arange(polygons.n)
    small = np.flatnonzero(edges <= most)
    geometries: list[ogr.Geometry] = []
    source: list[int] = []
    with quiet():
        for row in large:
            found = _halved(polygons.geometry(int(row)), most)
            geometries += found
            source += [int(row)] * len(found)
    tiles = polygons.take(small).joined(Polygons.from_geometries(geometries))
    return tiles, np.concatenate([small, np.array(source, np.int64)])


def _box(x0: float, y0: float, x1: float, y1: float) -> ogr.Geometry:
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)):
        ring.AddPoint_2D(x, y)
    box = ogr.Geometry(ogr.wkbPolygon)
    box.AddGeometry(ring)
    return box


def _points(geometry: ogr.Geometry) -> int:
    if geometry.GetGeometryCount():
        return sum(_points(geometry.GetGeometryRef(i)) for i in range(geometry.GetGeometryCount()))
    return int(geometry.GetPointCount())


def _halved(geometry: ogr.Geometry, most: int, depth: int = 0) -> list[ogr.Geometry]:
    """Split along the middle of the longer side until every part is small enough."""
    if geometry.IsEmpty():
        return []
    if _points(geometry) <= most or depth > 24:
        return [geometry]
    x0, x1, y0, y1 = geometry.GetEnvelope()
    if x1 - x0 > y1 - y0:
        middle = 0.5 * (x0 + x1)
        boxes = _box(x0 - 1, y0 - 1, middle, y1 + 1), _box(middle, y0 - 1, x1 + 1, y1 + 1)
    else:
        middle = 0.5 * (y0 + y1)
        boxes = _box(x0 - 1, y0 - 1, x1 + 1, middle), _box(x0 - 1, middle, x1 + 1, y1 + 1)
    halves = [geometry.Intersection(box) for box in boxes]
    if any(half is None for half in halves):
        return [geometry]  # GEOS gave up: better slow than wrong
    found: list[ogr.Geometry] = []
    for half in halves:
        found += _halved(polygonal(half).Clone(), most, depth + 1)
    return found


def role_pieces(scene: Scene, vectors: VectorContext | None,
                wins: np.ndarray | None = None) -> Pieces:  # fmt: skip
    """Disjoint pieces of the polygons of a role that come near the plan.

    ``wins`` (n,): where polygons overlap, the higher value keeps the ground (NaN loses from any);
    ties and None: the earlier feature. Points and lines of the role are left out.
    """
    if vectors is None or not vectors.n:
        return Pieces(Polygons.from_wkb([]), np.zeros(0, np.int64))
    return disjoint(Polygons.from_wkb(vectors.wkb), wins, scene.plan.bounds())


def disjoint(polygons: Polygons, wins: np.ndarray | None = None,
             within: np.ndarray | None = None) -> Pieces:  # fmt: skip
    """:func:`role_pieces` of plain polygons; ``within`` (1, 4) limits them to those whose box
    meets that box."""
    rows = np.flatnonzero(polygons.area() > LEAST)
    if within is not None:
        rows = np.unique(rows[bbox_pairs(polygons.bounds()[rows], within)[0]])
    tiles, source = tiled(polygons.take(rows))
    source = rows[source]
    value = np.zeros(polygons.n) if wins is None else np.asarray(wins, float)
    priority = np.where(np.isnan(value), np.inf, -value)
    # ties go to the earlier feature, whatever the order of the tiles
    order = np.lexsort((source, priority[source]))
    tiles, source = tiles.take(order), source[order]
    tiles, _ = resolve(tiles, priority[source], source)
    keep = np.flatnonzero(tiles.area() > LEAST)
    return Pieces(tiles.take(keep), source[keep])


def crossed(a: Polygons, b: Polygons) -> tuple[Polygons, np.ndarray, np.ndarray]:
    """Common ground of two sets of disjoint polygons: (polygons, row in a, row in b)."""
    i, j, area = _shared(a, b)
    if not len(i):
        return Polygons.from_wkb([]), i, j
    inner = area >= a.area()[i] - LEAST  # a lies in b as a whole: no need to ask GEOS
    outer = ~inner & (area >= b.area()[j] - LEAST)
    part = np.flatnonzero(~inner & ~outer)
    joined = a.joined(b).take(np.where(outer, a.n + j, i))
    cut = []
    with quiet():
        for k in part:
            common = a.geometry(int(i[k])).Intersection(b.geometry(int(j[k])))
            if common is None:  # GEOS gave up on near-coincident edges
                common = a.geometry(int(i[k])).Buffer(0).Intersection(b.geometry(int(j[k])))
            cut.append(polygonal(common))
    return joined.replaced(part.tolist(), cut), i, j


def zone_tiles(scene: Scene) -> tuple[Polygons, np.ndarray]:
    """The zones in small tiles, and the zone id of each; made once per scene."""
    def make(made: Scene) -> tuple[Polygons, np.ndarray]:
        tiles, row = tiled(made.zones.polygons, ZONE_EDGES)
        return tiles, row + 1

    return scene.product("zone_tiles", make)  # type: ignore[no-any-return]


def cut_parts(scene: Scene) -> tuple[Polygons, np.ndarray]:
    """The visible ground of every row of the cut: polygons, and the row of each (a row that a
    zone line divides may have several); made once per scene."""
    return scene.product("cut_parts", _cut_parts)  # type: ignore[no-any-return]


def _cut_parts(scene: Scene) -> tuple[Polygons, np.ndarray]:
    cut, surfaces = scene.cut, scene.surfaces
    whole = cut.area >= surfaces.area[cut.feature] - LEAST
    inside = np.flatnonzero(whole)
    divided = np.unique(cut.feature[~whole])
    tiles, zone = zone_tiles(scene)
    parts, i, j = crossed(surfaces.polygons.take(divided), tiles)
    row = _cut_rows(scene, divided[i], zone[j])
    keep = np.flatnonzero((row >= 0) & ~whole[row])
    polygons = surfaces.polygons.take(cut.feature[inside]).joined(parts.take(keep))
    return polygons, np.concatenate([inside, row[keep]])


# ---------------------------------------------------------------------------- measuring
def common_area(scene: Scene, pieces: Pieces, rows: np.ndarray) -> Common:
    """What the surfaces of ``rows`` (bool (n,) or indices) share with pieces, inside the zones;
    ``value`` is NaN and left to the caller."""
    parts, of = cut_parts(scene)
    asked = np.zeros(scene.surfaces.n, bool)
    asked[rows] = True
    chosen = np.flatnonzero(asked[scene.cut.feature[of]])
    parts, of = parts.take(chosen), of[chosen]
    i, j, area = _shared(parts, pieces.polygons)
    return _summed(of[i], pieces.source[j], area)


def area_by_zone(scene: Scene, pieces: Pieces) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ground of pieces per zone, whatever lies on it: (source, zone id, m2)."""
    tiles, zone = zone_tiles(scene)
    i, j, area = _shared(pieces.polygons, tiles)
    total = _summed(pieces.source[i], zone[j], area)
    return total.row, total.source, total.area


@dataclass(frozen=True)
class ZonePieces(Pieces):
    """Pieces cut by zone: ``zone`` (k,) ids, ``area`` (k,) m2."""

    zone: np.ndarray
    area: np.ndarray

    def take(self, rows: np.ndarray) -> ZonePieces:
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else rows
        return ZonePieces(self.polygons.take(rows), self.source[rows], self.zone[rows],
                          self.area[rows])  # fmt: skip


def by_zone(scene: Scene, pieces: Pieces) -> ZonePieces:
    """The shapes of pieces inside the zones, cut by zone. Those who need no shapes ask for
    :func:`area_by_zone` and :func:`common_area`, which do without."""
    tiles, zone = zone_tiles(scene)
    polygons, i, j = crossed(pieces.polygons, tiles)
    return ZonePieces(polygons, pieces.source[i], zone[j], polygons.area())


def _shared(a: Polygons, b: Polygons) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs with common ground: (row of a, row of b, m2)."""
    i, j = bbox_pairs(a.bounds(), b.bounds())
    area = overlap_areas(a, b, i, j)
    real = area > LEAST
    return i[real], j[real], area[real]


def _cut_rows(scene: Scene, feature: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """Row of the cut of each feature and zone; -1 where they share no ground."""
    n = scene.n_zones + 1
    keys = scene.cut.feature * n + scene.cut.zone
    if not len(keys):
        return np.full(len(feature), -1, np.int64)
    order = np.argsort(keys, kind="stable")
    wanted = feature * n + zone
    at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    return np.where(keys[order][at] == wanted, order[at], -1)


def _summed(row: np.ndarray, source: np.ndarray, area: np.ndarray) -> Common:
    """One line per row and source, however many tiles they met in."""
    if not len(row):
        return Common(row, source, area, np.zeros(0))
    order = np.lexsort((source, row))
    row, source, area = row[order], source[order], area[order]
    first = np.flatnonzero((np.diff(row, prepend=-1) != 0) | (np.diff(source, prepend=-2) != 0))
    return Common(row[first], source[first], np.add.reduceat(area, first),
                  np.full(len(first), np.nan))  # fmt: skip


def zonal(scene: Scene, role: str, field: str, rows: np.ndarray, highest: bool = True,
          reach: int = 0, sensible: Callable[[np.ndarray], np.ndarray] | None = None,
          ) -> Common:  # fmt: skip
    """What a role says of the ground of ``rows``: exact areas with the value that holds on them.

    Polygons go first; where they overlap the highest value of ``field`` (or the lowest) holds.
    Rasters answer for the ground that no polygon speaks of, cell by cell. With ``reach`` a row
    of the cut without any value takes the nearest cell with data within so many cells of its
    centre (indicators G2). Polygons without a value say nothing; ``sensible`` turns values that
    cannot be into NaN before anything is compared.
    """
    sensible = sensible or (lambda raw: raw)
    rows = np.asarray(rows)
    rows = np.flatnonzero(rows) if rows.dtype == bool else rows
    found: list[Common] = []
    vectors = scene.vectors(role)
    if vectors is not None:
        value = sensible(number(vectors, field))
        pieces = role_pieces(scene, vectors, value if highest else -value)
        pieces = pieces.take(np.isfinite(value[pieces.source]))
        part = common_area(scene, pieces, rows)
        found.append(Common(part.row, part.source, part.area, value[part.source]))
    for context in scene.rasters(role):
        asked = np.isin(scene.cut.feature, rows)
        left = scene.cut.area - _joined(found).known(scene)
        open_ = asked & (left > np.maximum(LEAST, 1e-9 * scene.cut.area))
        raster = replace(context.raster, values=sensible(context.raster.values))
        part = _raster(scene, raster, np.unique(scene.cut.feature[open_]))
        part = _only(part, open_[part.row])
        share = (left / np.where(scene.cut.area > 0, scene.cut.area, 1.0))[part.row]
        found.append(Common(part.row, part.source, part.area * share, part.value))
        if reach:
            found.append(_nearest(scene, raster, asked, _joined(found), reach))
    return _joined(found)


def _only(part: Common, keep: np.ndarray) -> Common:
    return Common(part.row[keep], part.source[keep], part.area[keep], part.value[keep])


def _joined(found: list[Common]) -> Common:
    if not found:
        none = np.zeros(0)
        return Common(none.astype(np.int64), none.astype(np.int64), none, none)
    return Common(*(np.concatenate([getattr(f, name) for f in found])
                    for name in ("row", "source", "area", "value")))  # fmt: skip


def _nearest(scene: Scene, raster: Raster, asked: np.ndarray, found: Common,
             reach: int) -> Common:  # fmt: skip
    lost = np.flatnonzero(asked & (found.known(scene) <= LEAST))
    xy = scene.surfaces.polygons.take(scene.cut.feature[lost]).centroids()
    value = raster.sample(xy, reach)
    known = np.isfinite(value)
    lost, value = lost[known], value[known]
    return Common(lost, np.full(len(lost), -1), scene.cut.area[lost], value)


def cells(raster: Raster, box: np.ndarray) -> tuple[Polygons, np.ndarray]:
    """The cells with data that meet a box (4,), as squares, and their values."""
    centre, value = _centres(raster, box)
    k = len(value)
    hx, hy = 0.5 * raster.dx, 0.5 * raster.dy
    corner = np.array([(-hx, -hy), (hx, -hy), (hx, hy), (-hx, hy), (-hx, -hy)])
    xy = (centre[:, None, :] + corner[None, :, :]).reshape(-1, 2)
    each = np.arange(k)
    return Polygons(xy, np.arange(k + 1) * 5, each, each, k), value


def _centres(raster: Raster, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres (k, 2) and values of the cells with data whose square meets a box."""
    (row, row_end), (column, column_end) = _window(raster, box)
    value = raster.values[row:row_end, column:column_end]
    r, c = np.nonzero(np.isfinite(value))
    x = raster.x0 + (c + column + 0.5) * raster.dx
    y = raster.y0 - (r + row + 0.5) * raster.dy
    return np.column_stack([x, y]), value[r, c]


def _window(raster: Raster, box: np.ndarray) -> tuple[Span, Span]:
    rows, columns = raster.values.shape
    c0 = int(np.clip(np.floor((box[0] - raster.x0) / raster.dx), 0, columns))
    c1 = int(np.clip(np.ceil((box[2] - raster.x0) / raster.dx), 0, columns))
    r0 = int(np.clip(np.floor((raster.y0 - box[3]) / raster.dy), 0, rows))
    r1 = int(np.clip(np.ceil((raster.y0 - box[1]) / raster.dy), 0, rows))
    return (r0, r1), (c0, c1)


def _raster(scene: Scene, raster: Raster, rows: np.ndarray) -> Common:
    """Exact while there are at most MOST_CELLS cells; beyond that by the centres of cells."""
    bounds = scene.surfaces.polygons.take(rows).bounds()
    bounds = bounds[np.isfinite(bounds[:, 0])]
    none = np.zeros(0)
    if not len(bounds):
        return _joined([])
    box = np.concatenate([bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)])
    plan = scene.plan.bounds()[0]
    box = np.concatenate([np.maximum(box[:2], plan[:2]), np.minimum(box[2:], plan[2:])])
    (r0, r1), (c0, c1) = _window(raster, box)
    if (r1 - r0) * (c1 - c0) <= MOST_CELLS:
        squares, value = cells(raster, box)
        if not len(value):
            return _joined([])
        part = common_area(scene, Pieces(squares, np.arange(len(value))), rows)
        return Common(part.row, np.full(len(part.row), -1), part.area, value[part.source])
    row, value, known = _by_centres(scene, raster, box, rows)
    if not len(row):
        return Common(row, row, none, none)
    return Common(row, np.full(len(row), -1), scene.cut.area[row] * known, value)


def _by_centres(scene: Scene, raster: Raster, box: np.ndarray,
                rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """(row of the cut, mean value, share of its centres with data) by the cells' centres. A row
    too small to hold a centre takes the cell at its own centre of gravity."""
    window = _window(raster, box)
    surfaces = scene.surfaces.polygons.take(rows)
    feature, down, right = cells_inside(surfaces, raster, *window)
    zone = _zone_of(scene, rows[feature], down, right, raster, window)
    row = _cut_rows(scene, rows[feature], zone)
    here = row >= 0
    row, value = row[here], raster.values[down[here], right[here]]
    has = np.isfinite(value)
    n = len(scene.cut.area)
    total, known = np.bincount(row, minlength=n), np.bincount(row[has], minlength=n)
    sums = np.bincount(row[has], value[has], n)
    lost = np.flatnonzero(np.isin(scene.cut.feature, rows) & (total == 0))
    if len(lost):
        xy = scene.surfaces.polygons.take(scene.cut.feature[lost]).centroids()
        sampled = raster.sample(xy, 0)
        total[lost] = 1
        known[lost] = np.isfinite(sampled)
        sums[lost] = np.nan_to_num(sampled)
    found = np.flatnonzero(known)
    return found, sums[found] / known[found], known[found] / total[found]


def _zone_of(scene: Scene, feature: np.ndarray, row: np.ndarray, column: np.ndarray,
             raster: Raster, window: tuple[Span, Span]) -> np.ndarray:  # fmt: skip
    """Zone of cells whose centres lie on features: the feature's only zone, else the one that
    holds the centre."""
    cut = scene.cut
    whole = cut.share >= 1.0 - 1e-9
    only = np.zeros(scene.surfaces.n, np.int64)
    only[cut.feature[whole]] = cut.zone[whole]
    (top, bottom), (left, right) = window
    zones = np.zeros((bottom - top, right - left), np.int64)
    home, r, c = cells_inside(scene.zones.polygons, raster, *window)
    zones[r - top, c - left] = home + 1
    zone = only[feature]
    return np.where(zone > 0, zone, zones[row - top, column - left])


def area_within(polygons: Polygons, regions: Polygons) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exact common area of features and regions that may overlap each other: (row, region, m2),
    sorted, for all pairs that share ground."""
    box = polygons.bounds()
    # a feature whose box no boundary of a region enters lies in it or out of it: a point decides
    boundary = regions.segments
    i, j = bbox_pairs(box, boundary.bounds())
    cut = np.unique(i * np.int64(regions.n) + boundary.feature[j])
    with np.errstate(invalid="ignore"):  # an empty feature has no middle
        point, region = containing(regions, 0.5 * (box[:, :2] + box[:, 2:]))
    whole = ~np.isin(point * np.int64(regions.n) + region, cut)
    feature, home = point[whole], region[whole]
    tiles, of = tiled(regions, 24)
    i, j = bbox_pairs(box, tiles.bounds())
    divided = np.isin(i * np.int64(regions.n) + of[j], cut)
    i, j = i[divided], j[divided]
    area = np.concatenate([polygons.area()[feature], overlap_areas(polygons, tiles, i, j)])
    row, source = np.concatenate([feature, i]), np.concatenate([home, of[j]])
    real = area > LEAST
    total = _summed(row[real], source[real], area[real])
    return total.row, total.source, total.area
