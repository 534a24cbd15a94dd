"""I18 odour."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators.odour import SPEC
from tests.engine.factory import box, profile, rows, scene, values

BOX = box(0, 0, 200, 100)
HOUSE, FAR_HOUSE = box(10, 10, 20, 20), box(150, 10, 160, 20)
DWELLING = [("dwelling", HOUSE, {"dwellings": 12})]


def even(level, **attributes):
    return np.full((60, 120), float(level)), (-10, 110), 2, attributes


def made(maps=None, polygons=None, surfaces=None, area_type="GT04", entry=None):
    return scene([(area_type, BOX)], surfaces or DWELLING, plan=BOX,
                 rasters={"odour": maps} if maps else None,
                 context={"odour": polygons} if polygons is not None else None,
                 entries={"odour": entry or {}})  # fmt: skip


def test_p90_and_mark_on_a_log_scale():
    # 18 of 20 dwellings at 1.0, 2 at 6: P90 = 1.0, the basis of GT04: mark 8. All at 2: the
    # minimum, mark 6. At 2^0.5 = 1.41421: halfway on the log scale, mark 7.
    array, corner, cell, _ = even(1.0)
    array[:, 55:] = 6.0
    surfaces = [("dwelling", HOUSE, {"dwellings": 18}), ("dwelling", FAR_HOUSE, {"dwellings": 2})]
    row = rows(SPEC, made([(array, corner, cell)], surfaces=surfaces))[1]
    assert (row.value, row.mark) == (pytest.approx(1.0), pytest.approx(8.0))
    assert rows(SPEC, made([even(2.0)]))[1].mark == pytest.approx(6.0)
    assert rows(SPEC, made([even(2.0**0.5)]))[1].mark == pytest.approx(7.0)


def test_polygons_and_the_highest_of_several():
    polygons = [(BOX, {"ou_p98": 0.5}), (box(0, 0, 100, 100), {"ou_p98": 3.0})]
    assert values(SPEC, made(polygons=polygons))[""].value[1] == pytest.approx(3.0)
    assert values(SPEC, made(polygons=polygons[:1]))[""].value[1] == pytest.approx(0.5)


def test_foreground_is_tested_but_never_valued():
    # livestock in the built-up area: limit 8. Foreground 9 exceeds, and leaves the value at 1.
    maps = [even(1.0), even(9.0, kind="foreground", source="livestock", basis="legal")]
    found = made(maps)
    assert values(SPEC, found)[""].value[1] == pytest.approx(1.0)
    tests = SPEC.compute(found, profile()).legal
    assert [(t.source_kind, t.limit, t.outcome) for t in tests] == [
        ("livestock_built_up", 8.0, "exceeds")
    ]


@pytest.mark.parametrize(
    ("area_type", "attributes", "kind", "outcome"),
    [
        # 9 ouE/m3 against 8 (built up), 20 (rural), 14 (built up, concentration area)
        ("GT04", {"source": "livestock"}, "livestock_built_up", "indicative"),
        ("GT10", {"source": "livestock"}, "livestock_rural", "complies"),
        ("GT04", {"source": "livestock_concentration"},
         "livestock_built_up_concentration", "complies"),
        ("GT04", {"source": "sewage_new"}, "sewage_new_built_up", "not_tested"),  # a standard only
        ("GT04", {}, "unknown_source", "not_tested"),
    ],
)  # fmt: skip
def test_law_per_source_and_place(area_type, attributes, kind, outcome):
    found = made([even(1.0), even(9.0, kind="foreground", **attributes)], area_type=area_type)
    tests = SPEC.compute(found, profile()).legal
    assert [(t.source_kind, t.outcome) for t in tests] == [(kind, outcome)]


def test_background_is_never_tested_by_the_law():
    assert SPEC.compute(made([even(30.0, basis="legal")]), profile()).legal == []


def test_not_sensitive_buildings_are_out_of_scope():
    maps = [even(1.0), even(9.0, kind="foreground", source="livestock", basis="legal")]
    found = made(maps, surfaces=[("hotel", HOUSE, {"dwellings": 12})])
    assert {t.outcome for t in SPEC.compute(found, profile()).legal} == {"not_in_scope"}


def test_distance_class_is_a_proxy_where_no_map_speaks():
    polygons = [(BOX, {"ou_p98": 4.0, "kind": "distance_class"})]
    row = rows(SPEC, made(polygons=polygons))[1]
    assert (row.value, row.proxy) == (pytest.approx(4.0), True)
    row = rows(SPEC, made([even(1.0)], polygons))[1]
    assert (row.value, row.proxy) == (pytest.approx(1.0), False)


def test_unknown_missing_and_nobody():
    unknown = rows(SPEC, made([even(np.nan)]))[1]
    assert (unknown.status, unknown.value) == ("not_assessed", None)
    assert SPEC.compute(made(), profile()).missing is not None
    empty = made([even(1.0)], surfaces=[("grass", HOUSE, {})])
    assert rows(SPEC, empty)[1].status == "not_applicable"
