"""Objects by zone: a zone keeps its own as long as all that it was made of is the same."""

from __future__ import annotations

from operator import ne

from dgo_twin_plugin.engine.by_zone import by_zone
from dgo_twin_plugin.engine.kept import Kept

MADE: list[int] = []


def make(zones: list[int]) -> list[list[int]]:
    MADE.extend(zones)
    return [[zone] for zone in zones]


def run(kept: Kept | None, inputs: tuple, *sources: list, **more) -> list[list[int]]:
    """One run, and which zones it made in ``MADE``."""
    MADE.clear()
    if kept is not None:
        kept.begin()
    found = by_zone(kept, "name", inputs, sources, make, **more)
    if kept is not None:
        kept.settle()
    assert [zone for zone, in found] == list(range(len(sources[0])))
    return found


def test_only_what_has_another_source_is_made() -> None:
    kept, a, b = Kept(), [object() for _ in range(4)], [object() for _ in range(4)]
    first = run(kept, (1, "x"), a, b)
    assert MADE == [0, 1, 2, 3]
    assert run(kept, (1, "x"), list(a), b) == first and not MADE
    other = [*a[:2], object(), a[3]]
    second = run(kept, (1, "x"), other, b)
    assert MADE == [2] and [x is y for x, y in zip(first, second)] == [True, True, False, True]
    run(kept, (1, "x"), other, [object(), *b[1:]])
    assert MADE == [0]


def test_other_inputs_or_another_number_of_zones_make_all() -> None:
    kept, a = Kept(), [object() for _ in range(3)]
    run(kept, (1,), a)
    run(kept, (2,), a)
    assert MADE == [0, 1, 2]
    run(kept, (2,), [*a, object()])
    assert MADE == [0, 1, 2, 3]
    run(None, (2,), a)
    assert MADE == [0, 1, 2]


def test_equal_sources_are_alike_only_where_asked() -> None:
    kept = Kept()
    run(kept, (), [bytes([k]) * 9 for k in range(3)], differ=ne)
    run(kept, (), [bytes([k]) * 9 for k in range(3)], differ=ne)
    assert not MADE
    run(kept, (), [bytes([k]) * 9 for k in range(3)])
    assert MADE == [0, 1, 2]


def test_a_run_that_is_given_up_leaves_what_was_kept() -> None:
    kept, a = Kept(), [object() for _ in range(3)]
    first = run(kept, (), a)
    kept.begin()
    by_zone(kept, "name", (), ([object() for _ in range(3)],), make)  # never settled
    assert run(kept, (), a) == first and not MADE
