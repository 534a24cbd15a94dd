"""Named states of a plan beside each other: what moved, by how much, and what was asked.

A state is light: marks, values and totals, and the mix that was in force; no geometry. It is made
from a live assessment or from a stored run, and kept as compact JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from .marks import shown_number
from .words import EXCEEDS, INDICATORS, THEMES, DgoError

if TYPE_CHECKING:
    from .assessment import Assessment

VERSION = 1
TOTAL = "total"
SAME, BETTER, WORSE, APPEARED, GONE, CHANGED = MOVES = (
    "same", "better", "worse", "appeared", "gone", "changed")  # fmt: skip
RELATIVE = 1e-6  # of a value, as stored with seven figures


@dataclass(frozen=True)
class Cell:
    """One indicator in one zone. None = no such thing."""

    value: float | None = None
    unit: str = ""
    mark: float | None = None
    low: float | None = None  # interval of the mark
    high: float | None = None
    status: str = ""
    legal: str = ""
    n_breach: int = 0
    ambition: float | None = None
    weight: float | None = None
    coverage: float | None = None
    assumed: float | None = None


@dataclass(frozen=True)
class Total:
    """A theme or the total of a zone."""

    mark: float | None = None
    low: float | None = None
    high: float | None = None
    coverage: float | None = None
    indicators: int = 0
    missing: int = 0
    n_breach: int = 0


_CELL, _TOTAL = tuple(f.name for f in fields(Cell)), tuple(f.name for f in fields(Total))


@dataclass(frozen=True)
class State:
    """A state under a name. ``moment``: ISO 8601, UTC. ``zones``: id -> area type."""

    name: str
    moment: str = ""
    cells: Mapping[tuple[int, str], Cell] = field(default_factory=dict)
    totals: Mapping[tuple[int, str], Total] = field(default_factory=dict)
    zones: Mapping[int, str] = field(default_factory=dict)
    profile: str = ""  # id and version of the profile
    scenario: str = ""
    mix: str = ""  # the mix as text (mix.to_text); '' where it is not known
    origin: str = "kept"  # kept | run | now

    def total(self, zone: int = 0, theme: str = TOTAL) -> Total:
        """The total or a theme of a zone; empty where there is none."""
        return self.totals.get((zone, theme), Total())


# --- making -------------------------------------------------------------------------------------
def of_assessment(assessment: Assessment, name: str, moment: str, mix: str = "",
                  scenario: str = "", origin: str = "kept") -> State:  # fmt: skip
    """The state of a live assessment; ``mix`` as text."""
    types = assessment.scene.zones.area_type
    profile = assessment.profile
    return State(
        name, moment,
        {(r.zone_id, r.indicator): _cell(vars(r)) for r in assessment.scores},
        {(t.zone_id, t.theme): _total(vars(t)) for t in assessment.totals},
        {i + 1: str(t or "") for i, t in enumerate(types)},
        f"{profile.id} {profile.version}".strip(), scenario, mix, origin,
    )  # fmt: skip


def of_rows(run: Mapping[str, Any], scores: Iterable[Mapping[str, Any]],
            totals: Iterable[Mapping[str, Any]], name: str = "") -> State:  # fmt: skip
    """The state of a stored run: rows of ``runs``, ``scores`` and ``totals``."""
    rows = list(scores)
    zones = {int(r["zone_id"]): str(r.get("area_type") or "") for r in rows if r["zone_id"]}
    profile = f"{run.get('profile_id') or ''} {run.get('profile_version') or ''}".strip()
    return State(
        name or str(run.get("scenario") or ""), str(run.get("started") or ""),
        {(int(r["zone_id"]), str(r["indicator"])): _cell(r) for r in rows},
        {(int(t["zone_id"]), str(t["theme"])): _total(t) for t in totals},
        zones, profile, str(run.get("scenario") or ""), "", "run",
    )  # fmt: skip


def _cell(row: Mapping[str, Any]) -> Cell:
    return Cell(
        _light(row["value"]), str(row["unit"] or ""), _light(row["mark"]), _light(row["mark_low"]),
        _light(row["mark_high"]), str(row["status"] or ""), str(row["legal_check"] or ""),
        int(row["n_breach"] or 0), _light(row["ambition"]), _light(row["weight"]),
        _light(row["coverage"]), _light(row["assumed"]),
    )  # fmt: skip


def _total(row: Mapping[str, Any]) -> Total:
    return Total(_light(row["mark"]), _light(row["mark_low"]), _light(row["mark_high"]),
                 _light(row["coverage"]), int(row["indicators"] or 0), int(row["missing"] or 0),
                 int(row["n_breach"] or 0))  # fmt: skip


def _light(value: Any) -> float | None:
    """A number with seven figures, as it is kept; NaN is None."""
    if value is None or value != value:
        return None
    return float(f"{float(value):.7g}")


# --- names --------------------------------------------------------------------------------------
def free_name(wanted: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where it is taken: two states never share a name."""
    name = " ".join(wanted.split())
    known = {n.casefold() for n in taken}
    if name.casefold() not in known:
        return name
    stem, number = name, 2
    found = re.fullmatch(r"(.*\S) \((\d+)\)", name)
    if found:
        stem, number = found[1], int(found[2]) + 1
    while f"{stem} ({number})".casefold() in known:
        number += 1
    return f"{stem} ({number})"


