"""Report marks: value -> mark, back again, interval, chance, status and the shown figure.

The mark function is domain 2.4 (P): minimum = 6, basis = 8, optimum = 10, straight in between,
the slope minimum-basis continued below 6, at least 1 and at most 10. ``t(x)`` is ``log10 x`` for a
log scale and x itself for a linear one. Edge cases: indicators G10. The legal cap is no part of
the mark function: it comes last, in :mod:`.scores`.

All functions take numbers or arrays that broadcast against each other, and give float64 arrays.
"""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from . import words

LOWEST, MINIMUM, BASIS, OPTIMUM = 1.0, 6.0, 8.0, 10.0
LEGAL_CAP = 5.0  # indicators, "The law": `exceeds` caps the mark at 5.0
Z90 = 1.645  # half-width of the 90 % interval in sigmas (indicators G10)
SIGMA_KINDS = ("absolute", "relative", "decades")
_ROOT2 = math.sqrt(2.0)
_SNAP = 9  # decimals: a mark this close to an exact tenth is that tenth (binary floats)

Number = Any  # float or array-like of floats


def scaled(value: Number, log: Number) -> np.ndarray:
    """t(x): log10 of the value where ``log``, else the value (domain 2.4). A log quantity <= 0
    gives -inf, so the mark function sends it to the end that indicators G10 names."""
    if isinstance(log, bool):
        if not log:
            return np.asarray(value, float)
        found = np.array(value, float)
        positive = found > 0
        found[found <= 0] = -np.inf
        found[positive] = np.log10(found[positive])
        return found
    x, is_log = np.broadcast_arrays(np.asarray(value, float), np.asarray(log, bool))
    out = x.astype(float)
    if is_log.any():
        positive = is_log & (x > 0)
        out[is_log & (x <= 0)] = -np.inf
        out[positive] = np.log10(x[positive])
    return out


def plain(values: Number) -> np.ndarray:
    """``numpy.nan_to_num``; where all are finite, as nearly always, the values themselves."""
    found = np.asarray(values, float)
    if np.isfinite(found).all():
        return found
    return np.asarray(np.nan_to_num(found))


def unscaled(t: Number, log: Number) -> np.ndarray:
    """The inverse of :func:`scaled`."""
    x, is_log = np.broadcast_arrays(np.asarray(t, float), np.asarray(log, bool))
    out = x.astype(float)
    if is_log.any():
        with np.errstate(over="ignore"):
            out[is_log] = 10.0 ** x[is_log]
    return out


