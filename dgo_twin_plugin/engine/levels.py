"""Levels read from maps: rasters sampled, contour polygons by their upper bound (indicators G2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .geometry import Polygons, containing
from .scene import RasterContext, Scene, VectorContext
from .words import BASIS_LEGAL

OPEN_TOP = 5.0  # dB: width assumed of a class without an upper bound


@dataclass(frozen=True)
class Level:
    """What one layer says at the points asked: ``values`` (m,), NaN where it says nothing;
    ``legal`` whether the layer was declared fit for a legal test."""

    layer: str
    attributes: dict[str, Any]
    values: np.ndarray
    legal: np.ndarray


def levels_at(scene: Scene, role: str, xy: np.ndarray, field: str = "lden_to",
              lower: str = "lden_from") -> list[Level]:  # fmt: skip
    """One :class:`Level` per layer of the role (per owner within a vector layer).

    Rasters: nearest cell with data within two cells. Polygons: the highest upper bound of those
    that contain the point; without one, the lower bound + 5.
    """
    found = []
    rasters = scene.rasters(role)
    for raster, values in zip(rasters, sampled(rasters, xy)):
        legal = np.full(len(values), raster.basis == BASIS_LEGAL)
        found.append(Level(raster.layer, dict(raster.attributes), values, legal))
    vectors = scene.vectors(role)
    if vectors is not None:
        upper = upper_bound(vectors, field, lower)
        owner, quantity = vectors.texts("owner"), vectors.texts("quantity")
        groups = sorted({(str(a), b or "", c or "") for a, b, c in
                         zip(vectors.layer, owner, quantity)})  # fmt: skip
        for layer, who, what in groups:
            rows = np.array([
                str(a) == layer and (b or "") == who and (c or "") == what
                for a, b, c in zip(vectors.layer, owner, quantity)
            ])  # fmt: skip
            rows = np.flatnonzero(rows)
            values, row = highest_containing(vectors, rows, upper[rows], xy)
            legal = np.zeros(len(values), bool)
            basis = vectors.texts("basis")
            legal[row >= 0] = [basis[rows[r]] == BASIS_LEGAL for r in row[row >= 0]]
            found.append(Level(layer, {"owner": who or None, "quantity": what or None},
                               values, legal))  # fmt: skip
    return found


def sampled(rasters: list[RasterContext], xy: np.ndarray, reach: int = 2) -> list[np.ndarray]:
    """(m,) values of each raster at points (m, 2): nearest cell with data within ``reach`` cells.

    Rasters that are declared alike are sheets of one map: what lies on the next sheet is not read
    from the edge of this one, or it would count twice along the seam.
    """
    x, y = xy[:, 0], xy[:, 1]
    inside = []
    for item in rasters:
        west, south, east, north = item.raster.bounds()
        inside.append((x >= west) & (x < east) & (y >= south) & (y < north))
    found = []
    for k, item in enumerate(rasters):
        values = item.raster.sample(xy, reach)
        for other, there in zip(rasters, inside):
            if other is not item and other.attributes == item.attributes:
                values[there & ~inside[k]] = np.nan
        found.append(values)
    return found


def upper_bound(vectors: VectorContext, field: str, lower: str) -> np.ndarray:
    """(n,) the upper bound of each class, or its lower bound + 5 where the class is open."""
    upper, low = vectors.number(field).copy(), vectors.number(lower)
    open_top = np.isnan(upper)
    upper[open_top] = low[open_top] + OPEN_TOP
    return upper


def highest_containing(vectors: VectorContext, rows: np.ndarray, values: np.ndarray,
                       xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """For points (m, 2): the highest of ``values`` (len(rows),) among the polygons that contain
    each, and which one (index into ``rows``); NaN and -1 where none does."""
    polygons = Polygons.from_wkb([vectors.wkb[int(r)] for r in rows])
    point, row = containing(polygons, xy)
    known = np.isfinite(values[row])
    point, row = point[known], row[known]
    best = np.full(len(xy), np.nan)
    which = np.full(len(xy), -1, np.int64)
    order = np.argsort(values[row], kind="stable")
    best[point[order]] = values[row][order]
    which[point[order]] = row[order]
    return best, which
