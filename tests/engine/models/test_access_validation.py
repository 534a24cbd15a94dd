"""Sight, green and canopy against plain loops over GEOS geometries; the figures stand in
docs/validation/access.md."""

from __future__ import annotations

import math

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.indicators.public_transport import edf
from dgo_twin_plugin.engine.models.access.canopy import union_of_crowns
from dgo_twin_plugin.engine.models.access.greens import connected
from dgo_twin_plugin.engine.models.access.sight import Trees, look


def blocks(rng, n, side):
    """Turned rectangles that do not overlap, as OGR geometries."""
    made = []
    while len(made) < n:
        x, y = rng.uniform(0, side, 2)
        w, h = rng.uniform(4, 14, 2)
        a = rng.uniform(0, math.pi)
        c, s = math.cos(a), math.sin(a)
        at = [(x + c * u - s * v, y + s * u + c * v)
              for u, v in ((0, 0), (w, 0), (w, h), (0, h), (0, 0))]  # fmt: skip
        shape = ogr.CreateGeometryFromWkt(
            "POLYGON((" + ",".join(f"{p:.6f} {q:.6f}" for p, q in at) + "))")  # fmt: skip
        if all(shape.Distance(other) > 0.5 for other in made):
            made.append(shape)
    return made


def within(shapes, x, y):
    return any(g.Contains(ogr.CreateGeometryFromWkt(f"POINT({x} {y})")) for g in shapes)


def hidden(shapes, heights, a, za, b, zb):
    """Whether any block stands in the line of sight: GEOS cuts the line, the line's height at both
    ends of each piece is held against the block's."""
    line = ogr.Geometry(ogr.wkbLineString)
    line.AddPoint_2D(*a)
    line.AddPoint_2D(*b)
    whole = math.dist(a, b)
    for shape, height in zip(shapes, heights):
        piece = line.Intersection(shape)
        if piece is None or piece.IsEmpty() or piece.Length() < 1e-9:
            continue
        parts = [piece] if not piece.GetGeometryCount() else [
            piece.GetGeometryRef(k) for k in range(piece.GetGeometryCount())]  # fmt: skip
        for part in parts:
            for p in part.GetPoints():
                t = math.dist(a, p[:2]) / whole
                if za + t * (zb - za) < height:
                    return True
    return False


@pytest.mark.parametrize("seed", range(3))
def test_sight_against_a_loop_over_geos(seed):
    rng = np.random.default_rng(seed)
    shapes = blocks(rng, 40, 150.0)
    heights = rng.uniform(3, 15, 40)
    spots = rng.uniform(0, 150, (80, 2))
    spots = spots[[not within(shapes, x, y) for x, y in spots]][:60]  # no tree stands in a house
    trees = Trees(spots, rng.uniform(1, 4, 60), rng.uniform(3, 9, 60), np.zeros(60))
    assert len(spots) == 60
    polygons = Polygons.from_geometries(shapes)
    s = polygons.segments
    # one window before the middle of every wall
    length = s.length
    normal = np.column_stack([(s.y1 - s.y0), -(s.x1 - s.x0)]) / length[:, None]
    foot = 0.5 * np.column_stack([s.x0 + s.x1, s.y0 + s.y1]) + 0.5 * normal
    inside = np.array([within(shapes, x, y) for x, y in foot])
    eye = np.minimum(1.5 + 3.0 * rng.integers(0, 4, 40), heights - 1.0)[s.feature]
    ours = look(s.feature[~inside], foot[~inside], normal[~inside], eye[~inside], trees, s,
                heights[s.feature], np.zeros(len(s.x0), bool), 25.0, 1.0)  # fmt: skip
    seen = {(int(v), int(t)) for v, t, c in zip(ours.viewer, ours.tree, ours.clear) if c >= 1}
    expected = set()
    for k in np.flatnonzero(~inside):
        for t in range(60):
            gap = math.dist(foot[k], trees.xy[t])
            ahead = float(normal[k] @ (trees.xy[t] - foot[k])) > 0  # no window looks back
            if ahead and gap - trees.radius[t] <= 25.0 and not hidden(
                shapes, heights, foot[k], eye[k], trees.xy[t], trees.height[t]
            ):
                expected.add((int(s.feature[k]), t))
    assert len(expected) > 30
    assert seen == expected


def test_green_that_hangs_together_against_distances_of_geos():
    rng = np.random.default_rng(4)
    shapes = blocks(rng, 120, 260.0)
    label = connected(Polygons.from_geometries(shapes), 3.0)
    near = {(i, j) for i in range(120) for j in range(i) if shapes[i].Distance(shapes[j]) <= 3.0}
    group = list(range(120))
    for i, j in near:
        a, b = group[i], group[j]
        group = [b if g == a else g for g in group]
    ours = {(i, j) for i in range(120) for j in range(i) if label[i] == label[j]}
    theirs = {(i, j) for i in range(120) for j in range(i) if group[i] == group[j]}
    assert len(near) > 30
    assert ours == theirs


def test_canopy_of_two_thousand_crowns_against_geos():
    rng = np.random.default_rng(9)
    shapes = [ogr.CreateGeometryFromWkt(f"POINT({x} {y})").Buffer(r, 4) for x, y, r in zip(
        *rng.uniform(0, 400, (2, 2000)), rng.uniform(1, 6, 2000))]  # fmt: skip
    whole = ogr.Geometry(ogr.wkbMultiPolygon)
    for shape in shapes:
        whole.AddGeometry(shape)
    ours = union_of_crowns(Polygons.from_geometries(shapes))[0].area().sum()
    assert ours == pytest.approx(whole.UnionCascaded().Area(), rel=1e-12)


def test_the_ptal_example():
    # a bus at 400 m, 4 per hour: 400/80 + 30/4 + 2 = 14.5 min; 30 / 14.5 = 2.07 (domain dossier)
    assert round(float(edf(400.0, 4.0, 2.0)), 2) == 2.07
