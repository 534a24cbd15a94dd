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

    def members(self, names: tuple[str, ...]) -> np.ndarray:
        """(n_functions + 1,) bool by code: those meant by names; an unknown function, the last, is
        none of them. Do not write in it."""
        known: dict[tuple[str, ...], np.ndarray] = self.__dict__.setdefault("_members", {})
        if names not in known:
            held = np.zeros(len(self.names) + 1, bool)
            held[self.codes(self.expand(names))] = True
            known[names] = held
        return known[names]

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
        n = len(functions)
        nothing = np.full(n, None, object)
        use, kind = (nothing if given is None else np.asarray(given, object)
                     for given in (use_class, dwelling_type))  # fmt: skip
        area = np.full(n, np.nan) if gfa is None else np.asarray(gfa, float)
        which, answers = self.asked(what, self.uses_of(self.codes(functions), use), kind, area)
        found: np.ndarray = answers[which]
        return found

    def uses_of(self, codes: np.ndarray, use_class: np.ndarray) -> np.ndarray:
        """(n,) where the law looks what it asks of features: at the code of a known ``use_class``,
        which goes before, beyond those of functions; else at that of the function."""
        named = np.flatnonzero(use_class != np.array(None, object))
        if not len(named):
            return codes
        numbers = {name: k for k, name in enumerate(self.use_classes, len(self.names))}
        terms = use_class[named].tolist()
        number = {term: numbers.get(self.resolve_use(term) or "", -1) for term in set(terms)}
        use = np.fromiter(map(number.__getitem__, terms), np.int64, len(terms))
        found = codes.copy()
        found[named] = np.where(use >= 0, use, codes[named])
        return found

    def asked(self, what: str, uses: np.ndarray, dwelling_type: np.ndarray,
              gfa: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """:meth:`uses` of :meth:`uses_of`: (n,) which of the answers (m,) object holds. There are a
        handful of answers: what follows from them is looked up once for each."""
        law = self._law(what)
        other = gfa <= law.up_to[uses]
        by_type = np.flatnonzero(law.by_type[uses])
        other[by_type] = dwelling_type[by_type] == "ground"
        return law.answer[uses, other.astype(np.int64)], law.answers

    def _law(self, what: str) -> _Law:
        known: dict[str, _Law] = self.__dict__.setdefault("_laws", {})
        if what not in known:
            uses = (*self.by_name.values(), *self.use_classes.values())
            known[what] = _Law.of([*(getattr(use, what) for use in uses), None])
        return known[what]


@dataclass(frozen=True, eq=False)
class _Law:
    """What the law asks of each function, then of each use class, and at last of what is neither
    (k,): of ``answers`` (m,) object the first of ``answer`` (k, 2), or the second: up to ``up_to``
    (k,) m2 of gross floor, NaN never, or where ``by_type`` (k,) of a dwelling on the ground."""

    answers: np.ndarray
    answer: np.ndarray
    up_to: np.ndarray
    by_type: np.ndarray

    @classmethod
    def of(cls, asked: list[Any]) -> _Law:
        pairs = [
            (value, value) if not isinstance(value, dict)
            else (value["then"], value["else"]) if "over" in value
            else (value["apartment"], value["ground"]) for value in asked
        ]  # fmt: skip
        limits = [value if isinstance(value, dict) else {} for value in asked]
        each = list(dict.fromkeys(answer for pair in pairs for answer in pair))
        answers = np.full(len(each), None, object)
        answers[:] = each
        return cls(answers, np.array([[each.index(a) for a in pair] for pair in pairs]),
                   np.array([limit.get("over", np.nan) for limit in limits], float),
                   np.array(["ground" in limit for limit in limits], bool))  # fmt: skip


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
