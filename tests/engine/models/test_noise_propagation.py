"""The engine of propagation: closed forms, screens, brute force, bad input, edits."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgo_twin_plugin.engine.grid import Raster
from dgo_twin_plugin.engine.models.noise import attenuation as loss
from dgo_twin_plugin.engine.models.noise import change, propagation
from dgo_twin_plugin.engine.models.noise.lines import A_WEIGHT, Lines
from dgo_twin_plugin.engine.models.noise.obstacles import Obstacles
from dgo_twin_plugin.engine.pulse import heard_by
from dgo_twin_plugin.engine.words import Cancelled

from . import noise_reference as reference

SHAPE = np.array([-12.0, -9.0, -7.0, -2.0, 2.0, -1.0, -8.0, -17.0]) + A_WEIGHT


def lines(ends, level=70.0, height=0.5) -> Lines:
    ends = np.asarray(ends, float).reshape(-1, 4)
    n = len(ends)
    power = np.broadcast_to(level, n)[:, None, None] + SHAPE + np.array([0, -3.0, -8.0])[:, None]
    return Lines(*ends.T, np.full(n, height), power, np.full(n, "road_municipal", object),
                 np.full(n, "autonomous", object), np.arange(n))  # fmt: skip


def block(x0, y0, x1, y1) -> list:
    return [(x0, y0, x1, y0), (x1, y0, x1, y1), (x1, y1, x0, y1), (x0, y1, x0, y0)]


def obstacles(walls=(), height=(), reflects=None, soft=None, level=0.5) -> Obstacles:
    return Obstacles.of(np.asarray(walls, float).reshape(-1, 4), np.asarray(height, float),
                        reflects, soft, level)  # fmt: skip


def run(road, walls, receivers, **more):
    return propagation.run(road, walls, np.asarray(receivers, float).reshape(-1, 3),
                           np.zeros(road.n, int), 1, **more)  # fmt: skip


def lden(road, walls, receivers, **more):
    return run(road, walls, receivers, **more).lden


LONG = lines([(-3000, 0, 3000, 0)])


# --- closed forms ---------------------------------------------------------------------------
def test_distance_of_a_long_line(monkeypatch):
    """Divergence alone: 3 dB less per doubling of the distance (ends 600 m away do not matter at
    5, 10, 20 m beyond 0.1 dB: atan(300 / 20) / (pi / 2) = 0.958)."""
    bare = loss.Air(np.zeros(8), loss.air().wavelength, 0.0, 20.0, 0.01, 10**-2.5)
    monkeypatch.setattr(loss, "air", lambda: bare)
    monkeypatch.setattr(loss, "ground", lambda hs, hr, d, s, m, r: np.zeros((8, len(d)), d.dtype))
    strong = lines([(-3000, 0, 3000, 0)], level=90.0)  # counts up to 600 m
    found = lden(strong, obstacles(), [(0, y, 0.5) for y in (5.0, 10.0, 20.0, 40.0)])
    assert np.diff(found) == pytest.approx([-3.01, -3.01, -3.01], abs=0.12)
    # exact: W * 2 atan(600 / d) / (4 pi d), cut off at 600 m from the receiver
    power = 10 * np.log10((10 ** (strong.power[0] / 10)).sum(axis=1) @ propagation.WEIGHTS)
    d = np.array([5.0, 10.0, 20.0, 40.0])
    exact = power + 10 * np.log10(2 * np.arccos(d / 600) / (4 * np.pi * d))
    assert found == pytest.approx(exact, abs=0.01)


def test_open_field_is_the_integral_of_the_formulae():
    """Far from obstacles: the sum over points of 0.1 m with the same formulae, within 0.1 dB."""
    road = lines([(-120, 0, 150, 30)])
    for receiver in ((0.0, 20.0, 4.0), (40.0, -60.0, 1.5), (200.0, 100.0, 10.0)):
        expected = reference.lden(road, obstacles(), receiver, step=0.5)
        assert lden(road, obstacles(), receiver)[0] == pytest.approx(expected, abs=0.1)


def test_periods_and_groups_stand_apart():
    road = lines([(-100, 0, 100, 0), (-100, 50, 100, 50)])
    found = propagation.levels(road, obstacles(), np.array([[0.0, 20.0, 4.0]]), np.array([0, 2]), 3)
    assert found.shape == (1, 3, 3)
    assert np.all(np.isneginf(found[0, 1]))
    assert found[0, 0] == pytest.approx(found[0, 0, 0] + np.array([0, -3, -8]), abs=1e-4)
    both = propagation.levels(road, obstacles(), np.array([[0.0, 20.0, 4.0]]), np.zeros(2, int), 1)
    power = (10 ** (found[0, [0, 2], 0] / 10)).sum()
    assert both[0, 0, 0] == pytest.approx(10 * np.log10(power), abs=1e-4)


# --- screens --------------------------------------------------------------------------------
def test_a_block_of_twelve_metres_lowers_the_level_by_five():
    road = lines([(-100, 0, 100, 0)])
    house = block(-60, 20, 60, 32)
    behind = [(0.0, 45.0, 1.5), (0.0, 45.0, 4.5), (20.0, 60.0, 4.0)]
    free = lden(road, obstacles(), behind)
    screened = lden(road, obstacles(house, [12.0] * 4), behind)
    assert np.all(free - screened >= 5.0)


def test_a_wall_of_one_metre_lowers_the_level_by_less_than_two():
    """At 4 m height, 40 m from the road, wall at 20 m: the sight line passes over it."""
    road = lines([(-100, 0, 100, 0)])
    wall = obstacles([(-100, 20, 100, 20)], [1.0], [False])
    receiver = [(0.0, 40.0, 4.0), (0.0, 40.0, 7.5)]
    drop = lden(road, obstacles(), receiver) - lden(road, wall, receiver)
    assert np.all(drop >= 0) and np.all(drop < 2.0)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.5, 20), st.floats(0.0, 10), st.floats(1.5, 15), st.floats(5, 60))
def test_a_higher_screen_never_raises(height, more, receiver, far):
    road = lines([(-80, 0, 120, 0)])
    at = [(0.0, 12.0 + far, receiver)]
    low, high = (obstacles([(-150, 10, 150, 12)], [h], [False]) for h in (height, height + more))
    assert lden(road, high, at)[0] <= lden(road, low, at)[0] + 1e-4
    assert lden(road, low, at)[0] <= lden(road, obstacles(), at)[0] + 1e-4


def test_reciprocity_of_a_path():
    """Source and receiver change places: the same attenuation (over one G)."""
    walls = obstacles(block(20, -30, 32, 30) + block(50, -30, 55, 30), [9.0] * 4 + [14.0] * 4,
                      [False] * 8)  # fmt: skip
    there = lden(lines([(-0.05, 0, 0.05, 0)], height=2.0), walls, [(90.0, 0.0, 5.0)])
    back = lden(lines([(89.95, 0, 90.05, 0)], height=5.0), walls, [(0.0, 0.0, 2.0)])
    assert there == pytest.approx(back, abs=0.02)


def test_a_facade_behind_the_source_reflects():
    """The whole source has a facade 10 m behind it: 1.5 dB; a barrier there does not reflect."""
    road = lines([(-20, 0, 20, 0)])
    far = (-300, -10, 300, -10)
    at = [(0.0, 15.0, 4.0)]
    free = lden(road, obstacles(), at)
    assert lden(road, obstacles([far], [9.0]), at) - free == pytest.approx(1.5, abs=1e-3)
    assert lden(road, obstacles([far], [9.0], [False]), at) == pytest.approx(free)


# --- brute force ----------------------------------------------------------------------------
def town(seed: int):
    random = np.random.default_rng(seed)
    walls, height = [], []
    for _ in range(14):
        x, y = random.uniform(-120, 120, 2)
        w, d = random.uniform(6, 30, 2)
        if abs(y) < 8 + d or abs(x - 60) < 8 + w:
            continue
        walls += block(x - w / 2, y - d / 2, x + w / 2, y + d / 2)
        height += [random.uniform(3, 16)] * 4
    roads = lines([(-150, 0, 0, 3), (0, 3, 150, 0), (60, -150, 62, 150)], [70.0, 70.0, 66.0])
    at = np.column_stack([random.uniform(-100, 100, (6, 2)), random.choice([1.5, 4.0, 10.5], 6)])
    return roads, obstacles(walls, height), at


def test_against_brute_force():
    """Twelve receivers in two made-up towns, dense points and every wall tried: 0.5 dB at most."""
    for seed in (1, 2):
        roads, walls, at = town(seed)
        expected = [reference.lden(roads, walls, r, step=1.0) for r in at]
        assert np.abs(lden(roads, walls, at) - expected).max() <= 0.5


# --- bad input --------------------------------------------------------------------------------
def test_receiver_on_the_source_stays_possible():
    road = lines([(-50, 0, 50, 0)], level=80.0)
    found = lden(road, obstacles(), [(0, 0, 0.5), (0, 0, 4), (50, 0, 0.5), (80, 0, 0.5)])
    assert np.all(np.isfinite(found)) and np.all(found < 90)


def test_nothing_in_gives_nothing_out():
    none = Lines.none()
    assert np.isneginf(lden(none, obstacles(), [(0, 0, 4)]))[0]
    assert run(LONG, obstacles(), np.zeros((0, 3))).levels.shape == (0, 1, 3)
    assert np.isneginf(lden(LONG, obstacles(), [(np.nan, 0, 4)]))[0]
    assert np.isneginf(lden(LONG, obstacles(), [(0, 5000, 4)]))[0]
    zero = lines([(10, 10, 10, 10), (np.nan, 0, 1, 1)])
    assert np.isneginf(lden(zero, obstacles(), [(0, 0, 4)]))[0]
    silent = lines([(-50, 0, 50, 0)], level=-np.inf)
    assert np.isneginf(lden(silent, obstacles(), [(0, 9, 4)]))[0]


def test_impossible_walls_are_left_out():
    strange = obstacles([(0, 5, 0, 5), (-9, 5, 9, 5), (-9, 6, 9, 6), (np.nan, 5, 9, 5)],
                        [5.0, np.nan, -3.0, 5.0])  # fmt: skip
    assert strange.n == 0
    inside = obstacles(block(-5, -5, 5, 5), [9.0] * 4)
    assert np.isfinite(lden(LONG, inside, [(0, 2, 4)]))[0]


def test_cancel_is_heard():
    def stop():
        raise Cancelled

    roads, walls, at = town(1)
    with heard_by(stop), pytest.raises(Cancelled):
        run(roads, walls, at)


def test_strong_sources_reach_farther():
    """LW' such that the free level of an endless line is 45 dB at 450 m:
    Lden = LW' - 10 lg(4 d) -> LW' = 45 + 10 lg 1800 = 77.55 dB (Lden-weighted)."""
    base = lines([(-900, 0, 900, 0)], level=0.0)
    weighted = 10 * np.log10((10 ** (base.power[0] / 10)).sum(axis=1) @ propagation.WEIGHTS)
    road = lines([(-900, 0, 900, 0)], level=77.553 - weighted)
    found = lden(road, obstacles(), [(0, 440, 4), (0, 460, 4)])
    assert np.isfinite(found[0]) and np.isneginf(found[1])
    weak = lines([(-900, 0, 900, 0)], level=40.0)
    assert np.isfinite(lden(weak, obstacles(), [(0, 299, 4)]))[0]


# --- edits ------------------------------------------------------------------------------------
def soft(seed: int) -> Raster:
    random = np.random.default_rng(seed)
    return Raster(random.choice([0.0, 0.5, 1.0], (40, 40)), -200.0, 200.0, 10.0, 10.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(
    ["move", "remove", "raise", "speed", "shift", "ground", "receivers", "nothing", "all"]))
def test_an_update_equals_a_full_run(seed, what):
    """Whatever changes, within 0.05 dB (found: to rounding)."""
    random = np.random.default_rng(seed)
    n = random.integers(2, 8)
    centre = random.uniform(-250, 250, (n, 2))
    tops = random.uniform(2, 15, n)
    ends = random.uniform(-300, 300, (4, 4))
    power = random.uniform(50, 85, 4)
    ground_ = soft(seed)
    at = np.column_stack([random.uniform(-300, 300, (12, 2)), random.uniform(1.5, 12, 12)])

    def state(centre, tops, ends, power, ground_):
        walls = [w for x, y in centre for w in block(x - 10, y - 6, x + 10, y + 6)]
        return lines(ends, power), obstacles(walls, np.repeat(tops, 4), soft=ground_)

    before = state(centre, tops, ends, power, ground_)
    at_before = at
    if what in ("move", "all"):
        centre = centre.copy()
        centre[0] += random.uniform(-40, 40, 2)
    if what == "remove":
        centre, tops = centre[1:], tops[1:]
    if what in ("raise", "all"):
        tops = tops.copy()
        tops[-1] += 4.0
    if what in ("speed", "all"):
        power = power.copy()
        power[1] += 7.0
    if what in ("shift", "all"):
        ends = ends.copy()
        ends[0] += 15.0
    if what in ("ground", "all"):
        values = ground_.values.copy()
        values[5:9, 20:24] = 0.25
        ground_ = Raster(values, ground_.x0, ground_.y0, ground_.dx, ground_.dy)
    if what in ("receivers", "all"):
        at = np.concatenate([at[3:], at[:2] + 5.0])
    road, walls = before
    old = propagation.run(road, walls, at_before, np.zeros(4, int), 1)
    road, walls = state(centre, tops, ends, power, ground_)
    group = np.zeros(4, int)
    # in so small a town much would have changed, and all be worked out
    with patch.object(change.Change, "much", False):
        new = propagation.update(old, road, walls, at, group)
    full = propagation.run(road, walls, at, group, 1)
    some = np.isfinite(full.lden)
    assert np.array_equal(some, np.isfinite(new.lden))
    assert np.abs(new.lden - full.lden)[some].max(initial=0.0) <= 1e-4


def test_where_much_changed_all_is_worked_out(monkeypatch):
    """Other walls, other roads: no differences are taken, and the answer is that of a full run."""
    roads, walls, at = town(1)
    old = run(roads, walls, at)
    roads, walls, _ = town(3)
    group = np.zeros(roads.n, int)
    monkeypatch.setattr(propagation, "_corrected", None)
    louder = lines(np.column_stack([roads.x0, roads.y0, roads.x1, roads.y1]), 73.0)
    new = propagation.update(old, louder, walls, at, group)
    assert np.array_equal(new.energy, propagation.run(louder, walls, at, group, 1).energy)
