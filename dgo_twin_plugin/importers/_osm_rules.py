"""What the tags of one object of OpenStreetMap mean, by the blocks of the mapping file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..engine.functions import load_functions
from ..engine.mapping import load_mapping
from ..engine.scene import NUMERIC_FIELDS
from ..engine.words import DgoError

Tags = Mapping[str, str]
Strange = tuple[str, str]  # key and value that the mapping does not know

OF_FUNCTIONS = ("surfaces", "points", "lines")  # roles whose terms are functions
ROLES = (*OF_FUNCTIONS, "roads", "paths", "railways", "facilities", "play_spots", "stops", "none")
_KINDS = {"point": {0}, "line": {1}, "polygon": {2}, "any": {0, 2}}
_KEYS = {"role", "geometry", "when", "field", "terms", "any", "ignore", "default", "otherwise",
         "constants", "fields"}  # fmt: skip
_NUMBER = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*(.*?)\s*$")
_LENGTHS = {"": 1.0, "m": 1.0, "meter": 1.0, "metre": 1.0, "cm": 0.01, "ft": 0.3048, "'": 0.3048,
            "feet": 0.3048}  # fmt: skip
_SPEEDS = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}


def to_metres(word: str) -> float | None:
    """``12``, ``12,5 m``, ``40'``, ``7'4"``: metres; None where it is no length above 0."""
    feet = re.fullmatch(r"\s*(\d+)\s*'\s*(\d+(?:\.\d+)?)\s*(?:\"|'')\s*", word)
    if feet:
        return float(feet[1]) * 0.3048 + float(feet[2]) * 0.0254
    found = _NUMBER.match(word)
    if not found or found[2].lower() not in _LENGTHS:
        return None
    value = float(found[1].replace(",", ".")) * _LENGTHS[found[2].lower()]
    return value if value > 0 else None


@dataclass(frozen=True)
class Block:
    """One block of the mapping file."""

    name: str
    role: str
    kinds: frozenset[int]  # dimensions of geometry
    when: tuple[str, ...]
    field: tuple[str, ...]
    terms: dict[str, str | None]
    any: dict[str, str]
    ignore: frozenset[str]
    default: str | None
    otherwise: str | None
    constants: dict[str, Any]
    fields: dict[str, tuple[str, ...]]

    def concerns(self, tags: Tags) -> bool:
        return any(_has(tags, word) for word in (self.when or self.field))

    def decide(self, tags: Tags) -> tuple[str | None, Strange | None]:
        """What it is, and the value that is unknown where no later key decided."""
        strange: Strange | None = None
        for key in self.field:
            value = tags.get(key)
            if value is None:
                continue
            for one in dict.fromkeys((value, *value.split(";"))):
                one = one.strip()
                for word in (f"{key}={one}", one):
                    if word in self.terms:
                        return self.terms[word], None
            if value in self.ignore or f"{key}={value}" in self.ignore:
                continue
            if key in self.any and value != "no":
                return self.any[key], None
            strange = strange or (key, value)
        if strange is not None:
            return self.otherwise, strange
        return self.default, None


def _has(tags: Tags, word: str) -> bool:
    key, equals, value = word.partition("=")
    return tags.get(key) == value if equals else key in tags


