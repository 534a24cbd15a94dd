"""Neighbours that nearly touch share their vertices; strips hold all that changed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.joints import GAP, jointed
from dgo_twin_plugin.engine.outline import outline
from dgo_twin_plugin.engine.overlap import dissolve
from dgo_twin_plugin.engine.strips import strips


def polygons(*wkt: str) -> Polygons:
    return Polygons.from_geometries([ogr.CreateGeometryFromWkt(w) for w in wkt])


def box(x0: float, y0: float, x1: float, y1: float) -> str:
    return f"POLYGON(({x0} {y0},{x1} {y0},{x1} {y1},{x0} {y1},{x0} {y0}))"


def counted(geometry: ogr.Geometry) -> tuple[int, int]:
    """Polygons, and holes in them."""
    found = Polygons.from_geometries([geometry])
    return len(found.part_feature), len(found.ring_part) - len(found.part_feature)


def test_what_shares_its_vertices_stays_to_the_bit() -> None:
    given = polygons(box(0, 0, 10, 10), box(10, 0, 20, 10), box(0, 10, 20, 12))
    made = Polygons.from_geometries(jointed(given))
    # the third gets the vertex (10, 10) of the others in its lower edge: 5 + 1 vertices
    assert len(made.xy) == len(given.xy) + 1
    assert made.area() == pytest.approx(given.area(), abs=0)
    assert np.array_equal(made.take(np.array([0, 1])).xy, given.take(np.array([0, 1])).xy)


@pytest.mark.parametrize(("gap", "parts"), [(1e-12, 1), (1e-9, 1), (5e-6, 1), (1e-3, 2)])
def test_a_gap_below_the_tolerance_closes_and_a_real_one_stays(gap: float, parts: int) -> None:
    given = polygons(box(0, 0, 10, 10), box(10 + gap, 0, 20, 4), box(10 + gap, 4, 20, 10))
    assert counted(dissolve(jointed(given))) == (parts, 0)
    area = 100.0 + 10.0 * (10.0 - gap)
    assert sum(g.Area() for g in jointed(given)) == pytest.approx(area, abs=10 * GAP)


def test_the_order_of_the_features_does_not_matter() -> None:
    given = polygons(box(0, 0, 10, 10), box(10 + 3e-6, 0, 20, 5), box(10 - 2e-6, 5, 20, 10))
    there, back = np.array([0, 1, 2]), np.array([2, 0, 1])
    one = [g.ExportToWkb() for g in jointed(given.take(there))]
    other = [g.ExportToWkb() for g in jointed(given.take(back))]
    assert [one[k] for k in back] == other


@pytest.mark.parametrize("angle", [0.0, 0.2, 0.71, 1.3])
def test_a_turned_floor_of_tiles_is_one_polygon_without_holes(angle: float) -> None:
    """12 by 12 tiles of 7 by 3 m, in every other row shifted by half a tile, far from the origin:
    12 * 12 * 21 m2 in one piece, whatever the angle."""
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    wkt = []
    for r in range(12):
        for c in range(12):
            x, y = 7.0 * c + 3.5 * (r % 2), 3.0 * r
            xy = np.array([(x, y), (x + 7, y), (x + 7, y + 3), (x, y + 3), (x, y)]) @ turn + 1234.5
            wkt.append("POLYGON((" + ",".join(f"{a!r} {b!r}" for a, b in xy.tolist()) + "))")
    made = outline(polygons(*wkt))
    assert counted(made) == (1, 0)
    assert made.Area() == pytest.approx(12 * 12 * 21, abs=1e-3)


def test_a_sliver_thinner_than_the_gap_vanishes() -> None:
    given = polygons(box(0, 0, 10, 10), f"POLYGON((10 0,{10 + 1e-7} 5,10 10,10 0))")
    made = jointed(given)
    assert all(g.IsEmpty() or g.IsValid() for g in made)
    assert dissolve(made).Area() == pytest.approx(100.0, abs=1e-4)


def test_strips_hold_what_changed_and_no_more() -> None:
    old = polygons("POLYGON((0 0,50 0,100 0,100 100,0 100,0 0))", box(100, 0, 200, 100))
    new = polygons("POLYGON((0 0,50 0,60 -5,70 0,100 0,100 100,0 100,0 0))", box(100, 0, 200, 100))
    # edges (50 0)-(100 0) gone, three edges new, of which the lowest point is (60, -5)
    assert strips(new, old, np.array([0])).tolist() == [[50.0, -5.0, 100.0, 0.0]]
    assert strips(new, old, np.array([1])).tolist() == []
    turned = polygons("POLYGON((100 0,100 100,0 100,0 0,50 0,100 0))", box(100, 0, 200, 100))
    assert strips(turned, old, np.array([0, 1])).tolist() == []  # begun at another vertex
