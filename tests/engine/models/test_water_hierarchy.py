"""Depressions and how they fill, spill and merge: worked by hand, and against priority-flood."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.water.hierarchy import OUT, bounded, downhill, hierarchy
from dgo_twin_plugin.engine.models.water.pour import poured

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.extra.numpy import arrays  # noqa: E402

W = np.inf
SHAPES = st.tuples(st.integers(3, 12), st.integers(3, 12))


def priority_flood(z: np.ndarray) -> np.ndarray:
    """Barnes, Lehman and Mulla (2014), algorithm 1, cell by cell: the filled terrain. The edge
    and cells of -inf are open, cells of inf are walls, no way between walls that touch."""
    rows, columns = z.shape
    level = np.full(z.shape, np.inf)
    heap = []
    for r in range(rows):
        for c in range(columns):
            edge = r in (0, rows - 1) or c in (0, columns - 1)
            if z[r, c] < np.inf and (edge or z[r, c] == -np.inf):
                level[r, c] = -np.inf
                heapq.heappush(heap, (-np.inf, r, c))
    while heap:
        here, r, c = heapq.heappop(heap)
        for i in range(max(r - 1, 0), min(r + 2, rows)):
            for j in range(max(c - 1, 0), min(c + 2, columns)):
                if z[i, j] == np.inf or (i != r and j != c and z[r, j] == z[i, c] == np.inf):
                    continue
                if level[i, j] == np.inf:
                    level[i, j] = max(here, z[i, j])
                    heapq.heappush(heap, (level[i, j], i, j))
    return level


def filled(z: np.ndarray) -> np.ndarray:
    """The same by more water than any depression holds; inf where nothing lets it out."""
    tree = hierarchy(z)
    much = np.full(tree.n + 1, 1e9)
    stands = poured(tree, much)
    level = np.full(z.shape, np.nan)
    level.ravel()[stands.cell] = stands.level
    shut = (tree.spill[tree.top][np.maximum(tree.label, 0)] == np.inf).reshape(z.shape)
    found = np.fmax(bounded(z), level)
    found[shut & (tree.label > OUT).reshape(z.shape)] = np.inf
    return found


def on_line(*z: float) -> np.ndarray:
    """A row of cells between walls; the last one, on the edge, lets water out."""
    return np.array([[W] * len(z), z, [W] * len(z)])


def pour(z: np.ndarray, **cells: float) -> tuple[list[float], float]:
    """Depths along :func:`on_line` and what left, for water poured on cells (c1=2.0: column 1)."""
    tree = hierarchy(z)
    volume = np.zeros(tree.n + 1)
    for name, amount in cells.items():
        volume[tree.label[z.shape[1] + int(name[1:])]] += amount
    found = poured(tree, volume)
    return found.depth(z)[1].tolist(), found.left


def test_a_depression_spills_into_the_next():
    # 5 drains to the pit of 2; 4 is steeper towards 1 (3 against 2); 3 drains out. The pit of 2
    # spills at 4 and holds 2; the pit of 1 spills at 3 and holds 2. 5 poured: 2 + 2, and 1 leaves
    z = on_line(W, 5, 2, 4, 1, 3, 0)
    depth, left = pour(z, c2=5.0)
    assert depth == [0, 0, 2, 0, 2, 0, 0]
    assert left == 1.0


@pytest.mark.parametrize(
    ("water", "expected", "left"),
    [
        # pits 2 and 1 part at 3, the way out is at 4: they hold 1 and 2, and 1 + 1 + 1 more as one
        ({"c4": 1.5}, [0, 0, 0, 0, 1.5, 0, 0], 0),
        ({"c4": 2.5}, [0, 0, 0.5, 0, 2, 0, 0], 0),  # 2 in the pit of 1, 0.5 over the ridge
        ({"c2": 4.5}, [0, 0, 1.5, 0.5, 2.5, 0, 0], 0),  # 1 + 2, and 1.5 over 3 cells: level 3.5
        ({"c2": 3.0, "c4": 4.0}, [0, 0, 2, 1, 3, 0, 0], 1),  # 6 fill it to 4, 1 leaves
    ],
)
def test_two_depressions_become_one(water, expected, left):
    depth, out = pour(on_line(W, 5, 2, 3, 1, 4, 0), **water)
    assert depth == pytest.approx(expected, abs=1e-12)
    assert out == pytest.approx(left, abs=1e-12)


def test_a_cascade_down_a_stair():
    # pits of 9, 6 and 3 behind sills of 10, 7 and 4: each holds 1. 2.5 in the first: 1, 1, 0.5
    depth, left = pour(on_line(W, 9, 10, 6, 7, 3, 4, 0), c1=2.5)
    assert depth == [0, 1, 0, 1, 0, 0.5, 0, 0]
    assert left == 0


def test_a_courtyard_holds_all_its_rain():
    # walls all around two cells of 1 and 2: 5 of water stand at 4
    depth, left = pour(on_line(W, 1, 2, W, 0), c1=5.0)
    assert depth[1:3] == [3, 2]
    assert left == 0


def test_water_does_not_slip_between_walls_that_touch():
    # the pit of 1 in the middle could drain to the corner only between two walls
    z = np.array([[0, W, W, W], [W, 1, W, W], [W, W, W, W]], float)
    assert downhill(bounded(z))[5] == 5
    open_ = z.copy()
    open_[0, 1] = 5.0  # one of the two gone, on the edge: the way is open
    assert downhill(bounded(open_))[5] in (0, 1)


@settings(max_examples=300)
@given(arrays(float, SHAPES, elements=st.sampled_from([-W, 0, 1, 2, 3, 4, 5, 6, W])))
def test_filled_as_priority_flood_on_steps_and_walls(z):
    np.testing.assert_array_equal(filled(z), np.where(z == W, W, priority_flood(z)))


@settings(max_examples=150)
@given(arrays(float, SHAPES, elements=st.floats(0, 10, width=32)))
def test_filled_as_priority_flood(z):
    np.testing.assert_array_equal(filled(z), priority_flood(z))


@settings(max_examples=200)
@given(
    arrays(float, SHAPES, elements=st.sampled_from([0, 0.5, 1, 1.5, 2, 3, W])),
    st.floats(0.001, 3),
)
def test_no_water_is_lost_and_it_stands_level(z, rain):
    tree = hierarchy(z)
    amount = np.where(z == W, 0.0, rain).ravel()
    volume = np.bincount(np.maximum(tree.label, OUT), amount, tree.n + 1)
    found = poured(tree, volume)
    bed = bounded(z)
    depth = found.depth(bed)
    assert depth.sum() + found.left == pytest.approx(amount.sum(), rel=1e-12, abs=1e-12)
    # nowhere above the filled terrain, and no step between two wet cells but at a sill
    flood = priority_flood(z)
    wet = depth > 1e-9
    level = np.where(wet, bed + depth, np.nan)
    assert (level[wet] <= flood[wet] + 1e-9).all()
    for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        both = wet[one] & wet[other]
        step = np.abs(level[one] - level[other])[both]
        sill = np.maximum(bed[one], bed[other])[both]
        top = np.maximum(level[one], level[other])[both]
        assert ((step < 1e-9) | (top <= sill + 1e-9)).all()


@settings(max_examples=100)
@given(st.integers(0, 10_000), st.floats(0.01, 2))
def test_the_order_of_cells_does_not_matter(seed, rain):
    # heights that all differ: turned and mirrored the water must stand the same
    random = np.random.default_rng(seed)
    z = random.permutation(np.arange(90.0)).reshape(9, 10) / 20.0

    def depth(z: np.ndarray) -> np.ndarray:
        tree = hierarchy(z)
        volume = np.bincount(tree.label, np.full(z.size, rain), tree.n + 1)
        return poured(tree, volume).depth(bounded(z))

    expected = depth(z)
    np.testing.assert_allclose(depth(z[::-1])[::-1], expected, atol=1e-12)
    np.testing.assert_allclose(depth(np.ascontiguousarray(z.T)).T, expected, atol=1e-12)