class Rules:
    """The mapping file, ready to be asked. Raises DgoError where it does not hold together."""

    def __init__(self, word: str | None) -> None:
        self.name = word or "osm"
        plain = load_mapping(self.name)
        blocks = plain.get("blocks")
        if not isinstance(blocks, dict) or not blocks:
            raise DgoError("errors.import.mapping_key", mapping=self.name, entry="blocks")
        self.blocks = [self._block(name, dict(block or {})) for name, block in blocks.items()]
        self.plane = str(plain.get("plane") or "")
        if not self.plane:
            raise DgoError("errors.import.mapping_key", mapping=self.name, entry="plane")
        self.exclude = {str(k): {str(w) for w in v or []}
                        for k, v in (plain.get("exclude") or {}).items()}  # fmt: skip
        self.areas = tuple(map(str, plain.get("areas") or []))
        self.not_areas = tuple(map(str, plain.get("not_areas") or []))
        self.speeds = {str(k): float(v) for k, v in (plain.get("speed") or {}).items()}
        self.no_speed = set(map(str, plain.get("speed_unknown") or []))
        self.surfaces = {str(k): v for k, v in (plain.get("surface") or {}).items()}
        self.widths = {str(k): float(v) for k, v in (plain.get("widths") or {}).items()}
        self.road_functions = {str(k): str(v)
                               for k, v in (plain.get("road_functions") or {}).items()}  # fmt: skip
        self.describe = set(map(str, plain.get("describe") or []))
        self.prefixes = tuple(map(str, plain.get("describe_prefixes") or []))
        self.no_ground = set(map(str, plain.get("no_ground") or []))
        self.no_ground_values = tuple(map(str, plain.get("no_ground_values") or []))
        classes = plain.get("geofabrik")
        self.geofabrik: dict[str, Any] = (
            dict(load_mapping(str(classes)).get("layers") or {}) if classes else {})  # fmt: skip
        self.keys = {k for b in self.blocks for k in b.field} | self.no_ground
        self.asked = {k for b in self.blocks for keys in b.fields.values() for k in keys}

    def _block(self, name: str, block: dict[str, Any]) -> Block:
        strange = sorted(set(block) - _KEYS)
        role, kind = str(block.get("role")), str(block.get("geometry"))
        if strange or role not in ROLES or kind not in _KINDS or not block.get("field"):
            key = strange[0] if strange else (
                "role" if role not in ROLES else "geometry" if kind not in _KINDS else "field")
            raise DgoError("errors.import.mapping_block", mapping=self.name, block=name, entry=key)
        made = Block(
            name, role, frozenset(_KINDS[kind]), tuple(map(str, block.get("when") or [])),
            tuple(map(str, block["field"])),
            {str(k): None if v is None else str(v) for k, v in (block.get("terms") or {}).items()},
            {str(k): str(v) for k, v in (block.get("any") or {}).items()},
            frozenset(map(str, block.get("ignore") or [])),
            block.get("default"), block.get("otherwise"), dict(block.get("constants") or {}),
            {str(k): tuple(map(str, v)) for k, v in (block.get("fields") or {}).items()},
        )  # fmt: skip
        if role in OF_FUNCTIONS:
            words = {*made.terms.values(), *made.any.values(), made.default, made.otherwise}
            functions = load_functions()
            for word in sorted(w for w in words if w is not None):
                if word not in functions:
                    raise DgoError("errors.import.mapping_function", mapping=self.name,
                                   block=name, function=word)  # fmt: skip
        return made

    # ------------------------------------------------------------------ of one object
    def is_area(self, tags: Tags) -> bool:
        """Whether a closed way with these tags is an area."""
        if "area" in tags:
            return tags["area"] != "no"
        return any(_has(tags, w) for w in self.areas) and not any(
            _has(tags, w) for w in self.not_areas
        )

    def excluded(self, tags: Tags) -> bool:
        return any(tags.get(key) in values for key, values in self.exclude.items())

    def meanings(self, tags: Tags, kind: int) -> Iterator[tuple[Block, str | None, Strange | None]]:
        """Per role the first block that decides; and blocks that met a strange value only."""
        done: set[str] = set()
        for block in self.blocks:
            if block.role in done or kind not in block.kinds or not block.concerns(tags):
                continue
            value, strange = block.decide(tags)
            if value is not None:
                done.add(block.role)
            if value is not None or strange is not None:
                yield block, value, strange

    def unknown(self, tags: Tags) -> Strange | None:
        """The key that an object has and nothing here names; None where all only describe."""
        for key, value in tags.items():
            if key in self.keys or key in self.describe or key.startswith(self.prefixes):
                continue
            return key, value
        return None

    def owns_nothing(self, tags: Tags) -> bool:
        """Whether its keys say that it is neither ground nor a thing that is counted."""
        return any(k in self.no_ground for k in tags) or any(
            _has(tags, w) for w in self.no_ground_values
        )

    def values(self, block: Block, tags: Tags,
               report: Callable[[str, str], None]) -> dict[str, Any]:  # fmt: skip
        """Canonical fields; ``report(key, value)`` hears of what cannot be read."""
        found: dict[str, Any] = dict(block.constants)
        for name, keys in block.fields.items():
            for key in keys:
                word = tags.get(key)
                if word is None:
                    continue
                value, good = self._read(block, name, word)
                if not good:
                    report(key, word)
                if value is not None:
                    found[name] = value
                    break
        return found

    def _read(self, block: Block, name: str, word: str) -> tuple[Any, bool]:
        """(value or None, whether it could be read)."""
        if name == "speed":
            return self.speed(word)
        if name == "surface" and block.role == "roads":
            return self.surfaces.get(word), word in self.surfaces
        if name in ("height", "canopy_diameter"):
            value = to_metres(word.split(";")[0])
            return value, value is not None
        if name in NUMERIC_FIELDS:
            found = _NUMBER.match(word.split(";")[0])
            value = float(found[1].replace(",", ".")) if found and not found[2] else None
            if value is not None and name == "floors" and value <= 0:
                value = None
            return value, value is not None
        return word, True

    def speed(self, word: str) -> tuple[float | None, bool]:
        """km/h of a maximum speed: ``50``, ``30 mph``, ``NL:urban``; of several the first."""
        word = word.split(";")[0].split("|")[0].strip()
        if word in self.speeds:
            return self.speeds[word], True
        if word in self.no_speed:
            return None, True
        zone = re.fullmatch(r"[A-Z]{2}:(?:zone:?)?(\d{1,3})", word)
        if zone:
            return float(zone[1]), True
        found = _NUMBER.match(word)
        if not found or found[2].lower() not in _SPEEDS:
            return None, False
        value = float(found[1].replace(",", ".")) * _SPEEDS[found[2].lower()]
        return (round(value, 1), True) if 0 < value <= 200 else (None, False)
