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
# ISO 9613-2 table 3, for 125, 250, 500 and 1000 Hz: dB, how quickly that fades around a height, m
_NEAR = ((3.0, 0.12, 5.0), (8.6, 0.09, 0.0), (14.0, 0.46, 0.0), (5.0, 0.9, 0.0))


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
    rise = 1.0 - np.exp(distance * (-1.0 / 50.0))
    slow = 1.0 - np.exp(-2.8e-6 * distance * distance)
    far = 30.0 * (hs + hr)
    q = 3.0 * np.maximum(1.0 - far / np.maximum(distance, 1e-3), 0.0)
    out = np.empty((N_BANDS, len(distance)), rise.dtype)
    np.subtract(-3.0, q, out=out[0])
    ends = soft_s + soft_r
    high = -3.0 - q * (1.0 - soft_m) + 1.5 * ends
    # a', b', c', d' of table 3 without their 1.5, which is in all of them
    for band, (size, bend, middle) in enumerate(_NEAR, 1):
        at_s, at_r = (size * np.exp(-bend * (h - middle) ** 2) for h in (hs, hr))
        np.multiply(soft_s * at_s + soft_r * at_r, rise, out=out[band])
        out[band] += high
    at_s, at_r = (5.7 * np.exp(-0.09 * h * h) for h in (hs, hr))
    out[1] += (soft_s * at_s + soft_r * at_r) * slow
    out[5:] = high
    return out


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
    kind = detour.dtype.type
    z = np.maximum(detour, kind(1e-6))
    k_met = np.exp(np.sqrt(to_source * to_receiver * distance / (2.0 * z)) / kind(-2000.0))
    strength = kind(told.c2) * z * k_met
    # one edge is the limit of two that lie together: C3 = 1
    ratio = kind(25.0) / np.maximum(between, kind(1e-3)) ** 2
    out = np.empty((N_BANDS, len(detour)), kind)
    for band, wave in enumerate(told.wavelength.tolist()):
        # C3 / wave = (1 + x) / (1 / 3 + x) / wave with x = ratio wave2
        share = np.add(ratio, kind(1.0 / 3.0 / wave**2), out=out[band])
        np.divide(kind(2.0 / 3.0 / wave**3), share, out=share)
        share += kind(1.0 / wave)
        share *= strength
        share += kind(3.0)
        np.divide(kind(1.0), share, out=share)
    single, double = kind(told.floor_single), kind(told.floor_double)
    return np.maximum(out, single + (double - single) * (between > 1e-3), out=out)


def path_energy(a_ground: np.ndarray, screened: np.ndarray | None) -> np.ndarray:
    """Share of the energy left by ground and screens together, (8, k).

    The screen takes the place of the ground where that weakens, and comes on top where it
    strengthens: A = max(A_gr, D_z), or A_gr + D_z for A_gr < 0 (ISO 9613-2 formula 12 with
    ISO/TR 17534-3 section 5). ``screened`` (8, k) is 1 where nothing screens.
    """
    kind = a_ground.dtype.type
    out: np.ndarray = a_ground * kind(-TO_ENERGY)
    np.exp(out, out=out)
    if screened is not None:
        over = np.maximum(out, kind(1.0))
        over *= screened
        np.minimum(out, over, out=out)
    return out
