"""Standard deviations per zone: how the doubt about an input reaches the value."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..models.tables import constants
from ..spread_table import spread_table


def shared(zone: np.ndarray, amount: np.ndarray, n_zones: int) -> np.ndarray:
    """(n_zones + 1,) sum of deviations (k,) that all places have together, the plan at 0."""
    amount = np.asarray(amount, float)
    total = amount.sum()
    if not np.isfinite(total):  # what is unknown deviates by nothing
        amount = np.nan_to_num(amount)
        total = amount.sum()
    out = np.bincount(zone, amount, n_zones + 1)
    out[0] = total
    return np.asarray(out)


def independent(zone: np.ndarray, amount: np.ndarray, n_zones: int) -> np.ndarray:
    """(n_zones + 1,) root of the sum of squares of deviations that know nothing of each other."""
    return np.asarray(np.sqrt(shared(zone, np.asarray(amount, float) ** 2, n_zones)))


def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """top / bottom, 0 where the bottom is nothing."""
    top, bottom = np.asarray(top, float), np.asarray(bottom, float)
    return np.divide(top, bottom, out=np.zeros(np.broadcast(top, bottom).shape), where=bottom > 0)


def numbers(indicator: str) -> dict[str, Any]:
    """The block of an indicator in ``profiles/models/input_spreads.yml``."""
    return dict(constants("input_spreads")[indicator])


def default(field: str) -> float:
    """How far a default of a canonical field may be off (``profiles/spreads.yml``): part of the
    value, or absolute in the unit of the field, as that file says."""
    return spread_table().field(field).sigma
