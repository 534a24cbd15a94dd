"""So many of each, against the definition in plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dgo_twin_plugin.engine.counts import FEW, begins, nth, owners, portions, ranges

numbers = st.lists(st.integers(0, 5), max_size=30)


@given(counts=st.one_of(numbers, st.lists(st.integers(0, 5), min_size=FEW, max_size=2 * FEW)))
def test_owners_and_nth(counts) -> None:
    count = np.array(counts, np.int64)
    assert owners(count).tolist() == [k for k, c in enumerate(counts) for _ in range(c)]
    expected = [k for c in counts for k in range(c)]
    assert nth(count).tolist() == nth(count, owners(count)).tolist() == expected
    assert owners(count).dtype == nth(count).dtype == np.int64


@given(values=st.lists(st.sampled_from((-1.0, 0.0, 2.0)), max_size=20))
def test_begins(values) -> None:
    expected = [k for k, v in enumerate(values) if k == 0 or v != values[k - 1]]
    assert begins(np.array(values, float)).tolist() == expected


@given(counts=numbers, most=st.integers(1, 12))
def test_portions(counts, most) -> None:
    parts = list(portions(np.array(counts, np.int64), most))
    assert [k for part in parts for k in range(len(counts))[part]] == list(range(len(counts)))
    for part in parts:
        assert sum(counts[part][:-1]) < most  # the last one makes it full


@given(counts=numbers, data=st.data())
def test_ranges(counts, data) -> None:
    first = np.array([data.draw(st.integers(0, 1000)) for _ in counts], np.int64)
    index, owner = ranges(first, first + np.array(counts, np.int64))
    assert index.tolist() == [f + k for f, c in zip(first.tolist(), counts) for k in range(c)]
    assert owner.tolist() == [k for k, c in enumerate(counts) for _ in range(c)]
