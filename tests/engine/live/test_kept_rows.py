"""What is known of features is carried to the next scene: rows, gaps filled, what they say."""

from __future__ import annotations

import itertools
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dgo_twin_plugin.engine.build import _eldest, build_scene
from dgo_twin_plugin.engine.defaults import main_zone
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.kept import Kept, Lines, by_row
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.scene import Cut, Scene
from dgo_twin_plugin.engine.words import TWENTY

from ..factory import profile
from . import edits
from .plan import plan
from .test_live import DATE, same


def scene_of(kept: Kept, match: np.ndarray) -> Any:
    """As much of a scene as what is kept asks: ``match``, the rows of before."""
    scene = SimpleNamespace(reuse=SimpleNamespace(kept=kept, shape=match),
                            surfaces=SimpleNamespace(n=len(match)))  # fmt: skip
    scene.product = lambda _, make: make(scene)
    return scene


def rows_of_before(n: int, kind: int, random: np.random.Generator) -> np.ndarray:
    match = np.arange(n)
    if kind == 1:  # the last two go
        return match[:-2]
    if kind == 2:  # two more behind all others
        return np.append(match, [-1, -1])
    if kind == 3:  # some come, go and change
        match = np.sort(random.choice(n, n - int(random.integers(0, 6)), replace=False))
        match = np.insert(match, np.sort(random.integers(0, len(match) + 1, 3)), -1)
        match[random.random(len(match)) < 0.05] = -1
    if kind == 4:  # some change where they are
        match[random.random(n) < 0.1] = -1
    if kind == 5:  # in another order
        random.shuffle(match)
    return match


@pytest.mark.parametrize("kinds", [[0, 0], [1], [2, 1], [1, 2], [3, 3, 0, 3], [0, 2, 0, 1, 3]])
@pytest.mark.parametrize("asked", [0.0, 0.5])
def test_lines_that_nobody_asked_for_follow_their_rows(kinds: list[int], asked: float) -> None:
    """Over any number of scenes in which rows come, go and change; now and then asked for."""
    random = np.random.default_rng(len(kinds))
    n = 40
    kept = Kept()
    row = np.sort(random.integers(0, n, 90))
    covered = random.random(n) < 0.8
    of, value = random.random(n), random.random(90)
    kept.put("known", (), Lines("shape", covered, (row, value), (of,)))
    kept.settle()
    where = {k: k for k in range(n)}  # of what was known: its row now
    for kind in kinds:
        match = rows_of_before(n, kind, random)
        now = {int(was): k for k, was in enumerate(match.tolist()) if was >= 0}
        where = {first: now[k] for first, k in where.items() if k in now}
        n = len(match)
        kept.begin()
        kept.settle(scene_of(kept, match))
        if random.random() < asked:
            kept.found("known")
    moved = kept.found("known")
    expected = [(where[r], v) for r, v in zip(row.tolist(), value.tolist()) if r in where]
    assert list(zip(*(c.tolist() for c in moved.columns))) == expected
    assert set(np.flatnonzero(moved.covered)) == {where[r] for r in np.flatnonzero(covered)
                                                  if r in where}  # fmt: skip
    assert all(moved.of[0][now] == of[first] for first, now in where.items())
    assert not moved.steps and len(moved.covered) == n


def lines_of(names: np.ndarray, said: np.ndarray, made: list[int],
             rows: np.ndarray) -> tuple[np.ndarray, ...]:  # fmt: skip
    made += rows.tolist()
    at = np.repeat(rows, names[rows] % 3)
    return at, names[at] * 10.0 + said[at], np.stack([at * 0, said[at]], axis=-1)


