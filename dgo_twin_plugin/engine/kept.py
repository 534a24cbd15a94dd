"""What the last run of the same plan worked out, so that the next one works out only what changed.

A run that is written starts from nothing; whoever follows a design while it is drawn keeps a
:class:`Kept` between runs. An answer is taken over only where all that it was made from is the
same: the very object, or equal numbers, texts and arrays. So what a run gives does not depend on
whether anything was kept; only how long it takes does.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from operator import is_
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .counts import ranges
from .geometry import Polygons
from .overlap import meeting
from .runs import MOST_RUNS, runs_of

if TYPE_CHECKING:
    from .changed import Changes
    from .scene import Scene, Zones

T = TypeVar("T")
MOST_IDLE = 1000  # runs that an answer is carried along without being asked for
MOST_STEPS = 40  # the same of one whose rows must be followed from scene to scene
FEW = 12  # shapes that are compared one by one sooner than all at once
MOST_COPIED = 100_000  # bytes of an array up to which a copy of it is compared the quickest


class Kept:
    """Answers of the last run (``old``) and those of the run that is under way (``new``). A run
    that is given up leaves the old ones as they were."""

    def __init__(self) -> None:
        self._old: dict[Hashable, tuple[tuple[Any, ...], Any]] = {}
        self._new: dict[Hashable, tuple[tuple[Any, ...], Any]] = {}
        self._idle: dict[Hashable, int] = {}  # runs since an answer was asked for

    def begin(self) -> None:
        self._new = {}

    def settle(self, scene: Scene | None = None) -> None:
        """The run is done: what it used or made is what is kept. What it did not ask for, because
        an indicator had nothing to do, is carried along with the rows of ``scene`` for a while."""
        idle: dict[Hashable, int] = {}
        for name, entry in self._old.items():
            if scene is None or name in self._new:
                continue
            count, answer = self._idle.get(name, 0) + 1, entry[1]
            lines = isinstance(answer, Lines)
            if count > (MOST_STEPS if lines else MOST_IDLE):
                continue
            if lines:
                entry = entry[0], answer.after(match_of(scene, answer.kind))
            self._new[name], idle[name] = entry, count
        self._old, self._new, self._idle = self._new, {}, idle

    def forget(self) -> None:
        self._old, self._new, self._idle = {}, {}, {}

    def found(self, name: Hashable) -> Any:
        """The last answer under a name whatever it was made from; None where there is none."""
        entry = self._old.get(name)
        if entry is not None and isinstance(entry[1], Lines) and entry[1].steps:
            self._old[name] = entry = entry[0], entry[1].moved()
        return None if entry is None else entry[1]

    def lines(self, name: Hashable) -> tuple[tuple[Any, ...], Lines] | None:
        """What is known of rows under a name, not moved along yet, and what it was made from."""
        return self._old.get(name)

    def of_last(self, name: Hashable) -> Any:
        """The same, but only where the last run asked for it: its rows are those of that run."""
        return None if self._idle.get(name) else self.found(name)

    def made_from(self, name: Hashable) -> tuple[Any, ...] | None:
        entry = self._old.get(name)
        return None if entry is None else entry[0]

    def of_last_run(self, name: Hashable) -> bool:
        """Whether the last run itself asked for the answer, so that its rows are of that run."""
        return name in self._old and name not in self._idle

    def put(self, name: Hashable, inputs: tuple[Any, ...], answer: T) -> T:
        self._new[name] = inputs, answer
        return answer

    def drop(self, name: Hashable) -> None:
        """Do not keep what was put under this name in this run."""
        self._new.pop(name, None)

    def whole(self, name: Hashable, inputs: tuple[Any, ...], make: Callable[[], T]) -> T:
        """The answer under this name where it was made from the same inputs, else a new one.
        Answers are shared between runs: nobody may write in one."""
        for entry in (self._new.get(name), self._old.get(name)):
            if entry is not None and same(entry[0], inputs):
                self._new[name] = entry
                answer: T = entry[1]
                return answer
        return self.put(name, inputs, make())


def whole(kept: Kept | None, name: Hashable, inputs: tuple[Any, ...], make: Callable[[], T]) -> T:
    """:meth:`Kept.whole`, or simply made where nobody keeps."""
    return make() if kept is None else kept.whole(name, inputs, make)


def whole_of(scene: Scene, name: Hashable, inputs: tuple[Any, ...], make: Callable[[], T]) -> T:
    """:func:`whole` for what an indicator makes of a scene."""
    return make() if scene.reuse is None else scene.reuse.kept.whole(name, inputs, make)


def same(a: Any, b: Any) -> bool:
    """Whether two inputs are the same to the last bit."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype == object:  # the very same objects, as a rule, which their addresses tell
            return a.tobytes() == b.tobytes() or bool(a.tolist() == b.tolist())
        if a.nbytes <= MOST_COPIED:
            return bool(a.tobytes() == b.tobytes())
        return bool((_bits(a) == _bits(b)).all())
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and (
            all(map(is_, a, b)) or all(x is y or same(x, y) for x, y in zip(a, b)))
    if isinstance(a, dict):
        return a.keys() == b.keys() and same([*a.values()], [*map(b.get, a)])
    if isinstance(a, (str, bytes, int, float, bool)):
        return bool(a == b)
    return False


