"""The outline on the ground and the heights of one city object of CityJSON.

The outline is, in this order: the surfaces with semantics ``GroundSurface`` of the best level of
detail; a level 0 surface (of several at different heights the lowest); the lowest surfaces of the
solid; all surfaces seen from above. Surfaces are laid together and repaired.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from osgeo import ogr

from ..engine.clean import quiet
from ..engine.pulse import beat
from ..engine.wkb import made_valid, polygonal

LEVEL = 0.1  # m above the lowest vertex: still the ground of a solid without semantics
_DEPTH = {"MultiSurface": 0, "CompositeSurface": 0, "Solid": 1, "MultiSolid": 2,
          "CompositeSolid": 2}  # fmt: skip


class Face(NamedTuple):
    """One surface: rings of vertex rows, and what it is (None where the file does not say)."""

    rings: list[list[int]]
    kind: str | None


class Broken(ValueError):
    """A geometry that refers to vertices or semantics that are not there."""


def faces(geometry: dict[str, Any], count: int) -> list[Face]:
    """The surfaces of a geometry; ``count`` vertices exist. ``Broken`` where it is malformed,
    empty for kinds without surfaces (points, lines, templates)."""
    depth = _DEPTH.get(str(geometry.get("type")))
    if depth is None:
        return []
    semantics = geometry.get("semantics") or {}
    kinds = [str((s or {}).get("type")) for s in semantics.get("surfaces") or []]
    found = []
    for rings, index in _walk(geometry.get("boundaries"), semantics.get("values"), depth):
        good = []
        for ring in rings:
            if not isinstance(ring, list) or not all(
                isinstance(v, int) and 0 <= v < count for v in ring
            ):
                raise Broken("vertex")
            good.append(ring)
        kind = kinds[index] if isinstance(index, int) and 0 <= index < len(kinds) else None
        if good:
            found.append(Face(good, kind))
    return found


def _walk(boundaries: Any, values: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    if not isinstance(boundaries, list):
        raise Broken("boundaries")
    for i, one in enumerate(boundaries):
        value = values[i] if isinstance(values, list) and i < len(values) else None
        if depth:
            yield from _walk(one, value, depth - 1)
        elif isinstance(one, list):
            yield one, value
        else:
            raise Broken("boundaries")


def level_of(geometry: dict[str, Any]) -> str:
    """The level of detail as a text: 2.2, 1, ..."""
    return str(geometry.get("lod", ""))


def best_first(geometries: Sequence[dict[str, Any]], order: Sequence[str]) -> list[dict[str, Any]]:
    """By preference; levels that are not named after those, the finest first."""
    def rank(geometry: dict[str, Any]) -> tuple[int, float]:
        level = level_of(geometry)
        try:
            fine = -float(level)
        except ValueError:
            fine = 99.0
        return (order.index(level) if level in order else len(order), fine)

    return sorted(geometries, key=rank)


def outline(geometries: Sequence[dict[str, Any]], xyz: np.ndarray,
            order: Sequence[str]) -> ogr.Geometry | None:  # fmt: skip
    """The outline on the ground in the coordinates of ``xyz`` (n, 3); None where there is none."""
    ranked = best_first(geometries, order)
    solids = [g for g in ranked if not level_of(g).startswith("0")]
    floors = [g for g in ranked if level_of(g).startswith("0")]
    for geometry in solids:
        ground = [f for f in faces(geometry, len(xyz)) if f.kind == "GroundSurface"]
        made = _together(ground, xyz)
        if made is not None:
            return made
    for geometry in floors:
        made = _together(_lowest(faces(geometry, len(xyz)), xyz), xyz)
        if made is not None:
            return made
    for geometry in solids:
        all_ = faces(geometry, len(xyz))
        made = _together(_lowest(all_, xyz), xyz) or _together(all_, xyz)
        if made is not None:
            return made
    return None


def _lowest(found: list[Face], xyz: np.ndarray) -> list[Face]:
    """The faces of which every vertex lies within LEVEL of the lowest."""
    if not found:
        return []
    rows = [np.array([v for ring in f.rings for v in ring], int) for f in found]
    bottom = min(float(xyz[r, 2].min()) for r in rows if len(r)) + LEVEL
    return [f for f, r in zip(found, rows) if len(r) and float(xyz[r, 2].max()) <= bottom]


def heights(geometries: Sequence[dict[str, Any]], xyz: np.ndarray,
            order: Sequence[str]) -> tuple[float, float] | None:  # fmt: skip
    """Lowest and highest vertex of the best geometry that is no flat outline; None without."""
    for geometry in best_first(geometries, order):
        if level_of(geometry).startswith("0"):
            continue
        rows = np.array([v for f in faces(geometry, len(xyz)) for r in f.rings for v in r], int)
        if len(rows):
            return float(xyz[rows, 2].min()), float(xyz[rows, 2].max())
    return None


def _together(found: list[Face], xyz: np.ndarray) -> ogr.Geometry | None:
    """The union of faces seen from above; upright ones have no area and fall away."""
    made = []
    for face in found:
        beat()
        polygon = ogr.Geometry(ogr.wkbPolygon)
        for ring in face.rings:
            line = ogr.Geometry(ogr.wkbLinearRing)
            for x, y in xyz[ring][:, :2].tolist():
                line.AddPoint_2D(x, y)
            line.CloseRings()
            polygon.AddGeometry(line)
        if polygon.GetArea() > 1e-6:
            made.append(polygon)
    if not made:
        return None
    with quiet():
        whole = made[0] if len(made) == 1 else None
        if whole is None:
            many = ogr.Geometry(ogr.wkbMultiPolygon)
            for polygon in made:
                valid = polygon if polygon.IsValid() else polygonal(made_valid(polygon))
                for part in _parts(valid):
                    many.AddGeometry(part)
            whole = many.UnionCascaded()
        if whole is not None and not whole.IsValid():
            whole = polygonal(made_valid(whole))
    if whole is None or whole.IsEmpty() or whole.GetArea() <= 1e-6:
        return None
    return whole


def _parts(geometry: ogr.Geometry) -> list[ogr.Geometry]:
    if ogr.GT_Flatten(geometry.GetGeometryType()) == ogr.wkbPolygon:
        return [geometry]
    return [geometry.GetGeometryRef(i).Clone() for i in range(geometry.GetGeometryCount())]
