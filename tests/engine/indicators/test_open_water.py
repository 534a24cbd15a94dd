"""I04 open water: worked by hand."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.open_water import FLAG, SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
POND = ("water", box(10, 10, 20, 90))
GRASS = ("grass", box(0, 0, 100, 100))


def test_worked_by_hand():
    # 10 x 80 m of 100 x 100 m = 8.0 %; GT04 5/8/12 -> mark 8
    made = scene(ZONE, [POND, GRASS])
    part = values(SPEC, made)[""]
    assert part.value[1] == pytest.approx(8.0, abs=1e-9)
    assert part.weight[1] == pytest.approx(10000.0)
    assert part.coverage[1] == pytest.approx(1.0)
    assert rows(SPEC, made)[1].mark == pytest.approx(8.0)


def test_a_changed_input_moves_it():
    wider = ("water", box(10, 10, 25, 90))
    assert values(SPEC, scene(ZONE, [wider, GRASS]))[""].value[1] == pytest.approx(12.0)


def test_banks_and_swales_are_no_open_water():
    made = scene(ZONE, [POND, ("bank", box(20, 10, 25, 90)), ("swale", box(50, 10, 60, 90)), GRASS])
    assert values(SPEC, made)[""].value[1] == pytest.approx(8.0)


def test_only_visible_water_counts():
    pier = ("dwelling", box(10, 10, 20, 50))  # a building keeps the ground: 400 m2 less
    assert values(SPEC, scene(ZONE, [POND, pier, GRASS]))[""].value[1] == pytest.approx(4.0)


def test_unknown_ground_is_coverage_not_dry_land():
    half = ("grass", box(0, 0, 50, 100))
    part = values(SPEC, scene(ZONE, [POND, half], plan=box(0, 0, 100, 100)))[""]
    assert part.value[1] == pytest.approx(16.0)  # 800 of the 5,000 m2 that are known
    assert part.coverage[1] == pytest.approx(0.5)
    strange = ("spaceport", box(50, 0, 100, 100))  # a word that nobody knows
    part = values(SPEC, scene(ZONE, [POND, half, strange], plan=box(0, 0, 100, 100)))[""]
    assert part.value[1] == pytest.approx(16.0)
    assert part.coverage[1] == pytest.approx(0.5)


def test_too_little_known_keeps_the_value_and_has_no_mark():
    row = rows(SPEC, scene(ZONE, [POND], plan=box(0, 0, 100, 100)))[1]
    assert row.value == pytest.approx(100.0)
    assert row.status == words.NOT_ASSESSED
    assert row.mark is None


def test_high_sandy_ground_does_not_apply():
    zones = [("GT04", box(0, 0, 50, 100)), ("GT03", box(50, 0, 100, 100))]
    made = scene(zones, [POND, GRASS])
    sandy = [t == "GT03" for t in made.zones.area_type]
    made.zones.flags[FLAG] = sandy
    found = rows(SPEC, made)
    by_type = {r.area_type: r for r in found[1:]}
    assert by_type["GT03"].status == words.NOT_APPLICABLE
    assert by_type["GT04"].value == pytest.approx(16.0)
    assert found[0].value == pytest.approx(16.0)  # the sand is not dry land, it is left out
    made.zones.flags[FLAG] = [True, True]
    assert {r.status for r in rows(SPEC, made)} == {words.NOT_APPLICABLE}


def test_zones_share_a_pond():
    zones = [("GT04", box(0, 0, 16, 100)), ("GT03", box(16, 0, 100, 100))]
    made = scene(zones, [POND, GRASS])
    part = values(SPEC, made)[""]
    by_type = {made.zones.area_type[z - 1]: part.value[z] for z in (1, 2)}
    assert by_type["GT04"] == pytest.approx(100 * 480 / 1600)
    assert by_type["GT03"] == pytest.approx(100 * 320 / 8400)
    assert part.value[0] == pytest.approx(8.0)
