"""What stands and lies on the ground, as grids: terrain, buildings, crowns, functions.

Heights of buildings are the field ``height`` (from a default where the typology filled it); of the
current situation, where no height is given, the surface model's: the 90th percentile of the DSM
over the roof minus the ground (3dfier, LoD1: Ledoux et al. 2021). Crowns come from trees of design
and current situation and from the context role ``trees``.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Polygons, geometry_from_wkb
from ..grid import Raster
from ..kept import by_row, whole_of
from ..scan import cells_inside
from ..wkb import dimension
from .frame import Frame
from .patched import Shapes, Window, cells_of, owners

if TYPE_CHECKING:
    from ..scene import Scene

ROOF = 90.0  # percentile of the surface model that stands for a flat roof
FEWEST = 4  # cells of a surface model below which a roof has no height
SIDES = 16  # of the polygon that stands for a round crown


@dataclass(frozen=True)
class Crowns:
    """Tree crowns, arrays (n,). ``polygons`` local metres; heights in m above the ground."""

    polygons: Polygons
    xy: np.ndarray  # (n, 2) stem, or middle of the crown
    diameter: np.ndarray  # m
    top: np.ndarray
    base: np.ndarray
    own: np.ndarray  # True: of the design
    assumed: np.ndarray  # 0-1: share of (diameter, height) that came from a rate

    @property
    def n(self) -> int:
        return len(self.top)


@dataclass(frozen=True)
class Ground:
    """Grids (rows, columns) in one frame."""

    frame: Frame
    terrain: np.ndarray  # m NAP; NaN where no terrain model says it
    row: np.ndarray  # row of the surfaces that owns the cell, -1 where none
    building: np.ndarray  # m above the ground, 0 where no building
    canopy: np.ndarray  # m above the ground: top of the highest crown, 0 where none
    canopy_base: np.ndarray  # m above the ground: where that crown begins


def ground(scene: Scene, cell: float, margin: float, growth: float = 0.0) -> Ground:
    """The grids around the plan; built once per cell, margin and growth.

    ``margin`` m beyond the plan; ``growth`` m that the crowns of the design's own trees are wider
    than drawn (their size in ten years).
    """

    def build(s: Scene) -> Ground:
        frame = frame_of(s, cell, margin)
        whole = (0, frame.rows, 0, frame.columns)
        found = standing(s, frame, owners(s, frame, "ground"), whole, growth)
        if growth:
            return replace(ground(s, cell, margin), canopy=found[1], canopy_base=found[2])
        return Ground(frame, terrain_in(s, frame), owners(s, frame, "ground"), *found)

    found: Ground = scene.product(("ground", cell, margin, growth), build)
    return found


def frame_of(scene: Scene, cell: float, margin: float) -> Frame:
    """The frame around the plan, ``margin`` m wider."""
    box = scene.plan.bounds()
    low, high = box[:, :2].min(axis=0) - margin, box[:, 2:].max(axis=0) + margin
    return Frame.around((low[0], low[1], high[0], high[1]), cell)


def standing(scene: Scene, frame: Frame, owner: np.ndarray, window: Window,
             growth: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """(building, canopy, base) m above the ground in a window of the frame, of which ``owner``
    says which surface owns each cell: woods, and over them trees."""
    row = owner[window[0] : window[1], window[2] : window[3]]
    height, wood = heights_over(scene)
    building, canopy = (np.append(values, 0.0)[row] for values in (height, wood))
    base = canopy * scene.rates["tree.base_share"]
    trees = _by_height(scene, growth)
    k, r, c = cells_of(trees.polygons, frame, window)
    r, c = r - window[0], c - window[2]
    canopy[r, c], base[r, c] = (values[k] for values in trees.said)
    return building, canopy, base


def heights_over(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """(n_surfaces,) m above the ground of each building, and of each wood; 0 elsewhere."""
    found: tuple[np.ndarray, np.ndarray] = scene.product("heights_over", _heights_over)
    return found


def _heights_over(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    surfaces = scene.surfaces
    building = np.where(surfaces.where("buildings"), np.nan_to_num(building_heights(scene)[0]), 0.0)
    given = surfaces.fields["height"]
    wood = np.where(given > 0, given, scene.rates["tree.wood_height"])
    return building, np.where(surfaces.where("wood"), wood, 0.0)


def crowns_over(scene: Scene, growth: float = 0.0) -> Shapes:
    """The crowns, those of the design's own trees ``growth`` m wider, with their top and base."""
    def build(s: Scene) -> Shapes:
        trees = crowns_of(s)
        return Shapes(_grown(trees, growth) if growth else trees.polygons, (trees.top, trees.base))

    found: Shapes = scene.product(("crowns_over", growth), build)
    return found


