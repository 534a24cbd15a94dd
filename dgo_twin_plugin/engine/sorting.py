"""One layer as it was read -> its features cleaned, in the words of the product, and told apart:
what owns ground, what stands on, over or under it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .checks import Check
from .clean import clean
from .functions import Functions
from .geometry import Polygons
from .kept import Kept, pairing, same
from .mapping import Canonical, canonical, owns_no_ground
from .pulse import beat
from .scene import RawLayer
from .wkb import dimension
from .words import NORMAL

# Checks that say something of the layer as a whole, whatever its features hold.
_OF_LAYER = {"no_such_field", "no_function_field"}


@dataclass(frozen=True)
class Told:
    """What the features of one layer say: all but where they lie."""

    words: Canonical
    said: list[Check]  # of fields and terms
    kinds: np.ndarray  # (n,) dimension of each geometry: 0, 1, 2
    checks: list[Check]  # the same, and of what has no geometry or a wrong one
    owns: np.ndarray  # rows that own ground
    stands: np.ndarray  # rows that own no ground


@dataclass(frozen=True)
class Sorted:
    """The features of one layer. Shared between runs: nobody may write in it."""

    layer: RawLayer
    current: bool
    told: Told
    polygons: Polygons  # of the rows that own ground, repaired, local metres
    repairs: list[tuple[int, Check]]  # row, what was found while repairing
    keep: np.ndarray  # rows of which ground is left
    real: np.ndarray  # the same, as rows of ``polygons``

    @property
    def checks(self) -> list[Check]:
        """All, in order."""
        return [*self.told.checks, *(check for _, check in self.repairs)]


def sort_layer(layer: RawLayer, current: bool, functions: Functions, terms: Mapping[str, str],
               mapping: Mapping[str, Any] | None, origin: tuple[float, float],
               kept: Kept | None, name: Any) -> Sorted | None:  # fmt: skip
    """None for a layer that owns nothing here. With ``kept`` only features that changed since the
    last run under ``name`` are read and repaired again."""
    if kept is None:
        return _sorted(layer, current, functions, terms, mapping, origin, None)
    inputs = layer, dict(terms), mapping, origin
    last, before = kept.made_from(name), kept.found(name)
    patch = None
    if last is not None and before is not None and same(last[1:], inputs[1:]):
        if last[0] is layer:
            found: Sorted = kept.put(name, inputs, before)
            return found
        patch = _Patch.of(layer, before)
    return kept.put(name, inputs,
                    _sorted(layer, current, functions, terms, mapping, origin, patch))  # fmt: skip


@dataclass(frozen=True)
class _Patch:
    """What the layer of before still says: ``pair`` (n,) row there, -1 none; ``shape`` (n,) the
    same geometry; ``changed`` rows of which any value is another one."""

    before: Sorted
    pair: np.ndarray
    shape: np.ndarray
    changed: np.ndarray

    @classmethod
    def of(cls, layer: RawLayer, before: Sorted) -> _Patch | None:
        old = before.layer
        if (layer.name != old.name or layer.entry != old.entry or not len(layer.fid)
                or not len(old.fid)):  # fmt: skip
            return None
        if layer.columns.keys() != old.columns.keys():
            return None
        if len(layer.fid) == len(old.fid) and (layer.fid == old.fid).all():
            pair = np.arange(len(layer.fid))
            was = old.wkb
        else:
            found = pairing((layer.fid,), (old.fid,))
            if found is None:
                return None
            pair = found
            was = [old.wkb[k] if k >= 0 else b"" for k in pair.tolist()]
        shape = pair >= 0
        shape[_differing(layer.wkb, was)] = False
        changed = pair < 0
        aligned = len(pair) == len(old.fid) and not changed.any()
        # a new row stands apart, also from row 0 of before: -1 and 0 are no run
        places = pair.copy()
        places[changed] = -2
        ends = [0, *((places[1:] - places[:-1] != 1).nonzero()[0] + 1).tolist(), len(pair)]
        for key, column in layer.columns.items():
            past = old.columns[key]
            if aligned and (column is past or column == past):
                continue
            column = column if isinstance(column, list) else list(column)
            past = past if isinstance(past, list) else list(past)
            # runs of rows that stand beside each other in both are compared at once
            for first, last in zip(ends[:-1], ends[1:]):
                at = int(pair[first])
                if at < 0 or column[first:last] == past[at : at + last - first]:
                    continue
                for k in range(first, last):
                    a, b = column[k], past[at + k - first]
                    if a is not b and (a != b or type(a) is not type(b)):
                        changed[k] = True
        return cls(before, pair, shape, changed.nonzero()[0])


def _differing(now: list[Any], then: list[Any]) -> list[int]:
    """Where two lists of one length, of which most is the same, are not; by pieces, of which few
    have to be looked at one by one."""
    found: list[int] = []
    for at in range(0, len(now), _PIECE):
        a, b = now[at : at + _PIECE], then[at : at + _PIECE]
        if a != b:
            found += [at + k for k, (one, other) in enumerate(zip(a, b)) if one != other]
    return found


_PIECE = 64


def _sorted(layer: RawLayer, current: bool, functions: Functions, terms: Mapping[str, str],
            mapping: Mapping[str, Any] | None, origin: tuple[float, float],
            patch: _Patch | None) -> Sorted | None:  # fmt: skip
    if not len(layer.fid):
        nothing = np.zeros(0, np.int64)
        empty = [Check("empty_layer", NORMAL, "layer", layer.name)]
        return Sorted(layer, current, Told(Canonical(nothing, {}), [], nothing, empty, nothing,
                                           nothing), Polygons.from_wkb([]), [], nothing, nothing
                      )  # fmt: skip
    if owns_no_ground(layer, mapping):
        return None
    told = _told(layer, *_words(layer, current, functions, terms, mapping, patch), functions, patch)
    beat()
    polygons, repairs = _cleaned(layer, told.owns, origin, patch)
    real = np.flatnonzero(polygons.area() > 0)
    keep = told.owns[real]
    if patch is not None and told is patch.before.told and np.array_equal(keep, patch.before.keep):
        keep = patch.before.keep
    return Sorted(layer, current, told, polygons, repairs, keep, real)


def _told(layer: RawLayer, words: Canonical, said: list[Check], functions: Functions,
          patch: _Patch | None) -> Told:  # fmt: skip
    kinds = _kinds(layer, patch)
    if patch is not None:
        before = patch.before.told
        # of what is no point, line or surface it matters whether there is anything
        if (words is before.words and same(kinds, before.kinds)
                and (patch.shape | (kinds >= 0)).all()):  # fmt: skip
            return before
    checks = list(said)
    empty = np.array([w is None for w in layer.wkb], bool)
    if empty.any():
        checks.append(Check("no_geometry", NORMAL, "layer", layer.name,
                            params={"count": int(empty.sum())}))  # fmt: skip
    codes = functions.codes(words.function)
    surface = functions.column("surface")[codes] == 1
    polygonal, lines = kinds == 2, kinds == 1
    owns = np.flatnonzero(surface & polygonal)
    # a road or path drawn as a line owns no ground but is part of the walking network
    stands = np.flatnonzero((codes >= 0) & ~empty & (~surface | lines))
    wrong = np.flatnonzero(surface & ~polygonal & ~lines & ~empty)
    for row in wrong[:100]:
        checks.append(Check("wrong_geometry_type", NORMAL, "feature", layer.name,
                            int(layer.fid[row]), value=str(words.function[row])))  # fmt: skip
    return Told(words, said, kinds, checks, owns, stands)


def _words(layer: RawLayer, current: bool, functions: Functions, terms: Mapping[str, str],
           mapping: Mapping[str, Any] | None,
           patch: _Patch | None) -> tuple[Canonical, list[Check]]:  # fmt: skip
    """The layer in the words of the product; where a patch allows, only the changed rows."""

    def read(part: RawLayer) -> tuple[Canonical, list[Check]]:
        checks: list[Check] = []
        words = canonical(part, functions, terms, mapping, checks)
        if current and "existing" not in part.entry:
            words.fields["existing"][np.isnan(words.fields["existing"])] = 1.0
        return words, checks

    if patch is None:
        return read(layer)
    told, rows = patch.before.told, patch.changed
    old = told.words
    if not len(rows) and len(patch.pair) == len(old.function):
        return old, told.said
    # what is wrong is counted over the whole layer, so then the whole layer is read
    if any(c.code not in _OF_LAYER for c in told.said):
        return read(layer)
    part = RawLayer(layer.name, layer.fid[rows], [None] * len(rows),
                    {name: [column[r] for r in rows.tolist()]
                     for name, column in layer.columns.items()}, layer.entry)  # fmt: skip
    fresh, said = read(part)
    if any(c.code not in _OF_LAYER for c in said):
        return read(layer)

    def patched(before: np.ndarray, new: np.ndarray) -> np.ndarray:
        found: np.ndarray = before[patch.pair]
        found[rows] = new
        return found

    return Canonical(patched(old.function, fresh.function),
                     {k: patched(v, fresh.fields[k]) for k, v in old.fields.items()}
                     ), told.said  # fmt: skip


def _kinds(layer: RawLayer, patch: _Patch | None) -> np.ndarray:
    if patch is None:
        return np.array([dimension(w) for w in layer.wkb], np.int64)
    kinds: np.ndarray = patch.before.told.kinds[patch.pair]
    for row in np.flatnonzero(~patch.shape).tolist():
        kinds[row] = dimension(layer.wkb[row])
    return kinds


def _cleaned(layer: RawLayer, owns: np.ndarray, origin: tuple[float, float],
             patch: _Patch | None) -> tuple[Polygons, list[tuple[int, Check]]]:  # fmt: skip
    """Valid polygons of the rows that own ground, and what was found: (row, check)."""

    def repaired(rows: np.ndarray) -> tuple[Polygons, list[tuple[int, Check]]]:
        checks: list[Check] = []
        # checks name the row first, which is sure to be unique
        polygons = clean([layer.wkb[r] for r in rows.tolist()], layer.name, rows, origin, checks)
        found = [(int(c.fid or 0), c) for c in checks]
        for row, check in found:
            check.fid = int(layer.fid[row])
        return polygons, found

    if not len(owns):
        return Polygons.from_wkb([]), []
    if patch is None:
        return repaired(owns)
    before = patch.before
    at = np.full(len(before.layer.fid), -1, np.int64)
    at[before.told.owns] = np.arange(before.polygons.n)
    source = np.where(patch.shape[owns], at[patch.pair[owns]], -1)
    fresh = np.flatnonzero(source < 0)
    if not len(fresh) and len(owns) == before.polygons.n:
        return before.polygons, before.repairs
    new, found = repaired(owns[fresh])
    back = np.full(len(before.layer.fid), -1, np.int64)
    stays = owns[source >= 0]
    back[patch.pair[stays]] = stays
    old = [(int(back[row]), check) for row, check in before.repairs if back[row] >= 0]
    both = sorted(old + found, key=lambda f: (f[1].code != "unreadable_geometry", f[0]))
    return before.polygons.patched(source, new), both
