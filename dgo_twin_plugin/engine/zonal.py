"""What polygons and rasters of a role say of the ground, by exact area where that can be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .geometry import Polygons
from .kept import by_row, same, whole_of
from .overlay import LEAST, Common, Pieces, common_area, cut_rows, nearby, number, role_pieces
from .scan import Span, cells_inside

if TYPE_CHECKING:
    from .grid import Raster
    from .scene import Scene

MOST_CELLS = 60_000  # raster cells that are measured exactly; more are counted by their centres


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
        every = role_pieces(scene, vectors, value if highest else -value)
        pieces = whole_of(scene, ("zonal", role, field), (every, value),
                          lambda: every.take(np.isfinite(value[every.source])))
        part = common_area(scene, pieces, rows)
        found.append(Common(part.row, part.source, part.area, value[part.source]))
    for context in scene.rasters(role):
        asked = np.zeros(scene.surfaces.n, bool)
        asked[rows] = True
        asked = asked.take(scene.cut.feature)
        left = scene.cut.area
        if found:
            left = left - _joined(found).known(scene)
        open_ = asked & (left > np.maximum(LEAST, 1e-9 * scene.cut.area))
        given = context.raster
        raster = whole_of(scene, ("sensible", role, context.layer), (given, sensible),
                          partial(_made_sensible, given, sensible))
        bare = np.zeros(scene.surfaces.n, bool)
        bare[scene.cut.feature[open_]] = True
        part = _raster(scene, raster, bare.nonzero()[0])
        part = _only(part, open_.take(part.row))
        area = scene.cut.area.take(part.row)
        share = left.take(part.row) / np.where(area > 0, area, 1.0)
        found.append(Common(part.row, part.source, part.area * share, part.value))
        if reach:
            found.append(_nearest(scene, raster, asked, _joined(found), reach))
    return _joined(found)


def _made_sensible(raster: Raster, sensible: Callable[[np.ndarray], np.ndarray]) -> Raster:
    return replace(raster, values=sensible(raster.values))


def _only(part: Common, keep: np.ndarray) -> Common:
    if keep.all():
        return part
    return Common(part.row[keep], part.source[keep], part.area[keep], part.value[keep])


def _joined(found: list[Common]) -> Common:
    if not found:
        none = np.zeros(0)
        return Common(none.astype(np.int64), none.astype(np.int64), none, none)
    if len(found) == 1:
        return found[0]
    return Common(*(np.concatenate([getattr(f, name) for f in found])
                    for name in ("row", "source", "area", "value")))  # fmt: skip


def _nearest(scene: Scene, raster: Raster, asked: np.ndarray, found: Common,
             reach: int) -> Common:  # fmt: skip
    lost = (asked & (found.known(scene) <= LEAST)).nonzero()[0]
    if not len(lost):
        return _joined([])
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
    x0, y0, x1, y1 = box.tolist()

    def span(first: float, last: float, most: int) -> Span:
        first, last = (min(max(at, 0.0), float(most)) for at in (first, last))
        return math.floor(first), math.ceil(last)

    return (span((raster.y0 - y1) / raster.dy, (raster.y0 - y0) / raster.dy, rows),
            span((x0 - raster.x0) / raster.dx, (x1 - raster.x0) / raster.dx, columns))  # fmt: skip


def _raster(scene: Scene, raster: Raster, rows: np.ndarray) -> Common:
    """Exact while there are at most MOST_CELLS cells; beyond that by the centres of cells."""
    if not len(rows):
        return _joined([])
    sides = scene.surfaces.polygons.bounds().take(rows, axis=0).T.copy()
    box = np.concatenate([sides[:2].min(axis=1), sides[2:].max(axis=1)])
    plan = scene.plan.bounds()[0]
    box = np.concatenate([np.maximum(box[:2], plan[:2]), np.minimum(box[2:], plan[2:])])
    (r0, r1), (c0, c1) = _window(raster, box)
    if (r1 - r0) * (c1 - c0) <= MOST_CELLS:
        squares, value = cells(raster, box)
        if not len(value):
            return _joined([])
        part = common_area(scene, Pieces(squares, np.arange(len(value))), rows)
        return Common(part.row, np.full(len(part.row), -1), part.area, value[part.source])
    window = _window(raster, nearby(scene)[0])  # the same for whatever rows
    feature, zone, value, known = by_row(
        scene, ("centres", id(raster)), (raster, window), rows,
        lambda some: _by_centres(scene, raster, window, some))  # fmt: skip
    row = cut_rows(scene, feature, zone)
    return Common(row, np.full(len(row), -1), scene.cut.area.take(row) * known, value)


def _by_centres(scene: Scene, raster: Raster, window: tuple[Span, Span],
                rows: np.ndarray) -> tuple[np.ndarray, ...]:  # fmt: skip
    """(feature and zone of rows of the cut, mean value, share of its centres with data) by the
    cells' centres. A row too small to hold a centre takes the cell at its own centre of gravity."""
    if not len(rows):
        none = np.zeros(0, np.int64)
        return none, none, np.zeros(0), np.zeros(0)
    surfaces = scene.surfaces.polygons.take(rows)
    feature, down, right = cells_inside(surfaces, raster, *window)
    zone = _zone_of(scene, rows[feature], down, right, raster, window)
    row = cut_rows(scene, rows[feature], zone)
    here = row >= 0
    row, value = row[here], raster.values[down[here], right[here]]
    has = np.isfinite(value)
    n = len(scene.cut.area)
    total, known = np.bincount(row, minlength=n), np.bincount(row[has], minlength=n)
    sums = np.bincount(row[has], value[has], n).astype(float)  # of nothing they are whole numbers
    asked = np.zeros(scene.surfaces.n, bool)
    asked[rows] = True
    lost = (asked.take(scene.cut.feature) & (total == 0)).nonzero()[0]
    if len(lost):
        xy = scene.surfaces.polygons.take(scene.cut.feature[lost]).centroids()
        sampled = raster.sample(xy, 0)
        total[lost] = 1
        known[lost] = np.isfinite(sampled)
        sums[lost] = np.nan_to_num(sampled)
    found = known.nonzero()[0]
    return (scene.cut.feature[found], scene.cut.zone[found], sums[found] / known[found],
            known[found] / total[found])  # fmt: skip


