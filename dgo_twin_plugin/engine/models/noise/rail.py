"""What trains emit, per octave: the Dutch categories of vehicles (RMG2012 annex IV, V*).

Per category and octave L = a + b lg v + 10 lg Q, A-weighted, Q units of account per hour, v km/h.
The law puts it into L - 58.6 + 10 lg(angle/r) with the angle in degrees, so the power per metre is
L - 30, and lets rolling noise spread as a dipole. Lines here spread evenly: 3.0 dB is taken off,
what the dipole costs along a straight track. Check of both: octave sums agree with the law's own
dB number (annex IV ch. 2) within 1.3 dB from 80 km/h for all categories but blocked diesel trains.

Constants: ``profiles/models/rail_noise.yml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...kept import whole_of
from ...words import LOW
from ..tables import constants
from .given import assumed, found, origin_of, term, unknown_terms, within
from .lines import BANDS, PERIODS, RAIL, Lines, made

if TYPE_CHECKING:
    from ...checks import Check
    from ...scene import Scene, VectorContext

PER_METRE = 30.0  # dB: 10 lg(1000 m per km)


def settings() -> dict[str, Any]:
    """The constants of railway noise."""
    return constants("rail_noise")


def unit_power(category: str, speed: np.ndarray) -> np.ndarray:
    """(n, 8) L of one unit of account per hour, dB(A), at speeds (n,) km/h within the category's
    range. Raises KeyError for a category that is none."""
    block = settings()["categories"][category]
    energy = np.zeros((len(speed), len(BANDS)))
    for source in (block, block.get("extra"), block.get("more")):
        if source is not None:
            energy += 10.0 ** (_level(source, np.asarray(speed, float)) / 10.0)
    level: np.ndarray = 10.0 * np.log10(energy)
    return level


def _level(source: dict[str, Any], speed: np.ndarray) -> np.ndarray:
    ratio = np.log10(speed)[:, None]
    level: np.ndarray = np.array(source["a"], float) + np.array(source["b"], float) * ratio
    if "break" in source:
        slow = source["slow"]
        below = np.array(slow["a"], float) + np.array(slow["b"], float) * ratio
        level = np.where((speed < float(source["break"]))[:, None], below, level)
    return level


def track_power(category: str, speed: np.ndarray, units: np.ndarray) -> np.ndarray:
    """(n, 3, 8) power per metre of track, dB re 1 pW/m; ``units`` (n, 3) per hour and period."""
    table = settings()
    block = table["categories"][category]
    off = PER_METRE + (0.0 if block.get("even") else float(table["directivity"]))
    with np.errstate(divide="ignore"):
        passing = 10.0 * np.log10(units)[:, :, None]
    level: np.ndarray = unit_power(category, speed)[:, None, :] + passing - off
    return level


def speed_range(category: str) -> tuple[float, float]:
    """km/h at which the category's coefficients hold."""
    table = settings()
    block = table["categories"][category]
    return float(block.get("low", table["speed_low"])), float(block["top"])


def rail_data(scene: Scene) -> tuple[np.ndarray, np.ndarray, list[Check]] | None:
    """:func:`rail_power` of the role ``railways``, worked out once; None where it holds none."""
    vectors = scene.vectors("railways")
    if vectors is None:
        return None
    found: tuple[np.ndarray, np.ndarray, list[Check]] = scene.product("rail_power", lambda _: (
        whole_of(scene, "rail_power", (vectors,), lambda: rail_power(vectors))))  # fmt: skip
    return found


def rail_lines(scene: Scene) -> tuple[Lines, list[Check]]:
    """The railways that carry trains as lines, and what was found about the rest."""
    vectors, found = scene.vectors("railways"), rail_data(scene)
    if vectors is None or found is None:
        return Lines.none(), []
    power, _, checks = found
    rows = np.flatnonzero(np.isfinite(power).any(axis=(1, 2)))
    lines = made(
        vectors, rows, np.full(len(rows), float(settings()["height"])), power[rows],
        np.full(len(rows), RAIL, object), origin_of(vectors)[rows],
    )  # fmt: skip
    return lines, checks


