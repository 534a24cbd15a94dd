"""What is made again after an edit covers all that the edit can have moved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.frame import Frame
from dgo_twin_plugin.engine.models.heat import again
from dgo_twin_plugin.engine.models.heat.field import Day, Grids, heat, shaded
from dgo_twin_plugin.engine.models.patched import about, differ, joined, windows_of
from dgo_twin_plugin.engine.models.tables import constants
from dgo_twin_plugin.engine.models.water.cloudburst import (
    BUILDING,
    GROUND,
    WATER,
    Land,
    flow_of,
    same_land,
    updated,
)
from dgo_twin_plugin.engine.models.water.hierarchy import bounded, downhill, downhill_after


@pytest.mark.parametrize("seed", range(8))
def test_downhill_is_that_of_the_whole_terrain(seed: int) -> None:
    """Heights of few values: level ground, ties, walls that touch at corners, water."""
    random = np.random.default_rng(seed)
    z = random.integers(0, 4, (60, 70)).astype(float)
    z[random.random(z.shape) < 0.2] = np.inf
    z[random.random(z.shape) < 0.03] = -np.inf
    before = bounded(z)
    receiver = downhill(before)
    for _ in range(4):
        r, c = (int(random.integers(0, n)) for n in z.shape)
        z[r : r + 5, c : c + 4] = random.choice([np.inf, -np.inf, 0.0, 2.0])
        now = bounded(z)
        receiver = downhill_after(before, receiver, now)
        before = now
        assert np.array_equal(receiver, downhill(now))


def test_flow_over_a_changed_land_is_that_of_the_land() -> None:
    random, n = np.random.default_rng(2), 80
    flat = np.zeros((n, n))
    kind = np.where(random.random((n, n)) < 0.1, BUILDING, GROUND)
    land = Land(Frame(0.0, 0.0, 2.0, n, n), random.integers(0, 30, (n, n)) * 0.05, kind, flat,
                flat + 0.5, flat, flat, (), flat + np.nan)  # fmt: skip
    flow = flow_of(land)
    for k in range(6):
        other = land.kind.copy()
        other[10 * k : 10 * k + 4, 30:36] = (BUILDING, WATER, GROUND)[k % 3]
        after = replace(land, kind=other)
        assert not same_land(after, land)
        found, whole = updated(after, land, flow), flow_of(after)
        for name in ("drain", "bed", "receiver"):
            assert np.array_equal(getattr(found, name), getattr(whole, name)), name
        for name in ("label", "parent", "spill", "target", "capacity", "cell"):
            assert np.array_equal(getattr(found.tree, name), getattr(whole.tree, name)), name
        land, flow = after, found
    assert same_land(land, replace(land, sealed=land.sealed.copy()))
    assert updated(replace(land, sealed=land.sealed + 0.3), land, flow) is flow


def test_heat_and_shade_of_changed_grids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two edits far apart, one at the edge: two areas, each as in a full run."""
    monkeypatch.setattr(again, "MOST", 2.0)
    random, n = np.random.default_rng(4), 320
    building = np.zeros((n, n))
    building[random.random((n, n)) < 0.05] = 9.0
    crown = np.where(random.random((n, n)) < 0.05, 8.0, 0.0)
    nothing = np.zeros((n, n))
    for terrain in (None, np.cumsum(random.normal(0, 0.05, (n, n)), axis=0)):
        grids = Grids.of(building, crown, 0.25 * crown, nothing, nothing > 0, 2.0, terrain)
        day = Day.of(constants("heat"))
        last = heat(grids, day)
        dark = shaded(grids, day.noon)
        high, leaf = grids.building.copy(), grids.crown.copy()
        high[0:6, 0:9] = 1200
        leaf[300:304, 290:294] = 1500
        after = replace(grids, building=high, crown=leaf)
        found, whole = again.followed(last, after), heat(after, day)
        for name in ("pet", "sky", "wind", "solid", "leaf"):
            assert np.array_equal(getattr(found, name), getattr(whole, name), equal_nan=True), name
        shade = again.shaded_after((grids, day.noon, dark), after, day.noon)
        assert np.array_equal(shade, shaded(after, day.noon))
        assert not np.array_equal(shade, dark)
        assert again.followed(found, after) is found
        assert again.parts(grids, after, ("green",)) == []


def test_windows_hold_their_boxes_and_say_when_it_is_too_much() -> None:
    """Cells of 2 m from (0, 100): the box 10-14, 80-90 m covers columns 5-6 and rows 5-9; one cell
    more on every side, and none beyond the frame."""
    frame = Frame(0.0, 100.0, 2.0, 50, 50)
    assert windows_of(frame, np.array([[10.0, 80.0, 14.0, 90.0]])) == [(4, 11, 4, 8)]
    assert windows_of(frame, np.array([[-9.0, 97.0, 1.0, 120.0]])) == [(0, 3, 0, 2)]
    assert windows_of(frame, np.array([[500.0, 500.0, 510.0, 510.0]])) == []
    assert windows_of(frame, np.array([[np.nan] * 4])) == []
    assert windows_of(frame, np.array([[0.0, 0.0, 100.0, 100.0]])) is None  # all of it
    assert windows_of(frame, np.tile([[1.0, 1.0, 2.0, 2.0]], (61, 1))) is None  # too many


def test_joined_windows_and_windows_about_cells() -> None:
    assert joined([(0, 4, 0, 4), (3, 6, 3, 6), (8, 8, 0, 9)]) == [(0, 6, 0, 6)]
    mask = np.zeros((70, 70), bool)
    mask[3, 4] = mask[6, 2] = mask[69, 69] = True
    assert sorted(about(mask, 32)) == [(3, 7, 2, 5), (69, 70, 69, 70)]
    assert about(mask & False, 32) == []
    a, b = np.array([1.0, np.nan, 2.0]), np.array([1.0, np.nan, np.nan])
    assert differ(a, b).tolist() == [False, False, True]
