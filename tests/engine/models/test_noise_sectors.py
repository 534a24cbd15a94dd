"""The geometry of paths against plain loops: walls on rays, sources cut by sectors."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.noise import propagation, sectors
from dgo_twin_plugin.engine.models.noise.hull import bands, edge_of, mirrored
from dgo_twin_plugin.engine.models.noise.sectors import Walls, met_walls, parts_of, pieces_of

ROUND = 36


def walls_of(random: np.random.Generator, n: int) -> Walls:
    middle, half = random.uniform(-150, 150, (n, 2)), random.uniform(-20, 20, (n, 2))
    return Walls(*(middle - half).T, *(middle + half).T, random.uniform(3, 15, n).astype("f4"),
                 np.ones(n, bool))  # fmt: skip


def crossings(place, angle: float, walls: Walls) -> list[tuple[float, int]]:
    """(distance, wall) of all walls on the ray, nearest first: two equations with two unknowns."""
    found = []
    for k in range(len(walls.x0)):
        along = walls.x1[k] - walls.x0[k], walls.y1[k] - walls.y0[k]
        far, share = np.linalg.solve([[np.cos(angle), -along[0]], [np.sin(angle), -along[1]]],
                                     [walls.x0[k] - place[0], walls.y0[k] - place[1]])  # fmt: skip
        if far > 0 and 0 <= share < 1:
            found.append((far, k))
    return sorted(found)


@pytest.mark.parametrize("shift", [0.0, 5000.0])
def test_the_walls_on_rays_are_those_of_a_plain_loop(shift):
    """Every ray with a limit of its own, some not asked at all, one place not asked in any."""
    random = np.random.default_rng(3)
    walls, xy = walls_of(random, 90), random.uniform(-60, 60, (7, 2))
    limit = random.choice([0.0, 40.0, 120.0, 300.0], (7, ROUND))
    limit[4] = 0.0
    for ends in (walls.x0, walls.x1):
        ends += shift
    xy[:, 0] += shift
    met = met_walls(xy, walls, limit)
    assert len(met.start) == 7 * ROUND + 1
    several = 0
    for ray in range(7 * ROUND):
        place, sector = divmod(ray, ROUND)
        angle = (sector + 0.5) * 2 * np.pi / ROUND
        expected = [e for e in crossings(xy[place], angle, walls) if e[0] <= limit[place, sector]]
        at = slice(*met.start[ray : ray + 2])
        assert met.wall[at].tolist() == [wall for _, wall in expected]
        assert met.far[at] == pytest.approx([far for far, _ in expected], abs=1e-3)
        several += len(expected) > 1
        for reach in (0.5, 30.0, 77.0, 400.0):
            passed = met.passed(np.array([ray]), np.array([reach], np.float32))[0]
            assert passed == sum(far < reach for far, _ in expected)
    assert several > 50


def test_walls_nearer_to_each_other_than_two_bytes_tell_stand_outward():
    """Ten walls within a millimetre, given in any order."""
    far = 100.0 + np.random.default_rng(4).permutation(10) * 1e-4
    walls = Walls(far, np.full(10, -50.0), far, np.full(10, 50.0), np.ones(10, "f4"),
                  np.ones(10, bool))  # fmt: skip
    met = met_walls(np.zeros((1, 2)), walls, np.full((1, ROUND), 300.0))
    at = slice(*met.start[:2])
    assert met.wall[at].tolist() == np.argsort(far).tolist()


def test_a_wall_is_met_ahead_or_behind_never_twice():
    """Places on both sides of a wall: the opposite rays of a place lie on one line."""
    walls = Walls(*np.array([[10.0], [-500.0], [10.0], [500.0]]), np.ones(1, "f4"),
                  np.ones(1, bool))  # fmt: skip
    met = met_walls(np.array([[0.0, 0.0], [20.0, 0.0]]), walls, np.full((2, ROUND), 30.0))
    count = np.diff(met.start).reshape(2, ROUND)
    middle = (np.arange(ROUND) + 0.5) * 2 * np.pi / ROUND
    near = 10.0 / np.maximum(np.cos(middle), 1e-9) <= 30.0
    assert count[0].tolist() == near.astype(int).tolist()
    assert count[1].tolist() == np.roll(near, ROUND // 2).astype(int).tolist()


@pytest.mark.parametrize("at_once", [sectors.PAIRS, 50])
def test_parts_make_up_their_sources(monkeypatch, at_once):
    """All of each source within reach; each part in the three sectors round its ray, or in one."""
    monkeypatch.setattr(sectors, "PAIRS", at_once)
    random = np.random.default_rng(5)
    x0, y0, x1, y1 = random.uniform(-250, 250, (4, 30))
    xy = random.uniform(-40, 40, (9, 2))
    reach = random.uniform(60, 200, 30)
    parts = parts_of(xy, pieces_of(x0, y0, x1, y1, reach, 1e4, np.full(30, np.inf)), ROUND)
    length = np.bincount(parts.site * 30 + parts.line, parts.along1 - parts.along0, 270)
    t = (np.arange(40_000) + 0.5) / 40_000
    for k in range(270):
        place, line = divmod(k, 30)
        far = np.hypot(x0[line] + t * (x1 - x0)[line] - xy[place, 0],
                       y0[line] + t * (y1 - y0)[line] - xy[place, 1])  # fmt: skip
        whole = np.hypot((x1 - x0)[line], (y1 - y0)[line])
        assert length[k] == pytest.approx((far <= reach[line]).mean() * whole, abs=0.05)
    place, sector = np.divmod(parts.ray, ROUND)
    assert np.array_equal(place, parts.site)
    off = np.arctan2(parts.dy, parts.dx) - (sector + 0.5) * 2 * np.pi / ROUND
    off = np.abs((off + np.pi) % (2 * np.pi) - np.pi)
    some = parts.along1 > parts.along0 + 1e-3
    assert off[some].max() <= sectors.FAR * np.pi / ROUND + 1e-4
    assert np.hypot(parts.dx, parts.dy) == pytest.approx(parts.distance, abs=1e-3)


def test_rays_go_as_far_as_their_farthest_source_and_the_facade_behind_it():
    random = np.random.default_rng(6)
    x0, y0, x1, y1 = random.uniform(-250, 250, (4, 30))
    pieces = pieces_of(x0, y0, x1, y1, np.full(30, 280.0), 100.0, np.full(30, np.inf))
    parts = parts_of(random.uniform(-40, 40, (5, 2)), pieces, ROUND)
    none = np.zeros(0)
    job = propagation._Job(pieces, None, None, none, none, none, 1, ROUND, 300.0, None,
                           threading.Event())  # fmt: skip
    limit = propagation._limit(job, parts, 5).ravel()
    for ray in range(5 * ROUND):
        far = parts.distance[parts.ray == ray]
        expected = min(far.max() + 50.0, 300.0) if len(far) else 0.0
        assert expected <= limit[ray] + 1e-9 and limit[ray] <= expected + 0.01


def test_the_facade_behind_a_source_is_the_next_that_reflects():
    """Edges at 10, 20, 30 and 40 m, of which some reflect; sources anywhere on the ray, also on an
    edge itself, which then is not behind it."""
    far = np.array([10, 20, 30, 40], np.float32)
    for code in range(16):
        bright = np.array([code >> k & 1 for k in range(4)], bool)
        mirror = np.where(bright, far, np.float32(np.inf))
        made = bands(np.zeros(1, int), np.array([4]), far, np.ones(4, "f4"), mirror, np.ones(1))
        for reach in (5.0, 12.0, 20.0, 25.0, 35.0, 45.0):
            nth = np.array([np.count_nonzero(far < reach - 1e-4)])
            found = mirrored(made, edge_of(made, np.zeros(1, int), nth),
                             np.array([reach], np.float32), 12.0)[0]  # fmt: skip
            assert found == any(reach < f <= reach + 12.0 for f in far[bright])
