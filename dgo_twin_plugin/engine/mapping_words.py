"""The words by which the mapping assistant knows fields and terms: ``profiles/mappings/words.yml``.

Words are compared folded: no case, accents, signs or plural endings, camelCase and digits split.
The folding is rough on purpose (``bomen`` and ``boom`` are ``bom``): it only proposes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import resources_path
from .yaml_lines import Node, read_yaml

_SPLIT = re.compile(r"[^\W\d_]+|\d+|%")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
LEAST = 3  # letters: a stem is not shortened below this


@dataclass(frozen=True)
class FieldWords:
    """What is known of one canonical field; words as stems joined to one text."""

    words: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    unit: str = ""
    convert: Mapping[str, float] = field(default_factory=dict)  # unit -> factor
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # value -> terms


@dataclass(frozen=True, eq=False)
class Words:
    """The whole file, folded."""

    units: Mapping[str, str]  # joined tokens -> unit
    filler: frozenset[str]
    function: FieldWords
    fields: Mapping[str, FieldWords]
    terms: Mapping[str, str]  # joined stems -> function
    layers: Mapping[str, str]  # stem -> function


def plain(text: object) -> str:
    """A text in small letters without accents."""
    spread = unicodedata.normalize("NFKD", _CAMEL.sub(" ", str(text)))
    return "".join(c for c in spread if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The words and numbers of a text, small and without accents."""
    return tuple(_SPLIT.findall(plain(text)))


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A word without its Dutch or English plural, doubled letters once: ``bomen``, ``boom``."""
    if not word.isalpha() or len(word) <= LEAST:
        return word
    found = word
    if found.endswith("ies") and len(found) > LEAST + 2:
        found = found[:-3] + "y"
    else:
        for ending, least in (("en", LEAST), ("s", LEAST + 1)):  # `huis` is no plural
            if found.endswith(ending) and len(found) - len(ending) >= least:
                found = found[: -len(ending)]
                break
    if found.endswith("e") and len(found) > LEAST:
        found = found[:-1]
    found = re.sub(r"(.)\1", r"\1", found)
    return found[:-1] + {"z": "s", "v": "f"}.get(found[-1], found[-1])


def stems(text: str) -> tuple[str, ...]:
    """The stems of a text's words."""
    return tuple(stem(word) for word in tokens(text))


def joined(parts: Sequence[str]) -> str:
    """Stems as one text: ``bouw_hoogte`` and ``bouwhoogte`` are the same."""
    return "".join(parts)


def one(text: str) -> str:
    """A text as joined stems."""
    return joined(stems(text))


@lru_cache(maxsize=1)
def load_words() -> Words:
    """The shipped words."""
    return read_words(resources_path.profiles() / "mappings" / "words.yml")


def read_words(path: str | Path) -> Words:
    """Read a file of words. Raises ``FileProblem`` with file, line, key and remedy."""
    keys = ("units", "filler", "function", "fields", "terms", "layers")
    top = read_yaml(path).mapping((*keys, "id", "title", "source", "confidence"), keys)
    units = {"".join(tokens(word)): unit for unit, node in top["units"].mapping().items()
             for word in node.texts()}  # fmt: skip
    return Words(
        units=units, filler=frozenset(stem(w) for w in top["filler"].texts()),
        function=_words(top["function"]),
        fields={name: _words(node) for name, node in top["fields"].mapping().items()},
        terms=_turned(top["terms"]), layers=_turned(top["layers"]),
    )  # fmt: skip


def _turned(node: Node) -> dict[str, str]:
    """Function -> words, as word -> function; the first that names a word keeps it."""
    found: dict[str, str] = {}
    for function, block in node.mapping().items():
        for word in block.texts():
            found.setdefault(one(word), function)
    return found


def _words(node: Node) -> FieldWords:
    block = node.mapping(("words", "near", "not", "unit", "convert", "choices"), ("words",))

    def listed(key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(one, block[key].texts()))) if key in block else ()

    convert: dict[str, float] = {}
    choices: dict[str, tuple[str, ...]] = {}
    if "convert" in block:
        convert = {unit: n.number() for unit, n in block["convert"].mapping().items()}
    if "choices" in block:
        choices = {value: tuple(map(one, n.texts()))
                   for value, n in block["choices"].mapping().items()}  # fmt: skip
    unit: Any = block["unit"].text() if "unit" in block else ""
    return FieldWords(listed("words"), listed("near"), listed("not"), unit, convert, choices)