def rail_power(vectors: VectorContext) -> tuple[np.ndarray, np.ndarray, list[Check]]:
    """(n, 3, 8) power per metre of every track, (n,) spread in dB of its data, and the findings."""
    table = settings()
    checks: list[Check] = []
    read = [within(vectors, period) for period in PERIODS]
    trains = np.column_stack([values for values, _ in read])
    wrong = np.column_stack([bad for _, bad in read])
    for k, period in enumerate(PERIODS):
        checks += found("impossible_value", wrong[:, k], vectors, field=period)
    nothing = np.isnan(trains).all(axis=1) & ~wrong.any(axis=1)
    checks += found("rail_no_trains", nothing, vectors)
    some = np.isnan(trains).any(axis=1) & ~np.isnan(trains).all(axis=1)
    checks += assumed(vectors, ", ".join(PERIODS), some)
    trains = np.nan_to_num(trains)
    loud = (trains > 0).any(axis=1)
    category, guess = _categories(vectors, loud, checks)
    speed, no_speed = _speeds(vectors, category, loud, checks)
    length, _ = within(vectors, "length")
    no_length = ~(length > 0)
    checks += assumed(vectors, "length", loud & no_length, LOW)
    power = np.full((vectors.n, len(PERIODS), len(BANDS)), -np.inf)
    for name in dict.fromkeys(category[loud]):
        block = table["categories"][name]
        mine = np.flatnonzero(loud & (category == name))
        train = np.where(no_length[mine], float(block["train"]), length[mine])
        units = train / float(block["unit"]) if block["unit"] else np.ones(len(mine))
        power[mine] = track_power(name, speed[mine], trains[mine] * units[:, None])
    width = table["spread"]
    spread = np.sqrt(
        width["trains"] ** 2 + width["track"] ** 2
        + sum(np.where(mask, width[key]["assumed"], width[key]["given"]) ** 2
              for key, mask in (("speed", no_speed), ("category", guess), ("length", no_length)))
    )  # fmt: skip
    return power, spread, checks


def category_terms() -> dict[str, str]:
    """Every word or number for a category -> its id."""
    words = {}
    for name, block in settings()["categories"].items():
        for word in (name, block["number"], *block["aliases"]):
            words[term(word)] = name
            words[term(f"cat {word}")] = words[term(f"categorie {word}")] = name
    return words


def _categories(
    vectors: VectorContext, loud: np.ndarray, checks: list[Check]
) -> tuple[np.ndarray, np.ndarray]:
    words, default = category_terms(), str(settings()["default"])
    said = [term(text) for text in vectors.texts("category")]
    category = np.array([words.get(text, default) for text in said], object)
    empty = np.array([not text for text in said], bool)
    unknown = np.array([text not in words for text in said], bool)
    checks += assumed(vectors, "category", loud & empty)
    checks += unknown_terms(vectors, said, words, loud, "category", default)
    return category, unknown


def _speeds(
    vectors: VectorContext, category: np.ndarray, loud: np.ndarray, checks: list[Check]
) -> tuple[np.ndarray, np.ndarray]:
    speed, _ = within(vectors, "speed")
    missing = ~(speed > 0)
    ranges = np.array([speed_range(name) for name in category], float).reshape(-1, 2)
    usual = np.minimum(float(settings()["speed_default"]["value"]), ranges[:, 1])
    speed = np.where(missing, usual, speed)
    checks += assumed(vectors, "speed", loud & missing)
    inside = np.clip(speed, ranges[:, 0], ranges[:, 1])
    off = loud & (inside != speed)
    for low, high in dict.fromkeys(map(tuple, ranges[off])):
        mine = off & (ranges == (low, high)).all(axis=1)
        checks += found("noise_speed_clamped", mine, vectors, low=float(low), high=float(high))
    return inside, missing
