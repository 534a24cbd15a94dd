"""Blocks in one to three columns, in reading order: down the first, then down the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.PyQt.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

COLUMN = 330  # px that a column needs at least
MOST = 3


def split(heights: Sequence[float], columns: int) -> list[int]:
    """How many blocks each column gets, so that the tallest column is as low as it can be; the
    blocks keep their order. Earlier columns are the fuller ones where it makes no difference."""
    n = len(heights)
    columns = max(1, min(columns, n))
    best: dict[tuple[int, int], tuple[float, list[int]]] = {}

    def solve(start: int, left: int) -> tuple[float, list[int]]:
        if left == 1:
            return sum(heights[start:]), [n - start]
        if (start, left) not in best:
            found: tuple[float, list[int]] | None = None
            for take in range(n - start - left + 1, 0, -1):
                rest, counts = solve(start + take, left - 1)
                tall = max(sum(heights[start : start + take]), rest)
                if found is None or tall < found[0]:
                    found = (tall, [take, *counts])
            assert found is not None
            best[start, left] = found
        return best[start, left]

    return solve(0, columns)[1] if n else []


class Columns(QWidget):
    """Lays its blocks in as many columns as its width allows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.blocks: list[QWidget] = []
        self.counts: list[int] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 0, 8, 8)
        self._row.setSpacing(18)
        self._columns: list[QVBoxLayout] = []

    def set_blocks(self, blocks: Sequence[QWidget]) -> None:
        """Show these blocks, in this order; the others go."""
        for gone in self.blocks:
            if gone not in blocks:
                gone.hide()
                gone.setParent(None)
                gone.deleteLater()
        self.blocks = list(blocks)
        self.counts = []
        self.arrange()

    def arrange(self, width: int | None = None) -> None:
        """Divide the blocks anew where that changes anything; for a width that it will have, or
        the one it has."""
        wanted = max(1, min(MOST, (self.width() if width is None else width) // COLUMN))
        counts = split([block.sizeHint().height() for block in self.blocks], wanted)
        if counts == self.counts:
            return
        self.counts = counts
        for column in self._columns:
            while column.count():
                column.takeAt(0)
            self._row.removeItem(column)
            column.deleteLater()
        self._columns = []
        start = 0
        for count in counts:
            column = QVBoxLayout()
            column.setSpacing(2)
            for block in self.blocks[start : start + count]:
                column.addWidget(block)
            column.addStretch(1)
            self._row.addLayout(column, 1)
            self._columns.append(column)
            start += count

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.arrange()
