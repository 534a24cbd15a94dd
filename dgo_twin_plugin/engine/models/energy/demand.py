"""Energy of existing buildings by their label: tables of ``profiles/models/energy.yml``."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..tables import constants


@lru_cache(maxsize=1)
def label_middles() -> dict[str, float]:
    """Label -> primary fossil energy in the middle of its class, kWh/m2 a year. The open classes
    stand at their one edge."""
    table = constants("energy")["labels"]
    found: dict[str, float] = {}
    low = None
    for label, edge in table["edges"].items():
        found[label] = float(edge) if low is None else 0.5 * (low + float(edge))
        low = float(edge)
    found[str(table["worst"])] = float(low or 0.0)
    return found


def of_labels(labels: np.ndarray, table: dict[str, float]) -> np.ndarray:
    """(n,) the number of each label (text or None) in a table; NaN where it knows none."""
    each = labels.tolist()
    number = {label: float(table.get(plain(label), np.nan)) for label in set(each)}
    return np.fromiter(map(number.__getitem__, each), float, len(each))


def plain(label: object) -> str:
    """A label as the tables spell it: ``a ++`` is ``A++``."""
    return "".join(str(label or "").split()).upper()
