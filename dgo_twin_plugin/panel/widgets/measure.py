"""Heights of text that are the same in Qt 5 and Qt 6."""

from __future__ import annotations

from qgis.PyQt.QtGui import QFont, QFontMetricsF


def line_height(font: QFont) -> float:
    """px of one line, whole. Qt 5 rounds ascent and descent up and corrects that by a negative
    leading, Qt 6 does neither: only the line spacing is the same."""
    return float(max(1, round(QFontMetricsF(font).lineSpacing())))
