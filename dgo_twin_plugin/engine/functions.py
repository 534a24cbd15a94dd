"""The functions a feature can have, from ``profiles/functions.yml``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from . import resources_path
from .yaml_lines import Node, nearest, read_yaml

KINDS = ("surface", "canopy", "underground", "point", "line")
VULNERABILITIES = ("very_vulnerable", "vulnerable", "limited_vulnerable")
LAST_RANK = 99  # of functions that own no ground
_SHARED = ("label", "noise_sensitive", "vulnerability", "beng2", "mpg", "aliases")
_KEYS = (*_SHARED, "group", "kind", "rank", "sealed", "vegetated", "public", "public_green", "land",
         "storage", "colour", "defaults")  # fmt: skip
COLUMNS = ("sealed", "vegetated", "public", "public_green", "land", "storage", "noise_sensitive",
           "rank", "building", "surface")  # fmt: skip


def fold(term: object) -> str:
    """A term without case, spaces, hyphens and other signs, to compare words of people by."""
    return re.sub(r"[\W_]+", "", str(term).casefold())


@dataclass(frozen=True)
class Function:
    """One function; units as in the head of functions.yml. None = unknown or not applicable."""

    name: str
    label: dict[str, str]
    group: str
    kind: str
    rank: int
    sealed: float
    vegetated: float
    public: bool | None
    public_green: bool
    land: bool
    storage: float | None  # m3 per m2 (= m of water) of the facility
    noise_sensitive: bool
    vulnerability: Any  # text, None, or {'over': m2, 'then': text, 'else': text}
    beng2: Any  # key of the limit, None, or {'ground': key, 'apartment': key}
    mpg: Any
    colour: str
    defaults: dict[str, Any]
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class UseClass:
    """A finer use (field ``use_class``) that goes before the function where the law asks."""

    name: str
    label: dict[str, str]
    noise_sensitive: bool
    vulnerability: Any
    beng2: Any
    mpg: Any
    aliases: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Functions:
    """All functions, in the order of the file; the order gives the integer codes."""

    by_name: dict[str, Function]
    groups: dict[str, dict[str, str]]  # group -> label per language
    use_classes: dict[str, UseClass]
    hash: str  # SHA-256 over the normalised content
    _terms: dict[str, str] = field(repr=False)
    _use_terms: dict[str, str] = field(repr=False)
    _codes: dict[str, int] = field(repr=False)
    _columns: dict[str, np.ndarray] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.by_name)

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __getitem__(self, name: str) -> Function:
        return self.by_name[name]

    def expand(self, names: str | Iterable[str]) -> set[str]:
        """Functions meant by names of functions or groups (design 6).

        Where a group and a function share a name (``water``, ``paved``) the bare name is the
        function alone; ``group:water`` and ``group:paved`` are the groups. ``all_land`` = every
        surface that is not water; ``surfaces`` = every surface. KeyError on an unknown name: that
        is a mistake in code, not in data.
        """
        rows = self.by_name.values()
        found: set[str] = set()
        for name in (names,) if isinstance(names, str) else names:
            group = name[6:] if name.startswith("group:") else name
            if name in self.by_name:
                found.add(name)
            elif group in self.groups:
                found |= {f.name for f in rows if f.group == group}
            elif name == "all_land":
                found |= {f.name for f in rows if f.kind == "surface" and f.land}
            elif name == "surfaces":
                found |= {f.name for f in rows if f.kind == "surface"}
            else:
                raise KeyError(name)
        return found

    def resolve(self, term: object) -> str | None:
        """The function meant by a term: its id, a label in either language, or an alias."""
        if term is None:
            return None
        return self._terms.get(fold(term))

    def suggest(self, term: object) -> str | None:
        """The function most like an unknown term, for advice only."""
        near = nearest(fold(term), self._terms)
        return self._terms[near] if near else None

    def resolve_use(self, term: object) -> str | None:
        """The use class meant by a term of the field ``use_class``, else None."""
        return None if term is None else self._use_terms.get(fold(term))

    def codes(self, functions: Iterable[Any]) -> np.ndarray:
        """(n,) int64 position of each function in :attr:`names`; -1 where unknown or None."""
        return np.fromiter(map(self._codes.get, functions, repeat(-1)), np.int64)

    def column(self, name: str) -> np.ndarray:
        """(n_functions + 1,) float64 of one of :data:`COLUMNS`; yes/no as 1/0, NaN = unknown. The
        last entry is NaN, so that code -1 (an unknown function) gives NaN."""
        return self._columns[name]

    def rank(self, name: str) -> int:
        """Order on the ground (design 5); 99 for what owns no ground."""
        return self.by_name[name].rank

    def kind(self, name: str) -> str:
        return self.by_name[name].kind

    def label(self, name: str, lang: str) -> str:
        return self.by_name[name].label.get(lang, name)

    def uses(
        self,
        what: str,
        functions: Sequence[Any],
        use_class: Sequence[Any] | None = None,
        dwelling_type: Sequence[Any] | None = None,
        gfa: Sequence[float] | None = None,
    ) -> np.ndarray:
        """(n,) object: what the law asks of each building. ``what`` is ``beng2`` or ``mpg`` (key of
        the limit), ``vulnerability`` or ``noise_sensitive`` (bool); None where nothing applies.

        A known ``use_class`` goes before the function. A dwelling without a type counts as an
        apartment; a threshold on an unknown ``gfa`` (m2) takes the more vulnerable side.
        """
        # thousands of features, a handful of words: each pair of them is looked up once
        pairs = list(zip(functions, [None] * len(functions) if use_class is None else use_class))
        asked = {pair: self._asked(what, *pair) for pair in set(pairs)}
        found = np.full(len(pairs), None, object)
        found[:] = [asked[pair] for pair in pairs]
        if not any(isinstance(value, dict) for value in asked.values()):
            return found
        for i, value in enumerate(found.tolist()):
            if not isinstance(value, dict):
                continue
            if "over" in value:
                area = float("nan") if gfa is None or gfa[i] is None else float(gfa[i])
                found[i] = value["else"] if area <= value["over"] else value["then"]
            else:
                kind = dwelling_type[i] if dwelling_type is not None else None
                found[i] = value["ground" if kind == "ground" else "apartment"]
        return found

    def without_use(self, what: str) -> np.ndarray:
        """(n_functions + 1,) bool: functions of which the law asks nothing unless a ``use_class``
        is named; the last, an unknown function, False."""
        known: dict[str, np.ndarray] = self.__dict__.setdefault("_without_use", {})
        if what not in known:
            asked = [not self.uses(what, [name])[0] for name in self.names]
            known[what] = np.array([*asked, False], bool)
        return known[what]

    def _asked(self, what: str, function: Any, use_class: Any) -> Any:
        """What the law asks of a function or, before it, of a known use class."""
        use = self.resolve_use(use_class)
        row: Function | UseClass | None
        row = self.use_classes[use] if use else self.by_name.get(function)
        return None if row is None else getattr(row, what)


@lru_cache(maxsize=1)
def load_functions() -> Functions:
    """The shipped functions."""
    return read_functions(resources_path.profiles() / "functions.yml")


def read_functions(path: str | Path) -> Functions:
    """Read and validate a functions file. Raises ``FileProblem`` with file, line, key, remedy."""
    root = read_yaml(path)
    top = root.mapping(("version", "source", "confidence", "groups", "functions", "use_classes"),
                       ("groups", "functions"))  # fmt: skip
    groups = {name: node.languages() for name, node in top["groups"].mapping().items()}
    by_name = {n: _function(n, node, groups) for n, node in top["functions"].mapping().items()}
    uses: dict[str, UseClass] = {}
    if "use_classes" in top:
        uses = {n: _use_class(n, node) for n, node in top["use_classes"].mapping().items()}
    names = list(by_name)
    columns = {}
    for column in COLUMNS:
        values = [_cell(by_name[n], column) for n in names]
        array = np.array([np.nan if v is None else float(v) for v in values] + [np.nan])
        array.flags.writeable = False
        columns[column] = array
    content = json.dumps(root.plain(), sort_keys=True, default=str, ensure_ascii=False)
    return Functions(
        by_name=by_name, groups=groups, use_classes=uses,
        hash=hashlib.sha256(content.encode()).hexdigest(),
        _terms=_terms(by_name, top["functions"]),
        _use_terms=_terms(uses, top["use_classes"]) if uses else {},
        _codes={n: i for i, n in enumerate(names)}, _columns=columns,
    )  # fmt: skip


def _cell(f: Function, column: str) -> Any:
    if column == "building":
        return f.group == "buildings"
    if column == "surface":
        return f.kind == "surface"
    return getattr(f, column)


def _terms(entries: dict[str, Any], block: Node) -> dict[str, str]:
    """Folded term -> name; a term that means two things is refused."""
    terms: dict[str, str] = {}
    nodes = block.mapping()
    for name in entries:
        terms[fold(name)] = name
    for of in ("label", "aliases"):  # labels go before aliases
        for name, entry in entries.items():
            for term in entry.label.values() if of == "label" else entry.aliases:
                taken = terms.setdefault(fold(term), name)
                if taken != name:
                    raise nodes[name].problem("file.term_twice", word=term, other=taken)
    return terms


def _function(name: str, node: Node, groups: dict[str, Any]) -> Function:
    block = node.mapping(_KEYS, ("label", "group", "kind"))
    kind = block["kind"].choice(KINDS)
    surface = kind == "surface"
    if surface:
        node.mapping(_KEYS, ("rank", "sealed", "vegetated"))
    sealed = block["sealed"].number(0, 1) if "sealed" in block else 0.0
    vegetated = block["vegetated"].number(0, 1) if "vegetated" in block else 0.0
    if sealed + vegetated > 1 + 1e-9:
        raise block["vegetated"].problem("functions.shares", sealed=sealed, vegetated=vegetated)
    return Function(
        name=name, label=block["label"].languages(), group=block["group"].choice(groups),
        kind=kind, rank=int(block["rank"].number(1, LAST_RANK)) if surface else LAST_RANK,
        sealed=sealed, vegetated=vegetated, public=_yes(block, "public", None),
        public_green=bool(_yes(block, "public_green", False)), land=bool(_yes(block, "land", True)),
        storage=_number(block, "storage"), colour=_text(block, "colour", "#888888"),
        defaults=block["defaults"].plain() if "defaults" in block else {}, **_law(block),
    )  # fmt: skip


def _use_class(name: str, node: Node) -> UseClass:
    block = node.mapping(_SHARED, ("label",))
    return UseClass(name=name, label=block["label"].languages(), **_law(block))


def _law(block: dict[str, Node]) -> dict[str, Any]:
    vulnerability: Any = None
    node = block.get("vulnerability")
    if node is not None and isinstance(node.value, dict):
        parts = node.mapping(("over", "then", "else"), ("over", "then", "else"))
        vulnerability = {"over": parts["over"].number(0),
                         "then": parts["then"].choice(VULNERABILITIES),
                         "else": parts["else"].choice(VULNERABILITIES)}  # fmt: skip
    elif node is not None and not node.null:
        vulnerability = node.choice(VULNERABILITIES)
    return {
        "noise_sensitive": bool(_yes(block, "noise_sensitive", False)),
        "vulnerability": vulnerability,
        "beng2": _key(block.get("beng2")),
        "mpg": _key(block.get("mpg")),
        "aliases": block["aliases"].texts() if "aliases" in block else (),
    }


def _key(node: Node | None) -> Any:
    if node is None or node.null:
        return None
    if isinstance(node.value, dict):
        parts = node.mapping(("ground", "apartment"), ("ground", "apartment"))
        return {k: n.text() for k, n in parts.items()}
    return node.text()


def _yes(block: dict[str, Node], key: str, default: bool | None) -> bool | None:
    node = block.get(key)
    if node is None:
        return default
    return None if node.null else node.boolean()


def _number(block: dict[str, Node], key: str) -> float | None:
    node = block.get(key)
    return None if node is None or node.null else node.number(0)


def _text(block: dict[str, Node], key: str, default: str) -> str:
    return block[key].text() if key in block else default
