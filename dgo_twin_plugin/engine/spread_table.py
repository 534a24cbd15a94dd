"""How far inputs may be off, from ``profiles/spreads.yml``: data, with file, line and key in every
error. What is done with it: :mod:`.spread` and docs/uncertainty.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from . import resources_path
from .roles import roles
from .scene import FIELDS
from .yaml_lines import Node, read_yaml

ABSOLUTE, RELATIVE = KINDS = ("absolute", "relative")
OTHER = "other"  # the default that stands for every field without a figure of its own
VALUE, WEIGHT, DENOMINATOR, GROUND, WHOLE = WAYS = (
    "value", "weight", "denominator", "ground", "whole",
)  # fmt: skip
CONFIDENCE = ("V", "V*", "C", "K", "P")


@dataclass(frozen=True)
class Sigma:
    """A standard deviation: absolute in the unit of its quantity, or relative (0.2 = 20 %)."""

    sigma: float
    kind: str
    source: str = ""
    confidence: str = "P"


@dataclass(frozen=True)
class Effect:
    """How a field enters an indicator: one of :data:`WAYS`, explained in the file itself."""

    field: str
    on: str
    slope: float = 1.0
    rates: tuple[str, ...] = ()
    deciding: bool = False


@dataclass(frozen=True)
class Maps:
    """The roles that carry an indicator's quantity. ``value`` False: they carry classes, of which
    a sigma says nothing. ``parts`` role -> the first letters of its informative parts (levels)."""

    roles: tuple[str, ...]
    value: bool = True
    parts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SpreadTable:
    """The whole file. ``maps`` and ``effects`` by ``indicator`` or ``indicator.part``."""

    fields: dict[str, Sigma]
    maps: dict[str, Maps]
    ageing: dict[str, Sigma]
    effects: dict[str, tuple[Effect, ...]]

    def field(self, name: str) -> Sigma:
        """The spread of a default of this field."""
        return self.fields.get(name) or self.fields[OTHER]

    def maps_of(self, indicator: str, part: str) -> Maps | None:
        return self.maps.get(f"{indicator}.{part}") or self.maps.get(indicator)

    def effects_of(self, indicator: str, part: str) -> tuple[Effect, ...] | None:
        """None: the table does not say; (): a default does not touch the value."""
        found = self.effects.get(f"{indicator}.{part}")
        return self.effects.get(indicator) if found is None else found


@lru_cache(maxsize=1)
def spread_table() -> SpreadTable:
    """The shipped table."""
    return read_spreads(resources_path.profiles() / "spreads.yml")


def read_spreads(path: str | Path) -> SpreadTable:
    """Read and validate a file of spreads. Raises ``FileProblem`` with file, line, key, remedy."""
    blocks = ("fields", "maps", "ageing", "effects")
    top = read_yaml(path).mapping(("version", "date", *blocks), blocks)
    fields = top["fields"].mapping((*FIELDS, OTHER), (OTHER,))
    ageing = top["ageing"].mapping(roles())
    return SpreadTable(
        {name: _sigma(node) for name, node in fields.items()},
        {name: _maps(node) for name, node in top["maps"].mapping().items()},
        {name: _sigma(node) for name, node in ageing.items()},
        {name: tuple(_effect(key, each) for key, each in node.mapping(FIELDS).items())
         for name, node in top["effects"].mapping().items()},
    )  # fmt: skip


def _sigma(node: Node) -> Sigma:
    keys = ("sigma", "kind", "source", "confidence")
    block = node.mapping(keys, keys)
    return Sigma(block["sigma"].number(0), block["kind"].choice(KINDS), block["source"].text(),
                 block["confidence"].choice(CONFIDENCE))  # fmt: skip


def _maps(node: Node) -> Maps:
    block = node.mapping(("roles", "carries", "parts"), ("roles", "carries"))
    names = tuple(each.choice(roles()) for each in block["roles"].sequence())
    parts = block["parts"].mapping(names) if "parts" in block else {}
    return Maps(names, block["carries"].choice(("value", "class")) == "value",
                {name: each.text() for name, each in parts.items()})  # fmt: skip


def _effect(name: str, node: Node) -> Effect:
    block = node.mapping(("on", "slope", "rates", "deciding"), ("on",))
    return Effect(
        name, block["on"].choice(WAYS),
        block["slope"].number() if "slope" in block else 1.0,
        tuple(each.text() for each in block["rates"].sequence()) if "rates" in block else (),
        block["deciding"].boolean() if "deciding" in block else False,
    )  # fmt: skip
