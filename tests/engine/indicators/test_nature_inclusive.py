"""N13 nature-inclusive building: points worked by hand from the list."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.nature_inclusive import CATEGORIES, SPEC
from dgo_twin_plugin.engine.models.tables import constants
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT03", box(0, 0, 100, 100))]  # one hectare
HOUSE = ("dwelling", box(0, 0, 20, 20), {"green_roof": 0.25})
GRASS = ("grass", box(0, 0, 100, 100))


def parts(surfaces, **more):
    found = values(SPEC, scene(ZONE, surfaces, **more))
    return {name: part.value[1] for name, part in found.items()}


def test_the_list_is_data_with_a_version_and_a_source_per_row():
    points = constants("nature_points")
    assert points["id"] == "dgo-natuurpunten-2026-1" and points["status"] == "proposal"
    assert set(points["rows"]) == set(CATEGORIES)
    assert all(row["source"] and row["confidence"] for row in points["rows"].values())
    row = rows(SPEC, scene(ZONE, [HOUSE, GRASS]))[1]
    assert row.method.endswith("dgo-natuurpunten-2026-1")


def test_each_category_by_hand():
    # roof: .25 of .5 x 10 = 5. shrub 500 of 10,000 m2 = 5 % of 10 % x 10 = 5. swale 150 m2 = 1.5 %
    # of 3 % x 5 = 2.5. water 300 m2 = 3 % of 6 % x 5 = 2.5. garden 400 m2, .4 vegetated, of .5 x 5
    # = 4. semi_paved 100 of 500 m2 = 20 % of 30 % x 3 = 2. no natural bank: the water's edge is
    # unknown
    made = parts([
        HOUSE, ("shrub", box(0, 90, 50, 100)), ("swale", box(60, 90, 75, 100)),
        ("water", box(0, 60, 30, 70)), ("garden", box(40, 0, 60, 20)),
        ("semi_paved", box(80, 0, 90, 10)), ("square", box(60, 0, 80, 20)),
        ("grass", box(0, 20, 100, 100)),
    ], plan=box(0, 0, 100, 100))  # fmt: skip
    assert made["roof"] == pytest.approx(5.0)
    assert made["shrub"] == pytest.approx(5.0)
    assert made["swale"] == pytest.approx(2.5)
    assert made["water"] == pytest.approx(2.5)
    assert made["plots"] == pytest.approx(4.0)
    assert made["paving"] == pytest.approx(2.0)
    assert made["bank"] == made["trees"] == made["stated"] == 0.0
    assert made[""] == pytest.approx(21.0)


def test_trees_are_stems_and_banks_are_metres():
    # 10 trees on 10,000 m2 = 1 per 1,000 m2 of 2 x 10 = 5; the eleventh stands in a house, the
    # twelfth outside. Natural bank of a pond of 10 x 15 m: 50 m on 1 ha = 50 of 50 m x 5 = 5
    trees = [("tree", f"POINT({40 + 5 * k} 80)", {}) for k in range(10)]
    made = parts(
        [HOUSE, ("water", box(40, 40, 50, 55), {"bank": "natural"}), GRASS],
        items=[*trees, ("tree", "POINT(10 10)", {}), ("tree", "POINT(300 300)", {})],
    )
    assert made["trees"] == pytest.approx(5.0)
    assert made["bank"] == pytest.approx(5.0)


def test_more_than_full_gives_no_more():
    made = parts([("dwelling", box(0, 0, 20, 20), {"green_roof": 1.0}),
                  ("wood", box(0, 20, 100, 100)), ("grass", box(20, 0, 100, 20))])  # fmt: skip
    assert made["roof"] == pytest.approx(10.0) and made["shrub"] == pytest.approx(10.0)


def test_stated_points_go_before_what_would_follow_and_count_per_hectare():
    # the house states 12 points: its roof (5) is not derived as well; 1 ha -> 12 points
    house = (*HOUSE[:2], {"green_roof": 0.25, "nature_points": 12})
    made = parts([house, GRASS])
    assert made["roof"] == 0.0 and made["stated"] == pytest.approx(12.0)
    # the same on four hectares: 3 points; on a quarter of one: still 12
    big = scene([("GT03", box(0, 0, 200, 200))], [house, ("grass", box(0, 0, 200, 200))])
    assert values(SPEC, big)["stated"].value[1] == pytest.approx(3.0)
    small = scene([("GT03", box(0, 0, 50, 50))], [house, ("grass", box(0, 0, 50, 50))])
    assert values(SPEC, small)["stated"].value[1] == pytest.approx(12.0)
    # a tree that states points is no stem as well
    tree = [("tree", "POINT(60 60)", {"nature_points": 4})]
    made = parts([HOUSE, GRASS], items=tree)
    assert made["stated"] == pytest.approx(4.0) and made["trees"] == 0.0


def test_the_same_design_on_more_ground_of_the_same_kind_scores_the_same():
    def tiled(n):
        surfaces = []
        for k in range(n):
            x = 100 * k
            surfaces += [("dwelling", box(x, 0, x + 20, 20), {"green_roof": 0.3}),
                         ("shrub", box(x, 50, x + 60, 60)), ("swale", box(x, 70, x + 20, 80)),
                         ("grass", box(x, 0, x + 100, 100))]  # fmt: skip
        made = scene([("GT03", box(0, 0, 100 * n, 100))], surfaces)
        return values(SPEC, made)[""].value[1]

    assert tiled(3) == pytest.approx(tiled(1), abs=1e-9)


def test_marks_and_what_does_not_apply():
    # 21 points would be the sum above; here 5 of the roof: mark 1 + 5 * 5 / 20 = 2.25 or below 6
    row = rows(SPEC, scene(ZONE, [HOUSE, GRASS]))[1]
    assert row.value == pytest.approx(5.0) and row.mark < 6 and row.unit == "pt"
    assert rows(SPEC, scene(ZONE, [GRASS]))[1].status == words.NOT_APPLICABLE
    old = (*HOUSE[:2], {"existing": 1, "green_roof": 0.25})
    assert rows(SPEC, scene(ZONE, [old, GRASS]))[1].status == words.NOT_APPLICABLE
    nature = scene([("GT11", box(0, 0, 100, 100))], [HOUSE, GRASS])
    assert rows(SPEC, nature)[1].status == words.NOT_APPLICABLE


def test_a_roof_that_nobody_filled_in_is_assumed_and_widens():
    bare = ("dwelling", box(0, 0, 20, 20), {})
    known, guessed = (SPEC.compute(scene(ZONE, [s, GRASS]), profile()) for s in (HOUSE, bare))
    # 10 of 53 derived points rest on it
    assert guessed.parts[""].assumed[1] == pytest.approx(10 / 53)
    assert known.parts[""].assumed[1] == 0.0
    # 0.15 of the roof (spreads.yml) is 0.15 / 0.5 x 10 points
    assert guessed.spreads["green_roof"][1] == pytest.approx(3.0)
    assert known.spreads["green_roof"][1] == 0.0


def test_unknown_ground_lowers_coverage():
    made = scene([("GT03", box(0, 0, 100, 100))], [HOUSE, ("grass", box(0, 0, 50, 100))],
                 plan=box(0, 0, 100, 100))  # fmt: skip
    assert values(SPEC, made)[""].coverage[1] == pytest.approx(0.5, abs=0.03)
