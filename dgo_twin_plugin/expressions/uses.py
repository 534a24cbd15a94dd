"""Which layers show live answers: those whose style asks for them are drawn again."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsMapLayer, QgsMapLayerStyle, QgsProject, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject

ASKED = ("dgo_mark", "dgo_value", "dgo_status")


def uses(layer: QgsMapLayer) -> bool:
    """Whether labels, symbols or anything else in the style of a layer asks for marks."""
    if not isinstance(layer, QgsVectorLayer) or layer.customProperty("dgo/live"):
        return False  # the live layer draws itself
    style = QgsMapLayerStyle()
    style.readFromLayer(layer)
    written = style.xmlData()
    return any(name in written for name in ASKED)


class Users(QObject):
    """Remembers per layer whether its style asks, so that :meth:`repaint` costs next to nothing."""

    def __init__(self, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._known: dict[str, bool] = {}
        self._heard: dict[str, Any] = {}
        project.layersWillBeRemoved.connect(self._leave)

    def repaint(self) -> int:
        """Draw the layers that ask for marks again; gives how many. Main thread."""
        drawn = 0
        for id_, layer in self._project.mapLayers().items():
            if id_ not in self._known:
                self._hear(id_, layer)
            if self._known[id_]:
                layer.triggerRepaint()
                drawn += 1
        return drawn

    def end(self) -> None:
        """Hear nothing more."""
        for id_ in list(self._heard):
            self._forget(id_)
        try:
            self._project.layersWillBeRemoved.disconnect(self._leave)
        except (TypeError, RuntimeError):
            pass  # disconnected already, or the project is gone

    def _hear(self, id_: str, layer: QgsMapLayer) -> None:
        self._known[id_] = uses(layer)
        if id_ in self._heard:
            return

        def changed() -> None:
            self._known.pop(id_, None)

        layer.styleChanged.connect(changed)
        self._heard[id_] = layer, changed

    def _leave(self, ids: list[str]) -> None:
        for id_ in ids:
            self._forget(id_)

    def _forget(self, id_: str) -> None:
        self._known.pop(id_, None)
        layer, slot = self._heard.pop(id_, (None, None))
        if layer is not None and not sip.isdeleted(layer):
            try:
                layer.styleChanged.disconnect(slot)
            except (TypeError, RuntimeError):
                pass  # the layer is going already
