"""What changed a mark since a former state of the same plan, taken apart into causes that add up.

    mark now - mark then = features + norm + law

*features* is what the other value makes under the former norm, divided over the features that were
added, removed or changed where the value is a sum over features; *norm* what other norms make of
the value as it is now; *law* what the cap of a breach adds or takes. The plan as a whole: the same,
worked out per zone and weighed. Beside these, what moved no mark of this indicator: its ambition
and its weight.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import marks as m
from .indicators.spec import LOG_MEAN, MEAN, P90, RATIO, Part, Places
from .reduce import reduce_places
from .why_counts import feature_name, mark_of, marked_zones, places_of, zone_marks

if TYPE_CHECKING:
    from .assessment import Assessment
    from .prepare import PreparedPart
    from .scene import Scene
    from .score_row import ScoreRow

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
KINDS = (ADDED, REMOVED, CHANGED)
MOST = 3  # features named per kind
_DUST = 1e-9
_Key = tuple[str, int, int]  # layer, feature, zone


@dataclass(frozen=True)
class Effect:
    """What one cause moved: in the unit of the value, and in mark points. None: not known."""

    kind: str  # added | removed | changed | value | norm | law | zones | part
    marks: float | None
    value: float | None = None
    n: int = 0  # features
    names: tuple[str, ...] = ()  # of those that did most


@dataclass(frozen=True)
class Moved:
    """A feature of the design or the current situation that is drawn otherwise than before."""

    kind: str  # added | removed | changed
    name: str
    layer: str
    fid: int
    how: str = ""  # of a changed one: moved | reshaped | fields


@dataclass(frozen=True)
class Change:
    """All that differs since the former state; the ``effects`` add up to ``now - then``."""

    then: float | None
    now: float | None
    value_then: float | None
    value_now: float | None
    effects: tuple[Effect, ...] = ()
    moved: tuple[Moved, ...] = ()  # what was drawn otherwise
    n_moved: int = 0
    context: tuple[str, ...] = ()  # roles whose layers differ
    ambition: tuple[float | None, float | None] | None = None  # then, now; None: the same
    weight: tuple[float, float] | None = None
    zones_differ: bool = False  # the zones are others: no cause can be told apart

    @property
    def points(self) -> float | None:
        """Mark points gained; None where one of the two states has no mark."""
        if self.then is None or self.now is None:
            return None
        return self.now - self.then


def row_of(assessment: Assessment, indicator: str, zone: int) -> ScoreRow | None:
    """The row of ``scores`` with the ambitions in force."""
    for row in assessment.scores:
        if row.indicator == indicator and row.zone_id == zone:
            return row
    return None


def change(
    now: Assessment, then: Assessment, indicator: str, zone: int,
    weights: tuple[float, float] | None = None, lang: str = "en",
) -> Change | None:  # fmt: skip
    """What changed since ``then``; None where the former state has no such row. ``weights``: of
    the indicator in its theme, then and now."""
    new, old = row_of(now, indicator, zone), row_of(then, indicator, zone)
    if new is None or old is None:
        return None
    moved, n_moved, context = _between(now.scene, then.scene, lang)
    differ = now.scene.n_zones != then.scene.n_zones or list(now.scene.zones.area_type) != list(
        then.scene.zones.area_type
    )
    same_aim = old.ambition == new.ambition
    laid = None if weights is None or weights[0] == weights[1] else weights
    made = Change(
        old.mark, new.mark, old.value, new.value, (), moved, n_moved, context,
        None if same_aim else (old.ambition, new.ambition), laid, differ,
    )  # fmt: skip
    if new.part != old.part:  # another quantity decides now: their values do not compare
        one = () if made.points is None or differ else (Effect("part", made.points),)
        return replace(made, value_then=None, value_now=None, effects=one, ambition=None)
    if made.points is None or differ:
        return made
    effects = _effects(now, then, indicator, zone, new, old, lang)
    return replace(made, effects=tuple(effects))


# --- effects on the mark --------------------------------------------------------------------------
def _effects(
    now: Assessment, then: Assessment, indicator: str, zone: int, new: ScoreRow, old: ScoreRow,
    lang: str,
) -> list[Effect]:  # fmt: skip
    a, b = then.prepared[indicator], now.prepared[indicator]
    zones = marked_zones(b) if zone == 0 else [zone]
    total = float(b.weight[zones].sum()) if zone == 0 else 1.0
    parts = a.parts.get(new.part), b.parts.get(new.part)
    # of an indicator whose lowest part counts: only where that is the same part everywhere
    one_part = all({a.deciding[z], b.deciding[z]} == {new.part} for z in zones)
    found: list[Effect] = []
    if parts[0] is None or parts[1] is None or total <= 0:
        return [Effect("value", (new.mark or 0.0) - (old.mark or 0.0))]
    marks_a, marks_b = zone_marks(a), zone_marks(b)
    gathered = _Gathered()
    norm = value_points = 0.0
    for each in zones:
        share = float(b.weight[each]) / total if zone == 0 else 1.0
        before, after = float(marks_a[each]), float(marks_b[each])
        if math.isnan(before) or math.isnan(after):
            continue
        if not one_part:  # the lowest part of one zone is not that of another
            value_points += share * (after - before)
            continue
        was, is_ = float(parts[0].rows[each].value or 0.0), float(parts[1].rows[each].value or 0.0)
        middle = mark_of(parts[0], each, is_)
        norm += share * (after - middle)
        value_points += share * (middle - before)
        gathered.add(now, then, indicator, parts[1], each, was, is_, share * (middle - before))
    found += gathered.effects(now.scene, then.scene, value_points, lang)
    if abs(norm) > _DUST:
        found.append(Effect("norm", norm))
    rest = (new.mark or 0.0) - (old.mark or 0.0) - sum(e.marks or 0.0 for e in found)
    if abs(rest) > _DUST:
        breach = new.n_breach or old.n_breach
        found.append(Effect("law" if breach and zone else "zones" if zone == 0 else "value", rest))
    return found


@dataclass
class _Gathered:
    """Effects of features over one or more zones."""

    value: dict[str, float] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)
    by_key: dict[str, dict[tuple[str, int], float]] = field(default_factory=dict)
    told: float = 0.0  # points that features explain

    def add(
        self, now: Assessment, then: Assessment, indicator: str, part: PreparedPart, zone: int,
        was: float, is_: float, points: float,
    ) -> None:  # fmt: skip
        apart = _by_feature(now, then, indicator, part.part, zone, was)
        if apart is None or not apart:
            return
        whole = sum(v for _, v in apart.values())
        if abs(whole) <= _DUST * max(1.0, abs(was)):
            return
        self.told += points
        for key, (kind, amount) in apart.items():
            gain = points * amount / whole
            self.value[kind] = self.value.get(kind, 0.0) + amount
            self.points[kind] = self.points.get(kind, 0.0) + gain
            names = self.by_key.setdefault(kind, {})
            names[key] = names.get(key, 0.0) + gain

    def effects(self, now: Scene, then: Scene, points: float, lang: str) -> list[Effect]:
        found = []
        for kind in KINDS:
            if kind not in self.points:
                continue
            order = sorted(self.by_key[kind].items(), key=lambda each: -abs(each[1]))
            scene = then if kind == REMOVED else now
            rows = _rows(scene)
            names = tuple(feature_name(scene, rows[k], lang) for k, _ in order[:MOST] if k in rows)
            found.append(Effect(kind, self.points[kind], self.value[kind], len(order), names))
        rest = points - self.told
        if abs(rest) > _DUST:
            found.append(Effect("value", rest))
        return found


def _by_feature(
    now: Assessment, then: Assessment, indicator: str, part: Part, zone: int, was: float
) -> dict[tuple[str, int], tuple[str, float]] | None:
    """(layer, feature) -> (added | removed | changed, what it moved the value by in its own
    scale). None where the value is no sum over features."""
    new = places_of(now.measurements[indicator], part.id)
    old = places_of(then.measurements[indicator], part.id)
    if new is None or old is None or part.reduce not in (RATIO, MEAN, LOG_MEAN, P90):
        return None
    if part.reduce == P90:
        return _by_group(now.scene, then.scene, part, new, old, zone)
    before, after = _sums(then.scene, part, old, zone), _sums(now.scene, part, new, zone)
    if before is None or after is None:
        return None
    bottom = sum(d for _, d in after.values())
    base = sum(d for _, d in before.values())
    if bottom <= 0 or base <= 0:
        return None
    level = sum(n for n, _ in before.values()) / base
    found: dict[tuple[str, int], tuple[str, float]] = {}
    for key in before.keys() | after.keys():
        n0, d0 = before.get(key, (0.0, 0.0))
        n1, d1 = after.get(key, (0.0, 0.0))
        # R1 - R0 = sum((dn - R0 dd) / D1): exact, and of every feature its own part
        moved = part.scale * ((n1 - n0) - level * (d1 - d0)) / bottom
        if abs(n1 - n0) <= _DUST * max(1.0, abs(n0)) and abs(d1 - d0) <= _DUST * max(1.0, d0):
            continue
        kind = ADDED if key not in before else REMOVED if key not in after else CHANGED
        found[key] = kind, moved
    return found


def _sums(
    scene: Scene, part: Part, places: Places, zone: int
) -> dict[tuple[str, int], tuple[float, float]] | None:
    """(layer, feature) -> (numerator, denominator) of a ratio or mean; None where a place that
    counts is no feature or its number is infinite."""
    feature = np.asarray(places.feature)
    here = places.zone == zone
    if part.reduce == RATIO:
        num, den = np.asarray(places.num, float), np.asarray(places.den, float)
        known = here & np.isfinite(num) & np.isfinite(den)
    else:
        w = np.maximum(np.nan_to_num(places.weight), 0.0)
        den = w if places.den is None else np.asarray(places.den, float)
        x = m.scaled(places.value, part.reduce == LOG_MEAN)
        known = here & ~np.isnan(x) & np.isfinite(den) & (den > 0)
        if not np.isfinite(x[known]).all():
            return None
        num = den * np.where(known, x, 0.0)
    if (feature[known] < 0).any():
        return None
    n = scene.surfaces.n
    top = np.bincount(feature[known], num[known], n)
    below = np.bincount(feature[known], np.maximum(den[known], 0.0), n)
    return {_key(scene, row): (float(top[row]), float(below[row]))
            for row in np.unique(feature[known])}  # fmt: skip


def _by_group(
    now: Scene, then: Scene, part: Part, new: Places, old: Places, zone: int
) -> dict[tuple[str, int], tuple[str, float]] | None:
    """A percentile is no sum: first what disappeared goes, then what is new comes, then the rest
    changes, and each step's effect is divided over the features of that step by what they moved
    themselves."""
    before, after = _table(then, old, zone), _table(now, new, zone)
    if before is None or after is None:
        return None
    kinds = {key: ADDED if key not in before else REMOVED if key not in after else CHANGED
             for key in before.keys() | after.keys()
             if before.get(key) != after.get(key)}  # fmt: skip
    state = dict(before)
    value = _reduced(part, state)
    found: dict[tuple[str, int], tuple[str, float]] = {}
    for kind in (REMOVED, ADDED, CHANGED):
        keys = [key for key, k in kinds.items() if k == kind]
        for key in keys:
            if key in after:
                state[key] = after[key]
            else:
                state.pop(key)
        next_ = _reduced(part, state)
        if math.isnan(next_) or math.isnan(value):
            if keys:
                return None
            continue
        own = [_push(before.get(k), after.get(k)) for k in keys]
        total = sum(own)
        for key, amount in zip(keys, own):
            part_ = amount / total if total > 0 else 1.0 / len(keys)
            found[key] = kind, (next_ - value) * part_
        value = next_
    return found


_Table = dict[tuple[str, int], tuple[tuple[float, float], ...]]


def _table(scene: Scene, places: Places, zone: int) -> _Table | None:
    feature = np.asarray(places.feature)
    use = (places.zone == zone) & ~np.isnan(places.value) & (places.weight > 0)
    if (feature[use] < 0).any():
        return None
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for at in np.flatnonzero(use):
        row = int(feature[at])
        pair = float(places.value[at]), float(places.weight[at])
        found.setdefault(_key(scene, row), []).append(pair)
    return {key: tuple(rows) for key, rows in found.items()}


def _push(
    old: tuple[tuple[float, float], ...] | None, new: tuple[tuple[float, float], ...] | None
) -> float:
    """How much a feature moved itself: its weight times its change, its weight where it came or
    went."""
    if old and new and len(old) == len(new):
        return sum(abs(b[0] - a[0]) * max(a[1], b[1]) + abs(b[1] - a[1])
                   for a, b in zip(old, new))  # fmt: skip
    return sum(w for _, w in (old or ())) + sum(w for _, w in (new or ()))


def _reduced(part: Part, table: _Table) -> float:
    rows = [pair for pairs in table.values() for pair in pairs]
    if not rows:
        return math.nan
    x, w = np.array(rows).T
    places = Places(np.ones(len(rows)), w, x)
    return float(reduce_places(part, places, 1).value[1])


# --- what is drawn otherwise ----------------------------------------------------------------------
def _key(scene: Scene, row: int) -> tuple[str, int]:
    return str(scene.surfaces.layer[row]), int(scene.surfaces.fid[row])


def _rows(scene: Scene) -> dict[tuple[str, int], int]:
    surfaces = scene.surfaces
    found: dict[tuple[str, int], int] = scene.product(
        "rows by feature",
        lambda _: {key: row for row, key in enumerate(
            zip(map(str, surfaces.layer), map(int, surfaces.fid)))},
    )  # fmt: skip
    return found


_Between = tuple[tuple[Moved, ...], int, tuple[str, ...]]  # Python 3.9 knows these
# the last pair that was compared: the panel explains one indicator after the other
_last: list[tuple[weakref.ref, weakref.ref, str, _Between]] = []


def _between(now: Scene, then: Scene, lang: str) -> _Between:
    """What was drawn otherwise, how many features that are, and which roles differ."""
    for new, old, said, known in _last:
        if new() is now and old() is then and said == lang:
            return known
    moved, n = drawn_otherwise(now, then, lang)
    found = tuple(moved), n, tuple(_context(now, then))
    _last[:] = [(weakref.ref(now), weakref.ref(then), lang, found)]
    return found


def drawn_otherwise(
    now: Scene, then: Scene, lang: str, most: int = MOST
) -> tuple[list[Moved], int]:
    """Features that were added, removed or changed between two scenes, and how many."""
    if now.surfaces is then.surfaces:
        return [], 0
    new, old = _rows(now), _rows(then)
    added = [k for k in new if k not in old]
    removed = [k for k in old if k not in new]
    both = [k for k in new if k in old]
    a = np.array([old[k] for k in both], np.int64)
    b = np.array([new[k] for k in both], np.int64)
    how = _differences(now, then, b, a)
    changed = [(both[i], how[i]) for i in np.flatnonzero(how != "")]
    found = [Moved(ADDED, feature_name(now, new[k], lang), *k) for k in added]
    found += [Moved(REMOVED, feature_name(then, old[k], lang), *k) for k in removed]
    found += [Moved(CHANGED, feature_name(now, new[k], lang), k[0], k[1], str(h))
              for k, h in changed]
    return found[:most], len(found)


def _differences(now: Scene, then: Scene, b: np.ndarray, a: np.ndarray) -> np.ndarray:
    """(n,) '' | moved | reshaped | fields of features that both scenes have."""
    how = np.full(len(a), "", object)
    if not len(a):
        return how
    shift = np.subtract(now.origin, then.origin)
    box_b = now.surfaces.footprints.bounds()[b] + np.tile(shift, 2)
    box_a = then.surfaces.footprints.bounds()[a]
    area_b, area_a = now.surfaces.footprints.area()[b], then.surfaces.footprints.area()[a]
    with np.errstate(invalid="ignore"):
        elsewhere = (np.abs(box_b - box_a) > 1e-6).any(axis=1)
        larger = np.abs(area_b - area_a) > 1e-6 * np.maximum(1.0, area_a)
    wide = (box_b - box_a)[:, 2:] - (box_b - box_a)[:, :2]
    same_size = ~larger & (np.abs(wide) <= 1e-6).all(axis=1)
    other = now.surfaces.function[b] != then.surfaces.function[a]
    for name, column in now.surfaces.fields.items():
        before = then.surfaces.fields.get(name)
        if before is None:
            continue
        x, y = column[b], before[a]
        if x.dtype == object or y.dtype == object:
            other = other | (x != y)
        else:
            other = other | ((x != y) & ~(np.isnan(x) & np.isnan(y)))
    how[other.astype(bool)] = "fields"
    how[elsewhere | larger] = "reshaped"
    how[elsewhere & same_size] = "moved"
    return how


def _context(now: Scene, then: Scene) -> list[str]:
    """Roles whose layers are no longer the same."""
    found = []
    for role in sorted(now.context.keys() | then.context.keys()):
        a, b = then.context.get(role), now.context.get(role)
        if a is b:
            continue
        if a is None or b is None or not _same_context(a, b):
            found.append(role)
    return found


def _same_context(a: Any, b: Any) -> bool:
    if len(a.rasters) != len(b.rasters) or (a.vectors is None) != (b.vectors is None):
        return False
    for x, y in zip(a.rasters, b.rasters):
        if x.raster is not y.raster and not np.array_equal(
            x.raster.values, y.raster.values, equal_nan=True
        ):
            return False
    return a.vectors is None or a.vectors is b.vectors or (
        a.vectors.wkb == b.vectors.wkb and _same_fields(a.vectors.fields, b.vectors.fields)
    )


def _same_fields(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> bool:
    if a.keys() != b.keys():
        return False
    for name, x in a.items():
        y = b[name]
        if x is not y and not (len(x) == len(y) and all(
            p == q or (p != p and q != q) for p, q in zip(x.tolist(), y.tolist())
        )):
            return False
    return True