@pytest.mark.parametrize("seed", range(12))
def test_of_rows_that_stay_only_those_are_made_that_say_something_else(seed: int) -> None:
    """Against all made anew: rows come, go, change and are shuffled, some runs ask nothing and some
    are given up; a row has no line, or one, or several."""
    random = np.random.default_rng(seed)
    kept, given = Kept(), itertools.count()
    names, said = np.array([next(given) for _ in range(30)]), random.integers(0, 3, 30)
    known: dict[int, int] = {}  # of each name that was covered: what was said of it
    for _ in range(30):
        kinds = [0, 4] if seed % 2 else [0, 4, 4, 1, 2, 3, 5]
        match = rows_of_before(len(names), int(random.choice(kinds)), random)
        n = len(match)
        new = np.array([names[was] if was >= 0 else next(given) for was in match.tolist()])
        of = np.where(match >= 0, said[match], 0)
        of[random.random(n) < 0.05] += 1
        wanted = random.random(n) < random.choice([0.2, 0.8, 1.0])
        again = random.random(n) < 0.05
        made: list[int] = []
        make = partial(lines_of, new, of, made)
        kept.begin()
        scene = scene_of(kept, match)
        if random.random() < 0.8:
            rows = np.flatnonzero(wanted)
            found = by_row(scene, "x", (), rows, make, "shape", (of,), again)
            old = {k for k in rows.tolist() if known.get(new[k]) == of[k] and not again[k]}
            assert sorted(made) == [k for k in rows.tolist() if k not in old]
            for column, expected in zip(found, make(rows)):
                assert column.dtype == expected.dtype
                np.testing.assert_array_equal(column, expected)
            if random.random() < 0.2:
                continue  # given up: the next scene follows the one before
            known = {int(new[k]): int(of[k]) for k in rows.tolist()}
        elif random.random() < 0.2:
            continue
        known = {name: value for name, value in known.items() if name in new}
        names, said = new, of
        kept.settle(scene)


def scenes(sources: list) -> list[Scene]:  # type: ignore[type-arg]
    kept, found = Kept(), []
    for each in sources:
        kept.begin()
        found.append(build_scene(each, profile(), load_functions(), DATE, kept=kept))
        kept.settle(found[-1])
    return found


def test_a_move_leaves_what_features_say_as_it_is() -> None:
    """The very same arrays, of which nobody can write in one."""
    sources = plan()
    layer = sources.design[0]
    row = layer.columns["function"].index("dwelling")
    other = edits.shape(layer, row, edits.moved(layer.wkb[row] or b"", 1.0, 0.5, 1.1))
    first, second = scenes([sources, edits.with_layer(sources, 0, other)])
    full = build_scene(edits.with_layer(sources, 0, other), profile(), load_functions(), DATE)
    a, b = first.surfaces, second.surfaces
    assert a.function is b.function and a.fid is b.fid and a.codes is b.codes
    assert a.area is not b.area and first.items.wkb is second.items.wkb
    others = [name for name in b.fields if a.fields[name] is not b.fields[name]]
    assert others == ["gfa"]  # which follows from its footprint
    assert all(a.assumed[name] is b.assumed[name] for name in b.assumed)
    for name, values in b.fields.items():
        np.testing.assert_array_equal(values, full.surfaces.fields[name])
        with pytest.raises(ValueError, match="read-only"):
            values[0] = values[0]
    assert np.nansum(a.fields["gfa"] != b.fields["gfa"]) - np.isnan(b.fields["gfa"]).sum() == 1


def test_a_rough_polygon_among_what_is_drawn() -> None:
    """Its pieces stand behind the current situation, so the design is not one run of rows."""
    sources, random = plan(), np.random.default_rng(1)
    layer = sources.design[0]
    for row in (5, 60):
        layer = edits.value(layer, row, "function", "development")
    sources = edits.with_layer(sources, 0, layer)
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    for row in (5, 7, 60):  # rough, drawn, rough
        layer = sources.design[0]
        sources = edits.with_layer(sources, 0, edits.shape(
            layer, row, edits.moved(layer.wkb[row] or b"", *random.uniform(-4, 4, 2))))
        same(live.assess(sources), sources)


def test_the_zone_where_most_of_a_feature_lies() -> None:
    random = np.random.default_rng(4)
    pairs = np.unique(random.integers([0, 1], [50, 6], (120, 2)), axis=0)
    area = random.integers(1, 4, len(pairs)).astype(float)  # often as much in two zones
    found = main_zone(51, Cut(pairs[:, 0], pairs[:, 1], area, area))
    for feature in range(51):
        mine = [(a, k) for (f, _), a, k in zip(pairs.tolist(), area, range(len(pairs)))
                if f == feature]  # fmt: skip
        assert found[feature] == (pairs[max(mine)[1], 1] if mine else 0)


@pytest.mark.parametrize("fid", [[4, 9, 2], [-1, 7, -2, 3], [-3, -1, -2], [5, 5, 1], []])
def test_features_by_age(fid: list[int]) -> None:
    """Those that are not saved have ids below 0, the newest the lowest."""
    found = list(_eldest(np.array(fid, np.int64)))
    expected = sorted(range(len(fid)), key=lambda row: (fid[row] < 0, abs(fid[row]), row))
    assert found[1:] == expected and found[:1] == expected[:1]
