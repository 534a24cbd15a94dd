"""The heat field as a whole: one cell by another way, an edit against a full run, odd input."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from dgo_twin_plugin.engine import pulse
from dgo_twin_plugin.engine.models.heat import march
from dgo_twin_plugin.engine.models.heat.field import (
    Day,
    Grids,
    changed,
    filled,
    heat,
    shaded,
    update,
)
from dgo_twin_plugin.engine.models.heat.patches import edges, patches
from dgo_twin_plugin.engine.models.heat.sun import Sun
from dgo_twin_plugin.engine.models.tables import constants
from dgo_twin_plugin.engine.words import Cancelled

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

COARSE = 10.0  # m: cells so large that 150 m are 15 of them
NAMES = ("pet", "sky", "wind", "solid", "leaf")


def town(side: int, seed: int = 1, cell: float = COARSE, relief: bool = False) -> Grids:
    random = np.random.default_rng(seed)
    shape = (side, side)
    building = np.where(random.random(shape) < 0.2, random.choice([4.0, 9.0, 20.0], shape), 0.0)
    trees = (random.random(shape) < 0.1) & (building == 0)
    crown = np.where(trees, random.uniform(4, 15, shape), 0.0)
    terrain = np.cumsum(random.normal(0, 0.3, shape), axis=1) if relief else None
    return Grids.of(building, crown, 0.25 * crown, random.random(shape),
                    random.random(shape) < 0.05, cell, terrain)  # fmt: skip


def same(a, b) -> None:
    for name in NAMES:
        x, y = getattr(a, name).astype(float), getattr(b, name).astype(float)
        assert np.array_equal(np.isnan(x), np.isnan(y)), name
        assert np.nanmax(np.abs(x - y), initial=0.0) <= 1e-9, name


def lone(**given) -> Grids:
    """A field of 61 x 61 cells of 2 m where nothing stands but what is given."""
    zero = np.zeros((61, 61))
    arrays = {"building": zero, "crown": zero, "base": zero, "green": zero,
              "wet": np.zeros((61, 61), bool), **given}  # fmt: skip
    return Grids.of(**arrays, cell=2.0)


def by_hand(green: float, bowen: float, sky: float, sunny: bool) -> float:
    """Mean PET of open ground, written out anew: domain 4.10, in double precision."""
    total = 0.0
    # the hours of the reference day and the altitude of the sun at 10:30 ... 15:30 UTC
    weather = [(30.3, 42, 7, 850.0, 0.050), (31.8, 39, 6, 886.1, 0.074),
               (32.5, 37, 5, 850.0, 0.108), (33.0, 36, 5, 797.2, 0.161),
               (33.8, 35, 5, 697.2, 0.228), (34.0, 34, 5, 575.0, 0.312)]  # fmt: skip
    island = (2 - 1.0 - green) * (338.2 / 1200 * 16.2**3 / 4.09) ** 0.25
    for (t, rh, ff, q, part), hour in zip(weather, Day.of(constants("heat")).hours):
        sine = math.sin(hour.sun.altitude * math.pi / 180)
        ta = t + part * island
        tw = (ta * math.atan(0.151977 * (rh + 8.313659) ** 0.5) + math.atan(ta + rh)
              - math.atan(rh - 1.676331) + 0.00391838 * rh**1.5 * math.atan(0.023101 * rh)
              - 4.686035)  # fmt: skip
        u = max((0.875 * 0.5829 + 0.125) * ff, 0.5)
        if sunny:
            total += (-13.26 + 1.25 * ta + 0.011 * q - 3.37 * math.log(u) + 0.078 * tw
                      + 0.0055 * q * math.log(u) + 5.56 * sine - 0.0103 * q * math.log(u) * sine
                      + 0.546 * bowen + 1.94 * sky)  # fmt: skip
        else:
            clear = q / (1367 * sine)
            qd = q * (0.2 if clear >= 0.7 else 1.6 - 2 * clear)
            total += (-12.14 + 1.25 * ta - 1.47 * math.log(u) + 0.060 * tw + 0.015 * sky * qd
                      + 0.0060 * (1 - sky) * 5.670374419e-8 * (ta + 273.15) ** 4)  # fmt: skip
    return total / 6


# ------------------------------------------------------------------------------------- one cell
def test_open_paving_in_the_sun_by_another_way():
    found = heat(lone())
    assert found.pet[30, 30] == pytest.approx(by_hand(0.0, 3.0, 1.0, True), abs=1e-3)


def test_open_grass_in_the_sun_by_another_way():
    found = heat(lone(green=np.ones((61, 61))))
    assert found.pet[30, 30] == pytest.approx(by_hand(1.0, 0.4, 1.0, True), abs=1e-3)
    # water has the Bowen ratio of green but is no green
    water = heat(lone(wet=np.ones((61, 61), bool)))
    assert water.pet[30, 30] == pytest.approx(by_hand(0.0, 0.4, 1.0, True), abs=1e-3)


def test_in_the_shade_by_another_way(monkeypatch):
    # without sun every place lies in the shade
    content = Day.of(constants("heat"))
    low = tuple(replace(h, sun=Sun(1.0, h.sun.azimuth)) for h in content.hours)
    found = heat(lone(), replace(content, hours=low))
    assert found.solid[30, 30] == 1.0
    assert found.pet[30, 30] == pytest.approx(by_hand(0.0, 3.0, 1.0, False), abs=1e-3)


def test_shade_lowers_pet_by_ten_to_fifteen_degrees_in_a_street():
    # domain 3.1: shade lowers PET by 10-15 degrees C; in a paved street of 10 m high rows
    building = np.zeros((151, 151))
    building[::12] = building[1::12] = building[2::12] = building[3::12] = 10.0
    zero = np.zeros_like(building)
    found = heat(Grids.of(building, zero, zero, zero, zero > 0, 2.0))
    street = found.pet[60:84, 60:90]
    lit, dark = (found.solid[60:84, 60:90] == k for k in (0.0, 1.0))
    free = np.isfinite(street)
    assert 41 < street[lit & free].mean() < 50
    if (dark & free).any():
        assert 9 < street[lit & free].mean() - street[dark & free].mean() < 16


def test_a_tree_cools_its_place_and_a_crown_lets_light_below():
    y, x = np.mgrid[:61, :61] - 30
    disc = np.hypot(x, y) * 2 <= 6
    crown, base = np.where(disc, 10.0, 0), np.where(disc, 2.5, 0)
    plain, tree = heat(lone()), heat(lone(crown=crown, base=base))
    drop = plain.pet - tree.pet
    assert drop.max() > 4
    assert (tree.leaf > 0).sum() * 4 > math.pi * 36  # the shadow travels with the sun
    assert tree.sky[30, 30] < 0.5


def test_a_block_takes_the_place_of_its_ground():
    building = np.zeros((61, 61))
    building[20:30, 20:30] = 9.0
    found = heat(lone(building=building))
    assert np.isnan(found.pet[20:30, 20:30]).all() and np.isfinite(found.pet[:20]).all()


# ------------------------------------------------------------------------------------ after an edit
@settings(max_examples=25)
@given(st.integers(0, 10_000), st.booleans(),
       st.lists(st.tuples(st.integers(0, 69), st.integers(0, 69), st.integers(1, 6),
                          st.integers(1, 6), st.sampled_from(["building", "crown", "green", "wet"]),
                          st.integers(0, 60)), min_size=1, max_size=3))  # fmt: skip
def test_an_update_equals_a_full_run(seed, relief, edits):
    before = town(70, seed, relief=relief)
    arrays = {n: getattr(before, n).copy() for n in ("building", "crown", "base", "green", "wet")}
    boxes = []
    for row, column, high, wide, name, value in edits:
        box = (row, min(row + high, 70), column, min(column + wide, 70))
        at = (slice(*box[:2]), slice(*box[2:]))
        scale = {"building": 100, "crown": 30, "green": 1, "wet": 1}[name]
        arrays[name][at] = value * scale if name != "wet" else value > 30
        arrays["base"][at] = arrays["crown"][at] // 4
        boxes.append(box)
    after = replace(before, **arrays)
    start = heat(before)
    whole = heat(after)
    same(update(start, after, boxes), whole)
    same(update(start, after, changed(before, after)), whole)


def test_an_edit_reaches_150_m_and_no_further():
    before = town(80)
    building = before.building.copy()
    building[40, 40] = 9000  # 90 m
    after = replace(before, building=building)
    differs = np.abs(heat(after).pet - heat(before).pet) > 0
    rows, columns = np.nonzero(differs & np.isfinite(heat(after).pet))
    assert max(abs(rows - 40).max(), abs(columns - 40).max()) <= 15
    assert differs.any()


def test_no_edit_changes_nothing_and_another_frame_is_refused():
    grids = town(40)
    found = heat(grids)
    assert changed(grids, grids) == []
    same(update(found, grids, []), found)
    with pytest.raises(ValueError, match="another frame"):
        update(found, town(41), [])


def test_threads_and_bands_do_not_show(monkeypatch):
    grids = town(150, relief=True)
    many = heat(grids)
    monkeypatch.setattr(march, "THREADS", 1)
    monkeypatch.setattr(march, "BAND", 7)
    same(many, heat(grids))


def test_cancel_is_heard():
    def stop():
        raise Cancelled

    with pulse.heard_by(stop), pytest.raises(Cancelled):
        heat(town(300, cell=2.0))


# ------------------------------------------------------------------------------------ odd input
@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(0, 400), st.floats(-50, 400), st.floats(0, 1))
def test_pet_stays_sane_whatever_comes(seed, roof, crown, hole):
    random = np.random.default_rng(seed)
    shape = (24, 24)
    odd = np.where(random.random(shape) < hole, np.nan, 0.5)
    building = np.where(random.random(shape) < 0.3, roof, np.nan)
    terrain = np.where(random.random(shape) < hole, np.nan, random.uniform(-7, 300, shape))
    grids = Grids.of(building, np.full(shape, crown), np.full(shape, 500.0), odd,
                     random.random(shape) < 0.5, 2.0, terrain)  # fmt: skip
    found = heat(grids)
    free = grids.building == 0
    assert np.isfinite(found.pet[free]).all() and np.isnan(found.pet[~free]).all()
    assert (found.pet[free] >= 15).all() and (found.pet[free] <= 65).all()
    assert ((found.sky >= 0) & (found.sky <= 1)).all()


def test_holes_in_the_terrain_take_what_lies_around():
    terrain = np.full((32, 32), 3.0)
    terrain[10:20, 10:20] = np.nan
    assert (filled(terrain) == 3.0).all()
    terrain[:, 16:] = np.where(np.isnan(terrain[:, 16:]), np.nan, 7.0)
    inside = filled(terrain)[10:20, 10:20]
    assert inside.min() >= 3.0 and inside.max() <= 7.0
    assert filled(np.full((4, 4), np.nan)) is None
    lone_point = np.full((33, 5), np.nan)
    lone_point[0, 0] = -1.5
    assert (filled(lone_point) == -1.5).all()


def test_day_from_text_dates_and_night_hours():
    content = dict(constants("heat"))
    rows = [{"utc": 1.0, "t": 20, "rh": 60, "ff": 2, "q": 0.0, "uhi": 1.0}]
    content["reference_day"] = {**content["reference_day"], "date": "2015-07-01", "hours": rows}
    night = heat(town(30), Day.of(content))
    assert 5 < np.nanmean(night.pet) < 25
    assert (night.solid == 1).all()


def test_noon_shade_alone():
    building = np.zeros((61, 61))
    building[30:35, 20:40] = 10.0
    # 10 m / tan 61.34 = 5.47 m: three rows of 2 m whose near edge lies within it
    found = shaded(lone(building=building), Day.of(constants("heat")).noon)
    assert (found[27:30, 20:40] > 0).all() and (found[:26] == 0).all()


# ------------------------------------------------------------------------------------------ patches
def test_patches_join_by_edges_only():
    drawing = ["##..#", ".#.##", "#....", "##.##", "...##"]
    inside = np.array([[c == "#" for c in line] for line in drawing])
    label = patches(inside)
    assert (label[~inside] == -1).all()
    groups = [set(zip(*np.nonzero(label == k))) for k in range(label.max() + 1)]
    assert sorted(map(len, groups)) == [3, 3, 3, 4]
    assert {(0, 0), (0, 1), (1, 1)} in groups
    assert {(2, 0), (3, 0), (3, 1)} in groups
    assert (patches(np.zeros((3, 3), bool)) == -1).all()


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.2, 0.8))
def test_patches_as_a_flood_would_find_them(seed, share):
    inside = np.random.default_rng(seed).random((13, 17)) < share
    label = patches(inside)
    seen = np.full(inside.shape, -1)
    for start in zip(*np.nonzero(inside)):
        if seen[start] >= 0:
            continue
        queue, seen[start] = [start], label[start]
        while queue:
            r, c = queue.pop()
            for a, b in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
                if 0 <= a < 13 and 0 <= b < 17 and inside[a, b] and seen[a, b] < 0:
                    seen[a, b] = label[start]
                    queue.append((a, b))
    assert np.array_equal(seen, label)  # every flood has one label ...
    assert len(np.unique(label[inside])) == label.max() + 1


def test_edges_of_a_patch():
    label = patches(np.pad(np.ones((3, 3), bool), 1))
    assert edges(label).sum() == 8 and not edges(label)[2, 2]
