"""I03 material use: worked by hand, the two sets of limits, and the law."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.material_use import SPEC
from tests.engine.factory import box, rows, scene, values

ZONE = [("GT04", box(0, 0, 100, 100))]
A1 = "2026-01-15"  # the set A1 holds until 30 June 2026
HOUSE = ("dwelling", box(10, 10, 30, 20), {"gfa": 400, "mpg": 0.6})
OFFICE = ("office", box(40, 10, 60, 30), {"gfa": 1000, "mpg": 0.8})
GRASS = ("grass", box(0, 0, 100, 100))


def test_worked_by_hand():
    # (0.6*400 + 0.8*1000) / (0.8*400 + 1.0*1000) = 1,040 / 1,320 = 78.7879 %
    part = values(SPEC, scene(ZONE, [HOUSE, OFFICE, GRASS], date=A1))[""]
    assert part.value[1] == pytest.approx(78.787878787879, abs=1e-9)
    assert part.weight[1] == pytest.approx(1400.0)


def test_a_changed_input_moves_it():
    timber = (*HOUSE[:2], {"gfa": 400, "mpg": 0.45})
    assert values(SPEC, scene(ZONE, [HOUSE], date=A1))[""].value[1] == pytest.approx(75.0)
    assert values(SPEC, scene(ZONE, [timber], date=A1))[""].value[1] == pytest.approx(56.25)


def test_the_limit_follows_the_date():
    # set A2 from 1 July 2026: 1.0 instead of 0.8 -> 100 * 0.6 / 1.0
    assert values(SPEC, scene(ZONE, [HOUSE], date="2026-07-01"))[""].value[1] == pytest.approx(60.0)


def test_small_offices_and_other_uses_have_no_limit():
    small = ("office", box(10, 10, 20, 15), {"gfa": 99, "mpg": 3.0})
    shop = ("retail", box(30, 10, 50, 30), {"gfa": 800, "mpg": 3.0})
    row = rows(SPEC, scene(ZONE, [small, shop, GRASS], date=A1))[1]
    assert row.status == words.NOT_APPLICABLE
    assert row.value is None


def test_missing_is_the_limit_assumed_or_unknown_but_not_zero():
    bare = (*HOUSE[:2], {"gfa": 400})
    row = rows(SPEC, scene(ZONE, [bare, GRASS], date=A1, entry={"basis": "legal"}))[1]
    assert row.value == pytest.approx(100.0)
    assert row.assumed == pytest.approx(1.0)
    assert row.legal_check == words.NOT_TESTED
    made = scene(ZONE, [HOUSE, OFFICE, GRASS], date=A1)
    made.surfaces.fields["gfa"][1] = np.nan
    part = values(SPEC, made)[""]
    assert part.value[1] == pytest.approx(75.0)  # the house alone
    assert part.coverage[1] == pytest.approx(400 / 800)  # the office by its footprint, 400 m2


@pytest.mark.parametrize(
    ("date", "basis", "outcome"),
    [
        (A1, "legal", words.EXCEEDS),
        (A1, "indicative", words.INDICATIVE),
        ("2026-07-01", "legal", words.INDICATIVE),  # the A2 limit is in dispute
    ],
)
def test_the_law(date, basis, outcome):
    heavy = (*HOUSE[:2], {"gfa": 400, "mpg": 1.2})
    row = rows(SPEC, scene(ZONE, [heavy, GRASS], date=date, entry={"basis": basis}))[1]
    assert row.legal_check == outcome
    assert row.n_breach == (1 if outcome == words.EXCEEDS else 0)


def test_existing_buildings_are_out_of_scope():
    old = (*HOUSE[:2], {"gfa": 400, "mpg": 0.6, "existing": "ja"})
    assert rows(SPEC, scene(ZONE, [old, GRASS], date=A1))[1].status == words.NOT_APPLICABLE


def test_a_building_on_a_zone_line_is_divided():
    zones = [("GT04", box(0, 0, 15, 100)), ("GT03", box(15, 0, 100, 100))]
    made = scene(zones, [HOUSE, OFFICE, GRASS], date=A1)
    part = values(SPEC, made)[""]
    by_type = {made.zones.area_type[z - 1]: z for z in (1, 2)}
    assert part.weight[by_type["GT04"]] == pytest.approx(100.0)  # 400 * 5 / 20
    assert part.weight[by_type["GT03"]] == pytest.approx(1300.0)
    assert part.value[by_type["GT04"]] == pytest.approx(75.0)
    # (0.6*300 + 0.8*1000) / (0.8*300 + 1000) = 980 / 1,240
    assert part.value[by_type["GT03"]] == pytest.approx(79.032258064516)
