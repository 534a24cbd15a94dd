"""Which input would narrow the marks most: the list of the report and the tip of the dock."""

from __future__ import annotations

from typing import Any

from ..engine.spread import MODEL
from ..engine.texts import text
from .shown import gain, indicator, input_name

Row = dict[str, Any]
MOST = 12  # inputs in the list


def next_best(scores: list[Row], lang: str, most: int = MOST) -> list[Row]:
    """Inputs by how much narrower their knowledge would make the intervals of these rows, the
    most helpful first; an input that several indicators ask for stands there once. A method is
    of one indicator only."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in scores:
        if row.get("next_data") and row.get("next_gain"):
            own = row["indicator"] if row["next_data"] == MODEL else ""
            found.setdefault((row["next_data"], own), []).append(row)
    ordered = sorted(found.items(), key=lambda each: -sum(r["next_gain"] for r in each[1]))
    return [
        {"input": input_name(name, lang),
         "helps": " · ".join(f"{indicator(r['indicator'], lang)} {gain(r['next_gain'], lang)}"
                             for r in sorted(rows, key=lambda r: -r["next_gain"])),
         "gain": gain(sum(r["next_gain"] for r in rows), lang)}
        for (name, _), rows in ordered[:most]
    ]  # fmt: skip


def said(row: Row, lang: str) -> str:
    """The next best data of one mark, as a sentence; '' where nothing narrows it."""
    if not row.get("next_data") or not row.get("next_gain"):
        return ""
    return text("results.next", lang, input=input_name(row["next_data"], lang),
                gain=gain(row["next_gain"], lang))  # fmt: skip
