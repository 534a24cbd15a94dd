"""Flat polygons against GEOS, an implementation that is not ours."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.boxes import bbox_pairs
from dgo_twin_plugin.engine.clean import clean, doubtful
from dgo_twin_plugin.engine.geometry import (
    Polygons,
    containing,
    first_containing,
    moved_wkb,
    nearest_segment,
    overlap_areas,
)
from dgo_twin_plugin.engine.overlap import overlapping_pairs, resolve, zone_areas


def wkt(*texts: str) -> list[ogr.Geometry]:
    return [ogr.CreateGeometryFromWkt(t) for t in texts]


def blob(rng: np.random.Generator, centre, radius: float, hole: bool = False) -> ogr.Geometry:
    """A star-shaped polygon, so valid by construction."""
    n = int(rng.integers(4, 25))
    angle = (np.arange(n) + rng.uniform(0.1, 0.9, n)) * 2 * np.pi / n
    reach = radius * rng.uniform(0.4, 1.0, n)
    ring = np.column_stack([centre[0] + reach * np.cos(angle), centre[1] + reach * np.sin(angle)])
    ring = np.vstack([ring, ring[:1]])
    text = "(" + ",".join(f"{x:.4f} {y:.4f}" for x, y in ring) + ")"
    if hole:
        r = 0.1 * radius
        x, y = centre
        text += f",({x - r} {y - r},{x + r} {y - r},{x} {y + r},{x - r} {y - r})"
    return ogr.CreateGeometryFromWkt(f"POLYGON ({text})")


@pytest.mark.parametrize("seed", range(5))
def test_areas_and_overlaps_equal_geos(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = [blob(rng, rng.uniform(0, 60, 2), 12, k % 2 == 0) for k in range(60)]
    b = [blob(rng, rng.uniform(0, 60, 2), 20) for k in range(40)]
    pa, pb = Polygons.from_geometries(a), Polygons.from_geometries(b)
    assert np.allclose(pa.area(), [g.Area() for g in a], atol=1e-9)
    i, j = bbox_pairs(pa.bounds(), pb.bounds())
    measured = overlap_areas(pa, pb, i, j)
    geos = [a[p].Intersection(b[q]).Area() for p, q in zip(i, j)]
    assert np.abs(measured - geos).max() < 1e-6  # the target of design 7
    assert max(geos) > 10  # the case is not empty


def test_far_coordinates_keep_their_digits() -> None:
    # two squares of 10 m, 150 km from the origin, common strip 1 mm x 10 m = 0.01 m2
    a, b = wkt(
        "POLYGON((150000 450000,150010 450000,150010 450010,150000 450010,150000 450000))",
        "POLYGON((150009.999 450000,150020 450000,150020 450010,150009.999 450010,"
        "150009.999 450000))",
    )
    near = [Polygons.from_wkb([bytes(g.ExportToWkb())], (150000.0, 450000.0)) for g in (a, b)]
    zero = np.array([0])
    assert overlap_areas(*near, zero, zero)[0] == pytest.approx(0.01, abs=1e-9)


def test_points_in_polygons_with_holes() -> None:
    p = Polygons.from_geometries(
        wkt(
            "POLYGON((0 0,10 0,10 10,0 10,0 0),(4 4,6 4,6 6,4 6,4 4))",
            "POLYGON((5 -1,20 -1,20 5,5 5,5 -1))",
        )
    )
    xy = np.array([[1, 1], [5, 5.5], [7, 2], [15, 0], [30, 30], [np.nan, 1]])
    assert first_containing(p, xy).tolist() == [0, -1, 0, 1, -1, -1]
    point, row = containing(p, xy)
    assert list(zip(point.tolist(), row.tolist())) == [(0, 0), (2, 0), (2, 1), (3, 1)]


def test_orientation_centroid_and_round_trip() -> None:
    clockwise = wkt("POLYGON((0 0,0 10,20 10,20 0,0 0),(1 1,3 1,3 3,1 3,1 1))")[0]
    p = Polygons.from_geometries([clockwise])
    s = p.segments
    assert 0.5 * np.sum(s.x0 * s.y1 - s.x1 * s.y0) == pytest.approx(196.0)
    # (200 * (10, 5) - 4 * (2, 2)) / 196
    assert p.centroids()[0] == pytest.approx([1992 / 196, 992 / 196])
    assert p.geometry(0).SymDifference(clockwise).Area() == pytest.approx(0.0)
    assert Polygons.from_wkb([p.wkb(0, (5.0, 7.0))], (5.0, 7.0)).area()[0] == pytest.approx(196.0)


def test_multipolygons_empties_and_take() -> None:
    two, empty = wkt("MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,7 5,7 7,5 7,5 5)))", "POLYGON EMPTY")
    p = Polygons.from_geometries([two, empty, None])
    assert p.area().tolist() == [4.5, 0.0, 0.0]
    assert p.take(np.array([2, 0, 0])).area().tolist() == [0.0, 4.5, 4.5]
    changed = p.replaced([1], wkt("POLYGON((0 0,3 0,3 3,0 3,0 0))"))
    assert changed.area().tolist() == [4.5, 9.0, 0.0]


def mixed(rng: np.random.Generator, n: int) -> list[ogr.Geometry | None]:
    """Plain ones, some with a hole, of two parts, or empty."""
    found: list[ogr.Geometry | None] = []
    for k in range(n):
        shape = blob(rng, rng.uniform(0, 300, 2), 9, k % 4 == 0)
        if k % 5 == 1:
            both = ogr.Geometry(ogr.wkbMultiPolygon)
            both.AddGeometry(shape)
            both.AddGeometry(blob(rng, rng.uniform(400, 500, 2), 9, True))
            shape = both
        found.append(None if k % 7 == 3 else shape)
    return found


PARTS = ("xy", "ring_start", "ring_part", "part_feature", "feature_part_start", "part_ring_start",
         "ring_feature", "_ring_area", "_area", "_boxes")  # fmt: skip


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_what_is_taken_is_as_if_it_were_read_alone(plain: bool, known: bool) -> None:
    rng = np.random.default_rng(8)
    shapes = [blob(rng, rng.uniform(0, 300, 2), 9) for _ in range(90)] if plain else mixed(rng, 90)
    every = Polygons.from_geometries(shapes)
    if known:
        every.area(), every.bounds()
    for count in (0, 1, 2, 9, 80, 300):  # slice by slice, and beyond; some more than once
        rows = rng.integers(0, every.n, count)
        made, alone = every.take(rows), Polygons.from_geometries([shapes[k] for k in rows])
        assert made.n == count
        for name in PARTS:
            one, other = getattr(made, name), getattr(alone, name)
            np.testing.assert_array_equal(one, other, name)
            assert one.dtype.kind == other.dtype.kind, name
        for one, other in zip(vars(made.segments).values(), vars(alone.segments).values()):
            np.testing.assert_array_equal(one, other)
        again = made.take(np.arange(count)[::-1])  # what went along goes along once more
        assert again.area().tolist() == alone.area()[::-1].tolist()
        np.testing.assert_array_equal(again.bounds(), alone.bounds()[::-1])


def test_a_few_pairs_share_what_they_share_among_all() -> None:
    rng = np.random.default_rng(9)
    a, b = mixed(rng, 200), [blob(rng, rng.uniform(0, 300, 2), 14) for _ in range(150)]
    pa, pb = Polygons.from_geometries(a), Polygons.from_geometries(b)
    i, j = bbox_pairs(pa.bounds(), pb.bounds())
    whole = overlap_areas(pa, pb, i, j)
    assert (whole > 1).sum() > 50
    for some in (np.arange(3), rng.integers(0, len(i), 12), np.arange(len(i))[::-1]):
        fresh = (Polygons.from_geometries(g) for g in (a, b))  # of which no edges are known
        assert overlap_areas(*fresh, i[some], j[some]).tolist() == whole[some].tolist()


@pytest.mark.parametrize("reach", [5.0, 300.0])
def test_points_near_few_of_many_long_boundaries(reach: float) -> None:
    rng = np.random.default_rng(10)
    centres = rng.uniform(0, 300, (12, 2))
    shapes = [ogr.CreateGeometryFromWkt(f"POINT ({x} {y})").Buffer(40, 60) for x, y in centres]
    shapes += [blob(rng, centre, 30) for centre in centres]
    xy = centres[5] + rng.uniform(-reach, reach, (60, 2))
    xy[7] = np.nan
    point, row = containing(Polygons.from_geometries(shapes), xy)
    expected = []
    for p, (x, y) in enumerate(xy.tolist()):
        if np.isfinite(x):
            at = ogr.CreateGeometryFromWkt(f"POINT ({x!r} {y!r})")
            expected += [(p, k) for k, shape in enumerate(shapes) if shape.Contains(at)]
    assert list(zip(point.tolist(), row.tolist())) == expected and len(expected) >= 10
    nowhere = containing(Polygons.from_geometries(shapes), np.full((2, 2), np.nan))
    assert [len(k) for k in nowhere] == [0, 0]


def test_moved_wkb_of_every_kind() -> None:
    for text in (
        "POINT (3 4)",
        "LINESTRING (1 2,3 4)",
        "MULTIPOINT ((1 1),(2 2))",
        "MULTILINESTRING ((1 2,3 4),(5 6,7 8,9 9))",
        "POLYGON ((1 1,2 1,2 2,1 1))",
        "GEOMETRYCOLLECTION (POINT (1 1),LINESTRING (1 1,2 2))",
        "POINT Z (3 4 9)",
    ):
        given = ogr.CreateGeometryFromWkt(text)
        moved = ogr.CreateGeometryFromWkb(moved_wkb(bytes(given.ExportToWkb()), (1.0, 1.0)))
        assert moved.GetEnvelope() == tuple(v - 1.0 for v in given.GetEnvelope())


def test_nearest_segment() -> None:
    p = Polygons.from_geometries(wkt("POLYGON((0 0,10 0,10 10,0 10,0 0))"))
    s = p.segments
    distance, index = nearest_segment(
        np.array([[5, -3], [5, 1], [50, 50]]), s.x0, s.y0, s.x1, s.y1, 10.0
    )
    assert distance.tolist() == [3.0, 1.0, np.inf]
    assert (s.y0[index[0]], s.y1[index[0]], index[2]) == (0.0, 0.0, -1)


def test_bow_tie_is_repaired_not_zero() -> None:
    # two triangles of 25 m2 each; read as it stands its area is 0
    checks: list = []
    bow = bytes(wkt("POLYGON((0 0,10 10,10 0,0 10,0 0))")[0].ExportToWkb())
    p = clean([bow], "plan", np.array([7]), (0.0, 0.0), checks)
    assert p.area()[0] == pytest.approx(50.0)
    assert [(c.code, c.fid) for c in checks] == [("repaired_geometry", 7)]


def test_what_is_called_sure_is_valid_for_geos() -> None:
    rng = np.random.default_rng(11)
    shapes = [blob(rng, (0, 0), 10) for _ in range(50)]
    for _ in range(150):  # random rings: most cross themselves
        ring = rng.uniform(0, 10, (6, 2))
        ring = np.vstack([ring, ring[:1]])
        shapes.append(
            ogr.CreateGeometryFromWkt("POLYGON((" + ",".join(f"{x} {y}" for x, y in ring) + "))")
        )
    shapes += wkt("POLYGON((0 0,10 0,5 0,5 5,0 0))", "POLYGON((0 0,4 0,4 4,2 4,2 0,1 4,0 0))")
    sure = ~doubtful(Polygons.from_geometries(shapes))
    assert sure[:50].sum() >= 45  # it does save work
    assert all(g.IsValid() for g, s in zip(shapes, sure) if s)


def test_the_higher_rank_keeps_the_ground_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(9)
    shapes = [blob(rng, rng.uniform(0, 40, 2), 10) for _ in range(40)]
    p = Polygons.from_geometries(shapes)
    priority = rng.permutation(40).astype(float)
    visible, contests = resolve(p, priority)
    union = shapes[0]
    for g in shapes[1:]:
        union = union.Union(g)
    assert visible.area().sum() == pytest.approx(union.Area(), abs=1e-5)
    assert len(overlapping_pairs(visible)[0]) == 0 or overlapping_pairs(visible)[2].max() < 1e-5
    assert visible.area()[int(np.argmin(priority))] == pytest.approx(
        p.area()[int(np.argmin(priority))]
    )
    assert all(priority[w] < priority[loser] for loser, w, _ in contests)


def test_zone_areas_equal_geos_and_sum_to_the_whole() -> None:
    rng = np.random.default_rng(2)
    features = [blob(rng, rng.uniform(5, 95, 2), 6, k % 3 == 0) for k in range(150)]
    # four zones that share wavy borders, 2,000 vertices each way
    t = np.linspace(0, 100, 2001)
    wave = 50 + 3 * np.sin(t / 3)
    west = [(0, 0), *[(x, y) for x, y in zip(wave, t)], (0, 100), (0, 0)]
    east = [(100, 0), (100, 100), *[(x, y) for x, y in zip(wave[::-1], t[::-1])], (100, 0)]
    zones = [
        ogr.CreateGeometryFromWkt("POLYGON((" + ",".join(f"{x:.9f} {y:.9f}" for x, y in z) + "))")
        for z in (west, east)
    ]
    pf, pz = Polygons.from_geometries(features), Polygons.from_geometries(zones)
    f, z, area = zone_areas(pf, pz)
    got = {(int(a), int(b)): c for a, b, c in zip(f, z, area)}
    for k, feature in enumerate(features):
        for m, zone in enumerate(zones):
            assert got.get((k, m), 0.0) == pytest.approx(
                feature.Intersection(zone).Area(), abs=1e-6
            )
    assert len(np.unique(z)) == 2


def test_many_shapes_read_at_once_as_one_by_one() -> None:
    """Plain rings are taken together; what lies between them keeps its place."""
    rng = np.random.default_rng(11)
    shapes: list[ogr.Geometry | None] = [
        blob(rng, rng.uniform(0, 50, 2), 5.0, hole=k % 7 == 3) for k in range(40)
    ]
    shapes[4:4] = [*wkt("POINT (1 2)", "POLYGON EMPTY", "LINESTRING (0 0, 1 1)"), None]
    shapes[20:20] = wkt("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 5 6, 6 6, 5 5)))",
                        "POLYGON ((0 0, 1 1, 0 0))", "POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))")
    data = [None if s is None else bytes(s.ExportToWkb(ogr.wkbNDR)) for s in shapes]
    data[8] = bytes(shapes[8].ExportToWkb(ogr.wkbXDR))
    for given in (data, [d for k, d in enumerate(data) if k > 30 and k % 7 != 3], [], [None]):
        together = Polygons.from_wkb(given, (3.0, -4.0))
        assert together.n == len(given)
        for row, one in enumerate(given):
            alone = Polygons.from_wkb([one], (3.0, -4.0))
            assert together.wkb(row) == alone.wkb(0)
            if one is not None and len(alone.part_feature):
                area = ogr.CreateGeometryFromWkb(one).GetArea()
                assert together.area()[row] == pytest.approx(area, abs=1e-9)


def test_a_point_moves_without_a_geometry() -> None:
    for order in (ogr.wkbNDR, ogr.wkbXDR):
        point = bytes(wkt("POINT (155000.125 463000.5)")[0].ExportToWkb(order))
        moved = ogr.CreateGeometryFromWkb(moved_wkb(point, (155000.0, 463000.0)))
        assert (moved.GetX(), moved.GetY()) == (0.125, 0.5)
    with pytest.raises(ValueError):
        moved_wkb(b"\x01\x01\0\0\0" + bytes(9), (0.0, 0.0))
