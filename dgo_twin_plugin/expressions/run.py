"""The run that expressions speak of, and its rows, read once.

Expressions are evaluated in the threads that draw maps. So which run counts is decided in the main
thread (:class:`Current` follows the project), and what a file holds is kept behind a lock.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsLayerTreeGroup, QgsProject

from ..engine.words import DgoError
from ..layers.properties import FILE_PROPERTY, RUN_PROPERTY
from ..store.target import Where, place

_KEPT = 4  # runs in memory
_Key = tuple[str, int, Optional[int]]  # source layer, feature, zone (None: whichever)


class Rows:
    """The rows of one run. ``scores`` and ``parts`` by indicator and zone (0 = plan); the places of
    an indicator by source layer and feature, the lowest mark where a feature has several."""

    def __init__(self, path: Where, run_id: str) -> None:
        from ..store import read

        self.path, self.run_id = path, run_id
        scores = read.rows(path, "scores", run_id)
        self.scores = {(s["indicator"], s["zone_id"]): s for s in scores}
        totals = read.rows(path, "totals", run_id)
        self.totals = {(t["theme"], t["zone_id"]): t for t in totals}
        self._places: dict[str, dict[_Key, dict[str, Any]]] = {}
        self._zones: dict[tuple[str, int], int] | None = None
        self._lock = threading.Lock()

    def place(
        self, indicator: str, layer: str, fid: int, zone: int | None = None
    ) -> dict[str, Any] | None:
        """The place of a feature (in one zone): ``value`` and ``mark``; None where it was not
        measured."""
        with self._lock:
            if indicator not in self._places:
                self._places[indicator] = self._read(indicator)
        return self._places[indicator].get((layer, fid, zone))

    def zone(self, layer: str, fid: int) -> int | None:
        """The zone of a feature; the first where it lies in several, None where in none."""
        from ..store import read

        with self._lock:
            if self._zones is None:
                self._zones = {}
                for row in read.rows(self.path, "places", self.run_id):
                    if row["source_fid"] is None or not row["zone_id"]:
                        continue
                    key = str(row["source_layer"]), int(row["source_fid"])
                    self._zones[key] = min(row["zone_id"], self._zones.get(key, row["zone_id"]))
        return self._zones.get((layer, fid))

    def _read(self, indicator: str) -> dict[_Key, dict[str, Any]]:
        from ..store import read

        found: dict[_Key, dict[str, Any]] = {}
        try:
            rows = read.rows(self.path, f"ind_{indicator}", self.run_id)
        except DgoError:
            return found  # an indicator that measured no places
        for row in rows:
            for zone in (None, row["zone_id"]):
                key = str(row["source_layer"]), int(row["source_fid"] or 0), zone
                old = found.get(key)
                if old is None or _lower(row["mark"], old["mark"]):
                    found[key] = row
        return found


def _lower(mark: float | None, other: float | None) -> bool:
    return mark is not None and (other is None or mark < other)


class Current:
    """The run on top of the layer tree of the project; main thread, but for :meth:`rows`."""

    def __init__(self, project: QgsProject) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str, int], Rows] = {}
        self._top: tuple[str, str] | None = None
        self._of_layer: dict[str, tuple[str, str]] = {}  # id of a result layer -> its run
        self._project = project
        root = project.layerTreeRoot()
        self._signals: tuple[Any, ...] = (
            root.addedChildren, root.removedChildren, project.readProject, project.cleared,
            root.customPropertyChanged, project.layersAdded, project.layersRemoved,
        )  # fmt: skip
        for signal in self._signals:
            signal.connect(self.look)
        self.look()

    def end(self) -> None:
        """Stop following the project."""
        for signal in self._signals:
            try:
                signal.disconnect(self.look)
            except (TypeError, RuntimeError):
                pass  # the project is gone already
        self._signals = ()

    def look(self, *_: Any) -> None:
        """Find the topmost group of a run again."""
        def search(parent: QgsLayerTreeGroup) -> tuple[str, str] | None:
            for child in parent.children():
                if not isinstance(child, QgsLayerTreeGroup):
                    continue
                run, path = child.customProperty(RUN_PROPERTY), child.customProperty(FILE_PROPERTY)
                if run and path:
                    return str(path), str(run)
                found = search(child)
                if found is not None:
                    return found
            return None

        top = search(self._project.layerTreeRoot())
        of_layer = {}
        for id_, layer in self._project.mapLayers().items():
            run, path = layer.customProperty(RUN_PROPERTY), layer.customProperty(FILE_PROPERTY)
            if run and path:
                of_layer[id_] = str(path), str(run)
        with self._lock:
            self._top, self._of_layer = top, of_layer

    def rows_of(self, layer_id: str) -> Rows | None:
        """The rows of the run that a result layer belongs to; None for any other layer."""
        with self._lock:
            known = layer_id in self._of_layer
        return self.rows(layer_id) if known else None

    def rows(self, layer_id: str = "") -> Rows | None:
        """The rows of the run that a layer belongs to, else of the run on top; None where there is
        none. Raises ``DgoError`` where its file cannot be read."""
        with self._lock:
            named = self._of_layer.get(layer_id, self._top)
            if named is None:
                return None
            file = place(named[0])
            try:  # a run in a database does not change, and asking costs a connection
                stamp = file.stat().st_mtime_ns if isinstance(file, Path) else 0
            except OSError:
                raise DgoError("results.error.absent", path=str(file)) from None
            key = (*named, stamp)
            if key not in self._kept:
                while len(self._kept) >= _KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = Rows(file, named[1])
            return self._kept[key]