def _bits(a: np.ndarray) -> np.ndarray:
    """Numbers as whole ones of the same bits: what is not a number equals itself, and they compare
    many times as quickly."""
    return a.view(f"i{a.itemsize}") if a.dtype.kind == "f" else a


# ------------------------------------------------------------------------------------ rows
@dataclass
class Reuse:
    """What a scene may take over from the one before it. ``shape`` (n,): the row of the last
    surfaces with the same visible ground, -1 where there is none; ``cut`` the same, where moreover
    all zones about it are the same; ``near`` boxes (k, 4) of all visible ground that came, went or
    changed its function, as it was and as it is; ``built`` the same of buildings alone."""

    kept: Kept
    shape: np.ndarray
    cut: np.ndarray
    function: np.ndarray  # (n,) bool: the same function and the same current as that row
    drawn: np.ndarray  # (n,) row of before that was drawn alike, -1 where there is none
    near: np.ndarray
    built: np.ndarray
    zones: Zones | None = None  # those of before
    stays: np.ndarray | None = None  # (n_zones,) the very shape of before; None: ids have changed
    strips: np.ndarray | None = None  # boxes (k, 4) about all ground that changed its zone
    changes: Changes | None = None  # what came, went or changed its function, run by run


# 'shape', 'cut' or 'drawn' as in Reuse; metres about which nothing changed, or no building:
# (BUILT, metres)
Kind = object
BUILT = "built"


@dataclass(frozen=True, eq=False)
class Match:
    """Where the rows of a scene were in the one before: ``row`` (n,), -1 nowhere. ``gone``: the
    rows that were nowhere, where all others stand at the row that they were; else None."""

    row: np.ndarray
    gone: np.ndarray | None

    @classmethod
    def of(cls, row: np.ndarray) -> Match:
        other = (row != np.arange(len(row))).nonzero()[0]
        return cls(row, other if (row[other] < 0).all() else None)


def match_of(scene: Scene, kind: Kind) -> Match:
    """The surfaces that are the same in this sense. Metres: what came, went or changed its function
    (with BUILT, of the buildings) stays further away than that."""
    def make(scene: Scene) -> Match:
        assert scene.reuse is not None
        return Match.of(getattr(scene.reuse, kind) if isinstance(kind, str)
                        else _undisturbed(scene, kind))  # fmt: skip

    found: Match = scene.product(("match", kind), make)
    return found


