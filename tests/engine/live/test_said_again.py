"""What rests on what buildings say is carried along until one says something else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dgo_twin_plugin.engine.kept import Kept, each_alike
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.people import people_of
from dgo_twin_plugin.engine.words import TWENTY

from ..factory import profile
from . import edits
from .plan import plan
from .test_live import DATE, same


@pytest.mark.parametrize(("name", "said"), [
    ("gfa", 431.0), ("dwellings", 7.0), ("residential_share", 0.4),
    ("population", 31.0), ("use_class", "childcare_beds"), ("dwelling_type", "apartment"),
    ("existing", 1), ("beng2", 12.5), ("mpg", 0.31), ("pv", 0.75), ("label", "C"),
])  # fmt: skip
def test_a_building_that_says_something_else(name: str, said: Any) -> None:
    sources = plan(90, 1, 10)
    layer = sources.design[0]
    functions = list(layer.columns["function"])
    rows = [functions.index("dwelling"), *range(len(functions) - 1, len(functions))]
    if name == "label":  # counts for what stands there
        for row in rows:
            layer = edits.value(layer, row, "existing", 1)
    sources = edits.with_layer(sources, 0, layer)
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    before = live.assess(sources)
    for row in rows:
        layer = edits.value(layer, row, name, said)
    sources = edits.with_layer(sources, 0, layer)
    after = live.assess(sources)
    same(after, sources)
    assert [repr(row) for row in before.scores] != [repr(row) for row in after.scores]


def test_the_people_are_the_very_same_where_only_a_park_moves() -> None:
    sources = plan(90, 1, 10)
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    first = people_of(live.assess(sources).scene)
    layer = sources.design[0]
    row = list(layer.columns["function"]).index("grass")
    other = edits.shape(layer, row, edits.moved(layer.wkb[row] or b"", 0.5, 0.25))
    sources = edits.with_layer(sources, 0, other)
    assert people_of(live.assess(sources).scene) is first


def test_lines_are_made_again_where_they_or_what_all_rest_on_say_something_else() -> None:
    kept, random = Kept(), np.random.default_rng(2)
    scene: Any = SimpleNamespace(reuse=SimpleNamespace(kept=kept))
    words = np.array(["a", "b", None, "c"], object)
    last: list[tuple[Any, ...]] = []
    said, most = (words[random.integers(0, 4, 9)], random.integers(0, 2, 9).astype(float)), 1.0
    for turn in range(40):
        if turn % 3 == 1:
            said = tuple(column.copy() for column in said)
            said[turn % 2][random.integers(0, len(said[0]))] = words[0] if turn % 2 == 0 else np.nan
        if turn % 7 == 6:
            most += 1.0
        if turn % 13 == 12:
            said = tuple(column[:-1] for column in said)
        all_anew = turn == 0 or turn % 7 == 6 or turn % 13 == 12
        columns, limit = said, np.array([most])

        def make(rows: np.ndarray) -> list[tuple[Any, ...]]:
            return [(*values, limit[0]) for values in  # noqa: B023  # asked at once
                    zip(*(c[rows].tolist() for c in columns))]  # noqa: B023

        kept.begin()
        found = each_alike(scene, "told", columns, make, (limit,))
        kept.settle()
        expected = make(np.arange(len(columns[0])))
        assert repr(found) == repr(expected)
        if not all_anew:
            assert all((a is b) == (repr(a) == repr(b)) for a, b in zip(found, last))
        last = found
