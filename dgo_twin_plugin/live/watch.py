"""Hears what changes in layers and in the project, and remembers what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qgis.core import QgsMapLayer, QgsProject
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

# Signal of a layer (or of what one of its methods gives) -> what it means, a method of Ear.
HEARD = {
    "featureAdded": "one", "featureDeleted": "one", "geometryChanged": "one",
    "attributeValueChanged": "one", "featuresDeleted": "many",
    "layerModified": "touched", "undoStack.indexChanged": "touched",
    # after these anything may be different, also the ids of the features
    "afterRollBack": "whole", "afterCommitChanges": "whole", "committedAttributesAdded": "whole",
    "committedAttributesDeleted": "whole", "committedAttributeValuesChanges": "whole",
    "committedFeaturesAdded": "whole", "committedFeaturesRemoved": "whole",
    "committedGeometriesChanges": "whole", "editCommandDestroyed": "whole",
    "subsetStringChanged": "whole", "dataChanged": "whole",
    # and after these it is another input: other fields, another place or name
    "attributeAdded": "other", "attributeDeleted": "other", "updatedFields": "other",
    "dataSourceChanged": "other", "crsChanged": "other", "nameChanged": "other",
    "joinBuffer.joinedFieldsChanged": "other", "customPropertyChanged": "written",
}  # fmt: skip
PROPERTY = "dgo/"  # custom properties of the plugin start so
PROJECT = ("cleared", "readProject", "crsChanged", "transformContextChanged")


@dataclass
class Changes:
    """What changed since it was last asked. ``layers``: id -> feature ids, None = everything.
    ``structure``: which layers are read, or how, must be found out again."""

    layers: dict[str, set[int] | None] = field(default_factory=dict)
    structure: bool = False

    def add(self, layer: str, fids: Iterable[int] | None) -> None:
        """Note features of a layer; None = everything."""
        if fids is None:
            self.layers[layer] = None
            return
        known = self.layers.setdefault(layer, set())
        if known is not None:
            known.update(fids)

    def merge(self, other: Changes) -> None:
        """Note what another noted."""
        for layer, fids in other.layers.items():
            self.add(layer, fids)
        self.structure = self.structure or other.structure

    def copy(self) -> Changes:
        """A copy that stays as it is."""
        kept = {k: None if v is None else set(v) for k, v in self.layers.items()}
        return Changes(kept, self.structure)

    def __bool__(self) -> bool:
        return self.structure or bool(self.layers)


class Joined:
    """Connections that are made and broken together."""

    def __init__(self) -> None:
        self._made: list[tuple[QObject, Any, Any]] = []

    def join(self, source: QObject, name: str, slot: Callable[..., None]) -> None:
        """Connect a signal, where this version of QGIS has it."""
        signal = getattr(source, name, None)
        if signal is not None:
            signal.connect(slot)
            self._made.append((source, signal, slot))

    def part(self) -> None:
        """Break all of them; what is deleted already has broken its own."""
        made, self._made = self._made, []
        for source, signal, slot in made:
            if not sip.isdeleted(source):
                signal.disconnect(slot)

    def __len__(self) -> int:
        return sum(not sip.isdeleted(source) for source, _, _ in self._made)


class Ear:
    """All signals that matter of one layer."""

    def __init__(self, layer: QgsMapLayer, hear: Callable[[str, Any, bool], None],
                 heard: Mapping[str, str] = HEARD) -> None:  # fmt: skip
        self.layer, self.id = layer, layer.id()
        self._hear = hear  # layer id, feature ids (None = everything), whether the input is another
        self.joined = Joined()
        for name, meaning in heard.items():
            of, _, signal = name.rpartition(".")
            source: Any = layer
            if of:
                source = getattr(layer, of)() if hasattr(layer, of) else None
            if source is not None:
                self.joined.join(source, signal, getattr(self, meaning))

    def one(self, fid: int, *_: Any) -> None:
        """A feature changed."""
        self._hear(self.id, (fid,), False)

    def many(self, fids: list[int]) -> None:
        """Several went."""
        self._hear(self.id, fids, False)

    def touched(self, *_: Any) -> None:
        """Something happened to the edits."""
        self._hear(self.id, (), False)

    def whole(self, *_: Any) -> None:
        """Anything may have changed."""
        self._hear(self.id, None, False)

    def other(self, *_: Any) -> None:
        """It is another input."""
        self._hear(self.id, None, True)

    def written(self, key: str) -> None:
        """A custom property was written."""
        if key.startswith(PROPERTY):
            self._hear(self.id, None, True)


class Watch(QObject):
    """Emits ``changed`` when one of the followed layers changes; :meth:`take` says what. Following
    twice is following once; a layer that is deleted is forgotten."""

    changed = pyqtSignal()
    HEARD: Mapping[str, str] = HEARD

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ears: dict[str, Ear] = {}
        self._feeds: dict[str, set[str]] = {}  # a joined layer -> the layers that show its fields
        self._noted = Changes()

    def follow(self, layers: Iterable[QgsMapLayer]) -> None:
        """Follow these layers and no others. What is followed from now on counts as changed: who
        knows what happened before."""
        wanted = {layer.id(): layer for layer in layers}
        self._feeds = {}
        for key, layer in list(wanted.items()):
            for join in layer.vectorJoins() if hasattr(layer, "vectorJoins") else ():
                other = join.joinLayer()
                if other is not None:
                    self._feeds.setdefault(other.id(), set()).add(key)
                    wanted.setdefault(other.id(), other)
        for key, ear in list(self._ears.items()):
            if wanted.get(key) is not ear.layer or sip.isdeleted(ear.layer):
                del self._ears[key]
                ear.joined.part()
        for key in set(wanted) - set(self._ears):
            self._ears[key] = Ear(wanted[key], self._hear, self.HEARD)
            self._noted.add(key, None)

    def let_go(self, ids: Iterable[str]) -> bool:
        """Follow these no longer; whether any was followed."""
        gone = [self._ears.pop(key) for key in set(ids) & set(self._ears)]
        for ear in gone:
            ear.joined.part()
        return bool(gone)

    def followed(self) -> set[str]:
        """Ids of the layers that are followed."""
        return {key for key, ear in self._ears.items() if not sip.isdeleted(ear.layer)}

    def take(self) -> Changes:
        """What changed since the last time this was asked."""
        noted, self._noted = self._noted, Changes()
        return noted

    def connections(self) -> int:
        """How many connections there are now."""
        return sum(len(ear.joined) for ear in self._ears.values())

    def _hear(self, layer: str, fids: Iterable[int] | None, other: bool) -> None:
        if sip.isdeleted(self):  # without a word; what is left of it in Python still hears
            return
        self._noted.add(layer, fids)
        self._noted.structure = self._noted.structure or other
        for shown_in in self._feeds.get(layer, ()):
            self._noted.add(shown_in, None)
        self.changed.emit()


class ProjectWatch(QObject):
    """What happens to the project as a whole. ``leaving``: ids of layers that go; ``closed``: it
    is cleared; ``another``: which layers play which part may have changed."""

    leaving = pyqtSignal(list)
    closed = pyqtSignal()
    another = pyqtSignal()

    def __init__(self, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.names: set[str] = set()  # by which the inputs name layers: names and ids
        self._entries: Callable[[], Any] = lambda: None  # what the project says, to compare
        self._said: Any = None
        self._joined = Joined()
        self._each: dict[str, Joined] = {}
        join = self._joined.join
        join(project, "layersWillBeRemoved", self._leave)
        join(project, "layersAdded", self._arrive)
        join(project, "cleared", self._clear)
        join(project, "readProject", self._read)
        join(project, "crsChanged", self._other)
        join(project, "transformContextChanged", self._other)
        join(project, "dirtySet", self._written)
        self._listen(project.mapLayers().values())

    def compare(self, entries: Callable[[], Any]) -> None:
        """``entries`` gives what the project says of roles; ``another`` when that changes."""
        self._entries, self._said = entries, entries()

    def end(self) -> None:
        """Hear nothing more."""
        self._joined.part()
        for joined in self._each.values():
            joined.part()
        self._each.clear()
        self._entries = lambda: None

    def connections(self) -> int:
        """How many connections there are now."""
        return len(self._joined) + sum(len(joined) for joined in self._each.values())

    def _listen(self, layers: Iterable[QgsMapLayer]) -> None:
        for layer in layers:
            joined = self._each[layer.id()] = Joined()
            joined.join(layer, "nameChanged", self._named)
            joined.join(layer, "customPropertyChanged", self._property)

    def _leave(self, ids: list[str]) -> None:
        for key in ids:
            joined = self._each.pop(key, None)
            if joined is not None:
                joined.part()
        self.leaving.emit(list(ids))

    def _arrive(self, layers: list[QgsMapLayer]) -> None:
        self._listen(layer for layer in layers if layer.id() not in self._each)
        if any(self._matters(layer) for layer in layers):
            self.another.emit()

    def _matters(self, layer: QgsMapLayer) -> bool:
        if layer.id() in self.names or layer.name() in self.names:
            return True
        return any(key.startswith(PROPERTY + "role") for key in layer.customPropertyKeys())

    def _named(self) -> None:
        # whoever followed the old name is told by Watch; here: one that gets a name we look for
        layer = self.sender()
        if layer is None or self._matters(layer):
            self.another.emit()

    def _property(self, key: str) -> None:
        if key.startswith(PROPERTY):
            self.another.emit()

    def _clear(self) -> None:
        self.closed.emit()

    def _read(self, *_: Any) -> None:
        self._said = self._entries()
        self.another.emit()

    def _other(self, *_: Any) -> None:
        self.another.emit()

    def _written(self) -> None:
        said = self._entries()
        if said != self._said:
            self._said = said
            self.another.emit()
