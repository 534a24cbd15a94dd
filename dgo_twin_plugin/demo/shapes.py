"""Drawing tools: splines, strips, turned rectangles, and a ground that is owned once.

Numbers and arrays are in the coordinates of the drawing; geometries are in world coordinates from
the moment they are made. Moving a finished partition would round its corners, and what was valid
would touch itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from osgeo import ogr

from .settings import ORIGIN

Points = Sequence[tuple[float, float]]
SLIVER = 4.0  # m2: smaller left-overs join a neighbour


def spline(points: Points, step: float = 7.0, closed: bool = False) -> np.ndarray:
    """(n, 2) centripetal-like Catmull-Rom curve through the points, a vertex every ~step m;
    the given points themselves are vertices, ends exact. Coordinates in cm."""
    p = np.asarray(points, float)
    if closed:
        p = np.vstack([p[-1], p, p[0], p[1]])
    else:
        p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    out: list[np.ndarray] = []
    for i in range(1, len(p) - 2):
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        n = max(1, math.ceil(float(np.hypot(*(c - b))) / step))
        t = (np.arange(n) / n)[:, None]
        out.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
                   + (3 * b - a - 3 * c + d) * t**3)
        )  # fmt: skip
    if not closed:
        out.append(p[-2][None, :])
    return np.round(np.vstack(out), 2)


def polygon(points: Points | np.ndarray) -> ogr.Geometry:
    """A polygon from the corners of its exterior (not closed)."""
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for x, y in points:
        ring.AddPoint_2D(float(x) + ORIGIN[0], float(y) + ORIGIN[1])
    ring.CloseRings()
    made = ogr.Geometry(ogr.wkbPolygon)
    made.AddGeometry(ring)
    return made if made.IsValid() else made.MakeValid()


def blob(points: Points, step: float = 6.0) -> ogr.Geometry:
    """A smooth closed shape through the points."""
    return polygon(spline(points, step, closed=True))


def line(points: Points | np.ndarray) -> ogr.Geometry:
    made = ogr.Geometry(ogr.wkbLineString)
    for x, y in points:
        made.AddPoint_2D(float(x) + ORIGIN[0], float(y) + ORIGIN[1])
    return made


def point(x: float, y: float) -> ogr.Geometry:
    made = ogr.Geometry(ogr.wkbPoint)
    made.AddPoint_2D(round(float(x), 2) + ORIGIN[0], round(float(y), 2) + ORIGIN[1])
    return made


def drawn(geometry: ogr.Geometry) -> np.ndarray:
    """(n, 2) the vertices of a point or line, in coordinates of the drawing."""
    return np.array([p[:2] for p in geometry.GetPoints()]) - ORIGIN


def inside(geometry: ogr.Geometry) -> tuple[float, float]:
    """A place on a surface, in coordinates of the drawing."""
    x, y = drawn(geometry.PointOnSurface())[0]
    return float(x), float(y)


def disc(x: float, y: float, radius: float) -> ogr.Geometry:
    return point(x, y).Buffer(radius, 12)


def box(x0: float, y0: float, x1: float, y1: float) -> ogr.Geometry:
    return polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def turned(x: float, y: float, along: float, across: float, angle: float) -> ogr.Geometry:
    """A rectangle about (x, y): ``along`` m in direction ``angle`` (radians), ``across`` m."""
    return oriented(x, y, angle, -along / 2, along / 2, -across / 2, across / 2)


def oriented(
    x: float, y: float, angle: float, u0: float, u1: float, v0: float, v1: float
) -> ogr.Geometry:
    """A rectangle in a frame at (x, y) whose u axis has the angle; v to the left of u."""
    c, s = math.cos(angle), math.sin(angle)
    corners = [(u0, v0), (u1, v0), (u1, v1), (u0, v1)]
    return polygon([(round(x + u * c - v * s, 2), round(y + u * s + v * c, 2)) for u, v in corners])


def normals(xy: np.ndarray) -> np.ndarray:
    """(n, 2) unit normals to the left of a polyline, at its vertices."""
    d = np.gradient(xy, axis=0)
    d /= np.hypot(d[:, 0], d[:, 1])[:, None]
    return np.column_stack([-d[:, 1], d[:, 0]])


def strip(xy: np.ndarray, near: float, far: float) -> ogr.Geometry:
    """The ground between two offsets (m, left positive) of a polyline."""
    n = normals(xy)
    return polygon(np.vstack([xy + n * near, (xy + n * far)[::-1]]))


def stations(xy: np.ndarray) -> np.ndarray:
    """(n,) distance along a polyline at its vertices, m."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])


