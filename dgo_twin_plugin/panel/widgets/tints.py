"""Colours of a row, worked out once per palette: contrasts cost more than the painting itself."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.PyQt.QtGui import QColor, QPalette
from qgis.PyQt.QtWidgets import QApplication

from ...store.scale import CLASSES, LAW
from .. import paint

FADED = 0.45  # opacity of numbers that no longer hold
_ROLES = (QPalette.ColorRole.Window, QPalette.ColorRole.WindowText, QPalette.ColorRole.Text,
          QPalette.ColorRole.Highlight)  # fmt: skip
_kept: dict[tuple[int, ...], Tints] = {}


@dataclass(frozen=True)
class Tints:
    """The colours on the background of the panel."""

    ink: QColor
    soft: QColor  # text that is less important
    faint: QColor  # a groove
    line: QColor  # ticks
    hatching: QColor
    paper: QColor
    accent: QColor  # ambition and interval
    haze: QColor  # interval
    warning: QColor  # the law
    bands: tuple[QColor, ...]  # 6-7, 7-8, 8-9, 9-10
    edge: QColor  # round the bands, so that the palest stands out from the paper
    hover: QColor
    dark: bool


def tints(palette: QPalette) -> Tints:
    """The colours for a palette; the same object as long as what they rest on is the same. By the
    colours themselves: under a style sheet every widget has a palette of its own."""
    key = (*(palette.color(role).rgba() for role in _ROLES),
           QApplication.palette().color(QPalette.ColorRole.Window).rgba())  # fmt: skip
    found = _kept.get(key)
    if found is None:
        if len(_kept) > 64:
            _kept.clear()
        found = _kept[key] = _made(palette)
    return found


def _made(palette: QPalette) -> Tints:
    paper = paint.paper(palette, "Window")
    text = paint.ink(palette, "Window")
    dark = text.lightness() > paper.lightness()
    accent = palette.color(QPalette.ColorRole.Highlight)
    if paint.contrast(accent, paper) < paint.VISIBLE:
        accent = QColor("#6cb0f0" if dark else "#1f6fb2")
    haze = QColor(accent)
    haze.setAlpha(82 if dark else 62)
    return Tints(
        ink=text, soft=paint.soft(palette, 0.68, "Window"),
        faint=paint.blend(palette, 0.13 if dark else 0.11, "Window"),
        line=paint.blend(palette, 0.62, "Window"),
        hatching=paint.blend(palette, 0.42, "Window"), paper=paper, accent=accent, haze=haze,
        warning=QColor("#f0a35e") if dark else QColor(LAW),
        bands=tuple(QColor(c.colour) for c in CLASSES if not c.fails),
        edge=paint.blend(palette, 0.34, "Window"), hover=paint.blend(palette, 0.045, "Window"),
        dark=dark,
    )  # fmt: skip
