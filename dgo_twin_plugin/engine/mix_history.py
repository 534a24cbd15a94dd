"""Undo and redo of moves in the mixing panel. A drag of one handle is one step."""

from __future__ import annotations

from .mix import Mix

MOST = 200  # steps kept


class History:
    """The mixes there were, with what led to each; the one in force is :attr:`mix`."""

    def __init__(self, mix: Mix | None = None) -> None:
        self._steps: list[tuple[Mix, str]] = [(mix or Mix(), "")]
        self._at = 0
        self._open = False  # a drag goes on: the next push of the same label takes its place

    @property
    def mix(self) -> Mix:
        """The mix in force."""
        return self._steps[self._at][0]

    def push(self, mix: Mix, label: str = "", final: bool = True) -> None:
        """A new mix in force. ``final=False``: a drag that goes on; pushes with the same label,
        up to and with the final one, are one step. A mix that is no other makes no step."""
        going_on = self._open and self._steps[self._at][1] == label
        self._open = not final
        if going_on:
            if self._at and mix == self._steps[self._at - 1][0]:  # dragged back to where it began
                del self._steps[self._at :]
                self._at -= 1
                self._open = False
            else:
                self._steps[self._at] = (mix, label)
            return
        if mix == self.mix:
            self._open = False
            return
        del self._steps[self._at + 1 :]
        self._steps.append((mix, label))
        del self._steps[: -MOST - 1]
        self._at = len(self._steps) - 1

    def undo(self) -> Mix:
        """One step back; the mix then in force."""
        self._at, self._open = max(0, self._at - 1), False
        return self.mix

    def redo(self) -> Mix:
        """One step on; the mix then in force."""
        self._at, self._open = min(len(self._steps) - 1, self._at + 1), False
        return self.mix

    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._at > 0

    def can_redo(self) -> bool:
        """Whether there is a step to take again."""
        return self._at < len(self._steps) - 1

    def undo_label(self) -> str:
        """What :meth:`undo` would take back."""
        return self._steps[self._at][1]

    def redo_label(self) -> str:
        """What :meth:`redo` would do again."""
        return self._steps[self._at + 1][1] if self.can_redo() else ""

    def clear(self, mix: Mix) -> None:
        """Begin anew, with another project say."""
        self._steps, self._at, self._open = [(mix, "")], 0, False