def _by_height(scene: Scene, growth: float) -> Shapes:
    """The crowns, the highest last: of two over one cell that one is written last."""
    def build(s: Scene) -> Shapes:
        trees = crowns_over(s, growth)
        order = np.argsort(trees.said[0], kind="stable")
        return Shapes(trees.polygons.take(order), tuple(v[order] for v in trees.said))

    found: Shapes = scene.product(("crowns_by_height", growth), build)
    return found


def terrain_in(scene: Scene, frame: Frame, who: str = "") -> np.ndarray:
    """(rows, columns) m NAP from the role ``dtm``; NaN where it says nothing. Shared: nobody may
    write in it. ``who`` asks: of each the last frame is kept."""
    return maps_in(scene, "dtm", frame, who)


def maps_in(scene: Scene, role: str, frame: Frame, who: str = "") -> np.ndarray:
    """(rows, columns) the rasters of a role, the first that knows; NaN where none does. Shared."""
    rasters = [item.raster for item in scene.rasters(role)]

    def make() -> np.ndarray:
        known = frame.resampled(rasters[0]) if rasters else np.full(frame.shape, np.nan)
        for raster in rasters[1:]:
            known = np.where(np.isnan(known), frame.resampled(raster), known)
        known.flags.writeable = False
        return known

    return whole_of(scene, ("maps", role, who), (rasters, astuple(frame)), make)


