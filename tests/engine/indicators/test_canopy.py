"""N07 canopy: worked by hand, and the union against GEOS."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.canopy import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
LAWN = ("grass", box(0, 0, 100, 100))
POND = ("water", box(0, 0, 50, 40))


def crown(x0, y0, x1, y1):
    return "tree", box(x0, y0, x1, y1), {"height": 9}


def test_overlapping_crowns_count_once_and_water_not_at_all():
    # crowns 20 x 20 twice, 10 m of overlap along x: 30 x 20 = 600 m2 of 10,000 - 2,000 = 8,000
    made = scene(ZONE, [LAWN, POND], [crown(60, 60, 80, 80), crown(70, 60, 90, 80)])
    part = values(SPEC, made)[""]
    assert part.value[1] == pytest.approx(7.5)
    assert part.weight[1] == pytest.approx(8000)
    # GT04 20/30/40 -> 7.5 lies below the minimum
    assert rows(SPEC, made)[1].status == words.BELOW_MINIMUM


def test_crowns_are_cut_at_the_zone():
    zones = [("GT04", box(0, 0, 50, 100)), ("GT06", box(50, 0, 100, 100))]
    # 30 x 20 m, 10 m of it west of the line, 5 m of it outside the plan in the east
    part = values(SPEC, scene(zones, [LAWN], [crown(40, 0, 70, 20), crown(95, 50, 105, 60)]))[""]
    assert part.value == pytest.approx([100 * 650 / 10_000, 100 * 200 / 5000, 100 * 450 / 5000])


def test_round_crowns_have_the_area_of_the_circle():
    made = scene(ZONE, [LAWN], [("tree", "POINT(50 50)", {"canopy_diameter": 8, "height": 9})])
    assert values(SPEC, made)[""].value[1] == pytest.approx(100 * np.pi * 16 / 10_000)


def test_woods_count_for_eighty_percent_and_crowns_over_them_no_second_time():
    # wood 2,000 m2 x 0.8 = 1,600; crown 20 x 20, half over the wood: 200 more
    wood = ("wood", box(0, 0, 20, 100))
    found = values(SPEC, scene(ZONE, [wood, LAWN], [crown(10, 40, 30, 60)]))
    assert found[""].value[1] == pytest.approx(18.0)
    assert found["crowns"].value[1] == pytest.approx(4.0)
    assert found[""].assumed[1] == pytest.approx(1600 / 1800)


def test_many_crowns_against_the_union_of_geos():
    rng = np.random.default_rng(5)
    x, y, r = *rng.uniform(-5, 105, (2, 150)), rng.uniform(1, 6, 150)
    shapes = [ogr.CreateGeometryFromWkt(f"POINT({a} {b})").Buffer(c, 3) for a, b, c in zip(x, y, r)]
    made = scene(ZONE, [LAWN], [("tree", s.ExportToWkt(), {"height": 9}) for s in shapes])
    whole = ogr.Geometry(ogr.wkbMultiPolygon)
    for shape in shapes:
        whole.AddGeometry(shape)
    plan = ogr.CreateGeometryFromWkt(ZONE[0][1])
    expected = whole.UnionCascaded().Intersection(plan).Area() / 100
    assert values(SPEC, made)["crowns"].value[1] == pytest.approx(expected, rel=1e-9)


def test_without_trees_nothing_is_said_and_an_empty_layer_says_none():
    assert rows(SPEC, scene(ZONE, [LAWN]))[1].status == words.NOT_ASSESSED
    none = scene(ZONE, [LAWN], context={"trees": []})
    assert values(SPEC, none)[""].value[1] == 0


def test_spreads():
    # a drawn crown: its diameter is given, 10 % -> 20 % of 4 %; its height is given too
    made = SPEC.compute(scene(ZONE, [LAWN], [crown(40, 40, 60, 60)]), None)
    assert made.spreads["canopy_diameter"][1] == pytest.approx(0.8)
    assert made.spreads["trees"][1] == pytest.approx(0.4)
    assert made.spreads["model"][1] == 0
