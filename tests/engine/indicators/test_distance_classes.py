"""Odour and individual risk by distance class: flagged, never law, and worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators import individual_risk, odour
from tests.engine.factory import box, profile, rows, scene, values

BOX = box(0, 0, 400, 100)
HOME = ("dwelling", box(110, 40, 120, 60), {"dwellings": 12})
FACTORY = "POINT(10 50)"  # 99.5 m from the nearest facade point of the home (x = 109.5)


def smelling(features, area_type="GT04", maps=None):
    return scene([(area_type, BOX)], [HOME], plan=BOX, context={"odour": features},
                 rasters={"odour": maps} if maps else None)  # fmt: skip


def nearest(x, y=52.5):
    """Facade points of the home lie at y 42.5, 47.5, 52.5, 57.5: mid-parts of 5 m of 20 m."""
    return float(np.hypot(109.5 - x, y - 50.0))


@pytest.mark.parametrize(("category", "distance"), [("3.1", 50.0), ("3.2", 100.0), (4.1, 200.0)])
def test_a_category_gives_a_load_by_distance(category, distance):
    # 1.0 ouE/m3 at its distance, with 1 / d^1.5; d = hypot(99.5, 2.5) = 99.531
    expected = 1.0 * (distance / nearest(10.0)) ** 1.5
    found = smelling([(FACTORY, {"category": category})])
    assert values(odour.SPEC, found)[""].value[1] == pytest.approx(expected, rel=1e-6)
    row = rows(odour.SPEC, found)[1]
    assert row.proxy and row.legal_check != "exceeds"


def test_nearer_than_a_third_and_farther_than_thrice_count_alike():
    # 4.2: 300 m; 99.5 m is less than a third (100 m): (1/3)^-1.5 = 5.196 (0.333: 5.204)
    close = values(odour.SPEC, smelling([(FACTORY, {"category": "4.2"})]))[""].value[1]
    assert close == pytest.approx(0.333**-1.5)
    # 1: 10 m; 99.5 m is more than thrice: 3^-1.5 = 0.19245
    far = values(odour.SPEC, smelling([(FACTORY, {"category": "1"})]))[""].value[1]
    assert far == pytest.approx(3**-1.5)


def test_livestock_by_place():
    # built up: 100 m, 2 ouE/m3; in the country 50 m, 8 ouE/m3
    d = nearest(10.0)
    farm = [(FACTORY, {"category": "livestock"})]
    assert values(odour.SPEC, smelling(farm))[""].value[1] == pytest.approx(2 * (100 / d) ** 1.5)
    assert values(odour.SPEC, smelling(farm, "GT10"))[""].value[1] == (
        pytest.approx(8 * (50 / d) ** 1.5)
    )


def test_a_map_goes_before_a_class():
    even = (np.full((60, 220), 0.7), (-10, 110), 2, {})
    found = smelling([(FACTORY, {"category": "4.2"})], maps=[even])
    assert values(odour.SPEC, found)[""].value[1] == pytest.approx(0.7)
    assert not rows(odour.SPEC, found)[1].proxy


def test_a_class_is_wider_than_a_map():
    rough = odour.SPEC.compute(smelling([(FACTORY, {"category": "3.2"})]), profile())
    sure = odour.SPEC.compute(smelling([(BOX, {"ou_p98": 1.0})]), profile())
    assert rough.spreads["odour"][1] > sure.spreads["odour"][1]


def risky(contours, entry=None):
    home = ("dwelling", box(110, 40, 120, 60), {"dwellings": 12, "gfa": 1200})
    return scene([("GT04", BOX)], [home], plan=BOX, context={"risk_contours": contours},
                 entries={"risk_contours": entry or {}})  # fmt: skip


def test_inside_a_distance_class_is_a_flagged_indication():
    around = box(100, 0, 200, 100)
    found = risky([(around, {"pr": -6, "kind": "distance_class"})], {"basis": "legal"})
    row = rows(individual_risk.SPEC, found)[1]
    assert (row.value, row.proxy, row.legal_check) == (-6.0, True, "indicative")
    mapped = rows(individual_risk.SPEC, risky([(around, {"pr": -6})], {"basis": "legal"}))[1]
    assert (mapped.proxy, mapped.legal_check) == (False, "exceeds")


def test_outside_a_distance_class_nobody_is_cleared():
    away = box(300, 0, 400, 100)
    by_class = individual_risk.SPEC.compute(
        risky([(away, {"pr": -6, "kind": "distance_class"})]), profile()
    )
    by_contour = individual_risk.SPEC.compute(risky([(away, {"pr": -6})]), profile())
    assert [t.outcome for t in by_contour.legal] == ["complies"]
    assert [t.outcome for t in by_class.legal] == ["not_tested"]