def building_heights(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """(n_surfaces,) m above the ground, and (n_surfaces,) bool: whether it is assumed.

    A surface model goes before a height that was assumed, for buildings that stand already.
    """
    found: tuple[np.ndarray, np.ndarray] = scene.product("building_heights", _building_heights)
    return found


def _building_heights(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    surfaces = scene.surfaces
    height = surfaces.fields["height"].copy()
    assumed = surfaces.assumed["height"].copy()
    buildings = surfaces.where("buildings")
    stands = np.nan_to_num(surfaces.fields["existing"]) > 0
    rows = np.flatnonzero(buildings & stands & (assumed | np.isnan(height)))
    maps = scene.rasters("dsm"), scene.rasters("dtm")
    if maps[0]:
        row, measured = by_row(scene, "roof_heights", maps, rows,
                               lambda some: (some, _measured(scene, some)), "drawn")  # fmt: skip
        known = np.isfinite(measured)
        height[row[known]] = measured[known]
        assumed[row[known]] = False
    return height, assumed


def _measured(scene: Scene, rows: np.ndarray) -> np.ndarray:
    """(k,) m of the roofs ``rows`` by the first surface model that tells it, NaN where none."""
    terrain = [item.raster for item in scene.rasters("dtm")]
    found, open_ = np.full(len(rows), np.nan), np.arange(len(rows))
    for item in scene.rasters("dsm"):
        if len(open_):
            roofs = scene.surfaces.footprints.take(rows[open_])
            measured = roof_heights(roofs, item.raster, terrain)
            known = np.isfinite(measured) & (measured > 0)
            found[open_[known]] = measured[known]
            open_ = open_[~known]
    return found


def roof_heights(polygons: Polygons, dsm: Raster, terrain: list[Raster]) -> np.ndarray:
    """(n,) m: 90th percentile of the surface model over each roof, minus the ground beside it.

    The ground is the terrain model's median under and 2 cells around the roof, for it has holes
    under buildings; NaN where roof or ground is not known.
    """
    rows, columns = dsm.values.shape
    feature, r, c = cells_inside(polygons, dsm, (0, rows), (0, columns))
    z = dsm.values[r, c]
    feature, z = feature[np.isfinite(z)], z[np.isfinite(z)]
    roof = _percentile(feature, z, polygons.n, ROOF)
    base = np.full(polygons.n, np.nan)
    boxes = polygons.bounds()
    for raster in terrain:
        for k in np.flatnonzero(np.isnan(base) & np.isfinite(roof)):
            west, south, east, north = boxes[k]
            r0, c0 = raster.cells(np.array([[west - 2 * raster.dx, north + 2 * raster.dy]]))
            r1, c1 = raster.cells(np.array([[east + 2 * raster.dx, south - 2 * raster.dy]]))
            part = raster.values[max(int(r0[0]), 0) : max(int(r1[0]) + 1, 0),
                                 max(int(c0[0]), 0) : max(int(c1[0]) + 1, 0)]  # fmt: skip
            known = part[np.isfinite(part)]
            if len(known):
                base[k] = float(np.median(known))
    height: np.ndarray = roof - base
    return height


def _percentile(group: np.ndarray, values: np.ndarray, n: int, share: float) -> np.ndarray:
    """(n,) percentile per group, linear between ranks; NaN with fewer than FEWEST values."""
    order = np.lexsort((values, group))
    group, values = group[order], values[order]
    start = np.searchsorted(group, np.arange(n))
    count = np.searchsorted(group, np.arange(n), side="right") - start
    out = np.full(n, np.nan)
    enough = np.flatnonzero(count >= FEWEST)
    at = (count[enough] - 1) * share / 100.0
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, count[enough] - 1)
    a, b = values[start[enough] + low], values[start[enough] + high]
    out[enough] = a + (at - low) * (b - a)
    return out


# --- trees ----------------------------------------------------------------------------------
def crowns_of(scene: Scene) -> Crowns:
    """The crowns of the scene, drawn once."""
    found: Crowns = scene.product("crowns", _crowns)
    return found


def _crowns(scene: Scene) -> Crowns:
    items = scene.items
    rows = np.flatnonzero(items.where("tree"))
    wkb = [items.wkb[r] for r in rows]
    diameter = items.fields["canopy_diameter"][rows]
    top = items.fields["height"][rows]
    own = ~items.current[rows]
    vectors = scene.vectors("trees")
    if vectors is not None:
        wkb += list(vectors.wkb)
        diameter = np.concatenate([diameter, vectors.number("canopy_diameter")])
        top = np.concatenate([top, vectors.number("height")])
        own = np.concatenate([own, np.zeros(vectors.n, bool)])
    n = len(wkb)
    shapes, xy = [], np.full((n, 2), np.nan)
    drawn = np.array([dimension(w) == 2 for w in wkb], bool)
    for k, data in enumerate(wkb):
        shape = geometry_from_wkb(data)
        point = dimension(data) == 0 and not shape.GetGeometryCount()
        middle = shape if point else shape.Centroid()
        if middle is not None and not middle.IsEmpty():
            xy[k] = middle.GetX(), middle.GetY()
        shapes.append(shape)
    area = np.array([s.GetArea() if d else np.nan for s, d in zip(shapes, drawn)], float)
    diameter = np.where(drawn, 2.0 * np.sqrt(area / np.pi), diameter)
    keep = _stems(xy, drawn, own, diameter, top)
    shapes, n = [shapes[k] for k in keep], len(keep)
    xy, drawn, own, diameter, top = (v[keep] for v in (xy, drawn, own, diameter, top))
    guess_d, guess_h = ~(diameter > 0), ~(top > 0)
    rate = scene.rates
    guessed = np.where(guess_h, rate["tree.canopy_diameter"], top * rate["tree.diameter_height"])
    diameter = np.where(guess_d, guessed, diameter)
    top = np.where(guess_h, diameter / rate["tree.diameter_height"], top)
    base = top * rate["tree.base_share"]
    round_ = _circles(xy, diameter / 2.0)
    polygons = Polygons.from_geometries([s if d else None for s, d in zip(shapes, drawn)])
    points = np.flatnonzero(~drawn)
    both = polygons.take(np.flatnonzero(drawn)).joined(round_.take(points))
    order = np.argsort(np.concatenate([np.flatnonzero(drawn), points]), kind="stable")
    return Crowns(both.take(order), xy, diameter, top, base, own,
                  0.5 * guess_d + 0.5 * guess_h)  # fmt: skip


def _stems(xy: np.ndarray, drawn: np.ndarray, own: np.ndarray, diameter: np.ndarray,
           top: np.ndarray) -> np.ndarray:  # fmt: skip
    """Rows of the trees, one per place: the design may draw a tree that the inventory holds too.
    That of the design stays, then the largest. Crowns drawn as areas all stay."""
    order = np.lexsort((-np.nan_to_num(top), -np.nan_to_num(diameter), ~own))
    alone = drawn | ~np.isfinite(xy).all(axis=1)
    apart = np.where(alone, np.arange(len(xy)), -1)
    place = np.column_stack([np.round(np.nan_to_num(xy), 2), apart])
    first = np.unique(place[order], axis=0, return_index=True)[1]
    return np.sort(order[first])


def _grown(trees: Crowns, growth: float) -> Polygons:
    wider = np.where(trees.own, trees.diameter + growth, trees.diameter)
    grown = _circles(trees.xy, wider / 2.0)
    own = np.flatnonzero(trees.own)
    rest = np.flatnonzero(~trees.own)
    both = trees.polygons.take(rest).joined(grown.take(own))
    return both.take(np.argsort(np.concatenate([rest, own]), kind="stable"))


def _circles(xy: np.ndarray, radius: np.ndarray) -> Polygons:
    """Polygons of :data:`SIDES` corners with the area of the circle."""
    turn = 2.0 * np.pi * np.arange(SIDES + 1) / SIDES
    reach = radius * np.sqrt(np.pi / (0.5 * SIDES * np.sin(2.0 * np.pi / SIDES)))
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    ring[-1] = ring[0]
    rows = np.flatnonzero(np.isfinite(xy).all(axis=1) & (radius > 0))
    rings = xy[rows, None, :] + reach[rows, None, None] * ring[None]
    start = np.arange(len(rows) + 1) * (SIDES + 1)
    return Polygons(rings.reshape(-1, 2), start, np.arange(len(rows)), rows, len(xy))
