"""The explanation of a mark beside the rows, and what it shows on the map."""

from __future__ import annotations

from typing import Any

from ..engine.texts import text
from .guard import guarded
from .why_places import show_place


class WhySide:
    """Makes the panel when first asked; it follows what the mixing panel shows."""

    def __init__(self, dock: Any) -> None:
        self.dock = dock
        self.panel: Any = None
        self.indicator = ""
        self.zone = 0

    def end(self) -> None:
        """Forget the panel: it goes with the page it stands in."""
        self.panel = None

    def explain(self, indicator: str, zone: int) -> None:
        """Explain why an indicator has its mark in the plan (0) or a zone."""
        mixer = self.dock.mixer
        if self.panel is None:
            from .why import WhyPanel

            self.panel = WhyPanel(mixer.side)
            self.panel.place_asked.connect(self._place)
            self.panel.card_asked.connect(self._card)
            self.panel.closed.connect(mixer.side.close_page)
            mixer.why = self.panel
        self.indicator, self.zone = indicator, zone
        self._tell()
        mixer.open_side(self.panel, text("mixer.why"), False)

    def _tell(self) -> None:
        mixer = self.dock.mixer
        if mixer.assessment is not None and self.panel is not None:
            self.panel.explain(mixer.assessment, self.dock.moves.mix, self.zone, self.indicator,
                               mixer.former)  # fmt: skip
            self.panel.set_stale(mixer.stale)

    def _open(self) -> bool:
        return self.panel is not None and self.dock.mixer.side.shows(self.panel)

    def fade(self) -> None:
        """Grey the explanation at once where the numbers do not hold."""
        if self._open():
            self.panel.set_stale(self.dock.mixer.stale)

    def follow(self) -> None:
        """Explain anew, where it is in view and the numbers hold."""
        if self._open() and not self.dock.mixer.stale:
            self._tell()

    @guarded
    def _place(self, layer: Any, fids: list[int], wkb: Any) -> None:
        """Select the features and show where they are; the active layer stays what it is."""
        dock = self.dock
        assessment = dock.mixer.assessment
        if wkb is None or assessment is None or dock.iface is None:
            return
        said = show_place(dock.iface.mapCanvas(), layer, fids or (), bytes(wkb),
                          assessment.scene.crs, dock.project)  # fmt: skip
        if said:
            dock.tell(said)

    @guarded
    def _card(self, indicator: str) -> None:
        from .guide import open_card

        open_card(self.dock.iface, indicator)
