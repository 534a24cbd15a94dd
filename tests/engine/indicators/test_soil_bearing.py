"""I11 soil bearing: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.soil_bearing import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
ROAD, PARK = ("road", box(0, 0, 10, 100)), ("grass", box(10, 0, 40, 100))
HOUSE, YARD = ("dwelling", box(40, 0, 60, 100)), ("yard", box(60, 0, 100, 100))
PEAT, CLAY = (box(0, 0, 10, 100), 20), (box(10, 0, 100, 100), 8)


def made(soil=(PEAT, CLAY), surfaces=(ROAD, PARK, HOUSE, YARD), zones=ZONE):
    role = {"settlement": [(w, {"cm30": s}) for w, s in soil]}
    return scene(zones, list(surfaces), context=role)


def test_worked_by_hand():
    # road 1000 m2 x 20 + park 3000 m2 x 8 = 44,000 over 4000 m2 = 11 cm; house and yard do not
    # GT04 20/10/5, lower is better: 6 + 2 x (20 - 11) / 10 = 7.8
    part = values(SPEC, made())[""]
    assert part.value[1] == pytest.approx(11)
    assert part.weight[1] == pytest.approx(4000)
    assert part.assumed[1] == pytest.approx(0.75)  # that the park is public
    assert rows(SPEC, made())[1].mark == pytest.approx(7.8)


def test_a_changed_input_moves_it():
    assert values(SPEC, made((PEAT, (CLAY[0], 12))))[""].value[1] == pytest.approx(14)


def test_what_is_public():
    private = ("grass", box(10, 0, 40, 100), {"public": 0})
    assert values(SPEC, made(surfaces=(ROAD, private)))[""].weight[1] == pytest.approx(1000)
    yard = ("yard", box(60, 0, 100, 100), {"public": 1})  # 4000 m2 x 8 more: 76,000 / 8000
    part = values(SPEC, made(surfaces=(ROAD, PARK, HOUSE, yard)))[""]
    assert part.value[1] == pytest.approx(9.5)
    water = ("water", box(60, 0, 100, 100), {"public": 1})
    assert values(SPEC, made(surfaces=(ROAD, PARK, HOUSE, water)))[""].value[1] == pytest.approx(11)


def test_overlap_counts_once_with_the_highest():
    # 30 cm over x 0-20: 1000 x 30 + 1000 x 30 + 2000 x 8 = 76,000 / 4000
    role = (PEAT, CLAY, (box(0, 0, 20, 100), 30), (box(0, 0, 20, 100), 30))
    assert values(SPEC, made(role))[""].value[1] == pytest.approx(19)


def test_raster():
    # cells of 20 m: the left column 20 cm, the rest 8 cm: 1000 x 20 + 1000 x 20 + 2000 x 8 = 56,000
    cells = np.full((5, 5), 8.0)
    cells[:, 0] = 20
    map_ = {"settlement": [(cells, (0, 100), 20)]}
    found = values(SPEC, scene(ZONE, [ROAD, PARK, HOUSE, YARD], rasters=map_))[""]
    assert found.value[1] == pytest.approx(14)
    cells[:, 0] = np.nan  # a hole: 2000 m2 of 4000 known, at 8 cm
    hole = values(SPEC, scene(ZONE, [ROAD, PARK, HOUSE, YARD], rasters=map_))[""]
    assert hole.value[1] == pytest.approx(8)
    assert hole.coverage[1] == pytest.approx(0.5)


@pytest.mark.parametrize("nothing", [None, -9999])
def test_missing_is_not_zero(nothing):
    part = values(SPEC, made((PEAT, (CLAY[0], nothing))))[""]
    assert part.value[1] == pytest.approx(20)
    assert part.coverage[1] == pytest.approx(0.25)
    assert rows(SPEC, made((PEAT, (CLAY[0], nothing))))[1].status == words.NOT_ASSESSED


def test_zones_apart_and_none_where_nothing_is_public():
    zones = [("GT04", box(0, 0, 20, 100)), ("GT06", box(20, 0, 50, 100)),
             ("GT05", box(50, 0, 100, 100))]  # fmt: skip
    part = values(SPEC, made(zones=zones))[""]
    found = rows(SPEC, made(zones=zones))
    by_type = {r.area_type: r for r in found[1:]}
    assert part.value[0] == pytest.approx(11)
    assert by_type["GT04"].value == pytest.approx(14)  # 1000 x 20 + 1000 x 8
    assert by_type["GT06"].value == pytest.approx(8)
    assert by_type["GT05"].status == words.NOT_APPLICABLE


def test_no_map_is_missing():
    assert rows(SPEC, scene(ZONE, [ROAD]))[1].status == words.NOT_ASSESSED
