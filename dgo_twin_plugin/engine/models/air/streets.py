"""Streets as SRM1 sees them: pieces of road axis, the facades on both sides, the trees along them.

Types (RBL 2007 annex 1), d from facade to axis, H the height of the buildings:

    1  both sides, 1.5 H < d < 3 H     2  both sides, d < 1.5 H     3  one side, d < 3 H     4  else

Every piece of 10 m sends a ray to each side; the rays of the 100 m of street around it decide,
across the lines that a map cuts a street into. Pure functions of arrays; numbers in
``profiles/models/air.yml``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...boxes import bbox_pairs
from ...counts import nth, owners
from ...pulse import beat
from ..tables import constants

_CHUNK = 20_000  # rays worked on at once
_SAME = 2  # decimals of a metre at which two ends are one
_NEAR = 1e-6  # m


@dataclass(frozen=True, eq=False)
class Chain:
    """How lines (n,) make streets: what lies ``along`` m from the start of line k lies
    ``start[k] + way[k] * along`` m from the start of ``street[k]``, a line of that street."""

    street: np.ndarray
    start: np.ndarray
    way: np.ndarray  # 1 or -1

    @classmethod
    def apart(cls, n: int) -> Chain:
        """Every line a street of its own."""
        return cls(np.arange(n), np.zeros(n), np.ones(n))


@dataclass(frozen=True, eq=False)
class Axis:
    """Pieces of road axis, arrays (k,), each from ``a`` to ``b`` as its street runs. ``line``
    counts the lines, ``along`` is m from the start of the street to the middle of the piece."""

    a: np.ndarray  # (k, 2)
    b: np.ndarray  # (k, 2)
    line: np.ndarray
    street: np.ndarray
    along: np.ndarray

    @property
    def n(self) -> int:
        return len(self.line)

    @property
    def middle(self) -> np.ndarray:
        found: np.ndarray = (self.a + self.b) / 2.0
        return found

    @property
    def length(self) -> np.ndarray:
        """(k,) m."""
        found: np.ndarray = np.hypot(*(self.b - self.a).T)
        return found

    @property
    def normal(self) -> np.ndarray:
        """(k, 2) unit vector to the left."""
        d = self.b - self.a
        found: np.ndarray = np.column_stack([-d[:, 1], d[:, 0]]) / self.length[:, None]
        return found

    def boxes(self) -> np.ndarray:
        return np.hstack([np.minimum(self.a, self.b), np.maximum(self.a, self.b)])


def pieces(lines: list[np.ndarray], most: float, chain: Chain | None = None) -> Axis:
    """Lines (v, 2) in equal pieces of at most ``most`` m per straight part."""
    chain = Chain.apart(len(lines)) if chain is None else chain
    a, b, line, along = [], [], [], []
    for k, xy in enumerate(lines):
        step = np.diff(xy, axis=0)
        length = np.hypot(*step.T)
        real = length > 1e-6
        step, start, length = step[real], xy[:-1][real], length[real]
        count = np.maximum(np.ceil(length / most - 1e-9), 1.0).astype(np.int64)
        edge = owners(count)
        t = (nth(count, edge) / count[edge])[:, None]
        width = (1.0 / count[edge])[:, None]
        ends = start[edge] + t * step[edge], start[edge] + (t + width) * step[edge]
        back = chain.way[k] < 0
        a.append(ends[1] if back else ends[0])
        b.append(ends[0] if back else ends[1])
        line.append(np.full(len(edge), k, np.int64))
        before = np.cumsum(length) - length
        own = before[edge] + (t + width / 2.0)[:, 0] * length[edge]
        along.append(chain.start[k] + chain.way[k] * own)
    if not a:
        none, zero = np.zeros((0, 2)), np.zeros(0, np.int64)
        return Axis(none, none, zero, zero, np.zeros(0))
    of = np.concatenate(line)
    return Axis(np.concatenate(a), np.concatenate(b), of, chain.street[of], np.concatenate(along))


def street_of(lines: list[np.ndarray], group: np.ndarray) -> np.ndarray:
    """(n,) street of each line, see :func:`chained`."""
    return chained(lines, group).street


def chained(lines: list[np.ndarray], group: np.ndarray) -> Chain:
    """Lines of one group that share an end and run on with little turn are one street, at most one
    on each side; so what a street is does not depend on where its lines were cut. A street counts
    once at a point, two streets add."""
    ends: dict[tuple[int, float, float], list[tuple[int, int, np.ndarray]]] = {}
    for k, xy in enumerate(lines):
        beat()
        for end, at, inward in ((0, xy[0], xy[1] - xy[0]), (1, xy[-1], xy[-2] - xy[-1])):
            size = float(np.hypot(*inward))
            if size > 0:
                x, y = (float(v) for v in np.round(at, _SAME) + 0.0)
                ends.setdefault((int(group[k]), x, y), []).append((k, end, inward / size))
    least = float(np.cos(np.radians(constants("air")["streets"]["turn"])))
    joined: dict[tuple[int, int], tuple[int, int]] = {}
    for met in ends.values():
        beat()
        met.sort(key=lambda one: tuple(one[2].tolist()))  # not by the order of the lines
        pairs = [(round(float(-(met[i][2] @ met[j][2])), 9), i, j)
                 for i in range(len(met)) for j in range(i) if met[i][0] != met[j][0]]  # fmt: skip
        free = set(range(len(met)))
        for straight, i, j in sorted(pairs, reverse=True):
            if straight >= least and i in free and j in free:
                free -= {i, j}
                first, second = met[i][:2], met[j][:2]
                joined[first], joined[second] = second, first
    return _walked(lines, joined)


def _walked(lines: list[np.ndarray], joined: dict[tuple[int, int], tuple[int, int]]) -> Chain:
    """Number the streets and measure along them, each from one end to the other."""
    length = [float(np.hypot(*np.diff(xy, axis=0).T).sum()) for xy in lines]
    made, seen = Chain.apart(len(lines)), np.zeros(len(lines), bool)
    loose = [k for k in range(len(lines)) if (k, 0) not in joined or (k, 1) not in joined]
    for first in [*loose, *range(len(lines))]:  # rings have no loose end
        if seen[first]:
            continue
        entry = int((first, 0) in joined and (first, 1) not in joined)
        line, done = first, 0.0
        while not seen[line]:
            seen[line] = True
            made.street[line] = first
            made.way[line] = -1.0 if entry else 1.0
            made.start[line] = done + (length[line] if entry else 0.0)
            done += length[line]
            after = joined.get((line, 1 - entry))
            if after is None:
                break
            line, entry = after
    return made


def first_wall(
    at: np.ndarray, towards: np.ndarray, reach: float,
    x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """For each ray (m, 2) of ``reach`` m along the unit vector ``towards``: distance to the first
    wall it meets (inf: none) and the wall's index (-1)."""
    distance, wall = np.full(len(at), np.inf), np.full(len(at), -1, np.int64)
    low = np.column_stack([np.minimum(x0, x1), np.minimum(y0, y1)])
    high = np.column_stack([np.maximum(x0, x1), np.maximum(y0, y1)])
    for first in range(0, len(at), _CHUNK):
        beat()
        p, d = at[first : first + _CHUNK], towards[first : first + _CHUNK]
        end = p + reach * d
        i, j = bbox_pairs(np.hstack([np.minimum(p, end), np.maximum(p, end)]),
                          np.hstack([low, high]))  # fmt: skip
        ex, ey = (x1 - x0)[j], (y1 - y0)[j]
        px, py = x0[j] - p[i, 0], y0[j] - p[i, 1]
        across = d[i, 0] * ey - d[i, 1] * ex
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (px * ey - py * ex) / across
            u = (px * d[i, 1] - py * d[i, 0]) / across
        hit = np.flatnonzero((across != 0) & (t >= 0) & (t <= reach) & (u >= 0) & (u <= 1))
        order = hit[np.lexsort((j[hit], t[hit], i[hit]))]
        ray, nearest = np.unique(i[order], return_index=True)
        distance[first + ray] = t[order][nearest]
        wall[first + ray] = j[order][nearest]
    return distance, wall


