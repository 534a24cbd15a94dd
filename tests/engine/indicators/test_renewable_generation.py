"""I02 renewable generation: worked by hand from the profile's rates."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.renewable_generation import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
HOUSES = ("dwelling", box(10, 10, 30, 20), {"dwellings": 2, "gfa": 400, "pv": 0.5})
OFFICE = ("office", box(40, 10, 60, 30), {"gfa": 1000, "pv": 0.25})
GRASS = ("grass", box(0, 0, 100, 100))
AROUND = [("grass", box(0, 0, 100, 50)), ("grass", box(0, 60, 100, 100))]  # leaves room for a field


def test_worked_by_hand():
    # panels 200*0.5 + 400*0.25 = 200 m2 at 0.205 kWp and 875 kWh/kWp = 35,875 kWh
    # demand 2 * 4,000 + 1,000 * 70 = 78,000 kWh -> 45.99359 %
    part = values(SPEC, scene(ZONE, [HOUSES, OFFICE, GRASS]))[""]
    assert part.value[1] == pytest.approx(100 * 35875 / 78000, abs=1e-9)
    assert part.weight[1] == pytest.approx(78000.0)
    assert part.assumed[1] == pytest.approx(0.0)


def test_mixed_building():
    # 800 m2, three quarters lived in by 6 homes: 24,000 + 200 m2 of shop at 110 = 46,000 kWh;
    # roof 200 * 0.5 * 179.375 = 17,937.5 -> 38.99457 %
    mixed = ("retail", box(10, 10, 30, 20),
             {"dwellings": 6, "gfa": 800, "residential_share": 0.75, "pv": 0.5})  # fmt: skip
    part = values(SPEC, scene(ZONE, [mixed]))[""]
    assert part.value[1] == pytest.approx(100 * 17937.5 / 46000)


@pytest.mark.parametrize("field", [{"pv": 0.8}, {"dwellings": 3}])
def test_a_changed_input_moves_it(field):
    before = values(SPEC, scene(ZONE, [HOUSES, GRASS]))[""].value[1]
    after = values(SPEC, scene(ZONE, [(*HOUSES[:2], {**HOUSES[2], **field}), GRASS]))[""].value[1]
    assert before == pytest.approx(100 * 17937.5 / 8000)
    roof, homes = 200 * field.get("pv", 0.5), field.get("dwellings", 2)
    assert after == pytest.approx(100 * roof * 179.375 / (4000 * homes))


def test_solar_field_and_known_installations():
    # field of 1,000 m2: 0.1 kWp/m2 * 875 = 87,500 kWh; a turbine of 10,000 kWh; roof 17,937.5
    field = ("solar_field", box(0, 50, 100, 60))
    made = scene(ZONE, [HOUSES, field, *AROUND],
                 context={"generation": [("POINT(50 80)", {"kwh": 10000.0}),
                                         ("POINT(500 80)", {"kwh": 1e6})]})  # fmt: skip
    part = values(SPEC, made)[""]
    assert part.value[1] == pytest.approx(100 * (87500 + 10000 + 17937.5) / 8000)
    # the field's own figure goes before the rate: 0.4 * 0.205 * 875 * 1,000 = 71,750
    field = (*field[:2], {"pv": 0.4})
    part = values(SPEC, scene(ZONE, [HOUSES, field, *AROUND]))[""]
    assert part.value[1] == pytest.approx(100 * (71750 + 17937.5) / 8000)


def test_unknown_panels_are_missing_not_zero():
    made = scene(ZONE, [HOUSES, OFFICE, GRASS])
    made.surfaces.fields["pv"][1] = np.nan
    part = values(SPEC, made)[""]
    assert part.value[1] == pytest.approx(100 * 17937.5 / 8000)
    assert part.coverage[1] == pytest.approx(8000 / 78000)


def test_defaults_are_assumed():
    bare = ("dwelling", box(10, 10, 30, 20), {"dwellings": 2, "gfa": 400})
    part = values(SPEC, scene(ZONE, [bare, (*OFFICE[:2], {"gfa": 100, "pv": 0.5}), GRASS]))[""]
    assert part.assumed[1] == pytest.approx(8000 / 15000)  # 2 * 4,000 of 8,000 + 100 * 70


def test_no_buildings_no_mark():
    row = rows(SPEC, scene(ZONE, [("solar_field", box(0, 50, 100, 60)), *AROUND]))[1]
    assert row.status == words.NOT_APPLICABLE
    assert row.value is None


def test_a_building_on_a_zone_line_is_divided():
    zones = [("GT04", box(0, 0, 15, 100)), ("GT03", box(15, 0, 100, 100))]
    made = scene(zones, [HOUSES, ("solar_field", box(0, 50, 100, 60)), *AROUND])
    part = values(SPEC, made)[""]
    by_type = {made.zones.area_type[z - 1]: z for z in (1, 2)}
    # a quarter of house and roof in GT04 (2,000 of 8,000 kWh), 15 % of the field
    assert part.weight[by_type["GT04"]] == pytest.approx(2000.0)
    assert part.value[by_type["GT04"]] == pytest.approx(
        100 * (0.25 * 17937.5 + 0.15 * 87500) / 2000
    )
    assert part.value[0] == pytest.approx(100 * (17937.5 + 87500) / 8000)


def test_an_installation_on_a_zone_line_is_divided():
    zones = [("GT04", box(0, 0, 15, 100)), ("GT03", box(15, 0, 100, 100))]
    made = scene(zones, [HOUSES, GRASS],
                 context={"generation": [(box(10, 70, 30, 80), {"kwh": 4000.0})]})  # fmt: skip
    part = values(SPEC, made)[""]
    zone = 1 + list(made.zones.area_type).index("GT04")
    assert part.value[zone] == pytest.approx(100 * (0.25 * 17937.5 + 0.25 * 4000) / 2000)