def mark(
    value: Number,
    minimum: Number,
    basis: Number,
    optimum: Number,
    up: Number,
    log: Number = False,
) -> np.ndarray:
    """Marks 1-10 (domain 2.4, indicators G10).

    ``up`` True where higher is better; ``log`` True where the scale is logarithmic. NaN in value
    or any anchor -> NaN (not assessed, no norm). +inf -> 10 where up, 1 where down; -inf the other
    way round. A log quantity <= 0 counts as -inf on its scale: 10 where lower is better, 1 where
    higher is. Anchors must be strictly ordered; that is checked when a profile loads.
    """
    t, m, b, o = (scaled(x, log) for x in (value, minimum, basis, optimum))
    s = np.where(np.asarray(up, bool), 1.0, -1.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # everything as 'higher is better'; the branch is chosen on the values themselves so that
        # an anchor gets its mark exactly
        low = MINIMUM + 2.0 * ((t - m) / (b - m))
        high = BASIS + 2.0 * ((t - b) / (o - b))
        better = s * t
        result = np.where(better >= s * b, high, low)
        result = np.where(better >= s * o, OPTIMUM, result)
    result = np.where(better == np.inf, OPTIMUM, result)
    result = np.where(better == -np.inf, LOWEST, result)
    result = np.minimum(np.maximum(result, LOWEST), OPTIMUM)
    return np.where(np.isnan(t) | np.isnan(m) | np.isnan(b) | np.isnan(o), np.nan, result)


def fails(
    value: Number, minimum: np.ndarray, basis: np.ndarray, up: bool, log: bool
) -> np.ndarray:
    """Where :func:`mark` is below 6, but for the dust of binary floats; arrays (k,). False where
    the value or the norm is NaN. One part at a time, of which every place is asked."""
    t, m, b = (scaled(x, log) for x in (value, minimum, basis))
    found: np.ndarray = (MINIMUM + 2.0 * ((t - m) / (b - m))).round(_SNAP) < MINIMUM
    found &= t < b if up else t > b  # beyond the basis another line holds
    return found


def value_at_mark(
    marks: Number,
    minimum: Number,
    basis: Number,
    optimum: Number,
    up: Number,
    log: Number = False,
) -> np.ndarray:
    """The value that gets a mark: the inverse of :func:`mark`, for slider tracks (mark 4) and
    explanations. Marks are clipped to 1-10; 1 gives the value where the mark first reaches 1.
    ``up`` is part of the signature for symmetry only: the anchors carry the direction."""
    g, m, b, o = np.broadcast_arrays(
        np.clip(np.asarray(marks, float), LOWEST, OPTIMUM),
        scaled(minimum, log),
        scaled(basis, log),
        scaled(optimum, log),
    )
    del up
    t = np.where(
        g >= BASIS,
        b + (o - b) * (g - BASIS) / 2.0,
        m + (b - m) * (g - MINIMUM) / 2.0,
    )
    return unscaled(t, log)


def spread(
    value: Number, sigma: Number, kind: str = "absolute", log: Number = False
) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the 90 % interval of the *value*: +-1.645 sigma (indicators G10).

    ``kind``: ``absolute`` in the unit of the value; ``relative`` as part of the value (0.15 =
    15 %); ``decades`` in powers of ten (value x 10^(+-1.645 sigma)). On a log scale an absolute
    or relative spread that would pass zero stops there. NaN sigma counts as 0: no known spread.
    """
    if kind not in SIGMA_KINDS:
        raise ValueError(f"unknown kind of sigma: {kind}")
    x, s = np.asarray(value, float), plain(sigma)
    with np.errstate(invalid="ignore", over="ignore"):
        if kind == "decades":
            factor = 10.0 ** (Z90 * s)
            low, high = np.minimum(x / factor, x * factor), np.maximum(x / factor, x * factor)
        else:
            half = Z90 * (s if kind == "absolute" else s * np.abs(x))
            low, high = x - half, x + half
            low = np.where(np.asarray(log, bool) & (x > 0), np.maximum(low, 0.0), low)
    infinite = np.isinf(x)
    return np.where(infinite, x, low), np.where(infinite, x, high)


def interval(
    value: Number,
    sigma: Number,
    kind: str,
    minimum: Number,
    basis: Number,
    optimum: Number,
    up: Number,
    log: Number = False,
) -> tuple[np.ndarray, np.ndarray]:
    """(mark_low, mark_high): the marks at both ends of the 90 % interval of the value, low <=
    mark <= high. Straddling 6 means "uncertain" (domain 2.4)."""
    low, high = spread(value, sigma, kind, log)
    a = mark(low, minimum, basis, optimum, up, log)
    b = mark(high, minimum, basis, optimum, up, log)
    return np.minimum(a, b), np.maximum(a, b)


def _normal_cdf(z: np.ndarray) -> np.ndarray:
    # math.erf: SciPy may be absent (design 5)
    flat = [0.5 * (1.0 + math.erf(v / _ROOT2)) for v in np.ravel(z).tolist()]
    return np.asarray(flat, float).reshape(np.shape(z))


def chance6(value: Number, sigma: Number, kind: str, minimum: Number, up: Number) -> np.ndarray:
    """Chance (0-1) that the true value is at the minimum or better, so that the mark is at least
    6: the value as a normal distribution with this spread (``decades``: normal in log10 x).
    Sigma 0 or unknown: 1 or 0. NaN value or minimum: NaN.
    """
    if kind not in SIGMA_KINDS:
        raise ValueError(f"unknown kind of sigma: {kind}")
    log = kind == "decades"
    t, m, sg = scaled(value, log), scaled(minimum, log), plain(sigma)
    s = np.where(np.asarray(up, bool), 1.0, -1.0)
    if kind == "relative":
        sg = sg * np.abs(t)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = s * (t - m)
        z = np.where(sg > 0, distance / sg, np.where(distance >= 0, np.inf, -np.inf))
    z = np.where(np.isinf(t), np.where(s * t > 0, np.inf, -np.inf), z)
    unknown = np.isnan(t) | np.isnan(m)
    return np.where(unknown, np.nan, _normal_cdf(np.where(unknown, 0.0, z)))


def chance_of_mark(mark: float, low: float, high: float) -> float:
    """Chance (0-1) of a 6 or more of a mark that is a mean of marks: the mark as a normal
    distribution with the spread of its 90 % interval. NaN where a number is missing. Without
    NumPy: sliders ask for hundreds."""
    sigma = (high - low) / (2.0 * Z90)
    if not math.isfinite(mark) or not math.isfinite(sigma):
        return math.nan
    if sigma <= 0:
        return 1.0 if round(mark, _SNAP) >= MINIMUM else 0.0
    return 0.5 * (1.0 + math.erf((mark - MINIMUM) / (sigma * math.sqrt(2.0))))


def uncertain(mark_low: Number, mark_high: Number) -> np.ndarray:
    """True where the interval straddles 6 (domain 2.4: shown as "uncertain")."""
    with np.errstate(invalid="ignore"):
        return (np.asarray(mark_low, float) < MINIMUM) & (np.asarray(mark_high, float) >= MINIMUM)


def shown_number(value: float | None) -> Decimal | None:
    """A mark as it may be shown (indicators G10): one decimal, truncated below 6 so that 5.96 is
    not a pass, rounded half up from 6. None for NaN or None."""
    if value is None or not math.isfinite(value):
        return None
    # 5.9999999999 is 6 minus the dust of binary floats; 5.96 is not
    snapped = Decimal(repr(float(np.round(value, _SNAP))))
    rounding = ROUND_DOWN if snapped < 6 else ROUND_HALF_UP
    return snapped.quantize(Decimal("0.1"), rounding=rounding)


def shown(value: float | None, lang: str = "nl", breaches: int = 0) -> str:
    """A mark in words: ``5,9`` in Dutch, ``5.9`` in English, an en dash where there is none; with
    breaches of the law a section sign behind it (``7,2 §``, indicators G9)."""
    number = shown_number(value)
    if number is None:
        figure = "\u2013"
    else:
        figure = str(number)
        if lang == "nl":
            figure = figure.replace(".", ",")
    return f"{figure} §" if breaches else figure


def status(mark: float | None, gap: float | None, applicable: bool, breach: bool) -> str:
    """:func:`statuses` for one mark, without NumPy: sliders ask for thousands."""
    if not applicable:
        return words.NOT_APPLICABLE
    if mark is None or mark != mark:
        return words.NOT_ASSESSED
    if breach:
        return words.LEGAL_BREACH
    if round(mark, _SNAP) < MINIMUM:
        return words.BELOW_MINIMUM
    if gap is not None and round(gap, _SNAP) < 0.0:
        return words.BELOW_AMBITION
    return words.OK


def statuses(
    marks: Number, gap: Number, applicable: Number = True, breach: Number = False
) -> np.ndarray:
    """Status of each mark in the order of indicators G7: not_applicable > not_assessed >
    legal_breach > below_minimum (< 6) > below_ambition (gap < 0) > ok. Raw values decide, but for
    the dust of binary floats (1e-9). Returns an object array of :data:`words.STATUSES`."""
    g, d, a, e = np.broadcast_arrays(
        np.asarray(marks, float),
        np.asarray(gap, float),
        np.asarray(applicable, bool),
        np.asarray(breach, bool),
    )
    with np.errstate(invalid="ignore"):
        below, short = np.round(g, _SNAP) < MINIMUM, np.round(d, _SNAP) < 0.0
        chosen = np.select([~a, np.isnan(g), e, below, short], [0, 1, 2, 3, 4], 5)
    names: np.ndarray = np.asarray(words.STATUSES, object)[chosen]
    return names
