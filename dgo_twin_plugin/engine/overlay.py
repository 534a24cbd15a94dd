"""Areas of the visible ground, per zone, under the polygons of a context role.

The polygons of a role are first made *disjoint*: where two overlap, the one that wins keeps the
ground. The surfaces are cut by zone once, for all indicators. What the two share is an exact area
then, and no share depends on how a map or a plan is cut up. Large polygons are laid in tiles
beforehand, so that a pair of features never costs more than a few hundred edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .clean import quiet
from .geometry import Polygons, containing, overlap_areas, polygonal
from .kept import by_row, whole_of
from .overlap import resolve

if TYPE_CHECKING:
    from .scene import Scene, VectorContext

LEAST = 1e-6  # m2 of common ground below which two polygons merely touch
MOST_EDGES = 96  # edges of a tile
FEW = 200  # surfaces that are cut by themselves, where others are known
NEARBY = 64.0  # m, steps of the box about the plan
ZONE_EDGES = 48  # the same of zones, which every piece is cut by


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


def nearby(scene: Scene) -> np.ndarray:
    """(1, 4) box about the plan, on whole steps so that it stays while the edge of the plan moves
    a little: what lies outside is looked at by nobody."""
    def make(scene: Scene) -> np.ndarray:
        box = scene.plan.bounds() / NEARBY
        return NEARBY * np.hstack([np.floor(box[:, :2]), np.ceil(box[:, 2:])])

    found: np.ndarray = scene.product("nearby", make)
    return found


def role_pieces(scene: Scene, vectors: VectorContext | None,
                wins: np.ndarray | None = None) -> Pieces:  # fmt: skip
    """Disjoint pieces of the polygons of a role that come near the plan.

    ``wins`` (n,): where polygons overlap, the higher value keeps the ground (NaN loses from any);
    ties and None: the earlier feature. Points and lines of the role are left out.
    """
    if vectors is None or not vectors.n:
        return Pieces(Polygons.none(), np.zeros(0, np.int64))
    within = nearby(scene)
    return whole_of(scene, ("pieces", vectors.role, None if wins is None else wins.tobytes()),
                    (vectors, wins, within),
                    lambda: disjoint(Polygons.from_wkb(vectors.wkb), wins, within))  # fmt: skip


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
        return Polygons.none(), i, j
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
    """The zones in small tiles, and the zone id of each, ascending; made once per scene."""
    def make(made: Scene) -> tuple[Polygons, np.ndarray]:
        return whole_of(made, "zone_tiles", (made.zones,), lambda: _zone_tiles(made))

    return scene.product("zone_tiles", make)  # type: ignore[no-any-return]


def _zone_tiles(scene: Scene) -> tuple[Polygons, np.ndarray]:
    zones, reuse = scene.zones.polygons, scene.reuse
    before = None if reuse is None else reuse.kept.found("tiles_of_zone")
    tiles = {}
    for row in range(zones.n):
        shape = zones.wkb(row)
        tiles[row, shape] = (before or {}).get((row, shape)) or tiled(
            zones.take(np.array([row])), ZONE_EDGES)[0]
    if reuse is not None:
        reuse.kept.put("tiles_of_zone", (), tiles)
    found = Polygons.none()
    for polygons in tiles.values():
        found = found.joined(polygons)
    return found, np.repeat(np.arange(zones.n) + 1, [p.n for p in tiles.values()])


def cut_parts(scene: Scene) -> tuple[Polygons, np.ndarray]:
    """The visible ground of every row of the cut: polygons, and the row of each (a row that a
    zone line divides may have several); made once per scene."""
    return scene.product("cut_parts", _cut_parts)  # type: ignore[no-any-return]


def _parts_of(scene: Scene, rows: np.ndarray) -> tuple[Polygons, np.ndarray]:
    """Those of :func:`cut_parts` that belong to some surfaces. Where most were measured for the
    last scene, only the others are cut."""
    if scene.reuse is not None and "cut_parts" not in scene.cache:
        fresh = scene.reuse.cut < 0
        if fresh[rows].all():
            parts, of = scene.product("cut_parts_fresh", lambda made: _cut_parts(made, fresh))
            return _chosen(scene, parts, of, rows)
        if len(rows) <= FEW:  # another function, say, on the ground that it was
            asked = np.zeros(scene.surfaces.n, bool)
            asked[rows] = True
            return scene.product(  # type: ignore[no-any-return]
                ("cut_parts", rows.tobytes()), lambda made: _cut_parts(made, asked))
    return _chosen(scene, *cut_parts(scene), rows)


def _chosen(scene: Scene, parts: Polygons, of: np.ndarray,
            rows: np.ndarray) -> tuple[Polygons, np.ndarray]:  # fmt: skip
    asked = np.zeros(scene.surfaces.n, bool)
    asked[rows] = True
    chosen = np.flatnonzero(asked[scene.cut.feature[of]])
    return (parts, of) if len(chosen) == len(of) else (parts.take(chosen), of[chosen])


def _cut_parts(scene: Scene, only: np.ndarray | None = None) -> tuple[Polygons, np.ndarray]:
    """``only`` (n,): of these surfaces."""
    cut, surfaces = scene.cut, scene.surfaces
    asked = np.arange(len(cut.area)) if only is None else np.flatnonzero(only[cut.feature])
    alone = cut.area[asked] >= surfaces.area[cut.feature[asked]] - LEAST
    inside, divided = asked[alone], np.unique(cut.feature[asked[~alone]])
    polygons = surfaces.polygons.take(cut.feature[inside])
    if not len(divided):
        return polygons, inside
    tiles, zone = zone_tiles(scene)
    parts, i, j = crossed(surfaces.polygons.take(divided), tiles)
    row = cut_rows(scene, divided[i], zone[j])
    whole = np.zeros(len(cut.area), bool)
    whole[inside] = True
    keep = np.flatnonzero((row >= 0) & ~whole[row])
    return polygons.joined(parts.take(keep)), np.concatenate([inside, row[keep]])


# ---------------------------------------------------------------------------- measuring
def common_area(scene: Scene, pieces: Pieces, rows: np.ndarray) -> Common:
    """What the surfaces of ``rows`` (bool (n,) or indices) share with pieces, inside the zones;
    ``value`` is NaN and left to the caller."""
    feature, zone, source, area = shared_ground(scene, pieces, rows)
    return Common(cut_rows(scene, feature, zone), source, area, np.full(len(area), np.nan))


def shared_ground(scene: Scene, pieces: Pieces, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same as arrays (k,): surface, ascending, zone id, feature of the role, m2."""
    asked = np.zeros(scene.surfaces.n, bool)
    asked[rows] = True

    def make(some: np.ndarray) -> tuple[np.ndarray, ...]:
        if not len(some):
            none = np.zeros(0, np.int64)
            return none, none, none, np.zeros(0)
        parts, of = _parts_of(scene, some)
        i, j, area = _shared(parts, pieces.polygons)
        total = _summed(of[i], pieces.source[j], area)
        return scene.cut.feature[total.row], scene.cut.zone[total.row], total.source, total.area

    return by_row(scene, ("common", id(pieces)), (pieces,), np.flatnonzero(asked), make)


