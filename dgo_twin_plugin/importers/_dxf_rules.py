"""Names of CAD layers and blocks to functions, by the patterns of the mapping file."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import Any, NamedTuple

from ..engine.functions import load_functions
from ..engine.mapping import load_mapping
from ..engine.scene import FIELDS
from ..engine.words import DgoError


class Rule(NamedTuple):
    """What a layer or block is. ``function`` None: left out without a word."""

    function: str | None
    kind: str  # kind of the function: surface, canopy, underground, point, line; '' where None
    closed: float  # m
    fields: dict[str, Any]


def folded(name: str) -> str:
    """A name to compare patterns with: capitals; hyphen, underscore and space are one."""
    return re.sub(r"[-_ ]", "-", name.strip().upper())


class DxfRules:
    """The mapping file, ready to be asked. Raises DgoError where it does not hold together."""

    def __init__(self, word: str | None) -> None:
        self.name = word or "dxf"
        plain = load_mapping(self.name)
        self.gap = float(plain.get("close_gap") or 0.0)
        self._layers = self._rules("layers", plain.get("layers"))
        self._blocks = self._rules("blocks", plain.get("blocks"))
        self._status = [(self._patterns("status", one), dict(one.get("fields") or {}))
                        for one in plain.get("status") or []]  # fmt: skip
        if not self._layers:
            raise DgoError("errors.import.mapping_key", mapping=self.name, entry="layers")
        self._known: dict[tuple[str, str], Rule | None] = {}

    def layer(self, name: str) -> Rule | None:
        """The rule of a layer, with the fields of its status; None where no pattern fits."""
        return self._ask("layer", name, name)

    def block(self, name: str, layer: str) -> Rule | None:
        """The rule of a block inserted on a layer."""
        return self._ask("block " + name, name, layer)

    def _ask(self, key: str, name: str, layer: str) -> Rule | None:
        if (key, layer) not in self._known:
            rules = self._layers if key == "layer" else self._blocks
            found = next((rule for patterns, rule in rules if _fits(patterns, name)), None)
            if found is not None and found.function is not None:
                fields: dict[str, Any] = {}
                for patterns, more in self._status:
                    if _fits(patterns, layer):
                        fields.update(more)
                found = found._replace(fields={**fields, **found.fields})
            self._known[key, layer] = found
        return self._known[key, layer]

    def _patterns(self, block: str, one: Any) -> list[re.Pattern[str]]:
        if not isinstance(one, dict) or not one.get("match"):
            raise DgoError("errors.import.mapping_block", mapping=self.name, block=block,
                           entry="match")  # fmt: skip
        words = one["match"]
        return [re.compile(translate(_pattern(str(w))))
                for w in (words if isinstance(words, list) else [words])]  # fmt: skip

    def _rules(self, block: str, rules: Any) -> list[tuple[list[re.Pattern[str]], Rule]]:
        functions, found = load_functions(), []
        for one in rules or []:
            patterns = self._patterns(block, one)
            function = one.get("function")
            if function is not None and function not in functions:
                raise DgoError("errors.import.mapping_function", mapping=self.name,
                               block=f"{block} {one['match']}", function=str(function))  # fmt: skip
            fields = dict(one.get("fields") or {})
            strange = sorted(set(fields) - set(FIELDS))
            if strange:
                raise DgoError("errors.import.mapping_block", mapping=self.name, block=block,
                               entry=strange[0])  # fmt: skip
            kind = functions.kind(str(function)) if function is not None else ""
            gap = float(one.get("closed", self.gap))
            found.append((patterns, Rule(function, kind, gap, fields)))
        return found


def _pattern(word: str) -> str:
    """A pattern in capitals, signs folded outside square brackets."""
    parts = re.split(r"(\[[^\]]*\])", word.strip().upper())
    return "".join(p if p.startswith("[") else re.sub(r"[-_ ]", "-", p) for p in parts)


def _fits(patterns: list[re.Pattern[str]], name: str) -> bool:
    word = folded(name)
    return any(p.match(word) for p in patterns)
