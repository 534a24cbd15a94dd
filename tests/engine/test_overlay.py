"""Exact areas of surfaces under the polygons and cells of a role, per zone; worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine import overlay, zonal
from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.grid import Raster

from .factory import box, scene, wkb

NAN = float("nan")


def polygons(*texts: str) -> Polygons:
    return Polygons.from_wkb([wkb(t) for t in texts])


def two_zones(context=None, rasters=None):
    """One lawn of 100 x 100 m, cut at x = 60 by the border of two zones."""
    return scene(
        zones=[("GT04", box(0, 0, 60, 100)), ("GT06", box(60, 0, 100, 100))],
        surfaces=[("grass", box(0, 0, 100, 100))], context=context, rasters=rasters,
    )  # fmt: skip


def by_zone(made, found):
    """{(zone, value): m2}."""
    result: dict[tuple[int, float], float] = {}
    for row, area, value in zip(found.row, found.area, found.value, strict=True):
        key = int(made.cut.zone[row]), float(value)
        result[key] = result.get(key, 0.0) + float(area)
    return result


def test_areas_per_zone_and_value():
    # value 5 on x 0-40, value 9 on x 40-80, nothing beyond 80
    made = two_zones({"settlement": [(box(0, 0, 40, 100), {"cm30": 5}),
                                     (box(40, 0, 80, 100), {"cm30": 9})]})  # fmt: skip
    found = zonal.zonal(made, "settlement", "cm30", np.array([True]))
    # GT04: 40 x 100 of 5 and 20 x 100 of 9; GT06: 20 x 100 of 9
    assert by_zone(made, found) == pytest.approx({(1, 5.0): 4000, (1, 9.0): 2000, (2, 9.0): 2000})
    assert found.known(made) == pytest.approx([6000, 2000])


def test_overlap_counts_once_and_the_highest_or_lowest_wins():
    role = {"settlement": [(box(0, 0, 50, 100), {"cm30": 5}), (box(30, 0, 60, 100), {"cm30": 9}),
                           (box(30, 0, 60, 100), {"cm30": 9})]}  # fmt: skip
    made = two_zones(role)
    high = zonal.zonal(made, "settlement", "cm30", np.array([True]))
    assert by_zone(made, high) == pytest.approx({(1, 5.0): 3000, (1, 9.0): 3000})
    low = zonal.zonal(made, "settlement", "cm30", np.array([True]), highest=False)
    assert by_zone(made, low) == pytest.approx({(1, 5.0): 5000, (1, 9.0): 1000})


def test_a_share_does_not_depend_on_how_an_area_is_cut_up():
    whole = two_zones({"settlement": [(box(0, 0, 80, 100), {"cm30": 9})]})
    strips = [(box(x, y, x + 8, y + 25), {"cm30": 9}) for x in range(0, 80, 8)
              for y in range(0, 100, 25)]  # fmt: skip
    cut = two_zones({"settlement": strips + strips[:7]})
    one, two = (by_zone(m, zonal.zonal(m, "settlement", "cm30", np.array([True])))
                for m in (whole, cut))  # fmt: skip
    assert one == pytest.approx(two, abs=1e-6)


def test_a_polygon_without_a_value_says_nothing_even_on_top():
    made = two_zones({"settlement": [(box(0, 0, 60, 100), {"cm30": None}),
                                     (box(0, 0, 30, 100), {"cm30": 4})]})  # fmt: skip
    found = zonal.zonal(made, "settlement", "cm30", np.array([True]))
    assert by_zone(made, found) == pytest.approx({(1, 4.0): 3000})


def test_raster_cells_are_measured_exactly_and_holes_stay_holes():
    # cells of 40 m from x 0: columns 0-40, 40-80, 80-120; the border at 60 cuts the second
    cells = [[1.0, 2.0, NAN], [1.0, 2.0, NAN], [1.0, 2.0, NAN]]
    made = two_zones(rasters={"settlement": [(cells, (0, 120), 40)]})
    found = zonal.zonal(made, "settlement", "cm30", np.array([True]))
    assert by_zone(made, found) == pytest.approx({(1, 1.0): 4000, (1, 2.0): 2000, (2, 2.0): 2000})


def test_polygons_go_before_the_raster():
    made = two_zones({"settlement": [(box(0, 0, 60, 50), {"cm30": 9})]},
                     {"settlement": [(np.full((10, 10), 3.0), (0, 100), 10)]})  # fmt: skip
    found = zonal.zonal(made, "settlement", "cm30", np.array([True]))
    # GT04: lower half from the polygon, upper half from the raster
    assert by_zone(made, found) == pytest.approx({(1, 9.0): 3000, (1, 3.0): 3000, (2, 3.0): 4000})


def test_fine_rasters_by_cell_centres_give_the_same(monkeypatch):
    # columns of 1 m with value = column + 0.5: the mean over x 0-60 is 30, over 60-100 it is 80
    values = np.tile(np.arange(100) + 0.5, (100, 1))
    values[:, 90:] = NAN  # and 60-90 known only: mean 75, 3/4 of the ground
    made = two_zones(rasters={"settlement": [(values, (0, 100), 1)]})
    monkeypatch.setattr(zonal, "MOST_CELLS", 100)
    found = zonal.zonal(made, "settlement", "cm30", np.array([True]))
    assert by_zone(made, found) == pytest.approx({(1, 30.0): 6000, (2, 75.0): 3000})


def test_reach_takes_the_nearest_cell_only_when_asked():
    # data in the column x 100-120 alone; the lawn in GT06 ends at 100, its centre is x 50
    made = scene(zones=[("GT04", box(0, 0, 20, 20))], surfaces=[("office", box(0, 0, 20, 20))],
                 rasters={"flood_return_period": [([[NAN, NAN, 300.0]], (0, 20), 20)]})  # fmt: skip
    asked = np.array([True])
    assert not len(zonal.zonal(made, "flood_return_period", "years", asked).row)
    near = zonal.zonal(made, "flood_return_period", "years", asked, reach=2)
    assert near.value.tolist() == [300.0]
    assert not len(zonal.zonal(made, "flood_return_period", "years", asked, reach=1).row)


def test_rows_of_the_cut_are_found_in_whatever_order():
    made = scene(
        zones=[("GT04", box(0, 0, 60, 100)), ("GT06", box(60, 0, 100, 100))],
        surfaces=[("grass", box(0, 0, 100, 50)), ("grass", box(0, 50, 50, 100))],
    )  # fmt: skip
    cut = made.cut
    assert list(zip(cut.feature.tolist(), cut.zone.tolist())) == [(0, 1), (0, 2), (1, 1)]
    feature, zone = np.array([1, 0, 1, 0, 9]), np.array([2, 1, 1, 2, 2])
    assert overlay.cut_rows(made, feature, zone).tolist() == [-1, 0, 2, 1, -1]
    backward = {k: v[::-1] for k, v in vars(cut).items()}
    turned = replace(made, cut=replace(cut, **backward), cache={})
    assert overlay.cut_rows(turned, feature, zone).tolist() == [-1, 2, 0, 1, -1]
    bare = replace(made, cut=replace(cut, **{k: v[:0] for k, v in vars(cut).items()}), cache={})
    assert overlay.cut_rows(bare, feature, zone).tolist() == [-1] * 5


def test_cells_of_points_beside_a_raster_and_nowhere():
    raster = Raster(np.arange(6.0).reshape(2, 3), 10.0, 40.0, 5.0, 10.0)
    xy = np.array([[10, 40], [14.9, 30], [24, 21], [9, 41], [NAN, 30], [12, np.inf], [1e30, 30]])
    row, column = raster.cells(xy)
    assert row.tolist() == [0, 1, 1, -1, -(10**6), -(10**6), 1]
    assert column.tolist() == [0, 0, 2, -1, -(10**6), -(10**6), 2**31]
    assert row.dtype == column.dtype == np.int64
    expected = [0.0, 3.0, 5.0, NAN, NAN, NAN, NAN]
    np.testing.assert_array_equal(raster.sample(xy, 0), expected)
    assert len(raster.sample(np.zeros((0, 2)))) == 0
    squares, value = zonal.cells(raster, np.array([-50.0, 25, 12, 99]))
    assert value.tolist() == [0.0, 3.0]
    assert squares.bounds().tolist() == [[10, 30, 15, 40], [10, 20, 15, 30]]
    assert not len(zonal.cells(raster, np.array([26.0, 0, 99, 99]))[1])


def test_tiles_keep_the_area_and_stay_small():
    circle = ogr.CreateGeometryFromWkt("POINT(500 500)").Buffer(400, 500)
    hole = ogr.CreateGeometryFromWkt("POINT(450 500)").Buffer(200, 300)
    ring = Polygons.from_geometries([circle.Difference(hole), circle])
    tiles, source = overlay.tiled(ring, 64)
    assert tiles.n > 20
    assert np.diff(tiles.segments.start).max() <= 64
    sums = np.bincount(source, tiles.area())
    assert sums == pytest.approx(ring.area(), abs=1e-6)


def test_area_within_overlapping_regions_agrees_with_geos():
    rng = np.random.default_rng(4)
    corner = rng.uniform(0, 900, (60, 2))
    rows = polygons(*(f"POLYGON(({x} {y},{x + 60} {y + 10},{x + 50} {y + 70},{x - 10} {y + 40},"
                      f"{x} {y}))" for x, y in corner))  # fmt: skip
    regions = Polygons.from_geometries([
        ogr.CreateGeometryFromWkt("POINT(300 400)").Buffer(280, 40),
        ogr.CreateGeometryFromWkt("LINESTRING(0 0,600 500,900 100)").Buffer(150, 40),
    ])  # fmt: skip
    row, region, area = overlay.area_within(rows, regions)
    found = {(int(r), int(g)): float(a) for r, g, a in zip(row, region, area, strict=True)}
    for r in range(rows.n):
        for g in range(regions.n):
            exact = rows.geometry(r).Intersection(regions.geometry(g)).GetArea()
            assert found.get((r, g), 0.0) == pytest.approx(exact, abs=1e-5)
    some = np.arange(0, rows.n, 7)
    mine = np.isin(row, some)
    for few, every in zip(overlay.area_within(rows, regions, rows=some), (row, region, area)):
        np.testing.assert_array_equal(few, every[mine])


def test_crossed_keeps_every_common_square_metre():
    a = polygons(box(0, 0, 10, 10), box(10, 0, 20, 10))
    b = polygons(box(5, -5, 15, 5), box(1, 6, 2, 7))
    common, i, j = overlay.crossed(a, b)
    got = {(int(x), int(y)): z for x, y, z in zip(i, j, common.area(), strict=True)}
    assert got == pytest.approx({(0, 0): 25.0, (1, 0): 25.0, (0, 1): 1.0})


def test_cells_are_squares_with_data():
    raster = Raster(np.array([[1.0, NAN], [3.0, 4.0]]), 0.0, 20.0, 10.0, 10.0)
    squares, value = zonal.cells(raster, np.array([0.0, 0.0, 20.0, 20.0]))
    assert value.tolist() == [1.0, 3.0, 4.0]
    assert squares.area() == pytest.approx([100, 100, 100])
    assert squares.centroids() == pytest.approx(np.array([[5, 15], [5, 5], [15, 5]]))


def test_random_maps_agree_with_geos_to_the_square_millimetre():
    rng = np.random.default_rng(11)
    zones = [("GT04", "POLYGON((0 0,120 0,60 200,0 200,0 0))"),
             ("GT06", "POLYGON((120 0,200 0,200 200,60 200,120 0))")]  # fmt: skip
    lawns = [("grass", f"POLYGON(({x} {y},{x + 38} {y + 5},{x + 33} {y + 39},{x} {y}))")
             for x in range(0, 160, 40) for y in range(0, 160, 40)]  # fmt: skip
    spots = []
    for value in (3, 7, 7, 5, 3):
        x, y = rng.uniform(30, 170, 2)
        shape = ogr.CreateGeometryFromWkt(f"POINT({x} {y})").Buffer(rng.uniform(30, 60), 30)
        spots.append((shape.ExportToWkt(), {"cm30": value}))
    made = scene(zones, lawns, context={"settlement": spots}, plan=box(0, 0, 200, 200))
    found = zonal.zonal(made, "settlement", "cm30", np.ones(made.surfaces.n, bool))
    got: dict[tuple[int, float], float] = {}
    for row, value, area in zip(found.row, found.value, found.area, strict=True):
        got[int(row), float(value)] = got.get((int(row), float(value)), 0.0) + float(area)
    # by GEOS, from the highest value down: union per value, minus what higher values took
    taken = ogr.CreateGeometryFromWkt("POLYGON EMPTY")
    origin = np.array(made.origin)
    checked = 0
    for value in (7, 5, 3):
        union = ogr.CreateGeometryFromWkt("POLYGON EMPTY")
        for text, fields in spots:
            if fields["cm30"] == value:
                union = union.Union(ogr.CreateGeometryFromWkt(text))
        mine = union.Difference(taken)
        taken = taken.Union(union)
        local = Polygons.from_wkb([bytes(mine.ExportToWkb(ogr.wkbNDR))], tuple(origin)).geometry(0)
        for row in range(len(made.cut.area)):
            ground = made.surfaces.geometry(int(made.cut.feature[row]))
            zone = made.zones.polygons.geometry(int(made.cut.zone[row]) - 1)
            exact = ground.Intersection(zone).Intersection(local).GetArea()
            assert got.get((row, float(value)), 0.0) == pytest.approx(exact, abs=2e-5)
            checked += exact > 0
    assert checked > 20


def test_pieces_cut_by_zone_have_the_same_areas():
    # x 40-80 over both zones (border at 60) and beyond the plan below y 0: 20 x 100 m each
    made = two_zones()
    low = tuple(v for v in made.origin)
    texts = [box(40 - low[0], -50 - low[1], 80 - low[0], 100 - low[1])]
    own = overlay.disjoint(polygons(*texts))
    cut = overlay.by_zone(made, own)
    sums = {int(z): float(cut.area[cut.zone == z].sum()) for z in np.unique(cut.zone)}
    assert sums == pytest.approx({1: 2000, 2: 2000})
    source, zone, area = overlay.area_by_zone(made, own)
    assert dict(zip(zone.tolist(), area.tolist(), strict=True)) == pytest.approx(sums)
    assert set(source.tolist()) == {0}
    for pieces in (own, cut):  # what lies on them does not depend on it
        common = overlay.common_area(made, pieces, np.array([0]))
        assert common.area == pytest.approx([2000, 2000])
