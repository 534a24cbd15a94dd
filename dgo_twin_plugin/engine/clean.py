"""Repair on a copy: every polygon that enters the scene is valid, and what was done is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
from osgeo import gdal, ogr

from .checks import Check
from .geometry import Polygons, geometry_from_wkb, polygonal
from .pulse import beat
from .wkb import made_valid
from .words import IMPORTANT, LOW

_SMALL = 64  # vertices: beyond this GEOS is quicker than all pairs of edges


@contextmanager
def quiet() -> Iterator[None]:
    """GEOS and GDAL say what is wrong to stderr; here it becomes a check instead."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()


def doubtful(polygons: Polygons) -> np.ndarray:
    """(n,) True where a feature may be invalid and GEOS must be asked.

    Sure to be valid: one ring, at most 64 edges, of which no two that are not neighbours touch and
    no neighbour folds back. Everything else is doubtful.
    """
    s = polygons.segments
    count = s.start[1:] - s.start[:-1]
    rings = np.bincount(polygons.ring_feature, minlength=polygons.n)[: polygons.n]
    sure = (rings == 1) & (count >= 3) & (count <= _SMALL)
    bad: np.ndarray = ~sure & (rings > 0)
    for m in sorted(set(count[sure].tolist())):
        row = (sure & (count == m)).nonzero()[0]
        step = max(1, int(2e6 // (m * m)))
        for at in range(0, len(row), step):
            r = row[at : at + step]
            first = s.start[r][:, None]
            for (one, other), test in zip(_pairs(m), (_folds, _touch)):
                a, b = (first + one).ravel(), (first + other).ravel()
                hit = test(s.x0, s.y0, s.x1, s.y1, a, b).reshape(len(r), -1)
                bad[r[hit.any(axis=1)]] = True
    return bad


@lru_cache(maxsize=_SMALL)
def _pairs(m: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Edges of a ring of ``m`` that follow each other, and those that do not."""
    p, q = np.triu_indices(m, 1)
    apart = (q - p > 1) & (q - p < m - 1)
    corner = np.arange(m)
    return (corner, (corner + 1) % m), (p[apart], q[apart])


def _folds(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray, a: np.ndarray,
           b: np.ndarray) -> np.ndarray:  # fmt: skip
    ux, uy, vx, vy = x1[a] - x0[a], y1[a] - y0[a], x1[b] - x0[b], y1[b] - y0[b]
    size = np.hypot(ux, uy) * np.hypot(vx, vy)
    found: np.ndarray = (ux * vx + uy * vy < 0) & (np.abs(ux * vy - uy * vx) <= 1e-9 * size)
    return found


def _touch(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray, a: np.ndarray,
           b: np.ndarray) -> np.ndarray:  # fmt: skip
    def side(px: np.ndarray, py: np.ndarray, qx: np.ndarray, qy: np.ndarray, rx: np.ndarray,
             ry: np.ndarray) -> np.ndarray:  # fmt: skip
        turn: np.ndarray = (qx - px) * (ry - py) - (qy - py) * (rx - px)
        return turn

    ax0, ay0, ax1, ay1 = x0[a], y0[a], x1[a], y1[a]
    bx0, by0, bx1, by1 = x0[b], y0[b], x1[b], y1[b]
    near = ((np.maximum(ax0, ax1) >= np.minimum(bx0, bx1))
            & (np.maximum(bx0, bx1) >= np.minimum(ax0, ax1))
            & (np.maximum(ay0, ay1) >= np.minimum(by0, by1))
            & (np.maximum(by0, by1) >= np.minimum(ay0, ay1)))  # fmt: skip
    d1, d2 = side(ax0, ay0, ax1, ay1, bx0, by0), side(ax0, ay0, ax1, ay1, bx1, by1)
    d3, d4 = side(bx0, by0, bx1, by1, ax0, ay0), side(bx0, by0, bx1, by1, ax1, ay1)
    tiny = 1e-9 * (1 + np.hypot(ax1 - ax0, ay1 - ay0) * np.hypot(bx1 - bx0, by1 - by0))
    hit: np.ndarray = (
        near
        & ((d1 * d2 <= 0) | (np.minimum(abs(d1), abs(d2)) <= tiny))
        & ((d3 * d4 <= 0) | (np.minimum(abs(d3), abs(d4)) <= tiny))
    )
    return hit


def clean(wkb: list[bytes | None], layer: str, fid: np.ndarray, origin: tuple[float, float],
          checks: list[Check]) -> Polygons:  # fmt: skip
    """Valid polygons, local metres. Repairs, empties and non-polygons become checks."""
    usable: list[bytes | None] = []
    for row, data in enumerate(wkb):
        try:
            usable.append(_polygon_wkb(data))
        except ValueError:
            usable.append(None)
            checks.append(Check("unreadable_geometry", IMPORTANT, "feature", layer, int(fid[row])))
    polygons = Polygons.from_wkb(usable, origin)
    rows, repaired = [], []
    beat()
    with quiet():
        for row in np.flatnonzero(doubtful(polygons)):
            beat()
            geometry = polygons.geometry(int(row))
            if geometry.IsValid():
                continue
            fixed = polygonal(made_valid(geometry))
            rows.append(int(row))
            repaired.append(fixed)
            gone = fixed.IsEmpty() or fixed.Area() == 0
            checks.append(Check(
                "unrepairable_geometry" if gone else "repaired_geometry",
                IMPORTANT if gone else LOW, "feature", layer, int(fid[row]),
                params={"area": float(fixed.Area())},
                wkb=None if gone else bytes(fixed.ExportToWkb(ogr.wkbNDR)),
            ))  # fmt: skip
    drawn = np.array([data is not None for data in usable], bool)
    rings = np.bincount(polygons.ring_feature, minlength=polygons.n)[: polygons.n]
    for row in np.flatnonzero(drawn & (rings == 0)):  # not one ring that encloses anything
        checks.append(Check("unrepairable_geometry", IMPORTANT, "feature", layer, int(fid[row]),
                            params={"area": 0.0}))  # fmt: skip
    return polygons.replaced(rows, repaired)


def _polygon_wkb(data: bytes | None) -> bytes | None:
    """WKB as it is where it is a plain polygon, else its polygonal part; None where empty."""
    if data is None or len(data) < 9:
        return None
    if data[0] == 1 and data[1:5] in (b"\x03\0\0\0", b"\x06\0\0\0"):
        return data
    geometry = geometry_from_wkb(data)
    part = polygonal(geometry)
    return None if part.IsEmpty() else bytes(part.ExportToWkb(ogr.wkbNDR))
