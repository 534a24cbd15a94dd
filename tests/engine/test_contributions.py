"""Autonomous, plan and measures apart: worked by hand on open water."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from dgo_twin_plugin.engine.assessment import Assessment, assess
from dgo_twin_plugin.engine.build import Sources, build_scene
from dgo_twin_plugin.engine.contributions import contributions
from dgo_twin_plugin.engine.functions import load_functions

from .factory import box, profile, raw

DATE = datetime.date(2026, 11, 21)


def assessed(sources: Sources) -> Assessment:
    scene = build_scene(sources, profile(), load_functions(), DATE)
    return assess(scene, profile(), ["open_water", "green"])


def sources(measure: str | None = "ja") -> Sources:
    """100 x 100 m. Today: 300 m2 of water, the rest grass. The design covers the lower half: 800 m2
    of water of its own and a further 400 m2 as a measure; the upper half stays as it is."""
    return Sources(
        crs="EPSG:28992",
        design=[raw("ontwerp", [
            (box(0, 0, 40, 20), {"function": "water", "maatregel": "nee"}),
            (box(40, 0, 60, 20), {"function": "water", "maatregel": measure}),
            (box(60, 0, 100, 20), {"function": "grass", "maatregel": None}),
            (box(0, 20, 100, 50), {"function": "grass", "maatregel": None}),
        ], {"fields": {"measure": "maatregel"}})],
        current=[raw("huidig", [
            (box(0, 90, 30, 100), {"function": "water"}),
            (box(0, 0, 100, 90), {"function": "grass"}),
            (box(30, 90, 100, 100), {"function": "grass"}),
        ])],
        plan_area=[raw("plan", [(box(0, 0, 100, 100), {})])],
        area_types=[raw("types", [(box(0, 0, 100, 100), {"type": "GT04"})], {"type": "type"})],
    )  # fmt: skip


def rows(given: Sources) -> dict:
    found = contributions(given, assessed(given), assessed)
    return {(r.indicator, r.part, r.zone_id): r for r in found}


def test_water_taken_apart() -> None:
    # of 10,000 m2: today 300 = 3 %; plan 800 = 8 %; measure 400 = 4 %; in all 1,500 = 15 %
    row = rows(sources())["open_water", "", 1]
    assert row.value == pytest.approx(15.0)
    assert row.autonomous == pytest.approx(3.0)
    assert row.plan == pytest.approx(8.0)
    assert row.measures == pytest.approx(4.0)
    assert row.influence is True


def test_parts_sum_to_the_value() -> None:
    for row in rows(sources()).values():
        if row.value is not None and row.autonomous is not None:
            assert row.autonomous + row.plan + row.measures == pytest.approx(row.value)


def test_without_marked_measures_the_plan_is_all() -> None:
    row = rows(sources("nee"))["open_water", "", 1]
    assert (row.plan, row.measures) == (pytest.approx(12.0), pytest.approx(0.0))


def test_a_plan_that_changes_nothing_is_said_to_have_no_influence() -> None:
    given = sources()
    given.design = [raw("ontwerp", [(box(0, 0, 100, 50), {"function": "grass"})])]
    row = rows(given)["open_water", "", 1]
    # 300 m2 of today remain: 3 %
    assert (row.value, row.autonomous) == (pytest.approx(3.0), pytest.approx(3.0))
    assert row.influence is False


def test_roads_of_the_plan_do_not_stand_in_the_autonomous_state() -> None:
    from dgo_twin_plugin.engine.contributions import autonomous

    given = sources()
    given.vectors["roads"] = [raw("wegen", [
        ("LINESTRING(0 0, 10 0)", {"herkomst": "plan"}),
        ("LINESTRING(0 5, 10 5)", {"herkomst": "autonomous"}),
        ("LINESTRING(0 9, 10 9)", {"herkomst": None}),
    ], {"fields": {"origin": "herkomst"}})]  # fmt: skip
    alone = autonomous(given, assessed(given).scene)
    assert np.array_equal(alone.vectors["roads"][0].fid, [2, 3])
    assert len(given.vectors["roads"][0].fid) == 3  # what was read is not touched
