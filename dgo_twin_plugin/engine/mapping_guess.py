"""The mapping assistant's proposals: somebody's own fields and terms in the words of the product.

Everything here is a proposal with a reason and a certainty (0-1); nothing is decided, nothing is
written. The same fields give the same proposals. A canonical field is proposed one source, and a
source at most one canonical field; where several would do, the others are named with the proposal
and it is no longer certain.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .functions import Functions, load_functions
from .mapping import NO, SHARES, YES, _range, to_number
from .mapping_terms import guess_function, guess_terms
from .mapping_words import FieldWords, Words, joined, load_words, one, plain, stem, tokens
from .scene import BOOL_FIELDS, FIELDS, NUMERIC_FIELDS
from .words import Message, say

SURE, LIKELY, MAYBE = 0.85, 0.65, 0.4  # from these on: certain, probable, perhaps
SHORTENED = 10  # characters: so long are names in a DBF file
_ALIKE = 0.87  # likeness of two words from which one may be a slip of the other
_TIE = 0.1  # certainty: nearer than this is no clear winner


@dataclass(frozen=True)
class FieldInfo:
    """A field of a layer. ``values``: (value as text, count), the most frequent first."""

    name: str
    alias: str = ""
    kind: str = "text"  # text | number | yes_no | date | other
    value_map: Mapping[str, str] = field(default_factory=dict)  # stored value -> label
    values: tuple[tuple[str, int], ...] = ()
    filled: int = 0  # features with a value
    more: bool = False  # there are more distinct values than ``values`` holds


@dataclass(frozen=True)
class LayerInfo:
    """A layer as the assistant sees it."""

    name: str
    fields: tuple[FieldInfo, ...] = ()
    geometry: str = ""  # point | line | polygon | ''
    count: int = 0

    def field(self, name: str) -> FieldInfo | None:
        """A field by its name."""
        return next((f for f in self.fields if f.name == name), None)


@dataclass(frozen=True)
class Proposal:
    """``source`` is proposed for ``target``. ``rivals`` would do about as well."""

    target: str  # canonical field, 'function', or an own term
    source: str  # a field, '=' and an expression, or a function
    certainty: float  # 0-1
    reasons: tuple[Message, ...] = ()
    rivals: tuple[str, ...] = ()
    field: str = ""  # the field that ``source`` reads, '' where it is a function

    @property
    def level(self) -> str:
        """sure | likely | maybe | weak"""
        for word, least in (("sure", SURE), ("likely", LIKELY), ("maybe", MAYBE)):
            if self.certainty >= least:
                return word
        return "weak"


@dataclass(frozen=True)
class Guess:
    """All proposals for a layer."""

    function: Proposal | None = None  # the field with the function
    whole: Proposal | None = None  # one function for the whole layer
    terms: Mapping[str, Proposal] = field(default_factory=dict)
    fields: Mapping[str, Proposal] = field(default_factory=dict)


def guess(layer: LayerInfo, functions: Functions | None = None,
          words: Words | None = None) -> Guess:  # fmt: skip
    """Proposals for a layer: the field of functions, its terms, and the canonical fields."""
    functions, words = functions or load_functions(), words or load_words()
    function, whole = guess_function(layer, functions, words)
    taken = {function.field} if function is not None else set()
    terms: dict[str, Proposal] = {}
    if function is not None:
        own = layer.field(function.field)
        if own is not None:
            terms = guess_terms(own.values, own.value_map, functions, words)
    rest = [f for f in layer.fields if f.name not in taken]
    return Guess(function, whole, terms, guess_fields(rest, words))


def guess_fields(given: Iterable[FieldInfo], words: Words | None = None) -> dict[str, Proposal]:
    """Canonical field -> proposal, in the order of ``scene.FIELDS``."""
    words = words or load_words()
    found: list[tuple[float, int, int, Proposal]] = []
    for column, info in enumerate(given):
        for row, canonical in enumerate(FIELDS):
            proposal = _candidate(info, canonical, words)
            if proposal is not None:
                found.append((-proposal.certainty, row, column, proposal))
    found.sort(key=lambda each: each[:3])
    won: dict[str, Proposal] = {}
    used: dict[str, str] = {}  # field -> canonical field that has it
    lost: dict[str, list[Proposal]] = {}
    for _, _, _, proposal in found:
        if proposal.field in used:
            continue
        if proposal.target in won:
            lost.setdefault(proposal.target, []).append(proposal)
            continue
        won[proposal.target] = proposal
        used[proposal.field] = proposal.target
    return {name: _doubted(won[name], [p for p in lost.get(name, []) if p.field not in used])
            for name in FIELDS if name in won}  # fmt: skip


def _doubted(best: Proposal, others: Sequence[Proposal]) -> Proposal:
    """A proposal with the fields that would do about as well: then it is a choice for a person."""
    rivals = tuple(p.field for p in others if p.certainty > best.certainty - _TIE)
    if not rivals:
        return best
    reason = say("mapping.why.rivals", fields=", ".join(rivals))
    return Proposal(best.target, best.source, min(best.certainty, LIKELY - 0.01),
                    (*best.reasons, reason), rivals, best.field)  # fmt: skip


# --- one field for one canonical field ----------------------------------------------------------
def _candidate(info: FieldInfo, canonical: str, words: Words) -> Proposal | None:
    spec = words.fields.get(canonical, FieldWords())
    named = match(info.name, canonical, spec, words, "name")
    alias = match(info.alias, canonical, spec, words, "alias") if info.alias else None
    both = [m for m in (named, alias) if m is not None]
    if not both or _excluded(info, spec):
        return None
    certainty, unit, reason = max(both, key=lambda m: m[0])
    reasons = [reason]
    if len(both) == 2 and one(info.name) != one(info.alias):
        certainty = min(1.0, certainty + 0.03)
    unit = unit or next((m[1] for m in both if m[1]), "")
    source, factor = info.name, 1.0
    if unit and spec.unit and unit != spec.unit:
        if unit not in spec.convert:
            if unit != "share" or spec.unit != "m":
                return None
        else:
            factor = spec.convert[unit]
            reasons.append(say("mapping.why.unit", unit=unit, to=spec.unit))
    elif unit and not spec.unit and canonical not in SHARES and unit != "%":
        return None
    judged = _values(info, canonical, spec, factor)
    if judged is None:
        return None
    weight, source, more = judged
    reasons += more
    if not info.filled and info.values == () and info.kind == "other":
        weight *= 0.8
    return Proposal(canonical, source, round(certainty * weight, 3), tuple(reasons), (), info.name)


def match(text: str, canonical: str, spec: FieldWords, words: Words,
          origin: str) -> tuple[float, str, Message] | None:  # fmt: skip
    """How well a name or alias says a canonical field: certainty, unit in the name, why."""
    all_ = tokens(text)
    if not all_:
        return None
    whole = joined([stem(t) for t in all_])
    if whole == one(canonical):
        return (1.0 if origin == "name" else 0.98), "", say(f"mapping.why.{origin}", word=text)
    rest, unit = without_unit(all_, words)
    core = [stem(t) for t in rest]
    bare = [t for t in core if t not in words.filler and not t.isdigit()] or core
    forms = dict.fromkeys((whole, joined(core), joined(bare)))
    for k, form in enumerate(forms):
        if form in spec.words:
            return 0.96 - 0.02 * k, unit, say(f"mapping.why.{origin}", word=text)
    short = "".join(all_)
    if origin == "name" and len(text.strip()) == SHORTENED and len(short) >= SHORTENED - 2:
        cut = one(short)
        if any(w.startswith(cut) or w.startswith(short) for w in spec.words):
            return 0.75, unit, say("mapping.why.short", word=text)
    if any(_inside(core, w) for w in spec.words):
        return 0.7, unit, say("mapping.why.part", word=text)
    if any(form in spec.near for form in forms):
        certainty = 0.7 if unit and unit == spec.unit else 0.55
        return certainty, unit, say("mapping.why.near", word=text)
    form = joined(bare)
    if len(form) >= 6 and any(
        len(w) >= 6 and difflib.SequenceMatcher(None, form, w).ratio() >= _ALIKE
        for w in spec.words
    ):
        return 0.5, unit, say("mapping.why.alike", word=text)
    if any(_inside(core, w) for w in spec.near if len(w) > 2):
        return 0.42, unit, say("mapping.why.near", word=text)
    return None


def without_unit(parts: Sequence[str], words: Words) -> tuple[tuple[str, ...], str]:
    """A name's words without the unit at its end or its beginning, and that unit."""
    for size in (2, 1):
        if len(parts) <= size:
            continue
        for piece, rest in ((parts[-size:], parts[:-size]), (parts[:size], parts[size:])):
            unit = words.units.get("".join(piece))
            if unit is not None:
                return tuple(rest), unit
    return tuple(parts), ""


