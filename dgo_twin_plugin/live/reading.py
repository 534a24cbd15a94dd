"""Reading that keeps what it read: only what changed is read again, by the rules of a full run.

What did not change stays the very same object (layers, geometries, columns, rasters): that is how
the live assessor sees what it need not work out again. Used in the thread of the worker alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateTransformContext, QgsFeatureRequest, QgsRectangle

from ..engine.build import Sources
from ..engine.checks import Check
from ..engine.scene import RasterContext, RawLayer
from ..engine.twin import is_expression
from ..layers.gather import (
    Inputs,
    Reader,
    bounds_of,
    box_of,
    covers,
    read_sources,
    wanted_fields,
)
from ..layers.plane import Plane
from ..layers.read import RasterInput, Tick, VectorInput, read_vector
from .files import Stamp, stamp
from .watch import Changes

LOST = "untransformable"  # the one check that belongs to a feature
MOST_PATCHED = 0.2  # of the features; beyond it, and beyond FEW, the whole layer is read
FEW = 50

Key = tuple[str, str, int]


@dataclass
class Kept:
    """What an input was read as, and how."""

    how: Any
    raw: Any  # RawLayer or RasterContext
    checks: list[Check]
    stamps: tuple[Stamp | None, ...] = ()
    rows: dict[int, int] = field(default_factory=dict)  # feature id -> row, made when first needed


class LiveReader(Reader):
    """Reads what changed since the last time."""

    def __init__(self) -> None:
        super().__init__(Inputs(None))  # type: ignore[arg-type] - set by each read
        self.reread: list[str] = []  # of the last time: what was read whole
        self.patched: dict[str, int] = {}  # and of which features, how many
        self._kept: dict[Key, Kept] = {}
        self._used: set[Key] = set()
        self._maps: dict[str, dict[str, Any]] = {}
        self._boxes: dict[bytes, QgsRectangle] = {}
        self._changes = Changes()
        self._followed: set[str] = set()
        self._serial = -1
        self._new_serial = False
        self._transforms: QgsCoordinateTransformContext | None = None

    def forget(self) -> None:
        """Read everything again the next time."""
        self._kept, self._maps, self._boxes = {}, {}, {}

    def read(self, inputs: Inputs, changes: Changes, followed: set[str], serial: int, tick: Tick,
             progress: Callable[[float], None]) -> Sources:  # fmt: skip
        """The sources of a full run on these inputs. ``changes`` since the last read that ended;
        ``followed``: ids of the layers of which it tells all; ``serial``: another number where the
        inputs were gathered anew."""
        self.inputs, self._changes, self._followed = inputs, changes, followed
        self._new_serial = serial != self._serial
        if self._new_serial:
            self._maps = {}
        if self._transforms is not None and self._transforms != inputs.transforms:
            self.forget()
        self._transforms = inputs.transforms
        self._used, self.reread, self.patched = set(), [], {}
        sources, _ = read_sources(inputs, self, tick, progress)
        for key in set(self._kept) - self._used:
            del self._kept[key]
        self._serial = serial
        return sources

    # --- what a reader does -----------------------------------------------------------------
    def mapping(self, word: str) -> dict[str, Any]:
        if word not in self._maps:
            self._maps[word] = super().mapping(word)
        return self._maps[word]

    def vector(self, role: str, given: VectorInput, block: dict[str, Any], plane: Plane,
               box: QgsRectangle | None, checks: list[Check], tick: Tick) -> RawLayer:  # fmt: skip
        wanted = wanted_fields(role, given.entry, block)
        key = self._key(role, given)
        how = (given.name, repr(given.entry), tuple(given.fields), given.crs, plane.label,
               _corners(box), frozenset(wanted), "selection" in given.notes)  # fmt: skip
        change, stamps = self._changed(given, self._kept.get(key))
        kept = self._kept.get(key)
        if kept is not None and kept.how == how and change is not None:
            if change:
                patchable = box is None and self._patchable(given, wanted, kept, change)
                kept = self._patch(kept, given, plane, wanted, change, tick) if patchable else None
        else:
            kept = None
        if kept is None:
            kept = self._whole(role, given, block, plane, box, tick, self._kept.get(key), how)
        elif role == "current" and change:
            at = covers(given, plane, self.inputs.transforms)
            if at != kept.raw.covers:
                kept.raw = dataclasses.replace(kept.raw, covers=at)
        kept.stamps = stamps
        kept.raw.note = ",".join(given.notes)
        self._kept[key] = kept
        checks.extend(kept.checks)
        raw: RawLayer = kept.raw
        return raw

    def raster(self, role: str, given: RasterInput, plane: Plane, window: QgsRectangle,
               checks: list[Check]) -> RasterContext:  # fmt: skip
        key = self._key(role, given)
        how = (given.name, repr(given.entry), given.crs, plane.label, _corners(window),
               tuple(given.empty))  # fmt: skip
        before = self._kept.get(key)
        change, stamps = self._changed(given, before)
        if before is None or before.how != how or change is None:
            self.reread.append(given.name)
            found: list[Check] = []
            read = super().raster(role, given, plane, window, found)
            if before is not None and _same_raster(before.raw, read):
                read = before.raw
            before = Kept(how, read, found)
        before.stamps = stamps
        self._kept[key] = before
        checks.extend(before.checks)
        context: RasterContext = before.raw
        return context

    def box(self, layers: list[RawLayer]) -> QgsRectangle | None:
        if len(self._boxes) > 1000 + 2 * sum(len(layer.wkb) for layer in layers):
            self._boxes = {}
        return box_of(layers, self._bounds)

    def _bounds(self, wkb: bytes) -> QgsRectangle:
        found = self._boxes.get(wkb)
        if found is None:
            found = self._boxes[wkb] = bounds_of(wkb)
        return found

    # --- what changed -----------------------------------------------------------------------
    def _key(self, role: str, given: VectorInput | RasterInput) -> Key:
        own = given.layer_id in self._followed
        what = given.layer_id if own else f"{given.origin} {given.name}"
        count = 0
        while (role, what, count) in self._used:
            count += 1
        self._used.add((role, what, count))
        return role, what, count

    def _changed(
        self, given: VectorInput | RasterInput, kept: Kept | None
    ) -> tuple[set[int] | None, tuple[Stamp | None, ...]]:
        """The features that changed, None = all may have; and how the file stands now, of a layer
        that nobody follows."""
        change = self._changes.layers.get(given.layer_id, set())
        if given.layer_id in self._followed:
            return change, ()
        file = given.origin.split("|")[0]
        stamps = (stamp(file), stamp(f"{file}-wal"))
        if not self._new_serial:
            return change, stamps if kept is None else kept.stamps
        known = kept is not None and stamps[0] is not None and kept.stamps == stamps
        return change if known else None, stamps

    @staticmethod
    def _patchable(given: VectorInput, wanted: set[str], kept: Kept, change: set[int]) -> bool:
        """Whether single features can be read so that all is as after a full read: nothing says
        which features come, in which order, or looks at others."""
        return (
            given.apart
            and not given.entry.get("filter")
            and "selection" not in given.notes
            and not any(is_expression(name) for name in wanted)
            and all(check.code == LOST for check in kept.checks)
            and len(change) <= max(FEW, MOST_PATCHED * len(kept.raw.fid))
        )

    # --- reading ----------------------------------------------------------------------------
    def _whole(self, role: str, given: VectorInput, block: dict[str, Any], plane: Plane,
               box: QgsRectangle | None, tick: Tick, before: Kept | None, how: Any,
               ) -> Kept:  # fmt: skip
        self.reread.append(given.name)
        found: list[Check] = []
        raw = super().vector(role, given, block, plane, box, found, tick)
        if before is not None:
            raw = shared(before.raw, raw)
        return Kept(how, raw, found)

    def _patch(self, kept: Kept, given: VectorInput, plane: Plane, wanted: set[str],
               change: set[int], tick: Tick) -> Kept | None:  # fmt: skip
        """What was read with the changed features anew; None where that cannot be told."""
        old: RawLayer = kept.raw
        found: list[Check] = []
        part = read_vector(given, plane, self.inputs.transforms, wanted, None, found, tick, change)
        if list(part.columns) != list(old.columns):
            return None
        if not kept.rows:
            kept.rows = {fid: row for row, fid in enumerate(old.fid.tolist())}
        rows, taken = kept.rows, part.fid.tolist()
        gone = {fid for fid in change if fid in rows} - set(taken)
        new = [fid for fid in taken if fid not in rows]
        if gone or new:
            order = _order(given)
            if len(order) != len(rows) - len(gone) + len(new):
                return None
            made = _ordered(old, part, rows, order)
            if made is None:
                return None
            kept = Kept(kept.how, made, kept.checks)
        else:
            kept = Kept(kept.how, _replaced(old, part, rows), kept.checks, rows=rows)
        if found or any(check.fid in change for check in kept.checks):
            lost = {c.fid: c for c in (*kept.checks, *found) if c.fid not in change or c in found}
            kept.checks = [lost[fid] for fid in kept.raw.fid.tolist() if fid in lost]
        self.patched[given.name] = len(change)
        return kept


def _order(given: VectorInput) -> list[int]:
    """The ids of all features in the order in which they are read."""
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    request.setSubsetOfAttributes([])
    ids = [feature.id() for feature in given.source.getFeatures(request)]
    return sorted(ids) if given.unordered else ids


def _replaced(old: RawLayer, part: RawLayer, rows: dict[int, int]) -> RawLayer:
    """The layer with some features anew; itself where they are as they were."""
    at = [rows[fid] for fid in part.fid.tolist()]
    wkb = old.wkb
    for row, one in zip(at, part.wkb):
        if one != wkb[row]:
            if wkb is old.wkb:
                wkb = list(old.wkb)
            wkb[row] = one
    columns: dict[str, Any] = {}
    for name, before in old.columns.items():
        column = before
        for row, value in zip(at, part.columns[name]):
            if not _same(column[row], value):
                if column is before:
                    column = list(before)
                column[row] = value  # type: ignore[index]
        columns[name] = column
    if wkb is old.wkb and all(columns[name] is old.columns[name] for name in columns):
        return old
    return dataclasses.replace(old, wkb=wkb, columns=columns)


def _ordered(old: RawLayer, part: RawLayer, rows: dict[int, int],
             order: list[int]) -> RawLayer | None:  # fmt: skip
    """The layer in another order, some features anew; None where one is in neither."""
    count = len(old.fid)
    place = {**rows, **{fid: count + k for k, fid in enumerate(part.fid.tolist())}}
    try:
        at = [place[fid] for fid in order]
    except KeyError:
        return None
    own = dict(zip(old.wkb, old.wkb))
    wkb = [*old.wkb, *(own.get(w, w) for w in part.wkb)]
    columns = {}
    for name, column in old.columns.items():
        both = [*column, *part.columns[name]]
        columns[name] = [both[k] for k in at]
    return dataclasses.replace(old, fid=np.array(order, np.int64), wkb=[wkb[k] for k in at],
                               columns=columns)  # fmt: skip


def shared(old: RawLayer, new: RawLayer) -> RawLayer:
    """A layer that was read whole, with the geometries and columns of before where they are the
    same; the layer of before where nothing changed at all."""
    own = dict(zip(old.wkb, old.wkb))
    new.wkb = [own.get(w, w) for w in new.wkb]
    same = np.array_equal(old.fid, new.fid)
    if same:
        for name, column in new.columns.items():
            before = old.columns.get(name)
            if before is not None and all(map(_same, before, column)):
                new.columns[name] = before
        same = list(old.columns) == list(new.columns) and all(
            new.columns[name] is column for name, column in old.columns.items()
        )
    if same and all(a is b for a, b in zip(old.wkb, new.wkb)):
        if (old.name, old.entry, old.covers) == (new.name, new.entry, new.covers):
            return old
        new.wkb = old.wkb
    return new


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and a == b)


def _same_raster(a: RasterContext, b: RasterContext) -> bool:
    one, two = a.raster, b.raster
    return (
        (a.role, a.layer, a.attributes) == (b.role, b.layer, b.attributes)
        and (one.x0, one.y0, one.dx, one.dy) == (two.x0, two.y0, two.dx, two.dy)
        and np.array_equal(one.values, two.values, equal_nan=True)
    )


def _corners(box: QgsRectangle | None) -> tuple[float, ...] | None:
    if box is None:
        return None
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
