"""Straight sources of noise and the power they emit: the interface of emission and propagation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from ...pulse import beat
from ...wkb import geometry_from_wkb

if TYPE_CHECKING:
    from osgeo import ogr

    from ...checks import Check
    from ...scene import Scene, VectorContext

PERIODS = ("day", "evening", "night")  # 07-19, 19-23, 23-07 h
HOURS = (12.0, 4.0, 8.0)
BANDS = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)  # Hz, octaves
A_WEIGHT = (-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1)  # dB per octave (domain 4.1, V)

ROAD_KINDS = ("road_municipal", "road_water_board", "road_provincial", "road_state")
ROAD, RAIL = "road", "rail"  # road: the owner is not known
KINDS = (*ROAD_KINDS, ROAD, RAIL)
AUTONOMOUS, PLAN = ORIGINS = ("autonomous", "plan")

SHORTEST = 1e-3  # m: shorter segments carry no power that anyone hears


@dataclass(frozen=True, eq=False)
class Lines:
    """k straight source segments, local metres."""

    x0: np.ndarray  # (k,)
    y0: np.ndarray
    x1: np.ndarray
    y1: np.ndarray
    height: np.ndarray  # (k,) m of the source above the ground
    power: np.ndarray  # (k, 3, 8) A-weighted, per metre, dB re 1 pW/m: PERIODS x BANDS; -inf none
    kind: np.ndarray  # (k,) object: one of KINDS
    origin: np.ndarray  # (k,) object: one of ORIGINS
    feature: np.ndarray  # (k,) int64 row in the VectorContext of the role

    @property
    def n(self) -> int:
        return len(self.x0)

    @property
    def length(self) -> np.ndarray:
        """(k,) m."""
        found: np.ndarray = np.hypot(self.x1 - self.x0, self.y1 - self.y0)
        return found

    def take(self, rows: np.ndarray) -> Lines:
        """The given rows (indices or booleans)."""
        return Lines(*(getattr(self, f.name)[rows] for f in fields(self)))

    def joined(self, other: Lines) -> Lines:
        """These and then the others."""
        return Lines(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)])
                       for f in fields(self)))  # fmt: skip

    @classmethod
    def none(cls) -> Lines:
        zero, words = np.zeros(0), np.zeros(0, object)
        return cls(zero, zero, zero, zero, zero, np.zeros((0, len(PERIODS), len(BANDS))),
                   words, words, np.zeros(0, np.int64))  # fmt: skip


def lines_of(scene: Scene) -> tuple[Lines, list[Check]]:
    """The sources of roads and railways of the scene, and what was found about their data.

    Only features with traffic in at least one period become lines. Built once.
    """
    found: tuple[Lines, list[Check]] = scene.product("noise_lines", _lines)
    return found


def _lines(scene: Scene) -> tuple[Lines, list[Check]]:
    from .emission import road_lines
    from .rail import rail_lines

    roads, said = road_lines(scene)
    tracks, more = rail_lines(scene)
    return roads.joined(tracks), said + more


def made(
    vectors: VectorContext, rows: np.ndarray, height: np.ndarray, power: np.ndarray,
    kind: np.ndarray, origin: np.ndarray,
) -> Lines:  # fmt: skip
    """Lines of the features ``rows`` of a role; the arrays fit the rows. The silent fall out."""
    loud = np.flatnonzero(np.isfinite(power).any(axis=(1, 2)))
    corners = []
    for k in loud:
        beat()
        corners.append(segments(vectors.wkb[int(rows[k])]))
    count = np.array([len(c) for c in corners], np.int64)
    if not count.sum():
        return Lines.none()
    at = np.repeat(loud, count)
    x0, y0, x1, y1 = np.concatenate(corners).T.copy()
    return Lines(x0, y0, x1, y1, height[at], power[at], kind[at], origin[at], rows[at])


def segments(wkb: bytes) -> np.ndarray:
    """(k, 4) x0, y0, x1, y1 of every straight part of a (multi)line; none of other geometries."""
    parts: list[np.ndarray] = []
    _collect(geometry_from_wkb(wkb), parts)
    found = [np.column_stack([p[:-1], p[1:]]) for p in parts if len(p) > 1]
    all_ = np.concatenate(found) if found else np.zeros((0, 4))
    long = np.hypot(all_[:, 2] - all_[:, 0], all_[:, 3] - all_[:, 1]) > SHORTEST
    kept: np.ndarray = all_[long & np.isfinite(all_).all(axis=1)]
    return kept


def _collect(geometry: ogr.Geometry, parts: list[np.ndarray]) -> None:
    if geometry.GetDimension() != 1:
        return
    if geometry.GetGeometryCount():
        for index in range(geometry.GetGeometryCount()):
            _collect(geometry.GetGeometryRef(index), parts)
    else:
        points = geometry.GetPoints() or []
        parts.append(np.array([p[:2] for p in points], float).reshape(-1, 2))