def area_by_zone(scene: Scene, pieces: Pieces) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ground of pieces per zone, whatever lies on it: (source, zone id, m2)."""
    name = "area_by_zone", id(pieces)

    def make() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        tiles, zone, before, stays = _zones_again(scene, name, pieces)
        i, j, area = _shared(pieces.polygons, tiles)
        total = _summed(pieces.source[i], zone[j], area)
        if before is None:
            return total.row, total.source, total.area
        old = np.flatnonzero(stays[before[1]])
        source, zone, area = (np.concatenate([a[old], b]) for a, b in zip(
            before, (total.row, total.source, total.area)))
        order = np.lexsort((zone, source))
        return source[order], zone[order], area[order]

    return whole_of(scene, name, (scene.zones, pieces), make)


def _zones_again(scene: Scene, name: object, pieces: Pieces
                 ) -> tuple[Polygons, np.ndarray, Any, np.ndarray]:  # fmt: skip
    """Tiles of the zones that pieces are to be cut by, their zone ids, and where they are not all:
    the answer of before, and (n_zones + 1,) bool of which zones it holds good."""
    tiles, zone = zone_tiles(scene)
    reuse = scene.reuse
    if reuse is None or reuse.stays is None:
        return tiles, zone, None, zone
    made_from = reuse.kept.made_from(name)
    if made_from is None or made_from[0] is not reuse.zones or made_from[1] is not pieces:
        return tiles, zone, None, zone
    stays = np.concatenate([[False], reuse.stays])
    rows = np.flatnonzero(~stays[zone])
    return tiles.take(rows), zone[rows], reuse.kept.found(name), stays


@dataclass(frozen=True)
class ZonePieces(Pieces):
    """Pieces cut by zone: ``zone`` (k,) ids, ``area`` (k,) m2, ``piece`` (k,) row that was cut."""

    zone: np.ndarray
    area: np.ndarray
    piece: np.ndarray

    def take(self, rows: np.ndarray) -> ZonePieces:
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else rows
        return ZonePieces(self.polygons.take(rows), self.source[rows], self.zone[rows],
                          self.area[rows], self.piece[rows])  # fmt: skip


def by_zone(scene: Scene, pieces: Pieces) -> ZonePieces:
    """The shapes of pieces inside the zones, cut by zone. Those who need no shapes ask for
    :func:`area_by_zone` and :func:`common_area`, which do without."""

    name = "by_zone", id(pieces)

    def make() -> ZonePieces:
        tiles, zone, before, stays = _zones_again(scene, name, pieces)
        polygons, i, j = crossed(pieces.polygons, tiles)
        zone = zone[j]
        if before is not None:
            old = np.flatnonzero(stays[before.zone])
            polygons = before.polygons.take(old).joined(polygons)
            i = np.concatenate([before.piece[old], i])
            zone = np.concatenate([before.zone[old], zone])
        order = np.lexsort((zone, i))  # tiles of a zone stay in their own order
        polygons, i, zone = polygons.take(order), i[order], zone[order]
        return ZonePieces(polygons, pieces.source[i], zone, polygons.area(), i)

    return whole_of(scene, name, (scene.zones, pieces), make)


def _shared(a: Polygons, b: Polygons) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs with common ground: (row of a, row of b, m2)."""
    i, j = bbox_pairs(a.bounds(), b.bounds())
    area = overlap_areas(a, b, i, j)
    real = area > LEAST
    return i[real], j[real], area[real]