def _undisturbed(scene: Scene, kind: Any) -> np.ndarray:
    reuse = scene.reuse
    assert reuse is not None
    alike = np.where(reuse.function, reuse.shape, -1)
    boxes, reach = (reuse.built, kind[1]) if isinstance(kind, tuple) else (reuse.near, kind)
    if len(boxes) > MOST_CHANGED:
        return np.full_like(alike, -1)
    wide = boxes + np.array([-1, -1, 1, 1]) * float(reach)
    alike[meeting(wide, scene.surfaces.polygons.bounds())[1]] = -1
    return alike


MOST_CHANGED = 60  # features up to which neighbours are looked for one by one


@dataclass(frozen=True)
class Lines:
    """What is known of rows of the surfaces: ``covered`` (n,) of which; ``columns``, arrays (k,),
    the first the row; ``of`` arrays (n,) that it was made from. ``steps``: where the rows of later
    scenes, one after the other, were in the one before; nothing was moved along yet."""

    kind: Kind
    covered: np.ndarray
    columns: tuple[np.ndarray, ...]
    of: tuple[np.ndarray, ...]
    steps: tuple[Match, ...] = ()

    def after(self, step: Match) -> Lines:
        """The same, one scene later."""
        n = len(self.steps[-1].row if self.steps else self.covered)
        if step.gone is not None and not len(step.gone) and len(step.row) == n:
            return self
        return replace(self, steps=(*self.steps, step))

    def moved(self) -> Lines:
        """The same for the rows of the last scene, as far as they are there."""
        n, match = len(self.covered), self.steps[-1].row
        for step in self.steps[-2::-1]:
            match = np.append(step.row, -1).take(match)
        good = (match >= 0).nonzero()[0]
        back = np.full(n, -1, np.int64)
        back[match[good]] = good
        covered = np.zeros(len(match), bool)
        covered[good] = self.covered[match[good]]
        row = back[self.columns[0]]
        use = (row >= 0).nonzero()[0]
        of = tuple(values[np.maximum(match, 0)] if n else np.zeros(len(match), values.dtype)
                   for values in self.of)  # fmt: skip
        return Lines(self.kind, covered, (row[use], *(c[use] for c in self.columns[1:])), of)

    def again(self, now: Match, asked: np.ndarray, of: tuple[np.ndarray, ...],
              other: np.ndarray | None,
              make: Callable[[np.ndarray], tuple[np.ndarray, ...]]) -> Lines:  # fmt: skip
        """The same of the rows ``asked`` (n,) bool of the scene ``now``, with the lines by row, as
        ``make`` gives them. Made are those rows that were not there, of which ``of`` says something
        else, and those of ``other`` (n,) bool."""
        before = replace(self, steps=(*self.steps, now))
        if any(step.gone is None or len(step.row) != len(self.covered) for step in before.steps):
            before = before.moved()
            order = before.columns[0].argsort(kind="stable")
            before = replace(before, columns=tuple(c[order] for c in before.columns))
        good = before.covered & asked
        for step in before.steps:  # all that is still there stands where it stood
            good[step.gone] = False
        for values, then in zip(of, before.of):
            if values is not then:
                good &= equal(values, then)
        if other is not None:
            good &= ~other
        changed = ((before.covered | asked) & ~good).nonzero()[0]
        columns = before.columns
        if len(changed):
            columns = _exchanged(columns, make(changed[asked[changed]]), changed)
        return Lines(self.kind, asked, columns, of)


def _exchanged(old: tuple[np.ndarray, ...], new: tuple[np.ndarray, ...],
               rows: np.ndarray) -> tuple[np.ndarray, ...]:  # fmt: skip
    """Columns of lines, by row, with the lines of ``rows``, ascending, taken from ``new``."""
    cuts: list[tuple[int, int, int]] = []  # lines from, to that go; to which of the new ones come
    for start, end, until in zip(old[0].searchsorted(rows).tolist(),
                                 old[0].searchsorted(rows, "right").tolist(),
                                 new[0].searchsorted(rows, "right").tolist()):  # fmt: skip
        if cuts and cuts[-1][1] == start:  # nothing stays between
            start = cuts.pop()[0]
        cuts.append((start, end, until))

    def exchanged(was: np.ndarray, now: np.ndarray) -> np.ndarray:
        parts, done, come = [], 0, 0
        for start, end, until in cuts:
            parts += [was[done:start], now[come:until]]
            done, come = end, until
        return np.concatenate([*parts, was[done:]])

    return tuple(map(exchanged, old, new))


