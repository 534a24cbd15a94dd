"""Sums whose last bit does not depend on where an array lies in memory.

``@`` hands its work to a BLAS, which rounds differently by alignment, threads and the library that
a program brings; the same plan must give the same bits from dock, toolbox and ``qgis_process``.
"""

from __future__ import annotations

import numpy as np


def weighed(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum over the last, short axis of ``values`` (..., k) times ``weights`` (k, ...), term by
    term."""
    total: np.ndarray = values[..., 0] * weights[0]
    for k in range(1, len(weights)):
        total = total + values[..., k] * weights[k]
    return total
