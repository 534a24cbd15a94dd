"""Rows that were made before: one is made again only where something that it rests on is another.

A slider moves one indicator; the rows of the others are the very same objects as before, so that
whoever draws them sees at once that there is nothing to draw. What comes out is what
:func:`.row_view.row_views` makes without a memory (tests/engine/test_row_memory.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .mix import Mix, split_key

if TYPE_CHECKING:
    from .row_view import RowView

_NOTHING: Mapping[str, float] = {}


class RowMemory:
    """What the last rows were made of. One per panel; :meth:`forget` lets go of it all."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Make everything anew the next time."""
        self._profile: Any = None
        self._about: tuple[Any, ...] = ()
        self._mix: Mix | None = None
        self._made: dict[str, tuple[tuple[Any, ...], Any, RowView]] = {}
        self._former: tuple[Any, Any, Any] = (None, None, None)

    def begin(self, profile: Any, mix: Mix, about: tuple[Any, ...]) -> None:
        """Rows are going to be asked for. ``about``: what all of them rest on."""
        moved = None if self._mix is None else moved_between(self._mix, mix)
        if moved is None or profile is not self._profile or about != self._about:
            self._made.clear()
        for indicator in moved or ():
            self._made.pop(indicator, None)
        self._profile, self._mix, self._about = profile, mix, about

    def row(self, indicator: str, rests_on: Sequence[Any], before: Any,
            make: Callable[[], RowView]) -> RowView:  # fmt: skip
        """The row of an indicator. ``rests_on`` are compared by identity: rows of scores are
        shared and nobody changes them; ``before``, the earlier state, by what it says."""
        found = self._made.get(indicator)
        if found is not None:
            own, was, view = found
            if was == before and len(own) == len(rests_on) and all(
                    a is b for a, b in zip(own, rests_on)):  # fmt: skip
                return view
        view = make()
        self._made[indicator] = (tuple(rests_on), before, view)
        return view

    def former(self, rows: Any, about: Any, make: Callable[[], Any]) -> Any:
        """What the rows of an earlier assessment say of the place in view: they do not change any
        more. Its rows, not the assessment: whoever holds that holds its geometry."""
        if self._former[0] is not rows or self._former[1] != about:
            self._former = (rows, about, make())
        return self._former[2]


def moved_between(before: Mix, now: Mix) -> set[str] | None:
    """The indicators that two mixes have otherwise; None = all of them may be."""
    if before is now:
        return set()
    if before.mode != now.mode:
        return None
    moved = set(before.off ^ now.off) | set(before.locked ^ now.locked)
    moved |= {name for name, _ in before.weights.items() ^ now.weights.items()}
    for scope in {*before.ambitions, *now.ambitions}:
        one = before.ambitions.get(scope, _NOTHING)
        other = now.ambitions.get(scope, _NOTHING)
        if one is not other:
            moved |= {split_key(key)[0] for key, _ in one.items() ^ other.items()}
    return moved
