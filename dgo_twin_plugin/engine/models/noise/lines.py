"""Straight sources of noise and the power they emit: the interface of emission and propagation."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from ...kept import whole_of
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

_QUARTER = round(np.pi / 2.0, 5)
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

    def make() -> tuple[Lines, list[Check]]:
        roads, said = road_lines(scene)
        tracks, more = rail_lines(scene)
        return roads.joined(tracks), said + more

    # the design holds no traffic: the same maps give the same lines
    made_from = scene.vectors("roads"), scene.vectors("railways")
    lines, checks = whole_of(scene, "noise_lines", made_from, make)
    return lines, list(checks)


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


def chained(lines: Lines, group: np.ndarray, longest: float) -> tuple[Lines, np.ndarray]:
    """The same sources with straight runs of touching lines of one power, height and group (k,) as
    one line each, at most about ``longest`` m; and their groups. A street that is cut at every
    crossing is one source, whatever the direction its parts were drawn in."""
    if not lines.n:
        return lines, group
    dx, dy = lines.x1 - lines.x0, lines.y1 - lines.y0
    angle = np.round(np.arctan2(dy, dx), 5)
    back = (angle <= -_QUARTER) | (angle > _QUARTER)  # all of one bearing point the same way
    ends = np.column_stack([lines.x0, lines.y0, lines.x1, lines.y1])
    ends[back] = ends[back][:, [2, 3, 0, 1]]
    angle[back] = np.round(np.arctan2(-dy, -dx)[back], 5)
    same = np.column_stack([lines.power.reshape(lines.n, -1), lines.height, group, angle])
    _, alike = np.unique(np.nan_to_num(same, neginf=-1e9), axis=0, return_inverse=True)
    node = np.column_stack([np.vstack([ends[:, :2], ends[:, 2:]]).round(2),
                            np.tile(alike.reshape(-1), 2)])  # fmt: skip
    _, at = np.unique(node, axis=0, return_inverse=True)
    begin, end = at.reshape(2, -1)
    after = np.full(at.max() + 1, -1)
    after[begin] = np.arange(lines.n)
    # lines that lie on each other, or meet two at a time, stay as they are
    clear = (np.bincount(begin, minlength=len(after)) == 1) & (
        np.bincount(end, minlength=len(after)) == 1)  # fmt: skip
    follows = np.where(clear[end], after[end], -1).tolist()
    length = lines.length.tolist()
    head = np.flatnonzero(~clear[begin]).tolist()
    last = np.arange(lines.n)
    firsts: list[int] = []
    for here in head:
        while here >= 0:
            firsts.append(here)
            first, long, here = here, length[here], follows[here]
            while here >= 0 and long + length[here] <= longest:
                last[first], long, here = here, long + length[here], follows[here]
    rows = np.array(firsts, np.int64)
    x0, y0 = ends[rows, 0], ends[rows, 1]
    x1, y1 = ends[last[rows], 2], ends[last[rows], 3]
    made = lines.take(rows)
    return replace(made, x0=x0, y0=y0, x1=x1, y1=y1), group[rows]


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
