"""The ground under crowns: the union of all crowns, exact, and what woods add to it."""

from __future__ import annotations

import numpy as np
from osgeo import ogr

from ...geometry import Polygons
from ...network import _parts
from ...overlap import dissolve, overlapping_pairs
from ...pulse import beat


def union_of_crowns(crowns: Polygons) -> tuple[Polygons, np.ndarray]:
    """Polygons that share no ground and cover what the crowns cover, and one crown (its row) that
    each came from. GEOS joins only crowns that overlap, one group at a time."""
    i, j, _ = overlapping_pairs(crowns)
    label = _parts(i, j, crowns.n)
    order = np.argsort(label, kind="stable")
    edges = np.flatnonzero(np.diff(label[order], prepend=-1, append=-1))
    alone, groups, source = [], [], []
    for first, last in zip(edges[:-1], edges[1:]):
        rows = order[first:last]
        if len(rows) == 1:
            alone.append(int(rows[0]))
            continue
        beat()
        groups.append(dissolve(_parts_of(crowns, rows)))
        source.append(int(rows[0]))
    joined = crowns.take(np.array(alone, np.int64)).joined(Polygons.from_geometries(groups))
    return joined, np.array(alone + source, np.int64)


def _parts_of(crowns: Polygons, rows: np.ndarray) -> list[ogr.Geometry]:
    return [crowns.geometry(int(row)) for row in rows]