def stretch_sums(axis: Axis, street: np.ndarray, along: np.ndarray,
                 values: np.ndarray) -> np.ndarray:  # fmt: skip
    """(k,) sum of ``values`` (q,), each ``along`` m on a ``street``, within half a stretch of the
    middle of each piece."""
    half = constants("air")["streets"]["stretch"] / 2.0
    if not axis.n:
        return np.zeros(0)
    gap = 3.0 * half + float(max(axis.along.max(), along.max() if len(along) else 0.0))
    at, asked = street * gap + along, axis.street * gap + axis.along
    order = np.argsort(at, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(values[order])])
    low = np.searchsorted(at[order], asked - half - _NEAR)
    high = np.searchsorted(at[order], asked + half + _NEAR, side="right")
    out: np.ndarray = total[high] - total[low]
    return out


def stretches(axis: Axis) -> np.ndarray:
    """(k,) m of street within half a stretch of the middle of each piece."""
    half = constants("air")["streets"]["stretch"] / 2.0
    ends = np.zeros(int(axis.street.max()) + 1 if axis.n else 0)
    np.maximum.at(ends, axis.street, axis.along + axis.length / 2.0)
    out: np.ndarray = np.minimum(axis.along + half, ends[axis.street]) - np.maximum(
        axis.along - half, 0.0)  # fmt: skip
    return out


