"""What hovers beside the pointer over the live layer: an HTML template of QGIS."""

from __future__ import annotations

import html

from ..engine.assessment import Assessment
from ..engine.texts import text
from ..engine.why_words import unit
from ..layers.styles import shown_mark_expression
from ..reports.shown import indicator as name_of


def template(assessment: Assessment, indicator: str, lang: str) -> str:
    """Value and mark of the place from its attributes; the mark of its zone by ``dgo_mark``, which
    answers from the live values."""
    spec = assessment.prepared[indicator].spec
    part = spec.parts[0]
    shown = shown_mark_expression("mark", lang)
    value = f"format_number(\"value\", {spec.decimals}, '{lang}')"
    zone = _inside(f"dgo_mark('{indicator}', 'zone')", lang)
    named = html.escape(name_of(indicator, lang))
    measured = html.escape(unit(part.unit, lang))
    none = html.escape(text("why.live.none", lang))
    ask = html.escape(text("why.live.action", lang))
    return (
        f"<b>{named}: [% {shown} %]</b><br>"
        f"[% coalesce(\"name\", '') %]"
        f"[% CASE WHEN \"value\" IS NULL THEN ' &middot; {none}' ELSE ' &middot; ' || {value} "
        f"|| ' {measured}' END %]<br>"
        f"zone [% \"zone_id\" %]: [% {zone} %]<br><i>{ask} &#9432;</i>"
    )


def _inside(expression: str, lang: str) -> str:
    """A mark as it may be shown: one decimal, truncated below 6."""
    none = text("results.none_short", lang)
    return (f"with_variable('m', {expression}, CASE WHEN @m IS NULL THEN '{none}' "
            f"WHEN @m < 6 - 1e-9 THEN format_number(floor(@m * 10 + 1e-8) / 10, 1, '{lang}') "
            f"ELSE format_number(floor(@m * 10 + 0.5 + 1e-8) / 10, 1, '{lang}') END)")  # fmt: skip
