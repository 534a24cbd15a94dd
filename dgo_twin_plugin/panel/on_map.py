"""The indicator of the panel on the map: a layer that follows, and a tool that asks why here."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QObject

from .guard import guarded


class OnMap(QObject):
    """Off until somebody switches it on; then it shows the indicator that is worked in."""

    def __init__(self, dock: Any, parent: QObject) -> None:
        super().__init__(parent)
        self.dock = dock
        self.live: Any = None  # LiveLayer
        self.action: Any = None  # of the identify results
        self.tool: Any = None
        dock.mixer.chosen.connect(self._chosen)

    def end(self) -> None:
        """Take layer, action and tool away."""
        self.stop_tool()
        if self.action is not None:
            self.action.end()
        if self.live is not None:
            self.live.end()
        self.live = self.action = self.tool = None

    @property
    def on(self) -> bool:
        """Whether a layer follows."""
        return self.live is not None and bool(self.live.indicator)

    def switch(self, on: bool) -> None:
        """Show the indicator of the current row, or take it away."""
        if not on:
            self.stop_tool()
            if self.live is not None:
                self.live.choose(None, None)
                self.action.follow()
            return
        mixer = self.dock.mixer
        indicator = mixer.rows.current or next(iter(mixer.rows.rows), "")
        if not indicator or mixer.assessment is None:
            return
        if self.live is None:
            from ..live.map_layer import LiveLayer
            from .identify import IdentifyAction

            self.live = LiveLayer(self.dock.project, self)
            self.action = IdentifyAction(self.live, self)
            self.action.asked.connect(self._why)
            self.live.ended.connect(self._ended)
        mixer.rows.make_current(indicator)
        self._show(indicator)

    def _show(self, indicator: str) -> None:
        self.live.choose(indicator, self.dock.mixer.assessment)
        self.live.set_live(not self.dock.mixer.stale)
        self.action.follow()
        if self.tool is not None and self.tool.busy:
            self._start_tool()

    def follow(self) -> None:
        """The panel shows another state."""
        if self.on and self.dock.mixer.assessment is not None and not self.dock.mixer.stale:
            self.live.update(self.dock.mixer.assessment)
            self.action.follow()

    def fade(self) -> None:
        """Grey the layer at once where the numbers do not hold."""
        if self.on:
            self.live.set_live(not self.dock.mixer.stale)

    # --- the tool -------------------------------------------------------------------------------
    def pointing(self) -> bool:
        """Whether the tool that asks why has the canvas."""
        return self.tool is not None and bool(self.tool.busy)

    def point(self, on: bool) -> None:
        """Take the canvas, because the user asked for it, or give it back."""
        if not on:
            self.stop_tool()
            return
        if not self.on:
            self.switch(True)
        if not self.on:
            return
        if self.tool is None:
            from .identify import WhyHere

            self.tool = WhyHere(self.dock.iface.mapCanvas(), self.live)
            self.tool.asked.connect(self._why)
        self._start_tool()

    def _start_tool(self) -> None:
        row = self.dock.mixer.rows.rows.get(self.live.indicator)
        view = row.view if row is not None else None
        decimals = view.track.decimals if view is not None and view.track is not None else 1
        self.tool.start(view.unit if view is not None else "", decimals)

    def stop_tool(self) -> None:
        """Give the canvas back."""
        if self.tool is not None:
            self.tool.stop()

    @guarded
    def _why(self, place: Any) -> None:
        self.dock.menu.show_why(self.live.indicator, int(place.zone))

    @guarded
    def _chosen(self, indicator: str) -> None:
        if self.on and indicator != self.live.indicator and self.dock.mixer.assessment is not None:
            self._show(indicator)

    @guarded
    def _ended(self) -> None:
        self.stop_tool()
        if self.action is not None:
            self.action.follow()