def renamed(state: State, name: str) -> State:
    """The same state under another name."""
    return replace(state, name=name)


# --- keeping ------------------------------------------------------------------------------------
def to_json(states: Iterable[State]) -> str:
    """States as compact JSON: stable, columns named once."""
    return json.dumps(
        {"version": VERSION, "cell": _CELL, "total": _TOTAL,
         "states": [_packed(state) for state in states]},
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip


def _packed(state: State) -> dict[str, Any]:
    made: dict[str, Any] = {"name": state.name, "moment": state.moment}
    for key in ("profile", "scenario", "mix"):
        if getattr(state, key):
            made[key] = getattr(state, key)
    if state.origin != "kept":
        made["origin"] = state.origin
    made["zones"] = {str(k): v for k, v in sorted(state.zones.items())}
    for key, table, names in (("cells", state.cells, _CELL), ("totals", state.totals, _TOTAL)):
        made[key] = [[*at, *(getattr(each, n) for n in names)]
                     for at, each in sorted(table.items())]  # type: ignore[attr-defined]
    return made


def from_json(content: str) -> list[State]:
    """States from text. Raises ``DgoError`` where it is not what :func:`to_json` makes; a column
    that is not known here is passed over."""
    if not content.strip():
        return []
    try:
        whole = json.loads(content)
        if whole["version"] > VERSION:
            raise DgoError("compare.error.newer")
        cell, total = whole["cell"], whole["total"]
        return [State(
            str(one["name"]), str(one.get("moment", "")),
            _table(one["cells"], cell, Cell, _CELL), _table(one["totals"], total, Total, _TOTAL),
            {int(k): str(v) for k, v in one.get("zones", {}).items()},
            str(one.get("profile", "")), str(one.get("scenario", "")), str(one.get("mix", "")),
            str(one.get("origin", "kept")),
        ) for one in whole["states"]]  # fmt: skip
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as problem:
        raise DgoError("compare.error.unreadable", detail=str(problem)) from problem


def _table(rows: Any, names: list[str], kind: Any, known: tuple[str, ...]) -> dict[Any, Any]:
    return {(int(row[0]), str(row[1])): kind(**{n: v for n, v in zip(names, row[2:]) if n in known})
            for row in rows}  # fmt: skip


# --- comparing ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Difference:
    """One line: the total, a theme, or an indicator, before and now."""

    kind: str  # total | theme | indicator
    key: str
    before: Cell | None
    now: Cell | None
    move: str  # one of MOVES

    @property
    def marks(self) -> float | None:
        """Mark points gained; None where either has no mark."""
        if self.before is None or self.now is None:
            return None
        if self.before.mark is None or self.now.mark is None:
            return None
        return self.now.mark - self.before.mark

    @property
    def amount(self) -> float | None:
        """The value now less the value before; None where either is missing or in another unit."""
        a, b = self.before, self.now
        if a is None or b is None or a.value is None or b.value is None or a.unit != b.unit:
            return None
        return b.value - a.value

    @property
    def breaches(self) -> int:
        """Breaches of the law more (or fewer) than before."""
        return (self.now.n_breach if self.now else 0) - (self.before.n_breach if self.before else 0)


def differences(before: State, now: State, zone: int = 0) -> list[Difference]:
    """Total, themes and indicators of a zone, in that order; what neither has is left out."""
    found = [_difference("total", TOTAL, *_as_cells(before, now, zone, TOTAL))]
    found += [_difference("theme", theme, *_as_cells(before, now, zone, theme))
              for theme in THEMES]  # fmt: skip
    keys = {i for z, i in (*before.cells, *now.cells) if z == zone}
    ordered = [i for i in INDICATORS if i in keys] + sorted(keys - set(INDICATORS))
    found += [_difference("indicator", i, before.cells.get((zone, i)), now.cells.get((zone, i)))
              for i in ordered]  # fmt: skip
    return [d for d in found if d.before is not None or d.now is not None]


def _as_cells(before: State, now: State, zone: int, theme: str) -> tuple[Cell | None, Cell | None]:
    def cell(state: State) -> Cell | None:
        found = state.totals.get((zone, theme))
        if found is None or (theme != TOTAL and found.mark is None and not found.missing):
            return None
        return Cell(mark=found.mark, low=found.low, high=found.high, n_breach=found.n_breach,
                    coverage=found.coverage)  # fmt: skip

    return cell(before), cell(now)


def _difference(kind: str, key: str, before: Cell | None, now: Cell | None) -> Difference:
    return Difference(kind, key, before, now, _move(before, now))


def _move(before: Cell | None, now: Cell | None) -> str:
    """Better or worse is said of marks as they are shown (G10), and of the law: a certain breach
    more is worse, whatever the mark. A value that moved without either is merely changed."""
    a, b = before or Cell(), now or Cell()
    if a.mark is None and b.mark is not None:
        return APPEARED
    if a.mark is not None and b.mark is None:
        return GONE
    law = (b.legal == EXCEEDS) - (a.legal == EXCEEDS) or b.n_breach - a.n_breach
    old, new = shown_number(a.mark), shown_number(b.mark)
    step = 0 if old is None or new is None else new - old
    if law > 0 or (law == 0 and step < 0):
        return WORSE
    if law < 0 or step > 0:
        return BETTER
    moved = (a.value is None) != (b.value is None) or (
        a.value is not None and b.value is not None
        and abs(a.value - b.value) > RELATIVE * max(abs(a.value), abs(b.value)))  # fmt: skip
    return CHANGED if moved or a.status != b.status or a.legal != b.legal else SAME


def counted(found: Iterable[Difference]) -> dict[str, int]:
    """How many indicators moved which way."""
    counts = dict.fromkeys(MOVES, 0)
    for each in found:
        if each.kind == "indicator":
            counts[each.move] += 1
    return counts


def asked(before: State, now: State) -> tuple[str, ...]:
    """What makes two states not merely another design: ``profile``, ``mix``, ``zones``."""
    found = []
    if before.profile and now.profile and before.profile != now.profile:
        found.append("profile")
    if (before.mix or now.mix) and before.mix != now.mix and "run" not in (
            before.origin, now.origin):  # fmt: skip
        found.append("mix")
    if before.zones and now.zones and dict(before.zones) != dict(now.zones):
        found.append("zones")
    return tuple(found)


def former(state: State | None, zones: Mapping[int, str] | None = None
           ) -> dict[tuple[int, str], tuple[float | None, float | None]]:  # fmt: skip
    """(zone, indicator) -> (value, mark), for the ghost in the rows. With the present ``zones``
    (id -> area type) a zone that is of another type now has no ghost."""
    if state is None:
        return {}

    def same(zone: int) -> bool:
        return zone == 0 or zones is None or zones.get(zone) == state.zones.get(zone)

    return {at: (cell.value, cell.mark) for at, cell in state.cells.items() if same(at[0])}


def ghost(state: State | None, scope: str = "all", zone: int = 0,
          zones: Mapping[int, str] | None = None
          ) -> dict[str, tuple[float | None, float | None]]:  # fmt: skip
    """Indicator -> (value, mark), as ``row_view.row_views(former=...)`` takes it for what it shows:
    the plan, one zone, or all zones of an area type together (means by weight, G5)."""
    if state is None:
        return {}
    named = scope[5:].strip() if scope.startswith("zone ") else ""
    at = zone or (int(named) if named.isdigit() else 0)
    if at or scope == "all":
        return {i: pair for (z, i), pair in former(state, zones).items() if z == at}
    several: dict[str, list[Cell]] = {}
    for (z, indicator), cell in state.cells.items():
        if z and state.zones.get(z) == scope and cell.mark is not None:
            several.setdefault(indicator, []).append(cell)

    def mean(cells: list[Cell], name: str) -> float | None:
        if len(cells) == 1:
            return getattr(cells[0], name)  # type: ignore[no-any-return]
        pairs = [(getattr(c, name), c.weight or 0.0) for c in cells
                 if getattr(c, name) is not None]  # fmt: skip
        total = sum(w for _, w in pairs)
        return sum(v * w for v, w in pairs) / total if total > 0 else None

    return {i: (mean(cells, "value"), mean(cells, "mark")) for i, cells in several.items()}
