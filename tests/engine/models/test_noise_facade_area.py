"""The bridges from a scene: obstacles, facade levels, the field."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.noise import area, change, memory, propagation
from dgo_twin_plugin.engine.models.noise.facade import GROUPS, building_levels
from dgo_twin_plugin.engine.models.noise.lines import A_WEIGHT, Lines
from dgo_twin_plugin.engine.models.noise.obstacles import Obstacles, obstacles_of
from dgo_twin_plugin.engine.models.noise.outline import outline
from dgo_twin_plugin.engine.models.tables import constants
from dgo_twin_plugin.engine.texts import text

from .. import factory
from ..factory import box

SHAPE = np.array([-12.0, -9.0, -7.0, -2.0, 2.0, -1.0, -8.0, -17.0]) + A_WEIGHT
PLAN = box(0, 0, 200, 200)


def road(scene, y: float, level: float = 70.0, kind="road_municipal", origin="autonomous") -> Lines:
    """A road from west to east at world ``y``."""
    y -= scene.origin[1]
    power = np.full((1, 3, 1), level) + SHAPE + np.array([0, -3.0, -8.0])[None, :, None]
    one = np.ones(1)
    words = (np.array([word], object) for word in (kind, origin))
    return Lines(one * -400, one * y, one * 400, one * y, one * 0.5, power, *words,
                 np.zeros(1, int))  # fmt: skip


def made(surfaces=(), items=None, **more):
    return factory.scene(zones=[("GT04", PLAN)], surfaces=list(surfaces), items=items, plan=PLAN,
                         **more)  # fmt: skip


HOUSE = ("dwelling", box(80, 60, 120, 72), {"height": 9.0, "floors": 3.0, "dwellings": 6.0})
YARD = ("grass", PLAN, {})


def test_obstacles_of_a_scene():
    barrier = ("noise_barrier", "LINESTRING(0 40, 60 40, 60 45)", {"height": 2})
    scene = made([HOUSE, YARD], [barrier])
    found = obstacles_of(scene)
    assert found.n == 6  # four walls, two stretches
    assert found.height.tolist() == [9.0] * 4 + [2.0] * 2
    assert found.reflects.tolist() == [True] * 4 + [False] * 2
    assert not found.checks


def test_ground_of_a_scene():
    """Grass is soft but for its sealed share; the house and unknown ground outside the plan."""
    scene = made([HOUSE, YARD])
    found = obstacles_of(scene)
    x, y = np.array([[30.0, 150.0], [100.0, 66.0], [-300.0, -300.0]]).T - np.array(
        scene.origin)[:, None]  # fmt: skip
    soft = found.softness(x, y)
    assert soft[0] == pytest.approx(1.0, abs=0.05)
    assert soft[1] < 0.7  # 12 of the 25 m of the window are roof
    assert soft[2] == pytest.approx(0.5)


def test_strange_heights_are_said_and_never_used():
    """-4 and 1e6 m cannot be; NaN has the default of the area type. Barrier without height: 3 m."""
    surfaces = [("industry", box(10, 10, 30, 30), {"height": -4.0, "floors": 2.0}),
                ("industry", box(50, 10, 70, 30), {"height": 1e6, "floors": 1e9}),
                ("industry", box(90, 10, 99, 30), {}), YARD]  # fmt: skip
    scene = made(surfaces, [("noise_barrier", "LINESTRING(0 40, 60 40)", {})])
    found = obstacles_of(scene)
    assert np.all((found.height >= 2.0) & (found.height <= 350.0)) and found.n == 13
    assert found.height[-1] == 3.0
    codes = {c.code for c in found.checks}
    assert {"noise_height_assumed", "noise_barrier_assumed"} <= codes
    for language in ("nl", "en"):
        for check in found.checks:
            said = text(check.title(), language) + text(check.advice(), language)
            assert "{" not in said and "checks." not in said


def test_facade_levels_per_kind_and_the_loudest_storey():
    scene = made([HOUSE, YARD])
    lines = road(scene, 20.0).joined(road(scene, 190.0, 60.0, "rail", "plan"))
    found = building_levels(scene, lines)
    assert set(found.level) == {("road_municipal", "autonomous"), ("rail", "plan")}
    assert np.all(scene.surfaces.function[found.building] == "dwelling")
    assert set(found.height.tolist()) <= {1.5, 4.5, 7.5}
    # the front of the house is louder than its back by what a block of 9 m screens
    front, back = (found.xy[:, 1] + scene.origin[1] < 60), (found.xy[:, 1] + scene.origin[1] > 72)
    by_road = found.level["road_municipal", "autonomous"][:, 0]
    assert by_road[front].min() > by_road[back].max() + 10
    # no storey of a point is louder than the one that stands for it
    every = propagation.decibel(found.run.energy.sum(axis=1) @ propagation.WEIGHTS)
    place = {tuple(xy): k for k, xy in enumerate(found.xy)}
    at = np.array([place[tuple(r)] for r in found.run.receivers[:, :2]])
    highest = np.full(len(found.xy), -np.inf)
    np.maximum.at(highest, at, every)
    assert found.lden == pytest.approx(highest)
    assert building_levels(scene, lines) is found
    assert len(found.run.receivers) == 3 * len(found.xy)
    assert found.run.energy.shape[1] == len(GROUPS)


def test_rows_choose_the_buildings():
    scene = made([HOUSE, ("office", box(20, 100, 40, 120), {"height": 6.0}), YARD])
    lines = road(scene, 20.0)
    office = np.flatnonzero(scene.surfaces.function == "office")
    assert set(building_levels(scene, lines, office).building.tolist()) == set(office.tolist())
    assert len(set(building_levels(scene, lines).building.tolist())) == 2
    nothing = building_levels(scene, lines, np.zeros(0, int))
    assert len(nothing.building) == 0


def test_a_large_plan_has_one_storey_per_point(monkeypatch):
    """With more receivers than ``many``: 4.5 m, fewer sectors, and said; near the full answer."""
    scene = made([HOUSE, YARD])
    full = building_levels(scene, road(scene, 20.0))
    assert not full.coarse
    monkeypatch.setitem(constants("propagation")["method"], "many", 10)
    scene = made([HOUSE, YARD])
    coarse = building_levels(scene, road(scene, 20.0))
    assert coarse.coarse and set(coarse.height.tolist()) == {4.5}
    assert len(coarse.run.receivers) == len(coarse.building)
    assert coarse.run.sectors == 36
    front = coarse.xy[:, 1] + scene.origin[1] < 60
    assert np.abs(coarse.lden - full.lden)[front].max() < 1.5


def test_rows_of_houses_make_one_outline():
    """Three touching houses of 9 m and one of 12 m: the walls between the equal ones go, the rest
    of the row becomes two walls; the higher house keeps its side, and its front."""
    houses = [("dwelling", box(10 + 6 * k, 20, 16 + 6 * k, 30), {"height": h})
              for k, h in enumerate((9.0, 9.0, 9.0, 12.0))]  # fmt: skip
    found = obstacles_of(made([*houses, YARD]))
    # 9 m: left end, front, back; 12 m: front, back, both sides (towards the row it stands higher)
    assert sorted(found.height.tolist()) == [9.0] * 3 + [12.0] * 4
    length = np.hypot(found.x1 - found.x0, found.y1 - found.y0)
    assert sorted(length[found.height == 9.0].tolist()) == pytest.approx([10.0, 18.0, 18.0])


def test_outline_screens_as_all_walls_do():
    """Receivers around a row, every wall against the outline: the same to 0.01 dB."""
    random = np.random.default_rng(4)
    walls, height = [], []
    for k in range(8):
        x0, x1 = 10 + 6 * k, 16 + 6 * k
        walls += [(x0, 20, x1, 20), (x1, 20, x1, 30), (x1, 30, x0, 30), (x0, 30, x0, 20)]
        height += [float(random.choice([6.0, 9.0, 12.0]))] * 4
    walls, height = np.array(walls, float), np.array(height)
    fewer = outline(walls, height)
    assert len(fewer[0]) < len(walls)
    scene = made([YARD])
    lines = road(scene, scene.origin[1])
    at = np.column_stack([random.uniform(0, 70, 40), random.uniform(32, 60, 40),
                          random.uniform(1.5, 14, 40)])  # fmt: skip
    both = [propagation.run(lines, Obstacles.of(*some), at, np.zeros(1, int), 1).lden
            for some in ((walls, height), fewer)]  # fmt: skip
    assert both[0] == pytest.approx(both[1], abs=0.01)


def test_no_source_reaches():
    scene = made([HOUSE, YARD])
    found = building_levels(scene, Lines.none())
    assert found.level == {} and np.all(np.isneginf(found.lden))
    assert np.all(np.isnan(area.lden_field(scene, Lines.none()).values))


def test_field_knows_no_inside_and_falls_with_distance():
    scene = made([HOUSE, YARD])
    field = area.lden_field(scene, road(scene, 20.0))
    origin = np.array(scene.origin)
    at = field.sample(np.array([[20.0, 25.0], [20.0, 60.0], [20.0, 150.0], [100.0, 66.0]]) - origin,
                      reach=0)  # fmt: skip
    assert at[0] > at[1] > at[2] and np.isnan(at[3])
    assert field.dx == 2.0
    # it covers the plan
    assert field.bounds()[0] <= -origin[0] and field.bounds()[2] >= 200 - origin[0]


def test_field_is_the_engine_at_its_receivers():
    scene = made([YARD])
    lines = road(scene, 20.0)
    field = area.noise_field(scene, lines)
    places = np.array([[33.0, 61.0], [120.0, 133.0]]) - np.array(scene.origin)
    exact = propagation.run(lines, obstacles_of(scene), np.column_stack([places, [4.0, 4.0]]),
                            np.zeros(1, int), 1, propagation.sectors_for("field")).lden  # fmt: skip
    assert field.raster.sample(places, 0) == pytest.approx(exact, abs=0.5)


@pytest.fixture(autouse=True)
def _nothing_kept():
    memory.forget()
    yield
    memory.forget()


def test_update_of_field_and_facades_equals_a_full_run(monkeypatch):
    """A house grows, another comes, a road gets louder: to rounding. The second scene finds the
    answers of the first by itself."""
    monkeypatch.setattr(change.Change, "much", False)
    before = made([HOUSE, YARD])
    after = made([("dwelling", box(80, 60, 120, 72), {"height": 15.0, "floors": 4.0}),
                  ("dwelling", box(20, 100, 44, 112), {"height": 9.0, "floors": 1.0}), YARD])
    assert before.origin == after.origin
    old_lines = road(before, 20.0).joined(road(before, 190.0, 60.0, "rail"))
    lines = road(after, 20.0, 73.0).joined(road(after, 190.0, 60.0, "rail"))
    with memory.remembering():
        old_field = area.noise_field(before, old_lines)
        old_levels = building_levels(before, old_lines)
        monkeypatch.setattr(propagation, "run", None)  # only differences from here on
        field, levels = area.noise_field(after, lines), building_levels(after, lines)
    assert np.isfinite(old_levels.lden).all()
    monkeypatch.undo()
    again = made([("dwelling", box(80, 60, 120, 72), {"height": 15.0, "floors": 4.0}),
                  ("dwelling", box(20, 100, 44, 112), {"height": 9.0, "floors": 1.0}), YARD])
    full = area.noise_field(again, lines)
    assert np.array_equal(np.isnan(field.raster.values), np.isnan(full.raster.values))
    assert np.nanmax(np.abs(field.raster.values - full.raster.values)) <= 1e-6
    whole = building_levels(again, lines)
    assert levels.lden == pytest.approx(whole.lden, abs=1e-6)
    assert np.nanmax(np.abs(field.raster.values - old_field.raster.values)) > 1.0  # it did change
