"""PET by regression, and the heat island (domain 4.10): pure functions, SI units, degrees Celsius.

Angles come as their sine, so nobody takes the sine of degrees; the range of temperature is that of
the day; the vegetated share is a share of ground and never the sky view factor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

STEFAN_BOLTZMANN = 5.670374419e-8  # W/(m2 K4)
KELVIN = 273.15


def watt(joule_cm2: float) -> float:
    """W/m2 from J/cm2 summed over an hour, as KNMI gives global radiation."""
    return joule_cm2 * 1e4 / 3600.0


def wet_bulb(temperature: Any, humidity: float) -> Any:
    """Wet-bulb temperature, degrees C, of air of so many degrees C and % (Stull 2011, for 5-99 %
    and -20 to 50 degrees C). The arc tangents are in radians. Example: 20 and 50 % give 13.7."""
    steady = (
        -math.atan(humidity - 1.676331)
        + 0.00391838 * humidity**1.5 * math.atan(0.023101 * humidity)
        - 4.686035
    )
    slope = math.atan(0.151977 * math.sqrt(humidity + 8.313659))
    return temperature * slope + np.arctan(temperature + humidity) + steady


def diffuse(radiation: float, sine: float, constants: dict[str, Any]) -> float:
    """Diffuse part of the global radiation, W/m2; ``sine`` of the sun's altitude."""
    if radiation <= 0.0 or sine <= 0.0:
        return max(radiation, 0.0)
    through = radiation / (constants["solar_constant"] * sine)
    if through >= constants["clear"]["from"]:
        return radiation * float(constants["clear"]["share"])
    if through < constants["cloudy"]["to"]:
        return radiation * float(constants["cloudy"]["share"])
    a, b = constants["between"]
    return float(radiation * (a + b * through))


def heat_island(sky: Any, green: Any, day: dict[str, float], air: float) -> Any:
    """Largest heat island of the day, K: (2 - SVF - F_veg) (S dT^3 / U)^(1/4), with S = q / air in
    K m/s, dT the range of the day's temperature and U its mean wind (Theeuwes et al. 2017)."""
    span, wind = max(day["tmax"] - day["tmin"], 0.0), max(day["wind"], 0.1)
    force = (day["q"] / air * span**3 / wind) ** 0.25
    return (2.0 - sky - green) * force


def pet_sun(ta: Any, tw: Any, ln_u: Any, radiation: float, sine: float, bowen: Any, sky: Any,
            c: dict[str, float]) -> Any:  # fmt: skip
    """PET in the sun, degrees C."""
    return (
        c["constant"] + c["ta"] * ta + c["q"] * radiation + c["ln_u"] * ln_u + c["tw"] * tw
        + c["q_ln_u"] * radiation * ln_u + c["sin"] * sine
        + c["q_ln_u_sin"] * radiation * ln_u * sine + c["bowen"] * bowen + c["svf"] * sky
    )  # fmt: skip


def pet_shade(ta: Any, tw: Any, ln_u: Any, scattered: float, sky: Any,
              c: dict[str, float]) -> Any:  # fmt: skip
    """PET in the shade or by night, degrees C."""
    glow = STEFAN_BOLTZMANN * (ta + KELVIN) ** 4
    return (
        c["constant"] + c["ta"] * ta + c["ln_u"] * ln_u + c["tw"] * tw
        + c["svf_qd"] * sky * scattered + c["longwave"] * (1.0 - sky) * glow
    )  # fmt: skip
