"""Brute force: dense point sources, every wall tried for every path, each hull by hand.

Written apart from the engine, in another way: points instead of lines, no sectors, no tangents (a
monotone chain), formulae per path. Shares with it only what docs/decisions/0006 decides.
"""

from __future__ import annotations

import math

import numpy as np

HZ = np.array([63, 125, 250, 500, 1000, 2000, 4000, 8000.0])
WAVE = 340.0 / HZ
AIR = np.array([0.1, 0.4, 1.0, 1.9, 3.7, 9.7, 32.8, 117.0]) / 1000.0
DEN = np.array([12.0, 4.0 * 10**0.5, 8.0 * 10.0]) / 24.0


def ground_attenuation(hs: float, hr: float, d: float, g: float) -> np.ndarray:
    """ISO 9613-2 table 3, one G all over."""

    def end(h: float) -> np.ndarray:
        e50 = 1 - math.exp(-d / 50)
        a = 1.5 + 3 * math.exp(-0.12 * (h - 5) ** 2) * e50 + 5.7 * math.exp(-0.09 * h**2) * (
            1 - math.exp(-2.8e-6 * d**2))  # fmt: skip
        b = 1.5 + 8.6 * math.exp(-0.09 * h**2) * e50
        c = 1.5 + 14 * math.exp(-0.46 * h**2) * e50
        dd = 1.5 + 5 * math.exp(-0.9 * h**2) * e50
        high = -1.5 * (1 - g)
        return np.array([-1.5, -1.5 + g * a, -1.5 + g * b, -1.5 + g * c, -1.5 + g * dd,
                         high, high, high])  # fmt: skip

    q = max(0.0, 1 - 30 * (hs + hr) / d)
    middle = np.full(8, -3 * q * (1 - g))
    middle[0] = -3 * q
    return end(hs) + end(hr) + middle


def chain(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The upper hull, left to right."""
    hull: list[tuple[float, float]] = []
    for p in points:
        while len(hull) > 1:
            (ax, ay), (bx, by) = hull[-2], hull[-1]
            if (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax) >= 0:
                hull.pop()
            else:
                break
        hull.append(p)
    return hull


def screen(hull: list[tuple[float, float]]) -> np.ndarray:
    """D_z of the way along the hull, from receiver to source, dB per octave."""
    steps = [math.dist(a, b) for a, b in zip(hull, hull[1:])]
    straight = math.dist(hull[0], hull[-1])
    z = max(sum(steps) - straight, 1e-6)
    e = sum(steps[1:-1])
    k_met = math.exp(-math.sqrt(steps[0] * steps[-1] * straight / (2 * z)) / 2000)
    c3 = (1 + (5 * WAVE / e) ** 2) / (1 / 3 + (5 * WAVE / e) ** 2) if e > 1e-3 else 1.0
    return np.minimum(10 * np.log10(3 + 20 / WAVE * c3 * z * k_met), 25.0 if e > 1e-3 else 20.0)


def points_of(lines, receiver, step: float, reach: float):
    """(k, 3) x, y, metres of source and row of the line; finer near the receiver."""
    x, y, length, row = [], [], [], []
    for k in range(lines.n):
        a = np.array([lines.x0[k], lines.y0[k]])
        b = np.array([lines.x1[k], lines.y1[k]])
        whole = math.dist(a, b)
        if whole == 0:
            continue
        t = np.clip(np.dot(receiver[:2] - a, b - a) / whole**2, 0, 1)
        close = math.dist(a + t * (b - a), receiver[:2])
        n = max(1, math.ceil(whole / min(step, max(close / 8, 0.1))))
        at = (np.arange(n) + 0.5) / n
        x.append(a[0] + at * (b - a)[0])
        y.append(a[1] + at * (b - a)[1])
        length.append(np.full(n, whole / n))
        row.append(np.full(n, k))
    x, y, length, row = (np.concatenate(v) for v in (x, y, length, row))
    near = np.hypot(x - receiver[0], y - receiver[1]) <= reach
    return x[near], y[near], length[near], row[near]


def lden(lines, obstacles, receiver, g=0.5, step=2.0, reach=300.0, c0=3.5, mirror=50.0) -> float:
    """Lden of one receiver, dB."""
    xr, yr, hr = receiver
    x, y, length, row = points_of(lines, np.asarray(receiver), step, reach)
    total = np.zeros(3)
    watts = 10 ** (lines.power / 10)
    o = obstacles
    near = ((np.minimum(o.x0, o.x1) < xr + 301) & (np.maximum(o.x0, o.x1) > xr - 301)
            & (np.minimum(o.y0, o.y1) < yr + 301)
            & (np.maximum(o.y0, o.y1) > yr - 301))  # fmt: skip
    x0, y0, x1, y1 = (v[near] for v in (o.x0, o.y0, o.x1, o.y1))
    top, bright = o.height[near], o.reflects[near]
    for px, py, dl, k in zip(x, y, length, row):
        hs = float(lines.height[k])
        d = max(math.hypot(px - xr, py - yr), 1e-3)
        d3 = max(math.hypot(d, hs - hr), 1.0)
        ux, uy = (px - xr) / d, (py - yr) / d
        s0 = ux * (y0 - yr) - uy * (x0 - xr)
        s1 = ux * (y1 - yr) - uy * (x1 - xr)
        hit = np.flatnonzero((s0 > 0) != (s1 > 0))
        t = s0[hit] / (s0[hit] - s1[hit])
        far = (x0[hit] + t * (x1 - x0)[hit] - xr) * ux + (y0[hit] + t * (y1 - y0)[hit] - yr) * uy
        seen = (far > 0) & (far <= 300)
        before = seen & (far < d)
        loss = ground_attenuation(hs, hr, d, g)
        edges = sorted(zip(far[before].tolist(), top[hit][before].tolist()))
        hull = chain([(0.0, hr), *edges, (d, hs)])
        if len(hull) > 2:
            over = screen(hull)
            loss = np.where(loss > 0, np.maximum(loss, over), loss + over)
        behind = seen & (far > d) & (far - d <= mirror) & bright[hit]
        gain = 1.5 if behind.any() else 0.0
        met = c0 * max(0.0, 1 - 10 * (hs + hr) / d)
        loss = loss + AIR * d3 + 20 * math.log10(d3) + 10 * math.log10(4 * math.pi) + met - gain
        total += (watts[k] * 10 ** (-loss / 10)).sum(axis=1) * dl
    return 10 * math.log10(total @ DEN) if total.any() else -math.inf
