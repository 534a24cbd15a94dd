"""The roles that context layers can play, from ``profiles/roles.yml`` (design 6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import resources_path
from .words import Message, say
from .yaml_lines import Node, read_yaml

GEOMETRIES = ("line", "polygon", "point", "any", "none")


@dataclass(frozen=True)
class RoleField:
    """A canonical field of a role. Numeric where it has a unit; ``choices`` limit a text."""

    name: str
    unit: str = ""
    low: float = -float("inf")
    high: float = float("inf")
    choices: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        return bool(self.unit)


@dataclass(frozen=True)
class Role:
    """A role: kind of geometry of its vector layers, whether rasters may fill it (with the unit
    and possible range of their cells), its fields, and whether it serves an alert."""

    name: str
    label: dict[str, str]
    geometry: str  # 'none': only rasters
    raster: bool
    fields: tuple[RoleField, ...]
    unit: str = ""
    low: float = -float("inf")
    high: float = float("inf")
    alert: bool = False

    @property
    def vector(self) -> bool:
        return self.geometry != "none"

    def field(self, name: str) -> RoleField | None:
        return next((f for f in self.fields if f.name == name), None)


@lru_cache(maxsize=1)
def roles() -> dict[str, Role]:
    """The shipped roles, in the order of the file. Do not change the dictionary."""
    return read_roles(resources_path.profiles() / "roles.yml")


def role_label(name: str) -> Message:
    """The name of a role as people read it; an unknown role shows its id."""
    found = roles().get(name)
    label = found.label if found else {"nl": name, "en": name}
    return say("words.either", nl=label["nl"], en=label["en"])


def read_roles(path: str | Path) -> dict[str, Role]:
    """Read and validate a roles file. Raises ``FileProblem`` with file, line, key, remedy."""
    top = read_yaml(path).mapping(("version", "roles"), ("roles",))
    return {name: _role(name, node) for name, node in top["roles"].mapping().items()}


def _role(name: str, node: Node) -> Role:
    block = node.mapping(
        ("name", "geometry", "raster", "unit", "range", "fields", "alert"), ("name", "geometry")
    )
    low, high = _range(block)
    fields = block["fields"].mapping() if "fields" in block else {}
    return Role(
        name=name, label=block["name"].languages(), geometry=block["geometry"].choice(GEOMETRIES),
        raster=block["raster"].boolean() if "raster" in block else False,
        fields=tuple(_field(k, n) for k, n in fields.items()),
        unit=block["unit"].text() if "unit" in block else "", low=low, high=high,
        alert=block["alert"].boolean() if "alert" in block else False,
    )  # fmt: skip


def _field(name: str, node: Node) -> RoleField:
    block = node.mapping(("unit", "range", "choices"))
    low, high = _range(block)
    return RoleField(
        name, block["unit"].text() if "unit" in block else "", low, high,
        block["choices"].texts() if "choices" in block else (),
    )  # fmt: skip


def _range(block: dict[str, Node]) -> tuple[float, float]:
    if "range" not in block:
        return -float("inf"), float("inf")
    pair = block["range"].sequence()
    if len(pair) != 2:
        raise block["range"].problem("file.pair")
    low = -float("inf") if pair[0].null else pair[0].number()
    high = float("inf") if pair[1].null else pair[1].number()
    return low, high
