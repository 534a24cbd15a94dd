"""Noise: our speed against a plain loop, against brute force, and of an edit.

    python3 -m bench.noise NAME      one measurement, as JSON

The case: 1 km2, 20 roads of 1 km, 400 buildings, cells of 10 m; numbers from a fixed seed.
"""

from __future__ import annotations

import json
import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from dgo_twin_plugin.engine.models.frame import Frame
from dgo_twin_plugin.engine.models.noise import propagation
from dgo_twin_plugin.engine.models.noise.lines import A_WEIGHT, Lines
from dgo_twin_plugin.engine.models.noise.obstacles import Obstacles, smoothed

from .parts import Answer, timed

SIDE = 1_000.0  # m
CELL = 10.0
RECEIVER = 4.0  # m


def roads(loud: float = 1.0) -> Lines:
    """Ten roads each way, 100 m apart, as polylines of 20 bent parts; 500 to 12,000 vehicles."""
    random = np.random.default_rng(11)
    parts, strength = [], []
    for k in range(20):
        along = np.linspace(0.0, SIDE, 21)
        side = 50.0 + 100.0 * (k // 2) + 4.0 * np.sin(along / 90.0 + k)
        xy = np.column_stack([along, side] if k % 2 else [side, along])
        parts.append(np.hstack([xy[:-1], xy[1:]]))
        strength.append(np.full(20, random.uniform(60.0, 76.0)))
    x0, y0, x1, y1 = np.concatenate(parts).T
    # octaves of a light vehicle at 50 km/h, rounded; A-weighted sum 0
    shape = np.array([-12.0, -9.0, -7.0, -2.0, 2.0, -1.0, -8.0, -17.0]) + A_WEIGHT
    shape -= 10 * math.log10(np.sum(10 ** (shape / 10)))
    level = np.concatenate(strength)[:, None, None] + shape + np.array([0, -3, -8.0])[:, None]
    n = len(x0)
    return Lines(x0, y0, x1, y1, np.full(n, 0.5), level, np.full(n, "road_municipal", object),
                 np.full(n, "autonomous", object), np.arange(n))  # fmt: skip


def buildings() -> list[np.ndarray]:
    """Four blocks in every square between roads, turned at random; corners (4, 2)."""
    random = np.random.default_rng(12)
    made = []
    for k in range(400):
        square, corner = divmod(k, 4)
        x, y = 100.0 * (square % 10), 100.0 * (square // 10)
        x, y = x + (25.0, 75.0)[corner % 2], y + (25.0, 75.0)[corner // 2]
        w, d, turn = random.uniform(14, 30), random.uniform(9, 14), random.uniform(0, math.pi)
        box = 0.5 * np.array([(-w, -d), (w, -d), (w, d), (-w, d)])
        c, s = math.cos(turn), math.sin(turn)
        made.append(box @ np.array([(c, s), (-s, c)]) + (x, y))
    return made


def walls(shapes: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.hstack([b, np.roll(b, -1, axis=0)]) for b in shapes])


def heights() -> np.ndarray:
    return np.random.default_rng(13).choice([6.0, 9.0, 12.0, 15.0], 400)


def obstacles(
    shapes: list[np.ndarray] | None = None, tops: np.ndarray | None = None, soft: bool = False
) -> Obstacles:
    """Walls; with ``soft`` on a grid of ground in which roofs are hard, else G is 0.5 all over."""
    tops = heights() if tops is None else tops
    shapes = buildings() if shapes is None else shapes
    grid = None
    if soft:
        frame = Frame.around((-600.0, -600.0, SIDE + 600.0, SIDE + 600.0), 5.0)
        made = frame.burned(footprints(shapes), np.zeros(len(shapes)), np.full(frame.shape, 0.6))
        grid = smoothed(frame, made, 25.0)
    return Obstacles.of(walls(shapes), np.repeat(tops, 4), soft=grid)


def inside(xy: np.ndarray, shapes: list[np.ndarray]) -> np.ndarray:
    """(m,) whether a place lies in a building; these are convex and anticlockwise."""
    found = np.zeros(len(xy), bool)
    for b in shapes:
        a, e = b, np.roll(b, -1, axis=0) - b
        cross = e[:, 0] * (xy[:, 1:] - a[:, 1]) - e[:, 1] * (xy[:, :1] - a[:, 0])
        found |= np.all(cross > 0, axis=1)
    return found


def cells() -> np.ndarray:
    """(m, 3) the middles of the cells outside buildings."""
    at = np.arange(CELL / 2, SIDE, CELL)
    xy = np.array([(x, y) for y in at for x in at])
    xy = xy[~inside(xy, buildings())]
    return np.column_stack([xy, np.full(len(xy), RECEIVER)])


# --- the rival's question: fixed loss, sight lines, 300 m ------------------------------------
REACH = 300.0
LOSS = 10.0  # dB where a building stands in the line of sight
STEP = 10.0  # m: segments of the plain loop


def den(lines: Lines) -> np.ndarray:
    """(k,) Lden-weighted power per metre, relative to 1 pW/m."""
    found: np.ndarray = (10 ** (lines.power / 10)).sum(axis=2) @ propagation.WEIGHTS
    return found


class Index:
    """Walls by cell of 25 m, for one sight line at a time, in plain Python."""

    def __init__(self, walls: list[tuple[float, ...]], cell: float = 25.0) -> None:
        self.cell, self.cells = cell, {}
        for wall in walls:
            x0, y0, x1, y1 = wall
            for i in range(int(min(x0, x1) // cell), int(max(x0, x1) // cell) + 1):
                for j in range(int(min(y0, y1) // cell), int(max(y0, y1) // cell) + 1):
                    self.cells.setdefault((i, j), []).append(wall)

    def blocked(self, ax: float, ay: float, bx: float, by: float) -> bool:
        n = int(math.hypot(bx - ax, by - ay) // self.cell) + 1
        dx, dy = bx - ax, by - ay
        seen = set()
        for k in range(n):
            x0, y0 = ax + dx * k / n, ay + dy * k / n
            x1, y1 = x0 + dx / n, y0 + dy / n
            for i in range(int(min(x0, x1) // self.cell), int(max(x0, x1) // self.cell) + 1):
                for j in range(int(min(y0, y1) // self.cell), int(max(y0, y1) // self.cell) + 1):
                    if (i, j) in seen:
                        continue
                    seen.add((i, j))
                    for wx0, wy0, wx1, wy1 in self.cells.get((i, j), ()):
                        s0 = dx * (wy0 - ay) - dy * (wx0 - ax)
                        s1 = dx * (wy1 - ay) - dy * (wx1 - ax)
                        if (s0 > 0) == (s1 > 0):
                            continue
                        ex, ey = wx1 - wx0, wy1 - wy0
                        if (ex * (ay - wy0) - ey * (ax - wx0) > 0) != (
                            ex * (by - wy0) - ey * (bx - wx0) > 0):  # fmt: skip
                            return True
        return False


def plain(lines: Lines, walls_: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(m,) Lden by the yardstick: every place, every road segment within reach, one sight line."""
    index = Index([tuple(w) for w in walls_.tolist()])
    segments: dict[tuple[int, int], list[tuple[float, ...]]] = {}
    for x0, y0, x1, y1, h, w in zip(lines.x0, lines.y0, lines.x1, lines.y1, lines.height,
                                    den(lines)):  # fmt: skip
        n = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / STEP))
        for k in range(n):
            a, b = k / n, (k + 1) / n
            ends = x0 + a * (x1 - x0), y0 + a * (y1 - y0), x0 + b * (x1 - x0), y0 + b * (y1 - y0)
            middle = (ends[0] + ends[2]) / 2, (ends[1] + ends[3]) / 2
            at = int(middle[0] // 100), int(middle[1] // 100)
            segments.setdefault(at, []).append((*ends, *middle, h, w))
    found = []
    for x, y, z in places.tolist():
        total = 0.0
        for i in range(int((x - REACH) // 100), int((x + REACH) // 100) + 1):
            for j in range(int((y - REACH) // 100), int((y + REACH) // 100) + 1):
                for x0, y0, x1, y1, mx, my, h, w in segments.get((i, j), ()):
                    if (mx - x) ** 2 + (my - y) ** 2 > REACH * REACH:
                        continue
                    length = math.hypot(x1 - x0, y1 - y0)
                    ux, uy = (x1 - x0) / length, (y1 - y0) / length
                    l0 = (x0 - x) * ux + (y0 - y) * uy
                    cross = ux * (y0 - y) - uy * (x0 - x)
                    d = math.sqrt(max(cross * cross + (z - h) ** 2, 1.0))
                    heard = w * (math.atan((l0 + length) / d) - math.atan(l0 / d)) / (
                        4 * math.pi * d)  # fmt: skip
                    if index.blocked(x, y, mx, my):
                        heard *= 10 ** (-LOSS / 10)
                    total += heard
        found.append(10 * math.log10(total) if total > 0 else -math.inf)
    return np.array(found)


def quick(lines: Lines, o: Obstacles, places: np.ndarray, sectors: int = 144) -> np.ndarray:
    """(m,) the same question through the sectors of the engine."""
    from dgo_twin_plugin.engine.models.noise import attenuation as loss
    from dgo_twin_plugin.engine.models.noise.sectors import Walls, met_walls, parts_of, pieces_of

    pieces = pieces_of(lines.x0, lines.y0, lines.x1, lines.y1, np.full(lines.n, REACH), 100.0,
                       np.full(lines.n, np.inf))  # fmt: skip
    walls_ = Walls(o.x0, o.y0, o.x1, o.y1, o.height, o.reflects)
    power, total = den(lines), np.zeros(len(places))

    def part(rows: np.ndarray) -> None:
        xy, z = places[rows, :2], places[rows, 2]
        parts = parts_of(xy, pieces, sectors)
        (west, south), (east, north) = xy.min(axis=0), xy.max(axis=0)
        near = walls_.near((west, south, east, north), REACH)
        met = met_walls(xy, near, np.full((len(xy), sectors), REACH))
        square = np.maximum(parts.square + (z[parts.site] - lines.height[parts.line]) ** 2, 1.0)
        heard = loss.line_energy(parts.along0, parts.along1, square) * power[parts.line]
        heard[met.passed(parts.ray, parts.distance) > 0] *= 10 ** (-LOSS / 10)
        total[rows] += np.bincount(parts.site, heard, len(xy))

    tile = np.floor(places[:, :2] / 100.0)
    order = np.lexsort((tile[:, 1], tile[:, 0]))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(part, np.array_split(order, len(places) * sectors // 20_000 + 1)))
    return propagation.decibel(total)


def rival(_: str = "") -> Answer:
    """The same question by a plain loop on some of the cells (scaled by their number) and by the
    sectors on all of them."""
    lines, o, places = roads(), obstacles(), cells()
    random = np.random.default_rng(5)
    some = np.sort(random.choice(len(places), 120, replace=False))
    started = time.perf_counter()
    expected = plain(lines, walls(buildings()), places[some])
    loop = (time.perf_counter() - started) / len(some) * len(places)
    took, found = timed(lambda: quick(lines, o, places))
    differ = np.abs(found[some] - expected)
    return {"cells": len(places), "measured": len(some), "loop": loop, "ours": took,
            "p95": float(np.quantile(differ, 0.95)), "worst": float(differ.max())}  # fmt: skip


# --- full physics -----------------------------------------------------------------------------
def physics(_: str = "") -> Answer:
    """All octaves, ground, hulls: every cell worked out, against brute force on some."""
    from tests.engine.models import noise_reference as reference

    lines, o, places = roads(), obstacles(), cells()
    group, sectors = np.zeros(lines.n, np.int64), propagation.sectors_for("field")
    took, made = timed(lambda: propagation.run(lines, o, places, group, 1, sectors))
    some = np.sort(np.random.default_rng(6).choice(len(places), 60, replace=False))
    differ = np.abs(made.lden[some]
                    - [reference.lden(lines, o, place) for place in places[some]])  # fmt: skip
    return {"cells": len(places), "ours": took, "measured": len(some),
            "p95": float(np.quantile(differ, 0.95)), "worst": float(differ.max())}  # fmt: skip


def facade_points(count: int = 5_000) -> tuple[np.ndarray, np.ndarray]:
    """(k, 2) points half a metre before the walls every five metres, and the height of each."""
    places, top = [], []
    for shape, height in zip(buildings(), heights()):
        for a, b in zip(shape, np.roll(shape, -1, axis=0)):
            n = max(1, math.ceil(math.dist(a, b) / 5.0))
            t = (np.arange(n) + 0.5)[:, None] / n
            normal = np.array([b[1] - a[1], a[0] - b[0]]) / math.dist(a, b)
            places.append(a + t * (b - a) + 0.5 * normal)
            top.append(np.full(n, height))
    xy, tops = np.concatenate(places), np.concatenate(top)
    some = np.sort(np.random.default_rng(7).choice(len(xy), count, replace=False))
    return xy[some], tops[some]


def storeys(xy: np.ndarray, top: np.ndarray) -> np.ndarray:
    """(m, 3) receivers at 1.5 + 3 k m below the eaves."""
    count = np.maximum(top // 3.0, 1).astype(int)
    point = np.repeat(np.arange(len(xy)), count)
    nth = np.arange(len(point)) - np.repeat(np.cumsum(count) - count, count)
    return np.column_stack([xy[point], 1.5 + 3.0 * nth])


def footprints(shapes: list[np.ndarray]) -> Any:
    from dgo_twin_plugin.engine.geometry import Polygons

    from . import case

    return Polygons.from_wkb([case.wkb("surface", np.vstack([b, b[:1]])) for b in shapes])


def plan(_: str = "") -> Answer:
    """5,000 facade points and the field at 2 m on the same square kilometre."""
    from dgo_twin_plugin.engine.models.noise import area

    lines, o, group = roads(), obstacles(soft=True), np.zeros(roads().n, np.int64)
    xy, top = facade_points()
    one = np.column_stack([xy, np.full(len(xy), 4.5)])
    floors = storeys(xy, top)
    shapes = footprints(buildings())
    box = (0.0, 0.0, SIDE, SIDE)
    facades, _made = timed(lambda: propagation.run(lines, o, one, group, 1))
    every, _made = timed(lambda: propagation.run(lines, o, floors, group, 1))
    field, made = timed(lambda: area.field(lines, group, 1, o, shapes, box))
    # what interpolation costs, at places between the receivers
    places = np.random.default_rng(8).uniform(0, SIDE, (2_000, 2))
    places = places[~inside(places, buildings())]
    exact = propagation.run(lines, o, np.column_stack([places, np.full(len(places), RECEIVER)]),
                            group, 1, propagation.sectors_for("field")).lden  # fmt: skip
    differ = np.abs(made.raster.sample(places, 0) - exact)
    differ = differ[np.isfinite(differ)]
    return {"points": len(xy), "facades": facades, "receivers": len(floors), "storeys": every,
            "field": field, "nodes": len(made.run.receivers),
            "field_p50": float(np.median(differ)),
            "field_p95": float(np.quantile(differ, 0.95))}  # fmt: skip


def edit(times: str = "20") -> Answer:
    """One building moved, raised or removed, or one street made quieter; 5,000 facade points and
    the field brought up to date, and held against a full run."""
    from dgo_twin_plugin.engine.models.noise import area

    lines, shapes, tops = roads(), buildings(), heights()
    o, group = obstacles(shapes, tops, True), np.zeros(lines.n, np.int64)
    xy, _top = facade_points()
    receivers = np.column_stack([xy, np.full(len(xy), 4.5)])
    box = (0.0, 0.0, SIDE, SIDE)
    facades = propagation.run(lines, o, receivers, group, 1)
    field = area.field(lines, group, 1, o, footprints(shapes), box)
    random = np.random.default_rng(9)
    took, worst = [], 0.0
    for k in range(int(times)):
        row = int(random.integers(len(shapes)))
        new_shapes, new_tops, new_lines = list(shapes), tops.copy(), lines
        if k % 4 == 0:
            new_shapes[row] = shapes[row] + random.uniform(-8, 8, 2)
        elif k % 4 == 1:
            new_tops[row] += 6.0
        elif k % 4 == 2:
            del new_shapes[row]
            new_tops = np.delete(new_tops, row)
        else:
            road = int(random.integers(20)) * 20 + int(random.integers(20))
            power = lines.power.copy()
            power[road] -= 3.0
            new_lines = Lines(lines.x0, lines.y0, lines.x1, lines.y1, lines.height, power,
                              lines.kind, lines.origin, lines.feature)  # fmt: skip
        started = time.perf_counter()
        new = obstacles(new_shapes, new_tops, True)
        a = propagation.update(facades, new_lines, new, receivers, group)
        polygons = footprints(new_shapes)
        b = area.field(new_lines, group, 1, new, polygons, box, field)
        took.append(time.perf_counter() - started)
        if k < 4:
            full = propagation.run(new_lines, new, receivers, group, 1)
            whole = area.field(new_lines, group, 1, new, polygons, box)
            apart = b.raster.values - whole.raster.values
            worst = max(worst, float(np.abs(a.lden - full.lden).max()),
                        float(np.nanmax(np.abs(apart))))  # fmt: skip
    return {"edits": len(took), "p50": float(np.median(took)),
            "p95": float(np.quantile(took, 0.95)), "worst": worst}  # fmt: skip


NAMES = {f.__name__: f for f in (rival, physics, plan, edit)}

if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        print("BENCH " + json.dumps({"name": name, **NAMES[name]()}), flush=True)
