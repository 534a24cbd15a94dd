"""Method cards: what an indicator is, worked out of its specification and the profile.

Nothing of a card is written by hand beside the texts of the indicator itself: inputs, norms, law,
spreads and overlap follow from what the engine uses. Rendered as one HTML page, or as Markdown for
``docs/methods``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..engine.indicators import all_indicators
from ..engine.indicators.spec import Indicator, Input
from ..engine.models.tables import constants
from ..engine.norms import Law, PartNorms, Profile, load_profile
from ..engine.resources_path import resources
from ..engine.roles import roles
from ..engine.spread_table import spread_table
from ..engine.texts import has_text, language, number, text
from ..engine.twin import DEFAULT_PROFILE
from ..engine.words import DgoError
from .shown import NOTHING, word

Row = dict[str, Any]
# Inputs that say which buildings count and how much, not what is measured there: no overlap.
WEIGHTS = ("existing", "use_class", "dwelling_type", "current", "dwellings", "gfa", "population",
           "residential_share")  # fmt: skip


def build(names: Sequence[str] = (), profile: str = "", lang: str = "") -> Row:
    """The context of the templates: cards of the indicators ``names`` (all where none is named)
    under a profile (the shipped one). Raises ``DgoError`` for an unknown indicator or profile."""
    lang = lang or language()
    norms = load_profile(profile or DEFAULT_PROFILE)
    specs = {spec.id: spec for spec in all_indicators()}
    for name in names:
        if name not in specs:
            raise DgoError("cards.error.indicator", name=name, known=", ".join(specs))
    wanted = [spec for spec in specs.values() if not names or spec.id in names]
    return {
        "lang": lang,
        "profile": {"title": norms.title.get(lang, norms.id), "id": norms.id,
                    "version": norms.version, "status": text(f"norms.status.{norms.status}", lang),
                    "adopted": norms.adopted},
        "types": [{"id": t.id, "name": t.name.get(lang, t.id)} for t in norms.area_types.values()],
        "cards": [card(spec, norms, lang) for spec in wanted],
    }  # fmt: skip


def card(spec: Indicator, profile: Profile, lang: str) -> Row:
    """One card as plain texts."""

    def own(key: str) -> str:
        return text(f"indicators.{spec.id}.{key}", lang)

    entry = profile.indicators.get(spec.id)
    return {
        "id": spec.id, "code": spec.code, "name": own("name"), "about": own("about"),
        "theme": word("theme", spec.theme, lang), "formula": own("formula"),
        "standard": spec.standard or NOTHING, "method": spec.method or NOTHING,
        "validity": own("validity"), "limits": own("limits"),
        "weight": _word("weight", spec.weight, lang), "combine": spec.combine,
        "places": _word("places", spec.places, lang),
        "radius": f"{number(spec.radius, lang)} m" if spec.radius else NOTHING,
        "parts": [_part(spec, part, profile, lang) for part in spec.parts],
        "inputs": [_input(spec, each, profile, lang) for each in spec.inputs],
        "spreads": _spreads(spec, profile, lang),
        "norms": [_norms(spec, part, profile, lang)
                  for part in (entry.parts.values() if entry else ())],
        "law": [_law(law, profile, lang) for law in (entry.law if entry else ())],
        "references": [_law(law, profile, lang) for law in (entry.references if entry else ())],
        "decides": _decides(spec, bool(entry and entry.law), lang),
        "validation": _validation(spec, lang), "overlap": _overlap(spec, lang),
    }  # fmt: skip


def _word(group: str, code: str, lang: str) -> str:
    key = f"cards.{group}.{code}"
    return text(key, lang) if has_text(key, lang) else code


def _unit(unit: str, lang: str) -> str:
    key = f"words.unit.{unit}"
    return (text(key, lang) if has_text(key, lang) else unit) or NOTHING


def part_name(spec: Indicator, part: str, lang: str) -> str:
    """The name of a quantity of an indicator; its own name for the unnamed part."""
    for key in (f"indicators.{spec.id}.part.{part}", f"words.part.{spec.id}.{part}"):
        if part and has_text(key, lang):
            return text(key, lang)
    return text(f"indicators.{spec.id}.name", lang) if not part else part


def _part(spec: Indicator, part: Any, profile: Profile, lang: str) -> Row:
    norms = profile.part(spec.id, part.id)
    direction = text(f"words.direction.{norms.direction}", lang) if norms else NOTHING
    scale = text(f"words.scale.{norms.scale}", lang) if norms else NOTHING
    return {"name": part_name(spec, part.id, lang), "unit": _unit(part.unit, lang),
            "reduce": _word("reduce", part.reduce, lang),
            "marked": not part.informative, "direction": direction, "scale": scale}  # fmt: skip


# --- inputs ---------------------------------------------------------------------------------------
def _input(spec: Indicator, given: Input, profile: Profile, lang: str) -> Row:
    needed = "needed" if given.needed else "optional"
    if given.needed and given.group:
        needed = "one_of"
    unit, default = NOTHING, NOTHING
    if given.kind == "role":
        role = roles().get(given.name)
        unit = (role.unit if role else "") or NOTHING
        source = text("cards.from.context", lang)
    else:
        default = _default(given.name, profile, lang)
        source = text("cards.from.design", lang)
    return {"name": _label(given, lang), "id": given.name,
            "kind": text(f"cards.kind.{given.kind}", lang),
            "needed": text(f"cards.needed.{needed}", lang, group=given.group), "unit": unit,
            "default": default, "source": source}  # fmt: skip


def _label(given: Input, lang: str) -> str:
    """The name of an input as people read it."""
    if given.kind == "role":
        role = roles().get(given.name)
        return role.label.get(lang, given.name) if role else given.name
    key = f"fields.{given.name}"
    return text(key, lang) if has_text(key, lang) else given.name


def _default(field: str, profile: Profile, lang: str) -> str:
    """What stands for an empty field, and where that comes from."""
    if field in ("dwellings", "population", "gfa", "height"):
        return text(f"cards.default.{field}", lang)
    found = {str(profile.typology(name).get(field)) for name in profile.area_types}
    found.discard("None")
    if not found:
        return text("cards.default.none", lang)
    if found == {"limit"}:
        return text("cards.default.limit", lang)
    if len(found) > 1:
        shown = sorted({_shown(value, lang) for value in found})
        return text("cards.default.by_type", lang, values=" · ".join(shown))
    return text("cards.default.typology", lang, value=_shown(next(iter(found)), lang))


def _shown(value: str, lang: str) -> str:
    key = f"cards.value.{value}"
    if has_text(key, lang):
        return text(key, lang)
    try:
        return number(float(value), lang)
    except ValueError:
        return value


# --- spreads --------------------------------------------------------------------------------------
def _spreads(spec: Indicator, profile: Profile, lang: str) -> list[Row]:
    found = []
    entry = profile.indicators.get(spec.id)
    for part in entry.parts.values() if entry else ():
        name = part_name(spec, part.id, lang)
        found.append({"input": text("cards.spread.method", lang, name=name),
                      "sigma": _sigma(part, lang),
                      "source": text("cards.spread.profile", lang)})  # fmt: skip
    own = constants("input_spreads").get(spec.id) or {}
    if spec.id == "renewable_generation":
        own = {k: v for k, v in constants("energy")["spread"].items()
               if isinstance(v, (int, float))}  # fmt: skip
    for key, value in own.items():
        shown = f"{number(float(value), lang)}"
        found.append({"input": _word("spreads", key, lang), "sigma": shown,
                      "source": text("cards.spread.input", lang)})  # fmt: skip
    table = spread_table().fields
    for given in spec.inputs:
        sigma = table.get(given.name) if given.kind == "field" else None
        if sigma is not None:
            found.append({"input": text("cards.spread.default", lang, name=_label(given, lang)),
                          "sigma": _shown_sigma(sigma.sigma, sigma.kind, "", lang),
                          "source": text("cards.spread.defaults", lang)})  # fmt: skip
    return found


def _sigma(part: PartNorms, lang: str) -> str:
    return _shown_sigma(*part.sigma, _unit(part.unit, lang), lang)


def _shown_sigma(value: float, kind: str, unit: str, lang: str) -> str:
    shown = number(100.0 * value if kind == "relative" else value, lang)
    return text(f"cards.sigma.{kind}", lang, value=shown, unit=unit).rstrip()


# --- norms and law --------------------------------------------------------------------------------
def _norms(spec: Indicator, part: PartNorms, profile: Profile, lang: str) -> Row:
    rows, sources = [], set()
    for area_type, norm in part.norms.items():
        if norm is None:
            rows.append({"type": area_type, "values": None, "status": "", "confidence": ""})
            continue
        values = [number(v, lang) for v in (norm.minimum, norm.basis, norm.optimum)]
        sources.add((norm.source, norm.status, norm.confidence))
        rows.append({"type": area_type, "values": values, "status": norm.status,
                     "confidence": norm.confidence})  # fmt: skip
    return {"part": part_name(spec, part.id, lang) if part.id else "",
            "unit": _unit(part.unit, lang), "rows": rows, "sources": [
                {"source": profile.source_text(s, lang), "status": word("norm_status", st, lang),
                 "confidence": word("confidence", c, lang)}
                for s, st, c in sorted(sources)]}  # fmt: skip


def _law(law: Law, profile: Profile, lang: str) -> Row:
    def figure(value: float) -> str:
        return NOTHING if value != value else number(value, lang)

    until = law.end.isoformat() if law.end else text("cards.open_end", lang)
    source = profile.source_text(law.source, lang)
    return {"variant": word("source_kind", law.variant, lang), "set": law.set,
            "limit": figure(law.limit), "standard": figure(law.standard),
            "unit": _unit(law.unit, lang),
            "from": law.start.isoformat(), "until": until, "source": source,
            "status": word("norm_status", law.status, lang),
            "confidence": word("confidence", law.confidence, lang),
            "disputed": law.confidence == "low", "note": law.note.get(lang, "")}  # fmt: skip


def _decides(spec: Indicator, lawful: bool, lang: str) -> list[str]:
    """Who decides: an indicator's own sentence (key ``decides``), else by what there is."""
    own = f"indicators.{spec.id}.decides"
    if has_text(own, lang):
        return [text(own, lang)]
    kinds = ("law", "norms") if lawful else ("norms",)
    return [text(f"cards.decides.{kind}", lang) for kind in kinds]


