"""The scale of marks: classes split at 6, brown (fails) to teal (good). No QGIS here: the report
and the layers share it.

Colours: ColorBrewer BrBG, a diverging scheme that remains readable with red-green blindness. A
mark below 6 is also hatched and square, so grey print tells it too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MarkClass:
    """Marks from ``low`` (included) to ``high`` (excluded; the last class includes it)."""

    key: str  # results.class.<key>
    low: float
    high: float
    colour: str
    ink: str  # text on that colour

    @property
    def fails(self) -> bool:
        return self.high <= 6.0


CLASSES = (
    MarkClass("fails_far", 1.0, 4.0, "#8c510a", "#ffffff"),
    MarkClass("fails", 4.0, 5.0, "#bf812d", "#1d1d1d"),
    MarkClass("fails_near", 5.0, 6.0, "#dfc27d", "#1d1d1d"),
    MarkClass("minimum", 6.0, 7.0, "#c7eae5", "#1d1d1d"),
    MarkClass("towards_basis", 7.0, 8.0, "#80cdc1", "#1d1d1d"),
    MarkClass("basis", 8.0, 9.0, "#35978f", "#ffffff"),
    MarkClass("optimum", 9.0, 10.0, "#01665e", "#ffffff"),
)
NONE_COLOUR = "#8b9398"  # outline of what has no mark
INK = "#1f2326"
LAW = "#8c2d04"  # a certain breach
_DUST = 1e-9  # a mark this little below a limit is that limit (binary floats, as engine/marks)


def class_of(mark: float | None) -> MarkClass | None:
    """The class of a mark; None for no mark."""
    if mark is None or mark != mark:
        return None
    for each in CLASSES:
        if mark < each.high - _DUST:
            return each
    return CLASSES[-1]


def condition(each: MarkClass, field: str) -> str:
    """The class as a QGIS expression. Half-open, so 6 passes and 5.99 does not."""
    low = "" if each is CLASSES[0] else f'"{field}" >= {each.low - _DUST!r}'
    high = "" if each is CLASSES[-1] else f'"{field}" < {each.high - _DUST!r}'
    return " AND ".join(part for part in (low, high) if part)
