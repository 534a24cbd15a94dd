"""I16 individual risk."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators.individual_risk import SPEC, bound, log_risk
from tests.engine.factory import box, profile, rows, scene, values

BOX = box(0, 0, 200, 100)
HOUSE, FAR_HOUSE = box(10, 10, 20, 20), box(150, 10, 160, 20)
WEST = box(0, 0, 50, 100)  # holds HOUSE only
WIDE = box(0, 0, 100, 100)  # holds HOUSE only
ALL = box(0, 0, 200, 100)


def made(contours, surfaces=None, basis="legal", zones=None):
    surfaces = surfaces or [("dwelling", HOUSE, {"dwellings": 10}),
                            ("dwelling", FAR_HOUSE, {"dwellings": 10})]  # fmt: skip
    context = None if contours is None else {"risk_contours": [(w, {"pr": p}) for w, p in contours]}
    return scene(zones or [("GT04", BOX)], surfaces, plan=BOX, context=context,
                 entries={"risk_contours": {"basis": basis}})  # fmt: skip


def outcomes(found):
    return [t.outcome for t in SPEC.compute(found, profile()).legal]


def test_both_ways_to_write_a_risk():
    assert log_risk(np.array([-6.0, 1e-6, 1e-8, 0.0])).tolist()[:3] == [-6.0, -6.0, -8.0]
    assert np.isnan(log_risk(np.array([0.0]))[0])


def test_highest_contour_counts():
    # HOUSE in 10^-7 (and in 10^-8 around it), FAR_HOUSE in 10^-8 only: highest -7, GT04 mark 8
    row = rows(SPEC, made([(WEST, -7), (ALL, -8)]))[1]
    assert (row.value, row.mark) == (pytest.approx(-7.0), pytest.approx(8.0))
    assert rows(SPEC, made([(WEST, 1e-8), (ALL, 1e-9)]))[1].value == pytest.approx(-8.0)


def test_outside_of_several_contours_is_below_the_lowest():
    # only contours around HOUSE, which is existing; the new FAR_HOUSE lies outside: at most -8
    surfaces = [("dwelling", HOUSE, {"dwellings": 10, "existing": True}),
                ("dwelling", FAR_HOUSE, {"dwellings": 10})]  # fmt: skip
    found = made([(WEST, -6), (WIDE, -8)], surfaces)
    assert rows(SPEC, found)[1].value == pytest.approx(-8.0)
    assert outcomes(found) == ["complies"]


def test_only_the_six_none_inside_complies_without_a_mark():
    surfaces = [("dwelling", FAR_HOUSE, {"dwellings": 10})]
    row = rows(SPEC, made([(WEST, -6)], surfaces))[1]
    assert (row.mark, row.status, row.legal_check) == (None, "not_assessed", "complies")
    assert row.reason.key.endswith("not_differentiated")


def test_only_the_six_any_inside_exceeds():
    found = made([(WEST, -6)])
    row = rows(SPEC, found)[1]
    # -6 is the minimum, mark 6; the breach caps it at 5.0
    assert (row.value, row.mark) == (pytest.approx(-6.0), 5.0)
    assert (row.status, row.n_breach, row.coverage) == ("legal_breach", 1, 1.0)
    assert sorted(outcomes(found)) == ["complies", "exceeds"]


def test_a_map_that_is_not_fit_is_indicative():
    found = made([(WEST, -6)], basis="indicative")
    assert sorted(outcomes(found)) == ["complies", "indicative"]
    assert rows(SPEC, found)[1].mark == pytest.approx(6.0)


def test_between_two_lines_the_law_cannot_say():
    # inside 10^-7, outside 10^-5: the risk may be above or below 10^-6
    surfaces = [("dwelling", FAR_HOUSE, {"dwellings": 10})]
    assert outcomes(made([(WEST, -5), (ALL, -7)], surfaces)) == ["not_tested"]
    assert bound(np.array([-7.0, np.nan, -5.0]), np.array([-7.0, -5.0])).tolist() == [
        -5.0, -7.0, np.inf]  # fmt: skip


def test_a_contour_that_is_only_touched_does_not_count():
    surfaces = [("dwelling", box(50, 10, 60, 20), {"dwellings": 10})]
    assert outcomes(made([(WEST, -6)], surfaces)) == ["complies"]


def test_limited_vulnerable_stands_apart():
    surfaces = [("industry", HOUSE, {"gfa": 100}), ("dwelling", FAR_HOUSE, {"dwellings": 10})]
    found = made([(WEST, -6)], surfaces)
    measured = SPEC.compute(found, profile())
    industry = next(t for t in measured.legal if t.source_kind == "limited_vulnerable")
    assert industry.outcome == "complies"
    assert industry.text.key.endswith("limited_inside")
    assert values(SPEC, found)["limited"].value[1] == pytest.approx(-6.0)
    assert rows(SPEC, found)[1].value is None


def test_a_school_without_counted_persons_is_not_forgotten():
    # education has no person of its own in G3, yet it lies inside the contour
    surfaces = [("dwelling", FAR_HOUSE, {"dwellings": 10}),
                ("education", HOUSE, {"gfa": 500, "use_class": "primary_school"})]  # fmt: skip
    assert "exceeds" in outcomes(made([(WEST, -6)], surfaces))


def test_weight_is_persons():
    # 20 dwellings x 2.1 persons = 42
    assert values(SPEC, made([(WEST, -6)]))[""].weight[1] == pytest.approx(42.0)


def test_existing_buildings_are_left_out():
    surfaces = [("dwelling", HOUSE, {"dwellings": 10, "existing": True})]
    found = made([(WEST, -6)], surfaces)
    assert outcomes(found) == []
    assert rows(SPEC, found)[1].status == "not_applicable"


def test_missing_and_empty_layer():
    assert SPEC.compute(made(None), profile()).missing is not None
    nothing_here = made([])
    row = rows(SPEC, nothing_here)[1]
    assert (row.mark, row.legal_check) == (None, "complies")


def test_a_contour_without_a_level_says_nothing():
    row = rows(SPEC, made([(WEST, None), (ALL, -8)]))[1]
    assert row.value == pytest.approx(-8.0)
