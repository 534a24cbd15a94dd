"""I01 energy use: worked by hand, and what must not become a number."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.energy_use import SPEC
from dgo_twin_plugin.engine.scores import judge
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
HOUSES = ("dwelling", box(10, 10, 30, 20),
          {"gfa": 400, "beng2": 24, "dwelling_type": "ground"})  # fmt: skip
FLATS = ("dwelling", box(40, 10, 60, 30),
         {"gfa": 1000, "beng2": 40, "dwelling_type": "apartment"})  # fmt: skip
GRASS = ("grass", box(0, 0, 100, 100))


def test_worked_by_hand():
    # A = 0.8 gfa: 320 and 800 m2; limits 30 and 50 kWh/m2.
    # (24*320 + 40*800) / (30*320 + 50*800) = 39,680 / 49,600 = 80.0 %
    part = values(SPEC, scene(ZONE, [HOUSES, FLATS, GRASS]))[""]
    assert part.value[1] == pytest.approx(80.0, abs=1e-9)
    assert part.weight[1] == pytest.approx(1120.0)
    assert part.coverage[1] == pytest.approx(1.0)
    # GT04: 100/50/0 -> 6 + 2 * (100 - 80) / 50 = 6.8
    assert rows(SPEC, scene(ZONE, [HOUSES, FLATS, GRASS]))[1].mark == pytest.approx(6.8)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"beng2": 12}, 40.0),  # 100 * 12 / 30
        ({"dwelling_type": "apartment"}, 48.0),  # 100 * 24 / 50
        ({"use_class": "kinderopvang"}, 100 * 24 / 70),  # childcare goes before the function
        ({"beng2": -6}, -20.0),  # a house that gives more than it takes
    ],
)
def test_a_changed_input_moves_it(change, expected):
    before = values(SPEC, scene(ZONE, [HOUSES, GRASS]))[""].value[1]
    after = values(SPEC, scene(ZONE, [(*HOUSES[:2], {**HOUSES[2], **change}), GRASS]))[""].value[1]
    assert before == pytest.approx(80.0)
    assert after == pytest.approx(expected)


def test_a_default_is_assumed_and_never_exceeds():
    bare = ("dwelling", box(10, 10, 30, 20), {"gfa": 400})
    made = scene(ZONE, [bare, GRASS], entry={"basis": "legal"})
    row = rows(SPEC, made)[1]
    assert row.value == pytest.approx(100.0)  # typology: the limit itself
    assert row.assumed == pytest.approx(1.0)
    assert row.legal_check == words.NOT_TESTED
    assert row.n_breach == 0


def test_unknown_floor_area_is_missing_not_zero():
    made = scene(ZONE, [HOUSES, FLATS, GRASS])
    made.surfaces.fields["gfa"][1] = np.nan
    part = values(SPEC, made)[""]
    assert part.value[1] == pytest.approx(80.0)  # of the houses alone: 24 / 30
    # weight of the flats: their footprint as one storey, 0.8 * 400; 320 / (320 + 320)
    assert part.coverage[1] == pytest.approx(0.5)


def test_nothing_with_a_limit_does_not_apply():
    shed = ("industry", box(10, 10, 30, 20), {"gfa": 400, "beng2": 24})
    row = rows(SPEC, scene(ZONE, [shed, GRASS]))[1]
    assert row.status == words.NOT_APPLICABLE
    assert row.value is None and row.mark is None
    assert row.legal_check == words.NOT_IN_SCOPE


def test_existing_buildings_stand_apart():
    old = ("dwelling", box(10, 40, 30, 50), {"gfa": 100, "existing": 1, "label": "A"})
    measured = ("office", box(10, 60, 30, 70), {"gfa": 300, "existing": 1, "beng2": 80})
    made = scene(ZONE, [HOUSES, old, measured, GRASS])
    parts = values(SPEC, made)
    assert parts[""].value[1] == pytest.approx(80.0)
    # label A = 132.5 over 80 m2, 80 over 240 m2: (10,600 + 19,200) / 320 = 93.125
    assert parts["existing"].value[1] == pytest.approx(93.125)
    assert parts["existing"].assumed[1] == pytest.approx(0.25)
    assert judge(made, profile(), SPEC, SPEC.compute(made, profile())).rows[1].mark == (
        pytest.approx(6.8)
    )


@pytest.mark.parametrize(
    ("basis", "outcome", "mark", "breaches"),
    # 100 * 33 / 30 = 110 % -> 6 - 2 * 10 / 50 = 5.6; a certain breach caps at 5.0
    [("legal", words.EXCEEDS, 5.0, 1), ("indicative", words.INDICATIVE, 5.6, 0)],
)
def test_the_law_per_building(basis, outcome, mark, breaches):
    bad = ("dwelling", box(10, 10, 30, 20), {"gfa": 400, "beng2": 33, "dwelling_type": "ground"})
    row = rows(SPEC, scene(ZONE, [bad, GRASS], entry={"basis": basis}))[1]
    assert row.legal_check == outcome
    assert row.n_breach == breaches
    assert row.mark == pytest.approx(mark)
    assert row.legal_limit == pytest.approx(100.0)


def test_at_the_limit_complies():
    good = ("dwelling", box(10, 10, 30, 20), {"gfa": 400, "beng2": 30, "dwelling_type": "ground"})
    row = rows(SPEC, scene(ZONE, [good, GRASS], entry={"basis": "legal"}))[1]
    assert row.legal_check == words.COMPLIES


def test_before_the_law_nothing_is_asked():
    row = rows(SPEC, scene(ZONE, [HOUSES, GRASS], date="2020-12-31"))[1]
    assert row.status == words.NOT_APPLICABLE


def test_a_building_on_a_zone_line_is_divided():
    zones = [("GT04", box(0, 0, 15, 100)), ("GT03", box(15, 0, 100, 100))]
    made = scene(zones, [HOUSES, GRASS])
    part = values(SPEC, made)[""]
    by_type = {made.zones.area_type[z - 1]: part.weight[z] for z in (1, 2)}
    # 20 m long, 5 m of it in GT04: 320 * 0.25 and 320 * 0.75
    assert by_type["GT04"] == pytest.approx(80.0)
    assert by_type["GT03"] == pytest.approx(240.0)
    assert part.value == pytest.approx([80.0, 80.0, 80.0])
    tests = SPEC.compute(made, profile()).legal
    assert [made.zones.area_type[t.zone - 1] for t in tests] == ["GT03"]  # once, where most is
