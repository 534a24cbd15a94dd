"""What noise loses between source and receiver, per octave: ISO 9613-2:1996, general method.

Arrays are band-first, (8, k), so that a band lies together in memory. Levels and attenuations in
dB, lengths in m, heights above the ground. Read with ISO/TR 17534-3:2015: a sight line over the
edge is no screen, and where the ground strengthens the sound the screen does not take that back.
The formulae work in the precision of what they are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..tables import constants
from .lines import BANDS

N_BANDS = len(BANDS)
TO_ENERGY = np.log(10.0) / 10.0  # exp(x * TO_ENERGY) = 10 ** (x / 10)


@dataclass(frozen=True)
class Air:
    """The constants of ``profiles/models/propagation.yml`` that the formulae use."""

    absorption: np.ndarray  # (8,) dB per m
    wavelength: np.ndarray  # (8,) m
    c0: float  # dB
    c2: float
    floor_single: float  # least share of the energy behind one edge, from its cap in dB
    floor_double: float


@lru_cache(maxsize=1)
def air() -> Air:
    """The shipped constants."""
    told = constants("propagation")
    screen = told["screen"]
    return Air(
        np.array(told["air"]["absorption"], float) / 1000.0,
        float(screen["sound_speed"]) / np.array(BANDS),
        float(told["weather"]["c0"]),
        float(screen["c2"]),
        10.0 ** (-float(screen["cap_single"]) / 10.0),
        10.0 ** (-float(screen["cap_double"]) / 10.0),
    )


def divergence(distance: np.ndarray) -> np.ndarray:
    """Of a point source, dB: 20 lg d + 10 lg 4 pi (ISO 9613-2 formula 7)."""
    found: np.ndarray = 20.0 * np.log10(distance) + 10.0 * np.log10(4.0 * np.pi)
    return found


def line_energy(
    along0: np.ndarray, along1: np.ndarray, square: np.ndarray
) -> np.ndarray:
    """Energy at a receiver from a straight piece with 1 W/m, 1/m: the integral of dl / (4 pi r2).

    ``along0``, ``along1``: ends measured along the line from the foot of the receiver, m;
    ``square``: squared distance of receiver and line in space, m2, above zero.
    """
    distance = np.sqrt(square)
    angle = np.arctan2(distance * (along1 - along0), square + along0 * along1)
    found: np.ndarray = np.abs(angle) / (4.0 * np.pi * distance)
    return found


def weather(hs: np.ndarray, hr: np.ndarray, distance: np.ndarray, c0: float) -> np.ndarray:
    """Long-term correction C_met, dB (ISO 9613-2 formulae 21 and 22); ``distance`` on the map."""
    far = np.maximum(distance, 1e-3)
    found: np.ndarray = c0 * np.maximum(1.0 - 10.0 * (hs + hr) / far, 0.0)
    return found


def ground(
    hs: np.ndarray, hr: np.ndarray, distance: np.ndarray,
    soft_s: np.ndarray, soft_m: np.ndarray, soft_r: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Ground attenuation A_gr, (8, k) dB (ISO 9613-2 table 3 and formula 9).

    ``hs``, ``hr`` heights; ``distance`` on the map; ``soft_*`` ground factor G near the source, in
    the middle and near the receiver: 0 hard, 1 porous.
    """
    rise = 1.0 - np.exp(-distance / 50.0)
    slow = 1.0 - np.exp(-2.8e-6 * distance * distance)
    far = 30.0 * (hs + hr)
    q = np.where(distance > far, 1.0 - far / np.maximum(distance, 1e-3), 0.0)
    out = np.empty((N_BANDS, len(distance)), rise.dtype)
    out[0] = -3.0 - 3.0 * q
    middle = -3.0 * q * (1.0 - soft_m)
    for band, (near, far_end) in enumerate(zip(_shape(hs, rise, slow), _shape(hr, rise, slow)), 1):
        out[band] = -3.0 + soft_s * near + soft_r * far_end + middle
    out[5:] = -1.5 * (2.0 - soft_s - soft_r) + middle
    return out


def _shape(h: np.ndarray, rise: np.ndarray, slow: np.ndarray) -> tuple[np.ndarray, ...]:
    """a', b', c', d' of ISO 9613-2 table 3: for 125, 250, 500 and 1000 Hz."""
    h2 = h * h
    e9 = np.exp(-0.09 * h2)
    return (
        1.5 + 3.0 * np.exp(-0.12 * (h - 5.0) ** 2) * rise + 5.7 * e9 * slow,
        1.5 + 8.6 * e9 * rise,
        1.5 + 14.0 * np.exp(-0.46 * h2) * rise,
        1.5 + 5.0 * np.exp(-0.9 * h2) * rise,
    )


def screen_energy(
    detour: np.ndarray, between: np.ndarray, to_source: np.ndarray, to_receiver: np.ndarray,
    distance: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Share of the energy that comes over the edges, 10 ** (-D_z / 10), (8, k), at most 1/3.

    ISO 9613-2 formulae 14 to 18. ``detour`` z = path over the edges minus straight path, >= 0;
    ``between`` e = first to last edge, 0 for one edge; ``to_source`` d_ss, ``to_receiver`` d_sr;
    ``distance`` straight, in space. One edge screens 20 dB at most, more of them 25 dB.
    """
    told = air()
    kind = detour.dtype
    z = np.maximum(detour, 1e-6)
    k_met = np.exp(np.sqrt(to_source * to_receiver * distance / (2.0 * z)) / -2000.0)
    strength = (told.c2 * z * k_met).astype(kind)
    # one edge is the limit of two that lie together: C3 = 1
    ratio = (25.0 / np.maximum(between, 1e-3) ** 2).astype(kind)
    floor = np.where(between > 1e-3, told.floor_double, told.floor_single).astype(kind)
    out = np.empty((N_BANDS, len(detour)), kind)
    for band, wavelength in enumerate(told.wavelength):
        x = ratio * kind.type(wavelength**2)
        c3 = (1.0 + x) / (x + kind.type(1.0 / 3.0))
        out[band] = 1.0 / (3.0 + strength * c3 * kind.type(1.0 / wavelength))
    return np.maximum(out, floor)


def path_energy(
    a_ground: np.ndarray, screened: np.ndarray | None, rows: np.ndarray | slice | None = None
) -> np.ndarray:
    """Share of the energy left by ground and screens together, (8, k).

    The screen takes the place of the ground where that weakens, and comes on top where it
    strengthens: A = max(A_gr, D_z), or A_gr + D_z for A_gr < 0 (ISO 9613-2 formula 12 with
    ISO/TR 17534-3 section 5). ``screened`` (8, j) belongs to the paths ``rows`` (j,); all where
    not given.
    """
    kind = a_ground.dtype.type
    out: np.ndarray = np.exp(a_ground * kind(-TO_ENERGY))
    if screened is None:
        return out
    if rows is None:
        return np.minimum(out, screened * np.maximum(out, kind(1.0)))
    free = out[:, rows]
    out[:, rows] = np.minimum(free, screened * np.maximum(free, kind(1.0)))
    return out
