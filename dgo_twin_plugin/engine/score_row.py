"""One row of the table ``scores``, as the engine hands it to whoever shows or writes it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from .words import Message


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
