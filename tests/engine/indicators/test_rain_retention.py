"""I06 rain retention: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.rain_retention import SPEC
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
ROOF = ("dwelling", box(10, 10, 30, 20))  # 200 m2
ROAD = ("road", box(0, 40, 100, 43))  # 300 m2
SWALE = ("swale", box(0, 60, 10, 70))  # 100 m2
GRASS = ("grass", box(0, 0, 100, 100))


def mm(surfaces, items=(), **more):
    return values(SPEC, scene(ZONE, [*surfaces, GRASS], list(items), **more))[""].value[1]


def test_worked_by_hand():
    # swale 100 * (0.35 - 0.07) = 28 m3 on 500 m2 of sealed ground = 56 mm
    part = values(SPEC, scene(ZONE, [ROOF, ROAD, SWALE, GRASS]))[""]
    assert part.value[1] == pytest.approx(56.0, abs=1e-9)
    assert part.weight[1] == pytest.approx(500.0)
    assert part.assumed[1] == pytest.approx(1.0)  # by table height
    assert part.coverage[1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("facility", "expected"),
    [
        (("swale", box(0, 60, 10, 70), {"storage": 50}), 86.0),  # (50 - 7) m3 / 500 m2
        (("swale", box(0, 60, 10, 70), {"storage": 5}), 0.0),  # its own rain is more
        (("water", box(0, 60, 10, 70)), 40.0),  # 100 * 0.20, nothing taken off
        (("water", box(0, 60, 10, 70), {"storage": 30}), 60.0),  # said by the field
        (("grass", box(0, 60, 10, 70), {"storage": 17}), 20.0),  # (17 - 7) / 500
        (("bank", box(0, 60, 10, 70)), 0.0),
    ],
)
def test_facilities(facility, expected):
    assert mm([ROOF, ROAD, facility]) == pytest.approx(expected)


def test_roofs():
    # blue: 200 * 0.5 * (0.10 - 0.07) = 3 m3 -> 6 mm; green: 0.01 - 0.07 leaves nothing
    assert mm([(*ROOF, {"blue_roof": 0.5}), ROAD]) == pytest.approx(6.0)
    assert mm([(*ROOF, {"green_roof": 1.0}), ROAD]) == pytest.approx(0.0)
    # a stated storage says it all, the roof is not added: (20 - 14) / 500
    assert mm([(*ROOF, {"blue_roof": 0.5, "storage": 20}), ROAD]) == pytest.approx(12.0)


def test_crates_count_once():
    # 50 m2 * (0.40 - 0.07) = 16.5 m3 -> 33 mm; drawn twice it is the same crate
    crate = ("infiltration_crate", box(40, 80, 50, 85))
    assert mm([ROOF, ROAD], [crate]) == pytest.approx(33.0)
    assert mm([ROOF, ROAD], [crate, crate]) == pytest.approx(33.0)
    point = ("infiltration_crate", "POINT(45 82)", {"storage": 10})
    assert mm([ROOF, ROAD], [point]) == pytest.approx(20.0)
    # a bow-tie of two triangles of 12.5 m2: 25 * 0.33 = 8.25 m3 -> 16.5 mm
    bow = ("infiltration_crate", "POLYGON((40 80,50 85,50 80,40 85,40 80))")
    assert mm([ROOF, ROAD], [bow]) == pytest.approx(16.5)
    outside = ("infiltration_crate", box(400, 80, 450, 85))
    assert mm([ROOF, ROAD], [outside]) == pytest.approx(0.0)


def test_assumed_is_the_share_of_the_storage():
    given = ("swale", box(0, 60, 10, 70), {"storage": 19})  # 12 m3 stated
    water = ("water", box(40, 60, 50, 64))  # 40 * 0.2 = 8 m3 assumed
    part = values(SPEC, scene(ZONE, [ROOF, ROAD, given, water, GRASS]))[""]
    assert part.value[1] == pytest.approx(40.0)
    assert part.assumed[1] == pytest.approx(0.4)


def test_unknown_ground_lowers_the_coverage():
    # known half: 500 of 5,000 m2 sealed, so 500 m2 expected on the other half
    half = [ROOF, ("road", box(0, 40, 50, 46)), ("grass", box(0, 0, 50, 100))]
    part = values(SPEC, scene(ZONE, half, plan=box(0, 0, 100, 100)))[""]
    assert part.value[1] == pytest.approx(0.0)
    assert part.coverage[1] == pytest.approx(0.5)
    row = rows(SPEC, scene(ZONE, [SWALE], plan=box(0, 0, 100, 100)))[1]
    assert row.value is None  # nothing sealed is known: no number, and not 0 either


def test_no_storage_field_is_not_zero_storage():
    made = scene(ZONE, [ROOF, ROAD, SWALE, GRASS])
    assert np.isnan(made.surfaces.fields["storage"]).all()
    assert values(SPEC, made)[""].value[1] > 0


def test_nothing_sealed_does_not_apply():
    row = rows(SPEC, scene(ZONE, [SWALE, GRASS]))[1]
    assert row.status == words.NOT_APPLICABLE
    assert row.value is None


def test_zones_share_facilities():
    zones = [("GT04", box(0, 0, 50, 100)), ("GT03", box(50, 0, 100, 100))]
    swale = ("swale", box(40, 60, 60, 70))  # 200 m2, half each: 28 m3
    crate = ("infiltration_crate", box(45, 80, 65, 85))  # 100 m2, 33 m3, a quarter in GT04
    made = scene(zones, [ROAD, swale, GRASS], [crate])
    part = values(SPEC, made)[""]
    by_type = {made.zones.area_type[z - 1]: part.value[z] for z in (1, 2)}
    # 150 m2 of road each: (28 + 8.25) / 150 and (28 + 24.75) / 150
    assert by_type["GT04"] == pytest.approx(1000 * 36.25 / 150)
    assert by_type["GT03"] == pytest.approx(1000 * 52.75 / 150)
    assert part.value[0] == pytest.approx(1000 * 89 / 300)


def ghg(depth: float) -> dict:
    return {"groundwater": [(np.full((60, 60), depth), (-10.0, 110.0), 2.0)]}


def test_groundwater_takes_the_lower_part_of_a_facility():
    # the swale of 0.35 m has 0.175 m above the water: 100 * (0.175 - 0.07) = 10.5 m3 -> 21 mm
    assert mm([ROOF, ROAD, SWALE], rasters=ghg(0.175)) == pytest.approx(21.0)
    # crates lie from 0.3 to 0.7 m: half of 0.40 is dry: 50 * (0.20 - 0.07) = 6.5 m3 -> 13 mm
    crate = ("infiltration_crate", box(40, 80, 50, 85))
    assert mm([ROOF, ROAD], [crate], rasters=ghg(0.5)) == pytest.approx(13.0)
    # below all of it, and on top of the ground; open water and roofs do not mind
    assert mm([ROOF, ROAD, SWALE], rasters=ghg(2.0)) == pytest.approx(56.0)
    assert mm([ROOF, ROAD, SWALE], rasters=ghg(-1.0)) == pytest.approx(0.0)
    assert mm([(*ROOF, {"blue_roof": 0.5}), ROAD], rasters=ghg(0.1)) == pytest.approx(6.0)


def test_storage_in_the_groundwater_is_said():
    made = scene(ZONE, [ROOF, ROAD, SWALE, GRASS], rasters=ghg(0.175))
    checks = SPEC.compute(made, profile()).checks
    assert [(c.code, c.value) for c in checks] == [("storage_in_groundwater", "17.5")]  # 28 - 10.5
    dry = scene(ZONE, [ROOF, ROAD, SWALE, GRASS], rasters=ghg(2.0))
    assert not SPEC.compute(dry, profile()).checks


def test_spreads_by_input():
    # 56 mm by table height: 30 %; the sealed area 5 %
    spreads = SPEC.compute(scene(ZONE, [ROOF, ROAD, SWALE, GRASS]), profile()).spreads
    assert spreads["storage"][1] == pytest.approx(16.8)
    assert spreads["model"][1] == pytest.approx(2.8)
    assert "groundwater" not in spreads
    # stated storage is surer: 10 % of (35 - 7) / 500
    stated = [ROOF, ROAD, ("swale", box(0, 60, 10, 70), {"storage": 35}), GRASS]
    assert SPEC.compute(scene(ZONE, stated), profile()).spreads["storage"][1] == pytest.approx(5.6)
    # the map decides: 0.2 m on 100 m2 = 20 m3 -> 40 mm
    wet = SPEC.compute(scene(ZONE, [ROOF, ROAD, SWALE, GRASS], rasters=ghg(0.175)), profile())
    assert wet.spreads["groundwater"][1] == pytest.approx(40.0)
