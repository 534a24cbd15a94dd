"""The quick ways to areas, unions and cells give what GEOS gives, and what a hand can work out."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from bench import case
from dgo_twin_plugin.engine.geometry import Polygons, containing
from dgo_twin_plugin.engine.grid import Raster
from dgo_twin_plugin.engine.overlap import resolve, uncovered, zone_areas
from dgo_twin_plugin.engine.rim import Squares, covers
from dgo_twin_plugin.engine.scan import cells_inside, homes, spans_inside
from dgo_twin_plugin.engine.turned import may_share

ORIGIN = np.array(case.ORIGIN)


def polygons(shapes: list[np.ndarray]) -> Polygons:
    return Polygons.from_wkb([case.wkb("surface", xy) for xy in shapes])


@pytest.fixture(scope="module")
def town() -> tuple[Polygons, case.Town]:
    plan = case.Town.of(900)
    drawn = case.design(plan, 900)["ground"].xy
    return polygons([plan.world(xy) - ORIGIN for xy in drawn]), plan


@pytest.mark.parametrize("border", [4, 40, 1_250])
def test_areas_per_zone_are_those_of_geos(town: tuple[Polygons, case.Town], border: int) -> None:
    features, plan = town
    zones = polygons([plan.world(xy) - ORIGIN for xy in case.area_types(plan, border).xy])
    found = {(int(i), int(j)): a for i, j, a in zip(*zone_areas(features, zones))}
    covers = [zones.geometry(j) for j in range(zones.n)]
    for i in range(0, features.n, 3):
        own = features.geometry(i)
        for j, cover in enumerate(covers):
            if own.Intersects(cover):
                area = own.Intersection(cover).Area()
                assert found.get((i, j), 0.0) == pytest.approx(area, abs=1e-6)
            else:
                assert (i, j) not in found
    total = sum(found.values())
    assert total == pytest.approx(float(features.area().sum()), abs=1e-6)


def test_boxes_find_their_zone_or_are_not_decided() -> None:
    # two squares of 100 m beside each other; a box of 2 m in each, one across, one outside
    zones = polygons([case.box(0, 0, 100, 100), case.box(100, 0, 200, 100)])
    boxes = np.array([(40, 40, 42, 42), (150, 70, 152, 72), (99, 40, 101, 42), (-9, 4, -7, 6)])
    sure, home = homes(boxes, zones)
    assert sure.tolist() == [True, True, False, False]
    assert home[:2].tolist() == [0, 1]


def test_cells_of_a_triangle_by_hand() -> None:
    # cells of 1 m, centres at .5; inside is right of the line y = x + 0.1 and left of x = 4: at
    # y = 0.5 the centres 0.5 1.5 2.5 3.5, at 1.5 those from 1.5, at 2.5 from 2.5, at 3.5 only 3.5:
    # 4 + 3 + 2 + 1 = 10. Row 0 is the upper one (y = 3.5).
    triangle = np.array([(-0.1, 0), (4, 0), (4, 4.1), (-0.1, 0)], float)
    grid = Raster(np.zeros((4, 4)), 0.0, 4.0, 1.0, 1.0)
    feature, row, column = cells_inside(polygons([triangle]), grid, (0, 4), (0, 4))
    assert len(feature) == 10
    assert sorted(zip(row.tolist(), column.tolist())) == [
        (r, c) for r in range(4) for c in range(3 - r, 4)]  # fmt: skip


def test_cells_are_those_whose_centre_is_contained() -> None:
    random = np.random.default_rng(4)
    shapes = polygons([case.blob(*random.uniform(-10, 110, 2), r, 25, r)
                       for r in random.uniform(0.5, 25, 60)])  # fmt: skip
    grid = Raster(np.zeros((50, 50)), 0.0, 100.0, 2.0, 2.0)
    feature, row, column = cells_inside(shapes, grid, (5, 45), (0, 50))
    r, c = (k.ravel() for k in np.mgrid[5:45, 0:50])
    point, home = containing(shapes, np.column_stack([2 * c + 1.0, 99.0 - 2 * r]))
    expected = set(zip(home.tolist(), r[point].tolist(), c[point].tolist()))
    assert set(zip(feature.tolist(), row.tolist(), column.tolist())) == expected


def rings(xy: list[np.ndarray], part: list[int], feature: list[int]) -> Polygons:
    start = np.cumsum([0, *(len(ring) for ring in xy)])
    return Polygons(np.concatenate(xy), start, np.array(part), np.array(feature), max(feature) + 1)


def test_runs_of_cells_of_parts_holes_and_teeth() -> None:
    # two parts one above the other with a gap, a square with a hole, a comb, a bow tie
    box = [np.array(b, float) for b in (
        [(1, 1), (9, 1), (9, 4), (1, 4), (1, 1)], [(3, 11), (14, 11), (14, 15), (3, 15), (3, 11)],
        [(16, 0), (30, 0), (30, 14), (16, 14), (16, 0)],
        [(20, 4), (20, 9), (25, 9), (25, 4), (20, 4)])]  # fmt: skip
    teeth = [(2, 16), (39, 16), *((38 - 2.7 * k, 34.0 if k % 2 else 18.0) for k in range(13))]
    comb = np.array([*teeth, teeth[0]], float)
    bow = np.array([(32, 1), (39, 12), (39, 1), (32, 12), (32, 1)], float)
    shapes = rings([*box, comb, bow], [0, 1, 2, 2, 3, 4], [0, 0, 1, 2, 3])
    assert shapes.n == 4
    grid = Raster(np.zeros((36, 41)), 0.0, 36.0, 1.0, 1.0)
    window = (2, 35), (1, 38)
    found = list(zip(*(k.tolist() for k in cells_inside(shapes, grid, *window))))
    expected = []
    for f in range(shapes.n):
        s = shapes.take(np.array([f])).segments
        for r in range(*window[0]):
            y = 35.5 - r
            for c in range(*window[1]):
                # even and odd: how many boundaries lie to the left, one at a time
                over = (s.y0 <= y) != (s.y1 <= y)
                x = s.x0[over] + (y - s.y0[over]) / (s.y1 - s.y0)[over] * (s.x1 - s.x0)[over]
                if (x < c + 0.5).sum() % 2:
                    expected.append((f, r, c))
    assert found == expected and len({f for f, _, _ in found}) == 4
    runs = np.column_stack(spans_inside(shapes, grid, *window))
    assert [(f, r, c) for f, r, a, b in runs.tolist() for c in range(a, b)] == expected
    none = spans_inside(shapes, grid, (0, 1), (0, 41))  # the row above all of them
    assert [len(v) for v in none] == [0, 0, 0, 0]


def test_what_is_left_of_a_field_under_a_plan() -> None:
    # a field of 100 by 100 m; one cover takes its left half, another 20 by 10 m of the right half:
    # 10,000 - 5,000 - 200 = 4,800. The second field lies below the two covers as a whole.
    fields = polygons([case.box(0, 0, 100, 100), case.box(40, 0, 70, 5), case.box(200, 0, 210, 10)])
    cover = polygons([case.box(0, 0, 50, 100), case.box(50, 0, 70, 10)])
    left = uncovered(fields, cover)
    assert left.area() == pytest.approx([4_800.0, 0.0, 100.0], abs=1e-9)


def test_ground_in_squares_is_that_of_geos() -> None:
    random = np.random.default_rng(8)
    # corners on the very lines and corners of the squares, upright edges, a ring with a hole, and
    # one that holds a square
    drawn = [case.box(0, 0, 8, 16), case.box(3, 3, 5, 5), case.box(-20, -20, 40, 40),
             np.array([(0, 0), (8, 8), (0, 16), (0, 0)], float),
             *(case.blob(*random.uniform(0, 32, 2), r, 9, int(9 * r)) for r in
               random.uniform(1, 20, 40))]  # fmt: skip
    shapes = polygons(drawn)
    ring = ogr.CreateGeometryFromWkt("POLYGON((0 0,30 2,28 31,1 30,0 0),(5 5,5 20,20 20,20 5,5 5))")
    shapes = shapes.joined(Polygons.from_geometries([ring]))
    box = shapes.bounds()[np.isfinite(shapes.bounds()[:, 0])]
    low = np.floor(box.min(axis=0)[:2] / 8) * 8
    columns, rows = (int(k) for k in np.ceil((box.max(axis=0)[2:] - low) / 8))
    grid = Squares(*low.tolist(), 8.0, rows, columns)
    squares = polygons([case.box(x, y, x + 8, y + 8) for y in low[1] + 8.0 * np.arange(rows)
                        for x in low[0] + 8.0 * np.arange(columns)])  # fmt: skip
    feature, square, area = covers(shapes, grid)
    assert len(feature) > 150
    for i, j, found in zip(feature.tolist(), square.tolist(), area.tolist()):
        common = shapes.geometry(i).Intersection(squares.geometry(j)).Area()
        assert found == pytest.approx(common, abs=1e-9)
    total = np.bincount(feature, area, shapes.n)  # and no pair is lacking
    assert total == pytest.approx(shapes.area(), abs=1e-9)


def test_only_pairs_that_share_hardly_anything_are_passed_over() -> None:
    random = np.random.default_rng(9)
    shapes = [case.blob(*random.uniform(0, 60, 2), r, n, n) for r, n in zip(
        random.uniform(0.5, 9, 150), random.integers(4, 12, 150))]  # fmt: skip
    # two rows of houses askew, wall to wall: neighbours with boxes that overlap widely
    turn = np.array([(0.8, 0.6), (-0.6, 0.8)])
    shapes += [case.box(6 * k, 70, 6 * k + 6, 80) @ turn for k in range(20)]
    shapes += [case.box(6 * k, 80, 6 * k + 6, 90) @ turn for k in range(20)]
    drawn = polygons(shapes).joined(Polygons.from_geometries([None]))
    i, j = (k.ravel() for k in np.triu_indices(drawn.n - 1, 1))
    maybe = may_share(drawn, i, j, 1e-6)
    common = np.array([drawn.geometry(a).Intersection(drawn.geometry(b)).Area()
                       for a, b in zip(i.tolist(), j.tolist())])  # fmt: skip
    assert (common > 1e-6).sum() > 200
    assert maybe[common > 1e-6].all()
    rows = (i >= 150) & (j >= 150)
    assert not maybe[rows].any()  # not one pair of houses is left


@pytest.mark.parametrize("gap", [0.0, 1.0])
def test_what_several_features_leave_of_one(gap: float) -> None:
    """Whether these touch each other or not: 20 x 10 m less two of 4 x 6 m inside it."""
    first, second = case.box(2, 2, 6, 8), case.box(6 + gap, 2, 10 + gap, 8)
    shapes = polygons([case.box(0, 0, 20, 10), first, second])
    visible, _ = resolve(shapes, np.array([1.0, 0.0, 0.0]))
    assert visible.area() == pytest.approx([200.0 - 48.0, 24.0, 24.0], abs=1e-9)
    left = visible.geometry(0)
    assert left.IsValid()
    for row in (1, 2):
        assert left.Intersection(visible.geometry(row)).Area() == pytest.approx(0.0, abs=1e-12)
    assert left.GetGeometryCount() == (3 if gap else 2)  # its edge and its holes