def by_row(scene: Scene, name: Hashable, inputs: tuple[Any, ...], rows: np.ndarray,
           make: Callable[[np.ndarray], tuple[np.ndarray, ...]], kind: Kind = "cut",
           of: tuple[np.ndarray, ...] = (),
           again: np.ndarray | None = None) -> tuple[np.ndarray, ...]:  # fmt: skip
    """Something that is known of each row of the surfaces by itself, however many lines a row has.

    ``make(rows)`` gives arrays (k,), of which the first is the row, ascending; lines of a row may
    depend on nothing but that row, ``inputs``, and what ``of``, arrays (n,), say of it. ``kind``
    (:func:`match_of`) says which rows are those of before. Only rows that were not there before
    are made, and those of ``again`` (n,) bool.
    """
    if scene.reuse is None:
        return make(rows)
    kept = scene.reuse.kept
    asked = np.zeros(scene.surfaces.n, bool)
    asked[rows] = True
    before = kept.lines(name)
    if before is None or not same(before[0], inputs) or before[1].kind != kind:
        found = Lines(kind, asked, make(rows), of)
    else:
        found = before[1].again(match_of(scene, kind), asked, of, again, make)
    return kept.put(name, inputs, found).columns


def each_alike(scene: Scene, name: Hashable, columns: tuple[np.ndarray, ...],
               make: Callable[[np.ndarray], list[T]], inputs: tuple[Any, ...] = ()
               ) -> list[T]:  # fmt: skip
    """One object per line of ``columns`` (k,); ``make(rows)`` gives those of some lines, from what
    these say and from ``inputs``. A line that says what it said before, at the same place, keeps
    its object. Of lines that make a table the first column has its shape, and what is said of rows
    or columns at once goes along."""
    n, made_from = columns[0].size, (inputs, *columns)
    if scene.reuse is None:
        return make(np.arange(n))
    kept = scene.reuse.kept
    last, before = kept.made_from(name), kept.found(name)
    if (last is None or not same(last[0], inputs)
            or [(c.dtype, c.shape) for c in last[1:]] != [(c.dtype, c.shape) for c in columns]):
        return kept.put(name, made_from, make(np.arange(n)))
    alike = np.ones(columns[0].shape, bool)
    for now, then in zip(columns, last[1:]):
        if now is not then:
            alike &= equal(now, then)
    changed = (~alike).ravel().nonzero()[0]
    found = list(before)
    for row, item in zip(changed.tolist(), make(changed)):
        found[row] = item
    return kept.put(name, made_from, found)


