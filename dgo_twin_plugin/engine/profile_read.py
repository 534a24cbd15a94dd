"""Reading and validating a profile: every error names file, line, key and remedy."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from . import resources_path
from .functions import fold
from .indicators import known_indicators
from .norms import (
    ADOPTED,
    NAN,
    PROPOSAL,
    AreaType,
    Finding,
    IndicatorNorms,
    Law,
    Norm,
    PartNorms,
    Profile,
    Rate,
    Source,
)
from .words import DOWN, IMPORTANT, INDICATORS, LINEAR, LOG, THEMES, UP, DgoError, say
from .yaml_lines import Collector, Node, read_yaml

HEAD = ("id", "version", "title", "status", "adopted_by", "adopted_on", "min_coverage",
        "theme_weights", "sources")  # fmt: skip
STATUSES = (PROPOSAL, ADOPTED)
CONFIDENCES = ("V", "V*", "C", "K", "P", "low")
RANGES = ("fsi", "gsi", "floors", "osr", "mxi", "dwellings_ha")
_TYPE_KEYS = ("name", "imow", "aliases", "function", "intensity", *RANGES, "public_space", "source",
              "status", "confidence", "note")  # fmt: skip
_QUANTITY = ("unit", "direction", "scale", "sigma", "norms")
_NORM_KEYS = ("minimum", "basis", "optimum", "source", "status", "confidence", "note", "reason")
_LAW_KEYS = ("variant", "part", "set", "standard", "limit", "unit", "from", "until", "status",
             "source", "confidence", "note")  # fmt: skip
TYPOLOGY_KEYS = {
    "floors": (0.5, 100), "storey_height": (2, 10), "pitched_extra": (0, 10), "height": (0, 400),
    "disconnected": (0, 1), "green_roof": (0, 1), "blue_roof": (0, 1), "pv": (0, 1),
    "residential_share": (0, 1), "canopy_diameter": (0, 40), "storage": (0, 1e6),
}  # fmt: skip
_TYPOLOGY_WORDS = {"roof": ("flat", "pitched"), "dwelling_type": ("ground", "apartment"),
                   "bank": ("natural", "hard")}  # fmt: skip


def read_any(path: Path, seen: tuple[Path, ...] = ()) -> Profile:
    """A profile from a file that is complete by itself, or laid over its ``base``."""
    from .profile_overlay import lay_over_nodes

    root = read_yaml(path)
    if "base" not in root.mapping():
        return read_profile(path, root)
    if path.resolve() in seen:
        raise root.mapping()["base"].problem("profile.base_circle")
    base = root.mapping()["base"]
    from .norms import profile_path

    try:
        below = profile_path(base.text(), path.parent)
    except DgoError as error:
        raise base.problem("file.nested", why=error.message) from None
    return lay_over_nodes(read_any(below, (*seen, path.resolve())), root, path)


def read_profile(path: Path, root: Node) -> Profile:
    """A complete profile: profile.yml with area_types.yml and norms/*.yml beside it."""
    keep = Collector()
    top = root.mapping(HEAD, ("id", "version", "title", "status", "sources"))
    sources = {k: source(k, n) for k, n in top["sources"].mapping().items()}
    head = read_head(top)
    types_node = read_yaml(path.parent / "area_types.yml")
    area_types: dict[str, AreaType] = keep.attempt(read_area_types, types_node, sources) or {}
    indicators: dict[str, IndicatorNorms] = {}
    files = sorted((path.parent / "norms").glob("*.yml"))
    if not files:
        raise root.problem("profile.no_norms", folder=str(path.parent / "norms"))
    for file in files:
        found = keep.attempt(_norm_file, file, area_types, sources) if area_types else None
        if found is not None:
            indicators[found.id] = found
    shared = resources_path.profiles()
    typology = path.parent / "typology.yml"
    typology = typology if typology.is_file() else shared / "typology.yml"
    rates = path.parent / "rates.yml"
    rates = rates if rates.is_file() else shared / "rates.yml"
    defaults = (keep.attempt(_typology_file, typology, area_types) if area_types else None) or {}
    rate_table = keep.attempt(_rates_file, rates)
    keep.finish()
    ordered = dict(sorted(indicators.items(), key=lambda kv: kv[1].code))
    return seal(Profile(
        **head, sources=sources, area_types=area_types, indicators=ordered, defaults=defaults,
        rates=rate_table, files=tuple(str(p) for p in (path, types_node.file, *files)),
    ))  # fmt: skip


def seal(profile: Profile) -> Profile:
    """The profile with its findings and its hash."""
    profile = dataclasses.replace(profile, findings=tuple(_findings(profile)))
    moving = {
        f.name: getattr(profile, f.name) for f in dataclasses.fields(profile)
        if f.name not in ("hash", "files", "findings", "reasons", "base")
    }  # fmt: skip
    content = json.dumps(_canonical(moving), sort_keys=True, ensure_ascii=False)
    return dataclasses.replace(profile, hash=hashlib.sha256(content.encode()).hexdigest())


def _canonical(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _canonical(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): _canonical(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_canonical(v) for v in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return repr(float(value))
    return str(value)


def _findings(profile: Profile) -> list[Finding]:
    found = [
        Finding("indicator_missing", IMPORTANT, i, "", {"indicator": say(f"indicators.{i}.name")})
        for i in INDICATORS if i not in profile.indicators
    ]  # fmt: skip
    for indicator in profile.indicators.values():
        for law in indicator.law:
            part = indicator.parts.get(law.part)
            if part is None or part.unit != law.unit or law.limit != law.limit:
                continue
            for area_type, norm in part.norms.items():
                if norm is None:
                    continue
                stricter = law.limit > norm.minimum if part.up else law.limit < norm.minimum
                if stricter:
                    found.append(Finding("limit_stricter", IMPORTANT, indicator.id, area_type, {
                        "indicator": say(f"indicators.{indicator.id}.name"),
                        "code": indicator.code, "area_type": area_type, "variant": law.variant,
                        "part": law.part, "limit": law.limit, "minimum": norm.minimum,
                        "unit": law.unit, "start": law.start.isoformat(),
                    }))  # fmt: skip
    return found


# --- parts of the file ------------------------------------------------------------------------
def read_head(top: dict[str, Node]) -> dict[str, Any]:
    """id, version, title, status, adoption, coverage and theme weights of a full profile."""
    status = top["status"].choice(STATUSES)
    by = top["adopted_by"].text() if "adopted_by" in top and not top["adopted_by"].null else None
    on = top["adopted_on"].date() if "adopted_on" in top and not top["adopted_on"].null else None
    if status == ADOPTED and (by is None or on is None):
        raise top["status"].problem("profile.adopted")
    weights = {t: 1.0 for t in THEMES}
    if "theme_weights" in top:
        weights.update({k: n.number(0, 1000)
                        for k, n in top["theme_weights"].mapping(THEMES).items()})  # fmt: skip
    coverage = top["min_coverage"].number(0, 1) if "min_coverage" in top else 0.5
    return {"id": top["id"].text(), "version": top["version"].text(),
            "title": top["title"].languages(), "status": status, "adopted_by": by,
            "adopted_on": on, "min_coverage": coverage, "theme_weights": weights}  # fmt: skip


def source(key: str, node: Node) -> Source:
    block = node.mapping(("nl", "en", "date", "url"), ("nl", "en"))
    return Source(
        key, {lang: block[lang].text() for lang in ("nl", "en")},
        block["date"].date() if "date" in block and not block["date"].null else None,
        block["url"].text() if "url" in block else "",
    )  # fmt: skip


def read_area_types(root: Node, sources: dict[str, Source]) -> dict[str, AreaType]:
    """All area types of a file; a term that means two of them is refused."""
    top = root.mapping(("source", "status", "confidence", "note", "area_types"), ("area_types",))
    general = _attribution(top, sources, {})
    entries = {k: area_type(k, n, sources, general)
               for k, n in top["area_types"].mapping().items()}  # fmt: skip
    check_terms(entries, top["area_types"])
    return entries


def check_terms(entries: dict[str, AreaType], block: Node) -> None:
    """Refuse a name, code or alias that stands for two area types."""
    nodes = block.mapping()
    seen: dict[str, str] = {}
    for key, entry in entries.items():
        for term in (key, *entry.name.values(), *entry.imow, *entry.aliases):
            other = seen.setdefault(fold(term), key)
            if other != key:
                where = nodes.get(key) or nodes.get(other) or block
                raise where.problem("file.term_twice", word=term, other=other)


def area_type(
    key: str, node: Node, sources: dict[str, Source], general: dict[str, Any],
    base: AreaType | None = None,
) -> AreaType:  # fmt: skip
    """One area type; over ``base`` only what is given changes."""
    block = node.mapping(_TYPE_KEYS, () if base else ("name",))
    values: dict[str, Any] = dict(general)
    for name in ("name", "function", "intensity"):
        if name in block:
            values[name] = block[name].languages()
    for name in ("imow", "aliases"):
        if name in block:
            values[name] = block[name].texts()
    for name in RANGES:
        if name in block:
            values[name] = _range(block[name])
    if "public_space" in block:
        shares = block["public_space"].mapping(("sealed", "green", "water"))
        values["public_space"] = {k: _range(n) for k, n in shares.items()}
    values.update(_attribution(block, sources, {}))
    return dataclasses.replace(base, **values) if base else AreaType(key, **values)


def _range(node: Node) -> tuple[float, float] | None:
    if node.null:
        return None
    pair = [n.number(0) for n in node.sequence()]
    if len(pair) != 2 or pair[0] > pair[1]:
        raise node.problem("file.pair")
    return pair[0], pair[1]


def _attribution(
    block: dict[str, Node], sources: dict[str, Source], general: dict[str, Any]
) -> dict[str, Any]:
    """source, status, confidence and note where given, over the file's own."""
    values = dict(general)
    if "source" in block:
        values["source"] = block["source"].choice(sources)
    if "status" in block:
        values["status"] = block["status"].choice(STATUSES)
    if "confidence" in block:
        values["confidence"] = block["confidence"].choice(CONFIDENCES)
    if "note" in block:
        values["note"] = block["note"].languages()
    return values


def _norm_file(
    path: Path, area_types: dict[str, AreaType], sources: dict[str, Source]
) -> IndicatorNorms:
    root = read_yaml(path)
    general_keys = ("indicator", "code", "theme", "weight", "source", "status", "confidence",
                    "note", "law", "references")  # fmt: skip
    needed = ("indicator", "code", "theme", "source", "status", "confidence")
    head = root.mapping((*general_keys, *_QUANTITY, "parts"), needed)
    indicator = head["indicator"].choice(known_indicators())
    if indicator != path.stem:
        raise head["indicator"].problem("profile.file_name", name=f"{indicator}.yml")
    general = _attribution(head, sources, {})
    if "parts" in head:
        root.mapping((*general_keys, "parts"))
        parts = {k: _quantity(k, n, area_types, sources, general)
                 for k, n in head["parts"].mapping().items()}  # fmt: skip
    else:
        root.mapping(None, _QUANTITY)
        parts = {"": _quantity("", root, area_types, sources, general)}
    laws, references = (
        tuple(_law(indicator, n, parts, sources, statuses) for n in head[key].sequence())
        if key in head and not head[key].null else ()
        for key, statuses in (("law", ("law",)),
                              ("references", ("guideline", "policy", "proposal")))
    )  # fmt: skip
    _check_overlapping(head, laws)
    return IndicatorNorms(
        indicator, head["code"].text(), head["theme"].choice(THEMES),
        head["weight"].number(0, 1000) if "weight" in head else 1.0, parts, laws, references,
    )  # fmt: skip


def _quantity(
    key: str, node: Node, area_types: dict[str, AreaType], sources: dict[str, Source],
    general: dict[str, Any],
) -> PartNorms:  # fmt: skip
    block = node.mapping(None if key == "" else _QUANTITY, _QUANTITY)
    direction, scale = block["direction"].choice((UP, DOWN)), block["scale"].choice((LINEAR, LOG))
    rows = block["norms"].mapping(area_types)
    missing = [t for t in area_types if t not in rows]
    if missing:
        raise block["norms"].problem("profile.types_missing", types=", ".join(missing))
    norms = {t: norm(rows[t], direction, scale, sources, general) for t in area_types}
    return PartNorms(key, block["unit"].text(), direction, scale, sigma(block["sigma"]), norms)


def sigma(node: Node) -> tuple[float, str]:
    """A spread: a number and whether it is absolute, relative or in decades."""
    block = node.mapping(("value", "kind"), ("value", "kind"))
    return block["value"].number(0), block["kind"].choice(("absolute", "relative", "decades"))


def norm(
    node: Node, direction: str, scale: str, sources: dict[str, Source], general: dict[str, Any]
) -> Norm | None:
    """``nvt``, [minimum, basis, optimum], or the three as keys with their own source."""
    if isinstance(node.value, str) and node.value.casefold() in ("nvt", "n/a"):
        return None
    values = dict(general)
    if isinstance(node.value, list):
        numbers = [n.number() for n in node.value]
        if len(numbers) != 3:
            raise node.problem("profile.three")
    else:
        if not isinstance(node.value, dict):
            raise node.problem("profile.three")
        block = node.mapping(_NORM_KEYS, ("minimum", "basis", "optimum"))
        numbers = [block[k].number() for k in ("minimum", "basis", "optimum")]
        values = _attribution(block, sources, general)
    m, b, o = numbers
    if not (m < b < o if direction == UP else m > b > o):
        raise node.problem("profile.order", minimum=m, basis=b, optimum=o,
                           direction=say("words.direction." + direction))  # fmt: skip
    if scale == LOG and min(numbers) <= 0:
        raise node.problem("profile.log", value=min(numbers))
    return Norm(m, b, o, **values)


def _law(
    indicator: str, node: Node, parts: dict[str, PartNorms], sources: dict[str, Source],
    statuses: tuple[str, ...],
) -> Law:  # fmt: skip
    block = node.mapping(_LAW_KEYS, ("variant", "unit", "from", "status", "source", "confidence"))
    limit, standard = (
        block[k].number() if k in block and not block[k].null else NAN
        for k in ("limit", "standard")
    )
    if limit != limit and standard != standard:
        raise node.problem("profile.law_empty")
    start = block["from"].date()
    end = block["until"].date() if "until" in block and not block["until"].null else None
    if end is not None and end < start:
        raise block["until"].problem("profile.dates")
    where = block["source"].choice(sources)
    return Law(
        indicator, block["variant"].text(), limit, standard, block["unit"].text(), start, end,
        where, block["status"].choice(statuses), block["confidence"].choice(CONFIDENCES),
        part=block["part"].text() if "part" in block else "",
        set=block["set"].text() if "set" in block else "", text=dict(sources[where].title),
        note=block["note"].languages() if "note" in block else {},
    )  # fmt: skip


def _check_overlapping(head: dict[str, Node], laws: tuple[Law, ...]) -> None:
    """Two entries for one variant and part may not be in force on one day."""
    for i, a in enumerate(laws):
        for j in range(i):
            b = laws[j]
            same = (a.variant, a.part, a.set) == (b.variant, b.part, b.set)
            if same and (a.in_force(b.start) or b.in_force(a.start)):
                raise head["law"].sequence()[i].problem("profile.law_twice", variant=a.variant)


def _typology_file(path: Path, area_types: dict[str, AreaType]) -> dict[str, Any]:
    root = read_yaml(path)
    top = root.mapping(("source", "confidence", "fallback", "every_type", "area_types"),
                       ("fallback", "area_types"))  # fmt: skip
    return {
        "fallback": typology_block(top["fallback"]),
        "every_type": typology_block(top["every_type"]) if "every_type" in top else {},
        "area_types": {k: typology_block(n)
                       for k, n in top["area_types"].mapping(area_types).items()},
    }  # fmt: skip


def typology_block(node: Node) -> dict[str, Any]:
    """Defaults of one block of typology.yml, validated."""
    keys = (*TYPOLOGY_KEYS, *_TYPOLOGY_WORDS, "beng2", "mpg", "existing", "public")
    found: dict[str, Any] = {}
    for key, n in node.mapping(keys).items():
        if isinstance(n.value, dict):
            block = n.mapping(("norm", "anchor", "times"), ("norm", "anchor"))
            found[key] = {
                "norm": block["norm"].choice(known_indicators()),
                "anchor": block["anchor"].choice(("minimum", "basis", "optimum")),
                "times": block["times"].number() if "times" in block else 1.0,
            }
        elif key in TYPOLOGY_KEYS:
            found[key] = n.number(*TYPOLOGY_KEYS[key])
        elif key in _TYPOLOGY_WORDS:
            found[key] = n.choice(_TYPOLOGY_WORDS[key])
        elif key in ("beng2", "mpg"):
            found[key] = n.choice(("limit",)) if isinstance(n.value, str) else n.number(0)
        else:
            found[key] = n.boolean()
    return found


def _rates_file(path: Path) -> dict[str, Rate]:
    top = read_yaml(path).mapping(("version", "date", "rates"), ("rates",))
    return {k: rate(n) for k, n in top["rates"].mapping().items()}


def rate(node: Node) -> Rate:
    """One rate: value, unit, source, confidence."""
    block = node.mapping(("value", "unit", "source", "confidence"), ("value", "unit", "source",
                                                                     "confidence"))  # fmt: skip
    return Rate(block["value"].number(0), block["unit"].text(), block["source"].text(),
                block["confidence"].choice(CONFIDENCES))  # fmt: skip
