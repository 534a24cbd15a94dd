"""What is known of ground, edges and places is taken over bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import prepare, runs, solid
from dgo_twin_plugin.engine.build import build_scene
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.indicators import natural_banks
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.words import TWENTY

from ..factory import profile
from . import edits
from .plan import plan
from .test_live import DATE, same


def squares(n: int, seed: int) -> Polygons:
    """Squares, some of them with a hole, some empty, some in two parts."""
    random = np.random.default_rng(seed)
    rings: list[np.ndarray] = []
    part_of: list[int] = []
    feature_of: list[int] = []
    ring = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], float)
    for row in range(n):
        for _ in range(int(random.integers(0, 3))):
            corner = random.uniform(0, 1000, 2)
            rings.append(corner + 5 * ring)
            part_of.append(len(feature_of))
            if random.random() < 0.3:
                rings.append(corner + 1 + ring[::-1])
                part_of.append(len(feature_of))
            feature_of.append(row)
    start = np.arange(len(rings) + 1) * 5
    return Polygons(np.concatenate(rings), start, np.array(part_of), np.array(feature_of), n)


def alike(a: Polygons, b: Polygons) -> bool:
    b = Polygons(b.xy, b.ring_start, b.ring_part, b.part_feature, b.n)  # knows nothing yet
    return a.n == b.n and all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("xy", "ring_start", "ring_part", "part_feature", "feature_part_start",
                     "part_ring_start", "_ring_area", "_boxes"))  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_slices_are_what_taking_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    polygons, other = squares(5_000, seed), squares(40, seed + 10)
    both = polygons.joined(other)
    rows = np.arange(5_000)
    for row in random.integers(0, 5_000, 6).tolist():
        rows[row] = 5_000 + row % 40
    rows = np.delete(rows, random.integers(0, 5_000, 3))
    quick = [both.take(rows), both.take(rows).take(np.arange(100, len(rows) - 100))]
    assert both.take(np.arange(both.n)) is both
    with monkeypatch.context() as patch:
        patch.setattr("dgo_twin_plugin.engine.geometry.MOST_RUNS", 0)
        slow = [both.take(rows), both.take(rows).take(np.arange(100, len(rows) - 100))]
    assert runs.MOST_RUNS > 12
    assert all(alike(a, b) for a, b in zip(quick, slow)) and alike(both, both)


@pytest.mark.parametrize("turn", [0.0, 0.2])
def test_the_edge_of_a_large_plan(turn: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """By squares, also where the plan is small: only what changed is laid over them again."""
    monkeypatch.setattr(solid, "FEW", 0)
    monkeypatch.setattr("dgo_twin_plugin.engine.again.MOST_ABOUT", 0)
    sources, random = plan(turn=turn), np.random.default_rng(3)
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    asked: list[int] = []
    covers = solid.covers

    def counted(polygons: Polygons, squares: Polygons):  # type: ignore[no-untyped-def]
        asked.append(polygons.n)
        return covers(polygons, squares)

    for _ in range(8):
        _, sources = edits.any_edit(sources, random)
        with monkeypatch.context() as patch:
            patch.setattr("dgo_twin_plugin.engine.again.covers", counted)
            made = live.assess(sources)
        same(made, sources)
    assert min(asked) < 0.5 * made.scene.surfaces.n


def test_holes_that_whole_squares_surround_are_filled() -> None:
    open_ = np.array([[0, 0, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 1, 0, 0],
                      [0, 0, 0, 0, 0]], bool)  # fmt: skip
    outside = solid._from_outside(open_)
    assert outside.sum() == 1 and outside[0, 4]
    open_[1, 4] = True  # now the corner of (2, 3) is open, and that of (3, 2) behind it
    assert solid._from_outside(open_).sum() == 4


def test_a_shore_does_not_depend_on_the_others() -> None:
    scene = build_scene(plan(), profile(), load_functions(), DATE)
    inside = np.zeros(scene.surfaces.n, bool)
    inside[scene.cut.feature] = True
    rows = np.flatnonzero(scene.surfaces.where("water") & inside)
    assert len(rows) > 2
    whole = natural_banks._shore(scene, rows)
    for row in rows[::2]:
        one, mine = natural_banks._shore(scene, np.array([row])), whole.row == row
        for name in vars(whole):
            np.testing.assert_array_equal(getattr(one, name), getattr(whole, name)[mine])


def test_a_part_that_is_the_same_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    judged: list[str] = []
    made = prepare._Judge._made

    def told(self, part, *rest):  # type: ignore[no-untyped-def]
        judged.append(f"{self.spec.id}.{part.id}")
        return made(self, part, *rest)

    layer = sources.design[0]
    moved = edits.with_layer(sources, 0, edits.shape(
        layer, 3, edits.moved(layer.wkb[3] or b"", 0.5, 0.0)))
    with monkeypatch.context() as patch:
        patch.setattr(prepare._Judge, "_made", told)
        outcome = live.assess(moved)
    same(outcome, moved)
    parts = sum(len(p.parts) for p in outcome.prepared.values())
    assert 0 < len(judged) < parts