def cut_rows(scene: Scene, feature: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """Row of the cut of each feature and zone; -1 where they share no ground."""
    keys, row = scene.product("cut_keys", _cut_keys)
    wanted = feature * (scene.n_zones + 1) + zone
    at = keys.searchsorted(wanted)
    return np.where(keys.take(at) == wanted, row.take(at), -1)


def _cut_keys(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """One number for each feature and zone of the cut, ascending, and the row of each; at the end a
    number that none has."""
    n = len(scene.cut.area)
    keys, row = np.full(n + 1, np.iinfo(np.int64).max, np.int64), np.arange(n + 1)
    keys[:n] = scene.cut.feature * (scene.n_zones + 1) + scene.cut.zone
    if not (keys[1:] > keys[:-1]).all():  # as a rule it is in that order
        row = keys.argsort(kind="stable")
        keys = keys.take(row)
    return keys, row


def _summed(row: np.ndarray, source: np.ndarray, area: np.ndarray) -> Common:
    """One line per row and source, however many tiles they met in."""
    if not len(row):
        return Common(row, source, area, np.zeros(0))
    order = np.lexsort((source, row))
    row, source, area = row.take(order), source.take(order), area.take(order)
    new = np.ones(len(row), bool)
    np.logical_or(row[1:] != row[:-1], source[1:] != source[:-1], out=new[1:])
    first = new.nonzero()[0]
    return Common(row.take(first), source.take(first), np.add.reduceat(area, first),
                  np.full(len(first), np.nan))  # fmt: skip


def area_within(polygons: Polygons, regions: Polygons,
                split: tuple[Polygons, np.ndarray] | None = None, rows: np.ndarray | None = None,
                ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Exact common area of features and regions that may overlap each other: (row, region, m2),
    sorted, for all pairs that share ground. ``split``: :func:`region_tiles`, where at hand;
    ``rows``: only of these features, ascending."""
    rows = np.arange(polygons.n) if rows is None else rows
    box = polygons.bounds()[rows]
    # a feature whose box no boundary of a region enters lies in it or out of it: a point decides
    boundary = regions.segments
    i, j = bbox_pairs(box, boundary.bounds())
    cut = np.unique(i * np.int64(regions.n) + boundary.feature[j])
    with np.errstate(invalid="ignore"):  # an empty feature has no middle
        point, region = containing(regions, 0.5 * (box[:, :2] + box[:, 2:]))
    whole = ~_among(cut, point * np.int64(regions.n) + region)
    feature, home = point[whole], region[whole]
    tiles, of = split or region_tiles(regions)
    i, j = bbox_pairs(box, tiles.bounds())
    divided = _among(cut, i * np.int64(regions.n) + of[j])
    i, j = i[divided], j[divided]
    feature, i = rows[feature], rows[i]
    area = np.concatenate([polygons.area()[feature], overlap_areas(polygons, tiles, i, j)])
    row, source = np.concatenate([feature, i]), np.concatenate([home, of[j]])
    real = area > LEAST
    total = _summed(row[real], source[real], area[real])
    return total.row, total.source, total.area


def _among(ascending: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(k,) whether each value is one of those, which ascend."""
    found: np.ndarray = np.searchsorted(ascending, values) < np.searchsorted(ascending, values,
                                                                             "right")  # fmt: skip
    return found


def region_tiles(regions: Polygons) -> tuple[Polygons, np.ndarray]:
    """Regions in tiles that suit :func:`area_within`, and the region of each."""
    return tiled(regions, 24)
