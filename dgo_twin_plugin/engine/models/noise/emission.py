"""What road traffic emits, per octave: CNOSSOS-EU:2020 (or its Dutch vehicles) and SRM2.

Per vehicle class m and octave i, v in km/h (Directive (EU) 2015/996, 2.2, V):

    rolling     AR + BR lg(v/70) + alpha + beta lg(v/70) + k (20 - air)
    propulsion  AP + BP (v-70)/70 + min(alpha, 0)
    LW          10 lg (10^(rolling/10) + 10^(propulsion/10))

SRM2 (RMG2012 annex III 2.4.1, V*): LW = a + b lg(v/v0), A-weighted, total. Its own corrections for
surfaces were not read; the difference that the Dutch CNOSSOS coefficients make stands for them.
Power per metre of road: 10 lg sum over m of 10^(LW/10) Q/(1000 v), Q vehicles per hour.

Constants, with source and confidence: ``profiles/models/road_noise.yml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kept import whole_of
from ..tables import constants
from .lines import A_WEIGHT, Lines, made
from .traffic import CLASSES, Traffic, traffic

if TYPE_CHECKING:
    from ...checks import Check
    from ...scene import Scene

REFERENCE = 70.0  # km/h, of CNOSSOS
CNOSSOS, CNOSSOS_NL, SRM2 = METHODS = ("cnossos", "cnossos_nl", "srm2")


def settings() -> dict[str, Any]:
    """The constants of road noise."""
    return constants("road_noise")


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Road surfaces (s,): ``alpha`` (s, 3, 8) and ``beta`` (s, 3) per class, dB; speed range."""

    names: tuple[str, ...]
    alpha: np.ndarray
    beta: np.ndarray
    low: np.ndarray  # km/h
    high: np.ndarray

    def index(self, names: np.ndarray) -> np.ndarray:
        """(n,) row of each surface id. Raises KeyError for an id that is none."""
        row = {name: k for k, name in enumerate(self.names)}
        return np.fromiter((row[name] for name in names), np.int64, len(names))


@lru_cache(maxsize=1)
def surfaces() -> Surfaces:
    """The surfaces of the constants."""
    block = settings()["surfaces"]
    return Surfaces(
        tuple(block),
        np.array([[s[c]["alpha"] for c in CLASSES] for s in block.values()], float),
        np.array([[s[c]["beta"] for c in CLASSES] for s in block.values()], float),
        np.array([s["speed"][0] for s in block.values()], float),
        np.array([s["speed"][1] for s in block.values()], float),
    )


def vehicle_power(
    speed: np.ndarray, surface: np.ndarray, method: str = CNOSSOS, air: float = 20.0
) -> np.ndarray:
    """(n, 3, 8) A-weighted sound power of one vehicle, dB re 1 pW, per class and octave.

    ``speed`` (n, 3) km/h per class; ``surface`` (n,) rows of :func:`surfaces`; ``air`` mean
    temperature, degrees C. Raises ValueError for an unknown method.
    """
    speed = np.asarray(speed, float)
    if method == SRM2:
        plain = np.zeros_like(surface)
        power: np.ndarray = (_srm2(speed) + _cnossos(speed, surface, CNOSSOS_NL, 20.0)
                 - _cnossos(speed, plain, CNOSSOS_NL, 20.0))  # fmt: skip
    elif method in METHODS:
        power = _cnossos(speed, surface, method, air) + np.array(A_WEIGHT)
    else:
        raise ValueError(f"unknown method {method!r}")
    return power


def _column(block: dict[str, Any], name: str) -> np.ndarray:
    """(3, 8) one coefficient of the three classes."""
    values: np.ndarray = np.array([block[c][name] for c in CLASSES], float)
    return values


def _cnossos(speed: np.ndarray, surface: np.ndarray, method: str, air: float) -> np.ndarray:
    """(n, 3, 8) not A-weighted. The surface's own term keeps to the speeds it was measured at."""
    block, kinds = settings()[method], surfaces()
    warmth = settings()["temperature"]
    ratio = np.log10(speed / REFERENCE)[:, :, None]
    inside = np.clip(speed, kinds.low[surface][:, None], kinds.high[surface][:, None])
    alpha = kinds.alpha[surface]
    rolling = _column(block, "ar") + _column(block, "br") * ratio
    rolling = rolling + alpha + (kinds.beta[surface] * np.log10(inside / REFERENCE))[:, :, None]
    rolling = rolling + np.array([warmth[c] for c in CLASSES])[:, None] * (20.0 - air)
    driving = _column(block, "ap") + _column(block, "bp") * (speed / REFERENCE - 1.0)[:, :, None]
    driving = driving + np.minimum(alpha, 0.0)
    total: np.ndarray = 10.0 * np.log10(10.0 ** (rolling / 10.0) + 10.0 ** (driving / 10.0))
    return total


def _srm2(speed: np.ndarray) -> np.ndarray:
    block = settings()[SRM2]
    v0 = np.array([block[c]["v0"] for c in CLASSES], float)
    ratio = np.log10(speed / v0)[:, :, None]
    total: np.ndarray = _column(block, "alpha") + _column(block, "beta") * ratio
    return total


def line_power(flow: np.ndarray, speed: np.ndarray, power: np.ndarray) -> np.ndarray:
    """(n, 3, 8) power per metre of road, dB re 1 pW/m, per period and octave; -inf where silent.

    ``flow`` (n, 3 periods, 3 classes) vehicles per hour; ``speed`` (n, 3) km/h; ``power`` (n, 3, 8)
    of one vehicle. A vehicle that passes Q times per hour at v is 10 lg(Q / 1000 v) per metre.
    """
    per_metre = flow / (1000.0 * speed[:, None, :])
    energy = sum(
        per_metre[:, :, m, None] * 10.0 ** (power[:, None, m] / 10.0)
        for m in range(per_metre.shape[2])
    )
    with np.errstate(divide="ignore"):
        level: np.ndarray = 10.0 * np.log10(energy)
    return level


def total(power: np.ndarray) -> np.ndarray:
    """A-weighted total over the octaves (last axis), dB."""
    with np.errstate(divide="ignore"):
        level: np.ndarray = 10.0 * np.log10((10.0 ** (np.asarray(power) / 10.0)).sum(axis=-1))
    return level


# --- the bridge -------------------------------------------------------------------------------
def road_traffic(scene: Scene) -> tuple[Traffic, list[Check]] | None:
    """The traffic of the role ``roads``, read once; None where the role holds no roads."""
    vectors = scene.vectors("roads")
    if vectors is None:
        return None
    found: tuple[Traffic, list[Check]] = scene.product("road_traffic", lambda _: whole_of(
        scene, "road_traffic", (vectors,), lambda: traffic(vectors, settings())))  # fmt: skip
    return found


def road_lines(scene: Scene) -> tuple[Lines, list[Check]]:
    """The roads that carry traffic as lines, and what was found about the rest."""
    vectors, found = scene.vectors("roads"), road_traffic(scene)
    if vectors is None or found is None:
        return Lines.none(), []
    cars, checks = found
    rows = np.flatnonzero(cars.loud)
    table = settings()
    method = table["method"]
    vehicle = vehicle_power(cars.speed[rows], surfaces().index(cars.surface[rows]), method,
                            float(table["temperature"]["air"]))  # fmt: skip
    power = line_power(cars.flow[rows], cars.speed[rows], vehicle)
    height = cars.height[rows] + float(table[method]["height"])
    return made(vectors, rows, height, power, cars.kind[rows], cars.origin[rows]), checks
