"""The rules of a plan's start, read from ``profiles/start.yml``; its head explains the keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import resources_path
from .functions import fold
from .roles import roles
from .words import SEVERITIES
from .yaml_lines import Node, read_yaml

BENEFITS = ("large", "medium", "small")
OPERATORS = ("above", "at_least", "below", "at_most")
ANCHORS = ("minimum", "basis", "optimum")
NUMBERS = ("limit", "standard")
OBSTACLE, CHANCE = "obstacle", "chance"


@dataclass(frozen=True)
class Threshold:
    """What a value is held against: a number, a law, a norm by zone, or another map."""

    number: float | None = None
    law: str = ""  # indicator
    which: str = ""  # limit | standard
    variant: str = ""
    norm: str = ""  # indicator
    part: str = ""
    anchor: str = ""
    role: str = ""
    value: str = ""  # field of that role


@dataclass(frozen=True)
class Condition:
    """Where something holds. Exactly one of roles, functions, field and mark says what is read."""

    roles: tuple[str, ...] = ()
    value: str = ""
    operator: str = ""
    threshold: Threshold | None = None
    terms: frozenset[str] = frozenset()
    reach: float = 0.0
    functions: tuple[str, ...] = ()
    field: tuple[str, str] = ("", "")  # indicator, name of the map of its model
    mark: tuple[str, float] = ("", 0.0)  # indicator, lowest mark


@dataclass(frozen=True)
class Rule:
    """An obstacle or a chance: all conditions must hold on a place."""

    id: str
    kind: str
    level: str  # severity of an obstacle, benefit of a chance
    conditions: tuple[Condition, ...]
    near: float
    min_area: float
    min_count: int
    outside: bool
    text: str
    source: str
    status: str
    confidence: str

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles whose layers it reads."""
        return tuple(role for each in self.conditions for role in each.roles)


_CONDITION = ("role", "roles", "value", *OPERATORS, "terms", "reach", "functions", "field", "mark")
_RULE = ("near", "min_area", "min_count", "outside", "text", "also", "severity", "benefit",
         "source", "status", "confidence")  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """All rules, obstacles first, in the order of the file; titles of sources per language."""

    rules: tuple[Rule, ...]
    sources: dict[str, dict[str, str]]


@lru_cache(maxsize=4)
def load_start_rules(path: str | None = None) -> Rules:
    """The rules of a file (default: the shipped one). Errors name file, line, key and remedy."""
    root = read_yaml(Path(path) if path else resources_path.profiles() / "start.yml")
    top = root.mapping(("version", "near", "sources", "obstacles", "chances"), ("version",))
    near = top["near"].number(0) if "near" in top else 0.0
    titles = top["sources"].mapping() if "sources" in top else {}
    found: list[Rule] = []
    for kind, block in ((OBSTACLE, "obstacles"), (CHANCE, "chances")):
        if block in top and not top[block].null:
            found += [_rule(k, n, kind, near) for k, n in top[block].mapping().items()]
    return Rules(tuple(found), {k: n.languages() for k, n in titles.items()})


def _rule(id_: str, node: Node, kind: str, near: float) -> Rule:
    level = "severity" if kind == OBSTACLE else "benefit"
    block = node.mapping((*_CONDITION, *_RULE), (level,))
    also = block["also"].sequence() if "also" in block else []
    conditions = [_condition(node, {k: n for k, n in block.items() if k in _CONDITION})]
    conditions += [_condition(n, n.mapping(_CONDITION)) for n in also]
    return Rule(
        id_, kind, block[level].choice(SEVERITIES if kind == OBSTACLE else BENEFITS),
        tuple(conditions),
        block["near"].number(0) if "near" in block else near,
        block["min_area"].number(0) if "min_area" in block else 0.0,
        int(block["min_count"].number(0)) if "min_count" in block else 0,
        "outside" in block and block["outside"].boolean(),
        block["text"].text() if "text" in block else id_,
        *(block[k].text() if k in block else "" for k in ("source", "status", "confidence")),
    )  # fmt: skip


def _condition(node: Node, block: dict[str, Node]) -> Condition:
    named = [block["role"]] if "role" in block else []
    if "roles" in block:
        named += block["roles"].sequence()
    used = [k for k in ("functions", "field", "mark") if k in block] + (["role"] if named else [])
    if len(used) != 1:
        raise node.problem("start.subject")
    operators = [k for k in OPERATORS if k in block]
    if len(operators) > 1:
        raise block[operators[1]].problem("start.operator")
    if ("field" in block) and not operators:
        raise node.problem("start.field")
    field = ("", "")
    if "field" in block:
        indicator, _, name = block["field"].text().partition(".")
        field = (indicator, name)
    mark = ("", 0.0)
    if "mark" in block:
        inner = block["mark"].mapping(("indicator", "at_least"), ("indicator", "at_least"))
        mark = (inner["indicator"].text(), inner["at_least"].number(1, 10))
    return Condition(
        tuple(n.choice(roles()) for n in named),
        block["value"].text() if "value" in block else "",
        operators[0] if operators else "",
        _threshold(block[operators[0]]) if operators else None,
        frozenset(fold(t) for t in block["terms"].texts()) if "terms" in block else frozenset(),
        block["reach"].number(0) if "reach" in block else 0.0,
        block["functions"].texts() if "functions" in block else (),
        field, mark,
    )  # fmt: skip


def _threshold(node: Node) -> Threshold:
    if not isinstance(node.value, dict):
        return Threshold(number=node.number())
    block = node.mapping(("law", "number", "variant", "norm", "anchor", "role", "value"))
    if "law" in block:
        which = block["number"].choice(NUMBERS) if "number" in block else "limit"
        variant = block["variant"].text() if "variant" in block else ""
        return Threshold(law=block["law"].text(), which=which, variant=variant)
    if "norm" in block:
        indicator, _, part = block["norm"].text().partition(".")
        anchor = block["anchor"].choice(ANCHORS) if "anchor" in block else "minimum"
        return Threshold(norm=indicator, part=part, anchor=anchor)
    if "role" in block:
        return Threshold(role=block["role"].choice(roles()),
                         value=block["value"].text() if "value" in block else "")  # fmt: skip
    raise node.problem("start.threshold")
