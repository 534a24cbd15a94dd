"""I13 traffic noise: figures worked by hand, and what the law says of each source kind."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators.traffic_noise import SPEC, cumulated
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 200, 100))]
HOUSE = box(10, 10, 20, 20)
FAR_HOUSE = box(150, 10, 160, 20)


def even(level, **attributes):
    """A map with one level everywhere, 2 m cells, a little wider than the zone."""
    return np.full((60, 120), float(level)), (-10, 110), 2, attributes


def split(left, right, **attributes):
    """A map with one level west of x = 100 and another east of it."""
    array, corner, cell, _ = even(left)
    array[:, 55:] = right  # -10 + 55 * 2 = 100
    return array, corner, cell, attributes


def made(rasters, surfaces=None, **more):
    surfaces = surfaces or [("dwelling", HOUSE, {"dwellings": 12})]
    return scene(ZONE, surfaces, rasters=rasters, plan=ZONE[0][1], **more)


def by_kind(found):
    return {t.source_kind: t for t in SPEC.compute(found, profile()).legal}


def test_cumulated_level_by_hand():
    # road 60: L* = 60 -> 10^6 = 1 000 000; rail 60: L* = 0.95 * 60 - 1.40 = 55.6 -> 10^5.56 =
    # 363 078; together 1 363 078 -> 10 lg = 61.345 dB. Energetic (joint): 60 + 10 lg 2 = 63.010.
    found = values(SPEC, made({"noise_road": [even(60)], "noise_rail": [even(60)]}))
    assert found[""].value[1] == pytest.approx(61.3452, abs=1e-3)
    assert found["joint"].value[1] == pytest.approx(63.0103, abs=1e-3)
    assert found["lden_rail"].value[1] == pytest.approx(60.0)
    assert found["lden_road"].value[1] == pytest.approx(60.0)


def test_road_maps_add_energetically():
    # 55 and 55 dB: 55 + 10 lg 2 = 58.010 dB
    maps = [even(55, owner="municipal"), even(55, owner="state")]
    found = values(SPEC, made({"noise_road": maps}))
    assert found[""].value[1] == pytest.approx(58.0103, abs=1e-3)
    assert found["lden_road_municipal"].value[1] == pytest.approx(55.0)
    assert found["lden_road_state"].value[1] == pytest.approx(55.0)


def test_a_silent_source_leaves_the_other():
    found = cumulated(np.array([60.0, np.nan, np.nan]), np.array([np.nan, 60.0, np.nan]))
    # road alone 60; rail alone 0.95 * 60 - 1.40 = 55.6; none: unknown
    assert found[:2] == pytest.approx([60.0, 55.6])
    assert np.isnan(found[2])


@pytest.mark.parametrize(("quiet", "loud", "expected"), [(18, 2, 50.0), (17, 3, 65.0)])
def test_p90_over_dwellings(quiet, loud, expected):
    # 18 of 20 dwellings at 50 dB reach 0.90 of the weight: P90 = 50. 17 of 20 reach 0.85: P90 = 65.
    surfaces = [("dwelling", HOUSE, {"dwellings": quiet}),
                ("dwelling", FAR_HOUSE, {"dwellings": loud})]  # fmt: skip
    found = values(SPEC, made({"noise_road": [split(50, 65)]}, surfaces))
    assert found[""].value[1] == pytest.approx(expected)


def test_highest_facade_decides():
    # a quiet building but for the cells before its east wall (x = 20 + 2 m outside = 22)
    array, corner, cell, attributes = even(45)
    array[:, 16] = 62  # x from 22 to 24
    found = values(SPEC, made({"noise_road": [(array, corner, cell, attributes)]}))
    assert found[""].value[1] == pytest.approx(62.0)


def test_share_above_the_standard_in_whole_db():
    # municipal standard 53: 53.4 is 53, not above; 53.6 is 54, above. 2 of 20 dwellings = 10 %
    surfaces = [("dwelling", HOUSE, {"dwellings": 18}), ("dwelling", FAR_HOUSE, {"dwellings": 2})]
    found = values(SPEC, made({"noise_road": [split(53.4, 53.6, owner="municipal")]}, surfaces))
    assert found["above_road_municipal"].value[1] == pytest.approx(10.0)


def test_night_level_only_where_declared():
    plain = values(SPEC, made({"noise_road": [even(60)]}))
    assert "lnight" not in plain
    night = values(SPEC, made({"noise_road": [even(60), even(50, quantity="lnight")]}))
    assert night["lnight"].value[1] == pytest.approx(50.0)
    assert night[""].value[1] == pytest.approx(60.0)  # a night level is no Lden


def test_contours_give_their_upper_bound():
    # 55-60 gives 60; the open class from 65 gives 65 + 5 = 70; nested classes: the highest counts
    contours = [
        (box(0, 0, 200, 100), {"lden_from": 55.0, "lden_to": 60.0}),
        (box(100, 0, 200, 100), {"lden_from": 65.0, "lden_to": None}),
    ]
    surfaces = [("dwelling", HOUSE, {"dwellings": 5}), ("dwelling", FAR_HOUSE, {"dwellings": 5})]
    found = scene(ZONE, surfaces, context={"noise_road": contours}, plan=ZONE[0][1])
    measured = SPEC.compute(found, profile()).parts[""]
    assert sorted(measured.value) == pytest.approx([60.0, 70.0])


def test_schools_weigh_by_floor_area():
    # gfa 1100 m2 / 110 = weight 10, beside 10 dwellings
    surfaces = [("dwelling", HOUSE, {"dwellings": 10}), ("education", FAR_HOUSE, {"gfa": 1100})]
    found = values(SPEC, made({"noise_road": [split(50, 65)]}, surfaces))
    assert found[""].weight[1] == pytest.approx(20.0)
    assert found[""].value[1] == pytest.approx(65.0)


def test_unknown_is_not_quiet():
    found = made({"noise_road": [even(np.nan)]})
    assert np.isnan(values(SPEC, found)[""].value[1])
    row = rows(SPEC, found)[1]
    assert (row.status, row.value, row.coverage) == ("not_assessed", None, 0.0)


def test_half_of_the_dwellings_unknown_shows_in_the_coverage():
    surfaces = [("dwelling", HOUSE, {"dwellings": 15}), ("dwelling", FAR_HOUSE, {"dwellings": 5})]
    found = values(SPEC, made({"noise_road": [split(50, np.nan)]}, surfaces))[""]
    assert found.coverage[1] == pytest.approx(0.75)
    assert found.value[1] == pytest.approx(50.0)


def test_no_map_and_no_dwellings():
    assert SPEC.compute(made({}), profile()).missing is not None
    empty = made({"noise_road": [even(60)]}, [("grass", HOUSE, {})])
    assert rows(SPEC, empty)[1].status == "not_applicable"


# --- the law --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "level", "basis", "outcome"),
    [
        ("municipal", 70.4, "legal", "complies"),  # 70 dB, limit 70
        ("municipal", 70.6, "legal", "exceeds"),  # 71 dB
        ("municipal", 70.6, "indicative", "indicative"),
        ("municipal", 70.6, None, "indicative"),
        ("water_board", 66.0, "legal", "complies"),  # limit 70
        ("provincial", 60.6, "legal", "exceeds"),  # 61 dB, limit 60
        ("state", 60.4, "legal", "complies"),
    ],
)
def test_road_limits_per_owner(owner, level, basis, outcome):
    found = by_kind(made({"noise_road": [even(level, owner=owner, basis=basis)]}))
    assert found[f"road_{owner}"].outcome == outcome
    assert found[f"road_{owner}"].value == round(level)


def test_rail_has_its_own_limit():
    # 66 dB: above 65 (rail), below 70 (municipal road)
    maps = {"noise_rail": [even(66, basis="legal")],
            "noise_road": [even(66, owner="municipal", basis="legal")]}  # fmt: skip
    found = by_kind(made(maps))
    assert (found["rail"].outcome, found["rail"].limit) == ("exceeds", 65.0)
    assert (found["road_municipal"].outcome, found["road_municipal"].limit) == ("complies", 70.0)


def test_a_road_without_owner_counts_but_is_not_tested():
    found = made({"noise_road": [even(72, basis="legal")]})
    assert by_kind(found)["road"].outcome == "not_tested"
    assert values(SPEC, found)[""].value[1] == pytest.approx(72.0)


def test_only_what_is_fit_can_exceed():
    # legal 69 + indicative 69 = 72.01 dB: together above 70, the fit map alone is not
    maps = [even(69, owner="municipal", basis="legal"), even(69, owner="municipal")]
    assert by_kind(made({"noise_road": maps}))["road_municipal"].outcome == "indicative"


@pytest.mark.parametrize(
    "surface",
    [
        ("dwelling", HOUSE, {"dwellings": 12, "existing": True}),
        ("hotel", HOUSE, {"dwellings": 12}),
    ],
)
def test_existing_and_not_sensitive_buildings_are_out_of_scope(surface):
    maps = {"noise_road": [even(75, owner="municipal", basis="legal")]}
    found = made(maps, [surface])
    assert {t.outcome for t in SPEC.compute(found, profile()).legal} == {"not_in_scope"}
    assert rows(SPEC, found)[1].n_breach == 0


def test_the_current_situation_is_out_of_scope():
    found = scene(ZONE, current=[("dwelling", HOUSE, {"dwellings": 12})], plan=ZONE[0][1],
                  rasters={"noise_road": [even(75, owner="municipal", basis="legal")]})  # fmt: skip
    assert {t.outcome for t in SPEC.compute(found, profile()).legal} == {"not_in_scope"}


def test_a_certain_breach_caps_the_mark_and_is_never_averaged_away():
    # 19 dwellings at 40 dB, 1 at 75: P90 = 40 (mark 10 in GT04), yet the zone is capped at 5.0
    surfaces = [("dwelling", HOUSE, {"dwellings": 19}), ("dwelling", FAR_HOUSE, {"dwellings": 1})]
    maps = {"noise_road": [split(40, 75, owner="municipal", basis="legal")]}
    row = rows(SPEC, made(maps, surfaces))[1]
    assert row.value == pytest.approx(40.0)
    assert (row.mark, row.status, row.n_breach) == (5.0, "legal_breach", 1)
