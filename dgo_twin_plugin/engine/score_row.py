"""One row of the table ``scores``, as the engine hands it to whoever shows or writes it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from . import words
from .words import Message

if TYPE_CHECKING:
    from .norms import Norm


@dataclass
class ScoreRow:
    """One row of ``scores`` or ``score_parts``: exactly the columns of design 6, in that order,
    without run_id and scenario, and behind them what the uncertainty budget adds. None = NULL."""

    zone_id: int
    area_type: str | None
    indicator: str
    code: str
    part: str
    theme: str
    value: float | None
    unit: str
    mark: float | None
    mark_low: float | None
    mark_high: float | None
    chance6: float | None
    ambition: float | None
    gap: float | None
    status: str
    legal_check: str
    n_breach: int
    legal_limit: float | None
    minimum: float | None
    basis: float | None
    optimum: float | None
    weight: float | None
    norm_source: str | None
    norm_status: str | None
    norm_confidence: str | None
    coverage: float | None
    assumed: float | None
    share_below_6: float | None
    worst_value: float | None
    n_features: int
    method: str
    proxy: bool
    reason: Message | None
    spread: float | None  # standard deviation of the value; of a log quantity in decades
    next_data: str | None  # the input whose knowledge would narrow the mark most
    next_gain: float | None  # by how many mark points

    def copy(self, **changes: Any) -> ScoreRow:
        """A copy with other values; much quicker than ``dataclasses.replace``."""
        twin = object.__new__(ScoreRow)
        twin.__dict__.update(self.__dict__)
        twin.__dict__.update(changes)
        return twin


COLUMNS = tuple(f.name for f in fields(ScoreRow))

# in the order of the columns, as a row that is made by name
_EMPTY = {name: None for name in COLUMNS} | {
    "legal_check": words.NOT_TESTED, "n_breach": 0, "status": words.OK,
}  # fmt: skip
_OF_MARK = ("mark_low", "mark_high", "chance6", "spread")  # nothing where there is no mark


def rows_of(
    zones: list[int],
    alike: dict[str, Any],
    area_types: list[str | None],
    norms: list[Norm | None],
    obstacles: list[tuple[str, Message] | None],
    nexts: list[tuple[str | None, float | None]],
    columns: dict[str, list[float]],
) -> list[ScoreRow]:
    """Rows of one part in these zones, without law, ambition and gap. ``alike``: what all have in
    common; ``area_types``, ``norms`` and ``obstacles``, status and reason of a zone without a mark,
    by zone id; ``nexts`` and ``columns``, numbers of which NaN is None, for each of ``zones``."""
    base = {**_EMPTY, **alike}
    made = []
    for zone, next_, *numbers in zip(zones, nexts, *columns.values()):
        row = object.__new__(ScoreRow)
        own = row.__dict__
        own.update(base)
        own["zone_id"], own["area_type"] = zone, area_types[zone]
        for name, value in zip(columns, numbers):
            own[name] = None if value != value else value
        own["n_features"], own["proxy"] = int(own["n_features"]), bool(own["proxy"])
        if own["value"] is None:
            own["spread"] = None
        norm, obstacle = norms[zone], obstacles[zone]
        if norm is not None:
            own["norm_source"], own["norm_status"] = norm.source, norm.status
            own["norm_confidence"] = norm.confidence
        if obstacle is None:
            own["next_data"], own["next_gain"] = next_
        else:
            own["status"], own["reason"] = obstacle
            for name in _OF_MARK:
                own[name] = None
        made.append(row)
    return made
