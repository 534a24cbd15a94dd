"""Standard method 1 (SRM1): what the traffic of a street adds to the yearly mean beside it.

    C = 0.62 E theta(S) Fb 5/u        E in ug per m and s, S m from the axis, u m/s

(Regeling beoordeling luchtkwaliteit 2007 annex 1; domain 4.2 (V)). NOx and particles of several
streets add; NO2 follows from their sum, for the ozone is shared. Pure functions of arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tables import constants

EMITTED = ("nox", "no2", "pm10", "pm25")
GRAMS_PER_KM_DAY = 1000.0 / 86400.0  # g per km and day -> ug per m and s


def _block(name: str) -> dict[str, Any]:
    found: dict[str, Any] = constants("air")[name]
    return found


def theta(distance: np.ndarray, street_type: np.ndarray) -> np.ndarray:
    """(k,) dilution at ``distance`` m from the axis of a street of type 1-4.

    Nearer than 3.5 m counts as 3.5 m. From 30 to 60 m the power law of types 1 and 4; types 2 and
    3, which SRM1 does not know there, take that of type 4. Beyond 60 m, and where type or distance
    is unknown: 0.
    """
    law = _block("srm1")
    kinds = law["types"]
    table = np.array([[kinds[k]["a"], kinds[k]["b"], kinds[k]["c"],
                       kinds[k].get("alpha", kinds[law["open"]]["alpha"])]
                      for k in (1, 2, 3, 4)])  # fmt: skip
    kind = np.nan_to_num(np.asarray(street_type, float), nan=0.0).astype(np.int64)
    known = (kind >= 1) & (kind <= 4)
    a, b, c, alpha = table[np.where(known, kind, 4) - 1].T
    s = np.maximum(np.nan_to_num(np.asarray(distance, float), nan=np.inf), law["closest"])
    near = np.minimum(s, law["near"])
    value = np.where(s <= law["near"], (a * near + b) * near + c,
                     alpha * np.maximum(s, law["near"]) ** law["power"])  # fmt: skip
    out: np.ndarray = np.where(known & (s <= law["far"]), value, 0.0)
    return out


def emission(
    intensity: np.ndarray, medium: np.ndarray, heavy: np.ndarray, congestion: np.ndarray,
    flowing: np.ndarray, stagnating: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """(k,) E, ug per m and s, of one substance.

    ``intensity`` vehicles a day, ``medium`` and ``heavy`` shares 0-1 of it, ``congestion`` share
    0-1 that stands or crawls; ``flowing`` and ``stagnating`` (k, 3) g per vehicle km of light,
    medium and heavy vehicles.
    """
    share = np.column_stack([1.0 - medium - heavy, medium, heavy])
    part = np.asarray(congestion, float)[:, None]
    grams = (share * ((1.0 - part) * flowing + part * stagnating)).sum(axis=1)
    out: np.ndarray = intensity * grams * GRAMS_PER_KM_DAY
    return out


def contribution(
    emitted: np.ndarray, dilution: np.ndarray, trees: np.ndarray, wind: float
) -> np.ndarray:
    """(k,) ug/m3 that a street adds; ``trees`` its tree factor 1-1.5, ``wind`` m/s > 0."""
    law = _block("srm1")
    out: np.ndarray = law["calibration"] * emitted * dilution * trees * law["wind_reference"] / wind
    return out


def no2(nox: np.ndarray, emitted_no2: np.ndarray, ozone: np.ndarray) -> np.ndarray:
    """(k,) ug/m3 NO2 from the streets: ``nox`` and ``emitted_no2`` what they add of each (emitted
    NO2 <= NOx), ``ozone`` background ug/m3."""
    law = _block("chemistry")
    rest = np.maximum(np.asarray(nox, float) - emitted_no2, 0.0)
    out: np.ndarray = emitted_no2 + law["b"] * rest * ozone / (rest + law["k"])
    return out


def pm10_days(mean: np.ndarray) -> np.ndarray:
    """Days a year with a daily mean above 50 ug/m3 from the yearly ``mean`` of PM10; NaN stays."""
    law = _block("pm10_days")
    c = np.asarray(mean, float)
    p, q, r = law["parabola"]
    over = c - law["high"]
    middle = (p * over + q) * over + r
    high = law["line"][0] * c + law["line"][1]
    out: np.ndarray = np.where(over > 0, high, np.where(c < law["low"], law["floor"], middle))
    return np.where(np.isnan(c), np.nan, np.minimum(out, 366.0))
