"""Obstacles, chances and directions of a plan of 200 x 100 m (2 ha), worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dgo_twin_plugin.engine.assessment import assess
from dgo_twin_plugin.engine.directions import BELOW, UNKNOWN, directions
from dgo_twin_plugin.engine.geometry import geometry_from_wkb
from dgo_twin_plugin.engine.start_rules import CHANCE, OBSTACLE, load_start_rules
from dgo_twin_plugin.engine.start_scan import Found, Scan, scan
from dgo_twin_plugin.engine.texts import LANGUAGES, has_text, text
from dgo_twin_plugin.engine.words import DgoError

from .factory import box, profile, scene

PLAN = box(0, 0, 200, 100)
NOW = [("wood", box(0, 0, 50, 50)), ("grass", PLAN)]  # the first keeps the ground


def looked(**given) -> Scan:
    given.setdefault("zones", [("GT04", PLAN)])
    given.setdefault("current", NOW)
    return scan(scene(plan=PLAN, **given), profile())


def one(found: list[Found], rule: str) -> Found:
    (mine,) = [f for f in found if f.rule == rule]
    return mine


def columns(*values: tuple[int, float]) -> tuple:
    """A raster of 20 x 10 cells of 10 m over the plan: (number of columns, value) from the west."""
    row = [v for count, v in values for _ in range(count)]
    return np.tile(row, (10, 1)), (0, 100), 10.0


def test_a_risk_contour_in_the_plan_and_one_beside_it() -> None:
    # 20 x 100 m of the plan: 2,000 of 20,000 m2
    inside = one(looked(context={"risk_contours": [(box(-50, 0, 20, 100), {"pr": -6.0})]}
                        ).obstacles, "individual_risk")  # fmt: skip
    assert inside.area == pytest.approx(2000.0, abs=1e-6)
    assert inside.share == pytest.approx(0.1) and inside.distance == 0.0
    assert inside.level == "blocking" and inside.value == -6.0
    # 50 m east of the plan, written as a risk: one step milder; 400 m away: not near any more
    near = one(looked(context={"risk_contours": [(box(250, 0, 300, 100), {"pr": 1e-5})]}
                      ).obstacles, "individual_risk")  # fmt: skip
    assert near.area == 0.0 and near.distance == pytest.approx(50.0) and near.level == "important"
    assert near.value == pytest.approx(-5.0)
    far = looked(context={"risk_contours": [(box(600, 0, 650, 100), {"pr": -5.0})]})
    assert not [f for f in far.obstacles if f.rule == "individual_risk"]
    # one in ten million a year is below the limit
    low = looked(context={"risk_contours": [(PLAN, {"pr": -7.0})]})
    assert not [f for f in low.obstacles if f.rule == "individual_risk"]


@pytest.mark.parametrize("owner, limit, standard", [("provincial", 5000.0, 5000.0),
                                                    ("municipal", None, 10000.0)])  # fmt: skip
def test_noise_is_held_against_the_law_of_the_owner(
    owner: str, limit: float | None, standard: float
) -> None:
    """62 dB on 50 m, 55 on 50 m, 45 on 100 m. Provincial: limit 60, standard 50, and what is
    above the limit is not told twice. Municipal: limit 70, standard 53."""
    grid = (*columns((5, 62.0), (5, 55.0), (10, 45.0)), {"owner": owner})
    found = looked(rasters={"noise_road": [grid]})
    if limit is None:
        assert not [f for f in found.obstacles if f.rule == "road_noise_limit"]
        assert one(found.obstacles, "road_noise").limits == (53.0,)
    else:
        above = one(found.obstacles, "road_noise_limit")
        assert above.area == pytest.approx(limit, abs=1e-6) and above.limits == (60.0,)
        assert above.value == 62.0
    mild = one(found.obstacles, "road_noise")
    assert mild.area == pytest.approx(standard, abs=1e-6)
    assert geometry_from_wkb(mild.wkb).GetArea() == pytest.approx(standard, abs=1e-6)
    # quiet: the eastern 100 m stays below 48 dB
    assert one(found.chances, "quiet").area == pytest.approx(10000.0, abs=1e-6)


def test_quiet_is_where_no_map_is_loud_and_one_map_knows() -> None:
    grid = (*columns((10, 55.0), (5, 45.0), (5, np.nan)), {"owner": "municipal"})
    industry = [(box(100, 0, 120, 100), {"lden_from": 50.0, "lden_to": 55.0})]
    # quiet by the raster: x 100-150; industry takes 100-120; 150-200 is unknown, so not quiet
    found = looked(rasters={"noise_road": [grid]}, context={"noise_industry": industry})
    assert one(found.chances, "quiet").area == pytest.approx(3000.0, abs=1e-6)


def test_soil_worse_than_its_function() -> None:
    """Soil of class 2 on the west 100 m; living (1) is asked on 50 m, industry (2) on the rest."""
    found = looked(context={
        "soil_class": [(box(0, 0, 100, 100), {"class": 2})],
        "soil_function": [(box(0, 0, 50, 100), {"class": 1}), (box(50, 0, 200, 100), {"class": 2})],
    })  # fmt: skip
    assert one(found.obstacles, "soil_class").area == pytest.approx(5000.0, abs=1e-6)


def test_two_conditions_must_hold_on_the_same_place() -> None:
    """Permeable everywhere; groundwater 1.5 m down in the west, 0.5 m in the east half."""
    found = looked(rasters={"infiltration": [columns((20, 1.0))],
                            "groundwater": [columns((10, 1.5), (10, 0.5))]})  # fmt: skip
    assert one(found.chances, "infiltration").area == pytest.approx(10000.0, abs=1e-6)
    assert one(found.obstacles, "wet_ground").area == pytest.approx(10000.0, abs=1e-6)
    dry = looked(rasters={"infiltration": [columns((20, 1.0))]})
    assert "groundwater" in [role for _, role in dry.unseen]  # it says what it lacks


def test_a_norm_holds_by_zone() -> None:
    """The west 50 m is another type than the rest; both minima come from the profile."""
    zones = [("GT04", box(50, 0, 200, 100)), ("GT11", box(0, 0, 50, 100))]
    asked = {t: profile().norm("flood_safety", t) for t in ("GT04", "GT11")}
    least = asked["GT04"].minimum
    found = looked(zones=zones, rasters={"flood_return_period": [columns((20, least - 1.0))]})
    west = asked["GT11"] is not None and least - 1.0 < asked["GT11"].minimum
    expected = 15000.0 + (5000.0 if west else 0.0)
    assert one(found.obstacles, "flood").area == pytest.approx(expected, abs=1e-6)


def test_what_is_there_now() -> None:
    stops = [("POINT(300 50)", {"mode": "train"}), ("POINT(250 50)", {"mode": "bus"})]
    found = looked(context={"stops": stops})
    wood = one(found.chances, "wood_and_nature")
    assert wood.area == pytest.approx(2500.0, abs=1e-6) and wood.level == "large"
    assert one(found.chances, "station").area == pytest.approx(20000.0, abs=1e-6)
    assert one(found.chances, "station").count == 1
    assert one(found.chances, "transit").count == 1
    nothing = looked(current=[])
    assert not [f for f in nothing.chances if f.rule == "wood_and_nature"]
    assert "wood_and_nature" not in [r.id for r, _ in looked().unseen]


def test_an_alert_counts_once() -> None:
    """Natura 2000 in the plan is the alert; that it is near as well is not told again."""
    inside = looked(context={"natura2000": [(box(150, 0, 400, 100), {"name": "Veen"})]})
    alert = one(inside.obstacles, "alert_natura2000")
    assert alert.area == pytest.approx(5000.0, abs=1e-6) and alert.names == ["Veen"]
    assert not [f for f in inside.obstacles if f.rule == "natura2000_near"]
    beside = looked(context={"natura2000": [(box(300, 0, 400, 100), {"name": "Veen"})]})
    near = one(beside.obstacles, "natura2000_near")
    assert near.distance == pytest.approx(100.0) and near.level == "important"


def test_worst_first_and_every_sentence_is_there() -> None:
    found = looked(
        context={"risk_contours": [(box(0, 0, 20, 100), {"pr": -5.0})],
                 "attention_areas": [(PLAN, {"kind": "toxic"}), (PLAN, {"kind": "fire"})]})
    assert [f.rule for f in found.obstacles][:2] == ["individual_risk", "attention_fire"]
    for each in (*found.obstacles, *found.chances):
        for language in LANGUAGES:
            assert "{" not in text(each.title(), language) + text(each.where(), language)
            assert has_text(each.advice().key, language)


def test_every_shipped_rule_has_its_texts_and_a_source() -> None:
    rules = load_start_rules()
    assert {r.kind for r in rules.rules} == {OBSTACLE, CHANCE}
    for rule in rules.rules:
        for language in LANGUAGES:
            for part in ("title", "advice"):
                key = f"startsheet.{rule.kind}.{rule.text}.{part}"
                assert has_text(key, language), key
        assert rule.source in rules.sources or rule.source in profile().sources, rule.id


def test_nothing_given_nothing_found_and_all_named() -> None:
    empty = looked(current=[])
    assert empty.obstacles == [] and empty.chances == []
    assert len(empty.unseen) == len(load_start_rules().rules)


@pytest.mark.parametrize("rule, key", [
    ("severity: normal", "subject"),
    ("{severity: normal, role: no2, functions: [wood]}", "subject"),
    ("{severity: normal, role: no2, above: 1, below: 2}", "operator"),
    ("{severity: normal, field: heat_pet.pet}", "field"),
    ("{severity: normal, role: no2, above: {anchor: basis}}", "threshold"),
])  # fmt: skip
def test_a_wrong_rule_is_refused_with_its_place(tmp_path: Path, rule: str, key: str) -> None:
    file = tmp_path / "start.yml"
    block = rule if rule.startswith("{") else "{" + rule + "}"
    file.write_text(f"version: 1\nobstacles:\n  mine: {block}\n")
    with pytest.raises(DgoError) as raised:
        load_start_rules(str(file))
    assert raised.value.message.key == f"errors.start.{key}"
    assert "start.yml" in str(raised.value)


# --- directions -----------------------------------------------------------------------------------
def test_directions_without_a_current_situation_say_what_is_asked() -> None:
    made = scene(zones=[("GT04", PLAN)], plan=PLAN, current=NOW)
    found = directions(made, profile())
    asked = [i for i in profile().indicators if profile().norm(i, "GT04") is not None]
    assert len(found) >= len(asked) - 1 and {d.state for d in found} == {UNKNOWN}
    water = next(d for d in found if d.indicator == "open_water")
    norm = profile().norm("open_water", "GT04")
    assert (water.minimum, water.basis, water.optimum) == (norm.minimum, norm.basis, norm.optimum)


def test_the_heaviest_shortage_comes_first() -> None:
    """No water at all on 2 ha of grass: below the minimum; the pull is (6 - mark) x 1 x 1."""
    made = scene(zones=[("GT04", PLAN)], plan=PLAN, current=NOW)
    rows = assess(made, profile(), ["open_water", "green"]).scores
    found = directions(made, profile(), rows)
    first = found[0]
    assert first.indicator == "open_water" and first.state == BELOW and first.value == 0.0
    assert first.share == pytest.approx(1.0)
    assert first.pull == pytest.approx(6.0 - first.mark)
    assert [d.pull for d in found] == sorted((d.pull for d in found), reverse=True)
