"""The twin file: which layers play which part, in which terms, with which profile (design 6).

Reading refuses unknown keys and names file, line, key and remedy. Paths in a twin file start at
the folder of that file. Parameters go before the file: :func:`merge`.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .functions import Functions, load_functions
from .indicators import known_indicators
from .norms import Profile, shared_profile
from .roles import Role, roles
from .scene import BOOL_FIELDS, FIELDS, METHODS, NUMERIC_FIELDS
from .words import BASIS_INDICATIVE, BASIS_LEGAL, THEMES, DgoError
from .yaml_lines import Collector, Node, parse_yaml, read_yaml, remedy

OWNERS = ("municipal", "water_board", "provincial", "state")
QUANTITIES = ("lden", "lnight")
FLAGS = ("high_sandy_ground",)
DEFAULT_PROFILE = "utrecht-proposal-2026"
KEYS = ("design", "functions", "area_types", "plan_area", "context", "profile", "ambitions",
        "weights", "scenario", "assessment_date", "indicators", "cell_size", "methods")  # fmt: skip
_ANY_LAYER = ("layer", "filter", "fields", "date", "basis", "sigma", "band")
_SURFACES = ("function", "functions", "mapping")
_OPEN_ROLE_FIELDS = ("date", "sigma", "basis")  # may also differ per feature


@dataclass(frozen=True)
class LayerEntry:
    """One layer of the twin file: where it is, and how to read it. Empty = not given."""

    layer: str  # 'file', 'file|layer', or name of a layer in the project
    function: str = ""  # column with the term of the function, or '=...'
    functions: Any = ""  # one function for every feature, or own term -> function
    fields: dict[str, str] = field(default_factory=dict)  # canonical field -> column, or '=...'
    mapping: str = ""  # id or path of a mapping file
    filter: str = ""
    type: str = ""  # column with the area type
    types: dict[str, str] = field(default_factory=dict)  # own term -> area type
    flags: dict[str, str] = field(default_factory=dict)  # flag of the zone -> column
    date: str = ""  # '2025', '2025-07' or '2025-07-01'
    basis: str = ""  # 'legal' | 'indicative' | ''
    sigma: float | None = None
    owner: str = ""
    quantity: str = ""  # of a noise map: 'lden' | 'lnight'
    band: int | None = None  # of a raster, from 1
    extra: dict[str, Any] = field(default_factory=dict)  # constants: canonical field -> value
    line: int = field(default=0, compare=False)

    @property
    def path(self) -> str:
        """The file part of ``layer``."""
        return self.layer.partition("|")[0]

    @property
    def sublayer(self) -> str:
        """The layer inside the file, '' where none is named."""
        return self.layer.partition("|")[2].removeprefix("layername=")

    @property
    def is_file(self) -> bool:
        """Whether ``layer`` reads as a file of this computer (not a layer of the project)."""
        path = self.path
        if "://" in path or path.startswith(("PG:", "/vsi")) or path.lower().startswith("memory"):
            return False
        return bool(re.search(r"[\\/]|\.[A-Za-z0-9]{2,8}$", path))

    def resolved(self, folder: Path | None) -> str:
        """``layer`` with its file absolute, counted from ``folder``."""
        if not self.is_file or folder is None or Path(self.path).is_absolute():
            return self.layer
        path = os.path.normpath(folder / self.path)
        return path + self.layer[len(self.path) :]

    def entry(self) -> dict[str, Any]:
        """The block as in the file, constants in line: ``RawLayer.entry``."""
        found: dict[str, Any] = {}
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if f.name in ("line", "extra") or value in ("", None) or value == {}:
                continue
            found[f.name] = dict(value) if isinstance(value, dict) else value
        return {**found, **self.extra}


@dataclass(frozen=True)
class Twin:
    """A twin file in the words of the product; every block may be empty."""

    design: tuple[LayerEntry, ...] = ()
    functions: dict[str, str] = field(default_factory=dict)  # own term -> function
    area_types: LayerEntry | None = None
    plan_area: LayerEntry | None = None
    context: dict[str, tuple[LayerEntry, ...]] = field(default_factory=dict)
    profile: str = ""
    ambitions: dict[str, dict[str, float]] = field(default_factory=dict)  # all | GT04 | zone 2
    weights: dict[str, float] = field(default_factory=dict)  # indicator -> weight
    theme_weights: dict[str, float] = field(default_factory=dict)
    scenario: str = ""
    assessment_date: datetime.date | None = None
    indicators: tuple[str, ...] = ()
    cell_size: float | None = None
    methods: dict[str, str] = field(default_factory=dict)  # indicator or 'all' -> scene.METHODS
    folder: Path | None = field(default=None, compare=False)
    file: str = field(default="", compare=False)

    def layers(self) -> list[tuple[str, LayerEntry]]:
        """Every layer with the part it plays: design, area_types, plan_area, or its role."""
        found = [("design", e) for e in self.design]
        single = (("area_types", self.area_types), ("plan_area", self.plan_area))
        found += [(name, entry) for name, entry in single if entry is not None]
        return found + [(role, e) for role, entries in self.context.items() for e in entries]


def load_twin(path: str | Path, check_files: bool = True) -> Twin:
    """Read and validate a twin file. ``check_files``: refuse layers whose file is not there.

    Raises ``DgoError`` with file, line, key and remedy; ``SeveralProblems`` for more than one.
    """
    path = Path(path)
    return _twin(read_yaml(path), path.resolve().parent, str(path), check_files)


def parse_twin(content: str, folder: Path | None = None, check_files: bool = False) -> Twin:
    """The same from text."""
    return _twin(parse_yaml(content, "twin.yml"), folder, "", check_files)


def _twin(root: Node, folder: Path | None, file: str, check_files: bool) -> Twin:
    keep = Collector()
    top = root.mapping(KEYS)
    known = load_functions()
    values: dict[str, Any] = {}
    if "design" in top and not top["design"].null:
        found = [keep.attempt(_surfaces, n, known) for n in _listed(top["design"])]
        values["design"] = tuple(e for e in found if e is not None)
    if "functions" in top:
        values["functions"] = keep.attempt(_terms, top["functions"], known)
    if "area_types" in top and not top["area_types"].null:
        values["area_types"] = keep.attempt(_type_map, top["area_types"])
    if "plan_area" in top and not top["plan_area"].null:
        values["plan_area"] = keep.attempt(_entry, top["plan_area"], ("layer", "filter"))
    if "context" in top:
        values["context"] = _context(top["context"], known, keep)
    profile: Profile | None = None
    if "profile" in top and not top["profile"].null:
        values["profile"] = keep.attempt(_profile_path, top["profile"], folder)
        profile = keep.attempt(_profile, top["profile"], values["profile"])
    if "ambitions" in top:
        values["ambitions"] = keep.attempt(_ambitions, top["ambitions"], profile)
    if "weights" in top:
        both = keep.attempt(_weights, top["weights"])
        values["weights"], values["theme_weights"] = both or ({}, {})
    if "scenario" in top and not top["scenario"].null:
        values["scenario"] = keep.attempt(top["scenario"].text)
    if "assessment_date" in top and not top["assessment_date"].null:
        values["assessment_date"] = keep.attempt(top["assessment_date"].date)
    if "indicators" in top and not top["indicators"].null:
        values["indicators"] = keep.attempt(_chosen, top["indicators"])
    if "cell_size" in top and not top["cell_size"].null:
        values["cell_size"] = keep.attempt(top["cell_size"].number, 0.1, 100)
    if "methods" in top and not top["methods"].null:
        named = top["methods"].mapping(("all", *known_indicators()))
        ways = {k: keep.attempt(n.choice, METHODS) for k, n in named.items()}
        values["methods"] = {k: v for k, v in ways.items() if v is not None}
    keep.finish()
    twin = Twin(folder=folder, file=file, **values)
    if check_files:
        for part, entry in twin.layers():
            keep.attempt(_must_exist, entry, folder, root.file, part)
        keep.finish()
    return twin


def _must_exist(entry: LayerEntry, folder: Path | None, file: str, part: str) -> None:
    path = LayerEntry(entry.path).resolved(folder)
    if entry.is_file and not os.path.exists(path):
        raise Node(None, file, entry.line, part).problem("twin.file_missing", path=path)


def _listed(node: Node) -> list[Node]:
    return node.sequence() if isinstance(node.value, list) else [node]


def _context(node: Node, known: Functions, keep: Collector) -> dict[str, tuple[LayerEntry, ...]]:
    found: dict[str, tuple[LayerEntry, ...]] = {}
    for name, block in node.mapping().items():
        role = keep.attempt(_role, name, block)
        if role is None or block.null:
            continue
        entries = [keep.attempt(_context_entry, n, role, known) for n in _listed(block)]
        found[name] = tuple(e for e in entries if e is not None)
    return found


def _role(name: str, node: Node) -> Role:
    known = roles()
    if name not in known:
        raise node.problem("twin.role", word=name, remedy=remedy(name, known))
    return known[name]


def _context_entry(node: Node, role: Role, known: Functions) -> LayerEntry:
    if role.name == "current":
        return _surfaces(node, known)
    names = tuple(f.name for f in role.fields)
    entry = _entry(node, (*_ANY_LAYER, "owner", "quantity", *names),
                   (*names, *_OPEN_ROLE_FIELDS))  # fmt: skip
    if not isinstance(node.value, dict):
        return entry
    extra: dict[str, Any] = {}
    for f in role.fields:
        n = node.value.get(f.name)
        if n is None or n.null or f.name == "owner":
            continue
        if f.numeric:
            extra[f.name] = n.number(f.low, f.high)
        else:
            extra[f.name] = n.choice(f.choices) if f.choices else n.text()
    return dataclasses.replace(entry, extra=extra)


def _surfaces(node: Node, known: Functions) -> LayerEntry:
    """A layer of the design or of the current situation."""
    entry = _entry(node, (*_ANY_LAYER, *_SURFACES, *FIELDS), FIELDS)
    if not isinstance(node.value, dict):
        return entry
    block = node.value
    changes: dict[str, Any] = {}
    if "function" in block:
        changes["function"] = _column(block["function"])
    if "mapping" in block:
        changes["mapping"] = block["mapping"].text()
    if "functions" in block:
        one = isinstance(block["functions"].value, str)
        changes["functions"] = (_function(block["functions"], known) if one
                                else _terms(block["functions"], known))  # fmt: skip
    extra: dict[str, Any] = {}
    for name in FIELDS:
        n = block.get(name)
        if n is None or n.null:
            continue
        if name in BOOL_FIELDS:
            extra[name] = n.boolean()
        else:
            extra[name] = n.number() if name in NUMERIC_FIELDS else n.text()
    return dataclasses.replace(entry, extra=extra, **changes)


def _type_map(node: Node) -> LayerEntry:
    entry = _entry(node, (*_ANY_LAYER, "type", "types", "flags"), ())
    if not isinstance(node.value, dict):
        return entry
    block = node.value
    changes: dict[str, Any] = {}
    if "type" in block:
        changes["type"] = _column(block["type"])
    if "types" in block:
        changes["types"] = {k: n.text() for k, n in block["types"].mapping().items()}
    if "flags" in block:
        changes["flags"] = {k: n.text() for k, n in block["flags"].mapping(FLAGS).items()}
    return dataclasses.replace(entry, **changes)


def _entry(node: Node, allowed: Iterable[str], fields: Iterable[str] = ()) -> LayerEntry:
    """What every layer has in common; a bare text is the layer alone."""
    if isinstance(node.value, str):
        return LayerEntry(node.value, line=node.line)
    if not isinstance(node.value, dict) or "layer" not in node.value:
        node.mapping(allowed) if isinstance(node.value, dict) else None
        raise node.problem("twin.layer")
    block = node.mapping(allowed)
    values: dict[str, Any] = {"layer": block["layer"].text(), "line": block["layer"].line}
    if "filter" in block and not block["filter"].null:
        values["filter"] = block["filter"].text()
    if "fields" in block:
        values["fields"] = {k: _column(n) for k, n in block["fields"].mapping(fields).items()}
    if "date" in block and not block["date"].null:
        values["date"] = _when(block["date"])
    if "basis" in block and not block["basis"].null:
        values["basis"] = block["basis"].choice((BASIS_LEGAL, BASIS_INDICATIVE))
    if "sigma" in block and not block["sigma"].null:
        values["sigma"] = block["sigma"].number(0)
    if "owner" in block and not block["owner"].null:
        values["owner"] = block["owner"].choice(OWNERS)
    if "quantity" in block and not block["quantity"].null:
        values["quantity"] = block["quantity"].choice(QUANTITIES)
    if "band" in block and not block["band"].null:
        values["band"] = int(block["band"].number(1, 1000))
    return LayerEntry(**values)


def is_expression(column: str) -> bool:
    """Whether a column of the twin file is a QGIS expression, which the bridge works out while it
    reads (a column of that name is made); the engine does not look inside."""
    return column.startswith("=")


def _column(node: Node) -> str:
    """A column of the layer, or ``=`` and an expression over its columns."""
    word = node.text()
    if is_expression(word) and not word[1:].strip():
        raise node.problem("twin.expression")
    return word


def _when(node: Node) -> str:
    word = node.text()
    if not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", word):
        raise node.problem("twin.date", word=word)
    return word


def _terms(node: Node, known: Functions) -> dict[str, str]:
    return {k: _function(n, known) for k, n in node.mapping().items()}


def _function(node: Node, known: Functions) -> str:
    word = node.text()
    found = known.resolve(word)
    if found is None:
        raise node.problem("twin.function", word=word, remedy=remedy(word, known.names))
    return found


def _indicator(word: str, node: Node) -> str:
    if word not in known_indicators():
        raise node.problem("twin.indicator", word=word, remedy=remedy(word, known_indicators()))
    return word


def _chosen(node: Node) -> tuple[str, ...]:
    return tuple(_indicator(n.text(), n) for n in _listed(node))


def _profile_path(node: Node, folder: Path | None) -> str:
    word = node.text()
    beside = None if folder is None else folder / word
    return str(beside) if beside is not None and beside.exists() else word


def _profile(node: Node, path: str | None) -> Profile | None:
    if path is None:
        return None
    try:
        return shared_profile(path)
    except DgoError as error:
        raise node.problem("file.nested", why=error.message) from None


def _ambitions(node: Node, profile: Profile | None) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for key, block in node.mapping().items():
        zone = re.fullmatch(r"(?i)zone\s*(\d+)", key.strip())
        if key == "all":
            name = key
        elif zone:
            name = f"zone {int(zone[1])}"
        else:
            by = profile or shared_profile(DEFAULT_PROFILE)
            name = by.resolve_type(key) or ""
            if not name:
                raise block.problem("twin.ambition_key", word=key)
        values = {_indicator_part(k, n): n.number() for k, n in block.mapping().items()}
        found[name] = {**found.get(name, {}), **values}
    return found


def parse_ambitions(
    content: str, profile: Profile | None = None, name: str = "ambitions"
) -> dict[str, dict[str, float]]:
    """The block ``ambitions:`` from YAML or JSON text, with or without its key; ``name`` is what
    errors call the text. Raises ``DgoError`` as a twin file does."""
    return _ambitions(_block(content, name, "ambitions"), profile)


def parse_weights(content: str, name: str = "weights") -> tuple[dict[str, float], dict[str, float]]:
    """The same for ``weights:``: weights of indicators, weights of themes."""
    return _weights(_block(content, name, "weights"))


def _block(content: str, name: str, key: str) -> Node:
    root = parse_yaml(content, name)
    whole = root.value if isinstance(root.value, dict) else {}
    return whole[key] if list(whole) == [key] else root


def _indicator_part(word: str, node: Node) -> str:
    """An indicator, or one part of it: ``green.b``."""
    _indicator(word.partition(".")[0], node)
    return word


def _weights(node: Node) -> tuple[dict[str, float], dict[str, float]]:
    own: dict[str, float] = {}
    themes: dict[str, float] = {}
    for key, n in node.mapping((*known_indicators(), "themes")).items():
        if key == "themes":
            themes = {k: t.number(0, 1000) for k, t in n.mapping(THEMES).items()}
        else:
            own[key] = n.number(0, 1000)
    return own, themes


# --- parameters over the file -------------------------------------------------------------------
PARAMETERS = (*(f.name for f in dataclasses.fields(Twin)), "design_extra", "area_type_field")


def merge(twin: Twin, **parameters: Any) -> Twin:
    """The twin with parameters over it: parameter > twin file (design 6).

    Names are those of :class:`Twin`, and ``design_extra`` (added to the design) and
    ``area_type_field``. None, '' and empty lists change nothing. A layer is a :class:`LayerEntry`
    or a text; a text takes the place of the layer and keeps how the file reads it (terms, fields,
    mapping), but not its filter. ``context`` goes over the file role by role; ``functions``,
    ``weights``, ``theme_weights``, ``methods`` and ``ambitions`` key by key.
    """
    changes: dict[str, Any] = {}
    for name, value in parameters.items():
        if name not in PARAMETERS:
            raise DgoError("errors.twin.parameter", name=name, remedy=remedy(name, PARAMETERS))
        if value is None or (isinstance(value, (str, list, tuple, dict)) and len(value) == 0):
            continue
        changes[name] = value
    if "design" in changes:
        changes["design"] = _placed(changes["design"], twin.design)
    extra = changes.pop("design_extra", None)
    if extra is not None:
        below = changes.get("design", twin.design)
        changes["design"] = (*below, *_placed(extra, below[:1]))
    for name in ("area_types", "plan_area"):
        if name in changes:
            old = getattr(twin, name)
            changes[name] = _placed(changes[name], () if old is None else (old,))[0]
    column = changes.pop("area_type_field", None)
    if column is not None:
        entry = changes.get("area_types", twin.area_types)
        if entry is not None:
            changes["area_types"] = dataclasses.replace(entry, type=column)
    if "context" in changes:
        own = {r: _placed(v, twin.context.get(r, ())) for r, v in changes["context"].items()}
        changes["context"] = {**twin.context, **own}
    for name in ("functions", "weights", "theme_weights", "methods"):
        if name in changes:
            changes[name] = {**getattr(twin, name), **changes[name]}
    if "ambitions" in changes:
        both = {k: dict(v) for k, v in twin.ambitions.items()}
        for key, values in changes["ambitions"].items():
            both[key] = {**both.get(key, {}), **values}
        changes["ambitions"] = both
    if "indicators" in changes:
        changes["indicators"] = tuple(changes["indicators"])
    return dataclasses.replace(twin, **changes)


def _placed(value: Any, old: tuple[LayerEntry, ...]) -> tuple[LayerEntry, ...]:
    given = value if isinstance(value, (list, tuple)) else (value,)
    found = []
    for i, item in enumerate(given):
        if isinstance(item, LayerEntry):
            found.append(item)
        elif i < len(old):
            found.append(dataclasses.replace(old[i], layer=str(item), filter=""))
        else:
            found.append(LayerEntry(str(item)))
    return tuple(found)


# --- writing ------------------------------------------------------------------------------------
def dump(twin: Twin, folder: Path | None = None) -> str:
    """The twin as YAML text that :func:`parse_twin` reads back as the same twin.

    With ``folder`` (where the text will be kept) file paths are written relative to it where they
    are on the same drive, else as they are.
    """

    def block(entry: LayerEntry) -> dict[str, Any]:
        found = entry.entry()
        found["layer"] = _relative(entry, twin.folder, folder)
        return found

    found: dict[str, Any] = {}
    if twin.design:
        found["design"] = [block(e) for e in twin.design]
    if twin.functions:
        found["functions"] = dict(twin.functions)
    for name in ("area_types", "plan_area"):
        entry = getattr(twin, name)
        if entry is not None:
            found[name] = block(entry)
    if twin.context:
        found["context"] = {role: [block(e) for e in entries]
                            for role, entries in twin.context.items()}  # fmt: skip
    if twin.profile:
        found["profile"] = twin.profile
    if twin.ambitions:
        found["ambitions"] = {k: dict(v) for k, v in twin.ambitions.items()}
    weights: dict[str, Any] = dict(twin.weights)
    if twin.theme_weights:
        weights["themes"] = dict(twin.theme_weights)
    if weights:
        found["weights"] = weights
    if twin.scenario:
        found["scenario"] = twin.scenario
    if twin.assessment_date is not None:
        found["assessment_date"] = twin.assessment_date
    if twin.indicators:
        found["indicators"] = list(twin.indicators)
    if twin.cell_size is not None:
        found["cell_size"] = twin.cell_size
    if twin.methods:
        found["methods"] = dict(twin.methods)
    return str(yaml.safe_dump(_ready(found), sort_keys=False, allow_unicode=True, width=100))


def _relative(entry: LayerEntry, source: Path | None, target: Path | None) -> str:
    absolute = entry.resolved(source)
    path = absolute[: len(absolute) - len(entry.layer) + len(entry.path)]
    if target is None or not entry.is_file or not Path(path).is_absolute():
        return absolute
    try:
        near = Path(os.path.relpath(path, target)).as_posix()
    except ValueError:  # another drive
        return absolute
    return near + entry.layer[len(entry.path) :]


def _ready(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _ready(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_ready(v) for v in value]
    return value
