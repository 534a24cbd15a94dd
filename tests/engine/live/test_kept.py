"""What is carried from run to run is what would have been made anew."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dgo_twin_plugin.engine.kept import MOST_COPIED, Kept, by_row, each_alike, equal, same

NAN = float("nan")


def array(*values: Any) -> np.ndarray:
    return np.array(values, object if isinstance(values[0], str) else float)


LARGE = np.where(np.arange(MOST_COPIED) % 3, np.arange(float(MOST_COPIED)), NAN)


@pytest.mark.parametrize(("a", "b", "expected"), [
    (array(1.0, NAN), array(1.0, NAN), True),
    (array(1.0, NAN), array(1.0, 2.0), False),
    (array(1.0, NAN), array(1.0, NAN, 2.0), False),
    (array(0.0), array(-0.0), False),  # 1 / x tells them apart
    (np.array([0, 1]), np.array([0.0, 1.0]), False),
    (LARGE, LARGE.copy(), True),
    (LARGE, LARGE + (np.arange(len(LARGE)) == 7), False),
    (array("roof", "a" * 3), array("roof", "".join("aaa")), True),  # other objects, the same text
    (array("roof", "flat"), array("roof", "pitched"), False),
    ({"a": [array(1.0), "x"]}, {"a": [array(1.0), "x"]}, True),
    ({"a": [array(1.0), "x"]}, {"a": [array(2.0), "x"]}, False),
    ([1, 2], (1, 2), False),
    ([1, 2], [1, 2, 3], False),
])  # fmt: skip
def test_same_to_the_last_bit(a: Any, b: Any, expected: bool) -> None:
    assert same(a, b) is expected and same(b, a) is expected


def test_columns_are_compared_line_by_line() -> None:
    assert equal(array(1.0, NAN, NAN, 2.0), array(1.0, NAN, 3.0, 4.0)).tolist() == [
        True, True, False, False]  # fmt: skip
    made = "".join(["fl", "at"])  # not the very object
    assert equal(array("roof", made, None), array("wall", "flat", None)).tolist() == [
        False, True, True]  # fmt: skip
    assert not equal(np.zeros(3), np.zeros(3, object)).any()


def test_objects_of_a_table_stay_where_all_that_is_said_of_their_cell_does() -> None:
    random, kept = np.random.default_rng(2), Kept()
    scene: Any = SimpleNamespace(reuse=SimpleNamespace(kept=kept))
    before: list[Any] = []
    columns = (np.zeros((2, 3)), np.array([[1.0], [NAN]]), np.arange(3))
    made = 0
    for turn in range(60):
        last = columns
        columns = tuple(c.copy() for c in columns)
        if turn % 9 == 8:  # as many cells, another table
            columns = (np.zeros(columns[0].shape[::-1]), np.ones((columns[0].shape[1], 1)),
                       np.arange(columns[0].shape[0]))  # fmt: skip
        elif turn % 4:
            column = columns[int(random.integers(3))]
            column.ravel()[int(random.integers(column.size))] += 1
        rows = columns[0].shape[1]

        def make(cells: np.ndarray, told: Any = columns, rows: int = rows) -> list[Any]:
            nonlocal made
            made += len(cells)
            one, two, three = told
            return [[one[k // rows, k % rows], two[k // rows, 0], three[k % rows]]
                    for k in cells.tolist()]  # fmt: skip

        kept.begin()
        found = each_alike(scene, "table", columns, make)
        kept.settle()
        assert str(found) == str(make(np.arange(columns[0].size)))
        if turn and last[0].shape == columns[0].shape:
            stays = [str(a) == str(b) for a, b in zip(before, found)]
            assert stays == [a is b for a, b in zip(before, found)]
        before = found
    assert made < 60 * 6 + 60 * 3


class Ground:
    """Features with a number that stays theirs, how many lines each has and what it says; some are
    drawn again, come and go from one run to the next."""

    def __init__(self, random: np.random.Generator, n: int) -> None:
        self.random, self.next = random, n
        self.fid, self.drawn = np.arange(n), np.zeros(n, np.int64)
        self.lines, self.said = random.integers(0, 4, n), random.integers(0, 3, n).astype(float)

    def edit(self) -> np.ndarray:
        """(n,) the row of before of what was drawn alike."""
        n, random, old, drawn = len(self.fid), self.random, self.fid, self.drawn.copy()
        again = random.random(n) < random.choice([0.0, 0.1])
        self.drawn = self.drawn + again
        if random.random() < 0.5:  # else as many lines as before
            self.lines = np.where(again, random.integers(0, 4, n), self.lines)
        self.said = np.where(random.random(n) < 0.05, NAN, self.said)
        stay = random.random(n) >= random.choice([0.0, 0.0, 0.1, 1.0], p=[0.4, 0.3, 0.28, 0.02])
        come = int(random.choice([0, 0, 3]))
        at = np.sort(random.integers(0, stay.sum() + 1, come))
        fresh = (np.arange(self.next, self.next + come), np.zeros(come, np.int64),
                 random.integers(0, 4, come), np.ones(come))  # fmt: skip
        self.next += come
        self.fid, self.drawn, self.lines, self.said = (
            np.insert(column[stay], at, values)
            for column, values in zip((self.fid, self.drawn, self.lines, self.said), fresh))
        before = {int(fid): row for row, fid in enumerate(old)}
        rows = [before.get(int(fid), -1) for fid in self.fid]
        return np.array([row if row >= 0 and drawn[row] == self.drawn[k] else -1
                         for k, row in enumerate(rows)], np.int64)  # fmt: skip

    def make(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        self.made = len(rows)
        row = np.repeat(rows, self.lines[rows])
        value = self.fid[row] + 1000.0 * self.drawn[row] + self.said[row]
        return row, value, np.column_stack([value, -value])


@pytest.mark.parametrize("seed", range(8))
def test_rows_again_are_those_made_anew(seed: int) -> None:
    random, kept = np.random.default_rng(seed), Kept()
    ground = Ground(random, 40)
    match = np.full(40, -1, np.int64)
    saved = 0
    for _ in range(60):
        kept.begin()
        n = len(ground.fid)
        wanted = random.random(n) < 0.8
        scene: Any = SimpleNamespace(
            surfaces=SimpleNamespace(n=n), reuse=SimpleNamespace(kept=kept, drawn=match),
            product=lambda name, make: make(scene))  # noqa: B023  # asked at once
        rows = np.flatnonzero(wanted)
        expected = ground.make(rows)
        found = by_row(scene, "ground", ("town",), rows, ground.make, "drawn", (ground.said,))
        saved += len(rows) - ground.made
        for a, b in zip(found, expected):
            np.testing.assert_array_equal(a, b)
        kept.settle(scene)
        match = ground.edit()
    assert saved > 100