def _validation(spec: Indicator, lang: str) -> Row:
    """Where its figures are held against others: a page of docs/validation, or the plain statement
    that no reference is known."""
    name = constants("cards")["pages"].get(spec.id)
    if not name:
        return {"page": "", "text": text("cards.validation.none", lang)}
    page = f"docs/validation/{name}.md"
    return {"page": page, "text": text("cards.validation.page", lang, page=page)}


# --- overlap --------------------------------------------------------------------------------------
def _overlap(spec: Indicator, lang: str) -> list[Row]:
    """Other indicators that read the same roles and fields, or the same kind of drawn features,
    most first: what moves this one moves them too, so a gain is not three gains (indicators,
    attack 9)."""
    mine = [i for i in spec.inputs if i.name not in WEIGHTS]
    found = []
    for other in all_indicators():
        theirs = {i.name for i in other.inputs}
        both = [_label(i, lang) for i in mine if i.name in theirs]
        for group in constants("cards")["drawn"]:
            if {spec.id, other.id} <= set(group["indicators"]):
                both.append(str(group["name"][lang]))
        if other.id != spec.id and both:
            found.append({"code": other.code, "id": other.id, "count": len(both),
                          "name": text(f"indicators.{other.id}.name", lang),
                          "shared": ", ".join(both)})  # fmt: skip
    return sorted(found, key=lambda row: (-row["count"], row["code"]))


