"""The chosen indicator on the map: a layer in memory that follows the live values.

Made once per choice; after that features are added, taken away and changed in place, so that the
layer, its place in the tree and the styling the user gave it stay. It is a view, not data: it is
never written into the project file, never makes the project dirty and never becomes the active
layer. Who removes it ends the choice.
"""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsLayerTreeLayer,
    QgsMapLayer,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..engine.assessment import Assessment, PlaceTable
from ..engine.geometry import Polygons
from ..engine.texts import language, text
from ..engine.why_counts import feature_name
from ..engine.wkb import dimension, moved_wkb
from ..engine.words import DgoError
from ..layers import styles
from .map_tip import template

LIVE_PROPERTY = "dgo/live"  # its value: the indicator
SKIP = "skipMemoryLayersCheck"  # QGIS does not ask whether this memory layer may be lost
KINDS = ("MultiPoint", "MultiLineString", "MultiPolygon")
# of any length: by itself QGIS would round what is changed to five decimals
FIELDS = (("zone_id", "integer"), ("source_layer", "string(0)"), ("source_fid", "integer"),
          ("name", "string(0)"), ("value", "double(0,0)"), ("mark", "double(0,0)"),
          ("assumed", "double(0,0)"))  # fmt: skip
VALUE, MARK, ASSUMED = 4, 5, 6  # positions of what changes
OPACITY, STALE = 0.85, 0.35
_Key = tuple[str, int, int, int]  # layer, feature, zone, count of places with these three


@dataclass(frozen=True)
class Place:
    """What the layer knows of one place."""

    indicator: str
    zone: int
    layer: str
    fid: int
    name: str
    value: float | None
    mark: float | None


@dataclass(frozen=True)
class Updated:
    """What an update did."""

    added: int = 0
    removed: int = 0
    moved: int = 0  # geometries
    changed: int = 0  # values
    ms: float = 0.0


