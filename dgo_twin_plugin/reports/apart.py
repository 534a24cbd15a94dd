"""Autonomous, plan and measures apart: the table of the report (attack 5)."""

from __future__ import annotations

from typing import Any

from ..engine.texts import has_text, text
from .shown import NOTHING, figure, indicator

Row = dict[str, Any]


def taken_apart(rows: list[Row], lang: str) -> list[Row]:
    """The rows of the plan (zone 0), as texts; a change of nothing is left empty."""
    return [
        {"name": _name(row, lang), "unit": row["unit"] or "", "value": figure(row["value"], lang),
         "autonomous": figure(row["autonomous"], lang), "plan": _change(row["plan"], lang),
         "measures": _change(row["measures"], lang), "influence": _said(row["influence"], lang)}
        for row in rows if row["zone_id"] == 0 and row["value"] is not None
    ]  # fmt: skip


def _name(row: Row, lang: str) -> str:
    name = indicator(row["indicator"], lang)
    key = f"indicators.{row['indicator']}.part.{row['part']}"
    return f"{name}: {text(key, lang)}" if row["part"] and has_text(key, lang) else name


def _change(value: float | None, lang: str) -> str:
    if value is None:
        return NOTHING
    if abs(value) < 5e-4:
        return "0"
    return ("+" if value > 0 else "−") + figure(abs(value), lang)


def _said(influence: bool | None, lang: str) -> str:
    if influence is None:
        return text("report.apart.unknown", lang)
    return "" if influence else text("report.apart.none", lang)
