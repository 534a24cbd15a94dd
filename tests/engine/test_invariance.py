"""What must not matter does not: order, place, direction, how things were cut. All indicators."""

from __future__ import annotations

import math
import random
import re

import pytest

from . import factory as f
from .town import SOUTH, WEST, Town, box, line, mapped, town

Values = dict[tuple[str, str, int], float]
# Fields are laid on cells of 2 m and noise on rays: elsewhere on the grid they differ a little.
NOISE, SHARE = 0.1, 4.0  # dB, percent points
BY_CELLS = {"shade": SHARE, "heat_pet": SHARE, "cool_places": SHARE, "cloudburst": 20.0,
            "renewable_generation": 0.5}  # fmt: skip
BY_SUN = {"shade", "heat_pet", "cool_places", "renewable_generation"}


def jittered(seed: int) -> Town:
    """The town with houses, trees and streets a little out of line."""
    made, dice = town(), random.Random(seed)

    def off(wkt: str, reach: float) -> str:
        dx, dy = dice.uniform(-reach, reach), dice.uniform(-reach, reach)
        turn = dice.uniform(-0.1, 0.1)
        x0, y0 = (float(v) for v in re.findall(r"-?\d+\.?\d*", wkt)[:2])

        def move(x: float, y: float) -> tuple[float, float]:
            a, b = x - x0, y - y0
            return (round(x0 + dx + a * math.cos(turn) - b * math.sin(turn), 3),
                    round(y0 + dy + a * math.sin(turn) + b * math.cos(turn), 3))  # fmt: skip

        return mapped(wkt, move)

    made.surfaces = [(k, off(w, 2.0) if k == "dwelling" else w, *rest)
                     for k, w, *rest in made.surfaces]  # fmt: skip
    made.items = [(k, off(w, 4.0), *rest) for k, w, *rest in made.items]
    made.context["roads"].append((line((0, 10), (60, 40), (104, 44), (200, 110)),
                                  {"intensity": 1500.0, "speed": 30.0}))  # fmt: skip
    return made


def unlike(a: Values, b: Values, tolerance: dict[str, float] | None = None,
           without: frozenset[str] | set[str] = frozenset()) -> list[str]:  # fmt: skip
    found = []
    for key in sorted(set(a) | set(b)):
        if key[0] in without:
            continue
        x, y = a.get(key), b.get(key)
        least = (tolerance or {}).get(key[0], 1e-6)
        if x is None or y is None or abs(x - y) > max(least, 1e-6 * abs(x)):
            found.append(f"{key}: {x} {y}")
    return found


SEEDS = pytest.mark.parametrize("seed", [0, 1, 2])


@SEEDS
def test_the_order_of_features_and_layers(seed: int) -> None:
    made, base = jittered(seed), jittered(seed).values()
    dice = random.Random(seed + 100)
    for rows in (made.surfaces, made.items, made.current, made.zones, *made.context.values()):
        dice.shuffle(rows)
    for name in ("context", "rasters"):
        entries = list(getattr(made, name).items())
        dice.shuffle(entries)
        setattr(made, name, dict(entries))
    # the sums of the roads run in another order
    assert not unlike(base, made.values())


@SEEDS
def test_a_hundred_kilometres_away(seed: int) -> None:
    assert not unlike(jittered(seed).values(),
                      jittered(seed).shifted(100_000.0, -100_000.0).values())  # fmt: skip


@SEEDS
def test_elsewhere_on_the_grid(seed: int) -> None:
    near = {"traffic_noise": NOISE, **BY_CELLS, "healthy_environment": 5.0}
    assert not unlike(jittered(seed).values(), jittered(seed).shifted(137.37, 11.13).values(), near)


@SEEDS
def test_a_quarter_turn(seed: int) -> None:
    near = {"traffic_noise": NOISE, "healthy_environment": 5.0}
    assert not unlike(jittered(seed).values(), jittered(seed).turned().values(), near, BY_SUN)


@SEEDS
def test_the_direction_in_which_lines_and_rings_were_drawn(seed: int) -> None:
    made = jittered(seed)
    for role in ("roads", "railways", "paths"):
        made.context[role] = [(_reversed(w), v) for w, v in made.context[role]]
    made.surfaces = [(k, _reversed(w), *rest) for k, w, *rest in made.surfaces]
    found = unlike(jittered(seed).values(), made.values(), {"traffic_noise": 0.01})
    assert not found


