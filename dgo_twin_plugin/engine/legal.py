"""The law, apart from the mark (indicators, "The law").

A legal test is made per object (building x source kind) at its highest point, never on a zone
statistic. Only an input that is declared fit for it (``basis: legal``) can say ``exceeds``; every
other input can only say ``indicative``. Marks are capped in :mod:`.scores`, not here.

Whole decibels: a level is rounded to the nearest whole dB before it meets a limit, an exact half
to the even number. Source: Reken- en meetvoorschrift geluidhinder 2006, art. 1.3 (V, read: "waarbij
een halve eenheid wordt afgerond naar het even getal"); that the present Omgevingsregeling keeps
that rule is from memory (K). It differs from rounding half up only on an exact half above an even
number (60.5 -> 60).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import compress, count
from operator import is_not
from typing import TYPE_CHECKING, Any

import numpy as np

from . import words
from .indicators.spec import LegalTest
from .kept import whole_of
from .words import Message, say

if TYPE_CHECKING:
    from .scene import Scene, Surfaces

NOISE = ("traffic_noise", "industrial_noise")  # indicators tested in whole dB
VULNERABLE = ("very_vulnerable", "vulnerable")  # PR 10^-6 is a limit for these (K)
_DUST = 6  # decimals that survive before rounding: 60.4999999999 is 60.5
_ORDER = {outcome: i for i, outcome in enumerate(words.LEGAL_CHECKS)}  # worst first
_OUTCOMES = np.array(words.LEGAL_CHECKS, object)
_STRETCH = 128  # tests
_CERTAIN = (words.EXCEEDS, words.EXCEEDS_EXCEPTION)  # the first of _ORDER


def whole_db(level: Any) -> np.ndarray:
    """Levels in whole dB, an exact half to the even number (see the head of this module)."""
    whole: np.ndarray = np.round(np.round(np.asarray(level, float), _DUST))
    return whole


def test_limits(
    value: Any,
    limit: Any,
    basis_legal: Any,
    in_scope: Any = True,
    *,
    whole: bool = False,
    exception: Any = False,
    lower_is_worse: bool = False,
) -> np.ndarray:
    """Outcome per object: object array of :data:`words.LEGAL_CHECKS`; all arguments broadcast.

    not in scope -> ``not_in_scope``; no value or no legal number (NaN) -> ``not_tested``; beyond
    the limit -> ``exceeds`` where ``basis_legal``, ``exceeds_exception_possible`` where moreover a
    named exception of the law is known to be open to this object (``exception``), ``indicative``
    where the input was not declared fit; else ``complies``. A value at the limit complies.
    ``whole``: noise, compared in whole dB. ``lower_is_worse``: the limit is a floor.
    """
    v, bound = np.asarray(value, float), np.asarray(limit, float)
    if whole:
        v = whole_db(v)
    known = ~(np.isnan(v) | np.isnan(bound))
    found = np.where(known, _ORDER[words.COMPLIES], _ORDER[words.NOT_TESTED])
    with np.errstate(invalid="ignore"):
        beyond = known & (v < bound if lower_is_worse else v > bound)
        if beyond.any():
            # dust of binary floats is no breach: 100 * 30 / 30 must comply with 100
            dust = np.abs(v - bound) <= 1e-12 + 1e-9 * np.abs(bound)
            beyond &= ~(dust & np.isfinite(bound))
    if beyond.any():
        certain = np.where(np.asarray(exception, bool), _ORDER[words.EXCEEDS_EXCEPTION],
                           _ORDER[words.EXCEEDS])  # fmt: skip
        breach = np.where(np.asarray(basis_legal, bool), certain, _ORDER[words.INDICATIVE])
        found = np.where(beyond, breach, found)
    if in_scope is not True:
        found = np.where(np.asarray(in_scope, bool), found, _ORDER[words.NOT_IN_SCOPE])
    shape = np.broadcast(v, bound, basis_legal, in_scope, exception).shape
    if found.shape != shape:
        found = np.broadcast_to(found, shape)
    return np.asarray(_OUTCOMES[found], object)


test_limits.__test__ = False  # type: ignore[attr-defined]  # not a test for pytest


def test_limit(
    value: float | None,
    limit: float | None,
    standard: float | None = None,
    basis_legal: bool = False,
    in_scope: bool = True,
    whole_db: bool = False,
    exception: bool = False,
    lower_is_worse: bool = False,
) -> str:
    """:func:`test_limits` for one object. The standard takes no part in the outcome: a standard
    that is exceeded while the limit is not ``complies``, and :func:`message` says so."""
    del standard
    nan = float("nan")
    found = test_limits(
        nan if value is None else value,
        nan if limit is None else limit,
        basis_legal,
        in_scope,
        whole=whole_db,
        exception=exception,
        lower_is_worse=lower_is_worse,
    )
    return str(found[()])


test_limit.__test__ = False  # type: ignore[attr-defined]


def above_standard(
    value: float | None,
    standard: float | None,
    whole: bool = False,
    lower_is_worse: bool = False,
) -> bool:
    """Whether the standard (the default value of the law, from which may be departed with reasons)
    is exceeded. False where either is unknown."""
    found = test_limit(value, standard, None, True, True, whole, lower_is_worse=lower_is_worse)
    return found == words.EXCEEDS


def message(
    outcome: str,
    value: float | None = None,
    standard: float | None = None,
    noise: bool = False,
    lower_is_worse: bool = False,
) -> Message:
    """The sentence that goes with an outcome; never the word "illegal". Where the limit is met but
    the standard is not, it says so."""
    above = outcome == words.COMPLIES and above_standard(value, standard, noise, lower_is_worse)
    return _sentence(outcome, standard if above else None, noise)


def describe(tests: Iterable[LegalTest], indicator: str) -> None:
    """Give every test that has no text of its own the sentence of its outcome (in place)."""
    untold = [test for test in tests if test.text is None]
    if not untold:
        return
    # all standards at once: a design has tens of thousands of tests, of a few different sentences
    above = test_limits(
        [test.value for test in untold], [test.standard for test in untold], True,
        whole=indicator in NOISE,
    ) == words.EXCEEDS  # fmt: skip
    said: dict[tuple[str, float | None], Message] = {}
    for test, beyond in zip(untold, above.tolist()):
        told = test.outcome == words.COMPLIES and beyond
        key = (test.outcome, test.standard if told else None)
        if key not in said:
            said[key] = _sentence(test.outcome, key[1], indicator in NOISE)
        test.text = said[key]


def _sentence(outcome: str, above: float | None, noise: bool) -> Message:
    if above is not None:
        return say("legal.standard_exceeded", standard=above)
    if outcome == words.EXCEEDS and noise:
        return say("legal.exceeds_noise")
    return say(f"legal.{outcome}")


def disclaimer() -> Message:
    """The fixed line of every report (indicators, "The law")."""
    return say("legal.disclaimer")


# --- the worst of many --------------------------------------------------------------------


@dataclass(frozen=True)
class Worst:
    """The worst outcome of many tests, the limit it met, and the number of certain breaches."""

    outcome: str
    n_breach: int  # different objects (building x source kind x part) that certainly exceed
    limit: float  # NaN where no legal number exists
    test: LegalTest | None


def worst_test(tests: Iterable[LegalTest], default: str = words.NOT_TESTED) -> Worst:
    """The worst outcome (order of :data:`words.LEGAL_CHECKS`); of equals the one furthest beyond
    its limit. ``default`` where there is no test. Breaches are counted once per object, also where
    a building lies in two zones; only certain ones count (``indicative`` does not)."""
    return Verdicts(list(tests), 0).by_zone(default)[0]


@cache
def _untested(default: str) -> Worst:
    return Worst(default, 0, float("nan"), None)


class Verdicts:
    """:func:`worst_test` of the tests of an indicator, per zone and at index 0 of all: of those of
    all its parts together, and of those of each part.

    A design has thousands of tests, of which an edit makes a few anew. A zone of which all tests
    are those of the run ``before``, at the same place, keeps its :class:`Worst`.
    """

    def __init__(self, tests: list[LegalTest], zones: int, before: Verdicts | None = None) -> None:
        self.tests, self.n_zones = tests, zones
        self.new: list[LegalTest] = []  # tests that were not there before
        self._worst: dict[tuple[str | None, int], Worst] = {}  # by part (None: all) and zone
        self._by_zone: dict[tuple[str, str | None], list[Worst]] = {}
        self._parts: dict[str, int]  # the parts that tests name, numbered
        if before is None or (before.n_zones, len(before.tests)) != (zones, len(tests)):
            self.new, self._parts = tests, {}
            self._columns = self._read(tests)
            touched = {0, *self._columns[0].tolist()}
        else:
            other = _others(tests, before.tests)
            if not other:
                self._parts, self._columns = before._parts, before._columns
                self._worst, self._by_zone = before._worst, before._by_zone
                return
            self.new, self._parts = [tests[i] for i in other], dict(before._parts)
            self._columns = tuple(c.copy() for c in before._columns)
            for column, now in zip(self._columns, self._read(self.new)):
                column[other] = now
            touched = {0, *self._columns[0][other].tolist(), *before._columns[0][other].tolist()}
            self._worst = {key: w for key, w in before._worst.items() if key[1] not in touched}
        zone, _, _, part = self._columns
        for at in touched if tests else ():
            rows = (zone == at).nonzero()[0] if at else np.arange(len(tests))
            for name, number in ((None, -1), *self._parts.items()):
                every = name is None or len(self._parts) == 1
                mine = rows if every else rows[part[rows] == number]
                if len(mine):
                    self._worst[name, at] = self._of(mine)

    def _read(self, tests: list[LegalTest]) -> tuple[np.ndarray, ...]:
        """(k,) each: zone; severity, the worst 0; how far within its limit, inf where unknown;
        number of its part."""
        left = np.array([test.limit - test.value for test in tests], float)
        part = [self._parts.setdefault(test.part, len(self._parts)) for test in tests]
        return (
            np.array([test.zone for test in tests], np.int64),
            np.array([_ORDER[test.outcome] for test in tests], np.int64),
            np.where(np.isnan(left), np.inf, left),
            np.array(part, np.int64),
        )

    def found(self) -> list[int]:
        """Rows of the tests that found something, the first of _ORDER; ascending."""
        rows: list[int] = (self._columns[1] < len(words.FOUND)).nonzero()[0].tolist()
        return rows

    def _of(self, rows: np.ndarray) -> Worst:
        """The worst of the tests of these rows, ascending."""
        _, severe, left, _ = self._columns
        worst = rows[severe[rows] == severe[rows].min()]
        test = self.tests[worst[np.argmin(left[worst])]]
        breaches = {
            (self.tests[i].feature if self.tests[i].feature >= 0 else -1 - i,
             self.tests[i].source_kind, self.tests[i].part)
            for i in rows[severe[rows] < len(_CERTAIN)].tolist()
        }  # fmt: skip
        return Worst(test.outcome, len(breaches), float(test.limit), test)

    def by_zone(self, default: str, part: str | None = None) -> list[Worst]:
        """(n_zones + 1,) of the tests of one part, or of all; ``default`` where there is none."""
        key = default, part
        if key not in self._by_zone:
            found = [_untested(default)] * (self.n_zones + 1)
            for (of, at), worst in self._worst.items():
                if of == part and at < len(found):
                    found[at] = worst
            self._by_zone[key] = found
        return self._by_zone[key]


def _others(now: list[LegalTest], then: list[LegalTest]) -> list[int]:
    """Rows of as many tests at which another one stands. Most stretches hold the very objects of
    before, of which lists are compared many times as quickly as one object after the other."""
    found: list[int] = []
    for first in range(0, len(now), _STRETCH):
        here, there = now[first : first + _STRETCH], then[first : first + _STRETCH]
        if here != there:
            found += compress(count(first), map(is_not, here, there))
    return found


def legal_result(tests: Iterable[LegalTest], default: str = words.NOT_TESTED) -> tuple[str, int]:
    """(worst outcome, number of certain breaches)."""
    worst = worst_test(tests, default)
    return worst.outcome, worst.n_breach


# --- scope ----------------------------------------------------------------------------------


def is_new(surfaces: Surfaces) -> np.ndarray:
    """(n,) bool: features of the design that are not said to be existing (field ``existing`` no or
    empty). What lies there now is existing, whatever its field says."""
    existing = np.asarray(surfaces.fields["existing"], float)
    new: np.ndarray = ~np.asarray(surfaces.current, bool) & ~(existing > 0)
    return new


def asked(scene: Scene, what: str) -> tuple[np.ndarray, np.ndarray]:
    """What the law asks of the surfaces: (n,) which of its answers, and these (m,) object; None
    where it asks nothing. ``what`` as in :meth:`.functions.Functions.uses`. The very same as long
    as all say what they said, as are those below."""
    surfaces = scene.surfaces
    kind, gfa = surfaces.fields["dwelling_type"], surfaces.fields["gfa"]
    made_from = (surfaces.functions, surfaces.codes, surfaces.fields["use_class"], kind, gfa)
    return whole_of(scene, ("asked", what), made_from,
                    lambda: surfaces.functions.asked(what, surfaces.uses, kind, gfa))  # fmt: skip


def noise_sensitive(scene: Scene) -> np.ndarray:
    """(n,) bool: dwelling, education, care and childcare with beds; not office, retail, hotel,
    culture (functions.yml; a ``use_class`` goes before the function)."""
    which, answers = asked(scene, "noise_sensitive")
    return whole_of(scene, "noise_sensitive", (which, answers),
                    lambda: answers.astype(bool)[which])  # fmt: skip


def noise_scope(scene: Scene) -> np.ndarray:
    """(n,) bool: objects of the noise test: new and noise-sensitive."""
    surfaces, sensitive = scene.surfaces, noise_sensitive(scene)
    made_from = (surfaces.current, surfaces.fields["existing"], sensitive)
    return whole_of(scene, "noise_scope", made_from, lambda: is_new(surfaces) & sensitive)
