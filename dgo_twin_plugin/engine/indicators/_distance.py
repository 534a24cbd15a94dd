"""Odour by distance class: a rule of thumb where no calculated map speaks (domain 2.1 I18).

A feature of role ``odour`` with a ``category`` (a VNG category, or ``livestock``) is a source, not
a map. At its distance the load is what is just acceptable; nearer and farther it goes with a power
of the distance. All numbers stand in ``models/distance_classes.yml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import ogr

from ..geometry import geometry_from_wkb, nearest_segment
from ..models.tables import constants

if TYPE_CHECKING:
    from ..scene import Scene, VectorContext

LIVESTOCK = "livestock"


def load_by_class(vectors: VectorContext, xy: np.ndarray, built_up: np.ndarray) -> np.ndarray:
    """(m,) ouE/m3 P98 at points (m, 2) of the source that weighs most; NaN where the role names no
    category. ``built_up`` (m,) bool: whether the place lies in the built-up area."""
    table = constants("distance_classes")["odour"]
    names = np.array([_category(c) for c in vectors.texts("category")], object)
    out = np.full(len(xy), np.nan)
    for name in sorted({n for n in names if n in table["categories"] or n == LIVESTOCK}):
        sides = _sides([vectors.wkb[k] for k in np.flatnonzero(names == name)])
        for place, here in (("built_up", built_up), ("rural", ~built_up)):
            rows = np.flatnonzero(here)
            if not len(rows):
                continue
            if name == LIVESTOCK:
                standard, at = float(table[LIVESTOCK][place]), table["at_distance"]
                load = float(at[f"{LIVESTOCK}_{place}"])
            else:
                standard = float(table["categories"][name])
                load = float(table["at_distance"][place])
            out[rows] = np.fmax(out[rows], _decayed(sides, xy[rows], standard, load, table))
    return out


def _decayed(sides: np.ndarray, xy: np.ndarray, standard: float, load: float,
             table: dict[str, Any]) -> np.ndarray:  # fmt: skip
    low, high = float(table["nearest"]), float(table["farthest"])
    x0, y0, x1, y1 = sides
    distance, _ = nearest_segment(xy, x0, y0, x1, y1, high * standard)
    return np.asarray(load * np.clip(distance / standard, low, high) ** -float(table["exponent"]))


def _category(value: object) -> str:
    """A category as the table spells it: 3.1 and '3.1 ' are one."""
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip().lower()


def _sides(wkb: list[bytes]) -> np.ndarray:
    """(4, k) x0, y0, x1, y1 of the outlines of any geometry; a point is a side of no length.
    Inside a polygon its outline is nearest: nearer than ``nearest`` counts alike anyway."""
    found: list[tuple[float, float, float, float]] = []
    for data in wkb:
        _collect(geometry_from_wkb(data), found)
    return np.array(found, float).reshape(-1, 4).T


def _collect(shape: ogr.Geometry, found: list[tuple[float, float, float, float]]) -> None:
    for k in range(shape.GetGeometryCount()):
        _collect(shape.GetGeometryRef(k), found)
    points = shape.GetPoints() if not shape.GetGeometryCount() and shape.GetPointCount() else []
    if len(points) == 1:
        points = points * 2
    found += [(a[0], a[1], b[0], b[1]) for a, b in zip(points, points[1:])]


def any_category(scene: Scene, role: str) -> bool:
    """Whether a role holds sources by category."""
    vectors = scene.vectors(role)
    return vectors is not None and any(_category(c) for c in vectors.texts("category"))
