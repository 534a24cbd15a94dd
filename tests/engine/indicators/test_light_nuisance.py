"""I19 light nuisance."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.indicators import _sight
from dgo_twin_plugin.engine.indicators._sight import Walls, passing
from dgo_twin_plugin.engine.indicators.light_nuisance import SPEC, illuminance
from tests.engine.factory import box, profile, rows, scene, values

BOX = box(0, 0, 200, 100)
# edges of 4 m: one facade point in the middle of each
HOUSE = box(50, 48, 54, 52)
DWELLING = ("dwelling", HOUSE, {"dwellings": 12, "floors": 1})


def lamp(x, y, cd=800.0, height=1.5):
    return ("luminaire", f"POINT({x} {y})", {"luminous_intensity": cd, "height": height})


def made(lamps=(), surfaces=None, **more):
    return scene([("GT04", BOX)], surfaces or [DWELLING], list(lamps), plan=BOX, **more)


def value(found):
    return values(SPEC, found)[""].value[1]


def test_square_in_front_by_hand():
    # the east facade's point stands at (54.5, 50); the lamp 20 m before it at its own height 1.5:
    # E = 800 * 1 / 20^2 = 2.0 lux, mark 6 in GT04
    found = made([lamp(74.5, 50)])
    assert value(found) == pytest.approx(2.0)
    assert rows(SPEC, found)[1].mark == pytest.approx(6.0)
    assert value(made([lamp(74.5, 50, 400)])) == pytest.approx(1.0)


def test_height_and_angle_by_hand():
    # 3 m to the side would be another point; here: 4 m before the wall, 3 m above the receiver:
    # r = 5, cos = 4 / 5, E = 100 * 0.8 / 25 = 3.2 lux
    assert value(made([lamp(58.5, 50, 100, 4.5)])) == pytest.approx(3.2)


def test_the_worst_storey_counts():
    # two storeys: receivers at 1.5 and 4.5 m, so the lamp at 4.5 m is level with the upper one:
    # E = 100 / 4^2 = 6.25 lux
    two = ("dwelling", HOUSE, {"dwellings": 12, "floors": 2})
    assert value(made([lamp(58.5, 50, 100, 4.5)], [two])) == pytest.approx(6.25)


def test_nothing_behind_the_wall():
    found = illuminance(np.array([800.0]), np.array([1.5]), np.array([[-20.0, 0.0]]),
                        np.array([[1.0, 0.0]]), np.array([1.0]))  # fmt: skip
    assert found.tolist() == [0.0]


def test_largest_single_and_sum():
    # 2.0 lux and, 40 m before the wall, 800 / 40^2 = 0.5 lux
    found = values(SPEC, made([lamp(74.5, 50), lamp(94.5, 50)]))
    assert found[""].value[1] == pytest.approx(2.0)
    assert found["sum"].value[1] == pytest.approx(2.5)


def test_a_building_between_screens():
    screen = ("office", box(60, 30, 64, 70), {"dwellings": 0})
    assert value(made([lamp(74.5, 50)], [DWELLING, screen])) == pytest.approx(0.0)
    aside = ("office", box(60, 53, 64, 70), {"dwellings": 0})
    assert value(made([lamp(74.5, 50)], [DWELLING, aside])) == pytest.approx(2.0)


def test_sight_agrees_with_a_plain_check_of_every_wall():
    # rays that cross a lone wall from (10, -5) to (10, 5): those whose ends lie on both sides of
    # x = 10 and that pass x = 10 between -5 and 5
    rng = np.random.default_rng(7)
    a, b = rng.uniform(-60, 60, (400, 2)), rng.uniform(-60, 60, (400, 2))
    walls = Walls(*(np.array([v]) for v in (10.0, -5.0, 10.0, 5.0)))
    t = (10 - a[:, 0]) / (b[:, 0] - a[:, 0])
    y = a[:, 1] + t * (b[:, 1] - a[:, 1])
    expected = (t > 0) & (t < 1) & (np.abs(y) <= 5)
    assert 10 < expected.sum() < 390
    assert (walls.between(a, b) == expected).all()


@pytest.mark.parametrize("seed", range(3))
def test_many_lines_find_the_walls_that_few_find(seed, monkeypatch):
    """By cells of a grid, and each with each."""
    rng = np.random.default_rng(seed)
    foot, angle = rng.uniform(-80, 80, (40, 2)), rng.uniform(0, 2 * np.pi, 40)
    tip = foot + rng.uniform(1, 25, (40, 1)) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    a, b = rng.uniform(-90, 90, (500, 2)), rng.uniform(-90, 90, (500, 2))
    few = Walls(*foot.T, *tip.T).between(a, b)
    monkeypatch.setattr(_sight, "_FEW", 0)
    many = Walls(*foot.T, *tip.T).between(a, b)
    assert 50 < few.sum() < 450
    assert (few == many).all()
    assert not Walls(*np.zeros((4, 0))).between(a, b).any()


@pytest.mark.parametrize("seed", range(3))
def test_lines_through_boxes_against_geos(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 100, (300, 2)), rng.uniform(0, 100, (300, 2))
    corner = rng.uniform(0, 100, (4, 2))
    boxes = np.hstack([corner, corner + rng.uniform(1, 20, (4, 2))])
    shapes = [ogr.CreateGeometryFromWkt(box(*each)) for each in boxes.tolist()]
    expected = [any(ogr.CreateGeometryFromWkt(f"LINESTRING({p[0]} {p[1]},{q[0]} {q[1]})")
                    .Intersects(shape) for shape in shapes)
                for p, q in zip(a.tolist(), b.tolist())]  # fmt: skip
    assert passing(a, b, boxes).tolist() == expected
    assert 30 < sum(expected) < 270
    assert not passing(a, b, np.zeros((0, 4))).any()


def test_map_counts_as_one_installation_more():
    array = np.full((60, 120), 3.0)
    raster = {"light": [(array, (-10, 110), 2)]}
    assert value(made(rasters=raster)) == pytest.approx(3.0)
    found = values(SPEC, made([lamp(74.5, 50)], rasters=raster))
    assert found[""].value[1] == pytest.approx(3.0)
    assert found["sum"].value[1] == pytest.approx(5.0)
    polygons = {"light": [(BOX, {"lux_night": 1.0})]}
    assert value(made([lamp(74.5, 50)], context=polygons)) == pytest.approx(2.0)


def test_unknown_intensity_is_not_dark():
    found = rows(SPEC, made([lamp(74.5, 50, None)]))[1]
    assert (found.value, found.status) == (None, "not_assessed")
    # out of its 50 m nothing is known to be wrong: the other lamp counts
    assert value(made([lamp(150, 50, None), lamp(74.5, 50)])) == pytest.approx(2.0)


def test_a_default_height_is_assumed():
    # 20 m before the wall at 5 m (default), receiver 1.5: rise 3.5, r^2 = 412.25,
    # E = 800 * 20 / 412.25^1.5 = 16 000 / 8 370.3 = 1.9115 lux
    found = values(SPEC, made([("luminaire", "POINT(74.5 50)", {"luminous_intensity": 800.0})]))[""]
    assert found.value[1] == pytest.approx(1.9115, abs=1e-3)
    assert found.assumed[1] == pytest.approx(1.0)


def test_missing_nobody_and_no_law():
    assert SPEC.compute(made(), profile()).missing is not None
    assert rows(SPEC, made([lamp(74.5, 50)], [("grass", HOUSE, {})]))[1].status == "not_applicable"
    row = rows(SPEC, made([lamp(74.5, 50)]))[1]
    assert (row.legal_check, row.legal_limit) == ("not_in_scope", None)
