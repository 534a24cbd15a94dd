"""Objects of which there is one for each zone: an edit changes one or two, and the plan's."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from operator import is_
from typing import Any, TypeVar

from .kept import Kept

T = TypeVar("T")


def by_zone(kept: Kept | None, name: Hashable, inputs: tuple[Any, ...],
            sources: tuple[Sequence[Any], ...], make: Callable[[list[int]], list[T]],
            alike: Callable[[Any, Any], bool] = is_) -> list[T]:  # fmt: skip
    """One object per zone, made of ``inputs`` and of what each of ``sources`` has for that zone;
    ``make(zones)`` gives those of some. A zone keeps the object of the last run where its sources
    are ``alike`` those of that run, by default the very objects, and the inputs equal."""
    zones = list(range(len(sources[0])))
    if kept is None:
        return make(zones)
    last, before = kept.made_from(name), kept.found(name)
    if last is None or len(before) != len(zones) or last[0] != inputs:
        return kept.put(name, (inputs, sources), make(zones))
    changed = {zone for now, then in zip(sources, last[1]) if now is not then
               for zone, known in enumerate(map(alike, now, then)) if not known}  # fmt: skip
    found = before
    if changed:
        found = list(before)
        for zone, item in zip(changed, make(list(changed))):
            found[zone] = item
    return kept.put(name, (inputs, sources), found)