def locate(xy: np.ndarray, s: float) -> tuple[float, float, float]:
    """x, y and direction (radians) of a polyline at ``s`` metres."""
    along = stations(xy)
    x, y = (float(np.interp(s, along, xy[:, k])) for k in (0, 1))
    i = int(np.clip(np.searchsorted(along, s) - 1, 0, len(xy) - 2))
    dx, dy = xy[i + 1] - xy[i]
    return x, y, math.atan2(dy, dx)


def parts(geometry: ogr.Geometry | None) -> list[ogr.Geometry]:
    """The polygons inside a geometry, whatever it is."""
    if geometry is None or geometry.IsEmpty():
        return []
    if ogr.GT_Flatten(geometry.GetGeometryType()) == ogr.wkbPolygon:
        return [geometry.Clone()]
    return [p for i in range(geometry.GetGeometryCount())
            for p in parts(geometry.GetGeometryRef(i))
            if ogr.GT_Flatten(geometry.GetGeometryType()) != ogr.wkbLineString]  # fmt: skip


def union(geometries: Iterable[ogr.Geometry]) -> ogr.Geometry:
    """All together as one (multi)polygon."""
    many = ogr.Geometry(ogr.wkbMultiPolygon)
    for geometry in geometries:
        for p in parts(geometry):
            many.AddGeometry(p)
    return many.UnionCascaded() if many.GetGeometryCount() else many


def multi(geometry: ogr.Geometry) -> ogr.Geometry:
    """The polygons of a geometry as a multipolygon."""
    many = ogr.Geometry(ogr.wkbMultiPolygon)
    for p in parts(geometry):
        many.AddGeometry(p)
    return many


@dataclass
class Feature:
    geometry: ogr.Geometry
    term: str  # the designer's own word for its function
    fields: dict[str, Any] = field(default_factory=dict)


class Ground:
    """An area in which every square metre gets one owner: who comes first keeps it."""

    def __init__(self, area: ogr.Geometry) -> None:
        self.area = area
        self.features: list[Feature] = []
        self._boxes: list[tuple[float, float, float, float]] = []

    def put(
        self, geometry: ogr.Geometry, term: str, smallest: float = SLIVER, whole: bool = False,
        **fields: Any,
    ) -> list[Feature]:
        """Add what is still free of a shape, one feature per connected part, or ``whole``: one
        feature of several parts."""
        left = geometry.Intersection(self.area)
        if left is None or left.IsEmpty():
            return []
        for i in self.near(left):
            taken = self.features[i].geometry
            if left.Intersects(taken):
                left = left.Difference(taken)
        pieces = [p for p in parts(left) if p.GetArea() >= smallest]
        if whole and pieces:
            many = ogr.Geometry(ogr.wkbMultiPolygon)
            for piece in pieces:
                many.AddGeometry(piece)
            pieces = [many]
        added = [Feature(p, term, dict(fields)) for p in pieces]
        for feature in added:
            self._add(feature)
        return added

    def _add(self, feature: Feature) -> None:
        self.features.append(feature)
        self._boxes.append(feature.geometry.GetEnvelope())

    def near(self, geometry: ogr.Geometry, reach: float = 0.0) -> list[int]:
        """Rows of features whose box meets that of a geometry."""
        if not self._boxes:
            return []
        x0, x1, y0, y1 = geometry.GetEnvelope()
        b = np.asarray(self._boxes)
        hit = ((b[:, 0] <= x1 + reach) & (b[:, 1] >= x0 - reach)
               & (b[:, 2] <= y1 + reach) & (b[:, 3] >= y0 - reach))  # fmt: skip
        return [int(i) for i in np.flatnonzero(hit)]

    def rest(self) -> list[ogr.Geometry]:
        """The parts that nobody owns yet."""
        return parts(self.area.Difference(union(f.geometry for f in self.features)))

    def absorb(self, pieces: Iterable[ogr.Geometry]) -> None:
        """Give small left-overs to the neighbour with the longest common border; buildings
        never grow."""
        for piece in pieces:
            around = piece.Buffer(0.02, 2)
            best, owner = 0.0, None
            for i in self.near(piece, 0.1):
                feature = self.features[i]
                if feature.fields.keys() & {"lagen", "hoogte", "woningen"}:
                    continue
                touch = feature.geometry.Intersection(around)
                shared = touch.GetArea() if touch is not None else 0.0
                if shared > best:
                    best, owner = shared, i
            if owner is not None:
                joined = union([self.features[owner].geometry, piece])
                self.features[owner].geometry = joined
                self._boxes[owner] = joined.GetEnvelope()
