"""Objects of which there is one for each zone: an edit changes one or two, and the plan's."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import compress, count
from operator import is_not
from typing import Any, TypeVar

from .kept import Kept

T = TypeVar("T")


def by_zone(kept: Kept | None, name: Hashable, inputs: tuple[Any, ...],
            sources: tuple[Sequence[Any], ...], make: Callable[[list[int]], list[T]],
            differ: Callable[[Any, Any], bool] = is_not) -> list[T]:  # fmt: skip
    """One object per zone, or per zone of one part after the other, made of ``inputs`` and of what
    each of ``sources`` has at that place; ``make(places)`` gives those of some, ascending. A place
    keeps the object of the last run where its sources do not ``differ`` from those of that run, by
    default are the very objects, and the inputs are equal."""
    size = len(sources[0])
    last = None if kept is None else kept.made_from(name)
    found: list[T] = [] if kept is None else kept.found(name) or []
    if last is None or len(found) != size or last[0] != inputs:
        found = make(list(range(size)))
    else:
        changed: set[int] = set()
        for now, then in zip(sources, last[1]):
            if now is not then:
                changed.update(compress(count(), map(differ, now, then)))
        if changed:
            found, places = list(found), sorted(changed)
            for place, item in zip(places, make(places)):
                found[place] = item
    if kept is not None:
        kept.put(name, (inputs, sources), found)
    return found
