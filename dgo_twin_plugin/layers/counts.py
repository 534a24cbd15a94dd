"""What a layer's fields hold, counted in the background: distinct values, and how many features an
expression gives a value for. Reads a snapshot; the layer is never touched."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from qgis.core import QgsFeatureRequest, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..engine.mapping_guess import FieldInfo, Guess, LayerInfo, guess
from ..engine.words import Cancelled
from .computed import Computed
from .read import VectorInput, plain, snapshot

MOST = 2000  # distinct values of a field that are kept apart
BEAT = 200  # features between two looks whether to stop
PACE = 0.1  # s between two words about how far it is
_KINDS = {"string": "text", "double": "number", "integer": "number", "integer64": "number",
          "int": "number", "real": "number", "boolean": "yes_no", "bool": "yes_no",
          "date": "date", "datetime": "date", "time": "date"}  # fmt: skip


@dataclass
class Counted:
    """The outcome. ``columns``: field or expression -> Counter of values as text."""

    count: int = 0
    columns: dict[str, Counter[str]] = field(default_factory=dict)
    filled: Counter[str] = field(default_factory=Counter)
    more: set[str] = field(default_factory=set)  # columns with more values than are kept
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)  # expression -> how many, why
    info: LayerInfo | None = None  # the layer with these counts, and what is proposed for it;
    guess: Guess | None = None  # only where all fields were counted


def shown(value: Any) -> str:
    """A value as the engine compares terms: text without blanks around it; '' = none."""
    made = plain(value)
    if made is None:
        return ""
    if isinstance(made, float) and made.is_integer() and abs(made) < 1e15:
        made = int(made) if not isinstance(value, str) else made
    return str(made).strip()


def count(given: VectorInput, names: list[str], expressions: list[str],
          tick: Callable[[int], None]) -> Counted:  # fmt: skip
    """Count the values of fields and of expressions; ``tick`` hears how many features were read
    and may raise ``Cancelled``."""
    made = Computed(given.name, given.source, given.entry, expressions)
    index = [given.fields.index(n) for n in names]
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    request.setSubsetOfAttributes(sorted({*index, *made.needed}))
    if not made.names:
        request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    found = Counted(columns={n: Counter() for n in (*names, *made.names)})

    def note(name: str, value: Any) -> None:
        word = shown(value)
        if not word:
            return
        found.filled[name] += 1
        column = found.columns[name]
        if word in column or len(column) < MOST:
            column[word] += 1
        else:
            found.more.add(name)

    for feature in given.source.getFeatures(request):
        if found.count % BEAT == 0:
            tick(found.count)
        found.count += 1
        attributes = feature.attributes()
        for name, i in zip(names, index):
            note(name, attributes[i] if i < len(attributes) else None)
        made.add(feature)
        for name, values in zip(made.names, made.values):
            note(name, values.pop())
    for check in made.checks():
        params = check.params or {}
        found.errors[check.field] = (int(params["count"]), str(params["detail"]))
    return found


class _Count:
    """One count in a thread of its own. The thread knows nothing of widgets or layers."""

    def __init__(self, given: VectorInput, names: list[str], expressions: list[str],
                 info: LayerInfo | None, said: Callable[[_Count, float], None],
                 done: Callable[[_Count], None]) -> None:  # fmt: skip
        self._given: VectorInput | None = given
        self._asked = (names, expressions)
        self._info = info
        self._said, self._done = said, done
        self.stopped = threading.Event()
        self.outcome: Counted | None = None
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._run, name="dgo-count", daemon=True)

    def _run(self) -> None:
        given, self._given = self._given, None
        assert given is not None
        total = max(1, given.count)
        last = 0.0

        def tick(done: int) -> None:
            nonlocal last
            if self.stopped.is_set():
                raise Cancelled
            if time.monotonic() - last > PACE:
                last = time.monotonic()
                self._said(self, min(100.0, 100.0 * done / total))

        try:
            made = count(given, *self._asked, tick)
            if self._info is not None:  # looking for words in thousands of terms takes a while
                made.info = with_counts(self._info, made)
                made.guess = guess(made.info)
            self.outcome = made
        except Cancelled:
            pass
        except Exception as error:  # noqa: BLE001 - handed to the main thread, which tells
            self.error = error
        del given
        self._done(self)


class Counting(QObject):
    """One count at a time: a new one ends the one before."""

    progressed = pyqtSignal(float)
    ended = pyqtSignal(object, str)  # Counted or None; why not ('' = cancelled)
    _heard = pyqtSignal(object, float)  # from the thread to here
    _finished = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now: _Count | None = None
        self._all: list[_Count] = []  # also those that were told to stop and did not yet
        self._heard.connect(self._progress)
        self._finished.connect(self._done)

    @property
    def busy(self) -> bool:
        """Whether something is being counted."""
        return self._now is not None

    def start(self, layer: QgsVectorLayer, names: list[str], expressions: list[str]) -> None:
        """Count what a layer holds now, unsaved edits included; with ``names`` also look what
        they seem to mean."""
        self.cancel(quiet=True)
        info = info_of(layer) if names else None
        made = _Count(snapshot_of(layer), names, expressions, info, self._heard.emit,
                      self._finished.emit)  # fmt: skip
        self._now = made
        self._all.append(made)
        made.thread.start()

    def cancel(self, quiet: bool = False) -> None:
        """Stop; ``quiet``: nobody hears of it."""
        found = self._now
        if found is None:
            return
        if quiet:
            self._now = None
        found.stopped.set()

    def end(self) -> None:
        """Stop all, and wait for it: no thread may speak to what is gone."""
        self._now = None
        for each in self._all:
            each.stopped.set()
        for each in self._all:
            each.thread.join()
        self._all.clear()

    def _progress(self, which: _Count, done: float) -> None:
        if which is self._now:
            self.progressed.emit(done)

    def _done(self, which: _Count) -> None:
        if which in self._all:
            self._all.remove(which)
        if which is not self._now:
            return
        self._now = None
        self.ended.emit(which.outcome, str(which.error) if which.error is not None else "")


def snapshot_of(layer: QgsVectorLayer) -> VectorInput:
    """A snapshot for counting; a layer without a CRS can be counted as well."""
    if layer.crs().isValid() or not layer.isSpatial():
        return snapshot(layer)
    from qgis.core import QgsVectorLayerFeatureSource

    return VectorInput(layer.name(), QgsVectorLayerFeatureSource(layer),
                       [f.name() for f in layer.fields()], layer.crs(), layer.extent(),
                       count=layer.featureCount())  # fmt: skip


# --- what the engine asks -------------------------------------------------------------------------
def info_of(layer: QgsVectorLayer) -> LayerInfo:
    """A layer as the assistant sees it, before anything was counted."""
    found = [FieldInfo(column.name(), str(layer.attributeAlias(i) or ""), kind_of(column),
                       value_map(layer, i)) for i, column in enumerate(layer.fields())]
    return LayerInfo(layer.name(), tuple(found), geometry_of(layer), max(0, layer.featureCount()))


def with_counts(info: LayerInfo, counted: Counted) -> LayerInfo:
    """The same layer with what its fields hold."""
    found = tuple(dataclasses.replace(
        each, values=ranked(counted.columns.get(each.name, Counter())),
        filled=counted.filled[each.name], more=each.name in counted.more,
    ) for each in info.fields)  # fmt: skip
    return dataclasses.replace(info, fields=found, count=counted.count)


def ranked(column: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Values with counts, the most frequent first; equals by their text."""
    return tuple(sorted(column.items(), key=lambda item: (-item[1], item[0])))


def kind_of(column: Any) -> str:
    """text | number | yes_no | date | other"""
    if column.isNumeric():
        return "number"
    word = str(column.typeName()).lower().partition("(")[0]
    if word in _KINDS:
        return _KINDS[word]
    return "text" if "char" in word or "text" in word else "other"


def geometry_of(layer: QgsVectorLayer) -> str:
    """point | line | polygon | ''"""
    kinds = QgsWkbTypes.GeometryType
    return {kinds.PointGeometry: "point", kinds.LineGeometry: "line",
            kinds.PolygonGeometry: "polygon"}.get(layer.geometryType(), "")  # fmt: skip


def value_map(layer: QgsVectorLayer, index: int) -> dict[str, str]:
    """Stored value -> label, of a field that is shown as a value map."""
    setup = layer.editorWidgetSetup(index)
    if setup.type() != "ValueMap":
        return {}
    given = setup.config().get("map") or []
    pairs: list[tuple[Any, Any]] = []
    for block in given if isinstance(given, (list, tuple)) else [given]:
        if isinstance(block, dict):
            pairs += block.items()
    return {shown(value): str(label) for label, value in pairs if shown(value)}
