"""I07 stormwater disconnection: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.stormwater_disconnection import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
ROOF = ("dwelling", box(10, 10, 30, 20), {"disconnected": 0.5})  # 200 m2
ROAD = ("road", box(0, 40, 100, 43), {"disconnected": 1})  # 300 m2
GRIT = ("semi_paved", box(0, 60, 10, 70), {"disconnected": 0})  # 100 m2, half sealed
GRASS = ("grass", box(0, 0, 100, 100))


def test_worked_by_hand():
    # (200*0.5 + 300*1 + 50*0) / (200 + 300 + 50) = 400 / 550 = 72.7273 %
    part = values(SPEC, scene(ZONE, [ROOF, ROAD, GRIT, GRASS]))[""]
    assert part.value[1] == pytest.approx(72.727272727273, abs=1e-9)
    assert part.weight[1] == pytest.approx(550.0)
    assert part.assumed[1] == pytest.approx(0.0)


def test_a_changed_input_moves_it():
    better = (*ROOF[:2], {"disconnected": 1})
    assert values(SPEC, scene(ZONE, [better, ROAD, GRASS]))[""].value[1] == pytest.approx(100.0)
    assert values(SPEC, scene(ZONE, [ROOF, ROAD, GRASS]))[""].value[1] == pytest.approx(80.0)


def test_the_typology_fills_the_gap_and_says_so():
    # GT04 minimum 80 %: (200*0.8 + 300) / 500 = 92 %
    part = values(SPEC, scene(ZONE, [ROOF[:2], ROAD, GRASS]))[""]
    assert part.value[1] == pytest.approx(92.0)
    assert part.assumed[1] == pytest.approx(0.4)


def test_the_sewer_map_goes_before_the_default_not_before_the_field():
    # the roof lies for one quarter over a combined sewer (1), for three quarters over 0.2:
    # combined 0.4, disconnected 0.6 -> (120 + 300) / 500 = 84 %
    sewer = [(box(0, 0, 15, 100), {"combined": 1.0}), (box(15, 0, 100, 100), {"combined": 0.2})]
    made = scene(ZONE, [ROOF[:2], ROAD, GRASS], context={"sewer": sewer})
    part = values(SPEC, made)[""]
    assert part.value[1] == pytest.approx(84.0)
    assert part.assumed[1] == pytest.approx(0.0)


def test_unknown_is_missing_not_zero():
    made = scene(ZONE, [ROOF, ROAD, GRASS])
    made.surfaces.fields["disconnected"][0] = np.nan
    part = values(SPEC, made)[""]
    assert part.value[1] == pytest.approx(100.0)
    assert part.coverage[1] == pytest.approx(0.6)


def test_unknown_ground_lowers_the_coverage():
    half = [("road", box(0, 0, 50, 10), {"disconnected": 1}), ("grass", box(0, 0, 50, 100))]
    part = values(SPEC, scene(ZONE, half, plan=box(0, 0, 100, 100)))[""]
    assert part.value[1] == pytest.approx(100.0)
    assert part.coverage[1] == pytest.approx(0.5)


def test_nothing_sealed_does_not_apply():
    row = rows(SPEC, scene(ZONE, [GRASS]))[1]
    assert row.status == words.NOT_APPLICABLE
    assert row.value is None


def test_zones_share_a_roof():
    zones = [("GT04", box(0, 0, 15, 100)), ("GT03", box(15, 0, 100, 100))]
    made = scene(zones, [ROOF, ROAD, GRASS])
    part = values(SPEC, made)[""]
    by_type = {made.zones.area_type[z - 1]: part.value[z] for z in (1, 2)}
    # GT04: roof 50, road 45 -> (25 + 45) / 95; GT03: roof 150, road 255 -> (75 + 255) / 405
    assert by_type["GT04"] == pytest.approx(100 * 70 / 95)
    assert by_type["GT03"] == pytest.approx(100 * 330 / 405)