def _zone_of(scene: Scene, feature: np.ndarray, row: np.ndarray, column: np.ndarray,
             raster: Raster, window: tuple[Span, Span]) -> np.ndarray:  # fmt: skip
    """Zone of cells whose centres lie on features: the feature's only zone, else the one that
    holds the centre."""
    cut = scene.cut
    asked = np.zeros(scene.surfaces.n, bool)
    asked[feature] = True
    own = asked.take(cut.feature).nonzero()[0]  # rows of the cut
    whole = own[cut.share.take(own) >= 1.0 - 1e-9]
    only = np.zeros(scene.surfaces.n, np.int64)
    only[cut.feature.take(whole)] = cut.zone.take(whole)
    (top, bottom), (left, right) = window

    def make() -> np.ndarray:
        return _zone_cells(scene, name, raster, window)

    name = ("zone_cells", raster.x0, raster.y0, raster.dx, raster.dy)
    zones = whole_of(scene, name, (scene.zones, window), make)
    zone = only.take(feature)
    several = (zone == 0).nonzero()[0]
    zone[several] = zones[row[several] - top, column[several] - left]
    return zone


def _zone_cells(scene: Scene, name: object, raster: Raster,
                window: tuple[Span, Span]) -> np.ndarray:  # fmt: skip
    """Zone id of every cell of a window, 0 for none. Where the zones changed in places only, only
    those are looked at again."""
    (top, bottom), (left, right) = window

    def filled(found: np.ndarray, r0: int, r1: int, c0: int, c1: int) -> None:
        home, r, c = cells_inside(scene.zones.polygons, raster, (r0, r1), (c0, c1))
        found[r - top, c - left] = home + 1

    strips = strips_since(scene, name, window)
    if strips is None:
        whole = np.zeros((bottom - top, right - left), np.int64)
        filled(whole, top, bottom, left, right)
        return whole
    assert scene.reuse is not None
    found: np.ndarray = scene.reuse.kept.found(name).copy()
    low = np.array([top, left])
    for box in strips:
        (r0, r1), (c0, c1) = _window(raster, box)
        r0, c0 = np.maximum((r0 - 1, c0 - 1), low).tolist()
        r1, c1 = np.minimum((r1 + 1, c1 + 1), (bottom, right)).tolist()
        if r1 > r0 and c1 > c0:
            found[r0 - top : r1 - top, c0 - left : c1 - left] = 0
            filled(found, r0, r1, c0, c1)
    return found


def strips_since(scene: Scene, name: object, *rest: object) -> np.ndarray | None:
    """Boxes (k, 4) about all that the zones changed since an answer made from (zones, *rest) was
    kept under a name; None where there is none, or all may be other."""
    reuse = scene.reuse
    made_from = None if reuse is None else reuse.kept.made_from(name)
    if reuse is None or made_from is None or made_from[0] is not reuse.zones:
        return None
    return reuse.strips if same(made_from[1:], rest) else None
