"""Number boxes of the panel: the ambition in its own unit, and a weight. Decimal comma in Dutch."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QValidator
from qgis.PyQt.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget

from ...engine.bandwidth import Track
from ...engine.mix import MOST_WEIGHT
from ...engine.texts import language


def read_number(words: str) -> float | None:
    """A number as people type it: comma or point, a real minus, spaces and unit behind it."""
    plain = words.replace("\u2212", "-").replace("\u00a0", " ").strip()
    head = plain.split(" ")[0].replace(",", ".") if plain else ""
    try:
        return float(head)
    except ValueError:
        return None


class NumberBox(QDoubleSpinBox):
    """A spin box that shows and reads numbers in the language of the panel, whatever the locale
    of the machine. ``typed(value, final)``: only what a person did."""

    typed = pyqtSignal(float, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lang = language()
        self._filling = False
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel scrolls the list
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.UpDownArrows)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.valueChanged.connect(self._changed)

    def fill(self, value: float) -> None:
        """Show a value; nobody is told."""
        if value != self.value():
            self._filling = True
            self.setValue(value)
            self._filling = False

    def _changed(self, value: float) -> None:
        if not self._filling:
            self.typed.emit(value, True)

    def wheelEvent(self, event: Any) -> None:  # noqa: N802
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def validate(self, words: str, at: int) -> Any:
        state = QValidator.State
        if read_number(words) is not None:
            return state.Acceptable, words, at
        fine = not words.strip() or words.strip() in ("-", "\u2212", ",", ".", "-,", "-.")
        return (state.Intermediate if fine else state.Invalid), words, at

    def valueFromText(self, words: str) -> float:  # noqa: N802
        found = read_number(words)
        return self.value() if found is None else found

    def textFromValue(self, value: float) -> str:  # noqa: N802
        shown = f"{value:g}".replace("-", "\u2212")
        return shown.replace(".", ",") if self.lang == "nl" else shown


class AmbitionBox(NumberBox):
    """The ambition on a track; steps and ends are those of the handle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.track: Track | None = None

    def set_track(self, track: Track, unit: str, lang: str) -> None:
        """Another quantity or area type."""
        self._filling = True
        self.track, self.lang = track, lang
        self.setDecimals(track.decimals + (4 if track.log else 3))
        self.setRange(*sorted((track.first, track.end)))
        self.setSingleStep(track.step)
        self.setSuffix("")
        self.setToolTip(unit)
        self._filling = False

    def stepBy(self, steps: int) -> None:  # noqa: N802
        """Up is a higher number, also where lower is better: so say the arrows of the box."""
        if self.track is None:
            return
        up = 1 if self.track.up else -1
        self.setValue(self.track.moved(self.value(), steps * up))

    def textFromValue(self, value: float) -> str:  # noqa: N802
        if self.track is None:
            return super().textFromValue(value)
        return self.track.exact(value, self.lang)


class WeightBox(NumberBox):
    """A weight from 0 to 5 by halves: ``× 1``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0.0, MOST_WEIGHT)
        self.setSingleStep(0.5)
        self.setDecimals(2)

    def fill(self, value: float) -> None:
        """A file may give more than the panel does: then that is the most."""
        self._filling = True
        self.setMaximum(max(MOST_WEIGHT, value))
        self._filling = False
        super().fill(value)

    def textFromValue(self, value: float) -> str:  # noqa: N802
        return f"× {super().textFromValue(value)}"

    def valueFromText(self, words: str) -> float:  # noqa: N802
        return super().valueFromText(words.replace("×", "").strip())

    def validate(self, words: str, at: int) -> Any:
        state, _, _ = super().validate(words.replace("×", "").strip(), at)
        return state, words, at
