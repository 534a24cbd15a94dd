"""From the engine's rows (dataclasses or dictionaries) to plain values for SQL."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..engine.pulse import beat
from ..engine.texts import text
from ..engine.words import Message
from . import schema

Row = Any  # a dataclass instance or a mapping from column to value


def plain(value: Any) -> Any:
    """A value as SQLite takes it: sentences rendered, NaN to NULL, lists and mappings to JSON."""
    if callable(value):  # checks work out their sentences on demand
        value = value()
    if value is None or isinstance(value, (str, bytes)):
        return value
    if isinstance(value, Message):
        return text(value)
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value)
    if isinstance(value, Mapping) or isinstance(value, (list, tuple, set)):
        shown = sorted(value) if isinstance(value, set) else value
        return json.dumps(shown, ensure_ascii=False, default=str)
    return str(value)


def getter(row: Row, allowed: frozenset[str], table: str) -> Mapping[str, Any]:
    """The row as a mapping. A dictionary with a column the table does not have is a mistake of
    the caller: ``ValueError``; a dataclass may know more than the table."""
    if isinstance(row, Mapping):
        unknown = set(row) - allowed
        if unknown:
            raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
        return row
    return {name: getattr(row, name) for name in allowed if hasattr(row, name)}


def prepare(table: schema.Table, rows: Iterable[Row], extra: Iterable[str],
            run_id: str, scenario: str) -> tuple[list[str], list[list[Any]], list[bytes | None]]:
    """Column names, rows of values and the local WKB per row."""
    names = list(table.names) + list(extra)
    allowed = frozenset(names) | {"wkb"}
    values: list[list[Any]] = []
    wkb: list[bytes | None] = []
    for count, row in enumerate(rows):
        if count % 500 == 0:
            beat()
        found = getter(row, allowed, table.name)
        line = [plain(found.get(name)) for name in names]
        line[0], line[1] = run_id, scenario
        values.append(line)
        wkb.append(found.get("wkb"))
    return names, values, wkb


def zone_marks(tables: Mapping[str, Iterable[Row]]) -> dict[int, dict[str, Any]]:
    """Per zone id: ``mark_<indicator>`` from the scores; ``mark_total`` and ``n_breach`` from the
    totals. So the zones never say something else than the scores."""
    marks: dict[int, dict[str, Any]] = {}

    def value(row: Row, name: str) -> Any:
        return row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)

    for row in tables.get("scores", ()):
        zone = marks.setdefault(int(value(row, "zone_id")), {})
        zone[schema.mark_column(value(row, "indicator")).name] = value(row, "mark")
    for row in tables.get("totals", ()):
        if value(row, "theme") == schema.TOTAL:
            zone = marks.setdefault(int(value(row, "zone_id")), {})
            zone["mark_total"] = value(row, "mark")
            zone["n_breach"] = value(row, "n_breach")
    return marks
