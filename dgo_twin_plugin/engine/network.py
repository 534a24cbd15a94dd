"""The walking network: lines noded, points entered at the nearest edge, distances by Dijkstra.

Lines are the context roles ``roads`` (without motorways) and ``paths``, and the line features of
the design and the current situation with function road, cycleway or footway. Lines meet where they
share a vertex and where a vertex or an end of one lies within 0.5 m of another line; two lines that
cross without a vertex do not meet (a bridge). Small loose parts of the network are left out: a
garden path that was not drawn up to the street must not make its houses unreachable. Larger loose
parts stay and are islands: from the rest nothing on them can be reached.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .counts import owners, ranges
from .geometry import geometry_from_wkb, nearest_segment
from .kept import whole_of
from .pulse import beat

if TYPE_CHECKING:
    from .scene import Scene

SNAP = 0.5  # m: gap in drawing that still is a connection
MOTORWAY = 100.0  # km/h: from here on no pedestrians are allowed (RVV 1990: K)
LOOSE = 0.05  # a connected part shorter than this share of the longest is left out
FUNCTIONS = ("road", "cycleway", "footway")
_AT_ONCE = 64  # sources worked on at once
_MOST_KEPT = 4_000_000  # metres from node to node that are kept at once: 32 MB
_TURNS = 20_000  # nodes between two beats
_REACHES = (15.0, 60.0, 240.0)  # m


@dataclass(frozen=True)
class Entries:
    """Where points enter the network; arrays (m,). ``segment`` -1: none within reach."""

    segment: np.ndarray
    along: np.ndarray  # m from node ``a`` of the segment
    access: np.ndarray  # m from the point to the edge, straight

    def take(self, rows: np.ndarray) -> Entries:
        """The entries of these points, in this order."""
        return Entries(self.segment[rows], self.along[rows], self.access[rows])

    def within(self, reach: float) -> Entries:
        """Those of points that were looked for further away than this."""
        near = self.access <= reach
        return Entries(np.where(near, self.segment, -1), np.where(near, self.along, np.nan),
                       np.where(near, self.access, np.inf))  # fmt: skip


@dataclass(frozen=True)
class Walks:
    """``metres`` (e, n) along the network from some nodes, ``ends`` (e,), to all."""

    ends: np.ndarray
    metres: np.ndarray


@dataclass(frozen=True)
class Network:
    """Segments (k,) between nodes (n,), both ways. ``links`` are the joints of up to 0.5 m."""

    xy: np.ndarray  # (n, 2) local metres
    a: np.ndarray  # node at the start of each segment
    b: np.ndarray
    length: np.ndarray  # m
    links: tuple[np.ndarray, np.ndarray, np.ndarray]  # node, node, m
    part: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # (k,) 0 = longest
    left_out: tuple[int, float] = (0, 0.0)  # small loose parts: how many, m together

    @property
    def n(self) -> int:
        """Number of segments; 0 = there is no network."""
        return len(self.a)

    def enter(self, xy: np.ndarray, reach: float) -> Entries:
        """Nearest edge of each point (m, 2) within ``reach`` m."""
        xy = np.asarray(xy, float).reshape(-1, 2)
        access, segment = np.full(len(xy), np.inf), np.full(len(xy), -1, np.int64)
        if not self.n:
            return Entries(segment, np.full(len(xy), np.nan), access)
        x0, y0, x1, y1 = self._lines
        for near in (*(r for r in _REACHES if r < reach), reach):  # most find an edge close by
            lost = (segment < 0).nonzero()[0]
            if len(lost):
                access[lost], segment[lost] = nearest_segment(xy[lost], x0, y0, x1, y1, near)
        s = np.maximum(segment, 0)
        dx, dy = x1[s] - x0[s], y1[s] - y0[s]
        t = ((xy[:, 0] - x0[s]) * dx + (xy[:, 1] - y0[s]) * dy) / (dx * dx + dy * dy)
        along = np.minimum(np.maximum(t, 0.0), 1.0) * self.length[s]
        return Entries(segment, np.where(segment >= 0, along, np.nan), access)

    @cached_property
    def _lines(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(k,) x0, y0, x1 and y1 of the segments."""
        return *self.xy[self.a].T.copy(), *self.xy[self.b].T.copy()

    def walks(self, sources: Entries, limit: float, scipy: bool | None = None) -> Walks | None:
        """What :meth:`distances` looks up, from all sources; None where that is too much to keep.
        """
        on = sources.segment[sources.segment >= 0]
        ends = np.unique([self.a[on], self.b[on]])
        if not len(on) or len(ends) * len(self.xy) > _MOST_KEPT:
            return None
        return Walks(ends, _table(self._graph, ends, limit, scipy))

    def distances(self, sources: Entries, targets: Entries, i: np.ndarray, j: np.ndarray,
                  limit: float, scipy: bool | None = None,
                  walks: Walks | None = None) -> np.ndarray:  # fmt: skip
        """(k,) metres from source ``i`` to target ``j``: access, along the network, access.
        inf beyond ``limit`` and where either has no entry. ``scipy``: use it or not; None = where
        it can be imported, with the same result. ``walks``: :meth:`walks` of the sources and this
        limit, where they were worked out before."""
        result = np.full(len(i), np.inf)
        i, j = np.asarray(i, np.int64), np.asarray(j, np.int64)
        on = ((sources.segment[i] >= 0) & (targets.segment[j] >= 0)).nonzero()[0]
        if not len(on):
            return result
        if walks is not None:
            result[on] = self._pairs(sources, targets, i[on], j[on], walks)
        else:
            order = on[np.argsort(i[on], kind="stable")]
            used = np.unique(i[order])
            for chunk in np.array_split(used, max(1, -(-len(used) // _AT_ONCE))):
                first, last = np.searchsorted(i[order], [chunk[0], chunk[-1] + 1])
                pairs, at = order[first:last], sources.segment[chunk]
                ends = np.unique([self.a[at], self.b[at]])
                some = Walks(ends, _table(self._graph, ends, limit, scipy))
                result[pairs] = self._pairs(sources, targets, i[pairs], j[pairs], some)
        result[result > limit] = np.inf
        return result

    def nearest(self, sites: Entries, points: Entries, limit: float,
                scipy: bool | None = None) -> np.ndarray:  # fmt: skip
        """(m,) metres from each point to the site nearest along the network: access, along the
        network, access; inf beyond ``limit`` and where the point has no entry. One search from all
        sites at once, whatever their number."""
        result = np.full(len(points.segment), np.inf)
        on = np.flatnonzero(sites.segment >= 0)
        asked = np.flatnonzero(points.segment >= 0)
        if not len(on) or not len(asked):
            return result
        s, out = sites.segment[on], sites.access[on]
        first = np.full(len(self.xy), np.inf)
        np.minimum.at(first, self.a[s], out + sites.along[on])
        np.minimum.at(first, self.b[s], out + self.length[s] - sites.along[on])
        metres = _spread(self._graph, first, limit, scipy)
        t, along = points.segment[asked], points.along[asked]
        best = np.minimum(metres[self.a[t]] + along, metres[self.b[t]] + self.length[t] - along)
        # a site on the point's own edge: straight along it
        order = np.argsort(s, kind="stable")
        low, high = (np.searchsorted(s[order], t, side) for side in ("left", "right"))
        at, point = ranges(low, high)
        site = on[order][at]
        np.minimum.at(best, point, sites.access[site] + np.abs(sites.along[site] - along[point]))
        best += points.access[asked]
        result[asked] = np.where(best <= limit, best, np.inf)
        return result

    def on_island(self, entries: Entries) -> np.ndarray:
        """(m,) whether a point enters a part that does not hang together with the longest one."""
        if not self.n:
            return np.zeros(len(entries.segment), bool)
        off: np.ndarray = self.part[np.maximum(entries.segment, 0)] > 0
        return off & (entries.segment >= 0)

    def islands(self) -> tuple[int, float]:
        """Parts that do not hang together with the longest one: how many, m together."""
        return int(self.part.max(initial=0)), float(self.length[self.part > 0].sum())

    def _pairs(self, sources: Entries, targets: Entries, i: np.ndarray, j: np.ndarray,
               walks: Walks) -> np.ndarray:  # fmt: skip
        s, t = sources.segment[i], targets.segment[j]
        access = sources.access[i] + targets.access[j]
        best = np.where(s == t, np.abs(sources.along[i] - targets.along[j]), np.inf)
        for node, out in ((self.a[s], sources.along[i]),
                          (self.b[s], self.length[s] - sources.along[i])):  # fmt: skip
            row = walks.ends.searchsorted(node)
            for end, into in ((self.a[t], targets.along[j]),
                              (self.b[t], self.length[t] - targets.along[j])):  # fmt: skip
                best = np.minimum(best, out + walks.metres[row, end] + into)
        return np.asarray(best + access)

    @cached_property
    def _graph(self) -> _Graph:
        u = np.concatenate([self.a, self.links[0]])
        v = np.concatenate([self.b, self.links[1]])
        return _Graph.of(u, v, np.concatenate([self.length, self.links[2]]), len(self.xy))


@dataclass(frozen=True)
class _Graph:
    """Compressed rows, both directions, the shortest of parallel edges."""

    start: np.ndarray
    to: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, u: np.ndarray, v: np.ndarray, length: np.ndarray, n: int) -> _Graph:
        u, v = np.concatenate([u, v]), np.concatenate([v, u])
        length = np.concatenate([length, length])
        order = np.lexsort((length, v, u))
        u, v, length = u[order], v[order], length[order]
        first = (np.diff(u, prepend=-1) != 0) | (np.diff(v, prepend=-1) != 0)
        u, v, length = u[first], v[first], length[first]
        return cls(np.searchsorted(u, np.arange(n + 1)), v, length)


def _table(graph: _Graph, nodes: np.ndarray, limit: float, scipy: bool | None) -> np.ndarray:
    """(len(nodes), n) metres along the network, inf beyond ``limit``."""
    n = len(graph.start) - 1
    if scipy is not False:
        try:
            from scipy.sparse import csr_matrix
            from scipy.sparse.csgraph import dijkstra
        except ImportError:
            if scipy:
                raise
        else:
            matrix = csr_matrix((graph.length, graph.to, graph.start), shape=(n, n))
            return np.asarray(dijkstra(matrix, directed=True, indices=nodes, limit=limit))
    table = np.full((len(nodes), n), np.inf)
    start, to, length = graph.start.tolist(), graph.to.tolist(), graph.length.tolist()
    for row, node in enumerate(nodes.tolist()):
        for reached, metres in _walk(start, to, length, [(0.0, node)], limit).items():
            table[row, reached] = metres
    return table


def _spread(graph: _Graph, first: np.ndarray, limit: float, scipy: bool | None) -> np.ndarray:
    """(n,) metres along the network from the nearest of all nodes, each of which starts with
    ``first`` metres (inf: not a start); inf beyond ``limit``."""
    seeds = np.flatnonzero(first <= limit)
    n = len(first)
    if scipy is not False:
        try:
            from scipy.sparse import csr_matrix
            from scipy.sparse.csgraph import dijkstra
        except ImportError:
            if scipy:
                raise
        else:
            # one node more, from which the starts lie as far as they begin with
            start = np.append(graph.start, graph.start[-1] + len(seeds))
            to = np.concatenate([graph.to, seeds])
            length = np.concatenate([graph.length, np.maximum(first[seeds], 1e-9)])
            matrix = csr_matrix((length, to, start), shape=(n + 1, n + 1))
            return np.asarray(dijkstra(matrix, directed=True, indices=n, limit=limit))[:n]
    reached = _walk(graph.start.tolist(), graph.to.tolist(), graph.length.tolist(),
                    [(max(float(first[k]), 1e-9), int(k)) for k in seeds], limit)  # fmt: skip
    metres = np.full(n, np.inf)
    metres[list(reached)] = list(reached.values())
    return metres


def _walk(start: list[int], to: list[int], length: list[float],
          queue: list[tuple[float, int]], limit: float) -> dict[int, float]:  # fmt: skip
    """Dijkstra with cut-off: node -> metres. ``queue`` holds (metres, node) to start with."""
    done: dict[int, float] = {}
    heapq.heapify(queue)
    turns = 0
    while queue:
        turns += 1
        if turns % _TURNS == 0:
            beat()
        metres, node = heapq.heappop(queue)
        if node in done:
            continue
        done[node] = metres
        for k in range(start[node], start[node + 1]):
            further = metres + length[k]
            if further <= limit and to[k] not in done:
                heapq.heappush(queue, (further, to[k]))
    return done


# ---------------------------------------------------------------------------- building it
def network(scene: Scene) -> Network:
    """The walking network of a scene. Ask for it by ``scene.product("network", network)``."""
    items = scene.items
    drawn = [items.wkb[k] for k in np.flatnonzero(items.where(*FUNCTIONS))]
    return whole_of(scene, "network", (scene.vectors("roads"), scene.vectors("paths"), drawn),
                    lambda: build(network_lines(scene)))  # fmt: skip


def network_lines(scene: Scene) -> list[np.ndarray]:
    """Vertices (v, 2) of every line that may be walked, local metres."""
    wkb: list[bytes] = []
    roads, paths = scene.vectors("roads"), scene.vectors("paths")
    if roads is not None:
        speed = roads.number("speed")
        wkb += [w for w, v in zip(roads.wkb, speed) if not v >= MOTORWAY]
    if paths is not None:
        wkb += paths.wkb
    items = scene.items
    wkb += [items.wkb[k] for k in np.flatnonzero(items.where(*FUNCTIONS))]
    lines: list[np.ndarray] = []
    for data in wkb:
        _collect(geometry_from_wkb(data), lines)
    return lines


def _collect(geometry: ogr.Geometry, lines: list[np.ndarray]) -> None:
    if ogr.GT_Flatten(geometry.GetGeometryType()) == ogr.wkbLineString:
        if geometry.GetPointCount() > 1:
            lines.append(np.array([p[:2] for p in geometry.GetPoints()], float))
        return
    if ogr.GT_Flatten(geometry.GetGeometryType()) in (ogr.wkbMultiLineString,
                                                      ogr.wkbGeometryCollection):  # fmt: skip
        for part in range(geometry.GetGeometryCount()):
            _collect(geometry.GetGeometryRef(part), lines)


def build(lines: list[np.ndarray], snap: float = SNAP) -> Network:
    """Node lines (v, 2) and keep the connected parts that matter."""
    none = np.zeros(0, np.int64)
    empty = Network(np.zeros((0, 2)), none, none, np.zeros(0), (none, none, np.zeros(0)))
    if not lines:
        return empty
    vertex = np.concatenate(lines)
    count = np.array([len(line) for line in lines])
    line = owners(count)
    last = np.cumsum(count) - 1
    # vertices at one place are one node; to the micrometre, as one file writes them
    _, first, node = np.unique(np.round(vertex, 6), axis=0, return_index=True, return_inverse=True)
    xy, node = vertex[first], np.asarray(node).reshape(-1)
    start = np.flatnonzero(~np.isin(np.arange(len(vertex)), last))
    a, b, of = node[start], node[start + 1], line[start]
    real = a != b
    a, b, of = a[real], b[real], of[real]
    if not len(a):
        return empty
    joints = _joints(xy, vertex, line, node, snap)
    ends = np.concatenate([last - count + 1, last])
    xy, a, b, feet = _split(xy, a, b, of, vertex[ends], node[ends], line[ends], snap)
    links = np.concatenate([joints, feet])
    length = np.hypot(*(xy[b] - xy[a]).T)
    # never quite zero: a sparse matrix takes an explicit 0 for "no edge"
    gap = np.maximum(np.hypot(*(xy[links[:, 1]] - xy[links[:, 0]]).T), 1e-9)
    part = _parts(np.concatenate([a, links[:, 0]]), np.concatenate([b, links[:, 1]]), len(xy))
    _, part = np.unique(part[a], return_inverse=True)
    part = np.asarray(part).reshape(-1)
    size = np.bincount(part, length)
    rank = np.empty(len(size), np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))  # 0: the longest
    stays = size >= LOOSE * size.max()
    keep = stays[part]
    return Network(xy, a[keep], b[keep], length[keep], (links[:, 0], links[:, 1], gap),
                   rank[part[keep]], (int((~stays).sum()), float(size[~stays].sum())))  # fmt: skip


def _joints(xy: np.ndarray, vertex: np.ndarray, line: np.ndarray, node: np.ndarray,
            snap: float) -> np.ndarray:  # fmt: skip
    """(k, 2) nodes of different lines within ``snap`` of each other. They are linked, not merged:
    merging would swallow densely drawn curves, vertex by vertex."""
    box = np.hstack([vertex, vertex])
    i, j = bbox_pairs(box, box, snap)
    near = (i < j) & (line[i] != line[j]) & (node[i] != node[j])
    i, j = i[near], j[near]
    near = np.hypot(*(vertex[i] - vertex[j]).T) <= snap
    found = np.column_stack([node[i[near]], node[j[near]]])
    return np.unique(found, axis=0) if len(found) else found.reshape(0, 2)


def _split(xy: np.ndarray, a: np.ndarray, b: np.ndarray, of: np.ndarray, end: np.ndarray,
           end_node: np.ndarray, end_line: np.ndarray,
           snap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """A line that ends on the middle of another gets a node there: (xy, a, b, links (k, 2))."""
    (x0, y0), (x1, y1) = xy[a].T, xy[b].T
    box = np.column_stack([np.minimum(x0, x1), np.minimum(y0, y1),
                           np.maximum(x0, x1), np.maximum(y0, y1)])  # fmt: skip
    p, s = bbox_pairs(np.hstack([end, end]), box, snap)
    other = (of[s] != end_line[p]) & (a[s] != end_node[p]) & (b[s] != end_node[p])
    p, s = p[other], s[other]
    dx, dy = (x1 - x0)[s], (y1 - y0)[s]
    t = ((end[p, 0] - x0[s]) * dx + (end[p, 1] - y0[s]) * dy) / (dx * dx + dy * dy)
    foot = np.column_stack([x0[s] + t * dx, y0[s] + t * dy])
    on = (t > 0) & (t < 1) & (np.hypot(*(foot - end[p]).T) <= snap)
    p, s, t, foot = p[on], s[on], t[on], foot[on]
    if not len(p):
        return xy, a, b, np.zeros((0, 2), np.int64)
    order = np.lexsort((t, s))
    p, s, foot = p[order], s[order], foot[order]
    new = len(xy) + np.arange(len(p))
    links = np.column_stack([end_node[p], new])
    # each split segment becomes a chain: a, feet in order, b
    lead = np.diff(s, prepend=-1) > 0
    tail = np.append(lead[1:], True)
    before = np.where(lead, a[s], np.roll(new, 1))
    rest = np.ones(len(a), bool)
    rest[s] = False
    a = np.concatenate([a[rest], before, new[tail]])
    b = np.concatenate([b[rest], new, b[s[tail]]])
    xy = np.concatenate([xy, foot])
    long = np.hypot(*(xy[b] - xy[a]).T) > 0
    same = ~long & (a != b)
    links = np.concatenate([links, np.column_stack([a[same], b[same]])])
    return xy, a[long], b[long], links


def _parts(u: np.ndarray, v: np.ndarray, n: int) -> np.ndarray:
    """(n,) label of the connected part of each node: the lowest node number spreads."""
    label = np.arange(n)
    while True:
        before = label.copy()
        low = np.minimum(before[u], before[v])
        np.minimum.at(label, before[u], low)
        np.minimum.at(label, before[v], low)
        # pointer jumping: labels are nodes, so follow them to the end
        while True:
            further = label[label]
            if np.array_equal(further, label):
                break
            label = further
        if np.array_equal(before, label):
            return label


def straight(xy_from: np.ndarray, xy_to: np.ndarray, i: np.ndarray,
             j: np.ndarray) -> np.ndarray:  # fmt: skip
    """(k,) straight distances between points ``i`` and ``j``, m."""
    return np.asarray(np.hypot(*(xy_from[i] - xy_to[j]).T))


__all__: list[Any] = ["Entries", "Network", "build", "network", "network_lines", "straight"]