def equal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(k,) bool: where two columns say the same."""
    found: np.ndarray
    if a.dtype != b.dtype:
        return np.zeros(len(a), bool)
    if a.dtype == object:  # the very same objects, as a rule, which their addresses tell
        found = np.frombuffer(a.tobytes(), np.intp) == np.frombuffer(b.tobytes(), np.intp)
        other = np.flatnonzero(~found)
        if not len(other):
            return found
        found[other] = a[other] == b[other]
        return found
    found = _bits(a) == _bits(b)
    return found


def pairing(keys: tuple[np.ndarray, ...], before: tuple[np.ndarray, ...]) -> np.ndarray | None:
    """(n,) row of ``before`` with the same keys, ascending, -1 where there is none. Keys are arrays
    (n,) that name a row together. None where the order is another one."""
    n, m = len(keys[0]), len(before[0])
    least = min(n, m)
    first, last = least, least  # rows that stand the same from the start, and from the end
    for now, then in zip(keys, before):
        other = np.flatnonzero(now[:least] != then[:least])
        first = min(first, int(other[0]) if len(other) else least)
        other = np.flatnonzero(now[n - least :][::-1] != then[m - least :][::-1])
        last = min(last, int(other[0]) if len(other) else least)
    last = min(last, least - first)
    found = np.full(n, -1, np.int64)
    found[:first] = np.arange(first)
    found[n - last :] = np.arange(m - last, m)
    between: dict[Hashable, list[int]] = {}
    rest = zip(*(k[first : m - last].tolist() for k in before))
    for at, key in enumerate(rest, first):
        between.setdefault(key, []).append(at)
    for at, key in enumerate(zip(*(k[first : n - last].tolist() for k in keys)), first):
        if between.get(key):
            found[at] = between[key].pop(0)
    return found if (np.diff(found[found >= 0]) > 0).all() else None


def same_shapes(new: Polygons, old: Polygons, pair: np.ndarray) -> np.ndarray:
    """(n,) whether each feature has exactly the vertices, rings and parts of its row in ``pair``
    (-1: no)."""
    good = pair >= 0
    rows = good.nonzero()[0]
    if len(rows) <= FEW:
        good[rows] = [new.wkb(row) == old.wkb(was)
                      for row, was in zip(rows.tolist(), pair[rows].tolist())]  # fmt: skip
        return good
    if (len(rows) == new.n == old.n and new.xy.shape == old.xy.shape
            and np.array_equal(new.ring_start, old.ring_start)
            and np.array_equal(new.ring_part, old.ring_part)
            and np.array_equal(new.part_feature, old.part_feature)):  # fmt: skip
        differs = np.flatnonzero((new.xy != old.xy).ravel()) // 2  # all of one build: at once
        good[new.ring_feature[np.searchsorted(new.ring_start, differs, "right") - 1]] = False
        return good
    runs = runs_of(np.where(good, pair, -2), MOST_RUNS)  # -1 and 0 would be a run
    if len(runs) > 1:  # what came or went stands between: run by run
        last = 0
        for begin, end in runs:
            first, last, rows = last, last + end - begin, np.arange(end - begin)
            if begin >= 0:
                good[first:last] = same_shapes(new.take(first + rows), old.take(begin + rows), rows)
        return good
    was = pair[rows]
    counts = []
    for polygons, at in ((new, rows), (old, was)):
        part, ring = polygons.feature_part_start, polygons.part_ring_start
        vertex = polygons.ring_start
        counts.append(np.stack([part[at + 1] - part[at], ring[part[at + 1]] - ring[part[at]],
                                vertex[ring[part[at + 1]]] - vertex[ring[part[at]]]]))  # fmt: skip
    fits = (counts[0] == counts[1]).all(axis=0)
    rows, was = rows[fits], was[fits]
    found = np.zeros(new.n, bool)
    found[rows] = True
    if not len(rows):
        return found
    index = []
    for polygons, at in ((new, rows), (old, was)):
        part, ring = polygons.feature_part_start, polygons.part_ring_start
        first, last = ring[part[at]], ring[part[at + 1]]
        index.append((polygons.ring_start[first], polygons.ring_start[last], first, last))
    a, owner = ranges(index[0][0], index[0][1])
    b, _ = ranges(index[1][0], index[1][1])
    differs = (new.xy[a] != old.xy[b]).any(axis=1)
    found[rows[owner[differs]]] = False
    # rings of the same number of vertices together may still be cut up in another way
    a, owner = ranges(index[0][2], index[0][3])
    b, _ = ranges(index[1][2], index[1][3])
    at = rows[owner]
    further = index[0][0] - index[1][0], new.feature_part_start[rows] - old.feature_part_start[was]
    other = new.ring_start[a] - old.ring_start[b] != further[0][owner]
    other |= new.ring_part[a] - old.ring_part[b] != further[1][owner]
    found[at[other]] = False
    return found
