"""From levels per period to what norms and people speak of: Lden, sums, annoyance, health class.

Two sums that are not the same (indicators, "The law"): *joint* noise adds energy; *cumulated* noise
first turns every source into the road noise that annoys as much (RMG2012 annex I ch. 2, V).
Arrays keep NaN as unknown and -inf as silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..sums import weighed
from .lines import HOURS

PENALTY = (0.0, 5.0, 10.0)  # dB by day, evening and night
# L* = factor L + term: road noise that annoys as much. VL road, RL rail, LL aircraft, IL industry.
ANNOYANCE = {
    "road": (1.00, 0.00),
    "rail": (0.95, -1.40),
    "aircraft": (0.98, 7.03),
    "industry": (1.00, 1.00),
}
# Qualification of cumulated Lden after Miedema (domain 4.1, K): upper edges, then the last class.
QUALITY_EDGES = (50.0, 55.0, 60.0, 65.0, 70.0)
QUALITIES = ("good", "reasonable", "moderate", "rather_poor", "poor", "very_poor")
# GES 2012, road traffic: lower edges of each score (55 and up V, below K). GES has no score 3.
GES_EDGES = (45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0)
GES_SCORES = (0, 1, 2, 4, 5, 6, 7, 8)


def lden(levels: np.ndarray) -> np.ndarray:
    """(...,) Lden, dB, of LAeq by day, evening and night (..., 3)."""
    weight = np.array(HOURS) * 10.0 ** (np.array(PENALTY) / 10.0) / sum(HOURS)
    return _level(weighed(10.0 ** (np.asarray(levels, float) / 10.0), weight))


def lnight(levels: np.ndarray) -> np.ndarray:
    """(...,) Lnight, dB: LAeq by night of (..., 3)."""
    return np.asarray(levels, float)[..., 2]


def joint(levels: Sequence[np.ndarray]) -> np.ndarray:
    """Energetic sum, dB, of arrays of one shape; NaN where any of them is unknown."""
    return _level(np.sum([10.0 ** (np.asarray(x, float) / 10.0) for x in levels], axis=0))


def cumulated(levels: Mapping[str, np.ndarray]) -> np.ndarray:
    """Lcum, dB: Lden per source (keys of :data:`ANNOYANCE`), each as road noise that annoys as
    much, added. Without the deduction of article 110g. KeyError for an unknown source."""
    return joint([ANNOYANCE[source][0] * np.asarray(x, float) + ANNOYANCE[source][1]
                  for source, x in levels.items()])  # fmt: skip


def quality(level: np.ndarray) -> np.ndarray:
    """(n,) word of :data:`QUALITIES` for Lcum, None where unknown. An edge belongs to the better
    class: 50 dB is good."""
    level = np.asarray(level, float)
    row = np.searchsorted(QUALITY_EDGES, level, side="left")
    words = np.array([*QUALITIES, None], object)
    found: np.ndarray = words[np.where(np.isnan(level), len(QUALITIES), row)]
    return found


def ges(level: np.ndarray) -> np.ndarray:
    """(n,) GES score 0-8 of road noise Lden, NaN where unknown. Scores of sources never add up."""
    level = np.asarray(level, float)
    row = np.searchsorted(GES_EDGES, level, side="right")
    scores = np.array([*GES_SCORES, np.nan], float)
    found: np.ndarray = scores[np.where(np.isnan(level), len(GES_SCORES), row)]
    return found


def _level(energy: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        level: np.ndarray = 10.0 * np.log10(energy)
    return level
