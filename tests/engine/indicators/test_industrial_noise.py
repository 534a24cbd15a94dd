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


def business(category, x=100, **more):
    return [(box(x, 5, x + 20, 25), {"kind": "distance_class", "category": category, **more})]


def test_a_category_gives_the_level_at_its_distance():
    # the house ends at x = 20, its facade is read 2 m outside: x = 22, 78 m from the business.
    # category 3.2 = 100 m: 45 + 20 lg(100/78) = 45 + 2.158 = 47.158
    found = made(contours=business("3.2"))
    row = rows(SPEC, found)[1]
    assert row.value == pytest.approx(47.158, abs=1e-3)
    assert row.proxy
    assert outcomes(found) == {("", "complies")}
    assert SPEC.compute(found, profile()).spreads[ROLE][1] == 5.0


@pytest.mark.parametrize(
    ("category", "level"),
    [
        (3.2, 47.158),  # a number
        ("Cat. 3,2", 47.158),
        # 10 m: beyond 3 times the distance no lower: 45 - 20 lg 3 = 35.458
        ("1", 35.458),
        # 300 m: nearer than a third of it no higher: 45 + 20 lg 3 = 54.542 (0.3333: 54.544)
        ("4.2", 54.544),
        ("onbekend", None),
    ],
)
def test_categories(category, level):
    value = rows(SPEC, made(contours=business(category)))[1].value
    assert value == (None if level is None else pytest.approx(level, abs=1e-3))


def test_a_level_of_its_own_and_a_map_go_before_the_category():
    given = made(contours=business("3.2", x=0, lden_to=58.0))
    assert rows(SPEC, given)[1].value == pytest.approx(58.0)
    mapped = rows(SPEC, made([even(41)], business("4.2")))[1]
    assert mapped.value == pytest.approx(41.0) and not mapped.proxy
