"""Sees that a layer of the run is edited after it."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

SIGNALS = ("layerModified", "afterRollBack", "subsetStringChanged", "dataSourceChanged")


class Watch(QObject):
    """Emits ``changed`` when one of the followed layers changes. Following twice is following
    once; a layer that is deleted is forgotten."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers: dict[str, QgsVectorLayer] = {}

    def follow(self, layers: Iterable[QgsVectorLayer]) -> None:
        """Follow these layers and no others."""
        wanted = {layer.id(): layer for layer in layers}
        for key in set(self._layers) - set(wanted):
            self._let_go(self._layers.pop(key))
        for key in set(wanted) - set(self._layers):
            layer = self._layers[key] = wanted[key]
            for name in SIGNALS:
                getattr(layer, name).connect(self._tell)
            layer.willBeDeleted.connect(self._forget)

    def followed(self) -> set[str]:
        """Ids of the layers that are followed."""
        return set(self._layers)

    def _tell(self) -> None:
        self.changed.emit()

    def _forget(self) -> None:
        layer = self.sender()
        for key, each in list(self._layers.items()):
            if sip.isdeleted(each) or each is layer:
                del self._layers[key]

    def _let_go(self, layer: QgsVectorLayer) -> None:
        if sip.isdeleted(layer):
            return
        for name in SIGNALS:
            getattr(layer, name).disconnect(self._tell)
        layer.willBeDeleted.disconnect(self._forget)
