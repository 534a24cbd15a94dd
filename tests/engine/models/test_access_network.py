"""Multi-target search, islands, doors and the union of crowns, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.models.access.canopy import union_of_crowns
from dgo_twin_plugin.engine.models.access.doors import doors_of
from dgo_twin_plugin.engine.models.access.greens import connected
from dgo_twin_plugin.engine.models.access.reach import nearest_point
from dgo_twin_plugin.engine.models.access.sight import Trees, _outer, look
from dgo_twin_plugin.engine.network import build, network_lines
from tests.engine.factory import box, scene, wkb

INF = float("inf")


def line(*points):
    return np.array(points, float)


def nearest(net, sites, points, limit=2000.0, scipy=None):
    return net.nearest(net.enter(np.array(sites, float), 1000.0),
                       net.enter(np.array(points, float), 1000.0), limit, scipy)  # fmt: skip


@pytest.mark.parametrize("scipy", [False, None])
def test_the_nearest_of_several(scipy):
    net = build([line((0, 0), (100, 0)), line((100, 0), (100, 80))])
    # from (10, 5): 5 + 30 + 2 to the first; (100, 80) lies at 5 + 90 + 80
    # from (100, 60): along its own edge 20 up, against 60 + 60 + 2 back to (40, 2)
    found = nearest(net, [(40, 2), (100, 80)], [(10, 5), (100, 60)], scipy=scipy)
    assert found == pytest.approx([37, 20])
    assert nearest(net, [(40, 2)], [(10, 5)], limit=36.9, scipy=scipy)[0] == INF
    assert nearest(net, [(40, 2)], [(10, 5)], limit=37.0, scipy=scipy)[0] == pytest.approx(37)


def crooked(seed=7):
    rng = np.random.default_rng(seed)
    at = np.stack(np.meshgrid(np.arange(11) * 50.0, np.arange(11) * 50.0), axis=-1)
    at += rng.uniform(-8, 8, at.shape)
    return build([*at, *at.transpose(1, 0, 2)]), rng


def test_it_is_the_minimum_of_all_pairs_with_and_without_scipy():
    net, rng = crooked()
    sites, homes = net.enter(rng.uniform(0, 500, (9, 2)), 200), net.enter(
        rng.uniform(0, 500, (60, 2)), 200)  # fmt: skip
    i, j = np.divmod(np.arange(540), 60)
    pairs = net.distances(sites, homes, i, j, 300.0).reshape(9, 60).min(axis=0)
    heap = net.nearest(sites, homes, 300.0, scipy=False)
    assert np.isfinite(pairs).any()
    assert heap == pytest.approx(pairs, rel=1e-12)
    pytest.importorskip("scipy")
    assert np.array_equal(heap, net.nearest(sites, homes, 300.0, scipy=True))


def test_islands_are_counted_and_nothing_crosses_to_them():
    street, island, dust = line((0, 0), (1000, 0)), line((0, 50), (100, 50)), line((0, 90), (9, 90))
    net = build([street, island, dust])
    # 100 m is 10 % of the longest part: it stays; 9 m is less than 5 %: left out
    assert net.islands() == (1, pytest.approx(100))
    assert net.left_out == (1, pytest.approx(9))
    sites = net.enter(np.array([(50.0, 51.0), (500.0, 1.0)]), 100)
    assert net.on_island(sites).tolist() == [True, False]
    assert nearest(net, [(50, 51)], [(40, -1)]) == pytest.approx([INF])
    assert nearest(net, [(50, 51)], [(40, 49)]) == pytest.approx([1 + 10 + 1])


def test_paths_are_part_of_the_network():
    made = scene([("GT04", box(0, 0, 100, 100))], [("grass", box(0, 0, 100, 100))],
                 context={"paths": [("LINESTRING(0 0,100 0)", {})],
                          "roads": [("LINESTRING(0 9,100 9)", {})]})  # fmt: skip
    assert len(network_lines(made)) == 2


def test_doors_are_entrances_or_the_facade_at_the_street():
    house, block = box(20, 20, 30, 40), box(50, 20, 70, 40)
    made = scene(
        [("GT04", box(0, 0, 100, 100))],
        [("dwelling", house, {"dwellings": 1}), ("dwelling", block, {"dwellings": 8}),
         ("grass", box(0, 0, 100, 100))],
        context={"roads": [("LINESTRING(0 10,100 10)", {})],
                 "entrances": [("POINT(70 30)", {"kind": "main"}), ("POINT(55 41)", {"kind": None}),
                               ("POINT(60 20)", {"kind": "nooduitgang"}),
                               ("POINT(40 45)", {"kind": "main"})]},
    )  # fmt: skip
    doors = doors_of(made)
    xy = doors.xy + made.origin
    # the house: its middle (25, 30) faces the street at (25, 10), so it leaves by (25, 20), 10 m
    # the block: two entrances, one of them 1 m outside; the emergency exit and the one 10 m from
    # any building are no doors
    assert xy[doors.building == 0] == pytest.approx(np.array([[25, 20]]))
    assert doors.entries.access[doors.building == 0] == pytest.approx([10])
    assert sorted(map(tuple, xy[doors.building == 1])) == [(55, 41), (70, 30)]
    assert doors.share == pytest.approx([1, 0.5, 0.5])
    assert doors.given.tolist() == [False, True, True]


def test_nearest_point_with_and_without_a_tree(monkeypatch):
    rng = np.random.default_rng(3)
    a, b = rng.uniform(0, 1000, (200, 2)), rng.uniform(0, 1000, (30, 2))
    table = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)).min(axis=1)
    expected = np.where(table <= 150, table, INF)
    assert nearest_point(a, b, 150.0) == pytest.approx(expected)
    monkeypatch.setitem(__import__("sys").modules, "scipy.spatial", None)
    assert nearest_point(a, b, 150.0) == pytest.approx(expected)


def polygons(*texts):
    return Polygons.from_wkb([wkb(t) for t in texts])


def test_green_hangs_together_over_a_path_and_not_over_a_road():
    # 2.5 m, then 3.5 m between; the fourth touches the third, the fifth lies within a hole of it
    ring = ogr.CreateGeometryFromWkt(box(100, 0, 140, 40)).Difference(
        ogr.CreateGeometryFromWkt(box(110, 10, 130, 30)))  # fmt: skip
    made = polygons(box(0, 0, 20, 20), box(22.5, 0, 40, 20), box(43.5, 0, 60, 20),
                    box(60, 0, 70, 20), box(118, 18, 122, 22), ring.ExportToWkt())  # fmt: skip
    label = connected(made, 3.0)
    assert label[0] == label[1]
    assert label[1] != label[2]
    assert label[2] == label[3]
    assert label[4] != label[5]  # 8 m of path around it
    # two bars that cross have no corner near an edge of the other
    cross = polygons(box(0, 40, 100, 60), box(40, 0, 60, 100))
    assert len(set(connected(cross, 3.0).tolist())) == 1


def test_union_of_crowns_is_that_of_geos():
    rng = np.random.default_rng(11)
    shapes = [ogr.CreateGeometryFromWkt(f"POINT({x} {y})").Buffer(r, 4)
              for x, y, r in zip(*rng.uniform(0, 100, (2, 120)), rng.uniform(1, 7, 120))]
    shapes.append(ogr.CreateGeometryFromWkt("POLYGON((0 0,60 2,60 60,30 10,0 60,0 0))"))
    union, source = union_of_crowns(Polygons.from_geometries(shapes))
    whole = ogr.Geometry(ogr.wkbMultiPolygon)
    for shape in shapes:
        whole.AddGeometry(shape)
    assert union.area().sum() == pytest.approx(whole.UnionCascaded().Area(), rel=1e-12)
    assert len(source) == union.n < len(shapes)


def see(height, eye, tree=10.0, assumed=False):
    """A wall halfway between a window at x 0 and a tree at x 20."""
    walls = polygons(box(9, -5, 10, 5)).segments
    trees = Trees(np.array([[20.0, 0.0]]), np.array([2.0]), np.array([tree]), np.zeros(1))
    found = look(np.array([0]), np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([eye]),
                 trees, walls, np.full(4, height), np.full(4, assumed), 25.0, 1.0)  # fmt: skip
    return found.clear[0]


def test_sight_over_a_wall():
    # eye 1.5, crown 10: at x 9, 45 % of the way, the line is at 1.5 + 0.45 x 8.5 = 5.325 m
    assert see(5.3, 1.5) == INF
    assert see(5.4, 1.5) == 0
    # from the second floor, 7.5: 7.5 + 0.45 x 2.5 = 8.625 m
    assert see(8.6, 7.5) == INF
    assert see(8.7, 7.5) == 0
    # of an assumed height it says by how much that may grow: 5.325 / 5 = 1.065
    assert see(5.0, 1.5, assumed=True) == pytest.approx(1.065)


def test_what_lies_behind_the_own_wall_or_too_far_is_not_looked_for():
    walls = polygons(box(200, 0, 201, 1)).segments
    at = np.array([[-10.0, 0.0], [27.1, 0.0], [26.9, 0.0]])
    trees = Trees(at, np.full(3, 2.0), np.full(3, 6.0), np.zeros(3))
    found = look(np.array([0]), np.zeros((1, 2)), np.array([[1.0, 0.0]]), np.array([1.5]), trees,
                 walls, np.full(4, 9.0), np.zeros(4, bool), 25.0, 1.0)  # fmt: skip
    assert found.tree.tolist() == [2]  # 26.9 - 2 = 24.9 m to the edge of the crown


def test_walls_that_two_buildings_share():
    # row of three: the first two of one height share a wall that decides nothing; the third is
    # higher, so the wall towards it stays; of 12 walls 2 go
    walls = polygons(box(0, 0, 10, 10), box(10, 0, 20, 10), box(20, 0, 30, 10)).segments
    height = np.array([6.0, 6.0, 9.0])[walls.feature]
    kept = _outer(walls, height)
    assert len(kept) == 10
    gone = np.setdiff1d(np.arange(12), kept)
    assert {(walls.x0[k], walls.x1[k]) for k in gone} == {(10.0, 10.0)}
