"""A municipality's file over the province's profile, and the listing of what it changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from .norms import (
    ADOPTED,
    PROPOSAL,
    Difference,
    IndicatorNorms,
    Norm,
    PartNorms,
    Profile,
    Source,
)
from .profile_read import (
    HEAD,
    STATUSES,
    area_type,
    check_terms,
    norm,
    rate,
    seal,
    sigma,
    source,
    typology_block,
)
from .words import THEMES
from .yaml_lines import Collector, Node, read_yaml

_KEYS = (*HEAD, "base", "note", "norms", "area_types", "typology", "rates")


def lay_over(base: Profile, path: Path) -> Profile:
    """``base`` with the file at ``path`` laid over it, whatever base the file itself names."""
    return lay_over_nodes(base, read_yaml(path), path)


def lay_over_nodes(base: Profile, root: Node, path: Path) -> Profile:
    """Only what the file gives changes; ``law:`` may not be touched. All problems are named."""
    keep = Collector()
    for where in (root, *root.mapping().get("norms", Node({}, "", 0, "")).mapping().values()):
        if isinstance(where.value, dict):
            for key in ("law", "references"):
                if key in where.value:
                    raise where.value[key].problem("profile.law_overlay")
    top = root.mapping(_KEYS, ("id", "version", "title"))
    sources = dict(base.sources)
    if "sources" in top:
        sources.update({k: source(k, n) for k, n in top["sources"].mapping().items()})
    own = f"profile:{top['id'].text()}"
    sources[own] = Source(own, top["title"].languages())
    head = _head(top, base)
    general = {"source": own, "status": head["status"], "confidence": "P"}
    reasons = dict(base.reasons)
    types = dict(base.area_types)
    if "area_types" in top:
        for key, node in top["area_types"].mapping(types).items():
            changed = keep.attempt(area_type, key, node, sources, {"source": own}, types[key])
            types[key] = changed or types[key]
        keep.attempt(check_terms, types, top["area_types"])
    indicators = dict(base.indicators)
    if "norms" in top:
        for key, node in top["norms"].mapping(indicators).items():
            below_it = indicators[key]
            changed = keep.attempt(_indicator, below_it, node, base, sources, general, reasons)
            indicators[key] = changed or below_it
    defaults = {k: dict(v) for k, v in base.defaults.items()}
    if "typology" in top:
        for key, node in top["typology"].mapping(types).items():
            below = defaults["area_types"].get(key, {})
            defaults["area_types"][key] = {**below, **(keep.attempt(typology_block, node) or {})}
    rates = dict(base.rates)
    if "rates" in top:
        for key, node in top["rates"].mapping(rates).items():
            rates[key] = keep.attempt(rate, node) or rates[key]
    keep.finish()
    return seal(dataclasses.replace(
        base, **head, sources=sources, area_types=types, indicators=indicators, defaults=defaults,
        rates=rates, base=base.id, files=(*base.files, str(path)), reasons=reasons,
    ))  # fmt: skip


def _head(top: dict[str, Node], base: Profile) -> dict[str, Any]:
    status = top["status"].choice(STATUSES) if "status" in top else PROPOSAL
    by = top["adopted_by"].text() if "adopted_by" in top and not top["adopted_by"].null else None
    on = top["adopted_on"].date() if "adopted_on" in top and not top["adopted_on"].null else None
    if status == ADOPTED and (by is None or on is None):
        raise top["status"].problem("profile.adopted")
    weights = dict(base.theme_weights)
    if "theme_weights" in top:
        weights.update({k: n.number(0, 1000)
                        for k, n in top["theme_weights"].mapping(THEMES).items()})  # fmt: skip
    coverage = top["min_coverage"].number(0, 1) if "min_coverage" in top else base.min_coverage
    return {"id": top["id"].text(), "version": top["version"].text(),
            "title": top["title"].languages(), "status": status, "adopted_by": by,
            "adopted_on": on, "min_coverage": coverage, "theme_weights": weights}  # fmt: skip


def _indicator(
    below: IndicatorNorms, node: Node, base: Profile, sources: dict[str, Source],
    general: dict[str, Any], reasons: dict[str, dict[str, str]],
) -> IndicatorNorms:  # fmt: skip
    many = tuple(below.parts) != ("",)
    block = node.mapping(("weight", "parts") if many else ("weight", "sigma", *base.area_types))
    parts = dict(below.parts)
    if many:
        for key, n in (block["parts"].mapping(below.parts) if "parts" in block else {}).items():
            parts[key] = _part(parts[key], n, below.id, base, sources, general, reasons)
    else:
        rows = Node(
            {k: n for k, n in block.items() if k != "weight"}, node.file, node.line, node.key
        )
        parts[""] = _part(parts[""], rows, below.id, base, sources, general, reasons)
    weight = block["weight"].number(0, 1000) if "weight" in block else below.weight
    return dataclasses.replace(below, weight=weight, parts=parts)


def _part(
    below: PartNorms, node: Node, indicator: str, base: Profile, sources: dict[str, Source],
    general: dict[str, Any], reasons: dict[str, dict[str, str]],
) -> PartNorms:  # fmt: skip
    rows = dict(below.norms)
    block = node.mapping(("sigma", *base.area_types))
    for key, n in block.items():
        if key == "sigma":
            continue
        rows[key] = norm(n, below.direction, below.scale, sources, general)
        if isinstance(n.value, dict) and "reason" in n.value:
            reasons[f"{indicator}.{below.id}.{key}"] = n.value["reason"].languages()
    spread = sigma(block["sigma"]) if "sigma" in block else below.sigma
    return dataclasses.replace(below, norms=rows, sigma=spread)


def differences(a: Profile, b: Profile) -> list[Difference]:
    """What profile ``b`` has otherwise than ``a``, in the order of the indicators."""
    found: list[Difference] = []

    def add(kind: str, old: Any, new: Any, **where: Any) -> None:
        if old != new:
            found.append(Difference(kind, old, new, **where))

    add("status", a.status, b.status, key="status")
    add("min_coverage", a.min_coverage, b.min_coverage, key="min_coverage")
    for theme in sorted({*a.theme_weights, *b.theme_weights}):
        add("theme_weight", a.theme_weights.get(theme), b.theme_weights.get(theme), key=theme)
    for key in sorted({*a.area_types, *b.area_types}):
        x, y = a.area_types.get(key), b.area_types.get(key)
        for f in dataclasses.fields(x or y):  # type: ignore[arg-type]
            if f.name not in ("source", "status", "confidence", "note"):
                add("area_type", getattr(x, f.name, None), getattr(y, f.name, None),
                    area_type=key, key=f.name)  # fmt: skip
    for key in [*a.indicators, *(k for k in b.indicators if k not in a.indicators)]:
        _indicator_differences(key, a, b, found, add)
    for key in sorted({*a.area_types, *b.area_types}):
        here, there = a.typology(key), b.typology(key)
        for name in sorted({*here, *there}):
            add("typology", here.get(name), there.get(name), area_type=key, key=name)
    for key in sorted({*a.rates, *b.rates}):
        old, new = a.rates.get(key), b.rates.get(key)
        add("rate", old and old.value, new and new.value, key=key)
    return found


def _indicator_differences(
    key: str, a: Profile, b: Profile, found: list[Difference], add: Any
) -> None:
    x, y = a.indicators.get(key), b.indicators.get(key)
    add("weight", x and x.weight, y and y.weight, indicator=key, key="weight")
    for part in dict.fromkeys((*(x.parts if x else ()), *(y.parts if y else ()))):
        p, q = a.part(key, part), b.part(key, part)
        add("sigma", p and p.sigma, q and q.sigma, indicator=key, part=part, key="sigma")
        for t in dict.fromkeys((*(p.norms if p else ()), *(q.norms if q else ()))):
            old, new = _anchors(a.norm(key, t, part)), _anchors(b.norm(key, t, part))
            if old != new:
                reason = b.reasons.get(f"{key}.{part}.{t}", {})
                found.append(Difference("norm", old, new, key, part, t, "norms", reason))
    law = [(w.variant, w.part, w.limit, w.standard, w.start, w.end) if w else None
           for w in (x.law if x else ())]  # fmt: skip
    other = [(w.variant, w.part, w.limit, w.standard, w.start, w.end) if w else None
             for w in (y.law if y else ())]  # fmt: skip
    if repr(law) != repr(other):
        found.append(Difference("law", len(law), len(other), indicator=key, key="law"))


def _anchors(row: Norm | None) -> tuple[float, float, float] | None:
    return None if row is None else (row.minimum, row.basis, row.optimum)
