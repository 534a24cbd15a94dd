"""Sources in a row as one source: what joins, what does not, and that no power is lost."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.noise.lines import Lines, chained
from dgo_twin_plugin.engine.models.noise.obstacles import Obstacles
from dgo_twin_plugin.engine.models.noise.propagation import run


def lines(ends, power=80.0, height=0.5) -> Lines:
    """``ends`` (k, 4); ``power`` and ``height`` one for all or one each."""
    ends = np.array(ends, float)
    n = len(ends)
    level = np.zeros((n, 3, 8)) + np.broadcast_to(power, n)[:, None, None]
    return Lines(*ends.T, np.zeros(n) + height, level, np.full(n, "road_municipal", object),
                 np.full(n, "plan", object), np.arange(n))  # fmt: skip


def joined(given: Lines, longest: float = 400.0, group=None) -> list[tuple[float, ...]]:
    group = np.zeros(given.n, np.int64) if group is None else np.array(group)
    made, kept = chained(given, group, longest)
    assert made.n == len(kept)
    assert made.length.sum() == pytest.approx(given.length.sum(), abs=0.01)
    return sorted(tuple(np.round(row, 2)) for row in
                  np.column_stack([made.x0, made.y0, made.x1, made.y1]))  # fmt: skip


ROW = [(0, 0, 100, 0), (100, 0, 200, 0), (200, 0, 300, 0)]


def test_a_street_cut_at_crossings_is_one_source():
    assert joined(lines(ROW)) == [(0, 0, 300, 0)]
    assert joined(lines([ROW[2], ROW[0], ROW[1]])) == [(0, 0, 300, 0)]  # in any order
    # in any direction, on any bearing: (30, 40) is 50 m, three of them 150 m
    slant = [(0, 0, 30, 40), (60, 80, 30, 40), (60, 80, 90, 120)]
    assert joined(lines(slant)) == [(0, 0, 90, 120)]
    assert joined(lines([(0, 300, 0, 200), (0, 100, 0, 200)])) == [(0, 100, 0, 300)]
    assert joined(lines([(100, 0, 0, 0), (200, 0, 100, 0)])) == [(0, 0, 200, 0)]


def test_no_longer_than_asked():
    assert joined(lines(ROW), 250.0) == [(0, 0, 200, 0), (200, 0, 300, 0)]
    assert joined(lines(ROW), 50.0) == ROW  # what is longer stays


def test_what_differs_stays_apart():
    assert joined(lines(ROW, [80.0, 80.0, 70.0])) == [(0, 0, 200, 0), (200, 0, 300, 0)]
    assert joined(lines(ROW, height=[0.5, 4.0, 4.0])) == [(0, 0, 100, 0), (100, 0, 300, 0)]
    assert joined(lines(ROW), group=[0, 0, 1]) == [(0, 0, 200, 0), (200, 0, 300, 0)]
    bent = [(0, 0, 100, 0), (100, 0, 200, 1)]
    assert joined(lines(bent)) == bent
    gap = [(0, 0, 100, 0), (101, 0, 200, 0)]
    assert joined(lines(gap)) == gap
    crossing = [*ROW[:2], (100, -50, 100, 0), (100, 0, 100, 60)]
    assert joined(lines(crossing)) == [(0, 0, 200, 0), (100, -50, 100, 60)]


def test_lines_on_each_other_stay():
    twice = [ROW[0], ROW[0], ROW[1]]
    assert joined(lines(twice)) == sorted(twice)
    assert joined(lines(np.zeros((0, 4)))) == []


def test_silent_periods_are_no_hindrance():
    given = lines(ROW)
    given.power[:, 2] = -np.inf
    assert joined(given) == [(0, 0, 300, 0)]


def test_the_level_is_that_of_the_parts():
    """Divergence is the closed form either way; only the places that stand for the parts of a
    sector, by which air and ground count, shift a little."""
    open_ = Obstacles.of(np.zeros((0, 4)), np.zeros(0))
    receivers = np.array([(150.0, 50.0, 4.0), (-80.0, 120.0, 4.0)])
    apart, group = lines(ROW), np.zeros(3, np.int64)
    one, kept = chained(apart, group, 400.0)
    assert one.n == 1
    for sectors in (36, 144):
        a = run(apart, open_, receivers, group, 1, sectors).lden
        b = run(one, open_, receivers, kept, 1, sectors).lden
        assert b == pytest.approx(a, abs=0.15)