def _inside(parts: Sequence[str], word: str) -> bool:
    """Whether a word of three letters or more stands in a name as whole words, one after another.
    A mere number or a single letter says nothing."""
    if len(word) < 3:
        return False
    for start in range(len(parts)):
        made = ""
        for part in parts[start:]:
            made += part
            if made == word:
                return True
            if len(made) >= len(word):
                break
    return False


def _excluded(info: FieldInfo, spec: FieldWords) -> bool:
    """Whether the name or alias holds a word that rules a field out."""
    parts = [stem(t) for t in (*tokens(info.name), *tokens(info.alias))]
    return any(no in parts or (len(no) > 3 and any(no in p and p not in spec.words for p in parts))
               for no in spec.excluded)  # fmt: skip


# --- what the values say ------------------------------------------------------------------------
def _values(info: FieldInfo, canonical: str, spec: FieldWords,
            factor: float) -> tuple[float, str, list[Message]] | None:  # fmt: skip
    """Weight (0-1), source and reasons by the values of a field; None: it cannot be this."""
    total = sum(count for _, count in info.values)
    if canonical in NUMERIC_FIELDS:
        return _numbers(info, canonical, factor, total)
    if info.kind == "date":
        return None
    if canonical in BOOL_FIELDS:
        good = sum(c for v, c in info.values if _is_yes_no(v))
        if total and good < 0.8 * total:
            return None
        return (1.0 if total else 0.9), info.name, []
    if spec.choices:
        return _choices(info, spec, total)
    if info.kind in ("number", "yes_no") and not info.value_map:
        return None
    if canonical == "label" and total:
        good = sum(c for v, c in info.values if v.strip().rstrip("+").upper() in set("ABCDEFG"))
        return None if good < 0.5 * total else (1.0, info.name, [])
    return (1.0 if total or not info.filled else 0.9), info.name, []


