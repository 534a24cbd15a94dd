"""I14 industrial noise."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators.industrial_noise import SPEC
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 200, 100))]
HOUSE = box(10, 10, 20, 20)
ROLE = "noise_industry"


def even(level, **attributes):
    return np.full((60, 120), float(level)), (-10, 110), 2, attributes


def made(maps=None, contours=None, surfaces=None, entry=None):
    surfaces = surfaces or [("dwelling", HOUSE, {"dwellings": 12})]
    return scene(ZONE, surfaces, plan=ZONE[0][1],
                 rasters={ROLE: maps} if maps else None,
                 context={ROLE: contours} if contours is not None else None,
                 entries={ROLE: entry or {}})  # fmt: skip


def outcomes(found):
    return {(t.part, t.outcome) for t in SPEC.compute(found, profile()).legal}


def test_estates_add_energetically():
    # 47 and 44 dB: 10 lg (10^4.7 + 10^4.4) = 10 lg (50 119 + 25 119) = 48.764 dB
    found = values(SPEC, made([even(47), even(44)]))
    assert found[""].value[1] == pytest.approx(48.764, abs=1e-3)
    assert values(SPEC, made([even(47)]))[""].value[1] == pytest.approx(47.0)


@pytest.mark.parametrize(
    ("level", "quantity", "basis", "part", "outcome"),
    [
        (55.4, None, "legal", "", "complies"),  # 55 dB, limit 55
        (55.6, None, "legal", "", "exceeds"),  # 56 dB
        (55.6, None, None, "", "indicative"),
        (45.6, "lnight", "legal", "lnight", "exceeds"),  # 46 dB, limit 45
        (45.4, "lnight", "legal", "lnight", "complies"),
    ],
)
def test_limits_of_day_and_night(level, quantity, basis, part, outcome):
    assert (part, outcome) in outcomes(made([even(level, quantity=quantity, basis=basis)]))


def test_existing_and_not_sensitive_are_out_of_scope():
    for surface in (("dwelling", HOUSE, {"dwellings": 12, "existing": True}),
                    ("culture", HOUSE, {"dwellings": 12})):  # fmt: skip
        found = made([even(60, basis="legal")], surfaces=[surface])
        assert outcomes(found) == {("", "not_in_scope")}


def test_a_distance_class_is_a_proxy_and_never_certain():
    contour = [(box(0, 0, 200, 100), {"lden_to": 58.0, "kind": "distance_class"})]
    found = made(contours=contour, entry={"basis": "legal"})
    row = rows(SPEC, found)[1]
    assert row.value == pytest.approx(58.0)
    assert row.proxy
    assert outcomes(found) == {("", "indicative")}


def test_a_map_goes_before_a_distance_class():
    contour = [(box(0, 0, 200, 100), {"lden_to": 58.0, "kind": "distance_class"})]
    row = rows(SPEC, made([even(44)], contour))[1]
    assert row.value == pytest.approx(44.0)
    assert not row.proxy


def test_another_quantity_is_never_mixed_in():
    assert SPEC.compute(made([even(50, quantity="lar_lt")]), profile()).missing is not None
    both = values(SPEC, made([even(50, quantity="lar_lt"), even(44)]))
    assert both[""].value[1] == pytest.approx(44.0)


def test_unknown_missing_and_nobody():
    unknown = rows(SPEC, made([even(np.nan)]))[1]
    assert (unknown.status, unknown.value) == ("not_assessed", None)
    assert SPEC.compute(made(), profile()).missing is not None
    empty = made([even(50)], surfaces=[("grass", HOUSE, {})])
    assert rows(SPEC, empty)[1].status == "not_applicable"
