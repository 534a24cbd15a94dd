"""Plan area and zones (indicators G1)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from osgeo import ogr

from .checks import Check
from .clean import quiet
from .geometry import Polygons, bbox_pairs, polygonal
from .kept import Kept, whole
from .overlap import dissolve, resolve
from .pulse import beat
from .scene import RawLayer, Zones
from .words import IMPORTANT, NORMAL

SLIVER = 0.01  # m2: a rest this small is a rounding of borders, not a place


def fill_holes(geometry: ogr.Geometry) -> ogr.Geometry:
    """The same polygons without their holes."""
    result = ogr.Geometry(ogr.wkbMultiPolygon)
    for part in parts(geometry):
        polygon = ogr.Geometry(ogr.wkbPolygon)
        polygon.AddGeometry(part.GetGeometryRef(0))
        result.AddGeometry(polygon)
    return polygonal(result.UnionCascaded()) if result.GetGeometryCount() else result


def parts(geometry: ogr.Geometry) -> list[ogr.Geometry]:
    """The single polygons of a polygonal geometry."""
    if geometry.IsEmpty():
        return []
    if ogr.GT_Flatten(geometry.GetGeometryType()) == ogr.wkbPolygon:
        return [geometry]
    return [geometry.GetGeometryRef(i).Clone() for i in range(geometry.GetGeometryCount())]


def union_of(polygons: Polygons) -> ogr.Geometry:
    """One geometry of all features."""
    with quiet():
        geometries = []
        for row in range(polygons.n):
            if row % 500 == 0:
                beat()
            geometries.append(polygons.geometry(row))
        return dissolve(geometries)


def area_type_of(
    layers: list[RawLayer], resolve_type: Callable[[str], str | None], checks: list[Check]
) -> list[str | None]:
    """The type id of every feature of the map, layer after layer; unknown terms become checks."""
    types: list[str | None] = []
    for layer in layers:
        field = str(layer.entry.get("type") or layer.entry.get("type_field") or "")
        terms = {str(k): v for k, v in (layer.entry.get("types") or {}).items()}
        column = layer.columns.get(field)
        values = [None] * len(layer.fid) if column is None else list(column)
        if column is None:
            checks.append(Check("no_type_field", IMPORTANT, "field", layer.name, field=field))
        unknown: dict[str, int] = {}
        for value in values:
            found = None
            if value is not None and str(value).strip():
                found = resolve_type(str(terms.get(str(value), value)))
                if found is None:
                    unknown[str(value)] = unknown.get(str(value), 0) + 1
            types.append(found)
        checks.extend(
            Check(
                "unknown_area_type",
                IMPORTANT,
                "field",
                layer.name,
                field=field,
                value=value,
                params={"count": count},
            )
            for value, count in sorted(unknown.items())
        )
    return types


def make_zones(
    plan: ogr.Geometry,
    map_polygons: Polygons,
    types: list[str | None],
    layers: np.ndarray,
    fids: np.ndarray,
    checks: list[Check],
    kept: Kept | None = None,
) -> Zones:
    """Cut the plan area by the area-type map.

    Exact duplicates count once, touching polygons of one type are joined, of two types on one
    place the smaller polygon wins; what no type covers becomes zones without a type. Ids follow
    type, then centroid (1 m), never the order of the features.
    """
    box = np.array([plan.GetEnvelope()])[:, [0, 2, 1, 3]]
    near = bbox_pairs(box, map_polygons.bounds())[1]
    known = np.array([i for i in np.sort(near) if types[i] is not None], np.int64)
    wholes, said = whole(kept, "types", (map_polygons, types, layers, fids, known),
                         lambda: _wholes(map_polygons, known, types, layers, fids))  # fmt: skip
    checks.extend(said)
    found: list[tuple[str | None, ogr.Geometry]] = []
    left = plan.Area()
    with quiet():
        for name, ground in wholes:
            inside = polygonal(ground.Intersection(plan))
            left -= inside.Area()
            found += [(name, part) for part in parts(inside)]
        # types share no ground: where as much of them lies in the plan as it is large, no rest does
        rest = ogr.Geometry(ogr.wkbMultiPolygon) if left < 0.5 * SLIVER else plan
        for _, ground in wholes:
            rest = polygonal(rest.Difference(ground)) if not rest.IsEmpty() else rest
    found += [(None, part) for part in parts(rest)]
    found = [(name, part) for name, part in found if part.Area() > SLIVER]
    polygons = Polygons.from_geometries([part for _, part in found])
    centre = np.round(polygons.centroids())
    order = sorted(
        range(len(found)),
        key=lambda k: (
            found[k][0] is None,
            found[k][0] or "",
            centre[k, 0],
            centre[k, 1],
            -found[k][1].Area(),
        ),
    )
    polygons = polygons.take(np.array(order, np.int64))
    area_type = np.array([found[k][0] for k in order], object)
    size = polygons.area()
    none = float(size[area_type == None].sum()) if len(size) else 0.0  # noqa: E711
    if none > SLIVER:
        checks.append(
            Check(
                "plan_outside_area_types",
                IMPORTANT,
                "run",
                params={"area": none, "share": 100 * none / float(size.sum())},
            )
        )
    return Zones(area_type, polygons, size)


def _wholes(
    map_polygons: Polygons,
    known: np.ndarray,
    types: list[str | None],
    layers: np.ndarray,
    fids: np.ndarray,
) -> tuple[list[tuple[str, ogr.Geometry]], list[Check]]:
    """The ground of each type of these rows of the map, and what was found on the way."""
    said: list[Check] = []
    known = _without_duplicates(map_polygons, known, types, layers, fids, said)
    candidates = map_polygons.take(known)
    kind = np.array([types[i] for i in known], object)
    names, code = np.unique(kind.astype(str), return_inverse=True) if len(kind) else ([], kind)
    if len(kind) and len(names) > 1:
        size = candidates.area()
        candidates, contests = resolve(candidates, size, skip=np.asarray(code, np.int64))
        for loser, winner, area in contests:
            if area > SLIVER:
                said.append(
                    Check(
                        "overlapping_area_types",
                        NORMAL,
                        "feature",
                        str(layers[known[loser]]),
                        int(fids[known[loser]]),
                        params={
                            "area": area,
                            "other": int(fids[known[winner]]),
                            "kept": str(kind[winner]),
                            "lost": str(kind[loser]),
                        },
                    )
                )
    with quiet():
        made = [(str(name), dissolve([candidates.geometry(int(r))
                                      for r in np.flatnonzero(kind == name)]))
                for name in names]  # fmt: skip
    return made, said


def _without_duplicates(
    polygons: Polygons,
    rows: np.ndarray,
    types: list[str | None],
    layers: np.ndarray,
    fids: np.ndarray,
    checks: list[Check],
) -> np.ndarray:
    """Rows without exact repeats of the same ground under the same type."""
    seen: dict[tuple[str | None, bytes], int] = {}
    keep = []
    for row in rows:
        xy = polygons.take(np.array([row])).xy
        signature = np.unique(np.round(xy, 4), axis=0).tobytes()
        key = (types[row], signature)
        if key in seen:
            checks.append(
                Check(
                    "duplicate_area_type",
                    NORMAL,
                    "feature",
                    str(layers[row]),
                    int(fids[row]),
                    params={"other": int(fids[seen[key]])},
                )
            )
        else:
            seen[key] = int(row)
            keep.append(int(row))
    return np.array(keep, np.int64)