def _reversed(wkt: str) -> str:
    kind, inside = re.fullmatch(r"([A-Z]+)\(+([^()]*)\)+", wkt).groups()  # type: ignore[union-attr]
    points = ",".join(reversed(inside.split(",")))
    return f"{kind}(({points}))" if kind == "POLYGON" else f"{kind}({points})"


@pytest.mark.parametrize("step", [10.0, 20.0, 1e9])
def test_lines_cut_in_pieces_of_whole_rays(step: float) -> None:
    """A street in pieces of 10 m once brought twice the NO2 of the same street drawn whole."""
    made = town()
    for role in ("roads", "railways", "paths"):
        made.context[role] = [(p, v) for w, v in made.context[role] for p in _pieces(w, step)]
    near = {"traffic_noise": 0.05, "air_quality": 1e-6}
    assert not unlike(town().values(), made.values(), near)


@pytest.mark.parametrize("step", [7.0, 33.0, 91.0])
def test_lines_cut_anywhere(step: float) -> None:
    # rays stand elsewhere: a row of trees may just count or not, a quarter of what the road adds
    made = town()
    made.context["roads"] = [(p, v) for w, v in made.context["roads"] for p in _pieces(w, step)]
    near = {"traffic_noise": 0.05, "air_quality": 0.6, "healthy_environment": 100.0}
    assert not unlike(town().values(), made.values(), near)


def _pieces(wkt: str, step: float) -> list[str]:
    """Every straight part in equal lines of at most ``step`` m."""
    xy = [tuple(map(float, p)) for p in re.findall(r"(-?\d+\.?\d*) (-?\d+\.?\d*)", wkt)]
    out = []
    for (x0, y0), (x1, y1) in zip(xy, xy[1:]):
        parts = math.ceil(math.hypot(x1 - x0, y1 - y0) / step - 1e-9)
        at = [(x0 + k / parts * (x1 - x0), y0 + k / parts * (y1 - y0)) for k in range(parts + 1)]
        out += [f"LINESTRING({a} {b},{c} {d})" for (a, b), (c, d) in zip(at, at[1:])]
    return out


def _halves(wkt: str, share: float = 0.4) -> list[str]:
    numbers = [float(v) for v in re.findall(r"-?\d+\.?\d*", wkt)]
    (x0, x1), (y0, y1) = ((min(v), max(v)) for v in (numbers[::2], numbers[1::2]))
    middle = x0 + share * (x1 - x0)
    return [f.box(x0, y0, middle, y1), f.box(middle, y0, x1, y1)]


def test_ground_cut_in_two() -> None:
    made = town()
    ground = ("grass", "road", "garden", "water", "wood", "footway", "play")
    made.surfaces = [(k, w, *rest) for k, old, *rest in made.surfaces
                     for w in (_halves(old) if k in ground else [old])]  # fmt: skip
    assert not unlike(town().values(), made.values())


def test_areas_of_a_map_cut_in_two() -> None:
    made = town()
    for role in ("soil_class", "soil_function", "settlement", "flood_return_period", "odour",
                 "sewer", "infiltration", "noise_industry", "attention_areas", "public_green",
                 "geological_values", "risk_contours"):  # fmt: skip
        made.context[role] = [(p, v) for w, v in made.context[role] for p in _halves(w)]
    assert not unlike(town().values(), made.values())


def test_a_zone_cut_in_two_keeps_the_plan() -> None:
    """Touching polygons of one type are one zone (indicators G1)."""
    made = town()
    made.zones = [(kind, w) for kind, old in made.zones for w in _halves(old)]
    assert not unlike(town().values(), made.values())


def test_the_helpers_of_this_file() -> None:
    assert _reversed("LINESTRING(0 0,1 0,2 5)") == "LINESTRING(2 5,1 0,0 0)"
    assert _halves(box(0, 0, 10, 2))[0] == f.box(WEST, SOUTH, WEST + 4, SOUTH + 2)
    assert unlike({("a", "", 0): 1.0}, {("a", "", 0): 1.1})
