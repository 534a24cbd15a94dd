"""From the fields of roads to vehicles per hour: what is missing is assumed, and said.

Intensity alone makes a road a source: where it is missing or impossible the road is silent, for
nobody can guess traffic. Everything else has a default in ``profiles/models/road_noise.yml``; each
default widens the road's own spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...words import LOW
from ..sums import weighed
from .given import assumed, found, origin_of, term, unknown_terms, within
from .lines import HOURS, PERIODS, ROAD, ROAD_KINDS

if TYPE_CHECKING:
    from ...checks import Check
    from ...scene import VectorContext

CLASSES = ("light", "medium", "heavy")


@dataclass(frozen=True, eq=False)
class Traffic:
    """Per road (n,); ``loud`` is False where there is nothing to hear or nothing known."""

    flow: np.ndarray  # (n, 3 periods, 3 classes) vehicles per hour
    speed: np.ndarray  # (n, 3) km/h per class
    surface: np.ndarray  # (n,) object: id of a surface
    height: np.ndarray  # (n,) m of the road above the ground, >= 0
    kind: np.ndarray  # (n,) object: kind of source
    origin: np.ndarray  # (n,) object
    spread: np.ndarray  # (n,) dB, standard deviation of the emission from the data
    loud: np.ndarray  # (n,) bool


def traffic(vectors: VectorContext, table: dict[str, Any]) -> tuple[Traffic, list[Check]]:
    """The traffic of every road of a role, by the constants ``table``, and the findings."""
    checks: list[Check] = []
    intensity, wrong = within(vectors, "intensity")
    loud = intensity > 0
    checks += found("impossible_value", wrong, vectors, field="intensity")
    checks += found("road_no_traffic", np.isnan(intensity) & ~wrong, vectors)
    kind = _kinds(vectors)
    speed, no_speed = _speed(vectors, kind, table["speed"], loud, checks)
    fleet, no_fleet = _fleet(vectors, speed, table["fleet"], loud, checks)
    shares, no_shares = _shares(vectors, table["shares"], loud, checks)
    surface, no_surface = _surface(vectors, speed, table, loud, checks)
    height, _ = within(vectors, "height")
    checks += found("road_below_ground", loud & (height < 0), vectors, LOW)
    cap = float(table["speed"]["heavy_cap"])
    per_class = np.column_stack([speed, np.minimum(speed, cap), np.minimum(speed, cap)])
    flow = np.nan_to_num(intensity)[:, None, None] * shares[:, :, None] * fleet[:, None, :]
    width = table["spread"]
    spread = np.sqrt(
        width["intensity"] ** 2
        + sum(np.where(guess, width[name]["assumed"], width[name]["given"]) ** 2
              for name, guess in (("speed", no_speed), ("fleet", no_fleet),
                                  ("shares", no_shares), ("surface", no_surface)))
    )  # fmt: skip
    return Traffic(flow, per_class, surface, np.maximum(np.nan_to_num(height), 0.0), kind,
                   origin_of(vectors), spread, loud), checks  # fmt: skip


def _kinds(vectors: VectorContext) -> np.ndarray:
    owners = [term(owner).replace(" ", "_") for owner in vectors.texts("owner")]
    return np.array([f"road_{o}" if f"road_{o}" in ROAD_KINDS else ROAD for o in owners], object)


def _speed(
    vectors: VectorContext, kind: np.ndarray, table: dict[str, Any], loud: np.ndarray,
    checks: list[Check],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    speed, _ = within(vectors, "speed")
    missing = ~(speed > 0)
    speed = np.where(missing, [float(table["default"][k]) for k in kind], speed)
    low, high = float(table["low"]), float(table["high"])
    off = loud & ((speed < low) | (speed > high))
    checks += assumed(vectors, "speed", loud & missing)
    checks += found("noise_speed_clamped", off, vectors, low=low, high=high)
    return np.clip(speed, low, high), missing


def _fleet(
    vectors: VectorContext, speed: np.ndarray, table: list[dict[str, Any]], loud: np.ndarray,
    checks: list[Check],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(n, 3) share of each class, and where any of it was assumed."""
    medium, _ = within(vectors, "medium")
    heavy, _ = within(vectors, "heavy")
    impossible = medium + heavy > 100.0
    missing = np.isnan(medium) | np.isnan(heavy) | impossible
    row = np.searchsorted([float(t["from"]) for t in table], speed, side="right") - 1
    usual = [np.array([float(t[name]) for t in table])[row] for name in CLASSES[1:]]
    medium = np.where(np.isnan(medium) | impossible, usual[0], medium)
    heavy = np.where(np.isnan(heavy) | impossible, usual[1], heavy)
    heavy = np.minimum(heavy, 100.0 - medium)
    checks += assumed(vectors, "medium, heavy", loud & missing)
    return np.column_stack([100.0 - medium - heavy, medium, heavy]) / 100.0, missing


def _shares(
    vectors: VectorContext, table: dict[str, Any], loud: np.ndarray, checks: list[Check]
) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) part of a day's traffic per hour of each period, so that 24 hours make the whole."""
    given = np.column_stack([within(vectors, f"{p}_share")[0] for p in PERIODS])
    usual = np.array([float(table[p]) for p in PERIODS])
    share = np.where(np.isnan(given), usual, given)
    whole = weighed(share, np.array(HOURS))
    missing = np.isnan(given).any(axis=1) | ~(whole > 0)
    share[~(whole > 0)] = usual
    off = loud & ~missing & (np.abs(whole - 100.0) > float(table["tolerance"]))
    checks += found("road_shares_sum", off, vectors, LOW)
    checks += assumed(vectors, "day_share, evening_share, night_share", loud & missing, LOW)
    return share / (weighed(share, np.array(HOURS)))[:, None], missing


@lru_cache(maxsize=4)
def _terms(surfaces: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, str]:
    return {term(word): name for name, words in surfaces for word in (name, *words)}


def surface_terms(table: dict[str, Any]) -> dict[str, str]:
    """Every word for a surface -> its id."""
    return _terms(tuple((name, tuple(map(str, [*s["codes"], *s["aliases"]])))
                        for name, s in table["surfaces"].items()))  # fmt: skip


def _surface(
    vectors: VectorContext, speed: np.ndarray, table: dict[str, Any], loud: np.ndarray,
    checks: list[Check],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    words, default = surface_terms(table), str(table["surface_default"])
    said = [term(text) for text in vectors.texts("surface")]
    surface = np.array([words.get(text, default) for text in said], object)
    unknown = np.array([text not in words for text in said], bool)
    checks += unknown_terms(vectors, said, words, loud, "surface", default)
    ranges = np.array([table["surfaces"][s]["speed"] for s in surface], float).reshape(-1, 2)
    off = loud & ((speed < ranges[:, 0]) | (speed > ranges[:, 1])) & (surface != default)
    checks += found("road_surface_speed", off, vectors, LOW)
    return surface, unknown
