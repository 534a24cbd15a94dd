"""Which boxes meet, against every box compared with every other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgo_twin_plugin.engine import boxes
from dgo_twin_plugin.engine.boxes import bbox_pairs

MANY = 900  # so many against so many are set out in rows


def compared(a: np.ndarray, b: np.ndarray, reach: float = 0.0) -> np.ndarray:
    """(k, 2) pairs by their definition, in order."""
    some = [(v[:, 0] <= v[:, 2]) & (v[:, 1] <= v[:, 3]) for v in (a, b)]
    wide = a + np.array([-reach, -reach, reach, reach])
    meet = (
        some[0][:, None] & some[1]
        & (wide[:, None, 0] <= b[:, 2]) & (wide[:, None, 2] >= b[:, 0])
        & (wide[:, None, 1] <= b[:, 3]) & (wide[:, None, 3] >= b[:, 1])
    )  # fmt: skip
    return np.argwhere(meet)


def same(a: np.ndarray, b: np.ndarray, reach: float = 0.0) -> int:
    i, j = bbox_pairs(a, b, reach)
    assert (np.diff(i) >= 0).all()
    order = np.lexsort((j, i))
    expected = compared(a, b, reach)
    np.testing.assert_array_equal(np.column_stack([i, j])[order], expected)
    return len(expected)


def drawn(random: np.random.Generator, n: int, size: float, origin: float = 0.0) -> np.ndarray:
    low = origin + random.uniform(0, 1000, (n, 2))
    return np.hstack([low, low + random.exponential(size, (n, 2))])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), sizes=st.tuples(*[st.sampled_from((0.0, 3.0, 60.0))] * 2),
       reach=st.sampled_from((0.0, 1e-6, 7.0)), origin=st.sampled_from((0.0, 4.5e5, -3e6)),
       flat=st.sampled_from(("", "wide", "tall")))  # fmt: skip
def test_rows_of_boxes_meet_as_all_with_all(seed, sizes, reach, origin, flat) -> None:
    random = np.random.default_rng(seed)
    a, b = (drawn(random, MANY, size, origin) for size in sizes)
    if flat:  # all of b on a line
        b[:, [1, 3] if flat == "wide" else [0, 2]] = origin + 500.0
    b[::7] = np.round(b[::7])
    a[: len(b[::7])] = b[::7]  # that touch exactly
    a[-1] = [origin, origin, origin + 1000, origin + 1000]
    b[-1] = a[-1] + np.array([-1, -1, 1, 1]) * 1e4  # one that all meet
    a[-2], b[-2] = np.nan, b[-2][[2, 3, 0, 1]]
    assert same(a, b, reach) >= 2 * MANY - 10


def test_few_boxes_and_many_of_them_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    a, b = drawn(random, MANY, 5.0), drawn(random, MANY, 20.0)
    whole = bbox_pairs(a, b)
    assert same(a[:40], b) and same(a, b[:40])
    monkeypatch.setattr(boxes, "_AT_ONCE", 500)
    assert same(a[:40], b) and same(a, b[:40])
    for one, other in zip(bbox_pairs(a, b), whole):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("reach", [0.0, 3.0])
def test_few_that_lie_together_and_many_all_over(reach: float) -> None:
    random = np.random.default_rng(6)
    many = drawn(random, MANY, 60.0)
    many[::9] = many[::9][:, [2, 3, 0, 1]]  # inside out: no boxes
    few = 400.0 + 0.05 * drawn(random, 30, 60.0)
    few[3], few[7] = np.nan, few[7][[2, 3, 0, 1]]
    assert len(few) * len(many) > boxes._WORTH
    for a, b in ((few, many), (many, few)):
        assert same(a, b, reach) >= 10
        i, j = bbox_pairs(a, b, reach)
        assert (np.diff(j)[np.diff(i) == 0] > 0).all()  # of so few the others ascend too
    assert same(few, many + 5000.0) == same(many + 5000.0, few) == 0


def test_one_box_by_itself() -> None:
    one, many = np.array([10.0, 10, 20, 20]), np.array([[0.0, 0, 10, 10], [21, 21, 22, 22]])
    assert [k.tolist() for k in bbox_pairs(one, many)] == [[0], [0]]
    assert [k.tolist() for k in bbox_pairs(many, one, 1.0)] == [[0, 1], [0, 0]]


def test_rays_without_an_end() -> None:
    random = np.random.default_rng(4)
    a, b = drawn(random, MANY, 0.0), drawn(random, MANY, 20.0)
    for side, end in ((3, np.inf), (1, -np.inf), (2, np.inf)):
        rays = a.copy()
        rays[:, side] = end
        assert same(rays, b) and same(b, rays)


def test_where_there_is_nothing() -> None:
    some, none = np.array([[0.0, 0, 1, 1]]), np.zeros((0, 4))
    for a, b in ((some, none), (none, some), (some, np.full((1, 4), np.nan)),
                 (some, np.array([[2.0, 0, 3, 1]]))):  # fmt: skip
        i, j = bbox_pairs(a, b)
        assert len(i) == len(j) == 0 and i.dtype == j.dtype == np.int64
    far = drawn(np.random.default_rng(5), MANY, 3.0)
    assert same(far, far + 5000.0) == 0