@dataclass(frozen=True, eq=False)
class Side:
    """One side of the pieces: ``distance`` m to the facade (inf: none) and its ``height`` m."""

    distance: np.ndarray
    height: np.ndarray


def street_types(axis: Axis, left: Side, right: Side) -> np.ndarray:
    """(k,) SRM1 type 1-4 of each piece."""
    rule = constants("air")["streets"]

    def sums(values: np.ndarray) -> np.ndarray:
        return stretch_sums(axis, axis.street, axis.along, axis.length * values)

    count = sums(np.ones(axis.n))
    built, ratio = [], []
    for side in (left, right):
        with np.errstate(invalid="ignore", divide="ignore"):
            d_h = np.where(side.height > 0, side.distance / side.height, np.inf)
        near = d_h < rule["wide"]
        hits = sums(near.astype(float))
        built.append(hits >= rule["built"] * count - _NEAR)
        mean = np.divide(sums(np.where(near, d_h, 0.0)), hits, out=np.full(axis.n, np.inf),
                         where=hits > _NEAR)  # fmt: skip
        ratio.append(mean)
    both, one = built[0] & built[1], built[0] ^ built[1]
    narrow = both & ((ratio[0] + ratio[1]) / 2.0 < rule["narrow"])
    out: np.ndarray = np.where(narrow, 2, np.where(both, 1, np.where(one, 3, 4)))
    return out


def tree_factors(
    axis: Axis, width: np.ndarray, stems: np.ndarray, diameter: np.ndarray
) -> np.ndarray:
    """(k,) tree factor 1, 1.25 or 1.5: none or here and there; rows less than 15 m apart; crowns
    that touch and span at least a third of the street's ``width`` (k,) m.

    ``stems`` (n, 2) and ``diameter`` (n,) m of the crowns; a tree belongs to the nearest piece.
    """
    rule = constants("air")["streets"]
    open_, rows, closed = rule["factors"]
    good = np.flatnonzero(np.isfinite(stems).all(axis=1) & (diameter > 0))
    if not len(good) or not axis.n:
        return np.full(axis.n, open_)
    piece, tree, _, foot = nearest(stems[good], axis, np.zeros(axis.n, np.int64),
                                   rule["tree_reach"])  # fmt: skip
    size, ahead = diameter[good][tree], (axis.b - axis.a)[piece]
    along = axis.along[piece] + ((foot - axis.middle[piece]) * ahead).sum(axis=1) / (
        axis.length[piece])  # fmt: skip
    length = stretches(axis)

    def sums(amount: np.ndarray) -> np.ndarray:
        return stretch_sums(axis, axis.street[piece], along, amount)

    number, crowns = sums(np.ones(len(piece))), sums(size)
    area = length * width  # none where a wall stands on the axis
    cover = np.divide(sums(np.pi / 4.0 * size**2), area, out=np.zeros(axis.n), where=area > 0)
    spaced = number * rule["tree_spacing"] > length
    touching = (crowns >= length) & (cover >= rule["tree_cover"])
    out: np.ndarray = np.where(touching, closed, np.where(spaced, rows, open_))
    return out


def nearest(
    xy: np.ndarray, axis: Axis, street: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The nearest piece of every street within ``reach`` m of the points (m, 2): piece, point,
    distance m, and foot (q, 2) on the axis; by point, then street (k,)."""
    found = []
    for first in range(0, len(xy), _CHUNK):
        beat()
        part = xy[first : first + _CHUNK]
        i, j = bbox_pairs(np.hstack([part, part]), axis.boxes(), reach)
        d = (axis.b - axis.a)[j]
        t = np.clip(((part[i] - axis.a[j]) * d).sum(axis=1) / (d * d).sum(axis=1), 0.0, 1.0)
        foot = axis.a[j] + t[:, None] * d
        away = np.hypot(*(part[i] - foot).T)
        order = np.lexsort((j, away, street[j], i))
        order = order[away[order] <= reach]
        new = np.ones(len(order), bool)
        new[1:] = (np.diff(i[order]) != 0) | (np.diff(street[j][order]) != 0)
        keep = order[new]
        found.append((j[keep], i[keep] + first, away[keep], foot[keep]))
    if not found:
        none = np.zeros(0, np.int64)
        return none, none, np.zeros(0), np.zeros((0, 2))
    piece, point, away, foot = (np.concatenate(part) for part in zip(*found))
    return piece, point, away, foot
