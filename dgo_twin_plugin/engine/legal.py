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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import words
from .indicators.spec import LegalTest
from .words import Message, say

if TYPE_CHECKING:
    from .scene import Surfaces

NOISE = ("traffic_noise", "industrial_noise")  # indicators tested in whole dB
VULNERABLE = ("very_vulnerable", "vulnerable")  # PR 10^-6 is a limit for these (K)
_DUST = 6  # decimals that survive before rounding: 60.4999999999 is 60.5
_ORDER = {outcome: i for i, outcome in enumerate(words.LEGAL_CHECKS)}  # worst first
_OUTCOMES = np.array(words.LEGAL_CHECKS, object)
_CERTAIN = (words.EXCEEDS, words.EXCEEDS_EXCEPTION)


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
    with np.errstate(invalid="ignore"):
        beyond = v < bound if lower_is_worse else v > bound
        # dust of binary floats is no breach: 100 * 30 / 30 must comply with 100
        dust = np.abs(v - bound) <= 1e-12 + 1e-9 * np.abs(bound)
        beyond = beyond & ~(dust & np.isfinite(bound))
    found = np.where(np.asarray(exception, bool), _ORDER[words.EXCEEDS_EXCEPTION],
                     _ORDER[words.EXCEEDS])  # fmt: skip
    found = np.where(np.asarray(basis_legal, bool), found, _ORDER[words.INDICATIVE])
    found = np.where(beyond, found, _ORDER[words.COMPLIES])
    found = np.where(np.isnan(v) | np.isnan(bound), _ORDER[words.NOT_TESTED], found)
    found = np.where(np.asarray(in_scope, bool), found, _ORDER[words.NOT_IN_SCOPE])
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
    return worst_by_zone(list(tests), 0, default)[0]


def worst_by_zone(
    tests: Sequence[LegalTest], zones: int, default: str = words.NOT_TESTED
) -> list[Worst]:
    """:func:`worst_test` of the tests of each zone, (zones + 1,); index 0 of all tests. A plan has
    thousands of tests: they are put in order once, with arrays."""
    nothing = Worst(default, 0, float("nan"), None)
    if not tests:
        return [nothing] * (zones + 1)
    margin = np.array([test.value - test.limit for test in tests], float)
    severe = np.array([_ORDER[test.outcome] for test in tests], np.int64)
    rank = np.lexsort((np.where(np.isnan(margin), np.inf, -margin), severe))
    zone, first = np.unique([tests[i].zone for i in rank.tolist()], return_index=True)
    worst = dict(zip(zone.tolist(), rank[first].tolist()))
    worst[0] = int(rank[0])
    breaches: dict[int, set[tuple[int, str, str]]] = {}
    certain = np.array([outcome in _CERTAIN for outcome in words.LEGAL_CHECKS])
    for i in np.flatnonzero(certain[severe]).tolist():
        test = tests[i]
        key = (test.feature if test.feature >= 0 else -1 - i, test.source_kind, test.part)
        for at in (0, test.zone):
            breaches.setdefault(at, set()).add(key)
    found = []
    for at in range(zones + 1):
        if at in worst:
            test = tests[worst[at]]
            many = len(breaches.get(at, ()))
            found.append(Worst(test.outcome, many, float(test.limit), test))
        else:
            found.append(nothing)
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


def _uses(surfaces: Surfaces, what: str) -> np.ndarray:
    """(n,) object: what the law asks of each feature; None where it asks nothing."""
    fields, functions = surfaces.fields, surfaces.functions
    # most ground is no building: of that the law asks nothing, unless it names a use
    nothing = functions.without_use(what)
    named = np.array([use is not None for use in fields["use_class"]], bool)
    rows = np.flatnonzero(named | ~nothing[surfaces.codes])
    found = np.full(len(named), None, object)
    found[rows] = functions.uses(
        what,
        np.asarray(surfaces.function, object)[rows].tolist(),
        np.asarray(fields["use_class"], object)[rows].tolist(),
        np.asarray(fields["dwelling_type"], object)[rows].tolist(),
        np.asarray(fields["gfa"])[rows].tolist(),
    )
    return found


def noise_sensitive(surfaces: Surfaces) -> np.ndarray:
    """(n,) bool: dwelling, education, care and childcare with beds; not office, retail, hotel,
    culture (functions.yml; a ``use_class`` goes before the function)."""
    return _uses(surfaces, "noise_sensitive").astype(bool)


def noise_scope(surfaces: Surfaces) -> np.ndarray:
    """(n,) bool: objects of the noise test: new and noise-sensitive."""
    scope: np.ndarray = is_new(surfaces) & noise_sensitive(surfaces)
    return scope


def vulnerability(surfaces: Surfaces) -> np.ndarray:
    """(n,) object: ``very_vulnerable``, ``vulnerable``, ``limited_vulnerable`` or None (zeer
    kwetsbaar, kwetsbaar, beperkt kwetsbaar; Bkl annex VI by way of functions.yml, K)."""
    return _uses(surfaces, "vulnerability")


def is_vulnerable(surfaces: Surfaces) -> np.ndarray:
    """(n,) bool: vulnerable or very vulnerable, for which PR 10^-6 is a limit."""
    return np.array([v in VULNERABLE for v in vulnerability(surfaces)], bool)
