"""Words of a plan against the words of a mapping file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ..engine.functions import Functions
from ..engine.words import DgoError

_NUMBER = re.compile(r"[\s\-]+\(?\d+[a-z]?\)?$")
ABSENT = object()


def plain(word: object) -> str:
    """Lower case, single spaces."""
    return " ".join(str(word).lower().split())


class Terms:
    """A table term -> target that understands how plans name things.

    ``Gemengd - 2`` is ``gemengd``; ``Verkeer - Verblijf`` is that term where the table has it, else
    ``verkeer``; ``a; b; c`` (IMRO 2006) is its last part that the table knows; a term with ``*`` is
    a pattern, tried after the words as they stand, in the order of the file.
    """

    def __init__(self, table: Mapping[str, Any] | None) -> None:
        self.exact = {plain(k): v for k, v in (table or {}).items() if "*" not in str(k)}
        self.patterns = [(plain(k), v) for k, v in (table or {}).items() if "*" in str(k)]
        self._cache: dict[str, Any] = {}

    def __call__(self, value: object) -> Any:
        """The target, or :data:`ABSENT`."""
        word = plain(value)
        if word not in self._cache:
            self._cache[word] = self._find(word)
        return self._cache[word]

    def _find(self, word: str) -> Any:
        parts = [p.strip() for p in word.split(";")]
        for part in [word, *reversed(parts)] if len(parts) > 1 else parts:
            for form in _forms(part):
                if form in self.exact:
                    return self.exact[form]
                for pattern, target in self.patterns:
                    if fnmatchcase(form, pattern):
                        return target
        return ABSENT


def _forms(word: str) -> Iterable[str]:
    """The word, without a number behind it, then shorter by one part after ' - ' at a time."""
    while word:
        yield word
        bare = _NUMBER.sub("", word)
        if bare != word and bare:
            yield bare
        head, cut, _ = word.rpartition(" - ")
        word = head if cut else ""


def targets(block: Mapping[str, Any], functions: Functions, where: str) -> dict[str, Any]:
    """The terms of a block with their functions resolved. Raises DgoError for a function that
    does not exist."""
    made: dict[str, Any] = {}
    for term, target in (block.get("terms") or {}).items():
        made[str(term)] = function_of(target, functions, where)
    return made


def function_of(word: Any, functions: Functions, where: str) -> str | None:
    """A function of the product; None where the mapping says so on purpose."""
    if word is None:
        return None
    found = functions.resolve(str(word))
    if found is None:
        raise DgoError("errors.import.plan.mapping_function", word=str(word), where=where)
    return found