# --- rendering ------------------------------------------------------------------------------------
def render(template: str, context: Row) -> str:
    """A template of ``resources/report`` filled in."""
    import jinja2  # here: only reports need it

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(resources() / "report")),
        autoescape=template.endswith(".html.j2"), undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)  # fmt: skip

    def translate(key: str, **params: Any) -> str:
        return text(f"cards.{key}", context["lang"], **params)

    return str(environment.get_template(template).render(t=translate, **context))


def html(names: Sequence[str] = (), profile: str = "", lang: str = "") -> str:
    """The cards as one page that stands alone."""
    return render("cards.html.j2", build(names, profile, lang))


def markdown(name: str, lang: str, profile: str = "") -> str:
    """One card as Markdown."""
    context = build([name], profile, lang)
    return render("card.md.j2", {**context, "card": context["cards"][0]})


def write(target: str | Path, page: str) -> Path:
    """Write a page; an older file is replaced only by a complete one. Raises ``DgoError``."""
    target = Path(target)
    fresh = target.with_name(target.name + ".part")
    try:
        with fresh.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(page)
        os.replace(fresh, target)
    except OSError as problem:
        if fresh.exists():
            fresh.unlink()
        raise DgoError("report.error.write", path=str(target),
                       detail=problem.strerror or str(problem)) from problem  # fmt: skip
    return target