def _numbers(info: FieldInfo, canonical: str, factor: float,
             total: int) -> tuple[float, str, list[Message]] | None:  # fmt: skip
    if info.kind in ("date", "yes_no"):
        return None
    quoted = quote(info.name)
    source = info.name if factor == 1.0 else f"={quoted} * {factor:g}"
    if not total:
        return (0.9 if info.kind == "number" else 0.75), source, []
    numbers = [(n, c) for v, c in info.values if (n := to_number(v)) is not None and n == n]
    if sum(c for _, c in numbers) < 0.5 * total:
        return None
    low, high = _range(canonical)

    def fits(scale: float) -> float:
        return sum(c for n, c in numbers if low <= n * scale <= high or n == 0) / total

    if canonical in SHARES and factor == 1.0 and any(n > 1 for n, _ in numbers):
        if fits(0.01) < 0.95:
            return None
        return 0.9, f"={quoted} * 0.01", [say("mapping.why.percent")]
    if canonical in SHARES and factor == 0.01 and all(n <= 1 for n, _ in numbers):
        if any(0 < n < 1 for n, _ in numbers):  # called a percentage, but holds a share
            return 0.85, info.name, [say("mapping.why.share")]
    share = fits(factor)
    if share < 0.5:
        return None
    return 0.7 + 0.3 * share, source, []


def _choices(info: FieldInfo, spec: FieldWords,
             total: int) -> tuple[float, str, list[Message]] | None:  # fmt: skip
    """A field with fixed values: own terms become an expression that names the product's."""
    if not total:
        return None if info.kind == "number" else (0.7, info.name, [])
    by: dict[str, list[str]] = {}
    known = straight = 0
    for value, count in info.values:
        choice = choice_of(info.value_map.get(value, value), spec)
        if choice is not None:
            by.setdefault(choice, []).append(value)
            known += count
            straight += count if value == choice else 0
    if known < 0.3 * total:
        return None
    weight = 0.6 + 0.4 * known / total
    reason = [say("mapping.why.choices", known=known, of=total)]
    if straight == known:
        return weight, info.name, reason
    column = quote(info.name)
    cases = " ".join(f"WHEN {column} IN ({', '.join(map(literal, by[choice]))}) THEN "
                     f"{literal(choice)}" for choice in spec.choices if choice in by)  # fmt: skip
    return weight, f"=CASE {cases} END", reason


def choice_of(term: str, spec: FieldWords) -> str | None:
    """The fixed value that a term means: said in full, else as the first word that says it."""
    parts = [stem(t) for t in tokens(term)]
    for choice, terms in spec.choices.items():
        if joined(parts) in terms:
            return choice
    found = {choice for choice, terms in spec.choices.items()
             if any(_inside(parts, t) for t in terms)}  # fmt: skip
    return found.pop() if len(found) == 1 else None


def _is_yes_no(value: str) -> bool:
    word = plain(value).strip()
    word = word[:-2] if word.endswith(".0") else word
    return word in YES or word in NO


def quote(name: str) -> str:
    """A column as a QGIS expression writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as a QGIS expression writes it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
