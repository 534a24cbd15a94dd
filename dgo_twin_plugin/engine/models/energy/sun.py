"""The sun of a mean year on any plane: from month sums to one beam per half hour.

Months to hours: diffuse share by Erbs, Klein and Duffie (1982), course of global radiation by
Collares-Pereira and Rabl (1979), of diffuse by Liu and Jordan (1960), on Klein's mean day of each
month. On a slope: Hay and Davies (1980), which lets the share of the diffuse light that the sky
lets through as beam come from the sun itself; the rest comes evenly from the sky. Formulae after
Duffie and Beckman, *Solar Engineering of Thermal Processes*, chapters 1 and 2 (K).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..tables import constants

SOLAR = 1.367  # kW/m2, solar constant of the formulae above


@dataclass(frozen=True)
class Year:
    """Light of a year. Directions point to the sun: x east, y north, z up."""

    towards: np.ndarray  # (k, 3) unit vectors, all above the horizon
    beam: np.ndarray  # (k,) kWh/m2 a year on a plane that faces the sun, circumsolar light included
    sky: float  # kWh/m2 a year of even light from the whole sky, on the horizontal
    horizontal: float  # kWh/m2 a year in all, on the horizontal
    albedo: float

    @property
    def azimuth(self) -> np.ndarray:
        """(k,) degrees clockwise from north."""
        return np.asarray(np.degrees(np.arctan2(self.towards[:, 0], self.towards[:, 1])) % 360.0)

    @property
    def tan(self) -> np.ndarray:
        """(k,) tangent of the height of the sun."""
        flat = np.hypot(self.towards[:, 0], self.towards[:, 1])
        return np.asarray(self.towards[:, 2] / np.maximum(flat, 1e-9))


@lru_cache(maxsize=1)
def dutch_year() -> Year:
    """The year of ``profiles/models/energy.yml``."""
    table = constants("energy")["sun"]
    return year(table)


def year(table: dict[str, Any]) -> Year:
    """A year from month sums (``horizontal``, kWh/m2), ``latitude``, ``mean_days``, ``minutes``
    and ``albedo``."""
    latitude = np.radians(float(table["latitude"]))
    sums = np.asarray(table["horizontal"], float)
    step = float(table["minutes"]) / 60.0
    towards, beams, sky = [], [], 0.0
    for month, day in enumerate(table["mean_days"]):
        tilt = np.radians(23.45 * np.sin(np.radians(360.0 * (284 + day) / 365.0)))
        sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(tilt), -1.0, 1.0))
        near = 1.0 + 0.033 * np.cos(np.radians(360.0 * day / 365.0))
        top = sunset * np.sin(latitude) * np.sin(tilt)
        top += np.cos(latitude) * np.cos(tilt) * np.sin(sunset)
        outside = 24.0 / np.pi * SOLAR * near * top  # kWh/m2 a day above the air
        days = _DAYS[month]
        clear = sums[month] / days / outside
        diffuse = sums[month] * diffuse_share(clear, sunset)
        hour = np.arange(0.5 * step, 24.0, step) - 12.0
        w = np.radians(15.0 * hour)
        up = np.cos(latitude) * np.cos(tilt) * np.cos(w) + np.sin(latitude) * np.sin(tilt)
        lit = up > 0.0
        w, up = w[lit], up[lit]
        even = np.cos(w) - np.cos(sunset)
        a = 0.409 + 0.5016 * np.sin(sunset - np.pi / 3.0)
        b = 0.6609 - 0.4767 * np.sin(sunset - np.pi / 3.0)
        course = np.maximum((a + b * np.cos(w)) * even, 0.0)
        even = np.maximum(even, 0.0)
        scattered = diffuse * even / even.sum()
        direct = np.maximum(sums[month] * course / course.sum() - scattered, 0.0)
        # of light above the air, the share that arrives as a beam (anisotropy index)
        through = np.minimum(direct / (SOLAR * near * up * step * days), 1.0)
        beams.append((direct + scattered * through) / up)
        sky += float((scattered * (1.0 - through)).sum())
        east = -np.cos(tilt) * np.sin(w)
        north = np.cos(latitude) * np.sin(tilt) - np.sin(latitude) * np.cos(tilt) * np.cos(w)
        towards.append(np.column_stack([east, north, up]))
    beam, to = np.concatenate(beams), np.concatenate(towards)
    whole = sky + float((beam * to[:, 2]).sum())
    return Year(to, beam, sky, whole, float(table["albedo"]))


_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def diffuse_share(clear: float, sunset: float) -> float:
    """Diffuse part of the month's light (Erbs, Klein and Duffie 1982) by the clearness index and
    the sunset angle, radians."""
    k = float(np.clip(clear, 0.3, 0.8))
    if sunset <= np.radians(81.4):
        share = 1.391 - 3.560 * k + 4.189 * k**2 - 2.137 * k**3
    else:
        share = 1.311 - 3.022 * k + 3.427 * k**2 - 1.821 * k**3
    return float(np.clip(share, 0.0, 1.0))


def normals(tilt: np.ndarray, aspect: np.ndarray) -> np.ndarray:
    """(n, 3) upward unit normals of planes: tilt from the horizontal, aspect (which way the plane
    looks) clockwise from north, degrees."""
    t, a = np.radians(np.asarray(tilt, float)), np.radians(np.asarray(aspect, float))
    return np.column_stack([np.sin(t) * np.sin(a), np.sin(t) * np.cos(a), np.cos(t)])


AT_ONCE = 8192  # planes worked out together: what is made on the way stays in the cache


def on_planes(
    light: Year, tilt: np.ndarray, aspect: np.ndarray, horizon: np.ndarray | None = None,
    pulse: Any = None,
) -> np.ndarray:  # fmt: skip
    """(n,) kWh/m2 a year on planes. ``horizon`` (n, d): tangent of the height of the horizon in d
    directions clockwise from north, evenly spaced; None: open to the sky. ``pulse`` is called
    between parts."""
    n = len(tilt)
    up = np.cos(np.radians(np.asarray(tilt, float)))
    out = np.empty(n)
    face = np.ascontiguousarray(normals(tilt, aspect).T)
    for at in range(0, n, AT_ONCE):
        if pulse is not None:
            pulse()
        rows = slice(at, min(at + AT_ONCE, n))
        edge, open_sky = None, np.ones(1)
        if horizon is not None:
            edge = np.ascontiguousarray(horizon[rows].T)
            open_sky = _open_sky(horizon[rows], tilt[rows], aspect[rows])
        out[rows] = _beams(light, face[:, rows], edge)
        out[rows] += light.sky * 0.5 * (1.0 + up[rows]) * open_sky
        out[rows] += light.horizontal * light.albedo * 0.5 * (1.0 - up[rows])
    return out


def _beams(light: Year, face: np.ndarray, edge: np.ndarray | None) -> np.ndarray:
    """(m,) kWh/m2 a year that comes straight from the sun on planes with normals ``face`` (3, m)
    behind a horizon ``edge`` (d, m). Summed sun after sun: a plane gets the same to the last bit,
    whichever others are worked out with it."""
    total = np.zeros(face.shape[1])
    together = max(1, AT_ONCE // max(len(total), 1))
    if edge is not None:
        place, sun_tan = light.azimuth / (360.0 / len(edge)), light.tan[:, None]
        left = np.floor(place).astype(np.int64) % len(edge)
        right, part = (left + 1) % len(edge), (place - np.floor(place))[:, None]
    for first in range(0, len(light.beam), together):
        some = slice(first, first + together)
        east, north, up = light.towards[some].T[:, :, None]
        facing = face[0] * east
        facing += face[1] * north
        facing += face[2] * up
        np.maximum(facing, 0.0, out=facing)
        if edge is not None:
            height = edge[left[some]] * (1.0 - part[some])
            height += edge[right[some]] * part[some]
            facing *= height <= sun_tan[some]
        facing *= light.beam[some, None]
        for each in facing:
            total += each
    return total


def _open_sky(horizon: np.ndarray, tilt: np.ndarray, aspect: np.ndarray) -> np.ndarray:
    """(n,) seen share of the sky that a plane faces: cos2 of the horizon, mean over directions.
    The plane's own rise hides nothing more: (1 + cos tilt) / 2 counts that already."""
    turn = 2.0 * np.pi * np.arange(horizon.shape[1]) / horizon.shape[1]
    rise = -np.tan(np.radians(np.minimum(tilt, 89.0)))[:, None]
    own = np.maximum(rise * np.cos(turn[None, :] - np.radians(aspect)[:, None]), 0.0)
    seen = 1.0 / (1.0 + np.maximum(horizon, own) ** 2)
    return np.asarray(seen.mean(axis=1) / (1.0 / (1.0 + own**2)).mean(axis=1))


@lru_cache(maxsize=1)
def best() -> float:
    """kWh/m2 a year on the best plane there is, to the degree: what a yield per kWp refers to."""
    light = dutch_year()
    tilt = np.arange(0.0, 91.0)
    return float(on_planes(light, tilt, np.full(len(tilt), 180.0)).max())