class LiveLayer(QObject):
    """The choice and its layer. ``ended``: the user took the layer away, or the project closed."""

    ended = pyqtSignal()

    def __init__(self, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.indicator = ""
        self.layer: QgsVectorLayer | None = None
        self.live = True
        self.lang = language()
        self._kept = _Kept()
        self._seen: Any = None  # what stands in the layer was made of this
        self._busy = False  # we ourselves take the layer away, or bring it back
        self._aside: tuple[QgsVectorLayer, _Seat] | None = None  # while the project is written
        project.layersWillBeRemoved.connect(self._leave)
        project.writeProject.connect(self._step_aside)
        project.readProject.connect(self._sweep)

    # --- choosing -----------------------------------------------------------------------------
    def choose(self, indicator: str | None, assessment: Assessment | None) -> Updated:
        """Show an indicator; None or '' shows none. The same indicator again only updates."""
        if indicator == self.indicator and self.layer is not None and assessment is not None:
            return self.update(assessment)
        self._drop()
        self.indicator = indicator or ""
        if not self.indicator or assessment is None:
            return Updated()
        return self.update(assessment)

    def end(self) -> None:
        """Take the layer away and hear nothing more; harmless when called twice."""
        self._drop()
        self.indicator = ""
        for signal, slot in ((self.project.layersWillBeRemoved, self._leave),
                             (self.project.writeProject, self._step_aside),
                             (self.project.readProject, self._sweep)):  # fmt: skip
            try:
                signal.disconnect(slot)
            except (TypeError, RuntimeError):
                pass  # disconnected already, or the project is gone

    def set_live(self, on: bool) -> None:
        """Grey the layer while its numbers no longer hold."""
        if on == self.live:
            return
        self.live = on
        if self._there():
            with self._clean():
                self.layer.setOpacity(OPACITY if on else STALE)
                self.layer.triggerRepaint()

    # --- following ----------------------------------------------------------------------------
    def update(self, assessment: Assessment) -> Updated:
        """Bring the layer up to date. Where the indicator has no places it stays, empty."""
        if not self.indicator:
            return Updated()
        began = time.perf_counter()
        if self._there() and self._seen is assessment.prepared:
            self.set_live(True)  # a slider moved: places and their marks are the same
            return Updated(ms=1000.0 * (time.perf_counter() - began))
        rows = _Rows.of(assessment, self.indicator, self._kept, self.lang)
        if not self._there():
            if rows is None or not len(rows.keys):
                return Updated()
            self._make(assessment, rows)
        assert self.layer is not None
        if rows is None:
            rows = _Rows.none(self._kept.kind)
        if rows.kind != self._kept.kind and len(rows.keys):
            # an indicator whose places are of another kind now: the layer cannot hold them
            self._drop()
            self._make(assessment, rows)
        done = self._write(rows)
        self._seen = assessment.prepared
        self.set_live(True)
        if done.added or done.removed or done.moved:
            self.layer.updateExtents()
        if done.added or done.removed or done.moved or done.changed:
            self.layer.triggerRepaint()
        return dataclasses.replace(done, ms=1000.0 * (time.perf_counter() - began))

    def _write(self, rows: _Rows) -> Updated:
        provider, kept = self.layer.dataProvider(), self._kept
        gone = [key for key in kept.fids if key not in rows.at]
        if gone:
            provider.deleteFeatures([kept.fids.pop(key) for key in gone])
        fresh = [k for k, key in enumerate(rows.keys) if key not in kept.fids]
        numbers: dict[int, dict[int, Any]] = {}
        shapes: dict[int, QgsGeometry] = {}
        for k, key in enumerate(rows.keys):
            fid = kept.fids.get(key)
            if fid is None:
                continue
            old = kept.numbers[key]
            new = rows.numbers[k]
            if new != old:
                numbers[fid] = {VALUE: new[0], MARK: new[1], ASSUMED: new[2]}
            if rows.marks[k] != kept.shapes[key]:
                shapes[fid] = rows.geometry(k)
        if numbers:
            provider.changeAttributeValues(numbers)
        if shapes:
            provider.changeGeometryValues(shapes)
        if fresh:
            fields = provider.fields()
            made = []
            for k in fresh:
                feature = QgsFeature(fields)
                feature.setAttributes(rows.attributes(k))
                feature.setGeometry(rows.geometry(k))
                made.append(feature)
            done, made = provider.addFeatures(made)
            if not done:
                raise DgoError("why.live.error", layer=self.layer.name(),
                               detail="; ".join(provider.errors()) or "-")  # fmt: skip
            kept.fids.update({rows.keys[k]: f.id() for k, f in zip(fresh, made)})
        kept.numbers = dict(zip(rows.keys, rows.numbers))
        kept.shapes = dict(zip(rows.keys, rows.marks))
        return Updated(len(fresh), len(gone), len(shapes), len(numbers))

    def _make(self, assessment: Assessment, rows: _Rows) -> None:
        name = text("why.live.layer", self.lang, indicator=styles.indicator_name(
            self.indicator, self.lang))  # fmt: skip
        columns = "&".join(f"field={column}:{kind}" for column, kind in FIELDS)
        layer = QgsVectorLayer(f"{KINDS[rows.kind]}?{columns}", name, "memory")
        crs = QgsCoordinateReferenceSystem()
        crs.createFromUserInput(assessment.scene.crs)
        if not layer.isValid():
            raise DgoError("why.live.error", layer=name, detail=layer.error().summary())
        layer.setCrs(crs)
        layer.dataProvider().createSpatialIndex()
        layer.setCustomProperty(LIVE_PROPERTY, self.indicator)
        layer.setCustomProperty(SKIP, 1)
        layer.setRenderer(styles.marks_renderer(layer.geometryType(), "mark", self.lang))
        for k, (column, _) in enumerate(FIELDS):
            layer.setFieldAlias(k, styles.alias(column, self.lang))
        layer.setDisplayExpression('"name"')
        layer.setMapTipTemplate(template(assessment, self.indicator, self.lang))
        layer.setOpacity(OPACITY)
        self.live = True
        layer.setReadOnly(True)
        self._kept = _Kept(rows.kind)
        with self._clean():
            # not by the project's bridge: QGIS would make the new layer the active one
            self.project.addMapLayer(layer, False)
            self.project.layerTreeRoot().insertLayer(0, layer)
        self.layer = layer

    # --- going ----------------------------------------------------------------------------------
    def _there(self) -> bool:
        return self.layer is not None and not sip.isdeleted(self.layer)

    @contextmanager
    def _clean(self) -> Iterator[None]:
        """What we do to the project is no change of the user's: it stays as saved as it was."""
        before, self._busy = self._busy, True
        try:
            with QgsProject.blockDirtying(self.project):
                yield
        finally:
            self._busy = before

    def _drop(self) -> None:
        self._aside = None
        layer, self.layer = self.layer, None
        self._kept, self._seen = _Kept(), None
        if layer is not None and not sip.isdeleted(layer):
            with self._clean():
                self.project.removeMapLayer(layer.id())

    def _leave(self, ids: list[str]) -> None:
        """Layers are about to be removed; where it is ours, by somebody else, the choice ends."""
        if self._busy or not self._there() or self.layer.id() not in ids:
            return
        self.layer, self.indicator, self._kept, self._seen = None, "", _Kept(), None
        self.ended.emit()

    def _sweep(self, *_: Any) -> None:
        """A project that was saved by somebody without this care may hold an empty live layer."""
        own = self.layer.id() if self._there() else ""
        left = [id_ for id_, layer in self.project.mapLayers().items()
                if layer.customProperty(LIVE_PROPERTY) and id_ != own]  # fmt: skip
        if left:
            with self._clean():
                self.project.removeMapLayers(left)

    def _step_aside(self, *_: Any) -> None:
        """The project is being written: the layer leaves it before its layers are, and comes back
        as soon as Qt has a moment. Its node is in the document already and is taken out."""
        if not self._there():
            return
        document = _[0] if _ else None
        seat = _Seat.of(self.project, self.layer)
        with self._clean():
            self.project.takeMapLayer(self.layer)
        if document is not None:
            _strip(document, self.layer.id())
        self._aside = self.layer, seat
        QTimer.singleShot(0, self._come_back)

    def _come_back(self) -> None:
        if sip.isdeleted(self) or self._aside is None:
            return
        (layer, seat), self._aside = self._aside, None
        if layer is not self.layer or sip.isdeleted(layer):
            return
        with self._clean():
            self.project.addMapLayer(layer, False)
            seat.take(self.project, layer)

    # --- asking ---------------------------------------------------------------------------------
    def here(self, point: QgsPointXY, crs: QgsCoordinateReferenceSystem,
             reach: float) -> Place | None:  # fmt: skip
        """The place at a point (in ``crs``, ``reach`` in its units): the smallest area around it,
        else the nearest thing within reach; None where there is none."""
        if not self._there():
            return None
        box = QgsRectangle(point.x() - reach, point.y() - reach, point.x() + reach,
                           point.y() + reach)  # fmt: skip
        if crs.isValid() and crs != self.layer.crs():
            try:
                turn = QgsCoordinateTransform(crs, self.layer.crs(), self.project)
                point, box = turn.transform(point), turn.transformBoundingBox(box)
            except QgsCsException:
                return None
        spot, best, found = QgsGeometry.fromPointXY(point), None, None
        for feature in self.layer.getFeatures(QgsFeatureRequest(box)):
            geometry = feature.geometry()
            away = geometry.distance(spot)
            if away > max(box.width(), box.height()):
                continue
            rank = away, geometry.area()
            if best is None or rank < best:
                best, found = rank, feature
        return None if found is None else self.place(found)

    def place(self, feature: QgsFeature) -> Place:
        """What a feature of the layer says."""
        zone, layer, fid, name, value, mark, _ = (_plain(x) for x in feature.attributes()[:7])
        return Place(self.indicator, int(zone or 0), layer or "", int(-1 if fid is None else fid),
                     name or "", value, mark)  # fmt: skip


# --- the rows of the layer ------------------------------------------------------------------------
@dataclass
class _Kept:
    """What stands in the layer."""

    kind: int = 2
    fids: dict[_Key, int] = dataclasses.field(default_factory=dict)
    numbers: dict[_Key, tuple] = dataclasses.field(default_factory=dict)
    shapes: dict[_Key, Any] = dataclasses.field(default_factory=dict)


class _Rows:
    """The places of one indicator, ready to be compared with what stands in the layer."""

    def __init__(self, kind: int) -> None:
        self.kind = kind
        self.keys: list[_Key] = []
        self.at: dict[_Key, int] = {}
        self.numbers: list[tuple] = []
        self.marks: list[Any] = []  # what tells one shape from another
        self.table: PlaceTable | None = None
        self.assessment: Assessment | None = None
        self.lang = "en"

    @classmethod
    def none(cls, kind: int) -> _Rows:
        return cls(kind)

    @classmethod
    def of(cls, assessment: Assessment, indicator: str, kept: _Kept, lang: str) -> _Rows | None:
        prepared = assessment.prepared.get(indicator)
        if prepared is None:
            return None
        only = dataclasses.replace(assessment, prepared={indicator: prepared})
        table = next(iter(only.places()), None)
        if table is None:
            return None
        made = cls(_kind(table, kept.kind))
        made.table, made.assessment, made.lang = table, assessment, lang
        surfaces = assessment.scene.surfaces
        feature = np.asarray(table.feature)
        seen: Counter[tuple[str, int, int]] = Counter()
        layers, fids = surfaces.layer, surfaces.fid
        for row, zone in zip(feature.tolist(), np.asarray(table.zone).tolist()):
            own = (str(layers[row]), int(fids[row]), zone) if row >= 0 else ("", -1, zone)
            made.keys.append((*own, seen[own]))
            seen[own] += 1
        made.at = {key: k for k, key in enumerate(made.keys)}
        made.numbers = list(zip(*(_numbers(x) for x in (table.value, table.mark, table.assumed))))
        made.marks = made._shapes()
        return made

    def _shapes(self) -> list[Any]:
        assert self.table is not None and self.assessment is not None
        table, scene = self.table, self.assessment.scene
        if table.wkb is not None:
            return [(scene.origin, wkb) for wkb in table.wkb]
        rows, ids = np.asarray(table.feature).tolist(), np.asarray(table.zone).tolist()
        origin = scene.origin
        ground = _fingerprints(scene.surfaces.polygons, origin) if max(rows) >= 0 else []
        zones = _fingerprints(scene.zones.polygons, origin) if min(rows) < 0 else []
        return [ground[row] if row >= 0 else zones[zone - 1] for row, zone in zip(rows, ids)]

    def geometry(self, k: int) -> QgsGeometry:
        """The geometry of a row in world coordinates."""
        assert self.table is not None and self.assessment is not None
        table, scene = self.table, self.assessment.scene
        if table.wkb is not None:
            data = moved_wkb(table.wkb[k], (-scene.origin[0], -scene.origin[1]))
        elif int(table.feature[k]) >= 0:
            data = scene.surfaces.polygons.wkb(int(table.feature[k]), scene.origin)
        else:
            data = scene.zones.polygons.wkb(int(table.zone[k]) - 1, scene.origin)
        made = QgsGeometry()
        made.fromWkb(data)
        made.convertToMultiType()
        return made

    def attributes(self, k: int) -> list[Any]:
        assert self.table is not None and self.assessment is not None
        layer, fid, zone, _ = self.keys[k]
        row = int(self.table.feature[k])
        name = (feature_name(self.assessment.scene, row, self.lang) if row >= 0
                else text("why.zone", self.lang, zone=zone))  # fmt: skip
        return [zone, layer or None, fid if fid >= 0 else None, name, *self.numbers[k]]


def _kind(table: PlaceTable, before: int) -> int:
    """0 points, 1 lines, 2 areas."""
    if table.wkb is None:
        return 2
    for wkb in table.wkb:
        found = dimension(wkb)
        if found >= 0:
            return found
    return before


def _numbers(values: Any) -> list[float | None]:
    """Numbers as the layer holds them: what is not known is NULL."""
    given = np.asarray(values, float)
    return [x if known else None for x, known in zip(given.tolist(), np.isfinite(given).tolist())]


def _fingerprints(polygons: Polygons, origin: tuple[float, float]) -> list[tuple[float, ...]]:
    """Per feature numbers that differ when its shape or place does; much quicker than WKB."""
    start = polygons.ring_start[polygons.part_ring_start[polygons.feature_part_start]]
    xy = polygons.xy + np.asarray(origin, float)
    count = np.diff(start)
    order = np.arange(len(xy)) - np.repeat(start[:-1], count) + 1.0
    turns = np.column_stack([xy[:, 0], xy[:, 1], xy[:, 0] * order, xy[:, 1] * order])
    sums = np.zeros((len(count), 4))
    filled = count > 0
    if filled.any():
        sums[filled] = np.add.reduceat(turns, start[:-1][filled], axis=0)
    return list(map(tuple, np.column_stack([count, sums]).tolist()))


def _plain(value: Any) -> Any:
    return None if value is None or str(value) == "NULL" else value


# --- while the project is written -----------------------------------------------------------------
@dataclass
class _Seat:
    """Where a layer stands in the tree, and how."""

    index: int
    node: QgsLayerTreeLayer | None
    group: Any

    @classmethod
    def of(cls, project: QgsProject, layer: QgsMapLayer) -> _Seat:
        found = project.layerTreeRoot().findLayer(layer.id())
        if found is None:
            return cls(0, None, None)
        group = found.parent()
        return cls(group.children().index(found), found.clone(), group)

    def take(self, project: QgsProject, layer: QgsMapLayer) -> None:
        root = project.layerTreeRoot()
        group = root if self.group is None or sip.isdeleted(self.group) else self.group
        node = group.insertLayer(min(self.index, len(group.children())), layer)
        if self.node is not None:
            node.setItemVisibilityChecked(self.node.itemVisibilityChecked())
            node.setExpanded(self.node.isExpanded())


def _strip(document: Any, layer_id: str) -> None:
    """Take every element that speaks of a layer out of a project document."""
    for tag in ("layer-tree-layer", "layer", "item", "legendlayer", "individual-layer-settings",
                "layer-setting"):  # fmt: skip
        found = document.elementsByTagName(tag)
        doomed = []
        for k in range(found.count()):
            element = found.at(k).toElement()
            named = (element.attribute("id"), element.attribute("layerid"), element.text().strip())
            if layer_id in named:
                doomed.append(element)
        for element in doomed:
            element.parentNode().removeChild(element)
