"""What a person chose in the mapping assistant, as it goes into the twin; with undo and redo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .checks import Check
from .functions import Functions
from .mapping import missing, read_field
from .mapping_guess import MAYBE, Guess, Proposal
from .scene import FIELDS
from .twin import LayerEntry, Twin, is_expression

NOTHING = "=NULL"  # expression for a canonical field that is there but must not be read


@dataclass(frozen=True)
class Choice:
    """How a layer is read. Nothing chosen is the same as nothing said in the twin."""

    function: str = ""  # field, or '=' and an expression
    whole: str = ""  # one function for every feature; goes before ``function``
    terms: Mapping[str, str] = field(default_factory=dict)  # own term -> function
    fields: Mapping[str, str] = field(default_factory=dict)  # canonical -> field or expression

    def with_function(self, source: str) -> Choice:
        """Another field of functions: the terms of the former one go."""
        if source == self.function and not self.whole:
            return self
        return replace(self, function=source, whole="", terms={})

    def with_whole(self, function: str) -> Choice:
        """One function for the whole layer; '' = by field again."""
        return replace(self, whole=function)

    def with_term(self, term: str, function: str) -> Choice:
        """Another function for a term; '' = none of its own."""
        rest = {k: v for k, v in self.terms.items() if k != term}
        return replace(self, terms={**rest, term: function} if function else rest)

    def with_field(self, canonical: str, source: str) -> Choice:
        """Another source for a canonical field; '' = none."""
        rest = {**self.fields, canonical: source}
        return replace(self, fields={n: rest[n] for n in FIELDS if rest.get(n)})

    def sources(self) -> tuple[str, ...]:
        """The expressions in force."""
        found = [self.function, *self.fields.values()]
        return tuple(dict.fromkeys(s for s in found if is_expression(s)))


@dataclass
class History:
    """Choices one after the other; ``label`` says what each step was."""

    steps: list[tuple[Choice, str]]
    at: int = 0

    @classmethod
    def of(cls, choice: Choice) -> History:
        """A history that starts here."""
        return cls([(choice, "")])

    @property
    def choice(self) -> Choice:
        return self.steps[self.at][0]

    def push(self, choice: Choice, label: str) -> bool:
        """A new step; what was undone is gone. False where nothing changes."""
        if choice == self.choice:
            return False
        del self.steps[self.at + 1 :]
        self.steps.append((choice, label))
        self.at += 1
        return True

    @property
    def can_undo(self) -> str:
        """What would be undone, '' where nothing can."""
        return self.steps[self.at][1] if self.at else ""

    @property
    def can_redo(self) -> str:
        """What would be done again."""
        return self.steps[self.at + 1][1] if self.at + 1 < len(self.steps) else ""

    def undo(self) -> None:
        self.at = max(0, self.at - 1)

    def redo(self) -> None:
        self.at = min(len(self.steps) - 1, self.at + 1)


# --- proposals ----------------------------------------------------------------------------------
def accepted(choice: Choice, guess: Guess, least: float = MAYBE, known: Functions | None = None,
             only_empty: bool = True) -> Choice:  # fmt: skip
    """The choice with the proposals from a certainty on, where nothing was chosen yet."""
    made = choice
    if not (only_empty and (made.function or made.whole)):
        if guess.function is not None and guess.function.certainty >= least:
            made = made.with_function(guess.function.source)
        elif guess.whole is not None and guess.whole.certainty >= least:
            made = made.with_whole(guess.whole.source)
    if guess.function is not None and made.function == guess.function.source and not made.whole:
        made = accepted_terms(made, guess.terms, least, known)
    for name, proposal in guess.fields.items():
        taken = set(made.fields.values())
        if proposal.certainty >= least and not made.fields.get(name) and (
                proposal.source not in taken):  # fmt: skip
            made = made.with_field(name, proposal.source)
    return made


def accepted_terms(choice: Choice, terms: Mapping[str, Proposal], least: float = MAYBE,
                   known: Functions | None = None) -> Choice:  # fmt: skip
    """The choice with the terms proposed from a certainty on; what the product knows of itself
    needs no entry."""
    made = dict(choice.terms)
    for term, proposal in terms.items():
        if proposal.certainty >= least and term not in made and (
                known is None or known.resolve(term) != proposal.source):  # fmt: skip
            made[term] = proposal.source
    return replace(choice, terms=made)


def cleared(choice: Choice) -> Choice:
    """Nothing chosen but where the functions stand."""
    return Choice(choice.function, choice.whole)


# --- what it means ------------------------------------------------------------------------------
def meaning(term: str, choice: Choice, functions: Functions,
            shared: Mapping[str, str] | None = None) -> str | None:  # fmt: skip
    """The function of a term as a run will read it (``mapping.canonical``): the layer's own terms,
    then those of the plan, then what the product knows; case aside."""
    for table in (choice.terms, shared or {}):
        target = table.get(term)
        if target is None:
            target = next((v for k, v in table.items() if k.lower() == term.lower()), None)
        if target is not None:
            return functions.resolve(target)
    return functions.resolve(term)


def coverage(values: Iterable[tuple[str, int]], choice: Choice, functions: Functions,
             shared: Mapping[str, str] | None = None) -> tuple[int, int]:  # fmt: skip
    """Features whose function is known, and features with a value. With one function for the
    whole layer all are known."""
    known = total = 0
    for value, count in values:
        total += count
        if choice.whole or meaning(value, choice, functions, shared) is not None:
            known += count
    return known, total


def usable(canonical: str, values: Iterable[tuple[str, int]]) -> tuple[int, int]:
    """Features whose value a run can use for a canonical field, and features with a value."""
    pairs = list(values)
    checks: list[Check] = []
    read = read_field("", canonical, [v for v, _ in pairs], len(pairs), checks)
    lost = missing(read)
    return (sum(c for (_, c), no in zip(pairs, lost) if not no), sum(c for _, c in pairs))


# --- the twin -----------------------------------------------------------------------------------
def of_entry(entry: LayerEntry | Mapping[str, Any] | None,
             names: Iterable[str] = ()) -> Choice:  # fmt: skip
    """How an entry of the twin reads its layer. ``names``: the fields of the layer; a canonical
    field that a layer has under its own name is read without being said."""
    known = set(names)
    block = entry.entry() if isinstance(entry, LayerEntry) else dict(entry or {})
    functions = block.get("functions") or {}
    own = {n: n for n in FIELDS if n in known}
    given = {**own, **(block.get("fields") or {})}
    given = {n: v for n, v in given.items() if v != NOTHING}
    function = str(block.get("function") or ("function" if "function" in known else ""))
    if isinstance(functions, str):
        return Choice(function, functions, {}, {n: given[n] for n in FIELDS if n in given})
    terms = {str(k): str(v) for k, v in functions.items()}
    return Choice(function, "", terms, {n: given[n] for n in FIELDS if n in given})


def laid(choice: Choice, entry: LayerEntry, names: Iterable[str] = ()) -> LayerEntry:
    """The entry with a choice in it; all else in it stays. A canonical field that the layer has
    under its own name is left unsaid; one that must not be read is said to be nothing."""
    known = set(names)
    given = {n: v for n, v in choice.fields.items() if not (v == n and n in known)}
    given.update({n: NOTHING for n in FIELDS if n in known and n not in choice.fields})
    outside = {n: v for n, v in entry.fields.items() if n not in FIELDS}
    function = "" if choice.function == "function" and "function" in known else choice.function
    functions: Any = choice.whole or dict(choice.terms)
    return replace(entry, function=function, functions=functions or "", fields={**outside, **given})


def merged(twin: Twin, entry: LayerEntry, at: int | None) -> Twin:
    """The twin with an entry of the design in place of the one at ``at``, or behind the others;
    every other block stays as it is."""
    design = list(twin.design)
    if at is None:
        design.append(entry)
    else:
        design[at] = entry
    return replace(twin, design=tuple(design))
