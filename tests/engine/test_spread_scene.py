"""The uncertainty budget on real scenes: maps with a sigma, fields filled by a default."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators import rain_retention, soil_bearing
from dgo_twin_plugin.engine.indicators import stormwater_disconnection as stormwater

from . import factory as f

ZONE = f.box(0, 0, 100, 100)


@pytest.mark.parametrize(("attributes", "wanted"), [({}, 5.0), ({"sigma": 1.0}, 1.0)])
def test_a_raster_that_knows_its_sigma_narrows_the_mark(attributes, wanted) -> None:
    # 10 cm everywhere; the profile says +-50 % = 5 cm, the raster may say 1 cm
    scene = f.scene(
        zones=[("GT04", ZONE)], surfaces=[("road", ZONE)],
        rasters={"settlement": [(np.full((12, 12), 10.0), (-10, 110), 10, attributes)]},
    )  # fmt: skip
    row = f.rows(soil_bearing.SPEC, scene)[1]
    assert row.value == pytest.approx(10)
    assert row.spread == pytest.approx(wanted)
    assert row.next_data == "settlement"
    assert row.next_gain == pytest.approx(row.mark_high - row.mark_low)  # the only contribution


def test_polygons_may_differ_in_sigma_and_the_widest_counts() -> None:
    halves = [(f.box(0, 0, 50, 100), {"cm30": 10, "sigma": 1}),
              (f.box(50, 0, 100, 100), {"cm30": 10, "sigma": 2})]  # fmt: skip
    scene = f.scene(zones=[("GT04", ZONE)], surfaces=[("road", ZONE)],
                    context={"settlement": halves})  # fmt: skip
    assert f.rows(soil_bearing.SPEC, scene)[1].spread == pytest.approx(2)


def test_a_field_filled_by_a_default_widens() -> None:
    # all of the paving by default: 25 pp beside the 5 pp of the method; the mark stays as it was
    filled = f.rows(stormwater.SPEC, f.scene(zones=[("GT04", ZONE)], surfaces=[("paved", ZONE)]))[1]
    share = filled.value / 100.0
    paving = ("paved", ZONE, {"disconnected": share})
    given = f.rows(stormwater.SPEC, f.scene(zones=[("GT04", ZONE)], surfaces=[paving]))[1]
    assert given.spread == pytest.approx(5) and given.next_data == "model"
    assert filled.spread == pytest.approx(math.hypot(5, 25))
    assert filled.next_data == "disconnected"
    assert filled.mark == given.mark
    assert filled.mark_low <= given.mark_low <= given.mark_high <= filled.mark_high


def test_a_measure_that_nobody_drew_may_still_come() -> None:
    # a roof of 2,000 m2 and 8,000 m2 of paving, nothing kept. No blue roof by default, but 15 % of
    # the roof is within one sigma: 0.15 * 2000 * 0.03 m = 9 m3 on 10,000 m2 sealed = 0.9 mm
    paving = ("paved", "POLYGON((0 20,100 20,100 100,0 100,0 20))")
    roof = ("dwelling", f.box(0, 0, 100, 20))
    scene = f.scene(zones=[("GT04", ZONE)], surfaces=[roof, paving])
    row = f.rows(rain_retention.SPEC, scene)[1]
    assert row.value == pytest.approx(0)
    assert row.spread == pytest.approx(0.9)
    assert row.next_data == "blue_roof"


def test_unknown_ground_widens() -> None:
    # half of the zone is paving, of the other half nothing is known
    half = f.box(0, 0, 100, 50)
    known = [("paved", half, {"disconnected": 0.9})]
    part = f.rows(stormwater.SPEC, f.scene(zones=[("GT04", ZONE)], plan=ZONE, surfaces=known))[1]
    whole = f.rows(stormwater.SPEC, f.scene(zones=[("GT04", half)], surfaces=known))[1]
    assert (part.coverage, whole.coverage) == (pytest.approx(0.5), pytest.approx(1))
    assert part.mark == whole.mark and whole.spread == pytest.approx(5)
    # one known place tells nothing of its likes: 0.5 x room/sqrt 12, halved in squares by it
    room = abs(part.optimum - part.minimum)
    assert part.spread == pytest.approx(math.hypot(5, 0.5 * room / math.sqrt(12) / math.sqrt(2)))
