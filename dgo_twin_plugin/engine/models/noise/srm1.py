"""SRM1: the Dutch open-field method for one straight road, as a reference and for quick estimates.

    LAeq = E + C - D_distance - D_air - D_ground - D_meteo       (RMG2012 annex III ch. 1, V*)

E comes from the octave sums of SRM2: over a long line L = LW' - 10 lg r - 10 lg 4, so
E = LW - 30 - 10 lg 4 + 10 lg(Q/v). That gives 69.2 (light), 71.2 (medium) and 74.2 dB (heavy) at
the reference speeds; the 73.2 and 76.0 that circulate for medium and heavy vehicles are 2 dB
higher and could not be read in the law, whose formulae are images. The propagation is K.

No screening, no junctions, no height differences over 3 m; models of the plan do not use it.
"""

from __future__ import annotations

import numpy as np

from .emission import SRM2, total, vehicle_power

LINE = 30.0 + 10.0 * np.log10(4.0)  # dB: per metre, and a long line seen from the side
SOURCE = 0.75  # m of the driving line above the road


def emission(flow: np.ndarray, speed: np.ndarray) -> np.ndarray:
    """(p,) E, dB, of ``flow`` (p, 3) vehicles per hour and class at ``speed`` (3,) km/h, on the
    reference surface."""
    speed = np.asarray(speed, float)
    power = total(vehicle_power(speed[None, :], np.zeros(1, np.int64), SRM2))[0]
    per_class = 10.0 ** ((power - LINE) / 10.0) * np.asarray(flow, float) / speed
    with np.errstate(divide="ignore"):
        level: np.ndarray = 10.0 * np.log10(per_class.sum(axis=-1))
    return level


def attenuation(r: float, receiver: float, soft: float, road: float = 0.0) -> float:
    """dB between E and LAeq at distance ``r`` m from the driving line, ``receiver`` and ``road`` m
    above the ground, ``soft`` part of the ground between that is not hard (0-1)."""
    distance = 10.0 * np.log10(r)
    air = 0.01 * r**0.9
    near = np.exp(-0.65 * receiver) + np.exp(-0.65 * (road + SOURCE))
    ground = soft * (2.0 + 4.0 * (1.0 - np.exp(-0.04 * r)) * near)
    meteo = 3.5 - 3.5 * np.exp(-0.04 * r / (receiver + road + SOURCE))
    return float(distance + air + ground + meteo)


def reflection(part: float) -> float:
    """C_reflection, dB: 1.5 times the part of the other side that reflects (V*)."""
    return 1.5 * part
